//! What chains cost, and what the numbers suggest.

use certus_engine::{Amount, Usage};
use certus_providers::Prices;
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
    /// In all, in US dollars.
    pub usd: f64,
    /// 0 when there is no chain.
    pub usd_per_chain: f64,
    /// Of `usd`, for attempts that gave no answer: billed, or possibly billed.
    pub lost_usd: f64,
    /// Set aside for calls in flight, in US dollars; `usd` does not count it.
    pub reserved_usd: f64,
    /// Set aside for calls in flight; `tokens` does not count them.
    pub reserved_tokens: u64,
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
    /// What the numbers suggest, in sentences.
    pub suggestions: Vec<String>,
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
    /// US dollars.
    pub usd: f64,
    /// Of `usd`, for attempts that gave no answer: billed, or possibly billed.
    pub lost_usd: f64,
    /// Set aside for calls in flight, in US dollars; `usd` does not count it.
    pub reserved_usd: f64,
    /// Set aside for calls in flight; `tokens` does not count them.
    pub reserved_tokens: u64,
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
}

impl State {
    /// What chains cost in the last so many days, as the clock of this machine counts them.
    ///
    /// # Errors
    /// The store failed, or the user's own prices are not of their form.
    pub fn cost_report(&self, days: u32) -> Result<CostReport, Failure> {
        use crate::clock::Clock;
        let since = crate::clock::SystemClock.now() - i64::from(days) * DAY;
        let costs = match self.store() {
            Some(store) => store.costs_since(since).map_err(|error| self.failure(error))?,
            None => certus_store::Costs::default(),
        };
        let own = match crate::config::UserDirs::of_platform() {
            Some(dirs) => crate::config::prices(&dirs.config.join("prices.toml"))?,
            None => None,
        };
        let prices = own.into_iter().fold(Prices::bundled(), Prices::extended);
        Ok(report(days, costs, &prices, since))
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
        let usd = dollars(costs.usd_micros);
        Ok(ChainCost {
            chain: id.to_string(),
            goal: crate::clean::clean(&row.goal),
            tokens: costs.tokens,
            usd,
            reserved_usd: dollars(costs.reserved.usd_micros),
            reserved_tokens: costs.reserved.tokens,
            unpriced_tokens: costs.unpriced_tokens,
            lost_usd: dollars(costs.by_chain.iter().map(|line| line.lost_usd_micros).sum()),
            duration_ms: row.updated - row.created,
            prompt_runs: costs.runs,
            usd_per_prompt: if costs.runs == 0 { 0.0 } else { usd / costs.runs as f64 },
            by_prompt: lines(costs.by_prompt),
            by_phase: lines(costs.by_phase),
        })
    }
}

fn report(days: u32, costs: certus_store::Costs, prices: &Prices, at: i64) -> CostReport {
    let usd = dollars(costs.usd_micros);
    let saved = costs.by_model.iter().map(|line| saved(prices, line, at)).fold(0, u64::saturating_add);
    let gained: f64 = costs.by_chain.iter().map(|line| line.gained).sum();
    let lost = costs.by_chain.iter().map(|line| line.lost_usd_micros).fold(0, u64::saturating_add);
    let mut report = CostReport {
        days,
        chains: costs.chains,
        prompt_runs: costs.runs,
        tokens: costs.tokens,
        usd,
        usd_per_chain: if costs.chains == 0 { 0.0 } else { usd / costs.chains as f64 },
        lost_usd: dollars(lost),
        reserved_usd: dollars(costs.reserved.usd_micros),
        reserved_tokens: costs.reserved.tokens,
        unpriced_tokens: costs.unpriced_tokens,
        cached_tokens: costs.by_chain.iter().map(|line| line.cached_tokens).fold(0, u64::saturating_add),
        cache_saved_usd: dollars(saved),
        usd_per_tenth: (gained > 0.001).then(|| usd / (gained * 10.0)),
        by_chain: lines(costs.by_chain),
        by_prompt: lines(costs.by_prompt),
        by_phase: lines(costs.by_phase),
        by_model: lines(costs.by_model),
        suggestions: Vec::new(),
    };
    report.suggestions = suggestions(&report);
    report
}

