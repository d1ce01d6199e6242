//! What is asked of typical goals.

use super::fixture::{Row, SHOP, SMALL, ask, asked, shown, view};

#[test]
fn tokens_where_sessions_stand() {
    insta::assert_snapshot!(shown("Add JWT authentication to this shop", SHOP), @r#"
    session-migration: People who are signed in have a session now. How should the change be made? There now: `app.use(session({` (app.js:22); `store: MongoStore.create({ mongoUrl }),` (app.js:24).
      * Run both for 30 days: a request with a session or a token is accepted, new sign-ins get tokens
      - Switch at once: everybody signs in again
      - Keep sessions for browsers; tokens only for API clients
    token-storage: How are tokens renewed and revoked, and where is that kept?
      * Refresh tokens in the database, beside what is there: mongoose.connect to process.env.MONGO_URL (app.js:14)
      - Refresh tokens in Redis, which would be new
      - No renewal: short-lived tokens only, and signing in again
    token-transport: How do clients send the token?
      * In the Authorization header, as API clients do
      - In an httpOnly cookie
      - Both: a cookie for browsers, the header for other clients
    token-lifetime: How long does a token stay valid, and for how long may somebody stay signed in? There now: `cookie: { maxAge: 1000 * 60 * 60 * 24 },` (app.js:27).
      * 15 minutes, renewed for up to 7 days; each renewal replaces the last
      - 1 hour, renewed for up to 30 days
      - 24 hours, not renewed
    "#);
}

#[test]
fn a_bug_without_a_symptom() {
    insta::assert_snapshot!(shown("Fix the checkout total being wrong sometimes", SHOP), @r#"
    bug-symptom: What exactly happens, and what should happen instead? One example with its numbers or its message is best. The closest code that was found is `POST /api/checkout` at `routes/checkout.js:11`.
      * Not known exactly: reproduce it first, and show me the failing test
    total-definition: What belongs to the total (discounts, shipping, tax), in which order, and when is it rounded? There now: Order (user, items.product, items.quantity, total, status) (models/order.js:3).
      * Lines, then discounts, then shipping, then tax; in cents, rounded once at the end
      - Lines with tax included, then discounts, then shipping; rounded for each line
      - As one place of the code does it now, which I name in the answer
    bug-when: When does it happen?
      * Not known: try several orders of steps and several kinds of data
      - Every time
      - Only with certain data, which I name in the answer
      - Only when several requests come at once
    bug-stored-data: May wrong values already be stored, and what should happen to them?
      * Find and count them first; correct them in a step of its own
      - Correct them with this change
      - Leave them as they are
      - Nothing wrong is stored
    bug-since: Did it work before, and what changed since?
      * Not known
      - It did, until a change or a date that I name in the answer
      - It never worked
    "#);
}

#[test]
fn a_refactoring_without_an_edge() {
    insta::assert_snapshot!(shown("Refactor the order routes", SHOP), @r#"
    refactoring-aim: What should be easier afterwards?
      * Handlers moved out of the routes, so that they can be tested without a server
      - Duplicated code in one place
      - Database access in one layer of its own
      - Shorter functions, the same files
    refactoring-boundary: Which files may change? There now: `router.get('/', requireLogin, listOrders)` (routes/orders.js:8).
      * Only routes/orders.js
      - routes/orders.js and what only it calls
      - All that has to move, each file named before
    behaviour-kept: Must every answer stay exactly as it is: paths, statuses, bodies, messages?
      * Yes, exactly: what the tests do not cover yet is covered first
      - Yes for paths, statuses and bodies; messages may change
      - No: inconsistencies may be corrected on the way, each named
    "#);
}

#[test]
fn a_quality_without_a_measure() {
    insta::assert_snapshot!(shown("Make the product list fast and secure", SHOP), @r#"
    measure-fast: The goal says "fast". How fast is fast enough, and for which requests?
      * 95 % of the requests concerned under 200 ms
      - 95 % of the requests concerned under 1 s
      - Twice as fast as measured today
    standard-secure: The goal says "secure". Secure against what, or by which standard?
      * OWASP ASVS level 1 for what this change touches
      - Only the threats that I name in the answer
      - A scan of the dependencies without known vulnerabilities
    performance-where: Was it measured where the time goes?
      * No: measure first, then decide
      - Yes: in the database
      - Yes: in the code, which I name in the answer
      - Yes: in a service outside
    performance-tradeoff: May an answer be some seconds old?
      * No: every answer is current
      - Yes, up to a minute
      - Yes, for visitors who are not signed in
    "#);
}

#[test]
fn a_small_project_without_tests() {
    insta::assert_snapshot!(shown("Add tags to notes", SMALL), @r#"
    example-of-use: Give one example: what does somebody do or send, and what do they then see or get?
      * In the style of what is there already: a route that answers like its neighbours
      - As in the example that I give in the answer
    no-tests: No tests were found in the project. How should the change be verified? There now: `"test": "echo \"Error: no test specified\" && exit 1"` (package.json:6).
      * With node:test, which needs no dependency: tests of what changes come first
      - With another test framework, which I name in the answer
      - By hand, by a list of steps
    actor: Who may use it?
      * Everybody, like the routes that are there
      - Administrators only
    "#);
}

#[test]
fn what_is_there_already() {
    insta::assert_snapshot!(shown("Add request logging", SHOP), @r#"
    existing-logging: The project already has logging: `app.use(morgan('combined'))` (app.js:17). What should be different?
      * Log more with the logger that is there
      - Replace the logger
      - Nothing: it is enough as it is
    "#);
}

#[test]
fn another_database_than_the_one_there_is() {
    insta::assert_snapshot!(shown("Store product reviews in Postgres", SHOP), @r#"
    database-switch: The goal names PostgreSQL, and the project uses MongoDB: `mongoose.connect(process.env.MONGO_URL)` (app.js:14). Which is meant?
      - Use MongoDB, which is there
      - Add PostgreSQL for this only; MongoDB stays for the rest
      - Move from MongoDB to PostgreSQL, as work of its own
    "#);
}

#[test]
fn two_wishes_that_exclude_each_other() {
    insta::assert_snapshot!(shown("Make the API stateless and keep the cart in the session store", SHOP), @r#"
    conflict-stateless-sessions: The goal asks for a stateless server and for sessions, which are state ("stateless" and "in the session"). Which of them holds?
      * Stateless: the sessions go
      - Sessions stay; only new clients are stateless
    session-migration: People who are signed in have a session now. How should the change be made? There now: `app.use(session({` (app.js:22); `store: MongoStore.create({ mongoUrl }),` (app.js:24).
      * Run both for 30 days: a request with a session or a token is accepted, new sign-ins get tokens
      - Switch at once: everybody signs in again
      - Keep sessions for browsers; tokens only for API clients
    order-stock: What happens when a product is sold out, or its price changes, between cart and order? There now: Product (title, price, stock) (models/product.js:3).
      * The order is refused with a message; nothing is charged
      - The order is taken and delivered later
      - Stock is not kept here
    "#);
}

#[test]
fn vague_goals_get_some_questions_and_no_more_than_five() {
    let goals = [
        "Add JWT authentication to this shop",
        "Add product search",
        "Add pagination to the product list",
        "Add file upload for product pictures",
        "Send an email when an order is placed",
        "Add Stripe payments",
        "Add rate limiting to login",
        "Add roles and permissions",
        "Add an admin dashboard",
        "Cache the product list",
        "Export orders as CSV",
        "Translate the shop",
        "Add password reset",
        "Add webhooks for orders",
        "Live updates of order status",
        "Add input validation",
        "Add a wishlist",
        "Fix the checkout total being wrong sometimes",
        "Login is broken",
        "Refactor the order routes",
        "Remove the cart",
        "Upgrade Express",
        "Make the product list faster",
        "Document the API",
        "Add coupons to checkout",
        "Let customers cancel orders",
        "Add two factor authentication",
        "Write more tests",
    ];
    let told: Vec<String> = goals.iter().map(|goal| format!("{goal}: {}", asked(goal, SHOP).join(", "))).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    Add JWT authentication to this shop: session-migration, token-storage, token-transport, token-lifetime
    Add product search: search-fields, search-matching, search-amount
    Add pagination to the product list: page-compatibility, page-style, page-size
    Add file upload for product pictures: upload-limits, upload-place, upload-access
    Send an email when an order is placed: mail-service, mail-failure, mail-content
    Add Stripe payments: payment-failure, payment-twice, payment-currency, new-stripe
    Add rate limiting to login: limit-numbers, limit-key, limit-shared
    Add roles and permissions: role-list, role-of-existing, role-change
    Add an admin dashboard: admin-who, admin-functions, admin-trail
    Cache the product list: cache-staleness, cache-place
    Export orders as CSV: export-who, export-fields, export-size
    Translate the shop: languages, translated-what, language-choice
    Add password reset: reset-link, reset-sessions, reset-unknown-address
    Add webhooks for orders: webhook-direction, webhook-proof, webhook-repeat
    Live updates of order status: live-transport, actor, live-missed
    Add input validation: validate-what, validate-answer, validate-existing, validate-library
    Add a wishlist: example-of-use, where-in-the-code, actor
    Fix the checkout total being wrong sometimes: bug-symptom, total-definition, bug-when, bug-stored-data, bug-since
    Login is broken: bug-symptom, bug-when, bug-since
    Refactor the order routes: refactoring-aim, refactoring-boundary, behaviour-kept
    Remove the cart: removal-users, removal-data, removal-edge
    Upgrade Express: upgrade-target, upgrade-breaking, upgrade-verified
    Make the product list faster: measure-fast, performance-where, performance-tradeoff
    Document the API: docs-readers, docs-form, docs-kept-true
    Add coupons to checkout: coupon-rules, total-definition
    Let customers cancel orders: order-cancel
    Add two factor authentication: second-factor, second-factor-who, second-factor-when
    Write more tests: test-what
    "#);
    for goal in goals {
        let count = asked(goal, SHOP).len();
        assert!((1..=5).contains(&count), "{goal}: {count}");
    }
}

#[test]
fn every_question_says_why_and_what_is_recommended() {
    for goal in
        ["Add JWT authentication to this shop", "Fix the checkout total", "Refactor the order routes", "Add a wishlist"]
    {
        let reply = ask(&view(goal, SHOP), "requirement_disambiguator", &[]).expect("rules can do this");
        for question in reply.questions {
            assert!(!question.why.is_empty() && question.area.is_some(), "{goal}: {}", question.id);
            let recommended = question.recommended.expect("one is recommended");
            assert!(question.options.contains(&recommended), "{goal}: {}", question.id);
        }
        for uncertainty in reply.uncertainties {
            assert!(uncertainty.claim.contains("[rule: "), "{goal}: {}", uncertainty.claim);
        }
    }
}

#[test]
fn goals_that_cannot_be_read_get_one_question() {
    for (goal, id) in [
        ("", "goal-restated"),
        ("🚀🔥", "goal-restated"),
        ("fix it", "goal-restated"),
        ("Make it nicer", "goal-restated"),
        ("Füge eine Anmeldung mit JWT hinzu, bitte", "goal-in-english"),
        ("ログイン機能を追加する", "goal-in-english"),
    ] {
        assert_eq!(asked(goal, SHOP), [id], "{goal}");
    }
    insta::assert_snapshot!(shown("Arregla el total del carrito", SHOP), @"goal-in-english: Rules read English only. How would you say the goal in one English sentence?");
}

#[test]
fn nothing_is_recommended_in_the_style_of_routes_that_are_not_there() {
    let project: &[Row] = &[
        ("stack", "pascal", "", 0, ""),
        ("entry-point", "main.pas", "main.pas", 1, "program Shop;"),
        ("readme.title", "Shop", "README.md", 1, "# Shop"),
    ];
    let asked = shown("Add tags to notes", project);
    assert!(asked.contains("* In the style of what is there already, with the same way of starting it"), "{asked}");
    assert!(!asked.contains("route") && !asked.contains("neighbour"), "{asked}");
}
