//! What evidence speaks of, and whose word counts beside it.

mod support;

use certus_engine::*;
use support::story::{Shelf, Story};
use support::*;

fn ship() -> Action {
    Action::EnterPhase { phase: "ship".to_owned(), why: String::new() }
}

fn finish() -> Action {
    Action::Finish("done".to_owned())
}

fn no() -> Verdict {
    Verdict::Rejected("no".to_owned())
}

#[test]
fn every_check_that_the_gate_names_passed_on_the_files_as_they_are() {
    let mut story = Story::new();
    story.passes(Check::Test, "a", "a");
    // It came last and agrees with the files. The tests do not.
    story.passes(Check::Lint, "b", "b");
    let ruling = story.on("b", &ship()).expect("the tests ran on other files");
    assert_eq!(ruling.record, [Body::TreeChanged { tree: Digest::of("b") }]);
    // Nor are reviewers paid for.
    let review = Action::RunPrompts(vec![PromptCall::new("code_reviewer")]);
    assert_eq!(story.on("b", &review), Some(ruling.clone()));
    assert!(!law::builds_on_evidence(&story.chain, &Action::RunPrompts(vec![PromptCall::new("solution_designer")])));
    story.follow(ruling);
    assert!(!story.chain.lacks().is_empty());
    story.passes(Check::Test, "b", "b");
    assert_eq!(story.on("b", &ship()), None);
    assert!(story.on("c", &ship()).is_some());
}

#[test]
fn a_pass_during_which_files_changed_is_run_again_and_then_asked_about() {
    let mut story = Story::new();
    story.passes(Check::Test, "a", "b");
    assert!(!story.chain.lacks().is_empty() && story.due().is_none(), "it runs once more");
    story.passes(Check::Test, "b", "b");
    assert!(story.chain.lacks().is_empty(), "then it counts");
    story.passes(Check::Test, "b", "c");
    story.passes(Check::Test, "c", "d");
    let asked = story.due().expect("it changes files each time");
    assert_eq!(asked.title, "Go on although `npm test` changes files while it runs?");
    assert!(asked.body.contains("\n- out.json\n") && law::lawful_proposal(&asked).is_err());
    story.says(asked.clone(), no());
    assert!(!story.chain.lacks().is_empty() && story.due().is_none(), "a no runs it again");
    story.passes(Check::Test, "d", "e");
    let asked = story.due().expect("asked again");
    story.says(asked, Verdict::Approved);
    assert!(story.chain.lacks().is_empty());
    assert_eq!(story.on("e", &ship()), None);
    // Not whatever else it changes, nor in another visit.
    let checked = Outcome::Checked {
        status: Some(0),
        tree: Digest::of("e"),
        after: Some(Digest::of("f")),
        changed: vec!["lib/price.js".to_owned()],
        tail: String::new(),
        limit: None,
    };
    story.perform(Request::Check { check: Check::Test, command: "npm test".to_owned() }, checked);
    assert!(!story.chain.lacks().is_empty());
    story.enter("build");
    story.passes(Check::Test, "f", "g");
    assert!(!story.chain.lacks().is_empty());
}

#[test]
fn what_a_later_check_may_change_is_passed_over() {
    let mut story = Story::new();
    story.passes(Check::Test, "a", "a");
    story.passes(Check::Build, "a", "b");
    story.passes(Check::Build, "b", "c");
    assert!(story.on("c", &ship()).is_some());
    let asked = story.due().expect("the build changes files each time");
    story.says(asked, Verdict::Approved);
    assert_eq!(story.on("c", &ship()), None, "the tests, and what the build made of the files");
    assert!(story.on("d", &ship()).is_some());
}

#[test]
fn files_that_change_again_and_again_are_for_a_person() {
    let mut story = Story::new();
    for round in 0..3 {
        story.passes(Check::Test, &format!("{round}"), &format!("{round}"));
        let ruling = story.on(&format!("changed {round}"), &ship()).expect("changed");
        story.follow(ruling);
    }
    story.passes(Check::Test, "3", "3");
    let asked = |story: &Story| match story.on("4", &ship()).expect("changed").requests.as_slice() {
        [Request::Approve { proposal }] => Some(proposal.clone()),
        _ => None,
    };
    let proposal = asked(&story).expect("a person is asked");
    story.says(proposal.clone(), no());
    assert_eq!(asked(&story), None, "a no checks again");
    let ruling = story.on("4", &ship()).expect("changed");
    story.follow(ruling);
    story.passes(Check::Test, "3", "3");
    story.says(asked(&story).expect("and is asked again"), Verdict::Approved);
    assert_eq!(story.on("4", &ship()), None);
    assert_eq!(story.on("5", &ship()), None, "by the time of the yes they are others again");
    story.enter("ship");
    assert!(story.on("5", &finish()).is_some(), "what is complete is looked at once more");
    story.enter("build");
    story.passes(Check::Test, "6", "6");
    assert!(story.on("7", &ship()).is_some());
}

