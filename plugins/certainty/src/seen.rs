//! What the policies read off a view.

use crate::size;
use certus_sdk::{
    Action, Ending, Lack, PromptCall, Proposal, ProposalStatus, QuestionState, Run, Uncertainty, Verdict, View,
};

/// How often a failed prompt or command is tried in one visit.
pub(crate) const ATTEMPTS: usize = 2;

/// Where one prompt or command stands in this visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stand {
    /// It may be run.
    Due,
    /// It ran, and nothing that it depends on has changed since.
    Done,
    /// It failed as often as it may.
    Exhausted,
}

pub(crate) struct Seen<'a> {
    pub(crate) view: &'a View,
}

impl<'a> Seen<'a> {
    pub(crate) fn new(view: &'a View) -> Self {
        Self { view }
    }

    /// A number of the methodology, or what it is when the methodology does not say.
    pub(crate) fn setting(&self, name: &str, otherwise: f64) -> f64 {
        self.view.settings.iter().find(|setting| setting.area == name).map_or(otherwise, |setting| setting.confidence)
    }

    /// A setting that counts something: at least 1.
    pub(crate) fn count(&self, name: &str, otherwise: usize) -> usize {
        let value = self.setting(name, otherwise as f64);
        if value.is_finite() && value >= 1.0 { (value as usize).min(1000) } else { otherwise.max(1) }
    }

    /// Confidence in an area; 0 when nobody scored it.
    pub(crate) fn score(&self, area: &str) -> f64 {
        self.view.scores.iter().find(|score| score.area == area).map_or(0.0, |score| score.confidence)
    }

    /// Answers that exist now.
    pub(crate) fn answers(&self) -> u32 {
        let answered = self.view.questions.iter().filter(|status| status.state == QuestionState::Answered).count();
        u32::try_from(answered).unwrap_or(u32::MAX)
    }

    /// Runs of this visit, oldest first.
    pub(crate) fn runs(&self) -> impl DoubleEndedIterator<Item = &'a Run> {
        let view = self.view;
        view.runs.iter().filter(move |run| run.phase == view.phase && run.visit == view.visit)
    }

    /// Runs of this visit by name; a command line counts whatever its arguments are.
    pub(crate) fn runs_of(&self, name: &'static str) -> impl DoubleEndedIterator<Item = &'a Run> {
        self.runs().filter(move |run| is(run, name))
    }

    /// Where something stands that is to run once a visit.
    pub(crate) fn once(&self, name: &'static str) -> Stand {
        if self.runs_of(name).any(|run| run.ending == Ending::Ok) { Stand::Done } else { self.retry(name, 0) }
    }

    /// Where something stands that is to run again after new answers.
    pub(crate) fn after_answers(&self, name: &'static str) -> Stand {
        let answers = self.answers();
        let current = |run: &&Run| run.ending == Ending::Ok && run.answers >= answers;
        if self.runs_of(name).any(|run| current(&run)) { Stand::Done } else { self.retry(name, answers) }
    }

    fn retry(&self, name: &'static str, answers: u32) -> Stand {
        let failed = self.runs_of(name).filter(|run| run.ending == Ending::Failed && run.answers >= answers).count();
        if failed < ATTEMPTS { Stand::Due } else { Stand::Exhausted }
    }

    /// Unresolved blocking uncertainties.
    pub(crate) fn blockers(&self) -> impl Iterator<Item = &'a Uncertainty> {
        self.view.uncertainties.iter().filter(|uncertainty| uncertainty.blocking && uncertainty.resolution.is_none())
    }

    /// The gate of this phase is open.
    pub(crate) fn open(&self) -> bool {
        self.view.lacks.is_empty()
    }

    /// Actions that were refused in this visit and should not have been named.
    pub(crate) fn refusals(&self) -> usize {
        self.view.refusals.len() - size::refusals(self)
    }

    /// Nothing optional is run after a refusal: it may be what was refused.
    pub(crate) fn cautious(&self) -> bool {
        self.refusals() > 0
    }

    /// The last solution that was put before the person.
    pub(crate) fn solution(&self) -> Option<&'a ProposalStatus> {
        self.view.proposals.iter().rfind(|status| status.proposal.kind == "solution")
    }

    /// The reason, when the last solution was rejected.
    pub(crate) fn rejection(&self) -> Option<&'a str> {
        match self.solution() {
            Some(ProposalStatus { verdict: Some(Verdict::Rejected(why)), .. }) => Some(why),
            _ => None,
        }
    }

    /// The last solution, while the person has not said.
    pub(crate) fn undecided(&self) -> Option<&'a Proposal> {
        self.solution().filter(|status| status.verdict.is_none()).map(|status| &status.proposal)
    }

    /// What keeps the gate shut, for a person.
    pub(crate) fn lacking(&self) -> String {
        let lacks: Vec<String> = self.view.lacks.iter().map(describe).collect();
        if lacks.is_empty() { "nothing".to_owned() } else { lacks.join("; ") }
    }
}

/// The run is of this prompt or command.
pub(crate) fn is(run: &Run, name: &str) -> bool {
    run.name.split_whitespace().next() == Some(name)
}

fn describe(lack: &Lack) -> String {
    match lack {
        Lack::Confidence(short) => {
            format!("confidence in {} is {:.2} and has to be {:.2}", short.area, short.have, short.need)
        }
        Lack::Blocker(area) => format!("{area} is unresolved and blocks"),
        Lack::Approval(kind) => format!("no approved {kind}"),
        Lack::Evidence(kind) => format!("no passed {kind}"),
        Lack::OpenQuestion(id) => format!("question {id} is not answered"),
    }
}

/// A prompt without arguments.
pub(crate) fn prompt(name: &str) -> PromptCall {
    PromptCall { name: name.to_owned(), arguments: Vec::new() }
}

/// A prompt with one argument.
pub(crate) fn prompt_with(name: &str, argument: &str, value: &str) -> PromptCall {
    PromptCall { name: name.to_owned(), arguments: vec![(argument.to_owned(), value.to_owned())] }
}

/// Enter a phase, and why.
pub(crate) fn enter(phase: &str, why: impl Into<String>) -> Action {
    Action::EnterPhase((phase.to_owned(), why.into()))
}

/// Something that the phase cannot do without failed.
pub(crate) fn failed(name: &str) -> Action {
    Action::GiveUp(format!("{name} failed twice, and the phase cannot do without it."))
}
