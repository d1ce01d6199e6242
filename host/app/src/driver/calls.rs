//! Calls to who answers prompts: set aside, made, made again where that helps, settled.
//!
//! An amount is on disk before the call that may spend it; what a failed attempt left behind is on disk before the next
//! attempt. So no order of failures, deaths and concurrent calls spends more than the caps allow, and nothing that was paid
//! for is forgotten.

use std::sync::Arc;
use std::time::{Duration, Instant};

use certus_engine::{
    Attribution, Body, Digest, EffectId, ErrorCode, Leftover, Outcome, OverBudget, Reply, Request, Usage, law,
};
use certus_providers::{Answer, Billing, CallErrorKind, Progress, Provider, ProviderError, Spent, retry};
use futures_util::stream::{FuturesUnordered, StreamExt};

use super::perform::elapsed;
use super::price::{self, Asked, Settled};
use super::{Driver, Stop, replies};
use crate::Failure;
use crate::person::Listener;

/// One prompt on its way to an answer.
struct Call {
    id: EffectId,
    /// Without its texts: what is sent lies in the store, and is needed again only for another attempt.
    request: certus_providers::Request,
    /// Attempts of this process, from 1.
    tries: u32,
    /// The answer before could not be read: why, and its text, which its writer gets back.
    repairs: Option<(String, String)>,
}

/// What follows from an attempt that ended.
enum Next {
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

/// Shows an answer while it arrives.
struct Shown<'a> {
    listener: &'a dyn Listener,
    request: &'a certus_providers::Request,
}

impl Progress for Shown<'_> {
    fn text(&self, delta: &str) {
        // Of a sample nothing is believed that a person could read.
        if self.request.sample == 0 {
            self.listener.streamed(&self.request.prompt, delta);
        }
    }
}

/// What came of a step of a call.
enum Came {
    /// It may be made now.
    Turn(Box<Call>, certus_providers::Request),
    /// It was made.
    End(Box<Call>, Result<Answer, ProviderError>, i64),
}

/// Make a call, or wait for its turn.
async fn step(
    provider: Arc<dyn Provider>,
    listener: &dyn Listener,
    call: Box<Call>,
    request: certus_providers::Request,
    wait: Option<Duration>,
) -> Came {
    if let Some(wait) = wait {
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        let turn = provider.turn(&request).await;
        return Came::Turn(call, certus_providers::Request { turn, ..request });
    }
    let since = Instant::now();
    let shown = Shown { listener, request: &call.request };
    let result = provider.answer(request, &shown).await;
    Came::End(call, result, elapsed(since))
}

impl<'a> Driver<'a> {
    /// Answer prompts beside one another. Each reply is on disk as soon as it is there; the last one shares its
    /// transaction with what follows from it.
    pub(crate) async fn run_prompts(&mut self, ids: &[EffectId]) -> Result<Option<Stop>, Failure> {
        let mut stop = None;
        let (mut calls, mut turns, mut waiting) = (Vec::new(), Vec::new(), Vec::new());
        let (requests, too_large) = self.requests(ids).await?;
        if let Some(why) = too_large {
            return Ok(Some(self.too_large(requests, why)));
        }
        for (id, request) in requests {
            let call = Box::new(Call { id, request: request.clone().sent(), tries: 1, repairs: None });
            if self.provider.is_limited() && self.fits(id, &request) {
                turns.push((call, request));
                continue;
            }
            match self.set_aside(id, &request).await? {
                Some(over) => waiting.push((call, over)),
                None => calls.push((call, request)),
            }
        }
        let refused = waiting.iter().map(|(call, _)| &call.request);
        let asked = calls.iter().chain(&turns).map(|(call, _)| &call.request);
        self.look_ahead(&asked.chain(refused).collect::<Vec<_>>())?;
        if !calls.is_empty() || !turns.is_empty() {
            self.commit().await?;
        }
        let listener: &'a dyn Listener = self.listener;
        let mut running = FuturesUnordered::new();
        for (call, request) in calls {
            listener.busy(&self.called(call.id));
            running.push(step(Arc::clone(&self.provider), listener, call, request, None));
        }
        for (call, request) in turns {
            listener.busy(&format!("{} (in its turn: so many calls a minute are allowed)", self.called(call.id)));
            running.push(step(Arc::clone(&self.provider), listener, call, request, Some(Duration::ZERO)));
        }
        while let Some(came) = running.next().await {
            let next = match came {
                Came::Turn(call, request) => self.admit(call, request).await?,
                Came::End(call, result, elapsed_ms) => self.settle(call, result, elapsed_ms).await?,
            };
            match next {
                Next::Settled => {}
                Next::Stop(why) => drop(stop.get_or_insert(why)),
                Next::Refused(call, over) => waiting.push((call, over)),
                Next::Ask(call, request) => {
                    listener.busy(&self.called(call.id));
                    running.push(step(Arc::clone(&self.provider), listener, call, request, None));
                }
                Next::Wait(call, request, wait) => {
                    running.push(step(Arc::clone(&self.provider), listener, call, request, Some(wait)));
                }
            }
            // What a call did not use comes back: another one may fit now.
            for (call, over) in std::mem::take(&mut waiting) {
                let request = self.again_of(&call)?;
                match self.set_aside(call.id, &request).await? {
                    Some(_) => waiting.push((call, over)),
                    None => {
                        listener.busy(&self.called(call.id));
                        running.push(step(Arc::clone(&self.provider), listener, call, request, None));
                    }
                }
            }
            if !running.is_empty() {
                self.commit().await?;
            }
        }
        for (call, over) in waiting {
            if law::is_dispensable(&call.request.prompt) || self.is_sample(call.id) {
                self.without(call.id, ErrorCode::Limit, &over.to_string());
                continue;
            }
            let why = self.over_budget(call.id, &over);
            stop.get_or_insert(why);
        }
        Ok(stop)
    }

