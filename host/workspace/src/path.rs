//! The form of a project path, and how a name is shown.
//!
//! A path is relative, separated by `/`, and names each component. Everything with a second meaning somewhere (`..`, an empty
//! component, a trailing slash, a backslash, a drive) is refused rather than tidied up: two spellings of one file are two
//! chances to slip past an exclusion. Who takes paths from somebody who spells them loosely has them [`spelled`] first, before
//! anything else is asked of them.

/// Longest path accepted, in bytes.
const LONGEST: usize = 4096;

/// Whether `path` names something below the root. The root itself (`""`) is not accepted here.
pub(crate) fn is_inside(path: &str) -> bool {
    path.len() <= LONGEST && !has_drive(path) && path.split('/').all(is_component)
}

/// Whether `name` can be one component of a project path. Control characters are refused because a name with a line break
/// could forge a line of any report that quotes it.
pub(crate) fn is_component(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(['/', '\\']) && !name.chars().any(char::is_control)
}

/// `C:` at the start, with or without a slash after it.
pub(crate) fn has_drive(path: &str) -> bool {
    let bytes = path.as_bytes();
    bytes.len() >= 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':'
}

/// A path that somebody spelled loosely, as a project path: `./a`, `a//b`, `a/./b` and `.\\a` are plainly inside the project
/// and mean one thing. What climbs, is absolute or names a drive stays as it is, and so does what names a directory: it is refused
/// where it is used.
#[must_use]
pub fn spelled(path: &str) -> String {
    let slashes = path.replace('\\', "/");
    let parts = || slashes.split('/');
    let elsewhere =
        slashes.starts_with('/') || slashes.ends_with('/') || has_drive(path) || parts().any(|part| part == "..");
    if elsewhere {
        return path.to_owned();
    }
    parts().filter(|part| !matches!(*part, "" | ".")).collect::<Vec<_>>().join("/")
}

/// `directory/name`, where the root is `""`.
pub(crate) fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") }
}

/// The directory and the last component.
pub(crate) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// Whether `path` is `ancestor` or lies below it.
pub(crate) fn is_at_or_below(path: &str, ancestor: &str) -> bool {
    ancestor.is_empty() || path.strip_prefix(ancestor).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// `name` with control and direction characters escaped, for messages and reports.
#[must_use]
pub fn shown(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_control() || is_invisible(c) {
            text.extend(c.escape_default());
        } else {
            text.push(c);
        }
    }
    text
}

/// Characters that are not seen but change what is seen, or are ignored by some file systems.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_with_a_second_meaning_are_refused() {
        for bad in [
            "",
            "/",
            "/etc/passwd",
            "..",
            "a/..",
            "../a",
            "a/../b",
            ".",
            "./a",
            "a/.",
            "a//b",
            "a/",
            "a\\b",
            "\\\\host\\x",
            "C:",
            "C:/x",
            "c:x",
            "a\0b",
            "a\nb",
            "a\u{1b}[31m",
        ] {
            assert!(!is_inside(bad), "{bad:?}");
        }
        assert!(!is_inside(&"a/".repeat(4000)));
        for good in ["a", "a/b.js", ".github/x", "...", "a b/ü", "日本/語.rs", "~x", "ab:c/d"] {
            assert!(is_inside(good), "{good:?}");
        }
    }

    #[test]
    fn what_is_plainly_inside_is_spelled_in_one_way() {
        for (given, want) in [
            ("./a", "a"),
            ("././a/./b.js", "a/b.js"),
            ("a//b", "a/b"),
            (".\\a\\b.js", "a/b.js"),
            ("a\\b", "a/b"),
            ("a/b", "a/b"),
            (".github/x", ".github/x"),
        ] {
            assert_eq!(spelled(given), want);
            assert!(is_inside(want));
        }
        let refused = [
            "../a",
            "a/../b",
            "..",
            ".\\..\\a",
            "/a",
            "//a",
            "\\\\host\\x",
            "\\a",
            "C:\\x",
            "c:x",
            "a/",
            "./",
            ".",
            "",
        ];
        for path in refused {
            assert!(!is_inside(&spelled(path)), "{path:?}");
        }
    }

    #[test]
    fn names_are_shown_without_control_characters() {
        assert_eq!(shown("a\nb\u{1b}[2J\u{202e}c ü"), "a\\nb\\u{1b}[2J\\u{202e}c ü");
    }

    proptest! {
        #[test]
        fn no_spelling_leads_elsewhere(path in "\\PC{0,40}|[./\\\\a:]{0,12}") {
            let spelled = spelled(&path);
            prop_assert!(!is_inside(&path) || spelled == path, "what was right stays");
            if is_inside(&spelled) {
                prop_assert!(!path.replace('\\', "/").split('/').any(|part| part == ".."));
            }
        }

        #[test]
        fn an_accepted_path_never_climbs(path in "\\PC{0,40}|[./\\\\a:]{0,12}") {
            if is_inside(&path) {
                let all_named = std::path::Path::new(&path).components().all(|c| matches!(c, std::path::Component::Normal(_)));
                prop_assert!(all_named);
                prop_assert_eq!(std::path::Path::new(&path).components().count(), path.split('/').count());
            }
        }
    }
}
