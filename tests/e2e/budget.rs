//! A budget is kept, not reported: what does not fit is not asked, whoever asks and however many ask at once.

use fake_api::{Play, Reply, Tokens};
use serde_json::{Value, json};

use crate::model::{GOAL, Model, first, reply, shop, when, whole};
use crate::support::{Ran, World};

/// The user's own configuration.
fn configured(world: &World, text: &str) {
    let folder = world.home().join("config/certus");
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    std::fs::write(folder.join("config.toml"), text).expect("it can be written");
}

fn spent(model: &Model, world: &World) -> (f64, u64) {
    let (_, cost) = model.json(world, &["chain-cost"]);
    (cost["usd"].as_f64().expect("dollars"), cost["tokens"].as_u64().expect("tokens"))
}

#[test]
fn a_chain_stops_at_its_budget_and_goes_on_when_it_is_raised() {
    let (model, world) = (Model::start(whole("")), shop());
    world.write("config.json", "{\"limits\": {\"warning_threshold\": 0.1}}");
    // The money is not gone: what is left does not hold one more call.
    let ran = model.run(&world, &["flow", GOAL, "--max-usd", "1.20"]).exits(5);
    let ran =
        ran.says("the budget of the chain does not cover the next call, which may take $").says(" of $1.200000 spent");
    let ran = ran.says(" left; raise it with --max-usd 1.");
    let _ = ran.shows("paused");
    let (usd, _) = spent(&model, &world);
    assert!(usd <= 1.2, "{usd}");
    // The cap was set for this chain: it holds although nobody says it again. What was set aside and not used comes back, so
    // that a few more calls may fit, until none does.
    let mut before = 0;
    while model.calls() > before {
        before = model.calls();
        let _ = model.run(&world, &["flow", "--continue"]).exits(5);
        assert!(spent(&model, &world).0 <= 1.2 && model.calls() < 20);
    }
    let _ = world.run(&["show", "--history"]).shows("Much of the budget of the chain is used up: $").shows(" of $1.20");
    let (_, shown) = model.json(&world, &["show"]);
    let warned = &shown["budget_warnings"][0];
    assert_eq!((&warned["scope"], &warned["cap_usd"]), (&json!("chain"), &json!(1.2)), "{warned}");
    assert!(warned["used_usd"].as_f64().is_some_and(|used| (0.12..=1.2).contains(&used)), "{warned}");
    let next = shown["next"].as_str().expect("a next command").to_owned();
    assert!(next.contains("--max-usd"), "{next}");
    let words = shlex::split(&next).expect("words");
    let words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
    let _ = model.run(&world, &words).exits(3).shows("A discount function");
    let (usd, tokens) = spent(&model, &world);
    assert!(usd > 0.0 && usd <= 2.0 && tokens > 0, "{usd} {tokens}");
}

#[test]
fn a_token_cap_of_one_call_is_kept_and_a_project_can_only_tighten() {
    let (model, world) = (Model::start(whole("")), shop());
    configured(&world, "[budget.call]\ntokens = 1000000\n");
    world.write("certus.toml", "[budget.call]\ntokens = 500\n");
    let _ = model.run(&world, &["flow", GOAL]).exits(5).says("the budget of the call");
    assert_eq!(model.calls(), 0);
    world.write("certus.toml", "[budget.call]\ntokens = 9000000\n");
    configured(&world, "[budget.call]\ntokens = 500\n");
    let _ = model.run(&world, &["flow", "--continue"]).exits(5).says("the budget of the call");
    assert_eq!(model.calls(), 0);
}

