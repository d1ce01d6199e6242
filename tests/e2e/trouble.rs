//! What goes wrong with a model service: nothing hangs, nothing that was paid for is forgotten, no key is shown, and no call
//! whose bytes had left is made again without a mark.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use fake_api::{Break, Fault, How, Play, Reply, Step, Stop, Tokens};
use serde_json::{Value, json};

use crate::model::{GOAL, KEY, Model, first, reply, shop, whole};
use crate::support::World;

/// The first prompt that is run, and what it meets.
fn meets(times: u32, play: impl Into<Play>) -> Vec<Step> {
    let step = Step { when: "## Task: requirement_disambiguator\n".to_owned(), times: None, play: play.into() };
    let mut steps = vec![first(times, step)];
    steps.extend(whole(""));
    steps
}

const FLOW: [&str; 4] = ["flow", GOAL, "--until", "context-building"];

/// All events of the chain, of one type.
fn events(world: &World, kind: &str) -> Vec<Value> {
    let ran = world.run(&["show", "--history", "--events"]);
    let events = ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).expect("an event"));
    events.filter(|event| event["type"] == kind).collect()
}

fn broken(after: usize, how: How) -> Reply {
    Reply { breaks: Some(Break { after, how }), ..Reply::new("{\"notes\": \"half of an answer\"}") }
}

/// Whatever was printed or stored, the key is not in it.
fn no_key(world: &World, printed: &str) {
    assert!(!printed.contains(KEY), "{printed}");
    let mut folders = vec![world.project.join(".certus")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("it can be listed").filter_map(Result::ok) {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else if let Ok(bytes) = std::fs::read(entry.path()) {
                let found = bytes.windows(KEY.len()).any(|window| window == KEY.as_bytes());
                assert!(!found, "the key is in {}", entry.path().display());
            }
        }
    }
}

#[test]
fn what_passes_is_waited_for() {
    for (name, play) in [
        ("rate-limit", Play::from(Fault::new("rate-limit", "slow down {key}").with("retry-after", "1"))),
        ("overloaded", Fault::new("overloaded", "").into()),
        ("server", Fault::new("server", "").into()),
        ("cut-before", Play::CutBeforeHead),
        ("cut", broken(1, How::Cut).into()),
        ("garbage", broken(1, How::Garbage).into()),
    ] {
        let (model, world) = (Model::start(meets(1, play)), shop());
        let ran = model.run(&world, &FLOW);
        if name == "garbage" {
            // What is no answer is not better the second time.
            assert_eq!(ran.status, Some(6), "{name}\n{}", ran.stderr);
            continue;
        }
        assert_eq!(ran.status, Some(0), "{name}\n{}", ran.stderr);
        no_key(&world, &format!("{}{}", ran.stdout, ran.stderr));
        assert_eq!(model.asked("requirement_disambiguator"), 2, "{name}");
        let again = events(&world, "reissued");
        assert_eq!(again.len(), 1, "{name}");
        let billed = matches!(name, "cut-before" | "cut" | "server");
        assert_eq!(again[0]["possibly_billed_twice"], billed, "{name}: {}", again[0]);
        assert!(!again[0]["leftover"]["message"].as_str().unwrap_or_default().is_empty(), "{name}: {}", again[0]);
    }
}

