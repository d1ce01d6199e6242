//! Files that a chain wrote and that are gone when something would rest on them.

use std::fs;

use serde_json::json;

use crate::edits::{PRICE, passage_shown};
use crate::model::{GOAL, Model, RIGHT, TEST, but, document, first, reply, shop, until_the_tests_ran, when, whole};
use crate::support::{Ran, World};

const CODE: &str = "lib/discount.js";
const TESTS: &str = "test/discount.test.js";

/// D1 (tests) and D2 (code) are written and green, D3 waits, and somebody removes the files of the first two.
fn removed() -> (Model, World, Ran) {
    let piece = |path, code| reply(json!({"artifacts": document("change", "A piece", "As planned.", &[(path, code)])}));
    let author = |step| first(1, when("tdd_flow_controller", step));
    let steps = vec![author(piece(CODE, RIGHT)), author(piece("lib/other.js", "exports.other = 1;\n"))];
    let (model, world) = (Model::start(but(steps, RIGHT)), shop());
    let _ = model.run(&world, &["flow", GOAL]).exits(3);
    let _ = model.run(&world, &["approve"]).exits(3);
    let _ = model.run(&world, &["approve"]).exits(3).shows("npm test");
    let _ = model.run(&world, &["approve"]).exits(3).shows(CODE);
    let _ = model.run(&world, &["approve"]).exits(3).shows("lib/other.js");
    for path in [CODE, TESTS] {
        fs::remove_file(world.project.join(path)).expect("removed");
    }
    let ran = model.run(&world, &["approve"]).exits(1);
    let ran = ran.says("lib/discount.js (D2), test/discount.test.js (D1) are gone").says("certus flow --continue");
    let ran = ran.says("certus undo D2 --chain 001, then certus undo D1 --chain 001");
    (model, world, ran)
}

