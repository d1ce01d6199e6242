//! `/v1/messages` and `/v1/messages/count_tokens`.

use serde_json::{Value, json};

use super::{Api, Asked, Frames, Head, Said, bearer, invalid, message, model_of, only, positive, schema, sse, text_of};
use crate::cache::Block;
use crate::script::{Fault, Script, Stop};

pub(crate) struct Anthropic;

const KNOWN: &[&str] = &[
    "model",
    "messages",
    "system",
    "max_tokens",
    "stream",
    "output_config",
    "metadata",
    "service_tier",
    "stop_sequences",
    "temperature",
    "top_p",
    "top_k",
    "thinking",
    "tools",
    "tool_choice",
];

/// The blocks of the system or of a message.
fn blocks(value: &Value, what: &str) -> Result<Vec<Block>, Fault> {
    if value.is_string() {
        return Ok(vec![Block { text: text_of(value, what)?, keep: false }]);
    }
    let list = value.as_array().filter(|list| !list.is_empty());
    let list = list.ok_or_else(|| invalid(format!("{what}: must be a string or a list of blocks")))?;
    let mut all = Vec::new();
    for block in list {
        only(block, &["type", "text", "cache_control"])?;
        if block["type"] != "text" {
            return Err(invalid(format!("{what}: only text is understood here")));
        }
        let text = text_of(&block["text"], what)?;
        if let Some(cached) = block.get("cache_control") {
            only(cached, &["type", "ttl"])?;
            let ttl = cached.get("ttl").is_none_or(|ttl| ttl == "5m" || ttl == "1h");
            if cached["type"] != "ephemeral" || !ttl {
                return Err(invalid(format!("{what}: cache_control: Input should be 'ephemeral'")));
            }
        }
        all.push(Block { text, keep: block.get("cache_control").is_some() });
    }
    Ok(all)
}

