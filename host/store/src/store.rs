//! The store of one project: opening it, and appending to it.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use certus_engine::{Body, Chain, ChainId, Digest, Event, Millis};
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::batch::Batch;
use crate::dir::{Dir, identity};
use crate::hold::{Hold, hold, is_held};
use crate::pen::Pen;
use crate::projection::{Change, fold};
use crate::row::Standing;
use crate::writer::{Job, Line, Target, Waiting, Writer};
use crate::{ChainRow, MAX_VALUE_BYTES, StoreError, db, mark, recover};

/// What a store is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Made if it is not there.
    ReadWrite,
    /// Nothing is written, so that it works where nothing can be.
    ReadOnly,
}

/// A chain that was just made.
#[derive(Debug)]
pub struct Created {
    /// Its number.
    pub id: ChainId,
    /// Folded.
    pub chain: Chain,
    /// As recorded.
    pub events: Vec<Event>,
}

/// One project's chains on disk. Cheap to open for reading; the writing thread starts with the first append.
pub struct Store {
    pub(crate) dir: Dir,
    mode: Mode,
    reader: Mutex<Connection>,
    writer: Mutex<Option<Writer>>,
    copy: Option<PathBuf>,
    /// Which file the database is.
    identity: Option<(u64, u64)>,
}

impl Store {
    /// Open the state directory, normally `<project>/.certus`.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when [`crate::recover`] is needed, [`StoreError::Newer`], [`StoreError::Missing`] (for reading),
    /// and what the operating system says.
    pub fn open(dir: &Path, mode: Mode) -> Result<Self, StoreError> {
        let dir = Dir::open(dir, mode == Mode::ReadWrite)?;
        let path = dir.db();
        if mode == Mode::ReadWrite {
            dir.ignore_itself()?;
            recover::finish_swap(&dir)?;
        }
        let empty = match std::fs::symlink_metadata(&path) {
            Ok(meta) if !meta.is_file() => return Err(StoreError::Link { path }),
            Ok(meta) => meta.len() == 0,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
            Err(error) => return Err(StoreError::io(&path, &error)),
        };
        // SQLite says of a link in the place of one of its own files only that it cannot open something.
        for beside in ["-wal", "-shm", "-journal"].map(|suffix| db::beside_db(&path, suffix)) {
            if std::fs::symlink_metadata(&beside).is_ok_and(|meta| !meta.is_file()) {
                return Err(StoreError::Link { path: beside });
            }
        }
        // A new database would number its chains from 1 again, on top of those that were.
        let emptied = || {
            let what = "it is gone or empty, while contexts of its chains are there".to_owned();
            StoreError::Damaged { path: path.clone(), what }
        };
        if empty && recover::knows_chains(&dir) {
            return Err(emptied());
        }
        if empty && mode == Mode::ReadOnly {
            return Err(StoreError::Missing { path: dir.root().to_owned() });
        }
        // Before the log, which only grows.
        let written = mark::read(&dir.written());
        let (reader, copy) = match mode {
            Mode::ReadWrite => (db::open(&path)?, None),
            Mode::ReadOnly => db::open_read_only(&path, scratch).map_err(|error| match error {
                StoreError::Missing { .. } if recover::knows_chains(&dir) => emptied(),
                error => error,
            })?,
        };
        let found = db::last_row(&reader).map_err(|error| db::explain(&path, &error))?;
        if found < written {
            let what = match written - found {
                1 => "the event that was recorded last is gone".to_owned(),
                gone => format!("the {gone} events that were recorded last are gone"),
            };
            return Err(StoreError::Damaged { path, what });
        }
        let identity = identity(&path);
        Ok(Self { dir, mode, reader: Mutex::new(reader), writer: Mutex::new(None), copy, identity })
    }

    /// Whether a state directory holds chains: a database, or contexts of one that is gone.
    pub fn exists(dir: &Path) -> bool {
        std::fs::symlink_metadata(dir.join("certus.db")).is_ok_and(|meta| meta.is_file() && meta.len() > 0)
            || Dir::open(dir, false).is_ok_and(|dir| recover::knows_chains(&dir))
    }

