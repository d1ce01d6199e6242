//! Projections are what the events say, however they came about.

mod support;

use certus_engine::calibration::{Prediction, predictions};
use certus_engine::*;
use certus_store::*;
use proptest::collection::vec;
use proptest::prelude::*;
use support::history::{intent, outcome, prompt};
use support::*;

fn shown(store: &Store) -> String {
    let rows = store.rows().expect("rows");
    let of = |row: &ChainRow| (store.visits(row.id).expect("visits"), store.prompt_runs(row.id).expect("runs"));
    let tables: Vec<_> = rows.iter().map(of).collect();
    format!(
        "{rows:#?} {tables:#?} {:#?} {:#?} {:#?}",
        store.spending().expect("spending"),
        store.costs_since(i64::MIN).expect("costs"),
        store.predictions().expect("predictions")
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rebuilt_equals_live(groups in vec((0..3u32, vec(history::body(), 1..6)), 0..8)) {
        let project = project();
        let store = project.open();
        let mut chains: Vec<Created> = (0..3).map(|number| begin(&store, &format!("goal {number}"), 1000)).collect();
        for (at, (which, bodies)) in (2000..).zip(groups) {
            let Created { id, chain, .. } = &mut chains[which as usize];
            store.append_blocking(*id, chain, at, bodies, Vec::new()).expect("it is appended");
        }
        let live = shown(&store);
        let db = rusqlite::Connection::open(project.db()).expect("it opens");
        db.execute_batch("UPDATE chains SET goal = 'x', status = 'y', usd_micros = 7; DELETE FROM prompt_runs; DELETE FROM phase_visits; DELETE FROM predictions; DELETE FROM closings")
            .expect("spoiled");
        store.rebuild_projections().expect("rebuilt");
        prop_assert_eq!(shown(&store), live);
        for Created { id, chain, .. } in &chains {
            prop_assert_eq!(store.row(*id).expect("a row"), ChainRow::of(*id, chain));
        }
    }
}

/// A chain that ran two prompts at once, one of which failed, and left its phase.
fn worked(store: &Store) -> Created {
    let mut made = begin(store, "Add two-factor login", 1000);
    let reply = Reply { confidence: [("goal".to_owned(), 0.9)].into(), ..Reply::default() };
    let usage = Usage { input_tokens: 100, cached_tokens: 40, output_tokens: 20, usd_micros: 500, ..Usage::default() };
    let by = Attribution { provider: "api".to_owned(), model: "fast".to_owned(), usage, ..Attribution::default() };
    let steps: [(Millis, Vec<Body>); 4] = [
        (2000, vec![intent(1, prompt("a"), 2), intent(2, prompt("b"), 2)]),
        (3000, vec![outcome(1, Outcome::Replied { reply: Box::new(reply), by })]),
        (4000, vec![outcome(2, Outcome::Failed { code: ErrorCode::Invalid, message: "no JSON".to_owned() })]),
        (
            5000,
            vec![
                Body::PhaseLeft {
                    phase: "ask".to_owned(),
                    visit: 1,
                    success: true,
                    elapsed_ms: 4000,
                    tokens: 120,
                    usd_micros: 500,
                },
                Body::PhaseEntered { phase: "decide".to_owned(), visit: 1, why: "on".to_owned() },
                Body::Rated { stars: 4 },
            ],
        ),
    ];
    for (at, bodies) in steps {
        store.append_blocking(made.id, &mut made.chain, at, bodies, Vec::new()).expect("it is appended");
    }
    made
}

#[test]
fn analytics_know_what_ran() {
    let project = project();
    let store = project.open();
    let made = worked(&store);
    let runs = store.prompt_runs(made.id).expect("runs");
    let [a, b] = runs.as_slice() else { panic!("two runs, not {}", runs.len()) };
    assert_eq!((a.prompt.as_str(), a.phase.as_str(), a.visit, a.started, a.ended), ("a", "ask", 1, 2000, Some(3000)));
    assert_eq!((a.ok, a.error_category.as_deref(), a.usage.usd_micros), (Some(true), None, 500));
    assert_eq!(
        (a.provider.as_deref(), a.model.as_deref(), a.user.as_deref()),
        (Some("api"), Some("fast"), Some("ada"))
    );
    assert_eq!((b.ok, b.error_category.as_deref(), b.rating), (Some(false), Some("invalid"), Some(4)));
    // Believed together, so both show what both brought.
    assert_eq!((a.confidence_before, a.confidence_after, b.confidence_after), (Some(0.0), Some(0.9), Some(0.9)));
    let visits = store.visits(made.id).expect("visits");
    let first = &visits[0];
    assert_eq!((first.phase.as_str(), first.entered, first.left, first.success), ("ask", 1000, Some(5000), Some(true)));
    assert_eq!((first.tokens, first.error_category.as_deref()), (Some(120), Some("invalid")));
    assert_eq!((visits[1].phase.as_str(), visits[1].left), ("decide", None));
}

#[test]
fn a_sample_is_paid_for_and_takes_off_what_its_prompt_brought() {
    let project = project();
    let store = project.open();
    let mut made = begin(&store, "Add two-factor login", 1000);
    let answered = |score: f64| {
        let reply = Reply { confidence: [("goal".to_owned(), score)].into(), ..Reply::default() };
        let usage = Usage { input_tokens: 100, output_tokens: 20, usd_micros: 500, ..Usage::default() };
        let by = Attribution { provider: "api".to_owned(), model: "fast".to_owned(), usage, ..Attribution::default() };
        Outcome::Replied { reply: Box::new(reply), by }
    };
    let sample = Request::Sample { of: 1, number: 1, name: "a".to_owned(), version: "1".to_owned() };
    let amount = Amount { tokens: 900, usd_micros: 700, unpriced_tokens: 0 };
    let steps: [(Millis, Vec<Body>); 3] = [
        (2000, vec![intent(1, prompt("a"), 2), outcome(1, answered(0.9))]),
        (3000, vec![intent(2, sample, 4), Body::Reserved { effect: 2, amount }]),
        (4000, vec![outcome(2, answered(0.7))]),
    ];
    let mut set_aside = Vec::new();
    for (at, bodies) in steps {
        store.append_blocking(made.id, &mut made.chain, at, bodies, Vec::new()).expect("it is appended");
        set_aside.push(store.spending_of(made.id).expect("spending").reserved.usd_micros);
    }
    assert_eq!(set_aside, [0, 700, 0], "the day's cap knows of it while it is on its way");
    let runs = store.prompt_runs(made.id).expect("runs");
    let [first, second] = runs.as_slice() else { panic!("two runs, not {}", runs.len()) };
    assert_eq!((second.prompt.as_str(), second.ok, second.usage.usd_micros), ("a", Some(true), 500));
    assert_eq!((second.confidence_before, second.confidence_after), (None, None), "it brings nothing of its own");
    let believed = made.chain.confidence("overall");
    assert!(believed < 0.9);
    assert_eq!((first.confidence_before, first.confidence_after), (Some(0.0), Some(believed)));
    assert_eq!(store.spending_of(made.id).expect("spending").total().usd_micros, 1000);
    // What other chains are expected to run is none of their samples.
    let recorded = store.recorded("ask", "api", ChainId(99)).expect("recorded");
    assert_eq!((recorded.visits, recorded.runs.len(), recorded.runs[0].runs), (1, 1, 1));
}

#[test]
fn costs_are_counted_from_when_they_ended() {
    let project = project();
    let store = project.open();
    let id = worked(&store).id;
    worked(&store);
    begin(&store, "nothing yet", 1);
    let all = store.costs_since(0).expect("costs");
    assert_eq!((all.chains, all.runs, all.tokens, all.usd_micros), (2, 4, 240, 1000));
    let names = |lines: &[CostLine]| {
        lines.iter().map(|line| (line.name.clone(), line.runs, line.usd_micros)).collect::<Vec<_>>()
    };
    assert_eq!(names(&all.by_prompt), [("a".to_owned(), 2, 1000), ("b".to_owned(), 2, 0)]);
    assert_eq!(names(&all.by_phase), [("ask".to_owned(), 4, 1000)]);
    assert_eq!(names(&all.by_model), [("api/fast".to_owned(), 2, 1000), (String::new(), 2, 0)]);
    assert_eq!(all.by_chain[0].name, "001 add-two-factor-login");
    assert_eq!((all.by_chain[0].failed, all.by_chain[0].cached_tokens), (1, 40));
    let late = store.costs_since(3001).expect("costs");
    assert_eq!((late.runs, late.usd_micros), (2, 0));
    assert_eq!(store.costs_since(9000).expect("costs"), Costs::default());
    assert_eq!(store.costs_of(id).expect("costs").usd_micros, 500);
}

#[test]
fn a_row_says_where_a_chain_stands() {
    let project = project();
    let store = project.open();
    let Created { id, mut chain, .. } = begin(&store, "a goal", 1000);
    let mut after = |bodies: Vec<Body>| {
        store.append_blocking(id, &mut chain, 2000, bodies, Vec::new()).expect("it is appended");
        let row = store.row(id).expect("a row");
        (row.status, row.open_questions)
    };
    let asked = Request::Ask { question: history::question("how", None) };
    let deferred = Body::Deferred {
        effect: 2,
        code: ErrorCode::Unavailable,
        message: "no model".to_owned(),
        possibly_billed: false,
        leftover: None,
        enough: None,
    };
    assert_eq!(after(vec![note("offline")]), (Status::Running, 0));
    assert_eq!(after(vec![intent(1, asked, 3)]), (Status::WaitingPerson, 1));
    assert_eq!(after(vec![outcome(1, Outcome::Answered { text: "so".to_owned(), by: None })]), (Status::Running, 0));
    assert_eq!(after(vec![intent(2, prompt("p"), 5), deferred]), (Status::WaitingProvider, 0));
    assert_eq!(after(vec![Body::Ended { success: false, why: "enough".to_owned() }]), (Status::GivenUp, 0));
    assert_eq!(store.row(id).expect("a row").context_file, "chain-001-a-goal-1970-01-01-00-00-01.json");
}

/// A chain whose scores a person's verdict settled.
fn judged(store: &Store, verdict: Verdict) -> Created {
    let mut made = begin(store, "Add two-factor login", 1000);
    let confidence = [("requirements".to_owned(), 0.95), ("overall".to_owned(), 0.85)].into();
    let by = Attribution { provider: "api".to_owned(), model: "fast".to_owned(), ..Attribution::default() };
    let replied = Outcome::Replied { reply: Box::new(Reply { confidence, ..Reply::default() }), by };
    let proposal = Proposal { kind: "solution".to_owned(), title: "So".to_owned(), body: "b".to_owned() };
    let digest = proposal.digest();
    // The score and its outcome are appended apart, as they are in life.
    let steps = [
        vec![intent(1, prompt("a"), 2), outcome(1, replied)],
        vec![intent(2, Request::Approve { proposal }, 4)],
        vec![outcome(2, Outcome::Judged { verdict, digest, by: None, grant: None })],
    ];
    for bodies in steps {
        store.append_blocking(made.id, &mut made.chain, 2000, bodies, Vec::new()).expect("it is appended");
    }
    made
}

#[test]
fn predictions_of_all_chains_are_read_as_their_events_give_them() {
    let project = project();
    let store = project.open();
    let made = [judged(&store, Verdict::Approved), judged(&store, Verdict::Rejected("no".to_owned()))];
    let folded = |made: &Created| predictions(&store.events(made.id).expect("events"));
    let expected: Vec<Prediction> = made.iter().flat_map(folded).collect();
    let held: Vec<(&str, bool)> = expected.iter().map(|one| (one.area.as_str(), one.held)).collect();
    let areas = [("overall", true), ("requirements", true), ("overall", false), ("requirements", false)];
    assert_eq!(held, areas);
    assert_eq!(store.predictions().expect("predictions"), expected);
    store.rebuild_projections().expect("rebuilt");
    assert_eq!(store.predictions().expect("predictions"), expected);
}

#[test]
fn a_correction_overrules_what_was_approved() {
    let project = project();
    let store = project.open();
    let mut made = judged(&store, Verdict::Approved);
    let asked = Request::Ask { question: history::question("how", None) };
    let bodies = vec![
        intent(3, asked, made.chain.version()),
        outcome(3, Outcome::Answered { text: "yes".to_owned(), by: None }),
        Body::Corrected { question: "how".to_owned(), text: "no".to_owned(), by: None },
    ];
    store.append_blocking(made.id, &mut made.chain, 3000, bodies, Vec::new()).expect("it is appended");
    let held: Vec<(String, bool)> =
        store.predictions().expect("predictions").into_iter().map(|one| (one.area, one.held)).collect();
    assert_eq!(held, [("overall".to_owned(), true), ("requirements".to_owned(), false)]);
}

#[test]
fn chains_that_are_older_than_the_table_are_read_into_it() {
    let project = project();
    let store = project.open();
    judged(&store, Verdict::Approved);
    let expected = store.predictions().expect("predictions");
    drop(store);
    let db = rusqlite::Connection::open(project.db()).expect("it opens");
    db.execute_batch(
        "DROP TABLE predictions; DROP TABLE closings; ALTER TABLE prompt_runs DROP COLUMN unpriced_tokens; \
         ALTER TABLE prompt_runs DROP COLUMN dated; ALTER TABLE events DROP COLUMN crc; \
         ALTER TABLE prompt_runs DROP COLUMN possible_tokens; ALTER TABLE prompt_runs DROP COLUMN possible_usd_micros; \
         PRAGMA user_version = 3",
    )
    .expect("of the third format");
    drop(db);
    let reading = Store::open(&project.state, Mode::ReadOnly).expect("it is read");
    assert_eq!(reading.predictions().expect("none are known"), []);
    drop(reading);
    assert_eq!(project.open().predictions().expect("predictions"), expected);
    assert_eq!(expected.len(), 2);
}

#[test]
fn what_closing_an_uncertainty_cost_is_shared_by_what_its_run_closed() {
    let project = project();
    let store = project.open();
    let mut made = begin(&store, "Add two-factor login", 1000);
    let doubt = |area: &str, resolution: Option<&str>| RepliedUncertainty {
        area: area.to_owned(),
        claim: "a claim".to_owned(),
        confidence: 0.5,
        blocking: false,
        resolution: resolution.map(str::to_owned),
    };
    let replied = |doubts: Vec<RepliedUncertainty>, usd_micros| {
        let usage = Usage { input_tokens: 90, output_tokens: 10, usd_micros, ..Usage::default() };
        let reply = Reply { uncertainties: doubts, ..Reply::default() };
        Outcome::Replied { reply: Box::new(reply), by: Attribution { usage, ..Attribution::default() } }
    };
    let mut step = |at, effect, doubts, usd| {
        let bodies = vec![intent(effect, prompt("p"), u64::from(effect) * 2), outcome(effect, replied(doubts, usd))];
        store.append_blocking(made.id, &mut made.chain, at, bodies, Vec::new()).expect("it is appended");
    };
    step(2000, 1, vec![doubt("a", None), doubt("b", None), doubt("c", None)], 700);
    step(3000, 2, vec![doubt("a", Some("so")), doubt("b", Some("so"))], 400);
    step(4000, 3, vec![doubt("c", Some("so"))], 300);
    step(5000, 4, vec![doubt("b", None)], 50);
    let removed = |since| -> Vec<(String, u64, u64)> {
        let costs = store.costs_since(since).expect("costs");
        costs.removed.into_iter().map(|one| (one.area, one.closed, one.usd_micros)).collect()
    };
    // `b` is open again, so that its run closed one only.
    assert_eq!(removed(0), [("a".to_owned(), 1, 400), ("c".to_owned(), 1, 300)]);
    assert_eq!(removed(3500), [("c".to_owned(), 1, 300)]);
    step(6000, 5, vec![doubt("b", Some("so"))], 80);
    let before = store.costs_of(ChainId(1)).expect("costs").removed;
    assert_eq!(before.len(), 3);
    drop(store);
    // Chains that are older than the table are read into it.
    let db = rusqlite::Connection::open(project.db()).expect("it opens");
    db.execute_batch(
        "DROP TABLE closings; ALTER TABLE events DROP COLUMN crc; ALTER TABLE prompt_runs DROP COLUMN dated; \
         ALTER TABLE prompt_runs DROP COLUMN possible_tokens; ALTER TABLE prompt_runs DROP COLUMN possible_usd_micros; \
         PRAGMA user_version = 5",
    )
    .expect("of the fifth format");
    drop(db);
    let reading = Store::open(&project.state, Mode::ReadOnly).expect("it is read");
    assert_eq!(reading.costs_of(ChainId(1)).expect("costs").removed, []);
    drop(reading);
    assert_eq!(project.open().costs_of(ChainId(1)).expect("costs").removed, before);
}
