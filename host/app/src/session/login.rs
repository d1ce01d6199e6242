//! Keys that a person stores.

use certus_providers::Secret;

use super::Session;
use crate::Failure;
use crate::config::{KeyNames, ServiceConfig};
use crate::keys::{Kept, KeySource};

/// Where a key was put.
#[derive(Debug, Clone)]
pub struct Stored {
    /// For people.
    pub place: String,
    /// There is no keyring, so it is a file.
    pub in_file: bool,
    /// A key that comes before it, for people.
    pub nearer: Option<String>,
}

impl Session {
    /// Refuse a name that takes no key, before anybody types one.
    ///
    /// # Errors
    /// There is no such service, or it takes no key.
    pub fn check_login(&self, name: &str) -> Result<(), Failure> {
        self.with_key(name).map(|_| ())
    }

    fn with_key(&self, name: &str) -> Result<&ServiceConfig, Failure> {
        let shown = crate::clean::line(name, 60);
        let Some(service) = self.config.service(name) else {
            let takes = self.config.services().filter(|service| service.keys != KeyNames::None);
            let names: Vec<&str> = takes.map(|service| service.name.as_str()).collect();
            return Err(Failure::usage(format!("there is no service `{shown}` with a key"))
                .hint(format!("services: {}", names.join(", "))));
        };
        match name {
            _ if service.keys != KeyNames::None => Ok(service),
            "claude-cli" => {
                Err(Failure::usage("claude-cli has a login of its own").hint("run `claude` once and log in"))
            }
            _ => Err(Failure::usage(format!("{shown} takes no key"))
                .hint(format!("if yours does, say in which variable: [providers.{shown}] key-env = \"NAME\""))),
        }
    }

    fn kept(&self) -> Result<Kept, Failure> {
        let nowhere = || {
            Failure::failed("there is no home directory to keep a key in")
                .hint("set the key in the environment instead")
        };
        Ok(Kept::in_directory(&self.dirs.as_ref().ok_or_else(nowhere)?.config))
    }

    /// Store the key of a service in the place of the one before.
    ///
    /// # Errors
    /// It is no key, or it cannot be stored.
    pub fn store_key(&self, name: &str, key: &str) -> Result<Stored, Failure> {
        let service = self.with_key(name)?;
        Secret::new(key.to_owned())
            .map_err(|error| Failure::usage(error.to_string()).hint(format!("try again: certus login {name}")))?;
        let source = self.kept()?.put(name, key.trim())?;
        let used = self.keys().locate(service)?;
        Ok(Stored {
            place: source.to_string(),
            in_file: matches!(source, KeySource::File(_)),
            nearer: used.filter(|used| *used != source).map(|used| used.to_string()),
        })
    }

    /// Forget the key of a service; says where it was, if one was stored.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn forget_key(&self, name: &str) -> Result<Option<String>, Failure> {
        if self.passed_over.is_empty() {
            self.with_key(name)?;
        }
        Ok(self.kept()?.remove(name)?.map(|source| source.to_string()))
    }
}
