//! Where an edited file lies: reached component by component from the root, through no link, past everything that excludes.

use std::sync::Arc;

use cap_std::fs::Dir;

use crate::edit::{EditError, names};
use crate::exclude;
use crate::open::{self, Refused};
use crate::path::{is_inside, join, split};
use crate::project::{Place, Project, excluded};

/// The deepest directory there is on the way to a file.
pub(crate) struct Site {
    pub(crate) place: Place,
    /// Directories below it that there are not, outermost first.
    pub(crate) missing: Vec<String>,
    pub(crate) name: String,
}

impl Project {
    /// Reach the directory of `path` as far as there is one, asking of every component what excludes it.
    pub(crate) fn site(&self, path: &str) -> Result<Site, EditError> {
        let own = || path.to_owned();
        if !is_inside(path) {
            return Err(EditError::Outside { path: own() });
        }
        let (directory, name) = split(path);
        let mut place = self.start().map_err(|source| EditError::Io { path: own(), source })?;
        let mut missing: Vec<String> = Vec::new();
        let mut parts = directory.split('/').filter(|part| !part.is_empty());
        // What lies in a directory that is not there has no neighbours and no ignore file of its own.
        let judge = |place: &Place, missing: &[String], name: &str, is_directory| {
            let why = if missing.is_empty() {
                excluded(place, name, &join(&place.path, name), is_directory)
            } else {
                let path = join(&join(&place.path, &missing.join("/")), name);
                exclude::by_name(name).or_else(|| place.rules.exclusion(&path, is_directory))
            };
            why.map_or(Ok(()), |why| Err(EditError::Excluded { path: own(), why }))
        };
        for part in parts.by_ref() {
            judge(&place, &missing, part, true)?;
            if !missing.is_empty() {
                missing.push(part.to_owned());
                continue;
            }
            match self.enter(&place, part, None) {
                Ok(next) => place = next,
                Err(Refused::Missing) => missing.push(part.to_owned()),
                Err(refused) => return Err(self.refusal(path, &join(&place.path, part), refused)),
            }
        }
        judge(&place, &missing, name, false)?;
        Ok(Site { place, missing, name: name.to_owned() })
    }

    /// The directory of an already planned `path`, and which of its components are missing. With `make`, they are made, and added
    /// to `made`. Ignore rules are not asked again: the plan did, and may itself have changed them.
    pub(crate) fn reach(
        &self,
        path: &str,
        make: Option<&mut Vec<String>>,
    ) -> Result<Option<(Arc<Dir>, String)>, EditError> {
        let own = || path.to_owned();
        if !is_inside(path) {
            return Err(EditError::Outside { path: own() });
        }
        if let Some(why) = path.split('/').find_map(exclude::by_name) {
            return Err(EditError::Excluded { path: own(), why });
        }
        let io = |source| EditError::Io { path: own(), source };
        let (directory, name) = split(path);
        let mut made = make;
        let mut dir = self.directory.try_clone().map_err(io)?;
        let mut reached = String::new();
        for part in directory.split('/').filter(|part| !part.is_empty()) {
            reached = join(&reached, part);
            let next = match (open::directory(&dir, part), made.as_deref_mut()) {
                (Ok(next), _) => next,
                (Err(Refused::Missing), None) => return Ok(None),
                (Err(Refused::Missing), Some(made)) => {
                    match dir.create_dir(part) {
                        Ok(()) => made.push(reached.clone()),
                        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                        Err(error) => return Err(self.refusal(path, &reached, Refused::Io(error))),
                    }
                    super::swap::sync(&dir).map_err(io)?;
                    open::directory(&dir, part).map_err(|refused| self.refusal(path, &reached, refused))?
                }
                (Err(refused), _) => return Err(self.refusal(path, &reached, refused)),
            };
            dir = next;
        }
        Ok(Some((Arc::new(dir), name.to_owned())))
    }

