//! What counts as an outcome, and what the numbers over outcomes say.

mod support;

use certus_engine::calibration::{BINS, Calibration, ENOUGH, Estimate, Prediction, bins, brier, ece, predictions};
use certus_engine::*;
use proptest::collection::vec;
use proptest::prelude::*;
use support::*;

/// A history that grows, with the effects numbered as they come.
struct Story {
    bodies: Vec<Body>,
    effects: EffectId,
}

impl Story {
    fn new() -> Self {
        Self { bodies: law::begin(started()), effects: 0 }
    }

    fn with(mut self, body: Body) -> Self {
        self.bodies.push(body);
        self
    }

    fn did(mut self, request: Request, found: Outcome) -> Self {
        self.effects += 1;
        let basis = self.bodies.len() as u64;
        self.bodies.push(intent(self.effects, request, basis));
        self.bodies.push(outcome(self.effects, found));
        self
    }

    fn scored(self, prompt_name: &str, model: &str, scores: &[(&str, f64)]) -> Self {
        let by = Attribution { provider: "api".to_owned(), model: model.to_owned(), ..Attribution::default() };
        self.brought(prompt_name, by, scores)
    }

    fn brought(self, prompt_name: &str, by: Attribution, scores: &[(&str, f64)]) -> Self {
        let confidence = scores.iter().map(|(area, score)| ((*area).to_owned(), *score)).collect();
        let reply = Box::new(Reply { confidence, ..Reply::default() });
        self.did(prompt(prompt_name), Outcome::Replied { reply, by })
    }

    fn judged(self, body: &str, verdict: Verdict) -> Self {
        let proposal = Proposal { kind: "solution".to_owned(), title: "So".to_owned(), body: body.to_owned() };
        let digest = proposal.digest();
        self.did(Request::Approve { proposal }, Outcome::Judged { verdict, digest, by: None, grant: None })
    }

    fn answered(self, id: &str, text: &str) -> Self {
        let answer = Outcome::Answered { text: text.to_owned(), by: None };
        self.did(Request::Ask { question: question(id, None) }, answer)
    }

    fn tested(self, status: Option<i32>) -> Self {
        let checked = Outcome::Checked {
            status,
            tree: Digest::of("tree"),
            after: None,
            changed: Vec::new(),
            tail: String::new(),
            limit: None,
        };
        self.did(Request::Check { check: Check::Test, command: "npm test".to_owned() }, checked)
    }

    /// A draft, from its reply to the files.
    fn wrote(self, kind: &str, draft: &str) -> Self {
        let edits = vec![Edit { path: "a.js".to_owned(), content: Some("x".to_owned()), ..Edit::default() }];
        let document = Document { kind: kind.to_owned(), edits, ..Document::default() };
        let reply = Reply { artifacts: vec![document], ..Reply::default() };
        let plan =
            Plan { digest: Digest::of(draft), stored: Digest::of("stored"), files: Vec::new(), unchanged: Vec::new() };
        let digest = plan.digest;
        let draft = draft.to_owned();
        self.did(prompt(&format!("draft {draft}")), replied(reply))
            .did(Request::Plan { draft: draft.clone() }, Outcome::Planned { plan: plan.clone() })
            .did(
                Request::ApproveEdits { draft: draft.clone(), plan },
                Outcome::Judged { verdict: Verdict::Approved, digest, by: None, grant: None },
            )
            .did(Request::Write { draft, plan: digest }, Outcome::Written { undo: Digest::of("undo") })
    }

    /// What came of it: model, area, confidence, whether it held.
    fn predictions(self) -> Vec<(String, String, f64, bool)> {
        let found = predictions(&events(self.bodies));
        found.into_iter().map(|one| (one.model, one.area, one.confidence, one.held)).collect()
    }
}

fn expected(those: &[(&str, &str, f64, bool)]) -> Vec<(String, String, f64, bool)> {
    those.iter().map(|(model, area, score, held)| ((*model).to_owned(), (*area).to_owned(), *score, *held)).collect()
}

