//! Money is set aside before it is spent: no order of calls, failures and deaths of the process passes a cap.

mod support;

use certus_engine::*;
use proptest::prelude::*;
use support::{intent, outcome, prompt, started};

struct Ledger {
    chain: Chain,
}

impl Ledger {
    fn new(caps: Caps) -> Self {
        let mut ledger = Self { chain: Chain::default() };
        for body in law::begin(started()) {
            ledger.note(body);
        }
        ledger.note(Body::BudgetSet { caps, own: None });
        ledger
    }

    fn note(&mut self, body: Body) {
        self.chain.apply(&Event { seq: self.chain.version() + 1, at: 1, body });
    }

    fn call(&mut self) -> EffectId {
        let effect = self.chain.next_effect();
        self.note(intent(effect, prompt("p"), self.chain.version()));
        effect
    }

    fn reserve(&mut self, effect: EffectId, tokens: u64, usd_micros: Option<u64>) -> Result<usize, OverBudget> {
        let wanted = Estimate { tokens, usd_micros, model: "m".to_owned() };
        let ruling = budget::reserve(&self.chain, effect, &wanted)?;
        let recorded = ruling.record.len();
        ruling.record.into_iter().for_each(|body| self.note(body));
        Ok(recorded)
    }

    fn paid(&mut self, effect: EffectId, tokens: u64, usd_micros: u64) {
        let usage = Usage { input_tokens: tokens, usd_micros, ..Usage::default() };
        let by = Attribution { usage, ..Attribution::default() };
        self.note(outcome(effect, Outcome::Replied { reply: Box::default(), by }));
    }

    fn defer(&mut self, effect: EffectId, possibly_billed: bool, billed: Option<u64>) {
        let usage = |usd_micros| Usage { usd_micros, ..Usage::default() };
        let leftover = billed.map(|billed| Box::new(Leftover { billed: Some(usage(billed)), ..Leftover::default() }));
        let (code, message) = (ErrorCode::Unavailable, String::new());
        self.note(Body::Deferred { effect, code, message, possibly_billed, leftover, enough: None });
    }

    fn used(&self) -> Amount {
        self.chain.effects().fold(Amount::default(), |sum, (_, effect)| sum.plus(effect.committed()))
    }
}

fn money(usd_micros: u64) -> Cap {
    Cap { usd_micros: Some(usd_micros), tokens: None }
}

#[test]
fn what_was_not_used_comes_back() {
    let mut ledger = Ledger::new(Caps { chain: money(100), ..Caps::default() });
    let (first, second) = (ledger.call(), ledger.call());
    ledger.reserve(first, 10, Some(70)).expect("it fits");
    let over = ledger.reserve(second, 10, Some(31)).expect_err("70 + 31 is over 100");
    assert_eq!(
        over.to_string(),
        "the budget of the chain does not cover the next call, which may take $0.000031: $0.000070 of $0.000100 spent or set \
         aside, $0.000030 left"
    );
    ledger.paid(first, 5, 20);
    ledger.reserve(second, 10, Some(80)).expect("only 20 were used");
    let third = ledger.call();
    let over = ledger.reserve(third, 10, Some(5)).expect_err("nothing is left");
    assert_eq!(
        over.to_string(),
        "the budget of the chain is used up: $0.000100 of $0.000100 spent or set aside, and the next call may take $0.000005"
    );
    assert_eq!(over.enough(), Some(money(105)));
}

#[test]
fn what_may_have_been_billed_counts_as_spent() {
    let mut ledger = Ledger::new(Caps { chain: money(100), ..Caps::default() });
    let effect = ledger.call();
    ledger.reserve(effect, 1, Some(40)).expect("it fits");
    ledger.note(Body::Reissued { effect, attempt: 2, possibly_billed_twice: true, leftover: None });
    ledger.reserve(effect, 1, Some(40)).expect("it fits twice");
    ledger.note(Body::Reissued { effect, attempt: 3, possibly_billed_twice: true, leftover: None });
    assert!(ledger.reserve(effect, 1, Some(40)).is_err());
    // What certainly was not billed comes back.
    ledger.note(Body::BudgetSet { caps: Caps { chain: money(120), ..Caps::default() }, own: None });
    ledger.reserve(effect, 1, Some(40)).expect("the cap was raised");
    ledger.defer(effect, false, None);
    assert_eq!(ledger.used(), Amount { tokens: 2, usd_micros: 80, unpriced_tokens: 0 });
}

