//! One file from one content to another, so that nobody ever sees half of it and nobody's work is lost.
//!
//! The new content is written beside the file, synced, and then *exchanged* with it in one step of the kernel. What came out is
//! looked at: when it is not what the change was made for, the two are exchanged back. A rename over the file would be
//! simpler, but what somebody saved between our last look and the rename would be gone. Where the file system cannot exchange,
//! rename it is. A file is created and removed by renames that never overwrite.
//!
//! The name of the content in waiting follows from path and content, so that what a killed process left is known by the next one.

use std::io::{self, Write};

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt};
use cap_std::fs::{Dir, Metadata, OpenOptions, Permissions};

use crate::edit::place::is_read_only;
use crate::edit::plan::digest;
use crate::edit::{EDIT_LIMIT, EditError};
use crate::exclude::{UNFINISHED_END, UNFINISHED_START};
use crate::open::{self, Refused};

/// How often two names change places while somebody else saves at the same time.
const MOST_EXCHANGES: usize = 100;

/// A change of one file, by digests in hex; an absent one is no file.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) path: String,
    pub(crate) from: Option<String>,
    pub(crate) to: Option<Content>,
    /// Permission bits for a file that is created; the usual ones where absent. A file that is there keeps its own.
    pub(crate) mode: Option<u32>,
}

#[derive(Debug, Clone)]
pub(crate) struct Content {
    pub(crate) digest: String,
    pub(crate) bytes: Vec<u8>,
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    Before,
    After,
}

/// What is there.
struct Found {
    digest: String,
    bytes: Vec<u8>,
    seen: Metadata,
}

impl Step {
    /// Compare what is in `dir` at `name` with both ends of the step.
    pub(crate) fn look(&self, dir: &Dir, name: &str) -> Result<Look, EditError> {
        self.judge(self.find(dir, name)?.as_ref())
    }

    /// The step from a directory that is not there.
    pub(crate) fn look_nowhere(&self) -> Result<Look, EditError> {
        self.judge(None)
    }

    fn judge(&self, found: Option<&Found>) -> Result<Look, EditError> {
        let found = found.map(|found| found.digest.as_str());
        if found == self.to.as_ref().map(|to| to.digest.as_str()) {
            Ok(Look::After)
        } else if found == self.from.as_deref() {
            Ok(Look::Before)
        } else {
            Err(self.conflict())
        }
    }

    /// Take the step and add to `back` how to take it back. One that had been taken before is left as it is.
    pub(crate) fn take(&self, dir: &Dir, name: &str, back: &mut Vec<Step>) -> Result<(), EditError> {
        let waiting = self.waiting();
        let found = self.find(dir, name)?;
        let look = self.judge(found.as_ref())?;
        self.settle(dir, name, &waiting, look)?;
        if look == Look::After {
            return Ok(());
        }
        let (displaced, mode) = match &found {
            None => (None, None),
            Some(found) if found.seen.permissions().readonly() => {
                return Err(EditError::ReadOnly { path: self.path.clone(), at: self.path.clone() });
            }
            Some(found) => (
                Some(Content { digest: found.digest.clone(), bytes: found.bytes.clone() }),
                super::plan::mode(&found.seen.permissions()),
            ),
        };
        match (&found, &self.to) {
            (_, None) => self.remove(dir, name, &waiting)?,
            (None, Some(to)) => {
                self.put(dir, &waiting, to, self.mode.and_then(permissions))?;
                self.create(dir, name, &waiting, to)?;
            }
            (Some(found), Some(to)) => {
                self.put(dir, &waiting, to, Some(found.seen.permissions()))?;
                self.replace(dir, name, &waiting, to)?;
            }
        }
        let from = self.to.as_ref().map(|to| to.digest.clone());
        back.push(Step { path: self.path.clone(), from, to: displaced, mode });
        sync(dir).map_err(|error| self.io(error))
    }

