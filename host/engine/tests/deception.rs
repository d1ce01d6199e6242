//! What a reply, a plugin or a person's shrug must not bring about.

mod support;

use certus_engine::*;
use proptest::prelude::*;
use support::*;

fn doubt(blocking: bool, resolution: Option<&str>) -> RepliedUncertainty {
    RepliedUncertainty {
        area: "session_migration".to_owned(),
        claim: "Sessions exist".to_owned(),
        confidence: if blocking { 0.2 } else { 1.0 },
        blocking,
        resolution: resolution.map(str::to_owned),
    }
}

fn command() -> Request {
    let plugin = PluginRef { name: "p".to_owned(), digest: Digest::of("p") };
    Request::Command { line: "/x".to_owned(), plugin, depth: 0 }
}

fn nested(effect: EffectId, request: Request) -> Body {
    Body::Intent { effect, invocation: Some(1), occurrence: 0, digest: Digest::of_json(&request), request, basis: 2 }
}

fn begun() -> Vec<Body> {
    let mut bodies = law::begin(started());
    bodies.push(intent(1, command(), 2));
    bodies
}

#[test]
fn a_plugin_resolves_no_blocker_by_its_own_word() {
    let mut bodies = begun();
    let propose = |doubt| Request::Propose { facts: Vec::new(), uncertainties: vec![doubt], decisions: Vec::new() };
    bodies.extend([nested(2, propose(doubt(true, None))), outcome(2, Outcome::Done)]);
    bodies.extend([nested(3, propose(doubt(false, Some("trust me")))), outcome(3, Outcome::Done)]);
    let chain = Chain::fold(&events(bodies));
    assert!(chain.uncertainties()[0].is_blocker(), "{:?}", chain.uncertainties());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn a_reply_resolves_no_blocker_by_its_own_word(mut replies in prop::collection::vec(reply(), 1..8)) {
        // Nobody answered, nobody approved anything, and no quote was found.
        for found in replies.iter_mut().flat_map(|reply| &mut reply.discovered) {
            found.cited = false;
        }
        let mut bodies = law::begin(started());
        let mut basis = 2;
        for (id, reply) in (1..).zip(&replies) {
            bodies.extend([intent(id, prompt("p"), basis), outcome(id, replied(reply.clone()))]);
            basis += 2;
        }
        let chain = Chain::fold(&events(bodies));
        let said = || replies.iter().flat_map(|reply| &reply.uncertainties);
        for known in chain.uncertainties() {
            let mut about = said().filter(|new| new.area == known.area && (0.0..=1.0).contains(&new.confidence));
            let blocks = about.clone().any(|new| new.blocking);
            prop_assert_eq!(known.is_blocker(), blocks, "{:?}", known);
            // What was claimed is kept, as a claim.
            let claimed = about.by_ref().skip_while(|new| !new.blocking).filter_map(|new| new.resolution.as_ref()).last();
            prop_assert!(!blocks || known.claimed.as_ref() == claimed, "{:?} {:?}", known, claimed);
        }
    }
}

#[test]
fn a_blocker_is_resolved_by_what_stands_behind_the_word() {
    let raised = || Reply { uncertainties: vec![doubt(true, None)], ..Reply::default() };
    let resolved = |text: &str| Reply { uncertainties: vec![doubt(false, Some(text))], ..Reply::default() };
    let fact = |key: &str, cited| Discovery { key: key.to_owned(), value: "v".to_owned(), evidence: None, cited };
    let found = |key, cited, text| Reply { discovered: vec![fact(key, cited)], ..resolved(text) };
    let asked = |area, answer: &str| {
        let ask = Request::Ask { question: question("q", area) };
        vec![intent(2, ask, 4), outcome(2, Outcome::Answered { text: answer.to_owned(), by: None })]
    };
    let decided = |verdict| {
        let decision =
            Decision { key: "session_migration".to_owned(), value: "both".to_owned(), because: String::new() };
        let reply = Reply { decisions: vec![decision], ..Reply::default() };
        let shown = Proposal { kind: "decision".to_owned(), title: "t".to_owned(), body: "Run both.".to_owned() };
        let judged = Outcome::Judged { verdict, digest: shown.digest(), by: None, grant: None };
        vec![
            intent(2, prompt("b"), 4),
            outcome(2, replied(reply)),
            intent(3, Request::Approve { proposal: shown }, 6),
            outcome(3, judged),
        ]
    };
    for (before, reply, resolves) in [
        (vec![], resolved("trust me"), false),
        (vec![], resolved("see [F1] and [A1]"), false),
        (vec![], found("auth.kind", false, "sessions [F1]"), false),
        (vec![], found("auth.kind", true, "sessions [F1]"), true),
        (vec![], found("auth.kind", true, "sessions"), false),
        (vec![], found("session.migration", true, "sessions"), true),
        (asked(None, "both"), resolved("both [F9, A1]"), true),
        (asked(None, "no idea"), resolved("both [A1]"), false),
        (asked(Some("another"), "both"), resolved("both [A1]"), false),
        (asked(Some("session_migration"), "both"), resolved("something else"), true),
        (decided(Verdict::Approved), resolved("both"), true),
        (decided(Verdict::MoreInfo("why?".to_owned())), resolved("both"), false),
    ] {
        let mut bodies = law::begin(started());
        bodies.extend([intent(1, prompt("a"), 2), outcome(1, replied(raised()))]);
        bodies.extend(before.clone());
        bodies.extend([intent(9, prompt("c"), 90), outcome(9, replied(reply.clone()))]);
        let chain = Chain::fold(&events(bodies));
        let known = &chain.uncertainties()[0];
        assert_eq!(known.is_blocker(), !resolves, "{before:?} {reply:?}");
        assert_eq!(known.claimed.is_some(), !resolves, "{known:?}");
    }
}

