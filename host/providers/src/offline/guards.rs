//! Guards: what lets only some people through to a route, and what each asks of them, as far as its name says it.

use certus_engine::Fact;

use super::facts::{Facts, at_place};
use super::text::{Words, code, counted, listed};

/// Guards that one sentence names.
pub(super) const NAMED: usize = 4;

/// What a guard asks of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Asks {
    /// To be signed in.
    SignIn,
    /// Its name does not say.
    Unsaid,
    /// A role, or to own something.
    More,
}

/// Guards in front of routes: those first that ask for no more than a sign-in, then those in front of most routes. Which of
/// them a goal is about, no order says.
pub(super) fn in_front<'a>(facts: &Facts<'a>) -> Vec<&'a Fact> {
    let mut guards: Vec<&'a Fact> = facts.select("auth.middleware").collect();
    guards.sort_by_key(|fact| (asks(fact), std::cmp::Reverse(routes(fact))));
    guards
}

/// Some guards with their places, the first of them by name.
pub(super) fn named(guards: &[&Fact]) -> String {
    let mut names: Vec<String> =
        guards.iter().take(NAMED).map(|fact| format!("{}{}", code(&fact.value, 80), at_place(fact))).collect();
    if guards.len() > NAMED {
        names.push(counted(guards.len() - NAMED, "other"));
    }
    listed(&names)
}

/// A fact of a guard ends with `on 6 routes`, or `on 6 routes below /admin`.
fn routes(fact: &Fact) -> u32 {
    let counted = fact.value.rsplit_once(" on ").and_then(|(_, count)| count.split(' ').next()?.parse().ok());
    counted.unwrap_or_default()
}

/// `requireLogin` of `auth.requireLogin on 6 routes`.
fn own_name(fact: &Fact) -> &str {
    let name = fact.value.split_once(" on ").map_or(fact.value.as_str(), |(name, _)| name);
    let name = name.split(['(', ' ']).next().unwrap_or_default();
    name.rsplit('.').next().unwrap_or_default()
}

fn asks(fact: &Fact) -> Asks {
    const MORE: &[&str] = &[
        "admin*",
        "role*",
        "permission*",
        "permit*",
        "owner*",
        "own",
        "owns",
        "authoriz*",
        "authoris*",
        "staff",
        "moderator*",
        "verified",
        "acl",
        "can",
        "may",
        "grant*",
        "superuser",
    ];
    const SIGN_IN: &[&str] =
        &["login", "logged", "signin", "signed", "auth", "authenticat*", "jwt", "token*", "bearer", "user", "session"];
    let words = Words::of_code(own_name(fact));
    match (words.any(MORE), words.any(SIGN_IN)) {
        (Some(_), _) => Asks::More,
        (None, Some(_)) => Asks::SignIn,
        (None, None) => Asks::Unsaid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(value: &str) -> Fact {
        Fact { id: "F1".into(), key: "auth.middleware".into(), value: value.into(), source: None, cited: true }
    }

    #[test]
    fn a_name_says_what_a_guard_asks() {
        for (value, asked) in [
            ("requireLogin on 5 routes", Asks::SignIn),
            ("passport.authenticate('jwt', {…}) on 3 routes", Asks::SignIn),
            ("passportConfig.isAuthenticated on 20 routes", Asks::SignIn),
            ("auth on 6 routes", Asks::SignIn),
            ("requireAdmin on 5 routes below /admin", Asks::More),
            ("auth.article.hasAuthorization (in articleAuth) on 3 routes", Asks::More),
            ("passportConfig.isAuthorized on 9 routes", Asks::More),
            ("protect on 2 routes", Asks::Unsaid),
        ] {
            assert_eq!(asks(&guard(value)), asked, "{value}");
        }
        assert_eq!(routes(&guard("requireAdmin on 5 routes below /admin")), 5);
    }

    #[test]
    fn what_asks_least_comes_first_and_what_is_in_front_of_most_before_the_others() {
        let all = [
            guard("requireAdmin on 5 routes"),
            guard("requireLogin on 5 routes"),
            guard("ensureAuthenticated on 7 routes"),
        ];
        let values: Vec<&str> = in_front(&Facts::from_slice(&all)).iter().map(|fact| fact.value.as_str()).collect();
        assert_eq!(values, ["ensureAuthenticated on 7 routes", "requireLogin on 5 routes", "requireAdmin on 5 routes"]);
    }
}
