//! What the host sends to guests.

use std::collections::BTreeMap;

use certus_engine::{
    CheckRun, Decision, Draft, DraftState, ErrorCode, Fact, FileChange, Lack, Phase, Place, PromptCall, Proposal,
    ProposalStatus, Question, QuestionState, QuestionStatus, Run, Uncertainty, Verdict, View,
};

use super::view::shown_facts;
use super::{chain, prompt, stack_interpreter as stack, types, views, workspace};
use crate::report::{File, Report, Summary};
use crate::{Content, Entry, LineHit, PromptAnswer, PromptHit};

/// The answer to `chain.read`, as the contract has it: why the phase was entered, the methodology's gates and the project in brief stay here.
pub(crate) fn view(view: &View) -> views::View {
    views::View {
        chain: view.chain.clone(),
        goal: view.goal.clone(),
        phases: list(&view.phases, phase),
        phase: view.phase.clone(),
        visit: view.visit,
        lacks: list(&view.lacks, lack),
        overall: view.overall,
        scores: scores(&view.scores),
        facts: shown_facts(view).map(fact).collect(),
        uncertainties: list(&view.uncertainties, uncertainty),
        questions: list(&view.questions, question_status),
        decisions: list(&view.decisions, decision),
        proposals: list(&view.proposals, proposal_status),
        runs: list(&view.runs, run),
        suggestions: list(&view.suggestions, prompt_call),
        gap: view.gap.clone(),
        refusals: view.refusals.clone(),
        drafts: list(&view.drafts, draft),
        checks: list(&view.checks, check_run),
        commands: view.commands.clone(),
        settings: scores(&view.settings),
    }
}

fn phase(phase: &Phase) -> views::Phase {
    views::Phase { name: phase.name.clone(), may_follow: phase.may_follow.clone() }
}

fn lack(lack: &Lack) -> views::Lack {
    match lack {
        Lack::Confidence { area, have, need } => {
            views::Lack::Confidence(views::Shortfall { area: area.clone(), have: *have, need: *need })
        }
        Lack::Blocker { area } => views::Lack::Blocker(area.clone()),
        Lack::Approval { kind } => views::Lack::Approval(kind.clone()),
        Lack::Evidence { check } => views::Lack::Evidence(check.clone()),
        Lack::OpenQuestion { id } => views::Lack::OpenQuestion(id.clone()),
    }
}

fn scores(scores: &BTreeMap<String, f64>) -> Vec<types::Score> {
    scores.iter().map(|(area, &confidence)| types::Score { area: area.clone(), confidence }).collect()
}

fn fact(fact: &Fact) -> types::Fact {
    types::Fact {
        id: fact.id.clone(),
        key: fact.key.clone(),
        value: fact.value.clone(),
        source: fact.source.as_ref().map(place),
        cited: fact.cited,
    }
}

fn place(place: &Place) -> types::Place {
    types::Place { path: place.path.clone(), line: place.line, quote: place.quote.clone() }
}

fn uncertainty(uncertainty: &Uncertainty) -> types::Uncertainty {
    types::Uncertainty {
        area: uncertainty.area.clone(),
        claim: uncertainty.claim.clone(),
        confidence: uncertainty.confidence,
        blocking: uncertainty.blocking,
        resolution: uncertainty.resolution.clone(),
    }
}

fn question_status(status: &QuestionStatus) -> types::QuestionStatus {
    types::QuestionStatus {
        question: question(&status.question),
        state: question_state(status.state),
        answer: status.answer.clone(),
    }
}

pub(super) fn question_state(state: QuestionState) -> types::QuestionState {
    match state {
        QuestionState::Raised => types::QuestionState::Raised,
        QuestionState::Asked => types::QuestionState::Asked,
        QuestionState::Answered => types::QuestionState::Answered,
    }
}

fn question(question: &Question) -> types::Question {
    types::Question {
        id: question.id.clone(),
        text: question.text.clone(),
        why: question.why.clone(),
        options: question.options.clone(),
        recommended: question.recommended.clone(),
        area: question.area.clone(),
    }
}

fn decision(decision: &Decision) -> types::Decision {
    types::Decision { key: decision.key.clone(), value: decision.value.clone(), because: decision.because.clone() }
}

fn proposal_status(status: &ProposalStatus) -> types::ProposalStatus {
    types::ProposalStatus {
        proposal: proposal(&status.proposal),
        digest: status.digest.to_string(),
        verdict: status.verdict.clone().map(verdict),
    }
}

fn proposal(proposal: &Proposal) -> types::Proposal {
    types::Proposal { kind: proposal.kind.clone(), title: proposal.title.clone(), body: proposal.body.clone() }
}

pub(crate) fn verdict(verdict: Verdict) -> types::Verdict {
    match verdict {
        Verdict::Approved => types::Verdict::Approved,
        Verdict::Rejected(why) => types::Verdict::Rejected(why),
        Verdict::MoreInfo(what) => types::Verdict::MoreInfo(what),
    }
}

fn run(run: &Run) -> views::Run {
    views::Run {
        name: run.name.clone(),
        phase: run.phase.clone(),
        visit: run.visit,
        ending: if run.ok { views::Ending::Ok } else { views::Ending::Failed },
        answers: run.answers,
    }
}

