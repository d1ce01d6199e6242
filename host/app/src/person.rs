//! The person at the other end, as a port: a terminal, a file of answers, or nobody.

use async_trait::async_trait;
use certus_engine::{Body, Chain, Event, Grant, Proposal, Question, Verdict};

use crate::Failure;
use crate::costs::{money, said};
use crate::driver::Estimate;

/// Who can be asked.
///
/// `None` means that nobody is there now: the chain then waits, and the process ends by saying how to go on.
#[async_trait]
pub trait Person: Send + Sync {
    /// Put one question. `position` is its number and how many wait, from 1.
    ///
    /// # Errors
    /// The person broke off.
    async fn ask(&self, question: &Question, position: (usize, usize)) -> Result<Option<String>, Failure>;

    /// Show a proposal and ask for the verdict; with `only_show`, only show it.
    ///
    /// # Errors
    /// The person broke off.
    async fn judge(&self, proposal: &Proposal, only_show: bool) -> Result<Option<Verdict>, Failure>;

    /// Show planned edits and ask for the verdict; with `only_show`, only show them.
    ///
    /// # Errors
    /// The person broke off.
    async fn judge_edits(&self, edits: &ShownEdits, only_show: bool) -> Result<Option<EditVerdict>, Failure>;

    /// A command says something.
    fn say(&self, text: &str);
}

/// Planned edits, as a person sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownEdits {
    /// `047`.
    pub chain: String,
    /// `D1` …
    pub draft: String,
    /// `tests`, `change` …
    pub kind: String,
    /// One line.
    pub title: String,
    /// What was found changed when they were to be written; absent where they are shown for the first time.
    pub conflict: Option<String>,
    /// By path.
    pub files: Vec<ShownFile>,
}

/// One file of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownFile {
    /// Relative to the project's root.
    pub path: String,
    /// A unified diff without control characters.
    pub diff: String,
    /// There is more to the change than `diff` shows.
    pub cut: bool,
    /// Lines.
    pub added: u64,
    /// Lines.
    pub removed: u64,
    /// The whole new content; absent where the file goes.
    pub after: Option<String>,
    /// Why it is asked about although the person approved later edits of it.
    pub asked_because: Option<&'static str>,
    /// It is of tests that failed before the code that is there or comes with it: what they then show, nobody saw fail.
    pub failed_first: bool,
}

/// What a person says of planned edits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EditVerdict {
    /// Write them; and what else the approval covers.
    Approved(Option<Grant>),
    /// Do not, and why.
    Refused(String),
    /// Write this instead, by path; it is shown again first.
    Amended(std::collections::BTreeMap<String, String>),
}

/// Sees what happens, once it is on disk (`recorded`), and what is under way (`busy`).
pub trait Listener: Send + Sync {
    /// These events are on disk.
    fn recorded(&self, events: &[Event], chain: &Chain);

    /// Something begins that may take a while.
    fn busy(&self, what: &str);

    /// What a phase will probably cost, before its first call that costs something.
    fn estimated(&self, estimate: &Estimate) {
        let _ = estimate;
    }

    /// More of the answer to a prompt arrived, as it came: a listener cleans what it shows.
    fn streamed(&self, prompt: &str, delta: &str) {
        let _ = (prompt, delta);
    }
}

/// Nobody: every question waits.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nobody;

#[async_trait]
impl Person for Nobody {
    async fn ask(&self, _: &Question, _: (usize, usize)) -> Result<Option<String>, Failure> {
        Ok(None)
    }
    async fn judge(&self, _: &Proposal, _: bool) -> Result<Option<Verdict>, Failure> {
        Ok(None)
    }
    async fn judge_edits(&self, _: &ShownEdits, _: bool) -> Result<Option<EditVerdict>, Failure> {
        Ok(None)
    }
    fn say(&self, _: &str) {}
}

impl Listener for Nobody {
    fn recorded(&self, _: &[Event], _: &Chain) {}
    fn busy(&self, _: &str) {}
}

