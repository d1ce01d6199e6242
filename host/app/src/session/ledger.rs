//! The user's own cap of a day. It spans all of their projects, so it is kept in one ledger of theirs; the cap of a project
//! stays in that project's store.

use std::path::PathBuf;

use certus_engine::{Amount, Cap, ChainId, Digest, Millis};
use certus_store::{DAY, Ledger, Mode, Store, StoreError};

use super::Session;
use crate::Failure;
use crate::costs::money;

/// The ledger, and which of its stores this is.
#[derive(Debug)]
pub(crate) struct Day {
    pub(crate) ledger: Ledger,
    pub(crate) store: i64,
    pub(crate) cap: Cap,
}

/// By what a store's calls are told from those of others. A copied folder has the number of the one that it was copied from.
fn number(store: &Store) -> Result<Option<i64>, StoreError> {
    let Some(id) = store.id()? else { return Ok(None) };
    let digest = Digest::of(format!("{id:016x} {}", store.dir().to_string_lossy()));
    Ok(digest.as_bytes().first_chunk().map(|bytes| i64::from_le_bytes(*bytes)))
}

fn sum(all: impl Iterator<Item = (ChainId, Amount)>) -> Amount {
    all.fold(Amount::default(), |sum, (_, amount)| sum.plus(amount))
}

impl Session {
    /// What the user spends in a day, if they set a cap for it.
    ///
    /// # Errors
    /// The ledger cannot be used: nothing may be spent on its word then.
    pub(crate) fn day(&self) -> Result<Option<&Day>, Failure> {
        let cap = self.config.day_of_person();
        if cap == Cap::default() {
            return Ok(None);
        }
        if let Some(day) = self.day.get() {
            return Ok(Some(day));
        }
        let day = self.open_day(cap)?;
        Ok(Some(self.day.get_or_init(|| day)))
    }

    fn open_day(&self, cap: Cap) -> Result<Day, Failure> {
        let store = self.existing()?;
        let store = number(store).map_err(|error| self.store_error(error))?;
        let store = store.ok_or_else(|| Failure::failed("the project's store has no number of its own"))?;
        let path =
            self.ledger_path().ok_or_else(|| Failure::failed("there is no home directory for your day's ledger"))?;
        let now = self.now();
        let ledger =
            Ledger::open(&path, now, || self.spent_before(now)).map_err(|error| Self::ledger_failure(&path, error))?;
        Ok(Day { ledger, store, cap })
    }

    fn ledger_path(&self) -> Option<PathBuf> {
        self.dirs.as_ref().map(|dirs| dirs.data.join("ledger.db"))
    }

    /// What the ledger says went wrong.
    pub(crate) fn ledger_failure(path: &std::path::Path, error: StoreError) -> Failure {
        let failure = Failure::failed(format!("the ledger of your day's budget cannot be used: {error}"));
        let failure = match error {
            StoreError::Damaged { .. } => failure.hint(format!(
                "move {} away: a new one begins with what your projects spent in the last day",
                path.display()
            )),
            StoreError::Busy { .. } => failure.hint("another process writes for long; try again"),
            _ => failure.hint(format!("see that {} can be written", path.display())),
        };
        failure.hint("or take `day` out of [budget] in your configuration")
    }

    /// What this user's stores spent in the last day, each with its number: those that are noted, where they can be read.
    fn spent_before(&self, now: Millis) -> Vec<(i64, Amount)> {
        let notes = self.dirs.as_ref().and_then(|dirs| std::fs::read_dir(dirs.config.join("stores")).ok());
        let places = notes.into_iter().flatten().flatten().filter_map(|note| std::fs::read_to_string(note.path()).ok());
        let spent = |place: String| {
            let store = Store::open(&PathBuf::from(place), Mode::ReadOnly).ok()?;
            Some((number(&store).ok()??, store.committed_since(now.saturating_sub(DAY)).ok()?))
        };
        let mut all: Vec<(i64, Amount)> = places.filter_map(spent).collect();
        // A folder may be noted twice.
        all.sort_by_key(|(store, _)| *store);
        all.dedup_by_key(|(store, _)| *store);
        all
    }

    /// What is used of the project's day since `day`, and what of it other chains have set aside since `fresh` that are worked on.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) fn day_of_project(&self, id: ChainId, day: Millis, fresh: Millis) -> Result<(Amount, Amount), Failure> {
        let store = self.existing()?;
        let both = store.committed_since(day).and_then(|used| Ok((used, store.reserved_since(fresh)?)));
        let (used, reserved) = both.map_err(|error| self.store_error(error))?;
        Ok((used, sum(reserved.into_iter().filter(|(chain, _)| *chain != id && store.is_held(*chain)))))
    }

    /// The same of the user's day. Of another project's chains it is not known whether anybody works on them.
    ///
    /// # Errors
    /// The ledger or the store failed.
    pub(crate) fn day_of_person(
        &self,
        person: &Day,
        id: ChainId,
        day: Millis,
        fresh: Millis,
    ) -> Result<(Amount, Amount), StoreError> {
        let (used, reserved) = (person.ledger.committed_since(day)?, person.ledger.reserved_since(fresh)?);
        let here = self.existing().ok();
        let of_others = reserved.into_iter().filter_map(|(store, chain, amount)| {
            let works = store != person.store || (chain != id && here.is_some_and(|here| here.is_held(chain)));
            works.then_some((chain, amount))
        });
        Ok((used, sum(of_others)))
    }

    /// What is used of the user's day, in a sentence; nothing where it has no cap.
    ///
    /// # Errors
    /// The ledger cannot be used.
    pub(crate) fn day_said(&self) -> Result<Option<String>, Failure> {
        let cap = self.config.day_of_person();
        let Some(path) = self.ledger_path().filter(|_| cap != Cap::default()) else { return Ok(None) };
        let used = match path.try_exists() {
            Ok(false) => Amount::default(),
            _ => Ledger::open(&path, self.now(), Vec::new)
                .and_then(|ledger| ledger.committed_since(self.now().saturating_sub(DAY)))
                .map_err(|error| Self::ledger_failure(&path, error))?,
        };
        let dollars = |usd_micros| money(Amount { usd_micros, ..Amount::default() });
        let usd = cap.usd_micros.map(|cap| format!("{} of {}", dollars(used.usd_micros), dollars(cap)));
        let tokens = cap.tokens.map(|cap| format!("{} of {cap} tokens", used.tokens));
        let both: Vec<String> = usd.into_iter().chain(tokens).collect();
        Ok(Some(format!("{} used or set aside in 24 hours, over all your projects", both.join(", "))))
    }
}
