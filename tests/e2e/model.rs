//! A chain whose prompts a model answers, over the real protocol: the model is a script, everything else is real.

use fake_api::{FakeApi, Play, Reply, Script, Step};
use serde_json::{Value, json};

use crate::support::{Ran, World};

pub(crate) const GOAL: &str = "Add a function that takes a discount in percent off a price in cents";
pub(crate) const KEY: &str = "sk-test-0123456789abcdef";

pub(crate) const TEST: &str = "const test = require('node:test');
const assert = require('node:assert');
const { discounted } = require('../lib/discount');

test('ten percent are taken off', () => {
  assert.strictEqual(discounted(1000, 10), 900);
});
";
pub(crate) const RIGHT: &str =
    "exports.discounted = (cents, percent) => Math.round((cents * (100 - percent)) / 100);\n";
pub(crate) const WRONG: &str = "exports.discounted = (cents) => cents;\n";

/// The script's server, alive as long as this.
pub(crate) struct Model {
    runtime: tokio::runtime::Runtime,
    api: FakeApi,
}

impl Model {
    pub(crate) fn start(steps: Vec<Step>) -> Self {
        Self::serving(Script { steps, ..Script::default() })
    }

    /// One that keeps the beginnings of requests, as services do.
    pub(crate) fn caching(steps: Vec<Step>) -> Self {
        Self::serving(Script { steps, caches: true, ..Script::default() })
    }

    /// One that answers so where it is asked for a count.
    pub(crate) fn counts_with(steps: Vec<Step>, play: impl Into<Play>) -> Self {
        Self::serving(Script { steps, counting: Some(play.into()), ..Script::default() })
    }

    /// One that says of every request that it has so many tokens.
    pub(crate) fn counting(counts: u64) -> Self {
        Self::serving(Script { counts: Some(counts), ..Script::default() })
    }

    fn serving(script: Script) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime can be made");
        let script = Script { key: KEY.to_owned(), otherwise: sure(), ..script };
        let api = runtime.block_on(FakeApi::start(script)).expect("the server starts");
        Self { runtime, api }
    }

    /// Run the binary with this model behind the provider `openai`.
    pub(crate) fn run(&self, world: &World, arguments: &[&str]) -> Ran {
        Ran::of(self.command(world, arguments).output().expect("the binary runs"))
    }

    pub(crate) fn command(&self, world: &World, arguments: &[&str]) -> std::process::Command {
        let mut command = world.command(arguments);
        command
            .env("CERTUS_PROVIDER", "openai")
            .env("OPENAI_API_KEY", KEY)
            .env("OPENAI_BASE_URL", format!("{}/v1", self.api.url()));
        command
    }

    /// Run with `--json` and read the object.
    pub(crate) fn json(&self, world: &World, arguments: &[&str]) -> (Option<i32>, Value) {
        let ran = self.run(world, &[arguments, &["--json"]].concat());
        let value = serde_json::from_str(&ran.stdout)
            .unwrap_or_else(|error| panic!("{error}: stdout is not one JSON object\n{}\n{}", ran.stdout, ran.stderr));
        (ran.status, value)
    }

    /// How many requests ran a prompt.
    pub(crate) fn asked(&self, prompt: &str) -> usize {
        let task = format!("## Task: {prompt}\\n");
        self.api.log().iter().filter(|logged| logged.body.to_string().contains(&task)).count()
    }

    /// Whether a request of a prompt, or of any where none is named, contains this.
    pub(crate) fn said_to(&self, prompt: &str, text: &str) -> bool {
        let task = if prompt.is_empty() { String::new() } else { format!("## Task: {prompt}\\n") };
        let bodies = self.api.log().into_iter().map(|logged| logged.body.to_string());
        bodies.filter(|body| body.contains(&task)).any(|body| body.contains(text))
    }

    /// The requests that ran a prompt, in the order in which they came.
    pub(crate) fn requests(&self, prompt: &str) -> Vec<String> {
        let task = format!("## Task: {prompt}\\n");
        self.api.log().into_iter().map(|logged| logged.body.to_string()).filter(|body| body.contains(&task)).collect()
    }

    /// Where it serves.
    pub(crate) fn url(&self) -> String {
        self.api.url()
    }

    /// Where requests went, in their order.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.api.log().into_iter().map(|logged| logged.path).collect()
    }

    /// How many requests there were.
    pub(crate) fn calls(&self) -> usize {
        self.api.log().len()
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        // Connections that hang by script must not hold the test.
        let runtime = std::mem::replace(
            &mut self.runtime,
            tokio::runtime::Builder::new_current_thread().build().expect("a runtime can be made"),
        );
        runtime.shutdown_background();
    }
}

