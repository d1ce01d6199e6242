//! What was written and what ran, in their order: which code stands in the files that no test was seen to fail for before it.
//!
//! Visits of a phase fall into sets: a visit to which a later phase led back is about the tests of the one before. Tests of an
//! earlier set that still stand are worth a run of this one; what ran elsewhere is worth nothing here. Code that tests failed for
//! before it, which still stand, may be changed in a later set without another test that fails: it is proven.

use super::is_tests;
use crate::paths::{is_code_with_tests, is_test, of_tests};
use crate::{Chain, Check, CheckLimit, DraftState, Effect, EffectId, FileChange, Outcome, Request, Verdict, Written};

/// Files of tests that a person is told of by name.
const FILES: usize = 10;

/// What a shell says of a command that was ended from outside: by Ctrl-C, for want of memory, or by whoever stops services.
const KILLED: [i32; 3] = [130, 137, 143];

/// Whether what a run ended with tells of the tests: not where a shell did not find the command, or nothing ended by itself.
pub(super) fn tells(status: Option<i32>) -> bool {
    !matches!(status, None | Some(126 | 127)) && !status.is_some_and(|status| KILLED.contains(&status))
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
    /// Code of the sets before is in the files, and tests that still stand failed before all of it.
    pub(super) proven: bool,
    /// Each code that is in the files.
    code: Vec<Code>,
    /// Code of earlier sets that is in the files, which no test failed for and nobody goes on with.
    before: Vec<String>,
    /// The last run before this code.
    pub(super) ran: Option<Ran>,
    /// What the last run with this code, as it is, ended with.
    since: Option<i32>,
    /// Files of its tests.
    files: Vec<String>,
    /// What changed these after they failed: that they failed says nothing of what stands.
    pub(super) changed: Vec<Changed>,
    /// Some of it happened elsewhere.
    elsewhere: bool,
}

/// A draft that changed tests after they failed, and that is in the files.
pub(super) struct Changed {
    pub(super) draft: String,
    /// Those of its files that had failed.
    pub(super) files: Vec<String>,
    /// It brought nothing but tests, which can fail once more before code comes.
    as_tests: bool,
}

/// A draft of code that is in the files.
struct Code {
    draft: String,
    /// A test failed before it.
    proven: bool,
}

/// A run of the tests.
pub(super) struct Ran {
    command: String,
    pub(super) status: Option<i32>,
    /// Code of this phase was in the files when it ran.
    with_code: bool,
    /// The limit that ended it, if one did.
    pub(super) limit: Option<CheckLimit>,
}

/// What is in the files of the project, between two effects.
#[derive(Default)]
struct Files {
    /// Tests that still stand.
    tests: bool,
    /// Drafts of code, those that were taken back later as well.
    code: Vec<String>,
}

impl Order {
    /// Every set of a phase, oldest first.
    pub(super) fn all(chain: &Chain, phase: &str) -> Vec<Self> {
        let mut begins = begins(chain, phase).into_iter().peekable();
        let mut orders: Vec<Self> = Vec::new();
        let mut files = Files::default();
        let begun = |visit, files: &Files, orders: &[Self]| Self {
            visit,
            armed: files.tests,
            proven: are_proven(orders),
            ..Self::default()
        };
        for (id, effect) in chain.effects() {
            while let Some((visit, _)) = begins.next_if(|(_, from)| *from <= id) {
                let next = begun(visit, &files, &orders);
                orders.push(next);
            }
            follow(&mut orders, &mut files, chain, phase, effect);
        }
        for (visit, _) in begins {
            let next = begun(visit, &files, &orders);
            orders.push(next);
        }
        orders
    }

    /// The last set of a phase, with the tests of those before where it has none of its own.
    pub(super) fn of(chain: &Chain, phase: &str) -> Option<Self> {
        let mut orders = Self::all(chain, phase);
        let mut last = orders.pop()?;
        if last.armed && last.files.is_empty() {
            last.files = orders.iter().flat_map(|order| order.files.iter().cloned()).collect();
            last.files.sort();
            last.files.dedup();
        }
        last.before = orders.iter().filter(|order| !order.waived).flat_map(Self::shown_by_nothing).collect();
        Some(last)
    }

    fn bare(&self) -> impl Iterator<Item = &str> {
        self.code.iter().filter(|code| !code.proven).map(|code| code.draft.as_str())
    }

    /// Of an earlier set, the code that no test failed for, as the tests are now.
    fn shown_by_nothing(&self) -> Vec<String> {
        let proven = |code: &Code| code.proven && self.changed.is_empty();
        self.code.iter().filter(|code| !proven(code)).map(|code| code.draft.clone()).collect()
    }

