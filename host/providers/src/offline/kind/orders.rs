//! Goals that tell somebody what to do.

use super::super::clauses;
use super::super::lexicon::KINDS;
use super::super::nouns::is_actor;
use super::super::text::Words;

/// Orders that say what to do and not what kind of work it is.
pub(super) const IMPERATIVES: &[&str] = &[
    "reduce",
    "increase",
    "decrease",
    "ensure",
    "prevent",
    "refuse",
    "reject",
    "stop",
    "keep",
    "check",
    "verify",
    "hide",
    "mark",
    "return",
    "ask",
    "block",
    "disable",
    "restrict",
    "adjust",
    "round",
    "trim",
    "sort",
    "count",
    "skip",
    "ignore",
    "guard",
    "secure",
    "give",
    "put",
    "turn",
    "wrap",
    "only",
    "please",
    "let",
    "lets",
    "treat",
    "do",
    "dont",
    "never",
    "lock",
    "unlock",
    "warn",
    "raise",
    "lower",
    "cap",
    "tighten",
    "shorten",
    "extend",
    "escape",
    "sanitize",
    "normalize",
    "parse",
    "accept",
    "expire",
    "hash",
    "compute",
    "rate",
    "redirect",
    "order",
    "group",
];

/// `Lock an account`, `Warn users who …`: what stands before an article, or before people of whom no verb follows, is a verb.
pub(in crate::offline) fn orders(words: &Words) -> bool {
    const ARTICLES: &[&str] = &["a", "an", "the", "all", "every", "each", "our", "their", "its"];
    // What tells, joins or asks is no order; nor is a subject: `Deleting an author …`, `Login with a wrong password`.
    const NO_VERBS: &[&str] = &[
        "is",
        "are",
        "in",
        "on",
        "at",
        "for",
        "with",
        "without",
        "when",
        "after",
        "before",
        "if",
        "as",
        "of",
        "by",
        "from",
        "to",
        "not",
        "and",
        "or",
        "that",
        "once",
        "while",
        "until",
        "today",
        "now",
        "currently",
        "there",
        "sometimes",
        "both",
        "during",
        "because",
        "since",
        "although",
        "no",
        "some",
        "under",
        "over",
        "all",
        "every",
        "each",
        "any",
        "only",
    ];
    let first = words.get(0).unwrap_or_default();
    let verb = first.len() > 2
        && !words.pauses_after(0)
        && !NO_VERBS.contains(&first)
        && !first.ends_with("ing")
        // `Orders a customer placed …` are many.
        && (!first.ends_with('s') || first.ends_with("ss"))
        && !clauses::TELLING.contains(&first)
        && !is_actor(first);
    let whom = words.get(1).is_some_and(|next| ARTICLES.contains(&next))
        || (words.get(1).is_some_and(is_actor)
            && matches!(words.get(2), Some("who" | "that" | "about" | "when" | "from")));
    verb && whom
}

/// `Let librarians delete copies`: whoever they are, and whatever it is.
pub(super) fn lets(words: &Words) -> bool {
    let whom = 1 + usize::from(matches!(words.get(1), Some("the" | "every" | "each" | "all" | "our" | "any")));
    let named = words.get(whom).is_some_and(|word| word.len() > 3 && !matches!(word, "this" | "that" | "them"));
    let does = words.get(whom + 1);
    match words.get(0) {
        Some("let") => named && does.is_some_and(|next| !matches!(next, "be" | "on" | "in" | "to" | "of")),
        Some("allow" | "enable" | "permit") => named && does == Some("to"),
        _ => false,
    }
}

/// The first word of a goal tells somebody what to do.
pub(in crate::offline) fn is_order(first: &str) -> bool {
    let works =
        |pattern: &&str| *pattern == first || pattern.strip_suffix('*').is_some_and(|start| first.starts_with(start));
    IMPERATIVES.contains(&first) || KINDS.iter().flat_map(|(_, _, patterns)| patterns.iter()).any(works)
}
