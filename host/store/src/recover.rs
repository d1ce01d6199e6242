//! When the database is damaged: what can still be read of it is joined with what the contexts hold, and what neither
//! has is named.
//!
//! The new database is made complete beside the old one before anything is moved. Its name, `certus.db.recovered`, is the
//! mark that it is: whoever finds it (this process or, after a crash, the next) moves the old files aside and the new one
//! into place, in an order in which a log never lies beside a database that it does not belong to.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use certus_engine::{Body, Chain, ChainId, Digest, Event, Millis, Outcome};
use rusqlite::Connection;

use crate::contexts::{FoundContext, read_all};
use crate::db::{self, beside_db};
use crate::dir::{self, Dir, number_in};
use crate::hold::hold;
use crate::mark;
use crate::pen::Pen;
use crate::pieces::joined;
use crate::store::replay;
use crate::time::stamp;
use crate::writer::{Job, Line, Target, crc};
use crate::{ChainRow, StoreError};

/// Numbers that are looked for one by one; a counter that says more is damaged itself.
const MOST_CHAINS: u32 = 100_000;

/// What became of a damaged database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// Where the damaged file lies now; absent when there was none.
    pub set_aside: Option<PathBuf>,
    /// Every chain that is there again, by number.
    pub restored: Vec<Restored>,
    /// What is lost for good, a sentence each; empty when every chain stands where it stood.
    pub lost: Vec<String>,
    /// What stops no chain and should be known: a sentence each.
    pub notes: Vec<String>,
}

/// A chain that is there again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Which.
    pub id: ChainId,
    /// The last event that is there again. What recovery itself records on top, to go on from a context, is not counted.
    pub version: u64,
    /// When that was recorded.
    pub saved_at: Millis,
    /// From its context; else from what could be read of the database.
    pub from_context: bool,
}

impl std::fmt::Display for Restored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let from = if self.from_context { "its context" } else { "the database" };
        write!(f, "chain {} up to event {}, from {from}", self.id, self.version)
    }
}

/// Make a database again from what can be read of a damaged (or lost) one and from the contexts. The damaged files are
/// kept. Works on a sound database too, and then loses nothing. The caller holds no chain and has no store open.
///
/// # Errors
/// [`StoreError::Held`] while another process works on a chain, [`StoreError::Busy`] while one recovers; what the disk says. The old files are then as they were.
pub fn recover(path: &Path, now: Millis) -> Result<Recovery, StoreError> {
    let dir = Dir::open(path, true)?;
    dir.ignore_itself()?;
    finish_swap(&dir)?;
    let _holds = hold_all(&dir, now)?;
    let salvage = Salvage::read(&dir.db());
    let cut_off = mark::read(&dir.written()).saturating_sub(salvage.last_row.unwrap_or(i64::MAX));
    let contexts = read_all(&dir)?;
    // Every number that was ever given: a chain of which nothing else is left is still named.
    let mut ids: BTreeSet<u32> = (1..salvage.next.min(MOST_CHAINS)).chain(locks(&dir)).collect();
    ids.extend(salvage.numbers().chain(contexts.iter().filter_map(|found| found.id.map(|id| id.0))));
    ids.remove(&0);
    let next = ids.last().map_or(1, |last| last.saturating_add(1)).max(salvage.next);
    let mut choice = choose(&ids, &salvage, &contexts);
    choice.name_cut_off(&salvage, u64::try_from(cut_off).unwrap_or(0));
    let Choice { chains, lost, notes } = choice;

    let building = beside_db(&dir.db(), ".building");
    remove_db(&building)?;
    build(&building, &chains, &salvage.blobs, next).inspect_err(|_| drop(remove_db(&building)))?;
    let recovered = dir.recovered();
    // The time names the old file, for whoever ends up moving it.
    File::options()
        .write(true)
        .open(&building)
        .and_then(|file| {
            let at = UNIX_EPOCH + Duration::from_millis(u64::try_from(now).unwrap_or(0));
            file.set_modified(at).and_then(|()| file.sync_all())
        })
        .and_then(|()| fs::rename(&building, &recovered))
        .map_err(|error| StoreError::io(&building, &error))?;
    dir::sync(dir.root())?;
    let set_aside = finish_swap(&dir)?;
    let restored = chains
        .iter()
        .map(|(&id, chosen)| Restored {
            id,
            version: chosen.version,
            saved_at: chosen.chain.updated_at(),
            from_context: chosen.from_context,
        })
        .collect();
    Ok(Recovery { set_aside, restored, lost, notes })
}

