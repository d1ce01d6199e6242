//! From JSON to a reply, part by part, each in every shape that people and models give it.

use std::collections::BTreeMap;

use certus_engine::{Decision, Discovery, Gap, Place, PromptCall, RaisedQuestion, RepliedUncertainty, Reply};
use serde_json::{Map, Value};

use super::Repairs;
use super::documents::{CHANGED, documents};
use super::values::{area_of, confidence, get, key_of, plain_key, said, text};

/// Entries that each part may have: several times what an answer of the usual length has room for. With more, the whole reply
/// is refused: the first entries alone would look like all that was decided or asked.
const DISCOVERED: usize = 1_024;
const UNCERTAINTIES: usize = 256;
const QUESTIONS: usize = 128;
const DECISIONS: usize = 256;
const NEXT: usize = 128;
const AREAS: usize = 256;
const OPTIONS: usize = 64;
const ARGUMENTS: usize = 64;

/// What a confidence is taken for when an uncertainty does not say: in the middle, neither a reason to ask nor to go on.
const UNSAID: f64 = 0.5;

pub(super) type Object = Map<String, Value>;

const NOTES: &[&str] = &["notes", "note", "summary"];
const FOUND: &[&str] = &["discovered", "discoveries", "findings", "facts"];
const UNCERTAIN: &[&str] = &["uncertainties"];
const SCORES: &[&str] = &["confidence", "confidences", "confidence_scores"];
const ASKED: &[&str] = &["questions", "clarifying_questions"];
const DECIDED: &[&str] = &["decisions"];
const GAP: &[&str] = &["gap"];
const FOLLOWING: &[&str] = &["next", "next_prompts", "next_steps"];
const WHOLE: &[&str] = &["artifacts", "artifact", "documents"];

/// Whether a key names a part of the envelope.
pub(super) fn is_part(key: &str) -> bool {
    let key = plain_key(key);
    let parts = [NOTES, FOUND, UNCERTAIN, SCORES, ASKED, DECIDED, GAP, FOLLOWING, WHOLE, CHANGED];
    parts.iter().any(|names| names.contains(&key.as_str()))
}

pub(super) fn reply(object: &Object, repairs: &mut Repairs) -> Reply {
    Reply {
        notes: get(object, NOTES).map(|value| said(value, "notes", repairs)).unwrap_or_default(),
        discovered: get(object, FOUND).map(|value| discovered(value, repairs)).unwrap_or_default(),
        uncertainties: get(object, UNCERTAIN).map(|value| uncertainties(value, repairs)).unwrap_or_default(),
        confidence: get(object, SCORES).map(|value| scores(value, repairs)).unwrap_or_default(),
        questions: get(object, ASKED).map(|value| questions(value, repairs)).unwrap_or_default(),
        decisions: get(object, DECIDED).map(|value| decisions(value, repairs)).unwrap_or_default(),
        gap: get(object, GAP).and_then(|value| gap(value, repairs)),
        next: get(object, FOLLOWING).map(|value| next(value, repairs)).unwrap_or_default(),
        artifacts: documents(get(object, WHOLE), get(object, CHANGED), repairs),
    }
}

/// The entries of a part: a list, the pairs of a map, or one thing alone.
pub(super) enum Entry<'a> {
    Item(&'a Value),
    Pair(&'a str, &'a Value),
}

/// `single` are keys that show an object to be one entry, not a map of them.
pub(super) fn entries<'a>(value: &'a Value, single: &[&str], what: &str, repairs: &mut Repairs) -> Vec<Entry<'a>> {
    match value {
        Value::Array(items) => items.iter().filter(|item| !item.is_null()).map(Entry::Item).collect(),
        Value::Object(object) if single.iter().any(|key| get(object, &[key]).is_some()) => {
            repairs.note(format!("{what} was one thing instead of a list"));
            vec![Entry::Item(value)]
        }
        Value::Object(object) => {
            if !object.is_empty() {
                repairs.note(format!("{what} was a map instead of a list"));
            }
            object.iter().map(|(key, value)| Entry::Pair(key, value)).collect()
        }
        other => {
            repairs.note(format!("{what} was one thing instead of a list"));
            vec![Entry::Item(other)]
        }
    }
}

