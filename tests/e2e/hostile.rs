//! What is damaged, hostile or not there gives one clear error, what to do next, and the right exit status.

use std::os::unix::fs::symlink;

use crate::support::World;

const GOAL: &str = "Add JWT authentication to the shop";

fn flow(world: &World) -> crate::support::Ran {
    world.run(&["flow", GOAL, "--answers", "answers.toml", "--until", "solution-approval"])
}

#[test]
fn files_that_no_interpreter_likes_do_not_stop_it() {
    let world = World::with("express-shop");
    world.write("empty.js", "");
    world.write("broken.js", "function ( { ] const = ;;; <<<");
    world.write("nested.js", format!("{}1{}", "(".repeat(2_000), ")".repeat(2_000)));
    world.write("latin1.js", b"const name = '\xe9\xff\xfe';\n");
    let huge = std::fs::File::create(world.project.join("huge.js")).expect("a file can be made");
    huge.set_len(200 << 20).expect("a sparse file can be made");
    symlink("/etc/passwd", world.project.join("outside.js")).expect("a link can be made");
    symlink("..", world.project.join("up")).expect("a link can be made");
    let (status, report) = world.json(&["stack", "."]);
    assert_eq!(status, Some(0));
    let unparsed: Vec<&str> =
        report["unparsed"].as_array().expect("a list").iter().filter_map(|bad| bad["file"].as_str()).collect();
    for file in ["huge.js", "latin1.js", "outside.js", "up"] {
        assert!(unparsed.contains(&file), "{file} is not named: {unparsed:?}");
    }
    for file in ["empty.js", "nested.js"] {
        assert!(!unparsed.contains(&file), "{file} should be read: {}", report["unparsed"]);
    }
    assert!(!report.to_string().contains("root:x:0"), "a link out of the project was read");
    assert!(report["routes"].as_array().expect("a list").len() >= 15);
    let _ = flow(&world).ok().shows(&format!("{} files could not be read; see why: certus stack", unparsed.len()));
}

#[test]
fn a_damaged_context_loses_nothing() {
    let world = World::with("express-shop");
    let _ = flow(&world).ok();
    let before = world.context();
    for entry in std::fs::read_dir(world.project.join(".certus/contexts")).expect("contexts") {
        std::fs::write(entry.expect("an entry").path(), b"{ half a con").expect("it can be damaged");
    }
    let _ = world.run(&["show"]).ok();
    let _ = world.run(&["flow", "--continue", "--until", "solution-approval"]).ok();
    assert_eq!(world.context()["discovered"], before["discovered"]);
}

#[test]
fn a_context_that_cannot_be_written_is_told_once() {
    let world = World::with("express-shop");
    let elsewhere = world.home().join("elsewhere");
    std::fs::create_dir(&elsewhere).expect("it can be made");
    std::fs::create_dir(world.project.join(".certus")).expect("it can be made");
    symlink(&elsewhere, world.project.join(".certus/contexts")).expect("a link can be made");
    let ran = flow(&world).ok().says(".certus/contexts is a symbolic link");
    assert_eq!(ran.stderr.matches("context file was not written").count(), 1, "{}", ran.stderr);
    assert_eq!(std::fs::read_dir(&elsewhere).expect("listed").count(), 0);
}

#[test]
fn contexts_that_are_not_their_chains_are_found_and_written_again() {
    let world = World::with("express-shop");
    let _ = flow(&world).ok();
    let _ = world.run(&["doctor"]).ok();
    let sound = world.context();
    let file = std::fs::read_dir(world.project.join(".certus/contexts")).expect("contexts").next();
    let file = file.expect("a context").expect("an entry").path();
    let text = std::fs::read_to_string(&file).expect("it can be read");
    for (damaged, says) in [
        ("{ half a con".to_owned(), "is damaged"),
        (text.replace("Add JWT authentication to the shop", "Add something else to the shop"), "says something else"),
    ] {
        std::fs::write(&file, damaged).expect("it can be damaged");
        let _ = world.run(&["doctor"]).exits(1).shows(says).says("certus doctor --repair");
        let _ = world.run(&["doctor", "--repair"]).ok().shows("was written again");
        assert_eq!(world.context(), sound);
        let _ = world.run(&["doctor"]).ok();
    }
    std::fs::remove_file(&file).expect("it can be removed");
    let _ = world.run(&["doctor"]).ok().shows("is not there");
    let _ = world.run(&["doctor", "--repair"]).ok();
    assert_eq!(world.context(), sound);
}

