//! Evidence is of files. What it says holds for the files as they are, or it is no evidence of them.
//!
//! The engine sees no files: whoever drives a chain looks at them before an action that builds on evidence, and says of which
//! tree they are. A check that changes files while it runs says nothing of what it leaves; where it does so each time, only a
//! person can say that it does not matter.

use super::{Ruling, VISITS_PER_PHASE, leave, reviewer};
use crate::{Action, Body, Catalogue, Chain, Digest, Evidence, Millis, Outcome, Proposal, Request, chain};

/// How often, in one visit, changed files are checked again before a person is asked.
const PATIENCE: u32 = 3;
/// Mends what a check found.
const MENDER: &str = "error_recovery";
/// How often a chain goes back from its last phase because files were changed, before a person is asked.
const RETURNS: usize = 2;
/// Why a phase is entered again whose evidence is missing.
const MISSING: &str = "nothing shows that the files as they are pass";
/// Why a phase is entered again whose evidence no longer holds.
const CHANGED: &str = "files were changed since they were checked";
/// What a person is asked where files change again and again.
const TREE: &str = "Go on although files were changed since they were checked?";

/// An action as far as it leaves the phase: a command of another phase takes the chain there.
pub fn leaving(chain: &Chain, action: Action, catalogue: &dyn Catalogue) -> Action {
    let Action::RunCommand(line) = &action else { return action };
    let phase = catalogue.command(line).and_then(|command| super::taken_to(chain, &command.phases).cloned());
    phase.map_or(action, |phase| Action::EnterPhase { phase, why: String::new() })
}

/// Whether an action builds on what checks said of the files: then these have to be looked at before it is judged.
pub fn builds_on_evidence(chain: &Chain, action: &Action) -> bool {
    named(chain, action).map_or_else(|| gathers_again(chain, action).is_some(), |passes| !passes.is_empty())
}

/// The runs that an action builds on; empty where it builds on none, `None` where one is missing.
fn named<'c>(chain: &'c Chain, action: &Action) -> Option<Vec<&'c Evidence>> {
    let Some(here) = chain.phase_definition() else { return Some(Vec::new()) };
    // What somebody mended meanwhile is no more to be mended.
    if matches!(action, Action::RunPrompts(calls) if calls.iter().any(|call| call.name == MENDER)) {
        return Some(failed(chain).into_iter().collect());
    }
    // The same where mending is given up: what comes next is paid for anew.
    if matches!(action, Action::EnterPhase { phase, .. } if here.gate.free_to.contains(phase)) {
        return Some(failed(chain).into_iter().collect());
    }
    let finishes = matches!(action, Action::Finish(_));
    let phases = chain.started().map(|started| started.methodology.phases.as_slice()).unwrap_or_default();
    let checks: Vec<&String> = match action {
        Action::Finish(_) => phases.iter().flat_map(|phase| &phase.gate.evidence).collect(),
        Action::EnterPhase { .. } if chain.lacks().is_empty() => here.gate.evidence.iter().collect(),
        // Reviewers read the files that the checks are of, or they are paid for twice.
        Action::RunPrompts(calls) if calls.iter().any(|call| reviewer::is(&call.name)) => {
            here.gate.evidence.iter().collect()
        }
        _ => Vec::new(),
    };
    let pass = |check: &String| {
        let passed = |one: &&Evidence| one.check == *check && one.passed();
        if finishes { chain.fresh_evidence().find(passed) } else { chain.evidence_of_visit().find(passed) }
    };
    checks.into_iter().map(pass).collect()
}

/// The check that failed last in this visit.
fn failed(chain: &Chain) -> Option<&Evidence> {
    chain.evidence_of_visit().last().filter(|last| !last.passed())
}

