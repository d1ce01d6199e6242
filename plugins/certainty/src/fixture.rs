//! Views for the tests, told step by step.

use crate::work;
use certus_sdk::{
    Action, Asking, CheckRun, Draft, DraftState, Ending, Fact, Lack, PromptCall, Proposal, ProposalStatus, Question,
    QuestionState, QuestionStatus, Run, Score, Shortfall, Uncertainty, Verdict, View,
};

/// Builds a view. Runs belong to the visit that is current when they are told.
#[derive(Clone)]
pub(crate) struct Story(View);

impl Story {
    pub(crate) fn new(phase: &str) -> Self {
        Self(View {
            chain: "001".into(),
            goal: "Add login".into(),
            phases: Vec::new(),
            phase: phase.into(),
            visit: 1,
            lacks: Vec::new(),
            overall: 0.5,
            scores: Vec::new(),
            facts: Vec::new(),
            uncertainties: Vec::new(),
            questions: Vec::new(),
            decisions: Vec::new(),
            proposals: Vec::new(),
            runs: Vec::new(),
            suggestions: Vec::new(),
            gap: None,
            refusals: Vec::new(),
            drafts: Vec::new(),
            checks: Vec::new(),
            commands: Vec::new(),
            settings: Vec::new(),
        })
    }

    pub(crate) fn view(self) -> View {
        self.0
    }

    fn with(mut self, change: impl FnOnce(&mut View)) -> Self {
        change(&mut self.0);
        self
    }

    pub(crate) fn goal(self, goal: &str) -> Self {
        self.with(|view| view.goal = goal.into())
    }

    pub(crate) fn visit(self, visit: u32) -> Self {
        self.with(|view| view.visit = visit)
    }

    pub(crate) fn score(self, area: &str, confidence: f64) -> Self {
        self.with(|view| view.scores.push(Score { area: area.into(), confidence }))
    }

    pub(crate) fn short(self, area: &str, have: f64, need: f64) -> Self {
        self.with(|view| view.lacks.push(Lack::Confidence(Shortfall { area: area.into(), have, need })))
    }

    pub(crate) fn blocked(self, area: &str) -> Self {
        self.with(|view| view.lacks.push(Lack::Blocker(area.into())))
    }

    pub(crate) fn unapproved(self) -> Self {
        self.with(|view| view.lacks.push(Lack::Approval("solution".into())))
    }

    pub(crate) fn unproven(self, kind: &str) -> Self {
        self.with(|view| view.lacks.push(Lack::Evidence(kind.into())))
    }

    pub(crate) fn ran(self, name: &str) -> Self {
        self.run(name, Ending::Ok, 0)
    }

    pub(crate) fn ran_after(self, name: &str, answers: u32) -> Self {
        self.run(name, Ending::Ok, answers)
    }

    pub(crate) fn failed(self, name: &str) -> Self {
        self.run(name, Ending::Failed, 0)
    }

    fn run(self, name: &str, ending: Ending, answers: u32) -> Self {
        self.with(|view| {
            if work::REVIEWERS.contains(&name) {
                // Where the gate wants more, they are no more satisfied than before.
                review(view, |short| short.have = short.have.max(0.2));
            }
            view.runs.push(Run { name: name.into(), phase: view.phase.clone(), visit: view.visit, ending, answers });
        })
    }

    /// A prompt ran, and its reply brought a draft, which came to this.
    pub(crate) fn drafted(self, prompt: &str, state: DraftState) -> Self {
        self.ran(prompt).with(|view| {
            if state == DraftState::Written {
                view.checks.iter_mut().for_each(|check| check.fresh = false);
                // Files that change take the word of those who read them back.
                review(view, |short| short.have = 0.0);
            }
            let number = view.drafts.len() + 1;
            view.drafts.push(Draft {
                id: format!("D{number}"),
                kind: if prompt == work::TESTS { "tests".into() } else { "change".into() },
                title: "A change".into(),
                prompt: prompt.into(),
                reply: u32::try_from(number).expect("few drafts"),
                phase: view.phase.clone(),
                visit: view.visit,
                files: if state == DraftState::Written { vec!["a.js".into()] } else { Vec::new() },
                problem: (state == DraftState::Refused).then(|| "too big".into()),
                state,
            });
        })
    }

    pub(crate) fn wrote(self, prompt: &str) -> Self {
        self.drafted(prompt, DraftState::Written)
    }

    /// A prompt ran, and its reply brought what stood there already.
    pub(crate) fn repeated(self, prompt: &str) -> Self {
        let fresh: Vec<bool> = self.0.checks.iter().map(|check| check.fresh).collect();
        self.wrote(prompt).with(|view| {
            view.checks.iter_mut().zip(fresh).for_each(|(check, fresh)| check.fresh = fresh);
            view.drafts.iter_mut().last().expect("it was just told").files.clear();
        })
    }

