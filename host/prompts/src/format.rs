//! A prompt file: YAML front matter that says what the prompt is for, and a body that is a template.
//!
//! Files come from people, from packages and from models, so everything is bounded and every refusal names file and line.

use std::fmt;

use certus_engine::Digest;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::clean::line;
use crate::nearest::{did_you_mean, nearest};
use crate::template;

/// Bytes that a prompt file may have.
pub const FILE_LIMIT: usize = 1024 * 1024;
/// Bytes that front matter may have.
const FRONT_LIMIT: usize = 64 * 1024;
/// Entries in one list of the front matter.
const LIST_LIMIT: usize = 64;
/// Characters of one entry.
const ENTRY_LIMIT: usize = 300;

/// Where a prompt comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case", tag = "layer", content = "pack")]
pub enum Layer {
    /// The user's project: `prompts/custom/`.
    Project,
    /// A prompt pack, by name.
    Pack(String),
    /// Shipped with the program.
    Bundled,
}

/// How much a run is expected to cost, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cost {
    /// Below 100.
    Minimal,
    /// 100 to 1,000.
    Low,
    /// 1,000 to 5,000.
    Medium,
    /// Above 5,000.
    High,
}

/// Which of a provider's models should answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Model {
    /// A small one.
    Fast,
    /// The configured one.
    #[default]
    Default,
    /// The best one.
    Smart,
}

/// Something that a call may or must give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Argument {
    /// snake_case: `args.NAME` in the body.
    pub name: String,
    /// One line.
    pub help: String,
    /// A call without it is refused.
    pub required: bool,
    /// What it is when a call does not give it.
    pub default: Option<String>,
}

/// A prompt that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Prompt {
    /// snake_case, without the pack.
    pub name: String,
    /// One sentence.
    pub purpose: String,
    /// When to use it.
    pub good_for: Vec<String>,
    /// What it makes more certain.
    pub uncertainty_reduction: Vec<String>,
    /// What it needs to know.
    pub example_context_needs: Vec<String>,
    /// What a run is expected to cost.
    pub cost_estimate: Cost,
    /// `0.1.0` when the file does not say.
    pub version: String,
    /// Phases it is meant for; empty for any.
    pub phases: Vec<String>,
    /// What a call may give.
    pub arguments: Vec<Argument>,
    /// Which model should answer.
    pub model: Model,
    /// Set when this is one of several wordings that are compared.
    pub variant: Option<String>,
    /// The template, with `\n` line ends.
    #[serde(skip)]
    pub body: String,
    /// Where it comes from.
    pub layer: Layer,
    /// The file, as the layer names it.
    pub path: String,
    /// Of the file's bytes.
    pub digest: Digest,
    /// The line of the file on which the body begins.
    #[serde(skip)]
    pub body_line: usize,
}

impl Prompt {
    /// The name by which it is called: `pack/name` for one from a pack.
    pub fn full_name(&self) -> String {
        match &self.layer {
            Layer::Pack(pack) => format!("{pack}/{}", self.name),
            Layer::Project | Layer::Bundled => self.name.clone(),
        }
    }
}

/// A prompt file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}:{line}: {problem}")]
pub struct PromptError {
    /// As the layer names the file.
    pub path: String,
    /// 1-based.
    pub line: usize,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a prompt file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// More than [`FILE_LIMIT`] bytes.
    #[error("the file has {0} bytes, more than 1 MiB")]
    TooLong(usize),
    /// Bytes that are not text.
    #[error("the file is not UTF-8")]
    NotUtf8,
    /// No front matter at all.
    #[error("the file does not begin with front matter between two lines of `---`")]
    NoFrontMatter,
    /// The second `---` is missing.
    #[error("the front matter has no closing line of `---`")]
    Unclosed,
    /// Not YAML, or a value of the wrong type.
    #[error("the front matter cannot be read: {0}")]
    Yaml(String),
    /// A key that has no meaning.
    #[error("unknown key `{key}`{}", did_you_mean(nearest))]
    UnknownKey {
        /// As written.
        key: String,
        /// What may have been meant.
        nearest: Vec<String>,
    },
    /// A key that has to be there.
    #[error("`{0}` is missing")]
    Missing(String),
    /// A value that is not of the required form.
    #[error("`{key}`: {what}")]
    Value {
        /// Which key.
        key: String,
        /// What is wrong.
        what: String,
    },
    /// The body cannot be a template.
    #[error("{0}")]
    Template(String),
    /// Another file of the same layer has the same name.
    #[error("`{name}` is already the name of {other}")]
    Twice {
        /// The name.
        name: String,
        /// The other file.
        other: String,
    },
}