#[test]
fn what_does_not_pass_pauses_the_chain_with_a_reason() {
    for (play, says, calls) in [
        (Play::from(Fault::new("authentication", "wrong key {key}")), "does not accept the key", 1),
        (Fault::new("billing", "").into(), "wants to be paid", 1),
        (Fault::new("permission", "").into(), "does not permit", 1),
        (Fault::new("not-found", "").into(), "has no model", 1),
        (Fault::new("invalid-request", "").into(), "does not take the request", 1),
        (Fault::new("spend-cap", "").into(), "the limit with openai is used up", 1),
        (Fault::new("rate-limit", "").with("retry-after", "3600").into(), "limits the rate", 1),
        (Reply { stop: Stop::Refusal, ..Reply::new("I will not.") }.into(), "declined to answer", 1),
        (Reply { stop: Stop::MaxTokens, ..Reply::new("{\"notes\":") }.into(), "reached the limit of output tokens", 1),
        (Fault::new("context", "").into(), "does not fit into the context window", 1),
    ] {
        let (model, world) = (Model::start(meets(9, play)), shop());
        let ran = model.run(&world, &FLOW).exits(6).says(says);
        no_key(&world, &format!("{}{}", ran.stdout, ran.stderr));
        assert_eq!(model.asked("requirement_disambiguator"), calls, "{says}");
        assert!(ran.stdout.contains("Next: certus flow --continue"), "{says}\n{}", ran.stdout);
        // Later, too.
        let (_, report) = model.json(&world, &["show"]);
        assert_eq!(report["status"], "paused", "{says}: {report}");
        assert!(report["reason"].as_str().is_some_and(|reason| reason.contains(says)), "{says}: {report}");
    }
}

#[test]
fn a_chain_goes_on_once_the_service_does() {
    let (model, world) = (Model::start(meets(3, Fault::new("server", ""))), shop());
    let _ = model.run(&world, &FLOW).exits(6).says("openai failed");
    assert_eq!(model.asked("requirement_disambiguator"), 3, "two retries");
    let _ = model.run(&world, &["flow", "--continue", "--until", "context-building"]).ok();
    assert_eq!(model.asked("requirement_disambiguator"), 4);
}

#[test]
fn a_request_that_its_service_finds_too_large_is_made_anew_for_the_window_that_is_said_then() {
    let folder = |world: &World| world.home().join("config/certus");
    let (model, world) = (Model::start(meets(1, Fault::new("context", ""))), shop());
    std::fs::create_dir_all(folder(&world)).expect("the folder can be made");
    let _ = model.run(&world, &FLOW).exits(6).says("`window = TOKENS` under [providers.openai]");
    std::fs::write(folder(&world).join("config.toml"), "[providers.openai]\nwindow = 9000\n").expect("written");
    let _ = model.run(&world, &["flow", "--continue", "--until", "context-building"]).ok();
    let sent = model.requests("requirement_disambiguator");
    assert!(sent.len() == 2 && sent[1].len() < sent[0].len() && sent[1].len() < 9_000 * 3, "{}", sent.len());
    // What was put off for another reason is made anew too, once it does not fit any more.
    let (model, world) = (Model::start(meets(3, Fault::new("server", ""))), shop());
    std::fs::create_dir_all(folder(&world)).expect("the folder can be made");
    let _ = model.run(&world, &FLOW).exits(6).says("openai failed");
    std::fs::write(folder(&world).join("config.toml"), "[providers.openai]\nwindow = 9000\n").expect("written");
    let _ = model.run(&world, &["flow", "--continue", "--until", "context-building"]).ok();
    let sent = model.requests("requirement_disambiguator");
    assert!(sent.len() == 4 && sent[3].len() < sent[2].len(), "{}", sent.len());
}

#[test]
fn what_was_paid_for_in_vain_is_counted_and_kept() {
    let refusal = Reply { stop: Stop::Refusal, ..Reply::new("I will not.") };
    let (model, world) = (Model::start(meets(1, refusal)), shop());
    let _ = model.run(&world, &FLOW).exits(6);
    let deferred = &events(&world, "deferred")[0];
    assert!(deferred["leftover"]["billed"]["usd_micros"].as_u64().is_some_and(|cost| cost > 0), "{deferred}");
    assert!(deferred["leftover"]["raw"].is_string(), "{deferred}");
    let (_, cost) = model.json(&world, &["chain-cost"]);
    let lost = cost["lost_usd"].as_f64().expect("a number");
    let billed = deferred["leftover"]["billed"]["usd_micros"].as_f64().expect("a number") / 1e6;
    assert!((lost - billed).abs() < 1e-9 && cost["usd"].as_f64() > Some(lost), "{cost}");
}

