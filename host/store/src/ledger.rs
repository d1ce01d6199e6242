//! What one person spends in a day, over all projects: one small database in their own directory.
//!
//! A row is a call, and what it has cost, may have cost and has set aside; it is always written as a whole, so that writing
//! it again changes nothing. A call is entered before its project records that it may be made, in a transaction of which
//! there is only one at a time, and brought down to what it took after that is recorded. Whoever dies in between leaves too
//! much behind and never too little, until they go on or a day is over.

use std::fs::DirBuilder;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use certus_engine::{Amount, Cap, ChainId, EffectId, Estimate, Millis, OverBudget, Scope, Spending};
use rusqlite::{Connection, OpenFlags, TransactionBehavior, params};

use crate::day::DAY;
use crate::{StoreError, db};

/// `CERL`, in the header of every ledger.
const APPLICATION: i64 = 0x4345_524c;
const FORMAT: i64 = 2;
const SHAPE: &str = "CREATE TABLE calls (store INTEGER NOT NULL, chain INTEGER NOT NULL, effect INTEGER NOT NULL, \
     at INTEGER NOT NULL, tokens INTEGER NOT NULL, usd_micros INTEGER NOT NULL, \
     reserved_tokens INTEGER NOT NULL DEFAULT 0, reserved_usd_micros INTEGER NOT NULL DEFAULT 0, \
     PRIMARY KEY (store, chain, effect)) STRICT, WITHOUT ROWID";
/// From the first format, which does not say what of a call is only set aside.
const SECOND: &str = "ALTER TABLE calls ADD COLUMN reserved_tokens INTEGER NOT NULL DEFAULT 0; \
     ALTER TABLE calls ADD COLUMN reserved_usd_micros INTEGER NOT NULL DEFAULT 0; PRAGMA user_version = 2";

/// How long a single try to write waits for others. Whoever asks tries again: here a thread stands still meanwhile.
const PATIENCE: Duration = Duration::from_millis(200);

/// The chain of rows that stand for all that a store had spent before the ledger was made. No chain has this number.
const BEFORE: ChainId = ChainId(0);

/// A call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Of which store; each has another number.
    pub store: i64,
    /// Of which chain in it.
    pub chain: ChainId,
    /// Of which effect of that.
    pub effect: EffectId,
}

/// What a person spends in a day.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    db: Mutex<Connection>,
}

impl Ledger {
    /// Open it. Where it is not there it is made, and begins with what `before` says that stores have spent in the last day.
    ///
    /// # Errors
    /// [`StoreError::Damaged`], [`StoreError::Newer`], and what the operating system says. Nothing may be spent on its word
    /// then.
    pub fn open(path: &Path, now: Millis, before: impl FnOnce() -> Vec<(i64, Amount)>) -> Result<Self, StoreError> {
        if let Some(folder) = path.parent() {
            let mut builder = DirBuilder::new();
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.recursive(true).create(folder).map_err(|error| StoreError::io(folder, &error))?;
        }
        match std::fs::symlink_metadata(path) {
            Ok(meta) if !meta.is_file() => return Err(StoreError::Link { path: path.to_owned() }),
            _ => {}
        }
        let said = |error: rusqlite::Error| db::explain(path, &error);
        // SQLite follows no link, and looks at the folders above too: those are the person's own affair.
        let real = path.parent().and_then(|folder| folder.canonicalize().ok());
        let real = real.zip(path.file_name()).map_or_else(|| path.to_owned(), |(folder, name)| folder.join(name));
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let mut db = db::connect(&real, flags).map_err(said)?;
        if db.is_readonly(rusqlite::MAIN_DB).map_err(said)? {
            return Err(StoreError::ReadOnly { path: path.to_owned() });
        }
        db.pragma_update(None, "synchronous", "FULL").map_err(said)?;
        // Nobody waits for a turn to write who finds it as it should be.
        if shape(&db).map_err(said)? != (APPLICATION, FORMAT) {
            Self::bring_forward(&mut db, path, now, before)?;
        }
        db.busy_timeout(PATIENCE).map_err(said)?;
        Ok(Self { path: path.to_owned(), db: Mutex::new(db) })
    }

