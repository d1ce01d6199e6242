//! Histories for property tests: sensible ones, and nonsense of the right types. Names, ids and numbers come from small
//! pools, so that what is generated refers to itself.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test file uses its part")]

pub mod story;
pub mod tdd;

use std::collections::BTreeMap;

use certus_engine::*;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

/// A methodology of three phases, as it would stand in a manifest.
pub fn methodology() -> Methodology {
    let gate = |areas: &[(&str, f64)], approval: Option<&str>, evidence: &[&str], free: &[&str]| Gate {
        confidence: areas.iter().map(|(area, need)| ((*area).to_owned(), *need)).collect(),
        approval: approval.map(str::to_owned),
        evidence: evidence.iter().map(|check| (*check).to_owned()).collect(),
        free_to: free.iter().map(|phase| (*phase).to_owned()).collect(),
    };
    let phase = |name: &str, follows: &[&str], gate| Phase {
        name: name.to_owned(),
        title: String::new(),
        prompts: Vec::new(),
        may_follow: follows.iter().map(|phase| (*phase).to_owned()).collect(),
        gate,
    };
    Methodology {
        name: "small".to_owned(),
        version: "1".to_owned(),
        start: "ask".to_owned(),
        settings: BTreeMap::new(),
        phases: vec![
            phase("ask", &["decide"], gate(&[("goal", 0.9)], None, &[], &[])),
            phase("decide", &["build"], gate(&[("overall", 0.8)], Some("solution"), &[], &["ask"])),
            phase("build", &[], gate(&[], None, &["test"], &["decide"])),
        ],
    }
}

pub fn started() -> Started {
    Started {
        goal: "Add two-factor login".to_owned(),
        methodology: methodology(),
        controller: PluginRef { name: "certainty".to_owned(), digest: Digest::of("certainty") },
        provider: "offline".to_owned(),
        user: Some("ada".to_owned()),
        git_head: None,
        variant: None,
        rules: None,
    }
}

/// Events of some bodies, from 1.
pub fn events(bodies: impl IntoIterator<Item = Body>) -> Vec<Event> {
    (1..).zip(bodies).map(|(seq, body)| Event { seq, at: 1_000_000 + seq as Millis * 1000, body }).collect()
}

pub fn intent(effect: EffectId, request: Request, basis: u64) -> Body {
    let digest = Digest::of_json(&request);
    Body::Intent { effect, invocation: None, occurrence: 0, request, digest, basis }
}

pub fn outcome(effect: EffectId, outcome: Outcome) -> Body {
    Body::Outcome { effect, outcome, elapsed_ms: 7 }
}

pub fn prompt(name: &str) -> Request {
    Request::Prompt { name: name.to_owned(), version: "1".to_owned(), arguments: BTreeMap::new() }
}

pub fn replied(reply: Reply) -> Outcome {
    let usage = Usage { input_tokens: 10, cached_tokens: 1, output_tokens: 5, usd_micros: 30, ..Usage::default() };
    let by = Attribution { provider: "offline".to_owned(), usage, ..Attribution::default() };
    Outcome::Replied { reply: Box::new(reply), by }
}

pub fn question(id: &str, area: Option<&str>) -> Question {
    Question {
        id: id.to_owned(),
        text: format!("What about {id}?"),
        why: "it matters".to_owned(),
        options: vec!["yes".to_owned(), "no".to_owned()],
        recommended: Some("yes".to_owned()),
        area: area.map(str::to_owned),
    }
}

/// Any number at all.
pub fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => 0.0..=1.0f64,
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.1, 1.1, -0.0, 1e300]),
        1 => any::<f64>(),
    ]
}

/// A name from a small pool, or any text.
pub fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => prop::sample::select(vec!["goal", "auth", "data", "overall", "scope", "ask", "decide", "build"]).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => Just(String::new()),
    ]
}

fn effect_id() -> impl Strategy<Value = EffectId> {
    prop_oneof![12 => 1..12u32, 1 => any::<u32>()]
}

fn digest() -> impl Strategy<Value = Digest> {
    (0..4u8).prop_map(|seed| Digest::of([seed]))
}

