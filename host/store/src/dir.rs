//! The state directory: which file lies where, and how a file is replaced as a whole.
//!
//! A cloned repository may bring its own `.certus`. So nothing here follows a link: the directories must be directories
//! and the files are opened as files.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use certus_engine::ChainId;

use crate::StoreError;

/// Where a project's state lies.
#[derive(Debug, Clone)]
pub(crate) struct Dir {
    root: PathBuf,
}

impl Dir {
    /// The directory as it stands, made when `make` says so.
    pub(crate) fn open(path: &Path, make: bool) -> Result<Self, StoreError> {
        if make && ensure(path)? {
            // The directory's own entry must survive a power cut as well as what is in it.
            if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
                sync(parent)?;
            }
        } else {
            match fs::symlink_metadata(path) {
                Ok(meta) if meta.is_dir() => {}
                Ok(_) => return Err(StoreError::Link { path: path.to_owned() }),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Err(StoreError::Missing { path: path.to_owned() });
                }
                Err(error) => return Err(StoreError::io(path, &error)),
            }
        }
        // SQLite is told to follow no link, and looks at the parents too: those are the person's own affair.
        let root = fs::canonicalize(path).map_err(|error| StoreError::io(path, &error))?;
        Ok(Self { root })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn db(&self) -> PathBuf {
        self.root.join("certus.db")
    }

    /// A complete database that is about to take the damaged one's place.
    pub(crate) fn recovered(&self) -> PathBuf {
        self.root.join("certus.db.recovered")
    }

    /// How far the database was written; see [`crate::mark`].
    pub(crate) fn written(&self) -> PathBuf {
        self.root.join("written")
    }

    pub(crate) fn active(&self) -> PathBuf {
        self.root.join("active")
    }

    pub(crate) fn contexts(&self) -> PathBuf {
        self.root.join("contexts")
    }

    pub(crate) fn locks(&self) -> PathBuf {
        self.root.join("locks")
    }

    pub(crate) fn lock(&self, chain: ChainId) -> PathBuf {
        self.locks().join(format!("chain-{chain}.lock"))
    }

    /// Keep the state out of version control, whatever the project ignores.
    pub(crate) fn ignore_itself(&self) -> Result<(), StoreError> {
        let path = self.root.join(".gitignore");
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => file.write_all(b"*\n").map_err(|error| {
                // An empty one would be taken for written ever after.
                let _ = fs::remove_file(&path);
                StoreError::io(&path, &error)
            }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(StoreError::io(&path, &error)),
        }
    }

    /// Remove what processes that were killed left in `tmp/`. What cannot be removed does no harm there.
    pub(crate) fn sweep(&self) {
        let Ok(listed) = fs::read_dir(self.root.join("tmp")) else { return };
        for entry in listed.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let pid = name.split_once('-').and_then(|(pid, _)| pid.parse::<u32>().ok());
            // Where there is no `/proc`, nobody is known to be dead.
            let dead = Path::new("/proc/self").exists()
                && pid.is_some_and(|pid| !Path::new("/proc").join(pid.to_string()).exists());
            if dead {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Put `bytes` in place of `target`'s content: a reader sees the old or the new, never a part, and after a power
    /// cut too.
    pub(crate) fn replace(&self, target: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        let tmp = self.root.join("tmp");
        ensure(&tmp)?;
        let temporary = tmp.join(temporary_name());
        let written = (|| {
            let mut file = OpenOptions::new().write(true).create_new(true).open(&temporary)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&temporary, target)
        })();
        if let Err(error) = written {
            // Nothing half-written stays; that it cannot be removed either changes nothing in what is reported.
            let _ = fs::remove_file(&temporary);
            return Err(StoreError::io(target, &error));
        }
        target.parent().map_or(Ok(()), sync)
    }
}

/// Of this process, and never the same twice.
fn temporary_name() -> String {
    static FILES: AtomicU64 = AtomicU64::new(0);
    format!("{}-{}", std::process::id(), FILES.fetch_add(1, Ordering::Relaxed))
}

/// Make a private directory unless it is there; whether it was made.
pub(crate) fn ensure(path: &Path) -> Result<bool, StoreError> {
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => return Ok(false),
        Ok(_) => return Err(StoreError::Link { path: path.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(StoreError::io(path, &error)),
    }
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Ok(()) => Ok(true),
        // Somebody else was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => ensure(path),
        Err(error) => Err(StoreError::io(path, &error)),
    }
}

/// Make a directory below a user's own, with its parents, and see that it is this user's alone.
#[cfg(unix)]
pub(crate) fn ensure_private(path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::{DirBuilderExt, MetadataExt};
    let said = |error: io::Error| StoreError::io(path, &error);
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(said)?;
    // Of a link itself: it would be checked here and could lead elsewhere later.
    let meta = fs::symlink_metadata(path).map_err(said)?;
    let mine = meta.is_dir() && meta.uid() == rustix::process::geteuid().as_raw();
    if mine && meta.mode() & 0o077 == 0 { Ok(()) } else { Err(StoreError::Exposed { path: path.to_owned() }) }
}

/// Who else can write there is not known here.
#[cfg(not(unix))]
pub(crate) fn ensure_private(path: &Path) -> Result<(), StoreError> {
    Err(StoreError::Exposed { path: path.to_owned() })
}

/// Make a directory's entries durable.
pub(crate) fn sync(dir: &Path) -> Result<(), StoreError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(|error| StoreError::io(dir, &error))
}

/// Which file lies at a path now; absent where none does. A file that was removed keeps what is written to it for nobody.
pub(crate) fn identity(path: &Path) -> Option<(u64, u64)> {
    let meta = fs::symlink_metadata(path).ok()?;
    #[cfg(unix)]
    return Some((std::os::unix::fs::MetadataExt::dev(&meta), std::os::unix::fs::MetadataExt::ino(&meta)));
    #[cfg(not(unix))]
    meta.is_file().then_some((0, 0))
}

/// The number in a file name such as `chain-047-…`.
pub(crate) fn number_in(name: &str) -> Option<ChainId> {
    let digits: String = name.strip_prefix("chain-")?.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}
