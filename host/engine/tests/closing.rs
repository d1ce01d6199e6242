//! Which uncertainties were closed, and by which run.

mod support;

use certus_engine::*;
use support::{events, intent, outcome, prompt, replied, started};

fn doubt(area: &str, blocking: bool, resolution: Option<&str>) -> RepliedUncertainty {
    RepliedUncertainty {
        area: area.to_owned(),
        claim: format!("about {area}"),
        confidence: 0.5,
        blocking,
        resolution: resolution.map(str::to_owned),
    }
}

fn doubts(doubts: &[RepliedUncertainty]) -> Reply {
    Reply { uncertainties: doubts.to_vec(), ..Reply::default() }
}

struct Story(Vec<Body>);

impl Story {
    fn new() -> Self {
        Self(law::begin(started()))
    }

    fn did(mut self, request: Request, result: Outcome) -> Self {
        let effect = self.0.iter().filter(|body| matches!(body, Body::Intent { .. })).count() as EffectId + 1;
        let basis = self.0.len() as u64;
        self.0.push(intent(effect, request, basis));
        self.0.push(outcome(effect, result));
        self
    }

    fn ran(self, name: &str, reply: Reply) -> Self {
        self.did(prompt(name), replied(reply))
    }

    fn answered(self, id: &str, text: &str) -> Self {
        let question = self
            .chain()
            .questions()
            .iter()
            .find(|status| status.question.id == id)
            .map(|status| status.question.clone());
        let question = question.expect("it was raised");
        self.did(Request::Ask { question }, Outcome::Answered { text: text.to_owned(), by: None })
    }

    fn chain(&self) -> Chain {
        Chain::fold(&events(self.0.clone()))
    }

    /// Area, by whom, whether it blocked, whether it is open again.
    fn closed(&self) -> Vec<(String, Option<EffectId>, bool, bool)> {
        let line = |(area, closing): (&str, &Closing)| (area.to_owned(), closing.by, closing.blocked, closing.reopened);
        self.chain().closings().map(line).collect()
    }
}

#[test]
fn a_reply_closes_what_was_open_and_an_answer_is_paid_by_who_asked() {
    let question = RaisedQuestion {
        id: "where".to_owned(),
        text: "Where are tokens kept?".to_owned(),
        area: Some("storage".to_owned()),
        why: String::new(),
        options: Vec::new(),
        recommended: None,
    };
    let story = Story::new()
        .ran(
            "first",
            doubts(&[doubt("scope", false, None), doubt("storage", true, None), doubt("known", false, Some("yes"))]),
        )
        .ran("asks", Reply { questions: vec![question], ..Reply::default() });
    assert_eq!(story.closed(), [], "what the first mention resolves was never open");
    let story =
        story.ran("second", doubts(&[doubt("scope", false, Some("the cart")), doubt("storage", true, Some("mine"))]));
    let scope = ("scope".to_owned(), Some(3), false, false);
    assert_eq!(story.closed(), std::slice::from_ref(&scope), "a model's word closes no blocker");
    let story = story.answered("where", "In Redis");
    assert_eq!(story.closed(), [scope, ("storage".to_owned(), Some(2), true, false)]);
}

#[test]
fn what_is_open_again_is_not_closed() {
    let story = Story::new()
        .ran("first", doubts(&[doubt("scope", false, None)]))
        .ran("second", doubts(&[doubt("scope", false, Some("the cart"))]))
        .ran("third", doubts(&[doubt("scope", false, None)]));
    assert_eq!(story.closed(), [("scope".to_owned(), Some(2), false, true)]);
    let story =
        story.ran("fourth", doubts(&[doubt("scope", true, None)])).ran("fifth", doubts(&[doubt("scope", false, None)]));
    assert_eq!(story.closed(), [("scope".to_owned(), Some(2), false, true)]);
}
