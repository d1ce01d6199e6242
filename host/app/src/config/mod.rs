//! Configuration, in layers: flags > environment > the project's `certus.toml` > the user's configuration > defaults.
//!
//! A project's files come from strangers. They may tighten gates and limits and name a workflow variant; who answers, where
//! keys and addresses come from, and what is trusted, stand in the user's own configuration, and a project that tries to
//! say so is refused by the name of the key. What the process's environment and the user's `.env` say is the user's own.

mod budget;
mod config_json;
mod dirs;
mod dotenv;
mod environment;
mod project;
mod read;
mod services;
mod user;

use std::collections::BTreeMap;
use std::time::Duration;

use certus_engine::{Cap, Caps, Tightening};
use certus_workspace::Project;

pub use self::budget::usd_micros;
pub(crate) use self::config_json::configures;
pub(crate) use self::dirs::UserDirs;
pub(crate) use self::environment::Environment;
pub(crate) use self::read::{project_file, user_file};
use self::services::Tiers;
pub(crate) use self::services::{Dialect, KeyNames, ServiceConfig, check_model};
pub(crate) use self::user::prices;
use crate::Failure;

/// The provider that runs when nothing is configured.
pub const DEFAULT_PROVIDER: &str = "offline";
/// The user's configuration file, in the configuration directory.
pub(crate) const USER_FILE: &str = "config.toml";
/// The user's file of prices, beside it.
pub(crate) const PRICES_FILE: &str = "prices.toml";
/// Output tokens a prompt may take, unless limited further.
const MAX_OUTPUT_TOKENS: u32 = 8_000;
/// Tokens of a model's context window that are used, unless limited otherwise: beyond it, services ask for more, and models
/// find less of what they are told.
const CONTEXT_WINDOW: u64 = 200_000;
/// Where a project's own prompts lie, unless it says otherwise.
const PROMPTS: &str = "prompts/custom";

/// What a command line says over all other layers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flags {
    /// Who answers prompts.
    pub(crate) provider: Option<String>,
    /// The caps of a chain.
    pub(crate) chain: Cap,
}

/// What all layers come to. It holds no key.
#[derive(Debug, Clone)]
pub struct Config {
    /// Who answers prompts.
    pub provider: String,
    /// Whether anything named it, or it is the default.
    pub provider_is_default: bool,
    /// Asked on top of the methodology.
    pub gates: Tightening,
    /// Settings of methodologies, by name, as the user wants them.
    pub settings: BTreeMap<String, BTreeMap<String, f64>>,
    /// Which variant of the workflow runs, for comparison.
    pub variant: Option<String>,
    /// Output tokens that one prompt may take.
    pub max_output_tokens: u32,
    /// Tokens of a model's context window that a request and its answer take at most, however large it is.
    pub context_window: u64,
    /// How far one of the project's own checks may go.
    pub check_limits: certus_workspace::run::Limits,
    /// Variables that they find in their environment besides the usual ones.
    pub check_environment: Vec<String>,
    /// What a person says on the command line of this chain's cap.
    pub own_cap: Option<Cap>,
    user_caps: Caps,
    /// The most that the project lets a person spend in it.
    pub(crate) project_caps: Caps,
    /// At what a chain has spent a person is told so; nothing ends there.
    pub alerts: Cap,
    /// The folder of the project's own prompts.
    pub prompts: String,
    /// What the project's files ask for and do not get, for people.
    pub notes: Vec<String>,
    services: BTreeMap<String, ServiceConfig>,
    /// What the project would ask, were it to pay: see [`Config::models_of_the_project`].
    project_models: Tiers,
}

