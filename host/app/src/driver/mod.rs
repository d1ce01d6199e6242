//! The driver: one chain, step by step, until it ends or must wait.
//!
//! Each step asks the controller, has the engine judge the answer, records the intent, performs the effect and records
//! the outcome. Outcomes and the intents that follow from them go to disk in one transaction: [`Driver::note`] folds an
//! event in memory, [`Driver::commit`] makes everything noted durable, and nothing is performed or shown as done before
//! that. Only one driver holds a chain at a time; the store's OS lock sees to it.

mod calls;
mod command;
mod edits;
mod perform;
mod prompt;

use std::collections::HashMap;
use std::sync::Arc;

use certus_engine::{
    Action, Asking, Body, Catalogue, Chain, ChainId, Digest, EffectId, EffectState, ErrorCode, Event, Grant, Law,
    Millis, OverBudget, Proposal, Refusal, Request, Ruling, Verdict, budget, law,
};
use certus_providers::{Billing, Provider};
use certus_store::{DayCap, Hold};

use crate::error::{Kind, kind_of_pause};
use crate::material::Material;
use crate::person::{EditVerdict, Listener, Person};
use crate::session::Session;
use crate::{Answers, Failure};
pub(crate) use prompt::{Sending, cite_all};

/// Percentage of a request's room from which on its filling is recorded.
const NEARLY_FULL: u32 = 80;

/// Refusals in one visit after which the controller is not asked again.
const PATIENCE: usize = 3;

/// What else an approval of edits covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wider {
    /// All later edits of the same files, in this chain.
    Files,
    /// All later edits in this chain.
    Chain,
}

/// Why the driver stopped.
#[derive(Debug, Clone, PartialEq)]
pub enum Stop {
    /// The chain ended.
    Ended {
        /// Complete, or given up.
        success: bool,
        /// Given up before a gate that is shut.
        at_gate: bool,
    },
    /// The phase that was asked for is reached.
    Until,
    /// The command line that a person typed, and what it named as the next, ended.
    CommandEnded {
        /// Why, if it failed.
        failed: Option<String>,
    },
    /// A person must answer or judge.
    Waiting,
    /// An effect cannot be performed now.
    Paused {
        /// The kind.
        code: ErrorCode,
        /// For people.
        message: String,
    },
    /// The controller names only what the law refuses.
    Refused {
        /// Which law, last.
        law: Law,
        /// What exactly.
        detail: String,
    },
}

impl Stop {
    /// The process's kind of end; absent for success.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::Ended { success: true, .. } | Self::Until => None,
            Self::CommandEnded { failed: None } => None,
            Self::Ended { at_gate: true, .. } | Self::Refused { law: Law::GateNotMet, .. } => Some(Kind::GateNotMet),
            Self::Ended { .. } | Self::Refused { .. } | Self::CommandEnded { failed: Some(_) } => Some(Kind::Failed),
            Self::Waiting => Some(Kind::Waiting),
            Self::Paused { code, .. } => Some(kind_of_pause(*code)),
        }
    }
}

/// Drives one chain.
pub struct Driver<'a> {
    session: &'a Session,
    id: ChainId,
    chain: Chain,
    _hold: Hold,
    provider: Arc<dyn Provider>,
    provider_name: String,
    person: &'a dyn Person,
    listener: &'a dyn Listener,
    answers: Answers,
    until: Option<String>,
    /// Only the command that a person typed runs; the controller is not asked.
    only_command: bool,
    /// The plugin that speaks, where it is not one of ours: a person must know whose words they read.
    voice: Option<String>,
    /// Begun by a process before this one, and without an outcome.
    interrupted: Vec<EffectId>,
    /// Folded in memory, not on disk yet.
    noted: Vec<Body>,
    blobs: Vec<(Digest, Vec<u8>)>,
    /// The chain as it is on disk.
    durable: Chain,
    /// The time that everything noted shares: one transaction, one time.
    noted_at: Millis,
    /// What this process rendered; after a restart it is read back from the store.
    sending: HashMap<EffectId, Sending>,
}

