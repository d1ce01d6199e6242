//! Things of the project that a goal or an answer names itself: by method and path, as a file, by the name that code has for
//! it. A topic that a thing shares with the goal names nothing.
//!
//! What is written out (`DELETE /users/:id`, `routes/cart.js`, `orderController`) is named wherever it stands. Words name
//! something only in what the goal asks for: in `send a mail when an order is paid` no order is named.

use certus_engine::Fact;

use super::clauses;
use super::facts::{Facts, Model, Route, at_place, is_or_below, named_in};
use super::goal::{Goal, Kind};
use super::lexicon::STOP;
use super::nouns::{is_actor, names_people};
use super::scene::is_test;
use super::text::{Words, code, stem};
use super::told;
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

/// What the words of a goal name, beside what it writes out.
pub(super) fn by_words<'a>(facts: &Facts<'a>, goal: &Goal) -> Vec<Thing<'a>> {
    let mut found = Vec::new();
    parts(&mut found, facts, goal);
    // Whoever says which file means that file, whatever else its contents are about.
    if found.iter().any(|thing| matches!(thing, Thing::File(..))) {
        return if found.len() > MOST { Vec::new() } else { found };
    }
    actions(&mut found, facts, goal);
    // Fields of a model, or a route to it, go without the model.
    if !(goal.kind == Kind::Removal && (!goal.requests.is_empty() || goal.words.any(PARTS_OF_MODELS).is_some())) {
        models(&mut found, facts, goal);
    }
    packages(&mut found, facts, goal);
    if goal.kind == Kind::Bug && !found.iter().any(|thing| matches!(thing, Thing::Route(_) | Thing::File(..))) {
        told_of(&mut found, facts, goal);
    }
    if found.len() > MOST { Vec::new() } else { found }
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

/// Kinds of files that goals speak of.
const PARTS: &[&str] = &[
    "controller",
    "controllers",
    "service",
    "services",
    "middleware",
    "middlewares",
    "helper",
    "helpers",
    "util",
    "utils",
    "router",
    "routers",
    "module",
];
/// Kinds of routes.
const ROUTES: &[&str] = &["route", "routes", "endpoint", "endpoints", "handler", "handlers"];
/// Routes that read many.
const LISTS: &[&str] = &["list", "lists", "listing", "feed", "index", "overview"];

/// What a model consists of.
const PARTS_OF_MODELS: &[&str] =
    &["field", "fields", "column", "columns", "property", "properties", "attribute", "attributes"];

fn is_new(word: &str) -> bool {
    matches!(word, "a" | "an" | "own" | "new" | "separate" | "another" | "into" | "one" | "some" | "any")
}

/// Stems of the words right before a place that could be a name.
fn before(goal: &Goal, at: usize) -> Vec<String> {
    let words = &goal.words;
    let mut names = Vec::new();
    for before in (at.saturating_sub(3)..at).rev() {
        let Some(word) = words.get(before) else { break };
        if STOP.contains(&word)
            || word.len() < 2
            || words.pauses_after(before)
            || matches!(word, "of" | "in" | "to" | "by")
        {
            break;
        }
        names.push(stem(word).to_owned());
    }
    names
}

/// Stems of `A` and `B` in `A, B and C controllers`; nothing where nothing is listed.
fn listed_before(goal: &Goal, at: usize) -> Vec<String> {
    let words = &goal.words;
    let mut names = Vec::new();
    // The last stands right before; what joins it to the others before that.
    let Some(mut end) = at.checked_sub(2) else { return names };
    while let Some(word) = words.get(end) {
        let joins = word == "and" || word == "or";
        let Some(item) = (if joins { end.checked_sub(1) } else { Some(end) }) else { break };
        let joined = joins || words.pauses_after(item);
        let Some(name) = words.get(item).filter(|name| joined && !STOP.contains(name)) else { break };
        names.push(stem(name).to_owned());
        let Some(next) = item.checked_sub(1) else { break };
        end = next;
    }
    names
}

fn stems(text: &str) -> Vec<String> {
    Words::of_code(text).iter().map(|word| stem(word).to_owned()).collect()
}

/// `auth` names `authentication`, and no other way round.
fn alike(wanted: &str, own: &str) -> bool {
    wanted == own || (wanted == "auth" && own.starts_with("authenticat"))
}

