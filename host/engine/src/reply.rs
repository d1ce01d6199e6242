//! What a model answers to a prompt: one envelope for every prompt, all parts optional.
//!
//! A reply is data from outside. Whoever parses one bounds it first; numbers outside 0..=1 and empty names are dropped
//! when the reply is believed, never repaired.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Decision, Edit, Place};

/// A reply's parts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reply {
    /// Markdown for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub notes: String,
    /// What was found, with evidence.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub discovered: Vec<Discovery>,
    /// What is not certain.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub uncertainties: Vec<RepliedUncertainty>,
    /// Area → 0..=1. `overall` caps the chain's.
    #[serde(deserialize_with = "crate::number::each_or_nan", skip_serializing_if = "BTreeMap::is_empty")]
    pub confidence: BTreeMap<String, f64>,
    /// What a person should be asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<RaisedQuestion>,
    /// What was decided.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<Decision>,
    /// What no prompt covers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap: Option<Gap>,
    /// What to run next.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub next: Vec<PromptCall>,
    /// Whole documents.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<Document>,
}

/// Something a reply says it found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Discovery {
    /// Dotted, lower case.
    pub key: String,
    /// What was found.
    pub value: String,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Place>,
    /// Set by the host alone, after looking the quote up; whatever a reply says here is overwritten.
    #[serde(default)]
    pub cited: bool,
}

/// An uncertainty as a reply words it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RepliedUncertainty {
    /// snake_case.
    pub area: String,
    /// What is not certain.
    #[serde(default)]
    pub claim: String,
    /// 0..=1.
    #[serde(default, deserialize_with = "crate::number::or_nan")]
    pub confidence: f64,
    /// Whether work must not go on without it.
    #[serde(default)]
    pub blocking: bool,
    /// Present when the reply resolves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<String>,
}

/// A question that a reply raises.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RaisedQuestion {
    /// kebab-case; made from the text when empty.
    #[serde(default)]
    pub id: String,
    /// The question.
    pub text: String,
    /// Why it matters.
    #[serde(default)]
    pub why: String,
    /// Choices.
    #[serde(default)]
    pub options: Vec<String>,
    /// The recommended choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recommended: Option<String>,
    /// The uncertainty that an answer resolves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
}

/// What no prompt in the library covers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// What is missing.
    pub description: String,
    /// Confidence with the prompts there are, 0..=1.
    #[serde(default, deserialize_with = "crate::number::or_nan")]
    pub confidence: f64,
}

/// One prompt to run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PromptCall {
    /// Looked up exactly.
    #[serde(alias = "prompt")]
    pub name: String,
    /// By name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub arguments: BTreeMap<String, String>,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

impl PromptCall {
    /// A call without arguments.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), arguments: BTreeMap::new(), why: String::new() }
    }
}

/// A whole document in a reply: a solution, a plan, a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// `solution`, `plan`, `prompt`, `file` …
    pub kind: String,
    /// One line.
    #[serde(default)]
    pub title: String,
    /// Markdown, or the file's text.
    #[serde(default)]
    pub body: String,
    /// Edits of files that belong together; the document is a draft of them then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<Edit>,
}

/// What answering cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// All input tokens, cached ones included.
    pub input_tokens: u64,
    /// Of these, read from a cache.
    pub cached_tokens: u64,
    /// Of the input tokens, written into a cache for five minutes. Some services ask more for these than for plain ones.
    #[serde(skip_serializing_if = "is_zero")]
    pub cache_write_tokens: u64,
    /// Of the input tokens, written into a cache for an hour.
    #[serde(skip_serializing_if = "is_zero")]
    pub cache_write_1h_tokens: u64,
    /// Output tokens, those of hidden reasoning included.
    pub output_tokens: u64,
    /// Millionths of a US dollar.
    pub usd_micros: u64,
    /// Of all tokens, those whose price nobody knows: `usd_micros` leaves them out.
    #[serde(skip_serializing_if = "is_zero")]
    pub unpriced_tokens: u64,
}

pub(crate) fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Usage {
    /// Input and output together.
    pub fn tokens(&self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }

    /// Both together; saturates rather than overflows.
    pub fn plus(self, other: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            cached_tokens: self.cached_tokens.saturating_add(other.cached_tokens),
            cache_write_tokens: self.cache_write_tokens.saturating_add(other.cache_write_tokens),
            cache_write_1h_tokens: self.cache_write_1h_tokens.saturating_add(other.cache_write_1h_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
            usd_micros: self.usd_micros.saturating_add(other.usd_micros),
            unpriced_tokens: self.unpriced_tokens.saturating_add(other.unpriced_tokens),
        }
    }
}