/// Whether a failed check ran a second time on the same work. Where something else writes all the time, no run is of the files as
/// they are; that it fails is reason enough to mend it.
fn failed_again(chain: &Chain, failed: &Evidence) -> bool {
    let since = chain.effects().rev().find_map(|(_, effect)| match (&effect.request, effect.outcome()) {
        (Request::Prompt { name, .. }, Some(Outcome::Replied { .. })) if name == MENDER => Some(effect.settled),
        (Request::Write { .. }, Some(Outcome::Written { .. })) => Some(effect.settled),
        _ => None,
    });
    let same = |one: &&Evidence| one.check == failed.check && one.seq > since.unwrap_or_default();
    let of_visit = |one: &&Evidence| one.phase == failed.phase && one.visit == failed.visit;
    chain.evidence().iter().filter(same).filter(of_visit).count() > 1
}

/// The phase that a chain goes back to that would finish and lacks evidence: what was written was taken back, or the checks ran
/// elsewhere. Any other action that lacks some is refused.
fn gathers_again(chain: &Chain, action: &Action) -> Option<String> {
    let phase = back(chain).filter(|_| matches!(action, Action::Finish(_)))?;
    (chain.visits_of(&phase) < VISITS_PER_PHASE).then_some(phase)
}

fn enters_again(chain: &Chain, phase: String, why: &str, now: Millis) -> Vec<Body> {
    let mut record = leave(chain, false, now);
    record.push(Body::PhaseEntered { visit: chain.visits_of(&phase) + 1, phase, why: why.to_owned() });
    record
}

/// What has to happen before an action is judged that builds on evidence, the project's files being this tree; nothing where
/// all of it still holds.
pub fn judge_tree(chain: &Chain, action: &Action, tree: Digest, now: Millis) -> Option<Ruling> {
    let Some(passes) = named(chain, action) else {
        let record = enters_again(chain, gathers_again(chain, action)?, MISSING, now);
        return Some(Ruling { record, requests: Vec::new() });
    };
    let speaks =
        |evidence: &&Evidence| chain.speaks_of(evidence, tree) || (!evidence.passed() && failed_again(chain, evidence));
    if passes.iter().all(speaks) {
        return None;
    }
    let changed = Body::TreeChanged { tree };
    let asks = || {
        let proposal = whole_tree(tree);
        let asked = chain.was_asked_since(&proposal, chain.last_write());
        (!asked).then(|| Ruling { record: Vec::new(), requests: vec![Request::Approve { proposal }] })
    };
    let again = |record| Some(Ruling { record, requests: Vec::new() });
    match (action, back(chain)) {
        (Action::Finish(_), Some(phase)) if chain.visits_of(&phase) < VISITS_PER_PHASE => {
            let returned = chain.visits().iter().filter(|visit| visit.why == CHANGED).count();
            if returned >= RETURNS
                && let Some(asks) = asks()
            {
                return Some(asks);
            }
            let mut record = vec![changed];
            record.extend(enters_again(chain, phase, CHANGED, now));
            again(record)
        }
        (Action::Finish(_), _) => again(vec![changed]),
        _ => (chain.disturbed() >= PATIENCE).then(asks).flatten().or_else(|| again(vec![changed])),
    }
}

/// The phase whose gate wants evidence, where the present one leaves it free: there it is gathered again.
pub(super) fn back(chain: &Chain) -> Option<String> {
    let free = &chain.phase_definition()?.gate.free_to;
    let phases = &chain.started()?.methodology.phases;
    let gathers = |phase: &&crate::Phase| !phase.gate.evidence.is_empty() && free.contains(&phase.name);
    phases.iter().rfind(gathers).map(|phase| phase.name.clone())
}

fn whole_tree(tree: Digest) -> Proposal {
    let body = format!(
        "They change each time, so no check is of all of them as they are now: something else writes while the checks run, or \
         they undo what one another writes. What writes all the time is best named in .gitignore.\n\nA yes (`certus approve`) \
         takes the word of the checks in this phase, until this chain writes again; the files are now {tree}. A no (`certus \
         reject --why \"…\"`) runs the checks again."
    );
    Proposal { kind: chain::WAIVER.to_owned(), title: TREE.to_owned(), body }
}

