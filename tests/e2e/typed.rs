//! What is typed at a real terminal: an answer is to what was on the screen when it was typed.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::process::{Child, Command, Stdio};
use std::ptr::null_mut;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fake_api::Reply;
use serde_json::json;

use crate::model::{GOAL, Model, RIGHT, but, document, reply, shop, when, whole};
use crate::support::World;

/// A process at a terminal of its own.
pub(crate) struct Terminal {
    keyboard: File,
    screen: Arc<Mutex<String>>,
    /// How much of the screen was waited for.
    seen: usize,
    child: Child,
}

impl Terminal {
    pub(crate) fn start(mut command: Command) -> Self {
        let (mut ours, mut theirs) = (-1, -1);
        // SAFETY: both are places for a descriptor, and nothing else is asked for.
        let opened = unsafe { libc::openpty(&raw mut ours, &raw mut theirs, null_mut(), null_mut(), null_mut()) };
        assert_eq!(opened, 0, "there is a terminal to be had");
        // SAFETY: both were just opened, and are nobody else's. Other tests start processes, which must not hold them open.
        let [ours, theirs] = [ours, theirs].map(|end| unsafe {
            libc::fcntl(end, libc::F_SETFD, libc::FD_CLOEXEC);
            OwnedFd::from_raw_fd(end)
        });
        let end = || Stdio::from(theirs.try_clone().expect("the end can be shared"));
        // What keys signal goes to all that run in the foreground: not to whoever runs this test.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        if !command.get_envs().any(|(name, _)| name == "TERM") {
            command.env("TERM", "dumb");
        }
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().expect("it runs");
        let keyboard = File::from(ours);
        let mut output = keyboard.try_clone().expect("the end can be shared");
        let screen = Arc::new(Mutex::new(String::new()));
        let shown = Arc::clone(&screen);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                shown.lock().expect("nobody panics").push_str(&String::from_utf8_lossy(&buffer[..count]));
            }
        });
        Self { keyboard, screen, seen: 0, child }
    }

    /// Wait until this is shown, behind what was waited for before.
    pub(crate) fn until(&mut self, text: &str) {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let screen = self.screen.lock().expect("nobody panics").clone();
            if let Some(at) = screen[self.seen..].find(text) {
                self.seen += at + text.len();
                return;
            }
            assert!(Instant::now() < deadline, "{text:?} is not shown:\n{screen}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub(crate) fn types(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).expect("it can be typed");
    }

    /// How it edits lines and what it shows of them.
    fn modes(&self) -> [libc::tcflag_t; 4] {
        let mut modes = std::mem::MaybeUninit::<libc::termios>::uninit();
        // SAFETY: it is a place for modes, which are read only where they were written.
        let modes = unsafe {
            assert_eq!(libc::tcgetattr(self.keyboard.as_raw_fd(), modes.as_mut_ptr()), 0);
            modes.assume_init()
        };
        [modes.c_iflag, modes.c_oflag, modes.c_cflag, modes.c_lflag]
    }

    /// Close it where something is asked, as with Ctrl-D: whatever was not typed for it is gone.
    /// What it showed.
    pub(crate) fn closes(mut self) -> String {
        self.types("\u{4}");
        self.until("the question waits");
        assert_eq!(self.child.wait().expect("it ends").code(), Some(3));
        self.screen.lock().expect("nobody panics").clone()
    }
}

const VERDICT: &str = "Write this? [y]es, this and all in these [f]iles, all in this [c]hain, [e]dit it first, [n]o: ";

fn nothing_was_written(model: &Model, world: &World) -> serde_json::Value {
    let (_, shown) = model.json(world, &["show"]);
    assert!(!world.project.join("test/discount.test.js").exists() && !world.project.join("lib/discount.js").exists());
    assert_eq!(shown["checks"], json!([]), "and nothing ran");
    shown
}

