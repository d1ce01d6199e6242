//! What is not asked: what the goal, the project or an answer already says.

use certus_engine::Fact;

use super::fixture::{SHOP, answer, ask, asked, learn, view};

fn with(goal: &str, key: &str, value: &str) -> Vec<String> {
    let mut view = view(goal, SHOP);
    let mut fact: Fact = view.facts[1].clone();
    fact.id = "F99".into();
    fact.key = key.into();
    fact.value = value.into();
    view.facts.push(fact);
    ask(&view, "requirement_disambiguator", &[])
        .expect("rules can do this")
        .questions
        .into_iter()
        .map(|q| q.id)
        .collect()
}

#[test]
fn whether_the_project_has_authentication_is_never_asked() {
    for goal in
        ["Add JWT authentication", "Add authentication", "Let users log in with a token", "Add OAuth login with Google"]
    {
        let questions = ask(&view(goal, SHOP), "requirement_disambiguator", &[]).expect("rules can do this").questions;
        for question in questions {
            let text = question.text.to_lowercase();
            assert!(
                !text.contains("is there") && !text.contains("do you have") && !text.contains("does the project"),
                "{text}"
            );
            assert_ne!(question.id, "login-methods", "{goal}");
            assert_ne!(question.id, "protected-routes", "{goal}");
        }
    }
}

#[test]
fn a_goal_that_says_everything_is_asked_nothing() {
    for goal in [
        "Replace the sessions by JWT: 15 minute access tokens and refresh tokens for 7 days, kept in MongoDB and rotated on use, sent in httpOnly \
         cookies; run both for 30 days; logging out revokes the refresh token",
        "Fix the checkout total: when a cart has two coupons, POST /api/checkout returns 18.00 but should be 16.20, because the second percentage is \
         taken from the full price; wrong totals are only displayed; tax excluded",
        "Rename listOrders to findOrders in routes/orders.js only, same behaviour",
        "Add pagination to GET /api/products: page number and size, 20 per page, at most 100; without a page the first one is the default",
    ] {
        assert_eq!(asked(goal, SHOP), Vec::<String>::new(), "{goal}");
    }
}

#[test]
fn a_fact_silences_its_question() {
    assert!(asked("Cache the product pages", SHOP).contains(&"cache-place".into()));
    assert!(!with("Cache the product pages", "cache.redis", "ioredis.Redis").contains(&"cache-place".into()));
    assert!(asked("Send an email after each sale", SHOP).contains(&"mail-service".into()));
    assert!(
        !with("Send an email after each sale", "mail", "nodemailer.createTransport").contains(&"mail-service".into())
    );
    assert!(asked("Add payments", SHOP).contains(&"payment-provider".into()));
    assert!(!with("Take payments for gift cards", "payment", "stripe").contains(&"payment-provider".into()));
}

#[test]
fn a_word_of_the_goal_silences_its_question() {
    for (goal, with, id) in [
        ("Add JWT authentication", "Add JWT authentication with tokens in the Authorization header", "token-transport"),
        ("Make the product list fast", "Make the product list answer fast, within 200 ms", "measure-fast"),
        ("Make login secure", "Make login secure by OWASP ASVS level 1", "standard-secure"),
        ("Add rate limiting to login", "Add rate limiting to login, 10 per minute", "limit-numbers"),
        ("Add product search", "Add product search by name", "search-fields"),
        ("Fix the checkout total", "Fix the checkout total, which should be 16.20 instead of 18", "bug-symptom"),
        ("Refactor the order routes", "Refactor the order routes without changing behaviour", "behaviour-kept"),
        ("Export orders as CSV", "Export orders as CSV for administrators", "export-who"),
    ] {
        assert!(asked(goal, SHOP).contains(&id.to_owned()), "{goal}: {:?}", asked(goal, SHOP));
        assert!(!asked(with, SHOP).contains(&id.to_owned()), "{with}");
    }
}

#[test]
fn words_that_are_names_are_not_vague() {
    for goal in [
        "Set the secure flag on the session cookie",
        "Add simple mail transfer to the order route",
        "Clean up the order routes",
    ] {
        let asked = asked(goal, SHOP);
        assert!(!asked.iter().any(|id| id.starts_with("standard-") || id.starts_with("meaning-")), "{goal}: {asked:?}");
    }
}

#[test]
fn what_a_project_uses_is_not_a_contradiction() {
    for goal in [
        "Store reviews in MongoDB",
        "Add a health route to Express",
        "Write mocha tests for the cart",
        "Switch from MongoDB to Postgres",
    ] {
        assert!(!asked(goal, SHOP).iter().any(|id| id.ends_with("-switch")), "{goal}");
    }
}

#[test]
fn what_was_answered_is_not_asked_again() {
    let mut view = view("Add JWT authentication to this shop", SHOP);
    let first = ask(&view, "requirement_disambiguator", &[]).expect("rules can do this");
    learn(&mut view, &first);
    answer(&mut view, "session-migration", "Run both for a month");
    let second = ask(&view, "requirement_disambiguator", &[]).expect("rules can do this");
    assert!(second.questions.iter().all(|question| question.id != "session-migration"));
    // One answer may settle another question.
    answer(&mut view, "token-storage", "In Redis, sent as an httpOnly cookie");
    let third = ask(&view, "requirement_disambiguator", &[]).expect("rules can do this");
    assert!(third.questions.iter().all(|question| question.id != "token-transport"), "{:?}", third.questions);
}

#[test]
fn a_project_with_tests_is_not_asked_how_to_test() {
    assert!(!asked("Add a wishlist", SHOP).contains(&"no-tests".to_owned()));
    assert!(asked("Add tags to notes", super::fixture::SMALL).contains(&"no-tests".to_owned()));
}

#[test]
fn refresh_tokens_where_tokens_stand_are_not_an_overlap_and_their_transport_is_known() {
    let asked = with("Add JWT refresh tokens", "auth.jwt", "express-jwt.expressjwt");
    assert!(!asked.iter().any(|id| id == "existing-jwt" || id == "token-transport"), "{asked:?}");
    assert!(asked.iter().any(|id| id == "refresh-reuse"), "{asked:?}");
}
