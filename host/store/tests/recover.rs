//! A database that is damaged or gone: what can be read comes back, and what cannot is named.

mod support;

use certus_engine::*;
use certus_store::*;
use support::*;

const NOW: Millis = 1_795_000_000_000;
const ASIDE: &str = "certus.db.damaged-2026-11-18-11-06-40";

/// Three chains of 30 large events, the first two with contexts: chain 1's of event 32, chain 2's of event 20.
fn worked(project: &Project) -> Vec<Chain> {
    let store = project.open();
    let mut chains = Vec::new();
    for number in 1..=3 {
        let Created { id, mut chain, .. } = begin(&store, &format!("goal {number}"), 1000);
        for step in 0..30 {
            append(&store, id, &mut chain, &format!("{step} {}", "x".repeat(3000)));
            if (number, chain.version()) == (2, 20) {
                store.write_context(id, &chain, |at| at.to_string()).expect("a context");
            }
        }
        if number == 1 {
            store.write_context(id, &chain, |at| at.to_string()).expect("a context");
        }
        chains.push(chain);
    }
    chains
}

fn copy(from: &Project, to: &Project) {
    std::fs::create_dir_all(to.state.join("contexts")).expect("a folder");
    std::fs::copy(from.db(), to.db()).expect("copied");
    for entry in std::fs::read_dir(from.state.join("contexts")).expect("listed").flatten() {
        std::fs::copy(entry.path(), to.state.join("contexts").join(entry.file_name())).expect("copied");
    }
}

fn damaged<T>(opened: Result<T, StoreError>) -> String {
    match opened {
        Err(StoreError::Damaged { what, .. }) => what,
        Err(other) => panic!("damaged, not {other:?}"),
        Ok(_) => panic!("damaged, not sound"),
    }
}

fn restored(recovery: &Recovery) -> Vec<(u32, u64, bool)> {
    recovery.restored.iter().map(|chain| (chain.id.0, chain.version, chain.from_context)).collect()
}

/// After any recovery: the store works, numbers go on, chains go on.
fn goes_on(project: &Project, recovery: &Recovery) {
    let store = project.open();
    store.check().expect("sound");
    for known in &recovery.restored {
        let mut chain = store.chain(known.id).expect("it folds");
        // Recovery itself records one event where it goes on from a context.
        let version = known.version + u64::from(known.from_context);
        assert_eq!((chain.version(), chain.updated_at()), (version, known.saved_at));
        assert_eq!(append(&store, known.id, &mut chain, "on"), version + 1);
        assert_eq!(store.chain(known.id).expect("it folds"), chain);
        assert_eq!(store.row(known.id).expect("a row").version, version + 1);
    }
    assert_eq!(begin(&store, "another", NOW).id, ChainId(4));
}

#[test]
fn garbage_is_set_aside_and_chains_come_from_their_contexts() {
    let project = project();
    let chains = worked(&project);
    project.damage(|bytes| bytes.fill(b'?'));
    for mode in [Mode::ReadWrite, Mode::ReadOnly] {
        assert!(damaged(Store::open(&project.state, mode)).contains("not a database"));
    }
    let recovery = recover(&project.state, NOW).expect("recovered");
    assert_eq!(restored(&recovery), [(1, 32, true), (2, 20, true)]);
    assert_eq!(recovery.restored[0].to_string(), "chain 001 up to event 32, from its context");
    // Of chain 3 nothing is left, not even that it was.
    assert_eq!(recovery.lost, Vec::<String>::new());
    assert_eq!(
        recovery.notes,
        [
            "chain 001 (goal 1): whether anything came after event 32 cannot be read any more",
            "chain 002 (goal 2): whether anything came after event 20 cannot be read any more"
        ]
    );
    let aside = recovery.set_aside.clone().expect("it is kept");
    assert!(aside.ends_with(ASIDE), "{}", aside.display());
    assert!(std::fs::read(aside).expect("it is there").iter().all(|byte| *byte == b'?'));
    let store = project.open();
    let back = store.chain(ChainId(1)).expect("it folds");
    assert_eq!(back.restored_from(), Some("chain-001-goal-1-1970-01-01-00-00-01.json"));
    assert_eq!(
        (back.goal(), back.provider(), back.visits()),
        (chains[0].goal(), chains[0].provider(), chains[0].visits())
    );
    // Number 3 was never seen by this database; the next is the one after what is known.
    assert_eq!(begin(&store, "another", NOW).id, ChainId(3));
}