/// `the auth controller`, `in the controllers`, `the order routes`, `the product list`.
fn parts<'a>(found: &mut Vec<Thing<'a>>, facts: &Facts<'a>, goal: &Goal) {
    for at in (0..goal.words.len()).filter(|at| goal.is_main(*at)) {
        let Some(word) = goal.words.get(at) else { continue };
        let mut names = before(goal, at);
        if names.is_empty() && LISTS.contains(&word) && goal.words.get(at + 1) == Some("of") {
            // `the list of all users`
            let of = (at + 2..at + 5).filter_map(|at| goal.words.get(at)).find(|word| !STOP.contains(word));
            names.extend(of.map(|word| stem(word).to_owned()));
        }
        // `into a middleware` and `its own service` come into being.
        let comes = names.is_empty() && at.checked_sub(1).and_then(|at| goal.words.get(at)).is_some_and(is_new);
        if PARTS.contains(&word) && !comes {
            let part = stem(word);
            // `articles, clubs and auth controllers` are three.
            for name in listed_before(goal, at) {
                add_files(found, facts, |path| {
                    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
                    let file = stems(file.rsplit_once('.').map_or(file, |(stem, _)| stem));
                    let is_part = file.iter().chain(&stems(folder)).any(|own| own == part);
                    let rest: Vec<&String> = file.iter().filter(|own| *own != part).collect();
                    is_part && rest.len() == 1 && alike(&name, rest[0])
                });
            }
            let fits = |path: &str| {
                let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
                let file = stems(file.rsplit_once('.').map_or(file, |(stem, _)| stem));
                let is_part = file.iter().chain(&stems(folder)).any(|own| own == part);
                let rest: Vec<&String> = file.iter().filter(|own| *own != part).collect();
                // `the middleware` is one of them, and nobody says which.
                is_part
                    && ((names.is_empty() && word.ends_with('s'))
                        || (1..=names.len()).any(|count| {
                            let wanted = &names[..count];
                            rest.len() == count && wanted.iter().all(|name| rest.iter().any(|own| alike(name, own)))
                        }))
            };
            add_files(found, facts, fits);
        }
        let list = LISTS.contains(&word);
        let before = found.len();
        if (list || ROUTES.contains(&word)) && !names.is_empty() {
            for route in facts.routes() {
                let open = route
                    .path
                    .trim_end_matches('/')
                    .rsplit('/')
                    .next()
                    .is_some_and(|part| part.starts_with([':', '{']));
                let fits = is_last(&route, &names[..1]) || is_last(&route, &names);
                if fits && (!list || (route.method == "GET" && !open)) {
                    add(found, Thing::Route(route));
                }
            }
            // `the auth routes` may be those of `routes/auth.js`, whatever their paths are.
            if !list && found.len() == before {
                add_files(found, facts, |path| {
                    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
                    let file = stems(file.rsplit_once('.').map_or(file, |(stem, _)| stem));
                    let of_routes = file.iter().chain(&stems(folder)).any(|own| own == "route" || own == "router");
                    let rest: Vec<&String> = file.iter().filter(|own| *own != "route" && *own != "router").collect();
                    of_routes && rest.len() == 1 && alike(&names[0], rest[0])
                });
            }
        }
    }
}

/// Words of the last part of a path that is no parameter.
fn last_words(route: &Route<'_>) -> Vec<String> {
    let mut parts = route.path.split('/').filter(|part| !part.is_empty() && !part.starts_with([':', '{', '*']));
    parts.next_back().map(stems).unwrap_or_default()
}

/// The last part of the path has these words and no others.
fn is_last(route: &Route<'_>, names: &[String]) -> bool {
    let last = last_words(route);
    let joined: String = last.concat();
    let all = last.len() == names.len() && names.iter().all(|name| last.contains(name));
    let run: String = names.iter().rev().cloned().collect();
    all || (!joined.is_empty() && joined == run)
}

/// What goals call by other words than paths do.
const SYNONYMS: &[(&[&str], &[&str])] = &[
    (&["login", "log in", "logging in", "logs in", "sign in", "signin", "signing in"], &["login", "signin", "sign in"]),
    (&["logout", "log out", "logging out", "sign out", "signout", "signing out"], &["logout", "signout", "sign out"]),
    (
        &["register", "registering", "registration", "sign up", "signup", "signing up"],
        &["register", "signup", "sign up"],
    ),
    (
        &["password reset", "reset password", "reset the password"],
        &["resetpassword", "reset password", "password reset"],
    ),
    (&["forgot password", "forgotten password"], &["forgotpassword", "forgot password"]),
    (&["checkout", "check out"], &["checkout"]),
];

/// Routes that are called by what they do: `the login`, `checkout`, and functions whose whole name is said (`update user`).
fn actions<'a>(found: &mut Vec<Thing<'a>>, facts: &Facts<'a>, goal: &Goal) {
    let models = facts.models();
    let main: Vec<String> = (0..goal.words.len())
        .filter(|at| goal.is_main(*at))
        .filter_map(|at| goal.words.get(at))
        .map(|word| stem(word).to_owned())
        .collect();
    let says = |pattern: &str| goal.words.affirmed_where(pattern, |at| goal.is_main(at)).is_some();
    for route in facts.routes() {
        let last = last_words(&route);
        let called = SYNONYMS.iter().any(|(said, paths)| {
            said.iter().any(|pattern| says(pattern))
                && paths.iter().any(|path| plain(path) == last.concat() || plain(path) == last.join(""))
        });
        // What is kept has many routes: its name alone is that of none of them.
        let single = match last.as_slice() {
            [word] => {
                // `/articles` is what is kept, `/cart` what is done with it.
                let many = route.path.to_lowercase().split('/').any(|part| part != word && stem(part) == word);
                // `/item/:slug` is one of what is kept too.
                let of_one = route.path.ends_with('}')
                    || route.path.rsplit('/').next().is_some_and(|part| part.starts_with(':'));
                let many = many || of_one;
                goal.nouns.contains(word) && !many && !models.iter().any(|model| model.is(word)) && main.contains(word)
            }
            [] => false,
            // `the email verification` is `/verify-email`.
            several => main.windows(several.len()).any(|window| {
                several.len() >= 2
                    && several.iter().all(|own| named_in([own.as_str()], window) > 0)
                    && window.iter().all(|word| named_in([several.join(" ").as_str()], std::slice::from_ref(word)) > 0)
            }),
        };
        let handler = stems(route.handler.rsplit('.').next().unwrap_or_default());
        let spoken = handler.len() >= 2
            && (0..goal.words.len()).any(|at| {
                handler.iter().enumerate().all(|(offset, own)| {
                    goal.is_main(at + offset) && goal.words.get(at + offset).is_some_and(|word| stem(word) == own)
                })
            });
        if called || single || spoken {
            add(found, Thing::Route(route));
        }
    }
}

