//! Uncertainties that were closed, over all chains of a project, and what the runs that closed them cost.

use certus_engine::Chain;
use rusqlite::{Connection, Row};
use serde::Serialize;

use crate::row::unsigned;

/// What removing uncertainties of one area cost.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Removed {
    /// The area.
    pub area: String,
    /// How many were closed, one a chain at most, and stayed closed.
    pub closed: u64,
    /// Of these, those that kept every gate shut.
    pub blockers: u64,
    /// What the runs that closed them took, input and output; a run that closed several is shared among them.
    pub tokens: u64,
    /// The same in millionths of a dollar.
    pub usd_micros: u64,
    /// Of the tokens, those whose price nobody knows.
    pub unpriced_tokens: u64,
}

/// By area, the dearest first.
pub(crate) fn removed(db: &Connection, those: &str, value: i64) -> rusqlite::Result<Vec<Removed>> {
    // As floating numbers, because a sum of hostile integers overflows with an error.
    let sql = format!(
        "SELECT area, count(*), total(blocked), \
         total((0.0 + runs.input_tokens + runs.output_tokens + runs.lost_tokens - runs.possible_tokens) / shared), \
         total((0.0 + runs.usd_micros + runs.lost_usd_micros - runs.possible_usd_micros) / shared), \
         total((0.0 + runs.unpriced_tokens) / shared) \
         FROM (SELECT *, count(*) OVER (PARTITION BY chain, closed_by) AS shared FROM closings) AS closed \
         LEFT JOIN prompt_runs AS runs ON runs.chain = closed.chain AND runs.effect = closed.closed_by \
         WHERE {those} GROUP BY 1 ORDER BY 5 DESC, 2 DESC, 1"
    );
    db.prepare_cached(&sql)?.query_map([value], line)?.collect()
}

fn line(row: &Row<'_>) -> rusqlite::Result<Removed> {
    // Exact up to 2^53; a cast of more saturates.
    let total = |column| row.get::<_, f64>(column).map(|sum| sum.round() as u64);
    Ok(Removed {
        area: row.get(0)?,
        closed: unsigned(row, 1)?,
        blockers: total(2)?,
        tokens: total(3)?,
        usd_micros: total(4)?,
        unpriced_tokens: total(5)?,
    })
}

/// Fill the table for chains that are older than it.
pub(crate) fn fill(db: &Connection, path: &std::path::Path) -> rusqlite::Result<()> {
    crate::projection::fill(db, path, |events| {
        let mut found = Vec::new();
        crate::projection::closed(&Chain::fold(events), None, &mut found);
        found
    })
}
