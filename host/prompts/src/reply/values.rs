//! Single values of a reply: bounded strings, confidences in their many shapes, names.

use serde_json::{Map, Value};

use super::Repairs;
use crate::clean::{clean, cut};

/// Bytes of one string.
pub(super) const STRING_LIMIT: usize = 64 * 1024;

/// What stands in the place of the rest of a string that was cut, with the bytes that it had: whoever reads the string must not
/// take it for all.
fn cut_mark(had: usize) -> String {
    format!(" [cut here: 64 of {} KiB]", had.div_ceil(1024))
}

/// Cleaned, and cut when it is too long, with a mark that says so.
pub(super) fn text(text: &str, what: &str, repairs: &mut Repairs) -> String {
    let cleaned = clean(text);
    if cleaned.len() < text.len() && text.replace("\r\n", "\n").len() > cleaned.len() {
        repairs.note(format!("control or invisible characters were removed from {what}"));
    }
    if cleaned.len() > STRING_LIMIT {
        repairs.note(format!("{what} had more than 64 KiB and was cut"));
        let mark = cut_mark(cleaned.len());
        return format!("{}{mark}", cut(&cleaned, STRING_LIMIT - mark.len()));
    }
    cleaned.into_owned()
}

/// A value as text: strings as they are, numbers and booleans as written, lists of such as lines, other things as JSON.
pub(super) fn said(value: &Value, what: &str, repairs: &mut Repairs) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(said) => text(said, what, repairs),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            repairs.note(format!("the list in {what} was joined to a text"));
            let lines: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            text(&lines.join("\n"), what, repairs)
        }
        Value::Array(_) | Value::Object(_) => {
            repairs.note(format!("{what} was no text and is kept as JSON"));
            text(&value.to_string(), what, repairs)
        }
    }
}

/// The first of some keys that is there and not null.
pub(super) fn get<'a>(object: &'a Map<String, Value>, keys: &[&str]) -> Option<&'a Value> {
    let exact = keys.iter().find_map(|key| object.get(*key));
    exact
        .or_else(|| object.iter().find(|(key, _)| keys.contains(&plain_key(key).as_str())).map(|(_, value)| value))
        .filter(|value| !value.is_null())
}

/// A key in snake_case, however it was written.
pub(super) fn plain_key(key: &str) -> String {
    let mut plain = String::new();
    for c in key.trim().chars().take(64) {
        if c.is_uppercase() && plain.ends_with(|last: char| last.is_lowercase()) {
            plain.push('_');
        }
        plain.extend(if matches!(c, '-' | ' ') { '_' } else { c }.to_lowercase());
    }
    plain
}

/// 0..=1 out of a number, a percentage, `8/10` or a word.
pub(super) fn confidence(value: &Value, what: &str, repairs: &mut Repairs) -> Option<f64> {
    let read = match value {
        Value::Number(number) => number.as_f64().and_then(|number| scaled(number, what, repairs)),
        Value::String(written) => worded(written, what, repairs),
        Value::Object(object) => {
            let inner = get(object, &["confidence", "score", "value", "level"]);
            return inner.and_then(|value| confidence(value, what, repairs));
        }
        _ => None,
    };
    if read.is_none() {
        repairs.note(format!("the confidence of {what} is not a number from 0 to 1 and was left out"));
    }
    read
}

/// Above 1 only a percentage can be meant; between 1 and 2 nobody knows.
fn scaled(number: f64, what: &str, repairs: &mut Repairs) -> Option<f64> {
    if (0.0..=1.0).contains(&number) {
        return Some(number);
    }
    if (2.0..=100.0).contains(&number) {
        repairs.note(format!("the confidence of {what} was read as a percentage"));
        return Some(number / 100.0);
    }
    None
}

fn worded(written: &str, what: &str, repairs: &mut Repairs) -> Option<f64> {
    let written = written.trim().to_lowercase();
    let note = |repairs: &mut Repairs| {
        repairs.note(format!("the confidence of {what} was written as `{}`", crate::clean::line(&written, 40)))
    };
    let within = |number: f64| (0.0..=1.0).contains(&number).then_some(number);
    if let Some(percent) = written.strip_suffix('%') {
        let number = within(percent.trim().parse::<f64>().ok()? / 100.0)?;
        note(repairs);
        return Some(number);
    }
    if let Some((part, whole)) = written.split_once('/') {
        let whole = whole.trim().parse::<f64>().ok().filter(|whole| *whole > 0.0)?;
        let number = within(part.trim().parse::<f64>().ok()? / whole)?;
        note(repairs);
        return Some(number);
    }
    if let Ok(number) = written.parse::<f64>() {
        note(repairs);
        return scaled(number, what, repairs);
    }
    let number = match written.replace(['_', '-'], " ").as_str() {
        "certain" | "full" | "complete" => 0.95,
        "very high" => 0.9,
        "high" => 0.8,
        "medium high" | "fairly high" => 0.7,
        "medium" | "moderate" | "partial" => 0.5,
        "medium low" | "fairly low" => 0.35,
        "low" => 0.25,
        "very low" => 0.1,
        "none" | "unknown" | "no" => 0.0,
        _ => return None,
    };
    note(repairs);
    Some(number)
}

/// snake_case of at most six words, for something that was given without a name.
pub(super) fn area_of(text: &str) -> String {
    first_words(text, 6)
}

/// The same of something that no other may be taken for: as many words as there are in a long sentence.
pub(super) fn key_of(text: &str) -> String {
    first_words(text, 30)
}

fn first_words(text: &str, most: usize) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.take(most).map(str::to_lowercase).collect::<Vec<_>>().join("_")
}
