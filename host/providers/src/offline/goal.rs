//! What the wording of a goal says: what kind of work it is, what it is about, for whom, how much, and what not.
//!
//! The goal is data. Text in it that addresses a model changes nothing here: there is nobody to obey it.

use super::clauses;
pub(super) use super::kind::Kind;
use super::kind::{accuses, adds_in_the_end, converts, is_order, kind, orders, states_a_fault};
use super::lexicon::{ENGLISH, FOREIGN, KINDS, SHAPE, STANDARDS};
use super::nouns::{names_actor, nouns};
use super::text::{Words, stem};
use super::topics::{TOPICS, Topic};
use super::written::{Requested, files, paths, requests, without_requests};

/// Bytes of a goal that rules read.
pub(super) const MOST_READ: usize = 16 * 1024;
/// Words of a goal above which it is taken to say what it means.
const LONG: usize = 18;
/// Topics of one goal, in the order of their first mention.
const MOST_TOPICS: usize = 3;
/// Words that say of a fault that there is one, and not what it is.
const ONLY_WRONG: &[&str] = &[
    "broken",
    "wrong",
    "wrongly",
    "buggy",
    "does not work",
    "doesnt work",
    "do not work",
    "not working",
    "incorrect*",
];

/// In which language the goal seems to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    English,
    /// Rules cannot read it. The name, where it is known.
    Other(Option<&'static str>),
    /// Nothing to tell by: no words.
    Nothing,
}

/// A goal, taken apart.
#[derive(Debug, Clone)]
pub(super) struct Goal {
    pub(super) words: Words,
    pub(super) kind: Kind,
    pub(super) topics: Vec<&'static Topic>,
    /// Stems of words that may name something in the code.
    pub(super) nouns: Vec<String>,
    /// The same of words that only say who is to use it: `users` in `let users cancel orders`.
    pub(super) people: Vec<String>,
    pub(super) actor: bool,
    pub(super) language: Language,
    /// Only the beginning was read.
    pub(super) cut: bool,
    /// It has text that addresses a model.
    pub(super) instructs: bool,
    /// Paths written out: `/api/orders`.
    pub(super) paths: Vec<String>,
    /// The same as requests: `DELETE /api/orders/:id`.
    pub(super) requests: Vec<Requested>,
    /// It says of a request what it does: `POST /login accepts any password`.
    pub(super) accuses: bool,
    /// Files written out: `routes/cart.js`.
    pub(super) files: Vec<String>,
    /// It tells of a fault as it is: `the mail points to localhost`.
    pub(super) states: bool,
    /// For each word, whether it is of what the goal asks for, and not of when or instead of what.
    main: Vec<bool>,
}

impl Goal {
    pub(super) fn read(text: &str) -> Self {
        Self::read_in(text, &[])
    }

    /// `project` are words of the project's name: `the shop` may be all of it.
    pub(super) fn read_in(text: &str, project: &[String]) -> Self {
        let mut end = text.len().min(MOST_READ);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let read = &text[..end];
        let words = Words::of(read);
        let main = clauses::main(&words);
        let mut topics = topics(&words, &main);
        let (subjects, people) = nouns(&words, true, project);
        let requests = requests(read);
        // `PUT /api/reviews/:id` is about reviews.
        if !requests.is_empty() && Words::of(&without_requests(read)).any(&["api", "apis", "rest", "graphql"]).is_none()
        {
            topics.retain(|topic| topic.name != "api");
        }
        // The method of a request is no verb: `DELETE /orders lets anyone in` asks for no removal.
        let told = if requests.iter().any(|wanted| wanted.method.is_some()) {
            Words::of(&without_requests(read))
        } else {
            words.clone()
        };
        let accuses = requests.first().is_some_and(|first| first.method.is_some() && first.before.is_empty())
            && accuses(&told)
            && !adds_in_the_end(&told);
        let kind = if accuses { Kind::Bug } else { kind(&told, !topics.is_empty() || subjects.len() >= 2) };
        // What a program is built with is a subject only where it is what changes.
        let nouns = if kind == Kind::Upgrade || converts(&words) { subjects } else { nouns(&words, false, project).0 };
        Self {
            actor: !people.is_empty() || names_actor(&words, &nouns),
            language: language(read, &words),
            cut: end < text.len(),
            instructs: instructs(&words),
            paths: paths(read),
            requests,
            accuses,
            files: files(read),
            states: kind == Kind::Bug && states_a_fault(&told) && told.any(ONLY_WRONG).is_none(),
            main,
            words,
            kind,
            topics,
            nouns,
            people,
        }
    }

