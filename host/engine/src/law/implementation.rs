//! The law of edits and checks: nothing is written that a person did not approve exactly so, and nothing of the project's
//! is run that a person did not let run.

use super::{Judged, Law, Ruling, perform, refuse};
use crate::{
    Body, Chain, Check, Draft, DraftState, EffectId, ErrorCode, Evidence, Lack, Outcome, Phase, Proposal, Request,
    Verdict, chain,
};

/// Judge the wish to put a draft before the person.
pub(super) fn propose_edits(chain: &Chain, id: &str) -> Judged {
    let last = chain.proposals().iter().rfind(|status| status.proposal.kind == "solution");
    if !last.is_some_and(|status| status.verdict == Some(Verdict::Approved)) {
        return refuse(Law::NoWriteWithoutApproval, "no approved solution allows edits");
    }
    let Some(draft) = chain.drafts().iter().find(|draft| draft.id == id) else {
        return refuse(Law::UnknownDraft, format!("there is no draft `{id}`"));
    };
    match &draft.state {
        DraftState::New => match super::tests_first::before_draft(chain, draft)? {
            Some(proposal) => Ok(asks(chain, proposal)),
            None => perform(Request::Plan { draft: id.to_owned() }),
        },
        state => refuse(Law::UnknownDraft, format!("{id} is {}", state.name())),
    }
}

/// Judge the wish to run one of the project's own checks. The first time, a person is asked whether its command may run.
pub(super) fn run_check(chain: &Chain, check: Check) -> Judged {
    let Some(command) = chain.project().commands.get(check.name()) else {
        return refuse(Law::UnknownCommand, format!("the project has no {} command that is known", check.name()));
    };
    match word(chain, check, command) {
        Word::Allowed => perform(Request::Check { check, command: command.clone() }),
        Word::Asks(proposal) => {
            super::one_line(&proposal.title).map_err(|detail| super::refusal(Law::CommandNotAllowed, detail))?;
            perform(Request::Approve { proposal })
        }
        Word::Refused(detail) => refuse(Law::CommandNotAllowed, detail),
    }
}

/// What a person said of a check's command.
enum Word {
    /// It may run.
    Allowed,
    /// They are asked this.
    Asks(Proposal),
    /// It may not run in this visit, and why.
    Refused(String),
}

fn word(chain: &Chain, check: Check, command: &str) -> Word {
    if chain.allows_command(command) {
        return Word::Allowed;
    }
    let changed = match (chain.what_changed(), chain.changed_what_runs()) {
        ("", false) => String::new(),
        ("", true) => "Files that say what it does were changed in this chain: look at them first. ".to_owned(),
        (diff, _) => {
            format!(
                "Files that say what it does were changed in this chain: look at them first.\n\n```diff\n{diff}\n```\n\n"
            )
        }
    };
    let proposal = Proposal {
        kind: chain::COMMAND.to_owned(),
        title: command.to_owned(),
        body: format!(
            "{changed}It is the project's own command for its {}{}. It runs in the project's folder with your rights, without your keys, \
             with a limit of time, as often as this chain needs it.",
            check.name(),
            script(chain, check)
        ),
    };
    let without = without_title(command);
    let waives = |one: &Proposal| one.kind == chain::WAIVER && one.title == without;
    // Another visit may ask again.
    let last = chain
        .proposals_of_visit()
        .filter(|status| status.withdrawn.is_none())
        .rfind(|status| status.digest == proposal.digest() || waives(&status.proposal))
        .and_then(|status| Some((waives(&status.proposal), status.verdict.as_ref()?)));
    let needed =
        chain.phase_definition().is_some_and(|phase| phase.gate.evidence.iter().any(|one| one == check.name()));
    match last {
        // Without this check the chain cannot be completed: a no to it is no end yet.
        Some((false, Verdict::Rejected(why) | Verdict::MoreInfo(why))) if needed => {
            Word::Asks(goes_without(command, &without, why))
        }
        Some((false, Verdict::Rejected(why) | Verdict::MoreInfo(why))) => {
            Word::Refused(format!("a person did not let `{command}` run: {why}"))
        }
        Some((true, Verdict::Approved)) => Word::Refused(format!("a person goes on without `{command}`")),
        _ => Word::Asks(proposal),
    }
}

/// The project's checks that can be named: a person did not say no to them in this visit. What could only be refused is not there
/// for a controller, whether it ran before or not.
pub(crate) fn nameable(chain: &Chain) -> Vec<String> {
    let refused = |check: &Check, command: &str| matches!(word(chain, *check, command), Word::Refused(_));
    let known = |name: &String| [Check::Test, Check::Lint, Check::Build].into_iter().find(|check| check.name() == name);
    let commands = chain.project().commands.iter();
    let left = commands.filter(|(name, command)| !known(name).is_some_and(|check| refused(&check, command)));
    left.map(|(name, _)| name.clone()).collect()
}

