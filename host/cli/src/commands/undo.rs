use std::sync::Arc;

use certus_app::driver::{Cast, Driver};
use certus_app::{Answers, Failure, FlowReport, Handover};
use clap::Args;
use serde::Serialize;

use crate::args::Global;
use crate::context;
use crate::output::Output;
use crate::terminal::{Progress, Terminal};

/// Take back the edits that a chain wrote last, or those of a draft
///
/// A chain that was complete is open again then, in the phase that wrote them: nothing shows any more that it is done. What was
/// approved for later edits holds no longer: each is asked about again. Tests that were taken back are written anew.
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
    /// Where the chain stands now: what was complete is open again.
    status: &'static str,
    next: Option<String>,
}

pub(crate) fn run(args: &UndoArgs, global: &Global, output: &Output) -> Result<u8, Failure> {
    let session = context::spending_nothing(global, output)?;
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
    let was_complete = driver.chain().ended().is_some_and(|ended| ended.success);
    let files = context::block_on(driver.undo(args.draft.as_deref()))?;
    progress.done();
    let report = FlowReport::of(id, driver.chain(), None, &context::suffix(global));
    output.line(match files.as_slice() {
        [] => "Nothing to take back: its files were as planned before it was written, and stay".to_owned(),
        files => format!("Taken back: {}", files.join(", ")),
    });
    if was_complete && driver.chain().ended().is_none() {
        output.line(format!("Chain {id} was complete and is open again, in {}", report.phase));
    }
    if let Some(next) = &report.next {
        output.line(format!("Next: {next}"));
    }
    output.object(&Undone { chain: id.to_string(), files, status: report.status, next: report.next });
    Ok(0)
}
