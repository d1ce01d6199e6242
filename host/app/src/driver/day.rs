//! The caps of a day: the project's, which its store keeps for all of its chains, and the user's own, which spans all projects.
//!
//! A call is entered in the user's ledger before the project records that it may be made, and corrected there after whatever
//! is recorded of it: at every moment the ledger has at least what the projects have.

use certus_engine::{Amount, Body, Cap, EffectId, Estimate, Event, OverBudget, Scope, Unit, Warning, budget};
use certus_store::{DAY, DayCap, Entry};

use super::Driver;
use crate::Failure;
use crate::session::{Day, Session};

impl Driver<'_> {
    /// Set aside what a call of so much input may cost; why not, if a cap does not allow it.
    pub(super) async fn reserve(
        &mut self,
        id: EffectId,
        request: &certus_providers::Request,
        input: u64,
    ) -> Result<Option<OverBudget>, Failure> {
        let wanted = self.estimate(request, input);
        let ruling = match budget::reserve(&self.chain, id, &wanted) {
            Ok(ruling) => ruling,
            Err(over) => return Ok(Some(over)),
        };
        let cap = self.chain.caps().day;
        let person = self.session.day()?;
        if cap == Cap::default() && person.is_none() {
            self.follow(ruling);
            return Ok(None);
        }
        // What was noted before holds, whatever the day still allows.
        self.commit().await?;
        if let Some(day) = person
            && let Err(over) = self.enter(day, id, &wanted)?
        {
            return Ok(Some(over));
        }
        self.follow(ruling);
        let since = self.now().saturating_sub(DAY);
        let refused = self.commit_within(DayCap { cap, wanted, since }).await?;
        match refused {
            Some(_) => self.settle_day(&[id]),
            None => self.warn_of_day(cap, person, since)?,
        }
        Ok(refused)
    }

    /// Enter a call in the user's ledger. Before the first, what a process that died has left there of this chain is put right.
    fn enter(&mut self, day: &Day, id: EffectId, wanted: &Estimate) -> Result<Result<(), OverBudget>, Failure> {
        if !std::mem::replace(&mut self.day_is_right, true) {
            let entered = self.session.entered(day, self.id)?;
            let wrong = entered.into_iter().filter(|(id, amount)| {
                let is = self.committed(*id);
                (is.tokens, is.usd_micros) != (amount.tokens, amount.usd_micros)
            });
            let wrong: Vec<EffectId> = wrong.map(|(id, _)| id).collect();
            self.settle_day(&wrong);
        }
        let entry = Entry { store: day.store, chain: self.id, effect: id };
        let entered = day.ledger.reserve(entry, self.committed(id), wanted, day.cap, self.now());
        entered.map_err(|error| Session::ledger_failure(day.ledger.path(), error))
    }

    fn committed(&self, id: EffectId) -> Amount {
        self.chain.effect(id).map(certus_engine::Effect::committed).unwrap_or_default()
    }

    /// What was recorded of calls, in the user's ledger too.
    pub(super) fn recorded_of_day(&self, events: &[Event]) {
        let of = |event: &Event| match &event.body {
            Body::Outcome { effect, .. } | Body::Reissued { effect, .. } | Body::Deferred { effect, .. } => {
                Some(*effect)
            }
            _ => None,
        };
        let prompt = |id: &EffectId| self.chain.effect(*id).is_some_and(|effect| effect.request.sends().is_some());
        // What rules answer is in no ledger, and needs none.
        let counts = |id: &EffectId| self.day_is_right || self.committed(*id) != Amount::default();
        let calls: Vec<EffectId> = events.iter().filter_map(of).filter(prompt).filter(counts).collect();
        if !calls.is_empty() {
            self.settle_day(&calls);
        }
    }

    /// Bring calls in the user's ledger to what they are. Where that fails, more is counted than was spent, and the next call
    /// says why.
    fn settle_day(&self, calls: &[EffectId]) {
        if let Ok(Some(day)) = self.session.day() {
            let entry = |id: &EffectId| Entry { store: day.store, chain: self.id, effect: *id };
            let calls: Vec<(Entry, Amount)> = calls.iter().map(|id| (entry(id), self.committed(*id))).collect();
            let _ = day.ledger.settle(&calls, self.now());
        }
    }

    fn warn_of_day(&mut self, cap: Cap, person: Option<&Day>, since: certus_engine::Millis) -> Result<(), Failure> {
        let scope = Scope::Day;
        if self.chain.was_warned_of(scope) {
            return Ok(());
        }
        let mut warning = Warning::at(self.chain.caps().warn_at(), scope, self.session.committed_since(since)?, cap);
        if let Some(day) = person
            && warning.is_none()
        {
            let used = day.ledger.committed_since(since);
            let used = used.map_err(|error| Session::ledger_failure(day.ledger.path(), error))?;
            warning = Warning::at(self.chain.caps().warn_at(), scope, used, day.cap);
        }
        if let Some(warning) = warning {
            self.note(Body::BudgetWarned(warning));
        }
        Ok(())
    }

    /// Whether it is the project's own cap that does not do: then nothing that is said elsewhere raises it.
    pub(super) fn project_is_stricter(&self, over: &OverBudget) -> bool {
        let OverBudget::Reached { scope, unit, used, wanted, cap: kept } = over else { return false };
        let of = |cap: Cap| match unit {
            Unit::Tokens => cap.tokens,
            Unit::UsdMicros => cap.usd_micros,
        };
        let config = self.session.config();
        let passes = of(config.project_caps.of(*scope)).is_some_and(|cap| used.saturating_add(*wanted) > cap);
        // What all projects together used says nothing of this one.
        passes && (*scope != Scope::Day || of(config.day_of_person()) != Some(*kept))
    }
}
