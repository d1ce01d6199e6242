//! Words that promise much and say little, goals that are several goals, scope that is left to the reader.

use super::Finding;
use crate::offline::goal::Kind;
use crate::offline::named;
use crate::offline::scene::Scene;
use crate::offline::text::{counted, inline, listed};

/// A quality that a word claims without a measure.
struct Vague {
    id: &'static str,
    words: &'static [&'static str],
    text: &'static str,
    why: &'static str,
    options: &'static [&'static str],
    impact: u8,
}

/// A number or a standard near the word suppresses it. The first option is recommended.
const VAGUE: &[Vague] = &[
    Vague {
        id: "measure-fast",
        words: &[
            "fast",
            "faster",
            "quick",
            "quickly",
            "performant",
            "performance",
            "optimi*",
            "speed up",
            "slow",
            "slowness",
            "latency",
            "responsive",
            "efficient",
            "throughput",
        ],
        text: "How fast is fast enough, and for which requests?",
        why: "Without a number nobody can say when the work is done, or whether a later change made it worse.",
        options: &[
            "95 % of the requests concerned under 200 ms",
            "95 % of the requests concerned under 1 s",
            "Twice as fast as measured today",
        ],
        impact: 4,
    },
    Vague {
        id: "standard-secure",
        words: &["secure", "securely", "security", "safe", "hardened", "harden"],
        text: "Secure against what, or by which standard?",
        why: "Security is a list of threats that are dealt with. Without the list anything can be called secure.",
        options: &[
            "OWASP ASVS level 1 for what this change touches",
            "Only the threats that I name in the answer",
            "A scan of the dependencies without known vulnerabilities",
        ],
        impact: 4,
    },
    Vague {
        id: "load-scalable",
        words: &["scalable", "scale", "scales", "scaling", "high load", "heavy load", "many users", "high traffic"],
        text: "How much load must it carry: how many users or requests at once?",
        why: "One process with one database carries a lot. Whether queues, caches or several processes are needed follows from the number.",
        options: &[
            "100 requests a second on one process",
            "1,000 requests a second on several processes",
            "What it carries today, no less",
        ],
        impact: 4,
    },
    Vague {
        id: "meaning-friendly",
        words: &[
            "user friendly",
            "userfriendly",
            "intuitive",
            "easy to use",
            "easy",
            "convenient",
            "usable",
            "nice",
            "nicer",
            "beautiful",
            "pretty",
            "seamless",
            "smooth",
        ],
        text: "What should somebody be able to do afterwards that is hard now, and in how many steps?",
        why: "What feels easy differs. A task with a number of steps can be tried.",
        options: &[
            "The main task in at most three steps, without reading help",
            "Clear messages for every error",
            "Meeting WCAG 2.2 level AA",
        ],
        impact: 3,
    },
    Vague {
        id: "meaning-robust",
        words: &[
            "robust",
            "reliable",
            "reliably",
            "stable",
            "resilient",
            "bulletproof",
            "production ready",
            "enterprise grade",
            "high quality",
            "fault tolerant",
        ],
        text: "Which failures must it survive, and what may be lost?",
        why: "Robust against a bad request, a lost connection and a crash in the middle are three different pieces of work.",
        options: &[
            "Bad input and a database that is away for a moment; nothing that was confirmed is lost",
            "Only bad input",
            "A crash at any moment",
        ],
        impact: 3,
    },
    Vague {
        id: "meaning-better",
        words: &[
            "better",
            "improve",
            "improved",
            "improvement*",
            "enhance*",
            "modern",
            "moderni*",
            "clean",
            "cleaner",
            "simple",
            "simpler",
            "simplify",
            "flexible",
            "elegant",
            "proper",
            "properly",
            "best practice*",
            "state of the art",
            "good",
            "polish",
        ],
        text: "What would you look at to see that it is better?",
        why: "The word says a direction and no end. One thing that can be seen or measured gives it an end.",
        options: &[
            "One behaviour, which I name in the answer",
            "Less code with the same behaviour",
            "A number, which I name in the answer",
        ],
        impact: 3,
    },
    Vague {
        id: "deadline",
        words: &["soon", "asap", "urgent", "urgently", "as soon as possible"],
        text: "By when, and what may be left out to make it?",
        why: "A date with a smallest useful part decides what is done first.",
        options: &["No date: complete is better than early", "This week: the smallest part that is useful"],
        impact: 2,
    },
];

/// Where a vague word is part of a name and means something.
const NAMES: &[&str] = &[
    "fast forward",
    "secure cookie*",
    "secure flag",
    "content security",
    "security polic*",
    "security header*",
    "security txt",
    "clean up",
    "simple mail",
    "good first",
    "safe mode",
    "scale down",
    "easy mode",
    "performance work",
];

pub(super) fn find(scene: &Scene<'_>) -> Vec<Finding> {
    let mut findings = vague(scene);
    findings.extend(several(scene));
    findings.extend(scope(scene));
    findings
}

