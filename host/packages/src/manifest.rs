//! The manifest: what a package says of itself.
//!
//! Unknown fields are refused by name rather than skipped: a misspelt `right` must not silently ask for nothing.

use std::collections::BTreeSet;

use semver::Version;
use serde::{Deserialize, Serialize};

use crate::error::{ManifestError, TomlError};
use crate::package::WIT;
use crate::rights::Rights;
use crate::text;

/// Memory that a call may have at most, in MiB.
const MEMORY_MIB: u64 = 64;
/// Guest time that a call may take at most, in milliseconds.
const GUEST_MS: u64 = 5_000;
const SENTENCE: usize = 400;
const MOST_COMMANDS: usize = 64;
const MOST_ARGUMENTS: usize = 16;
const MOST_PATTERNS: usize = 64;

/// What a package says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Manifest {
    /// kebab-case; the prefix of the prompts that the package carries.
    pub name: String,
    /// Of the package.
    pub version: Version,
    /// One line.
    pub description: String,
    /// An SPDX expression.
    pub license: String,
    /// Who wrote it, for the standard metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authors: Option<String>,
    /// Where its source is, for the standard metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The version of the contract that it speaks.
    pub wit: Version,
    /// What it exports; nothing for a prompt pack.
    #[serde(default)]
    pub exports: Vec<Export>,
    /// What it asks for.
    #[serde(default)]
    pub rights: Rights,
    /// Its slash commands.
    #[serde(default)]
    pub commands: Vec<Command>,
    /// What a phase controller works by. Opaque here: the engine knows its form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub methodology: Option<toml::Table>,
    /// What a stack interpreter reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<Stack>,
    /// Limits that the package sets itself, below the host's.
    #[serde(default)]
    pub limits: Limits,
}

/// An interface that a package may export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Export {
    /// Decides what a chain does next.
    PhaseController,
    /// Slash commands.
    Command,
    /// Reads source files of one stack.
    StackInterpreter,
    /// Prompts computed by code.
    Prompts,
}

impl Export {
    /// The interface's name in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::PhaseController => "phase-controller",
            Self::Command => "command",
            Self::StackInterpreter => "stack-interpreter",
            Self::Prompts => "prompts",
        }
    }
}

/// A slash command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Command {
    /// kebab-case, without the slash.
    pub name: String,
    /// One line, imperative.
    pub help: String,
    /// In the order in which they are given.
    #[serde(default)]
    pub arguments: Vec<Argument>,
    /// Another command may name it as the next.
    #[serde(default)]
    pub chainable: bool,
    /// The phases it runs in; empty for any.
    #[serde(default)]
    pub phases: Vec<String>,
}

/// An argument of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Argument {
    /// kebab-case.
    pub name: String,
    /// One line.
    pub help: String,
    /// The command does not run without it.
    #[serde(default)]
    pub required: bool,
    /// A switch, given as `--name` without a value; otherwise a word in its place.
    #[serde(default)]
    pub flag: bool,
}

/// Which projects and files a stack interpreter wants. Patterns are globs, relative to the project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Stack {
    /// `node`, `php` …
    pub name: String,
    /// Files whose presence makes a project one of this stack: `package.json`.
    pub markers: Vec<String>,
    /// Files to read.
    pub files: Vec<String>,
    /// Files not to read although a pattern matches.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// What runs programs of this stack: `node`. Files without an extension are read too where their first line names one of
    /// these (`#!/usr/bin/env node`) or a marker names them by path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub programs: Vec<String>,
}

/// Limits below the host's own. Absent: the host's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Limits {
    /// Linear memory of one call, in MiB; 1 to 64.
    pub memory_mib: Option<u64>,
    /// Guest time of one call, in milliseconds; 1 to 5,000.
    pub guest_ms: Option<u64>,
}

