//! Edits as they are meant: planned, shown, written, taken back.

#![allow(clippy::disallowed_methods, reason = "tests look at what was written, and write in between")]

mod support;

use std::collections::BTreeMap;
use std::fs;

use certus_workspace::edit::{Change, EditError, FileEdit, Kind, Permit, Plan, Replacement, Undo, Written};
use certus_workspace::{Citation, Project, Text};
use proptest::prelude::*;
use support::edits::{base, delete, replace, restored, whole};
use support::{Scene, paths};

#[test]
fn a_plan_says_what_it_will_do_and_does_it() {
    let scene =
        Scene::with(&[("src/app.js", "const a = 1;\nconst b = 2;\n"), ("old.txt", "old\n"), ("same.txt", "same\n")]);
    let project = scene.open();
    let edits = [
        replace(&project, "src/app.js", &[("b = 2", "b = 3"), ("a = 1", "a = 2")]),
        whole(&project, "src/new/deep/lib.js", "export {};\n"),
        delete(&project, "old.txt"),
        whole(&project, "same.txt", "same\n"),
    ];
    let plan = project.plan(&edits, &Permit::default()).expect("planned");
    let shown: Vec<_> = plan.files().iter().map(|f| (f.path.as_str(), f.kind, f.added, f.removed)).collect();
    assert_eq!(
        shown,
        [
            ("src/app.js", Kind::Modify, 2, 2),
            ("src/new/deep/lib.js", Kind::Create, 1, 0),
            ("old.txt", Kind::Delete, 0, 1)
        ]
    );
    assert_eq!(plan.unchanged(), ["same.txt"]);
    assert_eq!(plan.directories(), ["src/new", "src/new/deep"]);
    assert!(plan.files()[0].diff.contains("-const b = 2;\n+const a = 2;\n+const b = 3;\n"), "{}", plan.files()[0].diff);
    assert_eq!(paths(&project.files()), ["old.txt", "same.txt", "src/app.js"], "planning writes nothing");

    let written = project.write(&plan).expect("written");
    assert_eq!(paths(&project.files()), ["same.txt", "src/app.js", "src/new/deep/lib.js"]);
    assert_eq!(project.read("src/app.js").expect("read").text, "const a = 2;\nconst b = 3;\n");
    assert_eq!(project.digest("src/app.js").ok(), plan.files()[0].new_digest);
    assert_eq!(written.already, [""; 0]);
    assert_eq!(written.bytes.len(), 2);

    let stored = serde_json::to_string(&written.undo).expect("stored");
    assert!(!stored.contains("const"), "an undo holds digests only");
    let undo: Undo = serde_json::from_str(&stored).expect("loaded");
    project.undo(&undo, restored(&written)).expect("undone");
    assert_eq!(paths(&project.files()), ["old.txt", "same.txt", "src/app.js"]);
    assert!(!scene.at("src/new").exists(), "directories that were made go");
    project.undo(&undo, restored(&written)).expect("undone again");
}

#[test]
fn a_whole_file_that_is_what_stands_there_is_no_change_whatever_it_was_made_for() {
    let scene = Scene::with(&[("a.txt", "one\r\ntwo\r\n")]);
    let project = scene.open();
    let change = || Change::Whole("one\ntwo\n".to_owned());
    for base in [None, Some("0".repeat(64)), project.digest("a.txt").ok()] {
        let edit = FileEdit { path: "a.txt".to_owned(), base, change: change() };
        let plan = project.plan(&[edit], &Permit::default()).expect("planned");
        assert_eq!((plan.files().len(), plan.unchanged()), (0, &["a.txt".to_owned()][..]));
    }
    // Nothing is written, so nothing has to be writable.
    let mut permissions = fs::metadata(scene.at("a.txt")).expect("there").permissions();
    permissions.set_readonly(true);
    fs::set_permissions(scene.at("a.txt"), permissions).expect("set");
    let edit = FileEdit { path: "a.txt".to_owned(), base: None, change: change() };
    assert!(project.plan(&[edit], &Permit::default()).is_ok());
    // What is another is not written over.
    let edit = FileEdit { path: "a.txt".to_owned(), base: None, change: Change::Whole("two\n".to_owned()) };
    assert!(matches!(project.plan(&[edit], &Permit::default()), Err(EditError::Exists { .. })));
}

