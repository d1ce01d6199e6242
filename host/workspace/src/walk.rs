//! Listing: every regular file that may be seen, and what was left out and why.
//!
//! Depth first, holding one directory handle a level, so that a deep tree costs no more than [`MOST_DEPTH`] handles.

use std::ffi::OsString;
use std::io;
use std::sync::Arc;

use cap_std::fs::{DirEntry, FileType};

use crate::exclude::Exclusion;
use crate::open::{self, Refused};
use crate::path::{has_drive, is_component, join, shown};
use crate::project::{Pass, Place, Project, Shut};

/// Most files in one listing.
pub const MOST_ENTRIES: usize = 100_000;
/// Deepest directory entered, where the root is 0.
pub const MOST_DEPTH: usize = 64;
/// Most names looked at in one walk, whatever they are.
const MOST_NAMES: usize = 300_000;
/// Most things left out that are named; more are counted.
const MOST_LEFT_OUT: usize = 1_000;

/// The bounds of one walk.
struct Bounds {
    entries: usize,
    names: usize,
}

const BOUNDS: Bounds = Bounds { entries: MOST_ENTRIES, names: MOST_NAMES };

/// A regular file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entry {
    /// Relative to the root, with `/`.
    pub path: String,
    /// Bytes.
    pub size: u64,
}

/// A symbolic link that may be seen. It is never followed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Link {
    /// Relative to the root, with `/`.
    pub path: String,
    /// What it names, as bytes of the operating system; empty where that cannot be read.
    pub target: Vec<u8>,
}

/// Something that is there and is not listed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    /// Relative to the root, with `/`; characters that could mislead a reader are escaped.
    pub path: String,
    /// Why.
    pub why: Why,
}

/// Why something is not listed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Why {
    /// Excluded, with everything below it.
    Excluded(Exclusion),
    /// A symbolic link within the project, or to nowhere: not followed.
    SymbolicLink,
    /// A symbolic link that leads out of the project: not followed.
    LeadsOutside,
    /// A FIFO, device or socket, with its article: never opened.
    Special(&'static str),
    /// The name is not UTF-8, or has control characters, a backslash or a drive.
    Unnameable,
    /// The operating system does not let us look.
    Unreadable(String),
    /// A directory below [`MOST_DEPTH`].
    TooDeep,
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Why::Excluded(why) => why.fmt(f),
            Why::SymbolicLink => f.write_str("a symbolic link, not followed"),
            Why::LeadsOutside => f.write_str("a symbolic link out of the project"),
            Why::Special(what) => f.write_str(what),
            Why::Unnameable => f.write_str("a name that cannot be used"),
            Why::Unreadable(why) => write!(f, "unreadable: {why}"),
            Why::TooDeep => write!(f, "deeper than {MOST_DEPTH} directories"),
        }
    }
}

/// What a project consists of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Sorted by path, byte by byte.
    pub entries: Vec<Entry>,
    /// Sorted by path, byte by byte: at most as many as there may be files. They are left out too.
    pub links: Vec<Link>,
    /// At most 1,000, sorted by path.
    pub left_out: Vec<LeftOut>,
    /// How many more were left out.
    pub left_out_more: u64,
    /// A bound was reached: there is more than is listed.
    pub truncated: bool,
    /// Where the walk ended because it had seen as much as it may: the first path that is not listed, or the folder of which
    /// not all names were looked at; `.` for the root.
    pub stopped_at: Option<String>,
}

/// How far a walk goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    Here,
    Below,
}

struct Frame {
    place: Arc<Place>,
    depth: usize,
    /// Directories still to enter, last first.
    directories: Vec<(String, Shut)>,
}

struct Walk<'a> {
    project: &'a Project,
    listing: Listing,
    names: usize,
    bounds: Bounds,
}

impl Project {
    /// Every file of the project that may be seen: at most [`MOST_ENTRIES`], to a depth of [`MOST_DEPTH`]. What cannot be read is
    /// named in [`Listing::left_out`]; listing itself does not fail.
    #[must_use]
    pub fn files(&self) -> Listing {
        match self.start() {
            Ok(place) => self.walk(place, Reach::Below),
            Err(error) => {
                let why = Why::Unreadable(error.to_string());
                Listing { left_out: vec![LeftOut { path: String::new(), why }], ..Listing::default() }
            }
        }
    }

    pub(crate) fn walk(&self, start: Place, reach: Reach) -> Listing {
        self.walk_bounded(start, reach, BOUNDS)
    }

    fn walk_bounded(&self, start: Place, reach: Reach, bounds: Bounds) -> Listing {
        let mut walk = Walk { project: self, listing: Listing::default(), names: 0, bounds };
        let depth = start.path.split('/').filter(|name| !name.is_empty()).count();
        let mut frames = vec![walk.open(start, depth)];
        while let Some(frame) = frames.last_mut() {
            if reach == Reach::Here || walk.is_full() {
                break;
            }
            let Some((name, shut)) = frame.directories.pop() else {
                frames.pop();
                continue;
            };
            let path = join(&frame.place.path, &name);
            if frame.depth >= MOST_DEPTH {
                walk.listing.truncated = true;
                walk.leave_out(&path, Why::TooDeep);
                continue;
            }
            match self.enter(&frame.place, &name, shut) {
                Ok(place) => {
                    let depth = frame.depth + 1;
                    frames.push(walk.open(place, depth));
                }
                Err(refused) => walk.leave_out_refused(&path, refused),
            }
        }
        let mut listing = walk.listing;
        listing.entries.sort();
        listing.links.sort();
        listing.left_out.sort();
        listing
    }
}

