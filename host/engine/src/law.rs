//! The law: what a controller, a command or a person names is checked here against the chain, and nowhere else.
//!
//! A ruling says what to record at once and which effects to perform; a refusal names its law. Policy is the
//! controller's; these hold in every methodology.

mod implementation;
mod present;
pub(crate) mod reviewer;
mod samples;
pub(crate) mod tests_first;
mod upkeep;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    Action, Asking, Body, Chain, Lack, Millis, PluginRef, PromptCall, Proposal, Question, QuestionState, Request,
};

/// Actions that one visit of a phase may take, refused ones included.
pub const ACTIONS_PER_VISIT: u32 = 64;
/// Times that one phase may be entered.
pub const VISITS_PER_PHASE: u32 = 12;
/// Effects that one action may ask for.
pub const EFFECTS_PER_ACTION: usize = 32;
/// Characters of a proposal's title.
pub const TITLE: usize = 200;
/// Commands that may follow one another by naming the next line.
pub const COMMAND_DEPTH: u8 = 4;
/// Effects that one run of a command may ask for.
pub const EFFECTS_PER_COMMAND: usize = 256;

/// The laws, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Law {
    /// A phase is left forwards only through an open gate.
    GateNotMet,
    /// Only a phase that may follow, or one that the gate leaves free, may be entered.
    PhaseOrder,
    /// Nothing completes without recorded evidence where the methodology asks for it.
    NoCompletionWithoutEvidence,
    /// Nothing is written before a person approved the solution.
    NoWriteWithoutApproval,
    /// A phase ends in bounded steps.
    NoEndlessLoop,
    /// An action names something to do, and not too much at once.
    ActionForm,
    /// Only prompts in the library run.
    UnknownPrompt,
    /// Only commands of installed plugins run.
    UnknownCommand,
    /// Only raised, unanswered questions are asked, each once.
    UnknownQuestion,
    /// A command names only chainable commands as the next.
    NotChainable,
    /// Commands follow one another to a bounded depth.
    CommandDepth,
    /// A command runs in the phases that its manifest names.
    CommandOutOfPhase,
    /// A chain that ended does nothing more.
    ChainEnded,
    /// Only drafts that nobody proposed yet are proposed, and only written ones taken back.
    UnknownDraft,
    /// The project's own commands run only where a person lets them.
    CommandNotAllowed,
}

impl Law {
    /// The law's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::GateNotMet => "gate-not-met",
            Self::PhaseOrder => "phase-order",
            Self::NoCompletionWithoutEvidence => "no-completion-without-evidence",
            Self::NoWriteWithoutApproval => "no-write-without-approval",
            Self::NoEndlessLoop => "no-endless-loop",
            Self::ActionForm => "action-form",
            Self::UnknownPrompt => "unknown-prompt",
            Self::UnknownCommand => "unknown-command",
            Self::UnknownQuestion => "unknown-question",
            Self::NotChainable => "not-chainable",
            Self::CommandDepth => "command-depth",
            Self::CommandOutOfPhase => "command-out-of-phase",
            Self::ChainEnded => "chain-ended",
            Self::UnknownDraft => "unknown-draft",
            Self::CommandNotAllowed => "command-not-allowed",
        }
    }
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What was named is against the law.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{law}: {detail}")]
pub struct Refusal {
    /// Which law.
    pub law: Law,
    /// What exactly.
    pub detail: String,
    /// What keeps the gate shut, when a gate is the reason.
    pub lacks: Vec<Lack>,
}

/// What follows from something lawful.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ruling {
    /// To record at once.
    pub record: Vec<Body>,
    /// To perform, each after its intent is recorded.
    pub requests: Vec<Request>,
}

/// A prompt in the library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptRef {
    /// Exact.
    pub name: String,
    /// Of the prompt file.
    pub version: String,
}

/// A command of an installed plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandRef {
    /// Without the slash.
    pub name: String,
    /// Who implements it.
    pub plugin: PluginRef,
    /// Whether another command may name it as the next.
    pub chainable: bool,
    /// The phases it runs in; empty for any.
    pub phases: Vec<String>,
}

