use certus_app::driver::Wider;
use certus_app::{Failure, Verdict};
use clap::Args;

use crate::args::Global;
use crate::context::{self, Drive};
use crate::output::Output;

/// Approve what was shown, and go on
#[derive(Debug, Args)]
pub(crate) struct ApproveArgs {
    /// What you saw, so that nothing else is approved: a draft such as D1, or the beginning of a digest as `next` names it
    shown: Option<String>,
    /// Where edits wait: approve all later edits of the same files too, in this chain
    #[arg(long, conflicts_with = "all_in_chain")]
    all_in_files: bool,
    /// Where edits wait: approve all later edits too, in this chain, but for those that decide more than the change
    ///
    /// Whatever says what runs, what is ignored or what configures tools, changes of tests that are there, and diffs that are not
    /// shown whole are shown and asked about each time.
    #[arg(long)]
    all_in_chain: bool,
    /// Stop once this phase is entered and its proposal shown
    #[arg(long, value_name = "PHASE")]
    until: Option<String>,
    /// Another chain than the active one
    #[arg(long, value_name = "ID")]
    chain: Option<String>,
}

/// Reject what was shown, with the reason, and go on
///
/// After a solution the chain goes on from requirements; after edits or a command it stays in its phase.
#[derive(Debug, Args)]
pub(crate) struct RejectArgs {
    /// What is wrong with it; the next prompts see it
    #[arg(long, value_name = "REASON")]
    why: String,
    /// Another chain than the active one
    #[arg(long, value_name = "ID")]
    chain: Option<String>,
}

/// Ask something about what was shown before deciding
#[derive(Debug, Args)]
pub(crate) struct MoreInfoArgs {
    /// What you want to know
    text: String,
    /// Another chain than the active one
    #[arg(long, value_name = "ID")]
    chain: Option<String>,
}

pub(crate) fn approve(args: &ApproveArgs, global: &Global, output: &Output) -> Result<u8, Failure> {
    let wider = match (args.all_in_files, args.all_in_chain) {
        (true, _) => Some(Wider::Files),
        (_, true) => Some(Wider::Chain),
        _ => None,
    };
    let how = Drive { until: args.until.clone(), ..Drive::default() };
    judge(args.chain.as_deref(), Verdict::Approved, (wider, args.shown.as_deref()), how, global, output)
}

pub(crate) fn reject(args: &RejectArgs, global: &Global, output: &Output) -> Result<u8, Failure> {
    let why = args.why.trim();
    if why.is_empty() {
        let failure = Failure::usage("a rejection needs its reason").hint("certus reject --why \"what is wrong\"");
        return Err(context::of_chain(failure, args.chain.as_deref()));
    }
    judge(args.chain.as_deref(), Verdict::Rejected(why.to_owned()), (None, None), Drive::default(), global, output)
}

pub(crate) fn more_info(args: &MoreInfoArgs, global: &Global, output: &Output) -> Result<u8, Failure> {
    let text = args.text.trim();
    if text.is_empty() {
        let failure = Failure::usage("say what you want to know").hint("certus more-info \"your question\"");
        return Err(context::of_chain(failure, args.chain.as_deref()));
    }
    judge(args.chain.as_deref(), Verdict::MoreInfo(text.to_owned()), (None, None), Drive::default(), global, output)
}

fn judge(
    chain: Option<&str>,
    verdict: Verdict,
    (wider, shown): (Option<Wider>, Option<&str>),
    how: Drive,
    global: &Global,
    output: &Output,
) -> Result<u8, Failure> {
    let session = context::session(global)?;
    if let Some(until) = &how.until {
        session.check_phase(until, None)?;
    }
    let id = context::chain(&session, chain)?;
    let judged = context::drive(&session, id, global, output, how, async |driver| {
        driver.judge_open(verdict, wider, shown).await
    });
    judged.map_err(|failure| context::of_chain(failure, chain))
}
