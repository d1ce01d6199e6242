//! Solution approval: put a solution before the person, and do what the person says.

use crate::phases;
use crate::seen::{Seen, Stand, enter, failed};
use certus_sdk::{Action, Ending, Lack};

const PRESENT: &str = "/present-solution";

/// Presentations in one visit. The command itself answers several requests for more information.
const PRESENTATIONS: usize = 3;

pub(crate) fn next(seen: &Seen<'_>) -> Action {
    if seen.open() {
        return enter(phases::IMPLEMENTATION, "The solution is approved.");
    }
    match seen.once(PRESENT) {
        Stand::Due => return Action::RunCommand(PRESENT.into()),
        Stand::Exhausted => return failed(PRESENT),
        Stand::Done => {}
    }
    // It was presented in this visit, so the last verdict is of this visit.
    if let Some(why) = seen.rejection() {
        return enter(phases::REQUIREMENTS, format!("The solution was rejected: {why}"));
    }
    if let Some(proposal) = seen.undecided() {
        return Action::RequestApproval(proposal.clone());
    }
    let unapproved = seen.view.lacks.iter().any(|lack| matches!(lack, Lack::Approval(_)));
    if !unapproved {
        // Approved, but something else came up: measure again.
        return enter(phases::ANALYSIS, format!("The solution is approved, but {}.", seen.lacking()));
    }
    let presented = seen.runs_of(PRESENT).filter(|run| run.ending == Ending::Ok).count();
    if presented < PRESENTATIONS {
        return Action::RunCommand(PRESENT.into());
    }
    Action::GiveUp(format!("No solution was approved after {presented} presentations."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Story;
    use certus_sdk::Verdict;

    fn act(story: Story) -> Action {
        crate::next(&story.view())
    }

    fn story() -> Story {
        Story::new(phases::APPROVAL).unapproved()
    }

    #[test]
    fn it_presents_a_solution() {
        assert_eq!(act(story()), Action::RunCommand(PRESENT.into()));
    }

    #[test]
    fn an_old_verdict_does_not_spare_the_presentation() {
        let story = story().visit(2).solution(Some(Verdict::Rejected("too big".into())));
        assert_eq!(act(story), Action::RunCommand(PRESENT.into()));
    }

    #[test]
    fn approval_leads_to_implementation() {
        let story = Story::new(phases::APPROVAL).ran(PRESENT).solution(Some(Verdict::Approved));
        assert!(matches!(act(story), Action::EnterPhase((phase, _)) if phase == phases::IMPLEMENTATION));
    }

    #[test]
    fn rejection_leads_back_with_the_reason() {
        let story = story().ran(PRESENT).solution(Some(Verdict::Rejected("no Redis here".into())));
        assert_eq!(
            act(story),
            Action::EnterPhase((phases::REQUIREMENTS.into(), "The solution was rejected: no Redis here".into()))
        );
    }

    #[test]
    fn a_solution_without_a_verdict_is_put_again() {
        let story = story().ran(PRESENT).solution(None);
        assert!(matches!(act(story), Action::RequestApproval(proposal) if proposal.kind == "solution"));
    }

    #[test]
    fn more_information_means_another_presentation_a_few_times() {
        let story = story().ran(PRESENT).solution(Some(Verdict::MoreInfo("how to log out?".into())));
        assert_eq!(act(story.clone()), Action::RunCommand(PRESENT.into()));
        assert!(matches!(act(story.ran(PRESENT).ran(PRESENT)), Action::GiveUp(_)));
    }

    #[test]
    fn a_blocker_that_came_up_is_analysed() {
        let story = Story::new(phases::APPROVAL).ran(PRESENT).solution(Some(Verdict::Approved)).blocked("storage");
        assert!(matches!(act(story), Action::EnterPhase((phase, _)) if phase == phases::ANALYSIS));
    }
}
