//! Why a call to a model gave no answer: the reason by name, what it cost all the same, and what had arrived.

use std::fmt;
use std::time::Duration;

use certus_engine::Usage;

use crate::http::COMPRESSED;
use crate::port::hinted;

/// A call that failed. Nothing in it holds a key, a header or an address with credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallError {
    /// What went wrong.
    pub kind: CallErrorKind,
    /// The provider, as a person names it.
    pub provider: String,
    /// The model that was asked for.
    pub model: String,
    /// The HTTP status, or the one that an error inside a stream stands for.
    pub status: Option<u16>,
    /// What the service said, or what the system said of the connection: one line, bounded; may be empty.
    pub said: String,
    /// What was billed.
    pub spent: Spent,
    /// The text that had arrived. Truncated and refused answers are here, whole as far as they came.
    pub partial: Option<String>,
    /// The service's name for the call.
    pub request_id: Option<String>,
    /// How long the service asks to wait.
    pub retry_after: Option<Duration>,
    /// What the service says about trying again, where it says so.
    pub should_retry: Option<bool>,
}

/// What went wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallErrorKind {
    /// The key is missing or wrong.
    Authentication,
    /// The account has to be paid for.
    Billing,
    /// A spending limit or a quota is used up, and the service does not say when there is more.
    Quota,
    /// The key may not do this.
    Permission,
    /// There is no such model, or no such address.
    NotFound,
    /// The service does not understand the request.
    InvalidRequest,
    /// The request has too many bytes.
    TooLarge,
    /// Another call is in the way.
    Conflict,
    /// Too many calls or tokens in this minute.
    RateLimited,
    /// The service has too much to do.
    Overloaded,
    /// The service failed.
    Server,
    /// It took too long.
    Timeout(Phase),
    /// The connection could not be made, or broke before the answer began.
    Connection {
        /// Whether bytes of the request may have left. If not, nothing can have been billed.
        sent: bool,
    },
    /// The answer began and broke off.
    Cut,
    /// The model declined to answer.
    Refusal,
    /// The answer reached the limit of output tokens.
    Truncated,
    /// The request, or the request and its answer, do not fit into the model's context window.
    ContextOverflow,
    /// What came back is no answer.
    Unreadable,
}

/// What took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Making the connection. No byte of the request had left.
    Connect,
    /// The next byte.
    Idle,
    /// The whole answer, although bytes kept coming.
    Total,
    /// The service gave up by itself.
    Service,
}

/// What a call without an answer cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Spent {
    /// Nothing was billed.
    #[default]
    Nothing,
    /// Something may have been billed. The usage is what it comes to then, as far as the answer came: reported, or else
    /// estimated from the lengths.
    Possibly(Usage),
    /// Exactly this was billed.
    Known(Usage),
}

impl Spent {
    /// What was seen of it.
    pub fn usage(&self) -> Usage {
        match self {
            Self::Nothing => Usage::default(),
            Self::Possibly(usage) | Self::Known(usage) => *usage,
        }
    }
}

impl CallErrorKind {
    /// A name that scripts may rely on.
    pub fn name(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::Billing => "billing",
            Self::Quota => "quota",
            Self::Permission => "permission",
            Self::NotFound => "not-found",
            Self::InvalidRequest => "invalid-request",
            Self::TooLarge => "too-large",
            Self::Conflict => "conflict",
            Self::RateLimited => "rate-limited",
            Self::Overloaded => "overloaded",
            Self::Server => "server",
            Self::Timeout(_) => "timeout",
            Self::Connection { .. } => "connection",
            Self::Cut => "cut",
            Self::Refusal => "refusal",
            Self::Truncated => "truncated",
            Self::ContextOverflow => "context-overflow",
            Self::Unreadable => "unreadable",
        }
    }

    /// What a status alone says.
    pub(crate) fn of_status(status: u16) -> Self {
        match status {
            401 | 407 => Self::Authentication,
            402 => Self::Billing,
            403 => Self::Permission,
            404 | 410 => Self::NotFound,
            408 | 504 => Self::Timeout(Phase::Service),
            409 => Self::Conflict,
            413 => Self::TooLarge,
            429 => Self::RateLimited,
            503 | 529 => Self::Overloaded,
            500..=599 => Self::Server,
            400..=499 => Self::InvalidRequest,
            _ => Self::Unreadable,
        }
    }

    /// Whether no model sees a request that is answered so: who asks, or when, is the reason.
    pub(crate) fn turns_away(self) -> bool {
        matches!(
            self,
            Self::Authentication
                | Self::Billing
                | Self::Quota
                | Self::Permission
                | Self::NotFound
                | Self::RateLimited
                | Self::Overloaded
        )
    }

    /// Whether the service can have billed something, where it answered with an error instead of an answer.
    pub(crate) fn may_bill(self) -> bool {
        matches!(self, Self::Server | Self::Unreadable | Self::Timeout(Phase::Idle | Phase::Total | Phase::Service))
    }
}

