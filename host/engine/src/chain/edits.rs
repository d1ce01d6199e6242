//! What replies, verdicts and writes make of drafts.

use std::collections::BTreeMap;

use super::{Chain, Effect};
use crate::paths::says_what_runs;
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
        let Some(at) = self.drafts.iter().position(|draft| draft.id == *id) else { return };
        let draft = &mut self.drafts[at];
        let (mut changed, mut gone) = (false, Vec::new());
        let next = match (&effect.request, outcome, &draft.state) {
            // Nobody is asked about a diff of nothing.
            (Request::Plan { .. }, Outcome::Planned { plan }, DraftState::New | DraftState::Amended)
                if plan.files.is_empty() && !plan.unchanged.is_empty() =>
            {
                DraftState::Unchanged(plan.unchanged.clone())
            }
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
            (Request::Undo { .. }, Outcome::Done, DraftState::Written(written)) => {
                changed = true;
                gone.extend(written.files.iter().map(|file| file.path.clone()));
                // Whoever takes something back no longer relies on what is to come.
                self.grants.clear();
                // What was refused because of it may be lawful now.
                self.refusals.clear();
                DraftState::Undone
            }
            // What changed meanwhile was not seen by whoever approved.
            (
                Request::Write { .. },
                Outcome::Failed { code: ErrorCode::Diverged, message },
                DraftState::Approved(_),
            ) => {
                draft.conflict = Some(message.clone());
                draft.plan_anew();
                DraftState::Amended
            }
            // Where taking back failed, it is still written; where the draft went another way meanwhile, it goes that way.
            (
                Request::Plan { .. } | Request::ApproveEdits { .. } | Request::Write { .. },
                Outcome::Failed { code, message },
                state,
            ) if waits_for(&effect.request, state) => DraftState::Failed { code: *code, message: message.clone() },
            _ => return,
        };
        draft.state = next;
        if draft.state.is_over() {
            // What can still be needed of it stands in the events.
            draft.edits.clear();
        }
        // What stood there because of it, as it was brought once more, stands there no longer.
        for later in &mut self.drafts[at + 1..] {
            if matches!(&later.state, DraftState::Unchanged(paths) if paths.iter().any(|path| gone.contains(path))) {
                later.state = DraftState::Undone;
            }
        }
        if changed {
            self.files_changed(effect.settled);
        }
    }

    /// What replies drafted, oldest first.
    pub fn drafts(&self) -> &[Draft] {
        &self.drafts
    }

    /// The files that this chain wrote last and that should stand as it left them or as somebody changed them since: path → draft.
    pub fn written_files(&self) -> BTreeMap<&str, &str> {
        let mut files = BTreeMap::new();
        for draft in &self.drafts {
            let DraftState::Written(written) = &draft.state else { continue };
            for file in &written.files {
                match file.new {
                    Some(_) => files.insert(file.path.as_str(), draft.id.as_str()),
                    None => files.remove(file.path.as_str()),
                };
            }
        }
        files
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

/// Whether a draft that stands like this is what the request is about.
fn waits_for(request: &Request, state: &DraftState) -> bool {
    match request {
        Request::Plan { .. } => matches!(state, DraftState::New | DraftState::Amended),
        Request::ApproveEdits { .. } => matches!(state, DraftState::Planned(_)),
        _ => matches!(state, DraftState::Approved(_)),
    }
}
