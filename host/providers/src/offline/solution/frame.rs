//! What surrounds the change: how far it reaches, what stays, how it is verified, what to watch, what needs a model.

use std::collections::BTreeSet;

use certus_engine::Fact;

use super::sentence::{Section, Sentence};
use super::{Material, capital};
use crate::offline::facts::{Route, at_place, is_or_below, place};
use crate::offline::goal::Kind;
use crate::offline::scene::is_test;
use crate::offline::text::{code, counted, inline, listed};

/// Facts whose place is one where code would change.
fn is_code(fact: &Fact) -> bool {
    let aside = [
        "test",
        "script",
        "dependency",
        "dependency-use",
        "node",
        "readme",
        "project",
        "stack",
        "framework",
        "constraint",
        "language",
        "risk",
        "api",
        "component",
        "flow",
        "relation",
        "integration",
        "manifest",
        "container",
        "command",
        "runtime",
    ];
    fact.source.as_ref().is_some_and(|place| !is_test(&place.path))
        && !aside.iter().any(|key| is_or_below(&fact.key, key))
}

/// How close the closest code is. Statements that rules made themselves do not count: they hold the goal's own words.
pub(super) fn top(material: &Material<'_, '_>) -> u32 {
    let code = material.relevant.iter().filter(|relevant| is_code(relevant.fact));
    code.map(|relevant| relevant.score).max().unwrap_or_default()
}

/// Which kind of work, in which files.
pub(super) fn extent(material: &Material<'_, '_>) -> Section {
    let goal = &material.case.scene.goal;
    let mut section = Section::new("What will be different");
    let mut files: Vec<(&str, &Fact)> = Vec::new();
    let top = top(material);
    // A refactoring is of files; elsewhere they follow from what was found about the goal.
    if goal.kind == Kind::Refactoring {
        let subject = material.case.scene.subject_files();
        files.extend(subject.iter().take(4).filter_map(|(path, facts)| Some((*path, *facts.first()?))));
    }
    let named = !files.is_empty();
    for relevant in material
        .relevant
        .iter()
        .filter(|_| !named)
        .filter(|relevant| relevant.score * 3 >= top && is_code(relevant.fact))
    {
        let Some(source) = &relevant.fact.source else { continue };
        if !files.iter().any(|(path, _)| *path == source.path) && files.len() < 4 {
            files.push((&source.path, relevant.fact));
        }
    }
    let topics: Vec<String> = goal.topics.iter().map(|topic| topic.title.to_owned()).collect();
    let about = if topics.is_empty() { String::new() } else { format!(" about {}", listed(&topics)) };
    let names: Vec<String> = files.iter().map(|(path, _)| code(path, 100)).collect();
    if !files.is_empty() {
        let text = format!(
            "The work is {}{about} (\"{}\"), and what was found about it stands in {}",
            match goal.kind {
                Kind::Unclear | Kind::Feature | Kind::Refactoring | Kind::Bug | Kind::Removal =>
                    format!("a {}", goal.kind.title()),
                Kind::Upgrade => "an upgrade".to_owned(),
                Kind::Performance | Kind::Docs => goal.kind.title().to_owned(),
            },
            material.case.scene.goal_line(),
            listed(&names)
        );
        section.push(Sentence::about(text, files.iter().map(|(_, fact)| *fact)));
    }
    section
}

/// What the change leaves alone.
pub(super) fn untouched(material: &Material<'_, '_>, changes: &Section) -> Section {
    let facts = &material.case.scene.facts;
    let near: BTreeSet<&str> = material.relevant.iter().map(|relevant| relevant.fact.id.as_str()).collect();
    let concerned = |fact: &Fact| near.contains(fact.id.as_str()) || changes.cites(&fact.id);
    let mut section = Section::new("What stays as it is");
    let mut routes: Vec<Route<'_>> = facts.routes().into_iter().filter(|route| !concerned(route.fact)).collect();
    // Examples are routes that somebody knows, not catch-alls.
    routes.sort_by_key(|route| route.path.contains(['*', '{']) || matches!(route.method, "OPTIONS" | "HEAD" | "ALL"));
    if let Some(first) = routes.first() {
        let names: Vec<String> = routes.iter().take(3).map(Route::name).collect();
        let text = match routes.len() {
            1 => format!("{} keeps its path and what it answers", first.name()),
            count => {
                format!("The other {count} routes, such as {}, keep their paths and what they answer", listed(&names))
            }
        };
        section.push(Sentence::about(text, routes.iter().take(3).map(|route| route.fact)));
    }
    let models: Vec<_> = facts.models().into_iter().filter(|model| !concerned(model.fact)).collect();
    if !models.is_empty() {
        let names: Vec<String> = models.iter().take(3).map(|model| code(model.name, 60)).collect();
        let verb = if models.len() == 1 { "keeps its fields" } else { "keep their fields" };
        section
            .push(Sentence::about(format!("{} {verb}", listed(&names)), models.iter().take(3).map(|model| model.fact)));
    }
    let middleware: Vec<&Fact> = facts.select("middleware").filter(|fact| !concerned(fact)).take(4).collect();
    if !middleware.is_empty() {
        let names: Vec<String> = middleware.iter().map(|fact| code(&fact.value, 60)).collect();
        let verb = if names.len() == 1 { "keeps its place" } else { "keep their order" };
        section.push(Sentence::about(format!("The middleware {} {verb}", listed(&names)), middleware));
    }
    section
}

