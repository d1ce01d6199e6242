//! Facts, found by what they are about.
//!
//! A selector names facts: `auth.session` is that key and everything below it; `route.post~login` asks besides that a word of
//! the value or of the path begins with `login`; `~login` asks that of facts of any key. `~/admin` asks for a part of a path,
//! `~users/` for its last one.

use certus_engine::{Fact, View};

use super::goal::Goal;
use super::text::{Words, code, inline, stem};
use super::topics::Topic;

/// The facts of a view.
pub(super) struct Facts<'a> {
    all: &'a [Fact],
}

/// A route, as a fact says it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Route<'a> {
    pub(super) fact: &'a Fact,
    /// Upper case.
    pub(super) method: &'a str,
    /// With its mount prefix.
    pub(super) path: &'a str,
    /// Its name; empty for a function written in place.
    pub(super) handler: &'a str,
}

impl Route<'_> {
    /// `POST /api/login`.
    pub(super) fn name(&self) -> String {
        code(&format!("{} {}", self.method, self.path), 120)
    }

    /// A path written out in a goal is that of the route, or the end of it where the mount prefix is left out.
    pub(super) fn is_at(&self, path: &str) -> bool {
        let segments = |path: &'_ str| -> Vec<String> {
            path.split('/').filter(|part| !part.is_empty()).map(str::to_lowercase).collect()
        };
        let open = |part: &str| part.starts_with([':', '{', '*', '<', '$']);
        let (own, wanted) = (segments(self.path), segments(path));
        let Some(skipped) = own.len().checked_sub(wanted.len()) else { return false };
        own[skipped..]
            .iter()
            .zip(&wanted)
            .all(|(own, wanted)| own == wanted || (open(own) && (open(wanted) || skipped == 0)))
    }

    /// Changes something.
    pub(super) fn writes(&self) -> bool {
        matches!(self.method, "POST" | "PUT" | "PATCH" | "DELETE")
    }
}

/// A data model, as a fact says it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Model<'a> {
    pub(super) fact: &'a Fact,
    pub(super) name: &'a str,
    pub(super) fields: Vec<&'a str>,
}

impl Model<'_> {
    /// Its whole name is that noun, which is a stem: `CartItem` is `cartitem`, and not `cart`.
    pub(super) fn is(&self, noun: &str) -> bool {
        let name: String =
            Words::of_code(self.name).iter().filter(|word| !matches!(*word, "model" | "schema")).collect();
        stem(&name) == noun
    }
}

/// A fact and how much it has to do with a goal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Relevant<'a> {
    pub(super) fact: &'a Fact,
    /// From 1; higher is closer.
    pub(super) score: u32,
}

impl<'a> Facts<'a> {
    pub(super) fn of(view: &'a View) -> Self {
        Self { all: &view.facts }
    }