#[test]
fn what_is_pasted_as_a_reason_is_all_of_it_the_reason() {
    let (model, world) = (Model::start(whole(RIGHT)), shop());
    let _ = model.run(&world, &["flow", GOAL]).exits(3);
    let mut terminal = Terminal::start(model.command(&world, &["approve"]));
    terminal.until(VERDICT);
    terminal.types("n\n");
    terminal.until("What is wrong with it? ");
    // As terminals paste: at once, the last line without an end.
    terminal.types("The name is wrong:\nc\ny\nit is no discount");
    // The end of that line comes when the person sees that it waits; at the next prompt it would be an answer.
    std::thread::sleep(std::time::Duration::from_millis(600));
    terminal.types("\n");
    terminal.until(VERDICT);
    let _ = terminal.closes();
    let shown = nothing_was_written(&model, &world);
    assert_eq!(shown["edits"][0]["why"], "The name is wrong:\nc\ny\nit is no discount");
    assert_eq!(shown["edits"][1]["state"], "planned");
}

#[test]
fn what_was_typed_before_something_was_shown_does_not_judge_it() {
    let test = &[("test/discount.test.js", "require('../lib/discount');\n")];
    let tests = reply(json!({"artifacts": document("tests", "Ten percent", "", test)}));
    let slow = when("test_generator", Reply { delay_ms: 500, ..tests });
    let (model, world) = (Model::start(but(vec![slow], RIGHT)), shop());
    let mut terminal = Terminal::start(model.command(&world, &["flow", GOAL]));
    terminal.until("Approve this? [y]es, [n]o, [m]ore info: ");
    terminal.types("y\ny\ny\ny\ny\n");
    terminal.until("Several lines came at once");
    terminal.until("Approve this? [y]es, [n]o, [m]ore info: ");
    terminal.types("y\n");
    terminal.until("Running test_generator");
    terminal.types("y\n");
    terminal.until(VERDICT);
    let _ = terminal.closes();
    let shown = nothing_was_written(&model, &world);
    assert_eq!(shown["solution"]["verdict"], "approved");
    assert_eq!(shown["edits"][0]["state"], "planned");
}

/// A chain of rules that asks about signing in.
fn asks(world: &World, term: &str) -> Terminal {
    let mut command = world.command(&["flow", "Add JWT authentication to the shop"]);
    command.env("TERM", term);
    let mut terminal = Terminal::start(command);
    terminal.until("Enter for the recommended answer: ");
    terminal
}

fn first_answer(world: &World) -> String {
    let ran = world.run(&["show", "--json"]).ok();
    let shown: serde_json::Value = serde_json::from_str(&ran.stdout).expect("an object");
    shown["answers"][0]["answer"].as_str().unwrap_or_else(|| panic!("{}", shown["answers"])).to_owned()
}

#[test]
fn a_long_line_arrives_whole() {
    let world = World::with("express-shop");
    let mut terminal = asks(&world, "dumb");
    let long = format!("one {} END", "word ".repeat(1_200));
    // As terminals paste, in pieces; the Enter is the person's.
    for piece in long.as_bytes().chunks(1_000) {
        terminal.types(&String::from_utf8_lossy(piece));
    }
    terminal.types("\n");
    terminal.until("Enter for the recommended answer: ");
    let _ = terminal.closes();
    assert_eq!(first_answer(&world), long);
}

#[test]
fn who_comes_back_to_a_verdict_is_shown_again_what_it_is_about() {
    let (model, world) = (Model::start(whole(RIGHT)), shop());
    let mut terminal = Terminal::start(model.command(&world, &["flow", GOAL]));
    let comes_back = |terminal: &Terminal| {
        let process = libc::pid_t::try_from(terminal.child.id()).expect("a number of a process");
        // SAFETY: a signal, for a process that was not waited for.
        assert_eq!(unsafe { libc::kill(process, libc::SIGCONT) }, 0);
    };
    terminal.until("Approve this? [y]es, [n]o, [m]ore info: ");
    comes_back(&terminal);
    terminal.until("A discount function");
    terminal.until("Approve this? [y]es, [n]o, [m]ore info: ");
    terminal.types("y\n");
    terminal.until(VERDICT);
    comes_back(&terminal);
    terminal.until("test/discount.test.js");
    terminal.until(VERDICT);
    let _ = terminal.closes();
}

#[test]
fn the_escape_key_swallows_no_other() {
    let world = World::with("express-shop");
    let mut terminal = asks(&world, "xterm-256color");
    terminal.types("\u{1b}");
    std::thread::sleep(Duration::from_millis(500));
    // An arrow, whose bytes come at once, leaves nothing behind.
    terminal.types("\u{1b}[D");
    terminal.types("Keep sessions\r");
    terminal.until("Enter for the recommended answer: ");
    let _ = terminal.closes();
    assert_eq!(first_answer(&world), "Keep sessions");
}