#[test]
fn a_verdict_settles_what_was_scored_before_the_solution_was_shown() {
    let scores = [("overall", 0.85), ("requirements", 0.95), ("architecture", 0.75), ("deployment", 0.9)];
    let story = |verdict| Story::new().scored("measure", "m", &scores).judged("one", verdict);
    let all = |held| {
        // The chain's overall is the mean, 0.8666…, capped by what was said of it.
        expected(&[("m", "architecture", 0.75, held), ("m", "overall", 0.85, held), ("m", "requirements", 0.95, held)])
    };
    assert_eq!(story(Verdict::Approved).predictions(), all(true));
    assert_eq!(story(Verdict::Rejected("no".to_owned())).predictions(), all(false));
    assert_eq!(story(Verdict::MoreInfo("why?".to_owned())).predictions(), []);
}

#[test]
fn a_score_has_one_outcome_and_a_new_score_its_own() {
    let rejected = || Verdict::Rejected("no".to_owned());
    let story = Story::new().scored("measure", "m", &[("scope", 0.9)]).judged("one", rejected());
    let once = expected(&[("m", "overall", 0.9, false), ("m", "scope", 0.9, false)]);
    assert_eq!(story.judged("two", Verdict::Approved).predictions(), once);

    let story = Story::new().scored("measure", "m", &[("scope", 0.9)]).judged("one", rejected());
    let anew = story.scored("again", "m", &[("scope", 0.7)]).judged("two", Verdict::Approved).predictions();
    let scope: Vec<(f64, bool)> = anew.iter().filter(|one| one.1 == "scope").map(|one| (one.2, one.3)).collect();
    assert_eq!(scope, [(0.9, false), (0.7, true)]);
}

#[test]
fn an_answer_out_of_the_memo_is_no_new_score() {
    let memo = Attribution { provider: "memo".to_owned(), from_memo: true, ..Attribution::default() };
    let story = Story::new()
        .scored("measure", "m", &[("scope", 0.9)])
        .judged("one", Verdict::Rejected("no".to_owned()))
        .brought("measure", memo, &[("scope", 0.9)])
        .judged("two", Verdict::Approved);
    assert_eq!(story.predictions(), expected(&[("m", "overall", 0.9, false), ("m", "scope", 0.9, false)]));
}

#[test]
fn a_verdict_over_something_else_is_no_outcome() {
    let story = Story::new().scored("measure", "m", &[("scope", 0.9)]);
    let proposal = |kind: &str| Proposal { kind: kind.to_owned(), title: "So".to_owned(), body: "b".to_owned() };
    let approved = |digest| Outcome::Judged { verdict: Verdict::Approved, digest, by: None, grant: None };
    let other = approved(proposal("plan").digest());
    let story = story.did(Request::Approve { proposal: proposal("solution") }, other);
    let plan = approved(proposal("plan").digest());
    assert_eq!(story.did(Request::Approve { proposal: proposal("plan") }, plan).predictions(), []);
}

#[test]
fn models_are_told_apart_and_overall_is_whose_word_it_was() {
    let rules = Attribution { provider: "offline".to_owned(), model: "rules".to_owned(), ..Attribution::default() };
    let hand = Attribution { provider: "manual".to_owned(), ..Attribution::default() };
    let story = Story::new().brought("a", rules, &[("scope", 0.9)]).brought("b", hand, &[("data", 0.7)]);
    let story = story.scored("c", "m", &[("flow", 0.8)]);
    let mixed =
        expected(&[("manual", "data", 0.7, true), ("m", "flow", 0.8, true), ("offline rules", "scope", 0.9, true)]);
    let bodies = story.bodies.clone();
    let found = story.judged("one", Verdict::Approved).predictions();
    // Nobody said the whole: it is the word of all together.
    let (overall, areas): (Vec<_>, Vec<_>) = found.into_iter().partition(|(_, area, ..)| area == "overall");
    assert_eq!(areas, mixed);
    assert!(
        matches!(overall.as_slice(), [(models, _, mean, true)]
        if models == "m + manual + offline rules" && (mean - 0.8).abs() < 1e-9),
        "{overall:?}"
    );
    let said = Story { bodies, effects: 3 }.scored("d", "n", &[("overall", 0.6)]).judged("one", Verdict::Approved);
    assert!(said.predictions().contains(&("n".to_owned(), "overall".to_owned(), 0.6, true)));
}

