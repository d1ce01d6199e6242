//! Examining what Certus needs here, and saying what to do where it is not there.

use std::path::Path;

use certus_store::{Mode, Store, StoreError};
use serde::Serialize;

use crate::paths::{project_root, state_dir};
use crate::{Failure, Session, SessionOptions};

/// One thing that was examined.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// What.
    pub what: &'static str,
    /// `good`, `note` or `bad`.
    pub verdict: &'static str,
    /// In a sentence.
    pub finding: String,
    /// What to do, where something is to be done.
    pub hint: Option<String>,
}

fn good(what: &'static str, finding: impl Into<String>) -> Check {
    Check { what, verdict: "good", finding: finding.into(), hint: None }
}

fn note(what: &'static str, finding: impl Into<String>) -> Check {
    Check { what, verdict: "note", finding: finding.into(), hint: None }
}

fn bad(what: &'static str, failure: &Failure) -> Check {
    Check { what, verdict: "bad", finding: failure.message.clone(), hint: failure.hints.first().cloned() }
}

/// Examine a project; with `repair`, set a damaged database aside and rebuild the chains.
///
/// # Errors
/// The project is not there, or the repair failed.
pub async fn examine(project: Option<&Path>, state: Option<&Path>, repair: bool) -> Result<Vec<Check>, Failure> {
    let root = project_root(project, false)?;
    let dir = state_dir(&root, state);
    let mut checks = vec![good("project", root.display().to_string())];
    checks.extend(examine_state(&dir, repair)?);
    let options = SessionOptions { project: Some(root), state: Some(dir), provider: None };
    match Session::open(options) {
        Ok(session) => checks.extend(examine_session(&session).await),
        Err(failure) => checks.push(bad("files", &failure)),
    }
    Ok(checks)
}

fn examine_state(dir: &Path, repair: bool) -> Result<Vec<Check>, Failure> {
    match read_all(dir) {
        Ok(count) => Ok(vec![good("chains", format!("{count} in {}", dir.display()))]),
        Err(StoreError::Missing { .. }) => Ok(vec![note("chains", "none was started yet")]),
        Err(StoreError::Damaged { .. }) if repair => recover(dir),
        Err(error) => Ok(vec![bad("chains", &crate::state::store_failure(error, dir))]),
    }
}

/// Look through the whole database, and read every event.
fn read_all(dir: &Path) -> Result<usize, StoreError> {
    let store = Store::open(dir, Mode::ReadOnly)?;
    store.check()?;
    let rows = store.rows()?;
    for row in &rows {
        store.chain(row.id)?;
    }
    Ok(rows.len())
}

fn recover(dir: &Path) -> Result<Vec<Check>, Failure> {
    use crate::clean::line;
    use crate::clock::Clock;
    let now = crate::clock::SystemClock.now();
    let recovery = certus_store::recover(dir, now).map_err(|error| crate::state::store_failure(error, dir))?;
    let mut checks = Vec::new();
    if let Some(old) = &recovery.set_aside {
        checks.push(note("database", format!("set aside as {}", old.display())));
    }
    for restored in &recovery.restored {
        let from = if restored.from_context { "its context" } else { "the old database" };
        let when = crate::clock::when(restored.saved_at);
        checks.push(good(
            "restored",
            format!("chain {} from {from}, as of event {} at {when}", restored.id, restored.version),
        ));
    }
    checks.extend(recovery.notes.iter().map(|known| note("not restored", line(known, 300))));
    // What is gone for good is bad, however well the rest was mended: a script must not take it for a success.
    checks.extend(recovery.lost.iter().map(|lost| Check {
        what: "lost",
        verdict: "bad",
        finding: line(lost, 300),
        hint: recovery.set_aside.as_ref().map(|old| format!("the damaged database is kept: {}", old.display())),
    }));
    Ok(checks)
}

async fn examine_session(session: &Session) -> Vec<Check> {
    let mut checks = Vec::new();
    if session.project().writable() {
        checks.push(good("writable", "the project can be written"));
    } else {
        checks.push(Check {
            what: "writable",
            verdict: "note",
            finding: "the project cannot be written".to_owned(),
            hint: Some("keep its chains elsewhere: --state DIR".to_owned()),
        });
    }
    match session.check_provider() {
        Ok(()) if session.config().provider_is_default => {
            checks.push(note("provider", "offline: rules only, because nothing else is configured"));
        }
        Ok(()) => checks.push(good("provider", session.config().provider.clone())),
        Err(failure) => checks.push(bad("provider", &failure)),
    }
    checks.extend(session.warnings().into_iter().map(|finding| Check {
        what: "plugin",
        verdict: "note",
        finding,
        hint: None,
    }));
    checks.extend(session.prompt_problems().into_iter().map(|finding| Check {
        what: "prompt",
        verdict: "note",
        finding,
        hint: None,
    }));
    match session.read_stack(None).await {
        Ok(reading) => checks.push(good("plugins", format!("run; {} facts were read", reading.report.facts.len()))),
        Err(failure) => checks.push(bad("plugins", &failure)),
    }
    checks
}
