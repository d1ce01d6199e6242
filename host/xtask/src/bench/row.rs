//! One line of the table: numbers in, a median, a ratio and a word out.

use serde::Serialize;

/// What was measured of one thing, over its runs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Spread {
    /// Absent when nothing was measured.
    pub(crate) fn of(numbers: &[f64]) -> Option<Self> {
        let mut sorted = numbers.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let middle = sorted.len() / 2;
        let median = if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 };
        Some(Self { median, min, max })
    }
}

/// What was promised, of the ratio or, where there is no floor, of the number itself.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Bound {
    pub(crate) at_least: Option<f64>,
    pub(crate) at_most: Option<f64>,
}

impl Bound {
    pub(crate) const fn at_most(most: f64) -> Self {
        Self { at_least: None, at_most: Some(most) }
    }

    pub(crate) const fn at_least(least: f64) -> Self {
        Self { at_least: Some(least), at_most: None }
    }

    pub(crate) const fn between(least: f64, most: f64) -> Self {
        Self { at_least: Some(least), at_most: Some(most) }
    }

    fn verdict(self, measured: f64) -> &'static str {
        if self.at_most.is_some_and(|most| measured > most) {
            "over"
        } else if self.at_least.is_some_and(|least| measured < least) {
            "under"
        } else {
            "within"
        }
    }

    fn show(self) -> String {
        match (self.at_least, self.at_most) {
            (Some(least), Some(most)) => format!("{least}–{most}"),
            (Some(least), None) => format!("≥ {least}"),
            (None, Some(most)) => format!("≤ {most}"),
            (None, None) => String::new(),
        }
    }
}

/// A benchmark and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) runs: usize,
    pub(crate) ours: Spread,
    pub(crate) floor: Option<Spread>,
    /// The median of the pairs' ratios, ours by floor.
    pub(crate) ratio: Option<f64>,
    pub(crate) bound: Bound,
    /// `within`, `over` or `under`.
    pub(crate) verdict: &'static str,
}

impl Row {
    /// Of pairs that were measured in alternation. Absent when there are none.
    pub(crate) fn of_pairs(name: &'static str, unit: &'static str, bound: Bound, pairs: &[(f64, f64)]) -> Option<Self> {
        let column = |pick: fn(&(f64, f64)) -> f64| Spread::of(&pairs.iter().map(pick).collect::<Vec<_>>());
        let (ours, floor) = (column(|pair| pair.0)?, column(|pair| pair.1)?);
        let ratio = column(|pair| pair.0 / pair.1)?.median;
        let verdict = bound.verdict(ratio);
        Some(Self { name, unit, runs: pairs.len(), ours, floor: Some(floor), ratio: Some(ratio), bound, verdict })
    }

    /// Of numbers that stand for themselves. Absent when there are none.
    pub(crate) fn of_numbers(name: &'static str, unit: &'static str, bound: Bound, numbers: &[f64]) -> Option<Self> {
        let ours = Spread::of(numbers)?;
        let verdict = bound.verdict(ours.median);
        Some(Self { name, unit, runs: numbers.len(), ours, floor: None, ratio: None, bound, verdict })
    }
}

/// For people.
pub(crate) fn table(rows: &[Row]) -> String {
    let head = ["benchmark", "unit", "runs", "ours", "min", "max", "floor", "ratio", "bound", ""].map(str::to_owned);
    let lines = rows.iter().map(|row| {
        [
            row.name.to_owned(),
            row.unit.to_owned(),
            row.runs.to_string(),
            number(row.ours.median),
            number(row.ours.min),
            number(row.ours.max),
            row.floor.map_or_else(|| "–".to_owned(), |floor| number(floor.median)),
            row.ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}")),
            row.bound.show(),
            row.verdict.to_owned(),
        ]
    });
    let lines: Vec<[String; 10]> = std::iter::once(head).chain(lines).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..10).map(width).collect();
    let show = |line: &[String; 10]| {
        let cells = line.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| match column {
            0 | 1 | 9 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    lines.iter().map(show).collect()
}

/// Three digits are all that such a measurement carries.
fn number(value: f64) -> String {
    let digits = if value >= 100.0 {
        0
    } else if value >= 10.0 {
        1
    } else {
        2
    };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_that_of_pairs_not_of_medians() {
        // The machine was three times slower in the second half: the pairs do not care.
        let pairs = [(2.0, 1.0), (2.2, 1.1), (6.0, 3.0), (6.6, 3.3)];
        let row = Row::of_pairs("x", "ms", Bound::at_most(2.5), &pairs).expect("a row");
        assert!((row.ratio.expect("a ratio") - 2.0).abs() < 1e-9);
        assert_eq!(row.verdict, "within");
        assert!((row.ours.median - 4.1).abs() < 1e-9);
    }

    #[test]
    fn each_side_of_a_bound_is_named() {
        let verdict = |bound: Bound, value| bound.verdict(value);
        assert_eq!(verdict(Bound::between(0.5, 1.1), 1.2), "over");
        assert_eq!(verdict(Bound::between(0.5, 1.1), 0.4), "under");
        assert_eq!(verdict(Bound::between(0.5, 1.1), 1.1), "within");
        assert_eq!(verdict(Bound::at_least(3.0), 2.9), "under");
    }

    #[test]
    fn nothing_measured_is_no_row() {
        assert_eq!(Row::of_pairs("x", "ms", Bound::at_most(1.0), &[]), None);
        assert_eq!(Row::of_numbers("x", "ms", Bound::at_most(1.0), &[]), None);
    }

    #[test]
    fn the_table_lines_up() {
        let rows = [
            Row::of_pairs("short", "ms", Bound::at_most(2.0), &[(1.5, 1.0)]).expect("a row"),
            Row::of_numbers("a longer name", "MB", Bound::at_most(150.0), &[151.4]).expect("a row"),
        ];
        assert_eq!(
            table(&rows),
            "benchmark      unit  runs  ours   min   max  floor  ratio  bound\n\
             short          ms       1  1.50  1.50  1.50   1.00   1.50    ≤ 2  within\n\
             a longer name  MB       1   151   151   151      –      –  ≤ 150  over\n"
        );
    }
}
