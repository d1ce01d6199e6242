//! A guest that needs WASI finds nothing of the world in it.

use certus_runtime::{CommandAnswer, CommandCall, Invocation, LimitKind};

use crate::ports::Port;
use crate::support::{component, limit, runtime};

const PACKAGES: [&str; 5] = [
    "package wasi:io@0.2.0; interface streams { resource output-stream; }",
    "package wasi:random@0.2.0; interface random { get-random-u64: func() -> u64; }",
    "package wasi:clocks@0.2.0; interface monotonic-clock { now: func() -> u64; }",
    "package wasi:cli@0.2.0; interface environment {
        get-environment: func() -> list<tuple<string, string>>;
        get-arguments: func() -> list<string>;
     }
     interface exit { exit: func(status: result); }
     interface stdout {
        use wasi:io/streams@0.2.0.{output-stream};
        get-stdout: func() -> output-stream;
     }",
    "package test:guest;
     world guest {
        import wasi:random/random@0.2.0;
        import wasi:clocks/monotonic-clock@0.2.0;
        import wasi:cli/environment@0.2.0;
        import wasi:cli/exit@0.2.0;
        import wasi:cli/stdout@0.2.0;
        export certus:plugin/command@0.1.0;
     }",
];

/// Answers with numbers as letters: a random one, the clock's difference, how many variables and arguments there are.
fn guest(before: &str) -> Vec<u8> {
    let module = format!(
        r#"(module
          (import "wasi:random/random@0.2.0" "get-random-u64" (func $random (result i64)))
          (import "wasi:clocks/monotonic-clock@0.2.0" "now" (func $now (result i64)))
          (import "wasi:cli/environment@0.2.0" "get-environment" (func $environment (param i32)))
          (import "wasi:cli/environment@0.2.0" "get-arguments" (func $arguments (param i32)))
          (import "wasi:cli/exit@0.2.0" "exit" (func $exit (param i32)))
          (import "wasi:cli/stdout@0.2.0" "get-stdout" (func $stdout (result i32)))
          (memory (export "memory") 1)
          (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
          (func $write (param $at i32) (param $value i64)
            (loop
              (i32.store8 (local.get $at) (i32.add (i32.const 97) (i32.wrap_i64 (i64.and (local.get $value) (i64.const 15)))))
              (local.set $value (i64.shr_u (local.get $value) (i64.const 4)))
              (local.set $at (i32.add (local.get $at) (i32.const 1)))
              (br_if 0 (i32.and (local.get $at) (i32.const 15)))))
          (func (export "certus:plugin/command@0.1.0#run") (param i32 i32 i32 i32) (result i32) (local $first i64)
            {before}
            (call $write (i32.const 64) (call $random))
            (local.set $first (call $now))
            (call $write (i32.const 80) (i64.sub (call $now) (local.get $first)))
            (call $environment (i32.const 512))
            (call $write (i32.const 96) (i64.load32_u (i32.const 516)))
            (call $arguments (i32.const 512))
            (call $write (i32.const 112) (i64.load32_u (i32.const 516)))
            (i32.store (i32.const 24) (i32.const 64))
            (i32.store (i32.const 28) (i32.const 64))
            (i32.const 16)))"#
    );
    component(&module, "guest", &PACKAGES)
}

async fn run(guest: &[u8], invocation: Invocation) -> Result<CommandAnswer, certus_runtime::CallError> {
    let call = CommandCall { name: String::new(), arguments: Vec::new() };
    runtime().load(guest).unwrap().run_command(call, Box::new(Port::default()), invocation).await
}

async fn numbers(seed: u64) -> String {
    match run(&guest(""), Invocation { started_ms: 1_000_000, seed }).await.unwrap() {
        CommandAnswer::Done(text) => text,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_world_is_empty_and_the_same_each_time() {
    let first = numbers(1).await;
    assert_eq!(numbers(1).await, first);
    let (random, rest) = first.split_at(16);
    assert_ne!(numbers(2).await.split_at(16).0, random);
    let millisecond = 1_000_000_u64;
    let letters: String = (0..16).map(|digit| char::from(b'a' + (millisecond >> (4 * digit) & 15) as u8)).collect();
    assert_eq!(rest, format!("{letters}{zero}{zero}", zero = "a".repeat(16)));
}

#[tokio::test]
async fn exit_ends_the_guest_and_nothing_else() {
    let error = run(&guest("(call $exit (i32.const 1))"), Invocation::default()).await.unwrap_err();
    assert_eq!(error.to_string(), "command: the plugin trapped: it called exit(1)");
}

#[tokio::test]
async fn a_flood_of_handles_ends() {
    let error = run(&guest("(loop (drop (call $stdout)) (br 0))"), Invocation::default()).await.unwrap_err();
    assert_eq!(error.kind, limit(LimitKind::Handles));
}