pub fn reply() -> impl Strategy<Value = Reply> {
    let uncertainty = || {
        (name(), name(), number(), any::<bool>(), option::of(name())).prop_map(
            |(area, claim, confidence, blocking, resolution)| RepliedUncertainty {
                area,
                claim,
                confidence,
                blocking,
                resolution,
            },
        )
    };
    (
        vec(discovery(), 0..4),
        vec(uncertainty(), 0..4),
        btree_map(name(), number(), 0..4),
        vec((name(), name(), option::of(name())), 0..3),
        vec(decision(), 0..3),
        option::of((name(), number())),
        vec(name(), 0..3),
    )
        .prop_map(|(discovered, uncertainties, confidence, questions, decisions, gap, next)| Reply {
            notes: "notes".to_owned(),
            discovered,
            uncertainties,
            confidence,
            questions: questions
                .into_iter()
                .map(|(id, text, area)| RaisedQuestion {
                    id,
                    text,
                    why: String::new(),
                    options: Vec::new(),
                    recommended: None,
                    area,
                })
                .collect(),
            decisions,
            gap: gap.map(|(description, confidence)| Gap { description, confidence }),
            next: next.into_iter().map(PromptCall::new).collect(),
            artifacts: vec![Document {
                kind: "plan".to_owned(),
                title: String::new(),
                body: "body".to_owned(),
                edits: vec![Edit { path: "a.js".to_owned(), content: Some("x".to_owned()), ..Edit::default() }],
            }],
        })
}

fn discovery() -> impl Strategy<Value = Discovery> {
    let place = (name(), any::<u32>(), name()).prop_map(|(path, line, quote)| Place { path, line, quote });
    (name(), name(), option::of(place), any::<bool>()).prop_map(|(key, value, evidence, cited)| Discovery {
        key,
        value,
        evidence,
        cited,
    })
}

fn decision() -> impl Strategy<Value = Decision> {
    (name(), name()).prop_map(|(key, value)| Decision { key, value, because: String::new() })
}

fn any_question() -> impl Strategy<Value = Question> {
    (name(), name(), option::of(name())).prop_map(|(id, text, area)| Question {
        id,
        text,
        why: String::new(),
        options: Vec::new(),
        recommended: None,
        area,
    })
}

fn proposal() -> impl Strategy<Value = Proposal> {
    (prop::sample::select(vec!["solution", "plan"]), name()).prop_map(|(kind, title)| Proposal {
        kind: kind.to_owned(),
        title,
        body: "body".to_owned(),
    })
}

fn check() -> impl Strategy<Value = Check> {
    prop::sample::select(vec![Check::Test, Check::Lint, Check::Build])
}

fn code() -> impl Strategy<Value = ErrorCode> {
    use ErrorCode::*;
    prop::sample::select(vec![Denied, Limit, Invalid, Unavailable, Cancelled, Diverged, Failed])
}

pub fn request() -> impl Strategy<Value = Request> {
    let plugin = PluginRef { name: "core".to_owned(), digest: Digest::of("core") };
    prop_oneof![
        Just(Request::ReadProject),
        (name(), btree_map(name(), name(), 0..2)).prop_map(|(name, arguments)| Request::Prompt {
            name,
            version: "1".to_owned(),
            arguments
        }),
        (effect_id(), 0..4u32, name()).prop_map(|(of, number, name)| Request::Sample {
            of,
            number,
            name,
            version: "1".to_owned()
        }),
        any_question().prop_map(|question| Request::Ask { question }),
        proposal().prop_map(|proposal| Request::Approve { proposal }),
        (name(), any::<u8>()).prop_map(move |(line, depth)| Request::Command { line, plugin: plugin.clone(), depth }),
        (check(), name()).prop_map(|(check, command)| Request::Check { check, command }),
        draft_id().prop_map(|draft| Request::Plan { draft }),
        (draft_id(), plan()).prop_map(|(draft, plan)| Request::ApproveEdits { draft, plan }),
        (draft_id(), digest()).prop_map(|(draft, plan)| Request::Write { draft, plan }),
        (draft_id(), digest()).prop_map(|(draft, undo)| Request::Undo { draft, undo }),
        name().prop_map(|text| Request::Say { text }),
        (vec(discovery(), 0..3), vec(decision(), 0..3)).prop_map(|(facts, decisions)| Request::Propose {
            facts,
            uncertainties: Vec::new(),
            decisions
        }),
    ]
}

