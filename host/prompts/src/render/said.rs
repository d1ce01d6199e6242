//! What one part of the context says, entry by entry.
//!
//! What must never be lost is said at its full length; everything else is bounded entry by entry.

use std::borrow::Cow;
use std::collections::BTreeSet;

use certus_engine::{CheckRun, DraftState, Fact, FileChange, ProposalStatus, QuestionState, Verdict, View};

use super::FileText;
use crate::clean::{clean, in_one_line, line};

/// Characters of what is said at its full length.
const WHOLE: usize = usize::MAX;

pub(super) fn state(view: &View) -> String {
    let mut text = format!(
        "phase: {}, visit {}\nentered because: {}\noverall confidence: {:.2}",
        line(&view.phase, 64),
        view.visit,
        line(&view.why, 2000),
        view.overall
    );
    for (area, score) in view.scores.iter().filter(|(area, _)| *area != "overall") {
        text.push_str(&format!("\nconfidence in {}: {score:.2}", line(area, 64)));
    }
    for lack in &view.lacks {
        text.push_str(&format!("\nnot enough: {}", line(&lack.to_string(), 300)));
    }
    text
}

/// There are more of them than of anything else, so each is written into one text.
pub(super) fn fact_line(fact: &Fact) -> String {
    let mut said = String::with_capacity(fact.key.len() + fact.value.len() + 160);
    for piece in ["[", &fact.id, "] ", &in_one_line(&fact.key, 80), ": ", &in_one_line(&fact.value, 400)] {
        said.push_str(piece);
    }
    let Some(place) = &fact.source else { return said + " (no source)" };
    for piece in [" -- ", &in_one_line(&place.path, 200), ":", &place.line.to_string()] {
        said.push_str(piece);
    }
    let quote = in_one_line(&place.quote, 200);
    if !quote.is_empty() {
        for piece in [" `", &quote, "`"] {
            said.push_str(piece);
        }
    }
    if !fact.cited {
        said.push_str(" (quote not found there)");
    }
    said
}

pub(super) fn answers(view: &View) -> Vec<String> {
    let answered = view.questions.iter().filter_map(|status| Some((status, status.answer.as_deref()?)));
    let mut answered: Vec<_> = answered.collect();
    // In the order in which they were given, so that a new one comes last.
    let number = |status: &certus_engine::QuestionStatus| status.cite.as_deref()?.get(1..)?.parse::<u64>().ok();
    answered.sort_by_key(|(status, _)| number(status).unwrap_or(u64::MAX));
    answered
        .into_iter()
        .map(|(status, answer)| {
            let cite = status.cite.as_deref().unwrap_or("A?");
            format!("[{cite}] {} -> {}", line(&status.question.text, WHOLE), line(answer, WHOLE))
        })
        .collect()
}

pub(super) fn open_questions(view: &View) -> Vec<String> {
    let open = view.questions.iter().filter(|status| status.state != QuestionState::Answered);
    open.map(|status| {
        let asked = if status.state == QuestionState::Asked { "asked" } else { "raised" };
        format!("{} ({asked}): {}", line(&status.question.id, 64), line(&status.question.text, WHOLE))
    })
    .collect()
}

/// Those that block and are open, or the others.
pub(super) fn uncertainties(view: &View, blockers: bool) -> Vec<String> {
    let say = |uncertainty: &certus_engine::Uncertainty| {
        let blocking = if uncertainty.blocking { ", blocking" } else { "" };
        let said = format!(
            "{} ({:.2}{blocking}): {}",
            line(&uncertainty.area, 64),
            uncertainty.confidence,
            line(&uncertainty.claim, if blockers { WHOLE } else { 500 })
        );
        match (&uncertainty.resolution, &uncertainty.claimed) {
            (Some(resolution), _) => format!("{said} -> resolved: {}", line(resolution, 500)),
            (None, Some(claimed)) => {
                format!("{said} -> open; claimed without anything behind it: {}", line(claimed, 500))
            }
            (None, None) => format!("{said} -> open"),
        }
    };
    let wanted = |one: &&certus_engine::Uncertainty| (one.blocking && one.is_open()) == blockers;
    view.uncertainties.iter().filter(wanted).map(say).collect()
}

