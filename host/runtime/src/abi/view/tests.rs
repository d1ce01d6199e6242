use wasmtime::component::{Component, Linker, Lower};
use wasmtime::{Engine, Store};
use wit_component::{ComponentEncoder, StringEncoding};

use super::*;

/// Gives up for a reason of sixteen letters: a hash of all that it was sent.
const HASHES: &str = r#"(module
    (memory (export "memory") 16)
    (global $top (mut i32) (i32.const 1024))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
      (global.set $top (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))
      (global.get $top)
      (global.set $top (i32.add (global.get $top) (local.get 3))))
    (func (export "certus:plugin/phase-controller@0.1.0#next") (param $at i32) (result i32) (local $hash i64)
      (loop
        (local.set $hash (i64.mul (i64.const 0x100000001b3)
          (i64.xor (local.get $hash) (i64.add (i64.const 1) (i64.load8_u (local.get $at))))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br_if 0 (i32.lt_u (local.get $at) (global.get $top))))
      (local.set $at (i32.const 64))
      (loop
        (i32.store8 (local.get $at)
          (i32.add (i32.const 97) (i32.wrap_i64 (i64.and (local.get $hash) (i64.const 15)))))
        (local.set $hash (i64.shr_u (local.get $hash) (i64.const 4)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br_if 0 (i32.lt_u (local.get $at) (i32.const 80))))
      (i32.store8 (i32.const 16) (i32.const 8))
      (i32.store (i32.const 20) (i32.const 64))
      (i32.store (i32.const 24) (i32.const 16))
      (i32.const 16)))"#;

fn hash(view: impl Lower) -> String {
    let mut resolve = wit_parser::Resolve::default();
    let (package, _) = resolve.push_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit")).unwrap();
    let world = resolve.select_world(&[package], Some("controller")).unwrap();
    let mut module = wat::parse_str(HASHES).unwrap();
    wit_component::embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    let bytes = ComponentEncoder::default().module(&module).unwrap().encode().unwrap();

    let engine = Engine::default();
    let component = Component::new(&engine, bytes).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine).instantiate(&mut store, &component).unwrap();
    let interface = component.get_export_index(None, "certus:plugin/phase-controller@0.1.0").unwrap();
    let next = component.get_export_index(Some(&interface), "next").unwrap();
    let next = instance.get_typed_func::<_, (super::super::phase_controller::Action,)>(&mut store, next).unwrap();
    match next.call(&mut store, (view,)).unwrap().0 {
        super::super::phase_controller::Action::GiveUp(hash) => hash,
        other => panic!("{other:?}"),
    }
}

