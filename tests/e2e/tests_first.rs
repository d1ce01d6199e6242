//! Tests come before code and fail before it, whatever a model calls tests, and whatever is taken back afterwards.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::model::{
    GOAL, Model, RIGHT, TEST, WRONG, but, document, first, reply, script, shop, until_the_tests_ran, when, whole,
};
use crate::support::World;

const UNPROVEN: &str = "Go on although no new test failed?";

/// Until the first tests were shown.
fn until_the_tests_are_shown(model: &Model, world: &World) -> crate::support::Ran {
    let _ = model.run(world, &["flow", GOAL]).exits(3);
    model.run(world, &["approve"])
}

#[test]
fn what_never_failed_completes_nothing_before_a_person_says_so() {
    let called_tests =
        |path: &str| reply(json!({"artifacts": document("tests", "A document", "", &[(path, "# Discounts\n")])}));
    let hollow = [
        first(1, when("test_generator", called_tests("docs/x.md"))),
        when("test_generator", called_tests("docs/y.md")),
    ];
    let (model, world) = (Model::start(but(hollow.into(), WRONG)), shop());
    let _ = until_the_tests_are_shown(&model, &world).exits(3).shows("docs/x.md");
    let _ = model.run(&world, &["approve", "--all-in-chain"]).exits(3).shows("npm test");
    let asked = model.run(&world, &["approve"]).exits(3).shows(UNPROVEN).shows("passed (exit status 0)");
    let _ = asked.shows("`docs/x.md` (D1), `docs/y.md` (D2)").shows("Next: certus approve");
    assert_eq!((model.asked("test_generator"), model.asked("tdd_flow_controller")), (2, 0), "no code is paid for");
    let _ = model.run(&world, &["approve"]).ok().says("Complete");
    let _ = model.run(&world, &["show"]).ok().shows("no new test failed before the code was written");
    let (_, shown) = model.json(&world, &["show"]);
    assert_eq!((&shown["status"], &shown["no_test_failed_first"]), (&json!("complete"), &json!(true)));
}

#[test]
fn tests_that_cannot_run_are_put_right_and_run_again() {
    let (model, world) = (Model::start(whole(RIGHT)), shop());
    script(&world, "test", "no-such-program");
    let asked = until_the_tests_ran(&model, &world).exits(3);
    let _ = asked.shows(UNPROVEN).shows("`npm test` did not run (exit status 127");
    assert_eq!(model.asked("tdd_flow_controller"), 0);
    script(&world, "test", "node --test");
    let _ = model.run(&world, &["reject", "--why", "it is there now"]).exits(3).shows("own command for its test");
    let _ = model.run(&world, &["approve"]).ok().says("Complete");
    let (_, shown) = model.json(&world, &["show"]);
    assert_eq!((&shown["checks"][1]["status"], &shown["no_test_failed_first"]), (&json!(1), &json!(null)), "red first");
}

/// A chain that is complete under the grant for all of it; what the author would write next is wrong.
fn complete() -> (Model, World) {
    let piece =
        |code| reply(json!({"artifacts": document("change", "The function", "", &[("lib/discount.js", code)])}));
    let done = || reply(json!({"notes": "Everything is done."}));
    let author = |step| when("tdd_flow_controller", step);
    let steps = vec![first(1, author(piece(RIGHT))), first(1, author(done())), first(1, author(piece(WRONG)))];
    let (model, world) = (Model::start(but(steps, RIGHT)), shop());
    let _ = until_the_tests_ran(&model, &world).ok().says("Complete");
    (model, world)
}

#[test]
fn what_is_taken_back_is_planned_tested_and_approved_anew() {
    let (model, world) = complete();
    let _ = model.run(&world, &["undo"]).ok().shows("lib/discount.js");
    let _ = model.run(&world, &["undo"]).ok().shows("test/discount.test.js");
    let again = model.run(&world, &["flow", "--continue"]).exits(3);
    let _ = again.shows("+test('ten percent are taken off'").shows("Next: certus approve");
    assert_eq!((model.asked("solution_designer"), model.asked("test_generator")), (2, 2));
    let asked = model.run(&world, &["approve"]).exits(3).shows("lib/discount.js");
    assert!(!asked.stderr.contains("Complete"), "{}", asked.stderr);
    assert!(!world.project.join("lib/discount.js").exists(), "the grant is gone");
}

