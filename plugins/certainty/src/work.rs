//! What the view says of the work of this visit: what was drafted, written and checked, and what the writers were asked.
//!
//! The view keeps runs, drafts and checks in three lists, each in its own order. Two things join them: every draft names its
//! prompt and its reply, and a check is fresh only while nothing was written after it.

use crate::phases;
use crate::seen::{ATTEMPTS, Seen, Stand, enter, failed, is};
use certus_sdk::{Action, Check, CheckRun, Draft, DraftState, Ending, Lack, PromptCall, Run};

/// Writes the tests.
pub(crate) const TESTS: &str = "test_generator";
/// Writes one small piece of the change.
pub(crate) const PIECE: &str = "tdd_flow_controller";
/// Writes what mends a failed check.
pub(crate) const MEND: &str = "error_recovery";

/// Prompts whose drafts this controller proposes. A draft of any other prompt is left to the person.
const WRITERS: [&str; 3] = [TESTS, PIECE, MEND];

/// The reviewers, who run together.
pub(crate) const REVIEWERS: [&str; 3] = ["code_reviewer", "security_scanner", "simplicity_checker"];

/// The areas that are theirs alone.
pub(crate) const REVIEWED: [&str; 3] = ["code_review", "security", "simplicity"];

/// Steps of one visit after which no new edit is begun. The law allows 64 actions a visit: what was begun has to be proposed,
/// checked and reviewed within the rest.
const STEPS: usize = 48;

/// Laws that refuse an edit as such: trying the next one would be refused as well.
const NO_EDITS: [&str; 2] = ["no-write-without-approval", "unknown-draft"];
/// Laws that refuse to leave the phase.
const NO_WAY: [&str; 3] = ["gate-not-met", "phase-order", "no-endless-loop"];
/// How a check of this visit speaks of the files as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It has to run.
    Stale,
    Passed,
    Failed,
    /// The project has no such check, or a person said no to it.
    Absent,
}

pub(crate) struct Work<'a> {
    pub(crate) seen: &'a Seen<'a>,
    /// Drafts of the writers in this visit, oldest first.
    drafts: Vec<&'a Draft>,
    /// Runs of this visit, oldest first.
    runs: Vec<&'a Run>,
}

impl<'a> Work<'a> {
    pub(crate) fn new(seen: &'a Seen<'a>) -> Self {
        let view = seen.view;
        let here =
            |draft: &&Draft| draft.phase == view.phase && draft.visit == view.visit && is_writers(&WRITERS, draft);
        Self { seen, drafts: view.drafts.iter().filter(here).collect(), runs: seen.runs().collect() }
    }

    /// A draft that nobody proposed yet, or what keeps it from being proposed.
    pub(crate) fn waiting(&self) -> Option<Action> {
        let unsettled =
            |draft: &&&Draft| matches!(draft.state, DraftState::New | DraftState::Planned | DraftState::Approved);
        let draft = self.drafts.iter().find(unsettled)?;
        Some(match self.refused(&NO_EDITS).next() {
            Some(law) => Action::GiveUp(format!("{} cannot be put before a person: {law}.", draft.id)),
            None => Action::ProposeEdits(draft.id.clone()),
        })
    }

    /// Where a prompt stands that has to run after everything else that wrote something; a failed one is tried once more.
    pub(crate) fn after_writers(&self, name: &str) -> Stand {
        let since = self.since(|run| WRITERS.iter().any(|writer| is(run, writer)));
        stand(since.iter().filter(|run| is(run, name)).copied())
    }

    /// Run a writer, which may have failed since the last writer answered.
    pub(crate) fn write(&self, call: PromptCall) -> Action {
        let since = self.since(|run| WRITERS.iter().any(|writer| is(run, writer)));
        match stand(since.iter().filter(|run| is(run, &call.name) && run.ending == Ending::Failed).copied()) {
            Stand::Exhausted => failed(&call.name),
            Stand::Due | Stand::Done => Action::RunPrompts(vec![call]),
        }
    }

    /// Runs after the last one that answered and is of that kind; all runs when there is none.
    fn since(&self, kind: impl Fn(&Run) -> bool) -> &[&'a Run] {
        let last = self.runs.iter().rposition(|run| run.ending == Ending::Ok && kind(run));
        self.runs.get(last.map_or(0, |at| at + 1)..).unwrap_or_default()
    }

