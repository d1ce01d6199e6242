//! What a call's store holds, and the one function that builds every store.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasmtime::{Engine, Store, UpdateDeadline};

use crate::error::Stop;
use crate::limits::Limiter;
use crate::log::{Log, LogSink};
use crate::meter::{Meter, WaitClock};
use crate::wasi::Wasi;
use crate::{Host, Invocation, LimitKind, Limits};

/// What outlives a store that is dropped in the middle of a call.
pub(crate) struct Shared {
    pub(crate) meter: Arc<Meter>,
    log: Mutex<Log>,
}

impl Shared {
    pub(crate) fn new(limits: &Limits, sink: Option<Arc<dyn LogSink>>) -> Arc<Self> {
        let log = Mutex::new(Log::new(sink, limits.log_lines, limits.log_line_bytes));
        Arc::new(Self { meter: Arc::new(Meter::new(limits.guest_time, limits.wall_time)), log })
    }

    pub(crate) fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The data of a store.
pub(crate) struct State {
    pub(crate) shared: Arc<Shared>,
    pub(crate) limiter: Limiter,
    /// Commands have one; to all other exports the world is closed.
    pub(crate) host: Option<Box<dyn Host>>,
    pub(crate) calls_left: u32,
    pub(crate) output_left: usize,
    pub(crate) wasi: Wasi,
}

/// What a call needs beyond its limits.
#[derive(Default)]
pub(crate) struct Context {
    pub(crate) host: Option<Box<dyn Host>>,
    pub(crate) invocation: Invocation,
}

/// Build a store with every limit on. There is no other place that does.
pub(crate) fn build(engine: &Engine, limits: &Limits, shared: &Arc<Shared>, context: Context) -> Store<State> {
    let Context { mut host, invocation } = context;
    if let Some(host) = &mut host {
        host.starts(WaitClock(Arc::clone(&shared.meter)));
    }
    let state = State {
        shared: Arc::clone(shared),
        limiter: Limiter::new(limits),
        host,
        calls_left: limits.host_calls,
        output_left: limits.output_bytes,
        wasi: Wasi::new(limits, Arc::clone(shared), invocation),
    };
    let mut store = Store::new(engine, state);
    store.limiter(|state| &mut state.limiter);
    store.set_hostcall_fuel(limits.hostcall_bytes);
    store.set_max_component_handles(limits.handles);
    let meter = Arc::clone(&shared.meter);
    store.epoch_deadline_callback(move |_| {
        if meter.guest_time_is_up() {
            return Err(Stop::Limit(LimitKind::GuestTime).into());
        }
        // Yielding gives the caller the chance to drop the call, and others theirs to run.
        Ok(UpdateDeadline::Yield(1))
    });
    store.set_epoch_deadline(1);
    store
}
