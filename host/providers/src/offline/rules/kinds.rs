//! What each kind of work has to say and often does not: a bug its symptom, a refactoring its boundary, a removal its users.

use super::{Ask, Finding};
use crate::offline::facts::{Route, place, quoted};
use crate::offline::goal::Kind;
use crate::offline::lexicon::FAILURES;
use crate::offline::scene::Scene;
use crate::offline::text::{inline, listed};

const QUESTIONS: &[Ask] = &[
    Ask {
        id: "bug-symptom",
        rule: "bug-without-symptom",
        kinds: &[Kind::Bug],
        unless: &[
            "expected",
            "instead of",
            "rather than",
            "should be",
            "should return",
            "should show",
            "should say",
            "but got",
            "actual",
            "returns",
            "twice",
            "although",
            "even though",
            "did not",
            "stack trace",
            "traceback",
            "typeerror",
            "status",
        ],
        claim: "What happens and what should happen instead is not said",
        text: "What exactly happens, and what should happen instead? One example with its numbers or its message is best.",
        why: "The first step is a test that fails for this reason. It needs the wrong result and the right one.",
        options: &["Not known exactly: reproduce it first, and show me the failing test"],
        impact: 5,
        confidence: 0.2,
        design: false,
        ..Ask::NEW
    },
    Ask {
        id: "bug-when",
        rule: "bug-without-steps",
        kinds: &[Kind::Bug],
        unless: &["when", "whenever", "after", "if", "every time", "steps", "reproduce", "on submit", "because"],
        claim: "When the bug shows is not said",
        text: "When does it happen?",
        why: "Data, order of steps, load and time lead to different causes: it decides what the test sets up.",
        options: &[
            "*Not known: try several orders of steps and several kinds of data",
            "Every time",
            "Only with certain data, which I name in the answer",
            "Only when several requests come at once",
        ],
        impact: 4,
        confidence: 0.3,
        design: false,
        ..Ask::NEW
    },
    Ask {
        id: "bug-since",
        rule: "bug-without-steps",
        kinds: &[Kind::Bug],
        unless: &[
            "since",
            "used to",
            "regression",
            "worked before",
            "after the",
            "last week",
            "yesterday",
            "when",
            "should be",
        ],
        claim: "Whether it ever worked is not said",
        text: "Did it work before, and what changed since?",
        why: "If it did, the change that broke it can be found by bisecting, without understanding everything.",
        options: &["*Not known", "It did, until a change or a date that I name in the answer", "It never worked"],
        impact: 3,
        confidence: 0.45,
        design: false,
        ..Ask::NEW
    },
    Ask {
        id: "bug-stored-data",
        rule: "data-migration",
        kinds: &[Kind::Bug],
        says: &[
            "total",
            "totals",
            "price",
            "amount",
            "balance",
            "wrong",
            "incorrect*",
            "corrupt*",
            "duplicate*",
            "twice",
            "lost",
            "missing",
            "save*",
            "store*",
        ],
        unless: &["display*", "shown", "css", "layout", "typo", "crash*", "existing data", "backfill"],
        needs: &["model", "database"],
        claim: "Whether wrong data is already stored is not said",
        text: "May wrong values already be stored, and what should happen to them?",
        why: "A corrected program goes on showing what the wrong one stored.",
        options: &[
            "*Find and count them first; correct them in a step of its own",
            "Correct them with this change",
            "Leave them as they are",
            "Nothing wrong is stored",
        ],
        impact: 4,
        confidence: 0.38,
        ..Ask::NEW
    },
    Ask {
        id: "refactoring-aim",
        rule: "refactoring-without-aim",
        kinds: &[Kind::Refactoring],
        unless: &[
            "so that",
            "because",
            "into",
            "to make",
            "to allow",
            "in order to",
            "duplicat*",
            "rename",
            "extract",
            "too large",
            "too big",
            "too long",
            "too complex",
            "hard to",
            "split",
        ],
        claim: "What should be better after the refactoring is not said",
        text: "What should be easier afterwards?",
        why: "Without an aim a refactoring moves code about, and nobody can say when it is finished.",
        options: &[
            "*What decides moved out of the controllers, so that it can be tested without a request",
            "*Handlers moved out of the routes, so that they can be tested without a server",
            "Duplicated code in one place",
            "Database access in one layer of its own",
            "Shorter functions, the same files",
        ],
        impact: 5,
        confidence: 0.25,
        ..Ask::NEW
    },
    Ask {
        id: "behaviour-kept",
        rule: "behaviour-kept",
        kinds: &[Kind::Refactoring],
        unless: &[
            "same behavio*",
            "behavio* unchanged",
            "without changing",
            "no behavio*",
            "unchanged",
            "keep the",
            "backward*",
            "breaking",
        ],
        claim: "Whether behaviour may change is not said",
        text: "Must every answer stay exactly as it is: paths, statuses, bodies, messages?",
        why: "It decides which tests have to exist before the first line is moved.",
        options: &[
            "*Yes, exactly: what the tests do not cover yet is covered first",
            "Yes for paths, statuses and bodies; messages may change",
            "No: inconsistencies may be corrected on the way, each named",
        ],
        impact: 4,
        confidence: 0.3,
        design: false,
        ..Ask::NEW
    },
    Ask {
        id: "switch-over",
        rule: "unstated-compatibility",
        kinds: &[Kind::Feature, Kind::Refactoring, Kind::Unclear],
        says: &["replace", "switch", "migrate", "move"],
        unless: &["side by side", "at once", "step by step", "gradual*", "both", "downtime", "one by one", "button"],
        claim: "How to get from the one to the other is not said",
        text: "At once, or with both side by side for a while? And what becomes of what the old one still holds?",
        why: "What is under way or kept in the old one on the day of the release is lost unless somebody takes it over.",
        options: &[
            "*Side by side: new work goes to the new one, the old one is emptied and then removed",
            "At once, in a pause of some minutes",
            "At once: nothing in the old one is worth keeping",
        ],
        impact: 5,
        confidence: 0.25,
        ..Ask::NEW
    },
    Ask {
        id: "removal-users",
        rule: "unstated-compatibility",
        kinds: &[Kind::Removal],
        unless: &["unused", "nobody uses", "no one uses", "dead", "deprecat*", "no longer used"],
        claim: "Who still uses what is to be removed is not said",
        text: "Does anybody still use it, outside of this repository too?",
        why: "Callers outside cannot be seen from here, and they break on the day of the release.",
        options: &[
            "*Not known: log its use for two weeks, then remove it",
            "Nobody: remove it now",
            "Yes: answer 410 Gone for a while",
        ],
        impact: 5,
        confidence: 0.3,
        ..Ask::NEW
    },
    Ask {
        id: "removal-data",
        rule: "data-migration",
        kinds: &[Kind::Removal],
        needs: &["model", "database"],
        unless: &["data", "archive", "keep the records", "collection", "table"],
        claim: "What becomes of the stored data is not said",
        text: "What should happen to the data that belongs to it?",
        why: "Code comes back from the history; deleted records do not.",
        options: &["*Keep the data; only the code goes", "Export it, then delete it", "Delete it with the code"],
        impact: 4,
        confidence: 0.35,
        ..Ask::NEW
    },
    Ask {
        id: "removal-edge",
        rule: "missing-scope",
        kinds: &[Kind::Removal],
        unless: &["only", "everything", "except", "keep"],
        claim: "Where the removal ends is not said",
        text: "What close to it has to stay?",
        why: "Code that only this used goes along; code that others use as well must not.",
        options: &["*Everything that something else uses as well", "Only what I name in the answer"],
        impact: 3,
        confidence: 0.4,
        ..Ask::NEW
    },
    Ask {
        id: "upgrade-target",
        rule: "missing-scope",
        kinds: &[Kind::Upgrade],
        unless: &["#number", "latest", "newest", "lts", "current"],
        claim: "The version to upgrade to is not said",
        text: "To which version?",
        why: "The breaking changes between two versions are the work.",
        options: &[
            "*The newest release of the next major version",
            "The newest release of the same major version",
            "Step by step, one major version at a time",
        ],
        impact: 4,
        confidence: 0.35,
        ..Ask::NEW
    },
    Ask {
        id: "upgrade-breaking",
        rule: "unstated-compatibility",
        kinds: &[Kind::Upgrade],
        unless: &["breaking", "compatib*", "unchanged", "keep"],
        claim: "Whether other dependencies may move along is not said",
        text: "May other dependencies be upgraded or replaced where the new version demands it?",
        why: "A major version often pulls others along; some have no successor.",
        options: &["*Upgraded yes, replaced only after asking", "Neither: stop and say so", "Both"],
        impact: 3,
        confidence: 0.35,
        ..Ask::NEW
    },
    Ask {
        id: "upgrade-verified",
        rule: "unstated-failure-case",
        kinds: &[Kind::Upgrade],
        unless: &["rollback", "roll back", "canary", "staging"],
        claim: "How the upgrade is taken back is not said",
        text: "How is it released, so that it can be taken back?",
        why: "What breaks in an upgrade shows under real traffic, not always in tests.",
        options: &[
            "*As one commit that can be reverted, after the tests pass",
            "First on a staging system for some days",
        ],
        impact: 3,
        confidence: 0.4,
        design: false,
        ..Ask::NEW
    },
    Ask {
        id: "performance-where",
        rule: "missing-scope",
        kinds: &[Kind::Performance],
        unless: &["profil*", "query", "queries", "n+1", "measured", "measurement*"],
        claim: "Whether the slow part was measured is not said",
        text: "Was it measured where the time goes?",
        why: "Most guesses about slow code are wrong. A measurement first saves the work on the wrong part.",
        options: &[
            "*No: measure first, then decide",
            "Yes: in the database",
            "Yes: in the code, which I name in the answer",
            "Yes: in a service outside",
        ],
        impact: 4,
        confidence: 0.35,
        ..Ask::NEW
    },
    Ask {
        id: "performance-tradeoff",
        rule: "unstated-decision",
        kinds: &[Kind::Performance],
        unless: &["stale", "cache*", "fresh", "consisten*", "old", "up to date"],
        claim: "Whether answers may be a little old is not said",
        text: "May an answer be some seconds old?",
        why: "If it may, a cache is the cheapest way. If not, the work itself has to become less.",
        options: &["*No: every answer is current", "Yes, up to a minute", "Yes, for visitors who are not signed in"],
        impact: 3,
        confidence: 0.35,
        ..Ask::NEW
    },
    Ask {
        id: "docs-readers",
        rule: "unstated-actor",
        kinds: &[Kind::Docs],
        unless: &[
            "for developers",
            "for users",
            "for customers",
            "for contributors",
            "for consumers",
            "readers",
            "newcomers",
        ],
        claim: "Who reads the documentation is not said",
        text: "Who is it written for?",
        why: "Somebody who calls the API, somebody who runs it and somebody who changes it need different pages.",
        options: &["*Developers who call the API", "Developers who join the project", "People who run it"],
        impact: 4,
        confidence: 0.3,
        design: false,
        ..Ask::NEW
    },
    Ask {
        id: "docs-form",
        kinds: &[Kind::Docs],
        unless: &["readme", "openapi", "swagger", "markdown", "jsdoc", "wiki", "comments"],
        known: &["docs.openapi"],
        claim: "The form of the documentation is not said",
        text: "In which form, and where?",
        why: "What is generated from the code stays true; what is written by hand explains more.",
        options: &["*Markdown in the repository", "OpenAPI, generated from the routes", "Comments in the code"],
        impact: 3,
        confidence: 0.35,
        ..Ask::NEW
    },
    Ask {
        id: "docs-kept-true",
        kinds: &[Kind::Docs],
        unless: &["generated", "ci", "checked", "automatic*"],
        claim: "How the documentation is kept true is not said",
        text: "How should it be noticed when the documentation is no longer true?",
        why: "Documentation that drifts is worse than none.",
        options: &["*A test that compares the routes with the documented ones", "By review", "Not at all"],
        impact: 3,
        confidence: 0.42,
        ..Ask::NEW
    },
];

