//! A user's project as Certus sees it: text files below one root, through one capability.
//!
//! The whole room stands on three rules. A path is only ever resolved component by component from the root's handle
//! ([`cap_std`]), and no symbolic link is followed, so nothing outside the project can be reached, whatever is swapped
//! while we look. What is excluded (secrets, version control, build outputs, ignored files) is excluded from listing,
//! reading, searching and citing alike, because all of them ask the same gate. And everything has a bound: entries, depth,
//! bytes, matches, the size of a compiled pattern.
//!
//! The road not taken: the `ignore` crate's own walker. It opens paths by name, from the root of the machine; we take only
//! its matcher.
//!
//! A hard link is the file itself, so one to a file outside cannot be told from a file of the project.
//!
//! Two things change a project: [`edit`] writes what a person approved, as a whole or not at all, and [`run`] starts a command
//! of the project, which does what it does. Nothing else here creates, changes or removes a file.

mod cite;
pub mod conventions;
pub mod edit;
mod error;
mod exclude;
mod find;
mod git;
mod ignored;
mod open;
mod path;
mod project;
mod read;
pub mod run;
mod secrets;
mod tree;
mod walk;

pub use cite::Citation;
pub use error::{Error, FindError, ReadError};
pub use exclude::Exclusion;
pub use find::{Hit, MOST_HITS, MOST_MATCHES, Matches};
pub use path::{shown, spelled};
pub use project::{Project, Veil};
pub use read::{READ_LIMIT, Reader, Text};
pub use secrets::{LooksSecret, secrets};
pub use tree::{Tree, TreeDigest};
pub use walk::{Entry, LeftOut, Link, Listing, MOST_DEPTH, MOST_ENTRIES, Why};
