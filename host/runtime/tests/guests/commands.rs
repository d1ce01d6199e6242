//! Commands and their port: waiting, suspending, aborting, flooding.

use std::time::Duration;

use certus_engine::ErrorCode;
use certus_runtime::{
    CallError, CallErrorKind, CommandAnswer, CommandCall, HostError, Invocation, LimitKind, Limits, Plugin,
};

use crate::ports::{Asked, Port};
use crate::support::{component, hasty, hostile, limit, runtime};

pub(crate) async fn run(plugin: &Plugin, name: &str, port: Port) -> Result<CommandAnswer, CallError> {
    let call = CommandCall { name: name.into(), arguments: Vec::new() };
    plugin.run_command(call, Box::new(port), Invocation::default()).await
}

fn asked_twice() -> CommandAnswer {
    CommandAnswer::Done("yes, yes".into())
}

#[tokio::test]
async fn a_command_asks_and_answers() {
    let port = Port::default();
    assert_eq!(run(&hostile(), "ask-twice", port.clone()).await.unwrap(), asked_twice());
    assert_eq!(port.log(), ["ask first: The first?", "ask second: The second, after yes?"]);
}

/// The trap in wasmtime's epochs: they run on while the host awaits.
#[tokio::test]
async fn waiting_in_the_host_is_not_guest_time() {
    let wait = 3 * hasty().guest_time;
    for asked in [Asked::Sleep(wait), Asked::Block(wait)] {
        let plugin = hostile().with_limits(hasty());
        assert_eq!(run(&plugin, "ask-twice", Port::asking(asked)).await.unwrap(), asked_twice());
    }
}

#[tokio::test(start_paused = true)]
async fn an_hour_for_a_person_is_no_error() {
    let hour = Duration::from_secs(3600);
    assert!(hostile().limits().wall_time < hour);
    assert_eq!(run(&hostile(), "ask-twice", Port::asking(Asked::Sleep(hour))).await.unwrap(), asked_twice());
}

#[tokio::test(start_paused = true)]
async fn an_hour_for_anything_else_is_one_unless_marked() {
    let plugin = runtime().load(&say_once()).unwrap();
    let port = |person| Port { slow_say: Some((Duration::from_secs(3600), person)), ..Port::default() };
    assert_eq!(run(&plugin, "", port(false)).await.unwrap_err().kind, limit(LimitKind::WallTime));
    assert_eq!(run(&plugin, "", port(true)).await.unwrap(), CommandAnswer::Done(String::new()));
}

#[tokio::test]
async fn a_host_that_must_wait_ends_the_guest_without_an_error_of_anybody() {
    let port = Port::asking(Asked::Fail(HostError::suspend()));
    let error = run(&hostile(), "ask-twice", port.clone()).await.unwrap_err();
    assert_eq!(error.kind, CallErrorKind::Waiting);
    assert_eq!(port.log(), ["ask first: The first?"]);
}

#[tokio::test]
async fn a_host_in_trouble_ends_the_guest() {
    let port = Port::asking(Asked::Fail(HostError::abort("the disk is full")));
    let error = run(&hostile(), "ask-twice", port).await.unwrap_err();
    assert_eq!(error.to_string(), "command: the host failed: the disk is full");
}

#[tokio::test]
async fn a_refusal_is_the_guest_s_to_handle() {
    let port = Port::asking(Asked::Fail(HostError::new(ErrorCode::Diverged, "asked something else before")));
    let answer = run(&hostile(), "ask-twice", port).await.unwrap();
    let message = "asked something else before".to_owned();
    assert_eq!(answer, CommandAnswer::Failed { code: ErrorCode::Diverged, message });
}

#[tokio::test]
async fn a_call_can_be_dropped_while_the_host_waits() {
    let port = Port::asking(Asked::Sleep(Duration::from_secs(3600)));
    let plugin = hostile();
    tokio::select! {
        _ = run(&plugin, "ask-twice", port.clone()) => panic!("it waits for an hour"),
        () = tokio::time::sleep(Duration::from_millis(50)) => {}
    }
    assert_eq!(port.log().len(), 1);
    assert_eq!(run(&hostile(), "ask-twice", Port::default()).await.unwrap(), asked_twice());
}

/// A command that says nothing at all, `times` times, and answers with nothing.
fn say(times: &str) -> Vec<u8> {
    let module = format!(
        r#"(module
          (import "certus:plugin/user@0.1.0" "say" (func $say (param i32 i32 i32)))
          (memory (export "memory") 1)
          (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
          (func (export "certus:plugin/command@0.1.0#run") (param i32 i32 i32 i32) (result i32) (local i32)
            (loop
              (call $say (i32.const 0) (i32.const 0) (i32.const 512))
              (local.set 4 (i32.add (local.get 4) (i32.const 1)))
              (br_if 0 {times}))
            (i32.const 16)))"#
    );
    component(&module, "commands", &[])
}

fn say_once() -> Vec<u8> {
    say("(i32.const 0)")
}

#[tokio::test]
async fn a_flood_of_host_calls_ends() {
    let port = Port::default();
    let plugin = runtime().load(&say("(i32.const 1)")).unwrap();
    let few = plugin.with_limits(Limits { host_calls: 500, ..hasty() });
    assert_eq!(run(&few, "", port.clone()).await.unwrap_err().kind, limit(LimitKind::GuestTime));
    assert_eq!(port.log().len(), 500);
}

/// Calls to the port cost no guest time, so their number is what ends a flood that the guest notices.
#[tokio::test]
async fn a_guest_hears_that_it_called_too_often() {
    let plugin = runtime().load(&say("(i32.lt_u (local.get 4) (i32.const 20))")).unwrap();
    let few = plugin.with_limits(Limits { host_calls: 10, ..Limits::default() });
    let port = Port::default();
    assert_eq!(run(&few, "", port.clone()).await.unwrap(), CommandAnswer::Done(String::new()));
    assert_eq!(port.log().len(), 10);
}
