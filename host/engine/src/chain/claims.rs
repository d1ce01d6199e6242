//! What is not certain, area by area: what replies claim of it, and what stands behind a resolution.

use std::collections::BTreeSet;

use super::Chain;
use super::learn::cites;
use crate::knowledge::{ProposalStatus, Uncertainty, Verdict, says_nothing};
use crate::law::reviewer;
use crate::reply::RepliedUncertainty;
use crate::{EffectId, Outcome, Request};

/// Characters of all that is claimed of one area.
const MOST_CLAIMED: usize = 2_000;
/// What is between two claims about one area.
const ALSO: &str = " Also: ";

impl Chain {
    /// `by` is the run that says so.
    pub(super) fn learn_uncertainties(&mut self, found: &[RepliedUncertainty], by: Option<EffectId>) {
        let sound = |new: &&RepliedUncertainty| !new.area.is_empty() && (0.0..=1.0).contains(&new.confidence);
        let sound: Vec<&RepliedUncertainty> = found.iter().filter(sound).collect();
        let open = sound.iter().filter(|new| new.resolution.is_none() && !new.claim.is_empty());
        let areas: BTreeSet<&str> = open.map(|new| new.area.as_str()).collect();
        areas.into_iter().for_each(|area| self.review_anew(area, by));
        for (at, new) in sound.iter().enumerate() {
            let others = || sound.iter().enumerate().filter(|(other, one)| *other != at && one.area == new.area);
            // What one reply says twice is two things: the one is not settled by the other, nor forgotten for it.
            let open = others().any(|(_, one)| one.blocking && one.resolution.is_none());
            let beside = others().any(|(other, one)| other < at && one.resolution.is_none());
            let before = self.stood(&new.area);
            self.learn_uncertainty(new, beside, open);
            self.follow_up(&new.area, before, by);
        }
    }

    /// A reviewer reads the files as they are: what it said of them before they changed is not said any more once it speaks again.
    fn review_anew(&mut self, area: &str, by: Option<EffectId>) {
        let name = |id: EffectId| match self.effects.get(&id).map(|effect| &effect.request) {
            Some(Request::Prompt { name, .. }) => Some(name),
            _ => None,
        };
        let Some(reviewer) = by.and_then(name).filter(|name| reviewer::has_read_files(name)) else { return };
        let mut said = BTreeSet::new();
        for (id, effect) in self.effects.iter().filter(|(_, effect)| effect.settled <= self.last_write) {
            if let Some(Outcome::Replied { reply, .. }) = effect.outcome()
                && name(*id) == Some(reviewer)
            {
                let of_area = reply.uncertainties.iter().filter(|one| one.area == area);
                said.extend(of_area.map(|one| sentence(&one.claim)));
            }
        }
        let Some(known) = self.uncertainties.iter_mut().find(|known| known.area == area && known.is_blocker()) else {
            return;
        };
        let left: Vec<&str> = known.claim.split(ALSO).filter(|claim| !said.contains(&sentence(claim))).collect();
        known.claim = left.join(ALSO);
    }

    /// `beside`: the same reply has said something else of the area that is open. `open`: it says or will say something that blocks.
    fn learn_uncertainty(&mut self, new: &RepliedUncertainty, beside: bool, open: bool) {
        let answered = self.resolution_by_answer(&new.area);
        let backed = answered.is_some() || (!open && self.backs(&new.area, new.resolution.as_deref()));
        let known = self.uncertainties.iter_mut().find(|known| known.area == new.area);
        let uncertainty = match known {
            Some(known) => known,
            None => {
                self.uncertainties.push(Uncertainty {
                    area: new.area.clone(),
                    claim: new.claim.clone(),
                    confidence: new.confidence,
                    blocking: new.blocking,
                    resolution: None,
                    claimed: None,
                });
                let last = self.uncertainties.len() - 1;
                &mut self.uncertainties[last]
            }
        };
        let blocks = uncertainty.is_blocker() && !backed;
        let settled = new.resolution.is_some() && answered.is_none() && (backed || !new.blocking);
        if beside && uncertainty.is_open() && !blocks && settled {
            return;
        }
        // What blocks is not forgotten for what somebody else says of its area.
        if (blocks || beside && uncertainty.is_open()) && new.resolution.is_none() {
            uncertainty.claim = both_claims(&uncertainty.claim, &new.claim);
            uncertainty.confidence = uncertainty.confidence.min(new.confidence);
        } else {
            if !new.claim.is_empty() && !blocks {
                uncertainty.claim.clone_from(&new.claim);
            }
            uncertainty.confidence = new.confidence;
        }
        // What blocks stops blocking by more than somebody's word: neither calling it resolved nor calling it harmless
        // is enough.
        if !backed && (new.blocking || uncertainty.is_blocker()) {
            uncertainty.blocking = true;
            uncertainty.resolution = None;
            if new.resolution.is_some() {
                uncertainty.claimed.clone_from(&new.resolution);
            }
            return;
        }
        uncertainty.blocking = new.blocking;
        uncertainty.claimed = None;
        // What a person resolved stays resolved: a later reply may add to it, not reopen it silently.
        uncertainty.resolution = answered.or_else(|| new.resolution.clone());
    }

