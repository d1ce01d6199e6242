//! The running tool: its pipes, its folder, and its end.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

use super::ClaudeCliOptions;
use crate::{ProviderError, Request};

/// Bytes of what the tool says on standard error that are kept.
const MOST_COMPLAINTS: usize = 16 << 10;
/// How long the tool may take to end by itself after its result.
const LEAVE: Duration = Duration::from_secs(2);

/// How long its output may take to be read once it is over, where something else keeps it open.
const REST: Duration = Duration::from_millis(500);

/// What is heard of the tool.
pub(super) enum Heard {
    /// Bytes on its standard output.
    Output(Vec<u8>),
    /// It closed its standard output, or is over.
    End,
}

/// The running tool. Dropping it ends the tool and everything that it started.
pub(super) struct Running {
    // In this order: the group ends before its folder goes.
    child: Child,
    group: Group,
    prompt: Option<(ChildStdin, Vec<u8>, usize)>,
    output: ChildStdout,
    errors: Option<ChildStderr>,
    complaints: Vec<u8>,
    /// It is over itself; what it started may hold its output open.
    over: bool,
    _folder: TempDir,
}

impl Running {
    pub(super) fn start(options: &ClaudeCliOptions, request: &Request, model: &str) -> Result<Self, ProviderError> {
        let unavailable = |what: &str, error: &std::io::Error| ProviderError::Unavailable {
            message: format!("{what}: {error}"),
            hint: "install Claude Code, or name its executable in the configuration".to_owned(),
        };
        let program = options.program.display();
        let folder = TempDir::with_prefix("certus-claude-");
        let folder = folder.map_err(|error| unavailable("there is no place for a temporary folder", &error))?;
        let mut command = command(options, request, model, folder.path());
        let group = Group::around(&mut command).map_err(|error| unavailable("its guard cannot be run", &error))?;
        let mut child = command.spawn().map_err(|error| unavailable(&format!("`{program}` cannot be run"), &error))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(ProviderError::Unavailable {
                message: format!("`{program}` has no input or output"),
                hint: String::new(),
            });
        };
        let text = [request.stable.trim(), request.user().trim()].join("\n\n").trim().as_bytes().to_vec();
        Ok(Self {
            errors: child.stderr.take(),
            child,
            group,
            prompt: Some((input, text, 0)),
            output,
            complaints: Vec::new(),
            over: false,
            _folder: folder,
        })
    }

    /// The next bytes of its output. Meanwhile its input is written and its complaints are read: a full pipe on one side would
    /// stop all three. May be dropped at any time without losing anything.
    pub(super) async fn hear(&mut self) -> Heard {
        let mut bytes = vec![0; 16 << 10];
        let mut said = [0; 4096];
        loop {
            tokio::select! {
                read = self.output.read(&mut bytes) => {
                    return match read {
                        Ok(length) if length > 0 => {
                            bytes.truncate(length);
                            Heard::Output(bytes)
                        }
                        _ => {
                            self.last_complaints().await;
                            Heard::End
                        }
                    };
                }
                _ = self.child.wait(), if !self.over => self.over = true,
                // All that it wrote lies in the pipe by now.
                () = tokio::time::sleep(REST), if self.over => {
                    self.last_complaints().await;
                    return Heard::End;
                }
                finished = write(&mut self.prompt), if self.prompt.is_some() => {
                    if finished {
                        // Closes it: the prompt is complete.
                        self.prompt = None;
                    }
                }
                read = complain(&mut self.errors, &mut said), if self.errors.is_some() => match read {
                    0 => self.errors = None,
                    length => self.keep(&said[..length]),
                },
            }
        }
    }

    fn keep(&mut self, said: &[u8]) {
        let room = MOST_COMPLAINTS.saturating_sub(self.complaints.len());
        self.complaints.extend_from_slice(&said[..said.len().min(room)]);
    }

    /// What is still in the pipe after the output was closed.
    async fn last_complaints(&mut self) {
        let mut said = [0; 4096];
        while self.errors.is_some() {
            match tokio::time::timeout(Duration::from_millis(200), complain(&mut self.errors, &mut said)).await {
                Ok(length) if length > 0 => self.keep(&said[..length]),
                _ => self.errors = None,
            }
        }
    }

    /// What it said on standard error.
    pub(super) fn complaints(&self) -> String {
        String::from_utf8_lossy(&self.complaints).into_owned()
    }

    /// Let it end by itself for a moment.
    pub(super) async fn leave(&mut self) {
        self.prompt = None;
        let _ = tokio::time::timeout(LEAVE, self.child.wait()).await;
    }
}

