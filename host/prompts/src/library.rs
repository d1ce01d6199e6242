//! Prompts in layers: the project's own, packs, and those shipped with the program.
//!
//! A bare name means the project's own prompt, then the bundled one; `pack/name` means a pack's. Names match exactly,
//! never by part. A file that cannot be used is kept with its error: it is told when the prompt is used or listed, it hides
//! no other prompt, and it does not let a bundled prompt of the same name run in its place unnoticed.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::OnceLock;

use crate::format::{Layer, Problem, Prompt, PromptError};
use crate::nearest::{did_you_mean, nearest};

/// Path below `prompts/` and bytes of every bundled prompt.
static BUNDLED: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/bundled.rs"));

/// Files that one layer may have.
const FILES: usize = 2_000;

type Read = Result<Prompt, PromptError>;

/// One layer: by name. A file whose name cannot be read stands under its file name.
#[derive(Debug, Clone, Default)]
struct Shelf {
    prompts: BTreeMap<String, Read>,
    /// Damaged files whose name is taken by a sound one.
    others: Vec<PromptError>,
}

/// Everything that can be run.
#[derive(Debug, Clone)]
pub struct Library {
    project: Shelf,
    packs: BTreeMap<String, Shelf>,
}

/// One row of a listing.
#[derive(Debug, Clone, PartialEq)]
pub enum Listed<'a> {
    /// It can be run by its full name.
    Sound(&'a Prompt),
    /// It cannot be used, and why.
    Damaged(&'a PromptError),
}

/// No prompt has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no prompt `{name}`{}", did_you_mean(nearest))]
pub struct UnknownPrompt {
    /// As given, on one line.
    pub name: String,
    /// At most three names that may have been meant.
    pub nearest: Vec<String>,
}

/// A prompt cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UseError {
    /// There is none of that name.
    #[error(transparent)]
    Unknown(#[from] UnknownPrompt),
    /// There is one, and its file is damaged.
    #[error(transparent)]
    Damaged(#[from] PromptError),
}

impl Library {
    /// The bundled prompts alone.
    pub fn bundled() -> Self {
        Self { project: Shelf::default(), packs: BTreeMap::new() }
    }

    /// The bundled prompts and the project's own: path (as people should see it) and content of every `.md` file below
    /// `prompts/custom/`. Order does not matter; files beyond the first two thousand by path are left out.
    pub fn with_project<P: Into<String>, B: AsRef<[u8]>>(files: impl IntoIterator<Item = (P, B)>) -> Self {
        Self { project: Shelf::read(&Layer::Project, files), packs: BTreeMap::new() }
    }

    /// Add a pack's prompts, which are named `pack/name`. A pack of the same name is replaced.
    pub fn add_pack<P: Into<String>, B: AsRef<[u8]>>(&mut self, pack: &str, files: impl IntoIterator<Item = (P, B)>) {
        self.packs.insert(pack.to_owned(), Shelf::read(&Layer::Pack(pack.to_owned()), files));
    }

    /// The prompt of exactly that name.
    ///
    /// # Errors
    /// No prompt has the name, or the file that has it cannot be used.
    pub fn get(&self, name: &str) -> Result<&Prompt, UseError> {
        let found = match name.split_once('/') {
            Some((pack, name)) => self.packs.get(pack).and_then(|shelf| shelf.prompts.get(name)),
            None => self.project.prompts.get(name).or_else(|| bundled().prompts.get(name)),
        };
        match found {
            Some(Ok(prompt)) => Ok(prompt),
            Some(Err(error)) => Err(error.clone().into()),
            None => Err(self.unknown(name).into()),
        }
    }

    fn unknown(&self, name: &str) -> UnknownPrompt {
        let names: Vec<String> = self.sound().map(Prompt::full_name).collect();
        UnknownPrompt {
            name: crate::clean::line(name, 80),
            nearest: nearest(name, names.iter().map(String::as_str), 3),
        }
    }

    /// Every prompt by full name, damaged files last. A bundled prompt that the project replaces is left out.
    pub fn list(&self) -> Vec<Listed<'_>> {
        let mut sound: Vec<&Prompt> = self.sound().collect();
        sound.sort_by_key(|prompt| prompt.full_name());
        sound.into_iter().map(Listed::Sound).chain(self.damaged().into_iter().map(Listed::Damaged)).collect()
    }

    /// Files that cannot be used, by path.
    pub fn damaged(&self) -> Vec<&PromptError> {
        let shelves = std::iter::once(&self.project).chain(self.packs.values()).chain([bundled()]);
        let mut damaged: Vec<&PromptError> = shelves
            .flat_map(|shelf| shelf.prompts.values().filter_map(|read| read.as_ref().err()).chain(&shelf.others))
            .collect();
        damaged.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
        damaged
    }

    /// What [`Library::get`] would find, in no particular order.
    pub(crate) fn sound(&self) -> impl Iterator<Item = &Prompt> {
        let own = self.project.prompts.values();
        let bundled = bundled().prompts.iter().filter(|(name, _)| !self.project.prompts.contains_key(*name));
        let packs = self.packs.values().flat_map(|shelf| shelf.prompts.values());
        own.chain(bundled.map(|(_, read)| read)).chain(packs).filter_map(|read| read.as_ref().ok())
    }
}

fn bundled() -> &'static Shelf {
    static SHELF: OnceLock<Shelf> = OnceLock::new();
    SHELF.get_or_init(|| {
        let files = BUNDLED.iter().map(|(path, bytes)| (format!("prompts/{path}"), *bytes));
        Shelf::read(&Layer::Bundled, files)
    })
}

impl Shelf {
    fn read<P: Into<String>, B: AsRef<[u8]>>(layer: &Layer, files: impl IntoIterator<Item = (P, B)>) -> Self {
        let mut files: Vec<(String, B)> = files.into_iter().map(|(path, bytes)| (path.into(), bytes)).collect();
        files.sort_by(|(a, _), (b, _)| a.cmp(b));
        files.truncate(FILES);
        let mut shelf = Self::default();
        let mut damaged = Vec::new();
        for (path, bytes) in files {
            match Prompt::parse(layer.clone(), &path, bytes.as_ref()) {
                Ok(prompt) => shelf.add(prompt),
                Err(error) => damaged.push(error),
            }
        }
        for error in damaged {
            let stem = stem(&error.path).to_owned();
            match shelf.prompts.entry(stem) {
                Entry::Vacant(place) => {
                    place.insert(Err(error));
                }
                Entry::Occupied(_) => shelf.others.push(error),
            }
        }
        shelf
    }

    /// Two files of one name: neither is used, because which one was meant cannot be known.
    fn add(&mut self, prompt: Prompt) {
        let twice = |path: &str, other: &str| PromptError {
            path: path.to_owned(),
            line: 1,
            problem: Problem::Twice { name: prompt.name.clone(), other: other.to_owned() },
        };
        let name = prompt.name.clone();
        let replaced = match self.prompts.get(&name) {
            None => Ok(prompt),
            Some(Ok(other)) => Err(twice(&prompt.path, &other.path)),
            Some(Err(other)) => Err(twice(&prompt.path, &other.path)),
        };
        self.prompts.insert(name, replaced);
    }
}

/// The file's name without folders and `.md`.
fn stem(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.strip_suffix(".md").unwrap_or(file)
}

#[cfg(test)]
mod tests;
