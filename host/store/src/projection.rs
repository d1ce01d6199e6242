//! What the tables for people and analytics make of each event.
//!
//! One function turns an event and the chain after it into changes of those tables. It runs in the caller of an append
//! and, over the whole history, in [`crate::Store::rebuild_projections`]: so both give the same rows. The writer thread only
//! executes.

use certus_engine::{
    Attribution, Body, Chain, ChainId, Effect, EffectId, EffectState, Event, Millis, Outcome, PhaseVisit, Request,
};
use rusqlite::{Connection, params};

use crate::ChainRow;
use crate::row::signed;

/// One change of the tables, of the chain at hand.
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
    Ended(Box<Finished>),
    Believed {
        effect: EffectId,
        after: f64,
    },
    Rated(u8),
    /// The chain begins anew, from a context.
    Forget,
}

pub(crate) struct Began {
    effect: EffectId,
    prompt: String,
    version: String,
    phase: String,
    visit: u32,
    started: Millis,
    attempt: u32,
    possibly_billed_twice: bool,
    before: Option<f64>,
    variant: Option<String>,
    user: Option<String>,
    git_head: Option<String>,
}

pub(crate) struct Finished {
    effect: EffectId,
    at: Millis,
    elapsed_ms: Option<i64>,
    error: Option<String>,
    by: Option<Attribution>,
}

/// What `event` changes. `before` is the overall confidence ahead of it, `chain` the chain after it.
pub(crate) fn changes(before: f64, chain: &Chain, event: &Event, into: &mut Vec<Change>) {
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
        Body::Outcome { effect, elapsed_ms, .. } => {
            // An outcome that the chain did not take (a second one, or of nothing) changes nothing here either.
            if let Some(known) = chain.effect(*effect).filter(|known| known.settled == event.seq) {
                ended(*effect, known, event.at, Some(*elapsed_ms), into);
                believed(chain, *effect, known, into);
            }
        }
        Body::Reissued { effect, attempt, possibly_billed_twice } => into.push(Change::Reissued {
            effect: *effect,
            attempt: *attempt,
            possibly_billed_twice: *possibly_billed_twice,
        }),
        Body::Deferred { effect, code, .. } => {
            if let Some(known) = chain.effect(*effect) {
                into.push(trouble(known, code.to_string()));
            }
        }
        Body::ActionRefused { law, .. } => into.push(Change::Trouble {
            phase: chain.phase().to_owned(),
            visit: chain.visit(),
            category: law.name().to_owned(),
        }),
        Body::Rated { stars } => into.push(Change::Rated(*stars)),
        Body::Restored { .. } => restored(chain, into),
        Body::ChainStarted(_)
        | Body::Reserved { .. }
        | Body::BudgetSet { .. }
        | Body::BudgetWarned { .. }
        | Body::Reopened
        | Body::Corrected { .. }
        | Body::ProviderChosen { .. }
        | Body::Ended { .. } => {}
    }
}

