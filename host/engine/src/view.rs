//! A chain as plugins, templates and providers see it: a bounded copy, so that nothing outside holds the chain itself.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    Chain, ChainId, Decision, Digest, Draft, Evidence, Fact, Lack, Phase, ProjectSummary, PromptCall, ProposalStatus,
    QuestionStatus, Run, Shared, Uncertainty,
};

/// Runs that a view shows at most: the newest.
const RUNS: usize = 200;

/// Check runs that a view shows at most: the newest.
const CHECKS: usize = 20;

/// What can be seen of a chain.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct View {
    /// `047`.
    pub chain: String,
    /// As typed.
    pub goal: String,
    /// All phases.
    pub phases: Vec<Phase>,
    /// The current one.
    pub phase: String,
    /// From 1.
    pub visit: u32,
    /// Why the current phase was entered.
    pub why: String,
    /// What keeps its gate shut.
    pub lacks: Vec<Lack>,
    /// 0..=1.
    pub overall: f64,
    /// Area → 0..=1.
    pub scores: BTreeMap<String, f64>,
    /// By id.
    pub facts: Shared<Fact>,
    /// By first mention.
    pub uncertainties: Vec<Uncertainty>,
    /// By first mention.
    pub questions: Vec<QuestionStatus>,
    /// By first mention.
    pub decisions: Vec<Decision>,
    /// Oldest first.
    pub proposals: Vec<ProposalStatus>,
    /// Oldest first.
    pub runs: Vec<Run>,
    /// Not run yet.
    pub suggestions: Vec<PromptCall>,
    /// What no prompt covers.
    pub gap: Option<String>,
    /// Laws that refused an action in this visit.
    pub refusals: Vec<String>,
    /// What replies drafted, oldest first, without the edits themselves.
    pub drafts: Vec<Draft>,
    /// Checks that ran: the newest, oldest first.
    pub checks: Vec<CheckRun>,
    /// The methodology's numbers.
    pub settings: BTreeMap<String, f64>,
    /// The project in brief.
    pub project: ProjectSummary,
    /// Checks of the project that can be named: it has a command for them, and no person said no to it in this visit.
    pub commands: Vec<String>,
}

/// A check that ran, as others see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckRun {
    /// Its command, status and last lines.
    pub evidence: Evidence,
    /// Nothing was written since, and the check did not run again.
    pub fresh: bool,
}

impl Chain {
    /// The chain as others see it.
    pub fn view(&self, id: ChainId) -> View {
        let methodology = self.started().map(|started| &started.methodology);
        View {
            chain: id.to_string(),
            goal: self.goal().to_owned(),
            phases: methodology.map(|m| m.phases.clone()).unwrap_or_default(),
            phase: self.phase().to_owned(),
            visit: self.visit(),
            why: self.visits().last().map(|visit| visit.why.clone()).unwrap_or_default(),
            lacks: self.lacks(),
            overall: self.confidence("overall"),
            scores: self.scores_of_work().map(|(area, score)| (area.clone(), score)).collect(),
            facts: self.shared_facts(),
            uncertainties: self.uncertainties().to_vec(),
            questions: self.questions().to_vec(),
            decisions: self.decisions().to_vec(),
            proposals: self.proposals().to_vec(),
            runs: self.runs()[self.runs().len().saturating_sub(RUNS)..].to_vec(),
            suggestions: self.suggestions().to_vec(),
            gap: self.gap().map(str::to_owned),
            refusals: self.refusals().to_vec(),
            drafts: self.drafts().iter().map(without_edits).collect(),
            checks: self.check_runs(),
            settings: methodology.map(|m| m.settings.clone()).unwrap_or_default(),
            project: self.project().clone(),
            commands: crate::law::nameable(self),
        }
    }
}

impl View {
    /// The same with its answers, open questions and uncertainties in another order, always the same for one seed: what a
    /// model concludes should not depend on what it reads first. Every entry keeps its id. `whole` is whether all uncertainties
    /// are shown: where some have no room, another order would show others, which is another request.
    #[must_use]
    pub fn shuffled(mut self, seed: Digest, whole: bool) -> Self {
        self.questions = in_another_order(self.questions, seed, b"questions");
        if whole {
            self.uncertainties = in_another_order(self.uncertainties, seed, b"uncertainties");
        }
        self
    }
}

/// Sorted by the digests of their places: a permutation that needs no generator, and that no library can change.
fn in_another_order<T>(entries: Vec<T>, seed: Digest, list: &[u8]) -> Vec<T> {
    let key = |place: usize| Digest::of_parts([seed.as_bytes().as_slice(), list, &(place as u64).to_le_bytes()]);
    let mut keyed: Vec<(Digest, T)> =
        entries.into_iter().enumerate().map(|(place, entry)| (key(place), entry)).collect();
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, entry)| entry).collect()
}

impl Chain {
    fn check_runs(&self) -> Vec<CheckRun> {
        let all = self.evidence();
        let newest = all[all.len().saturating_sub(CHECKS)..].iter();
        let fresh: Vec<u64> = self.fresh_evidence().map(|evidence| evidence.seq).collect();
        newest.map(|evidence| CheckRun { evidence: evidence.clone(), fresh: fresh.contains(&evidence.seq) }).collect()
    }
}

fn without_edits(draft: &Draft) -> Draft {
    let Draft { id, kind, title, prompt, effect, phase, visit, edits: _, state, conflict } = draft.clone();
    Draft { id, kind, title, prompt, effect, phase, visit, edits: Vec::new(), state, conflict }
}
