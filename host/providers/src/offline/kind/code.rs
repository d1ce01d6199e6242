//! Work on the code that changes nothing of what it does.

use super::super::text::Words;

/// Work on the code that takes no behaviour away: `remove duplicate code`, `get rid of the repeated checks`.
pub(super) fn on_code(words: &Words) -> bool {
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
pub(super) fn gathers(words: &Words) -> bool {
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

/// The same done in another way of writing: `use async/await instead of then/catch`.
pub(super) fn restyles(words: &Words) -> bool {
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

/// `Move the validation out of the service into a module` changes where code stands, and not what it does.
pub(super) fn moves_code(words: &Words) -> bool {
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

/// `Migrate to TypeScript`: another language is the work, and no part of the code is its place.
pub(in crate::offline) fn converts(words: &Words) -> bool {
    const VERBS: &[&str] = &["migrat*", "convert*", "port", "porting", "rewrite", "switch", "move", "change", "adopt*"];
    const LANGUAGES: &[&str] = &["to typescript", "into typescript", "to ts", "into ts", "in typescript"];
    const ASKED: &[&str] =
        &["adopt typescript", "add typescript", "use typescript", "introduce typescript", "typescript support"];
    (words.any(VERBS).is_some() && words.any(LANGUAGES).is_some()) || words.any(ASKED).is_some()
}
