//! Edits: planning a draft against the files, showing it, writing what was approved, and taking it back.
//!
//! A plan is stored whole, with every text before and after, before it is shown: so the same bytes are approved, written and
//! taken back, by whatever process.

use certus_engine::{
    Body, Digest, Edit, EffectId, ErrorCode, FileChange, Outcome, Plan, Replacement, Request, changes_tests_within, law,
};
use certus_workspace::edit::{self, Change, EditError, FileEdit, Permit, Undo};

use super::checks::first;
use super::fault::{Fault, damaged};
use super::record::Common;
use super::{Driver, Stop};
use crate::Failure;
use crate::error::Kind;
use crate::person::{EditVerdict, ShownEdits, ShownFile};
use crate::session::edits::{named_draft, what_there_is};

/// Characters of a digest that name a file's content at least.
const BASE: usize = 8;

impl Driver<'_> {
    /// Plan a draft against the files as they are.
    pub(crate) async fn plan(&mut self, id: EffectId, draft: &str) -> Result<Option<Stop>, Failure> {
        let outcome = match self.planned(draft) {
            Ok((plan, bytes)) => {
                self.noted.blobs.push((plan.stored, bytes));
                Outcome::Planned { plan }
            }
            Err(fault) if self.is_first(id) && fault.is_for_a_person() => {
                return self.for_a_person(id, draft, fault).await.map(Some);
            }
            Err(fault) => fault.into(),
        };
        self.note(Body::Outcome { effect: id, outcome, elapsed_ms: 0 });
        Ok(None)
    }

    fn planned(&self, draft: &str) -> Result<(Plan, Vec<u8>), Fault> {
        let project = self.session.project();
        let found = self.chain.drafts().iter().find(|known| known.id == draft);
        let edits = found.map(|draft| draft.edits.as_slice()).unwrap_or_default();
        let based = |edit: &Edit| {
            let path = certus_workspace::spelled(&edit.path);
            let there = project.read(&path).ok().map(|text| text.digest());
            Ok(FileEdit { path, ..file_edit(edit, there)? })
        };
        let edits = edits.iter().map(based).collect::<Result<Vec<_>, Fault>>()?;
        if let Some(edit) = edits.iter().find(|edit| self.session.config().is_own(&edit.path)) {
            return Err(EditError::Protected { path: edit.path.clone() }.into());
        }
        let plan = project.plan(&edits, &Permit::default()).map_err(|error| match error {
            EditError::Conflict { path } => other(&path),
            error => error.into(),
        })?;
        let configures =
            |file: &&edit::PlannedFile| crate::config::configures(&file.path, [file.before(), file.after()]);
        if let Some(file) = plan.files().iter().find(configures) {
            return Err(EditError::Protected { path: file.path.clone() }.into());
        }
        let bytes = serde_json::to_vec(&plan).map_err(|_| damaged("the plan"))?;
        let files = changes(&plan)?;
        let unchanged = plan.unchanged().to_vec();
        Ok((Plan { digest: parsed(&plan.digest())?, stored: Digest::of(&bytes), files, unchanged }, bytes))
    }

    /// The plan as it was stored, if it is the one that is meant. What the events say of it is what grants are compared with.
    fn stored(&self, plan: &Plan) -> Result<edit::Plan, Fault> {
        let stored = self.session.stored_plan(plan)?.ok_or_else(|| damaged("the plan"))?;
        if changes(&stored)? == plan.files { Ok(stored) } else { Err(damaged("the plan")) }
    }

    /// The same, for a person, who can have it made anew.
    fn believed(&self, plan: &Plan) -> Result<edit::Plan, Failure> {
        let refuse =
            "refuse the edits, and they are made anew: certus reject --why \"what is stored of them is damaged\"";
        self.stored(plan).map_err(|Fault(_, message)| Failure::failed(message).hint(refuse))
    }

    /// What a person is shown of planned edits.
    pub(crate) fn shown_edits(&self, draft: &str, plan: &Plan) -> Result<ShownEdits, Failure> {
        let stored = self.believed(plan)?;
        let known = self.chain.drafts().iter().find(|known| known.id == draft);
        let failed_first = known.map(|draft| law::failed_first(&self.chain, draft)).unwrap_or_default();
        Ok(ShownEdits {
            chain: self.id.to_string(),
            draft: draft.to_owned(),
            kind: known.map(|draft| crate::clean::line(&draft.kind, 60)).unwrap_or_default(),
            title: known.map(|draft| crate::clean::line(&draft.title, 200)).unwrap_or_default(),
            conflict: known.and_then(|draft| draft.conflict.as_deref()).map(|text| crate::clean::line(text, 300)),
            files: stored
                .files()
                .iter()
                .map(|file| ShownFile {
                    path: file.path.clone(),
                    diff: file.diff.clone(),
                    cut: file.diff_cut,
                    added: file.added,
                    removed: file.removed,
                    after: file.after().map(str::to_owned),
                    asked_because: known.and_then(|draft| self.chain.asked_all_the_same(draft, &file.path)),
                    failed_first: failed_first.contains(&file.path),
                })
                .collect(),
        })
    }

    /// Show planned edits and take the verdict. What a person allowed before is not asked again, but recorded all the same.
    pub(crate) async fn approve_edits(
        &mut self,
        id: EffectId,
        draft: &str,
        plan: &Plan,
    ) -> Result<Option<Stop>, Failure> {
        let known = self.chain.drafts().iter().find(|known| known.id == draft);
        let verdict = if known.is_some_and(|draft| self.chain.is_granted(draft)) {
            // Nobody is asked, but nothing is written that nobody could see.
            self.person.judge_edits(&self.shown_edits(draft, plan)?, true).await?;
            Some(EditVerdict::Approved(None))
        } else {
            let shown = self.shown_edits(draft, plan)?;
            self.person.judge_edits(&shown, self.only_shows()).await?
        };
        let Some(verdict) = verdict else {
            return Ok(Some(if self.only_shows() { Stop::Until } else { Stop::Waiting }));
        };
        let outcome = self.edits_judged(plan, verdict)?;
        self.note(Body::Outcome { effect: id, outcome, elapsed_ms: 0 });
        self.commit().await?;
        Ok(None)
    }

    pub(crate) fn edits_judged(&self, plan: &Plan, verdict: EditVerdict) -> Result<Outcome, Failure> {
        let (verdict, grant) = match verdict {
            // Whoever approves saw what will be written, or nothing is approved.
            EditVerdict::Approved(grant) => {
                self.believed(plan)?;
                (certus_engine::Verdict::Approved, grant)
            }
            EditVerdict::Refused(why) => (certus_engine::Verdict::Rejected(crate::clean::clean(&why)), None),
            EditVerdict::Amended(contents) => {
                let stored = self.believed(plan)?;
                let edits = stored.files().iter().map(|file| Edit {
                    path: file.path.clone(),
                    base: file.old_digest.clone(),
                    content: contents.get(&file.path).cloned().or_else(|| file.after().map(str::to_owned)),
                    delete: file.new_digest.is_none(),
                    ..Edit::default()
                });
                return Ok(Outcome::Amended { edits: edits.collect() });
            }
        };
        Ok(Outcome::Judged { verdict, digest: plan.digest, by: self.session.user(), grant })
    }

    /// Write exactly what was approved.
    pub(crate) async fn write_edits(
        &mut self,
        id: EffectId,
        draft: &str,
        digest: Digest,
    ) -> Result<Option<Stop>, Failure> {
        let plan = self.chain.drafts().iter().find(|known| known.id == draft).and_then(|draft| match &draft.state {
            certus_engine::DraftState::Approved(plan) if plan.digest == digest => Some(plan.clone()),
            _ => None,
        });
        // A plan may have been stored by a version that allowed it.
        let gone = plan.as_ref().and_then(|plan| plan.files.iter().find(|file| file.new.is_none()));
        let gone = gone.map(|file| Fault(ErrorCode::Denied, deletes(&file.path)));
        let written = match (&plan, gone) {
            (_, Some(fault)) => Err(fault),
            (Some(plan), None) => self.stored(plan).and_then(|stored| self.put(id, &stored)),
            (None, None) => Err(Fault(ErrorCode::Invalid, format!("{draft} is not approved"))),
        };
        let outcome = match written {
            Ok(written) => {
                let undo = serde_json::to_vec(&written.undo).unwrap_or_default();
                let record = Digest::of(&undo);
                self.noted.blobs.push((record, undo));
                self.noted.blobs.extend(written.bytes.into_iter().map(|(_, bytes)| (Digest::of(&bytes), bytes)));
                Outcome::Written { undo: record }
            }
            Err(fault) if self.is_first(id) && fault.is_for_a_person() => {
                return self.for_a_person(id, draft, fault).await.map(Some);
            }
            Err(fault) => fault.into(),
        };
        self.note(Body::Outcome { effect: id, outcome, elapsed_ms: 0 });
        self.commit().await?;
        Ok(None)
    }

    /// What is there before the first attempt is not ours; what is there before another one may be of the attempt before.
    fn put(&self, id: EffectId, plan: &edit::Plan) -> Result<edit::Written, Fault> {
        let project = self.session.project();
        if self.chain.effect(id).is_some_and(|effect| effect.attempt > 1) {
            return Ok(project.resume(plan)?);
        }
        let written = project.write(plan)?;
        if !written.already.is_empty() {
            let there = first(written.already.clone()).join(", ");
            self.person.say(&format!("Already as planned, so not ours to take back: {there}"));
        }
        Ok(written)
    }

    /// Take written edits back.
    pub(crate) async fn undo_edits(&mut self, id: EffectId, draft: &str, record: Digest) -> Result<(), Failure> {
        let lookup = |digest: &str| self.session.blob(parsed(digest).ok()?).ok()?;
        let undone = || -> Result<(), Fault> {
            let bytes = self.session.blob(record).ok().flatten().ok_or_else(|| damaged("the write"))?;
            let undo: Undo = serde_json::from_slice(&bytes).map_err(|_| damaged("the write"))?;
            Ok(self.session.project().undo(&undo, lookup)?)
        };
        let outcome = match undone() {
            Ok(()) => Outcome::Done,
            Err(fault) => fault.into(),
        };
        self.note(Body::Outcome { effect: id, outcome, elapsed_ms: 0 });
        for body in law::after_undo(&self.chain, draft) {
            self.note(body);
        }
        self.commit().await
    }

    /// Begin what a person asks for: taking a draft, or the last one, back. The paths of its files, but for those that were as planned
    /// before it was written: these stay.
    ///
    /// # Errors
    /// There is no such draft, nothing was written, something else is open, a file changed meanwhile, or the store failed.
    pub async fn undo(&mut self, draft: Option<&str>) -> Result<Vec<String>, Failure> {
        if let Some(named) = draft {
            named_draft(self.id, &self.chain, named)?;
        }
        let ruling = law::judge_undo(&self.chain, draft)
            .map_err(|refusal| Failure::failed(refusal.detail).hint(what_there_is(self.id, &self.chain)))?;
        let [Request::Undo { draft, undo }] = ruling.requests.as_slice() else { return Ok(Vec::new()) };
        let (draft, undo) = (draft.clone(), *undo);
        let record = self.session.blob(undo).ok().flatten();
        let record = record.and_then(|bytes| serde_json::from_slice::<Undo>(&bytes).ok()).unwrap_or_default();
        let gone = self.taken_back_of_gone(&record);
        let files = record.files.into_iter().map(|file| file.path).collect();
        let basis = self.chain.version();
        let effect = self.intend(None, Request::Undo { draft: draft.clone(), undo }, basis, &mut Common::default());
        self.commit().await?;
        self.undo_edits(effect, &draft, undo).await?;
        self.session.save_context(self.id, &self.chain);
        match self.chain.effect(effect).and_then(certus_engine::Effect::outcome) {
            Some(Outcome::Failed { message, .. }) => Err(Failure::of(Kind::Failed, message.clone())
                .hint("the files were left as they are: put them back by hand as they were, and take it back again")),
            _ => {
                gone.iter().for_each(|line| self.person.say(line));
                Ok(files)
            }
        }
    }
}

