//! Edits and checks: planning a draft against the files, showing it, writing what was approved, taking it back, and running
//! the project's own commands.
//!
//! A plan is stored whole, with every text before and after, before it is shown: so the same bytes are approved, written and
//! taken back, by whatever process.

use std::time::Instant;

use certus_engine::{
    Body, Check, Digest, Edit, EffectId, ErrorCode, FileChange, Outcome, Plan, Replacement, Request, law,
};
use certus_workspace::edit::{self, Change, EditError, FileEdit, Permit, Undo};
use certus_workspace::run::{self, Environment};

use super::fault::{Fault, damaged};
use super::perform::elapsed;
use super::record::Common;
use super::{Driver, Stop};
use crate::Failure;
use crate::error::Kind;
use crate::person::{EditVerdict, ShownEdits, ShownFile};
use crate::session::edits::{named_draft, what_there_is};

/// Characters of a digest that name a file's content at least.
const BASE: usize = 8;
/// Bytes of a check's last lines that are kept in the events.
const TAIL: usize = 16 * 1024;
/// Files that a check changed, of which the events keep the names.
const CHANGED: usize = 20;

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
        let plan = project.plan(&edits, &Permit::default())?;
        let configures =
            |file: &&edit::PlannedFile| crate::config::configures(&file.path, [file.before(), file.after()]);
        if let Some(file) = plan.files().iter().find(configures) {
            return Err(EditError::Protected { path: file.path.clone() }.into());
        }
        let bytes = serde_json::to_vec(&plan).map_err(|_| damaged("the plan"))?;
        let digest = |text: &Option<String>| text.as_deref().map(parsed).transpose();
        let files = plan.files().iter().map(|file| {
            Ok(FileChange {
                path: file.path.clone(),
                old: digest(&file.old_digest)?,
                new: digest(&file.new_digest)?,
                added: u32::try_from(file.added).unwrap_or(u32::MAX),
                removed: u32::try_from(file.removed).unwrap_or(u32::MAX),
                cut: file.diff_cut,
            })
        });
        let files = files.collect::<Result<_, Fault>>()?;
        Ok((Plan { digest: parsed(&plan.digest())?, stored: Digest::of(&bytes), files }, bytes))
    }

    /// The plan as it was stored, if it is the one that is meant.
    fn stored(&self, plan: &Plan) -> Result<edit::Plan, Fault> {
        let bytes = match self.session.blob(plan.stored) {
            Ok(Some(bytes)) => bytes,
            _ => return Err(damaged("the plan")),
        };
        let stored: edit::Plan = serde_json::from_slice(&bytes).map_err(|_| damaged("the plan"))?;
        if parsed(&stored.digest())? == plan.digest { Ok(stored) } else { Err(damaged("the plan")) }
    }

    /// What a person is shown of planned edits.
    pub(crate) fn shown_edits(&self, draft: &str, plan: &Plan) -> Result<ShownEdits, Failure> {
        let stored = self.stored(plan).map_err(|Fault(_, message)| Failure::failed(message))?;
        let known = self.chain.drafts().iter().find(|known| known.id == draft);
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
            EditVerdict::Approved(grant) => (certus_engine::Verdict::Approved, grant),
            EditVerdict::Refused(why) => (certus_engine::Verdict::Rejected(crate::clean::clean(&why)), None),
            EditVerdict::Amended(contents) => {
                let stored = self.stored(plan).map_err(|Fault(_, message)| Failure::failed(message))?;
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
            (Some(plan), None) => self.stored(plan).and_then(|stored| Ok(self.session.project().write(&stored)?)),
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

    /// Run one of the project's own checks, on the files as they are.
    pub(crate) async fn check(&mut self, id: EffectId, check: Check, line: &str) -> Result<(), Failure> {
        // Whoever allowed it may have done so in another process, long ago. Where nothing was noted then, nothing can be compared.
        let noted = !self.chain.what_runs().is_empty();
        if self.note_what_runs() && noted {
            let message = "files that say what it does were changed since it was allowed".to_owned();
            let outcome = Outcome::Failed { code: ErrorCode::Denied, message };
            self.note(Body::Outcome { effect: id, outcome, elapsed_ms: 0 });
            return self.commit().await;
        }
        self.listener.busy(line);
        let since = Instant::now();
        let project = self.session.project();
        let before = project.tree();
        let tree = parsed(&before.digest.sha256).map_err(|Fault(_, message)| Failure::failed(message))?;
        let command = run::Command {
            line: line.to_owned(),
            directory: String::new(),
            environment: Environment::inherited(&self.session.config().check_environment),
            limits: self.session.config().check_limits.clone(),
        };
        let outcome = match project.run(&command, |_| {}) {
            Ok(running) => {
                let finished = running.await;
                let limit = if finished.timed_out {
                    format!("\n(ended after {} s: too slow)", command.limits.time.as_secs())
                } else if finished.wrote_too_much {
                    format!("\n(ended after {} MiB of output: too much)", command.limits.written_bytes >> 20)
                } else {
                    String::new()
                };
                let status = if limit.is_empty() { finished.status } else { None };
                let left = project.tree();
                let (after, changed) = (parsed(&left.digest.sha256).ok(), first(before.changed(&left)));
                // Tests print the environment that they read; what is recorded here is sent to a service as well.
                let output = self.session.redactor().redact(finished.output);
                let tail = format!("{}{limit}", end(&output, TAIL));
                Outcome::Checked { status, tree, after, changed, tail }
            }
            // Evidence as well, and none of success: whoever decides what comes next must see it.
            Err(error) => Outcome::Checked {
                status: None,
                tree,
                after: None,
                changed: Vec::new(),
                tail: crate::clean::clean(&format!("the project's {} did not start: {error}", check.name())),
            },
        };
        let elapsed_ms = self.session.elapsed(elapsed(since));
        self.note(Body::Outcome { effect: id, outcome, elapsed_ms });
        self.commit().await
    }

    /// Begin what a person asks for: taking a draft, or the last one, back.
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
        let files = self.chain.drafts().iter().find(|known| known.id == draft).map(|known| match &known.state {
            certus_engine::DraftState::Written(written) => written.files.iter().map(|file| file.path.clone()).collect(),
            _ => Vec::new(),
        });
        let basis = self.chain.version();
        let effect = self.intend(None, Request::Undo { draft: draft.clone(), undo }, basis, &mut Common::default());
        self.commit().await?;
        self.undo_edits(effect, &draft, undo).await?;
        self.session.save_context(self.id, &self.chain);
        match self.chain.effect(effect).and_then(certus_engine::Effect::outcome) {
            Some(Outcome::Failed { message, .. }) => {
                Err(Failure::of(Kind::Failed, message.clone()).hint("the files were left as they are"))
            }
            _ => Ok(files.unwrap_or_default()),
        }
    }
}