#[test]
fn a_lock_file_remembers_a_number() {
    let project = project();
    worked(&project);
    drop(project.open().hold(ChainId(3), 1));
    project.damage(|bytes| bytes.truncate(10));
    let recovery = recover(&project.state, NOW).expect("recovered");
    assert_eq!(recovery.lost, ["chain 003: all of it; neither the database nor a context could be read"]);
    goes_on(&project, &recovery);
}

#[test]
fn a_page_that_is_gone_costs_what_was_on_it() {
    let sound = project();
    let chains = worked(&sound);
    let pages = std::fs::read(sound.db()).expect("the database").len() / 4096;
    let mut named = 0;
    for page in (1..pages).step_by(3) {
        let project = project();
        copy(&sound, &project);
        project.damage(|bytes| bytes[page * 4096..(page + 1) * 4096].fill(0));
        // A page that nobody reads is found by nobody; the others are found where they are read.
        let recovery = recover(&project.state, NOW).expect("recovered");
        for (number, chain) in (1..).zip(&chains) {
            let back = recovery.restored.iter().find(|restored| restored.id.0 == number);
            let complete = back.is_some_and(|back| back.version >= chain.version());
            let about = format!("chain {number:03}");
            let told = recovery.lost.iter().find(|lost| lost.contains(&about));
            assert!(complete != told.is_some(), "page {page}, chain {number}: {recovery:?}");
            // Exactly what lies between what is back and what was known is named.
            if let (Some(back), Some(told)) = (back, told) {
                let gone = back.version + 1;
                assert!(
                    told.contains(&format!("event {gone} ")) || told.contains(&format!("events {gone} to ")),
                    "{told}"
                );
            }
            let told = told.is_some();
            named += u32::from(told);
            // What the contexts hold is never lost.
            let least = [32, 20, 0][number as usize - 1];
            assert!(complete || back.map_or(0, |back| back.version) >= least, "page {page}: {recovery:?}");
        }
        goes_on(&project, &recovery);
    }
    assert!(named > 3, "no page mattered");
}

#[test]
fn a_truncated_database_is_damaged() {
    let project = project();
    worked(&project);
    project.damage(|bytes| bytes.truncate(bytes.len() / 2));
    let found = Store::open(&project.state, Mode::ReadWrite).and_then(|store| store.check());
    assert!(!damaged(found).is_empty());
    let recovery = recover(&project.state, NOW).expect("recovered");
    assert!(recovery.restored[0].version >= 32 && recovery.restored[1].version >= 20, "{recovery:?}");
    assert!(recovery.lost.iter().any(|lost| lost.contains("chain 003")), "{recovery:?}");
    goes_on(&project, &recovery);
}

#[test]
fn a_truncated_log_is_an_ordinary_crash() {
    let project = project();
    let store = project.open();
    let Created { id, mut chain, .. } = begin(&store, "a goal", 1);
    append(&store, id, &mut chain, "one");
    append(&store, id, &mut chain, "two");
    // As a power cut would leave it: the files of a store that is still open, the last frame cut short.
    let later = support::project();
    std::fs::create_dir(&later.state).expect("a folder");
    std::fs::copy(project.db(), later.db()).expect("copied");
    let log = std::fs::read(project.state.join("certus.db-wal")).expect("the log");
    std::fs::write(later.state.join("certus.db-wal"), &log[..log.len() - 100]).expect("copied");
    let found = later.open();
    assert_eq!(found.chain(id).expect("it folds").version(), 3);
    found.check().expect("sound");
}

#[test]
fn a_log_that_somebody_removed_is_noticed_by_the_contexts() {
    let project = project();
    let store = project.open();
    let Created { id, mut chain, .. } = begin(&store, "a goal", 1000);
    append(&store, id, &mut chain, "one");
    store.write_context(id, &chain, |at| at.to_string()).expect("a context");
    let later = support::project();
    copy(&project, &later);
    let found = later.open();
    assert_eq!(found.behind_contexts().expect("it looks"), [(id, 0, 3)]);
    drop(found);
    let recovery = recover(&later.state, NOW).expect("recovered");
    assert_eq!(restored(&recovery), [(1, 3, true)]);
    assert_eq!(later.open().behind_contexts().expect("it looks"), []);
}

