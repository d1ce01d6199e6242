//! Projects that were built to lead us out of them, to hang us, or to fill our memory.

#![cfg(unix)]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests build what a hostile project would contain"
)]

mod support;

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, Ordering};

use certus_workspace::{Citation, Error, Exclusion, FindError, MOST_DEPTH, Project, ReadError, Why};
use support::{Scene, left_out, paths};

#[test]
fn links_are_never_followed_wherever_they_lead() {
    let scene = Scene::with(&[("src/real.txt", "inside\n")]);
    scene.link("../outside/secret.txt", "out.txt");
    scene.link("../outside", "out");
    scene.link(scene.at("../outside/secret.txt").to_str().expect("utf-8"), "absolute");
    scene.link("/", "machine");
    scene.link("src/real.txt", "in.txt");
    scene.link("src", "in");
    scene.link("loop-b", "loop-a");
    scene.link("loop-a", "loop-b");
    scene.link(".", "self");
    scene.link("absent", "dangling");
    scene.link("out/secret.txt", "twice");
    let project = scene.open();
    let listing = project.files();
    assert_eq!(paths(&listing), ["src/real.txt"]);
    insta::assert_snapshot!(left_out(&listing).join("\n"), @r"
    absolute: a symbolic link out of the project
    dangling: a symbolic link, not followed
    in: a symbolic link, not followed
    in.txt: a symbolic link, not followed
    loop-a: a symbolic link, not followed
    loop-b: a symbolic link, not followed
    machine: a symbolic link out of the project
    out: a symbolic link out of the project
    out.txt: a symbolic link out of the project
    self: a symbolic link, not followed
    twice: a symbolic link out of the project
    ");
    for path in ["out.txt", "out/secret.txt", "absolute", "machine/etc/passwd", "twice", "out"] {
        assert!(matches!(project.read(path), Err(ReadError::Outside { .. })), "{path}: {:?}", project.read(path));
        assert!(project.digest(path).is_err());
        assert_eq!(project.cite(path, 1, "outside"), Citation::Missing);
    }
    for path in ["in.txt", "in/real.txt", "loop-a", "self/src/real.txt", "dangling"] {
        assert!(matches!(project.read(path), Err(ReadError::NotRegular { what: "a symbolic link", .. })), "{path}");
    }
    // Who reads several files sees what who reads one does, in whichever order.
    let mut reader = project.reader();
    for path in [
        "src/real.txt",
        "twice",
        "in/real.txt",
        "out/secret.txt",
        "self/src/real.txt",
        "src/absent",
        "../x",
        "src/real.txt/y",
    ] {
        let one = project.read(path).map_err(|error| error.to_string());
        assert_eq!(reader.read(path).map_err(|error| error.to_string()), one, "{path}");
    }
    assert!(matches!(project.list("out"), Err(FindError::Directory(ReadError::Outside { .. }))));
    assert_eq!(project.glob("out/*").expect_err("refused").to_string(), "out/* is not inside the project");
    assert_eq!(project.search("outside", "**", 10).expect("searched"), []);
}

#[test]
fn paths_that_climb_or_start_elsewhere_are_outside() {
    let scene = Scene::with(&[("a/b.txt", "inside\n")]);
    let project = scene.open();
    for path in [
        "../outside/secret.txt",
        "a/../../outside/secret.txt",
        "/etc/passwd",
        "",
        "a/",
        "a/b.txt/",
        "a\\b.txt",
        "C:/x",
        "a/./b.txt",
        "a\0",
    ] {
        assert!(matches!(project.read(path), Err(ReadError::Outside { .. })), "{path:?}");
    }
    for directory in ["..", "/", "a/..", "a/"] {
        assert!(
            matches!(project.list(directory), Err(FindError::Directory(ReadError::Outside { .. }))),
            "{directory:?}"
        );
    }
    assert!(matches!(project.read("a"), Err(ReadError::NotRegular { what: "a directory", .. })));
    assert!(matches!(project.read("a/b.txt/c"), Err(ReadError::Missing { .. })));
    assert!(matches!(project.read("c"), Err(ReadError::Missing { .. })));
}

#[test]
fn a_file_that_is_swapped_while_we_read_never_gives_what_lies_outside() {
    let scene = Scene::with(&[("dir/file.txt", "inside"), ("plain/file.txt", "inside")]);
    scene.link("../../outside/secret.txt", "dir/link");
    scene.link("../outside", "spare");
    fs::write(scene.at("../outside/file.txt"), "outside").expect("write");
    let project = scene.open();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Round and round: the file and the link to outside change places, and so do a directory and a link to one.
            let turn = |from: &str, to: &str| fs::rename(scene.at(from), scene.at(to)).expect("rename");
            while !done.load(Ordering::Relaxed) {
                turn("dir/file.txt", "dir/away");
                turn("dir/link", "dir/file.txt");
                turn("plain", "plain-away");
                turn("spare", "plain");
                turn("plain", "spare");
                turn("plain-away", "plain");
                turn("dir/file.txt", "dir/link");
                turn("dir/away", "dir/file.txt");
            }
        });
        let mut inside = 0;
        for _ in 0..3_000 {
            for path in ["dir/file.txt", "plain/file.txt"] {
                if let Ok(text) = project.read(path) {
                    assert_eq!(text.text, "inside");
                    inside += 1;
                }
            }
        }
        for _ in 0..100 {
            for entry in project.files().entries {
                assert_eq!(entry.size, 6, "{}", entry.path);
            }
            assert_eq!(project.search("outside", "**", 10).expect("searched"), []);
        }
        done.store(true, Ordering::Relaxed);
        assert!(inside > 0);
    });
}

