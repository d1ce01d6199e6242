use certus_app::Failure;
use clap::Args;

use crate::args::Global;
use crate::context;
use crate::output::Output;

/// Make a chain the active one
#[derive(Debug, Args)]
pub(crate) struct UseArgs {
    /// 047, 47 or a part of its name
    chain: String,
}

pub(crate) fn run(args: &UseArgs, global: &Global, output: &Output) -> Result<u8, Failure> {
    let session = context::spending_nothing(global, output)?;
    let id = session.find(&args.chain)?;
    session.set_active(id)?;
    output.object(&serde_json::json!({ "chain": id.to_string() }));
    output.line(format!("Chain {id} is active: {}", session.chain(id)?.goal()));
    Ok(0)
}