/// An amount of money for people. What nobody knows the price of is not free.
pub(crate) fn money(amount: Amount) -> String {
    match (amount.usd_micros, amount.unpriced_tokens) {
        (usd, 0) => format!("${:.4}", dollars(usd)),
        (0, _) => "price unknown".to_owned(),
        (usd, unpriced) => format!("${:.4} and {unpriced} tokens of unknown price", dollars(usd)),
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

/// What reading from the cache saved, in millionths of a dollar. A line's name is `provider/model`.
fn saved(prices: &Prices, line: &certus_store::CostLine, at: i64) -> u64 {
    let model = line.name.split_once('/').map_or("", |(_, model)| model);
    let cost = |cached_tokens| {
        let usage = Usage { input_tokens: line.cached_tokens, cached_tokens, ..Usage::default() };
        prices.cost(model, &usage, at)
    };
    match (cost(0), cost(line.cached_tokens)) {
        (Some(full), Some(cached)) => full.saturating_sub(cached),
        _ => 0,
    }
}

fn suggestions(report: &CostReport) -> Vec<String> {
    let mut all = Vec::new();
    if report.usd <= 0.0 {
        return all;
    }
    let share = |usd: f64| usd / report.usd * 100.0;
    for line in report.by_prompt.iter().filter(|line| line.runs >= ENOUGH && share(line.usd) >= 30.0) {
        all.push(format!(
            "{} takes {:.0} % of the cost: see whether a model of a lower tier does for it.",
            line.name,
            share(line.usd)
        ));
    }
    for line in report.by_prompt.iter().filter(|line| line.runs >= ENOUGH && line.failed * 3 >= line.runs) {
        all.push(format!(
            "{} gave no usable reply in {} of {} runs: another model, or more output tokens, may pay off.",
            line.name, line.failed, line.runs
        ));
    }
    for line in
        report.by_prompt.iter().filter(|line| line.runs >= ENOUGH && line.gained < 0.005 && share(line.usd) >= 10.0)
    {
        all.push(format!(
            "{} cost ${:.4} in {} runs and raised the confidence by nothing.",
            line.name, line.usd, line.runs
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
        unpriced_tokens: line.unpriced_tokens,
        gained: line.gained,
    };
    costs.into_iter().map(line).collect()
}

impl CostReport {
    /// One line for each chain, prompt, phase and model, as CSV.
    pub fn csv(&self) -> String {
        csv([
            ("chain", &self.by_chain),
            ("prompt", &self.by_prompt),
            ("phase", &self.by_phase),
            ("model", &self.by_model),
        ])
    }
}

impl ChainCost {
    /// One line for each prompt and phase, as CSV.
    pub fn csv(&self) -> String {
        csv([("prompt", &self.by_prompt), ("phase", &self.by_phase)])
    }
}

fn csv<'a>(lists: impl IntoIterator<Item = (&'static str, &'a Vec<CostLine>)>) -> String {
    let mut text = String::from("by,name,runs,failed,tokens,cached_tokens,usd,gained,unpriced_tokens\n");
    for (by, lines) in lists {
        for line in lines {
            let CostLine { name, runs, failed, tokens, cached_tokens, usd, unpriced_tokens, gained } = line;
            let name = field(name);
            text.push_str(&format!(
                "{by},{name},{runs},{failed},{tokens},{cached_tokens},{usd:.6},{gained:.4},{unpriced_tokens}\n"
            ));
        }
    }
    text
}

/// A name as a field. A spreadsheet takes what begins like a formula for one.
fn field(name: &str) -> String {
    let formula = name.starts_with(['=', '+', '-', '@']);
    let name = if formula { format!("'{name}") } else { name.to_owned() };
    if name.contains([',', '"', '\n', '\r']) { format!("\"{}\"", name.replace('"', "\"\"")) } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use certus_store::{CostLine as Line, Costs};

    fn line(name: &str, runs: u64, usd_micros: u64) -> Line {
        Line { name: name.to_owned(), runs, usd_micros, tokens: 1000, ..Line::default() }
    }

    fn costs(by_prompt: Vec<Line>) -> Costs {
        let usd_micros = by_prompt.iter().map(|line| line.usd_micros).sum();
        let (runs, tokens) = (by_prompt.iter().map(|line| line.runs).sum(), 1000 * by_prompt.len() as u64);
        Costs { chains: 1, runs, tokens, usd_micros, by_prompt, ..Costs::default() }
    }

    #[test]
    fn what_is_dear_or_in_vain_is_said() {
        let failing = Line { failed: 2, gained: 0.5, ..line("b", 4, 10) };
        let said = report(7, costs(vec![Line { gained: 0.2, ..line("a", 3, 900) }, failing]), &Prices::bundled(), 0);
        insta::assert_snapshot!(said.suggestions.join("\n"), @r"
        a takes 99 % of the cost: see whether a model of a lower tier does for it.
        b gave no usable reply in 2 of 4 runs: another model, or more output tokens, may pay off.
        0 of 2000 tokens were read from a cache: chains that are worked on in one go read more of it.
        ");
        assert!(report(7, Costs::default(), &Prices::bundled(), 0).suggestions.is_empty());
    }

    #[test]
    fn what_the_cache_saved_follows_from_the_prices() {
        let prices = "[[price]]\nmodel = \"m\"\ninput = 3.0\noutput = 9.0\ncache-read = 0.3\n"
            .replace("cache-read", "cache_read");
        let prices = Prices::parse("test", &prices).expect("prices");
        let costs = Costs { by_model: vec![Line { cached_tokens: 1_000_000, ..line("p/m", 1, 1) }], ..costs(vec![]) };
        let report = report(7, costs, &prices, 0);
        assert!((report.cache_saved_usd - 2.7).abs() < 1e-9, "{}", report.cache_saved_usd);
    }

    #[test]
    fn a_name_stays_one_field_and_no_formula() {
        assert_eq!(field("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(field("=1+1"), "'=1+1");
        assert_eq!(field("code_reviewer"), "code_reviewer");
    }
}
