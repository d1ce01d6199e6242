//! Tests before code over several visits: what stood before, what was taken back, what ran elsewhere, and what a no leads to.

mod support;

use certus_engine::*;
use support::story::Shelf;
use support::tdd::*;
use support::{prompt, replied};

/// A command line that a person typed ended.
fn typed(story: &mut Story, line: &str) {
    let plugin = PluginRef { name: "core-commands".to_owned(), digest: Digest::of("core") };
    let request = Request::Command { line: line.to_owned(), plugin, depth: 0 };
    story.perform(request, Outcome::CommandDone { summary: String::new(), then: None });
}

fn commands(story: &Story) -> Vec<&str> {
    story.0.runs().iter().map(|run| run.name.as_str()).filter(|name| name.starts_with('/')).collect()
}

/// Another approach: the phase is entered again, from one before it.
fn anew(story: &mut Story) {
    story.enter("decide");
    story.enter("build");
}

#[test]
fn a_no_to_code_at_once_has_tests_written_first() {
    let mut story = Story::new();
    typed(&mut story, "/explain lib/a.js");
    typed(&mut story, "/implement --mode direct");
    let proposal = story.before_code().expect("asked");
    assert!(proposal.body.contains("has tests asked for first, with your reason"), "{}", proposal.body);
    story.says(proposal, no());
    assert_eq!(commands(&story), ["/explain lib/a.js"], "the word for code at once counts for nothing");
    // Whoever wants code all the same is refused, and the person is not asked the same again.
    let refused = story.wants_code().expect_err("refused");
    assert_eq!(refused.law, Law::GateNotMet);
    assert!(refused.detail.contains("tests are to be written first"), "{}", refused.detail);
    story.tests();
    let proposal = story.before_code().expect("asked anew: something was written");
    assert!(proposal.body.contains("has tests asked for again"), "{}", proposal.body);
    story.runs(Some(1));
    assert_eq!(story.before_code(), None);
}

#[test]
fn a_no_after_the_code_keeps_more_from_being_written_until_it_is_taken_back() {
    // As a chain of before may stand: nobody was asked.
    let mut story = Story::new();
    let code = story.code();
    let proposal = story.before_code().expect("asked");
    assert!(proposal.body.contains("take back the code that is there: `certus undo D1`."), "{}", proposal.body);
    assert_eq!(law::standstill(&story.0), None);
    let next = story.drafts("error_recovery", "change", "lib/b.js");
    story.says(proposal.clone(), no());
    assert_eq!(story.draft(&next).state.name(), "refused");
    let still = law::standstill(&story.0).expect("nothing is paid for");
    assert_eq!((still.since, still.draft, still.proposal), (story.0.version(), Some(code.clone()), proposal));
    for _ in 0..2 {
        let refused = story.wants_code().expect_err("refused");
        assert!(refused.law == Law::GateNotMet && refused.detail.contains("certus undo"), "{}", refused.detail);
        story.record(Body::ActionRefused { action: "run-prompts".to_owned(), law: refused.law, detail: String::new() });
    }
    // Where it cannot be taken back, the one way that is left is named.
    let (message, code_of) = ("lib/a.js is not as it was written".to_owned(), ErrorCode::Diverged);
    let undo = Request::Undo { draft: code.clone(), undo: Digest::of("undo") };
    story.perform(undo, Outcome::Failed { code: code_of, message });
    let still = law::standstill(&story.0).expect("it stands");
    assert!(still.draft.is_none() && still.detail.contains("lib/a.js is not as it was written"), "{}", still.detail);
    story.undoes(&code);
    assert_eq!(law::standstill(&story.0), None);
    assert_eq!(story.0.refusals().len(), 0, "what was refused because of it can be named again");
    assert_eq!(story.before_code().expect("asked anew").title, UNPROVEN);
    story.tests();
    story.runs(Some(1));
    assert_eq!((story.before_code(), law::no_test_failed_first(&story.0)), (None, false));
}

#[test]
fn code_of_every_visit_that_stands_is_looked_at() {
    let mut story = Story::new();
    story.says(story.before_code().expect("asked"), Verdict::Approved);
    let code = story.code();
    assert!(law::no_test_failed_first(&story.0));
    anew(&mut story);
    story.tests();
    let asked = story.before_code().expect("asked").body;
    assert!(asked.contains("No test ran before the code.") && !asked.contains("any code"), "{asked}");
    story.runs(Some(0));
    let asked = story.before_code().expect("asked").body;
    assert!(asked.contains("passed (exit status 0) with code of this chain in the files"), "{asked}");
    story.runs(Some(1));
    assert_eq!(story.before_code(), None);
    story.writes("tdd_flow_controller", "change", "lib/b.js");
    assert!(law::no_test_failed_first(&story.0), "what was written before it stands");
    story.undoes(&code);
    assert!(!law::no_test_failed_first(&story.0));
}

