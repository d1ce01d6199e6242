//! The project: a root, a handle on it, and the one gate that says what may be seen.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use crate::cite::TextCache;
use crate::error::{Error, ReadError};
use crate::exclude::{self, Exclusion};
use crate::ignored::{Rules, RulesCache};
use crate::open::{self, Refused};
use crate::path::{is_at_or_below, is_inside, join, split};

/// A user's project. Cheap to use from many threads at once; holds one directory handle and two bounded caches.
pub struct Project {
    root: PathBuf,
    pub(crate) directory: Dir,
    trusted: BTreeSet<String>,
    pub(crate) rules: RulesCache,
    pub(crate) texts: TextCache,
    veil: OnceLock<Veil>,
}

/// A text without what nobody may read in it; nothing where there is nothing of the kind.
pub type Veil = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// A directory on the way to something, with what is needed to judge what lies in it.
pub(crate) struct Place {
    pub(crate) directory: Dir,
    pub(crate) path: String,
    pub(crate) rules: Rules,
    pub(crate) shut: Shut,
}

/// Whether a directory lies below something excluded, of which only a trusted part may be seen.
pub(crate) type Shut = Option<(String, Exclusion)>;

/// The gate's answer.
pub(crate) enum Pass {
    Visible,
    /// A directory that is not seen itself but leads to something trusted.
    Through(Shut),
    No(Exclusion),
}

