//! Answers to the prompts that measure and plan: what is sure, what is assumed, what would help.

use std::collections::BTreeMap;

use certus_engine::{Gap, PromptCall, QuestionState, Reply};

use super::Case;
use super::facts::{place, said};
use super::requirements::{raise, uncertainty};
use super::rules::{Standing, tells_where};
use super::text::{Words, counted, inline, listed, stem};
use crate::ProviderError;

/// Steps of one plan.
const STEPS: usize = 4;
/// Facts and answers that an answer to a question quotes.
const QUOTED: usize = 6;

/// Discovery that rules can do, with the facts it needs and what it finds.
const DISCOVERY: &[(&str, &[&str], &str)] = &[
    ("component_mapper", &["route", "entry-point", "model"], "what each file is responsible for"),
    ("trace_existing_flow", &["route", "entry-point"], "how a request of this kind runs"),
    ("api_surface_mapper", &["route"], "which routes there are and who guards them"),
    ("database_schema_analyzer", &["model", "database"], "which data is kept and how it hangs together"),
    ("dependency_analyzer", &["dependency"], "which packages are put to use"),
    (
        "integration_point_finder",
        &["payment", "mail", "queue", "storage", "cache", "config.env"],
        "what lies outside of the program",
    ),
    ("constraint_mapper", &["node", "script", "route"], "what must not be violated"),
];

/// Score every area again.
pub(super) fn analyse(case: &Case<'_>) -> Result<Reply, ProviderError> {
    let areas = &case.confidence.areas;
    let mut notes: Vec<String> = case
        .confidence
        .from
        .trim_end_matches('.')
        .split("; ")
        .map(|line| format!("- {}", line.trim_start_matches("Rules, not compared with outcomes. ")))
        .collect();
    notes.insert(
        0,
        format!(
            "Overall {:.0} %, computed by rules and never compared with outcomes.",
            areas.get("overall").copied().unwrap_or_default() * 100.0
        ),
    );
    let stands =
        case.assessment.items.iter().filter(|item| matches!(item.standing, Standing::Open | Standing::Assumed));
    let known = |id: &str| case.scene.view.questions.iter().any(|status| status.question.id == id);
    Ok(Reply {
        notes: notes.join("\n"),
        uncertainties: stands.map(uncertainty).collect(),
        // What was found since the first round may raise a question: while it is open, it is asked, not only counted.
        questions: raise(case, |item| !known(&item.finding.id)),
        confidence: areas.clone(),
        ..Reply::default()
    })
}

/// What is taken for granted.
pub(super) fn assumptions(case: &Case<'_>) -> Result<Reply, ProviderError> {
    let mut lines: Vec<String> = Vec::new();
    let mut uncertainties = Vec::new();
    for item in case.assessment.assumed() {
        let entry = uncertainty(item);
        lines.push(format!("- {}", entry.claim));
        uncertainties.push(entry);
    }
    let uncited: Vec<String> = case
        .scene
        .facts
        .iter()
        .filter(|fact| !fact.cited && fact.source.is_some())
        .take(5)
        .map(|fact| format!("[{}]", fact.id))
        .collect();
    let mut notes = vec![if lines.is_empty() {
        "Rules assume nothing here that was not asked or found.".to_owned()
    } else {
        format!("{} that nobody confirmed, to be validated:\n{}", counted(lines.len(), "assumption"), lines.join("\n"))
    }];
    if !uncited.is_empty() {
        notes.push(format!("Not found at the place that was named, so not to be relied on: {}.", listed(&uncited)));
    }
    Ok(Reply { notes: notes.join("\n\n"), uncertainties, ..Reply::default() })
}

/// Whether a prompt is missing.
pub(super) fn gap(case: &Case<'_>) -> Result<Reply, ProviderError> {
    let goal = &case.scene.goal;
    let known = !goal.topics.is_empty()
        || tells_where(&case.scene, case.scene.relevant())
        || case.scene.answer("where-in-the-code").is_some();
    if known {
        let notes = "No gap: the subject is one that the rules and the library know. What is still open needs answers or a model, not another prompt.";
        return Ok(Reply { notes: notes.to_owned(), ..Reply::default() });
    }
    let nouns: Vec<String> = goal.nouns.iter().take(4).map(|noun| format!("\"{}\"", inline(noun, 40))).collect();
    let subject = if nouns.is_empty() { "the goal".to_owned() } else { listed(&nouns) };
    let description = format!(
        "Nothing here knows {subject}: a prompt would have to find where it belongs in this project and which parts it touches; trace_existing_flow comes nearest"
    );
    let confidence = case.confidence.areas.get("overall").copied().unwrap_or_default();
    Ok(Reply {
        notes: format!("A gap: {description}."),
        gap: Some(Gap { description, confidence }),
        ..Reply::default()
    })
}

