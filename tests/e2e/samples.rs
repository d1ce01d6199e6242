//! Several answers to one request: a gate goes by how far they agree.

use fake_api::{Fault, Reply, Step};
use serde_json::{Value, json};

use crate::model::{GOAL, Model, first, reply, shop, when, whole};
use crate::support::{Ran, World};

const UNTIL: [&str; 2] = ["--until", "context-building"];
const VALIDATOR: &str = "requirement_validator";

/// The user wants so many answers.
fn wants(world: &World, samples: u32, more: &str) {
    let folder = world.home().join("config/certus");
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    let text = format!("[methodology.certainty]\nsamples = {samples}\n{more}");
    std::fs::write(folder.join("config.toml"), text).expect("it can be written");
}

fn scored(score: f64) -> Reply {
    reply(json!({"notes": "So far.", "confidence": [{"area": "requirements", "confidence": score}]}))
}

/// A model whose answers to the validator are these, one after the other; the last again and again.
fn validates(plays: Vec<Reply>) -> Vec<Step> {
    let last = plays.len() - 1;
    let step = |(at, play)| {
        let step = when(VALIDATOR, play);
        if at == last { step } else { first(1, step) }
    };
    let silent = ["triage", "clarification_generator"].map(|prompt| when(prompt, reply(json!({"notes": "Nothing."}))));
    plays.into_iter().enumerate().map(step).chain(silent).chain(whole("")).collect()
}

fn flow(model: &Model, world: &World) -> Ran {
    model.run(world, &[&["flow", GOAL][..], &UNTIL].concat())
}

fn part(model: &Model, world: &World) -> Value {
    let (_, shown) = model.json(world, &["show"]);
    let part = shown["confidence"]["parts"]["requirements"].clone();
    assert_eq!(part["believed"], shown["confidence"]["areas"]["requirements"], "{shown}");
    part
}

fn near(value: &Value, number: f64) {
    assert!(value.as_f64().is_some_and(|value| (value - number).abs() < 1e-9), "{value} is not {number}");
}

#[test]
fn answers_that_agree_open_the_gate() {
    let (model, world) = (Model::start(validates(vec![scored(0.95)])), shop());
    wants(&world, 3, "");
    let ran = flow(&model, &world).ok().says("Running requirement_validator once more, to compare (sample 1)");
    assert!(!ran.stdout.contains("compared:"), "{}", ran.stdout);
    assert_eq!(model.asked(VALIDATOR), 3);
    assert_eq!(model.asked("requirement_disambiguator"), 1, "its score is not the one that counts");
    let part = part(&model, &world);
    assert_eq!((&part["prompt"], &part["samples"]["asked"]), (&json!(VALIDATOR), &json!(3)), "{part}");
    assert_eq!(part["samples"]["scores"], json!([0.95, 0.95, 0.95]));
    assert_eq!(part["samples"]["note"], Value::Null);
    near(&part["believed"], 0.95);
    // Every answer is a run that was paid for, and every report says so.
    let (_, cost) = model.json(&world, &["chain-cost"]);
    let runs = cost["by_prompt"].as_array().expect("prompts").iter().find(|line| line["name"] == VALIDATOR);
    assert_eq!(runs.map(|line| &line["runs"]), Some(&json!(3)), "{cost}");
}

#[test]
fn answers_that_differ_shut_the_gate() {
    let (model, world) = (Model::start(validates(vec![scored(0.95), scored(0.55), scored(0.65)])), shop());
    wants(&world, 3, "");
    let said = "compared: answers put requirements at 95, 55, 65 %, which counts as 50 %";
    let ran = flow(&model, &world).exits(4).shows("lacks: confidence in requirements is 50 %, 90 % is needed");
    let shown = ran
        .stdout
        .lines()
        .any(|line| line == said || line == "compared: answers put requirements at 95, 65, 55 %, which counts as 50 %");
    assert!(shown, "{}", ran.stdout);
    let part = part(&model, &world);
    near(&part["reply"], 0.95);
    near(&part["samples"]["mean"], 2.15 / 3.0);
    near(&part["samples"]["deviation"], (0.13 / 3.0f64).sqrt());
    near(&part["believed"], 2.15 / 3.0 - (0.13 / 3.0f64).sqrt());
    let _ = world.run(&["status"]).ok().shows("compared: answers put requirements at 95,");
    // The same model asked once would have gone on.
    let (model, world) = (Model::start(validates(vec![scored(0.95), scored(0.55)])), shop());
    let _ = flow(&model, &world).ok();
    assert_eq!((model.asked(VALIDATOR), &self::part(&model, &world)["samples"]), (1, &Value::Null));
}

