//! Implementation: a plan, then tests, then code in small pieces, until the checks and the reviewers are satisfied.
//!
//! 1. `solution_designer` cuts the approved solution into pieces.
//! 2. `test_generator` writes the tests. They are put before the person, written, and run: they should fail.
//! 3. `tdd_flow_controller` writes one piece a run, until it brings none. What is written is tested at once; a failed test is
//!    mended by `error_recovery`, unless that finds nothing to mend and pieces are left: then the next piece is what is missing.
//! 4. What follows green tests is in [`quality`].
//!
//! Tests of an earlier visit that stand run before the first piece of this one. A piece that changes nothing is none.
//!
//! After `/implement --mode direct`, or where no test command may run, there is no second step. After a deployment check that
//! found blockers there are neither plan nor tests: the pieces are about the blockers, and the tests of before stand. Where a person
//! took those back, both come anew.

use crate::seen::{Seen, Stand, failed, prompt, prompt_with};
use crate::work::{MEND, PIECE, Standing, TESTS, Work, is_writers, problem, vain};
use crate::{asking, phases, quality};
use certus_sdk::{Action, Check, Draft, DraftState, Lack, PromptCall};

const DESIGNER: &str = "solution_designer";
const COMMAND: &str = "/implement";
/// What the generator is told of tests that pass before there is any code. Those of a refactoring may: then it brings none.
const RED: &str = "the tests pass before anything is changed, so they show nothing: make them fail until the change is there; \
    where nothing is to behave differently, bring none and say so";

pub(crate) fn next(seen: &Seen<'_>) -> Action {
    let work = Work::new(seen);
    work.waiting()
        .or_else(|| design(&work))
        .or_else(|| tests(&work))
        .or_else(|| pieces(&work))
        .unwrap_or_else(|| quality::next(&work))
}

/// Plan, and see that nothing speaks against carrying the plan out.
fn design(work: &Work<'_>) -> Option<Action> {
    let seen = work.seen;
    if returned(seen) {
        return None;
    }
    match seen.once(DESIGNER) {
        Stand::Due => return Some(Action::RunPrompts(vec![prompt(DESIGNER)])),
        Stand::Exhausted => return Some(failed(DESIGNER)),
        Stand::Done => {}
    }
    // The gate before this phase was open, so a blocker came up in it. Once code is written, the quality loop deals with blockers.
    if work.answers(PIECE) > 0 || seen.blockers().next().is_none() {
        return None;
    }
    Some(asking::mattering(seen).unwrap_or_else(|| {
        work.back(format!("The solution cannot be carried out as it was approved: {}.", seen.lacking()))
    }))
}

/// Tests come before code. Whether they fail, as they should, is seen by [`pieces`].
fn tests(work: &Work<'_>) -> Option<Action> {
    let untestable = work.check(Check::Test) == Standing::Absent && work.last_of(TESTS).is_none();
    if returned(work.seen) || direct(work.seen) || untestable {
        return None;
    }
    let undone = work.last_of(TESTS).is_some_and(|last| last.state == DraftState::Undone);
    if undone {
        // An answer without tests: the person was asked whether to go on so.
        return (!work.came_up_empty(TESTS)).then(|| work.write(prompt(TESTS)));
    }
    let answers = work.answers(TESTS);
    // A person who wants tests after all, once the code was taken back, gets them first.
    if work.answers(PIECE) > 0 && (answers > 0 || work.wrote_code()) {
        return None;
    }
    let Some(last) = work.last_of(TESTS) else {
        // An answer without tests: what there is shows enough, or the generator said what it does not know.
        return (answers == 0).then(|| work.write(prompt(TESTS)));
    };
    if !vain(last) {
        let once = answers <= 1 && !work.repeats_own_tests();
        let shows_nothing = work.check(Check::Test) == Standing::Passed && once;
        return shows_nothing.then(|| work.write(prompt_with(TESTS, "focus", RED)));
    }
    if answers > work.seen.count("fix-attempts", 3) || work.came_up_empty(TESTS) {
        return Some(Action::GiveUp(format!(
            "No tests were written, and code does not come before them: {}.",
            problem(last)
        )));
    }
    Some(work.write(prompt(TESTS)))
}

