//! What is excluded by its name alone: secrets, version control, our own state, dependencies and build outputs.
//!
//! A project's files can only add to this list (through ignore files), never take away from it. Names are compared folded,
//! because on a case-insensitive file system `.ENV` opens `.env`.

use std::fmt;

use crate::path::is_invisible;

/// Why something is never listed, read or searched unless trusted by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Exclusion {
    /// Named like a file that holds credentials or keys.
    Secret,
    /// Version control or Certus's own state: `.git`, `.certus` …
    Internal,
    /// Other people's code: `node_modules`, `vendor` …
    Dependencies,
    /// A build output by convention.
    Output,
    /// A `.gitignore` or `.certusignore` of the project ignores it.
    Ignored,
    /// An ignore file that governs it cannot be understood, so everything it governs is held back.
    UnreadableRules,
}

impl fmt::Display for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Exclusion::Secret => "named like a secret",
            Exclusion::Internal => "internal state",
            Exclusion::Dependencies => "dependencies",
            Exclusion::Output => "a build output",
            Exclusion::Ignored => "ignored by the project",
            Exclusion::UnreadableRules => "under ignore rules that cannot be read",
        })
    }
}

const INTERNAL: &[&str] = &[".git", ".certus", ".hg", ".svn", ".jj"];
/// How the name of an unfinished edit begins.
pub(crate) const UNFINISHED_START: &str = ".certus-edit-";
/// How the name of an unfinished edit ends.
pub(crate) const UNFINISHED_END: &str = ".tmp";
const DEPENDENCIES: &[&str] =
    &["node_modules", "bower_components", "vendor", ".venv", "venv", "site-packages", ".bundle"];
const OUTPUTS: &[&str] = &[
    "dist",
    "__pycache__",
    ".next",
    ".nuxt",
    ".output",
    ".svelte-kit",
    ".parcel-cache",
    ".turbo",
    ".cache",
    ".gradle",
    ".tox",
    ".nox",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".nyc_output",
    ".terraform",
];
/// Names that are outputs only beside a file that says so, because people also use them for sources.
const OUTPUTS_BESIDE: &[(&str, &[&str])] = &[
    ("target", &["Cargo.toml", "pom.xml", "build.sbt", "project.clj"]),
    ("build", &["build.gradle", "build.gradle.kts", "CMakeLists.txt", "setup.py", "pubspec.yaml"]),
    ("coverage", &["package.json"]),
    ("_build", &["mix.exs", "dune-project", "rebar.config"]),
    ("deps", &["mix.exs"]),
];
const SECRET_NAMES: &[&str] = &[
    ".env",
    ".envrc",
    ".npmrc",
    ".netrc",
    "_netrc",
    ".pypirc",
    ".pgpass",
    ".git-credentials",
    ".htpasswd",
    ".aws",
    ".ssh",
    ".gnupg",
    ".kube",
];
const SECRET_STARTS: &[&str] = &["id_rsa", "id_ed25519", "id_ecdsa", "id_dsa", "secrets."];
const SECRET_ENDS: &[&str] = &[".pem", ".key", ".p12", ".pfx", ".keystore", ".jks", ".ppk"];
const SAMPLES: &[&str] = &[".example", ".sample", ".template"];

/// What excludes a file or directory of this name, if its name alone does.
pub(crate) fn by_name(name: &str) -> Option<Exclusion> {
    let name = folded(name);
    let name = name.as_str();
    if is_secret(name) {
        Some(Exclusion::Secret)
    } else if INTERNAL.contains(&name) || is_unfinished(name) {
        Some(Exclusion::Internal)
    } else if DEPENDENCIES.contains(&name) {
        Some(Exclusion::Dependencies)
    } else if OUTPUTS.contains(&name) {
        Some(Exclusion::Output)
    } else {
        None
    }
}

/// The files that, when one of them lies beside a directory of this name, make the directory a build output.
pub(crate) fn output_beside(name: &str) -> &'static [&'static str] {
    let name = folded(name);
    OUTPUTS_BESIDE.iter().find(|(output, _)| *output == name).map_or(&[], |(_, beside)| beside)
}

/// Whether this is the name under which an edit waits until it is whole: one that was left by a killed process is no file of
/// the project.
fn is_unfinished(name: &str) -> bool {
    name.starts_with(UNFINISHED_START) && name.ends_with(UNFINISHED_END)
}

fn is_secret(name: &str) -> bool {
    if name.starts_with(".env.") {
        return !SAMPLES.iter().any(|sample| name.ends_with(sample));
    }
    SECRET_NAMES.contains(&name)
        || SECRET_STARTS.iter().any(|start| name.starts_with(start))
        || SECRET_ENDS.iter().any(|end| name.ends_with(end))
        || (name.starts_with("credentials") && name.ends_with(".json"))
}

/// The name as the most forgiving file system would compare it: without case, without invisible characters, without
/// trailing dots and blanks. Upper case first, because some letters (`ſ`) only meet their plain form there.
pub(crate) fn folded(name: &str) -> String {
    if name.is_ascii() {
        return name.trim_end_matches(['.', ' ']).to_ascii_lowercase();
    }
    let visible: String = name.chars().filter(|c| !is_invisible(*c)).collect();
    visible.to_uppercase().to_lowercase().trim_end_matches(['.', ' ']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn secrets_are_known_by_name() {
        for name in [
            ".env",
            ".ENV",
            ".Env.Local",
            ".env.production",
            ".env.example.bak",
            "server.pem",
            "SERVER.KEY",
            "id_rsa",
            "id_rsa.pub",
            "id_ed25519_work",
            "a.p12",
            "a.PFX",
            ".npmrc",
            ".netrc",
            ".pypirc",
            "credentials.json",
            "credentials-prod.json",
            "my.keystore",
            ".aws",
            ".ssh",
            "secrets.yaml",
            "Secrets.js",
            ".env.",
            ".env ",
            ".\u{17f}\u{17f}h",
            "a.\u{212a}ey",
            ".e\u{200c}nv",
        ] {
            assert_eq!(by_name(name), Some(Exclusion::Secret), "{name:?}");
        }
        for name in [
            ".env.example",
            ".env.sample",
            ".env.local.template",
            "environment.js",
            "key.js",
            "secret.rs",
            "keys",
            "credentials.js",
        ] {
            assert_eq!(by_name(name), None, "{name:?}");
        }
    }

    #[test]
    fn outputs_that_may_be_sources_need_a_witness() {
        assert_eq!(by_name("build"), None);
        assert!(output_beside("Target").contains(&"Cargo.toml"));
        assert!(output_beside("src").is_empty());
    }

    proptest! {
        #[test]
        fn case_never_reveals_a_secret(upper in proptest::collection::vec(any::<bool>(), 11)) {
            let name: String = ".env.secret".chars().zip(upper).map(|(c, up)| if up { c.to_ascii_uppercase() } else { c }).collect();
            prop_assert_eq!(by_name(&name), Some(Exclusion::Secret));
        }
    }
}
