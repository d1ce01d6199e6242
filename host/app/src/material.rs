//! What goes into a request besides what the chain knows: files that the work is about, the plan, what replies concluded.
//!
//! The files come from what the interpreters and the replies point at: a file that a draft touches, that the solution, the plan
//! or the goal names, or that facts are cited from. Which of them fit is the request's own budget to say.

use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::ops::Deref;

use certus_engine::{Chain, DraftState, Outcome, Request};
use certus_prompts::{FileText, Note};
use certus_workspace::Project;

use crate::marks::{Wanted, marks};

/// Files in one request at most.
const MOST_FILES: usize = 24;
/// Notes in one request at most.
const MOST_NOTES: usize = 8;

/// Files that were read, whole, by path; absent is what cannot be shown.
pub(crate) type Files = BTreeMap<String, Option<FileText>>;

/// What a request gets of a chain and its project.
#[derive(Debug, Clone, Default)]
pub(crate) struct Material {
    pub(crate) files: Vec<FileText>,
    pub(crate) documents: Vec<certus_engine::Document>,
    pub(crate) notes: Vec<Note>,
}

impl Material {
    /// Gather it.
    pub(crate) fn of(chain: &Chain, project: &Project, arguments: &BTreeMap<String, String>, read: &mut Files) -> Self {
        let replied = |(_, effect)| replied(effect);
        let replies: Vec<(&str, &certus_engine::Reply)> = chain.effects().filter_map(replied).collect();
        let fresh = |(_, effect): &(_, &certus_engine::Effect)| effect.settled >= chain.fresh_from();
        let fresh: Vec<(&str, &certus_engine::Reply)> = chain.effects().filter(fresh).filter_map(replied).collect();
        let documents = documents(&replies);
        let mut named = chain.goal().to_owned();
        let solution = chain.proposals().iter().rfind(|status| status.proposal.kind == "solution");
        let texts = documents.iter().map(|document| &document.body).chain(solution.map(|status| &status.proposal.body));
        let planned: Vec<&String> = texts.collect();
        for text in planned.iter().copied().chain(arguments.values()) {
            named.push('\n');
            named.push_str(text);
        }
        let asked = std::iter::once(chain.goal()).chain(arguments.values().map(String::as_str));
        let wanted = LazyCell::new(|| Wanted::of(asked, planned.into_iter().map(String::as_str)));
        Self { files: files(chain, project, &named, &wanted, read), documents, notes: notes(&fresh) }
    }
}

fn replied(effect: &certus_engine::Effect) -> Option<(&str, &certus_engine::Reply)> {
    match (&effect.request, effect.outcome()) {
        (Request::Prompt { name, .. }, Some(Outcome::Replied { reply, .. })) => Some((name, reply)),
        _ => None,
    }
}

/// The newest document of each kind; the solution itself is in every request anyway.
fn documents(replies: &[(&str, &certus_engine::Reply)]) -> Vec<certus_engine::Document> {
    let mut newest: Vec<certus_engine::Document> = Vec::new();
    for document in replies.iter().rev().flat_map(|(_, reply)| reply.artifacts.iter().rev()) {
        let known = newest.iter().any(|other| other.kind == document.kind);
        if document.edits.is_empty() && !document.body.is_empty() && document.kind != "solution" && !known {
            newest.push(document.clone());
        }
    }
    newest.reverse();
    newest
}

fn notes(replies: &[(&str, &certus_engine::Reply)]) -> Vec<Note> {
    let mut newest: Vec<Note> = replies
        .iter()
        .rev()
        .filter(|(_, reply)| !reply.notes.trim().is_empty())
        .take(MOST_NOTES)
        .map(|(prompt, reply)| Note { prompt: (*prompt).to_owned(), text: reply.notes.clone() })
        .collect();
    newest.reverse();
    newest
}

