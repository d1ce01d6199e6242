//! Answers as they are typed behind `certus answer`.

use std::collections::BTreeMap;

use certus_engine::Chain;

use crate::report::OpenQuestion;
use crate::{Answers, Failure};

/// Answers as a person typed them behind `certus answer`: `ID TEXT`, `TEXT` where one question is open, or `ID=TEXT` …
/// `answered` are the ids of questions that may be answered anew.
///
/// # Errors
/// A word fits no question.
pub fn named_answers(
    words: &[String],
    open: &[OpenQuestion],
    answered: &[String],
) -> Result<BTreeMap<String, String>, Failure> {
    let is_known = |id: &str| open.iter().any(|question| question.id == id) || answered.iter().any(|known| known == id);
    let told = |message: String| {
        let open: Vec<&str> = open.iter().map(|question| question.id.as_str()).collect();
        let lists = [("open questions", open.join(", ")), ("answered, to be corrected", answered.join(", "))];
        let lists = lists.into_iter().filter(|(_, ids)| !ids.is_empty());
        lists.fold(Failure::usage(message), |failure, (what, ids)| failure.hint(format!("{what}: {ids}")))
    };
    match words {
        [] => Ok(BTreeMap::new()),
        [id, text] if is_known(id) && !text.trim().is_empty() => Ok([(id.clone(), text.clone())].into()),
        [text] if open.len() == 1 && !text.split_once('=').is_some_and(|(id, _)| is_known(id)) => {
            Ok(open.iter().map(|question| (question.id.clone(), text.clone())).collect())
        }
        words => words
            .iter()
            .map(|word| match word.split_once('=') {
                Some((id, text)) if is_known(id) && !text.trim().is_empty() => Ok((id.to_owned(), text.to_owned())),
                Some((id, _)) if is_known(id) => Err(told(format!("the answer to `{id}` is empty"))),
                Some((id, _)) => Err(told(format!("no question is called `{}`", crate::clean::line(id, 60)))),
                None => Err(told(format!(
                    "`{}` is neither ID=ANSWER nor the id of a question",
                    crate::clean::line(word, 60)
                ))),
            })
            .collect(),
    }
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
        named_answers(&words, &open(ids), &["old".to_owned()])
            .map(|answers| answers.into_iter().collect())
            .map_err(|failure| failure.message)
    }

    fn pairs(pairs: &[(&str, &str)]) -> Result<Vec<(String, String)>, String> {
        Ok(pairs.iter().map(|(id, text)| ((*id).to_owned(), (*text).to_owned())).collect())
    }

    #[test]
    fn answers_are_named_in_three_ways() {
        assert_eq!(named(&["a", "yes, both"], &["a", "b"]), pairs(&[("a", "yes, both")]));
        assert_eq!(named(&["yes"], &["a"]), pairs(&[("a", "yes")]));
        assert_eq!(named(&["x=1"], &["a"]), pairs(&[("a", "x=1")]));
        assert_eq!(named(&["a=1=2", "b=two words"], &["a", "b"]), pairs(&[("a", "1=2"), ("b", "two words")]));
        assert_eq!(named(&[], &["a"]), pairs(&[]));
        // What was answered may be answered anew, by its name.
        assert_eq!(named(&["old", "no"], &[]), pairs(&[("old", "no")]));
        assert_eq!(named(&["old=no"], &["a"]), pairs(&[("old", "no")]));
    }

    #[test]
    fn what_fits_no_question_is_refused() {
        for (words, ids) in [
            (&["yes"][..], &["a", "b"][..]),
            (&["c", "yes"], &["a", "b"]),
            (&["a="], &["a", "b"]),
            (&["c=1"], &["a", "b"]),
            (&["a=1", "what"], &["a", "b"]),
            (&["no"], &[]),
            (&["old="], &["a"]),
        ] {
            assert!(named(words, ids).is_err(), "{words:?}");
        }
    }
}
