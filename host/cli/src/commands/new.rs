use certus_app::{Failure, FlowReport};
use clap::Args;

use crate::args::Global;
use crate::context;
use crate::output::Output;

/// Create a chain for a goal and make it the active one, without running it
#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    /// What you want, in a sentence
    goal: String,
    /// The methodology [default: certainty]
    #[arg(long, value_name = "NAME")]
    methodology: Option<String>,
}

pub(crate) fn run(args: &NewArgs, global: &Global, output: &Output) -> Result<u8, Failure> {
    let session = context::session(global)?;
    let id = session.create(&args.goal, args.methodology.as_deref())?;
    let report = FlowReport::of(id, &session.chain(id)?, None, &context::suffix(global));
    output.object(&report);
    output.line(format!("Chain {id}: {}", report.goal));
    if let Some(next) = &report.next {
        output.line(format!("Next: {next}"));
    }
    Ok(0)
}
