//! `.gitignore` and `.certusignore`, nested, read through the sandbox.
//!
//! The rules of one directory form a link of a chain that ends at the root; the deepest rule that speaks decides, as in git.
//! The two kinds of file are judged apart and either can exclude, so that a committed `.certusignore` cannot bring back what
//! `.gitignore` hides. Unlike git we also exclude a file that is tracked although it is ignored.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use cap_std::fs::Dir;
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::exclude::Exclusion;
use crate::open::{self, Refused, Stamp};

/// Largest ignore file understood, in bytes.
const LARGEST: u64 = 256 * 1024;
/// Most patterns in one ignore file.
const MOST_PATTERNS: usize = 4096;
/// Directories whose compiled rules are kept.
const MOST_KEPT: usize = 10_000;

/// The rules in force in one directory.
#[derive(Clone, Default)]
pub(crate) struct Rules(Option<Arc<Link>>);

struct Link {
    parent: Rules,
    /// Bytes of a project path before what the rules of this directory speak of.
    prefix: usize,
    compiled: Arc<Compiled>,
}

struct Compiled {
    git: Compilation,
    certus: Compilation,
}

enum Compilation {
    Nothing,
    Patterns(Gitignore),
    /// There is a file and it cannot be understood: better to hide too much.
    Unusable,
}

/// Which files stood there when rules were compiled: `.git/info/exclude`, `.gitignore`, `.certusignore`.
type Stamps = [Option<Stamp>; 3];

/// Compiled rules by directory.
#[derive(Default)]
pub(crate) struct RulesCache(Mutex<HashMap<String, (Stamps, Arc<Compiled>)>>);

impl Rules {
    /// What the ignore files say of `path`, which lies in the directory that these rules are of.
    pub(crate) fn exclusion(&self, path: &str, is_directory: bool) -> Option<Exclusion> {
        let git = self.verdict(path, is_directory, |compiled| &compiled.git);
        git.or_else(|| self.verdict(path, is_directory, |compiled| &compiled.certus))
    }

    fn verdict(&self, path: &str, is_directory: bool, kind: fn(&Compiled) -> &Compilation) -> Option<Exclusion> {
        let mut rules = self;
        while let Some(link) = &rules.0 {
            match kind(&link.compiled) {
                Compilation::Nothing => {}
                Compilation::Unusable => return Some(Exclusion::UnreadableRules),
                Compilation::Patterns(patterns) => match patterns.matched(&path[link.prefix..], is_directory) {
                    Match::Ignore(_) => return Some(Exclusion::Ignored),
                    Match::Whitelist(_) => return None,
                    Match::None => {}
                },
            }
            rules = &link.parent;
        }
        None
    }
}

impl RulesCache {
    /// The rules in force in the directory `path`, given those of its parent.
    pub(crate) fn enter(&self, directory: &Dir, path: &str, parent: &Rules) -> Rules {
        let stamp = |name| directory.symlink_metadata(name).ok().map(|seen| Stamp::of(&seen));
        let info = if path.is_empty() { info_directory(directory) } else { None };
        let excludes = info.as_ref().and_then(|info| info.symlink_metadata("exclude").ok());
        let stamps = [excludes.map(|seen| Stamp::of(&seen)), stamp(".gitignore"), stamp(".certusignore")];
        if stamps.iter().all(Option::is_none) {
            return parent.clone();
        }
        let compiled = self.compiled(path, stamps, || Compiled {
            git: compile(&[(info.as_ref(), "exclude"), (Some(directory), ".gitignore")]),
            certus: compile(&[(Some(directory), ".certusignore")]),
        });
        let prefix = if path.is_empty() { 0 } else { path.len() + 1 };
        Rules(Some(Arc::new(Link { parent: parent.clone(), prefix, compiled })))
    }

    fn compiled(&self, path: &str, stamps: Stamps, compile: impl FnOnce() -> Compiled) -> Arc<Compiled> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((then, compiled)) = kept.get(path)
            && *then == stamps
        {
            return Arc::clone(compiled);
        }
        let compiled = Arc::new(compile());
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert(path.to_owned(), (stamps, Arc::clone(&compiled)));
        compiled
    }
}

/// `.git/info`, where a person keeps patterns that are not committed.
fn info_directory(root: &Dir) -> Option<Dir> {
    let git = open::directory(root, ".git").ok()?;
    open::directory(&git, "info").ok()
}

/// Later files win over earlier ones. A pattern that git could not use either is passed over.
fn compile(files: &[(Option<&Dir>, &str)]) -> Compilation {
    let mut builder = GitignoreBuilder::new("");
    let mut patterns = 0;
    for (directory, name) in files {
        let Some(directory) = directory else { continue };
        let bytes = match open::bytes(directory, name, LARGEST) {
            Ok(Some(bytes)) => bytes,
            // git does not follow a symbolic link here either, and nobody can mean a directory.
            Err(Refused::Missing | Refused::Is(_)) => continue,
            Ok(None) | Err(Refused::Io(_)) => return Compilation::Unusable,
        };
        let text = String::from_utf8_lossy(&bytes);
        for line in text.trim_start_matches('\u{feff}').lines() {
            patterns += 1;
            if patterns > MOST_PATTERNS {
                return Compilation::Unusable;
            }
            let _ =
                builder.case_insensitive(cfg!(any(windows, target_os = "macos"))).and_then(|b| b.add_line(None, line));
        }
    }
    match builder.build() {
        Ok(patterns) if patterns.is_empty() => Compilation::Nothing,
        Ok(patterns) => Compilation::Patterns(patterns),
        Err(_) => Compilation::Unusable,
    }
}
