//! Tests come before code, and fail before it. What a model calls tests may be none, and what it says of them is its word: only
//! a run that fails before there is any code shows that they ask for something. Where none did, a person decides.
//!
//! What is read here is what was written and what ran, in their order: no label of a reply decides that tests are enough.

mod alone;
mod order;

pub(super) use alone::tests_alone;
use order::{Order, tells};
use serde::Serialize;

use super::{Law, Refusal, refusal};
use crate::{Body, Chain, Check, Draft, DraftState, ErrorCode, Outcome, Phase, Proposal, Request, Run, Verdict, chain};

/// Writes the tests.
const GENERATOR: &str = "test_generator";
/// Writes code for them.
const AUTHOR: &str = "tdd_flow_controller";
/// The word of a command line that wants code without tests before it.
const DIRECT: &str = "direct";
/// What its documents are called that bring tests.
const KIND: &str = "tests";
/// What a person is asked where no tests were brought.
const TITLE: &str = "Go on without new tests?";
/// What a person is asked where none failed before the code.
const UNPROVEN: &str = "Go on although no new test failed?";
/// Characters of what the model says about it that a person sees.
const SAID: usize = 2_000;

/// The phase gathers test runs and has tests written: here they come first.
fn wants(phase: &Phase) -> bool {
    phase.gate.evidence.iter().any(|check| check == Check::Test.name())
        && phase.prompts.iter().any(|name| name == GENERATOR)
}

fn is_tests(draft: &Draft) -> bool {
    draft.prompt == GENERATOR && draft.kind == KIND
}

/// Whether a person goes on without tests by what they approved, since that visit.
fn waives(chain: &Chain, phase: &str, visit: u32, proposal: &Proposal) -> bool {
    let command = chain.project().commands.get(Check::Test.name());
    let of_tests = [TITLE.to_owned(), UNPROVEN.to_owned(), super::implementation::no_command_title(Check::Test.name())];
    let named = of_tests.contains(&proposal.title)
        || command.is_some_and(|command| proposal.title == super::implementation::without_title(command));
    let holds =
        |status: &crate::ProposalStatus| status.proposal == *proposal && status.phase == phase && status.visit >= visit;
    named && chain.waivers().any(holds)
}

/// What a person is asked after an answer that brought no tests, where the gate of the phase wants them passed.
pub(super) fn none_written(chain: &Chain) -> Option<Proposal> {
    let wanted = chain.phase_definition()?.gate.evidence.iter().any(|check| check == Check::Test.name());
    let here = |phase: &str, visit| phase == chain.phase() && visit == chain.visit();
    let answered = |(_, effect): (_, &crate::Effect)| match (&effect.request, effect.outcome()) {
        (Request::Prompt { name, .. }, Some(Outcome::Replied { reply, .. }))
            if name == GENERATOR && here(&effect.phase, effect.visit) =>
        {
            let brings = reply.artifacts.iter().any(|one| one.kind == KIND && !one.edits.is_empty());
            Some((effect.settled, (!brings).then(|| reply.notes.clone())))
        }
        _ => None,
    };
    let (settled, said) = chain.effects().rev().find_map(answered).filter(|_| wanted)?;
    // Where the tests that it did bring were not written, code does not come before them anyway. What a person took back is gone.
    let of_visit = |draft: &&Draft| is_tests(draft) && here(&draft.phase, draft.visit);
    let vain =
        |draft: &Draft| !matches!(draft.state, DraftState::Written(_) | DraftState::Unchanged(_) | DraftState::Undone);
    // Where tests of an earlier visit stand in the files, what was brought in vain may be these once more.
    let stand = |draft: &Draft| {
        let stands = matches!(draft.state, DraftState::Written(_) | DraftState::Unchanged(_));
        is_tests(draft) && draft.phase == chain.phase() && stands
    };
    let stands = chain.drafts().iter().any(stand);
    let order = Order::of(chain, chain.phase());
    // Tests that stand run before code; those that failed are enough, also for code that is changed under them. Where the code is
    // there, it is asked about itself.
    if order.as_ref().is_some_and(|order| order.is_shown() || order.has_tests() || order.is_coded()) {
        return None;
    }
    let said = said.filter(|_| stands || !chain.drafts().iter().rfind(of_visit).is_some_and(vain))?;
    let said: String = said.trim().chars().take(SAID).collect();
    let said = if said.is_empty() { "It does not say why.".to_owned() } else { format!("It says:\n\n{said}") };
    let body = format!(
        "Tests come before code, and {GENERATOR} brought none. {said}\n\nA yes (`certus approve`) goes on without. A no (`certus \
         reject --why \"…\"`) has it asked for tests again, with your reason."
    );
    let proposal = Proposal { kind: chain::WAIVER.to_owned(), title: TITLE.to_owned(), body };
    (!chain.was_asked_since(&proposal, settled)).then_some(proposal)
}

