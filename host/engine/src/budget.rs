//! What may be spent. An amount is set aside before a call and settled after it, so that what runs at once cannot pass a
//! cap together.
//!
//! What a chain itself spends is judged here, from its events. The cap of a day spans chains and processes; the store
//! holds it, in the transaction that records the reservation.

mod spending;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Body, Chain, EffectId, Ruling, Usage};

pub use spending::Spending;

/// The share of a cap at which a person is warned, in percent, unless they want it earlier.
const WARN_AT: u8 = 80;

/// Tokens and money.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Amount {
    /// Input and output together.
    pub tokens: u64,
    /// Millionths of a US dollar.
    pub usd_micros: u64,
    /// Of the tokens, those whose price nobody knows: `usd_micros` leaves them out.
    #[serde(skip_serializing_if = "crate::reply::is_zero")]
    pub unpriced_tokens: u64,
}

impl From<Usage> for Amount {
    fn from(usage: Usage) -> Self {
        Self { tokens: usage.tokens(), usd_micros: usage.usd_micros, unpriced_tokens: usage.unpriced_tokens }
    }
}

impl Amount {
    /// Whether somebody is paid for it, as far as anybody knows. Tokens alone bill nobody: a model on this machine uses them.
    pub fn is_billed(self) -> bool {
        self.usd_micros > 0 || self.unpriced_tokens > 0
    }

    /// The money in it, for people: to a millionth of a dollar, or that nobody knows the price.
    pub fn dollars(self) -> String {
        if self.usd_micros == 0 && self.unpriced_tokens > 0 {
            return "price unknown".to_owned();
        }
        Unit::UsdMicros.said(self.usd_micros)
    }

    /// How much of it, in one unit.
    pub fn of(self, unit: Unit) -> u64 {
        match unit {
            Unit::Tokens => self.tokens,
            Unit::UsdMicros => self.usd_micros,
        }
    }

    /// Both together; saturates rather than overflows.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_add(other.tokens),
            usd_micros: self.usd_micros.saturating_add(other.usd_micros),
            unpriced_tokens: self.unpriced_tokens.saturating_add(other.unpriced_tokens),
        }
    }

    /// What is left of it without the other; nothing where that is more.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_sub(other.tokens),
            usd_micros: self.usd_micros.saturating_sub(other.usd_micros),
            unpriced_tokens: self.unpriced_tokens.saturating_sub(other.unpriced_tokens),
        }
    }

    pub(crate) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// What a call may cost at most, as far as anybody can say before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Estimate {
    /// The counted input and the longest output.
    pub tokens: u64,
    /// Millionths of a US dollar; absent when the price is not known.
    pub usd_micros: Option<u64>,
    /// Who would answer, for people.
    pub model: String,
}

/// The most that may be spent; what is absent has no cap.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Cap {
    /// Input and output together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Millionths of a US dollar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usd_micros: Option<u64>,
}

impl Cap {
    /// The lower of two.
    #[must_use]
    pub fn tightened(self, by: Self) -> Self {
        let lower = |a: Option<u64>, b: Option<u64>| a.into_iter().chain(b).min();
        Self { tokens: lower(self.tokens, by.tokens), usd_micros: lower(self.usd_micros, by.usd_micros) }
    }

    /// Whether something may be added to what was used.
    ///
    /// # Errors
    /// Which unit would go over; a price that nobody knows fits under no cap of money.
    pub fn admits(self, scope: Scope, used: Amount, wanted: &Estimate) -> Result<(), OverBudget> {
        let over = |unit, used, wanted, cap| Err(OverBudget::Reached { scope, unit, used, wanted, cap });
        if let Some(cap) = self.tokens
            && used.tokens.saturating_add(wanted.tokens) > cap
        {
            return over(Unit::Tokens, used.tokens, wanted.tokens, cap);
        }
        if let Some(cap) = self.usd_micros {
            let Some(price) = wanted.usd_micros else {
                return Err(OverBudget::Unpriced { scope, model: wanted.model.clone() });
            };
            if used.usd_micros.saturating_add(price) > cap {
                return over(Unit::UsdMicros, used.usd_micros, price, cap);
            }
        }
        Ok(())
    }