    /// How often a writer answered in this visit.
    pub(crate) fn answers(&self, name: &str) -> usize {
        answered(&self.runs, name)
    }

    /// Of these, answers that brought a draft. One of code that stands already is none; tests that do are tests.
    fn replies(&self, name: &str) -> usize {
        let brought = |draft: &&&Draft| draft.prompt == name && (name == TESTS || !repeats(draft));
        let mut replies: Vec<u32> = self.drafts.iter().filter(brought).map(|draft| draft.reply).collect();
        replies.dedup();
        replies.len()
    }

    /// An answer of a writer brought no draft. For a writer that is not asked again after that, it was the last one.
    pub(crate) fn came_up_empty(&self, name: &str) -> bool {
        self.answers(name) > self.replies(name)
    }

    /// The last draft of all writers.
    pub(crate) fn last(&self) -> Option<&'a Draft> {
        self.drafts.last().copied()
    }

    /// The last draft of one writer.
    pub(crate) fn last_of(&self, name: &str) -> Option<&'a Draft> {
        self.drafts.iter().rfind(|draft| draft.prompt == name).copied()
    }

    /// How many of the last drafts in a row came to nothing.
    pub(crate) fn in_vain(&self) -> usize {
        self.drafts.iter().rev().take_while(|draft| vain(draft)).count()
    }

    /// Something of this visit is in the files.
    pub(crate) fn wrote_anything(&self) -> bool {
        self.drafts.iter().any(|draft| draft.state == DraftState::Written)
    }

    /// Something of this visit besides tests is in the files.
    pub(crate) fn wrote_code(&self) -> bool {
        self.drafts.iter().any(|draft| draft.state == DraftState::Written && draft.prompt != TESTS && !repeats(draft))
    }

    /// Tests of this phase are in the files, of whichever visit.
    pub(crate) fn has_tests(&self) -> bool {
        let view = self.seen.view;
        let stands = |draft: &Draft| draft.phase == view.phase && draft.state == DraftState::Written;
        view.drafts.iter().any(|draft| stands(draft) && is_writers(&[TESTS], draft))
    }

    /// The last tests of this visit stood already, and this chain wrote tests before: its own code may pass them.
    pub(crate) fn repeats_own_tests(&self) -> bool {
        let view = self.seen.view;
        let before = |draft: &Draft| draft.phase == view.phase && draft.visit < view.visit;
        let wrote =
            |draft: &Draft| draft.state == DraftState::Written && !repeats(draft) && is_writers(&[TESTS], draft);
        self.last_of(TESTS).is_some_and(repeats) && view.drafts.iter().any(|draft| before(draft) && wrote(draft))
    }

    /// The reviewers have spoken in this visit, so the pieces are done: what is written now is for them.
    pub(crate) fn reviewed(&self) -> bool {
        self.first_review().is_some()
    }

    /// Answers for the reviewers.
    pub(crate) fn rounds(&self) -> usize {
        self.first_review().and_then(|at| self.runs.get(at..)).map_or(0, |runs| answered(runs, PIECE))
    }

    fn first_review(&self) -> Option<usize> {
        self.runs.iter().position(|run| run.ending == Ending::Ok && REVIEWERS.iter().any(|name| is(run, name)))
    }

    /// The reviewers spoke of the files as they are, and nobody answered anything since: whoever was to satisfy them wrote nothing.
    /// The host takes their word back when files change; then the gate has nothing of theirs.
    pub(crate) fn is_reviewed_as_it_is(&self) -> bool {
        let untold = |lack: &Lack| match lack {
            Lack::Confidence(short) => REVIEWED.contains(&short.area.as_str()) && short.have <= 0.0,
            _ => false,
        };
        let heard = |name: &&str| {
            let last = self.runs.iter().rfind(|run| is(run, name) && run.ending == Ending::Ok);
            last.is_some_and(|run| run.answers == self.seen.answers())
        };
        !self.seen.view.lacks.iter().any(untold) && REVIEWERS.iter().all(heard)
    }

    /// Attempts to mend since the last piece.
    pub(crate) fn mended(&self) -> usize {
        answered(self.since(|run| is(run, PIECE)), MEND)
    }

    /// The last attempt to mend brought no draft: there is nothing to mend, or no way. It is not asked again then before
    /// the next piece or the next answer, so of the attempts since the last piece only the last can be empty.
    pub(crate) fn mended_in_vain(&self) -> bool {
        let last = self.runs.iter().rfind(|run| is(run, MEND) && run.ending == Ending::Ok);
        if last.is_some_and(|run| run.answers < self.seen.answers()) {
            return false;
        }
        let last = self.drafts.iter().rev().take_while(|draft| draft.prompt == MEND);
        let mut replies: Vec<u32> = last.filter(|draft| !repeats(draft)).map(|draft| draft.reply).collect();
        replies.dedup();
        replies.len() < self.mended()
    }

    /// Where a check stands.
    pub(crate) fn check(&self, check: Check) -> Standing {
        let name = name(check);
        match self.checks().rfind(|run| run.check == name && run.fresh) {
            Some(run) if run.passed => Standing::Passed,
            Some(_) => Standing::Failed,
            None if self.seen.view.commands.iter().any(|known| known == name) => Standing::Stale,
            None => Standing::Absent,
        }
    }

    fn checks(&self) -> impl DoubleEndedIterator<Item = &'a CheckRun> {
        let view = self.seen.view;
        view.checks.iter().filter(move |run| run.phase == view.phase && run.visit == view.visit)
    }

    fn refused(&self, laws: &'static [&'static str]) -> impl Iterator<Item = &'a str> {
        self.seen.view.refusals.iter().map(String::as_str).filter(move |law| laws.contains(law))
    }

    /// The visit took nearly as many steps as the law allows.
    pub(crate) fn long(&self) -> bool {
        let proposed = self.drafts.iter().filter(|draft| draft.state != DraftState::New).count();
        self.runs.len() + proposed + self.checks().count() + self.seen.view.refusals.len() >= STEPS
    }

    /// Back to the analysis, while that is free and was not tried too often; else the end.
    pub(crate) fn back(&self, why: String) -> Action {
        let most = self.seen.count("implementation-visits", 3);
        let may = usize::try_from(self.seen.view.visit).is_ok_and(|visit| visit < most);
        if may && self.refused(&NO_WAY).next().is_none() { enter(phases::ANALYSIS, why) } else { Action::GiveUp(why) }
    }
}

