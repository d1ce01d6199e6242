//! What was spent, and on what: sums over the runs of prompts, by when they ended.

use std::collections::BTreeMap;

use certus_engine::{Amount, ChainId, EffectId, Millis, Spending};
use rusqlite::{Connection, Row, params};
use serde::Serialize;

use crate::closings::Removed;
use crate::row::unsigned;
use crate::{Store, StoreError};

/// What some runs cost together.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CostLine {
    /// What they were spent on.
    pub name: String,
    /// Runs that ended.
    pub runs: u64,
    /// Of these, without a reply.
    pub failed: u64,
    /// Of these, answered from the chain itself: nothing was paid.
    pub from_memo: u64,
    /// Input and output together.
    pub tokens: u64,
    /// Of these, read from a cache.
    pub cached_tokens: u64,
    /// Millionths of a dollar.
    pub usd_micros: u64,
    /// Of these, for attempts that gave no answer: billed, or possibly billed.
    pub lost_usd_micros: u64,
    /// Of the tokens, those that calls can have taken at most of which nobody said it.
    pub possible_tokens: u64,
    /// Of `lost_usd_micros`, the same.
    pub possible_usd_micros: u64,
    /// Of the tokens, those whose price nobody knows.
    pub unpriced_tokens: u64,
    /// Overall confidence that the runs raised, summed; what lowered it counts as nothing.
    pub gained: f64,
}

/// A run that read from a cache.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CachedRun {
    /// Which model, as the service names it.
    pub model: String,
    /// When it ended.
    pub at: Millis,
    /// All input tokens, those from the cache among them: the price of some models depends on their number.
    pub input_tokens: u64,
    /// Of these, read from a cache.
    pub cached_tokens: u64,
}

/// Costs by what they were spent on; each list with the dearest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Costs {
    /// How many chains.
    pub chains: u64,
    /// Runs that ended.
    pub runs: u64,
    /// Input and output together.
    pub tokens: u64,
    /// Millionths of a dollar.
    pub usd_micros: u64,
    /// Of the tokens, those whose price nobody knows.
    pub unpriced_tokens: u64,
    /// Set aside for runs in flight; nothing else counts it.
    pub reserved: Amount,
    /// Uncertainties that were closed, by area, whatever else their chains cost.
    pub removed: Vec<Removed>,
    /// By chain: `047 add-two-factor`.
    pub by_chain: Vec<CostLine>,
    /// By the prompt's name.
    pub by_prompt: Vec<CostLine>,
    /// By phase.
    pub by_phase: Vec<CostLine>,
    /// By provider and model: `anthropic/fast`. Runs without a reply have none.
    pub by_model: Vec<CostLine>,
    /// Runs that read from a cache, one by one.
    #[serde(skip)]
    pub cached: Vec<CachedRun>,
}

/// One run of a prompt, as analytics see it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PromptRun {
    /// In which chain.
    pub chain: ChainId,
    /// Which effect of it.
    pub effect: EffectId,
    /// Its name.
    pub prompt: String,
    /// Of the prompt file.
    pub version: String,
    /// In which phase.
    pub phase: String,
    /// In which visit of it.
    pub visit: u32,
    /// When it was asked for.
    pub started: Millis,
    /// From 1.
    pub attempt: u32,
    /// An attempt may have been billed without an answer.
    pub possibly_billed_twice: bool,
    /// Overall confidence when it was asked for; absent for a sample, and when the chain was rebuilt from a context.
    pub confidence_before: Option<f64>,
    /// The workflow's variant.
    pub variant: Option<String>,
    /// Who worked.
    pub user: Option<String>,
    /// The commit the project stood at.
    pub git_head: Option<String>,
    /// When it ended; absent while it runs.
    pub ended: Option<Millis>,
    /// How long it took.
    pub elapsed_ms: Option<i64>,
    /// Whether there was a reply.
    pub ok: Option<bool>,
    /// The kind of failure.
    pub error_category: Option<String>,
    /// Who answered.
    pub provider: Option<String>,
    /// Which model.
    pub model: Option<String>,
    /// What it cost.
    pub usage: certus_engine::Usage,
    /// The answer was in the chain already.
    pub from_memo: bool,
    /// Overall confidence once the reply was believed; what was asked together is believed together.
    pub confidence_after: Option<f64>,
    /// What a person says of the chain, 1..=5.
    pub rating: Option<u8>,
}