#[test]
fn what_failed_is_looked_at_once_more_where_files_changed_since() {
    let mut story = Story::new();
    let mend = Action::RunPrompts(vec![PromptCall::new("error_recovery")]);
    let back = Action::EnterPhase { phase: "decide".to_owned(), why: String::new() };
    // Somebody mended it meanwhile, perhaps; who writes all the time is no reason not to mend.
    for action in [&mend, &back] {
        story.enter("build");
        story.fails(Check::Test, "a", "");
        assert_eq!(story.on("a", action), None);
        let ruling = story.on("b", action).expect("changed");
        story.follow(ruling);
        story.fails(Check::Test, "c", "");
        assert_eq!(story.on("d", action), None);
    }
    // After each attempt anew, and one that came to nothing is an attempt.
    story.replies("error_recovery", &[]);
    for action in [&mend, &back] {
        assert!(story.on("d", action).is_some());
    }
    story.passes(Check::Test, "d", "d");
    assert_eq!(story.on("d", &ship()), None);
}

#[test]
fn a_chain_finishes_on_the_files_that_were_checked_or_goes_back() {
    let mut story = Story::new();
    story.passes(Check::Test, "a", "a");
    story.enter("ship");
    assert_eq!(story.on("a", &finish()), None);
    for visit in 2..4 {
        let ruling = story.on("b", &finish()).expect("changed since");
        assert!(matches!(&ruling.record[..], [Body::TreeChanged { .. }, Body::PhaseLeft { success: false, .. },
            Body::PhaseEntered { phase, visit: entered, .. }] if phase == "build" && *entered == visit));
        story.follow(ruling);
        assert!(!story.chain.lacks().is_empty(), "the tests run again");
        story.passes(Check::Test, "a", "a");
        story.enter("ship");
    }
    let ruling = story.on("b", &finish()).expect("changed since");
    let [Request::Approve { proposal }] = ruling.requests.as_slice() else { panic!("nobody is asked: {ruling:?}") };
    story.says(proposal.clone(), Verdict::Approved);
    assert_eq!(story.on("b", &finish()), None);
    assert!(law::judge(&story.chain, &finish(), &Shelf, 0).is_ok());
}

/// The same, with reviewers.
fn reviewed() -> Story {
    let mut story = Story::new();
    let mut started = story.chain.started().expect("started").clone();
    started.methodology.phases[2].gate.confidence =
        [("code_review".to_owned(), 0.8), ("security".to_owned(), 0.8)].into();
    story.chain = Chain::default();
    law::begin(started).into_iter().for_each(|body| story.record(body));
    story
}

#[test]
fn in_a_reviewed_area_only_its_reviewer_is_heard() {
    let mut story = reviewed();
    // Before there is anything to review, security is an area like any other.
    story.replies("uncertainty_analysis", &[("security", 0.9)]);
    assert_eq!(story.chain.confidence("security"), 0.9);
    story.enter("build");
    story.passes(Check::Test, "a", "a");
    let lacking = |story: &Story| -> Vec<String> {
        let lacks = story.chain.lacks().into_iter();
        lacks.filter_map(|lack| if let Lack::Confidence { area, .. } = lack { Some(area) } else { None }).collect()
    };
    assert_eq!(lacking(&story), ["code_review", "security"], "nobody reviewed it");
    story.replies("tdd_flow_controller", &[("code_review", 0.99), ("security", 0.99)]);
    assert_eq!(lacking(&story), ["code_review", "security"], "the author says so");
    assert_eq!(story.chain.confidence("security"), 0.9);
    story.replies("code_reviewer", &[("code_review", 0.1), ("security", 0.99)]);
    story.replies("tdd_flow_controller", &[("code_review", 0.99)]);
    assert_eq!((lacking(&story).len(), story.chain.confidence("code_review")), (2, 0.1));
    story.replies("code_reviewer", &[("code_review", 0.9)]);
    story.replies("security_scanner", &[("security", 0.9)]);
    assert_eq!(lacking(&story), [""; 0]);
    let reviewers = |story: &Story| story.chain.runs().iter().filter(|run| run.name == "code_reviewer").count();
    assert_eq!(reviewers(&story), 2);
    story.record(Body::TreeChanged { tree: Digest::of("b") });
    assert_eq!(lacking(&story), ["code_review", "security"], "they have not seen these files");
    assert_eq!(reviewers(&story), 0, "they are asked again");
}

