//! What effects and chains spent, and what shares a cap with what.

use super::{Amount, Scope};
use crate::{Chain, Effect, EffectId, Outcome, Request};

/// What a chain spent, possibly spent and has set aside: all that its cap counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spending {
    /// For answers, those that cannot be used included.
    pub answered: Amount,
    /// For attempts that gave no answer: billed, or possibly billed.
    pub lost: Amount,
    /// Of `lost`, what calls can have cost at most, besides what is known of them: nobody said what they did.
    pub possible: Amount,
    /// Set aside for calls in flight.
    pub reserved: Amount,
}

impl Spending {
    /// All of it.
    pub fn total(self) -> Amount {
        self.answered.plus(self.lost).plus(self.reserved)
    }
}

impl Effect {
    fn answered(&self) -> Amount {
        match self.outcome() {
            Some(Outcome::Replied { by, .. }) => by.usage.into(),
            Some(Outcome::Unusable { by, .. }) => by.usage.into(),
            _ => Amount::default(),
        }
    }

    /// What it cost or may have cost.
    pub fn spent(&self) -> Amount {
        self.answered().plus(self.lost)
    }

    /// What it cost, may have cost, and has set aside, each by itself.
    pub fn spending(&self) -> Spending {
        let (lost, possible, reserved) = (self.lost, self.possible, self.reserved.unwrap_or_default());
        Spending { answered: self.answered(), lost, possible, reserved }
    }

    /// The same in a sum.
    pub fn committed(&self) -> Amount {
        self.spending().total()
    }
}

impl Chain {
    /// What it spent, possibly spent and has set aside.
    pub fn spending(&self) -> Spending {
        self.effects().fold(Spending::default(), |sum, (_, effect)| Spending {
            answered: sum.answered.plus(effect.answered()),
            lost: sum.lost.plus(effect.lost),
            possible: sum.possible.plus(effect.possible),
            reserved: sum.reserved.plus(effect.reserved.unwrap_or_default()),
        })
    }

    /// Spent, possibly spent or set aside by what an effect shares a cap with.
    pub fn committed(&self, scope: Scope, effect: EffectId) -> Amount {
        self.shared(scope, effect).fold(Amount::default(), |sum, other| sum.plus(other.committed()))
    }

    /// Spent or possibly spent by what an effect shares a cap with.
    pub fn spent(&self, scope: Scope, effect: EffectId) -> Amount {
        self.shared(scope, effect).fold(Amount::default(), |sum, other| sum.plus(other.spent()))
    }

    /// Of it, what calls can have cost at most besides what is known of them: nobody said what they did.
    pub fn possible(&self, scope: Scope, effect: EffectId) -> Amount {
        self.shared(scope, effect).fold(Amount::default(), |sum, other| sum.plus(other.possible))
    }

    /// The effects that share a cap with one.
    fn shared(&self, scope: Scope, effect: EffectId) -> impl Iterator<Item = &Effect> {
        let this = self.effect(effect);
        let of = this.and_then(|this| self.plugin_of(this));
        let shares = move |id: EffectId, other: &Effect| match scope {
            Scope::Call => id == effect,
            Scope::Phase => this.is_some_and(|this| other.phase == this.phase),
            Scope::Chain => this.is_some(),
            Scope::Plugin => of.is_some() && self.plugin_of(other) == of,
            // Other chains share it: the store knows them.
            Scope::Day => false,
        };
        self.effects().filter(move |(id, other)| shares(*id, other)).map(|(_, other)| other)
    }

    /// The plugin in whose command an effect was asked for; none where a controller, the law or a person asked for it.
    fn plugin_of(&self, effect: &Effect) -> Option<&str> {
        // A sample is asked for on behalf of whoever asked for its prompt.
        let asked = match effect.request {
            Request::Sample { of, .. } => self.effect(of)?,
            _ => effect,
        };
        match &self.effect(asked.invocation?)?.request {
            Request::Command { plugin, .. } => Some(&plugin.name),
            _ => None,
        }
    }

    /// The caps that count what an effect spends, but for the day's.
    pub(super) fn capped(&self, effect: EffectId) -> impl Iterator<Item = Scope> {
        let commanded = self.effect(effect).is_some_and(|effect| self.plugin_of(effect).is_some());
        let scopes = [Scope::Call, Scope::Phase, Scope::Chain, Scope::Plugin];
        scopes.into_iter().filter(move |scope| *scope != Scope::Plugin || commanded)
    }
}
