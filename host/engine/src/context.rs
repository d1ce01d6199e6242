//! The context file of a chain: a projection for people and tools, in the shape that the first versions of this idea
//! used, with the whole chain under `certus` so that a lost database can be rebuilt from it.

use serde_json::{Map, Value, json};

use crate::{Chain, ChainId, Fact, Millis, QuestionState, Request, Verdict};

/// Lower-case words joined by `-`, at most 40 bytes: for file names, ids and branch-like labels. Never empty.
pub fn slug(text: &str) -> String {
    let mut slug = String::new();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let word = word.to_lowercase();
        let dash = usize::from(!slug.is_empty());
        if slug.len() + dash + word.len() > 40 {
            if slug.is_empty() {
                slug = word.chars().take(10).collect();
            }
            break;
        }
        if dash == 1 {
            slug.push('-');
        }
        slug.push_str(&word);
    }
    if slug.is_empty() { "chain".to_owned() } else { slug }
}

/// The context as JSON. `when` writes a time for people.
pub fn context(id: ChainId, chain: &Chain, when: impl Fn(Millis) -> String) -> Value {
    json!({
        "chain_id": id.to_string(),
        "goal": chain.goal(),
        "started": when(chain.started_at()),
        "current_phase": chain.phase(),
        "phase_history": phase_history(chain, &when),
        "discovered": discovered(chain),
        "uncertainties": chain.uncertainties().iter().map(|uncertainty| json!({
            "area": uncertainty.area,
            "claim": uncertainty.claim,
            "confidence": uncertainty.confidence,
            "resolved": !uncertainty.is_open(),
            "resolution": uncertainty.resolution,
            "blocking": uncertainty.blocking,
            "band": uncertainty.band(),
        })).collect::<Vec<_>>(),
        "confidence_scores": scores(chain),
        "decisions": decisions(chain),
        "generated_prompts": [],
        "approval_history": chain.proposals().iter().filter_map(|status| {
            let said = match (&status.verdict, &status.withdrawn) {
                (Some(Verdict::Rejected(why)), _) => format!("rejected: {why}"),
                (_, Some(why)) => format!("withdrawn: {why}"),
                (Some(Verdict::Approved), None) => "approved".to_owned(),
                (Some(Verdict::MoreInfo(what)), None) => format!("more-info: {what}"),
                (None, None) => return None,
            };
            Some(json!({
                "phase": status.phase,
                "presented": status.proposal.title,
                "digest": status.digest,
                "user_response": said,
                "by": status.by,
            }))
        }).collect::<Vec<_>>(),
        "session_memory": {
            "files_modified": [],
            "tests_written": [],
            "mistakes_corrected": [],
            "patterns_identified": [],
        },
        "cost_tracking": {
            "tokens_used": chain.usage().tokens(),
            "estimated_cost": dollars(chain.usage().usd_micros),
            "by_phase": by_phase(chain),
        },
        "certus": { "format": 1, "chain": chain },
    })
}

fn dollars(micros: u64) -> f64 {
    micros as f64 / 1_000_000.0
}

fn phase_history(chain: &Chain, when: &impl Fn(Millis) -> String) -> Vec<Value> {
    let visits = chain.visits().iter();
    visits
        .map(|visit| {
            let here = |phase: &str, number: u32| phase == visit.phase && number == visit.visit;
            let prompts: Vec<_> =
                chain.runs().iter().filter(|run| here(&run.phase, run.visit)).map(|run| run.name.as_str()).collect();
            let clarifications: Vec<_> = chain
                .effects()
                .filter(|(_, effect)| here(&effect.phase, effect.visit))
                .filter_map(|(_, effect)| match &effect.request {
                    Request::Ask { question } => Some(question.text.as_str()),
                    _ => None,
                })
                .collect();
            json!({
                "phase": visit.phase,
                "iteration": visit.visit,
                "entered": when(visit.entered_at),
                "why": visit.why,
                "duration_seconds": visit.left_at.map(|left| left.saturating_sub(visit.entered_at) / 1000),
                "success": visit.success,
                "prompts_executed": prompts,
                "clarifications": clarifications,
            })
        })
        .collect()
}

fn discovered(chain: &Chain) -> Value {
    let mut found = Map::new();
    for fact in chain.facts() {
        let said = said(fact);
        match found.entry(fact.key.clone()).or_insert_with(|| Value::Array(Vec::new())) {
            Value::Array(list) => list.push(Value::String(said)),
            _ => unreachable!("only lists are inserted above"),
        }
    }
    let resolved: Vec<_> = chain
        .questions()
        .iter()
        .filter(|status| status.state == QuestionState::Answered)
        .map(|status| format!("{}: {}", status.question.text, status.answer.as_deref().unwrap_or_default()))
        .collect();
    found.insert("ambiguities_resolved".to_owned(), json!(resolved));
    Value::Object(found)
}

fn said(fact: &Fact) -> String {
    match &fact.source {
        Some(place) => format!("{} ({}:{})", fact.value, place.path, place.line),
        None => fact.value.clone(),
    }
}

fn scores(chain: &Chain) -> Value {
    let mut scores = Map::new();
    scores.insert("overall".to_owned(), json!(chain.confidence("overall")));
    for (area, score) in chain.scores() {
        if area != "overall" {
            scores.insert(area.clone(), json!(score));
        }
    }
    Value::Object(scores)
}

fn decisions(chain: &Chain) -> Value {
    Value::Object(chain.decisions().iter().map(|decision| (decision.key.clone(), json!(decision.value))).collect())
}

fn by_phase(chain: &Chain) -> Value {
    let mut costs: std::collections::BTreeMap<&str, u64> = std::collections::BTreeMap::new();
    for visit in chain.visits() {
        let cost = costs.entry(&visit.phase).or_default();
        *cost = cost.saturating_add(visit.usage.usd_micros);
    }
    Value::Object(costs.into_iter().map(|(phase, micros)| (phase.to_owned(), json!(dollars(micros)))).collect())
}
