//! Each question of the packs, and the fact by which the project answers it: then it is not asked.

use std::collections::BTreeSet;

use certus_engine::{Fact, Place, View};

use super::fixture::view;
use crate::offline::packs;
use crate::offline::rules::WORTH_ASKING;
use crate::offline::scene::Scene;

const JWT: &str = "Add JWT authentication";
const LOGIN: &str = "Add a login";
const RESET: &str = "Add password reset";
const GOOGLE: &str = "Add sign in with Google";
const FACTOR: &str = "Add 2fa";
const ROLES: &str = "Add roles";
const ADMIN: &str = "Add an admin dashboard";
const LIMIT: &str = "Add rate limiting";
const PAY: &str = "Add payments";
const SEARCH: &str = "Add search";
const PAGES: &str = "Add pagination";
const EXPORT: &str = "Export things as PDF";
const CACHE: &str = "Add a cache";
const UPLOAD: &str = "Add an upload";
const MAIL: &str = "Send emails";
const NOTIFY: &str = "Notify people";
const HOOK: &str = "Add webhooks";
const LIVE: &str = "Add something live";
const LOG: &str = "Add logging";
const I18N: &str = "Translate the pages";
const ERRORS: &str = "Add error handling";
const TESTS: &str = "Add tests";

/// Question, a goal that raises it, key and value of a fact that answers it.
const ANSWERED: &[(&str, &str, &str, &str)] = &[
    ("token-storage", JWT, "model.token", "Token (token, user, expires)"),
    ("token-storage", JWT, "model.session", "Session (refreshToken, user)"),
    ("token-transport", JWT, "cookie.set", "access_token"),
    ("session-storage", "Add sessions", "session.store", "MongoStore.create"),
    ("token-lifetime", JWT, "config.env", "JWT_EXPIRATION_MINUTES"),
    ("refresh-reuse", "Add refresh tokens", "model.token", "Token (token, user, blacklisted)"),
    ("login-methods", LOGIN, "auth.passport", "strategy passport-local"),
    ("login-methods", LOGIN, "auth.webauthn", "generateRegistrationOptions"),
    ("protected-routes", LOGIN, "auth.middleware", "requireLogin on 6 routes"),
    ("registration-open", LOGIN, "route.post", "POST /auth/register → register"),
    ("registration-open", LOGIN, "route.post", "POST /api/users → create"),
    ("second-factor", FACTOR, "auth.two-factor", "otpauth.TOTP"),
    ("second-factor", FACTOR, "model.user", "User (email, totpSecret)"),
    ("second-factor-who", FACTOR, "model.user", "User (email, twoFactorEnabled)"),
    ("admin-who", ADMIN, "model.user", "User (name, email, isAdmin)"),
    ("admin-who", ADMIN, "model.user", "User (name, email, role)"),
    ("admin-who", ADMIN, "model.user", "User (name, email, permissions)"),
    ("admin-who", ADMIN, "auth.guard", "requireAdmin"),
    ("admin-who", ADMIN, "auth.middleware", "isAdmin on 3 routes"),
    ("admin-who", ADMIN, "file", "config/roles.js (17 lines)"),
    ("admin-trail", ADMIN, "model.auditlog", "AuditLog (who, what, when)"),
    ("payment-provider", PAY, "payment", "stripe"),
    ("payment-twice", PAY, "model.payment", "Payment (idempotencyKey)"),
    ("payment-currency", PAY, "model.product", "Product (price, taxRate)"),
    ("cart-owner", "Add a cart", "session.use", "req.session.cart"),
    ("cache-staleness", CACHE, "config.env", "CACHE_TTL"),
    ("cache-place", CACHE, "cache.redis", "ioredis.Redis"),
    ("cache-place", CACHE, "dependency.node-cache", "^5.1.0"),
    ("upload-place", UPLOAD, "storage", "S3Client"),
    ("upload-place", UPLOAD, "config.env", "FILE_UPLOAD_PATH"),
    ("upload-limits", UPLOAD, "config.env", "MAX_FILE_UPLOAD"),
    ("mail-service", MAIL, "mail", "nodemailer.createTransport"),
    ("mail-service", MAIL, "config.env", "SMTP_HOST"),
    ("notify-channel", NOTIFY, "model.notification", "Notification (user, text, seenAt)"),
    ("notify-off", NOTIFY, "model.user", "User (email, notifyByMail)"),
    ("notify-often", NOTIFY, "model.user", "User (email, digestHour)"),
    ("webhook-direction", HOOK, "route.post", "POST /webhooks/payment → paid"),
    ("live-transport", LIVE, "websocket", "socket.io"),
    ("log-kept", LOG, "dependency.winston-daily-rotate-file", "^4.7.1"),
    ("language-choice", I18N, "model.user", "User (email, locale)"),
    ("validate-library", "Add validation", "validation", "joi"),
    ("test-level", TESTS, "dependency.supertest", "^6.0.1 (dev)"),
    ("test-data", TESTS, "dependency.mongodb-memory-server", "^9.0.0 (dev)"),
    ("token-transport", JWT, "auth.token-source", "req.headers.authorization"),
    ("token-claims", JWT, "auth.jwt", "jsonwebtoken.sign, payload { id }, expiresIn 86400"),
    ("reset-link", RESET, "model.user", "User (email, resetToken, resetExpires)"),
    ("limit-numbers", LIMIT, "middleware.rate-limit", "express-rate-limit, window 15 * 60 * 1000, at most 20"),
    ("limit-shared", LIMIT, "middleware.rate-limit", "express-rate-limit, store RedisStore"),
    ("page-size", PAGES, "pagination", "skip offset, take limit"),
    ("page-style", PAGES, "pagination", "skip offset, take limit"),
    ("upload-place", UPLOAD, "upload", "multer.diskStorage"),
];

