//! Several answers to one request: how far they agree is what is believed of the first.

mod support;

use certus_engine::*;
use proptest::prelude::*;
use support::*;

const MODEL: &str = "m-1";

/// A chain whose methodology wants so many answers.
fn begun(samples: f64) -> Vec<Body> {
    let mut started = started();
    started.methodology.settings.insert(SAMPLES.to_owned(), samples);
    law::begin(started)
}

fn scored(area: &str, score: f64) -> Reply {
    Reply { confidence: [(area.to_owned(), score)].into(), ..Reply::default() }
}

fn answered_by(model: &str, reply: Reply) -> Outcome {
    let usage = Usage { input_tokens: 10, output_tokens: 5, usd_micros: 30, ..Usage::default() };
    let by = Attribution { provider: "api".to_owned(), model: model.to_owned(), usage, ..Attribution::default() };
    Outcome::Replied { reply: Box::new(reply), by }
}

fn answered(area: &str, score: f64) -> Outcome {
    answered_by(MODEL, scored(area, score))
}

fn sample(of: EffectId, number: u32) -> Request {
    Request::Sample { of, number, name: "p".to_owned(), version: "1".to_owned() }
}

/// A prompt that scores `goal`, and samples of it in flight: effect 1, and 2 and more.
fn sampled(first: f64, samples: u32) -> Vec<Body> {
    let mut bodies = begun(f64::from(samples + 1));
    bodies.extend([intent(1, prompt("p"), 2), outcome(1, answered("goal", first))]);
    bodies.extend((1..=samples).map(|number| intent(number + 1, sample(1, number), 4)));
    bodies
}

fn failed() -> Outcome {
    Outcome::Failed { code: ErrorCode::Unavailable, message: "nobody there".to_owned() }
}

fn unusable() -> Outcome {
    let by = Box::new(Attribution { usage: Usage { usd_micros: 30, ..Usage::default() }, ..Attribution::default() });
    Outcome::Unusable { code: ErrorCode::Invalid, message: "no JSON".to_owned(), by }
}

/// The chain after these outcomes of samples.
fn after(first: f64, outcomes: Vec<Outcome>) -> Chain {
    let mut bodies = sampled(first, outcomes.len() as u32);
    bodies.extend((2..).zip(outcomes).map(|(id, one)| outcome(id, one)));
    Chain::fold(&events(bodies))
}

fn close(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-9, "{a} is not {b}");
}

#[test]
fn what_agrees_is_believed_and_what_does_not_is_believed_less() {
    close(after(0.95, vec![answered("goal", 0.95), answered("goal", 0.95)]).confidence("goal"), 0.95);
    let chain = after(0.95, vec![answered("goal", 0.65), answered("goal", 0.80)]);
    close(chain.confidence("goal"), 0.80 - 0.15);
    let parts = chain.parts("goal").expect("it was scored");
    assert_eq!((parts.effect, parts.asked, parts.open, parts.scores.len()), (1, 2, 0, 3));
    close(parts.mean.expect("a mean"), 0.80);
    close(parts.deviation.expect("a deviation"), 0.15);
    // The gate of the phase wants 0.9.
    let lacks: Vec<String> = chain.lacks().iter().map(ToString::to_string).collect();
    assert_eq!(lacks, ["confidence in goal is 65 %, 90 % is needed"]);
    assert!(after(0.95, vec![answered("goal", 0.95), answered("goal", 0.95)]).lacks().is_empty());
}

