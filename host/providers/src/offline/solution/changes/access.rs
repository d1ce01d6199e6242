//! Signing in, roles, administration, limits.

use super::{Change, change, decided, kept};

pub(super) const TOKENS: &[&str] = &["jwt", "jwts", "token", "tokens", "bearer", "stateless"];

const FACTOR: &[&str] = &["2fa", "mfa", "two factor", "second factor", "totp"];

const ADMINS_DO: &[&str] = &[
    "let admin*",
    "allow admin*",
    "admins should",
    "admins can",
    "admins want",
    "only admin*",
    "by admin*",
    "dashboard*",
    "admin panel",
    "admin page*",
    "admin area",
    "administration",
    "back office",
    "moderation",
];

/// Sessions are wanted in the place of tokens.
pub(super) const SESSIONS: &[&str] = &[
    "by session*",
    "with session*",
    "to session*",
    "by a session*",
    "instead of jwt",
    "instead of token*",
    "instead of the token*",
];

const BACK_OFFICE: &[&str] =
    &["dashboard*", "admin panel", "admin page*", "admin area", "administration", "back office", "moderation"];

const EXTERNAL: &[&str] = &[
    "oauth*",
    "google",
    "github",
    "facebook",
    "apple",
    "microsoft",
    "sso",
    "saml",
    "oidc",
    "social login",
    "single sign on",
];

