//! Views for the tests, told step by step.

use certus_sdk::{
    Action, Asking, Ending, Fact, Lack, PromptCall, Proposal, ProposalStatus, Question, QuestionState, QuestionStatus,
    Run, Score, Shortfall, Uncertainty, Verdict, View,
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
            view.runs.push(Run { name: name.into(), phase: view.phase.clone(), visit: view.visit, ending, answers });
        })
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
