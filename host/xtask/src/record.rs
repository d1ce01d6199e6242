//! `plugins/dist/TOOLCHAIN.toml`: what built the committed components, and from what.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use certus_packages::Digest;
use serde::{Deserialize, Serialize};

use crate::toolchain::Toolchain;

const PATH: &str = "plugins/dist/TOOLCHAIN.toml";
const HEAD: &str = "# Written by `cargo xtask plugins`; compared by `cargo xtask plugins --check`.\n\n";

/// The whole file.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// What built them.
    pub(crate) toolchain: Toolchain,
    /// By path.
    pub(crate) components: Vec<Component>,
}

/// One built component.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Component {
    /// Relative to the root.
    pub(crate) path: String,
    /// Of the file.
    pub(crate) sha256: Digest,
    /// Over everything that went into it.
    pub(crate) sources: Digest,
}

impl Record {
    /// What is committed; none when nothing was built yet.
    pub(crate) fn read(root: &Path) -> Result<Option<Self>> {
        let path = root.join(PATH);
        if !path.exists() {
            return Ok(None);
        }
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {PATH}"))?;
        Ok(Some(toml::from_str(&text).with_context(|| format!("{PATH} is damaged"))?))
    }

    /// Write it.
    pub(crate) fn write(&self, root: &Path) -> Result<()> {
        let text = format!("{HEAD}{}", toml::to_string(self)?);
        fs::write(root.join(PATH), text).with_context(|| format!("cannot write {PATH}"))
    }
}