#[test]
fn a_test_that_fails_after_the_code_did_not_fail_before_it() {
    let mut story = Story::new();
    story.says(story.before_code().expect("asked"), Verdict::Approved);
    story.code();
    story.tests();
    story.runs(Some(1));
    assert!(law::no_test_failed_first(&story.0));
    // Nor do tests that are gone show anything of what stands.
    let mut story = Story::new();
    let tests = story.tests();
    story.runs(Some(1));
    story.code();
    assert!(!law::no_test_failed_first(&story.0));
    anew(&mut story);
    story.undoes(&tests);
    assert!(law::no_test_failed_first(&story.0));
}

#[test]
fn the_same_tests_once_more_are_tests_that_are_there() {
    let mut story = Story::new();
    story.tests();
    story.runs(Some(1));
    let wrong = story.code();
    story.runs(Some(1));
    anew(&mut story);
    let same = story.repeats("test_generator", "tests", "test/a.js");
    assert_eq!(story.draft(&same).state, DraftState::Unchanged(vec!["test/a.js".to_owned()]));
    assert!(story.draft(&same).edits.is_empty());
    assert_eq!(law::due(&story.0), Ruling::default(), "nobody is shown a diff of nothing, or asked why there are none");
    assert!(law::judge_undo(&story.0, Some(&same)).is_err(), "there is nothing to take back");
    assert_eq!(story.before_code(), None, "they failed for what stands");
    story.undoes(&wrong);
    let asked = story.before_code().expect("they did not fail yet for what is to come");
    assert!(asked.body.contains("Its tests stand: `test/a.js` (D1)."), "{}", asked.body);
    story.runs(Some(1));
    assert_eq!(story.before_code(), None);
    story.code();
    assert!(!law::no_test_failed_first(&story.0));
}

#[test]
fn tests_of_an_earlier_visit_that_stand_are_worth_a_run_of_this_one() {
    let mut story = Story::new();
    let tests = story.tests();
    story.runs(Some(1));
    let code = story.code();
    story.runs(Some(0));
    anew(&mut story);
    story.undoes(&code);
    assert_eq!(story.before_code().expect("nothing ran here").title, UNPROVEN);
    story.runs(Some(0));
    assert_eq!(story.before_code().expect("it passes").title, UNPROVEN);
    story.runs(Some(1));
    assert_eq!(story.before_code(), None);
    // Gone, they are worth nothing, and neither is what says that they stand.
    story.repeats("test_generator", "tests", "test/a.js");
    story.undoes(&tests);
    assert_eq!(story.before_code().expect("asked").title, UNPROVEN);
    story.runs(Some(1));
    assert_eq!(story.before_code().expect("it failed for something else").title, UNPROVEN);
}

#[test]
fn what_failed_elsewhere_failed_nothing_here() {
    let mut story = Story::new();
    story.tests();
    story.runs(Some(1));
    story.is_taken_over();
    story.reads(&["test"]);
    let asked = story.before_code().expect("asked").body;
    assert!(asked.contains("what ran elsewhere shows nothing here"), "{asked}");
    story.runs(Some(1));
    assert_eq!(story.before_code(), None);
    story.code();
    assert!(!law::no_test_failed_first(&story.0));
    story.is_taken_over();
    assert!(law::no_test_failed_first(&story.0), "it stands, and what failed before it failed elsewhere");
}

#[test]
fn a_chain_that_was_completed_elsewhere_is_taken_up_where_evidence_is_gathered() {
    let mut story = Story::new();
    story.tests();
    story.runs(Some(1));
    story.code();
    story.runs(Some(0));
    story.enter("ship");
    story.record(Body::Ended { success: true, why: "done".to_owned() });
    assert!(!story.0.completed_elsewhere() && law::judge_reopening(&story.0).is_err());
    story.is_taken_over();
    assert!(story.0.completed_elsewhere() && story.0.ended().is_some());
    let ruling = law::judge_reopening(&story.0).expect("taken up");
    ruling.record.into_iter().for_each(|body| story.record(body));
    assert_eq!((story.0.ended(), story.0.phase(), story.0.visit()), (None, "build", 2));
    let leave = Action::EnterPhase { phase: "ship".to_owned(), why: String::new() };
    assert!(law::judge(&story.0, &leave, &Shelf, 0).is_err(), "nothing passed here");
    story.reads(&["test"]);
    story.runs(Some(0));
    story.says(story.due().expect("no test failed here"), Verdict::Approved);
    assert!(law::judge(&story.0, &leave, &Shelf, 0).is_ok());
    story.enter("ship");
    story.record(Body::Ended { success: true, why: "done".to_owned() });
    assert!(!story.0.completed_elsewhere() && law::judge_reopening(&story.0).is_err());
}

