//! Development commands: `cargo xtask --help`.
//!
//! What is generated is committed, and each command that generates has a `--check` that compares.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a terminal program without a renderer of its own")]

mod arch;
mod bench;
mod guests;
mod plugins;
mod record;
mod toolchain;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Development commands", disable_help_subcommand = true)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the guests into plugins/dist and tests/guests/dist
    Plugins {
        /// Compare with what is committed instead of writing
        #[arg(long)]
        check: bool,
        /// Build only these
        #[arg(conflicts_with = "check")]
        names: Vec<String>,
    },
    /// Print the crate map of the workspace
    Arch {
        /// Compare the crate map in ARCHITECTURE.md with `cargo metadata`
        #[arg(long)]
        check: bool,
    },
    /// Measure what is promised about speed and memory, each against a floor in the same run
    Bench {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
        /// Measure only these: steps, status, version, controller, memory
        names: Vec<String>,
    },
}

fn main() -> ExitCode {
    let root = root();
    let done = match Args::parse().command {
        Command::Plugins { check: false, names } => plugins::build(&root, &names),
        Command::Plugins { check: true, .. } => plugins::check(&root),
        Command::Arch { check: false } => arch::print(&root),
        Command::Arch { check: true } => arch::check(&root),
        Command::Bench { json, names } => bench::run(&root, &names, json),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The checkout's root.
fn root() -> PathBuf {
    let here =
        std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.ancestors().nth(2).map_or_else(|| PathBuf::from("."), Path::to_owned)
}
