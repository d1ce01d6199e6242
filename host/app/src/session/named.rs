//! Answers as they are typed behind `certus answer`.

use std::collections::BTreeMap;

use certus_engine::Chain;

use crate::report::OpenQuestion;
use crate::{Answers, Failure};

/// What a person's text means as the answer to a question: a number is the option of that number.
///
/// # Errors
/// It is empty, which may be a variable that a script forgot to set, or there is no option of that number.
fn accepted(question: &OpenQuestion, text: &str) -> Result<String, Failure> {
    let text = text.trim();
    if text.is_empty() {
        let failure = Failure::usage(format!("the answer to `{}` is empty", question.id)).hint(options(question));
        return Err(match question.recommended {
            Some(_) => failure.hint("or take what is recommended: certus answer --recommended"),
            None => failure,
        });
    }
    if text == crate::report::YOUR_ANSWER {
        let failure = Failure::usage(format!("write your own answer to `{}` in the place of “{text}”", question.id));
        return Err(failure.hint(options(question)));
    }
    match Answers::option(&question.text, &question.options, text) {
        Some(Some(option)) => Ok(option.to_owned()),
        Some(None) => Err(Failure::usage(format!("`{}` has no option {}", question.id, crate::clean::line(text, 60)))
            .hint(options(question))),
        None => Ok(text.to_owned()),
    }
}

/// What may be answered, for a person who answered something else.
fn options(question: &OpenQuestion) -> String {
    if question.options.is_empty() {
        return format!("it asks: {}", crate::clean::line(&question.text, 200));
    }
    let numbered = (1..).zip(&question.options).map(|(number, option)| format!("{number}. {option}"));
    format!("options, by number or in your own words: {}", numbered.collect::<Vec<_>>().join("; "))
}

/// Answers as a person typed them behind `certus answer`: `ID TEXT` …, `TEXT` where one question is open, or `ID=TEXT` …
/// `answered` are questions that may be answered anew.
///
/// # Errors
/// A word fits no question, or an answer is none.
pub fn named_answers(
    words: &[String],
    open: &[OpenQuestion],
    answered: &[OpenQuestion],
) -> Result<BTreeMap<String, String>, Failure> {
    let question = |id: &str| open.iter().chain(answered).find(|question| question.id == id);
    let mut named = by_id(words, open, answered)?;
    for (id, text) in &mut named {
        if let Some(question) = question(id) {
            *text = accepted(question, text)?;
        }
    }
    Ok(named)
}

fn by_id(
    words: &[String],
    open: &[OpenQuestion],
    answered: &[OpenQuestion],
) -> Result<BTreeMap<String, String>, Failure> {
    let is_known = |id: &str| open.iter().chain(answered).any(|question| question.id == id);
    let told = |message: String| {
        let ids = |questions: &[OpenQuestion]| {
            questions.iter().map(|question| question.id.as_str()).collect::<Vec<_>>().join(", ")
        };
        let lists = [("open questions", ids(open)), ("answered, to be corrected", ids(answered))];
        let lists = lists.into_iter().filter(|(_, ids)| !ids.is_empty());
        lists.fold(Failure::usage(message), |failure, (what, ids)| failure.hint(format!("{what}: {ids}")))
    };
    match words {
        [] => Ok(BTreeMap::new()),
        pairs if pairs.len() % 2 == 0 && pairs.iter().step_by(2).all(|id| is_known(id)) => {
            let mut named = BTreeMap::new();
            for pair in pairs.chunks_exact(2) {
                if named.insert(pair[0].clone(), pair[1].clone()).is_some() {
                    return Err(told(format!("`{}` is answered twice", pair[0])));
                }
            }
            Ok(named)
        }
        [text] if open.len() == 1 && !text.split_once('=').is_some_and(|(id, _)| is_known(id) || is_id(id)) => {
            Ok(open.iter().map(|question| (question.id.clone(), text.clone())).collect())
        }
        words => words
            .iter()
            .map(|word| match word.split_once('=') {
                Some((id, text)) if is_known(id) => Ok((id.to_owned(), text.to_owned())),
                Some((id, _)) => Err(told(format!("no question is called `{}`", crate::clean::line(id, 60)))),
                None => Err(told(format!(
                    "`{}` is neither ID=ANSWER nor the id of a question",
                    crate::clean::line(word, 60)
                ))),
            })
            .collect(),
    }
}

/// Whether a text looks like a question's id, so that one that is unknown is a slip and not the answer.
fn is_id(text: &str) -> bool {
    let part = |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    text.contains('-') && text.split('-').all(part)
}

