//! A controller that lies is refused by the name of the law, and a command that misbehaves ends in bounded time with a
//! typed error; the chain is there afterwards.

use crate::support::{World, repository};

/// A world in which the user trusts a guest by its digest.
fn trusting(guest: &str, rights: &str) -> World {
    let world = World::with("express-shop");
    let bytes = std::fs::read(repository().join("tests/guests/dist").join(format!("{guest}.wasm")))
        .expect("the guest is built: cargo xtask plugins");
    world.write(&format!("{guest}.wasm"), &bytes);
    trust(&world, guest, rights);
    world
}

/// Trust a guest as it lies in the project.
fn trust(world: &World, guest: &str, rights: &str) {
    world.write("plugins.toml", format!("[plugins.{guest}]\npath = \"{guest}.wasm\"\n"));
    // The refusal names the line that allows it; the digest is taken from there, as a person would.
    let refusal = world.run(&["flow", "lie:none", "--methodology", guest]).exits(1).stderr;
    let start = refusal.find("[trusted.").expect("the refusal says how to trust") + "[trusted.".len();
    let digest = &refusal[start..start + 64];
    let folder = world.home().join("config/certus");
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    std::fs::write(
        folder.join("trust.toml"),
        format!("[trusted.{digest}]\nname = \"{guest}\"\nrights = {{ {rights} }}\n"),
    )
    .expect("trust can be written");
}

const ALL: &str = "chain = \"propose\", prompt = \"run\", user = \"ask\", workspace = \"read\"";

