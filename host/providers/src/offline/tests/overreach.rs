//! Nothing is asked or planned that only shares a word with the goal: goals as people write them, over one project.

use super::fixture::{Row, answer, answer_all, ask, asked, learn, shown, view};
use crate::offline::citations::uncited_sentences;

/// Orders, jobs, clubs and their users; tests only of the pages, which are another package.
const PROJECT: &[Row] = &[
    ("stack", "node with express 4.17.1, jsonwebtoken 8.5.1, mongoose 5.13.2", "", 0, ""),
    ("entry-point", "server.js listens", "server.js", 60, "app.listen(port);"),
    ("auth.guard", "requireUser", "middleware/require-user.js", 4, "const requireUser = (req, res, next) => {"),
    ("auth.middleware", "requireUser on 6 routes", "server.js", 40, "app.use('/jobs', requireUser, jobs);"),
    (
        "auth.jwt",
        "express-jwt",
        "helpers/jwt.js",
        9,
        "return jwt({ secret, algorithms: ['HS256'], isRevoked }).unless({",
    ),
    ("error-handler", "onError", "middleware/errors.js", 2, "const onError = (err, req, res, next) => {"),
    ("database", "mongoose.connect to url", "db.js", 4, "mongoose.connect(url);"),
    ("model.order", "Order (user, total, status, isPaid)", "models/Order.js", 5, "const orderSchema = new Schema({"),
    (
        "model.product",
        "Product (title, inventory, averageRating)",
        "models/Product.js",
        3,
        "const schema = new Schema({",
    ),
    ("model.user", "User (username, email, hash)", "models/User.js", 4, "const userSchema = new Schema({"),
    ("model.job", "Job (company, position, status)", "models/Job.js", 3, "const jobSchema = new Schema({"),
    ("model.club", "Club (name, slug)", "models/Club.js", 3, "const clubSchema = new Schema({"),
    ("route.get", "GET / → inline", "server.js", 30, "app.get('/', (req, res) => res.send('ok'));"),
    (
        "route.get",
        "GET /health-check → inline",
        "server.js",
        31,
        "app.get('/health-check', (req, res) => res.send('ok'));",
    ),
    ("route.post", "POST /auth/register → register", "routes/auth.js", 4, "router.post('/register', register);"),
    ("route.post", "POST /auth/login → login", "routes/auth.js", 5, "router.post('/login', login);"),
    (
        "route.post",
        "POST /auth/forgot-password → forgot",
        "routes/auth.js",
        6,
        "router.post('/forgot-password', forgot);",
    ),
    ("route.post", "POST /auth/reset-password → reset", "routes/auth.js", 7, "router.post('/reset-password', reset);"),
    ("route.post", "POST /auth/verify-email → verify", "routes/auth.js", 8, "router.post('/verify-email', verify);"),
    ("route.get", "GET /jobs → getAllJobs", "routes/jobs.js", 12, "router.get('/', getAllJobs);"),
    ("route.post", "POST /jobs → createJob", "routes/jobs.js", 13, "router.post('/', createJob);"),
    ("route.get", "GET /jobs/:id → getJob", "routes/jobs.js", 14, "router.get('/:id', getJob);"),
    ("route.patch", "PATCH /jobs/:id → updateJob", "routes/jobs.js", 15, "router.patch('/:id', updateJob);"),
    ("route.delete", "DELETE /jobs/:id → deleteJob", "routes/jobs.js", 16, "router.delete('/:id', deleteJob);"),
    ("route.patch", "PATCH /users/update → updateUser", "routes/users.js", 8, "router.patch('/update', updateUser);"),
    ("route.delete", "DELETE /users/:id → deleteUser", "routes/users.js", 9, "router.delete('/:id', deleteUser);"),
    ("route.post", "POST /orders → createOrder", "routes/orders.js", 6, "router.post('/', createOrder);"),
    ("route.get", "GET /orders → getOrders", "routes/orders.js", 7, "router.get('/', getOrders);"),
    (
        "file",
        "controllers/orderController.js (110 lines)",
        "controllers/orderController.js",
        1,
        "const Order = require('.');",
    ),
    ("file", "controllers/auth.js (90 lines)", "controllers/auth.js", 1, "const User = require('../models/User');"),
    ("file", "services/user.service.js (74 lines)", "services/user.service.js", 1, "const config = require('config');"),
    (
        "file",
        "middleware/full-auth.js (45 lines)",
        "middleware/full-auth.js",
        1,
        "const jwt = require('jsonwebtoken');",
    ),
    ("dependency.express", "^4.17.1", "package.json", 18, "\"express\": \"^4.17.1\","),
    ("dependency.bluebird", "3.5.1", "package.json", 19, "\"bluebird\": \"3.5.1\","),
    ("script.test", "npm --prefix frontend test", "package.json", 8, "\"test\": \"npm --prefix frontend test\","),
];

