//! What stands today: facts about the goal, each as a sentence.

use certus_engine::Fact;

use super::sentence::{Section, Sentence};
use super::{Material, capital, frame};
use crate::offline::facts::{at_place, is_or_below, named_handler, telling};
use crate::offline::guards;
use crate::offline::packs;
use crate::offline::text::{code, inline};

/// Sentences of one family of facts (`route`, `model` …), and of the section.
const OF_A_FAMILY: usize = 3;
/// Sentences of one key other than a route or a model.
const OF_A_KEY: usize = 2;
const MOST: usize = 10;
/// Questions that the code answers, named at most.
const MOST_ANSWERED: usize = 3;

/// Frameworks of servers.
const SERVERS: &[&str] = &["express", "koa", "fastify", "hapi", "@nestjs/core", "restify"];

/// What says most about a topic, one fact of each.
const FIRST: &[(&str, &[&str])] =
    &[("authentication", &["auth.guard", "route.post~login", "route.post~signin", "session.use~user"])];

/// How a fact is said. `{}` stands for what was found; the place follows.
const TEMPLATES: &[(&str, &str)] = &[
    ("auth.session", "Sign-in is kept in sessions: {}"),
    ("session.store", "Sessions are stored by {}"),
    ("session.cookie", "The session cookie is set up as {}"),
    ("session.secret", "The secret of the sessions is {}"),
    ("session.use", "A handler works with {}"),
    ("cookie.set", "A cookie {} is set"),
    ("auth.jwt", "Tokens are handled by {}"),
    ("auth.passport", "Passport is put to use: {}"),
    ("auth.password-hash", "Passwords go through {}"),
    ("auth.middleware", "Routes are guarded: {}"),
    ("auth.user-loader", "Who is signed in is looked up, and nobody is turned away, by {}"),
    ("auth.token-source", "A token is read from {}"),
    ("auth.guard", "The guard {} is defined"),
    ("auth.check", "A handler checks {} itself"),
    ("auth", "Signing in involves {}"),
    ("database", "Data is kept by {}"),
    ("validation", "Input is checked with {}"),
    ("logging", "Logs are written by {}"),
    ("error-handler", "Errors are answered by {}"),
    ("pagination", "A list is read in pages: {}"),
    ("upload", "Files are taken by {}"),
    ("mail", "Mail is sent by {}"),
    ("payment", "Payments go through {}"),
    ("cache", "Answers are cached by {}"),
    ("queue", "Work is queued by {}"),
    ("websocket", "Live connections are kept by {}"),
    ("storage", "Files are stored by {}"),
    ("i18n", "Texts are translated by {}"),
    ("docs", "The API is described by {}"),
    ("template-engine", "Pages are rendered by {}"),
    ("middleware", "Requests pass the middleware {}"),
    ("config.env", "The setting {} is read from the environment"),
    ("config", "Settings are read by {}"),
    ("test.framework", "Tests are written with {}"),
    ("test.file", "There is a file with {}"),
    ("entry-point", "The program starts with {}"),
    ("language", "The language is set up by {}"),
];

