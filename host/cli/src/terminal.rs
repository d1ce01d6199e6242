//! A person at a terminal: one question at a time, inline, scrollback kept. Progress on stderr.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use certus_app::driver::Estimate;
use certus_app::engine::{Body, Chain, Event, Grant, Proposal, Question, Request, Verdict};
use certus_app::person::{EditVerdict, Listener, Person, ShownEdits, headline, last_lines};
use certus_app::{Answers, Failure, Kind, async_trait};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::Output;
use crate::typed::Typed;

/// What is under way, on stderr; in `--events`, what is recorded, on stdout.
#[derive(Clone)]
pub(crate) struct Progress {
    output: Output,
    bar: ProgressBar,
    live: Arc<Mutex<Live>>,
    /// What is told in another place, once, however often it is the cause of something.
    told_elsewhere: Arc<[String]>,
}

/// The answers that arrive, as far as one line shows them.
#[derive(Default)]
struct Live(HashMap<String, Arriving>);

/// One of them.
#[derive(Default)]
struct Arriving {
    characters: usize,
    tail: String,
}

/// What is said of lines that came at once where one is wanted.
const SEVERAL: &str = "Several lines came at once, and none of them counts: one is wanted.";
/// What is said of what was typed while nothing was asked: it stays on the screen.
const TYPED_BEFORE: &str = "What was typed before this was asked is not used.";
/// What is said of an answer that nobody types.
const TOO_LONG: &str =
    "More than 1 MiB came at once, and nothing of it counts: put it into a file, and name that file in the answer.";
/// Characters of an answer that are seen while it arrives.
const TAIL: usize = 120;

impl Live {
    /// A prompt is asked, perhaps once more: what arrived before is no part of its answer.
    fn begin(&mut self, prompt: &str) {
        self.0.remove(prompt);
    }

    /// More of an answer; the line that shows it. Of several that arrive beside one another, the one that moved last is seen.
    fn add(&mut self, prompt: &str, delta: &str) -> String {
        let live = self.0.entry(prompt.to_owned()).or_default();
        live.characters += delta.chars().count();
        let shown = certus_app::clean::clean(delta);
        live.tail.extend(shown.chars().map(|c| if c.is_whitespace() { ' ' } else { c }));
        let excess = live.tail.chars().count().saturating_sub(TAIL);
        live.tail = live.tail.chars().skip(excess).collect();
        // Four characters a token are usual; what was really counted is in the report.
        format!("{prompt} ~{} tokens …{}", live.characters.div_ceil(4), live.tail)
    }
}

impl Progress {
    pub(crate) fn new(output: Output) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if output.quiet || !std::io::stderr().is_terminal() || crate::output::is_plain() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        // Cut to the width of the terminal.
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {wide_msg}") {
            bar.set_style(style);
        }
        Self { output, bar, live: Arc::default(), told_elsewhere: Arc::default() }
    }

    /// Without what is told in another place.
    pub(crate) fn without(self, told: Vec<String>) -> Self {
        Self { told_elsewhere: told.into(), ..self }
    }

    /// Take the line away.
    pub(crate) fn done(&self) {
        self.bar.finish_and_clear();
    }

    fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn above(&self, text: &str) {
        self.bar.suspend(|| self.output.note(text));
    }
}

/// What is said of an event. A check that is put off at once does not run; one that was put off before, or broken off, runs now.
fn told(body: &Body, later: &[Event], chain: &Chain) -> Option<String> {
    let begun = match body {
        Body::Intent { effect, .. } | Body::Reissued { effect, .. } => Some(effect),
        _ => None,
    };
    let request = begun.and_then(|effect| chain.effect(*effect)).map(|effect| &effect.request);
    let Some(Request::Check { command, .. }) = request else { return headline(body) };
    let of = |event: &Event| matches!(&event.body, Body::Deferred { effect, .. } if Some(effect) == begun);
    (!later.iter().any(of)).then(|| certus_app::clean::line(&format!("Running {command}"), 300))
}

