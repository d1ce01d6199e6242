//! What `flow`, `show` and their like print with `--json`: one object that others build on. Fields are only ever added.

mod cost;
mod parts;

use certus_engine::{
    Cap, Chain, ChainId, Digest, Draft, DraftState, Effect, Lack, Outcome, Place, QuestionState, QuestionStatus,
    Request, Uncertainty, Verdict,
};
use certus_store::Status;
use cost::CapLine;
pub(crate) use cost::Cost;
use parts::Part;
pub(crate) use parts::compared;
use serde::Serialize;

use crate::by_hand::Waiting;
use crate::calibration::Calibrated;
use crate::driver::{Estimate, Stop};
use crate::error::{Failure, Kind};
use crate::paths::quoted;
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
    /// How to commit what was written, once the chain is complete.
    pub advice: Option<String>,
    /// How the rest can cost less, as `cost_monitor` said last; only where the methodology's `cost-monitor` is on.
    pub cost_advice: Option<String>,
    /// What was drafted, proposed and written.
    pub edits: Vec<DraftLine>,
    /// Runs of the project's own checks.
    pub checks: Vec<CheckLine>,
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
    /// `new`, `planned`, `approved`, `written`, `refused`, `failed`, `undone`.
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
            advice: chain.ended().filter(|ended| ended.success).and_then(|_| said_by(chain, "git_advisor")),
            cost_advice: said_by(chain, "cost_monitor"),
            edits: chain.drafts().iter().map(draft).collect(),
            checks: checks(chain),
            said: said(chain),
            waits_for: Vec::new(),
            lacks: chain.lacks(),
            reason,
            cost: Cost::of(chain.usage().into(), chain.spending()),
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
        why: draft.state.problem().or(draft.conflict.as_deref()).map(text),
        files: files.iter().map(|file| file.path.clone()).collect(),
        waits: matches!(draft.state, DraftState::Planned(_)),
        diffs: Vec::new(),
    }
}

