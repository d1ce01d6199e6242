//! What comes until the next gate, and what it will probably cost: said before the first call of a phase that costs
//! something. How it is computed, and what it cannot know, stands in `docs/decisions/an-estimate-comes-before-the-cost.md`.

use std::collections::BTreeMap;

use certus_engine::{Amount, Cap, Chain, Millis, Scope, Usage};
use certus_prompts::Cost;
use certus_providers::{Billing, Prices};
use certus_store::Recorded;
use serde::Serialize;

use super::Driver;
use crate::Failure;
use crate::config::Config;
use crate::costs::{dollars, priced};

/// What a phase will cost from here until its gate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Estimate {
    /// Until the gate of this phase.
    pub phase: String,
    /// Which stay in it.
    pub visit: u32,
    /// What is to be expected. Of what runs were recorded of, repairs and further attempts are in it as often as they happened;
    /// of the others, none.
    pub probably: Expected,
    /// Every prompt as it is set aside under a cap: with an input that no tokeniser passes, and the longest answer. Asked as often
    /// as it is to be expected, and none of them twice for a failure.
    pub at_most: Expected,
    /// What will probably run.
    pub prompts: Vec<PromptAhead>,
    /// Caps that hold.
    pub caps: Vec<CapAhead>,
}

/// Tokens and dollars.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Expected {
    /// Input and output.
    pub tokens: u64,
    /// US dollars; absent where nobody knows a price.
    pub usd: Option<f64>,
}

/// A prompt that will probably run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PromptAhead {
    /// Its name.
    pub prompt: String,
    /// How often, on average, samples of it included.
    pub runs: f64,
    /// Recorded runs of it by the same model, of which its cost is the average; with 0 it is computed from sizes.
    pub recorded: u64,
}

/// A cap that holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CapAhead {
    /// `call`, `phase`, `chain`, `day`, `plugin`.
    pub scope: String,
    /// What a cap of a day counts: `project`, or `person` for all projects of whoever set it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts: Option<&'static str>,
    /// US dollars.
    pub usd: Option<f64>,
    /// Input and output.
    pub tokens: Option<u64>,
}

impl Estimate {
    /// In one line, for people.
    pub fn said(&self) -> String {
        let caps: Vec<String> = self.caps.iter().map(CapAhead::said).collect();
        let caps = if caps.is_empty() { "no cap is set".to_owned() } else { format!("caps: {}", caps.join(", ")) };
        let runs = self.prompts.iter().map(|one| one.runs).sum::<f64>().ceil();
        let recorded: u64 = self.prompts.iter().map(|one| one.recorded).sum();
        let basis = match recorded {
            0 => "by size".to_owned(),
            1 => "by 1 recorded run and its retries".to_owned(),
            runs => format!("by {runs} recorded runs and their retries"),
        };
        let runs = if runs <= 1.0 { "1 prompt".to_owned() } else { format!("{runs} prompts") };
        // Who allows what stands there has allowed all of it.
        let (probably, at_most) = (self.probably.said(), self.at_most.up().said());
        format!(
            "Estimate until the gate of {}: probably {probably}, at most {at_most} without retries ({runs}, {basis}); {caps}",
            self.phase
        )
    }
}

impl Expected {
    /// The next number of dollars that is shown with all its digits.
    fn up(self) -> Self {
        let usd = self.usd.map(|usd| (usd * 1e6).round() as u64);
        let usd = usd.map(|micros| if micros < 100 { micros } else { micros.next_multiple_of(100) });
        Self { usd: usd.map(dollars), ..self }
    }

    fn said(self) -> String {
        match self.usd {
            Some(usd) => priced(usd, 0),
            None => format!("{} tokens, price unknown", self.tokens),
        }
    }
}

impl CapAhead {
    fn said(&self) -> String {
        let usd = self.usd.map(|usd| priced(usd, 0));
        let tokens = self.tokens.map(|tokens| format!("{tokens} tokens"));
        let both: Vec<String> = usd.into_iter().chain(tokens).collect();
        let over = if self.counts == Some("person") { " over all your projects" } else { "" };
        format!("{} {}{over}", self.scope, both.join(" and "))
    }
}

/// A prompt with what is known of it.
#[derive(Debug, Clone)]
struct Ahead {
    prompt: String,
    model: String,
    /// An upper estimate of the rendered request; unknown of what is not rendered yet.
    input: Option<u64>,
    /// What is set aside for its input under a cap; as unknown.
    bound: Option<u64>,
    /// What its front matter expects.
    class: Cost,
    /// Answers that are asked for each time, samples included.
    answers: f64,
}

/// What one run of a prompt takes, on average.
struct Run {
    usage: Usage,
    /// By attempts that gave no answer.
    lost: Amount,
    /// How many recorded runs say so.
    recorded: u64,
}

/// What an estimate is made of.
struct Known<'a> {
    /// The action at hand.
    at_hand: Vec<Ahead>,
    /// What else the phase usually runs, as the methodology says; with what ran already.
    usually: Vec<Ahead>,
    /// Runs of this phase by the same service in other chains.
    recorded: &'a Recorded,
    /// What this visit ran already.
    ran: BTreeMap<String, u64>,
    /// Of the prompts that were recorded, how many answers are asked for each time.
    answers: BTreeMap<String, f64>,
    prices: &'a Prices,
    most_output: u64,
    at: Millis,
}

