//! The view as a controller's call sends it: borrowed from the engine's view, so that the call that happens at every step
//! copies a chain's texts once, into the guest's memory.
//!
//! The types repeat the contract's records by hand; wasmtime compares them with the component's at every call, and a test
//! with ours.

use std::collections::BTreeMap;

use certus_engine as engine;
use wasmtime::component::{ComponentType, Lower};

use super::{types, views};

/// Facts that a guest is shown at most: a call copies each into its memory.
const FACTS: usize = 1_000;

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct View<'a> {
    chain: &'a str,
    goal: &'a str,
    phases: Vec<Phase<'a>>,
    phase: &'a str,
    visit: u32,
    lacks: Vec<Lack<'a>>,
    overall: f64,
    scores: Vec<Score<'a>>,
    facts: Vec<Fact<'a>>,
    uncertainties: Vec<Uncertainty<'a>>,
    questions: Vec<QuestionStatus<'a>>,
    decisions: Vec<Decision<'a>>,
    proposals: Vec<ProposalStatus<'a>>,
    runs: Vec<Run<'a>>,
    suggestions: Vec<PromptCall<'a>>,
    gap: Option<&'a str>,
    refusals: &'a [String],
    drafts: Vec<Draft<'a>>,
    checks: Vec<CheckRun<'a>>,
    commands: Vec<&'a str>,
    settings: Vec<Score<'a>>,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Phase<'a> {
    name: &'a str,
    #[component(name = "may-follow")]
    may_follow: &'a [String],
}

