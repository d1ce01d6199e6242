//! Which words of a goal may name something in the code, and which only say who is to use it.

use super::lexicon::{ACTORS, GROUND, STOP};
use super::text::{Words, stem};

/// Nouns of one goal.
const MOST_NOUNS: usize = 40;

/// Verbs that begin a goal, and are names of functions elsewhere.
const ORDERS: &[&str] = &[
    "replace", "switch", "migrate", "convert", "move", "swap", "extract", "split", "rename", "merge", "turn", "give",
    "put", "reduce", "ensure", "prevent", "limit", "list", "return", "keep", "stop", "let",
];

/// Nouns, and those that only say who is to use it.
pub(super) fn nouns(words: &Words, with_ground: bool, project: &[String]) -> (Vec<String>, Vec<String>) {
    let (mut nouns, mut people): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for (at, word) in words.iter().enumerate() {
        // What is to be done is no name of anything: `replace` is not `controller.replace`.
        let verb = at == 0 && words.len() > 1 && ORDERS.contains(&word);
        if verb
            || names_project(words, at, project)
            || (word.len() < 3 && !matches!(word, "ai" | "ui" | "db" | "ci" | "qa"))
            || STOP.contains(&word)
            || (!with_ground && GROUND.contains(&word))
            || word.starts_with(|letter: char| letter.is_ascii_digit())
        {
            continue;
        }
        let noun = stem(word).to_owned();
        let list = if names_people(words, at) { &mut people } else { &mut nouns };
        if noun.len() >= 2 && !list.contains(&noun) && list.len() < MOST_NOUNS {
            list.push(noun);
        }
    }
    people.retain(|person| !nouns.contains(person));
    (nouns, people)
}

/// `this shop` is the project. So is `the shop` where that is its name, and nothing follows that it would belong to.
fn names_project(words: &Words, at: usize, project: &[String]) -> bool {
    const AFTER: &[&str] =
        &["with", "by", "for", "so", "and", "using", "without", "to", "that", "when", "via", "on", "in"];
    let before = at.checked_sub(1).and_then(|before| words.get(before)).unwrap_or_default();
    let called = words.get(at).is_some_and(|word| project.iter().any(|known| known == word));
    match before {
        "this" => true,
        "our" | "my" => project.is_empty() || called,
        "the" | "whole" | "entire" => called && words.get(at + 1).is_none_or(|next| AFTER.contains(&next)),
        _ => false,
    }
}

/// `for some users` and `users should …` say who, not what; so does `let waiters …`, whoever they are.
pub(super) fn names_people(words: &Words, at: usize) -> bool {
    const BEFORE: &[&str] =
        &["for", "some", "all", "any", "many", "let", "lets", "allow", "allows", "enable", "as", "letting"];
    const AFTER: &[&str] = &[
        "should", "can", "could", "must", "may", "want", "wants", "need", "needs", "report", "reports", "complain",
        "to", "cannot", "cant", "get", "see", "who", "that",
    ];
    let Some(word) = words.get(at) else { return false };
    let next = words.get(at + 1);
    let mut before = at.checked_sub(1).and_then(|before| words.get(before));
    if matches!(before, Some("the" | "a" | "an" | "our" | "every")) {
        before = at.checked_sub(2).and_then(|before| words.get(before));
    }
    let granted = match before {
        Some("let" | "lets") => next.is_some_and(|next| !matches!(next, "be" | "on" | "in" | "to" | "of")),
        Some("allow" | "allows" | "enable") => next == Some("to"),
        _ => false,
    };
    let begins = before.is_none_or(|word| {
        matches!(
            word,
            "so" | "that"
                | "when"
                | "if"
                | "where"
                | "which"
                | "whom"
                | "before"
                | "after"
                | "until"
                | "unless"
                | "once"
                | "whenever"
        )
    });
    // `Borrowers should be able to …`: whoever they are.
    let able = at == 0
        && word.len() > 4
        && word.ends_with('s')
        && [
            "should be able",
            "must be able",
            "should have to",
            "have to",
            "want to",
            "need to",
            "may only",
            "can only",
        ]
        .iter()
        .any(|wish| words.is_at(wish, 1));
    granted
        || able
        || (is_actor(word)
            && (before.is_some_and(|word| BEFORE.contains(&word))
                || (begins && next.is_some_and(|next| AFTER.contains(&next)))))
}

/// Somebody is named besides what the goal is about: in `delete users` nobody is.
pub(super) fn names_actor(words: &Words, nouns: &[String]) -> bool {
    let at = ACTORS.iter().filter_map(|actor| words.position(actor));
    at.filter_map(|at| words.get(at)).any(|word| !nouns.iter().any(|noun| noun == stem(word)))
}

/// A word for somebody who uses what is built.
pub(super) fn is_actor(word: &str) -> bool {
    matches!(word, "somebody" | "someone")
        || ACTORS.iter().any(|actor| *actor == word || actor.trim_end_matches('*') == stem(word))
}