/// The sample project without the linter, which would have to be installed first.
pub(crate) fn shop() -> World {
    let world = World::with("express-shop");
    let path = world.project.join("package.json");
    let text = std::fs::read_to_string(&path).expect("the project has a manifest");
    let without: String =
        text.lines().filter(|line| !line.contains("\"lint\"")).map(|line| format!("{line}\n")).collect();
    std::fs::write(path, without).expect("the manifest can be written");
    world
}

/// What answers a prompt.
pub(crate) fn when(prompt: &str, play: impl Into<Play>) -> Step {
    Step { when: format!("## Task: {prompt}\n"), times: None, play: play.into() }
}

/// The same, but only the first so many times.
pub(crate) fn first(times: u32, step: Step) -> Step {
    Step { times: Some(times), ..step }
}

/// A reply with these fields; the others are empty.
pub(crate) fn reply(fields: Value) -> Reply {
    let mut whole = json!({
        "notes": "", "discovered": [], "uncertainties": [], "confidence": [], "questions": [], "decisions": [],
        "gap": null, "next": [], "artifacts": [],
    });
    for (name, value) in fields.as_object().expect("fields") {
        whole[name] = value.clone();
    }
    Reply::new(&whole.to_string())
}

pub(crate) fn confidence(areas: &[&str]) -> Value {
    areas.iter().map(|area| json!({"area": area, "confidence": 0.95})).collect()
}

/// A model that is sure of everything.
fn sure() -> Play {
    let areas =
        ["requirements", "architecture", "business_logic", "security", "error_handling", "implementation_details"];
    reply(json!({"notes": "Clear.", "confidence": confidence(&areas)})).into()
}

pub(crate) fn document(kind: &str, title: &str, body: &str, files: &[(&str, &str)]) -> Value {
    let edit = |(path, content): &(&str, &str)| json!({"path": path, "base": null, "content": content, "replace": [], "delete": false});
    let edits: Vec<Value> = files.iter().map(edit).collect();
    json!([{"kind": kind, "title": title, "body": body, "edits": edits}])
}

/// Everything that a whole chain needs; `code` is what the model writes.
pub(crate) fn whole(code: &str) -> Vec<Step> {
    let solution =
        "`discounted(cents, percent)` in lib/discount.js takes a percentage off a price in whole cents (goal).";
    let review =
        |prompt: &str, area: &str| when(prompt, reply(json!({"notes": "Good.", "confidence": confidence(&[area])})));
    vec![
        when(
            "solution_synthesizer",
            reply(json!({"artifacts": document("solution", "A discount function", solution, &[])})),
        ),
        when(
            "solution_presenter",
            reply(json!({"artifacts": document("solution", "A discount function", solution, &[])})),
        ),
        when(
            "solution_designer",
            reply(json!({"artifacts": document("plan", "One piece", "1. lib/discount.js", &[])})),
        ),
        when(
            "test_generator",
            reply(
                json!({"artifacts": document("tests", "Ten percent", "It fails first.", &[("test/discount.test.js", TEST)])}),
            ),
        ),
        first(
            1,
            when(
                "tdd_flow_controller",
                reply(
                    json!({"artifacts": document("change", "The function", "As planned.", &[("lib/discount.js", code)])}),
                ),
            ),
        ),
        when("tdd_flow_controller", reply(json!({"notes": "Everything is done, and all tests pass."}))),
        when("error_recovery", reply(json!({"notes": "There is nothing to mend: all tests pass."}))),
        review("code_reviewer", "code_review"),
        review("security_scanner", "security"),
        review("simplicity_checker", "simplicity"),
        review("deployment_checker", "deployment"),
        when("git_advisor", reply(json!({"notes": "git add lib test, then git commit"}))),
        when(
            "context_health_checker",
            reply(json!({"notes": "Context health: 9 of 10.", "confidence": confidence(&["context_health"])})),
        ),
    ]
}

/// From the goal to the tests' first run.
pub(crate) fn until_the_tests_ran(model: &Model, world: &World) -> Ran {
    let _ = model.run(world, &["flow", GOAL]).exits(3).shows("A discount function");
    let shown = model.run(world, &["approve"]).exits(3);
    let _ = shown.shows("test/discount.test.js").shows("+test('ten percent are taken off'");
    assert!(!world.project.join("test/discount.test.js").exists(), "nothing is written before it is approved");
    let _ = model.run(world, &["approve", "--all-in-chain"]).exits(3).shows("npm test");
    model.run(world, &["approve"])
}

