//! Who answers a chain's prompts.

use std::path::Path;
use std::sync::Arc;

use certus_engine::ChainId;
use certus_providers::{Models, Prices, Provider, Redactor, on_this_machine};

use super::Session;
use crate::Failure;
use crate::by_hand::Handover;
use crate::config::{Dialect, KeyNames, ServiceConfig};
use crate::costs::{money, said};
use crate::keys::{Kept, KeySource, Keys};
use crate::provide::{Maker, needs_key};

impl Session {
    /// Who answers prompts in this run. `hand` says how prompts and replies of `manual` change hands.
    ///
    /// # Errors
    /// Nobody of that name, or the recording cannot be read.
    pub fn provider(&self, name: &str, hand: &Handover) -> Result<Arc<dyn Provider>, Failure> {
        let turns = self.dirs.as_ref().map(|dirs| dirs.cache.join("turns"));
        crate::provide::provider(name, &self.state, hand, &Maker { config: &self.config, keys: self.keys(), turns })
    }

    /// Models that run on this machine cost nothing: without this, no cap of money could admit them.
    pub(super) fn prices_of_this_machine(&self) -> Option<Prices> {
        let (name, model) = match self.config.provider.split_once(':') {
            Some((name, model)) => (name, Some(model)),
            None => (self.config.provider.as_str(), None),
        };
        let service = self.config.service(name)?;
        if service.dialect != Dialect::Ollama || !on_this_machine(&service.base_url) {
            return None;
        }
        let Models { fast, default, smart } = model.map_or_else(|| service.models.clone(), Models::one);
        // A model may answer by a longer name, such as `qwen3:latest`.
        let row = |model: String| format!("[[price]]\nmodel = \"{model}*\"\ninput = 0\noutput = 0\n");
        let models = std::collections::BTreeSet::from([fast, default, smart]);
        Prices::parse("models on this machine", &models.into_iter().map(row).collect::<String>()).ok()
    }