#[test]
fn a_database_that_is_gone_is_not_begun_anew_over_its_chains() {
    let project = project();
    worked(&project);
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(project.state.join(format!("certus.db{suffix}")));
    }
    assert!(Store::exists(&project.state));
    for mode in [Mode::ReadWrite, Mode::ReadOnly] {
        assert!(damaged(Store::open(&project.state, mode)).contains("gone"));
    }
    let recovery = recover(&project.state, NOW).expect("recovered");
    assert_eq!((recovery.set_aside.clone(), restored(&recovery)), (None, vec![(1, 32, true), (2, 20, true)]));
    assert_eq!(project.open().rows().expect("rows").len(), 2);
}

#[test]
fn a_damaged_context_loses_nothing_and_is_named() {
    let project = project();
    let chains = worked(&project);
    let context = project.open().read_contexts().expect("contexts").remove(0).path;
    let text = std::fs::read(&context).expect("it is there");
    std::fs::write(&context, &text[..text.len() / 2]).expect("cut");
    let recovery = recover(&project.state, NOW).expect("recovered");
    assert_eq!(restored(&recovery), [(1, 32, false), (2, 32, false), (3, 32, false)]);
    assert_eq!((recovery.lost.len(), recovery.notes.len()), (0, 1));
    assert!(recovery.notes[0].starts_with("context chain-001-goal-1-1970-01-01-00-00-01.json is damaged: EOF"));
    let store = project.open();
    assert_eq!((1..=3).map(|id| store.chain(ChainId(id)).expect("it folds")).collect::<Vec<_>>(), chains);
    // And with the database gone as well, the chain is named.
    drop(store);
    project.damage(|bytes| bytes.clear());
    let recovery = recover(&project.state, NOW + 1000).expect("recovered");
    assert_eq!(restored(&recovery), [(2, 20, true)]);
    assert_eq!(recovery.lost[0], "chain 001: all of it; neither the database nor a context could be read");
}

#[test]
fn the_one_event_behind_a_context_is_missed() {
    let project = project();
    let store = project.open();
    let Created { id, mut chain, .. } = begin(&store, "a goal", 1000);
    store.write_context(id, &chain, |at| at.to_string()).expect("a context");
    append(&store, id, &mut chain, "the last word");
    drop(store);
    // Its text is spoilt, its number is not.
    let db = rusqlite::Connection::open(project.db()).expect("it opens");
    db.execute("UPDATE events SET body = 'spoilt' WHERE seq = 3", []).expect("spoilt");
    db.execute("UPDATE events SET body = 'spoilt' WHERE seq = 1", []).expect("spoilt");
    drop(db);
    let recovery = recover(&project.state, NOW).expect("recovered");
    assert_eq!(restored(&recovery), [(1, 2, true)]);
    assert_eq!(recovery.lost, ["chain 001 (a goal): event 3 of 3"]);
}

#[test]
fn a_sound_database_loses_nothing() {
    let project = project();
    let chains = worked(&project);
    let (digest, whole) = (Digest::of("raw"), Digest::of("ra\0w"));
    let before = {
        let store = project.open();
        let mut chain = chains[2].clone();
        store
            .append_blocking(ChainId(3), &mut chain, NOW, vec![note("x")], vec![(digest, b"raw".to_vec())])
            .expect("on");
        let mut batch = Batch::default();
        batch.keep_in_pieces(whole, ["ra", "w"].into_iter());
        store.append_blocking(ChainId(3), &mut chain, NOW, vec![note("y")], batch.blobs).expect("on");
        (store.rows().expect("rows"), store.events(ChainId(2)).expect("events"))
    };
    let recovery = recover(&project.state, NOW).expect("recovered");
    assert_eq!(recovery.lost, Vec::<String>::new());
    let store = project.open();
    assert_eq!((store.rows().expect("rows"), store.events(ChainId(2)).expect("events")), before);
    assert_eq!(store.blob(digest), Ok(Some(b"raw".to_vec())));
    assert_eq!(store.blob(whole), Ok(Some(b"ra\0w".to_vec())));
    drop(store);
    goes_on(&project, &recovery);
}

