//! What is not loaded.

use certus_runtime::{Export, LoadError, Options, Runtime};

use crate::support::{built, component, names, prompts_guest, runtime};

fn refusal(bytes: &[u8]) -> LoadError {
    runtime().load(bytes).unwrap_err()
}

fn text(wat: &str) -> Vec<u8> {
    wat::parse_str(wat).unwrap()
}

#[test]
fn what_is_no_component_is_said_to_be_none() {
    assert_eq!(refusal(b""), LoadError::NotAComponent("it is too short"));
    assert_eq!(refusal(b"#!/bin/sh\nrm -rf /"), LoadError::NotAComponent("it is no WebAssembly at all"));
    assert_eq!(refusal(&text("(module)")), LoadError::NotAComponent("it is a core module"));
    assert_eq!(refusal(b"\0asm\x07\0\x07\0"), LoadError::NotAComponent("it is of another version of WebAssembly"));
}

#[test]
fn a_damaged_component_does_not_compile() {
    let whole = names("(i32.const 8)");
    for cut in [8 + 1, whole.len() / 2, whole.len() - 1] {
        assert!(matches!(refusal(&whole[..cut]), LoadError::Compile(_)), "{cut}");
    }
    // Whatever a flipped byte makes of it: no panic.
    for index in (8..whole.len()).step_by(7) {
        let mut bytes = whole.clone();
        bytes[index] ^= 0x55;
        let _ = runtime().load(&bytes);
    }
}

#[test]
fn a_component_that_is_too_large_is_not_looked_at() {
    let runtime = Runtime::new(Options { component_bytes: 100, ..Options::default() }).unwrap();
    assert_eq!(runtime.load(&[0; 101]).unwrap_err(), LoadError::TooLarge { bytes: 101, most: 100 });
}

#[test]
fn an_import_that_the_host_does_not_have_is_named() {
    let unknown = text(r#"(component (import "evil:host/escape@1.0.0" (instance (export "go" (func)))))"#);
    assert_eq!(refusal(&unknown), LoadError::UnsupportedImport("evil:host/escape@1.0.0".into()));
    let http = text(r#"(component (import "wasi:http/outgoing-handler@0.2.0" (instance (export "handle" (func)))))"#);
    assert_eq!(refusal(&http), LoadError::UnsupportedImport("wasi:http/outgoing-handler@0.2.0".into()));
}

#[test]
fn ours_in_another_form_does_not_fit() {
    let import =
        text(r#"(component (import "certus:plugin/log@0.1.0" (instance (export "write" (func (param "n" u32))))))"#);
    assert!(matches!(refusal(&import), LoadError::Contract(_)));
    let unknown = text(r#"(component (import "certus:plugin/secrets@0.1.0" (instance (export "read" (func)))))"#);
    assert!(matches!(refusal(&unknown), LoadError::Contract(_)));
    let export = text(r#"(component (instance $empty) (export "certus:plugin/prompts@0.1.0" (instance $empty)))"#);
    assert!(matches!(refusal(&export), LoadError::Contract(_)));
}

#[test]
fn features_that_are_off_do_not_compile() {
    for item in [
        "(memory i64 1)",
        "(memory 1 1 shared)",
        "(type (struct))",
        "(tag)",
        "(func (param (ref any)))",
        "(func (result i64 i64) (i64.add128 (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0)))",
    ] {
        let bytes = text(&format!("(component (core module {item}))"));
        assert!(matches!(refusal(&bytes), LoadError::Compile(_)), "{item}");
    }
    for item in ["(memory 1) (memory 1)", "(func (result v128) (v128.const i64x2 0 0))"] {
        runtime().load(&text(&format!("(component (core module {item}))"))).unwrap();
    }
}

#[test]
fn a_plugin_says_what_it_exports() {
    assert_eq!(runtime().load(&prompts_guest("")).unwrap().exports(), [Export::Prompts]);
    let hostile = runtime().load(&built("hostile")).unwrap();
    assert_eq!(hostile.exports(), [Export::PhaseController, Export::Command, Export::StackInterpreter]);
    let nothing = runtime().load(&text("(component)")).unwrap();
    assert!(nothing.exports().is_empty());
}

#[tokio::test]
async fn what_is_not_exported_cannot_be_called() {
    let nothing = runtime().load(&text("(component)")).unwrap();
    let error = nothing.prompt_names().await.unwrap_err();
    assert_eq!(error.to_string(), "prompts: the plugin does not export it");
}

#[test]
fn the_support_makes_components_of_every_world() {
    let module = r#"(module (memory (export "memory") 1)
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
        (func (export "certus:plugin/command@0.1.0#run") (param i32 i32 i32 i32) (result i32) unreachable))"#;
    assert_eq!(runtime().load(&component(module, "commands", &[])).unwrap().exports(), [Export::Command]);
}