pub(super) fn find(scene: &Scene<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = QUESTIONS.iter().filter_map(|ask| ask.find(scene)).collect();
    if says_by_doing(scene) {
        findings.retain(|finding| !matches!(finding.id.as_str(), "bug-symptom" | "bug-when"));
    }
    findings.extend(boundary(scene));
    if !switches(scene) {
        findings.retain(|finding| finding.id != "switch-over");
    }
    for finding in &mut findings {
        match finding.id.as_str() {
            "bug-symptom" | "bug-when" => point_at_handler(scene, finding),
            "refactoring-aim" => fit_to_part(scene, finding),
            _ => {}
        }
    }
    findings
}

/// Routes that the goal is about, the closest first.
fn routes<'a>(scene: &Scene<'a>) -> Vec<Route<'a>> {
    let routes = scene.facts.routes();
    let relevant = scene.relevant();
    let closest = relevant.iter().filter(|relevant| relevant.score >= 3);
    closest.filter_map(|relevant| routes.iter().find(|route| route.fact.id == relevant.fact.id).copied()).collect()
}

/// One thing for another is wanted, and no more special question knows of it.
fn switches(scene: &Scene<'_>) -> bool {
    let words = &scene.goal.words;
    let pair = |verb: &str, other: &[&str]| words.has(verb) && words.any(other).is_some();
    let one_for_other = pair("replace", &["by", "with"])
        || pair("move", &["from"])
        || pair("switch", &["from", "to"])
        || pair("migrate", &["from", "to"]);
    one_for_other && !["authentication", "database"].iter().any(|topic| scene.goal.about(topic))
}

