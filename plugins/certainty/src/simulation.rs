//! The controller against a host that answers at random: whatever happens, every action is lawful and the chain ends.

mod files;

use crate::fixture::Story;
use crate::{phases, work};
use certus_sdk::{
    Action, Asking, DraftState, Ending, Lack, Proposal, ProposalStatus, Question, QuestionState, QuestionStatus, Run,
    Score, Shortfall, Uncertainty, Verdict, View,
};

const MANIFEST: &str = include_str!("../certus.toml");

/// As the manifest has it: phase, what may follow, what is free.
const ORDER: [(&str, &[&str], &[&str]); 6] = [
    (phases::REQUIREMENTS, &[phases::CONTEXT], &[]),
    (phases::CONTEXT, &[phases::ANALYSIS, phases::REQUIREMENTS], &[phases::REQUIREMENTS]),
    (phases::ANALYSIS, &[phases::APPROVAL, phases::CONTEXT], &[phases::CONTEXT]),
    (
        phases::APPROVAL,
        &[phases::IMPLEMENTATION, phases::REQUIREMENTS, phases::CONTEXT, phases::ANALYSIS],
        &[phases::REQUIREMENTS, phases::CONTEXT, phases::ANALYSIS],
    ),
    (
        phases::IMPLEMENTATION,
        &[phases::DEPLOYMENT, phases::REQUIREMENTS, phases::CONTEXT, phases::ANALYSIS, phases::APPROVAL],
        &[phases::REQUIREMENTS, phases::CONTEXT, phases::ANALYSIS, phases::APPROVAL],
    ),
    (phases::DEPLOYMENT, &[], &[phases::IMPLEMENTATION]),
];

/// Actions in one visit that the engine allows.
const ACTIONS_PER_VISIT: usize = 64;
const VISITS_PER_PHASE: usize = 12;