const KEYS: [&str; 11] = [
    "name",
    "purpose",
    "good_for",
    "uncertainty_reduction",
    "example_context_needs",
    "cost_estimate",
    "version",
    "phases",
    "arguments",
    "model",
    "variant",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Front {
    name: String,
    purpose: String,
    good_for: Vec<String>,
    #[serde(default)]
    uncertainty_reduction: Vec<String>,
    #[serde(default)]
    example_context_needs: Vec<String>,
    cost_estimate: Cost,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    phases: Vec<String>,
    #[serde(default)]
    arguments: Vec<Argument>,
    #[serde(default)]
    model: Model,
    #[serde(default)]
    variant: Option<String>,
}

impl Prompt {
    /// Read a prompt file.
    ///
    /// # Errors
    /// The first thing that is wrong with it, with its line.
    pub fn parse(layer: Layer, path: &str, bytes: &[u8]) -> Result<Self, PromptError> {
        let error = |line: usize, problem| PromptError { path: path.to_owned(), line, problem };
        if bytes.len() > FILE_LIMIT {
            return Err(error(1, Problem::TooLong(bytes.len())));
        }
        let text = std::str::from_utf8(bytes).map_err(|invalid| {
            let before = &bytes[..invalid.valid_up_to()];
            error(1 + before.iter().filter(|&&byte| byte == b'\n').count(), Problem::NotUtf8)
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
        let (front, body, body_line) = split(&text).map_err(|(line, problem)| error(line, problem))?;
        let read = read_front(front).map_err(|(line, problem)| error(line, problem))?;
        check_front(&read)
            .map_err(|(key, what)| error(line_of(front, key), Problem::Value { key: key.to_owned(), what }))?;
        template::check(body)
            .map_err(|found| error(body_line + found.line - 1, Problem::Template(found.to_string())))?;
        let lines = |list: Vec<String>| list.iter().map(|text| line(text, ENTRY_LIMIT)).collect();
        let help = |argument: Argument| Argument { help: line(&argument.help, ENTRY_LIMIT), ..argument };
        Ok(Self {
            name: read.name,
            purpose: line(&read.purpose, ENTRY_LIMIT),
            good_for: lines(read.good_for),
            uncertainty_reduction: lines(read.uncertainty_reduction),
            example_context_needs: lines(read.example_context_needs),
            cost_estimate: read.cost_estimate,
            version: read.version.unwrap_or_else(|| "0.1.0".to_owned()),
            phases: lines(read.phases),
            arguments: read.arguments.into_iter().map(help).collect(),
            model: read.model,
            variant: read.variant,
            body: body.to_owned(),
            layer,
            path: path.to_owned(),
            digest: Digest::of(bytes),
            body_line,
        })
    }
}

type Found = (usize, Problem);

/// Front matter, body, and the line on which the body begins.
fn split(text: &str) -> Result<(&str, &str, usize), Found> {
    let Some((first, rest)) = text.split_once('\n').filter(|(first, _)| first.trim_end() == "---") else {
        return Err((1, Problem::NoFrontMatter));
    };
    let start = first.len() + 1;
    let mut at = start;
    for (index, line) in rest.split('\n').enumerate() {
        if line.trim_end() == "---" {
            let front = &text[start..at];
            if front.len() > FRONT_LIMIT {
                return Err((2, Problem::Yaml("more than 64 KiB".to_owned())));
            }
            let body = text.get(at + line.len() + 1..).unwrap_or_default();
            return Ok((front, body, index + 3));
        }
        at += line.len() + 1;
    }
    Err((1, Problem::Unclosed))
}

fn read_front(front: &str) -> Result<Front, Found> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: 8,
            max_nodes: 4096,
            max_events: 16_384,
            max_aliases: 0,
            max_anchors: 0,
            max_documents: 1,
            flow_nesting_limit: 8,
        },
        merge_keys: serde_saphyr::MergeKeyPolicy::Error,
        with_snippet: false,
    };
    if front.trim().is_empty() {
        return Err((1, Problem::Missing("name".to_owned())));
    }
    serde_saphyr::from_str_with_options(front, options).map_err(|error| yaml_problem(&error))
}

