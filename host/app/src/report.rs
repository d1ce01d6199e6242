//! What `flow`, `show` and their like print with `--json`: one object that others build on. Fields are only ever added.

mod cost;
mod next;
mod parts;

use certus_engine::{
    Chain, ChainId, Draft, DraftState, Effect, Lack, Outcome, Pause, Place, ProposalStatus, QuestionState,
    QuestionStatus, Request, Uncertainty, Verdict,
};
use certus_store::Status;
use cost::CapLine;
pub(crate) use cost::Cost;
pub use cost::reserved_for;
use next::next;
pub(crate) use next::{is_meant, leads_on, named, next_line, waiting, waits_first};
use parts::Part;
pub(crate) use parts::compared;
use serde::Serialize;

use crate::by_hand::Waiting;
use crate::calibration::Calibrated;
use crate::driver::{Estimate, Stop};
use crate::session::Session;
use crate::session::edits::FileLine;

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

/// How certain a chain is.
#[derive(Debug, Clone, Serialize)]
pub struct Confidence {
    /// As it was said, 0..=1; gates are over this.
    pub overall: f64,
    /// Area → 0..=1.
    pub areas: std::collections::BTreeMap<String, f64>,
    /// Whether `calibration` has `overall`.
    pub calibrated: bool,
    /// Area → what its confidence was worth so far, where enough outcomes of the model that scored it are known.
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub calibration: std::collections::BTreeMap<String, Calibrated>,
    /// How it was computed, in the words of who answered.
    #[serde(rename = "computed")]
    pub how: Option<String>,
    /// Area → what the number is made of.
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub parts: std::collections::BTreeMap<String, Part>,
    /// What would raise it, where the gate lacks confidence and who computed it said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
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

/// A proposal and its verdict.
#[derive(Debug, Clone, Serialize)]
pub struct Solution {
    /// One line.
    pub title: String,
    /// Markdown.
    pub body: String,
    /// Of what was shown.
    pub digest: String,
    /// `approved`, `rejected`, `more-info`, or `withdrawn` when an answer that it was made from was corrected; absent while
    /// nobody said.
    pub verdict: Option<&'static str>,
    /// The reason or the question.
    pub why: Option<String>,
}

/// A draft of edits and what became of it.
#[derive(Debug, Clone, Serialize)]
pub struct DraftLine {
    /// `D1` …
    pub draft: String,
    /// `tests`, `change` …
    pub kind: String,
    /// One line.
    pub title: String,
    /// `new`, `planned`, `approved`, `written`, `unchanged` (what it would write stands already), `refused`, `failed`, `undone`.
    pub state: &'static str,
    /// Why it came to nothing, or is shown again.
    pub why: Option<String>,
    /// Paths, once they were looked at.
    pub files: Vec<String>,
    /// It waits to be approved.
    pub waits: bool,
    /// What is to be approved, file by file, where it waits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub diffs: Vec<FileLine>,
}

/// A run of one of the project's own checks.
#[derive(Debug, Clone, Serialize)]
pub struct CheckLine {
    /// `test`, `lint`, `build`.
    pub check: String,
    /// The command line.
    pub command: String,
    /// Its exit status; absent when a signal or the limit of time ended it.
    pub status: Option<i32>,
    /// What ended it, where a limit did: `after 600 s (check-seconds)`, with the setting of `[limits]` that raises it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
    /// Of the files as it ran.
    pub tree: String,
    /// Nothing was written since, and it did not run again.
    pub fresh: bool,
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
            confidence: Confidence {
                overall: chain.confidence("overall"),
                areas: chain
                    .scores()
                    .iter()
                    .filter(|(area, _)| *area != "overall")
                    .map(|(a, s)| (a.clone(), *s))
                    .collect(),
                calibrated: false,
                calibration: std::collections::BTreeMap::new(),
                how: chain.confidence_from().map(str::to_owned),
                parts: parts::of(chain),
                missing: missing(chain),
            },
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
        Self { cost: self.cost.worked_on(held), ..self }
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

/// What is said of a chain that came complete.
pub(crate) const ELSEWHERE: &str = "it was completed elsewhere, and nothing of it was verified here";

/// Where a chain stands, in the words that every command has for it.
pub(crate) fn status_name(status: Status) -> &'static str {
    match status {
        Status::Running => "running",
        Status::WaitingPerson => "waiting",
        Status::WaitingProvider => "paused",
        Status::Finished => "complete",
        Status::GivenUp => "given-up",
    }
}

fn draft(draft: &Draft) -> DraftLine {
    let text = crate::clean::clean;
    let files = match &draft.state {
        DraftState::Planned(plan) | DraftState::Approved(plan) => plan.files.as_slice(),
        DraftState::Written(written) => written.files.as_slice(),
        _ => &[],
    };
    DraftLine {
        draft: draft.id.clone(),
        kind: text(&draft.kind),
        title: text(&draft.title),
        state: draft.state.name(),
        why: why(draft).as_deref().map(text),
        files: files.iter().map(|file| &file.path).chain(draft.state.unchanged()).cloned().collect(),
        waits: matches!(draft.state, DraftState::Planned(_)),
        diffs: Vec::new(),
    }
}

/// Why it came to nothing, or has to be seen again. What was found when it was to be written is part of why it then failed.
fn why(draft: &Draft) -> Option<String> {
    match (draft.conflict.as_deref(), draft.state.problem()) {
        (Some(conflict), Some(problem)) if matches!(draft.state, DraftState::Failed { .. }) => {
            Some(format!("{conflict}; {problem}"))
        }
        (conflict, problem) => problem.or(conflict).map(str::to_owned),
    }
}

fn checks(chain: &Chain) -> Vec<CheckLine> {
    let fresh: Vec<u64> = chain.fresh_evidence().map(|evidence| evidence.seq).collect();
    let line = |evidence: &certus_engine::Evidence| CheckLine {
        check: evidence.check.clone(),
        command: crate::clean::clean(&evidence.command),
        status: evidence.status,
        ended: evidence.limit.map(|limit| limit.to_string()),
        tree: evidence.tree.to_string(),
        fresh: fresh.contains(&evidence.seq),
    };
    chain.evidence().iter().map(line).collect()
}

/// The last part of how a confidence was computed, as the offline provider words it, without what was answered since.
fn missing(chain: &Chain) -> Option<String> {
    let short = chain.lacks().iter().any(|lack| matches!(lack, Lack::Confidence { .. }));
    let (_, missing) = chain.confidence_from().filter(|_| short)?.rsplit_once("; missing ")?;
    let answered = |id: &str| chain.questions().iter().any(|known| known.question.id == id && known.answer.is_some());
    Some(unanswered(&crate::clean::line(missing.trim_end_matches('.'), 1_000), answered))
}

/// What is missing without the questions that were answered since it was said.
fn unanswered(missing: &str, answered: impl Fn(&str) -> bool) -> String {
    let (start, ways) = missing.split_once(": ").unwrap_or(("", missing));
    let settled = |way: &&str| way.trim_start_matches("or ").strip_prefix("an answer to ").is_some_and(&answered);
    let left: Vec<&str> = ways.split(", ").filter(|way| !settled(way)).collect();
    let left = left.join(", ");
    let left = if left.contains(", ") { left.as_str() } else { left.strip_prefix("or ").unwrap_or(&left) };
    if start.is_empty() { left.to_owned() } else { format!("{start}: {left}") }
}

/// Why a chain stands, or why it ended.
pub(crate) fn reason(chain: &Chain) -> Option<String> {
    status(chain, None).1
}

fn status(chain: &Chain, stop: Option<&Stop>) -> (&'static str, Option<String>) {
    let status = Status::of(chain);
    let reason = match (chain.ended(), chain.pause(), stop) {
        (Some(ended), ..) if chain.completed_elsewhere() => {
            Some(format!("{ELSEWHERE} (it said: {})", crate::clean::clean(&ended.why)))
        }
        (Some(ended), ..) => Some(crate::clean::clean(&ended.why)),
        (None, pause, Some(Stop::Refused { law, detail })) if pause.is_none_or(Pause::is_of_chain) => {
            return ("refused", Some(format!("{law}: {detail}")));
        }
        (None, Some(pause), _) => Some(pause.message.clone()),
        (None, None, _) => None,
    };
    (status_name(status), reason)
}

/// What a prompt that advises said last. Certus itself never commits, and spends nothing to be told to spend less.
fn said_by(chain: &Chain, prompt: &str) -> Option<String> {
    let said = |(_, effect): (_, &Effect)| match (&effect.request, effect.outcome()) {
        (Request::Prompt { name, .. }, Some(Outcome::Replied { reply, .. })) if name == prompt => {
            let documents = reply.artifacts.iter().map(|document| document.body.trim());
            let texts: Vec<&str> =
                std::iter::once(reply.notes.trim()).chain(documents).filter(|one| !one.is_empty()).collect();
            Some(crate::clean::clean(&texts.join("\n\n")))
        }
        _ => None,
    };
    chain.effects().rev().find_map(said).filter(|text| !text.is_empty())
}

fn solution(chain: &Chain) -> Option<Solution> {
    chain.proposals().iter().rfind(|status| status.proposal.kind == "solution").map(shown)
}

fn proposal(chain: &Chain) -> Option<Solution> {
    let waits = chain.waiting_for_person().find_map(|(_, effect)| match &effect.request {
        Request::Approve { proposal } if proposal.kind != "solution" => Some(proposal.digest()),
        _ => None,
    })?;
    chain.proposals().iter().rfind(|status| status.digest == waits && status.verdict.is_none()).map(shown)
}

fn shown(shown: &ProposalStatus) -> Solution {
    let (verdict, why) = match &shown.verdict {
        Some(Verdict::Rejected(why)) => (Some("rejected"), Some(why.clone())),
        _ if shown.withdrawn.is_some() => (Some("withdrawn"), shown.withdrawn.clone()),
        None => (None, None),
        Some(Verdict::Approved) => (Some("approved"), None),
        Some(Verdict::MoreInfo(what)) => (Some("more-info"), Some(what.clone())),
    };
    Solution {
        title: crate::clean::clean(&shown.proposal.title),
        body: crate::clean::clean(&shown.proposal.body),
        digest: shown.digest.to_string(),
        verdict,
        why,
    }
}

fn said(chain: &Chain) -> Vec<String> {
    let settled = |(_, effect): &(_, &Effect)| effect.outcome().is_some();
    let by_person = chain.effects().filter(settled).filter(|(_, effect)| effect.request.waits_for_person());
    let since = by_person.map(|(_, effect)| effect.settled).max().unwrap_or(0);
    let later = chain.effects().filter(settled).filter(|(_, effect)| effect.settled > since);
    let mut said: Vec<(u64, String)> = later
        .filter_map(|(_, effect)| match (&effect.request, effect.outcome()?) {
            (Request::Say { text }, _) => Some((effect.settled, crate::clean::clean(text))),
            (_, Outcome::CommandDone { summary, .. }) if !summary.is_empty() => {
                Some((effect.settled, crate::clean::clean(summary)))
            }
            _ => None,
        })
        .collect();
    said.sort_by_key(|(settled, _)| *settled);
    said.into_iter().map(|(_, text)| text).collect()
}

#[cfg(test)]
mod tests {
    use super::unanswered;

    #[test]
    fn what_was_answered_is_not_missing() {
        let missing = "for 0.80: an answer to actor, an answer to page-size in words that say it, or a model (any)";
        for (answered, left) in [
            (&[][..], missing),
            (&["actor"], "for 0.80: an answer to page-size in words that say it, or a model (any)"),
            (&["page-size"], missing),
        ] {
            assert_eq!(unanswered(missing, |id| answered.contains(&id)), left);
        }
        assert_eq!(unanswered("for 0.80: an answer to actor, or a model", |_| true), "for 0.80: a model");
    }
}