pub(super) fn bounded<T>(mut items: Vec<T>, most: usize, what: &str, repairs: &mut Repairs) -> Vec<T> {
    if items.len() > most {
        repairs.exceed(format!("{what} has {} entries, and at most {most} are taken", items.len()));
        items.truncate(most);
    }
    items
}

/// A string of an object, empty when it is not there.
pub(super) fn field(object: &Object, keys: &[&str], what: &str, repairs: &mut Repairs) -> String {
    get(object, keys).map(|value| said(value, what, repairs)).unwrap_or_default()
}

fn optional(object: &Object, keys: &[&str], what: &str, repairs: &mut Repairs) -> Option<String> {
    get(object, keys).map(|value| said(value, what, repairs)).filter(|said| !said.is_empty())
}

fn discovered(value: &Value, repairs: &mut Repairs) -> Vec<Discovery> {
    let what = "discovered";
    let mut found = Vec::new();
    for entry in entries(value, &["value"], what, repairs) {
        match entry {
            Entry::Pair(key, Value::Array(values)) => {
                found.extend(values.iter().map(|value| discovery(key, value, repairs)));
            }
            Entry::Pair(key, value) => found.push(discovery(key, value, repairs)),
            Entry::Item(Value::Object(object)) => {
                let key = field(object, &["key", "name"], what, repairs);
                found.push(discovery(&key, &Value::Object(object.clone()), repairs));
            }
            Entry::Item(other) => {
                repairs.note("something discovered had no key".to_owned());
                found.push(discovery("note", other, repairs));
            }
        }
    }
    found.retain(|discovery| !discovery.key.is_empty() && !discovery.value.is_empty());
    bounded(found, DISCOVERED, what, repairs)
}

fn discovery(key: &str, value: &Value, repairs: &mut Repairs) -> Discovery {
    let what = "discovered";
    let key = text(key, what, repairs);
    let Value::Object(object) = value else {
        return Discovery { key, value: said(value, what, repairs), evidence: None, cited: false };
    };
    let evidence = match get(object, &["evidence", "source"]) {
        Some(value) => place(value, repairs),
        None if get(object, &["path", "file"]).is_some() => place(value, repairs),
        None => None,
    };
    let written = get(object, &["value", "finding", "description"]);
    let value = written.map(|value| said(value, what, repairs)).unwrap_or_default();
    Discovery { key, value, evidence, cited: false }
}

/// `{path, line, quote}`, `{file, lines: "12-14"}`, `src/a.js:12`, or a list of such, of which the first counts.
fn place(value: &Value, repairs: &mut Repairs) -> Option<Place> {
    let what = "evidence";
    match value {
        Value::Array(places) => {
            repairs.note("of several places only the first was kept".to_owned());
            places.first().and_then(|first| place(first, repairs))
        }
        Value::String(written) => {
            repairs.note("evidence was written as `path:line`".to_owned());
            let (path, line) = written.trim().rsplit_once(':')?;
            let line = first_number(line)?;
            Some(Place { path: text(path.trim(), what, repairs), line, quote: String::new() })
        }
        Value::Object(object) => {
            let path = field(object, &["path", "file"], what, repairs);
            let line = get(object, &["line", "lines", "line_number"]).and_then(line_of);
            let quote = field(object, &["quote", "code", "snippet", "text"], what, repairs);
            if path.is_empty() {
                repairs.note("evidence without a path was left out".to_owned());
                return None;
            }
            if line.is_none() {
                repairs.note("evidence without a line was taken for line 1".to_owned());
            }
            Some(Place { path, line: line.unwrap_or(1), quote })
        }
        _ => None,
    }
}

fn line_of(value: &Value) -> Option<u32> {
    match value {
        Value::Number(number) => number.as_u64().and_then(|line| u32::try_from(line).ok()).filter(|line| *line > 0),
        Value::String(written) => first_number(written),
        Value::Array(lines) => lines.first().and_then(line_of),
        _ => None,
    }
}

fn first_number(written: &str) -> Option<u32> {
    let digits = written.trim().trim_start_matches(['L', 'l']);
    let length = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..length].parse().ok().filter(|line| *line > 0)
}

