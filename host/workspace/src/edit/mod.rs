//! Edits: a change of files that is planned, shown, approved, written and can be taken back.
//!
//! [`Project::plan`](crate::Project::plan) looks and computes, and writes nothing. Its [`Plan`] carries all that the later steps
//! need (what will be written, what was there), so it can be stored, shown, approved by its digest, and written by another
//! process. [`Project::write`](crate::Project::write) takes a plan to the disk as a whole or not at all, and may be called again
//! with the same plan after a crash. [`Project::undo`](crate::Project::undo) takes it back, unless somebody has worked on the
//! files since.
//!
//! Only text is edited, and only within bounds: a change that nobody could read is no change that anybody can approve. A file
//! that is excluded from reading is excluded here too, and trust does not help: it lets a file be seen, not changed.
//!
//! The road not taken: writing through the version control of the project. Not every project has one, and its index and
//! stash belong to the person.

mod diff;
mod error;
mod names;
mod place;
mod plan;
mod swap;
mod text;
mod write;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use error::EditError;
pub use plan::{Kind, Plan, PlannedFile};
pub use write::{Undo, UndoEntry, Written};

/// What differs between two texts of a file, as a person is shown it; an absent text is a file that is not there.
#[must_use]
pub fn difference(path: &str, old: Option<&str>, new: Option<&str>) -> String {
    diff::unified(path, old, new).text
}

/// Largest file that is edited, before and after, in bytes: 1 MiB.
pub const EDIT_LIMIT: u64 = crate::READ_LIMIT;
/// Most bytes in all files of one plan, before and after, and in all texts of its edits: 4 MiB.
pub const EDIT_TOTAL: u64 = 4 * 1024 * 1024;
/// Most files in one plan.
pub const MOST_EDITS: usize = 64;
/// Most replacements in one file.
pub const MOST_REPLACEMENTS: usize = 256;

/// What is to become of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEdit {
    /// Relative to the root, with `/`.
    pub path: String,
    /// sha-256 of the file as it was read, in lower-case hex: what [`Text::digest`](crate::Text::digest) says. Absent where
    /// there must be no such file yet.
    #[serde(default)]
    pub base: Option<String>,
    /// The change.
    pub change: Change,
}

/// How a file changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// This is the whole of it. Line endings follow the file's own where that has one kind throughout.
    Whole(String),
    /// Each `find` gives way to its `replace`, all at once. They need a file with a base.
    Replace(Vec<Replacement>),
    /// The file goes.
    Delete,
}

/// One place in a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replacement {
    /// Must stand exactly once in the file; line endings do not matter where the file has one kind throughout.
    pub find: String,
    /// What stands there afterwards.
    pub replace: String,
}

/// What a person allowed beyond the rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permit {
    /// Paths of Certus's own files in the project (`certus.toml`, `project_rules.md` …) that may be edited.
    pub protected: BTreeSet<String>,
    /// Refuse names that differ only in case, from each other or from what is there: for projects that are also used on file
    /// systems that do not tell them apart.
    pub fold_case: bool,
}
