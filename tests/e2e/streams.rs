//! Where output goes, and what happens when it cannot go there.

use std::fs::OpenOptions;
#[cfg(target_os = "linux")]
use std::io::Write;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::support::{Ran, World};

/// Output that was lost is a failure, even of a command that did its work.
#[cfg(target_os = "linux")]
#[test]
fn a_full_device_is_a_failure() {
    let world = World::empty();
    for arguments in [&["list", "--json"][..], &["--version"], &["--help"], &["completions", "bash"], &["list"]] {
        let full = OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
        let output = world.command(arguments).stdout(full).output().expect("the binary runs");
        let _ = Ran::of(output).exits(1).says("error: the output could not be written: No space left on device");
    }
}

/// A command that drives a chain streams its events from the first on, and nothing else.
#[test]
fn events_of_a_chain_are_all_that_is_streamed() {
    let world = World::empty();
    let ran = world.run(&["flow", "Add a page that lists invoices", "--events"]);
    assert!(ran.stdout.lines().count() > 1, "{}", ran.stdout);
    for (line, seq) in ran.stdout.lines().zip(1..) {
        let event: serde_json::Value = serde_json::from_str(line).expect("a line is an object");
        assert_eq!(event["seq"].as_u64(), Some(seq), "{line}");
    }
}

/// Whoever is asked to approve something was shown it, wherever the data goes.
#[cfg(target_os = "linux")]
#[test]
fn what_is_to_be_approved_is_shown_before_it_is_asked() {
    for mode in ["--json", "--events", "--quiet"] {
        let world = World::with("express-shop");
        let goal = "Add JWT authentication to the shop";
        let _ = world.run(&["flow", goal, "--answers", "answers.toml", "--until", "solution-approval"]).ok();
        // `script` runs a command at a terminal of its own, and prints what that terminal shows.
        let line = format!("{} flow --continue {mode} > data", env!("CARGO_BIN_EXE_certus"));
        let mut terminal = Command::new("script")
            .args(["-qec", &line, "/dev/null"])
            .env_clear()
            .envs(world.command(&[]).get_envs().filter_map(|(name, value)| Some((name, value?))))
            .current_dir(&world.project)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("every Linux has `script`");
        let mut keys = terminal.stdin.take().expect("stdin is piped");
        keys.write_all(b"n\nToo large\n").expect("the terminal takes keys");
        let shown = Ran::of(terminal.wait_with_output().expect("it ends")).stdout;
        let (before, _) = shown.split_once("Approve this?").unwrap_or_else(|| panic!("{mode} asks nothing:\n{shown}"));
        assert!(before.contains("## How it is verified") || before.contains("JWT"), "{mode}:\n{shown}");
        assert!(before.contains("[F1"), "{mode} shows no solution:\n{shown}");
        drop(keys);
    }
}

/// Whoever ends the process gets the one object, whichever way they chose.
#[cfg(unix)]
#[test]
fn every_signal_to_end_leaves_one_object() {
    for (signal, status, kind) in [("INT", 130, "interrupted"), ("TERM", 143, "terminated"), ("HUP", 129, "hung-up")] {
        let world = World::empty();
        let mut child = world
            .command(&["flow", "Add a page", "--provider", "manual", "--reply", "-", "--json"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let mut lines = BufReader::new(child.stderr.take().expect("stderr is piped")).lines().map_while(Result::ok);
        assert!(lines.any(|line| line.contains("Running triage")), "the first prompt begins");
        let sent = Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
        // Closed before the signal arrives, stdin would end it first.
        let _stdin = child.stdin.take();
        let ran = Ran::of(child.wait_with_output().expect("it ends")).exits(status);
        let object: serde_json::Value = serde_json::from_str(&ran.stdout).expect("one object");
        assert_eq!(object["error"]["kind"], kind);
    }
}
