//! The services that can answer prompts: five that are there without a word of configuration, and those that the user's
//! configuration describes.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use certus_providers::{Anthropic, Gemini, Limits, Models, Ollama, OpenAi, Structured, Timeouts};
use serde::Deserialize;

use super::environment::Environment;
use crate::Failure;

/// Which language a service speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Dialect {
    /// Anthropic's messages.
    Anthropic,
    /// Chat completions, OpenAI's or anybody's.
    Openai,
    /// Gemini's own API.
    Gemini,
    /// Ollama's own API.
    Ollama,
    /// The `claude` terminal tool.
    ClaudeCli,
}

/// The services that are there without configuration; each is named like its kind.
const BUILT_IN: [(&str, Dialect); 5] = [
    ("anthropic", Dialect::Anthropic),
    ("openai", Dialect::Openai),
    ("gemini", Dialect::Gemini),
    ("ollama", Dialect::Ollama),
    ("claude-cli", Dialect::ClaudeCli),
];

/// Variables that say where a service is; the first that is set counts. Gemini's second is what its own terminal tool reads.
const ADDRESSES: [(&str, &[&str]); 4] = [
    ("anthropic", &["ANTHROPIC_BASE_URL"]),
    ("openai", &["OPENAI_BASE_URL"]),
    ("gemini", &["GEMINI_BASE_URL", "GOOGLE_GEMINI_BASE_URL"]),
    ("ollama", &["OLLAMA_HOST"]),
];

/// Seconds of a time-out at most: a day.
const LONGEST: u64 = 24 * 60 * 60;

/// Names that mean something else than a service.
const TAKEN: [&str; 3] = ["offline", "manual", "replay"];

/// Where a service's key comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeyNames {
    /// It takes none.
    None,
    /// Variables for a key, then for a token that goes into `Authorization: Bearer`; the first that is set counts.
    Of {
        /// Of a key.
        keys: Vec<String>,
        /// Of a bearer token.
        tokens: Vec<String>,
    },
}

/// One service, all layers together.
#[derive(Clone)]
pub(crate) struct ServiceConfig {
    pub(crate) name: String,
    pub(crate) dialect: Dialect,
    /// May have a password in it.
    pub(crate) base_url: String,
    pub(crate) models: Models,
    pub(crate) keys: KeyNames,
    /// A stored key goes into `Authorization: Bearer`.
    pub(crate) bearer: bool,
    pub(crate) timeouts: Timeouts,
    /// `environment`, `none` or an address, which may have a password in it.
    pub(crate) proxy: String,
    pub(crate) limits: Limits,
    pub(crate) structured: Structured,
    pub(crate) executable: PathBuf,
    /// Tokens that its models take in one request, the answer included, where the user says so; for Ollama also what it is
    /// told to make room for.
    pub(crate) window: Option<u64>,
    /// Whether the user wrote a section for it, or changed where it is.
    pub(crate) configured: bool,
}

impl fmt::Debug for ServiceConfig {
    /// Without addresses: they may have passwords in them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, dialect, models, keys, .. } = self;
        write!(f, "ServiceConfig({name}, {dialect:?}, {models:?}, {keys:?})")
    }
}

/// `[providers.NAME]`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(super) struct Section {
    kind: Option<Dialect>,
    base_url: Option<String>,
    models: Tiers,
    key_env: Option<String>,
    bearer: Option<bool>,
    timeouts: Seconds,
    proxy: Option<String>,
    requests_per_minute: Option<u32>,
    tokens_per_minute: Option<u64>,
    structured: Option<Hold>,
    executable: Option<PathBuf>,
    window: Option<u64>,
}

impl fmt::Debug for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Section({:?}, {:?})", self.kind, self.models)
    }
}

/// Models by tier.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(super) struct Tiers {
    pub(super) fast: Option<String>,
    pub(super) default: Option<String>,
    pub(super) smart: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
struct Seconds {
    connect: Option<u64>,
    idle: Option<u64>,
    total: Option<u64>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Hold {
    Auto,
    Never,
}

impl Tiers {
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        [&self.fast, &self.default, &self.smart].into_iter().flatten().map(String::as_str)
    }

    pub(super) fn over(&self, models: Models) -> Models {
        let or = |named: &Option<String>, other: String| named.clone().unwrap_or(other);
        Models {
            fast: or(&self.fast, models.fast),
            default: or(&self.default, models.default),
            smart: or(&self.smart, models.smart),
        }
    }
}