/// What a controller words for a person, as it is shown.
fn as_shown(action: Action) -> Action {
    match action {
        Action::RequestApproval(proposal) => Action::RequestApproval(shown(&proposal)),
        Action::Ask(askings) => Action::Ask(
            askings
                .into_iter()
                .map(|asking| match asking {
                    Asking::New(question) => Asking::New(perform::shown_question(&question)),
                    raised => raised,
                })
                .collect(),
        ),
        action => action,
    }
}

/// Whether a command stopped at a question or at a provider: it was not in flight, and is run again by design.
fn waits(chain: &Chain, command: EffectId) -> bool {
    let waits = |(_, nested): (EffectId, &certus_engine::Effect)| {
        nested.is_open() && (nested.request.waits_for_person() || nested.state == EffectState::Deferred)
    };
    chain.invocation(command).any(waits)
}

/// Who takes part in driving a chain.
pub struct Cast<'a> {
    /// Answers prompts.
    pub provider: Arc<dyn Provider>,
    /// As it was asked for, so that going on later asks the same one: `replay:FILE`.
    pub provider_name: String,
    /// Answers questions.
    pub person: &'a dyn Person,
    /// Sees what happens.
    pub listener: &'a dyn Listener,
    /// Given beforehand.
    pub answers: Answers,
}

impl<'a> Driver<'a> {
    /// Take a chain that exists.
    ///
    /// # Errors
    /// It does not exist, is damaged, or another process holds it.
    pub fn open(session: &'a Session, id: ChainId, cast: Cast<'a>) -> Result<Self, Failure> {
        let hold = session.hold(id)?;
        let chain = session.chain(id)?;
        let durable = chain.clone();
        let interrupted = chain.open_effects().map(|(id, _)| id).filter(|id| !waits(&chain, *id)).collect();
        Ok(Self {
            session,
            id,
            chain,
            _hold: hold,
            provider: cast.provider,
            provider_name: cast.provider_name,
            person: cast.person,
            listener: cast.listener,
            answers: cast.answers,
            until: None,
            only_command: false,
            interrupted,
            voice: None,
            noted: Vec::new(),
            blobs: Vec::new(),
            durable,
            noted_at: 0,
            sending: HashMap::new(),
        })
    }

    /// The chain as it stands.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Its number.
    pub fn id(&self) -> ChainId {
        self.id
    }

    /// Go on until the chain ends, must wait, or enters `until` (and has shown its proposal, where its gate wants one).
    ///
    /// # Errors
    /// The store, a plugin or the project failed; everything noted so far is on disk all the same.
    pub async fn drive(&mut self, until: Option<&str>) -> Result<Stop, Failure> {
        self.until = until.map(str::to_owned);
        let stop = self.steps().await;
        let committed = self.commit().await;
        // Never what a commit that failed left in memory only.
        self.session.save_context(self.id, &self.durable);
        let stop = stop?;
        committed?;
        Ok(stop)
    }

    async fn steps(&mut self) -> Result<Stop, Failure> {
        self.choose_provider();
        self.set_caps();
        self.reissue_interrupted();
        // Also where driving stops before anything is performed.
        self.take_given().await?;
        loop {
            if let Some(ended) = self.chain.ended() {
                let at_gate = !ended.success && !self.chain.lacks().is_empty();
                return Ok(Stop::Ended { success: ended.success, at_gate });
            }
            if self.past_until() {
                return Ok(Stop::Until);
            }
            if self.chain.open_effects().next().is_some() {
                self.commit().await?;
                if let Some(stop) = self.perform_open().await? {
                    return Ok(stop);
                }
                continue;
            }
            if !self.project_was_read() {
                self.intend_all(vec![Request::ReadProject]);
                continue;
            }
            let due = law::due(&self.chain);
            if !due.requests.is_empty() {
                self.follow(due);
                continue;
            }
            if self.reads_text() && !self.only_command {
                let upkeep = law::upkeep(&self.chain, self.session.catalogue());
                if !upkeep.record.is_empty() || !upkeep.requests.is_empty() {
                    self.follow(upkeep);
                    continue;
                }
            }
            if let Some(stop) = self.next_action().await? {
                return Ok(stop);
            }
        }
    }

