use std::path::PathBuf;

use certus_app::{Answers, ChainId, Failure, Session};
use clap::Args;

use crate::args::Global;
use crate::context::{self, Drive};
use crate::output::Output;

/// Start a chain for a goal and drive it until it ends or needs you
///
/// A chain is running, waiting (for you), paused (nobody answers prompts now), complete or given-up; a run may end
/// refused, where the controller names only what the law forbids.
///
/// Exit status: 0 done, 1 failed, 2 usage, 3 waiting for you, 4 gate not met, 5 budget, 6 nobody to answer prompts.
#[derive(Debug, Args)]
pub(crate) struct FlowArgs {
    /// What you want, in a sentence
    #[arg(required_unless_present = "continue_chain", conflicts_with_all = ["continue_chain", "chain"])]
    goal: Option<String>,
    /// Go on with the active chain (where none is, the newest that is open), or with --chain
    #[arg(long = "continue")]
    continue_chain: bool,
    /// The chain to go on with: 047, 47 or a part of its name
    #[arg(long, value_name = "ID", requires = "continue_chain")]
    chain: Option<String>,
    /// Who answers prompts: offline (rules, no model), manual (you paste), replay:FILE
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// With `--provider manual`: the reply to the prompt that waits, from a file or `-`
    #[arg(long, value_name = "FILE")]
    reply: Option<PathBuf>,
    /// Answers given beforehand: a TOML file with [answers] question-id = "answer"
    #[arg(long, value_name = "FILE")]
    answers: Option<PathBuf>,
    /// Take the recommended answer to every question
    #[arg(long)]
    recommended: bool,
    /// The methodology of a new chain [default: certainty]
    #[arg(long, value_name = "NAME", conflicts_with = "continue_chain")]
    methodology: Option<String>,
    /// Stop once this phase is entered and its proposal shown
    #[arg(long, value_name = "PHASE")]
    until: Option<String>,
}

pub(crate) fn run(args: FlowArgs, global: &Global, output: &Output) -> Result<u8, Failure> {
    let mut answers = args.answers.as_deref().map(Answers::read).transpose()?.unwrap_or_default();
    answers.typed.recommended = args.recommended;
    let session = context::session(global, args.provider.as_deref())?;
    if let Some(until) = &args.until {
        session.check_phase(until, args.methodology.as_deref())?;
    }
    for warning in session.warnings() {
        output.warning(&warning);
    }
    let id = match &args.goal {
        Some(goal) => {
            // Nothing is created for a chain that cannot be answered.
            session.provider(&session.config().provider, args.reply.as_deref())?;
            let id = session.create(goal, args.methodology.as_deref())?;
            // What the chain begins with was recorded before anybody listened.
            session.events(id)?.iter().for_each(|event| output.event(event));
            output.note(&format!("Chain {id}: {}", certus_app::clean::line(goal, 120)));
            id
        }
        None => to_go_on(&session, args.chain.as_deref(), output)?,
    };
    let how = Drive { until: args.until, answers, reply: args.reply };
    let again = args.continue_chain;
    context::drive(&session, id, global, output, how, async |driver| {
        if again {
            driver.take_up();
        }
        Ok(())
    })
}

/// The chain named, or the active one. A process that was killed right after it began a chain left none active: then it is
/// the newest that is open.
fn to_go_on(session: &Session, named: Option<&str>, output: &Output) -> Result<ChainId, Failure> {
    if named.is_none()
        && session.active()?.is_none()
        && let Some(id) = session.newest_open()?
    {
        session.set_active(id)?;
        output.note(&format!("Chain {id}, the newest that is open, is active now"));
        return Ok(id);
    }
    context::chain(session, named)
}
