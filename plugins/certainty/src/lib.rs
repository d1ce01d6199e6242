//! The default controller: it names the next action of a chain that works by the `certainty` methodology.
//!
//! It is a pure function of the view, with no memory. Where a chain stands within a phase is read from what ran in this
//! visit, so a chain that was killed goes on at the same place. The engine checks whatever is named here: the controller
//! is written to be lawful, but nothing depends on it.
//!
//! | phase | module |
//! |---|---|
//! | requirements-clarification | [`requirements`] |
//! | context-building | [`context`] |
//! | uncertainty-analysis | [`analysis`] |
//! | solution-approval | [`approval`] |
//! | implementation | [`implementation`], then [`quality`] |
//! | deployment-readiness | [`deployment`] |
//!
//! Two rules keep it from going round without progress. Whatever is run is run again only when something that it
//! depends on has changed, and a failed run is tried once more. After a refusal nothing optional is run any more; after
//! the third the controller gives up and names the laws.

mod analysis;
mod approval;
mod asking;
mod context;
mod deployment;
#[cfg(test)]
mod fixture;
mod implementation;
mod quality;
mod requirements;
mod seen;
#[cfg(test)]
mod simulation;
mod size;
mod work;

use certus_sdk::{Action, PhaseController, View};
use seen::Seen;

/// Names of the phases, as the manifest spells them.
pub mod phases {
    /// The first phase.
    pub const REQUIREMENTS: &str = "requirements-clarification";
    /// Discovery.
    pub const CONTEXT: &str = "context-building";
    /// Measures what is not known.
    pub const ANALYSIS: &str = "uncertainty-analysis";
    /// A person decides.
    pub const APPROVAL: &str = "solution-approval";
    /// Tests, then code.
    pub const IMPLEMENTATION: &str = "implementation";
    /// The last phase.
    pub const DEPLOYMENT: &str = "deployment-readiness";
}

/// Refusals in one visit after which nothing more is tried.
const REFUSALS: usize = 3;

/// The next action of a chain.
pub fn next(view: &View) -> Action {
    let seen = Seen::new(view);
    if seen.refusals() >= REFUSALS {
        return Action::GiveUp(format!("Refused {} times: {}.", view.refusals.len(), view.refusals.join(", ")));
    }
    match view.phase.as_str() {
        phases::REQUIREMENTS => requirements::next(&seen),
        phases::CONTEXT => context::next(&seen),
        phases::ANALYSIS => analysis::next(&seen),
        phases::APPROVAL => approval::next(&seen),
        phases::IMPLEMENTATION => implementation::next(&seen),
        phases::DEPLOYMENT => deployment::next(&seen),
        other => Action::GiveUp(format!("This controller does not know the phase `{other}`.")),
    }
}

struct Certainty;

impl PhaseController for Certainty {
    fn next(view: View) -> Action {
        next(&view)
    }
}

certus_sdk::phase_controller!(Certainty);

#[cfg(test)]
mod tests {
    use super::*;
    use fixture::Story;

    #[test]
    fn an_unknown_phase_is_given_up_by_name() {
        let view = Story::new("brainstorming").view();
        assert_eq!(next(&view), Action::GiveUp("This controller does not know the phase `brainstorming`.".into()));
    }

    #[test]
    fn the_third_refusal_ends_it_in_every_phase() {
        for phase in [
            phases::REQUIREMENTS,
            phases::CONTEXT,
            phases::ANALYSIS,
            phases::APPROVAL,
            phases::IMPLEMENTATION,
            phases::DEPLOYMENT,
        ] {
            let mut view = Story::new(phase).view();
            view.refusals = vec!["unknown-prompt".into(), "gate-shut".into(), "gate-shut".into()];
            assert_eq!(
                next(&view),
                Action::GiveUp("Refused 3 times: unknown-prompt, gate-shut, gate-shut.".into()),
                "{phase}"
            );
        }
    }
}
