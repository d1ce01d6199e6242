//! Things that the words of a goal call, beside what it writes out: a part by its kind, a route by what it does, a model, a
//! package. What is called so is read first; nothing is known of what becomes of it.

use super::super::clauses;
use super::super::facts::{Facts, Route, named_in};
use super::super::goal::{Goal, Kind};
use super::super::lexicon::STOP;
use super::super::nouns::{is_actor, names_people};
use super::super::text::{Words, stem};
use super::super::told;
use super::{MOST, Thing, add, add_files, plain};

/// What the words of a goal name, beside what it writes out.
pub(in crate::offline) fn by_words<'a>(facts: &Facts<'a>, goal: &Goal) -> Vec<Thing<'a>> {
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
