//! Addresses, the client, and what its errors mean.

use std::error::Error;
use std::fmt;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Url};

use super::Problem;
use crate::{CallErrorKind, Credential, Phase, ProviderError, Proxy, Secret, Service};

/// A base URL. It is never shown with what may be secret in it.
#[derive(Clone)]
pub(crate) struct Address(Url);

impl Address {
    pub(crate) fn parse(text: &str) -> Result<Self, ProviderError> {
        let invalid = |message: &str| ProviderError::Invalid {
            message: format!("the base URL of the provider {message}"),
            hint: "write it as https://HOST/PATH".to_owned(),
        };
        let url = Url::parse(text.trim()).map_err(|_| invalid("cannot be read"))?;
        match url.scheme() {
            "http" | "https" if url.has_host() => {}
            _ => return Err(invalid("is neither http nor https")),
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(invalid("has more behind its path"));
        }
        Ok(Self(url))
    }

    pub(crate) fn join(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        url.set_path(&format!("{}{path}", self.0.path().trim_end_matches('/')));
        url.set_query(query);
        url
    }

    pub(crate) fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// On this machine.
    fn local(&self) -> bool {
        let host = self.host().trim_start_matches('[').trim_end_matches(']');
        let address: Option<std::net::IpAddr> = host.parse().ok();
        host == "localhost" || address.is_some_and(|address| address.is_loopback())
    }

    fn encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }

    fn password(&self) -> Option<Secret> {
        self.0.password().and_then(|password| Secret::new(password.to_owned()).ok())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.0.scheme(), self.host())
    }
}

/// Whether an address is one of this machine.
pub(crate) fn on_this_machine(base_url: &str) -> bool {
    Address::parse(base_url).is_ok_and(|address| address.local())
}

/// The client, and the secrets that its configuration has.
pub(crate) fn client(service: &Service, address: &Address) -> Result<(Client, Vec<Secret>), ProviderError> {
    // Another part of the process may have chosen a provider of cryptography already; then it is that one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut secrets = Vec::from_iter(address.password());
    let mut builder = Client::builder()
        .user_agent(concat!("certus/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(service.timeouts.connect)
        // A redirection would take the key and the project's text to an address that nobody configured.
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        // A call is one attempt.
        .retry(reqwest::retry::never());
    // What runs on this machine is not reached through a proxy for the network, whether or not `NO_PROXY` says so.
    let direct = match service.proxy {
        Proxy::Environment => address.local(),
        Proxy::Direct => true,
        Proxy::Url(_) => false,
    };
    if direct {
        builder = builder.no_proxy();
    }
    match &service.proxy {
        Proxy::Environment | Proxy::Direct => {}
        Proxy::Url(url) => {
            let invalid = || ProviderError::Invalid {
                message: "the address of the proxy cannot be read".to_owned(),
                hint: "write it as http://HOST:PORT or socks5://HOST:PORT".to_owned(),
            };
            let parsed = Url::parse(url.expose()).map_err(|_| invalid())?;
            secrets.extend(parsed.password().and_then(|password| Secret::new(password.to_owned()).ok()));
            builder = builder.proxy(reqwest::Proxy::all(parsed).map_err(|_| invalid())?);
        }
    }
    if direct && !address.encrypted() {
        // A local service needs no certificates, and a machine may have none.
        builder = builder.tls_certs_only([]);
    }
    let client = builder.build().map_err(|error| ProviderError::Unavailable {
        message: format!("no secure connections can be made: {}", deepest(&error)),
        hint: "install the system's CA certificates, or name them in SSL_CERT_FILE".to_owned(),
    })?;
    Ok((client, secrets))
}

/// A header with the key.
pub(crate) fn sign(
    headers: &mut HeaderMap,
    credential: &Credential,
    own: &'static str,
    prefix: &str,
) -> Result<(), ProviderError> {
    let (name, text) = match credential {
        Credential::None => return Ok(()),
        Credential::Key(key) => (own, format!("{prefix}{}", key.expose())),
        Credential::Bearer(token) => ("authorization", format!("Bearer {}", token.expose())),
    };
    // A `Secret` has only characters that a header may have.
    let mut value = HeaderValue::from_str(&text).map_err(|_| ProviderError::Invalid {
        message: "the key cannot stand in a header".to_owned(),
        hint: String::new(),
    })?;
    value.set_sensitive(true);
    headers.insert(HeaderName::from_static(name), value);
    Ok(())
}

/// What a request that got no response means.
pub(crate) fn unsent(error: reqwest::Error) -> Problem {
    let kind = match (error.is_connect(), error.is_timeout()) {
        (true, true) => CallErrorKind::Timeout(Phase::Connect),
        (true, false) => CallErrorKind::Connection { sent: false },
        (false, true) => CallErrorKind::Timeout(Phase::Idle),
        (false, false) if error.is_builder() => CallErrorKind::Connection { sent: false },
        (false, false) => CallErrorKind::Connection { sent: true },
    };
    Problem::new(kind, &deepest(&error))
}

/// What the innermost error says. The outer ones say where, with the address.
pub(crate) fn deepest(error: &dyn Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    let own = error.source().is_none();
    if own { String::new() } else { inner.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_put_behind_the_base() {
        for base in ["https://h/v1", "https://h/v1/"] {
            let address = Address::parse(base).expect("an address");
            assert_eq!(address.join("/chat/completions?a=b").as_str(), "https://h/v1/chat/completions?a=b");
        }
        for (base, local) in
            [("http://localhost:1", true), ("http://[::1]:1", true), ("http://127.0.0.9", true), ("https://h", false)]
        {
            assert_eq!(Address::parse(base).expect("an address").local(), local, "{base}");
        }
        for wrong in ["", "h/v1", "ftp://h", "https://h/?key=secret", "unix:/x"] {
            let error = Address::parse(wrong).expect_err(wrong);
            assert!(!error.to_string().contains("secret"));
        }
    }

    #[test]
    fn an_address_hides_what_may_be_secret() {
        let address = Address::parse("https://me:hunter22@h/v1/token").expect("an address");
        assert_eq!(format!("{address:?}"), "https://h");
        assert!(address.password().is_some());
    }
}