    /// Ask for the next action, by the command that went before or the controller, and follow the ruling.
    async fn next_action(&mut self) -> Result<Option<Stop>, Failure> {
        let catalogue = self.session.catalogue();
        if self.only_command && self.chain.then().is_none() {
            return Ok(Some(Stop::CommandEnded { failed: self.last_failure() }));
        }
        let (named, ruling) = if let Some(then) = self.chain.then().cloned() {
            let ruling = law::judge_command(&self.chain, &then.line, then.depth, catalogue, self.now());
            (format!("then {}", then.line), ruling)
        } else {
            let view = self.chain.view(self.id);
            let action = as_shown(self.session.ask_controller(&self.chain, &view).await?);
            let ruling = law::judge(&self.chain, &action, catalogue, self.now());
            (action.name().to_owned(), ruling.map_err(|refusal| self.with_cause(&action, refusal)))
        };
        match ruling {
            Ok(ruling) => {
                self.follow(ruling);
                Ok(None)
            }
            Err(refusal) => Ok(self.refuse(named, refusal)),
        }
    }

    /// A prompt that the library cannot use is there for a person, who must be told what is wrong with its file.
    fn with_cause(&self, action: &Action, mut refusal: Refusal) -> Refusal {
        if let (Law::UnknownPrompt, Action::RunPrompts(calls)) = (refusal.law, action)
            && let Some(fault) = calls.iter().find_map(|call| self.session.prompt_fault(&call.name))
        {
            refusal.detail = fault;
        }
        refusal
    }

    fn refuse(&mut self, action: String, refusal: Refusal) -> Option<Stop> {
        let (law, detail) = (refusal.law, crate::clean::line(&refusal.detail, 500));
        self.note(Body::ActionRefused { action, law, detail: detail.clone() });
        (self.only_command || self.chain.refusals().len() >= PATIENCE).then_some(Stop::Refused { law, detail })
    }

    /// Why the last command of this chain failed, if it did.
    fn last_failure(&self) -> Option<String> {
        let mut commands = self.chain.effects().filter(|(_, effect)| matches!(effect.request, Request::Command { .. }));
        match commands.next_back()?.1.outcome()? {
            certus_engine::Outcome::Failed { code, message } => Some(format!("{code}: {message}")),
            _ => None,
        }
    }

    pub(crate) fn follow(&mut self, ruling: Ruling) {
        for body in ruling.record {
            self.note(body);
        }
        if !ruling.requests.is_empty() {
            self.intend_all(ruling.requests);
        }
    }

    fn past_until(&self) -> bool {
        let Some(until) = self.until.as_deref() else { return false };
        let Some(started) = self.chain.started() else { return false };
        let position = |name: &str| started.methodology.phases.iter().position(|phase| phase.name == name);
        let (Some(here), Some(there)) = (position(self.chain.phase()), position(until)) else { return false };
        let waits_for_proposal =
            here == there && self.chain.phase_definition().is_some_and(|phase| phase.gate.approval.is_some());
        here > there || (here == there && !waits_for_proposal)
    }

    /// Whether a proposal is only to be shown now, because the person asked to stop here.
    fn only_shows(&self) -> bool {
        self.until.as_deref() == Some(self.chain.phase())
    }

    fn choose_provider(&mut self) {
        let provider = self.provider_name.clone();
        if provider != self.chain.provider() {
            self.note(Body::ProviderChosen { provider });
        }
    }