impl Drop for Running {
    /// First of all: what is left of the tool must not outlive its folder.
    fn drop(&mut self) {
        self.group.end();
    }
}

fn command(options: &ClaudeCliOptions, request: &Request, model: &str, folder: &Path) -> Command {
    let mut command = Command::new(&options.program);
    command
        .args(["-p", "--output-format", "stream-json", "--verbose", "--include-partial-messages"])
        // No tools, and no servers that a configuration names.
        .args(["--tools", "", "--strict-mcp-config", "--max-turns", "1", "--model", model])
        .env_clear()
        .envs(options.environment.iter().map(|(name, value)| (name, value)))
        .env("CLAUDE_CODE_MAX_OUTPUT_TOKENS", request.max_output_tokens.to_string())
        .env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1")
        // One run is one call: what it asks again by itself is in no budget, and it asks ten times.
        .env("CLAUDE_CODE_MAX_RETRIES", "0")
        .env("CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK", "1")
        .env("CLAUDE_CODE_DISABLE_REFUSAL_FALLBACK", "1")
        .env("DISABLE_AUTOUPDATER", "1")
        .env("NO_COLOR", "1")
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Write some of the prompt; `true` when there is no more to write, or nobody who reads it.
async fn write(prompt: &mut Option<(ChildStdin, Vec<u8>, usize)>) -> bool {
    let Some((input, text, written)) = prompt else { return true };
    match input.write(&text[*written..]).await {
        Ok(0) | Err(_) => true,
        Ok(length) => {
            *written += length;
            *written == text.len()
        }
    }
}

async fn complain(errors: &mut Option<ChildStderr>, said: &mut [u8]) -> usize {
    match errors {
        Some(errors) => errors.read(said).await.unwrap_or(0),
        None => 0,
    }
}

/// Reads until we are no more, however we end: then only the kernel closes its input. Its group is the tool's.
#[cfg(unix)]
const GUARD: &str = "read -r _; kill -s KILL 0";

/// The process and all that it started, where the system has process groups: they end with the call, and with us, also where
/// we are killed and can end nothing ourselves. The guard leads the group and is there before the tool, which joins it before
/// it closes our end of the guard's input: so there is no moment at which nobody would end the tool. What leaves the group
/// gets away. Elsewhere only the process itself is ended, and with the call alone.
///
/// The road not taken: `PR_SET_PDEATHSIG` reaches one process and none of its children, and is sent when the *thread* that
/// started it ends, which a runtime's threads do at times.
struct Group {
    #[cfg(unix)]
    leader: Option<rustix::process::Pid>,
    #[cfg(unix)]
    _guard: Child,
}

impl Group {
    /// Make a group, and have the command start in it.
    #[cfg(unix)]
    fn around(command: &mut Command) -> std::io::Result<Self> {
        let mut guard = Command::new("/bin/sh");
        guard.args(["-c", GUARD]).env_clear().current_dir("/").process_group(0).kill_on_drop(true);
        // Its input stays with the child that is kept here, and is written by nobody.
        guard.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let guard = guard.spawn()?;
        let id = guard.id().and_then(|id| i32::try_from(id).ok());
        if let Some(id) = id {
            command.process_group(id);
        }
        Ok(Self { leader: id.and_then(rustix::process::Pid::from_raw), _guard: guard })
    }

    #[cfg(not(unix))]
    fn around(_: &mut Command) -> std::io::Result<Self> {
        Ok(Self {})
    }

    fn end(&mut self) {
        #[cfg(unix)]
        if let Some(leader) = self.leader.take() {
            // The guard was not waited for, so the number is still its own.
            let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
    }
}

#[cfg(unix)]
impl Drop for Group {
    /// Also where the tool did not start.
    fn drop(&mut self) {
        self.end();
    }
}
