//! `plugins.toml`: the plugins that a project uses. Written by hand and committed, so it may come from a stranger: it names
//! files inside the project and may narrow rights, and it grants nothing.
//!
//! ```toml
//! [plugins.our-rules]
//! path = "tools/our-rules.wasm"
//! rights = { workspace = "none" }
//! ```

use std::collections::BTreeMap;
use std::path::{Component, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{ManifestError, TomlError};
use crate::rights::Narrowing;
use crate::text;

/// What a project uses, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plugins {
    /// Name → source.
    pub plugins: BTreeMap<String, PluginSource>,
}

/// Where a plugin comes from, and what is left of its rights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginSource {
    /// Relative to the project's root, inside the project.
    pub path: PathBuf,
    /// Tighter than what the package asks for.
    #[serde(default)]
    pub rights: Narrowing,
}

impl Plugins {
    /// Read and check a `plugins.toml`.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let plugins: Self = toml::from_str(text).map_err(|error| TomlError::new(text, &error))?;
        for (name, source) in &plugins.plugins {
            text::name("plugins", name)?;
            let inside = source.path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
            if !inside || source.path.as_os_str().is_empty() {
                return Err(ManifestError::Inconsistent(format!("the path of `{name}` leaves the project")));
            }
            text::plain("plugins.path", &source.path.to_string_lossy(), 4096)?;
        }
        Ok(plugins)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rights::{Rights, WorkspaceRight};

    #[test]
    fn it_names_and_narrows() {
        let text = "[plugins.our-rules]\npath = \"tools/our-rules.wasm\"\nrights = { workspace = \"none\" }\n";
        let plugins = Plugins::parse(text).expect("the file is valid");
        let source = &plugins.plugins["our-rules"];
        let asked = Rights { workspace: WorkspaceRight::Read, ..Rights::default() };
        assert_eq!(asked.narrowed(&source.rights), Rights::default());
        assert_eq!(Plugins::parse("").expect("an empty file is valid"), Plugins::default());
    }

    #[test]
    fn it_grants_nothing_and_reaches_nothing_outside() {
        let refused = |text: &str| Plugins::parse(text).expect_err(text).to_string();
        assert!(refused("[plugins.a]\npath = \"a.wasm\"\ntrust = true").contains("unknown field `trust`"));
        assert!(refused("[trusted]\n").contains("unknown field `trusted`"));
        assert!(refused("[plugins.a]\nurl = \"https://example.com/a.wasm\"").contains("unknown field `url`"));
        for path in ["../a.wasm", "/etc/a.wasm", "tools/../../a.wasm", ""] {
            assert!(refused(&format!("[plugins.a]\npath = \"{path}\"")).contains("leaves the project"), "{path}");
        }
        assert!(refused("[plugins.\"A b\"]\npath = \"a.wasm\"").contains("`plugins` has to be"));
    }
}
