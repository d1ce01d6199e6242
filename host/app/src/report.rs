//! What `flow`, `show` and their like print with `--json`: one object that others build on. Fields are only ever added.

mod confidence;
mod cost;
mod next;
mod parts;
mod standing;
mod words;
mod work;

use certus_engine::{Chain, ChainId, Decision, Lack, Place, QuestionState, QuestionStatus, Request, Uncertainty};
use confidence::Confidence;
use cost::CapLine;
pub(crate) use cost::Cost;
pub use cost::reserved_for;
use next::next;
pub(crate) use next::{YOUR_ANSWER, is_meant, leads_on, named, next_line, waiting, waits_first};
pub(crate) use parts::compared;
use serde::Serialize;
use standing::status;
pub(crate) use standing::{ELSEWHERE, reason, status_name, worked_on};
use words::{Objection, Solution, objections, proposal, said, said_by, solution};
use work::{CheckLine, DraftLine, checks, draft};

use crate::by_hand::Waiting;
use crate::driver::{Estimate, Stop};
use crate::session::Session;

/// A chain as it stands, and how to go on.
#[derive(Debug, Clone, Serialize)]
pub struct FlowReport {
    /// `047`.
    pub chain: String,
    /// As typed.
    pub goal: String,
    /// As in `StatusLine`, or `refused`: this run ended because the law refuses whatever the controller names.
    pub status: &'static str,
    /// Where it stands.
    pub phase: String,
    /// What waits for an answer.
    pub questions: Vec<OpenQuestion>,
    /// What was answered and keeps the gate shut all the same: a person can answer it anew. Empty while something else is to
    /// be answered or judged first.
    pub undecided: Vec<OpenQuestion>,
    /// What was discovered.
    pub facts: Vec<FactLine>,
    /// Files that could not be read, the first hundred; file is `.` where it is about the project.
    pub unparsed: Vec<crate::stack::Unparsed>,
    /// What is not certain.
    pub uncertainties: Vec<Uncertainty>,
    /// How certain the chain is.
    pub confidence: Confidence,
    /// What was answered.
    pub answers: Vec<Answer>,
    /// What was decided on the way, by key.
    pub decisions: Vec<Decision>,
    /// The last solution that was shown, if any.
    pub solution: Option<Solution>,
    /// What waits for a verdict and is no solution: a command that may run, or what may be passed over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Solution>,
    /// Somebody else completed it, or it was completed in another place: nothing of it was verified here, and `next` does that.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub completed_elsewhere: bool,
    /// How to commit what was written, once the chain is complete.
    pub advice: Option<String>,
    /// How the rest can cost less, as `cost_monitor` said last; only where the methodology's `cost-monitor` is on.
    pub cost_advice: Option<String>,
    /// What was drafted, proposed and written.
    pub edits: Vec<DraftLine>,
    /// Runs of the project's own checks.
    pub checks: Vec<CheckLine>,
    /// Code is in the files that no new test was seen to fail for before it was there; what ran elsewhere was not seen here.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_test_failed_first: bool,
    /// Tests are all that was written, and a person said that they are all that is wanted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub tests_alone: bool,
    /// Some of it was recorded by somebody else, or in another place: what is said of tests is said of what ran here.
    #[serde(skip)]
    pub taken_over: bool,
    /// Drafts in the files that changed tests after these failed before code: that they failed says nothing of what stands.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tests_changed_since: Vec<certus_engine::law::ChangedTests>,
    /// What commands said since a person last answered or judged: the answer to `more-info` among it.
    pub said: Vec<String>,
    /// What `manual` waits for: prompts that went out and whose replies did not come.
    pub waits_for: Vec<Waiting>,
    /// What keeps the gate of the phase shut.
    pub lacks: Vec<Lack>,
    /// What reviewers said last, where a gate wants them to be surer of the code.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub objections: Vec<Objection>,
    /// Why nothing goes on, if so.
    pub reason: Option<String>,
    /// Spent so far.
    pub cost: Cost,
    /// Caps of which 80 % and more were used or set aside, as they stood then.
    pub budget_warnings: Vec<CapLine>,
    /// What was to be expected until the next gate, as it was said before the last phase that this run paid for.
    pub estimate: Option<Estimate>,
    /// Who answers prompts.
    pub provider: String,
    /// The exact command line that goes on; absent when nothing does.
    pub next: Option<String>,
}