#[test]
fn code_alone_that_is_taken_back_is_written_for_the_tests_that_stand() {
    let (model, world) = complete();
    let _ = model.run(&world, &["undo"]).ok();
    let asked = model.run(&world, &["flow", "--continue"]).exits(3).shows("lib/discount.js");
    assert!(!world.project.join("lib/discount.js").exists(), "{}", asked.stdout);
    assert_eq!(model.asked("test_generator"), 1);
}

#[test]
fn tests_alone_that_are_taken_back_are_written_again() {
    let (model, world) = complete();
    let _ = model.run(&world, &["undo", "D1"]).ok().shows("open again, in implementation");
    let again = model.run(&world, &["flow", "--continue"]).exits(3).shows("+test('ten percent are taken off'");
    assert!(!again.stderr.contains("Complete"), "{}", again.stderr);
}

#[test]
fn a_no_to_code_that_is_there_pays_for_nothing_and_names_what_takes_it_back() {
    let (model, world) = complete();
    let _ = model.run(&world, &["undo", "D1"]).ok();
    let _ = model.run(&world, &["flow", "--continue"]).exits(3).shows("+test('ten percent are taken off'");
    let asked = model.run(&world, &["approve"]).exits(3).shows(UNPROVEN);
    let _ = asked
        .shows("`certus undo D2`")
        .shows("With this code, it passed since (exit status 0). Its tests stand: `test/discount.test.js` (D3).");
    let paid = model.calls();
    for _ in 0..4 {
        let stopped = model.run(&world, &["reject", "--why", "tests first"]).exits(4).says("certus undo D2");
        assert!(stopped.stdout.contains("Next: certus undo D2"), "{}", stopped.stdout);
        let status =
            model.run(&world, &["status"]).ok().shows("paused").shows("because: implementation: you do not go on");
        assert!(status.stdout.contains("Next: certus undo D2"), "{}", status.stdout);
        let _ = model.run(&world, &["list"]).ok().shows("paused");
        // Who goes on with it after all is asked once more.
        let _ = model.run(&world, &["flow", "--continue"]).exits(3).shows(UNPROVEN);
    }
    // A file that was changed meanwhile is left as it is, and that is said.
    let path = world.project.join("lib/discount.js");
    let written = std::fs::read_to_string(&path).expect("the code");
    std::fs::write(&path, "// mine\n").expect("changed");
    let _ = model.run(&world, &["reject", "--why", "tests first"]).exits(4);
    let _ = model.run(&world, &["undo", "D2"]).exits(1).says("put them back by hand");
    let _ = model.run(&world, &["flow", "--continue"]).exits(3).shows("put that back by hand as it was first");
    std::fs::write(&path, written).expect("put back");
    assert_eq!(model.calls(), paid, "nothing is paid for");
    let undone = model.run(&world, &["undo", "D2"]).ok().shows("lib/discount.js").shows("Next: certus flow --continue");
    let undone = undone.says("What waited is withdrawn: D2 was taken back");
    assert!(!undone.stderr.contains("cancelled"), "{}", undone.stderr);
    let _ = model.run(&world, &["flow", "--continue"]).exits(3).shows("lib/discount.js");
    let (_, shown) = model.json(&world, &["show"]);
    assert_eq!((&shown["no_test_failed_first"], path.exists()), (&json!(null), false), "the tests failed before it");
}

