//! The one thread that writes, and its group commit.
//!
//! Whatever waits in the queue shares one transaction and one sync. Each append is checked against the chain's version
//! before its first write, so a conflict costs its neighbours nothing; any other error rolls the whole group back and
//! then each append is tried alone, so that each gets its own answer. (A savepoint each would do the same and cost every
//! append of the normal case.) Nothing is answered before the commit is on disk.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use certus_engine::{Body, ChainId, Digest, Event, Millis};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use tokio::sync::oneshot;

use crate::day::DayCap;
use crate::db::{PATIENCE, explain, last_row, open_for_appends};
use crate::error::is_busy;
use crate::mark::Mark;
use crate::pen::Pen;
use crate::projection::Change;
use crate::row::Standing;
use crate::{ChainRow, MAX_VALUE_BYTES, StoreError, dir};

/// Between two tries to write while others do.
const PAUSE: Duration = Duration::from_millis(20);

/// Appends in one transaction at most, so that the first does not wait for an endless queue.
const GROUP: usize = 1024;

/// What the events are appended to.
pub(crate) enum Target {
    /// The next number, at event 1.
    New(Box<ChainRow>),
    /// A chain that stands at a version.
    After {
        /// Which.
        id: ChainId,
        /// Where it must stand.
        version: u64,
        /// Where it stands afterwards.
        standing: Standing,
        /// All of its row, when the events say anew what a chain has from its beginning.
        anew: Option<Box<ChainRow>>,
    },
}

/// One event, ready to be written.
pub(crate) struct Line {
    pub(crate) seq: u64,
    pub(crate) at: Millis,
    pub(crate) kind: &'static str,
    pub(crate) body: String,
    pub(crate) crc: u32,
}

impl Line {
    pub(crate) fn of(event: &Event) -> Result<Self, StoreError> {
        let body = encode(&event.body);
        if body.len() as u64 > MAX_VALUE_BYTES {
            return Err(StoreError::TooLarge {
                what: format!("a {} event", event.body.kind()),
                limit: MAX_VALUE_BYTES,
            });
        }
        let crc = crc(event.seq, event.at, &body);
        Ok(Self { seq: event.seq, at: event.at, kind: event.body.kind(), body, crc })
    }
}

/// The checksum of an event: what a disk or a stray write did to it is noticed when it is read.
pub(crate) fn crc(seq: u64, at: Millis, body: &str) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&seq.to_le_bytes());
    hasher.update(&at.to_le_bytes());
    hasher.update(body.as_bytes());
    hasher.finalize()
}

/// As JSON. A reply is one or two KiB: room for it at once, instead of by doubling.
fn encode(body: &Body) -> String {
    let room = if matches!(body, Body::Outcome { .. }) { 2048 } else { 512 };
    let mut text = Vec::with_capacity(room);
    match serde_json::to_writer(&mut text, body) {
        Ok(()) => String::from_utf8(text).unwrap_or_default(),
        Err(_) => String::new(),
    }
}

/// One append.
pub(crate) struct Job {
    pub(crate) target: Target,
    pub(crate) lines: Vec<Line>,
    pub(crate) changes: Vec<Change>,
    pub(crate) blobs: Vec<(Digest, Vec<u8>)>,
    pub(crate) day: Option<DayCap>,
}

pub(crate) type Answer = Result<ChainId, StoreError>;

/// An answer, and the append that it is about: who made it takes it apart, so that the one writer need not.
pub(crate) type Done = (Answer, Box<Job>);

/// Who waits for the answer.
pub(crate) enum Waiting {
    Task(oneshot::Sender<Done>),
    Thread(SyncSender<Done>),
}

impl Waiting {
    fn tell(self, done: Done) {
        // Whoever gave up waiting has no use for it.
        match self {
            Self::Task(sender) => drop(sender.send(done)),
            Self::Thread(sender) => drop(sender.send(done)),
        }
    }
}

