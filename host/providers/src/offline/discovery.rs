//! Answers to the discovery prompts: what follows from several facts together, each with the place of one of them.
//!
//! A fact that is known is referred to in the notes, not reported again. Reported are statements that no single fact makes:
//! what a file holds, which guard is missing where. Evidence is copied only from facts that the
//! host found itself.

use std::collections::BTreeMap;

use certus_engine::{Discovery, Fact, Reply};

use super::Case;
use super::facts::{Facts, Route, is_or_below, place, said};
use super::goal::Goal;
use super::guards;
use super::scene::Scene;
use super::text::{Words, code, counted, inline, listed, stem};
use crate::ProviderError;

/// Facts that notes refer to.
const REFERRED: usize = 12;
/// Statements of one reply.
const MOST: usize = 24;
/// Facts that a chain shows to rules: the newest. What rules conclude must not push out what it was concluded from.
const SHOWN: usize = 400;
/// Prompts that report statements, some of them at once.
const REPORTING: usize = 8;

/// Statements for which there is room beside what was found.
pub(super) fn room(scene: &Scene<'_>) -> usize {
    (SHOWN.saturating_sub(scene.view.facts.len()) / REPORTING).min(MOST)
}

fn statement(key: impl Into<String>, value: impl Into<String>, fact: &Fact) -> Discovery {
    let evidence = fact.source.clone().filter(|place| fact.cited && !place.quote.is_empty());
    Discovery { key: key.into(), value: value.into(), evidence, cited: false }
}

/// `F3`, `F4` and `F9`: facts by id, a few.
fn ids(facts: &[&Fact]) -> String {
    let shown: Vec<String> = facts.iter().take(6).map(|fact| format!("[{}]", fact.id)).collect();
    shown.join(" ")
}

fn reply(case: &Case<'_>, notes: Vec<String>, mut discovered: Vec<Discovery>) -> Reply {
    let known =
        |found: &Discovery| case.scene.facts.iter().any(|fact| fact.key == found.key && fact.value == found.value);
    discovered.retain(|found| !known(found));
    discovered.dedup_by(|one, other| one.key == other.key && one.value == other.value);
    discovered.truncate(room(&case.scene));
    Reply { notes: notes.join("\n\n"), discovered, confidence: case.confidence.areas.clone(), ..Reply::default() }
}

/// A part of a key out of a name.
fn key_part(name: &str) -> String {
    let words: Vec<String> = Words::of_code(name).iter().take(6).map(str::to_owned).collect();
    let joined: String = words.join("-").chars().take(48).collect();
    if joined.is_empty() { "part".to_owned() } else { joined }
}

fn path_of(fact: &Fact) -> Option<&str> {
    fact.source.as_ref().map(|place| place.path.as_str())
}

