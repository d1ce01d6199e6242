//! What is worth asking about each topic: a few questions whose answers change what is built.
//!
//! All of it is data. A question that the goal, a fact or another answer settles is not asked; see [`Ask`]. The order within
//! a table breaks ties of rank.

mod accounts;
mod authority;
mod commerce;
mod data;
mod messages;
mod quality;
mod sign_in;

use certus_engine::Fact;

use super::rules::{Ask, Finding, WORTH_ASKING};
use super::scene::Scene;

const PACKS: &[&[Ask]] =
    &[sign_in::ASKS, accounts::ASKS, authority::ASKS, commerce::ASKS, data::ASKS, messages::ASKS, quality::ASKS];

/// The questions of the goal's topics.
pub(super) fn find(scene: &Scene<'_>) -> Vec<Finding> {
    PACKS.iter().flat_map(|pack| pack.iter()).filter_map(|ask| ask.find(scene)).collect()
}

/// Questions that the goal raises and a fact answers, each with that fact.
pub(super) fn answered<'a>(scene: &Scene<'a>) -> Vec<(&'static Ask, &'a Fact)> {
    let asks = PACKS.iter().flat_map(|pack| pack.iter());
    let worth = asks.filter(|ask| f64::from(ask.impact) * (1.0 - ask.confidence) >= WORTH_ASKING);
    worth.filter_map(|ask| Some((ask, ask.answered(scene)?))).collect()
}

/// Questions that the goal raises and whose answer stands in code around a fact, each with that fact.
pub(super) fn stands_around<'a>(scene: &Scene<'a>) -> Vec<(&'static Ask, &'a Fact)> {
    let asks = PACKS.iter().flat_map(|pack| pack.iter());
    let worth = asks.filter(|ask| f64::from(ask.impact) * (1.0 - ask.confidence) >= WORTH_ASKING);
    worth.filter_map(|ask| Some((ask, ask.stands_around(scene)?))).collect()
}

/// The packs know something to ask of the goal, whether the project answers it or not.
pub(super) fn raises(scene: &Scene<'_>) -> bool {
    !find(scene).is_empty() || !answered(scene).is_empty()
}

#[cfg(test)]
pub(super) fn all() -> impl Iterator<Item = &'static Ask> {
    PACKS.iter().flat_map(|pack| pack.iter())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::offline::topics;
    use std::collections::BTreeSet;

    #[test]
    fn the_tables_hold_what_the_rules_expect() {
        let mut ids = BTreeSet::new();
        for ask in PACKS.iter().flat_map(|pack| pack.iter()) {
            assert!(ids.insert(ask.id), "{} twice", ask.id);
            assert!(ask.id.len() <= 40 && ask.id.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", ask.id);
            assert!(ask.topic.is_empty() || topics::named(ask.topic).is_some(), "{}: {}", ask.id, ask.topic);
            assert!(ask.text.ends_with('?') && ask.why.ends_with('.') && !ask.claim.ends_with('.'), "{}", ask.id);
            assert!(ask.options.len() >= 2 && (1..=5).contains(&ask.impact), "{}", ask.id);
            assert!((0.0..=1.0).contains(&ask.confidence) && !ask.text.contains('{'), "{}", ask.id);
        }
    }
}
