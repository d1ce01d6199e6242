//! A thousand chains that wait for slow replies, in one process: `many_waiting PROJECT STATE URL CHAINS`. Its peak memory is
//! what `cargo xtask bench` looks at.
#![allow(clippy::print_stdout, reason = "says that all of them waited")]

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use certus_app::driver::{Cast, Driver, Stop};
use certus_app::person::Nobody;
use certus_app::{Answers, Session, SessionOptions};
use certus_providers::{
    Credential, Limits, Models, OpenAi, OutputLimit, Provider, Proxy, Secret, Service, Structured, Timeouts,
};
use futures_util::future::join_all;

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
        structured: Structured::Auto,
    };
    let provider: Arc<dyn Provider> = Arc::new(OpenAi::new(service, OutputLimit::Auto)?);
    let options = SessionOptions { project: Some(project), state: Some(state), ..SessionOptions::default() };
    let session = Session::open(options)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let stops = runtime.block_on(async {
        let drive = |number: usize| {
            let (session, provider) = (&session, Arc::clone(&provider));
            async move {
                let id = session.create(&format!("Add a discount of {number} cents to the cart"), None)?;
                let cast = Cast {
                    provider,
                    provider_name: "openai".to_owned(),
                    person: &Nobody,
                    listener: &Nobody,
                    answers: Answers::default(),
                };
                Driver::open(session, id, cast)?.drive(Some("context-building")).await
            }
        };
        join_all((0..chains).map(drive)).await
    });
    let mut reached = 0;
    for stop in stops {
        reached += usize::from(stop? == Stop::Until);
    }
    println!("{reached} of {chains}");
    if reached == chains { Ok(()) } else { Err("not all chains went on".into()) }
}
