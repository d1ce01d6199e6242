//! A process that is killed at any moment loses nothing that it was told is recorded.

mod support;

use std::io::{BufRead, BufReader, Write};

use certus_engine::*;
use certus_store::*;
use support::*;

/// The child: it appends to several chains at once and says what was acknowledged, until it is killed.
#[test]
fn child_appends() {
    let Some(state) = as_child() else { return };
    let store = Store::open(&state, Mode::ReadWrite).expect("the store opens");
    std::thread::scope(|scope| {
        for lane in 0..3 {
            let store = &store;
            scope.spawn(move || {
                let Created { id, mut chain, .. } = begin(store, &format!("lane {lane}"), 1000);
                say(&format!("ack {id} {}", chain.version()));
                loop {
                    let large = "x".repeat((chain.version() as usize * 911) % 9000);
                    let seq = append(store, id, &mut chain, &large);
                    say(&format!("ack {id} {seq}"));
                }
            });
        }
    });
}

#[test]
fn no_acknowledged_event_is_lost() {
    let project = project();
    let mut luck = 88_172_645_463_325_252_u64;
    let mut acknowledged = std::collections::BTreeMap::<ChainId, u64>::new();
    for _ in 0..12 {
        luck ^= luck << 13;
        luck ^= luck >> 7;
        luck ^= luck << 17;
        let after = 1 + luck % 60;
        let mut child = child("child_appends", &project.state);
        let lines = BufReader::new(child.stdout.take().expect("its stdout")).lines();
        let mut seen = 0;
        for line in lines {
            let Ok(line) = line else { break };
            let mut words = line.split(' ');
            if let (Some("ack"), Some(id), Some(seq)) = (words.next(), words.next(), words.next()) {
                acknowledged.insert(id.parse().expect("an id"), seq.parse().expect("a number"));
                seen += 1;
                if seen == after {
                    child.kill().expect("it is killed");
                }
            }
        }
        child.wait().expect("it is gone");
    }
    let store = project.open();
    assert!(acknowledged.len() >= 12);
    for (id, seq) in acknowledged {
        let events = store.events(id).expect("gapless");
        assert!(events.len() as u64 >= seq, "chain {id}: {} of {seq}", events.len());
        // Projections are of the same transaction.
        let row = store.row(id).expect("a row");
        assert_eq!(row, ChainRow::of(id, &Chain::fold(&events)));
    }
    store.check().expect("sound");
    let live = format!("{:?}", store.rows());
    store.rebuild_projections().expect("rebuilt");
    assert_eq!(format!("{:?}", store.rows()), live);
}

/// The child: it holds chain 7 until its stdin ends.
#[test]
fn child_holds() {
    let Some(state) = as_child() else { return };
    let store = Store::open(&state, Mode::ReadWrite).expect("the store opens");
    let _hold = store.hold(ChainId(7), 5000).expect("nobody else holds it");
    say(&format!("held {}", std::process::id()));
    let _ = std::io::stdin().read_line(&mut String::new());
}

fn held_child(project: &Project) -> (std::process::Child, u32) {
    let mut child = child("child_holds", &project.state);
    let mut lines = BufReader::new(child.stdout.take().expect("its stdout")).lines();
    let pid = lines.find_map(|line| line.expect("a line").strip_prefix("held ").map(str::to_owned));
    (child, pid.expect("it holds").parse().expect("a pid"))
}

#[test]
fn a_hold_is_seen_by_other_processes_and_ends_with_its_holder() {
    let project = project();
    let store = project.open();
    for killed in [false, true] {
        let (mut child, pid) = held_child(&project);
        match store.hold(ChainId(7), 6000) {
            Err(StoreError::Held(held)) => {
                assert_eq!((held.chain, held.pid, held.since), (ChainId(7), Some(pid), Some(5000)));
                assert!(held.to_string().contains(&pid.to_string()), "{held}");
            }
            other => panic!("it is held, not {other:?}"),
        }
        // Another chain is another matter.
        assert_eq!(store.hold(ChainId(8), 6000).expect("free").chain(), ChainId(8));
        assert!(matches!(recover(&project.state, 7000), Err(StoreError::Held(_))));
        if killed {
            child.kill().expect("it is killed");
        } else {
            child.stdin.take().expect("its stdin").write_all(b"\n").expect("it reads");
        }
        child.wait().expect("it is gone");
        assert!(is_freed(&store, ChainId(7)));
        assert!(project.state.join("locks/chain-007.lock").exists());
    }
}

#[test]
fn a_hold_is_seen_within_a_process_too() {
    let project = project();
    let store = project.open();
    let hold = store.hold(ChainId(1), 1).expect("free");
    assert!(matches!(store.hold(ChainId(1), 2), Err(StoreError::Held(_))));
    drop(hold);
    assert!(is_freed(&store, ChainId(1)));
}

/// Whether a chain can be held soon. Another test may be starting a process at this moment, which has our files open, and so
/// the lock, until it becomes the other program.
fn is_freed(store: &Store, chain: ChainId) -> bool {
    (0..200).any(|_| {
        let held = store.hold(chain, 6000).is_err();
        if held {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        !held
    })
}
