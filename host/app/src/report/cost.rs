//! What a chain cost, and the caps that it nears, as reports say it.

use certus_engine::{Spending, Warning};
use serde::Serialize;

use crate::costs::{dollars, priced};

/// Money and tokens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Cost {
    /// US dollars that are known to be spent: for answers, and for attempts without one as far as a service said what they cost.
    /// With `possible_usd` and `reserved_usd` it is `total_usd`.
    pub usd: f64,
    /// Input and output, of the same.
    pub tokens: u64,
    /// US dollars for attempts that gave no answer: billed, or possibly billed. Of these, `usd` counts what was billed.
    pub lost_usd: f64,
    /// Input and output, of the same.
    pub lost_tokens: u64,
    /// Of `lost_usd`, what calls can have cost at most, besides what is known of them: nobody said what they did.
    pub possible_usd: f64,
    /// Of `lost_tokens`, the same.
    pub possible_tokens: u64,
    /// US dollars that are set aside for calls in flight, or that were interrupted.
    pub reserved_usd: f64,
    /// Input and output, of the same.
    pub reserved_tokens: u64,
    /// Nobody works on the chain: what is set aside is for calls that were interrupted, and counts until it goes on.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    /// US dollars for answers and attempts without one, and what is set aside: what a cap counts.
    pub total_usd: f64,
    /// Input and output, of the same.
    pub total_tokens: u64,
    /// Of `total_tokens`, those whose price nobody knows: no amount of dollars counts them.
    pub unpriced_tokens: u64,
}

impl Cost {
    pub(crate) fn of(spending: Spending) -> Self {
        let total = spending.total();
        // Not what the chain learned from: an answer is paid for also while those beside it are still on their way.
        let known = spending.answered.plus(spending.lost);
        Self {
            usd: dollars(known.usd_micros.saturating_sub(spending.possible.usd_micros)),
            tokens: known.tokens.saturating_sub(spending.possible.tokens),
            lost_usd: dollars(spending.lost.usd_micros),
            lost_tokens: spending.lost.tokens,
            possible_usd: dollars(spending.possible.usd_micros),
            possible_tokens: spending.possible.tokens,
            reserved_usd: dollars(spending.reserved.usd_micros),
            reserved_tokens: spending.reserved.tokens,
            interrupted: false,
            total_usd: dollars(total.usd_micros),
            total_tokens: total.tokens,
            unpriced_tokens: total.unpriced_tokens,
        }
    }

    /// With what is known of whoever works on the chain.
    #[must_use]
    pub(crate) fn worked_on(self, held: bool) -> Self {
        Self { interrupted: !held && self.reserved_tokens > 0, ..self }
    }

    /// For people: what was spent and what of it was lost; what calls can have cost of which nobody said it, and what is set aside
    /// besides.
    pub fn said(&self) -> String {
        // Where nothing of a part has a price, and something has none that is known, it is this part.
        let unknown = |usd: f64, tokens: u64| if usd > 0.0 { 0 } else { self.unpriced_tokens.min(tokens) };
        let reserved = unknown(self.reserved_usd, self.reserved_tokens);
        let possible = unknown(self.possible_usd, self.possible_tokens);
        let unpriced = self.unpriced_tokens.saturating_sub(reserved).saturating_sub(possible);
        let spent = priced(self.total_usd - self.reserved_usd - self.possible_usd, unpriced);
        let tokens = self.total_tokens.saturating_sub(self.reserved_tokens).saturating_sub(self.possible_tokens);
        let mut text = format!("{tokens} tokens, {spent}");
        let (lost_tokens, lost_usd) =
            (self.lost_tokens.saturating_sub(self.possible_tokens), self.lost_usd - self.possible_usd);
        if lost_tokens > 0 || lost_usd > UNCOUNTED {
            let usd = priced(lost_usd, unknown(lost_usd, lost_tokens));
            text.push_str(&format!(" (of it {lost_tokens} tokens, {usd}, for attempts without an answer)"));
        }
        if self.possible_tokens > 0 {
            let usd = priced(self.possible_usd, possible);
            text.push_str(&format!("; where nobody said it, at most: {} tokens, {usd}", self.possible_tokens));
        }
        if self.reserved_tokens > 0 {
            let (tokens, usd) = (self.reserved_tokens, priced(self.reserved_usd, reserved));
            let of = reserved_for(self.interrupted);
            text.push_str(&format!("; set aside for {of}: {tokens} tokens, {usd}"));
        }
        text
    }
}