/// What a person is asked who did not let a command run that the gate wants.
pub(super) fn without_title(command: &str) -> String {
    format!("Go on without `{command}`?")
}

/// What a person is asked where the project has no command for a check that the gate wants.
pub(super) fn no_command_title(check: &str) -> String {
    format!("Go on without a {check} command?")
}

/// What a person is asked before anything is paid for in a phase whose gate wants a check that the project, as it was read, has no
/// command for.
fn no_command(chain: &Chain) -> Option<Proposal> {
    let read = |(_, effect): (_, &crate::Effect)| {
        (effect.request == Request::ReadProject && effect.outcome().is_some()).then_some(effect.settled)
    };
    let read = chain.effects().rev().find_map(read)?;
    let wanted = &chain.phase_definition()?.gate.evidence;
    let check = wanted.iter().find(|check| !chain.project().commands.contains_key(*check))?;
    let body = format!(
        "No {check} command of this project is known, and nothing else shows that the change works.\n\nA yes (`certus approve`) goes \
         on without: code is written, nothing runs it, and the chain cannot be completed. Else add one first, such as \
         `\"scripts\": {{\"{check}\": \"…\"}}` in package.json, and say no (`certus reject --why \"added\"`): the project is read again."
    );
    let proposal = Proposal { kind: chain::WAIVER.to_owned(), title: no_command_title(check), body };
    // A yes holds for the visit; after a no the project is read again, and this is asked again where nothing was added.
    let goes_on = |status: &crate::ProposalStatus| {
        status.proposal.title == proposal.title
            && status.proposal.kind == proposal.kind
            && status.verdict == Some(Verdict::Approved)
    };
    let asked = chain.was_asked_since(&proposal, read) || chain.proposals_of_visit().any(goes_on);
    (!asked).then_some(proposal)
}

/// What the project's manifest said that the command does, where it names a script: `npm test` says nothing by itself. Where the
/// manifest changed since, nothing: what was read is not what would run, and the change itself is shown.
fn script(chain: &Chain, check: Check) -> String {
    /// Characters of a script that are shown.
    const MOST: usize = 200;
    if chain.changed_what_runs() || !chain.what_changed().is_empty() {
        return String::new();
    }
    let Some(found) = chain.script(check) else { return String::new() };
    let Some(place) = &found.evidence else { return String::new() };
    let plain = |letter: char| if letter.is_control() || letter == '`' { ' ' } else { letter };
    let mut text: String = found.value.chars().take(MOST).map(plain).collect();
    if found.value.chars().count() > MOST {
        text.push('…');
    }
    format!(", which was `{text}` when the project was read ({}:{})", place.path, place.line)
}

/// What a person is asked who did not let the check run that their chain cannot be completed without.
fn goes_without(command: &str, title: &str, why: &str) -> Proposal {
    let body = format!(
        "You did not let it run: {why}\n\n\
         Nothing else shows that the change works. A yes (`certus approve`) goes on without it: what is written is not tested, and \
         the chain cannot be completed. A no (`certus reject --why \"…\"`) asks you again whether `{command}` may run."
    );
    Proposal { kind: chain::WAIVER.to_owned(), title: title.to_owned(), body }
}

/// What a person is asked where nothing but a failed check that the gate does not name keeps it shut: the project may have
/// failed it before, and only a person can know.
fn waiver(chain: &Chain) -> Option<Proposal> {
    let lacks = chain.lacks();
    let named = &chain.phase_definition()?.gate.evidence;
    let only_such = |lack: &Lack| matches!(lack, Lack::Evidence { check } if !named.contains(check));
    if lacks.is_empty() || !lacks.iter().all(only_such) {
        return None;
    }
    let evidence =
        chain.evidence_of_visit().find(|one| one.failed() && !named.contains(&one.check) && !chain.waives(one))?;
    let proposal = waiver_of(evidence);
    let asked = |status: &crate::ProposalStatus| status.proposal == proposal && status.withdrawn.is_none();
    if chain.proposals_of_visit().any(asked) {
        return None;
    }
    Some(proposal)
}

/// Bytes of a failed check's output that a person sees with the question.
const WAIVER_TAIL: usize = 2_000;

