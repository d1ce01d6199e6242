//! What was said, and what then happened, read out of events.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Attribution, Body, Chain, Check, Digest, DraftState, Effect, EffectId, Event, Outcome, QuestionState, Request,
    Verdict,
};

/// The one area that an answer speaks about.
const REQUIREMENTS: &str = "requirements";
/// Said of code that is to be written; a test run shows it.
const AHEAD: [&str; 1] = ["implementation_details"];
/// Said of code as it is written; a test run on just that code shows it.
const WRITTEN: [&str; 3] = ["code_review", "security", "simplicity"];
/// Nothing that happens shows these but another word of a model.
const UNSEEN: [&str; 2] = ["deployment", "context_health"];

/// Who scored an area, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scorer {
    /// The model whose reply brought the score, as its provider names it.
    pub model: String,
    /// The effect whose reply it was: the same whatever order replies arrived in.
    pub effect: EffectId,
}

impl Scorer {
    pub(crate) fn of(by: &Attribution, effect: EffectId) -> Self {
        let model = match (by.provider.as_str(), by.model.as_str()) {
            ("offline", _) => "offline rules",
            (provider, "") => provider,
            (_, model) => model,
        };
        Self { model: model.to_owned(), effect }
    }
}

/// A confidence and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// Whose reply brought the score: the model, `offline rules`, or the provider where it names no model.
    pub model: String,
    /// snake_case; `overall` is the chain's.
    pub area: String,
    /// As the chain believed it, 0..=1.
    pub confidence: f64,
    /// The effect whose reply brought it; for `overall`, of the newest score that it was made of.
    pub scored_by: EffectId,
    /// Whether it held.
    pub held: bool,
    /// It counts even where the same score had an outcome before.
    pub overrules: bool,
}

/// Every prediction of a chain whose outcome is known. A score has one outcome, the first, and what only a model's own word
/// says is none:
///
/// - A person **approves or rejects a solution**: that holds, or does not hold, for `overall` and every area that was scored
///   before it was shown, save those below. A request for more information is no outcome.
/// - The project's **tests run** once code was written that is not itself tests: the first run afterwards passes or fails for
///   `implementation_details`; for `code_review`, `security` and `simplicity` too, where nothing was written in between. A
///   run without an exit status is no outcome.
/// - A person **corrects an answer**: `requirements` did not hold as it stood then, whatever was approved before.
///
/// `deployment` and `context_health` have no outcomes. Entering or leaving a phase is none: what leads there are scores. What
/// happened before a chain was rebuilt from a context is not counted: a context does not say in which order.
pub fn predictions<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<Prediction> {
    let mut chain = Chain::default();
    let mut found: BTreeMap<(String, EffectId), Prediction> = BTreeMap::new();
    for event in events {
        if matches!(event.body, Body::Restored { .. }) {
            found.clear();
        }
        for one in settled(&chain, event) {
            let key = (one.area.clone(), one.scored_by);
            if one.overrules {
                found.insert(key, one);
            } else {
                found.entry(key).or_insert(one);
            }
        }
        chain.apply(event);
    }
    found.into_values().collect()
}

/// What an event shows about the scores of the chain as it is ahead of it.
pub fn settled(chain: &Chain, event: &Event) -> Vec<Prediction> {
    match &event.body {
        Body::Outcome { effect, outcome, .. } => match chain.effect(*effect).filter(|effect| effect.is_open()) {
            Some(known) => ended(chain, *effect, known, outcome),
            None => Vec::new(),
        },
        Body::Corrected { question, .. } => {
            let answered = chain
                .questions()
                .iter()
                .any(|status| status.question.id == *question && status.state == QuestionState::Answered);
            let doubtful = answered.then(|| prediction(chain, REQUIREMENTS, false)).flatten();
            doubtful.map(|one| Prediction { overrules: true, ..one }).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn ended(chain: &Chain, id: EffectId, effect: &Effect, outcome: &Outcome) -> Vec<Prediction> {
    match (&effect.request, outcome) {
        (Request::Approve { proposal }, Outcome::Judged { verdict, digest, .. })
            if proposal.kind == "solution" && waits(chain, proposal.digest(), *digest) =>
        {
            let held = match verdict {
                Verdict::Approved => true,
                Verdict::Rejected(_) => false,
                Verdict::MoreInfo(_) => return Vec::new(),
            };
            let otherwise = |area: &&str| AHEAD.contains(area) || WRITTEN.contains(area) || UNSEEN.contains(area);
            let areas = chain.scores().keys().map(String::as_str).filter(|area| *area != "overall");
            let shown = ["overall"].into_iter().chain(areas.filter(|area| !otherwise(area)));
            before(chain, id, shown, held)
        }
        (Request::Check { check: Check::Test, .. }, Outcome::Checked { status: Some(status), .. })
            if wrote_code(chain) =>
        {
            let unchanged =
                |area: &&str| chain.scorer(area).is_some_and(|by| asked_at(chain, by.effect) >= chain.last_write());
            let areas = AHEAD.into_iter().chain(WRITTEN.into_iter().filter(unchanged));
            before(chain, id, areas, *status == 0)
        }
        _ => Vec::new(),
    }
}

/// Predictions that were made before the effect was asked for.
fn before<'a>(chain: &Chain, effect: EffectId, areas: impl Iterator<Item = &'a str>, held: bool) -> Vec<Prediction> {
    let made = areas.filter_map(|area| prediction(chain, area, held));
    made.filter(|one| one.scored_by < effect).collect()
}

fn prediction(chain: &Chain, area: &str, held: bool) -> Option<Prediction> {
    let Scorer { model, effect } = chain.scorer(area)?;
    let confidence = chain.confidence(area);
    Some(Prediction { model, area: area.to_owned(), confidence, scored_by: effect, held, overrules: false })
}

/// A verdict counts over exactly what was shown and still waits.
fn waits(chain: &Chain, shown: Digest, judged: Digest) -> bool {
    let open = |digest: Digest| {
        chain
            .proposals()
            .iter()
            .any(|status| status.digest == digest && status.verdict.is_none() && status.withdrawn.is_none())
    };
    shown == judged && open(shown)
}

/// The chain's version when an effect was asked for.
fn asked_at(chain: &Chain, effect: EffectId) -> u64 {
    chain.effect(effect).map_or(0, |effect| effect.basis)
}

/// Tests alone are written to fail.
fn wrote_code(chain: &Chain) -> bool {
    chain.drafts().iter().any(|draft| matches!(draft.state, DraftState::Written(_)) && draft.kind != "tests")
}
