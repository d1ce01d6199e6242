//! What one file says, as `index` hands it to `link`: plain data, serialised compactly.

use serde::{Deserialize, Serialize};

use crate::bindings::Summary;
use crate::ir::Module;
use crate::package::{Lock, Package};

/// Bytes of summaries whose wiring is read.
const WIRING: usize = 2 << 20;

/// A line of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spot {
    /// 1-based.
    pub line: u32,
    /// The trimmed line, at most 400 bytes.
    pub quote: String,
}

/// Something found in one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Dotted, most general part first.
    pub key: String,
    /// In a few words.
    pub value: String,
    /// Where.
    pub spot: Spot,
}

/// A field that names another model, at its own line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refers {
    /// Dotted where nested.
    pub field: String,
    /// The name of the other model.
    pub model: String,
    /// Of the field.
    pub spot: Spot,
}

/// A field that takes one of some values, at the line that lists them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneOf {
    /// Dotted where nested.
    pub field: String,
    /// The values, as people read them.
    pub values: String,
    /// Of the list.
    pub spot: Spot,
}

/// A data model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelFacts {
    /// As the database layer knows it.
    pub name: String,
    /// Dotted where nested.
    pub fields: Vec<String>,
    /// Fields that the code says refer to another model (`ref: 'User'`).
    #[serde(default)]
    pub refers: Vec<Refers>,
    /// Fields whose values the code lists (`enum: ['open', 'closed']`).
    #[serde(default)]
    pub limited: Vec<OneOf>,
    /// Where it begins.
    pub spot: Spot,
}

/// A route that decorators or file names state whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FixedRoute {
    /// Upper case.
    pub method: String,
    /// The whole path.
    pub path: String,
    /// The handler's name.
    pub handler: String,
    /// Where.
    pub spot: Spot,
}

/// Everything about one file.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub struct FileFacts {
    /// The wiring, where there is any.
    pub module: Option<Module>,
    /// Findings in order of lines.
    pub findings: Vec<Found>,
    /// Models in order of lines.
    pub models: Vec<ModelFacts>,
    /// Middleware by name, and whether it stops somebody, where its body tells.
    pub middleware: Vec<(String, bool)>,
    /// There is wiring, and it was not followed: too much of it for one report.
    pub unread: bool,
    /// Routes that need no wiring.
    pub routes: Vec<FixedRoute>,
    /// A `package.json`.
    pub package: Option<Package>,
    /// A lock file.
    pub lock: Option<Lock>,
    /// Written to test the rest.
    pub test: bool,
    /// Specifiers of other files of the project that it asks for, as they are written.
    pub asks: Vec<String>,
}

impl FileFacts {
    /// The bytes of a summary; empty when they cannot be written, which reading takes for an empty file.
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(self).unwrap_or_default()
    }

    /// Reads what [`FileFacts::encode`] wrote; bytes of another form count as an empty file.
    pub fn decode(bytes: &[u8]) -> Self {
        postcard::from_bytes(bytes).unwrap_or_default()
    }

    /// Reads all summaries. Wiring takes some twenty times its bytes in memory, so it is read up to a budget: first of files
    /// that surely have to do with routers.
    pub fn decode_all(summaries: &[Summary]) -> Vec<(String, Self)> {
        let mut left = WIRING;
        let mut later = Vec::new();
        let mut all = Vec::with_capacity(summaries.len());
        for (index, summary) in summaries.iter().enumerate() {
            let mut facts = Self::decode(&summary.data);
            match &facts.module {
                Some(module) if module.wires && summary.data.len() <= left => left -= summary.data.len(),
                Some(module) => {
                    if !module.wires {
                        later.push((summary.data.len(), index));
                    }
                    facts.unread = module.wires;
                    facts.module = None;
                }
                None => {}
            }
            all.push((summary.path.clone(), facts));
        }
        later.sort_unstable();
        for (bytes, index) in later {
            if bytes > left {
                break;
            }
            left -= bytes;
            if let (Some(summary), Some((_, facts))) = (summaries.get(index), all.get_mut(index)) {
                facts.module = Self::decode(&summary.data).module;
            }
        }
        all
    }
}