/// What an event says to a person in one line, if anything.
pub fn headline(body: &Body) -> Option<String> {
    use certus_engine::{ErrorCode, Outcome, Request};
    let text = match body {
        Body::PhaseEntered { phase, visit, why } if *visit > 1 => format!("Phase: {phase} (visit {visit}): {why}"),
        Body::PhaseEntered { phase, .. } => format!("Phase: {phase}"),
        Body::Intent { request: Request::Prompt { name, .. }, .. } => format!("Running {name}"),
        Body::Intent { request: Request::Sample { name, number, .. }, .. } => {
            format!("Running {name} once more, to compare (sample {number})")
        }
        Body::Intent { request: Request::Command { line, .. }, .. } => format!("Running {line}"),
        Body::Intent { request: Request::Check { command, .. }, .. } => format!("Running {command}"),
        Body::Intent { request: Request::Write { draft, .. }, .. } => format!("Writing {draft}"),
        Body::Intent { request: Request::Undo { draft, .. }, .. } => format!("Taking {draft} back"),
        Body::Outcome { outcome: Outcome::Failed { code: ErrorCode::Cancelled, message }, .. } => {
            format!("What waited is withdrawn: {message}")
        }
        Body::Outcome {
            outcome: Outcome::Failed { code, message } | Outcome::Unusable { code, message, .. }, ..
        } => format!("Failed ({code}): {message}"),
        Body::TakenOver { .. } => {
            "This chain was recorded elsewhere: what was allowed, checked and shown there is asked, checked and shown again"
                .to_owned()
        }
        Body::ControllerChanged { controller, .. } => {
            format!("The controller `{}` is another version now: this chain goes on with it", controller.name)
        }
        Body::Outcome { outcome: Outcome::Planned { plan }, .. } if plan.files.is_empty() => {
            format!("Nothing to write, it stands there already: {}", plan.unchanged.join(", "))
        }
        Body::BudgetWarned(warning) => warning.to_string(),
        Body::Outcome { outcome: Outcome::Replied { by, .. }, .. } if by.claimed.is_some() => {
            let claimed = by.claimed.unwrap_or_default();
            format!(
                "{} says that it took {} tokens and {}, which cannot be: {} tokens and {} are counted",
                by.provider,
                claimed.tokens(),
                said(claimed.usd_micros),
                by.usage.tokens(),
                said(by.usage.usd_micros)
            )
        }
        Body::Outcome { outcome: Outcome::Replied { by, .. }, .. } if by.cut => {
            format!("{} broke off, failed or stopped, but its answer was whole: it is used", by.provider)
        }
        Body::TreeChanged { .. } => "Files were changed since they were checked: they are checked again".to_owned(),
        Body::WhatRuns { changed, .. } if !changed.is_empty() => {
            format!("What the project's own commands do was changed: {}", changed.join(", "))
        }
        Body::Outcome { outcome: Outcome::Checked { status: Some(0), changed, .. }, .. } if !changed.is_empty() => {
            format!("It passed, but while it ran these files changed: {}", changed.join(", "))
        }
        Body::Outcome { outcome: Outcome::Checked { status: None, limit: Some(limit), .. }, .. } => ended(*limit),
        Body::Outcome { outcome: Outcome::Checked { status, .. }, .. } => match status {
            Some(0) => "It passed".to_owned(),
            Some(127) => "It failed: a command that it needs is not there (exit status 127)".to_owned(),
            Some(status) => format!("It failed with exit status {status}"),
            None => "It did not run to its end".to_owned(),
        },
        Body::ContextFilled { percent, .. } => format!("The request takes {percent} % of its room"),
        Body::ContextReset { health, .. } => format!(
            "Context health {:.0} of 10: what follows starts from the goal, answers, decisions and facts",
            health * 10.0
        ),
        Body::Reissued { leftover: Some(leftover), .. } => format!("Once more: {}", leftover.message),
        Body::Reissued { possibly_billed_twice: true, .. } => {
            "Repeating the call that was in flight (possibly billed twice)".to_owned()
        }
        Body::Reissued { .. } => "Taking up what was left open".to_owned(),
        Body::ActionRefused { action, law, detail } => format!("Refused {action}: {law}: {detail}"),
        Body::Corrected { question, text, .. } => format!("Corrected the answer to {question}: {text}"),
        Body::Restored { from, .. } => format!("Restored from {from}"),
        Body::Ended { success: true, why } => format!("Complete: {why}"),
        Body::Ended { success: false, why } => format!("Given up: {why}"),
        _ => return None,
    };
    Some(crate::clean::line(&text, 300))
}

fn ended(limit: certus_engine::CheckLimit) -> String {
    format!("It was ended {limit}: {}", limit.raise())
}

/// Lines that a person sees of what a check printed that did not pass.
const LAST_LINES: usize = 6;
/// Words, in lower case, of lines that say why tests, linters and compilers fail.
const TELLING: [&str; 6] = ["not ok", "error", "fail", "expected", "cannot", "not found"];

/// The last lines of what a check printed that did not pass, those that say why before others. None of anything else.
pub fn last_lines(body: &Body) -> Vec<String> {
    use certus_engine::Outcome;
    let Body::Outcome { outcome: Outcome::Checked { status, tail, .. }, .. } = body else { return Vec::new() };
    if *status == Some(0) {
        return Vec::new();
    }
    let clean = tail.lines().map(|text| crate::clean::line(text, 160));
    let all: Vec<String> = clean.filter(|text| !text.is_empty() && !is_count(text)).collect();
    let tells = |text: &&String| !is_pass(text) && TELLING.iter().any(|word| text.to_lowercase().contains(word));
    let telling: Vec<String> = all.iter().filter(tells).cloned().collect();
    let lines = if telling.is_empty() { all } else { telling };
    lines[lines.len().saturating_sub(LAST_LINES)..].to_vec()
}

/// What test runners say of a test that passed, or of one that begins, whatever it is called.
fn is_pass(line: &str) -> bool {
    let starts =
        ["ok ", "# Subtest", "✓", "✔", "√", "PASS", "--- PASS", "=== RUN"].iter().any(|start| line.starts_with(start));
    starts || line.ends_with("... ok") || line.ends_with(" PASSED") || line.contains(" PASSED [")
}

