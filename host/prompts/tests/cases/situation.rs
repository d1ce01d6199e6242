//! Where a chain stands, in the words of a case file.

use std::collections::BTreeMap;

use certus_engine::{
    CheckRun, Decision, Digest, Draft, DraftState, ErrorCode, Evidence, Fact, FileChange, Place, Plan, ProjectSummary,
    PromptCall, Proposal, ProposalStatus, Question, QuestionState, QuestionStatus, Run, StackSummary, Uncertainty,
    Verdict, View, Written,
};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Situation {
    goal: String,
    phase: String,
    visit: u32,
    why: String,
    overall: f64,
    scores: BTreeMap<String, f64>,
    facts: Vec<Found>,
    answers: Vec<Answered>,
    questions: Vec<Asked>,
    uncertainties: Vec<Uncertain>,
    decisions: Vec<Decision>,
    solutions: Vec<Shown>,
    ran: Vec<String>,
    suggested: Vec<String>,
    #[serde(default)]
    gap: Option<String>,
    #[serde(default)]
    drafts: Vec<Drafted>,
    #[serde(default)]
    checks: Vec<Checked>,
    stack: String,
    frameworks: Vec<String>,
    commands: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Found {
    key: String,
    value: String,
    /// `path:line`.
    #[serde(default)]
    at: Option<String>,
    #[serde(default)]
    quote: String,
    #[serde(default = "yes")]
    cited: bool,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answered {
    question: String,
    answer: String,
    #[serde(default)]
    area: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    id: String,
    question: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Uncertain {
    area: String,
    claim: String,
    confidence: f64,
    #[serde(default)]
    blocking: bool,
    #[serde(default)]
    resolution: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shown {
    title: String,
    body: String,
    /// `approved`, or why it was rejected, or what was asked.
    #[serde(default)]
    approved: bool,
    #[serde(default)]
    rejected: Option<String>,
    #[serde(default)]
    asked: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Drafted {
    kind: String,
    title: String,
    prompt: String,
    #[serde(default)]
    files: Vec<String>,
    /// Written, unless `refused` or `failed` say why not.
    #[serde(default)]
    refused: Option<String>,
    #[serde(default)]
    failed: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Checked {
    check: String,
    command: String,
    status: i32,
    #[serde(default)]
    output: String,
    #[serde(default)]
    stale: bool,
}

impl Situation {
    pub(crate) fn view(self) -> View {
        let answers = self.answers.into_iter().enumerate().map(|(index, answered)| QuestionStatus {
            question: question(format!("answered-{index}"), answered.question, answered.area),
            state: QuestionState::Answered,
            answer: Some(answered.answer),
            cite: Some(format!("A{}", index + 1)),
        });
        let raised = self.questions.into_iter().map(|asked| QuestionStatus {
            question: question(asked.id, asked.question, None),
            state: QuestionState::Raised,
            answer: None,
            cite: None,
        });
        View {
            chain: "001".to_owned(),
            goal: self.goal,
            phases: Vec::new(),
            phase: self.phase.clone(),
            visit: self.visit,
            why: self.why,
            lacks: Vec::new(),
            overall: self.overall,
            scores: self.scores,
            facts: self.facts.into_iter().enumerate().map(fact).collect(),
            uncertainties: self.uncertainties.into_iter().map(uncertainty).collect(),
            questions: answers.chain(raised).collect(),
            decisions: self.decisions,
            proposals: self.solutions.into_iter().map(shown).collect(),
            runs: self.ran.into_iter().map(|name| run(name, &self.phase, self.visit)).collect(),
            suggestions: self.suggested.into_iter().map(PromptCall::new).collect(),
            gap: self.gap,
            refusals: Vec::new(),
            drafts: self.drafts.into_iter().enumerate().map(drafted).collect(),
            checks: self.checks.into_iter().map(checked).collect(),
            settings: BTreeMap::new(),
            project: ProjectSummary {
                stacks: vec![StackSummary {
                    name: self.stack,
                    plugin: "stack-node".to_owned(),
                    frameworks: self.frameworks,
                }],
                routes: 15,
                models: 2,
                files: 31,
                unparsed: Vec::new(),
                idioms: Default::default(),
                commands: self.commands,
            },
            commands: Vec::new(),
        }
    }
}

fn drafted((index, drafted): (usize, Drafted)) -> Draft {
    let change = |path| FileChange { path, old: None, new: None, added: 4, removed: 1, cut: false, tests: false };
    let files = drafted.files.into_iter().map(change).collect();
    let plan = Plan { digest: Digest::of("plan"), stored: Digest::of("stored"), files, unchanged: Vec::new() };
    let state = match (drafted.refused, drafted.failed) {
        (Some(why), _) => DraftState::Refused(why),
        (None, Some(message)) => DraftState::Failed { code: ErrorCode::Failed, message },
        (None, None) => DraftState::Written(Written { plan: plan.digest, undo: plan.stored, files: plan.files }),
    };
    Draft {
        id: format!("D{}", index + 1),
        kind: drafted.kind,
        title: drafted.title,
        prompt: drafted.prompt,
        effect: 1,
        phase: "implementation".to_owned(),
        visit: 1,
        edits: Vec::new(),
        state,
        conflict: None,
    }
}

fn checked(checked: Checked) -> CheckRun {
    let evidence = Evidence {
        check: checked.check,
        command: checked.command,
        status: Some(checked.status),
        tree: Digest::of("tree"),
        after: None,
        changed: Vec::new(),
        tail: checked.output,
        limit: None,
        phase: "implementation".to_owned(),
        visit: 1,
        seq: 1,
    };
    CheckRun { evidence, fresh: !checked.stale }
}

fn question(id: String, text: String, area: Option<String>) -> Question {
    Question { id, text, why: String::new(), options: Vec::new(), recommended: None, area }
}

fn fact((index, found): (usize, Found)) -> Fact {
    let place = found.at.map(|at| {
        let (path, line) = at.rsplit_once(':').expect("a place is path:line");
        Place { path: path.to_owned(), line: line.parse().expect("a line is a number"), quote: found.quote }
    });
    Fact {
        id: format!("F{}", index + 1),
        key: found.key,
        value: found.value,
        cited: found.cited && place.is_some(),
        source: place,
    }
}

fn uncertainty(uncertain: Uncertain) -> Uncertainty {
    Uncertainty {
        area: uncertain.area,
        claim: uncertain.claim,
        confidence: uncertain.confidence,
        blocking: uncertain.blocking,
        resolution: uncertain.resolution,
        claimed: None,
    }
}

fn shown(shown: Shown) -> ProposalStatus {
    let proposal = Proposal { kind: "solution".to_owned(), title: shown.title, body: shown.body };
    let verdict = match (shown.approved, shown.rejected, shown.asked) {
        (true, _, _) => Some(Verdict::Approved),
        (false, Some(why), _) => Some(Verdict::Rejected(why)),
        (false, None, asked) => asked.map(Verdict::MoreInfo),
    };
    ProposalStatus {
        withdrawn: None,
        digest: proposal.digest(),
        proposal,
        verdict,
        by: None,
        phase: "solution-approval".to_owned(),
        visit: 1,
    }
}

fn run(name: String, phase: &str, visit: u32) -> Run {
    Run { name, phase: phase.to_owned(), visit, ok: true, answers: 0 }
}
