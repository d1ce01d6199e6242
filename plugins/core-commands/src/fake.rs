//! A host for the tests: it answers from lists, and keeps what it was asked.

use crate::host::Host;
use certus_sdk::{Error, Phase, PromptCall, Proposal, Verdict, View, prompt::Reply};
use std::collections::VecDeque;

pub(crate) struct Fake {
    pub(crate) view: View,
    replies: VecDeque<Reply>,
    verdicts: VecDeque<Verdict>,
    pub(crate) ran: Vec<PromptCall>,
    pub(crate) said: Vec<String>,
    pub(crate) shown: Vec<Proposal>,
}

impl Default for Fake {
    fn default() -> Self {
        Self::in_phase("uncertainty-analysis")
    }
}

impl Fake {
    pub(crate) fn in_phase(phase: &str) -> Self {
        let phases = [
            ("context-building", vec!["uncertainty-analysis"]),
            ("uncertainty-analysis", vec!["solution-approval", "context-building"]),
            ("solution-approval", vec!["implementation"]),
        ];
        let phases = phases
            .into_iter()
            .map(|(name, next)| Phase { name: name.into(), may_follow: next.into_iter().map(Into::into).collect() });
        let view = View {
            chain: "001".into(),
            goal: "Add login".into(),
            phases: phases.collect(),
            phase: phase.into(),
            visit: 1,
            lacks: Vec::new(),
            overall: 0.5,
            scores: Vec::new(),
            facts: Vec::new(),
            uncertainties: Vec::new(),
            questions: Vec::new(),
            decisions: Vec::new(),
            proposals: Vec::new(),
            runs: Vec::new(),
            suggestions: Vec::new(),
            gap: None,
            refusals: Vec::new(),
            drafts: Vec::new(),
            checks: Vec::new(),
            commands: Vec::new(),
            settings: Vec::new(),
        };
        Self {
            view,
            replies: VecDeque::new(),
            verdicts: VecDeque::new(),
            ran: Vec::new(),
            said: Vec::new(),
            shown: Vec::new(),
        }
    }

    pub(crate) fn replying(mut self, reply: Reply) -> Self {
        self.replies.push_back(reply);
        self
    }

    pub(crate) fn saying(mut self, verdict: Verdict) -> Self {
        self.verdicts.push_back(verdict);
        self
    }
}

impl Host for Fake {
    fn chain(&mut self) -> Result<View, Error> {
        Ok(self.view.clone())
    }

    fn run_prompt(&mut self, call: &PromptCall) -> Result<Reply, Error> {
        self.ran.push(call.clone());
        self.replies.pop_front().ok_or_else(|| Error::Unavailable("nobody answers".into()))
    }

    fn say(&mut self, text: &str) -> Result<(), Error> {
        self.said.push(text.into());
        Ok(())
    }

    fn request_approval(&mut self, proposal: &Proposal) -> Result<Verdict, Error> {
        self.shown.push(proposal.clone());
        self.verdicts.pop_front().ok_or_else(|| Error::Cancelled("nobody is there".into()))
    }
}

/// An empty reply.
pub(crate) fn reply() -> Reply {
    Reply {
        notes: String::new(),
        scores: Vec::new(),
        overall: 0.5,
        blockers: Vec::new(),
        documents: Vec::new(),
        next: Vec::new(),
    }
}

/// A solution.
pub(crate) fn solution() -> Proposal {
    Proposal { kind: "solution".into(), title: "Tokens beside sessions".into(), body: "Do it.".into() }
}
