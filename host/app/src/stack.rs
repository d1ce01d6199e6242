//! Reading a project: every trusted interpreter whose stack is there, and conventions for the rest.
//!
//! What an interpreter says is a guest's word: every quote is looked up in the file before it counts as cited.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use certus_engine::{Discovered, Discovery, Place, ProjectSummary, StackSummary};
use certus_packages::Stack as Wanted;
use certus_runtime::{File, Report, Runtime};
use certus_store::SummaryCache;
use certus_workspace::{Entry, Project, ReadError, Why};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::Serialize;

use crate::Failure;
use crate::clean::line;
use crate::driver::cite_all;
use crate::plugins::{Installed, Registry};
use crate::programs::without_extension;
use crate::summaries::Known;

/// Source text that interpreters are given at most, in bytes: larger projects are read in part, and say so.
const MOST_SOURCE: u64 = 256 << 20;
/// Facts that reading a project leaves in a chain at most.
const MOST_FACTS: usize = 640;

/// Facts of one kind at most, so that no kind crowds out the others. Of what a goal can name (a route, a model, a package)
/// there are many, and what is left out here is asked about although the code answers it.
fn most_of(kind: &str) -> usize {
    match kind {
        "route" => 240,
        "model" | "dependency" | "auth" => 100,
        _ => 40,
    }
}

/// What `certus stack --json` prints. Fields are only ever added.
#[derive(Debug, Clone, Default, Serialize)]
pub struct StackReport {
    /// Most certain first.
    pub stacks: Vec<StackLine>,
    /// With every mount prefix.
    pub routes: Vec<RouteLine>,
    /// Data models.
    pub models: Vec<ModelLine>,
    /// Everything else.
    pub facts: Vec<StackFact>,
    /// Command lines to run from the project's root.
    pub commands: CommandLines,
    /// What could not be read.
    pub unparsed: Vec<Unparsed>,
    /// How long it took.
    pub elapsed_ms: u64,
}

/// A stack.
#[derive(Debug, Clone, Serialize)]
pub struct StackLine {
    /// The interpreter, or `conventions`.
    pub plugin: String,
    /// `node` …
    pub name: String,
    /// Relative to the project; empty for the root.
    pub root: String,
    /// 0..=1.
    pub confidence: f64,
    /// With versions where known.
    pub frameworks: Vec<FrameworkLine>,
}

/// A framework.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FrameworkLine {
    /// `express` …
    pub name: String,
    /// As declared or locked.
    pub version: Option<String>,
}

/// A route.
#[derive(Debug, Clone, Serialize)]
pub struct RouteLine {
    /// Upper case.
    pub method: String,
    /// With every mount prefix.
    pub path: String,
    /// Shortened.
    pub handler: String,
    /// Relative to the project.
    pub file: String,
    /// 1-based.
    pub line: u32,
}

/// A data model.
#[derive(Debug, Clone, Serialize)]
pub struct ModelLine {
    /// Its name.
    pub name: String,
    /// As declared.
    pub fields: Vec<String>,
    /// Relative to the project.
    pub file: String,
    /// 1-based.
    pub line: u32,
}

/// Anything else, with its place.
#[derive(Debug, Clone, Serialize)]
pub struct StackFact {
    /// Dotted.
    pub key: String,
    /// What was found.
    pub value: String,
    /// Relative to the project.
    pub file: String,
    /// 1-based.
    pub line: u32,
    #[serde(skip)]
    quote: String,
}

/// The project's own commands.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CommandLines {
    /// Its tests.
    pub test: Option<String>,
    /// Its linter.
    pub lint: Option<String>,
    /// Its build.
    pub build: Option<String>,
}

/// A file or folder that was not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unparsed {
    /// Relative to the project; `.` for the project itself.
    pub file: String,
    /// Why.
    pub error: String,
}

/// Concepts that interpreters are asked to say in the project's own terms.
const CONCEPTS: [&str; 6] = ["route", "middleware", "model", "test", "error-handling", "config"];

/// What was read: for people and machines, and as a chain learns it.
pub struct Reading {
    /// For people and machines.
    pub report: StackReport,
    /// As a chain learns it.
    pub discovered: Discovered,
}

