//! What answers prompts, behind one port.
//!
//! | provider | who answers |
//! |---|---|
//! | [`Offline`] | rules over the goal's wording and what the interpreters found: no model, no network |
//! | [`Replay`] | recorded exchanges, exact |
//! | [`Manual`] | a person with a chat window |
//! | [`Anthropic`] | the messages API |
//! | [`OpenAi`] | chat completions, wherever they are |
//! | [`Gemini`] | Gemini's own API |
//! | [`Ollama`] | models on this machine |
//! | [`ClaudeCli`] | the `claude` terminal tool, headless |
//!
//! A provider is handed the rendered request and a view of the chain. It opens no file, reads no configuration and connects
//! to nothing but the service that it was made for: bytes of a recording, pasted replies, addresses and keys are handed in.
//! What it gives back is the raw text of a reply; whoever asked parses it, bounds it and looks its quotes up, whoever wrote it.
//!
//! A call is one attempt. A failed one says by name why, what it cost, and what had arrived; [`retry::after`] says whether it
//! is worth another.

mod anthropic;
mod call_error;
mod claude_cli;
mod count;
mod gemini;
mod http;
mod limit;
mod manual;
mod offline;
mod ollama;
mod openai;
mod port;
mod prices;
mod replay;
pub mod retry;
mod secret;
mod service;

pub use anthropic::{Anthropic, CacheTime};
pub use call_error::{CallError, CallErrorKind, Phase, Spent};
pub use claude_cli::{CLAUDE_TOKEN, ClaudeCli, ClaudeCliOptions, scrubbed};
pub use gemini::Gemini;
pub use limit::Turn;
pub use manual::{MAX_PASTED, Manual, PasteError, ReplySource, SourceError, check_pasted, prompt_document};
pub use offline::{Offline, uncited_sentences};
pub use ollama::Ollama;
pub use openai::{OpenAi, OutputLimit};
pub use port::{
    AROUND, Answer, BYTES_PER_TOKEN, Billing, LARGEST_TOKEN, Progress, Provider, ProviderError, Request, Schema, Tier,
    estimated_tokens, one_answer,
};
pub use prices::{Prices, is_same_model};
pub use replay::{Recorded, Replay, ReplayLimits, record_line};
pub use secret::{Redactor, Secret};
pub use service::{Credential, Limits, Models, Proxy, Service, Structured, Timeouts, on_this_machine};