fn uncertainties(value: &Value, repairs: &mut Repairs) -> Vec<RepliedUncertainty> {
    let what = "uncertainties";
    let mut found = Vec::new();
    for entry in entries(value, &["claim", "area"], what, repairs) {
        let (area, value) = match entry {
            Entry::Pair(area, value) => (Some(text(area, what, repairs)), value),
            Entry::Item(value) => (None, value),
        };
        let uncertainty = match value {
            Value::Object(object) => uncertainty(area, object, repairs),
            Value::Number(_) if area.is_some() => RepliedUncertainty {
                area: area.unwrap_or_default(),
                claim: String::new(),
                confidence: confidence(value, what, repairs).unwrap_or(UNSAID),
                blocking: false,
                resolution: None,
            },
            other => {
                repairs.note("an uncertainty was a sentence only; its confidence was taken for 0.5".to_owned());
                let claim = said(other, what, repairs);
                RepliedUncertainty {
                    area: area.unwrap_or_else(|| area_of(&claim)),
                    claim,
                    confidence: UNSAID,
                    blocking: false,
                    resolution: None,
                }
            }
        };
        found.push(uncertainty);
    }
    found.retain(|uncertainty| !uncertainty.area.is_empty());
    bounded(found, UNCERTAINTIES, what, repairs)
}

fn uncertainty(area: Option<String>, object: &Object, repairs: &mut Repairs) -> RepliedUncertainty {
    let what = "uncertainties";
    let claim = field(object, &["claim", "description", "question", "text"], what, repairs);
    let area =
        area.or_else(|| optional(object, &["area", "name", "id"], what, repairs)).unwrap_or_else(|| area_of(&claim));
    let sure = get(object, &["confidence", "score"]).and_then(|value| confidence(value, &area, repairs));
    if sure.is_none() {
        repairs.note(format!("the uncertainty {area} says no confidence; it was taken for 0.5"));
    }
    let blocking = match get(object, &["blocking", "blocks"]) {
        Some(Value::Bool(blocking)) => *blocking,
        Some(Value::String(word)) => matches!(word.trim().to_lowercase().as_str(), "true" | "yes"),
        _ => false,
    };
    RepliedUncertainty {
        area,
        claim,
        confidence: sure.unwrap_or(UNSAID),
        blocking,
        resolution: optional(object, &["resolution"], what, repairs),
    }
}

fn scores(value: &Value, repairs: &mut Repairs) -> BTreeMap<String, f64> {
    let what = "confidence";
    let mut scores = BTreeMap::new();
    if matches!(value, Value::Number(_) | Value::String(_)) {
        repairs.note("one confidence for all was taken for `overall`".to_owned());
        scores.extend(confidence(value, "overall", repairs).map(|score| ("overall".to_owned(), score)));
        return scores;
    }
    let pairs: Vec<(String, &Value)> = match value {
        // A map is a form of its own here, not a slip.
        Value::Object(map) => map.iter().map(|(area, value)| (text(area, what, repairs), value)).collect(),
        Value::Array(items) => items
            .iter()
            .filter_map(Value::as_object)
            .filter_map(|object| {
                let area = optional(object, &["area", "name"], what, repairs)?;
                Some((area, get(object, &["confidence", "score", "value"])?))
            })
            .collect(),
        _ => Vec::new(),
    };
    for (area, value) in bounded(pairs, AREAS, what, repairs) {
        if !area.is_empty()
            && let Some(score) = confidence(value, &area, repairs)
        {
            scores.insert(area, score);
        }
    }
    scores
}

fn questions(value: &Value, repairs: &mut Repairs) -> Vec<RaisedQuestion> {
    let what = "questions";
    let mut found = Vec::new();
    for entry in entries(value, &["text", "question"], what, repairs) {
        let (id, value) = match entry {
            Entry::Pair(id, value) => (Some(text(id, what, repairs)), value),
            Entry::Item(value) => (None, value),
        };
        let question = match value {
            Value::Object(object) => RaisedQuestion {
                id: id.unwrap_or_else(|| field(object, &["id"], what, repairs)),
                text: field(object, &["text", "question"], what, repairs),
                why: field(object, &["why", "why_it_matters", "reason", "rationale"], what, repairs),
                options: get(object, &["options", "choices"]).map(|value| options(value, repairs)).unwrap_or_default(),
                recommended: optional(object, &["recommended", "recommendation", "default"], what, repairs),
                area: optional(object, &["area"], what, repairs),
            },
            other => {
                repairs.note("a question was a sentence only".to_owned());
                RaisedQuestion {
                    id: id.unwrap_or_default(),
                    text: said(other, what, repairs),
                    why: String::new(),
                    options: Vec::new(),
                    recommended: None,
                    area: None,
                }
            }
        };
        found.push(question);
    }
    found.retain(|question| !question.text.trim().is_empty());
    bounded(found, QUESTIONS, what, repairs)
}

