//! Where output goes, and what happens when it cannot go there.

use std::fs::OpenOptions;
#[cfg(target_os = "linux")]
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::support::{Ran, World};
#[cfg(target_os = "linux")]
use crate::typed::Terminal;

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

/// A command that drives a chain streams its events from the first on, and at last where the chain stands.
#[test]
fn a_stream_of_events_ends_with_where_the_chain_stands() {
    let world = World::empty();
    let lines = |arguments: &[&str], status: i32| -> Vec<serde_json::Value> {
        let ran = world.run(arguments).exits(status);
        ran.stdout.lines().map(|line| serde_json::from_str(line).expect("a line is an object")).collect()
    };
    let streamed = lines(&["flow", "Add a page that lists invoices", "--events"], 3);
    let (last, events) = streamed.split_last().expect("something is streamed");
    assert!(!events.is_empty());
    for (event, seq) in events.iter().zip(1..) {
        assert_eq!(event["seq"].as_u64(), Some(seq), "{event}");
    }
    assert_eq!(last["type"], "report");
    // Where nothing happens, that is all there is to say.
    for arguments in [&["flow", "--continue", "--events"][..], &["flow", "--continue", "--events", "-q"]] {
        let streamed = lines(arguments, 3);
        let [only] = streamed.as_slice() else { panic!("{streamed:?}") };
        assert_eq!((only["type"].as_str(), only["status"].as_str()), (Some("report"), Some("waiting")), "{only}");
        let first = only["questions"][0]["id"].as_str().expect("a question waits");
        let next = only["next"].as_str().expect("something goes on");
        assert!(next.starts_with(&format!("certus answer --chain 001 {first} ")), "{next}");
        let (_, mut report) = world.json(&["flow", "--continue"]);
        report["type"] = "report".into();
        assert_eq!(*only, report, "the same as --json says");
    }
    let id = last["questions"][0]["id"].as_str().expect("a question waits").to_owned();
    let streamed = lines(&["answer", &id, "a list", "--events"], 3);
    assert_eq!(streamed.last().map(|last| &last["type"]), Some(&"report".into()));
    assert_eq!(lines(&["flow", "--continue", "--chain", "9", "--events"], 2)[0]["type"], "error");
}

/// Whoever is asked to approve something was shown it, wherever the data goes.
#[cfg(target_os = "linux")]
#[test]
fn what_is_to_be_approved_is_shown_before_it_is_asked() {
    for mode in ["--json", "--events", "--quiet"] {
        let world = World::with("express-shop");
        let goal = "Add JWT authentication to the shop";
        let _ = world.run(&["flow", goal, "--answers", "answers.toml", "--until", "solution-approval"]).ok();
        let mut command = Command::new("sh");
        command
            .args(["-c", &format!("exec {} flow --continue {mode} > data", env!("CARGO_BIN_EXE_certus"))])
            .env_clear()
            .envs(world.command(&[]).get_envs().filter_map(|(name, value)| Some((name, value?))))
            .current_dir(&world.project);
        let mut terminal = Terminal::start(command);
        terminal.until("Approve this?");
        terminal.types("n\n");
        terminal.until("What is wrong with it?");
        let shown = terminal.closes();
        let (before, _) = shown.split_once("Approve this?").unwrap_or_else(|| panic!("{mode} asks nothing:\n{shown}"));
        assert!(before.contains("## How it is verified") || before.contains("JWT"), "{mode}:\n{shown}");
        assert!(before.contains("[F1"), "{mode} shows no solution:\n{shown}");
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

/// A command line at a terminal of its own, which `script` makes; what is typed goes through its stdin.
#[cfg(target_os = "linux")]
fn at_a_terminal(world: &World, line: &str, term: &str) -> std::process::Child {
    Command::new("script")
        .args(["-qec", line, "/dev/null"])
        .env_clear()
        .envs(world.command(&[]).get_envs().filter_map(|(name, value)| Some((name, value?))))
        .env("TERM", term)
        .current_dir(&world.project)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("every Linux has `script`")
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_without_a_name_gets_nothing_but_text() {
    for (term, plain) in [("", true), ("dumb", true), ("xterm", false)] {
        let world = World::with("express-shop");
        let line = format!("{} flow 'Add JWT authentication to the shop' --no-input", env!("CARGO_BIN_EXE_certus"));
        let shown = Ran::of(at_a_terminal(&world, &line, term).wait_with_output().expect("it ends")).stdout;
        assert_eq!(!shown.contains('\u{1b}'), plain, "TERM={term:?}\n{shown:?}");
    }
}

/// Whoever comes back to a question finds it before them again.
#[cfg(target_os = "linux")]
#[test]
fn a_question_is_shown_again_when_the_process_goes_on() {
    let world = World::empty();
    // A shell without job control stands for one that has it: what counts is the signal that both send.
    let line = format!("sh -c 'echo $$ > pid; exec {} flow \"Add a page\"'", env!("CARGO_BIN_EXE_certus"));
    let mut terminal = at_a_terminal(&world, &line, "dumb");
    let keys = terminal.stdin.take().expect("stdin is piped");
    let mut shown = BufReader::new(terminal.stdout.take().expect("stdout is piped")).lines().map_while(Result::ok);
    let question = shown.find(|line| line.starts_with("Question")).expect("something is asked");
    let pid = std::fs::read_to_string(world.project.join("pid")).expect("the process wrote it");
    let send = |signal: &str| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        let sent = Command::new("kill").args([signal, pid.trim()]).status();
        assert!(sent.expect("kill runs").success());
    };
    // Until the process has begun to wait, the signal says nothing to it.
    for _ in 0..10 {
        send("-CONT");
    }
    send("-TERM");
    let again = shown.filter(|line| line.ends_with(&question)).count();
    assert!(again >= 1, "{question} is not shown again");
    drop(keys);
    terminal.wait().expect("it ends");
}