impl Driver<'_> {
    /// The estimate that was made last, if a call cost something.
    pub fn estimate_ahead(&self) -> Option<&Estimate> {
        self.ahead.as_ref().map(|(estimate, _)| estimate)
    }

    /// Say what the phase will cost, before the first call of a visit that costs something; and anew where what is at hand
    /// goes beyond what was said.
    pub(super) fn look_ahead(&mut self, calls: &[&certus_providers::Request]) -> Result<(), Failure> {
        let (phase, visit) = (self.chain.phase().to_owned(), self.chain.visit());
        let most_output = u64::from(self.session.config().max_output_tokens);
        let wanted = calls.iter().map(|call| self.bound(call).saturating_add(most_output));
        let wanted = wanted.fold(0, u64::saturating_add);
        let spending = self.chain.spending();
        let spent = spending.answered.plus(spending.lost).tokens;
        let holds = self.ahead.as_ref().is_some_and(|(said, before)| {
            let since = spent.saturating_sub(*before).saturating_add(wanted);
            said.phase == phase && said.visit == visit && since <= said.at_most.tokens
        });
        if holds || calls.is_empty() || self.provider.billing() != Billing::Money {
            return Ok(());
        }
        let recorded = self.session.recorded(&phase, self.provider.name(), self.id)?;
        let class = |name: &str| self.session.library().get(name).ok().map(|prompt| prompt.cost_estimate);
        let at_hand: Vec<Ahead> = calls
            .iter()
            .map(|request| Ahead {
                prompt: request.prompt.clone(),
                model: self.provider.model(request.tier),
                input: Some(request.estimated_tokens()),
                bound: Some(self.bound(request)),
                class: class(&request.prompt).unwrap_or(Cost::Medium),
                answers: if request.sample == 0 { self.answers_to(&request.prompt) } else { 1.0 },
            })
            .collect();
        let named = self.chain.phase_definition().map(|phase| phase.prompts.as_slice()).unwrap_or_default();
        let usually = named.iter().filter_map(|name| {
            let model = self.provider.model(self.session.tier(name));
            Some(Ahead {
                prompt: name.clone(),
                model,
                input: None,
                bound: None,
                class: class(name)?,
                answers: self.answers_to(name),
            })
        });
        let known = Known {
            at_hand,
            usually: usually.collect(),
            recorded: &recorded,
            ran: ran(&self.chain),
            answers: recorded.runs.iter().map(|run| (run.prompt.clone(), self.answers_to(&run.prompt))).collect(),
            prices: self.session.prices(),
            most_output,
            at: self.now(),
        };
        let caps = caps(&self.chain, self.session.config());
        let estimate = Estimate { caps, ..known.estimate(phase, visit) };
        self.listener.estimated(&estimate);
        self.ahead = Some((estimate, spent));
        Ok(())
    }
}

/// How often each prompt ran in this visit.
fn ran(chain: &Chain) -> BTreeMap<String, u64> {
    let mut ran = BTreeMap::new();
    let here = chain.runs().iter().filter(|run| run.phase == chain.phase() && run.visit == chain.visit());
    for run in here {
        *ran.entry(run.name.clone()).or_default() += 1;
    }
    ran
}

fn caps(chain: &Chain, config: &Config) -> Vec<CapAhead> {
    let ahead = |scope: Scope, cap: Cap, counts| {
        (cap != Cap::default()).then(|| CapAhead {
            scope: scope.to_string(),
            counts,
            usd: cap.usd_micros.map(dollars),
            tokens: cap.tokens,
        })
    };
    let of = |scope: Scope| ahead(scope, chain.caps().of(scope), None);
    // Two caps of a day hold beside one another, and count different things.
    let person = ahead(Scope::Day, config.day_of_person(), Some("person"));
    let project = ahead(Scope::Day, config.project_caps.day, Some("project"));
    let caps = [of(Scope::Call), of(Scope::Phase), of(Scope::Chain), person, project, of(Scope::Plugin)];
    caps.into_iter().flatten().collect()
}

/// Tokens of a usual answer, by what the front matter expects of a run.
fn usual_output(class: Cost) -> u64 {
    match class {
        Cost::Minimal => 100,
        Cost::Low => 550,
        Cost::Medium => 3_000,
        Cost::High => 6_000,
    }
}

