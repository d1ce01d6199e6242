use proptest::prelude::*;

use super::*;
use crate::{CallError, Spent};

fn failed(kind: CallErrorKind) -> CallError {
    CallError {
        kind,
        provider: "anthropic".to_owned(),
        model: "m".to_owned(),
        status: None,
        said: String::new(),
        spent: Spent::Nothing,
        partial: None,
        request_id: None,
        retry_after: None,
        should_retry: None,
    }
}

fn status(status: u16) -> ProviderError {
    failed(CallErrorKind::of_status(status)).into()
}

#[test]
fn the_statuses_that_are_tried_again_are_these() {
    let again: Vec<u16> = (300..600).filter(|code| after(&status(*code), 1, 0.0).is_some()).collect();
    let expected: Vec<u16> = [408, 409, 429].into_iter().chain(500..600).collect();
    assert_eq!(again, expected);
}

#[test]
fn two_retries_with_doubled_waits() {
    let waits: Vec<_> = (1..5).map(|attempt| after(&status(500), attempt, 0.0)).collect();
    assert_eq!(waits, [Some(Duration::from_millis(500)), Some(Duration::from_secs(1)), None, None]);
    assert_eq!(after(&status(500), 1, 1.0), Some(Duration::from_millis(375)));
    assert_eq!(backoff(9, 0.0), LONGEST);
}

#[test]
fn a_wait_that_the_service_asks_for_is_obeyed_up_to_two_minutes() {
    let asks = |seconds| {
        let error = CallError { retry_after: Some(Duration::from_secs(seconds)), ..failed(CallErrorKind::RateLimited) };
        after(&error.into(), 1, 1.0)
    };
    assert_eq!(asks(0), Some(Duration::ZERO));
    assert_eq!(asks(120), Some(Duration::from_secs(120)));
    assert_eq!(asks(121), None);
}

#[test]
fn what_the_service_says_about_trying_again_overrides() {
    let says = |kind, again| after(&CallError { should_retry: Some(again), ..failed(kind) }.into(), 1, 0.0).is_some();
    assert!(says(CallErrorKind::InvalidRequest, true));
    assert!(!says(CallErrorKind::Server, false));
    assert!(!says(CallErrorKind::Quota, true));
}

#[test]
fn what_cannot_be_cured_by_waiting_is_not_tried_again() {
    for kind in [
        CallErrorKind::Quota,
        CallErrorKind::Refusal,
        CallErrorKind::Truncated,
        CallErrorKind::ContextOverflow,
        CallErrorKind::Unreadable,
        CallErrorKind::Timeout(Phase::Total),
    ] {
        assert_eq!(after(&failed(kind).into(), 1, 0.0), None, "{kind:?}");
    }
    let rules = ProviderError::NeedsModel { what: "x".to_owned(), why: "y".to_owned() };
    assert_eq!(after(&rules, 1, 0.0), None);
}

proptest! {
    #[test]
    fn waits_are_bounded_whatever_chance_says(attempt in any::<u32>(), jitter in any::<f64>()) {
        let wait = backoff(attempt, jitter);
        prop_assert!(wait <= LONGEST && wait >= FIRST.mul_f64(0.75));
        prop_assert!(after(&status(500), attempt, jitter).is_none_or(|wait| wait <= LONGEST));
    }
}
