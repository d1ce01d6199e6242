//! What the law refuses, and when nothing else is named.

use certus_engine::{Action, Body, ErrorCode, Law, Refusal, Request};

use super::{Driver, Stop};

/// Refusals in one visit after which the controller is not asked again.
const PATIENCE: usize = 3;

impl Driver<'_> {
    /// A prompt that the library cannot use is there for a person, who must be told what is wrong with its file.
    pub(super) fn with_cause(&self, action: &Action, mut refusal: Refusal) -> Refusal {
        if let (Law::UnknownPrompt, Action::RunPrompts(calls)) = (refusal.law, action)
            && let Some(fault) = calls.iter().find_map(|call| self.session.prompt_fault(&call.name))
        {
            refusal.detail = fault;
        }
        refusal
    }

    pub(super) fn refuse(&mut self, action: String, refusal: Refusal) -> Option<Stop> {
        let (law, detail) = (refusal.law, crate::clean::line(&refusal.detail, 500));
        self.note(Body::ActionRefused { action, law, detail: detail.clone() });
        if self.only_command {
            return Some(Stop::Refused { law, detail });
        }
        (self.refusals().len() >= PATIENCE).then(|| self.stands(law, detail))
    }

    /// Nothing that the law allows is named: until a person does something, the chain says why it stands.
    pub(super) fn stands(&mut self, law: Law, detail: String) -> Stop {
        self.note(Body::Paused { code: ErrorCode::Failed, message: detail.clone() });
        Stop::Refused { law, detail }
    }

    /// The laws that refused an action in this visit. A prompt that was not there for the process before this one may be there
    /// now: a person mended its file.
    pub(super) fn refusals(&self) -> Vec<String> {
        let (visits, before) = self.refused_before;
        let before = if self.chain.visits().len() == visits { before } else { 0 };
        let all = self.chain.refusals().iter().enumerate();
        let counts = |(at, law): &(usize, &String)| *at >= before || law.as_str() != Law::UnknownPrompt.name();
        all.filter(counts).map(|(_, law)| law.clone()).collect()
    }

    /// Why the last command of this chain failed, if it did.
    pub(super) fn last_failure(&self) -> Option<String> {
        let mut commands = self.chain.effects().filter(|(_, effect)| matches!(effect.request, Request::Command { .. }));
        match commands.next_back()?.1.outcome()? {
            certus_engine::Outcome::Failed { code, message } => Some(format!("{code}: {message}")),
            _ => None,
        }
    }
}
