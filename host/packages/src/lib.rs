//! Package files: what a plugin or a prompt pack is, and what a person lets it do.
//!
//! A package is one WebAssembly component. What it is called, what it exports, the rights it asks for and the prompts it
//! carries stand in custom sections, so that listing, help and completion run no guest. A prompt pack is a component
//! without code, which this crate writes itself.
//!
//! - [`Package::read`] takes a file apart and refuses what does not agree with itself; [`encode`] puts one together.
//! - [`Manifest`] is the package's own word, [`Rights`] what it asks for.
//! - [`Plugins`] is what a project uses (`plugins.toml`), [`Trust`] what a person allowed (the user's own configuration).
//!   A project can narrow rights; only the person can grant them, and to a digest, not to a name.
//!
//! Absent on purpose: running anything. This crate reads the outer sections of a component and skips its code; the runtime
//! compiles code, and only then is code validated.

mod digest;
mod encode;
mod error;
mod manifest;
mod metadata;
mod package;
mod project;
mod rights;
mod sections;
mod text;
mod trust;

pub use digest::Digest;
pub use encode::{encode, encode_pack};
pub use error::{ManifestError, PackageError, TomlError};
pub use manifest::{Argument, Command, Export, Limits, Manifest, Stack};
pub use metadata::Metadata;
pub use package::{MAX_BYTES, Package, WIT, validate};
pub use project::{PluginSource, Plugins};
pub use rights::{ChainRight, Narrowing, PromptRight, Rights, UserRight, WorkspaceRight};
pub use trust::{Grant, Trust};