/// `Changing the password logs the user out` says when it happens, and what.
fn says_by_doing(scene: &Scene<'_>) -> bool {
    let words = &scene.goal.words;
    let at = usize::from(words.get(0) == Some("fix"));
    let doing = words.get(at).is_some_and(|word| word.len() > 5 && word.ends_with("ing") && !FAILURES.contains(&word));
    doing
        && matches!(words.get(at + 1), Some("a" | "an" | "the" | "my" | "your" | "their" | "one" | "to"))
        && words.len() >= at + 6
}

/// A controller holds no routes, and routes are no controller: of the two options one fits.
fn fit_to_part(scene: &Scene<'_>, finding: &mut Finding) {
    let drop = if scene.goal.words.has("controller*") { "Handlers moved" } else { "What decides moved" };
    finding.options.retain(|option| !option.starts_with(drop));
    finding.recommended = finding.options.first().cloned();
}

/// A bug is asked about where it would be looked for.
fn point_at_handler(scene: &Scene<'_>, finding: &mut Finding) {
    let routes = routes(scene);
    let Some(route) = routes.first() else { return };
    finding.facts.push(route.fact.id.clone());
    if finding.id == "bug-symptom" {
        let at = place(route.fact).map(|place| format!(" at {place}")).unwrap_or_default();
        finding.text.push_str(&format!(" The closest code that was found is {}{at}.", route.name()));
    }
}