/// A question that waits.
#[derive(Debug, Clone, Serialize)]
pub struct OpenQuestion {
    /// To answer it by.
    pub id: String,
    /// The question.
    pub text: String,
    /// Why it matters.
    pub why: String,
    /// Choices.
    pub options: Vec<String>,
    /// What `--recommended` answers.
    pub recommended: Option<String>,
}

/// A fact.
#[derive(Debug, Clone, Serialize)]
pub struct FactLine {
    /// `F1` …
    pub id: String,
    /// Dotted.
    pub key: String,
    /// What was found.
    pub value: String,
    /// Where.
    pub source: Option<Source>,
    /// The quote stands there.
    pub cited: bool,
}

/// Where something stands in the project, as every report of ours says it. (In events it is the engine's own `Place`.)
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// Relative to the project's root, with `/`.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// The text there; empty when none was quoted.
    pub quote: String,
}

impl Source {
    fn of(place: &Place) -> Self {
        let text = crate::clean::clean;
        Self { file: text(&place.path), line: place.line, quote: text(&place.quote) }
    }
}

/// An answer that was given.
#[derive(Debug, Clone, Serialize)]
pub struct Answer {
    /// `A1` …, by which a solution cites it.
    pub cite: String,
    /// The question's id.
    pub question: String,
    /// The question.
    pub text: String,
    /// The answer.
    pub answer: String,
}

impl FlowReport {
    /// The report on a chain. `suffix` is what every next command line needs besides, such as ` --project shop`.
    pub fn of(id: ChainId, chain: &Chain, stop: Option<&Stop>, suffix: &str) -> Self {
        let text = crate::clean::clean;
        let questions = questions_in(chain, QuestionState::Asked);
        let approves = |request: &Request| matches!(request, Request::Approve { .. } | Request::ApproveEdits { .. });
        let approval = chain.waiting_for_person().any(|(_, effect)| approves(&effect.request));
        let (status, reason) = status(chain, stop);
        let undecided = if approval || !questions.is_empty() { Vec::new() } else { undecided(chain) };
        Self {
            chain: id.to_string(),
            goal: text(chain.goal()),
            status,
            phase: chain.phase().to_owned(),
            facts: chain
                .facts()
                .iter()
                .map(|fact| FactLine {
                    id: fact.id.clone(),
                    key: text(&fact.key),
                    value: text(&fact.value),
                    source: fact.source.as_ref().map(Source::of),
                    cited: fact.cited,
                })
                .collect(),
            unparsed: chain
                .project()
                .unparsed
                .iter()
                .map(|(file, error)| crate::stack::Unparsed { file: text(file), error: text(error) })
                .collect(),
            uncertainties: chain.uncertainties().to_vec(),
            confidence: Confidence::of(chain),
            answers: chain
                .questions()
                .iter()
                .filter_map(|status| {
                    Some(Answer {
                        cite: status.cite.clone()?,
                        question: status.question.id.clone(),
                        text: text(&status.question.text),
                        answer: text(status.answer.as_deref()?),
                    })
                })
                .collect(),
            decisions: chain
                .decisions()
                .iter()
                .map(|one| Decision { key: text(&one.key), value: text(&one.value), because: text(&one.because) })
                .collect(),
            solution: solution(chain),
            proposal: proposal(chain),
            completed_elsewhere: chain.completed_elsewhere(),
            advice: chain
                .ended()
                .filter(|ended| ended.success && !chain.completed_elsewhere())
                .and_then(|_| said_by(chain, "git_advisor")),
            cost_advice: said_by(chain, "cost_monitor"),
            edits: chain.drafts().iter().map(draft).collect(),
            checks: checks(chain),
            tests_alone: certus_engine::law::tests_alone_are_wanted(chain),
            no_test_failed_first: certus_engine::law::no_test_failed_first(chain),
            taken_over: chain.was_taken_over(),
            tests_changed_since: certus_engine::law::tests_changed_since(chain),
            said: said(chain),
            waits_for: Vec::new(),
            lacks: chain.lacks(),
            objections: objections(chain),
            reason,
            cost: Cost::of(chain.spending()),
            budget_warnings: chain.warnings().iter().map(CapLine::of).collect(),
            estimate: None,
            provider: chain.provider().to_owned(),
            next: next(id, chain, &questions, &undecided, approval, suffix),
            questions,
            undecided,
        }
    }
}