/// Routes by the file that registers them, in the order of discovery.
fn by_file<'r, 'a>(routes: &'r [Route<'a>]) -> Vec<(&'a str, Vec<&'r Route<'a>>)> {
    let mut files: Vec<(&str, Vec<&Route<'_>>)> = Vec::new();
    for route in routes {
        let Some(path) = path_of(route.fact) else { continue };
        match files.iter_mut().find(|(known, _)| *known == path) {
            Some((_, routes)) => routes.push(route),
            None => files.push((path, vec![route])),
        }
    }
    files
}

/// What each file with routes or a model holds, and where the program starts.
pub(super) fn components(case: &Case<'_>) -> Result<Reply, ProviderError> {
    let facts = &case.scene.facts;
    let routes = facts.routes();
    let models = facts.models();
    let mut discovered = Vec::new();
    for (path, routes) in by_file(&routes) {
        let methods: Vec<String> =
            routes.iter().take(3).map(|route| format!("{} {}", route.method, inline(route.path, 60))).collect();
        let more = routes.len().saturating_sub(methods.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let value =
            format!("{} holds {}: {}{more}", inline(path, 100), counted(routes.len(), "route"), methods.join(", "));
        discovered.push(statement(format!("component.{}", key_part(path)), value, routes[0].fact));
    }
    for model in &models {
        let users: Vec<&str> = by_file(&routes)
            .into_iter()
            .map(|(path, _)| path)
            .filter(|path| Words::of_code(path).iter().any(|word| stem(word) == stem(&model.name.to_lowercase())))
            .collect();
        if let Some(user) = users.first() {
            let value = format!("{} is the data behind {}", inline(model.name, 60), inline(user, 100));
            discovered.push(statement(format!("component.{}", key_part(model.name)), value, model.fact));
        }
    }
    let entry = facts.first(&["entry-point"]);
    let mut notes = vec![format!(
        "{} in {}, {} and {} were found.",
        counted(routes.len(), "route"),
        counted(by_file(&routes).len(), "file"),
        counted(models.len(), "model"),
        counted(facts.select("middleware").count(), "middleware function")
    )];
    notes.extend(entry.map(|fact| format!("It starts at {} [{}].", said(fact), fact.id)));
    let relevant = case.scene.relevant();
    if !relevant.is_empty() {
        let close: Vec<&Fact> = relevant.iter().take(REFERRED).map(|relevant| relevant.fact).collect();
        notes.push(format!(
            "Closest to the goal: {}.",
            listed(&close.iter().map(|fact| format!("{} [{}]", said(fact), fact.id)).collect::<Vec<_>>())
        ));
    }
    Ok(reply(case, notes, discovered))
}

/// How a request of the goal's subject runs, as far as names show it, and what is missing on its way.
pub(super) fn flow(case: &Case<'_>) -> Result<Reply, ProviderError> {
    let scene = &case.scene;
    let focus = case.argument("focus").filter(|focus| *focus != scene.view.goal);
    let goal = focus.map(Goal::read);
    let goal = goal.as_ref().filter(|goal| goal.readable() || !goal.nouns.is_empty()).unwrap_or(&scene.goal);
    let relevant = scene.facts.relevant(goal);
    let routes = scene.facts.routes();
    let name = goal.topics.first().map_or("goal", |topic| topic.name);
    let mut discovered = Vec::new();
    let on_route = |fact: &Fact| routes.iter().find(|route| route.fact.id == fact.id);
    let steps: Vec<&Route<'_>> = relevant.iter().filter_map(|relevant| on_route(relevant.fact)).take(4).collect();
    for route in &steps {
        let handler =
            if route.handler.is_empty() { "in place".to_owned() } else { format!("by {}", inline(route.handler, 60)) };
        discovered.push(statement(
            format!("flow.{name}.{}", key_part(&format!("{} {}", route.method, route.path))),
            format!("{} {} is handled {handler}", route.method, inline(route.path, 100)),
            route.fact,
        ));
    }
    discovered.extend(
        risks(scene).into_iter().filter(|(topic, _)| topic.is_empty() || goal.about(topic)).map(|(_, risk)| risk),
    );
    let mut notes = Vec::new();
    if relevant.is_empty() {
        notes.push("No fact has to do with it by its name. Following the code itself needs a model.".to_owned());
    } else {
        let close: Vec<&Fact> = relevant.iter().take(REFERRED).map(|relevant| relevant.fact).collect();
        notes.push(format!(
            "{} to do with it: {}.",
            counted(relevant.len(), "fact") + if relevant.len() == 1 { " has" } else { " have" },
            listed(&close.iter().map(|fact| format!("{} [{}]", said(fact), fact.id)).collect::<Vec<_>>())
        ));
        notes.push(
            "Rules see where a request enters and which parts are named there, not what happens inside a function."
                .to_owned(),
        );
    }
    Ok(reply(case, notes, discovered))
}

/// Packages that check input.
const VALIDATORS: &[&str] =
    &["joi", "@hapi/joi", "celebrate", "zod", "yup", "ajv", "express-validator", "class-validator", "superstruct"];

/// What is missing or doubtful, as far as the facts together show it; with the topic that it belongs to.
fn risks<'a>(scene: &Scene<'a>) -> Vec<(&'static str, Discovery)> {
    let facts = &scene.facts;
    let routes = facts.routes();
    let mut found = Vec::new();
    let login = routes.iter().find(|route| {
        route.method == "POST"
            && ["login", "signin", "sign-in", "authenticate"]
                .iter()
                .any(|part| route.path.to_lowercase().contains(part))
    });
    if let Some(route) = login
        && !facts.has(&["middleware.rate-limit"])
    {
        let value =
            format!("{} {} takes credentials, and no rate limit was found", route.method, inline(route.path, 100));
        found.push(("authentication", statement("risk.rate-limit", value, route.fact)));
    }
    if let Some(session) = facts.first(&["auth.session"]) {
        // Only of this package it is known: `cookie-session` keeps a session in the cookie itself.
        let in_memory = facts.select("auth.session").any(|fact| fact.value.contains("express-session"));
        if in_memory && !facts.has(&["session.store"]) {
            let value = "sessions are kept in the memory of the process: no store was found, so they end with it";
            found.push(("authentication", statement("risk.session-store", value, session)));
        }
        if let Some(secret) = facts.select("session.secret").find(|fact| fact.value.contains("literal")) {
            found.push((
                "authentication",
                statement("risk.session-secret", "the secret of the sessions stands in the code", secret),
            ));
        }
        // What proves itself by a token of its own, as a webhook does, needs no cookie.
        let by_token: Vec<&str> = facts.select("auth.token-source").filter_map(path_of).collect();
        let by_cookie: Vec<Route<'_>> = routes
            .iter()
            .filter(|route| !path_of(route.fact).is_some_and(|path| by_token.contains(&path)))
            .copied()
            .collect();
        if let Some(route) = by_cookie.iter().find(|route| route.writes())
            && !facts.has(&["middleware.csrf"])
            && !same_site(facts)
        {
            let value = format!(
                "{} while sessions are kept in a cookie, and no protection against CSRF was found",
                writing(&by_cookie)
            );
            found.push(("authentication", statement("risk.csrf", value, route.fact)));
        }
    }
    if let Some(route) = routes.iter().find(|route| route.writes())
        && !facts.has(&["validation"])
    {
        let declared = facts.select("dependency").find_map(|fact| {
            let name = fact.key.strip_prefix("dependency.")?;
            VALIDATORS.contains(&name).then_some(name)
        });
        let value = match declared {
            Some(name) => format!(
                "{}, and the validation library {} is declared, and was not found in use",
                writing(&routes),
                inline(name, 60)
            ),
            None => format!("{}, and no validation library was found", writing(&routes)),
        };
        found.push(("", statement("risk.validation", value, route.fact)));
    }
    if let Some(entry) = facts.first(&["entry-point"])
        && !routes.is_empty()
        && !facts.has(&["error-handler"])
    {
        found.push((
            "",
            statement(
                "risk.error-handler",
                "no error handler was found: what a handler throws is answered by the framework",
                entry,
            ),
        ));
    }
    let mut seen: BTreeMap<(&str, &str), &Route<'_>> = BTreeMap::new();
    for route in &routes {
        if let Some(first) = seen.insert((route.method, route.path), route)
            && path_of(first.fact) != path_of(route.fact)
        {
            let other = place(first.fact).unwrap_or_default();
            let value = format!(
                "{} {} is registered a second time; the first at {}",
                route.method,
                inline(route.path, 100),
                other.trim_matches('`')
            );
            found.push(("", statement("risk.duplicate-route", value, route.fact)));
        }
    }
    found
}

/// A cookie says that other sites do not get it sent along.
fn same_site(facts: &Facts<'_>) -> bool {
    ["session.cookie", "cookie"].iter().flat_map(|key| facts.select(key)).any(|fact| {
        let quote = fact.source.as_ref().map_or("", |place| place.quote.as_str());
        [fact.value.as_str(), quote].iter().any(|text| {
            let words = Words::of(text);
            words.has("samesite lax") || words.has("samesite strict") || words.has("samesite true")
        })
    })
}

/// `1 route takes POST, PUT, PATCH or DELETE`, `6 routes take …`.
fn writing(routes: &[Route<'_>]) -> String {
    match routes.iter().filter(|route| route.writes()).count() {
        1 => "1 route takes POST, PUT, PATCH or DELETE".to_owned(),
        count => format!("{count} routes take POST, PUT, PATCH or DELETE"),
    }
}

/// What the goal needs and whether it is installed.
pub(super) fn dependencies(case: &Case<'_>) -> Result<Reply, ProviderError> {
    let scene = &case.scene;
    let all: Vec<&Fact> = scene.facts.select("dependency").collect();
    let development = all.iter().filter(|fact| fact.value.ends_with("(dev)")).count();
    let relevant: Vec<&Fact> = scene
        .relevant()
        .iter()
        .map(|relevant| relevant.fact)
        .filter(|fact| is_or_below(&fact.key, "dependency"))
        .collect();
    let mut discovered = Vec::new();
    for topic in &scene.goal.topics {
        // A package that is put to use at a line says more than its entry in a manifest.
        for used in topic.facts.iter().flat_map(|selector| scene.facts.select(selector)).take(3) {
            let name = used.value.split([' ', ',', '.', '(']).next().unwrap_or_default();
            let Some(installed) = all.iter().find(|fact| fact.key == format!("dependency.{name}")) else { continue };
            let value = format!(
                "{} {} is put to use at {}",
                inline(name, 60),
                inline(&installed.value, 40),
                place(used).unwrap_or_default().trim_matches('`')
            );
            discovered.push(statement(format!("dependency-use.{}", key_part(name)), value, used));
        }
    }
    let mut notes = vec![format!(
        "{}, {development} of them for development only.",
        match all.len() {
            1 => "1 dependency".to_owned(),
            count => format!("{count} dependencies"),
        }
    )];
    if relevant.is_empty() {
        notes.push("None of them has a name that the goal mentions.".to_owned());
    } else {
        let named: Vec<String> = relevant
            .iter()
            .take(REFERRED)
            .map(|fact| {
                format!("{} {} [{}]", fact.key.trim_start_matches("dependency."), inline(&fact.value, 40), fact.id)
            })
            .collect();
        notes.push(format!("Of interest for the goal: {}.", listed(&named)));
    }
    notes.push("Whether versions are outdated or vulnerable is not known here: nothing was looked up.".to_owned());
    Ok(reply(case, notes, discovered))
}

/// Routes by resource, and who guards them.
pub(super) fn api(case: &Case<'_>) -> Result<Reply, ProviderError> {
    let facts = &case.scene.facts;
    let routes = facts.routes();
    let mut resources: Vec<(String, Vec<&Route<'_>>)> = Vec::new();
    for route in &routes {
        let parts: Vec<&str> =
            route.path.split('/').filter(|part| !part.is_empty() && !part.starts_with([':', '*', '{'])).collect();
        let prefix = matches!(parts.first(), Some(&("api" | "v1" | "v2" | "rest")));
        let take = if prefix { 2 } else { 1 };
        let name = format!("/{}", parts.iter().take(take).copied().collect::<Vec<_>>().join("/"));
        match resources.iter_mut().find(|(known, _)| *known == name) {
            Some((_, routes)) => routes.push(route),
            None => resources.push((name, vec![route])),
        }
    }
    let mut discovered = Vec::new();
    for (name, routes) in resources.iter().filter(|(_, routes)| routes.len() >= 2) {
        let count = |writes: bool| routes.iter().filter(|route| route.writes() == writes).count();
        let value = format!(
            "{} below {}: {} read, {} write",
            counted(routes.len(), "route"),
            inline(name, 80),
            count(false),
            count(true)
        );
        discovered.push(statement(format!("api.{}", key_part(name)), value, routes[0].fact));
    }
    let guards = guards::in_front(facts);
    let mut notes =
        vec![format!("{} below {}.", counted(routes.len(), "route"), counted(resources.len(), "first path"))];
    if guards.is_empty() {
        if let Some(route) = routes.iter().find(|route| route.writes()) {
            let value = format!("{}, and where they are registered no guard was seen", writing(&routes));
            discovered.push(statement("api.irregular", value, route.fact));
        }
    } else {
        let named: Vec<String> = guards.iter().take(4).map(|fact| format!("{} [{}]", said(fact), fact.id)).collect();
        notes.push(format!("Guarded by {}.", listed(&named)));
    }
    notes.push("What a route takes and returns stands in its handler, which rules do not read. Clients outside of this project are not seen.".to_owned());
    Ok(reply(case, notes, discovered))
}

/// Which model refers to which.
pub(super) fn schema(case: &Case<'_>) -> Result<Reply, ProviderError> {
    let facts = &case.scene.facts;
    let models = facts.models();
    let databases: Vec<&Fact> = facts.select("database").take(3).collect();
    let mut notes = vec![format!(
        "{}.",
        if models.is_empty() {
            "No data model was found".to_owned()
        } else {
            let named: Vec<String> = models
                .iter()
                .take(REFERRED)
                .map(|model| {
                    format!(
                        "{} with {} [{}]",
                        code(model.name, 60),
                        counted(model.fields.len(), "field"),
                        model.fact.id
                    )
                })
                .collect();
            format!("{}: {}", counted(models.len(), "model"), listed(&named))
        }
    )];
    if !databases.is_empty() {
        notes.push(format!(
            "Kept by {} {}.",
            databases.iter().map(|fact| said(fact)).collect::<Vec<_>>().join(", "),
            ids(&databases)
        ));
    }
    notes.push(
        "How much is stored, and in which shape old records are, stands in the database, which is not read here."
            .to_owned(),
    );
    let references: Vec<String> = facts
        .select("relation")
        .take(REFERRED)
        .map(|fact| format!("{} [{}]", inline(&fact.value, 120), fact.id))
        .collect();
    if !references.is_empty() {
        notes.push(format!("{}.", listed(&references)));
    }
    Ok(reply(case, notes, Vec::new()))
}

/// What lies outside: services by their packages, settings by their names.
pub(super) fn integrations(case: &Case<'_>) -> Result<Reply, ProviderError> {
    let facts = &case.scene.facts;
    let outside: Vec<&Fact> = ["payment", "mail", "queue", "storage", "cache", "webhook", "database"]
        .iter()
        .flat_map(|key| facts.select(key))
        .collect();
    let mut discovered = Vec::new();
    for setting in facts.select("config.env") {
        let name = setting.value.to_uppercase();
        // What tokens, sessions and cookies are signed with is the program's own.
        const OWN: &[&str] = &["jwt", "session", "cookie", "token", "access", "refresh", "csrf", "app", "auth", "hash"];
        if name.ends_with("_SECRET") && Words::of(&name).any(OWN).is_some() {
            continue;
        }
        let Some(kind) = [
            ("_KEY", "a key"),
            ("_SECRET", "a secret"),
            ("_TOKEN", "a token"),
            ("_URL", "an address"),
            ("_URI", "an address"),
            ("_HOST", "a host"),
            ("_DSN", "an address"),
        ]
        .iter()
        .find(|(ending, _)| name.ends_with(ending)) else {
            continue;
        };
        let value = format!("{} of something outside is read from {}", kind.1, inline(&setting.value, 60));
        discovered.push(statement(format!("integration.{}", key_part(&setting.value.to_lowercase())), value, setting));
    }
    let mut notes = vec![if outside.is_empty() {
        "No service outside of the program was found.".to_owned()
    } else {
        let named: Vec<String> =
            outside.iter().take(REFERRED).map(|fact| format!("{} [{}]", said(fact), fact.id)).collect();
        format!("{} outside of the program: {}.", counted(outside.len(), "connection"), listed(&named))
    }];
    notes.push("What happens when one of them is away stands in the code, which rules do not read.".to_owned());
    Ok(reply(case, notes, discovered))
}
