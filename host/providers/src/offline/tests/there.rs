//! What is there already is said and quoted, and asked about by one question; what is named and is not there is said too.

use super::fixture::{Row, answer, ask, asked, learn, shown, view};

/// Pages for people: sessions, sign-in by others, an account.
const PAGES: &[Row] = &[
    ("stack", "node with express 5.2.1, express-session 1.19.0", "", 0, ""),
    ("entry-point", "app.js listens", "app.js", 443, "app.listen(port, () => {"),
    ("auth.session", "express-session, store MongoStore.create", "app.js", 141, "app.use(session({"),
    (
        "auth.passport",
        "authenticate github",
        "app.js",
        372,
        "app.get('/auth/github', passport.authenticate('github'));",
    ),
    ("auth.passport", "strategy passport-local", "config/passport.js", 32, "passport.use(new LocalStrategy({"),
    ("auth.two-factor", "otpauth.TOTP", "controllers/user.js", 965, "const totp = new OTPAuth.TOTP({"),
    (
        "auth.password-hash",
        "bcrypt.hash",
        "models/User.js",
        129,
        "this.password = await bcrypt.hash(this.password, 10);",
    ),
    (
        "auth.middleware",
        "isAuthenticated on 23 routes",
        "app.js",
        273,
        "app.get('/account', isAuthenticated, getAccount);",
    ),
    (
        "middleware.rate-limit",
        "loginLimiter on 2 routes",
        "app.js",
        254,
        "app.post('/login', loginLimiter, postLogin);",
    ),
    ("route.post", "POST /login → postLogin", "app.js", 254, "app.post('/login', loginLimiter, postLogin);"),
    ("route.get", "GET /logout → logout", "app.js", 261, "app.get('/logout', logout);"),
    ("route.post", "POST /signup → postSignup", "app.js", 267, "app.post('/signup', postSignup);"),
    ("route.get", "GET /contact → getContact", "app.js", 271, "app.get('/contact', getContact);"),
    ("route.post", "POST /contact → postContact", "app.js", 272, "app.post('/contact', postContact);"),
    ("route.get", "GET /account/verify → getVerifyEmail", "app.js", 273, "app.get('/account/verify', getVerifyEmail);"),
    (
        "route.post",
        "POST /account/webauthn/verify → verifyKey",
        "app.js",
        288,
        "app.post('/account/webauthn/verify', verifyKey);",
    ),
    (
        "route.post",
        "POST /account/delete → postDeleteAccount",
        "app.js",
        283,
        "app.post('/account/delete', postDeleteAccount);",
    ),
    ("route.get", "GET /healthz → inline", "app.js", 290, "app.get('/healthz', (req, res) => res.send('ok'));"),
    ("route.get", "GET /users → listUsers", "app.js", 291, "app.get('/users', listUsers);"),
    ("model.user", "User (email, password)", "models/User.js", 5, "const userSchema = new Schema({"),
    ("file", "config/roles.js (17 lines)", "config/roles.js", 1, "const allRoles = {"),
    ("auth.jwt", "jsonwebtoken.sign", "services/token.js", 25, "return jwt.sign(payload, secret);"),
    ("dependency.express", "^5.2.1", "package.json", 40, "\"express\": \"^5.2.1\","),
    ("script.test", "jest", "package.json", 16, "\"test\": \"jest\","),
    ("test.file", "3 tests: pages", "test/pages.test.js", 4, "describe('pages', () => {"),
];

#[test]
fn what_is_there_already_is_the_one_question() {
    for (goal, id, place) in [
        ("Add login with GitHub", "existing-github", "app.js:372"),
        ("Add two-factor authentication with TOTP to sign-in", "existing-two-factor", "controllers/user.js:965"),
        ("Add a logout endpoint", "existing-route", "app.js:261"),
        ("Add sign-up", "existing-route", "app.js:267"),
        ("Add a health check endpoint", "existing-route", "app.js:290"),
        ("Add email verification", "existing-route", "app.js:273"),
        ("Add a way to delete one's account", "existing-route", "app.js:283"),
        ("Store passwords hashed", "existing-password-hash", "models/User.js:129"),
        ("Add role-based access for users", "existing-roles", "config/roles.js:1"),
    ] {
        assert_eq!(asked(goal, PAGES), [id], "{goal}");
        let questions = shown(goal, PAGES);
        assert!(questions.contains(place), "{goal}: {questions}");
    }
}