#[test]
fn a_whole_chain_ends_with_tests_that_really_pass() {
    let (model, world) = (Model::start(whole(RIGHT)), shop());
    let _ = until_the_tests_ran(&model, &world).ok().says("Complete").says("deployment-readiness");
    assert_eq!(std::fs::read_to_string(world.project.join("lib/discount.js")).expect("written"), RIGHT);
    let (_, shown) = model.json(&world, &["show"]);
    assert_eq!(shown["status"], "complete");
    let runs: Vec<(&Value, &Value)> =
        shown["checks"].as_array().expect("checks").iter().map(|check| (&check["command"], &check["status"])).collect();
    assert_eq!(runs, [(&json!("npm test"), &json!(1)), (&json!("npm test"), &json!(0))], "red, then green");
    // Certus leaves versions to people.
    assert!(!world.project.join(".git").exists());
    let undone = model.run(&world, &["undo"]).ok().shows("was complete and is open again, in implementation");
    let _ = undone.shows("Next: certus flow --continue");
    assert!(!world.project.join("lib/discount.js").exists());
    // What completed it is gone, and everything says so.
    let (_, status) = model.json(&world, &["status"]);
    let (_, shown) = model.json(&world, &["show"]);
    for one in [&status, &shown] {
        assert_eq!((&one["status"], &one["phase"]), (&json!("ready"), &json!("implementation")), "{one}");
    }
    let (exit, gone_on) = model.json(&world, &["flow", "--continue"]);
    assert_eq!((exit, &gone_on["status"]), (Some(3), &json!("waiting")), "{gone_on}");
    let last = gone_on["checks"].as_array().and_then(|checks| checks.last()).expect("checks");
    assert_eq!(last["status"], 1, "it was tested again");
}

#[test]
fn a_model_that_only_says_so_completes_nothing() {
    let (model, world) = (Model::start(whole(WRONG)), shop());
    let ran = until_the_tests_ran(&model, &world).exits(3).says("The tests do not pass");
    assert!(!ran.stderr.contains("Complete"), "{}", ran.stderr);
    let (_, shown) = model.json(&world, &["show"]);
    assert_eq!((&shown["status"], &shown["phase"]), (&json!("waiting"), &json!("solution-approval")));
    assert!(model.asked("error_recovery") >= 1, "it was asked to mend them");
    assert_eq!(model.asked("deployment_checker"), 0);
}

/// The scripted replies with others in their place; the first that fits answers.
pub(crate) fn but(others: Vec<Step>, code: &str) -> Vec<Step> {
    others.into_iter().chain(whole(code)).collect()
}

/// A script of the project's manifest, in place of what is there.
pub(crate) fn script(world: &World, name: &str, line: &str) {
    let path = world.project.join("package.json");
    let text = std::fs::read_to_string(&path).expect("a manifest");
    let mut manifest: Value = serde_json::from_str(&text).expect("JSON");
    manifest["scripts"][name] = json!(line);
    std::fs::write(path, manifest.to_string()).expect("written");
}

#[test]
fn checks_find_the_variables_that_the_user_names_and_no_others() {
    let (model, world) = (Model::start(whole(RIGHT)), shop());
    script(&world, "build", "echo url=$DATABASE_URL node=$NODE_ENV other=$OTHER.; exit 3");
    let folder = world.home().join("config/certus");
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    std::fs::write(folder.join("config.toml"), "check-environment = [\"DATABASE_URL\", \"NODE_*\"]\n")
        .expect("written");
    let _ = until_the_tests_ran(&model, &world).exits(3).shows("npm run build");
    let mut command = model.command(&world, &["approve"]);
    command.env("DATABASE_URL", "postgres://here").env("NODE_ENV", "test").env("OTHER", "hidden");
    let _ = Ran::of(command.output().expect("the binary runs")).shows("url=postgres://here node=test other=.");
}

#[test]
fn a_build_that_fails_is_passed_over_by_a_person_alone() {
    let (model, world) = (Model::start(whole(RIGHT)), shop());
    script(&world, "build", "echo BROKEN; exit 3");
    let _ = until_the_tests_ran(&model, &world).exits(3).shows("npm run build");
    let ran = model.run(&world, &["approve"]).exits(3).says("It failed with exit status 3\n  ");
    let _ = ran.shows("Go on although `npm run build` fails?").shows("BROKEN");
    let _ = model.run(&world, &["approve"]).ok().says("Complete").shows("How to commit it").shows("git add lib test");
}

