//! Edits that were proposed, or are raced, to change what they must not.

#![cfg(unix)]
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests play the attacker")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use certus_workspace::edit::{Change, EDIT_LIMIT, EditError, FileEdit, MOST_EDITS, Permit};
use certus_workspace::{Exclusion, Project};
use support::edits::{base, delete, replace, restored, whole};
use support::{Scene, paths};

fn plan(project: &Project, edits: &[FileEdit]) -> Result<certus_workspace::edit::Plan, EditError> {
    project.plan(edits, &Permit::default())
}

fn new(path: &str) -> FileEdit {
    FileEdit { path: path.to_owned(), base: None, change: Change::Whole("x\n".to_owned()) }
}

#[test]
fn no_path_leads_out_of_the_project() {
    let scene = Scene::with(&[("a.txt", "a\n"), ("in/real.txt", "r\n")]);
    scene.link("../outside", "out");
    scene.link("../outside/secret.txt", "secret");
    scene.link("in", "also-in");
    scene.link("../outside/absent", "dangling");
    let project = scene.open();
    for path in ["../x", "a/../../x", "/etc/x", "", "a/", "a//b", "./x", "a\\b", "C:/x", "a\0b", "a\nb"] {
        assert!(matches!(plan(&project, &[new(path)]), Err(EditError::Outside { .. })), "{path:?}");
    }
    for path in ["out/x", "out/secret.txt", "secret", "out/new/x", "dangling"] {
        let refused = plan(&project, &[new(path)]);
        assert!(matches!(refused, Err(EditError::Outside { .. } | EditError::Is { .. })), "{path}: {refused:?}");
    }
    for path in ["also-in/x", "also-in/real.txt"] {
        let refused = plan(&project, &[new(path)]);
        assert!(matches!(refused, Err(EditError::Is { what: "a symbolic link", .. })), "{path}: {refused:?}");
    }
    assert_eq!(fs::read_dir(scene.at("../outside")).expect("list").count(), 1);
}

#[test]
fn what_is_excluded_from_reading_is_excluded_from_writing_and_trust_does_not_help() {
    let scene = Scene::with(&[
        (".gitignore", "*.log\nprivate/\n"),
        (".env", "K=1\n"),
        ("Cargo.toml", ""),
        ("sub/.gitignore", "x.*\n"),
    ]);
    let trusted = [".env", ".git", "a.log", "dist"].map(str::to_owned);
    let project = scene.open().trusting(trusted);
    for (path, expected) in [
        (".env", Exclusion::Secret),
        (".ENV.local", Exclusion::Secret),
        ("keys/id_rsa", Exclusion::Secret),
        (".git/hooks/pre-commit", Exclusion::Internal),
        ("sub/.GIT/config", Exclusion::Internal),
        (".git", Exclusion::Internal),
        (".certus/certus.db", Exclusion::Internal),
        (".certus-edit-0011223344556677.tmp", Exclusion::Internal),
        ("node_modules/x/index.js", Exclusion::Dependencies),
        ("dist/x.js", Exclusion::Output),
        ("target/x.rs", Exclusion::Output),
        ("a.log", Exclusion::Ignored),
        ("new/deep/a.log", Exclusion::Ignored),
        ("new/private/a.txt", Exclusion::Ignored),
        ("sub/x.js", Exclusion::Ignored),
    ] {
        let refused = plan(&project, &[new(path)]);
        assert!(matches!(&refused, Err(EditError::Excluded { why, .. }) if *why == expected), "{path}: {refused:?}");
    }
    assert!(plan(&project, &[new("new/target/x.rs")]).is_ok(), "no manifest lies beside it");
}