impl ServiceConfig {
    fn built_in(name: &str, dialect: Dialect) -> Self {
        let (base_url, keys, tokens): (_, &[&str], &[&str]) = match dialect {
            Dialect::Anthropic => (Anthropic::BASE_URL, &["ANTHROPIC_API_KEY"], &["ANTHROPIC_AUTH_TOKEN"]),
            Dialect::Openai => (OpenAi::BASE_URL, &["OPENAI_API_KEY"], &[]),
            Dialect::Gemini => (Gemini::BASE_URL, &["GEMINI_API_KEY", "GOOGLE_API_KEY"], &[]),
            Dialect::Ollama => (Ollama::BASE_URL, &[], &[]),
            Dialect::ClaudeCli => ("", &[], &[]),
        };
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let keys = match dialect {
            Dialect::ClaudeCli | Dialect::Ollama => KeyNames::None,
            _ => KeyNames::Of { keys: owned(keys), tokens: owned(tokens) },
        };
        let timeouts = match dialect {
            // It loads the model first.
            Dialect::Ollama => Timeouts { idle: Duration::from_secs(600), ..Timeouts::default() },
            _ => Timeouts::default(),
        };
        Self {
            name: name.to_owned(),
            dialect,
            base_url: base_url.to_owned(),
            models: default_models(dialect),
            keys,
            bearer: false,
            timeouts,
            proxy: "environment".to_owned(),
            limits: Limits::default(),
            structured: Structured::Auto,
            executable: PathBuf::from("claude"),
            window: (dialect == Dialect::Ollama).then_some(Ollama::LARGEST_WINDOW),
            configured: false,
        }
    }

    fn lay(&mut self, section: Section, shown: &str) -> Result<(), Failure> {
        let place = format!("{shown}: [providers.{}]", self.name);
        let wrong = |what: String| Failure::usage(format!("{place} {what}"));
        self.configured = true;
        for model in section.models.names() {
            check_model(model).map_err(&wrong)?;
        }
        if let Some(executable) = section.executable {
            if executable.components().count() != 1 && !executable.is_absolute() {
                return Err(wrong("executable is neither a name nor an absolute path".to_owned())
                    .hint("a relative path would be another program in every folder"));
            }
            self.executable = executable;
        }
        self.models = section.models.over(self.models.clone());
        self.base_url = section.base_url.unwrap_or_else(|| self.base_url.clone());
        self.bearer = section.bearer.unwrap_or(self.bearer);
        match section.key_env.as_deref() {
            None => {}
            Some("") => self.keys = KeyNames::None,
            Some(name) if is_variable(name) => {
                let (named, none) = (vec![name.to_owned()], Vec::new());
                self.keys = match self.bearer {
                    true => KeyNames::Of { keys: none, tokens: named },
                    false => KeyNames::Of { keys: named, tokens: none },
                };
            }
            // Not repeated: people write the key itself there.
            Some(_) => {
                return Err(wrong("key-env is no name of a variable".to_owned())
                    .hint(format!("write the variable's name there, and store the key: certus login {}", self.name)));
            }
        }
        let named = [section.timeouts.connect, section.timeouts.idle, section.timeouts.total];
        if named.into_iter().flatten().any(|seconds| !(1..=LONGEST).contains(&seconds)) {
            return Err(wrong(format!("has a time-out outside of 1 to {LONGEST} seconds")));
        }
        let seconds = |named: Option<u64>, other: Duration| named.map_or(other, Duration::from_secs);
        self.timeouts = Timeouts {
            connect: seconds(section.timeouts.connect, self.timeouts.connect),
            idle: seconds(section.timeouts.idle, self.timeouts.idle),
            total: seconds(section.timeouts.total, self.timeouts.total),
        };
        if let Some(proxy) = section.proxy {
            // Not repeated: it may have a password in it.
            if !is_proxy(&proxy) {
                return Err(wrong("has a proxy that is no address".to_owned())
                    .hint("write proxy = \"http://HOST:PORT\", \"environment\" or \"none\""));
            }
            self.proxy = proxy;
        }
        if section.requests_per_minute == Some(0) || section.tokens_per_minute == Some(0) {
            return Err(wrong("allows nothing in a minute".to_owned()).hint("leave it away for no limit"));
        }
        self.limits = Limits {
            requests_per_minute: section.requests_per_minute.or(self.limits.requests_per_minute),
            tokens_per_minute: section.tokens_per_minute.or(self.limits.tokens_per_minute),
        };
        if let Some(hold) = section.structured {
            self.structured = match hold {
                Hold::Auto => Structured::Auto,
                Hold::Never => Structured::Never,
            };
        }
        if section.window == Some(0) {
            return Err(wrong("window is of 0 tokens".to_owned()));
        }
        self.window = section.window.or(self.window);
        Ok(())
    }

    /// Whether a model of that name may be asked of it. Models that only another service has are not: `DEFAULT_MODEL` is one
    /// name for all.
    pub(super) fn may_know(&self, model: &str) -> bool {
        let family = match model {
            _ if model.starts_with("claude-") => &[Dialect::Anthropic, Dialect::ClaudeCli][..],
            _ if model.starts_with("gpt-") || model.starts_with("o3") || model.starts_with("o4") => &[Dialect::Openai],
            _ if model.starts_with("gemini-") => &[Dialect::Gemini],
            _ => return true,
        };
        // A gateway may have every model.
        self.configured || family.contains(&self.dialect)
    }

