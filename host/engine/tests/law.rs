//! Laws that hold for every controller, however it behaves.

mod support;

use certus_engine::*;
use proptest::collection::vec;
use proptest::prelude::*;
use support::*;

/// Knows every prompt whose name is not empty, and two commands.
struct Shelf;

impl Catalogue for Shelf {
    fn prompt(&self, name: &str) -> Option<PromptRef> {
        (!name.is_empty()).then(|| PromptRef { name: name.to_owned(), version: "1".to_owned() })
    }

    fn command(&self, line: &str) -> Option<CommandRef> {
        let plugin = PluginRef { name: "core".to_owned(), digest: Digest::of("core") };
        let phases = match line {
            "/check" => Vec::new(),
            "/present" => vec!["decide".to_owned()],
            _ => return None,
        };
        Some(CommandRef { name: line.trim_start_matches('/').to_owned(), plugin, chainable: line == "/check", phases })
    }
}

fn action() -> impl Strategy<Value = Action> {
    let phase = || prop::sample::select(vec!["ask", "decide", "build", "nowhere"]);
    let id = || prop::sample::select(vec!["scope", "auth", "goal"]);
    prop_oneof![
        3 => vec(name().prop_map(PromptCall::new), 0..3).prop_map(Action::RunPrompts),
        2 => vec(
            prop_oneof![
                id().prop_map(|id| Asking::Raised(id.to_owned())),
                id().prop_map(|id| Asking::New(question(id, Some("auth")))),
            ],
            0..3
        )
        .prop_map(Action::Ask),
        2 => prop::sample::select(vec!["solution", "plan", ""]).prop_map(|kind| Action::RequestApproval(Proposal {
            kind: kind.to_owned(), title: kind.to_owned(), body: "body".to_owned(),
        })),
        4 => phase().prop_map(|phase| Action::EnterPhase { phase: phase.to_owned(), why: "because".to_owned() }),
        1 => prop::sample::select(vec!["/check", "/present", "/none"]).prop_map(|line| Action::RunCommand(line.to_owned())),
        2 => (1..9u32).prop_map(|number| Action::ProposeEdits(format!("D{number}"))),
        1 => Just(Action::RunCheck(Check::Test)),
        2 => Just(Action::Finish("done".to_owned())),
    ]
}

/// What the world answers to a request, chosen by a number.
fn answer(request: &Request, luck: &mut u64) -> Outcome {
    *luck = luck.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let draw = (*luck >> 33) % 6;
    match request {
        Request::Prompt { .. } if draw == 0 => Outcome::Failed { code: ErrorCode::Invalid, message: String::new() },
        Request::Prompt { .. } => {
            let score = draw as f64 / 5.0;
            let uncertain = RepliedUncertainty {
                area: "auth".to_owned(),
                claim: "how".to_owned(),
                confidence: score,
                blocking: draw < 3,
                resolution: (draw > 3).then(|| "so [A1]".to_owned()),
            };
            let raised = RaisedQuestion {
                id: "scope".to_owned(),
                text: "Which?".to_owned(),
                why: String::new(),
                options: Vec::new(),
                recommended: None,
                area: None,
            };
            replied(Reply {
                uncertainties: vec![uncertain],
                confidence: [("goal".to_owned(), score), ("auth".to_owned(), score)].into(),
                questions: vec![raised],
                artifacts: vec![Document { edits: vec![Edit::default()], ..Document::default() }],
                ..Reply::default()
            })
        }
        Request::Approve { proposal } => Outcome::Judged {
            verdict: if draw > 1 { Verdict::Approved } else { Verdict::Rejected("no".to_owned()) },
            digest: proposal.digest(),
            by: None,
            grant: None,
        },
        Request::Plan { draft } => {
            let file = FileChange {
                path: format!("f{}", *luck % 3),
                old: None,
                new: None,
                added: 1,
                removed: 0,
                cut: false,
                tests: false,
            };
            let plan = Plan {
                digest: Digest::of(draft),
                stored: Digest::of("stored"),
                files: vec![file],
                unchanged: Vec::new(),
            };
            Outcome::Planned { plan }
        }
        Request::ApproveEdits { .. } if draw == 1 => Outcome::Amended { edits: vec![Edit::default()] },
        Request::ApproveEdits { plan, .. } => Outcome::Judged {
            verdict: if draw > 2 { Verdict::Approved } else { Verdict::Rejected("no".to_owned()) },
            // A verdict over something else is none.
            digest: if draw == 5 { Digest::of("other") } else { plan.digest },
            by: None,
            grant: (draw == 4).then_some(Grant::Chain),
        },
        Request::Write { .. } if draw == 0 => Outcome::Failed { code: ErrorCode::Failed, message: String::new() },
        Request::Write { .. } => Outcome::Written { undo: Digest::of("undo") },
        Request::Check { .. } => Outcome::Checked {
            status: Some(i32::from(draw < 3)),
            tree: Digest::of("tree"),
            after: None,
            changed: Vec::new(),
            tail: String::new(),
            limit: None,
        },
        Request::Ask { .. } => Outcome::Answered { text: "yes".to_owned(), by: None },
        Request::Command { .. } => Outcome::CommandDone { summary: String::new(), then: None },
        _ => Outcome::Done,
    }
}

