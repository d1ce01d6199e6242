//! A request is as large as the window of who answers it allows: what must be known is in all of them.

use fake_api::{FakeApi, Script};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::model::{GOAL, KEY, Model, reply, shop};
use crate::support::{Ran, World};

/// Ollama, which is told how large a window to make.
struct Local {
    server: FakeApi,
    _runtime: Runtime,
}

impl Local {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let areas = ["requirements", "existing_code", "technical_approach"];
        let confidence: Vec<_> = areas.iter().map(|area| json!({"area": area, "confidence": 0.95})).collect();
        let decided = json!([{"key": "rounding", "value": "half up", "because": "prices are whole cents"}]);
        let fields = json!({"notes": "Clear.", "confidence": confidence, "decisions": decided});
        let script = Script::always(reply(fields));
        Self { server: runtime.block_on(FakeApi::start(script)).expect("a port"), _runtime: runtime }
    }

    /// A chain in a project of its own, with this window.
    fn flow(&self, window: u64, arguments: &[&str]) -> (World, Ran) {
        let world = World::with("express-shop");
        let folder = world.home().join("config/certus");
        std::fs::create_dir_all(&folder).expect("the folder can be made");
        let text = format!("provider = \"ollama\"\n[providers.ollama]\nwindow = {window}\n");
        std::fs::write(folder.join("config.toml"), text).expect("it can be written");
        // The reader of the project finds more than a small window can show.
        let routes: String = (0..150).map(|n| format!("app.get('/orders/of/customer/{n}', list);\n")).collect();
        let head =
            "const express = require('express');\nconst app = express();\nconst list = (req, res) => res.json([]);\n";
        world.write("routes/many.js", format!("{head}{routes}module.exports = app;\n"));
        let ran = self.run(&world, &[&["flow", GOAL][..], arguments].concat());
        (world, ran)
    }

    fn run(&self, world: &World, arguments: &[&str]) -> Ran {
        let mut command = world.command(arguments);
        command.env("OLLAMA_HOST", self.server.url());
        Ran::of(command.output().expect("the binary runs"))
    }

    /// What a command prints with `--json`.
    fn json(&self, world: &World, arguments: &[&str]) -> (Option<i32>, serde_json::Value) {
        let ran = self.run(world, &[arguments, &["--json"]].concat());
        (ran.status, serde_json::from_str(&ran.stdout).expect("JSON"))
    }

    /// The text of each request, and the window that was asked for.
    fn requests(&self) -> Vec<(String, u64)> {
        let text = |body: &serde_json::Value| {
            let turns = body["messages"].as_array().expect("messages").iter();
            turns.filter_map(|turn| turn["content"].as_str()).collect::<Vec<_>>().join("\n")
        };
        let log = self.server.log();
        log.iter().map(|call| (text(&call.body), call.body["options"]["num_ctx"].as_u64().expect("a window"))).collect()
    }
}

#[test]
fn a_small_window_drops_by_name_and_loses_nothing_that_was_decided() {
    const UNTIL: [&str; 2] = ["--until", "solution-approval"];
    let (small, large) = (Local::start(), Local::start());
    let (world, ran) = small.flow(8_192, &UNTIL);
    assert!(matches!(ran.status, Some(0 | 3 | 4)), "{:?}\n{}", ran.status, ran.stderr);
    let _ = world.run(&["show", "--history"]).shows("% of its room");
    let (_, ran) = large.flow(200_000, &UNTIL);
    assert!(matches!(ran.status, Some(0 | 3 | 4)), "{:?}\n{}", ran.status, ran.stderr);
    let (small, large) = (small.requests(), large.requests());
    assert!(small.len() > 3 && large.len() > 3, "{} {}", small.len(), large.len());
    for (text, window) in &small {
        assert!(*window <= 8_192 && text.len() < 8_192 * 3, "{window} for {} bytes", text.len());
    }
    assert!(small.iter().any(|(text, _)| text.contains("left out or cut: ") && text.contains("facts (")));
    assert!(large.iter().all(|(text, _)| !text.contains("left out or cut: ")), "the large one has room for all");
    let decided = "rounding: half up because prices are whole cents";
    for requests in [&small, &large] {
        let (last, _) = requests.last().expect("requests");
        assert!(last.contains(decided) && last.contains(GOAL), "{last}");
    }
}

