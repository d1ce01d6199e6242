//! The caps of a day: the project's, which its store keeps for all of its chains, and the user's own, which spans all projects.
//!
//! A call is entered in the user's ledger before the project records that it may be made, and corrected there after whatever
//! is recorded of it: at every moment the ledger has at least what the projects have. Where many processes take turns, each waits
//! for its own; what could not be corrected in time is tried again with whatever is recorded next, and at the end.

use std::time::{Duration, Instant};

use certus_engine::{Amount, Body, Cap, EffectId, Estimate, Event, OverBudget, Scope, Spending, Unit, Warning, budget};
use certus_store::{DAY, DayCap, Entry, StoreError};

use super::Driver;
use crate::Failure;
use crate::session::{Day, Session};

/// How long a turn with the ledger is waited for where nothing goes on without it.
const PATIENCE: Duration = Duration::from_secs(60);
/// The same for what can be done later, while replies wait to be recorded.
const IN_PASSING: Duration = Duration::from_secs(2);

/// Use the ledger once it is free. The rest of this process goes on meanwhile, and a person can end it.
pub(super) async fn in_turn<T>(patience: Duration, used: impl Fn() -> Result<T, StoreError>) -> Result<T, StoreError> {
    let until = Instant::now() + patience;
    loop {
        match used() {
            // Each after a while of its own, so that the same ones do not meet again.
            Err(StoreError::Busy { .. }) if Instant::now() < until => {
                tokio::time::sleep(Duration::from_millis(fastrand::u64(5..200))).await;
            }
            done => return done,
        }
    }
}

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
        let session = self.session;
        let person = session.day()?;
        if cap == Cap::default() && person.is_none() {
            self.follow(ruling);
            return Ok(None);
        }
        // What was noted before holds, whatever the day still allows.
        self.commit().await?;
        if let Some(day) = person
            && let Err(over) = self.enter(day, id, &wanted).await?
        {
            return Ok(Some(over));
        }
        self.follow(ruling);
        let since = self.now().saturating_sub(DAY);
        let refused = self.commit_within(DayCap { cap, wanted, since }).await;
        match &refused {
            Ok(None) => self.warn_of_day(cap, person, since).await,
            // Nothing is set aside in the project: what was entered comes back.
            Ok(Some(_)) | Err(_) => self.settle_day(&[id], IN_PASSING).await,
        }
        refused
    }

    /// Enter a call in the user's ledger. Before the first, what a process that died has left there of this chain is put right.
    async fn enter(&mut self, day: &Day, id: EffectId, wanted: &Estimate) -> Result<Result<(), OverBudget>, Failure> {
        let failed = |error| Session::ledger_failure(day.ledger.path(), error);
        if !self.day_is_right {
            let entered = in_turn(PATIENCE, || day.ledger.entered(day.store, self.id)).await.map_err(failed)?;
            self.day_is_right = true;
            let wrong = entered.into_iter().filter(|(id, amount)| {
                let is = self.committed(*id);
                (is.tokens, is.usd_micros) != (amount.tokens, amount.usd_micros)
            });
            let wrong: Vec<EffectId> = wrong.map(|(id, _)| id).collect();
            self.settle_day(&wrong, IN_PASSING).await;
        }
        let entry = Entry { store: day.store, chain: self.id, effect: id };
        let (committed, now) = (self.committed(id), self.now());
        in_turn(PATIENCE, || day.ledger.reserve(entry, committed, wanted, day.cap, now)).await.map_err(failed)
    }

    fn committed(&self, id: EffectId) -> Amount {
        self.spending(id).total()
    }

    fn spending(&self, id: EffectId) -> Spending {
        self.chain.effect(id).map(certus_engine::Effect::spending).unwrap_or_default()
    }

    /// What was recorded of calls, in the user's ledger too.
    pub(super) async fn recorded_of_day(&mut self, events: &[Event]) {
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
            self.settle_day(&calls, IN_PASSING).await;
        }
    }

    /// Bring calls in the user's ledger to what they are, and those for which that failed before. Where it fails again, more is
    /// counted than was spent until it is tried once more.
    async fn settle_day(&mut self, calls: &[EffectId], patience: Duration) {
        self.unsettled.extend(calls);
        if self.unsettled.is_empty() {
            return;
        }
        let session = self.session;
        let Ok(Some(day)) = session.day() else { return };
        let entry = |id: &EffectId| Entry { store: day.store, chain: self.id, effect: *id };
        let calls: Vec<(Entry, Spending)> = self.unsettled.iter().map(|id| (entry(id), self.spending(*id))).collect();
        let now = self.now();
        if in_turn(patience, || day.ledger.settle(&calls, now)).await.is_ok() {
            self.unsettled.clear();
        }
    }

    /// Bring one call in the user's ledger to what it is, where calls are entered there.
    pub(super) async fn correct_day(&mut self, id: EffectId) {
        if self.day_is_right {
            self.settle_day(&[id], IN_PASSING).await;
        }
    }

    /// What is left to correct in the user's ledger, before this process ends.
    pub(super) async fn settle_rest_of_day(&mut self) {
        self.settle_day(&[], PATIENCE).await;
    }

    /// Warn of the day's caps, once what was spent of them says so. What cannot be read now is said with the next call.
    async fn warn_of_day(&mut self, cap: Cap, person: Option<&Day>, since: certus_engine::Millis) {
        let (scope, percent) = (Scope::Day, self.chain.caps().warn_at());
        if self.chain.was_warned_of(scope) {
            return;
        }
        let spent = self.session.spent_since(since).unwrap_or_default();
        let mut warning = Warning::at(percent, scope, spent, cap);
        if let Some(day) = person
            && warning.is_none()
        {
            let spent = in_turn(IN_PASSING, || day.ledger.spent_since(since)).await.unwrap_or_default();
            warning = Warning::at(percent, scope, spent, day.cap);
        }
        if let Some(warning) = warning {
            self.note(Body::BudgetWarned(warning));
        }
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
