//! What the tool prints: a line of JSON each for its start, for the events of the API as they come, and for the result.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::Value;

use crate::CallErrorKind;
use crate::anthropic::{Counts, Messages, WireUsage, stop};
use crate::http::{Dialect, End, Event, Incoming, Problem, Reported, Step, caps, overflows};

/// One line. Lines and fields that are not known are skipped.
pub(super) fn read(line: &str, incoming: &mut Incoming<'_>) -> Result<Step, Problem> {
    let Ok(value) = serde_json::from_str::<Value>(line) else {
        // The tool's own warnings get among the lines at times.
        return Ok(Step::More);
    };
    match value["type"].as_str() {
        Some("stream_event") => {
            let event = Event { name: String::new(), data: value["event"].to_string() };
            Messages.event(&event, incoming)?;
            Ok(Step::More)
        }
        Some("result") => {
            result(&value, incoming)?;
            Ok(Step::Last)
        }
        Some("system") => {
            if let Some(model) = value["model"].as_str() {
                incoming.model = Some(model.to_owned());
            }
            incoming.events += 1;
            Ok(Step::More)
        }
        _ => Ok(Step::More),
    }
}

fn result(value: &Value, incoming: &mut Incoming<'_>) -> Result<(), Problem> {
    incoming.events += 1;
    if let Ok(usage) = WireUsage::deserialize(&value["usage"]) {
        incoming.usage = certus_engine::Usage::default();
        Counts::apply(&usage, &mut incoming.usage);
        incoming.usage.usd_micros = micros(value["total_cost_usd"].as_f64().unwrap_or_default());
        incoming.reported(Reported::Fully);
    }
    let said = value["result"].as_str().unwrap_or_default();
    let subtype = value["subtype"].as_str().unwrap_or_default();
    if value["is_error"] == true || subtype.starts_with("error") {
        return Err(problem(if said.is_empty() { subtype } else { said }, now()));
    }
    if incoming.text.is_empty() {
        // A version that does not stream.
        incoming.push(said);
    }
    match (value["stop_reason"].as_str(), &incoming.end) {
        (Some(reason), _) => stop(reason, None, incoming),
        (None, None) => incoming.end = Some(End::Complete),
        (None, Some(_)) => {}
    }
    Ok(())
}

/// Rounded up; what is no amount of money is none.
fn micros(dollars: f64) -> u64 {
    let micros = (dollars * 1_000_000.0).ceil();
    // The cast saturates.
    if micros.is_finite() && micros > 0.0 { micros as u64 } else { 0 }
}

/// The tool ended without a result.
pub(super) fn ended_early(complaints: &str, answered: bool) -> Problem {
    if answered {
        return Problem::new(CallErrorKind::Cut, complaints);
    }
    if complaints.contains("unknown option") {
        return Problem::new(CallErrorKind::InvalidRequest, complaints);
    }
    match problem(complaints, now()) {
        unknown if unknown.kind == CallErrorKind::Server => {
            let said = if complaints.trim().is_empty() { "it ended without a result" } else { complaints };
            Problem::new(CallErrorKind::Unreadable, said)
        }
        known => known,
    }
}

/// The tool says in words what went wrong.
fn problem(said: &str, now: Duration) -> Problem {
    let lower = said.to_lowercase();
    let any = |words: &[&str]| words.iter().any(|words| lower.contains(words));
    let status = lower.split_once("api error:").and_then(|(_, rest)| {
        let digits: String = rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u16>().ok().filter(|status| (400..600).contains(status))
    });
    let kind = if any(&["/login", "not logged in", "invalid api key", "invalid bearer token", "oauth token"]) {
        CallErrorKind::Authentication
    } else if any(&["credit balance"]) {
        CallErrorKind::Billing
    } else if any(&["usage limit", "limit reached", "hit your limit", "max_budget"]) {
        CallErrorKind::Quota
    } else if overflows(&lower) {
        CallErrorKind::ContextOverflow
    } else if any(&["output token maximum"]) {
        CallErrorKind::Truncated
    } else if any(&["usage policy"]) {
        CallErrorKind::Refusal
    } else if any(&["issue with the selected model", "model_not_found"]) {
        CallErrorKind::NotFound
    } else if any(&["overloaded"]) {
        CallErrorKind::Overloaded
    } else if let Some(status) = status {
        match CallErrorKind::of_status(status) {
            CallErrorKind::RateLimited if caps(&lower) => CallErrorKind::Quota,
            kind => kind,
        }
    } else {
        CallErrorKind::Server
    };
    let (said, until) = until(said);
    let mut problem = Problem::new(kind, said);
    problem.status = status;
    if kind == CallErrorKind::Quota {
        problem.retry_after = until.map(|until| until.saturating_sub(now));
    }
    problem
}

/// What is said, and the time at which there is more, since 1970: the tool writes its seconds behind a bar.
fn until(said: &str) -> (&str, Option<Duration>) {
    let seconds = |(said, at): (&'_ str, &str)| Some((said.len(), at.trim().parse::<u64>().ok()?));
    match said.rsplit_once('|').and_then(seconds) {
        Some((length, at)) => (&said[..length], Some(Duration::from_secs(at))),
        None => (said, None),
    }
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_tool_says_in_words_has_its_name() {
        use CallErrorKind as K;
        for (said, kind) in [
            ("Invalid API key · Please run /login", K::Authentication),
            ("Credit balance is too low", K::Billing),
            ("Claude AI usage limit reached|1760000000", K::Quota),
            ("Prompt is too long", K::ContextOverflow),
            ("API Error: 529 {\"error\":{\"type\":\"overloaded_error\"}}", K::Overloaded),
            ("API Error: 429 rate_limit_error", K::RateLimited),
            ("API Error: 500 {}", K::Server),
            ("API Error: Claude's response exceeded the 32000 output token maximum.", K::Truncated),
            ("There's an issue with the selected model (x). It may not exist", K::NotFound),
            ("something new", K::Server),
        ] {
            assert_eq!(problem(said, Duration::ZERO).kind, kind, "{said}");
        }
        assert_eq!(ended_early("error: unknown option '--tools'", false).kind, K::InvalidRequest);
        assert_eq!(ended_early("", false).kind, K::Unreadable);
        assert_eq!(ended_early("", true).kind, K::Cut);
    }

    #[test]
    fn a_limit_that_says_until_when_is_believed() {
        let after = |said: &str, now| problem(said, Duration::from_secs(now)).retry_after.map(|wait| wait.as_secs());
        assert_eq!(after("Claude AI usage limit reached|1760000000", 1_759_999_000), Some(1_000));
        assert_eq!(after("Claude AI usage limit reached|1760000000", 1_760_000_001), Some(0));
        assert_eq!(after("Claude AI usage limit reached", 0), None);
        assert_eq!(after("something new|1760000000", 0), None);
        assert_eq!(until("Claude AI usage limit reached|1760000000").0, "Claude AI usage limit reached");
        assert_eq!(until("a|b"), ("a|b", None));
    }

    #[test]
    fn dollars_are_rounded_up() {
        assert_eq!([micros(0.000_000_1), micros(0.5), micros(-1.0), micros(f64::NAN)], [1, 500_000, 0, 0]);
    }
}
