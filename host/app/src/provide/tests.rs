use super::*;
use crate::config::{Config, Environment, Flags};
use crate::keys::Keys;
use certus_providers::Tier;

fn of(name: &str, process: &[(&str, &str)], project: &[(&str, &str)]) -> Result<Arc<dyn Provider>, Failure> {
    let folder = tempfile::tempdir().expect("a folder");
    let environment = Environment::of(process, &[], project);
    let opened = certus_workspace::Project::open(folder.path()).expect("a project");
    let config = Config::read(&opened, None, &environment, &Flags::default()).expect("valid");
    let maker = Maker { config: &config, keys: Keys { environment: &environment, kept: None }, turns: None };
    provider(name, folder.path(), &Handover::default(), &maker)
}

fn failed(name: &str, process: &[(&str, &str)]) -> Failure {
    of(name, process, &[]).err().unwrap_or_else(|| Failure::failed("it was made"))
}

#[test]
fn a_name_means_a_provider_and_may_choose_its_model() {
    let keys = &[("OPENAI_API_KEY", "k"), ("ANTHROPIC_AUTH_TOKEN", "t"), ("GOOGLE_API_KEY", "g")];
    for (name, called, model) in [
        ("offline", "offline", "rules"),
        ("anthropic", "anthropic", "claude-sonnet-5-5"),
        ("anthropic:claude-opus-5-5", "anthropic", "claude-opus-5-5"),
        ("openai:o4-mini", "openai", "o4-mini"),
        ("gemini", "gemini", "gemini-3.8-flash"),
        ("ollama:llama3:8b", "ollama", "llama3:8b"),
        ("claude-cli", "claude-cli", "sonnet"),
    ] {
        let provider = of(name, keys, &[]).unwrap_or_else(|failure| panic!("{name}: {failure}"));
        assert_eq!(provider.name(), called);
        if called != "offline" {
            assert_eq!(provider.model(Tier::Default), model);
        }
    }
}

#[test]
fn nobody_of_that_name_is_told_who_is_there() {
    for name in ["nobody", "nobody:x", "replay", "replay:", "manual:x", ""] {
        let failure = failed(name, &[]);
        assert_eq!(failure.kind, Kind::Usage, "{name}: {failure}");
        assert!(failure.hints[0].contains("anthropic, claude-cli, gemini, ollama, openai"), "{failure:?}");
    }
    assert_eq!(failed("openai:../x", &[("OPENAI_API_KEY", "k")]).kind, Kind::Usage);
}

#[test]
fn a_missing_key_is_one_error_with_what_to_do() {
    let failure = failed("anthropic", &[("OPENAI_API_KEY", "k")]);
    assert_eq!(failure.kind, Kind::Provider);
    assert_eq!(failure.message, "anthropic needs a key, and none was found");
    assert_eq!(failure.hints[0], "store one: certus login anthropic");
    assert!(failure.hints[1].contains("export ANTHROPIC_API_KEY="), "{failure:?}");
}

#[test]
fn what_runs_here_needs_no_key() {
    assert!(of("openai", &[("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")], &[]).is_ok());
    assert_eq!(failed("openai", &[("OPENAI_BASE_URL", "https://gateway/v1")]).kind, Kind::Provider);
    assert_eq!(failed("openai", &[("OPENAI_BASE_URL", "nowhere"), ("OPENAI_API_KEY", "k")]).kind, Kind::Usage);
}

#[test]
fn the_projects_models_are_asked_where_its_key_pays() {
    let project = &[("ANTHROPIC_API_KEY", "theirs"), ("DEFAULT_MODEL", "claude-opus-5-5")];
    let model = |process: &[(&str, &str)]| of("anthropic", process, project).expect("made").model(Tier::Default);
    assert_eq!(model(&[]), "claude-opus-5-5");
    assert_eq!(model(&[("ANTHROPIC_API_KEY", "mine")]), "claude-sonnet-5-5");
}

#[cfg(unix)]
mod files {
    use super::*;

    fn with_reply(name: &str, state: &Path, reply: Option<&Path>) -> Result<Arc<dyn Provider>, Failure> {
        let environment = Environment::default();
        let project = certus_workspace::Project::open(&std::env::temp_dir()).expect("a project");
        let config = Config::read(&project, None, &environment, &Flags::default()).expect("valid");
        let maker = Maker { config: &config, keys: Keys { environment: &environment, kept: None }, turns: None };
        let hand = Handover { reply: reply.map(Path::to_owned), ..Handover::default() };
        provider(name, state, &hand, &maker)
    }

    #[test]
    fn only_regular_files_are_read() {
        for path in ["/dev/null", "/", "/nowhere"] {
            assert!(read(Path::new(path), 10).is_err(), "{path}");
            assert!(with_reply("manual", Path::new("/s"), Some(Path::new(path))).is_err(), "{path}");
            assert!(with_reply(&format!("replay:{path}"), Path::new("/s"), None).is_err(), "{path}");
        }
    }

    #[test]
    fn a_reply_that_is_no_text_is_refused_before_it_is_needed() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("reply");
        let refused = |bytes: &[u8]| {
            std::fs::write(&file, bytes).expect("a file");
            with_reply("manual", folder.path(), Some(&file)).err().map(|failure| failure.kind)
        };
        assert_eq!(refused(b"{}"), None);
        assert_eq!(refused(b"\xff\xfe{"), Some(Kind::Usage));
        assert_eq!(refused(&vec![b'x'; 1 + (1 << 20)]), Some(Kind::Usage));
    }
}