#[test]
fn a_paste_in_two_parts_is_one_answer_where_the_terminal_marks_it() {
    let world = World::with("express-shop");
    let mut terminal = asks(&world, "xterm-256color");
    terminal.types("\u{1b}[200~the first half\r\u{1b}[201~");
    std::thread::sleep(Duration::from_millis(600));
    terminal.types("\u{1b}[200~the second half\r\u{1b}[201~");
    std::thread::sleep(Duration::from_millis(600));
    terminal.types("\r");
    terminal.until("Enter for the recommended answer: ");
    let screen = terminal.closes();
    assert_eq!(first_answer(&world), "the first half\nthe second half");
    let marks = |mark: &str| screen.matches(mark).count();
    assert_eq!(marks("\u{1b}[?2004h"), marks("\u{1b}[?2004l"), "what is switched on is switched off");
    assert!(marks("\u{1b}[?2004h") > 0 && !screen.contains("[200~"));
}

#[test]
fn what_was_typed_before_it_was_asked_for_is_said_to_be_not_used() {
    let slow = when("requirement_disambiguator", Reply { delay_ms: 1_000, ..reply(json!({"notes": "Clear."})) });
    let (model, world) = (Model::start(but(vec![slow], RIGHT)), shop());
    let mut terminal = Terminal::start(model.command(&world, &["flow", GOAL]));
    terminal.until("Running requirement_disambiguator");
    terminal.types("ye");
    terminal.until("What was typed before this was asked is not used.");
    terminal.until("Approve this? [y]es, [n]o, [m]ore info: ");
    terminal.types("y\n");
    // Nothing was typed before this one.
    terminal.until(VERDICT);
    let screen = terminal.closes();
    assert_eq!(screen.matches("is not used.").count(), 1, "{screen}");
}

#[test]
fn a_terminal_is_left_as_it_was_found() {
    for (end, status) in [(Some("\u{3}"), 130), (None, 143)] {
        let world = World::with("express-shop");
        let mut command = world.command(&["flow", "Add JWT authentication to the shop"]);
        command.env("TERM", "xterm-256color");
        let mut terminal = Terminal::start(command);
        let found = terminal.modes();
        terminal.until("Enter for the recommended answer: ");
        let deadline = Instant::now() + Duration::from_secs(10);
        while terminal.modes() == found {
            assert!(Instant::now() < deadline, "long lines cannot be read in this mode");
            std::thread::sleep(Duration::from_millis(10));
        }
        terminal.types("half an ans");
        match end {
            Some(key) => terminal.types(key),
            None => {
                let id = terminal.child.id().to_string();
                assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill runs").success());
            }
        }
        assert_eq!(terminal.child.wait().expect("it ends").code(), Some(status));
        assert_eq!(terminal.modes(), found);
        terminal.until("\u{1b}[?2004l");
    }
}

#[test]
fn a_key_is_asked_for_again_of_whoever_comes_back_and_never_shown() {
    let world = World::with("express-shop");
    let mut terminal = Terminal::start(world.command(&["login", "openai"]));
    let found = terminal.modes();
    let until = |what: &str, is: &dyn Fn() -> bool| {
        let deadline = Instant::now() + Duration::from_secs(10);
        while !is() {
            assert!(Instant::now() < deadline, "{what}");
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    terminal.until("Key of openai (it is not shown): ");
    until("it is shown", &|| terminal.modes() != found);
    terminal.types("sk-half\u{1a}");
    until("a stopped process leaves the terminal without echo", &|| terminal.modes() == found);
    let process = terminal.child.id().to_string();
    assert!(Command::new("kill").args(["-CONT", &process]).status().expect("kill runs").success());
    terminal.until("Key of openai (it is not shown): ");
    until("it is shown", &|| terminal.modes() != found);
    terminal.types("sk-test-0123456789abcdef\n");
    terminal.until("The key of openai is stored");
    assert_eq!(terminal.child.wait().expect("it ends").code(), Some(0));
    assert_eq!(terminal.modes(), found);
    assert!(!terminal.screen.lock().expect("nobody panics").contains("sk-"), "it is shown");
}
