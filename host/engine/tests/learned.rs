//! What a chain keeps of what it is told: several things that are called alike are several things.

mod support;

use certus_engine::*;
use support::*;

/// A chain that got these replies, one after the other.
fn told(replies: impl IntoIterator<Item = Reply>) -> Chain {
    let mut bodies = law::begin(started());
    for (id, reply) in (1..).zip(replies) {
        bodies.extend([intent(id, prompt("p"), u64::from(2 * id)), outcome(id, replied(reply))]);
    }
    Chain::fold(&events(bodies))
}

fn doubt(claim: &str, blocking: bool) -> RepliedUncertainty {
    RepliedUncertainty {
        area: "security".to_owned(),
        claim: claim.to_owned(),
        confidence: 0.3,
        blocking,
        resolution: None,
    }
}

fn doubts<const N: usize>(uncertainties: [RepliedUncertainty; N]) -> Reply {
    Reply { uncertainties: uncertainties.to_vec(), ..Reply::default() }
}

#[test]
fn a_blocker_is_not_forgotten_for_what_else_is_said_of_its_area() {
    let (blocks, open) = (doubt("Anyone orders for nothing.", true), doubt("Whether it is logged is not known", false));
    let both = "Anyone orders for nothing. Also: Whether it is logged is not known";
    let again = RepliedUncertainty { claim: both.to_owned(), ..blocks.clone() };
    for replies in [
        vec![doubts([blocks.clone()]), doubts([open.clone()])],
        vec![doubts([blocks.clone(), open.clone()])],
        // Whoever says it again adds nothing.
        vec![doubts([blocks.clone()]), doubts([open.clone()]), doubts([blocks.clone()]), doubts([again])],
    ] {
        let chain = told(replies);
        let [only] = chain.uncertainties() else { panic!("one area: {:?}", chain.uncertainties()) };
        assert_eq!((only.claim.as_str(), only.is_blocker()), (both, true));
    }
    // It is not resolved by what the same reply resolves beside it, nor renamed by whoever only says that it is.
    let resolved = RepliedUncertainty { resolution: Some("the code says so".to_owned()), ..open.clone() };
    for replies in
        [vec![doubts([blocks.clone(), resolved.clone()])], vec![doubts([blocks.clone()]), doubts([resolved])]]
    {
        let chain = told(replies);
        assert_eq!(chain.uncertainties()[0].claim, "Anyone orders for nothing.");
        assert!(chain.uncertainties()[0].is_blocker());
    }
    let unended = [doubt("Tokens may leak", true), doubt("Passwords may be shown", true)];
    assert_eq!(told([doubts(unended)]).uncertainties()[0].claim, "Tokens may leak. Also: Passwords may be shown");
    // Of what a reviewer said of files that changed since, what it says now counts.
    let review = |claim: &str| RepliedUncertainty { area: "code_review".to_owned(), ..doubt(claim, true) };
    let reviewed = |written: bool, now: &[&str]| {
        let mut bodies = law::begin(started());
        bodies.push(intent(1, prompt("code_reviewer"), 2));
        bodies.push(outcome(1, replied(doubts([review("Negative prices"), review("No comment")]))));
        if written {
            bodies.push(Body::TreeChanged { tree: Digest::of("tree") });
        }
        bodies.push(intent(2, prompt("code_reviewer"), 5));
        let uncertainties = now.iter().map(|claim| review(claim)).collect();
        bodies.push(outcome(2, replied(Reply { uncertainties, ..Reply::default() })));
        Chain::fold(&events(bodies)).uncertainties()[0].claim.clone()
    };
    let both = "Negative prices. Also: No comment";
    assert_eq!(reviewed(true, &["No comment"]), "No comment");
    assert_eq!(reviewed(true, &["Negative prices", "No comment"]), both);
    assert_eq!(reviewed(false, &["No comment"]), both);
    // What does not block is what was said of it last.
    let later = doubt("Who may read the log is not known", false);
    assert_eq!(told([doubts([open]), doubts([later.clone()])]).uncertainties()[0].claim, later.claim);
    // However much is said, what came first stays, and it does not grow without end.
    let many: Vec<_> = (0..200).map(|at| doubt(&format!("{at}: {}", "x".repeat(50)), true)).collect();
    let claim =
        told([doubts([blocks]), Reply { uncertainties: many, ..Reply::default() }]).uncertainties()[0].claim.clone();
    assert!(claim.starts_with("Anyone orders") && claim.contains("199: ") && claim.len() < 3_000, "{claim}");
}