#[test]
fn an_unreadable_answer_is_repaired_once() {
    let (model, world) = (Model::start(meets(1, Reply::new("Sure! Here is what I think."))), shop());
    let _ = model.run(&world, &FLOW).ok().says("cannot be read");
    assert_eq!(model.asked("requirement_disambiguator"), 2);
    let again = &events(&world, "reissued")[0];
    assert!(again["leftover"]["billed"]["input_tokens"].as_u64().is_some_and(|tokens| tokens > 0), "{again}");
    assert_eq!(again["possibly_billed_twice"], json!(false));

    // Unreadable for ever: two answers, and one for each time that a person says so; never another repair.
    let (model, world) = (Model::start(meets(99, Reply::new("Sure! Here is what I think."))), shop());
    let _ = model.run(&world, &FLOW).exits(6).says("it begins with: Sure! Here is what I think.").says("one call");
    assert_eq!(model.asked("requirement_disambiguator"), 2);
    for calls in [3, 4] {
        let _ = model.run(&world, &["flow", "--continue", "--until", "context-building"]).exits(6);
        assert_eq!(model.asked("requirement_disambiguator"), calls);
    }
    let (_, cost) = model.json(&world, &["chain-cost"]);
    assert!(cost["lost_usd"].as_f64().is_some_and(|lost| lost > 0.0), "{cost}");
}

/// An answer that decides so much.
fn decides(count: usize) -> Reply {
    let decided: Vec<_> = (0..count).map(|n| json!({"key": format!("d{n}"), "value": "yes", "because": "b"})).collect();
    reply(json!({"notes": "Much is decided.", "decisions": decided}))
}

#[test]
fn of_what_is_decided_nothing_is_left_out_without_a_word() {
    let known = |world: &World| {
        let contexts = std::fs::read_dir(world.project.join(".certus/contexts")).expect("contexts");
        let texts = contexts.map(|entry| std::fs::read_to_string(entry.expect("an entry").path()).expect("a text"));
        let text: String = texts.collect();
        (0..300).filter(|n| text.contains(&format!("\"d{n}\": \"yes\""))).count()
    };
    let (model, world) = (Model::start(meets(1, decides(200))), shop());
    let _ = model.run(&world, &FLOW).ok();
    assert_eq!((known(&world), model.asked("requirement_disambiguator")), (200, 1));
    // More than is taken at once: nothing of it counts, and it is asked for once more.
    let (model, world) = (Model::start(meets(1, decides(300))), shop());
    let _ = model.run(&world, &FLOW).ok().says("decisions has 300 entries, and at most 256 are taken");
    assert_eq!((known(&world), model.asked("requirement_disambiguator")), (0, 2));
}

#[test]
fn an_answer_that_is_whole_is_used_although_the_connection_breaks() {
    let whole = Reply { breaks: Some(Break { after: 3, how: How::Cut }), ..reply(json!({"notes": "All of it."})) };
    let (model, world) = (Model::start(meets(1, whole)), shop());
    let _ = model.run(&world, &FLOW).ok().says("its answer was whole");
    assert_eq!(model.asked("requirement_disambiguator"), 1);
    let cut = events(&world, "outcome").into_iter().find(|event| event["outcome"]["by"]["cut"] == true);
    let by = cut.map(|event| event["outcome"]["by"].clone()).expect("it is marked");
    assert_eq!(by["estimated"], json!(true), "{by}");
    assert!(by["usage"]["usd_micros"].as_u64().is_some_and(|cost| cost > 0), "{by}");
}

#[test]
fn a_service_that_counts_nothing_makes_no_call_free() {
    let counted = Reply { tokens: Some(Tokens::default()), ..reply(json!({"notes": "For nothing."})) };
    let (model, world) = (Model::start(meets(1, counted)), shop());
    let _ = model.run(&world, &FLOW).ok();
    let usage = |event: &Value| event["outcome"]["by"]["usage"].clone();
    let outcomes = events(&world, "outcome");
    let those: Vec<Value> =
        outcomes.iter().filter(|event| event["outcome"]["by"]["estimated"] == true).map(usage).collect();
    assert_eq!(those.len(), 1, "{outcomes:?}");
    assert!(those[0]["input_tokens"].as_u64() > Some(1000) && those[0]["usd_micros"].as_u64() > Some(0), "{those:?}");
}