#[test]
fn what_was_in_flight_counts_whoever_takes_it_up() {
    // Rules go on where a service was interrupted: nothing is asked twice, and what was set aside may be gone all the same.
    let mut ledger = Ledger::new(Caps::default());
    let effect = ledger.call();
    ledger.reserve(effect, 10, Some(40)).expect("it fits");
    ledger.note(Body::Reissued { effect, attempt: 2, possibly_billed_twice: false, leftover: None });
    let lost = Amount { tokens: 10, usd_micros: 40, unpriced_tokens: 0 };
    assert_eq!(ledger.chain.spending(), Spending { lost, possible: lost, ..Spending::default() });
    assert!(lost.is_billed());
    // What failed without being billed comes back.
    let effect = ledger.call();
    ledger.reserve(effect, 10, Some(40)).expect("it fits");
    let leftover = Some(Box::new(Leftover::default()));
    ledger.note(Body::Reissued { effect, attempt: 2, possibly_billed_twice: false, leftover });
    assert_eq!(ledger.chain.spending().total(), lost);
    // A model on this machine uses tokens, and bills nobody.
    assert!(!Amount { tokens: 10, ..Amount::default() }.is_billed());
    // A service without a known price bills.
    let effect = ledger.call();
    ledger.reserve(effect, 7, None).expect("nothing is capped");
    let reserved = Amount { tokens: 7, usd_micros: 0, unpriced_tokens: 7 };
    assert_eq!(ledger.chain.spending().reserved, reserved);
    assert!(reserved.is_billed());
    ledger.paid(effect, 5, 3);
    let answered = Amount { tokens: 5, usd_micros: 3, unpriced_tokens: 0 };
    assert_eq!(ledger.chain.spending(), Spending { answered, lost, possible: lost, ..Spending::default() });
}

#[test]
fn a_warning_names_its_scope_what_is_used_and_the_cap() {
    let chain = Cap { tokens: Some(1_000), usd_micros: Some(1_000_000) };
    let mut ledger = Ledger::new(Caps { chain, phase: money(900_000), ..Caps::default() });
    let effect = ledger.call();
    ledger.reserve(effect, 10, Some(890_000)).expect("it fits");
    assert!(ledger.chain.warnings().is_empty(), "what is set aside is not spent");
    ledger.paid(effect, 10, 820_000);
    budget::warnings(&ledger.chain, effect).into_iter().for_each(|body| ledger.note(body));
    assert!(budget::warnings(&ledger.chain, effect).is_empty(), "once");
    let said: Vec<String> = ledger.chain.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "Most of the budget of the phase is used up: $0.820000 of $0.900000 (91 %)",
            "Most of the budget of the chain is used up: $0.820000 of $1.000000 (82 %)",
        ]
    );
    // An event of old says whose cap, and no more.
    let old: Body = serde_json::from_str(r#"{"type":"budget-warned","scope":"day"}"#).expect("it is read");
    let Body::BudgetWarned(old) = old else { panic!("{old:?}") };
    assert_eq!(old.to_string(), "Most of the budget of the day is used up");
}

#[test]
fn a_price_that_nobody_knows_fits_under_no_cap_of_money() {
    let mut ledger = Ledger::new(Caps { chain: money(1_000_000), ..Caps::default() });
    let effect = ledger.call();
    let over = ledger.reserve(effect, 1, None).expect_err("it cannot be kept");
    assert_eq!(over, OverBudget::Unpriced { scope: Scope::Chain, model: "m".to_owned() });
    ledger.note(Body::BudgetSet {
        caps: Caps { chain: Cap { tokens: Some(10), usd_micros: None }, ..Caps::default() },
        own: None,
    });
    ledger.reserve(effect, 10, None).expect("tokens are counted");
}

