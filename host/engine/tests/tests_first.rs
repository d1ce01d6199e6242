//! Tests come before code and fail before it, or a person says that it goes on so.

mod support;

use certus_engine::*;
use support::story::Shelf;
use support::tdd::*;
use support::*;

#[test]
fn code_comes_after_a_run_that_failed_between_it_and_the_tests() {
    let mut story = Story::new();
    story.tests();
    story.runs(Some(1));
    assert_eq!(story.before_code(), None);
    story.code();
    assert_eq!((story.due(), law::no_test_failed_first(&story.0)), (None, false));

    // What a reply calls tests may be code, and what failed before failed for something else.
    for kind in ["tests", "change"] {
        let mut story = Story::new();
        story.runs(Some(1));
        story.writes("tdd_flow_controller", kind, "lib/a.js");
        story.runs(Some(1));
        assert_eq!(story.before_code().expect("asked").title, UNPROVEN);
    }
}

#[test]
fn where_no_new_test_failed_a_person_is_asked_what_ran() {
    for (status, says) in [
        (Some(Some(0)), "passed (exit status 0)"),
        (Some(Some(127)), "`npm test` did not run (exit status 127"),
        (Some(Some(126)), "`npm test` did not run (exit status 126"),
        (Some(Some(137)), "`npm test` was killed (exit status 137)"),
        (Some(None), "did not run to its end"),
        (None, "No test ran before the code"),
    ] {
        let mut story = Story::new();
        story.tests();
        status.into_iter().for_each(|status| story.runs(status));
        let proposal = story.before_code().expect("asked");
        assert_eq!(proposal.title, UNPROVEN);
        assert!(proposal.body.contains(says) && proposal.body.contains("`test/a.js`"), "{status:?}: {}", proposal.body);
        assert!(law::lawful_proposal(&proposal).is_err(), "nobody else words it");
        let draft = story.drafts("somebody", "change", "lib/a.js");
        let proposed = law::judge(&story.0, &Action::ProposeEdits(draft), &Shelf, 0).expect("lawful");
        assert_eq!(asked(&proposed.requests), Some(proposal.clone()), "whoever wrote it");
        story.says(proposal, Verdict::Approved);
        assert_eq!(story.before_code(), None, "asked once");
        story.code();
        story.runs(Some(0));
        assert_eq!(story.due(), None);
        assert!(law::no_test_failed_first(&story.0), "and the report says so");
    }
}

#[test]
fn a_no_has_tests_written_or_run_again() {
    let mut story = Story::new();
    story.tests();
    story.runs(Some(0));
    story.says(story.before_code().expect("asked"), no());
    assert_eq!((story.generated(), story.0.evidence_of_visit().count()), (0, 1));
    let mut story = Story::new();
    story.tests();
    story.runs(Some(127));
    story.says(story.before_code().expect("asked"), no());
    assert_eq!((story.generated(), story.0.evidence_of_visit().count()), (1, 0), "npm is there by now");
    story.runs(Some(1));
    assert_eq!(story.before_code(), None);
}

#[test]
fn who_goes_on_without_tests_is_not_asked_again() {
    let mut story = Story::new();
    story.perform(prompt("test_generator"), replied(Reply::default()));
    let without = story.due().expect("asked");
    assert_eq!(without.title, "Go on without new tests?");
    story.says(without, Verdict::Approved);
    assert_eq!((story.due(), story.before_code()), (None, None));
}

#[test]
fn the_phase_is_not_left_with_code_that_no_test_failed_for() {
    // As a chain of before may stand: written, passed, and nobody asked.
    let mut story = Story::new();
    story.tests();
    story.code();
    story.runs(Some(0));
    let leave = Action::EnterPhase { phase: "ship".to_owned(), why: String::new() };
    let refused = law::judge(&story.0, &leave, &Shelf, 0).expect_err("kept");
    assert_eq!(refused.law, Law::GateNotMet);
    let proposal = story.due().expect("asked");
    story.says(proposal.clone(), no());
    assert_eq!(story.due(), None, "asked once");
    assert!(law::judge(&story.0, &leave, &Shelf, 0).is_err());
    story.says(proposal, Verdict::Approved);
    assert!(law::judge(&story.0, &leave, &Shelf, 0).is_ok());
}

