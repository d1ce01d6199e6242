//! `config.json` of a project, as prompt runners before Certus kept it.
//!
//! ```json
//! { "models":  { "default": "…", "fast": "…", "smart": "…" },
//!   "limits":  { "max_tokens_per_prompt": 4000, "context_window": 100000, "warning_threshold": 0.8 },
//!   "prompts": { "system_dir": "./prompts/system", "custom_dir": "./prompts/custom" } }
//! ```
//!
//! Its limits tighten, its warning can come earlier, and its folder of own prompts is read; models are the choice of whose key pays. What
//! is not used is told of. Many projects have a
//! `config.json` of another kind: a file that has anything else in it is not ours and says nothing here.

use certus_workspace::Project;
use serde::Deserialize;
use serde_json::Value;

use super::read::foreign_file;
use super::services::{Tiers, check_model};
use crate::Failure;

const NAME: &str = "config.json";
/// A warning comes at this share of a cap, unless somebody wants it earlier.
const EARLIEST: f64 = 0.8;
/// What makes it ours: these keys and no others.
const KNOWN: [(&str, &[&str]); 3] = [
    ("models", &["default", "fast", "smart"]),
    ("limits", &["max_tokens_per_prompt", "context_window", "warning_threshold"]),
    ("prompts", &["system_dir", "custom_dir"]),
];

/// What stands in it.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct ConfigJson {
    pub(super) models: Tiers,
    pub(super) limits: JsonLimits,
    pub(super) prompts: Folders,
}

/// `limits`.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct JsonLimits {
    pub(super) max_tokens_per_prompt: Option<u32>,
    pub(super) context_window: Option<u64>,
    /// The share of a cap at which a person is warned.
    pub(super) warning_threshold: Option<f64>,
}

/// `prompts`. Certus brings its own system prompts, and those of another program would take the place of some of them.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Folders {
    pub(super) custom_dir: Option<String>,
    pub(super) system_dir: Option<String>,
}

impl ConfigJson {
    /// The share of a cap at which a person is warned, in percent, where that is earlier than otherwise.
    pub(super) fn warn_percent(&self) -> Option<u8> {
        let percent = self.limits.warning_threshold.filter(|share| (0.0..EARLIEST).contains(share))? * 100.0;
        // In range by the check above.
        Some(percent.floor() as u8)
    }

    /// What of it is not used, and why.
    pub(super) fn notes(&self, project: &Project) -> Vec<String> {
        let mut notes = Vec::new();
        match self.limits.warning_threshold {
            Some(share) if !(0.0..=1.0).contains(&share) => {
                notes.push(format!("config.json: limits.warning_threshold is {share}, which is no share of 0 to 1"));
            }
            Some(share) if share > EARLIEST => {
                notes.push(format!("config.json: a warning comes at 80 % already, and not at {:.0} %", share * 100.0));
            }
            _ => {}
        }
        if let Some(folder) = self.prompts.system_dir.as_deref()
            && matches!(self.prompts.custom_dir.as_deref(), custom if custom != Some(folder))
            && project.root().join(folder).is_dir()
        {
            let folder = crate::clean::line(folder, 60);
            notes.push(format!(
                "config.json: the system prompts in {folder} are not used, Certus has its own; prompts of yours belong into custom_dir"
            ));
        }
        notes
    }

    /// The folder of the project's prompts, as a path of the project.
    ///
    /// # Errors
    /// It is none.
    pub(super) fn custom_dir(&self) -> Result<Option<String>, Failure> {
        let Some(folder) = &self.prompts.custom_dir else { return Ok(None) };
        let path = folder.strip_prefix("./").unwrap_or(folder).trim_end_matches('/');
        let is_name = |part: &str| {
            !part.is_empty() && part != "." && part != ".." && !part.contains(['\\', '*', '?', '[', '{', ':'])
        };
        if path.split('/').all(is_name) {
            return Ok(Some(path.to_owned()));
        }
        Err(Failure::usage(format!(
            "config.json: prompts.custom_dir is no folder of the project: `{}`",
            crate::clean::line(folder, 60)
        ))
        .hint("write it as a path inside the project: \"./prompts/custom\""))
    }
}