#[test]
fn a_damaged_database_is_set_aside_and_the_loss_is_named() {
    let world = World::with("express-shop");
    let _ = flow(&world).ok();
    let before = world.context();
    let database = world.project.join(".certus/certus.db");
    for ending in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(world.project.join(format!(".certus/certus.db{ending}")));
    }
    std::fs::write(&database, b"this is no database at all, not even a little").expect("it can be damaged");
    let _ = world.run(&["status"]).exits(1).says("damaged").says("certus doctor --repair");
    // What was recorded last is what is there again, not the recovery's own event behind it.
    let last = before["certus"]["chain"]["version"].as_u64().expect("a version");
    let _ = world
        .run(&["doctor", "--repair"])
        .ok()
        .shows("set aside")
        .shows(&format!("chain 001 from its context, as of event {last} at "));
    let _ = world.run(&["status"]).ok().shows("solution-approval");
    let _ = world.run(&["show"]).ok();
    let after = world.run(&["flow", "--continue", "--until", "solution-approval"]);
    assert_eq!(after.status, Some(0), "{}\n{}", after.stdout, after.stderr);
    assert_eq!(world.context()["discovered"], before["discovered"]);
    let _ = world.run(&["approve"]).exits(6);
}

#[test]
fn a_chain_that_is_lost_for_good_fails_the_repair() {
    let world = World::with("express-shop");
    let _ = flow(&world).ok();
    let _ = world.run(&["flow", "Add a wishlist"]).exits(3);
    for entry in std::fs::read_dir(world.project.join(".certus/contexts")).expect("contexts").flatten() {
        if entry.file_name().to_string_lossy().starts_with("chain-002") {
            std::fs::remove_file(entry.path()).expect("it can be removed");
        }
    }
    std::fs::write(world.project.join(".certus/certus.db"), b"no database").expect("it can be damaged");
    let _ =
        world.run(&["doctor", "--repair"]).exits(1).shows("chain 001 from its context").shows("chain 002: all of it");
    let _ = world.run(&["doctor"]).ok();
}

#[test]
fn a_project_cannot_grant_itself_anything() {
    for (file, text, says) in [
        ("certus.toml", "provider = \"replay:/etc/passwd\"\n", "may not set `provider`"),
        ("certus.toml", "[limits]\nbase_url = \"http://evil\"\n", "base_url"),
        ("certus.toml", "[gates.uncertainty-analysis]\noverall = 0.1\n", "would loosen it"),
        ("certus.toml", "[gates.uncertainty-analysis]\noverall = nan\n", "outside 0..=1"),
        ("certus.toml", "[gates.nowhere]\noverall = 0.9\n", "no phase `nowhere`"),
        ("certus.toml", "colour = \"red\"\n", "colour"),
        ("certus.toml", "= = =", "certus.toml"),
        ("certus.toml", "variant = \"\u{1b}[31mred\"", "certus.toml"),
        ("plugins.toml", "[plugins.x]\npath = \"../x.wasm\"\n", "leaves the project"),
        ("plugins.toml", "[trusted]\nall = true\n", "trusted"),
    ] {
        let world = World::with("express-shop");
        world.write(file, text);
        let ran = flow(&world);
        assert_eq!(ran.status, Some(2), "{text}\n{}\n{}", ran.stdout, ran.stderr);
        let _ = ran.says(says).says("hint:");
    }
}

#[test]
fn a_damaged_prompt_of_the_project_is_named_by_its_file() {
    // Without the one nothing goes on; without the other the gate of the solution stays shut.
    for (name, status) in [("requirement_disambiguator", 1), ("solution_synthesizer", 4)] {
        let world = World::with("express-shop");
        world.write(&format!("prompts/custom/{name}.md"), "no front matter");
        let ran = flow(&world).exits(status);
        let file = format!("prompts/custom/{name}.md");
        let all = format!("{}\n{}", ran.stdout, ran.stderr);
        assert_eq!(all.matches(&file).count(), 1, "{all}");
        assert!(ran.stderr.contains("hint: mend the file, or remove it"), "{all}");
        let _ = world.run(&["prompt", "show", name]).exits(2).says("hint: mend the file");
        assert!(!ran.stdout.contains("there is no prompt") && !ran.stderr.contains("there is no prompt"));
    }
}

