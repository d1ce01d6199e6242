//! What stack interpreters read and write, as plain values: the host caches summaries and shows reports, so both serialise.

use certus_engine::Place;
use serde::{Deserialize, Serialize};

/// A source file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Relative to the project's root, with `/`.
    pub path: String,
    /// At most 1 MiB.
    pub content: String,
}

/// What one file says, in the interpreter's own form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// As given.
    pub path: String,
    /// Opaque to the host.
    pub data: Vec<u8>,
    /// What could not be read in this file, if anything.
    pub problem: Option<String>,
}

/// What a whole project is made of.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// Most certain first.
    pub stacks: Vec<Stack>,
    /// In the order found.
    pub routes: Vec<Route>,
    /// In the order found.
    pub models: Vec<Model>,
    /// In the order found.
    pub findings: Vec<Finding>,
    /// Command lines of the project's own checks.
    pub commands: Commands,
}

/// A stack of the project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stack {
    /// `node`, `php` …
    pub name: String,
    /// Directory of the manifest, relative to the project; empty for the root.
    pub root: String,
    /// 0..=1.
    pub confidence: f64,
    /// As declared.
    pub frameworks: Vec<Framework>,
}

/// A framework of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Framework {
    /// `express` …
    pub name: String,
    /// As declared, or as locked when a lock file says so.
    pub version: Option<String>,
}

/// A route of the project's HTTP interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Upper case; `ALL` for any method.
    pub method: String,
    /// With every mount prefix.
    pub path: String,
    /// The handler's name or expression, shortened.
    pub handler: String,
    /// Where it is declared. Not looked up: a place is the guest's word.
    pub place: Place,
}

/// A data model of the project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// In the order declared.
    pub fields: Vec<String>,
    /// Where it is declared. Not looked up: a place is the guest's word.
    pub place: Place,
}

/// Anything else that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Dotted, lower case: `auth.session`, `entry-point` …
    pub key: String,
    /// What was found.
    pub value: String,
    /// Where. Not looked up: a place is the guest's word.
    pub place: Place,
}

/// Command lines to run from the project's root. They come from a guest: never run one that nobody approved.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Commands {
    /// Its tests.
    pub test: Option<String>,
    /// Its linter.
    pub lint: Option<String>,
    /// Its build.
    pub build: Option<String>,
}