#[test]
fn a_reviewer_is_believed_as_far_as_its_answers_agree() {
    let mut started = started();
    started.methodology.settings.insert(SAMPLES.to_owned(), 2.0);
    let gate = &mut started.methodology.phases[0].gate;
    gate.evidence = vec!["test".to_owned()];
    gate.confidence = [("code_review".to_owned(), 0.8)].into();
    let mut bodies = law::begin(started);
    let request = |name: &str| Request::Sample { of: 1, number: 1, name: name.to_owned(), version: "1".to_owned() };
    bodies.extend([intent(1, prompt("code_reviewer"), 2), outcome(1, answered("code_review", 0.9))]);
    assert!(Chain::fold(&events(bodies.clone())).confidence_for_gate("code_review") > 0.89);
    bodies.extend([intent(2, request("code_reviewer"), 4), outcome(2, answered("code_review", 0.5))]);
    let chain = Chain::fold(&events(bodies));
    close(chain.confidence_for_gate("code_review"), 0.7 - 0.08f64.sqrt());
}

#[test]
fn answers_that_are_surer_than_the_first_make_nobody_surer() {
    close(after(0.6, vec![answered("goal", 0.9), answered("goal", 0.9)]).confidence("goal"), 0.6);
}

#[test]
fn what_says_nothing_counts_as_nothing() {
    let other = answered_by("m-2", scored("goal", 0.1));
    let nothing =
        [failed(), unusable(), answered("auth", 0.1), answered("goal", f64::NAN), answered("goal", 1.5), other];
    for outcome in nothing {
        let chain = after(0.95, vec![outcome.clone()]);
        close(chain.confidence("goal"), 0.95);
        let parts = chain.parts("goal").expect("it was scored");
        assert_eq!(
            (parts.asked, parts.scores.len(), parts.mean),
            (1, 1, None),
            "no agreement is measured: {outcome:?}"
        );
        // Nor does it count beside one that can be compared: the two are compared alone.
        close(after(0.95, vec![outcome, answered("goal", 0.75)]).confidence("goal"), 0.85 - 0.02f64.sqrt());
    }
}

#[test]
fn of_a_sample_nothing_is_believed_but_its_score() {
    let rich = Reply {
        questions: vec![RaisedQuestion {
            id: "q".to_owned(),
            text: "What?".to_owned(),
            why: String::new(),
            options: Vec::new(),
            recommended: None,
            area: None,
        }],
        uncertainties: vec![RepliedUncertainty {
            area: "auth".to_owned(),
            claim: "?".to_owned(),
            confidence: 0.1,
            blocking: true,
            resolution: None,
        }],
        decisions: vec![Decision { key: "k".to_owned(), value: "v".to_owned(), because: String::new() }],
        next: vec![PromptCall::new("other")],
        ..scored("goal", 0.95)
    };
    let chain = after(0.95, vec![answered_by(MODEL, rich)]);
    assert!(chain.questions().is_empty() && chain.uncertainties().is_empty() && chain.decisions().is_empty());
    assert!(chain.suggestions().is_empty());
    assert_eq!(chain.runs().len(), 1, "a controller sees one run");
    assert_eq!(chain.usage().usd_micros, 60, "and both are paid for");
    assert_eq!(chain.visits()[0].actions, 1, "it is no action of its own");
}

#[test]
fn a_sample_whose_evidence_is_not_there_counts_with_the_share_that_is() {
    let found = |cited| Discovery {
        key: "k".to_owned(),
        value: "v".to_owned(),
        evidence: Some(Place { path: "a.js".to_owned(), line: 1, quote: "q".to_owned() }),
        cited,
    };
    let half = Reply { discovered: vec![found(true), found(false)], ..scored("goal", 0.9) };
    let chain = after(0.9, vec![answered_by(MODEL, half)]);
    assert_eq!(chain.parts("goal").expect("scored").scores, [0.9, 0.45]);
    close(chain.confidence("goal"), 0.675 - (2.0 * 0.225f64.powi(2)).sqrt());
}

#[test]
fn a_score_that_another_reply_brought_since_stays() {
    let mut bodies = sampled(0.95, 1);
    bodies.extend([intent(3, prompt("q"), 5), outcome(3, answered("goal", 0.9))]);
    bodies.push(outcome(2, answered("goal", 0.1)));
    close(Chain::fold(&events(bodies)).confidence("goal"), 0.9);
}

