//! Anthropic's messages API, and gateways that speak it.
//!
//! The stable part of a request is a system block that ends in a cache breakpoint, the rest is the user's turn, of which the last
//! steady pieces end in the three other breakpoints that there are: what is in front of one is cached, and found again up to twenty
//! blocks before a later one. Temperature and prefilled answers are never sent: current models refuse them.

use async_trait::async_trait;
use reqwest::header::{HeaderMap, HeaderValue};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::{
    Dialect, End, Event, Http, Incoming, Outgoing, Problem, Reported, Step, caps, overflows, parsed, sign,
};
use crate::{
    Answer, CallErrorKind, Credential, Models, Phase, Progress, Provider, ProviderError, Request, Schema, Service,
    Structured, Tier, Turn,
};

const VERSION: &str = "2023-06-01";

/// Cache breakpoints in the user's turn: the API takes four, and one is the system's.
const BREAKPOINTS: usize = 3;

/// Models that do not know `output_config.format`.
const WITHOUT_STRUCTURE: &[&str] = &["claude-2", "claude-3", "claude-instant", "claude-opus-4-2", "claude-sonnet-4-2"];

/// How long a cached prefix lives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CacheTime {
    /// Five minutes after its last use.
    #[default]
    FiveMinutes,
    /// An hour after its last use; writing it costs more.
    Hour,
}

/// Anthropic's messages API.
#[derive(Debug)]
pub struct Anthropic {
    http: Http,
    credential: Credential,
    models: Models,
    structured: Structured,
    cache: CacheTime,
}

impl Anthropic {
    /// Where it is when nothing else is said.
    pub const BASE_URL: &str = "https://api.anthropic.com";

    /// Reached as `service` says; the paths `/v1/…` are put behind its base URL. Connects to nothing yet.
    ///
    /// # Errors
    /// An address that cannot be read; no certificates for secure connections.
    pub fn new(service: Service, cache: CacheTime) -> Result<Self, ProviderError> {
        let http = Http::new(&service)?;
        let Service { credential, models, structured, .. } = service;
        Ok(Self { http, credential, models, structured, cache })
    }

    fn headers(&self) -> Result<HeaderMap, ProviderError> {
        let mut headers = HeaderMap::new();
        headers.insert("anthropic-version", HeaderValue::from_static(VERSION));
        sign(&mut headers, &self.credential, "x-api-key", "")?;
        Ok(headers)
    }

    fn structures(&self, model: &str) -> bool {
        self.structured == Structured::Auto && !WITHOUT_STRUCTURE.iter().any(|prefix| model.starts_with(prefix))
    }

    /// What both calls have: the model and the texts.
    fn body(&self, request: &Request) -> Value {
        let mut body = json!({ "model": self.models.of(request.tier) });
        if request.user().trim().is_empty() {
            body["messages"] = json!([{ "role": "user", "content": request.stable }]);
            return body;
        }
        body["messages"] = json!([{ "role": "user", "content": self.turn(request) }]);
        if !request.stable.trim().is_empty() {
            body["system"] = json!([self.block(&request.stable, true)]);
        }
        body
    }

    /// The user's turn.
    fn turn(&self, request: &Request) -> Value {
        let pieces: Vec<&String> = request.steady.iter().filter(|piece| !piece.trim().is_empty()).collect();
        if pieces.is_empty() {
            return json!(request.variable);
        }
        let first = pieces.len().saturating_sub(BREAKPOINTS);
        let mut blocks: Vec<Value> =
            pieces.iter().enumerate().map(|(at, piece)| self.block(piece, at >= first)).collect();
        if !request.variable.trim().is_empty() {
            blocks.push(self.block(&request.variable, false));
        }
        blocks.into()
    }

    fn block(&self, text: &str, kept: bool) -> Value {
        let mut block = json!({ "type": "text", "text": text });
        if kept {
            block["cache_control"] = json!({ "type": "ephemeral" });
            if self.cache == CacheTime::Hour {
                block["cache_control"]["ttl"] = json!("1h");
            }
        }
        block
    }
}

#[async_trait]
impl Provider for Anthropic {
    fn name(&self) -> &str {
        self.http.name()
    }

    fn model(&self, tier: Tier) -> String {
        self.models.of(tier).to_owned()
    }

    fn is_limited(&self) -> bool {
        self.http.is_limited()
    }

    async fn turn(&self, request: &Request) -> Option<Turn> {
        self.http.turn(request).await
    }

