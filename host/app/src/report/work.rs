//! What became of the edits and checks of a chain.

use certus_engine::{Chain, Draft, DraftState};
use serde::Serialize;

use crate::session::edits::FileLine;

/// A draft of edits and what became of it.
#[derive(Debug, Clone, Serialize)]
pub struct DraftLine {
    /// `D1` …
    pub draft: String,
    /// `tests`, `change` …
    pub kind: String,
    /// One line.
    pub title: String,
    /// `new`, `planned`, `approved`, `written`, `unchanged` (what it would write stands already), `refused`, `failed`, `undone`.
    pub state: &'static str,
    /// Why it came to nothing, or is shown again.
    pub why: Option<String>,
    /// Paths, once they were looked at.
    pub files: Vec<String>,
    /// It waits to be approved.
    pub waits: bool,
    /// What is to be approved, file by file, where it waits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub diffs: Vec<FileLine>,
}

/// A run of one of the project's own checks.
#[derive(Debug, Clone, Serialize)]
pub struct CheckLine {
    /// `test`, `lint`, `build`.
    pub check: String,
    /// The command line.
    pub command: String,
    /// Its exit status; absent when a signal or the limit of time ended it.
    pub status: Option<i32>,
    /// What ended it, where a limit did: `after 600 s (check-seconds)`, with the setting of `[limits]` that raises it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
    /// Of the files as it ran.
    pub tree: String,
    /// Nothing was written since, and it did not run again.
    pub fresh: bool,
}

pub(super) fn draft(draft: &Draft) -> DraftLine {
    let text = crate::clean::clean;
    let files = match &draft.state {
        DraftState::Planned(plan) | DraftState::Approved(plan) => plan.files.as_slice(),
        DraftState::Written(written) => written.files.as_slice(),
        _ => &[],
    };
    DraftLine {
        draft: draft.id.clone(),
        kind: text(&draft.kind),
        title: text(&draft.title),
        state: draft.state.name(),
        why: why(draft).as_deref().map(text),
        files: files.iter().map(|file| &file.path).chain(draft.state.unchanged()).cloned().collect(),
        waits: matches!(draft.state, DraftState::Planned(_)),
        diffs: Vec::new(),
    }
}

/// Why it came to nothing, or has to be seen again. What was found when it was to be written is part of why it then failed.
fn why(draft: &Draft) -> Option<String> {
    match (draft.conflict.as_deref(), draft.state.problem()) {
        (Some(conflict), Some(problem)) if matches!(draft.state, DraftState::Failed { .. }) => {
            Some(format!("{conflict}; {problem}"))
        }
        (conflict, problem) => problem.or(conflict).map(str::to_owned),
    }
}

pub(super) fn checks(chain: &Chain) -> Vec<CheckLine> {
    let fresh: Vec<u64> = chain.fresh_evidence().map(|evidence| evidence.seq).collect();
    let line = |evidence: &certus_engine::Evidence| CheckLine {
        check: evidence.check.clone(),
        command: crate::clean::clean(&evidence.command),
        status: evidence.status,
        ended: evidence.limit.map(|limit| limit.to_string()),
        tree: evidence.tree.to_string(),
        fresh: fresh.contains(&evidence.seq),
    };
    chain.evidence().iter().map(line).collect()
}