/// What a person is asked of a check that passes and changes files each time.
pub(super) fn restless(chain: &Chain) -> Option<Proposal> {
    let here = |one: &&Evidence| one.phase == chain.phase() && one.visit == chain.visit();
    let changes = |one: &Evidence| !one.is_steady();
    let runs: Vec<&Evidence> = chain.evidence().iter().filter(here).collect();
    let evidence = runs.iter().enumerate().find_map(|(at, &one)| {
        let mut others = runs[..at].iter().rev().filter(|other| other.check == one.check);
        let last = !runs[at + 1..].iter().any(|later| later.check == one.check) && one.seq > chain.last_write();
        (last && one.passed() && changes(one) && others.next().is_some_and(|before| changes(before))).then_some(one)
    })?;
    if chain.lets_change(evidence) {
        return None;
    }
    let proposal = of_changes(evidence);
    (!chain.was_asked_since(&proposal, evidence.seq)).then_some(proposal)
}

fn of_changes(evidence: &Evidence) -> Proposal {
    let files: Vec<String> = evidence.changed.iter().map(|path| changed_line(path)).collect();
    let body = format!(
        "It passed, but each time while it ran files changed that are not ignored, so it does not show that the files as they \
         are now pass:\n\n{}\n\nA yes (`certus approve`) takes its word in this phase, as long as it changes no other files. A \
         no (`certus reject --why \"…\"`) runs it again. What a check writes is best named in .gitignore.",
        files.join("\n")
    );
    Proposal { kind: chain::WAIVER.to_owned(), title: changes_title(evidence), body }
}

fn changed_line(path: &str) -> String {
    format!("- {path}")
}

/// What a person is asked of a check that changes files.
fn changes_title(evidence: &Evidence) -> String {
    format!("Go on although `{}` changes files while it runs?", evidence.command)
}

impl Chain {
    /// Whether a pass says something of the files as they are. What a later check changes, and a person lets it, is passed over.
    fn speaks_of(&self, evidence: &Evidence, tree: Digest) -> bool {
        let mut at = evidence.after.unwrap_or(evidence.tree);
        for later in self.evidence().iter().filter(|later| later.seq > evidence.seq) {
            if at != tree && later.tree == at && self.lets_change(later) {
                at = later.after.unwrap_or(at);
            }
        }
        at == tree || self.lets_all_change()
    }

    /// Whether a person goes on in this visit although files change each time, and nothing was written since.
    fn lets_all_change(&self) -> bool {
        let of_visit = |one: &&crate::ProposalStatus| one.phase == self.phase() && one.visit == self.visit();
        let yes = |proposal: &Proposal| self.waivers().filter(of_visit).any(|one| one.proposal == *proposal);
        let last = self.effects().rev().find_map(|(_, effect)| match (&effect.request, effect.outcome()) {
            (Request::Write { .. }, Some(Outcome::Written { .. })) | (Request::Undo { .. }, Some(Outcome::Done)) => {
                Some(false)
            }
            (Request::Approve { proposal }, Some(Outcome::Judged { .. })) if proposal.title == TREE => {
                Some(yes(proposal))
            }
            _ => None,
        });
        last == Some(true)
    }

    /// Whether a person lets a check change the files that it changed.
    pub(crate) fn lets_change(&self, evidence: &Evidence) -> bool {
        let title = changes_title(evidence);
        let covers = |body: &str| {
            evidence.changed.iter().all(|path| {
                let line = changed_line(path);
                body.lines().any(|known| known == line)
            })
        };
        let of_visit = |one: &&crate::ProposalStatus| one.phase == evidence.phase && one.visit == evidence.visit;
        self.waivers().filter(of_visit).any(|one| one.proposal.title == title && covers(&one.proposal.body))
    }
}
