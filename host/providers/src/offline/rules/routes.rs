//! Routes that do already what a goal asks for: the goal's verb and its object against method and path.
//!
//! `Users should be able to delete their account` is `POST /account/delete`. A goal that says more than verb and object
//! (`… after a week`) is about a difference, and is not compared.

use super::Finding;
use crate::offline::facts::{Route, place, quoted};
use crate::offline::goal::Kind;
use crate::offline::lexicon::STOP;
use crate::offline::nouns::{is_actor, names_people};
use crate::offline::scene::Scene;
use crate::offline::text::{Words, stem};

/// What verbs of a goal look like as a route.
struct Action {
    /// In a goal, as a verb or as a noun (`account deletion`).
    says: &'static [&'static str],
    methods: &'static [&'static str],
    /// Words of a path or a handler by which another method (`POST /account/delete`) means the same.
    path: &'static [&'static str],
}

const ACTIONS: &[Action] = &[
    Action {
        says: &["delete", "remove", "deleting", "removing", "deletion", "close", "erase"],
        methods: &["DELETE"],
        path: &["delete", "remove", "destroy"],
    },
    Action { says: &["cancel", "cancelling", "canceling", "cancellation"], methods: &["DELETE"], path: &["cancel"] },
    Action { says: &["register", "registration", "signup"], methods: &["POST"], path: &["register", "signup"] },
    Action {
        says: &["update", "edit", "change", "modify", "updating", "editing", "changing"],
        methods: &["PUT", "PATCH"],
        path: &["update", "edit", "change"],
    },
    Action { says: &["list", "show", "see", "view", "browse", "read", "get"], methods: &["GET"], path: &[] },
    Action { says: &["follow", "following"], methods: &[], path: &["follow"] },
    Action {
        says: &["favorite", "favourite", "like", "favoriting", "liking"],
        methods: &[],
        path: &["favorite", "like"],
    },
    Action {
        says: &["add", "create", "post", "submit", "write", "creating", "posting", "creation"],
        methods: &["POST"],
        path: &["create", "add", "new"],
    },
];

/// What may stand beside verb and object without making the goal another one.
const IDLE: &[&str] = &[
    "their",
    "own",
    "list",
    "able",
    "account",
    "button",
    "possibility",
    "ability",
    "option",
    "function",
    "via",
    "api",
    "rest",
    "way",
    "one",
    "ones",
    "themselves",
];

/// What a goal calls the whole project: `add login to the shop` wants no more than `add login`.
const WHOLE: &[&str] = &[
    "shop",
    "app",
    "application",
    "project",
    "program",
    "site",
    "website",
    "service",
    "server",
    "backend",
    "system",
    "platform",
];

/// `To the shop`, `in our app`.
fn is_whole(words: &Words, at: usize) -> bool {
    let before = |count: usize| at.checked_sub(count).and_then(|before| words.get(before));
    words.get(at).is_some_and(|word| WHOLE.contains(&word))
        && before(1).is_some_and(|word| matches!(word, "the" | "our" | "this" | "my"))
        && before(2).is_some_and(|word| matches!(word, "to" | "into" | "in" | "for" | "of" | "on"))
}

pub(super) fn find(scene: &Scene<'_>) -> Vec<Finding> {
    covering(scene).map(|route| vec![finding(&route)]).unwrap_or_default()
}

pub(super) fn finding(route: &Route<'_>) -> Finding {
    let options = [
        "Check by a test that it does what the goal says, and complete what it lacks",
        "It does something else or does it wrongly: what, I say in the answer",
        "A second way beside it, for a reason that I name in the answer",
        "Nothing: it is enough as it is",
    ]
    .map(str::to_owned)
    .to_vec();
    // Where the line says no more than the route, the place is enough.
    let line = quoted(route.fact);
    let there = match place(route.fact) {
        Some(at) if !line.starts_with('`') => format!("{} at {at} seems to do this already.", route.name()),
        _ => format!("{} seems to do this already: {line}.", route.name()),
    };
    Finding {
        rule: "existing-overlap",
        id: "existing-route".to_owned(),
        claim: format!("{} seems to do what the goal asks for, and what it lacks is not said", route.name()),
        blocking: false,
        confidence: 0.1,
        impact: 5,
        design: true,
        invalid: true,
        text: format!("{there} What is missing, or wrong about it?"),
        why: "A second way to the same thing is a second place for every later change.".to_owned(),
        recommended: options.first().cloned(),
        options,
        facts: vec![route.fact.id.clone()],
        unless: &[],
    }
}

