//! All output goes through here: data on stdout, everything else on stderr; colour only where it is welcome, and never the
//! only carrier of meaning.

use std::borrow::Cow;
use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use certus_app::Failure;
use serde::Serialize;

use crate::args::Global;

/// Bold.
const STRONG: anstyle::Style = anstyle::Style::new().bold();
const FAINT: anstyle::Style = anstyle::Style::new().dimmed();
const BAD: anstyle::Style = anstyle::AnsiColor::Red.on_default().bold();
const NOTE: anstyle::Style = anstyle::AnsiColor::Cyan.on_default();

/// The first error of a write to stdout that lost something.
static LOST: OnceLock<String> = OnceLock::new();
/// Whether the cursor stands behind the prompt of a question.
static PROMPTING: AtomicBool = AtomicBool::new(false);

/// Where text goes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Output {
    pub(crate) json: bool,
    pub(crate) events: bool,
    pub(crate) quiet: bool,
    /// What a command line that is shown needs besides, to find the same project and state.
    pub(crate) suffix: String,
}

impl Output {
    pub(crate) fn new(global: &Global) -> Self {
        if is_plain() {
            anstream::ColorChoice::Never.write_global();
        }
        let suffix = certus_app::suffix(global.project.as_deref(), global.state.as_deref());
        Self { json: global.json, events: global.events, quiet: global.quiet, suffix }
    }

    /// A text that may end with a command line, with what that needs to find the same project and state.
    pub(crate) fn complete<'a>(&self, text: &'a str) -> Cow<'a, str> {
        completed(text, &self.suffix)
    }

    /// Data for people: a line on stdout; nothing when a machine reads it.
    pub(crate) fn line(&self, text: impl AsRef<str>) {
        if !self.json && !self.events {
            let wrap = std::io::stdout().is_terminal();
            text.as_ref().lines().for_each(|line| write_out(&wrapped(line, wrap)));
            if text.as_ref().is_empty() {
                write_out("");
            }
        }
    }

    /// Whether a person at the terminal sees what is printed as data: not where a machine reads it, nor where it goes into
    /// a file or a pipe.
    pub(crate) fn is_seen(&self, stdout_is_terminal: bool) -> bool {
        stdout_is_terminal && !self.json && !self.events
    }

    /// A diff on stdout.
    pub(crate) fn diff(&self, diff: &str) {
        self.line(folded(diff, false, std::io::stdout().is_terminal()));
    }

    /// A diff that a person is asked about, on stderr.
    pub(crate) fn ask_diff(&self, diff: &str) {
        self.ask(&folded(diff, false, std::io::stderr().is_terminal()));
    }

    /// Markdown on stdout: headings stand out, the rest is shown as it is written.
    pub(crate) fn markdown(&self, text: &str) {
        for line in folded(text, true, std::io::stdout().is_terminal()).lines() {
            match line.trim_start_matches('#') {
                heading if heading.len() < line.len() => self.heading(heading.trim()),
                _ => self.line(line),
            }
        }
    }

    /// A heading on stdout.
    pub(crate) fn heading(&self, text: &str) {
        self.line(format!("{STRONG}{text}{STRONG:#}"));
    }

    /// Less important data on stdout.
    pub(crate) fn faint(&self, text: &str) {
        self.line(format!("{FAINT}{text}{FAINT:#}"));
    }

    /// Raw data on stdout, whatever the mode: a script of completions, a prompt's text.
    pub(crate) fn raw(&self, text: &str) {
        write_out(text.trim_end_matches('\n'));
    }

    /// What a command that drives no chain has to say to a machine: the one object of `--json`, the one line of `--events`.
    pub(crate) fn object(&self, value: &impl Serialize) {
        self.report(value);
        self.event(value);
    }

    /// The one object of `--json`, where `--events` had its lines already.
    pub(crate) fn report(&self, value: &impl Serialize) {
        if self.json {
            write_out(
                &serde_json::to_string_pretty(value).unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}")),
            );
        }
    }

    /// Where a chain stands: the one object of `--json`, the last line of `--events`, whatever had lines before it.
    pub(crate) fn stands(&self, value: &impl Serialize) {
        self.report(value);
        self.event(&Line { kind: "report", body: value });
    }

    /// What comes will probably cost so much: a line of `--events`, among those of the chain.
    pub(crate) fn estimate(&self, value: &impl Serialize) {
        self.event(&Line { kind: "estimate", body: value });
    }

    /// One event of `--events`.
    pub(crate) fn event(&self, value: &impl Serialize) {
        if self.events
            && let Ok(text) = serde_json::to_string(value)
        {
            write_out(&text);
        }
    }

    /// Something worth knowing, on stderr.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.ask(text);
        }
    }

    /// What a person is asked, on stderr, however quiet.
    pub(crate) fn ask(&self, text: &str) {
        let wrap = std::io::stderr().is_terminal();
        folded(text, true, wrap).lines().for_each(|line| write_err(&wrapped(line, wrap)));
        if text.is_empty() {
            write_err("");
        }
    }

    /// A prompt on stderr, with the cursor left behind it.
    pub(crate) fn prompt(&self, text: &str) {
        let mut stderr = anstream::stderr();
        let _ = write!(stderr, "{text}").and_then(|()| stderr.flush());
        PROMPTING.store(true, Ordering::Relaxed);
    }

    /// Somebody ended the line of the prompt.
    pub(crate) fn prompt_answered(&self) {
        PROMPTING.store(false, Ordering::Relaxed);
    }

    /// What to do next, on stderr.
    pub(crate) fn hint(&self, text: &str) {
        write_err(&format!("{NOTE}hint{NOTE:#}: {}", self.complete(text)));
    }

    /// A warning, on stderr.
    pub(crate) fn warning(&self, text: &str) {
        let wrap = std::io::stderr().is_terminal();
        format!("{NOTE}warning{NOTE:#}: {text}").lines().for_each(|line| write_err(&wrapped(line, wrap)));
    }

    /// A failure for machines: with `--json` the object still comes, so that a machine reads one thing always; with
    /// `--events` it is the last line.
    pub(crate) fn failure_object(&self, failure: &Failure) {
        let hints: Vec<_> = failure.hints.iter().map(|hint| self.complete(hint)).collect();
        let error = Error { kind: failure.kind.name(), message: &failure.message, hints: &hints };
        self.report(&Report { error: &error });
        self.event(&Line { kind: "error", body: &error });
    }

    /// The one renderer of failures.
    pub(crate) fn failure(&self, failure: &Failure) {
        self.failure_object(failure);
        let wrap = std::io::stderr().is_terminal();
        format!("{BAD}error{BAD:#}: {}", failure.message).lines().for_each(|line| write_err(&wrapped(line, wrap)));
        for hint in &failure.hints {
            self.hint(hint);
        }
    }
}

