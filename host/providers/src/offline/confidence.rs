//! How sure the rules are: one function of what was found, asked and answered.
//!
//! `rank` of a finding is its impact (1..=5) × its uncertainty (0..=1). A finding is *open* when it is asked and not
//! answered, *assumed* when it was not worth a question or the answer left it to us.
//!
//! | area | from | caps |
//! |---|---|---|
//! | `requirements` | 0.96 − Σ 0.05 × rank over open findings − 0.01 for each assumption (at most 0.03) | ≥ 0.25; 0.15 when the goal cannot be read |
//! | `existing_code` | 0.40 when an interpreter read the stack (0.25 by conventions), + 0.20 for an entry point or a route, + 0.28 for a cited fact about the goal, + 0.01 for each further one (at most 0.04); at least 0.88 once a person said where the change belongs | ≤ 0.92; ≤ 0.35 without any cited fact |
//! | `technical_approach` | 0.86 − Σ 0.05 × rank over open findings that decide the design − 0.01 for each assumption among them (at most 0.02) | ≥ 0.20; 0.15 when the goal cannot be read |
//! | `implementation_details` | 0.45 when code about the goal was found or pointed at (else 0.20), + 0.10 when it is known how the change is verified, + 0.01 for each cited fact about the goal (at most 0.05) | ≤ 0.60: rules read no function bodies; 0.10 when the goal cannot be read |
//! | `overall` | the mean of the four, rounded down to whole percent as each of them is to the nearest | ≤ 0.79 while a question waits, a finding is open, or no code about the goal is known; ≤ 0.30 when the goal cannot be read |
//!
//! So 0.90 in `requirements` means that every question was answered, and 0.80 overall besides that relevant code was found
//! and that it is known how the change is verified. The numbers were chosen so that these sentences hold; they were never
//! compared with outcomes. Answering never lowers any of them.

use std::collections::BTreeMap;

use super::facts::Relevant;
use super::rules::{Assessment, Item, Standing, tells_where, verified};
use super::scene::Scene;

/// Confidence by area, and how it came about.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Confidence {
    pub(super) areas: BTreeMap<String, f64>,
    /// One line for each area.
    pub(super) from: String,
}

/// Of `existing_code`, once a person said where the change belongs. With it and a known verification, all that is assumed
/// at most still leaves 0.80: (0.93 + 0.88 + 0.84 + 0.55) / 4.
const POINTED: f64 = 0.88;
/// Of `existing_code`, from which on nobody has to say where: one cited fact about the goal adds the missing 0.01.
pub(super) const RELIABLE: f64 = 0.87;
const WEIGHT: f64 = 0.05;
const ASSUMPTION: f64 = 0.01;
/// Overall, for a solution.
const ENOUGH: f64 = 0.80;

/// Compute it.
pub(super) fn of(scene: &Scene<'_>, assessment: &Assessment) -> Confidence {
    let open: Vec<&Item> = assessment.open().collect();
    let weigh = |items: &[&Item]| {
        items.iter().map(|item| WEIGHT * item.finding.rank() * item.share).fold(0.0, |sum, weight| sum + weight)
    };
    let design: Vec<&Item> = open.iter().copied().filter(|item| item.finding.design).collect();
    let assumed = assessment.assumed().count();
    let design_assumed = assessment.assumed().filter(|item| item.finding.design).count();
    let unreadable = assessment.unreadable;

    let (lost, guessed) = (weigh(&open), (ASSUMPTION * assumed as f64).min(0.03));
    let requirements = if unreadable { 0.15 } else { whole((0.96 - lost - guessed).max(0.25)) };
    let mut lines = vec![if unreadable {
        "requirements 0.15: the goal cannot be read by rules".to_owned()
    } else {
        format!(
            "requirements {requirements:.2} = 0.96 − {lost:.2} for {} − {guessed:.2} for {} assumed",
            count(open.len(), "open finding"),
            assumed
        )
    }];

    let code = existing_code(scene, scene.relevant());
    lines.push(code.line);

    let (lost, guessed) = (weigh(&design), (ASSUMPTION * design_assumed as f64).min(0.02));
    let approach = if unreadable { 0.15 } else { whole((0.86 - lost - guessed).max(0.20)) };
    lines.push(if unreadable {
        "technical_approach 0.15: the goal cannot be read by rules".to_owned()
    } else {
        format!(
            "technical_approach {approach:.2} = 0.86 − {lost:.2} for {} − {guessed:.2} for {} assumed, counting what decides the design",
            count(design.len(), "open finding"),
            design_assumed
        )
    });

    let known = code.relevant > 0 || code.pointed;
    let verified = verified(scene, &assessment.items);
    let facts = (0.01 * code.relevant as f64).min(0.05);
    let base = if known { 0.45 } else { 0.20 };
    let test = if verified { 0.10 } else { 0.0 };
    let details = if unreadable { 0.10 } else { whole((base + test + facts).min(0.60)) };
    lines.push(if unreadable {
        "implementation_details 0.10: the goal cannot be read by rules".to_owned()
    } else {
        format!(
            "implementation_details {details:.2} = {base:.2} for code about the goal that is {} + {test:.2} for a verification that is {} + {facts:.2} for \
             facts about it, at most 0.60 because rules read no function bodies",
            if known { "known" } else { "not known" },
            if verified { "known" } else { "not known" }
        )
    });

    let mean = at_least((requirements + code.value + approach + details) / 4.0);
    let waiting = scene.waiting().count();
    let mut caps: Vec<(f64, String)> = Vec::new();
    if unreadable {
        caps.push((0.30, "the goal cannot be read".to_owned()));
    }
    if waiting > 0 || !open.is_empty() {
        caps.push((0.79, format!("{} not answered", count(waiting.max(open.len()), "question"))));
    }
    if !known {
        caps.push((0.79, "no code about the goal is known".to_owned()));
    }
    let cap = caps.iter().map(|(cap, _)| *cap).fold(1.0, f64::min);
    let overall = mean.min(cap);
    let reasons: Vec<&str> = caps.iter().map(|(_, reason)| reason.as_str()).collect();
    lines.push(if reasons.is_empty() {
        format!("overall {overall:.2} = the mean of these")
    } else {
        format!("overall {overall:.2} = the mean of these, {mean:.2}, at most {cap:.2}: {}", reasons.join(", "))
    });

    if overall + 1e-9 < ENOUGH {
        lines.push(format!("missing for {ENOUGH:.2}: {}", missing(scene, assessment, known, verified)));
    }

    let areas = [
        ("requirements", requirements),
        ("existing_code", code.value),
        ("technical_approach", approach),
        ("implementation_details", details),
        ("overall", overall),
    ];
    let areas = areas.into_iter().map(|(area, value)| (area.to_owned(), value)).collect();
    Confidence { areas, from: format!("Rules, not compared with outcomes. {}.", lines.join("; ")) }
}

