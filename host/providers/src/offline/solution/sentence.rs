//! Sentences that cannot be made without something to cite.

use certus_engine::Fact;

use crate::offline::text::cut;

/// Ids that one sentence cites at most.
const CITED: usize = 4;
/// Characters of one sentence.
const LENGTH: usize = 420;

/// One sentence with what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sentence {
    said: String,
    cites: Vec<String>,
}

impl Sentence {
    /// `text` has no full stop. Absent when there is nothing to cite.
    pub(super) fn citing<'i>(text: impl Into<String>, ids: impl IntoIterator<Item = &'i str>) -> Option<Self> {
        let mut cited: Vec<&str> = Vec::new();
        for id in ids {
            if !id.is_empty() && !cited.contains(&id) && cited.len() < CITED {
                cited.push(id);
            }
        }
        if cited.is_empty() {
            return None;
        }
        let ids: Vec<String> = cited.iter().map(|id| format!("[{id}]")).collect();
        let text = text.into();
        let text = cut(text.trim_end_matches(['.', ' ']), LENGTH);
        // A cut may have gone through a code span; an open one would swallow the citation.
        let close = if text.matches('`').count() % 2 == 1 { "`" } else { "" };
        let cites = cited.into_iter().map(str::to_owned).collect();
        Some(Self { said: format!("{text}{close} {}.", ids.join(" ")), cites })
    }

    /// About facts.
    pub(super) fn about<'f>(text: impl Into<String>, facts: impl IntoIterator<Item = &'f Fact>) -> Option<Self> {
        Self::citing(text, facts.into_iter().map(|fact| fact.id.as_str()))
    }
}

/// A heading with its sentences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Section {
    heading: String,
    sentences: Vec<Sentence>,
}

impl Section {
    pub(super) fn new(heading: impl Into<String>) -> Self {
        Self { heading: heading.into(), sentences: Vec::new() }
    }

    /// Nothing where there is nothing, and no sentence twice.
    pub(super) fn push(&mut self, sentence: Option<Sentence>) {
        if let Some(sentence) = sentence
            && !self.sentences.contains(&sentence)
        {
            self.sentences.push(sentence);
        }
    }

    /// Some sentence cites it.
    pub(super) fn cites(&self, id: &str) -> bool {
        self.sentences.iter().any(|sentence| sentence.cites.iter().any(|cited| cited == id))
    }

    pub(super) fn len(&self) -> usize {
        self.sentences.len()
    }
}

/// Markdown; sections without a sentence are left out.
pub(super) fn body(sections: &[Section]) -> String {
    let parts: Vec<String> = sections
        .iter()
        .filter(|section| section.len() > 0)
        .map(|section| {
            let lines: Vec<String> = section.sentences.iter().map(|sentence| format!("- {}", sentence.said)).collect();
            format!("## {}\n\n{}\n", section.heading, lines.join("\n"))
        })
        .collect();
    parts.join("\n")
}
