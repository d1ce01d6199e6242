use certus_app::{Failure, FlowReport, OpenQuestion, clock};
use clap::Args;

use crate::args::Global;
use crate::context;
use crate::output::Output;

/// Show one chain: facts, questions, answers, the solution, what keeps its gate shut
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// 047, 47 or a part of its name; the active chain when left out
    chain: Option<String>,
    /// Print its events
    #[arg(long)]
    history: bool,
    /// Print its recorded exchanges, in the form that `--provider replay:FILE` reads
    #[arg(long, conflicts_with = "history")]
    exchanges: bool,
}

pub(crate) fn run(args: &ShowArgs, global: &Global, output: &Output) -> Result<u8, Failure> {
    let session = context::spending_nothing(global, output)?;
    let id = context::chain(&session, args.chain.as_deref())?;
    if args.exchanges {
        let lines = session.exchanges(id)?;
        if output.json {
            let exchanges: Vec<serde_json::Value> =
                lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
            output.report(&serde_json::json!({ "chain": id.to_string(), "exchanges": exchanges }));
        } else {
            lines.iter().for_each(|line| output.raw(line));
        }
        return Ok(0);
    }
    if args.history {
        let events = session.events(id)?;
        output.report(&serde_json::json!({ "chain": id.to_string(), "events": events }));
        for event in events {
            output.event(&event);
            let text = certus_app::person::story(&event.body);
            output.line(format!("{:>5}  {}  {text}", event.seq, clock::when(event.at)));
        }
        return Ok(0);
    }
    let chain = session.chain_here(id)?;
    let report = FlowReport::of(id, &chain, None, &context::suffix(global)).calibrated(&chain, &session.calibration());
    let report = report.handed_over(&chain, session.state()).shown(&session, id, &chain).looked_at(&session, id);
    output.object(&report);
    summary(&report, output);
    areas(&report, output);
    facts(&report, output);
    known(&report, output);
    if let Some(solution) = &report.solution {
        output.line("");
        output.heading(&solution.title);
        output.markdown(&solution.body);
        let why = solution.why.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
        output.faint(&format!("verdict: {}{why}", solution.verdict.unwrap_or("none yet")));
    }
    questions(&report, output);
    if let Some(next) = &report.next {
        output.line("");
        output.line(format!("Next: {next}"));
    }
    Ok(0)
}

/// What was said of each area, where it is known what that was worth so far.
fn areas(report: &FlowReport, output: &Output) {
    let known = report.confidence.calibration.iter().filter(|(area, _)| *area != "overall");
    for (area, calibrated) in known {
        let said = report.confidence.areas.get(area).copied().unwrap_or_default() * 100.0;
        output.line(format!(
            "confidence in {}: {said:.0} % said, {calibrated} calibrated",
            certus_app::clean::line(area, 60)
        ));
    }
}

