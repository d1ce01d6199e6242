//! A command that runs, as a future that needs no runtime.

use std::future::Future;
use std::io::PipeWriter;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::run::Finished;

/// A started command. As a future it gives how the command ended. When it is dropped before that, the command and all that it
/// started are ended in the background, or by the guard process where ours ends first.
#[derive(Debug)]
#[must_use = "a command that is dropped is ended"]
pub struct Running {
    shared: Arc<Shared>,
    /// The watching thread ends the command when this is closed.
    stop: Option<PipeWriter>,
}

#[derive(Debug, Default)]
struct Shared {
    slot: Mutex<Slot>,
    ready: Condvar,
}

#[derive(Debug, Default)]
struct Slot {
    finished: Option<Finished>,
    waker: Option<Waker>,
}

/// The watching thread's end: whatever becomes of the thread, somebody hears of it.
pub(crate) struct Completion(Arc<Shared>);

impl Running {
    pub(crate) fn new(stop: PipeWriter) -> (Running, Completion) {
        let shared = Arc::new(Shared::default());
        (Running { shared: Arc::clone(&shared), stop: Some(stop) }, Completion(shared))
    }

    /// End the command and all that it started: SIGTERM, and SIGKILL two seconds later. Returns at once; how it ended is still to
    /// be had, with `timed_out` unset.
    pub fn stop(&mut self) {
        self.stop = None;
    }

    /// Wait for the end of the command, on this thread.
    #[must_use]
    pub fn wait(self) -> Finished {
        let mut slot = self.shared.slot.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(finished) = slot.finished.take() {
                return finished;
            }
            slot = self.shared.ready.wait(slot).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Future for Running {
    type Output = Finished;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Finished> {
        let mut slot = self.shared.slot.lock().unwrap_or_else(PoisonError::into_inner);
        match &slot.finished {
            Some(finished) => Poll::Ready(finished.clone()),
            None => {
                slot.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Completion {
    pub(crate) fn finish(&self, finished: Finished) {
        let mut slot = self.0.slot.lock().unwrap_or_else(PoisonError::into_inner);
        slot.finished.get_or_insert(finished);
        let waker = slot.waker.take();
        drop(slot);
        self.0.ready.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Drop for Completion {
    /// Counts only where the thread ended without saying how the command did: when what takes its lines panicked.
    fn drop(&mut self) {
        self.finish(Finished {
            status: None,
            signal: None,
            timed_out: false,
            wrote_too_much: false,
            truncated: true,
            output: String::new(),
            elapsed: std::time::Duration::ZERO,
            left_running: false,
        });
    }
}
