//! Reading a chain: everything that its events add up to.

use std::collections::{BTreeMap, BTreeSet};

use super::{Chain, Effect, Ended, Evidence, Pause, PhaseVisit, Run, Then};
use crate::calibration::Scorer;
use crate::law::reviewer;
use crate::{
    Cap, Caps, Decision, Digest, EffectId, Fact, Lack, Millis, Outcome, Phase, ProjectSummary, PromptCall,
    ProposalStatus, QuestionStatus, Reply, Request, Scope, Shared, Started, Uncertainty, Usage, Warning,
};

/// Reading a chain.
impl Chain {
    /// The number of the last event.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// What it began with; absent before the first event.
    pub fn started(&self) -> Option<&Started> {
        self.started.as_ref()
    }

    /// When it began.
    pub fn started_at(&self) -> Millis {
        self.started_at
    }

    /// When the last event was recorded.
    pub fn updated_at(&self) -> Millis {
        self.updated_at
    }

    /// The goal; empty before the first event.
    pub fn goal(&self) -> &str {
        self.started.as_ref().map_or("", |started| &started.goal)
    }

    /// The name of the current phase.
    pub fn phase(&self) -> &str {
        &self.phase
    }

    /// The current phase as the methodology defines it.
    pub fn phase_definition(&self) -> Option<&Phase> {
        self.started.as_ref()?.methodology.phase(&self.phase)
    }

    /// How often the current phase was entered; 0 before the first.
    pub fn visit(&self) -> u32 {
        self.visits.last().map_or(0, |visit| visit.visit)
    }

    /// How often a phase was entered.
    pub fn visits_of(&self, phase: &str) -> u32 {
        u32::try_from(self.visits.iter().filter(|visit| visit.phase == phase).count()).unwrap_or(u32::MAX)
    }

    /// Every stay in a phase, oldest first.
    pub fn visits(&self) -> &[PhaseVisit] {
        &self.visits
    }

    /// In the order of discovery.
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// Share the facts with another chain that knows the same, as chains of one project do at first; else be the one that
    /// others share with.
    pub fn share_facts(&mut self, known: &mut Shared<Fact>) {
        if *self.facts == **known {
            self.facts = known.clone();
        } else {
            *known = self.facts.clone();
        }
    }

    pub(crate) fn shared_facts(&self) -> Shared<Fact> {
        self.facts.clone()
    }

    /// In the order of their first mention.
    pub fn uncertainties(&self) -> &[Uncertainty] {
        &self.uncertainties
    }

    /// Area → 0..=1.
    pub fn scores(&self) -> &BTreeMap<String, f64> {
        &self.scores
    }

    /// The same without those that count in nothing here, as in `overall`.
    pub(crate) fn scores_of_work(&self) -> impl Iterator<Item = (&String, f64)> {
        let counts = |(area, _): &(&String, &f64)| *area == "overall" || self.is_of_work(area);
        self.scores.iter().filter(counts).map(|(area, &score)| (area, score))
    }

    /// In the order in which they were raised.
    pub fn questions(&self) -> &[QuestionStatus] {
        &self.questions
    }

    /// In the order of their first mention.
    pub fn decisions(&self) -> &[Decision] {
        &self.decisions
    }

    /// Oldest first.
    pub fn proposals(&self) -> &[ProposalStatus] {
        &self.proposals
    }

    /// Shown in the current visit of the current phase, oldest first.
    pub fn proposals_of_visit(&self) -> impl DoubleEndedIterator<Item = &ProposalStatus> {
        self.proposals.iter().filter(|status| status.phase == self.phase && status.visit == self.visit())
    }

    /// Checks that ran, oldest first.
    pub fn evidence(&self) -> &[Evidence] {
        &self.evidence
    }

    /// Checks that ran in the current visit of the current phase, on the files as they were last written.
    pub fn evidence_of_visit(&self) -> impl Iterator<Item = &Evidence> {
        self.fresh_evidence().filter(|evidence| evidence.phase == self.phase && evidence.visit == self.visit())
    }

