//! One call over HTTP: connect, send once, read the stream to its end within bounds, and say by name what went wrong.
//!
//! What differs between the services is a [`Dialect`]; everything about connections, time, sizes and money is here, once.

mod connect;
mod frames;
mod incoming;
mod problem;

use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, TRANSFER_ENCODING};
use reqwest::{Method, Response};
use tokio::time::{Instant, timeout_at};

use crate::limit::{Limiter, Turn};
use crate::secret::Redactor;
use crate::{
    Answer, CallError, CallErrorKind, LARGEST_TOKEN, Phase, Progress, ProviderError, Request, Service, Timeouts,
};

pub(crate) use connect::{Address, on_this_machine, sign};
pub(crate) use frames::{Event, Lines, Sse};
use incoming::MOST_TEXT;
pub(crate) use incoming::{End, Incoming, Reported};
pub(crate) use problem::{Problem, caps, overflows, parsed};

/// Bytes of one answer, its framing included.
const MOST_ANSWER: u64 = 128 << 20;
/// Bytes that are read of an error or of a small reply.
const MOST_BODY: usize = 1 << 20;
/// Bytes of an answer that comes as one JSON object. As a string in it, a text takes up to twice its bytes.
const MOST_WHOLE: usize = (2 * MOST_TEXT) + MOST_BODY;
/// How long counting may take, whatever a call may: a count only says better what its length says at once.
const COUNTING: Duration = Duration::from_secs(5);
/// How long to wait for the end of a body whose last event is there, so that the connection can be used again.
const LAST_BYTES: Duration = Duration::from_millis(20);

/// Bytes at the beginning of a body by which it is named where it is no answer.
const LOOKED_AT: usize = 512;
/// Characters that are shown of it.
const SHOWN: usize = 100;
/// How what is said of a compressed answer begins.
pub(crate) const COMPRESSED: &str = "it is compressed";
/// What stands at a wrong address most often, or before a proxy lets anybody through.
const A_PAGE: &str = "it is a web page";

/// What a dialect makes of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// More follows.
    More,
    /// The service's own last event.
    Last,
}

/// How a service speaks.
pub(crate) trait Dialect: Send + Sync {
    /// Whether its streams are lines of JSON instead of server-sent events.
    const LINES: bool = false;
    /// Whether there are services of this dialect that leave the last event out.
    const LAST_MAY_LACK: bool = false;
    /// Whether a limit on the rate always says when it ends: one that does not is a limit on spending.
    const LIMITS_SAY_WHEN: bool = false;