/// What exists to be named.
pub trait Catalogue {
    /// The prompt of exactly that name.
    fn prompt(&self, name: &str) -> Option<PromptRef>;
    /// The command that a line with a slash names.
    fn command(&self, line: &str) -> Option<CommandRef>;
}

pub use implementation::{after_undo, due, judge_undo, take_over, undo_order};
pub(crate) use implementation::{nameable, waiver_of};
pub use present::{builds_on_evidence, judge_tree, leaving};
pub use reviewer::of as reviewer_of;
pub use samples::{samples, samples_of, samples_wanted};
pub use tests_first::{
    ChangedTests, Standstill, failed_first, no_test_failed_first, not_undone, standstill, tests_alone_are_wanted,
    tests_changed_since,
};
pub(crate) use upkeep::{condenses, is_upkeep, makes_room};
pub use upkeep::{is_dispensable, upkeep};

type Judged = Result<Ruling, Refusal>;

fn refusal(law: Law, detail: impl Into<String>) -> Refusal {
    Refusal { law, detail: detail.into(), lacks: Vec::new() }
}

fn refuse(law: Law, detail: impl Into<String>) -> Judged {
    Err(refusal(law, detail))
}

/// Judge what a controller named.
///
/// # Errors
/// The law that it breaks.
pub fn judge(chain: &Chain, action: &Action, catalogue: &dyn Catalogue, now: Millis) -> Judged {
    if chain.ended().is_some() {
        return refuse(Law::ChainEnded, "the chain has ended");
    }
    let actions = chain.visits().last().map_or(0, |visit| visit.actions);
    let ends = matches!(action, Action::GiveUp(_));
    if actions >= ACTIONS_PER_VISIT && !ends {
        return refuse(
            Law::NoEndlessLoop,
            format!("{} took {actions} actions without leaving the phase", chain.phase()),
        );
    }
    match action {
        Action::RunPrompts(calls) => {
            let ruling = run_prompts(calls, catalogue)?;
            match tests_first::before_prompts(chain, calls.iter().map(|call| call.name.as_str()))? {
                Some(proposal) => perform(Request::Approve { proposal }),
                None => Ok(ruling),
            }
        }
        Action::Ask(askings) => ask(chain, askings),
        Action::RequestApproval(proposal) => perform(Request::Approve { proposal: lawful_proposal(proposal)? }),
        Action::EnterPhase { phase, why } => enter_phase(chain, phase, why, now),
        Action::RunCommand(line) => judge_command(chain, line, 0, catalogue, now),
        Action::ProposeEdits(draft) => implementation::propose_edits(chain, draft),
        Action::RunCheck(check) => implementation::run_check(chain, *check),
        Action::Finish(why) => finish(chain, why, now),
        Action::GiveUp(why) => Ok(Ruling { record: end(chain, false, why, now), requests: Vec::new() }),
    }
}

/// Judge a command line that a controller or a person (`depth` 0), or a command before it, named. A command of another
/// phase takes the chain there, if the law lets it.
///
/// # Errors
/// The law that it breaks.
pub fn judge_command(chain: &Chain, line: &str, depth: u8, catalogue: &dyn Catalogue, now: Millis) -> Judged {
    if chain.ended().is_some() {
        return refuse(Law::ChainEnded, "the chain has ended");
    }
    let Some(command) = catalogue.command(line) else {
        return refuse(Law::UnknownCommand, format!("no installed plugin has `{line}`"));
    };
    if depth > 0 && !command.chainable {
        return refuse(Law::NotChainable, format!("/{} is not marked chainable", command.name));
    }
    if depth > COMMAND_DEPTH {
        return refuse(Law::CommandDepth, format!("more than {COMMAND_DEPTH} commands followed one another"));
    }
    let mut ruling = Ruling::default();
    if !command.phases.is_empty() && !command.phases.iter().any(|phase| phase == chain.phase()) {
        let Some(target) = taken_to(chain, &command.phases) else {
            return refuse(
                Law::CommandOutOfPhase,
                format!("/{} runs in {}, not in {}", command.name, command.phases.join(", "), chain.phase()),
            );
        };
        ruling = enter_phase(chain, target, &format!("/{}", command.name), now)?;
    }
    ruling.requests.push(Request::Command { line: line.to_owned(), plugin: command.plugin, depth });
    Ok(ruling)
}