    /// Whether something that is not the reply's own word stands behind a resolution: an answer that it cites, to a
    /// question about this area or about none in particular; a fact that it cites, or that is called like the area, whose
    /// quote the host found; a decision called like the area whose value stands in a proposal that a person approved.
    fn backs(&self, area: &str, resolution: Option<&str>) -> bool {
        let Some(resolution) = resolution else { return false };
        let answered = |cite: &str| {
            self.questions.iter().any(|status| {
                let about = status.question.area.as_deref().is_none_or(|about| about.is_empty() || about == area);
                let said = status.answer.as_deref().is_some_and(|answer| !says_nothing(answer));
                status.cite.as_deref() == Some(cite) && about && said
            })
        };
        let found = |cite: &str| self.facts.iter().any(|fact| fact.cited && fact.id == cite);
        let shown = |text: &str| {
            let approved = |status: &&ProposalStatus| status.verdict == Some(Verdict::Approved);
            self.proposals.iter().filter(approved).any(|status| status.proposal.body.contains(text))
        };
        cites(resolution).any(|cite| answered(cite) || found(cite))
            || self.facts.iter().any(|fact| fact.cited && fact.key.replace('.', "_") == area)
            || self.decisions.iter().any(|one| one.key == area && !one.value.trim().is_empty() && shown(&one.value))
    }

    fn resolution_by_answer(&self, area: &str) -> Option<String> {
        self.questions
            .iter()
            .rfind(|status| {
                status.question.area.as_deref() == Some(area)
                    && status.answer.as_deref().is_some_and(|answer| !says_nothing(answer))
            })
            .and_then(|status| status.answer.clone())
    }

    /// Of several answers about one area the last question's counts, whichever was given last.
    pub(super) fn resolve_by_answer(&mut self, area: &str) {
        if let Some(resolution) = self.resolution_by_answer(area)
            && let Some(uncertainty) = self.uncertainties.iter_mut().find(|known| known.area == area)
        {
            uncertainty.resolution = Some(resolution);
            uncertainty.claimed = None;
        }
    }
}

/// All that is claimed of an area, the first first. Where it gets too long, what came right after the first goes.
fn both_claims(known: &str, new: &str) -> String {
    let new = new.trim();
    let mut claims: Vec<&str> = known.split(ALSO).filter(|claim| !claim.is_empty()).collect();
    for claim in new.split(ALSO).filter(|claim| !claim.is_empty()) {
        if !claims.iter().any(|known| bare(known) == bare(claim)) {
            claims.push(claim);
        }
    }
    while claims.len() > 2 && claims.iter().map(|claim| claim.chars().count()).sum::<usize>() > MOST_CLAIMED {
        claims.remove(1);
    }
    let (last, before) = claims.split_last().map_or(("", &[][..]), |(last, before)| (*last, before));
    before.iter().map(|claim| sentence(claim)).chain([last.to_owned()]).collect::<Vec<_>>().join(ALSO)
}

/// A claim without what ends a sentence.
fn bare(claim: &str) -> &str {
    claim.trim().trim_end_matches(['.', '!', '?', ':', ';'])
}

/// A claim as a sentence.
fn sentence(claim: &str) -> String {
    let claim = claim.trim();
    if bare(claim) == claim { format!("{claim}.") } else { claim.to_owned() }
}
