//! Recorded exchanges, answered exactly.
//!
//! A recording is lines of JSON, one exchange each, in any order:
//!
//! ```json
//! {"prompt":"new_case","digest":"<64 hex digits>","sample":0,"reply":"…","model":"m-1","usage":{"input_tokens":9}}
//! ```
//!
//! An exchange is found by the digest of its request and its sample. A line with an `attempt` answers that attempt only and
//! is preferred there; a line without one answers every attempt. Nothing is ever matched approximately: a reply to a
//! similar request would be a wrong reply that looks right.

use std::collections::BTreeMap;

use async_trait::async_trait;
use certus_engine::{Digest, Usage};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Answer, Billing, Progress, Provider, ProviderError, Request, Tier};

/// Exchanges that an error names at most.
const NEAR: usize = 5;

/// What a recording may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayLimits {
    /// Bytes of the whole recording.
    pub bytes: usize,
    /// Bytes of one line.
    pub line: usize,
    /// Exchanges.
    pub exchanges: usize,
}

impl Default for ReplayLimits {
    fn default() -> Self {
        Self { bytes: 256 << 20, line: 8 << 20, exchanges: 200_000 }
    }
}

/// One exchange, as a recording has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// The prompt's name.
    pub prompt: String,
    /// Of the request.
    pub digest: Digest,
    /// From 0.
    #[serde(default)]
    pub sample: u32,
    /// Present when the reply belongs to one attempt only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// As it came: text, or the envelope itself as JSON.
    #[serde(deserialize_with = "text_or_json")]
    pub reply: String,
    /// Who wrote it.
    #[serde(default)]
    pub model: String,
    /// What it cost when it was recorded.
    #[serde(default)]
    pub usage: Usage,
}

/// People who write a recording by hand put the envelope there, not a string that contains one.
fn text_or_json<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) => Ok(text),
        Value::Object(envelope) => Ok(Value::Object(envelope).to_string()),
        _ => Err(serde::de::Error::custom("`reply` is neither text nor an object")),
    }
}

/// The line of a recording for one exchange, with its line break. `attempt` is left out, so that a replayed chain that is
/// interrupted still finds its reply.
pub fn record_line(request: &Request, answer: &Answer) -> String {
    let recorded = Recorded {
        prompt: request.prompt.clone(),
        digest: request.digest,
        sample: request.sample,
        attempt: None,
        reply: answer.text.clone(),
        model: answer.model.clone(),
        usage: answer.usage,
    };
    // Plain strings and numbers always serialise.
    let mut line = serde_json::to_string(&recorded).unwrap_or_default();
    line.push('\n');
    line
}

type Key = (Digest, u32, Option<u32>);

/// Answers from a recording.
#[derive(Debug)]
pub struct Replay {
    exchanges: BTreeMap<Key, Recorded>,
}

impl Replay {
    /// Read a recording. `path` is only for errors: the bytes are handed in.
    ///
    /// # Errors
    /// The first damaged line, or a limit that is exceeded.
    pub fn parse(path: &str, bytes: &[u8]) -> Result<Self, ProviderError> {
        Self::parse_within(path, bytes, ReplayLimits::default())
    }

    /// The same with other limits.
    ///
    /// # Errors
    /// The first damaged line, or a limit that is exceeded.
    pub fn parse_within(path: &str, bytes: &[u8], limits: ReplayLimits) -> Result<Self, ProviderError> {
        let damaged = |line: usize, message: String| ProviderError::Damaged { path: path.to_owned(), line, message };
        if bytes.len() > limits.bytes {
            return Err(damaged(
                1,
                format!("the recording has {} bytes; at most {} are read", bytes.len(), limits.bytes),
            ));
        }
        let mut exchanges: BTreeMap<Key, Recorded> = BTreeMap::new();
        let mut lines: BTreeMap<Key, usize> = BTreeMap::new();
        for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
            let number = index + 1;
            let line = line.trim_ascii();
            if line.is_empty() {
                continue;
            }
            if line.len() > limits.line {
                return Err(damaged(
                    number,
                    format!("the line has {} bytes; at most {} are read", line.len(), limits.line),
                ));
            }
            let text = std::str::from_utf8(line).map_err(|_| damaged(number, "the line is not UTF-8".to_owned()))?;
            let recorded: Recorded = serde_json::from_str(text)
                .map_err(|error| damaged(number, format!("no exchange: {}", without_line(&error))))?;
            if recorded.prompt.is_empty() {
                return Err(damaged(number, "no exchange: `prompt` is empty".to_owned()));
            }
            let key = (recorded.digest, recorded.sample, recorded.attempt);
            if let Some(known) = exchanges.get(&key)
                && known.reply != recorded.reply
            {
                let first = lines.get(&key).copied().unwrap_or_default();
                return Err(damaged(number, format!("line {first} records another reply to the same request")));
            }
            if exchanges.len() >= limits.exchanges {
                return Err(damaged(number, format!("more than {} exchanges", limits.exchanges)));
            }
            lines.entry(key).or_insert(number);
            exchanges.entry(key).or_insert(recorded);
        }
        Ok(Self { exchanges })
    }

    /// How many exchanges there are.
    pub fn len(&self) -> usize {
        self.exchanges.len()
    }

    /// There is none.
    pub fn is_empty(&self) -> bool {
        self.exchanges.is_empty()
    }

    fn find(&self, request: &Request) -> Option<&Recorded> {
        let key = |attempt| (request.digest, request.sample, attempt);
        self.exchanges.get(&key(Some(request.attempt))).or_else(|| self.exchanges.get(&key(None)))
    }

    /// What there is for a prompt, for the error that says what there is not.
    fn near(&self, prompt: &str) -> Vec<String> {
        let of_prompt = || self.exchanges.values().filter(|recorded| recorded.prompt == prompt);
        let mut near: Vec<String> = of_prompt()
            .take(NEAR)
            .map(|recorded| {
                let attempt = recorded.attempt.map(|attempt| format!(", attempt {attempt}")).unwrap_or_default();
                format!("{} (sample {}{attempt})", recorded.digest.short(), recorded.sample)
            })
            .collect();
        let more = of_prompt().count().saturating_sub(NEAR);
        if more > 0 {
            near.push(format!("{more} more"));
        }
        near
    }
}

/// The parser counts lines within the one it was given; only the column says something.
fn without_line(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((what, _)) => format!("{what}, column {}", error.column()),
        None => text,
    }
}

#[async_trait]
impl Provider for Replay {
    fn name(&self) -> &str {
        "replay"
    }

    fn model(&self, _: Tier) -> String {
        "recording".to_owned()
    }

    /// As who was recorded: requests are found by the digest of their text.
    fn reads_files(&self) -> bool {
        self.exchanges.values().any(|recorded| recorded.model != crate::offline::RULES)
    }

    fn billing(&self) -> Billing {
        Billing::Nobody
    }

    async fn answer(&self, request: Request, progress: &dyn Progress) -> Result<Answer, ProviderError> {
        let Some(recorded) = self.find(&request) else {
            return Err(ProviderError::NotRecorded {
                prompt: request.prompt.clone(),
                digest: request.digest,
                near: self.near(&request.prompt),
            });
        };
        progress.text(&recorded.reply);
        Ok(Answer {
            text: recorded.reply.clone(),
            usage: recorded.usage,
            model: if recorded.model.is_empty() { "recording".to_owned() } else { recorded.model.clone() },
            ..Answer::default()
        })
    }
}

#[cfg(test)]
mod tests;
