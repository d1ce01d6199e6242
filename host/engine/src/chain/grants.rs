//! What an approval of later edits covers, and what no such approval covers: edits that decide what runs, what is seen, or what
//! counts as tested are put before a person each time.

use super::Chain;
use crate::paths::{decides, is_test, says_what_runs};
use crate::{Draft, DraftState, FileChange, Grant};

impl Chain {
    /// Whether an approval that was given before covers every file of a draft.
    pub fn is_granted(&self, draft: &Draft) -> bool {
        match &draft.state {
            // Somebody else works on these files as well.
            DraftState::Planned(_) if draft.conflict.is_some() => false,
            DraftState::Planned(plan) => {
                plan.files.iter().all(|file| self.covers(&file.path) && self.seen_each_time(file).is_none())
            }
            _ => false,
        }
    }

    /// Why a person is asked about a file of a draft although they approved later edits of it; nothing where they did not, or where
    /// something else is the reason.
    pub fn asked_all_the_same(&self, draft: &Draft, path: &str) -> Option<&'static str> {
        let DraftState::Planned(plan) = &draft.state else { return None };
        let file = plan.files.iter().find(|file| file.path == path)?;
        self.seen_each_time(file).filter(|_| self.covers(path))
    }

    fn covers(&self, path: &str) -> bool {
        self.grants.iter().any(|grant| match grant {
            Grant::Chain => true,
            Grant::Files(files) => files.iter().any(|file| file == path),
        })
    }

    /// Why a change is put before a person whatever they granted; nothing where it is not.
    fn seen_each_time(&self, file: &FileChange) -> Option<&'static str> {
        let goes = file.new.is_none();
        let changes_tests = file.tests || self.has_as_test(&file.path) || (file.old.is_some() && is_test(&file.path));
        let reasons = [
            (goes, "it goes away"),
            (changes_tests, "it changes tests that are there"),
            (says_what_runs(&file.path), "it can say what runs"),
            (decides(&file.path), "it can decide what is installed, ignored or set up"),
            // What is not shown cannot have been seen in passing either.
            (file.cut, "not all of the change is shown"),
        ];
        reasons.into_iter().find_map(|(holds, why)| holds.then_some(why))
    }

    /// The file came with tests that a person approved, or was brought as tests once more; whether it is there or was removed since.
    fn has_as_test(&self, path: &str) -> bool {
        let has = |draft: &Draft| match &draft.state {
            DraftState::Written(written) => written.files.iter().any(|file| file.path == path),
            state => state.unchanged().iter().any(|there| there == path),
        };
        self.drafts.iter().any(|draft| draft.kind == "tests" && has(draft))
    }
}
