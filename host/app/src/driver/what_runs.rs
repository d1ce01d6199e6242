//! What a person lets run is a command as it is: a line, and the files that say what it does. They are looked at right before
//! each run; where they are other than before, the permission is gone and the person is asked again, with what changed.

use std::collections::BTreeMap;
use std::fmt::Write;

use certus_engine::{Body, Digest, says_what_runs};
use certus_workspace::edit::difference;

use super::Driver;

/// Files that are noted by name, those nearest to the root first; the rest as one.
const FILES: usize = 500;
/// What these are noted as: no file's name, as nothing lies above the root.
const DEEPER: &str = "../one of the files that lie deeper";
/// Bytes of a file of which the text is kept, so that a change of it can be shown.
const TEXT: u64 = 256 * 1024;
/// Bytes of a change that a person is shown.
const SHOWN: usize = 8 * 1024;

impl Driver<'_> {
    /// Look at the files that say what the project's commands do, and note them where they are other than before.
    ///
    /// True where they are.
    pub(crate) fn note_what_runs(&mut self) -> bool {
        let project = self.session.project();
        let listed = project.files().entries.into_iter().map(|entry| entry.path).filter(|path| says_what_runs(path));
        let mut listed: Vec<String> = listed.collect();
        listed.sort_by_cached_key(|path| (path.matches('/').count(), path.clone()));
        let digest_of = |path: &str| project.digest(path).ok().and_then(|digest| digest.parse::<Digest>().ok());
        let deeper = listed.split_off(listed.len().min(FILES));
        let (mut files, mut texts) = (BTreeMap::new(), BTreeMap::new());
        for path in listed {
            let Some(digest) = digest_of(&path) else { continue };
            if self.chain.what_runs().get(&path) != Some(&digest)
                && let Ok(bytes) = project.read_bytes(&path, TEXT)
                && Digest::of(&bytes) == digest
                && !self.has_a_key(&bytes)
            {
                texts.insert(path.clone(), bytes);
            }
            files.insert(path, digest);
        }
        if !deeper.is_empty() {
            let parts = deeper.iter().map(|path| (path, digest_of(path).map(|digest| digest.to_string())));
            let all = Digest::of_json(&parts.collect::<Vec<_>>());
            files.insert(DEEPER.to_owned(), all);
        }
        if files == *self.chain.what_runs() {
            return false;
        }
        let (changed, diff) = self.what_differs(&files, &texts);
        self.noted.blobs.extend(texts.into_values().map(|bytes| (Digest::of(&bytes), bytes)));
        self.note(Body::WhatRuns { files, changed, diff });
        true
    }

    /// What has one is not kept: who takes it out of the file has taken it out of everything.
    fn has_a_key(&self, bytes: &[u8]) -> bool {
        self.session.redactor().hidden_in_file(&String::from_utf8_lossy(bytes)).is_some()
    }

    /// The files that are other than they were noted, and in what; nothing where none were.
    fn what_differs(
        &self,
        files: &BTreeMap<String, Digest>,
        texts: &BTreeMap<String, Vec<u8>>,
    ) -> (Vec<String>, String) {
        let before = self.chain.what_runs();
        let (mut changed, mut diff) = (Vec::new(), String::new());
        if before.is_empty() {
            return (changed, diff);
        }
        let gone = before.keys().filter(|path| !files.contains_key(*path));
        let other = files.iter().filter(|(path, digest)| before.get(*path) != Some(digest)).map(|(path, _)| path);
        for path in gone.chain(other) {
            let shown = crate::clean::line(path.strip_prefix("../").unwrap_or(path), 300);
            let kept = before.get(path).map(|digest| self.session.blob(*digest).ok().flatten());
            let old = kept.flatten().and_then(|bytes| String::from_utf8(bytes).ok());
            let new = texts.get(path).and_then(|bytes| std::str::from_utf8(bytes).ok());
            // Of a file that is too long to keep, no text, or has a key in it, the name is all there is to show.
            if before.contains_key(path) == old.is_some() && files.contains_key(path) == new.is_some() {
                diff.push_str(&difference(path, old.as_deref(), new));
            } else {
                let _ = writeln!(diff, "{shown} is another");
            }
            changed.push(shown);
        }
        if diff.len() > SHOWN {
            diff.truncate(diff.floor_char_boundary(SHOWN));
            let _ = write!(diff, "\n… not all of it is shown: look at {}", changed.join(", "));
        }
        // A fence within would end the one that it is shown in.
        (changed, crate::clean::clean(diff.replace("```", "~~~").trim_end()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_command_is_told_from_says_what_runs() {
        let sources: Vec<String> = certus_workspace::conventions::command_sources().collect();
        assert!(sources.len() > 50, "{sources:?}");
        let silent: Vec<&String> = sources.iter().filter(|path| !says_what_runs(path)).collect();
        assert!(silent.is_empty(), "{silent:?}");
    }
}
