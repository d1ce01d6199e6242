//! What a call took and cost, as far as that is possible. A service is a stranger: what it says of itself is believed only
//! within what a request of that size can take, so that no single answer makes every sum, budget and report worthless.

use certus_engine::{Amount, Millis, Usage};
use certus_providers::{Billing, Prices, Request, is_same_model};

/// Tokens that a service may put around a request: its own instructions, tools, what it keeps of the session.
const AROUND: u64 = 100_000;
/// Times the longest answer that was asked for. Services count hidden reasoning in different ways.
const LONGER: u64 = 4;
/// Bytes of text that a token stands for at most, on average over a request: the longest tokens are runs of white space, and what is
/// sent and answered is prose, code and JSON of three to five bytes a token.
const LARGEST: u64 = 64;
/// Millionths of a dollar that a token costs at most, where no price is known: a thousand dollars for a million.
const DEAREST: u64 = 1_000;

/// Whom a call was made to.
pub(super) struct Asked<'a> {
    pub(super) prices: &'a Prices,
    pub(super) billing: Billing,
    /// As it was asked for. A service may call its model by a longer name.
    pub(super) model: &'a str,
    pub(super) at: Millis,
}

impl Asked<'_> {
    /// The price of what was asked for, or of what says that it answered instead: the dearer one, so that no name that a service
    /// writes makes a call cheap. A longer name of the same model says better which it is.
    fn dearer(&self, answered_by: &str, price: impl Fn(&str) -> Option<u64>) -> Option<u64> {
        match (price(answered_by), price(self.model)) {
            (Some(answered), _) if is_same_model(self.model, answered_by) => Some(answered),
            (answered, asked) => answered.max(asked),
        }
    }
}

/// What a call took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Settled {
    /// With its price.
    pub(super) usage: Usage,
    /// What the service said, where that cannot be.
    pub(super) claimed: Option<Usage>,
    /// It said less than is possible: this is an estimate from the lengths.
    pub(super) estimated: bool,
}

impl Settled {
    /// For the message of an attempt that gave no answer.
    pub(super) fn remark(&self) -> String {
        let claimed = self.claimed.map(|claimed| {
            format!(
                "; the service says that it took {} tokens, which cannot be: {} are counted",
                claimed.tokens(),
                self.usage.tokens()
            )
        });
        claimed.unwrap_or_default()
    }
}

/// What a service says that a call took, within what is possible, with its price unless the service itself named one.
/// `answer` is the length of what it answered, in bytes.
pub(super) fn settle(asked: &Asked<'_>, answered_by: &str, request: &Request, said: Usage, answer: usize) -> Settled {
    let (input, output) = possible(request);
    let (claims, said) = (said, at_least(asked.billing, request, said, answer));
    let estimated = said != claims;
    let mut usage = Usage {
        input_tokens: said.input_tokens.min(input),
        cached_tokens: said.cached_tokens.min(input),
        cache_write_tokens: said.cache_write_tokens.min(input),
        cache_write_1h_tokens: said.cache_write_1h_tokens.min(input),
        output_tokens: said.output_tokens.min(output),
        usd_micros: said.usd_micros,
        unpriced_tokens: 0,
    };
    let prices = asked.prices;
    if usage.usd_micros > 0 {
        let most = |model: &str| prices.upper_bound(model, input, output, asked.at);
        let most = most(answered_by).max(most(asked.model));
        let most = most.unwrap_or_else(|| input.saturating_add(output).saturating_mul(DEAREST));
        usage.usd_micros = usage.usd_micros.min(most);
    }
    let claimed = (usage != Usage { unpriced_tokens: 0, ..claims }).then_some(claims);
    if asked.billing == Billing::Money && usage.usd_micros == 0 {
        match asked.dearer(answered_by, |model| prices.cost(model, &usage, asked.at)) {
            Some(usd_micros) => usage.usd_micros = usd_micros,
            None => usage.unpriced_tokens = usage.tokens(),
        }
    }
    Settled { usage, claimed, estimated }
}

/// What a call takes at most whose service has said what came in, and has not said yet what goes out.
pub(super) fn at_most(asked: &Asked<'_>, answered_by: &str, request: &Request, said: Usage) -> Amount {
    let said = at_least(asked.billing, request, said, 0);
    let input = said.input_tokens.min(possible(request).0);
    let output = u64::from(request.max_output_tokens).max(said.output_tokens);
    let tokens = input.saturating_add(output);
    let most = |model: &str| asked.prices.upper_bound(model, input, output, asked.at);
    match asked.dearer(answered_by, most) {
        _ if asked.billing != Billing::Money => Amount { tokens, ..Amount::default() },
        Some(usd_micros) => Amount { tokens, usd_micros, ..Amount::default() },
        None => Amount { tokens, unpriced_tokens: tokens, ..Amount::default() },
    }
}

