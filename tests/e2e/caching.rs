//! Requests of one chain begin alike, so that services read most of them from their caches.

use fake_api::Step;
use serde_json::{Value, json};

use crate::model::{GOAL, KEY, Model, RIGHT, but, reply, shop, when};
use crate::support::{Ran, World};

/// Every reading of the code finds something that was not known.
fn found() -> Vec<Step> {
    let fact = |key: &str, line: u32, quote: &str| json!({"key": key, "value": format!("what {key} does"), "evidence": {"path": "app.js", "line": line, "quote": quote}});
    let prompts = [
        "component_mapper",
        "trace_existing_flow",
        "dependency_analyzer",
        "api_surface_mapper",
        "assumption_validator",
    ];
    let reply_of = |(number, prompt): (usize, &&str)| {
        let key = format!("flow.part-{number}");
        let decided = json!([{"key": key, "value": "as it is", "because": "nothing else is asked for"}]);
        let areas = ["requirements", "existing_code", "technical_approach"];
        let confidence: Vec<_> = areas.iter().map(|area| json!({"area": area, "confidence": 0.95})).collect();
        let fields = json!({"notes": "Seen.", "confidence": confidence, "decisions": decided,
            "discovered": [fact(&key, 1, "const express = require('express');"), fact(&format!("{key}.other"), 3, "x")]});
        when(prompt, reply(fields))
    };
    prompts.iter().enumerate().map(reply_of).collect()
}

/// From the goal to the end, and what the answers took: all input, and what of it came from a cache and went into one.
fn cached(model: &Model, provider: &str, only: Option<&str>) -> (f64, f64, f64) {
    let world = shop();
    let named = only.map_or_else(|| provider.to_owned(), |only| format!("{provider}:{only}"));
    let run = |arguments: &[&str]| {
        let mut command = model.command(&world, arguments);
        command.env("CERTUS_PROVIDER", &named).env("ANTHROPIC_API_KEY", KEY).env("ANTHROPIC_BASE_URL", model.url());
        Ran::of(command.output().expect("the binary runs"))
    };
    let _ = run(&["flow", GOAL]).exits(3).shows("A discount function");
    let _ = run(&["approve"]).exits(3);
    let _ = run(&["approve", "--all-in-chain"]).exits(3);
    let _ = run(&["approve"]).ok().says("Complete");
    let usage = |name: &str| usages(&world).iter().map(|usage| usage[name].as_f64().unwrap_or(0.0)).sum::<f64>();
    (usage("input_tokens"), usage("cached_tokens"), usage("cache_write_tokens"))
}

/// What each answer took.
fn usages(world: &World) -> Vec<Value> {
    let events = world.run(&["show", "--history", "--events"]).ok().stdout;
    let events = events.lines().map(|line| serde_json::from_str::<Value>(line).expect("an event"));
    events.filter_map(|event| event.pointer("/outcome/by/usage").cloned()).collect()
}

#[test]
fn most_of_a_chain_is_read_from_the_cache() {
    for (provider, only, least) in
        [("anthropic", None, 0.5), ("anthropic", Some("claude-sonnet-5-5"), 0.7), ("openai", None, 0.6)]
    {
        let model = Model::caching(but(found(), RIGHT));
        let (input, read, written) = cached(&model, provider, only);
        assert!(read / input >= least, "{provider} {only:?}: {read} of {input}, {written} written");
        assert!(read + written <= input);
    }
}