fn began(chain: &Chain, id: EffectId, effect: &Effect, before: Option<f64>, into: &mut Vec<Change>) {
    let Request::Prompt { name, version, .. } = &effect.request else { return };
    let started = chain.started();
    into.push(Change::Began(Box::new(Began {
        effect: id,
        prompt: name.clone(),
        version: version.clone(),
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

fn ended(id: EffectId, effect: &Effect, at: Millis, elapsed_ms: Option<i64>, into: &mut Vec<Change>) {
    let error = match effect.outcome() {
        Some(Outcome::Failed { code, .. } | Outcome::Unusable { code, .. }) => Some(code.to_string()),
        _ => None,
    };
    if let Some(category) = &error {
        into.push(trouble(effect, category.clone()));
    }
    if matches!(effect.request, Request::Prompt { .. }) {
        let by = match effect.outcome() {
            Some(Outcome::Replied { by, .. }) => Some(by.clone()),
            Some(Outcome::Unusable { by, .. }) => Some((**by).clone()),
            _ => None,
        };
        into.push(Change::Ended(Box::new(Finished { effect: id, at, elapsed_ms, error, by })));
    }
}

fn believed(chain: &Chain, id: EffectId, effect: &Effect, into: &mut Vec<Change>) {
    if !matches!((&effect.request, &effect.state), (Request::Prompt { .. }, EffectState::Believed(_))) {
        return;
    }
    let after = chain.confidence("overall");
    // What was asked together is believed together, with the last of its outcomes.
    let together = |other: &Effect| {
        effect.invocation.is_none()
            && other.invocation.is_none()
            && other.basis == effect.basis
            && matches!(other.request, Request::Prompt { .. })
    };
    for (other, _) in chain.effects().filter(|(other, known)| *other == id || together(known)) {
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
        if !effect.is_open() {
            // The context does not say when; its cost belongs to about that time.
            ended(id, effect, effect.at, None, into);
        }
    }
    if let Some(stars) = chain.rating() {
        into.push(Change::Rated(stars));
    }
}

/// Write the changes of one chain, whose row is there.
pub(crate) fn write_changes(db: &Connection, id: ChainId, changes: &[Change]) -> rusqlite::Result<()> {
    let chain = id.0;
    for change in changes {
        match change {
            Change::Entered { phase, visit, at } => db
                .prepare_cached("INSERT OR REPLACE INTO phase_visits (chain, phase, visit, entered) VALUES (?, ?, ?, ?)")?
                .execute(params![chain, phase, visit, at])?,
            Change::Left { phase, visit, at, success, elapsed_ms, tokens, usd_micros } => db
                .prepare_cached(
                    "UPDATE phase_visits SET left = ?4, success = ?5, elapsed_ms = ?6, tokens = ?7, usd_micros = ?8 \
                     WHERE chain = ?1 AND phase = ?2 AND visit = ?3",
                )?
                .execute(params![chain, phase, visit, at, success, elapsed_ms, signed(*tokens), signed(*usd_micros)])?,
            Change::Trouble { phase, visit, category } => db
                .prepare_cached(
                    "UPDATE phase_visits SET error_category = ?4 WHERE chain = ?1 AND phase = ?2 AND visit = ?3",
                )?
                .execute(params![chain, phase, visit, category])?,
            Change::Began(run) => db
                .prepare_cached(
                    "INSERT OR REPLACE INTO prompt_runs (chain, effect, prompt, version, phase, visit, started, attempt, \
                     possibly_billed_twice, confidence_before, variant, user, git_head) \
                     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                )?
                .execute(params![
                    chain,
                    run.effect,
                    run.prompt,
                    run.version,
                    run.phase,
                    run.visit,
                    run.started,
                    run.attempt,
                    run.possibly_billed_twice,
                    run.before,
                    run.variant,
                    run.user,
                    run.git_head,
                ])?,
            Change::Reissued { effect, attempt, possibly_billed_twice } => db
                .prepare_cached(
                    "UPDATE prompt_runs SET attempt = ?3, possibly_billed_twice = possibly_billed_twice OR ?4 \
                     WHERE chain = ?1 AND effect = ?2",
                )?
                .execute(params![chain, effect, attempt, possibly_billed_twice])?,
            Change::Ended(run) => finish(db, chain, run)?,
            Change::Believed { effect, after } => db
                .prepare_cached("UPDATE prompt_runs SET confidence_after = ?3 WHERE chain = ?1 AND effect = ?2")?
                .execute(params![chain, effect, after])?,
            Change::Rated(stars) => db
                .prepare_cached("UPDATE prompt_runs SET rating = ?2 WHERE chain = ?1")?
                .execute(params![chain, stars])?,
            Change::Forget => forget(db, id)?,
        };
    }
    Ok(())
}

fn finish(db: &Connection, chain: u32, run: &Finished) -> rusqlite::Result<usize> {
    let nobody = Attribution::default();
    let by = run.by.as_ref().unwrap_or(&nobody);
    let usage = by.usage;
    db.prepare_cached(
        "UPDATE prompt_runs SET ended = ?3, elapsed_ms = ?4, ok = ?5, error_category = ?6, provider = ?7, model = ?8, \
         input_tokens = ?9, cached_tokens = ?10, output_tokens = ?11, usd_micros = ?12, from_memo = ?13 \
         WHERE chain = ?1 AND effect = ?2",
    )?
    .execute(params![
        chain,
        run.effect,
        run.at,
        run.elapsed_ms,
        run.by.is_some() && run.error.is_none(),
        run.error,
        by.provider,
        by.model,
        signed(usage.input_tokens),
        signed(usage.cached_tokens),
        signed(usage.output_tokens),
        signed(usage.usd_micros),
        by.from_memo,
    ])
}

/// Remove what the projections say of a chain, its row aside.
pub(crate) fn forget(db: &Connection, chain: ChainId) -> rusqlite::Result<usize> {
    Ok(db.prepare_cached("DELETE FROM phase_visits WHERE chain = ?")?.execute([chain.0])?
        + db.prepare_cached("DELETE FROM prompt_runs WHERE chain = ?")?.execute([chain.0])?)
}

/// Bring a chain's row forward from this version; false when it does not stand there, or is not there, and then nothing was
/// written. The check and the first write of an append are one statement.
pub(crate) fn bring_forward(db: &Connection, row: &ChainRow, from: u64) -> rusqlite::Result<bool> {
    let changed = db
        .prepare_cached(
            "UPDATE chains SET slug = ?3, goal = ?4, phase = ?5, status = ?6, version = ?7, overall = ?8, \
             open_questions = ?9, tokens = ?10, usd_micros = ?11, provider = ?12, created = ?13, updated = ?14, \
             context_file = ?15 WHERE id = ?1 AND version = ?2",
        )?
        .execute(params![
            row.id.0,
            signed(from),
            row.slug,
            row.goal,
            row.phase,
            row.status.name(),
            signed(row.version),
            row.overall,
            row.open_questions,
            signed(row.tokens),
            signed(row.usd_micros),
            row.provider,
            row.created,
            row.updated,
            row.context_file,
        ])?;
    Ok(changed == 1)
}

/// Write a chain's row as a whole.
pub(crate) fn write_row(db: &Connection, row: &ChainRow) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO chains (id, slug, goal, phase, status, version, overall, open_questions, tokens, usd_micros, \
         provider, created, updated, context_file) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
         ON CONFLICT (id) DO UPDATE SET slug = excluded.slug, goal = excluded.goal, phase = excluded.phase, \
         status = excluded.status, version = excluded.version, overall = excluded.overall, \
         open_questions = excluded.open_questions, tokens = excluded.tokens, usd_micros = excluded.usd_micros, \
         provider = excluded.provider, created = excluded.created, updated = excluded.updated, \
         context_file = excluded.context_file",
    )?
    .execute(params![
        row.id.0,
        row.slug,
        row.goal,
        row.phase,
        row.status.name(),
        signed(row.version),
        row.overall,
        row.open_questions,
        signed(row.tokens),
        signed(row.usd_micros),
        row.provider,
        row.created,
        row.updated,
        row.context_file,
    ])?;
    Ok(())
}
