//! When the database is damaged: what can still be read of it is joined with what the contexts hold, and what neither
//! has is named.
//!
//! The new database is made complete beside the old one before anything is moved. Its name, `certus.db.recovered`, is the
//! mark that it is: whoever finds it (this process or, after a crash, the next) moves the old files aside and the new one
//! into place, in an order in which a log never lies beside a database that it does not belong to.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use certus_engine::{Chain, ChainId, Millis};

use crate::contexts::read_all;
use crate::db::{self, beside_db};
use crate::dir::{self, Dir, number_in};
use crate::hold::hold;
use crate::mark;
use crate::pen::Pen;
use crate::store::replay;
use crate::time::stamp;
use crate::writer::{Job, Line, Target};
use crate::{ChainRow, StoreError};

mod choice;
mod salvage;

use choice::{Choice, Chosen, choose};
use salvage::Salvage;

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
