//! What was said, seen and run elsewhere, or of something else, counts for nothing here.

mod support;

use certus_engine::*;
use support::story::{Shelf, Story};
use support::*;

fn finish() -> Action {
    Action::Finish("done".to_owned())
}

fn edit(path: &str) -> Edit {
    let passage = Replacement { find: "a".to_owned(), with: "b".to_owned() };
    Edit { path: path.to_owned(), base: Some("0".repeat(64)), replace: vec![passage], ..Edit::default() }
}

/// A draft is planned, as somebody says.
fn planned(story: &mut Story) -> Plan {
    let artifacts = vec![Document { kind: "change".to_owned(), edits: vec![edit("a.js")], ..Document::default() }];
    story.perform(prompt("tdd_flow_controller"), replied(Reply { artifacts, ..Reply::default() }));
    let plan =
        Plan { digest: Digest::of("plan"), stored: Digest::of("stored"), files: Vec::new(), unchanged: Vec::new() };
    story.perform(Request::Plan { draft: "D1".to_owned() }, Outcome::Planned { plan: plan.clone() });
    plan
}

#[test]
fn checks_that_ran_elsewhere_finish_nothing() {
    let mut story = Story::new();
    story.passes(Check::Test, "a", "a");
    story.enter("ship");
    assert!(law::judge(&story.chain, &finish(), &Shelf, 0).is_ok());
    story.is_taken_over();
    let refused = law::judge(&story.chain, &finish(), &Shelf, 0).map_err(|refusal| refusal.law);
    assert_eq!(refused, Err(Law::NoCompletionWithoutEvidence));
    // It is no dead end: what it lacks is gathered here.
    let ruling = story.on("a", &finish()).expect("it goes back");
    assert!(matches!(&ruling.record[..], [Body::PhaseLeft { success: false, .. }, Body::PhaseEntered { phase, .. }]
        if phase == "build"));
    story.follow(ruling);
    assert!(!story.chain.lacks().is_empty());
    story.passes(Check::Test, "a", "a");
    assert!(story.chain.lacks().is_empty());
}

#[test]
fn what_was_written_and_taken_back_in_the_last_phase_leads_to_the_one_before() {
    let mut story = Story::new();
    let plan = planned(&mut story);
    let (digest, verdict) = (plan.digest, Verdict::Approved);
    let judged = Outcome::Judged { verdict, digest, by: None, grant: None };
    story.perform(Request::ApproveEdits { draft: "D1".to_owned(), plan }, judged);
    let undo = Digest::of("undo");
    story.perform(Request::Write { draft: "D1".to_owned(), plan: digest }, Outcome::Written { undo });
    story.passes(Check::Test, "a", "a");
    story.enter("ship");
    story.perform(Request::Undo { draft: "D1".to_owned(), undo }, Outcome::Done);
    let ruling = story.on("a", &finish()).expect("it goes back");
    story.follow(ruling);
    assert_eq!(story.chain.phase(), "build");
}

#[test]
fn reviewers_who_spoke_elsewhere_speak_again() {
    let mut story = Story::new();
    let said = |score| replied(Reply { confidence: [("security".to_owned(), score)].into(), ..Reply::default() });
    story.perform(prompt("security_scanner"), said(0.9));
    let digest = story.chain.effects().last().expect("asked").1.digest;
    assert!(story.chain.confidence_for_gate("security") == 0.9 && story.chain.memo(digest).is_some());
    // Two are asked together, and one has answered: what it said is not believed before the other answers.
    let basis = story.chain.version();
    let first = story.chain.next_effect();
    story.record(intent(first, prompt("security_scanner"), basis));
    story.record(intent(first + 1, prompt("code_reviewer"), basis));
    story.record(outcome(first, said(0.99)));
    story.is_taken_over();
    let reviewers = |story: &Story| story.chain.runs().iter().filter(|run| run.name == "security_scanner").count();
    assert_eq!((story.chain.confidence_for_gate("security"), reviewers(&story)), (0.0, 0));
    assert_eq!(story.chain.memo(digest), None, "nor is the same reply given again");
    story.record(outcome(first + 1, replied(Reply::default())));
    assert_eq!((story.chain.confidence_for_gate("security"), reviewers(&story)), (0.0, 0));
    assert!(story.chain.effect(first).is_some_and(|effect| !effect.is_open()), "what it cost stays known");
    story.perform(prompt("security_scanner"), said(0.8));
    assert_eq!(story.chain.confidence_for_gate("security"), 0.8);
}