impl Listener for Progress {
    fn recorded(&self, events: &[Event], chain: &Chain) {
        for (at, event) in events.iter().enumerate() {
            self.output.event(event);
            if let Some(text) = told(&event.body, &events[at + 1..], chain)
                && !self.told_elsewhere.iter().any(|told| text.contains(told))
            {
                self.above(&text);
                last_lines(&event.body).iter().for_each(|line| self.above(&format!("  {line}")));
            }
        }
    }

    fn busy(&self, what: &str) {
        self.live().begin(what);
        self.bar.set_message(what.to_owned());
        self.bar.enable_steady_tick(Duration::from_millis(120));
    }

    fn estimated(&self, estimate: &Estimate) {
        self.output.estimate(estimate);
        self.above(&estimate.said());
    }

    fn streamed(&self, prompt: &str, delta: &str) {
        if self.bar.is_hidden() {
            return;
        }
        let line = self.live().add(prompt, delta);
        self.bar.set_message(line);
    }
}

/// Planned edits, file by file.
fn show_edits(edits: &ShownEdits, output: &Output, show: impl Fn(&str), show_diff: impl Fn(&str)) {
    show("");
    show(&format!("{} ({}): {}", edits.draft, edits.kind, edits.title));
    if let Some(conflict) = &edits.conflict {
        show(&format!("Not written: {conflict}. What follows is planned anew, on what stands there now."));
    }
    for file in &edits.files {
        show(&format!("\n{}  +{} -{}", file.path, file.added, file.removed));
        if let Some(why) = file.asked_because {
            show(&format!("Asked about although you approved later edits: {why}."));
        }
        if file.failed_first {
            show(&format!(
                "These tests failed first. Nobody saw them fail as they are changed here: look closely whether they still ask for the \
                 same. The report says that {} changed them.",
                edits.draft
            ));
        }
        show_diff(&file.diff);
    }
    if edits.files.iter().any(|file| file.cut) {
        let all = format!(
            "Not all of it is shown. See all of it first: certus diff {} --full --chain {}",
            edits.draft, edits.chain
        );
        show(&format!("\n{}", output.complete(&all)));
    }
}

/// The person, if stdin and stderr are a terminal.
pub(crate) struct Terminal {
    output: Output,
    progress: Progress,
    interactive: bool,
    showed: AtomicBool,
}

impl Terminal {
    pub(crate) fn new(output: Output, progress: Progress, no_input: bool) -> Self {
        let interactive = !no_input && std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        Self { output, progress, interactive, showed: AtomicBool::new(false) }
    }

    pub(crate) fn showed_proposal(&self) -> bool {
        self.showed.load(Ordering::Relaxed)
    }

    /// Show a proposal as data; and to the person, where they are asked about it and would not see it otherwise: nobody
    /// approves what they were not shown.
    fn show(&self, proposal: &Proposal, asked: bool) {
        self.progress.done();
        self.output.line("");
        self.output.heading(&proposal.title);
        self.output.markdown(&proposal.body);
        self.showed.store(true, Ordering::Relaxed);
        if asked && !self.output.is_seen(std::io::stdout().is_terminal()) {
            self.output.ask("");
            self.output.ask(&proposal.title);
            self.output.ask(&proposal.body);
        }
    }

    fn show_question(&self, question: &Question, (position, total): (usize, usize)) {
        self.progress.done();
        let say = |text: &str| self.output.ask(text);
        say("");
        let of = if total > 1 { format!(" {position} of {total}") } else { String::new() };
        say(&format!("Question{of} [{}]", question.id));
        say(&question.text);
        if !question.why.is_empty() {
            say(&format!("  Why it matters: {}", question.why));
        }
        for (number, option) in question.options.iter().enumerate() {
            let mark = if question.recommended.as_ref() == Some(option) { "  (recommended)" } else { "" };
            say(&format!("  {}. {option}{mark}", number + 1));
        }
    }