    /// Whether who answers is a model. A person with a chat window keeps their own context.
    fn reads_text(&self) -> bool {
        self.provider.reads_files() && self.provider.name() != "manual"
    }

    /// Record how much of its room a request takes, where that is much.
    fn measure(&mut self, effect: EffectId) {
        let Some((percent, left_out)) = self.sending.get(&effect).and_then(|sending| sending.room.clone()) else {
            return;
        };
        if self.reads_text() && self.chain.filled().is_none() && (percent >= NEARLY_FULL || !left_out.is_empty()) {
            self.note(Body::ContextFilled { effect, percent, left_out });
        }
    }

    fn set_caps(&mut self) {
        let config = self.session.config();
        let own = budget::own(&self.chain, config.own_cap);
        if let Some(body) = budget::set(&self.chain, config.caps(own), own) {
            self.note(body);
        }
    }

    /// Whatever was begun and has no outcome was in flight when the process before this one ended, or could not be done
    /// then. Effects inside a command are taken up when the command reaches them again.
    fn reissue_interrupted(&mut self) {
        for id in std::mem::take(&mut self.interrupted) {
            self.reissue(id);
        }
    }

    pub(crate) fn reissue(&mut self, id: EffectId) {
        let Some(effect) = self.chain.effect(id) else { return };
        if effect.request.waits_for_person() || !effect.is_open() {
            return;
        }
        let in_flight = effect.state == EffectState::Pending;
        let attempt = effect.attempt.saturating_add(1);
        let possibly_billed_twice =
            in_flight && matches!(effect.request, Request::Prompt { .. }) && self.provider.billing() != Billing::Nobody;
        self.note(Body::Reissued { effect: id, attempt, possibly_billed_twice, leftover: None });
    }

    /// Whether the project was read as it is now. What was written may have moved what is cited, and changed how the project
    /// is tested.
    fn project_was_read(&self) -> bool {
        let written = self.chain.last_write();
        let read = |(_, effect): (_, &certus_engine::Effect)| {
            effect.request == Request::ReadProject && effect.basis >= written
        };
        (self.chain.restored_from().is_some() && written == 0) || self.chain.effects().any(read)
    }

    /// The transaction's time.
    pub(crate) fn now(&self) -> Millis {
        if self.noted.is_empty() { self.session.now() } else { self.noted_at }
    }

    /// Fold an event in memory; [`Self::commit`] makes it durable.
    pub(crate) fn note(&mut self, body: Body) {
        if self.noted.is_empty() {
            self.noted_at = self.session.now();
        }
        let event = Event { seq: self.chain.version() + 1, at: self.noted_at, body };
        self.chain.apply(&event);
        self.noted.push(event.body);
    }

    /// Note the intents of one action's effects; all share what was known before the first.
    fn intend_all(&mut self, requests: Vec<Request>) {
        let basis = self.chain.version();
        let mut view = None;
        for request in requests {
            self.intend(None, request, basis, &mut view);
        }
    }

    pub(crate) fn intend(
        &mut self,
        invocation: Option<EffectId>,
        request: Request,
        basis: u64,
        view: &mut Option<Arc<certus_engine::View>>,
    ) -> EffectId {
        let effect = self.chain.next_effect();
        let equal = |other: &certus_engine::Effect| other.invocation == invocation && other.request == request;
        let occurrence = match invocation {
            Some(command) => self.chain.invocation(command).filter(|(_, other)| equal(other)).count(),
            None => 0,
        };
        let occurrence = u32::try_from(occurrence).unwrap_or(u32::MAX);
        let (digest, unsendable) = match &request {
            Request::Prompt { name, arguments, .. } => {
                let material = self.material(arguments);
                let view = view.get_or_insert_with(|| Arc::new(self.chain.view(self.id)));
                match self.session.render(name, view, arguments, material) {
                    Ok(sending) => {
                        let digest = sending.digest;
                        self.blobs.push((digest, sending.bytes()));
                        self.sending.insert(effect, sending);
                        (digest, None)
                    }
                    Err(failure) => (Digest::of_json(&request), Some(failure.message)),
                }
            }
            request => (Digest::of_json(request), None),
        };
        self.note(Body::Intent { effect, invocation, occurrence, request, digest, basis });
        if let Some(message) = unsendable {
            let outcome = certus_engine::Outcome::Failed { code: ErrorCode::Invalid, message };
            self.note(Body::Outcome { effect, outcome, elapsed_ms: 0 });
        } else {
            self.measure(effect);
            self.set_aside_early(effect);
        }
        effect
    }

