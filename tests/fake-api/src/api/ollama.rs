//! `/api/chat`.

use serde_json::{Value, json};

use super::{Api, Asked, Frames, Head, Said, invalid, message, model_of, only, positive, text_of};
use crate::script::{Fault, Script, Stop};

pub(crate) struct Ollama;

fn line(value: &Value) -> String {
    format!("{value}\n")
}

impl Api for Ollama {
    fn name(&self) -> &'static str {
        "ollama"
    }

    fn check(&self, script: &Script, _: &Head<'_>, body: &Value) -> Result<Asked, Fault> {
        only(body, &["model", "messages", "stream", "format", "options", "keep_alive", "think", "truncate"])?;
        let model = model_of(script, body).map_err(|fault| match fault.kind.as_str() {
            "not-found" => Fault::new("not-found", "model not found, try pulling it first"),
            _ => fault,
        })?;
        let options = &body["options"];
        only(options, &["num_predict", "num_ctx", "temperature", "seed"])?;
        let most = positive(&options["num_predict"], "num_predict")?;
        let messages = body["messages"].as_array().filter(|messages| !messages.is_empty());
        let mut text = String::new();
        for turn in messages.ok_or_else(|| invalid("messages: required"))? {
            text.push_str(&text_of(&turn["content"], "messages")?);
            text.push('\n');
        }
        let window = options["num_ctx"].as_u64().unwrap_or(4096);
        if super::count(&text) > window {
            return Err(Fault::new("context", "the input length exceeds the context length"));
        }
        let streams = body["stream"] != false;
        Ok(Asked { text, model, most, streams, wants_usage: true, counts: false, blocks: Vec::new() })
    }

    fn content_type(&self) -> &'static str {
        "application/x-ndjson"
    }

    fn frames(&self, asked: &Asked, said: &Said<'_>) -> Frames {
        let chunk = |text: &str, thinking: &str| {
            let mut message = json!({ "role": "assistant", "content": text });
            if !thinking.is_empty() {
                message["thinking"] = json!(thinking);
            }
            line(
                &json!({ "model": asked.model, "created_at": "2026-01-01T00:00:00Z", "message": message, "done": false }),
            )
        };
        let tail = if said.last { vec![line(&self.whole_after(asked, said, ""))] } else { Vec::new() };
        Frames {
            head: vec![chunk("", "Let me see")],
            pieces: said.pieces.iter().map(|piece| chunk(piece, "")).collect(),
            tail,
        }
    }

    fn whole(&self, asked: &Asked, said: &Said<'_>) -> Value {
        self.whole_after(asked, said, &said.text())
    }

    fn counted(&self, _: u64) -> Value {
        Value::Null
    }

    fn fault(&self, fault: &Fault) -> (u16, Value) {
        let status = if fault.kind == "overloaded" { 503 } else { super::status(&fault.kind) };
        (status, json!({ "error": message(fault) }))
    }

    fn fault_event(&self, fault: &Fault) -> String {
        line(&json!({ "error": message(fault) }))
    }
}

impl Ollama {
    fn whole_after(&self, asked: &Asked, said: &Said<'_>, text: &str) -> Value {
        let tokens = &said.tokens;
        let reason = if said.stop == Stop::MaxTokens { "length" } else { "stop" };
        let mut last = json!({
            "model": asked.model, "message": { "role": "assistant", "content": text }, "done": true, "done_reason": reason
        });
        if said.usage {
            last["prompt_eval_count"] = json!(tokens.uncached + tokens.cache_read + tokens.cache_write);
            last["eval_count"] = json!(tokens.output);
        }
        last
    }
}
