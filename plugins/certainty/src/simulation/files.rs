//! What the random host makes of edits and checks.

use super::World;
use crate::work;
use certus_sdk::{Check, CheckRun, Draft, DraftState, Ending, Proposal, ProposalStatus, Verdict};

/// Prompts whose replies bring edits, and of which kind.
const WRITERS: [(&str, &str); 4] = [
    (work::TESTS, "tests"),
    (work::PIECE, "change"),
    (work::MEND, "change"),
    // Nobody proposes what a reviewer drafts.
    ("code_reviewer", "change"),
];

impl World {
    /// A reply may bring drafts.
    pub(super) fn draft(&mut self, prompt: &str) {
        let Some((_, kind)) = WRITERS.iter().find(|(name, _)| *name == prompt) else { return };
        let drafts = match self.roll(10) {
            0 | 1 => 0,
            2 => 2,
            _ => 1,
        };
        self.replies += 1;
        for _ in 0..drafts {
            let draft = Draft {
                id: format!("D{}", self.view.drafts.len() + 1),
                kind: (*kind).into(),
                title: "A change".into(),
                prompt: prompt.into(),
                reply: self.replies,
                phase: self.view.phase.clone(),
                visit: self.view.visit,
                files: Vec::new(),
                state: DraftState::New,
                problem: None,
            };
            self.view.drafts.push(draft);
        }
    }

    pub(super) fn propose(&mut self, id: &str) {
        let fate = self.roll(100);
        let luck = self.luck;
        let repeats = self.roll(8) == 0;
        let known = self.view.drafts.iter_mut().find(|draft| draft.id == id).expect("the draft exists");
        assert_eq!(known.state, DraftState::New, "{id} was proposed before");
        assert_eq!((known.phase.as_str(), known.visit), (self.view.phase.as_str(), self.view.visit), "{id} is old");
        assert_ne!(known.prompt, "code_reviewer");
        if fate == 99 {
            self.view.refusals.push("no-write-without-approval".into());
            return;
        }
        known.state = match fate {
            fate if fate < 60 + luck / 3 => DraftState::Written,
            fate if fate % 2 == 0 => DraftState::Refused,
            _ => DraftState::Failed,
        };
        known.problem = (known.state != DraftState::Written).then(|| "no".into());
        // What stands there already changes nothing.
        if known.state == DraftState::Written && !repeats {
            known.files = vec!["a.js".into()];
            self.written();
        }
    }

    /// A person may take something back at any time.
    pub(super) fn undo(&mut self) {
        if self.roll(60) == 0
            && let Some(draft) = self.view.drafts.iter_mut().rfind(|draft| !draft.files.is_empty())
        {
            draft.files.clear();
            draft.state = DraftState::Undone;
            self.written();
        }
    }

    fn written(&mut self) {
        self.view.checks.iter_mut().for_each(|check| check.fresh = false);
    }

    pub(super) fn check(&mut self, check: Check) {
        let name = work::name(check);
        assert!(self.view.commands.iter().any(|known| known == name), "the project has no {name}");
        if !self.allowed.contains(&name) {
            return self.let_run(name);
        }
        let (phase, visit) = (self.view.phase.clone(), self.view.visit);
        let fresh = |run: &CheckRun| run.check == name && run.fresh && run.phase == phase && run.visit == visit;
        assert!(!self.view.checks.iter().any(fresh), "{name} runs twice on the same files");
        let passed = self.lucky() || self.roll(3) == 0;
        self.view.checks.iter_mut().filter(|run| run.check == name).for_each(|run| run.fresh = false);
        self.view.checks.push(CheckRun { check: name.into(), passed, fresh: true, phase, visit });
        if self.view.checks.len() > 20 {
            self.view.checks.remove(0);
        }
    }

    /// The first time a person is asked; what they say no to is not there any more in this visit.
    fn let_run(&mut self, name: &'static str) {
        let verdict = if self.roll(12) == 0 {
            self.view.commands.retain(|known| known != name);
            self.denied.push(name);
            Verdict::Rejected("no".into())
        } else {
            self.allowed.push(name);
            Verdict::Approved
        };
        let proposal = Proposal { kind: "command".into(), title: format!("npm run {name}"), body: "Run it.".into() };
        self.view.proposals.push(ProposalStatus { proposal, digest: String::new(), verdict: Some(verdict) });
    }

    /// A check passed in this visit on the files as they are.
    pub(super) fn proven(&self, check: &str) -> bool {
        let (phase, visit) = (&self.view.phase, self.view.visit);
        let proves =
            |run: &CheckRun| run.check == check && run.fresh && run.passed && run.phase == *phase && run.visit == visit;
        self.view.checks.iter().any(proves)
    }

    /// Where the order matters: every prompt that wrote code ran after tests did.
    pub(super) fn ran_ok(&self, prompt: &str) -> bool {
        let view = &self.view;
        let here = |name: &str, phase: &str, visit| name == prompt && phase == view.phase && visit == view.visit;
        view.runs.iter().any(|run| run.ending == Ending::Ok && here(&run.name, &run.phase, run.visit))
    }
}