    /// How far a step is that a killed process may have begun, and nothing is left in waiting but what may be somebody's work.
    pub(crate) fn settled(&self, dir: &Dir, name: &str) -> Result<Look, EditError> {
        let waiting = self.waiting();
        let look = self.look(dir, name);
        if let Ok(look) = look {
            self.settle(dir, name, &waiting, look)?;
        } else if let Some(left) = self.find(dir, &waiting)? {
            // Whole or in part, it is what was to come; or else what was there when the plan was made, and the plan has that too.
            let begun = self.to.as_ref().is_some_and(|to| to.bytes.starts_with(&left.bytes));
            if begun || self.from.as_ref() == Some(&left.digest) {
                dir.remove_file(&waiting).map_err(|error| self.io(error))?;
            }
        }
        look
    }

    /// Deal with what a killed process left in waiting.
    fn settle(&self, dir: &Dir, name: &str, waiting: &str, look: Look) -> Result<(), EditError> {
        let Some(left) = self.find(dir, waiting)? else { return Ok(()) };
        let ours = [self.from.as_deref(), self.to.as_ref().map(|to| to.digest.as_str())];
        if look == Look::After && !ours.contains(&Some(left.digest.as_str())) {
            // It was killed before it looked at what came out, and that is somebody's work: it goes back.
            match &self.to {
                Some(_) => exchange(dir, waiting, name).map_err(|error| self.io(error))?,
                None => rename_new(dir, waiting, name).map_err(|error| self.io(error))?,
            }
            if self.to.is_some() {
                dir.remove_file(waiting).map_err(|error| self.io(error))?;
            }
            return Err(self.conflict());
        }
        dir.remove_file(waiting).map_err(|error| self.io(error))
    }

