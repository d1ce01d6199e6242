//! What changes, and where: only about what the goal or an answer names itself, and in words that hold for any of its kind.
//!
//! A topic that the goal shares with a fact plans nothing. What is done within a thing that is named is not known to rules,
//! so a sentence says what becomes of the thing as a whole, or that the work begins there.

use certus_engine::Fact;

use super::Material;
use super::sentence::{Section, Sentence};
use crate::offline::facts::{at_place, is_or_below};
use crate::offline::goal::Kind;
use crate::offline::named::{Named, Thing};
use crate::offline::scene::{Answered, Scene};
use crate::offline::text::{code, counted, listed, quote, stem};

/// Sentences of the section.
const MOST: usize = 12;
/// Things of one kind that have a sentence each; more are counted.
const EACH: usize = 4;
/// Places of what is replaced.
const REPLACED: usize = 5;

/// The section.
pub(super) fn section(material: &Material<'_, '_>) -> Section {
    let scene = &material.case.scene;
    let mut section = Section::new("What changes, and where");
    if !there_already(material, &mut section) {
        match scene.goal.kind {
            Kind::Refactoring => refactored(scene, &mut section),
            _ => each(scene, &mut section),
        }
    }
    symptom(scene, &mut section);
    if scene.goal.replaces() && !matches!(scene.goal.words.get(0), Some("move")) {
        replaced(scene, &mut section);
    }
    section
}