/// Whether the directory remembers chains that a new database would not know.
pub(crate) fn knows_chains(dir: &Dir) -> bool {
    let Ok(listed) = fs::read_dir(dir.contexts()) else { return false };
    listed.flatten().any(|entry| number_in(&entry.file_name().to_string_lossy()).is_some())
}

/// Put a complete recovered database into place, if there is one; where the old one lies then.
pub(crate) fn finish_swap(dir: &Dir) -> Result<Option<PathBuf>, StoreError> {
    let recovered = dir.recovered();
    let meta = match fs::symlink_metadata(&recovered) {
        Ok(meta) if meta.is_file() => meta,
        Ok(_) => return Err(StoreError::Link { path: recovered }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io(&recovered, &error)),
    };
    let made = meta.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    let made = stamp(Millis::try_from(made.as_millis()).unwrap_or(Millis::MAX));
    let old = dir.db();
    let aside = dir.root().join(format!("certus.db.damaged-{made}"));
    let moved = |from: &Path, to: &Path| match fs::rename(from, to) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(StoreError::io(from, &error)),
    };
    moved(&beside_db(&old, "-wal"), &beside_db(&aside, "-wal"))?;
    moved(&beside_db(&old, "-shm"), &beside_db(&aside, "-shm"))?;
    moved(&old, &aside)?;
    // It counts rows of the old one.
    remove(&dir.written())?;
    moved(&recovered, &old)?;
    dir::sync(dir.root())?;
    Ok(aside.exists().then_some(aside))
}

/// What can still be read of a database.
#[derive(Default)]
struct Salvage {
    /// The gapless beginning of each chain's history.
    chains: BTreeMap<ChainId, Vec<Event>>,
    /// The last event that each chain is known to have had, and its goal if its line could be read.
    known: BTreeMap<ChainId, (u64, Option<String>)>,
    /// What has the digest that it is kept under, and what leads to that in pieces. By digest.
    blobs: BTreeMap<[u8; 32], Vec<u8>>,
    /// Every text could be read.
    all_blobs: bool,
    next: u32,
    /// The number of the last row of the log that can be reached, where any can.
    last_row: Option<i64>,
}

