//! What can go wrong, with enough in it to say what to do next.
//!
//! Errors are cloned: one failed commit answers every append that shared it.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use certus_engine::ChainId;
use rusqlite::ErrorCode;

/// Why the store could not do it. Nothing half-written stays after any of these.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// No space is left; the store goes on working once there is.
    #[error("no space is left to write {}", path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// The file, its directory or its file system cannot be written to, or the store was opened for reading.
    #[error("{} cannot be written to: it is read-only", path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// The operating system says no.
    #[error("access to {} is denied", path.display())]
    Denied {
        /// The file.
        path: PathBuf,
    },
    /// A link where a file or directory of ours must be: following it could write outside of the project.
    #[error("{} is a symbolic link, or not what it must be; Certus writes through no link", path.display())]
    Link {
        /// The file.
        path: PathBuf,
    },
    /// Others could read or change what is kept there.
    #[error("{} must be a directory of this user with mode 0700", path.display())]
    Exposed {
        /// The directory.
        path: PathBuf,
    },
    /// Other processes kept the database locked for longer than anybody waits for it: a minute, but less of the ledger, where
    /// whoever asks waits between its tries.
    #[error("{} is kept busy by another process", path.display())]
    Busy {
        /// The database.
        path: PathBuf,
    },
    /// The database is not readable as one; [`crate::recover`] sets it aside.
    #[error("{} is damaged: {what}", path.display())]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What was found.
        what: String,
    },
    /// A newer Certus made it.
    #[error("{} was made by a newer Certus (format {found}, this one knows {known})", path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format known here.
        known: i64,
    },
    /// The database that was opened is not at its place any more: somebody removed or replaced it.
    #[error("{} was removed or replaced while Certus worked with it", path.display())]
    Gone {
        /// The database.
        path: PathBuf,
    },
    /// There is no database there, and it was opened for reading.
    #[error("there is no Certus database in {}", path.display())]
    Missing {
        /// The state directory.
        path: PathBuf,
    },
    /// Somebody else appended to the chain since it was read.
    #[error("chain {chain} stands at event {found}, not at {expected}: another process went on with it")]
    Conflict {
        /// Which.
        chain: ChainId,
        /// The version that the append started from.
        expected: u64,
        /// The version on disk.
        found: u64,
    },
    /// No such chain.
    #[error("there is no chain {chain}")]
    NoChain {
        /// Which.
        chain: ChainId,
    },
    /// One event or blob is larger than anything this store keeps.
    #[error("{what} is larger than {limit} bytes")]
    TooLarge {
        /// What.
        what: String,
        /// In bytes.
        limit: u64,
    },
    /// The chains of the project together would pass the cap of a day.
    #[error(transparent)]
    OverBudget(#[from] certus_engine::OverBudget),
    /// Another process works on a chain that this would touch.
    #[error(transparent)]
    Held(#[from] crate::Held),
    /// Anything else that the operating system says.
    #[error("{}: {message}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it says.
        message: String,
    },
    /// Anything else that SQLite says.
    #[error("{}: {message}", path.display())]
    Sql {
        /// The database.
        path: PathBuf,
        /// What it says.
        message: String,
    },
}

/// Whether only others are in the way. Where very many begin to read at once, SQLite gives up by another name.
pub(crate) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed)
    )
}

impl StoreError {
    pub(crate) fn io(path: &Path, error: &io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { path },
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { path },
            io::ErrorKind::PermissionDenied => Self::Denied { path },
            _ => Self::Io { path, message: error.to_string() },
        }
    }

    /// SQLite does not say why it cannot open a file, or one of those that it needs beside it; the system does.
    fn cannot_open(path: PathBuf, error: &rusqlite::Error) -> Self {
        if path.exists()
            && let Err(error) = OpenOptions::new().write(true).open(&path)
        {
            return Self::io(&path, &error);
        }
        let beside = path.with_extension(format!("probe-{}", std::process::id()));
        match OpenOptions::new().write(true).create_new(true).open(&beside) {
            Err(error) => Self::io(&path, &error),
            Ok(_) => {
                let _ = std::fs::remove_file(&beside);
                Self::Sql { path, message: error.to_string() }
            }
        }
    }

    /// SQLite says of a write beside the database only that it failed; what the system says tells whether space is left.
    fn cannot_write(path: PathBuf, error: &rusqlite::Error) -> Self {
        // As much as SQLite's own file for readers takes at least.
        const PROBE: &[u8] = &[0; 32 << 10];
        let beside = path.with_extension(format!("probe-{}", std::process::id()));
        let written = OpenOptions::new().write(true).create_new(true).open(&beside).and_then(|mut file| {
            file.write_all(PROBE)?;
            file.sync_all()
        });
        let _ = std::fs::remove_file(&beside);
        match written.map_err(|error| Self::io(&path, &error)) {
            Err(full @ Self::Full { .. }) => full,
            _ => Self::Sql { path, message: error.to_string() },
        }
    }

    pub(crate) fn sql(path: &Path, error: &rusqlite::Error) -> Self {
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::SystemIoFailure) => Self::cannot_write(path, error),
            Some(ErrorCode::CannotOpen) => Self::cannot_open(path, error),
            Some(ErrorCode::ReadOnly) => Self::ReadOnly { path },
            Some(ErrorCode::PermissionDenied | ErrorCode::AuthorizationForStatementDenied) => Self::Denied { path },
            _ if is_busy(error) => Self::Busy { path },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged { path, what: error.to_string() }
            }
            Some(ErrorCode::TooBig) => {
                Self::TooLarge { what: "an event or a blob".to_owned(), limit: crate::MAX_VALUE_BYTES }
            }
            // A table or column that must be there and is not: somebody changed the file, or half of it is gone.
            Some(ErrorCode::Unknown | ErrorCode::TypeMismatch) => Self::Damaged { path, what: error.to_string() },
            _ => match error {
                rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::Utf8Error(..)
                | rusqlite::Error::InvalidColumnType(..) => Self::Damaged { path, what: error.to_string() },
                _ => Self::Sql { path, message: error.to_string() },
            },
        }
    }
}
