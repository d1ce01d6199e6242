//! Edits: what a reply drafts, what a person approves, what is written.
//!
//! A draft is only a wish. It is planned against the files as they are, which gives a digest over exactly what would be
//! written; a person approves that digest; only then is it written, and only where the files are still the same.

use serde::{Deserialize, Serialize};

use crate::{Digest, EffectId, ErrorCode};

/// An edit of one file, as a reply words it. Exactly one of `content`, `replace` and `delete` is meant; planning refuses others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Edit {
    /// Relative to the project's root.
    pub path: String,
    /// The file as it was shown: its sha-256 in hex, or the beginning of it. Absent for a file that must not exist yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// The whole new content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Passages to replace, each of which occurs exactly once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replace: Vec<Replacement>,
    /// The file goes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub delete: bool,
}

/// One passage and what stands there afterwards.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Replacement {
    /// Occurs exactly once in the file.
    pub find: String,
    /// May be empty.
    #[serde(rename = "with", alias = "replace")]
    pub with: String,
}

/// Edits that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// `D1`, `D2` … in the order in which replies brought them.
    pub id: String,
    /// `tests`, `change` …
    pub kind: String,
    /// One line.
    pub title: String,
    /// The prompt whose reply it was.
    pub prompt: String,
    /// The prompt's effect.
    pub effect: EffectId,
    /// In which phase.
    pub phase: String,
    /// In which visit of it.
    pub visit: u32,
    /// What is to be changed; empty once nothing more can come of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<Edit>,
    /// Where it stands.
    pub state: DraftState,
    /// What was found changed when it was to be written: whoever approved it had not seen that, and sees it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict: Option<String>,
}

/// Where a draft stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is", content = "of")]
pub enum DraftState {
    /// Nobody proposed it yet.
    New,
    /// A person changed it, or its files; it is planned anew and seen again.
    Amended,
    /// Planned, to be shown.
    Planned(Plan),
    /// A person approved exactly this.
    Approved(Plan),
    /// A person refused it, and why.
    Refused(String),
    /// It is in the files.
    Written(Written),
    /// What it would write stands already in these files, by path: there was nothing to show or to write.
    Unchanged(Vec<String>),
    /// It was written and taken back.
    Undone,
    /// It cannot be planned or written.
    Failed {
        /// The kind of failure.
        code: ErrorCode,
        /// For people and models.
        message: String,
    },
}

impl Draft {
    /// It is planned against the files as they are, and seen again. Passages say themselves what they stand in; a whole file was
    /// written for the one that it names.
    pub(crate) fn plan_anew(&mut self) {
        self.edits.iter_mut().filter(|edit| !edit.replace.is_empty()).for_each(|edit| edit.base = None);
        self.state = DraftState::Amended;
    }
}

impl DraftState {
    /// The state's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Amended => "amended",
            Self::Planned(_) => "planned",
            Self::Approved(_) => "approved",
            Self::Refused(_) => "refused",
            Self::Written(_) => "written",
            Self::Unchanged(_) => "unchanged",
            Self::Undone => "undone",
            Self::Failed { .. } => "failed",
        }
    }

    /// Nothing more is written because of it.
    pub fn is_over(&self) -> bool {
        !matches!(self, Self::New | Self::Amended | Self::Planned(_) | Self::Approved(_))
    }

    /// The files in which what it would write stands already; empty for any other state.
    pub fn unchanged(&self) -> &[String] {
        match self {
            Self::Unchanged(paths) => paths,
            _ => &[],
        }
    }

    /// Why it came to nothing, if it did.
    pub fn problem(&self) -> Option<&str> {
        match self {
            Self::Refused(why) => Some(why),
            Self::Failed { message, .. } => Some(message),
            _ => None,
        }
    }
}

/// A draft against the files as they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Over every path, old and new content: what an approval is given over.
    pub digest: Digest,
    /// Of the plan as it is stored, with its diffs and every text before and after.
    pub stored: Digest,
    /// By path. Empty where all that would be written stands already.
    pub files: Vec<FileChange>,
    /// Paths of files that are what they would become. They are no part of what is approved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unchanged: Vec<String>,
}

/// What happens to one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// Relative to the project's root.
    pub path: String,
    /// Of the content before; absent where the file is new.
    pub old: Option<Digest>,
    /// Of the content after; absent where the file goes.
    pub new: Option<Digest>,
    /// Lines.
    pub added: u32,
    /// Lines.
    pub removed: u32,
    /// There is more to the change than a person is shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
    /// It changes tests that stand in the file among the code.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tests: bool,
}

/// A plan that was carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Of the plan.
    pub plan: Digest,
    /// Of the record that takes it back.
    pub undo: Digest,
    /// By path.
    pub files: Vec<FileChange>,
}

/// What else an approval of edits covers. It ends with the chain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "covers", content = "path")]
pub enum Grant {
    /// All edits of these files.
    Files(Vec<String>),
    /// All edits.
    Chain,
}
