//! The floor under `certus status`: a process that opens the same database and reads one row.
//!
//! `read_row FILE`, where the file is a project's `certus.db`.
#![allow(clippy::print_stdout, reason = "what it prints is its whole purpose")]

use std::process::ExitCode;

use rusqlite::{Connection, OpenFlags};

fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1) else { return ExitCode::from(2) };
    let read = || -> rusqlite::Result<String> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(path, flags)?;
        db.query_row("SELECT goal FROM chains WHERE id = 500", [], |row| row.get(0))
    };
    match read() {
        Ok(goal) => {
            println!("{goal}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}