#[test]
fn a_number_is_no_name_of_a_question() {
    let raised = |id: &str, text: &str, area: Option<&str>| RaisedQuestion {
        id: id.to_owned(),
        text: text.to_owned(),
        why: String::new(),
        options: Vec::new(),
        recommended: None,
        area: area.map(str::to_owned),
    };
    fn asks<const N: usize>(questions: [RaisedQuestion; N]) -> Reply {
        Reply { questions: questions.to_vec(), ..Reply::default() }
    }
    fn ids<const N: usize>(replies: [Reply; N]) -> Vec<String> {
        told(replies).questions().iter().map(|status| status.question.id.clone()).collect()
    }
    for id in ["q1", "Q-1", "1", "question-1"] {
        let (one, other) = (raised(id, "Round half up?", None), raised(id, "Is zero allowed?", None));
        let name = slug(id);
        let both = [name.clone(), format!("{name}-2")];
        assert_eq!(ids([asks([one.clone()]), asks([other.clone()])]), both);
        assert_eq!(ids([asks([one.clone(), other.clone(), one])]), both, "the same text is the same question");
    }
    // A name is: it is asked once, in whatever words, unless it is about something else.
    let rounding = raised("rounding", "Round half up?", Some("rules"));
    let reworded = raised("rounding", "Which way is a half rounded?", Some("rules"));
    let elsewhere = raised("rounding", "How is the sum shown?", Some("display"));
    assert_eq!(ids([asks([rounding.clone()]), asks([reworded.clone()])]), ["rounding"]);
    assert_eq!(ids([asks([rounding.clone()]), asks([elsewhere])]), ["rounding", "rounding-2"]);
    assert_eq!(ids([asks([rounding, reworded])]), ["rounding", "rounding-2"]);
    // Texts that begin alike.
    let long = |end: &str| raised("", &format!("What happens to an order that is already paid when {end}?"), None);
    assert_eq!(ids([asks([long("it is cancelled"), long("it is changed")])]).len(), 2);
}

#[test]
fn a_reply_decides_as_many_things_as_it_says() {
    let decides = |pairs: &[(&str, &str)]| {
        let one = |(key, value): &(&str, &str)| Decision {
            key: (*key).to_owned(),
            value: (*value).to_owned(),
            because: String::new(),
        };
        Reply { decisions: pairs.iter().map(one).collect(), ..Reply::default() }
    };
    fn decided<const N: usize>(replies: [Reply; N]) -> Vec<(String, String)> {
        told(replies).decisions().iter().map(|one| (one.key.clone(), one.value.clone())).collect()
    }
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let both = decides(&[("validation", "RangeError"), ("validation", "TypeError")]);
    assert_eq!(decided([both.clone()]), [pair("validation", "RangeError"), pair("validation_2", "TypeError")]);
    assert_eq!(decided([both.clone(), both.clone()]).len(), 2);
    assert_eq!(decided([decides(&[("a", "b"), ("a", "b")])]).len(), 1, "said twice is decided once");
    let anew = decides(&[("validation", "none")]);
    assert_eq!(decided([both, anew]), [pair("validation", "none"), pair("validation_2", "TypeError")]);
}

#[test]
fn neither_housekeeping_nor_a_review_of_other_code_is_confidence_in_an_approach() {
    let scored = |areas: &[(&str, f64)]| Reply {
        confidence: areas.iter().map(|(area, score)| ((*area).to_owned(), *score)).collect(),
        ..Reply::default()
    };
    let enter = |phase: &str| Body::PhaseEntered { phase: phase.to_owned(), visit: 1, why: String::new() };
    let mut bodies = law::begin(started());
    let mut next = 0;
    let mut replies = |bodies: &mut Vec<Body>, name: &str, areas: &[(&str, f64)]| {
        next += 1;
        let basis = bodies.len() as u64;
        bodies.extend([intent(next, prompt(name), basis), outcome(next, replied(scored(areas)))]);
    };
    let overall = |bodies: &[Body]| Chain::fold(&events(bodies.to_vec())).confidence("overall");
    bodies.push(enter("decide"));
    replies(&mut bodies, "analysis", &[("goal", 0.9), ("security", 0.9)]);
    replies(&mut bodies, "context_health_checker", &[("context_health", 0.3)]);
    assert!((overall(&bodies) - 0.9).abs() < 1e-9);
    // Planning finds nothing out.
    replies(&mut bodies, "chain_planner", &[("goal", 0.99), ("security", 0.99)]);
    assert!((overall(&bodies) - 0.9).abs() < 1e-9);
    bodies.push(enter("build"));
    replies(&mut bodies, "code_reviewer", &[("code_review", 0.3)]);
    replies(&mut bodies, "security_scanner", &[("security", 0.3)]);
    assert!((overall(&bodies) - 0.5).abs() < 1e-9, "of code it counts");
    // Another approach: whoever thinks about it is heard.
    bodies.push(enter("decide"));
    assert!((overall(&bodies) - 0.9).abs() < 1e-9);
    replies(&mut bodies, "analysis", &[("security", 0.7)]);
    assert!((overall(&bodies) - 0.8).abs() < 1e-9);
}
