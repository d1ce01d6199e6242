//! Connections, routing and the log.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http_body_util::{BodyExt, Either, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::api::{self, Api, Asked, Head, Said};
use crate::cache::{Cached, Caches};
use crate::play::{self, Written};
use crate::script::{Fault, Play, Reply, Script};

/// One request and what became of it.
#[derive(Debug, Clone, Serialize)]
pub struct Logged {
    /// Which service was asked.
    pub api: String,
    /// Of the client's end of the connection.
    pub port: u16,
    /// With its query.
    pub path: String,
    /// All but the one with the key, in lower case.
    pub headers: BTreeMap<String, String>,
    /// As JSON; null when it was none.
    pub body: Value,
    /// The status that it was answered with; 0 when it was not.
    pub status: u16,
    /// How it ended.
    pub ended: Ended,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// It is being answered.
    Open,
    /// The server wrote all that it wanted to write.
    Played,
    /// The client closed the connection before that.
    Cancelled,
}

struct State {
    script: Script,
    used: Mutex<Vec<u32>>,
    caches: Mutex<Caches>,
    log: Mutex<Vec<Logged>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A running server. It stops when it is dropped.
pub struct FakeApi {
    address: SocketAddr,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

impl Drop for FakeApi {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl FakeApi {
    /// Serve a script on a free port of this machine.
    ///
    /// # Errors
    /// There is no free port.
    pub async fn start(script: Script) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let used = Mutex::new(vec![0; script.steps.len()]);
        let state = Arc::new(State { script, used, caches: Mutex::default(), log: Mutex::default() });
        let shared = Arc::clone(&state);
        let accepting = tokio::spawn(async move {
            // The connections end with the listener.
            let mut connections = tokio::task::JoinSet::new();
            loop {
                let Ok((stream, client)) = listener.accept().await else { continue };
                connections.spawn(serve(stream, client.port(), Arc::clone(&shared)));
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Self { address, state, accepting })
    }

    /// `http://127.0.0.1:PORT`, without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All requests so far, in the order of their arrival.
    pub fn log(&self) -> Vec<Logged> {
        lock(&self.state.log).clone()
    }
}

async fn serve(stream: TcpStream, port: u16, state: Arc<State>) {
    let _ = stream.set_nodelay(true);
    let service = hyper::service::service_fn(move |request| answer(request, port, Arc::clone(&state)));
    // A broken connection is what many tests want.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

type Answer = Response<Either<Full<Bytes>, Written>>;

/// Notes how a request ended, also when it is dropped in the middle.
struct Entry {
    state: Arc<State>,
    index: usize,
}

impl Entry {
    fn status(&self, status: u16) {
        self.update(|logged| logged.status = status);
    }

    fn ended(&self, ended: Ended) {
        self.update(|logged| logged.ended = ended);
    }

    fn update(&self, change: impl FnOnce(&mut Logged)) {
        if let Some(logged) = lock(&self.state.log).get_mut(self.index) {
            change(logged);
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.update(|logged| {
            if logged.ended == Ended::Open {
                logged.ended = Ended::Cancelled;
            }
        });
    }
}

async fn answer(request: Request<Incoming>, port: u16, state: Arc<State>) -> io::Result<Answer> {
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    if head.method == Method::GET && path == "/log" {
        let log = serde_json::to_string(&*lock(&state.log)).unwrap_or_default();
        return Ok(whole(200, "application/json", log));
    }
    let Some(api) = api::of_path(&path) else {
        return Ok(whole(404, "text/plain", "404 page not found".to_owned()));
    };
    let bytes = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let query = head.uri.query().unwrap_or_default();
    let entry = log(&state, port, api, &head, &body);
    let key = ["x-api-key", "x-goog-api-key", "authorization"].into_iter().find_map(header).unwrap_or_default();
    let key = key.trim_start_matches("Bearer ").to_owned();
    let asked = match (head.method == Method::POST, header("content-type").as_deref()) {
        (true, Some("application/json")) => {
            let head = Head { path: &path, query, header: &header };
            api.check(&state.script, &head, &body)
        }
        _ => Err(api::invalid("only POST with application/json is understood")),
    };
    let asked = match asked {
        Ok(asked) => asked,
        Err(fault) => return Ok(refuse(api, &fault, &key, &entry)),
    };
    let play = match (asked.counts, &state.script.counting) {
        (false, _) => next(&state, &asked.text),
        (true, Some(play)) => play.clone(),
        (true, None) => Play::Body {
            content_type: "application/json".to_owned(),
            text: api.counted(state.script.counts.unwrap_or_else(|| api::count(&asked.text))).to_string(),
        },
    };
    match play {
        Play::Fault(fault) => Ok(refuse(api, &fault, &key, &entry)),
        Play::Body { content_type, text } => {
            entry.status(200);
            entry.ended(Ended::Played);
            Ok(whole(200, &content_type, text))
        }
        Play::CutBeforeHead => {
            entry.ended(Ended::Played);
            Err(io::Error::from(io::ErrorKind::ConnectionReset))
        }
        Play::Hang => match play::never().await {},
        Play::Reply(reply) => Ok(reply_with(api, asked, reply, entry)),
    }
}

fn log(state: &Arc<State>, port: u16, api: &dyn Api, head: &hyper::http::request::Parts, body: &Value) -> Entry {
    let secret = ["x-api-key", "x-goog-api-key", "authorization"];
    let headers = head.headers.iter().filter(|(name, _)| !secret.contains(&name.as_str()));
    let headers =
        headers.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    let logged = Logged {
        api: api.name().to_owned(),
        port,
        path: head.uri.to_string(),
        headers: headers.collect(),
        body: body.clone(),
        status: 0,
        ended: Ended::Open,
    };
    let mut log = lock(&state.log);
    log.push(logged);
    Entry { state: Arc::clone(state), index: log.len() - 1 }
}

/// The step that answers a request.
fn next(state: &State, text: &str) -> Play {
    let mut used = lock(&state.used);
    for (step, used) in state.script.steps.iter().zip(used.iter_mut()) {
        if text.contains(&step.when) && step.times.is_none_or(|times| *used < times) {
            *used += 1;
            return step.play.clone();
        }
    }
    state.script.otherwise.clone()
}

fn refuse(api: &dyn Api, fault: &Fault, key: &str, entry: &Entry) -> Answer {
    let fault = Fault { message: fault.message.replace("{key}", key), ..fault.clone() };
    let (status, body) = api.fault(&fault);
    entry.status(status);
    entry.ended(Ended::Played);
    let mut answer = whole(status, "application/json", body.to_string());
    for (name, value) in &fault.headers {
        let parsed = (hyper::header::HeaderName::try_from(name), hyper::header::HeaderValue::try_from(value));
        if let (Ok(name), Ok(value)) = parsed {
            answer.headers_mut().insert(name, value);
        }
    }
    answer
}

fn reply_with(api: &'static dyn Api, asked: Asked, reply: Reply, entry: Entry) -> Answer {
    entry.status(200);
    let caches = entry.state.script.caches;
    let cached = if caches { lock(&entry.state.caches).look_up(&asked) } else { Cached::default() };
    let said = Said::of(&reply, &asked, cached);
    if !asked.streams {
        entry.ended(Ended::Played);
        return whole(200, "application/json", api.whole(&asked, &said).to_string());
    }
    let frames = api.frames(&asked, &said);
    let (writer, body) = play::body();
    tokio::spawn(async move {
        let keep = || {
            if caches {
                lock(&entry.state.caches).keep(&asked);
            }
        };
        let played = writer.play(api, &frames, &reply, keep).await;
        entry.ended(if played.is_ok() { Ended::Played } else { Ended::Cancelled });
    });
    respond(200, api.content_type(), Either::Right(body))
}

fn whole(status: u16, content_type: &str, text: String) -> Answer {
    respond(status, content_type, Either::Left(Full::new(Bytes::from(text))))
}

fn respond(status: u16, content_type: &str, body: Either<Full<Bytes>, Written>) -> Answer {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = [
        ("content-type", content_type),
        ("request-id", "req_1"),
        ("x-request-id", "req_1"),
        ("anthropic-ratelimit-requests-limit", "50"),
        ("anthropic-ratelimit-requests-remaining", "49"),
        ("anthropic-ratelimit-requests-reset", "2026-01-01T00:00:00Z"),
    ];
    for (name, value) in headers {
        if let Ok(value) = hyper::header::HeaderValue::try_from(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
