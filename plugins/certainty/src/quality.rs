//! From green tests to the open gate: lint and build, then the reviewers, then what they found lacking.
//!
//! A failed lint or build is mended like a failed test; where that does not help, it is for the reviewers and the gate to say
//! whether it matters. The reviewers see each state of the change once: after a round that left the gate shut,
//! `tdd_flow_controller` runs with what is lacking as its focus, and then everything is checked again.

use crate::implementation::mend;
use crate::seen::{Stand, enter, failed, prompt, prompt_with};
use crate::work::{PIECE, REVIEWERS, Standing, Work, vain};
use crate::{asking, phases};
use certus_sdk::{Action, Check};

pub(crate) fn next(work: &Work<'_>) -> Action {
    let seen = work.seen;
    if let Some(action) = check(work).or_else(|| review(work)) {
        return action;
    }
    if seen.open() {
        return enter(phases::DEPLOYMENT, "The tests pass, and the reviewers are satisfied.");
    }
    if let Some(ask) = asking::mattering(seen) {
        return ask;
    }
    if work.rounds() < seen.count("fix-attempts", 3) && !work.long() {
        return work.write(prompt_with(PIECE, "focus", &seen.lacking()));
    }
    work.back(format!("The implementation is not good enough: {}.", seen.lacking()))
}

fn check(work: &Work<'_>) -> Option<Action> {
    [Check::Lint, Check::Build].into_iter().find_map(|check| match work.check(check) {
        Standing::Stale => Some(Action::RunCheck(check)),
        Standing::Failed => mend(work),
        Standing::Passed | Standing::Absent => None,
    })
}

/// The reviewers together, after everything that was written.
fn review(work: &Work<'_>) -> Option<Action> {
    // They have seen the files as they are when what they asked for was not written.
    let refused = || work.last().is_some_and(|last| last.prompt == PIECE && vain(last));
    if work.reviewed() && (refused() || work.is_reviewed_as_it_is()) {
        return None;
    }
    let exhausted = REVIEWERS.iter().find(|name| work.after_writers(name) == Stand::Exhausted);
    if let Some(name) = exhausted {
        return Some(failed(name));
    }
    let due: Vec<_> =
        REVIEWERS.iter().filter(|name| work.after_writers(name) == Stand::Due).map(|name| prompt(name)).collect();
    (!due.is_empty()).then_some(Action::RunPrompts(due))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Story, names};
    use crate::work::{MEND, TESTS};
    use certus_sdk::DraftState::Refused;

    fn act(story: Story) -> Action {
        crate::next(&story.view())
    }

    /// All pieces are there, and the tests pass.
    fn green(story: Story) -> Story {
        let story = story.commands(&["build", "lint", "test"]).ran("solution_designer").wrote(TESTS);
        story.wrote(PIECE).ran(PIECE).checked("test", true)
    }

    fn checked() -> Story {
        green(Story::new(phases::IMPLEMENTATION)).checked("lint", true).checked("build", true)
    }

    fn reviewed(story: Story) -> Story {
        REVIEWERS.iter().fold(story, |story, name| story.ran(name))
    }

    /// Everything passed, and the reviewers are not satisfied.
    fn short() -> Story {
        reviewed(checked()).short("simplicity", 0.2, 0.31)
    }

    fn again(story: Story) -> Story {
        story.checked("test", true).checked("lint", true).checked("build", true)
    }

    #[test]
    fn lint_and_build_run_where_the_project_has_them() {
        let story = green(Story::new(phases::IMPLEMENTATION));
        assert_eq!(act(story.clone()), Action::RunCheck(Check::Lint));
        assert_eq!(act(story.clone().checked("lint", true)), Action::RunCheck(Check::Build));
        assert_eq!(act(story.clone().commands(&["build", "test"])), Action::RunCheck(Check::Build));
        assert_eq!(names(&act(story.commands(&["test"]))), REVIEWERS);
    }

    #[test]
    fn a_failed_lint_is_mended_and_then_left_to_the_reviewers() {
        let mut story = green(Story::new(phases::IMPLEMENTATION)).checked("lint", false).checked("build", true);
        assert_eq!(names(&act(story.clone())), [MEND]);
        assert_eq!(act(story.clone().wrote(MEND)), Action::RunCheck(Check::Test));
        story = story.wrote(MEND).wrote(MEND).wrote(MEND).checked("test", true).checked("lint", false);
        assert_eq!(names(&act(story.checked("build", true))), REVIEWERS);
    }

    #[test]
    fn reviewers_run_together_and_the_open_gate_leads_on() {
        assert_eq!(names(&act(checked())), REVIEWERS);
        assert!(matches!(act(reviewed(checked())), Action::EnterPhase((phase, _)) if phase == phases::DEPLOYMENT));
        let story = checked().failed("code_reviewer").ran("security_scanner").ran("simplicity_checker");
        assert_eq!(names(&act(story.clone())), ["code_reviewer"]);
        assert!(matches!(act(story.failed("code_reviewer")), Action::GiveUp(_)));
    }

    #[test]
    fn what_is_lacking_is_the_focus_of_another_piece_and_then_reviewed_again() {
        let focus = "confidence in simplicity is 0.20 and has to be 0.31";
        assert_eq!(act(short()), Action::RunPrompts(vec![prompt_with(PIECE, "focus", focus)]));
        let story = short().wrote(PIECE);
        assert_eq!(act(story.clone()), Action::RunCheck(Check::Test));
        assert_eq!(names(&act(again(story))), REVIEWERS);
    }

    #[test]
    fn reviewers_do_not_look_twice_at_the_same_files() {
        assert_eq!(names(&act(short().drafted(PIECE, Refused))), [PIECE]);
    }

    #[test]
    fn who_satisfies_nobody_by_writing_nothing_is_not_reviewed_again() {
        let nothing = || short().ran(PIECE);
        assert_eq!(names(&act(nothing())), [PIECE], "it is asked once more");
        let why = "The implementation is not good enough: confidence in simplicity is 0.20 and has to be 0.31.";
        assert_eq!(act(nothing().ran(PIECE).ran(PIECE)), enter(phases::ANALYSIS, why));
        // What is written after all is reviewed, and what a person says since is heard.
        assert_eq!(names(&act(again(nothing().wrote(PIECE)))), REVIEWERS);
        assert_eq!(names(&act(nothing().answered("what-for"))), REVIEWERS);
    }

    #[test]
    fn rounds_are_bounded() {
        let story = (0..3).fold(short(), |story, _| reviewed(again(story.wrote(PIECE))));
        let why = "The implementation is not good enough: confidence in simplicity is 0.20 and has to be 0.31.";
        assert_eq!(act(story.clone()), enter(phases::ANALYSIS, why));
        assert_eq!(act(story.refused("gate-not-met")), Action::GiveUp(why.into()));
    }

    #[test]
    fn a_question_about_a_blocker_comes_before_another_piece() {
        let story =
            reviewed(checked()).uncertain("tokens", 0.2, true).blocked("tokens").raised("where", Some("tokens"));
        assert!(matches!(act(story), Action::Ask(_)));
    }
}
