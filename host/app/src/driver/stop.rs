//! Why a driver stopped, and with which exit status the process ends then.

use certus_engine::{ErrorCode, Law};

use crate::error::{Kind, kind_of_pause};

/// Why the driver stopped.
#[derive(Debug, Clone, PartialEq)]
pub enum Stop {
    /// The chain ended.
    Ended {
        /// Complete, or given up.
        success: bool,
        /// Given up before a gate that is shut.
        at_gate: bool,
    },
    /// The phase that was asked for is reached.
    Until,
    /// The command line that a person typed, and what it named as the next, ended.
    CommandEnded {
        /// Why, if it failed.
        failed: Option<String>,
    },
    /// A person must answer or judge.
    Waiting,
    /// An effect cannot be performed now.
    Paused {
        /// The kind.
        code: ErrorCode,
        /// For people.
        message: String,
    },
    /// The controller names only what the law refuses.
    Refused {
        /// Which law, last.
        law: Law,
        /// What exactly.
        detail: String,
    },
}

impl Stop {
    /// The process's kind of end; absent for success.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::Ended { success: true, .. } | Self::Until => None,
            Self::CommandEnded { failed: None } => None,
            Self::Ended { at_gate: true, .. } | Self::Refused { law: Law::GateNotMet, .. } => Some(Kind::GateNotMet),
            Self::Ended { .. } | Self::Refused { .. } | Self::CommandEnded { failed: Some(_) } => Some(Kind::Failed),
            Self::Waiting => Some(Kind::Waiting),
            Self::Paused { code, .. } => Some(kind_of_pause(*code)),
        }
    }
}
