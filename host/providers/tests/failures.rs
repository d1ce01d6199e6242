//! What goes wrong, over real connections, with every service: by name, in time, without a key, and with what was paid.

mod support;

use std::time::{Duration, Instant};

use certus_providers::{CallErrorKind, Phase, Proxy, Secret, Spent, retry};
use fake_api::{Break, Ended, Fault, How, Play, Reply, Script, Stop, Tokens};
use support::{ALL, Api, Heard, KEY, fails, no_key, request, server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const TEXT: &str = "first second third and then it goes on";

fn breaking(after: usize, how: How) -> Script {
    Script::always(Reply { pieces: 3, breaks: Some(Break { after, how }), ..Reply::new(TEXT) })
}

#[tokio::test]
async fn every_status_has_its_name_and_costs_what_it_costs() {
    use CallErrorKind as K;
    let unlike = |api: Api, kind: &str, named: K| match (api, kind) {
        // This service has no such status.
        (Api::Gemini, "billing") => K::Permission,
        // A local one has no limit on spending.
        (Api::Ollama, "spend-cap") => K::RateLimited,
        _ => named,
    };
    let cases = [
        ("invalid-request", K::InvalidRequest, false),
        ("authentication", K::Authentication, false),
        ("billing", K::Billing, false),
        ("permission", K::Permission, false),
        ("not-found", K::NotFound, false),
        ("too-large", K::TooLarge, false),
        ("context", K::ContextOverflow, false),
        ("conflict", K::Conflict, true),
        ("rate-limit", K::RateLimited, true),
        ("spend-cap", K::Quota, false),
        ("server", K::Server, true),
        ("timeout", K::Timeout(Phase::Service), true),
        ("overloaded", K::Overloaded, true),
    ];
    for api in ALL {
        for (kind, named, again) in cases {
            let mut fault = Fault::new(kind, "no: {key} in context length");
            if kind != "context" {
                fault.message = format!("{kind}: the key {{key}} was used");
            }
            if kind == "rate-limit" {
                fault = fault.with("retry-after", "7");
            }
            let server = server(Script::always(fault)).await;
            let error = fails(&*api.at(&server.url()), &Heard::default()).await;
            let named = unlike(api, kind, named);
            assert_eq!(error.kind, named, "{api:?} {kind}: {error}");
            assert!(error.status.is_some() && error.partial.is_none());
            let billed = matches!(kind, "server" | "timeout");
            assert_eq!(matches!(error.spent, Spent::Possibly(_)), billed, "{api:?} {kind}");
            let retried = retry::after(&error.clone().into(), 1, 0.0);
            if kind == "rate-limit" {
                assert_eq!(retried, Some(Duration::from_secs(7)), "{api:?}");
            } else {
                assert_eq!(retried.is_some(), again || named == K::RateLimited, "{api:?} {kind}");
            }
            assert_eq!(server.log().len(), 1, "one call is one attempt");
        }
    }
}

#[tokio::test]
async fn a_limit_that_does_not_say_when_it_ends_is_a_limit_on_spending() {
    let script = Script::always(Fault::new("rate-limit", "You have reached your limit").with("x-should-retry", "true"));
    let server = server(script).await;
    let error = fails(&*Api::Anthropic.at(&server.url()), &Heard::default()).await;
    assert_eq!(error.kind, CallErrorKind::Quota);
    assert_eq!(retry::after(&error.into(), 1, 0.0), None);
    let error = fails(&*Api::OpenAi.at(&server.url()), &Heard::default()).await;
    assert_eq!(retry::after(&error.into(), 1, 0.0), Some(Duration::from_millis(500)));
}

#[tokio::test]
async fn what_the_service_says_about_trying_again_is_taken_over() {
    for api in ALL {
        let script = Script::always(Fault::new("server", "").with("x-should-retry", "false"));
        let server = server(script).await;
        let error = fails(&*api.at(&server.url()), &Heard::default()).await;
        assert_eq!(retry::after(&error.into(), 1, 0.0), None, "{api:?}");
    }
}

#[tokio::test]
async fn a_wrong_key_is_named_and_not_shown() {
    for api in [Api::Anthropic, Api::OpenAi, Api::Gemini] {
        let server =
            fake_api::FakeApi::start(Script { key: "another".to_owned(), ..Script::default() }).await.expect("a port");
        let error = fails(&*api.at(&server.url()), &Heard::default()).await;
        assert_eq!(error.kind, CallErrorKind::Authentication, "{api:?}");
        assert!(api != Api::OpenAi || error.said.contains("[key]"), "{}", error.said);
        let count = api.at(&server.url()).count(&request("go on")).await;
        if let Err(error) = count {
            no_key(&error);
            assert_eq!(error.spent(), Spent::Nothing);
        }
    }
}

#[tokio::test]
async fn an_error_inside_a_stream_has_its_name_and_what_had_arrived() {
    for api in ALL {
        for after in [0, 2] {
            let server = server(breaking(after, How::Fault(Fault::new("overloaded", "too busy")))).await;
            let heard = Heard::default();
            let error = fails(&*api.at(&server.url()), &heard).await;
            let named = if api == Api::Ollama { CallErrorKind::Server } else { CallErrorKind::Overloaded };
            assert_eq!(error.kind, named, "{api:?}: {error}");
            assert_eq!(error.partial.unwrap_or_default(), heard.pieces().concat(), "{api:?}");
            assert_eq!(heard.pieces().len(), after, "{api:?}");
            let Spent::Possibly(usage) = error.spent else { panic!("{api:?}: it may be billed") };
            assert!(usage.input_tokens > 0, "{api:?}");
            assert_eq!(usage.output_tokens > 0, after > 0 || api == Api::Anthropic, "{api:?}");
        }
    }
}

#[tokio::test]
async fn a_broken_connection_is_named_by_what_had_happened() {
    for api in ALL {
        let server = server(Script::always(Play::CutBeforeHead)).await;
        let error = fails(&*api.at(&server.url()), &Heard::default()).await;
        assert_eq!(error.kind, CallErrorKind::Connection { sent: true }, "{api:?}");
        assert!(matches!(error.spent, Spent::Possibly(_)));
        assert_eq!(server.log().len(), 1, "{api:?}: one call is one attempt");

        for after in [0, 2] {
            let server = support::server(breaking(after, How::Cut)).await;
            let heard = Heard::default();
            let error = fails(&*api.at(&server.url()), &heard).await;
            assert_eq!(error.kind, CallErrorKind::Cut, "{api:?}: {error}");
            assert_eq!(heard.pieces().len(), after, "{api:?}");
            assert_eq!(error.partial.unwrap_or_default(), heard.pieces().concat());
            assert!(matches!(error.spent, Spent::Possibly(usage) if usage.input_tokens > 0));
        }
    }
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_sent() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    for api in ALL {
        let error = fails(&*api.at(&format!("http://{address}")), &Heard::default()).await;
        assert_eq!(error.kind, CallErrorKind::Connection { sent: false }, "{api:?}");
        assert_eq!(error.spent, Spent::Nothing);
        assert!(error.said.contains("refused"), "{}", error.said);
    }
}

#[tokio::test]
async fn silence_ends_in_time_wherever_it_begins() {
    for api in ALL {
        for script in [Script::always(Play::Hang), breaking(0, How::Hang), breaking(2, How::Hang)] {
            let server = server(script).await;
            let mut service = api.service(&server.url());
            service.timeouts.idle = Duration::from_millis(400);
            service.timeouts.connect = Duration::from_millis(400);
            let since = Instant::now();
            let error = fails(&*api.provider(service).expect("a provider"), &Heard::default()).await;
            assert_eq!(error.kind, CallErrorKind::Timeout(Phase::Idle), "{api:?}");
            assert!(since.elapsed() < Duration::from_secs(5), "{api:?}");
            assert!(matches!(error.spent, Spent::Possibly(_)));
            cancelled(&server).await;
        }
    }
}

#[tokio::test]
async fn bytes_that_never_stop_end_in_time() {
    for api in ALL {
        let server = server(Script::always(Reply { byte_delay_ms: 5, ..Reply::new(&TEXT.repeat(100)) })).await;
        let mut service = api.service(&server.url());
        service.timeouts.total = Duration::from_millis(700);
        let error = fails(&*api.provider(service).expect("a provider"), &Heard::default()).await;
        assert_eq!(error.kind, CallErrorKind::Timeout(Phase::Total), "{api:?}");
        assert_eq!(retry::after(&error.into(), 1, 0.0), None);
    }
}

#[tokio::test]
async fn garbage_is_no_answer() {
    for api in ALL {
        let bodies = [
            ("text/html", "<html>log in first</html>"),
            ("text/event-stream", "\u{1}\u{2} nothing that anybody knows"),
            ("application/json", "{\"half\":"),
            ("text/event-stream", "data: {\"half\":\n\n"),
        ];
        for (content_type, text) in bodies {
            let play = Play::Body { content_type: content_type.to_owned(), text: text.to_owned() };
            let server = server(Script::always(play)).await;
            let error = fails(&*api.at(&server.url()), &Heard::default()).await;
            assert_eq!(error.kind, CallErrorKind::Unreadable, "{api:?} {text}: {error}");
        }
        let server = server(breaking(2, How::Garbage)).await;
        let heard = Heard::default();
        let error = fails(&*api.at(&server.url()), &heard).await;
        assert_eq!(error.kind, CallErrorKind::Unreadable, "{api:?}");
        assert_eq!(error.partial.unwrap_or_default(), heard.pieces().concat(), "{api:?}");
    }
}

#[tokio::test]
async fn what_came_instead_of_an_answer_is_named() {
    let page = "\n<!DOCTYPE html><p>log in first</p>";
    for api in ALL {
        for content_type in ["text/event-stream", "application/json", "application/x-ndjson", "text/plain", ""] {
            for (text, said) in [
                ("", "it is empty"),
                ("\n", "it is empty"),
                (page, "it is a web page"),
                ("<error>no</error>", "it is XML or HTML"),
                ("It works!\nreally", "it is text: It works!"),
            ] {
                let play = Play::Body { content_type: content_type.to_owned(), text: text.to_owned() };
                let server = server(Script::always(play)).await;
                let error = fails(&*api.at(&server.url()), &Heard::default()).await;
                assert_eq!(error.kind, CallErrorKind::Unreadable, "{api:?} {content_type} {text}: {error}");
                assert_eq!(error.said, said, "{api:?} {content_type} {text}");
                assert!(error.to_string().contains("check that the base URL is the one of the service"), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_no_http_at_all_is_no_answer() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 512];
            let _ = stream.read(&mut buffer).await;
            let _ = stream.write_all(b"220 mail.example ESMTP ready\r\n\r\n").await;
        }
    });
    for api in ALL {
        let error = fails(&*api.at(&url), &Heard::default()).await;
        assert_eq!(error.kind, CallErrorKind::Connection { sent: true }, "{api:?}: {error}");
    }
}

#[tokio::test]
async fn a_refused_or_truncated_answer_comes_with_its_text_and_its_exact_price() {
    let tokens = Tokens { uncached: 100, output: 12, ..Tokens::default() };
    let cases = [
        (Stop::Refusal, CallErrorKind::Refusal),
        (Stop::MaxTokens, CallErrorKind::Truncated),
        (Stop::ContextExceeded, CallErrorKind::ContextOverflow),
    ];
    for api in ALL {
        for (stop, kind) in cases {
            // Ollama's models refuse in words only, and only Anthropic tells a full window from a full answer.
            let kind = match (api, stop) {
                (Api::Ollama, Stop::Refusal | Stop::ContextExceeded) => continue,
                (Api::OpenAi | Api::Gemini, Stop::ContextExceeded) => CallErrorKind::Truncated,
                _ => kind,
            };
            let server = server(Script::always(Reply { stop, tokens: Some(tokens), ..Reply::new(TEXT) })).await;
            let error = fails(&*api.at(&server.url()), &Heard::default()).await;
            assert_eq!(error.kind, kind, "{api:?}");
            assert_eq!(error.partial.as_deref(), Some(TEXT), "{api:?}");
            let Spent::Known(usage) = error.spent else { panic!("{api:?}: the price is known") };
            assert_eq!((usage.input_tokens, usage.output_tokens), (100, 12), "{api:?}");
            assert_eq!(retry::after(&error.into(), 1, 0.0), None);
        }
    }
}

#[tokio::test]
async fn an_empty_answer_is_none_and_says_what_it_took() {
    for api in ALL {
        let server = server(Script::always(Reply::new(""))).await;
        let error = fails(&*api.at(&server.url()), &Heard::default()).await;
        assert_eq!(error.kind, CallErrorKind::Unreadable, "{api:?}");
        assert!(matches!(error.spent, Spent::Known(_)), "{api:?}");
    }
}

#[tokio::test]
async fn a_complete_answer_counts_even_if_the_connection_breaks_behind_it() {
    // All the text and the reason for the end are there; only the very last event is missing.
    let server = server(Script::always(Reply::new(TEXT))).await;
    let url = server.url();
    let (front, address) = cutting_proxy(url.trim_start_matches("http://").to_owned()).await;
    let answer = Api::Anthropic.at(&format!("http://{address}")).answer(request("go on"), &()).await;
    assert_eq!(answer.map(|answer| answer.text).as_deref(), Ok(TEXT));
    front.abort();
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_named_so_even_if_the_connection_breaks_behind_it() {
    let server = server(Script::always(Reply { stop: Stop::MaxTokens, ..Reply::new(TEXT) })).await;
    let url = server.url();
    let (front, address) = cutting_proxy(url.trim_start_matches("http://").to_owned()).await;
    let error = fails(&*Api::Anthropic.at(&format!("http://{address}")), &Heard::default()).await;
    assert_eq!(error.kind, CallErrorKind::Truncated);
    assert!(matches!(error.spent, Spent::Known(_)));
    front.abort();
}

/// Passes everything on but stops in front of `message_stop`.
async fn cutting_proxy(target: String) -> (tokio::task::JoinHandle<()>, std::net::SocketAddr) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let task = tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let Ok(server) = tokio::net::TcpStream::connect(&target).await else { continue };
            let (mut from_client, mut to_client) = client.into_split();
            let (mut from_server, mut to_server) = server.into_split();
            tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
            let mut all = Vec::new();
            while let Ok(read) = from_server.read_buf(&mut all).await {
                let end = all.windows(19).position(|window| window == b"event: message_stop");
                if read == 0 || end.is_some() {
                    let end = end.unwrap_or(all.len());
                    let _ = to_client.write_all(&all[..end]).await;
                    break;
                }
            }
        }
    });
    (task, address)
}

