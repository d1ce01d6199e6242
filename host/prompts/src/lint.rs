//! What a prompt can do better: nothing here keeps one from running.

use std::fmt;

use crate::format::Prompt;
use crate::render::NAMES;
use crate::template;

/// Bytes of a body above which a prompt is better cut in two.
const LONG: usize = 12 * 1024;

/// Something that a prompt can do better.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lint {
    /// The body uses a variable that does not exist; rendering will fail.
    UnknownVariable(String),
    /// The body uses an argument that the front matter does not declare; rendering will fail.
    UndeclaredArgument(String),
    /// The front matter declares an argument that the body does not use.
    UnusedArgument(String),
    /// A declared argument has no help.
    ArgumentWithoutHelp(String),
    /// The file's name differs from the prompt's.
    FileName,
    /// The body is empty.
    Empty,
    /// The body has more than 12 KiB.
    Long(usize),
    /// A list of the front matter is empty.
    EmptyList(&'static str),
    /// The body names no part of a reply, so the model has to guess what is wanted.
    NoReplyPart,
    /// Invisible or control characters in the body; they are not sent.
    Invisible,
    /// The version is not three numbers.
    Version,
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownVariable(name) => write!(f, "the body uses `{name}`, which does not exist"),
            Self::UndeclaredArgument(name) => {
                write!(f, "the body uses `args.{name}`, which `arguments` does not declare")
            }
            Self::UnusedArgument(name) => write!(f, "`arguments` declares `{name}`, which the body does not use"),
            Self::ArgumentWithoutHelp(name) => write!(f, "the argument `{name}` has no help"),
            Self::FileName => f.write_str("the file should be named like the prompt"),
            Self::Empty => f.write_str("the body is empty"),
            Self::Long(bytes) => write!(f, "the body has {bytes} bytes; a shorter one is followed better"),
            Self::EmptyList(key) => write!(f, "`{key}` is empty, so the prompt is hard to find"),
            Self::NoReplyPart => f.write_str("the body names no part of a reply (`notes`, `discovered`, …) to fill"),
            Self::Invisible => f.write_str("the body has invisible or control characters"),
            Self::Version => f.write_str("the version is not three numbers such as 1.0.0"),
        }
    }
}

/// Everything that a prompt can do better.
pub fn lint(prompt: &Prompt) -> Vec<Lint> {
    let mut lints = Vec::new();
    let uses = template::uses(&prompt.body);
    for name in &uses.variables {
        if !NAMES.contains(&name.as_str()) {
            lints.push(Lint::UnknownVariable(name.clone()));
        }
    }
    for name in &uses.arguments {
        if !prompt.arguments.iter().any(|argument| argument.name == *name) {
            lints.push(Lint::UndeclaredArgument(name.clone()));
        }
    }
    for argument in &prompt.arguments {
        if !uses.arguments.contains(&argument.name) {
            lints.push(Lint::UnusedArgument(argument.name.clone()));
        }
        if argument.help.trim().is_empty() {
            lints.push(Lint::ArgumentWithoutHelp(argument.name.clone()));
        }
    }
    let file = prompt.path.rsplit('/').next().unwrap_or_default();
    if file != format!("{}.md", prompt.name)
        && file != format!("{}.{}.md", prompt.name, prompt.variant.as_deref().unwrap_or_default())
    {
        lints.push(Lint::FileName);
    }
    if prompt.body.trim().is_empty() {
        lints.push(Lint::Empty);
    } else if ![
        "notes",
        "discovered",
        "uncertainties",
        "confidence",
        "questions",
        "decisions",
        "gap",
        "next",
        "artifacts",
    ]
    .iter()
    .any(|part| prompt.body.contains(&format!("`{part}`")))
    {
        lints.push(Lint::NoReplyPart);
    }
    if prompt.body.len() > LONG {
        lints.push(Lint::Long(prompt.body.len()));
    }
    if prompt.uncertainty_reduction.is_empty() {
        lints.push(Lint::EmptyList("uncertainty_reduction"));
    }
    if prompt.good_for.is_empty() {
        lints.push(Lint::EmptyList("good_for"));
    }
    if *crate::clean::clean(&prompt.body) != prompt.body {
        lints.push(Lint::Invisible);
    }
    let numbers: Vec<&str> = prompt.version.split('.').collect();
    if numbers.len() != 3 || numbers.iter().any(|number| number.parse::<u32>().is_err()) {
        lints.push(Lint::Version);
    }
    lints
}

#[cfg(test)]
mod tests {
    use super::lint;
    use crate::{Layer, Prompt};

    #[test]
    fn what_can_be_better_is_said() {
        let file = "---\nname: x\npurpose: Hidden\ngood_for: []\ncost_estimate: low\nversion: 1.0\n\
                    arguments: [focus, {name: used, help: Why}]\n---\n{{ nothing }}\u{200b}{{ args.used }}{{ args.unknown }}";
        let prompt = Prompt::parse(Layer::Project, "prompts/custom/y.md", file.as_bytes()).unwrap();
        let said: Vec<String> = lint(&prompt).iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(said.join("\n"), @r#"
        the body uses `nothing`, which does not exist
        the body uses `args.unknown`, which `arguments` does not declare
        `arguments` declares `focus`, which the body does not use
        the argument `focus` has no help
        the file should be named like the prompt
        the body names no part of a reply (`notes`, `discovered`, …) to fill
        `uncertainty_reduction` is empty, so the prompt is hard to find
        `good_for` is empty, so the prompt is hard to find
        the body has invisible or control characters
        the version is not three numbers such as 1.0.0
        "#);
    }
}
