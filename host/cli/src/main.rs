//! The binary `certus`: arguments in, text out. Everything it knows stands in `certus-app`.
//!
//! A command that runs no chain starts no runtime, loads no plugin and opens no more than it reads.

mod args;
mod clipboard;
mod commands;
mod context;
mod editor;
mod output;
mod terminal;
mod typed;

use std::process::ExitCode;

use certus_app::Failure;
use clap::Parser;
use clap::error::ErrorKind;

use crate::args::Args;
use crate::output::Output;

/// As clap would say it.
const VERSION: &str = concat!("certus ", env!("CARGO_PKG_VERSION"));

fn main() -> ExitCode {
    // Scripts ask for the version to see whether a program is there: that does not wait until all commands with all their
    // arguments are described, which takes as long as everything else that happens here.
    if asks_for_version(std::env::args_os().skip(1)) {
        Output::default().line(VERSION);
        return ExitCode::from(output::finish(0));
    }
    if std::env::args_os().skip(1).eq([clipboard::HOLD]) {
        return clipboard::hold();
    }
    let args = match Args::try_parse() {
        Ok(args) => Args { global: args.global.with_environment(), ..args },
        Err(error) => {
            // Help and version go to stdout with 0, everything else to stderr with 2.
            let output = asked_of_raw(std::env::args_os());
            if error.use_stderr() {
                let _ = error.print();
                output.failure_object(&told_by_clap(&error));
                return ExitCode::from(output::finish(2));
            }
            if output.json || output.events {
                output.object(&for_machines(&error));
            } else {
                output::wrote(error.print());
            }
            return ExitCode::from(output::finish(0));
        }
    };
    let output = Output::new(&args.global);
    let status = commands::dispatch(args, &output).unwrap_or_else(|failure| {
        output.failure(&failure);
        failure.kind.exit_status()
    });
    ExitCode::from(output::finish(status))
}

/// What the form of the output was to be, of arguments that could not be understood.
fn asked_of_raw(arguments: impl Iterator<Item = std::ffi::OsString>) -> Output {
    let options: Vec<_> = arguments.take_while(|word| word != "--").collect();
    let given = |option: &str| options.iter().any(|word| word == option);
    let json = given("--json");
    Output { json, events: given("--events") && !json, ..Output::default() }
}

/// What a person would have read, as a machine takes it.
fn for_machines(error: &clap::Error) -> serde_json::Value {
    match error.kind() {
        ErrorKind::DisplayVersion => serde_json::json!({ "version": env!("CARGO_PKG_VERSION") }),
        _ => serde_json::json!({ "help": error.render().to_string() }),
    }
}

/// The message of clap as ours: its first paragraph in one line, its tips as hints.
fn told_by_clap(error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    let message = match error.kind() {
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "a command is missing".to_owned()
        }
        _ => {
            let first = text.lines().take_while(|line| !line.trim().is_empty());
            let words: Vec<&str> = first.flat_map(str::split_whitespace).collect();
            let line = words.join(" ");
            line.strip_prefix("error: ").unwrap_or(&line).to_owned()
        }
    };
    let tips = text.lines().filter_map(|line| line.trim_start().strip_prefix("tip: "));
    let failure = tips.fold(Failure::usage(certus_app::clean::line(&message, 300)), Failure::hint);
    failure.hint("see what there is: certus --help")
}

fn asks_for_version(mut arguments: impl Iterator<Item = std::ffi::OsString>) -> bool {
    arguments.next().is_some_and(|first| first == "--version" || first == "-V") && arguments.next().is_none()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_version_is_the_one_that_clap_would_print() {
        assert_eq!(Args::command().render_version().trim_end(), VERSION);
    }

    #[test]
    fn only_asking_for_nothing_else_is_asking_for_the_version() {
        let asks = |words: &[&str]| asks_for_version(words.iter().map(Into::into));
        assert!(asks(&["--version"]) && asks(&["-V"]));
        assert!(!asks(&[]) && !asks(&["status"]) && !asks(&["--version", "status"]) && !asks(&["--json", "--version"]));
    }
}
