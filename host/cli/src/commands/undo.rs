use std::sync::Arc;

use certus_app::driver::{Cast, Driver};
use certus_app::{Answers, Failure, Handover, Kind};
use clap::Args;
use serde::Serialize;

use crate::args::Global;
use crate::context;
use crate::output::Output;
use crate::terminal::{Progress, Terminal};

/// Take back the edits that a chain wrote last, or those of a draft
#[derive(Debug, Args)]
pub(crate) struct UndoArgs {
    /// A draft, such as D1; the last written one when left out
    draft: Option<String>,
    /// Another chain than the active one
    #[arg(long, value_name = "ID")]
    chain: Option<String>,
}

#[derive(Serialize)]
struct Undone {
    chain: String,
    files: Vec<String>,
}

pub(crate) fn run(args: &UndoArgs, global: &Global, output: &Output) -> Result<u8, Failure> {
    let session = context::session(global)?;
    let id = context::chain(&session, args.chain.as_deref())?;
    let progress = Progress::new(output.clone());
    let terminal = Terminal::new(output.clone(), progress.clone(), true);
    // Nobody is asked anything.
    let name = session.chain(id)?.provider().to_owned();
    let cast = Cast {
        provider: Arc::clone(&session.provider(certus_app::DEFAULT_PROVIDER, &Handover::default())?),
        provider_name: name,
        person: &terminal,
        listener: &progress,
        answers: Answers::default(),
    };
    let mut driver = Driver::open(&session, id, cast)?;
    let files = context::block_on(driver.undo(args.draft.as_deref()))?;
    progress.done();
    if files.is_empty() {
        return Err(Failure::of(Kind::Failed, "nothing was taken back"));
    }
    output.object(&Undone { chain: id.to_string(), files: files.clone() });
    output.line(format!("Taken back: {}", files.join(", ")));
    Ok(0)
}
