//! The terminal tool's place is taken by a script that prints what the tool prints.

#![cfg(unix)]

mod support;

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use certus_providers::{
    CallErrorKind, ClaudeCli, ClaudeCliOptions, Limits, Models, Phase, Provider, ProviderError, Spent, Timeouts,
    scrubbed,
};
use support::{Heard, fails, request};

const RECORDED: &str = r#"{"type":"system","subtype":"init","cwd":"/x","session_id":"s","tools":[],"model":"claude-sonnet-5-5","apiKeySource":"none"}
{"type":"stream_event","event":{"type":"message_start","message":{"model":"claude-sonnet-5-5","usage":{"input_tokens":3,"output_tokens":1}}},"session_id":"s"}
{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"{\"notes\":"}},"session_id":"s"}
{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\"yes\"}"}},"session_id":"s"}
{"type":"assistant","message":{"content":[{"type":"text","text":"{\"notes\":\"yes\"}"}],"usage":{"input_tokens":3}},"session_id":"s"}
{"type":"stream_event","event":{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}},"session_id":"s"}
"#;

const RESULT: &str = r#"{"type":"result","subtype":"success","is_error":false,"result":"{\"notes\":\"yes\"}","stop_reason":"end_turn","total_cost_usd":0.0079825,"usage":{"input_tokens":3,"cache_creation_input_tokens":7,"cache_read_input_tokens":90,"output_tokens":9}}"#;

/// A script that runs `body` with the recorded lines at hand.
fn tool(folder: &Path, body: &str) -> PathBuf {
    let path = folder.join("claude");
    std::fs::write(folder.join("recorded"), RECORDED).expect("a file");
    std::fs::write(folder.join("result"), RESULT).expect("a file");
    let script = format!("#!/bin/sh\nHERE='{}'\n{body}\n", folder.display());
    // Written by a process of its own: a child that another test starts meanwhile would hold it open, and what is open for writing
    // cannot be run.
    let source = folder.join("source");
    std::fs::write(&source, script).expect("a file");
    let copied = std::process::Command::new("cp").args([&source, &path]).status().expect("it runs");
    assert!(copied.success());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("executable");
    path
}

fn provider(program: PathBuf) -> ClaudeCli {
    let environment = [("PATH", "/usr/bin:/bin"), ("HOME", "/nowhere"), ("ANTHROPIC_API_KEY", support::KEY)];
    ClaudeCli::new(ClaudeCliOptions {
        program,
        environment: scrubbed(environment.map(|(name, value)| (OsString::from(name), OsString::from(value)))),
        models: Models::one("sonnet"),
        timeouts: Timeouts { idle: Duration::from_secs(4), total: Duration::from_secs(20), ..Timeouts::default() },
        limits: Limits::default(),
        shared: None,
    })
}

