//! The four services over one fake server, as a chain would use them.

#![allow(dead_code, unreachable_pub, reason = "every test file uses another part")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use certus_engine::{Chain, ChainId, Digest};
use certus_providers::{
    Anthropic, CacheTime, CallError, Credential, Gemini, Limits, Models, Ollama, OpenAi, OutputLimit, Progress,
    Provider, ProviderError, Proxy, Request, Secret, Service, Structured, Tier, Timeouts,
};
use fake_api::{FakeApi, Script};

/// What stands in no error, no log and no event.
pub const KEY: &str = "sk-test-0123456789abcdef";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    Anthropic,
    OpenAi,
    Gemini,
    Ollama,
}

pub const ALL: [Api; 4] = [Api::Anthropic, Api::OpenAi, Api::Gemini, Api::Ollama];

impl Api {
    pub fn model(self) -> &'static str {
        match self {
            Self::Anthropic => "claude-sonnet-5-5",
            Self::OpenAi => "gpt-6.1-sol",
            Self::Gemini => "gemini-4-pro",
            Self::Ollama => "qwen4:8b",
        }
    }

    pub fn provider(self, service: Service) -> Result<Arc<dyn Provider>, ProviderError> {
        Ok(match self {
            Self::Anthropic => Arc::new(Anthropic::new(service, CacheTime::FiveMinutes)?),
            Self::OpenAi => Arc::new(OpenAi::new(service, OutputLimit::Auto)?),
            Self::Gemini => Arc::new(Gemini::new(service)?),
            Self::Ollama => Arc::new(Ollama::new(service, Ollama::LARGEST_WINDOW)?),
        })
    }

    /// The service at this address, with times that no test runs into by chance.
    pub fn service(self, url: &str) -> Service {
        let base_url = if self == Self::OpenAi { format!("{url}/v1") } else { url.to_owned() };
        Service {
            name: format!("{self:?}").to_lowercase(),
            base_url,
            credential: Credential::Key(Secret::new(KEY.to_owned()).expect("a key")),
            models: Models::one(self.model()),
            timeouts: Timeouts {
                connect: Duration::from_secs(5),
                idle: Duration::from_secs(5),
                total: Duration::from_secs(20),
            },
            proxy: Proxy::Direct,
            limits: Limits::default(),
            shared: None,
            structured: Structured::Auto,
        }
    }

    pub fn at(self, url: &str) -> Arc<dyn Provider> {
        self.provider(self.service(url)).expect("a provider")
    }
}

/// A fake server that knows the key.
pub async fn server(script: Script) -> FakeApi {
    FakeApi::start(Script { key: KEY.to_owned(), ..script }).await.expect("a port")
}

pub fn request(text: &str) -> Request {
    Request {
        prompt: "new_case".to_owned(),
        stable: "The rules of this project.".into(),
        steady: std::sync::Arc::default(),
        variable: text.into(),
        digest: Digest::of(text),
        sample: 0,
        attempt: 1,
        tier: Tier::Default,
        arguments: BTreeMap::new(),
        view: Arc::new(Chain::default().view(ChainId(1))),
        max_output_tokens: 1000,
        schema: None,
        tokens: None,
        turn: None,
    }
}

/// Keeps what was streamed.
#[derive(Default)]
pub struct Heard(Mutex<Vec<String>>);

impl Progress for Heard {
    fn text(&self, delta: &str) {
        self.0.lock().expect("one thread").push(delta.to_owned());
    }
}

impl Heard {
    pub fn pieces(&self) -> Vec<String> {
        self.0.lock().expect("one thread").clone()
    }
}

/// What a call ended with. Nothing that it says has the key in it, and nothing takes longer than the times that are set.
pub async fn fails(provider: &dyn Provider, heard: &Heard) -> CallError {
    let asked = request("go on");
    let call = tokio::time::timeout(Duration::from_secs(30), provider.answer(asked.clone(), heard));
    let error = call.await.expect("a call ends in time").expect_err("it goes wrong");
    no_key(&error);
    assert!(!error.to_string().is_empty());
    error.call().expect("a failed call").clone()
}

pub fn no_key(error: &ProviderError) {
    for shown in [format!("{error}"), format!("{error:?}"), format!("{error:#?}")] {
        assert!(!shown.contains(KEY) && !shown.contains("0123456789abcdef"), "a key is shown");
        assert!(!shown.contains("hunter22"), "a password is shown");
    }
}