impl Config {
    /// Read every layer.
    ///
    /// # Errors
    /// A file cannot be read, is not of its form, or a project asks for what it may not.
    pub(crate) fn read(
        project: &Project,
        dirs: Option<&UserDirs>,
        environment: &Environment,
        flags: &Flags,
    ) -> Result<Self, Failure> {
        let path = dirs.map(|dirs| dirs.config.join(USER_FILE)).unwrap_or_else(|| USER_FILE.into());
        let user = if dirs.is_some() { user::read(&path)? } else { user::UserFile::default() };
        let file = project::read(project)?;
        let json = config_json::read(project)?;

        if let Some(name) = user.limits.of_nothing() {
            return Err(Failure::usage(format!("{}: [limits] {name} is 0", path.display()))
                .hint("write how much may be used, or leave it away"));
        }
        if let Some(name) = user.check_environment.iter().find(|name| certus_workspace::run::is_secret(name)) {
            let name = crate::clean::line(name, 60);
            return Err(Failure::usage(format!(
                "{}: check-environment names {name}, which is a secret's name",
                path.display()
            ))
            .hint(
                "what the project's tests need as a secret has to be set where they run, such as in a file they read",
            ));
        }
        let mut services = services::services(user.providers, environment, &path)?;
        if let Some(model) = environment.user("DEFAULT_MODEL").or(user.default_model) {
            check_model(&model).map_err(|why| Failure::usage(format!("the default model {why}")))?;
            for service in services.values_mut().filter(|service| service.may_know(&model)) {
                service.models.default.clone_from(&model);
            }
        }
        let named = flags.provider.clone().or_else(|| environment.user("CERTUS_PROVIDER")).or(user.provider);
        let ceiling = user.limits.max_output_tokens.unwrap_or(MAX_OUTPUT_TOKENS).max(1);
        // A project's limit counts only where it is the lower one.
        let asked = [file.limits.max_output_tokens, json.limits.max_tokens_per_prompt].into_iter().flatten().min();
        let usable = user.limits.context_window.unwrap_or(CONTEXT_WINDOW);
        let windows = [file.limits.context_window, json.limits.context_window].into_iter().flatten();
        let mut notes = Vec::new();
        let alerts = alerts(environment, &mut notes)?;
        let project_models = project_models(environment, &json, &mut notes);
        notes.extend(json.notes(project));
        let warned = Caps { warn_percent: json.warn_percent(), ..window(json.limits.context_window) };
        if !environment.passed_over().is_empty() {
            let names = environment.passed_over().join(", ");
            notes.push(crate::clean::line(
                &format!("the project's .env sets {names}, which a project cannot choose for you: it is passed over"),
                300,
            ));
        }
        Ok(Self {
            provider_is_default: named.is_none(),
            provider: named.unwrap_or_else(|| DEFAULT_PROVIDER.to_owned()),
            gates: file.gates,
            settings: user.methodology,
            variant: file.variant.map(|variant| crate::clean::line(&variant, 60)),
            max_output_tokens: asked.map_or(ceiling, |asked| asked.clamp(1, ceiling)),
            context_window: windows.fold(usable, u64::min),
            check_limits: check_limits(&user.limits, &file.limits),
            check_environment: user.check_environment,
            own_cap: (flags.chain != Cap::default()).then_some(flags.chain),
            user_caps: user.budget.caps(&path.display().to_string())?,
            project_caps: file.budget.caps(project::NAME)?.tightened(warned),
            alerts,
            prompts: json.custom_dir()?.unwrap_or_else(|| PROMPTS.to_owned()),
            notes,
            services,
            project_models,
        })
    }

