use certus_app::{Failure, PromptText};
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
            front(&prompt, output);
            output.line("");
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

/// What the front matter says, where it says something.
fn front(prompt: &PromptText, output: &Output) {
    let list = |entries: &[String]| entries.join("; ");
    let lines = [
        ("good for", list(&prompt.good_for)),
        ("reduces", list(&prompt.uncertainty_reduction)),
        ("needs", list(&prompt.example_context_needs)),
        ("phases", if prompt.phases.is_empty() { "any".to_owned() } else { prompt.phases.join(", ") }),
        ("costs", format!("{:?} ({:?} model)", prompt.cost_estimate, prompt.model).to_lowercase()),
        ("variant", prompt.variant.clone().unwrap_or_default()),
        ("version", prompt.version.clone()),
        ("file", prompt.file.clone()),
    ];
    output.heading(&prompt.name);
    output.line(&prompt.purpose);
    for (what, said) in lines.iter().filter(|(_, said)| !said.is_empty()) {
        output.line(format!("  {what}: {said}"));
    }
    for argument in &prompt.arguments {
        let how = match (argument.required, &argument.default) {
            (true, _) => " (required)".to_owned(),
            (false, Some(default)) => format!(" (default: {default})"),
            (false, None) => String::new(),
        };
        output.line(format!("  argument {}{how}: {}", argument.name, argument.help));
    }
}
