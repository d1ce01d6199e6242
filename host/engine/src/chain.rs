//! A chain: the fold of its events.
//!
//! What replies of one action say is believed together, in the order in which they were asked for, whatever order they
//! arrived in: so a chain that was interrupted equals one that was not. Nothing here judges; see [`crate::law`].

mod agreement;
mod closing;
mod correct;
mod edits;
mod grants;
mod learn;
mod read;
mod reviews;

use std::collections::BTreeMap;

pub use agreement::Parts;
pub use closing::Closing;
pub use grants::says_what_runs;
use serde::{Deserialize, Serialize};

use crate::calibration::Scorer;
use crate::knowledge::{Decision, Fact, ProposalStatus, QuestionState, QuestionStatus, Uncertainty};
use crate::reply::RepliedUncertainty;
use crate::{
    Amount, Body, Cap, Caps, Digest, Discovered, Draft, EffectId, ErrorCode, Event, Grant, Leftover, Millis, Outcome,
    ProjectSummary, PromptCall, Reply, Request, Scope, Shared, Started, Usage, Warning,
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
    last_write: u64,
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

/// An effect and where it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// What.
    pub request: Request,
    /// The command that asked for it.
    pub invocation: Option<EffectId>,
    /// How many equal requests the invocation made before.
    pub occurrence: u32,
    /// Of the request.
    pub digest: Digest,
    /// The chain's version when the request was made.
    pub basis: u64,
    /// When the intent was recorded.
    pub at: Millis,
    /// From 1.
    pub attempt: u32,
    /// Some attempt may have been billed without an answer.
    pub possibly_billed_twice: bool,
    /// The phase it belongs to.
    pub phase: String,
    /// The visit it belongs to.
    pub visit: u32,
    /// Where it stands.
    pub state: EffectState,
    /// The event that settled it; 0 while open.
    #[serde(default)]
    pub settled: u64,
    /// Set aside for a call in flight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved: Option<Amount>,
    /// What attempts without an answer may have cost.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub lost: Amount,
    /// When something was last set aside for it, or lost; 0 where that never was.
    #[serde(default, skip_serializing_if = "is_never")]
    pub dated: Millis,
    /// Replies to it that came whole and could not be read.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unreadable: u32,
}

/// What a chain keeps of an outcome that it believed: what was found in a project is among its facts by then, and of a sample
/// nothing counts but its scores and how far its quotes are there.
fn kept(request: &Request, outcome: Outcome) -> Outcome {
    match (request, outcome) {
        (_, Outcome::ProjectRead(_)) => Outcome::ProjectRead(Discovered::default()),
        (Request::Sample { .. }, Outcome::Replied { reply, by }) => {
            let Reply { confidence, discovered, .. } = *reply;
            Outcome::Replied { reply: Box::new(Reply { confidence, discovered, ..Reply::default() }), by }
        }
        (_, outcome) => outcome,
    }
}

fn is_never(at: &Millis) -> bool {
    *at == 0
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn is_nothing(amount: &Amount) -> bool {
    *amount == Amount::default()
}

/// Where an effect stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EffectState {
    /// Begun, or about to be.
    Pending,
    /// Could not be performed; to be tried again.
    Deferred,
    /// Ended, but not believed yet: an earlier effect of the same action is still open.
    Settled(Box<Outcome>),
    /// Ended and believed.
    Believed(Box<Outcome>),
}

impl Effect {
    /// The outcome, if there is one.
    pub fn outcome(&self) -> Option<&Outcome> {
        match &self.state {
            EffectState::Pending | EffectState::Deferred => None,
            EffectState::Settled(outcome) | EffectState::Believed(outcome) => Some(outcome),
        }
    }

    /// No outcome yet.
    pub fn is_open(&self) -> bool {
        self.outcome().is_none()
    }

    /// What was set aside comes back, or counts as lost where it may have been billed.
    fn release(&mut self, possibly_billed: bool, at: Millis) {
        let Some(reserved) = self.reserved.take() else { return };
        if possibly_billed {
            self.lost = self.lost.plus(reserved);
            self.dated = at;
        }
    }
}

/// One prompt or command that ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// A prompt's name, or a command line with its slash.
    pub name: String,
    /// In which phase.
    pub phase: String,
    /// In which visit of it.
    pub visit: u32,
    /// Whether it succeeded.
    pub ok: bool,
    /// Answers that existed when it was asked for.
    pub answers: u32,
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
    /// The effect that waits.
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