#[test]
fn a_check_that_does_not_run_after_the_code_is_for_a_person() {
    for status in [126, 127] {
        let mut story = Story::new();
        story.tests();
        story.runs(Some(1));
        story.code();
        story.runs(Some(status));
        let proposal = story.due().expect("asked");
        assert_eq!(proposal.title, "Go on although `npm test` did not run?");
        assert!(proposal.body.contains(&format!("exit status {status}")), "{}", proposal.body);
        assert!(law::lawful_proposal(&proposal).is_err(), "nobody else words it");
        story.says(proposal.clone(), no());
        assert_eq!((story.due(), story.0.evidence_of_visit().count()), (None, 0), "it runs again");
        story.runs(Some(status));
        story.says(story.due().expect("asked anew"), Verdict::Approved);
        assert_eq!((story.due(), story.0.evidence_of_visit().count()), (None, 1), "a model mends it");
        assert!(!story.0.lacks().is_empty(), "and nothing passed");
    }
    // Where it never ended by itself, a limit tells nothing of the code; where it did, the code may be why.
    for (before, after) in [(None, Some("Go on although `npm test` did not end?")), (Some(1), None)] {
        let mut story = Story::new();
        story.tests();
        let limit = CheckLimit::CheckSeconds(2);
        match before {
            Some(status) => story.runs(Some(status)),
            None => {
                story.runs_into(limit);
                let asked = story.before_code().expect("asked");
                let says =
                    ["was ended after 2 s (check-seconds)", "your own configuration, or in the project's certus.toml"];
                assert!(says.iter().all(|says| asked.body.contains(says)), "{}", asked.body);
                story.says(asked, Verdict::Approved);
            }
        }
        story.code();
        story.runs_into(limit);
        let asked = story.due();
        assert_eq!(asked.as_ref().map(|proposal| proposal.title.as_str()), after);
        if let Some(proposal) = asked {
            assert!(proposal.body.contains("after 2 s (check-seconds)"), "{}", proposal.body);
            assert!(
                proposal.body.contains("the project's certus.toml where that has a lower one"),
                "{}",
                proposal.body
            );
            story.says(proposal, no());
            assert_eq!((story.due(), story.0.evidence_of_visit().count()), (None, 0), "it runs again");
        }
    }
    // What a run says that did run is for a model; and before the code, the question is another.
    for (code, status) in [(true, 1), (false, 127)] {
        let mut story = Story::new();
        story.tests();
        story.runs(Some(1));
        code.then(|| story.code());
        story.runs(Some(status));
        assert_eq!(story.due(), None);
    }
}

#[test]
fn what_stood_there_because_of_a_write_goes_with_it() {
    let mut story = Story::new();
    let tests = story.tests();
    story.runs(Some(1));
    anew(&mut story);
    let same = story.repeats("test_generator", "tests", "test/a.js");
    let other = story.repeats("test_generator", "tests", "test/b.js");
    let asked = story.before_code().expect("asked").body;
    assert!(asked.contains("Its tests stand: `test/a.js` (D1), `test/b.js`."), "{asked}");
    story.undoes(&tests);
    assert_eq!((story.draft(&same).state.name(), story.draft(&other).state.name()), ("undone", "unchanged"));
    let asked = story.before_code().expect("asked").body;
    assert!(asked.contains("Its tests stand: `test/b.js`."), "{asked}");
}

#[test]
fn a_file_of_tests_is_named_once() {
    let mut story = Story::new();
    story.tests();
    story.runs(Some(0));
    for _ in 0..2 {
        story.repeats("test_generator", "tests", "test/a.js");
    }
    let asked = story.before_code().expect("asked").body;
    assert!(asked.contains("Its tests stand: `test/a.js` (D1)."), "{asked}");
}

