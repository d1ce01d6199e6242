//! What is said is so: nothing is called answered that is not, nothing goes on that the goal replaces, and what a goal names
//! has to be there.

use super::fixture::{SHOP, answer_all, ask, asked, learn, shown, view};

type Row = (&'static str, &'static str, &'static str, u32, &'static str);

/// An API whose sign-in is limited, whose registration is validated, whose lists are read in pages.
const API: &[Row] = &[
    ("stack", "node with express 4.17.1, jsonwebtoken 8.5.1", "", 0, ""),
    ("entry-point", "src/index.js listens", "src/index.js", 9, "server = app.listen(config.port, () => {"),
    ("auth.jwt", "jsonwebtoken.sign", "src/services/token.service.js", 25, "return jwt.sign(payload, secret);"),
    (
        "auth.password-hash",
        "bcryptjs.compare",
        "src/user.model.js",
        75,
        "return bcrypt.compare(password, user.password);",
    ),
    ("auth.password-hash", "bcryptjs.hash", "src/user.model.js", 81, "user.password = await bcrypt.hash(p, 8);"),
    ("auth.middleware", "auth on 6 routes", "src/routes/user.route.js", 12, ".get(auth('getUsers'), getUsers);"),
    (
        "middleware.rate-limit",
        "express-rate-limit, window 900000, at most 20",
        "src/limiter.js",
        3,
        "const l = rateLimit({",
    ),
    (
        "middleware.rate-limit",
        "authLimiter on 2 routes below /v1/auth",
        "src/app.js",
        50,
        "app.use('/v1/auth', authLimiter);",
    ),
    ("middleware.csrf", "csurf", "src/app.js", 40, "app.use(csrf());"),
    ("upload", "multer.memoryStorage", "src/ai.js", 7, "const memoryStorage = multer.memoryStorage();"),
    ("validation", "joi", "src/config/config.js", 27, "const schema = Joi.object().keys({"),
    ("validation", "joi", "src/validations/auth.validation.js", 5, "body: Joi.object().keys({"),
    ("docs.openapi", "swagger-jsdoc", "src/routes/docs.route.js", 8, "const specs = swaggerJsdoc({"),
    ("session.store", "MongoStore.create", "src/app.js", 42, "store: MongoStore.create({ mongoUrl }),"),
    (
        "session.cookie",
        "{ maxAge: 100, secure: isHttps }",
        "src/app.js",
        43,
        "cookie: { maxAge: 100, secure: isHttps },",
    ),
    ("language.typescript", "typescript ^5.2.0", "package.json", 40, "\"typescript\": \"^5.2.0\","),
    ("pagination", "skip offset, take limit", "src/article.service.js", 82, "skip: Number(query.offset) || 0,"),
    ("database", "mongoose.connect", "src/index.js", 7, "mongoose.connect(config.url).then(() => {"),
    ("model.user", "User (name, email, password)", "src/user.model.js", 7, "const userSchema = S("),
    ("model.article", "Article (slug, title)", "src/article.model.js", 7, "const articleSchema = S("),
    (
        "route.post",
        "POST /v1/auth/register → register",
        "src/routes/auth.route.js",
        9,
        "router.post('/register', validate(authValidation.register), register);",
    ),
    ("route.post", "POST /v1/auth/login → login", "src/routes/auth.route.js", 10, "router.post('/login', login);"),
    ("route.get", "GET /v1/articles → list", "src/routes/article.js", 5, "router.get('/', list);"),
    ("route.get", "GET /v1/articles/:slug → show", "src/routes/article.js", 6, "router.get('/:slug', show);"),
    (
        "route.delete",
        "DELETE /v1/articles/:slug → remove",
        "src/routes/article.js",
        9,
        "router.delete('/:slug', remove);",
    ),
    ("route.post", "POST /v1/orders → create", "src/routes/order.js", 9, "router.post('/', create);"),
    ("script.test", "jest -i", "package.json", 16, "\"test\": \"jest -i\","),
    ("test.file", "42 tests: User routes", "tests/user.test.js", 12, "describe('User routes', () => {"),
];

fn solution(goal: &str, rows: &[Row]) -> String {
    let mut view = view(goal, rows);
    let reply = ask(&view, "requirement_disambiguator", &[]).expect("rules can do this");
    learn(&mut view, &reply);
    answer_all(&mut view);
    ask(&view, "solution_synthesizer", &[]).expect("rules can do this").artifacts[0].body.clone()
}

fn is_asked(goal: &str, id: &str) {
    let ids = asked(goal, API);
    assert!(ids.iter().any(|known| known == id), "{goal}: {id} is not among {ids:?}");
}

fn not_asked(goal: &str, rows: &[Row], ids: &[&str]) {
    let asked = asked(goal, rows);
    assert!(!asked.iter().any(|known| ids.contains(&known.as_str())), "{goal}: {asked:?}");
}

#[test]
fn what_is_replaced_does_not_go_on_and_what_is_stored_is_asked_about() {
    let goal = "Change password hashing from bcrypt to argon2";
    is_asked(goal, "stored-passwords");
    not_asked(goal, API, &["reset-sessions"]);
    // Another package, whose name only begins so, is not what is replaced.
    assert!(!solution(goal, API).contains("is part of what the goal replaces"));
    let body = solution("Change password hashing from bcryptjs to argon2", API);
    assert!(!body.contains("go on passing") && !body.contains("New routes stand beside"), "{body}");
    for place in ["src/user.model.js:75", "src/user.model.js:81"] {
        assert!(body.contains(&format!("`{place}` is part of what the goal replaces")), "{body}");
    }
}

