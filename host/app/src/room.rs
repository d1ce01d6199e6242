//! How large a request may be: what the model's context window has left beside the answer.
//!
//! The window is what the user says of the service (`window` under `[providers.NAME]`), and what the table of prices knows of
//! the model, whichever is less. An answer gets its usual length, but at most a quarter of the window; what the service puts
//! around a request and its schema come off too. The rest is filled at three bytes for a token, where English has more than
//! four and code three and more: so nearly every request is smaller than its room, and none has to be cut by a service. Of a
//! large window only so much is used as `context-window` says, because what is sent is paid for with every request: what does not
//! fit into that is not sent either. A model whose window nobody knows has the room that a request has otherwise.

use std::sync::LazyLock;

use certus_prompts::Budget;
use certus_providers::{AROUND, BYTES_PER_TOKEN, Provider, Request, Schema, Tier};

use crate::config::Config;
use crate::session::Session;

/// The part of a window that an answer gets at most.
const ANSWER: u64 = 4;

/// How large a request and its answer may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    /// Tokens that the model takes, the answer included; absent where nobody knows.
    pub(crate) window: Option<u64>,
    /// Tokens that a request and its answer may take by the configuration.
    limit: u64,
    /// Tokens of the answer.
    pub(crate) most_output: u32,
    /// Of what is rendered.
    pub(crate) budget: Budget,
}

/// The form of an answer.
pub(crate) static SCHEMA: LazyLock<Schema> = LazyLock::new(|| certus_prompts::envelope_schema().into());

impl Room {
    fn of(window: Option<u64>, config: &Config, around: u64) -> Self {
        let used = window.map_or(config.context_window, |window| window.min(config.context_window));
        let most_output = u64::from(config.max_output_tokens).min(used / ANSWER).max(1);
        let input = used.saturating_sub(most_output).saturating_sub(around);
        let bytes = usize::try_from(input.saturating_mul(BYTES_PER_TOKEN)).unwrap_or(usize::MAX);
        let usual = Budget::default().bytes;
        let bytes = if window.is_some() { bytes } else { bytes.min(usual) };
        // It is at most what the configuration says, which is a number of this size.
        let most_output = u32::try_from(most_output).unwrap_or(u32::MAX);
        Self { window, limit: config.context_window, most_output, budget: Budget { bytes } }
    }

    /// Bytes that can be put behind a request of so many input tokens.
    pub(crate) fn spare(&self, input: u64) -> usize {
        let most = self.window.map_or(self.limit, |window| window.min(self.limit));
        let tokens = most.saturating_sub(u64::from(self.most_output)).saturating_sub(input).saturating_sub(AROUND);
        usize::try_from(tokens.saturating_mul(BYTES_PER_TOKEN)).unwrap_or(usize::MAX)
    }

    /// What is wrong with a request of so many input tokens, if it does not fit.
    pub(crate) fn lacks(&self, prompt: &str, input: u64, model: &str) -> Option<String> {
        const TAKES: &str =
            "what is never left out (rules, goal, decisions, answers, what blocks) and the room for an answer take";
        let needed = input.saturating_add(u64::from(self.most_output));
        if let Some(window) = self.window.filter(|window| needed > *window && *window <= self.limit) {
            return Some(format!(
                "{prompt} does not fit into the context window of {model}: {TAKES} {needed} tokens, and it has {window}; go on \
                 with a model that has a larger one (--provider NAME:MODEL), shorten project_rules.md, or say what it really has: \
                 `window` under [providers.NAME]"
            ));
        }
        let limit = self.limit;
        (needed > limit).then(|| {
            format!(
                "{prompt} does not fit into what is used of a context window: {TAKES} {needed} tokens, and `context-window` under \
                 [limits] allows {limit}; raise it, or shorten project_rules.md"
            )
        })
    }
}

impl Session {
    /// The room of a request that a provider answers. `name` is how it was asked for: `ollama:qwen3`.
    pub(crate) fn room(&self, name: &str, provider: &dyn Provider, tier: Tier) -> Room {
        let service = self.config().service(name.split(':').next().unwrap_or_default());
        let known = self.prices().window(&provider.model(tier), self.now());
        let window = known.into_iter().chain(service.and_then(|service| service.window)).min();
        let schema = if provider.schema_takes_window() { SCHEMA.tokens() } else { 0 };
        Room::of(window, self.config(), AROUND.saturating_add(schema))
    }
}

/// What a request takes of a window at most, before anybody counts.
pub(crate) fn taken(provider: &dyn Provider, request: &Request) -> u64 {
    if provider.schema_takes_window() { request.estimated_tokens() } else { request.text_tokens() }
}

#[cfg(test)]
mod tests;
