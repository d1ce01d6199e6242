//! What a confidence is made of: what the reply said, what refuted evidence and other answers take off, what blocks whatever
//! the number is, and what such a number was worth so far.

use std::collections::BTreeMap;

use certus_engine::{Chain, Lack, Outcome, Parts, law};
use certus_providers::one_answer;
use serde::Serialize;

use super::FlowReport;
use crate::calibration::Calibrated;

/// What the confidence in an area is made of.
#[derive(Debug, Clone, Serialize)]
pub struct Part {
    /// The prompt whose reply is believed.
    pub prompt: String,
    /// Who wrote that reply: the model, `offline rules`, or the provider where it names none.
    pub model: String,
    /// As that reply has it, 0..=1.
    pub reply: f64,
    /// What its evidence is worth.
    pub evidence: EvidencePart,
    /// Other answers to the same request; absent where none are wanted (`samples` of the methodology).
    pub samples: Option<SamplesPart>,
    /// Areas that are open and block: any of them shuts every gate, whatever the number is.
    pub blockers: Vec<String>,
    /// What such a number of this model was worth so far; absent while too few outcomes are known. Gates do not go by it.
    pub calibration: Option<Calibrated>,
    /// What gates go by, 0..=1.
    pub believed: f64,
}

/// The quotes of a reply.
#[derive(Debug, Clone, Serialize)]
pub struct EvidencePart {
    /// Those that it has.
    pub quotes: usize,
    /// Of these, those that are where it says.
    pub found: usize,
    /// What its scores are multiplied by: the share that was found, 1 where it quotes nothing.
    pub factor: f64,
}

/// Answers to one request, compared.
#[derive(Debug, Clone, Serialize)]
pub struct SamplesPart {
    /// Answers that were wanted, the believed one included.
    pub wanted: u32,
    /// Answers that were asked for, the believed one included.
    pub asked: usize,
    /// Scores that could be compared, the believed reply's first.
    pub scores: Vec<f64>,
    /// Of the scores; absent where no agreement is measured.
    pub mean: Option<f64>,
    /// Of the scores, by n - 1; absent where no agreement is measured. Gates go by the mean less this, never by more than the
    /// first score.
    pub deviation: Option<f64>,
    /// Why no agreement is measured.
    pub note: Option<String>,
}

/// No gate went by it when it was asked.
const ONCE: &str = "it was asked once, where no gate goes by it";

/// By area. What nobody scored, or who scored it is not known any more, is left out.
pub(super) fn of(chain: &Chain) -> BTreeMap<String, Part> {
    let blocks = chain.uncertainties().iter().filter(|known| known.is_blocker());
    let blockers: Vec<String> = blocks.map(|known| crate::clean::clean(&known.area)).collect();
    let part = |area: &String| {
        let parts = chain.parts(area)?;
        let prompt = chain.effect(parts.effect)?.request.sends()?.0;
        Some(Part {
            prompt: prompt.to_owned(),
            model: crate::clean::line(&chain.scorer(area)?.model, 100),
            reply: parts.reply,
            evidence: EvidencePart {
                quotes: parts.quoted,
                found: parts.cited,
                factor: if parts.quoted == 0 { 1.0 } else { parts.cited as f64 / parts.quoted as f64 },
            },
            samples: samples(chain, &parts),
            blockers: blockers.clone(),
            calibration: None,
            believed: parts.believed,
        })
    };
    chain.scores().keys().filter_map(|area| Some((area.clone(), part(area)?))).collect()
}

fn samples(chain: &Chain, parts: &Parts) -> Option<SamplesPart> {
    let wanted = law::samples_wanted(chain);
    if wanted < 2 {
        return None;
    }
    let provider = match chain.effect(parts.effect)?.outcome() {
        Some(Outcome::Replied { by, .. }) => by.provider.as_str(),
        _ => "",
    };
    let note = match (parts.mean, parts.asked, parts.open) {
        (Some(_), ..) => None,
        (None, 0, _) => Some(one_answer(provider).unwrap_or(ONCE).to_owned()),
        (None, _, 0) => Some("no further answer could be compared".to_owned()),
        (None, _, open) => Some(format!("answers on their way: {open}")),
    };
    Some(SamplesPart {
        wanted,
        asked: parts.asked + 1,
        scores: parts.scores.clone(),
        mean: parts.mean,
        deviation: parts.deviation,
        note,
    })
}

impl FlowReport {
    /// What further answers say of the confidence, in a line: where they took something off that the gate lacks, or where they
    /// are wanted and none could be compared.
    pub fn compared(&self) -> Option<String> {
        said(&self.confidence.parts, &self.lacks)
    }
}

/// The same for a chain without its report.
pub(crate) fn compared(chain: &Chain) -> Option<String> {
    if law::samples_wanted(chain) < 2 {
        return None;
    }
    said(&of(chain), &chain.lacks())
}

fn said(parts: &BTreeMap<String, Part>, lacks: &[Lack]) -> Option<String> {
    let lacking = |area: &String| {
        lacks
            .iter()
            .any(|lack| matches!(lack, Lack::Confidence { area: short, .. } if short == area || short == "overall"))
    };
    let percent = |score: f64| format!("{:.0}", score * 100.0);
    // As what is lacking is said: what is short must not look as if it were enough.
    let counted = |score: f64| format!("{:.0}", (score * 100.0 + 1e-7).floor());
    let lowered = parts.iter().filter(|(area, _)| lacking(area)).find_map(|(area, part)| {
        let samples = part.samples.as_ref().filter(|samples| samples.mean.is_some())?;
        let first = samples.scores.first().copied().unwrap_or(part.believed);
        let scores: Vec<String> = samples.scores.iter().copied().map(percent).collect();
        (counted(part.believed) != counted(first)).then(|| {
            let area = crate::clean::line(area, 60);
            format!(
                "compared: answers put {area} at {} %, which counts as {} %",
                scores.join(", "),
                counted(part.believed)
            )
        })
    });
    let unmeasured = || {
        parts.iter().find_map(|(area, part)| {
            let note = part.samples.as_ref()?.note.as_deref().filter(|note| *note != ONCE)?;
            Some(format!("compared: no agreement is measured for {}: {note}", crate::clean::line(area, 60)))
        })
    };
    lowered.or_else(unmeasured)
}
