//! Answers over real connections: what is sent, what is streamed, what it took.

mod support;

use std::sync::Arc;
use std::time::Duration;

use certus_providers::{Answer, Credential, Limits, Secret, Structured, Timeouts};
use fake_api::{Ended, Play, Reply, Script, Tokens};
use serde_json::json;
use support::{ALL, Api, Heard, KEY, request, server};

const TEXT: &str = "{\"notes\": \"größer ✓\"}";

#[tokio::test]
async fn text_is_streamed_as_it_comes_and_is_whole_in_the_end() {
    let tokens = Tokens { uncached: 100, cache_read: 40, cache_write: 7, output: 12 };
    let script = Script::always(Reply { pieces: 5, tokens: Some(tokens), ..Reply::new(TEXT) });
    for api in ALL {
        let server = server(script.clone()).await;
        let heard = Heard::default();
        let answer = api.at(&server.url()).answer(request("go on"), &heard).await.expect("an answer");
        assert_eq!(answer.text, TEXT, "{api:?}");
        assert_eq!(heard.pieces().len(), 5, "{api:?}");
        assert_eq!(heard.pieces().concat(), TEXT, "{api:?}");
        assert_eq!((answer.model.as_str(), answer.estimated), (api.model(), false), "{api:?}");
        assert_eq!(answer.request_id.as_deref(), Some("req_1"));
        let usage = answer.usage;
        assert_eq!((usage.input_tokens, usage.output_tokens, usage.usd_micros), (147, 12, 0), "{api:?}");
        let cached = match api {
            Api::Anthropic | Api::OpenAi => (40, 7),
            Api::Gemini => (40, 0),
            Api::Ollama => (0, 0),
        };
        assert_eq!((usage.cached_tokens, usage.cache_write_tokens), cached, "{api:?}");
        let log = server.log();
        assert_eq!((log.len(), log[0].status, log[0].ended), (1, 200, Ended::Played), "{api:?}");
    }
}

#[tokio::test]
async fn a_key_that_a_service_repeats_is_not_shown_while_it_arrives() {
    let text = format!("{{\"notes\": \"the key is {KEY}, you see\"}}");
    for pieces in [1, 6, text.len()] {
        let script = Script::always(Reply { pieces, ..Reply::new(&text) });
        for api in ALL {
            let server = server(script.clone()).await;
            let heard = Heard::default();
            let answer = api.at(&server.url()).answer(request("go on"), &heard).await.expect("an answer");
            let shown = text.replace(KEY, "[key]");
            assert_eq!(answer.text, shown, "{api:?}");
            assert_eq!(heard.pieces().concat(), shown, "{api:?}, {pieces}");
        }
    }
}

