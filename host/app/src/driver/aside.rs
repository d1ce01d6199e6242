//! What a call may cost is set aside before it is made, or it is not made.

use certus_engine::{Body, Cap, Caps, EffectId, ErrorCode, Estimate, OverBudget, Scope, budget};
use certus_providers::Billing;

use super::{Driver, Stop};
use crate::Failure;

impl Driver<'_> {
    /// Whether what a call may cost at most fits into the caps of its chain.
    pub(super) fn fits(&self, id: EffectId, request: &certus_providers::Request) -> bool {
        budget::reserve(&self.chain, id, &self.estimate(request, self.most_input(request))).is_ok()
    }

    /// Set aside what a call may cost at most; why not, if that does not fit. Where that only does not because nobody counted,
    /// its service does.
    pub(super) async fn set_aside(
        &mut self,
        id: EffectId,
        request: &certus_providers::Request,
    ) -> Result<Option<OverBudget>, Failure> {
        let reserved = self.chain.effect(id).is_some_and(|effect| effect.reserved.is_some());
        if self.provider.billing() == Billing::Nobody || reserved {
            return Ok(None);
        }
        let refused = self.reserve(id, request, self.most_input(request)).await?;
        if matches!(refused, Some(OverBudget::Reached { .. }))
            && let Some(counted) = self.counted(id, request).await
        {
            // Services call their own counts estimates.
            let most = counted.saturating_add(counted / 50 + 64).min(request.most_tokens());
            return self.reserve(id, request, most).await;
        }
        Ok(refused)
    }

    /// Input tokens that are set aside for a call. Where a cap holds, they are what it cannot pass; else an estimate shows better what
    /// is on its way.
    fn most_input(&self, request: &certus_providers::Request) -> u64 {
        if self.chain.caps() == Caps::default() {
            return request.estimated_tokens();
        }
        self.bound(request)
    }

    /// Input tokens that a request cannot pass, with what its service puts around it: what is set aside for it under a cap, unless
    /// the service counts them.
    pub(super) fn bound(&self, request: &certus_providers::Request) -> u64 {
        request.most_tokens().saturating_add(self.provider.own_tokens())
    }

    /// Record that a call is not made because of its budget.
    pub(super) fn over_budget(&mut self, id: EffectId, over: &OverBudget) -> Stop {
        let (code, raise) = (ErrorCode::Limit, self.raise(over));
        let shown = format!("{over}{}{}; {raise}", self.nobody_said(id, over), self.by_length(id));
        let (possibly_billed, leftover, message) = (false, None, shown.clone());
        let enough = over.enough().filter(|_| !self.project_is_stricter(over));
        self.note(Body::Deferred { effect: id, code, message, possibly_billed, leftover, enough });
        Stop::Paused { code, message: shown }
    }

    /// Where the cap counts what nobody said: how much. Whoever wonders what used it up may want another service.
    fn nobody_said(&self, id: EffectId, over: &OverBudget) -> String {
        let OverBudget::Reached { scope, unit, .. } = over else { return String::new() };
        let possible = self.chain.possible(*scope, id).of(*unit);
        if possible == 0 {
            return String::new();
        }
        let possible = unit.said(possible);
        format!("; of what is counted, {possible} are what calls may have cost whose service did not say it")
    }

    /// What a person can do about it.
    fn raise(&self, over: &OverBudget) -> String {
        match over {
            OverBudget::Unpriced { model, .. } => {
                let (file, model) = (self.session.prices_file(), crate::clean::line(model, 200));
                format!(
                    "write what it costs, in dollars for a million tokens, into {file}: \
                     price = [{{ model = \"{model}\", input = …, output = … }}]; or cap tokens instead"
                )
            }
            OverBudget::Reached { scope, .. } => {
                let least = over.least().unwrap_or_default();
                let (usd, tokens) = (least.usd_micros.map(usd_from), least.tokens);
                let set = usd.as_ref().map(|usd| format!("usd = {usd}"));
                let set = set.or_else(|| tokens.map(|tokens| format!("tokens = {tokens}"))).unwrap_or_default();
                if self.project_is_stricter(over) {
                    return format!("raise `{scope}` under [budget] in the project's certus.toml to {set} or more");
                }
                match scope {
                    Scope::Chain => {
                        let flag = usd.map(|usd| format!("--max-usd {usd}"));
                        let flag = flag.or_else(|| tokens.map(|tokens| format!("--max-tokens {tokens}")));
                        format!("raise it with {} or more", flag.unwrap_or_default())
                    }
                    Scope::Day => format!(
                        "raise `day` under [budget] in your configuration, which counts all your projects, to {set} or more, \
                         or wait"
                    ),
                    scope => format!("raise `{scope}` under [budget] in your configuration to {set} or more"),
                }
            }
        }
    }

    /// Set the estimate aside together with the intent, where that is all it takes: one transaction less for each call.
    pub(super) fn set_aside_early(&mut self, id: EffectId) {
        // Who waits for a turn has nothing set aside meanwhile.
        let waits = self.provider.is_limited();
        if waits || self.provider.billing() == Billing::Nobody || self.chain.caps().day != Cap::default() {
            return;
        }
        if self.chain.effect(id).is_none_or(|effect| effect.request.sends().is_none()) {
            return;
        }
        if self.memoised(id).is_some() {
            return;
        }
        let Some(sending) = self.sending.get(&id).cloned() else { return };
        let Some(request) = self.request(id, &sending) else { return };
        // Where it does not fit, the call itself is the place to count exactly and to say so.
        if let Ok(ruling) = budget::reserve(&self.chain, id, &self.estimate(&request, self.most_input(&request))) {
            self.follow(ruling);
        }
    }

    pub(super) fn estimate(&self, request: &certus_providers::Request, input: u64) -> Estimate {
        let (model, output) = (self.provider.model(request.tier), u64::from(request.max_output_tokens));
        let usd_micros = match self.provider.billing() {
            Billing::Money => self.session.prices().upper_bound(&model, input, output, self.now()),
            Billing::Tokens | Billing::Nobody => Some(0),
        };
        Estimate { tokens: input.saturating_add(output), usd_micros, model }
    }
}

/// Dollars as they are written into a command or a file, never less than they are: to a hundredth of a cent.
fn usd_from(micros: u64) -> String {
    let up = micros.div_ceil(100);
    format!("{}.{:04}", up / 10_000, up % 10_000)
}