/// A failure as machines read it.
#[derive(Serialize)]
struct Error<'a> {
    kind: &'a str,
    message: &'a str,
    hints: &'a [Cow<'a, str>],
}

/// In `--json`.
#[derive(Serialize)]
struct Report<'a> {
    error: &'a Error<'a>,
}

/// A line of `--events` that is no event of a chain: an estimate, and the last one.
#[derive(Serialize)]
struct Line<'a, T: Serialize> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    body: &'a T,
}

/// Whether the terminal understands nothing but text: a `TERM` that is empty says as much as `dumb` does.
pub(crate) fn is_plain() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term.is_empty() || term == "dumb")
}

/// A line broken between words at the terminal's width; what follows is indented like the text that it belongs to. Lines
/// of a table and commands stay whole where they fit, and whole lines are what a pipe gets.
fn wrapped(line: &str, wrap: bool) -> String {
    let width = if wrap { textwrap::termwidth() } else { return line.to_owned() };
    if textwrap::core::display_width(line) <= width {
        return line.to_owned();
    }
    let spaces = line.len() - line.trim_start().len();
    let marker = match line.trim_start().split_once(' ') {
        Some((marker, _)) if marker == "-" || marker.strip_suffix('.').is_some_and(|n| n.parse::<u8>().is_ok()) => {
            marker.len() + 1
        }
        _ => 0,
    };
    let indent = " ".repeat((spaces + marker).min(width / 2));
    let options = textwrap::Options::new(width).subsequent_indent(&indent).break_words(false);
    textwrap::fill(line, options)
}

/// Lines of a diff broken at the terminal's width, each part but the first behind a mark: what a line goes on with could look like
/// a line that comes or goes. With `fenced`, a text of which only what stands in a fence is a diff.
fn folded(text: &str, fenced: bool, wrap: bool) -> Cow<'_, str> {
    let width = if wrap { textwrap::termwidth() } else { return Cow::Borrowed(text) };
    folded_to(text, fenced, width)
}

