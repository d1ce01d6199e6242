//! What replies, verdicts and writes make of drafts.

use std::collections::BTreeMap;

use super::grants::says_what_runs;
use super::{Chain, Effect};
use crate::{Digest, Draft, DraftState, EffectId, ErrorCode, Outcome, Reply, Request, Verdict, Written};

impl Chain {
    pub(super) fn draft(&mut self, id: EffectId, prompt: &str, effect: &Effect, reply: &Reply) {
        for document in reply.artifacts.iter().filter(|document| !document.edits.is_empty()) {
            self.drafts.push(Draft {
                id: format!("D{}", self.drafts.len() + 1),
                kind: document.kind.clone(),
                title: document.title.clone(),
                prompt: prompt.to_owned(),
                effect: id,
                phase: effect.phase.clone(),
                visit: effect.visit,
                edits: document.edits.clone(),
                state: DraftState::New,
                conflict: None,
            });
        }
    }

    /// An effect of a draft ended. What does not fit where the draft stands changes nothing.
    pub(super) fn edited(&mut self, effect: &Effect, outcome: &Outcome) {
        let (Request::Plan { draft: id }
        | Request::ApproveEdits { draft: id, .. }
        | Request::Write { draft: id, .. }
        | Request::Undo { draft: id, .. }) = &effect.request
        else {
            return;
        };
        let Some(draft) = self.drafts.iter_mut().find(|draft| draft.id == *id) else { return };
        let mut changed = false;
        let next = match (&effect.request, outcome, &draft.state) {
            (Request::Plan { .. }, Outcome::Planned { plan }, DraftState::New | DraftState::Amended) => {
                DraftState::Planned(plan.clone())
            }
            (Request::ApproveEdits { .. }, Outcome::Amended { edits }, DraftState::Planned(_)) => {
                draft.edits.clone_from(edits);
                DraftState::Amended
            }
            (
                Request::ApproveEdits { .. },
                Outcome::Judged { verdict, digest, grant, .. },
                DraftState::Planned(plan),
            ) if *digest == plan.digest => match verdict {
                Verdict::Approved => {
                    self.grants.extend(grant.clone());
                    DraftState::Approved(plan.clone())
                }
                Verdict::Rejected(why) | Verdict::MoreInfo(why) => DraftState::Refused(why.clone()),
            },
            (Request::Write { .. }, Outcome::Written { undo }, DraftState::Approved(plan)) => {
                changed = true;
                if plan.files.iter().any(|file| says_what_runs(&file.path)) {
                    // What was allowed was the command as it was.
                    self.allowed_commands.clear();
                }
                DraftState::Written(Written { plan: plan.digest, undo: *undo, files: plan.files.clone() })
            }
            (Request::Undo { .. }, Outcome::Done, DraftState::Written(_)) => {
                changed = true;
                // Whoever takes something back no longer relies on what is to come.
                self.grants.clear();
                DraftState::Undone
            }
            // What changed meanwhile was not seen by whoever approved: the draft is planned against the files as they are, and shown
            // again. Passages say themselves what they stand in; a whole file was written for the one that it names.
            (
                Request::Write { .. },
                Outcome::Failed { code: ErrorCode::Diverged, message },
                DraftState::Approved(_),
            ) => {
                draft.edits.iter_mut().filter(|edit| !edit.replace.is_empty()).for_each(|edit| edit.base = None);
                draft.conflict = Some(message.clone());
                DraftState::Amended
            }
            // Taking back failed: it is still written.
            (Request::Undo { .. }, ..) => return,
            (_, Outcome::Failed { code, message }, _) => DraftState::Failed { code: *code, message: message.clone() },
            _ => return,
        };
        draft.state = next;
        if draft.state.is_over() {
            // What can still be needed of it stands in the events.
            draft.edits.clear();
        }
        if changed {
            self.files_changed(effect.settled);
        }
    }

    /// What replies drafted, oldest first.
    pub fn drafts(&self) -> &[Draft] {
        &self.drafts
    }

    /// Whether anything would run, be written or be spent without a person being asked, because the chain says that one was.
    pub fn has_permissions(&self) -> bool {
        let approved = |draft: &Draft| matches!(draft.state, DraftState::Approved(_));
        !self.allowed_commands.is_empty()
            || !self.grants.is_empty()
            || self.own_cap.is_some()
            || crate::law::samples_wanted(self) > 1
            || self.drafts.iter().any(approved)
    }

    /// What a person said to whoever recorded this so far was said to them.
    pub(super) fn lose_permissions(&mut self) {
        self.allowed_commands.clear();
        self.grants.clear();
        self.own_cap = None;
        // Who goes on pays for them.
        if let Some(started) = &mut self.started {
            started.methodology.settings.remove(crate::SAMPLES);
        }
        for draft in &mut self.drafts {
            if let DraftState::Approved(plan) = &draft.state {
                draft.state = DraftState::Planned(plan.clone());
            }
        }
    }

    /// Whether a person let this command line run in this chain.
    pub fn allows_command(&self, line: &str) -> bool {
        self.allowed_commands.iter().any(|allowed| allowed == line)
    }

    /// What a person let run was the commands as they were.
    pub(super) fn note_what_runs(&mut self, files: &BTreeMap<String, Digest>, diff: &str) {
        if self.what_runs != *files {
            self.allowed_commands.clear();
            diff.clone_into(&mut self.what_changed);
            self.what_runs.clone_from(files);
        }
    }

    /// The files that say what the project's own commands do, as they were noted last: path → content.
    pub fn what_runs(&self) -> &BTreeMap<String, Digest> {
        &self.what_runs
    }

    /// In what these files are other than they were before, as a person is shown it; empty where nothing was noted before.
    pub fn what_changed(&self) -> &str {
        &self.what_changed
    }

    /// Whether something that this chain wrote says what the project's commands do.
    pub fn changed_what_runs(&self) -> bool {
        self.drafts.iter().any(|draft| match &draft.state {
            DraftState::Written(written) => written.files.iter().any(|file| says_what_runs(&file.path)),
            _ => false,
        })
    }

    /// The event of the last write or undo; 0 before the first.
    pub fn last_write(&self) -> u64 {
        self.last_write
    }
}
