//! What a command finds in its environment: a short list, and never a secret.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

/// Set for every command to a value of its own: by it, what the command started is found again.
pub const MARK: &str = "CERTUS_RUN";

/// Passed on where they are set.
const PASSED: &[&str] = &["PATH", "HOME", "LANG", "LC_*", "TMPDIR"];
/// Set for every command: no colours, no questions.
const SET: &[(&str, &str)] = &[("TERM", "dumb"), ("CI", "1"), ("NO_COLOR", "1")];
/// A name with one of these words between its `_`, or run together at the end of a word, is a secret's.
const SECRET_WORDS: &[&str] = &[
    "KEY",
    "KEYS",
    "TOKEN",
    "TOKENS",
    "SECRET",
    "SECRETS",
    "PASSWORD",
    "PASSWORDS",
    "PASSWD",
    "PASSPHRASE",
    "CREDENTIAL",
    "CREDENTIALS",
    "AUTH",
    "COOKIE",
    "PAT",
    "PASS",
    "PWD",
    "APIKEY",
];
/// Words that are no part of anything else.
const SECRET_PARTS: &[&str] = &["SECRET", "TOKEN", "PASSW", "PASSPHRASE", "CREDENTIAL", "APIKEY", "PRIVATEKEY"];
/// Names that begin so belong to those who answer prompts, or to clouds and forges.
const SECRET_STARTS: &[&str] = &[
    "ANTHROPIC_",
    "CLAUDE_",
    "OPENAI_",
    "GEMINI_",
    "GOOGLE_",
    "GCLOUD_",
    "GCP_",
    "AWS_",
    "AZURE_",
    "OLLAMA_",
    "MISTRAL_",
    "GROQ_",
    "OPENROUTER_",
    "DEEPSEEK_",
    "XAI_",
    "COHERE_",
    "HF_",
    "HUGGINGFACE_",
    "GH_",
    "GITHUB_",
    "GITLAB_",
    "CERTUS_",
    "SSH_",
    "GPG_",
    "VAULT_",
    "DOCKER_AUTH",
    "KUBECONFIG",
    "NPM_CONFIG__AUTH",
    "TWINE_",
    "CARGO_REGISTRIES_",
];

/// A scrubbed environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// What of our own environment a command may see: `PATH`, `HOME`, `LANG`, `LC_*`, `TMPDIR`, and what is `allowed`: names, or
    /// beginnings of names followed by `*`. A name that looks like a secret's is never passed on, whoever allows it. What lies in
    /// the value of an allowed name, such as a password in a URL, is not looked at. `TERM=dumb`, `CI=1` and `NO_COLOR=1` are set.
    #[must_use]
    pub fn inherited(allowed: &[String]) -> Environment {
        Environment::scrubbed(std::env::vars_os(), allowed)
    }

    /// The same, of `variables` instead of our own environment.
    #[must_use]
    pub fn scrubbed(variables: impl IntoIterator<Item = (OsString, OsString)>, allowed: &[String]) -> Environment {
        let passes = |name: &OsStr| {
            let Some(name) = name.to_str() else { return false };
            let matches = |rule: &str| rule.strip_suffix('*').map_or(name == rule, |start| name.starts_with(start));
            (PASSED.iter().copied().any(matches) || allowed.iter().any(|rule| matches(rule))) && !is_secret(name)
        };
        let mut kept: BTreeMap<_, _> = variables.into_iter().filter(|(name, _)| passes(name)).collect();
        kept.extend(SET.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))));
        Environment(kept)
    }

    /// Names and values, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }
}

/// Whether a variable of that name holds a secret, as far as names tell.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    let name = name.to_uppercase();
    SECRET_STARTS.iter().any(|start| name.starts_with(start))
        || SECRET_PARTS.iter().any(|part| name.contains(part))
        || name.split(['_', '-', '.']).any(|word| {
            let word = word.trim_end_matches(|c: char| c.is_ascii_digit());
            SECRET_WORDS.contains(&word) || word.ends_with("KEY")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrubbed(names: &[&str], allowed: &[&str]) -> Vec<String> {
        let variables = names.iter().map(|name| (OsString::from(name), OsString::from("value")));
        let allowed: Vec<_> = allowed.iter().map(|&name| name.to_owned()).collect();
        let kept = Environment::scrubbed(variables, &allowed);
        kept.iter().map(|(name, value)| format!("{}={}", name.display(), value.display())).collect()
    }

    #[test]
    fn little_is_passed_on_and_what_is_set_is_ours() {
        let names = ["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TERM", "USER", "NODE_ENV", "LD_PRELOAD", "NO_COLOR"];
        let base = [
            "CI=1",
            "HOME=value",
            "LANG=value",
            "LC_ALL=value",
            "NO_COLOR=1",
            "PATH=value",
            "TERM=dumb",
            "TMPDIR=value",
        ];
        assert_eq!(scrubbed(&names, &[]), base);
        assert!(scrubbed(&names, &["NODE_*"]).contains(&"NODE_ENV=value".to_owned()));
        assert!(!scrubbed(&names, &["NODE"]).contains(&"NODE_ENV=value".to_owned()));
        assert!(scrubbed(&names, &["TERM", "CI"]).contains(&"TERM=dumb".to_owned()));
    }

    #[test]
    fn a_secret_is_never_passed_on_whoever_allows_it() {
        let secrets = [
            "ANTHROPIC_API_KEY",
            "ANTHROPIC_BASE_URL",
            "OPENAI_ORG",
            "AWS_PROFILE",
            "AWS_SECRET_ACCESS_KEY",
            "GITHUB_TOKEN",
            "GH_HOST",
            "NPM_TOKEN",
            "DB_PASSWORD",
            "PGPASSWORD",
            "MYSQL_PWD",
            "my_secret",
            "Session_Token_2",
            "STRIPE_KEY",
            "KEY",
            "APIKEY",
            "SIGNINGKEY",
            "SSH_AUTH_SOCK",
            "GOOGLE_APPLICATION_CREDENTIALS",
            "SECRET_KEY_BASE",
            "STRIPE_KEY_2",
            "LC_TOKEN",
            "api-key",
            "CERTUS_RUN",
        ];
        let base = scrubbed(&[], &[]);
        assert_eq!(scrubbed(&secrets, &["*"]), base);
        assert_eq!(scrubbed(&secrets, &secrets), base);
        for harmless in ["DATABASE_URL", "KEYBOARD", "MONKEYS", "COMPASS", "PATHS", "NODE_ENV", "PORT", "JAVA_HOME"] {
            assert_eq!(scrubbed(&[harmless], &["*"]).len(), base.len() + 1, "{harmless}");
        }
    }
}