/// The solution after the recommended answers, but for some of a person's own.
fn solved(goal: &str, own: &[(&str, &str)]) -> String {
    let mut view = view(goal, PROJECT);
    let reply = ask(&view, "requirement_disambiguator", &[]).expect("rules can do this");
    learn(&mut view, &reply);
    for (id, text) in own {
        assert!(view.questions.iter().any(|status| status.question.id == *id), "{goal}: {id} is not asked");
        answer(&mut view, id, text);
    }
    answer_all(&mut view);
    let body = ask(&view, "solution_synthesizer", &[]).expect("rules can do this").artifacts[0].body.clone();
    assert_eq!(uncited_sentences(&body, &view), Vec::<String>::new(), "{goal}");
    body
}

/// One section of a solution; empty where it is left out.
fn section<'b>(body: &'b str, heading: &str) -> &'b str {
    let after = body.split_once(&format!("## {heading}\n")).map_or("", |(_, after)| after);
    after.split("\n## ").next().unwrap_or_default()
}

#[test]
fn only_what_is_named_is_planned() {
    for (goal, named) in [
        // A file by its name, by its folder and its part.
        ("extract the order total calculation from orderController into its own service", &["orderController.js"][..]),
        ("remove duplicate code in the auth controller", &["controllers/auth.js"]),
        ("the auth controller mixes validation with db access, clean it up", &["controllers/auth.js"]),
        ("use async/await in the controllers instead of then/catch", &["orderController.js", "controllers/auth.js"]),
        ("get rid of the repeated ownership checks in the controllers", &["orderController.js", "controllers/auth.js"]),
        ("split user.service into smaller files", &["user.service.js"]),
        ("rename full-auth middleware", &["full-auth.js"]),
        ("Refactor the user service", &["user.service.js"]),
        ("move validation of the register route into a middleware", &["`POST /auth/register`"]),
        ("Refactor the users routes", &["routes/users.js"]),
        ("Tidy up controllers/auth.js", &["controllers/auth.js"]),
        // A route by method and path, by its function, by its own name.
        ("DELETE /users/:id should only be allowed for the user himself", &["`DELETE /users/:id`"]),
        ("update user email does not check whether it's taken already", &["`PATCH /users/update`", "`User`"]),
        ("logging in with a wrong password crashes the server", &["`POST /auth/login`"]),
        ("registering twice answers 500", &["`POST /auth/register`"]),
        ("after asking for a password reset a user can't log in with the old password", &["`POST /auth/login`"]),
        ("jobs list is sorted by oldest first, should be newest first", &["`GET /jobs`"]),
        ("add filtering and pagination to the jobs list", &["`GET /jobs`"]),
        ("the list of jobs shows deleted ones", &["`GET /jobs`", "`Job`"]),
        ("orders without a job crash the list", &["`Order`", "`Job`"]),
        ("the deleted users still show up", &["`User`"]),
        // A model by its name, by a field that only it has.
        ("any user can edit or delete somebody else's job by id", &["`Job`", "`PATCH /jobs/:id`"]),
        ("club slug is not unique, two clubs with similar names clash", &["`Club`"]),
        ("averageRating is not reset to 0 after the last review of a product was removed", &["`Product`"]),
        ("reduce product inventory when an order is paid", &["`Product`"]),
        ("allow customers to cancel an order as long as it is not paid", &["`Order`"]),
        // A package.
        ("replace bluebird with native promises", &["`bluebird 3.5.1`"]),
        ("Upgrade express to 5", &["`express ^4.17.1`"]),
        // Nothing: topics, occasions, words of mails.
        ("send an order confirmation email when an order is paid", &[]),
        ("verification mail link points to localhost", &[]),
        ("add refresh tokens", &[]),
        ("Use TypeScript in the backend", &["server.js"]),
        ("Notify people once a product is sold out", &[]),
    ] {
        let body = solved(goal, &[]);
        let changes = section(&body, "What changes, and where");
        let sentences = changes.lines().filter(|line| line.starts_with("- `") || line.contains(" `")).count();
        let sentences = sentences - changes.lines().filter(|line| line.contains("gets a place of its own")).count();
        assert!(named.iter().all(|name| changes.contains(name)), "{goal}\n{body}");
        assert_eq!(sentences.min(named.len()), sentences.min(6), "more than {named:?} for {goal}\n{body}");
        let honest = section(&body, "What needs a model");
        let unplanned = ["is written out in the goal", "By its words the goal or an answer may"];
        assert_eq!(unplanned.iter().any(|said| honest.contains(said)), named.is_empty(), "{goal}\n{body}");
        assert!(
            !section(&body, "What stays as it is").contains("GET /health-check`, `POST /auth/login`"),
            "{goal}\n{body}"
        );
    }
}

