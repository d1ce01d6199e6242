//! Deployment readiness: a last check from what is recorded, then how to commit. Nothing is committed here.

use crate::seen::{Seen, Stand, enter, failed, prompt};
use crate::{asking, phases};
use certus_sdk::{Action, Ending};

const CHECKER: &str = "deployment_checker";
const ADVISOR: &str = "git_advisor";

pub(crate) fn next(seen: &Seen<'_>) -> Action {
    match seen.after_answers(CHECKER) {
        Stand::Due => return Action::RunPrompts(vec![prompt(CHECKER)]),
        Stand::Exhausted => return failed(CHECKER),
        Stand::Done => {}
    }
    if seen.open() {
        // Advice is no condition: without it the person commits as always.
        if seen.once(ADVISOR) == Stand::Due && !seen.cautious() {
            return Action::RunPrompts(vec![prompt(ADVISOR)]);
        }
        return Action::Finish("Implemented, tested and checked for deployment.".into());
    }
    // Each round of answers is followed by a check, so the checks count the rounds.
    let rounds = seen.runs_of(CHECKER).filter(|run| run.ending == Ending::Ok).count();
    if rounds <= seen.count("rounds", 3)
        && let Some(ask) = asking::raised(seen)
    {
        return ask;
    }
    let why = format!("Not ready for deployment: {}.", seen.lacking());
    let again = usize::try_from(seen.view.visit).is_ok_and(|visit| visit < seen.count("implementation-visits", 3));
    if seen.blockers().next().is_some() && again && !seen.cautious() {
        enter(phases::IMPLEMENTATION, why)
    } else {
        Action::GiveUp(why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Story, ids, names};

    fn act(story: Story) -> Action {
        crate::next(&story.view())
    }

    fn blocked() -> Story {
        let story = Story::new(phases::DEPLOYMENT).ran(CHECKER);
        story.uncertain("rollback", 0.3, true).blocked("rollback")
    }

    #[test]
    fn it_checks_then_advises_then_finishes() {
        let story = Story::new(phases::DEPLOYMENT);
        assert_eq!(names(&act(story.clone())), [CHECKER]);
        let story = story.ran(CHECKER);
        assert_eq!(names(&act(story.clone())), [ADVISOR]);
        assert!(matches!(act(story.clone().ran(ADVISOR)), Action::Finish(_)));
        assert!(matches!(act(story.clone().failed(ADVISOR).failed(ADVISOR)), Action::Finish(_)));
        assert!(matches!(act(story.refused("unknown-prompt")), Action::Finish(_)));
    }

    #[test]
    fn a_blocker_leads_back_to_the_implementation_while_that_is_free() {
        let why = "Not ready for deployment: rollback is unresolved and blocks.";
        assert_eq!(act(blocked()), enter(phases::IMPLEMENTATION, why));
        assert_eq!(act(blocked().refused("phase-order")), Action::GiveUp(why.into()));
        assert_eq!(act(blocked().visit(3).ran(CHECKER)), Action::GiveUp(why.into()));
    }

    #[test]
    fn questions_come_first_and_are_followed_by_another_check() {
        assert_eq!(ids(&act(blocked().raised("how", Some("rollback")))), ["how"]);
        assert_eq!(names(&act(blocked().answered("how"))), [CHECKER]);
    }

    #[test]
    fn what_is_only_not_sure_enough_ends_it() {
        let story = Story::new(phases::DEPLOYMENT).ran(CHECKER).short("deployment", 0.6, 0.8);
        assert!(matches!(act(story), Action::GiveUp(_)));
    }
}
