//! Why a package, a manifest or a file of trust is refused. Each message says which of the two sides has to change.

use std::path::PathBuf;

use semver::Version;

/// A package is refused.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The file cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// As given.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A directory, a pipe, a device.
    #[error("{} is not a regular file", .0.display())]
    NotAFile(PathBuf),
    /// The file is over the limit.
    #[error("the package is larger than {limit} bytes")]
    Oversized {
        /// Bytes.
        limit: usize,
    },
    /// No WebAssembly at all.
    #[error("this is not a WebAssembly file")]
    NotWasm,
    /// A core module.
    #[error("this is a core WebAssembly module, not a component: make a component of it first")]
    NotAComponent,
    /// Truncated or damaged.
    #[error("the component is damaged at byte {offset}: {message}")]
    Damaged {
        /// Bytes from the start.
        offset: usize,
        /// What the parser met.
        message: String,
    },
    /// No `certus:manifest`.
    #[error(
        "the component has no `certus:manifest` section: it is not a Certus package, or a tool such as `wasm-tools strip` removed it"
    )]
    MissingManifest,
    /// A section that may stand once stands twice.
    #[error("the section `{0}` stands twice")]
    DuplicateSection(String),
    /// A section is over its limit.
    #[error("the section `{name}` is larger than {limit} bytes")]
    OversizedSection {
        /// Its name.
        name: String,
        /// Bytes.
        limit: usize,
    },
    /// More prompts than a package may carry.
    #[error("the package carries more than {limit} prompts")]
    TooManyPrompts {
        /// How many.
        limit: usize,
    },
    /// A section that should be text is not.
    #[error("the section `{0}` is not UTF-8 text")]
    NotText(String),
    /// The manifest says something that is not allowed.
    #[error("the manifest is invalid: {0}")]
    Manifest(#[from] ManifestError),
    /// An interface that the rights in the manifest do not cover.
    #[error(
        "the component imports `{import}`, but its manifest does not ask for it: it needs `{needs}` under [rights]"
    )]
    UndeclaredImport {
        /// The interface.
        import: String,
        /// The line that would declare it.
        needs: String,
    },
    /// An interface that no host offers.
    #[error("the component imports `{0}`, which is neither `certus:plugin` nor `wasi`")]
    UnknownImport(String),
    /// An interface of another version of the contract.
    #[error("the component uses `{interface}`, but its manifest says wit = \"{wit}\"")]
    OtherVersion {
        /// With its version.
        interface: String,
        /// As in the manifest.
        wit: Version,
    },
    /// The manifest promises an export that is not there.
    #[error("the manifest names the export `{0}`, which the component does not have")]
    MissingExport(String),
    /// The component exports an interface that the manifest does not name.
    #[error("the component exports `{0}`, which its manifest does not name under `exports`")]
    UndeclaredExport(String),
    /// Something that is a package already was to be made one.
    #[error("the component has a `certus:manifest` already")]
    AlreadyPackaged,
}

/// A manifest is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ManifestError {
    /// Not TOML, an unknown or missing field, a wrong type.
    #[error(transparent)]
    Toml(#[from] TomlError),
    /// A name outside the rules.
    #[error("`{field}` has to be 1 to 64 of a–z, 0–9 and `-`, starting with a letter")]
    Name {
        /// Where, such as `name` or `commands.name`.
        field: String,
    },
    /// Control, bidirectional or invisible characters, or too much text.
    #[error("`{field}` has to be 1 to {limit} bytes of plain text, without control or invisible characters")]
    Text {
        /// Where.
        field: String,
        /// Bytes.
        limit: usize,
    },
    /// A contract that this version does not speak.
    #[error("the package speaks wit {asked}; this version of Certus speaks {spoken}")]
    Wit {
        /// What the manifest says.
        asked: Version,
        /// What this host speaks.
        spoken: Version,
    },
    /// Two things that belong together do not stand together.
    #[error("{0}")]
    Inconsistent(String),
    /// A limit that loosens, or is no limit.
    #[error("`limits.{field}` has to be 1 to {most}: a manifest may only tighten")]
    Limit {
        /// Which.
        field: &'static str,
        /// What the host gives anyone.
        most: u64,
    },
}

/// A TOML text is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct TomlError {
    /// 1-based.
    pub line: usize,
    /// What is wrong; names the field.
    pub message: String,
}

impl TomlError {
    pub(crate) fn new(text: &str, error: &toml::de::Error) -> Self {
        let start = error.span().map_or(0, |span| span.start);
        let line = text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1;
        Self { line, message: error.message().trim().replace('\n', "; ") }
    }
}
