//! What the project already has, what it lacks, and goals that nothing in it has to do with.

use certus_engine::Fact;

use super::{Ask, Finding, Item, Standing};
use crate::offline::confidence;
use crate::offline::facts::{Relevant, is_or_below, quoted, said};
use crate::offline::goal::Kind;
use crate::offline::named;
use crate::offline::scene::{Scene, is_test};
use crate::offline::text::{code, counted, inline, listed, stem};

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

/// Places that a question offers.
const PLACES: usize = 3;

pub(super) fn find(scene: &Scene<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = OUTSIDE.iter().filter_map(|outside| missing(scene, outside)).collect();
    findings.extend(existing_route(scene));
    findings.extend(untested(scene));
    findings.extend(nowhere(scene));
    findings
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
    kinds: &[
        Kind::Feature,
        Kind::Bug,
        Kind::Refactoring,
        Kind::Removal,
        Kind::Upgrade,
        Kind::Performance,
        Kind::Unclear,
    ],
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
    // What is set up is what new tests are written for; `echo` stands where nothing is.
    let command = scene.view.project.commands.get("test").filter(|command| {
        !scene.facts.select("script.test").any(|fact| fact.value.contains("no test specified")) && !command.is_empty()
    });
    if let Some(command) = command {
        finding.options[0] =
            format!("With {}, which is set up already: tests of what changes come first", code(command, 80));
        finding.recommended = finding.options.first().cloned();
    } else if !scene.facts.has(&["node", "dependency", "script", "stack~node"]) {
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
    if tells_where(scene, scene.found_by_name()) {
        return too_little(scene);
    }
    // A text that people read is found by its name, and no file of code is meant instead.
    if scene.goal.kind == Kind::Docs && scene.goal.words.has("readme") {
        return None;
    }
    let entry = scene.facts.first(&["entry-point"]);
    // A name that code would have says where by itself: where no fact has it, no file is better than another.
    let identifiers = named::identifiers(&scene.view.goal);
    let nouns: Vec<String> = match identifiers.as_slice() {
        [] => scene
            .goal
            .nouns
            .iter()
            .filter(|noun| *noun != "everything")
            .take(4)
            .map(|noun| {
                // As it is written, and not as it is compared.
                let written = scene.goal.words.iter().find(|word| stem(word) == noun.as_str());
                format!("\"{}\"", inline(written.unwrap_or(noun), 40))
            })
            .collect(),
        names => names.iter().take(4).map(|name| code(name, 60)).collect(),
    };
    let looked = if nouns.is_empty() { "the goal".to_owned() } else { listed(&nouns) };
    let beginning = entry.map(|fact| format!("In what is there, beginning at {}", said(fact)));
    let (options, text): (Vec<String>, String) = match scene.goal.kind {
        _ if scene.goal.converts() => {
            let all = entry.map_or_else(String::new, |fact| format!(", beginning at {}", said(fact)));
            let whole = format!("All of it, file by file{all}; both languages side by side until the last");
            let first = places(scene).into_iter().take(2).map(|place| format!("First {place}"));
            (
                std::iter::once(whole).chain(first).collect(),
                "Nothing of it was found in the project yet. Which files first?".to_owned(),
            )
        }
        Kind::Feature => {
            let routes = scene.facts.routes();
            let beside =
                routes.iter().find_map(|route| route.fact.source.as_ref()).map(|place| inline(&place.path, 100));
            let beside = beside.map(|path| format!(" beside {path}")).unwrap_or_default();
            let new = format!("In new files{beside}: there is nothing yet that it belongs to");
            (std::iter::once(new).chain(beginning).collect(), unfound(&looked, "Where does the change belong?"))
        }
        Kind::Upgrade => (
            named_otherwise(packages(scene)),
            format!("No package that the project depends on is called {looked}. What is to be upgraded?"),
        ),
        // What is there already has another name: these are the names that were found.
        _ => {
            let mut places = places(scene);
            if places.is_empty() {
                places.extend(beginning);
            }
            (named_otherwise(places), unfound(&looked, "Which of the files is meant?"))
        }
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
        recommended: options.first().filter(|_| identifiers.is_empty()).cloned(),
        options,
        facts: entry.map(|fact| vec![fact.id.clone()]).unwrap_or_default(),
        unless: &[],
    })
}

fn unfound(looked: &str, ask: &str) -> String {
    format!("Nothing that was found in the project has to do with {looked}. {ask}")
}

/// What was found, then what was not. Where nothing was, there is nothing to choose from.
fn named_otherwise(mut found: Vec<String>) -> Vec<String> {
    if found.is_empty() {
        return found;
    }
    found.push("It has another name there, which I say in the answer".to_owned());
    found
}

/// Files of the program that hold most of what was found, with what they hold: `routes/auth.js (5 routes)`.
fn places(scene: &Scene<'_>) -> Vec<String> {
    let mut files: Vec<(&str, usize, usize)> = Vec::new();
    for fact in scene.facts.iter().filter(|fact| fact.cited) {
        let (route, model) = (is_or_below(&fact.key, "route"), is_or_below(&fact.key, "model"));
        let Some(place) = fact.source.as_ref().filter(|place| (route || model) && !is_test(&place.path)) else {
            continue;
        };
        let at = match files.iter().position(|(path, ..)| *path == place.path) {
            Some(at) => at,
            None => {
                files.push((&place.path, 0, 0));
                files.len() - 1
            }
        };
        files[at].1 += usize::from(route);
        files[at].2 += usize::from(model);
    }
    files.sort_by_key(|(_, routes, models)| std::cmp::Reverse(routes + models));
    let held = |(path, routes, models): &(&str, usize, usize)| {
        let counts = [(*routes, "route"), (*models, "model")];
        let counts: Vec<String> =
            counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, noun)| counted(count, noun)).collect();
        format!("{} ({})", inline(path, 100), listed(&counts))
    };
    files.iter().take(PLACES).map(held).collect()
}

/// What the program runs on, by name and version.
fn packages(scene: &Scene<'_>) -> Vec<String> {
    let all = scene.facts.select("dependency").filter(|fact| fact.cited && !fact.value.ends_with("(dev)"));
    let named = all.filter_map(|fact| {
        let name = fact.key.strip_prefix("dependency.")?;
        Some(format!("{} {}", inline(name, 60), inline(&fact.value, 30)))
    });
    named.take(PLACES).collect()
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

/// Some of it was found by the host itself, and says where the work is.
pub(in crate::offline) fn tells_where(scene: &Scene<'_>, relevant: &[Relevant<'_>]) -> bool {
    // Where the language is the work, what is said of it is about the goal.
    let language = |fact: &Fact| scene.goal.converts() && is_or_below(&fact.key, "language");
    relevant
        .iter()
        .map(|relevant| relevant.fact)
        .any(|fact| fact.cited && (language(fact) || !is_about_project(&fact.key)))
}

fn is_about_project(key: &str) -> bool {
    ["script", "node", "readme", "project", "stack", "language"].iter().any(|known| is_or_below(key, known))
}