#[cfg(unix)]
#[test]
fn who_stops_waiting_has_nothing_set_aside() {
    let later = Fault::new("rate-limit", "").with("retry-after", "60");
    for (limit, steps, said) in
        [("", meets(1, later), "again in 60 s"), ("requests-per-minute = 1\n", whole(""), "Running triage")]
    {
        let (model, world) = (Model::start(steps), shop());
        let config = world.home().join("config/certus");
        std::fs::create_dir_all(&config).expect("a folder");
        std::fs::write(config.join("config.toml"), format!("[providers.openai]\n{limit}")).expect("written");
        let mut command = model.command(&world, &FLOW);
        let mut child =
            command.env("XDG_CACHE_HOME", world.home().join("cache")).stderr(Stdio::piped()).spawn().expect("it runs");
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
        assert!(lines.any(|line| line.contains(said)), "{said}");
        if !limit.is_empty() {
            // The second call has to wait for a minute.
            assert!(lines.any(|line| line.contains("Running requirement")), "nothing follows");
        }
        // What runs beside it ends meanwhile.
        std::thread::sleep(Duration::from_secs(1));
        let calls = model.calls();
        let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
        assert_eq!(child.wait().expect("it ends").code(), Some(130));
        let (_, cost) = model.json(&world, &["chain-cost"]);
        assert_eq!((&cost["reserved_usd"], &cost["lost_usd"]), (&json!(0.0), &json!(0.0)), "{said}: {cost}");
        assert_eq!(model.calls(), calls);
        std::fs::write(config.join("config.toml"), "").expect("written");
        let ran = model.run(&world, &["flow", "--continue", "--until", "context-building"]).ok();
        assert!(!ran.stderr.contains("billed twice"), "{}", ran.stderr);
        let (_, cost) = model.json(&world, &["chain-cost"]);
        assert_eq!(cost["lost_usd"], json!(0.0), "{said}: {cost}");
    }
}

#[test]
fn processes_share_what_is_allowed_in_a_minute() {
    let (model, world) = (Model::start(whole("")), shop());
    let config = world.home().join("config/certus");
    std::fs::create_dir_all(&config).expect("a folder");
    std::fs::write(config.join("config.toml"), "[providers.openai]\nrequests-per-minute = 2\n").expect("written");
    let cache = world.home().join("cache");
    let begin = |_| model.command(&world, &FLOW).env("XDG_CACHE_HOME", &cache).spawn().expect("it runs");
    let mut all: Vec<_> = (0..4).map(begin).collect();
    let deadline = Instant::now() + Duration::from_secs(60);
    while model.calls() < 2 {
        assert!(Instant::now() < deadline, "nobody calls");
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_secs(4));
    let calls = model.calls();
    for child in &mut all {
        child.kill().expect("it can be killed");
        let _ = child.wait();
    }
    assert_eq!(calls, 2);
}

