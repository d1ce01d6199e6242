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

    ## What stands today

    - The project is node with express 4.18.2, mongoose 7.6.3, express-session 1.17.3 [F22] [F23].
    - The program starts with `app.js (start)` at `package.json:7` [F2].
    - The guard `requireLogin` is defined at `middleware/auth.js:3` [F9].
    - `POST /api/login` is answered by `login` at `routes/auth.js:12` [F27].
    - Sign-in is kept in sessions: `express-session, store MongoStore` at `app.js:22` [F4].
    - Sessions are stored by `MongoStore.create({ mongoUrl })` at `app.js:24` [F5].
    - The session cookie is set up as `{ maxAge: 1000 * 60 * 60 * 24 }` at `app.js:27` [F6].
    - A handler works with `req.session.cart` at `routes/cart.js:9` [F7].
    - Passwords go through `bcryptjs.compare` at `routes/auth.js:19` [F8].
    - The setting `SESSION_SECRET` is read from the environment at `app.js:23` [F17].
    - Which routes need a signed-in user is answered by the code: `requireLogin on 6 routes` at `routes/orders.js:8` [F10].

    ## What was decided

    - Session migration: "Run both for 30 days: a request with a session or a token is accepted, new sign-ins get tokens", where `express-session, store MongoStore` at `app.js:22` stands now [F4] [A1].
    - Token storage: "Refresh tokens in the database, beside what is there: mongoose.connect to process.env.MONGO_URL (app.js:14)" [A2].
    - Token transport: "In the Authorization header, as API clients do" [A3].
    - Token lifetime: "15 minutes, renewed for up to 7 days; each renewal replaces the last" [A4].

    ## How it is verified

    - `mocha --exit` is how this project runs its tests at `package.json:8`, and has to pass before the change and after it [F21].
    - New tests come first; one that is there is `4 tests: auth routes` at `test/auth.test.js:6` [F19].

    ## What to watch

    - POST /api/login takes credentials, and no rate limit was found (`routes/auth.js:12`) [F48].
    - 6 routes take POST, PUT, PATCH or DELETE while sessions are kept in a cookie, and no protection against CSRF was found (`routes/auth.js:12`) [F49].

    ## What needs a model

    - Nothing that rules found is written out in the goal or in an answer, so where the change belongs is not planned here: reading the code and writing the change needs a model or a person [A1] [A2] [A3] [A4].
    "#);
}