#[derive(ComponentType, Lower)]
#[component(variant)]
pub(crate) enum Lack<'a> {
    #[component(name = "confidence")]
    Confidence(Shortfall<'a>),
    #[component(name = "blocker")]
    Blocker(&'a str),
    #[component(name = "approval")]
    Approval(&'a str),
    #[component(name = "evidence")]
    Evidence(&'a str),
    #[component(name = "open-question")]
    OpenQuestion(&'a str),
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Shortfall<'a> {
    area: &'a str,
    have: f64,
    need: f64,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Score<'a> {
    area: &'a str,
    confidence: f64,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Fact<'a> {
    id: &'a str,
    key: &'a str,
    value: &'a str,
    source: Option<Place<'a>>,
    cited: bool,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Place<'a> {
    path: &'a str,
    line: u32,
    quote: &'a str,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Uncertainty<'a> {
    area: &'a str,
    claim: &'a str,
    confidence: f64,
    blocking: bool,
    resolution: Option<&'a str>,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct QuestionStatus<'a> {
    question: Question<'a>,
    state: types::QuestionState,
    answer: Option<&'a str>,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Question<'a> {
    id: &'a str,
    text: &'a str,
    why: &'a str,
    options: &'a [String],
    recommended: Option<&'a str>,
    area: Option<&'a str>,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Decision<'a> {
    key: &'a str,
    value: &'a str,
    because: &'a str,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct ProposalStatus<'a> {
    proposal: Proposal<'a>,
    digest: String,
    verdict: Option<Verdict<'a>>,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Proposal<'a> {
    kind: &'a str,
    title: &'a str,
    body: &'a str,
}

#[derive(ComponentType, Lower)]
#[component(variant)]
pub(crate) enum Verdict<'a> {
    #[component(name = "approved")]
    Approved,
    #[component(name = "rejected")]
    Rejected(&'a str),
    #[component(name = "more-info")]
    MoreInfo(&'a str),
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Run<'a> {
    name: &'a str,
    phase: &'a str,
    visit: u32,
    ending: views::Ending,
    answers: u32,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct PromptCall<'a> {
    name: &'a str,
    arguments: Vec<(&'a str, &'a str)>,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Draft<'a> {
    id: &'a str,
    kind: &'a str,
    title: &'a str,
    prompt: &'a str,
    reply: u32,
    phase: &'a str,
    visit: u32,
    files: Vec<&'a str>,
    state: views::DraftState,
    problem: Option<&'a str>,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct CheckRun<'a> {
    check: &'a str,
    passed: bool,
    fresh: bool,
    phase: &'a str,
    visit: u32,
}

impl<'a> From<&'a engine::View> for View<'a> {
    fn from(view: &'a engine::View) -> Self {
        Self {
            chain: &view.chain,
            goal: &view.goal,
            phases: list(&view.phases, |phase| Phase { name: &phase.name, may_follow: &phase.may_follow }),
            phase: &view.phase,
            visit: view.visit,
            lacks: list(&view.lacks, lack),
            overall: view.overall,
            scores: scores(&view.scores),
            facts: shown_facts(view).map(fact).collect(),
            uncertainties: list(&view.uncertainties, |uncertainty| Uncertainty {
                area: &uncertainty.area,
                claim: &uncertainty.claim,
                confidence: uncertainty.confidence,
                blocking: uncertainty.blocking,
                resolution: uncertainty.resolution.as_deref(),
            }),
            questions: list(&view.questions, question_status),
            decisions: list(&view.decisions, |decision| Decision {
                key: &decision.key,
                value: &decision.value,
                because: &decision.because,
            }),
            proposals: list(&view.proposals, proposal_status),
            runs: list(&view.runs, |run| Run {
                name: &run.name,
                phase: &run.phase,
                visit: run.visit,
                ending: if run.ok { views::Ending::Ok } else { views::Ending::Failed },
                answers: run.answers,
            }),
            suggestions: list(&view.suggestions, |call| PromptCall {
                name: &call.name,
                arguments: call.arguments.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
            }),
            gap: view.gap.as_deref(),
            refusals: &view.refusals,
            drafts: list(&view.drafts, |draft| Draft {
                id: &draft.id,
                kind: &draft.kind,
                title: &draft.title,
                prompt: &draft.prompt,
                reply: draft.effect,
                phase: &draft.phase,
                visit: draft.visit,
                files: list(super::files(&draft.state), |file| file.path.as_str()),
                state: super::draft_state(&draft.state),
                problem: draft.state.problem(),
            }),
            checks: list(&view.checks, |run| CheckRun {
                check: &run.evidence.check,
                passed: run.evidence.passed(),
                fresh: run.fresh,
                phase: &run.evidence.phase,
                visit: run.evidence.visit,
            }),
            commands: view.commands.iter().map(String::as_str).collect(),
            settings: scores(&view.settings),
        }
    }
}

fn lack(lack: &engine::Lack) -> Lack<'_> {
    match lack {
        engine::Lack::Confidence { area, have, need } => Lack::Confidence(Shortfall { area, have: *have, need: *need }),
        engine::Lack::Blocker { area } => Lack::Blocker(area),
        engine::Lack::Approval { kind } => Lack::Approval(kind),
        engine::Lack::Evidence { check } => Lack::Evidence(check),
        engine::Lack::OpenQuestion { id } => Lack::OpenQuestion(id),
    }
}

fn scores(scores: &BTreeMap<String, f64>) -> Vec<Score<'_>> {
    scores.iter().map(|(area, &confidence)| Score { area, confidence }).collect()
}

fn question_status(status: &engine::QuestionStatus) -> QuestionStatus<'_> {
    let question = &status.question;
    QuestionStatus {
        question: Question {
            id: &question.id,
            text: &question.text,
            why: &question.why,
            options: &question.options,
            recommended: question.recommended.as_deref(),
            area: question.area.as_deref(),
        },
        state: super::question_state(status.state),
        answer: status.answer.as_deref(),
    }
}

fn proposal_status(status: &engine::ProposalStatus) -> ProposalStatus<'_> {
    let proposal = &status.proposal;
    ProposalStatus {
        proposal: Proposal { kind: &proposal.kind, title: &proposal.title, body: &proposal.body },
        digest: status.digest.to_string(),
        verdict: status.verdict.as_ref().map(|verdict| match verdict {
            engine::Verdict::Approved => Verdict::Approved,
            engine::Verdict::Rejected(why) => Verdict::Rejected(why),
            engine::Verdict::MoreInfo(what) => Verdict::MoreInfo(what),
        }),
    }
}

/// The facts that a guest sees: cited ones first, then the newest, in the order of their discovery.
pub(super) fn shown_facts(view: &engine::View) -> impl Iterator<Item = &engine::Fact> {
    let mut chosen: Vec<(usize, &engine::Fact)> = view.facts.iter().enumerate().collect();
    if chosen.len() > FACTS {
        chosen.sort_by_key(|(index, fact)| (!fact.cited, usize::MAX - index));
        chosen.truncate(FACTS);
        chosen.sort_by_key(|(index, _)| *index);
    }
    chosen.into_iter().map(|(_, fact)| fact)
}

fn fact(fact: &engine::Fact) -> Fact<'_> {
    Fact {
        id: &fact.id,
        key: &fact.key,
        value: &fact.value,
        source: fact.source.as_ref().map(|at| Place { path: &at.path, line: at.line, quote: &at.quote }),
        cited: fact.cited,
    }
}

fn list<'a, A, B>(list: &'a [A], convert: impl FnMut(&'a A) -> B) -> Vec<B> {
    list.iter().map(convert).collect()
}

#[cfg(test)]
mod tests;
