//! The server refuses what the real services refuse, and runs as a program.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// The server as a program; it ends with the test.
struct Program {
    child: Child,
    address: String,
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Program {
    fn start(name: &str, script: &Value) -> Self {
        let path = std::env::temp_dir().join(format!("fake-api-{}-{name}.json", std::process::id()));
        std::fs::write(&path, script.to_string()).expect("a file");
        let mut command = Command::new(env!("CARGO_BIN_EXE_fake-api"));
        let mut child = command.arg(&path).stdout(Stdio::piped()).spawn().expect("it runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("its address");
        std::fs::remove_file(&path).expect("it was read");
        let address = line.trim().strip_prefix("http://").expect("an address").to_owned();
        Self { child, address }
    }

    /// Status and body.
    fn send(&self, head: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let length = body.len();
        write!(stream, "{head}host: h\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
            .expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a head");
        (status, body.to_owned())
    }

    fn messages(&self, version: &str, body: &Value) -> (u16, String) {
        let head = format!(
            "POST /v1/messages HTTP/1.1\r\ncontent-type: application/json\r\nx-api-key: test-key\r\n\
             anthropic-version: {version}\r\n"
        );
        self.send(&head, &body.to_string())
    }
}

fn good() -> Value {
    json!({
        "model": "claude-opus-5-5", "max_tokens": 10, "stream": true,
        "messages": [{ "role": "user", "content": "hello" }]
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut body = good();
    body[name] = value;
    body
}

#[test]
fn what_the_real_service_refuses_is_refused() {
    let script = json!({ "otherwise": { "reply": { "text": "hi" } }, "models": ["claude-opus-5-5"] });
    let server = Program::start("strict", &script);
    let (status, body) = server.messages("2023-06-01", &good());
    assert_eq!(status, 200);
    assert!(body.contains("event: message_stop") && body.contains("event: ping"), "{body}");
    assert_eq!(server.messages("2024-01-01", &good()).0, 400);
    let open = json!({ "format": { "type": "json_schema", "schema": { "type": "object" } } });
    let blocks: Vec<Value> =
        (0..5).map(|_| json!({ "type": "text", "text": "x", "cache_control": { "type": "ephemeral" } })).collect();
    for (name, value, expected) in [
        ("max_tokens", Value::Null, 400),
        ("max_tokens", json!(0), 400),
        ("temperature", json!(0.5), 400),
        ("top_p", json!(0.5), 400),
        ("prefill", json!("x"), 400),
        ("messages", json!([]), 400),
        ("messages", json!([{ "role": "user", "content": " " }]), 400),
        ("messages", json!([{ "role": "user", "content": "x" }, { "role": "assistant", "content": "{" }]), 400),
        ("system", json!(blocks), 400),
        ("output_config", open, 400),
        ("model", json!("claude-opus-9"), 404),
    ] {
        let (status, body) = server.messages("2023-06-01", &with(name, value));
        assert_eq!(status, expected, "{name}: {body}");
        assert!(body.contains("\"type\":\"error\""), "{body}");
    }
    let head = "POST /v1/messages HTTP/1.1\r\ncontent-type: application/json\r\nanthropic-version: 2023-06-01\r\n";
    assert_eq!(server.send(head, &good().to_string()).0, 401);
    let (status, log) = server.send("GET /log HTTP/1.1\r\n", "");
    let log: Vec<Value> = serde_json::from_str(&log).expect("JSON");
    assert_eq!((status, log.len()), (200, 14));
    assert_eq!(log[0]["ended"], "played");
    assert!(!log[0].to_string().contains("test-key"), "the log has no key");
}

#[test]
fn steps_are_chosen_by_what_is_asked_and_used_up() {
    let script = json!({
        "steps": [
            { "when": "hello", "times": 1, "play": { "fault": { "kind": "overloaded" } } },
            { "when": "hello", "play": { "reply": { "text": "hello yourself" } } }
        ],
        "otherwise": { "reply": { "text": "what?" } }
    });
    let server = Program::start("steps", &script);
    let whole = |text: &str| {
        let mut body = with("stream", json!(false));
        body["messages"][0]["content"] = json!(text);
        server.messages("2023-06-01", &body)
    };
    assert_eq!(whole("hello").0, 529);
    assert!(whole("say hello").1.contains("hello yourself"));
    assert!(whole("nothing").1.contains("what?"));
    assert!(whole("hello").1.contains("hello yourself"));
}

#[test]
fn an_answer_ends_at_the_limit_that_was_asked_for() {
    let server = Program::start("limit", &json!({ "otherwise": { "reply": { "text": "x".repeat(1000) } } }));
    let (_, body) = server.messages("2023-06-01", &with("stream", json!(false)));
    let body: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(body["stop_reason"], "max_tokens");
    assert_eq!(body["content"][0]["text"], "x".repeat(40));
    assert_eq!(body["usage"]["output_tokens"], 10);
}
