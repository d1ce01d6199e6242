//! What the commands need of the host.

use certus_sdk::{Error, PromptCall, Proposal, Verdict, View, chain, prompt, user};

pub(crate) trait Host {
    fn chain(&mut self) -> Result<View, Error>;
    fn run_prompt(&mut self, call: &PromptCall) -> Result<prompt::Reply, Error>;
    fn say(&mut self, text: &str) -> Result<(), Error>;
    fn request_approval(&mut self, proposal: &Proposal) -> Result<Verdict, Error>;
}

/// The component's imports.
pub(crate) struct Imports;

impl Host for Imports {
    fn chain(&mut self) -> Result<View, Error> {
        chain::read()
    }

    fn run_prompt(&mut self, call: &PromptCall) -> Result<prompt::Reply, Error> {
        prompt::run(call)
    }

    fn say(&mut self, text: &str) -> Result<(), Error> {
        user::say(text)
    }

    fn request_approval(&mut self, proposal: &Proposal) -> Result<Verdict, Error> {
        user::request_approval(proposal)
    }
}

/// A prompt with arguments.
pub(crate) fn prompt_call(name: &str, arguments: &[(&str, &str)]) -> PromptCall {
    let arguments = arguments.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    PromptCall { name: name.to_owned(), arguments: arguments.collect() }
}
