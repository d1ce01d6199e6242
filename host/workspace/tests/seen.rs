//! What a project shows: exclusions, trust, finding, citing, digests and the commit.

mod support;

use certus_workspace::{Citation, Exclusion, FindError, ReadError};
use support::{Scene, left_out, paths};

#[test]
fn what_is_excluded_is_excluded_everywhere() {
    let scene = Scene::with(&[
        ("src/app.js", "token\n"),
        (".env", "token\n"),
        (".ENV.local", "token\n"),
        (".env.example", "token\n"),
        ("certs/server.pem", "token\n"),
        ("home/.aws/config", "token\n"),
        ("node_modules/x/index.js", "token\n"),
        ("Vendor/y.php", "token\n"),
        (".certus/certus.db", "token\n"),
        (".git/config", "token\n"),
        ("target/debug/x.rs", "token\n"),
        ("crate/Cargo.toml", "token\n"),
        ("crate/target/x.rs", "token\n"),
    ]);
    let project = scene.open();
    let listing = project.files();
    assert_eq!(paths(&listing), [".env.example", "crate/Cargo.toml", "src/app.js", "target/debug/x.rs"]);
    insta::assert_snapshot!(left_out(&listing).join("\n"), @r"
    .ENV.local: named like a secret
    .certus: internal state
    .env: named like a secret
    .git: internal state
    Vendor: dependencies
    certs/server.pem: named like a secret
    crate/target: a build output
    home/.aws: named like a secret
    node_modules: dependencies
    ");
    for path in [
        ".env",
        ".ENV.local",
        "certs/server.pem",
        "home/.aws/config",
        "node_modules/x/index.js",
        ".git/config",
        ".env.absent",
        "crate/target/x.rs",
    ] {
        assert!(matches!(project.read(path), Err(ReadError::Excluded { .. })), "{path}");
        assert!(project.digest(path).is_err(), "{path}");
        assert_eq!(project.cite(path, 1, "token"), Citation::Missing, "{path}");
        assert_eq!(project.glob(path).expect("found").entries, [], "{path}");
    }
    assert!(matches!(
        project.list(".git"),
        Err(FindError::Directory(ReadError::Excluded { why: Exclusion::Internal, .. }))
    ));
    assert_eq!(project.search("token", "**", 100).expect("searched").len(), 4);
}

#[test]
fn ignore_files_nest_and_only_ever_add() {
    let scene = Scene::with(&[
        (".gitignore", "\u{feff}*.log\nprivate/\n!keep.log\n/rooted.txt\nbad[\n"),
        (".certusignore", "notes/**\n!other.log\n"),
        (".git/info/exclude", "mine.txt\n"),
        ("a.log", ""),
        ("keep.log", ""),
        ("other.log", ""),
        ("rooted.txt", ""),
        ("mine.txt", ""),
        ("sub/rooted.txt", ""),
        ("sub/.gitignore", "!a.log\nlocal.txt\n"),
        ("sub/a.log", ""),
        ("sub/local.txt", ""),
        ("local.txt", ""),
        ("sub/private/keep.log", ""),
        ("notes/n.md", ""),
    ]);
    let project = scene.open();
    assert_eq!(
        paths(&project.files()),
        [".certusignore", ".gitignore", "keep.log", "local.txt", "sub/.gitignore", "sub/a.log", "sub/rooted.txt"]
    );
    for path in ["a.log", "other.log", "rooted.txt", "mine.txt", "sub/local.txt", "sub/private/keep.log", "notes/n.md"]
    {
        assert!(matches!(project.read(path), Err(ReadError::Excluded { why: Exclusion::Ignored, .. })), "{path}");
    }
    assert!(project.read("sub/a.log").is_ok());
    // A rule that changes takes effect at once.
    scene.write(".gitignore", "keep.log\n");
    assert!(project.read("keep.log").is_err());
    assert!(project.read("a.log").is_ok());
}

#[test]
fn listing_and_reading_agree_on_every_file() {
    let scene = Scene::with(&[
        (".gitignore", "b*\n!b2/\n"),
        ("a/.gitignore", "/x/\n"),
        ("a/x/1", ""),
        ("a/y/x/2", ""),
        ("b1/3", ""),
        ("b2/4", ""),
        ("b2/b", ""),
    ]);
    let project = scene.open();
    let listing = project.files();
    for path in [".gitignore", "a/.gitignore", "a/x/1", "a/y/x/2", "b1/3", "b2/4", "b2/b"] {
        assert_eq!(project.read(path).is_ok(), paths(&listing).contains(&path), "{path}");
    }
}

#[test]
fn trust_lets_one_name_through_and_nothing_beside_it() {
    let scene = Scene::with(&[
        (".env", "A=1\n"),
        (".gitignore", "generated/\n"),
        ("generated/api.ts", ""),
        ("generated/.env", ""),
        ("generated/deep/x.pem", ""),
        ("home/.aws/config", ""),
        ("home/.aws/credentials", ""),
    ]);
    let trusted = ["generated", "home/.aws/config", "../escape"].map(str::to_owned);
    let project = scene.open().trusting(trusted);
    assert_eq!(paths(&project.files()), [".gitignore", "generated/api.ts", "home/.aws/config"]);
    assert!(project.read("home/.aws/config").is_ok());
    for path in [".env", "generated/.env", "generated/deep/x.pem", "home/.aws/credentials"] {
        assert!(matches!(project.read(path), Err(ReadError::Excluded { .. })), "{path}");
    }
    assert!(scene.open().trusting([".env".to_owned()]).read(".env").is_ok());
}

#[test]
fn files_are_found_by_place_glob_and_content() {
    let scene = Scene::with(&[
        ("app.js", "const a = 1;\n  app.use(session());\n"),
        ("src/a.js", "app.use(x)\r\n"),
        ("src/b.ts", "app.use(y)\n"),
        ("src/deep/c.js", "none\n"),
    ]);
    let project = scene.open();
    let found = |pattern: &str| {
        project.glob(pattern).expect("found").entries.into_iter().map(|entry| entry.path).collect::<Vec<_>>()
    };
    assert_eq!(found("**/*.js"), ["app.js", "src/a.js", "src/deep/c.js"]);
    assert_eq!(found("*.js"), ["app.js"]);
    assert_eq!(found("src/*.{js,ts}"), ["src/a.js", "src/b.ts"]);
    assert_eq!(found("{src,lib}/**"), ["src/a.js", "src/b.ts", "src/deep/c.js"]);
    assert_eq!(found("src/deep/c.js"), ["src/deep/c.js"]);
    assert_eq!(found("absent/*.js"), [""; 0]);
    let listed = |directory: &str| {
        project.list(directory).expect("listed").entries.into_iter().map(|entry| entry.path).collect::<Vec<_>>()
    };
    assert_eq!(listed(""), ["app.js"]);
    assert_eq!(listed("src"), ["src/a.js", "src/b.ts"]);
    assert!(matches!(project.list("absent"), Err(FindError::Directory(ReadError::Missing { .. }))));
    assert!(matches!(project.list("app.js"), Err(FindError::Directory(ReadError::NotRegular { .. }))));
    let hits: Vec<_> = project
        .search(r"app\.use\(", "**", 2)
        .expect("searched")
        .into_iter()
        .map(|hit| (hit.path, hit.line, hit.text))
        .collect();
    assert_eq!(
        hits,
        [
            ("app.js".to_owned(), 2, "app.use(session());".to_owned()),
            ("src/a.js".to_owned(), 1, "app.use(x)".to_owned())
        ]
    );
}

#[test]
fn citations_follow_a_file_that_changes() {
    let scene = Scene::with(&[("a.js", "one\ntwo\nthree\n")]);
    let project = scene.open();
    assert_eq!(project.cite("a.js", 2, "two"), Citation::Found { line: 2 });
    assert_eq!(project.cite("./a.js", 2, " two "), Citation::Found { line: 2 });
    assert_eq!(project.cite("a.js", 2, "tw"), Citation::Missing);
    scene.write("a.js", format!("{}two\n", "\n".repeat(20)));
    assert_eq!(project.cite("a.js", 2, "two"), Citation::Moved { line: 21 });
    assert_eq!(project.cite("a.js", 2, "three"), Citation::Missing);
    assert_eq!(project.cite("absent.js", 2, "three"), Citation::Missing);
}

#[test]
fn the_tree_digest_moves_with_names_and_contents_only_of_what_is_seen() {
    let scene = Scene::with(&[("a", "1"), ("b", "2"), (".gitignore", "c\n")]);
    let project = scene.open();
    let first = project.tree_digest();
    assert_eq!((first.files, first.bytes, first.truncated), (3, 4, false));
    scene.write("c", "ignored");
    assert_eq!(project.tree_digest(), first);
    scene.write("b", "3");
    let second = project.tree_digest();
    assert_ne!(second.sha256, first.sha256);
    scene.write("b", "2");
    assert_eq!(project.tree_digest(), first);
    assert_eq!(project.read("a").expect("read").digest(), project.digest("a").expect("digest"));
}

#[test]
#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "the test changes a link")]
fn the_tree_digest_knows_where_links_lead_and_follows_none() {
    let scene = Scene::with(&[("good.js", "good"), ("bad.js", "bad")]);
    let project = scene.open();
    let plain = project.tree_digest();
    let link = |target: &str| {
        let _ = std::fs::remove_file(scene.at("cur.js"));
        std::os::unix::fs::symlink(target, scene.at("cur.js")).expect("link");
        project.tree()
    };
    let (good, bad) = (link("good.js"), link("bad.js"));
    assert_eq!(good.changed(&bad), ["cur.js"]);
    let outside = [link("/etc/passwd"), link("../good.js"), link("nowhere")];
    let digests: std::collections::BTreeSet<String> =
        [&good, &bad].into_iter().chain(&outside).map(|tree| tree.digest.sha256.clone()).collect();
    assert_eq!(digests.len(), 5);
    assert_eq!(link("good.js"), good);
    // What a link names is not its content.
    std::fs::remove_file(scene.at("cur.js")).expect("rm");
    assert_eq!(project.tree_digest(), plain);
    scene.write("cur.js", "good.js");
    assert_eq!(good.changed(&project.tree()), ["cur.js"]);
}

#[test]
fn the_commit_is_read_from_gits_own_files() {
    const ONE: &str = "1111111111111111111111111111111111111111";
    const TWO: &str = "2222222222222222222222222222222222222222";
    let head = |files: &[(&str, &str)]| Scene::with(files).open().git_head();
    assert_eq!(head(&[("a", "")]), None);
    assert_eq!(head(&[(".git/HEAD", &format!("{ONE}\n"))]).as_deref(), Some(ONE));
    let branch = ".git/refs/heads/feature/x";
    assert_eq!(
        head(&[(".git/HEAD", "ref: refs/heads/feature/x\n"), (branch, &format!("{ONE}\n"))]).as_deref(),
        Some(ONE)
    );
    let packed = format!("# pack-refs with: peeled\n{ONE} refs/heads/a\n{TWO} refs/heads/ab\n^{ONE}\n");
    assert_eq!(head(&[(".git/HEAD", "ref: refs/heads/ab"), (".git/packed-refs", &packed)]).as_deref(), Some(TWO));
    let linked = [
        (".git", "gitdir: meta/worktrees/w\n"),
        ("meta/worktrees/w/HEAD", "ref: refs/heads/main\n"),
        ("meta/worktrees/w/commondir", "../..\n"),
        ("meta/refs/heads/main", TWO),
    ];
    assert_eq!(head(&linked).as_deref(), Some(TWO));
    for bad in [
        "ref: ../../outside/secret.txt",
        "ref: refs/../../x",
        "ref: refs/heads/absent",
        "not a commit",
        "",
        "ref: HEAD",
    ] {
        assert_eq!(head(&[(".git/HEAD", bad)]), None, "{bad}");
    }
    assert_eq!(head(&[(".git", "gitdir: ../outside\n")]), None);
    assert_eq!(head(&[(".git/HEAD", "ref: refs/heads/a"), (".git/refs/heads/a", "ref: refs/heads/a")]), None);
}