#[test]
fn each_scope_counts_its_own() {
    let caps = |scope: Scope| {
        let cap = money(50);
        match scope {
            Scope::Call => Caps { call: cap, ..Caps::default() },
            Scope::Phase => Caps { phase: cap, ..Caps::default() },
            Scope::Plugin => Caps { plugin: cap, ..Caps::default() },
            _ => Caps { chain: cap, ..Caps::default() },
        }
    };
    // Two calls of 30 in one phase, then one in another phase.
    let fits = |scope: Scope| {
        let mut ledger = Ledger::new(caps(scope));
        let mut said = Vec::new();
        for number in 0..3 {
            if number == 2 {
                ledger.note(Body::PhaseEntered { phase: "decide".to_owned(), visit: 1, why: String::new() });
            }
            let effect = ledger.call();
            said.push(ledger.reserve(effect, 1, Some(30)).is_ok());
        }
        said
    };
    assert_eq!(fits(Scope::Call), [true, true, true]);
    assert_eq!(fits(Scope::Phase), [true, false, true]);
    assert_eq!(fits(Scope::Chain), [true, false, false]);
    assert_eq!(fits(Scope::Plugin), [true, true, true], "no plugin's command asked for them");
}

#[test]
fn commands_of_one_plugin_share_its_cap() {
    let mut ledger = Ledger::new(Caps { plugin: money(50), ..Caps::default() });
    let command = |ledger: &mut Ledger, plugin: &str| {
        let effect = ledger.chain.next_effect();
        let plugin = PluginRef { name: plugin.to_owned(), digest: Digest::of(plugin) };
        let request = Request::Command { line: "/x".to_owned(), plugin, depth: 0 };
        ledger.note(intent(effect, request, ledger.chain.version()));
        effect
    };
    let nested = |ledger: &mut Ledger, command: EffectId| {
        let (effect, request) = (ledger.chain.next_effect(), prompt("p"));
        let digest = Digest::of_json(&request);
        let basis = ledger.chain.version();
        ledger.note(Body::Intent { effect, invocation: Some(command), occurrence: 0, request, digest, basis });
        ledger.reserve(effect, 1, Some(30)).is_ok()
    };
    let (one, two, other) = (command(&mut ledger, "one"), command(&mut ledger, "one"), command(&mut ledger, "other"));
    assert!(nested(&mut ledger, one));
    assert!(!nested(&mut ledger, two));
    assert!(nested(&mut ledger, other));
    // What the controller names is no command's: it has no cap of a plugin, not even one for each call.
    for _ in 0..2 {
        let effect = ledger.call();
        ledger.reserve(effect, 1, Some(60)).expect("no plugin's command asked for it");
    }
}

#[test]
fn a_person_is_warned_once_at_four_fifths() {
    let mut ledger = Ledger::new(Caps { chain: money(100), ..Caps::default() });
    let recorded: Vec<usize> = [79, 1, 1, 1]
        .into_iter()
        .map(|price| {
            let effect = ledger.call();
            let recorded = ledger.reserve(effect, 1, Some(price)).expect("it fits");
            ledger.paid(effect, 1, price);
            recorded
        })
        .collect();
    assert_eq!(recorded, [1, 1, 2, 1]);
}

#[test]
fn a_lower_layer_only_tightens() {
    let mine = Cap { tokens: Some(10), usd_micros: None };
    assert_eq!(
        mine.tightened(Cap { tokens: Some(20), usd_micros: Some(5) }),
        Cap { tokens: Some(10), usd_micros: Some(5) }
    );
}