/// Kill the process once the first prompt is on its way, and hangs.
fn killed_in_flight(model: &Model, mut command: Command) {
    let mut child = command.spawn().expect("the binary runs");
    let deadline = Instant::now() + Duration::from_secs(60);
    while model.asked("requirement_disambiguator") == 0 {
        assert!(Instant::now() < deadline, "the call is never made");
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().expect("it can be killed");
    let _ = child.wait();
}

#[test]
fn what_is_set_aside_for_a_call_on_its_way_is_told_from_what_was_interrupted() {
    let (model, world) = (Model::start(meets(1, Play::Hang)), shop());
    let mut child = model.command(&world, &FLOW).spawn().expect("the binary runs");
    let deadline = Instant::now() + Duration::from_secs(60);
    while model.asked("requirement_disambiguator") == 0 {
        assert!(Instant::now() < deadline, "the call is never made");
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = world.run(&["status"]).ok().shows("set aside for calls in flight");
    let _ = world.run(&["cost-report", "--days", "36500"]).ok().shows("set aside for calls in flight");
    child.kill().expect("it can be killed");
    let _ = child.wait();
}

#[test]
fn a_call_in_flight_when_the_process_dies_is_marked_and_paid_from_the_budget() {
    let (model, world) = (Model::start(meets(1, Play::Hang)), shop());
    killed_in_flight(&model, model.command(&world, &FLOW));
    // What ran beside it may have ended by then or not.
    let ended: Vec<Value> = events(&world, "outcome").iter().map(|event| event["effect"].clone()).collect();
    let open = events(&world, "reserved").into_iter().filter(|event| !ended.contains(&event["effect"]));
    let reserved: u64 = open.filter_map(|event| event["amount"]["usd_micros"].as_u64()).sum();
    assert!(reserved > 0);
    // Whoever asks meanwhile is told what is set aside, as text and in JSON.
    for arguments in [&["status"][..], &["show"], &["chain-cost"], &["cost-report", "--days", "36500"]] {
        let ran = world.run(arguments).ok().shows("set aside for calls that were interrupted");
        assert!(!ran.stdout.contains("in flight"), "nobody works on it: {}", ran.stdout);
    }
    for (arguments, at) in [
        (&["status"][..], "/cost"),
        (&["show"], "/cost"),
        (&["chain-cost"], ""),
        (&["cost-report", "--days", "36500"], ""),
    ] {
        let (_, value) = model.json(&world, arguments);
        let usd = value.pointer(at).and_then(|cost| cost["reserved_usd"].as_f64());
        assert!(usd.is_some_and(|usd| (usd - reserved as f64 / 1e6).abs() < 1e-9), "{arguments:?}: {value}");
    }
    let _ =
        model.run(&world, &["flow", "--continue", "--until", "context-building"]).ok().says("possibly billed twice");
    let (_, cost) = model.json(&world, &["chain-cost"]);
    let lost = cost["lost_usd"].as_f64().expect("a number");
    assert!((lost - reserved as f64 / 1e6).abs() < 1e-9, "{lost} is not the {reserved} that were set aside");
}

#[test]
fn a_call_of_a_model_that_bills_nobody_is_never_billed_twice() {
    let (model, world) = (Model::start(meets(1, Play::Hang)), shop());
    let ollama = |arguments: &[&str]| {
        let arguments = [arguments, &["--provider", "ollama:small"]].concat();
        let mut command = model.command(&world, &arguments);
        command.env("OLLAMA_HOST", model.url());
        command
    };
    killed_in_flight(&model, ollama(&FLOW));
    // Whoever goes on, what was interrupted was not billed.
    let ran = model.run(&world, &["flow", "--continue", "--until", "context-building", "--provider", "openai"]).ok();
    assert!(!ran.stderr.contains("billed twice"), "{}", ran.stderr);
    let again = events(&world, "reissued");
    assert!(!again.is_empty() && again.iter().all(|event| event["possibly_billed_twice"] == false), "{again:?}");
    let (_, cost) = model.json(&world, &["show"]);
    assert_eq!(cost["cost"]["lost_usd"], json!(0.0), "{cost}");
    assert!(cost["cost"]["lost_tokens"].as_u64().is_some_and(|tokens| tokens > 0), "its tokens may be used: {cost}");
}

#[test]
fn a_billed_call_is_not_forgotten_because_rules_go_on() {
    let (model, world) = (Model::start(meets(1, Play::Hang)), shop());
    killed_in_flight(&model, model.command(&world, &FLOW));
    let ran = model.run(&world, &["flow", "--continue", "--until", "context-building", "--provider", "offline"]);
    let _ = ran.says("possibly billed twice");
    let (_, cost) = model.json(&world, &["chain-cost"]);
    assert!(cost["lost_usd"].as_f64().is_some_and(|lost| lost > 0.0), "{cost}");
}
