use certus_app::Failure;
use clap::{Args, Subcommand};

use crate::args::Global;
use crate::context;
use crate::output::Output;

/// List, show and render prompts of the library
#[derive(Debug, Args)]
pub(crate) struct PromptArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the prompts, or those that match some words
    List {
        /// Words to look for
        words: Vec<String>,
    },
    /// Show a prompt as it is written
    Show {
        /// Its exact name
        name: String,
    },
    /// Print the text that would be sent in a chain
    Render {
        /// Its exact name
        name: String,
        /// Arguments as name=value
        #[arg(value_name = "NAME=VALUE")]
        arguments: Vec<String>,
        /// Another chain than the active one
        #[arg(long, value_name = "ID")]
        chain: Option<String>,
    },
}

pub(crate) fn run(args: PromptArgs, global: &Global, output: &Output) -> Result<u8, Failure> {
    let session = context::session(global)?;
    match args.command {
        Command::List { words } => {
            let prompts = session.prompts(&words.join(" "));
            output.object(&serde_json::json!({ "prompts": prompts }));
            for prompt in &prompts {
                output.line(format!("{:<28} {}", prompt.name, prompt.purpose));
            }
            for problem in session.prompt_problems() {
                output.warning(&problem);
            }
            if prompts.is_empty() {
                output.note(&output.complete("No prompt matches. See all: certus prompt list"));
            }
        }
        Command::Show { name } => {
            let prompt = session.prompt(&name)?;
            output.object(&prompt);
            output.line(&prompt.text);
        }
        Command::Render { name, arguments, chain } => {
            let id = context::chain(&session, chain.as_deref())?;
            let text = session.rendered(id, &name, &arguments)?;
            output.object(&serde_json::json!({ "prompt": name, "text": text }));
            output.line(&text);
        }
    }
    Ok(0)
}
