//! What reviewers said of the files as they are.

use super::Chain;
use crate::law::{is_upkeep, reviewer};
use crate::{EffectId, Request};

/// Plans what runs next.
const PLANNER: &str = "chain_planner";
/// The least that a review is worth: none at all is 0, and whoever says 0 has spoken.
const SAID: f64 = 0.001;

impl Chain {
    /// The phase, or one before it, wants evidence: there is something to review.
    pub(super) fn is_reviewed(&self) -> bool {
        let phases = self.started.as_ref().map(|started| started.methodology.phases.as_slice()).unwrap_or_default();
        let here = phases.iter().position(|phase| phase.name == self.phase);
        here.is_some_and(|here| phases[..=here].iter().any(|phase| !phase.gate.evidence.is_empty()))
    }

    /// Whether a prompt's word counts in an area; a reviewer's is kept as one.
    pub(super) fn hears(&mut self, prompt: &str, area: &str, score: f64) -> bool {
        // Neither finds anything out: the one plans, the others look at the conversation and not at the work.
        if prompt == PLANNER || is_upkeep(prompt) {
            return false;
        }
        let Some(reviewer) = reviewer::of(area).filter(|_| self.is_reviewed()) else { return true };
        if prompt == reviewer {
            self.reviews.insert(area.to_owned(), score.max(SAID));
        }
        prompt == reviewer
    }

    /// What a reviewer said is believed as far as its samples agree.
    pub(super) fn agree_on_review(&mut self, area: &str, first: EffectId, believed: f64) {
        let by = self.effects.get(&first).map(|effect| &effect.request);
        let own = matches!(by, Some(Request::Prompt { name, .. }) if reviewer::of(area) == Some(name));
        if let Some(review) = self.reviews.get_mut(area).filter(|_| own) {
            *review = believed.max(SAID);
        }
    }

    /// Confidence as the gate of the present phase wants it: in an area that is reviewed, what its reviewer said of the files as
    /// they are; 0 while nobody did.
    pub fn confidence_for_gate(&self, area: &str) -> f64 {
        if reviewer::of(area).is_some() && self.is_reviewed() {
            self.reviews.get(area).copied().unwrap_or(0.0)
        } else {
            self.confidence(area)
        }
    }

    /// The files are others than before: checks and reviews of them are none of these.
    pub(super) fn files_changed(&mut self, seq: u64) {
        self.last_write = seq;
        self.reviews.retain(|area, _| !reviewer::reads_files(area));
    }

    /// Reviewers saw the files before somebody else changed them: to whoever asks them, they have not spoken in this visit.
    pub(super) fn asks_reviewers_again(&mut self) {
        let (phase, visit) = (self.phase.clone(), self.visit());
        self.runs.retain(|run| !(run.phase == phase && run.visit == visit && reviewer::has_read_files(&run.name)));
    }
}
