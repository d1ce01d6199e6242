//! What a chain learns: from replies, from plugins, and from what a person says.

use std::collections::BTreeSet;

use super::agreement::Quotes;
use super::{Chain, Effect};
use crate::calibration::Scorer;
use crate::knowledge::{Decision, Fact, Proposal, Question, QuestionState, QuestionStatus, Verdict, says_nothing};
use crate::reply::{Discovery, RaisedQuestion};
use crate::{Attribution, Check, Digest, EffectId, Outcome, Reply, slug};

/// Facts that one chain keeps; what comes after is in its events and nowhere else.
const MOST_FACTS: usize = 4_000;

impl Chain {
    /// Who is behind the scores of a reply. What the chain knew already was said by whom it got it from, and then.
    pub(super) fn scorer_of(&self, id: EffectId, effect: &Effect, by: &Attribution) -> Scorer {
        let first = |(&id, other): (&EffectId, &Effect)| match other.outcome() {
            Some(Outcome::Replied { by, .. }) if !by.from_memo && other.digest == effect.digest => {
                Some(Scorer::of(by, id))
            }
            _ => None,
        };
        let known = by.from_memo.then(|| self.effects.iter().find_map(first)).flatten();
        known.unwrap_or_else(|| Scorer::of(by, id))
    }

    pub(super) fn learn(&mut self, prompt: &str, reply: &Reply, scorer: &Scorer) {
        self.learn_facts(&reply.discovered);
        self.learn_uncertainties(&reply.uncertainties, Some(scorer.effect));
        self.learn_decisions(&reply.decisions);
        let trust = Quotes::of(reply).trust();
        for (area, &score) in &reply.confidence {
            let sound = (0.0..=1.0).contains(&score) && !area.is_empty();
            if sound && self.hears(prompt, area, score * trust) && !self.is_doubted(area, score * trust, scorer.effect)
            {
                self.scores.insert(area.clone(), score * trust);
                self.scored_by.insert(area.clone(), scorer.clone());
            }
        }
        // What the chain knew already was sampled when it came to know it.
        self.agree(scorer.effect);
        let before = self.questions.len();
        for raised in &reply.questions {
            self.raise(raised, before);
        }
        for call in &reply.next {
            if !self.suggestions.iter().any(|known| known.name == call.name) {
                self.suggestions.push(call.clone());
            }
        }
        if let Some(gap) = &reply.gap {
            self.gap = Some(gap.description.clone());
        } else if prompt == "prompt_gap_detector" {
            self.gap = None;
        }
    }

    /// Whether who was asked beside `by`, of the same action, is less sure of an area and has a question: that somebody else needs no
    /// answer is no reason to pass it over.
    fn is_doubted(&self, area: &str, score: f64, by: EffectId) -> bool {
        let Some(Scorer { effect: other, .. }) = self.scored_by.get(area) else { return false };
        let asked = |id: &EffectId| self.effects.get(id).filter(|effect| effect.invocation.is_none());
        let (Some(other), Some(beside)) = (asked(other).filter(|_| *other != by), asked(&by)) else { return false };
        let unsure = self.scores.get(area).is_some_and(|known| *known < score);
        let Some(Outcome::Replied { reply, .. }) = other.outcome() else { return false };
        unsure && other.basis == beside.basis && reply.questions.iter().any(|raised| self.is_to_be_asked(raised))
    }

    /// Whether a question that a reply raised still waits to be asked.
    fn is_to_be_asked(&self, raised: &RaisedQuestion) -> bool {
        let same = |status: &&QuestionStatus| status.question.text == raised.text;
        self.questions.iter().find(same).is_some_and(|status| status.state == QuestionState::Raised)
    }

    /// What was found before, and is found now in another line of the same file, was moved by what was written there.
    pub(super) fn move_facts(&mut self, found: &[Discovery]) {
        let is = |fact: &Fact, new: &Discovery| fact.key == new.key && fact.value == new.value;
        for new in found {
            let Some(place) = &new.evidence else { continue };
            if self.facts.iter().any(|fact| is(fact, new) && fact.source.as_ref() == Some(place)) {
                continue;
            }
            let still_there = |fact: &Fact| {
                found.iter().any(|other| is(fact, other) && fact.source.as_ref() == other.evidence.as_ref())
            };
            let moved = self.facts.iter().position(|fact| {
                is(fact, new)
                    && fact.source.as_ref().is_some_and(|source| source.path == place.path)
                    && !still_there(fact)
            });
            if let Some(moved) = moved {
                self.facts[moved].source = Some(place.clone());
            }
        }
    }

