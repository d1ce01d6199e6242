//! What chains cost, and what the numbers suggest.

mod csv;

use certus_engine::{Amount, Usage};
use certus_providers::Prices;
use certus_store::{Removed, Store, StoreError};
use serde::Serialize;

use crate::{Failure, State};

/// Milliseconds.
const DAY: i64 = 86_400_000;
/// Runs from which on a share or an average says something.
const ENOUGH: u64 = 3;

/// What chains cost.
#[derive(Debug, Clone, Serialize)]
pub struct CostReport {
    /// Of the last so many days.
    pub days: u32,
    /// How many chains ran prompts.
    pub chains: u64,
    /// In all.
    pub prompt_runs: u64,
    /// In all.
    pub tokens: u64,
    /// In all, in US dollars: `spent_usd` and `possible_usd`.
    pub usd: f64,
    /// Of `usd`, what is known to be spent.
    pub spent_usd: f64,
    /// Of `usd`, what calls can have cost at most of which nobody said what they did. Caps count it, no average does.
    pub possible_usd: f64,
    /// Of `tokens`, the same.
    pub possible_tokens: u64,
    /// 0 when there is no chain.
    pub usd_per_chain: f64,
    /// Of `usd`, for attempts that gave no answer: billed, or possibly billed.
    pub lost_usd: f64,
    /// Set aside for calls in flight, in US dollars; `usd` does not count it.
    pub reserved_usd: f64,
    /// Set aside for calls in flight; `tokens` does not count them.
    pub reserved_tokens: u64,
    /// Of these, what is set aside for calls that were interrupted: nobody works on their chains.
    #[serde(skip_serializing_if = "crate::costs::is_none")]
    pub interrupted_tokens: u64,
    /// Of `reserved_usd`, the same.
    #[serde(skip_serializing_if = "crate::costs::is_free")]
    pub interrupted_usd: f64,
    /// Of `tokens`, those whose price nobody knows: `usd` leaves them out.
    pub unpriced_tokens: u64,
    /// Input tokens that were read from a provider's cache.
    pub cached_tokens: u64,
    /// What these saved, as far as prices are known.
    pub cache_saved_usd: f64,
    /// What a tenth of overall confidence cost; absent where none was gained.
    pub usd_per_tenth: Option<f64>,
    /// Most expensive first.
    pub by_chain: Vec<CostLine>,
    /// Most expensive first.
    pub by_prompt: Vec<CostLine>,
    /// Most expensive first.
    pub by_phase: Vec<CostLine>,
    /// Most expensive first.
    pub by_model: Vec<CostLine>,
    /// Uncertainties that were open and were closed.
    pub uncertainties_closed: u64,
    /// Of these, those that kept every gate shut.
    pub blockers_closed: u64,
    /// What closing one cost, on average: of the runs that closed them. Absent where none was closed.
    pub usd_per_uncertainty: Option<f64>,
    /// By area, most expensive first.
    pub by_uncertainty: Vec<RemovedLine>,
    /// What the numbers suggest, in sentences.
    pub suggestions: Vec<String>,
    /// Why the user's own prices are not in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

/// One line of a cost report.
#[derive(Debug, Clone, Serialize)]
pub struct CostLine {
    /// Of the chain, prompt, phase or model.
    pub name: String,
    /// Prompt runs.
    pub runs: u64,
    /// Of these, without a reply.
    pub failed: u64,
    /// Input and output.
    pub tokens: u64,
    /// Of these, read from a provider's cache.
    pub cached_tokens: u64,
    /// US dollars.
    pub usd: f64,
    /// Of `usd`, what is known to be spent.
    pub spent_usd: f64,
    /// Of `usd`, what calls can have cost at most of which nobody said it.
    pub possible_usd: f64,
    /// Of `tokens`, the same.
    pub possible_tokens: u64,
    /// Of the tokens, those whose price nobody knows.
    pub unpriced_tokens: u64,
    /// Overall confidence that the runs raised, summed; what ran beside one another shares it.
    pub gained: f64,
}

/// What one chain cost.
#[derive(Debug, Clone, Serialize)]
pub struct ChainCost {
    /// `047`.
    pub chain: String,
    /// As typed.
    pub goal: String,
    /// Input and output.
    pub tokens: u64,
    /// US dollars: `spent_usd` and `possible_usd`.
    pub usd: f64,
    /// Of `usd`, what is known to be spent.
    pub spent_usd: f64,
    /// Of `usd`, what calls can have cost at most of which nobody said what they did. Caps count it, no average does.
    pub possible_usd: f64,
    /// Of `tokens`, the same.
    pub possible_tokens: u64,
    /// Of `usd`, for attempts that gave no answer: billed, or possibly billed.
    pub lost_usd: f64,
    /// Set aside for calls in flight, in US dollars; `usd` does not count it.
    pub reserved_usd: f64,
    /// Set aside for calls in flight; `tokens` does not count them.
    pub reserved_tokens: u64,
    /// Of these, what is set aside for calls that were interrupted: nobody works on their chains.
    #[serde(skip_serializing_if = "crate::costs::is_none")]
    pub interrupted_tokens: u64,
    /// Of `reserved_usd`, the same.
    #[serde(skip_serializing_if = "crate::costs::is_free")]
    pub interrupted_usd: f64,
    /// Of `tokens`, those whose price nobody knows: `usd` leaves them out.
    pub unpriced_tokens: u64,
    /// From its beginning to its last event.
    pub duration_ms: i64,
    /// How many.
    pub prompt_runs: u64,
    /// 0 when no prompt ran.
    pub usd_per_prompt: f64,
    /// Most expensive first.
    pub by_prompt: Vec<CostLine>,
    /// Most expensive first.
    pub by_phase: Vec<CostLine>,
    /// Uncertainties that were closed, by area, most expensive first.
    pub by_uncertainty: Vec<RemovedLine>,
    /// What the numbers suggest, in sentences.
    pub suggestions: Vec<String>,
}

/// What removing the uncertainties of one area cost.
#[derive(Debug, Clone, Serialize)]
pub struct RemovedLine {
    /// snake_case.
    pub area: String,
    /// Uncertainties of it that were closed.
    pub closed: u64,
    /// Of these, those that kept every gate shut.
    pub blockers: u64,
    /// Of the runs that closed them, input and output. Where a person answered, it is the run that raised the question; a
    /// run that closed several is shared among them.
    pub tokens: u64,
    /// Of the same, in US dollars.
    pub usd: f64,
    /// For one of them.
    pub usd_each: f64,
    /// Of the tokens, those whose price nobody knows.
    pub unpriced_tokens: u64,
}

impl RemovedLine {
    fn of(removed: &Removed) -> Self {
        let usd = dollars(removed.usd_micros);
        Self {
            area: crate::clean::line(&removed.area, 60),
            closed: removed.closed,
            blockers: removed.blockers,
            tokens: removed.tokens,
            usd,
            usd_each: if removed.closed == 0 { 0.0 } else { usd / removed.closed as f64 },
            unpriced_tokens: removed.unpriced_tokens,
        }
    }
}

impl State {
    /// What chains cost in the last so many days, as the clock of this machine counts them.
    ///
    /// # Errors
    /// The store failed.
    pub fn cost_report(&self, days: u32) -> Result<CostReport, Failure> {
        use crate::clock::Clock;
        let since = crate::clock::SystemClock.now() - i64::from(days) * DAY;
        let (costs, interrupted) = match self.store() {
            Some(store) => {
                let costs = store.costs_since(since).map_err(|error| self.failure(error))?;
                (costs, interrupted(store).map_err(|error| self.failure(error))?)
            }
            None => Default::default(),
        };
        let file = crate::config::UserDirs::of_platform().map(|dirs| dirs.config.join(crate::config::PRICES_FILE));
        let own = file.map(|file| crate::config::prices(&file)).transpose();
        // Prices only say here what caches saved: what was spent is recorded.
        let (own, warning) = match own {
            Ok(own) => (own.flatten(), None),
            Err(failure) => (None, Some(format!("{}; it is passed over", failure.message))),
        };
        let prices = own.into_iter().fold(Prices::bundled(), Prices::extended);
        let report = report(days, costs, &prices);
        // Of a chain that was interrupted before these days nothing is counted.
        let interrupted_tokens = interrupted.tokens.min(report.reserved_tokens);
        let interrupted_usd = dollars(interrupted.usd_micros).min(report.reserved_usd);
        Ok(CostReport { warning, interrupted_tokens, interrupted_usd, ..report })
    }