fn vague(scene: &Scene<'_>) -> Vec<Finding> {
    let goal = &scene.goal;
    VAGUE
        .iter()
        .filter_map(|vague| {
            let (at, word) = vague.words.iter().filter_map(|word| Some((goal.words.affirmed(word)?, *word))).min()?;
            let named = NAMES.iter().any(|name| {
                goal.words.position(name).is_some_and(|start| (start..start + name.split(' ').count()).contains(&at))
            });
            // What a cookie is called when it is sent over TLS alone.
            let flag = vague.id == "standard-secure" && goal.words.has("cookie*");
            // Whoever clicks twice quickly is quick, and no program is slow.
            let hurry = goal.kind == Kind::Bug && matches!(word, "quick" | "quickly");
            if named || flag || hurry || goal.measured_near(at) {
                return None;
            }
            let said = goal.words.get(at).unwrap_or(word).to_owned();
            let said = if word.contains(' ') { word.trim_end_matches('*').to_owned() } else { said };
            // A refactoring is always meant to be better; what is meant is asked there.
            if vague.id == "meaning-better" && matches!(goal.kind, Kind::Refactoring | Kind::Upgrade) {
                return None;
            }
            Some(Finding {
                rule: "vague-quality-term",
                id: vague.id.to_owned(),
                claim: format!("\"{said}\" has no measure in the goal"),
                blocking: false,
                confidence: 0.25,
                impact: vague.impact,
                design: false,
                invalid: false,
                text: format!("The goal says \"{said}\". {}", vague.text),
                why: vague.why.to_owned(),
                options: vague.options.iter().map(|option| (*option).to_owned()).collect(),
                recommended: vague.options.first().map(|option| (*option).to_owned()),
                facts: Vec::new(),
                unless: &["p95", "p99", "owasp", "wcag"],
            })
        })
        .collect()
}

/// Several pieces of work in one sentence.
fn several(scene: &Scene<'_>) -> Option<Finding> {
    let kinds = scene.goal.kinds();
    // `Replace the slow query` and `fix the crash by adding a check` are one piece of work: what counts is the list.
    let listed_up = ["and", "also", "then", "plus"].iter().any(|word| scene.goal.words.has(word));
    if kinds.len() < 3 || !listed_up {
        return None;
    }
    let names: Vec<String> = kinds.iter().map(|kind| kind.title().to_owned()).collect();
    let options: Vec<String> = std::iter::once("All of it, in this order, as one change".to_owned())
        .chain(names.iter().map(|name| format!("Only the {name} now; the rest later")))
        .collect();
    let recommended = options.get(1).cloned();
    Some(Finding {
        rule: "several-goals",
        id: "split-goal".to_owned(),
        claim: format!("The goal holds {}: {}", counted(kinds.len(), "piece") + " of work", listed(&names)),
        blocking: false,
        confidence: 0.35,
        impact: 3,
        design: false,
        invalid: false,
        text: format!("The goal holds several pieces of work: {}. Which is to be done now?", listed(&names)),
        why: "Small changes are approved, tested and taken back one by one; a large one only as a whole.".to_owned(),
        options,
        recommended,
        facts: Vec::new(),
        unless: &[],
    })
}

/// `keep everything else` is no scope, and `rename currentUser everywhere` has one: each place that has the name.
fn bounded(scene: &Scene<'_>, pattern: &str, at: usize) -> bool {
    let words = &scene.goal.words;
    match pattern {
        "everything" => {
            words.has("including")
                || words.get(at + 1) == Some("else")
                || at.checked_sub(1).is_some_and(|before| matches!(words.get(before), Some("keep" | "leave")))
        }
        "everywhere" => named::names_code(&scene.facts, &scene.view.goal),
        _ => false,
    }
}

/// `everything`, `etc.`: where it ends is left open.
fn scope(scene: &Scene<'_>) -> Option<Finding> {
    const OPEN: &[&str] = &[
        "everything",
        "etc",
        "and so on",
        "and more",
        "everywhere",
        "whole app",
        "whole application",
        "entire app",
        "entire application",
        "whole project",
        "entire project",
        "whole codebase",
        "entire codebase",
        "full rewrite",
        "all of it",
        "and stuff",
    ];
    let words = &scene.goal.words;
    // A name is renamed wherever it stands.
    if words.has("rename*") {
        return None;
    }
    let open =
        OPEN.iter().copied().find(|pattern| words.position(pattern).is_some_and(|at| !bounded(scene, pattern, at)))?;
    let mut files: Vec<String> = Vec::new();
    let relevant = scene.relevant();
    for place in relevant.iter().filter_map(|relevant| relevant.fact.source.as_ref()) {
        let path = inline(&place.path, 80);
        if !files.contains(&path) && files.len() < 3 {
            files.push(path);
        }
    }
    let mut options = Vec::new();
    if !files.is_empty() {
        options.push(format!("Only what is in {}", listed(&files)));
    }
    options.push("Only what I name in the answer".to_owned());
    options.push("Really all of it, in pieces that are approved one by one".to_owned());
    let recommended = options.first().cloned();
    Some(Finding {
        rule: "missing-scope",
        id: "scope".to_owned(),
        claim: format!("\"{open}\" leaves open where the work ends"),
        blocking: false,
        confidence: 0.25,
        impact: 4,
        design: false,
        invalid: false,
        text: format!("The goal says \"{open}\". What is the smallest part that would be useful by itself?"),
        why: "Work without an edge is never complete, and cannot be reviewed.".to_owned(),
        options,
        recommended,
        facts: Vec::new(),
        unless: &[],
    })
}
