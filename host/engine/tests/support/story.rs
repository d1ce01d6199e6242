//! A chain in the phase that gathers evidence, step by step.

use certus_engine::*;

use super::{intent, outcome, prompt, replied, started};

/// Knows every prompt.
pub struct Shelf;

impl Catalogue for Shelf {
    fn prompt(&self, name: &str) -> Option<PromptRef> {
        Some(PromptRef { name: name.to_owned(), version: "1".to_owned() })
    }

    fn command(&self, _: &str) -> Option<CommandRef> {
        None
    }
}

pub struct Story {
    pub chain: Chain,
}

impl Story {
    /// In the phase that gathers evidence; another one follows it and leaves it free.
    pub fn new() -> Self {
        let mut started = started();
        let phases = &mut started.methodology.phases;
        phases[2].may_follow = vec!["ship".to_owned()];
        let mut ship = phases[2].clone();
        ship.name = "ship".to_owned();
        ship.may_follow.clear();
        ship.gate = Gate { free_to: vec!["build".to_owned()], ..Gate::default() };
        phases.push(ship);
        let mut story = Self { chain: Chain::default() };
        law::begin(started).into_iter().for_each(|body| story.record(body));
        story.enter("build");
        story
    }

    pub fn record(&mut self, body: Body) {
        self.chain.apply(&Event { seq: self.chain.version() + 1, at: 0, body });
    }

    pub fn enter(&mut self, phase: &str) {
        let visit = self.chain.visits_of(phase) + 1;
        self.record(Body::PhaseEntered { phase: phase.to_owned(), visit, why: String::new() });
    }

    pub fn perform(&mut self, request: Request, done: Outcome) {
        let (basis, id) = (self.chain.version(), self.chain.next_effect());
        self.record(intent(id, request, basis));
        self.record(outcome(id, done));
    }

    /// A check passes; it began on one state of the files and left another, or the same.
    pub fn passes(&mut self, check: Check, before: &str, after: &str) {
        let changed = if before == after { Vec::new() } else { vec!["out.json".to_owned()] };
        let (tree, after) = (Digest::of(before), Some(Digest::of(after)));
        let checked = Outcome::Checked { status: Some(0), tree, after, changed, tail: String::new(), limit: None };
        self.perform(Request::Check { check, command: format!("npm {}", check.name()) }, checked);
    }

    /// A check fails, and prints this.
    pub fn fails(&mut self, check: Check, tree: &str, tail: &str) {
        let tree = Digest::of(tree);
        let checked = Outcome::Checked {
            status: Some(1),
            tree,
            after: Some(tree),
            changed: Vec::new(),
            tail: tail.to_owned(),
            limit: None,
        };
        self.perform(Request::Check { check, command: format!("npm {}", check.name()) }, checked);
    }

    /// Somebody else goes on with it.
    pub fn is_taken_over(&mut self) {
        law::take_over(&self.chain, None).into_iter().for_each(|body| self.record(body));
    }

    /// What a person is asked without anybody naming it.
    pub fn due(&self) -> Option<Proposal> {
        match law::due(&self.chain).requests.as_slice() {
            [Request::Approve { proposal }] => Some(proposal.clone()),
            _ => None,
        }
    }

    pub fn says(&mut self, proposal: Proposal, verdict: Verdict) {
        let digest = proposal.digest();
        self.perform(Request::Approve { proposal }, Outcome::Judged { verdict, digest, by: None, grant: None });
    }

    /// What follows of the files being so, before an action is judged.
    pub fn on(&self, tree: &str, action: &Action) -> Option<Ruling> {
        assert!(law::builds_on_evidence(&self.chain, action), "{action:?}");
        law::judge_tree(&self.chain, action, Digest::of(tree), 0)
    }

    pub fn follow(&mut self, ruling: Ruling) {
        assert_eq!(ruling.requests, []);
        ruling.record.into_iter().for_each(|body| self.record(body));
    }

    pub fn replies(&mut self, name: &str, areas: &[(&str, f64)]) {
        let confidence = areas.iter().map(|(area, score)| ((*area).to_owned(), *score)).collect();
        self.perform(prompt(name), replied(Reply { confidence, ..Reply::default() }));
    }
}