/// One stay in a phase, as analytics see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Visit {
    /// In which chain.
    pub chain: ChainId,
    /// The phase.
    pub phase: String,
    /// From 1.
    pub visit: u32,
    /// When it was entered.
    pub entered: Millis,
    /// When it was left.
    pub left: Option<Millis>,
    /// Whether the gate was open then.
    pub success: Option<bool>,
    /// How long it took, waiting included.
    pub elapsed_ms: Option<i64>,
    /// Spent in it, once it was left.
    pub tokens: Option<i64>,
    /// Spent in it, once it was left, in millionths of a dollar.
    pub usd_micros: Option<i64>,
    /// The kind of the last failure or refusal in it.
    pub error_category: Option<String>,
}

/// Runs that are looked at for what comes.
const LAST_RUNS: u32 = 1_000;

/// What ran in other visits of a phase.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recorded {
    /// Stays in the phase.
    pub visits: u64,
    /// By prompt and model.
    pub runs: Vec<RecordedRuns>,
}

/// Answers of one model to one prompt.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedRuns {
    /// The prompt.
    pub prompt: String,
    /// As the service names it.
    pub model: String,
    /// How many.
    pub runs: u64,
    /// Together.
    pub usage: certus_engine::Usage,
    /// What attempts before these answers cost as far as somebody said so: repairs, and calls that were made again.
    pub lost: Amount,
}

impl Store {
    /// What was spent on runs that ended at a time or later, or for which something was set aside or lost then.
    ///
    /// # Errors
    /// What the disk says.
    pub fn costs_since(&self, since: Millis) -> Result<Costs, StoreError> {
        self.query(|db| sums(db, &format!("{} >= ?", crate::day::DATE), "closed.at >= ?", since))
    }

    /// What each chain spent, possibly spent and has set aside; chains without a run of a prompt are left out.
    ///
    /// # Errors
    /// What the disk says.
    pub fn spending(&self) -> Result<BTreeMap<ChainId, Spending>, StoreError> {
        self.query(|db| db.prepare_cached(&format!("{SPENDING} GROUP BY chain"))?.query_map([], spending)?.collect())
    }

    /// What one chain spent, possibly spent and has set aside; nothing where it is not there.
    ///
    /// # Errors
    /// What the disk says.
    pub fn spending_of(&self, chain: ChainId) -> Result<Spending, StoreError> {
        self.query(|db| {
            let mut statement = db.prepare_cached(&format!("{SPENDING} WHERE chain = ? GROUP BY chain"))?;
            let found = statement.query_map([chain.0], spending)?.next().transpose()?;
            Ok(found.map(|(_, spending)| spending).unwrap_or_default())
        })
    }

    /// What a chain cost.
    ///
    /// # Errors
    /// [`StoreError::NoChain`], and what the disk says.
    pub fn costs_of(&self, chain: ChainId) -> Result<Costs, StoreError> {
        self.row(chain)?;
        self.query(|db| sums(db, "runs.chain = ?", "closed.chain = ?", i64::from(chain.0)))
    }

    /// Answers to prompts of a phase by one service, in all chains but this one: of the last runs of all, so that it takes
    /// the same time in a large database. Samples, which have no confidence before them, are left out: how many there are is
    /// another chain's setting.
    ///
    /// # Errors
    /// What the disk says.
    pub fn recorded(&self, phase: &str, provider: &str, but: ChainId) -> Result<Recorded, StoreError> {
        let those = format!(
            "FROM prompt_runs WHERE rowid > (SELECT max(rowid) FROM prompt_runs) - {LAST_RUNS} \
             AND phase = ? AND provider = ? AND chain <> ? AND ok = 1 AND from_memo = 0 \
             AND confidence_before IS NOT NULL"
        );
        self.query(|db| {
            let of = params![phase, provider, but.0];
            let visits = format!("SELECT count(*) FROM (SELECT DISTINCT chain, visit {those})");
            let visits = db.prepare_cached(&visits)?.query_row(of, |row| unsigned(row, 0))?;
            let runs = format!(
                "SELECT prompt, coalesce(model, ''), count(*), total(input_tokens), total(cached_tokens), \
                 total(output_tokens), total(usd_micros), total(lost_tokens - possible_tokens), \
                 total(lost_usd_micros - possible_usd_micros) {those} GROUP BY 1, 2"
            );
            let runs = db.prepare_cached(&runs)?.query_map(of, recorded)?.collect::<Result<_, _>>()?;
            Ok(Recorded { visits, runs })
        })
    }