    /// What kind of work it is, for people.
    pub(super) fn kind_title(&self) -> &'static str {
        match self.kind {
            Kind::Feature if self.replaces() => "replacement",
            kind => kind.title(),
        }
    }

    /// It takes the code to another language.
    pub(super) fn converts(&self) -> bool {
        converts(&self.words)
    }

    pub(super) fn about(&self, topic: &str) -> bool {
        self.topics.iter().any(|known| known.name == topic)
    }

    /// It puts something in the place of what is there, or changes it: `Change the hashing from bcrypt to argon2`.
    pub(super) fn replaces(&self) -> bool {
        let verbs = ["replace", "change", "switch", "migrate", "convert", "swap", "move"];
        let first = self.words.get(0).unwrap_or_default();
        // `answers 500 instead of 404` tells what is, and puts nothing in the place of anything.
        verbs.contains(&first)
            || (is_order(first) && ["instead of", "in place of", "replacing"].iter().any(|word| self.says(word)))
    }

    /// Stems of what it puts something else in the place of: what follows `replace`, what stands between `from` and `to`, and
    /// what follows `instead of` in an imperative. Nothing where it does not say.
    pub(super) fn replaced(&self) -> Vec<String> {
        // The language that comes is no part of what goes.
        if self.converts() {
            return Vec::new();
        }
        let words = &self.words;
        let imperative = words.get(0).is_some_and(is_order);
        let ends = [
            "by", "with", "to", "into", "in", "on", "for", "when", "so", "and", "of", "at", "around", "from", "through",
        ];
        let after = |from: &str| -> Vec<String> {
            let Some(at) = words.affirmed(from) else { return Vec::new() };
            let start = at + from.split(' ').count();
            let mut nouns = Vec::new();
            for at in start..words.len() {
                let Some(word) = words.get(at).filter(|word| !ends.contains(word)) else { break };
                let noun = stem(word).to_owned();
                if self.nouns.contains(&noun) {
                    nouns.push(noun);
                }
                if words.pauses_after(at) {
                    break;
                }
            }
            nouns
        };
        if imperative && words.any(&["to", "into"]).is_some() && words.get(0) != Some("replace") {
            let from = after("from");
            if !from.is_empty() {
                return from;
            }
        }
        let replaced = ["replace", "replacing"].map(after).concat();
        if replaced.is_empty() && imperative {
            return ["instead of", "in place of"].map(after).concat();
        }
        replaced
    }

    /// The same where it belongs to what the goal asks for: not `when an order is paid`.
    pub(super) fn asks_for(&self, pattern: &str) -> bool {
        self.words.affirmed_where(pattern, |at| self.is_main(at)).is_some()
    }

    /// The word belongs to what the goal asks for.
    pub(super) fn is_main(&self, at: usize) -> bool {
        self.main.get(at).copied().unwrap_or_default()
    }

    /// A pattern that is not negated.
    pub(super) fn says(&self, pattern: &str) -> bool {
        self.words.affirmed(pattern).is_some()
    }

    /// Words that rules can do something with.
    pub(super) fn readable(&self) -> bool {
        self.language == Language::English
            && (!self.topics.is_empty() || !self.nouns.is_empty() || !self.requests.is_empty())
    }

    /// A word of the goal says what kind of work it is, or what it is about: it is not only that there are words.
    pub(super) fn has_known_word(&self) -> bool {
        let mut work = KINDS.iter().flat_map(|(_, _, patterns)| patterns.iter());
        !self.topics.is_empty()
            || self.kind == Kind::Bug
            || work.any(|pattern| self.words.position(pattern).is_some())
            || !self.paths.is_empty()
            || !self.files.is_empty()
    }

    /// Kinds with a strong word, each once, in the order of mention.
    pub(super) fn kinds(&self) -> Vec<Kind> {
        let mut found: Vec<(usize, Kind)> = KINDS
            .iter()
            .filter(|(_, strong, _)| *strong)
            .filter_map(|(kind, _, words)| {
                Some((words.iter().filter_map(|word| self.words.affirmed(word)).min()?, *kind))
            })
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, kind)| kind).collect()
    }

    /// Something gets a place of its own: `database access lives in its own module`, `split the service`.
    pub(super) fn moves_out(&self) -> bool {
        const OWN: &[&str] = &[
            "own module*",
            "own file*",
            "own layer*",
            "own service*",
            "own class*",
            "own function*",
            "separate module*",
            "separate file*",
            "separate layer*",
            "separate service*",
            "new module*",
            "new file*",
            "new service*",
            "of its own",
            "of their own",
            "extract*",
            "split*",
            "out of",
        ];
        self.words.any(OWN).is_some()
    }

    /// A number or a standard stands within some words of a place: what is said there is measured.
    pub(super) fn measured_near(&self, at: usize) -> bool {
        let reach = 10;
        let near = at.saturating_sub(reach)..(at + reach + 1).min(self.words.len());
        let number = |word: &str| word.starts_with(|letter: char| letter.is_ascii_digit());
        near.filter_map(|index| self.words.get(index)).any(|word| number(word) || STANDARDS.contains(&word))
    }

    /// It says what should be: by an order, or by a word of wishing.
    pub(super) fn wishes(&self) -> bool {
        const WISHES: &[&str] = &[
            "should", "must", "has to", "have to", "needs to", "need to", "ought to", "may only", "can only", "want*",
            "only",
        ];
        let first = self.words.get(0).unwrap_or_default();
        self.words.len() >= 4 && (self.words.any(WISHES).is_some() || is_order(first) || orders(&self.words))
    }

    /// It tells of a fault in so many words that what happens is said, and what should happen can be seen from it.
    pub(super) fn tells_much(&self) -> bool {
        /// Words of one sentence above which it is taken to say what it means.
        const MUCH: usize = 8;
        self.kind == Kind::Bug && self.states && self.words.len() > MUCH
    }

    /// So many words say what they mean.
    pub(super) fn is_long(&self) -> bool {
        self.words.len() > LONG
    }

    /// A number with a unit of time anywhere.
    pub(super) fn has_duration(&self) -> bool {
        let unit = |word: &str| {
            ["minute", "hour", "day", "week", "month", "second", "min", "sec"].iter().any(|unit| word.starts_with(unit))
        };
        const SPELLED: &[&str] = &[
            "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve", "thirty", "half",
        ];
        let digits = |word: &str| word.starts_with(|letter: char| letter.is_ascii_digit());
        let number = |word: &str| digits(word) || SPELLED.contains(&word);
        let joined = |word: &str| digits(word) && word.ends_with(['m', 'h', 'd', 's']);
        (0..self.words.len())
            .filter_map(|index| Some((self.words.get(index)?, self.words.get(index + 1))))
            .any(|(word, next)| joined(word) || (number(word) && next.is_some_and(unit)))
    }
}