/// What the draft would write stood in the files already.
fn repeats(draft: &Draft) -> bool {
    draft.state == DraftState::Written && draft.files.is_empty()
}

/// The draft was proposed and is not in the files.
pub(crate) fn vain(draft: &Draft) -> bool {
    matches!(draft.state, DraftState::Refused | DraftState::Failed | DraftState::Undone)
}

/// Why the draft came to nothing, for a person.
pub(crate) fn problem(draft: &Draft) -> String {
    let state = match draft.state {
        DraftState::Refused => "was refused",
        DraftState::Undone => "was taken back",
        _ => "failed",
    };
    match &draft.problem {
        Some(why) => format!("{} {state}: {}", draft.id, why.trim_end_matches('.')),
        None => format!("{} {state}", draft.id),
    }
}

/// The check's name in the view.
pub(crate) fn name(check: Check) -> &'static str {
    match check {
        Check::Test => "test",
        Check::Lint => "lint",
        Check::Build => "build",
    }
}

/// The test generator's drafts count only where they are tests: code does not come before them.
pub(crate) fn is_writers(writers: &[&str], draft: &Draft) -> bool {
    writers.contains(&draft.prompt.as_str()) && (draft.prompt != TESTS || draft.kind == "tests")
}

fn answered(runs: &[&Run], name: &str) -> usize {
    runs.iter().filter(|run| is(run, name) && run.ending == Ending::Ok).count()
}

fn stand<'r>(runs: impl Iterator<Item = &'r Run>) -> Stand {
    let mut failures = 0;
    for run in runs {
        match run.ending {
            Ending::Ok => return Stand::Done,
            Ending::Failed => failures += 1,
        }
    }
    if failures < ATTEMPTS { Stand::Due } else { Stand::Exhausted }
}