fn checks(chain: &Chain) -> Vec<CheckLine> {
    let fresh: Vec<u64> = chain.fresh_evidence().map(|evidence| evidence.seq).collect();
    let line = |evidence: &certus_engine::Evidence| CheckLine {
        check: evidence.check.clone(),
        command: crate::clean::clean(&evidence.command),
        status: evidence.status,
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

fn status(chain: &Chain, stop: Option<&Stop>) -> (&'static str, Option<String>) {
    let status = Status::of(chain);
    let reason = match (chain.ended(), chain.pause(), stop) {
        (Some(ended), ..) => Some(crate::clean::clean(&ended.why)),
        (None, Some(pause), _) => Some(pause.message.clone()),
        (None, None, Some(Stop::Refused { law, detail })) => {
            return ("refused", Some(format!("{law}: {detail}")));
        }
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
    let shown = chain.proposals().iter().rfind(|status| status.proposal.kind == "solution")?;
    let (verdict, why) = match &shown.verdict {
        Some(Verdict::Rejected(why)) => (Some("rejected"), Some(why.clone())),
        _ if shown.withdrawn.is_some() => (Some("withdrawn"), shown.withdrawn.clone()),
        None => (None, None),
        Some(Verdict::Approved) => (Some("approved"), None),
        Some(Verdict::MoreInfo(what)) => (Some("more-info"), Some(what.clone())),
    };
    Some(Solution {
        title: crate::clean::clean(&shown.proposal.title),
        body: crate::clean::clean(&shown.proposal.body),
        digest: shown.digest.to_string(),
        verdict,
        why,
    })
}

/// Why nothing else can be begun in a chain: what it waits for, by name, and the command line that deals with it.
pub(crate) fn waits_first(id: ChainId, chain: &Chain) -> Failure {
    let questions = questions_in(chain, QuestionState::Asked);
    let shown = chain.waiting_for_person().find_map(|(_, effect)| match &effect.request {
        Request::Approve { proposal } => Some(format!("“{}”", crate::clean::line(&proposal.title, 120))),
        Request::ApproveEdits { draft, .. } => Some(format!("the edits of {draft} (certus diff shows them)")),
        _ => None,
    });
    let what = match (questions.as_slice(), &shown, chain.pause()) {
        ([only], ..) => format!("the answer to `{}`: {}", only.id, crate::clean::line(&only.text, 300)),
        ([first, rest @ ..], ..) => {
            let others: Vec<String> = rest.iter().map(|question| format!("`{}`", question.id)).collect();
            let text = crate::clean::line(&first.text, 300);
            format!("the answers to `{}`, {}: {text}", first.id, others.join(", "))
        }
        ([], Some(title), _) => format!("your verdict on {title}"),
        ([], None, Some(pause)) => crate::clean::line(&pause.message, 300),
        ([], None, None) => "what was begun before it".to_owned(),
    };
    let failure = Failure::of(Kind::Waiting, format!("chain {id} waits first for {what}"));
    match next(id, chain, &questions, &[], shown.is_some(), "") {
        Some(next) => failure.hint(next),
        None => failure,
    }
}

/// The command line that leads on from where a chain stands; absent where it is complete.
pub(crate) fn leads_on(id: ChainId, chain: &Chain) -> Option<String> {
    let questions = questions_in(chain, QuestionState::Asked);
    let approves = |request: &Request| matches!(request, Request::Approve { .. } | Request::ApproveEdits { .. });
    let approval = chain.waiting_for_person().any(|(_, effect)| approves(&effect.request));
    let undecided = if approval || !questions.is_empty() { Vec::new() } else { undecided(chain) };
    next(id, chain, &questions, &undecided, approval, "").map(|line| format!("go on with: {line}"))
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

fn next(
    id: ChainId,
    chain: &Chain,
    questions: &[OpenQuestion],
    undecided: &[OpenQuestion],
    approval: bool,
    suffix: &str,
) -> Option<String> {
    let said = |question: &OpenQuestion, provider: &str| {
        let answer = question.recommended.as_deref().unwrap_or("your answer");
        let (question, answer) = (quoted(&question.id), quoted(answer));
        format!("certus answer --chain {id} {question} {answer}{provider}{suffix}")
    };
    let provider = named(chain.provider());
    if let Some(ended) = chain.ended() {
        // What a person can say takes nobody else.
        if let Some(question) = undecided.first().filter(|_| !ended.success) {
            return Some(said(question, &provider));
        }
        // Rules that gave up before a gate come to the same end again.
        let rules = chain.provider() == "offline" && !chain.lacks().is_empty();
        let provider = if rules { " --provider manual".to_owned() } else { named(chain.provider()) };
        return (!ended.success).then(|| format!("certus flow --continue --chain {id}{provider}{suffix}"));
    }
    if let Some(question) = questions.first() {
        return Some(said(question, &provider));
    }
    if approval {
        // Whoever follows it approves what they were shown, and nothing that took its place meanwhile.
        let shown = waiting(chain).map(|(_, digest)| format!(" {}", &digest.to_string()[..SHOWN])).unwrap_or_default();
        return Some(format!("certus approve --chain {id}{shown}{provider}{suffix}"));
    }
    // What rules wait for is a model, or another answer; whoever else is waited for answers when they can.
    if let Some(question) = undecided.first().filter(|_| chain.pause().is_none() || chain.provider() == "offline") {
        return Some(said(question, &provider));
    }
    let provider = match chain.provider() {
        "offline" if chain.pause().is_some() => " --provider manual".to_owned(),
        _ => provider,
    };
    let raised = chain.pause().and_then(|pause| pause.enough).map(raised).unwrap_or_default();
    Some(format!("certus flow --continue --chain {id}{provider}{raised}{suffix}"))
}

/// Characters of a digest by which a command line names what was shown.
const SHOWN: usize = 8;

/// What waits for a verdict, in the order in which it is judged: the draft, if it is one, and the digest of what was shown.
pub(crate) fn waiting(chain: &Chain) -> Option<(Option<&str>, Digest)> {
    let edits = chain.waiting_for_person().find_map(|(_, effect)| match &effect.request {
        Request::ApproveEdits { draft, plan } => Some((Some(draft.as_str()), plan.digest)),
        _ => None,
    });
    edits.or_else(|| {
        chain.waiting_for_person().find_map(|(_, effect)| match &effect.request {
            Request::Approve { proposal } => Some((None, proposal.digest())),
            _ => None,
        })
    })
}

/// Whether this is what waits: named by its draft, or by the beginning of the digest of what was shown.
pub(crate) fn is_meant(chain: &Chain, named: &str) -> bool {
    waiting(chain).is_some_and(|(draft, digest)| {
        let named = named.trim();
        draft == Some(named) || (named.len() >= SHOWN && digest.to_string().starts_with(&named.to_lowercase()))
    })
}

/// The option that has the same provider go on; nothing where that needs none, because neither sends anything anywhere.
pub(crate) fn named(provider: &str) -> String {
    match provider {
        "offline" | "manual" => String::new(),
        other => format!(" --provider {}", quoted(other)),
    }
}

/// A cap with room to spare, as flags: twice what is needed at least, so that it is not asked for at every call.
fn raised(enough: Cap) -> String {
    let usd = enough.usd_micros.map(|usd| format!(" --max-usd {:.2}", (usd as f64 * 2.0 / 1e4).ceil() / 1e2));
    let tokens = enough.tokens.map(|tokens| format!(" --max-tokens {}", tokens.saturating_mul(2)));
    usd.into_iter().chain(tokens).collect()
}

#[cfg(test)]
mod tests {
    use certus_engine::{Body, Chain, Event};

    use super::{leads_on, unanswered};

    #[test]
    fn whoever_goes_on_asks_the_same_provider() {
        let chosen = |provider: &str, ended: bool| {
            let chosen = Body::ProviderChosen { provider: provider.to_owned() };
            let ended = ended.then(|| Body::Ended { success: false, why: "no way".to_owned() });
            let bodies = std::iter::once(chosen).chain(ended);
            let events: Vec<Event> = (1..).zip(bodies).map(|(seq, body)| Event { seq, at: 0, body }).collect();
            leads_on(certus_engine::ChainId(1), &Chain::fold(&events)).expect("it is not complete")
        };
        for ended in [true, false] {
            assert_eq!(
                chosen("openai:x y", ended),
                "go on with: certus flow --continue --chain 001 --provider 'openai:x y'"
            );
            assert_eq!(chosen("manual", ended), "go on with: certus flow --continue --chain 001");
        }
    }

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