#[tokio::test]
async fn a_count_that_is_none_loses_no_answer() {
    let openai = json!({
        "model": "m", "choices": [{ "index": 0, "message": { "content": TEXT }, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": -1, "completion_tokens": null }
    });
    let gemini = json!({
        "candidates": [{ "content": { "parts": [{ "text": TEXT }] }, "finishReason": "STOP" }],
        "usageMetadata": { "promptTokenCount": 1e30, "candidatesTokenCount": -5, "cachedContentTokenCount": null }
    });
    for (api, content_type, text) in [
        (Api::OpenAi, "application/json", openai.to_string()),
        (Api::Gemini, "text/event-stream", format!("data: {gemini}\n\n")),
    ] {
        let body = Play::Body { content_type: content_type.to_owned(), text };
        let server = server(Script::always(body)).await;
        let answer = api.at(&server.url()).answer(request("go on"), &()).await.expect("an answer");
        assert_eq!(answer.text, TEXT, "{api:?}");
        assert!(answer.usage.input_tokens > 0, "{api:?}: {:?}", answer.usage);
    }
}

#[tokio::test]
async fn a_strict_server_accepts_what_is_sent_with_a_schema() {
    let schema = json!({
        "type": "object", "additionalProperties": false,
        "properties": { "notes": { "type": "string" }, "more": { "type": "string" } }, "required": ["notes"]
    });
    for api in ALL {
        let server = server(Script::always(Reply::new(TEXT))).await;
        let asked = certus_providers::Request { schema: Some(Arc::new(schema.clone()).into()), ..request("go on") };
        api.at(&server.url()).answer(asked.clone(), &()).await.expect("an answer");
        let mut without = api.service(&server.url());
        without.structured = Structured::Never;
        api.provider(without).expect("a provider").answer(asked.clone(), &()).await.expect("an answer");
        let log = server.log();
        let (path, strict) = match api {
            Api::Anthropic => ("/output_config/format/schema", "/output_config"),
            Api::OpenAi => ("/response_format/json_schema/schema", "/response_format"),
            Api::Gemini => ("/generationConfig/responseJsonSchema", "/generationConfig/responseMimeType"),
            Api::Ollama => ("/format", "/format"),
        };
        assert_eq!(log[0].body.pointer(path), Some(&schema), "{api:?}");
        assert_eq!(log[1].body.pointer(strict), None, "{api:?}");
    }
}

#[tokio::test]
async fn the_stable_part_comes_first_and_ends_in_a_cache_breakpoint() {
    let server = server(Script::always(Reply::new(TEXT))).await;
    Api::Anthropic.at(&server.url()).answer(request("go on"), &()).await.expect("an answer");
    let logged = &server.log()[0];
    let expected = json!({
        "model": "claude-sonnet-5-5",
        "max_tokens": 1000,
        "stream": true,
        "system": [{
            "type": "text", "text": "The rules of this project.", "cache_control": { "type": "ephemeral" }
        }],
        "messages": [{ "role": "user", "content": "go on" }],
    });
    assert_eq!(logged.body, expected);
    assert_eq!(logged.headers["anthropic-version"], "2023-06-01");
}

#[tokio::test]
async fn a_request_without_a_stable_or_a_variable_part_is_still_one() {
    for api in ALL {
        let server = server(Script::always(Reply::new(TEXT))).await;
        for (stable, variable) in [("", "go on"), ("go on", " ")] {
            let mut asked = request(variable);
            asked.stable = stable.into();
            let answer = api.at(&server.url()).answer(asked.clone(), &()).await;
            assert_eq!(answer.map(|answer| answer.text).as_deref(), Ok(TEXT), "{api:?}");
        }
    }
}

#[tokio::test]
async fn tokens_are_counted_by_the_service_where_it_counts() {
    for api in ALL {
        let server = server(Script::default()).await;
        let counted = api.at(&server.url()).count(&request(&"word ".repeat(100))).await.expect("a count");
        let expected = matches!(api, Api::Anthropic | Api::Gemini).then_some(132);
        assert_eq!(counted, expected, "{api:?}");
    }
}

#[tokio::test]
async fn a_gateway_takes_a_bearer_token_and_may_not_count() {
    let server = server(Script::always(Reply::new(TEXT))).await;
    let mut service = Api::Anthropic.service(&server.url());
    service.credential = Credential::Bearer(Secret::new(support::KEY.to_owned()).expect("a key"));
    let provider = Api::Anthropic.provider(service.clone()).expect("a provider");
    assert!(provider.answer(request("go on"), &()).await.is_ok());
    service.base_url = format!("{}/elsewhere", server.url());
    let elsewhere = Api::Anthropic.provider(service).expect("a provider");
    assert_eq!(elsewhere.count(&request("go on")).await, Ok(None));
}

#[tokio::test]
async fn what_a_service_does_not_say_is_estimated_and_marked() {
    for api in ALL {
        let server = server(Script::always(Reply { without_usage: true, ..Reply::new(TEXT) })).await;
        let answer = api.at(&server.url()).answer(request("go on"), &()).await.expect("an answer");
        assert!(answer.estimated, "{api:?}");
        assert_eq!(answer.usage.input_tokens, request("go on").estimated_tokens(), "{api:?}");
        assert_eq!(answer.usage.output_tokens, certus_providers::estimated_tokens(TEXT), "{api:?}");
    }
}

#[tokio::test]
async fn imitations_may_leave_the_last_event_out_and_the_others_may_not() {
    for api in ALL {
        let server = server(Script::always(Reply { without_last: true, ..Reply::new(TEXT) })).await;
        let answer = api.at(&server.url()).answer(request("go on"), &()).await;
        match api {
            // Of Anthropic's, the event before the last says already why the model stopped.
            Api::OpenAi | Api::Anthropic => assert_eq!(answer.map(|answer| answer.text).as_deref(), Ok(TEXT)),
            Api::Gemini | Api::Ollama => {
                let error = answer.expect_err("it may be cut");
                let call = error.call().expect("a failed call");
                assert_eq!(call.kind.name(), "cut");
                assert_eq!(call.partial.as_deref(), Some(TEXT));
            }
        }
    }
}

#[tokio::test]
async fn an_answer_in_one_piece_is_an_answer() {
    let bodies = [
        (
            Api::OpenAi,
            r#"{"choices":[{"message":{"content":"all"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9}}"#,
        ),
        (Api::OpenAi, r#"{"choices":[{"message":{"content":"all"}}],"usage":{"prompt_tokens":9}}"#),
        (
            Api::Anthropic,
            r#"{"type":"message","content":[{"type":"text","text":"all"}],"stop_reason":"end_turn","usage":{"input_tokens":9}}"#,
        ),
    ];
    for (api, body) in bodies {
        let play = fake_api::Play::Body { content_type: "application/json".to_owned(), text: body.to_owned() };
        let server = server(Script::always(play)).await;
        let answer = api.at(&server.url()).answer(request("go on"), &()).await.expect("an answer");
        assert_eq!((answer.text.as_str(), answer.usage.input_tokens), ("all", 9), "{api:?}");
    }
}

#[tokio::test]
async fn slow_bytes_are_waited_for_as_long_as_they_come() {
    for api in ALL {
        let server = server(Script::always(Reply { byte_delay_ms: 1, ..Reply::new(TEXT) })).await;
        let answer: Result<Answer, _> = api.at(&server.url()).answer(request("go on"), &()).await;
        assert_eq!(answer.map(|answer| answer.text).as_deref(), Ok(TEXT), "{api:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_calls_at_once_all_get_their_own_answer() {
    for api in ALL {
        let steps = (0..100).map(|number| fake_api::Step {
            when: format!("number {number}."),
            times: Some(1),
            play: Reply { delay_ms: 20, ..Reply::new(&format!("answer {number} to that")) }.into(),
        });
        let server = server(Script { steps: steps.collect(), ..Script::default() }).await;
        let mut service = api.service(&server.url());
        service.timeouts = Timeouts::default();
        let provider = api.provider(service).expect("a provider");
        let calls = (0..100).map(|number| {
            let provider = std::sync::Arc::clone(&provider);
            tokio::spawn(async move { provider.answer(request(&format!("number {number}.")), &()).await })
        });
        for (number, call) in calls.collect::<Vec<_>>().into_iter().enumerate() {
            let answer = call.await.expect("no panic").expect("an answer");
            assert_eq!(answer.text, format!("answer {number} to that"), "{api:?}");
        }
        assert_eq!(server.log().len(), 100);
    }
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let server = server(Script::always(Reply::new(TEXT))).await;
    for api in ALL {
        let proxy_count = server.log().len();
        let provider = api.at(&server.url());
        for _ in 0..3 {
            provider.answer(request("go on"), &()).await.expect("an answer");
        }
        let ports: std::collections::BTreeSet<u16> =
            server.log()[proxy_count..].iter().map(|entry| entry.port).collect();
        assert_eq!(ports.len(), 1, "{api:?}");
    }
}

#[tokio::test]
async fn calls_wait_for_their_turn() {
    let server = server(Script::always(Reply::new(TEXT))).await;
    let mut service = Api::Anthropic.service(&server.url());
    service.limits = Limits { requests_per_minute: Some(1), tokens_per_minute: None };
    let provider = Api::Anthropic.provider(service).expect("a provider");
    provider.answer(request("go on"), &()).await.expect("an answer");
    let asked = request("go on");
    let second = tokio::time::timeout(Duration::from_millis(300), provider.answer(asked.clone(), &()));
    assert!(second.await.is_err(), "it waits for the next minute");
    assert_eq!(server.log().len(), 1);
}

/// A stream of exactly these events, in the form of a service.
fn stream(events: &[String]) -> Play {
    let text = events.iter().map(|event| format!("{event}\n\n")).collect();
    Play::Body { content_type: "text/event-stream".to_owned(), text }
}

#[tokio::test]
async fn what_a_service_called_complete_is_an_answer_whatever_comes_behind_it() {
    let said = |event: serde_json::Value| format!("data: {event}");
    let start = json!({ "type": "message_start", "message": { "model": "m", "usage": { "input_tokens": 40, "output_tokens": 1 } } });
    let block = |text: &str| json!({ "type": "content_block_delta", "delta": { "type": "text_delta", "text": text } });
    let end = |reason: &str| json!({ "type": "message_delta", "delta": { "stop_reason": reason }, "usage": { "output_tokens": 9 } });
    let late = json!({ "type": "error", "error": { "type": "overloaded_error", "message": "Overloaded" } });
    let chunk = |text: &str, reason: serde_json::Value| {
        json!({ "model": "m", "choices": [{ "delta": { "content": text }, "finish_reason": reason }],
                "usage": { "prompt_tokens": 40, "completion_tokens": 9 } })
    };
    let failed = json!({ "error": { "code": 502, "message": "late" } });
    let garbage = "data: {{{".to_owned();
    for (api, events) in [
        (Api::Anthropic, vec![said(start.clone()), said(block(TEXT)), said(end("end_turn")), said(late.clone())]),
        (Api::Anthropic, vec![said(start.clone()), said(block(TEXT)), said(end("end_turn")), garbage.clone()]),
        (Api::OpenAi, vec![said(chunk(TEXT, json!("stop"))), said(failed.clone())]),
        (Api::OpenAi, vec![said(chunk(TEXT, json!("stop"))), garbage.clone(), "data: [DONE]".to_owned()]),
    ] {
        let server = server(Script::always(stream(&events))).await;
        let answer = api.at(&server.url()).answer(request("go on"), &()).await.expect("an answer");
        assert_eq!((answer.text.as_str(), answer.broke_after, answer.estimated), (TEXT, true, false), "{events:?}");
        assert_eq!((answer.usage.input_tokens, answer.usage.output_tokens), (40, 9), "{events:?}");
    }
    // What it did not call complete, or called complete without a word of text, is none.
    for (api, events) in [
        (Api::Anthropic, vec![said(start.clone()), said(block(TEXT)), said(late.clone())]),
        (Api::Anthropic, vec![said(start.clone()), said(end("end_turn")), said(late)]),
        (Api::Anthropic, vec![said(start), said(block(TEXT)), said(end("max_tokens")), garbage]),
        (Api::OpenAi, vec![said(chunk(TEXT, json!(null))), said(failed.clone())]),
        (Api::OpenAi, vec![said(chunk("", json!("stop"))), said(failed)]),
    ] {
        let server = server(Script::always(stream(&events))).await;
        let result = api.at(&server.url()).answer(request("go on"), &()).await;
        assert!(result.is_err(), "{events:?}: {result:?}");
    }
}

#[tokio::test]
async fn a_text_may_come_in_parts() {
    let parts = json!([
        { "type": "thinking", "thinking": [{ "type": "text", "text": "let me see" }] },
        { "type": "text", "text": "{\"notes\": " },
        { "text": "\"größer ✓\"}" },
        { "type": "image_url", "image_url": { "url": "x" } },
    ]);
    let whole = json!({
        "model": "m", "choices": [{ "message": { "content": parts }, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 40, "completion_tokens": 9 },
    });
    let piece = json!({ "model": "m", "choices": [{ "delta": { "content": parts }, "finish_reason": "stop" }] });
    let whole = Play::Body { content_type: "application/json".to_owned(), text: whole.to_string() };
    for play in [whole, stream(&[format!("data: {piece}"), "data: [DONE]".to_owned()])] {
        let server = server(Script::always(play)).await;
        let answer = Api::OpenAi.at(&server.url()).answer(request("go on"), &()).await.expect("an answer");
        assert_eq!(answer.text, TEXT);
    }
}

/// Hears what came in.
#[derive(Default)]
struct Took(std::sync::Mutex<Vec<u64>>);

impl certus_providers::Progress for Took {
    fn text(&self, _: &str) {}

    fn took(&self, _: &str, usage: certus_engine::Usage) {
        self.0.lock().expect("not poisoned").push(usage.input_tokens);
    }
}

#[tokio::test]
async fn what_came_in_is_told_once_before_the_answer_is_there() {
    let tokens = Tokens { uncached: 100, cache_read: 40, cache_write: 7, output: 12 };
    let breaks = Some(fake_api::Break { after: 1, how: fake_api::How::Cut });
    let server = server(Script::always(Reply { tokens: Some(tokens), breaks, ..Reply::new(TEXT) })).await;
    for (api, told) in [(Api::Anthropic, vec![147]), (Api::OpenAi, vec![])] {
        let took = Took::default();
        let result = api.at(&server.url()).answer(request("go on"), &took).await;
        assert!(result.is_err());
        assert_eq!(*took.0.lock().expect("not poisoned"), told, "{api:?}");
    }
}
