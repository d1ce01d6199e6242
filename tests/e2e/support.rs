//! A hermetic world for the binary: its own home, project and state; one clock that stands still; one cache of compiled
//! guests for the whole run.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// 2026-01-02 03:04:05Z.
pub(crate) const NOW: &str = "1767323045000";

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository is there")
}

/// One world.
pub(crate) struct World {
    home: TempDir,
    pub(crate) project: PathBuf,
}

/// What a run of the binary left.
#[must_use = "look at what the run printed, or say `ok()`"]
pub(crate) struct Ran {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl World {
    /// With a copy of a sample project.
    pub(crate) fn with(project: &str) -> Self {
        let world = Self::empty();
        copy(&repository().join("tests/projects").join(project), &world.project);
        world
    }

    /// With an empty project.
    pub(crate) fn empty() -> Self {
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        let project = home.path().join("project");
        std::fs::create_dir(&project).expect("the project can be made");
        Self { home, project }
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Write a file of the project.
    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.project.join(path);
        std::fs::create_dir_all(path.parent().expect("a file has a parent")).expect("the folder can be made");
        std::fs::write(path, content).expect("the file can be written");
    }

    /// The binary, ready to run in the project.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_certus"));
        command
            .args(arguments)
            .current_dir(&self.project)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env("XDG_CONFIG_HOME", self.home.path().join("config"))
            .env("XDG_CACHE_HOME", Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache"))
            .env("USER", "tester")
            .env("CERTUS_NOW", NOW)
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().expect("the binary runs"))
    }

    /// Run with `--json` and read the object.
    pub(crate) fn json(&self, arguments: &[&str]) -> (Option<i32>, Value) {
        let mut arguments = arguments.to_vec();
        arguments.push("--json");
        let ran = self.run(&arguments);
        let value = serde_json::from_str(&ran.stdout)
            .unwrap_or_else(|error| panic!("{error}: stdout is not one JSON object\n{}\n{}", ran.stdout, ran.stderr));
        (ran.status, value)
    }

    /// The context file of the only chain.
    pub(crate) fn context(&self) -> Value {
        let folder = self.project.join(".certus/contexts");
        let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
            .expect("there are contexts")
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
            .collect();
        files.sort();
        assert_eq!(files.len(), 1, "{files:?}");
        serde_json::from_slice(&std::fs::read(&files[0]).expect("the context can be read")).expect("a context is JSON")
    }
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            status: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// It ended with this status.
    pub(crate) fn exits(self, status: i32) -> Self {
        assert_eq!(self.status, Some(status), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// It ended well.
    pub(crate) fn ok(self) -> Self {
        self.exits(0)
    }

    /// Stderr says this.
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "stderr does not say {text:?}:\n{}", self.stderr);
        self
    }

    /// Stdout shows this.
    pub(crate) fn shows(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "stdout does not show {text:?}:\n{}", self.stdout);
        self
    }
}

/// Copy a folder of regular files, without the chains that somebody who tried the README has in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the folder can be made");
    for entry in std::fs::read_dir(from).expect("the folder can be read") {
        let entry = entry.expect("the folder can be read");
        if entry.file_name() == ".certus" {
            continue;
        }
        let target = to.join(entry.file_name());
        if entry.file_type().expect("it has a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("the file can be copied");
        }
    }
}