/// `Order` of `cancel an order`; not of `order confirmation mail`, which is about a mail.
fn models<'a>(found: &mut Vec<Thing<'a>>, facts: &Facts<'a>, goal: &Goal) {
    let words = &goal.words;
    for model in facts.models() {
        let fields: Vec<String> = model.fields.iter().flat_map(|field| stems(field)).collect();
        let names = |at: usize| {
            if !goal.is_main(at) || names_people(words, at) {
                return false;
            }
            let Some(word) = words.get(at) else { return false };
            // `a user cannot …` says who.
            let acts = ["can", "cant", "cannot", "should", "must", "may"];
            if is_actor(word) && words.get(at + 1).is_some_and(|next| acts.contains(&next)) {
                return false;
            }
            let next = words.get(at + 1).filter(|_| !words.pauses_after(at));
            let joined = next.map(|next| format!("{}{}", word, stem(next)));
            let one = model.is(stem(word)) && goal.nouns.iter().any(|noun| noun == stem(word));
            let two = joined.is_some_and(|joined| model.is(&joined));
            let after = if two { words.get(at + 2) } else { next };
            let after = after.filter(|after| !clauses::TELLING.contains(after));
            let modifies = after.is_some_and(|after| {
                PARTS.contains(&after)
                    || ROUTES.contains(&after)
                    || LISTS.contains(&after)
                    || (goal.nouns.iter().any(|noun| noun == stem(after))
                        && !fields.iter().any(|field| field == stem(after)))
            });
            (one || two) && !modifies
        };
        if (0..words.len()).any(names) {
            add(found, Thing::Model(model));
        }
    }
}

/// A package is named where packages are what changes.
fn packages<'a>(found: &mut Vec<Thing<'a>>, facts: &Facts<'a>, goal: &Goal) {
    if !(goal.replaces() || goal.words.has("instead of") || matches!(goal.kind, Kind::Upgrade | Kind::Removal)) {
        return;
    }
    for fact in facts.select("dependency").filter(|fact| fact.cited) {
        let name = fact.key.strip_prefix("dependency.").unwrap_or_default().to_lowercase();
        if goal.says(name.replace(['-', '/', '@', '.'], " ").trim()) && called_alone(goal, &name) {
            add(found, Thing::Package(fact));
        }
    }
}

/// `Replace morgan with pino`; not `mocha` in `mocha-lcov-reporter`, nor `express` in `the express loader`.
fn called_alone(goal: &Goal, name: &str) -> bool {
    const AFTER: &[&str] = &[
        "and",
        "or",
        "with",
        "by",
        "to",
        "from",
        "in",
        "for",
        "is",
        "package",
        "packages",
        "dependency",
        "instead",
        "everywhere",
        "because",
        "as",
        "at",
        "so",
        "we",
        "nobody",
        "since",
    ];
    let words = &goal.words;
    let parts: Vec<&str> = name.split(['-', '/', '@', '.']).filter(|part| !part.is_empty()).collect();
    (0..words.len()).any(|at| {
        let own = parts.iter().enumerate().all(|(offset, part)| words.get(at + offset) == Some(*part));
        let end = at + parts.len();
        let next = words.get(end).filter(|_| !words.pauses_after(end - 1));
        let number = |word: &str| word.starts_with(|letter: char| letter.is_ascii_digit());
        own && next.is_none_or(|next| AFTER.contains(&next) || number(next))
    })
}

/// The route that does what a bug tells of: `deleting an article` is `DELETE /articles/:slug`.
fn told_of<'a>(found: &mut Vec<Thing<'a>>, facts: &Facts<'a>, goal: &Goal) {
    let routes = facts.routes();
    let fits = |route: &&Route<'a>| {
        let (does, after) = told::distance(goal, route);
        does <= 1 && after > 0 && after < usize::MAX
    };
    if let Some(route) = routes.iter().filter(fits).min_by_key(|route| told::distance(goal, route)) {
        add(found, Thing::Route(*route));
    }
}