    /// What one chain cost.
    ///
    /// # Errors
    /// It is not there, or the store failed.
    pub fn chain_cost(&self, named: Option<&str>) -> Result<ChainCost, Failure> {
        let store = self.there()?;
        let id = self.id(named, store.active())?;
        let row = store.row(id).map_err(|error| self.failure(error))?;
        let costs = store.costs_of(id).map_err(|error| self.failure(error))?;
        let interrupted = if store.is_held(id) { Amount::default() } else { costs.reserved };
        let (usd, possible) = (dollars(costs.usd_micros), possible(&costs));
        let spent = dollars(costs.usd_micros.saturating_sub(possible.usd_micros));
        let cached_tokens = costs.by_chain.iter().map(|line| line.cached_tokens).fold(0, u64::saturating_add);
        let mut cost = ChainCost {
            chain: id.to_string(),
            goal: crate::clean::clean(&row.goal),
            tokens: costs.tokens,
            usd,
            spent_usd: spent,
            possible_usd: dollars(possible.usd_micros),
            possible_tokens: possible.tokens,
            reserved_usd: dollars(costs.reserved.usd_micros),
            reserved_tokens: costs.reserved.tokens,
            interrupted_tokens: interrupted.tokens,
            interrupted_usd: dollars(interrupted.usd_micros),
            unpriced_tokens: costs.unpriced_tokens,
            lost_usd: dollars(costs.by_chain.iter().map(|line| line.lost_usd_micros).sum()),
            duration_ms: row.updated - row.created,
            prompt_runs: costs.runs,
            usd_per_prompt: if costs.runs == 0 { 0.0 } else { spent / costs.runs as f64 },
            by_prompt: lines(costs.by_prompt),
            by_phase: lines(costs.by_phase),
            by_uncertainty: costs.removed.iter().map(RemovedLine::of).collect(),
            suggestions: Vec::new(),
        };
        cost.suggestions = suggestions(&Seen {
            usd: cost.spent_usd,
            lost_usd: cost.lost_usd - cost.possible_usd,
            tokens: cost.tokens.saturating_sub(cost.possible_tokens),
            cached_tokens,
            prompt_runs: cost.prompt_runs,
            by_prompt: &cost.by_prompt,
        });
        Ok(cost)
    }
}

/// What calls can have cost at most of which nobody said it.
fn possible(costs: &certus_store::Costs) -> Amount {
    costs.by_chain.iter().fold(Amount::default(), |sum, line| {
        let (tokens, usd_micros) = (line.possible_tokens, line.possible_usd_micros);
        sum.plus(Amount { tokens, usd_micros, ..Amount::default() })
    })
}

/// What chains have set aside that nobody works on.
fn interrupted(store: &Store) -> Result<Amount, StoreError> {
    let all = store.spending()?.into_iter().filter(|(_, spending)| spending.reserved != Amount::default());
    Ok(all.filter(|(id, _)| !store.is_held(*id)).fold(Amount::default(), |sum, (_, one)| sum.plus(one.reserved)))
}

fn is_none(tokens: &u64) -> bool {
    *tokens == 0
}

fn is_free(usd: &f64) -> bool {
    *usd == 0.0
}

fn report(days: u32, costs: certus_store::Costs, prices: &Prices) -> CostReport {
    let (usd, possible) = (dollars(costs.usd_micros), possible(&costs));
    let spent = dollars(costs.usd_micros.saturating_sub(possible.usd_micros));
    let saved = costs.cached.iter().map(|run| saved(prices, run)).fold(0, u64::saturating_add);
    let gained: f64 = costs.by_chain.iter().map(|line| line.gained).sum();
    let lost = costs.by_chain.iter().map(|line| line.lost_usd_micros).fold(0, u64::saturating_add);
    let closed: u64 = costs.removed.iter().map(|line| line.closed).sum();
    let closing = costs.removed.iter().map(|line| line.usd_micros).fold(0, u64::saturating_add);
    let mut report = CostReport {
        days,
        chains: costs.chains,
        prompt_runs: costs.runs,
        tokens: costs.tokens,
        usd,
        spent_usd: spent,
        possible_usd: dollars(possible.usd_micros),
        possible_tokens: possible.tokens,
        usd_per_chain: if costs.chains == 0 { 0.0 } else { spent / costs.chains as f64 },
        lost_usd: dollars(lost),
        reserved_usd: dollars(costs.reserved.usd_micros),
        reserved_tokens: costs.reserved.tokens,
        interrupted_tokens: 0,
        interrupted_usd: 0.0,
        unpriced_tokens: costs.unpriced_tokens,
        cached_tokens: costs.by_chain.iter().map(|line| line.cached_tokens).fold(0, u64::saturating_add),
        cache_saved_usd: dollars(saved),
        usd_per_tenth: (gained > 0.001).then(|| spent / (gained * 10.0)),
        by_chain: lines(costs.by_chain),
        by_prompt: lines(costs.by_prompt),
        by_phase: lines(costs.by_phase),
        by_model: lines(costs.by_model),
        uncertainties_closed: closed,
        blockers_closed: costs.removed.iter().map(|line| line.blockers).sum(),
        usd_per_uncertainty: (closed > 0).then(|| dollars(closing) / closed as f64),
        by_uncertainty: costs.removed.iter().map(RemovedLine::of).collect(),
        suggestions: Vec::new(),
        warning: None,
    };
    report.suggestions = suggestions(&Seen::of(&report));
    report
}

/// An amount of money for people. What nobody knows the price of is not free.
pub(crate) fn money(amount: Amount) -> String {
    match (amount.usd_micros, amount.unpriced_tokens) {
        (usd, 0) => said(usd),
        (0, _) => "price unknown".to_owned(),
        (usd, unpriced) => format!("{} and {unpriced} tokens of unknown price", said(usd)),
    }
}

/// Millionths of a dollar for people: what is not zero does not look like it.
pub(crate) fn said(usd_micros: u64) -> String {
    if (1..100).contains(&usd_micros) {
        format!("${:.6}", dollars(usd_micros))
    } else {
        format!("${:.4}", dollars(usd_micros))
    }
}

/// The same for dollars, as reports have them.
pub fn priced(usd: f64, unpriced_tokens: u64) -> String {
    let usd_micros = (usd * 1e6).round() as u64;
    money(Amount { usd_micros, unpriced_tokens, ..Amount::default() })
}

pub(crate) fn dollars(micros: u64) -> f64 {
    micros as f64 / 1e6
}

/// What reading from the cache saved in one run, in millionths of a dollar: the price may depend on the day, and on how much came in.
fn saved(prices: &Prices, run: &certus_store::CachedRun) -> u64 {
    let cost = |cached_tokens| {
        let usage = Usage { input_tokens: run.input_tokens, cached_tokens, ..Usage::default() };
        prices.cost(&run.model, &usage, run.at)
    };
    match (cost(0), cost(run.cached_tokens)) {
        (Some(full), Some(cached)) => full.saturating_sub(cached),
        _ => 0,
    }
}

/// What suggestions are drawn from, of one chain or of many: of what is known to be spent.
struct Seen<'a> {
    usd: f64,
    lost_usd: f64,
    tokens: u64,
    cached_tokens: u64,
    prompt_runs: u64,
    by_prompt: &'a [CostLine],
}