#[test]
fn what_cannot_be_read_is_not_repaired_and_not_counted() {
    let (model, world) = (Model::start(validates(vec![scored(0.95), Reply::new("I am quite sure.")])), shop());
    wants(&world, 2, "");
    let _ = flow(&model, &world).ok().says("went on without sample 1 of requirement_validator: the reply is not in");
    assert_eq!(model.asked(VALIDATOR), 2, "nothing is paid to mend what nothing waits for");
    let part = part(&model, &world);
    assert_eq!(part["samples"]["note"], "no further answer could be compared", "{part}");
    near(&part["believed"], 0.95);
    let _ = world
        .run(&["show"])
        .ok()
        .shows("compared: no agreement is measured for requirements: no further answer could be compared");
}

#[test]
fn lists_come_in_another_order_and_a_recording_finds_them_again() {
    let doubts: Vec<Value> = (1..=6)
        .map(|number| {
            json!({"area": format!("doubt_{number}"), "claim": format!("Whether {number} holds"), "confidence": 0.7,
                "blocking": false, "resolution": null})
        })
        .collect();
    let doubtful = json!({"uncertainties": doubts, "confidence": [{"area": "requirements", "confidence": 0.95}]});
    let steps = [vec![when("requirement_disambiguator", reply(doubtful))], validates(vec![scored(0.95)])].concat();
    let (model, world) = (Model::start(steps), shop());
    wants(&world, 3, "");
    let until = ["flow", GOAL, "--until", "solution-approval"];
    let _ = model.run(&world, &until).ok();
    let sent = model.requests("uncertainty_analysis");
    assert_eq!(sent.len(), 3, "the gate of its phase goes by what it scores");
    let order = |body: &String| {
        let mut places: Vec<(usize, usize)> =
            (1..=6).filter_map(|number| Some((body.find(&format!("Whether {number} holds"))?, number))).collect();
        places.sort_unstable();
        places.into_iter().map(|(_, number)| number).collect::<Vec<_>>()
    };
    let orders: Vec<Vec<usize>> = sent.iter().map(order).collect();
    assert_eq!(orders[0], [1, 2, 3, 4, 5, 6]);
    assert!(orders.iter().all(|order| order.len() == 6), "each shows all of them: {orders:?}");
    assert!(orders[1..].iter().all(|order| *order != orders[0]) && orders[1] != orders[2], "{orders:?}");
    assert_eq!(sent[0].len(), sent[1].len(), "and nothing else");
    let recorded = world.run(&["show", "--exchanges"]).ok().stdout;
    let again = shop();
    wants(&again, 3, "");
    std::fs::write(again.home().join("exchanges.jsonl"), recorded).expect("it can be written");
    let replay = format!("replay:{}", again.home().join("exchanges.jsonl").display());
    let (_, replayed) = again.json(&[&until[..], &["--provider", &replay]].concat());
    let (_, shown) = model.json(&world, &["show"]);
    let scores = |report: &Value| {
        let parts = report["confidence"]["parts"].as_object().expect("parts").clone();
        parts.into_iter().map(|(area, part)| (area, part["samples"]["scores"].clone())).collect::<Vec<_>>()
    };
    assert!(shown["confidence"]["parts"].as_object().is_some_and(|parts| parts.len() > 3), "{shown}");
    assert_eq!(scores(&replayed), scores(&shown));
}

#[test]
fn rules_are_asked_once_and_say_so() {
    let world = World::with("express-shop");
    wants(&world, 5, "");
    let _ = world.run(&["flow", "Add JWT authentication to the shop", "--recommended"]);
    let _ =
        world.run(&["show"]).ok().shows("compared: no agreement is measured for existing_code: rules give one answer");
    let history = world.run(&["show", "--history", "--events"]).ok().stdout;
    assert!(!history.contains("\"do\":\"sample\""), "{history}");
}

#[test]
fn what_the_budget_does_not_cover_is_left_out_and_the_chain_goes_on() {
    const ROOM: &str = "[limits]\nmax-output-tokens = 500\n";
    let (model, world) = (Model::start(validates(vec![scored(0.95)])), shop());
    wants(&world, 0, ROOM);
    let _ = flow(&model, &world).ok();
    let (_, cost) = model.json(&world, &["chain-cost"]);
    let once = cost["tokens"].as_u64().expect("tokens");
    // Enough for the calls that the chain needs, each set aside by its bytes, and for some of the samples.
    let cap = once + 60_000;
    let (model, world) = (Model::start(validates(vec![scored(0.95)])), shop());
    wants(&world, 9, ROOM);
    let cap = cap.to_string();
    let ran = model.run(&world, &[&["flow", GOAL, "--max-tokens", &cap][..], &UNTIL].concat());
    let _ = ran.ok().says("went on without sample 8 of requirement_validator: the budget of the chain does not cover");
    let (_, cost) = model.json(&world, &["chain-cost"]);
    assert!(cost["tokens"].as_u64() <= cap.parse().ok(), "{cost}");
    assert!(model.asked(VALIDATOR) < 9);
}

