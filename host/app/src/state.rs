//! The state of a project, read without touching anything else: no plugin, no prompt, no file of the project.

use std::path::{Path, PathBuf};

use certus_engine::{ChainId, Spending};
use certus_store::{ChainRow, Found, Mode, Status, Store, StoreError};
use serde::Serialize;

use crate::Failure;
use crate::config::UserDirs;
use crate::paths::{project_root, state_dir};
use crate::report::Cost;
use crate::session::{is_own, taken_over};

/// Chains of a project, for reading.
pub struct State {
    dir: PathBuf,
    /// Absent where no chain was ever started.
    store: Option<Store>,
}

/// A chain in one line.
#[derive(Debug, Clone, Serialize)]
pub struct StatusLine {
    /// `047`.
    pub chain: String,
    /// As typed.
    pub goal: String,
    /// `running`, `ready` (to go on: nobody works on it), `waiting` (for a person), `paused` (something is in its way: `reason` of a
    /// chain alone has it), `complete`, `given-up`.
    pub status: &'static str,
    /// Where it stands.
    pub phase: String,
    /// 0..=1, as it was said.
    pub confidence: f64,
    /// What further answers say of the confidence, in a line, where that matters; only of a chain that is looked at alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compared: Option<String>,
    /// It was completed by somebody else, or in another place: nothing of it was verified here. Of a list, as long as nothing was
    /// begun here since.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub completed_elsewhere: bool,
    /// That it was completed elsewhere, and how it is verified here; only of a chain that is looked at alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<String>,
    /// Why nothing goes on, or why it ended; only of a chain that is looked at alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The command line that leads on; only of a chain that is looked at alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Questions that wait.
    pub questions: u32,
    /// Commands work on it when none is named.
    pub active: bool,
    /// Who answers prompts.
    pub provider: String,
    /// Spent.
    pub tokens: u64,
    /// Spent, in US dollars.
    pub usd: f64,
    /// What was spent and lost, and what is set aside.
    pub cost: Cost,
    /// When it began.
    pub created: String,
    /// When it last changed.
    pub updated: String,
}

impl StatusLine {
    /// With what is known of whoever works on the chain.
    fn worked_on(self, held: bool) -> Self {
        Self { status: crate::report::worked_on(self.status, held), cost: self.cost.worked_on(held), ..self }
    }
}

impl State {
    /// Open what is there; a project without chains is no error.
    ///
    /// # Errors
    /// The project is not there, or its database cannot be read.
    pub fn open(project: Option<&Path>, state: Option<&Path>) -> Result<Self, Failure> {
        let root = project_root(project, false)?;
        let dir = state_dir(&root, state);
        let store = match Store::exists(&dir).then(|| Store::open(&dir, Mode::ReadOnly)) {
            None | Some(Err(StoreError::Missing { .. })) => None,
            Some(opened) => Some(opened.map_err(|error| store_failure(error, &dir))?),
        };
        Ok(Self { dir, store })
    }

    pub(crate) fn store(&self) -> Option<&Store> {
        self.store.as_ref()
    }

    pub(crate) fn failure(&self, error: StoreError) -> Failure {
        store_failure(error, &self.dir)
    }

    pub(crate) fn there(&self) -> Result<&Store, Failure> {
        self.store.as_ref().ok_or_else(nothing_here)
    }

    /// Every chain, oldest first.
    ///
    /// # Errors
    /// The store failed.
    pub fn status_all(&self) -> Result<Vec<StatusLine>, Failure> {
        let Some(store) = &self.store else { return Ok(Vec::new()) };
        let active = store.active();
        let rows = store.rows().map_err(|error| self.failure(error))?;
        let spending = store.spending().map_err(|error| self.failure(error))?;
        let of = |row: &ChainRow| spending.get(&row.id).copied().unwrap_or_default();
        let all_own = self.all_own(store, &rows)?;
        let line = |row: &ChainRow| {
            let line = status_line(row, active, of(row));
            let completed_elsewhere = !all_own && row.status == Status::Finished;
            StatusLine { completed_elsewhere, ..line.worked_on(store.is_held(row.id)) }
        };
        Ok(rows.iter().map(line).collect())
    }

    /// One chain: the one named, or the active one. `suffix` is what the next command line needs besides, as in `FlowReport::of`.
    ///
    /// # Errors
    /// It is not there, or the store failed.
    pub fn status(&self, named: Option<&str>, suffix: &str) -> Result<StatusLine, Failure> {
        let store = self.there()?;
        let active = store.active();
        let id = self.id(named, active)?;
        let row = store.row(id).map_err(|error| self.failure(error))?;
        let spending = store.spending_of(id).map_err(|error| self.failure(error))?;
        // What says more of the same is no reason to say nothing.
        let chain = store.chain(id).ok();
        let compared = chain.as_ref().and_then(crate::report::compared);
        let own = self.all_own(store, std::slice::from_ref(&row))?;
        let chain = chain.map(|chain| if own { chain } else { taken_over(chain, None) });
        let next = chain.as_ref().and_then(|chain| crate::report::next_line(id, chain, suffix));
        let there = chain.as_ref().filter(|chain| !chain.completed_elsewhere());
        let reason = there.and_then(crate::report::reason);
        let elsewhere = chain.filter(certus_engine::Chain::completed_elsewhere).map(|_| {
            let next = next.as_deref().map(|next| format!("; go on with: {next}")).unwrap_or_default();
            format!("{}{next}", crate::report::ELSEWHERE)
        });
        let completed_elsewhere = elsewhere.is_some();
        let line = status_line(&row, active, spending).worked_on(store.is_held(id));
        Ok(StatusLine { compared, completed_elsewhere, elsewhere, reason, next, ..line })
    }

