//! Implementation and deployment readiness, as far as this version goes: design, tests, the project's own test run, a
//! last check. What is written to the project comes with the edits that a later version proposes.

use crate::phases;
use crate::seen::{Seen, Stand, enter, failed, prompt};
use certus_sdk::{Action, Check, Lack};

const DESIGN: [&str; 2] = ["solution_designer", "test_generator"];
const READINESS: &str = "deployment_checker";

/// How the project's own test run appears among the runs of a visit.
const TEST: &str = "check:test";

pub(crate) fn implementation(seen: &Seen<'_>) -> Action {
    if let Some(name) = DESIGN.iter().find(|name| seen.once(name) == Stand::Exhausted) {
        return failed(name);
    }
    let due: Vec<_> = DESIGN.iter().filter(|name| seen.once(name) == Stand::Due).map(|name| prompt(name)).collect();
    if !due.is_empty() {
        return Action::RunPrompts(due);
    }
    if seen.open() {
        return enter(phases::DEPLOYMENT, "The tests pass.");
    }
    let untested = seen.view.lacks.iter().any(|lack| matches!(lack, Lack::Evidence(kind) if kind == "test"));
    if untested && !seen.cautious() && seen.runs_of(TEST).next().is_none() {
        return Action::RunCheck(Check::Test);
    }
    Action::GiveUp(format!("The implementation is not complete: {}.", seen.lacking()))
}

pub(crate) fn deployment(seen: &Seen<'_>) -> Action {
    match seen.once(READINESS) {
        Stand::Due => Action::RunPrompts(vec![prompt(READINESS)]),
        Stand::Exhausted => failed(READINESS),
        Stand::Done if seen.open() => Action::Finish("Implemented, tested and checked for deployment.".into()),
        Stand::Done => Action::GiveUp(format!("Not ready for deployment: {}.", seen.lacking())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Story, names};

    fn act(story: Story) -> Action {
        crate::next(&story.view())
    }

    fn untested() -> Story {
        Story::new(phases::IMPLEMENTATION).unproven("test")
    }

    #[test]
    fn it_designs_then_tests_then_goes_on() {
        assert_eq!(names(&act(untested())), DESIGN);
        let designed = DESIGN.iter().fold(untested(), |story, name| story.ran(name));
        assert_eq!(act(designed.clone()), Action::RunCheck(Check::Test));
        assert_eq!(
            act(designed.ran(TEST)),
            Action::GiveUp("The implementation is not complete: no passed test.".into())
        );
        let tested = DESIGN.iter().fold(Story::new(phases::IMPLEMENTATION), |story, name| story.ran(name));
        assert!(matches!(act(tested), Action::EnterPhase((phase, _)) if phase == phases::DEPLOYMENT));
    }

    #[test]
    fn a_refused_test_run_is_not_repeated() {
        let story = DESIGN.iter().fold(untested(), |story, name| story.ran(name)).refused("no-command");
        assert!(matches!(act(story), Action::GiveUp(_)));
    }

    #[test]
    fn it_finishes_after_the_last_check() {
        let story = Story::new(phases::DEPLOYMENT);
        assert_eq!(names(&act(story.clone())), [READINESS]);
        assert!(matches!(act(story.clone().ran(READINESS)), Action::Finish(_)));
        assert!(matches!(act(story.ran(READINESS).blocked("storage")), Action::GiveUp(_)));
    }
}
