//! What surrounds the change: how far it reaches, what stays, how it is verified, what to watch, what needs a model.

use certus_engine::Fact;

use super::sentence::{Section, Sentence};
use super::{Material, capital};
use crate::offline::facts::{Route, at_place, is_or_below, place};
use crate::offline::goal::Kind;
use crate::offline::named::{Named, Thing};
use crate::offline::nouns::is_actor;
use crate::offline::scene::{Answered, Scene, is_test};
use crate::offline::text::{Words, code, counted, inline, listed, quote, stem};

/// Words of a goal that says what it means in one sentence.
const SHORT: usize = 14;
/// Things that the first sentence names.
const NAMED: usize = 3;

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

/// Which kind of work, on what; nothing where neither the goal nor an answer names a thing of the project.
pub(super) fn extent(material: &Material<'_, '_>) -> Section {
    let scene = &material.case.scene;
    let mut section = Section::new("What will be different");
    let named = scene.named();
    let mut names: Vec<String> = named.iter().take(NAMED).map(|named| named.thing.said()).collect();
    if named.len() > NAMED {
        names.push(counted(named.len() - NAMED, "other thing"));
    }
    if !names.is_empty() {
        let goal = scene.goal_line();
        let kind = scene.goal.kind_title();
        let article = if kind.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        let work = match scene.goal.kind {
            Kind::Unclear => format!("The goal (\"{goal}\") is about"),
            Kind::Performance | Kind::Docs => format!("The work is {kind} (\"{goal}\") on"),
            _ => format!("The work is {article} {kind} (\"{goal}\") on"),
        };
        // What only shares words with it is no place of the work yet.
        let work = if named.iter().any(|named| named.exact) {
            work
        } else {
            match scene.goal.kind {
                Kind::Performance | Kind::Docs => format!("The goal (\"{goal}\"), {kind}, is by its words about"),
                _ => format!("The goal (\"{goal}\"), {article} {kind}, is by its words about"),
            }
        };
        let cites = named
            .iter()
            .take(NAMED)
            .flat_map(|named| named.cite.into_iter().chain(named.thing.facts().first().map(|fact| fact.id.as_str())));
        section.push(Sentence::citing(format!("{work} {}", listed(&names)), cites));
    }
    section
}

/// What the change leaves alone: other routes than those that are written out, where some are. Whoever calls a route only by
/// words may mean others too.
pub(super) fn untouched(material: &Material<'_, '_>, changes: &Section) -> Section {
    let scene = &material.case.scene;
    let mut section = Section::new("What stays as it is");
    let is_named = |route: &Route<'_>| {
        let things = || scene.named().iter().map(|named| &named.thing);
        let same = |thing: &Thing<'_>| match thing {
            Thing::Route(known) => known.method == route.method && known.path == route.path,
            Thing::File(path, _) => route.fact.source.as_ref().is_some_and(|place| place.path == *path),
            _ => false,
        };
        things().any(same) || changes.cites(&route.fact.id)
    };
    let routes = scene.facts.routes();
    let (named, mut others): (Vec<Route<'_>>, Vec<Route<'_>>) = routes.into_iter().partition(is_named);
    let exact = |named: &Named<'_>| named.exact && matches!(named.thing, Thing::Route(_) | Thing::File(..));
    // A second sentence may mean more than the first writes out.
    let words = &scene.goal.words;
    let one = words.len() <= SHORT && !(1..words.len()).any(|at| words.pauses_after(at - 1));
    if !one || named.is_empty() || !scene.named().iter().all(exact) {
        return section;
    }
    // Examples are routes that somebody knows, not catch-alls.
    others.sort_by_key(|route| route.path.contains(['*', '{']) || matches!(route.method, "OPTIONS" | "HEAD" | "ALL"));
    let names: Vec<String> = others.iter().take(3).map(Route::name).collect();
    let text = match others.len() {
        0 => return section,
        1 => format!("{} keeps its path and what it answers", names[0]),
        2 | 3 => format!("{} keep their paths and what they answer", listed(&names)),
        count => format!("The other {count} routes, such as {}, keep their paths and what they answer", listed(&names)),
    };
    section.push(Sentence::about(text, others.iter().take(3).map(|route| route.fact)));
    section
}

