//! What an approval covers, and what is put before a person whatever they allowed.

use fake_api::Step;
use serde_json::{Value, json};

use crate::model::{GOAL, Model, RIGHT, WRONG, but, first, reply, script, shop, until_the_tests_ran, when};
use crate::support::World;

/// The first word of a prompt: these edits.
fn drafts(prompt: &str, kind: &str, edits: &[Value]) -> Step {
    let document = json!([{"kind": kind, "title": "Some edits", "body": "", "edits": edits}]);
    first(1, when(prompt, reply(json!({"artifacts": document}))))
}

fn whole(path: &str, content: &str, base: Option<&str>) -> Value {
    json!({"path": path, "base": base, "content": content, "replace": [], "delete": false})
}

fn passage(path: &str, find: &str, with: &str) -> Value {
    json!({"path": path, "base": null, "content": null, "replace": [{"find": find, "with": with}], "delete": false})
}

/// A chain under the grant for all of it, whose author's first piece is these edits.
fn granted(edits: &[Value]) -> (Model, World) {
    (Model::start(but(vec![drafts("tdd_flow_controller", "change", edits)], RIGHT)), shop())
}

/// The state of the second draft, and why.
fn second(model: &Model, world: &World) -> (String, String) {
    let (_, shown) = model.json(world, &["show"]);
    let text = |name: &str| shown["edits"][1][name].as_str().unwrap_or_default().to_owned();
    (text("state"), text("why"))
}

#[test]
fn a_grant_covers_neither_tests_that_were_approved_nor_what_is_ignored_or_cut() {
    let hidden = format!("{RIGHT}/* {} */ globalThis.EVIL = 1;\n", "y".repeat(2_100));
    for (edit, shows) in [
        (
            passage("test/discount.test.js", "assert.strictEqual(discounted(1000, 10), 900);", ""),
            "test/discount.test.js",
        ),
        (whole(".gitignore", "lib/\n", None), ".gitignore"),
        (whole(".husky/pre-commit", "x\n", None), ".husky/pre-commit"),
        (whole(".vscode/tasks.json", "{}\n", None), ".vscode/tasks.json"),
        (whole("lib/discount.js", &hidden, None), "certus diff D2 --full --chain 001"),
    ] {
        let (model, world) = granted(&[edit]);
        if shows == ".gitignore" {
            let _ = std::fs::remove_file(world.project.join(shows));
        }
        let ran = until_the_tests_ran(&model, &world).exits(3).shows(shows);
        assert!(!ran.stdout.contains("EVIL"), "{}", ran.stdout);
        assert_eq!(second(&model, &world).0, "planned", "{shows}");
        let all = world.run(&["diff", "D2", "--full"]).ok();
        assert_eq!(all.stdout.contains("globalThis.EVIL = 1;"), shows.starts_with("certus"), "{}", all.stdout);
        let (_, cut) = world.json(&["diff", "D2"]);
        assert_eq!(cut["files"][0]["cut"], shows.starts_with("certus"), "{cut}");
    }
}

#[test]
fn what_configures_certus_is_no_drafts() {
    let ours = r#"{"prompts": {"custom_dir": "./lib"}}"#;
    for (path, content) in [
        ("prompts/custom/code_reviewer.md", "x\n"),
        ("certus.toml", "x\n"),
        ("project_rules.md", "x\n"),
        ("config.json", ours),
    ] {
        let (model, world) = granted(&[whole(path, content, None)]);
        let before = std::fs::read(world.project.join(path)).ok();
        let _ = until_the_tests_ran(&model, &world);
        let (state, why) = second(&model, &world);
        assert!(state == "failed" && why.contains("says how Certus works here"), "{path}: {state}: {why}");
        assert_eq!(std::fs::read(world.project.join(path)).ok(), before);
    }
    // A file of that name that is none of Certus's is an edit that is seen each time.
    let (model, world) = granted(&[whole("config.json", "{\"port\": 1}\n", None)]);
    let _ = until_the_tests_ran(&model, &world).exits(3).shows("config.json  +1");
    assert_eq!(second(&model, &world).0, "planned");
}

