//! What a person allowed: digest → rights. It lives in the user's own configuration, never in a project.
//!
//! ```toml
//! [trusted.e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855]
//! name = "our-rules"
//! rights = { workspace = "read" }
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::error::{ManifestError, TomlError};
use crate::rights::Rights;
use crate::text;

/// What a person allowed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Trust {
    trusted: BTreeMap<Digest, Grant>,
}

/// What one digest may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// What the package was called when it was allowed. For people.
    pub name: String,
    /// What was allowed.
    #[serde(default)]
    pub rights: Rights,
}

impl Trust {
    /// Read and check a trust file.
    ///
    /// # Errors
    /// What is wrong, and where. A file with an error grants nothing.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let trust: Self = toml::from_str(text).map_err(|error| TomlError::new(text, &error))?;
        for grant in trust.trusted.values() {
            text::name("trusted.name", &grant.name)?;
        }
        Ok(trust)
    }

    /// Exactly these bytes were allowed at least these rights. A digest that is not listed is allowed nothing, not even to
    /// run without rights.
    pub fn allows(&self, digest: &Digest, rights: &Rights) -> bool {
        self.grant(digest).is_some_and(|grant| grant.rights.cover(rights))
    }

    /// What was allowed to exactly these bytes.
    pub fn grant(&self, digest: &Digest) -> Option<&Grant> {
        self.trusted.get(digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rights::{UserRight, WorkspaceRight};

    #[test]
    fn a_digest_is_allowed_what_is_written_and_nothing_more() {
        let (known, other) = (Digest::of(b"known"), Digest::of(b"other"));
        let text = format!("[trusted.{known}]\nname = \"our-rules\"\nrights = {{ user = \"ask\" }}\n");
        let trust = Trust::parse(&text).expect("the file is valid");
        let say = Rights { user: UserRight::Say, ..Rights::default() };
        let read = Rights { workspace: WorkspaceRight::Read, ..say };
        assert!(trust.allows(&known, &say));
        assert!(!trust.allows(&known, &read));
        assert!(!trust.allows(&other, &Rights::default()));
        assert_eq!(trust.grant(&known).map(|grant| grant.name.as_str()), Some("our-rules"));
    }

    #[test]
    fn a_misspelt_file_is_refused() {
        for text in ["[trust]", "[trusted.abc]\nname = \"a\"", "[trusted]\nall = true"] {
            assert!(Trust::parse(text).is_err(), "{text}");
        }
    }
}