#[test]
fn a_model_without_a_price_fits_under_no_cap_of_money() {
    let (model, world) = (Model::start(whole("")), shop());
    let ran = model.run(&world, &["flow", GOAL, "--provider", "openai:somebodys-own", "--max-usd", "100"]);
    let _ = ran.exits(5).says("nobody knows what somebodys-own costs").says("prices.toml");
    assert_eq!(model.calls(), 0);
    // Tokens can be capped all the same.
    let ran = model.run(&world, &["flow", GOAL, "--provider", "openai:somebodys-own", "--max-tokens", "100000000"]);
    let _ = ran.exits(3);
    // What it says to write is a whole line of that file.
    configured(&world, "");
    let line = "price = [{ model = \"somebodys-own\", input = 1, output = 2 }]\n";
    std::fs::write(world.home().join("config/certus/prices.toml"), line).expect("written");
    let _ = model.run(&world, &["flow", GOAL, "--provider", "openai:somebodys-own", "--max-usd", "100"]).exits(3);
}

#[test]
fn what_a_phase_will_cost_is_said_before_anything_is_spent() {
    const UNTIL: [&str; 2] = ["--until", "context-building"];
    let (model, world) = (Model::start(whole("")), shop());
    configured(&world, "[budget.day]\nusd = 7.5\n");
    // Nothing can be spent, and one knows what would have been.
    let flow = [&["flow", GOAL, "--max-usd", "0.000001"][..], &UNTIL].concat();
    let ran = model.run(&world, &flow).exits(5);
    let _ = ran
        .says("Estimate until the gate of requirements-clarification: probably $")
        .says("; caps: chain $0.000001, day $7.5000 over all your projects");
    assert_eq!(model.calls(), 0);
    let go_on = [&["flow", "--continue", "--max-usd", "2"][..], &UNTIL].concat();
    let (_, first) = model.json(&world, &go_on);
    let (_, cost) = model.json(&world, &["chain-cost"]);
    let at_most = first["estimate"]["at_most"]["usd"].as_f64().expect("dollars");
    assert!(cost["usd"].as_f64().is_some_and(|usd| usd <= at_most), "{cost} is more than {}", first["estimate"]);
    let estimate = &first["estimate"];
    assert_eq!(estimate["phase"], "requirements-clarification");
    assert_eq!(estimate["caps"][0], json!({"scope": "chain", "usd": 2.0, "tokens": null}));
    assert!(estimate["probably"]["usd"].as_f64().is_some_and(|usd| usd > 0.0 && usd <= at_most), "{estimate}");
    let prompts = estimate["prompts"].as_array().expect("prompts");
    assert!(prompts.iter().all(|one| one["recorded"] == 0), "{estimate}");
    // The triage alone was at hand first: what goes beyond it was said before it was asked.
    assert!(prompts.iter().any(|one| one["prompt"] == "requirement_validator"), "{estimate}");
    // Another chain of the project is estimated by what this one took.
    let (_, second) = model.json(&world, &[&["flow", "Add a function that rounds a price"][..], &UNTIL].concat());
    let prompts = second["estimate"]["prompts"].as_array().expect("prompts").clone();
    let recorded = |name: &str| prompts.iter().find(|one| one["prompt"] == name).map(|one| one["recorded"].clone());
    assert_eq!(recorded("requirement_validator"), Some(json!(1)), "{prompts:?}");
    let (probably, cost) = (&second["estimate"]["probably"]["usd"], &second["cost"]["usd"]);
    let off = probably.as_f64().expect("dollars") / cost.as_f64().expect("dollars");
    assert!((0.5..2.0).contains(&off), "{probably} was expected, {cost} it took");
    // A stream has it as a line of its own, before the calls that it is about.
    let ran = model.run(&world, &[&["flow", "Add a function that sums prices", "--events"][..], &UNTIL].concat()).ok();
    let lines: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    let at = |kind: &str| lines.iter().position(|line| line["type"] == kind).expect(kind);
    let line = &lines[at("estimate")];
    assert!(line["probably"]["usd"].as_f64().is_some_and(|usd| usd > 0.0), "{line}");
    assert_eq!((&line["caps"][0]["scope"], &line["caps"][0]["counts"]), (&json!("day"), &json!("person")), "{line}");
    let answered = lines.iter().position(|line| line.pointer("/outcome/by").is_some()).expect("an answer");
    assert!(at("estimate") < answered && at("report") == lines.len() - 1);
    assert_eq!(lines[at("report")]["estimate"]["phase"], line["phase"]);
    // Rules cost nothing, so there is nothing to say.
    let ran = world.run(&["flow", "Add a wish list"]);
    assert!(!ran.stderr.contains("Estimate"), "{}", ran.stderr);
}