/// The set of tests of the present visit, where no person goes on without, and no test failed before its code, or before the next.
fn unproven(chain: &Chain) -> Option<Order> {
    chain.phase_definition().filter(|phase| wants(phase))?;
    Order::of(chain, chain.phase()).filter(|order| !order.waived && (!order.is_shown() || order.is_bare()))
}

/// What a person is asked of code that no test failed for before it.
fn question(chain: &Chain, order: &Order) -> Proposal {
    let here = |run: &&Run| run.phase == chain.phase() && run.visit == chain.visit();
    let generated = chain.runs().iter().filter(here).any(|run| run.name == GENERATOR && run.ok);
    let way_back = way_back(chain, order);
    let no = if let Some(way) = &way_back {
        &format!(
            "keeps the phase from being left, and anything more from being paid for, until you take back the code that is there: \
             {way}. Tests come first then"
        )
    } else if order.ran.as_ref().is_some_and(|ran| !tells(ran.status)) {
        match order.ran.as_ref().and_then(|ran| ran.limit) {
            Some(limit) => &format!("has it run again: {}", limit.raise()),
            None => "has it run again, once you have put right what it needs",
        }
    } else if generated {
        "has tests asked for again, with your reason"
    } else {
        "has tests asked for first, with your reason"
    };
    let body = format!(
        "Tests come before code, and should fail until the code is there. {}\n\nA yes (`certus approve`) goes on, and the report says \
         that no new test failed first. A no (`certus reject --why \"…\"`) {no}.",
        order.said(chain)
    );
    Proposal { kind: chain::WAIVER.to_owned(), title: UNPROVEN.to_owned(), body }
}

/// How the code is taken back that a no is about, as command lines; nothing where there is none.
fn way_back(chain: &Chain, order: &Order) -> Option<String> {
    let drafts = order.to_take_back();
    let lines: Vec<String> = drafts.iter().map(|draft| format!("`certus undo {draft}`")).collect();
    let failed = drafts.first().and_then(|draft| not_undone(chain, draft));
    let failed = failed.map(|why| {
        format!(" (it was tried, and failed: {}; put that back by hand as it was first)", why.trim_end_matches('.'))
    });
    (!lines.is_empty()).then(|| format!("{}{}", lines.join(", then "), failed.unwrap_or_default()))
}

/// Why this was not taken back, where that was tried last.
pub fn not_undone<'c>(chain: &'c Chain, id: &str) -> Option<&'c str> {
    let tried = |(_, effect): (_, &'c crate::Effect)| match &effect.request {
        Request::Undo { draft, .. } if draft == id => effect.outcome(),
        _ => None,
    };
    match chain.effects().rev().find_map(tried) {
        Some(Outcome::Failed { message, .. }) => Some(message),
        _ => None,
    }
}

/// Where a chain stands still: a person does not go on with code that is in the files, so nothing more is paid for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standstill {
    /// The event of their no.
    pub since: u64,
    /// The draft to take back first; absent where that was tried and failed.
    pub draft: Option<String>,
    /// What leads on, for a person.
    pub detail: String,
    /// What they are asked once more if they want to go on after all.
    pub proposal: Proposal,
}

/// Whether a chain stands still until a person takes back the code that no test failed for, or goes on with it after all.
pub fn standstill(chain: &Chain) -> Option<Standstill> {
    let order = unproven(chain)?;
    let way = way_back(chain, &order)?;
    let since = still_no(chain, &order)?;
    let first = order.to_take_back().first().copied().filter(|draft| not_undone(chain, draft).is_none());
    let detail = format!(
        "{}: you do not go on with code that no test failed for: take it back, and tests come first: {way}; or say yes after all, \
         `certus flow --continue` asks once more",
        chain.phase()
    );
    let draft = first.map(str::to_owned);
    Some(Standstill { since, draft, detail, proposal: question(chain, &order) })
}