    /// What the project's scripts do that checks are called by, as reading the project found it. Anybody may state such a fact, so
    /// what the law says of a command is kept apart from what else is known; of several the one nearest to the root, where
    /// commands run.
    pub(super) fn note_scripts(&mut self, found: &[Discovery]) {
        let depth = |one: &Discovery| one.evidence.as_ref().map(|place| place.path.matches('/').count());
        self.scripts.clear();
        for check in Check::ALL {
            let key = format!("script.{}", check.name());
            let here = found.iter().filter(|one| one.cited && one.key == key && one.evidence.is_some());
            if let Some(script) = here.min_by_key(|one| depth(one)) {
                self.scripts.insert(check.name().to_owned(), script.clone());
            }
        }
    }

    /// What the project's script of a check said when the project was read.
    pub(crate) fn script(&self, check: Check) -> Option<&Discovery> {
        self.scripts.get(check.name())
    }

    pub(super) fn learn_facts(&mut self, found: &[Discovery]) {
        if found.is_empty() {
            return;
        }
        let facts = &mut *self.facts;
        for discovery in found {
            if discovery.key.is_empty() || facts.len() >= MOST_FACTS {
                continue;
            }
            let place = discovery.evidence.as_ref();
            let known = facts.iter_mut().find(|fact| {
                fact.key == discovery.key && fact.value == discovery.value && fact.source.as_ref() == place
            });
            match known {
                Some(fact) => fact.cited |= discovery.cited,
                None => facts.push(Fact {
                    id: format!("F{}", facts.len() + 1),
                    key: discovery.key.clone(),
                    value: discovery.value.clone(),
                    source: discovery.evidence.clone(),
                    cited: discovery.cited,
                }),
            }
        }
        // Most facts come at once, and stay for as long as the chain is open.
        facts.shrink_to_fit();
    }

    pub(super) fn learn_decisions(&mut self, found: &[Decision]) {
        let (mut decided, mut said) = (BTreeSet::new(), BTreeSet::new());
        for new in found.iter().filter(|new| !new.key.is_empty()) {
            // A later reply decides anew; one that decides twice under one key decides two things, unless it says the same.
            if !said.insert((&new.key, &new.value)) {
                continue;
            }
            let key = numbered(&new.key, '_', |key| !decided.insert(key.to_owned()));
            let new = Decision { key, ..new.clone() };
            match self.decisions.iter_mut().find(|known| known.key == new.key) {
                Some(known) => *known = new,
                None => self.decisions.push(new),
            }
        }
    }

    /// `before` is how many questions there were ahead of the reply: what it asks itself is several things, whatever it calls them.
    fn raise(&mut self, raised: &RaisedQuestion, before: usize) {
        if raised.text.is_empty() || self.questions.iter().any(|status| status.question.text == raised.text) {
            return;
        }
        let id = slug(if raised.id.is_empty() { &raised.text } else { &raised.id });
        let names_it = !raised.id.is_empty() && !is_number(&id);
        let same_area = |other: &Option<String>| {
            let [one, other] = [&raised.area, other].map(|area| area.as_deref().unwrap_or_default());
            one.is_empty() || other.is_empty() || one == other
        };
        let in_other_words = |status: &QuestionStatus| status.question.id == id && same_area(&status.question.area);
        if names_it && self.questions[..before].iter().any(in_other_words) {
            return;
        }
        let id = numbered(&id, '-', |id| self.questions.iter().any(|status| status.question.id == id));
        let question = Question {
            id,
            text: raised.text.clone(),
            why: raised.why.clone(),
            options: raised.options.clone(),
            recommended: raised.recommended.clone(),
            area: raised.area.clone(),
        };
        self.questions.push(QuestionStatus {
            question: question.honest(),
            state: QuestionState::Raised,
            answer: None,
            cite: None,
        });
    }

