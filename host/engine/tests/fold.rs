//! Laws of the fold: whatever comes from disk, the same events give the same chain and nothing forbidden gets in.

mod support;

use certus_engine::*;
use proptest::prelude::*;
use support::*;

/// What is compared of chains whose outcomes arrived in another order: all but when things were recorded.
fn timeless(chain: &Chain) -> serde_json::Value {
    let mut value = serde_json::to_value(chain).expect("a chain serialises");
    let fields = value.as_object_mut().expect("a chain is an object");
    fields.remove("version");
    fields.remove("updated_at");
    for effect in fields["effects"].as_object_mut().expect("effects are an object").values_mut() {
        effect.as_object_mut().expect("an effect is an object").remove("settled");
    }
    let closings = fields.get_mut("closings").and_then(|closings| closings.as_object_mut());
    for closing in closings.into_iter().flat_map(|closings| closings.values_mut()) {
        let closing = closing.as_object_mut().expect("a closing is an object");
        closing.remove("settled");
        closing.remove("at");
    }
    value
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn any_history_folds_to_one_chain(history in nonsense()) {
        let chain = Chain::fold(&history);
        prop_assert_eq!(format!("{:?}", &chain), format!("{:?}", Chain::fold(&history)));
        prop_assert_eq!(chain.version(), history.last().map_or(0, |event| event.seq));
        // Everything that reads a chain takes any chain.
        let view = chain.view(ChainId(1));
        prop_assert!(serde_json::to_string(&view).is_ok());
        prop_assert!(context(ChainId(1), &chain, |at| at.to_string()).is_object());
        let _ = chain.lacks();
        let _ = chain.next_effect();
    }

    #[test]
    fn folding_on_equals_folding_at_once(history in nonsense(), cut in any::<prop::sample::Index>()) {
        let cut = cut.index(history.len() + 1);
        let mut chain = Chain::fold(&history[..cut]);
        for event in &history[cut..] {
            chain.apply(event);
        }
        prop_assert_eq!(format!("{chain:?}"), format!("{:?}", Chain::fold(&history)));
    }

    #[test]
    fn no_number_outside_of_0_to_1_gets_in(history in nonsense()) {
        let chain = Chain::fold(&history);
        let sound = |number: f64| (0.0..=1.0).contains(&number);
        prop_assert!(chain.scores().values().all(|score| sound(*score)));
        prop_assert!(chain.uncertainties().iter().all(|known| sound(known.confidence)));
        prop_assert!(sound(chain.confidence("overall")));
        prop_assert!(!chain.scores().contains_key(""));
        prop_assert!(chain.facts().iter().all(|fact| !fact.key.is_empty()));
    }

    #[test]
    fn a_chain_survives_its_own_json(history in nonsense()) {
        let chain = Chain::fold(&history);
        let text = serde_json::to_string(&chain).expect("a chain serialises");
        let back: Chain = serde_json::from_str(&text).expect("a chain comes back");
        // As text, since what was refused may hold numbers that do not equal themselves.
        prop_assert_eq!(serde_json::to_string(&back).expect("again"), text);
    }

    #[test]
    fn the_order_of_replies_changes_nothing(replies in prop::collection::vec(reply(), 1..5), order in any::<u64>()) {
        let count = replies.len() as u32;
        let before = || {
            let mut bodies = law::begin(started());
            bodies.extend((1..=count).map(|id| intent(id, prompt(&format!("p{id}")), 2)));
            bodies
        };
        let outcomes: Vec<Body> = (1..).zip(replies).map(|(id, reply)| outcome(id, replied(reply))).collect();
        let in_order = Chain::fold(&events(before().into_iter().chain(outcomes.clone())));
        let other = Chain::fold(&events(before().into_iter().chain(shuffled(outcomes, order))));
        prop_assert_eq!(timeless(&in_order), timeless(&other));
    }

    #[test]
    fn the_order_of_answers_changes_nothing(
        areas in prop::collection::vec(prop::option::of(prop::sample::select(vec!["auth", "data"])), 1..5),
        order in any::<u64>(),
    ) {
        let before = || {
            let uncertain = |area: &str| RepliedUncertainty {
                area: area.to_owned(), claim: "?".to_owned(), confidence: 0.2, blocking: true, resolution: None,
            };
            let reply = Reply { uncertainties: vec![uncertain("auth"), uncertain("data")], ..Reply::default() };
            let mut bodies = law::begin(started());
            bodies.extend([intent(1, prompt("p"), 2), outcome(1, replied(reply))]);
            bodies.extend((2..).zip(&areas).map(|(id, area)| {
                intent(id, Request::Ask { question: question(&format!("q{id}"), *area) }, 4)
            }));
            bodies
        };
        let answers: Vec<Body> = (2..)
            .zip(&areas)
            .map(|(id, _)| outcome(id, Outcome::Answered { text: format!("answer {id}"), by: None }))
            .collect();
        let in_order = Chain::fold(&events(before().into_iter().chain(answers.clone())));
        let other = Chain::fold(&events(before().into_iter().chain(shuffled(answers, order))));
        prop_assert_eq!(timeless(&in_order), timeless(&other));
        prop_assert!(in_order.questions().iter().all(|status| status.state == QuestionState::Answered));
    }

    #[test]
    fn a_memo_returns_what_was_answered(reply in reply(), other in name()) {
        let asked = prompt("p");
        let digest = Digest::of_json(&asked);
        let mut bodies = law::begin(started());
        bodies.push(intent(1, asked, 2));
        prop_assert!(Chain::fold(&events(bodies.clone())).memo(digest).is_none());
        bodies.push(outcome(1, replied(reply.clone())));
        let chain = Chain::fold(&events(bodies));
        prop_assert_eq!(format!("{:?}", chain.memo(digest)), format!("{:?}", Some(&reply)));
        prop_assert!(chain.memo(Digest::of(other)).is_none());
    }
}