#[test]
fn that_no_tests_are_needed_is_for_a_person_to_say() {
    let mut story = Story::new();
    let says = |notes: &str, edits: &[&str]| {
        let edits = edits.iter().map(|path| Edit { path: (*path).to_owned(), ..Edit::default() }).collect();
        let artifacts = vec![Document { kind: "tests".to_owned(), edits, ..Document::default() }];
        replied(Reply { notes: notes.to_owned(), artifacts, ..Reply::default() })
    };
    let ran = |story: &Story| story.chain.runs().iter().filter(|run| run.name == "test_generator").count();
    story.perform(prompt("test_generator"), says("No tests are needed.", &[]));
    let asked = story.due().expect("a person is asked");
    assert!(asked.title == "Go on without new tests?" && asked.body.contains("No tests are needed."));
    assert!(law::lawful_proposal(&asked).is_err(), "nobody else words it");
    assert_eq!(ran(&story), 1);
    story.says(asked.clone(), no());
    assert_eq!((ran(&story), story.due()), (0, None), "a no has it asked again");
    story.perform(prompt("test_generator"), says("No tests are needed.", &[]));
    story.says(story.due().expect("asked again"), Verdict::Approved);
    assert_eq!((ran(&story), story.due()), (1, None), "a yes goes on");
    let mut story = Story::new();
    story.perform(prompt("test_generator"), says("", &["test/a.js"]));
    assert_eq!(story.due(), None);
}

/// A draft, planned.
fn planned(story: &mut Story, kind: &str, file: &FileChange) -> String {
    let edits = vec![Edit { path: file.path.clone(), ..Edit::default() }];
    let artifacts = vec![Document { kind: kind.to_owned(), edits, ..Document::default() }];
    story.perform(prompt("tdd_flow_controller"), replied(Reply { artifacts, ..Reply::default() }));
    let draft = format!("D{}", story.chain.drafts().len());
    let plan = Plan {
        digest: Digest::of(&draft),
        stored: Digest::of("stored"),
        files: vec![file.clone()],
        unchanged: Vec::new(),
    };
    story.perform(Request::Plan { draft: draft.clone() }, Outcome::Planned { plan });
    draft
}

fn approve(story: &mut Story, draft: &str, grant: Grant) {
    let DraftState::Planned(plan) =
        story.chain.drafts().iter().find(|one| one.id == draft).expect("a draft").state.clone()
    else {
        panic!("it is planned")
    };
    let (digest, verdict) = (plan.digest, Verdict::Approved);
    let judged = Outcome::Judged { verdict, digest, by: None, grant: Some(grant) };
    story.perform(Request::ApproveEdits { draft: draft.to_owned(), plan }, judged);
    story.perform(
        Request::Write { draft: draft.to_owned(), plan: digest },
        Outcome::Written { undo: Digest::of("undo") },
    );
}

#[test]
fn what_decides_more_than_the_change_is_covered_by_no_grant() {
    let mut story = Story::new();
    let (old, new) = (Some(Digest::of("old")), Some(Digest::of("new")));
    let file = |path: &str, old| FileChange {
        path: path.to_owned(),
        old,
        new,
        added: 1,
        removed: 0,
        cut: false,
        tests: false,
    };
    let tests = planned(&mut story, "tests", &file("checks/price.js", None));
    approve(&mut story, &tests, Grant::Chain);
    let cut = FileChange { cut: true, ..file("lib/a.js", old) };
    let gone = FileChange { new: None, ..file("lib/a.js", old) };
    let mut cases =
        vec![(cut, false), (gone, false), (file("lib/a.js", old), true), (file("lib/latest.js", old), true)];
    for path in [
        "package.json",
        "config.json",
        "a/prompts/custom/x.md",
        ".husky/pre-commit",
        ".vscode/tasks.json",
        ".githooks/pre-push",
        ".github/workflows/ci.yml",
        ".gitlab/x.yml",
        ".circleci/config.yml",
        "Jenkinsfile",
        ".pre-commit-config.yaml",
        ".gitignore",
        "lib/.gitattributes",
        ".dockerignore",
    ] {
        cases.push((file(path, None), false));
    }
    // Tests may come; those that are there change before a person's eyes.
    for (path, new_is_granted) in
        [("checks/price.js", false), ("test/a.js", true), ("lib/a.spec.ts", true), ("PriceTest.java", true)]
    {
        cases.push((file(path, old), false));
        if new_is_granted {
            cases.push((file(path, None), true));
        }
    }
    for (file, granted) in cases {
        let draft = planned(&mut story, "change", &file);
        let known = story.chain.drafts().iter().find(|one| one.id == draft).expect("a draft");
        assert_eq!(story.chain.is_granted(known), granted, "{file:?}");
    }
}