    /// Whether a path of the project lies in the folder of its own prompts.
    pub(crate) fn is_own(&self, path: &str) -> bool {
        let (path, folder) = (path.to_lowercase(), self.prompts.to_lowercase());
        path.strip_prefix(&folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// What may be spent: the user's caps, with what a person says of one chain in the place of theirs for all chains; then
    /// whatever of the project's is lower.
    pub fn caps(&self, own: Option<Cap>) -> Caps {
        let chain = own.unwrap_or_default().or(self.user_caps.chain);
        Caps { chain, ..self.user_caps }.tightened(self.project_caps)
    }

    /// What the user wants to spend in a day, over all projects.
    pub(crate) fn day_of_person(&self) -> Cap {
        self.user_caps.day
    }

    /// The service of that name.
    pub(crate) fn service(&self, name: &str) -> Option<&ServiceConfig> {
        self.services.get(name)
    }

    /// All services, by name.
    pub(crate) fn services(&self) -> impl Iterator<Item = &ServiceConfig> {
        self.services.values()
    }

    /// The models that the project's own files name, for people.
    pub(crate) fn wished_models(&self) -> Option<String> {
        let names: Vec<&str> = self.project_models.names().collect();
        (!names.is_empty()).then(|| names.join(", "))
    }

    /// The service with the models that the project's own files name. Only where the project's own key is billed: who pays
    /// chooses.
    pub(crate) fn models_of_the_project(&self, mut service: ServiceConfig) -> ServiceConfig {
        let known = |model: &Option<String>| model.clone().filter(|model| service.may_know(model));
        let (fast, default, smart) =
            (known(&self.project_models.fast), known(&self.project_models.default), known(&self.project_models.smart));
        service.models = Tiers { fast, default, smart }.over(service.models);
        service
    }
}

/// A window that a project's configuration speaks of, as a cap of each call.
fn window(tokens: Option<u64>) -> Caps {
    Caps { call: Cap { tokens, usd_micros: None }, ..Caps::default() }
}

/// `TOKEN_LIMIT_WARNING` and `COST_ALERT_THRESHOLD`. A project's can only make a warning come earlier.
fn alerts(environment: &Environment, notes: &mut Vec<String>) -> Result<Cap, Failure> {
    const TOKENS: &str = "TOKEN_LIMIT_WARNING";
    const USD: &str = "COST_ALERT_THRESHOLD";
    let tokens = |text: &str| text.trim().parse::<u64>().map_err(|_| format!("{TOKENS} is no number of tokens"));
    let usd = |text: &str| {
        let number = text.trim().trim_start_matches('$').parse::<f64>();
        number.map_err(|_| format!("{USD} is no number of dollars")).and_then(usd_micros)
    };
    let told = |why: String| Failure::usage(why).hint("set it to a number, or leave it away");
    let user = Cap {
        tokens: environment.user(TOKENS).map(|text| tokens(&text)).transpose().map_err(told)?,
        usd_micros: environment.user(USD).map(|text| usd(&text)).transpose().map_err(told)?,
    };
    let mut stranger = |found: Option<Result<u64, String>>| match found {
        Some(Err(why)) => {
            notes.push(format!("the project's .env: {why}"));
            None
        }
        Some(Ok(number)) => Some(number),
        None => None,
    };
    let project = Cap {
        tokens: stranger(environment.project(TOKENS).map(tokens)),
        usd_micros: stranger(environment.project(USD).map(usd)),
    };
    Ok(user.tightened(project))
}

/// The models that a project's `.env` and `config.json` name.
fn project_models(environment: &Environment, json: &config_json::ConfigJson, notes: &mut Vec<String>) -> Tiers {
    let mut models = json.models.clone();
    if let Some(model) = environment.project("DEFAULT_MODEL") {
        match check_model(model) {
            Ok(()) => models.default = Some(model.to_owned()),
            Err(why) => notes.push(format!("the project's .env: DEFAULT_MODEL {why}")),
        }
    }
    models
}

/// A project may only lower them.
fn check_limits(user: &user::Limits, project: &user::Limits) -> certus_workspace::run::Limits {
    let default = certus_workspace::run::Limits::default();
    let ceiling = user.check_seconds.map_or(default.time, Duration::from_secs);
    let time = project.check_seconds.map_or(ceiling, |asked| Duration::from_secs(asked).min(ceiling));
    let bytes = |mib: u64| mib.max(1).saturating_mul(1 << 20);
    let ceiling = user.check_output_mib.map_or(default.written_bytes, bytes);
    let written_bytes = project.check_output_mib.map_or(ceiling, |asked| bytes(asked).min(ceiling));
    certus_workspace::run::Limits { time: time.max(Duration::from_secs(1)), written_bytes, ..default }
}

#[cfg(test)]
mod tests;
