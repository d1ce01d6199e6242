//! Keeping what a model is told of a chain sound, whatever the controller does: condense it before it no longer fits, look at
//! it every few prompts, and begin anew from what was decided where it has gone bad. And, where a person wants it, asking a
//! model how the rest can cost less once most of a budget is used up.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{Catalogue, Ruling, prompt_request};
use crate::{Amount, Body, Chain, EffectId, Outcome, PromptCall, Request};

/// Condenses what stands between the decisions.
const PRESERVATION: &str = "context_preservation";
/// Scores what is known as such.
const HEALTH: &str = "context_health_checker";
/// Says how the rest can cost less.
const MONITOR: &str = "cost_monitor";
/// The area that [`HEALTH`] scores.
const AREA: &str = "context_health";

/// What is due before anything else is asked of a model; nothing for rules, which read no text.
///
/// Settings of the methodology: `health-check-every` (prompts; 0 for never), `reset-health-below` (of 10),
/// `preserve-context-at` (of the room of a request), `cost-monitor` (1 asks once most of a cap is used up; 0, the usual, says
/// so and asks nobody, because a warning should not itself cost something).
pub fn upkeep(chain: &Chain, catalogue: &dyn Catalogue) -> Ruling {
    // In the last phase there is little left to go wrong with, and what there is ends the chain.
    let last = chain.started().and_then(|started| started.methodology.phases.last());
    if last.is_some_and(|last| last.name == chain.phase()) {
        return Ruling::default();
    }
    let setting = |name: &str, usual: f64| {
        let settings = chain.started().map(|started| &started.methodology.settings);
        settings.and_then(|settings| settings.get(name)).copied().unwrap_or(usual)
    };
    let mut record = Vec::new();
    if let Some((seq, health)) = last_health(chain)
        && health * 10.0 < setting("reset-health-below", 6.0)
        && chain.fresh_from() < seq
    {
        record.push(Body::ContextReset { health, fresh_from: seq });
    }
    let warned = !chain.warnings().is_empty() && setting("cost-monitor", 0.0) >= 1.0;
    if warned && !prompts(chain).any(|(_, name, effect)| name == MONITOR && effect.basis >= chain.warned_from()) {
        let call = PromptCall { arguments: [("spent".to_owned(), spent(chain))].into(), ..PromptCall::new(MONITOR) };
        if let Ok(request) = prompt_request(&call, catalogue) {
            return Ruling { record, requests: vec![request] };
        }
    }
    let full = chain.filled().is_some_and(|percent| f64::from(percent) >= setting("preserve-context-at", 0.8) * 100.0);
    let every = setting("health-check-every", 10.0);
    // Where it did not help, asking again at once does not either.
    let full = full && since(chain, PRESERVATION).is_none_or(|answers| answers >= AGAIN);
    let name = if full {
        PRESERVATION
    } else if every >= 1.0 && since(chain, HEALTH).unwrap_or_else(|| paid(chain)) as f64 >= every {
        HEALTH
    } else {
        return Ruling { record, requests: Vec::new() };
    };
    // A library without the prompt goes without.
    let call = PromptCall::new(name);
    Ruling { record, requests: prompt_request(&call, catalogue).ok().into_iter().collect() }
}

/// Prompts of a chain, the newest first.
fn prompts(chain: &Chain) -> impl Iterator<Item = (EffectId, &str, &crate::Effect)> {
    chain.effects().rev().filter_map(|(id, effect)| match &effect.request {
        Request::Prompt { name, .. } => Some((id, name.as_str(), effect)),
        _ => None,
    })
}

/// Answers after which a request that is still nearly full is condensed once more.
const AGAIN: usize = 10;

/// Answers since a prompt ran last; nothing where it never did.
fn since(chain: &Chain, name: &str) -> Option<usize> {
    prompts(chain).find(|(_, other, _)| *other == name)?;
    Some(counted(prompts(chain).take_while(|(_, other, _)| *other != name)))
}

fn paid(chain: &Chain) -> usize {
    counted(prompts(chain))
}

/// Paid answers that are no upkeep themselves: what the chain knew already adds nothing.
fn counted<'c>(prompts: impl Iterator<Item = (EffectId, &'c str, &'c crate::Effect)>) -> usize {
    let counts = |(_, name, effect): &(EffectId, &str, &crate::Effect)| {
        !is_upkeep(name) && matches!(effect.outcome(), Some(Outcome::Replied { by, .. }) if !by.from_memo)
    };
    prompts.filter(counts).count()
}

/// Whether a prompt is asked for by this module, and not by a controller.
pub(crate) fn is_upkeep(name: &str) -> bool {
    [PRESERVATION, HEALTH, MONITOR].contains(&name)
}

/// When the health was scored last, and how, in 0..=1.
fn last_health(chain: &Chain) -> Option<(u64, f64)> {
    let (_, _, effect) = prompts(chain).find(|(_, name, _)| *name == HEALTH)?;
    match effect.outcome() {
        Some(Outcome::Replied { reply, .. }) => Some((effect.settled, *reply.confidence.get(AREA)?)),
        _ => None,
    }
}

/// Whether a reply of this prompt stands for the notes before it.
pub(crate) fn condenses(name: &str, outcome: &Outcome) -> bool {
    name == PRESERVATION
        && matches!(outcome, Outcome::Replied { reply, .. } if reply.artifacts.iter().any(|one| one.kind == "context"))
}

/// Whether a run of this prompt answers that a request was nearly full, whatever came of it.
pub(crate) fn makes_room(name: &str) -> bool {
    name == PRESERVATION
}

/// Whether a prompt is never worth waiting for: where it does not fit the budget, the chain goes on without it.
pub fn is_dispensable(name: &str) -> bool {
    name == MONITOR
}

/// Prompts and phases of which a list is read.
const MOST_LINES: usize = 12;

/// What was spent by prompt and phase, the dearest first, and the caps of which most is used up.
fn spent(chain: &Chain) -> String {
    let mut by_prompt: BTreeMap<&str, (u64, Amount)> = BTreeMap::new();
    let mut by_phase: BTreeMap<&str, (u64, Amount)> = BTreeMap::new();
    // Samples of a prompt are paid for like the prompt.
    let sent = chain.effects().rev().filter_map(|(_, effect)| Some((effect.request.sends()?.0, effect)));
    for (name, effect) in sent {
        for (sums, name) in [(&mut by_prompt, name), (&mut by_phase, effect.phase.as_str())] {
            let sum = sums.entry(name).or_default();
            *sum = (sum.0.saturating_add(1), sum.1.plus(effect.committed()));
        }
    }
    let mut text = String::new();
    for warning in chain.warnings() {
        let _ = writeln!(text, "{warning}");
    }
    for (title, sums) in [("By prompt:", by_prompt), ("By phase:", by_phase)] {
        let mut lines: Vec<_> = sums.into_iter().collect();
        lines.sort_by_key(|(_, (_, amount))| std::cmp::Reverse((amount.usd_micros, amount.tokens)));
        let _ = writeln!(text, "{title}");
        for (name, (runs, amount)) in lines.into_iter().take(MOST_LINES) {
            let _ = writeln!(text, "- {name}: {runs} runs, {} tokens, {}", amount.tokens, amount.dollars());
        }
    }
    text
}
