//! Files that a chain wrote and that are no longer there: somebody removed them, set them aside with `git stash`, or is on another
//! branch. What runs then says nothing of what was written, so nothing runs, and nothing is complete, before a person put them back
//! or took their drafts back. Files that are there and differ are somebody's work on them, and are checked as they are.

use certus_engine::{Action, Body, EffectId, ErrorCode, Request, law};
use certus_workspace::edit::Undo;

use super::{Driver, Stop};
use crate::Failure;

/// Files that a person is told of by name.
const NAMED: usize = 10;

impl Driver<'_> {
    /// What a person is told where files that the chain wrote last are gone; nothing where all are there.
    pub(super) fn gone(&self) -> Option<String> {
        let project = self.session.project();
        let mut gone = self.chain.written_files();
        gone.retain(|path, _| !project.has_file(path));
        let drafts: Vec<&str> = gone.values().copied().collect();
        let order = law::undo_order(&self.chain, &drafts);
        let back: Vec<String> = order.iter().map(|draft| format!("certus undo {draft} --chain {}", self.id)).collect();
        if back.is_empty() {
            return None;
        }
        let mut named: Vec<String> = gone.iter().map(|(path, draft)| format!("{path} ({draft})")).collect();
        let more = named.len().saturating_sub(NAMED);
        named.truncate(NAMED);
        named.extend((more > 0).then(|| format!("{more} more")));
        let (is, them) = if gone.len() == 1 { ("is", "it") } else { ("are", "them") };
        let drafts = if back.len() == 1 { "its draft" } else { "these drafts" };
        let failed = order.iter().find_map(|draft| Some((draft, law::not_undone(&self.chain, draft)?)));
        let way = match failed {
            // The same once more leads nowhere as long as that is so; what was written is kept.
            Some((draft, why)) => format!(
                "taking {draft} back was tried, and failed: {}; once that is put right: {}; what it wrote: certus diff {draft} --full",
                why.trim_end_matches('.'),
                back.join(", then ")
            ),
            None => format!("or take {drafts} back first: {}", back.join(", then ")),
        };
        let again = crate::report::FlowReport::again(self.id, &self.chain);
        Some(crate::clean::clean(&format!(
            "{} {is} gone, which this chain wrote, so nothing shows whether the change works; put {them} back (as with `git checkout` \
             or `git stash pop`) and go on: {again} ({way})",
            named.join(", ")
        )))
    }

    /// Where a check is to run and files are gone, do not run it yet, and say why. Where that is seen before its intent is on disk,
    /// nobody is told that it runs.
    pub(super) async fn waits_for_files(&mut self) -> Result<Option<Stop>, Failure> {
        let check = |(id, effect): (EffectId, &certus_engine::Effect)| {
            matches!(effect.request, Request::Check { .. }).then_some(id)
        };
        let Some(id) = self.chain.open_effects().find_map(check) else { return Ok(None) };
        let Some(message) = self.gone() else { return Ok(None) };
        let code = ErrorCode::Failed;
        self.defer(id, code, &message, false, None);
        self.commit().await?;
        Ok(Some(Stop::Paused { code, message }))
    }

    /// Why an action is not followed: it would be paid for, or complete the chain.
    pub(super) fn rests_on_what_is_gone(&mut self, action: &Action) -> Option<Stop> {
        match action {
            Action::RunPrompts(_) => self.pays_for_what_is_gone(),
            // Checks look themselves; a chain may want none.
            Action::Finish(_) => self.stands_for_what_is_gone(),
            _ => None,
        }
    }

    /// Why nothing more is paid for in a phase that wants checks passed, where files are gone that these would be of.
    pub(super) fn pays_for_what_is_gone(&mut self) -> Option<Stop> {
        let checks = self.chain.phase_definition().is_some_and(|phase| !phase.gate.evidence.is_empty());
        if checks { self.stands_for_what_is_gone() } else { None }
    }

    /// Stop where files are gone, and let the chain say why it stands.
    pub(super) fn stands_for_what_is_gone(&mut self) -> Option<Stop> {
        let (code, message) = (ErrorCode::Failed, self.gone()?);
        self.note(Body::Paused { code, message: message.clone() });
        Some(Stop::Paused { code, message })
    }

    /// What taking a write back makes of its files that are gone, for the person who wants it.
    pub(super) fn taken_back_of_gone(&self, undo: &Undo) -> Vec<String> {
        let project = self.session.project();
        let gone = undo.files.iter().filter(|file| file.written.is_some() && project.has_nothing(&file.path));
        let said = gone.map(|file| match file.previous {
            Some(_) => format!("{} was gone: it is there again as it was before the draft", file.path),
            None => format!("{} was gone: there was nothing to take back of it", file.path),
        });
        said.map(|text| crate::clean::clean(&text)).collect()
    }
}