    #[cfg(test)]
    pub(super) fn from_slice(all: &'a [Fact]) -> Self {
        Self { all }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &'a Fact> + use<'a> {
        self.all.iter()
    }

    /// Facts that a selector names, in the order of discovery.
    pub(super) fn select<'s>(&self, selector: &'s str) -> impl Iterator<Item = &'a Fact> + use<'a, 's> {
        let (key, word) = selector.split_once('~').unwrap_or((selector, ""));
        self.all.iter().filter(move |fact| selected(fact, key, word))
    }

    /// The first that one of some selectors names; what the host found itself is preferred.
    pub(super) fn first(&self, selectors: &[&str]) -> Option<&'a Fact> {
        let find =
            |cited: bool| selectors.iter().find_map(|selector| self.select(selector).find(|fact| fact.cited || !cited));
        find(true).or_else(|| find(false))
    }

    pub(super) fn has(&self, selectors: &[&str]) -> bool {
        self.first(selectors).is_some()
    }

    pub(super) fn routes(&self) -> Vec<Route<'a>> {
        self.all.iter().filter_map(route).collect()
    }

    pub(super) fn models(&self) -> Vec<Model<'a>> {
        self.all.iter().filter_map(model).collect()
    }

    /// There are tests. A script that would run some is none, and neither is the command that was taken from it.
    pub(super) fn tested(&self, view: &View) -> bool {
        self.has(&["test.file", "test.files", "test.directory", "command.test"])
            || (view.project.commands.contains_key("test") && !self.has(&["script.test"]))
    }

    /// The script that runs the tests which were found: one of a manifest above them, of its own folder and not by
    /// `--prefix` of another.
    pub(super) fn test_script(&self) -> Option<&'a Fact> {
        let path = |fact: &'a Fact| fact.source.as_ref().map_or("", |place| place.path.as_str());
        let tests: Vec<&str> = ["test.file", "test.files", "test.directory"]
            .into_iter()
            .flat_map(|key| self.select(key))
            .map(path)
            .collect();
        self.select("script.test").filter(|fact| !fact.value.contains("no test specified")).find(|fact| {
            let root = path(fact).rsplit_once('/').map_or("", |(root, _)| root);
            let elsewhere =
                fact.value.split_once("--prefix ").map(|(_, rest)| rest.split(' ').next().unwrap_or_default());
            tests.iter().any(|test| {
                let own = root.is_empty() || test.starts_with(&format!("{root}/"));
                own && elsewhere.is_none_or(|folder| test.starts_with(&format!("{}/", folder.trim_end_matches('/'))))
            })
        })
    }

    /// Facts that have to do with a goal, the closest first.
    pub(super) fn relevant(&self, goal: &Goal) -> Vec<Relevant<'a>> {
        let models = self.models();
        let of_models: Vec<&str> =
            goal.nouns.iter().map(String::as_str).filter(|noun| models.iter().any(|model| model.is(noun))).collect();
        let mut found: Vec<Relevant<'a>> = self
            .all
            .iter()
            .map(|fact| Relevant { fact, score: score(fact, goal, &of_models) })
            .filter(|relevant| relevant.score > 0)
            .collect();
        found.sort_by_key(|relevant| (std::cmp::Reverse(relevant.score), !relevant.fact.cited));
        found
    }

    /// Facts that mention words of a text, those with most of them first.
    pub(super) fn mentioning(&self, text: &str) -> Vec<&'a Fact> {
        let goal = Goal::read(text);
        let mut found: Vec<Relevant<'a>> = self
            .all
            .iter()
            .map(|fact| Relevant { fact, score: named(fact, &goal.nouns) })
            .filter(|relevant| relevant.score > 0)
            .collect();
        found.sort_by_key(|relevant| (std::cmp::Reverse(relevant.score), !relevant.fact.cited));
        found.into_iter().map(|relevant| relevant.fact).collect()
    }
}

