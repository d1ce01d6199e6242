//! Context building: run discovery prompts until what they suggest is used up, then check what was assumed.
//!
//! The first visit maps the project from four sides, or does less where a person said that the goal is small. Later visits follow what the analysis suggested and try to resolve
//! what is still open. Every visit ends with the assumptions and the gaps, and with the questions that block.

use crate::seen::{Seen, Stand, enter, is, prompt, prompt_with};
use crate::size::{Size, chosen};
use crate::{asking, phases};
use certus_sdk::{Action, Lack, PromptCall};

const MAPPING: [&str; 4] = ["component_mapper", "trace_existing_flow", "dependency_analyzer", "api_surface_mapper"];
/// What even the smallest goal needs.
const NEEDED: [&str; 2] = ["component_mapper", "dependency_analyzer"];
const CHECKING: [&str; 2] = ["assumption_validator", "prompt_gap_detector"];
const RESOLVER: &str = "uncertainty_resolver";

/// Prompts that other phases, commands or steps run, and that a suggestion therefore does not start here.
const ELSEWHERE: [&str; 13] = [
    "uncertainty_analysis",
    "chain_planner",
    "prompt_generator",
    "triage",
    "test_generator",
    "tdd_flow_controller",
    "error_recovery",
    "code_reviewer",
    "security_scanner",
    "simplicity_checker",
    "deployment_checker",
    "git_advisor",
    RESOLVER,
];

/// A prompt that is worth running only when the project or the goal shows a sign of its subject.
struct Conditional {
    prompt: &'static str,
    /// First parts of fact keys.
    facts: &'static [&'static str],
    /// Parts of words in the goal.
    words: &'static [&'static str],
}

const CONDITIONAL: [Conditional; 2] = [
    Conditional {
        prompt: "database_schema_analyzer",
        facts: &["database", "model", "schema", "table"],
        words: &["database", "schema", "model", "table", "migrat", "mongo", "sql", "redis", "stor"],
    },
    Conditional {
        prompt: "integration_point_finder",
        facts: &["integration", "external", "webhook", "queue", "mail", "payment"],
        words: &["integrat", "webhook", "third", "external", "payment", "mail", "queue", "oauth", "provider"],
    },
];

pub(crate) fn next(seen: &Seen<'_>) -> Action {
    if let Some(action) = map(seen).or_else(|| follow(seen)).or_else(|| resolve(seen)).or_else(|| check(seen)) {
        return action;
    }
    if let Some(ask) = asking::mattering(seen) {
        return ask;
    }
    if seen.open() {
        return enter(phases::ANALYSIS, "Discovery has nothing left to run.");
    }
    let asked = if seen.view.lacks.iter().any(needs_answer) {
        asking::raised(seen).or_else(|| asking::blockers(seen))
    } else {
        None
    };
    asked.unwrap_or_else(|| Action::GiveUp(format!("The context cannot be completed: {}.", seen.lacking())))
}

fn needs_answer(lack: &Lack) -> bool {
    matches!(lack, Lack::Blocker(_) | Lack::OpenQuestion(_))
}