pub fn any_outcome() -> impl Strategy<Value = Outcome> {
    let usage = (any::<[u64; 4]>(), any::<[u64; 2]>()).prop_map(
        |([input_tokens, cached_tokens, output_tokens, usd_micros], [cache_write_tokens, cache_write_1h_tokens])| {
            Usage {
                input_tokens,
                cached_tokens,
                cache_write_tokens,
                cache_write_1h_tokens,
                output_tokens,
                usd_micros,
                unpriced_tokens: 0,
            }
        },
    );
    let by = (name(), name(), usage, option::of(digest()), any::<bool>()).prop_map(
        |(provider, model, usage, raw, from_memo)| Attribution {
            provider,
            model,
            usage,
            estimated: false,
            cut: false,
            claimed: None,
            raw,
            from_memo,
            confidence_from: None,
            possible: Amount { tokens: usage.output_tokens / 2, usd_micros: usage.usd_micros / 3, unpriced_tokens: 0 },
        },
    );
    let verdict =
        prop_oneof![Just(Verdict::Approved), name().prop_map(Verdict::Rejected), name().prop_map(Verdict::MoreInfo)];
    prop_oneof![
        vec(discovery(), 0..3)
            .prop_map(|facts| Outcome::ProjectRead(Discovered { facts, summary: ProjectSummary::default() })),
        (reply(), by).prop_map(|(reply, by)| Outcome::Replied { reply: Box::new(reply), by }),
        (name(), option::of(name())).prop_map(|(text, by)| Outcome::Answered { text, by }),
        (verdict, digest(), option::of(name()), grant()).prop_map(|(verdict, digest, by, grant)| Outcome::Judged {
            verdict,
            digest,
            by,
            grant
        }),
        plan().prop_map(|plan| Outcome::Planned { plan }),
        Just(Outcome::Amended { edits: vec![Edit::default()] }),
        digest().prop_map(|undo| Outcome::Written { undo }),
        (name(), option::of(name())).prop_map(|(summary, then)| Outcome::CommandDone { summary, then }),
        (option::of(any::<i32>()), digest(), name()).prop_map(|(status, tree, tail)| Outcome::Checked {
            status,
            tree,
            after: None,
            changed: Vec::new(),
            tail,
            limit: None
        }),
        Just(Outcome::Done),
        (code(), name()).prop_map(|(code, message)| Outcome::Failed { code, message }),
        (code(), name(), any::<u32>()).prop_map(|(code, message, tokens)| {
            let usage = Usage { input_tokens: u64::from(tokens), ..Usage::default() };
            Outcome::Unusable { code, message, by: Box::new(Attribution { usage, ..Attribution::default() }) }
        }),
    ]
}

fn grant() -> impl Strategy<Value = Option<Grant>> {
    option::of(prop_oneof![Just(Grant::Chain), vec(name(), 0..2).prop_map(Grant::Files)])
}

fn plan() -> impl Strategy<Value = Plan> {
    (digest(), digest(), vec((name(), option::of(digest())), 0..2), vec(name(), 0..2)).prop_map(
        |(digest, stored, files, unchanged)| Plan {
            digest,
            stored,
            files: files
                .into_iter()
                .map(|(path, new)| FileChange { path, old: None, new, added: 1, removed: 0, cut: false, tests: false })
                .collect(),
            unchanged,
        },
    )
}

/// One of the first drafts.
fn draft_id() -> impl Strategy<Value = String> {
    (1..3u32).prop_map(|number| format!("D{number}"))
}

fn amount() -> impl Strategy<Value = Amount> {
    (any::<u64>(), any::<u64>()).prop_map(|(tokens, usd_micros)| Amount { tokens, usd_micros, unpriced_tokens: 0 })
}

fn caps() -> impl Strategy<Value = Caps> {
    let cap = || {
        (option::of(any::<u64>()), option::of(any::<u64>())).prop_map(|(tokens, usd_micros)| Cap { tokens, usd_micros })
    };
    (cap(), cap(), cap(), cap(), cap()).prop_map(|(call, phase, chain, day, plugin)| Caps {
        call,
        phase,
        chain,
        day,
        plugin,
        warn_percent: None,
    })
}

