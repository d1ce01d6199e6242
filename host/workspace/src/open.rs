//! Opening one thing in one directory, such that nothing swapped between looking and opening can lead elsewhere or hang us.
//!
//! A regular file is looked at first, so that a device or FIFO is not opened at all; then opened without following a link and
//! without blocking; then the *opened* file is looked at, which is what counts.

use std::io::{self, Read};

use cap_fs_ext::{DirExt, FileTypeExt, FollowSymlinks, MetadataExt, OpenOptionsFollowExt, OpenOptionsSyncExt};
use cap_std::fs::{Dir, File, FileType, Metadata, OpenOptions};

/// Why something could not be opened, before it has a path.
#[derive(Debug)]
pub(crate) enum Refused {
    Missing,
    /// What is there instead, with its article.
    Is(&'static str),
    Io(io::Error),
}

/// Identity, size and time of a file: while they are unchanged, so is what was read from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: Option<cap_std::time::SystemTime>,
}

impl Stamp {
    pub(crate) fn of(metadata: &Metadata) -> Stamp {
        Stamp {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.len(),
            modified: metadata.modified().ok(),
        }
    }
}

/// A regular file of `directory`, opened for reading, and what the open file says of itself.
pub(crate) fn file(directory: &Dir, name: &str) -> Result<(File, Metadata), Refused> {
    let seen = directory.symlink_metadata(name).map_err(refused)?;
    if !seen.is_file() {
        return Err(Refused::Is(kind(&seen.file_type())));
    }
    file_unlooked(directory, name)
}

/// The second half of [`file`]: must be safe by itself, because anything may have happened since the first.
fn file_unlooked(directory: &Dir, name: &str) -> Result<(File, Metadata), Refused> {
    let mut options = OpenOptions::new();
    options.read(true).follow(FollowSymlinks::No).nonblock(true);
    let file = match directory.open_with(name, &options) {
        Ok(file) => file,
        Err(error) => return Err(refused_for(directory, name, error)),
    };
    let metadata = file.metadata().map_err(Refused::Io)?;
    if metadata.is_file() { Ok((file, metadata)) } else { Err(Refused::Is(kind(&metadata.file_type()))) }
}

/// A directory of `directory`, unless it is a symbolic link.
pub(crate) fn directory(directory: &Dir, name: &str) -> Result<Dir, Refused> {
    directory.open_dir_nofollow(name).map_err(|error| refused_for(directory, name, error))
}

/// At most `limit` bytes of a regular file; `None` when it has more. Small files of our own interest only.
pub(crate) fn bytes(directory: &Dir, name: &str, limit: u64) -> Result<Option<Vec<u8>>, Refused> {
    let (file, metadata) = file(directory, name)?;
    if metadata.len() > limit {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(Refused::Io)?;
    Ok((bytes.len() as u64 <= limit).then_some(bytes))
}

/// What a file is, with its article.
pub(crate) fn kind(file_type: &FileType) -> &'static str {
    if file_type.is_file() {
        "a regular file"
    } else if file_type.is_dir() {
        "a directory"
    } else if file_type.is_symlink() {
        SYMBOLIC_LINK
    } else if file_type.is_fifo() {
        "a FIFO"
    } else if file_type.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

pub(crate) const SYMBOLIC_LINK: &str = "a symbolic link";

fn refused(error: io::Error) -> Refused {
    if error.kind() == io::ErrorKind::NotFound { Refused::Missing } else { Refused::Io(error) }
}

/// An open that failed because of what is there says so; the error code alone differs between systems.
fn refused_for(directory: &Dir, name: &str, error: io::Error) -> Refused {
    match directory.symlink_metadata(name) {
        Ok(seen) if seen.is_symlink() => Refused::Is(SYMBOLIC_LINK),
        Ok(seen) if error.kind() == io::ErrorKind::NotADirectory => Refused::Is(kind(&seen.file_type())),
        Ok(seen) if !seen.is_file() && !seen.is_dir() => Refused::Is(kind(&seen.file_type())),
        _ => refused(error),
    }
}

/// Whether a symbolic link leads out of `root`, or nowhere. `path` is the link's, from `root`.
pub(crate) fn leads_outside(root: &Dir, path: &str) -> bool {
    match root.metadata(path) {
        Ok(_) => false,
        // The sandbox's own refusal carries no code of the operating system.
        Err(error) => error.kind() == io::ErrorKind::PermissionDenied && error.raw_os_error().is_none(),
    }
}

#[cfg(all(test, unix))]
#[expect(clippy::disallowed_methods, reason = "the test builds what a hostile project would contain")]
mod tests {
    use super::*;
    use cap_std::ambient_authority;

    fn scene() -> (tempfile::TempDir, Dir) {
        let place = tempfile::tempdir().expect("tempdir");
        let outside = place.path().join("outside");
        std::fs::write(&outside, "outside").expect("write");
        std::fs::create_dir(place.path().join("in")).expect("mkdir");
        std::os::unix::fs::symlink("../outside", place.path().join("in/link")).expect("link");
        std::os::unix::fs::symlink(place.path(), place.path().join("in/dir-link")).expect("link");
        let fifo = place.path().join("in/fifo");
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).expect("mkfifo");
        let _socket = std::os::unix::net::UnixListener::bind(place.path().join("in/socket")).expect("bind");
        let dir = Dir::open_ambient_dir(place.path().join("in"), ambient_authority()).expect("open");
        (place, dir)
    }

    #[test]
    fn what_was_swapped_after_the_look_is_refused_by_the_open_itself() {
        let (_place, dir) = scene();
        assert!(matches!(file_unlooked(&dir, "link"), Err(Refused::Is("a symbolic link"))));
        assert!(matches!(file_unlooked(&dir, "fifo"), Err(Refused::Is("a FIFO"))));
        assert!(matches!(file_unlooked(&dir, "socket"), Err(Refused::Is("a socket"))));
        assert!(matches!(file_unlooked(&dir, "dir-link"), Err(Refused::Is("a symbolic link"))));
        assert!(matches!(file_unlooked(&dir, "../outside"), Err(Refused::Io(_))));
    }

    #[test]
    fn the_look_names_what_is_there() {
        let (_place, dir) = scene();
        for (name, what) in [("link", "a symbolic link"), ("fifo", "a FIFO"), ("socket", "a socket")] {
            assert!(matches!(file(&dir, name), Err(Refused::Is(is)) if is == what), "{name}");
            assert!(matches!(directory(&dir, name), Err(Refused::Is(is)) if is == what), "{name}");
        }
        assert!(matches!(file(&dir, "absent"), Err(Refused::Missing)));
        assert!(matches!(directory(&dir, "absent"), Err(Refused::Missing)));
        assert!(leads_outside(&dir, "link"));
    }
}