#[test]
fn what_a_person_passed_over_elsewhere_is_asked_again() {
    let mut story = Story::new();
    story.passes(Check::Test, "a", "a");
    story.fails(Check::Lint, "a", "12 problems");
    let asked = story.due().expect("asked");
    story.says(asked.clone(), Verdict::Approved);
    assert!(story.chain.lacks().is_empty());
    story.is_taken_over();
    story.passes(Check::Test, "a", "a");
    story.fails(Check::Lint, "a", "12 problems");
    assert!(!story.chain.lacks().is_empty());
    assert_eq!(story.due(), Some(asked.clone()));
    // One that only waited is worded here as well.
    let id = story.chain.next_effect();
    story.record(intent(id, Request::Approve { proposal: asked.clone() }, story.chain.version()));
    story.is_taken_over();
    assert_eq!(story.chain.waiting_for_person().count(), 0);
    story.record(outcome(
        id,
        Outcome::Judged { verdict: Verdict::Approved, digest: asked.digest(), by: None, grant: None },
    ));
    assert_eq!(story.chain.open_effects().count(), 0);
    story.fails(Check::Lint, "a", "12 problems");
    assert!(!story.chain.lacks().is_empty());
}

#[test]
fn edits_that_wait_are_planned_where_they_are_shown() {
    for approved in [false, true] {
        let mut story = Story::new();
        let plan = planned(&mut story);
        let id = story.chain.next_effect();
        let draft = || "D1".to_owned();
        story.record(intent(id, Request::ApproveEdits { draft: draft(), plan: plan.clone() }, story.chain.version()));
        if approved {
            let (digest, verdict) = (plan.digest, Verdict::Approved);
            story.record(outcome(id, Outcome::Judged { verdict, digest, by: None, grant: Some(Grant::Chain) }));
            story.record(intent(id + 1, Request::Write { draft: draft(), plan: digest }, story.chain.version()));
        }
        story.is_taken_over();
        let known = &story.chain.drafts()[0];
        assert_eq!((&known.state, &known.edits[0].base), (&DraftState::Amended, &None), "{approved}");
        assert_eq!(law::due(&story.chain).requests, [Request::Plan { draft: draft() }]);
        // A verdict over what was shown there approves nothing.
        let (digest, verdict) = (plan.digest, Verdict::Approved);
        story.record(outcome(id, Outcome::Judged { verdict, digest, by: None, grant: None }));
        assert_eq!(story.chain.drafts()[0].state, DraftState::Amended);
    }
}

#[test]
fn a_context_dates_nothing_ahead_of_its_restoring() {
    let mut story = Story::new();
    for _ in 0..40 {
        story.passes(Check::Test, "a", "a");
    }
    let chain = Box::new(story.chain.clone());
    let mut restored = Chain::default();
    restored.apply(&Event { seq: 1, at: 0, body: Body::Restored { chain, from: "x.json".to_owned() } });
    assert!(restored.fresh_evidence().next().is_some());
    for (seq, body) in (2..).zip(law::take_over(&restored, None)) {
        restored.apply(&Event { seq, at: 0, body });
    }
    assert!(restored.fresh_evidence().next().is_none());
    assert!(law::take_over(&restored, None).is_empty());
}

