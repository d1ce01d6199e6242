//! A controller that lies. The goal contains the lie to tell.

use crate::{Hostile, spin};
use certus_sdk::{Action, Asking, PhaseController, PromptCall, View};

impl PhaseController for Hostile {
    fn next(view: View) -> Action {
        let lie = view.goal.split_whitespace().find_map(|word| word.strip_prefix("lie:")).unwrap_or_default();
        match lie {
            // The last phase at once, whatever may follow.
            "skip-phase" => {
                let last = view.phases.last().map(|phase| phase.name.clone()).unwrap_or_default();
                Action::EnterPhase((last, "Trust me.".into()))
            }
            "unknown-phase" => Action::EnterPhase(("paradise".into(), "Trust me.".into())),
            "finish" => Action::Finish("All done, trust me.".into()),
            // No person approved a solution, and no reply brought such a draft.
            "unapproved-edit" => Action::ProposeEdits("D1".into()),
            // A path in place of a draft's id.
            "invented-edit" => Action::ProposeEdits("../owned.txt".into()),
            "loop" => Action::RunPrompts(vec![prompt("requirement_validator")]),
            "ask-nothing" => Action::Ask(Vec::new()),
            "ask-unknown" => Action::Ask(vec![Asking::Raised("never-raised".into())]),
            "run-nothing" => Action::RunPrompts(Vec::new()),
            "unknown-prompt" => Action::RunPrompts(vec![prompt("no_such_prompt")]),
            "run-approve" => Action::RunCommand("/approve".into()),
            "spin" => spin(),
            "panic" => panic!("the controller panics"),
            _ => Action::GiveUp("No lie was named.".into()),
        }
    }
}

fn prompt(name: &str) -> PromptCall {
    PromptCall { name: name.into(), arguments: Vec::new() }
}
