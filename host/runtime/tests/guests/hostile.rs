//! The hostile guest: a plugin in Rust, with all that comes with it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use certus_engine::{Action, ErrorCode, View};
use certus_runtime::{CallErrorKind, CommandAnswer, LimitKind, LogLine, LogSink};

use crate::commands::run;
use crate::ports::Port;
use crate::support::{hasty, hostile, limit};

fn view(goal: &str) -> View {
    View {
        chain: "001".into(),
        goal: goal.into(),
        phases: Vec::new(),
        phase: "first".into(),
        visit: 1,
        why: String::new(),
        lacks: Vec::new(),
        overall: 0.5,
        scores: BTreeMap::new(),
        facts: Vec::new().into(),
        uncertainties: Vec::new(),
        questions: Vec::new(),
        decisions: Vec::new(),
        proposals: Vec::new(),
        runs: Vec::new(),
        suggestions: Vec::new(),
        gap: None,
        refusals: Vec::new(),
        drafts: Vec::new(),
        checks: Vec::new(),
        settings: BTreeMap::new(),
        project: certus_engine::ProjectSummary::default(),
        commands: Vec::new(),
    }
}

async fn end_of(command: &str) -> CallErrorKind {
    run(&hostile(), command, Port::default()).await.unwrap_err().kind
}

#[tokio::test]
async fn a_controller_answers_lies_and_all() {
    let next = async |goal| hostile().next(&view(goal)).await;
    assert_eq!(next("nothing").await.unwrap(), Action::GiveUp("No lie was named.".into()));
    assert_eq!(next("lie:run-approve").await.unwrap(), Action::RunCommand("/approve".into()));
    assert_eq!(next("lie:unapproved-edit").await.unwrap(), Action::ProposeEdits("D1".into()));
    let spin = hostile().with_limits(hasty()).next(&view("lie:spin")).await;
    assert_eq!(spin.unwrap_err().kind, limit(LimitKind::GuestTime));
    let CallErrorKind::Panic(words) = next("lie:panic").await.unwrap_err().kind else { panic!("no panic") };
    assert!(words.contains("the controller panics"), "{words}");
}

#[tokio::test]
async fn time_memory_and_stacks_are_limits() {
    let spin = run(&hostile().with_limits(hasty()), "spin", Port::default()).await;
    assert_eq!(spin.unwrap_err().kind, limit(LimitKind::GuestTime));
    assert_eq!(end_of("bomb").await, limit(LimitKind::Memory));
    assert_eq!(end_of("recurse").await, limit(LimitKind::Stack));
    assert_eq!(end_of("shadow-stack").await, limit(LimitKind::Stack));
}

#[tokio::test]
async fn a_panic_keeps_its_message() {
    let CallErrorKind::Panic(words) = end_of("panic").await else { panic!("no panic") };
    assert!(words.contains("the command panics"), "{words}");
}

#[tokio::test]
async fn what_is_too_much_for_one_call_ends_the_guest() {
    assert_eq!(end_of("huge-string").await, limit(LimitKind::HostcallBytes));
}

#[tokio::test]
async fn what_is_too_much_in_number_or_in_sum_is_refused() {
    let port = Port::default();
    let answer = run(&hostile(), "flood-propose", port.clone()).await.unwrap();
    assert!(matches!(answer, CommandAnswer::Failed { code: ErrorCode::Limit, .. }), "{answer:?}");
    assert!(port.log().is_empty());
    let port = Port::default();
    let answer = run(&hostile(), "flood-say", port.clone()).await.unwrap();
    assert!(matches!(answer, CommandAnswer::Failed { code: ErrorCode::Limit, .. }), "{answer:?}");
    assert_eq!(port.log().len(), (1 << 20) / (60 * 1024));
}

#[tokio::test]
async fn a_guest_cannot_say_that_its_fact_is_cited() {
    let port = Port::default();
    run(&hostile(), "forge", port.clone()).await.unwrap();
    let proposed = port.proposed.lock().unwrap();
    assert_eq!(proposed.len(), 1);
    assert!(!proposed[0].cited);
}

#[tokio::test]
async fn a_log_is_bounded() {
    #[derive(Default)]
    struct Sink(Mutex<Vec<LogLine>>);
    impl LogSink for Sink {
        fn line(&self, line: &LogLine) {
            self.0.lock().unwrap().push(line.clone());
        }
    }
    let sink = Arc::new(Sink::default());
    let logged = hostile().with_log(sink.clone());
    // It may come to its end or to the end of its time: what counts is what is kept.
    let _ = run(&logged, "flood-log", Port::default()).await;
    let lines = sink.0.lock().unwrap();
    assert_eq!(lines.len(), 1_000);
    assert!(lines.iter().all(|line| line.text.len() == 1_024));
}
