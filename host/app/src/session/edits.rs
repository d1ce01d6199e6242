//! A chain's edits, as a person sees them.

use certus_engine::{Chain, ChainId, Draft, DraftState, Plan, Request};
use certus_workspace::edit;
use serde::Serialize;

use super::Session;
use crate::Failure;

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
    /// There is more to the change than `diff` shows: `certus diff --full` has all of it.
    pub cut: bool,
    /// Why it is asked about although the person approved later edits of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked_because: Option<&'static str>,
    /// It waits, and is of tests that failed before the code that is there or comes with it: what they then show, nobody saw fail.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub failed_first: bool,
}

impl Session {
    /// The edits of a draft; of the one that waits, or else was written last, when none is named. With `full`, their diffs are as
    /// long as they are.
    ///
    /// # Errors
    /// There is none, or it was never shown, or the store failed.
    pub fn edits(&self, id: ChainId, draft: Option<&str>, full: bool) -> Result<EditsReport, Failure> {
        self.edits_of(id, &self.chain(id)?, draft, full)
    }

    /// A plan as it was stored; nothing where it cannot be read, or is not the one that is meant.
    ///
    /// # Errors
    /// It does not agree with itself: what it shows is not what it would write.
    pub(crate) fn stored_plan(&self, plan: &Plan) -> Result<Option<edit::Plan>, edit::EditError> {
        let bytes = self.blob(plan.stored).ok().flatten();
        let stored: Option<edit::Plan> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let Some(stored) = stored.filter(|stored| stored.digest() == plan.digest.to_string()) else { return Ok(None) };
        stored.check()?;
        Ok(Some(stored))
    }

    /// The same, of a chain that is at hand.
    pub(crate) fn edits_of(
        &self,
        id: ChainId,
        chain: &Chain,
        draft: Option<&str>,
        full: bool,
    ) -> Result<EditsReport, Failure> {
        let drafts = chain.drafts();
        let found = match draft {
            Some(named) => Some(named_draft(id, chain, named)?),
            None => drafts
                .iter()
                .find(|draft| matches!(draft.state, DraftState::Planned(_)))
                .or_else(|| drafts.iter().rfind(|draft| matches!(draft.state, DraftState::Written(_)))),
        };
        let draft = found.ok_or_else(|| {
            let none = format!("chain {id} has no edits that wait or were written");
            Failure::failed(none).hint(what_there_is(id, chain))
        })?;
        if let [first, ..] = draft.state.unchanged() {
            let there = crate::clean::line(first, 200);
            let nothing = format!("{} changes nothing: what it brings stands already, such as {there}", draft.id);
            return Err(Failure::failed(nothing).hint(what_there_is(id, chain)));
        }
        let shown = chain.effects().rev().find_map(|(_, effect)| match &effect.request {
            Request::ApproveEdits { draft: shown, plan } if *shown == draft.id => Some(plan),
            _ => None,
        });
        let plan = shown
            .ok_or_else(|| Failure::failed(format!("{} was never shown", draft.id)).hint(what_there_is(id, chain)))?;
        let plan = match self.stored_plan(plan) {
            Ok(Some(plan)) => plan,
            Ok(None) => return Err(Failure::failed(format!("what was stored of {} cannot be read", draft.id))),
            Err(error) => return Err(Failure::failed(error.to_string())),
        };
        let failed_first = certus_engine::law::failed_first(chain, draft);
        let line = |file: &edit::PlannedFile| FileLine {
            file: file.path.clone(),
            added: file.added,
            removed: file.removed,
            diff: if full { file.whole_diff() } else { file.diff.clone() },
            cut: file.diff_cut && !full,
            asked_because: chain.asked_all_the_same(draft, &file.path),
            failed_first: failed_first.contains(&file.path),
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

/// The draft that somebody named.
pub(crate) fn named_draft<'c>(id: ChainId, chain: &'c Chain, named: &str) -> Result<&'c Draft, Failure> {
    let shown = crate::clean::line(named, 40);
    let unknown = || Failure::usage(format!("chain {id} has no draft {shown}")).hint(what_there_is(id, chain));
    chain.drafts().iter().find(|draft| draft.id == named).ok_or_else(unknown)
}

/// Which drafts a chain has; without one, when they come.
pub(crate) fn what_there_is(id: ChainId, chain: &Chain) -> String {
    let named = |draft: &Draft| format!("{} ({})", draft.id, draft.state.name());
    let drafts: Vec<String> = chain.drafts().iter().map(named).collect();
    match drafts.as_slice() {
        [] if chain.phase() == "implementation" => {
            let next = crate::report::leads_on(id, chain).map(|next| format!("; {next}")).unwrap_or_default();
            format!("nothing was drafted yet{next}")
        }
        [] => "edits come once its solution is approved; see where it stands: certus status".to_owned(),
        drafts => format!("its drafts: {}", drafts.join(", ")),
    }
}
