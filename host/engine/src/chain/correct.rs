//! What falls when a person answers anew what was answered before.
//!
//! Facts stay: they were read from the project, not from the answer. What was made of the answer goes: every score, since
//! each counted it; resolutions and decisions that cite it; proposals that were shown after it was given; and whatever is
//! under way, except other questions that wait. [`crate::law::judge_correction`] then leads back to the phase that asked.

use super::learn::cites;
use super::{Chain, EffectState};
use crate::{DraftState, EffectId, ErrorCode, Outcome, QuestionState, Request, Verdict};

impl Chain {
    /// When a question was answered, as an event's number, and in which phase it was asked; absent while it is not answered.
    pub(crate) fn answered_at(&self, id: &str) -> Option<(u64, &str)> {
        self.effects
            .values()
            .filter(|effect| matches!(&effect.request, Request::Ask { question } if question.id == id))
            .filter(|effect| matches!(effect.outcome(), Some(Outcome::Answered { .. })))
            .map(|effect| (effect.settled, effect.phase.as_str()))
            .next_back()
    }

    pub(super) fn corrected(&mut self, id: &str, text: &str) {
        let Some(status) = self
            .questions
            .iter_mut()
            .find(|status| status.question.id == id && status.state == QuestionState::Answered)
        else {
            return;
        };
        status.answer = Some(text.to_owned());
        let (cite, area) = (status.cite.clone(), status.question.area.clone());
        let cited = |text: &str| cite.as_deref().is_some_and(|cite| cites(text).any(|one| one == cite));
        self.cancel_what_is_under_way();
        let stood: Vec<(String, super::closing::Stood)> =
            self.uncertainties.iter().map(|known| (known.area.clone(), self.stood(&known.area))).collect();
        for known in &mut self.uncertainties {
            if known.resolution.as_deref().is_some_and(&cited) || area.as_ref() == Some(&known.area) {
                known.resolution = None;
            }
        }
        if let Some(area) = area {
            self.resolve_by_answer(&area);
        }
        for (area, before) in stood {
            self.follow_up(&area, before, None);
        }
        self.decisions.retain(|decision| !cited(&decision.value) && !cited(&decision.because));
        self.scores.clear();
        self.scored_by.clear();
        self.confidence_from = None;
        self.suggestions.clear();
        self.withdraw_proposals(id);
        for draft in self.drafts.iter_mut().filter(|draft| !draft.state.is_over()) {
            let message = "an answer was corrected".to_owned();
            draft.state = DraftState::Failed { code: ErrorCode::Cancelled, message };
            draft.edits.clear();
        }
    }

    /// Replies on their way were asked for with the old answer, and a command would go on from it.
    fn cancel_what_is_under_way(&mut self) {
        self.pause = None;
        self.then = None;
        let at = self.updated_at;
        let open: Vec<EffectId> = self
            .open_effects()
            .filter(|(_, effect)| !matches!(effect.request, Request::Ask { .. }))
            .map(|(id, _)| id)
            .collect();
        for id in open {
            self.withdraw(id);
            if let Some(effect) = self.effects.get_mut(&id) {
                let message = "an answer was corrected".to_owned();
                effect.release(true, at);
                effect.state = EffectState::Believed(Box::new(Outcome::Failed { code: ErrorCode::Cancelled, message }));
            }
        }
        // What has come is believed like every reply before the correction, and was paid for.
        let come: Vec<EffectId> = self
            .effects
            .iter()
            .filter(|(_, effect)| matches!(effect.state, EffectState::Settled(_)))
            .map(|(&id, _)| id)
            .collect();
        for id in come {
            self.believe(id);
        }
    }

    /// Approved, rejected or waiting, a proposal that was shown after the answer was made from it.
    fn withdraw_proposals(&mut self, id: &str) {
        let Some((answered, _)) = self.answered_at(id) else { return };
        let shown: Vec<_> = self
            .effects
            .values()
            .filter(|effect| effect.basis >= answered)
            .filter_map(|effect| match &effect.request {
                Request::Approve { proposal } => Some(proposal.digest()),
                _ => None,
            })
            .collect();
        for status in &mut self.proposals {
            if status.withdrawn.is_none() && shown.contains(&status.digest) {
                // A rejection keeps its reason: what comes next is made from both.
                if matches!(status.verdict, None | Some(Verdict::Approved)) {
                    status.verdict = None;
                } else if !matches!(status.verdict, Some(Verdict::Rejected(_))) {
                    continue;
                }
                status.withdrawn = Some(format!("the answer to {id} was corrected"));
            }
        }
    }
}
