use certus_engine::Usage;

use super::*;

#[test]
fn the_status_decides_and_the_type_says_more_closely_what_it_leaves_open() {
    use CallErrorKind as K;
    let kind = |status: u16, kind: &str| {
        let body = json!({ "type": "error", "error": { "type": kind, "message": "m" } }).to_string();
        let problem = problem(Some(status).filter(|status| *status != 200), &body);
        (problem.kind, problem.status)
    };
    for (status, named, by_status) in [
        (400, "api_error", K::InvalidRequest),
        (401, "api_error", K::Authentication),
        (402, "api_error", K::Billing),
        (403, "api_error", K::Permission),
        (404, "api_error", K::NotFound),
        (405, "api_error", K::InvalidRequest),
        (408, "api_error", K::Timeout(Phase::Service)),
        (409, "api_error", K::Conflict),
        (413, "api_error", K::TooLarge),
        (422, "api_error", K::InvalidRequest),
        (422, "rate_limit_error", K::InvalidRequest),
        (429, "invalid_request_error", K::RateLimited),
        (500, "invalid_request_error", K::Server),
        (500, "rate_limit_error", K::Server),
        (503, "api_error", K::Overloaded),
        (529, "api_error", K::Overloaded),
        (400, "billing_error", K::Billing),
        (403, "billing_error", K::Billing),
        (500, "overloaded_error", K::Overloaded),
    ] {
        assert_eq!(kind(status, named), (by_status, Some(status)), "{status} {named}");
    }
    // Inside a stream there is only the type.
    assert_eq!(kind(200, "overloaded_error"), (K::Overloaded, Some(529)));
    assert_eq!(kind(200, "api_error"), (K::Server, Some(500)));
    assert_eq!(kind(200, "something new"), (K::Server, None));
}

#[test]
fn counts_that_grow_are_replaced_and_input_is_the_sum_of_its_kinds() {
    let mut usage = Usage::default();
    let first = json!({
        "input_tokens": 10, "cache_creation_input_tokens": 30, "cache_read_input_tokens": 50,
        "cache_creation": { "ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 10 }, "output_tokens": 1
    });
    Counts::apply(&WireUsage::deserialize(first).expect("usage"), &mut usage);
    let whole = Usage {
        input_tokens: 90,
        cached_tokens: 50,
        cache_write_tokens: 20,
        cache_write_1h_tokens: 10,
        output_tokens: 1,
        usd_micros: 0,
        unpriced_tokens: 0,
    };
    assert_eq!(usage, whole);
    for _ in 0..2 {
        Counts::apply(&WireUsage::deserialize(json!({ "output_tokens": 7 })).expect("usage"), &mut usage);
        assert_eq!(usage, Usage { output_tokens: 7, ..whole });
    }
}