fn full() -> engine::View {
    let text = |text: &str| text.to_owned();
    let proposal = engine::Proposal { kind: text("solution"), title: text("title"), body: text("body") };
    let shown = |verdict| engine::ProposalStatus {
        withdrawn: None,
        digest: proposal.digest(),
        proposal: proposal.clone(),
        verdict,
        by: Some(text("somebody")),
        phase: text("first"),
        visit: 1,
    };
    let question = |state, answer| engine::QuestionStatus {
        question: engine::Question {
            id: text("q"),
            text: text("which?"),
            why: text("because"),
            options: vec![text("one"), text("two")],
            recommended: Some(text("one")),
            area: None,
        },
        state,
        answer,
        cite: None,
    };
    let fact = |source| engine::Fact { id: text("F1"), key: text("k"), value: text("v"), source, cited: true };
    let run = |ok| engine::Run { name: text("p"), phase: text("first"), visit: 3, ok, answers: 4 };
    let changes = vec![engine::FileChange {
        path: text("src/a.js"),
        old: None,
        new: Some(proposal.digest()),
        added: 3,
        removed: 0,
        cut: false,
        tests: false,
    }];
    let plan = engine::Plan {
        digest: proposal.digest(),
        stored: proposal.digest(),
        files: changes.clone(),
        unchanged: vec![text("b.js")],
    };
    let written = engine::Written { plan: plan.digest, undo: plan.digest, files: changes };
    let draft = |state| engine::Draft {
        id: text("D1"),
        kind: text("tests"),
        title: text("title"),
        prompt: text("test_generator"),
        effect: 9,
        phase: text("first"),
        visit: 2,
        edits: Vec::new(),
        state,
        conflict: None,
    };
    let check = |status, fresh| engine::CheckRun {
        evidence: engine::Evidence {
            check: text("test"),
            command: text("npm test"),
            status,
            tree: proposal.digest(),
            after: None,
            changed: Vec::new(),
            tail: text("ok"),
            limit: None,
            phase: text("first"),
            visit: 2,
            seq: 11,
        },
        fresh,
    };
    let resolved = |resolution| engine::Uncertainty {
        area: text("scope"),
        claim: text("claim"),
        confidence: 0.25,
        blocking: true,
        resolution,
        claimed: None,
    };
    engine::View {
        chain: text("047"),
        goal: text("goal"),
        phases: vec![engine::Phase {
            name: text("first"),
            title: text("First"),
            prompts: Vec::new(),
            may_follow: vec![text("second"), text("third")],
            gate: engine::Gate::default(),
        }],
        phase: text("first"),
        visit: 2,
        why: text("why"),
        lacks: vec![
            engine::Lack::Confidence { area: text("overall"), have: 0.5, need: 0.75 },
            engine::Lack::Blocker { area: text("scope") },
            engine::Lack::Approval { kind: text("solution") },
            engine::Lack::Evidence { check: text("test") },
            engine::Lack::OpenQuestion { id: text("q") },
        ],
        overall: 0.5,
        scores: [(text("a"), 0.1), (text("b"), 0.2)].into(),
        facts: vec![fact(None), fact(Some(engine::Place { path: text("a.js"), line: 7, quote: text("x") }))].into(),
        uncertainties: vec![resolved(None), resolved(Some(text("so")))],
        questions: vec![
            question(engine::QuestionState::Raised, None),
            question(engine::QuestionState::Asked, None),
            question(engine::QuestionState::Answered, Some(text("two"))),
        ],
        decisions: vec![engine::Decision { key: text("k"), value: text("v"), because: text("b") }],
        proposals: vec![
            shown(None),
            shown(Some(engine::Verdict::Approved)),
            shown(Some(engine::Verdict::Rejected(text("no")))),
            shown(Some(engine::Verdict::MoreInfo(text("more")))),
        ],
        runs: vec![run(true), run(false)],
        suggestions: vec![engine::PromptCall {
            name: text("p"),
            arguments: [(text("x"), text("1"))].into(),
            why: text("why"),
        }],
        gap: Some(text("gap")),
        refusals: vec![text("law")],
        drafts: vec![
            draft(engine::DraftState::New),
            draft(engine::DraftState::Planned(plan.clone())),
            draft(engine::DraftState::Approved(plan)),
            draft(engine::DraftState::Refused(text("no"))),
            draft(engine::DraftState::Written(written)),
            draft(engine::DraftState::Unchanged(vec![text("a.js")])),
            draft(engine::DraftState::Undone),
            draft(engine::DraftState::Failed { code: engine::ErrorCode::Invalid, message: text("gone") }),
        ],
        checks: vec![check(Some(1), false), check(Some(0), true), check(None, true)],
        settings: [(text("ask-above"), 0.3)].into(),
        project: engine::ProjectSummary::default(),
        commands: vec![text("lint"), text("test")],
    }
}

#[test]
fn a_borrowed_view_says_what_an_owned_one_does() {
    let view = full();
    let owned = super::super::view(&view);
    assert_eq!(hash(View::from(&view)), hash(&owned));
    let other = engine::View { refusals: vec!["lax".into()], ..view };
    assert_ne!(hash(View::from(&other)), hash(&owned));
}
