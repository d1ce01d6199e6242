//! Uncertainty analysis: measure, then present, ask, or go back for more context.
//!
//! `/uncertainty-check` measures, and answers with `/present-solution` when it is enough; the host follows that. When the
//! chain is still here afterwards, it was not enough.

use crate::seen::{Seen, Stand, enter, failed, is, prompt};
use crate::{asking, phases};
use certus_sdk::{Action, Ending};
use std::collections::BTreeSet;

const CHECK: &str = "/uncertainty-check";
const ADVERSARY: &str = "adversarial_reviewer";

pub(crate) fn next(seen: &Seen<'_>) -> Action {
    // Without it the measurement says what it would have said.
    if seen.setting("adversarial-pass", 0.0) >= 1.0 && seen.once(ADVERSARY) == Stand::Due && !seen.cautious() {
        return Action::RunPrompts(vec![prompt(ADVERSARY)]);
    }
    match seen.after_answers(CHECK) {
        Stand::Due => return Action::RunCommand(CHECK.into()),
        Stand::Exhausted => return failed(CHECK),
        Stand::Done => {}
    }
    if seen.open() {
        return enter(phases::APPROVAL, "What is known is enough for a solution.");
    }
    // Each round of answers is followed by a measurement, so the measurements count the rounds.
    let rounds = seen.runs_of(CHECK).filter(|run| run.ending == Ending::Ok).count();
    if rounds <= seen.count("rounds", 3)
        && let Some(ask) = asking::raised(seen)
    {
        return ask;
    }
    let most = seen.count("analysis-loops", 3);
    if loops(seen) < most {
        return enter(phases::CONTEXT, format!("Not certain enough: {}.", seen.lacking()));
    }
    asking::blockers(seen)
        .unwrap_or_else(|| Action::GiveUp(format!("Still not certain after {most} analyses: {}.", seen.lacking())))
}

/// Analyses, this one included, since a solution was last presented: a rejection begins a new count.
fn loops(seen: &Seen<'_>) -> usize {
    let runs = &seen.view.runs;
    let since = runs.iter().rposition(|run| is(run, "/present-solution")).map_or(0, |at| at + 1);
    let visits: BTreeSet<u32> =
        runs.iter().skip(since).filter(|run| run.phase == phases::ANALYSIS).map(|run| run.visit).collect();
    visits.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Story, ids};
    use certus_sdk::Asking;

    fn act(story: Story) -> Action {
        crate::next(&story.view())
    }

    fn short() -> Story {
        Story::new(phases::ANALYSIS).short("overall", 0.68, 0.80)
    }

    #[test]
    fn it_measures_first_and_again_after_answers() {
        assert_eq!(act(short()), Action::RunCommand(CHECK.into()));
        assert_eq!(act(short().ran(CHECK).answered("storage")), Action::RunCommand(CHECK.into()));
    }

    #[test]
    fn who_wants_it_has_the_approach_attacked_before_it_is_measured() {
        let wanted = || short().setting("adversarial-pass", 1.0);
        assert_eq!(act(wanted()), Action::RunPrompts(vec![prompt(ADVERSARY)]));
        assert_eq!(act(wanted().ran(ADVERSARY)), Action::RunCommand(CHECK.into()));
        assert_eq!(act(wanted().failed(ADVERSARY).failed(ADVERSARY)), Action::RunCommand(CHECK.into()));
        assert_eq!(act(short()), Action::RunCommand(CHECK.into()));
    }

    #[test]
    fn an_open_gate_leads_to_a_solution() {
        let story = Story::new(phases::ANALYSIS).ran(CHECK);
        assert!(matches!(act(story), Action::EnterPhase((phase, _)) if phase == phases::APPROVAL));
    }

    #[test]
    fn a_question_comes_before_another_round() {
        assert_eq!(ids(&act(short().ran(CHECK).raised("storage", None))), ["storage"]);
    }

    #[test]
    fn it_goes_back_for_context_twice_and_then_gives_up() {
        let story = short().ran(CHECK);
        assert_eq!(
            act(story.clone()),
            Action::EnterPhase((
                phases::CONTEXT.into(),
                "Not certain enough: confidence in overall is 0.68 and has to be 0.80.".into()
            ))
        );
        let story = story.visit(2).ran(CHECK);
        assert!(matches!(act(story.clone()), Action::EnterPhase(_)));
        let story = story.visit(3).ran(CHECK);
        assert_eq!(
            act(story),
            Action::GiveUp(
                "Still not certain after 3 analyses: confidence in overall is 0.68 and has to be 0.80.".into()
            )
        );
    }

    #[test]
    fn a_presented_solution_begins_a_new_count() {
        let story =
            short().ran(CHECK).visit(2).ran(CHECK).visit(3).ran(CHECK).ran("/present-solution").visit(4).ran(CHECK);
        assert!(matches!(act(story), Action::EnterPhase((phase, _)) if phase == phases::CONTEXT));
    }

    #[test]
    fn at_the_end_a_blocker_is_asked_about() {
        let story = short().ran(CHECK).visit(2).ran(CHECK).visit(3).ran(CHECK);
        let story = story.uncertain("storage", 0.2, true).blocked("storage");
        assert!(matches!(act(story), Action::Ask(asking) if matches!(asking.as_slice(), [Asking::New(_)])));
    }

    #[test]
    fn a_check_that_fails_twice_ends_it() {
        assert!(matches!(act(short().failed(CHECK).failed(CHECK)), Action::GiveUp(_)));
    }
}
