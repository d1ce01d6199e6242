//! One prompt run: rendered before its intent, answered by the provider or the memo, its quotes looked up in the files.

use std::sync::Arc;

use certus_engine::{Attribution, Chain, Digest, EffectId, ErrorCode, Outcome, Reply, Request, View};
use certus_providers::{Provider, ProviderError, Tier};
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
}

impl Sending {
    pub(crate) fn new(stable: &str, variable: &str, tier: Tier, view: Arc<View>) -> Self {
        let digest = Digest::of(joined(stable, variable));
        Self { stable: stable.into(), variable: variable.into(), digest, tier, view }
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

/// How asking the provider ended.
pub(crate) enum Answered {
    Outcome {
        outcome: Outcome,
        raw: Option<(Digest, Vec<u8>)>,
    },
    /// Not now; `person` when a person has to supply the reply.
    Deferred {
        code: ErrorCode,
        message: String,
        person: bool,
    },
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
        Ok(Sending::new(stable, variable, tier, Arc::new(past.view(self.id))))
    }

    /// The call as the provider takes it.
    pub(crate) fn call(&mut self, id: EffectId) -> Result<certus_providers::Request, Failure> {
        let sending = self.sending(id)?;
        let gone = || Failure::failed(format!("effect {id} is not in the chain"));
        let effect = self.chain.effect(id).ok_or_else(gone)?;
        let Request::Prompt { name, arguments, .. } = &effect.request else { return Err(gone()) };
        Ok(certus_providers::Request {
            prompt: name.clone(),
            stable: sending.stable.to_string(),
            variable: sending.variable.to_string(),
            digest: sending.digest,
            sample: 0,
            attempt: effect.attempt,
            tier: sending.tier,
            arguments: arguments.clone(),
            view: sending.view,
            max_output_tokens: self.session.config().max_output_tokens,
            schema: None,
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

/// Ask the provider and make the outcome of what it says. Runs beside others, so it borrows no driver.
pub(crate) async fn answer(
    provider: Arc<dyn Provider>,
    project: Arc<Project>,
    call: certus_providers::Request,
) -> Answered {
    let answer = match provider.answer(&call, &()).await {
        Ok(answer) => answer,
        Err(error) => return deferred(&error, provider.name() == "manual"),
    };
    let raw = (Digest::of(&answer.text), answer.text.as_bytes().to_vec());
    let outcome = match certus_prompts::parse_reply(&answer.text) {
        Ok(parsed) => {
            let mut reply = parsed.reply;
            cite(&project, &mut reply);
            let by = Attribution {
                provider: provider.name().to_owned(),
                model: answer.model,
                usage: answer.usage,
                raw: Some(raw.0),
                from_memo: false,
                confidence_from: answer.confidence_from,
            };
            Outcome::Replied { reply: Box::new(reply), by }
        }
        // A person pasted the wrong thing: that is no answer, and nothing was paid.
        Err(error) if provider.name() == "manual" => {
            let message = format!("what was given as the reply to {} cannot be used: {error}", call.prompt);
            return Answered::Deferred {
                code: ErrorCode::Unavailable,
                message: crate::clean::clean(&message),
                person: true,
            };
        }
        Err(error) => {
            Outcome::Failed { code: ErrorCode::Invalid, message: format!("the reply to {}: {error}", call.prompt) }
        }
    };
    Answered::Outcome { outcome, raw: Some(raw) }
}

fn deferred(error: &ProviderError, manual: bool) -> Answered {
    let code = match error {
        ProviderError::Invalid { .. } | ProviderError::Damaged { .. } => ErrorCode::Failed,
        _ => ErrorCode::Unavailable,
    };
    let person = matches!(error, ProviderError::Waiting { .. }) || manual;
    Answered::Deferred { code, message: crate::clean::clean(&error.to_string()), person }
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
