mod any;
mod edits;

use certus_engine::{
    Decision, Discovery, Document, Edit, Gap, Place, PromptCall, RaisedQuestion, Replacement, RepliedUncertainty, Reply,
};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::{Parsed, REPLY_LIMIT, ReplyError, envelope_schema, parse_reply};

fn parsed(text: &str) -> Parsed {
    parse_reply(text).unwrap_or_else(|error| panic!("{error}"))
}

/// The reply as JSON, then what was repaired.
fn shown(text: &str) -> String {
    match parse_reply(text) {
        Ok(parsed) => {
            let mut lines = vec![serde_json::to_string(&parsed.reply).unwrap_or_default()];
            lines.extend(parsed.repaired);
            lines.join("\n  ")
        }
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_json_may_stand_anywhere() {
    let texts = [
        r#"{"notes": "plain"}"#,
        "{}",
        "\u{feff}\r\n```json\r\n{\"notes\": \"fenced\"}\r\n```\r\n",
        "Here is what I found:\n\n```json\n{\"notes\": \"in prose\", \"confidence\": {\"a\": 1}}\n```\n\nTell me if you need more.",
        "Sure! {\"gap\": \"a gap\"} Bye.",
        "Use `{ok: 1}` or {braces} like { this }.\n{\"notes\": \"after noise\"}",
        "{\"notes\": \"the example\"}\nand now the answer:\n{\"notes\": \"the answer\"}",
        "{\"reply\": {\"notes\": \"wrapped\"}}",
        "{\"result\": {\"unrelated\": 1}} {\"notes\": \"a\", \"next\": []}",
    ];
    insta::assert_snapshot!(texts.map(shown).join("\n"), @r#"
        {"notes":"plain"}
        {}
        {"notes":"fenced"}
        {"notes":"Here is what I found:\n\nTell me if you need more.\n\nin prose","confidence":{"a":1.0}}
          text around the JSON was put into the notes
        {"notes":"Sure!\n\nBye.","gap":{"description":"a gap","confidence":0.0}}
          text around the JSON was put into the notes
        {"notes":"Use `{ok: 1}` or {braces} like { this }.\n\nafter noise"}
          text around the JSON was put into the notes
        {"notes":"{\"notes\": \"the example\"}\nand now the answer:\n\nthe answer"}
          text around the JSON was put into the notes
        {"notes":"wrapped"}
        {"notes":"{\"result\": {\"unrelated\": 1}}\n\na"}
          text around the JSON was put into the notes
        "#);
}

#[test]
fn broken_json_is_read_as_it_was_meant() {
    let texts = [
        "{\"notes\": \"trailing\", \"next\": [\"a_b\",],}",
        "{// comment\n\"notes\": /* c */ \"x // y\"}",
        "{notes: 'it\\'s', gap: None}",
        "{\u{201c}notes\u{201d}: \u{201c}typographic \u{201c}inner\u{201d} and it\u{2019}s\u{201d}}",
        "{\"notes\": \"a \"quoted\" word\", \"gap\": null,}",
        "{\"notes\": \"raw\nline\"\n\"next\": [\"a_b\"]}",
        "{\"notes\": \"the last bracket\", \"questions\": [{\"text\": \"Why\"}]",
        "{\"notes\": \"\\d+ \\u00e9 \\ud83d\\ude00 \\ud800\", }",
        "{\"confidence\": {\"a\": 85%, \"b\": .5, \"c\": +1}}",
    ];
    insta::assert_snapshot!(texts.map(shown).join("\n"), @r#"
        {"notes":"trailing","next":[{"name":"a_b"}]}
          trailing commas were left out
        {"notes":"x // y"}
          comments were left out
        {"notes":"it's"}
          keys without quotes were accepted
          single quotes were accepted
          words other than true, false and null were accepted
        {"notes":"typographic “inner” and it’s"}
          typographic quotes were accepted
        {"notes":"a \"quoted\" word"}
          trailing commas were left out
        {"notes":"raw\nline","next":[{"name":"a_b"}]}
          line ends inside strings were accepted
          missing commas were put in
        {"notes":"the last bracket","questions":[{"id":"","text":"Why","why":"","options":[]}]}
          the reply ends too early: what came last may be incomplete
        {"notes":"\\d+ é 😀 �"}
          unknown escapes were kept
          trailing commas were left out
        {"confidence":{"a":0.85,"b":0.5,"c":1.0}}
          bare percentages were accepted
          the confidence of a was written as `85%`
        "#);
}

#[test]
fn a_pasted_conversation_gives_the_answer_and_not_the_example() {
    let framing = include_str!("../render/framing.md");
    let reply = parsed(&format!("{framing}\n\nYou said:\n\n{{\"notes\": \"the answer\"}}\n")).reply;
    assert!(reply.notes.ends_with("the answer") && reply.questions.is_empty());
}

#[test]
fn values_come_in_many_shapes() {
    let texts = [
        r#"{"confidence": {"a": 0.5, "b": 85, "c": "85%", "d": "high", "e": "8/10", "f": 1.5, "g": -1, "h": "maybe", "i": {"score": "0.3"}}}"#,
        r#"{"confidence": [{"area": "a", "confidence": 0.5}, {"area": "b", "score": "low"}]}"#,
        r#"{"confidence": 0.7}"#,
        r#"{"uncertainties": ["Where are the tokens kept?", {"area": "b"}, {"claim": "C d", "confidence": "60%", "blocking": "yes"}]}"#,
        r#"{"uncertainties": {"storage": "unknown", "expiry": 0.4}}"#,
        r#"{"discovered": {"auth.session": "express-session", "route.post": ["/a", "/b"], "n": 3}}"#,
        r#"{"discovered": [{"key": "k", "value": "v", "evidence": "src/a.js:12-14"}, {"key": "l", "value": "w", "evidence": {"file": "b.js", "lines": [3, 5], "quote": "q"}}, {"key": "m", "value": "x", "path": "c.js", "quote": "z"}, {"key": "", "value": "dropped"}]}"#,
        r#"{"questions": ["Which one?", {"question": "Who?", "why_it_matters": "w", "options": [{"label": "a"}, 3], "recommended": null}]}"#,
        r#"{"decisions": {"storage": "Mongo", "b": {"value": "c", "reason": "d"}}}"#,
        r#"{"next": ["trace_existing_flow", {"prompt": "x_y", "arguments": [{"name": "focus", "value": "f"}], "why": "w"}, {"name": "z", "args": {"n": 3}}]}"#,
        r#"{"gap": {"description": "d", "confidence": 40}, "artifacts": {"kind": "solution", "title": "t", "content": "b"}}"#,
        r#"{"gap": "none", "Notes": ["a", "b"], "unknownField": {"x": 1}}"#,
        r#"{"confidenceScores": {"a": 0.1}, "clarifying-questions": ["q?"]}"#,
    ];
    insta::assert_snapshot!(texts.map(shown).join("\n"), @r#"
        {"confidence":{"a":0.5,"b":0.85,"c":0.85,"d":0.8,"e":0.8,"i":0.3}}
          the confidence of b was read as a percentage
          the confidence of c was written as `85%`
          the confidence of d was written as `high`
          the confidence of e was written as `8/10`
          the confidence of f is not a number from 0 to 1 and was left out
          the confidence of g is not a number from 0 to 1 and was left out
          the confidence of h is not a number from 0 to 1 and was left out
          the confidence of i was written as `0.3`
        {"confidence":{"a":0.5,"b":0.25}}
          the confidence of b was written as `low`
        {"confidence":{"overall":0.7}}
          one confidence for all was taken for `overall`
        {"uncertainties":[{"area":"where_are_the_tokens_kept","claim":"Where are the tokens kept?","confidence":0.5,"blocking":false},{"area":"b","claim":"","confidence":0.5,"blocking":false},{"area":"c_d","claim":"C d","confidence":0.6,"blocking":true}]}
          an uncertainty was a sentence only; its confidence was taken for 0.5
          the uncertainty b says no confidence; it was taken for 0.5
          the confidence of c_d was written as `60%`
        {"uncertainties":[{"area":"expiry","claim":"","confidence":0.4,"blocking":false},{"area":"storage","claim":"unknown","confidence":0.5,"blocking":false}]}
          uncertainties was a map instead of a list
          an uncertainty was a sentence only; its confidence was taken for 0.5
        {"discovered":[{"key":"auth.session","value":"express-session","cited":false},{"key":"n","value":"3","cited":false},{"key":"route.post","value":"/a","cited":false},{"key":"route.post","value":"/b","cited":false}]}
          discovered was a map instead of a list
        {"discovered":[{"key":"k","value":"v","evidence":{"path":"src/a.js","line":12,"quote":""},"cited":false},{"key":"l","value":"w","evidence":{"path":"b.js","line":3,"quote":"q"},"cited":false},{"key":"m","value":"x","evidence":{"path":"c.js","line":1,"quote":"z"},"cited":false}]}
          evidence was written as `path:line`
          evidence without a line was taken for line 1
        {"questions":[{"id":"","text":"Which one?","why":"","options":[]},{"id":"","text":"Who?","why":"w","options":["a","3"]}]}
          a question was a sentence only
        {"decisions":[{"key":"b","value":"c","because":"d"},{"key":"storage","value":"Mongo","because":""}]}
          decisions was a map instead of a list
        {"next":[{"name":"trace_existing_flow"},{"name":"x_y","arguments":{"focus":"f"},"why":"w"},{"name":"z","arguments":{"n":"3"}}]}
        {"gap":{"description":"d","confidence":0.4},"artifacts":[{"kind":"solution","title":"t","body":"b"}]}
          the confidence of gap was read as a percentage
          artifacts was one thing instead of a list
        {"notes":"a\nb"}
          the list in notes was joined to a text
        {"confidence":{"a":0.1},"questions":[{"id":"","text":"q?","why":"","options":[]}]}
          a question was a sentence only
        "#);
}

#[test]
fn what_is_no_reply_is_refused() {
    let texts =
        ["", "I cannot help with that.", "[1, 2]", "{\"foo\": 1}", "\u{1b}[31mred\u{1b}[0m {", "null", "\"notes\""];
    insta::assert_snapshot!(texts.map(shown).join("\n"), @r#"
        the reply is not in the form that was asked for: one JSON object with some of notes, discovered, uncertainties, confidence, questions, decisions, gap, next, artifacts; it begins with: 
        the reply is not in the form that was asked for: one JSON object with some of notes, discovered, uncertainties, confidence, questions, decisions, gap, next, artifacts; it begins with: I cannot help with that.
        the reply is not in the form that was asked for: one JSON object with some of notes, discovered, uncertainties, confidence, questions, decisions, gap, next, artifacts; it begins with: [1, 2]
        the reply is not in the form that was asked for: one JSON object with some of notes, discovered, uncertainties, confidence, questions, decisions, gap, next, artifacts; it begins with: {"foo": 1}
        the reply is not in the form that was asked for: one JSON object with some of notes, discovered, uncertainties, confidence, questions, decisions, gap, next, artifacts; it begins with: red {
        the reply is not in the form that was asked for: one JSON object with some of notes, discovered, uncertainties, confidence, questions, decisions, gap, next, artifacts; it begins with: null
        the reply is not in the form that was asked for: one JSON object with some of notes, discovered, uncertainties, confidence, questions, decisions, gap, next, artifacts; it begins with: "notes"
        "#);
    let Err(ReplyError::Unrecognised { begins }) = parse_reply(&"x".repeat(1000)) else { panic!("it is refused") };
    assert_eq!(begins.chars().count(), 200);
    assert_eq!(parse_reply(&" ".repeat(REPLY_LIMIT + 1)), Err(ReplyError::TooLong(REPLY_LIMIT + 1)));
}

#[test]
fn everything_is_bounded_and_cleaned() {
    let many = |item: &str, count: usize| vec![item; count].join(",");
    let of = |counts: [usize; 6]| {
        let [facts, uncertainties, questions, decisions, next, artifacts] = counts;
        format!(
            r#"{{"discovered":[{}],"uncertainties":[{}],"questions":[{}],"decisions":[{}],"next":[{}],"artifacts":[{}],"notes":"{}"}}"#,
            many(r#"{"key":"k","value":"v","cited":true}"#, facts),
            many(r#"{"area":"a","confidence":1}"#, uncertainties),
            many(r#"{"text":"t"}"#, questions),
            many(r#"{"key":"k","value":"v"}"#, decisions),
            many(r#""a_b""#, next),
            many(r#"{"kind":"file","body":"b"}"#, artifacts),
            "é".repeat(70_000),
        )
    };
    let Parsed { reply, repaired } = parsed(&of([1_024, 256, 128, 256, 128, 16]));
    assert_eq!((reply.discovered.len(), reply.uncertainties.len(), reply.questions.len()), (1_024, 256, 128));
    assert_eq!((reply.decisions.len(), reply.next.len(), reply.artifacts.len()), (256, 128, 16));
    assert!(
        reply.notes.ends_with("é [cut here: 64 of 137 KiB]") && reply.notes.len() <= 65_536,
        "{}",
        reply.notes.len()
    );
    assert!(reply.discovered.iter().all(|found| !found.cited));
    assert_eq!(repaired, ["notes had more than 64 KiB and was cut"]);
    // The first of them alone would look like all.
    let Err(ReplyError::TooMuch(lists)) = parse_reply(&of([1_025, 257, 129, 257, 129, 17])) else {
        panic!("too much is refused")
    };
    assert_eq!(lists.len(), 6, "{lists:?}");
    let error = parse_reply(&of([1, 1, 1, 300, 1, 1])).expect_err("too many decisions").to_string();
    assert!(error.contains("decisions has 300 entries, and at most 256 are taken"), "{error}");
    let nested = format!(r#"{{"questions":[{{"text":"t","options":[{}]}}]}}"#, many(r#""o""#, 65));
    assert!(matches!(parse_reply(&nested), Err(ReplyError::TooMuch(_))));
    let hostile = r#"{"notes": "\u001b[31mred\u001b]0;t\u0007 \u202etxt\udb40\udc41\u200b end\u0000"}"#;
    assert_eq!(parsed(hostile).reply.notes, "red txt end");
}

#[test]
fn depth_and_repetition_cost_little() {
    for text in [
        "{\"a\":".repeat(100_000),
        "{".repeat(500_000),
        "[".repeat(500_000),
        "{\"notes\":[".repeat(50_000),
        format!("{{\"notes\":{}1{}}}", "[".repeat(70), "]".repeat(70)),
        "{\"a\":\"".repeat(100_000),
        "{'".repeat(200_000),
        "{/*".repeat(200_000),
        "\" ".repeat(400_000),
    ] {
        let _ = parse_reply(&text);
    }
}

#[test]
fn the_schema_keeps_to_what_providers_take() {
    let schema = serde_json::Value::clone(&envelope_schema());
    let (mut objects, mut unions) = (0, 0);
    let mut open = vec![&schema];
    while let Some(value) = open.pop() {
        if let Some(object) = value.as_object() {
            if object.get("type") == Some(&"object".into()) {
                objects += 1;
                assert_eq!(object["additionalProperties"], false);
                assert_eq!(
                    object["properties"].as_object().unwrap().len(),
                    object["required"].as_array().unwrap().len()
                );
            }
            unions += usize::from(object.contains_key("anyOf"));
            for word in ["minimum", "maximum", "minLength", "maxLength", "pattern", "$ref"] {
                assert!(!object.contains_key(word), "{word}");
            }
            open.extend(object.values());
        }
        open.extend(value.as_array().into_iter().flatten());
    }
    assert!(unions <= 16 && objects > 5, "{unions} unions, {objects} objects");
}

#[test]
fn the_example_in_the_framing_is_a_reply_of_that_schema() {
    let framing = include_str!("../render/framing.md");
    let example = framing.split("```json").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let Parsed { reply, repaired } = parsed(example);
    assert_eq!(repaired, Vec::<String>::new());
    assert_eq!(reply.discovered.len() + reply.questions.len() + reply.next.len() + reply.artifacts.len(), 4);
    let value: serde_json::Value = serde_json::from_str(example).unwrap();
    let schema = serde_json::Value::clone(&envelope_schema());
    let names = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&value), names(&schema["properties"]));
    for part in ["discovered", "uncertainties", "confidence", "questions", "decisions", "next", "artifacts"] {
        assert_eq!(names(&value[part][0]), names(&schema["properties"][part]["items"]["properties"]), "{part}");
    }
    let document = &schema["properties"]["artifacts"]["items"]["properties"];
    let edit = &document["edits"]["items"]["properties"];
    assert_eq!(names(&value["artifacts"][0]["edits"][0]), names(edit));
}

#[test]
fn what_breaks_off_in_the_middle_is_no_reply() {
    for text in [
        r#"{"notes": "cut off", "questions": [{"text": "Why"#,
        r#"{"notes": "cut off", "questions": [{"text": "Why"}, {"text": "#,
        r#"{"notes": "cut off", "questions": [{"text": "Why"}"#,
        r#"{"notes": "cut off", "confidence": "#,
        r#"{"notes": "cut off", "confidence"#,
        r#"{"notes": "cut o"#,
        r#"{"edits": [{"path": "a", "content": "cut o"#,
    ] {
        assert_eq!(parse_reply(text), Err(ReplyError::CutOff), "{text}");
    }
}
