//! Things of the project that a goal or an answer names itself: by method and path, as a file, by the name that code has for
//! it. A topic that a thing shares with the goal names nothing.
//!
//! What is written out (`DELETE /users/:id`, `routes/cart.js`, `orderController`) is named wherever it stands. Words name
//! something only in what the goal asks for: in `send a mail when an order is paid` no order is named.

mod words;

use certus_engine::Fact;

pub(super) use self::words::by_words;

use super::facts::{Facts, Model, Route, at_place, is_or_below};
use super::scene::is_test;
use super::text::code;
use super::written::requests;

/// Things that one text names at most; more is a topic rather than a name.
const MOST: usize = 24;

/// Something that stands in the project.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Thing<'a> {
    Route(Route<'a>),
    /// With what was found in it.
    File(&'a str, Vec<&'a Fact>),
    Model(Model<'a>),
    Package(&'a Fact),
    /// A guard, a middleware, a function.
    Part(&'a Fact),
}

/// A thing and who named it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Named<'a> {
    pub(super) thing: Thing<'a>,
    /// Of the answer that names it; absent where the goal does.
    pub(super) cite: Option<&'a str>,
    /// It is written out (`DELETE /users/:id`), and not only called by words that it has.
    pub(super) exact: bool,
}

impl<'a> Thing<'a> {
    /// What shows it, the most telling first.
    pub(super) fn facts(&self) -> Vec<&'a Fact> {
        match self {
            Self::Route(route) => vec![route.fact],
            Self::Model(model) => vec![model.fact],
            Self::File(_, facts) => facts.clone(),
            Self::Package(fact) | Self::Part(fact) => vec![fact],
        }
    }

    /// Its name as code, with its place.
    pub(super) fn said(&self) -> String {
        match self {
            Self::Route(route) => format!("{}{}", route.name(), at_place(route.fact)),
            Self::Model(model) => format!("{}{}", code(model.name, 60), at_place(model.fact)),
            Self::File(path, facts) => match facts.iter().find(|fact| fact.key == "file") {
                Some(fact) => code(&fact.value, 120),
                None => code(path, 100),
            },
            Self::Package(fact) => {
                let name = fact.key.strip_prefix("dependency.").unwrap_or(&fact.key);
                format!("{}{}", code(&format!("{name} {}", fact.value), 80), at_place(fact))
            }
            Self::Part(fact) => format!("{}{}", code(&fact.value, 80), at_place(fact)),
        }
    }

    /// The file that it stands in; empty where that is not known.
    pub(super) fn path(&self) -> &'a str {
        match self {
            Self::File(path, _) => path,
            _ => self.facts().first().map_or("", |fact| path(fact)),
        }
    }
}

fn path(fact: &Fact) -> &str {
    fact.source.as_ref().map_or("", |place| place.path.as_str())
}

/// What a text writes out.
pub(super) fn written<'a>(facts: &Facts<'a>, text: &str) -> Vec<Thing<'a>> {
    let mut found = Vec::new();
    let requests = requests(text);
    for wanted in &requests {
        let fits =
            |route: &Route<'a>| route.is_at(&wanted.path) && wanted.method.is_none_or(|method| method == route.method);
        let routes: Vec<Route<'a>> = facts.routes().into_iter().filter(fits).collect();
        // `/cities/all` is no `/cities/:id` where there is one of its own.
        let ends = |route: &Route<'a>| route.path.to_lowercase().ends_with(&wanted.path.to_lowercase());
        let own = routes.iter().any(ends);
        for route in routes.into_iter().filter(|route| !own || ends(route)) {
            add(&mut found, Thing::Route(route));
        }
    }
    for folder in folders(text) {
        let below = format!("{folder}/");
        add_files(&mut found, facts, |path| path.to_lowercase() == folder || path.to_lowercase().starts_with(&below));
    }
    let words: Vec<&str> = all_tokens(text).collect();
    for (at, token) in words.iter().copied().enumerate().filter(|(_, token)| token.len() > 2) {
        let lower = token.to_lowercase();
        let ends = |path: &str| {
            let path = path.to_lowercase();
            path == lower || path.ends_with(&format!("/{lower}"))
        };
        let is_file = lower.rsplit_once('.').is_some_and(|(name, ending)| {
            !name.is_empty() && ending.len() <= 4 && ending.chars().all(char::is_alphanumeric)
        });
        if is_file && add_files(&mut found, facts, ends) {
            continue;
        }
        // What stands in a file that is said belongs to that file, wherever else there is such a name.
        let placed = words.get(at + 1).is_some_and(|next| *next == "in")
            && words.get(at + 2).is_some_and(|file| is_there(facts, file));
        if !placed && !add_field(&mut found, facts, token) && is_identifier(token) {
            identified(&mut found, facts, token);
        }
    }
    found.truncate(MOST);
    found
}

