//! One way each to not come back with an answer.

use std::time::Duration;

use certus_runtime::{CallErrorKind, LimitKind, Limits, LogLevel};

use crate::support::{call_names, end_of, hasty, limit, names, prompts_guest, runtime, time_is_up};

#[tokio::test]
async fn an_honest_guest_answers() {
    let guest = names(
        "(i32.store (i32.const 8) (i32.const 16)) (i32.store (i32.const 12) (i32.const 1))
         (i32.store (i32.const 16) (i32.const 32)) (i32.store (i32.const 20) (i32.const 2))
         (i32.store16 (i32.const 32) (i32.const 0x6968)) (i32.const 8)",
    );
    assert_eq!(call_names(&guest).await.unwrap(), ["hi"]);
}

#[tokio::test]
async fn an_endless_loop_ends() {
    time_is_up(&names("(loop (br 0)) unreachable")).await;
}

#[tokio::test]
async fn an_endless_start_function_ends() {
    let guest = prompts_guest("(func $spin (loop (br 0))) (start $spin)");
    time_is_up(&guest).await;
}

#[tokio::test]
async fn an_endless_realloc_ends() {
    let guest = prompts_guest(
        r#"(func $realloc (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (loop (br 0)) unreachable)"#,
    );
    let error = runtime().load(&guest).unwrap().with_limits(hasty()).prompt("a").await.unwrap_err();
    assert_eq!(error.kind, limit(LimitKind::GuestTime));
}

#[tokio::test]
async fn an_endless_post_return_ends() {
    let guest =
        prompts_guest(r#"(func (export "cabi_post_certus:plugin/prompts@0.1.0#names") (param i32) (loop (br 0)))"#);
    time_is_up(&guest).await;
}

#[tokio::test]
async fn time_in_the_runtime_s_own_helpers_is_guest_time() {
    let fill = "(drop (memory.grow (i32.const 500)))
                (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 32000000)) (br 0)) unreachable";
    time_is_up(&names(fill)).await;
}

#[tokio::test]
async fn a_memory_bomb_ends() {
    let grow = "(loop (br_if 0 (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable";
    assert_eq!(end_of(&names(grow)).await, limit(LimitKind::Memory));
}

