//! Tests that failed before code, and were changed since: that they failed says nothing of what stands.

mod support;

use certus_engine::law::{ChangedTests, failed_first, tests_changed_since};
use certus_engine::*;
use support::tdd::*;
use support::{prompt, replied};

const TESTS: &str = "test/a.js";

/// Tests are written and fail.
fn red() -> (Story, String) {
    let mut story = Story::new();
    let tests = story.tests();
    story.runs(Some(1));
    (story, tests)
}

fn changed(draft: &str) -> Vec<ChangedTests> {
    vec![ChangedTests { draft: draft.to_owned(), files: vec![TESTS.to_owned()] }]
}

/// What a person is told of a draft before they judge it, and whether what they granted covers it.
fn told(story: &mut Story, kind: &str, paths: &[&str]) -> (Vec<String>, bool) {
    let draft = story.drafts_all("tdd_flow_controller", kind, paths);
    story.plans(&draft);
    let draft = story.draft(&draft);
    (failed_first(&story.0, draft), story.0.is_granted(draft))
}

#[test]
fn who_approves_code_that_changes_the_tests_it_was_to_pass_is_told() {
    let (mut story, _) = red();
    let both = ["lib/a.js", TESTS];
    assert_eq!(told(&mut story, "change", &both), (vec![TESTS.to_owned()], false), "no grant covers it");
    let draft = story.writes_all("tdd_flow_controller", "change", &both);
    story.runs(Some(0));
    assert_eq!(tests_changed_since(&story.0), changed(&draft), "and the report says so");
    // They were asked, and go on.
    assert_eq!((story.due(), story.before_code(), law::no_test_failed_first(&story.0)), (None, None, false));
    // Code that fails for something else shows nothing of the tests.
    story.runs(Some(1));
    assert_eq!(tests_changed_since(&story.0), changed(&draft));
    story.undoes(&draft);
    assert_eq!((tests_changed_since(&story.0), story.before_code()), (Vec::new(), None), "the tests failed, and stand");
}

#[test]
fn a_test_that_was_wrong_is_put_right_with_one_question() {
    let (mut story, _) = red();
    story.code();
    story.runs(Some(1));
    assert_eq!(told(&mut story, "change", &[TESTS]), (vec![TESTS.to_owned()], false));
    let draft = story.writes("error_recovery", "change", TESTS);
    story.runs(Some(0));
    assert_eq!((story.due(), story.before_code()), (None, None));
    assert_eq!((tests_changed_since(&story.0), law::no_test_failed_first(&story.0)), (changed(&draft), false));
    // Another approach does not rest on tests that nobody saw fail.
    story.enter("decide");
    story.enter("build");
    story.runs(Some(0));
    assert_eq!(story.before_code().expect("asked").title, UNPROVEN);
}

#[test]
fn before_there_is_code_changed_tests_fail_once_more() {
    for (prompt, kind) in [("test_generator", "tests"), ("tdd_flow_controller", "change")] {
        let (mut story, _) = red();
        assert_eq!(told(&mut story, kind, &[TESTS]).0, Vec::<String>::new());
        let draft = story.writes(prompt, kind, TESTS);
        assert_eq!(tests_changed_since(&story.0), changed(&draft));
        assert_eq!(story.before_code().expect("they did not fail as they are").title, UNPROVEN, "{prompt}");
        story.runs(Some(1));
        assert_eq!((story.before_code(), tests_changed_since(&story.0)), (None, Vec::new()));
    }
}

#[test]
fn tests_that_are_written_anew_for_code_that_stands_show_nothing_until_they_fail() {
    let (mut story, _) = red();
    story.code();
    story.runs(Some(0));
    story.enter("decide");
    story.enter("build");
    let draft = story.writes("test_generator", "tests", TESTS);
    story.runs(Some(0));
    assert_eq!(story.before_code().expect("asked").title, UNPROVEN);
    assert_eq!(tests_changed_since(&story.0), changed(&draft));
    story.runs(Some(1));
    assert_eq!((story.before_code(), tests_changed_since(&story.0)), (None, Vec::new()));
}

#[test]
fn no_grant_covers_tests_of_the_chain_that_were_removed_or_brought_once_more() {
    let (mut story, _) = red();
    let kept = "checks/price.js";
    story.repeats("test_generator", "tests", kept);
    for path in [TESTS, kept] {
        assert!(!told(&mut story, "change", &[path]).1, "{path}");
    }
    assert!(told(&mut story, "change", &["lib/a.js"]).1);
}

#[test]
fn code_that_comes_with_tests_is_code() {
    // What tests need to compile, and tests that stand among the code.
    for (tests, code) in [(&["test/a.js", "lib/a.js"][..], "lib/a.js"), (&["src/lib.rs"], "src/lib.rs")] {
        let mut story = Story::new();
        story.writes_all("test_generator", "tests", tests);
        story.runs(Some(1));
        assert_eq!(told(&mut story, "change", &[code]).0, Vec::<String>::new());
        story.writes("tdd_flow_controller", "change", code);
        story.runs(Some(0));
        assert_eq!((story.due(), story.before_code(), law::no_test_failed_first(&story.0)), (None, None, false));
        assert_eq!(tests_changed_since(&story.0), Vec::new());
    }
    // Also where both come as tests of their own, or the tests are called something else.
    for (tests, code) in [(["test/a.js", "lib/a.js"], "lib/a.js"), (["checks/a.js", "lib/a.js"], "lib/a.js")] {
        let mut story = Story::new();
        for path in tests {
            story.writes("test_generator", "tests", path);
        }
        story.runs(Some(1));
        story.writes("tdd_flow_controller", "change", code);
        story.runs(Some(0));
        story.perform(prompt("tdd_flow_controller"), replied(Reply::default()));
        assert_eq!((story.due(), story.before_code(), law::no_test_failed_first(&story.0)), (None, None, false));
    }
    // A project may call its tests what it wants.
    let mut story = Story::new();
    story.writes("test_generator", "tests", "checks/a.js");
    story.runs(Some(1));
    assert_eq!(told(&mut story, "change", &["checks/a.js", "lib/a.js"]).0, ["checks/a.js"]);
}
