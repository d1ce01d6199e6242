//! Examining what Certus needs here, and saying what to do where it is not there.

use std::path::Path;

use certus_store::{ContextFault, Mode, StaleContext, Store, StoreError};
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

/// Examine a project; with `repair`, set a damaged database aside and rebuild the chains, and write again what contexts lack.
///
/// # Errors
/// The project is not there, or the repair failed.
pub async fn examine(options: SessionOptions, repair: bool) -> Result<Vec<Check>, Failure> {
    let root = project_root(options.project.as_deref(), false)?;
    let dir = state_dir(&root, options.state.as_deref());
    let mut checks = vec![good("project", root.display().to_string())];
    checks.extend(examine_state(&dir, repair)?);
    let options = SessionOptions { project: Some(root), state: Some(dir), ..options };
    match Session::open(options) {
        Ok(session) => checks.extend(examine_session(&session).await),
        Err(failure) => checks.push(bad("files", &failure)),
    }
    Ok(checks)
}

fn examine_state(dir: &Path, repair: bool) -> Result<Vec<Check>, Failure> {
    match read_all(dir) {
        // What a context still knows is lost for good once the database is taken for whole and goes on.
        Ok((_, contexts)) if repair && contexts.iter().any(|stale| matches!(stale.fault, ContextFault::Ahead(_))) => {
            recover(dir)
        }
        Ok((count, contexts)) => {
            let mut checks = vec![good("chains", format!("{count} in {}", dir.display()))];
            if repair && !contexts.is_empty() {
                checks.extend(rewrite(dir, &contexts).map_err(|error| crate::state::store_failure(error, dir))?);
            } else {
                checks.extend(contexts.iter().map(stale));
            }
            Ok(checks)
        }
        Err(StoreError::Missing { .. }) => Ok(vec![note("chains", "none was started yet")]),
        Err(StoreError::Damaged { .. }) if repair => recover(dir),
        Err(error) => Ok(vec![bad("chains", &crate::state::store_failure(error, dir))]),
    }
}

fn stale(context: &StaleContext) -> Check {
    Check {
        what: "context",
        // One that was not written yet tells nobody anything wrong.
        verdict: if matches!(context.fault, ContextFault::Behind(_) | ContextFault::Missing) { "note" } else { "bad" },
        finding: crate::clean::line(&format!("{} {}", context.file, context.fault), 300),
        hint: Some("write it again from the database: certus doctor --repair".to_owned()),
    }
}

/// Write contexts again, of chains that nobody works on.
fn rewrite(dir: &Path, contexts: &[StaleContext]) -> Result<Vec<Check>, StoreError> {
    use crate::clock::Clock;
    let store = Store::open(dir, Mode::ReadWrite)?;
    let mut checks = Vec::new();
    for context in contexts {
        checks.push(match store.hold(context.chain, crate::clock::SystemClock.now()) {
            Ok(_hold) => {
                store.write_context(context.chain, &store.chain(context.chain)?, crate::clock::when)?;
                good("context", format!("{} was written again", context.file))
            }
            // Whoever works on it writes it.
            Err(StoreError::Held(held)) => note("context", held.to_string()),
            Err(error) => return Err(error),
        });
    }
    Ok(checks)
}

/// Look through the whole database, read every event, and compare the contexts.
fn read_all(dir: &Path) -> Result<(usize, Vec<StaleContext>), StoreError> {
    let store = Store::open(dir, Mode::ReadOnly)?;
    store.check()?;
    let rows = store.rows()?;
    for row in &rows {
        store.chain(row.id)?;
    }
    Ok((rows.len(), store.stale_contexts()?))
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

/// Less than this is no room for a chain: SQLite's files beside the database take 32 KiB before the first event is written.
const LEAST_SPACE: u64 = 1 << 20;

fn writable(allowed: bool, free: Option<u64>) -> Check {
    match (allowed, free) {
        (true, Some(free)) if free < LEAST_SPACE => full("writable", "the project"),
        (true, _) => good("writable", "the project can be written"),
        (false, _) => Check {
            what: "writable",
            verdict: "note",
            finding: "the project cannot be written".to_owned(),
            hint: Some("keep its chains elsewhere: --state DIR".to_owned()),
        },
    }
}

fn full(what: &'static str, whose: &str) -> Check {
    Check {
        what,
        verdict: "bad",
        finding: format!("the disk of {whose} is full"),
        hint: Some("free some space on it, or keep the chains on another disk: --state DIR".to_owned()),
    }
}

async fn examine_session(session: &Session) -> Vec<Check> {
    let mut checks = Vec::new();
    let project = session.project();
    checks.push(writable(project.writable(), project.free_space()));
    // Which may be another disk. Where it is not made yet, it will be in the project or wherever a person named.
    if let Ok(state) = certus_workspace::Project::open(session.state())
        && state.free_space().is_some_and(|free| free < LEAST_SPACE)
    {
        checks.push(full("state", &session.state().display().to_string()));
    }
    match session.check_provider() {
        Ok(()) if session.config().provider_is_default => {
            checks.push(note("provider", "offline: rules only, because nothing else is configured"));
        }
        Ok(()) => checks.push(good("provider", session.config().provider.clone())),
        Err(failure) => checks.push(bad("provider", &failure)),
    }
    checks.extend(session.service_lines().into_iter().map(|(verdict, finding, hint)| Check {
        what: "service",
        verdict,
        finding,
        hint,
    }));
    match session.day_said() {
        Ok(None) => {}
        Ok(Some(said)) => checks.push(good("day's budget", said)),
        Err(failure) => checks.push(bad("day's budget", &failure)),
    }
    if let Some(models) = session.config().wished_models() {
        checks.push(Check {
            what: "project",
            verdict: "note",
            finding: format!(
                "its .env or config.json names models ({models}); they are asked only where its own key pays"
            ),
            hint: Some("to ask them with yours, name them in your configuration: [providers.NAME] models".to_owned()),
        });
    }
    checks.extend(session.config().notes.iter().map(|finding| note("project", finding.clone())));
    checks.extend(session.registry().problems.iter().map(|finding| note("plugin", finding.clone())));
    checks.extend(session.prompt_problems().into_iter().map(|finding| Check {
        what: "prompt",
        verdict: "note",
        finding,
        hint: Some(Session::MEND_PROMPT.to_owned()),
    }));
    match session.read_stack(None).await {
        Ok(reading) => checks.push(good("plugins", format!("run; {} facts were read", reading.report.facts.len()))),
        Err(failure) => checks.push(bad("plugins", &failure)),
    }
    checks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_written_still_needs_room() {
        for (allowed, free, verdict) in [
            (true, Some(0), "bad"),
            (true, Some(LEAST_SPACE - 1), "bad"),
            (true, Some(LEAST_SPACE), "good"),
            (true, None, "good"),
            (false, Some(0), "note"),
        ] {
            assert_eq!(writable(allowed, free).verdict, verdict, "{allowed} {free:?}");
        }
    }
}