#[test]
fn a_stored_plan_is_the_same_plan_and_a_damaged_one_is_refused() {
    let scene = Scene::with(&[("a.txt", "a\n")]);
    let project = scene.open();
    let plan = project.plan(&[whole(&project, "a.txt", "b\n")], &Permit::default()).expect("planned");
    let stored = serde_json::to_string(&plan).expect("stored");
    let loaded: Plan = serde_json::from_str(&stored).expect("loaded");
    assert_eq!(loaded.digest(), plan.digest());
    let damaged: Plan = serde_json::from_str(&stored.replace("\"new\":\"b", "\"new\":\"evil")).expect("loaded");
    assert_ne!(damaged.digest(), plan.digest());
    assert!(matches!(project.write(&damaged), Err(EditError::Damaged { .. })));
    let reworded: Plan = serde_json::from_str(&stored.replace("+b", "+harmless")).expect("loaded");
    assert_ne!(reworded.digest(), plan.digest(), "an approval is of what was shown");
    // Whoever changes the store can compute digests too: what is shown follows from what is written, or it is refused.
    let stored: serde_json::Value = serde_json::from_str(&stored).expect("loaded");
    let other = project.plan(&[whole(&project, "a.txt", "evil\n")], &Permit::default()).expect("planned");
    let mut shows_another = stored.clone();
    shows_another["files"][0]["new"] = "evil\n".into();
    shows_another["files"][0]["new_digest"] = other.files()[0].new_digest.clone().into();
    let mut counts = stored.clone();
    counts["files"][0]["added"] = 0.into();
    let mut not_cut = stored;
    not_cut["files"][0]["diff_cut"] = true.into();
    for forged in [shows_another, counts, not_cut] {
        let forged: Plan = serde_json::from_value(forged).expect("loaded");
        assert!(matches!(forged.check(), Err(EditError::Damaged { path }) if path == "a.txt"));
        assert!(matches!(project.write(&forged), Err(EditError::Damaged { .. })));
    }
    project.write(&loaded).expect("written");
    assert_eq!(project.read("a.txt").expect("read").text, "b\n");
}

#[test]
fn the_digest_of_a_plan_is_of_all_that_it_does() {
    let scene = Scene::with(&[("a.txt", "a\n"), ("b.txt", "a\n")]);
    let project = scene.open();
    let digest = |edits: &[FileEdit]| project.plan(edits, &Permit::default()).expect("planned").digest();
    let digests = [
        digest(&[whole(&project, "a.txt", "b\n")]),
        digest(&[whole(&project, "b.txt", "b\n")]),
        digest(&[whole(&project, "a.txt", "c\n")]),
        digest(&[whole(&project, "a.txt", "")]),
        digest(&[delete(&project, "a.txt")]),
        digest(&[whole(&project, "c.txt", "b\n")]),
        digest(&[whole(&project, "a.txt", "b\n"), whole(&project, "b.txt", "b\n")]),
    ];
    let distinct: std::collections::BTreeSet<_> = digests.iter().collect();
    assert_eq!(distinct.len(), digests.len());
    assert_eq!(
        digests[0],
        digest(&[replace(&project, "a.txt", &[("a", "b")])]),
        "how it was asked for does not matter"
    );
}

#[test]
fn a_write_that_was_cut_short_is_completed_by_the_next() {
    let scene = Scene::with(&[("a.txt", "a\n"), ("b.txt", "b\n"), ("c.txt", "c\n")]);
    let project = scene.open();
    let edits = [
        whole(&project, "a.txt", "A\n"),
        whole(&project, "d/new.txt", "new\n"),
        delete(&project, "c.txt"),
        whole(&project, "b.txt", "B\n"),
    ];
    let plan = project.plan(&edits, &Permit::default()).expect("planned");
    scene.write("a.txt", "A\n");
    scene.write("d/new.txt", "new\n");
    fs::remove_file(scene.at("c.txt")).expect("rm");
    let written = project.resume(&plan).expect("written");
    assert_eq!(written.already, ["a.txt", "d/new.txt", "c.txt"]);
    assert_eq!(project.resume(&plan).expect("again").already.len(), 4);
    project.undo(&written.undo, restored(&written)).expect("undone");
    assert_eq!(paths(&project.files()), ["a.txt", "b.txt", "c.txt"]);
    assert!(!scene.at("d").exists());
    assert_eq!(project.read("a.txt").expect("read").text, "a\n");
}