#[test]
fn a_shrug_answers_and_resolves_nothing() {
    for (answer, resolves) in [("No idea.", false), ("???", false), ("I don't know", false), ("Run both", true)] {
        let mut bodies = law::begin(started());
        let reply = Reply { uncertainties: vec![doubt(true, None)], ..Reply::default() };
        bodies.extend([intent(1, prompt("a"), 2), outcome(1, replied(reply))]);
        let ask = Request::Ask { question: question("q", Some("session_migration")) };
        let text = answer.to_owned();
        bodies.extend([intent(2, ask, 4), outcome(2, Outcome::Answered { text, by: None })]);
        let chain = Chain::fold(&events(bodies));
        assert_eq!(chain.uncertainties()[0].is_blocker(), !resolves, "{answer}");
        assert_eq!(chain.questions()[0].answer.as_deref(), Some(answer));
    }
}

#[test]
fn an_empty_answer_means_only_what_was_shown() {
    let raised = |recommended: &str| RaisedQuestion {
        id: recommended.to_owned(),
        text: recommended.to_owned(),
        why: String::new(),
        options: vec!["a".to_owned(), "b".to_owned()],
        recommended: Some(recommended.to_owned()),
        area: None,
    };
    let reply = Reply { questions: vec![raised("z"), raised("a")], ..Reply::default() };
    let mut bodies = law::begin(started());
    bodies.extend([intent(1, prompt("a"), 2), outcome(1, replied(reply))]);
    let chain = Chain::fold(&events(bodies));
    let recommended: Vec<_> = chain.questions().iter().map(|status| status.question.recommended.as_deref()).collect();
    assert_eq!(recommended, [None, Some("a")]);
}

#[test]
fn what_a_failed_command_asked_is_asked_no_longer() {
    let mut bodies = begun();
    bodies.push(nested(2, Request::Ask { question: question("q", None) }));
    let failed = Outcome::Failed { code: ErrorCode::Diverged, message: "it changed its mind".to_owned() };
    bodies.push(outcome(1, failed));
    let chain = Chain::fold(&events(bodies));
    assert_eq!(chain.waiting_for_person().count(), 0);
    assert!(chain.lacks().iter().all(|lack| !matches!(lack, Lack::OpenQuestion { .. })));
}

#[test]
fn another_questions_id_is_not_for_the_taking() {
    let mut bodies = law::begin(started());
    let mut raised = question("q", None);
    let reply = Reply {
        questions: vec![RaisedQuestion {
            id: "q".to_owned(),
            text: raised.text.clone(),
            why: String::new(),
            options: Vec::new(),
            recommended: None,
            area: None,
        }],
        ..Reply::default()
    };
    bodies.extend([intent(1, prompt("a"), 2), outcome(1, replied(reply))]);
    let chain = Chain::fold(&events(bodies));
    assert!(law::lawful_question(&chain, &raised).is_ok());
    raised.text = "Do you like tea?".to_owned();
    assert_eq!(law::lawful_question(&chain, &raised).map_err(|refusal| refusal.law), Err(Law::UnknownQuestion));
}

#[test]
fn a_given_up_chain_is_taken_up_again_and_a_complete_one_is_not() {
    let mut bodies = law::begin(started());
    bodies.push(Body::Ended { success: false, why: "three rounds".to_owned() });
    let mut chain = Chain::fold(&events(bodies.clone()));
    let ruling = law::judge_reopening(&chain).expect("it may be taken up");
    for body in ruling.record {
        let event = Event { seq: chain.version() + 1, at: 9, body };
        chain.apply(&event);
    }
    assert!(chain.ended().is_none());
    assert_eq!(chain.visit(), 2);
    bodies.pop();
    bodies.push(Body::Ended { success: true, why: "done".to_owned() });
    assert!(law::judge_reopening(&Chain::fold(&events(bodies))).is_err());
}

#[test]
fn a_title_that_would_not_be_shown_whole_is_refused() {
    let proposal =
        |title: &str| Proposal { kind: "solution".to_owned(), title: title.to_owned(), body: "b".to_owned() };
    assert!(law::lawful_proposal(&proposal("Short")).is_ok());
    for title in ["", " ", "two\nlines", &"x".repeat(201)] {
        assert!(law::lawful_proposal(&proposal(title)).is_err(), "{title:?}");
    }
}

proptest! {
    #[test]
    fn what_was_recorded_elsewhere_does_nothing_unasked(events in nonsense()) {
        let mut chain = Chain::fold(&events);
        let bodies = law::take_over(&chain, None);
        let before = chain.version();
        for (seq, body) in (before + 1..).zip(bodies) {
            chain.apply(&Event { seq, at: 1, body });
        }
        prop_assert!(!chain.has_permissions());
        prop_assert!(chain.fresh_evidence().next().is_none());
        let acts = |request: &Request| {
            matches!(request, Request::Check { .. } | Request::Write { .. } | Request::Undo { .. })
        };
        prop_assert!(!chain.open_effects().any(|(_, effect)| acts(&effect.request)));
        prop_assert!(!law::due(&chain).requests.iter().any(acts));
        prop_assert!(law::take_over(&chain, None).is_empty(), "once is enough");
    }
}
