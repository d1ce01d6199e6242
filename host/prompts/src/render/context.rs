//! What the chain knows, as parts between fence marks.
//!
//! Every list is bounded twice: each entry by its length, the whole by the room that is left. What has to give way first
//! is what matters least, and a part says how much it leaves out.

use certus_engine::{Fact, ProposalStatus, QuestionState, Verdict, View};

use super::{Arguments, Extra};
use crate::clean::{cut, line};
use crate::fence::Fence;

/// Bytes of one part, unless there is less room.
const PART_LIMIT: usize = 32 * 1024;
/// Bytes of the facts.
const FACTS_LIMIT: usize = 96 * 1024;
/// Bytes of the goal.
const GOAL_LIMIT: usize = 16 * 1024;

struct Context<'a> {
    text: String,
    room: usize,
    fence: &'a Fence,
}

/// The parts that have something in them, in at most `room` bytes.
pub(super) fn context(view: &View, others: &Arguments<'_>, extra: &Extra, fence: &Fence, room: usize) -> String {
    let mut context = Context { text: String::new(), room, fence };
    context.whole("goal", cut(&view.goal, GOAL_LIMIT));
    context.whole("state", &state(view));
    context.list("arguments", others.iter().map(|(name, value)| format!("{}: {value}", line(name, 64))).collect());
    context.list("answers", answers(view));
    context.list("rejections", judged(view));
    context.whole("last-solution", &last_solution(view));
    context.list("uncertainties", uncertainties(view));
    context.list("decisions", decisions(view));
    context.list("open-questions", open_questions(view));
    context.list("project", project(view));
    context
        .list("idioms", extra.idioms.iter().map(|(concept, said)| format!("{concept}: {}", line(said, 400))).collect());
    context.facts(&view.facts);
    context.whole("gap", line(view.gap.as_deref().unwrap_or_default(), 1000).as_str());
    context.list(
        "suggested-prompts",
        view.suggestions.iter().map(|call| format!("{} {}", line(&call.name, 80), line(&call.why, 200))).collect(),
    );
    context.list("ran-already", runs(view));
    context.text
}

impl Context<'_> {
    /// A part as one text.
    fn whole(&mut self, name: &str, text: &str) {
        self.push(name, text.trim(), 0);
    }

    /// A part of entries, the last of which matter most.
    fn list(&mut self, name: &str, mut entries: Vec<String>) {
        let mut size: usize = entries.iter().map(|entry| entry.len() + 1).sum();
        let most = PART_LIMIT.min(self.spare());
        let mut left_out = 0;
        while size > most && left_out < entries.len() {
            size -= entries[left_out].len() + 1;
            left_out += 1;
        }
        entries.drain(..left_out);
        self.push(name, &entries.join("\n"), left_out);
    }

    /// Cited facts stay before others, early ones before late ones.
    fn facts(&mut self, facts: &[Fact]) {
        let mut order: Vec<(usize, &Fact)> = facts.iter().enumerate().collect();
        order.sort_by_key(|(index, fact)| (!fact.cited, *index));
        let most = FACTS_LIMIT.min(self.spare());
        let mut size = 0;
        let mut kept: Vec<(usize, String)> = order
            .into_iter()
            .map(|(index, fact)| (index, fact_line(fact)))
            .take_while(|(_, text)| {
                size += text.len() + 1;
                size <= most
            })
            .collect();
        kept.sort_by_key(|(index, _)| *index);
        let left_out = facts.len() - kept.len();
        let lines: Vec<String> = kept.into_iter().map(|(_, text)| text).collect();
        self.push("facts", &lines.join("\n"), left_out);
    }

    /// What a part may take: the marks and a note need some, and fencing may lengthen data a little.
    fn spare(&self) -> usize {
        self.room.saturating_sub(512) / 5 * 4
    }

    fn push(&mut self, name: &str, text: &str, left_out: usize) {
        if text.is_empty() && left_out == 0 {
            return;
        }
        let kept = cut(text, self.spare());
        let mut part = self.fence.part(name, kept);
        if left_out > 0 {
            part.push_str(&format!("({left_out} more are not shown.)\n"));
        } else if kept.len() < text.len() {
            part.push_str("(The rest is not shown.)\n");
        }
        if part.len() <= self.room {
            self.room -= part.len();
            self.text.push_str(&part);
        }
    }
}

