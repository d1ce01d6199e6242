//! A solution out of sentence templates: what stands, what was decided, what changes where, how it is verified.
//!
//! A sentence cannot be made without a fact or an answer that it cites ([`Sentence`]), so whatever stands in the document
//! rests on something. What rules cannot know (what happens inside a function, how the code will read) is said in the
//! closing section, about the places that it concerns.

mod changes;
mod frame;
mod sentence;
mod today;

use certus_engine::{Document, Reply};

use super::Case;
use super::facts::{Relevant, at_place};
use super::requirements;
use super::rules::{Item, Standing};
use super::text::{code, counted, cut, inline, quote};
use crate::ProviderError;
use sentence::{Section, Sentence, body};

/// Sentences without which a document would say nothing.
const LEAST: usize = 3;

/// What the parts of a document are made from.
pub(super) struct Material<'c, 'a> {
    pub(super) case: &'c Case<'a>,
    /// Facts about the goal, the closest first.
    pub(super) relevant: &'c [Relevant<'a>],
}

/// The whole document.
pub(super) fn synthesize(case: &Case<'_>) -> Result<Reply, ProviderError> {
    let material = Material { case, relevant: case.scene.relevant() };
    let changes = changes::section(&material);
    let untouched = frame::untouched(&material, &changes);
    let needs_model = frame::needs_model(&material);
    // What a person wants to know besides is answered beside the document: rules know no better solution for having been asked.
    let sections = [
        frame::extent(&material),
        today::section(&material),
        decided(&material),
        changes,
        untouched,
        frame::verified(&material),
        frame::risks(&material),
        needs_model,
    ];
    let mut notes = Vec::new();
    let sentences: usize = sections.iter().map(Section::len).sum();
    if sentences < LEAST || case.assessment.unreadable {
        return Err(ProviderError::NeedsModel {
            what: "a solution".to_owned(),
            why: if case.assessment.unreadable {
                "rules cannot read the goal".to_owned()
            } else {
                "too little was found and answered to say anything that rests on it".to_owned()
            },
        });
    }
    notes.insert(
        0,
        format!(
            "{}, each citing a fact or an answer. Built by rules: it says where and what, not how the code will read.",
            counted(sentences, "sentence")
        ),
    );
    let assumed: Vec<&Item> = case.assessment.assumed().collect();
    if !assumed.is_empty() {
        let lines: Vec<String> =
            assumed.iter().map(|item| format!("- {}", requirements::uncertainty(item).claim)).collect();
        notes.push(format!("It rests on {} besides:\n{}", counted(assumed.len(), "assumption"), lines.join("\n")));
    }
    let document =
        Document { kind: "solution".to_owned(), title: title(case), body: body(&sections), edits: Vec::new() };
    Ok(Reply {
        notes: notes.join("\n\n"),
        confidence: case.confidence.areas.clone(),
        artifacts: vec![document],
        ..Reply::default()
    })
}

/// The same, for somebody who decides in two minutes: extent, decisions, changes, verification.
pub(super) fn present(case: &Case<'_>) -> Result<Reply, ProviderError> {
    let material = Material { case, relevant: case.scene.relevant() };
    let changes = changes::section(&material);
    let needs_model = frame::needs_model(&material);
    let sections = [frame::extent(&material), decided(&material), changes, frame::verified(&material), needs_model];
    let sentences: usize = sections.iter().map(Section::len).sum();
    if sentences == 0 {
        return Ok(Reply { notes: "There is nothing to present yet.".to_owned(), ..Reply::default() });
    }
    let document =
        Document { kind: "solution".to_owned(), title: title(case), body: body(&sections), edits: Vec::new() };
    Ok(Reply {
        notes: format!("{}, the shortest that still says what is decided.", counted(sentences, "sentence")),
        artifacts: vec![document],
        ..Reply::default()
    })
}

fn title(case: &Case<'_>) -> String {
    let goal = cut(&case.scene.goal_line(), 90);
    if goal.is_empty() { "A change".to_owned() } else { capital(&goal) }
}

/// With a capital letter.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// What people answered, as decisions.
fn decided(material: &Material<'_, '_>) -> Section {
    let case = material.case;
    let mut section = Section::new("What was decided");
    for answer in &case.scene.answers {
        let Some(cite) = answer.cite else { continue };
        let subject = capital(&answer.id.replace('-', " "));
        let item = case.assessment.items.iter().find(|item| item.finding.id == answer.id);
        let said = quote(answer.text, 240);
        let text = match item.and_then(|item| item.finding.recommended.as_ref()) {
            Some(choice) if answer.evasive() && choice.contains("in the answer") => {
                format!("{subject}: left open, and to be said before the work begins")
            }
            Some(choice) if answer.evasive() => {
                format!(
                    "{subject}: the answer left it open, so the recommended choice is taken, \"{}\"",
                    inline(choice, 240)
                )
            }
            _ if said.is_empty() => continue,
            _ => format!("{subject}: \"{said}\""),
        };
        // What the code does against the goal was quoted with the question, and belongs to the decision.
        let against = item.filter(|item| item.finding.rule == "contradiction-with-code");
        let there = against.and_then(|item| {
            let id = item.finding.facts.first()?;
            case.scene.facts.iter().find(|fact| fact.cited && fact.id == *id)
        });
        let text = match there {
            Some(fact) => format!("{text}, where {}{} stands now", code(&fact.value, 80), at_place(fact)),
            None => text,
        };
        let cites = there.map(|fact| fact.id.as_str()).into_iter().chain([cite]);
        let stands = item.is_none_or(|item| item.standing != Standing::Open);
        if stands {
            section.push(Sentence::citing(text, cites));
        }
    }
    section
}
