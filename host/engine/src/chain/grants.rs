//! What an approval of later edits covers, and what no such approval covers: edits that decide what runs, what is seen, or what
//! counts as tested are put before a person each time.

use super::Chain;
use crate::paths::{decides, is_test, says_what_runs};
use crate::{Draft, DraftState, FileChange, Grant};

impl Chain {
    /// Whether an approval that was given before covers every file of a draft.
    pub fn is_granted(&self, draft: &Draft) -> bool {
        let covered = |path: &String| {
            self.grants.iter().any(|grant| match grant {
                Grant::Chain => true,
                Grant::Files(files) => files.contains(path),
            })
        };
        match &draft.state {
            // Somebody else works on these files as well.
            DraftState::Planned(_) if draft.conflict.is_some() => false,
            DraftState::Planned(plan) => {
                plan.files.iter().all(|file| covered(&file.path) && !self.is_seen_each_time(file))
            }
            _ => false,
        }
    }

    /// Whether a change is put before a person whatever they granted.
    fn is_seen_each_time(&self, file: &FileChange) -> bool {
        let goes = file.new.is_none();
        let changes_tests =
            file.tests || (file.old.is_some() && (is_test(&file.path) || self.wrote_as_test(&file.path)));
        // What is not shown cannot have been seen in passing either.
        file.cut || goes || changes_tests || says_what_runs(&file.path) || decides(&file.path)
    }

    /// The file came with tests that a person approved.
    fn wrote_as_test(&self, path: &str) -> bool {
        self.drafts.iter().any(|draft| match &draft.state {
            DraftState::Written(written) => draft.kind == "tests" && written.files.iter().any(|file| file.path == path),
            _ => false,
        })
    }
}