#[test]
fn an_open_question_does_not_survive_the_undo_that_it_asked_for() {
    for tests in [false, true] {
        let mut story = Story::new();
        // As a chain of before may stand.
        let code = story.code();
        let written = if tests { story.tests() } else { code };
        let proposal = story.before_code().expect("asked");
        let (basis, id) = (story.0.version(), story.0.next_effect());
        story.record(support::intent(id, Request::Approve { proposal }, basis));
        assert_eq!(story.0.waiting_for_person().count(), 1);
        story.undoes(&written);
        assert_eq!(story.0.waiting_for_person().count(), 0);
        let status = story.0.proposals().last().expect("asked");
        let why = format!("{written} was taken back");
        assert_eq!((&status.verdict, &status.withdrawn), (&None, &Some(why)));
    }
}

#[test]
fn code_that_tests_failed_for_is_changed_under_them_without_new_ones() {
    let proven = || {
        let mut story = Story::new();
        let tests = story.tests();
        story.runs(Some(1));
        story.code();
        story.runs(Some(0));
        anew(&mut story);
        (story, tests)
    };
    let (mut story, tests) = proven();
    story.runs(Some(0));
    assert_eq!(story.before_code(), None, "they pass, as they should");
    story.perform(support::prompt("test_generator"), support::replied(Reply::default()));
    assert_eq!((story.due(), story.before_code()), (None, None), "nor is it asked why there are no new ones");
    story.writes("tdd_flow_controller", "change", "lib/b.js");
    story.runs(Some(0));
    assert_eq!((story.due(), law::no_test_failed_first(&story.0)), (None, false));
    // They are gone, and nothing that rests on them is shown any more.
    anew(&mut story);
    story.undoes(&tests);
    assert!(law::no_test_failed_first(&story.0));
    assert_eq!(story.before_code().expect("asked").title, UNPROVEN);
    // What a person let through was shown by nothing, and neither is what comes after it.
    let mut story = Story::new();
    story.says(story.before_code().expect("asked"), Verdict::Approved);
    story.code();
    anew(&mut story);
    story.runs(Some(0));
    assert_eq!(story.before_code().expect("asked").title, UNPROVEN);
}

#[test]
fn what_ran_elsewhere_runs_here_before_a_person_is_asked() {
    for (status, asks) in [(1, None), (0, Some(UNPROVEN))] {
        let mut story = Story::new();
        story.tests();
        story.runs(Some(1));
        let code = story.drafts("tdd_flow_controller", "change", "lib/a.js");
        story.plans(&code);
        story.is_taken_over();
        story.reads(&["test"]);
        let command = story.due().expect("asked");
        assert_eq!((command.kind.as_str(), command.title.as_str()), ("command", "npm test"));
        story.says(command, Verdict::Approved);
        let due = law::due(&story.0).requests;
        assert!(matches!(due.as_slice(), [Request::Check { check: Check::Test, .. }]), "{due:?}");
        story.runs(Some(status));
        assert_eq!(story.due().map(|proposal| proposal.title).as_deref(), asks);
    }
}

/// The generator answers that the tests stand.
fn they_stand(story: &mut Story) {
    let notes = "They stand.".to_owned();
    story.perform(prompt("test_generator"), replied(Reply { notes, ..Reply::default() }));
}

#[test]
fn tests_that_stand_run_once_more_and_nobody_is_asked_about_them() {
    let with_code_taken_back = |story: &mut Story| {
        let code = story.code();
        story.runs(Some(1));
        anew(story);
        story.undoes(&code);
    };
    // The code was wrong and taken back; there was none; or it is there, and wrong.
    let scenes: [&dyn Fn(&mut Story); 3] = [&with_code_taken_back, &|story| anew(story), &|story| {
        story.code();
        story.runs(Some(1));
        anew(story);
    }];
    for scene in scenes {
        let mut story = Story::new();
        story.tests();
        story.runs(Some(1));
        scene(&mut story);
        they_stand(&mut story);
        assert_eq!(story.due(), None);
        story.runs(Some(1));
        assert_eq!((story.due(), story.before_code()), (None, None));
        story.code();
        assert_eq!(story.due(), None);
        story.runs(Some(0));
        assert_eq!((story.due(), law::no_test_failed_first(&story.0)), (None, false));
    }
    // Where they pass without the code, that is what is asked.
    let mut story = Story::new();
    story.tests();
    story.runs(Some(1));
    anew(&mut story);
    they_stand(&mut story);
    story.runs(Some(0));
    assert_eq!(story.due(), None);
    assert_eq!(story.before_code().expect("asked").title, UNPROVEN);
}