impl Salvage {
    fn read(path: &Path) -> Self {
        let mut salvage = Self::default();
        let Ok(db) = db::open_damaged(path) else { return salvage };
        // Each part for itself: that one cannot be read says nothing of the others.
        salvage.next =
            db.query_row("SELECT value FROM meta WHERE key = 'next_chain'", [], |row| row.get(0)).unwrap_or(0);
        salvage.last_row = db::last_row(&db).ok();
        each(
            &db,
            "SELECT id, version, goal FROM chains ORDER BY id",
            "SELECT id, version, goal FROM chains ORDER BY id DESC",
            |row| {
                let version = u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0);
                salvage.known.insert(ChainId(row.get(0)?), (version, row.get(2).ok()));
                Ok(())
            },
        );
        let ids = "SELECT DISTINCT chain FROM events ORDER BY chain";
        each(&db, ids, &format!("{ids} DESC"), |row| {
            salvage.known.entry(ChainId(row.get(0)?)).or_default();
            Ok(())
        });
        // In the order in which they were written, without the help of the index; if that meets damage, chain by chain
        // through the index, which leads around it.
        let mut histories = Histories::new();
        let crc = if db.prepare("SELECT crc FROM events").is_ok() { "crc" } else { "NULL" };
        let all = format!("SELECT chain, seq, at, body, {crc} FROM events NOT INDEXED ORDER BY rowid");
        let whole = each(&db, &all, &format!("{all} DESC"), |row| take_event(&mut histories, row));
        // A number may be in no page that can be read, and its events still be.
        let seen = salvage.numbers().chain(histories.keys().map(|id| id.0)).max().unwrap_or(0);
        let highest = seen.max(salvage.next.saturating_sub(1)).min(MOST_CHAINS);
        for id in (1..=highest).map(ChainId).filter(|_| !whole) {
            let one = format!("SELECT chain, seq, at, body, {crc} FROM events WHERE chain = {} ORDER BY seq", id.0);
            each(&db, &one, &format!("{one} DESC"), |row| take_event(&mut histories, row));
            let last = format!("SELECT max(seq) FROM events WHERE chain = {}", id.0);
            if let Ok(last) = db.query_row(&last, [], |row| row.get::<_, i64>(0)) {
                salvage.knows(id, u64::try_from(last).unwrap_or(0));
            }
        }
        for (id, events) in histories.into_iter().filter(|(id, _)| (1..=MOST_CHAINS).contains(&id.0)) {
            salvage.keep(id, events);
        }
        let texts = "SELECT digest, bytes FROM blobs";
        let (mut sound, mut others) = (true, Vec::new());
        let whole = each(&db, texts, &format!("{texts} ORDER BY rowid DESC"), |row| {
            let read = || Ok::<([u8; 32], Vec<u8>), rusqlite::Error>((row.get(0)?, row.get(1)?));
            match read().map(|(digest, bytes)| (digest, Digest::of(&bytes), bytes)) {
                Ok((digest, found, bytes)) if *found.as_bytes() == digest => {
                    salvage.blobs.insert(digest, bytes);
                }
                Ok((digest, _, bytes)) => others.push((digest, bytes)),
                Err(_) => sound = false,
            }
            Ok(())
        });
        for (digest, list) in others {
            let piece = |name: &[u8; 32]| Ok::<_, Infallible>(salvage.blobs.get(name).cloned());
            match joined(&digest, &list, piece) {
                Ok(Ok(_)) => drop(salvage.blobs.insert(digest, list)),
                Ok(Err(_)) => sound = false,
            }
        }
        salvage.all_blobs = whole && sound;
        salvage
    }

    fn knows(&mut self, id: ChainId, version: u64) {
        let known = self.known.entry(id).or_default();
        known.0 = known.0.max(version);
    }

    /// The gapless beginning of what was found of a chain.
    fn keep(&mut self, id: ChainId, found: BTreeMap<u64, Option<Event>>) {
        if let Some(&last) = found.keys().next_back() {
            self.knows(id, last);
        }
        let mut beginning: Vec<Event> = Vec::new();
        for event in found.into_values().flatten() {
            let follows = match beginning.last() {
                Some(last) => event.seq == last.seq + 1,
                None => event.seq == 1 || matches!(event.body, Body::Restored { .. }),
            };
            if !follows {
                break;
            }
            beginning.push(event);
        }
        if !beginning.is_empty() {
            self.chains.insert(id, beginning);
        }
    }

    fn numbers(&self) -> impl Iterator<Item = u32> {
        self.known.keys().chain(self.chains.keys()).map(|id| id.0)
    }
}

/// What was found of each chain, by event number; absent is what is there and cannot be understood.
type Histories = BTreeMap<ChainId, BTreeMap<u64, Option<Event>>>;

fn take_event(histories: &mut Histories, row: &rusqlite::Row<'_>) -> rusqlite::Result<()> {
    let seq = u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0);
    let kept = histories.entry(ChainId(row.get(0)?)).or_default().entry(seq).or_default();
    let (at, text) = (row.get(2)?, row.get_ref(3)?.as_str()?);
    let as_recorded = row.get::<_, Option<u32>>(4)?.is_none_or(|found| found == crc(seq, at, text));
    if kept.is_none()
        && as_recorded
        && let Ok(body) = serde_json::from_str(text)
    {
        *kept = Some(Event { seq, at, body });
    }
    Ok(())
}

