//! Tests alone are no implementation: where the code was refused, could not be written, or never came, a person says whether the
//! tests are all that is wanted.

use std::collections::BTreeSet;

use super::{AUTHOR, SAID, is_tests, wants};
use crate::paths::{decides, is_test, of_tests, says_what_runs};
use crate::{Chain, Check, Draft, DraftState, Outcome, Proposal, ProposalStatus, Request, chain};

/// What a person is asked where tests passed and there is no code.
pub(super) const TITLE: &str = "Go on with tests alone?";

fn stands(draft: &Draft) -> bool {
    matches!(draft.state, DraftState::Written(_) | DraftState::Unchanged(_))
}

/// Drafts of tests that stand in the files, of a phase of which no code does; nothing where code stands or waits, or no tests do.
fn alone<'c>(chain: &'c Chain, phase: &str) -> Vec<&'c Draft> {
    let of_phase = || chain.drafts().iter().filter(|draft| draft.phase == phase);
    let over =
        |draft: &Draft| matches!(draft.state, DraftState::Refused(_) | DraftState::Undone | DraftState::Failed { .. });
    let written = |draft: &'c Draft| -> Vec<&'c String> {
        match &draft.state {
            DraftState::Written(written) => written.files.iter().map(|file| &file.path).collect(),
            DraftState::Unchanged(paths) => paths.iter().collect(),
            _ => Vec::new(),
        }
    };
    let came: Vec<&String> = of_phase().filter(|draft| is_tests(draft)).flat_map(written).collect();
    let tests: BTreeSet<&String> = of_tests(came.into_iter()).collect();
    // Whoever changes nothing but tests brings no code, whatever it is called; and tests may come with code.
    let brings_tests = |draft: &&'c Draft| {
        let paths = written(draft);
        // What says how tests run comes with them.
        let comes_with_tests = |path: &String| is_tests(draft) && (decides(path) || says_what_runs(path));
        let is_one = |path: &String| tests.contains(path) && (is_tests(draft) || is_test(path));
        let only = |path: &&String| is_one(path) || comes_with_tests(path);
        (is_tests(draft) || !paths.is_empty()) && paths.iter().all(only)
    };
    if of_phase().any(|draft| !over(draft) && !brings_tests(&draft)) {
        return Vec::new();
    }
    of_phase().filter(brings_tests).filter(|draft| stands(draft)).collect()
}

/// A person goes on with these tests alone.
fn is_waived(chain: &Chain, phase: &str, tests: &[&Draft]) -> bool {
    let visit = tests.iter().map(|draft| draft.visit).max().unwrap_or_default();
    let of_them = |status: &ProposalStatus| status.phase == phase && status.visit >= visit;
    chain.waivers().any(|status| status.proposal.title == TITLE && of_them(status))
}

/// The phase has nothing to leave with but tests.
pub(super) fn keeps(chain: &Chain) -> bool {
    let wanted = chain.phase_definition().is_some_and(wants);
    let tests = alone(chain, chain.phase());
    wanted && !tests.is_empty() && !is_waived(chain, chain.phase(), &tests)
}

/// What a person is asked where whoever writes the code was asked for it, and the tests pass without, or the phase could be left so.
pub(in crate::law) fn tests_alone(chain: &Chain) -> Option<Proposal> {
    if !keeps(chain) {
        return None;
    }
    let here = |phase: &str, visit| phase == chain.phase() && visit == chain.visit();
    let answered = |(_, effect): (_, &crate::Effect)| match (&effect.request, effect.outcome()) {
        (Request::Prompt { name, .. }, Some(Outcome::Replied { reply, .. }))
            if name == AUTHOR && here(&effect.phase, effect.visit) =>
        {
            let brings = reply.artifacts.iter().any(|one| !one.edits.is_empty());
            Some((effect.settled, (!brings).then(|| reply.notes.clone())))
        }
        _ => None,
    };
    let last = chain.effects().rev().find_map(answered);
    let passed = chain.evidence_of_visit().filter(|one| one.check == Check::Test.name()).last()?.status == Some(0);
    let (since, said) = match last {
        Some((settled, Some(said))) if passed => (settled, Some(said)),
        Some(_) if chain.lacks().is_empty() => (chain.last_write(), None),
        _ => return None,
    };
    let said = said.map(|said| said.trim().chars().take(SAID).collect::<String>()).filter(|said| !said.is_empty());
    let said = said.map(|said| format!(" {AUTHOR} says:\n\n{said}")).unwrap_or_default();
    let tests = alone(chain, chain.phase());
    let tests: Vec<&str> = tests.iter().map(|draft| draft.id.as_str()).collect();
    let code = chain.drafts().iter().rfind(|draft| here(&draft.phase, draft.visit) && !is_tests(draft));
    let code = code.and_then(|draft| Some((&draft.id, what_became(&draft.state)?)));
    let code = code.map(|(id, became)| format!(" {id} {became}.")).unwrap_or_default();
    let body = format!(
        "This chain wrote tests ({}) and no code.{code}{said}\n\nA yes (`certus approve`) goes on with the tests as all that is wanted, and \
         the report says so. A no (`certus reject --why \"…\"`) has {AUTHOR} asked for the code again, with your reason.",
        tests.join(", ")
    );
    let proposal = Proposal { kind: chain::WAIVER.to_owned(), title: TITLE.to_owned(), body };
    (!chain.was_asked_since(&proposal, since)).then_some(proposal)
}

/// Why a draft is not in the files.
fn what_became(state: &DraftState) -> Option<String> {
    match state {
        DraftState::Refused(why) => Some(format!("was refused: {}", why.trim_end_matches('.'))),
        DraftState::Failed { message, .. } => Some(format!("could not be written: {}", message.trim_end_matches('.'))),
        DraftState::Undone => Some("was taken back".to_owned()),
        _ => None,
    }
}

/// Whether tests are all that was written, and a person said that they are all that is wanted.
pub(super) fn is_said(chain: &Chain, phase: &str) -> bool {
    let tests = alone(chain, phase);
    !tests.is_empty() && is_waived(chain, phase, &tests)
}