/// Read a project.
///
/// # Errors
/// A bundled interpreter cannot be loaded. One that fails on this project is named in `unparsed` instead.
pub(crate) async fn read<'a>(
    project: &Arc<Project>,
    registry: &Registry,
    goal: Option<&str>,
    runtime: impl Fn() -> Result<Arc<Runtime>, Failure>,
    cache: impl Fn() -> Option<&'a SummaryCache>,
) -> Result<Reading, Failure> {
    let since = Instant::now();
    let listing = project.files();
    let mut report = StackReport::default();
    let mut quotes: BTreeMap<(String, u32), String> = BTreeMap::new();
    let mut covered = Vec::new();
    let mut idioms = BTreeMap::new();
    for plugin in registry.interpreters() {
        let Some(wanted) = &plugin.manifest.stack else { continue };
        let markers = markers(wanted)?;
        if !listing.entries.iter().any(|entry| markers.is_match(&entry.path)) {
            continue;
        }
        let runtime = runtime()?;
        let found =
            interpret(project, &listing.entries, plugin, wanted, &runtime, cache(), &mut report.unparsed).await?;
        if goal.is_some() {
            idioms.extend(say(plugin, &runtime, &found).await?);
        }
        covered.push(wanted.name.clone());
        take(&mut report, &mut quotes, plugin, found);
    }
    conventions(project, &listing.entries, &mut report, covered.is_empty());
    for left in listing.left_out.iter().filter(|left| worth_telling(&left.why)) {
        report.unparsed.push(Unparsed { file: line(&left.path, 200), error: left.why.to_string() });
    }
    // What lies too deep is named above: everything beside it was read.
    if let Some(at) = &listing.stopped_at {
        let most = listing.entries.len();
        let error =
            format!("not read, nor what comes after it: the project has more than the {most} files that are read");
        report.unparsed.push(Unparsed { file: line(at, 200), error });
    }
    // What is about no file is about the project.
    for unread in report.unparsed.iter_mut().filter(|unread| unread.file.is_empty()) {
        ".".clone_into(&mut unread.file);
    }
    report.elapsed_ms = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
    let mut discovered = learn(project, &report, &quotes, listing.entries.len());
    discovered.summary.idioms = idioms;
    if let Some(goal) = goal {
        let mut named = crate::named::files(project, goal, &listing.entries);
        cite_all(project, &mut named);
        discovered.facts.extend(named);
    }
    Ok(Reading { report, discovered })
}

/// What is excluded on purpose is no news; what a person may miss is.
fn worth_telling(why: &Why) -> bool {
    !matches!(why, Why::Excluded(_) | Why::SymbolicLink)
}

fn globs(patterns: &[String]) -> Result<GlobSet, Failure> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = GlobBuilder::new(pattern).literal_separator(true).build();
        set.add(glob.map_err(|error| Failure::failed(format!("a plugin's file pattern is wrong: {error}")))?);
    }
    set.build().map_err(|error| Failure::failed(format!("a plugin's file patterns are wrong: {error}")))
}

/// A marker counts wherever it lies: a project may hold its stacks in folders.
fn markers(wanted: &Wanted) -> Result<GlobSet, Failure> {
    let anywhere: Vec<String> =
        wanted.markers.iter().flat_map(|marker| [marker.clone(), format!("**/{marker}")]).collect();
    globs(&anywhere)
}

async fn interpret(
    project: &Arc<Project>,
    entries: &[Entry],
    plugin: &Installed,
    wanted: &Wanted,
    runtime: &Runtime,
    cache: Option<&SummaryCache>,
    unparsed: &mut Vec<Unparsed>,
) -> Result<Report, Failure> {
    let (files, exclude) = (globs(&wanted.files)?, globs(&wanted.exclude)?);
    let mut sources = Vec::new();
    let mut bytes = 0;
    let programs = without_extension(project, entries, wanted, &markers(wanted)?);
    let matched = entries.iter().filter(|entry| files.is_match(&entry.path));
    let more = programs.into_iter().filter(|entry| !files.is_match(&entry.path));
    for entry in matched.chain(more).filter(|entry| !exclude.is_match(&entry.path)) {
        // What is not read takes no room from what is: one huge file hides nothing but itself.
        if bytes + entry.size > MOST_SOURCE && entry.size <= MOST_SOURCE {
            let error = format!("not read: the project has more than {} MiB of source", MOST_SOURCE >> 20);
            unparsed.push(Unparsed { file: entry.path.clone(), error });
            continue;
        }
        match project.read(&entry.path) {
            Ok(text) => {
                bytes += text.text.len() as u64;
                sources.push(File { path: text.path, content: text.text });
            }
            Err(ReadError::Missing { .. }) => {}
            Err(error) => unparsed.push(Unparsed { file: entry.path.clone(), error: line(&error.to_string(), 200) }),
        }
    }
    let loaded = plugin.load(runtime, None)?;
    let (known, unknown) = Known::look_up(cache, &plugin.reference.digest, sources);
    let indexed = known.complete(loaded.index_all(unknown).await);
    for problem in indexed.problems {
        unparsed.push(Unparsed { file: line(&problem.path, 200), error: line(&problem.error.to_string(), 200) });
    }
    for summary in &indexed.summaries {
        if let Some(problem) = &summary.problem {
            unparsed.push(Unparsed { file: line(&summary.path, 200), error: line(problem, 200) });
        }
    }
    match loaded.link(indexed.summaries).await {
        Ok(report) => Ok(report),
        Err(error) => {
            unparsed.push(Unparsed {
                file: String::new(),
                error: line(&format!("{}: {error}", plugin.manifest.name), 300),
            });
            Ok(Report::default())
        }
    }
}

