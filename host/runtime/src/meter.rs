//! Two clocks for one call: the guest's own time, and the time of the whole call without waiting for people.
//!
//! Guest time is measured around the polls of the call's future: whatever happens within a poll is the guest's doing,
//! except inside the port ([`Meter::pause`]). So a host call that waits costs nothing, and a flood of host calls that
//! never wait costs what it takes. The road not taken is wasmtime's call hook: it also fires for the runtime's own
//! helpers (growing memory, copying, handling an epoch), and would let a guest do its work there for nothing; and it would
//! count the time in which a suspended guest is nowhere.
//!
//! Neither clock stops anything by itself. The [ticker](crate::ticker) makes a running guest look at the first one; the
//! second is looked at whenever the call's future is pending.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::time::{Instant as WallInstant, Sleep};

use crate::ticker::Ticker;

/// How often a call that waits for a person looks whether it still does.
const WAITING_LOOK: Duration = Duration::from_millis(100);

pub(crate) struct Meter {
    guest_limit: Duration,
    wall_limit: Duration,
    started: WallInstant,
    clocks: Mutex<Clocks>,
}

#[derive(Default)]
struct Clocks {
    used: Duration,
    since: Option<Instant>,
    polled: bool,
    in_port: bool,
    waited: Duration,
    waiting_since: Option<WallInstant>,
    waits: u32,
}

impl Clocks {
    fn update(&mut self) {
        let runs = self.polled && !self.in_port;
        match (self.since, runs) {
            (None, true) => self.since = Some(Instant::now()),
            (Some(since), false) => {
                self.used += since.elapsed();
                self.since = None;
            }
            _ => {}
        }
    }
}

/// The wall time is used up.
#[derive(Debug)]
pub(crate) struct WallTimeUp;

impl Meter {
    pub(crate) fn new(guest_limit: Duration, wall_limit: Duration) -> Self {
        Self { guest_limit, wall_limit, started: WallInstant::now(), clocks: Mutex::default() }
    }

    fn clocks(&self) -> MutexGuard<'_, Clocks> {
        // Plain numbers: whoever panicked left them as good as before.
        self.clocks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn polled(&self, polled: bool) {
        let mut clocks = self.clocks();
        clocks.polled = polled;
        clocks.update();
    }

    fn in_port(&self, in_port: bool) {
        let mut clocks = self.clocks();
        clocks.in_port = in_port;
        clocks.update();
    }

    /// What happens until the guard is dropped is the port's time, not the guest's.
    pub(crate) fn pause(&self) -> Pause<'_> {
        self.in_port(true);
        Pause(self)
    }

    /// Whether the guest has used its time up.
    pub(crate) fn guest_time_is_up(&self) -> bool {
        let clocks = self.clocks();
        clocks.used + clocks.since.map_or(Duration::ZERO, |since| since.elapsed()) >= self.guest_limit
    }

    /// Wall time left, at least a little while somebody is waited for.
    fn wall_time_left(&self) -> Option<Duration> {
        let clocks = self.clocks();
        let now = WallInstant::now();
        let waiting = clocks.waiting_since.map(|since| now.saturating_duration_since(since));
        let waited = clocks.waited + waiting.unwrap_or_default();
        let left = self.wall_limit.saturating_sub(now.saturating_duration_since(self.started).saturating_sub(waited));
        match waiting {
            Some(_) => Some(left.max(WAITING_LOOK)),
            None => (!left.is_zero()).then_some(left),
        }
    }
}

pub(crate) struct Pause<'a>(&'a Meter);

impl Drop for Pause<'_> {
    fn drop(&mut self) {
        self.0.in_port(false);
    }
}

/// Marks time in which a call waits for a person.
#[derive(Clone)]
pub struct WaitClock(pub(crate) Arc<Meter>);

impl WaitClock {
    /// Until the guard is dropped, wall time stands still. Guards may overlap.
    pub fn waiting(&self) -> WaitGuard {
        let mut clocks = self.0.clocks();
        clocks.waits += 1;
        clocks.waiting_since.get_or_insert_with(WallInstant::now);
        WaitGuard(Arc::clone(&self.0))
    }
}

/// While it lives, a call waits for a person.
#[must_use = "waiting ends when the guard is dropped"]
pub struct WaitGuard(Arc<Meter>);

impl Drop for WaitGuard {
    fn drop(&mut self) {
        let mut clocks = self.0.clocks();
        clocks.waits -= 1;
        if clocks.waits == 0
            && let Some(since) = clocks.waiting_since.take()
        {
            clocks.waited += since.elapsed();
        }
    }
}

/// Drive a call to its end, or to the end of its wall time. Dropping the future drops the call.
///
/// Needs no timer unless the guest is suspended; then it must be on a tokio runtime with time.
pub(crate) async fn run<F: Future>(meter: &Meter, ticker: &Ticker, call: F) -> Result<F::Output, WallTimeUp> {
    let mut call = pin!(call);
    let mut alarm: Option<Pin<Box<Sleep>>> = None;
    poll_fn(|context| {
        {
            let _turn = Turn::begin(meter, ticker);
            if let Poll::Ready(value) = call.as_mut().poll(context) {
                return Poll::Ready(Ok(value));
            }
        }
        loop {
            let Some(left) = meter.wall_time_left() else { return Poll::Ready(Err(WallTimeUp)) };
            let alarm = match &mut alarm {
                Some(alarm) => {
                    alarm.as_mut().reset(WallInstant::now() + left);
                    alarm
                }
                None => alarm.insert(Box::pin(tokio::time::sleep(left))),
            };
            if alarm.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
        }
    })
    .await
}

/// One poll of a call. Ends also when the poll panics.
struct Turn<'a>(&'a Meter, &'a Ticker);

impl<'a> Turn<'a> {
    fn begin(meter: &'a Meter, ticker: &'a Ticker) -> Self {
        ticker.enter();
        meter.polled(true);
        Self(meter, ticker)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.polled(false);
        self.1.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn waiting_for_a_person_costs_no_wall_time() {
        let meter = Arc::new(Meter::new(MINUTE, MINUTE));
        let ticker = Ticker::new(wasmtime::Engine::default());
        let clock = WaitClock(Arc::clone(&meter));
        let call = async {
            tokio::time::sleep(MINUTE / 2).await;
            let guards = (clock.waiting(), clock.waiting());
            drop(guards.0);
            tokio::time::sleep(60 * MINUTE).await;
            drop(guards.1);
            tokio::time::sleep(MINUTE / 4).await;
        };
        run(&meter, &ticker, call).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn any_other_wait_does() {
        let meter = Meter::new(MINUTE, MINUTE);
        let ticker = Ticker::new(wasmtime::Engine::default());
        let before = WallInstant::now();
        run(&meter, &ticker, std::future::pending::<()>()).await.unwrap_err();
        assert!(before.elapsed() < MINUTE + Duration::from_secs(1));
    }

    #[tokio::test]
    async fn only_polls_outside_the_port_are_guest_time() {
        let budget = Duration::from_millis(150);
        let meter = Meter::new(budget, MINUTE);
        let ticker = Ticker::new(wasmtime::Engine::default());
        run(&meter, &ticker, async {
            tokio::time::sleep(2 * budget).await;
            let pause = meter.pause();
            std::thread::sleep(2 * budget);
            drop(pause);
            assert!(!meter.guest_time_is_up());
            std::thread::sleep(budget);
            assert!(meter.guest_time_is_up());
        })
        .await
        .unwrap();
    }
}