#[test]
fn what_is_no_text_file_of_a_reasonable_size_is_refused() {
    let scene = Scene::with(&[("a.txt", "a\n"), ("d/x", "x")]);
    scene.write("nul.bin", b"a\0b");
    scene.write("latin.txt", b"caf\xe9\n");
    scene.write("large.txt", "x".repeat(usize::try_from(EDIT_LIMIT).expect("fits") + 1));
    scene.fifo("fifo");
    let project = scene.open();
    for path in ["nul.bin", "latin.txt"] {
        assert!(matches!(plan(&project, &[whole(&project, path, "x")]), Err(EditError::Binary { .. })), "{path}");
        assert!(matches!(plan(&project, &[delete(&project, path)]), Err(EditError::Binary { .. })), "{path}");
    }
    assert!(matches!(plan(&project, &[whole(&project, "large.txt", "x")]), Err(EditError::TooLarge { .. })));
    assert!(matches!(plan(&project, &[new("fifo")]), Err(EditError::Is { what: "a FIFO", .. })));
    assert!(matches!(plan(&project, &[new("d")]), Err(EditError::Is { what: "a directory", .. })));
    let refused = plan(&project, &[new("a.txt/b/c")]).expect_err("refused");
    assert_eq!(refused.to_string(), "a.txt is a regular file");
    assert!(matches!(plan(&project, &[whole(&project, "n", "a\0b")]), Err(EditError::Binary { .. })));

    let hundred = "x".repeat(100 * 1024 * 1024);
    let refused = plan(&project, &[whole(&project, "a.txt", &hundred)]);
    assert!(matches!(refused, Err(EditError::TooLarge { size: 104_857_600, .. })));
    assert!(matches!(
        plan(&project, &[replace(&project, "a.txt", &[("a", &hundred)])]),
        Err(EditError::TooMuch { .. })
    ));
    let megabyte = "x".repeat(usize::try_from(EDIT_LIMIT).expect("fits"));
    let five: Vec<_> = (0..5).map(|n| whole(&project, &format!("n{n}"), &megabyte)).collect();
    assert!(matches!(plan(&project, &five), Err(EditError::TooMuch { size: 5_242_880 })));
    assert!(plan(&project, &five[..4]).is_ok());
    let many: Vec<_> = (0..=MOST_EDITS).map(|n| new(&format!("n{n}"))).collect();
    assert!(matches!(plan(&project, &many), Err(EditError::TooMany { count: 65 })));
    assert_eq!(plan(&project, &many[1..]).expect("planned").files().len(), MOST_EDITS);
    assert!(matches!(plan(&project, &[]), Err(EditError::Nothing)));
    assert_eq!(plan(&project, &[whole(&project, "a.txt", "a\n")]).expect("planned").files().len(), 0);
    let finds: Vec<_> = (0..257).map(|_| ("a", "b")).collect();
    assert!(matches!(
        plan(&project, &[replace(&project, "a.txt", &finds)]),
        Err(EditError::TooManyReplacements { .. })
    ));
}

#[test]
fn names_that_are_or_look_like_others_are_not_created() {
    let scene = Scene::with(&[("caf\u{e9}.txt", "x\n"), ("Src/a.js", "a\n"), ("aux.c", "old\n")]);
    let project = scene.open();
    for path in ["NUL", "src/con.txt", "a\u{202e}txt.exe", "new/trailing.", "what?.txt", "git~1/config"] {
        assert!(matches!(plan(&project, &[new(path)]), Err(EditError::BadName { .. })), "{path:?}");
    }
    assert!(matches!(plan(&project, &[new("cafe\u{301}.txt")]), Err(EditError::Twin { .. })));
    assert!(matches!(plan(&project, &[new("e\u{301}"), new("\u{e9}")]), Err(EditError::Twin { .. })));
    assert!(matches!(plan(&project, &[new("n"), new("n")]), Err(EditError::Twice { .. })));
    assert!(matches!(plan(&project, &[new("n"), new("n/m")]), Err(EditError::Below { .. })));
    assert!(plan(&project, &[new("src/b.js"), new("N"), new("n")]).is_ok());
    let permit = Permit { fold_case: true, ..Permit::default() };
    assert!(matches!(project.plan(&[new("src/b.js")], &permit), Err(EditError::Twin { other, .. }) if other == "Src"));
    assert!(matches!(project.plan(&[new("N"), new("n")], &permit), Err(EditError::Twin { .. })));
    assert!(plan(&project, &[whole(&project, "aux.c", "new\n")]).is_ok(), "what is there may be edited");
}