    async fn read(&self, prompt: &str) -> Result<String, Failure> {
        self.read_again(prompt, || ()).await
    }

    /// Read what is typed from now on: what was typed before can be meant for nothing that is asked here. Whoever comes back to
    /// a process that was stopped (Ctrl-Z, then `fg`) has the shell's lines before them: they are shown again what they were asked.
    async fn read_again(&self, prompt: &str, again: impl Fn()) -> Result<String, Failure> {
        self.progress.done();
        // Before anything is shown that could be left.
        let mut resumed = Resumed::new();
        if crate::typed::ask() {
            self.output.ask(TYPED_BEFORE);
        }
        self.output.prompt(prompt);
        let mut read = tokio::task::spawn_blocking(crate::typed::read);
        loop {
            let read_now = tokio::select! {
                read = &mut read => read,
                () = resumed.next() => {
                    again();
                    crate::typed::ask_again();
                    self.output.prompt(prompt);
                    continue;
                }
            };
            match read_now {
                Ok(Ok(Some(Typed::Text(text)))) => {
                    self.output.prompt_answered();
                    return Ok(text.trim().to_owned());
                }
                Ok(Ok(Some(Typed::TooLong))) => {
                    self.output.prompt_answered();
                    self.output.ask(TOO_LONG);
                    crate::typed::ask_again();
                    self.output.prompt(prompt);
                    read = tokio::task::spawn_blocking(crate::typed::read);
                }
                Ok(Ok(None)) => {
                    return Err(Failure::of(Kind::Waiting, "the terminal was closed; the question waits")
                        .hint(crate::context::GO_ON));
                }
                Ok(Err(error)) => return Err(Failure::failed(format!("cannot read from the terminal: {error}"))),
                Err(_) => return Err(Failure::of(Kind::Interrupted, "interrupted")),
            }
        }
    }

    /// Read a verdict, in small letters. Of several lines that came at once, nobody knows which one is meant.
    async fn read_verdict(&self, prompt: &str, again: impl Fn()) -> Result<String, Failure> {
        loop {
            let text = self.read_again(prompt, &again).await?;
            if !text.contains('\n') {
                return Ok(text.to_lowercase());
            }
            self.output.ask(SEVERAL);
        }
    }

    async fn must_read(&self, prompt: &str) -> Result<String, Failure> {
        loop {
            let text = self.read(prompt).await?;
            if !text.is_empty() {
                return Ok(text);
            }
        }
    }
}

/// The moments at which a stopped process goes on.
pub(crate) struct Resumed {
    #[cfg(unix)]
    signals: Option<tokio::signal::unix::Signal>,
}

impl Resumed {
    #[cfg(unix)]
    pub(crate) fn new() -> Self {
        // SIGCONT, which the standard library has no name for.
        const CONT: i32 = if cfg!(any(target_os = "linux", target_os = "android")) { 18 } else { 19 };
        Self { signals: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::from_raw(CONT)).ok() }
    }

    #[cfg(not(unix))]
    pub(crate) fn new() -> Self {
        Self {}
    }

    /// Never comes where such signals cannot be had.
    pub(crate) async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(signals) = &mut self.signals
            && signals.recv().await.is_some()
        {
            return;
        }
        std::future::pending().await
    }
}