impl Known<'_> {
    fn estimate(&self, phase: String, visit: u32) -> Estimate {
        let largest = self.at_hand.iter().filter_map(|one| one.input).max().unwrap_or(0);
        let highest = self.at_hand.iter().filter_map(|one| one.bound).max().unwrap_or(0);
        let mut probably = Some(0.0);
        let mut at_most = Some(0);
        let (mut tokens, mut most_tokens) = (0.0, 0u64);
        let mut prompts = Vec::new();
        for (one, runs) in self.expected() {
            let input = one.input.unwrap_or(largest);
            let Run { usage, lost, recorded } = self.usage(&one, input);
            let usd = self.prices.cost(&one.model, &usage, self.at);
            // A service that is not in the table may name its own price.
            let usd = usd.or_else(|| (usage.usd_micros > 0).then_some(usage.usd_micros));
            probably = probably.zip(usd).map(|(sum, usd)| sum + dollars(usd.saturating_add(lost.usd_micros)) * runs);
            tokens += usage.tokens().saturating_add(lost.tokens) as f64 * runs;
            // Few enough to count: no phase has more actions than the law allows.
            let times = runs.ceil() as u64;
            let bound = one.bound.unwrap_or(highest);
            let most = self.prices.upper_bound(&one.model, bound, self.most_output, self.at);
            at_most = at_most.zip(most).map(|(sum, most): (u64, u64)| sum.saturating_add(most.saturating_mul(times)));
            most_tokens = most_tokens.saturating_add(bound.saturating_add(self.most_output).saturating_mul(times));
            prompts.push(PromptAhead { prompt: one.prompt, runs, recorded });
        }
        Estimate {
            phase,
            visit,
            probably: Expected { tokens: tokens.round() as u64, usd: probably },
            at_most: Expected { tokens: most_tokens, usd: at_most.map(dollars) },
            prompts,
            caps: Vec::new(),
        }
    }

    /// What will run, and how often: as other visits of the phase did, else what the methodology names; what is at hand in
    /// any case.
    fn expected(&self) -> Vec<(Ahead, f64)> {
        let mut all: Vec<(Ahead, f64)> = Vec::new();
        for one in &self.at_hand {
            match all.iter_mut().find(|(known, _)| known.prompt == one.prompt) {
                Some((known, runs)) => {
                    known.input = known.input.max(one.input);
                    known.bound = known.bound.max(one.bound);
                    *runs += one.answers;
                }
                None => all.push((one.clone(), one.answers)),
            }
        }
        let ran = |prompt: &str| self.ran.get(prompt).copied().unwrap_or(0) as f64;
        let recorded: BTreeMap<&str, f64> = self.per_visit();
        let usual = self.usually.iter().filter(|_| recorded.is_empty()).map(|one| (one.clone(), 1.0));
        let as_before = recorded.iter().filter_map(|(prompt, runs)| {
            let known = self.at_hand.iter().chain(&self.usually).find(|one| one.prompt == *prompt);
            let of = |run: &certus_store::RecordedRuns| run.prompt == **prompt;
            let model = || self.recorded.runs.iter().find(|run| of(run)).map(|run| run.model.clone());
            let one = match known {
                Some(one) => one.clone(),
                None => Ahead {
                    prompt: (*prompt).to_owned(),
                    model: model()?,
                    input: None,
                    bound: None,
                    class: Cost::Medium,
                    answers: self.answers.get(*prompt).copied().unwrap_or(1.0),
                },
            };
            Some((one, *runs))
        });
        for (one, runs) in usual.chain(as_before) {
            let left = (runs - ran(&one.prompt)).max(0.0) * one.answers;
            match all.iter_mut().find(|(known, _)| known.prompt == one.prompt) {
                Some((_, at_hand)) => *at_hand = at_hand.max(left),
                None if left > 0.0 => all.push((Ahead { input: None, bound: None, ..one }, left)),
                None => {}
            }
        }
        all
    }

    /// How often each prompt ran in a visit of this phase.
    fn per_visit(&self) -> BTreeMap<&str, f64> {
        let mut runs = BTreeMap::new();
        if self.recorded.visits > 0 {
            for run in &self.recorded.runs {
                *runs.entry(run.prompt.as_str()).or_default() += run.runs as f64 / self.recorded.visits as f64;
            }
        }
        runs
    }

    /// What one run takes.
    fn usage(&self, one: &Ahead, input: u64) -> Run {
        // A service may call its model by a longer name than the one it is asked for.
        let same = |run: &&certus_store::RecordedRuns| {
            run.prompt == one.prompt && run.model.starts_with(&one.model) && run.runs > 0
        };
        let same: Vec<_> = self.recorded.runs.iter().filter(same).collect();
        let count = same.iter().map(|run| run.runs).fold(0, u64::saturating_add);
        if count == 0 {
            // Four bytes a token are usual, where the bound takes three.
            let output_tokens = usual_output(one.class).min(self.most_output);
            let usage = Usage { input_tokens: input / 4 * 3, output_tokens, ..Usage::default() };
            return Run { usage, lost: Amount::default(), recorded: 0 };
        }
        let sum = same.iter().fold(Usage::default(), |sum, run| sum.plus(run.usage));
        let usage = Usage {
            input_tokens: sum.input_tokens / count,
            cached_tokens: sum.cached_tokens / count,
            output_tokens: sum.output_tokens / count,
            usd_micros: sum.usd_micros / count,
            ..Usage::default()
        };
        let lost = same.iter().fold(Amount::default(), |sum, run| sum.plus(run.lost));
        let lost = Amount { tokens: lost.tokens / count, usd_micros: lost.usd_micros / count, ..Amount::default() };
        Run { usage, lost, recorded: count }
    }
}

#[cfg(test)]
mod tests;