#[test]
fn an_edit_is_of_the_file_that_was_read() {
    let scene = Scene::with(&[("a.txt", "a\n"), ("b.txt", "b\n")]);
    let project = scene.open();
    let mut stale = whole(&project, "a.txt", "x\n");
    scene.write("a.txt", "changed\n");
    assert!(matches!(plan(&project, &[stale.clone()]), Err(EditError::Conflict { .. })));
    stale.base = None;
    assert!(matches!(plan(&project, &[stale.clone()]), Err(EditError::Exists { .. })));
    stale.path = "absent".to_owned();
    stale.change = Change::Delete;
    assert!(matches!(plan(&project, &[stale.clone()]), Err(EditError::NoBase { .. })));
    stale.base = base(&project, "a.txt");
    assert!(matches!(plan(&project, &[stale]), Err(EditError::Missing { .. })));
    for list in [&[("", "x")][..], &[("absent", "x")], &[("changed", "x"), ("d", "y")]] {
        let refused = plan(&project, &[replace(&project, "a.txt", list)]);
        assert!(matches!(refused, Err(EditError::Find { .. })), "{list:?}: {refused:?}");
    }
    scene.write("twice.txt", "one\none\n");
    let refused = plan(&project, &[replace(&project, "twice.txt", &[("one", "x")])]).expect_err("refused");
    assert_eq!(refused.to_string(), "twice.txt: text 1 to find stands in the file more than once");
}

#[test]
fn a_file_that_changed_after_the_plan_stops_all_of_it() {
    let scene = Scene::with(&[("a.txt", "a\n"), ("b.txt", "b\n"), ("c.txt", "c\n")]);
    let project = scene.open();
    let edits = [
        whole(&project, "a.txt", "A\n"),
        whole(&project, "n/new.txt", "N\n"),
        delete(&project, "c.txt"),
        whole(&project, "b.txt", "B\n"),
    ];
    let change = |spoil: &dyn Fn(), mend: &dyn Fn(), at: &str| {
        let plan = plan(&project, &edits).expect("planned");
        spoil();
        let refused = project.write(&plan);
        assert!(matches!(&refused, Err(EditError::Conflict { path }) if path == at), "{at}: {refused:?}");
        mend();
        assert_eq!(project.read("a.txt").expect("read").text, "a\n");
        assert_eq!(paths(&project.files()), ["a.txt", "b.txt", "c.txt"]);
    };
    change(&|| scene.write("b.txt", "theirs\n"), &|| scene.write("b.txt", "b\n"), "b.txt");
    change(&|| fs::remove_file(scene.at("b.txt")).expect("rm"), &|| scene.write("b.txt", "b\n"), "b.txt");
    change(&|| scene.write("n/new.txt", "theirs\n"), &|| fs::remove_dir_all(scene.at("n")).expect("rm"), "n/new.txt");
    change(&|| scene.write("c.txt", "x".repeat(2_000_000)), &|| scene.write("c.txt", "c\n"), "c.txt");
    let swap = || {
        fs::remove_file(scene.at("b.txt")).expect("rm");
        scene.link("../outside/secret.txt", "b.txt");
    };
    let mend = || {
        fs::remove_file(scene.at("b.txt")).expect("rm");
        scene.write("b.txt", "b\n");
    };
    change(&swap, &mend, "b.txt");
    assert_eq!(fs::read_to_string(scene.at("../outside/secret.txt")).expect("read"), "outside");
}

#[test]
fn what_was_written_before_a_failure_is_put_back() {
    let scene = Scene::with(&[("a.txt", "a\n"), ("c.txt", "c\n"), ("z/b.txt", "b\n")]);
    let project = scene.open();
    let edits = [
        whole(&project, "a.txt", "A\n"),
        whole(&project, "new/n.txt", "N\n"),
        delete(&project, "c.txt"),
        whole(&project, "z/b.txt", "B\n"),
    ];
    let plan = plan(&project, &edits).expect("planned");
    // Passes the first look and fails when its turn comes.
    fs::set_permissions(scene.at("z/b.txt"), fs::Permissions::from_mode(0o444)).expect("chmod");
    let refused = project.write(&plan);
    assert!(matches!(refused, Err(EditError::ReadOnly { .. })), "{refused:?}");
    assert_eq!(paths(&project.files()), ["a.txt", "c.txt", "z/b.txt"]);
    assert_eq!(project.read("a.txt").expect("read").text, "a\n");
    assert!(!scene.at("new").exists());
    fs::set_permissions(scene.at("z/b.txt"), fs::Permissions::from_mode(0o644)).expect("chmod");
    project.write(&plan).expect("written");
}