/// The first of the files that a check changed, as they are shown; and how many more there are.
fn first(mut changed: Vec<String>) -> Vec<String> {
    let more = changed.len().saturating_sub(CHANGED);
    changed.truncate(CHANGED);
    let mut shown: Vec<String> = changed.iter().map(|path| crate::clean::line(path, 300)).collect();
    shown.extend((more > 0).then(|| format!("and {more} more")));
    shown
}

/// The last bytes of a text, from the beginning of a line.
fn end(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let tail = &text[text.ceil_char_boundary(text.len() - most)..];
    tail.split_once('\n').map_or(tail, |(_, rest)| rest)
}

fn parsed(digest: &str) -> Result<Digest, Fault> {
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
            if base.len() < BASE || !digest.starts_with(&base) {
                return Err(Fault(
                    ErrorCode::Diverged,
                    format!("{} is not as it was when the edit was made", crate::clean::line(&edit.path, 200)),
                ));
            }
            Some(digest)
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
        let based = |base| file_edit(&edit(base), there()).map(|edit| edit.base).map_err(|Fault(code, _)| code);
        assert_eq!(based(Some("01234567")), Ok(there()));
        assert_eq!(based(Some("0123456789ABCDEF")), Ok(there()));
        assert_eq!(based(Some("0123")), Err(ErrorCode::Diverged));
        assert_eq!(based(Some("fedcba98")), Err(ErrorCode::Diverged));
        // Without a base the whole content is for a file that must not exist: planning says so.
        assert_eq!(based(None), Ok(None));
        let passage = Edit { content: None, replace: vec![Replacement::default()], ..edit(None) };
        assert_eq!(file_edit(&passage, there()).map(|edit| edit.base).map_err(|Fault(code, _)| code), Ok(there()));
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

    #[test]
    fn the_end_of_an_output_begins_with_a_line() {
        assert_eq!(end("one\ntwo\nthree", 7), "three");
        assert_eq!(end("short", 7), "short");
        assert_eq!(end("ääääääää", 5), "ää");
    }
}
