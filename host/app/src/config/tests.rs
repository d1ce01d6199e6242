use super::*;

/// A project and a home with these files.
#[derive(Default)]
struct World<'a> {
    project: &'a str,
    json: &'a str,
    user: &'a str,
    process: &'a [(&'a str, &'a str)],
    env: &'a [(&'a str, &'a str)],
    project_env: &'a [(&'a str, &'a str)],
    flags: Flags,
}

impl World<'_> {
    fn read(&self) -> Result<Config, Failure> {
        let folder = tempfile::tempdir().expect("a folder");
        let (root, home) = (folder.path().join("project"), folder.path().join("home"));
        std::fs::create_dir_all(&root).expect("a project");
        std::fs::create_dir_all(&home).expect("a home");
        std::fs::write(root.join("certus.toml"), self.project).expect("a file");
        std::fs::write(root.join("config.json"), self.json).expect("a file");
        std::fs::write(home.join("config.toml"), self.user).expect("a file");
        let dirs = UserDirs { config: home.clone(), cache: home.clone(), data: home };
        let environment = Environment::of(self.process, self.env, self.project_env);
        Config::read(&Project::open(&root).expect("a project"), Some(&dirs), &environment, &self.flags)
    }
}

fn read(project: &str, user: &str, flag: Option<&str>) -> Result<Config, Failure> {
    let flags = Flags { provider: flag.map(str::to_owned), ..Flags::default() };
    World { project, user, flags, ..World::default() }.read()
}

#[test]
fn the_nearer_layer_wins() {
    let provider = |user, env, process, flag: Option<&str>| {
        let flags = Flags { provider: flag.map(str::to_owned), ..Flags::default() };
        let config = World { user, env, process, flags, ..World::default() }.read().expect("valid");
        (config.provider, config.provider_is_default)
    };
    let user = "provider = \"manual\"";
    let (env, process) = (&[("CERTUS_PROVIDER", "openai")][..], &[("CERTUS_PROVIDER", "gemini")][..]);
    assert_eq!(provider("", &[], &[], None), ("offline".to_owned(), true));
    assert_eq!(provider(user, &[], &[], None), ("manual".to_owned(), false));
    assert_eq!(provider(user, env, &[], None), ("openai".to_owned(), false));
    assert_eq!(provider(user, env, process, None), ("gemini".to_owned(), false));
    assert_eq!(provider(user, env, process, Some("replay:x")), ("replay:x".to_owned(), false));
}

#[test]
fn a_project_tightens_and_never_loosens() {
    let limit = |project: &str, user: &str| read(project, user, None).expect("valid").max_output_tokens;
    assert_eq!(limit("[limits]\nmax-output-tokens = 4000", ""), 4_000);
    assert_eq!(limit("[limits]\nmax-output-tokens = 4000000", ""), MAX_OUTPUT_TOKENS);
    assert_eq!(limit("[limits]\nmax-output-tokens = 4000", "[limits]\nmax-output-tokens = 100"), 100);
    assert_eq!(limit("[limits]\nmax-output-tokens = 0", ""), 1);
    let window = |project: &str, user: &str| read(project, user, None).expect("valid").context_window;
    assert_eq!((window("", ""), window("[limits]\ncontext-window = 900000", "")), (CONTEXT_WINDOW, CONTEXT_WINDOW));
    assert_eq!(window("[limits]\ncontext-window = 9000", "[limits]\ncontext-window = 900000"), 9_000);
    assert_eq!(window("", "[limits]\ncontext-window = 900000"), 900_000);
}