    /// Every run of a prompt in a chain, in order.
    ///
    /// # Errors
    /// What the disk says.
    pub fn prompt_runs(&self, chain: ChainId) -> Result<Vec<PromptRun>, StoreError> {
        self.query(|db| {
            db.prepare_cached(
                "SELECT chain, effect, prompt, version, phase, visit, started, attempt, possibly_billed_twice, \
                 confidence_before, variant, user, git_head, ended, elapsed_ms, ok, error_category, provider, model, \
                 input_tokens, cached_tokens, output_tokens, usd_micros, from_memo, confidence_after, rating \
                 FROM prompt_runs WHERE chain = ? ORDER BY effect",
            )?
            .query_map(params![chain.0], run)?
            .collect()
        })
    }

    /// Every stay in a phase of a chain, in the order in which they were entered.
    ///
    /// # Errors
    /// What the disk says.
    pub fn visits(&self, chain: ChainId) -> Result<Vec<Visit>, StoreError> {
        self.query(|db| {
            db.prepare_cached(
                "SELECT chain, phase, visit, entered, left, success, elapsed_ms, tokens, usd_micros, error_category \
                 FROM phase_visits WHERE chain = ? ORDER BY entered, phase, visit",
            )?
            .query_map(params![chain.0], visit)?
            .collect()
        })
    }
}

/// Runs that ended, and those that cost something although they did not.
const COSTS: &str = "(ended IS NOT NULL OR lost_tokens > 0 OR lost_usd_micros > 0)";

// As floating numbers, because a sum of hostile integers overflows with an error. What is not lost, and has no price, was
// answered: the columns do not tell these apart, and nobody asks.
const SPENDING: &str = "SELECT chain, total(input_tokens) + total(output_tokens), total(usd_micros), \
     total(lost_tokens), total(lost_usd_micros), total(reserved_tokens), total(reserved_usd_micros), \
     total(unpriced_tokens), total(possible_tokens), total(possible_usd_micros) FROM prompt_runs";

fn spending(row: &Row<'_>) -> rusqlite::Result<(ChainId, Spending)> {
    // Exact up to 2^53; a cast of more saturates.
    let total = |column| row.get::<_, f64>(column).map(|sum| sum as u64);
    let amount = |tokens, usd| {
        Ok::<_, rusqlite::Error>(Amount { tokens: total(tokens)?, usd_micros: total(usd)?, ..Amount::default() })
    };
    let answered = Amount { unpriced_tokens: total(7)?, ..amount(1, 2)? };
    Ok((
        ChainId(row.get(0)?),
        Spending { answered, lost: amount(3, 4)?, possible: amount(8, 9)?, reserved: amount(5, 6)? },
    ))
}

fn reserved(db: &Connection, those: &str, value: i64) -> rusqlite::Result<Amount> {
    let sql =
        format!("SELECT total(reserved_tokens), total(reserved_usd_micros) FROM prompt_runs AS runs WHERE {those}");
    db.prepare_cached(&sql)?.query_row([value], |row| {
        let total = |column| row.get::<_, f64>(column).map(|sum| sum as u64);
        Ok(Amount { tokens: total(0)?, usd_micros: total(1)?, ..Amount::default() })
    })
}

fn sums(db: &Connection, of: &str, closed: &str, value: i64) -> rusqlite::Result<Costs> {
    let those = &format!("{COSTS} AND {of}");
    let by_chain = grouped(db, "printf('%03d %s', runs.chain, slug)", those, value)?;
    let sum = |of: fn(&CostLine) -> u64| by_chain.iter().map(of).fold(0, u64::saturating_add);
    Ok(Costs {
        chains: by_chain.len() as u64,
        runs: sum(|line| line.runs),
        tokens: sum(|line| line.tokens),
        usd_micros: sum(|line| line.usd_micros),
        unpriced_tokens: sum(|line| line.unpriced_tokens),
        reserved: reserved(db, of, value)?,
        removed: crate::closings::removed(db, closed, value)?,
        by_prompt: grouped(db, "prompt", those, value)?,
        by_phase: grouped(db, "runs.phase", those, value)?,
        by_model: grouped(
            db,
            "coalesce(runs.provider, '') || CASE coalesce(model, '') WHEN '' THEN '' ELSE '/' || model END",
            those,
            value,
        )?,
        by_chain,
        cached: cached(db, of, value)?,
    })
}

