//! A chain in a phase that has tests written before code, step by step.

use certus_engine::*;

use super::story::Shelf;
use super::{intent, outcome, prompt, replied, started};

pub const UNPROVEN: &str = "Go on although no new test failed?";

/// A chain in the phase that wants its tests passed, and has them written; another phase follows it.
pub struct Story(pub Chain);

impl Story {
    pub fn new() -> Self {
        let mut started = started();
        let phases = &mut started.methodology.phases;
        phases[2].may_follow = vec!["ship".to_owned()];
        phases[2].prompts = vec!["test_generator".to_owned()];
        let mut ship = phases[2].clone();
        ship.name = "ship".to_owned();
        ship.may_follow.clear();
        ship.gate = Gate { free_to: vec!["build".to_owned()], ..Gate::default() };
        phases.push(ship);
        let mut story = Self(Chain::default());
        law::begin(started).into_iter().for_each(|body| story.record(body));
        story.reads(&["test"]);
        let solution = Proposal { kind: "solution".to_owned(), title: "So".to_owned(), body: "So.".to_owned() };
        story.says(solution, Verdict::Approved);
        story.enter("build");
        story
    }

    pub fn record(&mut self, body: Body) {
        self.0.apply(&Event { seq: self.0.version() + 1, at: 0, body });
    }

    pub fn enter(&mut self, phase: &str) {
        let visit = self.0.visits_of(phase) + 1;
        self.record(Body::PhaseEntered { phase: phase.to_owned(), visit, why: String::new() });
    }

    pub fn perform(&mut self, request: Request, done: Outcome) {
        let (basis, id) = (self.0.version(), self.0.next_effect());
        self.record(intent(id, request, basis));
        self.record(outcome(id, done));
    }

    pub fn reads(&mut self, checks: &[&str]) {
        let commands = checks.iter().map(|check| ((*check).to_owned(), format!("npm {check}"))).collect();
        let summary = ProjectSummary { commands, ..ProjectSummary::default() };
        self.perform(Request::ReadProject, Outcome::ProjectRead(Discovered { facts: Vec::new(), summary }));
    }

    pub fn says(&mut self, proposal: Proposal, verdict: Verdict) {
        let digest = proposal.digest();
        self.perform(Request::Approve { proposal }, Outcome::Judged { verdict, digest, by: None, grant: None });
    }

    /// A reply brings a draft, which is planned.
    pub fn drafts(&mut self, prompt_name: &str, kind: &str, path: &str) -> String {
        self.drafts_all(prompt_name, kind, &[path])
    }

    pub fn drafts_all(&mut self, prompt_name: &str, kind: &str, paths: &[&str]) -> String {
        let edit = |path: &&str| Edit { path: (*path).to_owned(), ..Edit::default() };
        let edits = paths.iter().map(edit).collect();
        let artifacts = vec![Document { kind: kind.to_owned(), edits, ..Document::default() }];
        self.perform(prompt(prompt_name), replied(Reply { artifacts, ..Reply::default() }));
        format!("D{}", self.0.drafts().len())
    }

    pub fn plans(&mut self, draft: &str) -> Plan {
        let file = |edit: &Edit| {
            let (path, new) = (edit.path.clone(), Some(Digest::of("new")));
            FileChange { path, old: None, new, added: 1, removed: 0, cut: false, tests: false }
        };
        let files = self.draft(draft).edits.iter().map(file).collect();
        let plan = Plan { digest: Digest::of(draft), stored: Digest::of("stored"), files, unchanged: Vec::new() };
        self.perform(Request::Plan { draft: draft.to_owned() }, Outcome::Planned { plan: plan.clone() });
        plan
    }

    pub fn writes(&mut self, prompt_name: &str, kind: &str, path: &str) -> String {
        self.writes_all(prompt_name, kind, &[path])
    }

    pub fn writes_all(&mut self, prompt_name: &str, kind: &str, paths: &[&str]) -> String {
        let draft = self.drafts_all(prompt_name, kind, paths);
        let plan = self.plans(&draft);
        let digest = plan.digest;
        let (verdict, grant) = (Verdict::Approved, Some(Grant::Chain));
        let judged = Outcome::Judged { verdict, digest, by: None, grant };
        self.perform(Request::ApproveEdits { draft: draft.clone(), plan }, judged);
        let written = Outcome::Written { undo: Digest::of("undo") };
        self.perform(Request::Write { draft: draft.clone(), plan: digest }, written);
        draft
    }

    /// A reply brings what stands in the files already.
    pub fn repeats(&mut self, prompt_name: &str, kind: &str, path: &str) -> String {
        let draft = self.drafts(prompt_name, kind, path);
        let (digest, unchanged) = (Digest::of(&draft), vec![path.to_owned()]);
        let plan = Plan { digest, stored: Digest::of("stored"), files: Vec::new(), unchanged };
        self.perform(Request::Plan { draft: draft.clone() }, Outcome::Planned { plan });
        draft
    }

    pub fn tests(&mut self) -> String {
        self.writes("test_generator", "tests", "test/a.js")
    }

    pub fn code(&mut self) -> String {
        self.writes("tdd_flow_controller", "change", "lib/a.js")
    }

    pub fn undoes(&mut self, draft: &str) {
        self.perform(Request::Undo { draft: draft.to_owned(), undo: Digest::of("undo") }, Outcome::Done);
        law::after_undo(&self.0, draft).into_iter().for_each(|body| self.record(body));
    }

    pub fn runs(&mut self, status: Option<i32>) {
        let tree = Digest::of("tree");
        let checked =
            Outcome::Checked { status, tree, after: None, changed: Vec::new(), tail: String::new(), limit: None };
        self.perform(Request::Check { check: Check::Test, command: "npm test".to_owned() }, checked);
    }

    /// A limit ends a run of the tests.
    pub fn runs_into(&mut self, limit: CheckLimit) {
        let (tree, tail) = (Digest::of("tree"), "lines\n".to_owned());
        let checked =
            Outcome::Checked { status: None, tree, after: None, changed: Vec::new(), tail, limit: Some(limit) };
        self.perform(Request::Check { check: Check::Test, command: "npm test".to_owned() }, checked);
    }

    pub fn draft(&self, id: &str) -> &Draft {
        self.0.drafts().iter().find(|draft| draft.id == id).expect("a draft")
    }

    pub fn due(&self) -> Option<Proposal> {
        asked(&law::due(&self.0).requests)
    }

    /// What the law says where the controller wants code.
    pub fn wants_code(&self) -> Result<Ruling, Refusal> {
        law::judge(&self.0, &Action::RunPrompts(vec![PromptCall::new("tdd_flow_controller")]), &Shelf, 0)
    }

    /// Somebody else goes on with it.
    pub fn is_taken_over(&mut self) {
        law::take_over(&self.0, None).into_iter().for_each(|body| self.record(body));
    }

    /// What is asked where the controller wants code, instead of paying for it.
    pub fn before_code(&self) -> Option<Proposal> {
        asked(&self.wants_code().expect("lawful").requests)
    }

    pub fn generated(&self) -> usize {
        self.0.runs().iter().filter(|run| run.name == "test_generator").count()
    }
}

pub fn asked(requests: &[Request]) -> Option<Proposal> {
    match requests {
        [Request::Approve { proposal }] => Some(proposal.clone()),
        _ => None,
    }
}

pub fn no() -> Verdict {
    Verdict::Rejected("no".to_owned())
}
