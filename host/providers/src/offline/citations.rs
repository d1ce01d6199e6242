//! Sentences and what they cite.
//!
//! A document of ours is made of sentences that end with the ids of facts (`[F3]`) or answers (`[A2]`) that exist. The
//! check here reads any Markdown: headings, list markers and code blocks aside, what is left falls into sentences, and each
//! has to end with a citation.

use std::collections::BTreeSet;

use certus_engine::View;

/// Sentences of a Markdown text that do not end with a citation of a fact or an answer of the view.
pub fn uncited_sentences(body: &str, view: &View) -> Vec<String> {
    let known = ids(view);
    sentences(body).into_iter().filter(|sentence| !ends_cited(sentence, &known)).collect()
}

/// Every id that can be cited.
fn ids(view: &View) -> BTreeSet<&str> {
    let facts = view.facts.iter().map(|fact| fact.id.as_str());
    facts.chain(view.questions.iter().filter_map(|status| status.cite.as_deref())).collect()
}

/// The last thing before the closing mark is a citation, and every citation in the run resolves.
fn ends_cited(sentence: &str, known: &BTreeSet<&str>) -> bool {
    let mut rest = sentence.trim_end_matches(['.', '!', '?', ':', ';', ' ', '*', '_']);
    let mut cited = false;
    while let Some(inner) = rest.strip_suffix(']') {
        let Some((before, ids)) = inner.rsplit_once('[') else { break };
        // Brackets of somebody else: `items[0]`, a lone one, and `\[F9]` within their words.
        if before.ends_with('\\') || !ids.split(',').all(is_id) {
            break;
        }
        if !ids.split(',').all(|id| known.contains(id.trim())) {
            return false;
        }
        cited = true;
        rest = before.trim_end();
    }
    cited
}

/// `F3`, `A12`.
fn is_id(text: &str) -> bool {
    let number = text.trim().strip_prefix(['F', 'A']);
    number.is_some_and(|number| !number.is_empty() && number.chars().all(|letter| letter.is_ascii_digit()))
}

/// Sentences of a Markdown text, headings and code blocks left out.
pub(super) fn sentences(body: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut paragraph = String::new();
    let mut fenced = false;
    for line in body.lines() {
        let line = line.trim();
        if line.starts_with("```") || line.starts_with("~~~") {
            fenced = !fenced;
            split(&std::mem::take(&mut paragraph), &mut found);
            continue;
        }
        if fenced {
            continue;
        }
        let (item, text) = without_marker(line);
        if line.is_empty() || line.starts_with('#') || item {
            split(&std::mem::take(&mut paragraph), &mut found);
        }
        if !line.is_empty() && !line.starts_with('#') {
            if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            paragraph.push_str(text);
        }
    }
    split(&paragraph, &mut found);
    found
}

/// A line without its list marker or quotation mark.
fn without_marker(line: &str) -> (bool, &str) {
    for marker in ["- ", "* ", "+ ", "> "] {
        if let Some(text) = line.strip_prefix(marker) {
            return (true, text.trim_start());
        }
    }
    let digits = line.len() - line.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    if digits > 0
        && let Some(text) =
            line.get(digits..).and_then(|rest| rest.strip_prefix(". ").or_else(|| rest.strip_prefix(") ")))
    {
        return (true, text.trim_start());
    }
    (false, line)
}

/// Ends at `.`, `!` or `?` before white space and something that begins a sentence; not within a code span, and not within
/// quotation marks, whose words are somebody else's.
fn split(paragraph: &str, found: &mut Vec<String>) {
    let mut sentence = String::new();
    let (mut code, mut quoted) = (false, false);
    let mut letters = paragraph.chars().peekable();
    while let Some(letter) = letters.next() {
        sentence.push(letter);
        if letter == '`' {
            code = !code;
        }
        if letter == '"' && !code {
            quoted = !quoted && letters.clone().any(|letter| letter == '"');
        }
        if code
            || quoted
            || !matches!(letter, '.' | '!' | '?')
            || !letters.peek().is_some_and(|next| next.is_whitespace())
        {
            continue;
        }
        let mut ahead = letters.clone();
        let next = ahead.find(|letter| !letter.is_whitespace());
        // A citation after the full stop belongs to the sentence before it; a small letter goes on with it (`e.g. this`).
        if next.is_some_and(|next| !next.is_lowercase() && next != '[') {
            push(&mut sentence, found);
        }
    }
    push(&mut sentence, found);
}

fn push(sentence: &mut String, found: &mut Vec<String>) {
    let text = std::mem::take(sentence);
    let text = text.trim();
    if text.chars().any(char::is_alphanumeric) {
        found.push(text.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use certus_engine::{Chain, ChainId, Fact};

    fn view() -> View {
        let mut view = Chain::default().view(ChainId(1));
        let fact = |id: &str| Fact { id: id.into(), key: "k".into(), value: "v".into(), source: None, cited: true };
        view.facts = vec![fact("F1"), fact("F2")].into();
        view
    }

    #[test]
    fn each_sentence_has_to_end_with_a_citation_that_resolves() {
        let body = "# Title without one.\n\nIt starts at `a.js. B` e.g. here [F1]. And this\ngoes on [F1, F2].\n\n- One [F2].\n2. Two [F1] [F2].\n\
                    - After the stop. [F1]\n```\ncode. Not a sentence.\n```\n- Forged [F9].\n- None at all.\n- In [F1] the middle.\n- First. Second [F1].\n\
                    - Said \"One. Two [0].\" [F1].\n- Said \"One\". Two \"three\" [F1].\n- The last items[] [F2].\n- A lone ] [F1].\n- Escaped \\[F1].";
        assert_eq!(
            uncited_sentences(body, &view()),
            ["Forged [F9].", "None at all.", "In [F1] the middle.", "First.", "Said \"One\".", "Escaped \\[F1]."]
        );
    }

    #[test]
    fn nothing_is_no_sentence() {
        assert!(uncited_sentences("", &view()).is_empty());
        assert!(uncited_sentences("## Only a heading\n\n---\n", &view()).is_empty());
    }
}