/// What something is set aside for.
pub fn reserved_for(interrupted: bool) -> &'static str {
    if interrupted { "calls that were interrupted" } else { "calls in flight" }
}

/// Half a millionth of a dollar: what is less is the error of a difference.
const UNCOUNTED: f64 = 0.5e-6;

/// A cap of which most is used up.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CapLine {
    /// `phase`, `chain`, `day`, `plugin`.
    pub scope: String,
    /// Spent, possibly spent or set aside, in US dollars.
    pub used_usd: f64,
    /// The same in tokens.
    pub used_tokens: u64,
    /// The cap, where most of these dollars are used.
    pub cap_usd: Option<f64>,
    /// The cap, where most of these tokens are used.
    pub cap_tokens: Option<u64>,
}

impl CapLine {
    pub(crate) fn of(warning: &Warning) -> Self {
        Self {
            scope: warning.scope.to_string(),
            used_usd: dollars(warning.used.usd_micros),
            used_tokens: warning.used.tokens,
            cap_usd: warning.cap.usd_micros.map(dollars),
            cap_tokens: warning.cap.tokens,
        }
    }
}

#[cfg(test)]
mod tests {
    use certus_engine::Amount;

    use super::*;

    fn amount(tokens: u64, usd_micros: u64, unpriced_tokens: u64) -> Amount {
        Amount { tokens, usd_micros, unpriced_tokens }
    }

    fn said(answered: Amount, lost: Amount, reserved: Amount) -> String {
        Cost::of(Spending { answered, lost, reserved, ..Spending::default() }).said()
    }

    #[test]
    fn what_a_cut_call_can_have_cost_is_said_apart() {
        let (answered, lost) = (amount(100, 2_000, 0), amount(80, 5_000, 0));
        let cut = |possible| Cost::of(Spending { answered, lost, possible, ..Spending::default() });
        insta::assert_snapshot!(cut(amount(60, 4_000, 0)).said(), @"120 tokens, $0.0030 (of it 20 tokens, $0.0010, for attempts without an answer); where nobody said it, at most: 60 tokens, $0.0040");
        insta::assert_snapshot!(cut(lost).said(), @"100 tokens, $0.0020; where nobody said it, at most: 80 tokens, $0.0050");
        let cost = cut(amount(60, 4_000, 0));
        assert!((cost.total_usd - 0.007).abs() < 1e-9, "a cap counts all of it");
        assert!((cost.usd + cost.possible_usd + cost.reserved_usd - cost.total_usd).abs() < 1e-9, "{cost:?}");
        assert_eq!(cost.tokens + cost.possible_tokens + cost.reserved_tokens, cost.total_tokens);
    }

    #[test]
    fn a_cost_line_counts_everything_and_calls_no_unknown_price_zero() {
        let nothing = Amount::default();
        let lines = [
            said(nothing, nothing, nothing),
            said(amount(100, 2_000, 0), nothing, nothing),
            said(amount(100, 2_000, 0), amount(50, 1_000, 0), amount(70, 3_000, 0)),
            said(amount(100, 0, 100), nothing, nothing),
            said(amount(100, 0, 0), nothing, amount(70, 0, 0)),
            said(nothing, nothing, amount(70, 0, 70)),
            said(amount(100, 2_000, 0), amount(50, 0, 50), amount(70, 0, 70)),
        ];
        insta::assert_snapshot!(lines.join("\n"), @r"
        0 tokens, $0.0000
        100 tokens, $0.0020
        150 tokens, $0.0030 (of it 50 tokens, $0.0010, for attempts without an answer); set aside for calls in flight: 70 tokens, $0.0030
        100 tokens, price unknown
        100 tokens, $0.0000; set aside for calls in flight: 70 tokens, $0.0000
        0 tokens, $0.0000; set aside for calls in flight: 70 tokens, price unknown
        150 tokens, $0.0020 and 50 tokens of unknown price (of it 50 tokens, price unknown, for attempts without an answer); set aside for calls in flight: 70 tokens, price unknown
        ");
    }
}
