//! What changes, and where: one table of templates by topic, one by kind of work, each row about a fact.
//!
//! `{}` in a template is what the fact says, as a route, a model or a name; the place follows. A row with an answer is used
//! only where that question was answered, and cites it too; what was answered stands in the decisions.

mod access;
mod product;
mod work;

use certus_engine::Fact;

use self::access::{SESSIONS, TOKENS};
use super::Material;
use super::sentence::{Section, Sentence};
use crate::offline::facts::{Route, at_place, is_or_below, named_in};
use crate::offline::goal::Kind;
use crate::offline::guards;
use crate::offline::rules::{Item, inward};
use crate::offline::scene::Scene;
use crate::offline::text::{code, counted, inline, listed};

/// Sentences of the section.
const MOST: usize = 12;
/// Places of what is replaced.
const REPLACED: usize = 5;

struct Change {
    /// Topic or, where empty, any.
    topic: &'static str,
    kinds: &'static [Kind],
    /// Only where the goal says one of these; empty for any.
    says: &'static [&'static str],
    /// Which facts; of these the closest to the goal come first.
    selector: &'static str,
    /// How many of them.
    most: usize,
    /// The question whose answer decides it; empty for none.
    answer: &'static str,
    /// What is said of the facts after the first; empty for the same.
    then: &'static str,
    /// What is said of all of them in one sentence, where there are several; empty where each has its own.
    many: &'static str,
    /// Only where there is no such fact.
    lacks: &'static [&'static str],
    /// It says that something goes on as it is: not said of what the goal puts something else in the place of.
    keeps: bool,
    text: &'static str,
}

const fn change(topic: &'static str, selector: &'static str, most: usize, text: &'static str) -> Change {
    Change {
        topic,
        kinds: &[Kind::Feature],
        says: &[],
        selector,
        most,
        answer: "",
        then: "",
        many: "",
        lacks: &[],
        keeps: false,
        text,
    }
}

const fn kept(topic: &'static str, selector: &'static str, text: &'static str) -> Change {
    Change { keeps: true, ..change(topic, selector, 1, text) }
}

const fn decided(topic: &'static str, selector: &'static str, answer: &'static str, text: &'static str) -> Change {
    Change {
        topic,
        kinds: &[Kind::Feature],
        says: &[],
        selector,
        most: 1,
        answer,
        then: "",
        many: "",
        lacks: &[],
        keeps: false,
        text,
    }
}

const fn work(kind: &'static [Kind], selector: &'static str, most: usize, text: &'static str) -> Change {
    Change {
        topic: "",
        kinds: kind,
        says: &[],
        selector,
        most,
        answer: "",
        then: "",
        many: "",
        lacks: &[],
        keeps: false,
        text,
    }
}

/// In the order in which the sentences come.
const CHANGES: [&[Change]; 3] = [access::CHANGES, product::CHANGES, work::CHANGES];

/// The section.
pub(super) fn section(material: &Material<'_, '_>) -> Section {
    let scene = &material.case.scene;
    let mut section = Section::new("What changes, and where");
    if scene.goal.kind == Kind::Refactoring {
        moved(material, &mut section);
    }
    let there = there_already(material, &mut section);
    for change in CHANGES.iter().copied().flatten().filter(|change| applies(change, scene)) {
        apply(change, material, &mut section);
    }
    if scene.goal.replaces() {
        replaced(material, &mut section);
    } else if section.len() < 3 && !there && !inward(&scene.goal) {
        for change in work::PLAIN.iter().filter(|change| applies(change, scene)) {
            apply(change, material, &mut section);
        }
    }
    if section.len() == 0 {
        // No template has a word for it, but there are files that do.
        for (path, facts) in scene.subject_files().into_iter().take(3) {
            let names: Vec<String> = facts.iter().take(2).map(|fact| named(fact)).collect();
            section.push(Sentence::about(
                format!("{} is where the work is done, around {}", code(path, 100), listed(&names)),
                facts.iter().take(3).copied(),
            ));
        }
    }
    section
}

fn is_replaced(fact: &Fact, scene: &Scene<'_>) -> bool {
    let told = [fact.key.as_str(), fact.value.as_str()];
    named_in(told, &scene.goal.replaced()) > 0 || named_in(told, &scene.goal.nouns) > 0
}