#[test]
fn what_somebody_else_made_as_planned_is_not_taken_back() {
    let scene = Scene::with(&[("a.txt", "a\n"), ("b.txt", "b\n")]);
    let project = scene.open();
    let edits =
        [whole(&project, "a.txt", "A\n"), whole(&project, "d/new.txt", "new\n"), whole(&project, "b.txt", "B\n")];
    let plan = project.plan(&edits, &Permit::default()).expect("planned");
    scene.write("a.txt", "A\n");
    scene.write("d/new.txt", "new\n");
    let written = project.write(&plan).expect("written");
    assert_eq!(written.already, ["a.txt", "d/new.txt"]);
    project.undo(&written.undo, restored(&written)).expect("undone");
    let texts = ["a.txt", "b.txt", "d/new.txt"].map(|path| project.read(path).expect("read").text);
    assert_eq!(texts, ["A\n", "b\n", "new\n"]);
}

#[test]
fn a_write_that_was_cut_short_is_put_back_where_somebody_changed_a_file_since() {
    let scene = Scene::with(&[("a.txt", "a\n"), ("b.txt", "b\n"), ("c.txt", "c\n")]);
    let project = scene.open();
    let edits = [
        whole(&project, "a.txt", "A\n"),
        whole(&project, "d/new.txt", "new\n"),
        whole(&project, "b.txt", "B\n"),
        whole(&project, "c.txt", "C\n"),
    ];
    let plan = project.plan(&edits, &Permit::default()).expect("planned");
    scene.write("a.txt", "A\nmine\n");
    scene.write("d/new.txt", "new\n");
    scene.write("b.txt", "B\n");
    let error = project.resume(&plan).expect_err("a.txt is changed");
    assert_eq!(
        error.to_string(),
        "writing was cut short before, and a.txt was changed since: look whether it still holds what was to be written; put \
         back as before: b.txt, d/new.txt"
    );
    let texts = ["a.txt", "b.txt", "c.txt"].map(|path| project.read(path).expect("read").text);
    assert_eq!(texts, ["A\nmine\n", "b\n", "c\n"]);
    assert!(!scene.at("d").exists());
}

fn many(project: &Project) -> Plan {
    let mut edits: Vec<_> = (0..10).map(|n| whole(project, &format!("f{n}.txt"), &format!("new {n}\n"))).collect();
    edits.extend((0..5).map(|n| whole(project, &format!("d{n}/deep/n.txt"), "created\n")));
    edits.extend((10..15).map(|n| delete(project, &format!("f{n}.txt"))));
    project.plan(&edits, &Permit::default()).expect("planned")
}

/// Run by the next test in a process of its own.
#[test]
#[ignore = "is the process that is killed"]
fn writes_and_undoes_until_it_is_killed() {
    let Some(directory) = std::env::var_os("CERTUS_TEST_PROJECT") else { return };
    let project = Project::open(std::path::Path::new(&directory)).expect("opens");
    let plan = many(&project);
    loop {
        let written = project.resume(&plan).expect("written");
        fs::write(std::path::Path::new(&directory).join("../begun"), "").expect("write");
        project.undo(&written.undo, restored(&written)).expect("undone");
    }
}

#[test]
fn a_process_that_is_killed_leaves_a_state_from_which_one_can_go_on_and_back() {
    let scene = Scene::with(&[]);
    (0..15).for_each(|n| scene.write(&format!("f{n}.txt"), format!("old {n}\n")));
    let project = scene.open();
    let (before, plan) = (state(&project), many(&project));
    let mut cut_short = 0;
    for round in 0..12 {
        let _ = fs::remove_file(scene.at("../begun"));
        let mut writer = std::process::Command::new(std::env::current_exe().expect("this test"))
            .args(["--ignored", "--exact", "writes_and_undoes_until_it_is_killed"])
            .env("CERTUS_TEST_PROJECT", scene.at(""))
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("started");
        while !scene.at("../begun").exists() {
            std::thread::yield_now();
        }
        std::thread::sleep(std::time::Duration::from_micros(700 * round));
        writer.kill().expect("killed");
        writer.wait().expect("reaped");
        let written = project.resume(&plan).expect("written");
        cut_short += usize::from(!matches!(written.already.len(), 0 | 20));
        assert!(plan.files().iter().all(|file| project.digest(&file.path).ok() == file.new_digest));
        project.undo(&written.undo, restored(&written)).expect("undone");
        assert_eq!(state(&project), before);
        let left: Vec<_> = fs::read_dir(scene.at("")).expect("list").map(|e| e.expect("entry").file_name()).collect();
        assert_eq!(left.len(), 15, "{left:?}");
    }
    assert!(cut_short > 0, "else this shows nothing");
}