/// Code, piece by piece. `None` when all pieces are there and tested.
fn pieces(work: &Work<'_>) -> Option<Action> {
    let most = work.seen.count("pieces", 12);
    let done = work.reviewed() || work.came_up_empty(PIECE) || work.answers(PIECE) >= most;
    if done && !work.seen.view.drafts.iter().any(|draft| draft.state == DraftState::Written) {
        return Some(work.back("Nothing is implemented: no reply brought an edit that was written.".into()));
    }
    // Tests of an earlier visit that stand are seen to fail before the code of this one, or not.
    if work.wrote_anything() || work.has_tests() || done {
        match work.check(Check::Test) {
            Standing::Stale => return Some(Action::RunCheck(Check::Test)),
            // Before any code, failing is what tests are for.
            Standing::Failed if work.wrote_code() || done => {
                if let Some(action) = mend_test(work, done) {
                    return Some(action);
                }
            }
            // Who goes on without it knows that nothing is completed so; what was wanted is written all the same.
            Standing::Absent if untested(work.seen) && done => {
                let why = "no test command of the project is known, or it may not run";
                return Some(Action::GiveUp(format!("Nothing can show that the change works: {why}.")));
            }
            Standing::Passed | Standing::Failed | Standing::Absent => {}
        }
    }
    if done {
        return None;
    }
    if let Some(last) = work.last().filter(|last| last.prompt == PIECE && vain(last))
        && work.in_vain() > work.seen.count("fix-attempts", 3)
    {
        return Some(work.back(format!("The change does not get written: {}.", problem(last))));
    }
    if work.long() {
        return Some(work.back("The change takes more steps than one visit of this phase has.".into()));
    }
    Some(work.write(piece(work.seen)))
}

/// A failed test, as long as there is a way to mend it; `None` when the next piece is the way.
fn mend_test(work: &Work<'_>, done: bool) -> Option<Action> {
    if let Some(action) = mend(work) {
        return Some(action);
    }
    // Where only a person can help, mending ends with a blocker and a question about it.
    if let Some(ask) = asking::mattering(work.seen) {
        return Some(ask);
    }
    if work.mended_in_vain() && !done && work.seen.blockers().next().is_none() {
        return None;
    }
    let (attempts, last) = (work.mended(), work.last().filter(|last| vain(last)));
    let why = match last {
        Some(last) => format!(" {}.", problem(last)),
        None if work.seen.blockers().next().is_some() => format!(" What stands against it: {}.", work.seen.lacking()),
        None => String::new(),
    };
    Some(work.back(format!("The tests do not pass; attempts to mend them: {attempts}.{why}")))
}

/// Run `error_recovery` on what failed, unless that was tried enough, or came to nothing.
pub(crate) fn mend(work: &Work<'_>) -> Option<Action> {
    let tried = work.mended() >= work.seen.count("fix-attempts", 3) || work.mended_in_vain();
    (!tried && !work.long()).then(|| work.write(prompt(MEND)))
}

fn piece(seen: &Seen<'_>) -> PromptCall {
    // Without a plan of its own, a piece is about what the deployment check found.
    if returned(seen) && !seen.open() { prompt_with(PIECE, "focus", &seen.lacking()) } else { prompt(PIECE) }
}

fn untested(seen: &Seen<'_>) -> bool {
    seen.view.lacks.iter().any(|lack| matches!(lack, Lack::Evidence(kind) if kind == "test"))
}

/// The chain came back from the deployment check, and the tests of before stand: what ran last before this visit was of that phase,
/// and no person took back what was written as tests last.
fn returned(seen: &Seen<'_>) -> bool {
    let view = seen.view;
    let before = view.runs.iter().rfind(|run| run.phase != view.phase || run.visit != view.visit);
    let settled = |draft: &&Draft| {
        let of_phase = draft.phase == view.phase && draft.visit < view.visit && is_writers(&[TESTS], draft);
        of_phase && matches!(draft.state, DraftState::Written | DraftState::Undone)
    };
    let gone = view.drafts.iter().rfind(settled).is_some_and(|last| last.state == DraftState::Undone);
    before.is_some_and(|run| run.phase == phases::DEPLOYMENT) && !gone
}