/// The phase that a command line takes the chain to, where it belongs to another than the present one.
fn taken_to<'c>(chain: &'c Chain, phases: &[String]) -> Option<&'c String> {
    let follows = chain.phase_definition().map(|phase| phase.may_follow.as_slice()).unwrap_or_default();
    let here = phases.is_empty() || phases.iter().any(|phase| phase == chain.phase());
    phases.iter().find_map(|phase| follows.iter().find(|follows| *follows == phase)).filter(|_| !here)
}

fn perform(request: Request) -> Judged {
    Ok(Ruling { record: Vec::new(), requests: vec![request] })
}

fn run_prompts(calls: &[PromptCall], catalogue: &dyn Catalogue) -> Judged {
    if calls.is_empty() || calls.len() > EFFECTS_PER_ACTION {
        return refuse(Law::ActionForm, format!("run-prompts takes 1 to {EFFECTS_PER_ACTION} prompts"));
    }
    let mut requests = Vec::with_capacity(calls.len());
    for call in calls {
        requests.push(prompt_request(call, catalogue)?);
    }
    Ok(Ruling { record: Vec::new(), requests })
}

/// The request for one prompt, as a controller or a command names it.
///
/// # Errors
/// The library has no such prompt.
pub fn prompt_request(call: &PromptCall, catalogue: &dyn Catalogue) -> Result<Request, Refusal> {
    match catalogue.prompt(&call.name) {
        Some(prompt) => {
            Ok(Request::Prompt { name: prompt.name, version: prompt.version, arguments: call.arguments.clone() })
        }
        None => Err(Refusal {
            law: Law::UnknownPrompt,
            detail: format!("there is no prompt `{}`", call.name),
            lacks: Vec::new(),
        }),
    }
}

fn ask(chain: &Chain, askings: &[Asking]) -> Judged {
    if askings.is_empty() || askings.len() > EFFECTS_PER_ACTION {
        return refuse(Law::ActionForm, format!("ask takes 1 to {EFFECTS_PER_ACTION} questions"));
    }
    let mut requests: Vec<Request> = Vec::with_capacity(askings.len());
    for asking in askings {
        let question = match asking {
            Asking::Raised(id) => {
                let raised = chain
                    .questions()
                    .iter()
                    .find(|status| status.question.id == *id && status.state == QuestionState::Raised);
                match raised {
                    Some(status) => status.question.clone(),
                    None => {
                        return refuse(Law::UnknownQuestion, format!("no raised question `{id}` waits to be asked"));
                    }
                }
            }
            Asking::New(question) => lawful_question(chain, question)?,
        };
        let twice = |request: &Request| matches!(request, Request::Ask { question: other } if other.id == question.id);
        if requests.iter().any(twice) {
            return refuse(Law::UnknownQuestion, format!("`{}` is asked twice at once", question.id));
        }
        requests.push(Request::Ask { question });
    }
    Ok(Ruling { record: Vec::new(), requests })
}

/// Check a question that a plugin words itself.
///
/// # Errors
/// It has no text, or was asked before.
pub fn lawful_question(chain: &Chain, question: &Question) -> Result<Question, Refusal> {
    let refusal = |law, detail: String| Err(Refusal { law, detail, lacks: Vec::new() });
    if question.text.trim().is_empty() || question.id.trim().is_empty() {
        return refusal(Law::ActionForm, "a question needs an id and a text".to_owned());
    }
    let known = chain.questions().iter().find(|status| status.question.id == question.id);
    if known.is_some_and(|status| status.state != QuestionState::Raised) {
        return refusal(Law::UnknownQuestion, format!("`{}` was asked before", question.id));
    }
    if known.is_some_and(|status| status.question.text != question.text) {
        return refusal(Law::UnknownQuestion, format!("`{}` is the id of another question", question.id));
    }
    Ok(question.clone().honest())
}

