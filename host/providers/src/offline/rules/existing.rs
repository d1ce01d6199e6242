//! What the project already has, what it lacks, and goals that nothing in it has to do with.

use super::{Ask, Finding, Item, Standing};
use crate::offline::confidence;
use crate::offline::facts::{is_or_below, quoted, said};
use crate::offline::goal::Kind;
use crate::offline::scene::Scene;
use crate::offline::text::{inline, listed};

/// Something that a goal may ask for although it is there.
struct Overlap {
    id: &'static str,
    what: &'static str,
    /// Words of the goal that ask for it.
    says: &'static [&'static str],
    /// Facts that show it.
    facts: &'static [&'static str],
    options: &'static [&'static str],
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
];

/// Things that have to be run or bought beside the project.
struct Outside {
    id: &'static str,
    name: &'static str,
    says: &'static [&'static str],
    facts: &'static [&'static str],
    /// What may do instead, where the project has it.
    instead: &'static str,
}

const OUTSIDE: &[Outside] = &[
    Outside {
        id: "new-redis",
        name: "Redis",
        says: &["redis"],
        facts: &["cache.redis", "dependency.redis", "dependency.ioredis", "session.store~redis"],
        instead: "database",
    },
    Outside {
        id: "new-stripe",
        name: "Stripe",
        says: &["stripe"],
        facts: &["payment~stripe", "dependency.stripe"],
        instead: "payment",
    },
    Outside {
        id: "new-elasticsearch",
        name: "Elasticsearch",
        says: &["elasticsearch", "elastic search", "opensearch"],
        facts: &["dependency.@elastic/elasticsearch"],
        instead: "database",
    },
    Outside {
        id: "new-kafka",
        name: "Kafka",
        says: &["kafka"],
        facts: &["queue~kafka", "dependency.kafkajs"],
        instead: "queue",
    },
    Outside {
        id: "new-rabbitmq",
        name: "RabbitMQ",
        says: &["rabbitmq", "amqp"],
        facts: &["queue~amqp", "dependency.amqplib"],
        instead: "queue",
    },
    Outside {
        id: "new-s3",
        name: "S3",
        says: &["s3"],
        facts: &["storage", "dependency.@aws-sdk/client-s3", "dependency.aws-sdk"],
        instead: "upload",
    },
    Outside {
        id: "new-sendgrid",
        name: "SendGrid",
        says: &["sendgrid"],
        facts: &["mail~sendgrid", "dependency.@sendgrid/mail"],
        instead: "mail",
    },
    Outside { id: "new-twilio", name: "Twilio", says: &["twilio"], facts: &["dependency.twilio"], instead: "mail" },
];

pub(super) fn find(scene: &Scene<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = OVERLAPS.iter().filter_map(|overlap| overlapping(scene, overlap)).collect();
    findings.extend(OUTSIDE.iter().filter_map(|outside| missing(scene, outside)));
    findings.extend(existing_route(scene));
    findings.extend(untested(scene));
    findings.extend(nowhere(scene));
    findings
}

fn overlapping(scene: &Scene<'_>, overlap: &Overlap) -> Option<Finding> {
    let goal = &scene.goal;
    // Only an `add …` asks for it as something new.
    let new = goal.words.any(&[
        "add",
        "adds",
        "adding",
        "implement*",
        "introduce",
        "create",
        "build",
        "enable",
        "support",
        "set up",
        "want",
        "need",
    ]);
    // `refresh tokens` beside tokens are something new.
    if overlap.id == "existing-jwt" && goal.words.has("refresh token*") {
        return None;
    }
    let aware = [
        "extend*", "existing", "more", "another", "also", "replace*", "switch", "improve*", "to the", "for the",
        "to all", "on the", "of the",
    ];
    if goal.kind != Kind::Feature || new.is_none() || goal.words.any(&aware).is_some() {
        return None;
    }
    overlap.says.iter().find(|word| goal.says(word))?;
    let fact = scene.facts.first(overlap.facts)?;
    let options: Vec<String> = overlap.options.iter().map(|option| (*option).to_owned()).collect();
    Some(Finding {
        rule: "existing-overlap",
        id: overlap.id.to_owned(),
        claim: format!("The project already has {}: {}", overlap.what, said(fact)),
        blocking: false,
        confidence: 0.2,
        impact: 5,
        design: true,
        invalid: true,
        text: format!("The project already has {}: {}. What should be different?", overlap.what, quoted(fact)),
        why: "A second one beside the first is a second place for every later change.".to_owned(),
        recommended: options.first().cloned(),
        options,
        facts: vec![fact.id.clone()],
        unless: &[],
    })
}

