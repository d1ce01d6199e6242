//! What became of confidences, over all chains of a project.

use certus_engine::calibration::{Prediction, predictions};
use rusqlite::{Connection, Row};

use crate::projection::Change;
use crate::{Store, StoreError};

impl Store {
    /// Every prediction whose outcome is known, by chain.
    ///
    /// # Errors
    /// What the disk says.
    pub fn predictions(&self) -> Result<Vec<Prediction>, StoreError> {
        let sql = "SELECT model, area, confidence, scored_by, held, overrules FROM predictions \
             WHERE confidence BETWEEN 0 AND 1 ORDER BY chain, area, scored_by";
        self.query(|db| db.prepare_cached(sql)?.query_map([], prediction)?.collect())
    }
}

fn prediction(row: &Row<'_>) -> rusqlite::Result<Prediction> {
    Ok(Prediction {
        model: row.get(0)?,
        area: row.get(1)?,
        confidence: row.get(2)?,
        scored_by: row.get(3)?,
        held: row.get(4)?,
        overrules: row.get(5)?,
    })
}

/// Fill the table for chains that are older than it.
pub(crate) fn fill(db: &Connection, path: &std::path::Path) -> rusqlite::Result<()> {
    crate::projection::fill(db, path, |events| {
        predictions(events).into_iter().map(|one| Change::Settled(Box::new(one))).collect()
    })
}
