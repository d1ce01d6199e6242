//! The window in a file. It is locked while it is read and written, by the operating system: a process that dies lets go of it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Error, Read, Seek, Write};
use std::path::Path;

use super::{Taken, Window};

/// Bytes of the file that are read: far more than the calls of a minute take.
const MOST: u64 = 1 << 20;

/// Do something with the window; `None` where another process is at it.
pub(super) fn with<T>(path: &Path, act: impl FnOnce(&mut Window) -> T) -> Result<Option<T>, Error> {
    let mut file = open(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let mut bytes = Vec::new();
    (&file).take(MOST).read_to_end(&mut bytes)?;
    let mut window = read(&String::from_utf8_lossy(&bytes));
    let result = act(&mut window);
    file.rewind()?;
    file.set_len(0)?;
    file.write_all(written(&window).as_bytes())?;
    Ok(Some(result))
}

fn open(path: &Path) -> Result<File, Error> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A line for each call: its number, when it began, and its tokens. What is none is passed over.
fn read(text: &str) -> Window {
    let taken = |line: &str| {
        let mut numbers = line.split(' ').map(str::parse);
        let mut next = || numbers.next()?.ok();
        Some(Taken { number: next()?, at: next()?, tokens: next()? })
    };
    Window(text.lines().filter_map(taken).collect())
}

fn written(window: &Window) -> String {
    window.0.iter().map(|Taken { number, at, tokens }| format!("{number} {at} {tokens}\n")).collect()
}
