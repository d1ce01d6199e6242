//! Goals that rules cannot read: no words, another language, no subject, or words of which none is known. Nothing else is
//! asked until that is settled, and only in a person's own words.

use super::Finding;
use crate::offline::goal::Language;
use crate::offline::scene::Scene;

pub(super) fn find(scene: &Scene<'_>) -> Option<Finding> {
    if scene.goal.readable() {
        return (!scene.goal_is_known()).then(|| {
            unclear(
                "unknown-words",
                "goal-restated",
                "No word of the goal is known: no kind of work, no subject, and nothing in the project".to_owned(),
                format!("What should be different in the project when \"{}\" is done?", scene.goal_line()),
            )
        });
    }
    let finding = match scene.goal.language {
        Language::Other(name) => {
            let name = name
                .map(|name| format!("{name} or another language that is not English"))
                .unwrap_or_else(|| "a language that is not English".to_owned());
            unclear(
                "language-not-read",
                "goal-in-english",
                format!("The goal seems to be in {name}, and rules read English only"),
                "Rules read English only. How would you say the goal in one English sentence?".to_owned(),
            )
        }
        Language::Nothing => unclear(
            "unclear-goal",
            "goal-restated",
            "The goal has no words that rules can read".to_owned(),
            "What should be different in the project when this is done?".to_owned(),
        ),
        Language::English => unclear(
            "unclear-goal",
            "goal-restated",
            "The goal names neither what to do nor what it is about".to_owned(),
            format!("What should be different in the project when \"{}\" is done?", scene.goal_line()),
        ),
    };
    Some(finding)
}

fn unclear(rule: &'static str, id: &str, claim: String, text: String) -> Finding {
    Finding {
        rule,
        id: id.to_owned(),
        claim,
        blocking: true,
        confidence: 0.1,
        impact: 5,
        design: true,
        invalid: false,
        text,
        why: "Everything that follows is chosen by the goal. A sentence such as \"Add password reset by e-mail for customers\" is \
              enough; a model (`--provider manual` needs no key) reads any language."
            .to_owned(),
        options: Vec::new(),
        recommended: None,
        facts: Vec::new(),
        unless: &[],
    }
}