/// What was said, with our own estimates in the place of counts that are too small for the texts: a gateway that counts nothing must not
/// make calls free.
fn at_least(billing: Billing, request: &Request, said: Usage, answer: usize) -> Usage {
    if billing == Billing::Nobody {
        return said;
    }
    let (sent, came) = (request.estimated_tokens(), (answer as u64).div_ceil(3));
    let most = u64::from(request.max_output_tokens);
    Usage {
        input_tokens: if too_few(said.input_tokens, sent) { sent } else { said.input_tokens },
        // More than was asked for is not estimated, only believed.
        output_tokens: if too_few(said.output_tokens, came.min(most)) { came.min(most) } else { said.output_tokens },
        ..said
    }
}

/// Whether a count is smaller than any tokeniser makes of a text for which we estimate so many.
pub(super) fn too_few(said: u64, estimate: u64) -> bool {
    said < estimate.saturating_mul(3) / LARGEST
}

/// The most input and output tokens that a request can take. A token is at least one byte of text.
fn possible(request: &Request) -> (u64, u64) {
    let bytes = request.most_tokens();
    (bytes.saturating_add(AROUND), u64::from(request.max_output_tokens).saturating_mul(LONGER))
}

#[cfg(test)]
mod tests {
    use super::*;
    use certus_engine::{Chain, ChainId, Digest};
    use certus_providers::Tier;
    use std::collections::BTreeMap;
    use std::sync::Arc;

    fn request() -> Request {
        Request {
            prompt: "p".to_owned(),
            stable: "s".repeat(600).into(),
            steady: std::sync::Arc::default(),
            variable: "v".repeat(400).into(),
            digest: Digest::of("p"),
            sample: 0,
            attempt: 1,
            tier: Tier::Default,
            arguments: BTreeMap::new(),
            view: Arc::new(Chain::default().view(ChainId(1))),
            max_output_tokens: 1_000,
            schema: None,
            tokens: None,
            turn: None,
        }
    }

    fn settled(model: &str, billing: Billing, said: Usage) -> Settled {
        let prices = "[[price]]\nmodel = \"m\"\ninput = 1.0\noutput = 5.0\n";
        let prices = Prices::parse("test", prices).expect("prices");
        settle(&Asked { prices: &prices, billing, model, at: 0 }, "other", &request(), said, 90)
    }

    #[test]
    fn what_is_possible_is_believed() {
        let said = Usage { input_tokens: 300, cached_tokens: 100, output_tokens: 50, ..Usage::default() };
        let priced = settled("m", Billing::Money, said);
        assert_eq!(priced, Settled { usage: Usage { usd_micros: 550, ..said }, claimed: None, estimated: false });
        assert_eq!(settled("m", Billing::Tokens, said), Settled { usage: said, claimed: None, estimated: false });
        let named = Usage { usd_micros: 1_234, ..said };
        assert_eq!(
            settled("m", Billing::Money, named),
            Settled { usage: named, claimed: None, estimated: false },
            "the service's own price"
        );
    }

    #[test]
    fn a_price_that_nobody_knows_is_unknown_and_not_zero() {
        let said = Usage { input_tokens: 300, output_tokens: 50, ..Usage::default() };
        let priced = settled("nobody-knows-it", Billing::Money, said);
        assert_eq!(priced, Settled { usage: Usage { unpriced_tokens: 350, ..said }, claimed: None, estimated: false });
    }

    #[test]
    fn an_answer_under_a_cheaper_name_costs_what_was_asked_for() {
        let row = |model: &str, input: f64| format!("[[price]]\nmodel = \"{model}\"\ninput = {input}\noutput = 1.0\n");
        let rows = [row("large", 100.0), row("small", 1.0), row("large-20260101", 50.0)].concat();
        let prices = Prices::parse("test", &rows).expect("prices");
        let said = Usage { input_tokens: 300, output_tokens: 50, ..Usage::default() };
        let cost = |model: &str, answered_by: &str| {
            let asked = Asked { prices: &prices, billing: Billing::Money, model, at: 0 };
            settle(&asked, answered_by, &request(), said, 90).usage.usd_micros
        };
        assert_eq!([cost("large", "large"), cost("large", "small"), cost("small", "large")], [30_050; 3]);
        // The same model by its date has the price of that date; a name that nobody knows the price of says nothing.
        assert_eq!([cost("large", "large-20260101"), cost("large", "somebody's")], [15_050, 30_050]);
    }

