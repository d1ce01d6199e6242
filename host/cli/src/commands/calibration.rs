use certus_app::engine::calibration::{Bin, Series};
use certus_app::{Failure, State};
use clap::Args;

use crate::args::Global;
use crate::output::Output;

/// Characters of a bar of the reliability plot.
const WIDTH: usize = 20;

/// Compare what models said of their confidence with what then happened, by model and area
#[derive(Debug, Args)]
pub(crate) struct CalibrationArgs {}

pub(crate) fn run(_: &CalibrationArgs, global: &Global, output: &Output) -> Result<u8, Failure> {
    let report = State::open(global.project.as_deref(), global.state.as_deref())?.calibration()?;
    output.object(&report);
    if report.series.is_empty() {
        output.line(format!(
            "No outcome is known yet: verdicts on solutions, test runs and corrected answers bring them; {} of a model in an \
             area are needed",
            report.needed
        ));
        return Ok(0);
    }
    for (number, series) in report.series.iter().enumerate() {
        if number > 0 {
            output.line("");
        }
        show(series, report.needed, output);
    }
    Ok(0)
}

fn show(series: &Series, needed: usize, output: &Output) {
    output.heading(&format!("{}, {}", series.model, series.area));
    let Some(calibrator) = &series.calibrator else {
        output.line(format!("uncalibrated (n = {}, {needed} are needed)", series.n));
        return;
    };
    output
        .line(format!("n = {}; Brier score {:.3}; calibration error (ECE) {:.3}", series.n, series.brier, series.ece));
    let worth = [0.7, 0.8, 0.9].map(|said| certus_app::worth(calibrator, said));
    output.line(format!("so far, {}", worth.join(", ")));
    series.bins.iter().for_each(|bin| output.line(bar(bin)));
    output.faint("  # what held, | what was said");
}

/// One line of the plot: what held as a bar, what was said as a mark on it.
fn bar(bin: &Bin) -> String {
    let percent = |share: f64| (share * 100.0).round();
    let range = format!("{:>3.0}–{:.0} %", percent(bin.from), percent(bin.to));
    let (Some(said), Some(held)) = (bin.said, bin.held) else {
        return format!("  {range:<10} [{:WIDTH$}]", "");
    };
    let at = |share: f64| (share * WIDTH as f64).round() as usize;
    let (filled, mark) = (at(held), at(said).clamp(1, WIDTH) - 1);
    let cell = |column: usize| match column {
        _ if column == mark => '|',
        _ if column < filled => '#',
        _ => ' ',
    };
    let cells: String = (0..WIDTH).map(cell).collect();
    format!("  {range:<10} [{cells}] said {:.0} %, held {:.0} %, n = {}", percent(said), percent(held), bin.n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_shows_what_held_and_where_what_was_said_stands() {
        let bin = Bin { from: 0.8, to: 0.9, n: 25, said: Some(0.85), held: Some(0.6) };
        assert_eq!(bar(&bin), "   80–90 %   [############    |   ] said 85 %, held 60 %, n = 25");
        let full = Bin { from: 0.9, to: 1.0, n: 2, said: Some(1.0), held: Some(1.0) };
        assert_eq!(bar(&full), "   90–100 %  [###################|] said 100 %, held 100 %, n = 2");
        let none = Bin { from: 0.0, to: 0.1, n: 3, said: Some(0.0), held: Some(0.0) };
        assert_eq!(bar(&none), "    0–10 %   [|                   ] said 0 %, held 0 %, n = 3");
        let empty = Bin { from: 0.0, to: 0.1, n: 0, said: None, held: None };
        assert_eq!(bar(&empty), "    0–10 %   [                    ]");
    }
}
