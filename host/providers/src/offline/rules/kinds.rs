//! What each kind of work has to say and often does not: a bug its symptom, a refactoring its boundary, a removal its users.

use super::Finding;
use super::kind_questions::QUESTIONS;
use crate::offline::clauses;
use crate::offline::facts::{named_in, place, quoted};
use crate::offline::goal::{Goal, Kind};
use crate::offline::lexicon::FAILURES;
use crate::offline::named::{Named, Thing};
use crate::offline::scene::Scene;
use crate::offline::text::{inline, listed};

pub(super) fn find(scene: &Scene<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = QUESTIONS.iter().filter_map(|ask| ask.find(scene)).collect();
    if says_by_doing(scene) {
        findings.retain(|finding| !matches!(finding.id.as_str(), "bug-symptom" | "bug-when"));
    }
    if says_who_can(scene) {
        findings.retain(|finding| !matches!(finding.id.as_str(), "bug-symptom" | "bug-when"));
    }
    if says_both(&scene.goal) || scene.goal.tells_much() {
        findings.retain(|finding| finding.id != "bug-symptom");
    }
    // What is now stands in the code; what should be is all that can be asked, where the goal does not say it.
    if scene.goal.wishes() {
        findings.retain(|finding| finding.id != "change-wanted");
    }
    if scene.goal.tells_much() {
        findings.retain(|finding| finding.id != "bug-since");
    }
    if scene.goal.accuses {
        findings.retain(|finding| finding.id != "bug-symptom");
    }
    // What is so all the time happens at no special time.
    if (scene.goal.states || scene.goal.accuses) && scene.goal.words.any(CONDITION).is_none() {
        findings.retain(|finding| finding.id != "bug-when");
    }
    if says_with_what(scene) {
        findings.retain(|finding| finding.id != "bug-when");
    }
    if says_into_what(scene) || scene.goal.converts() {
        findings.retain(|finding| finding.id != "refactoring-aim");
    }
    // A file, a guard or a package keeps no data.
    let keeps = |thing: &Thing<'_>| matches!(thing, Thing::Model(_) | Thing::Route(_));
    let requested = scene.goal.kind == Kind::Removal && !scene.goal.requests.is_empty();
    let stored = |thing: &Thing<'_>| match thing {
        Thing::Model(_) => true,
        Thing::Route(route) => route.writes(),
        _ => false,
    };
    let unnamed = scene.by_goal().next().is_none() && !scene.named_models().is_empty();
    let kept = unnamed || scene.by_goal().any(stored);
    if requested || !kept {
        findings.retain(|finding| finding.id != "removal-data");
    }
    // A package, a middleware or a part of a page has nobody outside who calls it.
    if !requested && !scene.by_goal().any(keeps) {
        findings.retain(|finding| finding.id != "removal-users");
    }
    // Whoever lists what goes says where it ends.
    if scene.goal.is_long() || !scene.by_goal().any(keeps) {
        findings.retain(|finding| finding.id != "removal-edge");
    }
    if scene.goal.is_long() {
        let asks = ["bug-symptom", "bug-when", "bug-since", "change-wanted", "docs-readers", "refactoring-aim"];
        findings.retain(|finding| !asks.contains(&finding.id.as_str()));
    }
    findings.extend(boundary(scene));
    if !switches(scene) {
        findings.retain(|finding| finding.id != "switch-over");
    }
    for finding in &mut findings {
        match finding.id.as_str() {
            "bug-symptom" | "bug-when" => {
                if scene.goal.states && finding.id == "bug-symptom" {
                    "The goal says what happens. What should happen instead? One example is best."
                        .clone_into(&mut finding.text);
                }
                point_at_handler(scene, finding);
            }
            "refactoring-aim" => fit_to_part(scene, finding),
            _ => {}
        }
    }
    findings
}

