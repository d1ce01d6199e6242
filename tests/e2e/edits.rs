//! What happens to edits around a person's verdict: files that change under them, and writes that are taken back.

use fake_api::Reply;
use serde_json::json;

use crate::model::{GOAL, Model, RIGHT, but, first, reply, shop, when, whole};
use crate::support::{Ran, World};

pub(crate) const PRICE: &str = "// prices\nexports.net = (cents) => cents;\nexports.gross = (cents) => cents * 1.19;\n";
pub(crate) const EDITED: &str =
    "// prices\nexports.net = (cents) => cents;\nexports.gross = (cents) => Math.round(cents * 1.19);\n";

/// A chain whose first draft of the writer replaces a passage of `lib/price.js`, as far as a person has to judge it.
pub(crate) fn passage_shown() -> (Model, World) {
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
    let _ = model
        .run(&world, &["reject", "--why", "it may run"])
        .exits(3)
        .shows("own command for its test, which was `node --test` when the project was read (package.json:10)");
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
    assert_eq!(shown["next"], "certus flow --continue --chain 001 --provider openai");
}

/// Slash commands of the history, as they ran.
fn ran(model: &Model, world: &World) -> Vec<String> {
    let history = model.run(world, &["show", "--history"]).ok().stdout;
    let lines = history.lines().filter_map(|line| Some(line.split_once("Running /")?.1.to_owned()));
    lines.filter(|line| line.starts_with("implement")).collect()
}

#[test]
fn implement_takes_its_options_and_goes_on_with_what_was_given_up() {
    for words in
        [&["/implement --mode direct"][..], &["/implement", "--mode", "direct"], &["implement", "--mode=direct"]]
    {
        let (model, world) = asked_for_the_command();
        let waits = model.run(&world, &[&["run"], words].concat()).exits(3);
        let _ = waits.says("waits first for your verdict on “npm test”").says("certus approve --chain 001");
        let _ = model.run(&world, &["reject", "--why", "never"]).exits(3);
        let _ = model.run(&world, &["approve"]);
        let asked = model.asked("solution_designer");
        let _ = model.run(&world, &[&["run"], words].concat()).ok().shows("Next: certus flow --continue");
        assert_eq!(model.asked("solution_designer"), asked + 1);
        assert_eq!(ran(&model, &world), [words.join(" ").trim_start_matches('/')]);
        let (_, status) = model.json(&world, &["status"]);
        assert_eq!((&status["status"], &status["phase"]), (&json!("ready"), &json!("implementation")));
        let tests = model.asked("test_generator");
        let _ = model.run(&world, &["flow", "--continue"]);
        assert_eq!(model.asked("test_generator"), tests, "code comes at once");
    }
}

#[test]
fn a_command_that_cannot_run_yet_leaves_the_chain_as_it_was() {
    let world = World::with("express-shop");
    let _ = world.run(&["new", GOAL]).ok();
    let before = world.run(&["show", "--history"]).ok().stdout;
    for command in ["/uncertainty-check", "/present-solution", "/implement --mode tdd", "/complete"] {
        let ran = world.run(&["run", command]).exits(4).says("confidence in requirements is 0 %, 90 % is needed");
        let _ = ran.says("hint: go on with: certus flow --continue --chain 001");
    }
    let _ = world.run(&["run", "/implement --mode 'tdd"]).exits(2).says("a quote is not closed").says("hint:");
    assert_eq!(world.run(&["show", "--history"]).ok().stdout, before);
}

#[test]
fn implement_takes_the_place_of_prompts_that_nobody_answers() {
    let world = World::with("express-shop");
    let _ = world.run(&["flow", "Add a rate limit to the login", "--recommended"]).exits(3);
    let _ = world.run(&["approve"]).exits(6).shows("Next: certus flow --continue --chain 001 --provider manual");
    let ran = world.run(&["run", "/implement", "--mode", "direct"]).exits(6);
    let _ = ran.says("Running /implement --mode direct").shows("--provider manual");
    let (_, shown) = world.json(&["show"]);
    assert_eq!((&shown["status"], &shown["phase"]), (&json!("paused"), &json!("implementation")));
    // What it says leads on.
    let _ = world
        .run(&["flow", "--continue", "--chain", "001", "--provider", "manual"])
        .exits(3)
        .shows("solution_designer");
}

