//! What holds for every goal, every project and every answer.

use std::collections::BTreeSet;

use certus_engine::{Fact, Place, View};
use proptest::prelude::*;

use super::fixture::{SHOP, SMALL, answer, ask, learn, view};
use crate::ProviderError;
use crate::offline::PROMPTS;
use crate::offline::citations::uncited_sentences;

fn goal() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "add",
        "fix",
        "refactor",
        "remove",
        "upgrade",
        "make",
        "jwt",
        "token",
        "session",
        "login",
        "order",
        "orders",
        "checkout",
        "total",
        "wrong",
        "search",
        "upload",
        "cache",
        "log",
        "fast",
        "secure",
        "better",
        "everything",
        "and",
        "no",
        "without",
        "users",
        "admin",
        "redis",
        "stripe",
        "postgres",
        "graphql",
        "15",
        "minutes",
        "export",
        "csv",
        "the",
        "routes",
        "test",
        "stateless",
        "in the session",
        "no new dependencies",
        "é",
        "🔥",
        "日本",
    ]);
    prop_oneof![
        4 => prop::collection::vec(word, 0..14).prop_map(|words| words.join(" ")),
        1 => "\\PC{0,200}",
        1 => "[a-z .\\[\\]`{}\n]{0,80}",
    ]
}

fn project() -> impl Strategy<Value = Vec<Fact>> {
    let key = prop::sample::select(vec![
        "auth.session",
        "auth.jwt",
        "route.get",
        "route.post",
        "model.user",
        "model.order",
        "database",
        "dependency.express",
        "entry-point",
        "test.file",
        "script.test",
        "cache.redis",
        "payment",
        "stack",
        "risk.csrf",
        "x",
        "",
    ]);
    let value = prop_oneof![
        Just("GET /orders/:id → show".to_owned()),
        Just("POST /api/login → login".to_owned()),
        Just("Order (user, total)".to_owned()),
        "\\PC{0,60}",
    ];
    let place = prop::option::of(("[a-z./`]{0,20}", 0..90u32, "\\PC{0,60}"));
    let fact = (key, value, place, any::<bool>()).prop_map(|(key, value, place, cited)| Fact {
        id: String::new(),
        key: key.to_owned(),
        value,
        source: place.map(|(path, line, quote)| Place { path, line, quote }),
        cited,
    });
    prop_oneof![
        Just(super::fixture::facts(SHOP)),
        Just(super::fixture::facts(SMALL)),
        prop::collection::vec(fact, 0..12).prop_map(|mut facts| {
            facts.iter_mut().enumerate().for_each(|(index, fact)| fact.id = format!("F{}", index + 1));
            facts
        }),
    ]
}

fn chain() -> impl Strategy<Value = View> {
    (goal(), project()).prop_map(|(goal, facts)| {
        let mut view = view(&goal, &[]);
        view.facts = facts.into();
        view
    })
}

fn said() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("no idea".to_owned()),
        Just("No sessions. No tokens!".to_owned()),
        Just("without redis, without login".to_owned()),
        Just("Add JWT authentication".to_owned()),
        "\\PC{0,80}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_and_everything_is_repeatable(view in chain(), question in "\\PC{0,60}") {
        let mut view = view;
        for (prompt, _) in PROMPTS {
            let arguments = [("specific_question", question.as_str()), ("focus", question.as_str())];
            let once = ask(&view, prompt, &arguments);
            prop_assert_eq!(&once, &ask(&view, prompt, &arguments));
            let Ok(reply) = once else { continue };
            for value in reply.confidence.values() {
                prop_assert!((0.0..=1.0).contains(value));
            }
            for document in &reply.artifacts {
                prop_assert_eq!(uncited_sentences(&document.body, &view), Vec::<String>::new());
            }
            let ids: BTreeSet<&str> = reply.questions.iter().map(|question| question.id.as_str()).collect();
            prop_assert_eq!(ids.len(), reply.questions.len());
            prop_assert!(reply.questions.len() <= 5);
            prop_assert!(ids.iter().all(|id| id.len() <= 40 && *id == certus_engine::slug(id)));
            learn(&mut view, &reply);
        }
    }

    #[test]
    fn answering_never_lowers_a_confidence(view in chain(), answers in prop::collection::vec(said(), 8)) {
        let mut view = view;
        let mut before = None;
        for text in answers {
            for prompt in ["requirement_disambiguator", "requirement_validator"] {
                let reply = ask(&view, prompt, &[]).map_err(|error| TestCaseError::fail(error.to_string()))?;
                if let Some(before) = before.replace(reply.confidence.clone()) {
                    for (area, value) in &before {
                        prop_assert!(reply.confidence[area] + 1e-9 >= *value, "{} fell from {} to {}", area, value, reply.confidence[area]);
                    }
                }
                learn(&mut view, &reply);
            }
            let waiting = view.questions.iter().find(|status| status.answer.is_none()).map(|status| status.question.id.clone());
            let Some(id) = waiting else { break };
            answer(&mut view, &id, &text);
        }
    }

    #[test]
    fn a_round_of_answers_opens_the_first_gate(view in chain()) {
        let mut view = view;
        // A goal that cannot be read is restated first, then asked about; a contradiction may take one more.
        for _ in 0..4 {
            for prompt in ["requirement_disambiguator", "requirement_validator"] {
                match ask(&view, prompt, &[]) {
                    Ok(reply) => learn(&mut view, &reply),
                    Err(error) => {
                        let expected = matches!(error, ProviderError::NeedsModel { .. });
                        prop_assert!(expected, "{}", error);
                    }
                }
            }
            super::fixture::answer_all(&mut view);
        }
        let reply = ask(&view, "requirement_validator", &[]).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!(reply.confidence["requirements"] >= 0.90, "{:?}", reply.confidence);
    }
}

