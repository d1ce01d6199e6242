//! What was paid for: it is used where it can be, counted for what it was, and neither lost nor invented because something else
//! goes wrong.

use std::path::PathBuf;
use std::time::Duration;

use fake_api::{Break, Fault, How, Play, Reply, Step};
use serde_json::{Value, json};

use crate::model::{GOAL, Model, confidence, first, reply, shop, when, whole};
use crate::support::{Ran, World};

const FLOW: [&str; 4] = ["flow", GOAL, "--until", "context-building"];

/// The first run of a prompt meets this.
fn meets(prompt: &str, times: u32, play: impl Into<Play>) -> Vec<Step> {
    [vec![first(times, when(prompt, play))], whole("")].concat()
}

fn configured(world: &World, text: &str) {
    let folder = world.home().join("config/certus");
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    std::fs::write(folder.join("config.toml"), text).expect("it can be written");
}

fn events(world: &World, kind: &str) -> Vec<Value> {
    let ran = world.run(&["show", "--history", "--events"]);
    let events = ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).expect("an event"));
    events.filter(|event| event["type"] == kind).collect()
}

fn usd(model: &Model, world: &World, name: &str) -> f64 {
    model.json(world, &["chain-cost"]).1[name].as_f64().expect("dollars")
}

fn with_anthropic(model: &Model, world: &World, arguments: &[&str]) -> Ran {
    let mut command = model.command(world, arguments);
    command.env("CERTUS_PROVIDER", "anthropic").env("ANTHROPIC_API_KEY", crate::model::KEY);
    Ran::of(command.env("ANTHROPIC_BASE_URL", model.url()).output().expect("the binary runs"))
}

#[test]
fn a_whole_answer_is_used_whatever_comes_behind_it() {
    let text = reply(json!({"notes": "All of it.", "confidence": confidence(&["requirements"])})).text;
    let event = |event: Value| format!("data: {event}\n\n");
    let chunk = |reason: &str| {
        event(json!({
            "model": "gpt-6.1-sol", "choices": [{ "delta": { "content": &text }, "finish_reason": reason }],
            "usage": { "prompt_tokens": 9_000, "completion_tokens": 60 },
        }))
    };
    let body = |text: String| Play::Body { content_type: "text/event-stream".to_owned(), text };
    let ended = |behind: String| body(format!("{}{behind}", chunk("stop")));
    let late = Some(Break { after: 3, how: How::Fault(Fault::new("overloaded", "too busy")) });
    for (play, reported) in [
        (ended(event(json!({"error": {"code": 502, "message": "late"}}))), true),
        (ended("data: oops\n\n".to_owned()), true),
        // Not even called complete, and nobody said what it took.
        (Play::from(Reply { breaks: late, ..Reply::new(&text) }), false),
        // Called cut short, although it is not.
        (body(chunk("length")), true),
        (body(chunk("content_filter")), true),
    ] {
        let (model, world) = (Model::start(meets("requirement_disambiguator", 9, play)), shop());
        let _ = model.run(&world, &FLOW).ok().says("its answer was whole: it is used");
        assert_eq!(model.asked("requirement_disambiguator"), 1);
        let cut = events(&world, "outcome").into_iter().filter(|event| event["outcome"]["by"]["cut"] == true);
        assert_eq!(cut.count(), 1);
        let cost = model.json(&world, &["chain-cost"]).1;
        assert_eq!((cost["lost_usd"] == 0.0, cost["possible_usd"] == cost["lost_usd"]), (reported, true), "{cost}");
    }
}