#[test]
fn an_estimate_counts_them() {
    let estimate = |samples: u32| {
        let (model, world) = (Model::start(validates(vec![scored(0.95)])), shop());
        wants(&world, samples, "");
        let (_, report) = model.json(&world, &[&["flow", GOAL][..], &UNTIL].concat());
        (report["estimate"].clone(), report["cost"]["usd"].as_f64().expect("dollars"))
    };
    let (with, cost) = estimate(4);
    let runs = |estimate: &Value| {
        let prompts = estimate["prompts"].as_array().expect("prompts").clone();
        prompts.iter().find(|one| one["prompt"] == VALIDATOR).and_then(|one| one["runs"].as_f64())
    };
    assert_eq!((runs(&with), runs(&estimate(0).0)), (Some(4.0), Some(1.0)), "{with}");
    assert!(with["at_most"]["usd"].as_f64().is_some_and(|most| cost <= most), "{cost} is more than {with}");
}

/// Killed before and after every commit, a chain ends as it would have; whatever was in flight is asked again alone, and marked.
#[test]
fn killed_at_any_moment_only_what_was_in_flight_is_repeated() {
    let mut hit = 0;
    for moment in ["before", "after"] {
        for boundary in 1.. {
            let (model, world) = (Model::start(validates(vec![scored(0.95)])), shop());
            wants(&world, 3, "");
            let arguments = [&["flow", GOAL][..], &UNTIL].concat();
            let killed = model.command(&world, &arguments).env("CERTUS_ABORT", format!("{moment}:{boundary}")).output();
            if Ran::of(killed.expect("the binary runs")).status == Some(0) {
                assert!(boundary > 6, "only {boundary} commits");
                break;
            }
            let going_on = [&["flow", "--continue"][..], &UNTIL].concat();
            let _ = model.run(&world, &going_on).ok();
            let part = part(&model, &world);
            assert_eq!(part["samples"]["scores"], json!([0.95, 0.95, 0.95]), "{moment}:{boundary}: {part}");
            let context = world.context();
            let effects = context["certus"]["chain"]["effects"].as_object().expect("effects").clone();
            let samples: Vec<&Value> = effects.values().filter(|effect| effect["request"]["do"] == "sample").collect();
            assert_eq!(samples.len(), 2, "{moment}:{boundary}: none is added");
            let attempts: u64 = effects
                .values()
                .filter(|effect| effect["request"]["name"] == VALIDATOR)
                .filter_map(|effect| effect["attempt"].as_u64())
                .sum();
            assert!(model.asked(VALIDATOR) as u64 <= attempts, "{moment}:{boundary}: nothing is asked again unmarked");
            for sample in samples {
                let again = sample["attempt"].as_u64() > Some(1);
                assert_eq!(sample["possibly_billed_twice"], json!(again), "{moment}:{boundary}: {sample}");
                hit += u32::from(again);
            }
        }
    }
    assert!(hit > 2, "samples were hit: {hit}");
}

/// A command finds, when it is run again from its start, what it was told the first time: confidence as far as answers agree.
#[test]
fn killed_inside_a_command_it_is_told_the_same_again() {
    let until = ["--until", "solution-approval"];
    let mut repeated = 0;
    for boundary in 1.. {
        let audit = |score: f64| {
            let areas = ["requirements", "existing_code", "technical_approach", "implementation_details"];
            let areas: Vec<Value> = areas.iter().map(|area| json!({"area": area, "confidence": score})).collect();
            reply(json!({"notes": "Audited.", "confidence": areas}))
        };
        let audits = [0.98, 0.94, 0.90].map(|score| first(1, when("uncertainty_analysis", audit(score))));
        let steps = [audits.to_vec(), vec![when("uncertainty_analysis", audit(0.92))], validates(vec![scored(0.95)])];
        let (model, world) = (Model::start(steps.concat()), shop());
        wants(&world, 3, "");
        let arguments = [&["flow", GOAL][..], &until].concat();
        let killed = model.command(&world, &arguments).env("CERTUS_ABORT", format!("after:{boundary}")).output();
        let unkilled = Ran::of(killed.expect("the binary runs")).status == Some(0);
        if !unkilled {
            let _ = model.run(&world, &[&["flow", "--continue"][..], &until].concat()).ok();
        }
        let history = world.run(&["show", "--history"]).ok().stdout;
        assert!(!history.contains("diverged"), "{boundary}: {history}");
        let (_, shown) = model.json(&world, &["show"]);
        let overall = shown["confidence"]["overall"].as_f64().expect("a number");
        let told = format!("Overall confidence: {:.0} %", overall * 100.0);
        assert!(history.contains(&told), "{boundary}: {told} is not in {history}");
        let part = &shown["confidence"]["parts"]["technical_approach"];
        assert!(part["believed"].as_f64() < part["reply"].as_f64(), "{boundary}: the answers differ: {part}");
        let context = world.context();
        let effects = context["certus"]["chain"]["effects"].as_object().expect("effects").clone();
        let again = |effect: &&Value| effect["request"]["do"] == "sample" && effect["attempt"].as_u64() > Some(1);
        repeated += effects.values().filter(again).count();
        if unkilled {
            assert!(boundary > 10, "only {boundary} commits");
            break;
        }
    }
    assert!(repeated > 4, "answers were in flight: {repeated}");
}