/// Rounds of questions, each answered by `words` or by what is recommended; where that leads.
fn rounds(view: &mut View, words: Option<&str>) -> std::collections::BTreeMap<String, f64> {
    let mut scores = std::collections::BTreeMap::new();
    for _ in 0..5 {
        for prompt in ["requirement_disambiguator", "requirement_validator"] {
            let Ok(reply) = ask(view, prompt, &[]) else { continue };
            scores.clone_from(&reply.confidence);
            learn(view, &reply);
        }
        let waiting: Vec<(String, Option<String>)> = view
            .questions
            .iter()
            .filter(|status| status.answer.is_none())
            .map(|status| (status.question.id.clone(), status.question.recommended.clone()))
            .collect();
        for (id, recommended) in waiting {
            // A goal that cannot be read is said again, whatever else is answered.
            let restated = words.filter(|_| id.starts_with("goal-")).map(|_| "Add login for customers".to_owned());
            if let Some(text) = restated.or_else(|| words.map(str::to_owned)).or(recommended) {
                answer(view, &id, &text);
            }
        }
    }
    scores
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whoever answered everything that was asked, in words of their own, is not left a hair short of a solution.
    #[test]
    fn there_is_a_question_for_every_gap(view in chain()) {
        let mut view = view;
        let scores = rounds(&mut view, Some("In lib/orders.js, as the neighbours do it"));
        prop_assert!(scores["overall"] + 1e-9 >= 0.80, "{:?} {:?} {:?}", view.goal, scores, view.questions);
    }
}

#[test]
fn an_empty_folder_and_a_strange_stack_are_no_dead_ends() {
    let strange: &[super::fixture::Row] = &[
        ("stack", "go by conventions", "", 0, ""),
        ("file", "src/user1.go (2 lines)", "src/user1.go", 1, "package users"),
    ];
    for rows in [&[][..], strange] {
        for goal in
            ["Build a URL shortener", "Add JWT authentication", "Write tests for the user model", "Add a wishlist"]
        {
            let mut view = view(goal, rows);
            let scores = rounds(&mut view, None);
            assert!(scores["overall"] + 1e-9 >= 0.80, "{goal}: {scores:?}");
        }
    }
}

#[test]
fn nonsense_and_recklessness_stay_below_the_gate_until_somebody_says_what_is_meant() {
    for (goal, id, words) in [
        ("asdf qwer zxcv", "goal-restated", "Add a wishlist for customers"),
        ("lorem ipsum dolor sit amet", "goal-restated", "Export orders as CSV for administrators"),
        (
            "Delete the database",
            "destruction-meant",
            "Only the collection of expired sessions; the nightly dump brings it back",
        ),
        ("Rewrite everything in Rust and delete the database", "destruction-meant", "Only the seed data of the tests"),
        ("Rewrite the whole shop application from scratch", "smallest-part", "The order routes, in routes/orders.js"),
        ("Fix everything", "smallest-part", "The checkout total"),
    ] {
        for rows in [SHOP, &[]] {
            let mut view = view(goal, rows);
            let scores = rounds(&mut view, None);
            assert!(scores["requirements"] < 0.90 && scores["overall"] < 0.80, "{goal}: {scores:?}");
            let status = view.questions.iter().find(|status| status.question.id == id).expect("it is asked");
            assert!(status.answer.is_none() && status.question.recommended.is_none(), "{goal}");
            let known =
                view.uncertainties.iter().find(|known| known.area == id.replace('-', "_")).expect("it is named");
            assert!(known.blocking && known.claim.contains("[rule: "), "{known:?}");
            // Leaving it to us is no answer.
            answer(&mut view, id, "you decide");
            assert!(rounds(&mut view, None)["requirements"] < 0.90, "{goal}");
            answer(&mut view, id, words);
            let rest: Vec<String> = view
                .questions
                .iter()
                .filter(|status| status.answer.is_none())
                .map(|status| status.question.id.clone())
                .collect();
            rest.iter().for_each(|id| answer(&mut view, id, words));
            let scores = rounds(&mut view, None);
            assert!(scores["requirements"] >= 0.90, "{goal}: {scores:?}");
        }
    }
}

#[test]
fn an_answer_to_what_another_one_settled_lowers_nothing() {
    let mut view = view("users login", &[]);
    let mut before = 0.0;
    for text in ["Add JWT authentication", "no idea", "without redis, without login", "no idea", "no idea"] {
        let reply = ask(&view, "requirement_disambiguator", &[]).expect("rules can do this");
        assert!(reply.confidence["overall"] + 1e-9 >= before, "{:?} after {before}", reply.confidence);
        before = reply.confidence["overall"];
        learn(&mut view, &reply);
        let id = view.questions.iter().find(|status| status.answer.is_none()).map(|status| status.question.id.clone());
        let Some(id) = id else { break };
        answer(&mut view, &id, text);
    }
}

#[test]
fn a_goal_of_ten_kilobytes_is_read_quickly_enough() {
    let goal = "Add orders and users and tokens to every route. ".repeat(400);
    let view = view(&goal, SHOP);
    for (prompt, _) in PROMPTS {
        let _ = ask(&view, prompt, &[("specific_question", &goal)]);
    }
}
