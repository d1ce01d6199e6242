//! What interpreters said of files, kept per user: a file that has not changed is not interpreted again.
//!
//! Nothing here is ever missed. So a commit syncs nothing, a file that is damaged or of another shape is deleted and made
//! anew, and a caller never sees an error: what cannot be read was never kept, and what cannot be written is not kept. Any
//! number of processes share the file.
//!
//! The directory must be this user's alone, as for compiled code; each row has its checksum, which is against damage and
//! not against forgery. Who can forge a row is this user, and gets a wrong summary.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use certus_engine::Digest;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, TransactionBehavior};

use crate::{StoreError, db, dir};

/// `CSUM`, in the header of the file.
const APPLICATION: i64 = 0x4353_554d;
/// Counted up whenever the shape changes.
const FORMAT: i64 = 1;
/// How long another process may keep the file busy before this one does without.
const PATIENCE: Duration = Duration::from_secs(2);
/// Data and problem of one summary; larger ones are not kept.
const MOST_SUMMARY: usize = 1 << 20;
/// What a row has besides data and problem, at most.
const ROW_OVERHEAD: i32 = 4096;
/// Bytes of write-ahead log that stay between runs.
const KEPT_LOG: i64 = 8 << 20;
/// So many writes may pass before a row that is read is marked as used again: most runs then only read.
const FRESH: i64 = 8;

const GET: &str = "SELECT rowid, used, data, problem, checksum FROM summaries WHERE plugin = ?1 AND file = ?2";
const PUT: &str = "INSERT INTO summaries (plugin, file, used, size, data, problem, checksum) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";

/// How much is kept.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    summaries: i64,
    bytes: i64,
}

const BOUNDS: Bounds = Bounds { summaries: 200_000, bytes: 256 << 20 };

/// What an interpreter said of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CachedSummary {
    /// In the interpreter's own form.
    pub data: Vec<u8>,
    /// What it could not read in the file, if anything.
    pub problem: Option<String>,
}

/// Summaries by plugin and file. A file's digest is that of its path and its content.
#[derive(Debug)]
pub struct SummaryCache {
    path: PathBuf,
    /// None once it failed for good.
    db: Mutex<Option<Connection>>,
    bounds: Bounds,
}

impl SummaryCache {
    /// Open the cache in a directory of this user, making both if need be.
    ///
    /// # Errors
    /// The directory is not this user's alone or is a link, or the file cannot be made or written to. Then nothing is kept.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        Self::bounded(dir, BOUNDS)
    }

    fn bounded(dir: &Path, bounds: Bounds) -> Result<Self, StoreError> {
        dir::ensure_private(dir)?;
        // SQLite is told to follow no link, and looks at the parents too: those are the person's own affair.
        let dir = fs::canonicalize(dir).map_err(|error| StoreError::io(dir, &error))?;
        let path = dir.join("summaries.db");
        let db = match usable(&path) {
            Ok(db) => db,
            Err(_) => anew(&path, false)?,
        };
        Ok(Self { path, db: Mutex::new(Some(db)), bounds })
    }

    /// What a plugin said of each of these files, as far as it is known.
    pub fn get_many(&self, plugin: &Digest, files: &[Digest]) -> Vec<Option<CachedSummary>> {
        if files.is_empty() {
            return Vec::new();
        }
        self.attempt(|db| get_many(db, &self.path, plugin, files)).unwrap_or_else(|| vec![None; files.len()])
    }

    /// Keep what a plugin said of some files: digest, data, problem. What is known already stays as it is.
    pub fn put_many(&self, plugin: &Digest, new: &[(Digest, &[u8], Option<&str>)]) {
        if !new.is_empty() {
            self.attempt(|db| put_many(db, &self.path, self.bounds, plugin, new));
        }
    }

    /// Do it, or do without.
    fn attempt<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T, StoreError>) -> Option<T> {
        let mut held = self.db.lock().unwrap_or_else(PoisonError::into_inner);
        match work(held.as_mut()?) {
            Ok(done) => Some(done),
            Err(StoreError::Damaged { .. } | StoreError::TooLarge { .. }) => {
                *held = None;
                *held = anew(&self.path, true).ok();
                None
            }
            Err(_) => None,
        }
    }
}