/// What a person is asked of a failed check: of how it failed, and no other time.
pub(crate) fn waiver_of(evidence: &crate::Evidence) -> Proposal {
    let tail = evidence.tail.as_str();
    let shown = &tail[tail.ceil_char_boundary(tail.len().saturating_sub(WAIVER_TAIL))..];
    // What stands above is part of what is passed over.
    let of = if shown.len() < tail.len() { format!(" (of output {})", crate::Digest::of(tail)) } else { String::new() };
    let body = format!("Everything else that this phase wants is there. Its last lines{of}:\n\n{shown}");
    let title = format!("Go on although `{}` fails?", evidence.command);
    Proposal { kind: chain::WAIVER.to_owned(), title, body }
}

/// What a person is asked of a check that the gate wants and that did not run, or not to its end: whatever is not there, a model
/// cannot install it. Before there is code, that is asked by [`super::tests_first`] where it stands in the way.
fn no_run(chain: &Chain) -> Option<Proposal> {
    let (evidence, proposal) = of_no_run(chain).filter(|_| super::tests_first::is_past_tests(chain))?;
    (!chain.was_asked_since(&proposal, evidence.seq)).then_some(proposal)
}

/// Whether a run of this command ended by itself in this chain: then a limit is enough for it, and code may be why it was not.
fn ended_by_itself(chain: &Chain, command: &str) -> bool {
    chain.evidence().iter().any(|one| one.command == command && !matches!(one.status, None | Some(126 | 127)))
}

fn of_no_run(chain: &Chain) -> Option<(&Evidence, Proposal)> {
    let named = &chain.phase_definition()?.gate.evidence;
    let not_found = |one: &Evidence| !one.passed() && !one.failed();
    let limited = |one: &Evidence| one.limit.is_some() && !ended_by_itself(chain, &one.command);
    let no_run = |one: &&Evidence| named.contains(&one.check) && (not_found(one) || limited(one));
    let evidence = chain.evidence_of_visit().find(no_run)?;
    let (command, status) = (&evidence.command, evidence.status.unwrap_or_default());
    let (title, why) = match (evidence.limit, status) {
        (Some(limit), _) => {
            let raise = limit.raise();
            let why = format!(
                "It was ended {limit}, and never ended by itself in this chain, so nothing shows whether the change works. See \
                 why first: {raise}. Then say no (`certus reject --why \"it may take longer now\"`): it runs again."
            );
            (format!("Go on although `{command}` did not end?"), why)
        }
        (None, status) => {
            let why = if status == 127 { "was not found" } else { "may not be run" };
            let why = format!(
                "It, or a program that it needs, {why} (exit status {status}), so nothing shows whether the change works. Put that \
                 right first, such as by installing what is missing, and say no (`certus reject --why \"it is there now\"`): it runs \
                 again."
            );
            (format!("Go on although `{command}` did not run?"), why)
        }
    };
    let tail = evidence.tail.as_str();
    let shown = &tail[tail.ceil_char_boundary(tail.len().saturating_sub(WAIVER_TAIL))..];
    let body = format!(
        "{why} A yes (`certus approve`) takes it for a failed check, which a model is asked to mend.\n\nIts last lines:\n\n{shown}"
    );
    Some((evidence, Proposal { kind: chain::WAIVER.to_owned(), title, body }))
}

/// Whether this is what a person is asked of the check that did not run.
pub(super) fn is_of_no_run(chain: &Chain, title: &str) -> bool {
    of_no_run(chain).is_some_and(|(_, proposal)| proposal.title == title)
}

/// What only a person may pass over.
fn asked_of_a_person(chain: &Chain) -> Option<Proposal> {
    use super::{present, tests_first as tests};
    let asks = [
        no_command,
        tests::none_written,
        tests::before_code,
        tests::unrun,
        tests::tests_alone,
        no_run,
        present::restless,
        waiver,
    ];
    asks.iter().find_map(|asks| asks(chain))
}

/// A person is asked, once what can show that it need not be asked was run.
fn asks(chain: &Chain, proposal: Proposal) -> Ruling {
    let first = super::tests_first::run_first(chain, &proposal).then(|| run_check(chain, Check::Test).ok()).flatten();
    first.unwrap_or_else(|| Ruling { record: Vec::new(), requests: vec![Request::Approve { proposal }] })
}

/// What follows of itself from what a person said, before anybody else is asked: planned edits are shown, amended ones
/// planned anew, approved ones written.
pub fn due(chain: &Chain) -> Ruling {
    if let Some(proposal) = asked_of_a_person(chain) {
        return asks(chain, proposal);
    }
    let request = chain.drafts().iter().find_map(|draft| match &draft.state {
        DraftState::Amended => Some(Request::Plan { draft: draft.id.clone() }),
        DraftState::Planned(plan) => Some(Request::ApproveEdits { draft: draft.id.clone(), plan: plan.clone() }),
        DraftState::Approved(plan) => Some(Request::Write { draft: draft.id.clone(), plan: plan.digest }),
        _ => None,
    });
    Ruling { record: Vec::new(), requests: request.into_iter().collect() }
}