#[test]
fn a_project_lowers_what_its_checks_may_print_and_take() {
    let limits = |project: &str, user: &str| {
        let limits = read(project, user, None).expect("valid").check_limits;
        (limits.time.as_secs(), limits.written_bytes >> 20)
    };
    assert_eq!(limits("", ""), (600, 64));
    let user = "[limits]\ncheck-seconds = 1200\ncheck-output-mib = 200";
    assert_eq!(limits("", user), (1200, 200));
    assert_eq!(limits("[limits]\ncheck-seconds = 60\ncheck-output-mib = 8", user), (60, 8));
    assert_eq!(limits("[limits]\ncheck-seconds = 6000\ncheck-output-mib = 800", user), (1200, 200));
    assert_eq!(limits("[limits]\ncheck-output-mib = 0", ""), (600, 1));
}

#[test]
fn budgets_are_the_lower_of_the_users_and_the_projects() {
    let budget = "[budget]\nchain = { usd = 5, tokens = 1000 }\nday = { usd = 20 }";
    let chain = |project, max: Cap| {
        let flags = Flags { chain: max, ..Flags::default() };
        let config = World { project, user: budget, flags, ..World::default() }.read().expect("valid");
        config.caps(config.own_cap)
    };
    let usd = |usd| Cap { usd_micros: Some(usd), ..Cap::default() };
    let caps = chain("[budget]\nchain = { usd = 50 }\nday = { usd = 2 }\ncall = { tokens = 9 }", Cap::default());
    assert_eq!(caps.chain, Cap { tokens: Some(1000), usd_micros: Some(5_000_000) });
    assert_eq!(caps.day, usd(2_000_000));
    assert_eq!(caps.call.tokens, Some(9));
    // A flag takes the place of the user's own cap, unit by unit, and passes neither the project's nor the day's.
    assert_eq!(chain("", usd(9_000_000)).chain, Cap { tokens: Some(1000), usd_micros: Some(9_000_000) });
    assert_eq!(chain("[budget]\nchain = { usd = 1 }", usd(9_000_000)).chain.usd_micros, Some(1_000_000));
    assert_eq!(chain("", usd(90_000_000)).day, usd(20_000_000));
    assert_eq!(read("", "", None).expect("valid").caps(None), Caps::default());
}

#[test]
fn a_limit_that_leaves_nothing_is_refused() {
    for name in ["max-output-tokens", "check-seconds", "check-output-mib", "context-window"] {
        let failure = read("", &format!("[limits]\n{name} = 0"), None).expect_err(name);
        assert!(failure.message.ends_with(&format!("[limits] {name} is 0")), "{failure}");
    }
}

#[test]
fn variables_for_checks_are_the_users_to_name_and_no_secrets() {
    let named = |text: &str| read("", text, None).map(|config| config.check_environment);
    assert_eq!(named("check-environment = [\"DATABASE_URL\", \"NODE_*\"]").expect("valid"), ["DATABASE_URL", "NODE_*"]);
    let failure = named("check-environment = [\"DB_PASSWORD\"]").expect_err("a secret");
    assert!(failure.message.ends_with("check-environment names DB_PASSWORD, which is a secret's name"), "{failure}");
    assert!(read("check-environment = [\"DATABASE_URL\"]", "", None).is_err(), "a project names none");
}

#[test]
fn a_project_chooses_nothing_for_its_reader() {
    for (text, key) in [
        ("provider = \"x\"", "provider"),
        ("default-model = \"x\"", "default-model"),
        ("[providers.openai]\nbase-url = \"http://evil\"", "providers"),
        ("[limits]\nproxy = \"http://x\"", "limits.proxy"),
        ("[a.b.c]\napi-key = 1", "a.b.c.api-key"),
        ("[[price]]\nmodel = \"x\"", "price"),
        ("[trust]\nall = true", "trust"),
    ] {
        let failure = read(text, "", None).expect_err(text);
        assert!(failure.message.contains(&format!("`{key}`")), "{failure}");
        assert!(!failure.hints.is_empty());
    }
}

