//! What stands between us and a service answers for it at times: with counts that are none, and with bytes that nobody asked for.

mod support;

use std::time::Duration;

use certus_providers::{CallErrorKind, Phase, Spent, retry};
use fake_api::{Fault, Play, Script};
use support::{ALL, Api, Heard, fails, no_key, request, server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn a_count_that_cannot_be_had_is_named_and_ends_in_time_by_itself() {
    let body =
        |content_type: &str, text: &str| Play::Body { content_type: content_type.to_owned(), text: text.to_owned() };
    for (play, kind, said) in [
        (Play::from(Fault::new("server", "out of order")), CallErrorKind::Server, "out of order"),
        (body("text/html", "<html>log in first</html>"), CallErrorKind::Unreadable, "it is a web page"),
        (body("application/json", "{\"input_tokens\":\"9\"}"), CallErrorKind::Unreadable, "there is no count in it"),
        // What would be set aside for it would not cover the call.
        (
            body("application/json", "{\"input_tokens\":0,\"totalTokens\":0}"),
            CallErrorKind::Unreadable,
            "so long a request has more than 0 tokens",
        ),
        (body("application/json", "[]"), CallErrorKind::Unreadable, "[]"),
        // A call may take minutes here.
        (Play::Hang, CallErrorKind::Timeout(Phase::Idle), ""),
    ] {
        for api in [Api::Anthropic, Api::Gemini] {
            let server = server(Script { counting: Some(play.clone()), ..Script::default() }).await;
            let mut service = api.service(&server.url());
            service.timeouts.idle = Duration::from_secs(300);
            service.timeouts.total = Duration::from_secs(300);
            let (provider, asked) = (api.provider(service).expect("a provider"), request(&"word ".repeat(100)));
            let counted = tokio::time::timeout(Duration::from_secs(30), provider.count(&asked));
            let error = counted.await.expect("it ends in time").expect_err("there is no count");
            no_key(&error);
            let call = error.call().expect("a failed call");
            assert_eq!((call.kind, call.said.as_str(), call.spent), (kind, said, Spent::Nothing), "{api:?} {play:?}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_compressed_although_nobody_asked_is_named() {
    for (coding, status) in [("gzip", 200), ("Br", 200), ("identity, deflate", 200), ("gzip", 503), ("utf-8", 200)] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let seen = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
        let heads = std::sync::Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut buffer = [0; 2048];
                let read = stream.read(&mut buffer).await.unwrap_or_default();
                *heads.lock().expect("one at a time") = String::from_utf8_lossy(&buffer[..read]).to_ascii_lowercase();
                let head = format!(
                    "HTTP/1.1 {status} X\r\ncontent-type: text/event-stream\r\ncontent-encoding: {coding}\r\n\
                     x-request-id: req_7\r\ncontent-length: 4\r\n\r\n"
                );
                let _ = stream.write_all(&[head.as_bytes(), b"\x1f\x8b\x08\x00"].concat()).await;
            }
        });
        for api in ALL {
            let error = fails(&*api.at(&url), &Heard::default()).await;
            assert!(seen.lock().expect("one at a time").contains("accept-encoding: identity"));
            if status != 200 {
                let named = (error.kind, error.status, error.said.as_str());
                assert_eq!(named, (CallErrorKind::Overloaded, Some(503), ""), "{api:?}");
                continue;
            }
            assert_eq!(error.kind, CallErrorKind::Unreadable, "{api:?} {coding}: {error}");
            if coding == "utf-8" {
                assert!(!error.said.contains("compressed"), "{api:?}: {error}");
                continue;
            }
            let name = coding.rsplit(' ').next().unwrap_or_default().to_ascii_lowercase();
            let said = format!("it is compressed ({name}), although nobody asked for that");
            assert_eq!((error.said.as_str(), error.request_id.as_deref()), (said.as_str(), Some("req_7")), "{api:?}");
            assert!(error.to_string().contains("without `content-encoding`"), "{error}");
            assert!(matches!(error.spent, Spent::Possibly(usage) if usage.input_tokens > 0), "{api:?}");
            assert_eq!(retry::after(&error.into(), 1, 0.0), None, "{api:?}");
        }
    }
}
