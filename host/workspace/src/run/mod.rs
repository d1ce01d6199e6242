//! Running a project's own check: `npm test`, `cargo clippy`, as a project's conventions say it.
//!
//! The command is the project's own code and may do what the user may: it is *not* confined, and nothing here pretends that it
//! is. What is done is this. It runs through `/bin/sh` in a session of its own, so that it has no terminal to read, write
//! or hang on; its environment is made of a short list ([`Environment`]); its output is read and kept within bounds; and
//! when it ends, is too slow, writes too much, is no longer wanted, or we are killed, everything that it started ends too: SIGTERM first,
//! SIGKILL two seconds later.
//!
//! "Everything" is the process group, and on Linux also whatever of the session, or with the mark of this run in its
//! environment, has left the group. What gets away: on Linux, a process that leaves the session *and* starts another program
//! without our environment (or overwrites it), and one of another user; elsewhere, whatever leaves the group. When we are
//! killed with SIGKILL ourselves, the group alone is ended, by a guard process. What was seen to get away is
//! [`Finished::left_running`]; nothing that gets away can hold us up.
//!
//! The road not taken: becoming the reaper of orphans (`PR_SET_CHILD_SUBREAPER`), which is a property of our whole process
//! and would hand us the orphans of everybody else in it.
//!
//! No async runtime is needed: a thread watches the command, and [`Running`] is a plain future.

mod environment;
#[cfg(target_os = "linux")]
mod left;
mod output;
mod running;
#[cfg(unix)]
mod watch;

use std::io;
use std::time::Duration;

pub use environment::{Environment, MARK, is_secret};
pub use running::Running;

use crate::error::ReadError;
use crate::path::shown;
use crate::project::Project;

/// Longest command line, in bytes.
pub const LONGEST_LINE: usize = 64 * 1024;

/// A command of a project.
#[derive(Debug, Clone)]
pub struct Command {
    /// For `/bin/sh -c`.
    pub line: String,
    /// Where it runs, from the root, with `/`; the root itself where empty.
    pub directory: String,
    /// All that it finds in its environment, but for [`MARK`].
    pub environment: Environment,
    /// How far it may go.
    pub limits: Limits,
}

/// How far a command may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// From its start; then it is ended.
    pub time: Duration,
    /// Bytes of its output that are kept: of a longer one, a quarter of this from its start and three quarters from its end.
    pub output_bytes: usize,
    /// Bytes that it may write in all; then it is ended.
    pub written_bytes: u64,
}

impl Default for Limits {
    /// Ten minutes, 256 KiB kept of at most 64 MiB.
    fn default() -> Limits {
        Limits { time: Duration::from_secs(600), output_bytes: 256 * 1024, written_bytes: 64 * 1024 * 1024 }
    }
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// Its exit status; absent when a signal ended it.
    pub status: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// It took longer than it was given and was ended, whatever its status says.
    pub timed_out: bool,
    /// It wrote more than it may and was ended, whatever its status says.
    pub wrote_too_much: bool,
    /// Something was left out of `output`.
    pub truncated: bool,
    /// What it wrote to standard output and standard error, in the order in which it wrote it, with a line that says so where
    /// something was left out. Bytes that are no UTF-8 are replaced, control sequences and control characters other than line
    /// breaks and tabs are gone.
    pub output: String,
    /// From its start until it and what it had started were gone.
    pub elapsed: Duration,
    /// Something that it started could not be ended.
    pub left_running: bool,
}

impl Finished {
    /// Whether it ended by itself with exit status 0.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.status == Some(0) && !self.timed_out && !self.wrote_too_much
    }
}

/// Why a command was not started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// It is empty, has a NUL, or is longer than [`LONGEST_LINE`].
    #[error("`{}` is not a command line", shown(&.line.chars().take(200).collect::<String>()))]
    Line {
        /// As given.
        line: String,
    },
    /// It cannot run where it should.
    #[error(transparent)]
    Directory(#[from] ReadError),
    /// The operating system did not start it.
    #[error("the command cannot be started: {source}")]
    Start {
        /// What the operating system said.
        source: io::Error,
    },
}

impl Project {
    /// Start a command in the project. `on_output` gets every line as it comes, cleaned like [`Finished::output`], without its
    /// end and in pieces of at most 4 KiB, as long as they are of the first 4 MiB: nobody reads on. It is called from the thread that watches the command and must not wait: as long as it
    /// does, nothing is read and no limit of time is kept.
    ///
    /// # Errors
    /// It was not started. How it ended is what [`Running`] gives.
    pub fn run(&self, command: &Command, on_output: impl FnMut(&str) + Send + 'static) -> Result<Running, RunError> {
        let line = &command.line;
        if line.trim().is_empty() || line.contains('\0') || line.len() > LONGEST_LINE {
            return Err(RunError::Line { line: line.clone() });
        }
        // Asked of the gate, so that the directory is one of the project, reached through no link.
        let place = self.place(&command.directory, &command.directory)?;
        let directory = self.root().join(place.path);
        #[cfg(unix)]
        let started = watch::start(command, &directory, Box::new(on_output));
        #[cfg(not(unix))]
        let started = {
            let _ = (directory, on_output);
            Err(io::Error::from(io::ErrorKind::Unsupported))
        };
        started.map_err(|source| RunError::Start { source })
    }
}
