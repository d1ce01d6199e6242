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
    output.line(format!(
        "- cost: {}, {} tokens in {} prompt runs",
        certus_app::priced(report.usd, report.unpriced_tokens),
        report.tokens,
        report.prompt_runs
    ));
    output.line(format!("- average a chain: {}", certus_app::priced(report.usd_per_chain, report.unpriced_tokens)));
    if report.lost_usd > 0.0 {
        output.line(format!("- of it for attempts without an answer: {}", certus_app::priced(report.lost_usd, 0)));
    }
    if report.reserved_tokens > 0 {
        let (usd, tokens) = (certus_app::priced(report.reserved_usd, 0), report.reserved_tokens);
        output.line(format!("- set aside for calls in flight besides: {usd}, {tokens} tokens"));
    }
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
    let share = |usd: f64| if report.usd > 0.0 { format!("{:.0} %", usd / report.usd * 100.0) } else { "-".to_owned() };
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
            output.line(format!(
                "  {:<44} {:>9} tokens  {}  {}",
                line.name,
                line.tokens,
                certus_app::priced(line.usd, line.unpriced_tokens),
                share(line.usd)
            ));
        }
    }
    removed(&report.by_uncertainty, output);
    suggestions(&report.suggestions, output);
    Ok(0)
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
    output.line(format!("- total tokens: {}", cost.tokens));
    output.line(format!("- estimated cost: {}", certus_app::priced(cost.usd, cost.unpriced_tokens)));
    output.line(format!("- duration: {}", certus_app::clock::duration(cost.duration_ms)));
    output.line(format!("- prompts run: {}", cost.prompt_runs));
    output.line(format!("- cost a prompt: {}", certus_app::priced(cost.usd_per_prompt, cost.unpriced_tokens)));
    if cost.lost_usd > 0.0 {
        output.line(format!("- of it for attempts without an answer: {}", certus_app::priced(cost.lost_usd, 0)));
    }
    if cost.reserved_tokens > 0 {
        let (usd, tokens) = (certus_app::priced(cost.reserved_usd, 0), cost.reserved_tokens);
        output.line(format!("- set aside for calls in flight besides: {usd}, {tokens} tokens"));
    }
    removed(&cost.by_uncertainty, output);
    suggestions(&cost.suggestions, output);
    Ok(0)
}
