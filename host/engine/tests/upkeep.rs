//! What keeps the context of a chain sound, whatever its controller names.

mod support;

use certus_engine::*;
use support::{events, intent, outcome, prompt, replied, started};

struct Books;

impl Catalogue for Books {
    fn prompt(&self, name: &str) -> Option<PromptRef> {
        Some(PromptRef { name: name.to_owned(), version: "1".to_owned() })
    }

    fn command(&self, _: &str) -> Option<CommandRef> {
        None
    }
}

struct Story(Vec<Body>);

impl Story {
    fn new() -> Self {
        Self(law::begin(started()))
    }

    fn ran(mut self, name: &str, reply: Reply) -> Self {
        let effect = self.0.iter().filter(|body| matches!(body, Body::Intent { .. })).count() as EffectId + 1;
        let basis = self.0.len() as u64;
        self.0.push(intent(effect, prompt(name), basis));
        self.0.push(outcome(effect, replied(reply)));
        self
    }

    fn ran_some(self, count: usize) -> Self {
        (0..count).fold(self, |story, _| story.ran("p", Reply::default()))
    }

    fn with(mut self, body: Body) -> Self {
        self.0.push(body);
        self
    }

    fn chain(&self) -> Chain {
        Chain::fold(&events(self.0.clone()))
    }

    fn due(&self) -> (Vec<Body>, Vec<String>) {
        let ruling = law::upkeep(&self.chain(), &Books);
        let name = |request: Request| match request {
            Request::Prompt { name, .. } => name,
            other => panic!("no prompt: {other:?}"),
        };
        (ruling.record, ruling.requests.into_iter().map(name).collect())
    }
}

fn health(score: f64) -> Reply {
    Reply { confidence: [("context_health".to_owned(), score)].into(), ..Reply::default() }
}

fn filled(percent: u32) -> Body {
    Body::ContextFilled { effect: 1, percent, left_out: Default::default() }
}

#[test]
fn the_health_is_looked_at_every_ten_prompts() {
    assert_eq!(Story::new().ran_some(9).due().1, [""; 0]);
    assert_eq!(Story::new().ran_some(10).due().1, ["context_health_checker"]);
    let looked = Story::new().ran_some(10).ran("context_health_checker", health(0.9));
    assert_eq!(looked.due(), (Vec::new(), Vec::new()));
    assert_eq!(looked.ran_some(10).due().1, ["context_health_checker"]);
}

#[test]
fn bad_health_begins_anew_once_and_keeps_what_was_said_of_it() {
    let bad = Story::new().ran_some(10).ran("context_health_checker", health(0.5));
    let (record, requests) = bad.due();
    let scored = bad.chain().version();
    assert_eq!(record, [Body::ContextReset { health: 0.5, fresh_from: scored }]);
    assert!(requests.is_empty());
    let reset = bad.with(record.into_iter().next().expect("a reset"));
    assert_eq!(reset.chain().fresh_from(), scored);
    assert_eq!(reset.due(), (Vec::new(), Vec::new()));
    let well = Story::new().ran_some(10).ran("context_health_checker", health(0.6));
    assert!(well.due().0.is_empty());
}

#[test]
fn a_request_that_is_nearly_full_is_condensed_once() {
    assert!(Story::new().ran_some(1).with(filled(79)).due().1.is_empty());
    let full = Story::new().ran_some(1).with(filled(80));
    assert_eq!(full.due().1, ["context_preservation"]);
    let document = Document { kind: "context".to_owned(), body: "Where it stands".to_owned(), ..Document::default() };
    let condensed = full.ran("context_preservation", Reply { artifacts: vec![document], ..Reply::default() });
    assert!(condensed.due().1.is_empty());
    assert_eq!(condensed.chain().fresh_from(), condensed.chain().version());
    // It is as full as before: it is condensed once more, but not at every step.
    let again = condensed.with(filled(90));
    assert!(again.due().1.is_empty());
    assert_eq!(again.ran_some(10).due().1, ["context_preservation"]);
    // Without a document the notes stay, and nothing is asked again and again.
    let vain = Story::new().with(filled(95)).ran("context_preservation", Reply::default());
    assert_eq!((vain.chain().fresh_from(), vain.due().1.len()), (0, 0));
}

fn warned(scope: Scope) -> Body {
    let cap = Cap { tokens: Some(100), usd_micros: None };
    Body::BudgetWarned(Warning { scope, used: Amount { tokens: 85, ..Amount::default() }, cap })
}

#[test]
fn a_warning_costs_nothing_unless_a_person_wants_it_to() {
    let story = || Story::new().ran("p", Reply::default()).with(warned(Scope::Chain));
    assert_eq!(story().due(), (vec![], vec![]));

    let mut wants = started();
    wants.methodology.settings.insert("cost-monitor".to_owned(), 1.0);
    let mut story = Story(law::begin(wants)).ran("p", Reply::default());
    assert_eq!(story.due().1, [""; 0], "nothing is nearly used up");
    story = story.with(warned(Scope::Chain));
    let ruling = law::upkeep(&story.chain(), &Books);
    let [Request::Prompt { name, arguments, .. }] = ruling.requests.as_slice() else { panic!("{ruling:?}") };
    assert_eq!(name, "cost_monitor");
    let spent = &arguments["spent"];
    assert!(spent.contains("the budget of the chain is used up: 85 tokens of 100 tokens (85 %)"), "{spent}");
    assert!(spent.contains("- p: 1 runs, 15 tokens, $0.000030"), "{spent}");
    // Once, however many caps follow; and anew when other caps hold.
    story = story.ran("cost_monitor", Reply::default()).with(warned(Scope::Day));
    assert_eq!(story.due().1, [""; 0]);
    let caps = Caps { chain: Cap { tokens: Some(1_000), usd_micros: None }, ..Caps::default() };
    story = story.with(Body::BudgetSet { caps, own: None }).with(warned(Scope::Chain));
    assert_eq!(story.due().1, ["cost_monitor"]);
    assert!(law::is_dispensable("cost_monitor") && !law::is_dispensable("context_preservation"));
}