#[test]
fn what_is_no_regular_file_is_never_opened() {
    let scene = Scene::with(&[("a.txt", "a\n")]);
    scene.fifo("fifo");
    scene.fifo(".gitignore");
    let _socket = std::os::unix::net::UnixListener::bind(scene.at("socket")).expect("bind");
    let project = scene.open();
    let listing = project.files();
    assert_eq!(paths(&listing), ["a.txt"]);
    insta::assert_snapshot!(left_out(&listing).join("\n"), @r"
    .gitignore: a FIFO
    fifo: a FIFO
    socket: a socket
    ");
    assert!(matches!(project.read("fifo"), Err(ReadError::NotRegular { what: "a FIFO", .. })));
    assert!(project.digest("socket").is_err());
    assert_eq!(project.tree_digest().files, 1);
}

#[test]
fn large_empty_and_odd_files_are_named_for_what_they_are() {
    let scene = Scene::with(&[("empty", ""), ("a.txt", "a\n")]);
    let huge = fs::File::create(scene.at("huge.js")).expect("create");
    huge.set_len(200 * 1024 * 1024).expect("sparse");
    scene.write("latin.txt", b"one\ntwo\ncaf\xe9\n");
    scene.write("nul.bin", b"\0\xff");
    let project = scene.open();
    let sizes: Vec<_> = project.files().entries.into_iter().map(|entry| (entry.path, entry.size)).collect();
    assert_eq!(sizes[1], ("empty".to_owned(), 0));
    assert_eq!(sizes[2], ("huge.js".to_owned(), 200 * 1024 * 1024));
    assert_eq!(project.read("empty").expect("read").text, "");
    assert!(matches!(project.read("huge.js"), Err(ReadError::TooLarge { size: 209_715_200, limit: 1_048_576, .. })));
    assert!(matches!(project.read("latin.txt"), Err(ReadError::NotUtf8 { line: 3, .. })));
    assert!(matches!(project.read("nul.bin"), Err(ReadError::NotUtf8 { line: 1, .. })));
    assert!(matches!(project.read_limited("a.txt", 1), Err(ReadError::TooLarge { size: 2, limit: 1, .. })));
    assert_eq!(project.read_limited("a.txt", 2).expect("read").text, "a\n");
    assert_eq!(project.search(".", "**", 10).expect("searched").len(), 1);
    let digest = project.tree_digest();
    assert_eq!((digest.files, digest.unreadable), (5, 0));
    assert!(digest.bytes > 200 * 1024 * 1024);
}

#[test]
fn names_that_could_mislead_are_left_out_and_shown_escaped() {
    let scene = Scene::with(&[("ünïcödé/日本.txt", "a\n"), ("with blank.txt", "b\n")]);
    scene.write("evil\n2: forged", "x");
    scene.write("\u{1b}[2Jclear", "x");
    scene.write("back\\slash", "x");
    scene.write("c:drive", "x");
    fs::write(scene.at("").join(std::ffi::OsStr::from_bytes(b"latin\xe9")), "x").expect("write");
    let project = scene.open();
    let listing = project.files();
    assert_eq!(paths(&listing), ["with blank.txt", "ünïcödé/日本.txt"]);
    assert_eq!(project.read("ünïcödé/日本.txt").expect("read").text, "a\n");
    insta::assert_snapshot!(left_out(&listing).join("\n"), @r"
    \u{1b}[2Jclear: a name that cannot be used
    back\slash: a name that cannot be used
    c:drive: a name that cannot be used
    evil\n2: forged: a name that cannot be used
    latin�: a name that cannot be used
    ");
    let error = project.read("evil\n2: forged").expect_err("refused").to_string();
    assert_eq!(error, "evil\\n2: forged is not inside the project");
}

#[test]
fn a_tree_that_is_too_deep_is_cut_and_said_to_be() {
    let scene = Scene::with(&[]);
    scene.write(&format!("{}bottom.txt", "d/".repeat(MOST_DEPTH)), "seen");
    scene.write(&format!("{}e/bottom.txt", "d/".repeat(MOST_DEPTH)), "not seen");
    let listing = scene.open().files();
    assert_eq!(listing.entries.len(), 1);
    assert!(listing.truncated);
    assert_eq!(listing.left_out.len(), 1);
    assert_eq!(listing.left_out[0].why, Why::TooDeep);
}

#[test]
fn ten_thousand_files_are_listed_found_and_digested() {
    let scene = Scene::with(&[(".gitignore", "*.log\n")]);
    for directory in 0..100 {
        for file in 0..100 {
            scene.write(&format!("src/d{directory}/f{file}.{}", if file == 7 { "log" } else { "js" }), "let a = 1;\n");
        }
    }
    let project = scene.open();
    let listing = project.files();
    assert_eq!(listing.entries.len(), 9_901);
    assert_eq!((listing.left_out.len(), listing.truncated), (100, false));
    assert!(listing.entries.is_sorted());
    assert_eq!(project.glob("src/**/*.js").expect("found").entries.len(), 9_900);
    assert_eq!(project.glob("src/d1/*").expect("found").entries.len(), 99);
    assert_eq!(project.search("let", "**/*.js", u32::MAX).expect("searched").len(), 1_000);
    assert_eq!(project.tree_digest().files, 9_901);
}

#[test]
fn what_is_left_out_is_counted_beyond_a_thousand() {
    let scene = Scene::with(&[(".gitignore", "*.log\n")]);
    for file in 0..1_200 {
        scene.write(&format!("{file}.log"), "");
    }
    let listing = scene.open().files();
    assert_eq!((listing.left_out.len(), listing.left_out_more), (1_000, 200));
}

#[test]
fn an_unreadable_file_costs_that_file_only() {
    let scene = Scene::with(&[("a.txt", "a\n"), ("shut.txt", "b\n"), ("shut/c.txt", "c\n")]);
    fs::set_permissions(scene.at("shut.txt"), fs::Permissions::from_mode(0o000)).expect("chmod");
    fs::set_permissions(scene.at("shut"), fs::Permissions::from_mode(0o000)).expect("chmod");
    let project = scene.open();
    let listing = project.files();
    assert!(paths(&listing).starts_with(&["a.txt"]));
    // Root reads everything; anybody else gets a named error.
    match project.read("shut.txt") {
        Ok(text) => assert_eq!(text.text, "b\n"),
        Err(error) => {
            assert!(matches!(error, ReadError::Io { .. }));
            assert_eq!(left_out(&listing).len(), 1);
            assert_eq!(project.tree_digest().unreadable, 1);
        }
    }
    fs::set_permissions(scene.at("shut"), fs::Permissions::from_mode(0o700)).expect("chmod");
}

#[test]
fn a_root_is_a_directory_and_nothing_is_looked_for_above_it() {
    let scene = Scene::with(&[
        (".git/HEAD", "0123456789012345678901234567890123456789\n"),
        ("sub/a.txt", "a\n"),
        (".gitignore", "a.txt\n"),
    ]);
    assert!(matches!(Project::open(&scene.at("absent")), Err(Error::NotFound { .. })));
    assert!(matches!(Project::open(&scene.at("sub/a.txt")), Err(Error::NotADirectory { .. })));
    assert!(matches!(Project::open(&scene.at("sub/a.txt/x")), Err(Error::NotADirectory { .. })));
    let sub = Project::open(&scene.at("sub")).expect("opens");
    assert_eq!(sub.git_head(), None);
    assert_eq!(paths(&sub.files()), ["a.txt"]);
    assert!(sub.writable());
    assert!(sub.root().is_absolute());
    scene.link("sub", "link");
    assert_eq!(Project::open(&scene.at("link")).expect("opens").root(), sub.root());
}

#[test]
fn patterns_are_refused_or_bounded_and_a_search_can_be_stopped() {
    let scene =
        Scene::with(&[("a.txt", &format!("{}\n", "a".repeat(30))), ("long.txt", &format!("x{}é", "y".repeat(500)))]);
    let project = scene.open();
    assert_eq!(project.search("(a*)*$", "*.txt", 10).expect("linear").len(), 2);
    assert!(matches!(project.search("(", "**", 10), Err(FindError::Pattern { .. })));
    assert!(matches!(project.search("a", "../**", 10), Err(FindError::Directory(ReadError::Outside { .. }))));
    assert!(matches!(project.search_while("a", "**", 10, &|| false), Err(FindError::Stopped)));
    assert_eq!(project.search("x", "*", 10).expect("searched")[0].text.len(), 400);
    assert_eq!(project.search("a", "**", 0).expect("searched"), []);
}

#[test]
fn ignore_rules_that_cannot_be_read_hide_everything_they_govern() {
    let scene = Scene::with(&[("top.txt", ""), ("sub/secret-plans.txt", "x\n")]);
    scene.write("sub/.gitignore", "#\n".repeat(200 * 1024));
    let project = scene.open();
    assert_eq!(paths(&project.files()), ["top.txt"]);
    assert!(matches!(
        project.read("sub/secret-plans.txt"),
        Err(ReadError::Excluded { why: Exclusion::UnreadableRules, .. })
    ));
}
