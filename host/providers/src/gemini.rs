//! Gemini's own API, rather than its imitation of chat completions: only this one says why a model declined, what came from
//! the cache, how long to wait, and how many tokens a request has.

use async_trait::async_trait;
use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

use crate::http::{Dialect, End, Event, Http, Incoming, Outgoing, Problem, Reported, Step, overflows, parsed, sign};
use crate::{
    Answer, CallErrorKind, Credential, Models, Phase, Progress, Provider, ProviderError, Request, Service, Structured,
    Tier, Turn,
};

/// Gemini's own API.
#[derive(Debug)]
pub struct Gemini {
    http: Http,
    credential: Credential,
    models: Models,
    structured: Structured,
}

impl Gemini {
    /// Where it is when nothing else is said.
    pub const BASE_URL: &str = "https://generativelanguage.googleapis.com";

    /// Reached as `service` says; the paths `/v1beta/…` are put behind its base URL. Connects to nothing yet.
    ///
    /// # Errors
    /// An address that cannot be read; no certificates for secure connections.
    pub fn new(service: Service) -> Result<Self, ProviderError> {
        let http = Http::new(&service)?;
        let Service { credential, models, structured, .. } = service;
        Ok(Self { http, credential, models, structured })
    }

    /// A call of a model's method. The key goes into a header: addresses end up in logs.
    fn outgoing(&self, model: &str, method: &str, body: Value) -> Result<Outgoing, ProviderError> {
        let mut headers = HeaderMap::new();
        sign(&mut headers, &self.credential, "x-goog-api-key", "")?;
        Ok(Outgoing::new(format!("/v1beta/models/{model}:{method}"), headers, body))
    }
}

/// Models may be configured with the prefix that the service's lists show.
fn bare(model: &str) -> &str {
    model.strip_prefix("models/").unwrap_or(model)
}

fn content(request: &Request) -> Value {
    let user = request.user();
    let only = user.trim().is_empty();
    let text = if only { &*request.stable } else { &*user };
    let mut body = json!({ "contents": [{ "role": "user", "parts": [{ "text": text }] }] });
    if !request.stable.trim().is_empty() && !only {
        body["systemInstruction"] = json!({ "parts": [{ "text": request.stable }] });
    }
    body
}

#[async_trait]
impl Provider for Gemini {
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
        let model = bare(self.models.of(request.tier));
        let mut body = content(&request);
        let mut config = json!({ "maxOutputTokens": request.max_output_tokens });
        if let Some(schema) = request.schema.as_ref().filter(|_| self.structured == Structured::Auto) {
            config["responseMimeType"] = json!("application/json");
            config["responseJsonSchema"] = Value::clone(schema);
        }
        body["generationConfig"] = config;
        let outgoing = self.outgoing(model, "streamGenerateContent?alt=sse", body)?;
        self.http.answer(&Generation, &request.sent(), model, outgoing, progress).await
    }

    async fn count(&self, request: &Request) -> Result<Option<u64>, ProviderError> {
        let model = bare(self.models.of(request.tier));
        let mut asked = content(request);
        asked["model"] = json!(format!("models/{model}"));
        let outgoing = self.outgoing(model, "countTokens", json!({ "generateContentRequest": asked }))?;
        self.http.count(&Generation, request, model, outgoing, "totalTokens").await.map(Some)
    }
}

