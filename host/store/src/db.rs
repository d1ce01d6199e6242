//! The database file: how it is opened, what shape it has, and how an older shape becomes the present one.
//!
//! The file may come from anybody (a cloned repository can carry one), so its schema is not trusted: no triggers, no
//! views, no functions with side effects, and no value above [`crate::MAX_VALUE_BYTES`].

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use certus_engine::{Chain, ChainId};
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use crate::StoreError;
use crate::row::signed;

/// `CERT`, in the header of every database of ours.
const APPLICATION: i64 = 0x4345_5254;

/// Columns that runs of prompts have since a format. An older one is read as if it had them: nothing lost, all prices known, and no
/// date but that of its beginning. What may have been lost is read out of its events.
const COLUMNS_SINCE: [(usize, &str); 4] = [
    (LOST_SINCE, "0 AS reserved_tokens, 0 AS reserved_usd_micros, 0 AS lost_tokens, 0 AS lost_usd_micros"),
    (5, "0 AS unpriced_tokens"),
    (8, "NULL AS dated"),
    (
        POSSIBLE_SINCE,
        "ifnull((SELECT tokens FROM temp.cut WHERE cut.chain = runs.chain AND cut.effect = runs.effect), 0) AS possible_tokens, \
         ifnull((SELECT usd_micros FROM temp.cut WHERE cut.chain = runs.chain AND cut.effect = runs.effect), 0) \
         AS possible_usd_micros",
    ),
];

/// The first format that says what was lost.
const LOST_SINCE: usize = 3;
/// The first format that tells what was lost from what may have been.
const POSSIBLE_SINCE: usize = 9;
/// What calls can have cost of which nobody said it, of a format that does not tell it.
const CUT: &str = "CREATE TEMP TABLE cut (chain INTEGER NOT NULL, effect INTEGER NOT NULL, tokens INTEGER NOT NULL, \
     usd_micros INTEGER NOT NULL, PRIMARY KEY (chain, effect)) WITHOUT ROWID";

/// The first format that has a table of closed uncertainties. An older one is read as if none were.
const CLOSINGS_SINCE: usize = 6;
const NO_CLOSINGS: &str = "CREATE TEMP VIEW closings AS SELECT 0 AS chain, '' AS area, 0 AS at, 0 AS closed_by, \
     0 AS blocked WHERE 0";

/// The first format that has a table of predictions. An older one is read as if nothing were known of them.
const PREDICTIONS_SINCE: usize = 4;
const NO_PREDICTIONS: &str = "CREATE TEMP VIEW predictions AS SELECT 0 AS chain, '' AS area, 0 AS scored_by, '' AS model, \
     0.0 AS confidence, 0 AS held, 0 AS overrules WHERE 0";

/// The first format whose events have a checksum. An older one is read as if nobody had computed any.
const CRC_SINCE: usize = 7;
const NO_CRC: &str = "CREATE TEMP VIEW events AS SELECT *, NULL AS crc FROM main.events";

/// One step each; a database's `user_version` says how many it has behind it. A released step is never changed.
const MIGRATIONS: &[&str] = &[
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
    include_str!("schema/5.sql"),
    include_str!("schema/6.sql"),
    include_str!("schema/7.sql"),
    include_str!("schema/8.sql"),
    include_str!("schema/9.sql"),
    include_str!("schema/10.sql"),
];

/// The first format that a reader understands as it is, because the steps since then changed no table.
const READABLE_SINCE: usize = 1;

/// Pages in the write-ahead log before it is written back: 8 MiB, so that a checkpoint is rare and the log still small
/// enough to be read back quickly after a crash.
const CHECKPOINT_PAGES: i64 = 2000;

/// Memory for pages of the database while appending, in KiB: what a few hundred chains change in turn.
const CACHE_KIB: i64 = 16 << 10;

