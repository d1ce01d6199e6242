//! Endpoints that go by a name of their own (`a logout endpoint`, `a health check`), where the project has one.
//!
//! A goal that says more than the name (`sign-up by invitation`) is about a difference, and is not compared.

use super::{Finding, routes};
use crate::offline::facts::Route;
use crate::offline::goal::Kind;
use crate::offline::lexicon::STOP;
use crate::offline::nouns::is_actor;
use crate::offline::scene::Scene;
use crate::offline::text::Words;

struct Endpoint {
    /// In a goal.
    says: &'static [&'static str],
    /// Words of a path, one of which its last part has.
    path: &'static [&'static str],
    /// Words of path or handler that tell it from others with such a path; empty where there are none.
    of: &'static [&'static str],
    /// Empty for any.
    methods: &'static [&'static str],
}

const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        says: &["logout", "log out", "sign out", "signout", "logging out"],
        path: &["logout", "signout"],
        of: &[],
        methods: &[],
    },
    Endpoint {
        says: &["sign up", "signup", "registration", "register"],
        path: &["register", "signup", "registration"],
        of: &[],
        methods: &["POST"],
    },
    Endpoint {
        says: &["health check*", "healthcheck*", "health", "liveness", "readiness"],
        path: &["health", "healthz", "healthcheck", "livez", "readyz", "liveness", "readiness"],
        of: &[],
        methods: &["GET"],
    },
    Endpoint {
        says: &["email verification", "e mail verification", "verify email*", "email confirmation", "confirm email*"],
        path: &["verify", "verification", "confirm", "confirmation"],
        of: &["email", "mail"],
        methods: &[],
    },
];

/// Words around a name that change nothing.
const AROUND: &[&str] = &[
    "endpoint",
    "endpoints",
    "route",
    "routes",
    "page",
    "button",
    "link",
    "form",
    "function",
    "functionality",
    "feature",
    "check",
    "probe",
    "support",
    "way",
    "flow",
    "api",
    "rest",
    "via",
    "possibility",
    "ability",
    "option",
    "able",
];

pub(super) fn find(scene: &Scene<'_>) -> Vec<Finding> {
    there(scene).map(|route| vec![routes::finding(&route)]).unwrap_or_default()
}

fn there<'a>(scene: &Scene<'a>) -> Option<Route<'a>> {
    let goal = &scene.goal;
    if !matches!(goal.kind, Kind::Feature | Kind::Unclear) || !goal.paths.is_empty() || goal.replaces() {
        return None;
    }
    let (endpoint, name) = ENDPOINTS.iter().find_map(|endpoint| {
        let name = endpoint.says.iter().find(|name| goal.says(name))?;
        Some((endpoint, *name))
    })?;
    if !says_no_more(&goal.words, name) {
        return None;
    }
    let has = |words: &Words| words.any(endpoint.path).is_some();
    let mut found: Vec<Route<'a>> = scene
        .facts
        .routes()
        .into_iter()
        .filter(|route| endpoint.methods.is_empty() || endpoint.methods.contains(&route.method))
        .filter(|route| {
            let mut parts = route.path.split('/').filter(|part| !part.is_empty() && !part.starts_with([':', '{', '*']));
            parts.next_back().is_some_and(|part| has(&Words::of_code(part)) || has(&Words::of(part)))
        })
        .filter(|route| {
            let told = Words::of_code(&format!("{} {}", route.path, route.handler));
            endpoint.of.is_empty() || told.any(endpoint.of).is_some()
        })
        .collect();
    found.sort_by_key(|route| route.path.len());
    found.into_iter().next()
}

fn says_no_more(words: &Words, name: &str) -> bool {
    const OTHERWISE: &[&str] = &["without", "not", "after", "before", "only", "when", "if", "again", "more", "every"];
    let name = Words::of(&name.replace('*', ""));
    words.any(OTHERWISE).is_none()
        && words.iter().all(|word| {
            word.len() < 3
                || STOP.contains(&word)
                || AROUND.contains(&word)
                || is_actor(word)
                || name.iter().any(|known| word.starts_with(known))
        })
}
