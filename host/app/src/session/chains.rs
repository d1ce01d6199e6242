//! A project's chains: made, found, read and appended to.

use certus_engine::calibration::Prediction;
use certus_engine::{
    Amount, Chain, ChainId, Digest, Event, MOST_SAMPLES, Methodology, Millis, Outcome, OverBudget, PluginRef,
    QuestionState, Request, SAMPLES, Started, law,
};
use certus_store::{Batch, Hold, Mode, Recorded, Store, StoreError};

use super::{DEFAULT_METHODOLOGY, Session};
use crate::Failure;
use crate::report::OpenQuestion;

/// A goal may take at most so many bytes.
const MOST_GOAL: usize = 64 * 1024;

impl Session {
    fn opened(&self) -> Result<&Store, StoreError> {
        if let Some(store) = self.store.get() {
            return Ok(store);
        }
        let store = Store::open(&self.state, Mode::ReadWrite)?;
        Ok(self.store.get_or_init(|| store))
    }

    fn store(&self) -> Result<&Store, Failure> {
        self.opened().map_err(|error| self.store_error(error))
    }

    /// The store, for what needs a chain: looking for one makes nothing, and reading one works where nothing can be written.
    pub(crate) fn existing(&self) -> Result<&Store, Failure> {
        if self.store.get().is_none() && !Store::exists(&self.state) {
            return Err(crate::state::nothing_here());
        }
        match self.opened() {
            Err(why @ (StoreError::ReadOnly { .. } | StoreError::Denied { .. } | StoreError::Full { .. })) => {
                let store = Store::open(&self.state, Mode::ReadOnly).map_err(|error| self.store_error(error))?;
                // Whoever wants to write after all is told what stands in the way.
                let _ = self.unwritable.set(why);
                Ok(self.store.get_or_init(|| store))
            }
            opened => opened.map_err(|error| self.store_error(error)),
        }
    }

    pub(super) fn store_error(&self, error: StoreError) -> Failure {
        let error = match (error, self.unwritable.get()) {
            (StoreError::ReadOnly { .. }, Some(why)) => why.clone(),
            (error, _) => error,
        };
        crate::state::store_failure(error, &self.state)
    }

    /// Create a chain for a goal and make it the active one.
    ///
    /// # Errors
    /// The goal is empty or too long, the methodology is not there, or the store failed.
    pub fn create(&self, goal: &str, methodology: Option<&str>) -> Result<ChainId, Failure> {
        let goal = crate::clean::clean(goal).trim().to_owned();
        if goal.is_empty() {
            return Err(
                Failure::usage("the goal is empty").hint("say what you want: certus flow \"Add JWT authentication\"")
            );
        }
        if goal.len() > MOST_GOAL {
            return Err(Failure::usage(format!("the goal is {} bytes; {MOST_GOAL} are allowed", goal.len()))
                .hint("put the details into a file of the project and name it in the goal"));
        }
        let started = self.started(goal, methodology)?;
        let bodies = law::begin(started);
        let not_begun = |error| crate::state::not_begun(error, &self.state);
        let store = self.opened().map_err(not_begun)?;
        self.own(store, ChainId(0)).map_err(not_begun)?;
        let created = store.create_blocking(self.now(), bodies, Vec::new()).map_err(not_begun)?;
        self.set_active(created.id)?;
        self.save_context(created.id, &created.chain);
        Ok(created.id)
    }

    fn started(&self, goal: String, methodology: Option<&str>) -> Result<Started, Failure> {
        let (controller, methodology) = self.methodology(methodology)?;
        Ok(Started {
            goal,
            methodology,
            controller,
            provider: self.config.provider.clone(),
            user: self.user(),
            git_head: self.project.git_head(),
            variant: self.config.variant.clone(),
            rules: self.rules.as_ref().map(Digest::of),
        })
    }

