//! The port: one request, one raw answer, or a typed reason why there is none.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use async_trait::async_trait;
use certus_engine::{Digest, Usage, View};
use serde::{Deserialize, Serialize};

use crate::{CallError, Spent, Turn};

/// Something that answers prompts.
#[async_trait]
pub trait Provider: Send + Sync {
    /// As a person names it: `offline`, `replay`, `manual` …
    fn name(&self) -> &str;

    /// What would answer a request of this tier.
    fn model(&self, tier: Tier) -> String;

    /// Answer one request: one attempt, never a silent second one, because a call whose bytes had left may be billed.
    /// Whether and when to try again is what [`retry::after`](crate::retry::after) says. May be called concurrently, and
    /// again for the same request after an interruption. Dropping the future cancels the call and closes its connection.
    ///
    /// # Errors
    /// Why there is no answer now; see [`ProviderError`].
    async fn answer(&self, request: Request, progress: &dyn Progress) -> Result<Answer, ProviderError>;

    /// Whether it reads the text of a request, files and all. Rules read the chain itself.
    fn reads_files(&self) -> bool {
        true
    }

    /// Who is paid for an answer.
    fn billing(&self) -> Billing {
        Billing::Money
    }

    /// Whether the schema of an answer takes part of the model's window, besides the text.
    fn schema_takes_window(&self) -> bool {
        true
    }

    /// Input tokens that it puts around a request by itself, at most: instructions of its own.
    fn own_tokens(&self) -> u64 {
        0
    }

    /// Whether calls wait for turns, because so many in a minute are allowed.
    fn is_limited(&self) -> bool {
        false
    }

    /// Wait until a call of that size may be made under the limits of a minute; for [`Request::turn`]. A request without a turn waits
    /// for it in [`Self::answer`], where nobody can tell that nothing has left yet. Dropping the future leaves the queue.
    async fn turn(&self, request: &Request) -> Option<Turn> {
        let _ = request;
        None
    }

    /// How many input tokens the request has, as the provider itself counts them. `None` where it has no such call:
    /// [`Request::most_tokens`] is what it cannot pass then. Costs nothing, but counts against request limits.
    ///
    /// # Errors
    /// Why it cannot be counted now; see [`ProviderError`].
    async fn count(&self, request: &Request) -> Result<Option<u64>, ProviderError> {
        let _ = request;
        Ok(None)
    }
}

/// Who is paid for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Billing {
    /// Nobody, and nothing is counted.
    Nobody,
    /// Nobody, but tokens are used.
    Tokens,
    /// Somebody, by the token.
    Money,
}

/// Why asking the provider of this name the same once more shows nothing, for people; absent where a second answer is
/// independent of the first.
pub fn one_answer(provider: &str) -> Option<&'static str> {
    match provider {
        "offline" => Some("rules give one answer"),
        "manual" => Some("what goes through a person's hands is asked once"),
        _ => None,
    }
}

/// Where the text of an answer goes while it arrives.
pub trait Progress: Send + Sync {
    /// More text of the answer, as it came but for keys: whoever shows it cleans it first. What was handed over here is in
    /// the answer as well, or in the error that takes its place.
    fn text(&self, delta: &str);

    /// The service has said what came in, as it bills it; what goes out is not known yet. `model` answers, as the service names
    /// it, or is empty. Told at most once, and not at all by services that say it only at the end.
    fn took(&self, model: &str, usage: Usage) {
        let _ = (model, usage);
    }
}

/// Nobody is looking.
impl Progress for () {
    fn text(&self, _: &str) {}
}

/// Bytes of text that are counted as one token where nobody counts; see [`estimated_tokens`].
pub const BYTES_PER_TOKEN: u64 = 3;
/// Bytes of text that a token stands for at most, on average over a request: the longest tokens are runs of white space, and what is
/// sent and answered is prose, code and JSON of three to five bytes a token.
pub const LARGEST_TOKEN: u64 = 64;
/// Tokens that an API adds around a request.
pub const AROUND: u64 = 64;

/// What a text has at most in tokens, by its length alone: one token for every three bytes, rounded up. Tokenisers need
/// about four bytes a token for English and three and more for code; only text of rare scripts and random bytes comes near
/// this, and then a byte-level tokeniser may still need more. So it is a bound for planning, not a bill.
pub fn estimated_tokens(text: &str) -> u64 {
    (text.len() as u64).div_ceil(BYTES_PER_TOKEN)
}

/// Tokens that an API puts around a request at most: the roles of its parts, and how it tells a model to keep to a schema.
const MOST_AROUND: u64 = 512;

/// How much thinking a prompt asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// Quick and cheap.
    Fast,
    /// What most prompts use.
    #[default]
    Default,
    /// The best there is.
    Smart,
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fast => "fast",
            Self::Default => "default",
            Self::Smart => "smart",
        })
    }
}

