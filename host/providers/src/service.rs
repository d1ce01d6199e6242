//! What a provider over HTTP is configured with.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::{Secret, Tier};

/// Where a model service is, who asks it, and within what bounds.
#[derive(Clone)]
pub struct Service {
    /// As a person names it; it stands in errors and in the record of a chain.
    pub name: String,
    /// The address that the paths of the API are put behind: `http://…` or `https://…`, with or without a slash at its end.
    /// It may have a user and a password, which are treated like a key.
    pub base_url: String,
    /// Who asks.
    pub credential: Credential,
    /// Who answers.
    pub models: Models,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// How to get there.
    pub proxy: Proxy,
    /// How much in a minute.
    pub limits: Limits,
    /// The folder in which the processes of a user share what they took of a minute; each keeps to itself without.
    pub shared: Option<PathBuf>,
    /// Whether to hold the model to a JSON schema.
    pub structured: Structured,
}

impl fmt::Debug for Service {
    /// Without the address: it may have a password in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, models, timeouts, limits, .. } = self;
        write!(f, "Service({name}, {models:?}, {timeouts:?}, {limits:?})")
    }
}

/// Who asks.
#[derive(Debug, Clone, Default)]
pub enum Credential {
    /// Nobody: a local service.
    #[default]
    None,
    /// The service's own kind of key, in the header that it has for keys.
    Key(Secret),
    /// A token in `Authorization: Bearer`, as gateways and single sign-on want it.
    Bearer(Secret),
}

impl Credential {
    pub(crate) fn secret(&self) -> Option<&Secret> {
        match self {
            Self::None => None,
            Self::Key(secret) | Self::Bearer(secret) => Some(secret),
        }
    }
}

/// The models of the three tiers, as the service names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Models {
    /// Quick and cheap.
    pub fast: String,
    /// What most prompts use.
    pub default: String,
    /// The best there is.
    pub smart: String,
}

impl Models {
    /// One model for every tier.
    pub fn one(model: &str) -> Self {
        Self { fast: model.to_owned(), default: model.to_owned(), smart: model.to_owned() }
    }

    /// The model of a tier.
    pub fn of(&self, tier: Tier) -> &str {
        match tier {
            Tier::Fast => &self.fast,
            Tier::Default => &self.default,
            Tier::Smart => &self.smart,
        }
    }
}

/// How long to wait. Time spent waiting for a turn under [`Limits`] does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For the connection, TLS included.
    pub connect: Duration,
    /// For the next byte, the first one included. A local service that loads a model first needs minutes.
    pub idle: Duration,
    /// For the whole answer.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), idle: Duration::from_secs(120), total: Duration::from_secs(600) }
    }
}

/// How to get to a service.
#[derive(Debug, Clone, Default)]
pub enum Proxy {
    /// As `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say; never for what runs on this machine.
    #[default]
    Environment,
    /// Straight there.
    Direct,
    /// Through this one: `http://`, `https://` or `socks5://`, with or without user and password.
    Url(Secret),
}

/// What may be asked of a service in any sixty seconds. A call that would be too much waits for its turn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Calls.
    pub requests_per_minute: Option<u32>,
    /// Input and output tokens: estimated when a call begins, corrected when it ends.
    pub tokens_per_minute: Option<u64>,
}

/// Whether to hold a model to a JSON schema where a request has one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Structured {
    /// Where the model is not known to be without it.
    #[default]
    Auto,
    /// Never: for services that refuse it.
    Never,
}

/// Whether an address is one of this machine; one that cannot be read is not.
pub fn on_this_machine(base_url: &str) -> bool {
    crate::http::on_this_machine(base_url)
}
