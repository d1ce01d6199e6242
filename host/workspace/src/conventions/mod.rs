//! Reading a project by convention, for every stack that no interpreter reads: languages, manifests, README, tests, entry
//! points and the commands that people would type.
//!
//! Pure over a listing and a reader. Nothing here fails: a manifest of an unknown form yields fewer findings. Every finding
//! quotes the line that it was read from, verbatim but trimmed, so that it can be cited. Manifests are scanned, not parsed
//! into a model: a scanner knows offsets, goes on after nonsense, and needs no dependency a format.

mod commands;
mod languages;
mod layout;
mod manifests;
mod source;

use std::collections::BTreeMap;

use crate::walk::Entry;
use source::Source;

/// What conventions say of a project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// Most bytes first.
    pub languages: Vec<Language>,
    /// In the order in which a person would want to hear them: what the project is, how it starts, how it is tested, what it
    /// is built on. At most 400.
    pub facts: Vec<Finding>,
    /// What to type in the root. Each is also a fact `command.test` …, with its line.
    pub commands: Commands,
    /// Not every file could be counted or read within the bounds.
    pub partial: bool,
}

/// A programming language of the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Language {
    /// As people write it: `JavaScript`.
    pub name: &'static str,
    /// Files.
    pub files: u64,
    /// Lines of those files that were read: all, unless the survey is partial.
    pub lines: u64,
    /// Percent of the bytes in all recognised languages, rounded down.
    pub share: u8,
}

/// Something that a convention says, and the line that says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Dotted, lower case, most general part first: `project.name`, `entry-point`.
    pub key: String,
    /// One line, at most 200 bytes.
    pub value: String,
    /// Relative to the root, with `/`.
    pub path: String,
    /// 1-based.
    pub line: u32,
    /// The text at that line: trimmed, at most 400 bytes. Of a longer line, the part that begins at what was found.
    pub quote: String,
}

/// Command lines to run from the root; absent where no convention says one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Commands {
    /// Runs the tests.
    pub test: Option<String>,
    /// Checks the style.
    pub lint: Option<String>,
    /// Builds.
    pub build: Option<String>,
}

/// Most findings in one survey.
const MOST_FACTS: usize = 400;
/// Most manifests that are read, the shallowest first.
const MOST_MANIFESTS: usize = 50;

/// A listing with its reader.
struct Files<'a> {
    sizes: BTreeMap<&'a str, u64>,
    read: &'a mut dyn FnMut(&str) -> Option<String>,
}

impl Files<'_> {
    fn has(&self, path: &str) -> bool {
        self.sizes.contains_key(path)
    }

    /// Absent when the file is not listed or cannot be read.
    fn source(&mut self, path: &str) -> Option<Source> {
        if !self.has(path) {
            return None;
        }
        let text = (self.read)(path)?;
        Some(Source { path: path.to_owned(), text })
    }
}

/// Paths from which a command of the project may be told: each of them says what that command is, or what it does.
pub fn command_sources() -> impl Iterator<Item = String> {
    commands::sources()
}

/// Survey the files of a listing. `read` gives the text of one of them, or nothing where it cannot be read.
#[must_use]
pub fn survey(entries: &[Entry], read: &mut dyn FnMut(&str) -> Option<String>) -> Survey {
    let sizes = entries.iter().map(|entry| (entry.path.as_str(), entry.size)).collect();
    let mut files = Files { sizes, read };
    let (languages, mut partial) = languages::count(&mut files);
    let (manifests, more) = manifests::read(&mut files, MOST_MANIFESTS);
    partial |= more;

    let mut facts = Vec::new();
    facts.extend(layout::readme(&mut files));
    facts.extend(manifests::identity(&manifests));
    facts.extend(layout::entry_points(&mut files, &manifests));
    let (commands, found) = commands::choose(&mut files, &languages, &manifests);
    facts.extend(found);
    facts.extend(layout::tests(&mut files));
    facts.extend(manifests::details(&manifests));
    let mut seen = std::collections::HashSet::new();
    facts.retain(|fact: &Finding| seen.insert((fact.key.clone(), fact.value.clone())));
    partial |= facts.len() > MOST_FACTS;
    facts.truncate(MOST_FACTS);
    Survey { languages, facts, commands, partial }
}
