use certus_engine::Usage;
use certus_providers::{Prices, Tier};

use super::*;

fn read(text: &str, process: &[(&str, &str)]) -> Result<BTreeMap<String, ServiceConfig>, Failure> {
    let sections = toml::from_str(text).expect("the form is right");
    services(sections, &Environment::of(process, &[], &[]), Path::new("config.toml"))
}

#[test]
fn five_services_are_there_without_a_word_and_their_models_have_prices() {
    let services = read("", &[]).expect("valid");
    assert_eq!(services.len(), 5);
    let prices = Prices::bundled();
    for name in ["anthropic", "openai", "gemini"] {
        for tier in [Tier::Fast, Tier::Default, Tier::Smart] {
            let model = services[name].models.of(tier);
            assert!(prices.cost(model, &Usage::default(), i64::MAX).is_some(), "{model}");
            check_model(model).expect("it is a model's name");
        }
        assert!(services[name].is_at_home());
    }
}

#[test]
fn a_section_is_laid_over_a_service_or_makes_another() {
    let services = read(
        "[anthropic]\nmodels = { smart = \"claude-fable-5-2\" }\ntimeouts = { idle = 5 }\n\
         [groq]\nkind = \"openai\"\nbase-url = \"https://api.groq.com/openai/v1\"\nmodels = { default = \"llama-4\" }\n\
         [gateway]\nkind = \"anthropic\"\nbase-url = \"https://g\"\nmodels = { default = \"m\" }\nkey-env = \"T\"\nbearer = true",
        &[],
    )
    .expect("valid");
    assert_eq!(services["anthropic"].models.smart, "claude-fable-5-2");
    assert_eq!(services["anthropic"].models.fast, "claude-haiku-5-5");
    assert_eq!(services["anthropic"].timeouts.idle, Duration::from_secs(5));
    assert_eq!(services["groq"].models, Models::one("llama-4"));
    let keys = |name: &str| KeyNames::Of { keys: vec![name.to_owned()], tokens: Vec::new() };
    assert_eq!(services["groq"].keys, keys("GROQ_API_KEY"), "OpenAI's key is not sent to others");
    let token = KeyNames::Of { keys: Vec::new(), tokens: vec!["T".to_owned()] };
    assert_eq!(services["gateway"].keys, token);
}

#[test]
fn what_a_section_lacks_is_said_with_what_to_add() {
    for (text, says) in [
        ("[groq]\nbase-url = \"https://h\"", "lacks its kind"),
        ("[groq]\nkind = \"openai\"\nmodels = { default = \"m\" }", "lacks its base-url"),
        ("[groq]\nkind = \"openai\"\nbase-url = \"https://h\"", "names no default model"),
        ("[openai]\nkind = \"anthropic\"", "another kind"),
        ("[manual]\nkind = \"openai\"", "cannot be the name"),
        ("[\"a b\"]\nkind = \"openai\"", "cannot be the name"),
        ("[openai]\nkey-env = \"sk-proj-0123\"", "no name of a variable"),
        ("[openai]\nmodels = { fast = \"../x\" }", "model that is none"),
        ("[claude-cli]\nexecutable = \"./claude\"", "executable"),
    ] {
        let failure = read(text, &[]).expect_err(text);
        assert!(failure.message.contains(says), "{text}: {failure}");
        assert!(!failure.message.contains("sk-proj"), "{failure}");
    }
}

#[test]
fn the_environment_says_where_a_service_is() {
    let environment = [("OPENAI_BASE_URL", "http://127.0.0.1:9/v1"), ("OLLAMA_HOST", "0.0.0.0")];
    let services = read("[openai]\nbase-url = \"https://h\"", &environment).expect("valid");
    assert_eq!(services["openai"].base_url, "http://127.0.0.1:9/v1");
    assert!(!services["openai"].is_at_home());
    let own = ("GOOGLE_GEMINI_BASE_URL", "https://theirs");
    let gemini = |process: &[(&str, &str)]| read("", process).expect("valid")["gemini"].base_url.clone();
    assert_eq!(gemini(&[own]), "https://theirs");
    assert_eq!(gemini(&[own, ("GEMINI_BASE_URL", "https://ours")]), "https://ours", "the first that is set counts");
    assert_eq!(gemini(&[]), certus_providers::Gemini::BASE_URL);
    for (host, address) in [
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("", "http://127.0.0.1:11434"),
        ("box:8080", "http://box:8080"),
        ("https://box/ollama/", "https://box:443/ollama"),
        ("[::1]:5", "http://[::1]:5"),
    ] {
        assert_eq!(ollama_address(host), address, "{host}");
    }
}

#[test]
fn what_nobody_means_is_refused_by_its_place() {
    for (text, says) in [
        ("[openai]\ntimeouts = { total = 9223372036854775807 }", "has a time-out outside of 1 to 86400 seconds"),
        ("[openai]\ntimeouts = { idle = 0 }", "has a time-out outside of"),
        ("[openai]\nrequests-per-minute = 0", "allows nothing in a minute"),
        ("[openai]\ntokens-per-minute = 0", "allows nothing in a minute"),
        ("[openai]\nwindow = 0", "window is of 0 tokens"),
        ("[openai]\nproxy = \"localhost hunter2\"", "has a proxy that is no address"),
        ("[openai]\nproxy = \"\"", "has a proxy that is no address"),
        ("[openai]\nproxy = \"http://\"", "has a proxy that is no address"),
    ] {
        let failure = read(text, &[]).expect_err(text);
        assert!(failure.message.starts_with("config.toml: [providers.openai] "), "{failure}");
        assert!(failure.message.contains(says) && !failure.to_string().contains("hunter2"), "{failure}");
    }
    for proxy in ["environment", "none", "http://u:p@h:3128", "socks5://h:1080"] {
        read(&format!("[openai]\nproxy = \"{proxy}\""), &[]).expect(proxy);
    }
}

#[test]
fn passwords_in_addresses_are_not_shown() {
    let services =
        read("[openai]\nbase-url = \"https://u:hunter2@h\"\nproxy = \"http://u:hunter2@p\"", &[]).expect("valid");
    assert!(!format!("{services:?}").contains("hunter2"));
}

#[test]
fn a_model_is_asked_of_who_may_know_it() {
    let services = read("[gemini]\nbase-url = \"https://gateway\"", &[]).expect("valid");
    for (service, model, may) in [
        ("anthropic", "claude-opus-5-5", true),
        ("openai", "claude-opus-5-5", false),
        ("gemini", "claude-opus-5-5", true),
        ("claude-cli", "claude-opus-5-5", true),
        ("anthropic", "gpt-6-luna", false),
        ("ollama", "llama3:8b", true),
    ] {
        assert_eq!(services[service].may_know(model), may, "{service} {model}");
    }
}