#[test]
fn nothing_is_complete_without_the_files_that_were_written() {
    let (model, world, ran) = removed();
    assert!(!ran.stderr.contains("Complete") && !ran.stderr.contains("passed"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("Running npm test"), "nothing runs: {}", ran.stderr);
    // Who goes on no further than here takes nothing up, and no other model puts a file back.
    let ran = model.run(&world, &["flow", "--continue", "--until", "implementation"]).ok();
    assert!(!ran.stderr.contains("Running npm test"), "{}", ran.stderr);
    let (_, shown) = model.json(&world, &["show"]);
    assert_eq!(shown["status"], "paused");
    let _ = model.run(&world, &["flow", "--continue", "--provider", "offline"]).exits(1);
    let (_, shown) = model.json(&world, &["show"]);
    assert_eq!((&shown["status"], &shown["next"]), (&json!("paused"), &json!("certus flow --continue --chain 001")));
    let paid = model.calls();
    world.write(CODE, RIGHT);
    // One is not there yet, and the other is somebody's work by now.
    let ran = model.run(&world, &["flow", "--continue"]).exits(1);
    let ran = ran.says("test/discount.test.js (D1) is gone").says("certus undo D1");
    assert!(!ran.stderr.contains("Taking up what was left open"), "nor now: {}", ran.stderr);
    assert_eq!(model.calls(), paid, "nothing is paid for");
    world.write(TESTS, format!("// mine\n{TEST}"));
    let _ = model.run(&world, &["flow", "--continue"]).ok().says("Running npm test").says("Complete");
}

#[test]
fn nobody_is_paid_to_look_at_what_is_known_while_files_are_gone() {
    let (model, world) = (Model::start(whole(RIGHT)), shop());
    let _ = model.run(&world, &["flow", GOAL]).exits(3);
    for _ in 0..3 {
        let _ = model.run(&world, &["approve"]).exits(3);
    }
    let _ = model.run(&world, &["approve"]).ok().says("Complete");
    // So many prompts ran that the context is to be looked at, and code is gone without its tests.
    let _ = model.run(&world, &["undo", "D1"]).ok();
    fs::remove_file(world.project.join(CODE)).expect("removed");
    let (looked, paid) = (model.asked("context_health_checker"), model.calls());
    let _ = model.run(&world, &["flow", "--continue"]).exits(1).says("lib/discount.js (D2) is gone");
    assert_eq!(model.calls(), paid, "nothing is paid for");
    world.write(CODE, RIGHT);
    let _ = model.run(&world, &["flow", "--continue"]).exits(3);
    assert!(model.asked("context_health_checker") > looked, "it was due");
}

#[test]
fn where_a_draft_cannot_be_taken_back_the_way_that_is_left_is_named() {
    let help = "exports.ten = 10;\n";
    let both = document("tests", "Ten percent", "It fails first.", &[(TESTS, TEST), ("test/help.js", help)]);
    let tests = first(1, when("test_generator", reply(json!({ "artifacts": both }))));
    let (model, world) = (Model::start(but(vec![tests], RIGHT)), shop());
    let _ = until_the_tests_ran(&model, &world).ok();
    fs::remove_file(world.project.join(TESTS)).expect("removed");
    world.write("test/help.js", "exports.ten = 11;\n");
    let _ = model.run(&world, &["undo", "D2"]).ok();
    let _ = model.run(&world, &["flow", "--continue"]).exits(1).says("certus undo D1");
    let _ = model.run(&world, &["undo", "D1"]).exits(1);
    let ran = model.run(&world, &["flow", "--continue"]).exits(1).says("taking D1 back was tried, and failed: ");
    let _ = ran.says("once that is put right: certus undo D1").says("what it wrote: certus diff D1 --full");
    let _ = model.run(&world, &["diff", "D1", "--full"]).ok().shows("ten percent are taken off");
    world.write(TESTS, TEST);
    let _ = model.run(&world, &["flow", "--continue"]).exits(3);
}

#[test]
fn files_that_are_gone_can_be_given_up() {
    let (model, world, _) = removed();
    let _ = model.run(&world, &["undo", "D1"]).ok().says("nothing to take back of it").shows(TESTS);
    let _ = model.run(&world, &["flow", "--continue"]).exits(1).says("lib/discount.js (D2) is gone");
    let _ = model.run(&world, &["undo", "D2"]).ok();
    let (_, shown) = model.json(&world, &["show"]);
    let states: Vec<&str> =
        shown["edits"].as_array().expect("edits").iter().filter_map(|edit| edit["state"].as_str()).collect();
    assert_eq!(states, ["undone", "undone", "written"]);
    let again = model.run(&world, &["flow", "--continue"]).exits(3).shows("+test('ten percent are taken off'");
    assert!(!again.stderr.contains("Complete"), "{}", again.stderr);
}

#[test]
fn a_file_that_was_changed_and_is_gone_comes_back_as_it_was() {
    let (model, world) = passage_shown();
    let _ = model.run(&world, &["approve"]).exits(3).shows("npm test");
    fs::remove_file(world.project.join("lib/price.js")).expect("removed");
    let _ = model.run(&world, &["approve"]).exits(1).says("lib/price.js (D1) is gone").says("certus undo D1");
    let _ = model.run(&world, &["undo"]).ok().says("it is there again as it was before");
    assert_eq!(fs::read_to_string(world.project.join("lib/price.js")).expect("there again"), PRICE);
}

#[test]
fn what_stands_on_the_draft_of_a_file_that_is_gone_is_taken_back_first() {
    let two = document("change", "Two files", "", &[("lib/a.js", "exports.a = 1;\n"), (CODE, RIGHT)]);
    let again = json!({"path": CODE, "base": null, "content": null, "delete": false,
        "replace": [{"find": "exports.discounted", "with": "exports.more = 1;\nexports.discounted"}]});
    let more = json!([{"kind": "change", "title": "More", "body": "", "edits": [again]}]);
    let author = |artifacts| first(1, when("tdd_flow_controller", reply(json!({"artifacts": artifacts}))));
    let (model, world) = (Model::start(but(vec![author(two), author(more)], RIGHT)), shop());
    let _ = model.run(&world, &["flow", GOAL]).exits(3);
    for shows in [TESTS, "npm test", "lib/a.js", "exports.more"] {
        let _ = model.run(&world, &["approve"]).exits(3).shows(shows);
    }
    fs::remove_file(world.project.join("lib/a.js")).expect("removed");
    let ran = model.run(&world, &["approve"]).exits(1).says("lib/a.js (D2) is gone");
    let _ = ran.says("take these drafts back first: certus undo D3 --chain 001, then certus undo D2 --chain 001");
    for draft in ["D3", "D2"] {
        let _ = model.run(&world, &["undo", draft, "--chain", "001"]).ok();
    }
    assert!(!world.project.join(CODE).exists());
}

#[test]
fn code_that_a_person_does_not_go_on_with_and_removes_is_seen_to_be_gone() {
    let (model, world) = (Model::start(but(Vec::new(), RIGHT)), shop());
    let _ = until_the_tests_ran(&model, &world).ok().says("Complete");
    let _ = model.run(&world, &["undo", "D1"]).ok();
    let _ = model.run(&world, &["flow", "--continue"]).exits(3).shows("+test('ten percent are taken off'");
    let unproven = "Go on although no new test failed?";
    let _ = model.run(&world, &["approve"]).exits(3).shows(unproven);
    let _ = model.run(&world, &["reject", "--why", "tests first"]).exits(4).says("certus undo D2");
    let _ = model.run(&world, &["flow", "--continue"]).exits(3).shows(unproven);
    let paid = model.calls();
    // A yes to what was there when it was asked.
    let code = world.project.join(CODE);
    fs::remove_file(&code).expect("removed");
    let _ = model.run(&world, &["approve"]).exits(1).says("lib/discount.js (D2) is gone").says("certus undo D2");
    // Whoever looks later is told the same, without going on.
    let (_, status) = model.json(&world, &["status"]);
    assert_eq!(status["status"], "paused", "{status}");
    assert!(status["reason"].as_str().is_some_and(|why| why.contains("lib/discount.js (D2) is gone")), "{status}");
    assert!(status["next"].as_str().is_some_and(|next| next.starts_with("certus ")), "{status}");
    let _ = model.run(&world, &["list"]).ok().shows("paused");
    let (_, shown) = model.json(&world, &["flow", "--continue"]);
    assert_eq!(shown["status"], "paused");
    assert!(shown["reason"].as_str().is_some_and(|why| why.contains("lib/discount.js (D2) is gone")), "{shown}");
    assert_eq!(model.calls(), paid, "nothing is paid for");
    // It stands still, and what is to be taken back is gone.
    let (model, world) = (Model::start(but(Vec::new(), RIGHT)), shop());
    let _ = until_the_tests_ran(&model, &world).ok().says("Complete");
    let _ = model.run(&world, &["undo", "D1"]).ok();
    let _ = model.run(&world, &["flow", "--continue"]).exits(3);
    let _ = model.run(&world, &["approve"]).exits(3).shows(unproven);
    let _ = model.run(&world, &["reject", "--why", "tests first"]).exits(4);
    let paid = model.calls();
    fs::remove_file(world.project.join(CODE)).expect("removed");
    let ran = model.run(&world, &["flow", "--continue"]).exits(1).says("lib/discount.js (D2) is gone");
    assert!(!ran.stdout.contains(unproven) && model.calls() == paid, "{}", ran.stdout);
    let _ = model.run(&world, &["undo", "D2"]).ok().says("nothing to take back of it");
    let ran = model.run(&world, &["flow", "--continue"]);
    assert!(!ran.stderr.contains("gone") && !ran.stdout.contains(unproven), "{}", ran.stderr);
}
