//! The state directory: what is made, what is refused, and what works where nothing can be written.

mod support;

use certus_engine::*;
use certus_store::*;
use support::*;

fn names(project: &Project) -> Vec<String> {
    let listed = std::fs::read_dir(&project.state).expect("listed").flatten();
    let mut names: Vec<_> = listed.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn what_is_made_is_private_and_ignored() {
    let project = project();
    drop(project.open());
    assert_eq!(names(&project), [".gitignore", "certus.db", "locks"]);
    assert_eq!(std::fs::read_to_string(project.state.join(".gitignore")).expect("read"), "*\n");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&project.state).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}

#[test]
fn reading_leaves_nothing_behind() {
    let project = project();
    begin(&project.open(), "a goal", 1);
    let before = names(&project);
    let store = Store::open(&project.state, Mode::ReadOnly).expect("it opens");
    assert_eq!(store.rows().expect("rows").len(), 1);
    drop(store);
    // SQLite may leave its empty helpers; never content, never directories.
    let after: Vec<_> =
        names(&project).into_iter().filter(|name| !name.ends_with("-wal") && !name.ends_with("-shm")).collect();
    assert_eq!(after, before);
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link() {
    use std::os::unix::fs::symlink;
    let elsewhere = tempfile::TempDir::new().expect("a folder");
    let project = project();
    symlink(elsewhere.path(), &project.state).expect("linked");
    assert!(matches!(Store::open(&project.state, Mode::ReadWrite), Err(StoreError::Link { .. })));
    assert!(matches!(recover(&project.state, 1), Err(StoreError::Link { .. })));
    std::fs::remove_file(&project.state).expect("removed");

    let store = project.open();
    let Created { id, chain, .. } = begin(&store, "a goal", 1);
    for name in ["contexts", "locks", "tmp"] {
        let _ = std::fs::remove_dir_all(project.state.join(name));
        symlink(elsewhere.path(), project.state.join(name)).expect("linked");
    }
    let linked = |done: Result<(), StoreError>| assert!(matches!(done, Err(StoreError::Link { .. })), "{done:?}");
    linked(store.write_context(id, &chain, |at| at.to_string()).map(drop));
    linked(store.hold(id, 1).map(drop));
    linked(store.set_active(id));
    drop(store);

    let target = elsewhere.path().join("mine.db");
    std::fs::rename(project.db(), &target).expect("moved");
    symlink(&target, project.db()).expect("linked");
    linked(Store::open(&project.state, Mode::ReadWrite).map(drop));
    assert_eq!(std::fs::read_dir(elsewhere.path()).expect("listed").count(), 1);
}

#[cfg(unix)]
#[test]
fn a_read_only_directory_is_read() {
    use std::os::unix::fs::PermissionsExt;
    let project = project();
    let id = {
        let store = project.open();
        let Created { id, mut chain, .. } = begin(&store, "a goal", 1);
        append(&store, id, &mut chain, "one");
        id
    };
    let allow = |mode| {
        std::fs::set_permissions(&project.state, std::fs::Permissions::from_mode(mode)).expect("changed");
    };
    allow(0o500);
    let read = Store::open(&project.state, Mode::ReadOnly).and_then(|store| store.chain(id));
    // For root nothing is read-only; then this only shows that it is read.
    let write = Store::open(&project.state, Mode::ReadWrite).and_then(|store| store.set_active(id));
    allow(0o700);
    assert_eq!(read.expect("it is read").version(), 3);
    assert!(matches!(write, Ok(()) | Err(StoreError::Denied { .. } | StoreError::ReadOnly { .. })), "{write:?}");
}

#[test]
fn a_newer_or_a_foreign_database_is_left_alone() {
    let project = project();
    drop(project.open());
    let change = |sql: &str| {
        rusqlite::Connection::open(project.db()).and_then(|db| db.execute_batch(sql)).expect("changed");
    };
    change("PRAGMA user_version = 99");
    for mode in [Mode::ReadWrite, Mode::ReadOnly] {
        match Store::open(&project.state, mode).map(drop) {
            Err(error @ StoreError::Newer { found: 99, .. }) => assert!(error.to_string().contains("newer Certus")),
            other => panic!("newer, not {other:?}"),
        }
    }
    change("PRAGMA user_version = 1; PRAGMA application_id = 7");
    let opened = Store::open(&project.state, Mode::ReadWrite).map(drop);
    assert!(matches!(opened, Err(StoreError::Damaged { .. })), "{opened:?}");
    change("PRAGMA user_version = 0; PRAGMA application_id = 0");
    let opened = Store::open(&project.state, Mode::ReadWrite).map(drop);
    assert!(matches!(opened, Err(StoreError::Damaged { .. })), "{opened:?}");
}

/// A database as the first format made it, with what is in the present one.
fn of_the_first_format(project: &Project) {
    let present = project.state.join("present.db");
    for suffix in ["-wal", "-shm"] {
        assert!(!project.state.join(format!("certus.db{suffix}")).exists(), "closed, and all in one file");
    }
    std::fs::rename(project.db(), &present).expect("moved");
    let db = rusqlite::Connection::open(project.db()).expect("made");
    let application = 0x4345_5254;
    db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = OFF").expect("said");
    db.execute_batch(include_str!("../src/schema/1.sql")).expect("the tables");
    db.execute("ATTACH ? AS present", [present.to_str().expect("a name")]).expect("attached");
    db.execute_batch("DELETE FROM meta").expect("emptied");
    for table in ["meta", "chains", "events", "blobs", "phase_visits", "prompt_runs"] {
        let sql = "SELECT group_concat(name) FROM pragma_table_info(?, 'main')";
        let columns: String = db.query_row(sql, [table], |row| row.get(0)).expect("the columns of then");
        db.execute(&format!("INSERT INTO {table} ({columns}) SELECT {columns} FROM present.{table}"), [])
            .expect("copied");
    }
    db.execute_batch("DETACH present").expect("detached");
    db.execute_batch(&format!("PRAGMA application_id = {application}; PRAGMA user_version = 1")).expect("marked");
    drop(db);
    std::fs::remove_file(present).expect("removed");
}

/// The number of the format, and how many indexes there are.
fn format_of(project: &Project) -> (i64, i64) {
    let db = rusqlite::Connection::open(project.db()).expect("it opens");
    let version = db.pragma_query_value(None, "user_version", |row| row.get(0)).expect("a number");
    let indexes = "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL";
    (version, db.query_row(indexes, [], |row| row.get(0)).expect("a count"))
}

#[test]
fn a_database_of_the_first_format_is_brought_forward() {
    let project = project();
    let store = project.open();
    let made = begin(&store, "a goal", 1000);
    let mut chain = made.chain;
    let bodies =
        vec![history::intent(1, history::prompt("a"), 2), history::outcome(1, history::replied(Reply::default()))];
    store.append_blocking(made.id, &mut chain, 2000, bodies, Vec::new()).expect("appended");
    let shown = |store: &Store| {
        let costs = store.costs_since(0).expect("costs");
        let runs = store.prompt_runs(made.id).expect("runs");
        (store.rows().expect("rows"), store.events(made.id).expect("events"), runs, costs)
    };
    let before = shown(&store);
    assert_eq!((before.2.len(), before.3.runs), (1, 1));
    drop(store);

    of_the_first_format(&project);
    // Reading leaves it as it is.
    let reading = Store::open(&project.state, Mode::ReadOnly).expect("it is read");
    assert_eq!((shown(&reading), format_of(&project)), (before.clone(), (1, 1)));
    drop(reading);
    let store = project.open();
    assert_eq!(shown(&store), before);
    append(&store, made.id, &mut chain, "it goes on");
    let next = begin(&store, "another goal", 3000);
    assert_eq!(next.id, ChainId(2));
    assert_eq!(format_of(&project), (10, 0));
}

#[test]
fn many_may_open_what_is_not_there_yet() {
    for _ in 0..8 {
        let project = project();
        let ids = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..6).map(|_| scope.spawn(|| begin(&project.open(), "a goal", 1).id)).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().expect("no panic").0)
                .collect::<std::collections::BTreeSet<_>>()
        });
        assert_eq!(ids, (1..=6).collect());
    }
}