    /// The last run of each check, where nothing was written since; a pass during which files changed only where a person lets
    /// it.
    pub fn fresh_evidence(&self) -> impl Iterator<Item = &Evidence> {
        let is_last = |(at, evidence): &(usize, &Evidence)| {
            !self.evidence[at + 1..].iter().any(|later| later.check == evidence.check)
        };
        let fresh = self.evidence.iter().enumerate().filter(is_last).map(|(_, evidence)| evidence);
        let holds = |one: &&Evidence| !one.passed() || one.is_steady() || self.lets_change(one);
        fresh.filter(|evidence| evidence.seq > self.last_write || self.last_write == 0).filter(holds)
    }

    /// Whether a person let the chain go on, in this visit, although a check fails, with this output.
    pub fn waives(&self, evidence: &Evidence) -> bool {
        let asked = crate::law::waiver_of(evidence);
        let here = |status: &&ProposalStatus| status.phase == self.phase && status.visit == self.visit();
        self.waivers().filter(here).any(|status| status.proposal == asked)
    }

    /// What a person lets the chain pass over.
    pub(crate) fn waivers(&self) -> impl Iterator<Item = &ProposalStatus> {
        self.proposals.iter().filter(|status| {
            status.proposal.kind == super::WAIVER
                && status.verdict == Some(crate::Verdict::Approved)
                && status.withdrawn.is_none()
        })
    }

    /// Whether exactly this was put before a person since an event, and here.
    pub(crate) fn was_asked_since(&self, proposal: &crate::Proposal, seq: u64) -> bool {
        let asks =
            |effect: &Effect| matches!(&effect.request, Request::Approve { proposal: asked } if asked == proposal);
        let seq = seq.max(self.taken_over);
        self.effects.values().any(|effect| effect.basis >= seq && asks(effect))
    }

    /// The event by which somebody else's chain, or one of another place, was taken over last; 0 where none was.
    pub(crate) fn taken_over(&self) -> u64 {
        self.taken_over
    }

    /// How often somebody changed files, in this visit, after they were checked.
    pub fn disturbed(&self) -> u32 {
        self.disturbed
    }

    /// What ran, oldest first.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// What replies suggested and has not run since.
    pub fn suggestions(&self) -> &[PromptCall] {
        &self.suggestions
    }

    /// What no prompt covers, as the last gap detection had it.
    pub fn gap(&self) -> Option<&str> {
        self.gap.as_deref()
    }

    /// Laws that refused an action in this visit.
    pub fn refusals(&self) -> &[String] {
        &self.refusals
    }

    /// The project in brief.
    pub fn project(&self) -> &ProjectSummary {
        &self.project
    }

    /// Who answers prompts now.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// Spent so far.
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// How it ended, if it has.
    pub fn ended(&self) -> Option<&Ended> {
        self.ended.as_ref()
    }

    /// Why nothing goes on, if so.
    pub fn pause(&self) -> Option<&Pause> {
        self.pause.as_ref()
    }

    /// The command line that a command named as the next, while nobody followed it.
    pub fn then(&self) -> Option<&Then> {
        self.then.as_ref()
    }

    /// What may be spent.
    pub fn caps(&self) -> Caps {
        self.caps
    }

    /// What a person set for this chain alone.
    pub fn own_cap(&self) -> Option<Cap> {
        self.own_cap
    }

    /// The percentage of its room that a request took since the context was condensed last, where that was much.
    pub fn filled(&self) -> Option<u32> {
        self.filled
    }

    /// The event from which on notes of replies are shown to a model; those before were condensed or given up.
    pub fn fresh_from(&self) -> u64 {
        self.fresh_from
    }

    /// Caps of which most is used up, as far as a person was told.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The event that warned first of a cap, since caps were set.
    pub(crate) fn warned_from(&self) -> u64 {
        self.warned_from
    }

    /// Whether a person was told that most of a cap is used up.
    pub fn was_warned_of(&self, scope: Scope) -> bool {
        self.warned.contains(&scope)
    }

    /// 1..=5, if a person said.
    pub fn rating(&self) -> Option<u8> {
        self.rating
    }

    /// How the confidences were computed, if the provider said.
    pub fn confidence_from(&self) -> Option<&str> {
        self.confidence_from.as_deref()
    }

