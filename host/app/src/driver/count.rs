//! What a request takes as its service counts it, where its length alone says that it is too much. Counting is a help and no
//! condition: what could not be counted goes by its length, and whoever is told that it does not fit is told so too.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use certus_engine::EffectId;
use certus_providers::{CallErrorKind, ProviderError};

use super::Driver;

/// How long counting may take before a person is told what is waited for.
const UNSAID: Duration = Duration::from_secs(1);
/// Characters of the reason why nobody counted.
const SHOWN: usize = 200;

/// Requests that their service could not count.
#[derive(Debug, Default)]
pub(super) struct Uncounted {
    /// Which, and why.
    why: BTreeMap<EffectId, String>,
    /// It did not count in time once: nobody waits for that again.
    slow: Option<String>,
}

impl Driver<'_> {
    /// Input tokens of a request as its service counts them. Nothing where it does not count, or cannot now.
    pub(super) async fn counted(&mut self, id: EffectId, request: &certus_providers::Request) -> Option<u64> {
        self.uncounted.why.remove(&id);
        if let Some(why) = self.uncounted.slow.clone() {
            self.uncounted.why.insert(id, why);
            return None;
        }
        let provider = Arc::clone(&self.provider);
        let mut counting = provider.count(request);
        let counted = match tokio::time::timeout(UNSAID, &mut counting).await {
            Ok(counted) => counted,
            Err(_) => {
                self.listener.busy(&format!("{} (waiting for {} to count it)", self.called(id), provider.name()));
                counting.await
            }
        };
        match counted {
            Ok(counted) => counted,
            Err(error) => {
                let why = reason(&error);
                if in_vain(&error) {
                    self.uncounted.slow = Some(why.clone());
                }
                self.uncounted.why.insert(id, why);
                None
            }
        }
    }

    /// That a request goes by its length although its service counts, and why; empty where that is not so.
    pub(super) fn by_length(&self, id: EffectId) -> String {
        let said = |why: &String| format!("; it was counted by its length, because {why}");
        self.uncounted.why.get(&id).map(said).unwrap_or_default()
    }
}

/// Whether it took long to find out.
fn in_vain(error: &ProviderError) -> bool {
    error.call().is_some_and(|call| matches!(call.kind, CallErrorKind::Timeout(_)))
}

