//! Chat completions: OpenAI's own, and the many services that imitate them.
//!
//! The imitations differ. Some leave out what a call took, the reason for the end, or the last event; then the end of the
//! body stands for it and the usage is an estimate that says so.

use async_trait::async_trait;
use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::{
    Dialect, End, Event, Http, Incoming, Outgoing, Problem, Reported, Step, caps, overflows, parsed, sign,
};
use crate::{
    Answer, CallErrorKind, Credential, Models, Phase, Progress, Provider, ProviderError, Request, Service, Structured,
    Tier, Turn,
};

/// What the limit on output tokens is called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OutputLimit {
    /// `max_completion_tokens` for OpenAI's own service and models, `max_tokens` for all others.
    #[default]
    Auto,
    /// `max_tokens`.
    MaxTokens,
    /// `max_completion_tokens`.
    MaxCompletionTokens,
}

/// A service with chat completions.
#[derive(Debug)]
pub struct OpenAi {
    http: Http,
    credential: Credential,
    models: Models,
    structured: Structured,
    limit: OutputLimit,
}

impl OpenAi {
    /// Where OpenAI's own service is.
    pub const BASE_URL: &str = "https://api.openai.com/v1";

    /// Reached as `service` says; `/chat/completions` is put behind its base URL. Connects to nothing yet.
    ///
    /// # Errors
    /// An address that cannot be read; no certificates for secure connections.
    pub fn new(service: Service, limit: OutputLimit) -> Result<Self, ProviderError> {
        let http = Http::new(&service)?;
        let Service { credential, models, structured, .. } = service;
        Ok(Self { http, credential, models, structured, limit })
    }

    fn own(&self) -> bool {
        let host = self.http.address().host();
        host == "api.openai.com" || host.ends_with(".openai.com") || host.ends_with(".openai.azure.com")
    }

    fn limit_field(&self, model: &str) -> &'static str {
        // `gpt-oss` runs anywhere; the others run at OpenAI and behind gateways to it.
        let theirs = ["gpt-5", "gpt-6", "o1", "o3", "o4"].iter().any(|prefix| model.starts_with(prefix));
        match self.limit {
            OutputLimit::MaxTokens => "max_tokens",
            OutputLimit::MaxCompletionTokens => "max_completion_tokens",
            OutputLimit::Auto if self.own() || theirs => "max_completion_tokens",
            OutputLimit::Auto => "max_tokens",
        }
    }

    fn headers(&self) -> Result<HeaderMap, ProviderError> {
        let mut headers = HeaderMap::new();
        sign(&mut headers, &self.credential, "authorization", "Bearer ")?;
        Ok(headers)
    }
}

#[async_trait]
impl Provider for OpenAi {
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
        let mut body = json!({
            "model": model,
            "messages": request.messages(),
            "stream": true,
            "stream_options": { "include_usage": true },
        });
        body[self.limit_field(model)] = json!(request.max_output_tokens);
        if let Some(schema) = request.schema.as_ref().filter(|_| self.structured == Structured::Auto) {
            let format = json!({ "name": "reply", "schema": **schema, "strict": strict(schema) });
            body["response_format"] = json!({ "type": "json_schema", "json_schema": format });
        }
        let outgoing = Outgoing::new("/chat/completions".to_owned(), self.headers()?, body);
        self.http.answer(&Completions, &request.sent(), model, outgoing, progress).await
    }

    async fn count(&self, request: &Request) -> Result<Option<u64>, ProviderError> {
        // The imitations do not count.
        if !self.own() {
            return Ok(None);
        }
        let model = self.models.of(request.tier);
        let body = json!({ "model": model, "instructions": request.stable, "input": request.user() });
        let outgoing = Outgoing::new("/responses/input_tokens".to_owned(), self.headers()?, body);
        self.http.count(&Completions, request, model, outgoing, "input_tokens").await.map(Some)
    }
}

