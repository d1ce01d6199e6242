//! What went wrong, before it is known what it cost.

use std::time::{Duration, SystemTime};

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use serde_json::Value;

use crate::secret::Redactor;
use crate::{CallError, CallErrorKind, Spent};

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) kind: CallErrorKind,
    pub(crate) status: Option<u16>,
    /// As the other side wrote it: not redacted, not bounded. Stays in this room.
    said: String,
    request_id: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    should_retry: Option<bool>,
}

impl Problem {
    pub(crate) fn new(kind: CallErrorKind, said: &str) -> Self {
        Self { kind, status: None, said: said.to_owned(), request_id: None, retry_after: None, should_retry: None }
    }

    /// With what the head of the response says.
    pub(crate) fn with_head(mut self, status: u16, headers: &HeaderMap) -> Self {
        self.status = Some(status);
        self.retry_after = retry_after(headers).or(self.retry_after);
        self.should_retry = match text(headers, "x-should-retry") {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => None,
        };
        self.request_id = request_id(headers);
        self
    }

    /// As an error, with what the service itself can have billed.
    pub(crate) fn into_error(self, provider: &str, model: &str, redactor: &Redactor) -> CallError {
        let spent = if self.kind.may_bill() { Spent::Possibly(Default::default()) } else { Spent::Nothing };
        CallError {
            kind: self.kind,
            provider: provider.to_owned(),
            model: model.to_owned(),
            status: self.status,
            said: redactor.said(&self.said),
            spent,
            partial: None,
            request_id: self.request_id.map(|id| redactor.said(&id)),
            retry_after: self.retry_after,
            should_retry: self.should_retry,
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
}

/// The service's name for the call, whatever header it uses.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<String> {
    let names = ["request-id", "x-request-id", "x-goog-request-id", "cf-ray"];
    let id = names.iter().find_map(|name| text(headers, name))?;
    Some(id.chars().filter(char::is_ascii_graphic).take(100).collect())
}

/// Milliseconds, seconds or a date, as servers and gateways write it.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let number = |text: &str| text.parse::<f64>().ok();
    // What is less than nothing, or no number, says nothing of when.
    let seconds = |seconds: f64| Duration::try_from_secs_f64(seconds).ok();
    if let Some(milliseconds) = text(headers, "retry-after-ms").and_then(number) {
        return seconds(milliseconds / 1000.0);
    }
    let after = text(headers, RETRY_AFTER.as_str())?;
    if let Some(after) = number(after) {
        return seconds(after);
    }
    let date = httpdate::parse_http_date(after).ok()?;
    // By the server's clock where it shows it: ours may be wrong.
    let now = text(headers, DATE.as_str()).and_then(|date| httpdate::parse_http_date(date).ok());
    Some(date.duration_since(now.unwrap_or_else(SystemTime::now)).unwrap_or_default())
}

/// The JSON of an error body and the message in it; without JSON the body itself.
pub(crate) fn parsed(body: &str) -> (Value, String) {
    let json: Value = serde_json::from_str(body).unwrap_or_default();
    // Gemini wraps the errors of a stream into a list.
    let json = match json {
        Value::Array(mut list) if !list.is_empty() => list.swap_remove(0),
        other => other,
    };
    let message =
        ["/error/message", "/message", "/error", "/detail"].iter().find_map(|path| json.pointer(path)?.as_str());
    let said = match message {
        Some(message) => message.to_owned(),
        None if body.trim_start().starts_with('<') => "it is a web page".to_owned(),
        // Not cut: a key that is cut in two is not found any more.
        None => body.to_owned(),
    };
    (json, said)
}

/// Words by which services say that a prompt is too long, where they have no code for it.
pub(crate) fn overflows(said: &str) -> bool {
    let said = said.to_ascii_lowercase();
    [
        "prompt is too long",
        "context window",
        "context length",
        "context_length",
        "context limit",
        "context size",
        "exceeds the maximum number of tokens",
        "input token count",
        "maximum context",
    ]
    .iter()
    .any(|words| said.contains(words))
}

/// Words by which services say that a spending limit or a quota is used up.
pub(crate) fn caps(said: &str) -> bool {
    let said = said.to_ascii_lowercase();
    ["spend", "usage limit", "quota", "billing", "credit", "monthly limit"].iter().any(|words| said.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(pairs: &[(&'static str, &'static str)]) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, reqwest::header::HeaderValue::from_static(value));
        }
        retry_after(&headers)
    }

    #[test]
    fn a_wait_is_read_however_it_is_written() {
        assert_eq!(after(&[]), None);
        assert_eq!(after(&[("retry-after", "7")]), Some(Duration::from_secs(7)));
        assert_eq!(after(&[("retry-after", "0.5")]), Some(Duration::from_millis(500)));
        assert_eq!(after(&[("retry-after", "-3")]), None);
        assert_eq!(after(&[("retry-after", "0")]), Some(Duration::ZERO));
        assert_eq!(after(&[("retry-after", "soon")]), None);
        assert_eq!(after(&[("retry-after", "NaN")]), None);
        assert_eq!(after(&[("retry-after", "1e300")]), None);
        assert_eq!(after(&[("retry-after", "9"), ("retry-after-ms", "250")]), Some(Duration::from_millis(250)));
        let date = "Wed, 21 Oct 2026 07:28:05 GMT";
        assert_eq!(
            after(&[("retry-after", date), ("date", "Wed, 21 Oct 2026 07:28:00 GMT")]),
            Some(Duration::from_secs(5))
        );
    }

    #[test]
    fn a_long_key_in_a_long_message_is_not_cut_in_two() {
        let key = "opaque".repeat(300);
        let body = format!("{}the token {key} is revoked", "x ".repeat(400));
        let redactor = Redactor::new([crate::Secret::new(key).expect("a key")]);
        let error = Problem::new(CallErrorKind::Authentication, &parsed(&body).1).into_error("a", "m", &redactor);
        assert!(!error.said.contains("opaque"), "{}", error.said);
    }

    #[test]
    fn the_message_of_an_error_is_found_in_every_shape() {
        let said = |body: &str| parsed(body).1;
        assert_eq!(said(r#"{"error":{"message":"a"}}"#), "a");
        assert_eq!(said(r#"[{"error":{"message":"a"}}]"#), "a");
        assert_eq!(said(r#"{"error":"a"}"#), "a");
        assert_eq!(said("upstream failed"), "upstream failed");
        assert_eq!(said("<html>…"), "it is a web page");
    }
}
