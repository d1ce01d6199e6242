//! What confidences were worth so far: in the report on a chain, and in a report of its own.

use std::collections::BTreeMap;
use std::fmt;

use certus_engine::Chain;
use certus_engine::calibration::{Calibration, Calibrator, ENOUGH, Estimate, Series};
use serde::Serialize;

use crate::{Failure, FlowReport, Session, State};

/// What a confidence was worth so far, as outcomes have it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Calibrated {
    /// Whose confidence.
    pub model: String,
    /// 0..=1.
    pub value: f64,
    /// Where the 95 % interval begins.
    pub low: f64,
    /// Where it ends.
    pub high: f64,
    /// Half of its width.
    pub margin: f64,
    /// Outcomes that it rests on.
    pub n: usize,
}

impl Calibrated {
    fn of(model: &str, estimate: Estimate) -> Self {
        let Estimate { value, low, high, n } = estimate;
        Self { model: crate::clean::line(model, 100), value, low, high, margin: estimate.margin(), n }
    }
}

impl fmt::Display for Calibrated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0} % ± {:.0} (n = {})", self.value * 100.0, self.margin * 100.0, self.n)
    }
}

impl FlowReport {
    /// With what the confidences of the chain were worth so far, where enough outcomes are known. What was said stays what was
    /// said: gates are over that.
    #[must_use]
    pub fn calibrated(mut self, chain: &Chain, calibration: &Calibration) -> Self {
        let areas = self.confidence.areas.iter().map(|(area, &said)| (area.as_str(), said));
        let all = areas.chain([("overall", self.confidence.overall)]);
        let worth = |(area, said): (&str, f64)| {
            let model = chain.scorer(area)?.model;
            let estimate = calibration.estimate(&model, area, said)?;
            Some((area.to_owned(), Calibrated::of(&model, estimate)))
        };
        let found: BTreeMap<String, Calibrated> = all.filter_map(worth).collect();
        for (area, part) in &mut self.confidence.parts {
            part.calibration = found.get(area).cloned();
        }
        self.confidence.calibrated = found.contains_key("overall");
        self.confidence.calibration = found;
        self
    }
}

/// Confidences compared with outcomes.
#[derive(Debug, Clone, Serialize)]
pub struct CalibrationReport {
    /// Outcomes of one model in one area from which on its confidences are calibrated.
    pub needed: usize,
    /// In all.
    pub outcomes: usize,
    /// By model, then by area.
    pub series: Vec<Series>,
}

impl CalibrationReport {
    fn of(calibration: &Calibration) -> Self {
        let clean = |series: &Series| {
            let text = |text: &str| crate::clean::line(text, 100);
            Series { model: text(&series.model), area: text(&series.area), ..series.clone() }
        };
        let series: Vec<Series> = calibration.series().map(clean).collect();
        Self { needed: ENOUGH, outcomes: series.iter().map(|series| series.n).sum(), series }
    }
}

/// What some confidence was worth so far by a calibrator, for people: `80 % was worth 71 % ± 9`.
pub fn worth(calibrator: &Calibrator, said: f64) -> String {
    let estimate = calibrator.estimate(said);
    let percent = |share: f64| share * 100.0;
    format!("{:.0} % was worth {:.0} % ± {:.0}", percent(said), percent(estimate.value), percent(estimate.margin()))
}

impl State {
    /// Confidences of every chain, compared with outcomes.
    ///
    /// # Errors
    /// The store failed.
    pub fn calibration(&self) -> Result<CalibrationReport, Failure> {
        let predictions = match self.store() {
            Some(store) => store.predictions().map_err(|error| self.failure(error))?,
            None => Vec::new(),
        };
        Ok(CalibrationReport::of(&Calibration::of(predictions)))
    }
}

impl Session {
    /// What is known of confidences in this project; nothing where it cannot be read, so that nothing is claimed.
    pub fn calibration(&self) -> Calibration {
        Calibration::of(self.predictions().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use certus_engine::calibration::Prediction;
    use certus_engine::{Attribution, Body, ChainId, Event, Outcome, Reply, Request};

    use super::*;

    fn outcomes(area: &str, count: usize, held: usize) -> Vec<Prediction> {
        let one = |number: usize| Prediction {
            model: "m".to_owned(),
            area: area.to_owned(),
            confidence: 0.9,
            scored_by: 1,
            held: number < held,
            overrules: false,
        };
        (0..count).map(one).collect()
    }

    /// A chain of which a model scored three areas.
    fn chain() -> Chain {
        let request = Request::Prompt { name: "p".to_owned(), version: "1".to_owned(), arguments: BTreeMap::default() };
        let digest = certus_engine::Digest::of_json(&request);
        let confidence = [("overall", 0.9), ("requirements", 0.9), ("scope", 0.9)];
        let confidence = confidence.map(|(area, score)| (area.to_owned(), score)).into();
        let reply = Box::new(Reply { confidence, ..Reply::default() });
        let by = Attribution { provider: "api".to_owned(), model: "m".to_owned(), ..Attribution::default() };
        let bodies = [
            Body::Intent { effect: 1, invocation: None, occurrence: 0, request, digest, basis: 0 },
            Body::Outcome { effect: 1, outcome: Outcome::Replied { reply, by }, elapsed_ms: 0 },
        ];
        let events: Vec<Event> = (1..).zip(bodies).map(|(seq, body)| Event { seq, at: 0, body }).collect();
        Chain::fold(&events)
    }

    fn report(outcomes: Vec<Prediction>) -> FlowReport {
        let chain = chain();
        FlowReport::of(ChainId(1), &chain, None, "").calibrated(&chain, &Calibration::of(outcomes))
    }

    #[test]
    fn a_report_calibrates_what_has_enough_outcomes_and_leaves_what_was_said() {
        let report = report([outcomes("overall", 41, 20), outcomes("requirements", 29, 29)].concat());
        assert_eq!((report.confidence.overall, report.confidence.calibrated), (0.9, true));
        let areas: Vec<&str> = report.confidence.calibration.keys().map(String::as_str).collect();
        assert_eq!(areas, ["overall"]);
        let overall = &report.confidence.calibration["overall"];
        assert!((overall.value - 20.0 / 41.0).abs() < 0.05, "{overall:?}");
        let shown = Calibrated { value: 0.823, margin: 0.09, ..overall.clone() };
        assert_eq!(shown.to_string(), "82 % ± 9 (n = 41)");
    }

    #[test]
    fn without_overall_a_report_is_uncalibrated_as_a_whole() {
        let report = report(outcomes("scope", 30, 10));
        assert!(!report.confidence.calibrated && report.confidence.calibration.contains_key("scope"));
    }

    #[test]
    fn another_models_outcomes_say_nothing() {
        let others = outcomes("overall", 40, 20).into_iter().map(|one| Prediction { model: "other".to_owned(), ..one });
        assert!(report(others.collect()).confidence.calibration.is_empty());
    }
}
