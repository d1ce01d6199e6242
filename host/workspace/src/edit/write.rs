//! Writing a plan, and taking it back.

use serde::{Deserialize, Serialize};

use crate::edit::plan::digest;
use crate::edit::swap::{Content, Look, Step};
use crate::edit::{EditError, MOST_EDITS, Plan};
use crate::project::Project;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// How to take it back.
    pub undo: Undo,
    /// What the changed files held before: sha-256 in hex, and the bytes. The caller keeps them for as long as `undo` is to work.
    pub bytes: Vec<(String, Vec<u8>)>,
    /// Paths that were already as planned, from an earlier call with the same plan that was cut short.
    pub already: Vec<String>,
}

/// How to take a write back: digests, no contents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    /// The files, in the order in which they were written.
    pub files: Vec<UndoEntry>,
    /// Directories that were made, which go when they are empty.
    pub directories: Vec<String>,
}

/// One file to take back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoEntry {
    /// Relative to the root, with `/`.
    pub path: String,
    /// sha-256 in hex of what was written; absent where the file was deleted.
    pub written: Option<String>,
    /// sha-256 in hex of what was there; absent where the file was created.
    pub previous: Option<String>,
    /// Permission bits that a deleted file gets back.
    pub mode: Option<u32>,
}

impl Project {
    /// Write a plan, all of it or nothing. Every file is compared once more with what the plan was made for, all of them before the
    /// first is written and each right before its turn. A file that is already as planned counts as written, so a call that was
    /// cut short is completed by the next one with the same plan.
    ///
    /// Every file is replaced as a whole and is on the disk when this returns. Permission bits stay; an owner other than the
    /// caller, extended attributes and other hard links of a file do not.
    ///
    /// # Errors
    /// [`EditError::Conflict`] when a file is neither what the plan was made for nor what it makes. When it fails in the middle,
    /// files written by this call are put back; [`EditError::HalfDone`] names those that could not be.
    pub fn write(&self, plan: &Plan) -> Result<Written, EditError> {
        plan.check()?;
        let content = |text: &Option<String>, digest: &Option<String>| {
            let (text, digest) = (text.as_ref()?, digest.as_ref()?);
            Some(Content { digest: digest.clone(), bytes: text.clone().into_bytes() })
        };
        let steps = plan.files().iter().map(|file| Step {
            path: file.path.clone(),
            from: file.old_digest.clone(),
            to: content(&file.new, &file.new_digest),
            mode: None,
        });
        let already = self.take_all(&steps.collect::<Vec<_>>())?;
        let mut undo = Undo { files: Vec::new(), directories: plan.directories().to_vec() };
        let mut bytes: Vec<(String, Vec<u8>)> = Vec::new();
        for file in plan.files() {
            undo.files.push(UndoEntry {
                path: file.path.clone(),
                written: file.new_digest.clone(),
                previous: file.old_digest.clone(),
                mode: file.mode,
            });
            if let Some(old) = content(&file.old, &file.old_digest)
                && bytes.iter().all(|(digest, _)| *digest != old.digest)
            {
                bytes.push((old.digest, old.bytes));
            }
        }
        Ok(Written { undo, bytes, already })
    }

    /// Take a write back, all of it or nothing. `lookup` gives the bytes that [`Written::bytes`] gave out under a digest. Like a
    /// write, it may be called again after it was cut short.
    ///
    /// # Errors
    /// [`EditError::Conflict`] when a file is neither what was written nor what was there before; [`EditError::Damaged`] when
    /// `lookup` has no such bytes.
    pub fn undo(&self, undo: &Undo, lookup: impl Fn(&str) -> Option<Vec<u8>>) -> Result<(), EditError> {
        if undo.files.len() > MOST_EDITS {
            return Err(EditError::TooMany { count: undo.files.len() });
        }
        let mut steps = Vec::new();
        for entry in undo.files.iter().rev() {
            let to = match &entry.previous {
                None => None,
                Some(previous) => match lookup(previous) {
                    Some(bytes) if digest(&bytes) == *previous => Some(Content { digest: previous.clone(), bytes }),
                    _ => return Err(EditError::Damaged { path: entry.path.clone() }),
                },
            };
            steps.push(Step { path: entry.path.clone(), from: entry.written.clone(), to, mode: entry.mode });
        }
        self.take_all(&steps)?;
        self.remove_empty(&undo.directories);
        Ok(())
    }

    /// Take all steps or none; the paths of those that had been taken before.
    fn take_all(&self, steps: &[Step]) -> Result<Vec<String>, EditError> {
        let mut already = Vec::new();
        for step in steps {
            let look = match self.reach(&step.path, None)? {
                Some((dir, name)) => step.look(&dir, &name)?,
                None => step.look_nowhere()?,
            };
            if look == Look::After {
                already.push(step.path.clone());
            }
        }
        let (mut back, mut made) = (Vec::new(), Vec::new());
        for step in steps {
            if let Err(cause) = self.take_one(step, &mut made, &mut back) {
                return Err(self.put_back(&back, &made, cause));
            }
        }
        Ok(already)
    }

    fn take_one(&self, step: &Step, made: &mut Vec<String>, back: &mut Vec<Step>) -> Result<(), EditError> {
        let make = step.to.as_ref().map(|_| made);
        match self.reach(&step.path, make)? {
            Some((dir, name)) => step.take(&dir, &name, back),
            // Nothing to remove where there is no directory.
            None => step.look_nowhere().map(|_| ()),
        }
    }

    fn put_back(&self, back: &[Step], made: &[String], cause: EditError) -> EditError {
        let failed = |step: &&Step| self.take_one(step, &mut Vec::new(), &mut Vec::new()).is_err();
        let left: Vec<_> = back.iter().rev().filter(failed).map(|step| step.path.clone()).collect();
        self.remove_empty(made);
        if left.is_empty() { cause } else { EditError::HalfDone { left, cause: Box::new(cause) } }
    }
}