fn folded_to(text: &str, fenced: bool, width: usize) -> Cow<'_, str> {
    const MARK: &str = "↳ ";
    const TAB: usize = 8;
    let mut is_diff = !fenced;
    if !is_diff && !text.contains("```diff") {
        return Cow::Borrowed(text);
    }
    let mut folded = String::with_capacity(text.len());
    for line in text.lines() {
        if fenced && line.starts_with("```") {
            is_diff = line.starts_with("```diff");
        }
        let mut column = 0;
        for c in line.chars() {
            let wide = |column: usize| match c {
                '\t' => TAB - column % TAB,
                _ => textwrap::core::display_width(c.encode_utf8(&mut [0; 4])),
            };
            if is_diff && column > MARK.len() && column + wide(column) > width {
                folded.push('\n');
                folded.push_str(MARK);
                column = 2;
            }
            folded.push(c);
            column += wide(column);
        }
        folded.push('\n');
    }
    Cow::Owned(folded)
}

/// Push out what is left; the exit status is that of the work, unless its output was lost.
pub(crate) fn finish(status: u8) -> u8 {
    wrote(std::io::stdout().flush());
    let Some(error) = LOST.get() else { return status };
    write_err(&format!("{BAD}error{BAD:#}: the output could not be written: {error}"));
    1
}

/// Note how a write to stdout went. A reader that went away (`| head`) is no error of ours: what it does not want is not
/// written.
pub(crate) fn wrote(result: std::io::Result<()>) {
    if let Err(error) = result
        && error.kind() != ErrorKind::BrokenPipe
    {
        // Only the first matters.
        let _ = LOST.set(error.to_string());
    }
}

fn write_out(text: &str) {
    let mut stream = anstream::stdout().lock();
    wrote(writeln!(stream, "{text}"));
}

/// A command line stands at the start, behind a colon, or behind `, then `; it reaches to the end or to the next one. Where
/// it asks for help, it needs no project.
fn completed<'a>(text: &'a str, suffix: &str) -> Cow<'a, str> {
    const NEXT: &str = ", then ";
    let is_command = |part: &str| {
        let line = part.rsplit_once(": ").map_or(part, |(_, line)| line);
        line.starts_with("certus ") && !line.ends_with(" --help")
    };
    let parts = || text.split(NEXT);
    if suffix.is_empty() || text.contains(suffix) || !parts().any(is_command) {
        return Cow::Borrowed(text);
    }
    let completed = |part: &str| if is_command(part) { format!("{part}{suffix}") } else { part.to_owned() };
    Cow::Owned(parts().map(completed).collect::<Vec<_>>().join(NEXT))
}

fn write_err(text: &str) {
    if PROMPTING.swap(false, Ordering::Relaxed) {
        let _ = writeln!(anstream::stderr());
    }
    let mut stream = anstream::stderr().lock();
    let _ = writeln!(stream, "{text}");
}

#[cfg(test)]
mod tests {
    use super::{completed, folded_to};

    #[test]
    fn what_a_line_of_a_diff_goes_on_with_looks_like_no_other_line() {
        let diff = "@@ -1 +1 @@\n+let text = 1;-let text = 2;\n+\tlong\tline\n";
        assert_eq!(
            folded_to(diff, false, 14),
            "@@ -1 +1 @@\n+let text = 1;\n↳ -let text = \n↳ 2;\n+\tlong\n↳ \tline\n"
        );
        assert_eq!(folded_to(diff, false, 80), diff);
        let body = format!("Before it +let text = 1\n```diff\n{diff}```\nand after it -let text = 1\n");
        let folded = folded_to(&body, true, 14);
        assert!(folded.starts_with("Before it +let text = 1\n```diff\n@@"), "{folded}");
        assert!(folded.ends_with("\n↳ \tline\n```\nand after it -let text = 1\n"), "{folded}");
    }

    #[test]
    fn a_command_line_in_a_hint_finds_the_same_project() {
        let suffix = " --project shop";
        for (text, want) in [
            ("certus reject --why \"x\"", "certus reject --why \"x\" --project shop"),
            ("go on with: certus flow --continue", "go on with: certus flow --continue --project shop"),
            (
                "or choose one: certus list, then certus use 047",
                "or choose one: certus list --project shop, then certus use 047 --project shop",
            ),
            (
                "free some space on the disk, then go on: certus flow --continue",
                "free some space on the disk, then go on: certus flow --continue --project shop",
            ),
            ("run it directly: certus status --help", "run it directly: certus status --help"),
            ("go on with: certus status --project shop", "go on with: certus status --project shop"),
            ("install certus again", "install certus again"),
            ("add: --provider manual", "add: --provider manual"),
        ] {
            assert_eq!(completed(text, suffix), want);
            assert_eq!(completed(text, ""), text);
        }
    }
}
