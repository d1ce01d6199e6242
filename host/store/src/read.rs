//! Reading: events, folded chains, rows, blobs.

use std::path::Path;

use certus_engine::{Body, Chain, ChainId, Digest, Event};
use rusqlite::{Connection, OptionalExtension, params};

use crate::db::explain;
use crate::pieces::joined;
use crate::row::{signed, unsigned};
use crate::writer::crc;
use crate::{ChainRow, Store, StoreError};

/// What a person's word for a chain leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// This one.
    One(ChainId),
    /// Nothing.
    None,
    /// Several: the word says too little. Ascending.
    Many(Vec<ChainId>),
}

impl Store {
    /// A chain's events, from the first.
    ///
    /// # Errors
    /// [`StoreError::NoChain`]; [`StoreError::Damaged`] when one cannot be read.
    pub fn events(&self, chain: ChainId) -> Result<Vec<Event>, StoreError> {
        let events = self.events_after(chain, 0)?;
        if events.is_empty() { Err(StoreError::NoChain { chain }) } else { Ok(events) }
    }

    /// A chain's events after one; empty when there are none, or no such chain.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when one cannot be read.
    pub fn events_after(&self, chain: ChainId, seq: u64) -> Result<Vec<Event>, StoreError> {
        events(&self.reader(), &self.dir.db(), chain, seq)
    }

    /// A chain, folded.
    ///
    /// # Errors
    /// As [`Self::events`].
    pub fn chain(&self, id: ChainId) -> Result<Chain, StoreError> {
        Ok(Chain::fold(&self.events(id)?))
    }

    /// Every chain in one line, by number.
    ///
    /// # Errors
    /// What the disk says.
    pub fn rows(&self) -> Result<Vec<ChainRow>, StoreError> {
        let sql = format!("SELECT {} FROM chains ORDER BY id", ChainRow::COLUMNS);
        self.query(|db| db.prepare_cached(&sql)?.query_map([], ChainRow::read)?.collect())
    }

    /// One chain in one line.
    ///
    /// # Errors
    /// [`StoreError::NoChain`], and what the disk says.
    pub fn row(&self, id: ChainId) -> Result<ChainRow, StoreError> {
        let sql = format!("SELECT {} FROM chains WHERE id = ?", ChainRow::COLUMNS);
        let found = self.query(|db| db.prepare_cached(&sql)?.query_row([id.0], ChainRow::read).optional())?;
        found.ok_or(StoreError::NoChain { chain: id })
    }

    /// What was kept under a digest, if it was; whole, if it was kept in pieces.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the bytes are not those of the digest.
    pub fn blob(&self, digest: Digest) -> Result<Option<Vec<u8>>, StoreError> {
        let kept = |name: &[u8; 32]| {
            self.query(|db| {
                db.prepare_cached("SELECT bytes FROM blobs WHERE digest = ?")?
                    .query_row(params![name], |row| row.get::<_, Vec<u8>>(0))
                    .optional()
            })
        };
        match kept(digest.as_bytes())? {
            Some(bytes) if Digest::of(&bytes) != digest => {
                let damaged =
                    |what| StoreError::Damaged { path: self.dir.db(), what: format!("blob {} {what}", digest.short()) };
                joined(digest.as_bytes(), &bytes, kept)?.map(Some).map_err(damaged)
            }
            found => Ok(found),
        }
    }

    /// The chain that a person means: `047`, `47`, a whole slug, or a part of the slug or goal that only one chain has.
    ///
    /// # Errors
    /// What the disk says.
    pub fn find(&self, text: &str) -> Result<Found, StoreError> {
        let wanted = text.trim().to_lowercase();
        if wanted.is_empty() {
            return Ok(Found::None);
        }
        let rows = self.rows()?;
        if let Ok(id) = wanted.parse::<ChainId>()
            && rows.iter().any(|row| row.id == id)
        {
            return Ok(Found::One(id));
        }
        let those = |matching: &dyn Fn(&ChainRow) -> bool| -> Vec<ChainId> {
            rows.iter().filter(|row| matching(row)).map(|row| row.id).collect()
        };
        let mut found = those(&|row| row.slug == wanted);
        if found.is_empty() {
            found = those(&|row| row.slug.contains(&wanted) || row.goal.to_lowercase().contains(&wanted));
        }
        Ok(match found.as_slice() {
            [] => Found::None,
            [one] => Found::One(*one),
            _ => Found::Many(found),
        })
    }

    /// The chain that commands mean when they name none.
    pub fn active(&self) -> Option<ChainId> {
        use std::io::Read;
        let mut text = String::new();
        let file = std::fs::File::open(self.dir.active()).ok()?;
        file.take(64).read_to_string(&mut text).ok()?;
        text.trim().parse().ok()
    }

    /// Remember which chain commands mean when they name none.
    ///
    /// # Errors
    /// What the disk says.
    pub fn set_active(&self, id: ChainId) -> Result<(), StoreError> {
        self.writable()?;
        self.dir.replace(&self.dir.active(), format!("{id}\n").as_bytes())
    }
}

impl Store {
    pub(crate) fn query<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        read(&self.reader()).map_err(|error| explain(&self.dir.db(), &error))
    }
}

/// A chain's events after `seq`, gapless: what is missing or unreadable is damage, never skipped.
pub(crate) fn events(db: &Connection, path: &Path, chain: ChainId, seq: u64) -> Result<Vec<Event>, StoreError> {
    let said = |error: rusqlite::Error| explain(path, &error);
    let mut lines = db
        .prepare_cached("SELECT seq, at, body, crc FROM events WHERE chain = ? AND seq > ? ORDER BY seq")
        .map_err(said)?;
    let mut rows = lines.query(params![chain.0, signed(seq)]).map_err(said)?;
    let mut events: Vec<Event> = Vec::new();
    while let Some(row) = rows.next().map_err(said)? {
        let number = unsigned(row, 0).map_err(said)?;
        let damaged = |what: String| StoreError::Damaged { path: path.to_owned(), what };
        let body = row.get_ref(2).map_err(said)?.as_str().map_err(|error| damaged(error.to_string()))?;
        let at = row.get(1).map_err(said)?;
        let changed = row.get::<_, Option<u32>>(3).map_err(said)?.is_some_and(|found| found != crc(number, at, body));
        let expected = events.last().map_or(seq, |event| event.seq) + 1;
        if changed && number == expected {
            return Err(damaged(format!("event {number} of chain {chain} is not what was recorded")));
        }
        let body: Body = serde_json::from_str(body)
            .map_err(|error| damaged(format!("event {number} of chain {chain} cannot be read: {error}")))?;
        // A chain that was rebuilt from its context begins where the context left off.
        let begins = events.is_empty() && seq == 0 && matches!(body, Body::Restored { .. });
        if changed || (number != expected && !begins) {
            return Err(damaged(format!("event {expected} of chain {chain} is missing")));
        }
        events.push(Event { seq: number, at, body });
    }
    Ok(events)
}
