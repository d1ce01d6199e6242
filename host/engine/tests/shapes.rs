//! What is written to disk: every event comes back, and what a later version adds is passed over.

mod support;

use certus_engine::*;
use proptest::prelude::*;
use support::*;

proptest! {
    #[test]
    fn every_event_comes_back(body in body(), at in any::<i64>(), seq in 1..u64::MAX) {
        let event = Event { seq, at, body };
        let text = serde_json::to_string(&event).expect("an event serialises");
        let back: Event = serde_json::from_str(&text).expect("an event comes back");
        prop_assert_eq!(back.body.kind(), event.body.kind());
        // Compared as text: a number that is none equals nothing, not even itself.
        prop_assert_eq!(serde_json::to_string(&back).expect("again"), text);
    }

    #[test]
    fn the_kind_is_what_is_written(body in body()) {
        let value = serde_json::to_value(&body).expect("a body serialises");
        prop_assert_eq!(value["type"].as_str(), Some(body.kind()));
    }

    #[test]
    fn what_a_later_version_adds_is_passed_over(body in body()) {
        let mut value = serde_json::to_value(&body).expect("a body serialises");
        let plain: Body = serde_json::from_value(value.clone()).expect("it comes back");
        value.as_object_mut().expect("an object").insert("added-later".to_owned(), serde_json::json!({ "x": [1, null] }));
        let added: Body = serde_json::from_value(value).expect("the addition is passed over");
        prop_assert_eq!(format!("{plain:?}"), format!("{added:?}"));
    }

    #[test]
    fn a_slug_is_a_name_for_a_file(text in any::<String>()) {
        let slug = slug(&text);
        prop_assert!(!slug.is_empty() && slug.len() <= 40, "{slug:?}");
        prop_assert!(!slug.starts_with('-') && !slug.ends_with('-') && !slug.contains("--"), "{slug:?}");
        prop_assert!(!slug.chars().any(|c| c.is_control() || c.is_whitespace() || "/\\.:*?\"<>|".contains(c)), "{slug:?}");
    }

    #[test]
    fn a_slug_of_a_slug_is_itself(text in "[a-z0-9 _/-]{0,80}") {
        let once = slug(&text);
        prop_assert_eq!(slug(&once), once);
    }
}

#[test]
fn slugs_as_people_see_them() {
    assert_eq!(slug("Add two-factor authentication!"), "add-two-factor-authentication");
    assert_eq!(slug("  --Fix it-- "), "fix-it");
    assert_eq!(slug("Ümläute größer"), "ümläute-größer");
    assert_eq!(slug("移行する"), "移行する");
    assert_eq!(slug("???"), "chain");
    assert_eq!(slug(&"x".repeat(100)), "x".repeat(10));
    assert_eq!(slug("migrate the sessions of every user to tokens"), "migrate-the-sessions-of-every-user-to");
}

#[test]
fn bands_at_their_bounds() {
    let band = |confidence| {
        let known = Uncertainty {
            area: String::new(),
            claim: String::new(),
            confidence,
            blocking: false,
            resolution: None,
            claimed: None,
        };
        known.band()
    };
    assert_eq!(band(0.0), Band::Ask);
    assert_eq!(band(0.399), Band::Ask);
    assert_eq!(band(0.40), Band::Assume);
    assert_eq!(band(1.0 - 0.6), Band::Assume);
    assert_eq!(band(0.60), Band::Assume);
    assert_eq!(band(1.0 - 0.4), Band::Assume);
    assert_eq!(band(0.601), Band::GoOn);
    assert_eq!(band(1.0), Band::GoOn);
}

#[test]
fn chain_numbers_as_people_write_them() {
    assert_eq!(ChainId(47).to_string(), "047");
    assert_eq!("047".parse(), Ok(ChainId(47)));
    assert_eq!("47".parse(), Ok(ChainId(47)));
    assert_eq!("1047".parse::<ChainId>().map(|id| id.to_string()), Ok("1047".to_owned()));
    for wrong in ["0", "", "-1", "4294967296", "auth", "4 7"] {
        assert_eq!(wrong.parse::<ChainId>(), Err(ParseChainIdError), "{wrong}");
    }
}