/// How a chain ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Complete, or given up.
    pub success: bool,
    /// In a sentence.
    pub why: String,
    /// When.
    pub at: Millis,
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
            Body::TakenOver => self.lose_permissions(),
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
                self.ended = Some(Ended { success: *success, why: why.clone(), at: event.at });
            }
        }
    }

    fn enter(&mut self, phase: &str, visit: u32, why: &str, at: Millis) {
        self.phase = phase.to_owned();
        self.refusals.clear();
        self.disturbed = 0;
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

    #[expect(clippy::too_many_arguments, reason = "the fields of one event")]
    fn intend(
        &mut self,
        id: EffectId,
        invocation: Option<EffectId>,
        occurrence: u32,
        request: &Request,
        digest: Digest,
        basis: u64,
        at: Millis,
    ) {
        self.pause = None;
        if invocation.is_none() {
            self.then = None;
            // Several effects of one action share a basis: the action is counted once.
            let newest = self.effects.values().rev().find(|effect| effect.invocation.is_none());
            // What follows of itself from a plan or a reply is no action of its own, and neither is looking at what was written.
            let follows = matches!(
                request,
                Request::ApproveEdits { .. }
                    | Request::Write { .. }
                    | Request::Undo { .. }
                    | Request::ReadProject
                    | Request::Sample { .. }
            );
            if !follows && newest.is_none_or(|effect| effect.basis != basis) {
                self.count_action();
            }
        }
        match request {
            Request::Ask { question } => self.asked(question),
            Request::Approve { proposal } => {
                let (phase, visit) = (self.phase.clone(), self.visit());
                self.proposals.push(ProposalStatus {
                    digest: proposal.digest(),
                    proposal: proposal.clone(),
                    verdict: None,
                    by: None,
                    phase,
                    visit,
                    withdrawn: None,
                });
            }
            _ => {}
        }
        let effect = Effect {
            request: request.clone(),
            invocation,
            occurrence,
            digest,
            basis,
            at,
            attempt: 1,
            possibly_billed_twice: false,
            phase: self.phase.clone(),
            visit: self.visit(),
            state: EffectState::Pending,
            settled: 0,
            reserved: None,
            lost: Amount::default(),
            dated: 0,
            unreadable: 0,
        };
        self.effects.insert(id, effect);
    }

    fn count_action(&mut self) {
        if let Some(visit) = self.visits.last_mut() {
            visit.actions = visit.actions.saturating_add(1);
        }
    }

    /// What runs beside an effect that waits does not end its waiting; the end of the command that asked for it does.
    fn no_longer_waits(&mut self, id: EffectId) {
        let Some(pause) = &self.pause else { return };
        let of = self.effects.get(&pause.effect).and_then(|effect| effect.invocation);
        if pause.effect == id || pause.effect == 0 || of == Some(id) {
            self.pause = None;
        }
    }

    fn settle(&mut self, id: EffectId, outcome: &Outcome) {
        self.no_longer_waits(id);
        let (version, at) = (self.version, self.updated_at);
        let Some(effect) = self.effects.get_mut(&id) else { return };
        if !effect.is_open() {
            return;
        }
        let basis = effect.basis;
        let together = effect.invocation.is_none() && matches!(effect.request, Request::Prompt { .. });
        effect.settled = version;
        effect.release(false, at);
        effect.state = EffectState::Settled(Box::new(outcome.clone()));
        if !together {
            self.believe(id);
            return;
        }
        let batch: Vec<EffectId> = self
            .effects
            .iter()
            .rev()
            .take_while(|(_, other)| other.basis >= basis)
            .filter(|(_, other)| other.invocation.is_none() && other.basis == basis)
            .map(|(&id, _)| id)
            .collect();
        if batch.iter().all(|id| self.effects.get(id).is_some_and(|effect| !effect.is_open())) {
            for id in batch.into_iter().rev() {
                self.believe(id);
            }
        }
    }

    fn believe(&mut self, id: EffectId) {
        let Some(effect) = self.effects.get_mut(&id) else { return };
        let EffectState::Settled(outcome) = std::mem::replace(&mut effect.state, EffectState::Pending) else {
            return;
        };
        let effect = effect.clone();
        if let Request::Prompt { name, .. } = &effect.request {
            if crate::law::makes_room(name) {
                self.filled = None;
            }
            if crate::law::condenses(name, &outcome) {
                self.fresh_from = effect.settled;
            }
        }
        match (&effect.request, &*outcome) {
            (Request::ReadProject, Outcome::ProjectRead(found)) => {
                self.project = found.summary.clone();
                self.move_facts(&found.facts);
                self.learn_facts(&found.facts);
            }
            (Request::Prompt { name, .. }, Outcome::Replied { reply, by }) => {
                self.spend(&effect, by.usage);
                if by.confidence_from.is_some() {
                    self.confidence_from.clone_from(&by.confidence_from);
                }
                let scorer = self.scorer_of(id, &effect, by);
                self.learn(name, reply, &scorer);
                self.draft(id, name, &effect, reply);
                self.ran(name, &effect, true);
            }
            (Request::Prompt { name, .. }, Outcome::Unusable { by, .. }) => {
                self.spend(&effect, by.usage);
                self.ran(name, &effect, false);
            }
            // Nobody was asked: it did not fit.
            (Request::Prompt { .. }, Outcome::Failed { code: ErrorCode::Limit, .. }) => {}
            (Request::Prompt { name, .. }, Outcome::Failed { .. }) => self.ran(name, &effect, false),
            (Request::Sample { .. }, Outcome::Replied { by, .. }) => self.spend(&effect, by.usage),
            (Request::Sample { .. }, Outcome::Unusable { by, .. }) => self.spend(&effect, by.usage),
            (Request::Command { line, depth, .. }, outcome) => {
                self.withdraw(id);
                if let Outcome::CommandDone { then: Some(next), .. } = outcome {
                    self.then = Some(Then { line: next.clone(), depth: depth.saturating_add(1) });
                }
                self.ran(line, &effect, matches!(outcome, Outcome::CommandDone { .. }));
            }
            (Request::Ask { question }, Outcome::Answered { text, .. }) => self.answered(question, text),
            (Request::Approve { proposal }, Outcome::Judged { verdict, digest, by, .. }) => {
                self.judged(proposal, verdict, *digest, by.as_ref());
            }
            (Request::Check { check, command }, Outcome::Checked { status, tree, after, changed, tail }) => {
                self.evidence.push(Evidence {
                    check: check.name().to_owned(),
                    command: command.clone(),
                    status: *status,
                    tree: *tree,
                    after: *after,
                    changed: changed.clone(),
                    tail: tail.clone(),
                    phase: effect.phase.clone(),
                    visit: effect.visit,
                    seq: effect.settled,
                });
            }
            (Request::Plan { .. } | Request::ApproveEdits { .. } | Request::Write { .. } | Request::Undo { .. }, _) => {
                self.edited(&effect, &outcome);
            }
            (Request::Propose { facts, uncertainties, decisions }, Outcome::Done) => {
                self.learn_facts(facts);
                // A plugin may raise doubts, and speak of what nobody doubted: it resolves no blocker by its own word.
                let blocks = |new: &&RepliedUncertainty| {
                    self.uncertainties.iter().any(|known| known.area == new.area && known.is_blocker())
                };
                let lawful: Vec<RepliedUncertainty> =
                    uncertainties.iter().filter(|new| !blocks(new)).cloned().collect();
                let by = self.asked_before(id);
                self.learn_uncertainties(&lawful, by);
                self.learn_decisions(decisions);
            }
            _ => {}
        }
        if let Some(known) = self.effects.get_mut(&id) {
            known.state = EffectState::Believed(Box::new(kept(&effect.request, *outcome)));
        }
        if let Request::Sample { of, .. } = effect.request {
            self.agree(of);
        }
    }

    /// What a command asked for and did not wait for any more is asked no longer.
    fn withdraw(&mut self, command: EffectId) {
        let at = self.updated_at;
        for effect in self.effects.values_mut().filter(|effect| effect.invocation == Some(command) && effect.is_open())
        {
            match &effect.request {
                Request::Ask { question } => self
                    .questions
                    .retain(|status| status.question.id != question.id || status.state != QuestionState::Asked),
                Request::Approve { proposal } => {
                    let digest = proposal.digest();
                    self.proposals.retain(|status| status.digest != digest || status.verdict.is_some());
                }
                _ => {}
            }
            let message = "the command ended before".to_owned();
            effect.release(true, at);
            effect.state = EffectState::Believed(Box::new(Outcome::Failed { code: ErrorCode::Cancelled, message }));
        }
    }

    /// An attempt ended without an answer: what it cost stays with its effect, the rest of what was set aside comes back.
    fn lose(&mut self, id: EffectId, possibly_billed: bool, leftover: Option<&Leftover>) {
        let at = self.updated_at;
        let Some(effect) = self.effects.get_mut(&id).filter(|effect| effect.is_open()) else { return };
        if leftover.is_some_and(|leftover| leftover.unreadable) {
            effect.unreadable = effect.unreadable.saturating_add(1);
        }
        let Some(usage) = leftover.and_then(|leftover| leftover.billed) else {
            effect.release(possibly_billed, at);
            return;
        };
        effect.release(false, at);
        effect.lost = effect.lost.plus(usage.into());
        effect.dated = at;
        let effect = effect.clone();
        self.spend(&effect, usage);
    }

    fn spend(&mut self, effect: &Effect, usage: Usage) {
        self.usage = self.usage.plus(usage);
        if let Some(visit) = self.visits.iter_mut().rfind(|v| v.phase == effect.phase && v.visit == effect.visit) {
            visit.usage = visit.usage.plus(usage);
        }
    }

    fn ran(&mut self, name: &str, effect: &Effect, ok: bool) {
        self.suggestions.retain(|call| call.name != name);
        let asked_before = |status: &&QuestionStatus| status.state == QuestionState::Answered;
        self.runs.push(Run {
            name: name.to_owned(),
            phase: effect.phase.clone(),
            visit: effect.visit,
            ok,
            answers: u32::try_from(self.questions.iter().filter(asked_before).count()).unwrap_or(u32::MAX),
        });
    }
}