    /// A check of the project ran on the files as they are.
    pub(crate) fn checked(self, check: &str, passed: bool) -> Self {
        self.with(|view| {
            view.checks.iter_mut().filter(|run| run.check == check).for_each(|run| run.fresh = false);
            let (check, phase) = (check.to_owned(), view.phase.clone());
            view.checks.push(CheckRun { check, passed, fresh: true, phase, visit: view.visit });
        })
    }

    pub(crate) fn commands(self, commands: &[&str]) -> Self {
        self.with(|view| view.commands = commands.iter().map(|command| (*command).into()).collect())
    }

    pub(crate) fn setting(self, name: &str, value: f64) -> Self {
        self.with(|view| view.settings.push(Score { area: name.into(), confidence: value }))
    }

    pub(crate) fn phase(self, phase: &str, visit: u32) -> Self {
        self.with(|view| (view.phase, view.visit) = (phase.into(), visit))
    }

    pub(crate) fn raised(self, id: &str, area: Option<&str>) -> Self {
        self.question(id, area, QuestionState::Raised)
    }

    pub(crate) fn asked(self, id: &str) -> Self {
        self.question(id, None, QuestionState::Asked)
    }

    pub(crate) fn answered(self, id: &str) -> Self {
        self.question(id, None, QuestionState::Answered)
    }

    pub(crate) fn answered_with(self, id: &str, answer: &str) -> Self {
        self.answered(id).with(|view| {
            let status = view.questions.iter_mut().find(|status| status.question.id == id);
            status.expect("it was just told").answer = Some(answer.into());
        })
    }

    fn question(self, id: &str, area: Option<&str>, state: QuestionState) -> Self {
        self.with(|view| {
            view.questions.push(QuestionStatus {
                question: Question {
                    id: id.into(),
                    text: format!("{id}?"),
                    why: String::new(),
                    options: Vec::new(),
                    recommended: None,
                    area: area.map(Into::into),
                },
                state,
                answer: (state == QuestionState::Answered).then(|| "yes".into()),
            });
        })
    }

    pub(crate) fn without_raised(self) -> Self {
        self.with(|view| view.questions.retain(|status| status.state != QuestionState::Raised))
    }

    pub(crate) fn uncertain(self, area: &str, confidence: f64, blocking: bool) -> Self {
        self.with(|view| {
            view.uncertainties.push(Uncertainty {
                area: area.into(),
                claim: format!("claim about {area}"),
                confidence,
                blocking,
                resolution: None,
            });
        })
    }

    pub(crate) fn fact(self, key: &str) -> Self {
        self.with(|view| {
            view.facts.push(Fact {
                id: "F1".into(),
                key: key.into(),
                value: String::new(),
                source: None,
                cited: false,
            });
        })
    }

    pub(crate) fn suggested(self, name: &str) -> Self {
        self.with(|view| view.suggestions.push(PromptCall { name: name.into(), arguments: Vec::new() }))
    }

    pub(crate) fn gap(self, gap: &str) -> Self {
        self.with(|view| view.gap = Some(gap.into()))
    }

    pub(crate) fn refused(self, law: &str) -> Self {
        self.with(|view| view.refusals.push(law.into()))
    }

    pub(crate) fn solution(self, verdict: Option<Verdict>) -> Self {
        self.with(|view| {
            view.proposals.push(ProposalStatus {
                proposal: Proposal { kind: "solution".into(), title: "A solution".into(), body: "Do it.".into() },
                digest: String::new(),
                verdict,
            });
        })
    }
}

/// The prompts that the action runs.
pub(crate) fn names(action: &Action) -> Vec<&str> {
    match action {
        Action::RunPrompts(calls) => calls.iter().map(|call| call.name.as_str()).collect(),
        other => panic!("not a prompt run: {other:?}"),
    }
}

/// The questions that the action asks.
pub(crate) fn ids(action: &Action) -> Vec<&str> {
    match action {
        Action::Ask(asking) => asking
            .iter()
            .map(|asking| match asking {
                Asking::Raised(id) => id.as_str(),
                Asking::New(question) => question.id.as_str(),
            })
            .collect(),
        other => panic!("not a question: {other:?}"),
    }
}

fn review(view: &mut View, change: impl Fn(&mut Shortfall)) {
    let short = view.lacks.iter_mut().filter_map(|lack| match lack {
        Lack::Confidence(short) if work::REVIEWED.contains(&short.area.as_str()) => Some(short),
        _ => None,
    });
    short.for_each(change);
}
