//! A thousand chains that wait for slow replies, in one process: `many_waiting PROJECT STATE URL CHAINS` prints one JSON object
//! with its memory once all of them wait, for `cargo xtask bench`. Chains begin some at a time, as they do in life: what is looked at is a thousand that wait,
//! and not a thousand that read the project in the same moment.
#![allow(clippy::print_stdout, reason = "its output is JSON for `cargo xtask bench`")]

use std::error::Error;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use certus_app::driver::{Cast, Driver, Stop};
use certus_app::engine::{Chain, Event};
use certus_app::person::{Listener, Nobody};
use certus_app::{Answers, Session, SessionOptions};
use certus_providers::{
    Credential, Limits, Models, OpenAi, OutputLimit, Provider, Proxy, Secret, Service, Structured, Timeouts,
};
use futures_util::future::join_all;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Chains that begin at once.
const BEGINNING: usize = 16;

/// How many wait, and the memory when the last of them began to.
struct Waiting {
    chains: usize,
    begun: AtomicUsize,
    megabytes: OnceLock<f64>,
}

/// Lets another chain begin once this one waits for its first answer.
struct Begun<'a>(&'a Waiting, Mutex<Option<OwnedSemaphorePermit>>);

impl Listener for Begun<'_> {
    fn recorded(&self, _: &[Event], _: &Chain) {}
    fn busy(&self, what: &str) {
        if what != "triage" || self.1.lock().unwrap_or_else(PoisonError::into_inner).take().is_none() {
            return;
        }
        if self.0.begun.fetch_add(1, Ordering::Relaxed) + 1 == self.0.chains
            && let Some(megabytes) = resident()
        {
            let _ = self.0.megabytes.set(megabytes);
        }
    }
}

/// The memory of this process, where the system says it.
fn resident() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().strip_suffix(" kB")?;
    Some(kilobytes.parse::<f64>().ok()? * 1024.0 / 1e6)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("many_waiting PROJECT STATE URL CHAINS");
    let (project, state, url, chains) = (PathBuf::from(next()?), PathBuf::from(next()?), next()?, next()?.parse()?);
    let service = Service {
        name: "openai".to_owned(),
        base_url: format!("{url}/v1"),
        credential: Credential::Key(Secret::new("test-key".to_owned())?),
        models: Models::one("gpt-5.1"),
        timeouts: Timeouts::default(),
        proxy: Proxy::Direct,
        limits: Limits::default(),
        shared: None,
        structured: Structured::Auto,
    };
    let provider: Arc<dyn Provider> = Arc::new(OpenAi::new(service, OutputLimit::Auto)?);
    let options = SessionOptions { project: Some(project), state: Some(state), ..SessionOptions::default() };
    let session = Session::open(options)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let waiting = Waiting { chains, begun: AtomicUsize::new(0), megabytes: OnceLock::new() };
    let stops = runtime.block_on(async {
        let turns = Arc::new(Semaphore::new(BEGINNING));
        let drive = |number: usize| {
            let (session, provider, turns, waiting) = (&session, Arc::clone(&provider), Arc::clone(&turns), &waiting);
            async move {
                let begun = Begun(waiting, Mutex::new(Some(turns.acquire_owned().await?)));
                let id = session.create(&format!("Add a discount of {number} cents to the cart"), None)?;
                let cast = Cast {
                    provider,
                    provider_name: "openai".to_owned(),
                    person: &Nobody,
                    listener: &begun,
                    answers: Answers::default(),
                };
                Ok::<_, Box<dyn Error>>(Driver::open(session, id, cast)?.drive(Some("context-building")).await?)
            }
        };
        join_all((0..chains).map(drive)).await
    });
    let mut reached = 0;
    for stop in stops {
        reached += usize::from(stop? == Stop::Until);
    }
    println!("{}", serde_json::json!({ "reached": reached, "waiting_mb": waiting.megabytes.get() }));
    if reached == chains { Ok(()) } else { Err("not all chains went on".into()) }
}