/// The section.
pub(super) fn section(material: &Material<'_, '_>) -> Section {
    let facts = &material.case.scene.facts;
    let mut section = Section::new("What stands today");
    // Of several packages the one that answers requests is what a server's goals are about.
    let server = facts
        .select("stack")
        .find(|fact| SERVERS.iter().any(|name| fact.value.split([' ', ',']).any(|word| word == *name)));
    if let Some(stack) = server.or_else(|| facts.first(&["stack", "framework"])) {
        // What was concluded from manifests rests on their lines.
        let lines: Vec<&Fact> = facts
            .select("dependency")
            .filter(|fact| fact.cited && stack.source.is_none())
            .filter(|fact| {
                let name = fact.key.strip_prefix("dependency.").unwrap_or_default();
                stack.value.split([' ', ',']).any(|word| word == name)
            })
            .take(3)
            .collect();
        let rests = if lines.is_empty() { vec![stack] } else { lines };
        section.push(Sentence::about(format!("The project is {}", inline(&stack.value, 160)), rests));
    }
    if let Some(entry) = facts.first(&["entry-point"]) {
        section.push(sentence(entry));
    }
    // What is known of the topic itself comes before what only shares words with the goal.
    for (topic, selectors) in FIRST {
        if material.case.scene.goal.about(topic) {
            let first = selectors.iter().filter_map(|selector| facts.select(selector).find(|fact| fact.cited));
            first.for_each(|fact| section.push(sentence(fact)));
        }
    }
    let mut families: Vec<(&str, usize)> = Vec::new();
    let mut keys: Vec<&str> = Vec::new();
    let top = frame::top(material);
    for relevant in material.relevant.iter().filter(|relevant| relevant.score * 3 >= top) {
        if section.len() >= MOST {
            break;
        }
        let fact = relevant.fact;
        let family = fact.key.split('.').next().unwrap_or_default();
        if [
            "risk",
            "api",
            "component",
            "flow",
            "integration",
            "project",
            "readme",
            "file",
            "constraint",
            "test",
            "script",
            "dependency",
            "dependency-use",
            "stack",
            "framework",
        ]
        .contains(&family)
        {
            continue;
        }
        if !telling(fact) {
            continue;
        }
        let seen = match families.iter_mut().find(|(known, _)| *known == family) {
            Some(seen) => seen,
            None => {
                families.push((family, 0));
                let last = families.len() - 1;
                &mut families[last]
            }
        };
        seen.1 += 1;
        keys.push(&fact.key);
        let alike = keys.iter().filter(|key| **key == fact.key).count();
        if seen.1 <= OF_A_FAMILY && (alike <= OF_A_KEY || matches!(family, "route" | "model")) {
            section.push(sentence(fact));
        }
    }
    // What would have been asked, and is in the code.
    for (ask, fact) in packs::answered(&material.case.scene).into_iter().take(MOST_ANSWERED) {
        // What several guards do together, none of them says alone.
        let all = match fact.key.as_str() {
            "auth.middleware" => guards::in_front(&material.case.scene.facts),
            _ => vec![fact],
        };
        let shown = match all.as_slice() {
            [one] => format!("{}{}", code(&one.value, 120), at_place(one)),
            several => guards::named(several),
        };
        section.push(Sentence::about(format!("{} is answered by the code: {shown}", capital(&ask.matter())), all));
    }
    section
}

/// One fact as a sentence.
pub(super) fn sentence(fact: &Fact) -> Option<Sentence> {
    Sentence::about(said(fact), [fact])
}

fn said(fact: &Fact) -> String {
    let at = at_place(fact);
    if is_or_below(&fact.key, "route") {
        let (route, handler) = fact.value.split_once('→').unwrap_or((&fact.value, ""));
        return match named_handler(handler) {
            // `passport.authenticate('local')` names who answers somewhere else.
            "" if handler.contains('(') && !handler.contains("=>") => {
                format!("{} is answered by what {} makes{at}", code(route, 120), code(handler.trim(), 80))
            }
            "" => format!("{} is answered in place{at}", code(route, 120)),
            handler => format!("{} is answered by {}{at}", code(route, 120), code(handler, 80)),
        };
    }
    if is_or_below(&fact.key, "model") {
        return match fact.value.split_once('(') {
            Some((name, fields)) => {
                format!("{} keeps {}{at}", code(name, 60), inline(fields.trim_end_matches(')'), 160))
            }
            None => format!("{} is a data model{at}", code(&fact.value, 60)),
        };
    }
    if is_or_below(&fact.key, "relation") {
        return format!("{}{at}", inline(&fact.value, 160));
    }
    let value = if fact.value == "inline" { "a function in place".to_owned() } else { code(&fact.value, 120) };
    let template = TEMPLATES.iter().find(|(key, _)| is_or_below(&fact.key, key)).map(|(_, template)| *template);
    match template {
        Some(template) => format!("{}{at}", template.replacen("{}", &value, 1)),
        None => format!("{} is {value}{at}", code(&fact.key, 60)),
    }
}
