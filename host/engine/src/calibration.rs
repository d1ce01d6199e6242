//! Whether confidences keep what they promise: what was said, compared with what then happened.
//!
//! [`predictions`] reads the pairs out of a chain's events, [`Calibration`] sums up those of many chains for each model and
//! area, and once [`ENOUGH`] are there it also says what a confidence was worth so far. Until then it says nothing. Gates do not
//! read any of this: outcomes exist for what went through a gate alone, so a gate that was shut by them could never open
//! again.

mod platt;
mod predictions;
mod statistics;

use std::collections::BTreeMap;

use serde::Serialize;

pub use platt::{Calibrator, Estimate};
pub use predictions::{Prediction, Scorer, predictions, settled};
pub use statistics::{BINS, Bin, bins, brier, ece};

/// Outcomes from which on a confidence of a model in an area is calibrated.
pub const ENOUGH: usize = 30;

/// The predictions of one model in one area.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Series {
    /// As its provider names it; `offline rules`, or the provider where it names none.
    pub model: String,
    /// snake_case; `overall` is the chain's.
    pub area: String,
    /// Outcomes.
    pub n: usize,
    /// See [`brier`].
    pub brier: f64,
    /// See [`ece`].
    pub ece: f64,
    /// See [`bins`].
    pub bins: Vec<Bin>,
    /// Absent below [`ENOUGH`] outcomes.
    pub calibrator: Option<Calibrator>,
}

/// What is known of how far confidences can be trusted, by model and area.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Calibration {
    series: BTreeMap<(String, String), Series>,
}

impl Calibration {
    /// Sum predictions up, in whatever order they come.
    pub fn of(predictions: impl IntoIterator<Item = Prediction>) -> Self {
        let mut pairs: BTreeMap<(String, String), Vec<(f64, bool)>> = BTreeMap::new();
        for one in predictions {
            pairs.entry((one.model, one.area)).or_default().push((one.confidence, one.held));
        }
        let series = pairs.into_iter().map(|((model, area), mut pairs)| {
            // Sums of floating numbers depend on their order; a calibration does not.
            pairs.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
            let series = Series {
                model: model.clone(),
                area: area.clone(),
                n: pairs.len(),
                brier: brier(&pairs),
                ece: ece(&pairs),
                bins: bins(&pairs),
                calibrator: (pairs.len() >= ENOUGH).then(|| Calibrator::fit(&pairs)),
            };
            ((model, area), series)
        });
        Self { series: series.collect() }
    }

    /// By model, then by area.
    pub fn series(&self) -> impl Iterator<Item = &Series> {
        self.series.values()
    }

    /// What a confidence of this model in this area was worth so far; absent while too few outcomes are known.
    pub fn estimate(&self, model: &str, area: &str, confidence: f64) -> Option<Estimate> {
        let series = self.series.get(&(model.to_owned(), area.to_owned()))?;
        Some(series.calibrator.as_ref()?.estimate(confidence))
    }
}
