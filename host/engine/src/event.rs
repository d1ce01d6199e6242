//! One immutable line of a chain's history.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{
    Amount, Cap, Caps, Chain, Digest, EffectId, ErrorCode, Law, Methodology, Outcome, Phase, PluginRef, Request, Usage,
    Warning,
};

/// Milliseconds since 1970, UTC.
pub type Millis = i64;

/// A chain's number in its project, from 1; shown as `047`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChainId(pub u32);

impl fmt::Display for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}", self.0)
    }
}

/// The text is not a chain's number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a chain's number is a whole number from 1, such as `047` or `47`")]
pub struct ParseChainIdError;

impl FromStr for ChainId {
    type Err = ParseChainIdError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(0) | Err(_) => Err(ParseChainIdError),
            Ok(number) => Ok(Self(number)),
        }
    }
}

/// An event with its place in the history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// From 1, without gaps.
    pub seq: u64,
    /// When it was recorded.
    pub at: Millis,
    /// What happened.
    #[serde(flatten)]
    pub body: Body,
}

/// What a chain begins with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Started {
    /// As typed.
    pub goal: String,
    /// Complete, with the project's tightening, so that a later version of the plugin changes no running chain.
    pub methodology: Methodology,
    /// Who decides.
    pub controller: PluginRef,
    /// Who answers prompts.
    pub provider: String,
    /// The person's name on this machine, if known.
    #[serde(default)]
    pub user: Option<String>,
    /// The commit the project stood at, if it is a git checkout.
    #[serde(default)]
    pub git_head: Option<String>,
    /// Which variant of the workflow runs, for comparison.
    #[serde(default)]
    pub variant: Option<String>,
    /// Of `project_rules.md`, if there is one.
    #[serde(default)]
    pub rules: Option<Digest>,
}

/// What is left of an attempt that gave no answer that can be used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Leftover {
    /// Why there is no answer, for people.
    pub message: String,
    /// What was billed for it, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billed: Option<Usage>,
    /// What it can have cost at most besides, where the service did not say all that it took.
    #[serde(skip_serializing_if = "Amount::is_nothing")]
    pub possible: Amount,
    /// Of the text that had arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<Digest>,
    /// The text came whole and is no reply.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unreadable: bool,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "type")]
