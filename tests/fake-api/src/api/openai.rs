//! `/v1/chat/completions` and `/v1/responses/input_tokens`.

use serde_json::{Value, json};

use super::{Api, Asked, Frames, Head, Said, bearer, invalid, message, model_of, only, positive, schema, sse, text_of};
use crate::script::{Fault, Script, Stop};

pub(crate) struct OpenAi;

const KNOWN: &[&str] = &[
    "model",
    "messages",
    "max_tokens",
    "max_completion_tokens",
    "stream",
    "stream_options",
    "response_format",
    "temperature",
    "top_p",
    "reasoning_effort",
    "metadata",
    "user",
    "n",
    "stop",
    "seed",
];

fn reasons(model: &str) -> bool {
    ["gpt-5", "gpt-6", "o1", "o3", "o4"].iter().any(|prefix| model.starts_with(prefix))
}

impl Api for OpenAi {
    fn name(&self) -> &'static str {
        "openai"
    }

    fn check(&self, script: &Script, head: &Head<'_>, body: &Value) -> Result<Asked, Fault> {
        match bearer(head) {
            Some(key) if key == script.key => {}
            _ => return Err(Fault::new("authentication", "Incorrect API key provided: {key}")),
        }
        if head.path.ends_with("input_tokens") {
            only(body, &["model", "input", "instructions"])?;
            let model = model_of(script, body)?;
            let text = [&body["instructions"], &body["input"]].into_iter().filter_map(Value::as_str).collect();
            return Ok(Asked {
                text,
                model,
                most: 0,
                streams: false,
                wants_usage: true,
                counts: true,
                blocks: Vec::new(),
            });
        }
        only(body, KNOWN)?;
        let model = model_of(script, body)?;
        if reasons(&model) {
            if body.get("max_tokens").is_some() {
                return Err(invalid(
                    "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
                ));
            }
            if body.get("temperature").is_some_and(|temperature| temperature != 1) {
                return Err(invalid("'temperature' does not support this value with this model."));
            }
        }
        let most = ["max_tokens", "max_completion_tokens"].into_iter().find(|name| body.get(*name).is_some());
        let most = most.map_or(Ok(u64::MAX), |name| positive(&body[name], name))?;
        let messages = body["messages"].as_array().filter(|messages| !messages.is_empty());
        let messages = messages.ok_or_else(|| invalid("messages: expected an array with minimum length 1"))?;
        let mut text = String::new();
        for turn in messages {
            let role = turn["role"].as_str().unwrap_or_default();
            if !["system", "developer", "user", "assistant"].contains(&role) {
                return Err(invalid("messages: unknown role"));
            }
            text.push_str(&text_of(&turn["content"], "messages")?);
            text.push('\n');
        }
        let streams = body["stream"] == true;
        if body.get("stream_options").is_some() && !streams {
            return Err(invalid("The 'stream_options' parameter is only allowed when 'stream' is enabled."));
        }
        if let Some(format) = body.get("response_format") {
            let named = &format["json_schema"];
            if format["type"] != "json_schema" || !named["name"].is_string() || !named["schema"].is_object() {
                return Err(invalid("response_format: a json_schema needs a name and a schema"));
            }
            if named["strict"] == true {
                schema::check(&named["schema"], &[], true)?;
            }
        }
        let wants_usage = !streams || body["stream_options"]["include_usage"] == true;
        Ok(Asked { text, model, most, streams, wants_usage, counts: false, blocks: Vec::new() })
    }

    fn frames(&self, asked: &Asked, said: &Said<'_>) -> Frames {
        let chunk = |delta: Value, reason: Value| {
            sse(
                "",
                &json!({
                    "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": asked.model,
                    "choices": [{ "index": 0, "delta": delta, "finish_reason": reason, "logprobs": null }],
                    "usage": null
                }),
            )
        };
        let head =
            vec![": a comment\n\n".to_owned(), chunk(json!({ "role": "assistant", "content": "" }), Value::Null)];
        let refuses = said.stop == Stop::Refusal;
        let field = if refuses { "refusal" } else { "content" };
        let pieces = said.pieces.iter().map(|piece| chunk(json!({ field: piece }), Value::Null)).collect();
        let mut tail = Vec::new();
        if said.last {
            tail.push(chunk(json!({}), json!(reason(said.stop))));
        }
        if said.usage {
            tail.push(sse("", &json!({ "id": "chatcmpl-1", "choices": [], "usage": usage(said) })));
        }
        if said.last {
            tail.push("data: [DONE]\n\n".to_owned());
        }
        Frames { head, pieces, tail }
    }

    fn whole(&self, asked: &Asked, said: &Said<'_>) -> Value {
        let message = json!({ "role": "assistant", "content": said.text() });
        json!({
            "id": "chatcmpl-1", "object": "chat.completion", "model": asked.model,
            "choices": [{ "index": 0, "message": message, "finish_reason": reason(said.stop) }], "usage": usage(said)
        })
    }

    fn counted(&self, tokens: u64) -> Value {
        json!({ "object": "response.input_tokens", "input_tokens": tokens })
    }

    fn fault(&self, fault: &Fault) -> (u16, Value) {
        // This service has no status 529.
        let status = if fault.kind == "overloaded" { 503 } else { super::status(&fault.kind) };
        (status, body(fault))
    }

    fn fault_event(&self, fault: &Fault) -> String {
        sse("", &body(fault))
    }
}

fn reason(stop: Stop) -> &'static str {
    match stop {
        Stop::MaxTokens | Stop::ContextExceeded => "length",
        Stop::End | Stop::Refusal => "stop",
    }
}

fn usage(said: &Said<'_>) -> Value {
    let tokens = &said.tokens;
    let input = tokens.uncached + tokens.cache_read + tokens.cache_write;
    json!({
        "prompt_tokens": input, "completion_tokens": tokens.output, "total_tokens": input + tokens.output,
        "prompt_tokens_details": { "cached_tokens": tokens.cache_read, "cache_write_tokens": tokens.cache_write },
        "completion_tokens_details": { "reasoning_tokens": 0 }
    })
}

fn body(fault: &Fault) -> Value {
    let (kind, code) = match fault.kind.as_str() {
        "authentication" => ("invalid_request_error", json!("invalid_api_key")),
        "spend-cap" => ("insufficient_quota", json!("insufficient_quota")),
        "not-found" => ("invalid_request_error", json!("model_not_found")),
        "rate-limit" => ("tokens", json!("rate_limit_exceeded")),
        "context" => ("invalid_request_error", json!("context_length_exceeded")),
        "overloaded" => ("server_error", json!("overloaded")),
        "server" | "timeout" => ("server_error", Value::Null),
        _ => ("invalid_request_error", Value::Null),
    };
    json!({ "error": { "message": message(fault), "type": kind, "param": null, "code": code } })
}