/// How the project says the usual concepts. A concept that the interpreter fails on is left out: it is only wording.
async fn say(plugin: &Installed, runtime: &Runtime, found: &Report) -> Result<BTreeMap<String, String>, Failure> {
    let loaded = plugin.load(runtime, None)?;
    let mut said = BTreeMap::new();
    for concept in CONCEPTS {
        if let Ok(Some(sentence)) = loaded.idiom(concept, found).await {
            said.insert(concept.to_owned(), line(&sentence, 400));
        }
    }
    Ok(said)
}

fn take(report: &mut StackReport, quotes: &mut BTreeMap<(String, u32), String>, plugin: &Installed, found: Report) {
    let mut quoted = |place: &Place| {
        quotes.insert((place.path.clone(), place.line), place.quote.clone());
    };
    for route in &found.routes {
        quoted(&route.place);
    }
    for model in &found.models {
        quoted(&model.place);
    }
    report.stacks.extend(found.stacks.into_iter().map(|stack| {
        StackLine {
            plugin: plugin.manifest.name.clone(),
            name: line(&stack.name, 60),
            root: line(&stack.root, 200),
            confidence: stack.confidence,
            frameworks: stack
                .frameworks
                .into_iter()
                .map(|framework| FrameworkLine {
                    name: line(&framework.name, 80),
                    version: framework.version.map(|version| line(&version, 60)),
                })
                .collect(),
        }
    }));
    report.routes.extend(found.routes.into_iter().map(|route| RouteLine {
        method: line(&route.method, 10),
        path: line(&route.path, 300),
        handler: line(&route.handler, 120),
        file: route.place.path,
        line: route.place.line,
    }));
    report.models.extend(found.models.into_iter().map(|model| ModelLine {
        name: line(&model.name, 80),
        fields: model.fields.iter().map(|field| line(field, 80)).collect(),
        file: model.place.path,
        line: model.place.line,
    }));
    report.facts.extend(found.findings.into_iter().map(|finding| StackFact {
        key: line(&finding.key, 120),
        value: line(&finding.value, 300),
        file: finding.place.path,
        line: finding.place.line,
        quote: finding.place.quote,
    }));
    let commands = &mut report.commands;
    commands.test = commands.test.take().or(found.commands.test);
    commands.lint = commands.lint.take().or(found.commands.lint);
    commands.build = commands.build.take().or(found.commands.build);
}

/// Languages, manifests, README, tests and entry points by convention. Where an interpreter read the project, only what it
/// does not say is added.
fn conventions(project: &Project, entries: &[Entry], report: &mut StackReport, alone: bool) {
    let mut reader = |path: &str| project.read(path).ok().map(|text| text.text);
    let survey = certus_workspace::conventions::survey(entries, &mut reader);
    if alone {
        for language in survey.languages.iter().filter(|language| language.share > 0) {
            report.stacks.push(StackLine {
                plugin: "conventions".to_owned(),
                name: language.name.to_lowercase(),
                root: String::new(),
                confidence: f64::from(language.share) / 100.0,
                frameworks: Vec::new(),
            });
        }
    }
    let known: std::collections::HashSet<String> = report.facts.iter().map(|fact| kind(&fact.key).to_owned()).collect();
    for fact in survey.facts {
        if known.contains(kind(&fact.key)) {
            continue;
        }
        report.facts.push(StackFact {
            key: fact.key,
            value: line(&fact.value, 300),
            file: fact.path,
            line: fact.line,
            quote: fact.quote,
        });
    }
    let commands = &mut report.commands;
    commands.test = commands.test.take().or(survey.commands.test);
    commands.lint = commands.lint.take().or(survey.commands.lint);
    commands.build = commands.build.take().or(survey.commands.build);
}

