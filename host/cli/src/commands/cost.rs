use certus_app::Failure;
use clap::Args;

use crate::args::Global;
use crate::output::Output;

/// Lines of each list that a person sees; --json and --csv have all.
const SHOWN: usize = 10;

/// Sum up what chains cost: in all, per chain, per prompt, per phase, per model
#[derive(Debug, Args)]
pub(crate) struct CostReportArgs {
    /// Of the last so many days
    #[arg(long, default_value_t = 7, value_name = "N")]
    days: u32,
    /// Print comma-separated values
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

/// Show what one chain cost
#[derive(Debug, Args)]
pub(crate) struct ChainCostArgs {
    /// 047, 47 or a part of its name; the active chain when left out
    chain: Option<String>,
    /// Print comma-separated values
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

pub(crate) fn report(args: &CostReportArgs, global: &Global, output: &Output) -> Result<u8, Failure> {
    let state = certus_app::State::open(global.project.as_deref(), global.state.as_deref())?;
    let report = state.cost_report(args.days)?;
    if let Some(warning) = &report.warning {
        output.warning(warning);
    }
    if args.csv {
        output.line(report.csv()?.trim_end());
        return Ok(0);
    }
    output.object(&report);
    output.heading(&format!("Chains of the last {} days", report.days));
    output.line(format!("- chains: {}", report.chains));
    let cut = Cut::of(report.possible_usd, report.possible_tokens, report.unpriced_tokens);
    output.line(format!(
        "- cost: {}, {} tokens in {} prompt runs",
        certus_app::priced(report.spent_usd, cut.priced_otherwise),
        report.tokens.saturating_sub(report.possible_tokens),
        report.prompt_runs
    ));
    cut.show(output);
    output.line(format!("- average a chain: {}", certus_app::priced(report.usd_per_chain, report.unpriced_tokens)));
    lost(report.lost_usd - report.possible_usd, output);
    let reserved = (report.reserved_usd, report.reserved_tokens);
    set_aside(reserved, (report.interrupted_usd, report.interrupted_tokens), output);
    if report.cached_tokens > 0 {
        let (tokens, saved) = (report.cached_tokens, certus_app::priced(report.cache_saved_usd, 0));
        output.line(format!("- read from caches: {tokens} tokens, which saved {saved}"));
    }
    if let Some(usd) = report.usd_per_tenth {
        let usd = certus_app::priced(usd, report.unpriced_tokens);
        output.line(format!("- a tenth of overall confidence: {usd}"));
    }
    if let Some(usd) = report.usd_per_uncertainty {
        let (closed, blockers) = (report.uncertainties_closed, report.blockers_closed);
        let usd = certus_app::priced(usd, report.unpriced_tokens);
        output.line(format!("- an uncertainty removed: {usd} ({closed} closed, {blockers} of them blockers)"));
    }
    let spent = report.spent_usd;
    let share = |usd: f64| if spent > 0.0 { format!("{:.0} %", usd / spent * 100.0) } else { "-".to_owned() };
    for (title, lines) in [
        ("Most expensive chains", &report.by_chain),
        ("By prompt", &report.by_prompt),
        ("By phase", &report.by_phase),
        ("By model", &report.by_model),
    ] {
        if lines.is_empty() {
            continue;
        }
        output.line("");
        output.heading(title);
        for line in lines.iter().take(SHOWN) {
            let cut = Cut::of(line.possible_usd, line.possible_tokens, line.unpriced_tokens);
            output.line(format!(
                "  {:<44} {:>9} tokens  {}  {}{}",
                line.name,
                line.tokens.saturating_sub(line.possible_tokens),
                certus_app::priced(line.spent_usd, cut.priced_otherwise),
                share(line.spent_usd),
                cut.said().map(|cut| format!("  and at most {cut}")).unwrap_or_default()
            ));
        }
    }
    removed(&report.by_uncertainty, output);
    suggestions(&report.suggestions, output);
    Ok(0)
}

/// What calls can have cost at most of which nobody said it.
struct Cut {
    usd: f64,
    tokens: u64,
    unpriced: u64,
    /// Tokens of unknown price that are not these.
    priced_otherwise: u64,
}

impl Cut {
    fn of(usd: f64, tokens: u64, unpriced_tokens: u64) -> Self {
        // Where none of them has a price, and something has none, it is these.
        let unpriced = if usd > 0.0 { 0 } else { unpriced_tokens.min(tokens) };
        Self { usd, tokens, unpriced, priced_otherwise: unpriced_tokens - unpriced }
    }