    /// The context that it was rebuilt from, if it was.
    pub fn restored_from(&self) -> Option<&str> {
        self.restored_from.as_deref()
    }

    /// The id that the next effect gets.
    pub fn next_effect(&self) -> EffectId {
        self.effects.last_key_value().map_or(1, |(id, _)| id.saturating_add(1))
    }

    /// An effect.
    pub fn effect(&self, id: EffectId) -> Option<&Effect> {
        self.effects.get(&id)
    }

    /// Every effect, in order.
    pub fn effects(&self) -> impl DoubleEndedIterator<Item = (EffectId, &Effect)> {
        self.effects.iter().map(|(&id, effect)| (id, effect))
    }

    /// Effects of the controller without an outcome, in order.
    pub fn open_effects(&self) -> impl Iterator<Item = (EffectId, &Effect)> {
        self.effects().filter(|(_, effect)| effect.invocation.is_none() && effect.is_open())
    }

    /// What a command asked for, in order.
    pub fn invocation(&self, command: EffectId) -> impl Iterator<Item = (EffectId, &Effect)> {
        self.effects().filter(move |(_, effect)| effect.invocation == Some(command))
    }

    /// What a person is being asked, by a controller or a command: the effect, in order.
    pub fn waiting_for_person(&self) -> impl Iterator<Item = (EffectId, &Effect)> {
        self.effects().filter(|(_, effect)| effect.is_open() && effect.request.waits_for_person())
    }

    /// The reply that an equal request already got in this chain, and here.
    pub fn memo(&self, digest: Digest) -> Option<&Reply> {
        let here = |effect: &&Effect| effect.settled >= self.taken_over;
        self.effects.values().filter(here).find_map(|effect| match (&effect.request, effect.outcome()) {
            (Request::Prompt { .. }, Some(Outcome::Replied { reply, .. })) if effect.digest == digest => Some(&**reply),
            _ => None,
        })
    }

    /// Confidence in an area, 0 when unknown; `overall` is the mean over areas, capped by what replies said of it.
    pub fn confidence(&self, area: &str) -> f64 {
        if area != "overall" {
            return self.scores.get(area).copied().unwrap_or(0.0);
        }
        let areas: Vec<f64> =
            self.scores_of_work().filter(|(area, _)| *area != "overall").map(|(_, score)| score).collect();
        let said = self.scores.get("overall").copied();
        if areas.is_empty() {
            return said.unwrap_or(0.0);
        }
        let mean = areas.iter().sum::<f64>() / areas.len() as f64;
        said.map_or(mean, |said| mean.min(said))
    }

    /// Whether a score counts in `overall`. What a reviewer said is about code: before a phase in which there is some, it says
    /// nothing of another approach, nor could any work of that phase change it.
    fn is_of_work(&self, area: &str) -> bool {
        let reviewed = || {
            let by = self.scored_by.get(area).and_then(|scorer| self.effects.get(&scorer.effect));
            matches!(by.map(|by| &by.request), Some(Request::Prompt { name, .. }) if reviewer::of(area) == Some(name))
        };
        self.is_reviewed() || !reviewed()
    }

    /// Who scored an area, if anybody. `overall` is the word of whoever said it, else of all models that scored an area
    /// together: `fast + smart` is compared with outcomes of the same models alone.
    pub fn scorer(&self, area: &str) -> Option<Scorer> {
        let said = self.scored_by.get(area);
        if area != "overall" {
            return said.cloned();
        }
        let counts = |(area, _): &(&String, &Scorer)| *area == "overall" || self.is_of_work(area);
        let scorers = || self.scored_by.iter().filter(counts).map(|(_, scorer)| scorer);
        let effect = scorers().map(|scorer| scorer.effect).max()?;
        let together = || {
            let models: BTreeSet<&str> = scorers().map(|scorer| scorer.model.as_str()).collect();
            models.into_iter().collect::<Vec<_>>().join(" + ")
        };
        let model = said.map_or_else(together, |said| said.model.clone());
        Some(Scorer { model, effect })
    }

    /// What keeps the gate of the current phase shut.
    pub fn lacks(&self) -> Vec<Lack> {
        self.phase_definition().map(|phase| phase.gate.lacks(self)).unwrap_or_default()
    }
}
