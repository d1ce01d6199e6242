//! What a chain loses that somebody else recorded, or this person in another place: whatever was said, seen or run there.
//!
//! What it knows stays: facts, answers, approved solutions are read by whoever goes on with it, and do nothing by themselves.

use super::{COMMAND, Chain, EffectState, WAIVER};
use crate::law::reviewer;
use crate::{DraftState, EffectId, Phase, ProjectSummary, Proposal};

/// Why what a person said is asked again.
const ELSEWHERE: &str = "it was said to somebody else, or in another place";

/// Whether the law itself words a proposal: what it says comes from what was found and run where it is asked.
pub(crate) fn is_the_laws(proposal: &Proposal) -> bool {
    proposal.kind == COMMAND || proposal.kind == WAIVER
}

impl Chain {
    /// Whether anything would run, be written or be spent without a person being asked, because the chain says that one was.
    pub fn has_permissions(&self) -> bool {
        let approved = |draft: &crate::Draft| matches!(draft.state, DraftState::Approved(_));
        !self.allowed_commands.is_empty()
            || !self.grants.is_empty()
            || self.own_cap.is_some()
            || crate::law::samples_wanted(self) > 1
            || self.drafts.iter().any(approved)
    }

    /// Whether it was completed by somebody else, or in another place: nothing of it was verified here.
    pub fn completed_elsewhere(&self) -> bool {
        self.taken_over > 0 && self.ended().is_some_and(|ended| ended.success && ended.seq <= self.taken_over)
    }

    /// Whether some of it was recorded by somebody else, or in another place.
    pub fn was_taken_over(&self) -> bool {
        self.taken_over > 0
    }

    /// Whether anything that follows would rest on what was said, seen or run so far.
    pub fn rests_on_the_past(&self) -> bool {
        let fresh = |seq: u64| seq > self.last_write || self.last_write == 0;
        let holds = |status: &crate::ProposalStatus| is_the_laws(&status.proposal) && status.withdrawn.is_none();
        let waits = |draft: &crate::Draft| matches!(draft.state, DraftState::Planned(_));
        self.has_permissions()
            || self.evidence.iter().any(|one| fresh(one.seq))
            || !self.reviews.is_empty()
            || self.proposals.iter().any(holds)
            || self.drafts.iter().any(waits)
            || !self.what_runs.is_empty()
            || !self.scripts.is_empty()
            || self.project != ProjectSummary::default()
    }

    /// Whoever said, saw or ran what is recorded so far was somebody else, or was elsewhere.
    pub(super) fn lose_what_was_said_elsewhere(&mut self, phases: &[Phase], seq: u64) {
        // What has come is known like every reply before it; later it would be believed as if it came here.
        let come = |(_, effect): &(&EffectId, &super::Effect)| matches!(effect.state, EffectState::Settled(_));
        let come: Vec<EffectId> = self.effects.iter().filter(come).map(|(&id, _)| id).collect();
        for id in come {
            self.believe(id);
        }
        self.taken_over = seq;
        self.allowed_commands.clear();
        self.grants.clear();
        self.own_cap = None;
        // Who goes on pays for them.
        if let Some(started) = &mut self.started {
            started.methodology.settings.remove(crate::SAMPLES);
            if !phases.is_empty() {
                phases.clone_into(&mut started.methodology.phases);
            }
        }
        for status in self.proposals.iter_mut().filter(|status| is_the_laws(&status.proposal)) {
            status.withdrawn.get_or_insert_with(|| ELSEWHERE.to_owned());
        }
        for draft in &mut self.drafts {
            if matches!(draft.state, DraftState::Planned(_) | DraftState::Approved(_)) {
                draft.plan_anew();
            }
        }
        self.reviews.clear();
        let (phase, visit) = (self.phase.clone(), self.visit());
        self.runs.retain(|run| !(run.phase == phase && run.visit == visit && reviewer::is(&run.name)));
        // Read again: what a person is told of the project is what is found here.
        self.project = ProjectSummary::default();
        self.scripts.clear();
        self.what_runs.clear();
        self.what_changed.clear();
        self.files_changed(seq);
    }

    /// Nothing that a context holds happened after it was restored: else it would look fresh whatever comes later.
    pub(super) fn dates_nothing_ahead(&mut self, seq: u64) {
        for one in &mut self.evidence {
            one.seq = one.seq.min(seq);
        }
        for effect in self.effects.values_mut() {
            effect.basis = effect.basis.min(seq);
            effect.settled = effect.settled.min(seq);
        }
        if let Some(ended) = &mut self.ended {
            ended.seq = ended.seq.min(seq);
        }
        self.last_write = self.last_write.min(seq);
        self.taken_over = self.taken_over.min(seq);
    }
}