/// How long others may keep the write lock. Dozens of processes on a slow disk take turns for many seconds, and a reply that
/// was paid for is worth a minute.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A connection that may write, to a database of the present shape.
pub(crate) fn open(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let said = |error: &rusqlite::Error| explain(path, error);
    let mut db = connect(path, flags).map_err(|error| said(&error))?;
    // SQLite opens for reading what it cannot open for writing, without a word.
    if db.is_readonly(rusqlite::MAIN_DB).map_err(|error| said(&error))? {
        return Err(StoreError::ReadOnly { path: path.to_owned() });
    }
    if check(&db, path)? == Some(MIGRATIONS.len()) {
        return Ok(db);
    }
    // WAL stays with the file. It cannot be chosen inside a transaction, and SQLite waits for nobody while it is: so
    // those who find a new database choose it one after another.
    let _turn = turn(path)?;
    db.pragma_update(None, "journal_mode", "WAL").map_err(|error| said(&error))?;
    let begun = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(|error| said(&error))?;
    // Another process may have been faster.
    let from = check(&begun, path)?.unwrap_or(0);
    for (number, step) in MIGRATIONS.iter().enumerate().skip(from) {
        begun
            .execute_batch(step)
            .and_then(|()| begun.pragma_update(None, "user_version", number as i64 + 1))
            .map_err(|error| said(&error))?;
    }
    if (1..PREDICTIONS_SINCE).contains(&from) {
        crate::predictions::fill(&begun, path).map_err(|error| said(&error))?;
    }
    if (1..CLOSINGS_SINCE).contains(&from) {
        crate::closings::fill(&begun, path).map_err(|error| said(&error))?;
    }
    if (1..POSSIBLE_SINCE).contains(&from) {
        crate::projection::fill(&begun, path, crate::projection::possible).map_err(|error| said(&error))?;
    }
    begun.pragma_update(None, "application_id", APPLICATION).map_err(|error| said(&error))?;
    begun.commit().map_err(|error| said(&error))?;
    // The tables go into the file itself, so that losing the log can cost events but never the shape.
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(|error| said(&error))?;
    Ok(db)
}

/// The number of the last row of the log; 0 while there is none.
pub(crate) fn last_row(db: &Connection) -> rusqlite::Result<i64> {
    db.prepare_cached("SELECT coalesce(max(rowid), 0) FROM main.events")?.query_row([], |row| row.get(0))
}

/// A connection for appends: every commit is on disk when it returns.
pub(crate) fn open_for_appends(path: &Path) -> Result<Connection, StoreError> {
    let db = open(path)?;
    db.pragma_update(None, "synchronous", "FULL")
        .and_then(|()| db.pragma_update(None, "foreign_keys", true))
        .and_then(|()| db.pragma_update(None, "cache_size", -CACHE_KIB))
        .and_then(|()| db.pragma_update_and_check(None, "wal_autocheckpoint", CHECKPOINT_PAGES, |_| Ok(())))
        .map_err(|error| StoreError::sql(path, &error))?;
    db.set_prepared_statement_cache_capacity(64);
    Ok(db)
}

