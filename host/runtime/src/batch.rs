//! Reading many files: in batches, on several processors, and so that one bad file costs one file.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use crate::abi::{self, stack_interpreter::File as Given};
use crate::error::{CallError, CallErrorKind};
use crate::report::{File, Summary};
use crate::{Export, LimitKind, Plugin};

/// Bytes of content in one batch, unless a single file has more.
const BATCH_BYTES: usize = 512 << 10;
/// Files in one batch.
const BATCH_FILES: usize = 128;
/// Below this many bytes a second thread costs more than it saves.
const WORTH_A_THREAD: usize = 1 << 20;
/// Calls that may run into the limit of time before the rest is given up: each costs seconds.
const STALLS: usize = 8;

/// What came of many files.
#[derive(Debug, Default, PartialEq)]
pub struct Indexed {
    /// In the order given, without those that failed.
    pub summaries: Vec<Summary>,
    /// In the order given.
    pub problems: Vec<Problem>,
}

/// A file that could not be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// As given.
    pub path: String,
    /// What the call for this file alone ended in.
    pub error: CallError,
}

impl Plugin {
    /// What each file says. A batch that fails is tried again file by file, each in a fresh instance. When many calls
    /// run out of time, the remaining files are given up as [`LimitKind::GuestTime`].
    ///
    /// Must be called on a tokio runtime. Dropping the future lets calls that run end by themselves, and starts no more.
    pub async fn index_all(&self, files: Vec<File>) -> Indexed {
        let bytes: usize = files.iter().map(|file| file.content.len()).sum();
        let work = Arc::new(Work::new(self.clone(), files));
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let helpers = (processors - 1).min(work.batches.len().saturating_sub(1)).min(bytes / WORTH_A_THREAD);
        let _stop = StopOnDrop(Arc::clone(&work));
        let handle = tokio::runtime::Handle::current();
        let threads: Vec<_> = (0..helpers)
            .map(|_| {
                let (work, handle) = (Arc::clone(&work), handle.clone());
                tokio::task::spawn_blocking(move || handle.block_on(work.run()))
            })
            .collect();
        work.run().await;
        for thread in threads {
            // A helper that panicked left its batch undone, and undone batches become problems.
            let _ = thread.await;
        }
        work.collect()
    }
}

type Outcome = Result<Summary, CallError>;

struct Work {
    plugin: Plugin,
    /// Each is taken once.
    batches: Vec<Mutex<Batch>>,
    next: AtomicUsize,
    stalls: AtomicUsize,
    stopped: AtomicBool,
}

#[derive(Default)]
struct Batch {
    files: Vec<Given>,
    paths: Vec<String>,
    outcomes: Vec<Outcome>,
}

struct StopOnDrop(Arc<Work>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stopped.store(true, Relaxed);
    }
}

impl Work {
    fn new(plugin: Plugin, files: Vec<File>) -> Self {
        let batches = batches(files)
            .into_iter()
            .map(|files| {
                let paths = files.iter().map(|file| file.path.clone()).collect();
                let files = abi::all(files, abi::file);
                Mutex::new(Batch { files, paths, outcomes: Vec::new() })
            })
            .collect();
        let (next, stalls, stopped) = Default::default();
        Self { plugin, batches, next, stalls, stopped }
    }

    async fn run(&self) {
        while !self.stopped.load(Relaxed) {
            let Some(batch) = self.batches.get(self.next.fetch_add(1, Relaxed)) else { return };
            let files = std::mem::take(&mut batch.lock().unwrap_or_else(PoisonError::into_inner).files);
            let outcomes = self.index(files).await;
            batch.lock().unwrap_or_else(PoisonError::into_inner).outcomes = outcomes;
        }
    }

    async fn index(&self, files: Vec<Given>) -> Vec<Outcome> {
        if files.len() > 1
            && let Ok(summaries) = self.call(&files).await
        {
            return summaries.into_iter().map(Ok).collect();
        }
        let mut outcomes = Vec::with_capacity(files.len());
        for file in &files {
            let outcome = self.call(std::slice::from_ref(file)).await;
            outcomes.push(outcome.and_then(|summaries| summaries.into_iter().next().ok_or_else(given_up)));
        }
        outcomes
    }

    async fn call(&self, files: &[Given]) -> Result<Vec<Summary>, CallError> {
        if self.stalls.load(Relaxed) >= STALLS || self.stopped.load(Relaxed) {
            return Err(given_up());
        }
        let outcome = self.plugin.index_given(files).await;
        if let Err(error) = &outcome
            && let CallErrorKind::Limit(LimitKind::GuestTime | LimitKind::WallTime) = error.kind
        {
            self.stalls.fetch_add(1, Relaxed);
        }
        outcome
    }

    fn collect(&self) -> Indexed {
        let mut indexed = Indexed::default();
        for batch in &self.batches {
            let batch = std::mem::take(&mut *batch.lock().unwrap_or_else(PoisonError::into_inner));
            let mut outcomes = batch.outcomes.into_iter();
            for path in batch.paths {
                match outcomes.next().unwrap_or_else(|| Err(given_up())) {
                    Ok(summary) => indexed.summaries.push(summary),
                    Err(error) => indexed.problems.push(Problem { path, error }),
                }
            }
        }
        indexed
    }
}

fn given_up() -> CallError {
    let kind = CallErrorKind::Limit(LimitKind::GuestTime);
    CallError { export: Export::StackInterpreter, kind, log: Vec::new(), log_dropped: 0 }
}

/// In order, bounded in bytes and files.
fn batches(files: Vec<File>) -> Vec<Vec<File>> {
    let mut batches: Vec<Vec<File>> = Vec::new();
    let mut bytes = 0;
    for file in files {
        let size = file.content.len() + file.path.len();
        match batches.last_mut() {
            Some(batch) if bytes + size <= BATCH_BYTES && batch.len() < BATCH_FILES => {
                bytes += size;
                batch.push(file);
            }
            _ => {
                bytes = size;
                batches.push(vec![file]);
            }
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: usize) -> File {
        File { path: String::new(), content: "x".repeat(bytes) }
    }

    fn sizes(files: Vec<File>) -> Vec<usize> {
        batches(files).iter().map(Vec::len).collect()
    }

    #[test]
    fn batches_are_bounded_in_bytes_and_files() {
        assert!(sizes(vec![]).is_empty());
        assert_eq!(sizes(vec![file(1); BATCH_FILES + 1]), [BATCH_FILES, 1]);
        assert_eq!(sizes(vec![file(10), file(2 * BATCH_BYTES), file(10), file(10)]), [1, 1, 2]);
    }
}
