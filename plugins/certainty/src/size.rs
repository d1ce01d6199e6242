//! Right size: how much discovery a goal is worth. A cheap prompt proposes, the person decides.
//!
//! `triage` runs once a chain, and only where the methodology wants it. It raises one question; without an answer, or
//! without the prompt, everything is done as for a large goal. The gates are the same for every size: what was saved on
//! discovery and turns out to be missing is made up for in a later visit.

use crate::phases;
use crate::seen::{Seen, is, prompt};
use certus_sdk::{Action, Asking, QuestionState};

const TRIAGE: &str = "triage";
const QUESTION: &str = "right-size";

/// How much is looked at before a solution is presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    /// The two prompts that one cannot do without.
    Direct,
    /// The project from all sides, and nothing that only might matter.
    Short,
    /// All of it.
    Full,
}

/// What a person chose.
pub(crate) fn chosen(seen: &Seen<'_>) -> Size {
    let answer = seen
        .view
        .questions
        .iter()
        .find(|status| status.question.id == QUESTION)
        .and_then(|status| status.answer.as_deref().filter(|_| status.state == QuestionState::Answered));
    // A person may answer in more words than the option has.
    let word = answer.and_then(|answer| answer.split(|c: char| !c.is_alphanumeric()).find(|word| !word.is_empty()));
    match word.map(str::to_lowercase).as_deref() {
        Some("direct") => Size::Direct,
        Some("short") => Size::Short,
        _ => Size::Full,
    }
}

/// What comes before everything else: the triage, then its question.
pub(crate) fn ask(seen: &Seen<'_>) -> Option<Action> {
    if !wanted(seen) {
        return None;
    }
    if !ran(seen) {
        // A refusal now can only be of the triage: the library has no such prompt.
        return seen.view.refusals.is_empty().then(|| Action::RunPrompts(vec![prompt(TRIAGE)]));
    }
    let raised = |id: &str, state| id == QUESTION && state == QuestionState::Raised;
    let waits = seen.view.questions.iter().any(|status| raised(&status.question.id, status.state));
    waits.then(|| Action::Ask(vec![Asking::Raised(QUESTION.into())]))
}

/// Refusals of this visit that only say that the library has no triage.
pub(crate) fn refusals(seen: &Seen<'_>) -> usize {
    usize::from(wanted(seen) && !ran(seen) && !seen.view.refusals.is_empty())
}

fn wanted(seen: &Seen<'_>) -> bool {
    let view = seen.view;
    view.phase == phases::REQUIREMENTS && view.visit == 1 && seen.setting("triage", 0.0) >= 1.0
}

fn ran(seen: &Seen<'_>) -> bool {
    seen.view.runs.iter().any(|run| is(run, TRIAGE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Story, ids, names};

    fn act(story: Story) -> Action {
        crate::next(&story.view())
    }

    fn story() -> Story {
        Story::new(phases::REQUIREMENTS).setting("triage", 1.0)
    }

    const FIRST: [&str; 2] = ["requirement_disambiguator", "requirement_validator"];

    #[test]
    fn triage_runs_once_a_chain_and_only_where_it_is_wanted() {
        assert_eq!(names(&act(story())), [TRIAGE]);
        assert_eq!(names(&act(Story::new(phases::REQUIREMENTS))), FIRST);
        assert_eq!(names(&act(story().setting("triage", 0.0).ran(TRIAGE))), FIRST);
        assert_eq!(names(&act(story().ran(TRIAGE).visit(2))), FIRST);
    }

    #[test]
    fn its_question_is_asked_first_and_alone() {
        let story = story().ran(TRIAGE).raised("sessions", None).raised(QUESTION, None);
        assert_eq!(ids(&act(story.clone())), [QUESTION]);
        assert_eq!(names(&act(story.without_raised().answered_with(QUESTION, "short"))), FIRST);
    }

    #[test]
    fn a_triage_that_failed_or_that_nobody_has_changes_nothing() {
        assert_eq!(names(&act(story().failed(TRIAGE))), FIRST);
        let absent = story().refused("unknown-prompt");
        assert_eq!(names(&act(absent.clone())), FIRST);
        let view = absent.view();
        assert!(!Seen::new(&view).cautious());
    }

    #[test]
    fn the_answer_says_how_much_is_looked_at() {
        let first = |answer: &str| {
            let story = Story::new(phases::CONTEXT).goal("Migrate the database").answered_with(QUESTION, answer);
            let action = act(story.clone());
            let ran = names(&action).iter().fold(story, |story, name| story.ran(name));
            (names(&action).len(), act(ran))
        };
        let (direct, then) = first("direct");
        assert_eq!(direct, 2);
        assert!(matches!(then, Action::EnterPhase((phase, _)) if phase == phases::ANALYSIS));
        let (short, then) = first("Short, please");
        assert_eq!((short, names(&then)), (4, vec!["assumption_validator", "prompt_gap_detector"]));
        for answer in ["full", "whatever you think"] {
            let (full, then) = first(answer);
            assert_eq!((full, names(&then)), (4, vec!["database_schema_analyzer"]));
        }
    }

    #[test]
    fn a_later_visit_makes_up_for_what_was_saved() {
        let story = Story::new(phases::CONTEXT).visit(2).answered_with(QUESTION, "direct");
        assert_eq!(names(&act(story)), ["assumption_validator", "prompt_gap_detector"]);
    }
}
