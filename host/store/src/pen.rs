//! The statements that write a chain: its row, its events and what the projections make of them.
//!
//! Those that every step needs are looked up once for a whole group of appends. A step costs one statement for the row,
//! one for each event, one for the run that ended and one for the run that began.

use certus_engine::{Attribution, ChainId};
use rusqlite::{CachedStatement, Connection, params};

use crate::ChainRow;
use crate::projection::{Began, Change, Finished};
use crate::row::{Standing, signed};
use crate::writer::Job;

/// Writes chains inside a transaction of the connection that it borrows.
pub(crate) struct Pen<'db> {
    db: &'db Connection,
    forward: CachedStatement<'db>,
    event: CachedStatement<'db>,
    began: CachedStatement<'db>,
    ended: CachedStatement<'db>,
}

impl<'db> Pen<'db> {
    pub(crate) fn new(db: &'db Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            db,
            // What a chain has from its beginning stays as it is.
            forward: db.prepare_cached(
                "UPDATE chains SET phase = ?3, status = ?4, version = ?5, overall = ?6, open_questions = ?7, \
                 tokens = ?8, usd_micros = ?9, provider = ?10, updated = ?11 WHERE id = ?1 AND version = ?2",
            )?,
            event: db.prepare_cached("INSERT INTO events (chain, seq, at, kind, body, crc) VALUES (?, ?, ?, ?, ?, ?)")?,
            began: db.prepare_cached(
                "INSERT OR REPLACE INTO prompt_runs (chain, effect, prompt, version, phase, visit, started, attempt, \
                 possibly_billed_twice, confidence_before, variant, user, git_head) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?,
            ended: db.prepare_cached(
                "UPDATE prompt_runs SET ended = ?3, elapsed_ms = ?4, ok = ?5, error_category = ?6, provider = ?7, \
                 model = ?8, input_tokens = ?9, cached_tokens = ?10, output_tokens = ?11, usd_micros = ?12, \
                 from_memo = ?13, reserved_tokens = 0, reserved_usd_micros = 0, \
                 confidence_after = coalesce(?14, confidence_after), unpriced_tokens = ?15 WHERE chain = ?1 AND effect = ?2",
            )?,
        })
    }

    /// Bring a chain's row forward from this version; false when it does not stand there, or is not there, and then
    /// nothing was written. The check and the first write of an append are one statement.
    pub(crate) fn bring_forward(&mut self, id: ChainId, from: u64, to: &Standing) -> rusqlite::Result<bool> {
        let changed = self.forward.execute(params![
            id.0,
            signed(from),
            to.phase,
            to.status.name(),
            signed(to.version),
            to.overall,
            to.open_questions,
            signed(to.tokens),
            signed(to.usd_micros),
            to.provider,
            to.updated,
        ])?;
        Ok(changed == 1)
    }

    /// Write a chain's row as a whole.
    pub(crate) fn row(&self, row: &ChainRow) -> rusqlite::Result<()> {
        let sql = "INSERT INTO chains (id, slug, goal, phase, status, version, overall, open_questions, tokens, \
             usd_micros, provider, created, updated, context_file) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
             ON CONFLICT (id) DO UPDATE SET slug = excluded.slug, goal = excluded.goal, phase = excluded.phase, \
             status = excluded.status, version = excluded.version, overall = excluded.overall, \
             open_questions = excluded.open_questions, tokens = excluded.tokens, usd_micros = excluded.usd_micros, \
             provider = excluded.provider, created = excluded.created, updated = excluded.updated, \
             context_file = excluded.context_file";
        self.db.prepare_cached(sql)?.execute(params![
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

    /// Write a chain's events and all that goes with them, its row aside.
    pub(crate) fn put(&mut self, id: ChainId, job: &Job) -> rusqlite::Result<()> {
        self.changes(id, &job.changes)?;
        for line in &job.lines {
            self.event.execute(params![id.0, signed(line.seq), line.at, line.kind, line.body, line.crc])?;
        }
        for (digest, bytes) in &job.blobs {
            self.db
                .prepare_cached("INSERT OR IGNORE INTO blobs (digest, bytes) VALUES (?, ?)")?
                .execute(params![digest.as_bytes(), bytes])?;
        }
        Ok(())
    }

    /// Write the changes of one chain, whose row is there.
    pub(crate) fn changes(&mut self, id: ChainId, changes: &[Change]) -> rusqlite::Result<()> {
        let (db, chain) = (self.db, id.0);
        for change in changes {
            match change {
                Change::Entered { phase, visit, at } => db
                    .prepare_cached(
                        "INSERT OR REPLACE INTO phase_visits (chain, phase, visit, entered) VALUES (?, ?, ?, ?)",
                    )?
                    .execute(params![chain, phase, visit, at])?,
                Change::Left { phase, visit, at, success, elapsed_ms, tokens, usd_micros } => {
                    let (tokens, usd_micros) = (signed(*tokens), signed(*usd_micros));
                    db.prepare_cached(
                        "UPDATE phase_visits SET left = ?4, success = ?5, elapsed_ms = ?6, tokens = ?7, usd_micros = ?8 \
                         WHERE chain = ?1 AND phase = ?2 AND visit = ?3",
                    )?
                    .execute(params![chain, phase, visit, at, success, elapsed_ms, tokens, usd_micros])?
                }
                Change::Trouble { phase, visit, category } => db
                    .prepare_cached(
                        "UPDATE phase_visits SET error_category = ?4 WHERE chain = ?1 AND phase = ?2 AND visit = ?3",
                    )?
                    .execute(params![chain, phase, visit, category])?,
                Change::Began(run) => self.begin(chain, run)?,
                Change::Reissued { effect, attempt, possibly_billed_twice } => db
                    .prepare_cached(
                        "UPDATE prompt_runs SET attempt = ?3, possibly_billed_twice = possibly_billed_twice OR ?4 \
                         WHERE chain = ?1 AND effect = ?2",
                    )?
                    .execute(params![chain, effect, attempt, possibly_billed_twice])?,
                Change::Held { effect, reserved, lost, possible, unpriced, dated } => db
                    .prepare_cached(
                        "UPDATE prompt_runs SET reserved_tokens = ?3, reserved_usd_micros = ?4, lost_tokens = ?5, \
                         lost_usd_micros = ?6, unpriced_tokens = ?7, dated = ?8, possible_tokens = ?9, \
                         possible_usd_micros = ?10 WHERE chain = ?1 AND effect = ?2",
                    )?
                    .execute(params![
                        chain,
                        effect,
                        signed(reserved.tokens),
                        signed(reserved.usd_micros),
                        signed(lost.tokens),
                        signed(lost.usd_micros),
                        signed(*unpriced),
                        dated,
                        signed(possible.tokens),
                        signed(possible.usd_micros),
                    ])?,
                Change::Ended(run) => self.end(chain, run)?,
                Change::Believed { effect, after } => db
                    .prepare_cached("UPDATE prompt_runs SET confidence_after = ?3 WHERE chain = ?1 AND effect = ?2")?
                    .execute(params![chain, effect, after])?,
                Change::Rated(stars) => db
                    .prepare_cached("UPDATE prompt_runs SET rating = ?2 WHERE chain = ?1")?
                    .execute(params![chain, stars])?,
                Change::Settled(one) => {
                    // What overrules the first outcome takes its place.
                    let sql = if one.overrules {
                        "INSERT OR REPLACE INTO predictions (chain, area, scored_by, model, confidence, held, overrules) \
                         VALUES (?, ?, ?, ?, ?, ?, ?)"
                    } else {
                        "INSERT OR IGNORE INTO predictions (chain, area, scored_by, model, confidence, held, overrules) \
                         VALUES (?, ?, ?, ?, ?, ?, ?)"
                    };
                    db.prepare_cached(sql)?.execute(params![
                        chain,
                        one.area,
                        one.scored_by,
                        one.model,
                        one.confidence,
                        one.held,
                        one.overrules,
                    ])?
                }
                Change::Closed { area, closing } if closing.reopened => db
                    .prepare_cached("DELETE FROM closings WHERE chain = ? AND area = ?")?
                    .execute(params![chain, area])?,
                Change::Closed { area, closing } => db
                    .prepare_cached(
                        "INSERT OR REPLACE INTO closings (chain, area, at, closed_by, blocked) VALUES (?, ?, ?, ?, ?)",
                    )?
                    .execute(params![chain, area, closing.at, closing.by, closing.blocked])?,
                Change::Forget => self.forget(id)?,
            };
        }
        Ok(())
    }

    /// Remove what the projections say of a chain, its row aside.
    pub(crate) fn forget(&self, chain: ChainId) -> rusqlite::Result<usize> {
        Ok(self.db.prepare_cached("DELETE FROM phase_visits WHERE chain = ?")?.execute([chain.0])?
            + self.db.prepare_cached("DELETE FROM closings WHERE chain = ?")?.execute([chain.0])?
            + self.db.prepare_cached("DELETE FROM predictions WHERE chain = ?")?.execute([chain.0])?
            + self.db.prepare_cached("DELETE FROM prompt_runs WHERE chain = ?")?.execute([chain.0])?)
    }

    fn begin(&mut self, chain: u32, run: &Began) -> rusqlite::Result<usize> {
        self.began.execute(params![
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
        ])
    }

    fn end(&mut self, chain: u32, run: &Finished) -> rusqlite::Result<usize> {
        let nobody = Attribution::default();
        let by = run.by.as_ref().unwrap_or(&nobody);
        let usage = by.usage;
        self.ended.execute(params![
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
            run.after,
            signed(run.unpriced),
        ])
    }
}