#[test]
fn an_undo_of_files_that_are_gone_leaves_what_was_there_before() {
    let scene = Scene::with(&[("sub/old.txt", "before\n")]);
    let project = scene.open();
    let edits = [whole(&project, "sub/old.txt", "after\n"), whole(&project, "new.txt", "new\n")];
    let plan = project.plan(&edits, &Permit::default()).expect("planned");
    let written = project.write(&plan).expect("written");
    fs::remove_dir_all(scene.at("sub")).expect("removed");
    fs::remove_file(scene.at("new.txt")).expect("removed");
    assert!(!project.has_file("sub/old.txt") && project.has_nothing("sub/old.txt") && !project.has_file("new.txt"));
    project.undo(&written.undo, restored(&written)).expect("undone");
    assert_eq!(fs::read_to_string(scene.at("sub/old.txt")).expect("there again"), "before\n");
    assert!(project.has_file("sub/old.txt") && project.has_nothing("new.txt"));
    project.undo(&written.undo, restored(&written)).expect("undone again");
}

#[test]
fn an_undo_refuses_where_somebody_worked_on() {
    let scene = Scene::with(&[("a.txt", "a\n"), ("b.txt", "b\n")]);
    let project = scene.open();
    let edits = [whole(&project, "a.txt", "A\n"), whole(&project, "b.txt", "B\n"), whole(&project, "d/c.txt", "C\n")];
    let plan = project.plan(&edits, &Permit::default()).expect("planned");
    let written = project.write(&plan).expect("written");
    scene.write("b.txt", "theirs\n");
    let undone = project.undo(&written.undo, restored(&written));
    assert!(matches!(undone, Err(EditError::Conflict { path }) if path == "b.txt"));
    assert_eq!(project.read("a.txt").expect("read").text, "A\n", "all or nothing");
    scene.write("b.txt", "B\n");
    scene.write("d/theirs.txt", "theirs\n");
    assert!(matches!(project.undo(&written.undo, |_| None), Err(EditError::Damaged { .. })));
    assert!(matches!(project.undo(&written.undo, |_| Some(b"forged".to_vec())), Err(EditError::Damaged { .. })));
    project.undo(&written.undo, restored(&written)).expect("undone");
    assert_eq!(paths(&project.files()), ["a.txt", "b.txt", "d/theirs.txt"]);
}

#[test]
fn certus_s_own_files_are_edited_only_when_allowed_by_name() {
    let scene = Scene::with(&[("certus.toml", "a = 1\n"), ("sub/project_rules.md", "x\n")]);
    let project = scene.open();
    let edits = [whole(&project, "certus.toml", "a = 2\n")];
    let refused = project.plan(&edits, &Permit::default());
    assert!(matches!(refused, Err(EditError::Protected { path }) if path == "certus.toml"));
    for path in ["sub/project_rules.md", "plugins.lock", "Plugins.toml", ".certusignore"] {
        let refused = project.plan(&[whole(&project, path, "new\n")], &Permit::default());
        assert!(matches!(refused, Err(EditError::Protected { .. })), "{path}");
    }
    let permit = Permit { protected: ["certus.toml".to_owned()].into(), ..Permit::default() };
    project.write(&project.plan(&edits, &permit).expect("planned")).expect("written");
    assert_eq!(project.read("certus.toml").expect("read").text, "a = 2\n");
}

#[cfg(unix)]
#[test]
fn what_is_hidden_is_neither_read_nor_found_nor_edited() {
    let scene = Scene::with(&[("a.js", "const key = 'secret-1';\n"), ("b.js", "const b = 1;\n")]);
    let project = scene.open();
    let edits = ["a.js", "b.js"].map(|path| replace(&project, path, &[("const", "let")]));
    project.hide(Box::new(|text| text.contains("secret-1").then(|| text.replace("secret-1", "[key]"))));
    let veiled = "const key = '[key]';\n";
    assert_eq!(project.read("a.js").expect("read").text, veiled);
    assert_eq!(project.reader().read("a.js").expect("read").text, veiled);
    assert_eq!(project.cite("a.js", 1, "const key = '[key]'"), Citation::Found { line: 1 });
    assert_eq!(project.cite("a.js", 1, "const key = 'secret-1'"), Citation::Missing);
    assert_eq!(project.search("secret", "**", 10).expect("searched"), Vec::new());
    let refused = project.plan(&edits, &Permit::default());
    assert!(matches!(refused, Err(EditError::Hidden { path }) if path == "a.js"));
    project.plan(&edits[1..], &Permit::default()).expect("nothing is hidden in it");
}