/// The evidence that completes the work.
pub(super) fn verified(material: &Material<'_, '_>) -> Section {
    let scene = &material.case.scene;
    let facts = &scene.facts;
    let mut section = Section::new("How it is verified");
    let command = scene.view.project.commands.get("test").map(|line| code(line, 80));
    let script = facts.select("script.test").find(|fact| !fact.value.contains("no test specified"));
    let test = script.or_else(|| facts.first(&["command.test"]));
    if let Some(test) = test {
        let run = command.unwrap_or_else(|| code(&test.value, 80));
        section.push(Sentence::about(
            format!(
                "{run} runs the tests that are there{}, and has to pass before the change and after it",
                at_place(test)
            ),
            [test],
        ));
    }
    if let Some(file) = scene.closest("test.file") {
        let what = match scene.goal.kind {
            Kind::Bug => "The test that shows the bug comes",
            Kind::Refactoring => "Tests of what is not covered yet come",
            _ => "New tests come",
        };
        section
            .push(Sentence::about(format!("{what} first, beside {}{}", code(&file.value, 80), at_place(file)), [file]));
    } else if let Some(framework) = facts.first(&["test.framework"]) {
        section.push(Sentence::about(
            format!("New tests come first, written with {}", code(&framework.value, 60)),
            [framework],
        ));
    }
    if let Some(answer) = scene.answer("no-tests")
        && let Some(cite) = answer.cite
        && !answer.evasive()
    {
        section.push(Sentence::citing(
            format!("No tests were found, so it is verified as decided: \"{}\"", inline(answer.text, 160)),
            [cite],
        ));
    }
    if let Some(lint) = facts.first(&["script.lint", "command.lint"]) {
        section.push(Sentence::about(
            format!("The style is checked by {}{}", code(&lint.value, 80), at_place(lint)),
            [lint],
        ));
    }
    let cites: Vec<&str> =
        scene.answers.iter().filter(|answer| !answer.evasive()).filter_map(|answer| answer.cite).collect();
    if !cites.is_empty() {
        let noun = if cites.len() == 1 {
            "The decision above becomes a test"
        } else {
            "Each of the decisions above becomes a test"
        };
        section.push(Sentence::citing(format!("{noun} by which it can be seen that it holds"), cites));
    }
    section
}

/// What earlier discovery found doubtful.
pub(super) fn risks(material: &Material<'_, '_>) -> Section {
    let mut section = Section::new("What to watch");
    let facts = &material.case.scene.facts;
    for fact in facts.select("risk").chain(facts.select("api.irregular")).chain(facts.select("truncated")).take(4) {
        section.push(Sentence::about(
            format!(
                "{}{}",
                capital(&inline(&fact.value, 200)),
                place(fact).map(|place| format!(" ({place})")).unwrap_or_default()
            ),
            [fact],
        ));
    }
    section
}

/// What rules cannot do, about the places that it concerns.
pub(super) fn needs_model(material: &Material<'_, '_>, changes: &Section) -> Section {
    let scene = &material.case.scene;
    let mut section = Section::new("What needs a model");
    let mut closest: Vec<&Fact> = Vec::new();
    let path = |fact: &Fact| fact.source.as_ref().map(|place| place.path.clone());
    let top = top(material);
    let relevant = || {
        let near = material.relevant.iter().filter(|relevant| relevant.score * 3 >= top);
        near.map(|relevant| relevant.fact).filter(|fact| is_code(fact))
    };
    // First what changes, one place for each file.
    let subject: Vec<&Fact> = match scene.goal.kind {
        Kind::Refactoring => {
            scene.subject_files().into_iter().filter_map(|(_, facts)| facts.first().copied()).collect()
        }
        _ => Vec::new(),
    };
    let others = relevant().filter(|_| subject.is_empty());
    for fact in subject.iter().copied().chain(relevant().filter(|fact| changes.cites(&fact.id))).chain(others) {
        if closest.len() < 3 && !closest.iter().any(|known| path(known) == path(fact)) {
            closest.push(fact);
        }
    }
    let places: Vec<String> = closest.iter().filter_map(|fact| place(fact)).collect();
    if !places.is_empty() {
        let verb = if places.len() == 1 { "stands" } else { "stand" };
        section.push(Sentence::about(
            format!("Rules know that {} {verb} at the centre of this, not what happens there: reading the code and writing the change needs a model or a person", listed(&places)),
            closest.iter().copied(),
        ));
    }
    let routes: Vec<Route<'_>> = scene.facts.routes();
    let tests = scene.closest("test.file").or_else(|| scene.facts.first(&["test.framework"]));
    match (scene.goal.kind, tests) {
        (Kind::Bug, Some(test)) => section.push(Sentence::about(
            format!("Finding the cause and writing the failing test{} needs a model or a person", at_place(test)),
            [test],
        )),
        (_, Some(test)) => section.push(Sentence::about(
            format!(
                "Writing the tests in the style of those that are there{} needs a model or a person",
                at_place(test)
            ),
            [test],
        )),
        (_, None) => {}
    }
    if let Some(route) = routes.first()
        && routes.len() > 1
        && matches!(scene.goal.kind, Kind::Refactoring | Kind::Removal | Kind::Upgrade)
    {
        section.push(Sentence::about(
            format!(
                "Whether any of the {} depends on a detail that changes can only be read in its code",
                counted(routes.len(), "route")
            ),
            [route.fact],
        ));
    }
    section
}