#[async_trait]
impl Person for Terminal {
    async fn ask(&self, question: &Question, (position, total): (usize, usize)) -> Result<Option<String>, Failure> {
        if !self.interactive {
            return Ok(None);
        }
        self.show_question(question, (position, total));
        let how = match (&question.recommended, question.options.is_empty()) {
            (Some(recommended), true) => format!("Your answer, or Enter for “{recommended}”: "),
            (Some(_), false) => "A number, your own words, or Enter for the recommended answer: ".to_owned(),
            (None, false) => "A number, or your own words: ".to_owned(),
            (None, true) => "Your answer: ".to_owned(),
        };
        loop {
            let text = self.read_again(&how, || self.show_question(question, (position, total))).await?;
            if text == "?" {
                self.show_question(question, (position, total));
                continue;
            }
            if text.is_empty() {
                match &question.recommended {
                    Some(recommended) => return Ok(Some(recommended.clone())),
                    None => continue,
                }
            }
            let option = |text: &str| Answers::option(&question.text, &question.options, text);
            if let Some((first, _)) = text.split_once('\n')
                && option(first.trim()).is_some()
            {
                self.output.ask(SEVERAL);
                continue;
            }
            if option(&text) == Some(None) {
                self.output.ask(&format!("There is no option {text}."));
                continue;
            }
            let meant = Answers::meant(question, &text);
            return Ok(Some(meant.to_owned()));
        }
    }

    async fn judge(&self, proposal: &Proposal, only_show: bool) -> Result<Option<Verdict>, Failure> {
        let asked = self.interactive && !only_show;
        self.show(proposal, asked);
        if !asked {
            return Ok(None);
        }
        loop {
            let text =
                self.read_verdict("\nApprove this? [y]es, [n]o, [m]ore info: ", || self.show(proposal, asked)).await?;
            return Ok(Some(match text.as_str() {
                "y" | "yes" => Verdict::Approved,
                "n" | "no" => Verdict::Rejected(self.must_read("What is wrong with it? ").await?),
                "m" | "more" | "more-info" => Verdict::MoreInfo(self.must_read("What do you want to know? ").await?),
                _ => continue,
            }));
        }
    }

    async fn judge_edits(&self, edits: &ShownEdits, only_show: bool) -> Result<Option<EditVerdict>, Failure> {
        self.progress.done();
        if only_show || !self.interactive {
            // Whoever approves later, in another process, has seen what.
            show_edits(edits, &self.output, |text| self.output.line(text), |diff| self.output.diff(diff));
            return Ok(None);
        }
        // Where questions go: what is to be approved must be seen, whatever stdout is for.
        let show = || show_edits(edits, &self.output, |text| self.output.ask(text), |diff| self.output.ask_diff(diff));
        show();
        let how = "\nWrite this? [y]es, this and all in these [f]iles, all in this [c]hain, [e]dit it first, [n]o: ";
        loop {
            let paths = || edits.files.iter().map(|file| file.path.clone()).collect();
            return Ok(Some(match self.read_verdict(how, show).await?.as_str() {
                "y" | "yes" => EditVerdict::Approved(None),
                "f" | "file" => EditVerdict::Approved(Some(Grant::Files(paths()))),
                "c" | "chain" => EditVerdict::Approved(Some(Grant::Chain)),
                "n" | "no" => EditVerdict::Refused(self.must_read("What is wrong with it? ").await?),
                "e" | "edit" => match crate::editor::amend(edits) {
                    Ok(contents) => EditVerdict::Amended(contents),
                    Err(failure) => {
                        self.output.ask(&failure.message);
                        continue;
                    }
                },
                _ => continue,
            }));
        }
    }

    fn say(&self, text: &str) {
        self.progress.bar.suspend(|| self.output.note(text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_that_arrive_beside_one_another_are_counted_apart() {
        let mut live = Live::default();
        assert_eq!(live.add("a", "{\"notes\": \"one\n"), "a ~4 tokens …{\"notes\": \"one ");
        assert_eq!(live.add("b", "\u{1b}[2Jtwo"), "b ~2 tokens …two");
        assert_eq!(live.add("a", "more"), "a ~5 tokens …{\"notes\": \"one more");
        live.begin("a");
        assert_eq!(live.add("a", "anew"), "a ~1 tokens …anew");
        assert!(live.add("a", &"x".repeat(10_000)).chars().count() < 150);
    }
}
