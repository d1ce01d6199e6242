//! Lists, pages and packages that a goal takes for granted, and that are not there: `to the article list` of a project without
//! articles, `Replace express-session` of one without sessions.

use certus_engine::Fact;

use super::Finding;
use crate::offline::facts::{Route, at_place, is_or_below, named_in, quoted, said, telling};
use crate::offline::goal::Kind;
use crate::offline::lexicon::STOP;
use crate::offline::nouns::is_actor;
use crate::offline::scene::Scene;
use crate::offline::text::{code, counted, listed, stem};

/// What exists and could be meant, named at most.
const NEAREST: usize = 4;
/// The question about what a list or a page is of.
pub(in crate::offline) const SUBJECT: &str = "named-subject";

/// Parts of a program that are of something: `the article list`.
const PARTS: &[&str] = &[
    "list",
    "lists",
    "listing",
    "endpoint",
    "endpoints",
    "route",
    "routes",
    "page",
    "pages",
    "form",
    "collection",
    "table",
];
/// Names of parts that say nothing about what is stored.
const GENERAL: &[&str] = &[
    "home", "start", "landing", "main", "front", "index", "whole", "full", "first", "last", "public", "web", "rest",
    "api", "error", "entry", "root", "same", "login", "admin", "search", "static", "own", "right", "new", "old",
    "slow",
];
/// Packages that goals name by a bare word.
const PACKAGES: &[&str] = &[
    "morgan",
    "winston",
    "pino",
    "passport",
    "mongoose",
    "sequelize",
    "prisma",
    "knex",
    "typeorm",
    "bcrypt",
    "bcryptjs",
    "argon2",
    "moment",
    "lodash",
    "axios",
    "joi",
    "zod",
    "jest",
    "mocha",
    "nodemailer",
    "multer",
    "helmet",
    "dotenv",
    "jsonwebtoken",
    "ejs",
    "pug",
    "handlebars",
    "nodemon",
    "eslint",
];

pub(super) fn find(scene: &Scene<'_>) -> Vec<Finding> {
    subject(scene).map(|noun| of_nothing(scene, &noun)).into_iter().chain(package(scene)).collect()
}

/// What the goal calls a list or a page by, where nothing in the project is called so.
pub(in crate::offline) fn subject(scene: &Scene<'_>) -> Option<String> {
    let goal = &scene.goal;
    let words = &goal.words;
    if scene.facts.routes().is_empty()
        || !goal.requests.is_empty()
        || !goal.files.is_empty()
        || matches!(goal.kind, Kind::Docs | Kind::Unclear)
    {
        return None;
    }
    let comes = |word: &str| matches!(word, "add" | "create" | "build" | "introduce" | "implement" | "new" | "show");
    let noun = (2..words.len().saturating_sub(1)).find_map(|at| {
        let (the, noun, part) = (words.get(at - 1)?, words.get(at)?, words.get(at + 1)?);
        let before = words.get(at - 2).unwrap_or_default();
        (the == "the" && PARTS.contains(&part) && !comes(before) && noun.len() >= 3).then_some(noun)
    })?;
    // `the 404 page` is a status.
    let status = noun.starts_with(|letter: char| letter.is_ascii_digit());
    let general = status || STOP.contains(&noun) || GENERAL.contains(&noun) || is_actor(noun);
    let nouns = [stem(noun).to_owned()];
    let aside =
        |fact: &Fact| ["dependency", "script", "readme", "constraint"].iter().any(|key| is_or_below(&fact.key, key));
    let there = scene.facts.iter().filter(|fact| !aside(fact)).any(|fact| {
        let place = fact.source.as_ref();
        let path = place.map_or("", |place| place.path.as_str());
        named_in([fact.key.as_str(), fact.value.as_str(), path], &nouns) > 0
    });
    (!general && !there).then(|| noun.to_owned())
}

