//! A chain: the fold of its events.
//!
//! What replies of one action say is believed together, in the order in which they were asked for, whatever order they
//! arrived in: so a chain that was interrupted equals one that was not. Nothing here judges; see [`crate::law`].

mod agreement;
mod claims;
mod closing;
mod correct;
mod edits;
mod effects;
mod grants;
mod learn;
mod read;
mod reviews;
mod taken_over;

use std::collections::BTreeMap;

pub use agreement::Parts;
pub use closing::Closing;
pub use effects::{Effect, EffectState, Run};
use serde::{Deserialize, Serialize};
pub(crate) use taken_over::is_the_laws;

use crate::calibration::Scorer;
use crate::knowledge::{Decision, Fact, ProposalStatus, QuestionStatus, Uncertainty};
use crate::{
    Body, Cap, Caps, Digest, Discovery, Draft, EffectId, ErrorCode, Event, Grant, Millis, ProjectSummary, PromptCall,
    Scope, Shared, Started, Usage, Warning,
};

/// The kind of proposal that lets one command line of the project run, for this chain. Its title is the line.
pub(crate) const COMMAND: &str = "command";
/// The kind of proposal that lets a chain go on although one of the project's checks fails.
pub(crate) const WAIVER: &str = "waiver";

/// Everything that events say about one chain.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Chain {
    version: u64,
    started: Option<Started>,
    started_at: Millis,
    updated_at: Millis,
    phase: String,
    visits: Vec<PhaseVisit>,
    facts: Shared<Fact>,
    uncertainties: Vec<Uncertainty>,
    scores: BTreeMap<String, f64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    scored_by: BTreeMap<String, Scorer>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    reviews: BTreeMap<String, f64>,
    questions: Vec<QuestionStatus>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    closings: BTreeMap<String, Closing>,
    decisions: Vec<Decision>,
    proposals: Vec<ProposalStatus>,
    evidence: Vec<Evidence>,
    #[serde(deserialize_with = "crate::number::by_id")]
    effects: BTreeMap<EffectId, Effect>,
    runs: Vec<Run>,
    suggestions: Vec<PromptCall>,
    gap: Option<String>,
    refusals: Vec<String>,
    project: ProjectSummary,
    provider: String,
    usage: Usage,
    ended: Option<Ended>,
    pause: Option<Pause>,
    then: Option<Then>,
    rating: Option<u8>,
    caps: Caps,
    own_cap: Option<Cap>,
    filled: Option<u32>,
    fresh_from: u64,
    warned: Vec<Scope>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warning>,
    #[serde(skip_serializing_if = "crate::reply::is_zero")]
    warned_from: u64,
    drafts: Vec<Draft>,
    grants: Vec<Grant>,
    allowed_commands: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    what_runs: BTreeMap<String, Digest>,
    #[serde(skip_serializing_if = "String::is_empty")]
    what_changed: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    scripts: BTreeMap<String, Discovery>,
    last_write: u64,
    #[serde(skip_serializing_if = "crate::reply::is_zero")]
    taken_over: u64,
    disturbed: u32,
    confidence_from: Option<String>,
    restored_from: Option<String>,
}

/// One stay in a phase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhaseVisit {
    /// Its name.
    pub phase: String,
    /// From 1.
    pub visit: u32,
    /// Why it was entered.
    pub why: String,
    /// When.
    pub entered_at: Millis,
    /// When, once left.
    pub left_at: Option<Millis>,
    /// Whether the gate was open when it was left.
    pub success: Option<bool>,
    /// Actions taken in it, refused ones included.
    pub actions: u32,
    /// Spent in it.
    pub usage: Usage,
    /// The first effect of this visit.
    pub first_effect: EffectId,
}

