//! What the tables for people and analytics make of each event.
//!
//! One function turns an event and the chain after it into changes of those tables. It runs in the caller of an append
//! and, over the whole history, in [`crate::Store::rebuild_projections`]: so both give the same rows. The writer thread only
//! executes, see [`crate::pen`].

use std::path::Path;

use certus_engine::calibration::{Prediction, settled};
use certus_engine::{
    Amount, Attribution, Body, Chain, ChainId, Closing, Effect, EffectId, EffectState, Event, Millis, Outcome,
    PhaseVisit, Request,
};
use rusqlite::Connection;

use crate::pen::Pen;

/// One change of the tables, of the chain at hand.
#[derive(Debug)]
pub(crate) enum Change {
    Entered {
        phase: String,
        visit: u32,
        at: Millis,
    },
    Left {
        phase: String,
        visit: u32,
        at: Millis,
        success: bool,
        elapsed_ms: i64,
        tokens: u64,
        usd_micros: u64,
    },
    Trouble {
        phase: String,
        visit: u32,
        category: String,
    },
    Began(Box<Began>),
    Reissued {
        effect: EffectId,
        attempt: u32,
        possibly_billed_twice: bool,
    },
    Held {
        effect: EffectId,
        reserved: Amount,
        lost: Amount,
        /// Of `lost`, what nobody said that it cost.
        possible: Amount,
        /// Of both, the tokens whose price nobody knows.
        unpriced: u64,
        /// When this last changed; absent where nothing ever was set aside or lost.
        dated: Option<Millis>,
    },
    Ended(Box<Finished>),
    Believed {
        effect: EffectId,
        after: f64,
    },
    Rated(u8),
    Settled(Box<Prediction>),
    Closed {
        area: String,
        closing: Closing,
    },
    /// The chain begins anew, from a context.
    Forget,
}

#[derive(Debug)]
pub(crate) struct Began {
    pub(crate) effect: EffectId,
    pub(crate) prompt: String,
    pub(crate) version: String,
    pub(crate) phase: String,
    pub(crate) visit: u32,
    pub(crate) started: Millis,
    pub(crate) attempt: u32,
    pub(crate) possibly_billed_twice: bool,
    pub(crate) before: Option<f64>,
    pub(crate) variant: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) git_head: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) effect: EffectId,
    pub(crate) at: Millis,
    pub(crate) elapsed_ms: Option<i64>,
    pub(crate) error: Option<String>,
    pub(crate) by: Option<Attribution>,
    /// Of all tokens, lost ones included, those whose price nobody knows.
    pub(crate) unpriced: u64,
    /// Overall confidence, when the outcome was believed at once: the usual case, and one change instead of two.
    pub(crate) after: Option<f64>,
}

/// Fill a table from the events of chains that are older than it. One that cannot be read is left out: it is named for what it
/// is wherever it is read.
pub(crate) fn fill(db: &Connection, path: &Path, found: impl Fn(&[Event]) -> Vec<Change>) -> rusqlite::Result<()> {
    let ids: Vec<u32> =
        db.prepare("SELECT DISTINCT chain FROM events")?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut pen = Pen::new(db)?;
    for id in ids.into_iter().map(ChainId) {
        if let Ok(events) = crate::read::events(db, path, id, 0) {
            pen.changes(id, &found(&events))?;
        }
    }
    Ok(())
}

/// Fold one event in, noting what it changes in the tables.
pub(crate) fn fold(chain: &mut Chain, event: &Event, into: &mut Vec<Change>) {
    let before = chain.confidence("overall");
    outcomes(chain, event, into);
    chain.apply(event);
    changes(before, chain, event, into);
}