/// Names as only code writes them: `currentUser`, `created_at`, `req.user`. `TypeScript` and `Node.js` are names of products.
pub(super) fn identifiers(text: &str) -> Vec<&str> {
    let file = |token: &str| {
        token.rsplit_once('.').is_some_and(|(_, end)| ["js", "ts", "json", "io", "md", "prisma"].contains(&end))
    };
    let parts = |token: &str| token.split('.').all(|part| part.len() > 1 && part.chars().any(char::is_alphabetic));
    tokens(text)
        .filter(|token| is_identifier(token) && !token.contains(['-', '/', '@', ':']) && !file(token))
        .filter(|token| token.starts_with(char::is_lowercase) && parts(token))
        .collect()
}

/// The text names a package or something that only code has a name for.
pub(super) fn names_code(facts: &Facts<'_>, text: &str) -> bool {
    !identifiers(text).is_empty()
        || tokens(text).any(|token| facts.has(&[format!("dependency.{}", token.to_lowercase()).as_str()]))
}

/// `User.picture`: a model and a field that it has.
pub(super) fn names_field(facts: &Facts<'_>, text: &str) -> bool {
    tokens(text).any(|token| add_field(&mut Vec::new(), facts, token))
}

fn add_field<'a>(found: &mut Vec<Thing<'a>>, facts: &Facts<'a>, token: &str) -> bool {
    let Some((name, field)) = token.split_once('.') else { return false };
    let model = facts.models().into_iter().find(|model| model.name == name && model.fields.contains(&field));
    model.is_some_and(|model| add(found, Thing::Model(model)))
}

/// A file of that path, or with that end of a path.
fn is_there(facts: &Facts<'_>, file: &str) -> bool {
    let file = file.to_lowercase();
    file.contains('.')
        && facts.iter().map(path).any(|path| {
            let path = path.to_lowercase();
            path == file || path.ends_with(&format!("/{file}"))
        })
}

fn add<'a>(found: &mut Vec<Thing<'a>>, thing: Thing<'a>) -> bool {
    let same = |known: &Thing<'a>| match (known, &thing) {
        (Thing::File(one, _), Thing::File(other, _)) => one == other,
        _ => known.facts().first().map(|fact| &fact.id) == thing.facts().first().map(|fact| &fact.id),
    };
    if !found.iter().any(same) {
        found.push(thing);
    }
    true
}

/// Facts that were concluded from others, or stand beside them.
const CONCLUDED: &[&str] =
    &["component", "flow", "api", "risk", "relation", "constraint", "integration", "dependency-use"];

/// Files whose path fits, each with what was found in it. Tests are not what a goal is about.
fn add_files<'a>(found: &mut Vec<Thing<'a>>, facts: &Facts<'a>, fits: impl Fn(&str) -> bool) -> bool {
    let mut files: Vec<(&'a str, Vec<&'a Fact>)> = Vec::new();
    for fact in facts.iter().filter(|fact| fact.cited && !CONCLUDED.iter().any(|key| is_or_below(&fact.key, key))) {
        let at = path(fact);
        if at.is_empty() || is_test(at) || !fits(at) {
            continue;
        }
        match files.iter_mut().find(|(known, _)| *known == at) {
            Some((_, facts)) => facts.push(fact),
            None => files.push((at, vec![fact])),
        }
    }
    let any = !files.is_empty();
    for (path, mut facts) in files {
        facts.sort_by_key(|fact| fact.key != "file");
        add(found, Thing::File(path, facts));
    }
    any
}

