//! The cap of a day. It spans all chains and processes of a project, so it is judged inside the one transaction that
//! records a reservation: nobody else can set anything aside in between.

use certus_engine::{Amount, Cap, ChainId, Estimate, Millis, OverBudget, Scope};
use rusqlite::{Connection, Row};

use crate::{Store, StoreError};

/// The length of a day in milliseconds.
pub const DAY: Millis = 24 * 60 * 60 * 1000;

/// When a run costs something: when it ended, else when something was last set aside for it or lost. A run may wait for days
/// between its intent and the call.
pub(crate) const DATE: &str = "coalesce(ended, dated, started)";

/// What an append may set aside at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayCap {
    /// The most that all chains together may spend.
    pub cap: Cap,
    /// What the append sets aside.
    pub wanted: Estimate,
    /// When the day began.
    pub since: Millis,
}

impl DayCap {
    /// Whether it fits to what is on disk.
    pub(crate) fn admits(&self, db: &Connection) -> rusqlite::Result<Result<(), OverBudget>> {
        Ok(self.cap.admits(Scope::Day, committed(db, self.since)?, &self.wanted))
    }
}

impl Store {
    /// What all chains spent, possibly spent or have set aside for runs that ended at a time or later, or for
    /// which something was set aside or lost then.
    ///
    /// # Errors
    /// What the disk says.
    pub fn committed_since(&self, since: Millis) -> Result<Amount, StoreError> {
        self.query(|db| committed(db, since))
    }

    /// The same without what is set aside.
    ///
    /// # Errors
    /// What the disk says.
    pub fn spent_since(&self, since: Millis) -> Result<Amount, StoreError> {
        self.query(|db| sum(db, SPENT, since))
    }

    /// What chains have set aside since a time.
    ///
    /// # Errors
    /// What the disk says.
    pub fn reserved_since(&self, since: Millis) -> Result<Vec<(ChainId, Amount)>, StoreError> {
        let sql = format!(
            "SELECT total(reserved_tokens), total(reserved_usd_micros), chain FROM prompt_runs \
             WHERE {DATE} >= ? AND (reserved_tokens > 0 OR reserved_usd_micros > 0) GROUP BY chain"
        );
        let one = |row: &Row<'_>| Ok((ChainId(row.get(2)?), amount(row)?));
        self.query(|db| db.prepare_cached(&sql)?.query_map([since], one)?.collect())
    }
}

/// Of tokens, and of millionths of a dollar.
const SPENT: [&str; 2] =
    ["total(input_tokens) + total(output_tokens) + total(lost_tokens)", "total(usd_micros) + total(lost_usd_micros)"];

fn committed(db: &Connection, since: Millis) -> rusqlite::Result<Amount> {
    let [tokens, usd_micros] = SPENT;
    let tokens = format!("{tokens} + total(reserved_tokens)");
    sum(db, [&tokens, &format!("{usd_micros} + total(reserved_usd_micros)")], since)
}

/// Sums of tokens and of dollars since a time: as floating numbers, because a sum of hostile integers overflows with an error.
fn sum(db: &Connection, [tokens, usd_micros]: [&str; 2], since: Millis) -> rusqlite::Result<Amount> {
    let sql = format!("SELECT {tokens}, {usd_micros} FROM prompt_runs WHERE {DATE} >= ?");
    // Exact up to 2^53; a cast of more saturates.
    db.prepare_cached(&sql)?.query_row([since], amount)
}

fn amount(row: &Row<'_>) -> rusqlite::Result<Amount> {
    let sum = |column| row.get::<_, f64>(column).map(|sum| sum as u64);
    Ok(Amount { tokens: sum(0)?, usd_micros: sum(1)?, unpriced_tokens: 0 })
}
