//! Where measuring happens: what is built for it, and a folder on the checkout's own disk that is gone afterwards.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The checkout, its build output and a scratch folder.
pub(crate) struct Workshop {
    root: PathBuf,
    target: PathBuf,
    scratch: PathBuf,
}

#[derive(Deserialize)]
struct Metadata {
    target_directory: PathBuf,
}

impl Workshop {
    pub(crate) fn open(root: &Path) -> Result<Self> {
        let mut asked = cargo(root);
        asked.args(["metadata", "--no-deps", "--format-version", "1"]).stderr(Stdio::inherit());
        let Metadata { target_directory: target } = parse(&mut asked)?;
        // Not the system's folder for temporary files, which is often memory: there a sync costs nothing.
        let scratch = target.join(format!("bench-{}", std::process::id()));
        fs::create_dir_all(&scratch).with_context(|| format!("cannot make {}", scratch.display()))?;
        Ok(Self { root: root.to_owned(), target, scratch })
    }

    /// The checkout's root.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A new empty folder.
    pub(crate) fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.scratch.join(name);
        fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(folder)
    }

    /// Build everything with optimisation, at once: built one by one, packages would choose other features of what they
    /// share, and compile it again each time.
    pub(crate) fn release(&self) -> Result<()> {
        self.build(&["--release", "--workspace", "--bins", "--examples"])
    }

    /// Build in the profile of `cargo run`.
    pub(crate) fn build(&self, arguments: &[&str]) -> Result<()> {
        eprintln!("building {}", arguments.join(" "));
        let mut building = cargo(&self.root);
        building.args(["build", "--quiet", "--locked"]).args(arguments);
        let status = building.status().context("cannot run cargo")?;
        ensure!(status.success(), "`cargo build {}` failed", arguments.join(" "));
        Ok(())
    }

    /// A program that was built, such as `release/examples/one_line`, with nothing of this user's own around it.
    pub(crate) fn program(&self, path: &str) -> Command {
        let mut path = self.target.join(path);
        path.set_extension(std::env::consts::EXE_EXTENSION);
        let mut command = Command::new(path);
        command.current_dir(&self.root).env_clear().env("HOME", self.scratch.join("home"));
        // What it takes to start a process at all.
        for name in ["PATH", "SystemRoot", "LD_LIBRARY_PATH"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command
    }

    /// Run a program that measures itself and prints one JSON object.
    pub(crate) fn ask<T: DeserializeOwned>(&self, path: &str, argument: impl AsRef<OsStr>) -> Result<T> {
        self.answer(self.program(path).arg(argument))
    }

    /// The JSON object that a program prints.
    pub(crate) fn answer<T: DeserializeOwned>(&self, program: &mut Command) -> Result<T> {
        parse(program.stderr(Stdio::inherit()))
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.scratch) {
            eprintln!("warning: {} was not removed: {error}", self.scratch.display());
        }
    }
}

fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
}

fn parse<T: DeserializeOwned>(command: &mut Command) -> Result<T> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(output.status.success(), "{command:?} ended with {}", output.status);
    serde_json::from_slice(&output.stdout).with_context(|| format!("what {command:?} printed is not readable"))
}