/// A person said no, and nothing happened since that could show more: they are not asked the same again. The event of their no.
fn still_no(chain: &Chain, order: &Order) -> Option<u64> {
    let settled = |(_, effect): (_, &crate::Effect)| match (&effect.request, effect.outcome()) {
        (Request::Approve { proposal }, Some(Outcome::Judged { verdict, .. })) if proposal.title == UNPROVEN => {
            let no = *verdict != Verdict::Approved && effect.phase == chain.phase() && effect.visit >= order.visit;
            Some((effect.settled, no && effect.settled >= chain.taken_over()))
        }
        _ => None,
    };
    let (no, _) = chain.effects().rev().find_map(settled).filter(|(_, still)| *still)?;
    let moves = |effect: &crate::Effect| match (&effect.request, effect.outcome()) {
        (Request::Prompt { name, .. }, Some(_)) => name == GENERATOR,
        (Request::Check { check, .. }, Some(_)) => *check == Check::Test,
        // Where taking back failed, the files are as they were.
        (Request::Write { .. }, Some(_)) | (Request::Undo { .. }, Some(Outcome::Done)) => true,
        _ => false,
    };
    (!chain.effects().any(|(_, effect)| effect.settled > no && moves(effect))).then_some(no)
}

/// What is asked before code, where no test failed so far.
fn before(chain: &Chain) -> Result<Option<Proposal>, Refusal> {
    let Some(order) = unproven(chain).filter(|order| !order.is_shown()) else { return Ok(None) };
    if let Some(still) = standstill(chain) {
        return Err(refusal(Law::GateNotMet, still.detail));
    }
    if still_no(chain, &order).is_some() {
        let detail = "you do not go on without a test that fails: tests are to be written first";
        return Err(refusal(Law::GateNotMet, format!("{}: {detail}", chain.phase())));
    }
    Ok(Some(question(chain, &order)))
}

/// What is asked before a model is paid for code.
///
/// # Errors
/// A person was asked, said no, and nothing happened since.
pub(super) fn before_prompts<'p>(
    chain: &Chain,
    mut names: impl Iterator<Item = &'p str>,
) -> Result<Option<Proposal>, Refusal> {
    if names.any(|name| name == AUTHOR) { before(chain) } else { Ok(None) }
}

/// What is asked before a draft is put before a person.
///
/// # Errors
/// As for [`before_prompts`].
pub(super) fn before_draft(chain: &Chain, draft: &Draft) -> Result<Option<Proposal>, Refusal> {
    if is_tests(draft) { Ok(None) } else { before(chain) }
}

/// What is asked without anybody naming an action: code waits to be shown or written, or the phase could be left with it.
pub(super) fn before_code(chain: &Chain) -> Option<Proposal> {
    let order = unproven(chain)?;
    let proposal = question(chain, &order);
    let waits = || !order.is_shown() && chain.drafts().iter().any(|draft| is_waiting_code(chain, draft));
    let leaves =
        || order.is_bare() && chain.lacks().is_empty() && !chain.was_asked_since(&proposal, chain.last_write());
    (waits() || leaves()).then_some(proposal)
}

/// What is asked before anything is paid for in another visit, where the tests that stand did not run in the one before: no model
/// can install what is missing.
pub(super) fn unrun(chain: &Chain) -> Option<Proposal> {
    let here = |run: &Run| run.phase == chain.phase() && run.visit == chain.visit() && !run.name.starts_with('/');
    let last = chain.evidence().iter().rfind(|one| one.check == Check::Test.name())?;
    if tells(last.status) || chain.runs().iter().any(here) {
        return None;
    }
    let order = unproven(chain).filter(|order| order.has_tests() && !order.is_coded())?;
    Some(question(chain, &order))
}

