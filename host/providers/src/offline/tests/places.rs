//! Where the work is: what the goal says is not asked, what a person points at is worked on, and what is recommended leads on.

use certus_engine::View;

use super::fixture::{Row, SHOP, SMALL, answer, answer_all, ask, asked, learn, shown, view};

/// The same shop with a second guard in front of as many routes, and with a look-up of who is signed in.
fn guarded() -> Vec<Row> {
    let mut rows: Vec<Row> = vec![
        (
            "auth.middleware",
            "requireAdmin on 6 routes below /admin",
            "app.js",
            40,
            "app.use('/admin', requireAdmin, admin);",
        ),
        ("auth.guard", "requireAdmin", "middleware/auth.js", 9, "function requireAdmin(req, res, next) {"),
    ];
    rows.extend(SHOP);
    rows
}

const TYPED: &[Row] = &[
    ("stack", "node with express 4.18.2", "", 0, ""),
    ("entry-point", "src/main.ts listens", "src/main.ts", 40, "app.listen(port, () => {"),
    ("language.typescript", "typescript ~5.2.2", "package.json", 48, "\"typescript\": \"~5.2.2\","),
    ("route.get", "GET /api/articles → list", "src/articles.controller.ts", 5, "router.get('/articles', list);"),
    (
        "route.delete",
        "DELETE /api/articles/:slug → remove",
        "src/articles.controller.ts",
        9,
        "router.delete('/articles/:slug', remove);",
    ),
    ("script.test", "jest", "package.json", 16, "\"test\": \"jest\","),
];

/// A chain whose questions were asked; what waits is answered as recommended.
fn recommended(goal: &str, rows: &[Row], own: &[(&str, &str)]) -> View {
    let mut view = view(goal, rows);
    let reply = ask(&view, "requirement_disambiguator", &[]).expect("rules can do this");
    learn(&mut view, &reply);
    for (id, text) in own {
        assert!(view.questions.iter().any(|status| status.question.id == *id), "{goal}: {id} is not asked");
        answer(&mut view, id, text);
    }
    answer_all(&mut view);
    view
}

fn body(view: &View) -> String {
    ask(view, "solution_synthesizer", &[]).expect("rules can do this").artifacts[0].body.clone()
}

fn overall(view: &View) -> f64 {
    ask(view, "uncertainty_analysis", &[]).expect("rules can do this").confidence["overall"]
}

#[test]
fn no_guard_is_called_the_one_place_where_there_are_several() {
    let rows = guarded();
    let solution = body(&recommended("Add JWT authentication to this shop", &rows, &[]));
    let all =
        "`requireLogin on 6 routes` at `routes/orders.js:8` and `requireAdmin on 6 routes below /admin` at `app.js:40`";
    assert!(solution.contains(&format!("is answered by the code: {all}")), "{solution}");
    // Who may use something new is asked of the guard that asks for least.
    assert!(shown("Add a wishlist", &rows).contains("* Whoever passes a check that is there: requireLogin"));
}

#[test]
fn a_project_in_typescript_says_so_and_asks_what_remains() {
    for goal in ["Migrate to TypeScript", "Convert to TypeScript", "Port the project to TypeScript"] {
        let ids = asked(goal, TYPED);
        assert!(!ids.contains(&"where-in-the-code".to_owned()), "{goal}: {ids:?}");
        let questions = shown(goal, TYPED);
        let said = "The project is TypeScript already: `\"typescript\": \"~5.2.2\"` (package.json:48); no code that was found is JavaScript. What remains to be done?";
        assert!(
            questions.contains("The project is TypeScript already") && questions.contains("(package.json:48)"),
            "{said}\n{questions}"
        );
        let solution = body(&recommended(goal, TYPED, &[]));
        assert!(!solution.contains("is part of what the goal replaces"), "{solution}");
    }
    let mut mixed = TYPED.to_vec();
    mixed.push(("route.get", "GET /old → old", "src/legacy.js", 3, "router.get('/old', old);"));
    let questions = shown("Migrate to TypeScript", &mixed);
    assert!(questions.contains("* Convert what is still JavaScript, beginning with src/legacy.js"), "{questions}");
    // Where nothing is in it yet, no place in the code is what is missing.
    let questions = shown("Migrate to TypeScript", SHOP);
    assert!(questions.contains("* All of it, file by file, beginning at app.js"), "{questions}");
    assert!(overall(&recommended("Migrate to TypeScript", SHOP, &[])) >= 0.80);
}

