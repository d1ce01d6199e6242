//! Running the project's own checks, and what they say of which files.

use std::time::Instant;

use certus_engine::{Body, Check, CheckLimit, Digest, EffectId, ErrorCode, Outcome};
use certus_workspace::TreeDigest;
use certus_workspace::run::{self, Environment};

use super::Driver;
use super::edits::parsed;
use super::fault::Fault;
use super::perform::elapsed;
use crate::Failure;

/// Bytes of a check's last lines that are kept in the events.
const TAIL: usize = 16 * 1024;
/// Files that a check changed, of which the events keep the names.
const CHANGED: usize = 20;
/// Among them, where there are more files than are compared.
const NOT_COMPARED: &str = "perhaps others: there are more files, or deeper folders, than Certus compares";

impl Driver<'_> {
    /// Run one of the project's own checks, on the files as they are.
    pub(crate) async fn check(&mut self, id: EffectId, check: Check, line: &str) -> Result<(), Failure> {
        // Whoever allowed it may have done so in another process, long ago. Where nothing was noted then, nothing can be compared.
        let noted = !self.chain.what_runs().is_empty();
        if self.note_what_runs() && noted {
            let message = "files that say what it does were changed since it was allowed".to_owned();
            let outcome = Outcome::Failed { code: ErrorCode::Denied, message };
            self.note(Body::Outcome { effect: id, outcome, elapsed_ms: 0 });
            return self.commit().await;
        }
        self.listener.busy(line);
        let since = Instant::now();
        let project = self.session.project();
        let before = project.tree();
        let command = run::Command {
            line: line.to_owned(),
            directory: String::new(),
            environment: Environment::inherited(&self.session.config().check_environment),
            limits: self.session.config().check_limits.clone(),
        };
        let outcome = match project.run(&command, |_| {}) {
            Ok(running) => {
                let finished = running.await;
                let limit = if finished.timed_out {
                    Some(CheckLimit::CheckSeconds(command.limits.time.as_secs()))
                } else {
                    let mib = command.limits.written_bytes >> 20;
                    finished.wrote_too_much.then_some(CheckLimit::CheckOutputMib(mib))
                };
                let status = if limit.is_none() { finished.status } else { None };
                let left = project.tree();
                let compared = compared(&before.digest, &left.digest, before.changed(&left));
                let (tree, changed) = compared.map_err(|Fault(_, message)| Failure::failed(message))?;
                let after = parsed(&left.digest.sha256).ok();
                // Tests print the environment that they read; what is recorded here is sent to a service as well.
                let output = self.session.redactor().redact(finished.output);
                let ended = limit.map(|limit| format!("\n(ended {limit})")).unwrap_or_default();
                let tail = format!("{}{ended}", end(&output, TAIL));
                Outcome::Checked { status, tree, after, changed, tail, limit }
            }
            // Evidence as well, and none of success: whoever decides what comes next must see it.
            Err(error) => Outcome::Checked {
                status: None,
                tree: parsed(&before.digest.sha256).map_err(|Fault(_, message)| Failure::failed(message))?,
                after: None,
                changed: Vec::new(),
                tail: crate::clean::clean(&format!("the project's {} did not start: {error}", check.name())),
                limit: None,
            },
        };
        let elapsed_ms = self.session.elapsed(elapsed(since));
        self.note(Body::Outcome { effect: id, outcome, elapsed_ms });
        self.commit().await
    }
}

/// What is compared of the files before a check and after it: of which tree it speaks, and what changed. Where not all files are
/// compared, it speaks of none that anybody could compare with.
fn compared(before: &TreeDigest, after: &TreeDigest, changed: Vec<String>) -> Result<(Digest, Vec<String>), Fault> {
    let mut changed = first(changed);
    if !before.truncated && !after.truncated {
        return Ok((parsed(&before.sha256)?, changed));
    }
    changed.push(NOT_COMPARED.to_owned());
    Ok((Digest::of(format!("a part of the files: {}", before.sha256)), changed))
}

/// The first of the files that a check changed, as they are shown; and how many more there are.
pub(super) fn first(mut changed: Vec<String>) -> Vec<String> {
    let more = changed.len().saturating_sub(CHANGED);
    changed.truncate(CHANGED);
    let mut shown: Vec<String> = changed.iter().map(|path| crate::clean::line(path, 300)).collect();
    shown.extend((more > 0).then(|| format!("and {more} more")));
    shown
}

/// The last bytes of a text, from the beginning of a line.
fn end(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let tail = &text[text.ceil_char_boundary(text.len() - most)..];
    tail.split_once('\n').map_or(tail, |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compared_in_part_is_no_steady_evidence() {
        let tree = |truncated| {
            let sha256 = Digest::of("files").to_string();
            TreeDigest { sha256, files: 1, bytes: 1, unreadable: 0, truncated }
        };
        let compared = |before, after| compared(&tree(before), &tree(after), Vec::new()).map_err(|Fault(code, _)| code);
        assert_eq!(compared(false, false), Ok((Digest::of("files"), Vec::new())));
        for (before, after) in [(true, true), (true, false), (false, true)] {
            let (digest, changed) = compared(before, after).expect("compared");
            assert_ne!(digest, Digest::of("files"), "what it ran on is not what it left");
            assert_eq!(changed, [NOT_COMPARED], "and a person is told");
        }
    }

    #[test]
    fn the_end_of_an_output_begins_with_a_line() {
        assert_eq!(end("one\ntwo\nthree", 7), "three");
        assert_eq!(end("short", 7), "short");
        assert_eq!(end("ääääääää", 5), "ää");
    }
}