/// The key itself or one below it.
pub(super) fn is_or_below(key: &str, of: &str) -> bool {
    key.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// A selector names the fact.
pub(super) fn selects(selector: &str, fact: &Fact) -> bool {
    let (key, word) = selector.split_once('~').unwrap_or((selector, ""));
    selected(fact, key, word)
}

fn selected(fact: &Fact, key: &str, word: &str) -> bool {
    (key.is_empty() || is_or_below(&fact.key, key)) && (word.is_empty() || mentions(fact, word))
}

fn mentions(fact: &Fact, word: &str) -> bool {
    if let Some(path) = word.strip_prefix('/') {
        return fact.value.to_lowercase().split(['/', ' ']).any(|part| part == path);
    }
    if let Some(path) = word.strip_suffix('/') {
        // The end of a path: `POST /users`, and not `POST /users/login`.
        return route(fact).is_some_and(|route| route.path.to_lowercase().rsplit('/').next() == Some(path));
    }
    let begins = |text: &str| Words::of_code(text).iter().any(|known| known.starts_with(word));
    begins(&fact.value) || fact.source.as_ref().is_some_and(|place| begins(&place.path))
}

/// Files that a project has whatever it is about say little by a shared word.
const GENERAL: &[&str] =
    &["script", "dependency", "node", "language", "readme", "project", "stack", "framework", "config"];

/// `of_models` are nouns of the goal by which it names a model.
fn score(fact: &Fact, goal: &Goal, of_models: &[&str]) -> u32 {
    let general = GENERAL.iter().any(|key| is_or_below(&fact.key, key));
    if let Some(model) = model(fact) {
        // What is named comes first. A field says little, and nothing where it only has another model's name.
        let exact = goal.nouns.iter().any(|noun| model.is(noun));
        let name = u32::from(named_in([model.name], &goal.nouns) > 0);
        let others: Vec<String> =
            goal.nouns.iter().filter(|noun| !of_models.contains(&noun.as_str())).cloned().collect();
        let fields = named_in([fact.value.as_str()], &others);
        let people = u32::from(goal.people.iter().any(|noun| model.is(noun)));
        return u32::from(exact) + (name + fields.min(2)) * 4 + people + about(fact, &goal.topics);
    }
    // Where something stands says less than what it is.
    let placed = named(fact, &goal.nouns);
    let nouns = named_in([fact.key.as_str(), fact.value.as_str()], &goal.nouns);
    let paths = goal.requests.iter().map(|wanted| match route(fact) {
        Some(route) if route.is_at(&wanted.path) => {
            if wanted.method.is_none_or(|method| method == route.method) {
                3
            } else {
                1
            }
        }
        _ => u32::from(fact.value.contains(wanted.path.as_str())),
    });
    let paths = paths.max().unwrap_or_default();
    if general {
        return placed.min(1) + about(fact, &goal.topics).min(1);
    }
    let people = named(fact, &goal.people).min(1);
    nouns.min(3) * 4 + u32::from(placed > nouns) + paths.min(3) * 4 + people + about(fact, &goal.topics)
}

/// How many of some nouns a fact names.
fn named(fact: &Fact, nouns: &[String]) -> u32 {
    let path = fact.source.as_ref().map(|place| place.path.as_str()).unwrap_or_default();
    named_in([fact.key.as_str(), fact.value.as_str(), path], nouns)
}

/// How many of some nouns stand in some names of code.
pub(super) fn named_in<'t>(texts: impl IntoIterator<Item = &'t str>, nouns: &[String]) -> u32 {
    if nouns.is_empty() {
        return 0;
    }
    let words: Vec<String> = texts
        .into_iter()
        .flat_map(|text| Words::of_code(text).iter().map(|word| stem(word).to_owned()).collect::<Vec<_>>())
        .collect();
    let is = |noun: &str| {
        // Only where an ending was taken off: `author` is not `authorize`.
        let root = root(noun);
        words.iter().any(|word| word == noun || (root != noun && word.starts_with(root)))
    };
    u32::try_from(nouns.iter().filter(|noun| is(noun)).count()).unwrap_or(u32::MAX)
}

/// `verification` is `verif`, so that it meets `verify`.
fn root(noun: &str) -> &str {
    let endings = ["ication", "lation", "ration", "ation", "ion"];
    let roots = endings.iter().filter_map(|ending| noun.strip_suffix(ending));
    roots.filter(|root| root.len() >= 5).min_by_key(|root| root.len()).unwrap_or(noun)
}

fn about(fact: &Fact, topics: &[&Topic]) -> u32 {
    let by = |selectors: &[&str]| {
        selectors.iter().any(|selector| {
            let (key, word) = selector.split_once('~').unwrap_or((selector, ""));
            selected(fact, key, word)
        })
    };
    topics.iter().map(|topic| if by(topic.facts) { 3 } else { u32::from(by(topic.touches)) }).max().unwrap_or_default()
}

fn route(fact: &Fact) -> Option<Route<'_>> {
    fact.key.strip_prefix("route.")?;
    let (route, handler) = fact.value.split_once('→').unwrap_or((&fact.value, ""));
    let mut words = route.split_whitespace();
    let (method, path) = (words.next()?, words.next()?);
    (path.starts_with('/') || path.starts_with('*')).then_some(Route {
        fact,
        method,
        path,
        handler: named_handler(handler),
    })
}

/// The name of a handler, out of what wraps it: `wrap(list)` is `list`, `asyncHandler((req, res) => …)` has none.
pub(super) fn named_handler(handler: &str) -> &str {
    let name = |text: &str| {
        !text.is_empty() && text.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '.' | '$'))
    };
    let mut inner = handler.trim();
    while let Some((_, wrapped)) = inner.strip_suffix(')').and_then(|text| text.split_once('(')) {
        inner = wrapped.trim();
    }
    if name(inner) && !matches!(inner, "inline" | "anonymous") { inner } else { "" }
}

