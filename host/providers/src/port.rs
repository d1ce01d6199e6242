//! The port: one request, one raw answer, or a typed reason why there is none.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use certus_engine::{Digest, Usage, View};
use serde::{Deserialize, Serialize};

/// Something that answers prompts.
#[async_trait]
pub trait Provider: Send + Sync {
    /// As a person names it: `offline`, `replay`, `manual` …
    fn name(&self) -> &str;

    /// What would answer a request of this tier.
    fn model(&self, tier: Tier) -> String;

    /// Answer one request. May be called concurrently, and again for the same request after an interruption.
    ///
    /// # Errors
    /// Why there is no answer now; see [`ProviderError`].
    async fn answer(&self, request: &Request) -> Result<Answer, ProviderError>;
}

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
    pub stable: String,
    /// The rest.
    pub variable: String,
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
}

/// An answer as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Raw: the JSON envelope, or whatever a model wrote.
    pub text: String,
    /// What it cost.
    pub usage: Usage,
    /// Who wrote it, as the provider names it.
    pub model: String,
    /// How the confidences in it were computed, where the provider can say.
    pub confidence_from: Option<String>,
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
    /// What came back is no reply, or what was asked is no request.
    #[error("{message}{}", hinted(.hint))]
    Invalid {
        /// What is wrong.
        message: String,
        /// What to do next; may be empty.
        hint: String,
    },
}

fn hinted(hint: &str) -> String {
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
            stable: "stable".to_owned(),
            variable: "variable".to_owned(),
            digest: Digest::of(prompt),
            sample: 0,
            attempt: 1,
            tier: Tier::Default,
            arguments: BTreeMap::new(),
            view: Arc::new(Chain::default().view(certus_engine::ChainId(1))),
            max_output_tokens: 1000,
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