/// What makes room for something else: each place of it that was found.
fn replaced(material: &Material<'_, '_>, section: &mut Section) {
    let scene = &material.case.scene;
    let old = scene.goal.replaced();
    let names = |fact: &&Fact| named_in([fact.key.as_str(), fact.value.as_str()], &old) > 0;
    let aside = ["test", "script", "file", "readme", "project", "stack", "route", "model", "risk", "flow", "config"];
    let places = scene.facts.iter().filter(|fact| fact.cited && !aside.iter().any(|key| is_or_below(&fact.key, key)));
    for fact in places.filter(names).take(REPLACED) {
        if section.len() < MOST {
            section.push(Sentence::about(
                format!("{}{} is part of what the goal replaces, and is gone through", named(fact), at_place(fact)),
                [fact],
            ));
        }
    }
}

/// What the project has already of what the goal asks for is where the work is: nothing is put beside it.
fn there_already(material: &Material<'_, '_>, section: &mut Section) -> bool {
    let case = material.case;
    let overlaps = |item: &&Item| item.finding.rule == "existing-overlap" && item.asked;
    let Some(item) = case.assessment.items.iter().find(overlaps) else { return false };
    let Some(fact) = case.scene.facts.iter().find(|fact| item.finding.facts.contains(&fact.id)) else { return false };
    let cite = case.scene.answer(&item.finding.id).and_then(|answer| answer.cite);
    let how = if cite.is_some() { "is treated as decided above" } else { "stays the one place for it" };
    let does = if is_or_below(&fact.key, "route") { "does this" } else { "is there" };
    section.push(Sentence::citing(
        format!("{}{} {does} already and {how}, so that nothing is written a second time", named(fact), at_place(fact)),
        std::iter::once(fact.id.as_str()).chain(cite),
    ));
    let route = case.scene.facts.routes().into_iter().find(|route| route.fact.id == fact.id);
    if let Some(route) = route.filter(|route| !route.handler.is_empty()) {
        section.push(Sentence::about(
            format!("What it does stands in {}, and is read before anything is changed", code(route.handler, 80)),
            [fact],
        ));
    }
    true
}

fn applies(change: &Change, scene: &Scene<'_>) -> bool {
    change.kinds.contains(&scene.goal.kind)
        && (change.topic.is_empty() || scene.goal.about(change.topic))
        && (change.lacks.is_empty() || !scene.facts.has(change.lacks))
        && (change.says.is_empty() || change.says.iter().any(|word| scene.goal.says(word)))
        // Where tokens go, nothing is said of how they come.
        && (change.says != TOKENS || scene.goal.words.any(SESSIONS).is_none())
}

fn apply(change: &Change, material: &Material<'_, '_>, section: &mut Section) {
    let scene = &material.case.scene;
    let answer = (!change.answer.is_empty()).then(|| scene.answer(change.answer));
    let answer = match answer {
        Some(None) => return,
        Some(Some(answer)) if answer.evasive() || answer.cite.is_none() => return,
        other => other.flatten(),
    };
    let found = closest(material, change.selector);
    if !change.many.is_empty() && found.len() > 1 {
        if section.len() < MOST {
            let text = change.many.replacen("{}", &guards::named(&found), 1);
            let cites = found.iter().take(guards::NAMED).map(|fact| fact.id.as_str());
            section.push(Sentence::citing(text, cites.chain(answer.and_then(|answer| answer.cite))));
        }
        return;
    }
    let mut found = found;
    if scene.goal.kind == Kind::Bug && change.selector == "route" {
        found.sort_by_key(|fact| !does_what_is_told(scene, fact));
    }
    for (index, fact) in found.into_iter().take(change.most).enumerate() {
        if section.len() >= MOST {
            return;
        }
        if change.keeps && scene.goal.replaces() && is_replaced(fact, scene) {
            continue;
        }
        let template = if index > 0 && !change.then.is_empty() { change.then } else { change.text };
        let text = template.replacen("{}", &format!("{}{}", named(fact), at_place(fact)), 1);
        let cites = std::iter::once(fact.id.as_str()).chain(answer.and_then(|answer| answer.cite));
        section.push(Sentence::citing(text, cites));
    }
}

/// The route's method is that of the first verb which the goal tells of: `deleting a comment works for everybody`.
fn does_what_is_told(scene: &Scene<'_>, fact: &Fact) -> bool {
    const VERBS: &[(&[&str], &[&str])] = &[
        (&["delet*", "remov*", "unfollow*", "unfavo*"], &["DELETE"]),
        (&["creat*", "publish*", "post", "posting", "posted", "submit*", "add", "adding", "added"], &["POST"]),
        (&["updat*", "edit*", "chang*", "modif*"], &["PUT", "PATCH"]),
        (&["list", "lists", "listing", "shows", "shown", "view*", "search*"], &["GET"]),
    ];
    let told = VERBS.iter().filter_map(|(verbs, methods)| {
        Some((verbs.iter().filter_map(|verb| scene.goal.words.position(verb)).min()?, *methods))
    });
    let route = fact.value.split(' ').next().unwrap_or_default();
    told.min_by_key(|(at, _)| *at).is_some_and(|(_, methods)| methods.contains(&route))
}

