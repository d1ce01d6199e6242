//! Routes and files that a goal names as if they were there, and that are not.
//!
//! Nothing can be mended, moved or removed that does not exist; going on would be about something else. What a goal adds is
//! not looked for.

use std::collections::BTreeSet;

use super::Finding;
use crate::offline::facts::{Route, at_place};
use crate::offline::goal::Kind;
use crate::offline::scene::Scene;
use crate::offline::text::{Words, code, stem};
use crate::offline::written::Requested;

/// What exists and comes nearest, named at most.
const NEAREST: usize = 3;

pub(super) fn find(scene: &Scene<'_>) -> Vec<Finding> {
    route(scene).into_iter().chain(file(scene)).collect()
}

/// The work is on what is there; a feature may name what it adds.
fn on_what_is_there(scene: &Scene<'_>) -> bool {
    !matches!(scene.goal.kind, Kind::Feature | Kind::Unclear)
}

fn route(scene: &Scene<'_>) -> Option<Finding> {
    let routes = scene.facts.routes();
    let there = |wanted: &Requested| {
        routes.iter().any(|route| {
            let method = wanted.method.is_none_or(|method| method == route.method || route.method == "ALL");
            // A pattern may answer anything.
            method && (route.is_at(&wanted.path) || route.path.contains('*'))
        })
    };
    let wanted = scene
        .goal
        .requests
        .iter()
        .find(|wanted| is_request(wanted, &routes) && expected(scene, wanted) && !there(wanted))?;
    let name = [wanted.method.unwrap_or_default(), &wanted.path].join(" ");
    let mut near: Vec<(u32, &Route<'_>)> = routes.iter().map(|route| (likeness(route, wanted), route)).collect();
    near.sort_by_key(|(likeness, route)| (std::cmp::Reverse(*likeness), route.path.len()));
    let near: Vec<&Route<'_>> =
        near.into_iter().filter(|(likeness, _)| *likeness > 0).take(NEAREST).map(|(_, route)| route).collect();
    let options = near.iter().map(|route| format!("{} is meant{}", route.name(), at_place(route.fact))).collect();
    let facts = near.iter().map(|route| route.fact.id.clone()).collect();
    Some(finding("named-route", "route", &name, routes.len(), options, facts))
}

/// A path alone may be of anything; it is a route where others begin like it.
fn is_request(wanted: &Requested, routes: &[Route<'_>]) -> bool {
    let first = |path: &str| path.split('/').find(|part| !part.is_empty()).map(str::to_lowercase);
    !routes.is_empty()
        && (wanted.method.is_some() || routes.iter().any(|route| first(route.path) == first(&wanted.path)))
}

/// `to GET /orders` is there, `Add GET /orders` is not.
fn expected(scene: &Scene<'_>, wanted: &Requested) -> bool {
    on_what_is_there(scene) || matches!(wanted.before.as_str(), "to" | "of" | "from" | "behind")
}

/// Words that two requests share.
fn likeness(route: &Route<'_>, wanted: &Requested) -> u32 {
    let stems = |path: &str| -> BTreeSet<String> {
        Words::of_code(path).iter().filter(|word| *word != "api").map(|word| stem(word).to_owned()).collect()
    };
    let shared = stems(route.path).intersection(&stems(&wanted.path)).count() * 2;
    let same = u32::from(wanted.method == Some(route.method));
    let whole = u32::from(route.is_at(&wanted.path)) * 4;
    match u32::try_from(shared).unwrap_or_default() + whole {
        0 => 0,
        likeness => likeness + same,
    }
}

fn file(scene: &Scene<'_>) -> Option<Finding> {
    let paths: BTreeSet<&str> =
        scene.facts.iter().filter_map(|fact| fact.source.as_ref()).map(|place| place.path.as_str()).collect();
    let ends = |path: &str, file: &str| {
        let (path, file) = (path.to_lowercase(), file.trim_start_matches("./").to_lowercase());
        path == file || path.ends_with(&format!("/{file}"))
    };
    // Without any file nothing was read, and nothing can be missing.
    if paths.is_empty() || !on_what_is_there(scene) {
        return None;
    }
    let wanted = scene.goal.files.iter().find(|file| {
        let name = file.rsplit('/').next().unwrap_or_default().split('.').next().unwrap_or_default();
        let package = scene.facts.has(&[&format!("dependency.{name}"), &format!("dependency.{file}")]);
        !package && !comes_new(scene, file) && !paths.iter().any(|path| ends(path, file))
    })?;
    let words = |path: &str| -> BTreeSet<String> {
        let stems = Words::of_code(path).iter().map(|word| stem(word).to_owned()).collect::<BTreeSet<_>>();
        stems.into_iter().filter(|word| !matches!(word.as_str(), "j" | "js" | "ts" | "src")).collect()
    };
    let mut near: Vec<(usize, &str)> =
        paths.iter().map(|path| (words(path).intersection(&words(wanted)).count(), *path)).collect();
    near.retain(|(shared, _)| *shared > 0);
    near.sort_by_key(|(shared, path)| (std::cmp::Reverse(*shared), path.len()));
    let near: Vec<&str> = near.into_iter().take(NEAREST).map(|(_, path)| path).collect();
    let options = near.iter().map(|path| format!("{} is meant", code(path, 120))).collect();
    let fact =
        |path: &&str| scene.facts.iter().find(|fact| fact.source.as_ref().is_some_and(|place| place.path == **path));
    let facts = near.iter().filter_map(fact).map(|fact| fact.id.clone()).collect();
    Some(finding("named-file", "file", wanted, paths.len(), options, facts))
}

/// `into payment.js`, `to a file called payment.js`: it comes into being by the change.
fn comes_new(scene: &Scene<'_>, file: &str) -> bool {
    let words = Words::of(file);
    let first = words.get(0).unwrap_or_default();
    let goal = &scene.goal.words;
    let comes = |word: &str| matches!(word, "into" | "to" | "called" | "named" | "new" | "own" | "as" | "with");
    // `into their own module accounts/emails.js`: some words before it.
    (1..goal.len())
        .filter(|at| goal.get(*at) == Some(first))
        .any(|at| (at.saturating_sub(4)..at).filter_map(|before| goal.get(before)).any(comes))
}

fn finding(id: &str, what: &str, name: &str, looked: usize, near: Vec<String>, facts: Vec<String>) -> Finding {
    let name = code(name, 120);
    let beside = match near.first() {
        Some(_) => "What comes nearest stands below.",
        None => "Nothing comes near it.",
    };
    let mut options = near;
    options
        .push(format!("None of them: {name} does not exist yet, and what that means for the goal I say in the answer"));
    Finding {
        rule: "named-but-absent",
        id: id.to_owned(),
        claim: format!("The goal names the {what} {name}, and the project has none"),
        blocking: true,
        confidence: 0.1,
        impact: 5,
        design: true,
        invalid: true,
        text: format!(
            "The goal names the {what} {name}, and none is there: it was looked for among {looked} {what}s. {beside} Which is meant?"
        ),
        why: "Work on something that does not exist would be done on something else.".to_owned(),
        options,
        // Which one is meant, only a person knows.
        recommended: None,
        facts,
        unless: &[],
    }
}
