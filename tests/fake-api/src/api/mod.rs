//! What the services accept and how they answer.

mod anthropic;
mod gemini;
mod ollama;
mod openai;
mod schema;

use serde_json::{Value, json};

use crate::cache::{Block, Cached};
use crate::script::{Fault, Reply, Script, Stop, Tokens};

/// The head of a request, as far as services look at it.
pub(crate) struct Head<'a> {
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) header: &'a dyn Fn(&str) -> Option<String>,
}

/// A request that is valid.
pub(crate) struct Asked {
    /// All of its text, for the script to look into.
    pub(crate) text: String,
    pub(crate) model: String,
    /// The limit of output tokens.
    pub(crate) most: u64,
    pub(crate) streams: bool,
    /// It asks for what the answer takes.
    pub(crate) wants_usage: bool,
    /// It asks for a count of its tokens and for nothing else.
    pub(crate) counts: bool,
    /// Its text in blocks, for services that keep what they are told to; none for the others.
    pub(crate) blocks: Vec<Block>,
}

/// An answer as pieces of a stream.
pub(crate) struct Frames {
    pub(crate) head: Vec<String>,
    pub(crate) pieces: Vec<String>,
    pub(crate) tail: Vec<String>,
}

/// A service.
pub(crate) trait Api: Send + Sync {
    fn name(&self) -> &'static str;
    /// What of a request is wrong, or what it asks.
    fn check(&self, script: &Script, head: &Head<'_>, body: &Value) -> Result<Asked, Fault>;
    fn content_type(&self) -> &'static str {
        "text/event-stream; charset=utf-8"
    }
    fn frames(&self, asked: &Asked, said: &Said<'_>) -> Frames;
    /// The answer in one piece, for requests that do not stream.
    fn whole(&self, asked: &Asked, said: &Said<'_>) -> Value;
    fn counted(&self, tokens: u64) -> Value;
    /// An error response.
    fn fault(&self, fault: &Fault) -> (u16, Value);
    /// An error inside a stream.
    fn fault_event(&self, fault: &Fault) -> String;
}

/// What is answered.
pub(crate) struct Said<'a> {
    pub(crate) pieces: Vec<&'a str>,
    pub(crate) tokens: Tokens,
    pub(crate) stop: Stop,
    pub(crate) usage: bool,
    pub(crate) last: bool,
}

impl<'a> Said<'a> {
    /// The reply, within the limit that the request has.
    pub(crate) fn of(reply: &'a Reply, asked: &Asked, cached: Cached) -> Self {
        let mut tokens = reply.tokens.unwrap_or(Tokens {
            uncached: count(&asked.text).saturating_sub(cached.read).saturating_sub(cached.written),
            cache_read: cached.read,
            cache_write: cached.written,
            output: count(&reply.text),
        });
        let mut text = reply.text.as_str();
        let mut stop = reply.stop;
        if tokens.output > asked.most {
            let most = usize::try_from(asked.most.saturating_mul(4)).unwrap_or(usize::MAX).min(text.len());
            text = &text[..text.floor_char_boundary(most)];
            tokens.output = asked.most;
            stop = Stop::MaxTokens;
        }
        Self {
            pieces: cut(text, reply.pieces),
            tokens,
            stop,
            usage: asked.wants_usage && !reply.without_usage,
            last: !reply.without_last,
        }
    }

    pub(crate) fn text(&self) -> String {
        self.pieces.concat()
    }
}

/// Tokens of a text, as this server counts: four bytes each.
pub(crate) fn count(text: &str) -> u64 {
    (text.len() as u64).div_ceil(4)
}

/// A text in so many pieces of about the same length.
fn cut(text: &str, pieces: usize) -> Vec<&str> {
    let size = text.len().div_ceil(pieces.max(1)).max(1);
    let mut rest = text;
    let mut all = Vec::new();
    while !rest.is_empty() {
        let mut end = rest.floor_char_boundary(size.min(rest.len()));
        if end == 0 {
            end = rest.ceil_char_boundary(1);
        }
        let (piece, more) = rest.split_at(end);
        all.push(piece);
        rest = more;
    }
    all
}

/// The service that a path belongs to.
pub(crate) fn of_path(path: &str) -> Option<&'static dyn Api> {
    match path {
        "/v1/messages" | "/v1/messages/count_tokens" => Some(&anthropic::Anthropic),
        "/v1/chat/completions" | "/v1/responses/input_tokens" => Some(&openai::OpenAi),
        "/api/chat" => Some(&ollama::Ollama),
        _ if path.starts_with("/v1beta/models/") => Some(&gemini::Gemini),
        _ => None,
    }
}

pub(crate) fn invalid(message: impl Into<String>) -> Fault {
    Fault { kind: "invalid-request".to_owned(), message: message.into(), ..Fault::default() }
}

/// A request has only the fields that are known.
pub(crate) fn only(body: &Value, known: &[&str]) -> Result<(), Fault> {
    let object = body.as_object().ok_or_else(|| invalid("the body is not a JSON object"))?;
    match object.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(invalid(format!("{name}: Extra inputs are not permitted"))),
        None => Ok(()),
    }
}

pub(crate) fn text_of(value: &Value, what: &str) -> Result<String, Fault> {
    match value.as_str() {
        Some(text) if !text.trim().is_empty() => Ok(text.to_owned()),
        Some(_) => Err(invalid(format!("{what}: text content must be non-empty"))),
        None => Err(invalid(format!("{what}: Field required"))),
    }
}

pub(crate) fn model_of(script: &Script, body: &Value) -> Result<String, Fault> {
    let model = text_of(&body["model"], "model")?;
    known_model(script, model)
}

pub(crate) fn known_model(script: &Script, model: String) -> Result<String, Fault> {
    if script.models.is_empty() || script.models.contains(&model) {
        Ok(model)
    } else {
        Err(Fault::new("not-found", &format!("model: {model}")))
    }
}

pub(crate) fn positive(value: &Value, what: &str) -> Result<u64, Fault> {
    value.as_u64().filter(|count| *count > 0).ok_or_else(|| invalid(format!("{what}: Field required")))
}

pub(crate) fn bearer(head: &Head<'_>) -> Option<String> {
    (head.header)("authorization")?.strip_prefix("Bearer ").map(str::to_owned)
}

pub(crate) fn sse(name: &str, data: &Value) -> String {
    if name.is_empty() { format!("data: {data}\n\n") } else { format!("event: {name}\ndata: {data}\n\n") }
}

pub(crate) fn status(kind: &str) -> u16 {
    match kind {
        "authentication" => 401,
        "billing" => 402,
        "permission" => 403,
        "not-found" => 404,
        "conflict" => 409,
        "too-large" => 413,
        "rate-limit" | "spend-cap" => 429,
        "server" => 500,
        "timeout" => 504,
        "overloaded" => 529,
        _ => 400,
    }
}

pub(crate) fn message(fault: &Fault) -> Value {
    json!(if fault.message.is_empty() { format!("this is {}", fault.kind) } else { fault.message.clone() })
}
