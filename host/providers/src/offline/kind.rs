//! What kind of work a goal wants, as far as its wording is sure to say it.
//!
//! A statement of what is wrong is a bug, whatever nouns it has; taking away or rewording code is a refactoring, and takes no
//! behaviour away; a feature has a verb that creates. What is none of these is not guessed: it is asked about.

use super::clauses;
use super::lexicon::{ACTORS, FAILURES, KINDS};
use super::nouns::is_actor;
use super::text::Words;

/// What kind of work is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Feature,
    Bug,
    Refactoring,
    Removal,
    Upgrade,
    Performance,
    Docs,
    /// The wording does not say for sure.
    Unclear,
}

impl Kind {
    /// For people.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Feature => "feature",
            Self::Bug => "bug fix",
            Self::Refactoring => "refactoring",
            Self::Removal => "removal",
            Self::Upgrade => "upgrade",
            Self::Performance => "performance work",
            Self::Docs => "documentation",
            Self::Unclear => "change",
        }
    }
}

/// `Fix the typo in the README`: a text that people read is corrected, and no program does anything wrong.
fn is_of_text(words: &Words) -> bool {
    let first = words.get(0).unwrap_or_default();
    matches!(first, "fix" | "correct" | "update" | "proofread" | "reword")
        && ["typo", "typos", "spelling", "readme", "changelog", "contributing"].iter().any(|text| words.has(text))
}

pub(super) fn kind(words: &Words, has_subject: bool) -> Kind {
    if gathers(words) {
        return Kind::Refactoring;
    }
    if is_of_text(words) {
        return Kind::Docs;
    }
    if acts_on(words) || gives(words) || lets(words) {
        return Kind::Feature;
    }
    if describes_a_failure(words) {
        return Kind::Bug;
    }
    if on_code(words) || restyles(words) || converts(words) || moves_code(words) {
        return Kind::Refactoring;
    }
    let main = clauses::main(words);
    let asked = |pattern: &&str| words.affirmed_where(pattern, |at| main.get(at).copied().unwrap_or_default());
    let refactoring = KINDS.iter().filter(|(kind, ..)| *kind == Kind::Refactoring).flat_map(|(_, _, all)| all.iter());
    if refactoring.filter_map(&asked).next().is_none() && states_a_fault(words) {
        return Kind::Bug;
    }
    // What somebody is to be able to remove is a feature: `let users delete their account`.
    let actor = ACTORS.iter().filter_map(|actor| words.affirmed(actor)).min();
    let of_people = |kind: Kind, at: usize| kind == Kind::Removal && actor.is_some_and(|actor| actor < at);
    for strong in [true, false] {
        let first = KINDS
            .iter()
            .filter(|(_, is_strong, _)| *is_strong == strong)
            .filter_map(|(kind, _, patterns)| {
                let at = patterns.iter().filter_map(&asked).min()?;
                let other = of_people(*kind, at) || (*kind == Kind::Removal && soft(words, at));
                // `The log`, `a store`: many verbs that create are nouns where they stand.
                let noun = strong && *kind == Kind::Feature && is_noun(words, at);
                (!other && !noun).then_some((at, *kind))
            })
            .min();
        if let Some((_, kind)) = first {
            return kind;
        }
    }
    if words.get(0).is_some_and(|first| IMPERATIVES.contains(&first)) || (orders(words) && !has_subject) {
        return Kind::Unclear;
    }
    let removal = KINDS.iter().filter(|(kind, ..)| *kind == Kind::Removal).flat_map(|(_, _, patterns)| patterns.iter());
    let granted = actor.is_some() && removal.into_iter().any(|pattern| words.affirmed(pattern).is_some());
    // A bare subject (`JWT authentication`) is wished for.
    if has_subject || granted { Kind::Feature } else { Kind::Unclear }
}