pub(super) fn decisions(view: &View) -> Vec<String> {
    view.decisions
        .iter()
        .map(|decision| {
            let because = line(&decision.because, WHOLE);
            let because = if because.is_empty() { because } else { format!(" because {because}") };
            format!("{}: {}{because}", line(&decision.key, WHOLE), line(&decision.value, WHOLE))
        })
        .collect()
}

pub(super) fn judged(view: &View) -> Vec<String> {
    view.proposals
        .iter()
        .filter_map(|status| {
            let title = line(&status.proposal.title, 200);
            match status.verdict.as_ref()? {
                Verdict::Approved => None,
                Verdict::Rejected(why) => {
                    Some(format!("{} \"{title}\" was rejected: {}", status.digest.short(), line(why, WHOLE)))
                }
                Verdict::MoreInfo(what) => {
                    Some(format!("{} \"{title}\": the person asked: {}", status.digest.short(), line(what, WHOLE)))
                }
            }
        })
        .collect()
}

/// The newest solution, with what was said of it: what a revision begins from and what a design carries out. Whether it is
/// approved.
pub(super) fn last_solution(view: &View) -> (String, bool) {
    let Some(status) = view.proposals.iter().rfind(|status| status.proposal.kind == "solution") else {
        return (String::new(), false);
    };
    let ProposalStatus { proposal, verdict, .. } = status;
    let said = match verdict {
        None => "not judged yet",
        Some(Verdict::Approved) => "approved",
        Some(Verdict::Rejected(_)) => "rejected",
        Some(Verdict::MoreInfo(_)) => "not approved: more was asked",
    };
    let approved = *verdict == Some(Verdict::Approved);
    (format!("({said}) {}\n\n{}", line(&proposal.title, 200), proposal.body), approved)
}

/// A file's head and its text.
pub(super) fn file(file: &FileText) -> String {
    let mut head = format!("path: {}\nbase: {}\n", line(&file.path, 400), line(&file.base(), 16));
    if let Some((first, last)) = file.of_lines {
        head.push_str(&format!("lines: {first} to {last}; the rest is not shown\n"));
    }
    let cleaned = clean(&file.text);
    if matches!(cleaned, Cow::Owned(_)) && file.text.replace("\r\n", "\n") != cleaned {
        head.push_str("note: characters that cannot be shown are left out\n");
    }
    format!("{head}---\n{}", file.text)
}

/// What replies drafted: where each stands, which files, what went wrong.
pub(super) fn drafts(view: &View) -> Vec<String> {
    let say = |draft: &certus_engine::Draft| {
        let mut said = format!(
            "{} {} \"{}\" by {}: {}",
            line(&draft.id, 16),
            line(&draft.kind, 64),
            line(&draft.title, 200),
            line(&draft.prompt, 80),
            draft.state.name()
        );
        let changes = changes(&draft.state);
        let files: Vec<String> = changes
            .iter()
            .map(|change| format!("{} (+{} -{})", line(&change.path, 200), change.added, change.removed))
            .collect();
        if !files.is_empty() {
            said.push_str(&format!("; {}", line(&files.join(", "), 2000)));
        }
        let there: Vec<String> = draft.state.unchanged().iter().map(|path| line(path, 200)).collect();
        if !there.is_empty() {
            said.push_str(&format!("; stands there already: {}", line(&there.join(", "), 2000)));
        }
        if let Some(problem) = draft.state.problem() {
            said.push_str(&format!("; because: {}", line(problem, 2000)));
        }
        said
    };
    view.drafts.iter().map(say).collect()
}