impl Project {
    /// Open the project at `root`. Nothing above `root` is looked at, and nothing is searched for: the root is what is given.
    ///
    /// # Errors
    /// Nothing is there, it is not a directory, or it may not be entered.
    #[expect(clippy::disallowed_methods, reason = "the one place where an ambient path becomes a capability")]
    pub fn open(root: &Path) -> Result<Project, Error> {
        let path = || root.to_path_buf();
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => Error::NotFound { path: path() },
            io::ErrorKind::NotADirectory => Error::NotADirectory { path: path() },
            io::ErrorKind::PermissionDenied => Error::Denied { path: path(), source },
            _ => Error::Io { path: path(), source },
        };
        let canonical = root.canonicalize().map_err(failed)?;
        let directory = Dir::open_ambient_dir(&canonical, ambient_authority()).map_err(failed)?;
        if !directory.dir_metadata().map_err(failed)?.is_dir() {
            return Err(Error::NotADirectory { path: path() });
        }
        // A directory that can be entered but not listed is refused now, by name, rather than seen as empty later.
        directory.entries().map_err(failed)?;
        Ok(Project {
            root: canonical,
            directory,
            trusted: BTreeSet::new(),
            rules: RulesCache::default(),
            texts: TextCache::default(),
            veil: OnceLock::new(),
        })
    }

    /// From now on texts of files are read, searched and cited without what the veil takes out. The first veil stays.
    pub fn hide(&self, veil: Veil) {
        let _ = self.veil.set(veil);
    }

    /// What of a text may be read, where that is not all of it.
    pub(crate) fn veiled(&self, text: &str) -> Option<String> {
        self.veil.get().and_then(|veil| veil(text))
    }

    /// Let these excluded paths be seen: each is one file, or one directory with everything below it that is not excluded
    /// again by another rule. Only for names that a person gave outside the project's own files. Paths that are not project
    /// paths are passed over.
    #[must_use]
    pub fn trusting(mut self, paths: impl IntoIterator<Item = String>) -> Project {
        self.trusted.extend(paths.into_iter().filter(|path| is_inside(path)));
        self
    }

    /// The canonical path of the root, for a person and for starting commands there.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether this process could create a file in the root. Nothing is written to find out.
    #[must_use]
    pub fn writable(&self) -> bool {
        #[cfg(unix)]
        {
            use rustix::fs::{Access, AtFlags, accessat};
            accessat(&self.directory, ".", Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS).is_ok()
        }
        #[cfg(not(unix))]
        {
            self.directory.dir_metadata().is_ok_and(|seen| !seen.permissions().readonly())
        }
    }

    /// Bytes that this user can still write to the disk of the project; absent where the system does not say.
    #[must_use]
    pub fn free_space(&self) -> Option<u64> {
        #[cfg(unix)]
        {
            let disk = rustix::fs::fstatvfs(&self.directory).ok()?;
            Some(disk.f_bavail.saturating_mul(disk.f_frsize))
        }
        #[cfg(not(unix))]
        None
    }

    /// Where every walk and every path begins.
    pub(crate) fn start(&self) -> io::Result<Place> {
        let directory = self.directory.try_clone()?;
        let rules = self.rules.enter(&directory, "", &Rules::default());
        Ok(Place { directory, path: String::new(), rules, shut: None })
    }

    /// The gate: whether `name` in `place` may be seen.
    pub(crate) fn pass(&self, place: &Place, name: &str, is_directory: bool) -> Pass {
        let path = join(&place.path, name);
        let shut = match excluded(place, name, &path, is_directory) {
            Some(why) => Some((path.clone(), why)),
            None => place.shut.clone(),
        };
        let Some((at, why)) = &shut else { return Pass::Visible };
        let mut trusted = self.trusted.iter();
        if trusted.clone().any(|trusted| is_at_or_below(trusted, at) && is_at_or_below(&path, trusted)) {
            Pass::Visible
        } else if is_directory && trusted.any(|trusted| is_at_or_below(trusted, &path)) {
            Pass::Through(shut)
        } else {
            Pass::No(*why)
        }
    }

    /// Step into a directory that the gate let pass.
    pub(crate) fn enter(&self, place: &Place, name: &str, shut: Shut) -> Result<Place, Refused> {
        let directory = open::directory(&place.directory, name)?;
        let path = join(&place.path, name);
        let rules = self.rules.enter(&directory, &path, &place.rules);
        Ok(Place { directory, path, rules, shut })
    }

    /// The directory that holds `path`, after asking the gate for every component and for `path` itself.
    pub(crate) fn locate(&self, path: &str) -> Result<(Place, String), ReadError> {
        if !is_inside(path) {
            return Err(ReadError::Outside { path: path.to_owned() });
        }
        let (directory, name) = split(path);
        let place = self.place(directory, path)?;
        self.admit(&place, name, path)?;
        Ok((place, name.to_owned()))
    }

    /// Whether the file `name` in `place` may be seen; errors name it as `path`.
    pub(crate) fn admit(&self, place: &Place, name: &str, path: &str) -> Result<(), ReadError> {
        match self.pass(place, name, false) {
            Pass::Visible => Ok(()),
            Pass::Through(Some((_, why))) | Pass::No(why) => Err(ReadError::Excluded { path: path.to_owned(), why }),
            Pass::Through(None) => Err(ReadError::Missing { path: path.to_owned() }),
        }
    }

    /// The directory at `directory` (`""` is the root); errors name `asked`.
    pub(crate) fn place(&self, directory: &str, asked: &str) -> Result<Place, ReadError> {
        let path = || asked.to_owned();
        if !directory.is_empty() && !is_inside(directory) {
            return Err(ReadError::Outside { path: path() });
        }
        let mut place = self.start().map_err(|source| ReadError::Io { path: path(), source })?;
        for name in directory.split('/').filter(|name| !name.is_empty()) {
            place = self.step(&place, name, asked)?;
        }
        Ok(place)
    }

    /// Ask the gate for the directory `name` in `place`, and step into it; errors name `asked`.
    pub(crate) fn step(&self, place: &Place, name: &str, asked: &str) -> Result<Place, ReadError> {
        let shut = match self.pass(place, name, true) {
            Pass::Visible => None,
            Pass::Through(shut) => shut,
            Pass::No(why) => return Err(ReadError::Excluded { path: asked.to_owned(), why }),
        };
        let reached = join(&place.path, name);
        self.enter(place, name, shut).map_err(|refused| self.read_error(asked, &reached, refused))
    }

    /// `asked` failed because of what is at `reached`, which is `asked` or a directory on the way.
    pub(crate) fn read_error(&self, asked: &str, reached: &str, refused: Refused) -> ReadError {
        let path = asked.to_owned();
        match refused {
            Refused::Missing => ReadError::Missing { path },
            Refused::Is(open::SYMBOLIC_LINK) if open::leads_outside(&self.directory, reached) => {
                ReadError::Outside { path }
            }
            // `a.txt/b` is not there; that `a.txt` is a file does not matter to who asked.
            Refused::Is(what) if asked != reached && what != open::SYMBOLIC_LINK => ReadError::Missing { path },
            Refused::Is(what) => ReadError::NotRegular { path, what },
            Refused::Io(source) => ReadError::Io { path, source },
        }
    }
}

/// What excludes `name` in `place`, whatever is trusted.
pub(crate) fn excluded(place: &Place, name: &str, path: &str, is_directory: bool) -> Option<Exclusion> {
    exclude::by_name(name)
        .or_else(|| {
            let beside = if is_directory { exclude::output_beside(name) } else { &[] };
            let witnessed = beside.iter().any(|witness| place.directory.symlink_metadata(witness).is_ok());
            witnessed.then_some(Exclusion::Output)
        })
        .or_else(|| place.rules.exclusion(path, is_directory))
}

impl std::fmt::Debug for Project {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Project").field("root", &self.root).field("trusted", &self.trusted).finish_non_exhaustive()
    }
}
