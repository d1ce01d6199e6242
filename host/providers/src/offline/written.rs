//! What a goal or an answer writes out: paths, requests and files.

use super::lexicon::GROUND;

/// Methods of a request, as a goal writes them out.
const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// A path that a goal or an answer writes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Requested {
    /// Upper case, where it stands before the path.
    pub(super) method: Option<&'static str>,
    pub(super) path: String,
    /// The word before, in lower case; empty at the beginning.
    pub(super) before: String,
}

pub(super) fn paths(text: &str) -> Vec<String> {
    let edge = |letter: char| !letter.is_alphanumeric() && !matches!(letter, '/' | ':' | '_' | '-');
    text.split_whitespace()
        .map(|word| word.trim_matches(edge).trim_end_matches(':'))
        .filter(|word| word.len() > 1 && word.starts_with('/') && !word.starts_with("//"))
        .take(20)
        .map(str::to_owned)
        .collect()
}

pub(super) fn requests(text: &str) -> Vec<Requested> {
    let edge = |letter: char| !letter.is_alphanumeric();
    let words: Vec<&str> = text.split_whitespace().collect();
    let at = |index: Option<usize>| index.and_then(|index| words.get(index)).map_or("", |word| word.trim_matches(edge));
    let requested = |(index, word): (usize, &&str)| {
        let path = paths(word).pop()?;
        let before = index.checked_sub(1);
        let method = METHODS.iter().copied().find(|method| *method == at(before));
        let before = if method.is_some() { index.checked_sub(2) } else { before };
        Some(Requested { method, path, before: at(before).to_lowercase() })
    };
    words.iter().enumerate().filter_map(requested).take(20).collect()
}

/// The text without the requests that it writes out.
pub(super) fn without_requests(text: &str) -> String {
    let edge = |letter: char| !letter.is_alphanumeric();
    let words: Vec<&str> = text.split_whitespace().collect();
    let path = |at: usize| words.get(at).is_some_and(|word| !paths(word).is_empty());
    let method = |at: usize| words.get(at).is_some_and(|word| METHODS.contains(&word.trim_matches(edge)));
    let kept = |at: &usize| !path(*at) && (!method(*at) || !path(at + 1));
    let told: Vec<&str> = (0..words.len()).filter(kept).filter_map(|at| words.get(at).copied()).collect();
    told.join(" ")
}

pub(super) fn files(text: &str) -> Vec<String> {
    const ENDINGS: &[&str] = &["js", "ts", "mjs", "cjs", "jsx", "tsx", "py", "php"];
    let edge = |letter: char| !letter.is_alphanumeric() && !matches!(letter, '_' | '-');
    let named = |word: &&str| {
        word.rsplit_once('.').is_some_and(|(name, ending)| {
            name.chars().any(char::is_alphanumeric) && ENDINGS.contains(&ending) && !GROUND.contains(&name)
        })
    };
    let words = text.split_whitespace().map(|word| word.trim_matches(edge)).filter(named);
    words.filter(|word| !word.to_lowercase().ends_with("node.js")).take(20).map(str::to_owned).collect()
}
