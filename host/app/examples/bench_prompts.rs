//! What Certus adds to a prompt run: `bench_prompts PROJECT STATE` prints one JSON object.
//!
//! Chains are driven against a local imitation of a model service that answers at once. What is added is the time in which no
//! call is in flight (asking the controller, rendering, setting money aside, two transactions on disk, reading the reply,
//! looking its quotes up), and by how much a call through the driver takes longer than the same request of a bare client of
//! the same library to the same server.
#![allow(clippy::print_stdout, reason = "its output is JSON for `cargo xtask bench`")]

use std::error::Error;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use certus_app::driver::{Cast, Driver};
use certus_app::engine::{Body, Chain, Event, Outcome};
use certus_app::person::{Listener, Nobody};
use certus_app::{Answers, Session, SessionOptions, async_trait};
use certus_providers::{
    Answer, Billing, Credential, Limits, Models, OpenAi, OutputLimit, Progress, Provider, ProviderError, Proxy,
    Request, Secret, Service, Structured, Tier, Timeouts,
};
use fake_api::{FakeApi, Reply, Script};
use serde_json::json;

/// Chains that are driven, after one that fills the caches.
const CHAINS: usize = 30;

const REPLY: &str = r#"{"notes": "Clear.", "discovered": [{"key": "session", "value": "express-session", "evidence":
 {"path": "package.json", "line": 20, "quote": "\"express-session\": \"^1.18.0\","}}], "uncertainties": [], "confidence":
 [{"area": "requirements", "confidence": 0.95}, {"area": "security", "confidence": 0.95}], "questions": [], "decisions": [],
 "gap": null, "next": [], "artifacts": []}"#;

type Done<T> = Result<T, Box<dyn Error>>;

/// Notes when calls are in flight.
struct Watched {
    inner: OpenAi,
    calls: Mutex<Vec<(Instant, Instant, Request)>>,
}

#[async_trait]
impl Provider for Watched {
    fn name(&self) -> &str {
        self.inner.name()
    }
    fn model(&self, tier: Tier) -> String {
        self.inner.model(tier)
    }
    fn billing(&self) -> Billing {
        self.inner.billing()
    }
    async fn answer(&self, request: Request, progress: &dyn Progress) -> Result<Answer, ProviderError> {
        let begun = Instant::now();
        let answer = self.inner.answer(request.clone(), progress).await;
        let call = (begun, Instant::now(), request);
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
        answer
    }
}

/// Notes when the project was read: that is no part of a prompt run.
#[derive(Default)]
struct Start(Mutex<Option<Instant>>);

impl Listener for Start {
    fn recorded(&self, events: &[Event], _: &Chain) {
        let read = |event: &Event| matches!(&event.body, Body::Outcome { outcome: Outcome::ProjectRead(_), .. });
        if events.iter().any(read) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(Instant::now);
        }
    }
    fn busy(&self, _: &str) {}
}

fn main() -> Done<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(project), Some(state)) = (arguments.next(), arguments.next()) else {
        return Err("bench_prompts PROJECT STATE".into());
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let added = runtime.block_on(measure(project, state))?;
    println!("{}", json!({ "added_ms": added }));
    Ok(())
}

async fn measure(project: PathBuf, state: PathBuf) -> Done<Vec<f64>> {
    let api = FakeApi::start(Script::always(Reply::new(REPLY))).await?;
    let service = Service {
        name: "openai".to_owned(),
        base_url: format!("{}/v1", api.url()),
        credential: Credential::Key(Secret::new("test-key".to_owned())?),
        models: Models::one("gpt-5.1"),
        timeouts: Timeouts::default(),
        proxy: Proxy::Direct,
        limits: Limits::default(),
        shared: None,
        structured: Structured::Auto,
    };
    let bare = OpenAi::new(service.clone(), OutputLimit::Auto)?;
    let inner = OpenAi::new(service, OutputLimit::Auto)?;
    let watched = Arc::new(Watched { inner, calls: Mutex::default() });
    let options = SessionOptions { project: Some(project), state: Some(state), ..SessionOptions::default() };
    let session = Session::open(options)?;
    let mut added = Vec::new();
    for round in 0..=CHAINS {
        let id = session.create(&format!("Add a discount of {round} percent to the cart"), None)?;
        let start = Start::default();
        let cast = Cast {
            provider: Arc::clone(&watched) as Arc<dyn Provider>,
            provider_name: "openai".to_owned(),
            person: &Nobody,
            listener: &start,
            answers: Answers::default(),
        };
        let mut driver = Driver::open(&session, id, cast)?;
        driver.drive(Some("uncertainty-analysis")).await?;
        let end = Instant::now();
        let begun = start.0.into_inner().ok().flatten().ok_or("the project was not read")?;
        let mut calls = std::mem::take(&mut *watched.calls.lock().unwrap_or_else(PoisonError::into_inner));
        calls.sort_by_key(|call| call.0);
        let (busy, alone) = in_flight(&calls);
        let outside = end.duration_since(begun).saturating_sub(busy).as_secs_f64() / calls.len() as f64;
        let mut longer = Vec::new();
        for (index, taken) in alone {
            let since = Instant::now();
            bare.answer(calls[index].2.clone(), &()).await?;
            longer.push(taken.as_secs_f64() - since.elapsed().as_secs_f64());
        }
        longer.sort_by(f64::total_cmp);
        let longer = longer.get(longer.len() / 2).copied().unwrap_or(0.0);
        if round > 0 {
            added.push((outside + longer) * 1000.0);
        }
    }
    Ok(added)
}

/// For how long any call was in flight, and which were so alone, and for how long.
fn in_flight(calls: &[(Instant, Instant, Request)]) -> (Duration, Vec<(usize, Duration)>) {
    let (mut busy, mut alone) = (Duration::ZERO, Vec::new());
    let mut until: Option<Instant> = None;
    for (index, (begun, ended, _)) in calls.iter().enumerate() {
        let from = until.map_or(*begun, |until| until.max(*begun));
        busy += ended.saturating_duration_since(from);
        let before = until.is_none_or(|until| until <= *begun);
        let after = calls.get(index + 1).is_none_or(|next| next.0 >= *ended);
        if before && after {
            alone.push((index, ended.duration_since(*begun)));
        }
        until = Some(until.map_or(*ended, |until| until.max(*ended)));
    }
    (busy, alone)
}
