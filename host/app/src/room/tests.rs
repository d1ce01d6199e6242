use super::*;

fn config() -> Config {
    let folder = tempfile::tempdir().expect("a folder");
    let project = certus_workspace::Project::open(folder.path()).expect("a project");
    let environment = crate::config::Environment::of(&[], &[], &[]);
    Config::read(&project, None, &environment, &crate::config::Flags::default()).expect("valid")
}

#[test]
fn a_request_and_its_answer_are_never_more_than_the_window() {
    let config = config();
    for window in [1, 2_048, 4_096, 8_192, 32_768, 128_000, 200_000, 1_000_000, u64::MAX] {
        let room = Room::of(Some(window), &config, 700);
        let tokens = (room.budget.bytes as u64).div_ceil(BYTES_PER_TOKEN) + u64::from(room.most_output);
        assert!(tokens <= window.max(1), "{window}: {room:?}");
        assert!(u64::from(room.most_output) <= (window / 4).max(1), "{window}: {room:?}");
    }
    let room = |window| Room::of(window, &config, 700);
    assert_eq!(room(Some(8_192)).most_output, 2_048);
    assert_eq!(room(Some(8_192)).budget.bytes, (8_192 - 2_048 - 700) * 3);
    assert_eq!(room(Some(200_000)).most_output, 8_000);
    assert_eq!(room(Some(1_000_000)).budget, room(Some(200_000)).budget, "what is sent is paid for");
    assert_eq!(room(None).budget, Budget::default());
    let mut small = config.clone();
    small.context_window = 8_192;
    assert_eq!(Room::of(None, &small, 700).budget, room(Some(8_192)).budget);
    assert_eq!(Room::of(Some(1_000_000), &small, 700).budget, room(Some(8_192)).budget);
}

#[test]
fn what_does_not_fit_is_said_with_what_to_do() {
    let room = Room::of(Some(4_096), &config(), 64);
    assert_eq!(room.lacks("triage", 3_072, "small"), None);
    let said = room.lacks("triage", 3_073, "small").expect("it does not fit");
    assert!(said.contains("triage does not fit") && said.contains("take 4097 tokens, and it has 4096"), "{said}");
    assert!(said.contains("--provider NAME:MODEL"), "{said}");
}

#[test]
fn what_is_configured_bounds_a_window_that_is_larger_or_unknown() {
    let mut config = config();
    config.context_window = 20_000;
    for window in [None, Some(20_001), Some(1_000_000)] {
        let room = Room::of(window, &config, 64);
        assert_eq!(room.lacks("triage", 15_000, "large"), None, "{window:?}");
        let said = room.lacks("triage", 15_001, "large").expect("it does not fit");
        assert!(said.contains("take 20001 tokens, and `context-window` under [limits] allows 20000"), "{said}");
    }
    // What is sent back with a request has the rest of it.
    let room = Room::of(None, &config, 64);
    assert_eq!((room.spare(15_000), room.spare(u64::MAX)), (0, 0));
    assert_eq!(room.spare(15_000 - AROUND - 100), 300);
    // Of two bounds the lesser is named.
    let said = Room::of(Some(8_192), &config, 64).lacks("triage", u64::MAX, "small").expect("it does not fit");
    assert!(said.contains("the context window of small") && said.contains("it has 8192"), "{said}");
}
