//! Calls to who answers prompts: set aside, made, made again where that helps, settled.
//!
//! An amount is on disk before the call that may spend it; what a failed attempt left behind is on disk before the next
//! attempt. So no order of failures, deaths and concurrent calls spends more than the caps allow, and nothing that was paid
//! for is forgotten.

use std::sync::Arc;
use std::time::Duration;

use certus_engine::{
    Amount, Attribution, Body, Caps, Digest, EffectId, ErrorCode, Leftover, Outcome, Reply, Usage, budget, law,
};
use certus_providers::{Answer, Billing, ProviderError};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc::unbounded_channel;

use super::attempt::{Call, Came, First, Next, Report, step};
use super::comes_back::{Waited, Waiting};
use super::price::{self, Asked, Settled};
use super::{Driver, Stop, replies};
use crate::Failure;
use crate::person::Listener;

impl<'a> Driver<'a> {
    /// Answer prompts beside one another. Each reply is on disk as soon as it is there; the last one shares its
    /// transaction with what follows from it.
    pub(crate) async fn run_prompts(&mut self, ids: &[EffectId]) -> Result<Option<Stop>, Failure> {
        let (requests, too_large) = self.requests(ids).await?;
        if let Some(why) = too_large {
            return Ok(Some(self.too_large(requests, why)));
        }
        let mut first = First::default();
        let mut failed = self.begin(requests, &mut first).await.err();
        let First { calls, turns, mut waiting } = first;
        let listener: &'a dyn Listener = self.listener;
        let (reports, mut reported) = unbounded_channel();
        let (mut stop, mut running, mut waited) = (None, FuturesUnordered::new(), Waited::default());
        if failed.is_none() {
            for (call, request) in calls {
                listener.busy(&self.called(call.id));
                running.push(step(Arc::clone(&self.provider), listener, call, request, None, reports.clone()));
            }
            for (call, request) in turns {
                listener.busy(&format!("{} (in its turn: so many calls a minute are allowed)", self.called(call.id)));
                let wait = Some(Duration::ZERO);
                running.push(step(Arc::clone(&self.provider), listener, call, request, wait, reports.clone()));
            }
        }
        loop {
            let followed = tokio::select! {
                // What was said of a call counts before its end.
                biased;
                Some(report) = reported.recv() => self.narrow(report).await.map(|()| Vec::new()),
                came = running.next() => match came {
                    None if failed.is_some() || stop.is_some() => break,
                    // Nothing of this process is in flight, but others may be near their end.
                    None => match self.outwait(&mut waiting, &mut waited).await {
                        Ok(all) if all.is_empty() => break,
                        followed => followed,
                    },
                    // Others are in flight, and will be paid: what they answer is recorded where that can be done.
                    Some(came) if failed.is_some() => self.last_of(came).await.map(|()| Vec::new()),
                    Some(came) => self.follow_up(came, &mut waiting, !running.is_empty()).await,
                },
            };
            match followed {
                Ok(all) => {
                    for next in all {
                        let (call, request, wait) = match next {
                            Next::Ask(call, request) => (call, request, None),
                            Next::Wait(call, request, wait) => (call, request, Some(wait)),
                            Next::Stop(why) => {
                                stop.get_or_insert(why);
                                continue;
                            }
                            Next::Settled | Next::Refused(..) => continue,
                        };
                        if wait.is_none() {
                            listener.busy(&self.called(call.id));
                        }
                        running.push(step(Arc::clone(&self.provider), listener, call, request, wait, reports.clone()));
                    }
                }
                Err(failure) => drop(failed.get_or_insert(failure)),
            }
        }
        if let Some(failure) = failed {
            self.release(ids, &failure).await;
            return Err(failure);
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

    /// Set aside what the first calls may cost, as far as it fits.
    async fn begin(
        &mut self,
        requests: Vec<(EffectId, certus_providers::Request)>,
        first: &mut First,
    ) -> Result<(), Failure> {
        for (id, request) in requests {
            let call = Box::new(Call { id, request: request.clone().sent(), tries: 1, repairs: None });
            if self.provider.is_limited() && self.fits(id, &request) {
                first.turns.push((call, request));
                continue;
            }
            match self.set_aside(id, &request).await? {
                Some(over) => first.waiting.push((call, over)),
                None => first.calls.push((call, request)),
            }
        }
        let refused = first.waiting.iter().map(|(call, _)| &call.request);
        let asked = first.calls.iter().chain(&first.turns).map(|(call, _)| &call.request);
        self.look_ahead(&asked.chain(refused).collect::<Vec<_>>())?;
        if !first.calls.is_empty() || !first.turns.is_empty() {
            self.commit().await?;
        }
        Ok(())
    }

    /// What follows from the end of a step, on disk where something else runs or begins now.
    async fn follow_up(&mut self, came: Came, waiting: &mut Waiting, running: bool) -> Result<Vec<Next>, Failure> {
        let next = match came {
            Came::Turn(call, request) => self.admit(call, request).await?,
            Came::End(call, result, elapsed_ms) => self.settle(call, result, elapsed_ms).await?,
        };
        let mut all = Vec::new();
        match next {
            Next::Refused(call, over) => waiting.push((call, over)),
            next => all.push(next),
        }
        // What a call did not use comes back: another one may fit now.
        all.extend(self.try_again(waiting).await?);
        if running || all.iter().any(|next| matches!(next, Next::Ask(..) | Next::Wait(..))) {
            self.commit().await?;
        }
        Ok(all)
    }

    /// Set aside what calls may cost that did not fit before, as far as it fits now.
    pub(super) async fn try_again(&mut self, waiting: &mut Waiting) -> Result<Vec<Next>, Failure> {
        let mut all = Vec::new();
        for (call, _) in std::mem::take(waiting) {
            let request = self.again_of(&call)?;
            match self.set_aside(call.id, &request).await? {
                Some(over) => waiting.push((call, over)),
                None => all.push(Next::Ask(call, request)),
            }
        }
        Ok(all)
    }

    /// Record how a call ended after which nothing is asked any more.
    async fn last_of(&mut self, came: Came) -> Result<(), Failure> {
        if let Came::End(call, result, elapsed_ms) = came {
            self.settle(call, result, elapsed_ms).await?;
            self.commit().await?;
        }
        Ok(())
    }

    /// Give back what is set aside for calls that were never made, and say why they were not. None is in flight.
    async fn release(&mut self, ids: &[EffectId], failure: &Failure) {
        for id in ids {
            if self.chain.effect(*id).is_some_and(|effect| effect.is_open() && effect.reserved.is_some()) {
                self.defer(*id, ErrorCode::Unavailable, &failure.message, false, None);
            }
        }
        // The failure itself is what a person hears of.
        let _ = self.commit().await;
    }

    /// What a service says that a call in flight took bounds what the call may cost: so much comes back, and so much less is lost
    /// where the call gives no answer. Without any cap nothing is short, and only more than was set aside is worth recording.
    async fn narrow(&mut self, Report { id, request, model, usage }: Report) -> Result<(), Failure> {
        let Some(reserved) = self.chain.effect(id).and_then(|effect| effect.reserved) else { return Ok(()) };
        let asked = self.provider.model(request.tier);
        let (prices, billing, at) = (self.session.prices(), self.provider.billing(), self.now());
        let amount = price::at_most(&Asked { prices, billing, model: &asked, at }, &model, &request, usage);
        let more = amount.tokens > reserved.tokens || amount.usd_micros > reserved.usd_micros;
        if amount == reserved || !more && self.chain.caps() == Caps::default() {
            return Ok(());
        }
        self.note(Body::Reserved { effect: id, amount });
        self.commit().await?;
        self.correct_day(id).await;
        Ok(())
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
        let id = call.id;
        let next = match result {
            Ok(answer) => self.answered(call, answer, elapsed_ms).await,
            Err(error) => match replies::whole(&error) {
                Some(answer) => self.answered(call, answer, elapsed_ms).await,
                None => self.unanswered(call, &error).await,
            },
        };
        for warning in budget::warnings(&self.chain, id) {
            self.note(warning);
        }
        next
    }

    async fn answered(&mut self, call: Box<Call>, answer: Answer, elapsed_ms: i64) -> Result<Next, Failure> {
        let settled = self.priced(&answer.model, &call.request, answer.usage, answer.text.len());
        let usage = settled.usage;
        let estimated = answer.estimated || settled.estimated;
        // What a model thought is in no text: of what was not said, all that was set aside may have been used.
        let reserved = self.chain.effect(call.id).and_then(|effect| effect.reserved).unwrap_or_default();
        let possible = if estimated { reserved.minus(usage.into()) } else { Amount::default() };
        let parsed = certus_prompts::parse_reply(&answer.text).map(|parsed| self.without_keys(parsed.reply));
        let raw = match &parsed {
            Ok((_, Some(shown))) => self.keep(shown),
            _ => self.keep(&answer.text),
        };
        let by = Attribution {
            provider: self.provider.name().to_owned(),
            model: answer.model,
            usage,
            estimated,
            possible,
            cut: answer.broke_after,
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
                let leftover = Leftover { message, billed: Some(usage), possible, raw: Some(raw), unreadable: true };
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
                let message_of = message.clone();
                let leftover =
                    Leftover { message: message_of, billed: Some(usage), possible, raw: Some(raw), unreadable: true };
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

    /// Record what an attempt left behind, and set aside what the next one may cost unless it has to wait.
    pub(super) async fn again(
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
            // What others use comes back before it is given up.
            Some(over) => Next::Refused(call, over),
            None if !wait.is_zero() => Next::Wait(call, request, wait),
            None => Next::Ask(call, request),
        })
    }

    /// What is sent for one more attempt: the same, or what says why the answer before could not be read.
    fn again_of(&mut self, call: &Call) -> Result<certus_providers::Request, Failure> {
        let request = self.call(call.id)?;
        Ok(match &call.repairs {
            Some((why, answer)) => {
                let spare = self.room(request.tier).spare(crate::room::taken(&*self.provider, &request));
                repair(&request, why, answer, spare.min(MOST_RETURNED))
            }
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
    pub(super) fn priced(
        &self,
        model: &str,
        request: &certus_providers::Request,
        said: Usage,
        answer: usize,
    ) -> Settled {
        let asked = self.provider.model(request.tier);
        let (prices, billing, at) = (self.session.prices(), self.provider.billing(), self.now());
        price::settle(&Asked { prices, billing, model: &asked, at }, model, request, said, answer)
    }

    /// The text goes into the store with whatever is committed next.
    pub(super) fn keep(&mut self, text: &str) -> Digest {
        let digest = Digest::of(text);
        self.noted.blobs.push((digest, text.as_bytes().to_vec()));
        digest
    }
}

/// Bytes of an unreadable answer that its writer gets back.
const MOST_RETURNED: usize = 32 * 1024;

/// The same request, with so many bytes of the answer that could not be read, and why.
fn repair(request: &certus_providers::Request, why: &str, answer: &str, bytes: usize) -> certus_providers::Request {
    let end = answer.floor_char_boundary(bytes);
    let variable = format!(
        "{}\n\nYour answer to this was:\n\n<answer>\n{}\n</answer>\n\nIt cannot be read: {}. Write the same answer again as \
         exactly one JSON object of the form that is asked for above, and nothing else.\n",
        request.variable,
        answer.get(..end).unwrap_or_default(),
        crate::clean::line(why, 500),
    );
    certus_providers::Request { variable: variable.into(), ..request.clone() }
}