    /// Whether a regular file stands at `path`. What cannot be looked at counts as one.
    #[must_use]
    pub fn has_file(&self, path: &str) -> bool {
        match self.reach(path, None) {
            Ok(Some((dir, name))) => match dir.symlink_metadata(&name) {
                Ok(seen) => seen.is_file(),
                Err(error) => error.kind() != std::io::ErrorKind::NotFound,
            },
            Ok(None) | Err(EditError::Is { .. } | EditError::Missing { .. }) => false,
            // A folder on the way leads out of the project: what lies there is not what was written.
            Err(EditError::Outside { .. }) => false,
            Err(_) => true,
        }
    }

    /// Whether nothing stands at `path`, of whatever kind.
    #[must_use]
    pub fn has_nothing(&self, path: &str) -> bool {
        match self.reach(path, None) {
            Ok(Some((dir, name))) => {
                let seen = dir.symlink_metadata(&name);
                seen.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
            }
            found => matches!(found, Ok(None)),
        }
    }

    /// Remove these directories where they are empty, innermost first. One that is not, or no longer there, stays as it is.
    pub(crate) fn remove_empty(&self, directories: &[String]) {
        let mut directories: Vec<_> = directories.iter().collect();
        directories.sort_by_key(|path| std::cmp::Reverse(path.len()));
        for path in directories {
            if let Ok(Some((dir, name))) = self.reach(path, None) {
                let _ = dir.remove_dir(&name);
                let _ = super::swap::sync(&dir);
            }
        }
    }

    /// The edit of `asked` failed because of what is at `reached`, which is `asked` or a directory on the way.
    pub(crate) fn refusal(&self, asked: &str, reached: &str, refused: Refused) -> EditError {
        let (path, at) = (asked.to_owned(), reached.to_owned());
        match refused {
            Refused::Missing => EditError::Missing { path },
            Refused::Is(open::SYMBOLIC_LINK) if open::leads_outside(&self.directory, reached) => {
                EditError::Outside { path }
            }
            Refused::Is(what) => EditError::Is { path, at, what },
            Refused::Io(error) if is_read_only(&error) => EditError::ReadOnly { path, at },
            Refused::Io(source) => EditError::Io { path, source },
        }
    }
}

impl Site {
    /// Whether nothing stands in the way of creating what is missing: a name that cannot be, or one that looks the same.
    pub(crate) fn check_new(&self, path: &str, fold_case: bool) -> Result<(), EditError> {
        for name in self.missing.iter().chain([&self.name]) {
            if let Some(why) = names::fault(name) {
                return Err(EditError::BadName { path: path.to_owned(), why });
            }
        }
        let first = self.missing.first().unwrap_or(&self.name);
        let key = names::key(first, fold_case);
        let io = |source| EditError::Io { path: path.to_owned(), source };
        for entry in self.place.directory.entries().map_err(io)? {
            let name = entry.map_err(io)?.file_name();
            let Some(name) = name.to_str() else { continue };
            if name != first && names::key(name, fold_case) == key {
                let other = join(&self.place.path, name);
                return Err(EditError::Twin { path: path.to_owned(), other, differing: names::differing(first, name) });
            }
        }
        Ok(())
    }

    /// Whether files can be made, replaced and removed in the directory. The permission bits count even for a user whom they do not bind.
    pub(crate) fn check_writable(&self, path: &str) -> Result<(), EditError> {
        let seen = self.place.directory.dir_metadata();
        let seen = seen.map_err(|source| EditError::Io { path: path.to_owned(), source })?;
        let at = || if self.place.path.is_empty() { ".".to_owned() } else { self.place.path.clone() };
        if seen.permissions().readonly() || !may_write(&self.place.directory, ".") {
            return Err(EditError::ReadOnly { path: path.to_owned(), at: at() });
        }
        Ok(())
    }
}

/// Whether this process may write `name`.
pub(crate) fn may_write(directory: &Dir, name: &str) -> bool {
    #[cfg(unix)]
    {
        use rustix::fs::{Access, AtFlags, accessat};
        accessat(directory, name, Access::WRITE_OK, AtFlags::EACCESS).is_ok()
    }
    #[cfg(not(unix))]
    {
        let _ = (directory, name);
        true
    }
}

pub(crate) fn is_read_only(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
    matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem) && error.raw_os_error().is_some()
}