#[test]
fn nothing_is_deleted_whoever_allows_it() {
    let base =
        sha(&std::fs::read(crate::support::repository().join("tests/projects/express-shop/README.md")).expect("read"));
    let edit = json!({"path": "README.md", "base": base, "content": null, "replace": [], "delete": true});
    let (model, world) = granted(&[edit]);
    let _ = until_the_tests_ran(&model, &world).says("README.md: Certus deletes no file");
    assert!(world.project.join("README.md").is_file());
    assert_eq!(second(&model, &world).0, "failed");
}

fn sha(bytes: &[u8]) -> String {
    certus_app::engine::Digest::of(bytes).to_string()
}

#[test]
fn a_command_that_does_something_else_than_when_it_was_allowed_is_asked_about_again() {
    let (model, world) = (Model::start(but(Vec::new(), RIGHT)), shop());
    let _ = model.run(&world, &["flow", GOAL]).exits(3);
    let _ = model.run(&world, &["approve"]).exits(3);
    let _ = model.run(&world, &["approve", "--all-in-chain"]).exits(3).shows("npm test");
    script(&world, "test", "node -e \"require('fs').writeFileSync('PWNED', '')\"");
    let asked = model.run(&world, &["approve"]).exits(3).says("do was changed: package.json");
    let asked = asked.shows("-    \"test\": \"node --test\"").shows("PWNED").shows("look at them first");
    assert!(!asked.stdout.contains("which was `node --test`"), "what was read before is not what would run");
    assert!(!world.project.join("PWNED").exists());

    // A test changes it, while it runs.
    let tampers = "const fs = require('fs');\nconst manifest = JSON.parse(fs.readFileSync('package.json'));\nmanifest.scripts.test = 'true';\n\
         fs.writeFileSync('package.json', JSON.stringify(manifest, null, 2));\nrequire('node:assert').ok(fs.existsSync('lib/discount.js'));\n";
    let tests = drafts("test_generator", "tests", &[whole("test/discount.test.js", tampers, None)]);
    let (model, world) = (Model::start(but(vec![tests], WRONG)), shop());
    let _ = model.run(&world, &["flow", GOAL]).exits(3);
    let _ = model.run(&world, &["approve"]).exits(3);
    let _ = model.run(&world, &["approve", "--all-in-chain"]).exits(3).shows("npm test");
    let ran = model.run(&world, &["approve"]).exits(3).shows("\"test\": \"true\"");
    assert!(!ran.stderr.contains("Complete"), "{}", ran.stderr);
}

#[test]
fn that_no_tests_are_needed_is_for_the_person_to_say() {
    let none = || first(1, when("test_generator", reply(json!({"notes": "No tests are needed."}))));
    let (model, world) = (Model::start(but(vec![none()], RIGHT)), shop());
    let _ = model.run(&world, &["flow", GOAL]).exits(3);
    let asked = model.run(&world, &["approve"]).exits(3);
    let _ = asked.shows("Go on without new tests?").shows("No tests are needed.").shows("Next: certus approve");
    let again = model.run(&world, &["reject", "--why", "money is involved"]).exits(3);
    let _ = again.shows("test/discount.test.js");
    assert!(model.said_to("test_generator", "money is involved"), "it is told why");

    let (model, world) = (Model::start(but(vec![none()], RIGHT)), shop());
    let _ = model.run(&world, &["flow", GOAL]).exits(3);
    let _ = model.run(&world, &["approve"]).exits(3);
    let _ = model.run(&world, &["approve"]).exits(3).shows("lib/discount.js");
    assert_eq!(model.asked("test_generator"), 1);
}