    /// Each unit as it says, or else as `other` does.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self { tokens: self.tokens.or(other.tokens), usd_micros: self.usd_micros.or(other.usd_micros) }
    }

    /// Whether so much of it is used that a person is warned.
    pub fn is_nearly(self, used: Amount) -> bool {
        self.nearly(used, WARN_AT) != Self::default()
    }

    /// What of it is nearly used up; the rest is left out.
    fn nearly(self, used: Amount, percent: u8) -> Self {
        let nearly = |used: u64, cap: Option<u64>| {
            cap.filter(|cap| u128::from(used) * 100 >= u128::from(*cap) * u128::from(percent))
        };
        Self { tokens: nearly(used.tokens, self.tokens), usd_micros: nearly(used.usd_micros, self.usd_micros) }
    }
}

/// All caps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Caps {
    /// One call.
    pub call: Cap,
    /// All stays in one phase of a chain.
    pub phase: Cap,
    /// One chain.
    pub chain: Cap,
    /// All chains of a project in the last 24 hours; the user's own counts all of their projects.
    pub day: Cap,
    /// What one plugin's commands ask for, in a chain. What a controller names is not among it: that is what a chain is for.
    pub plugin: Cap,
    /// The share of a cap at which a person is warned, in percent, where that is earlier than at 80.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warn_percent: Option<u8>,
}

impl Caps {
    /// The share of a cap at which a person is warned, in percent.
    pub fn warn_at(&self) -> u8 {
        self.warn_percent.map_or(WARN_AT, |percent| percent.min(WARN_AT))
    }

    /// The lower of each.
    #[must_use]
    pub fn tightened(self, by: Self) -> Self {
        Self {
            call: self.call.tightened(by.call),
            phase: self.phase.tightened(by.phase),
            chain: self.chain.tightened(by.chain),
            day: self.day.tightened(by.day),
            plugin: self.plugin.tightened(by.plugin),
            warn_percent: self.warn_percent.into_iter().chain(by.warn_percent).min(),
        }
    }

    /// The cap of a scope.
    pub fn of(&self, scope: Scope) -> Cap {
        match scope {
            Scope::Call => self.call,
            Scope::Phase => self.phase,
            Scope::Chain => self.chain,
            Scope::Day => self.day,
            Scope::Plugin => self.plugin,
        }
    }
}

/// What a cap spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// One call.
    Call,
    /// All stays in one phase of a chain.
    Phase,
    /// One chain.
    Chain,
    /// All chains of a project in the last 24 hours.
    Day,
    /// The commands of one plugin in a chain.
    Plugin,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plugin => "plugin",
            other => other.spans(),
        })
    }
}

impl Scope {
    /// What its cap spans, for people. Its name alone, under which it is set, says too little of a plugin.
    fn spans(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Phase => "phase",
            Self::Chain => "chain",
            Self::Day => "day",
            Self::Plugin => "plugin's commands",
        }
    }
}

/// What a cap counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Tokens.
    Tokens,
    /// Millionths of a US dollar.
    UsdMicros,
}

impl Unit {
    /// So many of it, for people: `120 tokens`, `$0.003000`.
    pub fn said(self, number: u64) -> String {
        match self {
            Self::Tokens => format!("{number} tokens"),
            Self::UsdMicros => format!("${}.{:06}", number / 1_000_000, number % 1_000_000),
        }
    }
}

/// A call that its budget does not cover.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OverBudget {
    /// It could pass a cap.
    #[error("{}", short(*scope, *unit, *used, *wanted, *cap))]
    Reached {
        /// Whose cap.
        scope: Scope,
        /// What it counts.
        unit: Unit,
        /// Spent, possibly spent or set aside.
        used: u64,
        /// What the call may cost at most.
        wanted: u64,
        /// The cap.
        cap: u64,
    },
    /// Money is capped, and nobody knows what the model costs.
    #[error("nobody knows what {model} costs, so the budget of the {} cannot be kept", scope.spans())]
    Unpriced {
        /// Whose cap.
        scope: Scope,
        /// Which model.
        model: String,
    },
}

/// Why a call does not fit: that all is used up, or that what is left is less than the call may take.
fn short(scope: Scope, unit: Unit, used: u64, wanted: u64, cap: u64) -> String {
    let (scope, left) = (scope.spans(), cap.saturating_sub(used));
    let [used, wanted, cap] = [used, wanted, cap].map(|number| unit.said(number));
    if left == 0 {
        return format!(
            "the budget of the {scope} is used up: {used} of {cap} spent or set aside, and the next call may take {wanted}"
        );
    }
    let left = unit.said(left);
    format!(
        "the budget of the {scope} does not cover the next call, which may take {wanted}: {used} of {cap} spent or set aside, \
         {left} left"
    )
}

