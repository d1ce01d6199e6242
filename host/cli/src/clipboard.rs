//! The person's clipboard: the desktop's where there is one, else, over SSH, the terminal's own through OSC 52.
//!
//! On X11 and Wayland what is copied lives in the process that copied it. Ours ends right after it said what to do next, so a
//! second one stays until something else is copied.

use std::io::{IsTerminal, Read, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use base64::Engine;
use certus_app::{Clipboard, Failure};

/// The argument of the process that stays.
pub(crate) const HOLD: &str = "--hold-clipboard";
/// It need not stay longer than this.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// Longer texts are cut or dropped by terminals, in bytes as they are sent.
const MOST_SENT: usize = 100_000;

/// The clipboard of whoever sits at the terminal.
pub(crate) struct SystemClipboard;

impl Clipboard for SystemClipboard {
    fn copy(&self, text: &str) -> Result<String, Failure> {
        if has_desktop() && copy(text).is_ok() {
            return Ok("the clipboard".to_owned());
        }
        send(text).map(|()| "the clipboard of your terminal, if it takes OSC 52".to_owned())
    }

    fn paste(&self) -> Result<String, Failure> {
        let none = |why: String| {
            Failure::usage(format!("the clipboard cannot be read: {why}"))
                .hint("save the reply as a file and hand it in: --reply FILE, or pipe it: --reply -")
        };
        if !has_desktop() {
            return Err(none("there is none on this side of the terminal".to_owned()));
        }
        arboard::Clipboard::new().and_then(|mut board| board.get_text()).map_err(|error| none(error.to_string()))
    }
}

/// Whether the clipboard of this machine is the one of the person: not so over SSH, and not where no display is.
fn has_desktop() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let displays = cfg!(any(windows, target_os = "macos")) || set("DISPLAY") || set("WAYLAND_DISPLAY");
    displays && !set("SSH_CONNECTION") && !set("SSH_TTY")
}

/// Have a process of its own keep the text, and see that it does.
#[cfg(all(unix, not(target_os = "macos")))]
fn copy(text: &str) -> Result<(), String> {
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};
    let failed = |error: std::io::Error| error.to_string();
    let mut board = arboard::Clipboard::new().map_err(|error| error.to_string())?;
    let mut keeper = Command::new(std::env::current_exe().map_err(failed)?)
        .arg(HOLD)
        .current_dir("/")
        // Ctrl-C in this terminal is not for it.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    if let Some(mut stdin) = keeper.stdin.take() {
        stdin.write_all(text.as_bytes()).map_err(failed)?;
    }
    let deadline = Instant::now() + Duration::from_secs(2);
    while Instant::now() < deadline {
        if board.get_text().is_ok_and(|there| there == text) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = keeper.kill();
    let _ = keeper.wait();
    Err("it does not keep what is copied".to_owned())
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
fn copy(text: &str) -> Result<(), String> {
    arboard::Clipboard::new().and_then(|mut board| board.set_text(text)).map_err(|error| error.to_string())
}

/// The process that stays: it offers what comes through stdin until something else is copied.
pub(crate) fn hold() -> ExitCode {
    let mut text = String::new();
    let kept = std::io::stdin().lock().read_to_string(&mut text).is_ok() && offer(text).is_ok();
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(target_os = "linux")]
fn offer(text: String) -> Result<(), arboard::Error> {
    use arboard::SetExtLinux;
    arboard::Clipboard::new()?.set().wait_until(Instant::now() + LONGEST).text(text)
}

#[cfg(not(target_os = "linux"))]
fn offer(text: String) -> Result<(), arboard::Error> {
    arboard::Clipboard::new()?.set_text(text)?;
    std::thread::sleep(LONGEST);
    Ok(())
}

/// Hand a text to the terminal.
fn send(text: &str) -> Result<(), Failure> {
    let sequence = osc_52(text).ok_or_else(|| {
        Failure::failed(format!("{} bytes are more than terminals take; take it from the file", text.len()))
    })?;
    // No text for anybody to read, so not through `Output`: it would be taken out where colours are.
    let mut terminal = std::io::stderr().lock();
    let none = || Failure::failed("there is neither a desktop nor a terminal here; take it from the file");
    if !terminal.is_terminal() {
        return Err(none());
    }
    terminal.write_all(sequence.as_bytes()).and_then(|()| terminal.flush()).map_err(|_| none())
}

/// The sequence that puts a text on a terminal's clipboard; `None` when it is too long.
fn osc_52(text: &str) -> Option<String> {
    let encoded = base64::engine::general_purpose::STANDARD.encode(text);
    (encoded.len() <= MOST_SENT).then(|| format!("\x1b]52;c;{encoded}\x07"))
}

#[cfg(test)]
mod tests {
    use super::osc_52;

    #[test]
    fn a_text_is_sent_as_terminals_read_it_or_not_at_all() {
        assert_eq!(osc_52("Hello, world").as_deref(), Some("\x1b]52;c;SGVsbG8sIHdvcmxk\x07"));
        assert_eq!(osc_52("\x07\x1b").as_deref(), Some("\x1b]52;c;Bxs=\x07"), "nothing of it can end the sequence");
        assert!(osc_52(&"x".repeat(75_000)).is_some() && osc_52(&"x".repeat(75_003)).is_none());
    }
}