/// `# fail 1`, as test runners end with.
fn is_count(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    matches!(words.as_slice(), ["#" | "ℹ", _, number] if number.parse::<f64>().is_ok())
}

/// What an event says in a history: more than a headline, and something for every event.
pub fn story(body: &Body) -> String {
    use certus_engine::{Outcome, Request};
    if let Some(text) = headline(body) {
        return text;
    }
    let text = match body {
        Body::ChainStarted(started) => format!("Started: {}", started.goal),
        Body::PhaseLeft { phase, success, .. } => {
            format!("Left {phase}, {}", if *success { "its gate open" } else { "its gate shut" })
        }
        Body::Intent { effect, request, .. } => match request {
            Request::Ask { question } => format!("#{effect} Asked [{}]: {}", question.id, question.text),
            Request::Approve { proposal } => format!("#{effect} Showed {}: {}", proposal.kind, proposal.title),
            Request::Say { text } => format!("#{effect} Said: {text}"),
            Request::ApproveEdits { draft, plan } => {
                let paths: Vec<&str> = plan.files.iter().map(|file| file.path.as_str()).collect();
                format!("#{effect} Showed the edits of {draft}: {}", paths.join(", "))
            }
            request => format!("#{effect} Began {}", request.kind()),
        },
        Body::Outcome { effect, outcome, .. } => match outcome {
            Outcome::ProjectRead(found) => format!("#{effect} Read the project: {} facts", found.facts.len()),
            Outcome::Replied { reply, by } => format!(
                "#{effect} {} answered: {} facts, {} questions, {} uncertainties",
                by.provider,
                reply.discovered.len(),
                reply.questions.len(),
                reply.uncertainties.len()
            ),
            Outcome::Answered { text, by } => {
                format!("#{effect} Answered by {}: {text}", by.as_deref().unwrap_or("somebody"))
            }
            Outcome::Judged { verdict, by, .. } => {
                let said = match verdict {
                    certus_engine::Verdict::Approved => "Approved".to_owned(),
                    certus_engine::Verdict::Rejected(why) => format!("Rejected ({why})"),
                    certus_engine::Verdict::MoreInfo(what) => format!("Asked for more ({what})"),
                };
                format!("#{effect} {said} by {}", by.as_deref().unwrap_or("somebody"))
            }
            Outcome::Checked { status: Some(0), .. } => format!("#{effect} It passed"),
            Outcome::Checked { status: Some(status), .. } => format!("#{effect} It failed with exit status {status}"),
            Outcome::Checked { status: None, limit: Some(limit), .. } => format!("#{effect} {}", ended(*limit)),
            Outcome::Checked { status: None, .. } => format!("#{effect} It did not run to its end"),
            Outcome::CommandDone { then: Some(next), .. } => format!("#{effect} Done; next {next}"),
            _ => format!("#{effect} Done"),
        },
        Body::Deferred { effect, message, .. } => format!("#{effect} Waits: {message}"),
        Body::Paused { message, .. } => format!("Waits: {message}"),
        Body::ProviderChosen { provider } => format!("Answered by {provider} from here on"),
        Body::Reserved { effect, amount } => {
            format!("#{effect} Set aside {} tokens, {}", amount.tokens, money(*amount))
        }
        Body::BudgetSet { .. } => "Other budgets hold from here on".to_owned(),
        Body::WhatRuns { files, .. } => format!("Noted the files that say what runs: {}", files.len()),
        Body::Rated { stars } => format!("Rated {stars} of 5"),
        other => other.kind().to_owned(),
    };
    crate::clean::line(&text, 300)
}

#[cfg(test)]
mod tests {
    use certus_engine::{Body, Digest, Outcome};

    use super::last_lines;

    #[test]
    fn of_a_failed_check_the_lines_that_say_why_are_shown() {
        let shown = |status, tail: &str| {
            let (tree, tail) = (Digest::of("tree"), tail.to_owned());
            let outcome = Outcome::Checked { status, tree, after: None, changed: Vec::new(), tail, limit: None };
            last_lines(&Body::Outcome { effect: 1, outcome, elapsed_ms: 0 })
        };
        let tap = "ok 1 - a\nnot ok 2 - ten percent\n  error: 'Expected values'\n  expected: 900\n  actual: 1000\n# pass 1\n# fail 1\n";
        assert_eq!(shown(Some(1), tap), ["not ok 2 - ten percent", "error: 'Expected values'", "expected: 900"]);
        let named = "not ok 1 - a tenth off is ok\n# Subtest: errors are expected\nok 2 - errors are expected\n✔ fails well\ntest fails ... ok\n";
        assert_eq!(shown(Some(1), named), ["not ok 1 - a tenth off is ok"]);
        assert_eq!(shown(Some(3), "one\n\u{1b}[31mBROKEN\n\n"), ["one", "BROKEN"]);
        assert_eq!(shown(None, &"x\n".repeat(50)).len(), 6);
        assert!(shown(Some(0), tap).is_empty() && shown(Some(1), "").is_empty());
    }
}