/// A chain with a driver that performs everything at once.
struct Drive {
    chain: Chain,
    luck: u64,
}

impl Drive {
    fn new(luck: u64) -> Self {
        let mut drive = Self { chain: Chain::fold(&events(law::begin(started()))), luck };
        drive.record(intent(1, Request::ReadProject, 2));
        let commands = [("test".to_owned(), "npm test".to_owned())].into();
        let summary = ProjectSummary { commands, ..ProjectSummary::default() };
        drive.record(outcome(1, Outcome::ProjectRead(Discovered { facts: Vec::new(), summary })));
        drive
    }

    /// What follows of itself, until nothing does; what was performed.
    fn due(&mut self) -> Vec<Request> {
        let mut performed = Vec::new();
        while let Some(request) = law::due(&self.chain).requests.pop() {
            assert!(performed.len() < 200, "it never ends");
            let (basis, id) = (self.chain.version(), self.chain.next_effect());
            self.record(intent(id, request.clone(), basis));
            let answered = answer(&request, &mut self.luck);
            self.record(outcome(id, answered));
            performed.push(request);
        }
        performed
    }

    fn record(&mut self, body: Body) {
        let seq = self.chain.version() + 1;
        self.chain.apply(&Event { seq, at: 1_000_000 + seq as Millis, body });
    }

    fn step(&mut self, action: &Action) -> Result<Ruling, Refusal> {
        let ruling = law::judge(&self.chain, action, &Shelf, self.chain.updated_at());
        match &ruling {
            Err(refusal) => self.record(Body::ActionRefused {
                action: action.name().to_owned(),
                law: refusal.law,
                detail: refusal.detail.clone(),
            }),
            Ok(ruling) => {
                for body in ruling.record.clone() {
                    self.record(body);
                }
                let (basis, first) = (self.chain.version(), self.chain.next_effect());
                for (id, request) in (first..).zip(&ruling.requests) {
                    self.record(intent(id, request.clone(), basis));
                }
                for (id, request) in (first..).zip(&ruling.requests) {
                    let answered = answer(request, &mut self.luck);
                    self.record(outcome(id, answered));
                }
            }
        }
        ruling
    }
}

/// A draft that comes, is approved and written.
fn write(drive: &mut Drive) -> String {
    let perform = |drive: &mut Drive, request: Request, done: Outcome| {
        let (basis, id) = (drive.chain.version(), drive.chain.next_effect());
        drive.record(intent(id, request, basis));
        drive.record(outcome(id, done));
    };
    let edits = vec![Edit { path: "a".to_owned(), content: Some("x".to_owned()), ..Edit::default() }];
    let artifacts = vec![Document { kind: "change".to_owned(), edits, ..Document::default() }];
    perform(drive, prompt("p"), replied(Reply { artifacts, ..Reply::default() }));
    let draft = drive.chain.drafts().last().expect("a draft").id.clone();
    let file =
        FileChange { path: "a".to_owned(), old: None, new: None, added: 1, removed: 0, cut: false, tests: false };
    let plan =
        Plan { digest: Digest::of(&draft), stored: Digest::of("stored"), files: vec![file], unchanged: Vec::new() };
    perform(drive, Request::Plan { draft: draft.clone() }, Outcome::Planned { plan: plan.clone() });
    let judged = Outcome::Judged { verdict: Verdict::Approved, digest: plan.digest, by: None, grant: None };
    perform(drive, Request::ApproveEdits { draft: draft.clone(), plan: plan.clone() }, judged);
    let written = Outcome::Written { undo: Digest::of("undo") };
    perform(drive, Request::Write { draft: draft.clone(), plan: plan.digest }, written);
    draft
}