/// One request, rendered.
#[derive(Debug, Clone)]
pub struct Request {
    /// The prompt's exact name.
    pub prompt: String,
    /// The part that is the same for every request of a project, and that an API may cache.
    pub stable: Arc<str>,
    /// Pieces of what comes behind it, each of which later requests are likely to have there too: an API may keep what ends with one.
    pub steady: Arc<[String]>,
    /// The rest.
    pub variable: Arc<str>,
    /// Of what was rendered. The memo and recordings know a request by it.
    pub digest: Digest,
    /// Which of several independent answers to the same request, from 0.
    pub sample: u32,
    /// How often this answer was asked for, from 1.
    pub attempt: u32,
    /// How much thinking the prompt asks for.
    pub tier: Tier,
    /// The prompt's arguments, by name.
    pub arguments: BTreeMap<String, String>,
    /// The chain as it was when the request was rendered.
    pub view: Arc<View>,
    /// The longest answer that is paid for, in tokens.
    pub max_output_tokens: u32,
    /// The JSON schema of the answer, for services that can be held to one. The others get only what the prompt says.
    pub schema: Option<Schema>,
    /// The estimate of its input, once its texts are gone; see [`Self::sent`].
    pub tokens: Option<u64>,
    /// Its turn under the limits of a minute, where it waited for one already; see [`Provider::turn`].
    pub turn: Option<Turn>,
}

impl Request {
    /// An upper estimate of its input tokens; see [`estimated_tokens`].
    pub fn estimated_tokens(&self) -> u64 {
        if let Some(tokens) = self.tokens {
            return tokens;
        }
        self.text_tokens() + self.schema.as_ref().map_or(0, Schema::tokens)
    }

    /// The same for its texts and what an API adds around them, without the schema.
    pub fn text_tokens(&self) -> u64 {
        (self.length() as u64).div_ceil(BYTES_PER_TOKEN) + AROUND
    }

    /// What its input cannot pass in tokens, whatever tokeniser counts: a token is at least one byte. The rest is for what an
    /// API adds around it.
    pub fn most_tokens(&self) -> u64 {
        match self.tokens {
            // An estimate has a third of the bytes, rounded up, and less for what is put around them.
            Some(estimate) => {
                estimate.saturating_mul(BYTES_PER_TOKEN).saturating_add(MOST_AROUND - BYTES_PER_TOKEN * AROUND)
            }
            None => {
                let schema = self.schema.as_ref().map_or(0, |schema| schema.bytes);
                (self.length() + schema) as u64 + MOST_AROUND
            }
        }
    }

    /// What it takes of a minute's tokens at most.
    pub(crate) fn of_a_minute(&self) -> u64 {
        self.estimated_tokens().saturating_add(u64::from(self.max_output_tokens))
    }

    /// The same without its texts and the chain: an answer takes minutes, and what is sent already need not lie in memory
    /// meanwhile.
    #[must_use]
    pub fn sent(self) -> Self {
        let tokens = Some(self.estimated_tokens());
        let steady = Arc::default();
        Self { stable: "".into(), steady, variable: "".into(), view: Arc::default(), tokens, ..self }
    }

    /// Bytes of all its texts.
    pub fn length(&self) -> usize {
        self.stable.len() + self.steady.iter().map(String::len).sum::<usize>() + self.variable.len()
    }

    /// Everything behind the stable part.
    pub fn user(&self) -> Cow<'_, str> {
        if self.steady.is_empty() {
            Cow::Borrowed(&*self.variable)
        } else {
            (self.steady.concat() + &self.variable).into()
        }
    }

    /// As services take it that know a system and a user.
    pub(crate) fn messages(&self) -> Vec<serde_json::Value> {
        [("system", Cow::Borrowed(&*self.stable)), ("user", self.user())]
            .into_iter()
            .filter(|(_, text)| !text.trim().is_empty())
            .map(|(role, text)| serde_json::json!({ "role": role, "content": text }))
            .collect()
    }
}

/// The JSON schema of an answer. Its length is asked for with every estimate of every call, so it is measured once.
#[derive(Debug, Clone)]
pub struct Schema {
    value: Arc<serde_json::Value>,
    bytes: usize,
}

impl Schema {
    /// An upper estimate of its tokens.
    pub fn tokens(&self) -> u64 {
        (self.bytes as u64).div_ceil(BYTES_PER_TOKEN)
    }
}

impl From<Arc<serde_json::Value>> for Schema {
    fn from(value: Arc<serde_json::Value>) -> Self {
        Self { bytes: value.to_string().len(), value }
    }
}

impl Deref for Schema {
    type Target = serde_json::Value;

    fn deref(&self) -> &serde_json::Value {
        &self.value
    }
}

