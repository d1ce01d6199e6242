//! Where things are: the project, the directory of its state, and how a next command line names both.

use std::path::{Path, PathBuf};

use crate::Failure;

/// A project's state, unless another directory is named.
const STATE: &str = ".certus";

/// The project that a command works on: the one named, else the nearest folder upwards that Certus knows, else this one
/// (`must_know` false) or an error.
///
/// # Errors
/// The named folder is not there, is no folder, or cannot be entered.
pub fn project_root(named: Option<&Path>, must_know: bool) -> Result<PathBuf, Failure> {
    let here = || {
        std::env::current_dir().map_err(|error| {
            Failure::failed(format!("this folder cannot be used: {error}")).hint("name a project: --project DIR")
        })
    };
    let root = match named {
        Some(named) => named.to_owned(),
        None => {
            let here = here()?;
            match here.ancestors().find(|folder| is_known(folder)) {
                Some(known) => known.to_owned(),
                None if must_know => {
                    return Err(Failure::usage("no chain was ever started here")
                        .hint("start one: certus flow \"what you want\"")
                        .hint("or name the project: --project DIR"));
                }
                None => here,
            }
        }
    };
    let shown = root.display();
    match root.canonicalize() {
        Ok(path) if path.is_dir() => Ok(path),
        Ok(_) => {
            Err(Failure::usage(format!("{shown} is not a folder")).hint("name the project's folder: --project DIR"))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(Failure::usage(format!("there is no folder {shown}")).hint("name the project's folder: --project DIR"))
        }
        Err(error) => Err(Failure::failed(format!("cannot use {shown}: {error}"))),
    }
}

fn is_known(folder: &Path) -> bool {
    folder.join(STATE).join("certus.db").is_file() || folder.join("certus.toml").is_file()
}

/// The directory of a project's state.
pub(crate) fn state_dir(root: &Path, named: Option<&Path>) -> PathBuf {
    named.map_or_else(|| root.join(STATE), Path::to_owned)
}

/// What further command lines need to find the same project and state.
pub fn suffix(project: Option<&Path>, state: Option<&Path>) -> String {
    let option = |name: &str, path: Option<&Path>| match path {
        Some(path) => format!(" --{name} {}", quoted(&path.to_string_lossy())),
        None => String::new(),
    };
    option("project", project) + &option("state", state)
}

/// A word that a shell takes as it is.
pub(crate) fn quoted(text: &str) -> String {
    // Only a NUL cannot be quoted, and nothing that reaches a command line holds one.
    shlex::try_quote(text).map_or_else(|_| text.replace('\0', ""), std::borrow::Cow::into_owned)
}

/// The words of a command line.
///
/// # Errors
/// A quote is not closed.
pub(crate) fn words(line: &str) -> Result<Vec<String>, Failure> {
    shlex::split(line)
        .ok_or_else(|| Failure::usage(format!("a quote is not closed in {}", crate::clean::line(line, 80))))
}

/// A command line from words as a shell gave them; the slash may be left out.
pub fn command_line(command: &str, arguments: &[String]) -> String {
    let mut line = format!("/{}", command.trim_start_matches('/'));
    for argument in arguments {
        line.push(' ');
        // A controller reads the line as it stands, and `--mode=direct` needs no quotes there.
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
        let is_plain = !argument.is_empty() && argument.chars().all(plain);
        line.push_str(&if is_plain { argument.clone() } else { quoted(argument) });
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_survives_the_shell_and_back() {
        for arguments in [&["a b", "it's", "\"q\"", "$HOME", "--x=1", "", "ä;rm"][..], &[]] {
            let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
            let line = command_line("uncertainty-check", &arguments);
            let back = words(&line).expect("it is a command line");
            assert_eq!(back[0], "/uncertainty-check");
            assert_eq!(back[1..], arguments);
        }
        assert_eq!(command_line("/x", &[]), "/x");
        assert_eq!(command_line("x", &["--mode=direct".to_owned()]), "/x --mode=direct");
        assert!(words("/x 'open").is_err());
    }

    #[test]
    fn the_suffix_names_what_was_named() {
        assert_eq!(suffix(None, None), "");
        assert_eq!(suffix(Some(Path::new("my shop")), Some(Path::new("/s"))), " --project 'my shop' --state /s");
    }
}