fn of_nothing(scene: &Scene<'_>, noun: &str) -> Finding {
    let routes = scene.facts.routes();
    let models = scene.facts.models().len();
    let lists =
        |route: &&Route<'_>| route.method == "GET" && !route.path.contains([':', '*', '{']) && route.path.len() > 1;
    let mut near: Vec<&Route<'_>> = routes.iter().filter(lists).collect();
    // What is kept is listed: `/users` of a project with users comes before `/about`.
    let names: Vec<String> =
        scene.facts.models().iter().map(|model| stem(&model.name.to_lowercase()).to_owned()).collect();
    near.sort_by_key(|route| {
        let last = route.path.rsplit('/').next().unwrap_or_default();
        std::cmp::Reverse(named_in([last], &names))
    });
    near.truncate(NEAREST);
    let mut options: Vec<String> =
        near.iter().map(|route| format!("{} is meant{}", route.name(), at_place(route.fact))).collect();
    options
        .push(format!("None of them: there is no {} yet, and where it comes from I say in the answer", code(noun, 40)));
    absent(
        SUBJECT,
        format!("The goal speaks of {}, and nothing in the project is called so", code(noun, 40)),
        format!(
            "Nothing in the project is called {}: it was looked for among {} and {}. What is meant?",
            code(noun, 40),
            counted(routes.len(), "route"),
            counted(models, "model")
        ),
        options,
        near.iter().map(|route| route.fact.id.clone()).collect(),
    )
}

/// A package that is to be replaced or removed has to be there.
fn package(scene: &Scene<'_>) -> Option<Finding> {
    let goal = &scene.goal;
    let packages = scene.facts.select("dependency").filter(|fact| fact.cited).count();
    if packages == 0 || !(goal.replaces() || matches!(goal.kind, Kind::Removal | Kind::Upgrade)) {
        return None;
    }
    let name = gone(&scene.view.goal)?;
    let lower = name.to_lowercase();
    let spaced = lower.replace('-', " ");
    let there = scene.facts.iter().any(|fact| {
        let quote = fact.source.as_ref().map_or("", |place| place.quote.as_str()).to_lowercase();
        let told = fact.value.to_lowercase();
        fact.key.to_lowercase().contains(&lower)
            || told.contains(&lower)
            || quote.contains(&lower)
            || told.contains(&spaced)
    });
    if there {
        return None;
    }
    // What does its work instead is what the goal may mean.
    let instead = |selectors: &[&str]| -> Vec<&Fact> {
        let mut keys: Vec<&str> = Vec::new();
        let found = selectors
            .iter()
            .flat_map(|selector| scene.facts.select(selector))
            .filter(|fact| fact.cited && telling(fact));
        found
            .filter(|fact| {
                let new = !keys.contains(&fact.key.as_str());
                keys.push(&fact.key);
                new
            })
            .take(2)
            .collect()
    };
    let mut found: Vec<&Fact> = Vec::new();
    if goal.about("authentication") {
        found = instead(&["auth.session", "session", "auth.jwt", "auth.passport"]);
    }
    if found.is_empty() {
        found = goal.topics.iter().flat_map(|topic| instead(topic.facts)).take(2).collect();
    }
    let beside = match found.as_slice() {
        [] => "Nothing that does its work was found either.".to_owned(),
        found => format!("Found instead: {}.", listed(&found.iter().map(|fact| quoted(fact)).collect::<Vec<_>>())),
    };
    let mut options: Vec<String> = found.iter().map(|fact| format!("{} is meant", said(fact))).collect();
    options
        .push(format!("None of it: {} is not to be replaced, and what is wanted I say in the answer", code(name, 60)));
    let ids = found.iter().map(|fact| fact.id.clone()).collect();
    Some(absent(
        "named-package",
        format!("The goal names the package {}, and the project does not depend on it", code(name, 60)),
        format!(
            "There is no {} here: it was looked for among {}. {beside} What is meant?",
            code(name, 60),
            counted(packages, "package"),
        ),
        options,
        ids,
    ))
}

/// The package that a goal wants away: the first name after the verb that only a package can have.
fn gone(goal: &str) -> Option<&str> {
    const VERBS: &[&str] = &["replace", "remove", "drop", "upgrade", "from", "bump"];
    let edge = |letter: char| !letter.is_alphanumeric() && letter != '@';
    let words: Vec<&str> = goal.split_whitespace().map(|word| word.trim_matches(edge)).collect();
    let verb = words.iter().position(|word| VERBS.contains(&word.to_lowercase().as_str()))?;
    let end = |word: &&&str| !matches!(word.to_lowercase().as_str(), "with" | "by" | "to" | "into" | "for");
    words[verb + 1..].iter().take_while(end).copied().find(|word| {
        let scoped = word.starts_with('@') && word.contains('/');
        // `express-session` is a package, `hand-written` is none: its first part is one.
        let first = word.split('-').next().unwrap_or_default().to_lowercase();
        let joined =
            word.contains('-') && (PACKAGES.contains(&first.as_str()) || OF_PACKAGES.contains(&first.as_str()));
        scoped || joined || PACKAGES.contains(&word.to_lowercase().as_str())
    })
}

/// First parts of names that many packages have.
const OF_PACKAGES: &[&str] = &[
    "express", "connect", "koa", "fastify", "socket", "cookie", "body", "node", "react", "vue", "rate", "csurf", "http",
];

fn absent(id: &str, claim: String, text: String, options: Vec<String>, facts: Vec<String>) -> Finding {
    Finding {
        rule: "named-but-absent",
        id: id.to_owned(),
        claim,
        blocking: true,
        confidence: 0.1,
        impact: 5,
        design: true,
        invalid: true,
        text,
        why: "Work on something that does not exist would be done on something else.".to_owned(),
        options,
        // Which one is meant, only a person knows.
        recommended: None,
        facts,
        unless: &[],
    }
}
