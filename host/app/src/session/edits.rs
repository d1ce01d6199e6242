//! A chain's edits, as a person sees them.

use certus_engine::{ChainId, DraftState, Request};
use serde::Serialize;

use super::Session;
use crate::{Failure, Kind};

/// The edits of one draft.
#[derive(Debug, Clone, Serialize)]
pub struct EditsReport {
    /// `047`.
    pub chain: String,
    /// `D1` …
    pub draft: String,
    /// `tests`, `change` …
    pub kind: String,
    /// One line.
    pub title: String,
    /// `planned`, `written` …
    pub state: &'static str,
    /// By path.
    pub files: Vec<FileLine>,
}

/// One file of them.
#[derive(Debug, Clone, Serialize)]
pub struct FileLine {
    /// Relative to the project's root.
    pub file: String,
    /// Lines that come.
    pub added: u64,
    /// Lines that go.
    pub removed: u64,
    /// A unified diff without control characters.
    pub diff: String,
}

impl Session {
    /// The edits of a draft; of the one that waits, or else was written last, when none is named.
    ///
    /// # Errors
    /// There is none, or it was never shown, or the store failed.
    pub fn edits(&self, id: ChainId, draft: Option<&str>) -> Result<EditsReport, Failure> {
        let chain = self.chain(id)?;
        let drafts = chain.drafts();
        let found = match draft {
            Some(named) => drafts.iter().find(|draft| draft.id == named),
            None => drafts
                .iter()
                .find(|draft| matches!(draft.state, DraftState::Planned(_)))
                .or_else(|| drafts.iter().rfind(|draft| matches!(draft.state, DraftState::Written(_)))),
        };
        let draft = found.ok_or_else(|| {
            Failure::of(Kind::Failed, format!("chain {id} has no such edits")).hint("see what it has: certus show")
        })?;
        let shown = chain.effects().rev().find_map(|(_, effect)| match &effect.request {
            Request::ApproveEdits { draft: shown, plan } if *shown == draft.id => Some(plan.stored),
            _ => None,
        });
        let bytes = shown.map(|stored| self.blob(stored)).transpose()?.flatten();
        let plan: Option<certus_workspace::edit::Plan> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let plan = plan.ok_or_else(|| Failure::failed(format!("{} was never shown", draft.id)))?;
        let line = |file: &certus_workspace::edit::PlannedFile| FileLine {
            file: file.path.clone(),
            added: file.added,
            removed: file.removed,
            diff: file.diff.clone(),
        };
        Ok(EditsReport {
            chain: id.to_string(),
            draft: draft.id.clone(),
            kind: crate::clean::line(&draft.kind, 60),
            title: crate::clean::line(&draft.title, 200),
            state: draft.state.name(),
            files: plan.files().iter().map(line).collect(),
        })
    }
}