fn options(value: &Value, repairs: &mut Repairs) -> Vec<String> {
    let what = "options";
    let mut options: Vec<String> = entries(value, &["label"], what, repairs)
        .into_iter()
        .map(|entry| match entry {
            Entry::Item(Value::Object(object)) => {
                field(object, &["label", "text", "option", "value", "name"], what, repairs)
            }
            Entry::Item(value) => said(value, what, repairs),
            Entry::Pair(key, value) => format!("{}: {}", text(key, what, repairs), said(value, what, repairs)),
        })
        .collect();
    options.retain(|option| !option.trim().is_empty());
    bounded(options, OPTIONS, what, repairs)
}

fn decisions(value: &Value, repairs: &mut Repairs) -> Vec<Decision> {
    let what = "decisions";
    let mut found = Vec::new();
    for entry in entries(value, &["value", "decision"], what, repairs) {
        let (key, value) = match entry {
            Entry::Pair(key, value) => (Some(text(key, what, repairs)), value),
            Entry::Item(value) => (None, value),
        };
        let decision = match value {
            Value::Object(object) => {
                let value = field(object, &["value", "decision", "choice"], what, repairs);
                let key = key.or_else(|| optional(object, &["key", "area", "name"], what, repairs));
                Decision {
                    key: key.unwrap_or_else(|| key_of(&value)),
                    value,
                    because: field(object, &["because", "reason", "rationale", "why"], what, repairs),
                }
            }
            other => {
                let value = said(other, what, repairs);
                Decision { key: key.unwrap_or_else(|| key_of(&value)), value, because: String::new() }
            }
        };
        found.push(decision);
    }
    found.retain(|decision| !decision.key.is_empty() && !decision.value.is_empty());
    bounded(found, DECISIONS, what, repairs)
}

fn gap(value: &Value, repairs: &mut Repairs) -> Option<Gap> {
    let what = "gap";
    let gap = match value {
        Value::Object(object) => Gap {
            description: field(object, &["description", "gap", "text"], what, repairs),
            confidence: get(object, &["confidence"]).and_then(|value| confidence(value, what, repairs)).unwrap_or(0.0),
        },
        Value::String(_) => Gap { description: said(value, what, repairs), confidence: 0.0 },
        _ => return None,
    };
    let none = matches!(gap.description.trim().to_lowercase().as_str(), "" | "none" | "no gap" | "null" | "n/a");
    (!none).then_some(gap)
}

fn next(value: &Value, repairs: &mut Repairs) -> Vec<PromptCall> {
    let what = "next";
    let mut found = Vec::new();
    for entry in entries(value, &["prompt", "name"], what, repairs) {
        let call = match entry {
            Entry::Item(Value::Object(object)) => PromptCall {
                name: field(object, &["name", "prompt"], what, repairs),
                arguments: get(object, &["arguments", "args"])
                    .map(|value| arguments(value, repairs))
                    .unwrap_or_default(),
                why: field(object, &["why", "reason", "because"], what, repairs),
            },
            Entry::Item(value) => PromptCall::new(said(value, what, repairs)),
            Entry::Pair(name, value) => PromptCall {
                name: text(name, what, repairs),
                arguments: BTreeMap::new(),
                why: said(value, what, repairs),
            },
        };
        found.push(call);
    }
    found.retain(|call| !call.name.is_empty());
    bounded(found, NEXT, what, repairs)
}

fn arguments(value: &Value, repairs: &mut Repairs) -> BTreeMap<String, String> {
    let what = "arguments";
    let pairs: Vec<(String, String)> = match value {
        // A map is what a call looks like inside Certus; the list of pairs is for structured output.
        Value::Object(map) => {
            map.iter().map(|(name, value)| (text(name, what, repairs), said(value, what, repairs))).collect()
        }
        Value::Array(items) => items
            .iter()
            .filter_map(Value::as_object)
            .map(|object| (field(object, &["name", "key"], what, repairs), field(object, &["value"], what, repairs)))
            .collect(),
        _ => Vec::new(),
    };
    bounded(pairs, ARGUMENTS, what, repairs).into_iter().filter(|(name, _)| !name.is_empty()).collect()
}
