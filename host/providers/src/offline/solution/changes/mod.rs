//! What changes, and where: one table of templates by topic, one by kind of work, each row about a fact.
//!
//! `{}` in a template is what the fact says, as a route, a model or a name; the place follows. A row with an answer is used
//! only where that question was answered, and cites it too; what was answered stands in the decisions.

mod access;
mod moved;
mod product;
mod work;

use certus_engine::Fact;

use self::access::{SESSIONS, TOKENS};
use super::Material;
use super::sentence::{Section, Sentence};
use crate::offline::facts::{at_place, is_or_below, named_in};
use crate::offline::goal::Kind;
use crate::offline::guards;
use crate::offline::rules::{Item, inward, missing};
use crate::offline::scene::{Scene, is_test};
use crate::offline::text::{Words, code, listed};
use crate::offline::told;

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
    /// Only of what the goal names.
    named: bool,
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
        named: false,
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
        named: false,
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
        named: false,
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
        moved::moved(material, &mut section);
    }
    let there = there_already(material, &mut section);
    signs_in_too(material, &mut section);
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

/// Routes besides the login that put who somebody is into the session: tokens come there as well.
fn signs_in_too(material: &Material<'_, '_>, section: &mut Section) {
    let scene = &material.case.scene;
    let wanted = scene.goal.kind == Kind::Feature && TOKENS.iter().any(|word| scene.goal.says(word));
    if !wanted || !scene.goal.about("authentication") || scene.goal.words.any(SESSIONS).is_some() {
        return;
    }
    let cite = scene.answer("session-migration").filter(|answer| !answer.evasive()).and_then(|answer| answer.cite);
    let routes = scene.facts.routes();
    let writes = |fact: &&Fact| {
        let quote = fact.source.as_ref().map_or("", |place| place.quote.as_str());
        Words::of_code(&fact.value).any(&["user", "uid", "account", "passport"]).is_some()
            && quote.split_once(" = ").is_some_and(|(before, _)| before.contains("session"))
    };
    for fact in scene.facts.select("session.use").filter(|fact| fact.cited).filter(writes).take(REPLACED) {
        let Some(place) = &fact.source else { continue };
        let above = routes.iter().filter(|route| {
            route.fact.source.as_ref().is_some_and(|known| known.path == place.path && known.line <= place.line)
        });
        let Some(route) = above.max_by_key(|route| route.fact.source.as_ref().map_or(0, |known| known.line)) else {
            continue;
        };
        if Words::of_code(route.path).any(&["login", "signin", "logout", "signout", "session"]).is_some() {
            continue;
        }
        let text = format!(
            "{}{} signs in too, by {}{}: whoever comes that way gets a token as well",
            route.name(),
            at_place(route.fact),
            code(&fact.value, 60),
            at_place(fact)
        );
        section.push(Sentence::citing(text, [route.fact.id.as_str(), fact.id.as_str()].into_iter().chain(cite)));
    }
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
    if change.selector == "file" {
        // Where routes and models stand is said of them.
        let path = |fact: &Fact| fact.source.as_ref().map(|place| place.path.clone());
        let others: Vec<&Fact> = ["route", "model"].into_iter().flat_map(|key| scene.facts.select(key)).collect();
        found.retain(|fact| {
            let own = path(fact);
            !own.as_deref().is_some_and(is_test) && !others.iter().any(|other| path(other) == own)
        });
    }
    if change.named {
        found.retain(|fact| named_in([fact.value.as_str()], &scene.goal.nouns) > 0);
    }
    if scene.goal.kind == Kind::Bug && change.selector == "route" {
        let routes = scene.facts.routes();
        let distance = |fact: &Fact| {
            let route = routes.iter().find(|route| route.fact.id == fact.id);
            route.map_or((u8::MAX, usize::MAX), |route| told::distance(&scene.goal, route))
        };
        // What does the verb that is told of is meant, although others have more words of the goal in their path.
        for relevant in material.relevant.iter().filter(|relevant| relevant.score >= 4) {
            let fact = relevant.fact;
            let told = !matches!(distance(fact), (0, 0) | (2.., _));
            if told && !found.iter().any(|known| known.id == fact.id) {
                found.push(fact);
            }
        }
        found.sort_by_key(|fact| distance(fact));
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

/// Facts of a selector, those first that have to do with the goal. Where some are close to it, the others do not count.
fn closest<'a>(material: &Material<'_, 'a>, selector: &str) -> Vec<&'a Fact> {
    let scene = &material.case.scene;
    match selector {
        "auth.middleware" => return guards::in_front(&scene.facts),
        "auth.guard" => return guards::written(&scene.facts),
        _ => {}
    }
    let mut selected: Vec<&'a Fact> = scene.facts.select(selector).collect();
    // What the goal is about is not there: nothing is said of what else is of its kind.
    if ["route", "model"].iter().any(|key| is_or_below(selector.split('~').next().unwrap_or_default(), key))
        && missing::subject(scene).is_some()
    {
        let pointed = scene.pointed();
        selected.retain(|fact| pointed.iter().any(|known| known.fact.id == fact.id));
        return selected;
    }
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
        && ["route", "model", "dependency", "file"].iter().any(|key| is_or_below(selector, key))
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