    /// Set aside what a call may cost whose turn it is.
    async fn admit(&mut self, call: Box<Call>, request: certus_providers::Request) -> Result<Next, Failure> {
        Ok(match self.set_aside(call.id, &request).await? {
            None => Next::Ask(call, request),
            Some(over) => Next::Refused(call, over),
        })
    }

    async fn settle(
        &mut self,
        call: Box<Call>,
        result: Result<Answer, ProviderError>,
        elapsed_ms: i64,
    ) -> Result<Next, Failure> {
        match result {
            Ok(answer) => self.answered(call, answer, elapsed_ms, false).await,
            Err(error) => match replies::whole(&error) {
                Some(answer) => self.answered(call, answer, elapsed_ms, true).await,
                None => self.unanswered(call, &error).await,
            },
        }
    }

    /// `cut` where the connection broke once it was whole.
    async fn answered(&mut self, call: Box<Call>, answer: Answer, elapsed_ms: i64, cut: bool) -> Result<Next, Failure> {
        let settled = self.priced(&answer.model, &call.request, answer.usage, answer.text.len());
        let usage = settled.usage;
        let parsed = certus_prompts::parse_reply(&answer.text).map(|parsed| self.without_keys(parsed.reply));
        let raw = match &parsed {
            Ok((_, Some(shown))) => self.keep(shown),
            _ => self.keep(&answer.text),
        };
        let by = Attribution {
            provider: self.provider.name().to_owned(),
            model: answer.model,
            usage,
            estimated: answer.estimated || settled.estimated,
            cut,
            claimed: settled.claimed,
            raw: Some(raw),
            from_memo: false,
            confidence_from: answer.confidence_from,
        };
        let outcome = match parsed {
            Ok((mut reply, _)) => {
                super::prompt::cite(&self.session.project(), &mut reply);
                Outcome::Replied { reply: Box::new(reply), by }
            }
            // A person pasted the wrong thing: that is no answer, and nothing was paid.
            Err(error) if self.provider.name() == "manual" => {
                let message = format!("what was given as the reply to {} cannot be used: {error}", call.request.prompt);
                self.defer(call.id, ErrorCode::Unavailable, &message, false, None);
                return Ok(Next::Stop(Stop::Waiting));
            }
            // A sample that cannot be read says nothing, and nothing waits for it.
            Err(error)
                if self.provider.billing() != Billing::Nobody
                    && self.was_readable(call.id)
                    && !self.is_sample(call.id) =>
            {
                let message = settled.unreadable(&call.request.prompt, &error);
                let leftover = Leftover { message, billed: Some(usage), raw: Some(raw), unreadable: true };
                let repairs = Some((error.to_string(), answer.text));
                let again = Box::new(Call { tries: call.tries + 1, repairs, ..*call });
                return self.again(again, leftover, false, Duration::ZERO).await;
            }
            // It was sent back once, in this process or one before. What else there is to try is for a person to say.
            Err(error)
                if self.provider.billing() != Billing::Nobody
                    && !law::is_dispensable(&call.request.prompt)
                    && !self.is_sample(call.id) =>
            {
                let message = settled.unreadable(&call.request.prompt, &error);
                let message = replies::with_beginning(message, &answer.text);
                let message = format!("{message}; going on asks once more, which is one call");
                let leftover =
                    Leftover { message: message.clone(), billed: Some(usage), raw: Some(raw), unreadable: true };
                let code = ErrorCode::Unavailable;
                self.defer(call.id, code, &message, false, Some(leftover));
                return Ok(Next::Stop(Stop::Paused { code, message }));
            }
            Err(error) => Outcome::Unusable {
                code: ErrorCode::Invalid,
                message: match self.is_sample(call.id) {
                    true => self.without_it(call.id, &error.to_string()),
                    false => format!("the reply to {}: {error}", call.request.prompt),
                },
                by: Box::new(by),
            },
        };
        self.note(Body::Outcome { effect: call.id, outcome, elapsed_ms: self.session.elapsed(elapsed_ms) });
        Ok(Next::Settled)
    }