    /// Whether what is complete of these was completed by this user, here. Where nothing is, nothing is looked at.
    fn all_own(&self, store: &Store, rows: &[ChainRow]) -> Result<bool, Failure> {
        let none = !rows.iter().any(|row| row.status == Status::Finished);
        let own = || is_own(store, UserDirs::of_platform().as_ref()).map_err(|error| self.failure(error));
        Ok(none || own()?)
    }

    pub(crate) fn id(&self, named: Option<&str>, active: Option<ChainId>) -> Result<ChainId, Failure> {
        match named {
            Some(text) => find(self.there()?, &self.dir, text),
            None => active.ok_or_else(no_active),
        }
    }
}

/// No chain was ever started in a project.
pub(crate) fn nothing_here() -> Failure {
    Failure::usage("no chain was ever started here")
        .hint("start one: certus flow \"what you want\"")
        .hint("or name the project: --project DIR")
}

fn no_active() -> Failure {
    Failure::usage("no chain is active in this project")
        .hint("start one: certus flow \"what you want\"")
        .hint("or choose one: certus list, then certus use 047")
}

fn status_line(row: &ChainRow, active: Option<ChainId>, spending: Spending) -> StatusLine {
    let cost = Cost::of(spending);
    StatusLine {
        chain: row.id.to_string(),
        goal: crate::clean::clean(&row.goal),
        status: crate::report::status_name(row.status),
        phase: row.phase.clone(),
        confidence: row.overall,
        compared: None,
        completed_elsewhere: false,
        elsewhere: None,
        reason: None,
        next: None,
        questions: row.open_questions,
        active: active == Some(row.id),
        provider: row.provider.clone(),
        tokens: cost.tokens,
        usd: cost.usd,
        cost,
        created: crate::clock::when(row.created),
        updated: crate::clock::when(row.updated),
    }
}

pub(crate) fn find(store: &Store, dir: &Path, text: &str) -> Result<ChainId, Failure> {
    let shown = crate::clean::line(text, 60);
    match store.find(text).map_err(|error| store_failure(error, dir))? {
        Found::One(id) => Ok(id),
        Found::None => Err(Failure::usage(format!("no chain is called `{shown}`")).hint("see them: certus list")),
        Found::Many(ids) => {
            let ids: Vec<String> = ids.iter().take(8).map(ToString::to_string).collect();
            Err(Failure::usage(format!("`{shown}` fits several chains"))
                .hint(format!("name one by its number: {}", ids.join(", "))))
        }
    }
}

/// What a person is told when a chain could not even be begun: there is nothing to go on with.
pub(crate) fn not_begun(error: StoreError, dir: &Path) -> Failure {
    match error {
        StoreError::Full { .. } => Failure::failed(error.to_string())
            .hint(format!(
                "free some space on the disk of {}, then run the same again: no chain was begun",
                dir.display()
            ))
            .hint("or keep the state on another disk: --state DIR (or CERTUS_STATE=DIR)"),
        error => store_failure(error, dir),
    }
}

/// What a person is told when the store fails.
pub(crate) fn store_failure(error: StoreError, dir: &Path) -> Failure {
    let message = error.to_string();
    let shown = dir.display();
    match error {
        StoreError::Full { .. } => Failure::failed(message)
            .hint(format!("free some space on the disk of {shown}, then go on: certus flow --continue"))
            .hint("nothing that was recorded is lost"),
        StoreError::Held(_) => Failure::failed(message).hint("wait for it to end, or end it"),
        StoreError::Link { .. } => Failure::failed(message)
            .hint("see what put it there, and remove it")
            .hint("or keep the state elsewhere: --state DIR (or CERTUS_STATE=DIR)"),
        StoreError::Denied { .. } | StoreError::ReadOnly { .. } => {
            Failure::failed(message).hint("keep the state where you can write: --state DIR (or CERTUS_STATE=DIR)")
        }
        StoreError::Busy { .. } => Failure::failed(message).hint("another process writes for long; try again"),
        StoreError::Damaged { .. } => Failure::failed(message)
            .hint("set it aside and rebuild the chains from what can be read: certus doctor --repair"),
        StoreError::Gone { .. } => Failure::failed(message)
            .hint("what came last is not recorded; see what is left: certus doctor")
            .hint("or start again: certus flow \"what you want\""),
        StoreError::Newer { .. } => Failure::failed(message).hint("install the newer Certus"),
        StoreError::Conflict { .. } => {
            Failure::failed(message).hint("another process changed the chain; look again: certus status")
        }
        StoreError::NoChain { .. } => Failure::usage(message).hint("see them: certus list"),
        StoreError::Io { .. } => Failure::failed(message).hint(format!(
            "see that {shown} can be used, or keep the state elsewhere: --state DIR (or CERTUS_STATE=DIR)"
        )),
        _ => Failure::failed(message).hint("look into it: certus doctor"),
    }
}