/// The evidence that completes the work.
pub(super) fn verified(material: &Material<'_, '_>) -> Section {
    let scene = &material.case.scene;
    let facts = &scene.facts;
    let mut section = Section::new("How it is verified");
    let command = scene.view.project.commands.get("test").map(|line| code(line, 80));
    if let Some(test) = facts.test_script().or_else(|| facts.first(&["command.test"])) {
        let run = command.unwrap_or_else(|| code(&test.value, 80));
        let text = format!(
            "{run} is how this project runs its tests{}, and has to pass before the change and after it",
            at_place(test)
        );
        section.push(Sentence::about(text, [test]));
    }
    if let Some(file) = scene.closest("test.file").filter(|_| scene.goal.kind != Kind::Docs) {
        let what = match scene.goal.kind {
            Kind::Bug => "The test that shows the bug comes",
            Kind::Refactoring => "Tests of what is not covered yet come",
            _ => "New tests come",
        };
        let text = format!("{what} first; one that is there is {}{}", code(&file.value, 80), at_place(file));
        section.push(Sentence::about(text, [file]));
    }
    if let Some(answer) = scene.answer("no-tests")
        && let Some(cite) = answer.cite
        && !answer.evasive()
    {
        section.push(Sentence::citing(
            format!("No tests were found, so it is verified as decided: \"{}\"", quote(answer.text, 160)),
            [cite],
        ));
    }
    if let Some(lint) = facts.first(&["script.lint", "command.lint"]) {
        section.push(Sentence::about(
            format!("The style is checked by {}{}", code(&lint.value, 80), at_place(lint)),
            [lint],
        ));
    }
    // Only what somebody can see of the program becomes a test: a way to release it, or a file, does not.
    let behaviour = |id: &str| {
        let rule =
            material.case.assessment.items.iter().find(|item| item.finding.id == id).map(|item| item.finding.rule);
        ["example-of-use", "actor"].contains(&id) || rule == Some("unstated-failure-case") && !id.starts_with("upgrade")
    };
    // A choice of ours says how it is done; what somebody typed says what is to be seen.
    let own = |answer: &&Answered<'_>| {
        let item = material.case.assessment.items.iter().find(|item| item.finding.id == answer.id);
        behaviour(answer.id)
            && !answer.evasive()
            && !answer.leaves_open()
            && item.is_none_or(|item| !item.finding.options.iter().any(|option| option == answer.text))
    };
    for answer in scene.answers.iter().filter(own).filter(|_| !scene.by_hand()) {
        let text = format!("What was decided on {} becomes a test", answer.id.replace('-', " "));
        section.push(Sentence::citing(text, answer.cite));
    }
    section
}

