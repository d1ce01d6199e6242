//! Questions about the way from what stands to what the goal puts in its place, where people or stored data are in between.

use super::Ask;
use crate::offline::goal::Kind;

/// Sessions stand, tokens are wanted: how, not whether.
pub(super) const SESSION_MIGRATION: Ask = Ask {
    id: "session-migration",
    rule: "contradiction-with-code",
    kinds: &[Kind::Feature, Kind::Refactoring, Kind::Unclear],
    says: &["jwt", "jwts", "stateless", "token", "tokens", "bearer", "oauth*", "sso", "oidc", "saml"],
    unless: &[
        // Where a secret is kept says nothing of how people sign in.
        "secret*",
        "environment",
        "credential*",
        "replace session*",
        "replace the session*",
        "instead of session*",
        "parallel",
        "side by side",
        "alongside",
        "run both",
        "both for",
        "both work",
        "both valid",
        "keep both",
        "both sessions",
        "sessions and tokens",
        "tokens and sessions",
        "beside",
        "transition",
        "keep session*",
        "keep the session*",
        "sessions stay",
        "drop session*",
        "sign in again",
        "log in again",
        "migrate session*",
        "migrate the session*",
        "existing session*",
    ],
    needs: &["auth.session", "auth.passport~session"],
    about: &["auth.session", "session.store"],
    claim: "Sign-in is kept in sessions now, and the goal asks for something else; how to get from one to the other is not said",
    text: "People who are signed in have a session now. How should the change be made?",
    why: "It decides whether anybody is signed out on the day of the release, and how long both ways have to be kept safe.",
    options: &[
        "*Run both for 30 days: a request with a session or a token is accepted, new sign-ins get tokens",
        "Switch at once: everybody signs in again",
        "Keep sessions for browsers; tokens only for API clients",
    ],
    impact: 5,
    confidence: 0.15,
    ..Ask::NEW
};

/// The other way round: tokens stand, sessions are wanted.
pub(super) const TOKEN_MIGRATION: Ask = Ask {
    id: "token-migration",
    rule: "contradiction-with-code",
    kinds: &[Kind::Feature, Kind::Refactoring, Kind::Unclear],
    says: &["session", "sessions", "session cookie*"],
    unless: &[
        "side by side",
        "alongside",
        "both",
        "beside",
        "transition",
        "sign in again",
        "log in again",
        "existing clients",
    ],
    needs: &["auth.jwt"],
    known: &["auth.session"],
    about: &["auth.jwt", "auth.middleware"],
    claim: "Clients send tokens now, and the goal asks for sessions; how to get from one to the other is not said",
    text: "Clients hold a token now. How should the change be made?",
    why: "A client that is no browser may keep no cookies, and a token that was issued stays valid until it expires.",
    options: &[
        "*Run both until the last token has expired: new sign-ins get a session",
        "Sessions for browsers; tokens stay for API clients",
        "Switch at once: everybody signs in again",
    ],
    impact: 5,
    confidence: 0.15,
    ..Ask::NEW
};

/// Another way to hash passwords: what is stored cannot be hashed again without the password itself.
pub(super) const PASSWORD_MIGRATION: Ask = Ask {
    id: "stored-passwords",
    rule: "data-migration",
    topic: "authentication",
    kinds: &[Kind::Feature, Kind::Refactoring, Kind::Upgrade, Kind::Unclear],
    says: &["bcrypt*", "argon2*", "scrypt", "pbkdf2", "hashing", "password hash*", "hash password*"],
    unless: &[
        "rehash*",
        "hash again",
        "hashed again",
        "next login",
        "next sign in",
        "existing hash*",
        "stored hash*",
        "old hash*",
        "must reset",
    ],
    needs: &["auth.password-hash"],
    about: &["auth.password-hash"],
    claim: "What happens to the passwords that are stored already is not said",
    text: "Stored passwords are hashed in the old way, and cannot be turned into the new one. What happens to them?",
    why: "Whoever signs in after the release is checked against what is stored; with the new way alone nobody gets in.",
    options: &[
        "*Each is checked in the old way at the next sign-in, and then stored in the new one; the old way goes when none is left",
        "Everybody sets a new password by mail",
        "The old hashes are hashed once more in the new way, in one migration",
    ],
    impact: 5,
    confidence: 0.15,
    ..Ask::NEW
};