/// A connection that writes nothing. Second: a copy that it reads from instead, to be removed afterwards.
///
/// In WAL mode a reader needs the files beside the database. Where they cannot be made (a directory that is read-only, a
/// disk that is full) a database without a log is opened as immutable; one with a log is copied elsewhere, because `immutable` would ignore
/// what the log holds.
pub(crate) fn open_read_only(
    path: &Path,
    scratch: impl Fn() -> PathBuf,
) -> Result<(Connection, Option<PathBuf>), StoreError> {
    let readable = |db: Connection, path: &Path| match check(&db, path)? {
        Some(known) if known >= READABLE_SINCE => {
            let missing: Vec<&str> =
                COLUMNS_SINCE.iter().filter(|(since, _)| known < *since).map(|(_, columns)| *columns).collect();
            if !missing.is_empty() {
                let missing = missing.join(", ");
                let view = format!(
                    "PRAGMA temp_store = MEMORY; {CUT}; \
                     CREATE TEMP VIEW prompt_runs AS SELECT *, {missing} FROM main.prompt_runs AS runs"
                );
                db.execute_batch(&view).map_err(|error| explain(path, &error))?;
            }
            if known < CLOSINGS_SINCE {
                db.execute_batch(NO_CLOSINGS).map_err(|error| explain(path, &error))?;
            }
            if known < PREDICTIONS_SINCE {
                db.execute_batch(NO_PREDICTIONS).map_err(|error| explain(path, &error))?;
            }
            if known < CRC_SINCE {
                db.execute_batch(NO_CRC).map_err(|error| explain(path, &error))?;
            }
            if (LOST_SINCE..POSSIBLE_SINCE).contains(&known) {
                tell_cut(&db, path).map_err(|error| explain(path, &error))?;
            }
            Ok(db)
        }
        Some(known) => Err(StoreError::Damaged {
            path: path.to_owned(),
            what: format!("its format {known} must be brought forward, which takes write access"),
        }),
        // Whoever began it was cut off before it had any shape: no chain was ever in it.
        None => Err(StoreError::Missing { path: path.parent().unwrap_or(path).to_owned() }),
    };
    let first = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY).and_then(|db| {
        db.query_row("SELECT 1 FROM sqlite_schema LIMIT 1", [], |_| Ok(())).or_else(none_is_fine)?;
        Ok(db)
    });
    let error = match first {
        Ok(db) => return Ok((readable(db, path)?, None)),
        Err(error) => error,
    };
    let beside = matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::SystemIoFailure | ErrorCode::DiskFull)
    );
    if !beside || !path.exists() {
        return Err(explain(path, &error));
    }
    let log = beside_db(path, "-wal");
    if fs::metadata(&log).map_or(0, |meta| meta.len()) == 0 {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        let db = connect(&immutable(path), flags).map_err(|error| explain(path, &error))?;
        return Ok((readable(db, path)?, None));
    }
    let copy = scratch();
    let copied = fs::create_dir(&copy)
        .and_then(|()| fs::copy(path, copy.join("certus.db")))
        .and_then(|_| fs::copy(&log, copy.join("certus.db-wal")));
    let opened = copied.map_err(|error| StoreError::io(&copy, &error)).and_then(|_| {
        let db = connect(&copy.join("certus.db"), OpenFlags::SQLITE_OPEN_READ_WRITE)
            .map_err(|error| explain(path, &error))?;
        readable(db, path)
    });
    match opened {
        Ok(db) => Ok((db, Some(copy))),
        Err(error) => {
            let _ = fs::remove_dir_all(&copy);
            Err(error)
        }
    }
}

/// Read out of the events what calls can have cost of which nobody said it, for a format whose tables do not tell it from what was billed.
fn tell_cut(db: &Connection, path: &Path) -> rusqlite::Result<()> {
    let ids: Vec<u32> = db
        .prepare("SELECT DISTINCT chain FROM main.prompt_runs WHERE lost_tokens > 0 OR lost_usd_micros > 0")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut put = db.prepare("INSERT OR REPLACE INTO temp.cut VALUES (?, ?, ?, ?)")?;
    for id in ids {
        // Of a history that cannot be read nothing is known.
        let Ok(events) = crate::read::events(db, path, ChainId(id), 0) else { continue };
        for (effect, possible) in crate::projection::cut(&Chain::fold(&events)) {
            put.execute((id, effect, signed(possible.tokens), signed(possible.usd_micros)))?;
        }
    }
    Ok(())
}

/// A connection to something that may be no database at all, for salvage.
pub(crate) fn open_damaged(path: &Path) -> rusqlite::Result<Connection> {
    let db = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    // Without this, SQLite reads nothing at all of a file that is shorter than its header says. Nothing can be written.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA, true)?;
    Ok(db)
}