/// The project from four sides, at once. Only in the first visit: what was found stays found.
fn map(seen: &Seen<'_>) -> Option<Action> {
    if seen.view.visit > 1 {
        return None;
    }
    let wanted: &[&'static str] = if size(seen) == Size::Direct { &NEEDED } else { &MAPPING };
    let due = wanted.iter().filter(|name| seen.once(name) == Stand::Due);
    run(due.map(|name| {
        if *name == "trace_existing_flow" { prompt_with(name, "focus", &seen.view.goal) } else { prompt(name) }
    }))
}

/// What the signs in project and goal call for, and what replies suggested.
fn follow(seen: &Seen<'_>) -> Option<Action> {
    if seen.cautious() || size(seen) != Size::Full {
        return None;
    }
    let most = seen.count("prompts-at-once", 4);
    let mut calls: Vec<PromptCall> = Vec::new();
    if seen.view.visit <= 1 {
        let wanted =
            CONDITIONAL.iter().filter(|conditional| conditional.applies(seen) && untouched(seen, conditional.prompt));
        calls.extend(wanted.map(|conditional| prompt(conditional.prompt)));
    }
    for call in &seen.view.suggestions {
        let foreign = ELSEWHERE.contains(&call.name.as_str())
            || CHECKING.contains(&call.name.as_str())
            || ["requirement_", "clarification_", "solution_"].iter().any(|prefix| call.name.starts_with(prefix));
        let twice = calls.iter().any(|chosen| chosen.name == call.name);
        if !foreign && !twice && untouched(seen, &call.name) {
            calls.push(call.clone());
        }
    }
    calls.truncate(most);
    run(calls.into_iter())
}

/// The chosen size, in the first visit. A later one shows that it was not enough.
fn size(seen: &Seen<'_>) -> Size {
    if seen.view.visit > 1 { Size::Full } else { chosen(seen) }
}

/// In later visits: what is open, and the last gap, each as a question to the resolver.
fn resolve(seen: &Seen<'_>) -> Option<Action> {
    if seen.view.visit <= 1 || seen.cautious() || !untouched(seen, RESOLVER) {
        return None;
    }
    let above = seen.setting("assume-uncertainty-above", 0.40);
    let raised = |area: &str| seen.view.questions.iter().any(|status| status.question.area.as_deref() == Some(area));
    let open = seen.view.uncertainties.iter().filter(|uncertainty| {
        uncertainty.resolution.is_none()
            && (uncertainty.blocking || 1.0 - uncertainty.confidence > above)
            && !raised(&uncertainty.area)
    });
    let gap = seen.view.gap.iter().filter(|_| seen.view.overall < seen.setting("generate-below", 0.70));
    let questions = open.map(|uncertainty| uncertainty.claim.as_str()).chain(gap.map(String::as_str));
    let most = seen.count("prompts-at-once", 4);
    run(questions.take(most).map(|question| prompt_with(RESOLVER, "specific_question", question)))
}

/// What was assumed, and what no prompt covers. A failure here costs insight, not the chain.
fn check(seen: &Seen<'_>) -> Option<Action> {
    if size(seen) == Size::Direct {
        return None;
    }
    run(CHECKING.iter().filter(|name| seen.once(name) == Stand::Due).map(|name| prompt(name)))
}

impl Conditional {
    fn applies(&self, seen: &Seen<'_>) -> bool {
        let goal = seen.view.goal.to_lowercase();
        let first = |key: &str| key.split('.').next().is_some_and(|part| self.facts.contains(&part));
        self.words.iter().any(|word| goal.contains(word)) || seen.view.facts.iter().any(|fact| first(&fact.key))
    }
}

/// Optional prompts get one attempt a visit.
fn untouched(seen: &Seen<'_>, name: &str) -> bool {
    !seen.runs().any(|run| is(run, name))
}

fn run(calls: impl Iterator<Item = PromptCall>) -> Option<Action> {
    let calls: Vec<PromptCall> = calls.collect();
    (!calls.is_empty()).then_some(Action::RunPrompts(calls))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Story, ids, names};

    fn act(story: Story) -> Action {
        crate::next(&story.view())
    }

    fn mapped() -> Story {
        MAPPING.iter().fold(Story::new(phases::CONTEXT), |story, name| story.ran(name))
    }

    fn checked(story: Story) -> Story {
        CHECKING.iter().fold(story, |story, name| story.ran(name))
    }

    #[test]
    fn the_first_visit_maps_the_project_from_four_sides() {
        let Action::RunPrompts(calls) = act(Story::new(phases::CONTEXT).goal("Add login")) else {
            panic!("it runs prompts")
        };
        assert_eq!(calls.iter().map(|call| call.name.as_str()).collect::<Vec<_>>(), MAPPING);
        assert!(calls.contains(&prompt_with("trace_existing_flow", "focus", "Add login")));
    }

    #[test]
    fn signs_in_facts_and_goal_call_for_more() {
        assert_eq!(names(&act(mapped().fact("model.user"))), ["database_schema_analyzer"]);
        assert_eq!(names(&act(mapped().goal("Send a webhook"))), ["integration_point_finder"]);
    }

    #[test]
    fn suggestions_are_followed_once_and_only_for_discovery() {
        let story = mapped()
            .suggested("solution_designer")
            .suggested("performance_profiler")
            .suggested("performance_profiler")
            .suggested("uncertainty_analysis")
            .suggested("pack/auth_mapper");
        assert_eq!(names(&act(story.clone())), ["performance_profiler", "pack/auth_mapper"]);
        let story = story.failed("performance_profiler").ran("pack/auth_mapper");
        assert_eq!(names(&act(story)), CHECKING);
    }

    #[test]
    fn after_a_refusal_suggestions_are_left_alone() {
        let story = mapped().suggested("no_such_prompt").refused("unknown-prompt");
        assert_eq!(names(&act(story)), CHECKING);
    }

    #[test]
    fn it_ends_with_the_analysis() {
        assert_eq!(
            act(checked(mapped())),
            Action::EnterPhase((phases::ANALYSIS.into(), "Discovery has nothing left to run.".into()))
        );
    }

    #[test]
    fn a_failed_mapping_is_tried_again_and_then_done_without() {
        let story = checked(MAPPING.iter().skip(1).fold(Story::new(phases::CONTEXT), |story, name| story.ran(name)));
        let story = story.failed("component_mapper");
        assert_eq!(names(&act(story.clone())), ["component_mapper"]);
        assert!(matches!(act(story.failed("component_mapper")), Action::EnterPhase(_)));
    }

    #[test]
    fn blocking_questions_are_asked_before_going_on() {
        let story = checked(mapped())
            .raised("style", None)
            .raised("storage", Some("storage"))
            .uncertain("storage", 0.5, true)
            .blocked("storage");
        assert_eq!(ids(&act(story)), ["storage"]);
    }

    #[test]
    fn a_later_visit_resolves_what_is_open_and_the_gap() {
        let story = Story::new(phases::CONTEXT)
            .visit(2)
            .uncertain("rate_limit", 0.3, false)
            .uncertain("naming", 0.9, false)
            .gap("session migration");
        let Action::RunPrompts(calls) = act(story.clone()) else { panic!("it runs prompts") };
        assert_eq!(
            calls,
            [
                prompt_with(RESOLVER, "specific_question", "claim about rate_limit"),
                prompt_with(RESOLVER, "specific_question", "session migration"),
            ]
        );
        assert_eq!(names(&act(story.ran(RESOLVER))), CHECKING);
    }

    #[test]
    fn what_a_project_asks_on_top_and_nothing_can_give_is_named() {
        let story = checked(mapped()).short("security", 0.4, 0.7);
        assert_eq!(
            act(story),
            Action::GiveUp(
                "The context cannot be completed: confidence in security is 0.40 and has to be 0.70.".into()
            )
        );
    }
}