/// Dollars behind a text.
fn said_after(text: &str, before: &str) -> String {
    let (_, after) = text.split_once(before).unwrap_or_else(|| panic!("{before} is not in {text}"));
    after.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect::<String>().trim_end_matches('.').to_owned()
}

#[test]
fn who_allows_what_the_estimate_says_has_allowed_the_run() {
    const UNTIL: [&str; 2] = ["--until", "context-building"];
    let (model, world) = (Model::start(whole("")), shop());
    let refused = model.run(&world, &[&["flow", GOAL, "--max-usd", "0.0001"][..], &UNTIL].concat()).exits(5);
    assert_eq!(model.calls(), 0);
    let at_most = said_after(&refused.stderr, "at most $");
    // What the stop says is enough for a call, and it is less than what the whole phase takes at most.
    let least = said_after(&refused.stderr, "--max-usd ");
    let number = |text: &str| text.parse::<f64>().expect("dollars");
    assert!(number(&least) > 0.0001 && number(&least) <= number(&at_most), "{least} {at_most}");
    let _ = model.run(&world, &[&["flow", "--continue", "--max-usd", &least][..], &UNTIL].concat());
    assert!(model.calls() > 0, "{least}");
    let (model, world) = (Model::start(whole("")), shop());
    let _ = model.run(&world, &[&["flow", GOAL, "--max-usd", &at_most][..], &UNTIL].concat()).ok();
    assert!(model.calls() > 1);
}

#[test]
fn a_price_that_nobody_knows_is_shown_as_unknown() {
    let (model, world) = (Model::start(whole("")), shop());
    let ran = model.run(&world, &["flow", GOAL, "--provider", "openai:somebodys-own", "--until", "context-building"]);
    let ran = ran.ok().shows("price unknown");
    assert!(!ran.stdout.contains("$0.0000"), "{}", ran.stdout);
    for arguments in [&["status"][..], &["chain-cost"], &["cost-report", "--days", "36500"]] {
        let ran = world.run(arguments).ok().shows("price unknown");
        assert!(!ran.stdout.contains("$0.0000"), "{}", ran.stdout);
    }
    let (_, status) = model.json(&world, &["status"]);
    assert_eq!(status["cost"]["unpriced_tokens"], status["cost"]["total_tokens"], "{status}");
    assert!(status["tokens"].as_u64().is_some_and(|tokens| tokens > 0), "{status}");
}

#[test]
fn a_service_that_counts_absurdly_ruins_no_sum() {
    let absurd = Tokens { uncached: u64::MAX - 9, output: 9, ..Tokens::default() };
    let lie = Reply { tokens: Some(absurd), ..reply(json!({"notes": "Clear."})) };
    let (model, world) = (Model::start([vec![first(1, when("triage", lie))], whole("")].concat()), shop());
    let flow = ["flow", GOAL, "--until", "context-building", "--max-usd", "20"];
    let _ = model.run(&world, &flow).ok().says("which cannot be");
    let (_, cost) = model.json(&world, &["chain-cost"]);
    let (usd, tokens) = (cost["usd"].as_f64().expect("dollars"), cost["tokens"].as_u64().expect("tokens"));
    assert!(usd < 2.0 && (100_000..1_000_000).contains(&tokens), "{cost}");
    let (_, shown) = model.json(&world, &["show"]);
    assert_eq!(shown["cost"]["total_tokens"], json!(tokens), "every report has the same sum: {shown}");
}