    #[test]
    fn a_service_that_said_what_came_in_bounds_what_a_call_may_cost() {
        let prices = "[[price]]\nmodel = \"m\"\ninput = 1.0\noutput = 5.0\n";
        let prices = Prices::parse("test", prices).expect("prices");
        let most = |billing, model, input_tokens| {
            let said = Usage { input_tokens, output_tokens: 1, ..Usage::default() };
            at_most(&Asked { prices: &prices, billing, model, at: 0 }, model, &request(), said)
        };
        assert_eq!(most(Billing::Money, "m", 300), Amount { tokens: 1_300, usd_micros: 5_300, unpriced_tokens: 0 });
        let unknown = Amount { tokens: 1_300, usd_micros: 0, unpriced_tokens: 1_300 };
        assert_eq!(most(Billing::Money, "nobody-knows-it", 300), unknown);
        assert_eq!(most(Billing::Tokens, "m", 300), Amount { tokens: 1_300, ..Amount::default() });
        // What cannot be is no bound.
        let estimate = request().estimated_tokens();
        assert_eq!(most(Billing::Money, "m", 1).tokens, estimate + 1_000);
        assert_eq!(most(Billing::Money, "m", u64::MAX).tokens, 101_512 + 1_000);
    }

    #[test]
    fn what_is_too_little_for_the_texts_is_estimated_and_said() {
        // 1,000 bytes went out and 90 came back.
        let estimate = request().estimated_tokens();
        for said in [Usage::default(), Usage { input_tokens: 1, ..Usage::default() }] {
            let settled = settled("m", Billing::Money, said);
            assert_eq!((settled.usage.input_tokens, settled.usage.output_tokens), (estimate, 30));
            assert_eq!(settled.usage.usd_micros, estimate + 5 * 30);
            assert_eq!((settled.claimed, settled.estimated), (Some(said), true));
            // Also of what lies in memory while an answer is on its way, which is without its texts.
            let prices = Prices::default();
            let asked = Asked { prices: &prices, billing: Billing::Tokens, model: "m", at: 0 };
            assert_eq!(settle(&asked, "m", &request().sent(), said, 90).usage.input_tokens, estimate);
        }
        assert_eq!(settled("m", Billing::Nobody, Usage::default()).usage, Usage::default(), "nothing is counted there");
        let long = settle(
            &Asked { prices: &Prices::default(), billing: Billing::Tokens, model: "m", at: 0 },
            "m",
            &request(),
            Usage { input_tokens: 60, ..Usage::default() },
            1_000_000,
        );
        assert_eq!((long.usage.input_tokens, long.usage.output_tokens), (60, 1_000), "as long as was asked for");
        let few = Usage { input_tokens: 60, output_tokens: 2, ..Usage::default() };
        assert!(!settled("m", Billing::Money, few).estimated);
    }

    #[test]
    fn what_cannot_be_is_bounded_and_said() {
        let max = u64::MAX;
        let said = Usage {
            input_tokens: max,
            cached_tokens: max,
            cache_write_tokens: max,
            cache_write_1h_tokens: max,
            output_tokens: max,
            usd_micros: 0,
            unpriced_tokens: max,
        };
        let bounded = settled("m", Billing::Money, said);
        assert_eq!((bounded.usage.input_tokens, bounded.usage.output_tokens), (101_512, 4_000));
        assert!(bounded.usage.usd_micros <= 1_000_000 && bounded.usage.usd_micros > 0, "{bounded:?}");
        assert_eq!(bounded.claimed, Some(said));
        assert!(bounded.remark().contains("which cannot be"), "{}", bounded.remark());
        // A service that names its price names one within reason, whether ours is known or not.
        let dear = Usage { input_tokens: 10, usd_micros: max, ..Usage::default() };
        assert_eq!(settled("m", Billing::Money, dear).usage.usd_micros, 121_512);
        assert_eq!(settled("unknown", Billing::Money, dear).usage.usd_micros, 105_512_000);
        assert_eq!(settled("unknown", Billing::Nobody, dear).claimed, Some(dear));
    }
}
