//! What a goal asks for around signing in, and the project already has.

use super::overlaps::Overlap;
use crate::offline::scene::Scene;

/// Words for signing in and for who does it: they name no place where something else could be put beside.
pub(super) const IS: &[&str] = &[
    "sign",
    "signin",
    "login",
    "auth",
    "authentication",
    "account",
    "user",
    "customer",
    "member",
    "app",
    "application",
];

const COMPLETE: &[&str] = &["Correct or complete what is there", "Replace it", "Nothing: it is enough as it is"];

const fn external(
    id: &'static str,
    what: &'static str,
    says: &'static [&'static str],
    facts: &'static [&'static str],
) -> Overlap {
    Overlap { id, what, says, facts, options: COMPLETE }
}

pub(super) const OVERLAPS: &[Overlap] = &[
    external("existing-github", "a sign-in by GitHub", &["github"], &["auth.passport~github", "route.get~github"]),
    external(
        "existing-facebook",
        "a sign-in by Facebook",
        &["facebook"],
        &["auth.passport~facebook", "route.get~facebook"],
    ),
    external("existing-twitter", "a sign-in by Twitter", &["twitter"], &["auth.passport~twitter", "route.get~twitter"]),
    external(
        "existing-linkedin",
        "a sign-in by LinkedIn",
        &["linkedin"],
        &["auth.passport~linkedin", "route.get~linkedin"],
    ),
    external(
        "existing-microsoft",
        "a sign-in by Microsoft",
        &["microsoft"],
        &["auth.passport~microsoft", "route.get~microsoft"],
    ),
    external("existing-apple", "a sign-in by Apple", &["apple"], &["auth.passport~apple", "route.get~apple"]),
    external("existing-discord", "a sign-in by Discord", &["discord"], &["auth.passport~discord", "route.get~discord"]),
    external("existing-passkeys", "passkeys", &["passkey*", "webauthn"], &["auth.webauthn", "route.post~webauthn"]),
    Overlap {
        id: "existing-password-hash",
        what: "hashed passwords",
        says: &[
            "passwords hashed",
            "password hashed",
            "hash password*",
            "hash the password*",
            "hash user password*",
            "hashed password*",
            "password hash*",
            "hashing of password*",
        ],
        facts: &["auth.password-hash"],
        options: &[
            "Check by a test that none is stored in any other way",
            "Hash in another way",
            "Nothing: it is enough as it is",
        ],
    },
    Overlap {
        id: "existing-roles",
        what: "roles",
        says: &["role based", "roles based", "rbac", "roles", "access control"],
        facts: &[
            "file~roles",
            "file~permissions",
            "auth.guard~role",
            "auth.middleware~role",
            "auth.guard~admin",
            "auth.middleware~admin",
            "model.user~role",
        ],
        options: &["Add roles or rights to those that are there", "Replace them", "Nothing: it is enough as it is"],
    },
];

/// The goal is about signing in: `Show the last GitHub commits` is not.
pub(super) fn wanted(scene: &Scene<'_>, overlap: &Overlap) -> bool {
    let external = overlap.facts.iter().any(|key| key.starts_with("route.get"));
    !external || scene.goal.about("authentication")
}