    /// Look through the whole database for damage. Takes as long as reading it does.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] with the first damage found.
    pub fn check(&self) -> Result<(), StoreError> {
        let found: String = self.query(|db| db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)))?;
        if found != "ok" {
            return Err(StoreError::Damaged { path: self.dir.db(), what: db::in_words(&found).to_owned() });
        }
        let ids: Vec<ChainId> = self.rows()?.into_iter().map(|row| row.id).collect();
        ids.into_iter().try_for_each(|id| self.events(id).map(drop))
    }

    /// By which this store is told from every other; none where an older program made it and nothing was written since.
    ///
    /// # Errors
    /// What the disk says.
    pub fn id(&self) -> Result<Option<i64>, StoreError> {
        use rusqlite::OptionalExtension;
        let sql = "SELECT value FROM meta WHERE key = 'store'";
        self.query(|db| db.query_row(sql, [], |row| row.get(0)).optional())
    }

    /// The state directory, absolute.
    pub fn dir(&self) -> &Path {
        self.dir.root()
    }

    /// What it was opened for.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Fold events into a chain and append them; see [`Self::record`].
    ///
    /// # Errors
    /// As [`Self::record`].
    pub async fn append(
        &self,
        id: ChainId,
        chain: &mut Chain,
        now: Millis,
        bodies: Vec<Body>,
        blobs: Vec<(Digest, Vec<u8>)>,
    ) -> Result<Vec<Event>, StoreError> {
        let batch = Batch::of(chain, now, bodies, blobs);
        self.record(id, chain, batch).await
    }

    /// The same for a caller that is not a task.
    ///
    /// # Errors
    /// As [`Self::record`].
    pub fn append_blocking(
        &self,
        id: ChainId,
        chain: &mut Chain,
        now: Millis,
        bodies: Vec<Body>,
        blobs: Vec<(Digest, Vec<u8>)>,
    ) -> Result<Vec<Event>, StoreError> {
        let batch = Batch::of(chain, now, bodies, blobs);
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let recorded =
            prepare(Some(id), chain, batch).and_then(|(events, job)| self.submit_blocking(job).map(|_| events));
        self.or_reread(id, chain, recorded)
    }

    /// Append a batch to a chain, in one transaction that is on disk when this returns. `chain` is the chain with the whole
    /// batch folded in; the version that it had before is what the append is checked against.
    ///
    /// On any error nothing was appended and `chain` is read from disk again, so that it never shows what is not recorded;
    /// after a conflict the caller can judge anew and try again. A caller that drops the future must drop the chain too:
    /// the events may be on disk or not.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody else went on with the chain, [`StoreError::NoChain`],
    /// [`StoreError::OverBudget`] where the batch sets aside more than its day allows, and what the disk says.
    pub async fn record(&self, id: ChainId, chain: &mut Chain, batch: Batch) -> Result<Vec<Event>, StoreError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let recorded = match prepare(Some(id), chain, batch) {
            Ok((events, job)) => self.submit(job).await.map(|_| events),
            Err(error) => Err(error),
        };
        self.or_reread(id, chain, recorded)
    }

    /// Make a chain of its first events, see [`certus_engine::law::begin`]. The next number is taken in the same transaction:
    /// no number is used twice, by whatever process.
    ///
    /// # Errors
    /// What the disk says.
    pub async fn create(
        &self,
        now: Millis,
        bodies: Vec<Body>,
        blobs: Vec<(Digest, Vec<u8>)>,
    ) -> Result<Created, StoreError> {
        let mut chain = Chain::default();
        let batch = Batch::of(&mut chain, now, bodies, blobs);
        let (events, job) = prepare(None, &chain, batch)?;
        let id = self.submit(job).await?;
        Ok(Created { id, chain, events })
    }

    /// The same for a caller that is not a task.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub fn create_blocking(
        &self,
        now: Millis,
        bodies: Vec<Body>,
        blobs: Vec<(Digest, Vec<u8>)>,
    ) -> Result<Created, StoreError> {
        let mut chain = Chain::default();
        let batch = Batch::of(&mut chain, now, bodies, blobs);
        let (events, job) = prepare(None, &chain, batch)?;
        let id = self.submit_blocking(job)?;
        Ok(Created { id, chain, events })
    }

    /// Make sure that no other process works on a chain, for as long as the answer lives.
    ///
    /// # Errors
    /// [`StoreError::Held`] with who does.
    pub fn hold(&self, chain: ChainId, now: Millis) -> Result<Hold, StoreError> {
        self.writable()?;
        hold(&self.dir, chain, now)
    }

    /// Whether a process works on a chain now, as far as can be seen without standing in its way.
    pub fn is_held(&self, chain: ChainId) -> bool {
        is_held(&self.dir, chain)
    }

    /// Make every projection again from the events; what they say is then what was recorded, whatever was there.
    ///
    /// # Errors
    /// What the disk says; then nothing was changed.
    pub fn rebuild_projections(&self) -> Result<(), StoreError> {
        self.writable()?;
        let path = self.dir.db();
        let said = |error: rusqlite::Error| db::explain(&path, &error);
        let mut db = db::open_for_appends(&path)?;
        let tx = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(said)?;
        let ids: Vec<u32> = tx
            .prepare("SELECT DISTINCT chain FROM events")
            .and_then(|mut all| all.query_map([], |row| row.get(0))?.collect())
            .map_err(said)?;
        let mut pen = Pen::new(&tx).map_err(said)?;
        for id in ids.into_iter().map(ChainId) {
            let events = crate::read::events(&tx, &path, id, 0)?;
            let mut chain = Chain::default();
            let found = replay(&mut chain, &events);
            pen.forget(id)
                .and_then(|_| pen.row(&ChainRow::of(id, &chain)))
                .and_then(|()| pen.changes(id, &found))
                .map_err(said)?;
        }
        drop(pen);
        tx.commit().map_err(said)
    }

    pub(crate) fn reader(&self) -> MutexGuard<'_, Connection> {
        // A panic while reading leaves nothing behind in a connection.
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn writable(&self) -> Result<(), StoreError> {
        match self.mode {
            Mode::ReadWrite => Ok(()),
            Mode::ReadOnly => Err(StoreError::ReadOnly { path: self.dir.db() }),
        }
    }

    fn or_reread<T>(&self, id: ChainId, chain: &mut Chain, done: Result<T, StoreError>) -> Result<T, StoreError> {
        if done.is_err()
            && let Ok(recorded) = self.chain(id)
        {
            *chain = recorded;
        }
        done
    }

    async fn submit(&self, job: Box<Job>) -> Result<ChainId, StoreError> {
        let (sender, answer) = oneshot::channel();
        self.enqueue(job, Waiting::Task(sender))?;
        answer.await.map_or_else(|_| Err(self.gone()), |(answer, _)| answer)
    }

    fn submit_blocking(&self, job: Box<Job>) -> Result<ChainId, StoreError> {
        let (sender, answer) = std::sync::mpsc::sync_channel(1);
        self.enqueue(job, Waiting::Thread(sender))?;
        answer.recv().map_or_else(|_| Err(self.gone()), |(answer, _)| answer)
    }

    fn enqueue(&self, job: Box<Job>, waiting: Waiting) -> Result<(), StoreError> {
        self.writable()?;
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let running = match writer.take() {
            Some(running) => running,
            None => {
                self.dir.sweep();
                Writer::start(self.dir.db(), self.dir.written(), self.identity)?
            }
        };
        if !running.send(job, waiting) {
            // The next append starts another.
            return Err(self.gone());
        }
        *writer = Some(running);
        Ok(())
    }

    fn gone(&self) -> StoreError {
        StoreError::Sql { path: self.dir.db(), message: "the writer ended before it answered".to_owned() }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Some(copy) = &self.copy {
            let _ = std::fs::remove_dir_all(copy);
        }
    }
}