impl CallError {
    /// What to do next.
    pub fn hint(&self) -> String {
        let provider = &self.provider;
        // A program has no address and no network of ours.
        let program = provider == "claude-cli";
        match self.kind {
            CallErrorKind::NotFound if program => {
                "name a model that it knows: [providers.claude-cli] models".to_owned()
            }
            CallErrorKind::Connection { .. } | CallErrorKind::Unreadable if program => {
                "see whether it works by itself: claude -p hello".to_owned()
            }
            CallErrorKind::Timeout(Phase::Idle | Phase::Service) | CallErrorKind::Cut if program => {
                "go on; if it happens again, see whether it works by itself: claude -p hello".to_owned()
            }
            CallErrorKind::Authentication if program => "run `claude` once and log in".to_owned(),
            CallErrorKind::Authentication if self.status == Some(407) => format!(
                "name them in its address: `proxy = \"http://USER:PASSWORD@HOST:PORT\"` under [providers.{provider}], or in the \
                 variable that has it now"
            ),
            CallErrorKind::Authentication => format!("store a working key: certus login {provider}"),
            CallErrorKind::Billing => "settle the account with the provider, or choose another provider".to_owned(),
            CallErrorKind::Quota if self.retry_after.is_some() => "go on then, or choose another provider".to_owned(),
            CallErrorKind::Quota => "raise the limit with the provider, or choose another provider".to_owned(),
            CallErrorKind::Permission => "choose a model that the key may use, or another key".to_owned(),
            CallErrorKind::NotFound if provider == "ollama" => format!("fetch it: ollama pull {}", self.model),
            CallErrorKind::NotFound => "check the model's name and the base URL in the configuration".to_owned(),
            CallErrorKind::InvalidRequest if program => "update it: claude update".to_owned(),
            CallErrorKind::InvalidRequest => {
                "check the model and its options in the configuration: it may not know structured output".to_owned()
            }
            CallErrorKind::TooLarge | CallErrorKind::ContextOverflow => {
                format!(
                    "say how large its window is: `window = TOKENS` under [providers.{provider}]; or choose a model with a \
                     larger one"
                )
            }
            CallErrorKind::RateLimited => match self.retry_after {
                Some(wait) => format!("go on in {} s", wait.as_secs().max(1)),
                None => "go on in a minute, or lower the calls a minute in the configuration".to_owned(),
            },
            CallErrorKind::Conflict | CallErrorKind::Overloaded | CallErrorKind::Server => {
                "go on later, or choose another provider".to_owned()
            }
            CallErrorKind::Timeout(Phase::Total) => format!(
                "allow it more time: `timeouts = {{ total = SECONDS }}` under [providers.{provider}]; or choose a faster model"
            ),
            CallErrorKind::Timeout(_) | CallErrorKind::Cut => {
                "go on; if it happens again, check the network".to_owned()
            }
            CallErrorKind::Connection { .. } if provider == "ollama" => "start it: ollama serve".to_owned(),
            CallErrorKind::Connection { .. } if self.said.to_ascii_lowercase().contains("certificate") => {
                "check the address; where its issuer is your own, name the issuer's file: SSL_CERT_FILE=FILE".to_owned()
            }
            CallErrorKind::Connection { .. } => "check the network, the base URL and the proxy".to_owned(),
            CallErrorKind::Refusal => "say the goal in other words, or choose another model".to_owned(),
            CallErrorKind::Truncated => "allow it more: `max-output-tokens = TOKENS` under [limits]".to_owned(),
            CallErrorKind::Unreadable if self.said.starts_with(COMPRESSED) => {
                "have what stands in between, a gateway or a proxy, send answers as they are, without `content-encoding`"
                    .to_owned()
            }
            CallErrorKind::Unreadable => "check that the base URL is the one of the service".to_owned(),
        }
    }

