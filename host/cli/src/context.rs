//! What commands share: finding the project, opening it, running a chain with a person at the terminal.

use std::io::IsTerminal;
use std::sync::Arc;

use certus_app::driver::{Cast, Driver, Stop};
use certus_app::engine::{Chain, Outcome, Pause};
use certus_app::{Answers, ChainId, Failure, FlowReport, Handover, Kind, Session, SessionOptions};

use crate::args::Global;
use crate::output::Output;
use crate::terminal::{Progress, Terminal};

/// How a chain is driven.
#[derive(Default)]
pub(crate) struct Drive {
    pub(crate) until: Option<String>,
    pub(crate) answers: Answers,
    pub(crate) hand: Handover,
}

/// What a session is opened with.
pub(crate) fn options(global: &Global) -> SessionOptions {
    SessionOptions {
        project: global.project.clone(),
        state: global.state.clone(),
        provider: global.provider.clone(),
        ..SessionOptions::default()
    }
}

/// Open the project that the options name.
pub(crate) fn session(global: &Global) -> Result<Session, Failure> {
    Session::open(options(global))
}

/// Open it to look, or to take back: nothing of the user's configuration can be so wrong that this is not possible.
pub(crate) fn spending_nothing(global: &Global, output: &Output) -> Result<Session, Failure> {
    let session = Session::open(SessionOptions { spends_nothing: true, ..options(global) })?;
    for warning in session.passed_over() {
        output.warning(&warning);
    }
    Ok(session)
}

/// What every further command line needs to find the same project again.
pub(crate) fn suffix(global: &Global) -> String {
    certus_app::suffix(global.project.as_deref(), global.state.as_deref())
}

/// The chain that a command works on: the one named, or the active one.
pub(crate) fn chain(session: &Session, named: Option<&str>) -> Result<ChainId, Failure> {
    match named {
        Some(text) => session.find(text),
        None => session.active()?.ok_or_else(|| {
            Failure::usage("no chain is active in this project")
                .hint("start one: certus flow \"what you want\"")
                .hint("or name one: --chain 047; see them with: certus list")
        }),
    }
}

/// The failure of a command that was given a chain: the command lines of its hints name the same one.
pub(crate) fn of_chain(mut failure: Failure, named: Option<&str>) -> Failure {
    const TAKE_A_CHAIN: [&str; 7] = ["answer", "approve", "reject", "more-info", "status", "diff", "undo"];
    let Some(named) = named else { return failure };
    for hint in failure.hints.iter_mut().filter(|hint| !hint.contains("--chain")) {
        for command in TAKE_A_CHAIN {
            let line = format!("certus {command}");
            let Some((before, after)) = hint.split_once(&line) else { continue };
            if after.is_empty() || after.starts_with(' ') {
                *hint = format!("{before}{line} --chain {named}{after}");
                break;
            }
        }
    }
    failure
}

/// Run something that awaits; a signal to end ends it. What was acknowledged is on disk, the rest resumes.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("cannot start the runtime: {error}")))?;
    let _put_back = crate::typed::PutBack;
    let result = runtime.block_on(async {
        tokio::select! {
            result = work => result,
            kind = told_to_end() => Err(Failure::of(kind, format!("{}; nothing that was recorded is lost", kind.name()))
                .hint(GO_ON)),
        }
    });
    // A thread may still wait in a read from the terminal: nobody needs it any more.
    runtime.shutdown_background();
    result
}

/// Ctrl-C, or what a closed terminal and a system that shuts down send.
#[cfg(unix)]
async fn told_to_end() -> Kind {
    use tokio::signal::unix::{SignalKind, signal};
    let received = async |kind: SignalKind| match signal(kind) {
        Ok(mut signals) => drop(signals.recv().await),
        // Then the signal ends the process by itself, as it would have.
        Err(_) => std::future::pending().await,
    };
    tokio::select! {
        () = received(SignalKind::interrupt()) => Kind::Interrupted,
        () = received(SignalKind::terminate()) => Kind::Terminated,
        () = received(SignalKind::hangup()) => Kind::HungUp,
    }
}