#[test]
fn the_first_test_run_on_written_code_settles_what_was_said_of_it() {
    let details = |story: Story| story.scored("design", "m", &[("implementation_details", 0.8)]);
    // Tests alone are meant to fail, and a run without a status says nothing.
    let red = details(Story::new()).wrote("tests", "D1").tested(Some(1));
    let green = red.wrote("change", "D2").tested(None).tested(Some(0)).tested(Some(1));
    assert_eq!(green.predictions(), expected(&[("m", "implementation_details", 0.8, true)]));
    let failed = details(Story::new()).wrote("change", "D1").tested(Some(1)).tested(Some(0));
    assert_eq!(failed.predictions(), expected(&[("m", "implementation_details", 0.8, false)]));
    // Lint says nothing of it, and a verdict neither.
    let lint = Request::Check { check: Check::Lint, command: "npm run lint".to_owned() };
    let checked = Outcome::Checked {
        status: Some(1),
        tree: Digest::of("tree"),
        after: None,
        changed: Vec::new(),
        tail: String::new(),
        limit: None,
    };
    assert_eq!(details(Story::new()).wrote("change", "D1").did(lint, checked).predictions(), []);
}

#[test]
fn a_review_is_settled_by_tests_of_just_the_code_it_saw() {
    let reviewed = || Story::new().wrote("change", "D1").scored("review", "m", &[("code_review", 0.9)]);
    assert_eq!(reviewed().tested(Some(1)).predictions(), expected(&[("m", "code_review", 0.9, false)]));
    assert_eq!(reviewed().wrote("change", "D2").tested(Some(0)).predictions(), []);
}

#[test]
fn a_corrected_answer_says_that_the_requirements_did_not_hold() {
    let corrected = |question: &str| Body::Corrected { question: question.to_owned(), text: "no".to_owned(), by: None };
    let story =
        || Story::new().answered("how", "yes").scored("measure", "m", &[("requirements", 0.95), ("scope", 0.8)]);
    let doubt = ("m", "requirements", 0.95, false);
    assert_eq!(story().with(corrected("how")).predictions(), expected(&[doubt]));
    assert_eq!(story().with(corrected("never-asked")).predictions(), []);
    let approved = story().judged("one", Verdict::Approved).with(corrected("how")).predictions();
    assert!(approved.contains(&expected(&[doubt])[0]) && approved.contains(&expected(&[("m", "scope", 0.8, true)])[0]));
    assert_eq!(approved.iter().filter(|one| one.1 == "requirements").count(), 1);
}

/// Pairs of which exactly so many of a hundred held, at each confidence.
fn hundreds(of: &[(f64, usize)]) -> Vec<Prediction> {
    let one = |&(confidence, held): &(f64, usize)| (0..100).map(move |number| prediction(confidence, number < held));
    of.iter().flat_map(one).collect()
}

fn prediction(confidence: f64, held: bool) -> Prediction {
    let (model, area) = ("m".to_owned(), "overall".to_owned());
    Prediction { model, area, confidence, scored_by: 1, held, overrules: false }
}

fn worth(of: &[(f64, usize)], confidence: f64) -> Estimate {
    Calibration::of(hundreds(of)).estimate("m", "overall", confidence).expect("there are enough")
}

#[test]
fn what_keeps_its_promise_stays_as_it_is() {
    let kept = [(0.2, 20), (0.5, 50), (0.8, 80), (0.9, 90)];
    for (confidence, _) in kept {
        let estimate = worth(&kept, confidence);
        assert!((estimate.value - confidence).abs() < 0.01, "{confidence}: {estimate:?}");
        assert!(estimate.low < confidence && confidence < estimate.high, "{confidence}: {estimate:?}");
    }
    let calibration = Calibration::of(hundreds(&kept));
    let series = calibration.series().next().expect("one series");
    assert!(series.ece < 1e-9, "{series:?}");
    assert!((series.brier - (0.16 + 0.25 + 0.16 + 0.09) / 4.0).abs() < 1e-9, "{series:?}");
}

#[test]
fn what_promises_too_much_is_worth_less() {
    let boastful = [(0.85, 55), (0.95, 65)];
    assert!((worth(&boastful, 0.85).value - 0.55).abs() < 0.03, "{:?}", worth(&boastful, 0.85));
    assert!((worth(&boastful, 0.95).value - 0.65).abs() < 0.03, "{:?}", worth(&boastful, 0.95));
    assert!(worth(&boastful, 0.95).high < 0.80, "{:?}", worth(&boastful, 0.95));
}