#[test]
fn what_the_chain_knew_already_is_believed_as_it_was_compared() {
    let mut bodies = sampled(0.95, 1);
    bodies.push(outcome(2, answered("goal", 0.75)));
    bodies.extend([intent(3, prompt("q"), 6), outcome(3, answered("goal", 0.5))]);
    let by = Attribution { provider: "memo".to_owned(), from_memo: true, ..Attribution::default() };
    let again = Outcome::Replied { reply: Box::new(scored("goal", 0.95)), by };
    bodies.extend([intent(4, prompt("p"), 8), outcome(4, again)]);
    let chain = Chain::fold(&events(bodies));
    close(chain.confidence("goal"), 0.85 - 0.02f64.sqrt());
    assert!(law::samples(&chain, "memo").is_empty());
}

fn numbers(requests: &[Request]) -> Vec<(EffectId, u32)> {
    let number = |request: &Request| match request {
        Request::Sample { of, number, .. } => (*of, *number),
        other => panic!("no sample: {other:?}"),
    };
    requests.iter().map(number).collect()
}

#[test]
fn samples_follow_from_the_reply_whose_score_the_gate_goes_by() {
    let due = |bodies: &[Body]| numbers(&law::samples(&Chain::fold(&events(bodies.to_vec())), "api"));
    let first = |samples: f64| [begun(samples), vec![intent(1, prompt("p"), 2)]].concat();
    assert!(due(&first(3.0)).is_empty(), "nothing before the reply");
    let scored = |samples: f64| [first(samples), vec![outcome(1, answered("goal", 0.9))]].concat();
    assert_eq!(due(&scored(3.0)), [(1, 1), (1, 2)]);
    for off in [0.0, 1.0, -3.0, f64::NAN] {
        assert!(due(&scored(off)).is_empty(), "{off}");
    }
    assert_eq!(due(&scored(1e9)).len() as u32, MOST_SAMPLES - 1, "a package asks for no more either");
    // Once.
    assert!(due(&sampled(0.9, 2)).is_empty());
    // The gate does not go by it.
    assert!(due(&[first(3.0), vec![outcome(1, answered("auth", 0.9))]].concat()).is_empty());
    // Nobody can say how sure what cannot be read is.
    assert!(due(&[first(3.0), vec![outcome(1, unusable())]].concat()).is_empty());
    // Somebody else answered.
    assert!(law::samples(&Chain::fold(&events(scored(3.0))), "other").is_empty());
    // Of two replies that score one area the later one counts.
    let both = [
        begun(2.0),
        vec![intent(1, prompt("p"), 2), intent(2, prompt("q"), 2)],
        vec![outcome(2, answered("goal", 0.9)), outcome(1, answered("goal", 0.8))],
    ];
    assert_eq!(due(&both.concat()), [(2, 1)]);
    // The conversation is not the work.
    let upkeep = [begun(2.0), vec![intent(1, prompt("context_health_checker"), 2), outcome(1, answered("goal", 0.9))]];
    assert!(due(&upkeep.concat()).is_empty());
    // What a command asked for is sampled on its behalf, and not by the next step of the controller.
    let mut inside = scored(3.0);
    if let Some(Body::Intent { invocation, .. }) = inside.get_mut(2) {
        *invocation = Some(9);
    }
    assert!(due(&inside).is_empty());
    assert_eq!(numbers(&law::samples_of(&Chain::fold(&events(inside)), 1, "api")), [(1, 1), (1, 2)]);
    // A later phase is left by other scores.
    let left = [scored(3.0), vec![Body::PhaseEntered { phase: "decide".to_owned(), visit: 1, why: String::new() }]];
    assert!(due(&left.concat()).is_empty());
    // Where the gate wants `overall`, every area is part of it.
    let overall = [
        begun(2.0),
        vec![Body::PhaseEntered { phase: "decide".to_owned(), visit: 1, why: String::new() }],
        vec![intent(1, prompt("p"), 3), outcome(1, answered("auth", 0.9))],
    ];
    assert_eq!(due(&overall.concat()), [(1, 1)]);
}

