//! Chains for measurements: as large as those that the default flow makes, and the same every time.

use std::collections::BTreeMap;

use certus_engine::{
    Attribution, Body, Digest, Discovery, EffectId, Gate, Methodology, Millis, Outcome, Phase, Place, PluginRef,
    RepliedUncertainty, Reply, Request, Started, Usage, law,
};

/// When everything happens.
pub(crate) const NOW: Millis = 1_700_000_000_000;

/// The first events of a chain, up to the intent of its first effect.
pub(crate) fn begin(number: usize) -> Vec<Body> {
    let subjects = ["JWT authentication", "rate limiting", "order export", "password reset", "full-text search"];
    let goal = format!("Add {} to part {number} of the shop", subjects[number % subjects.len()]);
    let mut bodies = law::begin(Started {
        goal,
        methodology: methodology(),
        controller: PluginRef { name: "certainty".to_owned(), digest: Digest::of("certainty") },
        provider: "offline".to_owned(),
        user: Some("someone".to_owned()),
        git_head: Some("0123456789abcdef0123456789abcdef01234567".to_owned()),
        variant: None,
        rules: None,
    });
    bodies.push(intent(1));
    bodies
}

/// One step: the outcome of an effect and the intent of the next, which share a transaction.
pub(crate) fn step(effect: EffectId) -> Vec<Body> {
    vec![outcome(effect), intent(effect + 1)]
}

fn intent(effect: EffectId) -> Body {
    let names = ["requirement_analyzer", "codebase_mapper", "risk_finder", "dependency_analyzer"];
    let request = Request::Prompt {
        name: names[effect as usize % names.len()].to_owned(),
        version: "1.0.0".to_owned(),
        arguments: BTreeMap::from([("focus".to_owned(), format!("area {effect}"))]),
    };
    // What was asked differs each time, or the answer would come from the chain's memo.
    let digest = Digest::of(effect.to_le_bytes());
    Body::Intent { effect, invocation: None, occurrence: 0, request, digest, basis: u64::from(effect) * 2 }
}

fn outcome(effect: EffectId) -> Body {
    let discovered = |index: u32| Discovery {
        key: format!("route.post.{effect}.{index}"),
        value: "POST /api/orders is handled by orders.create and needs a session".to_owned(),
        evidence: Some(Place {
            path: "src/routes/orders.js".to_owned(),
            line: effect * 10 + index,
            quote: "router.post('/', requireSession, validate(orderSchema), orders.create);".to_owned(),
        }),
        cited: true,
    };
    let reply = Reply {
        notes: "The orders are guarded by a session that lives in Mongo; nothing else reads the cookie.\n".repeat(4),
        discovered: (0..2).map(discovered).collect(),
        uncertainties: vec![RepliedUncertainty {
            area: format!("area_{}", effect % 8),
            claim: "whether the sessions that are open now must survive the change".to_owned(),
            confidence: 0.55,
            blocking: false,
            resolution: None,
        }],
        confidence: BTreeMap::from([("requirements".to_owned(), 0.8), ("overall".to_owned(), 0.7)]),
        ..Reply::default()
    };
    let by = Attribution {
        provider: "offline".to_owned(),
        model: "rules".to_owned(),
        usage: Usage { input_tokens: 1200, cached_tokens: 800, output_tokens: 300, ..Usage::default() },
        ..Attribution::default()
    };
    Body::Outcome { effect, outcome: Outcome::Replied { reply: Box::new(reply), by }, elapsed_ms: 12 }
}

fn methodology() -> Methodology {
    let names = [
        "requirements-clarification",
        "context-building",
        "uncertainty-analysis",
        "solution-approval",
        "implementation",
        "deployment-readiness",
    ];
    let phase = |index: usize| Phase {
        name: names[index].to_owned(),
        title: String::new(),
        prompts: Vec::new(),
        may_follow: names.get(index + 1).map(|next| (*next).to_owned()).into_iter().collect(),
        gate: Gate { confidence: BTreeMap::from([("overall".to_owned(), 0.8)]), ..Gate::default() },
    };
    Methodology {
        name: "certainty".to_owned(),
        version: "0.1.0".to_owned(),
        start: names[0].to_owned(),
        settings: (0..16).map(|index| (format!("setting-{index}"), 0.5)).collect(),
        phases: (0..names.len()).map(phase).collect(),
    }
}
