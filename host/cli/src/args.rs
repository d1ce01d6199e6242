//! Arguments. The doc comment on each field is its help text.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};

use crate::commands::*;

/// Drive a piece of software work from a vague goal to an approved, verified change
#[derive(Debug, Parser)]
#[command(name = "certus", version, max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options that every command takes
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct Global {
    /// Work on this project [default: the nearest folder upwards that Certus knows, or this one]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,
    /// Keep chains here instead of in the project's `.certus` [env: CERTUS_STATE]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// Who answers prompts: offline (rules, no model), manual (you paste), replay:FILE, anthropic, openai, gemini, ollama,
    /// claude-cli, or a service of your configuration; NAME:MODEL takes one model of it [env: CERTUS_PROVIDER]
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) provider: Option<String>,
    /// Print exactly one JSON object on stdout
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print every event on stdout, one JSON object a line; the last line says where the chain stands ("type":"report", the
    /// fields of --json) or what went wrong ("type":"error")
    #[arg(long, global = true, conflicts_with = "json")]
    pub(crate) events: bool,
    /// Never ask in the terminal: print the questions and exit 3
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
    /// Print no progress
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

impl Global {
    /// With what the environment says where no option does. Empty means unset there, as it does for every variable of ours.
    pub(crate) fn with_environment(mut self) -> Self {
        let named = || std::env::var_os("CERTUS_STATE").filter(|dir| !dir.is_empty()).map(PathBuf::from);
        self.state = self.state.or_else(named);
        self
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(init::InitArgs),
    Flow(flow::FlowArgs),
    New(new::NewArgs),
    Status(status::StatusArgs),
    List(list::ListArgs),
    Show(show::ShowArgs),
    Use(use_chain::UseArgs),
    Answer(answer::AnswerArgs),
    Approve(verdict::ApproveArgs),
    Reject(verdict::RejectArgs),
    MoreInfo(verdict::MoreInfoArgs),
    Diff(diff::DiffArgs),
    Undo(undo::UndoArgs),
    Run(run::RunArgs),
    Stack(stack::StackArgs),
    Prompt(prompt::PromptArgs),
    Plugin(plugin::PluginArgs),
    CostReport(cost::CostReportArgs),
    ChainCost(cost::ChainCostArgs),
    Calibration(calibration::CalibrationArgs),
    Login(login::LoginArgs),
    Doctor(doctor::DoctorArgs),
    Completions(completions::CompletionsArgs),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Args;

    #[test]
    fn the_command_line_is_the_command_table() {
        let command = Args::command();
        let here: Vec<(String, String)> = command
            .get_subcommands()
            .map(|sub| (sub.get_name().to_owned(), sub.get_about().map(ToString::to_string).unwrap_or_default()))
            .collect();
        let table: Vec<(String, String)> =
            certus_app::BUILT_IN.iter().map(|(name, help)| ((*name).to_owned(), (*help).to_owned())).collect();
        assert_eq!(here, table);
    }

    #[test]
    fn the_arguments_make_sense() {
        Args::command().debug_assert();
    }
}
