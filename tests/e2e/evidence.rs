//! Evidence is of the files as they are: whatever changes them after the tests, or while they run.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::model::{
    GOAL, Model, RIGHT, WRONG, but, confidence, first, reply, script, shop, until_the_tests_ran, when, whole,
};
use crate::support::{Ran, World};

fn incomplete(model: &Model, world: &World) -> Value {
    let (_, shown) = model.json(world, &["show"]);
    assert_ne!(shown["status"], "complete", "{shown}");
    let last = shown["checks"].as_array().and_then(|checks| checks.iter().rfind(|check| check["check"] == "test"));
    assert_eq!(last.expect("tests ran")["status"], 1, "they ran on the files as they are");
    shown
}

#[test]
fn a_linter_that_rewrites_what_was_tested_completes_nothing() {
    let (model, world) = (Model::start(whole(RIGHT)), shop());
    script(&world, "lint", "node fix.js");
    world.write("fix.js", format!("require('fs').writeFileSync('lib/discount.js', {});", json!(WRONG)));
    let _ = until_the_tests_ran(&model, &world).exits(3).shows("npm run lint");
    let ran = model.run(&world, &["approve"]);
    let ran = ran
        .says("while it ran these files changed: lib/discount.js")
        .says("Files were changed since they were checked");
    assert!(!ran.stderr.contains("Complete"), "{}", ran.stderr);
    let _ = incomplete(&model, &world);
    assert_eq!(model.asked("code_reviewer"), 0, "nobody is paid for reviewing files that fail");
}

#[test]
fn what_changes_before_a_chain_finishes_is_checked_again() {
    let question = json!([{"id": "rollback", "text": "How is it rolled back?", "why": "It may fail.", "options": ["a", "b"],
        "recommended": "a", "area": "rollback"}]);
    let unsure = json!({"questions": question, "confidence": [{"area": "deployment", "confidence": 0.5}]});
    for (code, exit) in [(WRONG, 3), (&format!("// mine\n{RIGHT}"), 0)] {
        let asks = first(1, when("deployment_checker", reply(unsure.clone())));
        let (model, world) = (Model::start(but(vec![asks], RIGHT)), shop());
        let _ = until_the_tests_ran(&model, &world).exits(3).shows("How is it rolled back?");
        world.write("lib/discount.js", code);
        let ran = model.run(&world, &["answer", "a"]).exits(exit).says("Files were changed since they were checked");
        if exit == 0 {
            let _ = ran.says("Complete");
            assert_eq!(model.asked("code_reviewer"), 2, "the reviewers saw the files as they are");
        } else {
            let _ = incomplete(&model, &world);
        }
    }
}

#[test]
#[cfg(unix)]
fn a_link_that_leads_elsewhere_since_the_tests_is_a_change() {
    let question = json!([{"id": "rollback", "text": "How is it rolled back?", "why": "It may fail.", "options": ["a", "b"],
        "recommended": "a", "area": "rollback"}]);
    let unsure = json!({"questions": question, "confidence": [{"area": "deployment", "confidence": 0.5}]});
    let asks = first(1, when("deployment_checker", reply(unsure)));
    let (model, world) = (Model::start(but(vec![asks], RIGHT)), shop());
    world.write("lib/good.js", "");
    world.write("lib/bad.js", "process.exit(1);\n");
    let link = |target: &str| {
        let _ = std::fs::remove_file(world.project.join("lib/current.js"));
        std::os::unix::fs::symlink(target, world.project.join("lib/current.js")).expect("a link can be made");
    };
    link("good.js");
    script(&world, "test", "node --test && node lib/current.js");
    let _ = until_the_tests_ran(&model, &world).exits(3).shows("How is it rolled back?");
    link("bad.js");
    let _ = model.run(&world, &["answer", "a"]).exits(3).says("Files were changed since they were checked");
    let _ = incomplete(&model, &world);
}