    async fn answer(&self, request: Request, progress: &dyn Progress) -> Result<Answer, ProviderError> {
        let model = self.models.of(request.tier);
        let mut body = self.body(&request);
        body["max_tokens"] = json!(request.max_output_tokens);
        body["stream"] = json!(true);
        if let Some(schema) = request.schema.as_ref().filter(|_| self.structures(model)) {
            body["output_config"] = json!({ "format": { "type": "json_schema", "schema": **schema } });
        }
        let outgoing = Outgoing::new("/v1/messages".to_owned(), self.headers()?, body);
        self.http.answer(&Messages, &request.sent(), model, outgoing, progress).await
    }

    async fn count(&self, request: &Request) -> Result<Option<u64>, ProviderError> {
        let model = self.models.of(request.tier);
        let path = "/v1/messages/count_tokens".to_owned();
        let outgoing = Outgoing::new(path, self.headers()?, self.body(request));
        let counted = match self.http.count(&Messages, request, model, outgoing, "input_tokens").await {
            // A gateway without counting.
            Err(error) if error.call().is_some_and(|call| matches!(call.status, Some(404 | 405 | 501))) => {
                return Ok(None);
            }
            other => other?,
        };
        // The schema is not part of what is counted, but of what is sent.
        let schema = request.schema.as_ref().filter(|_| self.structures(model)).map_or(0, Schema::tokens);
        Ok(Some(counted.saturating_add(schema)))
    }
}

