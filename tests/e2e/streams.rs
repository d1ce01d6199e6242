//! Where output goes, and what happens when it cannot go there.

use std::fs::OpenOptions;

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

/// A command that drives a chain streams its events, and nothing else.
#[test]
fn events_of_a_chain_are_all_that_is_streamed() {
    let world = World::empty();
    let ran = world.run(&["flow", "Add a page that lists invoices", "--events"]);
    assert!(ran.stdout.lines().count() > 1, "{}", ran.stdout);
    for line in ran.stdout.lines() {
        let event: serde_json::Value = serde_json::from_str(line).expect("a line is an object");
        assert!(event["seq"].is_u64(), "{line}");
    }
}