fn cached(db: &Connection, of: &str, value: i64) -> rusqlite::Result<Vec<CachedRun>> {
    let sql = format!(
        "SELECT coalesce(model, ''), ended, input_tokens, cached_tokens FROM prompt_runs AS runs \
         WHERE ended IS NOT NULL AND cached_tokens > 0 AND {of}"
    );
    let run = |row: &Row<'_>| {
        let (input_tokens, cached_tokens) = (unsigned(row, 2)?, unsigned(row, 3)?);
        Ok(CachedRun { model: row.get(0)?, at: row.get(1)?, input_tokens, cached_tokens })
    };
    db.prepare_cached(&sql)?.query_map([value], run)?.collect()
}

fn grouped(db: &Connection, by: &str, those: &str, value: i64) -> rusqlite::Result<Vec<CostLine>> {
    // As floating numbers, because a sum of hostile integers overflows with an error.
    let sql = format!(
        "SELECT {by}, count(ended), count(ended) - coalesce(sum(ok), 0), sum(from_memo), \
         total(input_tokens) + total(output_tokens) + total(lost_tokens), total(cached_tokens), \
         total(runs.usd_micros) + total(lost_usd_micros), total(lost_usd_micros), \
         total(max(0.0, confidence_after - confidence_before) / together), total(unpriced_tokens), \
         total(possible_tokens), total(possible_usd_micros) FROM (SELECT *, count(*) OVER (PARTITION BY chain, started, confidence_before) AS together FROM prompt_runs) \
         AS runs JOIN chains ON chains.id = runs.chain WHERE {those} GROUP BY 1 ORDER BY 7 DESC, 2 DESC, 1"
    );
    db.prepare_cached(&sql)?.query_map([value], line)?.collect()
}

fn line(row: &Row<'_>) -> rusqlite::Result<CostLine> {
    // Exact up to 2^53; a cast of more saturates.
    let total = |column| row.get::<_, f64>(column).map(|sum| sum as u64);
    Ok(CostLine {
        name: row.get(0)?,
        runs: unsigned(row, 1)?,
        failed: unsigned(row, 2)?,
        from_memo: unsigned(row, 3)?,
        tokens: total(4)?,
        cached_tokens: total(5)?,
        usd_micros: total(6)?,
        lost_usd_micros: total(7)?,
        gained: row.get(8)?,
        unpriced_tokens: total(9)?,
        possible_tokens: total(10)?,
        possible_usd_micros: total(11)?,
    })
}

fn recorded(row: &Row<'_>) -> rusqlite::Result<RecordedRuns> {
    let total = |column| row.get::<_, f64>(column).map(|sum| sum as u64);
    let usage = certus_engine::Usage {
        input_tokens: total(3)?,
        cached_tokens: total(4)?,
        output_tokens: total(5)?,
        usd_micros: total(6)?,
        ..certus_engine::Usage::default()
    };
    let lost = Amount { tokens: total(7)?, usd_micros: total(8)?, ..Amount::default() };
    Ok(RecordedRuns { prompt: row.get(0)?, model: row.get(1)?, runs: unsigned(row, 2)?, usage, lost })
}

fn run(row: &Row<'_>) -> rusqlite::Result<PromptRun> {
    Ok(PromptRun {
        chain: ChainId(row.get(0)?),
        effect: row.get(1)?,
        prompt: row.get(2)?,
        version: row.get(3)?,
        phase: row.get(4)?,
        visit: row.get(5)?,
        started: row.get(6)?,
        attempt: row.get(7)?,
        possibly_billed_twice: row.get(8)?,
        confidence_before: row.get(9)?,
        variant: row.get(10)?,
        user: row.get(11)?,
        git_head: row.get(12)?,
        ended: row.get(13)?,
        elapsed_ms: row.get(14)?,
        ok: row.get(15)?,
        error_category: row.get(16)?,
        provider: row.get(17)?,
        model: row.get(18)?,
        usage: certus_engine::Usage {
            input_tokens: unsigned(row, 19)?,
            cached_tokens: unsigned(row, 20)?,
            output_tokens: unsigned(row, 21)?,
            usd_micros: unsigned(row, 22)?,
            // The rows have no columns for these; the events have them.
            ..certus_engine::Usage::default()
        },
        from_memo: row.get(23)?,
        confidence_after: row.get(24)?,
        rating: row.get(25)?,
    })
}

fn visit(row: &Row<'_>) -> rusqlite::Result<Visit> {
    Ok(Visit {
        chain: ChainId(row.get(0)?),
        phase: row.get(1)?,
        visit: row.get(2)?,
        entered: row.get(3)?,
        left: row.get(4)?,
        success: row.get(5)?,
        elapsed_ms: row.get(6)?,
        tokens: row.get(7)?,
        usd_micros: row.get(8)?,
        error_category: row.get(9)?,
    })
}
