//! A chain that is answered by a service over the network: where keys come from, where they never go, and who may say where
//! a request is sent. The services are imitated on this machine.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use fake_api::{FakeApi, Fault, Logged, Reply, Script};
use tokio::runtime::Runtime;

use crate::support::{Ran, World};

const GOAL: &str = "Add JWT authentication to the shop";
/// What occurs in no file and no output.
const KEY: &str = "sk-test-b39d1f0c77aa42e1";
const SURE: &str = r#"{"notes": "All is said.", "confidence": {"requirements": 0.97}}"#;

/// A service, running beside the test.
struct Service {
    server: FakeApi,
    _runtime: Runtime,
}

impl Service {
    fn with(script: Script) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let server = runtime.block_on(FakeApi::start(Script { key: KEY.to_owned(), ..script })).expect("a port");
        Self { server, _runtime: runtime }
    }

    fn sure() -> Self {
        Self::with(Script::always(Reply::new(SURE)))
    }

    fn openai(&self) -> String {
        format!("{}/v1", self.server.url())
    }

    fn log(&self) -> Vec<Logged> {
        self.server.log()
    }
}

/// Through requirements with `--provider openai` at this address.
fn flow(world: &World, url: &str, environment: &[(&str, &str)]) -> Ran {
    let arguments = ["flow", GOAL, "--provider", "openai", "--until", "context-building"];
    let mut command = world.command(&arguments);
    command.env("OPENAI_BASE_URL", url).envs(environment.iter().copied());
    Ran::of(command.output().expect("the binary runs"))
}

