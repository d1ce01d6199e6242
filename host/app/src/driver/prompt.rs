//! One prompt run: rendered before its intent, answered by the provider or the memo, its quotes looked up in the files.

use std::collections::BTreeMap;
use std::sync::Arc;

use certus_engine::{Attribution, Chain, Digest, EffectId, Outcome, Reply, Request, View};
use certus_providers::{Billing, Tier};
use certus_workspace::{Citation, Project};

use super::Driver;
use crate::Failure;

/// A rendered prompt with what it was rendered from.
#[derive(Debug, Clone)]
pub(crate) struct Sending {
    pub(crate) stable: Arc<str>,
    pub(crate) variable: Arc<str>,
    pub(crate) digest: Digest,
    pub(crate) tier: Tier,
    pub(crate) view: Arc<View>,
    /// Percentage of the room, and what is left out for want of it; unknown of what was read back.
    pub(crate) room: Option<(u32, BTreeMap<String, usize>)>,
}

impl Sending {
    pub(crate) fn new(stable: Arc<str>, variable: &str, tier: Tier, view: Arc<View>) -> Self {
        let digest = Digest::of(joined(&stable, variable));
        Self { stable, variable: variable.into(), digest, tier, view, room: None }
    }

    /// What the store keeps under the digest.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        joined(&self.stable, &self.variable)
    }
}

fn joined(stable: &str, variable: &str) -> Vec<u8> {
    // A NUL cannot occur in either part: rendering removes control characters.
    [stable.as_bytes(), variable.as_bytes()].join(&0)
}

impl Driver<'_> {
    /// What to send for a prompt's effect: rendered by this process, or read back from the store.
    pub(crate) fn sending(&mut self, id: EffectId) -> Result<Sending, Failure> {
        if let Some(sending) = self.sending.remove(&id) {
            return Ok(sending);
        }
        let lost = || Failure::failed(format!("the text of effect {id} is not in the store"));
        let effect = self.chain.effect(id).ok_or_else(lost)?;
        let Request::Prompt { name, .. } = &effect.request else { return Err(lost()) };
        let tier = self.session.tier(name);
        let (digest, basis) = (effect.digest, effect.basis);
        let bytes = self.session.blob(digest)?.ok_or_else(lost)?;
        let text = String::from_utf8(bytes).map_err(|_| lost())?;
        let (stable, variable) = text.split_once('\0').ok_or_else(lost)?;
        // The view as it was when the prompt was rendered: what came after must not change the answer.
        let events = self.session.events(self.id)?;
        let past = Chain::fold(events.iter().take_while(|event| event.seq <= basis));
        Ok(Sending::new(self.session.stable(stable), variable, tier, Arc::new(past.view(self.id))))
    }

    /// The call as the provider takes it.
    pub(crate) fn call(&mut self, id: EffectId) -> Result<certus_providers::Request, Failure> {
        let sending = self.sending(id)?;
        self.request(id, &sending).ok_or_else(|| Failure::failed(format!("effect {id} is not in the chain")))
    }

    pub(crate) fn request(&self, id: EffectId, sending: &Sending) -> Option<certus_providers::Request> {
        let effect = self.chain.effect(id)?;
        let Request::Prompt { name, arguments, .. } = &effect.request else { return None };
        Some(certus_providers::Request {
            prompt: name.clone(),
            stable: Arc::clone(&sending.stable),
            variable: Arc::clone(&sending.variable),
            digest: sending.digest,
            sample: 0,
            attempt: effect.attempt,
            tier: sending.tier,
            arguments: arguments.clone(),
            view: Arc::clone(&sending.view),
            max_output_tokens: self.session.config().max_output_tokens,
            schema: (self.provider.billing() != Billing::Nobody).then(certus_prompts::envelope_schema),
            tokens: None,
            turn: None,
        })
    }

    /// The answer that this chain already got to exactly this request, as an outcome that costs nothing.
    pub(crate) fn memoised(&self, id: EffectId) -> Option<Outcome> {
        let effect = self.chain.effect(id)?;
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