#[test]
fn a_test_that_is_put_right_with_the_code_there_leads_to_taking_that_back_or_a_yes() {
    let mut story = Story::new();
    story.tests();
    story.runs(Some(1));
    let code = story.code();
    story.runs(Some(1));
    anew(&mut story);
    story.tests();
    story.runs(Some(0));
    let proposal = story.before_code().expect("asked");
    assert!(
        proposal.body.contains(&format!("take back the code that is there: `certus undo {code}`")),
        "{}",
        proposal.body
    );
    story.says(proposal, no());
    assert_eq!(law::standstill(&story.0).expect("nothing is paid for").draft, Some(code.clone()));
    story.undoes(&code);
    story.runs(Some(1));
    assert_eq!((story.due(), story.before_code()), (None, None), "it fails without the code");
}

#[test]
fn tests_alone_are_no_implementation_unless_a_person_says_so() {
    const ALONE: &str = "Go on with tests alone?";
    let leave = |story: &Story| {
        law::judge(&story.0, &Action::EnterPhase { phase: "ship".to_owned(), why: String::new() }, &Shelf, 0)
    };
    let done = |story: &mut Story| {
        let notes = "Everything is done.".to_owned();
        story.perform(prompt("tdd_flow_controller"), replied(Reply { notes, ..Reply::default() }));
    };
    let tested = || {
        let mut story = Story::new();
        story.tests();
        story.runs(Some(0));
        story.says(story.before_code().expect("asked"), Verdict::Approved);
        assert_eq!(story.due(), None, "nobody was asked for code yet");
        story
    };
    // It never came; or a person refused it.
    let mut story = tested();
    assert!(leave(&story).expect_err("kept").detail.contains("tests are written, and no code"));
    done(&mut story);
    let asked = story.due().expect("asked");
    assert_eq!(asked.title, ALONE);
    assert!(
        asked.body.contains("wrote tests (D1) and no code.") && asked.body.contains("Everything is done."),
        "{}",
        asked.body
    );
    let answers = |story: &Story| story.0.runs().iter().filter(|run| run.name == "tdd_flow_controller").count();
    assert_eq!(answers(&story), 1);
    story.says(asked, no());
    assert_eq!((answers(&story), story.due()), (0, None), "it is asked again");
    let code = story.drafts("tdd_flow_controller", "change", "lib/a.js");
    assert_eq!(story.due(), None);
    let plan = story.plans(&code);
    let digest = plan.digest;
    let judged = Outcome::Judged { verdict: Verdict::Rejected("too big".to_owned()), digest, by: None, grant: None };
    story.perform(Request::ApproveEdits { draft: code, plan }, judged);
    done(&mut story);
    let asked = story.due().expect("asked");
    assert!(asked.body.contains("D2 was refused: too big."), "{}", asked.body);
    assert!(!law::tests_alone_are_wanted(&story.0));
    story.says(asked, Verdict::Approved);
    assert!(law::tests_alone_are_wanted(&story.0) && leave(&story).is_ok());
    // Whoever makes the tests pass by changing nothing else wrote no code.
    let mut story = Story::new();
    story.tests();
    story.runs(Some(1));
    done(&mut story);
    story.writes("error_recovery", "change", "test/a.js");
    story.runs(Some(0));
    let asked = story.due().expect("asked");
    assert!(asked.title == ALONE && asked.body.contains("wrote tests (D1, D2) and no code."), "{}", asked.body);
    assert!(leave(&story).is_err());
    // Whoever writes tests may bring the code as well.
    let mut story = Story::new();
    story.writes_all("test_generator", "tests", &["test/a.js", "lib/a.js"]);
    story.runs(Some(0));
    story.says(story.before_code().expect("no test failed"), Verdict::Approved);
    done(&mut story);
    assert_eq!((story.due(), leave(&story).is_ok()), (None, true));
    // But not what says how they run.
    let mut story = Story::new();
    story.writes_all("test_generator", "tests", &["test/a.js", "package.json"]);
    story.runs(Some(0));
    story.says(story.before_code().expect("no test failed"), Verdict::Approved);
    done(&mut story);
    assert_eq!(story.due().expect("asked").title, ALONE);
    // Code that stands is an implementation, whoever says that it is done.
    let mut story = Story::new();
    story.tests();
    story.runs(Some(1));
    story.code();
    story.runs(Some(0));
    done(&mut story);
    assert_eq!((story.due(), leave(&story).is_ok()), (None, true));
}
