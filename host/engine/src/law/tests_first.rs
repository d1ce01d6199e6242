//! Tests come before code, and fail before it. What a model calls tests may be none, and what it says of them is its word: only
//! a run that fails before there is any code shows that they ask for something. Where none did, a person decides.
//!
//! What is read here is what was written and what ran, in their order: no label of a reply decides that tests are enough.

use crate::{Body, Chain, Check, Draft, DraftState, EffectId, Outcome, Phase, Proposal, Request, Run, Verdict, chain};

/// Writes the tests.
const GENERATOR: &str = "test_generator";
/// Writes code for them.
const AUTHOR: &str = "tdd_flow_controller";
/// What its documents are called that bring tests.
const KIND: &str = "tests";
/// What a person is asked where no tests were brought.
const TITLE: &str = "Go on without new tests?";
/// What a person is asked where none failed before the code.
const UNPROVEN: &str = "Go on although no new test failed?";
/// Characters of what the model says about it that a person sees.
const SAID: usize = 2_000;
/// Files of tests that a person is told of by name.
const FILES: usize = 10;

/// The phase gathers test runs and has tests written: here they come first.
fn wants(phase: &Phase) -> bool {
    phase.gate.evidence.iter().any(|check| check == Check::Test.name())
        && phase.prompts.iter().any(|name| name == GENERATOR)
}

fn is_tests(draft: &Draft) -> bool {
    draft.prompt == GENERATOR && draft.kind == KIND
}

/// Whether what a run ended with tells of the tests: not where a shell did not find the command, or nothing ended by itself.
fn tells(status: Option<i32>) -> bool {
    !matches!(status, None | Some(126 | 127))
}

/// What became of one set of tests and of the code for it.
#[derive(Default)]
struct Order {
    /// A run failed between them.
    failed: bool,
    /// A person goes on without.
    waived: bool,
    /// Tests are in the files, and no code came after them.
    tests: bool,
    /// Code is in the files.
    coded: bool,
    /// The command of the last run before any code, and what it ended with.
    ran: Option<(String, Option<i32>)>,
    /// Files of the tests.
    files: Vec<String>,
}

impl Order {
    fn of(chain: &Chain, phase: &str) -> Option<Self> {
        let (visit, from) = since(chain, phase)?;
        let draft = |id: &str| chain.drafts().iter().find(|draft| draft.id == id && draft.phase == phase);
        let mut order = Self::default();
        for (_, effect) in chain.effects().filter(|(id, _)| *id >= from) {
            match (&effect.request, effect.outcome()) {
                (Request::Write { draft: id, .. }, Some(Outcome::Written { .. })) => {
                    let Some(draft) = draft(id) else { continue };
                    // What was taken back is neither.
                    let DraftState::Written(written) = &draft.state else { continue };
                    order.tests = is_tests(draft);
                    order.coded |= !order.tests;
                    if order.tests {
                        order.files.extend(written.files.iter().map(|file| file.path.clone()));
                    }
                }
                // What the others show was shown together with these.
                (Request::Undo { draft: id, .. }, Some(Outcome::Done)) if draft(id).is_some_and(is_tests) => {
                    (order.failed, order.waived) = (false, false);
                }
                (Request::Check { check: Check::Test, command }, Some(Outcome::Checked { status, .. })) => {
                    order.failed |= order.tests && tells(*status) && *status != Some(0);
                    if !order.coded {
                        order.ran = Some((command.clone(), *status));
                    }
                }
                (Request::Approve { proposal }, Some(Outcome::Judged { verdict: Verdict::Approved, .. })) => {
                    order.waived |= waives(chain, phase, visit, proposal);
                }
                _ => {}
            }
        }
        Some(order)
    }

    /// What a person is told of it.
    fn said(&self) -> String {
        let what = match &self.ran {
            None => "No test ran before any code was written.".to_owned(),
            Some((command, Some(0))) => format!(
                "`{command}` ran before any code was written, and passed (exit status 0): what passes without the code does not \
                 show that the code does anything."
            ),
            Some((command, Some(status @ (126 | 127)))) => {
                let why = if *status == 127 { "was not found" } else { "may not be run" };
                format!(
                    "`{command}` did not run (exit status {status}: it, or a program that it needs, {why}), so no test was seen to \
                     fail before any code was written."
                )
            }
            Some((command, None)) => {
                format!("`{command}` did not run to its end, so no test was seen to fail before any code was written.")
            }
            Some((command, Some(status))) => format!(
                "`{command}` failed (exit status {status}), but not between new tests and the first code, so it does not show that \
                 they ask for it."
            ),
        };
        let more = self.files.len().saturating_sub(FILES);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let files: Vec<String> = self.files.iter().take(FILES).map(|path| format!("`{path}`")).collect();
        match files.as_slice() {
            [] => format!("{what} No new tests are in the files."),
            files => format!("{what} What was written as tests: {}{more}.", files.join(", ")),
        }
    }
}

