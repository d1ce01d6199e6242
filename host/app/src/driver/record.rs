//! Recording: events are folded in memory as they are noted, and made durable together.

use std::collections::BTreeMap;
use std::sync::Arc;

use certus_engine::{Body, Digest, EffectId, ErrorCode, Millis, OverBudget, Request};
use certus_store::DayCap;

use super::Driver;
use super::samples::Asked;
use crate::Failure;
use crate::material::{Files, Material};

/// What the requests of one action have in common: the chain as it stands, and the project's files as they were when the first
/// of them needed them.
#[derive(Default)]
pub(crate) struct Common {
    view: Option<Arc<certus_engine::View>>,
    files: Files,
    /// What prompts of before were rendered from, where samples of them are asked for.
    asked: BTreeMap<EffectId, Asked>,
}

impl Driver<'_> {
    /// The transaction's time.
    pub(crate) fn now(&self) -> Millis {
        self.noted.at().unwrap_or_else(|| self.session.now())
    }

    /// Fold an event in memory; [`Self::commit`] makes it durable.
    pub(crate) fn note(&mut self, body: Body) {
        let at = self.now();
        self.noted.push(&mut self.chain, at, body);
    }

    /// Note the intents of one action's effects; all share what was known before the first.
    pub(super) fn intend_all(&mut self, requests: Vec<Request>) {
        let basis = self.chain.version();
        let mut common = Common::default();
        for request in requests {
            self.intend(None, request, basis, &mut common);
        }
    }

    pub(crate) fn intend(
        &mut self,
        invocation: Option<EffectId>,
        request: Request,
        basis: u64,
        common: &mut Common,
    ) -> EffectId {
        let effect = self.chain.next_effect();
        let equal = |other: &certus_engine::Effect| other.invocation == invocation && other.request == request;
        let occurrence = match invocation {
            Some(command) => self.chain.invocation(command).filter(|(_, other)| equal(other)).count(),
            None => 0,
        };
        let occurrence = u32::try_from(occurrence).unwrap_or(u32::MAX);
        let rendered = match &request {
            Request::Prompt { name, arguments, .. } => {
                let material = self.material(arguments, &mut common.files);
                let room = self.room(self.session.tier(name));
                let view = common.view.get_or_insert_with(|| Arc::new(self.chain.view(self.id)));
                Some(self.session.render(name, view, arguments, material, room.budget))
            }
            Request::Sample { of, number, .. } => Some(self.sample(*of, *number, &mut common.asked)),
            _ => None,
        };
        let (digest, unsendable) = match rendered {
            Some(Ok(sending)) => {
                let digest = sending.digest;
                self.noted.keep_in_pieces(digest, sending.pieces());
                self.sending.insert(effect, sending);
                (digest, None)
            }
            Some(Err(failure)) => (Digest::of_json(&request), Some(failure.message)),
            None => (Digest::of_json(&request), None),
        };
        self.note(Body::Intent { effect, invocation, occurrence, request, digest, basis });
        if let Some(why) = unsendable {
            let message = if self.is_sample(effect) { self.without_it(effect, &why) } else { why };
            let outcome = certus_engine::Outcome::Failed { code: ErrorCode::Invalid, message };
            self.note(Body::Outcome { effect, outcome, elapsed_ms: 0 });
        } else {
            self.measure(effect);
            self.set_aside_early(effect);
        }
        effect
    }

    /// Files and documents for a request, where who answers reads text; rules read the view.
    pub(crate) fn material(&self, arguments: &BTreeMap<String, String>, files: &mut Files) -> Material {
        if self.provider.reads_files() {
            Material::of(&self.chain, &self.session.project(), arguments, files)
        } else {
            Material::default()
        }
    }

    /// Make everything noted durable, then tell the listener.
    pub(crate) async fn commit(&mut self) -> Result<(), Failure> {
        self.append(None).await.map(drop)
    }

    /// The same, if what is noted sets aside no more than the day allows; else what is noted is taken back.
    pub(crate) async fn commit_within(&mut self, day: DayCap) -> Result<Option<OverBudget>, Failure> {
        self.append(Some(day)).await
    }

    async fn append(&mut self, day: Option<DayCap>) -> Result<Option<OverBudget>, Failure> {
        if self.noted.at().is_none() {
            return Ok(None);
        }
        let mut batch = std::mem::take(&mut self.noted);
        batch.day = day;
        crate::faults::at("before");
        let recorded = self.session.record(self.id, &mut self.chain, batch).await;
        crate::faults::at("after");
        match recorded? {
            Ok(events) => {
                self.durable = self.chain.version();
                self.recorded_of_day(&events).await;
                self.listener.recorded(&events, &self.chain);
                Ok(None)
            }
            Err(over) => Ok(Some(over)),
        }
    }
}