#[tokio::test]
async fn the_prompt_goes_in_and_the_answer_streams_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let body = "cat > $HERE/prompt; env > $HERE/env; ls -A > $HERE/listing; printf '%s|' \"$@\" > $HERE/arguments\n\
                cat $HERE/recorded $HERE/result";
    let provider = provider(tool(folder.path(), body));
    let long = "word ".repeat(100_000);
    let heard = Heard::default();
    let answer = provider.answer(request(&long), &heard).await.expect("an answer");
    assert_eq!(answer.text, r#"{"notes":"yes"}"#);
    assert_eq!(heard.pieces(), [r#"{"notes":"#, r#""yes"}"#]);
    assert_eq!((answer.model.as_str(), answer.estimated), ("claude-sonnet-5-5", false));
    let usage = answer.usage;
    assert_eq!((usage.input_tokens, usage.cached_tokens, usage.cache_write_tokens), (100, 90, 7));
    assert_eq!((usage.output_tokens, usage.usd_micros), (9, 7983));

    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("the script wrote it");
    assert_eq!(read("prompt"), format!("The rules of this project.\n\n{}", long.trim()));
    assert_eq!(read("listing"), "", "its folder is empty");
    let environment = read("env");
    assert!(environment.contains("CLAUDE_CODE_MAX_OUTPUT_TOKENS=1000"));
    assert!(!environment.contains(support::KEY) && !environment.contains("CARGO"), "{environment}");
    let arguments = read("arguments");
    assert!(arguments.contains("--tools||") && arguments.contains("--model|sonnet"), "{arguments}");
    assert!(!arguments.contains("word"), "{arguments}");
}

#[tokio::test]
async fn an_old_tool_that_streams_nothing_is_understood() {
    let folder = tempfile::tempdir().expect("a folder");
    let provider = provider(tool(folder.path(), "cat > /dev/null; cat $HERE/result"));
    let answer = provider.answer(request("go on"), &()).await.expect("an answer");
    assert_eq!(answer.text, r#"{"notes":"yes"}"#);
}

/// A message as a whole, by `who`.
fn message(who: &str, id: &str, text: &str) -> String {
    format!(
        r#"{{"type":"assistant","message":{{"id":"{id}","model":"{who}","content":[{{"type":"text","text":"{text}"}}],"stop_reason":null,"usage":{{"input_tokens":900,"output_tokens":1}}}}}}"#
    )
}

#[tokio::test]
async fn a_message_that_came_as_a_whole_is_kept_whatever_becomes_of_the_tool() {
    let model = "claude-sonnet-5-5";
    for ends in ["exit 0", "echo boom >&2; exit 1", "kill -9 $$"] {
        let folder = tempfile::tempdir().expect("a folder");
        // One line for each block of a message.
        let (first, second) = (message(model, "m1", "yes"), message(model, "m1", " and no"));
        let body = format!("cat > /dev/null; echo '{first}'; echo '{second}'; {ends}");
        let heard = Heard::default();
        let error = fails(&provider(tool(folder.path(), &body)), &heard).await;
        assert_eq!((error.kind, error.model.as_str()), (CallErrorKind::Cut, model), "{ends}: {error}");
        assert_eq!(error.partial.as_deref(), Some("yes and no"), "{ends}");
        assert_eq!(heard.pieces(), ["yes", " and no"], "{ends}");
        let Spent::Possibly(usage) = error.spent else { panic!("{ends}: it may be billed") };
        assert_eq!((usage.input_tokens, usage.output_tokens), (900, 4), "{ends}");
    }
    // What the tool writes itself is no answer, and another message is another call.
    let folder = tempfile::tempdir().expect("a folder");
    let body = format!("cat > /dev/null; echo '{}'; exit 1", message("<synthetic>", "m1", "API Error: 500"));
    let error = fails(&provider(tool(folder.path(), &body)), &Heard::default()).await;
    assert_eq!((error.kind, error.partial), (CallErrorKind::Unreadable, None));
    let folder = tempfile::tempdir().expect("a folder");
    let (first, second) = (message(model, "m1", "yes"), message(model, "m2", "no"));
    let body = format!("cat > /dev/null; echo '{first}'; echo '{second}'; sleep 60");
    let error = fails(&provider(tool(folder.path(), &body)), &Heard::default()).await;
    assert_eq!((error.kind, error.partial.as_deref()), (CallErrorKind::Cut, Some("yes")));
}

#[tokio::test]
async fn a_tool_that_wanted_another_turn_has_answered_in_the_one_it_had() {
    let turns = r#"{"type":"result","subtype":"error_max_turns","is_error":false,"total_cost_usd":0.01,"usage":{"input_tokens":900,"output_tokens":7}}"#;
    let folder = tempfile::tempdir().expect("a folder");
    let body = format!("cat > /dev/null; echo '{}'; echo '{turns}'", message("claude-sonnet-5-5", "m1", "yes"));
    let answer = provider(tool(folder.path(), &body)).answer(request("go on"), &()).await.expect("an answer");
    assert_eq!((answer.text.as_str(), answer.usage.output_tokens, answer.usage.usd_micros), ("yes", 7, 10_000));
    // Without one it has not.
    let folder = tempfile::tempdir().expect("a folder");
    let body = format!("cat > /dev/null; echo '{turns}'");
    let error = fails(&provider(tool(folder.path(), &body)), &Heard::default()).await;
    assert_eq!((error.kind, error.partial), (CallErrorKind::Server, None));
}

#[tokio::test]
async fn what_goes_wrong_has_its_name() {
    let error_result = |said: &str| {
        format!(r#"echo '{{"type":"result","subtype":"success","is_error":true,"result":"{said}","usage":{{}}}}'"#)
    };
    let cases = [
        (error_result("Invalid API key · Please run /login"), CallErrorKind::Authentication),
        (error_result("API Error: 529 overloaded_error"), CallErrorKind::Overloaded),
        ("echo 'error: unknown option --tools' >&2; exit 1".to_owned(), CallErrorKind::InvalidRequest),
        ("exit 3".to_owned(), CallErrorKind::Unreadable),
        ("echo garbage; echo '{\"half\":'".to_owned(), CallErrorKind::Unreadable),
        ("cat $HERE/recorded | head -4; sleep 60".to_owned(), CallErrorKind::Timeout(Phase::Idle)),
        ("cat $HERE/recorded | head -4; kill -9 $$".to_owned(), CallErrorKind::Cut),
        ("head -c 20000000 /dev/zero | tr '\\0' x".to_owned(), CallErrorKind::Unreadable),
    ];
    for (body, kind) in cases {
        let folder = tempfile::tempdir().expect("a folder");
        let heard = Heard::default();
        let error = fails(&provider(tool(folder.path(), &body)), &heard).await;
        assert_eq!(error.kind, kind, "{body}: {error}");
        assert_eq!(error.partial.unwrap_or_default(), heard.pieces().concat(), "{body}");
        if matches!(kind, CallErrorKind::Cut | CallErrorKind::Timeout(_)) {
            assert_eq!(heard.pieces().len(), 2, "{body}");
            assert!(matches!(error.spent, Spent::Possibly(usage) if usage.input_tokens > 0), "{body}");
        }
    }
}

#[tokio::test]
async fn what_no_model_saw_costs_nothing() {
    // As version 2.1 prints it where nobody has logged in.
    let usage = r#"{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}"#;
    let result = |said: &str| {
        let result = format!(
            r#"{{"type":"result","subtype":"success","is_error":true,"result":"{said}","total_cost_usd":0,"usage":{usage}}}"#
        );
        format!("cat > /dev/null; echo '{result}'")
    };
    let costs = async |said: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        fails(&provider(tool(folder.path(), &result(said))), &Heard::default()).await.spent
    };
    assert_eq!(costs("Not logged in · Please run /login").await, Spent::Nothing);
    assert!(matches!(costs("something new").await, Spent::Possibly(usage) if usage.input_tokens > 0));
}

#[tokio::test]
async fn the_tool_asks_once() {
    let start = r#"{"type":"stream_event","event":{"type":"message_start","message":{"usage":{"input_tokens":900,"output_tokens":1}}}}"#;
    let stop = r#"{"type":"stream_event","event":{"type":"message_delta","delta":{"stop_reason":"max_tokens"},"usage":{"output_tokens":1000}}}"#;
    let retry =
        r#"{"type":"system","subtype":"api_retry","attempt":1,"error_status":401,"error":"authentication_failed"}"#;
    let again = "sleep 1; touch $HERE/again; sleep 60";
    let cases = [
        (format!("cat $HERE/recorded | head -4; echo '{stop}'; {again}"), CallErrorKind::Truncated),
        (format!("cat $HERE/recorded | head -4; echo '{start}'; {again}"), CallErrorKind::Cut),
        (format!("echo '{retry}'; {again}"), CallErrorKind::Authentication),
    ];
    let mut folders = Vec::new();
    for (body, kind) in cases {
        let folder = tempfile::tempdir().expect("a folder");
        let error = fails(&provider(tool(folder.path(), &body)), &Heard::default()).await;
        assert_eq!(error.kind, kind, "{body}: {error}");
        if kind == CallErrorKind::Truncated {
            let (input, output) = (error.spent.usage().input_tokens, error.spent.usage().output_tokens);
            assert_eq!((input, output), (6, 1000), "what it may have begun is counted");
        }
        folders.push(folder);
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(folders.iter().all(|folder| !folder.path().join("again").exists()), "it was ended before");
}

#[tokio::test]
async fn an_answer_that_broke_off_costs_what_its_stream_said() {
    // As version 2.1 prints it.
    let lost = r#"{"type":"result","subtype":"success","is_error":true,"api_error_status":null,"result":"API Error: Connection to the API was lost (ECONNRESET).","total_cost_usd":0,"usage":{"input_tokens":0,"output_tokens":0}}"#;
    let folder = tempfile::tempdir().expect("a folder");
    let body = format!("cat $HERE/recorded | head -4; echo '{lost}'");
    let error = fails(&provider(tool(folder.path(), &body)), &Heard::default()).await;
    assert_eq!(error.kind, CallErrorKind::Cut, "{error}");
    assert!(matches!(error.spent, Spent::Possibly(usage) if usage.input_tokens == 3), "{:?}", error.spent);
}

#[tokio::test]
async fn what_it_asked_for_instead_of_a_stream_that_broke_off_is_the_answer() {
    let half =
        r#"{"type":"stream_event","event":{"type":"content_block_delta","delta":{"type":"text_delta","text":"half"}}}"#;
    let folder = tempfile::tempdir().expect("a folder");
    let body = format!("cat > /dev/null; echo '{half}'; cat $HERE/result");
    let answer = provider(tool(folder.path(), &body)).answer(request("go on"), &()).await.expect("an answer");
    assert_eq!(answer.text, r#"{"notes":"yes"}"#);
}

#[tokio::test]
async fn a_tool_that_is_over_is_not_waited_for_because_of_what_it_started() {
    // What it left behind keeps its pipes open and says nothing.
    for (body, kind) in [
        ("sleep 300 & exit 3", CallErrorKind::Unreadable),
        ("sleep 300 & cat $HERE/recorded | head -4; exit 3", CallErrorKind::Cut),
        ("sleep 300 & echo 'Invalid API key' >&2; exit 1", CallErrorKind::Authentication),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let error = fails(&provider(tool(folder.path(), body)), &Heard::default()).await;
        assert_eq!(error.kind, kind, "{body}: {error}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let body = "sleep 300 & cat > /dev/null; cat $HERE/recorded $HERE/result";
    let answer = provider(tool(folder.path(), body)).answer(request("go on"), &()).await.expect("an answer");
    assert_eq!(answer.text, r#"{"notes":"yes"}"#);
}

#[tokio::test]
async fn a_tool_that_is_not_there_is_named() {
    let error = provider("/nowhere/claude".into()).answer(request("go on"), &()).await.expect_err("nothing there");
    assert!(matches!(&error, ProviderError::Unavailable { .. }), "{error}");
    assert!(error.to_string().contains("/nowhere/claude"), "{error}");
}

#[tokio::test]
async fn dropping_a_call_ends_everything_that_the_tool_started() {
    let folder = tempfile::tempdir().expect("a folder");
    // The grandchild keeps the pipe open and would outlive its parent.
    let body = "sleep 300 & echo $! > $HERE/grandchild; echo $$ > $HERE/child; wait";
    let provider = provider(tool(folder.path(), body));
    let asked = request("go on");
    let started = async {
        while !std::fs::read_to_string(folder.path().join("child")).is_ok_and(|id| id.ends_with('\n')) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        ended = provider.answer(asked.clone(), &()) => panic!("it ended by itself: {ended:?}"),
        () = started => {}
    }
    are_gone(folder.path());
}

/// What the script started ends soon.
fn are_gone(folder: &Path) {
    for name in ["child", "grandchild"] {
        let id = std::fs::read_to_string(folder.join(name)).expect("it had started");
        let mut gone = false;
        for _ in 0..500 {
            let state = std::fs::read_to_string(format!("/proc/{}/stat", id.trim())).unwrap_or_default();
            gone = state.is_empty() || state.contains(") Z ");
            if gone {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(gone, "{name} is still running");
    }
}

/// Set for the process that is killed: the script that it runs as the tool.
const KILLED: &str = "CERTUS_TEST_TOOL";

#[test]
fn what_the_tool_started_ends_when_we_are_killed() {
    const THIS: &str = "what_the_tool_started_ends_when_we_are_killed";
    if let Some(tool) = std::env::var_os(KILLED) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let ended = runtime.expect("a runtime").block_on(provider(tool.into()).answer(request("go on"), &()));
        panic!("it ended by itself: {ended:?}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let body = "sleep 300 & echo $! > $HERE/grandchild; echo $$ > $HERE/child; wait";
    let mut command = std::process::Command::new(std::env::current_exe().expect("this test"));
    command.args(["--exact", THIS]).env(KILLED, tool(folder.path(), body));
    let mut process = command.stdout(std::process::Stdio::null()).spawn().expect("it runs");
    while !std::fs::read_to_string(folder.path().join("child")).is_ok_and(|id| id.ends_with('\n')) {
        assert!(process.try_wait().expect("it is ours").is_none(), "it ended before");
        std::thread::sleep(Duration::from_millis(10));
    }
    // SIGKILL: nothing of ours runs any more.
    process.kill().expect("it runs");
    process.wait().expect("it is ours");
    are_gone(folder.path());
}

#[tokio::test]
async fn what_the_tool_complains_of_holds_no_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    let body = "echo \"bad token $CLAUDE_CODE_OAUTH_TOKEN behind $HTTPS_PROXY, not sk-ant-api03-0123456789abcdef\" >&2; exit 1";
    let environment = [
        ("PATH", "/usr/bin:/bin"),
        ("CLAUDE_CODE_OAUTH_TOKEN", "tok-en-of-mine"),
        ("HTTPS_PROXY", "http://me:pass-word@proxy.example:3128"),
    ];
    let provider = ClaudeCli::new(ClaudeCliOptions {
        program: tool(folder.path(), body),
        environment: scrubbed(environment.map(|(name, value)| (OsString::from(name), OsString::from(value)))),
        models: Models::one("sonnet"),
        timeouts: Timeouts::default(),
        limits: Limits::default(),
        shared: None,
    });
    let error = fails(&provider, &Heard::default()).await;
    let all = format!("{error} {error:?}");
    assert!(all.contains("bad token [key] behind http://me:[key]@proxy.example:3128, not [key]"), "{all}");
    for secret in ["tok-en-of-mine", "pass-word", "0123456789abcdef"] {
        assert!(!all.contains(secret), "{all}");
    }
}