/// Words of a text as they are written, without what stands around them.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    all_tokens(text).filter(|word| word.len() > 2)
}

/// What may be a folder, or a file without an ending: `app/data`, `bin/www`, `controllers/`. A path of requests begins with a
/// slash.
fn folders(text: &str) -> impl Iterator<Item = String> {
    let edge = |letter: char| !letter.is_alphanumeric() && !matches!(letter, '/' | '_');
    text.split_whitespace()
        .map(move |word| word.trim_matches(edge))
        .filter(|word| word.contains('/') && !word.starts_with('/') && !word.contains("//"))
        .map(|word| word.trim_end_matches('/').to_lowercase())
        .take(MOST)
}

fn all_tokens(text: &str) -> impl Iterator<Item = &str> {
    let edge = |letter: char| !letter.is_alphanumeric() && letter != '_';
    text.split(|letter: char| letter.is_whitespace() || letter == ',')
        .map(move |word| word.trim_matches(edge))
        .map(|word| {
            let (place, line) = word.rsplit_once(':').unwrap_or((word, ""));
            if line.chars().all(|letter| letter.is_ascii_digit()) { place } else { word }
        })
        .filter(|word| !word.is_empty())
        .take(400)
}

/// A name as code writes it: `orderController`, `user.service`, `full-auth`, `created_at`.
fn is_identifier(token: &str) -> bool {
    let camel = token.chars().zip(token.chars().skip(1)).any(|(one, next)| one.is_lowercase() && next.is_uppercase());
    let joined = token.contains(['_', '.', '-']) && !token.contains('/');
    (camel || joined) && token.chars().any(char::is_alphabetic)
}

/// Letters and digits of a name, in lower case.
fn plain(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn identified<'a>(found: &mut Vec<Thing<'a>>, facts: &Facts<'a>, token: &str) {
    let before = found.len();
    identified_by_name(found, facts, token);
    if found.len() > before {
        return;
    }
    // Nothing is called so: a line may have it, as a whole word.
    let is_word =
        |text: &str| text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').any(|word| word == token);
    let aside =
        |fact: &Fact| CONCLUDED.iter().chain(&["model"]).any(|key| is_or_below(&fact.key, key)) || is_test(path(fact));
    let has = |fact: &&Fact| {
        fact.cited
            && !aside(fact)
            && (is_word(&fact.value) || fact.source.as_ref().is_some_and(|place| is_word(&place.quote)))
    };
    for fact in facts.iter().filter(has).take(3) {
        add(found, Thing::Part(fact));
    }
}

fn identified_by_name<'a>(found: &mut Vec<Thing<'a>>, facts: &Facts<'a>, token: &str) {
    let name = plain(token);
    let file_stem = |path: &str| {
        let file = path.rsplit('/').next().unwrap_or_default();
        plain(file.rsplit_once('.').map_or(file, |(stem, _)| stem))
    };
    add_files(found, facts, |path| file_stem(path) == name);
    for route in facts.routes() {
        if plain(route.handler.rsplit('.').next().unwrap_or_default()) == name {
            add(found, Thing::Route(route));
        }
    }
    // A field that several models have is of none of them.
    let has = |model: &&Model<'a>| {
        model.fields.iter().any(|field| plain(field.rsplit('.').next().unwrap_or_default()) == name)
    };
    let models = facts.models();
    let mut with_field = models.iter().filter(has);
    let of_one = with_field.next().filter(|_| with_field.next().is_none()).cloned();
    for model in facts.models() {
        if plain(model.name) == name || of_one.as_ref().is_some_and(|known| known.fact.id == model.fact.id) {
            add(found, Thing::Model(model));
        }
    }
    for fact in
        ["auth.guard", "auth.middleware", "error-handler", "middleware"].iter().flat_map(|key| facts.select(key))
    {
        let own = fact.value.split([' ', '(', ',']).next().unwrap_or_default();
        if plain(own.rsplit('.').next().unwrap_or_default()) == name || plain(own) == name {
            add(found, Thing::Part(fact));
        }
    }
    for fact in facts.select("dependency") {
        if fact.key.strip_prefix("dependency.").is_some_and(|package| package.eq_ignore_ascii_case(token)) {
            add(found, Thing::Package(fact));
        }
    }
}