impl Manifest {
    /// Read and check a manifest.
    ///
    /// # Errors
    /// What is wrong, and where. Nothing is repaired.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let manifest: Self = toml::from_str(text).map_err(|error| TomlError::new(text, &error))?;
        manifest.check()?;
        Ok(manifest)
    }

    /// The package exports this interface.
    pub fn exports(&self, export: Export) -> bool {
        self.exports.contains(&export)
    }

    fn check(&self) -> Result<(), ManifestError> {
        text::name("name", &self.name)?;
        text::plain("description", &self.description, SENTENCE)?;
        text::plain("license", &self.license, SENTENCE)?;
        for (field, value) in [("authors", &self.authors), ("source", &self.source)] {
            if let Some(value) = value {
                text::plain(field, value, SENTENCE)?;
            }
        }
        if self.wit != WIT {
            return Err(ManifestError::Wit { asked: self.wit.clone(), spoken: WIT });
        }
        unique("exports", self.exports.iter().map(|export| export.name()))?;
        let together = [
            (Export::PhaseController, self.methodology.is_some(), "[methodology]"),
            (Export::Command, !self.commands.is_empty(), "[[commands]]"),
            (Export::StackInterpreter, self.stack.is_some(), "[stack]"),
        ];
        for (export, present, table) in together {
            if self.exports(export) != present {
                let export = export.name();
                let message = if present {
                    format!("{table} needs \"{export}\" among `exports`")
                } else {
                    format!("the export \"{export}\" needs {table}")
                };
                return Err(ManifestError::Inconsistent(message));
            }
        }
        self.check_commands()?;
        if let Some(stack) = &self.stack {
            stack.check()?;
        }
        self.limits.check()
    }

    fn check_commands(&self) -> Result<(), ManifestError> {
        at_most("commands", self.commands.len(), MOST_COMMANDS)?;
        unique("commands", self.commands.iter().map(|command| command.name.as_str()))?;
        for command in &self.commands {
            text::name("commands.name", &command.name)?;
            text::plain("commands.help", &command.help, SENTENCE)?;
            at_most("commands.phases", command.phases.len(), MOST_PATTERNS)?;
            for phase in &command.phases {
                text::name("commands.phases", phase)?;
            }
            at_most("commands.arguments", command.arguments.len(), MOST_ARGUMENTS)?;
            unique("commands.arguments", command.arguments.iter().map(|argument| argument.name.as_str()))?;
            for argument in &command.arguments {
                text::name("commands.arguments.name", &argument.name)?;
                text::plain("commands.arguments.help", &argument.help, SENTENCE)?;
            }
        }
        Ok(())
    }
}

impl Stack {
    fn check(&self) -> Result<(), ManifestError> {
        text::name("stack.name", &self.name)?;
        for (field, patterns, needed) in [
            ("stack.markers", &self.markers, true),
            ("stack.files", &self.files, true),
            ("stack.exclude", &self.exclude, false),
        ] {
            at_most(field, patterns.len(), MOST_PATTERNS)?;
            if needed && patterns.is_empty() {
                return Err(ManifestError::Inconsistent(format!("`{field}` names nothing")));
            }
            for pattern in patterns {
                text::plain(field, pattern, SENTENCE)?;
                if pattern.starts_with('/') || pattern.split('/').any(|part| part == "..") {
                    return Err(ManifestError::Inconsistent(format!("`{field}`: `{pattern}` leaves the project")));
                }
            }
        }
        at_most("stack.programs", self.programs.len(), MOST_PATTERNS)?;
        self.programs.iter().try_for_each(|program| text::name("stack.programs", program))
    }
}

impl Limits {
    fn check(&self) -> Result<(), ManifestError> {
        let fits = |value: Option<u64>, most| value.is_none_or(|value| (1..=most).contains(&value));
        if !fits(self.memory_mib, MEMORY_MIB) {
            return Err(ManifestError::Limit { field: "memory-mib", most: MEMORY_MIB });
        }
        if !fits(self.guest_ms, GUEST_MS) {
            return Err(ManifestError::Limit { field: "guest-ms", most: GUEST_MS });
        }
        Ok(())
    }
}

fn at_most(field: &str, count: usize, most: usize) -> Result<(), ManifestError> {
    if count <= most {
        Ok(())
    } else {
        Err(ManifestError::Inconsistent(format!("`{field}` has {count} entries, and {most} is the most")))
    }
}

