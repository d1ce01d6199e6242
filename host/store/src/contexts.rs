//! The context files: one per chain, for people and tools, and the last resort when the database is lost.
//!
//! They are a projection, so losing or damaging one loses nothing. A file keeps its name for the chain's whole life and is
//! replaced as a whole.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use certus_engine::{Chain, ChainId, Millis, context};
use serde::Deserialize;

use crate::dir::{Dir, ensure, number_in};
use crate::{ChainRow, MAX_VALUE_BYTES, Store, StoreError};

/// A context file and what is in it.
#[derive(Debug)]
pub struct FoundContext {
    /// The file.
    pub path: PathBuf,
    /// The chain's number by the file's name.
    pub id: Option<ChainId>,
    /// The chain, as the file holds it.
    pub chain: Result<Chain, DamagedContext>,
}

/// A context file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct DamagedContext {
    /// Why.
    pub what: String,
}

impl DamagedContext {
    fn new(what: impl Into<String>) -> Self {
        Self { what: what.into() }
    }
}

impl Store {
    /// Write a chain's context, replacing the one before. `when` writes a time for people.
    ///
    /// # Errors
    /// What the disk says; then the file before is still there, whole.
    pub fn write_context(
        &self,
        id: ChainId,
        chain: &Chain,
        when: impl Fn(Millis) -> String,
    ) -> Result<PathBuf, StoreError> {
        self.writable()?;
        ensure(&self.dir.contexts())?;
        let path = self.dir.contexts().join(ChainRow::of(id, chain).context_file);
        let mut text = serde_json::to_string_pretty(&context(id, chain, when))
            .map_err(|error| StoreError::Io { path: path.clone(), message: error.to_string() })?;
        text.push('\n');
        self.dir.replace(&path, text.as_bytes())?;
        Ok(path)
    }

    /// Every context file, by name.
    ///
    /// # Errors
    /// The directory cannot be listed. That a file is damaged is no error.
    pub fn read_contexts(&self) -> Result<Vec<FoundContext>, StoreError> {
        read_all(&self.dir)
    }

    /// Contexts that are not what their chain is now, by number: what people and recovery would read there is wrong.
    ///
    /// # Errors
    /// As [`Self::read_contexts`], [`Self::rows`] and [`Self::chain`].
    pub fn stale_contexts(&self) -> Result<Vec<StaleContext>, StoreError> {
        let found = self.read_contexts()?;
        let mut stale = Vec::new();
        for row in self.rows()? {
            let named = |found: &&FoundContext| found.path.file_name().is_some_and(|name| name == &*row.context_file);
            let fault = match found.iter().find(named).map(|found| &found.chain) {
                None => ContextFault::Missing,
                Some(Err(damaged)) => ContextFault::Damaged(damaged.what.clone()),
                Some(Ok(chain)) if chain.version() < row.version => ContextFault::Behind(chain.version()),
                Some(Ok(chain)) if chain.version() > row.version => ContextFault::Ahead(chain.version()),
                Some(Ok(chain)) if *chain != self.chain(row.id)? => ContextFault::Changed,
                Some(Ok(_)) => continue,
            };
            stale.push(StaleContext { chain: row.id, file: row.context_file, version: row.version, fault });
        }
        Ok(stale)
    }

    /// Chains whose context knows more events than the log does: somebody removed a part of the database. With both
    /// versions, log first. [`crate::recover`] takes the context's.
    ///
    /// # Errors
    /// As [`Self::read_contexts`] and [`Self::rows`].
    pub fn behind_contexts(&self) -> Result<Vec<(ChainId, u64, u64)>, StoreError> {
        let rows = self.rows()?;
        let known = |id| rows.iter().find(|row| row.id == id).map_or(0, |row| row.version);
        let found = self.read_contexts()?.into_iter().filter_map(|found| {
            let (id, chain) = (found.id?, found.chain.ok()?);
            (chain.version() > known(id)).then(|| (id, known(id), chain.version()))
        });
        Ok(found.collect())
    }
}

/// A context that is not what its chain is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaleContext {
    /// Of which chain.
    pub chain: ChainId,
    /// Its name in `contexts/`.
    pub file: String,
    /// Where the chain stands in the log.
    pub version: u64,
    /// What is wrong.
    pub fault: ContextFault,
}

/// What is wrong with a context. Versions are the context's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContextFault {
    /// It is not there.
    Missing,
    /// It cannot be read, and why.
    Damaged(String),
    /// It was written before the last events: a process that was killed leaves it so.
    Behind(u64),
    /// It knows more events than the log does: a part of the database is gone.
    Ahead(u64),
    /// It says something else than the log does.
    Changed,
}

impl std::fmt::Display for ContextFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing => f.write_str("is not there"),
            Self::Damaged(what) => write!(f, "is damaged: {what}"),
            Self::Behind(version) => write!(f, "is older than its chain: it stands at event {version}"),
            Self::Ahead(version) => write!(f, "knows events that the database lost: it stands at event {version}"),
            Self::Changed => f.write_str("says something else than the database does"),
        }
    }
}

/// What of a context file is needed; the rest is for people.
#[derive(Deserialize)]
struct Contents {
    chain_id: String,
    certus: Whole,
}

#[derive(Deserialize)]
struct Whole {
    format: u32,
    chain: Chain,
}

/// No chain has as many; a file that says so would leave no number for the next event.
const MOST_EVENTS: u64 = 1 << 53;

pub(crate) fn read_all(dir: &Dir) -> Result<Vec<FoundContext>, StoreError> {
    let contexts = dir.contexts();
    let listed = match fs::read_dir(&contexts) {
        Ok(listed) => listed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StoreError::io(&contexts, &error)),
    };
    let mut found = Vec::new();
    for entry in listed {
        let entry = entry.map_err(|error| StoreError::io(&contexts, &error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("chain-") && name.ends_with(".json") {
            let (path, id) = (entry.path(), number_in(&name));
            found.push(FoundContext { chain: read(&path, id), path, id });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn read(path: &Path, id: Option<ChainId>) -> Result<Chain, DamagedContext> {
    let said = |error: io::Error| DamagedContext::new(error.to_string());
    // A pipe would be waited for, a link could lead anywhere.
    if !fs::symlink_metadata(path).map_err(said)?.is_file() {
        return Err(DamagedContext::new("it is not a file"));
    }
    let mut text = Vec::new();
    File::open(path).and_then(|file| file.take(MAX_VALUE_BYTES + 1).read_to_end(&mut text)).map_err(said)?;
    if text.len() as u64 > MAX_VALUE_BYTES {
        return Err(DamagedContext::new(format!("it is larger than {MAX_VALUE_BYTES} bytes")));
    }
    let contents: Contents = serde_json::from_slice(&text).map_err(|error| DamagedContext::new(error.to_string()))?;
    if contents.certus.format != 1 {
        return Err(DamagedContext::new(format!("its format {} is not known here", contents.certus.format)));
    }
    if contents.chain_id.parse().ok() != id || id.is_none() {
        return Err(DamagedContext::new(format!("it says that it is of chain `{}`", contents.chain_id)));
    }
    if !(1..MOST_EVENTS).contains(&contents.certus.chain.version()) || contents.certus.chain.started().is_none() {
        return Err(DamagedContext::new("it holds no chain"));
    }
    Ok(contents.certus.chain)
}