/// Whether the tests that stand run before this is asked: what they did elsewhere shows nothing here, and what they need may be
/// there by now.
pub(super) fn run_first(chain: &Chain, proposal: &Proposal) -> bool {
    let ran = || chain.evidence_of_visit().any(|one| one.check == Check::Test.name());
    let to_run = || Order::of(chain, chain.phase()).is_some_and(|order| order.is_to_run_here());
    proposal.title == UNPROVEN && (to_run() || (!ran() && unrun(chain).is_some()))
}

/// Why the phase must not be left forwards: code is written, no new test failed before it, and nobody goes on without; or no code is.
pub(super) fn keeps(chain: &Chain) -> Option<&'static str> {
    if unproven(chain).is_some_and(|order| order.is_bare()) {
        return Some(
            "no new test failed before the code that is written; take it back (certus undo), and tests come first",
        );
    }
    alone::keeps(chain).then_some("tests are written, and no code")
}

/// Whether code is in the files that was written for the tests of the present visit, or none of that is asked for here.
pub(super) fn is_past_tests(chain: &Chain) -> bool {
    let asked_for = chain.phase_definition().is_some_and(wants);
    !asked_for || Order::of(chain, chain.phase()).is_some_and(|order| order.is_coded())
}

fn is_waiting_code(chain: &Chain, draft: &Draft) -> bool {
    let waits = matches!(draft.state, DraftState::Amended | DraftState::Planned(_) | DraftState::Approved(_));
    waits && !is_tests(draft) && draft.phase == chain.phase()
}

/// A draft was taken back: what a person is asked of code that no test failed for is not so any more, and code that waits for a
/// verdict on tests that are gone does not go through.
pub(super) fn after_undo(chain: &Chain, undone: &Draft) -> Vec<Body> {
    let ends = |effect, outcome| Body::Outcome { effect, outcome, elapsed_ms: 0 };
    let untrue = chain.open_effects().filter_map(|(effect, open)| match &open.request {
        Request::Approve { proposal } if proposal.title == UNPROVEN && chain::is_the_laws(proposal) => {
            let message = format!("{} was taken back", undone.id);
            Some(ends(effect, Outcome::Failed { code: ErrorCode::Cancelled, message }))
        }
        _ => None,
    });
    let mut bodies: Vec<Body> = untrue.filter(|_| undone.phase == chain.phase()).collect();
    if !is_tests(undone) || unproven(chain).is_none_or(|order| order.is_shown()) {
        return bodies;
    }
    let why = format!("{}, the tests that came before it, was taken back", undone.id);
    let open = chain.open_effects().filter_map(|(effect, open)| match &open.request {
        Request::ApproveEdits { draft, plan } => {
            chain.drafts().iter().find(|known| known.id == *draft && is_waiting_code(chain, known))?;
            let verdict = Verdict::Rejected(why.clone());
            Some(ends(effect, Outcome::Judged { verdict, digest: plan.digest, by: None, grant: None }))
        }
        _ => None,
    });
    bodies.extend(open);
    bodies
}

/// What a no to a question of this module makes of a chain.
pub(crate) enum No {
    /// What the generator answered last counts for nothing: it is asked again.
    AsksAgain,
    /// The same of whoever writes the code.
    WantsCode,
    /// What ran tells nothing: it runs again.
    RunsAgain,
}

/// What a verdict makes of the chain; nothing where it is a yes, or of something else.
pub(crate) fn refused(chain: &Chain, proposal: &Proposal, verdict: &Verdict) -> Option<No> {
    if proposal.kind != chain::WAIVER || *verdict == Verdict::Approved {
        return None;
    }
    match proposal.title.as_str() {
        TITLE => Some(No::AsksAgain),
        alone::TITLE => Some(No::WantsCode),
        UNPROVEN => {
            let order = Order::of(chain, chain.phase())?;
            if !order.to_take_back().is_empty() && order.names_tests() {
                // Those that stand wait for the code to go: more of them would be written for code that is there.
                return None;
            }
            let again = order.to_take_back().is_empty() && order.ran.as_ref().is_some_and(|ran| !tells(ran.status));
            Some(if again { No::RunsAgain } else { No::AsksAgain })
        }
        title if super::implementation::is_of_no_run(chain, title) => Some(No::RunsAgain),
        title if title == super::implementation::no_command_title(Check::Test.name()) => Some(No::RunsAgain),
        _ => None,
    }
}

