//! A hundred prompts beside one another, of which every other one meets a failure of its own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use certus_engine::{EffectId, EffectState, Outcome, Request};
use certus_providers::{Credential, Limits, Models, OpenAi, OutputLimit, Proxy, Secret, Service, Structured, Timeouts};
use fake_api::{Break, Fault, How, Play, Reply, Script, Step, Tokens};

use super::{Cast, Driver};
use crate::person::Nobody;
use crate::{Answers, Session, SessionOptions};

const PROMPTS: usize = 100;
/// What every answer takes, as the service says.
const TOKENS: Tokens = Tokens { uncached: 1_000, cache_read: 0, cache_write: 0, output: 100 };

fn said(text: &str) -> Reply {
    Reply { tokens: Some(TOKENS), ..Reply::new(text) }
}

/// What a prompt meets, how often before it is answered, and whether it ever is.
fn fate(number: usize) -> Option<(Play, Option<u32>)> {
    let broken = |how| Reply { breaks: Some(Break { after: 1, how }), ..said("{\"notes\": \"half of an answer\"}") };
    Some(match number % 10 {
        0 => (Fault::new("server", "").into(), Some(1)),
        1 => (Fault::new("rate-limit", "").with("retry-after", "1").into(), Some(1)),
        2 => (broken(How::Cut).into(), Some(1)),
        3 => (Play::CutBeforeHead, Some(1)),
        4 => (broken(How::Garbage).into(), None),
        5 => (Reply { stop: fake_api::Stop::Refusal, ..said("I will not.") }.into(), None),
        6 => (broken(How::Hang).into(), None),
        7 => (said("no JSON at all").into(), Some(1)),
        _ => return None,
    })
}

fn mark(number: usize) -> String {
    format!("case-{number:03}")
}

#[tokio::test]
async fn a_hundred_prompts_and_their_failures_end_and_lose_nothing_that_was_paid() {
    let steps = (0..PROMPTS).filter_map(|number| {
        let (play, times) = fate(number)?;
        Some(Step { when: mark(number), times, play })
    });
    let script =
        Script { steps: steps.collect(), otherwise: said("{\"notes\": \"done\"}").into(), ..Script::default() };
    let api = fake_api::FakeApi::start(script).await.expect("the server starts");
    let service = Service {
        name: "openai".to_owned(),
        base_url: format!("{}/v1", api.url()),
        credential: Credential::Key(Secret::new("test-key".to_owned()).expect("a key")),
        models: Models::one("gpt-5.1"),
        timeouts: Timeouts { idle: Duration::from_secs(1), ..Timeouts::default() },
        proxy: Proxy::Direct,
        limits: Limits::default(),
        shared: None,
        structured: Structured::Auto,
    };
    let folder = tempfile::tempdir().expect("a folder");
    let options = SessionOptions { project: Some(folder.path().to_owned()), ..SessionOptions::default() };
    let session = Session::open(options).expect("a project");
    let id = session.create("Add a discount to the cart", None).expect("a chain");
    let cast = Cast {
        provider: Arc::new(OpenAi::new(service, OutputLimit::Auto).expect("a provider")),
        provider_name: "openai".to_owned(),
        person: &Nobody,
        listener: &Nobody,
        answers: Answers::default(),
    };
    let mut driver = Driver::open(&session, id, cast).expect("a driver");
    driver.choose_provider();
    let first = driver.chain().next_effect();
    let request = |number: usize| Request::Prompt {
        name: "uncertainty_resolver".to_owned(),
        version: "1".to_owned(),
        arguments: BTreeMap::from([("specific_question".to_owned(), mark(number))]),
    };
    driver.intend_all((0..PROMPTS).map(request).collect());
    let ids: Vec<EffectId> = driver.chain().open_effects().map(|(id, _)| id).collect();
    assert_eq!((ids.len(), ids[0]), (PROMPTS, first));

    let ended = tokio::time::timeout(Duration::from_secs(120), driver.run_prompts(&ids)).await;
    let stop = ended.expect("nothing hangs").expect("nothing breaks");
    assert!(stop.is_some(), "some of them wait");
    driver.commit().await.expect("it is on disk");

    let chain = session.chain(id).expect("the chain");
    let (mut answered, mut paid_in_vain) = (0, 0);
    for (number, id) in ids.iter().enumerate() {
        let effect = chain.effect(*id).expect("an effect");
        let never = fate(number).is_some_and(|(_, times)| times.is_none());
        match effect.outcome() {
            Some(Outcome::Replied { .. }) => {
                assert!(!never, "{number}");
                answered += 1;
            }
            None => assert!(never && effect.state == EffectState::Deferred, "{number}: {effect:?}"),
            other => panic!("{number}: {other:?}"),
        }
        assert!(effect.reserved.is_none(), "{number}: what was set aside comes back");
        // What came of an attempt before the one that counts.
        let lost = effect.lost.tokens;
        match number % 10 {
            // Broken off, or nobody knows: counted as lost, whatever it was.
            2 | 3 | 4 | 6 => assert!(lost > 0, "{number}: {effect:?}"),
            // Paid for, as the service said.
            5 | 7 => {
                assert_eq!(lost, 1_100, "{number}");
                paid_in_vain += 1;
            }
            1 | 8 | 9 => assert_eq!(lost, 0, "{number}: {effect:?}"),
            _ => {}
        }
    }
    assert_eq!((answered, paid_in_vain), (70, 20));
    let spending = chain.spending();
    assert_eq!((spending.answered.tokens, spending.reserved.tokens), (1_100 * answered, 0), "{spending:?}");
    assert!(spending.lost.tokens > 1_100 * paid_in_vain, "{spending:?}");
    assert_eq!(chain.open_effects().count(), PROMPTS - 70);
    assert!(chain.pause().is_some());
    drop(api);
}