/// Hand a key to `certus login`.
fn login(world: &World, environment: &[(&str, &str)]) -> Ran {
    let mut command = world.command(&["login", "openai"]);
    command.envs(environment.iter().copied()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary runs");
    writeln!(child.stdin.take().expect("a pipe"), "{KEY}").expect("it reads");
    Ran::of(child.wait_with_output().expect("it ends"))
}

fn models(log: &[Logged]) -> Vec<String> {
    log.iter().map(|call| call.body["model"].as_str().unwrap_or_default().to_owned()).collect()
}

fn holds_key(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(holds_key(&path));
        } else if path.is_file() {
            let bytes = std::fs::read(&path).expect("it can be read");
            if bytes.windows(KEY.len()).any(|part| part == KEY.as_bytes()) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

fn without_key(ran: Ran) -> Ran {
    assert!(!ran.stdout.contains(KEY) && !ran.stderr.contains(KEY), "{}\n{}", ran.stdout, ran.stderr);
    ran
}

#[test]
fn a_service_answers_and_its_key_is_nowhere() {
    let world = World::with("express-shop");
    let service = Service::sure();
    let key = [("OPENAI_API_KEY", KEY)];
    let ran = without_key(flow(&world, &service.openai(), &key).ok());
    let log = service.log();
    assert!(log.iter().all(|call| call.status == 200), "{log:?}");
    // The triage, then two prompts at once, in whichever order they arrive; each is asked of the model of its tier.
    let mut models = models(&log);
    models.sort();
    assert_eq!(models, ["gpt-6-astra", "gpt-6-luna", "gpt-6.1-sol"]);
    assert!(ran.stdout.contains("--provider openai"), "whoever goes on is told who answered: {}", ran.stdout);
    for arguments in [&["show", "--json"][..], &["show", "--exchanges"], &["show", "--events"], &["doctor"]] {
        let ran = world.command(arguments).envs(key).output().expect("the binary runs");
        let _ = without_key(Ran::of(ran));
    }
    assert_eq!(holds_key(&world.project.join(".certus")), Vec::<String>::new());
    // Nobody is asked in the place of who answered before without a word.
    let _ = world
        .run(&["flow", "--continue"])
        .exits(2)
        .says("chain 001 was answered by openai so far")
        .says("add --provider openai");
}

#[test]
fn a_service_that_repeats_the_key_does_not_bring_it_into_the_record() {
    let world = World::with("express-shop");
    let fault = Fault::new("authentication", "the key {key} is revoked");
    let service = Service::with(Script::always(fault));
    let ran = without_key(flow(&world, &service.openai(), &[("OPENAI_API_KEY", KEY)]));
    assert_ne!(ran.status, Some(0));
    let _ = ran.says("openai does not accept the key");
    assert!(!service.log().is_empty());
    assert_eq!(holds_key(&world.project.join(".certus")), Vec::<String>::new());
}

#[test]
fn a_key_in_the_projects_own_files_goes_nowhere_with_them() {
    let world = World::with("express-shop");
    world.write("lib/config.js", format!("module.exports = {{ apiKey: '{KEY}', sessionSecret: 'x' }};\n"));
    world.write("project_rules.md", format!("Call the service with {KEY}.\n"));
    // JSON spells it so that nobody finds it before it is read.
    let spelled: String = KEY.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    let reply = format!(r#"{{"notes": "The key is {spelled}.", "confidence": {{"requirements": 0.97}}}}"#);
    let service = Service::with(Script::always(Reply::new(&reply)));
    let key = [("OPENAI_API_KEY", KEY)];
    let _ = without_key(flow(&world, &service.openai(), &key).ok());
    let sent: Vec<String> = service.log().iter().map(|call| call.body.to_string()).collect();
    assert!(sent.iter().any(|body| body.contains("Call the service with [key].")), "the rules are there");
    assert!(sent.iter().all(|body| !body.contains(KEY)), "it is sent as a key and in no other way");
    let ran = Ran::of(world.command(&["stack", "."]).envs(key).output().expect("the binary runs")).ok();
    let _ = without_key(ran);
    assert_eq!(holds_key(&world.project.join(".certus")), Vec::<String>::new());
    let elsewhere = |path: &String| !path.ends_with("project_rules.md") && !path.ends_with("lib/config.js");
    assert_eq!(holds_key(world.home()).into_iter().filter(elsewhere).collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn a_model_that_is_not_there_is_named() {
    let world = World::with("express-shop");
    let service = Service::with(Script { models: vec!["gpt-6.1-sol".to_owned()], ..Script::always(Reply::new(SURE)) });
    let mut command = world.command(&["flow", GOAL, "--provider", "openai:gpt-nought"]);
    command.env("OPENAI_BASE_URL", service.openai()).env("OPENAI_API_KEY", KEY);
    let ran = without_key(Ran::of(command.output().expect("the binary runs")));
    assert_eq!(service.log()[0].status, 404);
    let _ = ran.exits(6).says("openai has no model gpt-nought at this address").says("check the model's name");
}

#[test]
fn a_key_is_found_in_the_users_own_files() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::with("express-shop");
    let service = Service::sure();
    let config = world.home().join("config/certus");
    let stored = login(&world, &[]).ok();
    let file = config.join("keys.toml");
    let _ = without_key(stored).shows(&file.display().to_string()).says("no keyring");
    assert_eq!(std::fs::metadata(&file).expect("it is there").permissions().mode() & 0o777, 0o600);
    let _ = without_key(flow(&world, &service.openai(), &[]).ok());
    assert!(service.log().iter().all(|call| call.status == 200), "{:?}", service.log());
    let _ = world.run(&["login", "openai", "--remove"]).ok().shows("removed");
    assert!(!file.exists());
    std::fs::write(config.join(".env"), format!("OPENAI_API_KEY={KEY}\nCERTUS_PROVIDER=openai\n")).expect("a file");
    let _ = without_key(world.run(&["doctor"])).shows("OPENAI_API_KEY in your .env");
    let other = World::with("express-shop");
    std::fs::create_dir_all(other.home().join("config/certus")).expect("a folder");
    std::fs::copy(config.join(".env"), other.home().join("config/certus/.env")).expect("a copy");
    let mut command = other.command(&["flow", GOAL, "--until", "context-building"]);
    let ran = Ran::of(command.env("OPENAI_BASE_URL", service.openai()).output().expect("the binary runs"));
    let _ = without_key(ran).ok();
}

#[test]
fn a_keyring_keeps_the_key_where_there_is_one() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::with("express-shop");
    let service = Service::sure();
    let tools = world.home().join("bin");
    std::fs::create_dir(&tools).expect("a folder");
    let ring = world.home().join("ring");
    // What libsecret's own program does, with a file for a keyring.
    let script = format!(
        "#!/bin/sh\nring='{}'\ncase \"$1\" in\nstore) cat > \"$ring\" ;;\nlookup) cat \"$ring\" ;;\nclear) rm -f \"$ring\" ;;\nesac\n",
        ring.display()
    );
    std::fs::write(tools.join("secret-tool"), script).expect("a file");
    std::fs::set_permissions(tools.join("secret-tool"), std::fs::Permissions::from_mode(0o755)).expect("changed");
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").expect("a path"));
    let desktop = [("PATH", path.as_str()), ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")];
    let _ = without_key(login(&world, &desktop).ok()).shows("the system's keyring");
    assert_eq!(holds_key(&world.home().join("config")), Vec::<String>::new());
    let _ = without_key(flow(&world, &service.openai(), &desktop).ok());
    assert!(service.log().iter().all(|call| call.status == 200));
    // A keyring that is not there any more is named, and nothing else is taken for the key.
    let ran = world.command(&["flow", GOAL, "--provider", "openai"]).output().expect("the binary runs");
    let _ = Ran::of(ran).exits(6).says("the keyring does not give the key of openai");
    let removed = world.command(&["login", "openai", "--remove"]).envs(desktop).output().expect("the binary runs");
    let _ = Ran::of(removed).ok();
    assert!(!ring.exists());
}

#[test]
fn a_project_says_nowhere_where_requests_go() {
    let (service, evil) = (Service::sure(), Service::sure());
    let world = World::with("express-shop");
    let lines = format!(
        "OPENAI_BASE_URL={0}\nHTTP_PROXY={0}\nCERTUS_PROVIDER=openai\nDEFAULT_MODEL=gpt-5-pro\n",
        evil.openai()
    );
    world.write(".env", lines);
    let _ =
        world.run(&["doctor"]).ok().shows("names models (gpt-5-pro)").shows("OPENAI_BASE_URL").says("[providers.NAME]");
    // A choice in it is none: rules answer.
    let _ = world.run(&["flow", GOAL, "--until", "requirements-clarification"]).says("Answered by offline");
    let ran = flow(&world, &service.openai(), &[("OPENAI_API_KEY", KEY)]).ok();
    let _ = without_key(ran)
        .says("the project's .env sets CERTUS_PROVIDER, HTTP_PROXY, OPENAI_BASE_URL")
        .says("passed over");
    assert!(evil.log().is_empty(), "{:?}", evil.log());
    assert!(!models(&service.log()).contains(&"gpt-5-pro".to_owned()));
    for text in [
        format!("[providers.openai]\nbase-url = \"{}\"\n", evil.openai()),
        "[limits]\nproxy = \"http://evil\"\n".to_owned(),
        "default-model = \"gpt-6-astra\"\n".to_owned(),
    ] {
        world.write("certus.toml", text);
        let _ =
            flow(&world, &service.openai(), &[("OPENAI_API_KEY", KEY)]).exits(2).says("a project cannot choose that");
    }
    assert!(evil.log().is_empty());
}

#[test]
fn a_projects_own_key_is_used_last_and_said() {
    let world = World::with("express-shop");
    let service = Service::sure();
    world.write(".env", format!("OPENAI_API_KEY={KEY}\nDATABASE_URL=postgres://me:{KEY}@db\n"));
    let ran = without_key(flow(&world, &service.openai(), &[]).ok());
    let _ = ran.says("openai is paid with OPENAI_API_KEY in the project's .env");
    assert_eq!(holds_key(&world.project.join(".certus")), Vec::<String>::new());
    let ran = without_key(flow(&world, &service.openai(), &[("OPENAI_API_KEY", "sk-mine-00000000")]));
    assert_ne!(ran.status, Some(0), "the user's own key comes first, and this one is wrong");
}

#[test]
fn models_on_this_machine_need_no_key_and_cost_nothing() {
    let world = World::with("express-shop");
    let service = Service::sure();
    let arguments =
        ["flow", GOAL, "--provider", "ollama:llama3", "--max-usd", "0.01", "--until", "context-building", "--json"];
    let ran = world.command(&arguments).env("OLLAMA_HOST", service.server.url()).output().expect("the binary runs");
    let ran = Ran::of(ran).ok();
    assert!(service.log().iter().all(|call| call.api == "ollama" && call.body["model"] == "llama3"));
    assert!(ran.stdout.contains("\"usd\": 0.0"), "{}", ran.stdout);
    let mut command = world.command(&["doctor", "--provider", "claude-cli"]);
    let ran = Ran::of(command.env("PATH", "/nowhere").output().expect("the binary runs"));
    let _ = ran.exits(1).shows("there is no program claude").says("[providers.claude-cli] executable");
}