fn shuffled(mut bodies: Vec<Body>, mut seed: u64) -> Vec<Body> {
    for at in (1..bodies.len()).rev() {
        bodies.swap(at, (seed % (at as u64 + 1)) as usize);
        seed /= at as u64 + 1;
    }
    bodies
}

#[test]
fn the_greatest_effect_number_is_no_panic() {
    let mut bodies = law::begin(started());
    bodies.push(intent(u32::MAX, prompt("p"), 2));
    bodies.push(Body::PhaseEntered { phase: "ask".to_owned(), visit: 2, why: String::new() });
    assert_eq!(Chain::fold(&events(bodies)).next_effect(), u32::MAX);
}

#[test]
fn a_verdict_over_something_else_is_no_verdict() {
    let shown = Proposal { kind: "solution".to_owned(), title: "t".to_owned(), body: "b".to_owned() };
    let judged = |digest| {
        let mut bodies = law::begin(started());
        bodies.push(intent(1, Request::Approve { proposal: shown.clone() }, 2));
        bodies.push(outcome(1, Outcome::Judged { verdict: Verdict::Approved, digest, by: None, grant: None }));
        Chain::fold(&events(bodies)).proposals()[0].verdict.clone()
    };
    assert_eq!(judged(shown.digest()), Some(Verdict::Approved));
    assert_eq!(judged(Digest::of("something else")), None);
}

#[test]
fn an_answer_outlives_a_later_reply() {
    let uncertain = Reply {
        uncertainties: vec![RepliedUncertainty {
            area: "auth".to_owned(),
            claim: "how".to_owned(),
            confidence: 0.1,
            blocking: true,
            resolution: None,
        }],
        ..Reply::default()
    };
    let mut bodies = law::begin(started());
    bodies.push(intent(1, prompt("p"), 2));
    bodies.push(outcome(1, replied(uncertain.clone())));
    bodies.push(intent(2, Request::Ask { question: question("how", Some("auth")) }, 4));
    bodies.push(outcome(2, Outcome::Answered { text: "by TOTP".to_owned(), by: None }));
    bodies.push(intent(3, prompt("q"), 6));
    bodies.push(outcome(3, replied(uncertain)));
    let chain = Chain::fold(&events(bodies));
    assert_eq!(chain.uncertainties()[0].resolution.as_deref(), Some("by TOTP"));
    assert!(!chain.uncertainties()[0].is_blocker());
}

#[test]
fn what_was_written_moves_facts_and_keeps_their_names() {
    let fact = |line: u32, quote: &str| Discovery {
        key: "route".to_owned(),
        value: quote.to_owned(),
        evidence: Some(Place { path: "app.js".to_owned(), line, quote: quote.to_owned() }),
        cited: true,
    };
    let read = |facts: Vec<Discovery>| Outcome::ProjectRead(Discovered { facts, ..Discovered::default() });
    let mut bodies = law::begin(started());
    bodies.extend([
        intent(1, Request::ReadProject, 2),
        outcome(1, read(vec![fact(3, "a"), fact(9, "a"), fact(5, "b")])),
        intent(2, Request::ReadProject, 4),
        outcome(2, read(vec![fact(3, "a"), fact(12, "a"), fact(8, "b"), fact(1, "c")])),
    ]);
    let chain = Chain::fold(&events(bodies));
    let places: Vec<(&str, u32)> = chain
        .facts()
        .iter()
        .map(|fact| (fact.id.as_str(), fact.source.as_ref().map_or(0, |place| place.line)))
        .collect();
    assert_eq!(places, [("F1", 3), ("F2", 12), ("F3", 8), ("F4", 1)]);
}