#[test]
fn a_sample_that_was_in_flight_is_repeated_alone_and_marked() {
    let priced = Amount { tokens: 900, usd_micros: 500, unpriced_tokens: 0 };
    let mut bodies = sampled(0.95, 2);
    bodies.extend([2, 3].map(|effect| Body::Reserved { effect, amount: priced }));
    bodies.push(outcome(2, answered("goal", 0.80)));
    // Here the process dies; what is on disk says what is left to do.
    let chain = Chain::fold(&events(bodies.clone()));
    let open: Vec<EffectId> = chain.open_effects().map(|(id, _)| id).collect();
    assert_eq!(open, [3], "the first and the sample that came are not asked again");
    assert!(law::samples(&chain, "api").is_empty(), "and none is added");
    close(chain.confidence("goal"), 0.95);
    assert_eq!(chain.parts("goal").map(|parts| (parts.open, parts.mean)), Some((1, None)));
    bodies.push(Body::Reissued { effect: 3, attempt: 2, possibly_billed_twice: true, leftover: None });
    bodies.push(outcome(3, answered("goal", 0.65)));
    let chain = Chain::fold(&events(bodies));
    let repeated = chain.effect(3).expect("it is there");
    assert!(repeated.possibly_billed_twice && repeated.attempt == 2);
    assert_eq!(repeated.lost, priced, "what was set aside for it may have been used");
    assert!(chain.effects().all(|(id, effect)| id == 3 || !effect.possibly_billed_twice));
    close(chain.confidence("goal"), 0.80 - 0.15);
}

#[test]
fn what_a_plugins_commands_have_sampled_counts_as_theirs() {
    let mut bodies = begun(2.0);
    let plugin = PluginRef { name: "core".to_owned(), digest: Digest::of("core") };
    bodies.push(intent(1, Request::Command { line: "/check".to_owned(), plugin, depth: 0 }, 2));
    let inside = Body::Intent {
        effect: 2,
        invocation: Some(1),
        occurrence: 0,
        request: prompt("p"),
        digest: Digest::of("p"),
        basis: 3,
    };
    bodies.extend([inside, outcome(2, answered("goal", 0.9)), intent(3, sample(2, 1), 5)]);
    bodies.push(outcome(3, answered("goal", 0.9)));
    let chain = Chain::fold(&events(bodies));
    assert_eq!(chain.committed(Scope::Plugin, 3).usd_micros, 60);
    assert_eq!(chain.committed(Scope::Plugin, 2).usd_micros, 60);
    assert_eq!(chain.invocation(1).count(), 1, "and is not among what the command asked for");
    assert_eq!((chain.compared_at(2), chain.compared_at(1)), (7, 0));
}

#[test]
fn the_setting_is_everybodys_and_bounded() {
    let set = |value: f64| methodology().set(&[(SAMPLES.to_owned(), value)].into());
    for (value, wanted) in [(0.0, 1), (1.0, 1), (5.0, 5), (9.0, 9)] {
        let methodology = set(value).expect("it is in its bounds");
        let chain = Chain::fold(&events(law::begin(Started { methodology, ..started() })));
        assert_eq!(law::samples_wanted(&chain), wanted);
    }
    for wrong in [-1.0, 10.0, 2.5, f64::NAN, f64::INFINITY] {
        assert_eq!(set(wrong), Err(SAMPLES.to_owned()), "{wrong}");
    }
    assert_eq!(law::samples_wanted(&Chain::fold(&events(law::begin(started())))), 1);
}

