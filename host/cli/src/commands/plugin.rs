use certus_app::Failure;
use clap::{Args, Subcommand};

use crate::args::Global;
use crate::context;
use crate::output::Output;

/// List and show installed plugins
#[derive(Debug, Args)]
pub(crate) struct PluginArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List plugins with what they offer
    List,
    /// Show one plugin: version, digest, rights, commands, methodology
    Show {
        /// Its name
        name: String,
    },
}

pub(crate) fn run(args: PluginArgs, global: &Global, output: &Output) -> Result<u8, Failure> {
    let session = context::session(global)?;
    match args.command {
        Command::List => {
            let plugins = session.plugins();
            output.object(&serde_json::json!({ "plugins": plugins }));
            for plugin in &plugins {
                output.line(format!(
                    "{:<16} {:<8} {:<10} {}",
                    plugin.name, plugin.version, plugin.source, plugin.description
                ));
            }
        }
        Command::Show { name } => {
            let plugin = session.plugin(&name)?;
            output.object(&plugin);
            output.heading(&format!("{} {}", plugin.name, plugin.version));
            output.line(&plugin.description);
            output.line(format!("source: {}", plugin.source));
            output.line(format!("digest: {}", plugin.digest));
            output.line(format!("exports: {}", plugin.exports.join(", ")));
            output.line(format!(
                "rights: {}",
                if plugin.rights.is_empty() { "none".to_owned() } else { plugin.rights.join(", ") }
            ));
            for command in &plugin.commands {
                output.line(format!("  /{}  {}", command.name, command.help));
            }
            for phase in &plugin.phases {
                output.line(format!("  phase {phase}"));
            }
            for (name, value) in &plugin.settings {
                output.line(format!("  setting {name} = {value}"));
            }
        }
    }
    Ok(0)
}