/// The route with the shortest path that does it.
fn covering<'a>(scene: &Scene<'a>) -> Option<Route<'a>> {
    let goal = &scene.goal;
    if !matches!(goal.kind, Kind::Feature | Kind::Unclear) || !goal.paths.is_empty() {
        return None;
    }
    let (action, at) = action(&goal.words)?;
    let objects = objects(&goal.words, action, at)?;
    let routes = scene.facts.routes();
    let mut covering: Vec<Route<'a>> = routes.into_iter().filter(|route| does(route, action, &objects)).collect();
    covering.sort_by_key(|route| route.path.len());
    covering.into_iter().next()
}

/// The goal says what somebody does: that is the example of its use.
pub(super) fn acts(words: &Words) -> bool {
    action(words).is_some_and(|(_, at)| at > 0)
}

/// The verb of the goal. `Add an endpoint to delete users` is about deleting.
fn action(words: &Words) -> Option<(&'static Action, usize)> {
    let found = |action: &'static Action| {
        let at = (0..words.len()).find(|at| {
            words.get(*at).is_some_and(|word| action.says.contains(&word)) && is_verb(words, *at) && !words.negated(*at)
        })?;
        Some((action, at))
    };
    let mut all: Vec<(&'static Action, usize)> = ACTIONS.iter().filter_map(found).collect();
    all.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
    // The last verb: what stands before it (`add`, `allow`) is how the wish is worded. Two real ones are two wishes.
    let wording = |at: usize| matches!(words.get(at), Some("add" | "create" | "write" | "like"));
    match all.as_slice() {
        [one] => Some(*one),
        [last, rest @ ..] if rest.iter().all(|(_, at)| wording(*at)) => Some(*last),
        _ => None,
    }
}

/// At the beginning, or after what a verb follows. A noun such as `deletion` is one wherever it stands.
fn is_verb(words: &Words, at: usize) -> bool {
    let noun = words.get(at).is_some_and(|word| word.ends_with("ion"));
    let before = at.checked_sub(1).and_then(|before| words.get(before));
    noun || before.is_none_or(|word| {
        matches!(word, "to" | "can" | "should" | "could" | "must" | "may" | "and" | "or" | "let" | "for" | "able")
            || is_actor(word)
            || names_people(words, at - 1)
    })
}

/// Stems of what the verb is about; absent where the goal says anything besides. An actor counts only after the verb.
fn objects(words: &Words, action: &Action, verb: usize) -> Option<Vec<String>> {
    let mut objects: Vec<String> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if at == verb || action.says.contains(&word) || (at < verb && (is_actor(word) || names_people(words, at))) {
            continue;
        }
        let object = stem(word).to_owned();
        let idle = (IDLE.contains(&word) && word != "account") || is_whole(words, at);
        if idle || word.len() < 3 || STOP.contains(&word) || objects.contains(&object) {
            // A word that changes what is wanted makes it another wish.
            if matches!(
                word,
                "without" | "not" | "after" | "before" | "only" | "when" | "if" | "sometimes" | "again" | "more"
            ) {
                return None;
            }
            continue;
        }
        objects.push(object);
    }
    (!objects.is_empty() && objects.len() <= 3).then_some(objects)
}

fn does(route: &Route<'_>, action: &Action, objects: &[String]) -> bool {
    let segments: Vec<&str> =
        route.path.split('/').filter(|part| !part.is_empty() && !part.starts_with([':', '*', '{'])).collect();
    let stems = |text: &str| -> Vec<String> { Words::of_code(text).iter().map(|word| stem(word).to_owned()).collect() };
    let path: Vec<String> = segments.iter().flat_map(|part| stems(part)).collect();
    let handler = stems(route.handler);
    let says = |words: &[String]| words.iter().any(|word| action.path.contains(&word.as_str()));
    let by_path = !path.is_empty() && says(&path);
    let method = action.methods.contains(&route.method) || (by_path && route.method != "GET");
    // The last part of the path that is no verb has to be an object: comments below an article are no article.
    let last = segments.iter().rev().map(|part| stems(part)).find(|part| !says(part));
    let is = |object: &str, words: &[String]| {
        words.iter().any(|word| word == object || (word == "user" && matches!(object, "account" | "profile")))
    };
    let about = last.is_some_and(|part| objects.iter().any(|object| is(object, &part)));
    let whole = objects.iter().all(|object| is(object, &path) || is(object, &handler));
    // A form that is shown is not what is done; neither is one of another verb (`POST /users/login`).
    let other = ACTIONS
        .iter()
        .any(|other| !std::ptr::eq(other, action) && path.iter().any(|word| other.path.contains(&word.as_str())));
    method && about && whole && (!other || by_path)
}