/// `logging out` is not about logs. (`log in` is a pattern of its own.)
fn signs_in(words: &Words, at: usize) -> bool {
    let within = if words.get(at) == Some("logs") { 4 } else { 2 };
    matches!(words.get(at), Some("logging" | "logs"))
        && (at + 1..at + within).any(|next| matches!(words.get(next), Some("in" | "out")))
}

/// A word that means something else where it stands: `logs the user out`, `the same email`.
fn misread(words: &Words, topic: &str, at: usize) -> bool {
    const LANGUAGES: &[&str] = &["typescript", "javascript", "esm", "es modules", "es6", "async await", "promises"];
    const OF_A_FIELD: &[&str] =
        &["same", "unique", "duplicate", "invalid", "wrong", "case", "user", "on", "by", "their"];
    const SENT: &[&str] = &[
        "send*",
        "sent",
        "deliver*",
        "notif*",
        "verif*",
        "confirm*",
        "welcome",
        "mailer",
        "smtp",
        "newsletter*",
        "template*",
    ];
    let before = at.checked_sub(1).and_then(|before| words.get(before)).unwrap_or_default();
    match topic {
        "logging" => signs_in(words, at),
        // One message is shown, and nothing is said of how errors are dealt with.
        "errors" => matches!(before, "an" | "a" | "the" | "this" | "that"),
        "email" => OF_A_FIELD.contains(&before) && words.any(SENT).is_none(),
        // The header of that name says nothing of who may do what.
        "roles" => {
            words.get(at) == Some("authorization") && words.get(at + 1).is_some_and(|next| next.starts_with("header"))
        }
        // What is migrated to another language is code.
        "database" => words.get(at).is_some_and(|word| word.starts_with("migrat")) && words.any(LANGUAGES).is_some(),
        _ => false,
    }
}

