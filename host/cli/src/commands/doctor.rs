use certus_app::Failure;
use clap::Args;

use crate::args::Global;
use crate::context;
use crate::output::Output;

/// Check that everything Certus needs here works, and say what to do where it does not
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Set a damaged database aside and rebuild the chains from what can be read; write damaged contexts again
    #[arg(long)]
    repair: bool,
}

pub(crate) fn run(args: &DoctorArgs, global: &Global, output: &Output) -> Result<u8, Failure> {
    let mut checks = context::block_on(certus_app::examine(context::options(global), args.repair))?;
    for hint in checks.iter_mut().filter_map(|check| check.hint.as_mut()) {
        *hint = output.complete(hint).into_owned();
    }
    output.object(&serde_json::json!({ "checks": checks }));
    for check in &checks {
        output.line(format!("{:<8} {:<12} {}", check.verdict, check.what, check.finding));
        if let Some(hint) = &check.hint {
            output.hint(hint);
        }
    }
    Ok(u8::from(checks.iter().any(|check| check.verdict == "bad")))
}
