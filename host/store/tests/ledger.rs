//! The ledger of a person's day: however many processes and projects race for the last of it, together they never pass it.

use std::path::Path;

use certus_engine::{Amount, Cap, ChainId, Estimate, OverBudget, Spending};
use certus_store::{DAY, Entry, Ledger, StoreError};

const NOW: i64 = 10 * DAY;

fn open(path: &Path) -> Ledger {
    Ledger::open(path, NOW, Vec::new).expect("it opens")
}

fn call(store: i64, effect: u32) -> Entry {
    Entry { store, chain: ChainId(1), effect }
}

fn tokens(tokens: u64) -> Amount {
    Amount { tokens, ..Amount::default() }
}

fn spent(spent: u64) -> Spending {
    Spending { answered: tokens(spent), ..Spending::default() }
}

fn reserve(ledger: &Ledger, entry: Entry, wanted: u64, cap: u64, now: i64) -> Result<(), OverBudget> {
    let wanted = Estimate { tokens: wanted, usd_micros: None, model: "m".to_owned() };
    let cap = Cap { tokens: Some(cap), usd_micros: None };
    loop {
        match ledger.reserve(entry, Amount::default(), &wanted, cap, now) {
            // Whoever asks tries again.
            Err(StoreError::Busy { .. }) => {}
            reserved => return reserved.expect("the disk works"),
        }
    }
}

#[test]
fn racers_of_several_projects_never_pass_it_together() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("certus/ledger.db");
    let racers: Vec<_> = (0..50)
        .map(|number| {
            let path = path.clone();
            // Each opens it anew, as another process would.
            std::thread::spawn(move || reserve(&open(&path), call(number % 5, number as u32), 7, 100, NOW).is_ok())
        })
        .collect();
    let granted = racers.into_iter().filter_map(|racer| racer.join().ok()).filter(|granted| *granted).count();
    assert_eq!(granted, 14);
    assert_eq!(open(&path).committed_since(NOW - DAY), Ok(tokens(98)));
}

#[test]
fn what_was_not_used_comes_back_and_yesterday_does_not_count() {
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = open(&folder.path().join("ledger.db"));
    reserve(&ledger, call(1, 1), 90, 100, NOW).expect("it fits");
    let over = reserve(&ledger, call(2, 1), 20, 100, NOW).expect_err("it does not");
    assert!(
        over.to_string()
            .contains("the budget of the day does not cover the next call, which may take 20 tokens: 90 tokens of"),
        "{over}"
    );
    ledger.settle(&[(call(1, 1), spent(30))], NOW).expect("settled");
    assert_eq!(ledger.entered(1, ChainId(1)), Ok(vec![(1, tokens(30))]));
    reserve(&ledger, call(2, 1), 20, 100, NOW).expect("now it fits");
    // The same call once more takes its own place.
    reserve(&ledger, call(2, 1), 70, 100, NOW).expect("instead of what it had");
    assert_eq!(ledger.committed_since(NOW - DAY), Ok(tokens(100)));
    assert_eq!(ledger.committed_since(NOW + 1), Ok(Amount::default()));
    reserve(&ledger, call(3, 1), 100, 100, NOW + DAY + 1).expect("another day");
}

#[test]
fn what_is_spent_is_told_from_what_is_set_aside() {
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = open(&folder.path().join("ledger.db"));
    reserve(&ledger, call(1, 1), 90, 100, NOW).expect("it fits");
    assert_eq!((ledger.committed_since(0), ledger.spent_since(0)), (Ok(tokens(90)), Ok(Amount::default())));
    ledger
        .settle(&[(call(1, 1), Spending { lost: tokens(5), reserved: tokens(2), ..spent(30) })], NOW)
        .expect("settled");
    assert_eq!((ledger.committed_since(0), ledger.spent_since(0)), (Ok(tokens(37)), Ok(tokens(35))));
}

#[test]
fn one_of_the_first_format_is_brought_forward_with_what_is_in_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.db");
    let db = rusqlite::Connection::open(&path).expect("it opens");
    db.execute_batch(&format!(
        "CREATE TABLE calls (store INTEGER NOT NULL, chain INTEGER NOT NULL, effect INTEGER NOT NULL, at INTEGER NOT NULL, \
         tokens INTEGER NOT NULL, usd_micros INTEGER NOT NULL, PRIMARY KEY (store, chain, effect)) STRICT, WITHOUT ROWID; \
         INSERT INTO calls VALUES (1, 1, 1, {NOW}, 60, 0); PRAGMA application_id = 1128616524; PRAGMA user_version = 1"
    ))
    .expect("made");
    drop(db);
    let ledger = Ledger::open(&path, NOW, || vec![(9, tokens(1))]).expect("it opens");
    assert_eq!(ledger.committed_since(0), Ok(tokens(60)));
    reserve(&ledger, call(1, 1), 40, 100, NOW).expect("in the place of what it had");
    assert!(reserve(&ledger, call(1, 2), 61, 100, NOW).is_err());
}

#[test]
fn who_finds_it_as_it_should_be_does_not_wait_for_a_turn_to_write() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.db");
    drop(open(&path));
    let other = rusqlite::Connection::open(&path).expect("it opens");
    other.execute_batch("BEGIN IMMEDIATE").expect("it is locked");
    let ledger = open(&path);
    let wanted = Estimate { tokens: 1, usd_micros: None, model: "m".to_owned() };
    let busy = ledger.reserve(call(1, 1), Amount::default(), &wanted, Cap::default(), NOW);
    assert!(matches!(busy, Err(StoreError::Busy { .. })), "{busy:?}");
}

#[test]
fn a_new_one_begins_with_what_was_spent_before_and_an_old_one_does_not_begin_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.db");
    let before = || vec![(7, tokens(60)), (8, tokens(30))];
    let ledger = Ledger::open(&path, NOW, before).expect("it opens");
    assert_eq!(ledger.committed_since(NOW - DAY), Ok(tokens(90)));
    assert!(reserve(&ledger, call(7, 1), 20, 100, NOW).is_err());
    let again = Ledger::open(&path, NOW, || vec![(9, tokens(1))]).expect("it opens");
    assert_eq!(again.committed_since(NOW - DAY), Ok(tokens(90)));
}

#[test]
fn a_process_that_is_killed_leaves_too_much_and_never_too_little() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.db");
    {
        let ledger = open(&path);
        reserve(&ledger, call(1, 1), 40, 100, NOW).expect("it fits");
        // Killed before its project recorded anything.
    }
    let ledger = open(&path);
    assert!(reserve(&ledger, call(2, 1), 61, 100, NOW).is_err());
    // Whoever goes on with that chain says what there really is.
    ledger.settle(&[(call(1, 1), Spending::default())], NOW).expect("settled");
    reserve(&ledger, call(2, 1), 61, 100, NOW).expect("it fits");
}

#[test]
fn what_is_no_ledger_is_named_and_nothing_is_spent_on_its_word() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.db");
    std::fs::write(&path, "not a database, but long enough to be taken for the head of one".repeat(40))
        .expect("written");
    let error = Ledger::open(&path, NOW, Vec::new).expect_err("damaged");
    assert!(matches!(&error, StoreError::Damaged { path: named, .. } if *named == path), "{error}");
    let folder = folder.path().join("folder.db");
    std::fs::create_dir(&folder).expect("made");
    assert!(matches!(Ledger::open(&folder, NOW, Vec::new), Err(StoreError::Link { .. })));
}