/// What becomes of a chain that somebody else recorded, or this person in another place: a repository can bring one along.
/// Nothing runs, writes or spends because it says that a person allowed it, and nothing is built on what it says that was run,
/// read or shown: all of that happens here, and its gates are those of its methodology as it is installed, where that is known.
/// Empty where there is nothing to lose.
pub fn take_over(chain: &Chain, installed: Option<&[Phase]>) -> Vec<Body> {
    let acts = |request: &Request| match request {
        Request::Check { .. } | Request::Write { .. } | Request::Undo { .. } | Request::Sample { .. } => true,
        // What waits for a person is shown as it is made here.
        Request::ApproveEdits { .. } => true,
        Request::Approve { proposal } => chain::is_the_laws(proposal),
        _ => false,
    };
    let open = chain.effects().filter(|(_, effect)| effect.is_open());
    let begun: Vec<EffectId> = open.filter(|(_, effect)| acts(&effect.request)).map(|(id, _)| id).collect();
    let own = chain.started().map(|started| started.methodology.phases.as_slice());
    let phases = installed.filter(|phases| own.is_some_and(|own| own != *phases)).unwrap_or_default().to_vec();
    if begun.is_empty() && phases.is_empty() && !chain.rests_on_the_past() {
        return Vec::new();
    }
    let ended = begun.into_iter().map(|effect| {
        let message = "it was begun by somebody else, or in another place".to_owned();
        Body::Outcome { effect, outcome: Outcome::Failed { code: ErrorCode::Cancelled, message }, elapsed_ms: 0 }
    });
    std::iter::once(Body::TakenOver { phases }).chain(ended).collect()
}

/// What becomes of a chain when a draft was taken back. One that was complete is open again, in the phase that wrote the draft,
/// because nothing shows any more that it is done; of one that goes on, code that waits for a verdict on tests that are gone is
/// refused.
pub fn after_undo(chain: &Chain, id: &str) -> Vec<Body> {
    let draft = chain.drafts().iter().find(|draft| draft.id == id && draft.state == DraftState::Undone);
    match (chain.ended(), draft) {
        (None, Some(draft)) => super::tests_first::after_undo(chain, draft),
        (Some(ended), Some(draft)) if ended.success => {
            let (phase, visit) = (draft.phase.clone(), chain.visits_of(&draft.phase) + 1);
            vec![Body::Reopened, Body::PhaseEntered { phase, visit, why: format!("{id} was taken back") }]
        }
        _ => Vec::new(),
    }
}

/// Whether both are in the files, and in one of these together.
fn shares(one: &Draft, other: &Draft) -> bool {
    match (&one.state, &other.state) {
        (DraftState::Written(one), DraftState::Written(other)) => {
            other.files.iter().any(|file| one.files.iter().any(|mine| mine.path == file.path))
        }
        _ => false,
    }
}

/// The drafts that are taken back, in this order, so that these are: whatever stands on them goes first.
pub fn undo_order<'c>(chain: &'c Chain, ids: &[&str]) -> Vec<&'c str> {
    let mut taken: Vec<&Draft> = Vec::new();
    for draft in chain.drafts() {
        if ids.contains(&draft.id.as_str()) || taken.iter().any(|one| shares(one, draft)) {
            taken.push(draft);
        }
    }
    taken.iter().rev().map(|draft| draft.id.as_str()).collect()
}

/// Judge a person's wish to take the last written draft back, or this one.
///
/// # Errors
/// There is none, or a later one stands on it.
pub fn judge_undo(chain: &Chain, id: Option<&str>) -> Judged {
    let written = |state: &DraftState| matches!(state, DraftState::Written(_));
    let drafts = chain.drafts();
    let found = match id {
        Some(id) => drafts.iter().position(|draft| draft.id == id && written(&draft.state)),
        None => drafts.iter().rposition(|draft| written(&draft.state)),
    };
    let Some(at) = found else {
        return refuse(Law::UnknownDraft, "there is nothing written that could be taken back");
    };
    let DraftState::Written(this) = &drafts[at].state else {
        return refuse(Law::UnknownDraft, "there is nothing written that could be taken back");
    };
    if let Some(later) = drafts[at + 1..].iter().find(|later| shares(&drafts[at], later)) {
        let detail = format!("{} changed the same files later: take it back first", later.id);
        return refuse(Law::UnknownDraft, detail);
    }
    perform(Request::Undo { draft: drafts[at].id.clone(), undo: this.undo })
}
