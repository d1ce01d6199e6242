//! `config.toml` and `prices.toml` in the user's configuration directory.

use std::collections::BTreeMap;
use std::path::Path;

use certus_providers::{Prices, ProviderError};
use serde::Deserialize;

use super::budget::Budget;
use super::read::{parse, user_file};
use super::services::Section;
use crate::Failure;

/// What stands in `config.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(super) struct UserFile {
    pub(super) provider: Option<String>,
    pub(super) default_model: Option<String>,
    pub(super) limits: Limits,
    pub(super) budget: Budget,
    pub(super) providers: BTreeMap<String, Section>,
    /// Variables of the environment that the project's own checks find too: names, or beginnings followed by `*`.
    pub(super) check_environment: Vec<String>,
    /// `[methodology.NAME]`: its settings.
    pub(super) methodology: BTreeMap<String, BTreeMap<String, f64>>,
}

/// `[limits]`, in either file.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(super) struct Limits {
    pub(super) max_output_tokens: Option<u32>,
    pub(super) check_seconds: Option<u64>,
    /// MiB that one of the project's own checks may print.
    pub(super) check_output_mib: Option<u64>,
    /// Tokens of a model's context window that are used.
    pub(super) context_window: Option<u64>,
}

impl Limits {
    /// The first that leaves nothing to work with.
    pub(super) fn of_nothing(&self) -> Option<&'static str> {
        let named = [
            ("max-output-tokens", self.max_output_tokens.map(u64::from)),
            ("check-seconds", self.check_seconds),
            ("check-output-mib", self.check_output_mib),
            ("context-window", self.context_window),
        ];
        named.into_iter().find(|(_, number)| *number == Some(0)).map(|(name, _)| name)
    }
}

/// Read `config.toml`.
///
/// # Errors
/// It cannot be read or is not of its form.
pub(super) fn read(path: &Path) -> Result<UserFile, Failure> {
    match user_file(path)? {
        Some(text) => parse(&text, &path.display().to_string()),
        None => Ok(UserFile::default()),
    }
}

/// Read `prices.toml`; absent when it is not there.
///
/// # Errors
/// It cannot be read or is not of its form.
pub(crate) fn prices(path: &Path) -> Result<Option<Prices>, Failure> {
    let Some(text) = user_file(path)? else { return Ok(None) };
    let shown = path.display().to_string();
    Prices::parse(&shown, &text).map(Some).map_err(|error| match error {
        ProviderError::Invalid { message, hint } => Failure::usage(crate::clean::line(&message, 300)).hint(hint),
        other => Failure::usage(crate::clean::line(&other.to_string(), 300)),
    })
}