/// The same of a fact around which the answer stands in code: it is neither asked nor said to be answered.
const SHOWN: &[(&str, &str, &str, &str)] = &[
    ("token-transport", JWT, "auth.jwt", "jsonwebtoken.sign"),
    ("token-lifetime", JWT, "auth.jwt", "jsonwebtoken.sign, payload { id }, expiresIn 86400"),
    ("token-claims", JWT, "auth.jwt", "jsonwebtoken.sign"),
    ("reset-link", RESET, "route.post", "POST /auth/forgot-password → forgot"),
    ("reset-sessions", RESET, "route.post", "POST /reset/:token → reset"),
    ("reset-unknown-address", RESET, "route.post", "POST /forgot → forgot"),
    ("external-accounts", GOOGLE, "auth.passport", "authenticate facebook"),
    ("external-registration", GOOGLE, "auth.passport", "strategy passport-google-oauth"),
    ("external-password", GOOGLE, "auth.passport", "strategy passport-github"),
    ("second-factor-when", FACTOR, "auth.two-factor", "otpauth.TOTP"),
    ("mail-failure", MAIL, "mail", "nodemailer.createTransport"),
    ("role-list", ROLES, "model.user", "User (name, email, role)"),
    ("role-of-existing", ROLES, "model.user", "User (name, email, roles)"),
    ("role-change", ROLES, "model.account", "Account (name, permissions)"),
    ("role-list", ROLES, "auth.guard", "checkRole"),
    ("role-list", ROLES, "file", "src/config/roles.js (17 lines)"),
    ("limit-numbers", LIMIT, "middleware.rate-limit", "express-rate-limit"),
    ("limit-key", LIMIT, "middleware.rate-limit", "express-rate-limit"),
    ("limit-shared", LIMIT, "middleware.rate-limit", "express-rate-limit"),
    ("payment-failure", PAY, "route.post", "POST /webhooks/payment → paid"),
    ("refund-rules", "Add a refund", "route.post", "POST /orders/:id/refund → refund"),
    ("coupon-rules", "Add coupons", "model.coupon", "Coupon (code, percent, uses)"),
    ("order-cancel", "Cancel orders, a new feature", "route.post", "POST /orders/:id/cancel → cancel"),
    ("search-fields", SEARCH, "route.get", "GET /search → search"),
    ("search-matching", SEARCH, "route.get", "GET /search → search"),
    ("search-visibility", SEARCH, "route.get", "GET /search → search"),
    ("search-amount", SEARCH, "route.get", "GET /search → search"),
    ("page-size", PAGES, "test.file", "2 tests: paginate plugin"),
    ("page-style", PAGES, "dependency.mongoose-paginate-v2", "^1.7.0 paginate"),
    ("migration-back", "Add a migration of the schema", "dependency.migrate-mongo", "^11.0.0"),
    ("soft-delete-readers", "Add soft deletes", "model.user", "User (email, deletedAt)"),
    ("export-size", EXPORT, "route.get", "GET /reports/sales.csv → sales"),
    ("export-who", EXPORT, "route.get", "GET /export/users → users"),
    ("import-bad-rows", "Add an import of users", "route.post", "POST /import → load"),
    ("upload-access", UPLOAD, "route.post", "POST /upload → store"),
    ("verify-until", "Add email verification", "model.user", "User (email, isEmailVerified)"),
    ("verify-until", "Add email verification", "route.get", "GET /verify/:token → verify"),
    ("webhook-proof", HOOK, "route.post", "POST /webhook → hook"),
    ("webhook-repeat", HOOK, "route.post", "POST /webhook → hook"),
    ("live-missed", LIVE, "websocket", "socket.io"),
    ("log-what", LOG, "logging", "morgan"),
    ("log-where", LOG, "logging", "winston.createLogger"),
    ("languages", I18N, "i18n", "i18next.init"),
    ("translated-what", I18N, "i18n", "i18next.init"),
    ("error-form", ERRORS, "error-handler", "errorHandler"),
    ("error-details", ERRORS, "error-handler", "errorHandler"),
    ("validate-answer", "Add validation", "validation", "joi"),
    ("api-compatibility", "Add a rest api", "route.get", "GET /v1/users → list"),
    ("protected-routes", LOGIN, "auth.guard", "requireLogin"),
    ("page-compatibility", PAGES, "pagination", "skip offset, take limit"),
    ("token-lifetime", JWT, "auth.jwt", "jsonwebtoken.sign"),
    ("test-level", TESTS, "test.file", "2 tests: things"),
];

