//! Costs for spreadsheets.

use serde::Serialize;

use super::{ChainCost, CostLine, CostReport, RemovedLine};
use crate::Failure;

impl CostReport {
    /// One line for each chain, prompt, phase, model and area of closed uncertainties, as CSV.
    ///
    /// # Errors
    /// A line that cannot be written.
    pub fn csv(&self) -> Result<String, Failure> {
        let lists = [
            ("chain", &self.by_chain),
            ("prompt", &self.by_prompt),
            ("phase", &self.by_phase),
            ("model", &self.by_model),
        ];
        written(lists, &self.by_uncertainty)
    }
}

impl ChainCost {
    /// One line for each prompt, phase and area of closed uncertainties, as CSV.
    ///
    /// # Errors
    /// A line that cannot be written.
    pub fn csv(&self) -> Result<String, Failure> {
        written([("prompt", &self.by_prompt), ("phase", &self.by_phase)], &self.by_uncertainty)
    }
}

/// One line of a spreadsheet; what a line does not have is empty.
#[derive(Serialize)]
struct Cells<'a> {
    by: &'a str,
    name: String,
    runs: Option<u64>,
    failed: Option<u64>,
    tokens: u64,
    cached_tokens: Option<u64>,
    usd: String,
    gained: Option<String>,
    unpriced_tokens: u64,
    closed: Option<u64>,
    blockers: Option<u64>,
    spent_usd: String,
    possible_usd: Option<String>,
    possible_tokens: Option<u64>,
}

fn written<'a>(
    lists: impl IntoIterator<Item = (&'static str, &'a Vec<CostLine>)>,
    removed: &[RemovedLine],
) -> Result<String, Failure> {
    let lines = lists.into_iter().flat_map(|(by, lines)| lines.iter().map(move |line| (by, line)));
    let lines = lines.map(|(by, line)| Cells {
        by,
        name: cell(&line.name),
        runs: Some(line.runs),
        failed: Some(line.failed),
        tokens: line.tokens,
        cached_tokens: Some(line.cached_tokens),
        usd: format!("{:.6}", line.usd),
        gained: Some(format!("{:.4}", line.gained)),
        unpriced_tokens: line.unpriced_tokens,
        closed: None,
        blockers: None,
        spent_usd: format!("{:.6}", line.spent_usd),
        possible_usd: Some(format!("{:.6}", line.possible_usd)),
        possible_tokens: Some(line.possible_tokens),
    });
    let areas = removed.iter().map(|line| Cells {
        by: "uncertainty",
        name: cell(&line.area),
        runs: None,
        failed: None,
        tokens: line.tokens,
        cached_tokens: None,
        usd: format!("{:.6}", line.usd),
        gained: None,
        unpriced_tokens: line.unpriced_tokens,
        closed: Some(line.closed),
        blockers: Some(line.blockers),
        spent_usd: format!("{:.6}", line.usd),
        possible_usd: None,
        possible_tokens: None,
    });
    let failed = |what: String| Failure::failed(format!("the costs cannot be written as CSV: {what}"));
    let mut writer = ::csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    // By hand, because there is a head where there is no line, too.
    let head = "by,name,runs,failed,tokens,cached_tokens,usd,gained,unpriced_tokens,closed,blockers,\
                spent_usd,possible_usd,possible_tokens";
    writer.write_record(head.split(',')).map_err(|error| failed(error.to_string()))?;
    for line in lines.chain(areas) {
        writer.serialize(line).map_err(|error| failed(error.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| failed(error.to_string()))
}

/// A name as a cell. A spreadsheet takes what begins like a formula for one.
fn cell(name: &str) -> String {
    let formula = name.starts_with(['=', '+', '-', '@']);
    if formula { format!("'{name}") } else { name.to_owned() }
}