impl Api for Anthropic {
    fn name(&self) -> &'static str {
        "anthropic"
    }

    fn check(&self, script: &Script, head: &Head<'_>, body: &Value) -> Result<Asked, Fault> {
        let key = (head.header)("x-api-key").or_else(|| bearer(head));
        if key.as_deref() != Some(&script.key) {
            return Err(Fault::new("authentication", "invalid x-api-key"));
        }
        if (head.header)("anthropic-version").as_deref() != Some("2023-06-01") {
            return Err(invalid("anthropic-version: a valid version is required"));
        }
        only(body, KNOWN)?;
        let model = model_of(script, body)?;
        let counts = head.path.ends_with("count_tokens");
        if counts && body.get("max_tokens").is_some() {
            return Err(invalid("max_tokens: Extra inputs are not permitted"));
        }
        let most = if counts { 0 } else { positive(&body["max_tokens"], "max_tokens")? };
        for name in ["temperature", "top_p", "top_k"] {
            if body.get(name).is_some() && (model.contains("5-5") || model.contains("5.5")) {
                return Err(invalid(format!("`{name}` is not supported for this model")));
            }
        }
        let mut all = body.get("system").map_or(Ok(Vec::new()), |system| blocks(system, "system"))?;
        let messages = body["messages"].as_array().filter(|messages| !messages.is_empty());
        let messages = messages.ok_or_else(|| invalid("messages: at least one message is required"))?;
        for turn in messages {
            only(turn, &["role", "content"])?;
            all.extend(blocks(&turn["content"], "messages")?);
        }
        if messages.last().is_none_or(|turn| turn["role"] != "user") {
            return Err(invalid("This model does not support assistant message prefill"));
        }
        if all.iter().filter(|block| block.keep).count() > 4 {
            return Err(invalid("A maximum of 4 blocks with cache_control may be provided"));
        }
        if let Some(config) = body.get("output_config") {
            only(config, &["format", "effort"])?;
            let format = &config["format"];
            only(format, &["type", "schema"])?;
            if format["type"] != "json_schema" || !format["schema"].is_object() {
                return Err(invalid("output_config.format: must be a json_schema"));
            }
            schema::check(&format["schema"], &["minimum", "maximum", "minLength", "maxLength"], false)?;
        }
        let streams = body["stream"] == true;
        let text = all.iter().map(|block| block.text.as_str()).collect();
        Ok(Asked { text, model, most, streams, wants_usage: true, counts, blocks: all })
    }

    fn frames(&self, asked: &Asked, said: &Said<'_>) -> Frames {
        let mut start = json!({
            "type": "message_start",
            "message": {
                "id": "msg_1", "type": "message", "role": "assistant", "model": asked.model, "content": [],
                "stop_reason": null, "stop_sequence": null, "usage": input(said, 1)
            }
        });
        let stop = stop(said.stop);
        let mut delta = json!({ "type": "message_delta", "delta": { "stop_reason": stop, "stop_sequence": null } });
        if said.usage {
            // Cumulative: the counts of the input come again.
            delta["usage"] = input(said, said.tokens.output);
        } else {
            start["message"]["usage"] = Value::Null;
        }
        let block =
            |index: u32, block: Value| json!({ "type": "content_block_start", "index": index, "content_block": block });
        let change =
            |index: u32, delta: Value| json!({ "type": "content_block_delta", "index": index, "delta": delta });
        let end = |index: u32| json!({ "type": "content_block_stop", "index": index });
        let head = vec![
            sse("message_start", &start),
            sse("ping", &json!({ "type": "ping" })),
            sse("content_block_start", &block(0, json!({ "type": "thinking", "thinking": "", "signature": "" }))),
            sse("content_block_delta", &change(0, json!({ "type": "thinking_delta", "thinking": "Let me see" }))),
            sse("content_block_delta", &change(0, json!({ "type": "signature_delta", "signature": "c2ln" }))),
            sse("content_block_stop", &end(0)),
            sse("event_of_tomorrow", &json!({ "type": "event_of_tomorrow", "delta": 7, "content_block": [] })),
            sse("content_block_start", &block(1, json!({ "type": "text", "text": "" }))),
        ];
        let pieces = said
            .pieces
            .iter()
            .map(|piece| sse("content_block_delta", &change(1, json!({ "type": "text_delta", "text": piece }))));
        let mut tail = vec![
            sse("content_block_delta", &change(1, json!({ "type": "citations_delta", "citation": { "url": "x" } }))),
            sse("content_block_stop", &end(1)),
            sse("content_block_start", &block(2, json!({ "type": "tool_use", "id": "t", "name": "n", "input": {} }))),
            sse("content_block_delta", &change(2, json!({ "type": "input_json_delta", "partial_json": "{}" }))),
            sse("content_block_stop", &end(2)),
            sse("message_delta", &delta),
        ];
        if said.last {
            tail.push(sse("message_stop", &json!({ "type": "message_stop" })));
        }
        Frames { head, pieces: pieces.collect(), tail }
    }

    fn whole(&self, asked: &Asked, said: &Said<'_>) -> Value {
        json!({
            "id": "msg_1", "type": "message", "role": "assistant", "model": asked.model,
            "content": [{ "type": "text", "text": said.text() }], "stop_reason": stop(said.stop),
            "usage": input(said, said.tokens.output)
        })
    }

    fn counted(&self, tokens: u64) -> Value {
        json!({ "input_tokens": tokens })
    }

    fn fault(&self, fault: &Fault) -> (u16, Value) {
        (super::status(&fault.kind), body(fault))
    }

    fn fault_event(&self, fault: &Fault) -> String {
        sse("error", &body(fault))
    }
}

fn input(said: &Said<'_>, output: u64) -> Value {
    let tokens = &said.tokens;
    json!({
        "input_tokens": tokens.uncached,
        "cache_creation_input_tokens": tokens.cache_write,
        "cache_read_input_tokens": tokens.cache_read,
        "cache_creation": { "ephemeral_5m_input_tokens": tokens.cache_write, "ephemeral_1h_input_tokens": 0 },
        "output_tokens": output,
        "service_tier": "standard"
    })
}

fn stop(stop: Stop) -> &'static str {
    match stop {
        Stop::End => "end_turn",
        Stop::MaxTokens => "max_tokens",
        Stop::Refusal => "refusal",
        Stop::ContextExceeded => "model_context_window_exceeded",
    }
}

fn body(fault: &Fault) -> Value {
    let name = match fault.kind.as_str() {
        "authentication" => "authentication_error",
        "billing" => "billing_error",
        "permission" => "permission_error",
        "not-found" => "not_found_error",
        "conflict" => "conflict_error",
        "too-large" => "request_too_large",
        "rate-limit" | "spend-cap" => "rate_limit_error",
        "server" => "api_error",
        "timeout" => "timeout_error",
        "overloaded" => "overloaded_error",
        _ => "invalid_request_error",
    };
    let message = match fault.kind.as_str() {
        "context" => json!("prompt is too long: 1000001 tokens > 1000000 maximum"),
        _ => message(fault),
    };
    json!({ "type": "error", "error": { "type": name, "message": message }, "request_id": "req_1" })
}