#[test]
fn a_sample_that_fails_stops_nothing_and_is_no_evidence() {
    let refused = Step { play: Fault::new("invalid-request", "not like this").into(), ..when(VALIDATOR, scored(0.5)) };
    let steps = [vec![first(1, when(VALIDATOR, scored(0.95))), first(1, refused)], validates(vec![scored(0.95)])];
    let (model, world) = (Model::start(steps.concat()), shop());
    wants(&world, 3, "");
    let _ = flow(&model, &world).ok().says("went on without sample");
    let part = part(&model, &world);
    assert_eq!((&part["samples"]["asked"], &part["samples"]["scores"]), (&json!(3), &json!([0.95, 0.95])), "{part}");
    near(&part["believed"], 0.95);
}

#[test]
fn what_changed_meanwhile_is_not_asked_as_if_it_were_the_same() {
    let late = Reply { delay_ms: 1_000, pieces: 1, ..scored(0.95) };
    let (model, world) = (Model::start(validates(vec![late])), shop());
    wants(&world, 3, "");
    let mut command = model.command(&world, &[&["flow", GOAL][..], &UNTIL].concat());
    let child = command.stderr(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).spawn();
    let child = child.expect("it runs");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while model.asked(VALIDATOR) == 0 {
        assert!(std::time::Instant::now() < deadline, "nobody validates");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let app = std::fs::read_to_string(world.project.join("app.js")).expect("the project has one");
    world.write("app.js", format!("{app}// changed\n"));
    let ran = Ran::of(child.wait_with_output().expect("it ends")).ok();
    let _ = ran.says(
        "went on without sample 1 of requirement_validator: the files that requirement_validator was asked about",
    );
    assert_eq!(model.asked(VALIDATOR), 1);
    assert_eq!(part(&model, &world)["samples"]["note"], "no further answer could be compared");
}

#[test]
fn only_a_person_says_how_often() {
    let world = World::with("express-shop");
    wants(&world, 10, "");
    let ran = world.run(&["flow", GOAL]).exits(2);
    let _ = ran.says("has no setting `samples` that could have this value").says("samples (0 to 9)");
    wants(&world, 9, "");
    let _ = world.run(&["plugin", "show", "certainty"]).ok().shows("setting samples = 0");
    // Samples cost who pays for them: a project cannot ask for any, nor for fewer.
    world.write("certus.toml", "[methodology.certainty]\nsamples = 1\n");
    let _ = world.run(&["flow", GOAL]).exits(2).says("certus.toml").says("methodology");
}

/// Samples that were begun and have no outcome.
fn open(world: &World) -> usize {
    let (_, history) = world.json(&["show", "--history"]);
    let events = history["events"].as_array().expect("events");
    let ended: Vec<&Value> =
        events.iter().filter(|event| event["type"] == "outcome").map(|event| &event["effect"]).collect();
    let begun = events.iter().filter(|event| event["request"]["do"] == "sample");
    begun.filter(|event| !ended.contains(&&event["effect"])).count()
}

#[test]
fn whoever_has_one_answer_is_not_asked_for_what_somebody_else_left_open() {
    let mut left = 0;
    for boundary in 1.. {
        let (model, world) = (Model::start(validates(vec![scored(0.95)])), shop());
        wants(&world, 3, "");
        let arguments = [&["flow", GOAL][..], &UNTIL].concat();
        let killed = model.command(&world, &arguments).env("CERTUS_ABORT", format!("after:{boundary}")).output();
        if Ran::of(killed.expect("the binary runs")).status == Some(0) {
            break;
        }
        if open(&world) > 0 {
            let ran = world.run(&[&["flow", "--continue", "--provider", "offline"][..], &UNTIL].concat());
            let _ = ran.says("of requirement_validator: rules give one answer");
            assert_eq!(open(&world), 0, "{boundary}");
            left += 1;
            if left == 2 {
                break;
            }
        }
    }
    assert!(left > 1, "samples were left open {left} times");
}