    /// Write what is to come beside the file, and make sure that it is on the disk.
    fn put(&self, dir: &Dir, waiting: &str, to: &Content, permissions: Option<Permissions>) -> Result<(), EditError> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).follow(FollowSymlinks::No);
        #[cfg(unix)]
        if permissions.is_some() {
            use cap_std::fs::OpenOptionsExt;
            // Nobody else may look before it has the bits of the file that it replaces.
            options.mode(0o600);
        }
        let written = dir.open_with(waiting, &options).and_then(|mut file| {
            file.write_all(&to.bytes)?;
            if let Some(permissions) = permissions {
                file.set_permissions(permissions)?;
            }
            file.sync_all()
        });
        written.map_err(|error| {
            let _ = dir.remove_file(waiting);
            self.io(error)
        })
    }

    fn create(&self, dir: &Dir, name: &str, waiting: &str, to: &Content) -> Result<(), EditError> {
        if let Err(error) = rename_new(dir, waiting, name) {
            let _ = dir.remove_file(waiting);
            let there = error.kind() == io::ErrorKind::AlreadyExists;
            return Err(if there { self.conflict() } else { self.io(error) });
        }
        if self.is(dir, name, &to.digest) { Ok(()) } else { Err(self.conflict()) }
    }

    fn replace(&self, dir: &Dir, name: &str, waiting: &str, to: &Content) -> Result<(), EditError> {
        let drop_waiting = |error| {
            let _ = dir.remove_file(waiting);
            error
        };
        match exchange(dir, waiting, name) {
            Ok(()) if self.is(dir, waiting, self.from.as_deref().unwrap_or_default()) => {
                dir.remove_file(waiting).map_err(|error| {
                    let _ = exchange(dir, waiting, name);
                    self.io(error)
                })?;
                // What stands there now may be somebody's work on top of ours, and stays.
                if self.is(dir, name, &to.digest) { Ok(()) } else { Err(self.conflict()) }
            }
            Ok(()) => {
                self.give_back(dir, name, waiting, to)?;
                Err(self.conflict())
            }
            Err(error) if cannot(&error) => {
                if self.look(dir, name).map_err(drop_waiting)? != Look::Before {
                    return Err(drop_waiting(self.conflict()));
                }
                dir.rename(waiting, dir, name).map_err(|error| drop_waiting(self.io(error)))
            }
            // It went away since we looked.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(drop_waiting(self.conflict())),
            Err(error) => Err(drop_waiting(self.io(error))),
        }
    }

    /// What came out was not what the change was made for: it goes back. When what comes out then is not ours either, somebody
    /// saved in between, and that is the later one; and so on, until nobody did. An earlier one of theirs stays beside the file.
    fn give_back(&self, dir: &Dir, name: &str, waiting: &str, to: &Content) -> Result<(), EditError> {
        let digest = |name| self.find(dir, name).ok().flatten().map(|found| found.digest);
        let ours = Some(to.digest.clone());
        let (mut stands, mut out) = (ours.clone(), digest(waiting));
        for _ in 0..MOST_EXCHANGES {
            exchange(dir, waiting, name).map_err(|error| self.io(error))?;
            let next = digest(waiting);
            if next == stands {
                break;
            }
            (stands, out) = (out, next);
        }
        if digest(waiting) == ours {
            return dir.remove_file(waiting).map_err(|error| self.io(error));
        }
        Ok(())
    }

    fn remove(&self, dir: &Dir, name: &str, waiting: &str) -> Result<(), EditError> {
        rename_new(dir, name, waiting).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => self.conflict(),
            _ => self.io(error),
        })?;
        if self.is(dir, waiting, self.from.as_deref().unwrap_or_default()) {
            return dir.remove_file(waiting).map_err(|error| {
                let _ = rename_new(dir, waiting, name);
                self.io(error)
            });
        }
        rename_new(dir, waiting, name).map_err(|error| self.io(error))?;
        Err(self.conflict())
    }

    /// What is at `name`; what cannot be one of ours, because it is no regular file or too large, is a conflict.
    fn find(&self, dir: &Dir, name: &str) -> Result<Option<Found>, EditError> {
        let (seen, bytes) = match open::file(dir, name) {
            Ok((_, seen)) => (seen, open::bytes(dir, name, EDIT_LIMIT)),
            Err(refused) => return self.not_found(refused),
        };
        match bytes {
            Ok(Some(bytes)) => Ok(Some(Found { digest: digest(&bytes), bytes, seen })),
            Ok(None) => Err(self.conflict()),
            Err(refused) => self.not_found(refused),
        }
    }

    fn not_found(&self, refused: Refused) -> Result<Option<Found>, EditError> {
        match refused {
            Refused::Missing => Ok(None),
            Refused::Is(_) => Err(self.conflict()),
            Refused::Io(error) => Err(self.io(error)),
        }
    }

    fn is(&self, dir: &Dir, name: &str, expected: &str) -> bool {
        matches!(self.find(dir, name), Ok(Some(found)) if found.digest == expected)
    }

    fn waiting(&self) -> String {
        let to = self.to.as_ref().map_or("", |to| to.digest.as_str());
        let name = digest(format!("{}\0{}\0{to}", self.path, self.from.as_deref().unwrap_or_default()).as_bytes());
        format!("{UNFINISHED_START}{}{UNFINISHED_END}", &name[..16])
    }

    pub(crate) fn conflict(&self) -> EditError {
        EditError::Conflict { path: self.path.clone() }
    }

    fn io(&self, source: io::Error) -> EditError {
        let path = self.path.clone();
        if is_read_only(&source) {
            return EditError::ReadOnly { at: path.clone(), path };
        }
        EditError::Io { path, source }
    }
}

/// Make sure that names in `dir` are on the disk. The handle of a directory itself cannot always be synced.
pub(crate) fn sync(dir: &Dir) -> io::Result<()> {
    #[cfg(unix)]
    {
        use rustix::fs::{Mode, OFlags, fsync, openat};
        let opened = openat(dir, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        match fsync(opened) {
            // Some file systems have nothing to sync here.
            Err(rustix::io::Errno::INVAL) => Ok(()),
            synced => Ok(synced?),
        }
    }
    #[cfg(not(unix))]
    {
        let _ = dir;
        Ok(())
    }
}

/// Absent where there are no permission bits.
fn permissions(mode: u32) -> Option<Permissions> {
    #[cfg(unix)]
    {
        use cap_std::fs::PermissionsExt;
        Some(Permissions::from_mode(mode))
    }
    #[cfg(not(unix))]
    {
        let _ = mode;
        None
    }
}

/// Whether the file system does not know this kind of rename.
fn cannot(error: &io::Error) -> bool {
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        let unknown = [Errno::INVAL, Errno::NOSYS, Errno::NOTSUP, Errno::OPNOTSUPP].map(Errno::raw_os_error);
        error.raw_os_error().is_some_and(|code| unknown.contains(&code))
    }
    #[cfg(not(unix))]
    {
        error.kind() == io::ErrorKind::Unsupported
    }
}

