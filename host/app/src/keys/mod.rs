//! Keys of model services: where they are looked for, in which order, and where `certus login` keeps them.
//!
//! The process's environment, the user's `.env`, what `certus login` stored, and last the project's `.env`, whose key is billed
//! to whoever put it there. Looking where a key is reads no key; only a provider that is about to be made takes it.

mod kept;
mod system;

use std::fmt;
use std::path::PathBuf;

use certus_providers::{Credential, Redactor, Secret};

pub(crate) use self::kept::Kept;
use crate::config::{Environment, KeyNames, ServiceConfig};
use crate::{Failure, Kind};

/// Where a key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeySource {
    /// A variable of the process.
    Process(String),
    /// A variable in the user's `.env`.
    UserFile(String),
    /// The system's keyring, by `certus login`.
    Keyring,
    /// A file of the user's, by `certus login`.
    File(PathBuf),
    /// A variable in the project's `.env`.
    Project(String),
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Process(name) => write!(f, "{name} in the environment"),
            Self::UserFile(name) => write!(f, "{name} in your .env"),
            Self::Keyring => f.write_str("the system's keyring"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Project(name) => write!(f, "{name} in the project's .env"),
        }
    }
}

/// What a variable holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Key,
    Token,
}

/// Everything a key may be found in.
pub(crate) struct Keys<'a> {
    pub(crate) environment: &'a Environment,
    /// Absent where the user has no configuration directory.
    pub(crate) kept: Option<Kept>,
}

impl Keys<'_> {
    /// Where the key of a service is, without reading it.
    ///
    /// # Errors
    /// The file of stored keys cannot be used.
    pub(crate) fn locate(&self, service: &ServiceConfig) -> Result<Option<KeySource>, Failure> {
        Ok(self.search(service)?.map(|(source, _)| source))
    }

    /// The key of a service and where it was.
    ///
    /// # Errors
    /// What was found is no key, or the keyring does not give it.
    pub(crate) fn take(&self, service: &ServiceConfig) -> Result<Option<(Credential, KeySource)>, Failure> {
        let Some((source, form)) = self.search(service)? else { return Ok(None) };
        let lost = || {
            Failure::of(Kind::Provider, format!("the key of {} is not in {source} any more", service.name))
                .hint(format!("store it again: certus login {}", service.name))
        };
        let text = match &source {
            KeySource::Process(name) => self.environment.process(name),
            KeySource::UserFile(name) => self.environment.user_file(name).map(str::to_owned),
            KeySource::Project(name) => self.environment.project(name).map(str::to_owned),
            KeySource::Keyring | KeySource::File(_) => match &self.kept {
                Some(kept) => kept.get(&service.name)?,
                None => None,
            },
        };
        let secret = Secret::new(text.ok_or_else(lost)?).map_err(|error| {
            Failure::of(Kind::Provider, format!("{source} holds no key of {}: {error}", service.name))
                .hint(format!("store it: certus login {}", service.name))
        })?;
        let bearer = service.bearer || form == Form::Token;
        let credential = if bearer { Credential::Bearer(secret) } else { Credential::Key(secret) };
        Ok(Some((credential, source)))
    }

    /// Takes every key out of texts that others wrote: all that lie in variables and files, whichever service they are for, and
    /// from the keyring the one of the service in use.
    pub(crate) fn redactor<'s>(&self, services: impl Iterator<Item = &'s ServiceConfig>, in_use: &str) -> Redactor {
        let mut found: Vec<String> = std::env::var(certus_providers::CLAUDE_TOKEN).into_iter().collect();
        for service in services {
            if let KeyNames::Of { keys, tokens } = &service.keys {
                for name in keys.iter().chain(tokens) {
                    let files = [self.environment.user_file(name), self.environment.project(name)];
                    found.extend(files.into_iter().flatten().map(str::to_owned));
                    found.extend(self.environment.process(name));
                }
            }
            let Some(kept) = &self.kept else { continue };
            // A key that cannot be read is in nobody's hands.
            match kept.place(&service.name) {
                Ok(Some(KeySource::Keyring)) if service.name != in_use => {}
                Ok(Some(_)) => found.extend(kept.get(&service.name).ok().flatten()),
                _ => {}
            }
        }
        Redactor::new(found.into_iter().filter_map(|text| Secret::new(text).ok()))
    }

    fn search(&self, service: &ServiceConfig) -> Result<Option<(KeySource, Form)>, Failure> {
        let KeyNames::Of { keys, tokens } = &service.keys else { return Ok(None) };
        let names = || {
            let keys = keys.iter().map(|name| (name, Form::Key));
            keys.chain(tokens.iter().map(|name| (name, Form::Token)))
        };
        let mut found = names().filter(|(name, _)| self.environment.process(name).is_some());
        if let Some((name, form)) = found.next() {
            return Ok(Some((KeySource::Process(name.clone()), form)));
        }
        let mut found = names().filter(|(name, _)| self.environment.user_file(name).is_some());
        if let Some((name, form)) = found.next() {
            return Ok(Some((KeySource::UserFile(name.clone()), form)));
        }
        if let Some(kept) = &self.kept
            && let Some(source) = kept.place(&service.name)?
        {
            return Ok(Some((source, Form::Key)));
        }
        let mut found = names().filter(|(name, _)| self.environment.project(name).is_some());
        Ok(found.next().map(|(name, form)| (KeySource::Project(name.clone()), form)))
    }
}

