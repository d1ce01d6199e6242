//! Finding prompts by words: whole words and their beginnings, never substrings inside words.

use std::collections::BTreeSet;

use crate::format::Prompt;
use crate::library::Library;

/// Hits that a search gives.
const HITS: usize = 20;
/// Words of a query that count.
const WORDS: usize = 32;

/// A prompt that a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// By which it is called.
    pub name: String,
    /// One sentence.
    pub purpose: String,
    /// Above 0; only good for comparing hits of one search.
    pub score: f64,
}

impl Library {
    /// At most 20 prompts for some words, best first. A word counts more the fewer prompts have it, and more in a name than in a
    /// list; a prompt that has more of the words comes first.
    pub fn search(&self, words: &str) -> Vec<Hit> {
        let prompts: Vec<(&Prompt, Fields)> = self.sound().map(|prompt| (prompt, fields(prompt))).collect();
        let mut scores = vec![0.0; prompts.len()];
        for word in tokens(words).iter().take(WORDS) {
            let weights: Vec<f64> = prompts.iter().map(|(_, fields)| weight(fields, word)).collect();
            let having = weights.iter().filter(|weight| **weight > 0.0).count();
            let rarity = (1.0 + prompts.len() as f64 / (having as f64).max(1.0)).ln();
            for (score, weight) in scores.iter_mut().zip(weights) {
                *score += weight * rarity;
            }
        }
        let mut hits: Vec<Hit> = prompts
            .iter()
            .zip(scores)
            .filter(|(_, score)| *score > 0.0)
            .map(|((prompt, _), score)| Hit { name: prompt.full_name(), purpose: prompt.purpose.clone(), score })
            .collect();
        hits.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.name.cmp(&b.name)));
        hits.truncate(HITS);
        hits
    }
}

/// Words of a prompt's parts, and what a word counts there.
type Fields = Vec<(f64, BTreeSet<String>)>;

fn fields(prompt: &Prompt) -> Fields {
    let joined = |list: &[String]| tokens(&list.join(" "));
    vec![
        (3.0, tokens(&prompt.name)),
        (2.0, tokens(&prompt.purpose)),
        (1.5, joined(&prompt.uncertainty_reduction)),
        (1.0, joined(&prompt.good_for)),
    ]
}

fn weight(fields: &[(f64, BTreeSet<String>)], word: &str) -> f64 {
    let of = |tokens: &BTreeSet<String>| {
        if tokens.contains(word) {
            1.0
        } else if word.len() >= 4 && tokens.iter().any(|token| akin(token, word)) {
            0.5
        } else {
            0.0
        }
    };
    fields.iter().map(|(weight, tokens)| weight * of(tokens)).sum()
}

/// One begins with the other: `test` and `tests`, `depend` and `dependency`.
fn akin(token: &str, word: &str) -> bool {
    token.starts_with(word) || token.len() >= 4 && word.starts_with(token)
}

/// Lower-case words of at least two characters, without those that say nothing.
fn tokens(text: &str) -> BTreeSet<String> {
    const EMPTY: [&str; 18] = [
        "a", "an", "and", "are", "at", "by", "for", "from", "how", "in", "is", "it", "of", "on", "or", "the", "to",
        "with",
    ];
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.chars().nth(1).is_some())
        .map(str::to_lowercase)
        .filter(|word| !EMPTY.contains(&word.as_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::Library;

    fn names(words: &str) -> Vec<String> {
        Library::bundled().search(words).into_iter().map(|hit| hit.name).collect()
    }

    #[test]
    fn the_most_telling_word_wins() {
        assert_eq!(names("database schema").first().map(String::as_str), Some("database_schema_analyzer"));
        assert_eq!(names("API routes endpoints").first().map(String::as_str), Some("api_surface_mapper"));
        assert_eq!(names("test").first().map(String::as_str), Some("test_generator"));
    }

    #[test]
    fn parts_inside_words_do_not_count() {
        assert!(names("emalyz").is_empty());
        assert!(names("").is_empty());
        assert!(names("the of and").is_empty());
    }
}