/// The thread; it ends, after what is queued, when this is dropped.
pub(crate) struct Writer {
    queue: Option<Sender<(Box<Job>, Waiting)>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// `identity` is the database as the store opened it. Nothing is written to another, and nothing that was written to a
    /// file that nobody can find any more is answered as recorded.
    pub(crate) fn start(path: PathBuf, written: PathBuf, identity: Option<(u64, u64)>) -> Result<Self, StoreError> {
        if dir::identity(&path) != identity {
            return Err(StoreError::Gone { path });
        }
        let mut db = open_for_appends(&path)?;
        let (queue, jobs) = channel();
        let thread = std::thread::Builder::new()
            .name("certus-store".to_owned())
            .spawn({
                let path = path.clone();
                move || run(&mut db, &path, &written, identity, &jobs)
            })
            .map_err(|error| StoreError::io(&path, &error))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// False when the thread is gone, which only a panic in it can cause.
    pub(crate) fn send(&self, job: Box<Job>, waiting: Waiting) -> bool {
        self.queue.as_ref().is_some_and(|queue| queue.send((job, waiting)).is_ok())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A panic in it was answered by the dropped channels already.
            let _ = thread.join();
        }
    }
}

fn run(
    db: &mut Connection,
    path: &Path,
    written: &Path,
    identity: Option<(u64, u64)>,
    jobs: &Receiver<(Box<Job>, Waiting)>,
) {
    let mut mark = Mark::open(written);
    while let Ok(first) = jobs.recv() {
        let (mut group, mut waiting) = (vec![first.0], vec![first.1]);
        while group.len() < GROUP
            && let Ok((job, who)) = jobs.try_recv()
        {
            group.push(job);
            waiting.push(who);
        }
        let answers = commit(db, path, &group);
        let gone = dir::identity(path) != identity;
        if !gone
            && let Some(mark) = &mut mark
            && let Ok(last) = last_row(db)
        {
            // Where it cannot be written, a loss is noticed less well; that is no reason to refuse what is recorded.
            let _ = mark.set(last);
        }
        for (who, (answer, job)) in waiting.into_iter().zip(answers.into_iter().zip(group)) {
            who.tell((if gone { Err(StoreError::Gone { path: path.to_owned() }) } else { answer }, job));
        }
    }
}

fn commit(db: &mut Connection, path: &Path, group: &[Box<Job>]) -> Vec<Answer> {
    let until = Instant::now() + PATIENCE;
    let mut done = together(db, group);
    // SQLite waits by itself, but not everywhere: what was paid for is not lost to others who are in the way for a moment.
    while done.as_ref().is_err_and(is_busy) && Instant::now() < until {
        std::thread::sleep(PAUSE);
        done = together(db, group);
    }
    match done {
        Ok(answers) => answers,
        Err(error) if group.len() == 1 => vec![Err(explain(path, &error))],
        // Nor would one alone find its turn.
        Err(error) if is_busy(&error) => group.iter().map(|_| Err(explain(path, &error))).collect(),
        Err(_) => {
            let alone = |job| match together(db, std::slice::from_ref(job)) {
                Ok(mut answers) => answers.remove(0),
                Err(error) => Err(explain(path, &error)),
            };
            group.iter().map(alone).collect()
        }
    }
}

fn together(db: &mut Connection, group: &[Box<Job>]) -> rusqlite::Result<Vec<Answer>> {
    // A dropped transaction is rolled back.
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut pen = Pen::new(&tx)?;
    let answers = group.iter().map(|job| append(&tx, &mut pen, job)).collect::<rusqlite::Result<Vec<_>>>()?;
    drop(pen);
    tx.commit()?;
    Ok(answers)
}

fn append(db: &Connection, pen: &mut Pen<'_>, job: &Job) -> rusqlite::Result<Answer> {
    if let Some(day) = &job.day
        && let Err(over) = day.admits(db)?
    {
        return Ok(Err(over.into()));
    }
    match &job.target {
        Target::New(row) => {
            let id = next_number(db)?;
            pen.row(&row.as_ref().clone().numbered(id))?;
            pen.put(id, job)?;
            Ok(Ok(id))
        }
        Target::After { id, version, standing, anew } if pen.bring_forward(*id, *version, standing)? => {
            if let Some(row) = anew {
                pen.row(row)?;
            }
            pen.put(*id, job)?;
            Ok(Ok(*id))
        }
        &Target::After { id: chain, version: expected, .. } => Ok(Err(match version(db, chain)? {
            Some(found) => StoreError::Conflict { chain, expected, found: u64::try_from(found).unwrap_or(0) },
            None => StoreError::NoChain { chain },
        })),
    }
}

fn version(db: &Connection, id: ChainId) -> rusqlite::Result<Option<i64>> {
    db.prepare_cached("SELECT version FROM chains WHERE id = ?")?.query_row([id.0], |row| row.get(0)).optional()
}

