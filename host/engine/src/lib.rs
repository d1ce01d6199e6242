//! The law of a chain, and nothing else.
//!
//! A chain is its events: [`Chain::apply`] folds them one by one, and the same events always give the same chain. A
//! controller names an [`Action`]; [`law::judge`] answers with what to record and what to perform, or with a
//! [`Refusal`] that names the law. There is no I/O here, no clock and no async: time arrives inside events, and what the
//! world did arrives as an [`Outcome`].
//!
//! Events are written to disk as these types serialise, so a field is only ever added, with a default.

mod action;
pub mod budget;
pub mod calibration;
mod chain;
mod context;
mod digest;
mod edit;
mod effect;
mod event;
mod gate;
mod knowledge;
pub mod law;
mod methodology;
mod number;
mod paths;
mod reply;
mod shared;
mod view;

pub use action::{Action, Asking, Check};
pub use budget::{Amount, Cap, Caps, Estimate, OverBudget, Scope, Spending, Unit, Warning};
pub use chain::{Chain, Closing, Effect, EffectState, Ended, Evidence, Parts, Pause, PhaseVisit, Run, Then};
pub use context::{context, slug};
pub use digest::{Digest, ParseDigestError};
pub use edit::{Draft, DraftState, Edit, FileChange, Grant, Plan, Replacement, Written};
pub use effect::{
    Attribution, CheckLimit, Discovered, EffectId, ErrorCode, Outcome, PluginRef, ProjectSummary, Request, StackSummary,
};
pub use event::{Body, ChainId, Event, Leftover, Millis, ParseChainIdError, Started};
pub use gate::Lack;
pub use knowledge::{
    Band, Decision, Fact, Place, Proposal, ProposalStatus, Question, QuestionState, QuestionStatus, Uncertainty,
    Verdict, says_nothing,
};
pub use law::{Catalogue, CommandRef, Law, PromptRef, Refusal, Ruling};
pub use methodology::{Gate, Loosened, MOST_SAMPLES, Methodology, MethodologyError, Phase, SAMPLES, Tightening};
pub use paths::{changes_tests_within, says_what_runs};
pub use reply::{Discovery, Document, Gap, PromptCall, RaisedQuestion, RepliedUncertainty, Reply, Usage};
pub use shared::Shared;
pub use view::{CheckRun, View};
