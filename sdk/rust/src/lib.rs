//! Write Certus plugins in Rust.
//!
//! A plugin implements one trait and calls one macro:
//!
//! | it is | trait | macro |
//! |---|---|---|
//! | a phase controller | [`PhaseController`] | [`phase_controller!`] |
//! | a set of slash commands | [`Command`] | [`command!`] |
//! | an interpreter of one stack | [`StackInterpreter`] | [`stack_interpreter!`] |
//! | a source of computed prompts | [`PromptSource`] | [`prompt_source!`] |
//!
//! One type may implement several traits, and one plugin may call several of the macros. What the plugin is called, the
//! commands with their help, and the rights it asks for stand in its manifest, `certus.toml`, and not in code: the host
//! reads them without running anything.
//!
//! # A complete plugin
//!
//! `Cargo.toml` needs `crate-type = ["cdylib", "rlib"]` and this crate; `certus.toml` says:
//!
//! ```toml
//! name = "hello"
//! version = "0.1.0"
//! description = "Greets"
//! license = "MIT"
//! wit = "0.1.0"
//! exports = ["command"]
//!
//! [rights]
//! user = "say"
//!
//! [[commands]]
//! name = "hello"
//! help = "Greet the person who works on this chain"
//! ```
//!
//! and `src/lib.rs`:
//!
//! ```
//! use certus_sdk::{Answer, Call, Command, Error, user};
//!
//! struct Hello;
//!
//! impl Command for Hello {
//!     fn run(call: Call) -> Result<Answer, Error> {
//!         let whom = call.arguments.first().map_or("you", String::as_str);
//!         user::say(&format!("Hello, {whom}"))?;
//!         Ok(Answer::Done("Greeted.".into()))
//!     }
//! }
//!
//! certus_sdk::command!(Hello);
//! ```
//!
//! # What to know
//!
//! - Every call gets a fresh instance: nothing is remembered between calls, and nothing needs to be freed.
//! - A command may be run again from its start after a crash. What it asked the host for is then answered from the
//!   record, so a command must do the same things in the same order when it sees the same answers. Do not read
//!   clocks or hash-map orders into requests.
//! - A panic ends the call, not the host. Its message goes to the plugin's log, which is why each macro installs a hook.
//! - Functions of the host may be called only inside a component. In native tests they panic, so keep the part of a
//!   plugin that decides things free of them.

mod bindings;
mod guests;

pub use bindings::{chain, log, prompt, types, user, views, workspace};
pub use guests::{Command, PhaseController, PromptSource, StackInterpreter};

pub use bindings::command::exports::certus::plugin::command::{Answer, Call};
pub use bindings::controller::exports::certus::plugin::phase_controller::{Action, Asking, Check};
pub use bindings::interpreter::exports::certus::plugin::stack_interpreter as stack;
pub use types::{
    Confidence, Decision, Error, Fact, Place, PromptCall, Proposal, ProposalStatus, Question, QuestionState,
    QuestionStatus, Score, Uncertainty, Verdict,
};
pub use views::{CheckRun, Draft, DraftState, Ending, Lack, Phase, Run, Shortfall, View};

/// What the macros expand to. Not part of the interface.
#[doc(hidden)]
pub mod exported {
    pub use crate::bindings::{command, controller, interpreter, source};
    pub use crate::guests::Exported;
}