/// The counter alone decides: a number is never used twice, whatever became of the chain.
fn next_number(db: &Connection) -> rusqlite::Result<ChainId> {
    db.prepare_cached("UPDATE meta SET value = value + 1 WHERE key = 'next_chain' RETURNING value - 1")?
        .query_row([], |row| row.get(0).map(ChainId))
}

#[cfg(test)]
mod tests {
    use certus_engine::Chain;

    use super::*;

    fn new() -> Target {
        Target::New(Box::new(ChainRow::of(ChainId(0), &Chain::default())))
    }

    fn after(id: u32, version: u64) -> Target {
        Target::After { id: ChainId(id), version, standing: Standing::of(&Chain::default()), anew: None }
    }

    fn job(target: Target, size: usize) -> Box<Job> {
        let body = Body::ProviderChosen { provider: "x".repeat(size) };
        let event = Event { seq: 1, at: 1, body };
        let lines = vec![Line::of(&event).expect("it is small enough")];
        Box::new(Job { target, lines, changes: Vec::new(), blobs: Vec::new(), day: None })
    }

    #[test]
    fn a_full_disk_refuses_what_does_not_fit_and_nothing_else() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let path = folder.path().join("certus.db");
        let mut db = open_for_appends(&path).expect("it opens");
        let pages: i64 = db.pragma_query_value(None, "page_count", |row| row.get(0)).expect("a count");
        let limit = |db: &Connection, pages: i64| {
            db.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).expect("limited");
        };
        limit(&db, pages + 4);
        let group = [job(new(), 100), job(new(), 100_000), job(new(), 200)];
        let answers = commit(&mut db, &path, &group);
        assert_eq!(answers, [Ok(ChainId(1)), Err(StoreError::Full { path: path.clone() }), Ok(ChainId(2))]);
        let count = |db: &Connection| {
            db.query_row("SELECT count(*), (SELECT count(*) FROM chains) FROM events", [], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
            })
        };
        assert_eq!(count(&db), Ok((2, 2)));
        // Once there is space again, so is the store.
        limit(&db, 1_000_000);
        assert_eq!(commit(&mut db, &path, &group[1..2]), [Ok(ChainId(3))]);
        assert_eq!(count(&db), Ok((3, 3)));
    }

    #[test]
    fn a_refused_append_gets_its_own_answer() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let path = folder.path().join("certus.db");
        let mut db = open_for_appends(&path).expect("it opens");
        let group = [job(after(5, 1), 1), job(new(), 1), job(after(1, 7), 1)];
        let answers = commit(&mut db, &path, &group);
        let nobody = StoreError::NoChain { chain: ChainId(5) };
        let stale = StoreError::Conflict { chain: ChainId(1), expected: 7, found: 0 };
        assert_eq!(answers, [Err(nobody), Ok(ChainId(1)), Err(stale)]);
    }

    #[test]
    fn what_others_are_in_the_way_of_is_tried_again() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let path = folder.path().join("certus.db");
        let (mut db, other) = (open_for_appends(&path).expect("it opens"), open_for_appends(&path).expect("it opens"));
        // As where SQLite does not wait by itself.
        db.busy_timeout(Duration::ZERO).expect("set");
        other.execute_batch("BEGIN IMMEDIATE").expect("it is locked");
        let (told, ready) = channel();
        let another = std::thread::spawn(move || {
            ready.recv().expect("told");
            std::thread::sleep(PAUSE * 3);
            other.execute_batch("COMMIT").expect("it is free");
        });
        told.send(()).expect("it listens");
        assert_eq!(commit(&mut db, &path, &[job(new(), 1), job(new(), 1)]), [Ok(ChainId(1)), Ok(ChainId(2))]);
        another.join().expect("it ends");
    }

    #[test]
    fn every_commit_is_synced() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let db = open_for_appends(&folder.path().join("certus.db")).expect("it opens");
        let ask = |pragma: &str| db.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0)).expect("a number");
        assert_eq!((ask("synchronous"), ask("foreign_keys"), ask("wal_autocheckpoint")), (2, 1, 2000));
        let mode: String = db.pragma_query_value(None, "journal_mode", |row| row.get(0)).expect("a mode");
        assert_eq!(mode, "wal");
    }
}