/// What `event` changes. `before` is the overall confidence ahead of it, `chain` the chain after it.
fn changes(before: f64, chain: &Chain, event: &Event, into: &mut Vec<Change>) {
    match &event.body {
        Body::PhaseEntered { phase, visit, .. } => {
            into.push(Change::Entered { phase: phase.clone(), visit: *visit, at: event.at });
        }
        Body::PhaseLeft { phase, visit, success, elapsed_ms, tokens, usd_micros } => into.push(Change::Left {
            phase: phase.clone(),
            visit: *visit,
            at: event.at,
            success: *success,
            elapsed_ms: *elapsed_ms,
            tokens: *tokens,
            usd_micros: *usd_micros,
        }),
        Body::Intent { effect, .. } => {
            if let Some(known) = chain.effect(*effect) {
                began(chain, *effect, known, Some(before), into);
            }
        }
        Body::Outcome { effect, outcome, elapsed_ms } => {
            // An outcome that the chain did not take (a second one, or of nothing) changes nothing here either.
            if let Some(known) = chain.effect(*effect).filter(|known| known.settled == event.seq) {
                let after = is_believed(known).then(|| chain.confidence("overall"));
                if outcome.possible() != Amount::default() {
                    held(chain, *effect, into);
                }
                ended(*effect, known, event.at, Some(*elapsed_ms), after, into);
                if let Some(after) = after {
                    believed_together(chain, *effect, known, after, into);
                }
                if let Request::Sample { of, .. } = known.request {
                    // What they take off is taken off what their prompt brought.
                    into.push(Change::Believed { effect: of, after: chain.confidence("overall") });
                }
                // What a command no longer waited for ended with it, and is set aside no more.
                if matches!(known.request, Request::Command { .. }) {
                    chain.invocation(*effect).for_each(|(nested, _)| held(chain, nested, into));
                }
                closed(chain, Some(event.seq), into);
            }
        }
        Body::Reissued { effect, attempt, possibly_billed_twice, .. } => {
            into.push(Change::Reissued {
                effect: *effect,
                attempt: *attempt,
                possibly_billed_twice: *possibly_billed_twice,
            });
            held(chain, *effect, into);
        }
        Body::Deferred { effect, code, .. } => {
            if let Some(known) = chain.effect(*effect) {
                into.push(trouble(known, code.to_string()));
            }
            held(chain, *effect, into);
        }
        Body::Reserved { effect, .. } => held(chain, *effect, into),
        Body::ActionRefused { law, .. } => into.push(Change::Trouble {
            phase: chain.phase().to_owned(),
            visit: chain.visit(),
            category: law.name().to_owned(),
        }),
        Body::Corrected { .. } => {
            // What was under way is cancelled, and set aside no more.
            let cancelled = |effect: &Effect| matches!(effect.outcome(), Some(Outcome::Failed { .. }));
            chain.effects().filter(|(_, effect)| cancelled(effect)).for_each(|(id, _)| held(chain, id, into));
            closed(chain, Some(event.seq), into);
        }
        Body::Rated { stars } => into.push(Change::Rated(*stars)),
        Body::Restored { .. } => restored(chain, into),
        Body::ChainStarted(_)
        | Body::Paused { .. }
        | Body::BudgetSet { .. }
        | Body::BudgetWarned(_)
        | Body::TakenOver { .. }
        | Body::ControllerChanged { .. }
        | Body::TreeChanged { .. }
        | Body::WhatRuns { .. }
        | Body::ContextFilled { .. }
        | Body::ContextReset { .. }
        | Body::Reopened
        | Body::ProviderChosen { .. }
        | Body::Ended { .. } => {}
    }
}

/// What `event` shows about confidences of the chain as it is ahead of it.
fn outcomes(chain: &Chain, event: &Event, into: &mut Vec<Change>) {
    into.extend(settled(chain, event).into_iter().map(|one| Change::Settled(Box::new(one))));
}

fn began(chain: &Chain, id: EffectId, effect: &Effect, before: Option<f64>, into: &mut Vec<Change>) {
    let Some((name, version)) = effect.request.sends() else { return };
    // A sample raises nothing of its own.
    let before = before.filter(|_| matches!(effect.request, Request::Prompt { .. }));
    let started = chain.started();
    into.push(Change::Began(Box::new(Began {
        effect: id,
        prompt: name.to_owned(),
        version: version.to_owned(),
        phase: effect.phase.clone(),
        visit: effect.visit,
        started: effect.at,
        attempt: effect.attempt,
        possibly_billed_twice: effect.possibly_billed_twice,
        before,
        variant: started.and_then(|started| started.variant.clone()),
        user: started.and_then(|started| started.user.clone()),
        git_head: started.and_then(|started| started.git_head.clone()),
    })));
}