    fn bring_forward(
        db: &mut Connection,
        path: &Path,
        now: Millis,
        before: impl FnOnce() -> Vec<(i64, Amount)>,
    ) -> Result<(), StoreError> {
        let said = |error: rusqlite::Error| db::explain(path, &error);
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(said)?;
        match shape(&tx).map_err(said)? {
            (APPLICATION, FORMAT) => {}
            (APPLICATION, 1) => tx.execute_batch(SECOND).map_err(said)?,
            (APPLICATION, found) => return Err(StoreError::Newer { path: path.to_owned(), found, known: FORMAT }),
            _ => {
                let tables: i64 =
                    tx.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(said)?;
                if tables > 0 {
                    let what = "it is another program's database".to_owned();
                    return Err(StoreError::Damaged { path: path.to_owned(), what });
                }
                tx.execute_batch(SHAPE)
                    .and_then(|()| tx.pragma_update(None, "application_id", APPLICATION))
                    .and_then(|()| tx.pragma_update(None, "user_version", FORMAT))
                    .map_err(said)?;
                for (store, amount) in before() {
                    let entry = Entry { store, chain: BEFORE, effect: 0 };
                    put(&tx, entry, Spending { answered: amount, ..Spending::default() }, now).map_err(said)?;
                }
            }
        }
        tx.commit().map_err(said)
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Enter what a call may cost, besides what it has cost already, unless all calls of the last day together would pass the
    /// cap then.
    ///
    /// # Errors
    /// [`StoreError::Busy`] where others write for longer than a moment: try again. What the disk says. Nothing is entered
    /// then, and nothing may be spent.
    pub fn reserve(
        &self,
        entry: Entry,
        committed: Amount,
        wanted: &Estimate,
        cap: Cap,
        now: Millis,
    ) -> Result<Result<(), OverBudget>, StoreError> {
        let said = |error: rusqlite::Error| db::explain(&self.path, &error);
        let mut db = self.db();
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(said)?;
        let used = total(&tx, now.saturating_sub(DAY), Some(entry)).map_err(said)?.plus(committed);
        if let Err(over) = cap.admits(Scope::Day, used, wanted) {
            return Ok(Err(over));
        }
        let amount = Amount { tokens: wanted.tokens, usd_micros: wanted.usd_micros.unwrap_or(0), unpriced_tokens: 0 };
        put(&tx, entry, Spending { answered: committed, reserved: amount, ..Spending::default() }, now)
            .and_then(|()| tx.execute("DELETE FROM calls WHERE at < ?", [now.saturating_sub(2 * DAY)]))
            .and_then(|_| tx.commit())
            .map_err(said)?;
        Ok(Ok(()))
    }

    /// Bring calls that are entered to what they have cost and have set aside.
    ///
    /// # Errors
    /// [`StoreError::Busy`] where others write for longer than a moment: try again. What the disk says. More stays entered than
    /// was spent then.
    pub fn settle(&self, calls: &[(Entry, Spending)], now: Millis) -> Result<(), StoreError> {
        let said = |error: rusqlite::Error| db::explain(&self.path, &error);
        let mut db = self.db();
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(said)?;
        for (entry, spending) in calls {
            put(&tx, *entry, *spending, now).map_err(said)?;
        }
        tx.commit().map_err(said)
    }

    /// Calls of a chain that are entered.
    ///
    /// # Errors
    /// What the disk says.
    pub fn entered(&self, store: i64, chain: ChainId) -> Result<Vec<(EffectId, Amount)>, StoreError> {
        let db = self.db();
        let rows = db
            .prepare_cached("SELECT effect, tokens, usd_micros FROM calls WHERE store = ? AND chain = ?")
            .and_then(|mut rows| {
                rows.query_map(params![store, chain.0], |row| Ok((row.get(0)?, amount(row.get(1)?, row.get(2)?))))?
                    .collect()
            });
        rows.map_err(|error| db::explain(&self.path, &error))
    }

    /// What all calls that were entered or settled since a time have cost, may have cost and have set aside.
    ///
    /// # Errors
    /// What the disk says.
    pub fn committed_since(&self, since: Millis) -> Result<Amount, StoreError> {
        total(&self.db(), since, None).map_err(|error| db::explain(&self.path, &error))
    }

    /// The same without what is set aside.
    ///
    /// # Errors
    /// What the disk says.
    pub fn spent_since(&self, since: Millis) -> Result<Amount, StoreError> {
        let sql =
            "SELECT total(tokens - reserved_tokens), total(usd_micros - reserved_usd_micros) FROM calls WHERE at >= ?";
        let db = self.db();
        let sum = db.prepare_cached(sql).and_then(|mut sum| sum.query_row([since], sums));
        sum.map_err(|error| db::explain(&self.path, &error))
    }

    /// What chains have set aside, entered or corrected since a time: each with its store.
    ///
    /// # Errors
    /// What the disk says.
    pub fn reserved_since(&self, since: Millis) -> Result<Vec<(i64, ChainId, Amount)>, StoreError> {
        let sql = "SELECT total(reserved_tokens), total(reserved_usd_micros), store, chain FROM calls \
             WHERE at >= ? AND (reserved_tokens > 0 OR reserved_usd_micros > 0) GROUP BY store, chain";
        let db = self.db();
        let rows = db.prepare_cached(sql).and_then(|mut rows| {
            rows.query_map([since], |row| Ok((row.get(2)?, ChainId(row.get(3)?), sums(row)?)))?.collect()
        });
        rows.map_err(|error| db::explain(&self.path, &error))
    }

    fn db(&self) -> MutexGuard<'_, Connection> {
        // A transaction that a panic cut short is rolled back when it is dropped.
        self.db.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which program's database it is, and in which format.
fn shape(db: &Connection) -> rusqlite::Result<(i64, i64)> {
    let number = |pragma: &str| db.pragma_query_value(None, pragma, |row| row.get(0));
    Ok((number("application_id")?, number("user_version")?))
}

fn put(db: &Connection, entry: Entry, spending: Spending, now: Millis) -> rusqlite::Result<()> {
    let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let (total, reserved) = (spending.total(), spending.reserved);
    db.prepare_cached("INSERT OR REPLACE INTO calls VALUES (?, ?, ?, ?, ?, ?, ?, ?)")?
        .execute(params![
            entry.store,
            entry.chain.0,
            entry.effect,
            now,
            signed(total.tokens),
            signed(total.usd_micros),
            signed(reserved.tokens),
            signed(reserved.usd_micros)
        ])
        .map(drop)
}

fn total(db: &Connection, since: Millis, but: Option<Entry>) -> rusqlite::Result<Amount> {
    let but = but.unwrap_or(Entry { store: 0, chain: BEFORE, effect: 0 });
    let sql = "SELECT total(tokens), total(usd_micros) FROM calls \
         WHERE at >= ? AND NOT (store = ? AND chain = ? AND effect = ?)";
    db.prepare_cached(sql)?.query_row(params![since, but.store, but.chain.0, but.effect], sums)
}

/// Sums are floating numbers, because one of hostile integers overflows with an error. Exact up to 2^53; a cast of more saturates.
fn sums(row: &rusqlite::Row<'_>) -> rusqlite::Result<Amount> {
    let sum = |column| row.get::<_, f64>(column).map(|sum| sum as u64);
    Ok(Amount { tokens: sum(0)?, usd_micros: sum(1)?, unpriced_tokens: 0 })
}

fn amount(tokens: i64, usd_micros: i64) -> Amount {
    let unsigned = |number: i64| u64::try_from(number).unwrap_or(0);
    Amount { tokens: unsigned(tokens), usd_micros: unsigned(usd_micros), unpriced_tokens: 0 }
}
