//! A gate is evaluated from the chain alone. What keeps it shut is data, so that every room can say it in its own words.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Chain, Gate, QuestionState, Verdict};

/// One thing that keeps a gate shut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "lacks")]
pub enum Lack {
    /// Confidence is too low.
    Confidence {
        /// Area, or `overall`.
        area: String,
        /// 0..=1.
        have: f64,
        /// 0..=1.
        need: f64,
    },
    /// An unresolved blocking uncertainty.
    Blocker {
        /// Its area.
        area: String,
    },
    /// No approval in this visit.
    Approval {
        /// Of a proposal of this kind.
        kind: String,
    },
    /// No evidence in this visit.
    Evidence {
        /// Of this check.
        check: String,
    },
    /// A question that waits for its answer.
    OpenQuestion {
        /// Its id.
        id: String,
    },
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Confidence { area, have, need } => {
                // Rounded down and up: what is short must not look as if it were enough.
                let (have, need) = ((have * 100.0 + 1e-7).floor(), (need * 100.0 - 1e-7).ceil());
                write!(f, "confidence in {area} is {have} %, {need} % is needed")
            }
            Self::Blocker { area } => write!(f, "{area} is not resolved and blocks"),
            Self::Approval { kind } => write!(f, "no {kind} is approved"),
            Self::Evidence { check } => write!(f, "no recorded {check} run passed"),
            Self::OpenQuestion { id } => write!(f, "question {id} is not answered"),
        }
    }
}

impl Gate {
    /// Everything that keeps the gate shut for this chain; empty when it is open.
    pub fn lacks(&self, chain: &Chain) -> Vec<Lack> {
        let mut lacks = Vec::new();
        for (area, &need) in &self.confidence {
            let have = chain.confidence_for_gate(area);
            // A hair of slack: thresholds are written in decimal, confidences computed in binary.
            let enough = have + 1e-9 >= need;
            if !enough {
                lacks.push(Lack::Confidence { area: area.clone(), have, need });
            }
        }
        for uncertainty in chain.uncertainties() {
            if uncertainty.is_blocker() {
                lacks.push(Lack::Blocker { area: uncertainty.area.clone() });
            }
        }
        if let Some(kind) = &self.approval {
            let approved = chain
                .proposals_of_visit()
                .rfind(|status| status.proposal.kind == *kind)
                .is_some_and(|status| status.verdict == Some(Verdict::Approved));
            if !approved {
                lacks.push(Lack::Approval { kind: kind.clone() });
            }
        }
        for check in &self.evidence {
            if !chain.evidence_of_visit().any(|evidence| evidence.check == *check && evidence.passed()) {
                lacks.push(Lack::Evidence { check: check.clone() });
            }
        }
        // Where evidence counts, none that speaks against it is passed over: only a person may.
        if !self.evidence.is_empty() {
            for evidence in chain.evidence_of_visit() {
                if !self.evidence.contains(&evidence.check) && evidence.failed() && !chain.waives(evidence) {
                    lacks.push(Lack::Evidence { check: evidence.check.clone() });
                }
            }
        }
        for status in chain.questions() {
            if status.state == QuestionState::Asked {
                lacks.push(Lack::OpenQuestion { id: status.question.id.clone() });
            }
        }
        lacks
    }
}
