//! Several processes share one cache of summaries.

mod support;

use std::path::Path;

use certus_engine::Digest;
use certus_store::SummaryCache;
use support::*;

const FILES: u32 = 200;

fn digest(number: u32) -> Digest {
    Digest::of(number.to_le_bytes())
}

fn take_part(dir: &Path) {
    let cache = SummaryCache::open(dir).expect("it opens");
    let plugin = Digest::of("plugin");
    for number in 0..FILES {
        let data = number.to_le_bytes();
        if let Some(known) = &cache.get_many(&plugin, &[digest(number)])[0] {
            assert_eq!(known.data, data);
        }
        cache.put_many(&plugin, &[(digest(number), &data, None)]);
    }
}

#[test]
fn child_takes_part() {
    let Some(dir) = as_child() else { return };
    take_part(&dir);
}

#[test]
fn processes_that_start_at_once_make_and_fill_one_file() {
    let project = project();
    let dir = project.state.join("index");
    let children: Vec<_> = (0..3).map(|_| child("child_takes_part", &dir)).collect();
    take_part(&dir);
    for mut child in children {
        assert!(child.wait().expect("it ends").success());
    }
    let all: Vec<Digest> = (0..FILES).map(digest).collect();
    let known = SummaryCache::open(&dir).expect("it opens").get_many(&Digest::of("plugin"), &all);
    assert!(known.iter().zip(0..FILES).all(|(known, number)| {
        known.as_ref().is_some_and(|known| known.data == number.to_le_bytes() && known.problem.is_none())
    }));
}
