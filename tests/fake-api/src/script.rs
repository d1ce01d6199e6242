//! What the server plays.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What the server plays, and for whom.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Script {
    /// The key that is accepted. Ollama needs none.
    pub key: String,
    /// The models that exist; none means that every name is one.
    pub models: Vec<String>,
    /// The first step that fits a request and is not used up answers it.
    pub steps: Vec<Step>,
    /// What answers when no step does.
    pub otherwise: Play,
    /// What answers where a count is asked for; without it, it is counted.
    pub counting: Option<Play>,
    /// The beginnings of requests are kept, and what comes from there is counted as such.
    pub caches: bool,
    /// Who asks how many tokens a request has is told this, whatever it has.
    pub counts: Option<u64>,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            key: "test-key".to_owned(),
            models: Vec::new(),
            steps: Vec::new(),
            otherwise: Fault::new("server", "no step of the script fits").into(),
            counting: None,
            caches: false,
            counts: None,
        }
    }
}

impl Script {
    /// The same for every request.
    pub fn always(play: impl Into<Play>) -> Self {
        Self { otherwise: play.into(), ..Self::default() }
    }

    /// One after the other, whatever is asked.
    pub fn in_order(plays: impl IntoIterator<Item = Play>) -> Self {
        let steps = plays.into_iter().map(|play| Step { when: String::new(), times: Some(1), play }).collect();
        Self { steps, ..Self::default() }
    }
}

/// An answer and what it answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Answers requests with this in their text; empty fits all.
    #[serde(default)]
    pub when: String,
    /// Answers so many requests at most.
    #[serde(default)]
    pub times: Option<u32>,
    /// The answer.
    pub play: Play,
}

/// One answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Play {
    /// Text, as a model streams it.
    Reply(Reply),
    /// An error response.
    Fault(Fault),
    /// Status 200 and a body of exactly this.
    Body {
        /// Of the response.
        content_type: String,
        /// As it is.
        text: String,
    },
    /// The request is read, and the connection closed without a response.
    CutBeforeHead,
    /// The request is read, and nothing ever comes.
    Hang,
}

impl From<Reply> for Play {
    fn from(reply: Reply) -> Self {
        Self::Reply(reply)
    }
}

impl From<Fault> for Play {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Text, as a model streams it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reply {
    /// All of it.
    pub text: String,
    /// In how many pieces it comes.
    pub pieces: usize,
    /// Before each piece.
    pub delay_ms: u64,
    /// Between any two bytes.
    pub byte_delay_ms: u64,
    /// What it takes; counted from the texts where it is left out.
    pub tokens: Option<Tokens>,
    /// Why the model stops.
    pub stop: Stop,
    /// Nothing is said about what it took.
    pub without_usage: bool,
    /// The last event is left out.
    pub without_last: bool,
    /// It goes wrong.
    pub breaks: Option<Break>,
}

impl Default for Reply {
    fn default() -> Self {
        Self {
            text: String::new(),
            pieces: 3,
            delay_ms: 0,
            byte_delay_ms: 0,
            tokens: None,
            stop: Stop::End,
            without_usage: false,
            without_last: false,
            breaks: None,
        }
    }
}

impl Reply {
    /// A whole answer.
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }
}

/// What a reply takes, as services count it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tokens {
    /// Neither read from a cache nor written to one.
    pub uncached: u64,
    /// Read from a cache.
    pub cache_read: u64,
    /// Written to a cache for five minutes.
    pub cache_write: u64,
    /// Of the answer.
    pub output: u64,
}

/// Why a model stops.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stop {
    /// It has said everything.
    #[default]
    End,
    /// The limit of output tokens is reached.
    MaxTokens,
    /// It declines.
    Refusal,
    /// The context window is full.
    ContextExceeded,
}

/// How an answer goes wrong after so many of its pieces.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Break {
    /// Pieces that come before. Zero: right after the head of the response.
    pub after: usize,
    /// How.
    pub how: How,
}

/// How an answer goes wrong.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// The connection breaks.
    Cut,
    /// Nothing more comes.
    Hang,
    /// Bytes that are no event.
    Garbage,
    /// An error as an event of the stream.
    Fault(Fault),
}

/// An error, in the shape that the service asked has for it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// `invalid-request`, `authentication`, `billing`, `permission`, `not-found`, `conflict`, `too-large`, `rate-limit`,
    /// `spend-cap`, `server`, `timeout`, `overloaded` or `context`.
    pub kind: String,
    /// `{key}` stands for the key that came with the request.
    #[serde(default)]
    pub message: String,
    /// Further headers: `retry-after`, `x-should-retry` …
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

impl Fault {
    /// An error without further headers.
    pub fn new(kind: &str, message: &str) -> Self {
        Self { kind: kind.to_owned(), message: message.to_owned(), headers: BTreeMap::new() }
    }

    /// With a header.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }
}
