//! What a goal asks for and the project already has.
//!
//! A goal that names no place (`Add JWT authentication to the API`) is asked what should be different. One that names a place
//! (`… to the login route`) is asked only where that place has it; elsewhere the second use is taken to follow the first.

use certus_engine::Fact;

use super::{Finding, sign_in};
use crate::offline::facts::{Route, is_or_below, named_in, quoted, said, telling};
use crate::offline::goal::Kind;
use crate::offline::kind::{is_order, orders};
use crate::offline::lexicon::KINDS;
use crate::offline::scene::Scene;
use crate::offline::text::{Words, inline, listed, stem};

/// How sure it is that a second use follows the first.
const FOLLOWS: f64 = 0.75;

/// Something that a goal may ask for although it is there.
pub(super) struct Overlap {
    pub(super) id: &'static str,
    pub(super) what: &'static str,
    /// Words of the goal that ask for it.
    pub(super) says: &'static [&'static str],
    /// Facts that show it.
    pub(super) facts: &'static [&'static str],
    pub(super) options: &'static [&'static str],
}

const OVERLAPS: &[Overlap] = &[
    Overlap {
        id: "existing-jwt",
        what: "tokens",
        says: &["jwt", "jwts", "json web token*"],
        facts: &["auth.jwt"],
        options: &[
            "Use the same tokens for what the goal names",
            "Replace what is there",
            "Nothing: it is enough as it is",
        ],
    },
    Overlap {
        id: "existing-two-factor",
        what: "a second factor",
        says: &["2fa", "mfa", "two factor"],
        facts: &["auth.two-factor"],
        options: &["Another factor beside it", "Require it where it is optional", "Nothing: it is enough as it is"],
    },
    Overlap {
        id: "existing-google",
        what: "a sign-in by Google",
        says: &["google"],
        facts: &["auth.passport~google", "dependency.passport-google-oauth20"],
        options: &["Correct or complete what is there", "Replace it", "Nothing: it is enough as it is"],
    },
    Overlap {
        id: "existing-rate-limit",
        what: "a rate limit",
        says: &["rate limit*", "ratelimit*", "throttl*"],
        facts: &["middleware.rate-limit"],
        options: &["Extend it to the routes that the goal names", "Change its limits", "Replace it"],
    },
    Overlap {
        id: "existing-logging",
        what: "logging",
        says: &["logging", "logger", "request log*", "log requests", "log every", "log all", "structured log*"],
        facts: &["logging"],
        options: &["Log more with the logger that is there", "Replace the logger", "Nothing: it is enough as it is"],
    },
    Overlap {
        id: "existing-validation",
        what: "validation",
        says: &["validat*"],
        facts: &["validation"],
        options: &[
            "Extend it, with the same library, to what the goal names",
            "Replace the library",
            "Nothing: it is enough as it is",
        ],
    },
    Overlap {
        id: "existing-upload",
        what: "file upload",
        says: &["upload*"],
        facts: &["upload"],
        options: &["Use the same upload for what the goal names", "Replace it", "Nothing: it is enough as it is"],
    },
    Overlap {
        id: "existing-payment",
        what: "payment",
        says: &["payment*", "stripe", "paypal", "billing"],
        facts: &["payment"],
        options: &["Extend it by what the goal names", "Replace it", "Nothing: it is enough as it is"],
    },
    Overlap {
        id: "existing-cache",
        what: "a cache",
        says: &["cache", "caching"],
        facts: &["cache"],
        options: &["Use the same cache for what the goal names", "Replace it", "Nothing: it is enough as it is"],
    },
    Overlap {
        id: "existing-cors",
        what: "CORS",
        says: &["cors"],
        facts: &["middleware.cors"],
        options: &["Narrow it to the origins that the goal names", "Open it further", "Nothing: it is enough as it is"],
    },
    Overlap {
        id: "existing-csrf",
        what: "protection against CSRF",
        says: &["csrf", "xsrf"],
        facts: &["middleware.csrf"],
        options: &["Extend it to the routes that lack it", "Replace it", "Nothing: it is enough as it is"],
    },
    Overlap {
        id: "existing-i18n",
        what: "translation",
        says: &["i18n", "translat*", "internationali*", "locali*"],
        facts: &["i18n"],
        options: &["Add languages to what is there", "Replace it", "Nothing: it is enough as it is"],
    },
    Overlap {
        id: "existing-realtime",
        what: "a connection for live updates",
        says: &["websocket*", "realtime", "real time", "socket io"],
        facts: &["websocket"],
        options: &["Use the same connection for what the goal names", "Replace it", "Nothing: it is enough as it is"],
    },
    Overlap {
        id: "existing-openapi",
        what: "a description of the API",
        says: &["openapi", "swagger"],
        facts: &["docs.openapi"],
        options: &["Complete it", "Replace it", "Nothing: it is enough as it is"],
    },
    Overlap {
        id: "existing-search",
        what: "a search",
        says: &["search"],
        facts: &["route.get~search"],
        options: &["Extend it by what the goal names", "Replace it", "Nothing: it is enough as it is"],
    },
    Overlap {
        id: "existing-password-reset",
        what: "password reset",
        says: &["password reset", "reset password*", "forgot password", "forgotten password*", "reset their password*"],
        facts: &["route.post~forgot", "route.post~reset", "route~reset", "model.user~reset"],
        options: &["Correct or complete what is there", "Replace it", "Nothing: it is enough as it is"],
    },
    Overlap {
        id: "existing-webhook",
        what: "a webhook",
        says: &["webhook*"],
        facts: &["route.post~webhook"],
        options: &["Add events to the one that is there", "Add a second one", "Nothing: it is enough as it is"],
    },
    Overlap {
        id: "existing-error-handler",
        what: "an error handler",
        says: &["error handl*", "handle errors"],
        facts: &["error-handler"],
        options: &["Extend the one that is there", "Replace it", "Nothing: it is enough as it is"],
    },
    Overlap {
        id: "existing-session-store",
        what: "a store for its sessions",
        says: &["store session*", "store the session*", "add a session store", "keep session*", "keep the session*"],
        facts: &["session.store"],
        options: &["Change how it is set up, as I say in the answer", "Replace it", "Nothing: it is enough as it is"],
    },
    Overlap {
        id: "existing-session-cookie",
        what: "a set-up of the session cookie",
        says: &["session cookie*", "secure cookie*", "cookie secure", "cookies secure"],
        facts: &["session.cookie~secure", "session.cookie"],
        options: &[
            "Check what it is in production, and correct it there",
            "Change it, as I say in the answer",
            "Nothing: it is enough as it is",
        ],
    },
    Overlap {
        id: "existing-pagination",
        what: "pagination",
        says: &["paginat*", "paging", "page by page"],
        facts: &["pagination"],
        options: &[
            "Extend it, in the same style, to what the goal names",
            "Change its style or its limits, as I say in the answer",
            "Nothing: it is enough as it is",
        ],
    },
    Overlap {
        id: "existing-typescript",
        what: "TypeScript",
        says: &[
            "to typescript",
            "into typescript",
            "in typescript",
            "typescript support",
            "add typescript",
            "use typescript",
            "introduce typescript",
            "adopt typescript",
        ],
        facts: &["language.typescript"],
        options: &["Convert what is still JavaScript", "Make its checks stricter", "Nothing: it is enough as it is"],
    },
];

