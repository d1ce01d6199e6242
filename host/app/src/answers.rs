//! A file of answers: what a person decided beforehand, so that a chain runs without asking.
//!
//! ```toml
//! recommended = false                # true: take the recommended answer where none is given
//! [answers]
//! session-migration = "Run both for 30 days"
//! ```

use std::collections::BTreeMap;
use std::path::Path;

use certus_engine::Question;
use serde::{Deserialize, Deserializer};

use crate::Failure;

/// Larger files of answers are refused.
const MOST_BYTES: u64 = 1 << 20;

/// Answers by question id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Answers {
    /// Take the recommended answer where none is given.
    pub recommended: bool,
    /// By question id.
    #[serde(deserialize_with = "texts")]
    pub answers: BTreeMap<String, String>,
    /// What the person said on the command line itself. It comes first, and is recorded as theirs.
    #[serde(skip)]
    pub typed: Typed,
}

/// Answers from the command line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Typed {
    /// `--recommended`.
    pub recommended: bool,
    /// By question id.
    pub answers: BTreeMap<String, String>,
}

/// An answer that was given beforehand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// What it says.
    pub text: String,
    /// It stands in a file; else the person typed it.
    pub from_file: bool,
}

impl Answers {
    /// Read a file.
    ///
    /// # Errors
    /// It cannot be read, or is not of the form above.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let told = |message: String| {
            Failure::usage(message).hint("the form is: [answers] then lines of  question-id = \"answer\"")
        };
        let bytes = crate::provide::read(path, MOST_BYTES).map_err(|failure| told(failure.message))?;
        let text = String::from_utf8(bytes).map_err(|_| told(format!("{shown} is not UTF-8 text")))?;
        toml::from_str(&text).map_err(|error| told(format!("{shown}: {}", crate::clean::line(&error.to_string(), 300))))
    }

    /// The answer to a question, if there is one. An empty answer is none; the number of an option is that option.
    pub fn to(&self, question: &Question) -> Option<Given> {
        let said = |answers: &BTreeMap<String, String>| {
            let text = answers.get(&question.id).map(|text| text.trim()).filter(|text| !text.is_empty());
            text.map(|text| Self::meant(question, text).to_owned())
        };
        let preset = |wanted: bool| question.recommended.clone().filter(|_| wanted);
        let typed = |text| Given { text, from_file: false };
        let written = |text| Given { text, from_file: true };
        let given = said(&self.typed.answers).map(typed).or_else(|| said(&self.answers).map(written));
        given.or_else(|| preset(self.typed.recommended).map(typed)).or_else(|| preset(self.recommended).map(written))
    }

    /// What a text means as an answer: the option of that number, from 1, where there is one; else what it says. An option
    /// that itself reads like that number comes first.
    pub fn meant<'a>(question: &'a Question, text: &'a str) -> &'a str {
        Self::option(&question.text, &question.options, text).flatten().unwrap_or(text)
    }

    /// The option that a text chooses by its words or number; absent where it reads like no choice, empty where it is a
    /// number that no option has. Where the question asks for a number, a number above those of the options is the answer.
    #[allow(clippy::option_option, reason = "no choice and a wrong choice are two things")]
    pub fn option<'a>(asks: &str, options: &'a [String], text: &str) -> Option<Option<&'a str>> {
        if let Some(option) = options.iter().find(|option| *option == text) {
            return Some(Some(option));
        }
        if options.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let number = text.parse::<usize>().ok();
        if number.is_none_or(|number| number > options.len()) && asks_for_a_number(asks) {
            return None;
        }
        let place = number.and_then(|number| number.checked_sub(1));
        Some(place.and_then(|place| options.get(place)).map(String::as_str))
    }
}

/// Answers as a person writes them: a number, a date or a truth value without quotes is its text.
fn texts<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, String>, D::Error> {
    let answers = BTreeMap::<String, toml::Value>::deserialize(from)?;
    let texts = answers.into_iter().map(|(question, answer)| match answer {
        toml::Value::String(text) => Ok((question, text)),
        toml::Value::Array(_) | toml::Value::Table(_) => {
            let question = crate::clean::line(&question, 60);
            Err(serde::de::Error::custom(format!("the answer to `{question}` is no text: write it in quotes")))
        }
        value => Ok((question, value.to_string())),
    });
    texts.collect()
}

/// `How many entries has a page?`
fn asks_for_a_number(asks: &str) -> bool {
    const NUMBERS: [&str; 6] = ["how many", "how much", "how long", "how often", "how large", "how old"];
    let asks = asks.to_lowercase();
    NUMBERS.iter().any(|number| asks.contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(options: &[&str]) -> Question {
        Question {
            id: "transport".to_owned(),
            text: "How do tokens travel?".to_owned(),
            why: String::new(),
            options: options.iter().map(|option| (*option).to_owned()).collect(),
            recommended: options.first().map(|option| (*option).to_owned()),
            area: None,
        }
    }

    fn answered(text: &str, options: &[&str]) -> Option<String> {
        let answers = [("transport".to_owned(), text.to_owned())].into();
        Answers { answers, ..Answers::default() }.to(&question(options)).map(|given| given.text)
    }

    #[test]
    fn what_was_typed_comes_first_and_is_the_persons() {
        let by_id = |text: &str| [("transport".to_owned(), text.to_owned())].into();
        let to = |answers: &Answers| answers.to(&question(&["a cookie", "a header"]));
        let given = |text: &str, from_file| Some(Given { text: text.to_owned(), from_file });
        let mut answers = Answers { recommended: true, ..Answers::default() };
        assert_eq!(to(&answers), given("a cookie", true));
        answers.typed.recommended = true;
        assert_eq!(to(&answers), given("a cookie", false));
        answers.answers = by_id("2");
        assert_eq!(to(&answers), given("a header", true));
        answers.typed.answers = by_id("a query parameter");
        assert_eq!(to(&answers), given("a query parameter", false));
    }

    #[test]
    fn an_answer_without_quotes_is_its_text() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("answers.toml");
        let read = |text: &str| {
            std::fs::write(&path, text).expect("written");
            Answers::read(&path)
        };
        let lines = "[answers]\na = 2\nb = true\nc = 0.5\nd = 2026-01-31\ne = \"3 days\"\n";
        let answers = read(lines).expect("they are read").answers;
        let texts: Vec<&str> = answers.values().map(String::as_str).collect();
        assert_eq!(texts, ["2", "true", "0.5", "2026-01-31", "3 days"]);
        let failure = read("[answers]\npage-size = [20, 50]\n").expect_err("it is a list");
        assert!(failure.message.contains("the answer to `page-size` is no text: write it in quotes"), "{failure:?}");
    }

    #[test]
    fn the_number_of_an_option_is_that_option() {
        let options = ["a cookie", "a header"];
        for (text, want) in [("2", "a header"), (" 1 ", "a cookie"), ("0", "0"), ("3", "3"), ("+1", "+1"), ("x", "x")] {
            assert_eq!(answered(text, &options).as_deref(), Some(want), "{text}");
        }
        assert_eq!(answered("2", &[]).as_deref(), Some("2"));
        assert_eq!(answered("1", &["5", "1"]).as_deref(), Some("1"));
        assert_eq!(answered("99999999999999999999999", &options).as_deref(), Some("99999999999999999999999"));
        assert_eq!(answered(" ", &options), None);
    }
}
