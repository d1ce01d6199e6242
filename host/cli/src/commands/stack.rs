use std::path::PathBuf;

use certus_app::Failure;
use clap::Args;

use crate::args::Global;
use crate::context;
use crate::output::Output;

/// Read a project: its stacks, frameworks, routes, models and commands, each with file and line
#[derive(Debug, Args)]
pub(crate) struct StackArgs {
    /// The project [default: --project, or this folder]
    dir: Option<PathBuf>,
}

pub(crate) fn run(args: &StackArgs, global: &Global, output: &Output) -> Result<u8, Failure> {
    let mut global = global.clone();
    if args.dir.is_some() {
        global.project.clone_from(&args.dir);
    }
    let progress = crate::terminal::Progress::new(output.clone());
    certus_app::person::Listener::busy(&progress, "reading the project");
    let reading = context::block_on(certus_app::read_stack(global.project.as_deref()));
    progress.done();
    let report = reading?;
    output.object(&report);
    for stack in &report.stacks {
        let frameworks: Vec<String> = stack
            .frameworks
            .iter()
            .map(|framework| {
                format!("{} {}", framework.name, framework.version.as_deref().unwrap_or("")).trim().to_owned()
            })
            .collect();
        let root = if stack.root.is_empty() { "." } else { &stack.root };
        output.heading(&format!("{} in {root} ({:.0} %, {})", stack.name, stack.confidence * 100.0, stack.plugin));
        output.line(format!("  {}", frameworks.join(", ")));
    }
    section(
        output,
        "Routes",
        report.routes.iter().map(|route| {
            format!("{:<7} {:<40} {}  {}:{}", route.method, route.path, route.handler, route.file, route.line)
        }),
    );
    section(
        output,
        "Models",
        report.models.iter().map(|model| {
            let fields = certus_app::clean::line(&model.fields.join(", "), 140);
            format!("{} ({fields})  {}:{}", model.name, model.file, model.line)
        }),
    );
    section(
        output,
        "Facts",
        report.facts.iter().map(|fact| {
            format!("{} = {}  {}:{}", fact.key, certus_app::clean::line(&fact.value, 70), fact.file, fact.line)
        }),
    );
    let commands =
        [("test", &report.commands.test), ("lint", &report.commands.lint), ("build", &report.commands.build)];
    section(
        output,
        "Commands",
        commands.into_iter().filter_map(|(kind, line)| Some(format!("{kind}: {}", line.as_ref()?))),
    );
    section(output, "Not read", report.unparsed.iter().map(|bad| format!("{}: {}", bad.file, bad.error)));
    output.faint(&format!("{} ms", report.elapsed_ms));
    Ok(0)
}

fn section(output: &Output, title: &str, lines: impl Iterator<Item = String>) {
    const SHOWN: usize = 60;
    let mut lines = lines.peekable();
    if lines.peek().is_none() {
        return;
    }
    output.line("");
    output.heading(title);
    let mut more = 0;
    for (number, line) in lines.enumerate() {
        if number < SHOWN {
            output.line(format!("  {}", certus_app::clean::clean(&line)));
        } else {
            more += 1;
        }
    }
    if more > 0 {
        output.faint(&format!("  and {more} more: --json shows all"));
    }
}