/// An answer as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// Raw: the JSON envelope, or whatever a model wrote.
    pub text: String,
    /// What it took. Its price is zero unless the provider itself names one; see [`Prices`](crate::Prices).
    pub usage: Usage,
    /// The service did not say what it took: `usage` is an estimate from the lengths.
    pub estimated: bool,
    /// The service's name for the call, for support requests.
    pub request_id: Option<String>,
    /// Who wrote it, as the provider names it.
    pub model: String,
    /// How the confidences in it were computed, where the provider can say.
    pub confidence_from: Option<String>,
    /// Something went wrong after all of it was there: the connection broke, an error or no event at all came behind it, or it was
    /// said to be cut short.
    pub broke_after: bool,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// Rules cannot do it honestly.
    #[error(
        "{what} needs a model: {why}. Configure a provider, or take `--provider manual`, which works with any chat window \
         and without a key"
    )]
    NeedsModel {
        /// What needs it.
        what: String,
        /// Why rules are not enough, without a full stop.
        why: String,
    },
    /// A person has to supply the reply.
    #[error("a person has to supply the reply: {how}")]
    Waiting {
        /// What to do.
        how: String,
    },
    /// Not reachable now. Trying again may help.
    #[error("{message}{}", hinted(.hint))]
    Unavailable {
        /// What happened.
        message: String,
        /// What to do next; may be empty.
        hint: String,
    },
    /// The recording has no such exchange.
    #[error("the recording has no reply to `{prompt}` (request {}){}", digest.short(), near_text(.near))]
    NotRecorded {
        /// The prompt.
        prompt: String,
        /// The request.
        digest: Digest,
        /// What the recording has for that prompt, one line each, bounded.
        near: Vec<String>,
    },
    /// A recording cannot be read.
    #[error("{path}:{line}: {message}")]
    Damaged {
        /// As it was handed in.
        path: String,
        /// 1-based.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// A call to a model failed.
    #[error(transparent)]
    Call(Box<CallError>),
    /// What came back is no reply, or what was asked is no request.
    #[error("{message}{}", hinted(.hint))]
    Invalid {
        /// What is wrong.
        message: String,
        /// What to do next; may be empty.
        hint: String,
    },
}

impl ProviderError {
    /// The failed call, where a call was made.
    pub fn call(&self) -> Option<&CallError> {
        match self {
            Self::Call(call) => Some(call),
            _ => None,
        }
    }

    /// What was billed although there is no answer.
    pub fn spent(&self) -> Spent {
        self.call().map_or(Spent::Nothing, |call| call.spent)
    }
}

impl From<CallError> for ProviderError {
    fn from(error: CallError) -> Self {
        Self::Call(Box::new(error))
    }
}

pub(crate) fn hinted(hint: &str) -> String {
    if hint.is_empty() { String::new() } else { format!("; {hint}") }
}

fn near_text(near: &[String]) -> String {
    if near.is_empty() {
        "; it has none for this prompt".to_owned()
    } else {
        format!("; for this prompt it has {}", near.join(", "))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use certus_engine::Chain;

    /// A request of an empty chain.
    pub(crate) fn request(prompt: &str) -> Request {
        Request {
            prompt: prompt.to_owned(),
            stable: "stable".into(),
            steady: Arc::default(),
            variable: "variable".into(),
            digest: Digest::of(prompt),
            sample: 0,
            attempt: 1,
            tier: Tier::Default,
            arguments: BTreeMap::new(),
            view: Arc::new(Chain::default().view(certus_engine::ChainId(1))),
            max_output_tokens: 1000,
            schema: None,
            tokens: None,
            turn: None,
        }
    }

    #[test]
    fn an_error_says_what_happened_and_what_to_do() {
        let errors = [
            ProviderError::NeedsModel { what: "`solution_designer`".into(), why: "rules cannot write code".into() },
            ProviderError::NotRecorded { prompt: "a".into(), digest: Digest::of("x"), near: vec![] },
            ProviderError::NotRecorded {
                prompt: "a".into(),
                digest: Digest::of("x"),
                near: vec!["0011 (sample 0)".into()],
            },
            ProviderError::Damaged { path: "r.jsonl".into(), line: 3, message: "not JSON".into() },
            ProviderError::Unavailable { message: "no answer in 30 s".into(), hint: "try again".into() },
        ];
        let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(said.join("\n"), @r#"
        `solution_designer` needs a model: rules cannot write code. Configure a provider, or take `--provider manual`, which works with any chat window and without a key
        the recording has no reply to `a` (request 2d711642b726); it has none for this prompt
        the recording has no reply to `a` (request 2d711642b726); for this prompt it has 0011 (sample 0)
        r.jsonl:3: not JSON
        no answer in 30 s; try again
        "#);
    }
}
