//! What single lines say about a project.

use super::{read, values};
use crate::Node;
use crate::bindings::StackInterpreter;

const PACKAGE: &str = r#"{
  // people do this
  "name": "shop", "main": "lib/index.js",
  "scripts": { "start": "nodemon --inspect app.js", "test": "jest --coverage", "lint": "eslint ." },
  "engines": { "node": ">=18" },
  "dependencies": { "express": "^4.17.1", "mongoose": "^5.9.1" },
  "devDependencies": { "jest": "^29.0.0" },
}"#;

const SESSION: &str = "const session = require('express-session');\nconst MongoStore = require('connect-mongo')(session);\n\
    const bcrypt = require('bcryptjs');\nconst jwt = require('jsonwebtoken');\nconst passport = require('passport');\n\
    const LocalStrategy = require('passport-local').Strategy;\napp.use(session({\n  secret: 'not to be repeated',\n  store: new MongoStore({ url }),\n}));\n\
    passport.use(new LocalStrategy(verify));\napp.use(passport.initialize());\nexports.isAdmin = (req, res, next) => next();\n\
    app.post('/x', passport.authenticate('local'), h);\nconst hash = () => bcrypt.hash(p, 10);\nconst t = jwt.sign({}, process.env.JWT_SECRET);\n\
    app.get('/me', (req, res) => res.send(req.session.userId));\napp.use((err, req, res, next) => res.status(500).end());\n\
    const { PORT } = process.env;\napp.set('view engine', 'pug');\n";

#[test]
fn a_manifest_says_what_the_project_is_and_how_it_runs() {
    let report = read(&[("package.json", PACKAGE), ("app.js", "require('express')();")]);
    let stack = report.stacks.first().expect("a stack");
    let names: Vec<_> =
        stack.frameworks.iter().map(|it| format!("{} {}", it.name, it.version.as_deref().unwrap_or(""))).collect();
    assert_eq!(names, ["express ^4.17.1", "mongoose ^5.9.1", "jest ^29.0.0"]);
    assert_eq!(report.commands.test.as_deref(), Some("npm test"));
    assert_eq!(report.commands.lint.as_deref(), Some("npm run lint"));
    assert_eq!(report.commands.build, None);
    // What `npm init` wrote names a file that is not there.
    assert_eq!(values(&report, "entry-point"), ["app.js (start)"]);
    let built = read(&[("package.json", PACKAGE), ("app.js", "require('express')();"), ("lib/index.js", "")]);
    assert_eq!(values(&built, "entry-point"), ["lib/index.js (main)", "app.js (start)"]);
    assert_eq!(values(&report, "node.version"), [">=18"]);
    assert_eq!(values(&report, "dependency.mongoose"), ["^5.9.1"]);
    assert_eq!(values(&report, "test.framework"), ["jest ^29.0.0"]);
}