/// A check that ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// `test`, `lint` or `build`.
    pub check: String,
    /// The command line.
    pub command: String,
    /// Its exit status.
    pub status: Option<i32>,
    /// The project as it ran.
    pub tree: Digest,
    /// The project as the check left it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Digest>,
    /// Files that changed while it ran: the first of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// The last lines it printed.
    pub tail: String,
    /// The limit that ended it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<crate::CheckLimit>,
    /// In which phase.
    pub phase: String,
    /// In which visit of it.
    pub visit: u32,
    /// The event that recorded it.
    #[serde(default)]
    pub seq: u64,
}

impl Evidence {
    /// Only exit status 0 is a pass.
    pub fn passed(&self) -> bool {
        self.status == Some(0)
    }

    /// No file changed while it ran: what it says, it says of one state of the project.
    pub fn is_steady(&self) -> bool {
        self.after.is_none_or(|after| after == self.tree)
    }

    /// Neither a pass nor a tool that is not there: what a shell says of a command that it does not find (127) or may not run
    /// (126) tells nothing of the project.
    pub fn failed(&self) -> bool {
        !matches!(self.status, Some(0 | 126 | 127))
    }
}

/// A command line that a command named as the next, not followed yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Then {
    /// With its slash.
    pub line: String,
    /// How many commands led here.
    pub depth: u8,
}

/// Why nothing goes on until somebody does something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// The effect that waits; 0 where none does.
    #[serde(default)]
    pub effect: EffectId,
    /// The kind.
    pub code: ErrorCode,
    /// For people.
    pub message: String,
    /// The cap of the chain that would let it go on, where the present one does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enough: Option<Cap>,
}

impl Pause {
    /// No effect waits: the chain as a whole does not go on.
    pub fn is_of_chain(&self) -> bool {
        self.effect == EffectId::default()
    }
}

/// How a chain ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Complete, or given up.
    pub success: bool,
    /// In a sentence.
    pub why: String,
    /// When.
    pub at: Millis,
    /// The event that recorded it; 0 where that was not noted.
    #[serde(default)]
    pub seq: u64,
}

