//! Which uncertainties were closed, and by what: so that a report can say what removing them cost.

use serde::{Deserialize, Serialize};

use super::Chain;
use crate::{EffectId, Millis, Outcome, Request};

/// How an uncertainty came to be closed, or open again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    /// The event that closed it, or opened it again.
    pub settled: u64,
    /// When.
    pub at: Millis,
    /// The run of a prompt that closed it; for an answer, the run that raised the first question about it. Absent where no prompt had a
    /// part in it.
    pub by: Option<EffectId>,
    /// It kept every gate shut.
    pub blocked: bool,
    /// It is open again.
    pub reopened: bool,
}

/// How an uncertainty stood: open, and blocking.
pub(super) type Stood = Option<(bool, bool)>;

impl Chain {
    /// Uncertainties that were open and were closed, by area. What a first mention already resolves was none.
    pub fn closings(&self) -> impl Iterator<Item = (&str, &Closing)> {
        self.closings.iter().map(|(area, closing)| (area.as_str(), closing))
    }

    pub(super) fn stood(&self, area: &str) -> Stood {
        let known = self.uncertainties.iter().find(|known| known.area == area)?;
        Some((known.is_open(), known.is_blocker()))
    }

    /// Note what became of an uncertainty that stood like this before.
    pub(super) fn follow_up(&mut self, area: &str, before: Stood, by: Option<EffectId>) {
        let (Some((was_open, blocked)), Some((is_open, _))) = (before, self.stood(area)) else { return };
        let (settled, at) = (self.version, self.updated_at);
        if was_open && !is_open {
            self.closings.insert(area.to_owned(), Closing { settled, at, by, blocked, reopened: false });
        } else if !was_open
            && is_open
            && let Some(closing) = self.closings.get_mut(area)
        {
            *closing = Closing { settled, at, reopened: true, ..closing.clone() };
        }
    }

    /// The run that raised the first question about an area: the same whichever answer came first.
    pub(super) fn asked_about(&self, area: &str) -> Option<EffectId> {
        let about = self.questions.iter().find(|status| status.question.area.as_deref() == Some(area))?;
        let raises = |raised: &crate::RaisedQuestion| raised.text == about.question.text;
        self.effects.iter().find_map(|(id, effect)| match effect.outcome() {
            Some(Outcome::Replied { reply, .. }) if reply.questions.iter().any(raises) => Some(*id),
            _ => None,
        })
    }

    /// The prompt that a command asked last, before it proposed something.
    pub(super) fn asked_before(&self, proposal: EffectId) -> Option<EffectId> {
        let command = self.effects.get(&proposal)?.invocation?;
        let prompts = self.effects.range(..proposal).rev().filter(|(_, effect)| effect.invocation == Some(command));
        prompts.map(|(id, effect)| (id, &effect.request)).find_map(|(id, request)| match request {
            Request::Prompt { .. } => Some(*id),
            _ => None,
        })
    }
}