/// Check a proposal of a plugin: all of it must be shown, so its title is one short line, and none of ours is imitated.
///
/// # Errors
/// It has no title or body, a title that would not be shown whole, or a kind that lets something run.
pub fn lawful_proposal(proposal: &Proposal) -> Result<Proposal, Refusal> {
    if proposal.kind == crate::chain::COMMAND {
        return Err(refusal(Law::ActionForm, "a command of the project is proposed with run-check only"));
    }
    if proposal.kind == crate::chain::WAIVER {
        return Err(refusal(Law::ActionForm, "what may be passed over is asked by the law only"));
    }
    let kind = !proposal.kind.trim().is_empty() && proposal.kind.chars().count() <= 60 && !proposal.kind.contains('\n');
    if kind && one_line(&proposal.title).is_ok() && !proposal.body.trim().is_empty() {
        return Ok(proposal.clone());
    }
    let detail = format!("a proposal needs a kind, a title in one line of at most {TITLE} characters, and a body");
    Err(refusal(Law::ActionForm, detail))
}

fn one_line(title: &str) -> Result<(), String> {
    let fits = !title.trim().is_empty() && title.chars().count() <= TITLE && !title.contains('\n');
    fits.then_some(())
        .ok_or_else(|| format!("it is no single line of at most {TITLE} characters, so it cannot be shown"))
}

/// Judge a person's wish to go on with a chain that was given up: its phase is entered anew. One that was completed elsewhere goes
/// back to the phase that gathers evidence, because none of it was gathered here.
///
/// # Errors
/// The chain goes on, or is complete.
pub fn judge_reopening(chain: &Chain) -> Judged {
    let (phase, why) = match chain.ended() {
        Some(ended) if !ended.success => (chain.phase().to_owned(), format!("taken up again after: {}", ended.why)),
        Some(_) if chain.completed_elsewhere() => {
            let phase = present::back(chain).unwrap_or_else(|| chain.phase().to_owned());
            (phase, "it was completed elsewhere, and nothing of it was verified here".to_owned())
        }
        _ => return refuse(Law::ChainEnded, "only a chain that was given up can be taken up again"),
    };
    let visit = chain.visits_of(&phase) + 1;
    let entered = Body::PhaseEntered { phase, visit, why };
    Ok(Ruling { record: vec![Body::Reopened, entered], requests: Vec::new() })
}

/// Judge a person's wish to answer anew what was answered before: the chain goes back to the phase that asked, never
/// forwards, and is taken up again where it was given up.
///
/// # Errors
/// Nothing was answered under that id, the answer is no other or empty, or the chain is complete.
pub fn judge_correction(chain: &Chain, id: &str, text: &str, by: Option<String>, now: Millis) -> Judged {
    if chain.ended().is_some_and(|ended| ended.success) {
        return refuse(Law::ChainEnded, "the chain is complete");
    }
    let known = chain.questions().iter().find(|status| status.question.id == id);
    let answered = known.filter(|status| status.state == QuestionState::Answered);
    let (Some(status), Some((_, asked_in))) = (answered, chain.answered_at(id)) else {
        return refuse(Law::UnknownQuestion, format!("`{id}` was not answered yet"));
    };
    if text.trim().is_empty() {
        return refuse(Law::ActionForm, format!("the answer to `{id}` is empty"));
    }
    if status.answer.as_deref() == Some(text) {
        return refuse(Law::ActionForm, format!("`{id}` was answered just so before"));
    }
    let place = |name: &str| {
        let phases = chain.started().map(|started| started.methodology.phases.as_slice()).unwrap_or_default();
        phases.iter().position(|phase| phase.name == name)
    };
    let phase = match (place(asked_in), place(chain.phase())) {
        (Some(there), Some(here)) if there < here => asked_in,
        _ => chain.phase(),
    };
    let mut record = Vec::new();
    if chain.ended().is_some() {
        record.push(Body::Reopened);
    }
    record.push(Body::Corrected { question: id.to_owned(), text: text.to_owned(), by });
    record.extend(leave(chain, false, now));
    let why = format!("the answer to {id} was corrected");
    record.push(Body::PhaseEntered { phase: phase.to_owned(), visit: chain.visits_of(phase) + 1, why });
    Ok(Ruling { record, requests: Vec::new() })
}

