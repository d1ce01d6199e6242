//! What was written and what ran, in their order: which code stands in the files that no test was seen to fail for before it.
//!
//! Visits of a phase fall into sets: a visit to which a later phase led back is about the tests of the one before. Tests of an
//! earlier set that still stand are worth a run of this one; what ran elsewhere is worth nothing here.

use super::is_tests;
use crate::{Chain, Check, DraftState, Effect, EffectId, Outcome, Request, Verdict};

/// Files of tests that a person is told of by name.
const FILES: usize = 10;

/// Whether what a run ended with tells of the tests: not where a shell did not find the command, or nothing ended by itself.
pub(super) fn tells(status: Option<i32>) -> bool {
    !matches!(status, None | Some(126 | 127))
}

/// What became of one set of tests and of the code for it.
#[derive(Default)]
pub(super) struct Order {
    /// Its first visit.
    pub(super) visit: u32,
    /// A run failed between tests and the code that came after them.
    pub(super) failed: bool,
    /// A person goes on without.
    pub(super) waived: bool,
    /// Tests are in the files, and no code of this set came after them.
    armed: bool,
    /// For each code that is in the files, whether such a run came before it.
    code: Vec<bool>,
    /// The command of the last run before this code, and what it ended with.
    pub(super) ran: Option<(String, Option<i32>)>,
    /// Files of its tests.
    files: Vec<String>,
    /// Some of it happened elsewhere.
    elsewhere: bool,
}

impl Order {
    /// Every set of a phase, oldest first.
    pub(super) fn all(chain: &Chain, phase: &str) -> Vec<Self> {
        let mut begins = begins(chain, phase).into_iter().peekable();
        let mut orders: Vec<Self> = Vec::new();
        let mut standing = false;
        let begun = |visit, standing| Self { visit, armed: standing, ..Self::default() };
        for (id, effect) in chain.effects() {
            while let Some((visit, _)) = begins.next_if(|(_, from)| *from <= id) {
                orders.push(begun(visit, standing));
            }
            follow(&mut orders, &mut standing, chain, phase, effect);
        }
        orders.extend(begins.map(|(visit, _)| begun(visit, standing)));
        orders
    }

    /// The last set of a phase.
    pub(super) fn of(chain: &Chain, phase: &str) -> Option<Self> {
        Self::all(chain, phase).pop()
    }

    /// Code is in the files.
    pub(super) fn is_coded(&self) -> bool {
        !self.code.is_empty()
    }

    /// Code is in the files that no test failed for before it.
    pub(super) fn is_bare(&self) -> bool {
        self.code.contains(&false)
    }

    /// These files are tests of it, whether they were brought once or more often.
    fn has<'p>(&mut self, paths: impl IntoIterator<Item = &'p String>) {
        for path in paths {
            if !self.files.contains(path) {
                self.files.push(path.clone());
            }
        }
    }

    /// The tests that showed something are gone.
    fn shows_nothing_more(&mut self) {
        (self.failed, self.waived) = (false, false);
        self.code.fill(false);
    }

    /// What a person is told of it.
    pub(super) fn said(&self) -> String {
        let what = match &self.ran {
            None if self.elsewhere => {
                "No test was seen to fail here before this code: what ran elsewhere shows nothing here.".to_owned()
            }
            None => "No test ran before this code.".to_owned(),
            Some((command, Some(0))) => format!(
                "`{command}` ran before this code, and passed (exit status 0): what passes without it does not show that it does \
                 anything."
            ),
            Some((command, Some(status @ (126 | 127)))) => {
                let why = if *status == 127 { "was not found" } else { "may not be run" };
                format!(
                    "`{command}` did not run (exit status {status}: it, or a program that it needs, {why}), so no test was seen to \
                     fail before this code."
                )
            }
            Some((command, None)) => {
                format!("`{command}` did not run to its end, so no test was seen to fail before this code.")
            }
            Some((command, Some(status))) => format!(
                "`{command}` failed (exit status {status}), but not between tests and this code, so it does not show that they ask \
                 for it."
            ),
        };
        let more = self.files.len().saturating_sub(FILES);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let files: Vec<String> = self.files.iter().take(FILES).map(|path| format!("`{path}`")).collect();
        match files.as_slice() {
            [] => format!("{what} No new tests are in the files."),
            files => format!("{what} Its tests: {}{more}.", files.join(", ")),
        }
    }
}

/// What an effect makes of the last set, and whether tests are in the files. What was taken back, or stood there only because of
/// that, is no longer written or unchanged, and never counts.
fn follow(orders: &mut [Order], standing: &mut bool, chain: &Chain, phase: &str, effect: &Effect) {
    let draft = |id: &str| chain.drafts().iter().find(|draft| draft.id == id && draft.phase == phase);
    let here = effect.settled >= chain.taken_over();
    let Some((order, earlier)) = orders.split_last_mut() else { return };
    match (&effect.request, effect.outcome()) {
        (Request::Write { draft: id, .. }, Some(Outcome::Written { .. })) => {
            // What was taken back is neither.
            let Some(draft) = draft(id) else { return };
            let DraftState::Written(written) = &draft.state else { return };
            order.elsewhere |= !here;
            order.armed = is_tests(draft);
            if !order.armed {
                order.code.push(order.failed);
                return;
            }
            order.has(written.files.iter().map(|file| &file.path));
            *standing = true;
        }
        // The same tests once more are tests that are there.
        (Request::Plan { draft: id }, Some(Outcome::Planned { plan })) => {
            let Some(draft) = draft(id).filter(|draft| is_tests(draft)) else { return };
            let DraftState::Unchanged(_) = &draft.state else { return };
            order.armed = true;
            order.has(&plan.unchanged);
            *standing = true;
        }
        // What the others show was shown together with these.
        (Request::Undo { draft: id, .. }, Some(Outcome::Done)) => {
            let Some(draft) = draft(id).filter(|draft| is_tests(draft)) else { return };
            if draft.visit < order.visit {
                if let Some(own) = earlier.iter_mut().rfind(|own| own.visit <= draft.visit) {
                    own.shows_nothing_more();
                }
                if !order.files.is_empty() {
                    return;
                }
            }
            order.armed &= *standing;
            order.shows_nothing_more();
        }
        (Request::Check { check: Check::Test, command }, Some(Outcome::Checked { status, .. })) => {
            if !here {
                order.elsewhere = true;
                return;
            }
            order.failed |= order.armed && tells(*status) && *status != Some(0);
            if !order.is_coded() {
                order.ran = Some((command.clone(), *status));
            }
        }
        (Request::Approve { proposal }, Some(Outcome::Judged { verdict: Verdict::Approved, .. })) => {
            order.waived |= super::waives(chain, phase, order.visit, proposal);
        }
        _ => {}
    }
}

/// Where each set of tests begins, oldest first: its first visit, and the first effect of that. A visit to which a later phase led
/// back goes on with the set before, because what is written then is about the same tests.
fn begins(chain: &Chain, phase: &str) -> Vec<(u32, EffectId)> {
    let phases = chain.started().map(|started| started.methodology.phases.as_slice()).unwrap_or_default();
    let place = |name: &str| phases.iter().position(|known| known.name == name);
    let visits = chain.visits();
    let mut begins = Vec::new();
    for (at, visit) in visits.iter().enumerate().filter(|(_, visit)| visit.phase == phase) {
        let led_back = at > 0 && place(&visits[at - 1].phase) > place(phase);
        if begins.is_empty() || !led_back {
            begins.push((visit.visit, visit.first_effect));
        }
    }
    begins
}
