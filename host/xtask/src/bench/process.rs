//! Measuring whole processes: how long one takes from start to end, and how much memory it ever had.

use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

/// Run two programs in turn, so many times each; milliseconds from before the start to after the end.
///
/// What they print is thrown away. The first pair only warms the caches.
pub(crate) fn alternate(runs: usize, ours: &mut Command, floor: &mut Command) -> Result<Vec<(f64, f64)>> {
    let pair = |_| Ok((time(ours)?, time(floor)?));
    let pairs: Vec<_> = (0..=runs).map(pair).collect::<Result<_>>()?;
    Ok(pairs[1..].to_vec())
}

fn time(command: &mut Command) -> Result<f64> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let begun = Instant::now();
    let status = command.status().with_context(|| format!("cannot run {command:?}"))?;
    let elapsed = begun.elapsed().as_secs_f64() * 1e3;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(elapsed)
}

/// Run a program to its end; the most memory that was resident at any time, in bytes.
#[cfg(unix)]
pub(crate) fn peak_memory(command: &mut Command) -> Result<f64> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // Waited for below: std's own wait does not tell what the process used.
    #[allow(clippy::zombie_processes, reason = "it is waited for by wait4")]
    let child = command.spawn().with_context(|| format!("cannot run {command:?}"))?;
    let pid = libc::pid_t::try_from(child.id()).context("a process id")?;
    let mut status = 0;
    // SAFETY: both pointers are to live values of the types that wait4 writes, and all zeroes is a valid rusage.
    let (waited, usage) = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        (libc::wait4(pid, &raw mut status, 0, &raw mut usage), usage)
    };
    ensure!(waited == pid, "cannot wait for {command:?}: {}", std::io::Error::last_os_error());
    if !libc::WIFEXITED(status) || libc::WEXITSTATUS(status) != 0 {
        bail!("{command:?} ended with status {status:#x}");
    }
    // Linux counts in KiB, macOS in bytes.
    let unit = if cfg!(target_os = "macos") { 1.0 } else { 1024.0 };
    Ok(usage.ru_maxrss as f64 * unit)
}

/// Run a program to its end; the most memory that was resident at any time, in bytes.
#[cfg(not(unix))]
pub(crate) fn peak_memory(_: &mut Command) -> Result<f64> {
    bail!("the peak memory of a process is not measured on this system")
}
