use std::path::PathBuf;
use std::sync::Arc;

use certus_app::engine::Cap;
use certus_app::{Answers, ChainId, Clipboard, Failure, Handover, Session, SessionOptions};
use clap::Args;

use crate::args::Global;
use crate::clipboard::SystemClipboard;
use crate::context::{self, Drive};
use crate::output::Output;

/// Start a chain for a goal and drive it until it ends or needs you
///
/// A chain is running, ready (to go on), waiting (for you), paused (something is in its way, and it says what), complete or
/// given-up; a run may end refused, where the controller names only what the law forbids.
///
/// Keys are looked for in the environment (ANTHROPIC_API_KEY, OPENAI_API_KEY, GEMINI_API_KEY …), in the `.env` of your
/// configuration directory, and where `certus login` stored them. What may be spent stands under [budget] in your
/// configuration and in certus.toml, of which the lower counts. Before the first call of a phase that costs money, one line
/// says what it will probably cost, and at most; `estimate` in --json has it.
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
    /// With `--provider manual`: the reply to the prompt that waits, from a file or `-`
    #[arg(long, value_name = "FILE")]
    reply: Option<PathBuf>,
    /// With `--provider manual`: the reply is on the clipboard
    #[arg(long, conflicts_with = "reply")]
    paste: bool,
    /// With `--provider manual`: put the prompt that waits on the clipboard; over SSH, on your terminal's
    #[arg(long)]
    copy_prompt: bool,
    /// Answers given beforehand: a TOML file with [answers] question-id = "answer"
    #[arg(long, value_name = "FILE")]
    answers: Option<PathBuf>,
    /// Take the recommended answer to every question
    #[arg(long)]
    recommended: bool,
    /// The methodology of a new chain [default: certainty]
    #[arg(long, value_name = "NAME", conflicts_with = "continue_chain")]
    methodology: Option<String>,
    /// Spend at most so many US dollars on the chain; takes the place of `chain` in your own [budget]
    #[arg(long, value_name = "USD", value_parser = usd)]
    max_usd: Option<u64>,
    /// Use at most so many tokens, input and output together, on the chain
    #[arg(long, value_name = "TOKENS")]
    max_tokens: Option<u64>,
    /// Stop once this phase is entered and its proposal shown
    #[arg(long, value_name = "PHASE")]
    until: Option<String>,
}

pub(crate) fn run(args: FlowArgs, global: &Global, output: &Output) -> Result<u8, Failure> {
    let mut answers = args.answers.as_deref().map(Answers::read).transpose()?.unwrap_or_default();
    answers.typed.recommended = args.recommended;
    let budget = Cap { tokens: args.max_tokens, usd_micros: args.max_usd };
    let session = Session::open(SessionOptions { budget, ..context::options(global) })?;
    let clipboard = |asked: bool| asked.then(|| Arc::new(SystemClipboard) as Arc<dyn Clipboard>);
    let hand = Handover { reply: args.reply, paste: clipboard(args.paste), copy: clipboard(args.copy_prompt) };
    if let Some(until) = &args.until {
        session.check_phase(until, args.methodology.as_deref())?;
    }
    for warning in session.warnings() {
        output.warning(&warning);
    }
    let id = match &args.goal {
        Some(goal) => {
            // Nothing is created for a chain that cannot be answered.
            session.provider(&session.config().provider, &hand)?;
            let id = session.create(goal, args.methodology.as_deref())?;
            // What the chain begins with was recorded before anybody listened.
            session.events(id)?.iter().for_each(|event| output.event(event));
            output.note(&format!("Chain {id}: {}", certus_app::clean::line(goal, 120)));
            id
        }
        None => to_go_on(&session, args.chain.as_deref(), output)?,
    };
    let how = Drive { until: args.until, answers, hand };
    let again = args.continue_chain;
    context::drive(&session, id, global, output, how, async |driver| {
        if again {
            driver.take_up();
        }
        Ok(())
    })
}

/// Dollars, as millionths.
fn usd(text: &str) -> Result<u64, String> {
    let number: f64 = text.trim_start_matches('$').parse().map_err(|_| format!("`{text}` is no number of dollars"))?;
    certus_app::usd_micros(number)
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
