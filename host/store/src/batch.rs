//! Events on their way to disk.

use certus_engine::{Body, Chain, Digest, Event, Millis};

use crate::day::DayCap;
use crate::pieces::list;
use crate::projection::{Change, fold};

/// Events that are folded into a chain already and recorded together, or not at all; see [`crate::Store::record`].
#[derive(Debug, Default)]
pub struct Batch {
    pub(crate) events: Vec<Event>,
    pub(crate) changes: Vec<Change>,
    /// What the events name by digest, kept with them.
    pub blobs: Vec<(Digest, Vec<u8>)>,
    /// What the events may set aside at most, together with all that other chains did.
    pub day: Option<DayCap>,
}

impl Batch {
    /// Events of one time.
    pub fn of(chain: &mut Chain, at: Millis, bodies: Vec<Body>, blobs: Vec<(Digest, Vec<u8>)>) -> Self {
        let mut batch = Self { blobs, ..Self::default() };
        bodies.into_iter().for_each(|body| batch.push(chain, at, body));
        batch
    }

    /// Fold one more event into the chain, which must be the one that the events before it were folded into. All events of
    /// a batch have the time of the first.
    pub fn push(&mut self, chain: &mut Chain, at: Millis, body: Body) {
        let event = Event { seq: chain.version() + 1, at: self.at().unwrap_or(at), body };
        fold(chain, &event, &mut self.changes);
        self.events.push(event);
    }

    /// Keep a text that begins like others, each of its pieces once. It is read back as one, with a NUL between two pieces;
    /// `digest` is the one of that.
    pub fn keep_in_pieces<'t>(&mut self, digest: Digest, pieces: impl Iterator<Item = &'t str>) {
        let pieces: Vec<_> = pieces.map(|piece| (Digest::of(piece), piece.as_bytes().to_vec())).collect();
        let names: Vec<Digest> = pieces.iter().map(|(name, _)| *name).collect();
        self.blobs.extend(pieces);
        self.blobs.push((digest, list(&names)));
    }

    /// The time of its events, in milliseconds since 1970; none while there are none.
    pub fn at(&self) -> Option<Millis> {
        self.events.first().map(|event| event.at)
    }

    /// How many events it has.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Neither events nor blobs.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.blobs.is_empty()
    }
}
