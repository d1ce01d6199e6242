//! What other processes have set aside of a day comes back when their calls end: who finds the day full of that alone waits for it,
//! with nothing set aside meanwhile. The cap is never passed: whoever waited is refused or admitted as everybody else.
//!
//! Whether a process of another project that set something aside lives is not known here; what has lain there for long is not waited
//! for, nor what nobody of this project works on.

use std::time::{Duration, Instant};

use certus_engine::{Amount, Cap, Millis, OverBudget, Scope, Unit};
use certus_store::DAY;

use super::Driver;
use super::attempt::{Call, Next};
use super::day::in_turn;
use crate::Failure;
use crate::session::Session;

/// How long nothing may change before nobody waits any more.
const PATIENCE: Duration = Duration::from_secs(60);
/// Who set something aside longer ago, in milliseconds, is not waited for: calls end sooner, or their process died.
const FRESH: Millis = 10 * 60 * 1000;

/// Calls that their budget does not cover, as long as others use it.
pub(super) type Waiting = Vec<(Box<Call>, OverBudget)>;

/// For how long something was waited for.
#[derive(Default)]
pub(super) struct Waited {
    /// Since when nothing changed, and what was used then of the caps that are waited for.
    stands: Option<(Instant, Vec<u64>)>,
    /// A person was told.
    said: bool,
}

/// What is left of a day.
enum Left {
    /// It covers the call now.
    Enough,
    /// It will, once others have not used what they have set aside; so much is used until then.
    Later(u64),
    /// It does not, whatever comes back.
    Short,
}

impl Driver<'_> {
    /// Wait for what others have set aside, and set aside again. Nothing where that is in vain.
    pub(super) async fn outwait(&mut self, waiting: &mut Waiting, waited: &mut Waited) -> Result<Vec<Next>, Failure> {
        while self.comes_back(waiting, waited).await? {
            let all = self.try_again(waiting).await?;
            if !all.is_empty() {
                self.commit().await?;
                return Ok(all);
            }
        }
        Ok(Vec::new())
    }

    /// Whether enough came back for one of these calls.
    async fn comes_back(&self, waiting: &Waiting, waited: &mut Waited) -> Result<bool, Failure> {
        loop {
            let (mut enough, mut used) = (false, Vec::new());
            for (_, over) in waiting {
                match self.left(over).await? {
                    Left::Enough => enough = true,
                    Left::Later(now) => used.push(now),
                    Left::Short => {}
                }
            }
            if !enough && used.is_empty() {
                return Ok(false);
            }
            match &waited.stands {
                Some((since, before)) if *before == used => {
                    if since.elapsed() >= PATIENCE {
                        return Ok(false);
                    }
                }
                _ => {
                    if !enough && !std::mem::replace(&mut waited.said, true) {
                        self.person.say(
                            "Waiting: what is left of the day's budget is set aside by other processes, and comes back when their \
                             calls end",
                        );
                    }
                    waited.stands = Some((Instant::now(), used));
                }
            }
            // Each after a while of its own, so that the same ones do not meet again.
            tokio::time::sleep(Duration::from_millis(fastrand::u64(50..250))).await;
            if enough {
                return Ok(true);
            }
        }
    }

    async fn left(&self, over: &OverBudget) -> Result<Left, Failure> {
        let OverBudget::Reached { scope: Scope::Day, unit, wanted, cap, .. } = over else { return Ok(Left::Short) };
        let now = self.now();
        let (day, fresh) = (now.saturating_sub(DAY), now.saturating_sub(FRESH));
        let of = |amount: Amount| match unit {
            Unit::Tokens => amount.tokens,
            Unit::UsdMicros => amount.usd_micros,
        };
        let of_cap = |cap: Cap| match unit {
            Unit::Tokens => cap.tokens,
            Unit::UsdMicros => cap.usd_micros,
        };
        // The one of the two that refused it.
        let person = self.session.day()?.filter(|person| of_cap(person.cap) == Some(*cap));
        let (used, others) = match person {
            Some(person) => {
                let both = in_turn(PATIENCE, || self.session.day_of_person(person, self.id, day, fresh)).await;
                both.map_err(|error| Session::ledger_failure(person.ledger.path(), error))?
            }
            None => self.session.day_of_project(self.id, day, fresh)?,
        };
        let covers = |used: u64| used.saturating_add(*wanted) <= *cap;
        Ok(match of(used) {
            used if covers(used) => Left::Enough,
            used if covers(used.saturating_sub(of(others))) => Left::Later(used),
            _ => Left::Short,
        })
    }
}
