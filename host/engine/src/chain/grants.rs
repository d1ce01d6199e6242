//! What an approval of later edits covers, and what no such approval covers: edits that decide what runs, what is seen, or what
//! counts as tested are put before a person each time.

use super::Chain;
use crate::{Draft, DraftState, FileChange, Grant};

impl Chain {
    /// Whether an approval that was given before covers every file of a draft.
    pub fn is_granted(&self, draft: &Draft) -> bool {
        let covered = |path: &String| {
            self.grants.iter().any(|grant| match grant {
                Grant::Chain => true,
                Grant::Files(files) => files.contains(path),
            })
        };
        match &draft.state {
            // Somebody else works on these files as well.
            DraftState::Planned(_) if draft.conflict.is_some() => false,
            DraftState::Planned(plan) => {
                plan.files.iter().all(|file| covered(&file.path) && !self.is_seen_each_time(file))
            }
            _ => false,
        }
    }

    /// Whether a change is put before a person whatever they granted.
    fn is_seen_each_time(&self, file: &FileChange) -> bool {
        let goes = file.new.is_none();
        let changes_tests = file.old.is_some() && (is_test(&file.path) || self.wrote_as_test(&file.path));
        // What is not shown cannot have been seen in passing either.
        file.cut || goes || changes_tests || says_what_runs(&file.path) || decides(&file.path)
    }

    /// The file came with tests that a person approved.
    fn wrote_as_test(&self, path: &str) -> bool {
        self.drafts.iter().any(|draft| match &draft.state {
            DraftState::Written(written) => draft.kind == "tests" && written.files.iter().any(|file| file.path == path),
            _ => false,
        })
    }
}

/// Whether a file says what the project's own commands do: manifests, configurations of tools, and what services run. Such a
/// change is seen by a person each time, and takes back what they let run before.
pub fn says_what_runs(path: &str) -> bool {
    const NAMES: [&str; 24] = [
        "package.json",
        "makefile",
        "gnumakefile",
        "justfile",
        "rakefile",
        "gemfile",
        "composer.json",
        "pyproject.toml",
        "setup.py",
        "setup.cfg",
        "tox.ini",
        "noxfile.py",
        "pytest.ini",
        "conftest.py",
        "phpunit.xml",
        "phpunit.xml.dist",
        "cargo.toml",
        "build.rs",
        "pom.xml",
        "build.gradle",
        "build.gradle.kts",
        "cmakelists.txt",
        "dockerfile",
        "deno.json",
    ];
    let path = path.to_lowercase();
    let name = name(&path);
    NAMES.contains(&name)
        || name.contains(".config.")
        || (name.starts_with('.') && name.contains("rc"))
        || path.starts_with(".github/")
        || name.starts_with(".gitlab-ci")
}

/// Whether a file decides something beside the change itself: what others run (hooks, editors' tasks, services), what git and
/// Certus see, what prompts say.
fn decides(path: &str) -> bool {
    const FOLDERS: [&str; 10] = [
        ".vscode",
        ".idea",
        ".devcontainer",
        ".husky",
        ".githooks",
        ".circleci",
        ".buildkite",
        ".woodpecker",
        ".gitea",
        ".forgejo",
    ];
    const NAMES: [&str; 11] = [
        "config.json",
        ".pre-commit-config.yaml",
        "lefthook.yml",
        "lefthook.yaml",
        ".travis.yml",
        ".drone.yml",
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
        || folders(&path).any(|folder| FOLDERS.contains(&folder) || folder.starts_with(".git"))
        || (hidden && name != ".gitkeep" && (name.ends_with("ignore") || name.starts_with(".git")))
        || format!("/{path}").contains("/prompts/custom/")
}

/// Whether a file is one of tests, by the conventions of most languages.
fn is_test(path: &str) -> bool {
    const FOLDERS: [&str; 9] =
        ["test", "tests", "spec", "specs", "__tests__", "__snapshots__", "e2e", "cypress", "testdata"];
    let stem = name(path).split_once('.').map_or(name(path), |(stem, _)| stem);
    // `PriceTest.java`, and not `latest.js`.
    let named = ["Test", "Tests", "Spec", "_test", "_spec", "-test", "-spec"].iter().any(|end| stem.ends_with(end));
    let path = path.to_lowercase();
    let name = name(&path);
    named
        || folders(&path).any(|folder| FOLDERS.contains(&folder))
        || name.contains(".test.")
        || name.contains(".spec.")
        || name.starts_with("test_")
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

fn folders(path: &str) -> impl Iterator<Item = &str> {
    path.rsplit_once('/').map(|(folders, _)| folders).unwrap_or_default().split('/')
}
