//! The one thread that moves a runtime's epoch on, so that running guests look at their meter every few milliseconds.
//!
//! It starts with the first call. While no guest runs it parks, but not at once: calls that follow each other closely
//! must not pay for waking a thread each time.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

use wasmtime::Engine;

/// The period of the epoch, and so the grain of every limit in time.
pub(crate) const TICK: Duration = Duration::from_millis(5);

/// Idle ticks before the thread parks.
const LINGER: u32 = 20;

pub(crate) struct Ticker {
    engine: Engine,
    shared: Arc<Shared>,
    thread: Mutex<Option<Thread>>,
    started: AtomicBool,
}

#[derive(Default)]
struct Shared {
    /// Guests that are on a processor now.
    running: AtomicUsize,
    parked: AtomicBool,
    stop: AtomicBool,
}

impl Ticker {
    pub(crate) fn new(engine: Engine) -> Self {
        Self { engine, shared: Arc::default(), thread: Mutex::default(), started: AtomicBool::new(false) }
    }

    /// Make sure that the thread exists. Without it no limit in time would hold, so no guest may run.
    pub(crate) fn start(&self) -> io::Result<()> {
        if self.started.load(SeqCst) {
            return Ok(());
        }
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.is_none() {
            let (engine, shared) = (self.engine.clone(), Arc::clone(&self.shared));
            let handle = thread::Builder::new().name("certus-epochs".into()).spawn(move || run(&engine, &shared))?;
            *thread = Some(handle.thread().clone());
            self.started.store(true, SeqCst);
        }
        Ok(())
    }

    /// A guest gets a processor.
    pub(crate) fn enter(&self) {
        self.shared.running.fetch_add(1, SeqCst);
        // The thread stores `parked` before it looks at `running`, we look after we stored: one of us sees the other.
        if self.shared.parked.load(SeqCst) {
            self.wake();
        }
    }

    /// A guest gives it back.
    pub(crate) fn leave(&self) {
        self.shared.running.fetch_sub(1, SeqCst);
    }

    fn wake(&self) {
        if let Some(thread) = &*self.thread.lock().unwrap_or_else(PoisonError::into_inner) {
            thread.unpark();
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.stop.store(true, SeqCst);
        self.wake();
    }
}

fn run(engine: &Engine, shared: &Shared) {
    let mut idle = 0;
    while !shared.stop.load(SeqCst) {
        idle = if shared.running.load(SeqCst) == 0 { idle + 1 } else { 0 };
        if idle > LINGER {
            shared.parked.store(true, SeqCst);
            while shared.running.load(SeqCst) == 0 && !shared.stop.load(SeqCst) {
                thread::park();
            }
            shared.parked.store(false, SeqCst);
            idle = 0;
        }
        thread::sleep(TICK);
        engine.increment_epoch();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parked_ticker_wakes_for_a_guest_and_ends_with_its_owner() {
        let ticker = Ticker::new(Engine::default());
        ticker.start().unwrap();
        let shared = Arc::clone(&ticker.shared);
        while !shared.parked.load(SeqCst) {
            thread::yield_now();
        }
        ticker.enter();
        while shared.parked.load(SeqCst) {
            thread::yield_now();
        }
        ticker.leave();
        drop(ticker);
        // The thread holds the other reference.
        while Arc::strong_count(&shared) > 1 {
            thread::yield_now();
        }
    }
}