fn wait_for(path: &Path) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !path.exists() {
        assert!(Instant::now() < deadline, "{} does not come", path.display());
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn what_is_saved_while_the_tests_run_was_not_tested() {
    let (model, world) = (Model::start(whole(RIGHT)), shop());
    let (began, go) = (world.home().join("began"), world.home().join("go"));
    script(&world, "test", "node --test && node wait.js");
    world.write(
        "wait.js",
        format!(
            "const fs = require('fs');\nfs.writeFileSync({}, '');\nwhile (!fs.existsSync({})) {{}}\n",
            json!(began.to_str()),
            json!(go.to_str())
        ),
    );
    let _ = model.run(&world, &["flow", GOAL]).exits(3);
    let _ = model.run(&world, &["approve"]).exits(3);
    let _ = model.run(&world, &["approve", "--all-in-chain"]).exits(3);
    let child = model
        .command(&world, &["approve"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("it runs");
    wait_for(&began);
    world.write("lib/discount.js", WRONG);
    std::fs::write(&go, "").expect("it can go on");
    let ran = Ran::of(child.wait_with_output().expect("it ends"));
    let ran = ran.says("It passed, but while it ran these files changed: lib/discount.js");
    assert!(!ran.stderr.contains("Complete"), "{}", ran.stderr);
    let _ = incomplete(&model, &world);
}

#[test]
fn tests_that_write_files_each_time_are_for_a_person() {
    let (model, world) = (Model::start(whole(RIGHT)), shop());
    script(
        &world,
        "test",
        "node --test && node -e \"require('fs').writeFileSync('report.txt', '' + process.hrtime())\"",
    );
    let asked = until_the_tests_ran(&model, &world).exits(3);
    let _ = asked.shows("Go on although `npm test` changes files while it runs?").shows("- report.txt");
    let _ = model.run(&world, &["approve"]).ok().says("Complete");
}

#[test]
fn a_check_that_a_limit_ends_says_which() {
    let (model, world) = (Model::start(whole(RIGHT)), shop());
    script(&world, "test", "node -e 'console.log(`x`.repeat(3e6))' && node --test");
    let limit = "[limits]\ncheck-output-mib = 1\n";
    world.write("certus.toml", limit);
    let ended = "was ended after 1 MiB of output (check-output-mib)";
    let raise = "raise check-output-mib under [limits] in your own configuration, or in the project's certus.toml";
    let asked = until_the_tests_ran(&model, &world).exits(3).says(&format!("It {ended}: where it needs more, {raise}"));
    let _ = asked.shows(&format!("`npm test` {ended}")).shows(raise);
    let asked = model.run(&world, &["approve"]).exits(3).shows("Go on although `npm test` did not end?");
    let _ = asked.shows(&ended.replace("was", "It was"));
    let (_, shown) = model.json(&world, &["show"]);
    let check = &shown["checks"][1];
    assert_eq!((&check["status"], &check["ended"]), (&json!(null), &json!("after 1 MiB of output (check-output-mib)")));
    world.write("certus.toml", limit.replace('1', "8"));
    // The file in which that is said says what runs as well.
    let _ = model.run(&world, &["reject", "--why", "it may print more now"]).exits(3).shows("look at them first");
    let _ = model.run(&world, &["approve"]).ok().says("Complete");
    assert_eq!(model.asked("error_recovery"), 0, "no model can mend a limit");
}

#[test]
fn who_writes_does_not_review() {
    let bad = |area: &str| reply(json!({"notes": "A hole.", "confidence": [{"area": area, "confidence": 0.1}]}));
    let sure =
        reply(json!({"notes": "All good now.", "confidence": confidence(&["code_review", "security", "simplicity"])}));
    let mut steps = vec![when("code_reviewer", bad("code_review")), when("security_scanner", bad("security"))];
    let mut usual = whole(RIGHT);
    let done = usual.iter().position(|step| step.when.contains("tdd_flow_controller") && step.times.is_none());
    usual[done.expect("the author's last word")] = when("tdd_flow_controller", sure);
    steps.extend(usual);
    let (model, world) = (Model::start(steps), shop());
    let ran = until_the_tests_ran(&model, &world);
    assert!(!ran.stderr.contains("Complete") && ran.status != Some(0), "{}", ran.stderr);
    let (_, shown) = model.json(&world, &["show"]);
    assert_eq!(shown["confidence"]["areas"]["code_review"], 0.1, "{shown}");
    assert_eq!(model.asked("deployment_checker"), 0);
}

#[test]
fn what_a_person_mended_is_tested_before_anybody_is_paid_to_mend_it() {
    let edit = json!({"path": "lib/discount.js", "base": null, "content": null, "delete": false,
        "replace": [{"find": "cents", "with": "pennies"}]});
    let mend = reply(json!({"artifacts": [{"kind": "change", "title": "Pennies", "body": "", "edits": [edit]}]}));
    let (model, world) =
        (Model::start(but(vec![first(1, when("error_recovery", mend))], "exports.discounted = cents;\n")), shop());
    let _ = model.run(&world, &["flow", GOAL]).exits(3);
    for _ in 0..4 {
        let _ = model.run(&world, &["approve"]).exits(3);
    }
    assert_eq!(model.asked("error_recovery"), 1);
    world.write("lib/discount.js", RIGHT);
    let ran = model.run(&world, &["reject", "--why", "I mended it myself"]).ok();
    let ran = ran.says("Files were changed since they were checked").says("Running npm test").says("Complete");
    assert!(!ran.stderr.contains("error_recovery") && model.asked("error_recovery") == 1, "{}", ran.stderr);
}
