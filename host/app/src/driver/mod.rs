//! The driver: one chain, step by step, until it ends or must wait.
//!
//! Each step asks the controller, has the engine judge the answer, records the intent, performs the effect and records
//! the outcome. Outcomes and the intents that follow from them go to disk in one transaction: [`Driver::note`] folds an
//! event in memory, [`Driver::commit`] makes everything noted durable, and nothing is performed or shown as done before
//! that. Only one driver holds a chain at a time; the store's OS lock sees to it.

mod aside;
mod attempt;
mod calls;
mod checks;
mod comes_back;
mod command;
mod count;
#[cfg(test)]
mod crowd;
mod day;
mod edits;
mod estimate;
mod fault;
mod gone;
mod perform;
mod price;
mod prompt;
mod record;
mod refused;
mod replies;
mod said;
mod samples;
mod setup;
mod stop;
mod unanswered;
mod what_runs;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use certus_engine::{
    Action, Asking, Body, Catalogue, Chain, ChainId, EffectId, EffectState, Law, Proposal, Request, Ruling, View, law,
};
use certus_providers::Provider;
use certus_store::{Batch, Hold};

use crate::person::{Listener, Person};
use crate::session::Session;
use crate::{Answers, Failure};
pub use estimate::{CapAhead, Estimate, Expected, PromptAhead};
pub(crate) use prompt::{Sending, cite_all};
pub use stop::Stop;

/// Percentage of a request's room from which on its filling is recorded.
const NEARLY_FULL: u32 = 80;

/// What else an approval of edits covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wider {
    /// All later edits of the same files, in this chain.
    Files,
    /// All later edits in this chain.
    Chain,
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
    noted: Batch,
    /// The version of the chain that is on disk.
    durable: u64,
    /// How many visits and, in the last of them, refusals there were when this process took the chain.
    refused_before: (usize, usize),
    /// The chain's version when this process took it up.
    began: u64,
    /// What this process rendered; after a restart it is read back from the store.
    sending: HashMap<EffectId, Sending>,
    /// What the user's ledger has of this chain was compared with what it is.
    day_is_right: bool,
    /// Calls that the user's ledger has not as they are: it was kept busy.
    unsettled: BTreeSet<EffectId>,
    /// Requests that go by their length.
    uncounted: count::Uncounted,
    /// What was said last of what a phase will cost, and the tokens that were spent by then.
    ahead: Option<(Estimate, u64)>,
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
        let (hold, taken_over) = session.hold(id)?;
        let chain = session.chain(id)?;
        if !taken_over.is_empty() {
            cast.listener.recorded(&taken_over, &chain);
        }
        let durable = chain.version();
        let began = chain.version();
        let refused_before = (chain.visits().len(), chain.refusals().len());
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
            noted: Batch::default(),
            durable,
            refused_before,
            began,
            sending: HashMap::new(),
            day_is_right: false,
            unsettled: BTreeSet::new(),
            uncounted: count::Uncounted::default(),
            ahead: None,
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
        self.settle_rest_of_day().await;
        // Never what is in memory only because a commit failed and the chain could not be read again either.
        if self.chain.version() == self.durable {
            self.session.save_context(self.id, &self.chain);
        }
        let stop = stop?;
        committed?;
        Ok(stop)
    }

    async fn steps(&mut self) -> Result<Stop, Failure> {
        self.take_controller()?;
        self.choose_provider();
        self.set_caps();
        // Nothing is taken up that is not gone on with: why it waits holds on.
        if self.chain.ended().is_none() && self.past_until() {
            self.take_given().await?;
            return Ok(Stop::Until);
        }
        self.reissue_interrupted();
        // Also where driving stops before anything is performed.
        self.take_given().await?;
        loop {
            // Taking back may have been cut short, and what it takes back may be what completed the chain.
            let undoes = self.chain.open_effects().any(|(_, effect)| matches!(effect.request, Request::Undo { .. }));
            if let Some(ended) = self.chain.ended().filter(|_| !undoes) {
                let at_gate = !ended.success && !self.chain.lacks().is_empty();
                return Ok(Stop::Ended { success: ended.success, at_gate });
            }
            if self.past_until() {
                return Ok(Stop::Until);
            }
            if self.chain.open_effects().next().is_some() {
                if let Some(stop) = self.waits_for_files().await? {
                    return Ok(stop);
                }
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
            let runs = |request: &Request| match request {
                Request::Check { .. } => true,
                Request::Approve { proposal } => Some(&proposal.title) == self.chain.project().commands.get("test"),
                _ => false,
            };
            // What a person lets run is the command as it is.
            if due.requests.iter().any(runs) && self.note_what_runs() {
                continue;
            }
            if !due.requests.is_empty() {
                self.follow(due);
                continue;
            }
            if let Some(still) = law::standstill(&self.chain) {
                // What is gone is no code to go on with.
                if let Some(stop) = self.stands_for_what_is_gone() {
                    return Ok(stop);
                }
                // Whoever takes it up again may go on after all.
                if still.since > self.began {
                    return Ok(self.stands(Law::GateNotMet, still.detail));
                }
                self.intend_all(vec![Request::Approve { proposal: still.proposal }]);
                continue;
            }
            let samples = self.samples_due();
            if !samples.is_empty() {
                if let Some(stop) = self.pays_for_what_is_gone() {
                    return Ok(stop);
                }
                self.intend_all(samples);
                continue;
            }
            if self.reads_text() && !self.only_command {
                let upkeep = law::upkeep(&self.chain, self.session.catalogue());
                if !upkeep.record.is_empty() || !upkeep.requests.is_empty() {
                    if let Some(stop) = self.pays_for_what_is_gone() {
                        return Ok(stop);
                    }
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
            if let Some(ruling) = self.judge_tree(&Action::RunCommand(then.line.clone()))? {
                let asks = !ruling.requests.is_empty();
                self.follow(ruling);
                if asks {
                    return Ok(None);
                }
            }
            let ruling = law::judge_command(&self.chain, &then.line, then.depth, catalogue, self.now());
            (format!("then {}", then.line), ruling)
        } else {
            let view = View { refusals: self.refusals(), ..self.chain.view(self.id) };
            let action = as_shown(self.session.ask_controller(&self.chain, &view).await?);
            if let Some(ruling) = self.judge_tree(&action)? {
                self.follow(ruling);
                return Ok(None);
            }
            if matches!(action, Action::RunCheck(_)) {
                self.note_what_runs();
            }
            if let Some(stop) = self.rests_on_what_is_gone(&action) {
                return Ok(Some(stop));
            }
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

    /// What has to happen first, where an action builds on checks of other files than there are.
    pub(crate) fn judge_tree(&self, action: &Action) -> Result<Option<Ruling>, Failure> {
        let action = law::leaving(&self.chain, action.clone(), self.session.catalogue());
        if !law::builds_on_evidence(&self.chain, &action) {
            return Ok(None);
        }
        let digest = self.session.project().tree_digest().sha256;
        let tree = digest.parse().map_err(|_| Failure::failed("the digest of the project's files is none"))?;
        Ok(law::judge_tree(&self.chain, &action, tree, self.now()))
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

    /// Whether the project was read as it is now. What was written may have moved what is cited, and changed how the project
    /// is tested.
    fn project_was_read(&self) -> bool {
        let written = self.chain.last_write();
        let read = |(_, effect): (_, &certus_engine::Effect)| {
            effect.request == Request::ReadProject && effect.basis >= written
        };
        (self.chain.restored_from().is_some() && written == 0) || self.chain.effects().any(read)
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