    /// The code that a no is about, newest first: no test failed for it, and nobody goes on with it.
    pub(super) fn to_take_back(&self) -> Vec<&str> {
        let mut drafts: Vec<&str> = self.before.iter().map(String::as_str).chain(self.bare()).collect();
        drafts.reverse();
        drafts
    }

    /// Code is in the files.
    pub(super) fn is_coded(&self) -> bool {
        !self.code.is_empty()
    }

    /// Code is in the files that no test failed for before it.
    pub(super) fn is_bare(&self) -> bool {
        self.bare().next().is_some()
    }

    /// These files came as tests of it, once or more often.
    fn has<'p>(&mut self, paths: impl Iterator<Item = &'p String>) {
        for path in paths {
            if !self.files.contains(path) {
                self.files.push(path.clone());
            }
        }
    }

    /// This file is one of its tests.
    fn is_its_test(&self, path: &str) -> bool {
        of_tests(self.files.iter()).any(|file| file == path)
    }

    /// Its tests are not the same after this change of a file. Code may change around tests that stand among it.
    pub(super) fn is_changed_in(&self, file: &FileChange) -> bool {
        self.is_its_test(&file.path) && (file.tests || !is_code_with_tests(&file.path))
    }

    /// Tests of it stand in the files.
    pub(super) fn names_tests(&self) -> bool {
        !self.files.is_empty()
    }

    /// Tests of it stand in the files, and no code came after them.
    pub(super) fn has_tests(&self) -> bool {
        self.armed && self.names_tests()
    }

    /// A draft is written. Whether it changes tests that failed before.
    fn is_changed_by(&mut self, draft: &str, written: &Written, as_tests: bool) -> bool {
        let changed = written.files.iter().filter(|file| self.failed && self.is_changed_in(file));
        let files: Vec<String> = changed.map(|file| file.path.clone()).collect();
        let any = !files.is_empty();
        self.changed.extend(any.then(|| Changed { draft: draft.to_owned(), files, as_tests }));
        any
    }

    /// All of these are files of its tests, and called so: what else came with them may be code.
    pub(super) fn are_its_tests<'p>(&self, mut paths: impl Iterator<Item = &'p String>) -> bool {
        paths.all(|path| self.is_its_test(path) && is_test(path))
    }

    /// The tests that showed something are gone.
    fn shows_nothing_more(&mut self) {
        (self.failed, self.waived, self.proven) = (false, false, false);
        self.changed.clear();
        self.code.iter_mut().for_each(|code| code.proven = false);
    }

    /// Tests that stand failed before there was code.
    pub(super) fn is_shown(&self) -> bool {
        self.failed || self.proven
    }

    /// Its tests stand, and nothing of it happened here.
    pub(super) fn is_to_run_here(&self) -> bool {
        self.armed && self.elsewhere && self.ran.is_none() && !self.is_shown() && !self.is_coded()
    }

    /// What a person is told of it, with the drafts that wrote its tests last.
    pub(super) fn said(&self, chain: &Chain) -> String {
        let what = match &self.ran {
            None if self.elsewhere => {
                "No test was seen to fail here before the code: what ran elsewhere shows nothing here.".to_owned()
            }
            None => "No test ran before the code.".to_owned(),
            Some(Ran { command, status: Some(0), with_code: true, .. }) => format!(
                "`{command}` passed (exit status 0) with code of this chain in the files: what passes with it does not show that a \
                 test fails without it."
            ),
            Some(Ran { command, status: Some(0), .. }) => format!(
                "`{command}` ran before the code, and passed (exit status 0): what passes without it does not show that it does \
                 anything."
            ),
            Some(Ran { command, status: Some(status @ (126 | 127)), .. }) => {
                let why = if *status == 127 { "was not found" } else { "may not be run" };
                format!(
                    "`{command}` did not run (exit status {status}: it, or a program that it needs, {why}), so no test was seen to \
                     fail before the code."
                )
            }
            Some(Ran { command, status: Some(status), .. }) if KILLED.contains(status) => {
                format!("`{command}` was killed (exit status {status}), so no test was seen to fail before the code.")
            }
            Some(Ran { command, status: None, limit: Some(limit), .. }) => {
                format!("`{command}` was ended {limit}, so no test was seen to fail before the code.")
            }
            Some(Ran { command, status: None, .. }) => {
                format!("`{command}` did not run to its end, so no test was seen to fail before the code.")
            }
            Some(Ran { command, status: Some(status), .. }) => format!(
                "`{command}` failed (exit status {status}), but not between tests that still stand and this code, so it does not \
                 show that they ask for it."
            ),
        };
        let more = of_tests(self.files.iter()).count().saturating_sub(FILES);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let since = match self.since.filter(|status| tells(Some(*status))) {
            Some(0) => " With this code, it passed since (exit status 0).".to_owned(),
            Some(status) => format!(" With this code, it failed since (exit status {status})."),
            None => String::new(),
        };
        let written = chain.written_files();
        let file = |path: &String| {
            let by = written.get(path.as_str()).map(|draft| format!(" ({draft})")).unwrap_or_default();
            format!("`{path}`{by}")
        };
        let files: Vec<String> = of_tests(self.files.iter()).take(FILES).map(file).collect();
        match files.as_slice() {
            [] => format!("{what}{since} No new tests are in the files."),
            files => format!("{what}{since} Its tests stand: {}{more}.", files.join(", ")),
        }
    }
}