fn ended(
    id: EffectId,
    effect: &Effect,
    at: Millis,
    elapsed_ms: Option<i64>,
    after: Option<f64>,
    into: &mut Vec<Change>,
) {
    let error = match effect.outcome() {
        Some(Outcome::Failed { code, .. } | Outcome::Unusable { code, .. }) => Some(code.to_string()),
        _ => None,
    };
    if let Some(category) = &error {
        into.push(trouble(effect, category.clone()));
    }
    if effect.request.sends().is_some() {
        let by = match effect.outcome() {
            Some(Outcome::Replied { by, .. }) => Some(by.clone()),
            Some(Outcome::Unusable { by, .. }) => Some((**by).clone()),
            _ => None,
        };
        let unpriced = effect.committed().unpriced_tokens;
        into.push(Change::Ended(Box::new(Finished { effect: id, at, elapsed_ms, error, by, unpriced, after })));
    }
}

/// What is set aside for an open run of a prompt or a sample of it, and what its attempts cost without an answer.
fn held(chain: &Chain, id: EffectId, into: &mut Vec<Change>) {
    if let Some(effect) = chain.effect(id).filter(|effect| effect.request.sends().is_some()) {
        let reserved = effect.reserved.unwrap_or_default();
        let unpriced = effect.committed().unpriced_tokens;
        let dated = (effect.dated != 0).then_some(effect.dated);
        let (lost, possible) = (effect.lost, effect.possible);
        into.push(Change::Held { effect: id, reserved, lost, possible, unpriced, dated });
    }
}

/// Of a whole history, what calls can have cost of which nobody said it.
pub(crate) fn possible(events: &[Event]) -> Vec<Change> {
    let (chain, mut found) = (Chain::fold(events), Vec::new());
    cut(&chain).for_each(|(id, _)| held(&chain, id, &mut found));
    found
}

/// Calls of which nobody said what they cost, and what each can have cost at most besides what is known of it.
pub(crate) fn cut(chain: &Chain) -> impl Iterator<Item = (EffectId, Amount)> {
    chain.effects().map(|(id, effect)| (id, effect.possible)).filter(|(_, possible)| *possible != Amount::default())
}

/// What was closed, or opened again, by one event or by any.
pub(crate) fn closed(chain: &Chain, by: Option<u64>, into: &mut Vec<Change>) {
    let those = chain.closings().filter(|(_, closing)| by.is_none_or(|seq| closing.settled == seq));
    into.extend(those.map(|(area, closing)| Change::Closed { area: area.to_owned(), closing: closing.clone() }));
}

fn is_believed(effect: &Effect) -> bool {
    matches!((&effect.request, &effect.state), (Request::Prompt { .. }, EffectState::Believed(_)))
}

/// What was asked together is believed together, with the last of its outcomes.
fn believed_together(chain: &Chain, id: EffectId, effect: &Effect, after: f64, into: &mut Vec<Change>) {
    let together = |other: &Effect| {
        effect.invocation.is_none()
            && other.invocation.is_none()
            && other.basis == effect.basis
            && matches!(other.request, Request::Prompt { .. })
    };
    for (other, _) in chain.effects().filter(|(other, known)| *other != id && together(known)) {
        into.push(Change::Believed { effect: other, after });
    }
}

fn trouble(effect: &Effect, category: String) -> Change {
    Change::Trouble { phase: effect.phase.clone(), visit: effect.visit, category }
}

fn restored(chain: &Chain, into: &mut Vec<Change>) {
    into.push(Change::Forget);
    for PhaseVisit { phase, visit, entered_at, left_at, success, usage, .. } in chain.visits() {
        into.push(Change::Entered { phase: phase.clone(), visit: *visit, at: *entered_at });
        if let Some(left) = left_at {
            into.push(Change::Left {
                phase: phase.clone(),
                visit: *visit,
                at: *left,
                success: success.unwrap_or(false),
                elapsed_ms: left.saturating_sub(*entered_at),
                tokens: usage.tokens(),
                usd_micros: usage.usd_micros,
            });
        }
    }
    for (id, effect) in chain.effects() {
        began(chain, id, effect, None, into);
        held(chain, id, into);
        if !effect.is_open() {
            // The context does not say when; its cost belongs to about that time.
            ended(id, effect, effect.at, None, None, into);
        }
    }
    closed(chain, None, into);
    if let Some(stars) = chain.rating() {
        into.push(Change::Rated(stars));
    }
}