#[test]
fn a_plugin_that_nobody_trusts_does_not_run() {
    let world = World::with("express-shop");
    let guest = crate::support::repository().join("tests/guests/dist/one-phase.wasm");
    std::fs::copy(guest, world.project.join("one-phase.wasm")).expect("the guest is built");
    world.write("plugins.toml", "[plugins.one-phase]\npath = \"one-phase.wasm\"\n");
    let ran = world.run(&["flow", GOAL, "--methodology", "one-phase"]).exits(1);
    let _ = ran.says("not trusted").says("trust.toml").says("[trusted.");
}

#[test]
fn what_is_asked_for_wrongly_is_said() {
    let world = World::with("express-shop");
    let _ = world.run(&["flow", "x", "--provider", "nobody"]).exits(2).says("no provider `nobody`").says("offline");
    let _ = world.run(&["flow", "  "]).exits(2).says("goal is empty");
    let _ = world.run(&["flow", "x", "--until", "nirvana"]).exits(2).says("no phase `nirvana`");
    let _ = world.run(&["flow", "x", "--answers", "nowhere.toml"]).exits(2).says("nowhere.toml");
    let _ = world.run(&["flow", "x", "--project", "nowhere"]).exits(2).says("nowhere");
    let _ = world.run(&["flow", "--continue"]).exits(2).says("no chain is active");
    let _ = world.run(&["show", "099"]).exits(2).says("no chain");
    let _ = world.run(&["approve"]).exits(2).says("no chain is active");
    let _ = world.run(&["prompt", "show", "nothing"]).exits(2).says("no prompt");
    let _ = world.run(&["plugin", "show", "nothing"]).exits(2).says("no plugin");
    let _ = world.run(&["frobnicate"]).exits(2);
    let _ = world.run(&["status"]).exits(2).says("no chain was ever started here");
}

#[test]
fn a_garbage_reply_is_refused_and_asked_for_again() {
    let world = World::with("express-shop");
    world.write("reply.txt", "I am afraid I cannot do that.\u{1b}[2J");
    let ran = world.run(&["flow", GOAL, "--provider", "manual", "--reply", "reply.txt"]);
    assert!(ran.stdout.contains("cannot be used"), "{}", ran.stdout);
    assert!(!ran.stderr.contains('\u{1b}') && !ran.stdout.contains('\u{1b}'), "{:?}", ran.stdout);
    assert_eq!(ran.status, Some(3), "{}\n{}", ran.stdout, ran.stderr);
    // However often: the chain waits for a reply that is one.
    for _ in 0..3 {
        let _ = world.run(&["flow", "--continue", "--reply", "reply.txt"]).exits(3);
    }
}

#[test]
fn a_project_that_cannot_be_written_keeps_its_state_elsewhere() {
    let world = World::with("express-shop");
    // Root may write everywhere: a file where the folder should be is read-only for everybody.
    world.write(".certus", "not a folder");
    let _ = flow(&world).exits(1).says("hint:");
    let state = world.home().join("state");
    let state = state.to_str().expect("a path");
    let (status, report) =
        world.json(&["flow", GOAL, "--answers", "answers.toml", "--until", "solution-approval", "--state", state]);
    assert_eq!(status, Some(0), "{report:#}");
    assert!(report["next"].as_str().expect("next").contains(state), "{report:#}");
    let _ = world.run(&["status", "--state", state]).ok().shows("solution-approval");
}

/// A small disk of its own, filled up; absent where this user may not mount one.
#[cfg(target_os = "linux")]
struct FullDisk(std::path::PathBuf);

#[cfg(target_os = "linux")]
impl FullDisk {
    fn mount(folder: std::path::PathBuf) -> Option<Self> {
        std::fs::create_dir(&folder).expect("a folder can be made");
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"])
            .arg(&folder)
            .stderr(std::process::Stdio::null())
            .status();
        mounted.is_ok_and(|status| status.success()).then_some(Self(folder))
    }

    fn fill(&self) {
        use std::io::Write;
        let mut file = std::fs::File::create(self.0.join("ballast")).expect("a file can be made");
        while file.write_all(&[1; 4096]).is_ok() {}
        while file.write_all(&[1]).is_ok() {}
    }
}

