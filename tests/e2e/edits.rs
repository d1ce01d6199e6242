//! What happens to edits around a person's verdict: files that change under them, and writes that are taken back.

use serde_json::json;

use crate::model::{GOAL, Model, RIGHT, but, first, reply, shop, when, whole};
use crate::support::World;

const PRICE: &str = "// prices\nexports.net = (cents) => cents;\nexports.gross = (cents) => cents * 1.19;\n";
const EDITED: &str =
    "// prices\nexports.net = (cents) => cents;\nexports.gross = (cents) => Math.round(cents * 1.19);\n";

/// A chain whose first draft of the writer replaces a passage of `lib/price.js`, as far as a person has to judge it.
fn passage_shown() -> (Model, World) {
    let edit = json!({"path": "lib/price.js", "base": null, "content": null, "delete": false,
        "replace": [{"find": "cents * 1.19", "with": "Math.round(cents * 1.19)"}]});
    let tests = reply(json!({"artifacts": [{"kind": "tests", "title": "Whole cents", "body": "", "edits": [edit]}]}));
    let (model, world) = (Model::start(but(vec![first(1, when("test_generator", tests))], "")), shop());
    world.write("lib/price.js", PRICE);
    let _ = model.run(&world, &["flow", GOAL]).exits(3);
    let _ = model.run(&world, &["approve"]).exits(3).shows("lib/price.js").shows("Math.round");
    (model, world)
}

#[test]
fn what_changed_before_it_is_written_is_planned_anew_and_shown_again() {
    let (model, world) = passage_shown();
    let paid = model.calls();
    world.write("lib/price.js", format!("// mine\n{PRICE}"));
    // Nothing covers what nobody saw.
    let ran = model.run(&world, &["approve", "--all-in-chain"]).exits(3);
    let ran =
        ran.shows("Not written: lib/price.js was changed meanwhile").shows("Math.round").shows("Next: certus approve");
    assert!(!ran.stdout.contains("npm test"), "{}", ran.stdout);
    assert_eq!(model.calls(), paid, "nothing is paid for");
    let (_, shown) = model.json(&world, &["show"]);
    assert_eq!(
        (&shown["edits"][0]["waits"], &shown["edits"][0]["why"]),
        (&json!(true), &json!("lib/price.js was changed meanwhile"))
    );
    let _ = model.run(&world, &["approve"]).exits(3).shows("npm test");
    assert_eq!(
        std::fs::read_to_string(world.project.join("lib/price.js")).expect("written"),
        format!("// mine\n{EDITED}")
    );
    assert_eq!(model.calls(), paid);
}

#[test]
fn what_no_longer_fits_goes_back_to_the_model_with_the_reason() {
    let (model, world) = passage_shown();
    let mine = "// somebody else's\n";
    world.write("lib/price.js", mine);
    let _ =
        model.run(&world, &["approve"]).exits(3).says("lib/price.js: text 1 to find").shows("test/discount.test.js");
    assert_eq!(model.asked("test_generator"), 2);
    assert!(model.said_to("test_generator", "lib/price.js: text 1 to find"), "it is told why");
    assert_eq!(std::fs::read_to_string(world.project.join("lib/price.js")).expect("kept"), mine);
}

/// A chain whose tests are written and whose test command nobody allowed yet.
fn asked_for_the_command() -> (Model, World) {
    let (model, world) = (Model::start(whole(RIGHT)), shop());
    let _ = model.run(&world, &["flow", GOAL]).exits(3);
    let _ = model.run(&world, &["approve"]).exits(3);
    let _ = model.run(&world, &["approve", "--all-in-chain"]).exits(3).shows("npm test");
    (model, world)
}

#[test]
fn who_refuses_the_test_command_can_still_allow_it() {
    let (model, world) = asked_for_the_command();
    let paid = model.calls();
    let _ = model.run(&world, &["reject", "--why", "let me look first"]).exits(3).shows("Go on without `npm test`?");
    let (_, status) = model.json(&world, &["status"]);
    assert_eq!(status["status"], "waiting");
    let _ = model.run(&world, &["reject", "--why", "it may run"]).exits(3).shows("own command for its test");
    assert_eq!(model.calls(), paid, "nothing is paid for");
    let _ = model.run(&world, &["approve"]).ok().says("Complete");
}

#[test]
fn who_goes_on_without_the_tests_completes_nothing() {
    let (model, world) = asked_for_the_command();
    let _ = model.run(&world, &["reject", "--why", "never"]).exits(3).shows("Next: certus approve");
    let ran = model.run(&world, &["approve"]);
    assert!(!ran.stderr.contains("Complete") && ran.status != Some(0), "{}", ran.stderr);
    let (_, shown) = model.json(&world, &["show"]);
    assert_eq!((&shown["status"], &shown["checks"]), (&json!("given-up"), &json!([])), "it never ran");
    assert!(shown["next"].as_str().is_some_and(|next| next.starts_with("certus flow --continue")), "{shown}");
}