#[test]
fn what_nobody_reported_counts_up_to_what_was_set_aside() {
    let sure = confidence(&["requirements", "architecture", "business_logic", "security", "error_handling"]);
    let text = reply(json!({"notes": "All of it.", "confidence": sure})).text;
    for provider in ["openai", "anthropic"] {
        // All of the text, and then nothing: what the model thought besides is in no text.
        let cut = Reply { breaks: Some(Break { after: 3, how: How::Cut }), ..Reply::new(&text) };
        let (model, world) =
            (Model::start(vec![Step { when: "## Task: ".to_owned(), times: None, play: cut.into() }]), shop());
        let flow = ["flow", GOAL, "--max-usd", "1"];
        let ran =
            if provider == "anthropic" { with_anthropic(&model, &world, &flow) } else { model.run(&world, &flow) };
        let _ = ran.exits(5);
        let mut set_aside = std::collections::BTreeMap::new();
        for event in events(&world, "reserved") {
            set_aside.insert(event["effect"].to_string(), event["amount"]["usd_micros"].as_u64().expect("dollars"));
        }
        let answered: Vec<Value> =
            events(&world, "outcome").into_iter().filter(|event| event["outcome"]["by"]["cut"] == true).collect();
        assert!(!answered.is_empty());
        for event in answered {
            let of = |part: &str| event["outcome"]["by"][part]["usd_micros"].as_u64().expect("dollars");
            assert_eq!(of("usage") + of("possible"), set_aside[&event["effect"].to_string()], "{event}");
        }
        let cost = model.json(&world, &["chain-cost"]).1;
        let usd = |name: &str| cost[name].as_f64().expect("dollars");
        assert!(usd("usd") <= 1.0 && usd("possible_usd") > usd("spent_usd"), "{cost}");
    }
}

#[test]
fn where_a_cap_stops_a_call_because_nobody_could_count_that_is_said() {
    let cap = ["flow", GOAL, "--max-usd", "0.01"];
    let page = Play::Body { content_type: "text/html".to_owned(), text: "<html>log in</html>".to_owned() };
    for (counting, why) in [
        (Fault::new("authentication", "no").into(), "anthropic does not accept the key (status 401: no)"),
        (Fault::new("rate-limit", "slow").with("retry-after", "9").into(), "anthropic limits the rate of calls"),
        (page, "what anthropic sent is no answer (it is a web page)"),
        (Play::Hang, "anthropic did not count it in time"),
    ] {
        let (model, world) = (Model::counts_with(whole(""), counting), shop());
        let ran = with_anthropic(&model, &world, &cap).exits(5).says(&format!("counted by its length, because {why}"));
        let _ = ran.says("; raise it with --max-usd 0.");
        assert!(model.paths().iter().all(|path| path.ends_with("count_tokens")), "{:?}", model.paths());
    }
    // Where it was counted, or nobody counts, nothing is said of it.
    let (model, world) = (Model::start(whole("")), shop());
    let ran = with_anthropic(&model, &world, &cap).exits(5);
    assert!(!ran.stderr.contains("counted"), "{}", ran.stderr);
}

#[test]
fn the_cap_of_a_plugin_counts_what_its_commands_ask_for_and_nothing_else() {
    let (model, world) = (Model::start(whole("")), shop());
    configured(&world, "[budget.plugin]\ntokens = 500\n");
    // The controller's own prompts have no such cap.
    let _ = model.run(&world, &FLOW).ok();
    assert!(model.calls() > 1);
    let over = "the budget of the plugin's commands does not cover the next call";
    let _ = model.run(&world, &["flow", "--continue"]).exits(5).says(over).says("raise `plugin` under [budget]");
    // Whatever else is begun meanwhile stops at the same, and says so in the same way.
    let ran = model.run(&world, &["run", "/uncertainty-check"]).exits(5).says(over);
    assert!(!ran.stderr.contains("waits first"), "{}", ran.stderr);
    assert_eq!(model.asked("uncertainty_analysis"), 0);
}

#[test]
fn what_a_service_said_of_its_input_bounds_what_is_lost() {
    let broken = Some(Break { after: 1, how: How::Cut });
    let half = Reply { breaks: broken, ..Reply::new("{\"notes\": \"half of an answer\"}") };
    let (model, world) = (Model::start(meets("requirement_disambiguator", 1, half)), shop());
    let flow = [&FLOW[..], &["--max-usd", "20"]].concat();
    let _ = with_anthropic(&model, &world, &flow).ok();
    let again = &events(&world, "reissued")[0];
    assert_eq!(again["possibly_billed_twice"], true, "{again}");
    let reserved: Vec<u64> = events(&world, "reserved")
        .iter()
        .filter(|event| event["effect"] == again["effect"])
        .filter_map(|event| event["amount"]["usd_micros"].as_u64())
        .collect();
    // For the first attempt, what its service said that it is at most, and the same for the second.
    let [first, narrowed, second, _] = reserved[..] else { panic!("{reserved:?}") };
    assert!(narrowed * 2 < first && first == second, "{reserved:?}");
    let lost = usd(&model, &world, "lost_usd");
    assert!((lost - narrowed as f64 / 1e6).abs() < 1e-9, "{lost} is not {narrowed}");
}

