//! Variables, from three places: the process's environment, a `.env` in the user's configuration directory, and the project's
//! `.env`.
//!
//! The first two are the user's own and may say everything. The third is a stranger's file until proven otherwise; what of it
//! counts is decided by [`Environment::project`]'s few callers (see docs/decisions/a-projects-env-gives-keys-and-warnings.md).

use std::collections::BTreeMap;
use std::path::Path;

use certus_workspace::Project;

use super::dotenv::{self, Pairs};
use super::read::{foreign_file, user_file};
use crate::Failure;

const NAME: &str = ".env";
/// Names that say where something goes or who answers, by how they end. In a project's file they are nobody's business.
const CHOICES: [&str; 6] = ["_BASE_URL", "_API_BASE", "_HOST", "_PROXY", "_PROVIDER", "_ENDPOINT"];
/// Of those, the ones that would mean something to Certus elsewhere begin so.
const OURS: [&str; 9] =
    ["ANTHROPIC_", "OPENAI_", "GEMINI_", "GOOGLE_", "OLLAMA_", "CERTUS_", "HTTPS_", "HTTP_", "ALL_"];

/// Variables by where they come from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    process: Process,
    user: Pairs,
    project: Pairs,
}

/// The process's own variables.
#[derive(Clone, Default)]
enum Process {
    #[default]
    Real,
    #[cfg_attr(not(test), expect(dead_code, reason = "tests bring their own"))]
    Given(BTreeMap<String, String>),
}

impl std::fmt::Debug for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Process")
    }
}

impl Environment {
    /// Read both files. `config` is the user's configuration directory.
    ///
    /// # Errors
    /// The user's own file cannot be read or has a line that is no `NAME=value`. The project's file is for the project: what
    /// we do not understand in it is passed over.
    pub(crate) fn read(project: &Project, config: Option<&Path>) -> Result<Self, Failure> {
        let user = match config {
            Some(config) => user_pairs(&config.join(NAME))?,
            None => Pairs::default(),
        };
        // A handle of its own: the one that prompts and plugins read through never shows this file.
        let project = Project::open(project.root())
            .ok()
            .and_then(|project| foreign_file(&project.trusting([NAME.to_owned()]), NAME))
            .map(|text| dotenv::parse(&text).0)
            .unwrap_or_default();
        Ok(Self { process: Process::Real, user, project })
    }

    /// The process's own.
    pub(crate) fn process(&self, name: &str) -> Option<String> {
        let value = match &self.process {
            Process::Real => std::env::var(name).ok(),
            Process::Given(values) => values.get(name).cloned(),
        };
        value.filter(|value| !value.trim().is_empty())
    }

    /// Of the user's `.env`.
    pub(crate) fn user_file(&self, name: &str) -> Option<&str> {
        self.user.get(name)
    }

    /// What the user says: the process's own, else the user's `.env`.
    pub(crate) fn user(&self, name: &str) -> Option<String> {
        self.process(name).or_else(|| self.user.get(name).map(str::to_owned))
    }

    /// What the project's `.env` says. Never for anything that says where something goes, what runs or what is paid by others.
    pub(crate) fn project(&self, name: &str) -> Option<&str> {
        self.project.get(name)
    }

    /// Names in the project's `.env` that choose something for its reader: they are passed over.
    pub(crate) fn passed_over(&self) -> Vec<&str> {
        let chooses = |name: &&str| {
            let upper = name.to_ascii_uppercase();
            OURS.iter().any(|start| upper.starts_with(start)) && CHOICES.iter().any(|end| upper.ends_with(end))
        };
        self.project.names().filter(chooses).collect()
    }

    #[cfg(test)]
    pub(crate) fn of(process: &[(&str, &str)], user: &[(&str, &str)], project: &[(&str, &str)]) -> Self {
        let owned = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        Self { process: Process::Given(owned(process)), user: Pairs::of(user), project: Pairs::of(project) }
    }
}

fn user_pairs(path: &Path) -> Result<Pairs, Failure> {
    let Some(text) = user_file(path)? else { return Ok(Pairs::default()) };
    let (pairs, faults) = dotenv::parse(&text);
    match faults.first() {
        None => Ok(pairs),
        // Without the line itself: it may hold a key.
        Some(line) => Err(Failure::usage(format!("{}:{line}: this is no NAME=value", path.display()))
            .hint("write one NAME=value a line; put a value with special characters into quotes")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_comes_before_the_users_file_and_the_project_is_asked_for_by_name() {
        let environment =
            Environment::of(&[("A", "1"), ("E", " ")], &[("A", "2"), ("B", "3"), ("E", "5")], &[("C", "4")]);
        assert_eq!(environment.user("A").as_deref(), Some("1"));
        assert_eq!(environment.user("B").as_deref(), Some("3"));
        assert_eq!(environment.user("E").as_deref(), Some("5"), "empty is unset");
        assert_eq!(environment.user("C"), None);
        assert_eq!(environment.project("C"), Some("4"));
    }

    #[test]
    fn choices_in_a_projects_file_are_named() {
        let project = [
            ("ANTHROPIC_BASE_URL", "http://evil"),
            ("https_proxy", "http://evil"),
            ("CERTUS_PROVIDER", "x"),
            ("OLLAMA_HOST", "evil"),
            ("GOOGLE_GEMINI_BASE_URL", "http://evil"),
            ("DATABASE_HOST", "db"),
            ("ANTHROPIC_API_KEY", "k"),
        ];
        let environment = Environment::of(&[], &[], &project);
        let names = environment.passed_over();
        assert_eq!(
            names,
            ["ANTHROPIC_BASE_URL", "CERTUS_PROVIDER", "GOOGLE_GEMINI_BASE_URL", "OLLAMA_HOST", "https_proxy"]
        );
    }

    #[test]
    fn the_projects_file_is_read_through_its_own_gate() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(".env"), "ANTHROPIC_API_KEY=k\nbroken\n").expect("a file");
        std::fs::write(folder.path().join(".gitignore"), ".env\n").expect("a file");
        let project = Project::open(folder.path()).expect("a project");
        let environment = Environment::read(&project, None).expect("it is read");
        assert_eq!(environment.project("ANTHROPIC_API_KEY"), Some("k"));
        assert!(project.read(".env").is_err(), "the project itself still hides it");
    }

    #[test]
    fn a_fault_in_the_users_file_is_told_without_its_text() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(".env"), "A=1\nsk-ant-secret\n").expect("a file");
        let project = Project::open(folder.path()).expect("a project");
        let failure = Environment::read(&project, Some(folder.path())).expect_err("a fault");
        assert!(failure.message.contains(".env:2") && !failure.message.contains("secret"), "{failure}");
    }
}