fn model(fact: &Fact) -> Option<Model<'_>> {
    fact.key.strip_prefix("model.")?;
    let (name, rest) = fact.value.split_once('(').unwrap_or((&fact.value, ""));
    let fields =
        rest.trim_end_matches([')', '…']).split(',').map(str::trim).filter(|field| !field.is_empty()).collect();
    Some(Model { fact, name: name.trim(), fields })
}

/// `routes/auth.js:12`, as code; absent without a source.
pub(super) fn place(fact: &Fact) -> Option<String> {
    fact.source.as_ref().map(|place| code(&format!("{}:{}", place.path, place.line), 160))
}

/// ` at routes/auth.js:12`, or nothing.
pub(super) fn at_place(fact: &Fact) -> String {
    place(fact).map(|place| format!(" at {place}")).unwrap_or_default()
}

/// What was found and where, for a question: `express-session (app.js:22)`.
pub(super) fn said(fact: &Fact) -> String {
    let value = match route(fact) {
        // A handler without a name says nothing.
        Some(route) if route.handler.is_empty() => format!("{} {}", route.method, inline(route.path, 80)),
        _ => inline(&fact.value, 80),
    };
    match &fact.source {
        Some(place) => format!("{value} ({})", inline(&format!("{}:{}", place.path, place.line), 120)),
        None => value,
    }
}

/// The line itself where it was quoted, else what was found; with the place.
pub(super) fn quoted(fact: &Fact) -> String {
    match &fact.source {
        // A model's line says less than its fields.
        Some(place) if tells(&place.quote) && !is_or_below(&fact.key, "model") => {
            format!("{} ({})", code(&place.quote, 100), inline(&format!("{}:{}", place.path, place.line), 120))
        }
        _ => said(fact),
    }
}

/// A quote or a value from which somebody learns something.
pub(super) fn telling(fact: &Fact) -> bool {
    // What every such set-up has says nothing about this one.
    if ["passport.initialize", "passport.session", "passport.serializeUser"].contains(&fact.value.as_str()) {
        return false;
    }
    let value = !matches!(fact.value.trim(), "" | "inline" | "anonymous" | "function") && has_words(&fact.value, 1);
    value || fact.source.as_ref().is_some_and(|place| tells(&place.quote))
}

/// Half a call (`router.get(`) says less than what was found there; a closing bracket says nothing.
fn tells(quote: &str) -> bool {
    let quote = quote.trim();
    let open = quote.ends_with(['(', '[', '{', ',']) && (quote.starts_with('.') || Words::of(quote).len() < 3);
    !open && has_words(quote, 2)
}

/// So many words of at least three letters.
fn has_words(text: &str, least: usize) -> bool {
    Words::of_code(text).iter().filter(|word| word.len() >= 3).take(least).count() >= least
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_is_named_through_what_wraps_it() {
        for (handler, name) in [
            ("list", "list"),
            ("userController.getLogin", "userController.getLogin"),
            ("wrap(list)", "list"),
            ("wrap(audit(list))", "list"),
            ("asyncHandler((req, res) => …)", ""),
            ("(req, res) =>", ""),
            ("inline", ""),
            ("", ""),
            ("((((", ""),
        ] {
            assert_eq!(named_handler(handler), name, "{handler}");
        }
    }

    #[test]
    fn selectors_name_keys_and_words() {
        let fact = |key: &str, value: &str| Fact {
            id: "F1".into(),
            key: key.into(),
            value: value.into(),
            source: None,
            cited: true,
        };
        let facts = [
            fact("route.get", "GET /api/searchable → list"),
            fact("routes", "x"),
            fact("route.post", "POST /admin/users → add"),
        ];
        let facts = Facts { all: &facts };
        assert_eq!(facts.select("route").count(), 2);
        assert_eq!(facts.select("route.get~search").count(), 1);
        assert_eq!(facts.select("route~/admin").count(), 1);
        assert_eq!(facts.select("route~/api/admin").count(), 0);
        assert_eq!(facts.routes()[1].path, "/admin/users");
    }
}