fn files(
    chain: &Chain,
    project: &Project,
    named: &str,
    wanted: &impl Deref<Target = Wanted>,
    read: &mut Files,
) -> Vec<FileText> {
    let mut scores: BTreeMap<&str, u32> = BTreeMap::new();
    for fact in chain.facts().iter().filter(|fact| fact.cited) {
        if let Some(place) = &fact.source {
            let score = scores.entry(&place.path).or_default();
            *score = (*score + 1).min(5);
        }
    }
    for (path, score) in &mut scores {
        if named.contains(path) {
            *score += 20;
        }
    }
    for draft in chain.drafts() {
        let touched = match &draft.state {
            DraftState::Planned(plan) | DraftState::Approved(plan) => plan.files.as_slice(),
            DraftState::Written(written) => written.files.as_slice(),
            _ => &[],
        };
        for path in touched.iter().map(|file| &file.path).chain(draft.state.unchanged()) {
            *scores.entry(path).or_default() += 40;
        }
    }
    let mut best: Vec<(&str, u32)> = scores.into_iter().collect();
    best.sort_by_key(|(path, score)| (std::cmp::Reverse(*score), *path));
    let mut reader = project.reader();
    let mut whole = |path: &str| match read.get(path) {
        Some(known) => known.clone(),
        None => {
            let text = reader.read(path).ok();
            let found = text.map(|whole| FileText {
                path: path.to_owned(),
                digest: whole.digest(),
                text: whole.text,
                of_lines: None,
                marks: Vec::new(),
            });
            read.insert(path.to_owned(), found.clone());
            found
        }
    };
    let shown = |(path, _): (&str, u32)| {
        let whole = whole(path)?;
        let marks = marks(chain, path, &whole.text, whole.is_long().then(|| &**wanted));
        Some(FileText { marks, ..whole })
    };
    best.into_iter().take(MOST_FILES).filter_map(shown).collect()
}

#[cfg(test)]
mod tests {
    use certus_engine::{Body, ChainId, Discovered, Discovery, Event, Place};

    use super::*;

    fn chain(goal: &str, cited: &[(&str, u32)]) -> Chain {
        let facts = cited.iter().map(|(path, line)| Discovery {
            key: "k".to_owned(),
            value: format!("{path}:{line}"),
            evidence: Some(Place { path: (*path).to_owned(), line: *line, quote: "x".to_owned() }),
            cited: true,
        });
        let found = Discovered { facts: facts.collect(), ..Discovered::default() };
        let request = Request::ReadProject;
        let digest = certus_engine::Digest::of_json(&request);
        let started: certus_engine::Started = serde_json::from_value(serde_json::json!({
            "goal": goal, "provider": "offline",
            "controller": { "name": "c", "digest": digest },
            "methodology": { "name": "m", "version": "1", "start": "a", "phases": [{ "name": "a" }] },
        }))
        .expect("a start");
        let bodies = [
            Body::ChainStarted(Box::new(started)),
            Body::Intent { effect: 1, invocation: None, occurrence: 0, request, digest, basis: 1 },
            Body::Outcome { effect: 1, outcome: Outcome::ProjectRead(found), elapsed_ms: 0 },
        ];
        let events: Vec<Event> = (1..).zip(bodies).map(|(seq, body)| Event { seq, at: 0, body }).collect();
        let chain = Chain::fold(&events);
        assert_eq!(chain.view(ChainId(1)).goal, goal);
        chain
    }

    #[test]
    fn files_that_the_goal_names_come_first_and_long_ones_around_what_is_cited() {
        let folder = tempfile::tempdir().expect("a folder");
        let says = |line| if line == 3_500 { "; discountRate" } else { "" };
        let long: String = (1..=4_000).map(|line| format!("line {line} of a long file{}\n", says(line))).collect();
        for (name, text) in [("a.js", "a"), ("b.js", "b"), ("long.js", long.as_str())] {
            std::fs::write(folder.path().join(name), text).expect("a file");
        }
        let project = Project::open(folder.path()).expect("a project");
        let chain = chain(
            "Change the discount rate in b.js",
            &[("a.js", 1), ("a.js", 2), ("b.js", 1), ("long.js", 2_000), ("gone.js", 1)],
        );
        let found = Material::of(&chain, &project, &BTreeMap::new(), &mut Files::default()).files;
        let paths: Vec<&str> = found.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["b.js", "a.js", "long.js"]);
        // Every line of it says "line"; one speaks of what is wanted.
        assert_eq!((found[2].marks[0], found[2].marks.last()), (3_500, Some(&2_000)));
        assert_eq!((found[0].marks.as_slice(), found[1].marks.as_slice()), (&[1][..], &[1, 2][..]));
    }
}
