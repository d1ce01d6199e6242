//! One prompt run: rendered before its intent, answered by the provider or the memo, its quotes looked up in the files.

use std::collections::BTreeMap;
use std::sync::Arc;

use certus_engine::{Attribution, Body, Digest, EffectId, ErrorCode, Outcome, Reply, Request, View};
use certus_providers::{Billing, Tier};
use certus_workspace::{Citation, Project};

use super::{Driver, Stop};
use crate::Failure;
use crate::room::{Room, taken};

/// A rendered prompt with what it was rendered from.
#[derive(Debug, Clone)]
pub(crate) struct Sending {
    pub(crate) stable: Arc<str>,
    pub(crate) steady: Arc<[String]>,
    pub(crate) variable: Arc<str>,
    pub(crate) digest: Digest,
    pub(crate) tier: Tier,
    pub(crate) view: Arc<View>,
    /// Percentage of the room, and what is left out for want of it; unknown of what was read back.
    pub(crate) room: Option<(u32, BTreeMap<String, usize>)>,
}

impl Sending {
    pub(crate) fn new(stable: Arc<str>, steady: Arc<[String]>, variable: &str, tier: Tier, view: Arc<View>) -> Self {
        let digest = Digest::of(joined(&stable, &steady, variable));
        Self { stable, steady, variable: variable.into(), digest, tier, view, room: None }
    }

    /// As a person reads it.
    pub(crate) fn text(&self) -> String {
        format!("{}\n\n{}{}", self.stable, self.steady.concat(), self.variable)
    }

    /// What the store keeps under the digest, one by one: most of it is in other requests too.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = &str> {
        pieces(&self.stable, &self.steady, &self.variable)
    }
}

fn pieces<'t>(stable: &'t str, steady: &'t [String], variable: &'t str) -> impl Iterator<Item = &'t str> {
    std::iter::once(stable).chain(steady.iter().map(String::as_str)).chain([variable])
}

fn joined(stable: &str, steady: &[String], variable: &str) -> Vec<u8> {
    // A NUL cannot occur in any piece: rendering removes control characters.
    pieces(stable, steady, variable).map(str::as_bytes).collect::<Vec<_>>().join(&0)
}