    /// One event of an answer. Events and fields that are not known are skipped.
    fn event(&self, event: &Event, incoming: &mut Incoming<'_>) -> Result<Step, Problem>;

    /// What an error response says.
    fn refused(&self, status: u16, body: &str) -> Problem;
}

/// What to send.
pub(crate) struct Outgoing {
    /// Behind the base URL, with its slash.
    path: String,
    headers: HeaderMap,
    body: String,
}

impl Outgoing {
    /// Written down at once: a call waits for seconds, and nobody needs the tree of it meanwhile.
    pub(crate) fn new(path: String, headers: HeaderMap, body: serde_json::Value) -> Self {
        Self { path, headers, body: body.to_string() }
    }
}

/// A service as it is reached.
#[derive(Debug)]
pub(crate) struct Http {
    name: String,
    client: reqwest::Client,
    address: Address,
    timeouts: Timeouts,
    limiter: Limiter,
    redactor: Redactor,
}

impl Http {
    pub(crate) fn new(service: &Service) -> Result<Self, ProviderError> {
        let address = Address::parse(&service.base_url)?;
        let (client, mut secrets) = connect::client(service, &address)?;
        secrets.extend(service.credential.secret().cloned());
        Ok(Self {
            name: service.name.clone(),
            client,
            timeouts: service.timeouts,
            limiter: Limiter::new(service.limits, service.shared.as_deref(), &service.name, &service.base_url),
            redactor: Redactor::new(secrets),
            address,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn is_limited(&self) -> bool {
        self.limiter.limits()
    }

    pub(crate) async fn turn(&self, request: &Request) -> Option<Turn> {
        Some(self.limiter.turn(request.of_a_minute()).await)
    }

    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// Send a request and read its answer as it arrives.
    pub(crate) async fn answer<D: Dialect>(
        &self,
        dialect: &D,
        request: &Request,
        model: &str,
        outgoing: Outgoing,
        progress: &dyn Progress,
    ) -> Result<Answer, ProviderError> {
        let turn = match request.turn {
            Some(turn) => turn,
            None => self.limiter.turn(request.of_a_minute()).await,
        };
        let mut incoming = Incoming::new(request, progress, &self.redactor);
        let outcome = self.exchange(dialect, outgoing, &mut incoming).await;
        let result = incoming.finish(outcome, &self.name, model);
        let used = match &result {
            Ok(answer) => answer.usage.tokens(),
            Err(error) => error.spent.usage().tokens(),
        };
        self.limiter.settle(turn, used).await;
        result.map_err(ProviderError::Call)
    }

    /// Have the tokens of a request counted: a small request, whose reply has the count in this field. It bills nothing.
    pub(crate) async fn count<D: Dialect>(
        &self,
        dialect: &D,
        request: &Request,
        model: &str,
        outgoing: Outgoing,
        field: &str,
    ) -> Result<u64, ProviderError> {
        let turn = self.limiter.turn(0).await;
        let result = self.counted(dialect, request, outgoing, field).await;
        self.limiter.settle(turn, 0).await;
        result.map_err(|problem| {
            let error = problem.into_error(&self.name, model, &self.redactor);
            CallError { spent: crate::Spent::Nothing, ..error }.into()
        })
    }

    async fn counted<D: Dialect>(
        &self,
        dialect: &D,
        request: &Request,
        outgoing: Outgoing,
        field: &str,
    ) -> Result<u64, Problem> {
        let deadline = Instant::now() + self.timeouts.total.min(COUNTING);
        let mut response = self.send(dialect, outgoing, deadline).await?;
        readable(response.headers())?;
        let mut body = Body { timeouts: self.timeouts, deadline, read: 0 };
        let text = body.whole(&mut response, MOST_BODY).await?;
        let (json, said) = parsed(&text);
        match json[field].as_u64() {
            // What would be set aside for so few would not cover the call.
            Some(count) if count < request.length() as u64 / LARGEST_TOKEN => {
                Err(Problem::new(CallErrorKind::Unreadable, &format!("so long a request has more than {count} tokens")))
            }
            Some(count) => Ok(count),
            None if json.is_object() => Err(Problem::new(CallErrorKind::Unreadable, "there is no count in it")),
            None => Err(Problem::new(CallErrorKind::Unreadable, &said)),
        }
    }

    /// Send, and wait for the head of a good response.
    async fn send<D: Dialect>(&self, dialect: &D, outgoing: Outgoing, deadline: Instant) -> Result<Response, Problem> {
        let url = self.address.join(&outgoing.path);
        let request = self
            .client
            .request(Method::POST, url)
            .headers(outgoing.headers)
            .header(CONTENT_TYPE, "application/json")
            // Who asks for none may be given any.
            .header(ACCEPT_ENCODING, "identity")
            // Of a text, a copy would be kept until the answer comes, in case a redirection had to be followed.
            .body(reqwest::Body::wrap(outgoing.body));
        let head = (Instant::now() + self.timeouts.connect + self.timeouts.idle).min(deadline);
        let mut response = match timeout_at(head, request.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(connect::unsent(error)),
            Err(_) => return Err(Problem::new(CallErrorKind::Timeout(Phase::Idle), "")),
        };
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status().as_u16();
        let mut body = Body { timeouts: self.timeouts, deadline, read: 0 };
        // Without its body, or without one that can be read, an error still has its status.
        let text = match readable(response.headers()) {
            Ok(()) => body.whole(&mut response, MOST_BODY).await.unwrap_or_default(),
            Err(_) => String::new(),
        };
        let said = if response.status().is_redirection() {
            Problem::new(CallErrorKind::NotFound, "the service is somewhere else, and redirections are not followed")
        } else {
            dialect.refused(status, &text)
        };
        let mut problem = said.with_head(status, response.headers());
        if D::LIMITS_SAY_WHEN && problem.kind == CallErrorKind::RateLimited && problem.retry_after.is_none() {
            problem.kind = CallErrorKind::Quota;
        }
        Err(problem)
    }

    /// Everything between the turn and the verdict.
    async fn exchange<D: Dialect>(
        &self,
        dialect: &D,
        outgoing: Outgoing,
        incoming: &mut Incoming<'_>,
    ) -> Result<(), Problem> {
        let deadline = Instant::now() + self.timeouts.total;
        let mut response = self.send(dialect, outgoing, deadline).await?;
        incoming.begin(problem::request_id(response.headers()));
        readable(response.headers())?;
        let mut body = Body { timeouts: self.timeouts, deadline, read: 0 };
        let kind = content_type(response.headers());
        if !D::LINES && kind == "application/json" {
            // The service took no notice of `stream`.
            let data = body.whole(&mut response, MOST_WHOLE).await?;
            if data.len() >= MOST_WHOLE {
                return Err(incoming::too_long());
            }
            // Gemini makes a list of what would have been events.
            let list: Option<Vec<serde_json::Value>> = serde_json::from_str(&data).ok();
            let events = list.map_or_else(|| vec![data], |list| list.iter().map(ToString::to_string).collect());
            for data in events {
                let event = Event { name: String::new(), data };
                let step = dialect.event(&event, incoming);
                step.map_err(|problem| no_answer(problem, incoming, event.data.as_bytes(), false))?;
            }
            incoming.ended(true, false);
            return Ok(());
        }
        if kind == "text/html" {
            return Err(Problem::new(CallErrorKind::Unreadable, A_PAGE));
        }
        let mut lines = Lines::default();
        let mut sse = Sse::default();
        let mut start = Vec::new();
        loop {
            let chunk = body.chunk(&mut response).await?;
            if let Some(chunk) = chunk.as_ref().filter(|_| start.len() < LOOKED_AT) {
                start.extend(chunk.iter().take(LOOKED_AT - start.len()));
            }
            let ended = chunk.is_none();
            let too_long = |_| Problem::new(CallErrorKind::Unreadable, "a line of it is too long");
            lines.push(&chunk.unwrap_or_default()).map_err(too_long)?;
            let rest = if ended { lines.next_line().or_else(|| lines.rest()) } else { lines.next_line() };
            let mut next = rest;
            while let Some(line) = next {
                let event = if D::LINES {
                    (!line.trim().is_empty()).then(|| Event { name: String::new(), data: line })
                } else {
                    sse.line(&line)
                };
                if let Some(event) = event
                    && dialect
                        .event(&event, incoming)
                        .map_err(|problem| no_answer(problem, incoming, &start, !D::LINES))?
                        == Step::Last
                {
                    incoming.ended(true, false);
                    // Nothing but the end of the body may follow; whether it does changes nothing.
                    let _ = tokio::time::timeout(LAST_BYTES, response.chunk()).await;
                    return Ok(());
                }
                next = lines.next_line().or_else(|| if ended { lines.rest() } else { None });
            }
            if ended {
                if !D::LINES
                    && let Some(event) = sse.line("")
                {
                    // The blank line after the last event is missing; if its data is whole, so is the event.
                    if serde_json::from_str::<serde::de::IgnoredAny>(&event.data).is_ok() || event.data == "[DONE]" {
                        dialect.event(&event, incoming)?;
                    }
                }
                // Without chunks or a length nobody can tell the end of a body from a broken connection.
                let explicit =
                    response.headers().contains_key(TRANSFER_ENCODING) || response.content_length().is_some();
                incoming.ended(explicit, D::LAST_MAY_LACK);
                if incoming.events == 0 && explicit {
                    let none = Problem::new(CallErrorKind::Unreadable, "there is no event in it");
                    return Err(no_answer(none, incoming, &start, !D::LINES));
                }
                return Ok(());
            }
        }
    }
}

/// What came instead of an answer, by name, where nothing of it was understood and it is not even of the right form.
fn no_answer(problem: Problem, incoming: &Incoming<'_>, start: &[u8], events: bool) -> Problem {
    if problem.kind != CallErrorKind::Unreadable || incoming.events > 0 {
        return problem;
    }
    let text = String::from_utf8_lossy(start);
    let text = text.trim_start_matches('\u{feff}').trim();
    let is_event = |text: &str| ["data:", "event:", "id:", "retry:", ":"].iter().any(|field| text.starts_with(field));
    let said = match text.chars().next() {
        None => "it is empty".to_owned(),
        Some('<') => {
            let name = text.get(1..).unwrap_or_default().to_ascii_lowercase();
            let page = ["!doctype html", "html", "head", "body"].iter().any(|tag| name.starts_with(tag));
            if page { A_PAGE.to_owned() } else { "it is XML or HTML".to_owned() }
        }
        Some('{' | '[') => return problem,
        Some(_) if events && is_event(text) => return problem,
        Some(_) => {
            let line: String = text.lines().next().unwrap_or_default().chars().take(SHOWN).collect();
            format!("it is text: {line}")
        }
    };
    Problem::new(CallErrorKind::Unreadable, &said)
}

/// That a body is not compressed: nobody asked for that.
fn readable(headers: &HeaderMap) -> Result<(), Problem> {
    let named = headers.get_all(CONTENT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    // Some write the name of a character set there.
    let known = |coding: &&str| ["gzip", "x-gzip", "deflate", "br", "zstd", "compress"].contains(coding);
    let named = named.flat_map(|value| value.split(',')).map(|coding| coding.trim().to_ascii_lowercase());
    match named.collect::<Vec<_>>().iter().map(String::as_str).find(known) {
        Some(coding) => Err(Problem::new(
            CallErrorKind::Unreadable,
            &format!("{COMPRESSED} ({coding}), although nobody asked for that"),
        )),
        None => Ok(()),
    }
}

fn content_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Reading a body within its bounds.
struct Body {
    timeouts: Timeouts,
    deadline: Instant,
    read: u64,
}

impl Body {
    async fn chunk(&mut self, response: &mut Response) -> Result<Option<Vec<u8>>, Problem> {
        let idle = Instant::now() + self.timeouts.idle;
        let phase = if idle < self.deadline { Phase::Idle } else { Phase::Total };
        match timeout_at(idle.min(self.deadline), response.chunk()).await {
            Ok(Ok(chunk)) => {
                self.read += chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
                if self.read > MOST_ANSWER {
                    return Err(Problem::new(CallErrorKind::Unreadable, "it does not end"));
                }
                Ok(chunk.map(Into::into))
            }
            Ok(Err(error)) => Err(Problem::new(CallErrorKind::Cut, &connect::deepest(&error))),
            Err(_) => Err(Problem::new(CallErrorKind::Timeout(phase), "")),
        }
    }

    /// All of a body, or a little more than so much of it.
    async fn whole(&mut self, response: &mut Response, most: usize) -> Result<String, Problem> {
        let mut bytes = Vec::new();
        while bytes.len() < most {
            match self.chunk(response).await? {
                Some(chunk) => bytes.extend_from_slice(&chunk),
                None => break,
            }
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}
