//! Whose a store is. A repository can carry a state directory, and a chain in it that says that a person allowed this and
//! that: it was not this one.
//!
//! Each store has a number that nobody can guess. A user's own ones are noted beside their configuration, each with the
//! folder where it lies; any other is taken over before the first of its chains goes on: see [`law::take_over`].

use std::path::{Path, PathBuf};

use certus_engine::{Chain, ChainId, Event, Phase, law};
use certus_store::{Store, StoreError};

use super::Session;
use crate::Failure;

/// Whether a store is noted as this user's own, in its place.
fn is_noted(note: Option<&Path>, place: &str) -> bool {
    note.is_some_and(|note| std::fs::read_to_string(note).is_ok_and(|noted| noted == place))
}

impl Session {
    /// Make a store this user's own unless it is. What that records for the chain at hand, which the caller holds.
    pub(super) fn own(&self, store: &Store, held: ChainId) -> Result<Vec<Event>, StoreError> {
        let note = self.note_of(store)?;
        let place = store.dir().to_string_lossy().into_owned();
        if is_noted(note.as_deref(), &place) {
            return Ok(Vec::new());
        }
        let mut events = Vec::new();
        for row in store.rows()? {
            // One that cannot be read cannot be gone on with either; once it is repaired, the store is another.
            let Ok(mut chain) = store.chain(row.id) else { continue };
            let phases = self.phases_as_installed(&chain);
            let bodies = law::take_over(&chain, phases.as_deref());
            if bodies.is_empty() {
                continue;
            }
            let _hold = match store.hold(row.id, self.now()) {
                Ok(hold) => Some(hold),
                _ if row.id == held => None,
                // Whoever works on it came this way, and took it over.
                Err(StoreError::Held(_)) => continue,
                Err(error) => return Err(error),
            };
            let recorded = store.append_blocking(row.id, &mut chain, self.now(), bodies, Vec::new())?;
            if row.id == held {
                events = recorded;
            }
        }
        // Where it cannot be noted, the same is asked again the next time: safe, and no reason to stop.
        if let Some(note) = note
            && let Some(folder) = note.parent()
            && std::fs::create_dir_all(folder).is_ok()
        {
            let _ = std::fs::write(&note, place);
        }
        Ok(events)
    }

    /// A chain as it is worth here: one that came complete is shown as what it is, also before anything is recorded of that.
    ///
    /// # Errors
    /// It is not there, or the store failed.
    pub fn chain_here(&self, id: ChainId) -> Result<Chain, Failure> {
        let mut chain = self.chain(id)?;
        if !chain.ended().is_some_and(|ended| ended.success) {
            return Ok(chain);
        }
        let store = self.existing()?;
        let note = self.note_of(store).map_err(|error| self.store_error(error))?;
        if !is_noted(note.as_deref(), &store.dir().to_string_lossy()) {
            for body in law::take_over(&chain, self.phases_as_installed(&chain).as_deref()) {
                let event = Event { seq: chain.version() + 1, at: chain.updated_at(), body };
                chain.apply(&event);
            }
        }
        Ok(chain)
    }

    /// The phases that a chain begun here by the same controller would have.
    fn phases_as_installed(&self, chain: &Chain) -> Option<Vec<Phase>> {
        let controller = self.registry.named(&chain.started()?.controller.name)?;
        let name = controller.manifest.methodology.as_ref()?.get("name")?.as_str()?;
        self.methodology(Some(name)).ok().map(|(_, methodology)| methodology.phases)
    }

    fn note_of(&self, store: &Store) -> Result<Option<PathBuf>, StoreError> {
        let Some(dirs) = &self.dirs else { return Ok(None) };
        Ok(store.id()?.map(|id| dirs.config.join("stores").join(format!("{id:016x}"))))
    }
}
