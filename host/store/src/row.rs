//! A chain in one line, as lists and `status` show it: a projection that is written with the events it sums up.

use certus_engine::{Chain, ChainId, Millis, QuestionState, slug};
use rusqlite::Row;
use serde::Serialize;

use crate::time::stamp;

/// Where a chain stands, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It can go on.
    Running,
    /// A person must answer or judge.
    WaitingPerson,
    /// An effect could not be performed now: no provider, no budget.
    WaitingProvider,
    /// Complete.
    Finished,
    /// Given up.
    GivenUp,
}

impl Status {
    /// Of a chain.
    pub fn of(chain: &Chain) -> Self {
        match chain.ended() {
            Some(ended) if ended.success => Self::Finished,
            Some(_) => Self::GivenUp,
            None if chain.waiting_for_person().next().is_some() => Self::WaitingPerson,
            None if chain.pause().is_some() => Self::WaitingProvider,
            None => Self::Running,
        }
    }

    /// As it is written: `waiting-person` …
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::WaitingPerson => "waiting-person",
            Self::WaitingProvider => "waiting-provider",
            Self::Finished => "finished",
            Self::GivenUp => "given-up",
        }
    }

    /// Finished or given up.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Finished | Self::GivenUp)
    }

    fn parse(text: &str) -> Self {
        // The column is only ever written from `name`; what somebody else wrote there is shown as running.
        match text {
            "waiting-person" => Self::WaitingPerson,
            "waiting-provider" => Self::WaitingProvider,
            "finished" => Self::Finished,
            "given-up" => Self::GivenUp,
            _ => Self::Running,
        }
    }
}

/// A chain in one line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChainRow {
    /// Its number.
    pub id: ChainId,
    /// The goal in a few words joined by `-`.
    pub slug: String,
    /// As typed.
    pub goal: String,
    /// The current phase.
    pub phase: String,
    /// Where it stands.
    pub status: Status,
    /// The number of its last event.
    pub version: u64,
    /// Overall confidence, 0..=1.
    pub overall: f64,
    /// Questions put to a person and not answered yet.
    pub open_questions: u32,
    /// Input and output together.
    pub tokens: u64,
    /// Spent, in millionths of a dollar.
    pub usd_micros: u64,
    /// Who answers prompts.
    pub provider: String,
    /// When it began.
    pub created: Millis,
    /// When its last event was recorded.
    pub updated: Millis,
    /// The file name of its context in `contexts/`, whether it was written already or not.
    pub context_file: String,
}

/// What of a chain's line changes from step to step.
pub(crate) struct Standing {
    pub(crate) phase: String,
    pub(crate) status: Status,
    pub(crate) version: u64,
    pub(crate) overall: f64,
    pub(crate) open_questions: u32,
    pub(crate) tokens: u64,
    pub(crate) usd_micros: u64,
    pub(crate) provider: String,
    pub(crate) updated: Millis,
}

impl Standing {
    pub(crate) fn of(chain: &Chain) -> Self {
        let asked = chain.questions().iter().filter(|status| status.state == QuestionState::Asked).count();
        Self {
            phase: chain.phase().to_owned(),
            status: Status::of(chain),
            version: chain.version(),
            overall: chain.confidence("overall"),
            open_questions: u32::try_from(asked).unwrap_or(u32::MAX),
            // As much as the column holds, so that a row is the same before and after it was written.
            tokens: chain.usage().tokens().min(i64::MAX as u64),
            usd_micros: chain.usage().usd_micros.min(i64::MAX as u64),
            provider: chain.provider().to_owned(),
            updated: chain.updated_at(),
        }
    }
}

impl ChainRow {
    /// Of a folded chain.
    pub fn of(id: ChainId, chain: &Chain) -> Self {
        let slug = slug(chain.goal());
        let now = Standing::of(chain);
        Self {
            id,
            context_file: context_file(id, &slug, chain.started_at()),
            slug,
            goal: chain.goal().to_owned(),
            phase: now.phase,
            status: now.status,
            version: now.version,
            overall: now.overall,
            open_questions: now.open_questions,
            tokens: now.tokens,
            usd_micros: now.usd_micros,
            provider: now.provider,
            created: chain.started_at(),
            updated: now.updated,
        }
    }

    /// The same for a chain that just got its number.
    pub(crate) fn numbered(mut self, id: ChainId) -> Self {
        self.context_file = context_file(id, &self.slug, self.created);
        self.id = id;
        self
    }

    pub(crate) const COLUMNS: &'static str = "id, slug, goal, phase, status, version, overall, open_questions, tokens, \
         usd_micros, provider, created, updated, context_file";

    pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: ChainId(row.get(0)?),
            slug: row.get(1)?,
            goal: row.get(2)?,
            phase: row.get(3)?,
            status: Status::parse(row.get_ref(4)?.as_str()?),
            version: unsigned(row, 5)?,
            overall: row.get(6)?,
            open_questions: row.get(7)?,
            tokens: unsigned(row, 8)?,
            usd_micros: unsigned(row, 9)?,
            provider: row.get(10)?,
            created: row.get(11)?,
            updated: row.get(12)?,
            context_file: row.get(13)?,
        })
    }
}

fn context_file(id: ChainId, slug: &str, started: Millis) -> String {
    format!("chain-{id}-{slug}-{}.json", stamp(started))
}

/// SQLite has no unsigned numbers; what does not fit is the largest that does.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The counterpart of [`signed`]: what somebody made negative counts as nothing.
pub(crate) fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
}
