//! A person with a chat window: the request becomes a text to paste, the reply is pasted back.
//!
//! How the text reaches the person and how the reply comes back (a file, standard input, a clipboard) is behind
//! [`ReplySource`]. What is pasted is checked here for what goes wrong when people paste: too much, nothing, another
//! encoding, or the prompt itself.

use std::sync::Arc;

use crate::{Answer, Billing, Progress, Provider, ProviderError, Request, Tier};
use async_trait::async_trait;

/// The most that may be pasted, in bytes.
pub const MAX_PASTED: usize = 1 << 20;

/// Where a person's reply comes from.
#[async_trait]
pub trait ReplySource: Send + Sync {
    /// Hand the document to the person and take the reply, if there is one already. Called again with the same request
    /// until there is: a source must not take the reply to another request for this one, so it keeps them apart by
    /// `request.digest`.
    ///
    /// # Errors
    /// The document cannot be handed over, or the reply cannot be read.
    async fn reply(&self, request: &Request, document: &str) -> Result<Option<Vec<u8>>, SourceError>;

    /// What a person has to do so that there is a reply, without a full stop.
    fn how(&self, request: &Request) -> String;
}

/// A source failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SourceError {
    /// What happened.
    pub message: String,
    /// What to do next; may be empty.
    pub hint: String,
}

/// What was pasted is no reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasteError {
    /// Nothing but white space.
    #[error("nothing was pasted")]
    Empty,
    /// Larger than [`MAX_PASTED`].
    #[error("{0} bytes were pasted; a reply has at most {MAX_PASTED}")]
    TooLarge(usize),
    /// Not UTF-8.
    #[error("what was pasted is not UTF-8 text (byte {0})")]
    NotUtf8(usize),
    /// The document that was to be sent.
    #[error("what was pasted is the prompt itself, not a reply to it")]
    PromptItself,
}

impl PasteError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Empty => "paste the whole reply of the chat",
            Self::TooLarge(_) => "paste the last reply only, not the whole conversation",
            Self::NotUtf8(_) => "save the reply as UTF-8 text",
            Self::PromptItself => "send the prompt in a chat window, then paste what the chat answers",
        }
    }
}

/// The request as a text that says all by itself: what to do, what is known, how to answer.
pub fn prompt_document(request: &Request) -> String {
    let mut text = String::with_capacity(request.length() + 512);
    for part in [request.stable.trim(), request.user().trim()] {
        if !part.is_empty() {
            text.push_str(part);
            text.push_str("\n\n");
        }
    }
    text.push_str("# How to answer\n\n");
    text.push_str(&format!(
        "This is the prompt `{}`, request {}. Answer with one JSON object of the form described above, in one fenced \
         `json` block, and with nothing else. Leave out every part that has nothing in it. You have no tools: use only what \
         stands here.\n",
        request.prompt,
        request.digest.short()
    ));
    text
}

/// Check what a person pasted as the reply to a document.
///
/// # Errors
/// What is wrong with it.
pub fn check_pasted(document: &str, pasted: &[u8]) -> Result<String, PasteError> {
    if pasted.len() > MAX_PASTED {
        return Err(PasteError::TooLarge(pasted.len()));
    }
    let text = std::str::from_utf8(pasted).map_err(|error| PasteError::NotUtf8(error.valid_up_to()))?;
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Err(PasteError::Empty);
    }
    if is_the_prompt(document, text) {
        return Err(PasteError::PromptItself);
    }
    Ok(text.to_owned())
}

/// The document, whatever became of its white space, or a part of it that is too long to be a quotation. A reply that repeats
/// the prompt and then answers is a reply.
fn is_the_prompt(document: &str, pasted: &str) -> bool {
    let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (document, pasted) = (squeeze(document), squeeze(pasted));
    document == pasted || (pasted.len() >= 400 && document.contains(&pasted))
}

/// Has a person carry prompts to a chat window and replies back.
pub struct Manual {
    source: Arc<dyn ReplySource>,
}

impl Manual {
    /// Replies come from `source`.
    pub fn new(source: Arc<dyn ReplySource>) -> Self {
        Self { source }
    }
}

#[async_trait]
impl Provider for Manual {
    fn name(&self) -> &str {
        "manual"
    }

    fn model(&self, _: Tier) -> String {
        "a person's chat".to_owned()
    }

    fn billing(&self) -> Billing {
        Billing::Nobody
    }

    async fn answer(&self, request: Request, _: &dyn Progress) -> Result<Answer, ProviderError> {
        let document = prompt_document(&request);
        let pasted = self.source.reply(&request, &document).await;
        let pasted = pasted.map_err(|SourceError { message, hint }| ProviderError::Unavailable { message, hint })?;
        let Some(pasted) = pasted else {
            return Err(ProviderError::Waiting { how: self.source.how(&request) });
        };
        let text = check_pasted(&document, &pasted).map_err(|error| ProviderError::Invalid {
            message: format!("the reply to `{}`: {error}", request.prompt),
            hint: error.hint().to_owned(),
        })?;
        Ok(Answer { text, model: self.model(request.tier), ..Answer::default() })
    }
}

#[cfg(test)]
mod tests;