#[test]
fn a_bug() {
    let document = solution(&ready("Fix the checkout total being wrong sometimes", SHOP), &[]);
    insta::assert_snapshot!(format!("# {}\n\n{}", document.title, document.body), @r#"
    # Fix the checkout total being wrong sometimes

    ## What will be different

    - The goal ("Fix the checkout total being wrong sometimes"), a bug fix, is by its words about `POST /api/checkout` at `routes/checkout.js:11` [F37].

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

    - `POST /api/checkout` at `routes/checkout.js:11` is called by words of the goal, and is read first [F37].

    ## How it is verified

    - `mocha --exit` is how this project runs its tests at `package.json:8`, and has to pass before the change and after it [F21].
    - The test that shows the bug comes first; one that is there is `5 tests: orders` at `test/orders.test.js:5` [F20].

    ## What needs a model

    - Rules know where `routes/checkout.js:11` stands, not what happens there: finding the cause, reading the code and writing the change and its tests needs a model or a person [F37].
    "#);
}

#[test]
fn a_refactoring() {
    let document = solution(&ready("Refactor the order routes", SHOP), &[]);
    insta::assert_snapshot!(format!("# {}\n\n{}", document.title, document.body), @r#"
    # Refactor the order routes

    ## What will be different

    - The work is a refactoring ("Refactor the order routes") on `GET /api/orders` at `routes/orders.js:8`, `POST /api/orders` at `routes/orders.js:15` and `GET /api/orders/:id` at `routes/orders.js:40` [A2] [F34] [F35] [F36].

    ## What stands today

    - The project is node with express 4.18.2, mongoose 7.6.3, express-session 1.17.3 [F22] [F23].
    - The program starts with `app.js (start)` at `package.json:7` [F2].
    - `Order` keeps user, items.product, items.quantity, total, status at `models/order.js:3` [F26].
    - `GET /api/orders` is answered by `listOrders` at `routes/orders.js:8` [F34].
    - `POST /api/orders` is answered by `createOrder` at `routes/orders.js:15` [F35].
    - `GET /api/orders/:id` is answered by `showOrder` at `routes/orders.js:40` [F36].

    ## What was decided

    - Refactoring aim: "Handlers moved out of the routes, so that they can be tested without a server" [A1].
    - Refactoring boundary: "Only routes/orders.js" [A2].
    - Behaviour kept: "Yes, exactly: what the tests do not cover yet is covered first" [A3].

    ## What changes, and where

    - `routes/orders.js` holds `GET /api/orders`, `POST /api/orders` and `GET /api/orders/:id`, which are what is refactored, so that: "Handlers moved out of the routes, so that they can be tested without a server" [A1] [A2] [F34] [F35].

    ## What stays as it is

    - The other 8 routes, such as `POST /api/login`, `POST /api/logout` and `POST /api/register`, keep their paths and what they answer [F27] [F28] [F29].

    ## How it is verified

    - `mocha --exit` is how this project runs its tests at `package.json:8`, and has to pass before the change and after it [F21].
    - Tests of what is not covered yet come first; one that is there is `5 tests: orders` at `test/orders.test.js:5` [F20].

    ## What needs a model

    - Rules know where `routes/orders.js:8` stands, not what happens there: reading the code and writing the change and its tests needs a model or a person [F34].
    "#);
}

#[test]
fn a_small_project() {
    let document = solution(&ready("Add tags to notes", SMALL), &[]);
    insta::assert_snapshot!(format!("# {}\n\n{}", document.title, document.body), @r#"
    # Add tags to notes

    ## What stands today

    - The project is node with express 4.19.2 [F5].
    - The program starts with `index.js listens` at `index.js:20` [F2].
    - `GET /notes` is answered in place at `index.js:6` [F3].
    - `POST /notes` is answered in place at `index.js:11` [F4].

    ## What was decided

    - Example of use: "In the style of what is there already: a route that answers like its neighbours" [A1].
    - No tests: "With node:test, which needs no dependency: tests of what changes come first" [A2].
    - Actor: "Everybody, like the routes that are there" [A3].

    ## How it is verified

    - No tests were found, so it is verified as decided: "With node:test, which needs no dependency: tests of what changes come first" [A2].

    ## What needs a model

    - By its words the goal or an answer may be about `GET /notes` at `index.js:6` and `POST /notes` at `index.js:11`; what changes there is not planned here: reading the code and writing the change needs a model or a person [F3] [F4].
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
fn a_question_about_the_solution_is_answered_beside_it() {
    let view = ready("Add JWT authentication to this shop", SHOP);
    let document = solution(&view, &[]);
    for question in ["How is logout handled?", "Why is the sky blue?"] {
        assert_eq!(solution(&view, &[("focus", question)]), document, "{question}");
        let reply = ask(&view, "uncertainty_resolver", &[("specific_question", question)]).expect("rules can do this");
        let needs = format!("Rules cannot answer \"{}\": that needs a model", question.trim_end_matches('?'));
        assert!(reply.notes.starts_with(&needs), "{}", reply.notes);
    }
    for (question, line) in [
        ("How is logout handled?", "`POST /api/logout"),
        ("What does A2 mean for models/user.js?", "On token storage it was answered"),
        ("What does A2 mean for models/user.js?", "models/user.js:3"),
        ("Where is F27?", "[F27]"),
    ] {
        let reply = ask(&view, "uncertainty_resolver", &[("specific_question", question)]).expect("rules can do this");
        assert!(reply.notes.contains(line), "{question}: {}", reply.notes);
    }
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