/// Facts of a selector, those first that have to do with the goal. Where some are close to it, the others do not count.
fn closest<'a>(material: &Material<'_, 'a>, selector: &str) -> Vec<&'a Fact> {
    let scene = &material.case.scene;
    match selector {
        "auth.middleware" => return guards::in_front(&scene.facts),
        "auth.guard" => return guards::written(&scene.facts),
        _ => {}
    }
    let selected: Vec<&'a Fact> = scene.facts.select(selector).collect();
    let about = |least: u32| -> Vec<&'a Fact> {
        let facts = material.relevant.iter().filter(|relevant| relevant.score >= least).map(|relevant| relevant.fact);
        facts.filter(|fact| selected.iter().any(|known| known.id == fact.id)).collect()
    };
    let is = |fact: &Fact| selected.iter().any(|known| known.id == fact.id);
    let top = material.relevant.iter().filter(|relevant| is(relevant.fact)).map(|relevant| relevant.score).max();
    // What the goal names twice leaves behind what it names once.
    let close = about(4.max(top.unwrap_or_default() * 3 / 4));
    if !close.is_empty() {
        return close;
    }
    let named = scene.named_models();
    let close: Vec<&'a Fact> =
        selected.iter().copied().filter(|fact| named.iter().any(|known| known.id == fact.id)).collect();
    if !close.is_empty() {
        return close;
    }
    // A bug or a removal is about what it names, not about whatever else is of the same kind.
    let strict = matches!(scene.goal.kind, Kind::Bug | Kind::Removal | Kind::Refactoring | Kind::Upgrade)
        && ["route", "model", "dependency"].iter().any(|key| is_or_below(selector, key))
        || ["route", "route.get", "route.post", "route.put", "route.patch", "route.delete", "model"]
            .contains(&selector);
    if strict { about(1) } else { selected }
}

fn named(fact: &Fact) -> String {
    if is_or_below(&fact.key, "route") {
        let route = fact.value.split('→').next().unwrap_or_default();
        return code(route, 120);
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

/// A refactoring goes file by file.
fn moved(material: &Material<'_, '_>, section: &mut Section) {
    let scene = &material.case.scene;
    let routes = scene.facts.routes();
    let aim = scene.answer("refactoring-aim").filter(|answer| !answer.evasive());
    let aim_text = aim.map(|answer| format!(", so that: \"{}\"", inline(answer.text, 140))).unwrap_or_default();
    let mut handlers: Vec<Route<'_>> = Vec::new();
    for (path, facts) in scene.subject_files().into_iter().take(3) {
        let here: Vec<Route<'_>> =
            facts.iter().filter_map(|fact| routes.iter().find(|route| route.fact.id == fact.id).copied()).collect();
        let names: Vec<String> = here.iter().take(3).map(Route::name).collect();
        let text = match here.len() {
            0 => {
                let size = facts.iter().find(|fact| fact.key == "file").map(|fact| code(&fact.value, 100));
                format!("{} is cut up one function at a time{aim_text}", size.unwrap_or_else(|| code(path, 100)))
            }
            1 => {
                format!("{} holds {}, and is cut up one function at a time{aim_text}", code(path, 100), listed(&names))
            }
            count => format!(
                "{} holds {} of this kind, such as {}, and is cut up one route at a time{aim_text}",
                code(path, 100),
                counted(count, "route"),
                listed(&names)
            ),
        };
        let about: Vec<&Fact> = if here.is_empty() { facts } else { here.iter().map(|route| route.fact).collect() };
        let cites = about.iter().take(3).map(|fact| fact.id.as_str()).chain(aim.and_then(|answer| answer.cite));
        section.push(Sentence::citing(text, cites));
        handlers.extend(here.into_iter().filter(|route| !route.handler.is_empty()));
    }
    let first = &handlers[..handlers.len().min(3)];
    if !first.is_empty() {
        let mut names: Vec<String> = Vec::new();
        for name in first.iter().map(|route| code(route.handler, 60)) {
            // A router that is mounted twice has each of its handlers twice.
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let verb = if names.len() == 1 { "moves" } else { "move" };
        section.push(Sentence::about(
            format!("{} {verb} first; the routes keep method and path, and call what moved", listed(&names)),
            first.iter().map(|route| route.fact),
        ));
    }
}
