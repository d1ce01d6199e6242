//! Requirements clarification: find what is vague or contradictory, ask, read the answers, until the gate opens.
//!
//! A round is: ask, then extract and validate with the new answers. When the rounds are used up and the gate is still shut,
//! `clarification_generator` gets one try at better questions, for one last round.

use crate::seen::{Seen, Stand, enter, failed, prompt, prompt_with};
use crate::{asking, phases, size};
use certus_sdk::{Action, Ending, PromptCall};

const DISAMBIGUATOR: &str = "requirement_disambiguator";
const VALIDATOR: &str = "requirement_validator";
const EXTRACTOR: &str = "requirement_extractor";
const CLARIFIER: &str = "clarification_generator";

pub(crate) fn next(seen: &Seen<'_>) -> Action {
    if let Some(action) = size::ask(seen).or_else(|| detect(seen)).or_else(|| reread(seen)) {
        return action;
    }
    // The first validation precedes all questions.
    let rounds = seen.runs_of(VALIDATOR).filter(|run| run.ending == Ending::Ok).count().saturating_sub(1);
    let most = seen.count("rounds", 3);
    if seen.open() {
        let ambiguous = 1.0 - seen.score("requirements") > seen.setting("ask-above", 0.30);
        let asked = if rounds >= most {
            None
        } else if ambiguous {
            asking::raised(seen)
        } else {
            asking::mattering(seen)
        };
        return asked.unwrap_or_else(|| enter(phases::CONTEXT, "The requirements are clear enough."));
    }
    if rounds < most {
        if let Some(ask) = asking::raised(seen) {
            return ask;
        }
        if rounds > 0 && seen.after_answers(DISAMBIGUATOR) == Stand::Due {
            return Action::RunPrompts(vec![prompt(DISAMBIGUATOR)]);
        }
    }
    if seen.once(CLARIFIER) == Stand::Due && !seen.cautious() {
        return Action::RunPrompts(vec![prompt(CLARIFIER)]);
    }
    let last_round = if rounds <= most { asking::raised(seen).or_else(|| asking::blockers(seen)) } else { None };
    last_round.unwrap_or_else(|| Action::GiveUp(format!("The requirements do not become clear: {}.", seen.lacking())))
}

/// Look for ambiguities and contradictions. After a rejection, understanding it comes first and alone, so that the
/// validator reads what it found.
fn detect(seen: &Seen<'_>) -> Option<Action> {
    let mut calls = Vec::new();
    match seen.once(DISAMBIGUATOR) {
        Stand::Due if seen.rejection().is_some() => {
            return Some(Action::RunPrompts(vec![prompt_with(DISAMBIGUATOR, "focus", "understand_rejection")]));
        }
        Stand::Due => calls.push(prompt(DISAMBIGUATOR)),
        Stand::Done => {}
        Stand::Exhausted => return Some(failed(DISAMBIGUATOR)),
    }
    match seen.once(VALIDATOR) {
        Stand::Due => calls.push(prompt(VALIDATOR)),
        Stand::Done => {}
        Stand::Exhausted => return Some(failed(VALIDATOR)),
    }
    run(calls)
}

/// Read the answers that came since the last validation.
fn reread(seen: &Seen<'_>) -> Option<Action> {
    let validator = seen.after_answers(VALIDATOR);
    let answered_here = seen.runs_of(VALIDATOR).any(|run| run.answers < seen.answers());
    let mut calls = Vec::new();
    if answered_here {
        match seen.after_answers(EXTRACTOR) {
            Stand::Due => calls.push(prompt(EXTRACTOR)),
            Stand::Done => {}
            Stand::Exhausted => return Some(failed(EXTRACTOR)),
        }
    }
    match validator {
        Stand::Due => calls.push(prompt(VALIDATOR)),
        Stand::Done => {}
        Stand::Exhausted => return Some(failed(VALIDATOR)),
    }
    run(calls)
}