    /// A reply without keys, and its text where one had to be taken out: JSON can spell them so that nobody finds them in it.
    fn without_keys(&self, reply: Reply) -> (Reply, Option<String>) {
        let text = serde_json::to_string(&reply).unwrap_or_default();
        let shown = self.session.redactor().redact(text.clone());
        if shown == text {
            return (reply, None);
        }
        match serde_json::from_str(&shown) {
            Ok(reply) => (reply, Some(shown)),
            // A key that is part of the form would have to be one of its words.
            Err(_) => (reply, None),
        }
    }

    async fn unanswered(&mut self, call: Box<Call>, error: &ProviderError) -> Result<Next, Failure> {
        let billed = error.call().and_then(|failed| match failed.spent {
            Spent::Known(usage) => {
                let came = failed.partial.as_ref().map_or(0, String::len);
                Some(self.priced(&failed.model, &call.request, usage, came))
            }
            Spent::Nothing | Spent::Possibly(_) => None,
        });
        let remark = billed.map(|billed| billed.remark()).unwrap_or_default();
        let message = match self.last_unusable(&call.request.prompt) {
            Some(before) if error.call().is_none() => format!("{error}{remark}; before that, {before}"),
            _ => format!("{error}{remark}"),
        };
        let message = crate::clean::clean(&message);
        let leftover = error.call().map(|failed| Leftover {
            message: message.clone(),
            billed: billed.map(|billed| billed.usage),
            raw: failed.partial.as_deref().filter(|text| !text.is_empty()).map(|text| self.keep(text)),
            unreadable: false,
        });
        let possibly_billed = matches!(error.spent(), Spent::Possibly(_));
        if let Some(leftover) = &leftover
            && let Some(wait) = retry::after(error, call.tries, fastrand::f64())
        {
            let seconds = wait.as_secs_f64().ceil();
            self.listener.busy(&format!("{} (again in {seconds} s: {message})", self.called(call.id)));
            let again = Box::new(Call { tries: call.tries + 1, ..*call });
            // Without a terminal nobody sees what it is busy with.
            let leftover = Leftover { message: format!("{message}; again in {seconds} s"), ..leftover.clone() };
            return self.again(again, leftover, possibly_billed, wait).await;
        }
        if error
            .call()
            .is_some_and(|failed| failed.kind == CallErrorKind::ContextOverflow && failed.spent == Spent::Nothing)
            && !self.is_sample(call.id)
        {
            // Not put off: what goes on has a larger window, or says less, and is rendered anew.
            let outcome = Outcome::Failed { code: ErrorCode::Limit, message: message.clone() };
            self.note(Body::Outcome { effect: call.id, outcome, elapsed_ms: 0 });
            return Ok(Next::Stop(Stop::Paused { code: ErrorCode::Unavailable, message }));
        }
        let code = match error {
            ProviderError::Invalid { .. } | ProviderError::Damaged { .. } => ErrorCode::Failed,
            _ => ErrorCode::Unavailable,
        };
        self.defer(call.id, code, &message, possibly_billed, leftover);
        if self.is_sample(call.id) {
            self.without(call.id, code, &message);
            return Ok(Next::Settled);
        }
        let person = matches!(error, ProviderError::Waiting { .. }) || self.provider.name() == "manual";
        Ok(Next::Stop(if person { Stop::Waiting } else { Stop::Paused { code, message } }))
    }