fn kind(key: &str) -> &str {
    key.split('.').next().unwrap_or(key)
}

/// What a chain learns: findings first, then models and routes, each kind bounded, every quote looked up.
fn learn(
    project: &Project,
    report: &StackReport,
    quotes: &BTreeMap<(String, u32), String>,
    files: usize,
) -> Discovered {
    let quote = |path: &str, number: u32| quotes.get(&(path.to_owned(), number)).cloned().unwrap_or_default();
    let place = |file: &str, number: u32, quote: String| {
        (number > 0 && !file.is_empty()).then(|| Place { path: file.to_owned(), line: number, quote })
    };
    let mut facts: Vec<Discovery> = Vec::new();
    for stack in &report.stacks {
        let frameworks: Vec<String> = stack.frameworks.iter().map(said).collect();
        let value = if frameworks.is_empty() {
            stack.name.clone()
        } else {
            format!("{} with {}", stack.name, frameworks.join(", "))
        };
        let evidence = said_at(report, stack).and_then(|fact| place(&fact.file, fact.line, fact.quote.clone()));
        facts.push(Discovery { key: "stack".to_owned(), value, evidence, cited: false });
    }
    for fact in &report.facts {
        let evidence = place(&fact.file, fact.line, fact.quote.clone());
        facts.push(Discovery { key: fact.key.clone(), value: fact.value.clone(), evidence, cited: false });
    }
    for model in &report.models {
        let key = format!("model.{}", model.name.to_lowercase());
        let value = format!("{} ({})", model.name, line(&model.fields.join(", "), 240));
        facts.push(Discovery {
            key,
            value,
            evidence: place(&model.file, model.line, quote(&model.file, model.line)),
            cited: false,
        });
    }
    for route in &report.routes {
        let key = format!("route.{}", route.method.to_lowercase());
        let value = format!("{} {} → {}", route.method, route.path, route.handler);
        facts.push(Discovery {
            key,
            value,
            evidence: place(&route.file, route.line, quote(&route.file, route.line)),
            cited: false,
        });
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    facts.retain(|fact| {
        let count = counts.entry(kind(&fact.key).to_owned()).or_default();
        *count += 1;
        *count <= most_of(kind(&fact.key))
    });
    facts.truncate(MOST_FACTS);
    cite_all(project, &mut facts);
    let commands =
        [("test", &report.commands.test), ("lint", &report.commands.lint), ("build", &report.commands.build)];
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Discovered {
        facts,
        summary: ProjectSummary {
            stacks: report
                .stacks
                .iter()
                .map(|stack| StackSummary {
                    name: stack.name.clone(),
                    plugin: stack.plugin.clone(),
                    frameworks: stack.frameworks.iter().map(said).collect(),
                })
                .collect(),
            routes: count(report.routes.len()),
            models: count(report.models.len()),
            files: count(files),
            idioms: BTreeMap::new(),
            unparsed: report.unparsed.iter().take(100).map(|bad| (bad.file.clone(), bad.error.clone())).collect(),
            commands: commands.into_iter().filter_map(|(kind, line)| Some((kind.to_owned(), line.clone()?))).collect(),
        },
    }
}

/// The fact that shows best that a stack is there: where a framework of it is depended on, else whatever its manifest says
/// first, else where the program starts.
fn said_at<'a>(report: &'a StackReport, stack: &StackLine) -> Option<&'a StackFact> {
    let below = |fact: &&StackFact| {
        stack.root.is_empty() || fact.file.strip_prefix(&stack.root).is_some_and(|rest| rest.starts_with('/'))
    };
    let first = |wanted: &dyn Fn(&StackFact) -> bool| report.facts.iter().filter(below).find(|fact| wanted(fact));
    let of = |name: &str| first(&|fact| fact.key == format!("dependency.{}", name.to_lowercase()));
    let of_kinds = |kinds: &[&str]| first(&|fact| kinds.contains(&kind(&fact.key)));
    let depended = stack.frameworks.iter().find_map(|framework| of(&framework.name));
    depended
        .or_else(|| of_kinds(&["manifest", "dependency", "script", "runtime"]))
        .or_else(|| of_kinds(&["entry-point"]))
}

fn said(framework: &FrameworkLine) -> String {
    match &framework.version {
        Some(version) => format!("{} {version}", framework.name),
        None => framework.name.clone(),
    }
}