#[cfg(target_os = "linux")]
impl Drop for FullDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(&self.0).status();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_from_the_beginning_is_named_and_read_all_the_same() {
    let world = World::with("express-shop");
    let Some(disk) = FullDisk::mount(world.home().join("disk")) else { return };
    let state = |name: &str| disk.0.join(name).to_str().expect("a path").to_owned();
    let (here, other) = (state("state"), state("other"));
    let _ = world.run(&["new", GOAL, "--state", &here]).ok();
    disk.fill();
    for read in ["status", "list", "show"] {
        let _ = world.run(&[read, "--state", &here]).ok().shows("requirements-clarification");
    }
    let _ = world
        .run(&["flow", "--continue", "--state", &here])
        .exits(1)
        .says("no space is left")
        .says("then go on: certus flow --continue");
    let ran =
        world.run(&["flow", GOAL, "--state", &other]).exits(1).says("no space is left").says("no chain was begun");
    assert!(!ran.stderr.contains("--continue"), "{}", ran.stderr);
    std::fs::remove_file(disk.0.join("ballast")).expect("there is space again");
    let _ = world.run(&["flow", GOAL, "--state", &other, "--until", "requirements-clarification"]).ok();
}

#[test]
fn one_huge_file_hides_nothing_but_itself() {
    let world = World::with("express-shop");
    let huge = std::fs::File::create(world.project.join("aa.js")).expect("a file");
    huge.set_len(300 << 20).expect("it takes no room on the disk");
    let (status, report) = world.json(&["stack", "."]);
    assert_eq!(status, Some(0));
    assert!(report["routes"].as_array().is_some_and(|routes| routes.len() >= 15), "{}", report["routes"]);
    let unread: Vec<&str> =
        report["unparsed"].as_array().expect("a list").iter().filter_map(|one| one["file"].as_str()).collect();
    assert!(unread.contains(&"aa.js"), "{unread:?}");
}

#[test]
fn a_chain_that_came_with_a_clone_runs_nothing() {
    use certus_app::engine::{Body, ChainId, Check, Digest, Request};
    let carried = || {
        let world = World::with("express-shop");
        let _ = world.run(&["new", GOAL]).ok();
        let store = certus_store::Store::open(&world.project.join(".certus"), certus_store::Mode::ReadWrite);
        let store = store.expect("it opens");
        let mut chain = store.chain(ChainId(1)).expect("it folds");
        let request = Request::Check { check: Check::Test, command: "touch theirs".to_owned() };
        let (digest, basis) = (Digest::of("anything"), chain.version());
        let effect = chain.next_effect();
        let begun = Body::Intent { effect, invocation: None, occurrence: 0, request, digest, basis };
        store.append_blocking(ChainId(1), &mut chain, 1, vec![begun], Vec::new()).expect("appended");
        world
    };
    let goes_on = |world: &World| world.run(&["flow", "--continue"]).exits(3);
    // Their own is gone on with: what was begun is done.
    let own = carried();
    let _ = goes_on(&own);
    assert!(own.project.join("theirs").exists());
    // Another user has the same files and no such store.
    let cloned = carried();
    std::fs::remove_dir_all(cloned.home().join("config/certus/stores")).expect("removed");
    let _ = goes_on(&cloned).says("was recorded elsewhere");
    assert!(!cloned.project.join("theirs").exists());
    // From then on it is theirs.
    let again = goes_on(&cloned);
    assert!(!again.stderr.contains("was recorded elsewhere"), "{}", again.stderr);
}

#[test]
fn init_writes_through_no_link() {
    for (link, target) in [("prompts/custom", "../../victim"), ("prompts", "../victim")] {
        let world = World::empty();
        let victim = world.home().join("victim");
        std::fs::create_dir(&victim).expect("a folder can be made");
        let link = world.project.join(link);
        std::fs::create_dir_all(link.parent().expect("it has one")).expect("a folder can be made");
        symlink(target, &link).expect("a link can be made");
        let ran = world.run(&["init"]).exits(1).says("writes through no link").says("hint: ");
        assert_eq!(ran.stderr.lines().count(), 2, "{}", ran.stderr);
        assert_eq!(std::fs::read_dir(&victim).expect("it is there").count(), 0, "something was written outside");
        assert!(!world.project.join("certus.toml").exists(), "what is refused leaves nothing behind");
    }
    // A file that is a link is somebody's own: it stays as it is.
    let world = World::empty();
    symlink("../elsewhere.toml", world.project.join("certus.toml")).expect("a link can be made");
    let _ = world.run(&["init"]).ok().shows("kept certus.toml");
    assert!(!world.home().join("elsewhere.toml").exists());
}