impl Answers {
    /// Ids that no question of the chain bears.
    pub fn not_asked(&self, chain: &Chain) -> Vec<String> {
        let known = |id: &&String| !chain.questions().iter().any(|status| status.question.id == **id);
        self.answers.keys().filter(known).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(ids: &[&str]) -> Vec<OpenQuestion> {
        let question = |id: &&str| OpenQuestion {
            id: (*id).to_owned(),
            text: String::new(),
            why: String::new(),
            options: Vec::new(),
            recommended: None,
        };
        ids.iter().map(question).collect()
    }

    fn named(words: &[&str], ids: &[&str]) -> Result<Vec<(String, String)>, String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        named_answers(&words, &open(ids), &open(&["old"]))
            .map(|answers| answers.into_iter().collect())
            .map_err(|failure| failure.message)
    }

    fn pairs(pairs: &[(&str, &str)]) -> Result<Vec<(String, String)>, String> {
        Ok(pairs.iter().map(|(id, text)| ((*id).to_owned(), (*text).to_owned())).collect())
    }

    #[test]
    fn answers_are_named_in_three_ways() {
        assert_eq!(named(&["a", "yes, both"], &["a", "b"]), pairs(&[("a", "yes, both")]));
        assert_eq!(named(&["b", "no", "a", "x=1"], &["a", "b"]), pairs(&[("a", "x=1"), ("b", "no")]));
        assert_eq!(named(&["a", "b", "old", "a"], &["a", "b"]), pairs(&[("a", "b"), ("old", "a")]));
        assert_eq!(named(&["yes"], &["a"]), pairs(&[("a", "yes")]));
        assert_eq!(named(&["x=1"], &["a"]), pairs(&[("a", "x=1")]));
        assert_eq!(named(&["a=1=2", "b=two words"], &["a", "b"]), pairs(&[("a", "1=2"), ("b", "two words")]));
        assert_eq!(named(&[], &["a"]), pairs(&[]));
        // What was answered may be answered anew, by its name.
        assert_eq!(named(&["old", "no"], &[]), pairs(&[("old", "no")]));
        assert_eq!(named(&["old=no"], &["a"]), pairs(&[("old", "no")]));
    }

    #[test]
    fn an_answer_means_what_it_would_in_the_terminal() {
        let mut asked = open(&["a"]);
        asked[0].options = vec!["a cookie".to_owned(), "a header".to_owned()];
        let mut to = |text: &str, recommended: Option<&str>| {
            asked[0].recommended = recommended.map(str::to_owned);
            named_answers(&["a".to_owned(), text.to_owned()], &[], &asked).map(|answers| answers["a"].clone())
        };
        assert_eq!(to("2", None).as_deref(), Ok("a header"));
        assert_eq!(to("both", None).as_deref(), Ok("both"));
        let empty = to("", Some("a cookie")).expect_err("nothing was said");
        assert!(empty.hints.iter().any(|hint| hint.contains("certus answer --recommended")), "{empty}");
        for (text, says) in [("9", "`a` has no option 9"), ("0", "no option 0"), ("", "the answer to `a` is empty")] {
            let failure = to(text, None).expect_err(text);
            assert!(failure.message.contains(says), "{failure}");
            assert_eq!(failure.hints, ["options, by number or in your own words: 1. a cookie; 2. a header"]);
        }
    }

    #[test]
    fn a_number_answers_how_many() {
        let mut asked = open(&["page-size"]);
        asked[0].options = vec!["20, at most 100".to_owned(), "50, at most 500".to_owned()];
        for (asks, text, meant) in [
            ("How many entries has a page?", "25", Some("25")),
            ("For HOW LONG is it valid?", "90", Some("90")),
            ("How many entries has a page?", "2", Some("50, at most 500")),
            ("How many entries has a page?", "99999999999999999999999", Some("99999999999999999999999")),
            ("Which of them?", "25", None),
        ] {
            asks.clone_into(&mut asked[0].text);
            let answers = named_answers(&["page-size".to_owned(), text.to_owned()], &asked, &[]);
            assert_eq!(answers.ok().map(|answers| answers["page-size"].clone()).as_deref(), meant, "{asks} {text}");
        }
    }

    #[test]
    fn what_fits_no_question_is_refused() {
        for (words, ids) in [
            (&["yes"][..], &["a", "b"][..]),
            (&["c", "yes"], &["a", "b"]),
            (&["a="], &["a", "b"]),
            (&["c=1"], &["a", "b"]),
            (&["goal-restate=1"], &["goal-restated"]),
            (&["a=1", "what"], &["a", "b"]),
            (&["a", "1", "c", "2"], &["a", "b"]),
            (&["a", "1", "b"], &["a", "b"]),
            (&["a", "1", "a", "2"], &["a", "b"]),
            (&["no"], &[]),
            (&["old="], &["a"]),
            (&["a", " "], &["a", "b"]),
            (&[""], &["a"]),
        ] {
            assert!(named(words, ids).is_err(), "{words:?}");
        }
    }
}