    /// Files and documents for a request, where who answers reads text; rules read the view.
    pub(crate) fn material(&self, arguments: &std::collections::BTreeMap<String, String>) -> Material {
        if self.provider.reads_files() {
            Material::of(&self.chain, &self.session.project(), arguments)
        } else {
            Material::default()
        }
    }

    /// Make everything noted durable, then tell the listener.
    pub(crate) async fn commit(&mut self) -> Result<(), Failure> {
        self.append(None).await.map(drop)
    }

    /// The same, if what is noted sets aside no more than the day allows; else what is noted is taken back.
    pub(crate) async fn commit_within(&mut self, day: DayCap) -> Result<Option<OverBudget>, Failure> {
        let refused = self.append(Some(day)).await?;
        if refused.is_some() {
            self.chain = self.durable.clone();
        }
        Ok(refused)
    }

    async fn append(&mut self, day: Option<DayCap>) -> Result<Option<OverBudget>, Failure> {
        if self.noted.is_empty() {
            return Ok(None);
        }
        let bodies = std::mem::take(&mut self.noted);
        let blobs = std::mem::take(&mut self.blobs);
        crate::faults::at("before");
        let appended = self.session.append(self.id, &mut self.durable, self.noted_at, bodies, blobs, day).await?;
        crate::faults::at("after");
        match appended {
            Ok(events) => {
                self.listener.recorded(&events, &self.chain);
                Ok(None)
            }
            Err(over) => Ok(Some(over)),
        }
    }

    /// Record a person's verdict on the edits, or else the proposal, that wait. `grant` says what else an approval of edits covers.
    ///
    /// # Errors
    /// None waits, the verdict does not fit, or the store failed.
    pub async fn judge_open(&mut self, verdict: Verdict, wider: Option<Wider>) -> Result<(), Failure> {
        let edits = self.chain.waiting_for_person().find_map(|(id, effect)| match &effect.request {
            Request::ApproveEdits { plan, .. } => Some((id, plan.clone())),
            _ => None,
        });
        if let Some((id, plan)) = edits {
            let verdict = match verdict {
                Verdict::Approved => EditVerdict::Approved(wider.map(|wider| match wider {
                    Wider::Files => Grant::Files(plan.files.iter().map(|file| file.path.clone()).collect()),
                    Wider::Chain => Grant::Chain,
                })),
                Verdict::Rejected(why) => EditVerdict::Refused(why),
                Verdict::MoreInfo(_) => {
                    return Err(Failure::usage("edits wait for a yes or a no, nobody can tell more about them")
                        .hint("see them: certus diff")
                        .hint("refuse them with what you would want instead: certus reject --why \"…\""));
                }
            };
            let outcome = self.edits_judged(&plan, verdict)?;
            self.note(Body::Outcome { effect: id, outcome, elapsed_ms: 0 });
            return self.commit().await;
        }
        if wider.is_some() {
            return Err(Failure::usage("only an approval of edits can cover more, and no edits wait"));
        }
        let open = self.chain.waiting_for_person().find_map(|(id, effect)| match &effect.request {
            Request::Approve { proposal } => Some((id, proposal.clone())),
            _ => None,
        });
        let Some((id, proposal)) = open else {
            return Err(Failure::of(Kind::GateNotMet, format!("chain {} shows nothing to approve or reject", self.id))
                .hint(format!("go on with: certus flow --continue --chain {}", self.id)));
        };
        let outcome = self.verdict(&proposal, verdict);
        self.note(Body::Outcome { effect: id, outcome, elapsed_ms: 0 });
        self.commit().await
    }

