//! Whole packages, written and read again, and everything that is refused.

use certus_packages::{Package, PackageError, encode, encode_pack, validate};
use proptest::prelude::*;
use wasm_encoder::{
    Component, ComponentExportKind, ComponentExportSection, ComponentImportSection, ComponentTypeRef,
    ComponentTypeSection, CustomSection, InstanceType, Module, ModuleSection,
};

const PACK: &str = r#"
name = "our-prompts"
version = "0.1.0"
description = "Prompts of ours"
license = "MIT"
wit = "0.1.0"
"#;

const COMMAND: &str = r#"
name = "hello"
version = "0.1.0"
description = "Greets"
license = "MIT"
authors = "Somebody"
source = "https://example.com/hello"
wit = "0.1.0"
exports = ["command"]
rights = { user = "say" }
commands = [{ name = "hello", help = "Greet" }]
"#;

/// A component that imports and exports empty instances by these names, around a module.
fn component(imports: &[&str], exports: &[&str]) -> Vec<u8> {
    let mut component = Component::new();
    component.section(&ModuleSection(&Module::new()));
    let mut types = ComponentTypeSection::new();
    types.instance(&InstanceType::new());
    component.section(&types);
    let mut section = ComponentImportSection::new();
    section.import("wasi:cli/environment@0.2.0", ComponentTypeRef::Instance(0));
    for import in imports {
        section.import(*import, ComponentTypeRef::Instance(0));
    }
    component.section(&section);
    let mut section = ComponentExportSection::new();
    for export in exports {
        section.export(*export, ComponentExportKind::Instance, 0, None);
    }
    component.section(&section);
    component.finish()
}

fn command() -> Vec<u8> {
    component(
        &["certus:plugin/types@0.1.0", "certus:plugin/user@0.1.0", "certus:plugin/log@0.1.0"],
        &["certus:plugin/command@0.1.0"],
    )
}

fn with_section(mut bytes: Vec<u8>, name: &str, data: &[u8]) -> Vec<u8> {
    use wasm_encoder::ComponentSection;
    CustomSection { name: name.into(), data: data.into() }.append_to_component(&mut bytes);
    bytes
}

fn refused(imports: &[&str], exports: &[&str], manifest: &str) -> String {
    encode(&component(imports, exports), manifest, &[]).expect_err("the package is refused").to_string()
}

#[test]
fn a_plugin_says_what_it_is() {
    let bytes = encode(&command(), COMMAND, &["---\nname: greet\n---\nHello".to_owned()]).expect("it can be packaged");
    validate(&bytes).expect("it is a valid component");
    let package = Package::read(&bytes).expect("it can be read");
    assert_eq!(package.manifest.name, "hello");
    assert_eq!(package.prompts, ["---\nname: greet\n---\nHello"]);
    assert_eq!(package.metadata.name.as_deref(), Some("hello"));
    assert_eq!(package.metadata.version.as_deref(), Some("0.1.0"));
    assert_eq!(package.metadata.licenses.as_deref(), Some("MIT"));
    assert_eq!(package.metadata.source.as_deref(), Some("https://example.com/hello"));
    assert!(!package.is_pack());
    assert_eq!(encode(&command(), COMMAND, &["---\nname: greet\n---\nHello".to_owned()]).expect("again"), bytes);
}

#[test]
fn a_pack_needs_no_code() {
    let bytes = encode_pack(PACK, &["one".to_owned(), "two".to_owned()]).expect("it can be written");
    validate(&bytes).expect("it is a valid component");
    let package = Package::read(&bytes).expect("it can be read");
    assert!(package.is_pack());
    assert_eq!(package.prompts, ["one", "two"]);
    assert!(matches!(encode_pack(COMMAND, &[]), Err(PackageError::MissingExport(name)) if name == "command"));
}

#[test]
fn what_is_no_component_is_refused() {
    assert!(matches!(Package::read(b""), Err(PackageError::NotWasm)));
    assert!(matches!(Package::read(b"#!/bin/sh\n"), Err(PackageError::NotWasm)));
    assert!(matches!(Package::read(&Module::new().finish()), Err(PackageError::NotAComponent)));
    // A core module that carries a manifest is a core module all the same.
    let mut module = Module::new();
    module.section(&CustomSection { name: "certus:manifest".into(), data: PACK.as_bytes().into() });
    assert!(matches!(Package::read(&module.finish()), Err(PackageError::NotAComponent)));
}