struct Generation;

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Wire {
    candidates: Vec<WireCandidate>,
    prompt_feedback: Option<WireFeedback>,
    usage_metadata: Option<WireUsage>,
    model_version: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct WireCandidate {
    content: WireContent,
    finish_reason: Option<String>,
    finish_message: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireContent {
    parts: Vec<WirePart>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WirePart {
    text: String,
    thought: bool,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct WireFeedback {
    block_reason: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct WireUsage {
    #[serde(deserialize_with = "crate::count::or_nothing")]
    prompt_token_count: u64,
    #[serde(deserialize_with = "crate::count::or_nothing")]
    cached_content_token_count: u64,
    #[serde(deserialize_with = "crate::count::or_nothing")]
    candidates_token_count: u64,
    #[serde(deserialize_with = "crate::count::or_nothing")]
    thoughts_token_count: u64,
}

impl Dialect for Generation {
    fn event(&self, event: &Event, incoming: &mut Incoming<'_>) -> Result<Step, Problem> {
        let unreadable = |_| Problem::new(CallErrorKind::Unreadable, "an event of it is not JSON");
        let value: Value = serde_json::from_str(&event.data).map_err(unreadable)?;
        if value.get("error").is_some_and(|error| !error.is_null()) {
            return Err(problem(None, &event.data));
        }
        let Ok(wire) = Wire::deserialize(&value) else { return Ok(Step::More) };
        incoming.events += 1;
        if wire.model_version.is_some() {
            incoming.model = wire.model_version;
        }
        let candidate = wire.candidates.into_iter().next().unwrap_or_default();
        if let Some(usage) = wire.usage_metadata {
            incoming.usage.input_tokens = usage.prompt_token_count;
            incoming.usage.cached_tokens = usage.cached_content_token_count.min(usage.prompt_token_count);
            incoming.usage.output_tokens = usage.candidates_token_count.saturating_add(usage.thoughts_token_count);
            let last = candidate.finish_reason.is_some() || wire.prompt_feedback.is_some();
            incoming.reported(if last { Reported::Fully } else { Reported::Partly });
        }
        for part in candidate.content.parts.iter().filter(|part| !part.thought) {
            incoming.push(&part.text);
        }
        if let Some(reason) = wire.prompt_feedback.and_then(|feedback| feedback.block_reason) {
            incoming.end = Some(End::Failed(CallErrorKind::Refusal, format!("the request was blocked: {reason}")));
        }
        let explained = |reason: &str| candidate.finish_message.clone().unwrap_or_else(|| reason.to_owned());
        match candidate.finish_reason.as_deref() {
            None | Some("FINISH_REASON_UNSPECIFIED") => {}
            Some("MAX_TOKENS") => incoming.end = Some(End::Failed(CallErrorKind::Truncated, String::new())),
            Some("STOP") => incoming.end = Some(End::Complete),
            Some(
                reason @ ("SAFETY" | "RECITATION" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII" | "LANGUAGE"
                | "IMAGE_SAFETY"),
            ) => incoming.end = Some(End::Failed(CallErrorKind::Refusal, explained(reason))),
            // What is not known yet ends an answer too; whether it can be used, its reader finds out.
            Some(_) => incoming.end = Some(End::Complete),
        }
        Ok(Step::More)
    }

    fn refused(&self, status: u16, body: &str) -> Problem {
        problem(Some(status), body)
    }
}

fn problem(status: Option<u16>, body: &str) -> Problem {
    let (json, said) = parsed(body);
    let status = status
        .or_else(|| json.pointer("/error/code").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok()));
    let details = json.pointer("/error/details").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let named = match json.pointer("/error/status").and_then(Value::as_str).unwrap_or_default() {
        "INVALID_ARGUMENT" if details.iter().any(|detail| detail["reason"] == "API_KEY_INVALID") => {
            Some(CallErrorKind::Authentication)
        }
        "UNAUTHENTICATED" => Some(CallErrorKind::Authentication),
        // A region or an account for which there is no service.
        "PERMISSION_DENIED" | "FAILED_PRECONDITION" => Some(CallErrorKind::Permission),
        "NOT_FOUND" => Some(CallErrorKind::NotFound),
        "RESOURCE_EXHAUSTED" if spends_the_day(details) => Some(CallErrorKind::Quota),
        "RESOURCE_EXHAUSTED" => Some(CallErrorKind::RateLimited),
        "UNAVAILABLE" => Some(CallErrorKind::Overloaded),
        "DEADLINE_EXCEEDED" => Some(CallErrorKind::Timeout(Phase::Service)),
        _ => None,
    };
    let kind = named.unwrap_or_else(|| status.map_or(CallErrorKind::Server, CallErrorKind::of_status));
    let kind = match kind {
        CallErrorKind::InvalidRequest if overflows(&said) => CallErrorKind::ContextOverflow,
        kind => kind,
    };
    let mut problem = Problem::new(kind, &said);
    problem.status = status;
    if kind != CallErrorKind::Quota {
        problem.retry_after = details.iter().find_map(|detail| seconds(detail["retryDelay"].as_str()?));
    }
    problem
}

/// A quota of a day does not come back in a minute, although the service names a delay even then.
fn spends_the_day(details: &[Value]) -> bool {
    let violations = details.iter().filter_map(|detail| detail["violations"].as_array()).flatten();
    violations.filter_map(|violation| violation["quotaId"].as_str()).any(|id| id.contains("PerDay"))
}

/// `34.5s`.
fn seconds(text: &str) -> Option<Duration> {
    let seconds: f64 = text.strip_suffix('s')?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_of_the_minute_says_when_and_one_of_the_day_does_not_count_as_one() {
        let body = |id: &str| {
            json!({ "error": { "code": 429, "status": "RESOURCE_EXHAUSTED", "message": "m", "details": [
                { "violations": [{ "quotaId": id }] }, { "retryDelay": "34.5s" }
            ]}})
            .to_string()
        };
        let minute = problem(Some(429), &body("GenerateRequestsPerMinutePerProjectPerModel"));
        assert_eq!(
            (minute.kind, minute.retry_after),
            (CallErrorKind::RateLimited, Some(Duration::from_millis(34_500)))
        );
        let day = problem(Some(429), &body("GenerateRequestsPerDayPerProjectPerModel"));
        assert_eq!((day.kind, day.retry_after), (CallErrorKind::Quota, None));
    }
}