/// What the events say of a plan.
fn changes(plan: &edit::Plan) -> Result<Vec<FileChange>, Fault> {
    let digest = |text: &Option<String>| text.as_deref().map(parsed).transpose();
    let change = |file: &edit::PlannedFile| {
        Ok(FileChange {
            path: file.path.clone(),
            old: digest(&file.old_digest)?,
            new: digest(&file.new_digest)?,
            added: u32::try_from(file.added).unwrap_or(u32::MAX),
            removed: u32::try_from(file.removed).unwrap_or(u32::MAX),
            cut: file.diff_cut,
            tests: file.before().zip(file.after()).is_some_and(|(old, new)| changes_tests_within(&file.path, old, new)),
        })
    };
    plan.files().iter().map(change).collect()
}

pub(super) fn parsed(digest: &str) -> Result<Digest, Fault> {
    digest.parse().map_err(|_| damaged("a digest"))
}

/// The edit as the workspace takes it. A model names the base by the beginning of its digest; passages that are replaced are
/// looked for in the file as it is, and what a person approves is shown against exactly that.
fn file_edit(edit: &Edit, there: Option<String>) -> Result<FileEdit, Fault> {
    let invalid = |what: &str| Fault(ErrorCode::Invalid, format!("{}: {what}", crate::clean::line(&edit.path, 200)));
    let given = usize::from(edit.content.is_some()) + usize::from(!edit.replace.is_empty()) + usize::from(edit.delete);
    if given != 1 {
        return Err(invalid("an edit needs exactly one of content, replace and delete"));
    }
    if edit.delete {
        return Err(Fault(ErrorCode::Denied, deletes(&edit.path)));
    }
    let base = match (&edit.base, there) {
        (Some(base), Some(digest)) => {
            let base = base.trim().to_lowercase();
            match base.len() >= BASE && digest.starts_with(&base) {
                true => Some(digest),
                // A whole file may be what is there by now: planning says so.
                false if edit.content.is_some() => Some(base),
                false => return Err(other(&edit.path)),
            }
        }
        // Passages say themselves what they stand in.
        (None, there) if !edit.replace.is_empty() => there,
        (None, _) => None,
        (Some(base), None) => Some(base.clone()),
    };
    let change = match &edit.content {
        Some(text) => Change::Whole(text.clone()),
        None => Change::Replace(edit.replace.iter().map(replacement).collect()),
    };
    Ok(FileEdit { path: edit.path.clone(), base, change })
}