impl Driver<'_> {
    /// What to send for a prompt's effect: rendered by this process, or read back from the store.
    pub(crate) fn sending(&mut self, id: EffectId) -> Result<Sending, Failure> {
        if let Some(sending) = self.sending.remove(&id) {
            return Ok(sending);
        }
        let lost = || Failure::failed(format!("the text of effect {id} is not in the store"));
        let effect = self.chain.effect(id).ok_or_else(lost)?;
        let (name, _) = effect.request.sends().ok_or_else(lost)?;
        let tier = self.session.tier(name);
        let asked = match effect.request {
            Request::Sample { of, .. } => self.chain.effect(of).ok_or_else(lost)?,
            _ => effect,
        };
        let (digest, basis) = (effect.digest, asked.basis);
        let bytes = self.session.blob(digest)?.ok_or_else(lost)?;
        let text = String::from_utf8(bytes).map_err(|_| lost())?;
        let (stable, rest) = text.split_once('\0').ok_or_else(lost)?;
        let (steady, variable) = match rest.rsplit_once('\0') {
            Some((steady, variable)) => (steady.split('\0').map(str::to_owned).collect(), variable),
            None => (Arc::default(), rest),
        };
        // The view as it was when the prompt was rendered: what came after must not change the answer.
        let past = self.past(basis)?;
        Ok(Sending::new(self.session.stable(stable), steady, variable, tier, Arc::new(past.view(self.id))))
    }

    /// How large a request of this tier may be.
    pub(crate) fn room(&self, tier: Tier) -> Room {
        self.session.room(&self.provider_name, &*self.provider, tier)
    }

    /// Why a request does not fit into the window of who answers it, or what is used of it, whatever is left out. What is too much by its length alone
    /// is counted by the service, where it counts.
    pub(super) async fn does_not_fit(&mut self, id: EffectId, request: &certus_providers::Request) -> Option<String> {
        // Who reads the chain itself is sent no text.
        if !self.provider.reads_files() {
            return None;
        }
        let (room, model) = (self.room(request.tier), self.provider.model(request.tier));
        let too_much = room.lacks(&request.prompt, taken(&*self.provider, request), &model)?;
        match self.counted(id, request).await {
            Some(counted) => room.lacks(&request.prompt, counted, &model),
            None => Some(format!("{too_much}{}", self.by_length(id))),
        }
    }

    /// What is sent for the prompts that the memo does not answer, and why one of them cannot be: it has its outcome then.
    pub(super) async fn requests(
        &mut self,
        ids: &[EffectId],
    ) -> Result<(Vec<(EffectId, certus_providers::Request)>, Option<String>), Failure> {
        let (mut requests, mut too_large) = (Vec::new(), None);
        for &id in ids {
            if let Some(outcome) = self.memoised(id) {
                self.note(Body::Outcome { effect: id, outcome, elapsed_ms: 0 });
                continue;
            }
            if let Some(why) = self.not_sampled(id) {
                self.without(id, ErrorCode::Cancelled, &why);
                continue;
            }
            let rendered_now = self.sending.contains_key(&id);
            let request = self.call(id)?;
            match self.does_not_fit(id, &request).await {
                // Nothing waits for a sample.
                Some(message) if self.is_sample(id) => self.without(id, ErrorCode::Limit, &message),
                // It was made for a larger window: nothing of it was sent, and it is made anew for this one.
                Some(message) if !rendered_now => {
                    let outcome = Outcome::Failed { code: ErrorCode::Limit, message };
                    self.note(Body::Outcome { effect: id, outcome, elapsed_ms: 0 });
                }
                Some(message) => {
                    // Not put off: what goes on later has another model, or less to say, and must be rendered anew.
                    let outcome = Outcome::Failed { code: ErrorCode::Limit, message: message.clone() };
                    self.note(Body::Outcome { effect: id, outcome, elapsed_ms: 0 });
                    too_large.get_or_insert(message);
                }
                None => requests.push((id, request)),
            }
        }
        Ok((requests, too_large))
    }

    /// One of several prompts does not fit: the others wait, so that nothing is paid for until a person said how to go on.
    pub(super) fn too_large(&mut self, others: Vec<(EffectId, certus_providers::Request)>, why: String) -> Stop {
        let code = ErrorCode::Unavailable;
        for (id, _) in others {
            self.defer(id, code, &format!("not asked: {why}"), false, None);
        }
        // Where no other waits, nothing else says why the chain stands.
        self.note(Body::Paused { code, message: why.clone() });
        Stop::Paused { code, message: why }
    }

    /// The call as the provider takes it.
    pub(crate) fn call(&mut self, id: EffectId) -> Result<certus_providers::Request, Failure> {
        let sending = self.sending(id)?;
        self.request(id, &sending).ok_or_else(|| Failure::failed(format!("effect {id} is not in the chain")))
    }

    pub(crate) fn request(&self, id: EffectId, sending: &Sending) -> Option<certus_providers::Request> {
        let effect = self.chain.effect(id)?;
        let (asked, sample) = match effect.request {
            Request::Sample { of, number, .. } => (self.chain.effect(of)?, number),
            _ => (effect, 0),
        };
        let Request::Prompt { name, arguments, .. } = &asked.request else { return None };
        Some(certus_providers::Request {
            prompt: name.clone(),
            stable: Arc::clone(&sending.stable),
            steady: Arc::clone(&sending.steady),
            variable: Arc::clone(&sending.variable),
            digest: sending.digest,
            sample,
            attempt: effect.attempt,
            tier: sending.tier,
            arguments: arguments.clone(),
            view: Arc::clone(&sending.view),
            max_output_tokens: self.room(sending.tier).most_output,
            schema: (self.provider.billing() != Billing::Nobody).then(|| crate::room::SCHEMA.clone()),
            tokens: None,
            turn: None,
        })
    }

    /// The answer that this chain already got to exactly this request, as an outcome that costs nothing. Never a sample's: it
    /// is asked for to get another one.
    pub(crate) fn memoised(&self, id: EffectId) -> Option<Outcome> {
        let effect = self.chain.effect(id).filter(|effect| matches!(effect.request, Request::Prompt { .. }))?;
        let reply = self.chain.memo(effect.digest)?;
        let by = Attribution { provider: "memo".to_owned(), from_memo: true, ..Attribution::default() };
        Some(Outcome::Replied { reply: Box::new(reply.clone()), by })
    }
}

/// Look every quote up. What a reply claims of itself is overwritten.
pub(crate) fn cite(project: &Project, reply: &mut Reply) {
    cite_all(project, &mut reply.discovered);
}

pub(crate) fn cite_all(project: &Project, discovered: &mut [certus_engine::Discovery]) {
    for found in discovered {
        found.cited = false;
        let Some(place) = &mut found.evidence else { continue };
        if let Citation::Found { line } | Citation::Moved { line } = project.cite(&place.path, place.line, &place.quote)
        {
            found.cited = true;
            place.line = line;
        }
    }
}
