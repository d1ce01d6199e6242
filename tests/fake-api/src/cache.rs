//! What services keep of requests: the beginnings that an earlier one of the same model had in common, byte by byte.
//!
//! Time is not imitated: nothing is forgotten. A request is of use to those that come after its answer ended.

use std::collections::BTreeSet;

use crate::api::{Asked, count};

/// Blocks in front of a breakpoint at which a kept beginning may end.
const LOOKBACK: usize = 20;
/// Tokens of a beginning that is kept without being asked for, and the steps in which it grows.
const LEAST: u64 = 1024;
const STEP: u64 = 128;

/// A block of a request's text.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(crate) text: String,
    /// The beginning that ends with it is to be kept.
    pub(crate) keep: bool,
}

/// Input tokens that came from a cache and that went into one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Cached {
    pub(crate) read: u64,
    pub(crate) written: u64,
}

/// All that is kept.
#[derive(Debug, Default)]
pub(crate) struct Caches {
    /// Of services that keep what they are told to: the blocks of a beginning.
    explicit: BTreeSet<(String, Vec<String>)>,
    /// Of those that keep everything.
    whole: Vec<(String, String)>,
}

impl Caches {
    /// What of a request is kept already, and what will be.
    pub(crate) fn look_up(&self, asked: &Asked) -> Cached {
        if asked.blocks.is_empty() {
            return Cached { read: self.in_common(asked), written: 0 };
        }
        let read = self.explicit_read(asked);
        let kept = asked.kept().map(|end| tokens(&asked.blocks[..end])).max().unwrap_or(0);
        Cached { read, written: kept.saturating_sub(read) }
    }

    /// Keep what a request wants kept.
    pub(crate) fn keep(&mut self, asked: &Asked) {
        if asked.blocks.is_empty() {
            self.whole.push((asked.model.clone(), asked.text.clone()));
        }
        for end in asked.kept() {
            self.explicit.insert((asked.model.clone(), texts(&asked.blocks[..end])));
        }
    }

    fn explicit_read(&self, asked: &Asked) -> u64 {
        let ends = asked.kept().flat_map(|end| (end.saturating_sub(LOOKBACK)..=end).skip(1));
        let known = ends.filter(|end| self.explicit.contains(&(asked.model.clone(), texts(&asked.blocks[..*end]))));
        known.map(|end| tokens(&asked.blocks[..end])).max().unwrap_or(0)
    }

    fn in_common(&self, asked: &Asked) -> u64 {
        let same = self.whole.iter().filter(|(model, _)| *model == asked.model);
        let common = |text: &str| text.bytes().zip(asked.text.bytes()).take_while(|(a, b)| a == b).count() as u64;
        let most = same.map(|(_, text)| common(text) / 4).max().unwrap_or(0) / STEP * STEP;
        if most >= LEAST { most } else { 0 }
    }
}

impl Asked {
    /// The ends of beginnings that are to be kept, and long enough for it.
    fn kept(&self) -> impl Iterator<Item = usize> + '_ {
        let ends = self.blocks.iter().enumerate().filter(|(_, block)| block.keep).map(|(at, _)| at + 1);
        ends.filter(|end| tokens(&self.blocks[..*end]) >= least(&self.model))
    }
}

fn texts(blocks: &[Block]) -> Vec<String> {
    blocks.iter().map(|block| block.text.clone()).collect()
}

fn tokens(blocks: &[Block]) -> u64 {
    blocks.iter().map(|block| count(&block.text)).sum()
}

/// Tokens that a beginning must have to be kept.
fn least(model: &str) -> u64 {
    match model {
        _ if model.contains("haiku") => 4096,
        _ if model.contains("opus-5") || model.contains("fable-5") => 512,
        _ => 1024,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(model: &str, blocks: &[(&str, usize, bool)]) -> Asked {
        let block =
            |(letter, tokens, keep): &(&str, usize, bool)| Block { text: letter.repeat(tokens * 4), keep: *keep };
        let blocks: Vec<Block> = blocks.iter().map(block).collect();
        let text = texts(&blocks).concat();
        let (model, most) = (model.to_owned(), 1);
        Asked { text, model, most, streams: true, wants_usage: true, counts: false, blocks }
    }

    fn ask(caches: &mut Caches, asked: &Asked) -> (u64, u64) {
        let found = caches.look_up(asked);
        caches.keep(asked);
        (found.read, found.written)
    }

    #[test]
    fn what_is_told_to_be_kept_is_read_by_who_begins_alike() {
        let mut caches = Caches::default();
        let first =
            asked("claude-sonnet-5-5", &[("s", 2_000, true), ("a", 500, false), ("b", 500, true), ("x", 9, false)]);
        assert_eq!(ask(&mut caches, &first), (0, 3_000));
        assert_eq!(ask(&mut caches, &first), (3_000, 0));
        // One block more in front of the breakpoint: what was kept before is found behind it.
        let more = [("s", 2_000, true), ("a", 500, false), ("b", 500, false), ("c", 500, true)];
        assert_eq!(ask(&mut caches, &asked("claude-sonnet-5-5", &more)), (3_000, 500));
        // Another block where one was kept: only what is before it.
        let other = [("s", 2_000, true), ("z", 500, false), ("b", 500, true)];
        assert_eq!(ask(&mut caches, &asked("claude-sonnet-5-5", &other)), (2_000, 1_000));
        assert_eq!(ask(&mut caches, &asked("claude-opus-5-5", &other)), (0, 3_000), "each model has its own");
        assert_eq!(ask(&mut caches, &asked("claude-haiku-5-5", &other)), (0, 0), "too short for it");
    }

    #[test]
    fn others_keep_what_they_like() {
        let mut caches = Caches::default();
        let mut first = asked("gpt-6-luna", &[("s", 2_000, false), ("a", 100, false)]);
        let mut second = asked("gpt-6-luna", &[("s", 2_000, false), ("b", 100, false)]);
        first.blocks.clear();
        second.blocks.clear();
        assert_eq!((ask(&mut caches, &first), ask(&mut caches, &second)), ((0, 0), (1_920, 0)));
    }
}
