//! A methodology is data from a package: it is checked, and a project may only tighten it.

mod support;

use certus_engine::*;
use proptest::collection::vec;
use proptest::prelude::*;
use support::*;

proptest! {
    #[test]
    fn tightened_is_never_looser(
        asked in prop::collection::btree_map(
            prop::sample::select(vec!["ask".to_owned(), "decide".to_owned(), "nowhere".to_owned()]),
            prop::collection::btree_map(
                prop::sample::select(vec!["goal".to_owned(), "overall".to_owned(), "auth".to_owned()]),
                number(), 0..3),
            0..3),
        replies in vec(reply(), 0..4),
    ) {
        let loose = methodology();
        let Ok(tight) = loose.clone().tightened(&asked) else { return Ok(()) };
        prop_assert!(tight.check().is_ok());
        let mut bodies = law::begin(started());
        for (id, reply) in (1..).zip(replies) {
            bodies.extend([intent(id, prompt("p"), u64::from(id)), outcome(id, replied(reply))]);
        }
        let chain = Chain::fold(&events(bodies));
        for (before, after) in loose.phases.iter().zip(&tight.phases) {
            prop_assert_eq!(&before.may_follow, &after.may_follow);
            prop_assert_eq!(&before.gate.free_to, &after.gate.free_to);
            prop_assert_eq!(&before.gate.approval, &after.gate.approval);
            prop_assert_eq!(&before.gate.evidence, &after.gate.evidence);
            if after.gate.lacks(&chain).is_empty() {
                prop_assert!(before.gate.lacks(&chain).is_empty());
            }
        }
    }
}

#[test]
fn a_methodology_is_checked() {
    let wrong = |change: fn(&mut Methodology)| {
        let mut changed = methodology();
        change(&mut changed);
        changed.check().expect_err("it makes no sense").to_string()
    };
    assert!(methodology().check().is_ok());
    let said = [
        wrong(|m| m.phases.clear()),
        wrong(|m| m.start = "x".to_owned()),
        wrong(|m| m.phases[0].may_follow.push("x".to_owned())),
        wrong(|m| m.phases[1].name = "ask".to_owned()),
        wrong(|m| m.phases[2].may_follow.push("ask".to_owned())),
        wrong(|m| m.phases[0].gate.confidence.extend([("goal".to_owned(), f64::NAN)])),
        wrong(|m| m.settings.extend([("depth".to_owned(), f64::INFINITY)])),
    ];
    insta::assert_snapshot!(said.join("\n"), @r###"
    methodology `small` has no phase
    phase `x` is named by `start` but not defined
    phase `x` is named by `ask` but not defined
    phase `ask` is defined twice
    no phase ends the methodology: every phase is followed by another
    the gate of `ask` wants `goal` at NaN, which is outside 0..=1
    setting `depth` is not a finite number
    "###);
}

#[test]
fn loosening_is_refused() {
    let by = |phase: &str, area: &str, asked: f64| {
        let areas = [(area.to_owned(), asked)].into();
        methodology().tightened(&[(phase.to_owned(), areas)].into()).expect_err("it is looser").to_string()
    };
    let said =
        [by("ask", "goal", 0.5), by("ask", "goal", 1.5), by("ask", "goal", f64::NAN), by("nowhere", "goal", 1.0)];
    insta::assert_snapshot!(said.join("\n"), @r###"
    `ask` asks for goal ≥ 0.9; 0.5 would loosen it
    `ask` would ask for goal ≥ 1.5, which is outside 0..=1
    `ask` would ask for goal ≥ NaN, which is outside 0..=1
    there is no phase `nowhere`
    "###);
}

#[test]
fn a_threshold_that_is_no_number_keeps_its_gate_shut() {
    let mut gate = Gate::default();
    gate.confidence.insert("goal".to_owned(), f64::NAN);
    assert_eq!(gate.lacks(&Chain::default()).len(), 1);
}

#[test]
fn settings_are_set_by_name_and_no_others_are_made() {
    let mut methodology = support::methodology();
    methodology.settings.insert("rounds".to_owned(), 3.0);
    let with = |name: &str, value: f64| methodology.clone().set(&[(name.to_owned(), value)].into());
    assert_eq!(with("rounds", 5.0).expect("it is there").settings["rounds"], 5.0);
    assert_eq!(with("round", 5.0), Err("round".to_owned()));
    assert_eq!(with("rounds", f64::NAN), Err("rounds".to_owned()));
}
