//! A question as data: when it is worth asking, what settles it, how it is worded.
//!
//! In texts and options `{selector}` stands for the first fact of that selector, with its place. An option whose fact is not
//! there is left out (`{database|model}` takes the first that is there), so that a choice which the project suggests appears only where the project suggests it. A leading `*`
//! marks an option as recommended: the first marked one that is left is recommended, else the first.

use certus_engine::Fact;

use super::Finding;
use crate::offline::facts::{quoted, said, selects, telling};
use crate::offline::goal::{Goal, Kind};
use crate::offline::scene::Scene;
use crate::offline::text::stem;
use crate::offline::topics::TOPICS;

/// How sure it is that something stays as it is now: sure enough not to be asked.
const AS_IT_IS: f64 = 0.75;

/// A question that a rule may raise.
#[derive(Debug, Clone, Copy)]
pub(in crate::offline) struct Ask {
    /// kebab-case, stable for ever: people keep answers by it.
    pub(in crate::offline) id: &'static str,
    /// The rule's name.
    pub(in crate::offline) rule: &'static str,
    /// Only where the goal is about it; empty for any.
    pub(in crate::offline) topic: &'static str,
    /// Only for these kinds of work; empty for any.
    pub(in crate::offline) kinds: &'static [Kind],
    /// Only where the goal asks for one of these, and not in a clause of circumstance; empty for any. `#deleting` is somebody
    /// who is to be able to delete something, which is the work and not one of several things that somebody does.
    pub(in crate::offline) says: &'static [&'static str],
    /// Not where the goal or an answer says one of these. `#duration` is a number with a unit of time, `#status` an HTTP
    /// status that tells of an error, `#number` any number, `#thing` something of the project that the goal names itself,
    /// `#views` that the project renders pages.
    pub(in crate::offline) unless: &'static [&'static str],
    /// Only where there is such a fact; empty for any.
    pub(in crate::offline) needs: &'static [&'static str],
    /// Not where there is such a fact: what it says is the answer.
    pub(in crate::offline) known: &'static [&'static str],
    /// Facts around which the answer stands in code that rules do not read: it is taken to be as it is now, and not asked.
    pub(in crate::offline) shown: &'static [&'static str],
    /// Facts that the question quotes, at most two.
    pub(in crate::offline) about: &'static [&'static str],
    /// What is not certain, without a full stop.
    pub(in crate::offline) claim: &'static str,
    /// The question.
    pub(in crate::offline) text: &'static str,
    /// Why it matters, in a sentence.
    pub(in crate::offline) why: &'static str,
    /// Choices.
    pub(in crate::offline) options: &'static [&'static str],
    /// What a wrong guess would cost, 1..=5.
    pub(in crate::offline) impact: u8,
    /// How sure a guess would be, 0..=1.
    pub(in crate::offline) confidence: f64,
    /// It decides how the thing is built.
    pub(in crate::offline) design: bool,
}

impl Ask {
    /// To be filled in.
    pub(in crate::offline) const NEW: Self = Self {
        id: "",
        rule: "unstated-decision",
        topic: "",
        kinds: &[Kind::Feature],
        says: &[],
        unless: &[],
        needs: &[],
        known: &[],
        shown: &[],
        about: &[],
        claim: "",
        text: "",
        why: "",
        options: &[],
        impact: 3,
        confidence: 0.3,
        design: true,
    };

    /// The goal raises the question and does not answer it.
    fn raised(&self, scene: &Scene<'_>) -> bool {
        let goal = &scene.goal;
        (self.topic.is_empty() || goal.about(self.topic))
            && (self.kinds.is_empty() || self.kinds.contains(&goal.kind))
            && (self.says.is_empty() || self.says.iter().any(|word| says(scene, word)))
            && (self.needs.is_empty() || scene.facts.has(self.needs))
            && !self.unless.iter().any(|word| settles(scene, word))
    }

