//! What kind of work a goal wants, as far as its wording is sure to say it.
//!
//! A statement of what is wrong is a bug, whatever nouns it has; taking away or rewording code is a refactoring, and takes no
//! behaviour away; a feature has a verb that creates. What is none of these is not guessed: it is asked about.

mod code;
mod faults;
mod orders;

use self::code::{gathers, moves_code, on_code, restyles};
use self::faults::describes_a_failure;
use self::orders::{IMPERATIVES, lets};
use super::clauses;
use super::lexicon::{ACTORS, KINDS};
use super::nouns::is_actor;
use super::text::Words;

pub(super) use self::code::converts;
pub(super) use self::faults::{accuses, states_a_fault};
pub(super) use self::orders::{is_order, orders};

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
    if adds_in_the_end(words) {
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
                // `Lock an account after five failed logins` is told to be done, whatever fails in it.
                let failure = *kind == Kind::Bug && at > 0 && orders(words);
                (!other && !noun && !failure).then_some((at, *kind))
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

/// `GET /accounts returns every account at once. Add pagination`: what is told first is why.
pub(super) fn adds_in_the_end(words: &Words) -> bool {
    (1..words.len()).any(|at| {
        words.pauses_after(at - 1)
            && matches!(words.get(at), Some("add" | "implement" | "introduce"))
            && matches!(words.get(at + 1), Some(next) if next.len() > 1 && !matches!(next, "to" | "up"))
    }) && !words.has("fix*")
}

/// After an article or an adjective no verb stands.
fn is_noun(words: &Words, at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| words.get(before));
    matches!(before, Some("the" | "a" | "an" | "this" | "that" | "our" | "of" | "its" | "their" | "each" | "every"))
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

/// `Soft-delete comments` keeps them.
fn soft(words: &Words, at: usize) -> bool {
    at.checked_sub(1).and_then(|before| words.get(before)) == Some("soft")
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