#[test]
fn what_differs_from_what_is_there_is_something_new() {
    for (goal, id) in [
        ("Add login with LinkedIn", "existing-linkedin"),
        ("Store passwords hashed with argon2", "existing-password-hash"),
        ("Show the newest GitHub commits on the start page", "existing-github"),
        ("Add sign-up by invitation with a code", "existing-route"),
    ] {
        assert!(!asked(goal, PAGES).contains(&id.to_owned()), "{goal}: {}", shown(goal, PAGES));
    }
}

#[test]
fn a_list_of_what_is_not_there_is_asked_for_and_nothing_is_said_of_others() {
    let goal = "Add pagination to the article list";
    let questions = shown(goal, PAGES);
    assert!(questions.contains("named-subject: Nothing in the project is called `article`"), "{questions}");
    assert!(questions.contains("`GET /users` is meant"), "{questions}");
    let mut view = view(goal, PAGES);
    let reply = ask(&view, "requirement_disambiguator", &[]).expect("rules can do this");
    learn(&mut view, &reply);
    answer(&mut view, "named-subject", "`GET /users` is meant at `app.js:291`");
    let solution = ask(&view, "solution_synthesizer", &[]).expect("rules can do this").artifacts[0].body.clone();
    assert!(solution.contains("`GET /users` at `app.js:291` is what was answered"), "{solution}");
    assert!(!solution.contains("`GET /contact` at"), "{solution}");
    assert!(!asked("Add pagination to the user list", PAGES).contains(&"named-subject".to_owned()));
}

#[test]
fn a_package_that_is_to_go_and_is_not_there_is_said_with_what_was_found_instead() {
    let tokens: Vec<Row> = PAGES.iter().filter(|row| !row.0.contains("session")).copied().collect();
    let tokens: Vec<Row> = tokens.into_iter().filter(|row| row.0 != "stack").collect();
    let questions = shown("Replace express-session with Redis sessions", &tokens);
    assert!(questions.contains("named-package: There is no `express-session` here"), "{questions}");
    assert!(questions.contains("services/token.js:25"), "{questions}");
    assert!(!asked("Replace express-session with Redis sessions", PAGES).contains(&"named-package".to_owned()));
}

#[test]
fn what_was_found_late_is_asked_too() {
    // The first round saw what answers; a later one does not.
    let mut view = view("Add a login with a password for customers", PAGES);
    view.facts.retain(|fact| !fact.key.starts_with("auth"));
    let reply = ask(&view, "uncertainty_analysis", &[]).expect("rules can do this");
    assert!(!reply.questions.is_empty() && reply.confidence["overall"] < 0.80, "{reply:?}");
    learn(&mut view, &reply);
    assert!(ask(&view, "uncertainty_analysis", &[]).expect("rules can do this").questions.is_empty(), "asked twice");
}

#[test]
fn what_is_concluded_leaves_room_for_what_it_was_concluded_from() {
    let mut view = view("Add login with GitHub", PAGES);
    let fact = view.facts[0].clone();
    for number in view.facts.len()..400 {
        view.facts.push(certus_engine::Fact {
            id: format!("F{}", number + 1),
            value: format!("{number}"),
            ..fact.clone()
        });
    }
    let reply = ask(&view, "component_mapper", &[]).expect("rules can do this");
    assert!(reply.discovered.is_empty(), "{:?}", reply.discovered);
}

#[test]
fn a_limit_names_the_route_that_it_is_for() {
    let goal = "Add rate limiting to the contact form";
    let mut view = view(goal, PAGES);
    let reply = ask(&view, "requirement_disambiguator", &[]).expect("rules can do this");
    learn(&mut view, &reply);
    super::fixture::answer_all(&mut view);
    let solution = ask(&view, "solution_synthesizer", &[]).expect("rules can do this").artifacts[0].body.clone();
    assert!(solution.contains("`POST /contact` at `app.js:272` is called by words of the goal"), "{solution}");
    let solution = {
        let mut view = super::fixture::view("Add rate limiting to the login endpoint", PAGES);
        let reply = ask(&view, "requirement_disambiguator", &[]).expect("rules can do this");
        learn(&mut view, &reply);
        super::fixture::answer_all(&mut view);
        ask(&view, "solution_synthesizer", &[]).expect("rules can do this").artifacts[0].body.clone()
    };
    assert!(!solution.contains("Who may create an account"), "{solution}");
}