fn state(view: &View) -> String {
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

fn fact_line(fact: &Fact) -> String {
    let said = format!("[{}] {}: {}", fact.id, line(&fact.key, 80), line(&fact.value, 400));
    let Some(place) = &fact.source else { return format!("{said} (no source)") };
    let quote = line(&place.quote, 200);
    let quote = if quote.is_empty() { String::new() } else { format!(" `{quote}`") };
    let cited = if fact.cited { "" } else { " (quote not found there)" };
    format!("{said} -- {}:{}{quote}{cited}", line(&place.path, 200), place.line)
}

fn answers(view: &View) -> Vec<String> {
    let answered = view.questions.iter().filter_map(|status| Some((status, status.answer.as_deref()?)));
    answered
        .map(|(status, answer)| {
            let cite = status.cite.as_deref().unwrap_or("A?");
            format!("[{cite}] {} -> {}", line(&status.question.text, 500), line(answer, 2000))
        })
        .collect()
}

fn open_questions(view: &View) -> Vec<String> {
    let open = view.questions.iter().filter(|status| status.state != QuestionState::Answered);
    open.map(|status| {
        let asked = if status.state == QuestionState::Asked { "asked" } else { "raised" };
        format!("{} ({asked}): {}", line(&status.question.id, 64), line(&status.question.text, 500))
    })
    .collect()
}

fn uncertainties(view: &View) -> Vec<String> {
    let say = |uncertainty: &certus_engine::Uncertainty| {
        let blocking = if uncertainty.blocking { ", blocking" } else { "" };
        let said = format!(
            "{} ({:.2}{blocking}): {}",
            line(&uncertainty.area, 64),
            uncertainty.confidence,
            line(&uncertainty.claim, 500)
        );
        match (&uncertainty.resolution, &uncertainty.claimed) {
            (Some(resolution), _) => format!("{said} -> resolved: {}", line(resolution, 500)),
            (None, Some(claimed)) => {
                format!("{said} -> open; claimed without anything behind it: {}", line(claimed, 500))
            }
            (None, None) => format!("{said} -> open"),
        }
    };
    view.uncertainties.iter().map(say).collect()
}

fn decisions(view: &View) -> Vec<String> {
    view.decisions
        .iter()
        .map(|decision| {
            let because = line(&decision.because, 500);
            let because = if because.is_empty() { because } else { format!(" because {because}") };
            format!("{}: {}{because}", line(&decision.key, 64), line(&decision.value, 500))
        })
        .collect()
}

fn judged(view: &View) -> Vec<String> {
    view.proposals
        .iter()
        .filter_map(|status| {
            let title = line(&status.proposal.title, 200);
            match status.verdict.as_ref()? {
                Verdict::Approved => None,
                Verdict::Rejected(why) => {
                    Some(format!("{} \"{title}\" was rejected: {}", status.digest.short(), line(why, 2000)))
                }
                Verdict::MoreInfo(what) => {
                    Some(format!("{} \"{title}\": the person asked: {}", status.digest.short(), line(what, 2000)))
                }
            }
        })
        .collect()
}

/// The newest solution, with what was said of it: what a revision begins from and what a design carries out.
fn last_solution(view: &View) -> String {
    let Some(status) = view.proposals.iter().rfind(|status| status.proposal.kind == "solution") else {
        return String::new();
    };
    let ProposalStatus { proposal, verdict, .. } = status;
    let verdict = match verdict {
        None => "not judged yet",
        Some(Verdict::Approved) => "approved",
        Some(Verdict::Rejected(_)) => "rejected",
        Some(Verdict::MoreInfo(_)) => "not approved: more was asked",
    };
    format!("({verdict}) {}\n\n{}", line(&proposal.title, 200), cut(&proposal.body, PART_LIMIT))
}

/// What ran, in one line for each visit of a phase.
fn runs(view: &View) -> Vec<String> {
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

fn project(view: &View) -> Vec<String> {
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
