//! Appending: what was answered is there, in order, once; what is refused leaves nothing.

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;

use certus_engine::*;
use certus_store::*;
use proptest::collection::vec;
use proptest::prelude::*;
use support::*;

fn texts(events: &[Event]) -> Vec<String> {
    events.iter().map(|event| serde_json::to_string(event).expect("an event serialises")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_appended_is_read_again(groups in vec(vec(history::body(), 1..5), 0..5), cut in 0..20u64) {
        let project = project();
        let store = project.open();
        let Created { id, mut chain, mut events } = begin(&store, "a goal", 1000);
        for (at, bodies) in (2000..).zip(groups) {
            events.extend(store.append_blocking(id, &mut chain, at, bodies, Vec::new()).expect("it is appended"));
        }
        prop_assert_eq!(texts(&store.events(id).expect("they are there")), texts(&events));
        let after = events.iter().filter(|event| event.seq > cut).cloned().collect::<Vec<_>>();
        prop_assert_eq!(texts(&store.events_after(id, cut).expect("they are there")), texts(&after));
        // The chain that was brought forward, the one read again and the one that another opening reads are one.
        let whole = |chain: &Chain| serde_json::to_string(chain).expect("a chain serialises");
        prop_assert_eq!(whole(&chain), whole(&store.chain(id).expect("it folds")));
        drop(store);
        let again = Store::open(&project.state, Mode::ReadOnly).expect("it opens");
        prop_assert_eq!(whole(&chain), whole(&again.chain(id).expect("it folds")));
    }
}

#[test]
fn many_threads_keep_every_chain_gapless() {
    let project = project();
    let store = project.open();
    let chains: Vec<Created> = (0..6).map(|number| begin(&store, &format!("goal {number}"), 1000)).collect();
    std::thread::scope(|scope| {
        for Created { id, mut chain, .. } in chains {
            let store = &store;
            scope.spawn(move || {
                for number in 0..40 {
                    append(store, id, &mut chain, &format!("{number}"));
                }
            });
        }
    });
    let rows = store.rows().expect("rows");
    assert_eq!(rows.len(), 6);
    for row in rows {
        let events = store.events(row.id).expect("gapless");
        assert_eq!((row.version, events.len()), (42, 42));
        let said: Vec<_> = events.iter().filter(|event| matches!(event.body, Body::ProviderChosen { .. })).collect();
        assert!((0..40).zip(said).all(|(number, event)| event.body == note(&number.to_string())));
    }
}

#[tokio::test]
async fn tasks_share_commits() {
    let project = project();
    let store = Arc::new(project.open());
    let mut tasks = Vec::new();
    for number in 0..100 {
        let store = Arc::clone(&store);
        tasks.push(tokio::spawn(async move {
            let started = Started { goal: format!("goal {number}"), ..history::started() };
            let Created { id, mut chain, .. } = store.create(1, law::begin(started), Vec::new()).await?;
            for _ in 0..5 {
                store.append(id, &mut chain, 2, vec![note("x"), note("y")], Vec::new()).await?;
            }
            Ok::<_, StoreError>((id, chain.version()))
        }));
    }
    let mut ids = BTreeSet::new();
    for task in tasks {
        let (id, version) = task.await.expect("no panic").expect("no error");
        assert_eq!((version, store.chain(id).expect("it folds").version()), (12, 12));
        assert!(ids.insert(id));
    }
    assert_eq!(ids, (1..=100).map(ChainId).collect());
}

#[test]
fn who_comes_second_is_told_and_sees_what_is_recorded() {
    let project = project();
    let (one, two) = (project.open(), project.open());
    let Created { id, chain, .. } = begin(&one, "a goal", 1000);
    let (mut mine, mut theirs) = (chain.clone(), chain);
    append(&two, id, &mut theirs, "theirs");
    let refused = one.append_blocking(id, &mut mine, 2000, vec![note("mine")], Vec::new());
    assert_eq!(refused, Err(StoreError::Conflict { chain: id, expected: 2, found: 3 }));
    assert_eq!(mine, theirs);
    assert_eq!(append(&one, id, &mut mine, "mine"), 4);
    assert_eq!(one.row(id).expect("a row").provider, "mine");
}

#[test]
fn a_conflict_costs_its_neighbours_nothing() {
    let project = project();
    let store = project.open();
    let (mut one, mut two) = (begin(&store, "one", 1), begin(&store, "two", 1));
    let mut stale = one.chain.clone();
    append(&store, one.id, &mut one.chain, "x");
    std::thread::scope(|scope| {
        scope.spawn(|| assert!(store.append_blocking(one.id, &mut stale, 5, vec![note("y")], Vec::new()).is_err()));
        scope.spawn(|| append(&store, two.id, &mut two.chain, "z"));
    });
    assert_eq!(store.row(two.id).expect("a row").version, 3);
    assert_eq!(store.row(one.id).expect("a row").version, 3);
}

#[test]
fn no_number_is_given_twice() {
    let project = project();
    let stores: Vec<Store> = (0..4).map(|_| project.open()).collect();
    std::thread::scope(|scope| {
        for store in &stores {
            scope.spawn(move || (0..10).for_each(|_| drop(begin(store, "a goal", 1))));
        }
    });
    let ids: Vec<u32> = stores[0].rows().expect("rows").iter().map(|row| row.id.0).collect();
    assert_eq!(ids, (1..=40).collect::<Vec<_>>());
    // Not by counting what is there: neither rows nor files.
    let db = rusqlite::Connection::open(project.db()).expect("it opens");
    db.execute_batch("PRAGMA foreign_keys = OFF; DELETE FROM events; DELETE FROM phase_visits; DELETE FROM chains")
        .expect("somebody deletes");
    assert_eq!(begin(&stores[1], "another", 1).id, ChainId(41));
}

#[test]
fn what_is_not_there_is_said() {
    let project = project();
    assert!(matches!(Store::open(&project.state, Mode::ReadOnly), Err(StoreError::Missing { .. })));
    assert!(!Store::exists(&project.state));
    let store = project.open();
    assert!(Store::exists(&project.state));
    let nobody = ChainId(9);
    assert_eq!(store.chain(nobody), Err(StoreError::NoChain { chain: nobody }));
    assert_eq!(store.row(nobody), Err(StoreError::NoChain { chain: nobody }));
    let mut chain = Chain::default();
    let refused = store.append_blocking(nobody, &mut chain, 1, vec![note("x")], Vec::new());
    assert_eq!(refused, Err(StoreError::NoChain { chain: nobody }));
    assert!(matches!(
        Store::open(&project.state, Mode::ReadOnly).map(|store| store.set_active(nobody)),
        Ok(Err(StoreError::ReadOnly { .. }))
    ));
}

#[test]
fn blobs_are_found_by_what_they_are() {
    let project = project();
    let store = project.open();
    let Created { id, mut chain, .. } = begin(&store, "a goal", 1);
    let bytes = b"a raw reply".to_vec();
    let digest = Digest::of(&bytes);
    for _ in 0..2 {
        let blobs = vec![(digest, bytes.clone())];
        store.append_blocking(id, &mut chain, 2, vec![note("x")], blobs).expect("it is appended");
    }
    assert_eq!(store.blob(digest), Ok(Some(bytes)));
    assert_eq!(store.blob(Digest::of("nothing")), Ok(None));
    let too_large = vec![(digest, vec![0; MAX_VALUE_BYTES as usize + 1])];
    assert!(matches!(
        store.append_blocking(id, &mut chain, 2, Vec::new(), too_large),
        Err(StoreError::TooLarge { .. })
    ));
}

#[test]
fn a_chain_is_found_by_what_people_call_it() {
    let project = project();
    let store = project.open();
    for goal in ["Add two-factor login", "Fix the login form", "47 ways to leave"] {
        begin(&store, goal, 1);
    }
    let find = |text: &str| store.find(text).expect("it looks");
    assert_eq!(find("001"), Found::One(ChainId(1)));
    assert_eq!(find(" 2 "), Found::One(ChainId(2)));
    assert_eq!(find("two-factor"), Found::One(ChainId(1)));
    assert_eq!(find("LOGIN form"), Found::One(ChainId(2)));
    assert_eq!(find("47"), Found::One(ChainId(3)));
    assert_eq!(find("fix-the-login-form"), Found::One(ChainId(2)));
    assert_eq!(find("login"), Found::Many(vec![ChainId(1), ChainId(2)]));
    assert_eq!((find("nothing"), find(""), find("0")), (Found::None, Found::None, Found::None));
    assert_eq!(store.active(), None);
    store.set_active(ChainId(2)).expect("it is remembered");
    assert_eq!(store.active(), Some(ChainId(2)));
    std::fs::write(project.state.join("active"), "nonsense").expect("written");
    assert_eq!(store.active(), None);
}

/// What is written to a file that was removed is nowhere: nobody may be told that it is recorded.
#[test]
fn nothing_is_answered_as_recorded_once_the_database_is_gone() {
    let project = project();
    let writing = project.open();
    let Created { id, mut chain, .. } = begin(&writing, "a goal", 1000);
    let fresh = project.open();
    std::fs::remove_dir_all(&project.state).expect("it can be removed");
    let append = |store: &Store, chain: &mut Chain| {
        store.append_blocking(id, chain, 2000, vec![note("an answer")], Vec::new()).map(drop)
    };
    let gone = Err(StoreError::Gone { path: std::path::absolute(project.db()).expect("a path") });
    assert_eq!(append(&writing, &mut chain), gone);
    assert_eq!(append(&fresh, &mut chain), gone);
    // Another in its place is not the one that was opened.
    let other = project.open();
    begin(&other, "another goal", 3000);
    assert_eq!(append(&writing, &mut chain), gone);
    assert_eq!(other.events(id).expect("its own").len(), 2);
}

#[test]
fn texts_that_begin_alike_are_kept_once_and_read_whole() {
    let project = project();
    let store = project.open();
    let Created { id, mut chain, .. } = begin(&store, "a goal", 1);
    let shared = "the same for both\n".repeat(5_000);
    let texts = ["first", "second"].map(|last| [shared.as_str(), "", last]);
    let digests = texts.map(|pieces| Digest::of(pieces.join("\0")));
    let before = std::fs::metadata(project.state.join("certus.db-wal")).expect("a log").len();
    for (digest, pieces) in digests.into_iter().zip(texts) {
        let mut batch = Batch::default();
        batch.keep_in_pieces(digest, pieces.into_iter());
        store.append_blocking(id, &mut chain, 2, vec![note("x")], batch.blobs).expect("it is appended");
    }
    let written = std::fs::metadata(project.state.join("certus.db-wal")).expect("a log").len() - before;
    assert!(written < 2 * shared.len() as u64, "{written}");
    for (digest, pieces) in digests.into_iter().zip(texts) {
        assert_eq!(store.blob(digest), Ok(Some(pieces.join("\0").into_bytes())));
    }
    drop(store);
    let damaged = |sql: &str| {
        let db = rusqlite::Connection::open(project.state.join("certus.db")).expect("it opens");
        db.execute(sql, [digests[1].as_bytes().as_slice(), Digest::of("second").as_bytes()]).expect("it runs");
        drop(db);
        project.open().blob(digests[1]).map_err(|error| error.to_string())
    };
    let said = damaged("UPDATE blobs SET bytes = x'7365636f6e65' WHERE digest = ?2 AND ?1 <> ?2").expect_err("damaged");
    assert!(said.contains("has pieces of something else"), "{said}");
    let said = damaged("DELETE FROM blobs WHERE digest = ?2 AND ?1 <> ?2").expect_err("damaged");
    assert!(said.contains("lacks a piece"), "{said}");
    let said = damaged("UPDATE blobs SET bytes = x'00ff' WHERE digest = ?1 AND ?1 <> ?2").expect_err("damaged");
    assert!(said.contains("holds something else"), "{said}");
    // A list of a piece that is as large as anything may be, many times over.
    let said = damaged(&format!("INSERT INTO blobs SELECT ?2, zeroblob({}) WHERE ?1 <> ?2", MAX_VALUE_BYTES / 2))
        .expect_err("damaged");
    assert!(said.contains("holds something else"), "{said}");
    let list: String = Digest::of("second").to_string().repeat(1_000);
    let said =
        damaged(&format!("UPDATE blobs SET bytes = x'00{list}' WHERE digest = ?1 AND ?1 <> ?2")).expect_err("damaged");
    assert!(said.contains("larger than anything"), "{said}");
}