#[test]
fn a_projects_env_chooses_nothing_but_earlier_warnings() {
    let project_env = &[
        ("ANTHROPIC_BASE_URL", "http://evil"),
        ("CERTUS_PROVIDER", "anthropic"),
        ("DEFAULT_MODEL", "claude-fable-5-2"),
        ("COST_ALERT_THRESHOLD", "2"),
        ("TOKEN_LIMIT_WARNING", "many"),
    ];
    let process = &[("COST_ALERT_THRESHOLD", "5.00"), ("TOKEN_LIMIT_WARNING", "80000")];
    let config = World { project_env, process, ..World::default() }.read().expect("valid");
    let anthropic = config.service("anthropic").expect("it is there");
    assert!(config.provider_is_default && anthropic.is_at_home());
    assert_eq!(anthropic.models.default, "claude-sonnet-5-5");
    assert_eq!(config.alerts, Cap { tokens: Some(80_000), usd_micros: Some(2_000_000) });
    let notes = config.notes.join("\n");
    assert!(notes.contains("TOKEN_LIMIT_WARNING") && notes.contains("ANTHROPIC_BASE_URL, CERTUS_PROVIDER"), "{notes}");
    let paying = config.models_of_the_project(anthropic.clone());
    assert_eq!(paying.models.default, "claude-fable-5-2");
    assert_eq!(paying.models.smart, "claude-opus-5-5");
}

#[test]
fn the_default_model_is_asked_of_who_may_know_it() {
    let process = &[("DEFAULT_MODEL", "claude-opus-5-5")];
    let config = World { process, user: "default-model = \"gpt-5\"", ..World::default() }.read().expect("valid");
    let model = |name: &str| config.service(name).expect("it is there").models.default.clone();
    assert_eq!((model("anthropic").as_str(), model("openai").as_str()), ("claude-opus-5-5", "gpt-6.1-sol"));
    assert!(read("", "default-model = \"a b\"", None).is_err());
}

#[test]
fn config_json_tightens() {
    let json = r#"{"models":{"default":"claude-3-opus-20240229"},"prompts":{"custom_dir":"./mine"},
        "limits":{"max_tokens_per_prompt":4000,"context_window":100000}}"#;
    let config = World { json, ..World::default() }.read().expect("valid");
    assert_eq!(config.max_output_tokens, 4_000);
    assert_eq!((config.caps(None).call.tokens, config.context_window), (Some(100_000), 100_000));
    assert_eq!(config.prompts, "mine");
    assert_eq!(config.service("anthropic").expect("it is there").models.default, "claude-sonnet-5-5");
    assert_eq!(config.caps(None).warn_at(), 80);
    assert!(config.notes.is_empty(), "{:?}", config.notes);
    let json = r#"{"limits":{"warning_threshold":0.5}}"#;
    assert_eq!(World { json, ..World::default() }.read().expect("valid").caps(None).warn_at(), 50);
    let json = r#"{"limits":{"warning_threshold":0.95},"prompts":{"system_dir":"."}}"#;
    let config = World { json, ..World::default() }.read().expect("valid");
    assert_eq!(config.caps(None).warn_at(), 80);
    let notes = config.notes.join("\n");
    assert!(notes.contains("at 80 % already") && notes.contains("system prompts in . are not used"), "{notes}");
    let json = r#"{"limits":{"max_tokens_per_prompt":4000000}}"#;
    assert_eq!(World { json, ..World::default() }.read().expect("valid").max_output_tokens, MAX_OUTPUT_TOKENS);
}

#[test]
fn a_fault_is_told_with_its_line() {
    let failure = read("# one\n\n[limits]\nmax-output-tokens = \"many\"\n", "", None).expect_err("a fault");
    assert!(failure.message.starts_with("certus.toml:4: "), "{failure}");
    let failure = read("", "colour = 1", None).expect_err("a fault");
    assert!(failure.message.contains("config.toml:1"), "{failure}");
    let process = &[("COST_ALERT_THRESHOLD", "lots")];
    let failure = World { process, ..World::default() }.read().expect_err("a fault");
    assert!(failure.message.contains("COST_ALERT_THRESHOLD"), "{failure}");
}
