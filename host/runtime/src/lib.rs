//! Runs plugins: the only crate that names wasmtime.
//!
//! [`Runtime::load`] turns the bytes of a component into a [`Plugin`]; a plugin's methods are the calls that the contract
//! (`wit/`) knows. Every call gets a fresh instance in a fresh store with every [limit](Limits) on, and ends in a value
//! or in a typed [`CallError`], whatever the guest does: a trap never ends the process. What a command may do to the
//! world goes through one port, [`Host`]; no other export reaches it.
//!
//! Whoever never loads a plugin never pays: nothing here starts before [`Runtime::new`], and the one thread that
//! counts guest time starts with the first call and sleeps when no guest runs.

mod abi;
mod batch;
mod cache;
mod calls;
mod engine;
mod error;
mod host;
mod imports;
mod limits;
mod log;
mod meter;
mod plugin;
mod report;
mod runtime;
mod store;
mod ticker;
mod wasi;

pub use batch::{Indexed, Problem};
pub use cache::CacheWarning;
pub use error::{CallError, CallErrorKind, LoadError, RuntimeError};
pub use host::{
    CommandAnswer, CommandCall, Content, Entry, Host, HostError, Invocation, LineHit, PromptAnswer, PromptHit,
};
pub use limits::{LimitKind, Limits};
pub use log::{LogLevel, LogLine, LogSink};
pub use meter::{WaitClock, WaitGuard};
pub use plugin::{Export, Plugin};
pub use report::{Commands, File, Finding, Framework, Model, Report, Route, Stack, Summary};
pub use runtime::{Options, Runtime};
