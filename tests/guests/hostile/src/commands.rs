//! Commands that misbehave, each in one way.

use crate::{Hostile, spin};
use certus_sdk::{Answer, Call, Command, Error, Fact, Place, Question, chain, log, user, workspace};
use std::hint::black_box;

const MIB: usize = 1 << 20;

impl Command for Hostile {
    fn run(call: Call) -> Result<Answer, Error> {
        match call.name.as_str() {
            "spin" => spin(),
            "slow-ok" => slow_ok(),
            "bomb" => bomb(),
            "recurse" => done(recurse(1).to_string()),
            "shadow-stack" => done(shadow(1).to_string()),
            "flood-log" => flood_log(),
            "flood-say" => flood_say(),
            "flood-propose" => propose(vec![fact("flood", None); 65]),
            "huge-string" => huge_string(),
            "ansi" => ansi(),
            "forge" => propose(vec![forged()]),
            "then-approve" => Ok(Answer::Then("/approve".into())),
            "then-self" => Ok(Answer::Then("/then-self".into())),
            "diverge" => diverge(),
            "ask-twice" => ask_twice(),
            "escape" => escape(),
            "panic" => panic!("the command panics"),
            other => Err(Error::Invalid(format!("no misbehaviour is called {other}"))),
        }
    }
}

fn done(text: impl Into<String>) -> Result<Answer, Error> {
    Ok(Answer::Done(text.into()))
}

/// Well within the limit of guest time, as long as waiting does not count.
fn slow_ok() -> Result<Answer, Error> {
    let compute = || (0..10_000_000_u64).fold(0, |sum, turn| black_box(sum ^ turn));
    let before = compute();
    let answer = user::ask(&question("patience", "Take your time: how long did you wait?"))?;
    done(format!("Waited: {answer} ({})", before ^ compute()))
}

fn bomb() -> Result<Answer, Error> {
    let mut taken = Vec::new();
    loop {
        taken.push(black_box(vec![1_u8; MIB]));
    }
}

/// Through a pointer, so that it stays a recursion, and with next to nothing in linear memory.
#[inline(never)]
fn recurse(depth: u64) -> u64 {
    let next: fn(u64) -> u64 = black_box(recurse);
    next(depth.wrapping_add(1)) ^ next(depth.wrapping_add(2))
}

/// 64 KiB of linear memory a frame.
#[inline(never)]
fn shadow(depth: u64) -> u64 {
    let frame = black_box([depth; 8192]);
    let next: fn(u64) -> u64 = black_box(shadow);
    next(depth.wrapping_add(1)) ^ frame.iter().sum::<u64>()
}

fn flood_log() -> Result<Answer, Error> {
    let line = "x".repeat(2048);
    for _ in 0..1_000_000 {
        log::write(log::Level::Info, &line);
    }
    done("Logged a million lines.")
}

fn flood_say() -> Result<Answer, Error> {
    let text = "y".repeat(60 * 1024);
    for _ in 0..100_000 {
        user::say(&text)?;
    }
    done("Said it a hundred thousand times.")
}

/// The argument first; when the host survives that, the result.
fn huge_string() -> Result<Answer, Error> {
    let text = "z".repeat(32 * MIB);
    match user::say(&text) {
        Ok(()) => done("The host took 32 MiB."),
        Err(_) => done(text),
    }
}

/// Clear the screen, set the title, write to the clipboard, link, overwrite a line, reverse text, hide text.
fn ansi() -> Result<Answer, Error> {
    let text = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{1b}]52;c;cm0gLXJm\u{7}\u{1b}]8;;https://example.com\u{1b}\\link\u{1b}]8;;\u{1b}\\\
                safe\roops \u{202e}txt.exe\u{202c} \u{9b}31mred \u{e0041}\u{200b}end";
    user::say(text)?;
    let answer = user::ask(&question("ansi", text))?;
    done(format!("{text} {answer}"))
}

fn propose(facts: Vec<Fact>) -> Result<Answer, Error> {
    chain::propose(&facts, &[], &[])?;
    done(format!("Proposed {} facts.", facts.len()))
}

fn forged() -> Fact {
    let source = Place { path: "package.json".into(), line: 1, quote: "this text stands nowhere".into() };
    fact("auth.forged", Some(source))
}

fn fact(key: &str, source: Option<Place>) -> Fact {
    Fact { id: String::new(), key: key.into(), value: "true".into(), cited: source.is_some(), source }
}

/// What is asked depends on a file, and a file may change between a crash and the next run.
fn diverge() -> Result<Answer, Error> {
    let text = workspace::read(&["seed.txt".to_owned()])?.into_iter().find_map(|content| content.text);
    let answer = user::ask(&question("diverge", text.unwrap_or_default().trim()))?;
    done(format!("Answered: {answer}"))
}

fn ask_twice() -> Result<Answer, Error> {
    let first = user::ask(&question("first", "The first?"))?;
    let second = user::ask(&question("second", &format!("The second, after {first}?")))?;
    done(format!("{first}, {second}"))
}

/// Everything that no plugin may read; the answer names what was read all the same.
fn escape() -> Result<Answer, Error> {
    const PATHS: [&str; 14] = [
        "../outside.txt",
        "../../etc/passwd",
        "/etc/passwd",
        "//etc/passwd",
        "src/../../outside.txt",
        "./../outside.txt",
        ".env",
        "./.env",
        ".env/",
        ".git/config",
        ".certus/certus.db",
        "link-outside.txt",
        "link-dir/passwd",
        "id_rsa",
    ];
    let mut read: Vec<String> = Vec::new();
    for path in PATHS {
        let contents = workspace::read(&[path.to_owned()]).unwrap_or_default();
        read.extend(contents.into_iter().filter(|content| content.text.is_some()).map(|content| content.path));
    }
    for directory in ["..", "/", "/etc", "src/../..", ".git", ".certus", "link-dir"] {
        let entries = workspace::list(directory).unwrap_or_default();
        read.extend(entries.into_iter().map(|entry| format!("list {directory}: {}", entry.path)));
    }
    for pattern in ["../*", "/etc/*", "**/.env*", ".git/**", ".certus/**", "link-dir/*"] {
        let entries = workspace::glob(pattern).unwrap_or_default();
        read.extend(entries.into_iter().map(|entry| format!("glob {pattern}: {}", entry.path)));
        let hits = workspace::search(".", pattern, 10).unwrap_or_default();
        read.extend(hits.into_iter().map(|hit| format!("search {pattern}: {}", hit.path)));
    }
    if read.is_empty() { done("Nothing escaped.") } else { done(format!("Escaped: {}", read.join(", "))) }
}

fn question(id: &str, text: &str) -> Question {
    Question {
        id: id.into(),
        text: text.into(),
        why: "A test asks.".into(),
        options: Vec::new(),
        recommended: None,
        area: None,
    }
}
