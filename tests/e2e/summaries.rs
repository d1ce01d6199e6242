//! A project that was read before is read again faster, and never otherwise.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Ran, World};

/// What `stack --json` says, apart from how long it took, with the user's caches in this folder.
fn stack(world: &World, cache: &Path) -> Value {
    let ran =
        Ran::of(world.command(&["stack", "--json"]).env("XDG_CACHE_HOME", cache).output().expect("the binary runs"));
    read(ran)
}

fn read(ran: Ran) -> Value {
    let mut value: Value = serde_json::from_str(&ran.ok().stdout).expect("one JSON object");
    value.as_object_mut().expect("an object").remove("elapsed_ms").expect("how long it took");
    value
}

fn database(cache: &Path) -> PathBuf {
    cache.join("certus/index/summaries.db")
}

fn has_route(report: &Value, path: &str) -> bool {
    report["routes"].as_array().expect("a list").iter().any(|route| route["path"] == path)
}

#[test]
fn the_second_reading_says_the_same_and_sees_what_changed() {
    let world = World::with("express-shop");
    world.write("broken.js", "function ( { ] const = ;;; <<<");
    let cache = world.home().join("cache");
    let first = stack(&world, &cache);
    let kept = std::fs::metadata(database(&cache)).expect("summaries are kept").len();
    assert!(kept > 0);
    assert_eq!(stack(&world, &cache), first);
    assert!(first["unparsed"].to_string().contains("broken.js"), "what is known to be broken is still told");

    world.write("ping.js", "const app = require('express')();\napp.get('/first-ping', (q, s) => s.end());\n");
    assert!(has_route(&stack(&world, &cache), "/first-ping"));
    world.write("ping.js", "const app = require('express')();\napp.get('/other-ping', (q, s) => s.end());\n");
    let changed = stack(&world, &cache);
    assert!(has_route(&changed, "/other-ping") && !has_route(&changed, "/first-ping"));
    std::fs::remove_file(world.project.join("ping.js")).expect("removed");
    assert_eq!(stack(&world, &cache), first);

    std::fs::write(database(&cache), "damaged").expect("it can be damaged");
    assert_eq!(stack(&world, &cache), first);
    let at_once: Vec<_> = (0..2)
        .map(|_| {
            let mut command = world.command(&["stack", "--json"]);
            command.env("XDG_CACHE_HOME", &cache).stdout(std::process::Stdio::piped());
            command.spawn().expect("the binary runs")
        })
        .collect();
    for child in at_once {
        assert_eq!(read(Ran::of(child.wait_with_output().expect("it ends"))), first);
    }
}

#[test]
fn a_cache_that_cannot_be_used_is_done_without() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let world = World::with("express-shop");
    let cache = world.home().join("cache");
    let index = cache.join("certus/index");
    let elsewhere = world.home().join("elsewhere");
    std::fs::create_dir(&elsewhere).expect("made");
    let first = stack(&world, &cache);

    let mode = |mode| std::fs::set_permissions(&index, std::fs::Permissions::from_mode(mode)).expect("changed");
    for unusable in [0o755, 0o500] {
        mode(unusable);
        assert_eq!(stack(&world, &cache), first);
    }
    mode(0o700);
    std::fs::remove_dir_all(&index).expect("removed");
    std::fs::write(&index, "a file where the folder should be").expect("written");
    assert_eq!(stack(&world, &cache), first);
    std::fs::remove_file(&index).expect("removed");
    symlink(&elsewhere, &index).expect("linked");
    assert_eq!(stack(&world, &cache), first);
    assert_eq!(std::fs::read_dir(&elsewhere).expect("listed").count(), 0, "a link was followed");
}
