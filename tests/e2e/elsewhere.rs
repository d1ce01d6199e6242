//! A chain that somebody else drove, in a copy of their folder: what it says that ran, runs here.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::model::{GOAL, Model, RIGHT, WRONG, but, first, reply, shop, until_the_tests_ran, when};
use crate::support::World;

/// A folder for PATH in which `npm` passes whatever it is asked.
fn passing(world: &World) -> String {
    let folder = world.home().join("their-tools");
    std::fs::create_dir(&folder).expect("a folder can be made");
    let npm = folder.join("npm");
    // The tests fail before there is code, and pass whatever it is.
    std::fs::write(&npm, "#!/bin/sh\ntest -e lib/discount.js\n").expect("written");
    std::fs::set_permissions(&npm, std::fs::Permissions::from_mode(0o755)).expect("it may run");
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default())
}

/// Nothing says any more that the store is this user's.
fn is_taken_elsewhere(world: &World) {
    std::fs::remove_dir_all(world.home().join("config/certus/stores")).expect("it was theirs");
}

#[test]
fn a_chain_that_came_in_a_clone_completes_on_no_evidence_but_what_is_gathered_here() {
    let question = json!([{"id": "rollback", "text": "How is it rolled back?", "why": "It may fail.", "options": ["a", "b"],
        "recommended": "a", "area": "rollback"}]);
    let unsure = json!({"questions": question, "confidence": [{"area": "deployment", "confidence": 0.5}]});
    let asks = first(1, when("deployment_checker", reply(unsure)));
    let (model, world) = (Model::start(but(vec![asks], WRONG)), shop());
    let theirs = passing(&world);
    for arguments in [&["flow", GOAL][..], &["approve"], &["approve", "--all-in-chain"], &["approve"]] {
        let ran = model.command(&world, arguments).env("PATH", &theirs).output().expect("it runs");
        assert_eq!(ran.status.code(), Some(3), "{}", String::from_utf8_lossy(&ran.stderr));
    }
    let (_, shown) = model.json(&world, &["show"]);
    assert_eq!(shown["phase"], "deployment-readiness", "{shown}");
    is_taken_elsewhere(&world);
    let ran = model.run(&world, &["answer", "a"]).exits(3).says("was recorded elsewhere").shows("npm test");
    assert!(!ran.stderr.contains("Complete"), "{}", ran.stderr);
    // What failed before the code failed elsewhere.
    let ran = model.run(&world, &["approve"]).exits(3).shows("Go on although no new test failed?");
    let ran = ran.shows("what ran elsewhere shows nothing here");
    assert!(!ran.stderr.contains("Complete"), "{}", ran.stderr);
    let (_, shown) = model.json(&world, &["show"]);
    let last = shown["checks"].as_array().and_then(|checks| checks.last()).expect("they ran");
    assert_eq!((&last["check"], &last["status"]), (&json!("test"), &json!(1)), "{shown}");
}

#[test]
fn edits_that_waited_elsewhere_are_shown_as_they_are_made_here() {
    let (model, world) = (Model::start(crate::model::whole(WRONG)), shop());
    let _ = model.run(&world, &["flow", GOAL]).exits(3);
    let _ = model.run(&world, &["approve"]).exits(3).shows("+test('ten percent are taken off'");
    is_taken_elsewhere(&world);
    // What was seen elsewhere is not what a yes is to.
    let ran = model.run(&world, &["approve"]).says("was recorded elsewhere").says("hint: ");
    assert_ne!(ran.status, Some(0), "{}", ran.stderr);
    assert!(!world.project.join("test/discount.test.js").exists());
    let _ = model.run(&world, &["flow", "--continue"]).exits(3).shows("+test('ten percent are taken off'");
    let _ = model.run(&world, &["approve"]).exits(3).shows("npm test");
    assert!(world.project.join("test/discount.test.js").exists());
}

#[test]
fn a_chain_that_came_in_a_clone_has_the_gates_that_are_installed() {
    use certus_app::engine::{ChainId, Gate, law};
    let world = World::with("express-shop");
    let _ = world.run(&["new", GOAL]).ok();
    let open = || {
        let store = certus_store::Store::open(&world.project.join(".certus"), certus_store::Mode::ReadWrite);
        store.expect("it opens")
    };
    let own = open().chain(ChainId(1)).expect("it folds").started().expect("begun").clone();
    let mut weak = own.clone();
    weak.methodology.phases.iter_mut().for_each(|phase| phase.gate = Gate::default());
    let _ = open().create_blocking(1, law::begin(weak), Vec::new()).expect("created");
    is_taken_elsewhere(&world);
    let _ = world.run(&["flow", "--continue", "--chain", "2"]).says("was recorded elsewhere");
    let chain = open().chain(ChainId(2)).expect("it folds");
    assert_eq!(chain.started().expect("begun").methodology.phases, own.methodology.phases);
}

#[test]
fn a_chain_that_came_complete_says_so_and_is_verified_here() {
    let (model, world) = (Model::start(crate::model::whole(RIGHT)), shop());
    let _ = until_the_tests_ran(&model, &world).ok().says("Complete");
    let (_, status) = model.json(&world, &["status"]);
    assert_eq!((&status["status"], &status["completed_elsewhere"]), (&json!("complete"), &json!(null)));
    is_taken_elsewhere(&world);
    let elsewhere = "completed elsewhere, and nothing of it was verified here";
    let next = "certus flow --continue --chain 001 --provider openai";
    // Also before anything is recorded of that.
    let (_, shown) = model.json(&world, &["show"]);
    assert_eq!((&shown["status"], &shown["completed_elsewhere"]), (&json!("complete"), &json!(true)));
    assert!(shown["checks"].as_array().expect("checks").iter().all(|check| check["fresh"] == false), "{shown}");
    assert_eq!((shown["next"].as_str(), &shown["advice"]), (Some(next), &json!(null)));
    let ran = model.run(&world, &["show"]).ok().shows(elsewhere).shows(next);
    let here = "no new test was seen to fail here before the code was written";
    assert!(ran.shows(here).stdout.lines().all(|line| line != "no new test failed before the code was written"));
    let _ = model.run(&world, &["status"]).ok().shows("done elsewhere").shows(elsewhere).shows(next);
    let (_, status) = model.json(&world, &["status"]);
    assert_eq!((&status["status"], &status["completed_elsewhere"]), (&json!("complete"), &json!(true)));
    for arguments in [&["status", "all"][..], &["list"]] {
        let _ = model.run(&world, arguments).ok().shows("done elsewhere");
        let (_, listed) = model.json(&world, arguments);
        assert_eq!(listed["chains"][0]["completed_elsewhere"], true, "{listed}");
    }
    // Once a chain was begun here, it is recorded of all.
    let _ = model.run(&world, &["new", "something else"]).ok();
    let _ = model.run(&world, &["use", "1"]).ok();
    let _ = model.run(&world, &["status"]).ok().shows(elsewhere).shows(next);
    let asked = model.run(&world, &["flow", "--continue"]).exits(3).shows("npm test");
    assert!(!asked.stderr.contains("Complete"), "{}", asked.stderr);
    let _ = model.run(&world, &["approve"]).exits(3).shows("Go on although no new test failed?");
    let _ = model.run(&world, &["approve"]).ok().says("Complete").shows(here);
    let (_, shown) = model.json(&world, &["show"]);
    assert_eq!((&shown["completed_elsewhere"], &shown["no_test_failed_first"]), (&json!(null), &json!(true)));
    assert_eq!(shown["next"], json!(null));
}