/// Let two names change places.
fn exchange(dir: &Dir, one: &str, other: &str) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    {
        use rustix::fs::{RenameFlags, renameat_with};
        Ok(renameat_with(dir, one, dir, other, RenameFlags::EXCHANGE)?)
    }
    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
    {
        let _ = (dir, one, other);
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Rename where nothing has the new name, and fail where something has.
fn rename_new(dir: &Dir, from: &str, to: &str) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    {
        use rustix::fs::{RenameFlags, renameat_with};
        match renameat_with(dir, from, dir, to, RenameFlags::NOREPLACE).map_err(io::Error::from) {
            Err(error) if cannot(&error) => {}
            renamed => return renamed,
        }
    }
    dir.hard_link(from, dir, to)?;
    dir.remove_file(from)
}

#[cfg(all(test, unix))]
#[expect(clippy::disallowed_methods, reason = "the test plays those who write at the same time")]
mod tests {
    use std::fs;

    use cap_std::ambient_authority;

    use super::*;

    struct Scene {
        place: tempfile::TempDir,
        dir: Dir,
    }

    impl Scene {
        fn with(files: &[(&str, &str)]) -> Scene {
            let place = tempfile::tempdir().expect("tempdir");
            let dir = Dir::open_ambient_dir(place.path(), ambient_authority()).expect("open");
            for (name, text) in files {
                fs::write(place.path().join(name), text).expect("write");
            }
            Scene { place, dir }
        }

        fn take(&self, step: &Step) -> Result<Vec<Step>, EditError> {
            let mut back = Vec::new();
            step.take(&self.dir, "f", &mut back).map(|()| back)
        }

        /// Names and texts.
        fn files(&self) -> Vec<(String, String)> {
            let names = fs::read_dir(self.place.path()).expect("list").map(|entry| entry.expect("entry").file_name());
            let mut names: Vec<_> = names.map(|name| name.into_string().expect("utf-8")).collect();
            names.sort();
            let text = |name: &String| fs::read_to_string(self.place.path().join(name)).expect("read");
            names.into_iter().map(|name| (name.clone(), text(&name))).collect()
        }
    }

    fn step(from: Option<&str>, to: Option<&str>) -> Step {
        let content = |text: &str| Content { digest: digest(text.as_bytes()), bytes: text.into() };
        Step { path: "f".to_owned(), from: from.map(|text| digest(text.as_bytes())), to: to.map(content), mode: None }
    }

    fn f(text: &str) -> Vec<(String, String)> {
        vec![("f".to_owned(), text.to_owned())]
    }

    #[test]
    fn a_step_is_taken_and_taken_back() {
        for (from, to) in [(None, Some("new")), (Some("old"), Some("new")), (Some("old"), None)] {
            let scene = Scene::with(&from.map(|text| ("f", text)).into_iter().collect::<Vec<_>>());
            let back = scene.take(&step(from, to)).expect("taken");
            assert_eq!(scene.files(), to.map(f).unwrap_or_default());
            assert_eq!(scene.take(&step(from, to)).expect("taken before").len(), 0);
            scene.take(&back[0]).expect("taken back");
            assert_eq!(scene.files(), from.map(f).unwrap_or_default());
        }
    }