/// The server saw that the client closed the last connection.
async fn cancelled(server: &fake_api::FakeApi) {
    for _ in 0..200 {
        if server.log().last().map(|logged| logged.ended) == Some(Ended::Cancelled) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the connection is still open: {:?}", server.log());
}

#[tokio::test]
async fn dropping_a_call_closes_its_connection() {
    for api in ALL {
        for script in [Script::always(Play::Hang), breaking(1, How::Hang)] {
            let server = server(script).await;
            let mut service = api.service(&server.url());
            service.timeouts.idle = Duration::from_secs(60);
            let provider = api.provider(service).expect("a provider");
            let dropped =
                tokio::time::timeout(Duration::from_millis(200), provider.answer(request("go on"), &())).await;
            assert!(dropped.is_err(), "{api:?}");
            cancelled(&server).await;
        }
    }
}

#[tokio::test]
async fn a_redirection_is_not_followed() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 512];
            let _ = stream.read(&mut buffer).await;
            let head = b"HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n";
            let _ = stream.write_all(head).await;
        }
    });
    for api in ALL {
        let error = fails(&*api.at(&url), &Heard::default()).await;
        assert_eq!((error.kind, error.status), (CallErrorKind::NotFound, Some(307)), "{api:?}");
    }
}

#[tokio::test]
async fn passwords_in_addresses_are_not_shown() {
    for api in ALL {
        let mut service = api.service("http://me:hunter22@127.0.0.1:1/path");
        assert!(!format!("{:?}", api.provider(service.clone()).map(|_| ())).contains("hunter22"));
        fails(&*api.provider(service.clone()).expect("a provider"), &Heard::default()).await;
        service.proxy = Proxy::Url(Secret::new("http://me:hunter22@127.0.0.1:1".to_owned()).expect("an address"));
        fails(&*api.provider(service.clone()).expect("a provider"), &Heard::default()).await;
        service.proxy = Proxy::Url(Secret::new("hunter22".to_owned()).expect("some text"));
        no_key(&api.provider(service.clone()).map(|_| ()).expect_err("no address"));
        assert!(!format!("{service:?}").contains("hunter22"));
        assert!(!format!("{service:?}").contains(KEY));
    }
}