/// Read rows until one cannot be, then from the other end. Whether all could be read.
fn each(
    db: &Connection,
    forwards: &str,
    backwards: &str,
    mut take: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<()>,
) -> bool {
    let mut read = |sql: &str| -> rusqlite::Result<()> {
        let mut statement = db.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            // A single unreadable value spoils only its row.
            let _ = take(row);
        }
        Ok(())
    };
    let whole = read(forwards).is_ok();
    if !whole {
        let _ = read(backwards);
    }
    whole
}

/// The history that a chain goes on with.
struct Chosen {
    events: Vec<Event>,
    chain: Chain,
    /// The last event of the old history that is in it.
    version: u64,
    from_context: bool,
}

/// What becomes of every chain.
#[derive(Default)]
struct Choice {
    chains: BTreeMap<ChainId, Chosen>,
    lost: Vec<String>,
    notes: Vec<String>,
}

/// For each chain whichever knows more; what neither knows is named.
fn choose(ids: &BTreeSet<u32>, salvage: &Salvage, contexts: &[FoundContext]) -> Choice {
    let mut best: BTreeMap<ChainId, (&Chain, &Path)> = BTreeMap::new();
    for found in contexts {
        let (Some(id), Ok(chain)) = (found.id, &found.chain) else { continue };
        if best.get(&id).is_none_or(|(known, _)| known.version() < chain.version()) {
            best.insert(id, (chain, &found.path));
        }
    }
    let mut choice = Choice::default();
    for id in ids.iter().copied().map(ChainId) {
        let salvaged = salvage.chains.get(&id).map(|events| from_database(events));
        let context = best
            .get(&id)
            .filter(|(chain, _)| salvaged.as_ref().is_none_or(|salvaged| salvaged.version < chain.version()));
        let taken = match context {
            Some((chain, path)) => Some(from_context(chain, path)),
            None => salvaged,
        };
        let known = salvage.known.get(&id).cloned();
        let Some(taken) = taken else {
            let goal = known.and_then(|(_, goal)| goal).map(|goal| format!(" ({goal})")).unwrap_or_default();
            choice.lost.push(format!("chain {id}{goal}: all of it; neither the database nor a context could be read"));
            continue;
        };
        let goal = taken.chain.goal();
        match known.map_or(0, |(version, _)| version) {
            0 => choice.notes.push(format!(
                "chain {id} ({goal}): whether anything came after event {} cannot be read any more",
                taken.version
            )),
            known if known > taken.version => {
                let first = taken.version + 1;
                let events =
                    if first == known { format!("event {known}") } else { format!("events {first} to {known}") };
                choice.lost.push(format!("chain {id} ({goal}): {events} of {known}"));
            }
            _ => {}
        }
        if !salvage.all_blobs {
            choice.name_texts(id, &taken.chain, &salvage.blobs);
        }
        choice.chains.insert(id, taken);
    }
    for found in contexts {
        if let Err(error) = &found.chain {
            let name = found.path.file_name().unwrap_or_default().to_string_lossy();
            choice.notes.push(format!("context {name} is damaged: {error}"));
        }
    }
    choice
}

impl Choice {
    /// What the end of the log held, where all else of it is sound: contexts make up for some of it.
    fn name_cut_off(&mut self, salvage: &Salvage, gone: u64) {
        let made_up: u64 = self
            .chains
            .iter()
            .map(|(id, chosen)| {
                let read = salvage.chains.get(id).and_then(|events| events.last()).map_or(0, |event| event.seq);
                chosen.version.saturating_sub(read)
            })
            .sum();
        let lost = gone.saturating_sub(made_up);
        if lost > 0 && self.lost.is_empty() {
            self.lost
                .push(format!("the last {lost} events that were recorded; of which chains, nothing says any more"));
        }
    }

