//! Who of a command is left, from the kernel's list of processes.
//!
//! A process is of the command when it is in the command's group or session, or was started with its mark in the environment.
//! Zombies do not count: they do nothing, and their own parent reaps them.

use std::io::Read;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::run::MARK;

/// How much of an environment is looked at, in bytes: what the kernel lets a program start with at most, by default.
const LONGEST_ENVIRONMENT: u64 = 2 * 1024 * 1024;

/// Whether anything is left; absent where there is no list of processes.
pub(crate) fn any(leader: Pid, mark: &str) -> Option<bool> {
    let list = list()?;
    Some(numbers(&list).any(|pid| is_of(&list, pid, leader, mark)))
}

/// Send a signal to everything that is left, in the group or not.
pub(crate) fn signal(leader: Pid, mark: &str, signal: Signal) {
    let Some(list) = list() else { return };
    for pid in numbers(&list) {
        if !is_of(&list, pid, leader, mark) {
            continue;
        }
        // The number may pass to a stranger at any time: it is held first and looked at once more.
        if let Ok(held) = pidfd_open(pid, PidfdFlags::empty())
            && is_of(&list, pid, leader, mark)
        {
            let _ = pidfd_send_signal(&held, signal);
        }
    }
}

fn list() -> Option<Dir> {
    Dir::open_ambient_dir("/proc", ambient_authority()).ok()
}

fn numbers(list: &Dir) -> impl Iterator<Item = Pid> {
    let names = list.entries().into_iter().flatten().filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter_map(|name| Pid::from_raw(name.parse().ok()?))
}

fn is_of(list: &Dir, pid: Pid, leader: Pid, mark: &str) -> bool {
    let leader = leader.as_raw_nonzero().get();
    let Some(Stat { zombie: false, group, session }) = stat(list, pid) else { return false };
    group == leader || session == leader || has_mark(list, pid, mark)
}

struct Stat {
    zombie: bool,
    group: i32,
    session: i32,
}

fn stat(list: &Dir, pid: Pid) -> Option<Stat> {
    let bytes = read(list, pid, "stat", 4096)?;
    let text = String::from_utf8_lossy(&bytes);
    // The name before it may hold anything, also `)`.
    let mut fields = text.rsplit_once(')')?.1.split_ascii_whitespace();
    let zombie = matches!(fields.next()?, "Z" | "X" | "x");
    let mut numbers = fields.map_while(|field| field.parse().ok());
    let (_parent, group, session) = (numbers.next()?, numbers.next()?, numbers.next()?);
    Some(Stat { zombie, group, session })
}

fn has_mark(list: &Dir, pid: Pid, mark: &str) -> bool {
    let expected = format!("{MARK}={mark}");
    let environment = read(list, pid, "environ", LONGEST_ENVIRONMENT).unwrap_or_default();
    environment.split(|byte| *byte == 0).any(|variable| variable == expected.as_bytes())
}

fn read(list: &Dir, pid: Pid, name: &str, most: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = list.open(format!("{}/{name}", pid.as_raw_nonzero())).ok()?;
    file.take(most).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}
