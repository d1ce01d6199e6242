use certus_app::{Failure, StatusLine};
use clap::{Args, ValueEnum};

use crate::args::Global;
use crate::output::Output;

/// Show where the active chain stands, or all chains
///
/// A chain is running, ready (to go on), waiting (for you), paused (something is in its way, and it says what), complete or
/// given-up. One that was completed by somebody else, or in another place, is done elsewhere: nothing of it was verified here.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// `all` for every chain
    which: Option<Which>,
    /// Another chain than the active one
    #[arg(long, value_name = "ID")]
    chain: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Which {
    All,
}

pub(crate) fn run(args: &StatusArgs, global: &Global, output: &Output) -> Result<u8, Failure> {
    let state = certus_app::State::open(global.project.as_deref(), global.state.as_deref())?;
    let lines = match (args.which, &args.chain) {
        (Some(Which::All), _) => state.status_all()?,
        (None, named) => vec![state.status(named.as_deref(), &crate::context::suffix(global))?],
    };
    if args.which.is_some() {
        output.object(&serde_json::json!({ "chains": lines }));
    } else if let Some(line) = lines.first() {
        output.object(line);
    }
    for line in &lines {
        print(line, output);
        for more in line.compared.iter().chain(&line.elsewhere) {
            output.line(format!("       {more}"));
        }
        // Rules cost nothing, and a list stays one line for each chain.
        if args.which.is_none() && line.cost.total_tokens > 0 {
            output.line(format!("       {}", line.cost.said()));
        }
        // Of what waits for a person, or goes on, there is more to see than fits here.
        if line.status == "paused" {
            line.reason.iter().for_each(|reason| output.line(format!("       because: {reason}")));
            line.next.iter().for_each(|next| output.line(format!("Next: {next}")));
        }
    }
    if lines.is_empty() {
        output.line(output.complete("No chain yet. Start one: certus flow \"what you want\""));
    }
    Ok(0)
}

pub(crate) fn print(line: &StatusLine, output: &Output) {
    let active = if line.active { "*" } else { " " };
    output.line(format!(
        "{active} {}  {:<16} {:<26} {:>4.0} %  {}",
        line.chain,
        if line.completed_elsewhere { "done elsewhere" } else { line.status },
        line.phase,
        line.confidence * 100.0,
        certus_app::clean::line(&line.goal, 60),
    ));
}