/// The file as it stands.
fn usable(path: &Path) -> Result<Connection, StoreError> {
    let said = |error: rusqlite::Error| StoreError::sql(path, &error);
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_file() => {}
        Ok(_) => return Err(StoreError::Link { path: path.to_owned() }),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(StoreError::Missing { path: path.to_owned() });
        }
        Err(error) => return Err(StoreError::io(path, &error)),
    }
    let db = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let number = |pragma: &str| db.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0)).map_err(said);
    let (application, format) = (number("application_id")?, number("user_version")?);
    if application != APPLICATION {
        return Err(StoreError::Damaged { path: path.to_owned(), what: "it is another program's database".to_owned() });
    }
    if format != FORMAT {
        return Err(StoreError::Newer { path: path.to_owned(), found: format, known: FORMAT });
    }
    for statement in [GET, PUT] {
        db.prepare_cached(statement).map_err(said)?;
    }
    Ok(db)
}

fn connect(path: &Path, how: OpenFlags) -> Result<Connection, StoreError> {
    let said = |error: rusqlite::Error| StoreError::sql(path, &error);
    let db = db::connect(path, how).map_err(said)?;
    // SQLite opens for reading what it cannot open for writing, without a word.
    if db.is_readonly(rusqlite::MAIN_DB).map_err(said)? {
        return Err(StoreError::ReadOnly { path: path.to_owned() });
    }
    let longest = i32::try_from(MOST_SUMMARY).unwrap_or(i32::MAX).saturating_add(ROW_OVERHEAD);
    db.busy_timeout(PATIENCE)
        .and_then(|()| db.set_limit(Limit::SQLITE_LIMIT_LENGTH, longest).map(|_| ()))
        .and_then(|()| db.pragma_update(None, "synchronous", "OFF"))
        .and_then(|()| db.pragma_update_and_check(None, "journal_size_limit", KEPT_LOG, |_| Ok(())))
        .map_err(said)?;
    Ok(db)
}

/// An empty file in the place of one that is not there or cannot be used. Another process may have been faster; what it
/// made is used unless `damaged` says that this very shape did not work.
fn anew(path: &Path, damaged: bool) -> Result<Connection, StoreError> {
    let _turn = turn(path)?;
    if !damaged {
        match usable(path) {
            Err(StoreError::Missing { .. } | StoreError::Damaged { .. } | StoreError::Newer { .. }) => {}
            done => return done,
        }
    }
    let said = |error: rusqlite::Error| StoreError::sql(path, &error);
    for suffix in ["", "-wal", "-shm", "-journal"] {
        match fs::remove_file(db::beside_db(path, suffix)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(StoreError::io(path, &error)),
            _ => {}
        }
    }
    let mut db = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    db.pragma_update(None, "journal_mode", "WAL").map_err(said)?;
    let begun = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(said)?;
    begun
        .execute_batch(include_str!("schema/summaries.sql"))
        .and_then(|()| begun.pragma_update(None, "user_version", FORMAT))
        .and_then(|()| begun.pragma_update(None, "application_id", APPLICATION))
        .map_err(said)?;
    begun.commit().map_err(said)?;
    Ok(db)
}

/// Held by the one process that makes the file.
fn turn(path: &Path) -> Result<File, StoreError> {
    let path = path.with_file_name("summaries.lock");
    let said = |error: io::Error| StoreError::io(&path, &error);
    if path.is_symlink() {
        return Err(StoreError::Link { path });
    }
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path).map_err(said)?;
    let since = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if since.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(TryLockError::WouldBlock) => return Err(StoreError::Busy { path }),
            Err(TryLockError::Error(error)) => return Err(said(error)),
        }
    }
}

fn get_many(
    db: &mut Connection,
    path: &Path,
    plugin: &Digest,
    files: &[Digest],
) -> Result<Vec<Option<CachedSummary>>, StoreError> {
    let said = |error: rusqlite::Error| StoreError::sql(path, &error);
    // One view for all: each on its own would take and give back a lock.
    let view = db.transaction().map_err(said)?;
    let newest = newest(&view).map_err(said)?;
    let mut stale: Vec<i64> = Vec::new();
    let mut found = Vec::with_capacity(files.len());
    {
        let mut get = view.prepare_cached(GET).map_err(said)?;
        for file in files {
            let read = |row: &Row<'_>| sound(row, plugin, file);
            let row = get.query_row((plugin.as_bytes(), file.as_bytes()), read).optional().map_err(said)?;
            found.push(match row {
                None => None,
                Some(None) => {
                    return Err(StoreError::Damaged {
                        path: path.to_owned(),
                        what: "a summary was changed".to_owned(),
                    });
                }
                Some(Some((row, used, summary))) => {
                    if used.saturating_add(FRESH) < newest {
                        stale.push(row);
                    }
                    Some(summary)
                }
            });
        }
    }
    drop(view);
    // That they were used is worth no error.
    let _ = mark_used(db, newest, &stale);
    Ok(found)
}

