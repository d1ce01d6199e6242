//! Ollama's own API, rather than its imitation of chat completions: only here can the context window be chosen. Its default
//! is small, and what does not fit is cut off without a word.

use async_trait::async_trait;
use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::{Dialect, End, Event, Http, Incoming, Outgoing, Problem, Reported, Step, overflows, parsed, sign};
use crate::{
    Answer, Billing, CallError, CallErrorKind, Credential, Models, Progress, Provider, ProviderError, Request, Service,
    Spent, Structured, Tier, Turn,
};

/// Windows are asked for in steps, because a model is loaded again whenever its window changes.
const STEP: u64 = 8192;

/// Ollama's own API.
#[derive(Debug)]
pub struct Ollama {
    http: Http,
    credential: Credential,
    models: Models,
    structured: Structured,
    largest_window: u64,
}

impl Ollama {
    /// Where it is when nothing else is said.
    pub const BASE_URL: &str = "http://127.0.0.1:11434";

    /// The largest window that is asked for when nothing else is said, in tokens. Memory grows with it.
    pub const LARGEST_WINDOW: u64 = 32_768;

    /// Reached as `service` says; `/api/chat` is put behind its base URL. A request that may need more than `largest_window`
    /// tokens, its answer included, is refused before it is sent. Connects to nothing yet.
    ///
    /// # Errors
    /// An address that cannot be read; no certificates for secure connections.
    pub fn new(service: Service, largest_window: u64) -> Result<Self, ProviderError> {
        let http = Http::new(&service)?;
        let Service { credential, models, structured, .. } = service;
        Ok(Self { http, credential, models, structured, largest_window })
    }

    /// The window that a request needs. The schema bounds what is written and is not read by the model.
    fn window(&self, request: &Request, model: &str) -> Result<u64, ProviderError> {
        let needed = request.text_tokens().saturating_add(u64::from(request.max_output_tokens));
        if needed <= self.largest_window {
            return Ok(needed.next_multiple_of(STEP).min(self.largest_window));
        }
        let error = CallError {
            kind: CallErrorKind::ContextOverflow,
            provider: self.http.name().to_owned(),
            model: model.to_owned(),
            status: None,
            said: format!("it may need {needed} tokens, and {} are allowed", self.largest_window),
            spent: Spent::Nothing,
            partial: None,
            request_id: None,
            retry_after: None,
            should_retry: None,
        };
        Err(error.into())
    }
}

#[async_trait]
impl Provider for Ollama {
    fn name(&self) -> &str {
        self.http.name()
    }

    fn model(&self, tier: Tier) -> String {
        self.models.of(tier).to_owned()
    }

    fn billing(&self) -> Billing {
        Billing::Tokens
    }

    fn schema_takes_window(&self) -> bool {
        false
    }

    fn is_limited(&self) -> bool {
        self.http.is_limited()
    }

    async fn turn(&self, request: &Request) -> Option<Turn> {
        self.http.turn(request).await
    }

    async fn answer(&self, request: Request, progress: &dyn Progress) -> Result<Answer, ProviderError> {
        let model = self.models.of(request.tier);
        let window = self.window(&request, model)?;
        let mut body = json!({
            "model": model,
            "messages": request.messages(),
            "stream": true,
            "truncate": false,
            "options": { "num_predict": request.max_output_tokens, "num_ctx": window },
        });
        if let Some(schema) = request.schema.as_ref().filter(|_| self.structured == Structured::Auto) {
            body["format"] = Value::clone(schema);
        }
        let mut headers = HeaderMap::new();
        sign(&mut headers, &self.credential, "authorization", "Bearer ")?;
        let outgoing = Outgoing::new("/api/chat".to_owned(), headers, body);
        self.http.answer(&Chat, &request.sent(), model, outgoing, progress).await
    }
}

struct Chat;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Wire {
    model: Option<String>,
    message: WireMessage,
    done: bool,
    done_reason: Option<String>,
    #[serde(deserialize_with = "crate::count::some")]
    prompt_eval_count: Option<u64>,
    #[serde(deserialize_with = "crate::count::some")]
    eval_count: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireMessage {
    content: String,
}

impl Dialect for Chat {
    const LINES: bool = true;

    fn event(&self, event: &Event, incoming: &mut Incoming<'_>) -> Result<Step, Problem> {
        let unreadable = |_| Problem::new(CallErrorKind::Unreadable, "a line of it is not JSON");
        let value: Value = serde_json::from_str(&event.data).map_err(unreadable)?;
        if value.get("error").is_some_and(|error| !error.is_null()) {
            return Err(problem(None, &event.data));
        }
        let Ok(wire) = Wire::deserialize(&value) else { return Ok(Step::More) };
        incoming.events += 1;
        if wire.model.is_some() {
            incoming.model = wire.model;
        }
        incoming.push(&wire.message.content);
        if !wire.done {
            return Ok(Step::More);
        }
        if let (Some(input), Some(output)) = (wire.prompt_eval_count, wire.eval_count) {
            incoming.usage.input_tokens = input;
            incoming.usage.output_tokens = output;
            incoming.reported(Reported::Fully);
        }
        incoming.end = Some(match wire.done_reason.as_deref() {
            Some("length") => End::Failed(CallErrorKind::Truncated, String::new()),
            _ => End::Complete,
        });
        Ok(Step::Last)
    }

    fn refused(&self, status: u16, body: &str) -> Problem {
        problem(Some(status), body)
    }
}

fn problem(status: Option<u16>, body: &str) -> Problem {
    let (_, said) = parsed(body);
    let kind = match status.map_or(CallErrorKind::Server, CallErrorKind::of_status) {
        CallErrorKind::InvalidRequest | CallErrorKind::Server if overflows(&said) => CallErrorKind::ContextOverflow,
        kind => kind,
    };
    let mut problem = Problem::new(kind, &said);
    problem.status = status;
    problem
}
