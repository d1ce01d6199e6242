use super::*;
use crate::port::tests::request;

fn answer(text: &str) -> Answer {
    let usage = Usage { input_tokens: 9, ..Usage::default() };
    Answer { text: text.to_owned(), usage, model: "m-1".to_owned(), ..Answer::default() }
}

fn parse(text: &str) -> Result<Replay, ProviderError> {
    Replay::parse("r.jsonl", text.as_bytes())
}

#[tokio::test]
async fn what_was_recorded_is_answered_on_every_attempt() {
    let mut asked = request("new_case");
    let line = record_line(&asked, &answer("line one\nline two"));
    assert_eq!(line.matches('\n').count(), 1);
    let replay = parse(&line).expect("it was just written");
    assert_eq!(replay.answer(asked.clone(), &()).await, Ok(answer("line one\nline two")));
    asked.attempt = 7;
    assert_eq!(replay.answer(asked.clone(), &()).await, Ok(answer("line one\nline two")));
    asked.sample = 1;
    let error = replay.answer(asked.clone(), &()).await.expect_err("another sample");
    insta::assert_snapshot!(error, @"the recording has no reply to `new_case` (request f8285ac4471e); for this prompt it has f8285ac4471e (sample 0)");
}

#[tokio::test]
async fn an_attempt_is_preferred_where_it_is_given() {
    let asked = request("new_case");
    let digest = asked.digest;
    let line = |attempt: &str, reply: &str| {
        format!(r#"{{"prompt":"new_case","digest":"{digest}","sample":0{attempt},"reply":{reply},"model":"m"}}"#)
    };
    let recording = [line("", r#""any""#), line(r#","attempt":2"#, r#"{"notes":"second"}"#)].join("\r\n\n");
    let replay = parse(&recording).expect("two exchanges");
    assert_eq!(replay.len(), 2);
    assert_eq!(replay.answer(asked.clone(), &()).await.map(|answer| answer.text), Ok("any".to_owned()));
    let second = Request { attempt: 2, ..asked };
    assert_eq!(
        replay.answer(second.clone(), &()).await.map(|answer| answer.text),
        Ok(r#"{"notes":"second"}"#.to_owned())
    );
}

#[tokio::test]
async fn what_is_missing_is_named_with_what_is_there() {
    let other = Request { digest: Digest::of("other"), ..request("new_case") };
    let replay = parse(&record_line(&other, &answer("x"))).expect("one exchange");
    let near = replay.answer(request("new_case"), &()).await.expect_err("another digest");
    assert!(matches!(&near, ProviderError::NotRecorded { near, .. } if near.len() == 1));
    let none = replay.answer(request("chain_planner"), &()).await.expect_err("another prompt");
    assert!(none.to_string().ends_with("it has none for this prompt"));
}

#[test]
fn a_damaged_line_is_named() {
    let good = record_line(&request("a"), &answer("x"));
    let other = record_line(&request("a"), &answer("y"));
    let said: Vec<String> = [
        format!("{good}{{\"prompt\":\"a\""),
        format!("{good}\n{{\"prompt\":\"a\",\"digest\":\"12\",\"reply\":\"\"}}"),
        format!("{good}{other}"),
        good.replace("\"x\"", "3"),
        good.replace("\"prompt\":\"a\"", "\"prompt\":\"\""),
        "[".repeat(100_000),
    ]
    .iter()
    .map(|text| parse(text).expect_err("damaged").to_string())
    .collect();
    insta::assert_snapshot!(said.join("\n"), @r#"
    r.jsonl:2: no exchange: EOF while parsing an object, column 13
    r.jsonl:3: no exchange: a digest is 64 hex digits, column 27
    r.jsonl:2: line 1 records another reply to the same request
    r.jsonl:1: no exchange: `reply` is neither text nor an object, column 110
    r.jsonl:1: no exchange: `prompt` is empty
    r.jsonl:1: no exchange: invalid type: sequence, expected a string, column 1
    "#);
    let error = Replay::parse("r.jsonl", b"\xff\xfe").expect_err("not text");
    assert_eq!(error.to_string(), "r.jsonl:1: the line is not UTF-8");
}

#[test]
fn sizes_are_bounded() {
    let line = record_line(&request("a"), &answer("x"));
    let limits = |bytes, line, exchanges| ReplayLimits { bytes, line, exchanges };
    let within = |limits| Replay::parse_within("r", line.as_bytes(), limits);
    assert!(within(limits(line.len(), line.len(), 1)).is_ok());
    assert!(within(limits(line.len() - 1, line.len(), 1)).is_err());
    assert!(within(limits(line.len(), 10, 1)).is_err());
    assert!(within(limits(line.len(), line.len(), 0)).is_err());
}

#[test]
fn an_empty_recording_is_empty() {
    assert!(parse("\n \n").expect("nothing is wrong").is_empty());
}
