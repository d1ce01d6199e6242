//! An answer that is corrected: what was made of the old one falls, what was read from the project stays.

mod support;

use certus_engine::*;
use proptest::prelude::*;
use support::*;

const NOW: Millis = 2_000_000;

fn solution(body: &str) -> Proposal {
    Proposal { kind: "solution".to_owned(), title: "t".to_owned(), body: body.to_owned() }
}

/// A chain that asked in its first phase, had a solution approved in its second and stands in its third.
fn built() -> Vec<Body> {
    let doubt = RepliedUncertainty {
        area: "auth".to_owned(),
        claim: "how".to_owned(),
        confidence: 0.2,
        blocking: true,
        resolution: None,
    };
    let found = Discovery { key: "k".to_owned(), value: "v".to_owned(), evidence: None, cited: false };
    let first = Reply { uncertainties: vec![doubt], discovered: vec![found], ..Reply::default() };
    let decision =
        |key: &str, because: &str| Decision { key: key.to_owned(), value: "v".to_owned(), because: because.to_owned() };
    let second = Reply {
        confidence: [("goal".to_owned(), 1.0)].into(),
        decisions: vec![decision("from_answer", "as was said [A1]"), decision("from_code", "as it is [F1]")],
        ..Reply::default()
    };
    let enter = |phase: &str| Body::PhaseEntered { phase: phase.to_owned(), visit: 1, why: String::new() };
    let approved = |body: &str| Outcome::Judged {
        verdict: Verdict::Approved,
        digest: solution(body).digest(),
        by: None,
        grant: None,
    };
    let mut bodies = law::begin(started());
    bodies.extend([
        intent(1, prompt("a"), 2),
        outcome(1, replied(first)),
        intent(2, Request::Approve { proposal: solution("before") }, 4),
        outcome(2, approved("before")),
        intent(3, Request::Ask { question: question("how", Some("auth")) }, 6),
        outcome(3, Outcome::Answered { text: "TOTP".to_owned(), by: None }),
        intent(4, prompt("b"), 8),
        outcome(4, replied(second)),
        enter("decide"),
        intent(5, Request::Approve { proposal: solution("after") }, 11),
        outcome(5, approved("after")),
        enter("build"),
        intent(6, prompt("c"), 14),
        Body::Deferred {
            effect: 6,
            code: ErrorCode::Unavailable,
            message: "needs a model".to_owned(),
            possibly_billed: false,
            leftover: None,
            enough: None,
        },
    ]);
    bodies
}

fn corrected(mut bodies: Vec<Body>, id: &str, text: &str) -> Result<Chain, Refusal> {
    let chain = Chain::fold(&events(bodies.clone()));
    bodies.extend(law::judge_correction(&chain, id, text, Some("ada".to_owned()), NOW)?.record);
    Ok(Chain::fold(&events(bodies)))
}

#[test]
fn the_chain_goes_back_to_the_phase_that_asked_and_the_approval_falls() {
    let chain = corrected(built(), "how", "A passkey").expect("it may be corrected");
    assert_eq!((chain.phase(), chain.visit()), ("ask", 2));
    assert_eq!(chain.questions()[0].answer.as_deref(), Some("A passkey"));
    assert_eq!(chain.uncertainties()[0].resolution.as_deref(), Some("A passkey"));
    let verdicts: Vec<_> =
        chain.proposals().iter().map(|status| (status.verdict.clone(), status.withdrawn.is_some())).collect();
    // What was approved before the question was answered was not made from the answer.
    assert_eq!(verdicts, [(Some(Verdict::Approved), false), (None, true)]);
    // What was read stays, what cites the answer and every score go, and nothing is under way any more.
    assert_eq!(chain.facts().len(), 1);
    assert_eq!(chain.decisions().iter().map(|one| one.key.as_str()).collect::<Vec<_>>(), ["from_code"]);
    assert!(chain.scores().is_empty() && chain.pause().is_none());
    assert_eq!(chain.open_effects().count(), 0);
    let edits = Action::ProposeEdits("D1".to_owned());
    let refused = law::judge(&chain, &edits, &Nothing, NOW).expect_err("nothing is approved");
    assert_eq!(refused.law, Law::NoWriteWithoutApproval);
}