#[test]
fn what_somebody_changes_after_the_tests_is_tested_again() {
    let late = reply(json!({"notes": "Good.", "confidence": confidence(&["code_review"])}));
    let late = Reply { delay_ms: 700, pieces: 2, ..late };
    let (model, world) = (Model::start(but(vec![first(1, when("code_reviewer", late))], RIGHT)), shop());
    let _ = model.run(&world, &["flow", GOAL]).exits(3);
    let _ = model.run(&world, &["approve"]).exits(3);
    let _ = model.run(&world, &["approve", "--all-in-chain"]).exits(3);
    let child = model.command(&world, &["approve"]).stderr(std::process::Stdio::piped()).spawn().expect("it runs");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while model.asked("code_reviewer") == 0 {
        assert!(std::time::Instant::now() < deadline, "nobody reviews");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    world.write("lib/discount.js", WRONG);
    let ran = Ran::of(child.wait_with_output().expect("it ends"));
    assert!(ran.stderr.contains("Files were changed since they were checked"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("Complete"), "{}", ran.stderr);
}

#[test]
fn a_test_command_that_the_chain_changes_has_to_be_allowed_again() {
    let swap = json!({"path": "package.json", "base": null, "content": null, "delete": false,
        "replace": [{"find": "\"test\": \"node --test\"", "with": "\"test\": \"true\""}]});
    let swapped =
        reply(json!({"artifacts": [{"kind": "change", "title": "Faster tests", "body": "", "edits": [swap]}]}));
    let (model, world) = (Model::start(but(vec![first(1, when("tdd_flow_controller", swapped))], RIGHT)), shop());
    // All in this chain was granted, but not what says how the project is tested.
    let ran = until_the_tests_ran(&model, &world).exits(3).shows("\"test\": \"true\"");
    assert!(!ran.stderr.contains("Complete"), "{}", ran.stderr);
    let asked = model.run(&world, &["approve"]).exits(3);
    let _ = asked.shows("npm test").shows("Files that say what it does were changed in this chain");
}

#[test]
fn a_key_that_a_test_prints_is_neither_recorded_nor_sent() {
    const OTHER: &str = "sk-ant-4f7a91c0d2e8b653";
    let (model, world) = (Model::start(whole(WRONG)), shop());
    world.write(".env", format!("OPENAI_API_KEY={KEY}\nANTHROPIC_API_KEY={OTHER}\n"));
    script(&world, "test", "cat .env; node --test");
    // The file that says what runs is kept, so that a change of it can be shown.
    script(&world, "start", &format!("ANTHROPIC_API_KEY={OTHER} node server.js"));
    let _ = until_the_tests_ran(&model, &world).exits(3);
    assert!(model.said_to("error_recovery", "ANTHROPIC_API_KEY=[key]"), "what the test printed is sent");
    let shown = model.run(&world, &["show", "--history", "--events"]).ok();
    for key in [KEY, OTHER] {
        assert!(!model.said_to("", key), "it was sent");
        assert!(!shown.stdout.contains(key) && !world.context().to_string().contains(key), "it is recorded");
        for file in std::fs::read_dir(world.project.join(".certus")).expect("the state").flatten() {
            let bytes = std::fs::read(file.path()).unwrap_or_default();
            assert!(!bytes.windows(key.len()).any(|part| part == key.as_bytes()), "{:?} has it", file.path());
        }
    }
}

#[test]
fn tests_that_pass_before_any_code_are_asked_for_once_more() {
    let empty = "require('node:test')('nothing', () => {});\n";
    let hollow = reply(json!({"artifacts": document("tests", "Hollow", "", &[("test/hollow.test.js", empty)])}));
    let (model, world) = (Model::start(but(vec![first(1, when("test_generator", hollow))], RIGHT)), shop());
    let _ = model.run(&world, &["flow", GOAL]).exits(3);
    let _ = model.run(&world, &["approve"]).exits(3).shows("test/hollow.test.js");
    let _ = model.run(&world, &["approve", "--all-in-chain"]).exits(3);
    let _ = model.run(&world, &["approve"]).ok().says("Complete");
    assert_eq!(model.asked("test_generator"), 2);
}