#[test]
fn a_higher_word_never_means_less() {
    // What was said with more confidence held less often.
    let upside_down = [(0.6, 90), (0.9, 30)];
    let (low, high) = (worth(&upside_down, 0.6), worth(&upside_down, 0.9));
    assert_eq!((low.value, low.n), (high.value, 200));
    assert!((low.value - 0.6).abs() < 0.02, "{low:?}");
}

#[test]
fn thirty_outcomes_are_enough_and_fewer_say_nothing() {
    let of = |count: usize| Calibration::of((0..count).map(|_| prediction(1.0, true)));
    assert_eq!(of(29).estimate("m", "overall", 1.0), None);
    let estimate = of(30).estimate("m", "overall", 1.0).expect("there are enough");
    // All held: still no certainty, and an end to the interval.
    assert!(estimate.value > 0.9 && estimate.high < 1.0 && estimate.margin() > 0.0, "{estimate:?}");
    let n = of(30);
    assert_eq!((n.estimate("m", "scope", 1.0), n.estimate("x", "overall", 1.0)), (None, None));
}

fn pairs() -> impl Strategy<Value = Vec<(f64, bool)>> {
    let confidence = prop_oneof![4 => 0.0..=1.0f64, 1 => prop::sample::select(vec![0.0, 0.1, 0.3, 0.5, 0.9, 1.0])];
    vec((confidence, any::<bool>()), 1..80)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn scores_are_within_their_bounds(pairs in pairs()) {
        let (brier, ece, bins) = (brier(&pairs), ece(&pairs), bins(&pairs));
        prop_assert!((0.0..=1.0).contains(&brier));
        // The distance of averages is no more than the root of the average square.
        prop_assert!(ece >= 0.0 && ece <= brier.sqrt() + 1e-9, "{ece} {brier}");
        prop_assert_eq!(bins.len(), BINS);
        prop_assert_eq!(bins.iter().map(|bin| bin.n).sum::<usize>(), pairs.len());
        for bin in bins {
            prop_assert_eq!(bin.said.is_some(), bin.n > 0);
            prop_assert!(bin.said.is_none_or(|said| bin.from - 1e-9 <= said && said <= bin.to + 1e-9), "{bin:?}");
            prop_assert!(bin.held.is_none_or(|held| (0.0..=1.0).contains(&held)), "{bin:?}");
        }
    }

    #[test]
    fn a_calibration_is_finite_ordered_and_monotonic(pairs in pairs(), mut asked in vec(0.0..=1.0f64, 2..6)) {
        let predictions: Vec<Prediction> = pairs.iter().map(|&(said, held)| prediction(said, held)).collect();
        let calibration = Calibration::of(predictions.clone());
        let again = Calibration::of(predictions.into_iter().rev());
        prop_assert_eq!(&calibration, &again);
        asked.sort_by(f64::total_cmp);
        let estimates: Vec<Option<Estimate>> =
            asked.iter().map(|&confidence| calibration.estimate("m", "overall", confidence)).collect();
        for estimate in &estimates {
            prop_assert_eq!(estimate.is_some(), pairs.len() >= ENOUGH);
        }
        for one in estimates.iter().flatten() {
            prop_assert!(0.0 <= one.low && one.low <= one.value && one.value <= one.high && one.high <= 1.0, "{one:?}");
            prop_assert!(one.margin() > 0.0 && one.margin() <= 0.5, "{one:?}");
        }
        for two in estimates.windows(2) {
            let values = (two[0].map(|one| one.value), two[1].map(|one| one.value));
            prop_assert!(values.0 <= values.1, "{values:?}");
        }
    }

    #[test]
    fn separable_outcomes_stay_finite(edge in 0.0..=1.0f64, count in 30..60usize) {
        let said = |number: usize| number as f64 / (count - 1) as f64;
        let predictions = (0..count).map(|number| prediction(said(number), said(number) > edge));
        let calibration = Calibration::of(predictions);
        let calibrator = calibration.series().next().and_then(|series| series.calibrator).expect("there are enough");
        prop_assert!(calibrator.intercept.abs() < 20.0 && calibrator.slope < 20.0, "{calibrator:?}");
    }

    #[test]
    fn nonsense_gives_predictions_that_could_be_true(events in nonsense()) {
        for one in predictions(&events) {
            prop_assert!((0.0..=1.0).contains(&one.confidence), "{one:?}");
            prop_assert!(!one.area.is_empty(), "{one:?}");
        }
    }
}
