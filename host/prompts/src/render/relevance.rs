//! Which facts matter for what is asked: those that share words with it.
//!
//! Words and not meanings: equal inputs must give equal requests on every machine, and a fact that is ranked low is still
//! shown where there is room.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use certus_engine::Fact;

/// Words too common in goals to tell one fact from another.
const COMMON: [&str; 24] = [
    "the", "and", "for", "with", "from", "into", "that", "this", "not", "are", "was", "has", "have", "all", "any",
    "add", "new", "use", "make", "should", "must", "can", "when", "will",
];

/// The facts' indices: those that share words with the texts first, most words first; then cited ones; then the rest.
pub(super) fn by_relevance<'a>(facts: &[Fact], texts: impl IntoIterator<Item = &'a str>) -> Vec<usize> {
    let wanted: BTreeSet<String> = texts.into_iter().flat_map(words).collect();
    let rank = |fact: &Fact| {
        let path = fact.source.iter().map(|place| place.path.as_str());
        let own: BTreeSet<String> = [fact.key.as_str(), &fact.value].into_iter().chain(path).flat_map(words).collect();
        (Reverse(own.intersection(&wanted).count()), !fact.cited)
    };
    let mut ranked: Vec<_> = facts.iter().enumerate().map(|(index, fact)| (rank(fact), index)).collect();
    ranked.sort();
    ranked.into_iter().map(|(_, index)| index).collect()
}

/// Lower-case words of three letters or more by which texts are told apart; `requireUser` is two.
pub fn words(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let into = &mut found;
    for piece in text.split(|c: char| !c.is_alphanumeric()) {
        let mut word = String::new();
        let mut after_lower = false;
        for c in piece.chars() {
            if c.is_uppercase() && after_lower {
                keep(&mut word, into);
            }
            after_lower = c.is_lowercase();
            word.extend(c.to_lowercase());
        }
        keep(&mut word, into);
    }
    found
}

fn keep(word: &mut String, into: &mut BTreeSet<String>) {
    let word = std::mem::take(word);
    if word.chars().count() > 2 && !COMMON.contains(&word.as_str()) {
        into.insert(word);
    }
}

#[cfg(test)]
mod tests {
    use certus_engine::{Fact, Place};

    use super::by_relevance;

    fn fact(key: &str, path: &str, cited: bool) -> Fact {
        let source = Some(Place { path: path.into(), line: 1, quote: String::new() });
        Fact { id: String::new(), key: key.into(), value: String::new(), source, cited }
    }

    #[test]
    fn shared_words_come_before_citations_and_those_before_the_rest() {
        let facts = [
            fact("model.order", "a.js", false),
            fact("model.order", "b.js", true),
            fact("flow.note", "src/require-user.js", false),
            fact("auth.login", "src/require/user.js", false),
            fact("the.new", "c.js", false),
        ];
        assert_eq!(by_relevance(&facts, ["Add the new login", "requireUser"]), [3, 2, 1, 0, 4]);
        assert_eq!(by_relevance(&facts, []), [1, 0, 2, 3, 4]);
    }
}