#[test]
fn code_that_waits_does_not_go_through_on_tests_that_are_gone() {
    let (model, world) = (Model::start(whole(RIGHT)), shop());
    let _ = until_the_tests_are_shown(&model, &world).exits(3);
    let _ = model.run(&world, &["approve"]).exits(3).shows("npm test");
    let _ = model.run(&world, &["approve"]).exits(3).shows("lib/discount.js");
    let _ = model.run(&world, &["undo", "D1"]).ok().shows("Next: certus flow --continue");
    let _ = model.run(&world, &["approve"]);
    assert!(!world.project.join("lib/discount.js").exists(), "it was not written");
    let _ = model.run(&world, &["flow", "--continue"]).exits(3).shows("+test('ten percent are taken off'");
    let (_, shown) = model.json(&world, &["show"]);
    assert_eq!(shown["edits"][1]["why"], "D1, the tests that came before it, was taken back");
}

#[test]
fn a_yes_goes_on_without_the_tests_although_they_ran_before() {
    let (model, world) = (Model::start(whole(RIGHT)), shop());
    let _ = until_the_tests_are_shown(&model, &world).exits(3);
    let _ = model.run(&world, &["approve"]).exits(3).shows("npm test");
    let _ = model.run(&world, &["approve"]).exits(3).shows("lib/discount.js");
    script(&world, "test", "node --test test");
    let _ = model.run(&world, &["approve"]).exits(3).shows("look at them first");
    let _ = model.run(&world, &["reject", "--why", "not like this"]).exits(3).shows("Go on without `npm test`?");
    let ran = model.run(&world, &["approve"]);
    assert!(!ran.stderr.contains("Refused"), "{}", ran.stderr);
    let (_, shown) = model.json(&world, &["show"]);
    assert!(shown["reason"].as_str().is_some_and(|why| why.contains("no test command")), "{shown}");
    assert_eq!(model.asked("tdd_flow_controller"), 2, "what was wanted was written");
}

#[test]
fn that_nothing_can_be_tested_is_asked_before_it_is_paid_for() {
    let without = || {
        let world = shop();
        let path = world.project.join("package.json");
        let text =
            std::fs::read_to_string(&path).expect("a manifest").replace("\"test\": \"node --test\"", "\"x\": \"y\"");
        std::fs::write(path, text).expect("written");
        (Model::start(whole(RIGHT)), world)
    };
    let (model, world) = without();
    let _ = model.run(&world, &["flow", GOAL]).exits(3);
    let paid = model.calls();
    let _ =
        model.run(&world, &["approve"]).exits(3).shows("Go on without a test command?").shows("Next: certus approve");
    assert_eq!(model.calls(), paid, "nothing is paid for");
    script(&world, "test", "node --test");
    let _ = model.run(&world, &["reject", "--why", "added"]).exits(3).shows("test/discount.test.js");

    let (model, world) = without();
    let _ = until_the_tests_are_shown(&model, &world).exits(3);
    let _ = model.run(&world, &["approve"]).exits(3).shows("lib/discount.js");
    assert_eq!(model.asked("test_generator"), 0);
    let ran = model.run(&world, &["approve"]);
    assert!(!ran.stderr.contains("Complete") && ran.status != Some(0), "{}", ran.stderr);
    // Whoever takes it up may have added what was missing: the project is read again.
    script(&world, "test", "node --test");
    let ran = model.run(&world, &["flow", "--continue"]);
    assert!(!ran.stderr.contains("Go on without a test command?"), "{}", ran.stderr);
    assert!(ran.stderr.contains("Running test_generator"), "{}", ran.stderr);
}

#[test]
fn what_no_model_can_mend_stops_at_once() {
    let (model, world) = (Model::start(whole(RIGHT)), shop());
    world.write("test/other.test.js", TEST);
    let folder = world.project.join("test");
    let set = |mode| std::fs::set_permissions(&folder, Permissions::from_mode(mode)).expect("set");
    set(0o555);
    let stopped = until_the_tests_are_shown(&model, &world).exits(1).says("test is read-only");
    let _ = stopped.says("chmod u+w").says("certus flow --continue");
    assert_eq!(model.asked("test_generator"), 1);
    set(0o755);
    let _ = model.run(&world, &["flow", "--continue"]).exits(3).shows("+test('ten percent are taken off'");
    assert_eq!(model.asked("test_generator"), 1, "nothing is paid for again");
    // Who goes on without mending it wants something else drafted.
    let (model, world) = (Model::start(whole(RIGHT)), shop());
    world.write("test/other.test.js", TEST);
    let folder = world.project.join("test");
    std::fs::set_permissions(&folder, Permissions::from_mode(0o555)).expect("set");
    let _ = until_the_tests_are_shown(&model, &world).exits(1);
    let _ = model.run(&world, &["flow", "--continue"]).exits(1);
    assert!(model.asked("test_generator") == 2 && model.said_to("test_generator", "test is read-only"));
    std::fs::set_permissions(&folder, Permissions::from_mode(0o755)).expect("set");
}