/// What becomes of a thing that is named, by the kind of work. `{}` is the thing.
fn template(kind: Kind, thing: &Thing<'_>, exact: bool, first: bool) -> &'static str {
    match (kind, thing) {
        // It shares words with the goal, which says nothing of what becomes of it.
        _ if !exact => "{} is called by words of the goal, and is read first",
        (Kind::Bug, Thing::Route(_)) if first => "The search for the cause begins where {} is answered",
        (Kind::Bug, Thing::Route(_)) => "After that, {} is looked at",
        (Kind::Bug, _) => "{} is named, and is read for the cause",
        // What the goal names may be a field of it.
        (Kind::Removal, Thing::Model(_)) => {
            "{} is where the removal begins; what else uses what goes is looked for first"
        }
        (Kind::Removal, _) => "{} goes; what else uses it is looked for first",
        (Kind::Upgrade, Thing::Package(_)) => "{} is raised, and its notes on breaking changes are gone through",
        (Kind::Performance, Thing::Route(_)) => "{} is measured before and after, with the same data",
        (Kind::Docs, Thing::Route(_)) => "{} is described: what it takes, what it answers, who may call it",
        (Kind::Docs, _) => "{} is described",
        _ => "{} is what the goal names, and is read first",
    }
}

fn each(scene: &Scene<'_>, section: &mut Section) {
    // What has to stay is named in an answer too: only what the goal itself names goes.
    let counts = |named: &&Named<'_>| scene.goal.kind != Kind::Removal || named.cite.is_none();
    let named: Vec<&Named<'_>> = scene.named().iter().filter(counts).collect();
    for (index, named) in named.iter().take(EACH).enumerate() {
        let mut text =
            template(scene.goal.kind, &named.thing, named.exact, index == 0).replacen("{}", &named.thing.said(), 1);
        if named.cite.is_some() {
            text = text.replace("is what the goal names", "is what was answered");
            text = text.replace("by words of the goal", "by words of an answer");
        }
        section.push(Sentence::citing(text, ids(named)));
    }
    let rest = named.get(EACH..).unwrap_or_default();
    if let Some(first) = rest.first() {
        let text = match rest.len() {
            1 => format!("So it is with {}", first.thing.said()),
            count => format!("So it is with {count} more, of which the first is {}", first.thing.said()),
        };
        section.push(Sentence::citing(text, ids(first)));
    }
}

/// The facts of a thing and the answer that names it.
fn ids<'n>(named: &'n Named<'_>) -> impl Iterator<Item = &'n str> {
    let facts = named.thing.facts().into_iter().take(2).map(|fact| fact.id.as_str());
    facts.chain(named.cite)
}

/// A refactoring goes file by file.
fn refactored(scene: &Scene<'_>, section: &mut Section) {
    let aim = scene.answer("refactoring-aim").filter(|answer| !answer.evasive());
    let aim_text = aim.map(|answer| format!(", so that: \"{}\"", quote(answer.text, 140))).unwrap_or_default();
    let mut files: Vec<(&str, Vec<&Named<'_>>)> = Vec::new();
    // A package is no code of this project: what uses it is listed with what is replaced.
    for named in scene.named().iter().filter(|named| !matches!(named.thing, Thing::Package(_))) {
        let path = named.thing.path();
        match files.iter_mut().find(|(known, _)| *known == path) {
            Some((_, known)) => known.push(named),
            None => files.push((path, vec![named])),
        }
    }
    for (path, things) in files.iter().take(EACH) {
        let routes: Vec<String> = things
            .iter()
            .filter_map(|named| match &named.thing {
                Thing::Route(route) => Some(route.name()),
                _ => None,
            })
            .collect();
        let whole = things.iter().find(|named| matches!(named.thing, Thing::File(..)));
        let verb = if scene.goal.words.has("rename*") { "renamed" } else { "refactored" };
        let exact = things.iter().any(|named| named.exact);
        let text = match (whole, routes.as_slice()) {
            _ if !exact => {
                format!("{} is called by words of the goal, and is read first{aim_text}", things[0].thing.said())
            }
            (Some(file), _) => format!("{} is what is {verb}{aim_text}", file.thing.said()),
            (None, []) => format!("{} is what is {verb}{aim_text}", things[0].thing.said()),
            (None, [one]) => format!("{} holds {one}, which is what is {verb}{aim_text}", code(path, 100)),
            (None, several) if several.len() <= 3 => {
                format!("{} holds {}, which are what is {verb}{aim_text}", code(path, 100), listed(several))
            }
            (None, several) => format!(
                "{} holds {} that the goal names, such as {}, which are what is {verb}{aim_text}",
                code(path, 100),
                counted(several.len(), "route"),
                listed(&several[..several.len().min(3)])
            ),
        };
        let facts = things.iter().flat_map(|named| named.thing.facts()).take(3).map(|fact| fact.id.as_str());
        let cites = aim.and_then(|answer| answer.cite).into_iter().chain(things.iter().filter_map(|named| named.cite));
        section.push(Sentence::citing(text, cites.take(2).chain(facts).collect::<Vec<_>>()));
    }
    if scene.goal.moves_out()
        && let [(path, things)] = files.as_slice()
    {
        let text = format!("What gets a place of its own leaves {}, and is called from there", code(path, 100));
        section.push(Sentence::citing(text, things.iter().flat_map(|named| ids(named)).take(2).collect::<Vec<_>>()));
    }
    if let Some(rest) = files.len().checked_sub(EACH).filter(|rest| *rest > 0)
        && let Some((path, things)) = files.get(EACH)
    {
        let text = format!("So it is with {}, of which the first is {}", counted(rest, "other file"), code(path, 100));
        section.push(Sentence::citing(text, things.iter().flat_map(|named| ids(named)).collect::<Vec<_>>()));
    }
}

/// The failing test states what a person said, in their words.
fn symptom(scene: &Scene<'_>, section: &mut Section) {
    // Who verifies by hand writes no test.
    if scene.by_hand() {
        return;
    }
    let told = |answer: &&Answered<'_>| !answer.evasive() && !answer.leaves_open() && !answer.denies_kind();
    for id in ["bug-symptom", "change-wanted"] {
        if let Some(answer) = scene.answer(id).filter(told) {
            // In the words of the person, since what follows from them only a reader of the code knows.
            let text = format!("A test that fails until it is so states: \"{}\"", quote(answer.text, 240));
            section.push(Sentence::citing(text, answer.cite));
        }
    }
}

/// What makes room for something else: each place that has its name.
fn replaced(scene: &Scene<'_>, section: &mut Section) {
    let old = scene.goal.replaced();
    let aside = [
        "test",
        "script",
        "file",
        "readme",
        "project",
        "stack",
        "route",
        "model",
        "risk",
        "flow",
        "config",
        "component",
        "api",
        "integration",
        "manifest",
        "constraint",
        "relation",
        "dependency-use",
    ];
    // By the name of the package that does it, as it is written.
    let names = |fact: &&Fact| {
        let package = fact.key.strip_prefix("dependency.").unwrap_or(&fact.value).to_lowercase();
        let package = package.split([' ', ',', '.', '(']).next().unwrap_or_default();
        old.iter().any(|noun| stem(package) == noun)
    };
    let places = scene.facts.iter().filter(|fact| fact.cited && !aside.iter().any(|key| is_or_below(&fact.key, key)));
    for fact in places.filter(names).filter(|fact| !section.cites(&fact.id)).take(REPLACED).collect::<Vec<_>>() {
        if section.len() < MOST {
            let text =
                format!("{}{} is part of what the goal replaces, and is gone through", named(fact), at_place(fact));
            section.push(Sentence::about(text, [fact]));
        }
    }
}

/// What the project has already of what the goal asks for is where the work is: nothing is put beside it.
fn there_already(material: &Material<'_, '_>, section: &mut Section) -> bool {
    let case = material.case;
    let overlaps = case.assessment.items.iter().find(|item| item.finding.rule == "existing-overlap" && item.asked);
    let Some(item) = overlaps else { return false };
    let Some(fact) = case.scene.facts.iter().find(|fact| item.finding.facts.contains(&fact.id)) else { return false };
    let Some(cite) = case.scene.answer(&item.finding.id).and_then(|answer| answer.cite) else { return false };
    let does = if is_or_below(&fact.key, "route") { "seems to do this" } else { "is there" };
    let text = format!("{}{} {does} already, and is treated as decided above", named(fact), at_place(fact));
    section.push(Sentence::citing(text, [fact.id.as_str(), cite]));
    true
}

fn named(fact: &Fact) -> String {
    if is_or_below(&fact.key, "route") {
        return code(fact.value.split('→').next().unwrap_or_default(), 120);
    }
    if is_or_below(&fact.key, "model") {
        return code(fact.value.split('(').next().unwrap_or_default(), 60);
    }
    if let Some(name) = fact.key.strip_prefix("dependency.") {
        return code(&format!("{name} {}", fact.value), 80);
    }
    if fact.value == "inline" {
        return format!("the {}", fact.key.replace(['-', '.'], " "));
    }
    code(&fact.value, 80)
}