#[test]
fn processes_that_race_for_the_last_of_a_day_never_pass_its_cap_together() {
    const CAP: u64 = 200_000;
    let (model, world) = (Model::start(whole("")), shop());
    configured(&world, &format!("[budget.day]\ntokens = {CAP}\n"));
    let racers: Vec<_> = (0..6)
        .map(|number| {
            let goal = format!("{GOAL}, variant {number}");
            let mut command = model.command(&world, &["flow", &goal]);
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
            command.spawn().expect("the binary runs")
        })
        .collect();
    let ran: Vec<Ran> = racers.into_iter().map(|child| Ran::of(child.wait_with_output().expect("it ends"))).collect();
    assert!(ran.iter().any(|ran| ran.status == Some(5)), "somebody finds nothing left");
    for ran in ran {
        assert!(matches!(ran.status, Some(3 | 5)), "{:?}\n{}", ran.status, ran.stderr);
    }
    let (_, report) = model.json(&world, &["cost-report", "--days", "36500"]);
    let tokens = report["tokens"].as_u64().expect("tokens");
    assert!(tokens > CAP / 4 && tokens <= CAP, "{tokens} of {CAP}");
    assert_eq!(report["prompt_runs"], json!(model.calls()), "every call is in the report");
    assert_eq!(report["lost_usd"], Value::from(0.0));
}