#[test]
fn what_a_later_phase_leads_back_to_is_about_the_same_tests_until_they_are_taken_back() {
    let mut story = Story::new();
    let tests = story.tests();
    story.runs(Some(1));
    let code = story.code();
    story.runs(Some(0));
    story.enter("ship");
    story.record(Body::Ended { success: true, why: "done".to_owned() });
    assert!(story.0.has_permissions());
    story.undoes(&code);
    assert!(!story.0.has_permissions(), "no grant outlives it");
    assert_eq!((story.0.phase(), story.0.visit()), ("build", 2));
    assert_eq!(story.before_code(), None, "the tests stand, and failed");
    story.undoes(&tests);
    assert_eq!(story.before_code().expect("asked").title, UNPROVEN);
    story.tests();
    story.runs(Some(1));
    assert_eq!(story.before_code(), None, "written anew");
    // Another visit that nothing later led to wants tests of its own.
    story.enter("build");
    assert_eq!(story.before_code().expect("asked").title, UNPROVEN);
}

#[test]
fn code_does_not_go_through_on_tests_that_are_gone() {
    let waits = |story: &mut Story| {
        let tests = story.tests();
        story.runs(Some(1));
        let code = story.drafts("tdd_flow_controller", "change", "lib/a.js");
        let plan = story.plans(&code);
        (tests, code, plan)
    };
    // It waits for a verdict.
    let mut story = Story::new();
    let (tests, code, plan) = waits(&mut story);
    let (basis, id) = (story.0.version(), story.0.next_effect());
    story.record(intent(id, Request::ApproveEdits { draft: code.clone(), plan }, basis));
    story.undoes(&tests);
    assert_eq!(story.0.waiting_for_person().count(), 0);
    assert_eq!(story.draft(&code).state.problem(), Some("D1, the tests that came before it, was taken back"));

    // It waits to be shown.
    for (verdict, state) in [(no(), "refused"), (Verdict::Approved, "planned")] {
        let mut story = Story::new();
        let (tests, code, _) = waits(&mut story);
        story.undoes(&tests);
        story.says(story.due().expect("asked"), verdict);
        assert_eq!((story.draft(&code).state.name(), story.due()), (state, None));
    }

    // Where the generator then says that none are needed, that is for a person too.
    let mut story = Story::new();
    let tests = story.tests();
    story.undoes(&tests);
    story.perform(prompt("test_generator"), replied(Reply::default()));
    assert_eq!(story.due().expect("asked").title, "Go on without new tests?");
}

#[test]
fn a_check_that_a_person_goes_on_without_is_not_there_to_be_named() {
    let mut story = Story::new();
    let names = |story: &Story| story.0.view(ChainId(1)).commands;
    story.runs(Some(1));
    assert_eq!(names(&story), ["test"]);
    let mut ask = |verdict| {
        let ruling = law::judge(&story.0, &Action::RunCheck(Check::Test), &Shelf, 0).expect("lawful");
        story.says(asked(&ruling.requests).expect("asked"), verdict);
        names(&story)
    };
    assert_eq!(ask(no()), ["test"], "it can still be allowed");
    assert_eq!(ask(Verdict::Approved), [""; 0], "though it ran before");
    assert!(law::judge(&story.0, &Action::RunCheck(Check::Test), &Shelf, 0).is_err());
    story.enter("build");
    assert_eq!(names(&story), ["test"]);
}

#[test]
fn that_nothing_can_be_tested_is_asked_before_anything_else() {
    let mut story = Story::new();
    story.reads(&["lint"]);
    let proposal = story.due().expect("asked");
    assert_eq!(proposal.title, "Go on without a test command?");
    story.says(proposal, no());
    assert_eq!(story.due(), None, "the project is read again first");
    assert!(story.0.last_write() > 0);
    story.reads(&["lint"]);
    story.says(story.due().expect("asked again"), Verdict::Approved);
    assert_eq!((story.due(), story.before_code()), (None, None), "no tests are asked for then");
    let mut story = Story::new();
    story.reads(&["lint"]);
    story.says(story.due().expect("asked"), no());
    story.reads(&["test"]);
    assert_eq!(story.due(), None, "it was added");
}