#[test]
fn what_keeps_nothing_says_nothing_of_where_files_are_kept() {
    for goal in ["Let users upload a profile picture", "Add an upload of article pictures"] {
        for id in ["upload-limits", "upload-place"] {
            is_asked(goal, id);
        }
        let body = solution(goal, API);
        assert!(!body.contains("answered by the code: `multer.memoryStorage`"), "{body}");
    }
}

#[test]
fn numbers_are_never_made_up() {
    let goal = "Add rate limiting to the login route";
    let questions = shown(goal, API);
    assert!(questions.starts_with("existing-rate-limit: The project already has a rate limit for what the goal names: `app.use('/v1/auth', authLimiter)` (src/app.js:50)"), "{questions}");
    assert!(!solution(goal, API).contains("lower limit"), "a limit of its own");
    assert!(!solution("Add rate limiting to login", SHOP).contains("lower limit"), "a limit of its own");
}

#[test]
fn what_is_there_is_noticed_however_the_goal_says_where() {
    for (goal, id) in [
        ("Add JWT authentication", "existing-jwt"),
        ("Add JWT authentication to the API", "existing-jwt"),
        ("Protect forms against CSRF", "existing-csrf"),
        ("Generate OpenAPI documentation", "existing-openapi"),
        ("Store sessions in MongoDB", "existing-session-store"),
        ("Migrate the project to TypeScript", "existing-typescript"),
        ("Add pagination to the article list", "existing-pagination"),
        ("Add pagination to GET /v1/articles", "existing-pagination"),
        ("Add validation to the registration route", "existing-validation"),
    ] {
        is_asked(goal, id);
    }
    for goal in
        ["Store sessions in Redis", "Replace csurf by another CSRF protection", "Add validation to the order route"]
    {
        not_asked(goal, API, &["existing-session-store", "existing-csrf", "existing-validation"]);
    }
    not_asked("Add pagination to the article list", API, &["page-style", "page-size", "page-compatibility"]);
}

#[test]
fn the_validation_of_the_route_is_quoted_and_not_that_of_the_settings() {
    let questions = shown("Add validation to the registration route", API);
    assert!(
        questions.contains("`router.post('/register', validate(authValidation.register), register)`"),
        "{questions}"
    );
    let questions = shown("Add validation", API);
    assert!(questions.contains("src/validations/auth.validation.js"), "{questions}");
}

#[test]
fn a_route_or_a_file_that_is_not_there_stops_everything() {
    for (goal, id, near) in [
        (
            "Fix POST /v1/ordrs/orders returning 500, should return 400",
            "named-route",
            Some("`POST /v1/orders` is meant"),
        ),
        ("Fix DELETE /v1/articles returning 500", "named-route", Some("`DELETE /v1/articles/:slug` is meant")),
        ("Add pagination to GET /v1/comments", "named-route", None),
        ("Refactor routes/article.controller.js into services", "named-file", Some("`src/routes/article.js` is meant")),
        ("Fix the crash in lib/payments.js", "named-file", None),
    ] {
        let reply = ask(&view(goal, API), "requirement_disambiguator", &[]).expect("rules can do this");
        let question = reply.questions.iter().find(|question| question.id == id);
        let question = question.unwrap_or_else(|| panic!("{goal}: {:?}", reply.questions));
        assert!(question.recommended.is_none(), "{goal}");
        if let Some(near) = near {
            assert!(question.options.iter().any(|option| option.starts_with(near)), "{goal}: {:?}", question.options);
        }
        assert!(
            reply.uncertainties.iter().any(|open| open.blocking && open.claim.contains("named-but-absent")),
            "{goal}"
        );
    }
    for goal in [
        "Fix POST /v1/orders returning 500",
        "Fix DELETE /articles/:slug returning 500",
        "Add GET /v1/comments",
        "Refactor routes/article.js into services",
        "Move the login out of auth.route.js into login.js",
    ] {
        not_asked(goal, API, &["named-route", "named-file"]);
    }
}

#[test]
fn the_closest_code_is_that_of_the_method() {
    let questions = shown("Fix DELETE /articles/:slug", API);
    assert!(questions.contains("closest code that was found is `DELETE /v1/articles/:slug`"), "{questions}");
}

#[test]
fn what_a_bug_says_is_not_asked() {
    for (goal, ids) in [
        (
            "Login fails with wrong password: answers 500, should answer 401, since commit abc, every time",
            &["bug-symptom", "bug-when", "bug-since", "bug-stored-data"][..],
        ),
        ("Login with an unknown username crashes with 500", &["bug-symptom", "bug-when"]),
        ("Fix: after reset-password, old refresh tokens still work", &["bug-symptom", "bug-when"]),
        ("Fix: GET /v1/articles/:slug returns 500 for unknown users, expected 404", &["bug-symptom", "bug-when"]),
        ("Refactor the order routes to async/await", &["refactoring-aim"]),
        ("Move article validation out of article.service.js into a separate module", &["validate-what", "switch-over"]),
        ("Soft-delete articles: they stay in the database for 30 days", &["removal-users", "removal-data"]),
    ] {
        not_asked(goal, API, ids);
    }
    assert!(asked("Refactor the order routes to be cleaner", API).contains(&"refactoring-aim".to_owned()));
    assert!(asked("Fix the login", API).contains(&"bug-symptom".to_owned()));
}
