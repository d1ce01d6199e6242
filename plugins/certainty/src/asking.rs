//! Which questions are put to the person, and which are left alone.
//!
//! A reply raises questions in the order of their value, so that order is kept. A blocker that nobody raised a question
//! about gets one of the controller's own, because an open blocker shuts every gate and only a person is left to ask.

use crate::seen::Seen;
use certus_sdk::{Action, Asking, Question, QuestionState, QuestionStatus, Uncertainty};

/// Every question that waits to be asked, at most one round of them.
pub(crate) fn raised(seen: &Seen<'_>) -> Option<Action> {
    round(seen, |_| true)
}

/// Questions that matter although the gate may be open: about blockers, and about areas in the band where one asks.
pub(crate) fn mattering(seen: &Seen<'_>) -> Option<Action> {
    let above = seen.setting("ask-uncertainty-above", 0.60);
    round(seen, |question| {
        let area = question.area.as_deref();
        seen.view.uncertainties.iter().any(|uncertainty| {
            Some(uncertainty.area.as_str()) == area
                && uncertainty.resolution.is_none()
                && (uncertainty.blocking || 1.0 - uncertainty.confidence > above)
        })
    })
}

/// Questions of our own about blockers that nobody was asked about.
pub(crate) fn blockers(seen: &Seen<'_>) -> Option<Action> {
    let most = seen.count("questions-a-round", 5);
    let asked = |uncertainty: &&Uncertainty| {
        seen.view.questions.iter().any(|status| {
            status.question.area.as_deref() == Some(uncertainty.area.as_str()) || status.question.id == id(uncertainty)
        })
    };
    let new: Vec<Asking> = seen
        .blockers()
        .filter(|blocker| !asked(blocker))
        .take(most)
        .map(|blocker| Asking::New(about(blocker)))
        .collect();
    (!new.is_empty()).then_some(Action::Ask(new))
}

fn round(seen: &Seen<'_>, wanted: impl Fn(&Question) -> bool) -> Option<Action> {
    let most = seen.count("questions-a-round", 5);
    // What was asked already is the host's to wait for: asking it twice is against the law.
    let waits = |status: &&QuestionStatus| status.state == QuestionState::Raised && wanted(&status.question);
    let questions = seen.view.questions.iter().filter(waits).take(most);
    let asking: Vec<Asking> = questions.map(|status| Asking::Raised(status.question.id.clone())).collect();
    (!asking.is_empty()).then_some(Action::Ask(asking))
}

fn id(blocker: &Uncertainty) -> String {
    format!("resolve-{}", blocker.area.replace('_', "-"))
}

fn about(blocker: &Uncertainty) -> Question {
    Question {
        id: id(blocker),
        text: format!("What holds for {}? {}", blocker.area.replace('_', " "), blocker.claim),
        why: "It blocks: nothing goes on while it is open, and nothing in the project answers it.".into(),
        options: Vec::new(),
        recommended: None,
        area: Some(blocker.area.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Story, ids};
    use crate::phases;

    #[test]
    fn a_round_keeps_the_order_and_the_bound() {
        let names = ["a", "b", "c", "d", "e", "f", "g"];
        let view = names.iter().fold(Story::new(phases::CONTEXT), |story, name| story.raised(name, None)).view();
        let action = raised(&Seen::new(&view)).expect("there are questions");
        assert_eq!(ids(&action), ["a", "b", "c", "d", "e"]);
    }

    #[test]
    fn what_was_asked_is_not_asked_again() {
        let view = Story::new(phases::CONTEXT).asked("old").raised("new", None).view();
        assert_eq!(ids(&raised(&Seen::new(&view)).expect("there are questions")), ["new"]);
        let view = Story::new(phases::CONTEXT).asked("old").view();
        assert_eq!(raised(&Seen::new(&view)), None);
    }

    #[test]
    fn only_blockers_and_the_ask_band_matter_once_the_gate_is_open() {
        let view = Story::new(phases::REQUIREMENTS)
            .raised("sure", Some("sure"))
            .raised("doubtful", Some("doubtful"))
            .raised("blocked", Some("blocked"))
            .raised("free", None)
            .uncertain("sure", 0.70, false)
            .uncertain("doubtful", 0.30, false)
            .uncertain("blocked", 0.90, true)
            .view();
        assert_eq!(ids(&mattering(&Seen::new(&view)).expect("two matter")), ["doubtful", "blocked"]);
    }

    #[test]
    fn a_blocker_is_asked_about_once() {
        let story = Story::new(phases::CONTEXT).uncertain("token_storage", 0.2, true);
        let view = story.clone().view();
        let Some(Action::Ask(asking)) = blockers(&Seen::new(&view)) else { panic!("the blocker is asked about") };
        let [Asking::New(question)] = asking.as_slice() else { panic!("one question") };
        assert_eq!(question.id, "resolve-token-storage");
        assert_eq!(question.area.as_deref(), Some("token_storage"));

        let view = story.answered("resolve-token-storage").view();
        assert_eq!(blockers(&Seen::new(&view)), None);
    }
}