    pub(crate) fn keys(&self) -> Keys<'_> {
        let kept = self.dirs.as_ref().map(|dirs| Kept::in_directory(&dirs.config));
        Keys { environment: &self.environment, kept }
    }

    /// Takes the keys that this process may come across out of what others print.
    pub(crate) fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// What should be known before a service is asked: what the project's files wanted and did not get, and whose key pays.
    /// Nothing where no service is asked.
    pub(crate) fn service_notes(&self) -> Vec<String> {
        let name = self.config.provider.split(':').next().unwrap_or_default();
        let Some(service) = self.config.service(name) else { return Vec::new() };
        let mut notes = self.config.notes.clone();
        match (self.keys().locate(service), self.config.wished_models()) {
            (Ok(Some(source @ KeySource::Project(_))), _) => {
                notes.push(format!("{name} is paid with {source}: whoever owns that key may see what is sent with it"));
            }
            // Who pays chooses.
            (_, Some(models)) => notes.push(format!(
                "the project's .env or config.json names models ({models}): they are asked only where its own key pays; to ask \
                 them with yours, name them in your configuration: [providers.{name}] models"
            )),
            _ => {}
        }
        notes
    }

    /// Refuse an unknown provider before anything is created.
    ///
    /// # Errors
    /// Nobody of that name, or the recording cannot be read.
    pub fn check_provider(&self) -> Result<(), Failure> {
        self.provider(&self.config.provider, &Handover::default()).map(|_| ())
    }

    /// The provider for a chain: what a flag, the environment or the user's configuration says, else what the chain ran with.
    ///
    /// # Errors
    /// The chain is not there, or nobody says who goes on where somebody else than rules and people answered before.
    pub fn provider_for(&self, id: ChainId) -> Result<String, Failure> {
        if !self.config.provider_is_default {
            return Ok(self.config.provider.clone());
        }
        // A state directory may come with a cloned project: only providers that send nothing anywhere and read nothing that
        // it names are taken from there.
        let before = self.chain(id)?.provider().to_owned();
        if matches!(before.as_str(), "offline" | "manual") {
            return Ok(before);
        }
        let shown = crate::clean::line(&before, 60);
        Err(Failure::usage(format!("chain {id} was answered by {shown} so far, and nothing says who goes on"))
            .hint(format!("say who: add --provider {}", crate::paths::quoted(&shown)))
            .hint(format!("or choose for good: provider = \"…\" in {}", self.user_file())))
    }

    /// The user's file of prices, for people.
    pub(crate) fn prices_file(&self) -> String {
        let name = crate::config::PRICES_FILE;
        self.dirs.as_ref().map_or_else(|| name.to_owned(), |dirs| dirs.config.join(name).display().to_string())
    }

    /// The user's configuration file, for people.
    fn user_file(&self) -> String {
        let name = crate::config::USER_FILE;
        self.dirs.as_ref().map_or_else(|| name.to_owned(), |dirs| dirs.config.join(name).display().to_string())
    }

    /// Services whose key was found, each with where: what could answer instead of rules.
    pub fn services_with_keys(&self) -> Vec<(String, String)> {
        let keys = self.keys();
        let found = |service: &ServiceConfig| {
            let source = keys.locate(service).ok().flatten()?;
            // A key of the project is never recommended: it belongs to somebody else.
            (!matches!(source, KeySource::Project(_))).then(|| (service.name.clone(), source.to_string()))
        };
        self.config.services().filter_map(found).collect()
    }

    /// Every service in a line: where it is, which model answers, where its key was found. Nobody is called.
    pub(crate) fn service_lines(&self) -> Vec<(&'static str, String, Option<String>)> {
        let keys = self.keys();
        let chosen = self.config.provider.split(':').next().unwrap_or_default();
        let line = |service: &ServiceConfig| {
            let name = &service.name;
            let place = match service.is_at_home() {
                true => "",
                false if service.base_url.starts_with("http:") && !on_this_machine(&service.base_url) => {
                    ", at an address of yours without encryption"
                }
                false => ", at an address of yours",
            };
            let model = crate::clean::line(&service.models.default, 60);
            // What nobody configured and nobody chose is on offer, and not amiss.
            let amiss = if service.configured || name == chosen { "bad" } else { "note" };
            if service.dialect == Dialect::ClaudeCli && !is_installed(&service.executable) {
                let hint =
                    (amiss == "bad").then(|| format!("install it, or say where it is: [providers.{name}] executable"));
                return (
                    amiss,
                    format!("{name} ({model}): there is no program {}", service.executable.display()),
                    hint,
                );
            }
            match keys.locate(service) {
                Err(failure) => (amiss, format!("{name}: {failure}"), failure.hints.first().cloned()),
                Ok(Some(source)) => ("good", format!("{name} ({model}{place}): its key is {source}"), None),
                Ok(None) if service.keys == KeyNames::None => {
                    ("good", format!("{name} ({model}{place}): takes no key"), None)
                }
                Ok(None) if needs_key(service) => {
                    let hint = (amiss == "bad").then(|| format!("store one: certus login {name}"));
                    (amiss, format!("{name} ({model}{place}): no key was found"), hint)
                }
                Ok(None) => ("good", format!("{name} ({model}{place}): no key, which is well on this machine"), None),
            }
        };
        self.config.services().map(line).collect()
    }

    /// What a chain has spent beyond what its person wants to hear of (`TOKEN_LIMIT_WARNING`, `COST_ALERT_THRESHOLD`).
    pub fn alert(&self, chain: &certus_engine::Chain) -> Option<String> {
        let (spending, alerts) = (chain.spending(), self.config.alerts);
        // What may have been billed for nothing is nothing to be silent about.
        let used = spending.answered.plus(spending.lost);
        let usd = alerts.usd_micros.filter(|limit| used.usd_micros >= *limit);
        let tokens = alerts.tokens.filter(|limit| used.tokens >= *limit);
        let (cost, took) = (money(used), format!("{} tokens", used.tokens));
        match (usd, tokens) {
            (None, None) => None,
            (Some(usd), None) => Some(format!("the chain has cost {cost}; you wanted to hear of it at {}", said(usd))),
            (None, Some(tokens)) => {
                Some(format!("the chain has used {took}; you wanted to hear of it at {tokens} tokens"))
            }
            (Some(usd), Some(tokens)) => Some(format!(
                "the chain has cost {cost} and used {took}; you wanted to hear of it at {} and at {tokens} tokens",
                said(usd)
            )),
        }
    }
}

/// Whether a program is there: by its path, or in the search path.
fn is_installed(program: &Path) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    program.is_absolute() && program.is_file()
        || std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
