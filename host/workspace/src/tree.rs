//! One digest over everything that is listed: what evidence was gathered on.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::project::Project;
use crate::read::digest_of;

/// The state of a project's visible files.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TreeDigest {
    /// In hex: sha-256 over path, NUL and content digest of every file, by path; then path, a byte 1 and the digest of the target's
    /// text of every symbolic link, by path. A file that could not be read counts with a digest of zeros.
    pub sha256: String,
    /// Files that are covered.
    pub files: u64,
    /// Bytes that were read.
    pub bytes: u64,
    /// Files that are listed but could not be read.
    pub unreadable: u64,
    /// The listing was cut at a bound: files and links beyond it are not covered, and nothing shows that they are the same.
    pub truncated: bool,
}

/// The same, with every file, so that two states can be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// Over all of them.
    pub digest: TreeDigest,
    files: BTreeMap<String, [u8; 32]>,
}

impl Tree {
    /// The files and links that are new, gone or of another content or target in a later state, by path.
    #[must_use]
    pub fn changed(&self, later: &Tree) -> Vec<String> {
        let gone = self.files.keys().filter(|path| !later.files.contains_key(*path));
        let other = later.files.iter().filter(|(path, content)| self.files.get(*path) != Some(content));
        let mut changed: Vec<String> = gone.chain(other.map(|(path, _)| path)).cloned().collect();
        changed.sort();
        changed
    }
}

impl Project {
    /// Digest every listed file, and where every link leads. Streamed, so that large files are covered too; excluded files are
    /// not, and neither is what only a link leads to.
    #[must_use]
    pub fn tree_digest(&self) -> TreeDigest {
        self.tree().digest
    }

    /// The same, with every file.
    #[must_use]
    pub fn tree(&self) -> Tree {
        let listing = self.files();
        let mut hasher = Sha256::new();
        let mut digest =
            TreeDigest { sha256: String::new(), files: 0, bytes: 0, unreadable: 0, truncated: listing.truncated };
        let mut files = BTreeMap::new();
        for entry in listing.entries {
            let read = self.open_file(&entry.path).ok().and_then(|(file, _)| digest_of(file).ok());
            let (content, bytes) = read.unwrap_or(([0; 32], 0));
            hasher.update(entry.path.as_bytes());
            hasher.update([0]);
            hasher.update(content);
            files.insert(entry.path, content);
            digest.bytes += bytes;
            match read {
                Some(_) => digest.files += 1,
                None => digest.unreadable += 1,
            }
        }
        for link in listing.links {
            let target: [u8; 32] = Sha256::new().chain_update([1]).chain_update(&link.target).finalize().into();
            hasher.update(link.path.as_bytes());
            hasher.update([1]);
            hasher.update(target);
            files.insert(link.path, target);
        }
        digest.sha256 = hex::encode(hasher.finalize());
        Tree { digest, files }
    }
}