impl Walk<'_> {
    /// Look at every name in one directory; what can be entered is kept for later.
    fn open(&mut self, place: Place, depth: usize) -> Frame {
        let mut directories = Vec::new();
        match names(&place, &mut self.names, self.bounds.names) {
            Ok((entries, whole)) => {
                if !whole {
                    self.stop_at(&place.path);
                }
                for (name, entry) in entries {
                    if self.is_full() {
                        break;
                    }
                    self.look(&place, &name, &entry, &mut directories);
                }
            }
            Err(error) => self.leave_out(&place.path, Why::Unreadable(error.to_string())),
        }
        directories.reverse();
        Frame { place: Arc::new(place), depth, directories }
    }

    fn look(&mut self, place: &Place, name: &OsString, entry: &DirEntry, directories: &mut Vec<(String, Shut)>) {
        let Some(name) = name.to_str().filter(|name| is_component(name) && !(place.path.is_empty() && has_drive(name)))
        else {
            return self.leave_out(&join(&place.path, &name.to_string_lossy()), Why::Unnameable);
        };
        let path = join(&place.path, name);
        let file_type = match file_type(entry) {
            Ok(file_type) => file_type,
            Err(error) => return self.leave_out_refused(&path, Refused::Io(error)),
        };
        match self.project.pass(place, name, file_type.is_dir()) {
            Pass::No(why) => self.leave_out(&path, Why::Excluded(why)),
            Pass::Through(shut) => directories.push((name.to_owned(), shut)),
            Pass::Visible if file_type.is_dir() => directories.push((name.to_owned(), None)),
            Pass::Visible if file_type.is_file() => match entry.metadata() {
                Ok(seen) if seen.is_file() => {
                    if self.listing.entries.len() >= self.bounds.entries {
                        self.stop_at(&path);
                    } else {
                        self.listing.entries.push(Entry { path, size: seen.len() });
                    }
                }
                Ok(seen) => self.leave_out_refused(&path, Refused::Is(open::kind(&seen.file_type()))),
                Err(error) => self.leave_out_refused(&path, Refused::Io(error)),
            },
            Pass::Visible if file_type.is_symlink() => {
                if self.listing.links.len() >= self.bounds.entries {
                    self.stop_at(&path);
                } else {
                    let target = place.directory.read_link_contents(name).unwrap_or_default();
                    let target = target.into_os_string().into_encoded_bytes();
                    self.listing.links.push(Link { path: path.clone(), target });
                }
                self.leave_out_refused(&path, Refused::Is(open::SYMBOLIC_LINK));
            }
            Pass::Visible => self.leave_out_refused(&path, Refused::Is(open::kind(&file_type))),
        }
    }

    fn stop_at(&mut self, path: &str) {
        self.listing.truncated = true;
        let path = if path.is_empty() { "." } else { path };
        self.listing.stopped_at.get_or_insert_with(|| shown(path));
    }

    fn is_full(&self) -> bool {
        self.listing.truncated && self.listing.entries.len() >= self.bounds.entries
    }

    fn leave_out_refused(&mut self, path: &str, refused: Refused) {
        let why = match refused {
            // It was there a moment ago: a file that vanishes while we look is no part of the project.
            Refused::Missing => return,
            Refused::Is(open::SYMBOLIC_LINK) if open::leads_outside(&self.project.directory, path) => Why::LeadsOutside,
            Refused::Is(open::SYMBOLIC_LINK) => Why::SymbolicLink,
            Refused::Is(what) => Why::Special(what),
            Refused::Io(error) if error.kind() == io::ErrorKind::NotFound => return,
            Refused::Io(error) => Why::Unreadable(error.to_string()),
        };
        self.leave_out(path, why);
    }

    fn leave_out(&mut self, path: &str, why: Why) {
        if self.listing.left_out.len() >= MOST_LEFT_OUT {
            self.listing.left_out_more += 1;
        } else {
            self.listing.left_out.push(LeftOut { path: shown(path), why });
        }
    }
}

/// The names in one directory, sorted, and whether these are all: `seen` counts up to `most` over a whole walk.
fn names(place: &Place, seen: &mut usize, most: usize) -> io::Result<(Vec<(OsString, DirEntry)>, bool)> {
    let mut entries = Vec::new();
    for entry in place.directory.entries()? {
        if *seen >= most {
            return Ok((entries, false));
        }
        *seen += 1;
        let entry = entry?;
        entries.push((entry.file_name(), entry));
    }
    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok((entries, true))
}

/// From the directory itself where the file system says it there.
fn file_type(entry: &DirEntry) -> io::Result<FileType> {
    let file_type = entry.file_type()?;
    if file_type == FileType::unknown() { Ok(entry.metadata()?.file_type()) } else { Ok(file_type) }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the test builds a project")]
mod tests {
    use super::*;

    #[test]
    fn a_walk_stops_at_its_bounds_and_says_so() {
        let place = tempfile::tempdir().expect("tempdir");
        for directory in ["a", "b", "c"] {
            std::fs::create_dir(place.path().join(directory)).expect("mkdir");
            for file in ["1", "2"] {
                std::fs::write(place.path().join(directory).join(file), "").expect("write");
            }
        }
        let project = Project::open(place.path()).expect("opens");
        let walk = |entries, names| {
            let start = project.start().expect("starts");
            let listing = project.walk_bounded(start, Reach::Below, Bounds { entries, names });
            assert_eq!(listing.truncated, listing.stopped_at.is_some());
            (listing.entries.len(), listing.stopped_at)
        };
        let stopped = |at: &str| Some(at.to_owned());
        assert_eq!(walk(6, 9), (6, None));
        assert_eq!(walk(5, 9), (5, stopped("c/2")));
        assert_eq!(walk(6, 5), (2, stopped("b")));
        assert_eq!(walk(0, 9), (0, stopped("a/1")));
    }
}
