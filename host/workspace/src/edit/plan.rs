//! Planning: what would be written, and what a person would be shown.

use cap_std::fs::{Metadata, Permissions};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::edit::place::{Site, may_write};
use crate::edit::{
    Change, EDIT_LIMIT, EDIT_TOTAL, EditError, FileEdit, MOST_EDITS, MOST_REPLACEMENTS, Permit, diff, names, text,
};
use crate::open::{self, Refused};
use crate::path::join;
use crate::project::Project;

/// What becomes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It is new.
    Create,
    /// It changes.
    Modify,
    /// It goes.
    Delete,
}

/// Edits that have been looked at: what a person is shown and what will be written. Texts of at most 8 MiB and their diffs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    files: Vec<PlannedFile>,
    unchanged: Vec<String>,
    directories: Vec<String>,
}

/// One file of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedFile {
    /// Relative to the root, with `/`.
    pub path: String,
    /// What becomes of it.
    pub kind: Kind,
    /// sha-256 of what is there, in hex; absent for a new file.
    pub old_digest: Option<String>,
    /// sha-256 of what will be there, in hex; absent for a file that goes.
    pub new_digest: Option<String>,
    /// A unified diff. Control and direction characters are escaped, lines and length are bounded: at most about 256 KiB.
    pub diff: String,
    /// There is more to the change than `diff` shows; `diff` says so too.
    pub diff_cut: bool,
    /// Lines that come.
    pub added: u64,
    /// Lines that go.
    pub removed: u64,
    pub(crate) old: Option<String>,
    pub(crate) new: Option<String>,
    /// Permission bits of the file that is there.
    pub(crate) mode: Option<u32>,
}

impl PlannedFile {
    /// What was there; absent for a new file.
    #[must_use]
    pub fn before(&self) -> Option<&str> {
        self.old.as_deref()
    }

    /// The whole diff, however long: what `diff` is the beginning of.
    #[must_use]
    pub fn whole_diff(&self) -> String {
        diff::whole(&self.path, self.old.as_deref(), self.new.as_deref())
    }

    /// What will be there; absent for a file that goes.
    #[must_use]
    pub fn after(&self) -> Option<&str> {
        self.new.as_deref()
    }
}

impl Plan {
    /// The files that change, as the edits name them, in their order.
    #[must_use]
    pub fn files(&self) -> &[PlannedFile] {
        &self.files
    }

    /// Paths of edits that would change nothing. They are no part of the plan.
    #[must_use]
    pub fn unchanged(&self) -> &[String] {
        &self.unchanged
    }

    /// Directories that will be made.
    #[must_use]
    pub fn directories(&self) -> &[String] {
        &self.directories
    }

