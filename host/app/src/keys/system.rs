//! The system's keyring, through the program that the system has for it: `security` on macOS, `secret-tool` where there is a
//! Secret Service. See docs/decisions/keyrings-are-reached-through-their-programs.md.
//!
//! A key goes through pipes alone: arguments are seen by everybody on the machine.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What every entry of ours is called.
const SERVICE: &str = "certus";
/// A keyring that is locked asks for its password in a window; whoever sits there may need this long.
const PATIENCE: Duration = Duration::from_secs(60);
const MOST_BYTES: u64 = 64 * 1024;

/// What is asked of a keyring.
#[derive(Debug, Clone, Copy)]
enum Wish<'a> {
    Put(&'a str),
    Get,
    Remove,
}

/// A program, its arguments, and what goes into its stdin.
type Line = (&'static str, Vec<String>, String);

/// The key of that name; `None` when the keyring has none.
///
/// # Errors
/// There is no keyring, or it does not answer.
pub(super) fn get(name: &str) -> Result<Option<String>, String> {
    let (well, text) = run(line(Wish::Get, name)?)?;
    let key = text.trim_end_matches(['\r', '\n']);
    Ok((well && !key.is_empty()).then(|| key.to_owned()))
}

/// Store a key in the place of the one before.
///
/// # Errors
/// There is no keyring, or it does not take it.
pub(super) fn put(name: &str, key: &str) -> Result<(), String> {
    let (well, _) = run(line(Wish::Put(key), name)?)?;
    // `security -i` says of no command of its own how it went.
    match well && get(name)?.as_deref() == Some(key) {
        true => Ok(()),
        false => Err("it did not take the key".to_owned()),
    }
}

/// Forget a key.
///
/// # Errors
/// There is no keyring, or it does not answer.
pub(super) fn remove(name: &str) -> Result<(), String> {
    run(line(Wish::Remove, name)?)?;
    match get(name)? {
        None => Ok(()),
        Some(_) => Err("it did not remove the key".to_owned()),
    }
}

fn line(wish: Wish<'_>, name: &str) -> Result<Line, String> {
    if cfg!(target_os = "macos") {
        Ok(security(wish, name))
    } else if cfg!(unix) && std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some() {
        Ok(secret_tool(wish, name))
    } else {
        Err("there is none".to_owned())
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The keychain of macOS.
fn security(wish: Wish<'_>, name: &str) -> Line {
    const PROGRAM: &str = "/usr/bin/security";
    let found = ["-s", SERVICE, "-a", name];
    match wish {
        Wish::Put(key) => {
            let add = format!("add-generic-password -U -s {SERVICE} -a {name} -w {}\n", crate::paths::quoted(key));
            (PROGRAM, words(&["-i"]), add)
        }
        Wish::Get => (PROGRAM, words(&[&["find-generic-password"][..], &found, &["-w"]].concat()), String::new()),
        Wish::Remove => (PROGRAM, words(&[&["delete-generic-password"][..], &found].concat()), String::new()),
    }
}

/// The Secret Service of GNOME, KDE and others.
fn secret_tool(wish: Wish<'_>, name: &str) -> Line {
    const PROGRAM: &str = "secret-tool";
    let found = ["service", SERVICE, "provider", name];
    let label = format!("--label=Certus: key of {name}");
    match wish {
        Wish::Put(key) => (PROGRAM, words(&[&["store", &label][..], &found].concat()), key.to_owned()),
        Wish::Get => (PROGRAM, words(&[&["lookup"][..], &found].concat()), String::new()),
        Wish::Remove => (PROGRAM, words(&[&["clear"][..], &found].concat()), String::new()),
    }
}

/// Whether it ended well, and what it printed.
fn run((program, arguments, input): Line) -> Result<(bool, String), String> {
    let failed = |error: std::io::Error| format!("{program}: {error}");
    let mut child = Command::new(program)
        .args(arguments)
        // Were the search path relative, a project's own program would be found in it.
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        // It may have ended without reading; then its status says so.
        let _ = stdin.write_all(input.as_bytes());
    }
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        match child.try_wait().map_err(failed)? {
            Some(status) => break status,
            None if Instant::now() >= deadline => {
                let _ = child.kill();
                let _ = child.wait();
                return Err("it did not answer in a minute".to_owned());
            }
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    let mut text = String::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(MOST_BYTES).read_to_string(&mut text).map_err(failed)?;
    }
    Ok((status.success(), text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_never_is_an_argument() {
        for program in [security, secret_tool] {
            let (_, arguments, input) = program(Wish::Put("sk-'secret"), "openai");
            assert!(!arguments.join(" ").contains("secret"), "{arguments:?}");
            assert!(input.contains("secret"));
            for wish in [Wish::Get, Wish::Remove] {
                let (_, arguments, input) = program(wish, "openai");
                assert!(arguments.contains(&"openai".to_owned()) && input.is_empty());
            }
        }
    }
}
