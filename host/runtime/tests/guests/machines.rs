//! The same limits however instances are allocated, and on machines that give little.

use std::process::Command;
use std::time::Duration;

use certus_runtime::{CallErrorKind, LimitKind, Options, Runtime};

use crate::commands::run;
use crate::ports::{Asked, Port};
use crate::support::{built, hasty, limit, names, prompts_guest, runtime};

const GROW: &str = "(loop (br_if 0 (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable";

async fn check(runtime: &Runtime) {
    let end = async |bytes: &[u8]| runtime.load(bytes).unwrap().prompt_names().await.unwrap_err().kind;
    let honest = runtime.load(&names("(i32.const 8)")).unwrap();
    assert_eq!(end(&names(GROW)).await, limit(LimitKind::Memory));
    let spinning = runtime.load(&names("(loop (br 0)) unreachable")).unwrap().with_limits(hasty());
    assert_eq!(spinning.prompt_names().await.unwrap_err().kind, limit(LimitKind::GuestTime));
    let recursion = prompts_guest(
        r#"(func $deeper (param i32) (result i32)
             (i32.add (call $deeper (i32.add (local.get 0) (i32.const 1))) (local.get 0)))
           (func $names (export "certus:plugin/prompts@0.1.0#names") (result i32) (call $deeper (i32.const 0)))"#,
    );
    assert_eq!(end(&recursion).await, limit(LimitKind::Stack));
    assert!(matches!(end(&names("(i32.load (i32.const 0x1000000))")).await, CallErrorKind::Trap(_)));
    // More calls than a pool has room for at once.
    for _ in 0..200 {
        assert!(honest.prompt_names().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn on_demand() {
    assert!(!runtime().is_pooled());
    check(&runtime()).await;
}

#[tokio::test]
async fn pooled() {
    check(&Runtime::new(Options { pooled: true, ..Options::default() }).unwrap()).await;
}

#[tokio::test]
async fn a_full_pool_is_the_host_s_failure_and_empties_again() {
    let runtime = Runtime::new(Options { pooled: true, ..Options::default() }).unwrap();
    if !runtime.is_pooled() {
        return; // This machine has no room for a pool; the tests above have shown what happens then.
    }
    let plugin = runtime.load(&built("hostile")).unwrap();
    let port = Port::asking(Asked::Sleep(Duration::from_secs(3600)));
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..1_000 {
        let (plugin, port) = (plugin.clone(), port.clone());
        waiting.spawn(async move { run(&plugin, "ask-twice", port).await });
    }
    while port.log().len() < 1_000 {
        tokio::task::yield_now().await;
    }
    let error = run(&plugin, "ask-twice", Port::default()).await.unwrap_err();
    assert!(matches!(error.kind, CallErrorKind::Host(_)), "{error}");
    waiting.shutdown().await;
    run(&plugin, "ask-twice", Port::default()).await.unwrap();
}

/// Fewer bytes of address space than the reservation of a single memory.
#[test]
fn with_little_address_space() {
    for test in ["machines::on_demand", "machines::pooled"] {
        let output = Command::new("sh")
            .args(["-c", "ulimit -v 3000000 && exec \"$0\" \"$@\""])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", test])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{test}: {text}");
    }
}