/// Code of these sets is in the files, and tests that still stand, as they were, failed before all of it.
fn are_proven(orders: &[Order]) -> bool {
    if orders.iter().any(|order| !order.changed.is_empty()) {
        return false;
    }
    let mut code = orders.iter().flat_map(|order| &order.code).peekable();
    code.peek().is_some() && code.all(|code| code.proven)
}

/// What an effect makes of the last set, and whether tests are in the files. What was taken back, or stood there only because of
/// that, is no longer written or unchanged, and never counts.
fn follow(orders: &mut [Order], files: &mut Files, chain: &Chain, phase: &str, effect: &Effect) {
    let draft = |id: &str| chain.drafts().iter().find(|draft| draft.id == id && draft.phase == phase);
    let here = effect.settled >= chain.taken_over();
    let Some((order, earlier)) = orders.split_last_mut() else { return };
    match (&effect.request, effect.outcome()) {
        (Request::Write { draft: id, .. }, Some(Outcome::Written { .. })) => {
            let Some(draft) = draft(id) else { return };
            let written = match &draft.state {
                DraftState::Written(written) => Some(written),
                _ => None,
            };
            // Before there is code, who changes the tests alone brings tests, whatever they are called.
            let before = |written: &Written| {
                files.code.is_empty() && order.are_its_tests(written.files.iter().map(|file| &file.path))
            };
            let as_tests = is_tests(draft) || written.is_some_and(before);
            if !as_tests {
                files.code.push(id.clone());
            }
            // What was taken back is neither.
            let Some(written) = written else { return };
            order.elsewhere |= !here;
            order.since = None;
            let sets = earlier.iter_mut().chain([&mut *order]);
            let changed = sets.fold(false, |any, set| set.is_changed_by(id, written, as_tests) | any);
            order.armed = as_tests;
            if !as_tests {
                let proven = order.failed || order.proven;
                order.code.push(Code { draft: id.clone(), proven });
                return;
            }
            if changed {
                // They have to fail as they are now. Who approves code that changes them is told what that makes of it.
                (order.failed, order.proven) = (false, false);
            }
            order.has(written.files.iter().map(|file| &file.path));
            files.tests = true;
        }
        // The same tests once more are tests that are there.
        (Request::Plan { draft: id }, Some(Outcome::Planned { plan })) => {
            let Some(draft) = draft(id).filter(|draft| is_tests(draft)) else { return };
            let DraftState::Unchanged(_) = &draft.state else { return };
            order.armed = true;
            order.has(plan.unchanged.iter());
            files.tests = true;
        }
        // What the others show was shown together with these.
        (Request::Undo { draft: id, .. }, Some(Outcome::Done)) => {
            files.code.retain(|code| code != id);
            order.since = None;
            let Some(draft) = draft(id).filter(|draft| is_tests(draft)) else { return };
            if draft.visit < order.visit {
                let own = earlier.iter().rposition(|own| own.visit <= draft.visit).unwrap_or_default();
                for (at, set) in earlier.iter_mut().enumerate().skip(own) {
                    if at == own || !set.failed {
                        set.shows_nothing_more();
                    }
                }
                if order.failed && !order.files.is_empty() {
                    order.proven = false;
                    return;
                }
            }
            order.armed &= files.tests;
            order.shows_nothing_more();
        }
        (Request::Check { check: Check::Test, command }, Some(Outcome::Checked { status, limit, .. })) => {
            if !here {
                order.elsewhere = true;
                return;
            }
            let fails = order.armed && tells(*status) && *status != Some(0);
            order.failed |= fails;
            if !order.is_coded() {
                let with_code = !files.code.is_empty();
                order.ran = Some(Ran { command: command.clone(), status: *status, with_code, limit: *limit });
            } else {
                order.since = *status;
            }
            if fails {
                let sets = earlier.iter_mut().chain([order]);
                sets.for_each(|set| set.changed.retain(|changed| !changed.as_tests));
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
