//! Commands of a project: how they end, what they see, and that nothing of them stays.

#![cfg(unix)]
#![allow(clippy::disallowed_methods, reason = "tests look at what a command left behind")]

mod support;

use std::ffi::OsString;
use std::fs;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use certus_workspace::run::{Command, Environment, Finished, Limits, RunError};
use certus_workspace::{Project, ReadError};
use support::Scene;

/// Much longer than any of these commands takes, so that one that hangs fails and is not waited for.
const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(300);

fn command(line: &str) -> Command {
    Command {
        line: line.to_owned(),
        directory: String::new(),
        environment: Environment::inherited(&[]),
        limits: Limits { time: LONG, ..Limits::default() },
    }
}

fn run(project: &Project, command: &Command) -> Finished {
    project.run(command, |_| ()).expect("started").wait()
}

fn run_line(line: &str) -> Finished {
    let scene = Scene::with(&[]);
    run(&scene.open(), &command(line))
}

fn short(line: &str) -> Command {
    Command { limits: Limits { time: SHORT, ..Limits::default() }, ..command(line) }
}

/// Whether a process with this text in its command line is there. Texts are made unique by the directory of their scene.
fn is_running(text: &str) -> bool {
    let commands = fs::read_dir("/proc").into_iter().flatten().filter_map(|entry| {
        let place = entry.ok()?.path();
        place.file_name()?.to_str()?.parse::<u32>().ok()?;
        fs::read(place.join("cmdline")).ok()
    });
    commands.into_iter().any(|line| String::from_utf8_lossy(&line).replace('\0', " ").contains(text))
}

fn soon(what: impl Fn() -> bool) -> bool {
    (0..1_000).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        what()
    })
}

#[test]
fn it_ends_as_it_ends() {
    let ended = run_line("echo out; echo err >&2; exit 3");
    assert_eq!((ended.status, ended.signal, ended.timed_out, ended.truncated), (Some(3), None, false, false));
    assert_eq!(ended.output, "out\nerr\n");
    assert!(!ended.succeeded() && !ended.left_running);
    assert!(run_line("true").succeeded());
    assert_eq!(run_line("kill -s KILL $$").signal, Some(9));
    assert_eq!(run_line("kill -s TERM $$; sleep 60").signal, Some(15));
    assert_eq!(run_line("no-such-command-here").status, Some(127));
    assert_eq!(run_line("printf no-newline").output, "no-newline");
    assert_eq!(run_line("(exit 1) | true && echo 'it''s' \"$((1+1))\"").output, "its 2\n");
}

#[test]
fn it_runs_in_the_project_and_nowhere_else() {
    let scene = Scene::with(&[("sub/here.txt", "x")]);
    scene.link("../outside", "out");
    let project = scene.open();
    assert_eq!(run(&project, &command("pwd -P")).output, format!("{}\n", project.root().display()));
    let at = |directory: &str| Command { directory: directory.to_owned(), ..command("ls") };
    assert_eq!(run(&project, &at("sub")).output, "here.txt\n");
    for directory in ["..", "/", "out", "absent", "sub/here.txt", ".git"] {
        let refused = project.run(&at(directory), |_| ());
        assert!(matches!(refused, Err(RunError::Directory(_))), "{directory}");
    }
    assert!(matches!(project.run(&at("out"), |_| ()), Err(RunError::Directory(ReadError::Outside { .. }))));
    for line in ["", "  ", "a\0b", &"x".repeat(70_000)] {
        assert!(matches!(project.run(&command(line), |_| ()), Err(RunError::Line { .. })));
    }
}

#[test]
fn it_sees_no_secret_and_no_terminal() {
    let ours = [
        ("PATH", "/usr/bin:/bin"),
        ("HOME", "/home/x"),
        ("OPENAI_API_KEY", "sk-1"),
        ("MY_TOKEN", "t-2"),
        ("NODE_ENV", "test"),
    ];
    let ours = ours.map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let environment = Environment::scrubbed(ours, &["*".to_owned()]);
    let scene = Scene::with(&[]);
    let line =
        "env | cut -d= -f1 | sort; test -t 0 || echo no terminal; true 2>/dev/null </dev/tty || echo none to open";
    let ended = run(&scene.open(), &Command { environment, ..command(line) });
    assert_eq!(ended.output, "CERTUS_RUN\nCI\nHOME\nNODE_ENV\nNO_COLOR\nPATH\nPWD\nTERM\nno terminal\nnone to open\n");
    let ended = run_line("env; cat /proc/$$/environ; read -r line; echo \"read: [$line] $?\"; cat");
    assert!(ended.output.ends_with("read: [] 1\n") && ended.succeeded(), "{}", ended.output);
    assert!(!ended.output.contains("CARGO_"), "nothing of this test's own environment: {}", ended.output);
}

