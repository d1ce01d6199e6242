//! What a controller may name as the next thing to do.

use serde::{Deserialize, Serialize};

use crate::{PromptCall, Proposal, Question};

/// A controller's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "action", content = "of")]
pub enum Action {
    /// Run prompts, concurrently.
    RunPrompts(Vec<PromptCall>),
    /// Ask questions, one at a time.
    Ask(Vec<Asking>),
    /// Show a proposal and wait for the verdict.
    RequestApproval(Proposal),
    /// Leave the phase for another.
    EnterPhase {
        /// The phase to enter.
        phase: String,
        /// Why.
        why: String,
    },
    /// Run a command line.
    RunCommand(String),
    /// Put a draft of edits, by id, before the person, and write it once it is approved.
    ProposeEdits(String),
    /// Run the project's own check.
    RunCheck(Check),
    /// The chain is complete.
    Finish(String),
    /// The chain cannot go on.
    GiveUp(String),
}

impl Action {
    /// The action's name, as the contract spells it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::RunPrompts(_) => "run-prompts",
            Self::Ask(_) => "ask",
            Self::RequestApproval(_) => "request-approval",
            Self::EnterPhase { .. } => "enter-phase",
            Self::RunCommand(_) => "run-command",
            Self::ProposeEdits(_) => "propose-edits",
            Self::RunCheck(_) => "run-check",
            Self::Finish(_) => "finish",
            Self::GiveUp(_) => "give-up",
        }
    }
}

/// A question to ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asking {
    /// One that a reply raised, by id.
    Raised(String),
    /// One of the controller's own.
    New(Question),
}

/// The project's own checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// Its tests.
    Test,
    /// Its linter.
    Lint,
    /// Its build.
    Build,
}

impl Check {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Test, Self::Lint, Self::Build];

    /// `test`, `lint` or `build`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Lint => "lint",
            Self::Build => "build",
        }
    }
}