struct World {
    view: View,
    random: u64,
    visits: Vec<String>,
    actions: usize,
    approved: bool,
    /// Checks that a person let run.
    allowed: Vec<&'static str>,
    /// Checks that a person did not let run in this visit.
    denied: Vec<&'static str>,
    replies: u32,
    finished: bool,
    /// Of a hundred: how often a reply is helpful.
    luck: u64,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut view = Story::new(phases::REQUIREMENTS).view();
        // Some projects lack a check, and some methodologies a triage.
        let checks = [("test", 10), ("lint", 2), ("build", 3)];
        let has = checks.iter().filter(|(_, rarity)| !seed.is_multiple_of(*rarity));
        view.commands = has.map(|(name, _)| (*name).to_owned()).collect();
        view.settings.push(Score { area: "triage".into(), confidence: (seed % 2) as f64 });
        let mut world = Self {
            view,
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            visits: vec![phases::REQUIREMENTS.into()],
            actions: 0,
            approved: false,
            allowed: Vec::new(),
            denied: Vec::new(),
            replies: 0,
            finished: false,
            luck: seed % 101,
        };
        world.weigh();
        world
    }

    /// A number below a bound.
    fn roll(&mut self, below: u64) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % below
    }

    fn lucky(&mut self) -> bool {
        self.roll(100) < self.luck
    }

    fn answers(&self) -> u32 {
        self.view.questions.iter().filter(|status| status.state == QuestionState::Answered).count() as u32
    }

    fn score(&self, area: &str) -> f64 {
        self.view.scores.iter().find(|score| score.area == area).map_or(0.0, |score| score.confidence)
    }

    /// What the engine does after every event: weigh the gate.
    fn weigh(&mut self) {
        self.view.overall = self.score("overall");
        let mut lacks = Vec::new();
        let mut need = |area: &str, need: f64, have: f64| {
            if have < need {
                lacks.push(Lack::Confidence(Shortfall { area: area.into(), have, need }));
            }
        };
        match self.view.phase.as_str() {
            phases::REQUIREMENTS => need("requirements", 0.90, self.score("requirements")),
            phases::ANALYSIS => need("overall", 0.80, self.score("overall")),
            phases::APPROVAL if !self.approved => lacks.push(Lack::Approval("solution".into())),
            phases::IMPLEMENTATION => {
                need("code_review", 0.80, self.score("code_review"));
                need("security", 0.80, self.score("security"));
                need("simplicity", 0.31, self.score("simplicity"));
                if !self.proven("test") {
                    lacks.push(Lack::Evidence("test".into()));
                }
            }
            phases::DEPLOYMENT => need("deployment", 0.80, self.score("deployment")),
            _ => {}
        }
        let open = self.view.uncertainties.iter().filter(|known| known.blocking && known.resolution.is_none());
        lacks.extend(open.map(|blocker| Lack::Blocker(blocker.area.clone())));
        self.view.lacks = lacks;
    }

    fn ran(&mut self, name: &str) {
        let ending = if self.roll(10) == 0 { Ending::Failed } else { Ending::Ok };
        let (phase, visit, answers) = (self.view.phase.clone(), self.view.visit, self.answers());
        self.view.runs.push(Run { name: name.into(), phase, visit, ending, answers });
        if ending == Ending::Failed {
            return;
        }
        self.draft(name);
        if name == "triage" {
            self.raise("right-size", None);
            return;
        }
        let areas: &[&str] = match name {
            "code_reviewer" => &["code_review"],
            "security_scanner" => &["security"],
            "simplicity_checker" => &["simplicity"],
            "deployment_checker" => &["deployment"],
            _ => &["requirements", "overall"],
        };
        for &area in areas {
            let confidence = if self.lucky() { 0.95 } else { self.roll(80) as f64 / 100.0 };
            self.view.scores.retain(|score| score.area != area);
            self.view.scores.push(Score { area: area.into(), confidence });
        }
        if !self.lucky() {
            let number = self.view.uncertainties.len();
            let area = format!("area_{number}");
            let (blocking, asked) = (self.roll(3) == 0, self.roll(2) == 0);
            let confidence = self.roll(100) as f64 / 100.0;
            let claim = "something".into();
            self.view.uncertainties.push(Uncertainty {
                area: area.clone(),
                claim,
                confidence,
                blocking,
                resolution: None,
            });
            if asked {
                self.raise(&format!("question-{number}"), Some(area));
            }
        }
        if self.roll(4) == 0 {
            let name = format!("prompt_{}", self.roll(6));
            self.view.suggestions.push(crate::seen::prompt(&name));
        }
    }

    fn raise(&mut self, id: &str, area: Option<String>) {
        let question = Question {
            id: id.into(),
            text: "What?".into(),
            why: "So.".into(),
            options: Vec::new(),
            recommended: None,
            area,
        };
        self.view.questions.push(QuestionStatus { question, state: QuestionState::Raised, answer: None });
    }

    fn ask(&mut self, asking: &Asking) {
        let id = match asking {
            Asking::Raised(id) => id.clone(),
            Asking::New(question) => {
                let known = self.view.questions.iter().any(|status| status.question.id == question.id);
                assert!(!known, "{} is asked twice", question.id);
                let status = QuestionStatus { question: question.clone(), state: QuestionState::Raised, answer: None };
                self.view.questions.push(status);
                question.id.clone()
            }
        };
        let answer = match self.roll(4) {
            0 => "direct",
            1 => "short",
            2 => "full",
            _ => "yes",
        };
        let status =
            self.view.questions.iter_mut().find(|status| status.question.id == id).expect("the question exists");
        assert_eq!(status.state, QuestionState::Raised, "{id} was asked before");
        status.state = QuestionState::Answered;
        status.answer = Some(answer.into());
        let area = status.question.area.clone();
        for known in self.view.uncertainties.iter_mut().filter(|known| Some(&known.area) == area.as_ref()) {
            known.resolution = Some("yes".into());
        }
    }

    fn enter(&mut self, phase: &str) {
        let (_, follows, free) = ORDER.iter().find(|(name, ..)| *name == self.view.phase).expect("a known phase");
        assert!(follows.contains(&phase) || free.contains(&phase), "{phase} does not follow {}", self.view.phase);
        assert!(free.contains(&phase) || self.view.lacks.is_empty(), "the gate of {} is shut", self.view.phase);
        let visits = self.visits.iter().filter(|visit| *visit == phase).count();
        if visits >= VISITS_PER_PHASE {
            self.view.refusals.push("no-endless-loop".into());
            return;
        }
        self.visits.push(phase.into());
        self.view.phase = phase.into();
        self.view.visit = u32::try_from(visits).expect("few visits") + 1;
        self.view.refusals.clear();
        self.view.commands.extend(std::mem::take(&mut self.denied).into_iter().map(str::to_owned));
        (self.actions, self.approved) = (0, false);
    }

    fn present(&mut self, proposal: Proposal) {
        let verdict = match self.roll(4) {
            0 => Verdict::Rejected("no".into()),
            1 => Verdict::MoreInfo("what?".into()),
            _ => Verdict::Approved,
        };
        self.approved = verdict == Verdict::Approved;
        self.view.proposals.push(ProposalStatus { proposal, digest: String::new(), verdict: Some(verdict) });
    }

    fn command(&mut self, line: &str) {
        self.ran(line);
        self.weigh();
        if line == "/uncertainty-check" && self.view.lacks.is_empty() {
            self.enter(phases::APPROVAL);
            self.command("/present-solution");
        } else if line == "/present-solution" && self.view.runs.last().is_some_and(|run| run.ending == Ending::Ok) {
            self.present(Proposal { kind: "solution".into(), title: "A solution".into(), body: "Do it.".into() });
        }
    }

    /// Perform one action; false when the chain ended.
    fn step(&mut self) -> bool {
        self.actions += 1;
        self.undo();
        self.weigh();
        let action = crate::next(&self.view);
        assert!(self.actions <= ACTIONS_PER_VISIT, "{} goes round: {action:?}", self.view.phase);
        match action {
            Action::RunPrompts(calls) => {
                assert!(!calls.is_empty(), "nothing to run");
                if calls.iter().any(|call| call.name == work::PIECE) {
                    let returned = self.visits.iter().any(|visit| visit == phases::DEPLOYMENT);
                    let untestable = !self.view.commands.iter().any(|known| known == "test");
                    assert!(self.ran_ok(work::TESTS) || returned || untestable, "code comes before tests");
                }
                let absent = calls.iter().any(|call| call.name == "triage") && self.roll(3) == 0;
                if absent || self.roll(40) == 0 {
                    self.view.refusals.push("unknown-prompt".into());
                } else {
                    calls.iter().for_each(|call| self.ran(&call.name));
                }
            }
            Action::Ask(asking) => {
                assert!((1..=5).contains(&asking.len()), "{} questions in a round", asking.len());
                asking.iter().for_each(|asking| self.ask(asking));
            }
            Action::RequestApproval(proposal) => self.present(proposal),
            Action::EnterPhase((phase, why)) => {
                assert!(!why.is_empty(), "a phase is entered for a reason");
                self.enter(&phase);
            }
            Action::RunCommand(line) => self.command(&line),
            Action::RunCheck(check) => self.check(check),
            Action::ProposeEdits(id) => self.propose(&id),
            Action::Finish(_) => {
                assert_eq!(self.view.phase, phases::DEPLOYMENT);
                assert!(self.view.lacks.is_empty(), "finished through a shut gate");
                assert!(
                    self.view.drafts.iter().any(|draft| draft.state != DraftState::New),
                    "finished without a change"
                );
                self.finished = true;
                return false;
            }
            Action::GiveUp(why) => {
                assert!(!why.is_empty(), "a chain is given up for a reason");
                return false;
            }
        }
        self.weigh();
        true
    }
}

#[test]
fn whatever_the_host_answers_the_chain_ends_lawfully() {
    let mut finished = 0;
    for seed in 0..1_500 {
        let mut world = World::new(seed);
        let steps = (0..2_000).take_while(|_| world.step()).count();
        assert!(steps < 2_000, "seed {seed} does not end");
        finished += usize::from(world.finished);
    }
    assert!(finished > 100, "only {finished} chains were finished");
}

#[test]
fn the_manifest_has_the_phases_that_the_controller_knows() {
    for (phase, ..) in ORDER {
        assert!(MANIFEST.contains(&format!("\nname = \"{phase}\"\n")), "{phase}");
    }
    assert_eq!(MANIFEST.matches("[[methodology.phases]]").count(), ORDER.len());
}
