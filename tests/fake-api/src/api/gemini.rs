//! `/v1beta/models/MODEL:streamGenerateContent` and `:countTokens`.

use serde_json::{Value, json};

use super::{Api, Asked, Frames, Head, Said, invalid, known_model, message, only, positive, sse, text_of};
use crate::script::{Fault, Script, Stop};

pub(crate) struct Gemini;

fn parts(value: &Value, what: &str) -> Result<String, Fault> {
    let list = value["parts"].as_array().filter(|list| !list.is_empty());
    let list = list.ok_or_else(|| invalid(format!("{what}.parts must not be empty")))?;
    list.iter().map(|part| text_of(&part["text"], what).map(|text| text + "\n")).collect()
}

fn content(body: &Value) -> Result<String, Fault> {
    let mut text = match body.get("systemInstruction") {
        Some(system) => parts(system, "system_instruction")?,
        None => String::new(),
    };
    let contents = body["contents"].as_array().filter(|contents| !contents.is_empty());
    for turn in contents.ok_or_else(|| invalid("GenerateContentRequest.contents: contents is not specified"))? {
        if turn["role"] != "user" {
            return Err(invalid("contents: Please ensure that the last role is user"));
        }
        text.push_str(&parts(turn, "contents")?);
    }
    Ok(text)
}

impl Api for Gemini {
    fn name(&self) -> &'static str {
        "gemini"
    }

    fn check(&self, script: &Script, head: &Head<'_>, body: &Value) -> Result<Asked, Fault> {
        if head.query.contains("key=") {
            return Err(invalid("a key does not belong into an address"));
        }
        if (head.header)("x-goog-api-key").as_deref() != Some(&script.key) {
            return Err(Fault::new("authentication", "API key not valid. Please pass a valid API key."));
        }
        let call = head.path.strip_prefix("/v1beta/models/").unwrap_or_default();
        let (model, method) = call.split_once(':').ok_or_else(|| Fault::new("not-found", "no method"))?;
        let model = known_model(script, model.to_owned())?;
        if method == "countTokens" {
            only(body, &["generateContentRequest"])?;
            let asked = &body["generateContentRequest"];
            if asked["model"] != format!("models/{model}") {
                return Err(invalid("generateContentRequest.model: does not match"));
            }
            let text = content(asked)?;
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
        if method != "streamGenerateContent" || head.query != "alt=sse" {
            return Err(Fault::new("not-found", "this method is not imitated"));
        }
        only(body, &["contents", "systemInstruction", "generationConfig", "safetySettings"])?;
        let config = &body["generationConfig"];
        only(config, &["maxOutputTokens", "responseMimeType", "responseJsonSchema", "temperature"])?;
        if config.get("responseJsonSchema").is_some() && config["responseMimeType"] != "application/json" {
            return Err(invalid("responseJsonSchema needs the response mime type application/json"));
        }
        let most = positive(&config["maxOutputTokens"], "maxOutputTokens")?;
        let text = content(body)?;
        Ok(Asked { text, model, most, streams: true, wants_usage: true, counts: false, blocks: Vec::new() })
    }

    fn frames(&self, asked: &Asked, said: &Said<'_>) -> Frames {
        let chunk = |part: Value, reason: Option<&str>, output: u64| {
            let mut candidate = json!({ "content": { "parts": [part], "role": "model" }, "index": 0 });
            if let Some(reason) = reason {
                candidate["finishReason"] = json!(reason);
            }
            let mut chunk = json!({ "candidates": [candidate], "modelVersion": asked.model, "responseId": "r1" });
            if said.usage {
                chunk["usageMetadata"] = usage(said, output);
            }
            sse("", &chunk)
        };
        let thought = chunk(json!({ "text": "Let me see", "thought": true }), None, 0);
        let pieces = said.pieces.iter().map(|piece| chunk(json!({ "text": piece }), None, 1)).collect();
        let reason = match said.stop {
            Stop::End => "STOP",
            Stop::MaxTokens | Stop::ContextExceeded => "MAX_TOKENS",
            Stop::Refusal => "SAFETY",
        };
        let last = chunk(json!({ "text": "" }), Some(reason), said.tokens.output);
        Frames { head: vec![thought], pieces, tail: if said.last { vec![last] } else { Vec::new() } }
    }

    fn whole(&self, _: &Asked, _: &Said<'_>) -> Value {
        Value::Null
    }

    fn counted(&self, tokens: u64) -> Value {
        json!({ "totalTokens": tokens })
    }

    fn fault(&self, fault: &Fault) -> (u16, Value) {
        let body = body(fault);
        let status = body["error"]["code"].as_u64().and_then(|code| u16::try_from(code).ok()).unwrap_or(500);
        (status, body)
    }

    fn fault_event(&self, fault: &Fault) -> String {
        sse("", &body(fault))
    }
}

fn usage(said: &Said<'_>, output: u64) -> Value {
    let tokens = &said.tokens;
    let input = tokens.uncached + tokens.cache_read + tokens.cache_write;
    json!({
        "promptTokenCount": input, "cachedContentTokenCount": tokens.cache_read,
        "candidatesTokenCount": output, "totalTokenCount": input + output
    })
}

fn body(fault: &Fault) -> Value {
    let (code, status) = match fault.kind.as_str() {
        "permission" | "billing" => (403, "PERMISSION_DENIED"),
        "not-found" => (404, "NOT_FOUND"),
        "conflict" => (409, "ABORTED"),
        "too-large" => (413, "INVALID_ARGUMENT"),
        "rate-limit" | "spend-cap" => (429, "RESOURCE_EXHAUSTED"),
        "server" => (500, "INTERNAL"),
        "overloaded" => (503, "UNAVAILABLE"),
        "timeout" => (504, "DEADLINE_EXCEEDED"),
        // A wrong key is an invalid argument here.
        _ => (400, "INVALID_ARGUMENT"),
    };
    let details = match fault.kind.as_str() {
        "authentication" => {
            json!([{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID" }])
        }
        "spend-cap" => json!([{
            "@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [{ "quotaId": "GenerateRequestsPerDayPerProjectPerModel" }]
        }]),
        "rate-limit" => {
            // This service says in the body how long to wait.
            let wait = fault.headers.get("retry-after").map_or("1s".to_owned(), |seconds| format!("{seconds}s"));
            json!([{ "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": wait }])
        }
        _ => json!([]),
    };
    let message = match fault.kind.as_str() {
        "context" => json!("The input token count (2000000) exceeds the maximum number of tokens allowed (1048576)."),
        _ => message(fault),
    };
    json!({ "error": { "code": code, "message": message, "status": status, "details": details } })
}