#[test]
fn what_another_process_has_set_aside_of_the_day_is_waited_for() {
    let slow = Reply { delay_ms: 1_500, pieces: 2, ..reply(json!({"notes": "Small."})) };
    let (model, world) = (Model::start([vec![first(1, when("triage", slow))], whole("")].concat()), shop());
    let refused = model.run(&world, &["flow", GOAL, "--max-tokens", "1"]).exits(5);
    let most: u64 = said_after(&refused.stderr, "--max-tokens ").parse().expect("tokens");
    // One call at a time, of which none takes nearly as much as it may.
    configured(&world, &format!("[budget.day]\ntokens = {}\n", most * 9 / 5));
    let flow = |number: usize| {
        let goal = format!("{GOAL}, variant {number}");
        let mut command = model.command(&world, &["flow", &goal, "--until", "context-building"]);
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        command.spawn().expect("the binary runs")
    };
    let first = flow(1);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while model.asked("triage") == 0 {
        assert!(std::time::Instant::now() < deadline, "nobody asks");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let second = Ran::of(flow(2).wait_with_output().expect("it ends"));
    let _ = second.says("Waiting: what is left of the day's budget is set aside by other processes");
    let _ = first.wait_with_output().expect("it ends");
    assert_eq!(model.asked("triage"), 2, "it came back");
    let (_, report) = model.json(&world, &["cost-report", "--days", "36500"]);
    assert!(report["tokens"].as_u64().is_some_and(|tokens| tokens <= most * 9 / 5), "{report}");
}

#[test]
fn what_a_process_that_died_has_set_aside_is_not_waited_for() {
    let hangs = first(1, when("triage", Play::Hang));
    let (model, world) = (Model::start([vec![hangs], whole("")].concat()), shop());
    let refused = model.run(&world, &["flow", GOAL, "--max-tokens", "1"]).exits(5);
    let most: u64 = said_after(&refused.stderr, "--max-tokens ").parse().expect("tokens");
    let cap = format!("[budget.day]\ntokens = {}\n", most * 9 / 5);
    configured(&world, &cap);
    let mut child = model.command(&world, &["flow", GOAL]).spawn().expect("the binary runs");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while model.asked("triage") == 0 {
        assert!(std::time::Instant::now() < deadline, "nobody asks");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    child.kill().expect("it can be killed");
    let _ = child.wait();
    // Neither of the person's day nor of the project's.
    for (of_person, of_project) in [(cap.as_str(), ""), ("", cap.as_str())] {
        configured(&world, of_person);
        world.write("certus.toml", of_project);
        let stopped = model.run(&world, &["flow", "Add a wish list"]).exits(5).says("the budget of the day");
        assert!(!stopped.stderr.contains("Waiting"), "{}", stopped.stderr);
    }
}

/// Another project of the same person.
fn another(world: &World, name: &str) -> std::path::PathBuf {
    let folder = world.home().join(name);
    crate::support::copy(&world.project, &folder);
    folder
}

#[test]
fn processes_of_two_projects_that_race_for_the_last_of_a_day_never_pass_its_cap_together() {
    const CAP: u64 = 200_000;
    let (model, world) = (Model::start(whole("")), shop());
    configured(&world, &format!("[budget.day]\ntokens = {CAP}\n"));
    let projects = [world.project.clone(), another(&world, "another")];
    let racers: Vec<_> = (0..6)
        .map(|number| {
            let goal = format!("{GOAL}, variant {number}");
            let mut command = model.command(&world, &["flow", &goal]);
            command.current_dir(&projects[number % 2]);
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
            command.spawn().expect("the binary runs")
        })
        .collect();
    let ran: Vec<Ran> = racers.into_iter().map(|child| Ran::of(child.wait_with_output().expect("it ends"))).collect();
    assert!(ran.iter().any(|ran| ran.status == Some(5)), "somebody finds nothing left");
    for ran in ran {
        assert!(matches!(ran.status, Some(3 | 5)), "{:?}\n{}", ran.status, ran.stderr);
        assert!(ran.status == Some(3) || ran.stderr.contains("which counts all your projects"), "{}", ran.stderr);
    }
    let spent = |project: &std::path::PathBuf| {
        let mut command = model.command(&world, &["cost-report", "--days", "36500", "--json"]);
        let ran = Ran::of(command.current_dir(project).output().expect("the binary runs")).ok();
        let report: Value = serde_json::from_str(&ran.stdout).expect("a report");
        report["tokens"].as_u64().expect("tokens")
    };
    let both = spent(&projects[0]) + spent(&projects[1]);
    assert!(both > CAP / 4 && both <= CAP, "{both} of {CAP}");
    let _ =
        world.run(&["doctor"]).shows(&format!("{both} of {CAP} tokens used or set aside in 24 hours, over all your"));
}

#[test]
fn a_projects_own_day_stays_its_own_and_nothing_is_spent_without_the_ledger() {
    let (model, world) = (Model::start(whole("")), shop());
    let flow = ["flow", GOAL, "--until", "context-building"];
    let other = another(&world, "another");
    // What was spent before there was a cap, in whatever project, counts from its beginning.
    let mut command = model.command(&world, &flow);
    let _ = Ran::of(command.current_dir(&other).output().expect("the binary runs")).ok();
    configured(&world, "[budget.day]\ntokens = 60000\n");
    world.write("certus.toml", "[budget.day]\ntokens = 50000000\n");
    let before = model.calls();
    let _ = model.run(&world, &flow).exits(5).says("which counts all your projects");
    assert!(model.calls() <= before + 1, "{} of {before}", model.calls());
    // The project's own cap counts nothing but the project.
    configured(&world, "");
    world.write("certus.toml", "[budget.day]\ntokens = 500\n");
    let _ = model.run(&world, &["flow", "--continue"]).exits(5).says("in the project's certus.toml");
    // A ledger that cannot be read is believed to be full.
    world.write("certus.toml", "");
    configured(&world, "[budget.day]\ntokens = 50000000\n");
    let ledger = world.home().join(".local/share/certus/ledger.db");
    let kept = std::fs::read(&ledger).expect("it is there");
    std::fs::write(&ledger, "no database at all, but long enough to look like the head of one".repeat(20))
        .expect("written");
    let before = model.calls();
    let ran =
        model.run(&world, &["flow", "--continue"]).exits(1).says("the ledger of your day's budget cannot be used");
    let _ = ran.says("ledger.db is damaged").says("move ");
    assert_eq!(model.calls(), before);
    let _ = world.run(&["doctor"]).exits(1).shows("the ledger of your day's budget cannot be used");
    std::fs::write(&ledger, kept).expect("written");
    let _ = model.run(&world, &["flow", "--continue", "--until", "context-building"]).ok();
}
