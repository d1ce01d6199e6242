//! Reading many files, of which some are bad.

use certus_runtime::{CallErrorKind, File, LimitKind, Limits, Summary};

use crate::support::{hasty, hostile, limit};

fn file(path: impl Into<String>, content: impl Into<String>) -> File {
    File { path: path.into(), content: content.into() }
}

fn good(count: usize) -> Vec<File> {
    (0..count).map(|index| file(format!("good-{index}"), "x".repeat(20_000))).collect()
}

fn paths(summaries: &[Summary]) -> Vec<&str> {
    summaries.iter().map(|summary| summary.path.as_str()).collect()
}

#[tokio::test]
async fn every_file_has_a_summary_in_order() {
    let files = good(300);
    let indexed = hostile().index_all(files.clone()).await;
    assert_eq!(indexed.problems, []);
    assert_eq!(paths(&indexed.summaries), files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>());
    assert!(indexed.summaries.iter().all(|summary| summary.data == b"OK"));
    assert!(hostile().index_all(Vec::new()).await.summaries.is_empty());
}

#[tokio::test]
async fn one_bad_file_costs_one_file() {
    let mut files = good(60);
    let bad = [("spins", 10), ("panics", 20), ("huge", 30), ("vanishes", 40)];
    for (name, index) in bad {
        let content = match name {
            "spins" => "SPIN",
            "panics" => "PANIC",
            "huge" => "HUGE",
            _ => "VANISH",
        };
        files.insert(index, file(name, content));
    }
    // Long for a good batch, short for one that spins.
    let limits = Limits { guest_time: 10 * hasty().guest_time, ..hasty() };
    let indexed = hostile().with_limits(limits).index_all(files).await;
    assert_eq!(indexed.summaries.len(), 60);
    let problems: Vec<_> = indexed.problems.into_iter().map(|problem| (problem.path, problem.error.kind)).collect();
    assert_eq!(problems[0], ("spins".into(), limit(LimitKind::GuestTime)));
    assert!(
        matches!(&problems[1], (path, CallErrorKind::Panic(words)) if path == "panics" && words.contains("panics at"))
    );
    assert_eq!(problems[2], ("huge".into(), limit(LimitKind::HostcallBytes)));
    assert!(matches!(&problems[3], (path, CallErrorKind::Invalid(_)) if path == "vanishes"));
    assert_eq!(problems.len(), 4);
}

#[tokio::test]
async fn a_plugin_that_always_spins_is_given_up() {
    let files: Vec<_> = (0..200).map(|index| file(index.to_string(), "SPIN")).collect();
    let indexed = hostile().with_limits(hasty()).index_all(files).await;
    assert_eq!((indexed.summaries.len(), indexed.problems.len()), (0, 200));
    assert!(indexed.problems.iter().all(|problem| problem.error.kind == limit(LimitKind::GuestTime)));
}

#[tokio::test]
async fn a_report_s_numbers_are_checked() {
    let summaries = hostile().index(vec![file("a", "NAN")]).await.unwrap();
    let error = hostile().link(summaries).await.unwrap_err();
    assert_eq!(error.kind, CallErrorKind::Invalid("confidence of stack hostile is NaN, outside 0..=1".into()));
    let report = hostile().link(Vec::new()).await.unwrap();
    assert_eq!(report.stacks[0].name, "hostile");
    assert_eq!(hostile().idiom("model", &report).await.unwrap(), None);
}
