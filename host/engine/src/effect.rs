//! An effect has a cost or a consequence. Its request is recorded before, its outcome after.

use serde::{Deserialize, Serialize};

use crate::{
    Action, Amount, Check, Decision, Digest, Discovery, Edit, Grant, Plan, Proposal, Question, RepliedUncertainty,
    Reply, Usage, Verdict,
};

/// Counts the effects of a chain, from 1.
pub type EffectId = u32;

/// The plugin that acts, pinned to the bytes that ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginRef {
    /// As its manifest says.
    pub name: String,
    /// Of the whole package file.
    pub digest: Digest,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "do")]
pub enum Request {
    /// Read the project through the interpreters.
    ReadProject,
    /// Run a prompt.
    Prompt {
        /// Exact.
        name: String,
        /// Of the prompt file.
        version: String,
        /// By name.
        arguments: std::collections::BTreeMap<String, String>,
    },
    /// Ask for another, independent answer to what a prompt asked, its lists in another order. Only its scores count, see
    /// [`Parts`](crate::Parts); what it says besides is believed by nobody.
    Sample {
        /// The prompt's effect, whose reply is believed.
        of: EffectId,
        /// Which answer, from 1; 0 is that reply.
        number: u32,
        /// As that prompt.
        name: String,
        /// As that prompt.
        version: String,
    },
    /// Ask a person.
    Ask {
        /// As it is shown.
        question: Question,
    },
    /// Show a proposal and wait for the verdict.
    Approve {
        /// As it is shown.
        proposal: Proposal,
    },
    /// Run a slash command.
    Command {
        /// With its slash, as written.
        line: String,
        /// Who implements it.
        plugin: PluginRef,
        /// How many commands led here by naming the next line.
        depth: u8,
    },
    /// Run one of the project's own checks.
    Check {
        /// Which.
        check: Check,
        /// The command line, as approved.
        command: String,
    },
    /// Plan a draft of edits against the files as they are.
    Plan {
        /// Its id.
        draft: String,
    },
    /// Show planned edits and wait for the verdict.
    ApproveEdits {
        /// Its id.
        draft: String,
        /// As it is shown.
        plan: Plan,
    },
    /// Write approved edits.
    Write {
        /// Its id.
        draft: String,
        /// Of the plan that was approved.
        plan: Digest,
    },
    /// Take written edits back.
    Undo {
        /// Its id.
        draft: String,
        /// Of the record that takes it back.
        undo: Digest,
    },
    /// A command shows something.
    Say {
        /// Cleaned of control sequences.
        text: String,
    },
    /// A command proposes knowledge.
    Propose {
        /// Cited by the host, not by the guest.
        facts: Vec<Discovery>,
        /// By area.
        uncertainties: Vec<RepliedUncertainty>,
        /// By key.
        decisions: Vec<Decision>,
    },
}

impl Request {
    /// The request's kind, for tables and traces.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ReadProject => "read-project",
            Self::Prompt { .. } => "prompt",
            Self::Sample { .. } => "sample",
            Self::Ask { .. } => "ask",
            Self::Approve { .. } => "approve",
            Self::Command { .. } => "command",
            Self::Check { .. } => "check",
            Self::Plan { .. } => "plan",
            Self::ApproveEdits { .. } => "approve-edits",
            Self::Write { .. } => "write",
            Self::Undo { .. } => "undo",
            Self::Say { .. } => "say",
            Self::Propose { .. } => "propose",
        }
    }

    /// Name and version of the prompt that is sent, first or as a sample; absent where none is.
    pub fn sends(&self) -> Option<(&str, &str)> {
        match self {
            Self::Prompt { name, version, .. } | Self::Sample { name, version, .. } => Some((name, version)),
            _ => None,
        }
    }

    /// Whether a person answers it: then having no outcome means waiting, not a crash.
    pub fn waits_for_person(&self) -> bool {
        matches!(self, Self::Ask { .. } | Self::Approve { .. } | Self::ApproveEdits { .. })
    }
}

/// A limit that ended a check, and what it was, by the setting that raises it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckLimit {
    /// Seconds from its start.
    CheckSeconds(u64),
    /// MiB of its output.
    CheckOutputMib(u64),
}

impl CheckLimit {
    /// The setting, in the table `[limits]` of a configuration.
    pub fn setting(self) -> &'static str {
        match self {
            Self::CheckSeconds(_) => "check-seconds",
            Self::CheckOutputMib(_) => "check-output-mib",
        }
    }

    /// What a person does about it. A project may have a lower one than theirs, which then counts.
    pub fn raise(self) -> String {
        format!(
            "where it needs more, raise {} under [limits] in your own configuration, or in the project's certus.toml where that has a \
             lower one",
            self.setting()
        )
    }
}