#[test]
fn what_was_written_last_is_taken_back_first() {
    let mut drive = Drive::new(0);
    assert!(law::judge_undo(&drive.chain, None).is_err());
    let (first, second) = (write(&mut drive), write(&mut drive));
    assert!(drive.chain.drafts().iter().all(|draft| draft.edits.is_empty() && draft.state.name() == "written"));
    let refused = law::judge_undo(&drive.chain, Some(&first)).expect_err("the second stands on it");
    assert_eq!(refused.detail, "D2 changed the same files later: take it back first");
    let ruling = law::judge_undo(&drive.chain, None).expect("the second");
    assert_eq!(ruling.requests, [Request::Undo { draft: second, undo: Digest::of("undo") }]);
    let (basis, id) = (drive.chain.version(), drive.chain.next_effect());
    drive.record(intent(id, ruling.requests[0].clone(), basis));
    drive.record(outcome(id, Outcome::Done));
    assert!(law::judge_undo(&drive.chain, Some(&first)).is_ok());
}

#[test]
fn a_command_of_the_project_runs_where_a_person_lets_it() {
    let mut drive = Drive::new(0);
    let check = Action::RunCheck(Check::Test);
    let ruling = law::judge(&drive.chain, &check, &Shelf, 0).expect("it is asked first");
    let [Request::Approve { proposal }] = ruling.requests.as_slice() else { panic!("one proposal") };
    assert_eq!((proposal.kind.as_str(), proposal.title.as_str()), ("command", "npm test"));
    assert!(law::lawful_proposal(proposal).is_err(), "no plugin proposes such a thing");
    let say = |drive: &mut Drive, verdict| {
        let (basis, id) = (drive.chain.version(), drive.chain.next_effect());
        drive.record(intent(id, Request::Approve { proposal: proposal.clone() }, basis));
        drive.record(outcome(id, Outcome::Judged { verdict, digest: proposal.digest(), by: None, grant: None }));
    };
    say(&mut drive, Verdict::Rejected("not here".to_owned()));
    assert_eq!(refused(&mut drive, &check), Law::CommandNotAllowed);
    say(&mut drive, Verdict::Approved);
    let ruling = law::judge(&drive.chain, &check, &Shelf, 0).expect("it may run");
    assert_eq!(ruling.requests, [Request::Check { check: Check::Test, command: "npm test".to_owned() }]);
    assert_eq!(refused(&mut drive, &Action::RunCheck(Check::Build)), Law::UnknownCommand);
}

