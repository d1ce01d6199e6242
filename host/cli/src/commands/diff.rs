use certus_app::Failure;
use clap::Args;

use crate::args::Global;
use crate::context;
use crate::output::Output;

/// Show the edits that wait to be approved, or those of a draft
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// A draft, such as D1; the one that waits, or else the last written one, when left out
    draft: Option<String>,
    /// All of it, however long: lines and files are cut otherwise
    #[arg(long)]
    full: bool,
    /// Another chain than the active one
    #[arg(long, value_name = "ID")]
    chain: Option<String>,
}

pub(crate) fn run(args: &DiffArgs, global: &Global, output: &Output) -> Result<u8, Failure> {
    let session = context::spending_nothing(global, output)?;
    let id = context::chain(&session, args.chain.as_deref())?;
    let edits = session.edits(id, args.draft.as_deref(), args.full)?;
    output.object(&edits);
    output.heading(&format!("{} ({}, {}): {}", edits.draft, edits.kind, edits.state, edits.title));
    for file in &edits.files {
        output.line("");
        output.line(format!("{}  +{} -{}", file.file, file.added, file.removed));
        output.diff(&file.diff);
    }
    if edits.files.iter().any(|file| file.cut) {
        output.hint(&format!("see all of it: certus diff {} --full --chain {}", edits.draft, edits.chain));
    }
    Ok(0)
}
