//! What a person is told when something cannot be done: one sentence, what to do next, and the exit status.
//!
//! Rooms below have typed errors; here, at the edge, each becomes a kind and hints. There is one renderer, in the binary.

use certus_engine::{ErrorCode, Refusal};

/// The kinds that scripts can tell apart, by exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It could not be done.
    Failed,
    /// It was asked for wrongly.
    Usage,
    /// A person must do something first.
    Waiting,
    /// A gate is shut.
    GateNotMet,
    /// A budget is used up.
    Budget,
    /// Nobody is there to answer prompts.
    Provider,
    /// Ended by Ctrl-C.
    Interrupted,
    /// Ended by whoever asked the process to (SIGTERM).
    Terminated,
    /// Its terminal was closed (SIGHUP).
    HungUp,
}

impl Kind {
    /// The process's exit status.
    pub fn exit_status(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Waiting => 3,
            Self::GateNotMet => 4,
            Self::Budget => 5,
            Self::Provider => 6,
            // As a shell says it: 128 and the signal.
            Self::Interrupted => 130,
            Self::Terminated => 143,
            Self::HungUp => 129,
        }
    }

    /// For machines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::Waiting => "waiting",
            Self::GateNotMet => "gate-not-met",
            Self::Budget => "budget",
            Self::Provider => "provider",
            Self::Interrupted => "interrupted",
            Self::Terminated => "terminated",
            Self::HungUp => "hung-up",
        }
    }
}

/// Something that cannot be done, with what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// Decides the exit status.
    pub kind: Kind,
    /// One sentence, without a full stop.
    pub message: String,
    /// What to do next, the best first.
    pub hints: Vec<String>,
}

impl Failure {
    /// It could not be done.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::of(Kind::Failed, message)
    }

    /// It was asked for wrongly.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::of(Kind::Usage, message)
    }

    /// Of any kind.
    pub fn of(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hints: Vec::new() }
    }

    /// With something to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// With something to do next, where nothing is said of that yet.
    #[must_use]
    pub(crate) fn hint_if_none(self, hint: impl FnOnce() -> Option<String>) -> Self {
        match if self.hints.is_empty() { hint() } else { None } {
            Some(hint) => self.hint(hint),
            None => self,
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        use certus_engine::Law;
        let kind = match refusal.law {
            Law::GateNotMet => Kind::GateNotMet,
            Law::UnknownCommand | Law::UnknownPrompt | Law::UnknownQuestion | Law::ActionForm => Kind::Usage,
            _ => Kind::Failed,
        };
        if kind == Kind::GateNotMet {
            // The kind names the law already.
            return Self::of(kind, format!("the gate is shut: {}", refusal.detail))
                .hint("go on until it opens: certus flow --continue");
        }
        Self::of(kind, refusal.to_string())
    }
}

/// The kind that a pause of a chain ends the process with.
pub(crate) fn kind_of_pause(code: ErrorCode) -> Kind {
    match code {
        ErrorCode::Unavailable => Kind::Provider,
        ErrorCode::Limit => Kind::Budget,
        ErrorCode::Cancelled => Kind::Interrupted,
        _ => Kind::Failed,
    }
}