/// Files that a draft is about, whatever became of it.
pub(super) fn touched(view: &View) -> BTreeSet<&str> {
    let planned = view.drafts.iter().flat_map(|draft| changes(&draft.state).iter().map(|change| change.path.as_str()));
    let wanted = view.drafts.iter().flat_map(|draft| draft.edits.iter().map(|edit| edit.path.as_str()));
    let there = view.drafts.iter().flat_map(|draft| draft.state.unchanged().iter().map(String::as_str));
    planned.chain(wanted).chain(there).collect()
}

/// The files of a draft, once it is planned.
pub(super) fn changes(state: &DraftState) -> &[FileChange] {
    match state {
        DraftState::Planned(plan) | DraftState::Approved(plan) => &plan.files,
        DraftState::Written(written) => &written.files,
        DraftState::New
        | DraftState::Amended
        | DraftState::Refused(_)
        | DraftState::Unchanged(_)
        | DraftState::Undone
        | DraftState::Failed { .. } => &[],
    }
}

/// Check runs in a line each, oldest first.
pub(super) fn checks(view: &View) -> Vec<String> {
    view.checks
        .iter()
        .map(|run| {
            let status = match run.evidence.status {
                Some(0) => "passed".to_owned(),
                Some(status) => format!("failed with status {status}"),
                None => "ended without a status".to_owned(),
            };
            let fresh = if run.fresh {
                "on the files as they are"
            } else {
                "stale: something was written since, or it ran again"
            };
            format!("{}: {status}, {fresh}", command(run))
        })
        .collect()
}

/// The newest run of each check that printed something, newest first: its head and what it printed last.
pub(super) fn outputs(view: &View) -> Vec<(String, String)> {
    let mut seen = BTreeSet::new();
    let newest = view.checks.iter().rev().filter(|run| seen.insert(run.evidence.check.as_str()));
    newest
        .filter(|run| !run.evidence.tail.trim().is_empty())
        .map(|run| (command(run), run.evidence.tail.clone()))
        .collect()
}

fn command(run: &CheckRun) -> String {
    format!("{}: `{}`", line(&run.evidence.check, 32), line(&run.evidence.command, 300))
}

/// What ran, in one line for each visit of a phase.
pub(super) fn runs(view: &View) -> Vec<String> {
    let mut lines: Vec<(&str, u32, String)> = Vec::new();
    for run in &view.runs {
        let said = format!("{}{}", line(&run.name, 80), if run.ok { "" } else { " (failed)" });
        match lines.last_mut() {
            Some((phase, visit, ran)) if *phase == run.phase && *visit == run.visit => {
                ran.push_str(", ");
                ran.push_str(&said);
            }
            _ => lines.push((&run.phase, run.visit, said)),
        }
    }
    lines.into_iter().map(|(phase, visit, ran)| format!("{} {visit}: {ran}", line(phase, 64))).collect()
}

pub(super) fn project(view: &View) -> Vec<String> {
    let project = &view.project;
    let mut lines: Vec<String> = project
        .stacks
        .iter()
        .map(|stack| {
            let frameworks = if stack.frameworks.is_empty() {
                String::new()
            } else {
                format!(" with {}", line(&stack.frameworks.join(", "), 400))
            };
            format!("stack: {}{frameworks} (read by {})", line(&stack.name, 64), line(&stack.plugin, 64))
        })
        .collect();
    if project.files > 0 {
        lines.push(format!("{} files read, {} routes, {} models", project.files, project.routes, project.models));
    }
    if !project.unparsed.is_empty() {
        let some: Vec<String> = project.unparsed.iter().take(5).map(|(path, _)| line(path, 120)).collect();
        lines.push(format!("{} files could not be read, among them {}", project.unparsed.len(), some.join(", ")));
    }
    lines
        .extend(project.commands.iter().map(|(kind, command)| format!("{}: `{}`", line(kind, 32), line(command, 300))));
    lines
}
