//! The imports of a command plugin: rights are checked here, and what is lawful goes to the driver over a channel.

use async_trait::async_trait;
use certus_engine::{
    Decision, Discovery, ErrorCode, Outcome, PromptCall, Proposal, Question, RepliedUncertainty, Request, Verdict,
    View, law,
};
use certus_packages::{ChainRight, PromptRight, UserRight};
use certus_runtime::{Content, Entry, Host, HostError, LineHit, PromptAnswer, PromptHit};
use tokio::sync::{mpsc, oneshot};

use crate::clean::clean;
use crate::reads::Reads;

/// Bytes of one text in a proposal.
const MOST_TEXT: usize = 2_000;

/// An effect that a guest asks for, with where the outcome goes.
pub(super) struct Call {
    pub(super) request: Wanted,
    pub(super) reply: oneshot::Sender<Result<Given, HostError>>,
}

pub(super) enum Wanted {
    Effect(Request),
    Prompt(PromptCall),
    Confirm(String, bool),
    View,
    Render(PromptCall),
}

pub(super) enum Given {
    Outcome(Outcome),
    Prompt(PromptAnswer),
    View(Box<View>),
    Text(String),
}

/// What the guest's imports call. Rights are checked here, before anything reaches the driver.
pub(super) struct Port {
    pub(super) calls: mpsc::Sender<Call>,
    pub(super) reads: Reads,
}

impl Port {
    async fn want(&self, request: Wanted) -> Result<Given, HostError> {
        let ended = || HostError::new(ErrorCode::Cancelled, "the run was ended");
        let (reply, given) = oneshot::channel();
        self.calls.send(Call { request, reply }).await.map_err(|_| ended())?;
        given.await.map_err(|_| ended())?
    }

    async fn effect(&self, request: Request) -> Result<Outcome, HostError> {
        match self.want(Wanted::Effect(request)).await? {
            Given::Outcome(outcome) => Ok(outcome),
            _ => Err(unexpected()),
        }
    }
}

pub(super) fn unexpected() -> HostError {
    HostError::new(ErrorCode::Failed, "the record holds another kind of outcome")
}

#[async_trait]
impl Host for Port {
    async fn read_chain(&mut self) -> Result<View, HostError> {
        self.reads.chain(ChainRight::Read)?;
        match self.want(Wanted::View).await? {
            Given::View(view) => Ok(*view),
            _ => Err(unexpected()),
        }
    }

    async fn propose(
        &mut self,
        facts: Vec<Discovery>,
        uncertainties: Vec<RepliedUncertainty>,
        decisions: Vec<Decision>,
    ) -> Result<(), HostError> {
        self.reads.chain(ChainRight::Propose)?;
        self.effect(Request::Propose { facts, uncertainties, decisions }).await.map(|_| ())
    }

    async fn search_prompts(&mut self, words: String) -> Result<Vec<PromptHit>, HostError> {
        self.reads.search_prompts(&words)
    }

    async fn render_prompt(&mut self, call: PromptCall) -> Result<String, HostError> {
        self.reads.prompt(PromptRight::Search)?;
        match self.want(Wanted::Render(call)).await? {
            Given::Text(text) => Ok(text),
            _ => Err(unexpected()),
        }
    }

    async fn run_prompt(&mut self, call: PromptCall) -> Result<PromptAnswer, HostError> {
        self.reads.prompt(PromptRight::Run)?;
        match self.want(Wanted::Prompt(call)).await? {
            Given::Prompt(answer) => Ok(answer),
            _ => Err(unexpected()),
        }
    }

    async fn say(&mut self, text: String) -> Result<(), HostError> {
        self.reads.user(UserRight::Say)?;
        self.effect(Request::Say { text: clean(&text) }).await.map(|_| ())
    }

    async fn ask(&mut self, question: Question) -> Result<String, HostError> {
        self.reads.user(UserRight::Ask)?;
        match self.effect(Request::Ask { question }).await? {
            Outcome::Answered { text, .. } => Ok(text),
            _ => Err(unexpected()),
        }
    }

    async fn confirm(&mut self, text: String, preset: bool) -> Result<bool, HostError> {
        self.reads.user(UserRight::Ask)?;
        match self.want(Wanted::Confirm(text, preset)).await? {
            Given::Outcome(Outcome::Answered { text, .. }) => Ok(is_yes(&text, preset)),
            _ => Err(unexpected()),
        }
    }

    async fn request_approval(&mut self, proposal: Proposal) -> Result<Verdict, HostError> {
        self.reads.user(UserRight::Ask)?;
        match self.effect(Request::Approve { proposal }).await? {
            Outcome::Judged { verdict, .. } => Ok(verdict),
            _ => Err(unexpected()),
        }
    }

    async fn list(&mut self, directory: String) -> Result<Vec<Entry>, HostError> {
        self.reads.list(directory).await
    }

    async fn glob(&mut self, pattern: String) -> Result<Vec<Entry>, HostError> {
        self.reads.glob(pattern).await
    }

    async fn read(&mut self, paths: Vec<String>) -> Result<Vec<Content>, HostError> {
        self.reads.read(paths).await
    }

    async fn search(&mut self, regex: String, glob: String, most: u32) -> Result<Vec<LineHit>, HostError> {
        self.reads.search(regex, glob, most).await
    }
}

/// `y`, `yes` and nothing else is yes; an empty answer is the preset.
fn is_yes(text: &str, preset: bool) -> bool {
    match text.trim().to_lowercase().as_str() {
        "" => preset,
        "y" | "yes" => true,
        _ => false,
    }
}

/// What a guest words for a person is recorded as it is shown, and what it proposes is bounded.
pub(super) fn lawful(request: Request) -> Result<Request, HostError> {
    Ok(match request {
        Request::Approve { proposal } => {
            let shown = crate::driver::shown(&proposal);
            let proposal = law::lawful_proposal(&shown)
                .map_err(|refusal| HostError::new(ErrorCode::Invalid, refusal.to_string()))?;
            Request::Approve { proposal }
        }
        Request::Ask { question } => Request::Ask { question: crate::driver::perform::shown_question(&question) },
        Request::Propose { facts, uncertainties, decisions } => {
            let facts_fit = facts.iter().all(|fact| {
                let quote = fact.evidence.as_ref().map_or(0, |place| place.quote.len() + place.path.len());
                fact.key.len() <= 200 && fact.value.len() <= MOST_TEXT && quote <= MOST_TEXT
            });
            let doubts_fit = uncertainties.iter().all(|doubt| {
                doubt.area.len() <= 200
                    && doubt.claim.len() <= MOST_TEXT
                    && doubt.resolution.as_ref().is_none_or(|text| text.len() <= MOST_TEXT)
            });
            let decisions_fit = decisions.iter().all(|decision| {
                decision.key.len() <= 200 && decision.value.len() <= MOST_TEXT && decision.because.len() <= MOST_TEXT
            });
            if !(facts_fit && doubts_fit && decisions_fit) {
                let message = format!("a proposal's keys have at most 200 bytes, its texts {MOST_TEXT}");
                return Err(HostError::new(ErrorCode::Limit, message));
            }
            Request::Propose { facts, uncertainties, decisions }
        }
        request => request,
    })
}