/// Row, when it was last used, and what it says; none when that is not what was put there.
fn sound(row: &Row<'_>, plugin: &Digest, file: &Digest) -> rusqlite::Result<Option<(i64, i64, CachedSummary)>> {
    let summary = CachedSummary { data: row.get(2)?, problem: row.get(3)? };
    let checksum = checksum(plugin, file, &summary.data, summary.problem.as_deref());
    if row.get_ref(4)?.as_blob().ok() != Some(checksum.as_bytes()) {
        return Ok(None);
    }
    Ok(Some((row.get(0)?, row.get(1)?, summary)))
}

fn checksum(plugin: &Digest, file: &Digest, data: &[u8], problem: Option<&str>) -> Digest {
    let parts = [Some(plugin.as_bytes().as_slice()), Some(file.as_bytes()), Some(data), problem.map(str::as_bytes)];
    Digest::of_parts(parts.into_iter().flatten())
}

fn newest(db: &Connection) -> rusqlite::Result<i64> {
    db.query_row("SELECT ifnull(max(used), 0) FROM summaries", [], |row| row.get(0))
}

fn mark_used(db: &mut Connection, used: i64, rows: &[i64]) -> rusqlite::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let begun = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let mut mark = begun.prepare_cached("UPDATE summaries SET used = ?1 WHERE rowid = ?2")?;
        for row in rows {
            mark.execute([used, *row])?;
        }
    }
    begun.commit()
}

fn put_many(
    db: &mut Connection,
    path: &Path,
    bounds: Bounds,
    plugin: &Digest,
    new: &[(Digest, &[u8], Option<&str>)],
) -> Result<(), StoreError> {
    let said = |error: rusqlite::Error| StoreError::sql(path, &error);
    let begun = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(said)?;
    let used = newest(&begun).map_err(said)?.saturating_add(1);
    let (mut summaries, mut bytes) = (0, 0);
    {
        let mut put = begun.prepare_cached(PUT).map_err(said)?;
        for (file, data, problem) in new {
            let size = data.len() + problem.map_or(0, str::len);
            if size > MOST_SUMMARY {
                continue;
            }
            let size = i64::try_from(size).unwrap_or(i64::MAX);
            let checksum = checksum(plugin, file, data, *problem);
            let values = (plugin.as_bytes(), file.as_bytes(), used, size, data, problem, checksum.as_bytes());
            if put.execute(values).map_err(said)? == 1 {
                summaries += 1;
                bytes += size;
            }
        }
    }
    let total: Option<(i64, i64)> = begun
        .query_row(
            "UPDATE total SET summaries = summaries + ?1, bytes = bytes + ?2 RETURNING summaries, bytes",
            [summaries, bytes],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()
        .map_err(said)?;
    let Some(total) = total else {
        return Err(StoreError::Damaged { path: path.to_owned(), what: "it has no total".to_owned() });
    };
    if total.0 > bounds.summaries || total.1 > bounds.bytes {
        make_room(&begun, bounds, total).map_err(said)?;
    }
    begun.commit().map_err(said)
}

/// Delete what was least recently used, an eighth more than must be, so that not every write has to.
fn make_room(db: &Connection, bounds: Bounds, total: (i64, i64)) -> rusqlite::Result<()> {
    let (mut summaries, mut bytes) = total;
    let fits = |summaries: i64, bytes: i64| {
        summaries <= bounds.summaries - bounds.summaries / 8 && bytes <= bounds.bytes - bounds.bytes / 8
    };
    let mut gone: Vec<i64> = Vec::new();
    {
        let mut oldest = db.prepare("SELECT rowid, size FROM summaries ORDER BY used, rowid")?;
        let mut rows = oldest.query([])?;
        while !fits(summaries, bytes) {
            let Some(row) = rows.next()? else {
                (summaries, bytes) = (0, 0);
                break;
            };
            gone.push(row.get(0)?);
            summaries -= 1;
            bytes = bytes.saturating_sub(row.get::<_, i64>(1)?);
        }
    }
    let mut delete = db.prepare("DELETE FROM summaries WHERE rowid = ?1")?;
    for row in gone {
        delete.execute([row])?;
    }
    db.execute("UPDATE total SET summaries = ?1, bytes = ?2", [summaries, bytes])?;
    Ok(())
}

#[cfg(test)]
mod tests;