/// What the writer needs of a batch, for a chain or a new one.
fn prepare(id: Option<ChainId>, chain: &Chain, batch: Batch) -> Result<(Vec<Event>, Box<Job>), StoreError> {
    let Batch { events, changes, blobs, day } = batch;
    if blobs.iter().any(|(_, bytes)| bytes.len() as u64 > MAX_VALUE_BYTES) {
        return Err(StoreError::TooLarge { what: "a blob".to_owned(), limit: MAX_VALUE_BYTES });
    }
    let lines = events.iter().map(Line::of).collect::<Result<_, _>>()?;
    let target = match id {
        None => Target::New(Box::new(ChainRow::of(ChainId(0), chain))),
        Some(id) => {
            let begins = |event: &Event| matches!(event.body, Body::ChainStarted(_) | Body::Restored { .. });
            let anew = events.iter().any(begins).then(|| Box::new(ChainRow::of(id, chain)));
            let version = chain.version().saturating_sub(events.len() as u64);
            Target::After { id, version, standing: Standing::of(chain), anew }
        }
    };
    Ok((events, Box::new(Job { target, lines, changes, blobs, day })))
}

/// Fold events in, noting what they change in the tables.
pub(crate) fn replay(chain: &mut Chain, events: &[Event]) -> Vec<Change> {
    let mut found = Vec::new();
    events.iter().for_each(|event| fold(chain, event, &mut found));
    found
}

/// A place for a copy, outside of the state directory because that cannot be written to.
fn scratch() -> PathBuf {
    static COPIES: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = COPIES.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    std::env::temp_dir().join(format!("certus-read-{}-{number}", std::process::id()))
}