impl OverBudget {
    /// The lowest cap that would do for now; none where no cap would.
    pub fn least(&self) -> Option<Cap> {
        let Self::Reached { unit, used, wanted, .. } = self else { return None };
        let cap = Some(used.saturating_add(*wanted));
        Some(match unit {
            Unit::Tokens => Cap { tokens: cap, usd_micros: None },
            Unit::UsdMicros => Cap { tokens: None, usd_micros: cap },
        })
    }

    /// The cap of the chain that would do, where it is the chain's that does not.
    pub fn enough(&self) -> Option<Cap> {
        self.least().filter(|_| matches!(self, Self::Reached { scope: Scope::Chain, .. }))
    }
}

/// Most of a cap is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// Whose cap.
    pub scope: Scope,
    /// Spent or possibly spent. In events of old with what was set aside for calls in flight.
    #[serde(default)]
    pub used: Amount,
    /// What of the cap is nearly used up; nothing in events of old.
    #[serde(default)]
    pub cap: Cap,
}

impl Warning {
    /// If so much of a cap is used that a person is warned.
    pub fn of(scope: Scope, used: Amount, cap: Cap) -> Option<Self> {
        Self::at(WARN_AT, scope, used, cap)
    }

    /// If so many percent of a cap are used.
    pub fn at(percent: u8, scope: Scope, used: Amount, cap: Cap) -> Option<Self> {
        let cap = cap.nearly(used, percent);
        (cap != Cap::default()).then_some(Self { scope, used, cap })
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = self.cap == Cap::default() || self.cap.is_nearly(self.used);
        write!(f, "{} of the budget of the {} is used up", if most { "Most" } else { "Much" }, self.scope.spans())?;
        let parts = [
            (Unit::UsdMicros, self.used.usd_micros, self.cap.usd_micros),
            (Unit::Tokens, self.used.tokens, self.cap.tokens),
        ];
        let parts = parts.into_iter().filter_map(|(unit, used, cap)| {
            let cap = cap?;
            let percent = u128::from(used) * 100 / u128::from(cap.max(1));
            Some(format!("{} of {} ({percent} %)", unit.said(used), unit.said(cap)))
        });
        let parts: Vec<String> = parts.collect();
        if parts.is_empty() { Ok(()) } else { write!(f, ": {}", parts.join(", ")) }
    }
}

/// Set an amount aside for an effect that is about to call somebody who bills.
///
/// # Errors
/// The first cap that it could pass.
pub fn reserve(chain: &Chain, effect: EffectId, wanted: &Estimate) -> Result<Ruling, OverBudget> {
    let unpriced_tokens = if wanted.usd_micros.is_none() { wanted.tokens } else { 0 };
    let amount = Amount { tokens: wanted.tokens, usd_micros: wanted.usd_micros.unwrap_or(0), unpriced_tokens };
    let caps = chain.caps();
    for scope in chain.capped(effect) {
        caps.of(scope).admits(scope, chain.committed(scope, effect), wanted)?;
    }
    let record = [vec![Body::Reserved { effect, amount }], warnings(chain, effect)].concat();
    Ok(Ruling { record, requests: Vec::new() })
}

/// What a person is warned of, once for each scope, now that an effect spent something. What is only set aside is no reason:
/// most of that comes back, and who is warned of it hears nothing when the money is gone.
pub fn warnings(chain: &Chain, effect: EffectId) -> Vec<Body> {
    let caps = chain.caps();
    let scopes = chain.capped(effect).filter(|scope| *scope != Scope::Call && !chain.was_warned_of(*scope));
    let warnings = scopes.filter_map(|scope| {
        Warning::at(caps.warn_at(), scope, chain.spent(scope, effect), caps.of(scope)).map(Body::BudgetWarned)
    });
    warnings.collect()
}

/// What a person set for this chain alone, now or before.
pub fn own(chain: &Chain, now: Option<Cap>) -> Option<Cap> {
    match (now, chain.own_cap()) {
        (Some(now), Some(before)) => Some(now.or(before)),
        (now, before) => now.or(before),
    }
}

/// The caps that hold from here on; nothing where they hold already.
pub fn set(chain: &Chain, caps: Caps, own: Option<Cap>) -> Option<Body> {
    (caps != chain.caps() || own != chain.own_cap()).then_some(Body::BudgetSet { caps, own })
}