#[test]
fn the_direct_mode_can_be_said_before_the_phase_begins() {
    let (model, world) = (Model::start(whole(RIGHT)), shop());
    let _ = model.run(&world, &["flow", GOAL]).exits(3);
    let _ = model.run(&world, &["approve", "--until", "implementation"]).ok();
    let _ = model.run(&world, &["run", "implement", "--mode", "direct"]).ok();
    let _ = model.run(&world, &["flow", "--continue"]).exits(3).shows(UNPROVEN);
    let _ = model.run(&world, &["approve"]).exits(3).shows("lib/discount.js");
    assert_eq!((model.asked("test_generator"), model.asked("solution_designer")), (0, 1));
}

#[test]
fn a_no_to_code_at_once_leads_to_tests() {
    let (model, world) = (Model::start(whole(RIGHT)), shop());
    let _ = model.run(&world, &["flow", GOAL]).exits(3);
    let _ = model.run(&world, &["approve", "--until", "implementation"]).ok();
    let _ = model.run(&world, &["run", "implement", "--mode", "direct"]).ok();
    let asked = model.run(&world, &["flow", "--continue"]).exits(3).shows(UNPROVEN);
    let _ = asked.shows("has tests asked for first, with your reason");
    let shown = model.run(&world, &["reject", "--why", "I want tests"]).exits(3);
    let _ = shown.shows("+test('ten percent are taken off'");
    assert_eq!((model.asked("test_generator"), model.asked("tdd_flow_controller")), (1, 0));
    assert!(model.said_to("test_generator", "I want tests"), "with the reason");
}

#[test]
fn the_same_tests_once_more_are_not_shown_again_and_fail_before_other_code() {
    let again = json!({"path": "lib/discount.js", "base": null, "content": null, "delete": false,
        "replace": [{"find": "(cents) => cents", "with": "(cents, percent) => Math.round((cents * (100 - percent)) / 100)"}]});
    let mended = json!({"artifacts": [{"kind": "change", "title": "Mended", "body": "", "edits": [again]}]});
    let author = |fields| first(1, when("tdd_flow_controller", reply(fields)));
    let steps = vec![
        author(json!({"artifacts": document("change", "The function", "", &[("lib/discount.js", WRONG)])})),
        author(json!({"notes": "Everything is done."})),
        author(mended),
    ];
    let (model, world) = (Model::start(but(steps, RIGHT)), shop());
    let _ = until_the_tests_ran(&model, &world).exits(3).says("The tests do not pass");
    let ran = model.run(&world, &["approve"]).ok().says("Complete");
    assert!(!ran.stdout.contains("+test('ten percent"), "{}", ran.stdout);
    assert_eq!(model.asked("test_generator"), 2);
    let (_, shown) = model.json(&world, &["show"]);
    let states: Vec<_> = shown["edits"].as_array().expect("edits").iter().map(|one| &one["state"]).collect();
    // The author's last answer brings the code once more: no piece is left.
    assert_eq!(states, ["written", "written", "unchanged", "written", "unchanged"]);
    assert_eq!(
        (&shown["edits"][2]["files"], &shown["no_test_failed_first"]),
        (&json!(["test/discount.test.js"]), &json!(null))
    );
    // What changed nothing is not what is taken back.
    let _ = model.run(&world, &["undo"]).ok().shows("lib/discount.js");
}