fn draft(draft: &Draft) -> views::Draft {
    views::Draft {
        id: draft.id.clone(),
        kind: draft.kind.clone(),
        title: draft.title.clone(),
        prompt: draft.prompt.clone(),
        reply: draft.effect,
        phase: draft.phase.clone(),
        visit: draft.visit,
        files: list(files(&draft.state), |file| file.path.clone()),
        state: draft_state(&draft.state),
        problem: draft.state.problem().map(str::to_owned),
    }
}

pub(super) fn draft_state(state: &DraftState) -> views::DraftState {
    match state {
        DraftState::New | DraftState::Amended => views::DraftState::New,
        DraftState::Planned(_) => views::DraftState::Planned,
        DraftState::Approved(_) => views::DraftState::Approved,
        DraftState::Refused(_) => views::DraftState::Refused,
        // It is in the files; that it changed none shows in that it names none.
        DraftState::Written(_) | DraftState::Unchanged(_) => views::DraftState::Written,
        DraftState::Undone => views::DraftState::Undone,
        DraftState::Failed { .. } => views::DraftState::Failed,
    }
}

/// The files that a draft changes, where that is known.
pub(super) fn files(state: &DraftState) -> &[FileChange] {
    match state {
        DraftState::Planned(plan) | DraftState::Approved(plan) => &plan.files,
        DraftState::Written(written) => &written.files,
        DraftState::New
        | DraftState::Amended
        | DraftState::Refused(_)
        | DraftState::Unchanged(_)
        | DraftState::Undone
        | DraftState::Failed { .. } => &[],
    }
}

fn check_run(run: &CheckRun) -> views::CheckRun {
    views::CheckRun {
        check: run.evidence.check.clone(),
        passed: run.evidence.passed(),
        fresh: run.fresh,
        phase: run.evidence.phase.clone(),
        visit: run.evidence.visit,
    }
}

fn prompt_call(call: &PromptCall) -> types::PromptCall {
    types::PromptCall {
        name: call.name.clone(),
        arguments: call.arguments.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
    }
}

pub(crate) fn prompt_answer(answer: PromptAnswer) -> prompt::Reply {
    prompt::Reply {
        notes: answer.notes,
        scores: scores(&answer.scores),
        overall: answer.overall,
        blockers: answer.blockers,
        documents: list(&answer.documents, proposal),
        next: list(&answer.next, prompt_call),
    }
}

pub(crate) fn prompt_hit(hit: PromptHit) -> prompt::Hit {
    prompt::Hit { name: hit.name, purpose: hit.purpose }
}

pub(crate) fn entry(entry: Entry) -> workspace::Entry {
    workspace::Entry { path: entry.path, size: entry.size }
}

pub(crate) fn content(content: Content) -> workspace::Content {
    workspace::Content { path: content.path, text: content.text }
}

pub(crate) fn line_hit(hit: LineHit) -> workspace::Hit {
    workspace::Hit { path: hit.path, line: hit.line, text: hit.text }
}

pub(crate) fn refusal(code: ErrorCode, message: String) -> chain::Error {
    match code {
        ErrorCode::Denied => types::Error::Denied(message),
        ErrorCode::Limit => types::Error::Limit(message),
        ErrorCode::Invalid => types::Error::Invalid(message),
        ErrorCode::Unavailable => types::Error::Unavailable(message),
        ErrorCode::Cancelled => types::Error::Cancelled(message),
        ErrorCode::Diverged => types::Error::Diverged(message),
        ErrorCode::Failed => types::Error::Failed(message),
    }
}

pub(crate) fn file(file: File) -> stack::File {
    stack::File { path: file.path, content: file.content }
}

pub(crate) fn known_summary(summary: Summary) -> stack::Summary {
    stack::Summary { path: summary.path, data: summary.data, problem: summary.problem }
}

pub(crate) fn known_report(report: &Report) -> stack::Report {
    stack::Report {
        stacks: list(&report.stacks, |known| stack::Stack {
            name: known.name.clone(),
            root: known.root.clone(),
            confidence: known.confidence,
            frameworks: list(&known.frameworks, |framework| stack::Framework {
                name: framework.name.clone(),
                version: framework.version.clone(),
            }),
        }),
        routes: list(&report.routes, |route| stack::Route {
            method: route.method.clone(),
            path: route.path.clone(),
            handler: route.handler.clone(),
            place: place(&route.place),
        }),
        models: list(&report.models, |model| stack::Model {
            name: model.name.clone(),
            fields: model.fields.clone(),
            place: place(&model.place),
        }),
        findings: list(&report.findings, |finding| stack::Finding {
            key: finding.key.clone(),
            value: finding.value.clone(),
            place: place(&finding.place),
        }),
        commands: stack::Commands {
            test: report.commands.test.clone(),
            lint: report.commands.lint.clone(),
            build: report.commands.build.clone(),
        },
    }
}

fn list<A, B>(list: &[A], convert: impl FnMut(&A) -> B) -> Vec<B> {
    list.iter().map(convert).collect()
}
