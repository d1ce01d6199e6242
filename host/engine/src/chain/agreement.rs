//! How a score came about: what the reply said, less what its refuted quotes and other answers to the same request take off.
//!
//! One reply is believed, the first; samples only say how far it would have come out otherwise. The formula and its source
//! stand in `docs/decisions/disagreement-lowers-a-score.md`.

use serde::Serialize;

use super::{Chain, Effect};
use crate::calibration::Scorer;
use crate::{EffectId, Outcome, Reply, Request};

/// How the score of an area was made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Parts {
    /// The effect whose reply is believed.
    pub effect: EffectId,
    /// As that reply has it, 0..=1.
    pub reply: f64,
    /// Quotes in that reply.
    pub quoted: usize,
    /// Of these, those that are where it says.
    pub cited: usize,
    /// Further answers that were asked for.
    pub asked: usize,
    /// Of these, those that did not come yet.
    pub open: usize,
    /// The scores that count, the believed reply's first, each shrunk by the share of its own quotes that is not there. A
    /// sample that failed, cannot be read, came from another model or does not score the area has none.
    pub scores: Vec<f64>,
    /// Their mean; absent below two, and while one is on its way: then no agreement is measured.
    pub mean: Option<f64>,
    /// Their standard deviation, by n - 1; absent as the mean.
    pub deviation: Option<f64>,
    /// What the chain goes by: the mean less the deviation, never above the first score and never below 0. Where no
    /// agreement is measured, the first score.
    pub believed: f64,
}

/// The quotes of a reply.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quotes {
    quoted: usize,
    cited: usize,
}

impl Quotes {
    pub(super) fn of(reply: &Reply) -> Self {
        let quoted = reply.discovered.iter().filter(|found| found.evidence.is_some());
        Self { quoted: quoted.clone().count(), cited: quoted.filter(|found| found.cited).count() }
    }

    /// A reply whose evidence is not there is believed less: its scores shrink by the share of refuted quotes.
    pub(super) fn trust(self) -> f64 {
        if self.quoted == 0 { 1.0 } else { self.cited as f64 / self.quoted as f64 }
    }
}

/// The score of an area as far as the reply's own evidence lets it be believed.
fn shrunk(reply: &Reply, area: &str) -> Option<f64> {
    Some(said(reply, area)? * Quotes::of(reply).trust())
}

fn said(reply: &Reply, area: &str) -> Option<f64> {
    reply.confidence.get(area).copied().filter(|score| (0.0..=1.0).contains(score))
}

/// Mean and standard deviation of two numbers and more.
fn spread(scores: &[f64]) -> Option<(f64, f64)> {
    if scores.len() < 2 {
        return None;
    }
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    let squares: f64 = scores.iter().map(|score| (score - mean).powi(2)).sum();
    Some((mean, (squares / (scores.len() - 1) as f64).sqrt()))
}

impl Chain {
    /// How the score of an area was made; absent where nobody scored it, or the reply that did is not known any more.
    pub fn parts(&self, area: &str) -> Option<Parts> {
        let Scorer { model, effect } = self.scored_by.get(area)?;
        let Some(Outcome::Replied { reply, .. }) = self.effects.get(effect)?.outcome() else { return None };
        let first = shrunk(reply, area)?;
        let mut scores = vec![first];
        let (mut asked, mut open) = (0, 0);
        for sample in self.samples_of(*effect) {
            asked += 1;
            match sample.outcome() {
                None => open += 1,
                // Two models that differ say nothing of how sure one of them is.
                Some(Outcome::Replied { reply, by }) if Scorer::of(by, *effect).model == *model => {
                    scores.extend(shrunk(reply, area));
                }
                Some(_) => {}
            }
        }
        let spread = spread(&scores).filter(|_| open == 0);
        let Quotes { quoted, cited } = Quotes::of(reply);
        Some(Parts {
            effect: *effect,
            reply: said(reply, area)?,
            quoted,
            cited,
            asked,
            open,
            scores,
            mean: spread.map(|(mean, _)| mean),
            deviation: spread.map(|(_, deviation)| deviation),
            believed: spread.map_or(first, |(mean, deviation)| (mean - deviation).clamp(0.0, first)),
        })
    }

    /// The event from which on a prompt's reply is believed as far as it agrees with its samples; 0 while it has no outcome.
    pub fn compared_at(&self, first: EffectId) -> u64 {
        let own = self.effects.get(&first).map_or(0, |effect| effect.settled);
        self.samples_of(first).map(|sample| sample.settled).fold(own, u64::max)
    }

    /// Samples of a prompt's effect, in the order of their numbers.
    fn samples_of(&self, first: EffectId) -> impl Iterator<Item = &Effect> {
        let is = move |effect: &&Effect| matches!(effect.request, Request::Sample { of, .. } if of == first);
        self.effects.range(first..).map(|(_, effect)| effect).filter(is)
    }

    /// Once every sample of a prompt's effect has its outcome, what it scored is believed as far as they agree. A score that
    /// another reply brought since stays.
    pub(super) fn agree(&mut self, first: EffectId) {
        let samples: Vec<bool> = self.samples_of(first).map(Effect::is_open).collect();
        if samples.is_empty() || samples.contains(&true) {
            return;
        }
        let areas: Vec<String> =
            self.scored_by.iter().filter(|(_, scorer)| scorer.effect == first).map(|(area, _)| area.clone()).collect();
        for area in areas {
            if let Some(parts) = self.parts(&area) {
                // Its reviewer's word is no surer than its samples.
                if let Some(review) = self.reviews.get_mut(&area) {
                    *review = parts.believed;
                }
                self.scores.insert(area, parts.believed);
            }
        }
    }
}