#[test]
fn what_a_person_let_run_was_the_command_as_it_was() {
    let mut story = Story::new();
    let mut commands = ProjectSummary::default();
    commands.commands.insert("test".to_owned(), "npm test".to_owned());
    story.perform(Request::ReadProject, Outcome::ProjectRead(Discovered { facts: Vec::new(), summary: commands }));
    let reads = |script: &str, diff: &str| Body::WhatRuns {
        files: [("package.json".to_owned(), Digest::of(script))].into(),
        changed: Vec::new(),
        diff: diff.to_owned(),
    };
    let ruling = |story: &Story| {
        law::judge(&story.chain, &Action::RunCheck(Check::Test), &Shelf, 0).expect("lawful").requests.remove(0)
    };
    let runs = Request::Check { check: Check::Test, command: "npm test".to_owned() };
    story.record(reads("node --test", ""));
    let Request::Approve { proposal } = ruling(&story) else { panic!("it is asked first") };
    story.says(proposal, Verdict::Approved);
    assert_eq!(ruling(&story), runs);
    story.record(reads("node --test", ""));
    assert_eq!(ruling(&story), runs);
    story.record(reads("true", "-node --test\n+true"));
    let Request::Approve { proposal } = ruling(&story) else { panic!("it is asked again") };
    assert!(proposal.body.contains("-node --test\n+true"), "{}", proposal.body);
    story.says(proposal, Verdict::Approved);
    assert_eq!(ruling(&story), runs);
}

#[test]
fn a_command_leaves_the_phase_on_the_same_terms() {
    struct Commands;
    impl Catalogue for Commands {
        fn prompt(&self, _: &str) -> Option<PromptRef> {
            None
        }
        fn command(&self, line: &str) -> Option<CommandRef> {
            let phases = vec![line.trim_start_matches('/').to_owned()];
            let plugin = PluginRef { name: "core".to_owned(), digest: Digest::of("core") };
            Some(CommandRef { name: line.to_owned(), plugin, chainable: true, phases })
        }
    }
    let mut story = Story::new();
    story.passes(Check::Test, "a", "a");
    let leaving = |line: &str| law::leaving(&story.chain, Action::RunCommand(line.to_owned()), &Commands);
    assert!(story.on("b", &leaving("/ship")).is_some(), "the files are others");
    assert_eq!(story.on("a", &leaving("/ship")), None);
    for line in ["/build", "/nowhere"] {
        assert!(!law::builds_on_evidence(&story.chain, &leaving(line)));
    }
}

#[test]
fn samples_that_disagree_lower_what_a_reviewer_said() {
    let mut story = reviewed();
    story.enter("build");
    story.replies("code_reviewer", &[("code_review", 0.9)]);
    assert_eq!(story.chain.confidence_for_gate("code_review"), 0.9);
    let of = story.chain.next_effect() - 1;
    let sample = Request::Sample { of, number: 1, name: "code_reviewer".to_owned(), version: "1".to_owned() };
    let confidence = [("code_review".to_owned(), 0.5)].into();
    story.perform(sample, replied(Reply { confidence, ..Reply::default() }));
    let believed = story.chain.confidence("code_review");
    assert!(believed < 0.5, "{believed}");
    assert_eq!(story.chain.confidence_for_gate("code_review"), believed);
}

#[test]
fn samples_of_another_prompt_say_nothing_of_a_review() {
    let mut story = reviewed();
    story.enter("build");
    story.replies("security_scanner", &[("security", 0.1)]);
    // Back before there is anything to review, where the area is anybody's.
    story.enter("decide");
    story.replies("uncertainty_analysis", &[("security", 0.95)]);
    let of = story.chain.next_effect() - 1;
    let sample = Request::Sample { of, number: 1, name: "uncertainty_analysis".to_owned(), version: "1".to_owned() };
    let confidence = [("security".to_owned(), 0.95)].into();
    story.perform(sample, replied(Reply { confidence, ..Reply::default() }));
    assert_eq!(story.chain.confidence("security"), 0.95);
    story.enter("build");
    assert_eq!(story.chain.confidence_for_gate("security"), 0.1);
}

#[test]
fn who_says_0_has_spoken_until_files_change() {
    let mut story = reviewed();
    story.enter("build");
    let told = |story: &Story| story.chain.confidence_for_gate("security") > 0.0;
    assert!(!told(&story));
    story.replies("security_scanner", &[("security", 0.0)]);
    assert!(told(&story) && story.chain.confidence_for_gate("security") < 0.01);
    story.record(Body::TreeChanged { tree: Digest::of("t") });
    assert!(!told(&story));
}