#[test]
fn permission_bits_stay() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::with(&[("run.sh", "#!/bin/sh\n"), ("gone.sh", "#!/bin/sh\n")]);
    let mode = |path: &str| fs::metadata(scene.at(path)).expect("metadata").permissions().mode() & 0o7777;
    for path in ["run.sh", "gone.sh"] {
        fs::set_permissions(scene.at(path), fs::Permissions::from_mode(0o751)).expect("chmod");
    }
    let project = scene.open();
    let edits =
        [whole(&project, "run.sh", "#!/bin/sh\ntrue\n"), delete(&project, "gone.sh"), whole(&project, "new", "n\n")];
    let written = project.write(&project.plan(&edits, &Permit::default()).expect("planned")).expect("written");
    assert_eq!(mode("run.sh"), 0o751);
    scene.write("usual", "");
    assert_eq!(mode("new"), mode("usual"));
    project.undo(&written.undo, restored(&written)).expect("undone");
    assert_eq!((mode("run.sh"), mode("gone.sh")), (0o751, 0o751));
}

fn state(project: &Project) -> BTreeMap<String, String> {
    let read = |path: &str| project.read(path).map(|Text { path, text }| (path, text)).expect("read");
    project.files().entries.iter().map(|entry| read(&entry.path)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_write_that_is_undone_changes_nothing(
        files in proptest::collection::btree_map("[a-c](/[d-e]){0,2}\\.t", "([a-d]{0,4}(\n|\r\n)){0,6}[a-d]{0,3}", 0..5),
        changes in proptest::collection::btree_map("[a-d](/[d-f]){0,2}\\.t", proptest::option::of("([a-d]{0,4}\n){0,6}[a-d]{0,3}"), 1..6),
    ) {
        let scene = Scene::with(&[]);
        files.iter().for_each(|(path, text)| scene.write(path, text));
        let project = scene.open();
        let before = state(&project);
        let edits: Vec<_> = changes
            .iter()
            .filter(|(path, text)| text.is_some() || before.contains_key(*path))
            .map(|(path, text)| FileEdit {
                path: path.clone(),
                base: base(&project, path),
                change: text.clone().map_or(Change::Delete, Change::Whole),
            })
            .collect();
        let Ok(plan) = project.plan(&edits, &Permit::default()) else { return Ok(()) };
        let Written { undo, bytes, .. } = project.write(&plan).expect("written");
        let after = state(&project);
        for file in plan.files() {
            prop_assert_eq!(project.digest(&file.path).ok(), file.new_digest.clone());
        }
        for (path, text) in &before {
            let crlf = |text: &str| text.contains('\n') && text.matches("\r\n").count() == text.matches('\n').count();
            if crlf(text) && let Some(new) = after.get(path) {
                prop_assert!(crlf(new) || !new.contains('\n'), "{:?} became {:?}", text, new);
            }
        }
        let bytes: BTreeMap<_, _> = bytes.into_iter().collect();
        project.undo(&undo, |digest| bytes.get(digest).cloned()).expect("undone");
        prop_assert_eq!(state(&project), before);
    }

    #[test]
    fn a_find_that_stands_once_is_replaced_there_and_nowhere_else(before in "[a-c]{0,20}", after in "[a-c]{0,20}", new in "[a-d]{0,5}") {
        let scene = Scene::with(&[]);
        scene.write("f", format!("{before}X{after}\n"));
        let project = scene.open();
        let list = vec![Replacement { find: "X".to_owned(), replace: new.clone() }];
        let edit = FileEdit { path: "f".to_owned(), base: base(&project, "f"), change: Change::Replace(list) };
        project.write(&project.plan(&[edit], &Permit::default()).expect("planned")).expect("written");
        prop_assert_eq!(project.read("f").expect("read").text, format!("{before}{new}{after}\n"));
    }
}