#[test]
fn a_chain_that_came_from_elsewhere_makes_nobody_pay_for_samples() {
    let scored = [begun(9.0), vec![intent(1, prompt("p"), 2), outcome(1, answered("goal", 0.9))]].concat();
    let chain = Chain::fold(&events(scored.clone()));
    assert_eq!(law::take_over(&chain, None), [Body::TakenOver { phases: Vec::new() }]);
    let taken = Chain::fold(&events([scored, vec![Body::TakenOver { phases: Vec::new() }]].concat()));
    assert_eq!((law::samples_wanted(&taken), law::samples(&taken, "api").len()), (1, 0));
    assert!(law::take_over(&taken, None).is_empty());
    // Nor for those that were on their way there.
    let begun = Chain::fold(&events(sampled(0.9, 2)));
    let ended = law::take_over(&begun, None);
    let taken = Chain::fold(&events(sampled(0.9, 2).into_iter().chain(ended)));
    assert_eq!(taken.open_effects().count(), 0);
    assert_eq!(taken.parts("goal").map(|parts| (parts.asked, parts.mean)), Some((2, None)));
}

#[test]
fn another_order_has_the_same_entries_under_the_same_ids() {
    let mut bodies = begun(3.0);
    let doubts = |number: u32| RepliedUncertainty {
        area: format!("area_{number}"),
        claim: "?".to_owned(),
        confidence: 0.5,
        blocking: false,
        resolution: None,
    };
    let reply = Reply { uncertainties: (0..6).map(doubts).collect(), ..Reply::default() };
    bodies.extend([intent(1, prompt("p"), 2), outcome(1, replied(reply))]);
    bodies.extend((2..8).map(|id| intent(id, Request::Ask { question: question(&format!("q{id}"), None) }, 4)));
    let view = Chain::fold(&events(bodies)).view(ChainId(1));
    let other = |number: u32| view.clone().shuffled(Digest::of(number.to_le_bytes()), true);
    assert_eq!(other(1), other(1), "one seed gives one order");
    assert_ne!(other(1), other(2));
    let mut sorted = other(1);
    assert_ne!(sorted.questions, view.questions);
    assert_ne!(sorted.uncertainties, view.uncertainties);
    sorted.questions.sort_by_key(|status| status.question.id.clone());
    sorted.uncertainties.sort_by_key(|known| known.area.clone());
    assert_eq!(sorted, view);
    assert_eq!(view.clone().shuffled(Digest::of("x"), false).uncertainties, view.uncertainties);
}

/// One of the outcomes that a sample can have.
fn any_sample() -> impl Strategy<Value = Outcome> {
    let scored = (support::reply(), number()).prop_map(|(mut reply, score)| {
        reply.confidence.insert("goal".to_owned(), score);
        answered_by(MODEL, reply)
    });
    prop_oneof![4 => scored, 1 => Just(failed()), 1 => Just(unusable())]
}

proptest! {
    #[test]
    fn the_order_of_samples_changes_nothing(
        first in 0.0..=1.0f64, outcomes in prop::collection::vec(any_sample(), 1..9), order in any::<u64>(),
    ) {
        let before = || sampled(first, outcomes.len() as u32);
        let all: Vec<Body> = (2..).zip(outcomes.clone()).map(|(id, one)| outcome(id, one)).collect();
        let mut other = all.clone();
        let mut seed = order;
        for at in (1..other.len()).rev() {
            other.swap(at, (seed % (at as u64 + 1)) as usize);
            seed /= at as u64 + 1;
        }
        let in_order = Chain::fold(&events(before().into_iter().chain(all)));
        let other = Chain::fold(&events(before().into_iter().chain(other)));
        prop_assert_eq!(in_order.scores(), other.scores());
        prop_assert_eq!(in_order.parts("goal"), other.parts("goal"));
        prop_assert_eq!(in_order.usage(), other.usage());
    }

    #[test]
    fn samples_never_raise_a_score(first in 0.0..=1.0f64, outcomes in prop::collection::vec(any_sample(), 1..9)) {
        let chain = after(first, outcomes);
        let believed = chain.confidence("goal");
        prop_assert!((0.0..=first).contains(&believed), "{} of {}", believed, first);
        let parts = chain.parts("goal").expect("it was scored");
        prop_assert_eq!(parts.believed, believed);
        prop_assert_eq!(parts.mean.is_some(), parts.scores.len() > 1);
    }
}
