//! The documents that a person approves.

use certus_engine::{Document, View};

use super::fixture::{SHOP, SMALL, answer_all, ask, learn, view};
use crate::ProviderError;
use crate::offline::citations::{sentences, uncited_sentences};

/// A chain up to the point where a solution is wanted.
fn ready(goal: &str, rows: &[(&'static str, &'static str, &'static str, u32, &'static str)]) -> View {
    let mut view = view(goal, rows);
    for prompt in ["requirement_disambiguator", "requirement_validator"] {
        let reply = ask(&view, prompt, &[]).expect("rules can do this");
        learn(&mut view, &reply);
    }
    answer_all(&mut view);
    for prompt in [
        "requirement_extractor",
        "requirement_validator",
        "component_mapper",
        "trace_existing_flow",
        "dependency_analyzer",
        "api_surface_mapper",
        "database_schema_analyzer",
        "assumption_validator",
        "uncertainty_analysis",
    ] {
        let reply = ask(&view, prompt, &[]).expect("rules can do this");
        learn(&mut view, &reply);
    }
    view
}

fn solution(view: &View, focus: &[(&str, &str)]) -> Document {
    let reply = ask(view, "solution_synthesizer", focus).expect("rules can do this");
    let [document] = reply.artifacts.as_slice() else { panic!("one document") };
    assert_eq!(document.kind, "solution");
    assert_eq!(uncited_sentences(&document.body, view), Vec::<String>::new());
    document.clone()
}