fn left_forwards(before: &Chain, ruling: &Ruling) -> bool {
    let free = before.phase_definition().map(|phase| phase.gate.free_to.clone()).unwrap_or_default();
    ruling.record.iter().any(|body| matches!(body, Body::PhaseEntered { phase, .. } if !free.contains(phase)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn no_controller_gets_past_the_law(actions in vec(action(), 1..120), luck in any::<u64>()) {
        let mut drive = Drive::new(luck);
        let mut asked = std::collections::BTreeSet::new();
        for action in &actions {
            let before = drive.chain.clone();
            let lacks = before.lacks();
            let blocked = before.uncertainties().iter().any(Uncertainty::is_blocker);
            prop_assert!(!blocked || !lacks.is_empty(), "an open blocker closes every gate");
            let Ok(ruling) = drive.step(action) else { continue };
            prop_assert!(before.ended().is_none(), "a chain that ended does nothing more");
            if left_forwards(&before, &ruling) {
                prop_assert!(lacks.is_empty(), "left {} forwards with {lacks:?}", before.phase());
            }
            for body in &ruling.record {
                match body {
                    Body::Ended { success: true, .. } => {
                        prop_assert!(lacks.is_empty());
                        let last = before.evidence().iter().rfind(|run| run.check == "test");
                        let last = last.expect("a chain completes on evidence");
                        prop_assert!(last.passed() && last.seq > before.last_write(), "stale evidence");
                    }
                    Body::PhaseLeft { success, .. } => prop_assert_eq!(*success, lacks.is_empty()),
                    Body::PhaseEntered { phase, .. } => {
                        let here = before.phase_definition().expect("the phase is defined");
                        prop_assert!(here.may_follow.contains(phase) || here.gate.free_to.contains(phase));
                    }
                    _ => {}
                }
            }
            for request in &ruling.requests {
                match request {
                    Request::Ask { question } => {
                        prop_assert!(asked.insert(question.id.clone()), "{} was asked again", question.id);
                    }
                    Request::Check { command, .. } => prop_assert!(
                        before.proposals().iter().any(|status| status.proposal.kind == "command"
                            && status.proposal.title == *command
                            && status.verdict == Some(Verdict::Approved)),
                        "{command} ran unasked"
                    ),
                    Request::Plan { .. } => prop_assert!(
                        before.proposals().iter().any(|status| status.proposal.kind == "solution"
                            && status.verdict == Some(Verdict::Approved)),
                        "edits without an approved solution"
                    ),
                    Request::Write { .. } => prop_assert!(false, "no controller writes"),
                    _ => {}
                }
            }
            let before = drive.chain.clone();
            for request in drive.due() {
                if let Request::Write { draft, plan } = request {
                    let approved = drive.chain.effects().any(|(_, effect)| {
                        matches!(&effect.request, Request::ApproveEdits { draft: shown, plan: was }
                            if *shown == draft && was.digest == plan)
                            && matches!(effect.outcome(), Some(Outcome::Judged { verdict: Verdict::Approved, digest, .. })
                                if *digest == plan)
                    });
                    prop_assert!(approved, "{draft} was written unapproved");
                    prop_assert!(before.ended().is_none());
                }
            }
        }
    }

    #[test]
    fn every_controller_comes_to_an_end(pool in vec(action(), 1..6), luck in any::<u64>()) {
        let mut drive = Drive::new(luck);
        let most = 3 * (law::VISITS_PER_PHASE + 1) * (law::ACTIONS_PER_VISIT + 1);
        let mut idle = 0;
        for (taken, action) in pool.iter().cycle().enumerate() {
            prop_assert!(taken as u32 <= most + pool.len() as u32, "still going after {taken} actions");
            let refused = drive.step(action).is_err();
            // Over once nothing in the pool is lawful any more.
            idle = if refused { idle + 1 } else { 0 };
            let stuck = drive.chain.visits().last().is_some_and(|visit| visit.actions >= law::ACTIONS_PER_VISIT);
            if drive.chain.ended().is_some() || (stuck && idle >= pool.len()) {
                break;
            }
        }
        prop_assert!(law::judge(&drive.chain, &Action::GiveUp("enough".to_owned()), &Shelf, 0).is_ok() != drive.chain.ended().is_some());
    }
}

fn refused(drive: &mut Drive, action: &Action) -> Law {
    drive.step(action).expect_err("the law refuses it").law
}

#[test]
fn each_lie_is_refused_by_name() {
    let mut drive = Drive::new(0);
    let enter = |phase: &str| Action::EnterPhase { phase: phase.to_owned(), why: String::new() };
    let finish = Action::Finish("done".to_owned());
    let edit = Action::ProposeEdits("D1".to_owned());
    assert_eq!(refused(&mut drive, &enter("decide")), Law::GateNotMet);
    assert_eq!(refused(&mut drive, &enter("build")), Law::PhaseOrder);
    assert_eq!(refused(&mut drive, &finish), Law::NoCompletionWithoutEvidence);
    assert_eq!(refused(&mut drive, &edit), Law::NoWriteWithoutApproval);
    assert_eq!(refused(&mut drive, &Action::RunPrompts(Vec::new())), Law::ActionForm);
    let many = vec![PromptCall::new("p"); law::EFFECTS_PER_ACTION + 1];
    assert_eq!(refused(&mut drive, &Action::RunPrompts(many)), Law::ActionForm);
    assert_eq!(refused(&mut drive, &Action::RunPrompts(vec![PromptCall::new("")])), Law::UnknownPrompt);
    assert_eq!(refused(&mut drive, &Action::RunCommand("/none".to_owned())), Law::UnknownCommand);
    assert_eq!(refused(&mut drive, &Action::Ask(vec![Asking::Raised("x".to_owned())])), Law::UnknownQuestion);
    let twice = Asking::New(question("q", None));
    assert_eq!(refused(&mut drive, &Action::Ask(vec![twice.clone(), twice])), Law::UnknownQuestion);
    let next =
        |line: &str, depth| law::judge_command(&drive.chain, line, depth, &Shelf, 0).map_err(|refusal| refusal.law);
    assert_eq!(next("/present", 1), Err(Law::NotChainable));
    assert_eq!(next("/check", law::COMMAND_DEPTH + 1), Err(Law::CommandDepth));
    assert_eq!(next("/present", 0), Err(Law::GateNotMet));
    assert!(next("/check", law::COMMAND_DEPTH).is_ok());
    assert!(drive.step(&Action::GiveUp("no".to_owned())).is_ok());
    assert_eq!(refused(&mut drive, &enter("ask")), Law::ChainEnded);
}

#[test]
fn evidence_completes_a_chain_and_nothing_else_does() {
    let mut drive = Drive::new(0);
    for (seq, phase) in [(3, "decide"), (4, "build")] {
        drive.chain.apply(&Event {
            seq,
            at: 0,
            body: Body::PhaseEntered { phase: phase.to_owned(), visit: 1, why: String::new() },
        });
    }
    let finish = Action::Finish("done".to_owned());
    let run = |drive: &mut Drive, check, status: Option<i32>| {
        let (basis, id) = (drive.chain.version(), drive.chain.next_effect());
        drive.record(intent(id, Request::Check { check, command: "npm test".to_owned() }, basis));
        drive.record(outcome(
            id,
            Outcome::Checked {
                status,
                tree: Digest::of("tree"),
                after: None,
                changed: Vec::new(),
                tail: String::new(),
                limit: None,
            },
        ));
    };
    assert_eq!(refused(&mut drive, &finish), Law::NoCompletionWithoutEvidence);
    run(&mut drive, Check::Lint, Some(0));
    run(&mut drive, Check::Test, Some(1));
    run(&mut drive, Check::Test, None);
    assert_eq!(refused(&mut drive, &finish), Law::NoCompletionWithoutEvidence);
    run(&mut drive, Check::Test, Some(0));
    write(&mut drive);
    assert_eq!(refused(&mut drive, &finish), Law::NoCompletionWithoutEvidence, "the files changed since");
    run(&mut drive, Check::Test, Some(0));
    run(&mut drive, Check::Test, Some(1));
    assert_eq!(refused(&mut drive, &finish), Law::NoCompletionWithoutEvidence, "the last run counts");
    run(&mut drive, Check::Test, Some(0));
    assert!(drive.step(&finish).is_ok());
    assert!(drive.chain.ended().expect("it ended").success);
}

#[test]
fn a_phase_that_takes_too_many_actions_can_only_be_given_up() {
    let mut drive = Drive::new(0);
    // Reading the project is no action.
    for _ in 0..law::ACTIONS_PER_VISIT {
        assert!(drive.step(&Action::RunCommand("/check".to_owned())).is_ok());
    }
    assert_eq!(refused(&mut drive, &Action::RunCommand("/check".to_owned())), Law::NoEndlessLoop);
    assert!(drive.step(&Action::GiveUp("too long".to_owned())).is_ok());
    assert!(!drive.chain.ended().expect("it ended").success);
}

#[test]
fn what_changed_before_it_was_written_is_planned_anew_and_seen_whatever_was_granted() {
    let mut drive = Drive::new(0);
    let perform = |drive: &mut Drive, request: Request, done: Outcome| {
        let (basis, id) = (drive.chain.version(), drive.chain.next_effect());
        drive.record(intent(id, request, basis));
        drive.record(outcome(id, done));
    };
    let replace = vec![Replacement { find: "a".to_owned(), with: "b".to_owned() }];
    let base = Some("0123456789".to_owned());
    let edits = vec![Edit { path: "a".to_owned(), base, replace, ..Edit::default() }];
    let artifacts = vec![Document { kind: "change".to_owned(), edits, ..Document::default() }];
    perform(&mut drive, prompt("p"), replied(Reply { artifacts, ..Reply::default() }));
    let draft = "D1".to_owned();
    let file =
        FileChange { path: "a".to_owned(), old: None, new: None, added: 1, removed: 0, cut: false, tests: false };
    let plan =
        Plan { digest: Digest::of("plan"), stored: Digest::of("stored"), files: vec![file], unchanged: Vec::new() };
    perform(&mut drive, Request::Plan { draft: draft.clone() }, Outcome::Planned { plan: plan.clone() });
    let grant = Some(Grant::Chain);
    let judged = Outcome::Judged { verdict: Verdict::Approved, digest: plan.digest, by: None, grant };
    perform(&mut drive, Request::ApproveEdits { draft: draft.clone(), plan: plan.clone() }, judged);
    let changed = Outcome::Failed { code: ErrorCode::Diverged, message: "a was changed meanwhile".to_owned() };
    perform(&mut drive, Request::Write { draft: draft.clone(), plan: plan.digest }, changed);
    assert_eq!(law::due(&drive.chain).requests, [Request::Plan { draft: draft.clone() }]);
    let known = &drive.chain.drafts()[0];
    assert_eq!((known.edits[0].base.as_deref(), known.conflict.as_deref()), (None, Some("a was changed meanwhile")));
    perform(&mut drive, Request::Plan { draft }, Outcome::Planned { plan: plan.clone() });
    assert!(!drive.chain.is_granted(&drive.chain.drafts()[0]), "nobody saw it like this");
    assert!(matches!(law::due(&drive.chain).requests.as_slice(), [Request::ApproveEdits { .. }]));
}

#[test]
fn a_complete_chain_whose_write_is_taken_back_is_open_again() {
    let mut drive = Drive::new(0);
    let draft = write(&mut drive);
    let phase = drive.chain.phase().to_owned();
    for success in [false, true] {
        let mut drive = Drive { chain: drive.chain.clone(), luck: 0 };
        drive.record(Body::Ended { success, why: "done".to_owned() });
        let (basis, id) = (drive.chain.version(), drive.chain.next_effect());
        assert_eq!(law::after_undo(&drive.chain, &draft), [], "it is still written");
        drive.record(intent(id, Request::Undo { draft: draft.clone(), undo: Digest::of("undo") }, basis));
        drive.record(outcome(id, Outcome::Done));
        let bodies = law::after_undo(&drive.chain, &draft);
        assert_eq!(bodies.len(), if success { 2 } else { 0 });
        bodies.into_iter().for_each(|body| drive.record(body));
        assert_eq!(drive.chain.ended().is_none(), success, "what was given up stays so");
        assert_eq!((drive.chain.phase(), drive.chain.visits_of(&phase)), (phase.as_str(), if success { 2 } else { 1 }));
    }
}

#[test]
fn a_no_to_the_check_that_a_chain_needs_is_no_end_yet() {
    let mut drive = Drive::new(0);
    drive.record(Body::PhaseEntered { phase: "build".to_owned(), visit: 1, why: String::new() });
    let check = Action::RunCheck(Check::Test);
    let asked = |drive: &Drive| match law::judge(&drive.chain, &check, &Shelf, 0) {
        Ok(ruling) => match ruling.requests.as_slice() {
            [Request::Approve { proposal }] => Ok(proposal.clone()),
            other => panic!("not asked: {other:?}"),
        },
        Err(refusal) => Err(refusal.law),
    };
    let say = |drive: &mut Drive, verdict| {
        let proposal = asked(drive).expect("it is asked");
        let (basis, id) = (drive.chain.version(), drive.chain.next_effect());
        drive.record(intent(id, Request::Approve { proposal: proposal.clone() }, basis));
        drive.record(outcome(id, Outcome::Judged { verdict, digest: proposal.digest(), by: None, grant: None }));
        proposal.title
    };
    let no = || Verdict::Rejected("not yet".to_owned());
    assert_eq!(say(&mut drive, no()), "npm test");
    assert!(asked(&drive).expect("asked").body.contains("You did not let it run: not yet"));
    assert_eq!(say(&mut drive, no()), "Go on without `npm test`?");
    assert_eq!(say(&mut drive, no()), "npm test", "it can be allowed later");
    assert_eq!(say(&mut drive, Verdict::Approved), "Go on without `npm test`?");
    assert_eq!(asked(&drive), Err(Law::CommandNotAllowed), "it never runs on that");
    assert!(!drive.chain.lacks().is_empty() && !drive.chain.allows_command("npm test"));
    let finished = law::judge(&drive.chain, &Action::Finish("done".to_owned()), &Shelf, 0);
    assert_eq!(finished.expect_err("nothing shows it").law, Law::NoCompletionWithoutEvidence);
    drive.record(Body::PhaseEntered { phase: "build".to_owned(), visit: 2, why: String::new() });
    assert_eq!(say(&mut drive, Verdict::Approved), "npm test", "another visit asks anew");
    let ruling = law::judge(&drive.chain, &check, &Shelf, 0).expect("it may run");
    assert_eq!(ruling.requests, [Request::Check { check: Check::Test, command: "npm test".to_owned() }]);
}