/// What earlier discovery found doubtful, as far as it is about what the goal is about.
pub(super) fn risks(material: &Material<'_, '_>) -> Section {
    const OF_TOPICS: &[(&str, &[&str])] = &[
        ("risk.rate-limit", &["authentication", "rate-limiting"]),
        ("risk.session", &["authentication"]),
        ("risk.csrf", &["authentication"]),
        ("api.irregular", &["authentication", "roles"]),
        ("risk.validation", &["validation"]),
        ("risk.error-handler", &["errors"]),
    ];
    let scene = &material.case.scene;
    let mut section = Section::new("What to watch");
    let concerns = |fact: &&Fact| {
        let known = OF_TOPICS.iter().find(|(key, _)| fact.key.starts_with(key));
        known.is_none_or(|(_, topics)| topics.iter().any(|topic| scene.goal.about(topic)))
    };
    let facts = &scene.facts;
    let doubtful = facts.select("risk").chain(facts.select("api.irregular")).chain(facts.select("truncated"));
    for fact in doubtful.filter(concerns).take(4) {
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

/// What rules cannot do: one sentence about what is named, or that nothing is.
pub(super) fn needs_model(material: &Material<'_, '_>) -> Section {
    let scene = &material.case.scene;
    let mut section = Section::new("What needs a model");
    let mut places: Vec<String> = Vec::new();
    let mut facts: Vec<&Fact> = Vec::new();
    for named in scene.named() {
        if let Some(fact) = named.thing.facts().first()
            && let Some(place) = place(fact)
            && facts.len() < 3
            && !facts
                .iter()
                .any(|known| known.source.as_ref().map(|at| &at.path) == fact.source.as_ref().map(|at| &at.path))
        {
            facts.push(fact);
            places.push(place);
        }
    }
    let cause = if scene.goal.kind == Kind::Bug { "finding the cause, " } else { "" };
    let spoken = if places.is_empty() { mentioned(scene) } else { Vec::new() };
    if !spoken.is_empty() {
        let names: Vec<String> = spoken.iter().map(|(name, fact)| format!("{name}{}", at_place(fact))).collect();
        let text = format!(
            "By its words the goal or an answer may be about {}; what changes there is not planned here: {cause}reading the code and \
             writing the change needs a model or a person",
            listed(&names)
        );
        section.push(Sentence::about(text, spoken.iter().map(|(_, fact)| *fact)));
    } else if places.is_empty() {
        let text = format!(
            "Nothing that rules found is written out in the goal or in an answer, so where the change belongs is not planned here: \
             {cause}reading the code and writing the change needs a model or a person"
        );
        let cites: Vec<&str> =
            scene.answers.iter().filter(|answer| !answer.evasive()).filter_map(|answer| answer.cite).collect();
        let entry = scene.facts.first(&["entry-point", "stack", "route", "dependency"]);
        let cites = if cites.is_empty() { entry.map(|fact| fact.id.as_str()).into_iter().collect() } else { cites };
        section.push(Sentence::citing(text, cites));
    } else {
        let verb = if places.len() == 1 { "stands" } else { "stand" };
        let text = format!(
            "Rules know where {} {verb}, not what happens there: {cause}reading the code and writing the change{} needs a model or a \
             person",
            listed(&places),
            if scene.by_hand() { "" } else { " and its tests" }
        );
        section.push(Sentence::about(text, facts));
    }
    section
}

/// Models, files, functions and routes whose name stands in the goal or in an answer as a word; some of them.
fn mentioned<'a>(scene: &Scene<'a>) -> Vec<(String, &'a Fact)> {
    // `The shop` may be the project, which its nouns leave out.
    let people = scene.goal.people.iter().filter(|person| !is_actor(person));
    let mut said: Vec<String> = scene.goal.nouns.iter().chain(people).cloned().collect();
    for answer in scene.answers.iter().filter(|answer| !answer.evasive()) {
        said.extend(answer.words.iter().map(|word| stem(word).to_owned()));
    }
    let says = |name: &str| {
        let words = Words::of_code(name);
        let joined = words.iter().collect::<String>();
        said.iter().any(|word| *word == stem(&joined))
            || (words.len() > 1
                && said
                    .windows(words.len())
                    .any(|run| run.iter().zip(words.iter()).all(|(one, other)| one == stem(other))))
    };
    let facts = &scene.facts;
    let mut found: Vec<(String, &'a Fact)> = Vec::new();
    for model in facts.models().into_iter().filter(|model| says(model.name)) {
        found.push((code(model.name, 60), model.fact));
    }
    let guards = facts.select("auth.guard").chain(facts.select("error-handler"));
    found.extend(guards.filter(|fact| says(&fact.value)).map(|fact| (code(&fact.value, 80), fact)));
    for fact in facts.select("file") {
        let file = fact.source.as_ref().and_then(|place| place.path.rsplit('/').next()).unwrap_or_default();
        // `author.mapper.ts` is not called `author`, and tests are not what a goal is about.
        let test = fact.source.as_ref().is_some_and(|place| is_test(&place.path));
        if !test && says(file.rsplit_once('.').map_or(file, |(stem, _)| stem)) {
            found.push((code(file, 80), fact));
        }
    }
    for route in facts.routes() {
        // `/item/:slug` is one of many things, and not called by what they are.
        let last = route.path.trim_end_matches('/').rsplit('/').next();
        let last = last.filter(|part| !part.is_empty() && !part.starts_with([':', '{', '*']));
        let handler = route.handler.rsplit('.').next().unwrap_or_default();
        if last.is_some_and(says) || (Words::of_code(handler).len() > 1 && says(handler)) {
            found.push((route.name(), route.fact));
        }
    }
    found.retain(|(_, fact)| fact.cited);
    found.truncate(NAMED);
    found
}