    #[test]
    fn what_a_killed_process_left_is_cleared_away_wherever_it_was_killed() {
        let change = step(Some("old"), Some("new"));
        let waiting = change.waiting();
        for (there, left) in [("old", "ne"), ("old", ""), ("old", "new"), ("new", "old")] {
            let scene = Scene::with(&[("f", there), (&waiting, left)]);
            scene.take(&change).expect("taken");
            assert_eq!(scene.files(), f("new"), "{there} {left}");
        }
        let removal = step(Some("old"), None);
        let scene = Scene::with(&[(&removal.waiting(), "old")]);
        scene.take(&removal).expect("taken");
        assert_eq!(scene.files(), []);
        let creation = step(None, Some("new"));
        for files in [vec![("f", "new")], vec![]] {
            let scene = Scene::with(&files);
            fs::write(scene.place.path().join(creation.waiting()), "new").expect("write");
            scene.take(&creation).expect("taken");
            assert_eq!(scene.files(), f("new"));
        }
    }

    #[test]
    fn what_a_killed_process_left_goes_also_where_the_file_was_changed_since() {
        for change in [step(Some("old"), Some("new")), step(Some("old"), None), step(None, Some("new"))] {
            let waiting = change.waiting();
            let from = change.from.as_ref().map(|_| "old");
            let to = change.to.as_ref().map(|_| ["", "ne", "new"]);
            for left in from.into_iter().chain(to.into_iter().flatten()) {
                let scene = Scene::with(&[("f", "old, then theirs"), (&waiting, left)]);
                assert!(matches!(change.settled(&scene.dir, "f"), Err(EditError::Conflict { .. })));
                assert_eq!(scene.files(), f("old, then theirs"), "{left}");
            }
            let scene = Scene::with(&[("f", "theirs"), (&waiting, "theirs too")]);
            assert!(change.settled(&scene.dir, "f").is_err());
            assert_eq!(scene.files().len(), 2, "nobody's work is removed");
        }
    }

    #[test]
    fn somebody_s_work_that_was_displaced_when_we_were_killed_goes_back() {
        let change = step(Some("old"), Some("new"));
        let scene = Scene::with(&[("f", "new"), (&change.waiting(), "theirs")]);
        assert!(matches!(scene.take(&change), Err(EditError::Conflict { .. })));
        assert_eq!(scene.files(), f("theirs"));
        let removal = step(Some("old"), None);
        let scene = Scene::with(&[(&removal.waiting(), "theirs")]);
        assert!(matches!(scene.take(&removal), Err(EditError::Conflict { .. })));
        assert_eq!(scene.files(), f("theirs"));
    }

    #[test]
    fn what_is_saved_between_the_look_and_the_change_is_not_lost() {
        let change = step(Some("old"), Some("new"));
        let waiting = change.waiting();
        let to = change.to.clone().expect("content");
        let scene = Scene::with(&[("f", "theirs"), (&waiting, "new")]);
        assert!(matches!(change.replace(&scene.dir, "f", &waiting, &to), Err(EditError::Conflict { .. })));
        assert_eq!(scene.files(), f("theirs"));
        let scene = Scene::with(&[(&waiting, "new")]);
        assert!(matches!(change.replace(&scene.dir, "f", &waiting, &to), Err(EditError::Conflict { .. })));
        assert_eq!(scene.files(), []);
        let scene = Scene::with(&[("f", "theirs"), (&waiting, "new")]);
        assert!(matches!(change.create(&scene.dir, "f", &waiting, &to), Err(EditError::Conflict { .. })));
        assert_eq!(scene.files(), f("theirs"));
        let removal = step(Some("old"), None);
        let scene = Scene::with(&[("f", "theirs")]);
        assert!(matches!(removal.remove(&scene.dir, "f", "w"), Err(EditError::Conflict { .. })));
        assert_eq!(scene.files(), f("theirs"));
        // What waits is not ours, as if somebody had saved between the two exchanges: nobody's work is removed.
        let scene = Scene::with(&[("f", "theirs"), (&waiting, "theirs too")]);
        assert!(matches!(change.replace(&scene.dir, "f", &waiting, &to), Err(EditError::Conflict { .. })));
        assert_eq!(scene.files(), [(waiting.clone(), "theirs".to_owned()), ("f".to_owned(), "theirs too".to_owned())]);
    }
}
