//! `certus.toml`: what a project may ask for.

use certus_engine::Tightening;
use certus_workspace::Project;
use serde::Deserialize;

use super::budget::Budget;
use super::read::{parse, project_file};
use super::user::Limits;
use crate::Failure;

/// The file's name.
pub(super) const NAME: &str = "certus.toml";

/// Keys that only the user's configuration may hold, at any depth of a project's file.
const USER_ONLY: [&str; 22] = [
    "provider",
    "providers",
    "model",
    "models",
    "default-model",
    "default_model",
    "base_url",
    "base-url",
    "proxy",
    "api_key",
    "api-key",
    "key",
    "keys",
    "key-env",
    "key_env",
    "bearer",
    "command",
    "trust",
    "executable",
    "price",
    "prices",
    "env",
];

/// What stands in it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(super) struct ProjectFile {
    pub(super) gates: Tightening,
    pub(super) variant: Option<String>,
    pub(super) limits: Limits,
    pub(super) budget: Budget,
}

/// Read it.
///
/// # Errors
/// It cannot be read, is not of its form, or asks for what a project may not.
pub(super) fn read(project: &Project) -> Result<ProjectFile, Failure> {
    let Some(bytes) = project_file(project, NAME)? else { return Ok(ProjectFile::default()) };
    let text = String::from_utf8(bytes).map_err(|_| Failure::usage(format!("{NAME} is not UTF-8 text")))?;
    if let Ok(table) = toml::from_str::<toml::Table>(&text)
        && let Some(key) = forbidden(&table)
    {
        return Err(Failure::usage(format!("certus.toml may not set `{key}`: a project cannot choose that for you"))
            .hint(format!(
                "remove `{key}` from certus.toml; your own choice belongs into your user configuration or a flag"
            )));
    }
    parse(&text, NAME)
}

fn forbidden(table: &toml::Table) -> Option<String> {
    for (key, value) in table {
        if USER_ONLY.contains(&key.as_str()) {
            return Some(crate::clean::line(key, 60));
        }
        if let toml::Value::Table(inner) = value
            && key != "gates"
            && let Some(found) = forbidden(inner)
        {
            return Some(format!("{}.{found}", crate::clean::line(key, 60)));
        }
    }
    None
}