fn enter_phase(chain: &Chain, target: &str, why: &str, now: Millis) -> Judged {
    let Some(here) = chain.phase_definition() else {
        return refuse(Law::PhaseOrder, "the chain is in no phase");
    };
    let free = here.gate.free_to.iter().any(|name| name == target);
    if !free && !here.may_follow.iter().any(|name| name == target) {
        return refuse(Law::PhaseOrder, format!("{target} does not follow {}", here.name));
    }
    let lacks = here.gate.lacks(chain);
    if !free && !lacks.is_empty() {
        return Err(gate_refusal(&here.name, lacks));
    }
    if !free && let Some(why) = tests_first::keeps(chain) {
        return refuse(Law::GateNotMet, format!("{}: {why}", here.name));
    }
    if chain.visits_of(target) >= VISITS_PER_PHASE {
        return refuse(Law::NoEndlessLoop, format!("{target} was entered {VISITS_PER_PHASE} times"));
    }
    let mut record = leave(chain, lacks.is_empty(), now);
    record.push(Body::PhaseEntered {
        phase: target.to_owned(),
        visit: chain.visits_of(target) + 1,
        why: why.to_owned(),
    });
    Ok(Ruling { record, requests: Vec::new() })
}

fn gate_refusal(phase: &str, lacks: Vec<Lack>) -> Refusal {
    let said: Vec<String> = lacks.iter().map(ToString::to_string).collect();
    Refusal { law: Law::GateNotMet, detail: format!("{phase}: {}", said.join("; ")), lacks }
}

fn leave(chain: &Chain, success: bool, now: Millis) -> Vec<Body> {
    let Some(visit) = chain.visits().last().filter(|visit| visit.left_at.is_none()) else {
        return Vec::new();
    };
    vec![Body::PhaseLeft {
        phase: visit.phase.clone(),
        visit: visit.visit,
        success,
        elapsed_ms: now.saturating_sub(visit.entered_at),
        tokens: visit.usage.tokens(),
        usd_micros: visit.usage.usd_micros,
    }]
}

fn finish(chain: &Chain, why: &str, now: Millis) -> Judged {
    let Some(here) = chain.phase_definition() else {
        return refuse(Law::PhaseOrder, "the chain is in no phase");
    };
    let methodology = chain.started().map(|started| &started.methodology);
    let wanted = methodology.into_iter().flat_map(|m| &m.phases).flat_map(|phase| &phase.gate.evidence);
    for check in wanted {
        if !chain.fresh_evidence().any(|evidence| evidence.check == *check && evidence.passed()) {
            let detail = format!("no recorded {check} run passed on the files as they were last written");
            return refuse(Law::NoCompletionWithoutEvidence, detail);
        }
    }
    if !here.may_follow.is_empty() {
        return refuse(Law::PhaseOrder, format!("{} is not the last phase", here.name));
    }
    let lacks = here.gate.lacks(chain);
    if !lacks.is_empty() {
        return Err(gate_refusal(&here.name, lacks));
    }
    Ok(Ruling { record: end(chain, true, why, now), requests: Vec::new() })
}

fn end(chain: &Chain, success: bool, why: &str, now: Millis) -> Vec<Body> {
    let mut record = leave(chain, success, now);
    record.push(Body::Ended { success, why: why.to_owned() });
    record
}

/// What a new chain records first.
pub fn begin(started: crate::Started) -> Vec<Body> {
    let phase = started.methodology.start.clone();
    vec![Body::ChainStarted(Box::new(started)), Body::PhaseEntered { phase, visit: 1, why: "a new chain".to_owned() }]
}
