//! Tests come before code. Where the model that should write them says that none are needed, that is its word, and a person
//! decides: a yes goes on without, a no has it asked for them again.

use crate::{Chain, Outcome, Proposal, Request, Run, Verdict, chain};

/// Writes the tests.
const GENERATOR: &str = "test_generator";
/// What its documents are called that bring tests.
const KIND: &str = "tests";
/// What a person is asked.
const TITLE: &str = "Go on without new tests?";
/// Characters of what the model says about it that a person sees.
const SAID: usize = 2_000;

/// What a person is asked after an answer that brought no tests, where the gate of the phase wants them passed.
pub(super) fn none_written(chain: &Chain) -> Option<Proposal> {
    let wanted = chain.phase_definition()?.gate.evidence.iter().any(|check| check == "test");
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
    // Where the tests that it did bring were not written, code does not come before them anyway.
    let of_visit =
        |draft: &&crate::Draft| draft.prompt == GENERATOR && draft.kind == KIND && here(&draft.phase, draft.visit);
    let vain = chain.drafts().iter().rfind(of_visit).is_some_and(|draft| draft.state.name() != "written");
    let said = said.filter(|_| !vain)?;
    let said: String = said.trim().chars().take(SAID).collect();
    let said = if said.is_empty() { "It does not say why.".to_owned() } else { format!("It says:\n\n{said}") };
    let body = format!(
        "Tests come before code, and {GENERATOR} brought none. {said}\n\nA yes (`certus approve`) goes on without. A no (`certus \
         reject --why \"…\"`) has it asked for tests again, with your reason."
    );
    let proposal = Proposal { kind: chain::WAIVER.to_owned(), title: TITLE.to_owned(), body };
    (!chain.was_asked_since(&proposal, settled)).then_some(proposal)
}

/// A person does not go on without: the answer that brought none counts for nothing.
pub(crate) fn asks_again(proposal: &Proposal, verdict: &Verdict, runs: &mut Vec<Run>) {
    let refused = proposal.kind == chain::WAIVER && proposal.title == TITLE && *verdict != Verdict::Approved;
    if refused && let Some(last) = runs.iter().rposition(|run| run.name == GENERATOR && run.ok) {
        runs.remove(last);
    }
}
