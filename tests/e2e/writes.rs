//! What is written is what was shown, and what is taken back is what was written: whatever a store says, whoever else writes, and
//! wherever a process was killed.

use certus_app::engine::{Body, Chain, ChainId, Digest, Edit, Outcome, Plan, Request};
use serde_json::{Value, json};

use crate::edits::{EDITED, PRICE, passage_shown};
use crate::model::{GOAL, Model, RIGHT, but, first, reply, shop, when};
use crate::support::World;

fn price(world: &World) -> String {
    std::fs::read_to_string(world.project.join("lib/price.js")).expect("it is there")
}

/// The plan that waits, with another text that would be written, and every digest made anew.
fn forge(world: &World) {
    let store = certus_store::Store::open(&world.project.join(".certus"), certus_store::Mode::ReadWrite);
    let store = store.expect("it opens");
    let mut chain: Chain = store.chain(ChainId(1)).expect("it folds");
    let (shown, plan) = chain
        .open_effects()
        .find_map(|(id, effect)| match &effect.request {
            Request::ApproveEdits { plan, .. } => Some((id, plan.clone())),
            _ => None,
        })
        .expect("edits wait");
    let evil = "process.exit(1);\n";
    let stored = store.blob(plan.stored).expect("it can be read").expect("it is there");
    let mut stored: Value = serde_json::from_slice(&stored).expect("a plan is JSON");
    stored["files"][0]["new"] = evil.into();
    stored["files"][0]["new_digest"] = Digest::of(evil).to_string().into();
    let bytes = serde_json::to_vec(&stored).expect("JSON");
    let forged: certus_workspace::edit::Plan = serde_json::from_value(stored).expect("a plan");
    let mut files = plan.files;
    files[0].new = Some(Digest::of(evil));
    let plan = Plan {
        digest: forged.digest().parse().expect("a digest"),
        stored: Digest::of(&bytes),
        files,
        unchanged: Vec::new(),
    };
    let draft = || "D1".to_owned();
    let amended = Outcome::Amended { edits: vec![Edit { path: "lib/price.js".to_owned(), ..Edit::default() }] };
    let (effect, basis) = (chain.next_effect(), chain.version());
    let mut bodies = vec![Body::Outcome { effect: shown, outcome: amended, elapsed_ms: 0 }];
    let outcomes = [
        (Request::Plan { draft: draft() }, Some(Outcome::Planned { plan: plan.clone() })),
        (Request::ApproveEdits { draft: draft(), plan }, None),
    ];
    for (effect, (request, outcome)) in (effect..).zip(outcomes) {
        let digest = Digest::of("anything");
        bodies.push(Body::Intent { effect, invocation: None, occurrence: 0, request, digest, basis });
        bodies.extend(outcome.map(|outcome| Body::Outcome { effect, outcome, elapsed_ms: 0 }));
    }
    let blobs = vec![(Digest::of(&bytes), bytes)];
    store.append_blocking(ChainId(1), &mut chain, 1, bodies, blobs).expect("appended");
}

#[test]
fn a_plan_that_shows_one_thing_and_writes_another_is_damaged() {
    let (model, world) = passage_shown();
    forge(&world);
    for arguments in [&["diff"][..], &["approve"], &["approve", "--all-in-chain"], &["flow", "--continue"]] {
        let ran = model.run(&world, arguments).exits(1);
        let ran = ran.says("what is stored of the edit of lib/price.js is damaged");
        assert!(!ran.stdout.contains("Math.round"), "{}", ran.stdout);
        assert_eq!(price(&world), PRICE);
    }
    let _ =
        model.run(&world, &["approve"]).exits(1).says("hint: refuse the edits, and they are made anew: certus reject");
    let _ = model.run(&world, &["reject", "--why", "damaged"]).exits(3).shows("test/discount.test.js");
}

/// A chain whose first draft changes `lib/price.js` and brings a test of its own.
fn two_files_shown() -> (Model, World) {
    let edits = json!([
        {"path": "lib/price.js", "base": null, "content": null, "delete": false,
            "replace": [{"find": "=> cents * 1.19", "with": "=> Math.round(cents * 1.19)"}]},
        {"path": "test/price.test.js", "base": null, "content": "// new\n", "delete": false, "replace": []},
    ]);
    let tests = reply(json!({"artifacts": [{"kind": "tests", "title": "Whole cents", "body": "", "edits": edits}]}));
    let (model, world) = (Model::start(but(vec![first(1, when("test_generator", tests))], RIGHT)), shop());
    world.write("lib/price.js", PRICE);
    let _ = model.run(&world, &["flow", GOAL]).exits(3);
    let _ = model.run(&world, &["approve"]).exits(3).shows("test/price.test.js");
    (model, world)
}

#[test]
fn what_somebody_made_as_planned_is_theirs() {
    let (model, world) = two_files_shown();
    world.write("test/price.test.js", "// new\n");
    let _ = model.run(&world, &["approve"]).exits(3).says("not ours to take back: test/price.test.js");
    assert_eq!(price(&world), EDITED);
    let ran = model.run(&world, &["undo"]).ok().shows("Taken back: lib/price.js");
    assert!(!ran.stdout.contains("price.test.js"), "{}", ran.stdout);
    assert_eq!(price(&world), PRICE);
    assert!(world.project.join("test/price.test.js").is_file());
}

#[test]
fn what_was_half_written_when_somebody_changed_it_is_named_and_the_rest_is_put_back() {
    let mut boundary = 1;
    let (model, world) = loop {
        let (model, world) = two_files_shown();
        let killed = model.command(&world, &["approve"]).env("CERTUS_ABORT", format!("before:{boundary}")).output();
        assert_eq!(killed.expect("it runs").status.code(), None, "it is killed before it wrote");
        if price(&world) == EDITED {
            break (model, world);
        }
        boundary += 1;
    };
    let mine = format!("{EDITED}// mine\n");
    world.write("lib/price.js", &mine);
    let ran = model.run(&world, &["flow", "--continue"]).exits(3);
    let _ = ran
        .says("writing was cut short before, and lib/price.js was changed since")
        .says("put back as before: test/price.test.js");
    assert_eq!(price(&world), mine);
    assert!(!world.project.join("test/price.test.js").exists());
    let (_, shown) = model.json(&world, &["show"]);
    let why = shown["edits"][0]["why"].as_str().unwrap_or_default();
    assert!(why.starts_with("writing was cut short before, and lib/price.js was changed since"), "{shown}");
}