/// What is, and what should be instead: `stays open` has its opposite in it, `A, but B should …` says both, and so does a wish
/// after a sentence about the present.
fn says_both(goal: &Goal) -> bool {
    const OPPOSITE: &[&str] = &[
        "stays",
        "stay",
        "keeps",
        "still",
        "never",
        "does not",
        "doesnt",
        "do not",
        "dont",
        "is not",
        "isnt",
        "are not",
        "arent",
        "remains",
        "no longer",
    ];
    const SHOULD: &[&str] = &["should", "must", "has to", "have to", "needs to", "need to", "ought to"];
    const PRESENT: &[&str] = &["today", "now", "currently", "at present", "at the moment", "right now"];
    let words = &goal.words;
    let tells = |at: usize| goal.is_main(at) && words.get(at).is_some_and(|word| clauses::TELLING.contains(&word));
    if goal.kind == Kind::Bug && goal.states && OPPOSITE.iter().any(|word| words.position(word).is_some_and(tells)) {
        return true;
    }
    let Some(wish) = SHOULD.iter().filter_map(|word| words.position(word)).max() else { return false };
    let but = words.position("but").is_some_and(|but| but < wish);
    but || words.any(PRESENT).is_some()
        || (0..wish).any(|at| {
            let before = at.checked_sub(1).and_then(|before| words.get(before)).unwrap_or_default();
            tells(at) && at > 0 && !matches!(before, "that" | "which" | "who" | "to")
        })
}

/// Words by which a fault has a time.
const CONDITION: &[&str] = &["sometimes", "occasionally", "often", "randomly", "intermittent*", "under load"];

/// One thing for another is wanted, and no more special question knows of it.
fn switches(scene: &Scene<'_>) -> bool {
    let words = &scene.goal.words;
    let pair = |verb: &str, other: &[&str]| words.has(verb) && words.any(other).is_some();
    let one_for_other = pair("replace", &["by", "with"])
        || pair("move", &["from"])
        || pair("switch", &["from", "to"])
        || pair("migrate", &["from", "to"]);
    // What changes its place in the code is not in use on both sides.
    scene.goal.kind != Kind::Refactoring
        && one_for_other
        && keeps_something(scene)
        && !["authentication", "database"].iter().any(|topic| scene.goal.about(topic))
}

/// What is replaced holds something, or does work that is under way: a store, a queue, a service outside. A library does not.
fn keeps_something(scene: &Scene<'_>) -> bool {
    const FAMILIES: &[&str] =
        &["database", "session.store", "cache", "queue", "mail", "payment", "storage", "upload", "websocket", "search"];
    const TOPICS: &[&str] =
        &["payment", "email", "notification", "caching", "upload", "search", "realtime", "webhooks"];
    const KEEPING: &[&str] = &["queue*", "background", "worker*", "job queue*", "cron", "bucket*"];
    if scene.goal.words.any(KEEPING).is_some() {
        return true;
    }
    let old = scene.goal.replaced();
    let is_old = |fact: &certus_engine::Fact| named_in([fact.key.as_str(), fact.value.as_str()], &old) > 0;
    FAMILIES.iter().flat_map(|family| scene.facts.select(family)).any(is_old)
        || TOPICS.iter().any(|topic| scene.goal.about(topic))
}

/// `Changing the password logs the user out` says when it happens, and what.
fn says_by_doing(scene: &Scene<'_>) -> bool {
    let words = &scene.goal.words;
    let at = usize::from(matches!(words.get(0), Some("fix" | "bug")));
    let doing = words.get(at).is_some_and(|word| word.len() > 5 && word.ends_with("ing") && !FAILURES.contains(&word));
    doing
        && matches!(words.get(at + 1), Some("a" | "an" | "the" | "my" | "your" | "their" | "one" | "to"))
        && words.len() >= at + 6
}

/// `Orders can be cancelled after they were shipped`, `anybody can delete other people's articles`: what may be done and must
/// not be is the symptom, and it happens whenever somebody does it.
fn says_who_can(scene: &Scene<'_>) -> bool {
    const LIMITS: &[&str] = &[
        "after", "before", "although", "even", "without", "twice", "other", "others", "another", "still", "while",
        "else",
    ];
    let words = &scene.goal.words;
    let Some(can) = words.position("can") else { return false };
    let anybody = words.any(&["anybody", "anyone", "everybody", "everyone", "any user", "every user"]).is_some();
    (anybody || words.any(LIMITS).is_some()) && can > 0 && words.len() >= can + 3
}