/// What the edit was made for is not what is there.
fn other(path: &str) -> Fault {
    Fault(ErrorCode::Diverged, format!("{} is not as it was when the edit was made", crate::clean::line(path, 200)))
}

/// Certus never deletes, whoever approves it.
fn deletes(path: &str) -> String {
    format!(
        "{}: Certus deletes no file: whoever wants it gone removes it themselves, as with `git rm`, and the change does without it",
        crate::clean::line(path, 200)
    )
}

fn replacement(Replacement { find, with }: &Replacement) -> edit::Replacement {
    edit::Replacement { find: find.clone(), replace: with.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(base: Option<&str>) -> Edit {
        Edit {
            path: "a.js".to_owned(),
            base: base.map(str::to_owned),
            content: Some("x".to_owned()),
            ..Edit::default()
        }
    }

    #[test]
    fn a_base_is_named_by_its_beginning_and_must_be_the_files() {
        let there = || Some("0123456789abcdef".repeat(4));
        let based = |edit: Edit| file_edit(&edit, there()).map(|edit| edit.base).map_err(|Fault(code, _)| code);
        let passage = |base| Edit { content: None, replace: vec![Replacement::default()], ..edit(base) };
        for edit in [edit(Some("01234567")), edit(Some("0123456789ABCDEF")), passage(None)] {
            assert_eq!(based(edit), Ok(there()));
        }
        for base in ["0123", "fedcba98"] {
            assert_eq!(based(passage(Some(base))), Err(ErrorCode::Diverged));
            // A whole file may be what is there: planning says so.
            assert_eq!(based(edit(Some(base))), Ok(Some(base.to_owned())));
        }
        // Without a base the whole content is for a file that must not exist: planning says so as well.
        assert_eq!(based(edit(None)), Ok(None));
    }

    #[test]
    fn exactly_one_change_is_meant() {
        let none = Edit { content: None, ..edit(None) };
        let two = Edit { delete: true, ..edit(None) };
        let gone = Edit { content: None, delete: true, ..edit(Some("01234567")) };
        let there = Some("0123456789abcdef".repeat(4));
        let refused =
            file_edit(&gone, there).map_err(|Fault(code, message)| (code, message.contains("deletes no file")));
        assert_eq!(refused, Err((ErrorCode::Denied, true)));
        for edit in [none, two] {
            assert!(file_edit(&edit, None).is_err());
        }
    }
}