#[cfg(not(unix))]
async fn told_to_end() -> Kind {
    match tokio::signal::ctrl_c().await {
        Ok(()) => Kind::Interrupted,
        Err(_) => std::future::pending().await,
    }
}

/// Drive a chain and print where it stands.
pub(crate) fn drive(
    session: &Session,
    id: ChainId,
    global: &Global,
    output: &Output,
    how: Drive,
    begin: impl AsyncFnOnce(&mut Driver<'_>) -> Result<(), Failure>,
) -> Result<u8, Failure> {
    let damaged = session.prompt_problems();
    let progress = Progress::new(output.clone()).without(damaged.clone());
    let terminal = Terminal::new(output.clone(), progress.clone(), global.no_input);
    let name = session.provider_for(id)?;
    let provider = session.provider(&name, &how.hand)?;
    if name == certus_app::DEFAULT_PROVIDER {
        output.note(&offline(session));
    }
    let cast = Cast {
        provider: Arc::clone(&provider),
        provider_name: name,
        person: &terminal,
        listener: &progress,
        answers: how.answers,
    };
    let mut driver = Driver::open(session, id, cast)?;
    let replies = by_hand(driver.chain());
    let result = block_on(async {
        begin(&mut driver).await?;
        driver.drive(how.until.as_deref()).await
    });
    progress.done();
    if let Some(fault) = session.context_fault() {
        output.warning(&format!("the chain's context file was not written, the chain itself is safe: {fault}"));
    }
    let stop = result.map_err(|failure| gone_on(failure, id, driver.chain()))?;
    if let Some(alert) = session.alert(driver.chain()) {
        output.warning(&alert);
    }
    let report = FlowReport::of(id, driver.chain(), Some(&stop), &suffix(global));
    let report = report.calibrated(driver.chain(), &session.calibration()).estimated(driver.estimate_ahead());
    let report = report.handed_over(driver.chain(), session.state()).shown(session, id, driver.chain());
    show(&report, &stop, output, terminal.showed_proposal(), &damaged);
    damaged_prompts(&damaged, &report, output);
    if how.hand.brings_reply()
        && by_hand(driver.chain()) == replies
        && driver.chain().pause().is_none_or(Pause::is_of_chain)
    {
        output.warning("the reply was not used: no prompt waits for one");
    }
    for id in driver.answers_not_asked() {
        output.warning(&format!("the answer to `{id}` was not needed: nothing asked for it so far"));
    }
    Ok(stop.kind().map_or(0, Kind::exit_status))
}

/// The failure of driving a chain: who goes on with it asks the same provider.
fn gone_on(mut failure: Failure, id: ChainId, chain: &Chain) -> Failure {
    let next = FlowReport::of(id, chain, None, "").next;
    // Whoever broke off where they were asked is asked again, and approves nothing by following a hint.
    let next = next.map(|next| if next.starts_with("certus approve") { FlowReport::again(id, chain) } else { next });
    if let (Some(hint), Some(next)) = (failure.hints.iter_mut().find(|hint| *hint == GO_ON), next) {
        *hint = format!("go on with: {next}");
    }
    failure
}

/// What to do where nobody knows which chain it was.
pub(crate) const GO_ON: &str = "go on with: certus flow --continue";

/// Rules answer: who else could.
fn offline(session: &Session) -> String {
    let found = session.services_with_keys();
    let model = match found.first() {
        Some((name, key)) => format!("--provider {name} asks a model (its key is {key})"),
        None => "--provider anthropic, openai, gemini, ollama or claude-cli asks a model".to_owned(),
    };
    format!("Answered by offline: rules, no model. {model}; --provider manual lets you ask one by hand")
}

/// Prompt files that cannot be used, each said once: the one that stopped the chain stands in the report as the reason.
fn damaged_prompts(problems: &[String], report: &FlowReport, output: &Output) {
    let is_reason = |problem: &String| report.reason.as_ref().is_some_and(|reason| reason.contains(problem));
    problems.iter().filter(|problem| !is_reason(problem)).for_each(|problem| output.warning(problem));
    if !problems.is_empty() {
        output.hint(Session::MEND_PROMPT);
    }
}

/// How many prompts were answered by hand.
fn by_hand(chain: &Chain) -> usize {
    let by_hand = |outcome: &Outcome| matches!(outcome, Outcome::Replied { by, .. } if by.provider == "manual");
    chain.effects().filter(|(_, effect)| effect.outcome().is_some_and(by_hand)).count()
}

fn show(report: &FlowReport, stop: &Stop, output: &Output, showed_proposal: bool, told_elsewhere: &[String]) {
    output.stands(report);
    crate::commands::show::summary(report, output);
    if let Some(solution) = report.solution.as_ref().filter(|solution| solution.verdict.is_none() && !showed_proposal) {
        output.line("");
        output.heading(&solution.title);
        output.markdown(&solution.body);
    }
    crate::commands::show::questions(report, output);
    // On a terminal the report above says it.
    if let Stop::Paused { message, .. } = stop
        && (!output.is_seen(std::io::stdout().is_terminal()) || report.reason.as_ref() != Some(message))
    {
        output.warning(message);
    }
    if let Stop::CommandEnded { failed: Some(why) } = stop {
        output.warning(&format!("the command failed: {why}"));
    }
    if let Stop::Refused { law, detail } = stop
        && !told_elsewhere.iter().any(|told| detail.contains(told))
    {
        output.warning(&format!("refused by the law {law}: {detail}"));
    }
    if let Some(next) = &report.next {
        output.line("");
        output.line(format!("Next: {next}"));
    }
}

#[cfg(test)]
mod tests {
    use certus_app::engine::{Body, Digest, Event, Proposal, Request};

    use super::*;

    #[test]
    fn whoever_breaks_off_where_they_are_asked_is_asked_again() {
        let text = || "x".to_owned();
        let request = Request::Approve { proposal: Proposal { kind: text(), title: text(), body: text() } };
        let asked =
            Body::Intent { effect: 1, invocation: None, occurrence: 0, digest: Digest::of("x"), request, basis: 0 };
        let chosen = Body::ProviderChosen { provider: "openai".to_owned() };
        let events = (1..).zip([chosen, asked]).map(|(seq, body)| Event { seq, at: 0, body });
        let chain = Chain::fold(&events.collect::<Vec<_>>());
        let id: ChainId = "1".parse().expect("an id");
        assert!(FlowReport::of(id, &chain, None, "").next.is_some_and(|next| next.starts_with("certus approve")));
        let failure = gone_on(Failure::of(Kind::Interrupted, "interrupted").hint(GO_ON), id, &chain);
        assert_eq!(failure.hints, ["go on with: certus flow --continue --chain 001 --provider openai"]);
    }

    #[test]
    fn hints_of_a_chain_name_it() {
        for (hint, want) in [
            ("certus reject --why \"x\"", "certus reject --chain 1 --why \"x\""),
            ("see where it stands: certus status", "see where it stands: certus status --chain 1"),
            ("or correct an answer: certus answer a \"b\"", "or correct an answer: certus answer --chain 1 a \"b\""),
            ("go on with: certus flow --continue --chain 001", "go on with: certus flow --continue --chain 001"),
            ("see them with: certus list", "see them with: certus list"),
        ] {
            assert_eq!(of_chain(Failure::usage("no").hint(hint), Some("1")).hints, [want]);
            assert_eq!(of_chain(Failure::usage("no").hint(hint), None).hints, [hint]);
        }
    }
}
