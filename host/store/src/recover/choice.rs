//! What each chain goes on with: what the database still has of it, or its context, whichever knows more.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use certus_engine::{Body, Chain, ChainId, Digest, Event, Outcome};

use super::salvage::Salvage;
use crate::contexts::FoundContext;

/// The history that a chain goes on with.
pub(super) struct Chosen {
    pub(super) events: Vec<Event>,
    pub(super) chain: Chain,
    /// The last event of the old history that is in it.
    pub(super) version: u64,
    pub(super) from_context: bool,
}

/// What becomes of every chain.
#[derive(Default)]
pub(super) struct Choice {
    pub(super) chains: BTreeMap<ChainId, Chosen>,
    pub(super) lost: Vec<String>,
    pub(super) notes: Vec<String>,
}

/// For each chain whichever knows more; what neither knows is named.
pub(super) fn choose(ids: &BTreeSet<u32>, salvage: &Salvage, contexts: &[FoundContext]) -> Choice {
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
    pub(super) fn name_cut_off(&mut self, salvage: &Salvage, gone: u64) {
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
