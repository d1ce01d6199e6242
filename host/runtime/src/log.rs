//! What a guest writes for its author: log lines, standard output and error. Bounded, kept for the error of a failed
//! call, and handed to a sink line by line.

use std::fmt;
use std::sync::Arc;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// For the author.
    Debug,
    /// Worth knowing.
    Info,
    /// Odd.
    Warn,
    /// Wrong.
    Error,
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        })
    }
}

/// One entry of a guest's log. The text is the guest's: strip control sequences before a person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// How much it matters.
    pub level: LogLevel,
    /// Cut at [`Limits::log_line_bytes`](crate::Limits::log_line_bytes).
    pub text: String,
}

/// Takes log lines as they are written, at most [`Limits::log_lines`](crate::Limits::log_lines) a call.
pub trait LogSink: Send + Sync {
    /// One line. Must not block: it runs on the guest's time.
    fn line(&self, line: &LogLine);
}

/// Lines that the error of a failed call carries.
const TAIL: usize = 20;

/// The log of one call.
pub(crate) struct Log {
    sink: Option<Arc<dyn LogSink>>,
    lines_left: usize,
    line_bytes: usize,
    tail: Vec<LogLine>,
    dropped: u64,
    /// The last thing that arrived, kept or not, was an error: its text is what a panic hook had to say.
    last_words: Option<String>,
}

impl Log {
    pub(crate) fn new(sink: Option<Arc<dyn LogSink>>, lines: usize, line_bytes: usize) -> Self {
        Self { sink, lines_left: lines, line_bytes, tail: Vec::new(), dropped: 0, last_words: None }
    }

    pub(crate) fn write(&mut self, level: LogLevel, text: &str) {
        let text = &text[..text.floor_char_boundary(self.line_bytes)];
        // Even when the log is full: a guest must not be able to hide why it panicked, least of all by accident.
        self.last_words = (level == LogLevel::Error).then(|| text.to_owned());
        let Some(left) = self.lines_left.checked_sub(1) else {
            self.dropped += 1;
            return;
        };
        self.lines_left = left;
        let line = LogLine { level, text: text.to_owned() };
        if let Some(sink) = &self.sink {
            sink.line(&line);
        }
        if self.tail.len() == TAIL {
            self.tail.remove(0);
        }
        self.tail.push(line);
    }

    pub(crate) fn last_words(&self) -> Option<&str> {
        self.last_words.as_deref()
    }

    pub(crate) fn take_tail(&mut self) -> (Vec<LogLine>, u64) {
        (std::mem::take(&mut self.tail), self.dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_bounded_in_lines_and_bytes_and_keeps_the_last_words() {
        let mut log = Log::new(None, 3, 4);
        for text in ["aéé", "b", "c"] {
            log.write(LogLevel::Info, text);
        }
        log.write(LogLevel::Error, "panicked");
        assert_eq!(log.last_words(), Some("pani"));
        let (tail, dropped) = log.take_tail();
        let texts: Vec<_> = tail.iter().map(|line| line.text.as_str()).collect();
        assert_eq!((texts, dropped), (vec!["aé", "b", "c"], 1));
    }
}