impl Chain {
    /// The chain of some events, in order from the first.
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut chain = Self::default();
        for event in events {
            chain.apply(event);
        }
        chain
    }

    /// Fold one more event in. An event that makes no sense here (it comes from disk) changes nothing but the version.
    pub fn apply(&mut self, event: &Event) {
        if let Body::Restored { chain, from } = &event.body {
            *self = (**chain).clone();
            // A context is a file like any other: what no reply could bring in does not come in by it either.
            self.scores.retain(|area, score| (0.0..=1.0).contains(score) && !area.is_empty());
            self.scored_by.retain(|area, _| self.scores.contains_key(area));
            self.reviews.retain(|area, score| (0.0..=1.0).contains(score) && crate::law::reviewer::of(area).is_some());
            self.uncertainties.retain(|known| (0.0..=1.0).contains(&known.confidence));
            self.dates_nothing_ahead(event.seq);
            self.restored_from = Some(from.clone());
        }
        self.version = event.seq;
        self.updated_at = event.at;
        match &event.body {
            Body::ChainStarted(started) => {
                self.provider.clone_from(&started.provider);
                self.started_at = event.at;
                self.started = Some((**started).clone());
            }
            Body::PhaseEntered { phase, visit, why } => self.enter(phase, *visit, why, event.at),
            Body::PhaseLeft { success, .. } => {
                if let Some(visit) = self.visits.last_mut() {
                    visit.left_at = Some(event.at);
                    visit.success = Some(*success);
                }
            }
            Body::Intent { effect, invocation, occurrence, request, digest, basis } => {
                self.intend(*effect, *invocation, *occurrence, request, *digest, *basis, event.at);
            }
            Body::Outcome { effect, outcome, .. } => self.settle(*effect, outcome),
            Body::Reissued { effect, attempt, possibly_billed_twice, leftover } => {
                self.no_longer_waits(*effect);
                if let Some(effect) = self.effects.get_mut(effect).filter(|effect| effect.is_open()) {
                    effect.attempt = *attempt;
                    effect.possibly_billed_twice |= possibly_billed_twice;
                    effect.state = EffectState::Pending;
                }
                // What is still set aside, and of which nothing was said, belongs to a call that was in flight: whoever takes it
                // up, it may have been used.
                let in_flight = leftover.is_none();
                self.lose(*effect, *possibly_billed_twice || in_flight, leftover.as_deref());
            }
            Body::Deferred { effect, code, message, possibly_billed, leftover, enough } => {
                if let Some(effect) = self.effects.get_mut(effect).filter(|effect| effect.is_open()) {
                    effect.state = EffectState::Deferred;
                }
                self.lose(*effect, *possibly_billed, leftover.as_deref());
                // Of several effects that wait, a person deals with the first one first.
                let (effect, code, enough) = (*effect, *code, *enough);
                self.pause.get_or_insert_with(|| Pause { effect, code, message: message.clone(), enough });
            }
            Body::Paused { code, message } => {
                let (effect, code) = (EffectId::default(), *code);
                // What an effect waits for is dealt with first; what is said of the chain itself is said anew.
                if self.pause.as_ref().is_none_or(Pause::is_of_chain) {
                    self.pause = Some(Pause { effect, code, message: message.clone(), enough: None });
                }
            }
            Body::ActionRefused { law, .. } => {
                self.then = None;
                self.count_action();
                self.refusals.push(law.name().to_owned());
            }
            Body::Reserved { effect, amount } => {
                if let Some(effect) = self.effects.get_mut(effect).filter(|effect| effect.is_open()) {
                    effect.reserved = Some(*amount);
                    effect.dated = event.at;
                }
            }
            Body::BudgetSet { caps, own } => {
                self.caps = *caps;
                self.own_cap = *own;
                self.warned.clear();
                self.warnings.clear();
            }
            Body::BudgetWarned(warning) => {
                if self.warnings.is_empty() {
                    self.warned_from = event.seq;
                }
                self.warned.push(warning.scope);
                self.warnings.push(*warning);
            }
            Body::TakenOver { phases } => self.lose_what_was_said_elsewhere(phases, event.seq),
            Body::ControllerChanged { controller, phases } => {
                if let Some(started) = &mut self.started {
                    started.controller = controller.clone();
                    if !phases.is_empty() {
                        phases.clone_into(&mut started.methodology.phases);
                    }
                }
            }
            Body::TreeChanged { .. } => {
                self.files_changed(event.seq);
                self.asks_reviewers_again();
                self.disturbed = self.disturbed.saturating_add(1);
            }
            Body::WhatRuns { files, diff, .. } => self.note_what_runs(files, diff),
            Body::ContextFilled { percent, .. } => self.filled = Some(*percent),
            Body::ContextReset { fresh_from, .. } => self.fresh_from = *fresh_from,
            Body::Reopened => self.ended = None,
            Body::ProviderChosen { provider } => {
                self.provider.clone_from(provider);
            }
            Body::Corrected { question, text, .. } => self.corrected(question, text),
            Body::Rated { stars } => self.rating = Some(*stars),
            Body::Restored { .. } => {}
            Body::Ended { success, why } => {
                self.pause = None;
                self.then = None;
                self.ended = Some(Ended { success: *success, why: why.clone(), at: event.at, seq: event.seq });
            }
        }
    }

    fn enter(&mut self, phase: &str, visit: u32, why: &str, at: Millis) {
        self.phase = phase.to_owned();
        self.refusals.clear();
        self.disturbed = 0;
        self.pause.take_if(|pause| pause.is_of_chain());
        self.visits.push(PhaseVisit {
            phase: phase.to_owned(),
            visit,
            why: why.to_owned(),
            entered_at: at,
            left_at: None,
            success: None,
            actions: 0,
            usage: Usage::default(),
            first_effect: self.next_effect(),
        });
    }
}