/// Read it; nothing where it is not there or not ours.
///
/// # Errors
/// It is ours and has a value that cannot be.
pub(super) fn read(project: &Project) -> Result<ConfigJson, Failure> {
    let Some(value) = foreign_file(project, NAME).and_then(|text| serde_json::from_str::<Value>(&text).ok()) else {
        return Ok(ConfigJson::default());
    };
    if !is_ours(&value) {
        return Ok(ConfigJson::default());
    }
    let wrong = |what: String| {
        Failure::usage(format!("config.json: {}", crate::clean::line(&what, 200)))
            .hint("mend it, or move what it says into certus.toml: certus init --help")
    };
    let file = ConfigJson::deserialize(&value).map_err(|error| wrong(error.to_string()))?;
    for model in file.models.names() {
        check_model(model).map_err(wrong)?;
    }
    Ok(file)
}

/// Whether this is a file of ours at the project's root, or would be.
pub(crate) fn configures(path: &str, texts: [Option<&str>; 2]) -> bool {
    let ours = |text: &str| serde_json::from_str::<Value>(text).is_ok_and(|value| is_ours(&value));
    path.eq_ignore_ascii_case(NAME) && texts.into_iter().flatten().any(ours)
}

fn is_ours(value: &Value) -> bool {
    let Some(object) = value.as_object() else { return false };
    let section = |(name, value): (&String, &Value)| {
        let known = KNOWN.iter().find(|(known, _)| known == name)?;
        let keys = value.as_object()?;
        keys.keys().all(|key| known.1.contains(&key.as_str())).then_some(())
    };
    !object.is_empty() && object.iter().all(|entry| section(entry).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<ConfigJson, Failure> {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(NAME), text).expect("a file");
        read(&Project::open(folder.path()).expect("a project"))
    }

    #[test]
    fn what_it_says_is_read() {
        let file = of(r#"{"models":{"default":"claude-3-opus-20240229","fast":"a","smart":"b"},
            "limits":{"max_tokens_per_prompt":4000,"context_window":100000,"warning_threshold":0.8},
            "prompts":{"system_dir":"./prompts/system","custom_dir":"./prompts/custom/"}}"#)
        .expect("valid");
        assert_eq!(file.limits.max_tokens_per_prompt, Some(4000));
        assert_eq!(file.limits.context_window, Some(100_000));
        assert_eq!(file.models.default.as_deref(), Some("claude-3-opus-20240229"));
        assert_eq!(file.custom_dir().expect("a folder").as_deref(), Some("prompts/custom"));
    }

    #[test]
    fn another_file_of_that_name_says_nothing() {
        for text in [
            "{}",
            "[]",
            "not json",
            r#"{"limits":{"rate":5}}"#,
            r#"{"limits":{"max_tokens_per_prompt":1},"database":{}}"#,
            r#"{"models":["a"]}"#,
        ] {
            assert_eq!(of(text).expect(text), ConfigJson::default(), "{text}");
        }
    }

    #[test]
    fn a_wrong_value_in_ours_is_told() {
        for text in [
            r#"{"limits":{"max_tokens_per_prompt":"many"}}"#,
            r#"{"limits":{"max_tokens_per_prompt":-1}}"#,
            r#"{"models":{"default":"../../x"}}"#,
        ] {
            let failure = of(text).expect_err(text);
            assert!(failure.message.starts_with("config.json: "), "{failure}");
        }
        for folder in ["/etc", "../x", "a/../../b", "", "a\\b", "**"] {
            let file = of(&format!(r#"{{"prompts":{{"custom_dir":{}}}}}"#, Value::from(folder))).expect("the form");
            assert!(file.custom_dir().is_err(), "{folder}");
        }
    }
}
