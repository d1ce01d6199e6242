//! A port for tests: answers everything, remembers what it was asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use certus_engine::{Decision, Discovery, PromptCall, Proposal, Question, RepliedUncertainty, Verdict, View};
use certus_runtime::{Content, Entry, Host, HostError, LineHit, PromptAnswer, PromptHit, WaitClock};

/// What the port does before it answers a question.
#[derive(Clone, Default)]
pub(crate) enum Asked {
    /// Nothing.
    #[default]
    Answer,
    /// Wait for this long, as for a person.
    Sleep(Duration),
    /// Hold the thread for this long.
    Block(Duration),
    /// Fail.
    Fail(HostError),
}

#[derive(Clone, Default)]
pub(crate) struct Port {
    pub(crate) asked: Asked,
    /// How long `say` takes, and whether that is waiting for a person.
    pub(crate) slow_say: Option<(Duration, bool)>,
    pub(crate) log: Arc<Mutex<Vec<String>>>,
    pub(crate) proposed: Arc<Mutex<Vec<Discovery>>>,
    pub(crate) clock: Option<WaitClock>,
}

impl Port {
    pub(crate) fn asking(asked: Asked) -> Self {
        Self { asked, ..Self::default() }
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    fn note(&self, line: String) {
        self.log.lock().unwrap().push(line);
    }
}

#[async_trait]
impl Host for Port {
    fn starts(&mut self, clock: WaitClock) {
        self.clock = Some(clock);
    }

    async fn read_chain(&mut self) -> Result<View, HostError> {
        Err(HostError::new(certus_engine::ErrorCode::Denied, "not here"))
    }

    async fn propose(
        &mut self,
        facts: Vec<Discovery>,
        _: Vec<RepliedUncertainty>,
        _: Vec<Decision>,
    ) -> Result<(), HostError> {
        self.note(format!("propose {}", facts.len()));
        self.proposed.lock().unwrap().extend(facts);
        Ok(())
    }

    async fn search_prompts(&mut self, _: String) -> Result<Vec<PromptHit>, HostError> {
        Ok(Vec::new())
    }

    async fn render_prompt(&mut self, _: PromptCall) -> Result<String, HostError> {
        Ok(String::new())
    }

    async fn run_prompt(&mut self, _: PromptCall) -> Result<PromptAnswer, HostError> {
        Ok(PromptAnswer::default())
    }

    async fn say(&mut self, text: String) -> Result<(), HostError> {
        self.note(format!("say {}", text.len()));
        if let Some((time, person)) = self.slow_say {
            let _waiting = self.clock.as_ref().filter(|_| person).map(WaitClock::waiting);
            tokio::time::sleep(time).await;
        }
        Ok(())
    }

    async fn ask(&mut self, question: Question) -> Result<String, HostError> {
        self.note(format!("ask {}: {}", question.id, question.text));
        match &self.asked {
            Asked::Answer => {}
            Asked::Sleep(time) => tokio::time::sleep(*time).await,
            Asked::Block(time) => std::thread::sleep(*time),
            Asked::Fail(error) => return Err(error.clone()),
        }
        Ok("yes".into())
    }

    async fn confirm(&mut self, _: String, preset: bool) -> Result<bool, HostError> {
        Ok(preset)
    }

    async fn request_approval(&mut self, _: Proposal) -> Result<Verdict, HostError> {
        Ok(Verdict::Approved)
    }

    async fn list(&mut self, directory: String) -> Result<Vec<Entry>, HostError> {
        self.note(format!("list {directory}"));
        Ok(Vec::new())
    }

    async fn glob(&mut self, _: String) -> Result<Vec<Entry>, HostError> {
        Ok(Vec::new())
    }

    async fn read(&mut self, paths: Vec<String>) -> Result<Vec<Content>, HostError> {
        Ok(paths.into_iter().map(|path| Content { path, text: None }).collect())
    }

    async fn search(&mut self, _: String, _: String, _: u32) -> Result<Vec<LineHit>, HostError> {
        Ok(Vec::new())
    }
}
