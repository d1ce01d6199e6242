//! The port that a running command's imports call, and the values that pass through it.
//!
//! The runtime checks the form of what a guest sends (numbers in 0..=1, counts) before the port sees it. What the rights
//! of a plugin allow, what is recorded and what is memoised is the port's business.

use std::collections::BTreeMap;

use async_trait::async_trait;
use certus_engine::{
    Decision, Discovery, ErrorCode, Millis, PromptCall, Proposal, Question, RepliedUncertainty, Verdict, View,
};

use crate::WaitClock;

/// What a command is called with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandCall {
    /// Without the slash.
    pub name: String,
    /// In order.
    pub arguments: Vec<String>,
}

/// How a command finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandAnswer {
    /// In a sentence for the person.
    Done(String),
    /// Run this command line next. Whether that is allowed is for the caller to judge.
    Then(String),
    /// The command itself says that it failed.
    Failed {
        /// Which kind, in the contract's words.
        code: ErrorCode,
        /// In the guest's words.
        message: String,
    },
}

/// What makes running a command again the same run: the guest's clock and random numbers follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Invocation {
    /// Milliseconds since 1970 at which the invocation first started.
    pub started_ms: Millis,
    /// Chosen once, recorded with the invocation.
    pub seed: u64,
}

/// What a plugin may know of a reply.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PromptAnswer {
    /// Markdown.
    pub notes: String,
    /// Area → 0..=1.
    pub scores: BTreeMap<String, f64>,
    /// The chain's confidence once the reply is believed, 0..=1.
    pub overall: f64,
    /// Open blocking uncertainties once the reply is believed, by area.
    pub blockers: Vec<String>,
    /// Whole documents in the reply.
    pub documents: Vec<Proposal>,
    /// What the reply suggests to run next.
    pub next: Vec<PromptCall>,
}

/// A prompt that a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptHit {
    /// Looked up exactly.
    pub name: String,
    /// In a sentence.
    pub purpose: String,
}

/// A file of the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Relative to the project's root, with `/`.
    pub path: String,
    /// Bytes.
    pub size: u64,
}

/// What a file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// As asked for.
    pub path: String,
    /// Absent when the file is not there, excluded, not UTF-8 or over 1 MiB.
    pub text: Option<String>,
}

/// A line that matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineHit {
    /// Relative to the project's root, with `/`.
    pub path: String,
    /// 1-based.
    pub line: u32,
    /// The line.
    pub text: String,
}

/// Why the port does not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// An answer for the guest: the call failed, the guest goes on.
    #[error("{code}: {message}")]
    Refused {
        /// Which kind, in the contract's words.
        code: ErrorCode,
        /// A sentence for the guest's own log; what would allow a denied call is never said here.
        message: String,
    },
    /// End the guest now: the host must wait, and nobody will answer in this process. The call ends as
    /// [`CallErrorKind::Waiting`](crate::CallErrorKind::Waiting); running the command again answers it from the record.
    #[error("the host must wait")]
    Suspended,
    /// End the guest now: the host itself is in trouble (a full disk, a lost lock). The guest never sees it; the call
    /// ends as [`CallErrorKind::Host`](crate::CallErrorKind::Host).
    #[error("{0}")]
    Abort(String),
}

impl HostError {
    /// An error that the guest sees.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::Refused { code, message: message.into() }
    }

    /// The guest call ends, because the host must wait.
    pub fn suspend() -> Self {
        Self::Suspended
    }

    /// The guest call ends, because the host cannot go on.
    pub fn abort(message: impl Into<String>) -> Self {
        Self::Abort(message.into())
    }
}

/// What a command's imports reach. One value serves one call of [`Plugin::run_command`](crate::Plugin::run_command).
///
/// Time spent inside a method is not guest time. It is wall time, except for `ask`, `confirm` and `request_approval`,
/// and whatever holds a [`WaitGuard`](crate::WaitGuard). At most [`Limits::host_calls`](crate::Limits::host_calls) calls
/// arrive; the guest gets a `limit` error for more.
#[async_trait]
pub trait Host: Send {
    /// Called once before the guest starts. Keep the clock to mark other waiting than a question's: for a model that
    /// a person answers by hand, for a budget.
    fn starts(&mut self, _clock: WaitClock) {}

    /// The chain as it is now.
    async fn read_chain(&mut self) -> Result<View, HostError>;

    /// What was learned: at most 64 facts, 32 uncertainties and 32 decisions, with numbers in 0..=1. Nothing is cited yet.
    async fn propose(
        &mut self,
        facts: Vec<Discovery>,
        uncertainties: Vec<RepliedUncertainty>,
        decisions: Vec<Decision>,
    ) -> Result<(), HostError>;

    /// At most 20 go to the guest, best first.
    async fn search_prompts(&mut self, words: String) -> Result<Vec<PromptHit>, HostError>;

    /// The text that `run_prompt` would send.
    async fn render_prompt(&mut self, call: PromptCall) -> Result<String, HostError>;

    /// Run a prompt.
    async fn run_prompt(&mut self, call: PromptCall) -> Result<PromptAnswer, HostError>;

    /// Show a line or a paragraph of at most 64 KiB. It is as the guest wrote it: strip control sequences.
    async fn say(&mut self, text: String) -> Result<(), HostError>;

    /// Ask and wait. Costs neither guest time nor wall time.
    async fn ask(&mut self, question: Question) -> Result<String, HostError>;

    /// Ask for yes or no; `preset` is what an empty answer means. Costs neither guest time nor wall time.
    async fn confirm(&mut self, text: String, preset: bool) -> Result<bool, HostError>;

    /// Show a proposal and wait for the verdict. Costs neither guest time nor wall time.
    async fn request_approval(&mut self, proposal: Proposal) -> Result<Verdict, HostError>;

    /// Files in one directory; at most 10,000 go to the guest.
    async fn list(&mut self, directory: String) -> Result<Vec<Entry>, HostError>;

    /// Files that match a glob; at most 10,000 go to the guest.
    async fn glob(&mut self, pattern: String) -> Result<Vec<Entry>, HostError>;

    /// At most 256 paths arrive; at most 1 MiB of text goes to the guest.
    async fn read(&mut self, paths: Vec<String>) -> Result<Vec<Content>, HostError>;

    /// Lines that match; `most` is at most 1,000.
    async fn search(&mut self, regex: String, glob: String, most: u32) -> Result<Vec<LineHit>, HostError>;
}
