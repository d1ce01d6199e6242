//! Goals that would destroy what nobody can bring back, and goals without any edge.
//!
//! Nothing is recommended here, so that nobody agrees by taking what is recommended: a person says in words of their own
//! what is meant.

use super::Finding;
use crate::offline::scene::Scene;
use crate::offline::text::{Words, inline};

const DESTROY: &[&str] =
    &["delete", "drop", "wipe", "erase", "destroy", "purge", "truncate", "nuke", "remove", "clear", "rid"];
/// What a word of destruction may stand before, besides what it destroys.
const BETWEEN: &[&str] = &[
    "the",
    "our",
    "my",
    "your",
    "this",
    "that",
    "of",
    "all",
    "every",
    "entire",
    "whole",
    "complete",
    "full",
    "production",
    "live",
    "customer",
    "user",
    "existing",
    "old",
    "out",
    "up",
    "away",
];
/// Gone is gone.
const IRREPLACEABLE: &[&str] =
    &["database", "databases", "db", "production", "backups", "repository", "repo", "codebase"];
/// The same where all of it is meant.
const ALL_OF: &[&str] = &[
    "data",
    "tables",
    "collections",
    "records",
    "rows",
    "files",
    "users",
    "accounts",
    "customers",
    "orders",
    "tests",
    "code",
    "models",
    "documents",
    "project",
    "app",
    "application",
    "system",
    "everything",
];
const ALL: &[&str] = &["all", "every", "entire", "whole", "complete", "full"];
/// Words by which something is done anew, or done at all.
const REDO: &[&str] = &[
    "rewrite",
    "rewriting",
    "redo",
    "rebuild",
    "reimplement",
    "redesign",
    "replace",
    "port",
    "convert",
    "migrate",
    "refactor",
    "restructure",
    "change",
    "fix",
    "do",
    "improve",
    "optimize",
    "implement",
    "make",
    "remake",
    "upgrade",
];
const PROGRAM: &[&str] = &[
    "app",
    "application",
    "project",
    "codebase",
    "system",
    "program",
    "backend",
    "server",
    "site",
    "website",
    "code",
    "product",
];
/// What follows `everything` and gives it an edge.
const EDGE: &[&str] = &[
    "about", "that", "which", "related", "in", "from", "under", "of", "with", "for", "except", "around", "on",
    "needed", "below",
];

pub(super) fn find(scene: &Scene<'_>) -> Vec<Finding> {
    let words = &scene.goal.words;
    let destroyed = destroyed(words).map(|what| {
        finding(
            "destructive-goal",
            "destruction-meant",
            format!("The goal would destroy what cannot be brought back: {what}"),
            format!(
                "The goal would {what}. What exactly is to go, what has to stay, and from where is it brought back if \
                 that was wrong?"
            ),
            "Nobody can take back what is deleted. What is meant has to be said in words of your own; nothing is \
             recommended here.",
        )
    });
    let endless = boundless(words).map(|what| {
        finding(
            "boundless-goal",
            "smallest-part",
            format!("\"{what}\" has no edge"),
            format!(
                "The goal says \"{what}\". Which smallest part of it would be useful by itself, and in which files?"
            ),
            "Work without an edge is never complete, and cannot be reviewed. The part has to be said in words of your \
             own; nothing is recommended here.",
        )
    });
    destroyed.into_iter().chain(endless).collect()
}

/// Somebody's own words settle it, and nothing less.
fn finding(rule: &'static str, id: &str, claim: String, text: String, why: &str) -> Finding {
    Finding {
        rule,
        id: id.to_owned(),
        claim,
        blocking: true,
        confidence: 0.1,
        impact: 5,
        design: true,
        invalid: true,
        text,
        why: why.to_owned(),
        options: Vec::new(),
        recommended: None,
        facts: Vec::new(),
        unless: &[],
    }
}

/// `delete the whole database`, and not `delete the database index` or `remove a user from the database`.
fn destroyed(words: &Words) -> Option<String> {
    (0..words.len()).find_map(|at| {
        let verb = words.get(at).filter(|verb| DESTROY.contains(verb) && !words.negated(at))?;
        let mut end = at + 1;
        let mut all = false;
        while let Some(word) = words.get(end).filter(|word| BETWEEN.contains(word)) {
            all |= ALL.contains(&word);
            // `drop production` is `production` itself, when nothing follows.
            if IRREPLACEABLE.contains(&word) && ends(words, end + 1) {
                break;
            }
            end += 1;
        }
        let object = words.get(end)?;
        let irreplaceable =
            IRREPLACEABLE.contains(&object) || (all && ALL_OF.contains(&object)) || object == "everything";
        (irreplaceable && ends(words, end + 1)).then(|| {
            let said: Vec<&str> = (at + 1..=end).filter_map(|index| words.get(index)).collect();
            inline(&format!("{verb} {}", said.join(" ")), 80)
        })
    })
}