impl<'a> Seen<'a> {
    fn of(report: &'a CostReport) -> Self {
        Self {
            usd: report.spent_usd,
            lost_usd: report.lost_usd - report.possible_usd,
            tokens: report.tokens.saturating_sub(report.possible_tokens),
            cached_tokens: report.cached_tokens,
            prompt_runs: report.prompt_runs,
            by_prompt: &report.by_prompt,
        }
    }
}

fn suggestions(report: &Seen<'_>) -> Vec<String> {
    let mut all = Vec::new();
    if report.usd <= 0.0 {
        return all;
    }
    let share = |usd: f64| usd / report.usd * 100.0;
    for line in report.by_prompt.iter().filter(|line| line.runs >= ENOUGH && share(line.spent_usd) >= 30.0) {
        all.push(format!(
            "{} takes {:.0} % of the cost: see whether a model of a lower tier does for it.",
            line.name,
            share(line.spent_usd)
        ));
    }
    for line in report.by_prompt.iter().filter(|line| line.runs >= ENOUGH && line.failed * 3 >= line.runs) {
        all.push(format!(
            "{} gave no usable reply in {} of {} runs: another model, or more output tokens, may pay off.",
            line.name, line.failed, line.runs
        ));
    }
    for line in report
        .by_prompt
        .iter()
        .filter(|line| line.runs >= ENOUGH && line.gained < 0.005 && share(line.spent_usd) >= 10.0)
    {
        all.push(format!(
            "{} cost {} in {} runs and raised the confidence by nothing.",
            line.name,
            priced(line.spent_usd, 0),
            line.runs
        ));
    }
    if share(report.lost_usd) >= 5.0 {
        all.push(format!(
            "{:.0} % of the cost went to attempts without an answer: see them with `certus show --history`.",
            share(report.lost_usd)
        ));
    }
    if report.prompt_runs >= ENOUGH && report.cached_tokens.saturating_mul(10) < report.tokens {
        all.push(format!(
            "{} of {} tokens were read from a cache: chains that are worked on in one go read more of it.",
            report.cached_tokens, report.tokens
        ));
    }
    all
}

fn lines(costs: Vec<certus_store::CostLine>) -> Vec<CostLine> {
    let line = |line: certus_store::CostLine| CostLine {
        name: crate::clean::line(&line.name, 60),
        runs: line.runs,
        failed: line.failed,
        tokens: line.tokens,
        cached_tokens: line.cached_tokens,
        usd: dollars(line.usd_micros),
        spent_usd: dollars(line.usd_micros.saturating_sub(line.possible_usd_micros)),
        possible_usd: dollars(line.possible_usd_micros),
        possible_tokens: line.possible_tokens,
        unpriced_tokens: line.unpriced_tokens,
        gained: line.gained,
    };
    costs.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests;