fn run(calls: Vec<PromptCall>) -> Option<Action> {
    (!calls.is_empty()).then_some(Action::RunPrompts(calls))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Story, ids, names};
    use certus_sdk::{Asking, Verdict};

    fn story() -> Story {
        Story::new(phases::REQUIREMENTS).score("requirements", 0.5).short("requirements", 0.5, 0.9)
    }

    fn act(story: Story) -> Action {
        crate::next(&story.view())
    }

    #[test]
    fn it_begins_by_looking_for_ambiguities_and_contradictions_at_once() {
        assert_eq!(names(&act(story())), [DISAMBIGUATOR, VALIDATOR]);
    }

    #[test]
    fn it_asks_what_was_raised() {
        let story = story().ran(DISAMBIGUATOR).ran(VALIDATOR).raised("sessions", None).raised("expiry", None);
        assert_eq!(ids(&act(story)), ["sessions", "expiry"]);
    }

    #[test]
    fn it_reads_new_answers_and_validates_again() {
        let story = story().ran(DISAMBIGUATOR).ran(VALIDATOR).answered("sessions");
        assert_eq!(names(&act(story.clone())), [EXTRACTOR, VALIDATOR]);
        let story = story.ran_after(EXTRACTOR, 1);
        assert_eq!(names(&act(story)), [VALIDATOR]);
    }

    #[test]
    fn it_goes_on_when_the_gate_is_open() {
        let story = Story::new(phases::REQUIREMENTS).score("requirements", 0.93).ran(DISAMBIGUATOR).ran(VALIDATOR);
        assert_eq!(
            act(story),
            Action::EnterPhase((phases::CONTEXT.into(), "The requirements are clear enough.".into()))
        );
    }

    #[test]
    fn an_open_gate_does_not_hide_a_question_that_matters() {
        let story = Story::new(phases::REQUIREMENTS)
            .score("requirements", 0.93)
            .ran(DISAMBIGUATOR)
            .ran(VALIDATOR)
            .raised("trivial", None)
            .raised("storage", Some("storage"))
            .uncertain("storage", 0.2, false);
        assert_eq!(ids(&act(story)), ["storage"]);
    }

    #[test]
    fn without_questions_it_looks_again_then_generates_some_then_gives_up() {
        let story =
            story().ran(DISAMBIGUATOR).ran(VALIDATOR).answered("a").ran_after(EXTRACTOR, 1).ran_after(VALIDATOR, 1);
        assert_eq!(names(&act(story.clone())), [DISAMBIGUATOR]);
        let story = story.ran_after(DISAMBIGUATOR, 1);
        assert_eq!(names(&act(story.clone())), [CLARIFIER]);
        let story = story.ran_after(CLARIFIER, 1);
        assert_eq!(
            act(story),
            Action::GiveUp(
                "The requirements do not become clear: confidence in requirements is 0.50 and has to be 0.90.".into()
            )
        );
    }

    #[test]
    fn three_rounds_then_one_last_round_of_generated_questions_then_it_gives_up() {
        let mut story = story().ran(DISAMBIGUATOR).ran(VALIDATOR);
        for round in 1..=3 {
            story = story.raised("next", None);
            assert_eq!(ids(&act(story.clone())), ["next"], "round {round}");
            story = story.without_raised().answered(&format!("q{round}"));
            story = story.ran_after(EXTRACTOR, round).ran_after(VALIDATOR, round);
        }
        story = story.raised("again", None);
        assert_eq!(names(&act(story.clone())), [CLARIFIER]);
        story = story.ran_after(CLARIFIER, 3);
        assert_eq!(ids(&act(story.clone())), ["again"]);
        story = story
            .without_raised()
            .answered("again")
            .ran_after(EXTRACTOR, 4)
            .ran_after(VALIDATOR, 4)
            .raised("more", None);
        assert!(matches!(act(story), Action::GiveUp(_)));
    }

    #[test]
    fn a_blocker_that_nobody_asked_about_is_asked_about() {
        let story = Story::new(phases::REQUIREMENTS)
            .score("requirements", 0.95)
            .uncertain("actors", 0.5, true)
            .blocked("actors")
            .ran(DISAMBIGUATOR)
            .ran(VALIDATOR)
            .ran(CLARIFIER);
        let Action::Ask(asking) = act(story) else { panic!("it asks") };
        assert!(matches!(asking.as_slice(), [Asking::New(question)] if question.id == "resolve-actors"));
    }

    #[test]
    fn after_a_rejection_it_first_understands_why() {
        let story = story().visit(2).solution(Some(Verdict::Rejected("too big".into())));
        let Action::RunPrompts(calls) = act(story.clone()) else { panic!("it runs a prompt") };
        assert_eq!(calls, [prompt_with(DISAMBIGUATOR, "focus", "understand_rejection")]);
        assert_eq!(names(&act(story.ran(DISAMBIGUATOR))), [VALIDATOR]);
    }

    #[test]
    fn a_failed_prompt_is_tried_twice() {
        let story = story().ran(DISAMBIGUATOR).failed(VALIDATOR);
        assert_eq!(names(&act(story.clone())), [VALIDATOR]);
        assert_eq!(
            act(story.failed(VALIDATOR)),
            Action::GiveUp("requirement_validator failed twice, and the phase cannot do without it.".into())
        );
    }

    #[test]
    fn what_ran_in_an_earlier_visit_does_not_count() {
        let story = story().ran(DISAMBIGUATOR).ran(VALIDATOR).visit(2);
        assert_eq!(names(&act(story)), [DISAMBIGUATOR, VALIDATOR]);
    }
}
