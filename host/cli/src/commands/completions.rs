use certus_app::Failure;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::output::Output;

/// Print a completion script for a shell
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(args: &CompletionsArgs, output: &Output) -> Result<u8, Failure> {
    if output.json || output.events {
        return Err(Failure::usage("a completion script is for a shell, not JSON")
            .hint("leave --json and --events out: certus completions bash"));
    }
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut crate::args::Args::command(), "certus", &mut script);
    output.raw(&String::from_utf8_lossy(&script));
    Ok(0)
}