    /// Whether it is at the address that its kind has by itself.
    pub(crate) fn is_at_home(&self) -> bool {
        self.base_url == Self::built_in("", self.dialect).base_url
    }
}

fn is_proxy(text: &str) -> bool {
    let address =
        ["http://", "https://", "socks5://", "socks5h://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    let is_host = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic());
    matches!(text, "environment" | "none") || address.is_some_and(is_host)
}

/// All services: the built-in ones, then the user's sections over them and beside them.
///
/// # Errors
/// A section that lacks something, or has something that cannot be.
pub(super) fn services(
    sections: BTreeMap<String, Section>,
    environment: &Environment,
    shown: &Path,
) -> Result<BTreeMap<String, ServiceConfig>, Failure> {
    let shown = shown.display().to_string();
    let built_in = BUILT_IN.iter().map(|(name, dialect)| ((*name).to_owned(), ServiceConfig::built_in(name, *dialect)));
    let mut services: BTreeMap<String, ServiceConfig> = built_in.collect();
    for (name, section) in sections {
        let clean = crate::clean::line(&name, 60);
        let wrong = |what: &str| Failure::usage(format!("{shown}: [providers.{clean}] {what}"));
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        if name.is_empty() || name.len() > 40 || !name.chars().all(is_name) || TAKEN.contains(&name.as_str()) {
            return Err(wrong("cannot be the name of a provider").hint("use small letters, digits and hyphens"));
        }
        if let Some(service) = services.get_mut(&name) {
            if section.kind.is_some_and(|kind| kind != service.dialect) {
                return Err(wrong("is of another kind than its name says").hint("give it a name of its own"));
            }
            service.lay(section, &shown)?;
            continue;
        }
        let Some(kind) = section.kind else {
            return Err(
                wrong("lacks its kind").hint("add: kind = \"openai\" (or anthropic, gemini, ollama, claude-cli)")
            );
        };
        if section.base_url.is_none() && kind != Dialect::ClaudeCli {
            return Err(wrong("lacks its base-url").hint("add: base-url = \"https://HOST/v1\""));
        }
        let Some(model) = section.models.default.clone() else {
            return Err(wrong("names no default model").hint("add: models = { default = \"MODEL\" }"));
        };
        let mut service = ServiceConfig::built_in(&name, kind);
        service.models = Models::one(&model);
        if let KeyNames::Of { keys, tokens } = &mut service.keys {
            // Another service's key is never sent there.
            *keys = vec![format!("{}_API_KEY", name.to_ascii_uppercase().replace('-', "_"))];
            tokens.clear();
        }
        service.lay(section, &shown)?;
        services.insert(name, service);
    }
    for (name, variables) in &ADDRESSES {
        let address = variables.iter().find_map(|variable| environment.user(variable));
        if let (Some(service), Some(address)) = (services.get_mut(*name), address) {
            service.base_url = if *name == "ollama" { ollama_address(&address) } else { address };
            service.configured = true;
        }
    }
    Ok(services)
}

/// `OLLAMA_HOST` as Ollama reads it: `HOST`, `HOST:PORT` or an address. Where it listens on every interface, it is here.
fn ollama_address(host: &str) -> String {
    let (scheme, rest) = host.trim().split_once("://").unwrap_or(("http", host.trim()));
    let rest = rest.trim_end_matches('/');
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => (host, port),
        _ if scheme == "https" => (authority, "443"),
        _ => (authority, "11434"),
    };
    let host = match host {
        "" | "0.0.0.0" | "[::]" => "127.0.0.1",
        host => host,
    };
    format!("{scheme}://{host}:{port}{path}")
}

fn default_models(dialect: Dialect) -> Models {
    let models = |fast: &str, default: &str, smart: &str| Models {
        fast: fast.to_owned(),
        default: default.to_owned(),
        smart: smart.to_owned(),
    };
    match dialect {
        Dialect::Anthropic => models("claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5"),
        Dialect::Openai => models("gpt-6-luna", "gpt-6.1-sol", "gpt-6-astra"),
        Dialect::Gemini => models("gemini-3.1-flash-lite", "gemini-3.8-flash", "gemini-4-argon"),
        Dialect::Ollama => Models::one("qwen3"),
        Dialect::ClaudeCli => models("haiku", "sonnet", "opus"),
    }
}

/// A model's name goes into addresses and command lines.
///
/// # Errors
/// It has characters that no model's name has.
pub(crate) fn check_model(model: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.:/@+".contains(c);
    let is_name = !model.is_empty() && model.len() <= 200 && model.chars().all(fits);
    if is_name && !model.starts_with(['-', '/']) && !model.contains("..") {
        return Ok(());
    }
    Err(format!("names a model that is none: `{}`", crate::clean::line(model, 60)))
}

fn is_variable(name: &str) -> bool {
    name.len() <= 100
        && !name.starts_with(|c: char| c.is_ascii_digit())
        // Keys have lower-case letters or hyphens; names of variables by custom have neither.
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests;
