//! What the tool prints: a line of JSON each for its start, for the events of the API as they come, and for the result.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::Value;

use crate::CallErrorKind;
use crate::anthropic::{Counts, Messages, WireUsage, stop};
use crate::http::{Dialect, End, Event, Incoming, Problem, Reported, Step, caps, overflows};

/// Who the tool says wrote what it wrote itself.
const SYNTHETIC: &str = "<synthetic>";

/// What came before a line.
#[derive(Debug, Default)]
pub(super) struct Before {
    /// The events of the API come: what the tool says of a message as a whole is there already.
    streams: bool,
    /// The message that came as a whole instead.
    message: Option<String>,
}

/// One line. Lines and fields that are not known are skipped.
pub(super) fn read(line: &str, before: &mut Before, incoming: &mut Incoming<'_>) -> Result<Step, Problem> {
    let Ok(value) = serde_json::from_str::<Value>(line) else {
        // The tool's own warnings get among the lines at times.
        return Ok(Step::More);
    };
    match value["type"].as_str() {
        Some("stream_event") if value["event"]["type"] == "message_start" && incoming.reported > Reported::Nothing => {
            Err(asked_again())
        }
        Some("stream_event") => {
            before.streams = true;
            let event = Event { name: String::new(), data: value["event"].to_string() };
            Messages.event(&event, incoming)?;
            stopped(incoming)
        }
        Some("assistant") if !before.streams => {
            message(&value["message"], before, incoming)?;
            stopped(incoming)
        }
        Some("result") => {
            result(&value, incoming)?;
            Ok(Step::Last)
        }
        Some("system") if value["subtype"] == "api_retry" => {
            Err(problem(value["error"].as_str().unwrap_or_default(), status(&value["error_status"]), now()))
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

/// A message as a whole, or one block of it. It is all there is of an answer where the tool does not stream and then dies.
fn message(message: &Value, before: &mut Before, incoming: &mut Incoming<'_>) -> Result<(), Problem> {
    let model = message["model"].as_str().unwrap_or_default();
    // What the tool puts into the mouth of the model: an error of the service, in words.
    if model == SYNTHETIC {
        return Ok(());
    }
    let id = message["id"].as_str().map(str::to_owned);
    if before.message.is_some() && id.is_some() && before.message != id {
        return Err(asked_again());
    }
    before.message = before.message.take().or(id);
    if !model.is_empty() {
        incoming.model = Some(model.to_owned());
    }
    let blocks = message["content"].as_array().map_or(&[][..], Vec::as_slice);
    for text in blocks.iter().filter(|block| block["type"] == "text").filter_map(|block| block["text"].as_str()) {
        incoming.push(text);
    }
    if let Ok(wire) = WireUsage::deserialize(&message["usage"]) {
        Counts::apply(&wire, &mut incoming.usage);
        incoming.reported(Reported::Partly);
    }
    if let Some(reason) = message["stop_reason"].as_str() {
        stop(reason, None, incoming);
    }
    Ok(())
}

/// A second answer: the tool asked again by itself, which nobody set money aside for.
fn asked_again() -> Problem {
    Problem::new(CallErrorKind::Cut, "it asked again by itself")
}

/// Whether more follows that is wanted.
fn stopped(incoming: &mut Incoming<'_>) -> Result<Step, Problem> {
    match &incoming.end {
        // It asks for the rest of an answer that is too long. It is ended first, but this may have left.
        Some(End::Failed(CallErrorKind::Truncated, said)) => {
            incoming.usage.input_tokens = incoming.usage.input_tokens.saturating_mul(2);
            Err(Problem::new(CallErrorKind::Truncated, said))
        }
        Some(End::Failed(kind, said)) => Err(Problem::new(*kind, said)),
        _ => Ok(Step::More),
    }
}

fn result(value: &Value, incoming: &mut Incoming<'_>) -> Result<(), Problem> {
    incoming.events += 1;
    let said = value["result"].as_str().unwrap_or_default();
    let subtype = value["subtype"].as_str().unwrap_or_default();
    // It was given one turn: the answer of that one is there, and the tool wanted another.
    let answered = subtype == "error_max_turns" && !incoming.text.trim().is_empty();
    let failed = !answered && (value["is_error"] == true || subtype.starts_with("error"));
    let problem = failed.then(|| {
        let status = status(&value["api_error_status"]);
        let mut problem = problem(if said.is_empty() { subtype } else { said }, status, now());
        if problem.kind == (CallErrorKind::Connection { sent: true }) && !incoming.text.is_empty() {
            problem.kind = CallErrorKind::Cut;
        }
        problem
    });
    if let Ok(wire) = WireUsage::deserialize(&value["usage"]) {
        let mut usage = certus_engine::Usage::default();
        Counts::apply(&wire, &mut usage);
        usage.usd_micros = micros(value["total_cost_usd"].as_f64().unwrap_or_default());
        // Of an answer that broke off it counts nothing; what its stream said stands then.
        let counts = problem.as_ref().is_none_or(|problem| problem.kind.turns_away());
        if counts || usage != certus_engine::Usage::default() {
            incoming.usage = usage;
            incoming.reported(Reported::Fully);
        }
    }
    if let Some(problem) = problem {
        return Err(problem);
    }
    if !incoming.text.contains(said.trim()) {
        // A version that does not stream, or what it asked for instead of a stream that broke off.
        incoming.text.clear();
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
    match problem(complaints, None, now()) {
        unknown if unknown.kind == CallErrorKind::Server => {
            let said = if complaints.trim().is_empty() { "it ended without a result" } else { complaints };
            Problem::new(CallErrorKind::Unreadable, said)
        }
        known => known,
    }
}

/// What the service answered with, where the tool says it.
fn status(value: &Value) -> Option<u16> {
    value.as_u64().and_then(|status| u16::try_from(status).ok())
}

/// The tool says in words what went wrong; with the status of the service, where it knows one.
fn problem(said: &str, status: Option<u16>, now: Duration) -> Problem {
    let lower = said.to_lowercase();
    let any = |words: &[&str]| words.iter().any(|words| lower.contains(words));
    let in_words = || {
        let rest = lower.split_once("api error:")?.1.trim_start();
        rest.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
    };
    let status = status.or_else(in_words).filter(|status| (400..600).contains(status));
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
    } else if any(&["unable to connect"]) {
        CallErrorKind::Connection { sent: false }
    } else if any(&["connection to the api was lost", "connection error"]) {
        CallErrorKind::Connection { sent: true }
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
            ("API Error: Unable to connect to API (ConnectionRefused)", K::Connection { sent: false }),
            ("API Error: Connection to the API was lost (ECONNRESET).", K::Connection { sent: true }),
            ("API Error: Claude's response exceeded the 32000 output token maximum.", K::Truncated),
            ("There's an issue with the selected model (x). It may not exist", K::NotFound),
            ("something new", K::Server),
        ] {
            assert_eq!(problem(said, None, Duration::ZERO).kind, kind, "{said}");
        }
        // It does not always write it as it knows it.
        assert_eq!(problem("API Error: Request rejected (429) · slow", Some(429), Duration::ZERO).kind, K::RateLimited);
        assert_eq!(problem("Failed to authenticate. API Error: 403 no", None, Duration::ZERO).status, Some(403));
        assert_eq!(ended_early("error: unknown option '--tools'", false).kind, K::InvalidRequest);
        assert_eq!(ended_early("", false).kind, K::Unreadable);
        assert_eq!(ended_early("", true).kind, K::Cut);
    }

    #[test]
    fn a_limit_that_says_until_when_is_believed() {
        let after =
            |said: &str, now| problem(said, None, Duration::from_secs(now)).retry_after.map(|wait| wait.as_secs());
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