#[derive(Debug, Clone)]
enum Turn {
    Call(u64),
    Paid(usize, u64),
    Died(usize),
    Deferred(usize, bool),
    Failed(usize, u64),
    Again(usize, u64),
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        4 => (0..60u64).prop_map(Turn::Call),
        3 => (0..50usize, 0..100u64).prop_map(|(which, share)| Turn::Paid(which, share)),
        1 => (0..50usize).prop_map(Turn::Died),
        1 => (0..50usize, any::<bool>()).prop_map(|(which, billed)| Turn::Deferred(which, billed)),
        1 => (0..50usize, 0..100u64).prop_map(|(which, share)| Turn::Failed(which, share)),
        2 => (0..50usize, 0..60u64).prop_map(|(which, price)| Turn::Again(which, price)),
    ]
}

proptest! {
    /// As long as no call costs more than was set aside for it, nothing passes a cap, and what is billed in truth is
    /// never more than what the chain counts.
    #[test]
    fn no_order_of_things_passes_a_cap(cap in 0..200u64, turns in prop::collection::vec(turn(), 0..60)) {
        let mut ledger = Ledger::new(Caps { chain: money(cap), ..Caps::default() });
        let mut billed = 0;
        for turn in turns {
            let open: Vec<EffectId> = ledger.chain.open_effects().map(|(id, _)| id).collect();
            let pick = |which: usize| (!open.is_empty()).then(|| open[which % open.len()]);
            let reserved = |ledger: &Ledger, effect| {
                ledger.chain.effect(effect).and_then(|known| known.reserved).map(|amount| amount.usd_micros)
            };
            match turn {
                Turn::Call(price) => {
                    let effect = ledger.call();
                    let _ = ledger.reserve(effect, price, Some(price));
                }
                Turn::Paid(which, share) => {
                    let Some(effect) = pick(which) else { continue };
                    let Some(reserved) = reserved(&ledger, effect) else { continue };
                    billed += reserved * share / 100;
                    ledger.paid(effect, 0, reserved * share / 100);
                }
                Turn::Died(which) => {
                    let Some(effect) = pick(which) else { continue };
                    billed += reserved(&ledger, effect).unwrap_or(0);
                    ledger.note(Body::Reissued { effect, attempt: 2, possibly_billed_twice: true, leftover: None });
                }
                Turn::Deferred(which, possibly_billed) => {
                    let Some(effect) = pick(which) else { continue };
                    billed += reserved(&ledger, effect).filter(|_| possibly_billed).unwrap_or(0);
                    ledger.defer(effect, possibly_billed, None);
                }
                Turn::Failed(which, share) => {
                    let Some(effect) = pick(which) else { continue };
                    let Some(reserved) = reserved(&ledger, effect) else { continue };
                    billed += reserved * share / 100;
                    ledger.defer(effect, true, Some(reserved * share / 100));
                }
                Turn::Again(which, price) => {
                    let Some(effect) = pick(which) else { continue };
                    if reserved(&ledger, effect).is_none() {
                        let _ = ledger.reserve(effect, price, Some(price));
                    }
                }
            }
            let used = ledger.used().usd_micros;
            prop_assert!(used <= cap, "{used} of {cap}");
            prop_assert!(billed <= used, "{billed} billed, {used} counted");
        }
    }
}

#[test]
fn who_wants_to_be_warned_earlier_is() {
    let of =
        |warn_percent| Caps { chain: Cap { tokens: Some(100), usd_micros: None }, warn_percent, ..Caps::default() };
    assert_eq!([of(None).warn_at(), of(Some(50)).warn_at(), of(Some(95)).warn_at()], [80, 50, 80]);
    assert_eq!(of(Some(60)).tightened(of(Some(50))).warn_at(), 50);
    assert_eq!(of(Some(60)).tightened(of(None)).warn_at(), 60);
    let used = Amount { tokens: 55, ..Amount::default() };
    let warned = |caps: Caps| certus_engine::Warning::at(caps.warn_at(), Scope::Chain, used, caps.chain);
    assert_eq!(warned(of(None)), None);
    let said = warned(of(Some(50))).expect("half of it is used").to_string();
    assert_eq!(said, "Much of the budget of the chain is used up: 55 tokens of 100 tokens (55 %)");
}
