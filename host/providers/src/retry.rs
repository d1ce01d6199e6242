//! Whether a failed call is made again, and when. Pure: a provider makes one attempt, and whoever asked records an event
//! before a call whose bytes had left is made again.
//!
//! The rules are those of the services' own client libraries: two retries; for 408, 409, 429, 500 and above, timeouts and
//! broken connections; half a second, doubled each time up to eight, less up to a quarter by chance; what the service asks for
//! is obeyed where it is no longer than two minutes, and what it says about trying again (`x-should-retry`) overrides the rest.

use std::time::Duration;

use crate::{CallErrorKind, Phase, ProviderError};

/// Retries after the first attempt.
pub const RETRIES: u32 = 2;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(8);
/// A wait that a service asks for and that is longer than this is no retry any more but another time.
const MOST_OBEYED: Duration = Duration::from_secs(120);

/// How long to wait before the call is made again; `None` when it is not. `attempt` is the one that failed, from 1. `jitter`
/// is a random number in 0..1.
pub fn after(error: &ProviderError, attempt: u32, jitter: f64) -> Option<Duration> {
    let call = error.call()?;
    // A spending limit is not cured by waiting, whatever the header says that some services set on every 429.
    if attempt > RETRIES || (call.kind == CallErrorKind::Quota && call.retry_after.is_none()) {
        return None;
    }
    if !call.should_retry.unwrap_or_else(|| worthwhile(call.kind)) {
        return None;
    }
    match call.retry_after {
        Some(wait) => (wait <= MOST_OBEYED).then_some(wait),
        None => Some(backoff(attempt, jitter)),
    }
}

fn worthwhile(kind: CallErrorKind) -> bool {
    match kind {
        CallErrorKind::Conflict
        | CallErrorKind::RateLimited
        | CallErrorKind::Overloaded
        | CallErrorKind::Server
        | CallErrorKind::Timeout(Phase::Connect | Phase::Idle | Phase::Service)
        | CallErrorKind::Connection { .. }
        | CallErrorKind::Cut => true,
        // Bytes kept coming and it was not enough: the same call would only be paid for again.
        CallErrorKind::Timeout(Phase::Total)
        | CallErrorKind::Authentication
        | CallErrorKind::Billing
        | CallErrorKind::Quota
        | CallErrorKind::Permission
        | CallErrorKind::NotFound
        | CallErrorKind::InvalidRequest
        | CallErrorKind::TooLarge
        | CallErrorKind::Refusal
        | CallErrorKind::Truncated
        | CallErrorKind::ContextOverflow
        | CallErrorKind::Unreadable => false,
    }
}

fn backoff(attempt: u32, jitter: f64) -> Duration {
    let doubled = FIRST.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(LONGEST);
    let jitter = if jitter.is_finite() { jitter.clamp(0.0, 1.0) } else { 0.0 };
    doubled.mul_f64(1.0 - 0.25 * jitter)
}

#[cfg(test)]
mod tests;