#[cfg(unix)]
#[test]
fn who_breaks_off_loses_no_more_than_the_service_may_bill() {
    let silent = Some(Break { after: 1, how: How::Hang });
    let half = Reply { breaks: silent, ..Reply::new("{\"notes\": \"half of an answer\"}") };
    let (model, world) = (Model::start(meets("requirement_disambiguator", 1, half)), shop());
    let mut command = model.command(&world, &[&FLOW[..], &["--max-usd", "20"]].concat());
    command.env("CERTUS_PROVIDER", "anthropic").env("ANTHROPIC_API_KEY", crate::model::KEY);
    let mut child =
        command.env("ANTHROPIC_BASE_URL", model.url()).stderr(std::process::Stdio::null()).spawn().expect("it runs");
    let id =
        || events(&world, "intent").into_iter().find(|event| event["request"]["name"] == "requirement_disambiguator");
    let amounts = || -> Vec<u64> {
        let Some(effect) = id().map(|event| event["effect"].clone()) else { return Vec::new() };
        let those = events(&world, "reserved").into_iter().filter(|event| event["effect"] == effect);
        those.filter_map(|event| event["amount"]["usd_micros"].as_u64()).collect()
    };
    let begun = std::time::Instant::now();
    while amounts().len() < 2 {
        assert!(begun.elapsed() < Duration::from_secs(60), "what came in is never recorded");
        std::thread::sleep(Duration::from_millis(50));
    }
    let sent = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    let amounts = amounts();
    let _ = with_anthropic(&model, &world, &["flow", "--continue", "--until", "context-building"]).ok();
    let lost = usd(&model, &world, "lost_usd");
    assert!(amounts[1] * 2 < amounts[0], "{amounts:?}");
    assert!((lost - amounts[1] as f64 / 1e6).abs() < 1e-9, "{lost} is not what was left of {amounts:?}");
    // Nobody said what it cost: it is told from what is known to be spent, in every form.
    let of = |arguments: &[&str], key: &str| model.json(&world, arguments).1[key].as_f64().expect("dollars");
    for arguments in [&["chain-cost"][..], &["cost-report", "--days", "36500"]] {
        let (usd, spent, possible) = (of(arguments, "usd"), of(arguments, "spent_usd"), of(arguments, "possible_usd"));
        assert!((possible - lost).abs() < 1e-9 && (usd - spent - possible).abs() < 1e-9, "{usd} {spent} {possible}");
        let text = world.run(arguments).ok().shows("- besides, at most: $").stdout;
        assert!(text.contains(&format!(" ${spent:.4}")) && !text.contains(&format!("${usd:.4}")), "{text}");
        let csv = world.run(&[arguments, &["--csv"]].concat()).ok().stdout;
        let lines: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
        let cut = lines.iter().find(|cells| cells[..2] == ["prompt", "requirement_disambiguator"]).expect("its line");
        let number = |cell: usize| cut[cell].parse::<f64>().expect("dollars");
        assert!((number(6) - number(11) - number(12)).abs() < 2e-6 && (number(12) - lost).abs() < 1e-6, "{cut:?}");
    }
    let _ = world.run(&["status"]).ok().shows("; where nobody said it, at most: ");
}

/// The user's ledger, with a table that takes only some rows.
fn ledger(world: &World, check: &str) -> PathBuf {
    let folder = world.home().join(".local/share/certus");
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    let path = folder.join("ledger.db");
    let db = rusqlite::Connection::open(&path).expect("it opens");
    db.execute_batch(&format!(
        "CREATE TABLE calls (store INTEGER NOT NULL, chain INTEGER NOT NULL, effect INTEGER NOT NULL, \
         at INTEGER NOT NULL, tokens INTEGER NOT NULL, usd_micros INTEGER NOT NULL, \
         reserved_tokens INTEGER NOT NULL DEFAULT 0, reserved_usd_micros INTEGER NOT NULL DEFAULT 0, \
         CHECK ({check}), PRIMARY KEY (store, chain, effect)) STRICT, WITHOUT ROWID; \
         PRAGMA application_id = 1128616524; PRAGMA user_version = 2"
    ))
    .expect("it is made");
    path
}