#[test]
fn only_what_the_goal_names_goes() {
    for (goal, goes) in [
        ("Remove DELETE /users/:id", vec!["`DELETE /users/:id`"]),
        ("remove the email verification", vec![]),
        ("Delete services/user.service.js", vec!["user.service.js"]),
        ("Remove the welcome banner after login", vec![]),
        ("remove duplicate code in the auth controller", vec![]),
        ("Drop the unused helper functions", vec![]),
    ] {
        let body = solved(goal, &[]);
        let gone: Vec<&str> = body.lines().filter(|line| line.contains(" goes; ")).collect();
        assert_eq!(gone.len(), goes.len(), "{goal}\n{body}");
        assert!(goes.iter().zip(&gone).all(|(name, line)| line.contains(name)), "{goal}\n{body}");
    }
}

#[test]
fn no_question_of_a_topic_that_is_only_an_occasion() {
    for (goal, absent) in [
        ("reduce product inventory when an order is paid", &["payment", "order-"][..]),
        ("send an order confirmation email when an order is paid", &["payment", "order-"]),
        ("Lock a job once it was paid", &["payment"]),
        ("Let admins refund an order", &["payment"]),
        ("update user email does not check whether it's taken already", &["mail", "actor", "failure"]),
        ("verification mail link points to localhost", &["mail", "bug-when"]),
        ("Show the user email in the profile", &["mail"]),
        ("any user can edit or delete somebody else's job by id", &["delete-", "actor", "bug-symptom", "bug-when"]),
        (
            "jobs list is sorted by oldest first, should be newest first",
            &["actor", "example", "bug-symptom", "bug-when"],
        ),
        ("the refresh token never expires, fix it", &["bug-when", "token-"]),
        ("the slug of a club is not unique", &["bug-when", "what-is-stored"]),
        ("remove duplicate code in the auth controller", &["removal", "login", "actor", "refactoring-aim"]),
        ("the auth controller mixes validation with db access, clean it up", &["validate", "meaning", "login"]),
        ("use async/await in the controllers instead of then/catch", &["where-in", "refactoring-aim", "actor"]),
        ("Use TypeScript in the backend", &["refactoring-aim", "actor", "example"]),
        ("allow customers to cancel an order as long as it is not paid", &["order-cancel", "payment"]),
        ("users should be able to change their password", &["what-is-stored", "actor"]),
        ("replace bluebird with native promises", &["switch-over", "refactoring-aim"]),
        ("Replace morgan with pino", &["switch-over"]),
        ("Delete services/user.service.js", &["removal-data"]),
        ("GET /jobs returns the jobs of others", &["bug-when", "bug-symptom"]),
    ] {
        let ids = asked(goal, PROJECT);
        let wrong: Vec<&String> = ids.iter().filter(|id| absent.iter().any(|start| id.starts_with(start))).collect();
        assert!(wrong.is_empty(), "{goal}: {wrong:?} of {ids:?}");
    }
    for (goal, present) in [
        ("Add payment by card", "payment-provider"),
        ("Let admins refund an order", "refund-rules"),
        ("rename full-auth middleware", "new-name"),
        ("Move background jobs from Agenda to BullMQ", "switch-over"),
        // A script without a test that it would run is none.
        ("remove duplicate code in the auth controller", "no-tests"),
    ] {
        let ids = asked(goal, PROJECT);
        assert!(ids.iter().any(|id| id == present), "{goal}: {ids:?}");
    }
}

#[test]
fn choices_do_not_deny_the_goal_or_the_project() {
    let questions = shown("add refresh tokens", PROJECT);
    assert!(!questions.contains("No renewal"), "{questions}");
    // What is quoted is what stands there.
    assert!(questions.contains("algorithms: ['HS256'], isRevoked"), "{questions}");
    let questions = shown("Add a wishlist", PROJECT);
    assert!(questions.contains("- Everybody\n") && !questions.contains("like the routes"), "{questions}");
}

#[test]
fn an_answer_comes_before_what_words_seem_to_name() {
    let symptom = "POST /auth/forgot-password, then POST /auth/login with the old password answers 401, should be 200";
    let body = solved("logging in after a forgotten password does not work", &[("bug-symptom", symptom)]);
    let changes = section(&body, "What changes, and where");
    for route in ["`POST /auth/forgot-password`", "`POST /auth/login`"] {
        assert!(changes.contains(route), "{body}");
    }
    assert!(!changes.contains("reset-password") && changes.contains(symptom), "{body}");
    let boundary = "controllers/orderController.js and services/orderTotals.js";
    let body = solved("Refactor the order routes", &[("refactoring-boundary", boundary)]);
    let changes = section(&body, "What changes, and where");
    assert!(changes.contains("orderController.js") && !changes.contains("routes/orders.js"), "{body}");
}

#[test]
fn tests_are_those_of_the_package_that_changes() {
    let body = solved("registering twice answers 500", &[]);
    assert!(!body.contains("is how this project runs its tests"), "{body}");
    // What becomes a test is what somebody said is to be seen, and no choice of how.
    assert!(!body.contains("becomes a test"), "{body}");
    let told = "POST /clubs with a name that is taken answers 409";
    let body = solved("let members mark clubs as favorites", &[("example-of-use", told)]);
    assert!(body.contains("What was decided on example of use becomes a test"), "{body}");
}