#[test]
fn locks_and_workspaces() {
    let lock = r#"{"packages": {"": {"workspaces": ["api"]}, "api": {"dependencies": {"express": "^4"}}, "node_modules/express": {"version": "4.19.2"}}}"#;
    let files = [
        (
            "package.json",
            r#"{"workspaces": ["api"], "scripts": {"test": "echo \"Error: no test specified\" && exit 1"}}"#,
        ),
        ("api/package.json", r#"{"dependencies": {"express": "^4"}, "scripts": {"test": "mocha", "build": "tsc"}}"#),
        ("package-lock.json", lock),
    ];
    let report = read(&files);
    let roots: Vec<_> = report.stacks.iter().map(|it| (it.root.as_str(), it.frameworks.len())).collect();
    assert_eq!(roots, [("", 0), ("api", 1)]);
    let express = report.stacks.iter().flat_map(|it| &it.frameworks).next().and_then(|it| it.version.clone());
    assert_eq!(express.as_deref(), Some("4.19.2"));
    assert_eq!(report.commands.test.as_deref(), Some("npm --prefix api test"));
    assert_eq!(report.commands.build.as_deref(), Some("npm --prefix api run build"));
}

#[test]
fn authentication_is_found_at_its_lines() {
    let report = read(&[("app.js", SESSION)]);
    assert_eq!(values(&report, "auth.session"), ["express-session, store MongoStore"]);
    assert_eq!(values(&report, "session.store"), ["new MongoStore({ url })"]);
    assert_eq!(values(&report, "session.secret"), ["a literal in the code"]);
    assert_eq!(values(&report, "auth.password-hash"), ["bcryptjs.hash"]);
    assert_eq!(values(&report, "auth.jwt"), ["jsonwebtoken.sign"]);
    assert_eq!(
        values(&report, "auth.passport"),
        ["strategy passport-local", "passport.initialize", "authenticate local"]
    );
    assert_eq!(values(&report, "auth.guard"), ["isAdmin"]);
    // Signing in is no guard.
    assert_eq!(values(&report, "auth.middleware"), Vec::<String>::new());
    assert_eq!(values(&report, "session.use"), ["req.session.userId"]);
    assert_eq!(values(&report, "error-handler"), ["inline"]);
    assert_eq!(values(&report, "config.env"), ["JWT_SECRET", "PORT"]);
    assert_eq!(values(&report, "template-engine"), ["pug"]);
    let place =
        report.findings.iter().find(|it| it.key == "session.store").map(|it| (it.place.line, it.place.quote.as_str()));
    assert_eq!(place, Some((9, "store: new MongoStore({ url }),")));
}

#[test]
fn tests_are_counted_and_say_nothing_else() {
    let test = "const { test } = require('node:test');\ndescribe('cart', () => {\n  it('adds', () => {});\n  it.skip('removes', () => {});\n});\nprocess.env.ONLY_HERE;";
    let report = read(&[("test/cart.test.js", test)]);
    assert_eq!(values(&report, "test.file"), ["2 tests: cart"]);
    assert_eq!(values(&report, "test.framework"), ["node:test"]);
    assert_eq!(values(&report, "config.env"), Vec::<String>::new());
}

#[test]
fn idioms_refer_to_what_was_found() {
    let report = read(&[("package.json", PACKAGE), ("app.js", SESSION), ("x.test.js", "test('a', () => {});")]);
    let say = |concept: &str| Node::idiom(concept.to_owned(), report.clone());
    let test = say("test").expect("a sentence");
    assert_eq!(
        test,
        "Tests are written with jest ^29.0.0 (package.json:7), in 1 file such as x.test.js, run by `npm test`."
    );
    assert!(say("auth").is_some_and(|it| it.contains("express-session") && it.contains("app.js:7")));
    assert!(say("error-handling").is_some_and(|it| it.contains("app.js:18")));
    assert!(say("config").is_some_and(|it| it.contains("JWT_SECRET")));
    assert_eq!(say("teapot"), None);
    assert_eq!(say("model"), None);
}

const IN_FRONT: &str = "const express = require('express');\nconst csrf = require('csurf');\nconst rateLimit = require('express-rate-limit');\n\
    const passport = require('passport');\nconst { currentUser, requireLogin, check } = require('./people');\nconst app = express();\n\
    const loginLimiter = rateLimit({ windowMs: 15 * 60 * 1000, max: 20 });\napp.use(currentUser);\napp.use('/auth', loginLimiter);\napp.use(csrf());\n\
    app.post('/auth/login', h);\napp.get('/auth/google', passport.authenticate('google'), h);\napp.get('/list', h);\n\
    app.get('/mine', requireLogin, h);\napp.get('/api', passport.authenticate('jwt', { session: false }), h);\n";

const PEOPLE: &str = "const currentUser = wrap(async (req, res, next) => {\n  req.user = await find(req.session.userId);\n  next();\n});\n\
    function requireLogin(req, res, next) {\n  if (!req.user) return res.status(401).json({});\n  next();\n}\n\
    const ensureUser = (req, res, next) => (req.user ? next() : next(new Error('no')));\nmodule.exports = { currentUser, requireLogin };\n";

#[test]
fn what_stands_in_front_of_routes_is_told_apart_by_what_it_does() {
    let report = read(&[("app.js", IN_FRONT), ("people.js", PEOPLE)]);
    assert_eq!(
        values(&report, "auth.middleware"),
        ["passport.authenticate('jwt', {…}) on 1 route", "requireLogin on 1 route"]
    );
    assert_eq!(values(&report, "auth.user-loader"), ["currentUser on 5 routes"]);
    assert_eq!(values(&report, "auth.guard"), ["requireLogin", "ensureUser"]);
    assert_eq!(values(&report, "middleware.csrf"), ["csurf", "csrf on 5 routes"]);
    assert_eq!(
        values(&report, "middleware.rate-limit"),
        ["express-rate-limit, window 15 * 60 * 1000, at most 20", "loginLimiter on 2 routes below /auth"]
    );
}

const TOKENS: &str = "const jwt = require('jsonwebtoken');\nconst multer = require('multer');\n\
    exports.sign = (user) => jwt.sign({ id: user.id, role: user.role }, secret, { expiresIn: 86400 });\n\
    exports.verify = (req) => jwt.verify(req.headers['x-access-token'] || req.get('Authorization'), secret);\n\
    exports.list = (query) => db.article.findMany({\n  where: {},\n  skip: Number(query.offset) || 0,\n  take: 10,\n});\n\
    exports.page = (n) => Article.find().limit(20).sort('-at').skip(n * 20).exec();\n";

#[test]
fn options_that_answer_questions_are_found() {
    let report = read(&[("a.js", TOKENS)]);
    assert_eq!(
        values(&report, "auth.jwt"),
        ["jsonwebtoken.sign, payload { id, role }, expiresIn 86400", "jsonwebtoken.verify"]
    );
    let payload = "const jwt = require('jsonwebtoken');\njwt.sign({ id: 1, exp: soon() }, secret);\n";
    assert_eq!(values(&read(&[("a.js", payload)]), "auth.jwt"), ["jsonwebtoken.sign, payload { id, exp }, exp soon()"]);
    assert_eq!(values(&report, "auth.token-source"), ["req.headers.x-access-token", "req.headers.Authorization"]);
    assert_eq!(values(&report, "pagination"), ["skip Number(query.offset) || 0, take 10", "skip n * 20, limit 20"]);
}

#[test]
fn a_quote_says_something_and_a_database_is_known_by_another_name() {
    let server = "const db = require('./models');\ndb.mongoose\n  .connect(`mongodb://${host}/shop`)\n  .then(go);\n\
        app.use(\n  (\n    err: Error,\n    req,\n    res,\n    next,\n  ) => res.end(),\n);\n";
    let models = "const mongoose = require('mongoose');\nexports.mongoose = mongoose;\n";
    let report = read(&[("server.ts", server), ("models.js", models), ("tsconfig.json", "{\n  \"strict\": true\n}\n")]);
    assert_eq!(values(&report, "database"), ["mongoose.connect"]);
    let quotes: Vec<&str> = report
        .findings
        .iter()
        .filter(|found| found.key == "error-handler" || found.key == "language.typescript")
        .map(|found| found.place.quote.as_str())
        .collect();
    assert_eq!(quotes, ["err: Error,", "\"strict\": true"]);
}

const ALIASES: &str = "const express = require('express');\nconst passport = require('passport');\nconst jwt = require('express-jwt');\n\
    const { load: auth, requireLogin } = require('./people');\nconst gates = require('./gates');\nconst app = express();\n\
    const authorize = passport.authorize('github');\nconst pauth = passport.authenticate.bind(passport);\n\
    const mine = [requireLogin, gates.article.hasAuthorization];\n\
    app.use(passport.authenticate('session'));\napp.use(auth);\n\
    app.get('/connect', authorize, h);\napp.get('/link', gates.link, h);\napp.get('/auth/x', pauth('x', fail), h);\n\
    app.get('/auth/y', gates.oAuth('y'), h);\napp.get('/maybe', jwt({ secret, credentialsRequired: false }), h);\n\
    app.get('/api', gates.isApi, h);\napp.get('/new', requireLogin, h);\napp.put('/mine', mine, h);\n\
    app.get('/role', gates.permit('staff'), h);\napp.get('/who', gates.loadAuth(), h);\n";

const GATES: &str = "const passport = require('passport');\nexports.link = passport.authorize('x');\nexports.isApi = passport.authenticate('jwt');\n\
    exports.oAuth = (service) => passport.authenticate(service, { session: false });\n\
    exports.permit = (role) => (req, res, next) => (req.user.role === role ? next() : res.sendStatus(403));\n\
    exports.loadAuth = () => {\n  return async (req, res, next) => {\n    req.auth = await find(req);\n    next();\n  };\n};\n\
    exports.oAuthLogin = async (req, res, next) => {\n  try {\n    res.json(await tokenOf(req.user));\n  } catch (error) {\n    next(error);\n  }\n};\n\
    exports.ensureJwt = (req, res, next) => passport.authenticate('jwt', done)(req, res, next);\n\
    exports.article = { hasAuthorization: (req, res, next) => (req.mine ? next() : res.redirect('/')) };\n";

const LOADS: &str = "exports.load = async (req, res, next) => {\n  req.user = await find(req.session.userId);\n  next();\n};\n\
    exports.requireLogin = (req, res, next) => (req.user ? next() : res.sendStatus(401));\n";

#[test]
fn what_goes_by_another_name_in_front_of_routes_is_what_it_stands_for() {
    let report = read(&[("app.js", ALIASES), ("gates.js", GATES), ("people.js", LOADS)]);
    assert_eq!(
        values(&report, "auth.middleware"),
        [
            "gates.article.hasAuthorization (in mine) on 1 route",
            "gates.isApi on 1 route",
            "gates.permit on 1 route",
            "requireLogin on 2 routes"
        ]
    );
    assert_eq!(
        values(&report, "auth.user-loader"),
        ["auth on 10 routes", "gates.loadAuth on 1 route", "jwt on 1 route"]
    );
    let guards: Vec<String> = values(&report, "auth.guard");
    for (name, is_one) in [("permit", true), ("ensureJwt", true), ("loadAuth", false), ("oAuthLogin", false)] {
        assert_eq!(guards.iter().any(|guard| guard == name), is_one, "{name}: {guards:?}");
    }
}

#[test]
fn only_what_answers_an_error_handles_it() {
    let source = "require('express-async-errors');\nconst createError = require('http-errors');\n\
        app.use((err, req, res, next) => {\n  if (err.name === 'CastError') return next(new BadRequest(err));\n  return next(err);\n});\n\
        const convert = (err, req, res, next) => { next(err instanceof ApiError ? err : new ApiError(err)); };\n\
        const answer = (err, req, res, next) => {\n  if (res.headersSent) return next(err);\n  res.status(err.status).json({});\n};\n\
        const handOver = (err, req, res, next) => handleError(err, res);\nconst last = (err, req, res, next) => log(err);\n";
    let report = read(&[("app.js", source)]);
    assert_eq!(values(&report, "error-handler"), ["answer", "handOver", "last"]);
}

#[test]
fn a_guard_stands_where_it_is_made() {
    let source = "exports.authorize = (...roles) => {\n  check(roles);\n  return (req, res, next) => {\n    if (!req.user) return res.status(403).end();\n    next();\n  };\n};\n\
        exports.protect = asyncHandler(async (req, res, next) => {\n  if (!req.token) return next(new Error('no'));\n  next();\n});\n\
        function requireRole(role) {\n  return function (req, res, next) {\n    if (req.role !== role) return res.status(403).end();\n    next();\n  };\n}\n";
    let report = read(&[("auth.js", source)]);
    let guards: Vec<String> = report
        .findings
        .iter()
        .filter(|found| found.key == "auth.guard")
        .map(|found| format!("{} {}", found.value, found.place.line))
        .collect();
    assert_eq!(guards, ["authorize 1", "protect 8", "requireRole 12"]);
}
