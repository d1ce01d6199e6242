//! Names that are not created, and names that are one and the same to somebody.

use std::collections::HashMap;

use icu_normalizer::ComposingNormalizerBorrowed;

use crate::edit::{EditError, FileEdit, Permit};
use crate::exclude::folded;
use crate::path::{is_invisible, split};

/// Files that say how Certus works in a project, wherever in it they lie: a subproject has its own.
const PROTECTED: &[&str] = &["certus.toml", "plugins.toml", "plugins.lock", "project_rules.md", ".certusignore"];
/// Names that are devices on Windows, with any ending.
const DEVICES: &[&str] = &["con", "prn", "aux", "nul", "conin$", "conout$", "clock$"];

/// The folder of a project's own prompts: who edits it speaks to every model that is asked later.
const PROMPTS: (&str, &str) = ("prompts", "custom");

pub(crate) fn is_protected(path: &str) -> bool {
    let (folder, name) = split(path);
    let folders: Vec<String> = folder.split('/').map(folded).collect();
    PROTECTED.contains(&folded(name).as_str())
        || folders.windows(2).any(|pair| pair[0] == PROMPTS.0 && pair[1] == PROMPTS.1)
}

/// Why nothing of this name is created, although the file system here might.
pub(crate) fn fault(name: &str) -> Option<&'static str> {
    let stem = name.split('.').next().unwrap_or(name).trim_end().to_lowercase();
    let numbered = |start: &str| {
        stem.strip_prefix(start).is_some_and(|rest| {
            let mut rest = rest.chars();
            matches!((rest.next(), rest.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
        })
    };
    if name.chars().any(char::is_control) {
        Some("it has control characters")
    } else if name.chars().any(is_invisible) {
        Some("it has characters that are not seen")
    } else if DEVICES.contains(&stem.as_str()) || numbered("com") || numbered("lpt") {
        Some("it is a device on Windows")
    } else if name.ends_with(['.', ' ']) || name.starts_with(' ') {
        Some("it begins or ends with what is not seen or not kept")
    } else if name.contains(['<', '>', ':', '"', '|', '?', '*']) {
        Some("it has a character that Windows does not allow")
    } else if stem.starts_with("git~") || stem.starts_with("certus~") {
        Some("it is a short name of a directory with state on Windows")
    } else if name.len() > 255 {
        Some("it is longer than 255 bytes")
    } else {
        None
    }
}

/// `name` such that names which somebody could take for one another are equal.
pub(crate) fn key(name: &str, fold_case: bool) -> String {
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(name);
    if fold_case { composed.to_uppercase().to_lowercase() } else { composed.into_owned() }
}

/// In what two names with one key differ.
pub(crate) fn differing(one: &str, other: &str) -> &'static str {
    if key(one, false) == key(other, false) { "how characters are encoded" } else { "case" }
}

/// Whether the edits name each file once, in one spelling, and none below another.
pub(crate) fn check_distinct(edits: &[FileEdit], permit: &Permit) -> Result<(), EditError> {
    // Every path and every directory on the way, by key: how it is spelt, and whether it is itself edited.
    let mut seen: HashMap<String, (&str, bool)> = HashMap::new();
    for edit in edits {
        let path = edit.path.as_str();
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        for end in ends {
            let (part, whole) = (&path[..end], end == path.len());
            let own = || path.to_owned();
            let Some((other, edited)) = seen.insert(key(part, permit.fold_case), (part, whole)) else { continue };
            let twin = || EditError::Twin { path: own(), other: other.to_owned(), differing: differing(part, other) };
            match (part == other, edited, whole) {
                (false, ..) => return Err(twin()),
                (true, true, true) => return Err(EditError::Twice { path: own() }),
                (true, true, false) => return Err(EditError::Below { path: own(), other: other.to_owned() }),
                (true, false, true) => {
                    let below = edits.iter().find(|e| e.path.strip_prefix(path).is_some_and(|r| r.starts_with('/')));
                    let below = below.map_or_else(own, |edit| edit.path.clone());
                    return Err(EditError::Below { path: below, other: own() });
                }
                (true, false, false) => {}
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::Change;

    #[test]
    fn names_that_some_system_cannot_hold_are_known() {
        for name in [
            "con",
            "NUL",
            "nul.txt",
            "Aux.tar.gz",
            "COM1",
            "com9.js",
            "LPT¹",
            "CONIN$",
            "aux .c",
            "a.",
            "a ",
            " a",
            "a:b",
            "what?",
            "a<b",
            "a\u{202e}b",
            "a\nb",
            "GIT~1",
            "\u{200b}",
        ] {
            assert!(fault(name).is_some(), "{name:?}");
        }
        for name in [
            "console.js",
            "com.js",
            "com10.js",
            "nullable.ts",
            "auxiliary",
            ".gitignore",
            "a b.txt",
            "é.txt",
            "legit~1",
        ] {
            assert_eq!(fault(name), None, "{name:?}");
        }
    }

    #[test]
    fn certus_s_own_files_are_known_in_every_spelling() {
        for path in [
            "certus.toml",
            "sub/Certus.TOML",
            "plugins.lock",
            "project_rules.md.",
            "a/.certusignore",
            "prompts/custom/triage.md",
            "a/Prompts/CUSTOM/b/c.md",
        ] {
            assert!(is_protected(path), "{path}");
        }
        assert!(!is_protected("certus.toml/x") && !is_protected("rules.md") && !is_protected("prompts/a/custom.md"));
    }

    #[test]
    fn paths_of_one_plan_are_told_apart() {
        let check = |paths: &[&str], fold_case| {
            let edits: Vec<_> = paths
                .iter()
                .map(|path| FileEdit { path: (*path).to_owned(), base: None, change: Change::Delete })
                .collect();
            check_distinct(&edits, &Permit { fold_case, ..Permit::default() })
        };
        assert!(check(&["a", "b/a", "b/c", "A"], false).is_ok());
        assert!(matches!(check(&["a", "b", "a"], false), Err(EditError::Twice { path }) if path == "a"));
        assert!(matches!(check(&["a", "A"], true), Err(EditError::Twin { differing: "case", .. })));
        assert!(matches!(check(&["src/a", "SRC/b"], true), Err(EditError::Twin { .. })));
        assert!(
            matches!(check(&["\u{e9}", "e\u{301}"], false), Err(EditError::Twin { differing, .. }) if differing != "case")
        );
        assert!(matches!(check(&["\u{e9}/a", "e\u{301}/b"], false), Err(EditError::Twin { .. })));
        for paths in [["a", "a/b"], ["a/b", "a"]] {
            let refused = check(&paths, false).expect_err("refused");
            assert!(matches!(refused, EditError::Below { path, other } if path == "a/b" && other == "a"));
        }
    }
}