/// What an answer could still bring, and what else there is to do.
fn missing(scene: &Scene<'_>, assessment: &Assessment, known: bool, verified: bool) -> String {
    let mut ways: Vec<String> = Vec::new();
    for item in assessment.items.iter().filter(|item| item.asked) {
        let id = &item.finding.id;
        let answered = scene.answer(id).is_some();
        match item.standing {
            Standing::Open if !answered => ways.push(format!("an answer to {id}")),
            Standing::Open | Standing::Assumed => {
                let chain = &scene.view.chain;
                ways.push(format!(
                    "an answer to {id} in words that say it (certus answer --chain {chain} {id} \"your answer\")"
                ));
            }
            Standing::Answered | Standing::Settled => {}
        }
    }
    let mentioned = |ways: &[String], id: &str| ways.iter().any(|way| way.contains(id));
    if !known && !assessment.unreadable && !mentioned(&ways, "where-in-the-code") {
        ways.push("where in the code the change belongs".to_owned());
    }
    if !verified && !assessment.unreadable && !mentioned(&ways, "no-tests") && !mentioned(&ways, "docs-kept-true") {
        ways.push("how the change is verified".to_owned());
    }
    ways.push("a model that reads the code (--provider manual needs no key)".to_owned());
    let last = ways.pop().unwrap_or_default();
    if ways.is_empty() { last } else { format!("{}, or {last}", ways.join(", ")) }
}

struct Code {
    value: f64,
    found: f64,
    line: String,
    /// Cited facts about the goal.
    relevant: usize,
    /// A person said where the change belongs.
    pointed: bool,
}

/// `existing_code` as far as it was found by names, whatever a person said.
pub(super) fn found(scene: &Scene<'_>) -> f64 {
    existing_code(scene, scene.found_by_name()).found
}

fn existing_code(scene: &Scene<'_>, relevant: &[Relevant<'_>]) -> Code {
    let cited = scene.facts.iter().filter(|fact| fact.cited).count();
    let tells = tells_where(scene, relevant);
    let relevant: Vec<_> = relevant.iter().filter(|relevant| relevant.fact.cited).collect();
    let found = if tells { relevant.len() } else { 0 };
    let files: std::collections::BTreeSet<&str> =
        relevant.iter().filter_map(|relevant| relevant.fact.source.as_ref()).map(|place| place.path.as_str()).collect();
    let interpreted =
        scene.view.project.stacks.iter().any(|stack| stack.plugin != "conventions" && !stack.plugin.is_empty());
    let stack = match (interpreted, scene.facts.has(&["stack", "framework", "entry-point"])) {
        (true, _) => 0.40,
        (false, true) => 0.25,
        (false, false) => 0.0,
    };
    let entry = if scene.facts.has(&["entry-point", "route"]) { 0.20 } else { 0.0 };
    let about = if found > 0 { 0.28 + (0.01 * (found - 1) as f64).min(0.04) } else { 0.0 };
    let mut value: f64 = stack + entry + about;
    if cited == 0 {
        value = value.min(0.35);
    }
    let before = value.min(0.92);
    let pointed = scene.answer("where-in-the-code").is_some_and(|answer| !answer.evasive());
    if pointed {
        value = value.max(POINTED);
    }
    value = whole(value.min(0.92));
    let line = format!(
        "existing_code {value:.2} = {stack:.2} for the stack + {entry:.2} for where it starts + {about:.2} for {} about the goal in {}{}{}",
        count(found, "cited fact"),
        count(if found > 0 { files.len() } else { 0 }, "file"),
        if pointed { ", at least 0.88 because a person said where" } else { "" },
        if cited == 0 { ", at most 0.35 because nothing is cited" } else { "" }
    );
    Code { value, found: before, line, relevant: found, pointed }
}

fn count(count: usize, noun: &str) -> String {
    super::text::counted(count, noun)
}

/// In whole percent, so that it reads the same wherever it is shown, however that rounds.
fn whole(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// The same, down: what is short must not look as if it were enough.
fn at_least(value: f64) -> f64 {
    (value * 100.0 + 1e-7).floor() / 100.0
}
