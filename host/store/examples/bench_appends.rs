//! Durable steps against the disk's own sync rate: `bench_appends DIR` prints one JSON object.
//!
//! A step is an outcome and the next intent, folded by the engine and appended in one transaction, awaited; making up what
//! they say is not measured. The floor
//! overwrites 4 KiB of a file in the same directory and calls `fdatasync`: the least that anything durable costs. The file has
//! its full size before, so that no sync has to write the file's length too. Steps and floor alternate in short
//! rounds, because a disk that others use changes its pace within a second.
#![allow(clippy::print_stdout, reason = "its output is JSON for `cargo xtask bench`")]

mod chains;

use std::error::Error;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use certus_engine::{Body, Chain, ChainId};
use certus_store::{Mode, Store, StoreError};
use serde_json::json;

/// Steps of one chain in one round, about as many as a chain has.
const STEPS: u32 = 40;
/// Rounds with one chain.
const ROUNDS: usize = 60;
/// Chains that step at once.
const CHAINS: usize = 1000;
/// Steps of each of them in one round.
const STEPS_EACH: u32 = 12;
/// Rounds with many chains.
const CROWDED_ROUNDS: usize = 5;
/// Syncs of the floor in one crowded round.
const FLOOR_SYNCS: u32 = 400;

type Done<T> = Result<T, Box<dyn Error>>;

fn main() -> Done<()> {
    let Some(dir) = std::env::args_os().nth(1) else { return Err("bench_appends DIR".into()) };
    let dir = Path::new(&dir);
    let store = Arc::new(Store::open(&dir.join("state"), Mode::ReadWrite)?);
    let mut floor = Floor::new(&dir.join("floor"))?;
    let tasks = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    let one = tasks.block_on(one_chain(&store, &mut floor))?;
    let many = tasks.block_on(many_chains(&store, &mut floor))?;
    println!("{}", json!({ "one_chain": one, "many_chains": many }));
    Ok(())
}

/// Steps a second of one chain after the other.
async fn one_chain(store: &Store, floor: &mut Floor) -> Done<serde_json::Value> {
    let (mut ours, mut syncs) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let made = store.create(chains::NOW, chains::begin(round), Vec::new()).await?;
        let mut chain = made.chain;
        let steps: Vec<_> = (1..=STEPS).map(chains::step).collect();
        let begun = Instant::now();
        for bodies in steps {
            store.append(made.id, &mut chain, chains::NOW, bodies, Vec::new()).await?;
        }
        ours.push(rate(STEPS, begun));
        syncs.push(floor.rate(STEPS)?);
    }
    Ok(json!({ "ours": ours, "floor": syncs }))
}

/// Steps a second of a thousand chains together.
async fn many_chains(store: &Arc<Store>, floor: &mut Floor) -> Done<serde_json::Value> {
    let (mut ours, mut syncs) = (Vec::new(), Vec::new());
    for _ in 0..CROWDED_ROUNDS {
        let mut made: Vec<(ChainId, Chain, Vec<Vec<Body>>)> = Vec::new();
        let creating = (0..CHAINS).map(|number| {
            let store = Arc::clone(store);
            tokio::spawn(async move { store.create(chains::NOW, chains::begin(number), Vec::new()).await })
        });
        for created in creating.collect::<Vec<_>>() {
            let created = created.await??;
            made.push((created.id, created.chain, (1..=STEPS_EACH).map(chains::step).collect()));
        }
        let begun = Instant::now();
        let run = |(id, chain, bodies)| tokio::spawn(steps(Arc::clone(store), id, chain, bodies));
        let running: Vec<_> = made.into_iter().map(run).collect();
        let mut ended = Vec::new();
        for chain in running {
            ended.push(chain.await??);
        }
        ours.push(rate(STEPS_EACH * CHAINS as u32, begun));
        drop(ended);
        syncs.push(floor.rate(FLOOR_SYNCS)?);
    }
    Ok(json!({ "ours": ours, "floor": syncs }))
}

/// The chain comes back, so that taking a whole chain apart is not measured, as it is not with one chain.
async fn steps(store: Arc<Store>, id: ChainId, mut chain: Chain, steps: Vec<Vec<Body>>) -> Result<Chain, StoreError> {
    for bodies in steps {
        store.append(id, &mut chain, chains::NOW, bodies, Vec::new()).await?;
    }
    Ok(chain)
}

fn rate(count: u32, begun: Instant) -> f64 {
    f64::from(count) / begun.elapsed().as_secs_f64()
}

/// A file that is overwritten block by block.
struct Floor {
    file: File,
    at: u64,
}

impl Floor {
    const BLOCK: usize = 4096;
    const SIZE: u64 = 8 << 20;

    fn new(path: &Path) -> Done<Self> {
        let mut file = File::create(path)?;
        file.write_all(&vec![1; Self::SIZE as usize])?;
        file.sync_all()?;
        Ok(Self { file, at: 0 })
    }

    fn rate(&mut self, count: u32) -> Done<f64> {
        let begun = Instant::now();
        for number in 0..count {
            self.file.seek(SeekFrom::Start(self.at))?;
            self.file.write_all(&[number as u8; Self::BLOCK])?;
            self.file.sync_data()?;
            self.at = (self.at + Self::BLOCK as u64) % Self::SIZE;
        }
        Ok(rate(count, begun))
    }
}