/// A chain with one of everything that a context shows.
fn shown() -> Chain {
    let place = Place { path: "src/app.js".to_owned(), line: 12, quote: "app.use(session(…))".to_owned() };
    let found = Discovery {
        key: "auth.session".to_owned(),
        value: "express-session".to_owned(),
        evidence: Some(place),
        cited: true,
    };
    let uncertain = RepliedUncertainty {
        area: "auth_method".to_owned(),
        claim: "which second factor".to_owned(),
        confidence: 0.3,
        blocking: true,
        resolution: None,
    };
    let reply = Reply {
        discovered: vec![found],
        uncertainties: vec![uncertain],
        confidence: [("auth_method".to_owned(), 0.5), ("goal".to_owned(), 0.95)].into(),
        decisions: vec![Decision { key: "factor".to_owned(), value: "TOTP".to_owned(), because: "offline".to_owned() }],
        ..Reply::default()
    };
    let proposal = Proposal { kind: "solution".to_owned(), title: "TOTP".to_owned(), body: "…".to_owned() };
    let verdict = Verdict::Rejected("backup codes?".to_owned());
    let mut bodies = law::begin(started());
    bodies.extend([
        intent(1, prompt("auth_context"), 2),
        outcome(1, replied(reply)),
        intent(2, Request::Ask { question: question("factor", Some("auth_method")) }, 4),
        outcome(2, Outcome::Answered { text: "TOTP".to_owned(), by: Some("ada".to_owned()) }),
        intent(3, Request::Approve { proposal: proposal.clone() }, 6),
        outcome(3, Outcome::Judged { verdict, digest: proposal.digest(), by: Some("ada".to_owned()), grant: None }),
    ]);
    Chain::fold(&events(bodies))
}

#[test]
fn the_context_has_the_shape_that_tools_know() {
    let mut value = context(ChainId(47), &shown(), |at| format!("t{at}"));
    assert_eq!(value["certus"]["format"], 1);
    let whole: Chain = serde_json::from_value(value["certus"]["chain"].take()).expect("the chain comes back");
    assert_eq!(whole, shown());
    insta::assert_snapshot!(serde_json::to_string_pretty(&value).expect("it prints"), @r###"
    {
      "approval_history": [
        {
          "by": "ada",
          "digest": "2ce6d00a7e23fe0d214858b6b61ede9965e834b917dd3a60345f44eadd84b820",
          "phase": "ask",
          "presented": "TOTP",
          "user_response": "rejected: backup codes?"
        }
      ],
      "certus": {
        "chain": null,
        "format": 1
      },
      "chain_id": "047",
      "confidence_scores": {
        "auth_method": 0.5,
        "goal": 0.95,
        "overall": 0.725
      },
      "cost_tracking": {
        "by_phase": {
          "ask": 0.00003
        },
        "estimated_cost": 0.00003,
        "tokens_used": 15
      },
      "current_phase": "ask",
      "decisions": {
        "factor": "TOTP"
      },
      "discovered": {
        "ambiguities_resolved": [
          "What about factor?: TOTP"
        ],
        "auth.session": [
          "express-session (src/app.js:12)"
        ]
      },
      "generated_prompts": [],
      "goal": "Add two-factor login",
      "phase_history": [
        {
          "clarifications": [
            "What about factor?"
          ],
          "duration_seconds": null,
          "entered": "t1002000",
          "iteration": 1,
          "phase": "ask",
          "prompts_executed": [
            "auth_context"
          ],
          "success": null,
          "why": "a new chain"
        }
      ],
      "session_memory": {
        "files_modified": [],
        "mistakes_corrected": [],
        "patterns_identified": [],
        "tests_written": []
      },
      "started": "t1001000",
      "uncertainties": [
        {
          "area": "auth_method",
          "band": "ask",
          "blocking": true,
          "claim": "which second factor",
          "confidence": 0.3,
          "resolution": "TOTP",
          "resolved": true
        }
      ]
    }
    "###);
}