/// `with an unknown username`, `for expired tokens`: the input with which it happens.
fn says_with_what(scene: &Scene<'_>) -> bool {
    const SPECIAL: &[&str] = &[
        "unknown",
        "wrong",
        "invalid",
        "missing",
        "empty",
        "expired",
        "duplicate",
        "existing",
        "deleted",
        "large",
        "long",
        "many",
        "several",
        "two",
        "no",
        "null",
        "new",
        "old",
        "blocked",
        "anonymous",
        "malformed",
        "negative",
    ];
    let words = &scene.goal.words;
    (0..words.len()).any(|at| {
        let article = usize::from(matches!(words.get(at + 1), Some("a" | "an" | "the" | "all")));
        matches!(words.get(at), Some("with" | "for" | "on" | "by" | "from" | "accepts" | "takes"))
            && words.get(at + 1 + article).is_some_and(|word| SPECIAL.contains(&word) || word.starts_with("non"))
    })
}

/// `Refactor the login to async/await` says what comes out; `to be cleaner` does not.
fn says_into_what(scene: &Scene<'_>) -> bool {
    let words = &scene.goal.words;
    let to = words.position("to").filter(|at| *at > 1);
    to.and_then(|at| words.get(at + 1)).is_some_and(|word| {
        !matches!(
            word,
            "be" | "make" | "look" | "get" | "become" | "something" | "a" | "an" | "the" | "better" | "have"
        )
    })
}

/// A controller holds no routes, routes are no controller, and a service is neither: what does not fit is not offered.
fn fit_to_part(scene: &Scene<'_>, finding: &mut Finding) {
    const ROUTES: &str = "Handlers moved";
    const CONTROLLERS: &str = "What decides moved";
    const SHORTER: &str = "Shorter functions";
    let words = &scene.goal.words;
    let (drop, first): (&[&str], &str) = if words.has("controller*") {
        (&[ROUTES], CONTROLLERS)
    } else if words.any(&["service*", "model*", "middleware*", "helper*", "utils"]).is_some() {
        (&[ROUTES, CONTROLLERS], SHORTER)
    } else {
        (&[CONTROLLERS], ROUTES)
    };
    finding.options.retain(|option| !drop.iter().any(|start| option.starts_with(start)));
    finding.options.sort_by_key(|option| !option.starts_with(first));
    finding.recommended = finding.options.first().cloned();
}

/// A bug is asked about where it would be looked for.
fn point_at_handler(scene: &Scene<'_>, finding: &mut Finding) {
    let named = scene.by_goal().find_map(|thing| match thing {
        Thing::Route(route) => Some(*route),
        _ => None,
    });
    let Some(route) = named else { return };
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
    let stated = [
        "only",
        "just",
        "except",
        "not touch",
        "leave",
        "within",
        "file",
        "function",
        "everywhere",
        "every",
        "in all",
        "throughout",
        "all over",
        "across",
        "whole",
    ];
    let named = |named: &Named<'_>| named.cite.is_none() && named.exact && matches!(named.thing, Thing::File(..));
    if scene.goal.kind != Kind::Refactoring
        || scene.named().iter().any(named)
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
        // What gets a place of its own cannot stay within the files that are there.
        options.push(if scene.goal.moves_out() {
            format!("{} and the new files into which something moves", listed(&files))
        } else {
            format!("Only {}", listed(&files))
        });
        let only = if files.len() == 1 { "it calls" } else { "they call" };
        options.push(format!("{} and what only {only}", listed(&files)));
    }
    // Without a file to name there is nothing to choose from, and who pointed at one said it.
    if options.is_empty() || !scene.pointed().is_empty() {
        return None;
    }
    options.push("All that has to move, each file named before".to_owned());
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