#[test]
fn its_output_is_kept_within_a_bound_and_cleaned() {
    let ended = run_line("i=0; while [ $i -lt 60000 ]; do echo \"line $i\"; i=$((i+1)); done");
    assert!(ended.truncated && ended.output.len() <= 256 * 1024 + 100);
    assert!(ended.output.starts_with("line 0\nline 1\n") && ended.output.ends_with("line 59998\nline 59999\n"));
    assert!(ended.output.contains(" bytes left out …\nline "));
    let ended = run_line("printf '\\033[31mred\\033[0m \\377 \\033]0;title\\007x\\r\\n'");
    assert_eq!(ended.output, "red \u{fffd} x\n");
}

#[test]
fn its_lines_are_given_as_they_come() {
    let scene = Scene::with(&[]);
    let lines = Arc::new(Mutex::new(Vec::new()));
    let given = Arc::clone(&lines);
    let go = scene.at("go");
    let line = "printf 'one\\n\\033[1mtwo\\033[0m\\n'; while ! test -e go; do sleep 0.01; done; printf three";
    let running = scene
        .open()
        .run(&command(line), move |line| given.lock().expect("whole").push(line.to_owned()))
        .expect("started");
    assert!(soon(|| lines.lock().expect("whole").len() == 2), "two lines come before the command ends");
    fs::write(go, "").expect("write");
    assert!(running.wait().succeeded());
    assert_eq!(*lines.lock().expect("whole"), ["one", "two", "three"]);
}

#[test]
fn endless_output_ends_with_the_time() {
    let scene = Scene::with(&[]);
    let ended = run(&scene.open(), &short("yes the same line"));
    assert!(ended.timed_out && ended.truncated && !ended.succeeded() && !ended.left_running);
    assert_eq!(ended.signal, Some(15));
    assert!(ended.output.len() <= 256 * 1024 + 100);
}

#[test]
fn what_does_not_listen_to_sigterm_is_killed() {
    let scene = Scene::with(&[]);
    let ended = run(&scene.open(), &short("trap '' TERM; while :; do sleep 0.05; done"));
    assert!(ended.timed_out && !ended.left_running);
    assert_eq!(ended.signal, Some(9));
    let ended = run(&scene.open(), &short("trap 'echo cleaned up; exit 7' TERM; while :; do sleep 0.05; done"));
    assert_eq!((ended.status, ended.timed_out, ended.output.ends_with("cleaned up\n")), (Some(7), true, true));
    let ended = run(&scene.open(), &short("kill -s STOP $$"));
    assert!(ended.timed_out && !ended.left_running);
}

#[test]
fn all_that_it_started_ends_with_it() {
    let scene = Scene::with(&[]);
    // No process but those of this test has this text in its command line.
    let name = scene.at("").display().to_string();
    let many = format!("for i in $(seq 200); do sh -c 'trap \"\" TERM; sleep 61; : {name}' & done; wait");
    let ended = run(&scene.open(), &short(&many));
    assert_eq!((ended.timed_out, ended.left_running, is_running(&name)), (true, false, false), "{}", ended.output);
    // A bomb that stays small enough for the machine: every process makes two more, six levels deep.
    scene.write("bomb.sh", "n=$1; [ $n -gt 0 ] && { sh \"$0\" $((n-1)) & sh \"$0\" $((n-1)) & }; sleep 61; wait\n");
    let ended = run(&scene.open(), &short(&format!("sh {name}bomb.sh 6")));
    assert!(ended.timed_out && !ended.left_running && !is_running(&name));
}

#[test]
fn a_grandchild_that_holds_the_output_open_does_not_hold_us_up() {
    let scene = Scene::with(&[]);
    let name = scene.at("").display().to_string();
    let ended = run(&scene.open(), &command(&format!("sh -c 'sleep 61; : {name}' & echo done")));
    assert_eq!((ended.status, ended.timed_out, ended.output.as_str()), (Some(0), false, "done\n"));
    assert!(!ended.left_running && !is_running(&name));
}

#[cfg(target_os = "linux")]
#[test]
fn what_left_the_group_or_the_session_is_found() {
    let scene = Scene::with(&[]);
    let name = scene.at("").display().to_string();
    for line in [
        "setsid sh -c 'sleep 61; : NAME' &",
        "setsid -f sh -c 'trap \"\" TERM; sleep 61; : NAME'",
        "timeout 61 sh -c 'sleep 61; : NAME' &",
    ] {
        let ended = run(&scene.open(), &command(&format!("{}\nsleep 0.1; echo done", line.replace("NAME", &name))));
        assert!(ended.succeeded() && ended.output.ends_with("done\n"), "{line}: {}", ended.output);
        assert!(!ended.left_running && !is_running(&name), "{line}");
    }
    // This one threw its mark away: it is not found, as is documented, and must not hold us up although it holds the output open.
    let line = format!(
        "setsid -f env -i /bin/sh -c 'echo $$ >escaped; sleep 5; : {name}'; while ! test -s escaped; do sleep 0.01; done"
    );
    assert!(run(&scene.open(), &command(&line)).succeeded());
    let escaped = fs::read_to_string(scene.at("escaped")).expect("read");
    assert!(is_running(&name), "else this shows nothing");
    let ended = run(&scene.open(), &command(&format!("kill -s KILL -- -{}", escaped.trim())));
    assert!(ended.succeeded(), "{}", ended.output);
}

