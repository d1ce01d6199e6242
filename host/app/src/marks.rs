//! The lines of a file that a step is about: those that drafts changed, those that speak of what is wanted, those that facts cite.

use std::collections::{BTreeMap, BTreeSet};

use certus_engine::{Chain, Draft, Edit, Outcome};

/// Lines that are found by their words, and those that are cited, at most.
const MOST_FOUND: usize = 12;
/// What a word of the goal or of an argument counts, where one of the plan counts 1.
const WANTED: f64 = 3.0;

/// What a step is about, as words.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    words: BTreeMap<String, f64>,
}

impl Wanted {
    /// The goal and the arguments, and what else is planned.
    pub(crate) fn of<'t>(wanted: impl Iterator<Item = &'t str>, planned: impl Iterator<Item = &'t str>) -> Self {
        let mut words: BTreeMap<String, f64> = BTreeMap::new();
        for word in planned.flat_map(certus_prompts::words) {
            words.insert(word, 1.0);
        }
        for word in wanted.flat_map(certus_prompts::words) {
            words.insert(word, WANTED);
        }
        Self { words }
    }
}

/// Lines of a file, from 1, those that matter most first. Words are looked for only where that is asked: it takes a look at each line.
pub(crate) fn marks(chain: &Chain, path: &str, text: &str, wanted: Option<&Wanted>) -> Vec<u32> {
    let mut marks = changed(chain, path, text);
    if let Some(wanted) = wanted {
        marks.extend(found(text, wanted));
    }
    let cited = chain.facts().iter().filter(|fact| fact.cited).filter_map(|fact| fact.source.as_ref());
    marks.extend(cited.filter(|place| place.path == path).map(|place| place.line).take(MOST_FOUND));
    let mut seen = BTreeSet::new();
    marks.retain(|line| seen.insert(*line));
    marks
}

/// Where drafts that stand, or that wait, changed it: the newest first.
fn changed(chain: &Chain, path: &str, text: &str) -> Vec<u32> {
    let stands =
        |draft: &&Draft| !draft.state.is_over() || matches!(draft.state, certus_engine::DraftState::Written(_));
    let edits = chain.drafts().iter().rev().filter(stands).flat_map(|draft| edits(chain, draft));
    let passages: Vec<_> = edits.filter(|edit| edit.path == path).flat_map(|edit| &edit.replace).collect();
    if passages.is_empty() {
        return Vec::new();
    }
    let text = text.replace("\r\n", "\n");
    let mut marks = Vec::new();
    for passage in passages {
        let [new, old] = [&passage.with, &passage.find].map(|part| part.replace("\r\n", "\n"));
        // What is not written yet stands there as it was.
        let there = [&new, &old].into_iter().filter(|part| !part.trim().is_empty());
        let Some((at, part)) = there.filter_map(|part| Some((text.find(part.as_str())?, part))).next() else {
            // Somebody may have worked on it since: what is left of it.
            let lines: BTreeSet<&str> = new.lines().map(str::trim).filter(|line| line.len() > 3).collect();
            marks.extend(once(&text, &lines));
            continue;
        };
        let line = |offset: usize| u32::try_from(text[..offset].matches('\n').count() + 1).unwrap_or(u32::MAX);
        marks.extend([line(at), line(at + part.trim_end_matches('\n').len())]);
    }
    marks
}

/// The first and the last of these lines that are in a text once.
fn once(text: &str, lines: &BTreeSet<&str>) -> Vec<u32> {
    let mut at: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for (line, number) in text.lines().map(str::trim).zip(1..).filter(|(line, _)| lines.contains(line)) {
        at.entry(line).or_default().push(number);
    }
    let numbers: BTreeSet<u32> = at.into_values().filter(|at| at.len() == 1).flatten().collect();
    numbers.first().into_iter().chain(numbers.last()).copied().collect()
}

/// What a draft was to change. Once it is written, the reply that brought it still says so.
fn edits<'c>(chain: &'c Chain, draft: &'c Draft) -> Vec<&'c Edit> {
    if !draft.edits.is_empty() {
        return draft.edits.iter().collect();
    }
    match chain.effect(draft.effect).and_then(certus_engine::Effect::outcome) {
        Some(Outcome::Replied { reply, .. }) => reply.artifacts.iter().flat_map(|document| &document.edits).collect(),
        _ => Vec::new(),
    }
}

/// The lines that share most with what is wanted; a word that is in many lines tells little of one.
fn found(text: &str, wanted: &Wanted) -> Vec<u32> {
    let shared: Vec<BTreeSet<String>> = text
        .lines()
        .map(|line| certus_prompts::words(line).into_iter().filter(|word| wanted.words.contains_key(word)).collect())
        .collect();
    let mut often: BTreeMap<&str, f64> = BTreeMap::new();
    for word in shared.iter().flatten() {
        *often.entry(word).or_default() += 1.0;
    }
    let worth = |words: &BTreeSet<String>| -> f64 {
        words.iter().map(|word| wanted.words[word.as_str()] / often[word.as_str()]).sum()
    };
    let mut scored: Vec<(f64, u32)> = shared
        .iter()
        .zip(1..)
        .filter(|(words, _)| !words.is_empty())
        .map(|(words, line)| (worth(words), line))
        .collect();
    scored.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
    scored.into_iter().take(MOST_FOUND).map(|(_, line)| line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_is_left_of_a_passage_the_lines_that_are_there_once_tell_where_it_is() {
        let text = "});\r\nconst a = 1;\r\n});\r\nconst b = 2;\r\nconst c = 3;\r\n";
        let lines = BTreeSet::from(["});", "const a = 1;", "const c = 3;", "const d = 4;"]);
        assert_eq!(once(text, &lines), [2, 5]);
        assert_eq!(once("", &lines), Vec::<u32>::new());
    }

    #[test]
    fn rare_words_of_what_is_wanted_tell_lines_apart() {
        let wanted = Wanted::of(["Make shipping free"].into_iter(), ["Change price and shippingFree"].into_iter());
        let text = "price one\nprice two\nexports.shippingFree = price\nprice three\nnothing\n";
        assert_eq!(found(text, &wanted), [3, 1, 2, 4]);
    }
}