#[test]
fn machines_see_what_waits_and_approve_nothing_else() {
    let other = drafts("test_generator", "tests", &[whole("test/other.test.js", "other\n", None)]);
    let (model, world) = (Model::start(but(vec![other], RIGHT)), shop());
    let _ = model.run(&world, &["flow", GOAL]).exits(3);
    let (_, waits) = model.json(&world, &["approve"]);
    assert_eq!(waits["edits"][0]["diffs"][0]["file"], "test/other.test.js", "{waits}");
    assert!(waits["edits"][0]["diffs"][0]["diff"].as_str().is_some_and(|diff| diff.contains("+other")), "{waits}");
    let next = waits["next"].as_str().expect("next").to_owned();
    let shown = next.split(' ').nth(4).expect("what was shown").to_owned();
    assert_eq!(next, format!("certus approve --chain 001 {shown} --provider openai"));
    // Somebody else judges it, and another takes its place.
    let events = model.run(&world, &["reject", "--why", "not this", "--events"]).exits(3);
    let report = events.stdout.lines().last().expect("a report");
    assert!(report.contains("+test('ten percent are taken off'"), "{report}");
    for named in [shown.as_str(), "D1", "nothing"] {
        let ran = model.run(&world, &["approve", "--chain", "001", named]).exits(3);
        let _ = ran.says("nothing was approved").says("certus flow --continue --chain 001");
    }
    assert!(!world.project.join("test/discount.test.js").exists());
    let (_, asks) = model.json(&world, &["approve", "D2"]);
    assert_eq!(asks["proposal"]["title"], "npm test", "{asks}");
    assert!(asks["proposal"]["body"].as_str().is_some_and(|body| body.contains("own command")), "{asks}");
    assert!(world.project.join("test/discount.test.js").exists() && !world.project.join("test/other.test.js").exists());
}

#[test]
fn a_grant_covers_no_configuration_of_what_runs_nor_tests_among_the_code() {
    const CODE: &str = "pub fn net(c: u32) -> u32 { c }\n#[cfg(test)]\nmod checks {\n    #[test]\n    fn kept() { assert_eq!(super::net(1), 1); }\n}\n";
    for (edit, state) in [
        (whole(".cargo/config.toml", "[alias]\n", None), "planned"),
        (whole("turbo.json", "{}\n", None), "planned"),
        (passage("src/net.rs", "assert_eq!(super::net(1), 1);", ""), "planned"),
        (passage("src/net.rs", "{ c }", "{ c + 0 }"), "written"),
    ] {
        let (model, world) = granted(std::slice::from_ref(&edit));
        world.write("src/net.rs", CODE);
        let _ = until_the_tests_ran(&model, &world);
        assert_eq!(second(&model, &world).0, state, "{edit}");
    }
}

#[test]
fn who_is_asked_although_they_granted_all_is_told_why() {
    for (edit, why) in [
        (whole("openapi.yaml", "{}\n", None), "it can say what runs"),
        (whole(".gitignore", "lib/\n", None), "it can decide what is installed, ignored or set up"),
        (passage("test/discount.test.js", "900", "901"), "it changes tests that are there"),
    ] {
        let (model, world) = granted(&[edit]);
        let _ = std::fs::remove_file(world.project.join(".gitignore"));
        let said = format!("Asked about although you approved later edits: {why}.");
        let _ = until_the_tests_ran(&model, &world).exits(3).shows(&said);
        let (_, shown) = world.json(&["diff", "D2"]);
        assert_eq!(shown["files"][0]["asked_because"], why, "{shown}");
        // Where nothing was granted there is nothing to explain.
        let (_, first) = world.json(&["diff", "D1"]);
        assert_eq!(first["files"][0].get("asked_because"), None, "{first}");
    }
}

#[test]
fn no_number_of_manifests_hides_the_one_that_runs() {
    let tampers = "const fs = require('fs');\nconst manifest = JSON.parse(fs.readFileSync('package.json'));\nmanifest.scripts.test = 'true';\n\
         fs.writeFileSync('package.json', JSON.stringify(manifest, null, 2));\nfs.writeFileSync('z/a/b/package.json', '{ }');\n\
         require('node:assert').ok(fs.existsSync('lib/discount.js'));\n";
    let tests = drafts("test_generator", "tests", &[whole("test/discount.test.js", tampers, None)]);
    let (model, world) = (Model::start(but(vec![tests], WRONG)), shop());
    for number in 0..510 {
        world.write(&format!("apps/a{number:03}/package.json"), "{}\n");
    }
    world.write("z/a/b/package.json", "{}\n");
    let _ = model.run(&world, &["flow", GOAL]).exits(3);
    let _ = model.run(&world, &["approve"]).exits(3);
    let _ = model.run(&world, &["approve", "--all-in-chain"]).exits(3).shows("npm test");
    let ran = model.run(&world, &["approve"]).exits(3).shows("\"test\": \"true\"");
    let ran = ran.says("do was changed: one of the files that lie deeper, package.json");
    assert!(!ran.stderr.contains("Complete"), "{}", ran.stderr);
}
