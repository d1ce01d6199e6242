use certus_app::Failure;
use clap::Args;

use crate::args::Global;
use crate::output::Output;

/// List the chains of this project, newest first
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// At most so many
    #[arg(long, short = 'n', default_value_t = 20, value_name = "N")]
    most: usize,
}

pub(crate) fn run(args: &ListArgs, global: &Global, output: &Output) -> Result<u8, Failure> {
    let state = certus_app::State::open(global.project.as_deref(), global.state.as_deref())?;
    let mut lines = state.status_all()?;
    lines.reverse();
    let all = lines.len();
    lines.truncate(args.most);
    output.object(&serde_json::json!({ "chains": lines, "total": all }));
    for line in &lines {
        super::status::print(line, output);
    }
    if all > lines.len() {
        output.note(&output.complete(&format!("{} more: certus list -n {all}", all - lines.len())));
    }
    if all == 0 {
        output.line(output.complete("No chain yet. Start one: certus flow \"what you want\""));
    }
    Ok(0)
}
