//! A service as configured, with its key, as a provider.

use std::path::PathBuf;
use std::sync::Arc;

use certus_providers::{
    Anthropic, CacheTime, ClaudeCli, ClaudeCliOptions, Credential, Gemini, Models, Ollama, OpenAi, OutputLimit,
    Provider, ProviderError, Proxy, Secret, Service, on_this_machine, scrubbed,
};

use super::failure;
use crate::Failure;
use crate::config::{Config, Dialect, KeyNames, ServiceConfig, check_model};
use crate::keys::{KeySource, Keys, missing};

/// Makes providers of services.
pub(crate) struct Maker<'a> {
    pub(crate) config: &'a Config,
    pub(crate) keys: Keys<'a>,
    /// Where processes share what they took of a minute.
    pub(crate) turns: Option<PathBuf>,
}

impl Maker<'_> {
    /// The provider of a service; `None` when there is no service of that name. `model` answers every prompt then.
    pub(crate) fn service(&self, name: &str, model: Option<&str>) -> Option<Result<Arc<dyn Provider>, Failure>> {
        let service = self.config.service(name)?.clone();
        Some(self.make(service, model))
    }

    fn make(&self, mut service: ServiceConfig, model: Option<&str>) -> Result<Arc<dyn Provider>, Failure> {
        let name = service.name.clone();
        let credential = match self.keys.take(&service)? {
            Some((credential, source)) => {
                if matches!(source, KeySource::Project(_)) {
                    service = self.config.models_of_the_project(service);
                }
                credential
            }
            None if needs_key(&service) => return Err(missing(&service)),
            None => Credential::None,
        };
        if let Some(model) = model {
            check_model(model).map_err(|why| {
                Failure::usage(format!("the provider {why}")).hint(format!("name one of its models: {name}:MODEL"))
            })?;
            service.models = Models::one(model);
        }
        build(service, credential, self.turns.clone()).map_err(|error| failure(&name, error))
    }
}

/// Whether a service is of no use without a key. What runs on this machine seldom has one.
pub(crate) fn needs_key(service: &ServiceConfig) -> bool {
    service.keys != KeyNames::None && !on_this_machine(&service.base_url)
}

fn build(
    config: ServiceConfig,
    credential: Credential,
    turns: Option<PathBuf>,
) -> Result<Arc<dyn Provider>, ProviderError> {
    let window = config.window.unwrap_or(Ollama::LARGEST_WINDOW);
    Ok(match config.dialect {
        Dialect::Anthropic => Arc::new(Anthropic::new(reached(config, credential, turns)?, CacheTime::default())?),
        Dialect::Openai => Arc::new(OpenAi::new(reached(config, credential, turns)?, OutputLimit::default())?),
        Dialect::Gemini => Arc::new(Gemini::new(reached(config, credential, turns)?)?),
        Dialect::Ollama => Arc::new(Ollama::new(reached(config, credential, turns)?, window)?),
        Dialect::ClaudeCli => {
            let ServiceConfig { executable, models, timeouts, limits, .. } = config;
            let environment = scrubbed(std::env::vars_os());
            let options =
                ClaudeCliOptions { program: executable, environment, models, timeouts, limits, shared: turns };
            Arc::new(ClaudeCli::new(options))
        }
    })
}

/// A service over HTTP.
fn reached(config: ServiceConfig, credential: Credential, shared: Option<PathBuf>) -> Result<Service, ProviderError> {
    let ServiceConfig { name, base_url, models, timeouts, limits, structured, .. } = config;
    let proxy = match config.proxy.as_str() {
        "environment" => Proxy::Environment,
        "none" => Proxy::Direct,
        _ => Proxy::Url(Secret::new(config.proxy)?),
    };
    Ok(Service { name, base_url, credential, models, timeouts, proxy, limits, shared, structured })
}