/// What was named ends here: no noun follows that it would belong to.
fn ends(words: &Words, at: usize) -> bool {
    const AFTER: &[&str] = &[
        "and",
        "or",
        "then",
        "but",
        "also",
        "so",
        "to",
        "before",
        "after",
        "when",
        "now",
        "plus",
        "while",
        "because",
        "please",
        "completely",
        "entirely",
        "again",
        "too",
        "with",
        "by",
        "first",
        "for",
        "in",
        "on",
        "it",
        "we",
    ];
    let bounded = words.get(at - 1) == Some("everything") && words.get(at).is_some_and(|next| EDGE.contains(&next));
    !bounded && words.get(at).is_none_or(|next| AFTER.contains(&next))
}

/// `rewrite everything`, `rewrite the whole app`, `start from scratch`.
fn boundless(words: &Words) -> Option<String> {
    if let Some(at) =
        words.affirmed("from scratch").filter(|at| (at.saturating_sub(6)..*at).any(|index| redoes(words, index)))
    {
        let start = (at.saturating_sub(6)..at).find(|index| redoes(words, *index))?;
        return Some(span(words, start, at + 1));
    }
    (0..words.len()).filter(|at| redoes(words, *at) && !words.negated(*at)).find_map(|at| {
        let next = words.get(at + 1)?;
        if next == "everything" {
            return words
                .get(at + 2)
                .is_none_or(|next| !EDGE.contains(&next) || next == "in")
                .then(|| span(words, at, at + 1));
        }
        // `the whole app`, `all of the code`, `all our code`.
        let mut end = at + 1;
        let mut all = false;
        while let Some(word) = words.get(end).filter(|word| BETWEEN.contains(word)) {
            all |= ALL.contains(&word);
            end += 1;
        }
        let program = words.get(end).is_some_and(|word| PROGRAM.contains(&word));
        // `rewrite the app in Rust` is all of it, though it does not say so.
        let language =
            matches!(words.get(at), Some("rewrite" | "port" | "reimplement")) && words.get(end + 1) == Some("in");
        let follows = words
            .get(end + 1)
            .is_none_or(|next| matches!(next, "in" | "to" | "into" | "and" | "with" | "using" | "so" | "from"));
        (program && follows && (all || language)).then(|| span(words, at, end))
    })
}

fn redoes(words: &Words, at: usize) -> bool {
    words.get(at).is_some_and(|word| REDO.contains(&word) || matches!(word, "start" | "begin" | "build"))
}

fn span(words: &Words, from: usize, to: usize) -> String {
    let said: Vec<&str> = (from..=to).filter_map(|index| words.get(index)).collect();
    inline(&said.join(" "), 80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_brought_back_is_noticed() {
        for (goal, what) in [
            ("Rewrite everything in Rust and delete the database", Some("delete the database")),
            ("Drop all tables", Some("drop all tables")),
            ("wipe production", Some("wipe production")),
            ("Get rid of the whole codebase", Some("rid of the whole codebase")),
            ("Delete everything", Some("delete everything")),
            ("Delete all users and start over", Some("delete all users")),
            ("Delete the database index on email", None),
            ("Remove a user from the database", None),
            ("Remove everything about coupons", None),
            ("Let users delete their account", None),
            ("Delete all sessions of a user on logout", None),
            ("Never delete the database", None),
            ("Remove the legacy coupon endpoint", None),
            ("Drop the database connection when idle", None),
            ("Clear the cart after checkout", None),
        ] {
            assert_eq!(destroyed(&Words::of(goal)).as_deref(), what, "{goal}");
        }
    }

    #[test]
    fn what_has_no_edge_is_noticed() {
        for (goal, what) in [
            ("Rewrite everything in Rust and delete the database", Some("rewrite everything")),
            ("Rewrite the whole app", Some("rewrite the whole app")),
            ("Rewrite the project in Go", Some("rewrite the project")),
            ("Fix everything", Some("fix everything")),
            ("Rebuild it from scratch", Some("rebuild it from scratch")),
            ("Refactor all of our code", Some("refactor all of our code")),
            ("Refactor the order routes", None),
            ("Fix everything that the linter reports", None),
            ("Write a README from scratch", None),
            ("Convert the project to TypeScript", None),
            ("Make the app faster", None),
            ("Rewrite the query in the order route", None),
        ] {
            assert_eq!(boundless(&Words::of(goal)).as_deref(), what, "{goal}");
        }
    }
}