/// A path that the goal wants to add is there.
fn existing_route(scene: &Scene<'_>) -> Option<Finding> {
    let goal = &scene.goal;
    if goal.kind != Kind::Feature || goal.words.any(&["add", "create", "implement*", "introduce"]).is_none() {
        return None;
    }
    let methods = ["get", "post", "put", "patch", "delete"];
    let named: Vec<&str> = methods
        .into_iter()
        // `Add POST /orders` wants it; what is told of a route further on does not.
        .filter(|method| {
            const BETWEEN: &[&str] = &["a", "an", "the", "new", "route", "endpoint", "handler", "rest", "api", "http"];
            let words = &goal.words;
            let Some(at) = words.position(method) else { return false };
            let before = (0..at).rev().filter_map(|at| words.get(at)).find(|word| !BETWEEN.contains(word));
            before.is_some_and(|word| matches!(word, "add" | "create" | "implement" | "introduce"))
        })
        .collect();
    let routes = scene.facts.routes();
    let route = routes.iter().find(|route| {
        goal.paths.iter().any(|path| path.trim_end_matches('/') == route.path.trim_end_matches('/'))
            && named.iter().any(|method| method.eq_ignore_ascii_case(route.method))
    })?;
    let options = vec![
        "Change the one that is there".to_owned(),
        "Another path or method, which I name in the answer".to_owned(),
    ];
    Some(Finding {
        rule: "existing-overlap",
        id: "existing-route".to_owned(),
        claim: format!("{} is there already", route.name()),
        blocking: false,
        confidence: 0.1,
        impact: 5,
        design: true,
        invalid: true,
        text: format!("{} is there already: {}. What is meant?", route.name(), quoted(route.fact)),
        why: "Two handlers on one route: only the first is ever reached.".to_owned(),
        recommended: options.first().cloned(),
        options,
        facts: vec![route.fact.id.clone()],
        unless: &[],
    })
}

fn missing(scene: &Scene<'_>, outside: &Outside) -> Option<Finding> {
    let goal = &scene.goal;
    outside.says.iter().find(|word| goal.says(word))?;
    if scene.facts.has(outside.facts)
        || goal.words.any(&["is running", "already run", "already have", "we have", "add redis", "available"]).is_some()
    {
        return None;
    }
    let instead = scene.facts.first(&[outside.instead]);
    let mut options = vec![format!("Yes: {} is run and paid for already, or will be", outside.name)];
    options.extend(instead.map(|fact| format!("No: use what is there, {}", said(fact))));
    Some(Finding {
        rule: "missing-dependency",
        id: outside.id.to_owned(),
        claim: format!("The goal names {}, and nothing in the project uses it yet", outside.name),
        blocking: false,
        confidence: 0.45,
        impact: 3,
        design: true,
        invalid: true,
        text: format!("Nothing in the project uses {} yet. May it be added, and does somebody run it?", outside.name),
        why: "A new service has to be run, watched and paid for in every environment, tests included.".to_owned(),
        recommended: options.first().cloned(),
        options,
        facts: instead.map(|fact| vec![fact.id.clone()]).unwrap_or_default(),
        unless: outside.says,
    })
}

const UNTESTED: Ask = Ask {
    id: "no-tests",
    rule: "no-tests",
    kinds: &[Kind::Feature, Kind::Bug, Kind::Refactoring, Kind::Removal, Kind::Upgrade, Kind::Performance],
    unless: &["test", "tests", "jest", "mocha", "vitest", "node test", "by hand", "manually"],
    claim: "The project has no tests that were found, and how the change is verified is not said",
    text: "No tests were found in the project. How should the change be verified?",
    why: "Only evidence completes work here: a command that fails before the change and passes after it.",
    options: &[
        "*With node:test, which needs no dependency: tests of what changes come first",
        "With another test framework, which I name in the answer",
        "By hand, by a list of steps",
    ],
    about: &["script.test"],
    impact: 4,
    confidence: 0.3,
    ..Ask::NEW
};

fn untested(scene: &Scene<'_>) -> Option<Finding> {
    if scene.facts.tested(scene.view) {
        return None;
    }
    let mut finding = UNTESTED.find(scene)?;
    if !scene.facts.has(&["node", "dependency", "script", "stack~node"]) {
        // What a project of another stack, or an empty one, is tested with is not known.
        finding.options[0] = "With what this stack is usually tested with: tests of what changes come first".to_owned();
        finding.recommended = finding.options.first().cloned();
    }
    Some(finding)
}