    /// What went wrong, without what to do next: for a call that is made again anyway.
    pub fn reason(&self) -> String {
        let sentence = self.sentence();
        match (self.status, self.said.is_empty()) {
            (Some(status), true) => format!("{sentence} (status {status})"),
            (Some(status), false) => format!("{sentence} (status {status}: {})", self.said),
            (None, true) => sentence,
            (None, false) => format!("{sentence} ({})", self.said),
        }
    }

    fn sentence(&self) -> String {
        let (provider, model) = (&self.provider, &self.model);
        match self.kind {
            CallErrorKind::Authentication if self.status == Some(407) => {
                format!("the proxy before {provider} wants a user and a password")
            }
            CallErrorKind::Authentication => format!("{provider} does not accept the key"),
            CallErrorKind::Billing => format!("{provider} wants to be paid first"),
            CallErrorKind::Quota => match self.retry_after {
                Some(wait) => format!("the limit with {provider} is used up; there is more in {}", in_words(wait)),
                None => format!("the limit with {provider} is used up, and it does not say until when"),
            },
            CallErrorKind::Permission => format!("{provider} does not permit this key to use {model}"),
            CallErrorKind::NotFound if provider == "claude-cli" => format!("{provider} has no model {model}"),
            CallErrorKind::NotFound => format!("{provider} has no model {model} at this address"),
            CallErrorKind::InvalidRequest => format!("{provider} does not take the request for {model}"),
            CallErrorKind::TooLarge => format!("the request is too large for {provider}"),
            CallErrorKind::Conflict => format!("{provider} has a conflict with another call"),
            CallErrorKind::RateLimited => format!("{provider} limits the rate of calls"),
            CallErrorKind::Overloaded => format!("{provider} is overloaded"),
            CallErrorKind::Server => format!("{provider} failed"),
            CallErrorKind::Timeout(Phase::Connect) => format!("no connection to {provider} in time"),
            CallErrorKind::Timeout(Phase::Idle) => format!("{provider} fell silent"),
            CallErrorKind::Timeout(Phase::Total) => format!("the answer of {model} took too long"),
            CallErrorKind::Timeout(Phase::Service) => format!("{provider} gave up waiting"),
            CallErrorKind::Connection { sent: false } => format!("there is no connection to {provider}"),
            CallErrorKind::Connection { sent: true } => {
                format!("the connection to {provider} broke before the answer began")
            }
            CallErrorKind::Cut => format!("the answer of {model} broke off"),
            CallErrorKind::Refusal => format!("{model} declined to answer"),
            CallErrorKind::Truncated => format!("the answer of {model} reached the limit of output tokens"),
            CallErrorKind::ContextOverflow => format!("the request does not fit into the context window of {model}"),
            CallErrorKind::Unreadable => format!("what {provider} sent is no answer"),
        }
    }
}

/// Rounded up, so that it is not too early then.
fn in_words(wait: Duration) -> String {
    match wait.as_secs().div_ceil(60) {
        minutes @ 0..60 => format!("{} min", minutes.max(1)),
        minutes => format!("{} h {} min", minutes / 60, minutes % 60),
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason())?;
        f.write_str(&hinted(&self.hint()))
    }
}

impl std::error::Error for CallError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_looks_for_the_address_of_a_program() {
        use CallErrorKind as K;
        let kinds = [
            K::Unreadable,
            K::NotFound,
            K::Cut,
            K::Connection { sent: true },
            K::Timeout(Phase::Idle),
            K::InvalidRequest,
            K::Server,
        ];
        for kind in kinds {
            let of = |provider: &str| CallError {
                kind,
                provider: provider.to_owned(),
                model: "m".to_owned(),
                status: None,
                said: String::new(),
                spent: Spent::Nothing,
                partial: None,
                request_id: None,
                retry_after: None,
                should_retry: None,
            };
            let said = of("claude-cli").to_string();
            assert!(!["URL", "network", "address", "proxy"].iter().any(|word| said.contains(word)), "{said}");
        }
    }
}