#[test]
fn an_empty_file_becomes_a_database() {
    let project = project();
    std::fs::create_dir(&project.state).expect("a folder");
    std::fs::write(project.db(), "").expect("an empty file");
    assert!(matches!(Store::open(&project.state, Mode::ReadOnly), Err(StoreError::Missing { .. })));
    assert_eq!(begin(&project.open(), "a goal", 1).id, ChainId(1));
}

#[test]
fn what_somebody_changed_by_hand_is_damage_and_no_panic() {
    let spoiled = |sql: &str| {
        let project = project();
        begin(&project.open(), "a goal", 1);
        rusqlite::Connection::open(project.db()).and_then(|db| db.execute_batch(sql)).expect("changed");
        let opened = Store::open(&project.state, Mode::ReadWrite).and_then(|store| {
            store.rows()?;
            store.chain(ChainId(1))
        });
        match opened {
            Err(StoreError::Damaged { what, .. }) => what,
            other => panic!("damaged, not {other:?}"),
        }
    };
    let said = [
        spoiled("DELETE FROM events WHERE seq = 1"),
        spoiled("UPDATE events SET seq = 9 WHERE seq = 2"),
        spoiled("UPDATE events SET body = '{', crc = NULL WHERE seq = 2"),
        spoiled("UPDATE events SET body = '{\"type\":\"of-tomorrow\"}', crc = NULL WHERE seq = 2"),
        spoiled("DROP TABLE events"),
        spoiled("UPDATE chains SET open_questions = -1"),
        spoiled("PRAGMA foreign_keys = OFF; DROP TABLE chains; CREATE VIEW chains AS SELECT * FROM meta"),
    ];
    assert!(said[0].contains("event 1 of chain 001 is missing"), "{}", said[0]);
    assert!(said[1].contains("event 2 of chain 001 is missing"), "{}", said[1]);
    assert!(said[2].contains("event 2 of chain 001 cannot be read"), "{}", said[2]);
    assert!(said[3].contains("of-tomorrow"), "{}", said[3]);
    assert!(said[4].contains("no such table"), "{}", said[4]);
}

