//! How far confidences and outcomes lie apart. A pair is what was said, 0..=1, and whether it held.

use serde::Serialize;

/// Bins of a reliability plot, all equally wide.
pub const BINS: usize = 10;

/// Confidences that lie close together, and how often they held.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bin {
    /// Where it begins, 0..1; it belongs to the bin.
    pub from: f64,
    /// Where it ends; it belongs to the next bin, 1 to the last.
    pub to: f64,
    /// Pairs in it.
    pub n: usize,
    /// What was said on average; absent where there is no pair.
    pub said: Option<f64>,
    /// The share that held; absent where there is no pair.
    pub held: Option<f64>,
}

/// The Brier score: the mean square of confidence minus outcome. 0 is perfect, 0.25 is what always saying one half gets, 1 is the
/// worst; 0 without pairs.
pub fn brier(pairs: &[(f64, bool)]) -> f64 {
    if pairs.is_empty() {
        return 0.0;
    }
    let square = |&(said, held): &(f64, bool)| (said - outcome(held)).powi(2);
    pairs.iter().map(square).sum::<f64>() / pairs.len() as f64
}

/// The expected calibration error over [`BINS`] bins: the distance of what was said from what held, averaged over the pairs.
/// 0 is perfect, 1 the worst; 0 without pairs.
pub fn ece(pairs: &[(f64, bool)]) -> f64 {
    let apart = |bin: &Bin| Some((bin.said? - bin.held?).abs() * bin.n as f64);
    bins(pairs).iter().filter_map(apart).sum::<f64>() / pairs.len().max(1) as f64
}

/// The reliability plot as numbers: [`BINS`] bins from 0 to 1.
pub fn bins(pairs: &[(f64, bool)]) -> Vec<Bin> {
    let mut sums = [(0_usize, 0.0, 0.0); BINS];
    for &(said, held) in pairs {
        let (n, said_sum, held_sum) = &mut sums[((said * BINS as f64) as usize).min(BINS - 1)];
        *n += 1;
        *said_sum += said;
        *held_sum += outcome(held);
    }
    let bin = |(at, &(n, said, held)): (usize, &(usize, f64, f64))| {
        let mean = |sum: f64| (n > 0).then(|| sum / n as f64);
        let edge = |at: usize| at as f64 / BINS as f64;
        Bin { from: edge(at), to: edge(at + 1), n, said: mean(said), held: mean(held) }
    };
    sums.iter().enumerate().map(bin).collect()
}

pub(super) fn outcome(held: bool) -> f64 {
    if held { 1.0 } else { 0.0 }
}