    /// The fact that answers the question, where the goal raises it and the project answers it.
    pub(in crate::offline) fn answered<'a>(&self, scene: &Scene<'a>) -> Option<&'a Fact> {
        let selector = self.known.iter().find(|selector| scene.facts.has(&[**selector]))?;
        let closest = scene.closest(selector).filter(|fact| telling(fact));
        let told = || scene.facts.select(selector).find(|fact| telling(fact));
        let answer = closest.or_else(told).or_else(|| scene.facts.first(&[selector]))?;
        self.raised(scene).then_some(answer)
    }

    /// The fact around which the answer stands, where the goal raises the question and no fact answers it.
    pub(in crate::offline) fn stands_around<'a>(&self, scene: &Scene<'a>) -> Option<&'a Fact> {
        let selector = self.shown.iter().find(|selector| scene.facts.has(&[**selector]))?;
        let told = || scene.facts.select(selector).find(|fact| telling(fact));
        let fact = scene.closest(selector).filter(|fact| telling(fact)).or_else(told)?;
        (self.raised(scene) && !scene.facts.has(self.known)).then_some(fact)
    }

    /// What would be asked, as a clause: `who is an administrator`. With the comma that has to follow it within a sentence.
    pub(in crate::offline) fn matter(&self) -> String {
        let clause = self.claim.trim_end_matches(" is not said").trim_end_matches(" are not said");
        let mut letters = clause.chars();
        letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
    }

    /// The finding, where the question is worth asking.
    pub(in crate::offline) fn find(&self, scene: &Scene<'_>) -> Option<Finding> {
        if !self.raised(scene) || scene.facts.has(self.known) {
            return None;
        }
        let mut text = fill(self.text, scene).unwrap_or_else(|| without_braces(self.text));
        let mut about: Vec<&Fact> = Vec::new();
        for fact in self.about.iter().filter_map(|selector| scene.quotable(selector)) {
            if !of_topic(self.topic, fact) && !is_named(scene, fact) {
                continue;
            }
            if about.len() < 2 && !about.iter().any(|known| known.id == fact.id) {
                about.push(fact);
            }
        }
        if !about.is_empty() {
            let quotes: Vec<String> = about.iter().map(|fact| quoted(fact)).collect();
            text.push_str(&format!(" There now: {}.", quotes.join("; ")));
        }
        let mut options: Vec<(bool, String)> = self
            .options
            .iter()
            .filter(|option| !denies(&scene.goal, option))
            .filter_map(|option| {
                let marked = option.starts_with('*');
                Some((marked, fill(option.trim_start_matches('*'), scene)?))
            })
            .collect();
        let shown = self.stands_around(scene);
        if let Some(fact) = shown {
            options.iter_mut().for_each(|(marked, _)| *marked = false);
            options.insert(0, (true, format!("As it is now around {}", said(fact))));
        }
        let recommended =
            options.iter().find(|(marked, _)| *marked).or(options.first()).map(|(_, option)| option.clone());
        Some(Finding {
            rule: self.rule,
            id: self.id.to_owned(),
            claim: self.claim.to_owned(),
            blocking: false,
            confidence: if shown.is_some() { self.confidence.max(AS_IT_IS) } else { self.confidence },
            impact: self.impact,
            design: self.design,
            invalid: false,
            text,
            why: self.why.to_owned(),
            options: options.into_iter().map(|(_, option)| option).collect(),
            recommended,
            facts: about.into_iter().chain(shown).map(|fact| fact.id.clone()).collect(),
            unless: self.unless,
        })
    }
}

/// `No renewal` is no choice for a goal that asks for renewal.
fn denies(goal: &Goal, option: &str) -> bool {
    const DENIALS: &[(&str, &[&str])] = &[("no renewal", &["refresh*", "renew*"])];
    let option = option.trim_start_matches('*').to_lowercase();
    DENIALS.iter().any(|(start, wishes)| option.starts_with(start) && wishes.iter().any(|wish| goal.says(wish)))
}

fn says(scene: &Scene<'_>, word: &str) -> bool {
    if word == "#deleting" { deletes(scene) } else { scene.goal.asks_for(word) }
}

/// `Let users delete their account`, `Add a way to delete a comment`; not `log in before they can create, update or delete books`.
fn deletes(scene: &Scene<'_>) -> bool {
    const VERBS: &[&str] = &["delete", "deleting", "deletion", "erase", "erasing"];
    const NEW: &[&str] =
        &["let", "allow", "enable", "add", "implement", "support", "able", "build", "create", "introduce", "can"];
    let goal = &scene.goal;
    let words = &goal.words;
    let models = scene.facts.models();
    // What is not there yet is referred to by nothing.
    let there = |at: usize| {
        (at..at + 5).filter_map(|at| words.get(at)).any(|word| {
            matches!(word, "account" | "accounts" | "profile" | "profiles")
                || models.iter().any(|model| model.is(stem(word)))
        })
    };
    let listed = |at: usize| matches!(words.get(at), Some("and" | "or"));
    (0..words.len()).any(|at| {
        let deletes = words.get(at).is_some_and(|word| VERBS.contains(&word)) && goal.is_main(at);
        let alone = at.checked_sub(1).is_none_or(|before| !listed(before)) && !listed(at + 1);
        let new = (0..at).any(|before| words.get(before).is_some_and(|word| NEW.contains(&word)));
        deletes && alone && (new || at == 0) && there(at + 1)
    })
}

fn settles(scene: &Scene<'_>, word: &str) -> bool {
    let goal = &scene.goal;
    match word {
        "#duration" => goal.has_duration(),
        "#status" => goal.words.iter().any(|word| word.parse().is_ok_and(|number: u16| (400..600).contains(&number))),
        "#views" => scene.facts.has(&["view"]),
        "#thing" => scene.by_goal().next().is_some(),
        "#number" => goal.words.iter().any(|word| word.starts_with(|letter: char| letter.is_ascii_digit())),
        _ => goal.words.has(word),
    }
}

/// The goal or an answer names it.
fn is_named(scene: &Scene<'_>, fact: &Fact) -> bool {
    let models = scene.named_models();
    let things = scene.named().iter().flat_map(|named| named.thing.facts());
    things.chain(models).any(|known| known.id == fact.id)
}

/// The fact is of the topic itself, and not only near it. What has no facts of its own is known by what it touches.
fn of_topic(topic: &str, fact: &Fact) -> bool {
    let Some(topic) = TOPICS.iter().find(|known| known.name == topic) else { return true };
    let own = if topic.facts.is_empty() { topic.touches } else { topic.facts };
    own.iter().any(|selector| selects(selector, fact))
}

/// A template with its facts; absent when one of them is not there.
pub(in crate::offline) fn fill(template: &str, scene: &Scene<'_>) -> Option<String> {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (selector, after) = after.split_once('}')?;
        text.push_str(before);
        let selector = selector.split('|').find(|selector| scene.facts.has(&[*selector]))?;
        text.push_str(&said(scene.closest(selector)?));
        rest = after;
    }
    text.push_str(rest);
    Some(text)
}

/// Texts name no facts in braces; were one to, the question would still be readable.
fn without_braces(text: &str) -> String {
    text.replace(['{', '}'], "")
}