/// Where a chain stands, in a few lines.
pub(crate) fn summary(report: &FlowReport, output: &Output) {
    output.line("");
    output.heading(&format!("Chain {}: {}", report.chain, certus_app::clean::line(&report.goal, 100)));
    let calibrated = match report.confidence.calibration.get("overall") {
        Some(calibrated) => format!(" said, {calibrated} calibrated"),
        None => " (uncalibrated)".to_owned(),
    };
    output.line(format!(
        "{} in {}; confidence {:.0} %{calibrated}; answered by {}",
        report.status,
        report.phase,
        report.confidence.overall * 100.0,
        report.provider,
    ));
    let cited = report.facts.iter().filter(|fact| fact.cited).count();
    let files: std::collections::BTreeSet<_> =
        report.facts.iter().filter(|fact| fact.cited).filter_map(|fact| Some(&fact.source.as_ref()?.file)).collect();
    output.line(format!(
        "{} facts, {cited} of them cited from {} files; {} answers; {}",
        report.facts.len(),
        files.len(),
        report.answers.len(),
        report.cost.said(),
    ));
    if !report.unparsed.is_empty() {
        let unread = report.unparsed.len();
        let files = if unread == 1 { "1 file".to_owned() } else { format!("{unread} files") };
        output.line(output.complete(&format!("{files} could not be read; see why: certus stack")));
    }
    if let Some(reason) = &report.reason {
        output.line(format!("because: {reason}"));
    }
    if report.tests_alone {
        let failed = if report.no_test_failed_first { "; none of them was seen to fail" } else { "" };
        output.line(format!(
            "tests alone were written, and no code: a person said that they are all that is wanted{failed}"
        ));
    } else if report.no_test_failed_first {
        output.line(match report.taken_over {
            true => "no new test was seen to fail here before the code was written",
            false => "no new test failed before the code was written",
        });
    }
    for changed in &report.tests_changed_since {
        let files = changed.files.join(", ");
        output.line(format!("tests that failed first were changed since, by {}: {files}", changed.draft));
    }
    if let Some(advice) = &report.advice {
        output.line("");
        output.heading("How to commit it");
        output.markdown(advice);
    }
    if let Some(advice) = &report.cost_advice {
        output.line("");
        output.heading("How the rest can cost less");
        output.markdown(advice);
    }
    for lack in &report.lacks {
        output.line(format!("lacks: {lack}"));
    }
    for objection in &report.objections {
        let percent = |share: f64| share.mul_add(100.0, 1e-6).floor();
        output.line(format!(
            "{} ({:.0} % of the {:.0} % that are wanted): {}",
            objection.by,
            percent(objection.confidence),
            percent(objection.needs),
            certus_app::clean::line(&objection.says, 600)
        ));
        for found in &objection.found {
            output.line(format!("  - {}", certus_app::clean::line(found, 300)));
        }
    }
    if let Some(compared) = report.compared() {
        output.line(compared);
    }
    if let Some(missing) = &report.confidence.missing {
        output.line(format!("missing {missing}"));
    }
}

fn facts(report: &FlowReport, output: &Output) {
    const SHOWN: usize = 40;
    output.line("");
    for fact in report.facts.iter().take(SHOWN) {
        let place = fact.source.as_ref().map(|place| format!("  {}:{}", place.file, place.line)).unwrap_or_default();
        let mark = if fact.cited { "" } else { "  (not cited)" };
        output.line(format!("{:>5} {} = {}{place}{mark}", fact.id, fact.key, certus_app::clean::line(&fact.value, 80)));
    }
    if report.facts.len() > SHOWN {
        output.faint(&format!("      and {} more: --json shows all", report.facts.len() - SHOWN));
    }
    for answer in &report.answers {
        output.line(format!(
            "{:>5} {} = {}",
            answer.cite,
            answer.question,
            certus_app::clean::line(&answer.answer, 80)
        ));
    }
}

/// What was decided on the way, and what is not certain yet: what blocks comes first.
fn known(report: &FlowReport, output: &Output) {
    let line = |text: &str| certus_app::clean::line(text, 160);
    if !report.decisions.is_empty() {
        output.line("");
    }
    for decision in &report.decisions {
        output.line(format!("decided: {} = {}", line(&decision.key), line(&decision.value)));
    }
    let (blocks, open): (Vec<_>, Vec<_>) =
        report.uncertainties.iter().filter(|one| one.is_open()).partition(|one| one.is_blocker());
    if !(blocks.is_empty() && open.is_empty()) {
        output.line("");
    }
    for one in blocks {
        // All of it: several things may be said of one area, and a person answers them together.
        output.line(format!("blocks: {}: {}", line(&one.area), certus_app::clean::line(&one.claim, 2_000)));
    }
    for one in open {
        output.line(format!("open: {}: {}", line(&one.area), line(&one.claim)));
    }
}

/// Questions that wait, and those whose answers decided nothing where that is what keeps the chain.
pub(crate) fn questions(report: &FlowReport, output: &Output) {
    for question in &report.questions {
        put(question, "", output);
    }
    for question in &report.undecided {
        let given = report.answers.iter().find(|answer| answer.question == question.id);
        let given = given.map_or(String::new(), |given| certus_app::clean::line(&given.answer, 80));
        put(question, &format!(" was answered “{given}”, which leaves it open: answer it anew"), output);
    }
}

fn put(question: &OpenQuestion, stands: &str, output: &Output) {
    output.line("");
    output.line(format!("Question [{}]{stands}", question.id));
    output.line(&question.text);
    if !question.why.is_empty() {
        output.line(format!("  Why it matters: {}", question.why));
    }
    for option in &question.options {
        let mark = if question.recommended.as_ref() == Some(option) { "  (recommended)" } else { "" };
        output.line(format!("  - {option}{mark}"));
    }
}