/// Whether a schema is one of those that a model can be held to strictly: closed objects without optional properties.
fn strict(schema: &Value) -> bool {
    match schema {
        Value::Object(fields) => {
            let closed = match fields.get("properties").and_then(Value::as_object) {
                Some(properties) => {
                    let required = fields.get("required").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                    fields.get("additionalProperties") == Some(&Value::Bool(false))
                        && properties.keys().all(|name| required.iter().any(|required| required == name))
                }
                None => fields.get("type") != Some(&json!("object")),
            };
            closed && fields.values().all(strict)
        }
        Value::Array(items) => items.iter().all(strict),
        _ => true,
    }
}

struct Completions;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Wire {
    model: Option<String>,
    choices: Vec<WireChoice>,
    usage: Option<WireUsage>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireChoice {
    delta: Option<WireText>,
    /// Instead of `delta` where a service took no notice of `stream`.
    message: Option<WireText>,
    finish_reason: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireText {
    content: Option<WireContent>,
    refusal: Option<String>,
}

/// A text, or a list of parts of which some are text and others are what the model thought.
#[derive(Deserialize)]
#[serde(untagged)]
enum WireContent {
    Text(String),
    Parts(Vec<WirePart>),
    Unknown(serde::de::IgnoredAny),
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WirePart {
    #[serde(rename = "type")]
    kind: String,
    text: Option<Value>,
}

impl WireContent {
    fn text(self) -> String {
        let part = |part: WirePart| match part.text {
            // Some name no type.
            Some(Value::String(text)) if matches!(part.kind.as_str(), "text" | "output_text" | "") => Some(text),
            _ => None,
        };
        match self {
            Self::Text(text) => text,
            Self::Parts(parts) => parts.into_iter().filter_map(part).collect(),
            Self::Unknown(_) => String::new(),
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireUsage {
    #[serde(deserialize_with = "crate::count::or_nothing")]
    prompt_tokens: u64,
    #[serde(deserialize_with = "crate::count::or_nothing")]
    completion_tokens: u64,
    prompt_tokens_details: Option<WireDetails>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireDetails {
    #[serde(deserialize_with = "crate::count::some")]
    cached_tokens: Option<u64>,
    #[serde(deserialize_with = "crate::count::some")]
    cache_write_tokens: Option<u64>,
}

impl Dialect for Completions {
    const LAST_MAY_LACK: bool = true;

    fn event(&self, event: &Event, incoming: &mut Incoming<'_>) -> Result<Step, Problem> {
        if event.data.trim() == "[DONE]" {
            incoming.events += 1;
            if incoming.end.is_none() {
                incoming.end = Some(End::Complete);
            }
            return Ok(Step::Last);
        }
        let unreadable = |_| Problem::new(CallErrorKind::Unreadable, "an event of it is not JSON");
        let value: Value = serde_json::from_str(&event.data).map_err(unreadable)?;
        if value.get("error").is_some_and(|error| !error.is_null()) {
            return Err(problem(None, &event.data));
        }
        let Ok(wire) = Wire::deserialize(&value) else { return Ok(Step::More) };
        incoming.events += 1;
        if wire.model.as_deref().is_some_and(|model| !model.is_empty()) {
            incoming.model = wire.model;
        }
        if let Some(usage) = wire.usage.filter(|usage| usage.prompt_tokens > 0) {
            let details = usage.prompt_tokens_details.unwrap_or_default();
            incoming.usage.input_tokens = usage.prompt_tokens;
            incoming.usage.cached_tokens = details.cached_tokens.unwrap_or_default().min(usage.prompt_tokens);
            incoming.usage.cache_write_tokens = details.cache_write_tokens.unwrap_or_default();
            incoming.usage.output_tokens = usage.completion_tokens;
            incoming.reported(Reported::Fully);
        }
        let Some(choice) = wire.choices.into_iter().next() else { return Ok(Step::More) };
        let whole = choice.message.is_some();
        let text = choice.delta.or(choice.message).unwrap_or_default();
        incoming.push(&text.content.map(WireContent::text).unwrap_or_default());
        if let Some(refusal) = text.refusal.filter(|refusal| !refusal.is_empty()) {
            incoming.push(&refusal);
            incoming.end = Some(End::Failed(CallErrorKind::Refusal, String::new()));
        }
        let refused = matches!(incoming.end, Some(End::Failed(..)));
        match choice.finish_reason.as_deref().filter(|reason| !reason.is_empty()) {
            Some("length") => incoming.end = Some(End::Failed(CallErrorKind::Truncated, String::new())),
            Some("content_filter") => {
                let why = "the service's filter stopped it".to_owned();
                incoming.end = Some(End::Failed(CallErrorKind::Refusal, why));
            }
            Some(_) if !refused => incoming.end = Some(End::Complete),
            None if whole && !refused => incoming.end = Some(End::Complete),
            _ => {}
        }
        Ok(Step::More)
    }

    fn refused(&self, status: u16, body: &str) -> Problem {
        problem(Some(status), body)
    }
}

/// An error by its code, its type, its status, in that order.
fn problem(status: Option<u16>, body: &str) -> Problem {
    let (json, said) = parsed(body);
    let text = |path: &str| json.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    // Gateways write the status as the code.
    let numbered = json.pointer("/error/code").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok());
    let status = status.or(numbered);
    let named = [text("/error/code"), text("/error/type")].iter().find_map(|name| match name.as_str() {
        "invalid_api_key" | "authentication_error" => Some(CallErrorKind::Authentication),
        "billing_not_active" => Some(CallErrorKind::Billing),
        "insufficient_quota" | "billing_hard_limit_reached" => Some(CallErrorKind::Quota),
        "model_not_found" => Some(CallErrorKind::NotFound),
        "context_length_exceeded" | "exceed_context_size_error" => Some(CallErrorKind::ContextOverflow),
        "rate_limit_exceeded" => Some(CallErrorKind::RateLimited),
        "content_filter" | "content_policy_violation" => Some(CallErrorKind::Refusal),
        "timeout" => Some(CallErrorKind::Timeout(Phase::Service)),
        "overloaded_error" | "overloaded" => Some(CallErrorKind::Overloaded),
        _ => None,
    });
    let kind = named.unwrap_or_else(|| status.map_or(CallErrorKind::Server, CallErrorKind::of_status));
    let kind = match kind {
        CallErrorKind::InvalidRequest | CallErrorKind::Server if overflows(&said) => CallErrorKind::ContextOverflow,
        CallErrorKind::RateLimited if caps(&said) => CallErrorKind::Quota,
        kind => kind,
    };
    let mut problem = Problem::new(kind, &said);
    problem.status = status;
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_with_optional_or_unknown_properties_is_not_strict() {
        let object = |required: Value, more: bool| {
            json!({ "type": "array", "items": {
                "type": "object", "properties": { "a": { "type": "string" } },
                "required": required, "additionalProperties": more
            }})
        };
        assert!(strict(&object(json!(["a"]), false)));
        assert!(!strict(&object(json!([]), false)));
        assert!(!strict(&object(json!(["a"]), true)));
        assert!(!strict(&json!({ "type": "object" })));
    }

    #[test]
    fn an_error_goes_by_its_code_before_its_status() {
        let kind = |status, body: &str| problem(status, body).kind;
        assert_eq!(kind(Some(429), r#"{"error":{"code":"insufficient_quota","message":"m"}}"#), CallErrorKind::Quota);
        assert_eq!(kind(Some(429), r#"{"error":{"message":"Rate limit reached"}}"#), CallErrorKind::RateLimited);
        assert_eq!(kind(None, r#"{"error":{"code":502,"message":"m"}}"#), CallErrorKind::Server);
        assert_eq!(kind(Some(400), r#"{"error":{"code":"context_length_exceeded"}}"#), CallErrorKind::ContextOverflow);
        assert_eq!(kind(Some(401), "no JSON"), CallErrorKind::Authentication);
    }
}