/// Words by which a goal asks for something as new. A statement (`The session cookie is not secure`) has none at its beginning.
const WANTS: &[&str] = &[
    "add",
    "adds",
    "adding",
    "implement",
    "implementing",
    "introduce",
    "create",
    "build",
    "enable",
    "support",
    "set",
    "protect",
    "generate",
    "store",
    "keep",
    "secure",
    "provide",
    "use",
    "write",
    "document",
    "migrate",
    "convert",
    "port",
    "rewrite",
    "adopt",
    "make",
];
/// Words by which a goal shows that it knows what is there.
const AWARE: &[&str] =
    &["extend*", "existing", "more", "another", "also", "replace*", "switch", "improve*", "change", "instead of"];
/// Stores that are told apart: sessions in Redis are something new beside sessions in MongoDB.
const STORES: &[&str] = &["mongo", "redis", "postgres", "mysql", "sqlite", "dynamo"];
/// The same of ways to hash.
const HASHES: &[&str] = &["bcrypt", "argon2", "scrypt", "pbkdf2"];

pub(super) fn find(scene: &Scene<'_>) -> Vec<Finding> {
    if !wanted_as_new(scene) {
        return Vec::new();
    }
    let mut findings: Vec<Finding> = OVERLAPS
        .iter()
        .chain(sign_in::OVERLAPS.iter().filter(|overlap| sign_in::wanted(scene, overlap)))
        .filter_map(|overlap| overlapping(scene, overlap))
        .collect();
    for finding in findings.iter_mut().filter(|finding| finding.id == "existing-typescript") {
        say_how_far(scene, finding);
    }
    findings
}

