//! The cap of a day: however many chains and processes race for the last of it, together they never set aside more.

mod support;

use std::sync::Arc;

use certus_engine::{Amount, Attribution, Body, Cap, Chain, ChainId, Estimate, Event, Outcome, Usage};
use certus_store::{Batch, DAY, DayCap, Mode, Store, StoreError};
use support::{begin, history, project};

const NOW: i64 = 10 * DAY;

fn day(tokens: u64, wanted: u64) -> DayCap {
    DayCap {
        cap: Cap { tokens: Some(tokens), usd_micros: None },
        wanted: Estimate { tokens: wanted, usd_micros: None, model: "m".to_owned() },
        since: NOW - DAY,
    }
}

/// A chain with the intent of a call.
fn called(store: &Store) -> (ChainId, Chain) {
    let made = begin(store, "a goal", NOW);
    let mut chain = made.chain;
    let intent = history::intent(1, history::prompt("a"), chain.version());
    store.append_blocking(made.id, &mut chain, NOW, vec![intent], Vec::new()).expect("appended");
    (made.id, chain)
}

/// Set aside what the day is asked for.
async fn reserve(store: &Store, day: DayCap, id: ChainId, chain: &mut Chain) -> Result<Vec<Event>, StoreError> {
    let mut batch = Batch::of(chain, NOW, reserved(day.wanted.tokens), Vec::new());
    batch.day = Some(day);
    store.record(id, chain, batch).await
}

fn reserved(tokens: u64) -> Vec<Body> {
    vec![Body::Reserved { effect: 1, amount: Amount { tokens, ..Amount::default() } }]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn racers_never_pass_it_together() {
    let project = project();
    let stores = [Arc::new(project.open()), Arc::new(Store::open(&project.state, Mode::ReadWrite).expect("twice"))];
    let chains: Vec<_> = (0..50).map(|number| (Arc::clone(&stores[number % 2]), called(&stores[number % 2]))).collect();
    let racers = chains.into_iter().map(|(store, (id, mut chain))| {
        tokio::spawn(async move { reserve(&store, day(100, 7), id, &mut chain).await })
    });
    let (mut granted, mut refused) = (0, 0);
    for racer in racers.collect::<Vec<_>>() {
        match racer.await.expect("it ends") {
            Ok(_) => granted += 1,
            Err(StoreError::OverBudget(over)) => {
                assert!(over.to_string().contains("the budget of the day"), "{over}");
                refused += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!((granted, refused), (14, 36));
    assert_eq!(stores[0].committed_since(NOW - DAY), Ok(Amount { tokens: 98, ..Amount::default() }));
}

#[tokio::test]
async fn what_was_not_used_comes_back_and_yesterday_does_not_count() {
    let project = project();
    let store = project.open();
    let ((first, mut one), (second, mut two)) = (called(&store), called(&store));
    reserve(&store, day(100, 90), first, &mut one).await.expect("it fits");
    let refused = reserve(&store, day(100, 20), second, &mut two).await;
    assert!(matches!(refused, Err(StoreError::OverBudget(_))), "{refused:?}");
    let usage = Usage { input_tokens: 30, ..Usage::default() };
    let by = Attribution { usage, ..Attribution::default() };
    let paid = history::outcome(1, Outcome::Replied { reply: Box::default(), by });
    store.append(first, &mut one, NOW, vec![paid], Vec::new()).await.expect("paid");
    assert_eq!(store.committed_since(NOW - DAY), Ok(Amount { tokens: 30, ..Amount::default() }));
    reserve(&store, day(100, 20), second, &mut two).await.expect("now it fits");
    assert_eq!(store.spent_since(NOW - DAY), Ok(Amount { tokens: 30, ..Amount::default() }), "20 are set aside");
    assert_eq!(store.committed_since(NOW + 1), Ok(Amount::default()));
}

#[tokio::test]
async fn what_was_begun_long_ago_counts_on_the_day_of_its_call() {
    let project = project();
    let store = project.open();
    let ((first, mut one), (second, mut two)) = (called(&store), called(&store));
    // Both intents are two days old by then.
    let (now, wait) =
        (NOW + 2 * DAY, Body::Reissued { effect: 1, attempt: 2, possibly_billed_twice: false, leftover: None });
    let late = |wanted| DayCap { since: now - DAY, ..day(100, wanted) };
    let reserve = async |chain: &mut Chain, id, wanted| {
        let bodies = [vec![wait.clone()], reserved(wanted)].concat();
        let mut batch = Batch::of(chain, now, bodies, Vec::new());
        batch.day = Some(late(wanted));
        store.record(id, chain, batch).await
    };
    reserve(&mut one, first, 90).await.expect("it fits");
    let refused = reserve(&mut two, second, 20).await;
    assert!(matches!(refused, Err(StoreError::OverBudget(_))), "{refused:?}");
    // What is lost now is lost today as well, and stays so in projections made anew.
    let lost = Body::Deferred {
        effect: 1,
        code: certus_engine::ErrorCode::Unavailable,
        message: "gone".to_owned(),
        possibly_billed: true,
        leftover: None,
        enough: None,
    };
    store.append_blocking(first, &mut one, now + 1, vec![lost], Vec::new()).expect("appended");
    for _ in 0..2 {
        assert_eq!(store.committed_since(now + 1), Ok(Amount { tokens: 90, ..Amount::default() }));
        assert_eq!(store.costs_since(now + 1).expect("costs").tokens, 90);
        assert_eq!(store.committed_since(now + 2), Ok(Amount::default()));
        store.rebuild_projections().expect("rebuilt");
    }
}

#[test]
fn projections_made_anew_say_the_same() {
    let project = project();
    let store = project.open();
    let (id, mut chain) = called(&store);
    let again = Body::Reissued { effect: 1, attempt: 2, possibly_billed_twice: true, leftover: None };
    let bodies = [reserved(50), vec![again], reserved(40)].concat();
    store.append_blocking(id, &mut chain, NOW, bodies, Vec::new()).expect("appended");
    let all = Ok(Amount { tokens: 90, ..Amount::default() });
    assert_eq!(store.committed_since(0), all);
    store.rebuild_projections().expect("rebuilt");
    assert_eq!(store.committed_since(0), all);
    let lost = store.costs_of(id).expect("costs");
    assert_eq!((lost.runs, lost.tokens), (0, 50), "what is only set aside costs nothing");
    assert_eq!(lost.by_chain[0].possible_tokens, 50, "and nobody said what was taken of it");
    assert_eq!(store.spending_of(id).expect("spending").possible.tokens, 50);
    drop(store);
    // A database of before has no columns for that: whoever only reads it looks into its events, whoever writes fills them.
    let db = rusqlite::Connection::open(project.db()).expect("opened");
    db.execute_batch(
        "ALTER TABLE prompt_runs DROP COLUMN possible_tokens; ALTER TABLE prompt_runs DROP COLUMN possible_usd_micros; \
         PRAGMA user_version = 8",
    )
    .expect("as it was before");
    drop(db);
    let possible = |store: &Store| store.costs_of(id).expect("costs").by_chain[0].possible_tokens;
    assert_eq!(
        possible(&Store::open(&project.state, Mode::ReadOnly).expect("it is read")),
        50,
        "before anybody writes"
    );
    assert_eq!(possible(&project.open()), 50);
}