#[test]
fn init_leaves_no_half_of_a_file() {
    let world = World::empty();
    let program = world.command(&["init"]).get_program().to_owned();
    // A limit of no bytes stands for a full disk: the file can be made, and nothing written.
    let limited = std::process::Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" init"])
        .arg(program)
        .current_dir(&world.project)
        .env("HOME", world.home())
        .stdin(std::process::Stdio::null())
        .output()
        .expect("a shell runs");
    let ran = crate::support::Ran::of(limited).exits(1).says("cannot write certus.toml");
    let left: Vec<_> =
        std::fs::read_dir(&world.project).expect("it is there").flatten().map(|one| one.path()).collect();
    assert!(left.is_empty(), "{left:?}\n{}", ran.stderr);
    let _ = world.run(&["init"]).ok().shows("made certus.toml");
}

#[test]
fn what_lies_too_deep_is_named() {
    let world = World::with("express-shop");
    world.write(&format!("{}deep.js", "d/".repeat(65)), "module.exports = 1;\n");
    let (status, report) = world.json(&["stack", "."]);
    assert_eq!(status, Some(0));
    let unparsed = report["unparsed"].as_array().expect("a list");
    let deep = unparsed.iter().find(|unread| unread["error"].as_str().is_some_and(|why| why.contains("deeper")));
    assert!(
        deep.is_some_and(|unread| unread["file"].as_str().is_some_and(|file| file.ends_with("d/d"))),
        "{unparsed:?}"
    );
    assert!(unparsed.iter().all(|unread| unread["file"] != "" && !unread["error"].to_string().contains("the first")));
}

#[test]
fn a_link_beside_the_database_is_named() {
    for beside in ["certus.db-wal", "certus.db-shm"] {
        let world = World::empty();
        let _ = world.run(&["new", "Add a page"]).ok();
        let link = world.project.join(".certus").join(beside);
        let _ = std::fs::remove_file(&link);
        symlink(world.home().join("victim"), &link).expect("a link can be made");
        for arguments in [&["status"][..], &["flow", "--continue"]] {
            let _ = world.run(arguments).exits(1).says(beside).says("writes through no link").says("remove it");
        }
        let _ = world.run(&["doctor"]).exits(1).shows(beside);
        assert!(!world.home().join("victim").exists());
    }
}

#[test]
fn random_pages_are_told_in_words() {
    use std::os::unix::fs::FileExt;
    let world = World::with("express-shop");
    let _ = flow(&world).ok();
    let database = world.project.join(".certus/certus.db");
    let file = std::fs::OpenOptions::new().read(true).write(true).open(&database).expect("it is there");
    let pages = file.metadata().expect("it is there").len() / 4096;
    assert!(pages > 8, "{pages}");
    for page in (1..pages).step_by(2) {
        let noise: Vec<u8> = (0..4096_u64).map(|at| (at * 131 + page * 17) as u8).collect();
        file.write_all_at(&noise, page * 4096).expect("it can be damaged");
    }
    drop(file);
    let ran = world.run(&["doctor"]).exits(1).shows("is damaged");
    assert!(ran.stdout.contains("bad      chains") && !ran.stdout.contains("***"), "{}", ran.stdout);
    let ran = world.run(&["status"]);
    assert!(!ran.stderr.contains("***"), "{}", ran.stderr);
}

#[test]
fn files_of_the_user_that_are_broken_stop_only_what_needs_them() {
    let world = World::with("express-shop");
    let _ = flow(&world);
    let config = world.home().join("config/certus");
    std::fs::create_dir_all(&config).expect("a folder");
    for (name, text) in [("prices.toml", "[[price]]\nmodel = 3\n"), ("config.toml", "[providers.openai]\nkind = 7\n")] {
        std::fs::write(config.join(name), text).expect("written");
        let _ = flow(&world).exits(2).says(name);
        for arguments in [&["show"][..], &["show", "--history"], &["diff"], &["undo"], &["login", "openai", "--remove"]]
        {
            let ran = world.run(arguments).says(name).says("passed over");
            // Where nothing was written there is nothing to show or take back; that is another matter.
            assert_ne!(ran.status, Some(2), "{arguments:?}: {}", ran.stderr);
        }
        let _ = world.run(&["status"]).ok();
        let ran = world.run(&["cost-report", "--days", "36500"]).ok();
        assert_eq!(ran.stderr.contains("passed over"), name == "prices.toml", "{}", ran.stderr);
        std::fs::remove_file(config.join(name)).expect("removed");
    }
}