#[test]
fn chains_that_share_their_facts_learn_each_for_itself() {
    let found = |key: &str| Discovery { key: key.to_owned(), value: "x".to_owned(), evidence: None, cited: false };
    let read = Discovered { facts: vec![found("a"), found("b")], ..Discovered::default() };
    let mut bodies = law::begin(started());
    bodies.extend([intent(1, Request::ReadProject, 2), outcome(1, Outcome::ProjectRead(read))]);
    let (mut one, mut two) = (Chain::fold(&events(bodies.clone())), Chain::fold(&events(bodies)));
    let before = one.clone();
    let mut known = Shared::default();
    one.share_facts(&mut known);
    two.share_facts(&mut known);
    assert_eq!((&one, &two), (&before, &before));
    assert!(std::ptr::eq(one.facts().as_ptr(), two.facts().as_ptr()), "it is one list");
    let reply = Reply { discovered: vec![found("c")], ..Reply::default() };
    for (seq, body) in (5..).zip([intent(2, prompt("p"), 4), outcome(2, replied(reply))]) {
        one.apply(&Event { seq, at: 1, body });
    }
    assert_eq!((one.facts().len(), two.facts().len(), known.len()), (3, 2, 2));
    // Whoever knows something else shares with nobody, and is the next to be shared with.
    one.share_facts(&mut known);
    assert_eq!((known.len(), two.facts().len()), (3, 2));
}

#[test]
fn a_chain_that_stands_says_why_until_something_begins() {
    let paused = |why: &str| Body::Paused { code: ErrorCode::Failed, message: why.to_owned() };
    let why = |bodies: &[Body]| Chain::fold(&events(bodies.to_vec())).pause().map(|pause| pause.message.clone());
    let mut bodies = law::begin(started());
    bodies.push(paused("files are gone"));
    assert_eq!(why(&bodies).as_deref(), Some("files are gone"));
    // Whoever looks again may find something else.
    bodies.push(paused("one file is gone"));
    assert_eq!(why(&bodies).as_deref(), Some("one file is gone"));
    let entered = Body::PhaseEntered { phase: "decide".to_owned(), visit: 1, why: String::new() };
    for next in [intent(1, prompt("a"), 2), entered, Body::Ended { success: true, why: String::new() }] {
        assert_eq!(why(&[bodies.clone(), vec![next]].concat()), None);
    }
    // An effect that waits is what is dealt with first.
    let (code, message) = (ErrorCode::Limit, "no budget".to_owned());
    let (possibly_billed, leftover, enough) = (false, None, None);
    let waits = Body::Deferred { effect: 1, code, message, possibly_billed, leftover, enough };
    bodies.extend([intent(1, prompt("a"), 2), waits, paused("files are gone")]);
    assert_eq!(why(&bodies).as_deref(), Some("no budget"));
}

#[test]
fn who_has_a_question_is_not_overruled_by_who_was_asked_beside_them() {
    let scored = |score: f64| Reply { confidence: [("goal".to_owned(), score)].into(), ..Reply::default() };
    let asks = |score: f64| {
        let Question { id, text, why, options, recommended, area } = question("how", None);
        let raised = RaisedQuestion { id, text, why, options, recommended, area };
        Reply { questions: vec![raised], ..scored(score) }
    };
    let both = |first: Reply, second: Reply, basis: u64| {
        let mut bodies = law::begin(started());
        bodies.extend([intent(1, prompt("a"), 2), intent(2, prompt("b"), basis)]);
        bodies.extend([outcome(2, replied(second)), outcome(1, replied(first))]);
        Chain::fold(&events(bodies)).confidence("goal")
    };
    assert_eq!(both(asks(0.5), scored(0.95), 2), 0.5, "the question is to be asked");
    assert_eq!(both(scored(0.95), asks(0.5), 2), 0.5);
    assert_eq!(both(scored(0.5), scored(0.95), 2), 0.95, "nobody wants to know anything");
    // Who is asked later may know better.
    let mut bodies = law::begin(started());
    bodies.extend([intent(1, prompt("a"), 2), outcome(1, replied(asks(0.5)))]);
    bodies.extend([intent(2, prompt("b"), 4), outcome(2, replied(scored(0.95)))]);
    assert_eq!(Chain::fold(&events(bodies)).confidence("goal"), 0.95);
}