pub(super) const CHANGES: &[Change] = &[
    // Signing in.
    Change {
        says: TOKENS,
        ..change(
            "authentication",
            "route.post~login",
            1,
            "{} issues the token once the password is checked, and keeps the rest of what it does",
        )
    },
    Change {
        says: TOKENS,
        ..change(
            "authentication",
            "route.post~signin",
            1,
            "{} issues the token once the password is checked, and keeps the rest of what it does",
        )
    },
    Change {
        says: TOKENS,
        keeps: true,
        ..change(
            "authentication",
            "auth.passport",
            1,
            "The sign-in by {} stays the place where a person is recognised, and a token is issued after it",
        )
    },
    Change { says: TOKENS, ..change("authentication", "route~logout", 1, "{} has to end a sign-in by token too") },
    Change { says: TOKENS, ..change("authentication", "route~signout", 1, "{} has to end a sign-in by token too") },
    Change {
        says: TOKENS,
        ..change(
            "authentication",
            "auth.user-loader",
            2,
            "Who is signed in is looked up by {}, which reads a token as well: what goes by what it finds needs no change",
        )
    },
    Change {
        says: TOKENS,
        many: "Of the guards ({}), each that looks at the sign-in itself learns to check a token, so that the routes behind them need no change",
        ..change(
            "authentication",
            "auth.middleware",
            1,
            "The guard ({}) learns to check a token where it looks at the sign-in itself, so that the routes behind it need no change",
        )
    },
    Change {
        says: TOKENS,
        many: "What the guards do is written in {}",
        ..change("authentication", "auth.guard", 1, "What the guard does is written in {}")
    },
    Change {
        says: EXTERNAL,
        ..change("authentication", "auth.passport", 1, "The sign-in by the provider is added beside {}")
    },
    Change {
        says: EXTERNAL,
        ..change(
            "authentication",
            "route.post~login",
            1,
            "Routes to the provider and back stand beside {}, and end in the same sign-in",
        )
    },
    Change {
        says: EXTERNAL,
        ..change("authentication", "model.user", 1, "{} keeps the provider's id of its owner, beside what it keeps now")
    },
    Change {
        says: SESSIONS,
        ..change("authentication", "route.post~login", 1, "{} starts a session where it hands out a token now")
    },
    Change {
        says: SESSIONS,
        many: "Of the guards ({}), each that looks at the sign-in itself learns to look for a session, so that the routes behind them need no change",
        ..change(
            "authentication",
            "auth.middleware",
            1,
            "The guard ({}) learns to look for a session where it looks at the sign-in itself, so that the routes behind it need no change",
        )
    },
    Change {
        says: SESSIONS,
        ..change(
            "authentication",
            "auth.jwt",
            1,
            "Nothing new is signed by {}, which goes when no token is valid any more",
        )
    },
    Change {
        says: SESSIONS,
        ..change("authentication", "model~refresh", 1, "{} is no longer written, and goes with the last token")
    },
    decided(
        "authentication",
        "auth.session",
        "session-migration",
        "The sessions ({}) are treated as decided on their migration",
    ),
    decided(
        "authentication",
        "model.user",
        "token-storage",
        "What has to be remembered of tokens is kept as decided on their storage, with {} as their owner",
    ),
    decided(
        "authentication",
        "middleware.cookie-parser",
        "token-transport",
        "Tokens travel as decided, and cookies are read by {} already",
    ),
    Change {
        says: TOKENS,
        ..change(
            "authentication",
            "config.env~secret",
            1,
            "The key that signs tokens is read from the environment, in the way {} is",
        )
    },
    kept(
        "authentication",
        "auth.password-hash",
        "Passwords go on passing through {}, which is not written a second time",
    ),
    decided(
        "authentication",
        "auth.password-hash",
        "stored-passwords",
        "Stored passwords, which pass through {} now, are treated as decided",
    ),
    Change {
        says: &["password reset", "reset password*", "forgot password", "reset their password*"],
        ..change(
            "authentication",
            "model.user",
            1,
            "{} keeps the hash and the end of a reset's validity, never the link itself",
        )
    },
    Change {
        says: &["password reset", "reset password*", "forgot password", "reset their password*"],
        ..change("authentication", "mail", 1, "The link is sent by {}")
    },
    Change {
        says: TOKENS,
        lacks: &["auth.jwt"],
        ..change(
            "authentication",
            "dependency.express",
            1,
            "A package that signs and checks tokens is added beside {}: none is there",
        )
    },
    Change {
        says: FACTOR,
        ..change(
            "authentication",
            "route.post~login",
            1,
            "{} asks for the second factor after the password, and signs nobody in before it",
        )
    },
    Change {
        says: FACTOR,
        ..change(
            "authentication",
            "model.user",
            1,
            "{} keeps the secret of the second factor and the hashes of what replaces a lost one",
        )
    },
    Change {
        says: FACTOR,
        ..change("authentication", "auth.jwt", 1, "No token is made by {} before the second factor")
    },
    Change {
        says: FACTOR,
        ..change("authentication", "middleware.rate-limit", 1, "Guesses of a code are limited by {} as passwords are")
    },
    // Roles, administration, limits.
    change("roles", "model.user", 1, "{} gets the role, with a default for everybody who is stored already"),
    Change {
        many: "A check of the role stands behind what guards a route already ({})",
        ..change("roles", "auth.middleware", 1, "A check of the role stands behind the guard that is there ({})")
    },
    Change {
        many: "A guard for the role stands beside those that are there, {}",
        ..change("roles", "auth.guard", 1, "A guard for the role stands beside {}")
    },
    change("roles", "route.delete", 2, "{} is among the first routes that ask for the role"),
    Change {
        says: ADMINS_DO,
        many: "What only administrators may do stands behind a guard that asks for an administrator, like the others that are there ({})",
        ..change(
            "admin",
            "auth.middleware",
            1,
            "What only administrators may do stands behind the guard that is there ({}) and a check for administrators",
        )
    },
    Change { says: BACK_OFFICE, ..change("admin", "model", 2, "{} is among what administrators see") },
    Change {
        named: true,
        ..change("rate-limiting", "route.post", 2, "{} passes the limit before its handler is reached")
    },
    Change {
        named: true,
        ..change("rate-limiting", "middleware.rate-limit", 2, "{} is there, and shows how a limit is set up here")
    },
    decided("rate-limiting", "route.post~login", "limit-numbers", "{} is limited to what was decided"),
    Change {
        lacks: &["middleware.rate-limit"],
        ..decided(
            "rate-limiting",
            "entry-point",
            "limit-numbers",
            "What is limited in general passes the limit where the program starts, {}",
        )
    },
    change("rate-limiting", "cache.redis", 1, "The count is shared by all processes through {}"),
];