    /// sha-256 in hex over exactly what is shown and what will be written: what an approval is of.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        // Each part after its length, so that no two lists of parts are the same bytes.
        let mut part = |bytes: &[u8]| {
            hasher.update((bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        part(b"certus edits 1");
        for file in &self.files {
            let counts = [file.added, file.removed, u64::from(file.diff_cut)];
            part(file.path.as_bytes());
            part(&[file.kind as u8, u8::from(file.old.is_some()), u8::from(file.new.is_some())]);
            for text in [&file.old, &file.new, &file.old_digest, &file.new_digest] {
                part(text.as_deref().unwrap_or_default().as_bytes());
            }
            part(file.diff.as_bytes());
            part(&counts.map(u64::to_le_bytes).concat());
        }
        for directory in &self.directories {
            part(directory.as_bytes());
        }
        hex::encode(hasher.finalize())
    }

    /// A plan that was stored is believed only as far as it agrees with itself: what a person is shown follows from what will be
    /// written, whoever stored it.
    ///
    /// # Errors
    /// [`EditError::Damaged`] names the first file of which a text, a digest or the diff is another.
    pub fn check(&self) -> Result<(), EditError> {
        for file in &self.files {
            let digest = |text: &Option<String>| text.as_ref().map(|text| digest(text.as_bytes()));
            let kind = match (&file.old, &file.new) {
                (None, Some(_)) => Some(Kind::Create),
                (Some(_), Some(_)) => Some(Kind::Modify),
                (Some(_), None) => Some(Kind::Delete),
                (None, None) => None,
            };
            let shown = diff::unified(&file.path, file.old.as_deref(), file.new.as_deref());
            if kind != Some(file.kind)
                || (digest(&file.old), digest(&file.new)) != (file.old_digest.clone(), file.new_digest.clone())
                || (shown.text, shown.cut) != (file.diff.clone(), file.diff_cut)
                || (shown.added, shown.removed) != (file.added, file.removed)
            {
                return Err(EditError::Damaged { path: file.path.clone() });
            }
        }
        Ok(())
    }
}

/// sha-256 in hex.
pub(crate) fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

impl Project {
    /// Look at `edits` together: whether each may be made, to what it was made for, and what it would do. Nothing is written.
    /// A plan without files is of edits that change nothing.
    ///
    /// # Errors
    /// The first reason found why they cannot be made; see [`EditError`].
    pub fn plan(&self, edits: &[FileEdit], permit: &Permit) -> Result<Plan, EditError> {
        check_sizes(edits)?;
        names::check_distinct(edits, permit)?;
        let mut plan = Plan { files: Vec::new(), unchanged: Vec::new(), directories: Vec::new() };
        let (mut before, mut after) = (0, 0);
        for edit in edits {
            if names::is_protected(&edit.path) && !permit.protected.contains(&edit.path) {
                return Err(EditError::Protected { path: edit.path.clone() });
            }
            let site = self.site(&edit.path)?;
            if self.stands(edit, &site)? {
                plan.unchanged.push(edit.path.clone());
                continue;
            }
            let file = self.planned(edit, &site, permit)?;
            before += file.old.as_ref().map_or(0, String::len) as u64;
            after += file.new.as_ref().map_or(0, String::len) as u64;
            if before.max(after) > EDIT_TOTAL {
                return Err(EditError::TooMuch { size: before.max(after) });
            }
            if file.old == file.new {
                plan.unchanged.push(file.path);
                continue;
            }
            let mut reached = site.place.path;
            for name in site.missing {
                reached = join(&reached, &name);
                if !plan.directories.contains(&reached) {
                    plan.directories.push(reached.clone());
                }
            }
            plan.files.push(file);
        }
        Ok(plan)
    }

    /// Whether the whole of a file is what is there already: whatever it was made for, nothing is to be written.
    fn stands(&self, edit: &FileEdit, site: &Site) -> Result<bool, EditError> {
        let Change::Whole(_) = &edit.change else { return Ok(false) };
        let there = if site.missing.is_empty() { self.text_at(&edit.path, site)? } else { None };
        // What is hidden is compared with nothing: it could be guessed.
        let Some((text, _)) = there.filter(|(text, _)| self.veiled(text).is_none()) else { return Ok(false) };
        Ok(text::changed(&edit.path, Some(&text), &edit.change)?.as_ref() == Some(&text))
    }

    fn planned(&self, edit: &FileEdit, site: &Site, permit: &Permit) -> Result<PlannedFile, EditError> {
        let path = || edit.path.clone();
        let there = if site.missing.is_empty() { self.text_at(&edit.path, site)? } else { None };
        if there.as_ref().is_some_and(|(text, _)| self.veiled(text).is_some()) {
            return Err(EditError::Hidden { path: path() });
        }
        let old = match (&edit.base, there) {
            (None, None) if matches!(edit.change, Change::Whole(_)) => {
                site.check_new(&edit.path, permit.fold_case)?;
                None
            }
            (None, None) => return Err(EditError::NoBase { path: path() }),
            (None, Some(_)) => return Err(EditError::Exists { path: path() }),
            (Some(_), None) => return Err(EditError::Missing { path: path() }),
            (Some(base), Some((text, seen))) => {
                if digest(text.as_bytes()) != *base {
                    return Err(EditError::Conflict { path: path() });
                }
                if seen.permissions().readonly() || !may_write(&site.place.directory, &site.name) {
                    return Err(EditError::ReadOnly { path: path(), at: path() });
                }
                Some((text, seen))
            }
        };
        site.check_writable(&edit.path)?;
        let mode = old.as_ref().and_then(|(_, seen)| mode(&seen.permissions()));
        let old = old.map(|(text, _)| text);
        let new = text::changed(&edit.path, old.as_deref(), &edit.change)?;
        let diff = diff::unified(&edit.path, old.as_deref(), new.as_deref());
        let kind = match (&old, &new) {
            (None, _) => Kind::Create,
            (_, Some(_)) => Kind::Modify,
            (_, None) => Kind::Delete,
        };
        let digest = |text: &Option<String>| text.as_ref().map(|text| digest(text.as_bytes()));
        Ok(PlannedFile {
            path: path(),
            kind,
            old_digest: digest(&old),
            new_digest: digest(&new),
            diff: diff.text,
            diff_cut: diff.cut,
            added: diff.added,
            removed: diff.removed,
            old,
            new,
            mode,
        })
    }

    /// The text of a file that is to be edited; absent where nothing is.
    fn text_at(&self, path: &str, site: &Site) -> Result<Option<(String, Metadata)>, EditError> {
        let refused = |refused| self.refusal(path, path, refused);
        let seen = match open::file(&site.place.directory, &site.name) {
            Ok((_, seen)) => seen,
            Err(Refused::Missing) => return Ok(None),
            Err(why) => return Err(refused(why)),
        };
        let bytes = open::bytes(&site.place.directory, &site.name, EDIT_LIMIT).map_err(refused)?;
        let too_large = || EditError::TooLarge { path: path.to_owned(), size: seen.len().max(EDIT_LIMIT + 1) };
        match String::from_utf8(bytes.ok_or_else(too_large)?) {
            Ok(text) if !text.contains('\0') => Ok(Some((text, seen))),
            _ => Err(EditError::Binary { path: path.to_owned() }),
        }
    }
}

/// Bounds on what is given, before any of it is used.
fn check_sizes(edits: &[FileEdit]) -> Result<(), EditError> {
    if edits.is_empty() {
        return Err(EditError::Nothing);
    }
    if edits.len() > MOST_EDITS {
        return Err(EditError::TooMany { count: edits.len() });
    }
    let mut total = 0_u64;
    for edit in edits {
        match &edit.change {
            Change::Delete => {}
            Change::Whole(text) if text.len() as u64 > EDIT_LIMIT => {
                return Err(EditError::TooLarge { path: edit.path.clone(), size: text.len() as u64 });
            }
            Change::Whole(text) => total += text.len() as u64,
            Change::Replace(list) if list.len() > MOST_REPLACEMENTS => {
                return Err(EditError::TooManyReplacements { path: edit.path.clone(), count: list.len() });
            }
            Change::Replace(list) => total += list.iter().map(|r| (r.find.len() + r.replace.len()) as u64).sum::<u64>(),
        }
    }
    if total > EDIT_TOTAL { Err(EditError::TooMuch { size: total }) } else { Ok(()) }
}

/// The permission bits, where there are such.
pub(crate) fn mode(permissions: &Permissions) -> Option<u32> {
    #[cfg(unix)]
    {
        use cap_std::fs::PermissionsExt;
        Some(permissions.mode() & 0o7777)
    }
    #[cfg(not(unix))]
    {
        let _ = permissions;
        None
    }
}
