//! Where in a text the envelope is.
//!
//! The whole text is tried first, then fenced blocks, then every `{` that closes. Of several objects the one with the most
//! known parts wins, and the later of equals: a pasted chat may quote the example before it gives the answer.

use std::sync::OnceLock;

use serde_json::{Map, Value};

use super::lenient;

/// Objects that are tried in one text.
const TRIES: usize = 4096;
/// Bytes that are read for all of them: a text of nothing but `{` must not cost a square.
const WORK: usize = 8 * 1024 * 1024;

/// An envelope.
pub(super) struct Found {
    pub(super) object: Map<String, Value>,
    /// The prose before and after it.
    pub(super) around: String,
    pub(super) repairs: Vec<String>,
    /// See [`lenient::Read::guessed`].
    pub(super) guessed: bool,
    /// See [`lenient::Read::broken`].
    pub(super) broken: bool,
}

pub(super) fn find(text: &str) -> Option<Found> {
    let text = text.trim_start_matches('\u{feff}').trim();
    if let Ok(read) = lenient::read(text)
        && read.end == text.len()
        && let Value::Object(object) = read.value
    {
        let object = unwrap(object);
        if known(&object) > 0 || object.is_empty() {
            return Some(Found {
                object,
                around: String::new(),
                repairs: read.repairs,
                guessed: read.guessed,
                broken: read.broken,
            });
        }
    }
    best(text)
}

/// The example of the framing, which a pasted conversation holds beside the answer.
fn example() -> &'static Map<String, Value> {
    static EXAMPLE: OnceLock<Map<String, Value>> = OnceLock::new();
    EXAMPLE.get_or_init(|| {
        let json = crate::render::FRAMING.split("```json").nth(1).and_then(|rest| rest.split("```").next());
        json.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
    })
}

struct Candidate {
    start: usize,
    end: usize,
    object: Map<String, Value>,
    repairs: Vec<String>,
    guessed: bool,
    broken: bool,
    known: usize,
}

fn best(text: &str) -> Option<Found> {
    let mut best: Option<Candidate> = None;
    let mut at = 0;
    let mut work = 0;
    for _ in 0..TRIES {
        let Some(start) = text[at..].find('{').map(|found| at + found) else { break };
        if work > WORK {
            break;
        }
        let read = match lenient::read(&text[start..]) {
            Ok(read) => read,
            Err(reached) => {
                work += reached;
                at = start + 1;
                continue;
            }
        };
        work += read.end;
        at = start + read.end.max(1);
        let Value::Object(object) = read.value else { continue };
        let object = unwrap(object);
        let known = if object == *example() { 0 } else { known(&object) };
        if known > 0 && best.as_ref().is_none_or(|best| known >= best.known) {
            let (end, repairs, guessed, broken) = (start + read.end, read.repairs, read.guessed, read.broken);
            best = Some(Candidate { start, end, object, repairs, guessed, broken, known });
        }
    }
    let best = best?;
    let around = around(&text[..best.start], &text[best.end..]);
    Some(Found { object: best.object, around, repairs: best.repairs, guessed: best.guessed, broken: best.broken })
}

/// The prose, without the fence that stood around the object.
fn around(before: &str, after: &str) -> String {
    let before = before.trim_end();
    let before = match before.rsplit_once('\n') {
        Some((rest, last)) if last.trim_start().starts_with("```") => rest,
        None if before.starts_with("```") => "",
        _ => before.strip_suffix("```json").or_else(|| before.strip_suffix("```")).unwrap_or(before),
    };
    let after = after.trim_start();
    let after = after.strip_prefix("```").unwrap_or(after);
    [before.trim(), after.trim()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// An envelope inside a single key, such as `{"reply": {…}}`.
fn unwrap(mut object: Map<String, Value>) -> Map<String, Value> {
    for _ in 0..3 {
        if object.len() != 1 || known(&object) > 0 {
            break;
        }
        let Some(Value::Object(inner)) = object.values().next() else { break };
        object = inner.clone();
    }
    object
}

fn known(object: &Map<String, Value>) -> usize {
    object.keys().filter(|key| super::convert::is_part(key)).count()
}