#[test]
fn a_trigger_in_a_strange_database_does_not_run() {
    let project = project();
    begin(&project.open(), "a goal", 1);
    let trigger = "CREATE TRIGGER t AFTER INSERT ON events BEGIN UPDATE chains SET goal = 'theirs'; END";
    rusqlite::Connection::open(project.db()).and_then(|db| db.execute_batch(trigger)).expect("changed");
    let store = project.open();
    let mut chain = store.chain(ChainId(1)).expect("it folds");
    append(&store, ChainId(1), &mut chain, "x");
    assert_eq!(store.row(ChainId(1)).expect("a row").goal, "a goal");
}

#[test]
fn contexts_are_replaced_as_a_whole_and_read_with_care() {
    let project = project();
    let store = project.open();
    let Created { id, mut chain, .. } = begin(&store, "Größe: ändern / löschen", 1_795_000_000_000);
    let write = |chain: &Chain| store.write_context(id, chain, |at| at.to_string()).expect("a context");
    let path = write(&chain);
    assert_eq!(path.file_name().expect("a name"), "chain-001-größe-ändern-löschen-2026-11-18-11-06-40.json");
    append(&store, id, &mut chain, "on");
    assert_eq!(write(&chain), path);
    assert_eq!(std::fs::read_dir(project.state.join("tmp")).expect("listed").count(), 0);

    let beside = |name: &str, text: &str| std::fs::write(path.with_file_name(name), text).expect("written");
    let ours = std::fs::read_to_string(&path).expect("read");
    beside("chain-002-other.json", &ours);
    beside("chain-003-nested.json", &format!("{{\"x\":{}", "[".repeat(100_000)));
    beside("chain-004-later.json", &ours.replace("\"format\": 1", "\"format\": 2").replace("\"001\"", "\"004\""));
    beside("chain-005-nothing.json", r#"{"chain_id":"005","certus":{"format":1,"chain":{}}}"#);
    let endless = ours.replace("\"version\": 3", &format!("\"version\": {}", u64::MAX)).replace("\"001\"", "\"006\"");
    beside("chain-006-endless.json", &endless);
    beside("notes.json", "{}");
    let found = store.read_contexts().expect("listed");
    let said: Vec<_> = found.iter().map(|found| found.chain.as_ref().map_err(ToString::to_string)).collect();
    assert_eq!(said[0].as_ref().ok(), Some(&&chain));
    let wrong: Vec<_> = said[1..].iter().map(|said| said.as_ref().expect_err("damaged").as_str()).collect();
    assert_eq!(wrong[0], "it says that it is of chain `001`");
    assert!(wrong[1].contains("EOF"), "{}", wrong[1]);
    assert_eq!(wrong[2..], ["its format 2 is not known here", "it holds no chain", "it holds no chain"]);
}
