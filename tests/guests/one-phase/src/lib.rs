//! The smallest methodology: one phase, in which one question is asked. It shows that nothing in the host knows the
//! default methodology.

use certus_sdk::{Action, Asking, PhaseController, Question, QuestionState, View};

const ID: &str = "what-is-wanted";

fn next(view: &View) -> Action {
    let status = view.questions.iter().find(|status| status.question.id == ID);
    match status.map(|status| status.state) {
        Some(QuestionState::Answered) => Action::Finish("It was asked and answered.".into()),
        Some(QuestionState::Asked | QuestionState::Raised) => Action::GiveUp("It was asked and not answered.".into()),
        None => Action::Ask(vec![Asking::New(Question {
            id: ID.into(),
            text: "What is wanted?".into(),
            why: "There is nothing else to do here.".into(),
            options: vec!["Nothing".into(), "Everything".into()],
            recommended: Some("Nothing".into()),
            area: None,
        })]),
    }
}

struct OnePhase;

impl PhaseController for OnePhase {
    fn next(view: View) -> Action {
        next(&view)
    }
}

certus_sdk::phase_controller!(OnePhase);

#[cfg(test)]
mod tests {
    use super::*;
    use certus_sdk::QuestionStatus;

    fn view(state: Option<QuestionState>) -> View {
        let question = Question {
            id: ID.into(),
            text: "What is wanted?".into(),
            why: String::new(),
            options: Vec::new(),
            recommended: None,
            area: None,
        };
        View {
            chain: "001".into(),
            goal: "Anything".into(),
            phases: Vec::new(),
            phase: "work".into(),
            visit: 1,
            lacks: Vec::new(),
            overall: 0.0,
            scores: Vec::new(),
            facts: Vec::new(),
            uncertainties: Vec::new(),
            questions: state
                .into_iter()
                .map(|state| QuestionStatus { question: question.clone(), state, answer: None })
                .collect(),
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
        }
    }

    #[test]
    fn it_asks_once_and_finishes() {
        assert!(matches!(next(&view(None)), Action::Ask(asking) if matches!(asking.as_slice(), [Asking::New(_)])));
        assert!(matches!(next(&view(Some(QuestionState::Answered))), Action::Finish(_)));
        assert!(matches!(next(&view(Some(QuestionState::Asked))), Action::GiveUp(_)));
    }
}