#[test]
fn a_bug_that_anybody_can_see_is_not_asked_when_it_happens() {
    for goal in
        ["DELETE /api/articles/:slug lets anyone delete", "Fix: DELETE /api/articles/:slug allows anybody to delete"]
    {
        let ids = asked(goal, TYPED);
        assert!(
            !ids.iter().any(|id| ["bug-when", "bug-symptom", "where-in-the-code"].contains(&id.as_str())),
            "{goal}: {ids:?}"
        );
        assert!(ids.iter().all(|id| !id.starts_with("removal")), "{goal}: {ids:?}");
    }
}

#[test]
fn what_is_not_found_by_its_name_is_chosen_from_what_is_there() {
    let goal = "Refactor the warehouse module";
    let questions = shown(goal, SHOP);
    assert!(questions.contains("* routes/auth.js (3 routes)"), "{questions}");
    assert!(overall(&recommended(goal, SHOP, &[])) >= 0.80);
    for place in ["routes/cart.js", "It is in routes/cart.js:8.", "GET /api/cart, in routes/cart.js"] {
        let view = recommended(goal, SHOP, &[("where-in-the-code", place)]);
        assert!(overall(&view) >= 0.80, "{place}");
        let solution = body(&view);
        let extent = solution.split("## What stands today").next().unwrap_or_default();
        assert!(
            extent.contains("The work is a refactoring") && extent.contains("routes/cart.js"),
            "{place}\n{solution}"
        );
        assert!(!solution.contains("`routes/orders.js` holds"), "{place}\n{solution}");
    }
    // What leaves it open points at nothing.
    assert!(overall(&recommended(goal, SHOP, &[("where-in-the-code", "no idea")])) < 0.80);
    let questions = shown("Upgrade lodash", SHOP);
    assert!(questions.contains("* express ^4.18.2"), "{questions}");
    assert!(overall(&recommended("Upgrade lodash", SHOP, &[])) >= 0.80);
    assert!(overall(&recommended("Fix the invoices that vanish", SMALL, &[])) >= 0.80);
}

#[test]
fn a_request_that_is_told_of_is_a_bug_and_its_search_begins_where_it_happens() {
    let goal = "DELETE /api/articles/:slug accepts expired tokens";
    let ids = asked(goal, TYPED);
    assert!(!ids.iter().any(|id| ["bug-when", "bug-symptom"].contains(&id.as_str())), "{goal}: {ids:?}");
    for (goal, begins) in [
        (goal, "The search for the cause begins where `DELETE /api/articles/:slug`"),
        ("Fix: deleting an article of somebody else works", "- `DELETE /api/articles/:slug`"),
    ] {
        let solution = body(&recommended(goal, TYPED, &[]));
        assert!(solution.contains(begins), "{goal}\n{solution}");
    }
}

#[test]
fn what_a_refactoring_is_for_fits_the_part_that_it_is_of() {
    for (goal, first) in [
        ("Refactor the order service", "Shorter functions"),
        ("Refactor the order controller", "What decides moved out of the controllers"),
        ("Refactor the order routes", "Handlers moved out of the routes"),
    ] {
        let questions = shown(goal, SHOP);
        assert!(questions.contains(&format!("* {first}")), "{goal}\n{questions}");
    }
    assert!(!shown("Refactor the order service", SHOP).contains("Handlers moved"));
}

#[test]
fn the_part_that_a_refactoring_names_is_found_behind_what_is_closer_by_name() {
    let mut rows = SHOP.to_vec();
    rows.push((
        "file",
        "controllers/auth.controller.js (146 lines)",
        "controllers/auth.controller.js",
        1,
        "const a = 1;",
    ));
    let questions = shown("Refactor the auth controller", &rows);
    assert!(questions.contains("* Only controllers/auth.controller.js\n"), "{questions}");
}