    pub(crate) fn methodology(&self, name: Option<&str>) -> Result<(PluginRef, Methodology), Failure> {
        let (plugin, methodology) = self.registry.controller(name.unwrap_or(DEFAULT_METHODOLOGY))?;
        if let Some(unknown) = self.config.settings.keys().find(|name| self.registry.controller(name).is_err()) {
            let unknown = crate::clean::line(unknown, 60);
            return Err(Failure::usage(format!(
                "[methodology.{unknown}] in your configuration is of no installed methodology"
            ))
            .hint(format!("the one in use is [methodology.{}]", methodology.name)));
        }
        let methodology = methodology.tightened(&self.config.gates).map_err(|error| {
            Failure::usage(format!("certus.toml: {error}"))
                .hint("a project may ask for more than the methodology, never for less")
        })?;
        let mut known: Vec<&str> =
            methodology.settings.keys().map(String::as_str).filter(|name| *name != SAMPLES).collect();
        let samples = format!("{SAMPLES} (0 to {MOST_SAMPLES})");
        known.push(&samples);
        let settings = known.join(", ");
        let own = self.config.settings.get(&methodology.name).cloned().unwrap_or_default();
        let name = methodology.name.clone();
        let methodology = methodology.set(&own).map_err(|setting| {
            let setting = crate::clean::line(&setting, 60);
            Failure::usage(format!("[methodology.{name}] has no setting `{setting}` that could have this value"))
                .hint(format!("settings: {settings}"))
        })?;
        Ok((plugin.reference.clone(), methodology))
    }

    /// Refuse a phase that the methodology does not have.
    ///
    /// # Errors
    /// It has no such phase.
    pub fn check_phase(&self, phase: &str, methodology: Option<&str>) -> Result<(), Failure> {
        let (_, methodology) = self.methodology(methodology)?;
        if methodology.phase(phase).is_some() {
            return Ok(());
        }
        let names: Vec<&str> = methodology.phases.iter().map(|phase| phase.name.as_str()).collect();
        Err(Failure::usage(format!("there is no phase `{}`", crate::clean::line(phase, 60)))
            .hint(format!("phases: {}", names.join(", "))))
    }

    /// The chain that a person names: `047`, `47`, or a part of its name or goal that only it has.
    ///
    /// # Errors
    /// None or several fit.
    pub fn find(&self, text: &str) -> Result<ChainId, Failure> {
        crate::state::find(self.existing()?, &self.state, text)
    }

    /// The chain that commands work on when none is named.
    ///
    /// # Errors
    /// The store failed.
    pub fn active(&self) -> Result<Option<ChainId>, Failure> {
        if !Store::exists(&self.state) {
            return Ok(None);
        }
        Ok(self.existing()?.active())
    }

    /// The newest chain that is not over: what a person goes on with who was cut off before it became the active one.
    ///
    /// # Errors
    /// The store failed.
    pub fn newest_open(&self) -> Result<Option<ChainId>, Failure> {
        if !Store::exists(&self.state) {
            return Ok(None);
        }
        let rows = self.existing()?.rows().map_err(|error| self.store_error(error))?;
        Ok(rows.iter().rfind(|row| !row.status.is_over()).map(|row| row.id))
    }

    /// Make a chain the active one.
    ///
    /// # Errors
    /// The store failed.
    pub fn set_active(&self, id: ChainId) -> Result<(), Failure> {
        self.store()?.set_active(id).map_err(|error| self.store_error(error))
    }

    /// A chain as its events make it.
    ///
    /// # Errors
    /// It is not there, or the store failed.
    pub fn chain(&self, id: ChainId) -> Result<Chain, Failure> {
        self.existing()?.chain(id).map_err(|error| self.store_error(error))
    }

    /// A chain's events.
    ///
    /// # Errors
    /// The store failed.
    pub fn events(&self, id: ChainId) -> Result<Vec<Event>, Failure> {
        self.existing()?.events(id).map_err(|error| self.store_error(error))
    }

    pub(crate) fn predictions(&self) -> Result<Vec<Prediction>, Failure> {
        self.existing()?.predictions().map_err(|error| self.store_error(error))
    }

