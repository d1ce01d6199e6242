//! The thread that watches a command: reads what it writes, and sees to its end and that of everything it started.
//!
//! The shell leads a session and a group of its own, and is reaped last of all: as long as it is a zombie nobody else can get
//! its number, so a signal to its group never hits a stranger.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::run::output::{Kept, Lines};
use crate::run::running::Completion;
use crate::run::{Command, Finished, Limits, MARK, Running};

const SHELL: &str = "/bin/sh";
/// How long something that outlives the shell may take to end by itself.
const LINGER: Duration = Duration::from_millis(200);
/// From SIGTERM to SIGKILL.
const GRACE: Duration = Duration::from_secs(2);
/// From SIGKILL until we no longer wait.
const GIVE_UP: Duration = Duration::from_secs(5);
/// How often we look who is left.
const TICK: Duration = Duration::from_millis(20);
/// Bytes of an output whose lines are handed on.
const MOST_HANDED_ON: u64 = 4 * 1024 * 1024;
/// What may still be in the pipe when all who wrote to it are gone, in bytes; more would come from somebody who is not.
const MOST_DRAINED: usize = 2 * 1024 * 1024;
/// Nothing of the command runs before the guard does: should we be killed in between, there is no line to read.
const GATE: &str = r#"read -r go && exec /bin/sh -c "$1" </dev/null"#;
/// Its standard input is closed by nobody but the kernel, when we are no more. What left the group is known by its mark, where there
/// is a list of processes to look for it in.
const GUARD: &str = r#"
end() {
    kill -s "$1" -- "-$2"
    for at in $(grep -lzxF -e "$3" /proc/[0-9]*/environ); do
        at=${at#/proc/}
        kill -s "$1" "${at%/environ}"
    done
}
read -r _; end TERM "$1" "$2"; sleep 2; end KILL "$1" "$2""#;

/// Start `command` in `directory`, and a thread that watches it.
pub(crate) fn start(
    command: &Command,
    directory: &Path,
    on_output: Box<dyn FnMut(&str) + Send>,
) -> io::Result<Running> {
    let (output, writer) = io::pipe()?;
    let (stopped, stop) = io::pipe()?;
    let (exited, exit) = io::pipe()?;
    let (at_gate, mut gate) = io::pipe()?;
    let mark = format!("{:016x}{:016x}", random(), random());
    let mut shell = Process::new(SHELL);
    shell.args(["-c", GATE, SHELL, &command.line]).current_dir(directory);
    shell.env_clear().envs(command.environment.iter()).env(MARK, &mark);
    shell.stdin(at_gate).stdout(writer.try_clone()?).stderr(writer);
    in_own_session(&mut shell);
    let started = Instant::now();
    let group = Group::of(shell.spawn()?, mark)?;
    // It holds the writing end.
    drop(shell);
    gate.write_all(b"go\n")?;
    let leader = group.leader;
    thread::Builder::new().name("check-exit".to_owned()).spawn(move || {
        // Looks and does not reap.
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while matches!(waitid(WaitId::Pid(leader), ended), Err(rustix::io::Errno::INTR)) {}
        drop(exit);
    })?;
    let (running, completion) = Running::new(stop);
    let watch = Watch {
        group,
        output: Some(output),
        stopped: Some(stopped),
        exited: Some(exited),
        kept: Kept::new(command.limits.output_bytes),
        lines: Lines::new(on_output),
        written: 0,
        most_written: command.limits.written_bytes,
        deadline: deadline(started, &command.limits),
        started,
    };
    thread::Builder::new().name("check".to_owned()).spawn(move || watch.finish(&completion))?;
    Ok(running)
}

fn deadline(started: Instant, limits: &Limits) -> Option<Instant> {
    started.checked_add(limits.time)
}

fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Away from our terminal, which it could otherwise read, write and be stopped by.
fn in_own_session(process: &mut Process) {
    // SAFETY: between fork and exec only the system call `setsid` is made, which is async-signal-safe and allocates nothing.
    unsafe {
        process.pre_exec(|| Ok(rustix::process::setsid().map(drop)?));
    }
}

/// A command and all that it started.
struct Group {
    shell: Child,
    leader: Pid,
    mark: String,
    guard: Child,
    /// While this is open, the guard waits.
    _guarded: PipeWriter,
    reaped: bool,
}

impl Group {
    fn of(mut shell: Child, mark: String) -> io::Result<Group> {
        let leader = Pid::from_child(&shell);
        let guarded = io::pipe().and_then(|(until, guarded)| {
            let mut guard = Process::new(SHELL);
            let leader = leader.as_raw_nonzero().to_string();
            guard.args(["-c", GUARD, "certus-guard", &leader, &format!("{MARK}={mark}")]);
            guard.env_clear().env("PATH", "/usr/bin:/bin").current_dir("/");
            guard.stdin(until).stdout(Stdio::null()).stderr(Stdio::null());
            in_own_session(&mut guard);
            Ok((guard.spawn()?, guarded))
        });
        match guarded {
            Ok((guard, guarded)) => Ok(Group { shell, leader, mark, guard, _guarded: guarded, reaped: false }),
            Err(error) => {
                let _ = kill_process_group(leader, Signal::KILL);
                let _ = shell.wait();
                Err(error)
            }
        }
    }

    fn signal(&self, signal: Signal) {
        let _ = kill_process_group(self.leader, signal);
        #[cfg(target_os = "linux")]
        crate::run::left::signal(self.leader, &self.mark, signal);
    }

    /// Whether anything but the shell's zombie is left. Where that cannot be asked, an open output speaks for it.
    fn is_left(&self, output_open: bool) -> bool {
        #[cfg(target_os = "linux")]
        {
            crate::run::left::any(self.leader, &self.mark).unwrap_or(output_open)
        }
        #[cfg(not(target_os = "linux"))]
        {
            let _ = &self.mark;
            output_open
        }
    }

    fn reap(&mut self, shell_ended: bool) -> Option<std::process::ExitStatus> {
        self.reaped = true;
        let _ = kill_process_group(self.leader, Signal::KILL);
        let status = if shell_ended { self.shell.wait().ok() } else { None };
        let _ = self.guard.kill();
        let _ = self.guard.wait();
        status
    }
}

impl Drop for Group {
    /// Only where the thread did not come to its end.
    fn drop(&mut self) {
        if !self.reaped {
            self.signal(Signal::KILL);
            self.reap(true);
        }
    }
}

/// How far the end of a command is, and until when that may take.
enum Phase {
    Runs,
    /// The shell ended, others did not.
    Lingers(Instant),
    /// SIGTERM was sent.
    Ends(Instant),
    /// SIGKILL was sent.
    Dies(Instant),
}

struct Watch {
    group: Group,
    /// Absent at its end.
    output: Option<PipeReader>,
    /// Absent when it is no longer wanted.
    stopped: Option<PipeReader>,
    /// Absent when the shell ended.
    exited: Option<PipeReader>,
    kept: Kept,
    lines: Lines,
    /// Bytes that were read.
    written: u64,
    most_written: u64,
    deadline: Option<Instant>,
    started: Instant,
}

impl Watch {
    fn finish(mut self, completion: &Completion) {
        let (timed_out, left_running) = self.watch();
        let status = self.group.reap(self.exited.is_none());
        self.drain();
        self.lines.finish();
        completion.finish(Finished {
            status: status.and_then(|status| status.code()),
            signal: status.and_then(|status| status.signal()),
            timed_out,
            wrote_too_much: self.written > self.most_written,
            truncated: self.kept.truncated(),
            output: self.kept.text(),
            elapsed: self.started.elapsed(),
            left_running,
        });
    }

    /// Whether it took too long, and whether something of it is left.
    fn watch(&mut self) -> (bool, bool) {
        let mut phase = Phase::Runs;
        let mut timed_out = false;
        let mut looked: Option<Instant> = None;
        loop {
            let now = Instant::now();
            if let Phase::Runs = phase {
                let late = self.deadline.is_some_and(|deadline| now >= deadline);
                if self.exited.is_none() {
                    phase = Phase::Lingers(now + LINGER);
                } else if late || self.stopped.is_none() || self.written > self.most_written {
                    timed_out = late;
                    self.group.signal(Signal::TERM);
                    phase = Phase::Ends(now + GRACE);
                }
            }
            let look = !matches!(phase, Phase::Runs) && looked.is_none_or(|looked| now >= looked + TICK);
            if look {
                looked = Some(now);
                if self.exited.is_none() && !self.group.is_left(self.output.is_some()) {
                    return (timed_out, false);
                }
                phase = match phase {
                    Phase::Lingers(until) if now >= until => {
                        self.group.signal(Signal::TERM);
                        Phase::Ends(now + GRACE)
                    }
                    Phase::Ends(until) if now >= until => {
                        self.group.signal(Signal::KILL);
                        Phase::Dies(now + GIVE_UP)
                    }
                    Phase::Dies(until) if now >= until => return (timed_out, true),
                    Phase::Dies(until) => {
                        self.group.signal(Signal::KILL);
                        Phase::Dies(until)
                    }
                    phase => phase,
                };
            }
            let until = if let Phase::Runs = phase { self.deadline } else { Some(now + TICK) };
            self.wait(until);
        }
    }

    /// Wait for output, an end, or `until`; read at most one piece of output.
    fn wait(&mut self, until: Option<Instant>) {
        let awaited = [&self.output, &self.stopped, &self.exited];
        let mut polled: Vec<_> =
            awaited.iter().flat_map(|pipe| pipe.as_ref()).map(|pipe| PollFd::new(pipe, PollFlags::IN)).collect();
        let timeout = until.map(|until| until.saturating_duration_since(Instant::now()));
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        if poll(&mut polled, timeout.as_ref()).is_err() {
            // Interrupted: the next turn asks again.
            return;
        }
        let mut ready = polled.iter().map(|polled| !polled.revents().is_empty());
        let mut is_ready = |pipe: &Option<PipeReader>| pipe.is_some() && ready.next().unwrap_or(false);
        let [output, stopped, exited] = [is_ready(&self.output), is_ready(&self.stopped), is_ready(&self.exited)];
        // Nothing is ever written to these two: ready means closed.
        self.stopped.take_if(|_| stopped);
        self.exited.take_if(|_| exited);
        if output {
            self.read();
        }
    }

    /// Read what there is, and how much that was.
    fn read(&mut self) -> usize {
        let Some(output) = &mut self.output else { return 0 };
        let mut buffer = [0; 16 * 1024];
        match output.read(&mut buffer) {
            Ok(0) => self.output = None,
            Ok(read) => {
                self.kept.push(&buffer[..read]);
                if self.written < MOST_HANDED_ON {
                    self.lines.push(&buffer[..read]);
                }
                self.written += read as u64;
                if self.written > self.most_written {
                    // Whoever writes on hears of it.
                    self.output = None;
                }
                return read;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => self.output = None,
        }
        0
    }

    /// Read what is left in the pipe, without waiting for more.
    fn drain(&mut self) {
        let mut drained = 0;
        while let Some(output) = &self.output
            && drained < MOST_DRAINED
        {
            let mut polled = [PollFd::new(output, PollFlags::IN)];
            match poll(&mut polled, Some(&Timespec::default())) {
                Ok(0) => break,
                Ok(_) => drained += self.read(),
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => break,
            }
        }
    }
}
