//! Attempts that gave no answer: what they cost all the same, and whether there is another.

use certus_engine::{Body, ErrorCode, Leftover, Outcome, Request};
use certus_providers::{CallErrorKind, ProviderError, Spent, retry};

use super::attempt::{Call, Next};
use super::{Driver, Stop};
use crate::Failure;

impl Driver<'_> {
    pub(super) async fn unanswered(&mut self, call: Box<Call>, error: &ProviderError) -> Result<Next, Failure> {
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
            ..Leftover::default()
        });
        let possibly_billed = matches!(error.spent(), Spent::Possibly(_));
        if let (Some(leftover), Some(failed)) = (&leftover, error.call())
            && let Some(wait) = retry::after(error, call.tries, fastrand::f64())
        {
            let seconds = wait.as_secs_f64().ceil();
            let reason = crate::clean::clean(&format!("{}{remark}", failed.reason()));
            self.listener.busy(&format!("{} (again in {seconds} s: {reason})", self.called(call.id)));
            let again = Box::new(Call { tries: call.tries + 1, ..*call });
            // Without a terminal nobody sees what it is busy with.
            let leftover = Leftover { message: format!("{reason}; again in {seconds} s"), ..leftover.clone() };
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
            // Until something else begins, the chain says why it stands.
            self.defer(call.id, ErrorCode::Unavailable, &message, false, None);
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
}