#[tokio::test]
async fn a_guest_may_live_with_a_refusal() {
    let grow = "(loop (br_if 0 (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) (i32.const 8)";
    assert!(call_names(&names(grow)).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_memory_that_starts_too_large_ends() {
    let guest = prompts_guest(r#"(memory $memory (export "memory") 2000)"#);
    assert_eq!(end_of(&guest).await, limit(LimitKind::Memory));
}

#[tokio::test]
async fn many_memories_share_the_limit_or_are_too_many() {
    let two = prompts_guest(r#"(memory $memory (export "memory") 600) (memory 600)"#);
    assert_eq!(end_of(&two).await, limit(LimitKind::Memory));
    let many = prompts_guest(&format!(r#"(memory $memory (export "memory") 1) {}"#, "(memory 1)".repeat(20)));
    assert_eq!(end_of(&many).await, limit(LimitKind::Instances));
}

#[tokio::test]
async fn a_growing_table_ends() {
    let grow = prompts_guest(
        r#"(table $table 0 funcref)
           (func $names (export "certus:plugin/prompts@0.1.0#names") (result i32)
             (loop (br_if 0 (i32.ne (table.grow $table (ref.null func) (i32.const 1000)) (i32.const -1)))) unreachable)"#,
    );
    assert_eq!(end_of(&grow).await, limit(LimitKind::Tables));
    let large = prompts_guest("(table 200000 funcref)");
    assert_eq!(end_of(&large).await, limit(LimitKind::Tables));
}

#[tokio::test]
async fn deep_recursion_ends() {
    let guest = prompts_guest(
        r#"(func $deeper (param i32) (result i32)
             (i32.add (call $deeper (i32.add (local.get 0) (i32.const 1))) (local.get 0)))
           (func $names (export "certus:plugin/prompts@0.1.0#names") (result i32) (call $deeper (i32.const 0)))"#,
    );
    assert_eq!(end_of(&guest).await, limit(LimitKind::Stack));
}

/// How it looks when a guest's stack in linear memory grows below address 0.
#[tokio::test]
async fn falling_off_the_stack_in_linear_memory_is_a_stack_overflow() {
    let store = "(i32.store (i32.const -65536) (i32.const 1)) unreachable";
    assert_eq!(end_of(&names(store)).await, limit(LimitKind::Stack));
    let load = "(i32.load (i32.const 0x1000000))";
    assert!(matches!(end_of(&names(load)).await, CallErrorKind::Trap(_)));
}

fn list(pointer: u32, length: u32) -> String {
    format!(
        "(i32.store (i32.const 8) (i32.const {pointer})) (i32.store (i32.const 12) (i32.const {length})) (i32.const 8)"
    )
}

#[tokio::test]
async fn a_huge_string_ends() {
    let string = |length| {
        format!(
            "(drop (memory.grow (i32.const 500)))
             (i32.store (i32.const 16) (i32.const 65536)) (i32.store (i32.const 20) (i32.const {length})) {}",
            list(16, 1)
        )
    };
    assert_eq!(end_of(&names(&string(2 << 20))).await, limit(LimitKind::HostcallBytes));
    assert_eq!(call_names(&names(&string(1_000_000))).await.unwrap()[0].len(), 1_000_000);
}

#[tokio::test]
async fn a_huge_list_ends() {
    let body = format!("(drop (memory.grow (i32.const 500))) {}", list(16, 1_000_000));
    assert_eq!(end_of(&names(&body)).await, limit(LimitKind::HostcallBytes));
}

#[tokio::test]
async fn what_lies_outside_of_memory_or_is_no_text_is_invalid() {
    assert!(matches!(end_of(&names(&list(16, 1_000_000))).await, CallErrorKind::Invalid(_)));
    assert!(matches!(end_of(&names(&list(0xffff_fff0, 1))).await, CallErrorKind::Invalid(_)));
    assert!(matches!(end_of(&names("(i32.const 7)")).await, CallErrorKind::Invalid(_)));
    let bytes = format!(
        "(i32.store (i32.const 16) (i32.const 32)) (i32.store (i32.const 20) (i32.const 1))
         (i32.store8 (i32.const 32) (i32.const 0xff)) {}",
        list(16, 1)
    );
    assert!(matches!(end_of(&names(&bytes)).await, CallErrorKind::Invalid(_)));
}

#[tokio::test]
async fn a_log_flood_ends_and_is_bounded() {
    let guest = names("(loop (call $log (i32.const 1) (i32.const 0) (i32.const 20000)) (br 0)) unreachable");
    let error = time_is_up(&guest).await;
    assert_eq!(error.log.len(), 20);
    assert!(error.log.iter().all(|line| line.text.len() <= 1024));
    assert!(error.log_dropped > 0);
}

#[tokio::test]
async fn a_trap_says_what_it_was() {
    let divide = "(i32.div_s (i32.const 1) (local.get 0))";
    assert_eq!(end_of(&names(divide)).await, CallErrorKind::Trap("wasm trap: integer divide by zero".into()));
    let unreachable = CallErrorKind::Trap("wasm trap: wasm `unreachable` instruction executed".into());
    assert_eq!(end_of(&names("unreachable")).await, unreachable);
}

#[tokio::test]
async fn a_panic_is_what_was_logged_last() {
    let log = |level: u32| format!("(call $log (i32.const {level}) (i32.const 64) (i32.const 5))");
    let guest = |body: String| {
        prompts_guest(&format!(
            r#"(data (i32.const 64) "aaaah") (memory $memory (export "memory") 1)
               (func $names (export "certus:plugin/prompts@0.1.0#names") (result i32) {body} unreachable)"#
        ))
    };
    let error = call_names(&guest(log(3))).await.unwrap_err();
    assert_eq!(error.kind, CallErrorKind::Panic("aaaah".into()));
    assert_eq!((error.log[0].level, error.log[0].text.as_str()), (LogLevel::Error, "aaaah"));
    // An error that other lines followed is not why it ended.
    assert!(matches!(end_of(&guest(log(3) + &log(1))).await, CallErrorKind::Trap(_)));
}

#[tokio::test]
async fn every_call_has_a_fresh_instance() {
    let guest = prompts_guest(
        r#"(global $calls (mut i32) (i32.const 0))
           (func $names (export "certus:plugin/prompts@0.1.0#names") (result i32)
             (if (global.get $calls) (then unreachable)) (global.set $calls (i32.const 1)) (i32.const 8))"#,
    );
    let plugin = runtime().load(&guest).unwrap();
    for _ in 0..3 {
        assert!(plugin.prompt_names().await.unwrap().is_empty());
    }
}

/// On one thread: a spinning guest lets timers and other guests run, and the same plugin goes on working.
#[tokio::test]
async fn a_spinning_guest_stops_nobody_else() {
    let runtime = runtime();
    let spinning = runtime.load(&names("(loop (br 0)) unreachable")).unwrap();
    let honest = runtime.load(&names("(i32.const 8)")).unwrap();
    let patient = spinning.with_limits(Limits { guest_time: Duration::from_secs(3600), ..Limits::default() });
    tokio::select! {
        _ = patient.prompt_names() => panic!("it cannot return"),
        others = async {
            tokio::time::sleep(Duration::from_millis(30)).await;
            honest.prompt_names().await
        } => assert!(others.unwrap().is_empty()),
    }
    // The spinning call was dropped in the middle; nothing of it is left.
    assert!(honest.prompt_names().await.unwrap().is_empty());
    let hasty = spinning.with_limits(hasty());
    assert_eq!(hasty.prompt_names().await.unwrap_err().kind, limit(LimitKind::GuestTime));
}
