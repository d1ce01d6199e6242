//! What the tests of the store share: a project's state directory, and this test binary run again as another process.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test file uses its part")]

// The histories that the engine's own tests are run with.
#[path = "../../../engine/tests/support/mod.rs"]
pub mod history;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use certus_engine::{Body, Chain, ChainId, Millis, law};
use certus_store::{Created, Mode, Store};
use tempfile::TempDir;

/// A project's folder, and where its state is to lie.
pub struct Project {
    _folder: TempDir,
    pub state: PathBuf,
}

pub fn project() -> Project {
    let folder = TempDir::new().expect("a temporary folder");
    let state = folder.path().join(".certus");
    Project { _folder: folder, state }
}

impl Project {
    pub fn open(&self) -> Store {
        Store::open(&self.state, Mode::ReadWrite).expect("the store opens")
    }

    pub fn db(&self) -> PathBuf {
        self.state.join("certus.db")
    }

    /// Bytes of the database, changed in place, as nobody but a broken disk would.
    pub fn damage(&self, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = std::fs::read(self.db()).expect("the database is there");
        change(&mut bytes);
        std::fs::write(self.db(), bytes).expect("it can be written");
    }
}

pub fn begin(store: &Store, goal: &str, now: Millis) -> Created {
    let started = certus_engine::Started { goal: goal.to_owned(), ..history::started() };
    store.create_blocking(now, law::begin(started), Vec::new()).expect("a chain is made")
}

/// A harmless event with something to tell it by.
pub fn note(text: &str) -> Body {
    Body::ProviderChosen { provider: text.to_owned() }
}

pub fn append(store: &Store, id: ChainId, chain: &mut Chain, text: &str) -> u64 {
    let now = chain.updated_at() + 1000;
    let events = store.append_blocking(id, chain, now, vec![note(text)], Vec::new()).expect("it is appended");
    events[0].seq
}

/// Run one test of this binary again, as another process; it looks at `CERTUS_TEST_STATE` to know that it is the child.
pub fn child(test: &str, state: &Path) -> Child {
    Command::new(std::env::current_exe().expect("this binary"))
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env("CERTUS_TEST_STATE", state)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the child starts")
}

/// The state directory, in a child.
pub fn as_child() -> Option<PathBuf> {
    std::env::var_os("CERTUS_TEST_STATE").map(PathBuf::from)
}

/// A line on a child's stdout, past the test harness.
pub fn say(line: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{line}").and_then(|()| out.flush()).expect("the parent listens");
}