#[test]
fn a_rejection_of_what_was_made_from_the_answer_is_withdrawn_and_keeps_its_reason() {
    let rejected = |body: &Body| match body {
        Body::Outcome { effect: 5, .. } => outcome(
            5,
            Outcome::Judged {
                verdict: Verdict::Rejected("too big".to_owned()),
                digest: solution("after").digest(),
                by: None,
                grant: None,
            },
        ),
        other => other.clone(),
    };
    let bodies: Vec<Body> = built().iter().map(rejected).take_while(|body| !is_entry(body, "build")).collect();
    let chain = corrected(bodies, "how", "A passkey").expect("it may be corrected");
    let last = chain.proposals().last().expect("it was shown");
    assert_eq!(last.verdict, Some(Verdict::Rejected("too big".to_owned())));
    assert!(last.withdrawn.is_some(), "{last:?}");
    assert_eq!((chain.phase(), chain.visit()), ("ask", 2));
}

fn is_entry(body: &Body, wanted: &str) -> bool {
    matches!(body, Body::PhaseEntered { phase, .. } if phase == wanted)
}

#[test]
fn a_shrug_instead_of_an_answer_opens_the_blocker_again() {
    let chain = corrected(built(), "how", "No idea").expect("it may be corrected");
    assert!(chain.uncertainties()[0].is_blocker());
}

#[test]
fn only_another_answer_to_an_answered_question_is_a_correction() {
    for (id, text, law) in
        [("when", "now", Law::UnknownQuestion), ("how", "TOTP", Law::ActionForm), ("how", " ", Law::ActionForm)]
    {
        assert_eq!(corrected(built(), id, text).map_err(|refusal| refusal.law).err(), Some(law), "{id} {text:?}");
    }
    let mut complete = built();
    complete.push(Body::Ended { success: true, why: String::new() });
    assert_eq!(corrected(complete, "how", "A passkey").map_err(|refusal| refusal.law).err(), Some(Law::ChainEnded));
    let mut given_up = built();
    given_up.push(Body::Ended { success: false, why: String::new() });
    assert!(corrected(given_up, "how", "A passkey").expect("it is taken up again").ended().is_none());
}

#[test]
fn a_question_that_waits_goes_on_waiting() {
    let mut bodies = built();
    bodies.push(intent(7, Request::Ask { question: question("where", None) }, 16));
    let chain = corrected(bodies, "how", "A passkey").expect("it may be corrected");
    let waiting: Vec<_> = chain.waiting_for_person().map(|(id, _)| id).collect();
    assert_eq!(waiting, [7]);
    assert!(chain.lacks().contains(&Lack::OpenQuestion { id: "where".to_owned() }));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// Whatever went before: after a correction nothing that was shown since the answer is approved, no gate of a score is
    /// open, and the chain stands no further than it stood.
    #[test]
    fn no_correction_leads_forwards(history in nonsense(), id in name(), text in name()) {
        let mut history = history;
        history.insert(0, Event { seq: 0, at: 0, body: Body::ChainStarted(Box::new(started())) });
        let mut chain = Chain::fold(&history);
        let place = |chain: &Chain| methodology().phases.iter().position(|phase| phase.name == chain.phase());
        let before = place(&chain);
        let Ok(ruling) = law::judge_correction(&chain, &id, &text, None, NOW) else { return Ok(()) };
        for body in ruling.record {
            let event = Event { seq: chain.version() + 1, at: NOW, body };
            chain.apply(&event);
        }
        prop_assert!(place(&chain) <= before);
        prop_assert!(chain.scores().is_empty() && chain.ended().is_none());
        let only_questions = chain.open_effects().all(|(_, effect)| matches!(effect.request, Request::Ask { .. }));
        prop_assert!(only_questions);
        let status = chain.questions().iter().find(|status| status.question.id == id);
        prop_assert_eq!(status.and_then(|status| status.answer.as_deref()), Some(text.as_str()));
    }
}

/// Nothing exists to be named.
struct Nothing;

impl Catalogue for Nothing {
    fn prompt(&self, _: &str) -> Option<PromptRef> {
        None
    }

    fn command(&self, _: &str) -> Option<CommandRef> {
        None
    }
}