struct Nothing;

impl Wake for Nothing {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn a_command_that_is_dropped_ends() {
    let scene = Scene::with(&[]);
    let name = scene.at("").display().to_string();
    let line = format!("sh -c 'trap \"\" TERM; sleep 61; : {name}' & wait");
    let mut running = Box::pin(scene.open().run(&command(&line), |_| ()).expect("started"));
    let waker = Waker::from(Arc::new(Nothing));
    assert!(running.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    assert!(soon(|| is_running(&name)));
    drop(running);
    assert!(soon(|| !is_running(&name)));

    let mut running = scene.open().run(&command("sleep 61"), |_| ()).expect("started");
    running.stop();
    let ended = running.wait();
    assert_eq!((ended.signal, ended.timed_out), (Some(15), false));
}

#[test]
fn it_is_a_future() {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let scene = Scene::with(&[]);
    let mut running = pin!(scene.open().run(&command("sleep 0.1; echo done"), |_| ()).expect("started"));
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let ended = loop {
        match running.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(ended) => break ended,
            Poll::Pending => std::thread::park(),
        }
    };
    assert_eq!(ended.output, "done\n");
}

#[test]
fn a_panic_of_who_takes_its_lines_ends_it_and_hangs_nobody() {
    let scene = Scene::with(&[]);
    let name = scene.at("").display().to_string();
    let line = format!("echo line; sleep 61; : {name}");
    let ended = scene.open().run(&command(&line), |_| panic!("on purpose")).expect("started").wait();
    assert_eq!((ended.status, ended.signal), (None, None));
    assert!(soon(|| !is_running(&name)));
}

/// Run by the next test in a process of its own.
#[test]
#[ignore = "is the process that is killed"]
fn killed_with_its_command() {
    let Some(directory) = std::env::var_os("CERTUS_TEST_PROJECT") else { return };
    let project = Project::open(std::path::Path::new(&directory)).expect("opens");
    let name = project.root().display();
    // Where nothing lists processes, what left the group is not found.
    let left = if cfg!(target_os = "linux") {
        format!("setsid -f sh -c 'trap \"\" TERM; sleep 61; : {name}'; ")
    } else {
        String::new()
    };
    let line = format!("{left}trap '' TERM; echo ready >ready; while :; do sleep 0.1; : {name}; done");
    let _ = project.run(&command(&line), |_| ()).expect("started").wait();
}

#[test]
fn its_end_does_not_depend_on_ours() {
    let scene = Scene::with(&[]);
    let name = fs::canonicalize(scene.at("")).expect("there").display().to_string();
    let mut us = std::process::Command::new(std::env::current_exe().expect("this test"))
        .args(["--ignored", "--exact", "killed_with_its_command"])
        .env("CERTUS_TEST_PROJECT", scene.at(""))
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("started");
    assert!(soon(|| scene.at("ready").exists()));
    assert!(is_running(&name));
    us.kill().expect("killed");
    us.wait().expect("reaped");
    assert!(soon(|| !is_running(&name)));
}

#[test]
fn what_writes_without_end_is_ended_within_bounds() {
    let endless = [
        "yes 'a line of a test that talks too much'",
        "cat /dev/zero",
        "trap '' TERM PIPE; while :; do echo more; done",
    ];
    for line in endless {
        let limits = Limits { time: LONG, output_bytes: 4096, written_bytes: 1_000_000 };
        let scene = Scene::with(&[]);
        let handed_on = Arc::new(Mutex::new(0));
        let count = Arc::clone(&handed_on);
        let command = Command { limits, ..command(line) };
        let running = scene.open().run(&command, move |text| *count.lock().expect("nobody panics") += text.len());
        let ended = running.expect("started").wait();
        assert!(
            ended.wrote_too_much && !ended.timed_out && ended.truncated && !ended.left_running,
            "{line}: {ended:?}"
        );
        assert!(!ended.succeeded() && ended.output.len() < 5_000, "{line}");
        assert!(*handed_on.lock().expect("nobody panics") < 1_100_000);
    }
    let ended = run_line("head -c 3000000 /dev/zero");
    assert!(ended.succeeded() && ended.truncated && !ended.wrote_too_much, "much is not too much");
}