impl std::fmt::Display for CheckLimit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::CheckSeconds(seconds) => write!(f, "after {seconds} s ({})", self.setting()),
            Self::CheckOutputMib(mib) => write!(f, "after {mib} MiB of output ({})", self.setting()),
        }
    }
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Outcome {
    /// The project was read.
    ProjectRead(Discovered),
    /// A prompt was answered.
    Replied {
        /// Parsed, bounded, its quotes looked up.
        reply: Box<Reply>,
        /// Who answered and what it cost.
        by: Attribution,
    },
    /// A person answered.
    Answered {
        /// As typed.
        text: String,
        /// The person's name on this machine, if known.
        by: Option<String>,
    },
    /// A person judged.
    Judged {
        /// What was said.
        verdict: Verdict,
        /// Of what was shown.
        digest: Digest,
        /// The person's name on this machine, if known.
        by: Option<String>,
        /// What else an approval of edits covers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grant: Option<Grant>,
    },
    /// A person wrote planned edits otherwise.
    Amended {
        /// What is to be changed instead.
        edits: Vec<Edit>,
    },
    /// Edits were planned.
    Planned {
        /// What would be written.
        plan: Plan,
    },
    /// Edits were written.
    Written {
        /// Of the record that takes them back.
        undo: Digest,
    },
    /// A command finished.
    CommandDone {
        /// In a sentence.
        summary: String,
        /// The command line it wants to run next.
        then: Option<String>,
    },
    /// A check ran to its end.
    Checked {
        /// Its exit status; absent when a signal or a limit ended it.
        status: Option<i32>,
        /// Of the project as it ran.
        tree: Digest,
        /// Of the project as the check left it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Digest>,
        /// Files that changed while it ran: the first of them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        changed: Vec<String>,
        /// The last lines it printed.
        tail: String,
        /// The limit that ended it, if one did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<CheckLimit>,
    },
    /// Said, or recorded.
    Done,
    /// A prompt was answered and paid for, and the answer cannot be used.
    Unusable {
        /// The kind of failure.
        code: ErrorCode,
        /// For people.
        message: String,
        /// Who answered and what it cost.
        by: Box<Attribution>,
    },
    /// It was done and failed; doing it again is a new effect.
    Failed {
        /// The kind of failure.
        code: ErrorCode,
        /// For people.
        message: String,
    },
}

impl Outcome {
    /// What it can have cost at most besides what is known of it.
    pub fn possible(&self) -> Amount {
        match self {
            Self::Replied { by, .. } => by.possible,
            Self::Unusable { by, .. } => by.possible,
            _ => Amount::default(),
        }
    }
}

/// Who answered a prompt, and what it cost.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attribution {
    /// `offline`, `replay`, `manual` …
    pub provider: String,
    /// As the provider names it.
    pub model: String,
    /// What it cost.
    pub usage: Usage,
    /// The service did not say what it took: `usage` is an estimate from the lengths, or partly one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
    /// What it can have cost at most besides, where that is so.
    #[serde(skip_serializing_if = "Amount::is_nothing")]
    pub possible: Amount,
    /// The reply was whole, and what came after it was not as it should be: the connection broke, the service sent an error, or it
    /// said that it stopped the reply.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
    /// What the service said that it took, where that cannot be: `usage` is bounded by what is possible.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claimed: Option<Usage>,
    /// Of the raw reply's text.
    pub raw: Option<Digest>,
    /// The answer was already in this chain: nothing was sent, nothing was paid.
    pub from_memo: bool,
    /// How the confidence was computed, when the provider can say.
    pub confidence_from: Option<String>,
}

/// What reading a project found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Discovered {
    /// Cited by the host.
    pub facts: Vec<Discovery>,
    /// In brief.
    pub summary: ProjectSummary,
}

/// A project in brief.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProjectSummary {
    /// Most certain first.
    pub stacks: Vec<StackSummary>,
    /// How many.
    pub routes: u32,
    /// How many.
    pub models: u32,
    /// How many files were read.
    pub files: u32,
    /// Files that could not be read, with why; the first hundred.
    pub unparsed: Vec<(String, String)>,
    /// Concept → how this project says it, in a sentence.
    pub idioms: std::collections::BTreeMap<String, String>,
    /// Command lines by kind: `test`, `lint`, `build`.
    pub commands: std::collections::BTreeMap<String, String>,
}

/// A stack in brief.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StackSummary {
    /// `node` …
    pub name: String,
    /// The interpreter, or `conventions`.
    pub plugin: String,
    /// `name version`.
    pub frameworks: Vec<String>,
}

/// The kinds of failure, as the contract names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    /// The rights do not cover it.
    Denied,
    /// A limit was reached.
    Limit,
    /// Not of the required form.
    Invalid,
    /// Not there now.
    Unavailable,
    /// Ended by a person or the host.
    Cancelled,
    /// A replayed command did something else than before.
    Diverged,
    /// Anything else.
    Failed,
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Denied => "denied",
            Self::Limit => "limit",
            Self::Invalid => "invalid",
            Self::Unavailable => "unavailable",
            Self::Cancelled => "cancelled",
            Self::Diverged => "diverged",
            Self::Failed => "failed",
        })
    }
}

impl Action {
    /// Of the action as a whole, so that repeating it can be noticed.
    pub fn digest(&self) -> Digest {
        Digest::of_json(self)
    }
}
