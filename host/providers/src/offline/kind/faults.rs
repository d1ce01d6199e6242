//! Goals that tell what goes wrong.

use super::super::clauses;
use super::super::lexicon::{FAILURES, KINDS};
use super::super::text::Words;
use super::orders::{IMPERATIVES, orders};

/// It tells how something is, and nobody would tell it if it were right: `the slug is not unique`, `the mail points to
/// localhost`, `any user can edit somebody else's job`.
pub(in crate::offline) fn states_a_fault(words: &Words) -> bool {
    let mut work = KINDS.iter().flat_map(|(_, _, patterns)| patterns.iter());
    let first = words.get(0).unwrap_or_default();
    let orders = IMPERATIVES.contains(&first)
        || orders(words)
        || work.any(|pattern| words.position(pattern) == Some(0) && !is_fix(pattern));
    if orders && !is_told_of(words) {
        return false;
    }
    let main = clauses::main(words);
    let tells = |at: &usize| {
        let word = words.get(*at).unwrap_or_default();
        let before = at.checked_sub(1).and_then(|before| words.get(before)).unwrap_or_default();
        main.get(*at).copied().unwrap_or_default()
            && *at > 0
            && clauses::TELLING.contains(&word)
            && !matches!(before, "that" | "which" | "who" | "to" | "can" | "should" | "must" | "may" | "will" | "not")
    };
    let wish =
        ["should", "want", "wants", "need", "needs", "please", "must", "has to", "have to", "can", "could", "may"];
    let wish = wish.iter().filter_map(|pattern| words.affirmed(pattern)).min();
    let told = (0..words.len()).find(tells).is_some_and(|at| wish.is_none_or(|wish| at < wish));
    // Nobody tells what anybody can do where anybody should: `so that anybody can …` wishes.
    let begins = |at: usize| at == 0 || words.pauses_after(at - 1) || matches!(words.get(at - 1), Some("now" | "and"));
    let anyone = ANYONE.iter().filter_map(|pattern| words.affirmed(pattern)).any(begins);
    told || anyone || (words.any(ANYBODY).is_some() && words.any(OF_OTHERS).is_some())
}

const ANYONE: &[&str] = &["anyone can", "anybody can", "everyone can", "everybody can"];

/// `Update user email does not check …`: what begins like an order is the name of what is told of.
fn is_told_of(words: &Words) -> bool {
    const DENIES: &[&str] = &["does not", "doesnt", "is not", "isnt", "are not", "arent", "never", "fails"];
    const JOINS: &[&str] = &["that", "which", "who", "and", "so", "it", "they", "sure", "where"];
    let main = clauses::main(words);
    let denied = DENIES.iter().filter_map(|pattern| words.position(pattern)).min();
    denied.is_some_and(|at| {
        (2..=5).contains(&at)
            && main.get(at).copied().unwrap_or_default()
            && !matches!(words.get(0), Some("make" | "ensure" | "fix" | "add" | "please"))
            && !(0..at)
                .any(|before| words.get(before).is_some_and(|word| JOINS.contains(&word)) || words.pauses_after(before))
    })
}

const ANYBODY: &[&str] =
    &["anyone can", "anybody can", "everyone can", "everybody can", "any user can", "every user can", "users can"];

const OF_OTHERS: &[&str] =
    &["somebody else*", "someone else*", "others", "other people*", "other user*", "another user*", "another person*"];

fn is_fix(pattern: &str) -> bool {
    matches!(pattern, "fix*" | "bug" | "bugs")
}

/// `Articles show the wrong count` tells what is, and is no order to show something: the first word is no verb of work, a word
/// of failure follows, and no wish (`users should be able to see failed orders`) stands before it.
pub(super) fn describes_a_failure(words: &Words) -> bool {
    let mut work = KINDS.iter().flat_map(|(_, _, patterns)| patterns.iter());
    let first = words.get(0).unwrap_or_default();
    let imperative =
        work.any(|pattern| words.position(pattern) == Some(0)) || IMPERATIVES.contains(&first) || orders(words);
    let failure = FAILURES.iter().filter_map(|pattern| words.affirmed(pattern)).min();
    let wish = ["should", "want", "wants", "need", "needs", "please", "can", "must", "add", "let us"]
        .iter()
        .filter_map(|pattern| words.affirmed(pattern))
        .min();
    // `Users can register twice` is a wish of nobody.
    let granted = ["can", "could"].iter().filter_map(|pattern| words.affirmed(pattern)).min();
    let wrongly = [
        "twice",
        "although",
        "even though",
        "even when",
        "even if",
        "still",
        "did not",
        "didnt",
        "anyway",
        "by accident",
    ]
    .iter()
    .filter_map(|pattern| words.position(pattern))
    .min();
    let abused = granted.is_some_and(|at| wrongly.is_some_and(|wrongly| at < wrongly));
    !imperative && (abused || failure.is_some_and(|at| wish.is_none_or(|wish| at < wish)))
}

/// `accepts any password` tells what is done, and nobody would tell it if it were right; `needs a password` wishes.
pub(in crate::offline) fn accuses(words: &Words) -> bool {
    const WISHES: &[&str] = &["needs", "wants", "requires", "deserves", "lacks"];
    words.get(0).is_some_and(|verb| verb.len() > 3 && verb.ends_with('s') && !WISHES.contains(&verb))
        && words.any(&["should", "must", "want", "need", "please", "has to"]).is_none()
}
