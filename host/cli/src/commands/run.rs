use certus_app::Failure;
use clap::Args;

use crate::args::Global;
use crate::context::{self, Drive};
use crate::output::Output;

/// Run a slash command in a chain: certus run /uncertainty-check
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The command, with or without its slash
    command: String,
    /// Its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
    /// Another chain than the active one (before the command's name)
    #[arg(long, value_name = "ID")]
    chain: Option<String>,
}

pub(crate) fn run(args: &RunArgs, global: &Global, output: &Output) -> Result<u8, Failure> {
    let session = context::session(global)?;
    let id = context::chain(&session, args.chain.as_deref())?;
    let line = certus_app::command_line(&args.command, &args.arguments);
    context::drive(&session, id, global, output, Drive::default(), async |driver| driver.run_line(&line).await)
}
