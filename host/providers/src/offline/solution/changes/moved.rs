//! A refactoring: which files are cut up, what leaves them, what is renamed.

use certus_engine::Fact;

use super::{Material, Section, Sentence};
use crate::offline::facts::{Route, named_in};
use crate::offline::scene::is_test;
use crate::offline::text::{code, counted, inline, listed};

/// A refactoring goes file by file.
pub(super) fn moved(material: &Material<'_, '_>, section: &mut Section) {
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
        if scene.goal.moves_out() {
            section.push(Sentence::about(
                format!(
                    "What gets a place of its own leaves {} for a new file beside it, and is called from there",
                    code(path, 100)
                ),
                about.iter().take(1).copied(),
            ));
        }
        handlers.extend(here.into_iter().filter(|route| !route.handler.is_empty()));
    }
    renamed(material, section);
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

/// A rename is a step of its own, whatever else the goal asks for.
fn renamed(material: &Material<'_, '_>, section: &mut Section) {
    let scene = &material.case.scene;
    let nouns = scene.goal.renamed();
    let path = |fact: &Fact| fact.source.as_ref().map_or(String::new(), |place| place.path.clone());
    let places = scene.facts.iter().filter(|fact| fact.cited && !is_test(&path(fact)));
    let mut found: Vec<(u32, &Fact)> = places.map(|fact| (named_in([path(fact).as_str()], &nouns), fact)).collect();
    found.retain(|(shared, _)| *shared > 0);
    found.sort_by_key(|(shared, _)| std::cmp::Reverse(*shared));
    let Some((_, fact)) = found.first() else { return };
    let words = nouns.join(" ");
    section.push(Sentence::about(
        format!(
            "The rename (\"{}\") is a step of its own: every call of what is renamed is changed with it, and looked for first around {}",
            inline(&words, 80),
            code(&path(fact), 100)
        ),
        [*fact],
    ));
}