pub(crate) struct Messages;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Wire {
    #[serde(rename = "type")]
    kind: String,
    message: Option<WireMessage>,
    content_block: Option<WireBlock>,
    delta: Option<WireDelta>,
    usage: Option<WireUsage>,
    // A whole message, from a gateway that took no notice of `stream`.
    model: Option<String>,
    content: Vec<WireBlock>,
    stop_reason: Option<String>,
    stop_details: Option<Value>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireMessage {
    model: Option<String>,
    usage: Option<WireUsage>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireBlock {
    #[serde(rename = "type")]
    kind: String,
    text: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireDelta {
    #[serde(rename = "type")]
    kind: String,
    text: Option<String>,
    stop_reason: Option<String>,
    stop_details: Option<Value>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct WireUsage {
    #[serde(deserialize_with = "crate::count::some")]
    input_tokens: Option<u64>,
    #[serde(deserialize_with = "crate::count::some")]
    cache_creation_input_tokens: Option<u64>,
    #[serde(deserialize_with = "crate::count::some")]
    cache_read_input_tokens: Option<u64>,
    cache_creation: Option<WireCreation>,
    #[serde(deserialize_with = "crate::count::some")]
    output_tokens: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireCreation {
    #[serde(deserialize_with = "crate::count::or_nothing")]
    ephemeral_1h_input_tokens: u64,
}

/// The counts of one call. The API counts uncached input by itself, and repeats counts that grow.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts;

impl Counts {
    /// Take over what is there; what is not stays as it was.
    pub(crate) fn apply(wire: &WireUsage, usage: &mut certus_engine::Usage) {
        let written_before = usage.cache_write_tokens.saturating_add(usage.cache_write_1h_tokens);
        let uncached_before = usage.input_tokens.saturating_sub(usage.cached_tokens).saturating_sub(written_before);
        let uncached = wire.input_tokens.unwrap_or(uncached_before);
        let read = wire.cache_read_input_tokens.unwrap_or(usage.cached_tokens);
        let written = wire.cache_creation_input_tokens.unwrap_or(written_before);
        let hour = wire.cache_creation.as_ref().map_or(usage.cache_write_1h_tokens, |by| by.ephemeral_1h_input_tokens);
        usage.cached_tokens = read;
        usage.cache_write_1h_tokens = hour.min(written);
        usage.cache_write_tokens = written.saturating_sub(hour);
        usage.input_tokens = uncached.saturating_add(read).saturating_add(written);
        usage.output_tokens = wire.output_tokens.unwrap_or(usage.output_tokens);
    }
}

/// Why the model stopped, by the API's word for it.
pub(crate) fn stop(reason: &str, details: Option<&Value>, incoming: &mut Incoming<'_>) {
    let said = |incoming: &Incoming<'_>| {
        let explained = details.and_then(|details| details["explanation"].as_str());
        explained.unwrap_or(&incoming.text).to_owned()
    };
    incoming.end = Some(match reason {
        "max_tokens" => End::Failed(CallErrorKind::Truncated, String::new()),
        "refusal" => End::Failed(CallErrorKind::Refusal, said(incoming)),
        "model_context_window_exceeded" => End::Failed(CallErrorKind::ContextOverflow, String::new()),
        _ => End::Complete,
    });
}

impl Dialect for Messages {
    const LIMITS_SAY_WHEN: bool = true;

    fn event(&self, event: &Event, incoming: &mut Incoming<'_>) -> Result<Step, Problem> {
        let unreadable = |_| Problem::new(CallErrorKind::Unreadable, "an event of it is not JSON");
        let value: Value = serde_json::from_str(&event.data).map_err(unreadable)?;
        if value["type"] == "error" {
            return Err(problem(None, &event.data));
        }
        // An event that has another form than we know is an event that we do not know.
        let Ok(wire) = Wire::deserialize(&value) else { return Ok(Step::More) };
        incoming.events += 1;
        match wire.kind.as_str() {
            "message_start" => {
                let message = wire.message.unwrap_or_default();
                incoming.model = message.model;
                if let Some(usage) = &message.usage {
                    Counts::apply(usage, &mut incoming.usage);
                    incoming.reported(Reported::Partly);
                }
            }
            "content_block_start" => {
                let block = wire.content_block.unwrap_or_default();
                if block.kind == "text" {
                    incoming.push(&block.text.unwrap_or_default());
                }
            }
            "content_block_delta" => {
                let delta = wire.delta.unwrap_or_default();
                if delta.kind == "text_delta" {
                    incoming.push(&delta.text.unwrap_or_default());
                }
            }
            "message_delta" => {
                let delta = wire.delta.unwrap_or_default();
                if let Some(usage) = &wire.usage {
                    Counts::apply(usage, &mut incoming.usage);
                    // Only the last one, which has the reason, has all of it.
                    let all = delta.stop_reason.is_some() && incoming.usage.input_tokens > 0;
                    incoming.reported(if all { Reported::Fully } else { Reported::Partly });
                }
                if let Some(reason) = &delta.stop_reason {
                    stop(reason, delta.stop_details.as_ref(), incoming);
                }
            }
            "message_stop" => return Ok(Step::Last),
            "message" => {
                incoming.model = wire.model;
                for block in wire.content.iter().filter(|block| block.kind == "text") {
                    incoming.push(block.text.as_deref().unwrap_or_default());
                }
                if let Some(usage) = &wire.usage {
                    Counts::apply(usage, &mut incoming.usage);
                    incoming.reported(Reported::Fully);
                }
                stop(wire.stop_reason.as_deref().unwrap_or("end_turn"), wire.stop_details.as_ref(), incoming);
                return Ok(Step::Last);
            }
            // `ping`, `content_block_stop` and what is not known yet.
            _ => {}
        }
        Ok(Step::More)
    }

    fn refused(&self, status: u16, body: &str) -> Problem {
        problem(Some(status), body)
    }
}

/// An error by its status, and by its type where there is none: inside a stream. Of a response the type only says more closely what
/// the status leaves open: gateways write a general one beside any status.
fn problem(status: Option<u16>, body: &str) -> Problem {
    use CallErrorKind as K;
    let (json, said) = parsed(body);
    let named = match json.pointer("/error/type").and_then(Value::as_str).unwrap_or_default() {
        "invalid_request_error" => Some((400, K::InvalidRequest)),
        "authentication_error" => Some((401, K::Authentication)),
        "billing_error" => Some((402, K::Billing)),
        "permission_error" => Some((403, K::Permission)),
        "not_found_error" => Some((404, K::NotFound)),
        "conflict_error" => Some((409, K::Conflict)),
        "request_too_large" => Some((413, K::TooLarge)),
        "rate_limit_error" => Some((429, K::RateLimited)),
        "api_error" => Some((500, K::Server)),
        "timeout_error" => Some((504, K::Timeout(Phase::Service))),
        "overloaded_error" => Some((529, K::Overloaded)),
        _ => None,
    };
    let by_type = named.map(|(_, kind)| kind);
    let kind = match (status.map(K::of_status), by_type) {
        (None, by_type) => by_type.unwrap_or(K::Server),
        // All of these are neither billed nor asked again.
        (
            Some(K::InvalidRequest | K::Permission),
            Some(kind @ (K::Authentication | K::Billing | K::Permission | K::NotFound | K::TooLarge)),
        ) => kind,
        (Some(K::Server), Some(kind @ (K::Timeout(_) | K::Overloaded))) => kind,
        (Some(kind), _) => kind,
    };
    let kind = match kind {
        K::InvalidRequest | K::Server if overflows(&said) => K::ContextOverflow,
        K::InvalidRequest if caps(&said) => K::Billing,
        kind => kind,
    };
    let mut problem = Problem::new(kind, &said);
    problem.status = status.or(named.map(|(status, _)| status));
    problem
}

#[cfg(test)]
mod tests;
