//! One command, one file: the doc comment on its arguments is its help text.

pub(crate) mod answer;
pub(crate) mod calibration;
pub(crate) mod completions;
pub(crate) mod cost;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod flow;
pub(crate) mod init;
pub(crate) mod list;
pub(crate) mod login;
pub(crate) mod new;
pub(crate) mod plugin;
pub(crate) mod prompt;
pub(crate) mod run;
pub(crate) mod show;
pub(crate) mod stack;
pub(crate) mod status;
pub(crate) mod undo;
pub(crate) mod use_chain;
pub(crate) mod verdict;

use certus_app::Failure;

use crate::args::{Args, Command};
use crate::output::Output;

/// Run the command that was typed; the answer is the exit status.
pub(crate) fn dispatch(args: Args, output: &Output) -> Result<u8, Failure> {
    let global = &args.global;
    match args.command {
        Command::Init(args) => init::run(&args, global, output),
        Command::Flow(args) => flow::run(args, global, output),
        Command::New(args) => new::run(&args, global, output),
        Command::Status(args) => status::run(&args, global, output),
        Command::List(args) => list::run(&args, global, output),
        Command::Show(args) => show::run(&args, global, output),
        Command::Use(args) => use_chain::run(&args, global, output),
        Command::Answer(args) => answer::run(args, global, output),
        Command::Approve(args) => verdict::approve(&args, global, output),
        Command::Reject(args) => verdict::reject(&args, global, output),
        Command::MoreInfo(args) => verdict::more_info(&args, global, output),
        Command::Diff(args) => diff::run(&args, global, output),
        Command::Undo(args) => undo::run(&args, global, output),
        Command::Run(args) => run::run(&args, global, output),
        Command::Stack(args) => stack::run(&args, global, output),
        Command::Prompt(args) => prompt::run(args, global, output),
        Command::Plugin(args) => plugin::run(args, global, output),
        Command::CostReport(args) => cost::report(&args, global, output),
        Command::ChainCost(args) => cost::chain(&args, global, output),
        Command::Calibration(args) => calibration::run(&args, global, output),
        Command::Login(args) => login::run(&args, global, output),
        Command::Doctor(args) => doctor::run(&args, global, output),
        Command::Completions(args) => completions::run(&args, output),
    }
}
