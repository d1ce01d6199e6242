//! How loading and calling fail, and how what wasmtime reports becomes one of our kinds.

use wasmtime::component::ResourceTableError;
use wasmtime::{Trap, WasmBacktrace};

use crate::{Export, LimitKind, LogLine};

/// No runtime.
#[derive(Debug, thiserror::Error)]
#[error("the WebAssembly engine does not start: {0}")]
pub struct RuntimeError(pub(crate) String);

/// Why bytes are not a plugin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// Not a WebAssembly component: something else, a core module, or cut off in its header.
    #[error("not a WebAssembly component: {0}")]
    NotAComponent(&'static str),
    /// Larger than allowed.
    #[error("the component has {bytes} bytes, {most} are allowed")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The most.
        most: usize,
    },
    /// Not valid, or it uses features of WebAssembly that are off.
    #[error("the component does not compile: {0}")]
    Compile(String),
    /// It imports something that the host does not have.
    #[error("the component imports `{0}`, which this host does not have")]
    UnsupportedImport(String),
    /// It imports or exports one of our interfaces in another form than ours.
    #[error("the component does not fit the contract: {0}")]
    Contract(String),
}

/// A call that did not end in a value.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{export}: {kind}")]
pub struct CallError {
    /// What was called.
    pub export: Export,
    /// What went wrong.
    pub kind: CallErrorKind,
    /// The last log lines of the guest, at most twenty.
    pub log: Vec<LogLine>,
    /// Log lines that were dropped over the limit.
    pub log_dropped: u64,
}

/// The kinds of failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallErrorKind {
    /// A limit was reached.
    #[error("the plugin reached its limit of {0}")]
    Limit(LimitKind),
    /// The guest did what WebAssembly does not allow.
    #[error("the plugin trapped: {0}")]
    Trap(String),
    /// The guest gave up, with the message that its panic hook logged.
    #[error("the plugin panicked: {0}")]
    Panic(String),
    /// The guest's answer is not of the required form.
    #[error("the plugin's answer is invalid: {0}")]
    Invalid(String),
    /// The plugin does not export the interface.
    #[error("the plugin does not export it")]
    Missing,
    /// Not an error of anybody: the host waits, and ended the guest meanwhile.
    #[error("the plugin's call waits")]
    Waiting,
    /// The host could not go on.
    #[error("the host failed: {0}")]
    Host(String),
}

/// Ends a guest from within the host.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stop {
    #[error("the host must wait")]
    Suspended,
    #[error("{0}")]
    Aborted(String),
    #[error("{0} is used up")]
    Limit(LimitKind),
}

/// Marks errors of making an instance: those that the guest did not cause are the host's (no memory, a full pool).
#[derive(Debug, thiserror::Error)]
#[error("no instance")]
pub(crate) struct NoInstance;

// wasmtime keeps the types of these errors to itself; tests guard the words.
const HOSTCALL_FUEL: &str = "fuel allocated for hostcalls has been exhausted";
const COUNT_TOO_HIGH: &str = "resource limit exceeded";
const HANDLES: &str = "handle limit exceeded";
const FAULT: &str = "memory fault at wasm address 0x";

/// A function that is on the stack this often calls itself, even when its frames are as large as 64 KiB of 1 MiB.
const RECURSION: usize = 8;

/// Addresses from here on are negative numbers to a guest of at most 2 GiB: where its own stack ends up once it has run
/// below the bottom of its memory.
const NEGATIVE: u64 = 1 << 31;

/// What ended the guest. `refused` is the last growth that the limiter refused, `last_words` the guest's last error line.
pub(crate) fn classify(error: &wasmtime::Error, refused: Option<LimitKind>, last_words: Option<&str>) -> CallErrorKind {
    if let Some(stop) = error.downcast_ref::<Stop>() {
        return match stop {
            Stop::Suspended => CallErrorKind::Waiting,
            Stop::Aborted(message) => CallErrorKind::Host(message.clone()),
            Stop::Limit(kind) => CallErrorKind::Limit(*kind),
        };
    }
    if let Some(exit) = error.downcast_ref::<wasmtime_wasi::I32Exit>() {
        return CallErrorKind::Trap(format!("it called exit({})", exit.0));
    }
    let trap = error.downcast_ref::<Trap>();
    match trap {
        Some(Trap::StackOverflow) => return CallErrorKind::Limit(LimitKind::Stack),
        Some(Trap::Interrupt) => return CallErrorKind::Limit(LimitKind::GuestTime),
        Some(Trap::MemoryOutOfBounds) if fell_off_its_stack(error) => return CallErrorKind::Limit(LimitKind::Stack),
        _ => {}
    }
    if let Some(kind) = refused {
        return CallErrorKind::Limit(kind);
    }
    if let (Some(Trap::UnreachableCodeReached), Some(words)) = (trap, last_words) {
        return CallErrorKind::Panic(words.to_owned());
    }
    let message = root(error);
    if message.contains(HOSTCALL_FUEL) {
        CallErrorKind::Limit(LimitKind::HostcallBytes)
    } else if message.contains(COUNT_TOO_HIGH) {
        CallErrorKind::Limit(LimitKind::Instances)
    } else if message.contains(HANDLES) || matches!(error.downcast_ref(), Some(ResourceTableError::Full)) {
        CallErrorKind::Limit(LimitKind::Handles)
    } else if trap.is_some() || error.downcast_ref::<WasmBacktrace>().is_some() {
        CallErrorKind::Trap(message)
    } else if error.is::<NoInstance>() {
        CallErrorKind::Host(message)
    } else {
        // Neither a trap nor ours: what came back could not be lifted.
        CallErrorKind::Invalid(message)
    }
}

/// The innermost error: the outer ones are backtraces, of which only authors could make anything.
fn root(error: &wasmtime::Error) -> String {
    error.root_cause().to_string()
}

/// In a recursion, or at a negative address: most likely the guest's stack in linear memory overflowed.
fn fell_off_its_stack(error: &wasmtime::Error) -> bool {
    let mut frames: Vec<u32> = error
        .downcast_ref::<WasmBacktrace>()
        .map(|trace| trace.frames().iter().map(wasmtime::FrameInfo::func_index).collect())
        .unwrap_or_default();
    frames.sort_unstable();
    let recursive = frames.chunk_by(u32::eq).any(|same| same.len() >= RECURSION);
    let address = error.chain().find_map(|cause| {
        let text = cause.to_string();
        let (_, rest) = text.split_once(FAULT)?;
        let digits = rest.split(|c: char| !c.is_ascii_hexdigit()).next()?;
        u64::from_str_radix(digits, 16).ok()
    });
    recursive || address.is_some_and(|address| address >= NEGATIVE)
}