#[tokio::test]
async fn calls_go_through_the_proxy_that_is_named() {
    let server = server(Script::always(Reply::new(TEXT))).await;
    for api in ALL {
        let mut service = api.service("http://model.invalid");
        // A plain proxy takes the request as it is, with the whole address in its first line.
        service.proxy = Proxy::Url(Secret::new(server.url()).expect("an address"));
        let answer = api.provider(service).expect("a provider").answer(request("go on"), &()).await;
        assert_eq!(answer.map(|answer| answer.text).as_deref(), Ok(TEXT), "{api:?}");
        assert_eq!(server.log().last().map(|logged| logged.headers["host"].clone()).as_deref(), Some("model.invalid"));
    }
}

#[tokio::test]
async fn where_tls_is_asked_for_nothing_is_sent_in_the_open() {
    let server = server(Script::always(Reply::new(TEXT))).await;
    for api in ALL {
        let service = api.service(&server.url().replace("http://", "https://"));
        match api.provider(service) {
            Ok(provider) => {
                let error = fails(&*provider, &Heard::default()).await;
                assert_eq!(error.kind, CallErrorKind::Connection { sent: false }, "{api:?}: {error}");
                assert_eq!(error.spent, Spent::Nothing);
            }
            // A machine without certificates.
            Err(error) => assert!(error.to_string().contains("certificates"), "{error}"),
        }
    }
    assert!(server.log().is_empty());
}
