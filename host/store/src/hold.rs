//! Who works on a chain: an operating-system lock on a file, so that it is free again the moment its holder dies.
//!
//! A row in the database would have to be cleaned up after a crash, by guessing whether a pid still means the same
//! process. The file is never removed: a lock on a removed file would not be seen by who opens the name anew.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::time::Duration;

use certus_engine::{ChainId, Millis};
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::dir::{Dir, ensure};

/// While it lives, no other process works on the chain.
#[derive(Debug)]
pub struct Hold {
    chain: ChainId,
    // Closing the file unlocks it.
    _file: File,
}

impl Hold {
    /// The chain that is held.
    pub fn chain(&self) -> ChainId {
        self.chain
    }
}

/// Another process holds the chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("chain {chain} is held by {}", self.who())]
pub struct Held {
    /// Which.
    pub chain: ChainId,
    /// The holder's process id, once it wrote it.
    pub pid: Option<u32>,
    /// Since when.
    pub since: Option<Millis>,
    /// On which machine.
    pub host: Option<String>,
}

impl Held {
    fn who(&self) -> String {
        match (self.pid, &self.host) {
            (Some(pid), Some(host)) => format!("process {pid} on {host}"),
            (Some(pid), None) => format!("process {pid}"),
            _ => "another process".to_owned(),
        }
    }
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Note {
    pid: Option<u32>,
    since: Option<Millis>,
    host: Option<String>,
}

pub(crate) fn hold(dir: &Dir, chain: ChainId, now: Millis) -> Result<Hold, StoreError> {
    ensure(&dir.locks())?;
    let path = dir.lock(chain);
    let mut file = open(&path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let note = holder(&mut file);
            return Err(StoreError::Held(Held { chain, pid: note.pid, since: note.since, host: note.host }));
        }
        Err(TryLockError::Error(error)) => return Err(StoreError::io(&path, &error)),
    }
    let note = Note { pid: Some(std::process::id()), since: Some(now), host: host() };
    // What is written here only informs; the lock is what counts, so that a full disk does not stop anybody.
    if let Ok(text) = serde_json::to_vec(&note) {
        let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(&text));
    }
    Ok(Hold { chain, _file: file })
}

/// Whether somebody works on a chain, without taking it: whoever wants it meanwhile gets it. By the name that its holder left, which
/// means nothing once that process is gone; of another machine's nobody knows here, and it counts as alive.
pub(crate) fn is_held(dir: &Dir, chain: ChainId) -> bool {
    let Ok(mut file) = File::open(dir.lock(chain)) else { return false };
    let note = read(&mut file);
    let Some(pid) = note.pid else { return false };
    note.host != host() || is_alive(pid)
}

/// Whether there is a process of that number.
fn is_alive(pid: u32) -> bool {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, test_kill_process};
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
        // One that belongs to somebody else is there as well.
        pid.is_some_and(|pid| test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
    }
    #[cfg(not(unix))]
    {
        let _ = pid;
        true
    }
}

fn open(path: &Path) -> Result<File, StoreError> {
    if path.is_symlink() {
        return Err(StoreError::Link { path: path.to_owned() });
    }
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(|error| StoreError::io(path, &error))
}

/// Who holds it. Whoever just took it writes its name a moment later; what stands there until then, if anything, is the
/// name of the holder before.
fn holder(file: &mut File) -> Note {
    let alive = |pid: u32| !Path::new("/proc/self").exists() || Path::new("/proc").join(pid.to_string()).exists();
    for _ in 0..20 {
        let note = read(file);
        if note.pid.is_some_and(alive) {
            return note;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    // Its pid may mean nothing in this container; that it was written counts.
    read(file)
}

fn read(file: &mut File) -> Note {
    let mut text = String::new();
    // Bounded, because anybody can write there.
    let _ = file.rewind();
    let _ = file.take(4096).read_to_string(&mut text);
    serde_json::from_str(&text).unwrap_or_default()
}

fn host() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    let name: String = name.trim().chars().filter(|c| !c.is_control()).take(64).collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_took_it_a_moment_ago_is_named() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let dir = Dir::open(folder.path(), true).expect("a state directory");
        ensure(&dir.locks()).expect("a folder");
        let mut taken = open(&dir.lock(ChainId(1))).expect("a lock");
        taken.lock().expect("it is free");
        // What the holder before left: no process has that number.
        taken.write_all(br#"{"pid":4294967295}"#).expect("it can be written");
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(20));
                let note = Note { pid: Some(std::process::id()), ..Note::default() };
                let text = serde_json::to_vec(&note).expect("it serialises");
                taken.set_len(0).and_then(|()| taken.rewind()).and_then(|()| taken.write_all(&text)).expect("written");
            });
            let refused = hold(&dir, ChainId(1), 0).map(drop);
            let pid = Some(std::process::id());
            assert_eq!(refused, Err(StoreError::Held(Held { chain: ChainId(1), pid, since: None, host: None })));
        });
    }
}