/// It is known how the change will be verified: there are tests, the goal says how, or a person did.
pub(in crate::offline) fn verified(scene: &Scene<'_>, items: &[Item]) -> bool {
    let id = if scene.goal.kind == Kind::Docs { "docs-kept-true" } else { UNTESTED.id };
    let settled = |item: &&Item| item.finding.id == id;
    scene.facts.tested(scene.view)
        || match items.iter().find(settled) {
            Some(item) => matches!(item.standing, Standing::Answered | Standing::Settled),
            // It is not asked where the goal or the project says it.
            None => true,
        }
}

/// Nothing in the project has to do with the goal: a person may know where.
fn nowhere(scene: &Scene<'_>) -> Option<Finding> {
    if relevant_code(scene) {
        return too_little(scene);
    }
    let entry = scene.facts.first(&["entry-point"]);
    let nouns: Vec<String> = scene.goal.nouns.iter().take(4).map(|noun| format!("\"{}\"", inline(noun, 40))).collect();
    let looked = if nouns.is_empty() { "the goal".to_owned() } else { listed(&nouns) };
    let routes = scene.facts.routes();
    let beside = routes.iter().find_map(|route| route.fact.source.as_ref()).map(|place| inline(&place.path, 100));
    let new = match beside {
        _ if scene.goal.kind != Kind::Feature => "It has another name there, which I say in the answer".to_owned(),
        Some(path) => format!("In new files beside {path}: there is nothing yet that it belongs to"),
        None => "In new files: there is nothing yet that it belongs to".to_owned(),
    };
    let mut options = vec![new];
    options.extend(entry.map(|fact| format!("In what is there, beginning at {}", said(fact))));
    let upgraded = scene.goal.kind == Kind::Upgrade && !nouns.is_empty();
    let text = if upgraded {
        format!("No package that the project depends on is called {looked}. What is to be upgraded?")
    } else {
        format!("Nothing that was found in the project has to do with {looked}. Where does the change belong?")
    };
    Some(Finding {
        rule: "nothing-found",
        id: "where-in-the-code".to_owned(),
        claim: format!("Nothing that was found in the project has to do with {looked}"),
        blocking: false,
        confidence: 0.15,
        impact: 4,
        design: true,
        invalid: false,
        text,
        why: "Rules find routes, models and packages by their names. What has another name, a person has to point at."
            .to_owned(),
        recommended: options.first().cloned(),
        options,
        facts: entry.map(|fact| vec![fact.id.clone()]).unwrap_or_default(),
        unless: &[],
    })
}

/// Something has to do with the goal, and not enough is known around it to rely on that: no interpreter read the stack, or
/// nothing says where it starts.
fn too_little(scene: &Scene<'_>) -> Option<Finding> {
    if confidence::found(scene) >= confidence::RELIABLE {
        return None;
    }
    let files: Vec<String> = scene.subject_files().iter().take(3).map(|(path, _)| inline(path, 80)).collect();
    let fact = scene.relevant().iter().map(|relevant| relevant.fact).find(|fact| fact.cited)?;
    let mut options = Vec::new();
    if !files.is_empty() {
        options.push(format!("In {}", listed(&files)));
    }
    options.push("In new files beside what was found".to_owned());
    Some(Finding {
        rule: "little-found",
        id: "where-in-the-code".to_owned(),
        claim: format!("What was found about the goal, {}, was found by its name alone", said(fact)),
        blocking: false,
        confidence: 0.3,
        impact: 4,
        design: true,
        invalid: false,
        text: format!(
            "Found by its name: {}. How it hangs together with the rest could not be read. Where does the change belong?",
            quoted(fact)
        ),
        why: "Rules do not know this stack well enough to rely on a name. A person does.".to_owned(),
        recommended: options.first().cloned(),
        options,
        facts: vec![fact.id.clone()],
        unless: &[],
    })
}

/// Something was found, by the host itself, that has to do with the goal.
pub(in crate::offline) fn relevant_code(scene: &Scene<'_>) -> bool {
    scene.relevant().iter().any(|relevant| relevant.fact.cited && !is_about_project(relevant.fact.key.as_str()))
}

fn is_about_project(key: &str) -> bool {
    ["script", "node", "readme", "project", "stack", "language"].iter().any(|known| is_or_below(key, known))
}