/// Orders that say what to do and not what kind of work it is.
const IMPERATIVES: &[&str] = &[
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
pub(super) fn orders(words: &Words) -> bool {
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
fn lets(words: &Words) -> bool {
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
pub(super) fn is_order(first: &str) -> bool {
    let works =
        |pattern: &&str| *pattern == first || pattern.strip_suffix('*').is_some_and(|start| first.starts_with(start));
    IMPERATIVES.contains(&first) || KINDS.iter().flat_map(|(_, _, patterns)| patterns.iter()).any(works)
}

/// After an article or an adjective no verb stands.
fn is_noun(words: &Words, at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| words.get(before));
    matches!(before, Some("the" | "a" | "an" | "this" | "that" | "our" | "of" | "its" | "their" | "each" | "every"))
}

/// Work on the code that takes no behaviour away: `remove duplicate code`, `get rid of the repeated checks`.
fn on_code(words: &Words) -> bool {
    const TAKES: &[&str] = &[
        "remove*",
        "removing",
        "delete",
        "drop",
        "get rid",
        "eliminate",
        "strip",
        "avoid",
        "reduce",
        "merge",
        "unify",
        "clean",
    ];
    const ALIKE: &[&str] = &[
        "duplicat*",
        "repeat*",
        "repetitive",
        "copied",
        "copy pasted",
        "dead",
        "redundant",
        "unused",
        "unneeded",
        "unreachable",
        "commented out",
        "superfluous",
    ];
    const CODE: &[&str] = &[
        "code",
        "check*",
        "logic",
        "quer*",
        "function*",
        "handler*",
        "import*",
        "variable*",
        "helper*",
        "block*",
        "branch*",
        "validation*",
        "line*",
        "method*",
        "statement*",
        "comment*",
        "parameter*",
    ];
    const BY_ITSELF: &[&str] =
        &["boilerplate", "duplication", "repetition", "console log*", "magic number*", "dead code"];
    const OF_CODE: &[&str] = &["code in", "logic in", "checks in", "code from", "logic from", "checks from"];
    words.any(TAKES).is_some()
        && ((words.any(ALIKE).is_some() && words.any(CODE).is_some())
            || words.any(BY_ITSELF).is_some()
            || words.any(OF_CODE).is_some())
}

/// The same stands in several places, and is to stand in one: `repeated in every controller, turn it into one helper`.
fn gathers(words: &Words) -> bool {
    const ALIKE: &[&str] = &[
        "duplicat*",
        "repeat*",
        "copied",
        "copy pasted",
        "nearly the same",
        "almost the same",
        "the same in",
        "the same code",
        "the same check*",
        "the same logic",
        "identical",
    ];
    const GATHERED: &[&str] = &[
        "move it",
        "move them",
        "move this",
        "move that",
        "turn it into",
        "turn them into",
        "turn this into",
        "make one out of",
        "make it one",
        "make them one",
        "put it in",
        "put it into",
        "put them in",
        "into one",
        "into a helper",
        "into a shared",
        "into a common",
        "into a single",
        "in one place",
        "to one place",
    ];
    /// Places of code: data stands in none of these.
    const CODE: &[&str] = &[
        "controllers",
        "services",
        "modules",
        "routers",
        "handlers",
        "functions",
        "every controller",
        "every handler",
        "every service",
        "each controller",
        "each handler",
        "each service",
    ];
    const STANDS: &[&str] = &["is repeated", "is duplicated", "is copied", "is nearly the same", "is almost the same"];
    words.any(ALIKE).is_some() && words.any(GATHERED).is_some()
        || words.any(STANDS).is_some() && words.any(CODE).is_some()
}

/// `When an order ships, email the customer`: what follows the occasion is an order to do something new.
fn acts_on(words: &Words) -> bool {
    const OCCASIONS: &[&str] = &["when", "whenever", "once", "after", "if", "as soon as", "every time"];
    const ACTS: &[&str] =
        &["email", "mail", "send", "log", "notify", "tell", "inform", "store", "record", "create", "add", "post"];
    OCCASIONS.iter().any(|occasion| words.is_at(occasion, 0))
        && (0..words.len()).find(|at| words.pauses_after(*at)).is_some_and(|pause| {
            words.get(pause + 1).is_some_and(|word| ACTS.contains(&word))
                && !words.get(pause + 2).is_some_and(|word| clauses::TELLING.contains(&word))
        })
}

/// `Give users a public profile`.
fn gives(words: &Words) -> bool {
    let whom = 1 + usize::from(matches!(words.get(1), Some("the" | "every" | "each" | "all" | "our")));
    words.get(0) == Some("give")
        && words.get(whom).is_some_and(is_actor)
        && matches!(words.get(whom + 1), Some("a" | "an" | "their"))
}

/// What an answer says of the kind that rules read, where it denies it: `Nothing is broken, this is a refactoring`.
pub(super) fn corrected(kind: Kind, answer: &Words) -> Option<Kind> {
    const NO_BUG: &[&str] = &[
        "nothing is broken",
        "nothing is wrong",
        "no bug",
        "not a bug",
        "isnt a bug",
        "not broken",
        "works as it should",
        "nothing goes wrong",
    ];
    const SAID: &[(Kind, &[&str])] = &[
        (Kind::Refactoring, &["is a refactoring", "just a refactoring", "only a refactoring", "a pure refactoring"]),
        (Kind::Feature, &["is a feature", "is a new feature", "a feature request"]),
        (Kind::Bug, &["is a bug", "is a bug fix"]),
    ];
    let said = SAID.iter().find(|(_, patterns)| patterns.iter().any(|pattern| answer.affirmed(pattern).is_some()));
    let denied = kind == Kind::Bug && answer.any(NO_BUG).is_some();
    match said {
        Some((said, _)) if *said != kind => Some(*said),
        _ if denied => Some(Kind::Unclear),
        _ => None,
    }
}

/// The same done in another way of writing: `use async/await instead of then/catch`.
fn restyles(words: &Words) -> bool {
    const VERBS: &[&str] =
        &["use", "switch", "replace", "convert", "migrate", "port", "rewrite", "adopt", "prefer", "change", "turn"];
    const STYLES: &[&str] = &[
        "async await",
        "await",
        "promise*",
        "callback*",
        "then catch",
        "arrow function*",
        "esm",
        "es modules",
        "es6",
        "commonjs",
        "template literal*",
        "optional chaining",
        "destructuring",
        "strict mode",
    ];
    words.get(0).is_some_and(|first| VERBS.contains(&first)) && words.any(STYLES).is_some()
}

/// It tells how something is, and nobody would tell it if it were right: `the slug is not unique`, `the mail points to
/// localhost`, `any user can edit somebody else's job`.
pub(super) fn states_a_fault(words: &Words) -> bool {
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

/// `Soft-delete comments` keeps them.
fn soft(words: &Words, at: usize) -> bool {
    at.checked_sub(1).and_then(|before| words.get(before)) == Some("soft")
}

/// `Move the validation out of the service into a module` changes where code stands, and not what it does.
fn moves_code(words: &Words) -> bool {
    const PARTS: &[&str] = &[
        "module*",
        "file*",
        "function*",
        "class",
        "classes",
        "service*",
        "controller*",
        "helper*",
        "folder*",
        "directory",
        "layer*",
        "handler*",
        "middleware*",
    ];
    words.get(0) == Some("move") && words.any(&["into", "out of", "to"]).is_some() && words.any(PARTS).is_some()
}

/// `Articles show the wrong count` tells what is, and is no order to show something: the first word is no verb of work, a word
/// of failure follows, and no wish (`users should be able to see failed orders`) stands before it.
fn describes_a_failure(words: &Words) -> bool {
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

/// `Migrate to TypeScript`: another language is the work, and no part of the code is its place.
pub(super) fn converts(words: &Words) -> bool {
    const VERBS: &[&str] = &["migrat*", "convert*", "port", "porting", "rewrite", "switch", "move", "change", "adopt*"];
    const LANGUAGES: &[&str] = &["to typescript", "into typescript", "to ts", "into ts", "in typescript"];
    const ASKED: &[&str] =
        &["adopt typescript", "add typescript", "use typescript", "introduce typescript", "typescript support"];
    (words.any(VERBS).is_some() && words.any(LANGUAGES).is_some()) || words.any(ASKED).is_some()
}

/// `accepts any password` tells what is done, and nobody would tell it if it were right; `needs a password` wishes.
pub(super) fn accuses(words: &Words) -> bool {
    const WISHES: &[&str] = &["needs", "wants", "requires", "deserves", "lacks"];
    words.get(0).is_some_and(|verb| verb.len() > 3 && verb.ends_with('s') && !WISHES.contains(&verb))
        && words.any(&["should", "must", "want", "need", "please", "has to"]).is_none()
}

#[cfg(test)]
mod tests {
    use super::Kind;
    use crate::offline::goal::Goal;

    #[test]
    fn kinds_are_told_by_how_a_goal_is_worded() {
        for (kind, goals) in [
            (
                Kind::Bug,
                &[
                    "deleted user gets 500 when their old token is used",
                    "any user can edit or delete somebody else's job by id",
                    "anyone can read other people's invoices",
                    "jobs list is sorted by oldest first, should be newest first",
                    "averageRating is not reset to 0 after the last review of a product was removed",
                    "update user email does not check whether it's taken already",
                    "delete account button is never disabled",
                    "verification mail link points to localhost",
                    "the password mail comes from the wrong sender",
                    "bootcamp slug is not unique, two bootcamps with similar names clash",
                    "logging in with a wrong password crashes the server",
                    "the refresh token never expires, fix it",
                    "after asking for a password reset a user can't log in with the old password anymore",
                    "search results are empty for words with an umlaut",
                ][..],
            ),
            (
                Kind::Refactoring,
                &[
                    "remove duplicate code in the auth controller",
                    "get rid of the repeated ownership checks in the controllers",
                    "drop the dead code in lib",
                    "remove unused imports",
                    "Use TypeScript in the backend",
                    "use async/await in the controllers instead of then/catch",
                    "convert the callbacks to promises",
                    "replace bluebird with native promises",
                    "the auth controller mixes validation with db access, clean it up",
                    "extract the order total calculation from orderController into its own service",
                    "rename full-auth middleware",
                    "split user.service into smaller files",
                ],
            ),
            (
                Kind::Removal,
                &[
                    "Remove the cart",
                    "Drop the legacy coupon endpoint",
                    "remove duplicate users",
                    "Delete the comments module",
                ],
            ),
            (
                Kind::Feature,
                &[
                    "add refresh tokens",
                    "allow customers to cancel an order as long as it is not paid",
                    "users should be able to change their password",
                    "let users mark bootcamps as favorites",
                    "send an order confirmation email when an order is paid",
                    "store hashed passwords for users and check them at login",
                    "Show orders that are not paid",
                    "Add a limit so that it does not grow",
                    "JWT authentication",
                ],
            ),
            (
                Kind::Unclear,
                &[
                    "DELETE /users/:id should only be allowed for the user himself",
                    "reduce product inventory when an order is paid",
                    "Ensure stock is reserved",
                    "stop people from reviewing a bootcamp twice",
                    "if a product is deleted its reviews should be deleted too",
                    "The total must include the tax",
                ],
            ),
        ] {
            for goal in goals {
                assert_eq!(Goal::read(goal).kind, kind, "{goal}");
            }
        }
    }
}