/// A language is there by degrees: which files that were found are still in the other one is what remains.
fn say_how_far(scene: &Scene<'_>, finding: &mut Finding) {
    let ends = |path: &str, endings: &[&str]| endings.iter().any(|ending| path.ends_with(ending));
    let code = scene.facts.iter().filter(|fact| {
        ["route", "model", "entry-point", "auth", "middleware", "error-handler", "validation", "file"]
            .iter()
            .any(|key| is_or_below(&fact.key, key))
    });
    let mut paths: Vec<&str> = code.filter_map(|fact| fact.source.as_ref()).map(|place| place.path.as_str()).collect();
    paths.dedup();
    let converted = paths.iter().any(|path| ends(path, &[".ts", ".tsx", ".mts", ".cts"]));
    let mut rest: Vec<String> = Vec::new();
    for path in paths.into_iter().filter(|path| ends(path, &[".js", ".jsx", ".mjs", ".cjs"])) {
        let path = inline(path, 80);
        if !rest.contains(&path) && rest.len() < 3 {
            rest.push(path);
        }
    }
    // A package of the project says more than a file of settings somewhere below it.
    let depth = |fact: &&Fact| fact.source.as_ref().map_or(usize::MAX, |place| place.path.matches('/').count());
    let set_up = scene.facts.select("language.typescript").filter(|fact| fact.cited);
    let Some(fact) = set_up.min_by_key(|fact| (depth(fact), !fact.value.starts_with("typescript"))) else { return };
    finding.facts = vec![fact.id.clone()];
    let there = quoted(fact);
    let what = match (converted, rest.is_empty()) {
        (true, true) => format!("The project is TypeScript already: {there}; no code that was found is JavaScript."),
        (true, false) => {
            format!("Part of the project is TypeScript already: {there}; {} is not.", listed(&rest))
        }
        (false, _) => format!("TypeScript is set up already: {there}; the code that was found does not use it."),
    };
    finding.text = format!("{what} What remains to be done?");
    let (stricter, nothing) = ("Make its checks stricter".to_owned(), "Nothing: it is enough as it is".to_owned());
    finding.options = if rest.is_empty() {
        let other = "Convert what is still JavaScript, which I name in the answer".to_owned();
        vec![stricter, other, nothing]
    } else {
        vec![format!("Convert what is still JavaScript, beginning with {}", listed(&rest)), stricter, nothing]
    };
    finding.recommended = finding.options.first().cloned();
}

fn wanted_as_new(scene: &Scene<'_>) -> bool {
    let words = &scene.goal.words;
    let mut work = KINDS.iter().flat_map(|(_, _, patterns)| patterns.iter());
    let first = words.get(0).unwrap_or_default();
    // `Raise the rate limit` changes what is there.
    let order = matches!(first, "let" | "lets") || is_order(first) || orders(words);
    let statement = work.all(|pattern| words.position(pattern) != Some(0)) && !order;
    (matches!(scene.goal.kind, Kind::Feature | Kind::Docs | Kind::Unclear) || scene.goal.converts())
        && (WANTS.contains(&first) || statement || words.any(&["want", "need", "wants"]).is_some())
        && words.any(AWARE).is_none()
}

fn overlapping(scene: &Scene<'_>, overlap: &Overlap) -> Option<Finding> {
    let goal = &scene.goal;
    let at = overlap.says.iter().filter_map(|word| goal.words.affirmed(word)).min()?;
    // `refresh tokens` beside tokens are something new.
    if overlap.id == "existing-jwt" && goal.words.has("refresh token*") {
        return None;
    }
    let there: Vec<&Fact> = overlap.facts.iter().flat_map(|selector| scene.facts.select(selector)).collect();
    let there: Vec<&Fact> = there.into_iter().filter(|fact| fact.cited && !of_another_store(scene, fact)).collect();
    let place = place_named(scene, overlap, at);
    let covering = place.as_deref().and_then(|place| covering(scene, overlap, &there, place));
    let fact = covering.or_else(|| first_of(overlap, &there))?;
    let where_to = if covering.is_some() { " for what the goal names" } else { "" };
    let options: Vec<String> = overlap.options.iter().map(|option| (*option).to_owned()).collect();
    Some(Finding {
        rule: "existing-overlap",
        id: overlap.id.to_owned(),
        claim: format!("The project already has {}{where_to}: {}", overlap.what, said(fact)),
        blocking: false,
        confidence: if place.is_some() && covering.is_none() { FOLLOWS } else { 0.2 },
        impact: 5,
        design: true,
        invalid: true,
        text: format!(
            "The project already has {}{where_to}: {}. What should be different?",
            overlap.what,
            quoted(fact)
        ),
        why: "A second one beside the first is a second place for every later change.".to_owned(),
        recommended: options.first().cloned(),
        options,
        facts: vec![fact.id.clone()],
        unless: &[],
    })
}

