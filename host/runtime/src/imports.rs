//! What guests import, as wasmtime wants it: checks the form of what a guest sends, and passes it to the port.

use std::pin::Pin;
use std::sync::Arc;

use certus_engine::ErrorCode;
use wasmtime::component::{HasSelf, Linker};

use crate::abi::{self, Everything, Invalid, chain, log, prompt, types, user, views, workspace};
use crate::error::Stop;
use crate::meter::WaitClock;
use crate::store::State;
use crate::{Host, HostError};

/// Most items of one `chain.propose`.
const FACTS: usize = 64;
const UNCERTAINTIES: usize = 32;
const DECISIONS: usize = 32;
/// Most hits of one `prompt.search`.
const PROMPT_HITS: usize = 20;
/// Most bytes of one `user.say`.
const SAY: usize = 64 << 10;
/// Most files of one `workspace.list` or `workspace.glob`.
const ENTRIES: usize = 10_000;
/// Most paths of one `workspace.read`.
const PATHS: usize = 256;
/// Most lines of one `workspace.search`.
const LINES: u32 = 1_000;

/// What a guest gets; the outer error ends the guest.
type Answer<T> = wasmtime::Result<Result<T, types::Error>>;

type PortFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, HostError>> + Send + 'a>>;

/// Everything that the contract offers to guests.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    Everything::add_to_linker::<State, HasSelf<State>>(linker, |state| state)
}

impl State {
    /// Call the port. The guest's clock stands still meanwhile.
    async fn port<'a, T>(&'a mut self, call: impl FnOnce(&'a mut dyn Host) -> PortFuture<'a, T> + Send) -> Answer<T> {
        let Some(host) = self.host.as_deref_mut() else {
            return Ok(Err(types::Error::Denied("only a command may call this".into())));
        };
        let Some(left) = self.calls_left.checked_sub(1) else {
            return Ok(Err(types::Error::Limit("this invocation has called the host too often".into())));
        };
        self.calls_left = left;
        let _pause = self.shared.meter.pause();
        match call(host).await {
            Ok(value) => Ok(Ok(value)),
            Err(HostError::Refused { code, message }) => Ok(Err(abi::refusal(code, message))),
            Err(HostError::Suspended) => Err(Stop::Suspended.into()),
            Err(HostError::Abort(message)) => Err(Stop::Aborted(message).into()),
        }
    }

    /// Call the port for something that a person answers.
    async fn person<'a, T>(&'a mut self, call: impl FnOnce(&'a mut dyn Host) -> PortFuture<'a, T> + Send) -> Answer<T> {
        let _waiting = WaitClock(Arc::clone(&self.shared.meter)).waiting();
        self.port(call).await
    }
}

fn limit<T>(message: String) -> Answer<T> {
    Ok(Err(abi::refusal(ErrorCode::Limit, message)))
}

fn invalid<T>(Invalid(message): Invalid) -> Answer<T> {
    Ok(Err(abi::refusal(ErrorCode::Invalid, message)))
}

impl types::Host for State {}

impl views::Host for State {}

impl chain::Host for State {
    async fn read(&mut self) -> Answer<views::View> {
        Ok(self.port(|host| host.read_chain()).await?.map(|view| abi::view(&view)))
    }

    async fn propose(
        &mut self,
        facts: Vec<types::Fact>,
        uncertainties: Vec<types::Uncertainty>,
        decisions: Vec<types::Decision>,
    ) -> Answer<()> {
        if facts.len() > FACTS || uncertainties.len() > UNCERTAINTIES || decisions.len() > DECISIONS {
            return limit(format!(
                "one call proposes at most {FACTS} facts, {UNCERTAINTIES} uncertainties and {DECISIONS} decisions"
            ));
        }
        let facts = abi::all(facts, abi::discovery);
        let decisions = abi::all(decisions, abi::decision);
        match abi::each(uncertainties, abi::uncertainty) {
            Ok(uncertainties) => self.port(|host| host.propose(facts, uncertainties, decisions)).await,
            Err(error) => invalid(error),
        }
    }
}

impl prompt::Host for State {
    async fn search(&mut self, words: String) -> Answer<Vec<prompt::Hit>> {
        let hits = self.port(|host| host.search_prompts(words)).await?;
        Ok(hits.map(|hits| hits.into_iter().take(PROMPT_HITS).map(abi::prompt_hit).collect()))
    }

    async fn render(&mut self, call: types::PromptCall) -> Answer<String> {
        match abi::prompt_call(call) {
            Ok(call) => self.port(|host| host.render_prompt(call)).await,
            Err(error) => invalid(error),
        }
    }

    async fn run(&mut self, call: types::PromptCall) -> Answer<prompt::Reply> {
        match abi::prompt_call(call) {
            Ok(call) => Ok(self.port(|host| host.run_prompt(call)).await?.map(abi::prompt_answer)),
            Err(error) => invalid(error),
        }
    }
}

impl user::Host for State {
    async fn say(&mut self, text: String) -> Answer<()> {
        if text.len() > SAY {
            return limit(format!("one call says at most {SAY} bytes"));
        }
        let Some(left) = self.output_left.checked_sub(text.len()) else {
            return limit("this invocation has said too much".into());
        };
        self.output_left = left;
        self.port(|host| host.say(text)).await
    }

    async fn ask(&mut self, question: types::Question) -> Answer<String> {
        let question = abi::question(question);
        self.person(|host| host.ask(question)).await
    }

    async fn confirm(&mut self, text: String, preset: bool) -> Answer<bool> {
        self.person(move |host| host.confirm(text, preset)).await
    }

    async fn request_approval(&mut self, proposal: types::Proposal) -> Answer<types::Verdict> {
        let proposal = abi::proposal(proposal);
        Ok(self.person(|host| host.request_approval(proposal)).await?.map(abi::verdict))
    }
}

impl workspace::Host for State {
    async fn list(&mut self, directory: String) -> Answer<Vec<workspace::Entry>> {
        let entries = self.port(|host| host.list(directory)).await?;
        Ok(entries.map(|entries| entries.into_iter().take(ENTRIES).map(abi::entry).collect()))
    }

    async fn glob(&mut self, pattern: String) -> Answer<Vec<workspace::Entry>> {
        let entries = self.port(|host| host.glob(pattern)).await?;
        Ok(entries.map(|entries| entries.into_iter().take(ENTRIES).map(abi::entry).collect()))
    }

    async fn read(&mut self, paths: Vec<String>) -> Answer<Vec<workspace::Content>> {
        if paths.len() > PATHS {
            return limit(format!("one call reads at most {PATHS} files"));
        }
        Ok(self.port(|host| host.read(paths)).await?.map(|contents| abi::all(contents, abi::content)))
    }

    async fn search(&mut self, regex: String, glob: String, most: u32) -> Answer<Vec<workspace::Hit>> {
        let most = most.min(LINES);
        let hits = self.port(move |host| host.search(regex, glob, most)).await?;
        Ok(hits.map(|hits| hits.into_iter().take(most as usize).map(abi::line_hit).collect()))
    }
}

impl log::Host for State {
    fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        self.shared.log().write(abi::level(level), &message);
        Ok(())
    }
}
