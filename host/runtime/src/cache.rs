//! Compiled code on disk, so that only the first process that loads a plugin compiles it.
//!
//! An entry is native code: whoever can write one can run anything as this user. So the directory must belong to this
//! user and to nobody else, or it is not used at all. Damage is another matter than forgery: each entry has its checksum
//! beside it, and one that does not match is compiled anew. Entries are written under another name and renamed, so
//! processes need not know of each other.

use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use certus_engine::Digest;
use sha2::{Digest as _, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

/// Why the cache is not used. Loading works all the same, only slower.
#[derive(Debug, thiserror::Error)]
pub enum CacheWarning {
    /// The directory cannot be made or looked at.
    #[error("compiled plugins are not kept: {path}: {error}", path = path.display())]
    Unusable {
        /// The directory.
        path: PathBuf,
        /// What happened.
        error: io::Error,
    },
    /// Others could put native code into the directory.
    #[error("compiled plugins are not kept: {path} must be a directory of this user with mode 0700", path = path.display())]
    Unsafe {
        /// The directory.
        path: PathBuf,
    },
    /// An entry was not written.
    #[error("a compiled plugin was not kept: {0}")]
    NotWritten(String),
}

/// The entries that one engine understands.
pub(crate) struct Cache {
    dir: PathBuf,
}

impl Cache {
    /// Open the cache below `root` for an engine, making it if need be.
    pub(crate) fn open(root: &Path, engine: &Engine) -> Result<Self, CacheWarning> {
        let mut hasher = Sha256Hasher(Sha256::new());
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let dir = root.join(hex::encode(&hasher.0.finalize()[..16]));
        for dir in [root, &dir] {
            private_dir(dir)?;
        }
        Ok(Self { dir })
    }

    fn paths(&self, digest: &Digest) -> (PathBuf, PathBuf) {
        (self.dir.join(format!("{digest}.cwasm")), self.dir.join(format!("{digest}.sha256")))
    }

    /// The compiled form of the component with this digest, if there is a sound one.
    pub(crate) fn get(&self, engine: &Engine, digest: &Digest) -> Option<Component> {
        let (code, sum) = self.paths(digest);
        let expected = fs::read_to_string(sum).ok()?;
        if checksum(&code).ok()? != expected {
            return None;
        }
        // SAFETY: the file must be what `Component::serialize` wrote, and must not change while it is mapped. The
        // directory was found to belong to this user alone (`private_dir`), so nobody else can have written it; this
        // program writes there only what it serialised, under the digest of what was compiled, and only by renaming, which
        // leaves a mapped file as it is. A file damaged since was refused by its checksum, one of another version or
        // engine is refused by wasmtime.
        unsafe { Component::deserialize_file(engine, code) }.ok()
    }

    /// Keep the compiled form of the component with this digest.
    pub(crate) fn put(&self, component: &Component, digest: &Digest) -> Result<(), CacheWarning> {
        let (code, sum) = self.paths(digest);
        let bytes = component.serialize().map_err(|error| CacheWarning::NotWritten(error.to_string()))?;
        let failed = |error: io::Error| CacheWarning::NotWritten(format!("{}: {error}", self.dir.display()));
        self.write(&code, &bytes).map_err(failed)?;
        self.write(&sum, hex::encode(Sha256::digest(&bytes)).as_bytes()).map_err(failed)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        let temporary = self.dir.join(format!(".{}-{count}.tmp", std::process::id()));
        let written = fs::write(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        written
    }
}

/// Of a whole file, in pieces: compiled plugins can be large.
fn checksum(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex::encode(hasher.finalize())),
            count => hasher.update(&buffer[..count]),
        }
    }
}

#[cfg(unix)]
fn private_dir(path: &Path) -> Result<(), CacheWarning> {
    use std::os::unix::fs::{DirBuilderExt, MetadataExt};
    let failed = |error| CacheWarning::Unusable { path: path.to_owned(), error };
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
    // A symbolic link is not followed: it would be checked here and could lead elsewhere later.
    let metadata = fs::symlink_metadata(path).map_err(failed)?;
    let mine = metadata.is_dir() && metadata.uid() == rustix::process::geteuid().as_raw();
    if mine && metadata.mode() & 0o077 == 0 { Ok(()) } else { Err(CacheWarning::Unsafe { path: path.to_owned() }) }
}

#[cfg(not(unix))]
fn private_dir(path: &Path) -> Result<(), CacheWarning> {
    // Who else can write there is not known here.
    Err(CacheWarning::Unsafe { path: path.to_owned() })
}

/// A hasher of which the whole digest can be had, the same in every build.
struct Sha256Hasher(Sha256);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest = self.0.clone().finalize();
        digest.iter().take(8).fold(0, |sum, &byte| sum << 8 | u64::from(byte))
    }
}