#[test]
fn a_feature() {
    let document = solution(&ready("Add JWT authentication to this shop", SHOP), &[]);
    insta::assert_snapshot!(format!("# {}\n\n{}", document.title, document.body), @r#"
    # Add JWT authentication to this shop

    ## What will be different

    - The work is a feature about authentication ("Add JWT authentication to this shop"), and what was found about it stands in `app.js`, `routes/cart.js`, `routes/auth.js` and `middleware/auth.js` [F4] [F7] [F8] [F9].

    ## What stands today

    - The project is node with express 4.18.2, mongoose 7.6.3, express-session 1.17.3 [F22] [F23].
    - The program starts with `app.js (start)` at `package.json:7` [F2].
    - Sign-in is kept in sessions: `express-session, store MongoStore` at `app.js:22` [F4].
    - Sessions are stored by `MongoStore.create({ mongoUrl })` at `app.js:24` [F5].
    - The session cookie is set up as `{ maxAge: 1000 * 60 * 60 * 24 }` at `app.js:27` [F6].
    - A handler works with `req.session.cart` at `routes/cart.js:9` [F7].
    - Passwords go through `bcryptjs.compare` at `routes/auth.js:19` [F8].
    - The guard `requireLogin` is defined at `middleware/auth.js:3` [F9].
    - The setting `SESSION_SECRET` is read from the environment at `app.js:23` [F17].
    - `User` keeps email, passwordHash, name at `models/user.js:3` [F24].
    - Which routes need a signed-in user is answered by the code: `requireLogin on 6 routes` at `routes/orders.js:8` [F10].

    ## What was decided

    - Session migration: "Run both for 30 days: a request with a session or a token is accepted, new sign-ins get tokens" [A1].
    - Token storage: "Refresh tokens in the database, beside what is there: mongoose.connect to process.env.MONGO_URL (app.js:14)" [A2].
    - Token transport: "In the Authorization header, as API clients do" [A3].
    - Token lifetime: "15 minutes, renewed for up to 7 days; each renewal replaces the last" [A4].

    ## What changes, and where

    - `POST /api/login` at `routes/auth.js:12` issues the token once the password is checked, and keeps the rest of what it does [F27].
    - `POST /api/logout` at `routes/auth.js:30` has to end a sign-in by token too [F28].
    - The guard (`requireLogin on 6 routes` at `routes/orders.js:8`) learns to check a token where it looks at the sign-in itself, so that the routes behind it need no change [F10].
    - What the guard does is written in `requireLogin` at `middleware/auth.js:3` [F9].
    - The sessions (`express-session, store MongoStore` at `app.js:22`) are treated as decided on their migration [F4] [A1].
    - What has to be remembered of tokens is kept as decided on their storage, with `User` at `models/user.js:3` as their owner [F24] [A2].
    - The key that signs tokens is read from the environment, in the way `SESSION_SECRET` at `app.js:23` is [F17].
    - Passwords go on passing through `bcryptjs.compare` at `routes/auth.js:19`, which is not written a second time [F8].
    - A package that signs and checks tokens is added beside `express ^4.18.2` at `package.json:18`: none is there [F22].

    ## What stays as it is

    - The other 8 routes, such as `GET /api/products`, `GET /api/products/:id` and `GET /api/cart`, keep their paths and what they answer [F30] [F31] [F32].
    - `Product` and `Order` keep their fields [F25] [F26].
    - The middleware `helmet` and `express.json` keep their order [F12] [F13].

    ## How it is verified

    - `mocha --exit` runs the tests that are there at `package.json:8`, and has to pass before the change and after it [F21].
    - New tests come first, beside `4 tests: auth routes` at `test/auth.test.js:6` [F19].
    - Each of the decisions above becomes a test by which it can be seen that it holds [A1] [A2] [A3] [A4].

    ## What to watch

    - POST /api/login takes credentials, and no rate limit was found (`routes/auth.js:12`) [F48].
    - 6 routes change something while sessions are kept in a cookie, and no protection against CSRF was found (`routes/auth.js:12`) [F49].
    - 6 routes change something, and no validation library was found (`routes/auth.js:12`) [F50].

    ## What needs a model

    - Rules know that `app.js:22`, `routes/auth.js:19` and `middleware/auth.js:3` stand at the centre of this, not what happens there: reading the code and writing the change needs a model or a person [F4] [F8] [F9].
    - Writing the tests in the style of those that are there at `test/auth.test.js:6` needs a model or a person [F19].
    "#);
}

#[test]
fn a_bug() {
    let document = solution(&ready("Fix the checkout total being wrong sometimes", SHOP), &[]);
    insta::assert_snapshot!(format!("# {}\n\n{}", document.title, document.body), @r#"
    # Fix the checkout total being wrong sometimes

    ## What will be different

    - The work is a bug fix about orders ("Fix the checkout total being wrong sometimes"), and what was found about it stands in `models/order.js` and `routes/checkout.js` [F26] [F37].

    ## What stands today

    - The project is node with express 4.18.2, mongoose 7.6.3, express-session 1.17.3 [F22] [F23].
    - The program starts with `app.js (start)` at `package.json:7` [F2].
    - `Order` keeps user, items.product, items.quantity, total, status at `models/order.js:3` [F26].
    - `POST /api/checkout` is answered by `checkout` at `routes/checkout.js:11` [F37].

    ## What was decided

    - Bug symptom: "Not known exactly: reproduce it first, and show me the failing test" [A1].
    - Total definition: "Lines, then discounts, then shipping, then tax; in cents, rounded once at the end" [A2].
    - Bug when: "Not known: try several orders of steps and several kinds of data" [A3].
    - Bug stored data: "Find and count them first; correct them in a step of its own" [A4].
    - Bug since: "Not known" [A5].

    ## What changes, and where

    - The search for the cause begins where `POST /api/checkout` at `routes/checkout.js:11` is answered [F37].
    - `Order` at `models/order.js:3` is searched for values that are stored wrong already [F26].
    - What a visitor has put together passes through `req.session.cart` at `routes/cart.js:9`, which is looked at too [F7].
    - Whether `errorHandler` at `middleware/errors.js:5` hides the failure has to be seen [F14].
    - The failing test goes through `POST /api/checkout` at `routes/checkout.js:11` and states what was answered on the symptom [F37] [A1].

    ## What stays as it is

    - The other 5 routes, such as `POST /api/login`, `POST /api/logout` and `POST /api/register`, keep their paths and what they answer [F27] [F28] [F29].
    - `User` keeps its fields [F24].
    - The middleware `helmet` and `express.json` keep their order [F12] [F13].

    ## How it is verified

    - `mocha --exit` runs the tests that are there at `package.json:8`, and has to pass before the change and after it [F21].
    - The test that shows the bug comes first, beside `5 tests: orders` at `test/orders.test.js:5` [F20].
    - Each of the decisions above becomes a test by which it can be seen that it holds [A1] [A2] [A3] [A4].

    ## What to watch

    - 6 routes change something, and no validation library was found (`routes/auth.js:12`) [F49].

    ## What needs a model

    - Rules know that `models/order.js:3` and `routes/checkout.js:11` stand at the centre of this, not what happens there: reading the code and writing the change needs a model or a person [F26] [F37].
    - Finding the cause and writing the failing test at `test/orders.test.js:5` needs a model or a person [F20].
    "#);
}

#[test]
fn a_refactoring() {
    let document = solution(&ready("Refactor the order routes", SHOP), &[]);
    insta::assert_snapshot!(format!("# {}\n\n{}", document.title, document.body), @r#"
    # Refactor the order routes

    ## What will be different

    - The work is a refactoring about orders ("Refactor the order routes"), and what was found about it stands in `routes/orders.js` [F34].

    ## What stands today

    - The project is node with express 4.18.2, mongoose 7.6.3, express-session 1.17.3 [F22] [F23].
    - The program starts with `app.js (start)` at `package.json:7` [F2].
    - `Order` keeps user, items.product, items.quantity, total, status at `models/order.js:3` [F26].
    - `GET /api/orders` is answered by `listOrders` at `routes/orders.js:8` [F34].
    - `POST /api/orders` is answered by `createOrder` at `routes/orders.js:15` [F35].
    - `GET /api/orders/:id` is answered by `showOrder` at `routes/orders.js:40` [F36].
    - Order refers to User by its field user at `models/order.js:3` [F53].

    ## What was decided

    - Refactoring aim: "Handlers moved out of the routes, so that they can be tested without a server" [A1].
    - Refactoring boundary: "Only routes/orders.js" [A2].
    - Behaviour kept: "Yes, exactly: what the tests do not cover yet is covered first" [A3].

    ## What changes, and where

    - `routes/orders.js` holds 3 routes of this kind, such as `GET /api/orders`, `POST /api/orders` and `GET /api/orders/:id`, and is cut up one route at a time, so that: "Handlers moved out of the routes, so that they can be tested without a server" [F34] [F35] [F36] [A1].
    - `listOrders`, `createOrder` and `showOrder` move first; the routes keep method and path, and call what moved [F34] [F35] [F36].
    - The guard (`requireLogin on 6 routes` at `routes/orders.js:8`) stays in front of the same routes [F10].
    - `Order` at `models/order.js:3` keeps its fields; only the way it is reached may change [F26].
    - Errors go on reaching `errorHandler` at `middleware/errors.js:5` [F14].

    ## What stays as it is

    - The other 5 routes, such as `POST /api/login`, `POST /api/logout` and `POST /api/register`, keep their paths and what they answer [F27] [F28] [F29].
    - `User` keeps its fields [F24].
    - The middleware `helmet` and `express.json` keep their order [F12] [F13].

    ## How it is verified

    - `mocha --exit` runs the tests that are there at `package.json:8`, and has to pass before the change and after it [F21].
    - Tests of what is not covered yet come first, beside `5 tests: orders` at `test/orders.test.js:5` [F20].
    - Each of the decisions above becomes a test by which it can be seen that it holds [A1] [A2] [A3].

    ## What to watch

    - 6 routes change something, and no validation library was found (`routes/auth.js:12`) [F49].

    ## What needs a model

    - Rules know that `routes/orders.js:8` and `models/order.js:3` stand at the centre of this, not what happens there: reading the code and writing the change needs a model or a person [F34] [F26].
    - Writing the tests in the style of those that are there at `test/orders.test.js:5` needs a model or a person [F20].
    - Whether any of the 11 routes depends on a detail that changes can only be read in its code [F27].
    "#);
}

#[test]
fn a_small_project() {
    let document = solution(&ready("Add tags to notes", SMALL), &[]);
    insta::assert_snapshot!(format!("# {}\n\n{}", document.title, document.body), @r#"
    # Add tags to notes

    ## What will be different

    - The work is a feature ("Add tags to notes"), and what was found about it stands in `index.js` [F3].

    ## What stands today

    - The project is node with express 4.19.2 [F5].
    - The program starts with `index.js listens` at `index.js:20` [F2].
    - `GET /notes` is answered in place at `index.js:6` [F3].
    - `POST /notes` is answered in place at `index.js:11` [F4].

    ## What was decided

    - Example of use: "In the style of what is there already: a route that answers like its neighbours" [A1].
    - No tests: "With node:test, which needs no dependency: tests of what changes come first" [A2].
    - Actor: "Everybody, like the routes that are there" [A3].

    ## What changes, and where

    - New routes stand beside `GET /notes` at `index.js:6`, in its file, behind the same guards, with the same form of errors [F3].

    ## How it is verified

    - No tests were found, so it is verified as decided: "With node:test, which needs no dependency: tests of what changes come first" [A2].
    - Each of the decisions above becomes a test by which it can be seen that it holds [A1] [A2] [A3].

    ## What to watch

    - 1 route changes something, and no validation library was found (`index.js:11`) [F10].
    - No error handler was found: what a handler throws is answered by the framework (`index.js:20`) [F11].
    - 1 route changes something, and no guard was found (`index.js:11`) [F13].

    ## What needs a model

    - Rules know that `index.js:6` stands at the centre of this, not what happens there: reading the code and writing the change needs a model or a person [F3].
    "#);
}

#[test]
fn goals_of_every_kind_reach_approval_with_enough_to_read() {
    for goal in [
        "Add JWT authentication to this shop",
        "Add product search",
        "Add pagination to the product list",
        "Send an email when an order is placed",
        "Add Stripe payments",
        "Add rate limiting to login",
        "Add roles and permissions",
        "Cache the product list",
        "Export orders as CSV",
        "Add a wishlist",
        "Fix the checkout total being wrong sometimes",
        "Login is broken",
        "Refactor the order routes",
        "Remove the cart",
        "Upgrade Express",
        "Make the product list faster",
        "Document the API",
        "Add input validation",
        "Write more tests",
    ] {
        let view = ready(goal, SHOP);
        let document = solution(&view, &[]);
        let count = sentences(&document.body).len();
        assert!(count >= 8, "{goal}: {count}\n{}", document.body);
        let (requirements, overall) = (view.scores["requirements"], view.scores["overall"]);
        assert!(requirements >= 0.90 && overall >= 0.80, "{goal}: {:?}", view.scores);
    }
}

#[test]
fn without_relevant_code_or_answers_it_is_not_certain_enough() {
    let unknown = ready("Integrate the quantum flux compensator", SHOP);
    assert!(unknown.questions.iter().any(|status| status.question.id == "where-in-the-code"));
    let mut silent = view("Integrate the quantum flux compensator", SHOP);
    let reply = ask(&silent, "uncertainty_analysis", &[]).expect("rules can do this");
    learn(&mut silent, &reply);
    assert!(silent.scores["overall"] < 0.80);
    let mut unanswered = view("Add JWT authentication to this shop", SHOP);
    let reply = ask(&unanswered, "requirement_disambiguator", &[]).expect("rules can do this");
    learn(&mut unanswered, &reply);
    assert!(unanswered.scores["requirements"] < 0.70 && unanswered.scores["overall"] < 0.80);
}

#[test]
fn a_question_about_the_solution_gets_a_section() {
    let view = ready("Add JWT authentication to this shop", SHOP);
    let document = solution(&view, &[("focus", "How is logout handled?")]);
    assert!(document.body.contains("## On \"How is logout handled\""), "{}", document.body);
    let document = solution(&view, &[("focus", "Why is the sky blue?")]);
    assert!(!document.body.contains("sky"), "{}", document.body);
}

#[test]
fn nothing_to_cite_is_no_solution() {
    let error = ask(&view("Add JWT authentication", &[]), "solution_synthesizer", &[]).expect_err("there is nothing");
    assert!(matches!(error, ProviderError::NeedsModel { .. }));
}

#[test]
fn the_presentation_is_shorter_and_as_well_founded() {
    let view = ready("Add JWT authentication to this shop", SHOP);
    let long = solution(&view, &[]);
    let reply = ask(&view, "solution_presenter", &[]).expect("rules can do this");
    let short = &reply.artifacts[0];
    assert_eq!(uncited_sentences(&short.body, &view), Vec::<String>::new());
    assert!(short.body.len() < long.body.len() && short.kind == "solution" && short.title == long.title);
}