fn yaml_problem(error: &serde_saphyr::Error) -> Found {
    use serde_saphyr::Error;
    // The front matter begins on the second line of the file.
    let line = error.location().and_then(|at| usize::try_from(at.line()).ok()).unwrap_or(1) + 1;
    match error.without_snippet() {
        Error::SerdeUnknownField { field, expected, .. } => {
            let known: &[&str] = if expected.contains(&"purpose") { &KEYS } else { expected };
            let nearest = nearest(field, known.iter().copied(), 1);
            (line, Problem::UnknownKey { key: short(field), nearest })
        }
        Error::SerdeMissingField { field, .. } => {
            // Where a required key of the file itself is missing, its beginning is the best place to name.
            let line = if KEYS.contains(field) && *field != "name" { 1 } else { line };
            (line, Problem::Missing((*field).to_owned()))
        }
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            (line, Problem::Yaml(format!("`{}` is given twice", short(key))))
        }
        Error::Unexpected { expected: "sequence start", .. } => {
            (line, Problem::Yaml("a list is expected here".to_owned()))
        }
        Error::Unexpected { expected: "string scalar", .. } => {
            (line, Problem::Yaml("a text is expected here".to_owned()))
        }
        Error::NullIntoString { .. } => (line, Problem::Yaml("a value is missing".to_owned())),
        Error::Budget { .. } => (line, Problem::Yaml("too deep, too long, or with anchors and aliases".to_owned())),
        other => {
            let said = other.render_with_formatter(&serde_saphyr::UserMessageFormatter);
            // The place is told already, and in terms of the file.
            let said = said.split(" at line ").next().unwrap_or(&said);
            (line, Problem::Yaml(crate::clean::line(said, 300)))
        }
    }
}

fn check_front(front: &Front) -> Result<(), (&'static str, String)> {
    if !is_snake(&front.name) {
        return Err(("name", format!("{:?} is not snake_case of at most 64 characters", short(&front.name))));
    }
    if front.purpose.trim().is_empty() || front.purpose.chars().count() > ENTRY_LIMIT {
        return Err(("purpose", "takes 1 to 300 characters".to_owned()));
    }
    let lists = [
        ("good_for", &front.good_for),
        ("uncertainty_reduction", &front.uncertainty_reduction),
        ("example_context_needs", &front.example_context_needs),
        ("phases", &front.phases),
    ];
    for (key, list) in lists {
        if list.len() > LIST_LIMIT {
            return Err((key, format!("more than {LIST_LIMIT} entries")));
        }
        if let Some(entry) = list.iter().find(|entry| entry.trim().is_empty() || entry.chars().count() > ENTRY_LIMIT) {
            return Err((key, format!("{:?} is empty or has more than 300 characters", short(entry))));
        }
    }
    if let Some(version) = &front.version
        && (version.is_empty()
            || version.len() > 32
            || !version.chars().all(|c| c.is_ascii_alphanumeric() || ".+-".contains(c)))
    {
        return Err(("version", format!("{:?} is not a version", short(version))));
    }
    if let Some(variant) = &front.variant
        && (variant.is_empty()
            || variant.len() > 32
            || !variant.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)))
    {
        return Err(("variant", format!("{:?} is not letters, digits, `-` and `_`", short(variant))));
    }
    if front.arguments.len() > 16 {
        return Err(("arguments", "more than 16".to_owned()));
    }
    for (index, argument) in front.arguments.iter().enumerate() {
        if !is_snake(&argument.name) {
            return Err(("arguments", format!("{:?} is not snake_case", short(&argument.name))));
        }
        if front.arguments[..index].iter().any(|other| other.name == argument.name) {
            return Err(("arguments", format!("`{}` is named twice", argument.name)));
        }
        if argument.required && argument.default.is_some() {
            return Err(("arguments", format!("`{}` is required and has a default", argument.name)));
        }
    }
    Ok(())
}

/// A lower-case letter first; then lower-case letters, digits and single `_` between them.
pub(crate) fn is_snake(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .split('_')
            .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()))
}

fn short(text: &str) -> String {
    line(text, 60)
}

/// The line of the file on which a key of the front matter stands.
fn line_of(front: &str, key: &str) -> usize {
    let at =
        front.lines().position(|line| line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(':')));
    at.map_or(1, |index| index + 2)
}

impl<'de> Deserialize<'de> for Argument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ArgumentVisitor;
        impl<'de> Visitor<'de> for ArgumentVisitor {
            type Value = Argument;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an argument's name, or its name, help, required and default")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Argument, E> {
                Ok(Argument { name: name.to_owned(), help: String::new(), required: false, default: None })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Argument, A::Error> {
                let full = Full::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(Argument { name: full.name, help: full.help, required: full.required, default: full.default })
            }
        }
        deserializer.deserialize_any(ArgumentVisitor)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Full {
    name: String,
    #[serde(default)]
    help: String,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    default: Option<String>,
}

#[cfg(test)]
mod tests;