#[test]
fn what_cannot_fit_is_said_before_anybody_is_asked_and_a_larger_window_goes_on() {
    let local = Local::start();
    let (world, ran) = local.flow(2_048, &["--until", "context-building"]);
    let ran = ran.exits(6).says("does not fit into the context window of qwen3").says("larger one");
    assert!(ran.stdout.contains("Next: certus flow --continue"), "{}", ran.stdout);
    assert_eq!(local.requests(), []);
    // However often: it is not given up, and asked once it fits.
    for _ in 0..3 {
        let _ = local.run(&world, &["flow", "--continue"]).exits(6).says("does not fit");
    }
    assert_eq!(local.requests(), []);
    let config = world.home().join("config/certus/config.toml");
    std::fs::write(config, "provider = \"ollama\"\n[providers.ollama]\nwindow = 16384\n").expect("it can be written");
    let _ = local.run(&world, &["flow", "--continue", "--until", "context-building"]).ok();
    assert!(!local.requests().is_empty());
}

#[test]
fn the_smallest_usual_window_answers_a_short_goal() {
    let local = Local::start();
    let (_, ran) = local.flow(4_096, &["--until", "context-building"]);
    let _ = ran.ok();
    assert!(local.requests().iter().all(|(_, window)| *window <= 4_096));
}

#[test]
fn decisions_do_not_pass_what_is_configured_of_a_larger_window() {
    let local = Local::start();
    let (world, _) = local.flow(200_000, &["--until", "context-building"]);
    let asked = local.requests().len();
    assert!(asked > 0);
    let config = world.home().join("config/certus/config.toml");
    let limited = |tokens: u64| {
        let text = format!("provider = \"ollama\"\n[limits]\ncontext-window = {tokens}\n");
        std::fs::write(&config, text).expect("it can be written");
    };
    limited(2_048);
    let ran = local.run(&world, &["flow", "--continue"]).exits(6);
    let _ = ran.says("and `context-window` under [limits] allows 2048").says("raise it");
    assert_eq!(local.requests().len(), asked);
    // What nobody waits for any more says all the same why the chain stands.
    for command in ["show", "status"] {
        let (_, stands) = local.json(&world, &[command]);
        assert_eq!(stands["status"], json!("paused"), "{stands}");
        assert!(stands["reason"].as_str().is_some_and(|why| why.contains("[limits] allows 2048")), "{stands}");
    }
    limited(20_000);
    let _ = local.run(&world, &["flow", "--continue", "--until", "uncertainty-analysis"]);
    assert!(local.requests().len() > asked);
}

#[test]
fn what_is_too_much_by_its_length_is_counted_by_the_service() {
    // Some 20,000 bytes: 7,000 tokens by their length, 5,000 as the service counts.
    let goal = format!("{GOAL}.{}", " The cart keeps its items in the order of their names.".repeat(360));
    let honest = || Model::start(Vec::new());
    // The last one counts fewer than any tokeniser makes of that.
    for (window, status, model) in [(12_000, 0, honest()), (9_000, 6, honest()), (9_000, 6, Model::counting(1))] {
        let world = shop();
        let folder = world.home().join("config/certus");
        std::fs::create_dir_all(&folder).expect("the folder can be made");
        let text = format!("provider = \"anthropic\"\n[providers.anthropic]\nwindow = {window}\n");
        std::fs::write(folder.join("config.toml"), text).expect("it can be written");
        let mut command = world.command(&["flow", &goal, "--until", "context-building"]);
        command.env("ANTHROPIC_API_KEY", KEY).env("ANTHROPIC_BASE_URL", model.url());
        let ran = Ran::of(command.output().expect("the binary runs")).exits(status);
        let paths = model.paths();
        assert!(paths.iter().any(|path| path == "/v1/messages/count_tokens"), "{window}: {paths:?}");
        let answered = paths.iter().any(|path| path == "/v1/messages");
        assert_eq!(answered, status == 0, "{window}: {paths:?}");
        assert_eq!(ran.stderr.contains("does not fit into the context window"), status == 6, "{}", ran.stderr);
    }
}
