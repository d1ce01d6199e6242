//! A loaded plugin: compiled, linked, ready for calls.

use std::fmt;
use std::sync::Arc;

use certus_engine::Digest;
use wasmtime::Store;
use wasmtime::component::{ComponentExportIndex, Instance, InstancePre};

use crate::abi::{command, prompts, stack_interpreter};
use crate::error::{CallError, CallErrorKind, LoadError, NoInstance, classify};
use crate::log::LogSink;
use crate::meter;
use crate::runtime::Shared as RuntimeShared;
use crate::store::{self, Context, Shared, State};
use crate::{LimitKind, Limits};

/// The interfaces that a plugin may export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Export {
    /// Decides what a chain does next.
    PhaseController,
    /// Slash commands.
    Command,
    /// Reads source files.
    StackInterpreter,
    /// Computes prompts.
    Prompts,
}

impl fmt::Display for Export {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PhaseController => "phase-controller",
            Self::Command => "command",
            Self::StackInterpreter => "stack-interpreter",
            Self::Prompts => "prompts",
        })
    }
}

/// A plugin that can be called. Cheap to clone; all clones share the compiled code.
///
/// Calls are futures. They may be dropped at any time, which ends the guest. One that suspends the guest (a host call
/// that waits, a guest that runs for more than a few milliseconds) needs a tokio runtime with time.
#[derive(Clone)]
pub struct Plugin {
    loaded: Arc<Loaded>,
    limits: Arc<Limits>,
    sink: Option<Arc<dyn LogSink>>,
}

struct Loaded {
    runtime: Arc<RuntimeShared>,
    pre: InstancePre<State>,
    digest: Digest,
    exports: Exports,
}

/// Where to find what the plugin exports.
pub(crate) struct Exports {
    /// The function `next`.
    pub(crate) controller: Option<ComponentExportIndex>,
    pub(crate) command: Option<command::GuestIndices>,
    pub(crate) interpreter: Option<stack_interpreter::GuestIndices>,
    pub(crate) prompts: Option<prompts::GuestIndices>,
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin").field("digest", &self.digest()).field("exports", &self.exports()).finish()
    }
}

impl Plugin {
    pub(crate) fn new(
        runtime: Arc<RuntimeShared>,
        pre: InstancePre<State>,
        digest: Digest,
        limits: Arc<Limits>,
    ) -> Result<Self, LoadError> {
        let interface = |name: &str| pre.component().get_export_index(None, &*format!("certus:plugin/{name}@0.1.0"));
        let has = |name: &str| interface(name).is_some();
        let form = |error: wasmtime::Error| LoadError::Contract(format!("{error:#}"));
        let next = |controller| {
            let missing = || LoadError::Contract("phase-controller has no `next`".into());
            pre.component().get_export_index(Some(&controller), "next").ok_or_else(missing)
        };
        let exports = Exports {
            controller: interface("phase-controller").map(next).transpose()?,
            command: has("command").then(|| command::GuestIndices::new(&pre)).transpose().map_err(form)?,
            interpreter: has("stack-interpreter")
                .then(|| stack_interpreter::GuestIndices::new(&pre))
                .transpose()
                .map_err(form)?,
            prompts: has("prompts").then(|| prompts::GuestIndices::new(&pre)).transpose().map_err(form)?,
        };
        Ok(Self { loaded: Arc::new(Loaded { runtime, pre, digest, exports }), limits, sink: None })
    }

    /// The sha-256 of the component's bytes.
    pub fn digest(&self) -> Digest {
        self.loaded.digest
    }

    /// What it exports of the contract, in the contract's order.
    pub fn exports(&self) -> Vec<Export> {
        let Exports { controller, command, interpreter, prompts } = &self.loaded.exports;
        [
            controller.as_ref().map(|_| Export::PhaseController),
            command.as_ref().map(|_| Export::Command),
            interpreter.as_ref().map(|_| Export::StackInterpreter),
            prompts.as_ref().map(|_| Export::Prompts),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The same plugin under other limits. A pool was made for the limits of its [`Runtime`](crate::Runtime): under it,
    /// memories and tables can only be limited further.
    #[must_use]
    pub fn with_limits(&self, limits: Limits) -> Self {
        Self { limits: Arc::new(limits), ..self.clone() }
    }

    /// The same plugin, with its log going to this sink.
    #[must_use]
    pub fn with_log(&self, sink: Arc<dyn LogSink>) -> Self {
        Self { sink: Some(sink), ..self.clone() }
    }

    /// The limits of each call.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn indices(&self) -> &Exports {
        &self.loaded.exports
    }

    /// A fresh instance: the guest's start functions run.
    pub(crate) async fn instance(&self, store: &mut Store<State>) -> wasmtime::Result<Instance> {
        self.loaded.pre.instantiate_async(store).await.map_err(|error| error.context(NoInstance))
    }

    /// Everything that a call of an export needs, with every limit on.
    pub(crate) fn begin(&self, export: Export, context: Context) -> Result<Call<'_>, CallError> {
        let runtime = &*self.loaded.runtime;
        let shared = Shared::new(&self.limits, self.sink.clone());
        if let Err(error) = runtime.ticker.start() {
            let kind = CallErrorKind::Host(format!("the clock of guests does not start: {error}"));
            return Err(CallError { export, kind, log: Vec::new(), log_dropped: 0 });
        }
        let store = store::build(&runtime.engine, &self.limits, &shared, context);
        Ok(Call { runtime, export, shared, store })
    }
}

/// One call: its store lives as long as it does.
pub(crate) struct Call<'a> {
    runtime: &'a RuntimeShared,
    export: Export,
    shared: Arc<Shared>,
    pub(crate) store: Store<State>,
}

impl Call<'_> {
    /// What the call came to. `guest` is the call itself and gets the store; both are gone afterwards.
    pub(crate) async fn end<R>(
        mut self,
        guest: impl AsyncFnOnce(&mut Store<State>) -> wasmtime::Result<R>,
    ) -> Result<R, CallError> {
        let ended = meter::run(&self.shared.meter, &self.runtime.ticker, guest(&mut self.store)).await;
        let refused = self.store.data().limiter.refused;
        // Output that has no end of line yet is logged when the store goes.
        drop(self.store);
        let kind = match ended {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => classify(&error, refused, self.shared.log().last_words()),
            Err(meter::WallTimeUp) => CallErrorKind::Limit(LimitKind::WallTime),
        };
        let (log, log_dropped) = self.shared.log().take_tail();
        Err(CallError { export: self.export, kind, log, log_dropped })
    }
}
