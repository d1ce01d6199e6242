//! Killed at any moment, a chain loses nothing that was acknowledged, asks nothing twice, and ends as it would have.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::support::{Ran, World};

const GOAL: &str = "Add JWT authentication to the shop";
const FLOW: [&str; 4] = ["--answers", "answers.toml", "--until", "solution-approval"];

fn flow(world: &World) -> Ran {
    world.run(&[&["flow", GOAL], &FLOW[..]].concat())
}

fn go_on(world: &World) -> Ran {
    world.run(&[&["flow", "--continue"], &FLOW[..]].concat())
}

/// The context without what a repeated call leaves on purpose: attempts and billing marks, and the numbering of events
/// that the marks take part in.
fn comparable(mut context: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(map) => {
                for key in ["attempt", "possibly_billed_twice", "version", "basis", "settled"] {
                    map.remove(key);
                }
                map.values_mut().for_each(strip);
            }
            Value::Array(list) => list.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut context);
    context
}

fn reference() -> Value {
    let world = World::with("express-shop");
    let _ = flow(&world).ok();
    comparable(world.context())
}

/// Number of commits that an unkilled run makes: the first boundary that is never reached ends the count.
#[test]
fn killed_at_every_boundary_between_intent_and_outcome() {
    let unkilled = reference();
    for moment in ["before", "after"] {
        let mut boundary = 1;
        loop {
            let world = World::with("express-shop");
            let arguments = [&["flow", GOAL], &FLOW[..]].concat();
            let killed = world.command(&arguments).env("CERTUS_ABORT", format!("{moment}:{boundary}")).output();
            let killed = Ran::of(killed.expect("the binary runs"));
            if killed.status == Some(0) {
                assert!(boundary > 8, "only {boundary} commits: the run does not stand on any boundary");
                break;
            }
            assert_eq!(
                killed.status, None,
                "{moment}:{boundary}: ended by itself\n{}\n{}",
                killed.stdout, killed.stderr
            );
            let _ = go_on(&world).ok();
            assert_eq!(comparable(world.context()), unkilled, "{moment}:{boundary}");
            asked_once(&world);
            boundary += 1;
        }
    }
}

/// No question has two intents.
fn asked_once(world: &World) {
    let history = world.run(&["show", "--history", "--events"]).ok().stdout;
    let mut asked: Vec<String> = history
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|event| Some(event.pointer("/request/question/id")?.as_str()?.to_owned()))
        .collect();
    let count = asked.len();
    asked.sort();
    asked.dedup();
    assert_eq!(asked.len(), count, "a question was asked twice");
}

/// Two hundred kills, spread over as many chains as it takes: after each, every event that was acknowledged on stdout is
/// on disk, and the chain goes on.
#[test]
fn killed_at_two_hundred_random_moments() {
    let unkilled = reference();
    // A fixed sequence of moments: a failure can be repeated.
    let mut seed: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut random = |below: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    };
    let (mut kills, mut chains) = (0, 0);
    while kills < 200 {
        let world = World::with("express-shop");
        chains += 1;
        let mut arguments = vec!["new", GOAL];
        let _ = world.run(&arguments).ok();
        arguments = [&["flow", "--continue", "--events"], &FLOW[..]].concat();
        loop {
            let mut child = world
                .command(&arguments)
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .expect("the binary runs");
            let stdout = child.stdout.take().expect("stdout is piped");
            let reader = std::thread::spawn(move || {
                BufReader::new(stdout).lines().map_while(Result::ok).filter(|line| line.ends_with('}')).last()
            });
            std::thread::sleep(Duration::from_millis(random(260)));
            child.kill().expect("the child can be killed");
            let status = child.wait().expect("the child ends");
            let acknowledged = reader.join().expect("the reader ends");
            if let Some(seq) =
                acknowledged.and_then(|line| serde_json::from_str::<Value>(&line).ok()?.get("seq")?.as_u64())
            {
                let history = world.run(&["show", "--history", "--events"]).ok().stdout;
                assert!(history.lines().count() as u64 >= seq, "event {seq} was acknowledged and is lost");
            }
            if status.code() == Some(0) {
                break;
            }
            kills += 1;
            if kills >= 200 {
                let _ = go_on(&world).ok();
                break;
            }
        }
        assert_eq!(comparable(world.context()), unkilled, "after {kills} kills, chain {chains}");
        asked_once(&world);
    }
    assert!(chains > 0);
}

#[test]
fn a_second_process_is_told_who_holds_the_chain() {
    let world = World::with("express-shop");
    let mut child = world
        .command(&["flow", GOAL, "--provider", "manual", "--reply", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    // It holds the chain while it waits for the reply on stdin.
    let mut lines = BufReader::new(child.stderr.take().expect("stderr is piped")).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("Running triage")), "the first prompt begins");
    std::thread::sleep(Duration::from_millis(300));
    let _ = world.run(&["flow", "--continue"]).exits(1).says(&format!("{}", child.id())).says("hint:");
    child.kill().expect("the child can be killed");
    child.wait().expect("the child ends");
    let _ = world.run(&["flow", "--continue", "--until", "requirements-clarification"]).ok();
}

/// What a process leaves that is killed while it begins: a database without a shape, or a chain that is not active yet.
#[test]
fn killed_while_beginning_is_a_fresh_start_or_goes_on() {
    let world = World::with("express-shop");
    let state = world.project.join(".certus");
    // A database as SQLite leaves it that was told to use a log, and nothing more.
    let _ = world.run(&["new", GOAL]).ok();
    let mut page = std::fs::read(state.join("certus.db")).expect("a database")[..4096].to_vec();
    // The header says: one page, none of them free, no schema, no application, no version; then the page of an empty table of tables.
    page[28..32].copy_from_slice(&1_u32.to_be_bytes());
    page[32..100].fill(0);
    page[56..60].copy_from_slice(&1_u32.to_be_bytes());
    page[92..96].copy_from_slice(&[0; 4]);
    page[100..].fill(0);
    page[100] = 13;
    page[105..107].copy_from_slice(&4096_u16.to_be_bytes());
    std::fs::remove_dir_all(&state).expect("it can be removed");
    std::fs::create_dir(&state).expect("it can be made");
    std::fs::write(state.join("certus.db"), page).expect("it can be written");
    let _ = world.run(&["list"]).ok().shows("No chain yet");
    let _ = world.run(&["flow", "--continue"]).exits(2).says("no chain is active");
    let _ = world.run(&["new", GOAL]).ok().shows("Chain 001");

    std::fs::remove_file(state.join("active")).expect("it is active");
    let _ = world.run(&["flow", "--continue"]).exits(3).says("Chain 001, the newest that is open, is active now");
    let _ = world.run(&["status"]).ok().shows("001");
    let _ = world.run(&["list"]).ok();
}
