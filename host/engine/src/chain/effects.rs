//! A chain's effects: asked for, settled, believed, paid for.

use serde::{Deserialize, Serialize};

use super::{Chain, Evidence, Then};
use crate::knowledge::{ProposalStatus, QuestionState, QuestionStatus};
use crate::reply::RepliedUncertainty;
use crate::{Amount, Digest, Discovered, EffectId, ErrorCode, Leftover, Millis, Outcome, Reply, Request, Usage};

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
    /// What attempts without an answer may have cost, and answers besides what is known of them.
    #[serde(default, skip_serializing_if = "Amount::is_nothing")]
    pub lost: Amount,
    /// Of `lost`, what calls can have cost at most: nobody said what they did.
    #[serde(default, skip_serializing_if = "Amount::is_nothing")]
    pub possible: Amount,
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
    pub(super) fn release(&mut self, possibly_billed: bool, at: Millis) {
        let Some(reserved) = self.reserved.take() else { return };
        if possibly_billed {
            self.may_have_cost(reserved, at);
        }
    }

    /// Nobody said what a call took: at most this, beside what is known.
    fn may_have_cost(&mut self, amount: Amount, at: Millis) {
        if !amount.is_nothing() {
            self.lost = self.lost.plus(amount);
            self.possible = self.possible.plus(amount);
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

impl Chain {
    #[expect(clippy::too_many_arguments, reason = "the fields of one event")]
    pub(super) fn intend(
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
            possible: Amount::default(),
            dated: 0,
            unreadable: 0,
        };
        self.effects.insert(id, effect);
    }

    pub(super) fn count_action(&mut self) {
        if let Some(visit) = self.visits.last_mut() {
            visit.actions = visit.actions.saturating_add(1);
        }
    }

    /// What runs beside an effect that waits does not end its waiting; the end of the command that asked for it does.
    pub(super) fn no_longer_waits(&mut self, id: EffectId) {
        let Some(pause) = &self.pause else { return };
        let of = self.effects.get(&pause.effect).and_then(|effect| effect.invocation);
        if pause.effect == id || pause.effect == 0 || of == Some(id) {
            self.pause = None;
        }
    }

    pub(super) fn settle(&mut self, id: EffectId, outcome: &Outcome) {
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
        effect.may_have_cost(outcome.possible(), at);
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

    pub(super) fn believe(&mut self, id: EffectId) {
        let Some(effect) = self.effects.get_mut(&id).filter(|effect| matches!(effect.state, EffectState::Settled(_)))
        else {
            return;
        };
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
                self.note_scripts(&found.facts);
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
            (Request::Approve { proposal }, Outcome::Failed { message, .. }) => {
                let digest = proposal.digest();
                let open =
                    self.proposals.iter_mut().rfind(|status| status.digest == digest && status.verdict.is_none());
                if let Some(status) = open {
                    status.withdrawn.get_or_insert_with(|| message.clone());
                }
            }
            (Request::Check { check, command }, Outcome::Checked { status, tree, after, changed, tail, limit }) => {
                self.evidence.push(Evidence {
                    check: check.name().to_owned(),
                    command: command.clone(),
                    status: *status,
                    tree: *tree,
                    after: *after,
                    changed: changed.clone(),
                    tail: tail.clone(),
                    limit: *limit,
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
    pub(super) fn withdraw(&mut self, command: EffectId) {
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
    pub(super) fn lose(&mut self, id: EffectId, possibly_billed: bool, leftover: Option<&Leftover>) {
        let at = self.updated_at;
        let Some(effect) = self.effects.get_mut(&id).filter(|effect| effect.is_open()) else { return };
        if leftover.is_some_and(|leftover| leftover.unreadable) {
            effect.unreadable = effect.unreadable.saturating_add(1);
        }
        let Some((usage, possible)) = leftover.and_then(|leftover| Some((leftover.billed?, leftover.possible))) else {
            effect.release(possibly_billed, at);
            return;
        };
        effect.release(false, at);
        effect.may_have_cost(possible, at);
        effect.lost = effect.lost.plus(usage.into());
        effect.dated = at;
        let effect = effect.clone();
        self.spend(&effect, usage);
    }

    pub(super) fn spend(&mut self, effect: &Effect, usage: Usage) {
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
