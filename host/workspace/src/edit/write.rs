//! Writing a plan, and taking it back.

use serde::{Deserialize, Serialize};

use crate::edit::plan::digest;
use crate::edit::swap::{Content, Look, Step};
use crate::edit::{EditError, MOST_EDITS, Plan, PlannedFile};
use crate::project::Project;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// How to take it back.
    pub undo: Undo,
    /// What the changed files held before: sha-256 in hex, and the bytes. The caller keeps them for as long as `undo` is to work.
    pub bytes: Vec<(String, Vec<u8>)>,
    /// Paths that were already as planned. Of [`Project::write`] somebody else made them so, and they are no part of `undo`; of
    /// [`Project::resume`] they count as written by the call before.
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

fn content(text: &Option<String>, digest: &Option<String>) -> Option<Content> {
    let (text, digest) = (text.as_ref()?, digest.as_ref()?);
    Some(Content { digest: digest.clone(), bytes: text.clone().into_bytes() })
}

fn steps(plan: &Plan) -> Vec<Step> {
    let step = |file: &PlannedFile| Step {
        path: file.path.clone(),
        from: file.old_digest.clone(),
        to: content(&file.new, &file.new_digest),
        mode: None,
    };
    plan.files().iter().map(step).collect()
}

/// What takes a plan back, but for the files that are `not_ours`.
fn written(plan: &Plan, already: Vec<String>, not_ours: &[String]) -> Written {
    let mut undo = Undo { files: Vec::new(), directories: plan.directories().to_vec() };
    let mut bytes: Vec<(String, Vec<u8>)> = Vec::new();
    for file in plan.files().iter().filter(|file| !not_ours.contains(&file.path)) {
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
    Written { undo, bytes, already }
}

impl Project {
    /// Write a plan, all of it or nothing. Every file is compared once more with what the plan was made for, all of them before the
    /// first is written and each right before its turn. A file that is already as planned is left as it is, and stays when the rest
    /// is taken back: somebody else made it so.
    ///
    /// Every file is replaced as a whole and is on the disk when this returns. Permission bits stay; an owner other than the
    /// caller, extended attributes and other hard links of a file do not.
    ///
    /// # Errors
    /// [`EditError::Conflict`] when a file is neither what the plan was made for nor what it makes. When it fails in the middle,
    /// files written by this call are put back; [`EditError::HalfDone`] names those that could not be.
    pub fn write(&self, plan: &Plan) -> Result<Written, EditError> {
        plan.check()?;
        let already = self.take_all(&steps(plan))?;
        Ok(written(plan, already.clone(), &already))
    }

    /// Complete a write of the same plan that was cut short. What it wrote cannot be told from what somebody else made the same:
    /// a file that is as planned counts as written.
    ///
    /// # Errors
    /// As [`Project::write`]; where somebody changed one of the files since, [`EditError::CutShort`]: what was written of the others
    /// is put back then.
    pub fn resume(&self, plan: &Plan) -> Result<Written, EditError> {
        plan.check()?;
        let steps = steps(plan);
        self.put_back_unless_all_fit(plan, &steps)?;
        Ok(written(plan, self.take_all(&steps)?, &[]))
    }

    fn put_back_unless_all_fit(&self, plan: &Plan, steps: &[Step]) -> Result<(), EditError> {
        let (mut back, mut changed) = (Vec::new(), Vec::new());
        for (file, step) in plan.files().iter().zip(steps) {
            match self.settled(step) {
                Ok(Look::Before) => {}
                Ok(Look::After) => back.push(Step {
                    path: file.path.clone(),
                    from: file.new_digest.clone(),
                    to: content(&file.old, &file.old_digest),
                    mode: file.mode,
                }),
                Err(_) => changed.push(file.path.clone()),
            }
        }
        if changed.is_empty() {
            return Ok(());
        }
        let put = |step: &&Step| self.take_one(step, &mut Vec::new(), &mut Vec::new()).is_ok();
        let (back, left): (Vec<&Step>, Vec<&Step>) = back.iter().rev().partition(put);
        self.remove_empty(plan.directories());
        changed.extend(left.iter().map(|step| step.path.clone()));
        Err(EditError::CutShort { changed, back: back.iter().map(|step| step.path.clone()).collect() })
    }

    /// How far a step is, without what a killed process left beside the file.
    fn settled(&self, step: &Step) -> Result<Look, EditError> {
        match self.reach(&step.path, None)? {
            Some((dir, name)) => step.settled(&dir, &name),
            None => step.look_nowhere(),
        }
    }

    /// Take a write back, all of it or nothing. `lookup` gives the bytes that [`Written::bytes`] gave out under a digest. Like a
    /// write, it may be called again after it was cut short. Of a file that is gone there is nothing to take back: one that was
    /// created stays gone, and one that was changed is there again as it was before.
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
            let from = entry.written.clone().filter(|_| !self.has_nothing(&entry.path));
            steps.push(Step { path: entry.path.clone(), from, to, mode: entry.mode });
        }
        self.take_all(&steps)?;
        self.remove_empty(&undo.directories);
        Ok(())
    }

    /// Take all steps or none; the paths of those that had been taken before.
    fn take_all(&self, steps: &[Step]) -> Result<Vec<String>, EditError> {
        // All of them, so that nothing is left beside any, and only then the first that does not fit.
        let looks: Vec<_> = steps.iter().map(|step| self.settled(step)).collect();
        looks.into_iter().collect::<Result<Vec<_>, _>>()?;
        let (mut back, mut made, mut already) = (Vec::new(), Vec::new(), Vec::new());
        for step in steps {
            let taken = back.len();
            if let Err(cause) = self.take_one(step, &mut made, &mut back) {
                return Err(self.put_back(&back, &made, cause));
            }
            if back.len() == taken {
                already.push(step.path.clone());
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