#[test]
fn what_was_set_aside_for_a_call_that_was_never_made_comes_back() {
    let (model, probe) = (Model::start(whole("")), shop());
    let _ = model.run(&probe, &FLOW).ok();
    let intents = events(&probe, "intent");
    let prompts: Vec<&Value> = intents.iter().filter(|event| event["request"]["name"].is_string()).collect();
    let together = prompts.windows(2).find(|two| two[0]["basis"] == two[1]["basis"]).expect("two are asked at once");
    let second = together[1]["effect"].as_u64().expect("a number");
    // Of what is asked together the first can be entered, and the second cannot.
    let world = shop();
    configured(&world, "[budget.day]\nusd = 50\n");
    let path = ledger(&world, &format!("effect <> {second}"));
    let before = model.calls();
    let _ = model.run(&world, &FLOW).exits(1).says("the ledger of your day's budget cannot be used");
    let asked = model.calls() - before;
    let (_, cost) = model.json(&world, &["chain-cost"]);
    assert_eq!((&cost["reserved_usd"], &cost["lost_usd"]), (&json!(0.0), &json!(0.0)), "{cost}");
    assert_eq!(cost["prompt_runs"], json!(asked), "{cost}");
    std::fs::remove_file(path).expect("it is there");
    let ran = model.run(&world, &["flow", "--continue", "--until", "context-building"]).ok();
    assert!(!ran.stderr.contains("billed twice"), "{}", ran.stderr);
    assert_eq!(model.json(&world, &["chain-cost"]).1["lost_usd"], json!(0.0));
}

#[test]
fn a_ledger_that_others_keep_busy_is_waited_for() {
    let (model, world) = (Model::start(whole("")), shop());
    configured(&world, "[budget.day]\nusd = 50\n");
    let path = ledger(&world, "1");
    let other = rusqlite::Connection::open(&path).expect("it opens");
    other.execute_batch("BEGIN IMMEDIATE").expect("it is locked");
    // Longer than SQLite is usually asked to wait.
    let free = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(7));
        other.execute_batch("COMMIT").expect("it is free");
    });
    let _ = model.run(&world, &FLOW).ok();
    free.join().expect("it ends");
    let db = rusqlite::Connection::open(&path).expect("it opens");
    let sums = "SELECT total(usd_micros), total(reserved_usd_micros) FROM calls";
    let sums: (f64, f64) = db.query_row(sums, [], |row| Ok((row.get(0)?, row.get(1)?))).expect("sums");
    assert!((sums.0 / 1e6 - usd(&model, &world, "usd")).abs() < 1e-9 && sums.1 == 0.0, "{sums:?}");
}

#[test]
fn a_warning_is_about_what_is_spent() {
    let (model, world) = (Model::start(whole("")), shop());
    // The first call alone sets nearly all of it aside.
    let (_, cost) = {
        let _ = model.run(&world, &["flow", GOAL, "--max-usd", "0.000001"]).exits(5);
        model.json(&world, &["chain-cost"])
    };
    assert_eq!(cost["usd"], json!(0.0));
    let _ = model.run(&world, &["flow", "--continue", "--max-usd", "1.20"]).exits(5);
    let spent = usd(&model, &world, "usd");
    assert!(spent < 0.9, "{spent}");
    assert_eq!(events(&world, "budget-warned"), Vec::<Value>::new(), "{spent} of 1.20 are spent");
    // Whoever wants it earlier hears of what is spent, and of no more.
    world.write("config.json", "{\"limits\": {\"warning_threshold\": 0.01}}");
    let _ = model.run(&world, &["flow", "--continue", "--max-usd", "1.30"]);
    let warned = &events(&world, "budget-warned")[0];
    let used = warned["used"]["usd_micros"].as_f64().expect("dollars") / 1e6;
    assert!(used > 0.0 && used <= usd(&model, &world, "usd"), "{warned}");
}

#[test]
fn both_alarms_of_the_environment_are_heard() {
    let (model, world) = (Model::start(whole("")), shop());
    let mut command = model.command(&world, &FLOW);
    command.env("COST_ALERT_THRESHOLD", "0.000005").env("TOKEN_LIMIT_WARNING", "100");
    let ran = Ran::of(command.output().expect("the binary runs")).ok();
    let _ = ran.says("you wanted to hear of it at $0.000005 and at 100 tokens").says("the chain has cost $0.");
}
