//! One attempt at a call: its turn, its answer while it arrives, and what follows from its end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use certus_engine::{EffectId, OverBudget, Usage};
use certus_providers::{Answer, Progress, Provider, ProviderError};
use tokio::sync::mpsc::UnboundedSender;

use super::Stop;
use super::perform::elapsed;
use crate::person::Listener;

/// One prompt on its way to an answer.
pub(super) struct Call {
    pub(super) id: EffectId,
    /// Without its texts: what is sent lies in the store, and is needed again only for another attempt.
    pub(super) request: certus_providers::Request,
    /// Attempts of this process, from 1.
    pub(super) tries: u32,
    /// The answer before could not be read: why, and its text, which its writer gets back.
    pub(super) repairs: Option<(String, String)>,
}

/// What follows from an attempt that ended.
pub(super) enum Next {
    /// It has its outcome.
    Settled,
    /// To be asked: what it may cost is set aside.
    Ask(Box<Call>, certus_providers::Request),
    /// To be asked after this long and in its turn: nothing is set aside yet, so that nothing is lost if it never is.
    Wait(Box<Call>, certus_providers::Request, Duration),
    /// Its budget does not cover it, as long as others use it.
    Refused(Box<Call>, OverBudget),
    /// Not now.
    Stop(Stop),
}

/// Calls before the first of them is made.
#[derive(Default)]
pub(super) struct First {
    /// What they may cost is set aside.
    pub(super) calls: Vec<(Box<Call>, certus_providers::Request)>,
    /// They wait for their turn, with nothing set aside.
    pub(super) turns: Vec<(Box<Call>, certus_providers::Request)>,
    /// Their budget does not cover them, as long as others use it.
    pub(super) waiting: Vec<(Box<Call>, OverBudget)>,
}

/// Shows an answer while it arrives.
struct Shown<'a> {
    listener: &'a dyn Listener,
    id: EffectId,
    request: &'a certus_providers::Request,
    reported: &'a UnboundedSender<Report>,
}

impl Progress for Shown<'_> {
    fn text(&self, delta: &str) {
        // Of a sample nothing is believed that a person could read.
        if self.request.sample == 0 {
            self.listener.streamed(&self.request.prompt, delta);
        }
    }

    fn took(&self, model: &str, usage: Usage) {
        // Nobody listens only where the whole chain stops.
        let _ =
            self.reported.send(Report { id: self.id, request: self.request.clone(), model: model.to_owned(), usage });
    }
}

/// What a service says of a call in flight.
pub(super) struct Report {
    pub(super) id: EffectId,
    /// Without its texts.
    pub(super) request: certus_providers::Request,
    /// Who answers it.
    pub(super) model: String,
    /// What it took so far.
    pub(super) usage: Usage,
}

/// What came of a step of a call.
pub(super) enum Came {
    /// It may be made now.
    Turn(Box<Call>, certus_providers::Request),
    /// It was made.
    End(Box<Call>, Result<Answer, ProviderError>, i64),
}

/// Make a call, or wait for its turn.
pub(super) async fn step(
    provider: Arc<dyn Provider>,
    listener: &dyn Listener,
    call: Box<Call>,
    request: certus_providers::Request,
    wait: Option<Duration>,
    reported: UnboundedSender<Report>,
) -> Came {
    if let Some(wait) = wait {
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        let turn = provider.turn(&request).await;
        return Came::Turn(call, certus_providers::Request { turn, ..request });
    }
    let since = Instant::now();
    let sent = request.clone().sent();
    let shown = Shown { listener, id: call.id, request: &sent, reported: &reported };
    let result = provider.answer(request, &shown).await;
    Came::End(call, result, elapsed(since))
}