/// A person does not go on without: the answer of this visit that brought none counts for nothing. Where nobody was asked for tests
/// in it, neither does the command line by which code was to come at once.
pub(crate) fn asks_again(runs: &mut Vec<Run>, phase: &str, visit: u32) {
    let here = |run: &Run| run.phase == phase && run.visit == visit;
    match last_run(runs, phase, visit, GENERATOR) {
        Some(last) => {
            runs.remove(last);
        }
        None => runs.retain(|run| !(here(run) && is_direct(&run.name))),
    }
}

/// Tests are not all that a person wants: the last answer about the code counts for nothing.
pub(crate) fn wants_code(runs: &mut Vec<Run>, phase: &str, visit: u32) {
    if let Some(last) = last_run(runs, phase, visit, AUTHOR) {
        runs.remove(last);
    }
}

fn last_run(runs: &[Run], phase: &str, visit: u32, name: &str) -> Option<usize> {
    runs.iter().rposition(|run| run.phase == phase && run.visit == visit && run.name == name && run.ok)
}

/// `/implement --mode direct`, in all its forms.
fn is_direct(line: &str) -> bool {
    line.starts_with('/') && line.split(|c: char| c.is_whitespace() || c == '=').any(|word| word == DIRECT)
}

/// Whether a draft is code that a no to a question of this module refuses.
pub(crate) fn refuses(chain: &Chain, proposal: &Proposal, draft: &Draft) -> bool {
    let drafted = draft.state == DraftState::New
        && !is_tests(draft)
        && (draft.phase.as_str(), draft.visit) == (chain.phase(), chain.visit());
    proposal.title == UNPROVEN && (drafted || is_waiting_code(chain, draft))
}

fn sets(chain: &Chain) -> impl Iterator<Item = Order> {
    let phases = chain.started().map(|started| started.methodology.phases.as_slice()).unwrap_or_default();
    phases.iter().filter(|phase| wants(phase)).flat_map(|phase| Order::all(chain, &phase.name))
}

/// A draft that changed tests after they failed before code, and that is in the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangedTests {
    /// `D1` …
    pub draft: String,
    /// Those of its files that had failed, by path.
    pub files: Vec<String>,
}

/// What changed tests after these failed before code, oldest first; nothing where only tests came and failed in turn.
pub fn tests_changed_since(chain: &Chain) -> Vec<ChangedTests> {
    let mut all: Vec<ChangedTests> = Vec::new();
    for changed in sets(chain).flat_map(|order| order.changed) {
        match all.iter_mut().find(|known| known.draft == changed.draft) {
            Some(known) => known.files.extend(changed.files),
            None => all.push(ChangedTests { draft: changed.draft, files: changed.files }),
        }
    }
    for ChangedTests { files, .. } in &mut all {
        files.sort();
        files.dedup();
    }
    all
}

/// Tests that a draft that waits would change, by path, and that failed before the code that is there or comes with it: that they
/// failed says nothing of what stands then.
pub fn failed_first(chain: &Chain, draft: &Draft) -> Vec<String> {
    let DraftState::Planned(plan) = &draft.state else { return Vec::new() };
    let paths = || plan.files.iter().map(|file| &file.path);
    // Tests alone fail once more before code comes.
    let with_code = |order: &Order| order.is_coded() || !(is_tests(draft) || order.are_its_tests(paths()));
    let sets: Vec<Order> = sets(chain).filter(|order| order.failed && with_code(order)).collect();
    let changed = plan.files.iter().filter(|file| sets.iter().any(|order| order.is_changed_in(file)));
    changed.map(|file| file.path.clone()).collect()
}

/// Whether tests are all that was written, and a person said that they are all that is wanted.
pub fn tests_alone_are_wanted(chain: &Chain) -> bool {
    let phases = chain.started().map(|started| started.methodology.phases.as_slice()).unwrap_or_default();
    phases.iter().filter(|phase| wants(phase)).any(|phase| alone::is_said(chain, &phase.name))
}

/// Whether code is in the files that no new test was seen to fail for before it was there, or tests are all that is wanted and none of
/// them was.
pub fn no_test_failed_first(chain: &Chain) -> bool {
    let alone = tests_alone_are_wanted(chain);
    sets(chain).any(|order| order.is_bare() || alone && !order.failed)
}