/// Where one set of tests begins: the last visit of a phase, or the one before from which a later phase led back to it, because
/// what is written then is about the same tests. And the first effect of it.
fn since(chain: &Chain, phase: &str) -> Option<(u32, EffectId)> {
    let phases = chain.started()?.methodology.phases.as_slice();
    let place = |name: &str| phases.iter().position(|known| known.name == name);
    let visits = chain.visits();
    let mut at = visits.iter().rposition(|visit| visit.phase == phase)?;
    while at > 0
        && place(&visits[at - 1].phase) > place(phase)
        && let Some(before) = visits[..at].iter().rposition(|visit| visit.phase == phase)
    {
        at = before;
    }
    Some((visits[at].visit, visits[at].first_effect))
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
    let vain = |draft: &Draft| !matches!(draft.state, DraftState::Written(_) | DraftState::Undone);
    // Where tests of an earlier visit stand in the files, what was brought in vain may be these once more.
    let stand = |draft: &Draft| {
        is_tests(draft) && draft.phase == chain.phase() && matches!(draft.state, DraftState::Written(_))
    };
    let stands = chain.drafts().iter().any(stand);
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

/// What a person is asked before code is written that no new test failed for; nothing where one did, or they go on without.
fn unproven(chain: &Chain) -> Option<(Order, Proposal)> {
    chain.phase_definition().filter(|phase| wants(phase))?;
    let order = Order::of(chain, chain.phase()).filter(|order| !order.failed && !order.waived)?;
    let no = if order.coded {
        "keeps the phase from being left: take back what was written (`certus undo`), and tests are written first"
    } else if order.ran.as_ref().is_some_and(|(_, status)| !tells(*status)) {
        "has it run again, once you have put right what it needs"
    } else {
        "has tests asked for again, with your reason"
    };
    let body = format!(
        "Tests come before code, and should fail until the code is there. {}\n\nA yes (`certus approve`) goes on, and the report says \
         that no new test failed first. A no (`certus reject --why \"…\"`) {no}.",
        order.said()
    );
    let proposal = Proposal { kind: chain::WAIVER.to_owned(), title: UNPROVEN.to_owned(), body };
    Some((order, proposal))
}

/// What is asked before a model is paid for code.
pub(super) fn before_prompts<'p>(chain: &Chain, mut names: impl Iterator<Item = &'p str>) -> Option<Proposal> {
    names.any(|name| name == AUTHOR).then(|| unproven(chain))?.map(|(_, proposal)| proposal)
}

/// What is asked before a draft is put before a person.
pub(super) fn before_draft(chain: &Chain, draft: &Draft) -> Option<Proposal> {
    (!is_tests(draft)).then(|| unproven(chain))?.map(|(_, proposal)| proposal)
}

/// What is asked without anybody naming an action: code waits to be shown or written, or the phase could be left with it.
pub(super) fn before_code(chain: &Chain) -> Option<Proposal> {
    let (order, proposal) = unproven(chain)?;
    let leaves = || order.coded && chain.lacks().is_empty() && !chain.was_asked_since(&proposal, chain.last_write());
    (chain.drafts().iter().any(|draft| is_waiting_code(chain, draft)) || leaves()).then_some(proposal)
}

/// Whether the phase must not be left forwards: code is written, no new test failed before it, and nobody goes on without.
pub(super) fn keeps(chain: &Chain) -> bool {
    unproven(chain).is_some_and(|(order, _)| order.coded)
}

fn is_waiting_code(chain: &Chain, draft: &Draft) -> bool {
    let waits = matches!(draft.state, DraftState::Amended | DraftState::Planned(_) | DraftState::Approved(_));
    waits && !is_tests(draft) && draft.phase == chain.phase()
}

/// Tests were taken back: the code that waits for a verdict was written for them, and does not go through.
pub(super) fn after_undo(chain: &Chain, undone: &Draft) -> Vec<Body> {
    if !is_tests(undone) || unproven(chain).is_none() {
        return Vec::new();
    }
    let why = format!("{}, the tests that came before it, was taken back", undone.id);
    let open = chain.open_effects().filter_map(|(effect, open)| match &open.request {
        Request::ApproveEdits { draft, plan } => {
            chain.drafts().iter().find(|known| known.id == *draft && is_waiting_code(chain, known))?;
            let verdict = Verdict::Rejected(why.clone());
            let outcome = Outcome::Judged { verdict, digest: plan.digest, by: None, grant: None };
            Some(Body::Outcome { effect, outcome, elapsed_ms: 0 })
        }
        _ => None,
    });
    open.collect()
}

/// What a no to a question of this module makes of a chain.
pub(crate) enum No {
    /// What the generator answered last counts for nothing: it is asked again.
    AsksAgain,
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
        UNPROVEN => {
            let order = Order::of(chain, chain.phase())?;
            let again = !order.coded && order.ran.is_some_and(|(_, status)| !tells(status));
            Some(if again { No::RunsAgain } else { No::AsksAgain })
        }
        title if title == super::implementation::no_command_title(Check::Test.name()) => Some(No::RunsAgain),
        _ => None,
    }
}

/// A person does not go on without: the answer that brought none counts for nothing.
pub(crate) fn asks_again(runs: &mut Vec<Run>) {
    if let Some(last) = runs.iter().rposition(|run| run.name == GENERATOR && run.ok) {
        runs.remove(last);
    }
}

/// Whether a draft is code that a no to a question of this module refuses.
pub(crate) fn refuses(chain: &Chain, proposal: &Proposal, draft: &Draft) -> bool {
    proposal.title == UNPROVEN && is_waiting_code(chain, draft)
}

/// Whether code is in the files that no new test was seen to fail for before it was there.
pub fn no_test_failed_first(chain: &Chain) -> bool {
    let phases = chain.started().map(|started| started.methodology.phases.as_slice()).unwrap_or_default();
    let orders = phases.iter().filter(|phase| wants(phase)).filter_map(|phase| Order::of(chain, &phase.name));
    orders.into_iter().any(|order| order.coded && !order.failed)
}