    pub(super) fn asked(&mut self, question: &Question) {
        let cite = Some(format!("A{}", self.questions.iter().filter(|q| q.cite.is_some()).count() + 1));
        match self.questions.iter_mut().find(|status| status.question.id == question.id) {
            Some(status) if status.state == QuestionState::Raised => {
                status.state = QuestionState::Asked;
                status.question = question.clone().honest();
                status.cite = cite;
            }
            Some(_) => {}
            None => self.questions.push(QuestionStatus {
                question: question.clone().honest(),
                state: QuestionState::Asked,
                answer: None,
                cite,
            }),
        }
    }

    pub(super) fn answered(&mut self, question: &Question, text: &str) {
        if let Some(status) = self.questions.iter_mut().find(|status| status.question.id == question.id) {
            status.state = QuestionState::Answered;
            status.answer = Some(text.to_owned());
        }
        // "I do not know" is an answer to the question and resolves nothing.
        if says_nothing(text) {
            return;
        }
        if let Some(area) = &question.area {
            let before = self.stood(area);
            self.resolve_by_answer(area);
            self.follow_up(area, before, self.asked_about(area));
        }
    }

    pub(super) fn judged(&mut self, proposal: &Proposal, verdict: &Verdict, digest: Digest, by: Option<&String>) {
        // A verdict over anything but what was shown is no verdict.
        if digest != proposal.digest() {
            return;
        }
        let open = self
            .proposals
            .iter_mut()
            .rfind(|status| status.digest == digest && status.verdict.is_none() && status.withdrawn.is_none());
        if let Some(status) = open {
            status.verdict = Some(verdict.clone());
            status.by = by.cloned();
            self.refuse_untested(proposal, verdict);
            if proposal.kind == super::COMMAND && *verdict == Verdict::Approved {
                self.allowed_commands.push(proposal.title.clone());
            }
        }
    }
}

impl Chain {
    /// A person does not go on without tests that failed: code that waits is not written, and what is to come before it comes anew.
    fn refuse_untested(&mut self, proposal: &Proposal, verdict: &Verdict) {
        use crate::law::tests_first::{self, No};
        let no = tests_first::refused(self, proposal, verdict);
        if let (Some(_), Verdict::Rejected(why) | Verdict::MoreInfo(why)) = (&no, verdict) {
            let waits: Vec<bool> =
                self.drafts.iter().map(|draft| tests_first::refuses(self, proposal, draft)).collect();
            for (draft, _) in self.drafts.iter_mut().zip(waits).filter(|(_, waits)| *waits) {
                draft.state = crate::DraftState::Refused(why.clone());
                draft.edits.clear();
            }
        }
        match no {
            Some(No::AsksAgain) => {
                let (phase, visit) = (self.phase.clone(), self.visit());
                tests_first::asks_again(&mut self.runs, &phase, visit);
            }
            Some(No::WantsCode) => {
                let (phase, visit) = (self.phase.clone(), self.visit());
                tests_first::wants_code(&mut self.runs, &phase, visit);
            }
            // Whoever says so put right what it needs: the project is read again as well.
            Some(No::RunsAgain) => self.files_changed(self.version),
            None => {}
        }
    }
}

/// A name that is not taken yet: itself, or with the first number behind it that makes it one.
fn numbered(name: &str, between: char, mut taken: impl FnMut(&str) -> bool) -> String {
    if !taken(name) {
        return name.to_owned();
    }
    (2..).map(|number: u32| format!("{name}{between}{number}")).find(|name| !taken(name)).unwrap_or_default()
}

/// An id that says nothing of what is asked: `q1`, `question-2`, `3`.
fn is_number(id: &str) -> bool {
    let word = id.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('-');
    word.chars().count() < 2 || (word.len() < id.len() && ["question", "id", "no", "nr", "item"].contains(&word))
}

/// What a text cites: `[A1]`, `[F3, F7]`.
pub(super) fn cites(text: &str) -> impl Iterator<Item = &str> {
    let groups = text.split('[').skip(1).filter_map(|rest| Some(rest.split_once(']')?.0));
    groups.flat_map(|group| group.split(',')).map(str::trim)
}