#[test]
fn a_test_command_that_is_not_there_any_more_is_put_right_and_runs_again() {
    let (model, world) = (Model::start(whole(RIGHT)), shop());
    let _ = until_the_tests_are_shown(&model, &world).exits(3);
    let _ = model.run(&world, &["approve"]).exits(3).shows("npm test");
    let _ = model.run(&world, &["approve"]).exits(3).shows("lib/discount.js");
    script(&world, "test", "no-such-program");
    let _ = model.run(&world, &["approve"]).exits(3).shows("own command for its test");
    let asked = model.run(&world, &["approve"]).exits(3).shows("Go on although `npm test` did not run?");
    let _ = asked.shows("exit status 127").shows("no-such-program");
    assert_eq!(model.asked("error_recovery"), 0, "nobody is paid to install something");
    script(&world, "test", "node --test");
    let _ = model.run(&world, &["reject", "--why", "it is there now"]).exits(3).shows("own command for its test");
    let _ = model.run(&world, &["approve"]).ok().says("Complete");
    assert_eq!(model.asked("error_recovery"), 0);
}

#[test]
fn code_that_comes_with_other_tests_than_those_that_failed_is_seen_for_what_it_is() {
    const HOLLOW: &str = "require('node:test')('x', () => {});\n";
    let edit = |path: &str, base: Option<String>, content: &str| json!({"path": path, "base": base, "content": content, "replace": [], "delete": false});
    let base = certus_app::engine::Digest::of(TEST).to_string();
    let edits = [edit("lib/discount.js", None, WRONG), edit("test/discount.test.js", Some(base), HOLLOW)];
    let both = json!([{"kind": "change", "title": "The function", "body": "", "edits": edits}]);
    let author = first(1, when("tdd_flow_controller", reply(json!({"artifacts": both}))));
    let (model, world) = (Model::start(but(vec![author], WRONG)), shop());
    // All in the chain was approved, and does not cover it.
    let _ = until_the_tests_ran(&model, &world).exits(3).shows("These tests failed first.").shows("D2 changed them");
    let (_, waits) = model.json(&world, &["diff", "D2"]);
    let told = |at: usize| (&waits["files"][at]["file"], &waits["files"][at]["failed_first"]);
    assert_eq!(told(0), (&json!("lib/discount.js"), &json!(null)));
    assert_eq!(told(1), (&json!("test/discount.test.js"), &json!(true)));
    let done = model.run(&world, &["approve"]).ok().says("Complete");
    let _ = done.shows("tests that failed first were changed since, by D2: test/discount.test.js");
    let (_, shown) = model.json(&world, &["show"]);
    assert_eq!(shown["tests_changed_since"], json!([{"draft": "D2", "files": ["test/discount.test.js"]}]));
}

#[test]
fn a_test_command_that_is_still_not_there_is_asked_about_before_another_visit_is_paid_for() {
    let (model, world) = (Model::start(whole(RIGHT)), shop());
    script(&world, "test", "no-such-program");
    let _ = until_the_tests_ran(&model, &world).exits(3).shows(UNPROVEN);
    let _ = model.run(&world, &["approve"]).exits(3).shows("Go on although `npm test` did not run?");
    let _ = model.run(&world, &["approve"]).exits(3).shows("A discount function");
    let paid = (model.asked("solution_designer"), model.asked("test_generator"));
    let asked = model.run(&world, &["approve"]).exits(3).says("Phase: implementation (visit 2)").shows(UNPROVEN);
    let _ = asked.shows("exit status 127").shows("Its tests stand: `test/discount.test.js` (D1).");
    assert_eq!((model.asked("solution_designer"), model.asked("test_generator")), paid, "nothing is paid for");
    script(&world, "test", "node --test");
    let _ = model.run(&world, &["reject", "--why", "it is there now"]).exits(3).shows("look at them first");
    let ran = model.run(&world, &["approve"]).says("It passed");
    assert!(!ran.stderr.contains("exit status 127"), "{}", ran.stderr);
}
