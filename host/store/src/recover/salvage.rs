//! What can still be read of a damaged database.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::Path;

use certus_engine::{Body, ChainId, Digest, Event};
use rusqlite::Connection;

use super::MOST_CHAINS;
use crate::db;
use crate::pieces::joined;
use crate::writer::crc;

/// What can still be read of a database.
#[derive(Default)]
pub(super) struct Salvage {
    /// The gapless beginning of each chain's history.
    pub(super) chains: BTreeMap<ChainId, Vec<Event>>,
    /// The last event that each chain is known to have had, and its goal if its line could be read.
    pub(super) known: BTreeMap<ChainId, (u64, Option<String>)>,
    /// What has the digest that it is kept under, and what leads to that in pieces. By digest.
    pub(super) blobs: BTreeMap<[u8; 32], Vec<u8>>,
    /// Every text could be read.
    pub(super) all_blobs: bool,
    pub(super) next: u32,
    /// The number of the last row of the log that can be reached, where any can.
    pub(super) last_row: Option<i64>,
}

impl Salvage {
    pub(super) fn read(path: &Path) -> Self {
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

    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> {
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