fn leftover() -> impl Strategy<Value = Option<Box<Leftover>>> {
    let billed = option::of(any::<u32>().prop_map(|tokens| Usage { input_tokens: tokens.into(), ..Usage::default() }));
    option::of(
        (name(), billed).prop_map(|(message, billed)| Box::new(Leftover { message, billed, ..Leftover::default() })),
    )
}

/// Any body at all, but no chain within a chain.
fn flat_body() -> impl Strategy<Value = Body> {
    prop_oneof![
        1 => Just(Body::ChainStarted(Box::new(started()))),
        2 => (name(), any::<u32>(), name()).prop_map(|(phase, visit, why)| Body::PhaseEntered { phase, visit, why }),
        1 => (name(), any::<u32>(), any::<bool>(), any::<i64>(), any::<u64>()).prop_map(
            |(phase, visit, success, elapsed_ms, tokens)| Body::PhaseLeft { phase, visit, success, elapsed_ms, tokens, usd_micros: tokens }
        ),
        6 => (effect_id(), option::of(effect_id()), any::<u32>(), request(), digest(), 0..6u64).prop_map(
            |(effect, invocation, occurrence, request, digest, basis)| Body::Intent { effect, invocation, occurrence, request, digest, basis }
        ),
        6 => (effect_id(), any_outcome(), any::<i64>())
            .prop_map(|(effect, outcome, elapsed_ms)| Body::Outcome { effect, outcome, elapsed_ms }),
        1 => (effect_id(), any::<u32>(), any::<bool>(), leftover()).prop_map(
            |(effect, attempt, possibly_billed_twice, leftover)| Body::Reissued { effect, attempt, possibly_billed_twice, leftover }
        ),
        1 => (effect_id(), code(), name(), any::<bool>(), leftover()).prop_map(
            |(effect, code, message, possibly_billed, leftover)| Body::Deferred { effect, code, message, possibly_billed, leftover, enough: None }
        ),
        1 => (code(), name()).prop_map(|(code, message)| Body::Paused { code, message }),
        1 => (effect_id(), amount()).prop_map(|(effect, amount)| Body::Reserved { effect, amount }),
        1 => caps().prop_map(|caps| Body::BudgetSet { caps, own: None }),
        1 => (amount(), caps()).prop_map(|(used, caps)| Body::BudgetWarned(Warning { scope: Scope::Chain, used, cap: caps.chain })),
        1 => (effect_id(), any::<u32>()).prop_map(|(effect, percent)| Body::ContextFilled { effect, percent, left_out: BTreeMap::new() }),
        1 => (0.0..1.0f64, 0..9u64).prop_map(|(health, fresh_from)| Body::ContextReset { health, fresh_from }),
        1 => name().prop_map(|detail| Body::ActionRefused { action: "finish".to_owned(), law: Law::GateNotMet, detail }),
        1 => name().prop_map(|provider| Body::ProviderChosen { provider }),
        1 => any::<u8>().prop_map(|stars| Body::Rated { stars }),
        1 => (name(), name(), option::of(name())).prop_map(|(question, text, by)| Body::Corrected { question, text, by }),
        1 => (any::<bool>(), name()).prop_map(|(success, why)| Body::Ended { success, why }),
    ]
}

/// Any body at all.
pub fn body() -> impl Strategy<Value = Body> {
    let restored = vec(flat_body(), 0..6).prop_map(|bodies| Body::Restored {
        chain: Box::new(Chain::fold(&events(bodies))),
        from: "chain-001-x.json".to_owned(),
    });
    prop_oneof![20 => flat_body(), 1 => restored]
}

/// A history that makes no sense, with times that do not either.
pub fn nonsense() -> impl Strategy<Value = Vec<Event>> {
    vec((body(), prop_oneof![9 => 0..1_000_000i64, 1 => any::<i64>()]), 0..40)
        .prop_map(|bodies| (1..).zip(bodies).map(|(seq, (body, at))| Event { seq, at, body }).collect())
}
