//! Making guests, runtimes and ports for tests.

use std::path::Path;
use std::time::Duration;

use certus_runtime::{CallError, CallErrorKind, LimitKind, Limits, Options, Plugin, Runtime};
use wit_component::{ComponentEncoder, StringEncoding};
use wit_parser::Resolve;

/// Limits for guests that never end. All others get plenty of time, so that no test depends on the machine's load.
pub(crate) fn hasty() -> Limits {
    Limits { guest_time: Duration::from_millis(100), ..Limits::default() }
}

pub(crate) fn runtime() -> Runtime {
    Runtime::new(Options::default()).unwrap()
}

/// A guest that exports `prompts`. `items` are added to its module; what they do not define is defined to do nothing.
pub(crate) fn prompts_guest(items: &str) -> Vec<u8> {
    let mut module = String::from("(module\n");
    module.push_str(r#"(import "certus:plugin/log@0.1.0" "write" (func $log (param i32 i32 i32)))"#);
    module.push_str(items);
    for (name, default) in [
        ("$memory", r#"(memory $memory (export "memory") 1)"#),
        (
            "$realloc",
            r#"(func $realloc (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))"#,
        ),
        ("$names", r#"(func $names (export "certus:plugin/prompts@0.1.0#names") (result i32) (i32.const 8))"#),
        ("$get", r#"(func $get (export "certus:plugin/prompts@0.1.0#get") (param i32 i32) (result i32) unreachable)"#),
    ] {
        if !items.contains(&format!(" {name} (export")) {
            module.push_str(default);
        }
    }
    module.push(')');
    component(&module, "prompt-source", &[])
}

/// The function that answers `prompts.names`.
pub(crate) fn names(body: &str) -> Vec<u8> {
    prompts_guest(&format!(
        r#"(func $names (export "certus:plugin/prompts@0.1.0#names") (result i32) (local i32) {body})"#
    ))
}

/// A component of a world of the contract, or of a world in one of the packages given besides.
pub(crate) fn component(module: &str, world: &str, packages: &[&str]) -> Vec<u8> {
    let mut resolve = Resolve::default();
    for package in packages.iter().take(packages.len().saturating_sub(1)) {
        resolve.push_str("package.wit", package).unwrap();
    }
    let (mut main, _) = resolve.push_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit")).unwrap();
    if let Some(package) = packages.last() {
        main = resolve.push_str("test.wit", package).unwrap();
    }
    let world = resolve.select_world(&[main], Some(world)).unwrap();
    let mut module = wat::parse_str(module).unwrap();
    wit_component::embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().encode().unwrap()
}

/// A guest of `tests/guests`.
pub(crate) fn built(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../tests/guests/dist/{name}.wasm"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}: run `cargo xtask plugins`", path.display()))
}

/// The hostile guest, compiled once for all tests.
pub(crate) fn hostile() -> Plugin {
    static LOADED: std::sync::LazyLock<Plugin> =
        std::sync::LazyLock::new(|| runtime().load(&built("hostile")).unwrap());
    LOADED.clone()
}

pub(crate) fn limit(kind: LimitKind) -> CallErrorKind {
    CallErrorKind::Limit(kind)
}

pub(crate) async fn call_names(bytes: &[u8]) -> Result<Vec<String>, CallError> {
    runtime().load(bytes).unwrap().prompt_names().await
}

/// What calling `names` of a guest ends in.
pub(crate) async fn end_of(bytes: &[u8]) -> CallErrorKind {
    call_names(bytes).await.unwrap_err().kind
}

/// Calling `names` of a guest that never ends, ends.
pub(crate) async fn time_is_up(bytes: &[u8]) -> CallError {
    let plugin = runtime().load(bytes).unwrap().with_limits(hasty());
    let error = plugin.prompt_names().await.unwrap_err();
    assert_eq!(error.kind, limit(LimitKind::GuestTime));
    error
}
