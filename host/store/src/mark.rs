//! How far the log was written, beside the log.
//!
//! A write-ahead log that is cut off, or deleted, looks like one that never went further: SQLite then opens the database as it
//! was before, without a word. So the number of the last row is kept in a file of its own, written after each commit and
//! synced by nobody: it survives whatever a process survives, and may be older than the log, never newer.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// The file, open for writing.
pub(crate) struct Mark(File);

impl Mark {
    /// Made unless it is there. Where it cannot be, nothing is noticed and nothing else is worse.
    pub(crate) fn open(path: &Path) -> Option<Self> {
        if path.is_symlink() {
            return None;
        }
        OpenOptions::new().write(true).create(true).truncate(false).open(path).ok().map(Self)
    }

    /// Always of one length, so that it is replaced by a single write.
    pub(crate) fn set(&mut self, row: i64) -> io::Result<()> {
        self.0.seek(SeekFrom::Start(0))?;
        self.0.write_all(format!("{row:020}\n").as_bytes())
    }
}

/// The last row that is known to have been written; 0 where nothing is known.
pub(crate) fn read(path: &Path) -> i64 {
    let mut text = String::new();
    let known =
        !path.is_symlink() && File::open(path).is_ok_and(|file| file.take(21).read_to_string(&mut text).is_ok());
    if known { text.trim().parse().unwrap_or(0) } else { 0 }
}