    /// Answer anew what was answered before, and say which approval falls with the answer before.
    ///
    /// # Errors
    /// Nothing was answered under that id, the answer is no other, the chain is complete, or the store failed.
    pub async fn correct(&mut self, id: &str, text: &str) -> Result<(), Failure> {
        let status = self.chain.questions().iter().find(|status| status.question.id == id);
        let text = status.map_or(text, |status| Answers::meant(&status.question, text)).trim();
        let text = crate::clean::clean(text);
        let approved = |chain: &Chain| -> Vec<Digest> {
            let proposals = chain.proposals().iter();
            proposals.filter(|one| one.verdict == Some(Verdict::Approved)).map(|one| one.digest).collect()
        };
        let before = approved(&self.chain);
        let ruling = law::judge_correction(&self.chain, id, &text, self.session.user(), self.now())?;
        self.follow(ruling);
        self.commit().await?;
        let after = approved(&self.chain);
        for status in self.chain.proposals().iter().filter(|status| before.contains(&status.digest)) {
            if !after.contains(&status.digest) {
                let title = crate::clean::line(&status.proposal.title, 120);
                self.person.say(&format!("No longer approved: “{title}”, because the answer to {id} was corrected."));
            }
        }
        Ok(())
    }

    /// Take up a chain that was given up, because a person says so; any other chain is left as it is.
    pub fn take_up(&mut self) {
        if let Ok(ruling) = law::judge_reopening(&self.chain) {
            self.follow(ruling);
        }
    }

    /// Answers given beforehand that no question asked for.
    pub fn answers_not_asked(&self) -> Vec<String> {
        self.answers.not_asked(&self.chain)
    }

    /// Begin a command line that a person typed; driving then ends with it.
    ///
    /// # Errors
    /// The law refuses it, or the store failed.
    pub async fn run_line(&mut self, line: &str) -> Result<(), Failure> {
        self.only_command = true;
        if self.session.catalogue().command(line).is_none() {
            return Err(self.session.unknown_command(line));
        }
        let open: Vec<&Request> = self.chain.open_effects().map(|(_, effect)| &effect.request).collect();
        let same = |request: &&Request| matches!(request, Request::Command { line: open, .. } if open == line);
        if open.iter().any(same) {
            return Ok(());
        }
        if !open.is_empty() {
            return Err(crate::report::waits_first(self.id, &self.chain));
        }
        if !self.project_was_read() {
            self.intend_all(vec![Request::ReadProject]);
            self.commit().await?;
            if let Some(Stop::Paused { message, .. }) = self.perform_open().await? {
                return Err(Failure::failed(message));
            }
        }
        let ruling = law::judge_command(&self.chain, line, 0, self.session.catalogue(), self.now())?;
        self.follow(ruling);
        self.commit().await
    }

    pub(crate) fn catalogue(&self) -> &'a dyn Catalogue {
        self.session.catalogue()
    }

    /// A text with the name of the plugin whose words they are, on every line.
    pub(crate) fn voiced(&self, text: &str) -> String {
        match &self.voice {
            Some(name) => text.lines().map(|line| format!("{name} says: {line}")).collect::<Vec<_>>().join("\n"),
            None => text.to_owned(),
        }
    }
}

/// A proposal as it is shown: cleaned of what steers a terminal, so that the digest is over what a person saw.
pub(crate) fn shown(proposal: &Proposal) -> Proposal {
    use crate::clean::clean;
    Proposal {
        kind: clean(&proposal.kind).trim().to_owned(),
        title: clean(&proposal.title).trim().to_owned(),
        body: clean(&proposal.body),
    }
}
