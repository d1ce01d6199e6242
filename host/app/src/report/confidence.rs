//! How certain a chain is, and what would make it more so.

use certus_engine::{Chain, Lack};
use serde::Serialize;

use super::parts::{self, Part};
use crate::calibration::Calibrated;

/// How certain a chain is.
#[derive(Debug, Clone, Serialize)]
pub struct Confidence {
    /// As it was said, 0..=1; gates are over this.
    pub overall: f64,
    /// Area → 0..=1.
    pub areas: std::collections::BTreeMap<String, f64>,
    /// Whether `calibration` has `overall`.
    pub calibrated: bool,
    /// Area → what its confidence was worth so far, where enough outcomes of the model that scored it are known.
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub calibration: std::collections::BTreeMap<String, Calibrated>,
    /// How it was computed, in the words of who answered.
    #[serde(rename = "computed")]
    pub how: Option<String>,
    /// Area → what the number is made of.
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub parts: std::collections::BTreeMap<String, Part>,
    /// What would raise it, where the gate lacks confidence and who computed it said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}

impl Confidence {
    pub(super) fn of(chain: &Chain) -> Self {
        Self {
            overall: chain.confidence("overall"),
            areas: chain.scores().iter().filter(|(area, _)| *area != "overall").map(|(a, s)| (a.clone(), *s)).collect(),
            calibrated: false,
            calibration: std::collections::BTreeMap::new(),
            how: chain.confidence_from().map(str::to_owned),
            parts: parts::of(chain),
            missing: missing(chain),
        }
    }
}

/// The last part of how a confidence was computed, as the offline provider words it, without what was answered since.
fn missing(chain: &Chain) -> Option<String> {
    let short = chain.lacks().iter().any(|lack| matches!(lack, Lack::Confidence { .. }));
    let (_, missing) = chain.confidence_from().filter(|_| short)?.rsplit_once("; missing ")?;
    let answered = |id: &str| chain.questions().iter().any(|known| known.question.id == id && known.answer.is_some());
    Some(unanswered(&crate::clean::line(missing.trim_end_matches('.'), 1_000), answered))
}

/// What is missing without the questions that were answered since it was said.
fn unanswered(missing: &str, answered: impl Fn(&str) -> bool) -> String {
    let (start, ways) = missing.split_once(": ").unwrap_or(("", missing));
    let settled = |way: &&str| way.trim_start_matches("or ").strip_prefix("an answer to ").is_some_and(&answered);
    let left: Vec<&str> = ways.split(", ").filter(|way| !settled(way)).collect();
    let left = left.join(", ");
    let left = if left.contains(", ") { left.as_str() } else { left.strip_prefix("or ").unwrap_or(&left) };
    if start.is_empty() { left.to_owned() } else { format!("{start}: {left}") }
}

#[cfg(test)]
mod tests {
    use super::unanswered;

    #[test]
    fn what_was_answered_is_not_missing() {
        let missing = "for 0.80: an answer to actor, an answer to page-size in words that say it, or a model (any)";
        for (answered, left) in [
            (&[][..], missing),
            (&["actor"], "for 0.80: an answer to page-size in words that say it, or a model (any)"),
            (&["page-size"], missing),
        ] {
            assert_eq!(unanswered(missing, |id| answered.contains(&id)), left);
        }
        assert_eq!(unanswered("for 0.80: an answer to actor, or a model", |_| true), "for 0.80: a model");
    }
}
