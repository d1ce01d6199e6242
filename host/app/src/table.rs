//! The command table: everything that can be asked of Certus, once. The command line, slash commands and whatever else
//! offers commands are projections of it; a test of the binary compares.

use certus_packages::Command;
use serde::Serialize;

use crate::plugins::Registry;

/// Where a command comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Certus itself.
    BuiltIn,
    /// A plugin, by name.
    Plugin(String),
}

/// One command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Without a slash.
    pub name: String,
    /// One line, imperative.
    pub help: String,
    /// Where it comes from.
    pub origin: Origin,
    /// A command may name it as the next. Never what approves, answers, trusts or changes the project.
    pub chainable: bool,
}

/// Certus's own commands. None is chainable: each speaks for the person.
pub const BUILT_IN: [(&str, &str); 23] = [
    (
        "init",
        "Prepare a project: write certus.toml, project_rules.md, plugins.toml and prompts/custom where they are missing",
    ),
    ("flow", "Start a chain for a goal and drive it until it ends or needs you"),
    ("new", "Create a chain for a goal and make it the active one, without running it"),
    ("status", "Show where the active chain stands, or all chains"),
    ("list", "List the chains of this project, newest first"),
    ("show", "Show one chain: facts, questions, answers, the solution, what keeps its gate shut"),
    ("use", "Make a chain the active one"),
    ("answer", "Answer questions of a chain, or correct an answer; once none is open, the chain goes on"),
    ("approve", "Approve what was shown, and go on"),
    ("reject", "Reject what was shown, with the reason, and go on"),
    ("more-info", "Ask something about what was shown before deciding"),
    ("diff", "Show the edits that wait to be approved, or those of a draft"),
    ("undo", "Take back the edits that a chain wrote last, or those of a draft"),
    ("run", "Run a slash command in a chain: certus run /uncertainty-check"),
    ("stack", "Read a project: its stacks, frameworks, routes, models and commands, each with file and line"),
    ("prompt", "List, show and render prompts of the library"),
    ("plugin", "List and show installed plugins"),
    ("cost-report", "Sum up what chains cost: in all, per chain, per prompt, per phase, per model"),
    ("chain-cost", "Show what one chain cost"),
    ("calibration", "Compare what models said of their confidence with what then happened, by model and area"),
    ("login", "Store the key of a model service, or remove it"),
    ("doctor", "Check that everything Certus needs here works, and say what to do where it does not"),
    ("completions", "Print a completion script for a shell"),
];

/// Certus's own commands, then those of the plugins.
pub(crate) fn table(registry: &Registry) -> Vec<Entry> {
    let own = BUILT_IN.iter().map(|(name, help)| Entry {
        name: (*name).to_owned(),
        help: (*help).to_owned(),
        origin: Origin::BuiltIn,
        chainable: false,
    });
    let plugins = registry.all().iter().filter(|plugin| plugin.rights.is_some()).flat_map(|plugin| {
        let entry = |command: &Command| Entry {
            name: command.name.clone(),
            help: command.help.clone(),
            origin: Origin::Plugin(plugin.manifest.name.clone()),
            chainable: command.chainable,
        };
        plugin.manifest.commands.iter().map(entry)
    });
    own.chain(plugins).collect()
}

/// Whether Certus itself has a command of that name.
pub(crate) fn is_built_in(name: &str) -> bool {
    BUILT_IN.iter().any(|(known, _)| *known == name)
}