/// Discovery that has not run and that the facts give something to.
fn useful(case: &Case<'_>) -> Vec<PromptCall> {
    let view = case.scene.view;
    let ran = |name: &str| view.runs.iter().any(|run| run.ok && run.name == name);
    DISCOVERY
        .iter()
        .filter(|(name, needs, _)| !ran(name) && case.scene.facts.has(needs))
        .take(STEPS)
        .map(|(name, _, finds)| {
            let focus = (*name == "trace_existing_flow").then(|| ("focus".to_owned(), case.scene.goal_line()));
            PromptCall {
                name: (*name).to_owned(),
                arguments: focus.into_iter().collect::<BTreeMap<_, _>>(),
                why: format!("existing_code: {finds}"),
            }
        })
        .collect()
}

/// What to run next.
pub(super) fn select(case: &Case<'_>) -> Result<Reply, ProviderError> {
    let next = useful(case);
    let notes = if next.is_empty() {
        "Nothing is left to run that rules would learn from.".to_owned()
    } else {
        format!("{} would add something.", counted(next.len(), "prompt"))
    };
    Ok(Reply { notes, next, ..Reply::default() })
}

/// What would raise the confidence.
pub(super) fn plan(case: &Case<'_>) -> Result<Reply, ProviderError> {
    let next = useful(case);
    let waiting: Vec<String> = case.scene.waiting().map(|status| status.question.id.clone()).take(5).collect();
    let mut notes = Vec::new();
    if !waiting.is_empty() {
        notes.push(format!("Answers would help most: {}.", listed(&waiting)));
    }
    notes.push(if next.is_empty() {
        "No prompt that has not run would tell rules more. A model would read the code itself; `--provider manual` needs no key.".to_owned()
    } else {
        let names: Vec<String> = next.iter().map(|call| call.name.clone()).collect();
        format!("Next: {}.", listed(&names))
    });
    Ok(Reply { notes: notes.join(" "), next, ..Reply::default() })
}

/// Answer a question from facts and answers, by the words they share with it.
pub(super) fn resolve(case: &Case<'_>) -> Result<Reply, ProviderError> {
    let question = case.argument("specific_question").or(case.argument("focus")).unwrap_or_default();
    if question.is_empty() {
        return Err(ProviderError::Invalid {
            message: "`uncertainty_resolver` was asked nothing".to_owned(),
            hint: "give it the argument `specific_question`".to_owned(),
        });
    }
    let lines = about(case, question);
    let asked = inline(question, 160);
    let needs = format!(
        "Rules cannot answer \"{asked}\": that needs a model that reads the code (`--provider manual` needs no key), or your own judgement."
    );
    let notes = if lines.is_empty() {
        format!("{needs} Nothing that was found or answered has to do with it by its words.")
    } else {
        let lines: Vec<String> = lines.iter().map(|(line, cite)| format!("- {line} [{cite}].")).collect();
        format!("{needs} What was found and answered with its words:\n{}", lines.join("\n"))
    };
    Ok(Reply { notes, ..Reply::default() })
}

/// Lines on a question, each with what it cites: answers first, then facts.
pub(super) fn about(case: &Case<'_>, question: &str) -> Vec<(String, String)> {
    let goal = super::goal::Goal::read(question);
    let mut lines = Vec::new();
    let words = Words::of(question);
    // A number is no noun, and often the very thing that is asked about: why 30 days?
    let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    let shares = |text: &str| {
        let noun = |word: &str| goal.nouns.iter().any(|noun| noun == stem(word));
        Words::of(text).iter().any(|word| noun(word) || (is_number(word) && words.has(word)))
    };
    // `A1` and `F12` are asked about by the names that they have in the solution.
    let cited = |id: &str| words.has(&id.to_lowercase());
    for status in case.scene.view.questions.iter().filter(|status| status.state == QuestionState::Answered) {
        let (Some(answer), Some(cite)) = (&status.answer, &status.cite) else { continue };
        if lines.len() < QUOTED
            && (cited(cite) || shares(answer) || shares(&status.question.text) || shares(&status.question.id))
        {
            let what = status.question.id.replace('-', " ");
            lines.push((format!("On {what} it was answered \"{}\"", inline(answer, 200)), cite.clone()));
        }
    }
    let written: Vec<&certus_engine::Fact> = super::named::written(&case.scene.facts, question)
        .iter()
        .flat_map(super::named::Thing::facts)
        .take(3)
        .collect();
    let by_id = case.scene.facts.iter().filter(|fact| cited(&fact.id));
    let mut seen: Vec<&str> = Vec::new();
    for fact in by_id.chain(written).chain(case.scene.facts.mentioning(question)) {
        if seen.contains(&fact.id.as_str()) {
            continue;
        }
        seen.push(&fact.id);
        if lines.len() >= QUOTED {
            break;
        }
        let at = place(fact).map(|place| format!(" at {place}")).unwrap_or_default();
        lines.push((format!("{}: {}{at}", inline(&fact.key, 60), said_without_place(fact)), fact.id.clone()));
    }
    lines
}

fn said_without_place(fact: &certus_engine::Fact) -> String {
    let value = inline(&fact.value, 100);
    if value.is_empty() { said(fact) } else { format!("`{value}`") }
}