#[test]
fn a_lying_controller_is_refused_by_name() {
    let world = trusting("hostile", ALL);
    for (lie, law) in [
        ("skip-phase", "phase-order"),
        ("unknown-phase", "phase-order"),
        ("finish", "no-completion-without-evidence"),
        ("unapproved-edit", "no-write-without-approval"),
        ("invented-edit", "no-write-without-approval"),
        ("loop", "no-endless-loop"),
        ("ask-nothing", "action-form"),
        ("ask-unknown", "unknown-question"),
        ("run-nothing", "action-form"),
        ("unknown-prompt", "unknown-prompt"),
        ("run-approve", "unknown-command"),
    ] {
        let ran = world.run(&["flow", &format!("Tell me lie:{lie}"), "--methodology", "hostile"]);
        assert_eq!(ran.status, Some(1), "{lie}\n{}\n{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains(law), "{lie} is not refused by {law}:\n{}", ran.stderr);
    }
    assert!(!world.project.join("owned.txt").exists() && !world.home().join("owned.txt").exists());
}

#[test]
fn a_controller_that_never_returns_or_panics_ends_with_its_name() {
    let world = trusting("hostile", ALL);
    let _ = world.run(&["flow", "lie:spin", "--methodology", "hostile"]).exits(1).says("guest time").says("hostile");
    let _ = world.run(&["flow", "lie:panic", "--methodology", "hostile"]).exits(1).says("the controller panics");
    let _ = world.run(&["status"]).ok();
}

#[test]
fn a_misbehaving_command_ends_with_a_typed_error() {
    let world = trusting("hostile", ALL);
    let _ = world.run(&["new", "lie:none", "--methodology", "hostile"]).ok();
    for (command, says) in [
        ("spin", "guest time"),
        ("bomb", "memory"),
        ("recurse", "stack"),
        ("shadow-stack", "stack"),
        ("flood-say", "limit"),
        ("flood-propose", "propose"),
        ("huge-string", "limit"),
        ("panic", "the command panics"),
    ] {
        let ran = world.run(&["run", command]);
        assert_eq!(ran.status, Some(1), "{command}\n{}\n{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains(says), "{command} does not say {says:?}:\n{}", ran.stderr);
    }
    let _ = world.run(&["run", "flood-log"]).ok();
    let _ = world.run(&["run", "then-approve"]).exits(1).says("unknown-command");
    let _ = world.run(&["run", "then-self"]).exits(1).says("command-depth");
    let _ = world.run(&["status"]).ok();
}

#[test]
fn nothing_escapes_and_nothing_steers_the_terminal() {
    let world = trusting("hostile", ALL);
    world.write(".env", "SECRET=1");
    // An example of secrets holds none, and is meant to be read.
    std::fs::remove_file(world.project.join(".env.example")).expect("the sample has one");
    world.write("id_rsa", "secret");
    std::fs::write(world.home().join("outside.txt"), "outside").expect("it can be written");
    std::os::unix::fs::symlink("../outside.txt", world.project.join("link-outside.txt")).expect("a link can be made");
    std::os::unix::fs::symlink("/etc", world.project.join("link-dir")).expect("a link can be made");
    let _ = world.run(&["new", "lie:none", "--methodology", "hostile"]).ok();
    let ran = world.run(&["run", "escape"]).ok();
    assert!(ran.stderr.contains("Nothing escaped."), "{}", ran.stderr);
    let ran = world.run(&["run", "ansi"]).exits(3);
    let shown = format!("{}{}", ran.stdout, ran.stderr);
    assert!(!shown.contains(['\u{1b}', '\u{9b}', '\u{7}', '\u{202e}', '\u{200b}', '\u{e0041}']), "{shown:?}");
}

#[test]
fn a_forged_citation_is_not_cited() {
    let world = trusting("hostile", ALL);
    let _ = world.run(&["new", "lie:none", "--methodology", "hostile"]).ok();
    let _ = world.run(&["run", "forge"]).ok();
    let (_, report) = world.json(&["show"]);
    let forged = report["facts"]
        .as_array()
        .expect("facts")
        .iter()
        .find(|fact| fact["key"] == "auth.forged")
        .expect("it is a fact");
    assert_eq!(forged["cited"], false);
}

#[test]
fn rights_that_were_not_given_are_denied() {
    // The project narrows what the plugin asks for, and the user trusts just that.
    let world = trusting("hostile", ALL);
    world.write(
        "plugins.toml",
        "[plugins.hostile]\npath = \"hostile.wasm\"\nrights = { chain = \"none\", workspace = \"none\" }\n",
    );
    let _ = world.run(&["new", "lie:none", "--methodology", "hostile"]).ok();
    let _ = world.run(&["run", "forge"]).exits(1).says("denied").says("chain = \"propose\"");
    let _ = world.run(&["run", "escape"]).ok().says("Nothing escaped.");
}

#[test]
fn a_command_that_changed_its_mind_diverges() {
    let world = trusting("hostile", ALL);
    world.write("seed.txt", "What is one and one?");
    let _ = world.run(&["new", "lie:none", "--methodology", "hostile"]).ok();
    let _ = world.run(&["run", "diverge"]).exits(3);
    world.write("seed.txt", "What is two and two?");
    let _ = world.run(&["answer", "2"]);
    let history = world.run(&["show", "--history", "--events"]).ok().stdout;
    assert!(history.contains("diverged"), "{history}");
}

#[test]
fn a_command_that_waits_goes_on_where_it_stood() {
    let world = trusting("hostile", ALL);
    let _ = world.run(&["new", "lie:none", "--methodology", "hostile"]).ok();
    let _ = world.run(&["run", "ask-twice"]).exits(3).shows("The first?");
    let _ = world.run(&["answer", "one"]).exits(3).shows("The second, after one?");
    let ran = world.run(&["answer", "two"]);
    assert!(ran.stderr.contains("one, two"), "{}\n{}", ran.stdout, ran.stderr);
}

#[test]
fn a_methodology_of_one_phase_works() {
    let world = trusting("one-phase", "");
    let ran = world.run(&["flow", "Tidy up", "--methodology", "one-phase"]).exits(3);
    assert!(ran.stdout.contains("Question ["), "{}", ran.stdout);
    let (status, report) = world.json(&["answer", "yes"]);
    assert_eq!(status, Some(0), "{report:#}");
    assert_eq!(report["status"], "complete");
}

#[test]
fn a_chain_outlives_the_version_of_its_controller() {
    let world = trusting("one-phase", "");
    let _ = world.run(&["flow", "Tidy up", "--methodology", "one-phase"]).exits(3);
    // Its number is 2: the first was begun to be told how to trust.
    // The same program with an empty custom section more: other bytes, as every new version has.
    let path = world.project.join("one-phase.wasm");
    let mut newer = std::fs::read(&path).expect("it is there");
    newer.extend_from_slice(&[0, 2, 1, b'x']);
    std::fs::write(&path, newer).expect("it can be written");
    // A version that nobody trusts runs nothing.
    let _ = world.run(&["flow", "--continue", "--chain", "002"]).exits(1).says("is not trusted");
    trust(&world, "one-phase", "");
    let ran = world.run(&["answer", "yes", "--chain", "002"]).ok();
    assert!(ran.stderr.contains("`one-phase` is another version now"), "{}", ran.stderr);
    assert!(ran.stdout.contains("complete"), "{}", ran.stdout);
    // Said once.
    assert_eq!(world.run(&["show", "002"]).ok().stderr.matches("another version").count(), 0);

    let world = trusting("one-phase", "");
    let _ = world.run(&["flow", "Tidy up", "--methodology", "one-phase"]).exits(3);
    world.write("plugins.toml", "");
    let _ = world.run(&["flow", "--continue"]).exits(1).says("not installed any more").says("plugins.toml");
}