    fn said(&self) -> Option<String> {
        let Self { usd, tokens, unpriced, .. } = *self;
        (tokens > 0).then(|| format!("{}, {tokens} tokens", certus_app::priced(usd, unpriced)))
    }

    fn show(&self, output: &Output) {
        if let Some(said) = self.said() {
            output.line(format!(
                "- besides, at most: {said}, for calls of which nobody said what they took; caps count it"
            ));
        }
    }
}

/// What is set aside for calls that have no end yet, in US dollars and in tokens; some of them never will.
fn set_aside(reserved: (f64, u64), interrupted: (f64, u64), output: &Output) {
    let in_flight = (reserved.0 - interrupted.0, reserved.1.saturating_sub(interrupted.1));
    for ((usd, tokens), was_interrupted) in [(in_flight, false), (interrupted, true)] {
        if tokens > 0 {
            let (usd, of) = (certus_app::priced(usd, 0), certus_app::reserved_for(was_interrupted));
            output.line(format!("- set aside for {of} besides, at most: {usd}, {tokens} tokens"));
        }
    }
}

/// What is known to be spent on attempts that gave no answer.
fn lost(usd: f64, output: &Output) {
    // Less is the error of a difference.
    if usd >= 0.5e-6 {
        output.line(format!("- of it for attempts without an answer: {}", certus_app::priced(usd, 0)));
    }
}

fn removed(lines: &[certus_app::RemovedLine], output: &Output) {
    if lines.is_empty() {
        return;
    }
    output.line("");
    output.heading("By uncertainty removed");
    for line in lines.iter().take(SHOWN) {
        let (each, blockers) = (certus_app::priced(line.usd_each, line.unpriced_tokens), line.blockers);
        let closed = if line.closed == 1 { "once".to_owned() } else { format!("{} times", line.closed) };
        output.line(format!("  {:<44} closed {closed} ({blockers} blocking), {each} each", line.area));
    }
}

fn suggestions(lines: &[String], output: &Output) {
    if lines.is_empty() {
        return;
    }
    output.line("");
    output.heading("What the numbers suggest");
    for suggestion in lines {
        output.line(format!("- {suggestion}"));
    }
}

pub(crate) fn chain(args: &ChainCostArgs, global: &Global, output: &Output) -> Result<u8, Failure> {
    let state = certus_app::State::open(global.project.as_deref(), global.state.as_deref())?;
    let cost = state.chain_cost(args.chain.as_deref())?;
    if args.csv {
        output.line(cost.csv()?.trim_end());
        return Ok(0);
    }
    output.object(&cost);
    output.heading(&format!("Chain {}: {}", cost.chain, certus_app::clean::line(&cost.goal, 80)));
    let cut = Cut::of(cost.possible_usd, cost.possible_tokens, cost.unpriced_tokens);
    output.line(format!("- total tokens: {}", cost.tokens.saturating_sub(cost.possible_tokens)));
    output.line(format!("- estimated cost: {}", certus_app::priced(cost.spent_usd, cut.priced_otherwise)));
    cut.show(output);
    output.line(format!("- duration: {}", certus_app::clock::duration(cost.duration_ms)));
    output.line(format!("- prompts run: {}", cost.prompt_runs));
    output.line(format!("- cost a prompt: {}", certus_app::priced(cost.usd_per_prompt, cost.unpriced_tokens)));
    lost(cost.lost_usd - cost.possible_usd, output);
    let reserved = (cost.reserved_usd, cost.reserved_tokens);
    set_aside(reserved, (cost.interrupted_usd, cost.interrupted_tokens), output);
    removed(&cost.by_uncertainty, output);
    suggestions(&cost.suggestions, output);
    Ok(0)
}