/// Questions that no code answers, because they are about what somebody wants.
const ONLY_A_PERSON: &[&str] = &[
    "role-rights",
    "admin-functions",
    "delete-dependents",
    "total-definition",
    "order-stock",
    "existing-data",
    "migration-downtime",
    "export-fields",
    "cache-scope",
    "mail-trigger",
    "mail-content",
    "notify-trigger",
    "live-what",
    "log-personal",
    "error-existing-clients",
    "validate-what",
    "validate-existing",
    "test-what",
    "api-consumers",
    "api-shape",
];

/// What some questions need before they are raised.
const GROUND: &[(&str, &str)] = &[
    ("route.get", "GET /things → list"),
    ("route.post", "POST /things → add"),
    ("model.thing", "Thing (name)"),
    ("database", "mongoose.connect"),
];

fn project(goal: &str, more: Option<(&str, &str)>) -> View {
    let mut view = view(goal, &[]);
    let place = Place { path: "src/a.js".into(), line: 3, quote: "const things = require('things');".into() };
    // A fact that answers is what others need.
    let rows = GROUND.iter().copied().chain(matches!(goal, ROLES).then_some(("auth.session", "session"))).chain(more);
    let fact = |(index, (key, value)): (usize, (&str, &str))| Fact {
        id: format!("F{index}"),
        key: key.to_owned(),
        value: value.to_owned(),
        source: Some(place.clone()),
        cited: true,
    };
    view.facts = rows.enumerate().map(fact).collect();
    view
}

#[test]
fn a_question_that_a_fact_answers_is_not_asked() {
    for (id, goal, key, value) in ANSWERED {
        let ask = packs::all().find(|ask| ask.id == *id).unwrap_or_else(|| panic!("no question {id}"));
        let (before, after) = (project(goal, None), project(goal, Some((key, value))));
        assert!(ask.find(&Scene::of(&before)).is_some(), "{id} is not raised by {goal:?}");
        assert!(ask.find(&Scene::of(&after)).is_none(), "{id} is asked in spite of {key} = {value}");
        let known = ask.answered(&Scene::of(&after)).map(|fact| fact.key.as_str());
        assert_eq!(known, Some(*key), "{id} is not said to be answered by {key} = {value}");
    }
}

#[test]
fn what_stands_in_code_around_a_fact_is_assumed_and_not_called_answered() {
    for (id, goal, key, value) in SHOWN {
        let ask = packs::all().find(|ask| ask.id == *id).unwrap_or_else(|| panic!("no question {id}"));
        let (before, after) = (project(goal, None), project(goal, Some((key, value))));
        assert!(ask.find(&Scene::of(&before)).is_some(), "{id} is not raised by {goal:?}");
        let scene = Scene::of(&after);
        let finding = ask.find(&scene).unwrap_or_else(|| panic!("{id} is not even assumed"));
        assert!(finding.rank() < WORTH_ASKING, "{id} is asked in spite of {key} = {value}");
        assert!(finding.recommended.is_some_and(|choice| choice.starts_with("As it is now around")), "{id}");
        assert_eq!(ask.answered(&scene).map(|fact| fact.value.as_str()), None, "{id} is said to be answered");
    }
}

#[test]
fn every_question_has_a_fact_that_answers_it_or_a_reason_for_none() {
    let covered: BTreeSet<&str> = ANSWERED.iter().chain(SHOWN).map(|(id, ..)| *id).collect();
    for ask in packs::all() {
        let person = ONLY_A_PERSON.contains(&ask.id);
        let nothing = ask.known.is_empty() && ask.shown.is_empty();
        assert_eq!(nothing, person && !covered.contains(ask.id), "{}", ask.id);
        assert!(covered.contains(ask.id) || person, "{} is in neither list", ask.id);
    }
}
