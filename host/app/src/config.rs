//! Configuration, in layers: flags > environment > the project's `certus.toml` > the user's configuration > defaults.
//!
//! A project's files come from strangers. They may tighten gates and limits and name a workflow variant; who answers, where
//! keys and addresses come from, and what is trusted, stand in the user's own configuration, and a project that tries to
//! say so is refused by the name of the key.

use std::path::{Path, PathBuf};

use certus_engine::Tightening;
use certus_workspace::Project;
use serde::Deserialize;

use crate::Failure;

/// The provider that runs when nothing is configured.
pub const DEFAULT_PROVIDER: &str = "offline";
/// Output tokens a prompt may take, unless limited further.
const MAX_OUTPUT_TOKENS: u32 = 8_000;
/// Larger configuration files are refused.
const MOST_BYTES: u64 = 64 * 1024;
/// Keys that only the user's configuration may hold, at any depth of a project's file.
const USER_ONLY: [&str; 14] = [
    "provider",
    "providers",
    "model",
    "models",
    "base_url",
    "base-url",
    "proxy",
    "api_key",
    "api-key",
    "key",
    "keys",
    "command",
    "trust",
    "executable",
];

/// What all layers come to.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Who answers prompts.
    pub provider: String,
    /// Whether anything named it, or it is the default.
    pub provider_is_default: bool,
    /// Asked on top of the methodology.
    pub gates: Tightening,
    /// Which variant of the workflow runs, for comparison.
    pub variant: Option<String>,
    /// Output tokens that one prompt may take.
    pub max_output_tokens: u32,
    /// What may be spent.
    pub caps: certus_engine::Caps,
    /// What a person set for this chain alone.
    pub own_cap: Option<certus_engine::Cap>,
    /// How far one of the project's own checks may go.
    pub check_limits: certus_workspace::run::Limits,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
struct ProjectFile {
    gates: Tightening,
    variant: Option<String>,
    limits: Limits,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
struct UserFile {
    provider: Option<String>,
    limits: Limits,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
struct Limits {
    max_output_tokens: Option<u32>,
    check_seconds: Option<u64>,
}

/// Directories of this user. Each is made when first written to.
#[derive(Debug, Clone)]
pub struct UserDirs {
    /// Configuration and trust.
    pub config: PathBuf,
    /// What can be made again.
    pub cache: PathBuf,
}

impl UserDirs {
    /// As the platform has them; `None` when there is no home directory.
    pub fn of_platform() -> Option<Self> {
        use etcetera::BaseStrategy;
        let strategy = etcetera::choose_base_strategy().ok()?;
        Self::within(&strategy.config_dir(), &strategy.cache_dir())
    }