fn topics(words: &Words, main: &[bool]) -> Vec<&'static Topic> {
    let asked = |at: usize| main.get(at).copied().unwrap_or_default();
    let mut found: Vec<(usize, usize)> = TOPICS
        .iter()
        .enumerate()
        .filter_map(|(index, topic)| {
            Some((
                topic
                    .words
                    .iter()
                    .filter_map(|word| words.affirmed_where(word, asked))
                    .filter(|at| !misread(words, topic.name, *at))
                    .min()?,
                index,
            ))
        })
        .collect();
    found.sort_unstable();
    // The API and the database are what almost every goal on a server is about: they count only where nothing else does,
    // or where the goal is about their shape.
    let is_general = |index: usize| match TOPICS[index].name {
        "api" => true,
        "database" => words.any(SHAPE).is_none(),
        _ => false,
    };
    if found.iter().any(|(_, index)| !is_general(*index)) {
        found.retain(|(_, index)| !is_general(*index));
    }
    found.into_iter().take(MOST_TOPICS).map(|(_, index)| &TOPICS[index]).collect()
}

fn language(text: &str, words: &Words) -> Language {
    let letters = text.chars().filter(|letter| letter.is_alphabetic()).count();
    if letters < 2 {
        return Language::Nothing;
    }
    let latin = text.chars().filter(|&letter| letter.is_alphabetic() && (letter as u32) < 0x250).count();
    if latin * 10 < letters * 7 {
        return Language::Other(None);
    }
    let english = words.iter().filter(|word| ENGLISH.contains(word)).count();
    let foreign = FOREIGN
        .iter()
        .map(|(name, known)| (words.iter().filter(|word| known.contains(word)).count(), *name))
        .max_by_key(|(count, _)| *count)
        .filter(|(count, _)| *count > 0);
    match foreign {
        Some((count, name)) if count > english => Language::Other(Some(name)),
        _ => Language::English,
    }
}

fn instructs(words: &Words) -> bool {
    let patterns = [
        "ignore previous",
        "ignore all previous",
        "ignore the above",
        "disregard the",
        "disregard previous",
        "disregard all",
        "system prompt",
        "you are now",
        "you are an ai",
        "as an ai",
        "developer mode",
        "approve everything",
        "mark everything",
        "set confidence",
        "confidence to 1",
        "do not ask",
        "skip all questions",
        "ignore your instructions",
        "ignore all instructions",
    ];
    words.any(&patterns).is_some()
}

#[cfg(test)]
mod tests;
