use certus_app::Failure;
use clap::Args;
use serde_json::json;

use crate::args::Global;
use crate::output::Output;

/// Prepare a project: write certus.toml, project_rules.md, plugins.toml and prompts/custom where they are missing
///
/// In certus.toml: [gates.PHASE] AREA = 0.85 asks for more than the methodology does, [limits] max-output-tokens = 4000
/// lowers what a prompt may take, [budget] chain = { usd = 2.00 } lowers what a chain may cost, variant = "name" labels the workflow. Nothing there can loosen anything.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {}

pub(crate) fn run(_: &InitArgs, global: &Global, output: &Output) -> Result<u8, Failure> {
    let root = certus_app::project_root(global.project.as_deref(), false)?;
    let prepared = certus_app::init(&root)?;
    output.object(&json!({ "project": root, "made": prepared.made, "kept": prepared.kept }));
    for name in &prepared.made {
        output.line(format!("made {name}"));
    }
    for name in &prepared.kept {
        output.line(format!("kept {name}"));
    }
    output.line(output.complete("Next: certus flow \"what you want\""));
    Ok(0)
}