    /// A relative `HOME` would mean another folder wherever somebody stands, the project's own among them.
    fn within(config: &Path, cache: &Path) -> Option<Self> {
        let absolute = config.is_absolute() && cache.is_absolute();
        absolute.then(|| Self { config: config.join("certus"), cache: cache.join("certus") })
    }
}

impl Config {
    /// Read every layer. `provider` is what a flag said.
    ///
    /// # Errors
    /// A file cannot be read, is not of its form, or a project asks for what it may not.
    pub fn read(project: &Project, dirs: Option<&UserDirs>, provider: Option<&str>) -> Result<Self, Failure> {
        let user = match dirs {
            Some(dirs) => read_user(&dirs.config.join("config.toml"))?,
            None => UserFile::default(),
        };
        let file = read_project(project)?;
        let from_environment = std::env::var("CERTUS_PROVIDER").ok().filter(|name| !name.is_empty());
        let named = provider.map(str::to_owned).or(from_environment).or(user.provider);
        let ceiling = user.limits.max_output_tokens.unwrap_or(MAX_OUTPUT_TOKENS).max(1);
        Ok(Self {
            provider_is_default: named.is_none(),
            provider: named.unwrap_or_else(|| DEFAULT_PROVIDER.to_owned()),
            gates: file.gates,
            variant: file.variant.map(|variant| crate::clean::line(&variant, 60)),
            // A project's limit counts only where it is the lower one.
            max_output_tokens: file.limits.max_output_tokens.map_or(ceiling, |asked| asked.clamp(1, ceiling)),
            caps: certus_engine::Caps::default(),
            own_cap: None,
            check_limits: check_limits(user.limits.check_seconds, file.limits.check_seconds),
        })
    }
}

fn check_limits(user: Option<u64>, project: Option<u64>) -> certus_workspace::run::Limits {
    let default = certus_workspace::run::Limits::default();
    let ceiling = user.map_or(default.time, std::time::Duration::from_secs);
    let time = project.map_or(ceiling, |asked| std::time::Duration::from_secs(asked).min(ceiling));
    certus_workspace::run::Limits { time: time.max(std::time::Duration::from_secs(1)), ..default }
}

fn read_user(path: &Path) -> Result<UserFile, Failure> {
    let shown = path.display().to_string();
    let bytes = match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(UserFile::default()),
        Err(error) => return Err(Failure::failed(format!("cannot read {shown}: {error}"))),
        Ok(metadata) if metadata.len() > MOST_BYTES => {
            return Err(Failure::usage(format!("{shown} is larger than {MOST_BYTES} bytes")));
        }
        Ok(_) => std::fs::read(path).map_err(|error| Failure::failed(format!("cannot read {shown}: {error}")))?,
    };
    parse(&bytes, &shown)
}

fn read_project(project: &Project) -> Result<ProjectFile, Failure> {
    const NAME: &str = "certus.toml";
    let Some(bytes) = project_file(project, NAME)? else { return Ok(ProjectFile::default()) };
    if let Ok(text) = std::str::from_utf8(&bytes)
        && let Ok(table) = toml::from_str::<toml::Table>(text)
        && let Some(key) = forbidden(&table)
    {
        return Err(Failure::usage(format!("certus.toml may not set `{key}`: a project cannot choose that for you"))
            .hint(format!(
                "remove `{key}` from certus.toml; your own choice belongs into your user configuration or a flag"
            )));
    }
    parse(&bytes, NAME)
}

/// A small configuration file of the project; absent when it is not there.
///
/// # Errors
/// It is there and cannot be read as text.
pub(crate) fn project_file(project: &Project, name: &str) -> Result<Option<Vec<u8>>, Failure> {
    use certus_workspace::ReadError;
    match project.read_limited(name, MOST_BYTES) {
        Ok(text) => Ok(Some(text.text.into_bytes())),
        Err(ReadError::Missing { .. }) => Ok(None),
        Err(error) => Err(Failure::usage(format!("cannot use {name}: {error}"))
            .hint(format!("{name} must be a regular UTF-8 file of at most {MOST_BYTES} bytes inside the project"))),
    }
}

fn forbidden(table: &toml::Table) -> Option<String> {
    for (key, value) in table {
        if USER_ONLY.contains(&key.as_str()) {
            return Some(crate::clean::line(key, 60));
        }
        if let toml::Value::Table(inner) = value
            && key != "gates"
            && let Some(found) = forbidden(inner)
        {
            return Some(format!("{}.{found}", crate::clean::line(key, 60)));
        }
    }
    None
}

fn parse<T: for<'de> Deserialize<'de>>(bytes: &[u8], shown: &str) -> Result<T, Failure> {
    let text = std::str::from_utf8(bytes).map_err(|_| Failure::usage(format!("{shown} is not UTF-8 text")))?;
    toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| text[..span.start.min(text.len())].lines().count().max(1));
        let place = line.map(|line| format!(":{line}")).unwrap_or_default();
        Failure::usage(format!("{shown}{place}: {}", crate::clean::line(error.message(), 200)))
            .hint(format!("mend {shown}, or see what may stand there: certus init --help"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(project: &str, user: &str, flag: Option<&str>) -> Result<Config, Failure> {
        let folder = tempfile::tempdir().expect("a folder");
        let (root, home) = (folder.path().join("project"), folder.path().join("home"));
        std::fs::create_dir_all(&root).expect("a project");
        std::fs::create_dir_all(&home).expect("a home");
        std::fs::write(root.join("certus.toml"), project).expect("a file");
        std::fs::write(home.join("config.toml"), user).expect("a file");
        let dirs = UserDirs { config: home.clone(), cache: home };
        Config::read(&Project::open(&root).expect("a project"), Some(&dirs), flag)
    }

    #[test]
    fn the_nearer_layer_wins() {
        let config = read("", "provider = \"manual\"", None).expect("valid");
        assert_eq!((config.provider.as_str(), config.provider_is_default), ("manual", false));
        let config = read("", "provider = \"manual\"", Some("replay:x")).expect("valid");
        assert_eq!(config.provider, "replay:x");
        let config = read("", "", None).expect("valid");
        assert_eq!((config.provider.as_str(), config.provider_is_default), ("offline", true));
    }

    #[test]
    fn a_project_tightens_and_never_loosens() {
        let limit = |project: &str, user: &str| read(project, user, None).expect("valid").max_output_tokens;
        assert_eq!(limit("[limits]\nmax-output-tokens = 4000", ""), 4_000);
        assert_eq!(limit("[limits]\nmax-output-tokens = 4000000", ""), MAX_OUTPUT_TOKENS);
        assert_eq!(limit("[limits]\nmax-output-tokens = 4000", "[limits]\nmax-output-tokens = 100"), 100);
        assert_eq!(limit("[limits]\nmax-output-tokens = 0", ""), 1);
    }

    #[test]
    fn a_project_chooses_nothing_for_its_reader() {
        for (text, key) in [
            ("provider = \"x\"", "provider"),
            ("[limits]\nproxy = \"http://x\"", "limits.proxy"),
            ("[a.b.c]\napi-key = 1", "a.b.c.api-key"),
            ("[trust]\nall = true", "trust"),
        ] {
            let failure = read(text, "", None).expect_err(text);
            assert!(failure.message.contains(&format!("`{key}`")), "{failure}");
            assert!(!failure.hints.is_empty());
        }
    }

    #[test]
    fn a_relative_home_is_no_home() {
        let within = |config: &str, cache: &str| UserDirs::within(Path::new(config), Path::new(cache)).is_some();
        assert!(within("/home/u/.config", "/home/u/.cache"));
        assert!(!within("u/.config", "u/.cache") && !within("/home/u/.config", "cache") && !within("", "/c"));
    }

    #[test]
    fn a_fault_is_told_with_its_line() {
        let failure = read("# one\n\n[limits]\nmax-output-tokens = \"many\"\n", "", None).expect_err("a fault");
        assert!(failure.message.starts_with("certus.toml:4: "), "{failure}");
        let failure = read("", "colour = 1", None).expect_err("a fault");
        assert!(failure.message.contains("config.toml:1"), "{failure}");
    }
}