#[test]
fn a_stripped_package_is_refused_by_what_it_lacks() {
    let error = Package::read(&command()).expect_err("there is no manifest");
    assert!(error.to_string().contains("wasm-tools strip"), "{error}");
}

#[test]
fn a_manifest_inside_a_nested_component_does_not_count() {
    use wasm_encoder::NestedComponentSection;
    let mut inner = Component::new();
    inner.section(&CustomSection { name: "certus:manifest".into(), data: PACK.as_bytes().into() });
    let mut outer = Component::new();
    outer.section(&NestedComponentSection(&inner));
    assert!(matches!(Package::read(&outer.finish()), Err(PackageError::MissingManifest)));
}

#[test]
fn duplicate_and_oversized_sections_are_refused() {
    let bytes = encode_pack(PACK, &[]).expect("it can be written");
    let twice = with_section(bytes.clone(), "certus:manifest", PACK.as_bytes());
    assert!(matches!(Package::read(&twice), Err(PackageError::DuplicateSection(name)) if name == "certus:manifest"));
    let twice = with_section(bytes.clone(), "version", b"9.9.9");
    assert!(matches!(Package::read(&twice), Err(PackageError::DuplicateSection(name)) if name == "version"));
    let large = with_section(bytes.clone(), "certus:prompt", &vec![b'x'; 300_000]);
    assert!(matches!(Package::read(&large), Err(PackageError::OversizedSection { .. })));
    let binary = with_section(bytes.clone(), "certus:prompt", &[0xff, 0xfe]);
    assert!(matches!(Package::read(&binary), Err(PackageError::NotText(_))));
    let many = (0..=1024).fold(bytes, |bytes, _| with_section(bytes, "certus:prompt", b"x"));
    assert!(matches!(Package::read(&many), Err(PackageError::TooManyPrompts { .. })));
    assert!(matches!(Package::read(&vec![0; 64 * 1024 * 1024 + 1]), Err(PackageError::Oversized { .. })));
}

#[test]
fn a_package_is_packaged_once() {
    let bytes = encode_pack(PACK, &[]).expect("it can be written");
    assert!(matches!(encode(&bytes, PACK, &[]), Err(PackageError::AlreadyPackaged)));
}

#[test]
fn imports_are_covered_by_rights() {
    let exports = ["certus:plugin/command@0.1.0"];
    assert_eq!(
        refused(&["certus:plugin/workspace@0.1.0"], &exports, COMMAND),
        "the component imports `certus:plugin/workspace@0.1.0`, but its manifest does not ask for it: \
         it needs `workspace = \"read\"` under [rights]"
    );
    assert!(refused(&["evil:corp/socket@1.0.0"], &exports, COMMAND).contains("neither `certus:plugin` nor `wasi`"));
    assert!(refused(&["certus:plugin/command@0.1.0"], &exports, COMMAND).contains("neither"));
    assert!(refused(&["certus:plugin/user@0.2.0"], &exports, COMMAND).contains("wit = \"0.1.0\""));
}

#[test]
fn exports_agree_with_the_manifest() {
    assert!(refused(&[], &[], COMMAND).contains("names the export `command`"));
    let both = ["certus:plugin/command@0.1.0", "certus:plugin/prompts@0.1.0"];
    assert!(refused(&[], &both, COMMAND).contains("does not name under `exports`"));
}

#[test]
fn only_regular_files_are_opened() {
    assert!(matches!(Package::open(".".as_ref()), Err(PackageError::NotAFile(_))));
    assert!(matches!(Package::open("no/such/file.wasm".as_ref()), Err(PackageError::Unreadable { .. })));
}

proptest! {
    #[test]
    fn damage_never_panics(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        cut in any::<Option<prop::sample::Index>>(),
    ) {
        let mut bytes = encode(&command(), COMMAND, &["a prompt".to_owned()]).expect("it can be packaged");
        for (index, value) in changes {
            let length = bytes.len();
            bytes[index.index(length)] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let _ = Package::read(&bytes);
        let _ = validate(&bytes);
    }

    #[test]
    fn a_cut_package_is_never_taken_for_a_whole_one(cut in any::<prop::sample::Index>()) {
        let bytes = encode(&command(), COMMAND, &[]).expect("it can be packaged");
        let bytes = &bytes[..cut.index(bytes.len())];
        prop_assert!(Package::read(bytes).is_err());
    }

    #[test]
    fn noise_behind_a_header_never_panics(noise in prop::collection::vec(any::<u8>(), 0..256)) {
        let mut bytes = Component::new().finish();
        bytes.extend(noise);
        let _ = Package::read(&bytes);
    }
}
