//! Make a project's state for measurements: `many_chains DIR COUNT` writes `DIR` (normally `<project>/.certus`) with so
//! many chains of a dozen steps each, the middle one active.

mod chains;

use std::error::Error;
use std::path::Path;

use certus_engine::ChainId;
use certus_store::{Mode, Store};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(dir), Some(count)) = (args.next(), args.next()) else { return Err("many_chains DIR COUNT".into()) };
    let count: usize = count.parse()?;
    let store = Store::open(Path::new(&dir), Mode::ReadWrite)?;
    tokio::runtime::Builder::new_multi_thread().build()?.block_on(async {
        let store = std::sync::Arc::new(store);
        let make = |number| {
            let store = std::sync::Arc::clone(&store);
            tokio::spawn(async move {
                let made = store.create(chains::NOW, chains::begin(number), Vec::new()).await?;
                let mut chain = made.chain;
                for effect in 1..=12 {
                    store.append(made.id, &mut chain, chains::NOW, chains::step(effect), Vec::new()).await?;
                }
                Ok::<ChainId, certus_store::StoreError>(made.id)
            })
        };
        for task in (0..count).map(make).collect::<Vec<_>>() {
            task.await??;
        }
        store.set_active(ChainId(u32::try_from(count / 2)?.max(1)))?;
        Ok(())
    })
}