fn unique<'a>(field: &str, names: impl Iterator<Item = &'a str>) -> Result<(), ManifestError> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            // The name is not checked yet, so it is not shown.
            return Err(ManifestError::Inconsistent(format!("`{field}` names the same thing twice")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINIMAL: &str = r#"
name = "hello"
version = "0.1.0"
description = "Greets"
license = "MIT"
wit = "0.1.0"
"#;

    const FULL: &str = r#"
name = "hello"
version = "1.2.3-beta.1"
description = "Greets"
license = "MIT OR Apache-2.0"
wit = "0.1.0"
exports = ["command", "stack-interpreter", "phase-controller"]

[rights]
chain = "propose"
user = "ask"

[[commands]]
name = "hello"
help = "Greet"
chainable = true
phases = ["context-building"]
arguments = [{ name = "whom", help = "Whom to greet", required = true }, { name = "loud", help = "Shout", flag = true }]

[stack]
name = "node"
markers = ["package.json"]
files = ["**/*.js"]
exclude = ["**/*.min.js"]
programs = ["node"]

[limits]
memory-mib = 32

[methodology]
name = "one"
phases = [{ name = "work" }]
"#;

    fn refused(addition: &str) -> String {
        Manifest::parse(&format!("{MINIMAL}{addition}")).expect_err(addition).to_string()
    }

    #[test]
    fn a_prompt_pack_needs_little() {
        let manifest = Manifest::parse(MINIMAL).expect("the manifest is valid");
        assert_eq!(manifest.rights, Rights::default());
        assert!(manifest.exports.is_empty());
    }

    #[test]
    fn everything_is_read_and_survives_a_round_trip() {
        let manifest = Manifest::parse(FULL).expect("the manifest is valid");
        assert!(manifest.commands[0].arguments[1].flag);
        assert_eq!(manifest.limits.memory_mib, Some(32));
        let written = toml::to_string(&manifest).expect("a manifest can be written");
        assert_eq!(Manifest::parse(&written).expect("what was written is valid"), manifest);
    }

    #[test]
    fn an_unknown_field_is_refused_by_its_name() {
        assert!(refused("right = {}").contains("unknown field `right`"));
        assert!(refused("[rights]\nnetwork = \"all\"").contains("unknown field `network`"));
        assert!(refused("[rights]\nchain = \"write\"").contains("unknown variant `write`"));
        assert!(refused("[limits]\nfuel = 1").starts_with("line 8: unknown field `fuel`"));
    }

    #[test]
    fn what_belongs_together_stands_together() {
        assert_eq!(refused("exports = [\"command\"]"), "the export \"command\" needs [[commands]]");
        assert_eq!(
            refused("[[commands]]\nname = \"a\"\nhelp = \"A\""),
            "[[commands]] needs \"command\" among `exports`"
        );
        assert_eq!(refused("[methodology]"), "[methodology] needs \"phase-controller\" among `exports`");
        assert_eq!(refused("exports = [\"prompts\", \"prompts\"]"), "`exports` names the same thing twice");
    }

    #[test]
    fn limits_only_tighten() {
        assert!(refused("[limits]\nmemory-mib = 65").contains("may only tighten"));
        assert!(refused("[limits]\nguest-ms = 0").contains("may only tighten"));
    }

    #[test]
    fn names_texts_and_patterns_are_checked() {
        let with = |from: &str, to: &str| Manifest::parse(&FULL.replacen(from, to, 1)).expect_err(to).to_string();
        assert!(with("name = \"hello\"", "name = \"../hello\"").starts_with("`name` has to be"));
        assert!(with("help = \"Greet\"", "help = \"\\u001b[2J\"").starts_with("`commands.help` has to be"));
        assert!(with("name = \"whom\"", "name = \"Whom\"").starts_with("`commands.arguments.name`"));
        assert!(with("name = \"loud\"", "name = \"whom\"").contains("the same thing twice"));
        assert!(with("**/*.js", "../*.js").contains("leaves the project"));
        assert!(with("\"package.json\"", "").contains("names nothing"));
        assert!(with("programs = [\"node\"]", "programs = [\"/bin/node\"]").starts_with("`stack.programs` has to be"));
        assert!(with("wit = \"0.1.0\"", "wit = \"0.2.0\"").contains("this version of Certus speaks 0.1.0"));
        assert!(with("1.2.3-beta.1", "1.2").contains("line 3"));
    }
}
