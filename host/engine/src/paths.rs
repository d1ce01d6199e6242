//! What a file's path says of it: whether it decides what runs, what is seen, or what counts as tested.
//!
//! These are put before a person whatever they granted, and those that say what runs take a permission back that was given
//! before. So the rules are wide: a question too many costs little, one too few is a hole.

mod runs;
mod within;

use runs::is_locked;
pub use runs::says_what_runs;
pub use within::changes_tests_within;

/// Whether a file decides something beside the change itself: what others run (hooks, editors' tasks, services), which versions
/// are installed, what git and Certus see, what prompts say.
pub(crate) fn decides(path: &str) -> bool {
    const FOLDERS: [&str; 5] = [".vscode", ".idea", ".fleet", ".vs", ".devcontainer"];
    const NAMES: [&str; 8] = [
        "config.json",
        "lefthook.yml",
        "lefthook.yaml",
        "appveyor.yml",
        "azure-pipelines.yml",
        "bitbucket-pipelines.yml",
        "jenkinsfile",
        "procfile",
    ];
    let path = path.to_lowercase();
    let name = name(&path);
    let hidden = name.starts_with('.');
    NAMES.contains(&name)
        || is_locked(name)
        || folders(&path).any(|folder| FOLDERS.contains(&folder) || folder.starts_with(".git"))
        || (hidden && name != ".gitkeep" && (name.ends_with("ignore") || name.starts_with(".git")))
        || format!("/{path}").contains("/prompts/custom/")
}

/// Whether a file is one of tests, by the conventions of most languages.
pub(crate) fn is_test(path: &str) -> bool {
    const FOLDERS: [&str; 9] =
        ["test", "tests", "spec", "specs", "__tests__", "__snapshots__", "e2e", "cypress", "testdata"];
    let own = stem(name(path));
    // `PriceTest.java`, and not `latest.js`.
    let named = ["Test", "Tests", "Spec", "_test", "_spec", "-test", "-spec"].iter().any(|end| own.ends_with(end));
    let path = path.to_lowercase();
    let name = name(&path);
    named
        || folders(&path).any(|folder| FOLDERS.contains(&folder))
        || ["test", "tests", "spec"].contains(&stem(name))
        || name.contains(".test.")
        || name.contains(".spec.")
        || name.contains(".cy.")
        || [".feature", ".bats", ".t"].iter().any(|ending| name.ends_with(ending))
        || name.starts_with("test_")
}

/// Those of files that came as tests that are: what is no test by its name beside others that are, is what these need. Where none is,
/// the project calls its tests something else.
pub(crate) fn of_tests<'p>(paths: impl Iterator<Item = &'p String> + Clone) -> impl Iterator<Item = &'p String> {
    let named = paths.clone().any(|path| is_test(path));
    paths.filter(move |path| !named || is_test(path))
}

/// Whether a file of this name may have tests of its own among its code.
pub(crate) fn is_code_with_tests(path: &str) -> bool {
    !is_test(path) && within::may_hold_tests(path)
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// A name up to its first full stop; empty for a hidden file's.
fn stem(name: &str) -> &str {
    name.split_once('.').map_or(name, |(stem, _)| stem)
}

fn folders(path: &str) -> impl Iterator<Item = &str> {
    path.rsplit_once('/').map(|(folders, _)| folders).unwrap_or_default().split('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_known_by_their_names_and_folders() {
        for path in [
            "test.js",
            "tests.py",
            "test/a.js",
            "src/PriceTest.java",
            "a.spec.ts",
            "test_a.py",
            "a_test.go",
            "a.cy.js",
            "a.feature",
        ] {
            assert!(is_test(path), "{path}");
        }
        for path in ["src/latest.js", "src/contest.py", "lib/inspect.js", "src/testing.rs"] {
            assert!(!is_test(path), "{path}");
        }
    }
}
