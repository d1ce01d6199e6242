//! Findings: what the rules notice, which of it is asked, and where each stands.
//!
//! A finding comes from the goal and the facts alone, never from answers; an answer only changes where it stands. So the
//! list is the same in every round, what was asked stays asked, and answering can only raise a confidence. Of all findings
//! the [`MOST_ASKED`] with the greatest impact × uncertainty are asked; the others are written down as assumptions.

mod absent;
mod ask;
mod contradictions;
mod endpoints;
mod existing;
mod general;
mod kind_questions;
mod kinds;
mod migrations;
pub(super) mod missing;
mod overlaps;
mod reckless;
mod routes;
mod sign_in;
mod unreadable;
mod wording;

use super::packs;
use super::scene::{Answered, RESTATED, Scene};

pub(super) use ask::Ask;
pub(super) use existing::{tells_where, verified};

/// Questions of one round, and of one chain.
pub(super) const MOST_ASKED: usize = 5;
/// Findings below this rank are not worth a question.
pub(super) const WORTH_ASKING: f64 = 1.5;
/// Assumptions that are written down.
const MOST_ASSUMED: usize = 8;

/// Something a rule noticed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Finding {
    /// The rule's name.
    pub(super) rule: &'static str,
    /// kebab-case: the question's id.
    pub(super) id: String,
    /// What is not certain, without a full stop.
    pub(super) claim: String,
    /// Work must not go on without it.
    pub(super) blocking: bool,
    /// How sure the matter is without asking, 0..=1.
    pub(super) confidence: f64,
    /// What a wrong guess would cost, 1..=5.
    pub(super) impact: u8,
    /// It decides how the thing is built, not only what is wanted.
    pub(super) design: bool,
    /// It says that something in the goal cannot hold as it stands.
    pub(super) invalid: bool,
    pub(super) text: String,
    pub(super) why: String,
    pub(super) options: Vec<String>,
    pub(super) recommended: Option<String>,
    /// Ids of facts that it is about.
    pub(super) facts: Vec<String>,
    /// Words in another answer that settle it.
    pub(super) unless: &'static [&'static str],
}

impl Finding {
    /// The uncertainty that an answer resolves.
    pub(super) fn area(&self) -> String {
        self.id.replace('-', "_")
    }

    /// Impact × uncertainty, 0..=5.
    pub(super) fn rank(&self) -> f64 {
        f64::from(self.impact) * (1.0 - self.confidence)
    }
}

/// Where a finding stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Standing {
    /// Nobody said anything.
    Open,
    /// Not worth a question, or the answer left it to us.
    Assumed,
    /// A person answered it.
    Answered,
    /// The answer to another question covers it.
    Settled,
}

/// A finding and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Item {
    pub(super) finding: Finding,
    pub(super) standing: Standing,
    /// Among those that are asked.
    pub(super) asked: bool,
    /// The weight of what is left of it: 1 for a finding, less for an answer that contradicts the goal.
    pub(super) share: f64,
}

/// All findings.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Assessment {
    pub(super) items: Vec<Item>,
    /// The goal cannot be read, so nothing else can be said.
    pub(super) unreadable: bool,
}

impl Assessment {
    /// To be asked and not answered.
    pub(super) fn open(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| item.asked && item.standing == Standing::Open)
    }

    /// Guessed.
    pub(super) fn assumed(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| item.standing == Standing::Assumed)
    }
}

/// Everything that the rules say of a scene.
pub(super) fn assess(scene: &Scene<'_>) -> Assessment {
    if let Some(finding) = unreadable::find(scene) {
        let item = Item { finding, standing: Standing::Open, asked: true, share: 1.0 };
        return Assessment { items: vec![item], unreadable: true };
    }
    let mut items: Vec<Item> = ranked(scene)
        .into_iter()
        .enumerate()
        .map(|(place, finding)| {
            let asked = place < MOST_ASKED && finding.rank() >= WORTH_ASKING;
            let standing = stand(scene, &finding, asked);
            Item { finding, standing, asked, share: 1.0 }
        })
        .collect();
    let asked = items.iter().filter(|item| item.asked).count();
    items.truncate(asked + MOST_ASSUMED);
    let conflicts = contradictions::of_answers(scene, &items);
    items.extend(conflicts);
    Assessment { items, unreadable: false }
}

fn ranked(scene: &Scene<'_>) -> Vec<Finding> {
    let rules = [
        reckless::find,
        absent::find,
        missing::find,
        contradictions::find,
        kinds::find,
        wording::find,
        overlaps::find,
        existing::find,
        routes::find,
        endpoints::find,
        packs::find,
    ];
    let mut findings: Vec<Finding> = Vec::new();
    for finding in rules.iter().flat_map(|rule| rule(scene)) {
        if !findings.iter().any(|known| known.id == finding.id) {
            findings.push(finding);
        }
    }
    defer_details(&mut findings);
    let general = general::find(scene, &findings);
    findings.extend(general);
    if findings.iter().any(|finding| finding.rule == "boundless-goal") {
        // The same question with a recommended answer.
        findings.retain(|finding| finding.id != "scope");
    }
    findings.sort_by(|one, other| other.rank().total_cmp(&one.rank()));
    // What the gates cannot open without is asked, however much else there is to ask.
    let mut room = MOST_ASKED.saturating_sub(findings.iter().filter(|finding| needed(finding)).count());
    let (mut first, rest): (Vec<Finding>, Vec<Finding>) = findings.into_iter().partition(|finding| {
        let fits = needed(finding) || room > 0;
        room = room.saturating_sub(usize::from(fits && !needed(finding)));
        fits
    });
    first.extend(rest);
    first
}

/// The confidences depend on its answer: see [`super::confidence`].
fn needed(finding: &Finding) -> bool {
    finding.blocking || ["where-in-the-code", "no-tests", "docs-kept-true"].contains(&finding.id.as_str())
}

/// Where the project already has what the goal asks for, its details are in the code: what should be different is asked, the
/// details are assumed to stay.
fn defer_details(findings: &mut [Finding]) {
    const DETAILS: &[&str] = &[
        "unstated-decision",
        "unstated-actor",
        "unstated-failure-case",
        "unstated-compatibility",
        "missing-scope",
        "data-migration",
    ];
    // What is only taken to follow the first use says nothing of its details.
    if findings.iter().any(|finding| finding.rule == "existing-overlap" && finding.rank() >= WORTH_ASKING) {
        for finding in findings.iter_mut().filter(|finding| DETAILS.contains(&finding.rule)) {
            finding.confidence = finding.confidence.max(0.75);
        }
    }
}

fn stand(scene: &Scene<'_>, finding: &Finding, asked: bool) -> Standing {
    let own = scene.answer(&finding.id).or_else(|| scene.answer_on(&finding.area()));
    if own.is_some_and(|answer| !answer.evasive()) {
        return Standing::Answered;
    }
    // Where nothing is recommended, there is nothing to assume.
    if finding.blocking && finding.recommended.is_none() {
        return Standing::Open;
    }
    if scene.answers.iter().any(|answer| covers(answer, finding)) {
        Standing::Settled
    } else if asked && own.is_none() {
        Standing::Open
    } else {
        Standing::Assumed
    }
}

/// An answer, to whatever question, says what a finding leaves open.
fn covers(answer: &Answered<'_>, finding: &Finding) -> bool {
    !RESTATED.contains(&answer.id) && finding.unless.iter().any(|word| !word.starts_with('#') && answer.words.has(word))
}
