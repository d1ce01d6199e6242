//! Files that a chain wrote and that are no longer there: somebody removed them, set them aside with `git stash`, or is on another
//! branch. What runs then says nothing of what was written, so nothing runs, and nothing is complete, before a person put them back
//! or took their drafts back. Files that are there and differ are somebody's work on them, and are checked as they are.

use certus_engine::{EffectId, ErrorCode};
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
        let draft = *gone.values().next_back()?;
        let mut named: Vec<String> = gone.iter().map(|(path, draft)| format!("{path} ({draft})")).collect();
        let more = named.len().saturating_sub(NAMED);
        named.truncate(NAMED);
        named.extend((more > 0).then(|| format!("{more} more")));
        let (is, them, drafts) =
            if gone.len() == 1 { ("is", "it", "its draft") } else { ("are", "them", "their drafts") };
        let again = crate::report::FlowReport::again(self.id, &self.chain);
        Some(crate::clean::clean(&format!(
            "{} {is} gone, which this chain wrote, so nothing shows whether the change works; put {them} back (as with `git checkout` \
             or `git stash pop`) and go on: {again} (or take {drafts} back first: certus undo {draft} --chain {})",
            named.join(", "),
            self.id
        )))
    }

    /// Do not run a check yet, and say why.
    pub(super) async fn waits_for_files(&mut self, id: EffectId, message: String) -> Result<Stop, Failure> {
        let code = ErrorCode::Failed;
        self.defer(id, code, &message, false, None);
        self.commit().await?;
        Ok(Stop::Paused { code, message })
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