    /// Questions of a chain that wait.
    ///
    /// # Errors
    /// It is not there, or the store failed.
    pub fn open_questions(&self, id: ChainId) -> Result<Vec<OpenQuestion>, Failure> {
        Ok(crate::report::questions_in(&self.chain(id)?, QuestionState::Asked))
    }

    /// Questions of a chain that a person answered, which may be answered anew.
    ///
    /// # Errors
    /// It is not there, or the store failed.
    pub fn answered_questions(&self, id: ChainId) -> Result<Vec<OpenQuestion>, Failure> {
        Ok(crate::report::questions_in(&self.chain(id)?, QuestionState::Answered))
    }

    /// The recorded exchanges of a chain, one JSON line each, as `--provider replay:FILE` reads them.
    ///
    /// # Errors
    /// The store failed.
    pub fn exchanges(&self, id: ChainId) -> Result<Vec<String>, Failure> {
        let chain = self.chain(id)?;
        let mut lines = Vec::new();
        for (_, effect) in chain.effects() {
            let (Some((name, _)), Some(Outcome::Replied { by, .. })) = (effect.request.sends(), effect.outcome())
            else {
                continue;
            };
            let sample = match effect.request {
                Request::Sample { number, .. } => number,
                _ => 0,
            };
            let Some(text) = by.raw.map(|raw| self.blob(raw)).transpose()?.flatten() else { continue };
            let text = String::from_utf8_lossy(&text);
            let recorded = certus_providers::Recorded {
                prompt: name.to_owned(),
                digest: effect.digest,
                sample,
                attempt: None,
                reply: text.into_owned(),
                model: by.model.clone(),
                usage: by.usage,
            };
            lines.push(serde_json::to_string(&recorded).unwrap_or_default());
        }
        Ok(lines)
    }

    /// Keep other processes off a chain. A store that is not this user's own becomes so; what was recorded for this chain
    /// then comes second.
    pub(crate) fn hold(&self, id: ChainId) -> Result<(Hold, Vec<Event>), Failure> {
        let store = self.existing()?;
        let hold = store.hold(id, self.now()).map_err(|error| self.store_error(error))?;
        let events = self.own(store, id).map_err(|error| self.store_error(error))?;
        Ok((hold, events))
    }

    pub(crate) fn blob(&self, digest: Digest) -> Result<Option<Vec<u8>>, Failure> {
        self.existing()?.blob(digest).map_err(|error| self.store_error(error))
    }

    /// Record what was folded into a chain; see [`Store::record`].
    pub(crate) async fn record(
        &self,
        id: ChainId,
        chain: &mut Chain,
        batch: Batch,
    ) -> Result<Result<Vec<Event>, OverBudget>, Failure> {
        match self.store()?.record(id, chain, batch).await {
            Ok(events) => Ok(Ok(events)),
            Err(StoreError::OverBudget(over)) => Ok(Err(over)),
            Err(error) => Err(self.store_error(error)),
        }
    }

    pub(crate) fn recorded(&self, phase: &str, provider: &str, but: ChainId) -> Result<Recorded, Failure> {
        self.existing()?.recorded(phase, provider, but).map_err(|error| self.store_error(error))
    }

    pub(crate) fn spent_since(&self, since: Millis) -> Result<Amount, Failure> {
        self.existing()?.spent_since(since).map_err(|error| self.store_error(error))
    }

    /// Rewrite the context file. It is a projection: that it cannot be written loses nothing and stops nothing.
    pub(crate) fn save_context(&self, id: ChainId, chain: &Chain) {
        if let Ok(store) = self.store()
            && let Err(error) = store.write_context(id, chain, crate::clock::when)
        {
            // The first says it all.
            let _ = self.context_fault.set(error.to_string());
        }
    }

    /// Why the context file of a chain could not be written, if it could not.
    pub fn context_fault(&self) -> Option<&str> {
        self.context_fault.get().map(String::as_str)
    }
}