    /// Why the last reply to a prompt could not be used, in this visit: what comes after it may only follow from that.
    fn last_unusable(&self, prompt: &str) -> Option<&str> {
        let here = |effect: &certus_engine::Effect| {
            effect.visit == self.chain.visit()
                && matches!(&effect.request, Request::Prompt { name, .. } if name == prompt)
        };
        let mut ended =
            self.chain.effects().filter(|(_, effect)| here(effect)).filter_map(|(_, effect)| effect.outcome());
        match ended.next_back()? {
            Outcome::Unusable { message, .. } => Some(message),
            _ => None,
        }
    }

    /// Record what an attempt left behind, and set aside what the next one may cost unless it has to wait.
    async fn again(
        &mut self,
        call: Box<Call>,
        leftover: Leftover,
        possibly_billed_twice: bool,
        wait: Duration,
    ) -> Result<Next, Failure> {
        let attempt = self.chain.effect(call.id).map_or(1, |effect| effect.attempt).saturating_add(1);
        let leftover = Some(Box::new(leftover));
        self.note(Body::Reissued { effect: call.id, attempt, possibly_billed_twice, leftover });
        let request = self.again_of(&call)?;
        if (!wait.is_zero() || self.provider.is_limited()) && self.fits(call.id, &request) {
            return Ok(Next::Wait(call, request, wait));
        }
        Ok(match self.set_aside(call.id, &request).await? {
            Some(over) if self.is_sample(call.id) => {
                self.without(call.id, ErrorCode::Limit, &over.to_string());
                Next::Settled
            }
            Some(over) => Next::Stop(self.over_budget(call.id, &over)),
            None if !wait.is_zero() => Next::Wait(call, request, wait),
            None => Next::Ask(call, request),
        })
    }

    /// What is sent for one more attempt: the same, or what says why the answer before could not be read.
    fn again_of(&mut self, call: &Call) -> Result<certus_providers::Request, Failure> {
        let request = self.call(call.id)?;
        Ok(match &call.repairs {
            Some((why, answer)) => repair(&request, why, answer),
            None => request,
        })
    }

    pub(super) fn defer(
        &mut self,
        effect: EffectId,
        code: ErrorCode,
        message: &str,
        possibly_billed: bool,
        leftover: Option<Leftover>,
    ) {
        let (message, leftover) = (crate::clean::clean(message), leftover.map(Box::new));
        self.note(Body::Deferred { effect, code, message, possibly_billed, leftover, enough: None });
    }

    /// What a call took, with its price.
    fn priced(&self, model: &str, request: &certus_providers::Request, said: Usage, answer: usize) -> Settled {
        let asked = self.provider.model(request.tier);
        let (prices, billing, at) = (self.session.prices(), self.provider.billing(), self.now());
        price::settle(&Asked { prices, billing, model: &asked, at }, model, request, said, answer)
    }

    /// The text goes into the store with whatever is committed next.
    fn keep(&mut self, text: &str) -> Digest {
        let digest = Digest::of(text);
        self.noted.blobs.push((digest, text.as_bytes().to_vec()));
        digest
    }
}

/// Bytes of an unreadable answer that its writer gets back.
const MOST_RETURNED: usize = 32 * 1024;

/// The same request, with the answer that could not be read and why.
fn repair(request: &certus_providers::Request, why: &str, answer: &str) -> certus_providers::Request {
    let end = answer.floor_char_boundary(MOST_RETURNED);
    let variable = format!(
        "{}\n\nYour answer to this was:\n\n<answer>\n{}\n</answer>\n\nIt cannot be read: {}. Write the same answer again as \
         exactly one JSON object of the form that is asked for above, and nothing else.\n",
        request.variable,
        answer.get(..end).unwrap_or_default(),
        crate::clean::line(why, 500),
    );
    certus_providers::Request { variable: variable.into(), ..request.clone() }
}
