//! The `claude` terminal tool, headless, with its own tools off: for people who have a subscription and no key.
//!
//! The prompt goes in through standard input, because arguments are seen by every user of the machine. The tool runs in an
//! empty temporary folder, with only those variables of the environment that it needs to find itself, its login and the
//! network: a key in the environment would be billed instead of the subscription. Everything that it started ends with the
//! call.

mod lines;
mod process;

use std::ffi::OsString;
use std::path::PathBuf;

use async_trait::async_trait;
use tokio::time::{Instant, timeout_at};

use crate::http::{Incoming, Lines, Problem, Step};
use crate::limit::{Limiter, Turn};
use crate::secret::{Redactor, Secret};
use crate::{Answer, CallErrorKind, Limits, Models, Phase, Progress, Provider, ProviderError, Request, Tier, Timeouts};

use process::{Heard, Running};

/// Input tokens of the tool's own instructions at most, with its tools off.
const OWN_TOKENS: u64 = 20_000;
/// Bytes that the tool may print for one answer.
const MOST_OUTPUT: usize = 128 << 20;

/// Variables that the tool gets, by name; those that end in `*` by their beginning. Keys are not among them.
const PASSED: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LC_*",
    "TMPDIR",
    "TEMP",
    "TMP",
    "XDG_*",
    "CLAUDE_CONFIG_DIR",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
    "DBUS_SESSION_BUS_ADDRESS",
    "SYSTEMROOT",
    "SystemRoot",
    "APPDATA",
    "LOCALAPPDATA",
    "USERPROFILE",
    "PATHEXT",
    "COMSPEC",
];

/// Of an environment, what the tool may see.
pub fn scrubbed(environment: impl IntoIterator<Item = (OsString, OsString)>) -> Vec<(OsString, OsString)> {
    let passes = |name: &OsString| {
        let Some(name) = name.to_str() else { return false };
        PASSED.iter().any(|passed| match passed.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => name == *passed,
        })
    };
    environment.into_iter().filter(|(name, _)| passes(name)).collect()
}

/// How the tool is run.
#[derive(Debug, Clone)]
pub struct ClaudeCliOptions {
    /// The executable: a path, or a name that is looked up in the `PATH` below.
    pub program: PathBuf,
    /// Exactly these; see [`scrubbed`].
    pub environment: Vec<(OsString, OsString)>,
    /// As the tool names them: `haiku`, `sonnet`, `opus`, or full names.
    pub models: Models,
    /// `connect` is not used: the tool connects by itself.
    pub timeouts: Timeouts,
    /// How much in a minute.
    pub limits: Limits,
    /// As [`Service::shared`](crate::Service::shared).
    pub shared: Option<PathBuf>,
}

/// Of the variables that the `claude` tool gets, the one that holds a secret as a whole.
pub const CLAUDE_TOKEN: &str = "CLAUDE_CODE_OAUTH_TOKEN";

/// What the tool was given and must not be repeated by it: its token, and passwords of proxies.
fn secrets(environment: &[(OsString, OsString)]) -> Vec<Secret> {
    let text = |(name, value): &(OsString, OsString)| {
        let (name, value) = (name.to_str()?, value.to_str()?);
        if name == CLAUDE_TOKEN {
            return Some(value.to_owned());
        }
        let proxy = name.to_ascii_lowercase().ends_with("_proxy").then_some(value)?;
        let (user, _) = proxy.split_once("://").map_or(proxy, |(_, rest)| rest).rsplit_once('@')?;
        Some(user.split_once(':').map_or(user, |(_, password)| password).to_owned())
    };
    environment.iter().filter_map(text).filter_map(|text| Secret::new(text).ok()).collect()
}

/// The `claude` terminal tool.
pub struct ClaudeCli {
    options: ClaudeCliOptions,
    limiter: Limiter,
    redactor: Redactor,
}

impl ClaudeCli {
    /// Runs nothing yet.
    pub fn new(options: ClaudeCliOptions) -> Self {
        let redactor = Redactor::new(secrets(&options.environment));
        let program = options.program.display().to_string();
        let limiter = Limiter::new(options.limits, options.shared.as_deref(), "claude-cli", &program);
        Self { limiter, redactor, options }
    }

    /// Run the tool and read its lines until the result.
    async fn exchange(&self, running: &mut Running, incoming: &mut Incoming<'_>) -> Result<(), Problem> {
        let Timeouts { idle, total, .. } = self.options.timeouts;
        let deadline = Instant::now() + total;
        let (mut lines, mut before) = (Lines::default(), lines::Before::default());
        let mut read = 0;
        loop {
            let patience = Instant::now() + idle;
            let phase = if patience < deadline { Phase::Idle } else { Phase::Total };
            let heard = timeout_at(patience.min(deadline), running.hear()).await;
            let bytes = match heard {
                Err(_) => return Err(Problem::new(CallErrorKind::Timeout(phase), "")),
                Ok(Heard::Output(bytes)) => bytes,
                Ok(Heard::End) => {
                    if let Some(line) = lines.rest()
                        && lines::read(&line, &mut before, incoming)? == Step::Last
                    {
                        incoming.ended(true, false);
                        return Ok(());
                    }
                    return Err(lines::ended_early(&running.complaints(), !incoming.text.is_empty()));
                }
            };
            incoming.begin(None);
            read += bytes.len();
            let too_long = |()| Problem::new(CallErrorKind::Unreadable, "a line of it is too long");
            lines
                .push(&bytes)
                .map_err(|_| ())
                .and(if read > MOST_OUTPUT { Err(()) } else { Ok(()) })
                .map_err(too_long)?;
            while let Some(line) = lines.next_line() {
                if lines::read(&line, &mut before, incoming)? == Step::Last {
                    incoming.ended(true, false);
                    running.leave().await;
                    return Ok(());
                }
            }
        }
    }
}

#[async_trait]
impl Provider for ClaudeCli {
    fn name(&self) -> &str {
        "claude-cli"
    }

    fn model(&self, tier: Tier) -> String {
        self.options.models.of(tier).to_owned()
    }

    fn own_tokens(&self) -> u64 {
        OWN_TOKENS
    }

    fn is_limited(&self) -> bool {
        self.limiter.limits()
    }

    async fn turn(&self, request: &Request) -> Option<Turn> {
        Some(self.limiter.turn(request.of_a_minute()).await)
    }

    async fn answer(&self, request: Request, progress: &dyn Progress) -> Result<Answer, ProviderError> {
        let model = self.options.models.of(request.tier);
        let turn = match request.turn {
            Some(turn) => turn,
            None => self.limiter.turn(request.of_a_minute()).await,
        };
        let mut running = Running::start(&self.options, &request, model)?;
        let mut incoming = Incoming::new(&request.sent(), progress, &self.redactor);
        let outcome = self.exchange(&mut running, &mut incoming).await;
        let result = incoming.finish(outcome, self.name(), model);
        let usage = result.as_ref().map_or_else(|error| error.spent.usage(), |answer| answer.usage);
        self.limiter.settle(turn, usage.tokens()).await;
        result.map_err(ProviderError::Call)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_in_the_environment_are_not_passed_on() {
        let names = ["PATH", "ANTHROPIC_API_KEY", "OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY", "LC_ALL", "HOME", "HOMES"];
        let environment = names.iter().map(|name| (OsString::from(name), OsString::from("x")));
        let kept: Vec<_> = scrubbed(environment).into_iter().map(|(name, _)| name).collect();
        assert_eq!(kept, ["PATH", "LC_ALL", "HOME"]);
    }
}
