//! Programs without an extension: `bin/www` says nothing by its name, and is where many a project begins.
//!
//! A pattern cannot tell them from a licence or a binary, so they are known by what is written: a first line that names what
//! runs them, or a manifest that names them by path.

use certus_packages::Stack as Wanted;
use certus_workspace::{Entry, Project};
use globset::GlobSet;

/// A longer file without an extension is no program that a person wrote, and a longer marker is not searched; in bytes.
const MOST_BYTES: u64 = 128 << 10;
/// Files without an extension that are looked into, and markers that may name one.
const MOST_FILES: usize = 400;

/// The paths of programs that an interpreter wants besides what its patterns match.
pub(crate) fn without_extension<'e>(
    project: &Project,
    entries: &'e [Entry],
    wanted: &Wanted,
    markers: &GlobSet,
) -> Vec<&'e Entry> {
    if wanted.programs.is_empty() {
        return Vec::new();
    }
    let read = |entry: &Entry| project.read(&entry.path).ok().map(|text| text.text);
    let named_by: Vec<(&str, String)> = entries
        .iter()
        .filter(|entry| markers.is_match(&entry.path) && entry.size <= MOST_BYTES)
        .take(MOST_FILES)
        .filter_map(|entry| Some((folder(&entry.path), read(entry)?)))
        .collect();
    let bare = entries.iter().filter(|entry| !name(&entry.path).contains('.') && entry.size <= MOST_BYTES);
    let is_program = |entry: &&Entry| {
        named_by
            .iter()
            .any(|(folder, text)| below(folder, &entry.path).is_some_and(|path| names(text, path, &wanted.programs)))
            || read(entry).is_some_and(|text| runs_with(&text, &wanted.programs))
    };
    bare.take(MOST_FILES).filter(is_program).collect()
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn below<'p>(folder: &str, path: &'p str) -> Option<&'p str> {
    if folder.is_empty() { Some(path) } else { path.strip_prefix(folder)?.strip_prefix('/') }
}

/// `#!/usr/bin/env node`, `#! /usr/bin/node --flag`, `#!/usr/bin/env -S node --flag`.
fn runs_with(text: &str, programs: &[String]) -> bool {
    let first = text.lines().next().unwrap_or_default();
    let Some(line) = first.trim_start_matches('\u{feff}').strip_prefix("#!") else { return false };
    line.split_whitespace().take(4).any(|word| programs.iter().any(|program| program == name(word)))
}

/// Whether a manifest names a path, as a path: one without a folder is an ordinary word, unless it is written `./path` or
/// stands behind what runs it.
fn names(text: &str, path: &str, programs: &[String]) -> bool {
    let part = |letter: char| letter.is_alphanumeric() || "/._-".contains(letter);
    text.match_indices(path).any(|(at, _)| {
        let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + path.len()..).unwrap_or_default());
        let here = before.strip_suffix("./");
        let ends = !here.unwrap_or(before).ends_with(part) && !after.starts_with(part);
        let run = || programs.iter().any(|program| before.strip_suffix(' ').is_some_and(|it| it.ends_with(program)));
        ends && (path.contains('/') || here.is_some() || run())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn programs() -> Vec<String> {
        vec!["node".to_owned(), "tsx".to_owned()]
    }

    #[test]
    fn a_first_line_says_what_runs_a_file() {
        for line in [
            "#!/usr/bin/env node\r\nx",
            "#! /usr/bin/env node",
            "#!/usr/local/bin/node --x",
            "#!/usr/bin/env -S tsx -r y",
        ] {
            assert!(runs_with(line, &programs()), "{line}");
        }
        for line in ["#!/bin/sh\nnode x", "// node", "", "#!/usr/bin/env nodejs-like", "\n#!/usr/bin/env node"] {
            assert!(!runs_with(line, &programs()), "{line}");
        }
    }

    #[test]
    fn a_manifest_names_a_path_and_not_a_word() {
        let named = |text: &str, path: &str| names(text, path, &programs());
        assert!(named(r#""start": "node ./bin/www""#, "bin/www"));
        assert!(named(r#""bin": { "shop": "bin/shop" }"#, "bin/shop"));
        assert!(named(r#""bin": "./cli""#, "cli") && named(r#""start": "node server --x""#, "server"));
        assert!(!named(r#""start": "node ./bin/www.js", "x": "sbin/www""#, "bin/www"));
        assert!(!named(r#""test": "mocha", "license": "MIT""#, "test"));
    }
}