#[test]
fn an_interrupted_recovery_is_finished_by_whoever_comes_next() {
    let (sound, project) = (project(), project());
    let chains = worked(&sound);
    worked(&project);
    project.damage(|bytes| bytes.fill(0));
    // As if the process had been killed right after the new database was complete.
    drop(sound.open());
    std::fs::copy(sound.db(), project.state.join("certus.db.recovered")).expect("copied");
    let store = project.open();
    assert_eq!(store.chain(ChainId(3)).expect("it folds"), chains[2]);
    let kept = std::fs::read_dir(&project.state).expect("listed").flatten();
    assert!(kept.map(|file| file.file_name()).any(|name| name.to_string_lossy().starts_with("certus.db.damaged-")));
    assert!(!project.state.join("certus.db.recovered").exists());
}

/// What a killed process leaves: the log, its mark and the database, copied while the store is open.
fn killed(events: u32) -> (Project, Project) {
    let (alive, dead) = (project(), project());
    let store = alive.open();
    let Created { id, mut chain, .. } = begin(&store, "a goal", 1000);
    for step in 0..events {
        append(&store, id, &mut chain, &format!("{step} {}", "x".repeat(3000)));
    }
    std::fs::create_dir_all(&dead.state).expect("a folder");
    for name in ["certus.db", "certus.db-wal", "written"] {
        std::fs::copy(alive.state.join(name), dead.state.join(name)).expect("copied");
    }
    drop(store);
    (alive, dead)
}

#[test]
fn a_log_that_is_cut_off_is_noticed() {
    let log = |project: &Project| project.state.join("certus.db-wal");
    let (_alive, whole) = killed(10);
    assert_eq!(whole.open().chain(ChainId(1)).expect("it folds").version(), 12);

    let (_alive, without) = killed(10);
    std::fs::remove_file(log(&without)).expect("removed");
    let opened = Store::open(&without.state, Mode::ReadOnly);
    assert_eq!(damaged(opened), "the 12 events that were recorded last are gone");
    let recovery = recover(&without.state, NOW).expect("recovered");
    assert_eq!(recovery.lost, ["the last 12 events that were recorded; of which chains, nothing says any more"]);
    without.open().check().expect("sound");

    let (_alive, flipped) = killed(10);
    let mut bytes = std::fs::read(log(&flipped)).expect("read");
    let middle = bytes.len() * 3 / 4;
    bytes[middle] ^= 1;
    std::fs::write(log(&flipped), bytes).expect("written");
    let what = damaged(Store::open(&flipped.state, Mode::ReadWrite));
    assert!(what.ends_with("recorded last are gone"), "{what}");
    let recovery = recover(&flipped.state, NOW).expect("recovered");
    assert!(recovery.lost[0].starts_with("the last "), "{:?}", recovery.lost);
    let version = restored(&recovery)[0].1;
    assert!((2..12).contains(&version), "{version}");
    flipped.open().check().expect("sound");
}

#[test]
fn an_event_that_was_changed_on_disk_is_noticed() {
    let project = project();
    let chains = worked(&project);
    let change = |sql: &str| {
        let db = rusqlite::Connection::open(project.db()).expect("it opens");
        assert!(db.execute(sql, []).expect("changed") > 0);
    };
    change("UPDATE events SET body = replace(body, 'xxx', 'xyx') WHERE chain IN (1, 3) AND seq = 20");
    let store = project.open();
    assert_eq!(damaged(store.chain(ChainId(1))), "event 20 of chain 001 is not what was recorded");
    assert_eq!(store.chain(ChainId(2)).as_ref(), Ok(&chains[1]));
    assert!(damaged(store.check()).contains("is not what was recorded"));
    drop(store);
    let recovery = recover(&project.state, NOW).expect("recovered");
    assert_eq!(restored(&recovery), [(1, 32, true), (2, 32, false), (3, 19, false)]);
    assert_eq!(recovery.lost, ["chain 003 (goal 3): events 20 to 32 of 32"]);
    goes_on(&project, &recovery);
    // What an older program recorded has no checksum, and is read.
    change("UPDATE events SET crc = NULL");
    assert!(project.open().chain(ChainId(2)).is_ok());
}