/// The person asked for code without tests before it.
fn direct(seen: &Seen<'_>) -> bool {
    let last = seen.runs_of(COMMAND).last();
    last.is_some_and(|run| run.name.split(|c: char| c.is_whitespace() || c == '=').any(|word| word == "direct"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Story, names};
    use certus_sdk::DraftState::{Failed, New, Refused, Undone};

    fn act(story: Story) -> Action {
        crate::next(&story.view())
    }

    fn begun() -> Story {
        Story::new(phases::IMPLEMENTATION).commands(&["build", "lint", "test"]).unproven("test")
    }

    fn designed() -> Story {
        begun().ran(DESIGNER)
    }

    /// Tests are written and fail, as they should.
    fn red() -> Story {
        designed().wrote(TESTS).checked("test", false)
    }

    fn propose(id: &str) -> Action {
        Action::ProposeEdits(id.into())
    }

    fn gives_up(action: Action) -> String {
        match action {
            Action::GiveUp(why) => why,
            other => panic!("not given up: {other:?}"),
        }
    }

    fn goes_back(action: Action) -> String {
        match action {
            Action::EnterPhase((phase, why)) if phase == phases::ANALYSIS => why,
            other => panic!("not back to the analysis: {other:?}"),
        }
    }

    #[test]
    fn it_plans_writes_tests_and_sees_them_fail_before_any_code() {
        assert_eq!(names(&act(begun())), [DESIGNER]);
        assert_eq!(names(&act(designed())), [TESTS]);
        assert_eq!(act(designed().drafted(TESTS, New)), propose("D1"));
        assert_eq!(act(designed().wrote(TESTS)), Action::RunCheck(Check::Test));
        assert_eq!(names(&act(red())), [PIECE]);
    }

    #[test]
    fn tests_that_pass_before_any_code_are_written_once_more() {
        let green = designed().wrote(TESTS).checked("test", true);
        assert_eq!(act(green.clone()), Action::RunPrompts(vec![prompt_with(TESTS, "focus", RED)]));
        let again = green.wrote(TESTS);
        assert_eq!(act(again.clone()), Action::RunCheck(Check::Test));
        assert_eq!(names(&act(again.checked("test", false))), [PIECE]);
    }

    #[test]
    fn each_piece_is_proposed_and_tested() {
        let story = red();
        assert_eq!(act(story.clone().drafted(PIECE, New)), propose("D2"));
        let story = story.wrote(PIECE);
        assert_eq!(act(story.clone()), Action::RunCheck(Check::Test));
        assert_eq!(names(&act(story.checked("test", true))), [PIECE]);
    }

    #[test]
    fn refused_tests_are_written_again_a_few_times() {
        let story = designed().drafted(TESTS, Refused).drafted(TESTS, Failed).drafted(TESTS, Refused);
        assert_eq!(names(&act(story.clone())), [TESTS]);
        let why = gives_up(act(story.clone().drafted(TESTS, Refused)));
        assert_eq!(why, "No tests were written, and code does not come before them: D4 was refused: too big.");
        assert!(gives_up(act(story.ran(TESTS))).starts_with("No tests were written"));
    }

    #[test]
    fn only_tests_come_before_code() {
        let mut view = designed().drafted(TESTS, New).view();
        view.drafts.iter_mut().for_each(|draft| draft.kind = "change".into());
        assert_eq!(names(&crate::next(&view)), [PIECE]);
    }

    #[test]
    fn a_failed_test_is_mended_a_few_times_in_a_row() {
        let mut story = red().wrote(PIECE).checked("test", false);
        for _ in 0..3 {
            assert_eq!(names(&act(story.clone())), [MEND]);
            assert!(matches!(act(story.clone().drafted(MEND, New)), Action::ProposeEdits(_)));
            story = story.wrote(MEND).checked("test", false);
        }
        assert_eq!(goes_back(act(story.clone())), "The tests do not pass; attempts to mend them: 3.");
        assert_eq!(names(&act(story.clone().checked("test", true))), [PIECE]);
        let story = story.refused("phase-order");
        assert_eq!(gives_up(act(story)), "The tests do not pass; attempts to mend them: 3.");
    }

    #[test]
    fn attempts_are_counted_anew_for_each_piece() {
        let story =
            (0..3).fold(red().wrote(PIECE).checked("test", false), |story, _| story.wrote(MEND).checked("test", false));
        let story = story.checked("test", true).wrote(PIECE).checked("test", false);
        assert_eq!(names(&act(story)), [MEND]);
    }

    #[test]
    fn where_nothing_is_to_be_mended_the_next_piece_is_missing() {
        let story = red().wrote(PIECE).checked("test", false).ran(MEND);
        assert_eq!(names(&act(story.clone())), [PIECE]);
        assert_eq!(
            names(&act(story.clone().wrote(PIECE).checked("test", false).wrote(MEND).checked("test", false))),
            [MEND]
        );
        // No piece is left either.
        let why = goes_back(act(story.ran(PIECE).ran(MEND)));
        assert_eq!(why, "The tests do not pass; attempts to mend them: 1.");
    }

    #[test]
    fn where_only_a_person_can_help_the_person_is_asked_and_mending_goes_on() {
        let story = red().wrote(PIECE).checked("test", false).ran(MEND);
        let story = story.uncertain("database", 0.1, true).blocked("database");
        let why = "The tests do not pass; attempts to mend them: 1. \
            What stands against it: no passed test; database is unresolved and blocks.";
        assert_eq!(goes_back(act(story.clone())), why);
        assert!(matches!(act(story.clone().raised("is-it-on", Some("database"))), Action::Ask(_)));
        assert_eq!(names(&act(story.answered("is-it-on"))), [MEND]);
    }

    #[test]
    fn a_refused_piece_is_written_again_a_few_times() {
        let story = red().drafted(PIECE, Refused).drafted(PIECE, Refused).drafted(PIECE, Refused);
        assert_eq!(names(&act(story.clone())), [PIECE]);
        let why = goes_back(act(story.drafted(PIECE, Refused)));
        assert_eq!(why, "The change does not get written: D5 was refused: too big.");
    }

    #[test]
    fn pieces_are_bounded() {
        let mut story = red().setting("pieces", 2.0).wrote(PIECE).checked("test", true).wrote(PIECE);
        story = story.checked("test", true);
        assert_eq!(act(story), Action::RunCheck(Check::Lint));
        let story = (0..16).fold(red().setting("pieces", 40.0), |story, _| story.wrote(PIECE).checked("test", true));
        assert!(goes_back(act(story)).contains("more steps"));
    }

    #[test]
    fn a_failed_writer_is_tried_once_more() {
        let story = red().failed(PIECE);
        assert_eq!(names(&act(story.clone())), [PIECE]);
        assert!(gives_up(act(story.failed(PIECE))).contains("failed twice"));
    }

    #[test]
    fn without_a_test_run_it_ends_with_a_clear_sentence() {
        // It never ran; or it did, and a person did not let it run again; or there is none, and nobody pays for tests that cannot run.
        for story in [designed().wrote(TESTS), red().wrote(PIECE), designed()] {
            let without = story.commands(&["lint"]);
            assert_eq!(names(&act(without.clone())), [PIECE], "who goes on without the tests gets the code");
            let why = gives_up(act(without.wrote(PIECE).ran(PIECE)));
            assert_eq!(
                why,
                "Nothing can show that the change works: no test command of the project is known, or it may not run."
            );
        }
    }

    #[test]
    fn where_nothing_was_written_nothing_is_implemented() {
        let why = "Nothing is implemented: no reply brought an edit that was written.";
        assert_eq!(goes_back(act(designed().ran(TESTS).ran(PIECE))), why);
        assert_eq!(gives_up(act(begun().visit(3).ran(DESIGNER).ran(TESTS).ran(PIECE))), why);
    }

    #[test]
    fn an_edit_that_the_law_refuses_is_not_proposed_again() {
        let story = designed().drafted(TESTS, New).refused("no-write-without-approval");
        assert_eq!(gives_up(act(story)), "D1 cannot be put before a person: no-write-without-approval.");
    }

    #[test]
    fn a_draft_of_an_earlier_visit_is_left_alone() {
        assert_eq!(names(&act(designed().drafted(TESTS, New).visit(2))), [DESIGNER]);
    }

    #[test]
    fn a_plan_that_blocks_goes_back() {
        let story = designed().uncertain("storage", 0.2, true).blocked("storage");
        assert!(goes_back(act(story.clone())).starts_with("The solution cannot be carried out"));
        assert!(matches!(act(story.raised("where", Some("storage"))), Action::Ask(_)));
    }

    #[test]
    fn the_direct_mode_writes_code_at_once() {
        let story = begun().ran(DESIGNER).ran("/implement --mode direct");
        assert_eq!(names(&act(story)), [PIECE]);
        assert_eq!(names(&act(begun().ran(DESIGNER).ran("/implement --mode tdd"))), [TESTS]);
    }

    #[test]
    fn tests_that_were_taken_back_are_planned_and_written_anew() {
        let undone = |story: Story| {
            let mut view = story.view();
            view.drafts.iter_mut().filter(|draft| draft.prompt == TESTS).for_each(|draft| draft.state = Undone);
            view
        };
        let complete =
            || red().wrote(PIECE).checked("test", true).phase(phases::DEPLOYMENT, 1).ran("deployment_checker");
        let again = || complete().phase(phases::IMPLEMENTATION, 2);
        assert_eq!(names(&crate::next(&undone(again()))), [DESIGNER]);
        assert_eq!(names(&crate::next(&undone(again().ran(DESIGNER)))), [TESTS]);
        assert_eq!(act(again()), Action::RunCheck(Check::Test), "where the code alone was, the tests stand");
        assert_eq!(names(&act(again().checked("test", false))), [PIECE]);
        // While code waits for them.
        let waits = || red().drafted(PIECE, Refused);
        assert_eq!(names(&crate::next(&undone(waits()))), [TESTS]);
        assert_eq!(names(&crate::next(&undone(waits().ran(TESTS)))), [PIECE], "a person goes on without");
    }

    #[test]
    fn a_no_to_code_at_once_leads_to_tests() {
        // The law takes the word back by which code was to come at once, and the answer that brought too little.
        assert_eq!(names(&act(designed())), [TESTS]);
        let refused = || designed().drafted(PIECE, Refused);
        assert_eq!(names(&act(refused())), [TESTS]);
        let mut view = designed().wrote(PIECE).view();
        view.drafts.iter_mut().for_each(|draft| draft.state = Undone);
        assert_eq!(names(&crate::next(&view)), [TESTS]);
        let mut view = designed().wrote(TESTS).checked("test", true).view();
        view.runs.retain(|run| run.name != TESTS);
        assert_eq!(crate::next(&view), Action::RunPrompts(vec![prompt_with(TESTS, "focus", RED)]));
        // Once code is in the files, tests come too late.
        assert_eq!(act(designed().wrote(PIECE)), Action::RunCheck(Check::Test));
    }

    #[test]
    fn what_stands_already_is_there_and_is_no_piece() {
        let again = || red().wrote(PIECE).checked("test", false).visit(2).ran(DESIGNER);
        assert_eq!(names(&act(again())), [TESTS]);
        let same = || again().repeated(TESTS);
        assert_eq!(act(same()), Action::RunCheck(Check::Test));
        let same = || same().checked("test", false);
        assert_eq!(names(&act(same())), [PIECE]);
        // Where they pass, nobody is paid to bring them once more.
        assert_eq!(names(&act(again().repeated(TESTS).checked("test", true))), [PIECE]);
        // Without new tests, those that stand are seen to fail.
        let none = || again().ran(TESTS);
        assert_eq!(act(none()), Action::RunCheck(Check::Test));
        assert_eq!(names(&act(none().checked("test", false))), [PIECE]);
        // No piece is left where one changes nothing, and nothing is mended so either.
        assert_eq!(names(&act(same().repeated(PIECE))), [MEND]);
        assert!(goes_back(act(same().repeated(PIECE).repeated(MEND))).starts_with("The tests do not pass"));
    }

    #[test]
    fn after_a_deployment_check_the_pieces_are_about_its_blockers() {
        let story = red().wrote(PIECE).checked("test", true).phase(phases::DEPLOYMENT, 1).ran("deployment_checker");
        let story = story.phase(phases::IMPLEMENTATION, 2).uncertain("rollback", 0.3, true).blocked("rollback");
        let focus = "no passed test; rollback is unresolved and blocks";
        assert_eq!(act(story.clone()), Action::RunCheck(Check::Test), "the tests stand");
        let story = story.checked("test", true);
        assert_eq!(act(story), Action::RunPrompts(vec![prompt_with(PIECE, "focus", focus)]));
    }
}
