//! What was proposed in a chain and what was said of it; what prompts and commands said to its person.

use certus_engine::{Chain, Effect, Outcome, ProposalStatus, Request, Verdict, law};
use serde::Serialize;

/// A proposal and its verdict.
#[derive(Debug, Clone, Serialize)]
pub struct Solution {
    /// One line.
    pub title: String,
    /// Markdown.
    pub body: String,
    /// Of what was shown.
    pub digest: String,
    /// `approved`, `rejected`, `more-info`, or `withdrawn` when an answer that it was made from was corrected; absent while
    /// nobody said.
    pub verdict: Option<&'static str>,
    /// The reason or the question.
    pub why: Option<String>,
}

/// What a reviewer has against the code that it read last.
#[derive(Debug, Clone, Serialize)]
pub struct Objection {
    /// The prompt that reviewed.
    pub by: String,
    /// Its area.
    pub area: String,
    /// How sure it is of it, 0 to 1.
    pub confidence: f64,
    /// How sure the gate wants it to be.
    pub needs: f64,
    /// What it says.
    pub says: String,
    /// What it found, one line each.
    pub found: Vec<String>,
}

/// What reviewers said last in areas in which a gate wants more; nothing once a chain is complete.
pub(super) fn objections(chain: &Chain) -> Vec<Objection> {
    let phases = chain.started().map(|started| started.methodology.phases.as_slice()).unwrap_or_default();
    if chain.ended().is_some_and(|ended| ended.success) {
        return Vec::new();
    }
    let gates = phases.iter().flat_map(|phase| &phase.gate.confidence);
    let said = gates.filter_map(|(area, &needs)| {
        let by = law::reviewer_of(area)?;
        let confidence = *chain.scores().get(area)?;
        let reply = |(_, effect): (_, &Effect)| match (&effect.request, effect.outcome()) {
            (Request::Prompt { name, .. }, Some(Outcome::Replied { reply, .. })) if name == by => Some(reply.clone()),
            _ => None,
        };
        let reply = chain.effects().rev().find_map(reply).filter(|_| confidence + 1e-9 < needs)?;
        let text = crate::clean::clean;
        let claims = reply.uncertainties.iter().filter(|one| one.resolution.is_none()).map(|one| text(&one.claim));
        let found = reply.discovered.iter().map(|one| text(&one.value)).chain(claims).collect();
        let (by, area) = (by.to_owned(), area.clone());
        Some(Objection { by, area, confidence, needs, says: text(reply.notes.trim()), found })
    });
    said.collect()
}

pub(super) fn solution(chain: &Chain) -> Option<Solution> {
    chain.proposals().iter().rfind(|status| status.proposal.kind == "solution").map(shown)
}

pub(super) fn proposal(chain: &Chain) -> Option<Solution> {
    let waits = chain.waiting_for_person().find_map(|(_, effect)| match &effect.request {
        Request::Approve { proposal } if proposal.kind != "solution" => Some(proposal.digest()),
        _ => None,
    })?;
    chain.proposals().iter().rfind(|status| status.digest == waits && status.verdict.is_none()).map(shown)
}

fn shown(shown: &ProposalStatus) -> Solution {
    let (verdict, why) = match &shown.verdict {
        Some(Verdict::Rejected(why)) => (Some("rejected"), Some(why.clone())),
        _ if shown.withdrawn.is_some() => (Some("withdrawn"), shown.withdrawn.clone()),
        None => (None, None),
        Some(Verdict::Approved) => (Some("approved"), None),
        Some(Verdict::MoreInfo(what)) => (Some("more-info"), Some(what.clone())),
    };
    Solution {
        title: crate::clean::clean(&shown.proposal.title),
        body: crate::clean::clean(&shown.proposal.body),
        digest: shown.digest.to_string(),
        verdict,
        why,
    }
}

pub(super) fn said(chain: &Chain) -> Vec<String> {
    let settled = |(_, effect): &(_, &Effect)| effect.outcome().is_some();
    let by_person = chain.effects().filter(settled).filter(|(_, effect)| effect.request.waits_for_person());
    let since = by_person.map(|(_, effect)| effect.settled).max().unwrap_or(0);
    let later = chain.effects().filter(settled).filter(|(_, effect)| effect.settled > since);
    let mut said: Vec<(u64, String)> = later
        .filter_map(|(_, effect)| match (&effect.request, effect.outcome()?) {
            (Request::Say { text }, _) => Some((effect.settled, crate::clean::clean(text))),
            (_, Outcome::CommandDone { summary, .. }) if !summary.is_empty() => {
                Some((effect.settled, crate::clean::clean(summary)))
            }
            _ => None,
        })
        .collect();
    said.sort_by_key(|(settled, _)| *settled);
    said.into_iter().map(|(_, text)| text).collect()
}

/// What a prompt that advises said last. Certus itself never commits, and spends nothing to be told to spend less.
pub(super) fn said_by(chain: &Chain, prompt: &str) -> Option<String> {
    let said = |(_, effect): (_, &Effect)| match (&effect.request, effect.outcome()) {
        (Request::Prompt { name, .. }, Some(Outcome::Replied { reply, .. })) if name == prompt => {
            let documents = reply.artifacts.iter().map(|document| document.body.trim());
            let texts: Vec<&str> =
                std::iter::once(reply.notes.trim()).chain(documents).filter(|one| !one.is_empty()).collect();
            Some(crate::clean::clean(&texts.join("\n\n")))
        }
        _ => None,
    };
    chain.effects().rev().find_map(said).filter(|text| !text.is_empty())
}
