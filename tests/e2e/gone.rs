//! Files that a chain wrote and that are gone when something would rest on them.

use std::fs;

use serde_json::json;

use crate::edits::{PRICE, passage_shown};
use crate::model::{GOAL, Model, RIGHT, TEST, but, document, first, reply, shop, when};
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
    (model, world, ran)
}

#[test]
fn nothing_is_complete_without_the_files_that_were_written() {
    let (model, world, ran) = removed();
    assert!(!ran.stderr.contains("Complete") && !ran.stderr.contains("passed"), "{}", ran.stderr);
    let (_, shown) = model.json(&world, &["show"]);
    assert_eq!(shown["status"], "paused");
    let paid = model.calls();
    world.write(CODE, RIGHT);
    // One is not there yet, and the other is somebody's work by now.
    let ran = model.run(&world, &["flow", "--continue"]).exits(1);
    let _ = ran.says("test/discount.test.js (D1) is gone").says("certus undo D1");
    assert_eq!(model.calls(), paid, "nothing is paid for");
    world.write(TESTS, format!("// mine\n{TEST}"));
    let _ = model.run(&world, &["flow", "--continue"]).ok().says("Complete");
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