/// The files that SQLite keeps beside a database.
pub(crate) fn beside_db(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// An error, looked into when it says that the file is damaged: a check of the whole costs too much for any other time.
pub(crate) fn explain(path: &Path, error: &rusqlite::Error) -> StoreError {
    let told = StoreError::sql(path, error);
    let StoreError::Damaged { path, what } = told else { return told };
    let found = connect(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .and_then(|db| db.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0)))
        .ok()
        .filter(|found| found != "ok");
    let what = match found {
        Some(found) => format!("{what} ({})", in_words(&found)),
        None => what,
    };
    StoreError::Damaged { path, what }
}

/// What SQLite's check found, without the line that only says in which database.
pub(crate) fn in_words(found: &str) -> &str {
    let told = |line: &&str| !line.is_empty() && !line.starts_with("***");
    found.lines().map(str::trim).rfind(told).unwrap_or("its pages do not belong together")
}

/// A connection that trusts nothing in the file and follows no link to it.
pub(crate) fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(PATIENCE)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    db.set_limit(Limit::SQLITE_LIMIT_LENGTH, i32::try_from(crate::MAX_VALUE_BYTES).unwrap_or(i32::MAX))?;
    Ok(db)
}

/// How many migrations a database has behind it; none when it is empty.
fn check(db: &Connection, path: &Path) -> Result<Option<usize>, StoreError> {
    // One view for all three questions: another process may be giving the database its shape between two of them.
    let _view = if db.is_autocommit() {
        Some(db.unchecked_transaction().map_err(|error| explain(path, &error))?)
    } else {
        None
    };
    let number = |pragma: &str| db.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let said = |error: rusqlite::Error| explain(path, &error);
    let (application, version) = (number("application_id").map_err(said)?, number("user_version").map_err(said)?);
    if application == 0 && version == 0 {
        let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(said)?;
        if tables == 0 {
            return Ok(None);
        }
    }
    if application != APPLICATION {
        return Err(StoreError::Damaged { path: path.to_owned(), what: "it is another program's database".to_owned() });
    }
    match usize::try_from(version) {
        Ok(known) if known <= MIGRATIONS.len() => Ok(Some(known)),
        _ => Err(StoreError::Newer { path: path.to_owned(), found: version, known: MIGRATIONS.len() as i64 }),
    }
}

/// Held by the one process that gives a database its shape.
fn turn(path: &Path) -> Result<fs::File, StoreError> {
    let locks = path.with_file_name("locks");
    crate::dir::ensure(&locks)?;
    let path = locks.join("shape.lock");
    let said = |error: std::io::Error| StoreError::io(&path, &error);
    if path.is_symlink() {
        return Err(StoreError::Link { path });
    }
    let file = fs::OpenOptions::new().write(true).create(true).truncate(false).open(&path).map_err(said)?;
    file.lock().map_err(said)?;
    Ok(file)
}

fn none_is_fine(error: rusqlite::Error) -> rusqlite::Result<()> {
    match error {
        rusqlite::Error::QueryReturnedNoRows => Ok(()),
        error => Err(error),
    }
}

/// The address under which SQLite neither looks for a log nor locks.
fn immutable(path: &Path) -> PathBuf {
    let mut address = std::ffi::OsString::from("file:");
    #[cfg(unix)]
    {
        use std::os::unix::ffi::{OsStrExt, OsStringExt};
        let mut bytes = Vec::new();
        for &byte in path.as_os_str().as_bytes() {
            match byte {
                b'%' | b'?' | b'#' => bytes.extend(format!("%{byte:02x}").bytes()),
                _ => bytes.push(byte),
            }
        }
        address.push(std::ffi::OsString::from_vec(bytes));
    }
    #[cfg(not(unix))]
    address.push(path);
    address.push("?immutable=1");
    PathBuf::from(address)
}
