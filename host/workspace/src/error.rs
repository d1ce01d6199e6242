//! What can go wrong when a project is opened, read or searched. Paths in messages are escaped.

use std::io;
use std::path::PathBuf;

use crate::exclude::Exclusion;
use crate::path::shown;

/// Why a project could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing is there.
    #[error("{} does not exist", shown(&.path.to_string_lossy()))]
    NotFound {
        /// As given.
        path: PathBuf,
    },
    /// Something other than a directory is there.
    #[error("{} is not a directory", shown(&.path.to_string_lossy()))]
    NotADirectory {
        /// As given.
        path: PathBuf,
    },
    /// The operating system does not let us in.
    #[error("{} may not be read: {source}", shown(&.path.to_string_lossy()))]
    Denied {
        /// As given.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Anything else.
    #[error("{} cannot be opened: {source}", shown(&.path.to_string_lossy()))]
    Io {
        /// As given.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

/// Why one file or directory could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
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
    /// Nothing is there.
    #[error("{} does not exist", shown(.path))]
    Missing {
        /// As given.
        path: String,
    },
    /// A directory, symbolic link, FIFO, device or socket; or, where a directory was asked for, something else.
    #[error("{} is {what}", shown(.path))]
    NotRegular {
        /// As given.
        path: String,
        /// What it is, with its article.
        what: &'static str,
    },
    /// Larger than the caller wants.
    #[error("{} has {size} bytes; the limit is {limit}", shown(.path))]
    TooLarge {
        /// As given.
        path: String,
        /// Bytes.
        size: u64,
        /// Bytes.
        limit: u64,
    },
    /// Not UTF-8.
    #[error("{}:{line} is not UTF-8", shown(.path))]
    NotUtf8 {
        /// As given.
        path: String,
        /// 1-based, of the first byte that is not UTF-8.
        line: u32,
    },
    /// Anything else that the operating system said.
    #[error("{} cannot be read: {source}", shown(.path))]
    Io {
        /// As given.
        path: String,
        /// What the operating system said.
        source: io::Error,
    },
}

/// Why a list, glob or search could not be made.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// The pattern cannot be compiled, or is too large.
    #[error("`{}` is not a usable pattern: {why}", shown(.pattern))]
    Pattern {
        /// As given.
        pattern: String,
        /// From the compiler of the pattern.
        why: String,
    },
    /// The directory cannot be read.
    #[error(transparent)]
    Directory(#[from] ReadError),
    /// The caller did not want to go on.
    #[error("stopped before the end")]
    Stopped,
}