#[test]
fn a_waiver_is_of_what_the_check_printed() {
    let mut story = Story::new();
    story.passes(Check::Test, "a", "a");
    story.fails(Check::Lint, "a", "warning: banner is outdated");
    let asked = story.due().expect("asked");
    assert!(asked.body.ends_with("warning: banner is outdated"), "{}", asked.body);
    story.says(asked, Verdict::Approved);
    assert!(story.chain.lacks().is_empty() && story.due().is_none());
    story.fails(Check::Lint, "b", "warning: banner is outdated");
    assert!(story.chain.lacks().is_empty(), "it fails as it did");
    story.fails(Check::Lint, "b", "error: lib/extra.js does not parse");
    assert!(!story.chain.lacks().is_empty());
    let asked = story.due().expect("asked anew");
    assert!(asked.body.ends_with("does not parse"), "{}", asked.body);
    story.says(asked, Verdict::Rejected("mend it".to_owned()));
    assert!(story.due().is_none(), "once is enough");
    // Also where what differs stands above what is shown.
    let long = |first: &str| format!("{first}\n{}", "the same\n".repeat(400));
    story.fails(Check::Lint, "b", &long("one"));
    let asked = story.due().expect("asked");
    story.says(asked, Verdict::Approved);
    assert!(story.chain.lacks().is_empty());
    story.fails(Check::Lint, "b", &long("two"));
    assert!(!story.chain.lacks().is_empty());
}

#[test]
fn what_a_script_is_said_to_do_was_found_by_reading_the_project() {
    let found = |value: &str, path: &str, line| Discovery {
        key: "script.test".to_owned(),
        value: value.to_owned(),
        evidence: Some(Place { path: path.to_owned(), line, quote: "test".to_owned() }),
        cited: true,
    };
    let body = |story: &Story| {
        let ruling = law::judge(&story.chain, &Action::RunCheck(Check::Test), &Shelf, 0).expect("lawful");
        match ruling.requests.as_slice() {
            [Request::Approve { proposal }] => proposal.body.clone(),
            other => panic!("a person is asked: {other:?}"),
        }
    };
    let mut story = Story::new();
    let says = Reply { discovered: vec![found("echo harmless", "Makefile", 1)], ..Reply::default() };
    story.perform(prompt("component_mapper"), replied(says));
    let commands = [("test".to_owned(), "npm test".to_owned())].into();
    let summary = ProjectSummary { commands, ..ProjectSummary::default() };
    let read = |facts| Outcome::ProjectRead(Discovered { facts, summary: summary.clone() });
    story.perform(Request::ReadProject, read(Vec::new()));
    assert!(!body(&story).contains("harmless"), "{}", body(&story));
    story.perform(
        Request::ReadProject,
        read(vec![found("jest", "packages/a/package.json", 3), found("node --test", "package.json", 7)]),
    );
    assert!(body(&story).contains("which was `node --test` when the project was read (package.json:7)"));
    // As it was read last.
    story.perform(Request::ReadProject, read(vec![found("true", "package.json", 7)]));
    assert!(body(&story).contains("`true`"), "{}", body(&story));
}

#[test]
fn the_gates_of_a_chain_are_those_of_what_is_installed() {
    let mut weak = started();
    weak.methodology.phases.iter_mut().for_each(|phase| phase.gate = Gate::default());
    let installed = methodology().phases;
    let mut chain = Chain::fold(&events(law::begin(weak)));
    for (seq, body) in (chain.version() + 1..).zip(law::take_over(&chain, Some(&installed))) {
        chain.apply(&Event { seq, at: 0, body });
    }
    assert_eq!(chain.started().map(|started| &started.methodology.phases), Some(&installed));
    assert!(law::take_over(&chain, Some(&installed)).is_empty());
    let own = Chain::fold(&events(law::begin(started())));
    assert!(law::take_over(&own, Some(&installed)).is_empty(), "the same need no event");
}