#[test]
fn paths_that_are_plainly_inside_are_written_and_others_are_not() {
    let edit = |path: &str| json!({"path": path, "base": null, "content": "x\n", "delete": false, "replace": []});
    let tests = |paths: &[&str]| {
        let edits: Vec<_> = paths.iter().map(|path| edit(path)).collect();
        reply(json!({"artifacts": [{"kind": "tests", "title": "Paths", "body": "", "edits": edits}]}))
    };
    let inside = first(1, when("test_generator", tests(&["./test/a.js", "test//b.js", ".\\test\\c.js"])));
    let (model, world) = (Model::start(but(vec![inside], RIGHT)), shop());
    let _ = model.run(&world, &["flow", GOAL]).exits(3);
    let shown = model.run(&world, &["approve"]).exits(3);
    let _ = shown.shows("\ntest/a.js  +1").shows("\ntest/b.js  +1").shows("\ntest/c.js  +1");
    let _ = model.run(&world, &["approve"]).exits(3).shows("npm test");
    for name in ["a", "b", "c"] {
        assert!(world.project.join(format!("test/{name}.js")).is_file());
    }

    for outside in ["../a.js", "./../a.js", "/tmp/a.js", "a/../../b.js", "C:\\a.js"] {
        let (model, world) =
            (Model::start(but(vec![first(1, when("test_generator", tests(&[outside])))], RIGHT)), shop());
        let _ = model.run(&world, &["flow", GOAL]).exits(3);
        let _ =
            model.run(&world, &["approve"]).exits(3).says("is not inside the project").shows("test/discount.test.js");
    }
}

/// Run to the end; what it left, and the most memory that it took, in MiB.
#[cfg(target_os = "linux")]
fn with_peak(mut command: std::process::Command) -> (Ran, u64) {
    let child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn();
    let child = child.expect("the binary runs");
    let status = format!("/proc/{}/status", child.id());
    let ended = std::thread::spawn(move || child.wait_with_output());
    let mut peak = 0;
    while !ended.is_finished() {
        let status = std::fs::read_to_string(&status).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
        peak = peak.max(kib.unwrap_or(0) / 1024);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    (Ran::of(ended.join().expect("nobody panics").expect("it ends")), peak)
}

#[test]
#[cfg(target_os = "linux")]
fn an_edit_of_a_hundred_megabytes_is_one_error_and_what_it_cost_is_recorded() {
    let edit =
        json!({"path": "test/a.js", "base": null, "content": "x".repeat(100 << 20), "delete": false, "replace": []});
    let huge = reply(json!({"artifacts": [{"kind": "tests", "title": "Huge", "body": "", "edits": [edit]}]}));
    let tokens = fake_api::Tokens { uncached: 9_000, output: 900, ..fake_api::Tokens::default() };
    let huge = Reply { pieces: 2_000, tokens: Some(tokens), ..huge };
    let (model, world) = (Model::start(but(vec![when("test_generator", huge)], RIGHT)), shop());
    let _ = model.run(&world, &["flow", GOAL]).exits(3);
    let (_, before) = model.json(&world, &["chain-cost"]);
    let (ran, peak) = with_peak(model.command(&world, &["approve"]));
    let ran = ran.exits(6).says("the answer is longer than 16 MiB").shows("Next: certus flow --continue");
    assert_eq!(ran.stderr.matches("16 MiB").count(), 1, "{}", ran.stderr);
    assert!(peak > 0 && peak < 256, "it took {peak} MiB");
    // It is made again by nobody but the person, and what it took is counted as the service said.
    assert_eq!(model.asked("test_generator"), 1);
    let (_, after) = model.json(&world, &["chain-cost"]);
    let designed = after["tokens"].as_u64().zip(before["tokens"].as_u64()).map(|(after, before)| after - before);
    assert!(designed.is_some_and(|tokens| tokens >= 9_900), "{before}\n{after}");
    assert!(after["lost_usd"].as_f64() > Some(0.0), "{after}");
}