pub enum Body {
    /// The first event.
    ChainStarted(Box<Started>),
    /// A phase begins.
    PhaseEntered {
        /// Its name.
        phase: String,
        /// From 1.
        visit: u32,
        /// Why.
        why: String,
    },
    /// A phase ends.
    PhaseLeft {
        /// Its name.
        phase: String,
        /// From 1.
        visit: u32,
        /// The gate was open.
        success: bool,
        /// How long it took, waiting included.
        elapsed_ms: i64,
        /// Spent in it.
        tokens: u64,
        /// Spent in it, in millionths of a dollar.
        usd_micros: u64,
    },
    /// An effect is about to begin. On disk before it does.
    Intent {
        /// Which.
        effect: EffectId,
        /// The command that asked for it; absent when the controller did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        invocation: Option<EffectId>,
        /// How many equal requests this invocation made before.
        #[serde(default)]
        occurrence: u32,
        /// What.
        request: Request,
        /// Of the request; of the rendered text for a prompt.
        digest: Digest,
        /// The chain's version when the request was made.
        basis: u64,
    },
    /// An effect ended. Believed only from here on.
    Outcome {
        /// Which.
        effect: EffectId,
        /// How.
        outcome: Outcome,
        /// How long it took.
        #[serde(default)]
        elapsed_ms: i64,
    },
    /// The effect is begun again: the process ended while it was in flight, or the attempt gave nothing that can be used.
    Reissued {
        /// Which.
        effect: EffectId,
        /// From 2.
        attempt: u32,
        /// The call may have reached who bills for it: what was set aside counts as spent.
        possibly_billed_twice: bool,
        /// What the attempt before left behind, where it was seen to end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        leftover: Option<Box<Leftover>>,
    },
    /// An effect could not be performed now; it stays open and can be tried again.
    Deferred {
        /// Which.
        effect: EffectId,
        /// Why, as a kind.
        code: ErrorCode,
        /// Why, for people.
        message: String,
        /// A call may have reached who bills for it: what was set aside counts as spent. Else it comes back.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        possibly_billed: bool,
        /// What the attempt left behind, where one was made.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        leftover: Option<Box<Leftover>>,
        /// The cap of the chain that would let it go on, where the present one does not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        enough: Option<Cap>,
    },
    /// Nothing goes on before a person does something, and no effect waits: neither an answer nor a verdict is what is missing.
    Paused {
        /// Why, as a kind.
        code: ErrorCode,
        /// Why, and what leads on, for people.
        message: String,
    },
    /// An amount is set aside for a call. On disk before the call is made.
    Reserved {
        /// Whose call.
        effect: EffectId,
        /// The most that it can cost.
        amount: Amount,
    },
    /// Other caps hold from here on.
    BudgetSet {
        /// All of them.
        caps: Caps,
        /// What a person set for this chain alone; it holds until they set another.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        own: Option<Cap>,
    },
    /// Most of a cap is used up; told once.
    BudgetWarned(Warning),
    /// The chain was recorded elsewhere or by somebody else: what it may do on its word alone, it may no longer, and what ran or was
    /// reviewed there is no evidence here.
    TakenOver {
        /// The phases of its methodology as they are installed here; empty where it had the same.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        phases: Vec<Phase>,
    },
    /// Another version of its controller is installed than the one that it went on with so far: it goes on with that one.
    ControllerChanged {
        /// Which.
        controller: PluginRef,
        /// The phases of its methodology as this one has them; empty where they are the same.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        phases: Vec<Phase>,
    },
    /// Somebody changed the project's files since its check ran: that run is no evidence of them.
    TreeChanged {
        /// Of the project as it is.
        tree: Digest,
    },
    /// What the project's own commands do, as the files stand that say so: noted before one runs, where it is other than before.
    /// What a person let run was the commands as they were.
    WhatRuns {
        /// Path → content.
        files: BTreeMap<String, Digest>,
        /// Files that are other than before; empty where nothing was noted before.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        changed: Vec<String>,
        /// In what, as a person is shown it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        diff: String,
    },
    /// A request takes most of the room that it may have, or leaves something out for want of it.
    ContextFilled {
        /// Whose request.
        effect: EffectId,
        /// Of the room; above 100 where what is never left out does not fit.
        percent: u32,
        /// Part → entries that are not shown.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        left_out: BTreeMap<String, usize>,
    },
    /// What is known has gone bad: requests are made of the goal, answers, decisions and facts from here on, without the notes
    /// of before.
    ContextReset {
        /// As it was scored, 0..=1.
        health: f64,
        /// The event from which on notes are shown.
        fresh_from: u64,
    },
    /// The law refused what the controller named.
    ActionRefused {
        /// The action's name.
        action: String,
        /// Which law.
        law: Law,
        /// What exactly.
        detail: String,
    },
    /// A person takes up a chain that was given up.
    Reopened,
    /// Another provider answers from here on.
    ProviderChosen {
        /// Its name.
        provider: String,
    },
    /// A person answers anew what was answered before; the answer before stays in its own event.
    Corrected {
        /// The question's id.
        question: String,
        /// The new answer.
        text: String,
        /// Who, if known.
        #[serde(default)]
        by: Option<String>,
    },
    /// A person says how satisfied they are, 1 to 5.
    Rated {
        /// 1..=5.
        stars: u8,
    },
    /// The database was lost; the chain goes on from its last context.
    Restored {
        /// As the context held it.
        chain: Box<Chain>,
        /// Where from.
        from: String,
    },
    /// The chain ended.
    Ended {
        /// Complete, or given up.
        success: bool,
        /// In a sentence.
        why: String,
    },
}

impl Body {
    /// The event's type, as written.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ChainStarted(_) => "chain-started",
            Self::PhaseEntered { .. } => "phase-entered",
            Self::PhaseLeft { .. } => "phase-left",
            Self::Intent { .. } => "intent",
            Self::Outcome { .. } => "outcome",
            Self::Reissued { .. } => "reissued",
            Self::Deferred { .. } => "deferred",
            Self::Paused { .. } => "paused",
            Self::Reserved { .. } => "reserved",
            Self::BudgetSet { .. } => "budget-set",
            Self::BudgetWarned(_) => "budget-warned",
            Self::TakenOver { .. } => "taken-over",
            Self::ControllerChanged { .. } => "controller-changed",
            Self::TreeChanged { .. } => "tree-changed",
            Self::WhatRuns { .. } => "what-runs",
            Self::ContextFilled { .. } => "context-filled",
            Self::ContextReset { .. } => "context-reset",
            Self::ActionRefused { .. } => "action-refused",
            Self::Reopened => "reopened",
            Self::ProviderChosen { .. } => "provider-chosen",
            Self::Corrected { .. } => "corrected",
            Self::Rated { .. } => "rated",
            Self::Restored { .. } => "restored",
            Self::Ended { .. } => "ended",
        }
    }
}