impl FlowReport {
    /// The command line that shows again what waits, and goes on.
    pub fn again(id: ChainId, chain: &Chain) -> String {
        format!("certus flow --continue --chain {id}{}", named(chain.provider()))
    }

    /// With the files by which prompts and replies change hands, which lie in the state directory.
    #[must_use]
    pub fn handed_over(self, chain: &Chain, state: &std::path::Path) -> Self {
        Self { waits_for: crate::by_hand::waiting(chain, state), ..self }
    }

    /// With the diffs of the edits that wait to be approved: nobody approves what they were not shown.
    #[must_use]
    pub fn shown(mut self, session: &Session, id: ChainId, chain: &Chain) -> Self {
        for line in self.edits.iter_mut().filter(|line| line.waits) {
            // What cannot be read is said where it is to be shown or approved.
            line.diffs =
                session.edits_of(id, chain, Some(&line.draft), false).map(|edits| edits.files).unwrap_or_default();
        }
        self
    }

    /// With what is known of whoever works on the chain, for those who do not.
    #[must_use]
    pub fn looked_at(self, session: &Session, id: ChainId) -> Self {
        let held = session.existing().is_ok_and(|store| store.is_held(id));
        Self { status: worked_on(self.status, held), cost: self.cost.worked_on(held), ..self }
    }

    /// With what a run was to cost.
    #[must_use]
    pub fn estimated(self, estimate: Option<&Estimate>) -> Self {
        Self { estimate: estimate.cloned(), ..self }
    }
}

/// Questions that stand there, in the order in which they were raised.
pub(crate) fn questions_in(chain: &Chain, state: QuestionState) -> Vec<OpenQuestion> {
    chain.questions().iter().filter(|status| status.state == state).map(open_question).collect()
}

/// Questions whose answers left open what keeps the gate of the phase shut: of a blocker that is not resolved, and, where
/// confidence is short, those that were answered with nothing.
fn undecided(chain: &Chain) -> Vec<OpenQuestion> {
    let lacks = chain.lacks();
    let short = lacks.iter().any(|lack| matches!(lack, Lack::Confidence { .. }));
    let blocks = |status: &QuestionStatus| {
        let area = status.question.area.as_ref();
        lacks.iter().any(|lack| matches!(lack, Lack::Blocker { area: open } if Some(open) == area))
    };
    let nothing = |status: &QuestionStatus| status.answer.as_deref().is_some_and(certus_engine::says_nothing);
    let answered = chain.questions().iter().filter(|status| status.state == QuestionState::Answered);
    let (first, second): (Vec<_>, Vec<_>) =
        answered.filter(|status| blocks(status) || (short && nothing(status))).partition(|status| blocks(status));
    first.into_iter().chain(second).map(open_question).collect()
}

fn open_question(status: &QuestionStatus) -> OpenQuestion {
    let text = crate::clean::clean;
    OpenQuestion {
        id: status.question.id.clone(),
        text: text(&status.question.text),
        why: text(&status.question.why),
        options: status.question.options.iter().map(|option| text(option)).collect(),
        recommended: status.question.recommended.as_deref().map(text),
    }
}