/// The goal names a store or a way to hash, and the fact is about another one.
fn of_another_store(scene: &Scene<'_>, fact: &Fact) -> bool {
    let text = format!("{} {}", fact.value, fact.source.as_ref().map_or("", |place| &place.quote)).to_lowercase();
    [STORES, HASHES].iter().any(|names| {
        let wanted: Vec<&&str> = names.iter().filter(|name| scene.goal.says(&format!("{name}*"))).collect();
        !wanted.is_empty()
            && names.iter().any(|name| text.contains(name))
            && !wanted.iter().any(|name| text.contains(**name))
    })
}

/// Nouns for where it is wanted: `to the login route` names `login`, `to the API` names nothing.
fn place_named(scene: &Scene<'_>, overlap: &Overlap, at: usize) -> Option<Vec<String>> {
    let words = &scene.goal.words;
    let start = (at..words.len()).find(|at| matches!(words.get(*at), Some("to" | "for" | "on" | "of")))?;
    // A second factor `to sign-in` is nowhere else.
    let inherent = |noun: &str| overlap.facts.iter().any(|key| key.starts_with("auth.")) && sign_in::IS.contains(&noun);
    let own = |noun: &str| {
        inherent(noun) || overlap.says.iter().any(|word| Words::of(noun).has(word.trim_start_matches("to ")))
    };
    let nouns: Vec<String> = (start + 1..words.len())
        .filter_map(|at| words.get(at))
        .map(|word| stem(word).to_owned())
        .filter(|noun| (scene.goal.nouns.contains(noun) || scene.goal.people.contains(noun)) && !own(noun))
        .collect();
    let paths = !scene.goal.requests.is_empty();
    (paths || !nouns.is_empty()).then_some(nouns)
}

/// What the place that is named has of it already: a line of its route that says it, something that stands in front of its
/// path, or a fact that names it.
fn covering<'a>(scene: &Scene<'a>, overlap: &Overlap, there: &[&'a Fact], place: &[String]) -> Option<&'a Fact> {
    let nouns = |text: &str| named_in([text], place) > 0;
    let requests = &scene.goal.requests;
    let routes: Vec<Route<'a>> = scene
        .facts
        .routes()
        .into_iter()
        .filter(|route| match requests.is_empty() {
            true => nouns(&route.fact.value),
            false => requests
                .iter()
                .any(|wanted| route.is_at(&wanted.path) && wanted.method.is_none_or(|method| method == route.method)),
        })
        .collect();
    let line = |route: &&Route<'a>| {
        let quote = route.fact.source.as_ref().map_or("", |place| place.quote.as_str());
        let words = Words::of_code(quote.rsplit_once(',').map_or("", |(before, _)| before));
        // The path stands in the line too; it says what is asked for, not what guards it.
        overlap.says.iter().any(|word| words.has(word) && !Words::of_code(route.path).has(word))
    };
    if let Some(route) = routes.iter().find(line) {
        return Some(route.fact);
    }
    let in_front = |fact: &&&Fact| {
        let prefix = fact.value.rsplit_once(" below ").map(|(_, prefix)| prefix.trim_end_matches('/'));
        prefix.is_some_and(|prefix| {
            routes.iter().any(|route| {
                route.path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        })
    };
    let names = |fact: &&&Fact| {
        nouns(&fact.value) || fact.source.as_ref().is_some_and(|place| nouns(&place.path) || nouns(&place.quote))
    };
    let of_file = |fact: &&&Fact| {
        let path = |fact: &Fact| fact.source.as_ref().map(|place| place.path.clone());
        !requests.is_empty() && routes.iter().any(|route| path(route.fact) == path(fact))
    };
    there.iter().find(in_front).or_else(|| there.iter().find(names)).or_else(|| there.iter().find(of_file)).copied()
}

/// The fact that says most: not one about settings, rather one whose file has the name of the thing.
fn first_of<'a>(overlap: &Overlap, there: &[&'a Fact]) -> Option<&'a Fact> {
    let rank = |fact: &&&'a Fact| {
        let path = Words::of_code(fact.source.as_ref().map_or("", |place| place.path.as_str()));
        let named = overlap.says.iter().any(|word| path.has(word));
        (!telling(fact), path.any(&["config", "configuration", "settings", "env"]).is_some(), !named)
    };
    there.iter().min_by_key(rank).copied()
}