#[test]
fn who_is_asked_about_tests_that_stand_is_told_that_they_do_and_what_they_did() {
    let passed = "`npm test` ran before the code, and passed (exit status 0)";
    let stand = "Its tests stand: `test/a.js` (D1).";
    // The generator says that they are right so.
    let mut story = Story::new();
    let tests = story.tests();
    story.runs(Some(0));
    let notes = "They are right so.".to_owned();
    story.perform(prompt("test_generator"), replied(Reply { notes, ..Reply::default() }));
    assert_eq!(story.due(), None, "those that stand are enough to see whether they fail");
    let asked = story.before_code().expect("asked");
    assert_eq!(asked.title, UNPROVEN);
    assert!([passed, stand].iter().all(|says| asked.body.contains(says)), "{}", asked.body);
    story.undoes(&tests);
    story.perform(prompt("test_generator"), replied(Reply::default()));
    let asked = story.due().expect("asked").body;
    assert!(asked.contains("brought none.") && !asked.contains("stand"), "{asked}");
    // It brings the same once more.
    let mut story = Story::new();
    story.tests();
    story.runs(Some(0));
    story.repeats("test_generator", "tests", "test/a.js");
    let asked = story.before_code().expect("asked").body;
    assert!(asked.contains(passed) && asked.contains(stand), "{asked}");
    // With code in the files, what they do with it is said too, as long as it is so.
    let mut story = Story::new();
    story.tests();
    story.code();
    for (status, says) in
        [(Some(0), "With this code, it passed since (exit status 0)."), (Some(1), "it failed since (exit status 1).")]
    {
        story.runs(status);
        let asked = story.before_code().expect("asked").body;
        assert!(asked.contains("No test ran before the code.") && asked.contains(says), "{asked}");
        assert!(asked.contains("Its tests stand: `test/a.js` (D1)."), "{asked}");
    }
    story.writes("somebody", "change", "lib/b.js");
    assert!(!story.before_code().expect("asked").body.contains("since"));
}

#[test]
fn tests_that_did_not_run_run_again_before_another_visit_is_paid_for() {
    let runs = |story: &Story| {
        let due = law::due(&story.0).requests;
        matches!(due.as_slice(), [Request::Check { check: Check::Test, .. }])
    };
    for (status, asks) in [(127, true), (1, false), (0, false)] {
        let mut story = Story::new();
        let allowed = Proposal { kind: "command".to_owned(), title: "npm test".to_owned(), body: "It.".to_owned() };
        story.says(allowed, Verdict::Approved);
        story.tests();
        story.runs(Some(127));
        assert_eq!(story.due(), None, "what was begun goes on");
        story.says(story.before_code().expect("asked"), Verdict::Approved);
        story.code();
        story.enter("decide");
        story.enter("build");
        assert!(runs(&story), "it may be there by now");
        story.runs(Some(status));
        assert_eq!((story.due().is_some(), runs(&story)), (asks, false), "{status}");
        if let Some(proposal) = story.due() {
            assert!(proposal.title == UNPROVEN && proposal.body.contains("Its tests stand: `test/a.js` (D1)."));
            story.says(proposal, no());
            story.reads(&["test"]);
            assert!(runs(&story), "a no runs it again");
            story.runs(Some(127));
            story.says(story.due().expect("asked again"), Verdict::Approved);
            assert_eq!((story.due(), story.before_code()), (None, None), "a yes goes on, once");
        }
    }
}

#[test]
fn a_no_to_code_that_is_there_has_no_more_tests_written_than_stand() {
    let begun = || {
        let mut story = Story::new();
        let code = story.code();
        story.tests();
        story.runs(Some(0));
        let proposal = story.before_code().expect("asked");
        story.says(proposal.clone(), no());
        (story, code, proposal)
    };
    let (mut story, _, proposal) = begun();
    assert_eq!(story.generated(), 1, "they stand");
    // A yes after all goes on with them.
    story.says(proposal, Verdict::Approved);
    assert_eq!((story.generated(), law::standstill(&story.0), story.before_code()), (1, None, None));
    // Without the code, a no is about the tests.
    let (mut story, code, _) = begun();
    story.undoes(&code);
    story.runs(Some(0));
    story.says(story.before_code().expect("asked"), no());
    assert_eq!(story.generated(), 0);
}