fn reason(error: &ProviderError) -> String {
    let why = match error.call() {
        Some(call) if in_vain(error) => format!("{} did not count it in time", call.provider),
        Some(call) if call.kind == CallErrorKind::Cut => format!("{} broke off while it counted", call.provider),
        Some(call) => call.reason(),
        None => error.to_string(),
    };
    crate::clean::line(&why, SHOWN)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU32, Ordering};

    use certus_engine::{Chain, Digest, Event, Request};
    use certus_providers::{Answer, CallError, Phase, Progress, Provider, Spent, Tier};

    use super::*;
    use crate::driver::Cast;
    use crate::person::{Listener, Nobody};
    use crate::{Answers, Session, SessionOptions};

    /// Counts after a while, or not at all.
    struct Counts {
        takes: Duration,
        says: Result<u64, CallErrorKind>,
        asked: AtomicU32,
    }

    #[async_trait::async_trait]
    impl Provider for Counts {
        fn name(&self) -> &str {
            "slowly"
        }

        fn model(&self, _: Tier) -> String {
            "m".to_owned()
        }

        async fn answer(&self, _: certus_providers::Request, _: &dyn Progress) -> Result<Answer, ProviderError> {
            Ok(Answer::default())
        }

        async fn count(&self, _: &certus_providers::Request) -> Result<Option<u64>, ProviderError> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(self.takes).await;
            let kind = match self.says {
                Ok(tokens) => return Ok(Some(tokens)),
                Err(kind) => kind,
            };
            let (provider, model) = (self.name().to_owned(), "m".to_owned());
            let (status, said, spent, partial) = (None, String::new(), Spent::Nothing, None);
            let (request_id, retry_after, should_retry) = (None, None, None);
            let error = CallError {
                kind,
                provider,
                model,
                status,
                said,
                spent,
                partial,
                request_id,
                retry_after,
                should_retry,
            };
            Err(error.into())
        }
    }

    /// What was said to take a while.
    #[derive(Default)]
    struct Told(Mutex<Vec<String>>);

    impl Listener for Told {
        fn recorded(&self, _: &[Event], _: &Chain) {}

        fn busy(&self, what: &str) {
            self.0.lock().expect("one thread").push(what.to_owned());
        }
    }

    /// Two requests are counted, one after the other: what came, what was said then, how often was asked, what was told meanwhile.
    async fn two(
        takes: Duration,
        says: Result<u64, CallErrorKind>,
    ) -> (Vec<Option<u64>>, Vec<String>, u32, Vec<String>) {
        let folder = tempfile::tempdir().expect("a folder");
        let options = SessionOptions { project: Some(folder.path().to_owned()), ..SessionOptions::default() };
        let session = Session::open(options).expect("a project");
        let id = session.create("Add a discount to the cart", None).expect("a chain");
        let provider = Arc::new(Counts { takes, says, asked: AtomicU32::new(0) });
        let told = Told::default();
        let cast = Cast {
            provider: Arc::clone(&provider) as Arc<dyn Provider>,
            provider_name: "slowly".to_owned(),
            person: &Nobody,
            listener: &told,
            answers: Answers::default(),
        };
        let mut driver = Driver::open(&session, id, cast).expect("a driver");
        let prompt = |question: &str| Request::Prompt {
            name: "uncertainty_resolver".to_owned(),
            version: "1".to_owned(),
            arguments: BTreeMap::from([("specific_question".to_owned(), question.to_owned())]),
        };
        driver.intend_all(vec![prompt("a"), prompt("b")]);
        let ids: Vec<EffectId> = driver.chain().open_effects().map(|(id, _)| id).collect();
        let (mut counts, mut said) = (Vec::new(), Vec::new());
        for id in ids {
            let request = certus_providers::Request {
                prompt: "uncertainty_resolver".to_owned(),
                stable: "s".into(),
                steady: Arc::default(),
                variable: "v".into(),
                digest: Digest::of("p"),
                sample: 0,
                attempt: 1,
                tier: Tier::Default,
                arguments: BTreeMap::new(),
                view: Arc::new(driver.chain().view(driver.id)),
                max_output_tokens: 10,
                schema: None,
                tokens: None,
                turn: None,
            };
            counts.push(driver.counted(id, &request).await);
            said.push(driver.by_length(id));
        }
        let told = told.0.lock().expect("one thread").clone();
        (counts, said, provider.asked.load(Ordering::SeqCst), told)
    }

    #[tokio::test]
    async fn what_takes_long_is_said_and_what_took_too_long_is_not_asked_again() {
        let nothing = vec![String::new(); 2];
        assert_eq!(two(Duration::ZERO, Ok(7)).await, (vec![Some(7); 2], nothing.clone(), 2, Vec::new()));
        let (counts, said, asked, told) = two(UNSAID + Duration::from_millis(100), Ok(7)).await;
        assert_eq!((counts, said, asked), (vec![Some(7); 2], nothing, 2));
        assert!(told.len() == 2 && told[0].ends_with("(waiting for slowly to count it)"), "{told:?}");
        let (counts, said, asked, _) = two(Duration::ZERO, Err(CallErrorKind::Overloaded)).await;
        let why = "; it was counted by its length, because slowly is overloaded";
        assert_eq!((counts, said, asked), (vec![None; 2], vec![why.to_owned(); 2], 2));
        let (counts, said, asked, _) = two(Duration::ZERO, Err(CallErrorKind::Timeout(Phase::Idle))).await;
        let why = "; it was counted by its length, because slowly did not count it in time";
        assert_eq!((counts, said, asked), (vec![None; 2], vec![why.to_owned(); 2], 1));
    }
}
