//! Platt scaling: the log-odds of what holds are a line over the log-odds of what was said.
//!
//! Two numbers, the intercept and the slope, are fitted by Newton's method. A ridge pulls them towards 0 and 1, which means
//! “as it was said”: so they stay finite where everything held, and where few confidences differ the line stays near what
//! was said. A slope below 0 is not believed: then all confidences mean the same, and a higher one never means less.

use serde::Serialize;

use super::statistics::outcome;

/// A confidence counts as no nearer to 0 or 1 than this: a model's 1.0 is a word, not a proof.
const EDGE: f64 = 0.01;
/// The strength of the ridge: intercept and slope are taken to lie within 1 of “as it was said”, give or take.
const RIDGE: f64 = 1.0;
/// Newton's method takes fewer than ten steps on any data we have seen; what is left after these is rounding.
const STEPS: usize = 50;
/// Standard deviations to either side: 95 %.
const WIDTH: f64 = 1.96;

/// Turns what a model says into what that was worth so far.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Calibrator {
    /// Added to the log-odds; below 0 for a model that is too sure of itself.
    pub intercept: f64,
    /// Multiplies the log-odds, never below 0; below 1 where extremes were said too easily.
    pub slope: f64,
    /// Outcomes that it was fitted to.
    pub n: usize,
    /// Variance of the intercept, covariance, variance of the slope.
    #[serde(skip)]
    spread: [f64; 3],
}

/// What a confidence was worth so far.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// 0..=1.
    pub value: f64,
    /// Where the 95 % interval begins, 0..=`value`.
    pub low: f64,
    /// Where it ends, `value`..=1.
    pub high: f64,
    /// Outcomes that it rests on.
    pub n: usize,
}

impl Estimate {
    /// Half of the interval's width, 0..=0.5.
    pub fn margin(&self) -> f64 {
        (self.high - self.low) / 2.0
    }
}

impl Calibrator {
    /// Fit one to what was said, 0..=1, and whether it held.
    pub(super) fn fit(pairs: &[(f64, bool)]) -> Self {
        let points: Vec<(f64, f64)> = pairs.iter().map(|&(said, held)| (log_odds(said), outcome(held))).collect();
        let (line, [aa, ab, bb]) = minimum(&points, true);
        if line[1] >= 0.0 {
            let determinant = aa * bb - ab * ab;
            let spread = [bb / determinant, -ab / determinant, aa / determinant];
            return Self { intercept: line[0], slope: line[1], n: pairs.len(), spread };
        }
        let (line, [aa, ..]) = minimum(&points, false);
        Self { intercept: line[0], slope: 0.0, n: pairs.len(), spread: [1.0 / aa, 0.0, 0.0] }
    }

    /// What a confidence, 0..=1, was worth so far. The interval comes from the curvature of the fit (the delta method), on the
    /// scale of log-odds.
    pub fn estimate(&self, confidence: f64) -> Estimate {
        let x = log_odds(confidence);
        let at = self.intercept + self.slope * x;
        let [a, ab, b] = self.spread;
        let variance = a + 2.0 * x * ab + x * x * b;
        let reach = WIDTH * variance.max(0.0).sqrt();
        Estimate { value: logistic(at), low: logistic(at - reach), high: logistic(at + reach), n: self.n }
    }
}

/// The line of least loss, and the second derivatives there. Without `sloped` the slope stays 0.
fn minimum(points: &[(f64, f64)], sloped: bool) -> ([f64; 2], [f64; 3]) {
    let mut line = [0.0, if sloped { 1.0 } else { 0.0 }];
    let mut least = loss(points, line);
    for _ in 0..STEPS {
        let ([ga, gb], [aa, ab, bb]) = derivatives(points, line);
        let determinant = aa * bb - ab * ab;
        let step = match sloped {
            true => [(bb * ga - ab * gb) / determinant, (aa * gb - ab * ga) / determinant],
            false => [ga / aa, 0.0],
        };
        // The loss is convex, so a step that is short enough lowers it until the minimum is reached.
        let mut share = 1.0;
        let lower = loop {
            let next = [line[0] - share * step[0], line[1] - share * step[1]];
            let found = loss(points, next);
            if found < least {
                break Some((next, found));
            }
            share /= 2.0;
            if share < 1e-6 {
                break None;
            }
        };
        let Some((next, found)) = lower else { break };
        line = next;
        least = found;
    }
    (line, derivatives(points, line).1)
}

/// The log-loss with the ridge.
fn loss(points: &[(f64, f64)], [a, b]: [f64; 2]) -> f64 {
    let of = |&(x, held): &(f64, f64)| {
        let at = a + b * x;
        // ln(1 + e^at) without overflow.
        at.max(0.0) + (-at.abs()).exp().ln_1p() - held * at
    };
    points.iter().map(of).sum::<f64>() + RIDGE / 2.0 * (a * a + (b - 1.0).powi(2))
}

/// First derivatives by intercept and slope; second ones by both intercepts, by each, by both slopes.
fn derivatives(points: &[(f64, f64)], [a, b]: [f64; 2]) -> ([f64; 2], [f64; 3]) {
    let mut first = [RIDGE * a, RIDGE * (b - 1.0)];
    let mut second = [RIDGE, 0.0, RIDGE];
    for &(x, held) in points {
        let share = logistic(a + b * x);
        let weight = share * (1.0 - share);
        first[0] += share - held;
        first[1] += (share - held) * x;
        second[0] += weight;
        second[1] += weight * x;
        second[2] += weight * x * x;
    }
    (first, second)
}

fn log_odds(confidence: f64) -> f64 {
    let inside = confidence.clamp(EDGE, 1.0 - EDGE);
    (inside / (1.0 - inside)).ln()
}

fn logistic(at: f64) -> f64 {
    1.0 / (1.0 + (-at).exp())
}
