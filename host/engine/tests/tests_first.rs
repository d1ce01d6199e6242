//! Tests come before code and fail before it, or a person says that it goes on so.

mod support;

use certus_engine::*;
use support::*;

const UNPROVEN: &str = "Go on although no new test failed?";

/// Knows every prompt.
struct Shelf;

impl Catalogue for Shelf {
    fn prompt(&self, name: &str) -> Option<PromptRef> {
        Some(PromptRef { name: name.to_owned(), version: "1".to_owned() })
    }

    fn command(&self, _: &str) -> Option<CommandRef> {
        None
    }
}

/// A chain in the phase that wants its tests passed, and has them written; another phase follows it.
struct Story(Chain);

impl Story {
    fn new() -> Self {
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

    fn record(&mut self, body: Body) {
        self.0.apply(&Event { seq: self.0.version() + 1, at: 0, body });
    }

    fn enter(&mut self, phase: &str) {
        let visit = self.0.visits_of(phase) + 1;
        self.record(Body::PhaseEntered { phase: phase.to_owned(), visit, why: String::new() });
    }

    fn perform(&mut self, request: Request, done: Outcome) {
        let (basis, id) = (self.0.version(), self.0.next_effect());
        self.record(intent(id, request, basis));
        self.record(outcome(id, done));
    }

    fn reads(&mut self, checks: &[&str]) {
        let commands = checks.iter().map(|check| ((*check).to_owned(), format!("npm {check}"))).collect();
        let summary = ProjectSummary { commands, ..ProjectSummary::default() };
        self.perform(Request::ReadProject, Outcome::ProjectRead(Discovered { facts: Vec::new(), summary }));
    }

    fn says(&mut self, proposal: Proposal, verdict: Verdict) {
        let digest = proposal.digest();
        self.perform(Request::Approve { proposal }, Outcome::Judged { verdict, digest, by: None, grant: None });
    }

    /// A reply brings a draft, which is planned.
    fn drafts(&mut self, prompt_name: &str, kind: &str, path: &str) -> String {
        let edits = vec![Edit { path: path.to_owned(), ..Edit::default() }];
        let artifacts = vec![Document { kind: kind.to_owned(), edits, ..Document::default() }];
        self.perform(prompt(prompt_name), replied(Reply { artifacts, ..Reply::default() }));
        format!("D{}", self.0.drafts().len())
    }

    fn plans(&mut self, draft: &str) -> Plan {
        let path = self.draft(draft).edits[0].path.clone();
        let new = Some(Digest::of("new"));
        let files = vec![FileChange { path, old: None, new, added: 1, removed: 0, cut: false, tests: false }];
        let plan = Plan { digest: Digest::of(draft), stored: Digest::of("stored"), files };
        self.perform(Request::Plan { draft: draft.to_owned() }, Outcome::Planned { plan: plan.clone() });
        plan
    }

    fn writes(&mut self, prompt_name: &str, kind: &str, path: &str) -> String {
        let draft = self.drafts(prompt_name, kind, path);
        let plan = self.plans(&draft);
        let digest = plan.digest;
        let (verdict, grant) = (Verdict::Approved, Some(Grant::Chain));
        let judged = Outcome::Judged { verdict, digest, by: None, grant };
        self.perform(Request::ApproveEdits { draft: draft.clone(), plan }, judged);
        let written = Outcome::Written { undo: Digest::of("undo") };
        self.perform(Request::Write { draft: draft.clone(), plan: digest }, written);
        draft
    }

    fn tests(&mut self) -> String {
        self.writes("test_generator", "tests", "test/a.js")
    }

    fn code(&mut self) -> String {
        self.writes("tdd_flow_controller", "change", "lib/a.js")
    }

    fn undoes(&mut self, draft: &str) {
        self.perform(Request::Undo { draft: draft.to_owned(), undo: Digest::of("undo") }, Outcome::Done);
        law::after_undo(&self.0, draft).into_iter().for_each(|body| self.record(body));
    }

    fn runs(&mut self, status: Option<i32>) {
        let tree = Digest::of("tree");
        let checked = Outcome::Checked { status, tree, after: None, changed: Vec::new(), tail: String::new() };
        self.perform(Request::Check { check: Check::Test, command: "npm test".to_owned() }, checked);
    }

    fn draft(&self, id: &str) -> &Draft {
        self.0.drafts().iter().find(|draft| draft.id == id).expect("a draft")
    }

    fn due(&self) -> Option<Proposal> {
        asked(&law::due(&self.0).requests)
    }

    /// What is asked where the controller wants code, instead of paying for it.
    fn before_code(&self) -> Option<Proposal> {
        let action = Action::RunPrompts(vec![PromptCall::new("tdd_flow_controller")]);
        asked(&law::judge(&self.0, &action, &Shelf, 0).expect("lawful").requests)
    }

    fn generated(&self) -> usize {
        self.0.runs().iter().filter(|run| run.name == "test_generator").count()
    }
}

fn asked(requests: &[Request]) -> Option<Proposal> {
    match requests {
        [Request::Approve { proposal }] => Some(proposal.clone()),
        _ => None,
    }
}

fn no() -> Verdict {
    Verdict::Rejected("no".to_owned())
}

#[test]
fn code_comes_after_a_run_that_failed_between_it_and_the_tests() {
    let mut story = Story::new();
    story.tests();
    story.runs(Some(1));
    assert_eq!(story.before_code(), None);
    story.code();
    assert_eq!((story.due(), law::no_test_failed_first(&story.0)), (None, false));

    // What a reply calls tests may be code, and what failed before failed for something else.
    for kind in ["tests", "change"] {
        let mut story = Story::new();
        story.runs(Some(1));
        story.writes("tdd_flow_controller", kind, "lib/a.js");
        story.runs(Some(1));
        assert_eq!(story.before_code().expect("asked").title, UNPROVEN);
    }
}

#[test]
fn where_no_new_test_failed_a_person_is_asked_what_ran() {
    for (status, says) in [
        (Some(Some(0)), "passed (exit status 0)"),
        (Some(Some(127)), "`npm test` did not run (exit status 127"),
        (Some(Some(126)), "`npm test` did not run (exit status 126"),
        (Some(None), "did not run to its end"),
        (None, "No test ran before any code"),
    ] {
        let mut story = Story::new();
        story.tests();
        status.into_iter().for_each(|status| story.runs(status));
        let proposal = story.before_code().expect("asked");
        assert_eq!(proposal.title, UNPROVEN);
        assert!(proposal.body.contains(says) && proposal.body.contains("`test/a.js`"), "{status:?}: {}", proposal.body);
        assert!(law::lawful_proposal(&proposal).is_err(), "nobody else words it");
        let draft = story.drafts("somebody", "change", "lib/a.js");
        let proposed = law::judge(&story.0, &Action::ProposeEdits(draft), &Shelf, 0).expect("lawful");
        assert_eq!(asked(&proposed.requests), Some(proposal.clone()), "whoever wrote it");
        story.says(proposal, Verdict::Approved);
        assert_eq!(story.before_code(), None, "asked once");
        story.code();
        story.runs(Some(0));
        assert_eq!(story.due(), None);
        assert!(law::no_test_failed_first(&story.0), "and the report says so");
    }
}

#[test]
fn a_no_has_tests_written_or_run_again() {
    let mut story = Story::new();
    story.tests();
    story.runs(Some(0));
    story.says(story.before_code().expect("asked"), no());
    assert_eq!((story.generated(), story.0.evidence_of_visit().count()), (0, 1));
    let mut story = Story::new();
    story.tests();
    story.runs(Some(127));
    story.says(story.before_code().expect("asked"), no());
    assert_eq!((story.generated(), story.0.evidence_of_visit().count()), (1, 0), "npm is there by now");
    story.runs(Some(1));
    assert_eq!(story.before_code(), None);
}

#[test]
fn who_goes_on_without_tests_is_not_asked_again() {
    let mut story = Story::new();
    story.perform(prompt("test_generator"), replied(Reply::default()));
    let without = story.due().expect("asked");
    assert_eq!(without.title, "Go on without new tests?");
    story.says(without, Verdict::Approved);
    assert_eq!((story.due(), story.before_code()), (None, None));
}

#[test]
fn the_phase_is_not_left_with_code_that_no_test_failed_for() {
    // As a chain of before may stand: written, passed, and nobody asked.
    let mut story = Story::new();
    story.tests();
    story.code();
    story.runs(Some(0));
    let leave = Action::EnterPhase { phase: "ship".to_owned(), why: String::new() };
    let refused = law::judge(&story.0, &leave, &Shelf, 0).expect_err("kept");
    assert_eq!(refused.law, Law::GateNotMet);
    let proposal = story.due().expect("asked");
    story.says(proposal.clone(), no());
    assert_eq!(story.due(), None, "asked once");
    assert!(law::judge(&story.0, &leave, &Shelf, 0).is_err());
    story.says(proposal, Verdict::Approved);
    assert!(law::judge(&story.0, &leave, &Shelf, 0).is_ok());
}

#[test]
fn what_a_later_phase_leads_back_to_is_about_the_same_tests_until_they_are_taken_back() {
    let mut story = Story::new();
    let tests = story.tests();
    story.runs(Some(1));
    let code = story.code();
    story.runs(Some(0));
    story.enter("ship");
    story.record(Body::Ended { success: true, why: "done".to_owned() });
    assert!(story.0.has_permissions());
    story.undoes(&code);
    assert!(!story.0.has_permissions(), "no grant outlives it");
    assert_eq!((story.0.phase(), story.0.visit()), ("build", 2));
    assert_eq!(story.before_code(), None, "the tests stand, and failed");
    story.undoes(&tests);
    assert_eq!(story.before_code().expect("asked").title, UNPROVEN);
    story.tests();
    story.runs(Some(1));
    assert_eq!(story.before_code(), None, "written anew");
    // Another visit that nothing later led to wants tests of its own.
    story.enter("build");
    assert_eq!(story.before_code().expect("asked").title, UNPROVEN);
}

#[test]
fn code_does_not_go_through_on_tests_that_are_gone() {
    let waits = |story: &mut Story| {
        let tests = story.tests();
        story.runs(Some(1));
        let code = story.drafts("tdd_flow_controller", "change", "lib/a.js");
        let plan = story.plans(&code);
        (tests, code, plan)
    };
    // It waits for a verdict.
    let mut story = Story::new();
    let (tests, code, plan) = waits(&mut story);
    let (basis, id) = (story.0.version(), story.0.next_effect());
    story.record(intent(id, Request::ApproveEdits { draft: code.clone(), plan }, basis));
    story.undoes(&tests);
    assert_eq!(story.0.waiting_for_person().count(), 0);
    assert_eq!(story.draft(&code).state.problem(), Some("D1, the tests that came before it, was taken back"));

    // It waits to be shown.
    for (verdict, state) in [(no(), "refused"), (Verdict::Approved, "planned")] {
        let mut story = Story::new();
        let (tests, code, _) = waits(&mut story);
        story.undoes(&tests);
        story.says(story.due().expect("asked"), verdict);
        assert_eq!((story.draft(&code).state.name(), story.due()), (state, None));
    }

    // Where the generator then says that none are needed, that is for a person too.
    let mut story = Story::new();
    let tests = story.tests();
    story.undoes(&tests);
    story.perform(prompt("test_generator"), replied(Reply::default()));
    assert_eq!(story.due().expect("asked").title, "Go on without new tests?");
}

#[test]
fn a_check_that_a_person_goes_on_without_is_not_there_to_be_named() {
    let mut story = Story::new();
    let names = |story: &Story| story.0.view(ChainId(1)).commands;
    story.runs(Some(1));
    assert_eq!(names(&story), ["test"]);
    let mut ask = |verdict| {
        let ruling = law::judge(&story.0, &Action::RunCheck(Check::Test), &Shelf, 0).expect("lawful");
        story.says(asked(&ruling.requests).expect("asked"), verdict);
        names(&story)
    };
    assert_eq!(ask(no()), ["test"], "it can still be allowed");
    assert_eq!(ask(Verdict::Approved), [""; 0], "though it ran before");
    assert!(law::judge(&story.0, &Action::RunCheck(Check::Test), &Shelf, 0).is_err());
    story.enter("build");
    assert_eq!(names(&story), ["test"]);
}

#[test]
fn that_nothing_can_be_tested_is_asked_before_anything_else() {
    let mut story = Story::new();
    story.reads(&["lint"]);
    let proposal = story.due().expect("asked");
    assert_eq!(proposal.title, "Go on without a test command?");
    story.says(proposal, no());
    assert_eq!(story.due(), None, "the project is read again first");
    assert!(story.0.last_write() > 0);
    story.reads(&["lint"]);
    story.says(story.due().expect("asked again"), Verdict::Approved);
    assert_eq!((story.due(), story.before_code()), (None, None), "no tests are asked for then");
    let mut story = Story::new();
    story.reads(&["lint"]);
    story.says(story.due().expect("asked"), no());
    story.reads(&["test"]);
    assert_eq!(story.due(), None, "it was added");
}
