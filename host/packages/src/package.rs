//! Read a package, and refuse one that does not agree with itself.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use semver::{BuildMetadata, Prerelease, Version};
use wasmparser::{Validator, WasmFeatures};

use crate::digest::Digest;
use crate::error::PackageError;
use crate::manifest::Manifest;
use crate::metadata::Metadata;
use crate::rights::{ChainRight, PromptRight, Rights, UserRight, WorkspaceRight};
use crate::sections::Sections;

/// A package file is at most this long, in bytes.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;

/// The version of the contract `certus:plugin` that this host speaks.
pub const WIT: Version = Version { major: 0, minor: 1, patch: 0, pre: Prerelease::EMPTY, build: BuildMetadata::EMPTY };

const CONTRACT: &str = "certus:plugin/";

/// What a package file says, checked against what it contains.
#[derive(Debug, Clone, PartialEq)]
pub struct Package {
    /// Of the whole file.
    pub digest: Digest,
    /// What it says of itself.
    pub manifest: Manifest,
    /// What any component tool shows.
    pub metadata: Metadata,
    /// Whole prompt files: front matter and body.
    pub prompts: Vec<String>,
    /// Interfaces that the component imports, with their versions.
    pub imports: Vec<String>,
}

impl Package {
    /// Read a package from its bytes. Code is skipped, not validated.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Self, PackageError> {
        if bytes.len() > MAX_BYTES {
            return Err(PackageError::Oversized { limit: MAX_BYTES });
        }
        let sections = Sections::read(bytes)?;
        let manifest = Manifest::parse(sections.manifest.as_deref().ok_or(PackageError::MissingManifest)?)?;
        check_exports(&manifest, &sections.exports)?;
        check_imports(&manifest, &sections.imports)?;
        Ok(Self {
            digest: Digest::of(bytes),
            manifest,
            metadata: sections.metadata,
            prompts: sections.prompts,
            imports: sections.imports,
        })
    }

    /// Read a package file: the package, and the bytes that its digest is of.
    ///
    /// # Errors
    /// The file cannot be read, or what is wrong with the package.
    pub fn open(path: &Path) -> Result<(Self, Vec<u8>), PackageError> {
        let unreadable = |source| PackageError::Unreadable { path: path.to_owned(), source };
        // Looked at before it is opened: opening a pipe would wait for its other end.
        if !path.metadata().map_err(unreadable)?.is_file() {
            return Err(PackageError::NotAFile(path.to_owned()));
        }
        let file = File::open(path).map_err(unreadable)?;
        let mut bytes = Vec::new();
        file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        Ok((Self::read(&bytes)?, bytes))
    }

    /// A package without code, which is read and never run.
    pub fn is_pack(&self) -> bool {
        self.manifest.exports.is_empty()
    }
}

/// Validate a whole component, its code included, for the features that the runtime allows.
///
/// # Errors
/// [`PackageError::Damaged`], with the place.
pub fn validate(bytes: &[u8]) -> Result<(), PackageError> {
    let features =
        WasmFeatures::WASM2 | WasmFeatures::COMPONENT_MODEL | WasmFeatures::RELAXED_SIMD | WasmFeatures::EXTENDED_CONST;
    let damaged = |error: wasmparser::BinaryReaderError| PackageError::Damaged {
        offset: error.offset(),
        message: error.message().to_owned(),
    };
    Validator::new_with_features(features).validate_all(bytes).map(|_| ()).map_err(damaged)
}

/// The interface's name without package and version, for interfaces of the contract.
fn interface<'a>(manifest: &Manifest, name: &'a str) -> Result<Option<&'a str>, PackageError> {
    let Some(rest) = name.strip_prefix(CONTRACT) else { return Ok(None) };
    let (interface, version) = rest.split_once('@').unwrap_or((rest, ""));
    if version == manifest.wit.to_string() {
        Ok(Some(interface))
    } else {
        Err(PackageError::OtherVersion { interface: name.to_owned(), wit: manifest.wit.clone() })
    }
}

fn check_exports(manifest: &Manifest, exports: &[String]) -> Result<(), PackageError> {
    let mut found = Vec::new();
    for name in exports {
        if let Some(interface) = interface(manifest, name)? {
            if !manifest.exports.iter().any(|export| export.name() == interface) {
                return Err(PackageError::UndeclaredExport(name.clone()));
            }
            found.push(interface);
        }
    }
    match manifest.exports.iter().find(|export| !found.contains(&export.name())) {
        Some(missing) => Err(PackageError::MissingExport(missing.name().to_owned())),
        None => Ok(()),
    }
}

fn check_imports(manifest: &Manifest, imports: &[String]) -> Result<(), PackageError> {
    for name in imports {
        if name.starts_with("wasi:") {
            continue;
        }
        let none = Rights::default();
        let needs = match interface(manifest, name)? {
            Some("types" | "views" | "log") => continue,
            Some("chain") => Rights { chain: ChainRight::Read, ..none },
            Some("prompt") => Rights { prompt: PromptRight::Search, ..none },
            Some("user") => Rights { user: UserRight::Say, ..none },
            Some("workspace") => Rights { workspace: WorkspaceRight::Read, ..none },
            _ => return Err(PackageError::UnknownImport(name.clone())),
        };
        if !manifest.rights.cover(&needs) {
            return Err(PackageError::UndeclaredImport { import: name.clone(), needs: needs.to_string() });
        }
    }
    Ok(())
}