    /// What was sent and what came back, where it is gone: a chain goes on without, unless a prompt still waits to be sent.
    fn name_texts(&mut self, id: ChainId, chain: &Chain, found: &BTreeMap<[u8; 32], Vec<u8>>) {
        let found = |digest: &Digest| found.contains_key(digest.as_bytes());
        let mut gone = BTreeSet::new();
        for (_, effect) in chain.effects() {
            let Some((name, _)) = effect.request.sends() else { continue };
            let raw = match effect.outcome() {
                Some(Outcome::Replied { by, .. }) => by.raw,
                _ => None,
            };
            gone.extend([Some(effect.digest), raw].into_iter().flatten().filter(|digest| !found(digest)));
            if effect.is_open() && !found(&effect.digest) {
                self.lost.push(format!("chain {id} ({}): the text of {name}, which waits for its reply", chain.goal()));
            }
        }
        if !gone.is_empty() {
            let count = gone.len();
            let texts = if count == 1 { "text" } else { "texts" };
            self.notes.push(format!(
                "chain {id} ({}): {count} {texts} that prompts sent or got back; what they told the chain is there",
                chain.goal()
            ));
        }
    }
}

fn from_database(events: &[Event]) -> Chosen {
    let chain = Chain::fold(events);
    Chosen { events: events.to_vec(), version: chain.version(), chain, from_context: false }
}

fn from_context(chain: &Chain, path: &Path) -> Chosen {
    let from = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let event = Event {
        seq: chain.version() + 1,
        at: chain.updated_at(),
        body: Body::Restored { chain: Box::new(chain.clone()), from },
    };
    let events = vec![event];
    Chosen { chain: Chain::fold(&events), events, version: chain.version(), from_context: true }
}

fn build(
    path: &Path,
    chains: &BTreeMap<ChainId, Chosen>,
    blobs: &BTreeMap<[u8; 32], Vec<u8>>,
    next: u32,
) -> Result<(), StoreError> {
    let mut db = db::open_for_appends(path)?;
    let said = |error: rusqlite::Error| StoreError::sql(path, &error);
    let tx = db.transaction().map_err(said)?;
    let mut pen = Pen::new(&tx).map_err(said)?;
    for (&id, Chosen { events, .. }) in chains {
        let mut chain = Chain::default();
        let changes = replay(&mut chain, events);
        let lines = events.iter().map(Line::of).collect::<Result<_, _>>()?;
        let row = ChainRow::of(id, &chain);
        pen.row(&row).map_err(said)?;
        let job = Job { target: Target::New(Box::new(row)), lines, changes, blobs: Vec::new(), day: None };
        pen.put(id, &job).map_err(said)?;
    }
    drop(pen);
    let mut keep = tx.prepare("INSERT OR IGNORE INTO blobs (digest, bytes) VALUES (?, ?)").map_err(said)?;
    for (digest, bytes) in blobs {
        keep.execute((digest, bytes)).map_err(said)?;
    }
    drop(keep);
    tx.execute("UPDATE meta SET value = ? WHERE key = 'next_chain'", [next]).map_err(said)?;
    tx.commit().map_err(said)?;
    // Everything into the one file: it is moved without its log.
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(said)?;
    db.close().map_err(|(_, error)| said(error))?;
    for suffix in ["-wal", "-shm"] {
        remove(&beside_db(path, suffix))?;
    }
    Ok(())
}

fn remove_db(path: &Path) -> Result<(), StoreError> {
    ["", "-wal", "-shm"].into_iter().try_for_each(|suffix| remove(&beside_db(path, suffix)))
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::io(path, &error)),
        _ => Ok(()),
    }
}

fn locks(dir: &Dir) -> Vec<u32> {
    let Ok(listed) = fs::read_dir(dir.locks()) else { return Vec::new() };
    listed.flatten().filter_map(|entry| number_in(&entry.file_name().to_string_lossy()).map(|id| id.0)).collect()
}

/// Nobody may append to what is being set aside. Whoever works on a chain holds it.
fn hold_all(dir: &Dir, now: Millis) -> Result<Vec<crate::Hold>, StoreError> {
    // Chain 0 does not exist; its lock keeps a second recovery out.
    let alone = hold(dir, ChainId(0), now).map_err(|error| match error {
        StoreError::Held(_) => StoreError::Busy { path: dir.db() },
        error => error,
    })?;
    let mut holds = vec![alone];
    for id in locks(dir).into_iter().filter(|id| *id > 0) {
        holds.push(hold(dir, ChainId(id), now)?);
    }
    Ok(holds)
}