/// The fact that says most about a file: how long it is, else the first.
fn best<'a>(facts: &[&'a certus_engine::Fact]) -> Option<&'a certus_engine::Fact> {
    facts.iter().find(|fact| fact.key == "file").or(facts.first()).copied()
}

/// A refactoring needs an edge. The files that hold what the goal names are the natural one.
fn boundary(scene: &Scene<'_>) -> Option<Finding> {
    let words = &scene.goal.words;
    let stated = ["only", "just", "except", "not touch", "leave", "within", "file", "function"];
    if scene.goal.kind != Kind::Refactoring
        || words.any(&stated).is_some()
        || words.iter().any(|word| word == "js" || word == "ts")
    {
        return None;
    }
    let subject = scene.subject_files();
    let files: Vec<String> = subject.iter().take(3).map(|(path, _)| inline(path, 80)).collect();
    let facts: Vec<&certus_engine::Fact> = subject.iter().filter_map(|(_, facts)| best(facts)).take(3).collect();
    let mut options = Vec::new();
    if !files.is_empty() {
        options.push(format!("Only {}", listed(&files)));
        options.push(format!("{} and what only they call", listed(&files)));
    }
    options.push("Whatever has to move, each file named before".to_owned());
    let recommended = options.first().cloned();
    let there = match facts.first() {
        Some(fact) if fact.key == "file" => {
            let sizes: Vec<String> =
                facts.iter().filter(|fact| fact.key == "file").map(|fact| inline(&fact.value, 100)).collect();
            format!(" There now: {}.", listed(&sizes))
        }
        Some(fact) => format!(" There now: {}.", quoted(fact)),
        None => String::new(),
    };
    Some(Finding {
        rule: "refactoring-without-boundary",
        id: "refactoring-boundary".to_owned(),
        claim: "Which files the refactoring may touch is not said".to_owned(),
        blocking: false,
        confidence: 0.25,
        impact: 4,
        design: true,
        invalid: false,
        text: format!("Which files may change?{there}"),
        why: "The edge decides how large the change gets and what has to be tested.".to_owned(),
        options,
        recommended,
        facts: facts.iter().map(|fact| fact.id.clone()).collect(),
        unless: &[],
    })
}
