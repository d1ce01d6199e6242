//! Why edits are not planned, written or taken back. Paths in messages are escaped.

use std::io;

use crate::edit::{EDIT_LIMIT, EDIT_TOTAL, MOST_EDITS, MOST_REPLACEMENTS};
use crate::exclude::Exclusion;
use crate::path::shown;

/// Why edits were refused. Nothing was changed, except as [`EditError::HalfDone`] says.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// There is no edit.
    #[error("there is nothing to edit")]
    Nothing,
    /// More than [`MOST_EDITS`].
    #[error("{count} files are edited at once; the limit is {MOST_EDITS}")]
    TooMany {
        /// How many there are.
        count: usize,
    },
    /// All files together have more than [`EDIT_TOTAL`] bytes, or all texts of the edits.
    #[error("the edits have {size} bytes; the limit is {EDIT_TOTAL}")]
    TooMuch {
        /// Bytes.
        size: u64,
    },
    /// A file has more than [`EDIT_LIMIT`] bytes, before or after.
    #[error("{} has {size} bytes; the limit for editing is {EDIT_LIMIT}", shown(.path))]
    TooLarge {
        /// As given.
        path: String,
        /// Bytes.
        size: u64,
    },
    /// More than [`MOST_REPLACEMENTS`] in one file.
    #[error("{} has {count} replacements; the limit is {MOST_REPLACEMENTS}", shown(.path))]
    TooManyReplacements {
        /// As given.
        path: String,
        /// How many there are.
        count: usize,
    },
    /// The path is not of the form of a project path, or a symbolic link leads out of the project.
    #[error("{} is not inside the project", shown(.path))]
    Outside {
        /// As given.
        path: String,
    },
    /// The path, or a directory on the way, is excluded. Said whether or not the file exists.
    #[error("{} is excluded: {why}", shown(.path))]
    Excluded {
        /// As given.
        path: String,
        /// What excludes it.
        why: Exclusion,
    },
    /// One of the files that say how Certus works in this project.
    #[error("{} says how Certus works here and is not edited unless allowed by name", shown(.path))]
    Protected {
        /// As given.
        path: String,
    },
    /// A new name that some system cannot hold, or that looks like another.
    #[error("{} cannot be created: {why}", shown(.path))]
    BadName {
        /// As given.
        path: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// One file is edited twice.
    #[error("{} is edited twice", shown(.path))]
    Twice {
        /// As given.
        path: String,
    },
    /// Two names that look the same, or are the same on some file systems.
    #[error("{} differs from {} only in {differing}", shown(.path), shown(.other))]
    Twin {
        /// As given.
        path: String,
        /// The name in the way: of the same edits, or of the project.
        other: String,
        /// In what.
        differing: &'static str,
    },
    /// One edited path lies below another.
    #[error("{} lies below {}, which is edited as a file", shown(.path), shown(.other))]
    Below {
        /// As given.
        path: String,
        /// Its ancestor.
        other: String,
    },
    /// A symbolic link, directory, FIFO, device or socket; or something other than a directory on the way.
    #[error("{} is {what}", shown(.at))]
    Is {
        /// As given.
        path: String,
        /// What cannot be edited, or entered: `path` or a directory on the way.
        at: String,
        /// What it is, with its article.
        what: &'static str,
    },
    /// Something in it is hidden from whoever wrote the edit, and must not be stored with it.
    #[error("{} holds a key of yours, which nobody else may read: move the key into the environment or .env first", shown(.path))]
    Hidden {
        /// As given.
        path: String,
    },
    /// There is a base and no file.
    #[error("{} does not exist", shown(.path))]
    Missing {
        /// As given.
        path: String,
    },
    /// There is a file and no base.
    #[error("{} exists already", shown(.path))]
    Exists {
        /// As given.
        path: String,
    },
    /// The change is of a file that exists, and there is no base.
    #[error("{} is changed without having been read", shown(.path))]
    NoBase {
        /// As given.
        path: String,
    },
    /// The file is not what it was when it was read, planned or written.
    #[error("{} was changed meanwhile", shown(.path))]
    Conflict {
        /// As given.
        path: String,
    },
    /// Not text: a NUL, or not UTF-8.
    #[error("{} is not a text file", shown(.path))]
    Binary {
        /// As given.
        path: String,
    },
    /// The file or its directory must not be written.
    #[error("{} is read-only", shown(.at))]
    ReadOnly {
        /// As given.
        path: String,
        /// `path` or its directory.
        at: String,
    },
    /// A text to find is empty, is not there, stands there more than once, or overlaps another.
    #[error("{}: text {number} to find {why}", shown(.path))]
    Find {
        /// As given.
        path: String,
        /// 1-based, among the replacements of this file.
        number: usize,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A stored plan or undo does not agree with itself.
    #[error("what is stored of the edit of {} is damaged", shown(.path))]
    Damaged {
        /// As stored.
        path: String,
    },
    /// Anything else that the operating system said.
    #[error("{} cannot be edited: {source}", shown(.path))]
    Io {
        /// As given.
        path: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// An earlier write of the same plan was cut short, and somebody changed these files since: whether they hold what was to be
    /// written too, nobody knows. What was written of the others was put back.
    #[error("{}", cut_short(.changed, .back))]
    CutShort {
        /// Paths of files that are neither what the plan was made for nor what it makes.
        changed: Vec<String>,
        /// Paths of files that are as they were before.
        back: Vec<String>,
    },
    /// It failed in the middle, and these files could not be put back, mostly because somebody changed them since.
    #[error("{cause}; not put back: {}", listed(.left))]
    HalfDone {
        /// Paths of files that are as the edits wanted them, or as somebody made them since.
        left: Vec<String>,
        /// Why it failed.
        #[source]
        cause: Box<EditError>,
    },
}

fn listed(paths: &[String]) -> String {
    paths.iter().map(|path| shown(path)).collect::<Vec<_>>().join(", ")
}

fn cut_short(changed: &[String], back: &[String]) -> String {
    let (it, was) = if changed.len() == 1 { ("it", "was") } else { ("they", "were") };
    let back = if back.is_empty() { String::new() } else { format!("; put back as before: {}", listed(back)) };
    format!(
        "writing was cut short before, and {} {was} changed since: look whether {it} still hold{} what was to be written{back}",
        listed(changed),
        if changed.len() == 1 { "s" } else { "" }
    )
}
