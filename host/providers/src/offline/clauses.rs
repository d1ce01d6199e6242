//! Clauses of a goal: what it asks for, and what it only says of when, whether or in whose place.
//!
//! `Send a mail when an order is paid` asks for a mail. Orders and payment are the occasion, and nothing is asked or planned
//! about them. Commas end a clause; where one that begins the goal has none, it ends before the first verb that tells.

use super::text::Words;

/// Words that open a clause of circumstance.
const OPENERS: &[&str] = &[
    "when",
    "whenever",
    "if",
    "after",
    "before",
    "once",
    "while",
    "until",
    "unless",
    "because",
    "although",
    "though",
    "instead of",
    "in place of",
    "rather than",
    "as long as",
    "as soon as",
    "every time",
    "even if",
    "even when",
];

/// Verbs that tell of somebody or something in the present, other than those that a wish is made of.
pub(super) const TELLING: &[&str] = &[
    "is",
    "are",
    "isnt",
    "arent",
    "was",
    "were",
    "does",
    "doesnt",
    "dont",
    "did",
    "didnt",
    "cant",
    "cannot",
    "never",
    "always",
    "still",
    "gets",
    "returns",
    "return",
    "answers",
    "responds",
    "throws",
    "shows",
    "points",
    "accepts",
    "takes",
    "keeps",
    "loses",
    "forgets",
    "ignores",
    "skips",
    "deletes",
    "removes",
    "creates",
    "stores",
    "saves",
    "leaks",
    "exposes",
    "lets",
    "allows",
    "lacks",
    "contains",
    "ends",
    "stays",
    "remains",
    "clash",
    "clashes",
    "collide",
    "collides",
    "fails",
    "crashes",
    "hangs",
    "breaks",
    "counts",
    "sorts",
    "expires",
    "sends",
    "overwrites",
    "duplicates",
    "mixes",
    "works",
    "comes",
    "goes",
    "gives",
    "sees",
    "redirects",
    "trusts",
];

/// For each word, whether it belongs to what the goal asks for. All do where nothing else would be left.
pub(super) fn main(words: &Words) -> Vec<bool> {
    let mut main = vec![true; words.len()];
    // `Today the list shows 10, it should …`: what is now is no object of what is asked for.
    let present = |at: usize| {
        matches!(words.get(at), Some("today" | "now" | "currently")) && (at == 0 || words.pauses_after(at - 1))
    };
    let opens =
        |at: usize| present(at) || (OPENERS.iter().any(|opener| words.is_at(opener, at)) && !is_adverb(words, at));
    let mut at = 0;
    while at < words.len() {
        if !opens(at) {
            at += 1;
            continue;
        }
        let pause = (at..words.len()).find(|at| words.pauses_after(*at));
        let end = match pause {
            Some(pause) => pause + 1,
            None if at == 0 && !present(at) => resumes(words).unwrap_or(words.len()),
            None => words.len(),
        };
        main[at..end].fill(false);
        at = end;
    }
    if main.contains(&true) { main } else { vec![true; words.len()] }
}

/// `only once`, `at once`, `before and after`: no clause follows.
fn is_adverb(words: &Words, at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| words.get(before));
    matches!(before, Some("only" | "at" | "and")) || at + 1 == words.len()
}

/// Where the sentence itself begins after a clause without a comma: `after a reset | a user cannot log in`.
fn resumes(words: &Words) -> Option<usize> {
    const MODAL: &[&str] = &["should", "must", "can", "may", "will"];
    let tells = |at: &usize| words.get(*at).is_some_and(|word| TELLING.contains(&word) || MODAL.contains(&word));
    // `After asking for …` has no verb that tells, `if a product is deleted` has one of its own.
    let own = usize::from(!words.get(1).is_some_and(|word| word.ends_with("ing")));
    let verb = (2..words.len()).filter(tells).nth(own)?;
    let begins = |at: &usize| {
        matches!(words.get(*at), Some("a" | "an" | "the" | "any" | "every" | "its" | "their" | "all" | "no"))
    };
    Some(verb.checked_sub(2).filter(begins).unwrap_or(verb - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_told_from_its_circumstances() {
        for (goal, asked) in [
            ("reduce product inventory when an order is paid", "reduce product inventory"),
            ("send an order confirmation email when an order is paid", "send an order confirmation email"),
            ("allow customers to cancel an order as long as it is not paid", "allow customers to cancel an order"),
            ("When an order is paid, send a mail", "send a mail"),
            (
                "after asking for a password reset a user can't log in with the old password",
                "a user cant log in with the old password",
            ),
            ("if a product is deleted its reviews should be deleted too", "its reviews should be deleted too"),
            ("use cookies instead of local storage, and keep sessions", "use cookies and keep sessions"),
            ("Refuse to charge an order more than once", "Refuse to charge an order more than once"),
            (
                "jobs list is sorted by oldest first, should be newest first",
                "jobs list is sorted by oldest first should be newest first",
            ),
        ] {
            let words = Words::of(goal);
            let main = main(&words);
            let kept: Vec<&str> = words.iter().zip(main).filter(|(_, kept)| *kept).map(|(word, _)| word).collect();
            assert_eq!(kept.join(" "), asked.to_lowercase(), "{goal}");
        }
    }
}
