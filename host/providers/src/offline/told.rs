//! Where the search for a bug begins: the route that does what the goal tells of.

use super::facts::{Route, named_in};
use super::goal::Goal;
use super::text::{Words, stem};

/// Verbs as a goal tells of them, the methods that do them, and the word by which a path says the same.
const VERBS: &[(&[&str], &[&str], &str)] = &[
    (&["delet*", "remov*", "unfollow*", "unfavo*"], &["DELETE"], "delete"),
    (&["cancel*"], &[], "cancel"),
    (&["ship", "shipping", "ships"], &[], "ship"),
    (&["publish*"], &["POST"], "publish"),
    (&["creat*", "post", "posting", "posted", "submit*", "add", "adding", "added"], &["POST"], "create"),
    (&["updat*", "edit*", "chang*", "modif*"], &["PUT", "PATCH"], "update"),
    (&["list", "lists", "listing", "shows", "shown", "view*", "search*"], &["GET"], "list"),
];

/// `a deleted user`, `the list`: the word says which user or what, and not what is done.
fn is_no_verb(words: &Words, at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| words.get(before));
    let article = matches!(before, Some("a" | "an" | "the" | "of" | "all" | "any" | "every" | "its" | "their"));
    let participle = words.get(at).is_some_and(|word| word.ends_with("ed"));
    article || (participle && before.is_none_or(|word| matches!(word, "for" | "with")))
}

/// Ascending: first the route with the method or the path of the goal's first verb, of these the one of what the verb is
/// about.
pub(super) fn distance(goal: &Goal, route: &Route<'_>) -> (u8, usize) {
    let words = &goal.words;
    let told = VERBS.iter().filter_map(|(verbs, methods, path)| {
        let told = |verb: &&str| words.affirmed_where(verb, |at| goal.is_main(at) && !is_no_verb(words, at));
        Some((verbs.iter().filter_map(told).min()?, *methods, *path))
    });
    let Some((verb, methods, path)) = told.min_by_key(|(at, ..)| *at) else { return (0, 0) };
    let parts: Vec<&str> =
        route.path.split('/').filter(|part| !part.is_empty() && !part.starts_with([':', '{', '*'])).collect();
    let by_path = parts.last().is_some_and(|part| Words::of_code(part).has(path)) && route.writes();
    let by_method = methods.contains(&route.method);
    let does = match (by_path, by_method) {
        (true, _) => 0,
        (false, true) => 1,
        (false, false) => 2,
    };
    // What stands nearest after the verb; what stands before it where nothing does: `orders can be cancelled`.
    let entity = parts.iter().rev().find(|part| !Words::of_code(part).has(path)).copied().unwrap_or_default();
    let at = (0..words.len()).filter(|at| {
        words.get(*at).is_some_and(|word| {
            goal.nouns.iter().any(|noun| noun == stem(word)) && named_in([entity], &[stem(word).to_owned()]) > 0
        })
    });
    let after = at.map(|at| if at > verb { at - verb } else { words.len() + verb - at }).min();
    (does, after.unwrap_or(usize::MAX))
}