#[test]
fn what_is_read_only_stays() {
    let scene = Scene::with(&[("shut/a.txt", "a\n"), ("b.txt", "b\n")]);
    fs::set_permissions(scene.at("shut"), fs::Permissions::from_mode(0o555)).expect("chmod");
    fs::set_permissions(scene.at("b.txt"), fs::Permissions::from_mode(0o444)).expect("chmod");
    let project = scene.open();
    for (edit, at) in [
        (whole(&project, "shut/a.txt", "A\n"), "shut"),
        (delete(&project, "shut/a.txt"), "shut"),
        (new("shut/new.txt"), "shut"),
        (new("shut/new/deep.txt"), "shut"),
        (whole(&project, "b.txt", "B\n"), "b.txt"),
        (delete(&project, "b.txt"), "b.txt"),
    ] {
        let refused = plan(&project, &[edit]);
        assert!(matches!(&refused, Err(EditError::ReadOnly { at: said, .. }) if said == at), "{at}: {refused:?}");
    }
    fs::set_permissions(scene.at("shut"), fs::Permissions::from_mode(0o755)).expect("chmod");
}

/// Round and round, until `done`: files and directories change places with links that lead outside.
fn race(scene: &Scene, done: &AtomicBool) {
    let turn = |from: &str, to: &str| drop(fs::rename(scene.at(from), scene.at(to)));
    while !done.load(Ordering::Relaxed) {
        turn("dir", "dir-away");
        turn("link", "dir");
        turn("dir", "link");
        turn("dir-away", "dir");
        turn("plain/f.txt", "plain/away");
        turn("plain/flink", "plain/f.txt");
        turn("plain/f.txt", "plain/flink");
        turn("plain/away", "plain/f.txt");
    }
}

#[test]
fn links_that_are_swapped_in_while_we_write_never_lead_outside() {
    let scene = Scene::with(&[("dir/f.txt", "inside 0\n"), ("plain/f.txt", "inside 0\n")]);
    scene.link("../outside", "link");
    scene.link("../../outside/f.txt", "plain/flink");
    fs::write(scene.at("../outside/f.txt"), "outside").expect("write");
    let project = scene.open();
    let done = AtomicBool::new(false);
    let mut written = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| race(&scene, &done));
        for round in 1..=400 {
            let paths = ["dir/f.txt", "plain/f.txt", "dir/new.txt"];
            let edits = paths.map(|path| whole(&project, path, &format!("inside {round}\n")));
            for edit in edits {
                let Ok(plan) = plan(&project, &[edit]) else { continue };
                if let Ok(done) = project.write(&plan) {
                    written += 1;
                    let _ = project.undo(&done.undo, restored(&done));
                }
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    assert!(written > 0);
    assert_eq!(fs::read_to_string(scene.at("../outside/f.txt")).expect("read"), "outside");
    assert_eq!(fs::read_to_string(scene.at("../outside/secret.txt")).expect("read"), "outside");
    assert_eq!(fs::read_dir(scene.at("../outside")).expect("list").count(), 2);
}

#[test]
fn nothing_that_is_saved_by_somebody_else_is_lost() {
    let scene = Scene::with(&[("f.txt", "start\n")]);
    let project = scene.open();
    let done = AtomicBool::new(false);
    let written = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let saver = scope.spawn(|| {
            // Saves as editors do, and looks whether what it saved is there, with what we wrote on top of it or without.
            for round in 0..200 {
                let saved = format!("theirs {round}\n");
                fs::write(scene.at("../saved"), &saved).expect("write");
                fs::rename(scene.at("../saved"), scene.at("f.txt")).expect("rename");
                let is_there = (0..100_000).any(|_| {
                    std::thread::yield_now();
                    fs::read_to_string(scene.at("f.txt")).is_ok_and(|text| text.starts_with(&saved))
                });
                if !is_there {
                    done.store(true, Ordering::Relaxed);
                    return Some(saved);
                }
                // On a busy machine nothing of ours would ever come in between.
                let before = written.load(Ordering::Relaxed);
                let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
                while round % 20 == 0
                    && written.load(Ordering::Relaxed) == before
                    && std::time::Instant::now() < deadline
                {
                    std::thread::yield_now();
                }
            }
            done.store(true, Ordering::Relaxed);
            None
        });
        while !done.load(Ordering::Relaxed) {
            let Ok(seen) = project.read("f.txt") else { continue };
            let edit = FileEdit {
                path: "f.txt".to_owned(),
                base: Some(seen.digest()),
                change: Change::Whole(format!("{}ours\n", seen.text)),
            };
            if plan(&project, &[edit]).and_then(|plan| project.write(&plan)).is_ok() {
                written.fetch_add(1, Ordering::Relaxed);
            }
        }
        assert_eq!(saver.join().expect("saver"), None, "lost");
    });
    assert!(written.load(Ordering::Relaxed) > 0);
}
