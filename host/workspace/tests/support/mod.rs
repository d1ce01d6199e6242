//! A project built in a temporary directory, with the world outside it beside it.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::disallowed_methods,
    reason = "each test file uses its part; tests build what a hostile project would contain"
)]

pub mod edits;

use std::fs;
use std::path::PathBuf;

use certus_workspace::{Listing, Project};

pub struct Scene {
    place: tempfile::TempDir,
}

impl Scene {
    /// Files by path in the project. Outside it lies one file, `outside/secret.txt`, with the text `outside`.
    pub fn with(files: &[(&str, &str)]) -> Scene {
        let place = tempfile::tempdir().expect("a temporary directory");
        fs::create_dir(place.path().join("project")).expect("mkdir");
        fs::create_dir(place.path().join("outside")).expect("mkdir");
        fs::write(place.path().join("outside/secret.txt"), "outside").expect("write");
        let scene = Scene { place };
        for (path, text) in files {
            scene.write(path, text);
        }
        scene
    }

    pub fn at(&self, path: &str) -> PathBuf {
        self.place.path().join("project").join(path)
    }

    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("mkdir");
        fs::write(path, content).expect("write");
    }

    #[cfg(unix)]
    pub fn link(&self, target: &str, path: &str) {
        fs::create_dir_all(self.at(path).parent().expect("a parent")).expect("mkdir");
        std::os::unix::fs::symlink(target, self.at(path)).expect("symlink");
    }

    #[cfg(unix)]
    pub fn fifo(&self, path: &str) {
        use rustix::fs::{CWD, FileType, mknodat};
        mknodat(CWD, self.at(path), FileType::Fifo, 0o600.into(), 0).expect("mkfifo");
    }

    pub fn open(&self) -> Project {
        Project::open(&self.at("")).expect("the project opens")
    }
}

pub fn paths(listing: &Listing) -> Vec<&str> {
    listing.entries.iter().map(|entry| entry.path.as_str()).collect()
}

pub fn left_out(listing: &Listing) -> Vec<String> {
    listing.left_out.iter().map(|left| format!("{}: {}", left.path, left.why)).collect()
}