/// There is no key.
pub(crate) fn missing(service: &ServiceConfig) -> Failure {
    let name = &service.name;
    let failure = Failure::of(Kind::Provider, format!("{name} needs a key, and none was found"))
        .hint(format!("store one: certus login {name}"));
    match &service.keys {
        KeyNames::Of { keys, tokens } => match keys.iter().chain(tokens).next() {
            Some(variable) => failure.hint(format!("or set it for this shell: export {variable}=…")),
            None => failure,
        },
        KeyNames::None => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Flags};

    fn service(name: &str, environment: &Environment) -> ServiceConfig {
        let folder = tempfile::tempdir().expect("a folder");
        let project = certus_workspace::Project::open(folder.path()).expect("a project");
        let config = Config::read(&project, None, environment, &Flags::default()).expect("valid");
        config.service(name).expect("it is there").clone()
    }

    #[test]
    fn the_users_own_keys_come_first_and_the_projects_last() {
        let home = tempfile::tempdir().expect("a folder");
        let kept = || Kept::without_keyring(home.path());
        let name = "ANTHROPIC_API_KEY";
        let source = |process: &[(&str, &str)], user: &[(&str, &str)], project: &[(&str, &str)]| {
            let environment = Environment::of(process, user, project);
            let service = service("anthropic", &environment);
            let keys = Keys { environment: &environment, kept: Some(kept()) };
            let taken = keys.take(&service).expect("it is a key");
            assert_eq!(taken.as_ref().map(|(_, source)| source.clone()), keys.locate(&service).expect("located"));
            taken.map(|(credential, source)| (matches!(credential, Credential::Bearer(_)), source))
        };
        let of = |value| [(name, value)];
        let named = || name.to_owned();
        assert_eq!(source(&[], &[], &[]), None);
        assert_eq!(source(&[], &[], &of("p")), Some((false, KeySource::Project(named()))));
        kept().put("anthropic", "stored").expect("stored");
        let file = home.path().join("keys.toml");
        assert_eq!(source(&[], &[], &of("p")), Some((false, KeySource::File(file))));
        assert_eq!(source(&[], &of("u"), &of("p")), Some((false, KeySource::UserFile(named()))));
        assert_eq!(source(&of("e"), &of("u"), &of("p")), Some((false, KeySource::Process(named()))));
        let token = "ANTHROPIC_AUTH_TOKEN";
        assert_eq!(source(&[(token, "t")], &[], &[]), Some((true, KeySource::Process(token.to_owned()))));
    }

    #[test]
    fn every_key_that_lies_about_is_known_whichever_is_used() {
        let home = tempfile::tempdir().expect("a folder");
        let kept = Kept::without_keyring(home.path());
        kept.put("gemini", "stored-1").expect("stored");
        let name = "ANTHROPIC_API_KEY";
        let environment =
            Environment::of(&[("OPENAI_API_KEY", "process-1")], &[(name, "user-1")], &[(name, "theirs-1")]);
        let services = ["anthropic", "openai", "gemini"].map(|name| service(name, &environment));
        let keys = Keys { environment: &environment, kept: Some(kept) };
        let text = "process-1 user-1 theirs-1 stored-1 and no key".to_owned();
        assert_eq!(keys.redactor(services.iter(), "openai").redact(text), "[key] [key] [key] [key] and no key");
    }

    #[test]
    fn what_is_no_key_is_told_without_being_shown() {
        let environment = Environment::of(&[("OPENAI_API_KEY", "sk-secret with spaces")], &[], &[]);
        let service = service("openai", &environment);
        let keys = Keys { environment: &environment, kept: None };
        let failure = keys.take(&service).expect_err("it is no key");
        assert!(failure.message.contains("OPENAI_API_KEY") && !format!("{failure:?}").contains("secret"), "{failure}");
        assert_eq!(failure.kind, Kind::Provider);
    }
}
