//! A project being worked on: its files, chains, prompts and plugins, each opened when it is first needed.
//!
//! The rooms below know nothing of one another; here they are wired. A command that reads one row pays for one row.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use certus_engine::{
    Action, Catalogue, Chain, ChainId, CommandRef, Digest, Event, Methodology, Millis, PluginRef, PromptRef, Request,
    Started, View, law,
};
use certus_prompts::{Extra, Library, Listed, Model};
use certus_providers::{Provider, Tier};
use certus_runtime::{Options, Runtime};
use certus_store::{Hold, Mode, Store, StoreError, SummaryCache};
use certus_workspace::Project;
use serde::Serialize;

use crate::clock::{Clock, FixedClock, SystemClock};
use crate::config::{Config, UserDirs, project_file};
use crate::driver::Sending;
use crate::paths::{project_root, state_dir};
use crate::plugins::{PluginLine, Registry};
use crate::report::OpenQuestion;
use crate::stack::Reading;
use crate::{Answers, Failure};

/// The methodology of a chain that names none.
pub const DEFAULT_METHODOLOGY: &str = "certainty";
/// A goal may take at most so many bytes.
const MOST_GOAL: usize = 64 * 1024;
/// Files of the project's own prompts.
const CUSTOM_PROMPTS: &str = "prompts/custom/**/*.md";

/// What a session is opened with.
#[derive(Debug, Clone, Default)]
pub struct SessionOptions {
    /// The project; found from this folder when absent.
    pub project: Option<PathBuf>,
    /// Where its state lies; `.certus` in it when absent.
    pub state: Option<PathBuf>,
    /// What a flag said.
    pub provider: Option<String>,
}

/// A project being worked on.
pub struct Session {
    project: Arc<Project>,
    state: PathBuf,
    config: Config,
    dirs: Option<UserDirs>,
    rules: Option<String>,
    clock: Box<dyn Clock>,
    fixed_clock: bool,
    registry: Registry,
    library: Arc<Library>,
    prompt_lines: Vec<certus_prompts::PromptLine>,
    store: OnceLock<Store>,
    runtime: OnceLock<Arc<Runtime>>,
    summaries: OnceLock<Option<SummaryCache>>,
}

impl Session {
    /// Open a project.
    ///
    /// # Errors
    /// It is not there, or one of its files or the user's is not of its form.
    pub fn open(options: SessionOptions) -> Result<Self, Failure> {
        let root = project_root(options.project.as_deref(), false)?;
        let state = state_dir(&root, options.state.as_deref());
        let project = Arc::new(open_project(&root)?);
        let dirs = UserDirs::of_platform();
        let config = Config::read(&project, dirs.as_ref(), options.provider.as_deref())?;
        let registry = Registry::read(&project, dirs.as_ref().map(|dirs| dirs.config.as_path()))?;
        let library = Arc::new(read_library(&project));
        let prompt_lines = library.lines();
        let rules = read_rules(&project)?;
        let fixed = std::env::var("CERTUS_NOW").ok().and_then(|text| text.parse().ok());
        let clock: Box<dyn Clock> = match fixed {
            Some(now) => Box::new(FixedClock(now)),
            None => Box::new(SystemClock),
        };
        Ok(Self {
            project,
            state,
            config,
            dirs,
            rules,
            clock,
            fixed_clock: fixed.is_some(),
            registry,
            library,
            prompt_lines,
            store: OnceLock::new(),
            runtime: OnceLock::new(),
            summaries: OnceLock::new(),
        })
    }

    /// The project's files.
    pub fn project(&self) -> Arc<Project> {
        Arc::clone(&self.project)
    }

    /// What all layers of configuration come to.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The directory of the project's state.
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// The plugins that are there.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// What does not stop anything and should be known.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = self.registry.problems.clone();
        warnings.extend(self.prompt_problems());
        warnings
    }

    pub(crate) fn now(&self) -> Millis {
        self.clock.now()
    }

    /// A length of time as it is recorded: nothing under a clock that stands still.
    pub(crate) fn elapsed(&self, measured: i64) -> i64 {
        if self.fixed_clock { 0 } else { measured }
    }

    /// The person's name on this machine.
    pub fn user(&self) -> Option<String> {
        let name = std::env::var("USER").or_else(|_| std::env::var("USERNAME")).ok()?;
        let name = crate::clean::line(&name, 60);
        (!name.is_empty()).then_some(name)
    }
}

fn open_project(root: &Path) -> Result<Project, Failure> {
    Project::open(root)
        .map_err(|error| Failure::failed(error.to_string()).hint("name the project's folder: --project DIR"))
}

fn read_rules(project: &Project) -> Result<Option<String>, Failure> {
    let Some(bytes) = project_file(project, "project_rules.md")? else { return Ok(None) };
    let text = String::from_utf8(bytes).map_err(|_| Failure::usage("project_rules.md is not UTF-8 text"))?;
    Ok(Some(crate::clean::clean(&text)))
}

fn read_library(project: &Project) -> Library {
    let Ok(matches) = project.glob(CUSTOM_PROMPTS) else { return Library::bundled() };
    let files = matches.entries.into_iter().map(|entry| {
        // What cannot be read becomes a prompt that says so when it is listed or used.
        let bytes = project.read_bytes(&entry.path, certus_prompts::FILE_LIMIT as u64).unwrap_or_else(|_| vec![0xff]);
        (entry.path, bytes)
    });
    Library::with_project(files)
}

/// Chains.
impl Session {
    fn store(&self) -> Result<&Store, Failure> {
        if let Some(store) = self.store.get() {
            return Ok(store);
        }
        let store = Store::open(&self.state, Mode::ReadWrite)
            .map_err(|error| crate::state::store_failure(error, &self.state))?;
        Ok(self.store.get_or_init(|| store))
    }

    /// The store, for what needs a chain: looking for one makes nothing, and reading one works where nothing can be written.
    fn existing(&self) -> Result<&Store, Failure> {
        if self.store.get().is_none() && !Store::exists(&self.state) {
            return Err(crate::state::nothing_here());
        }
        if self.store.get().is_none()
            && let Err(StoreError::ReadOnly { .. } | StoreError::Denied { .. }) =
                Store::open(&self.state, Mode::ReadWrite)
        {
            let store = Store::open(&self.state, Mode::ReadOnly).map_err(|error| self.store_error(error))?;
            return Ok(self.store.get_or_init(|| store));
        }
        self.store()
    }

    fn store_error(&self, error: certus_store::StoreError) -> Failure {
        crate::state::store_failure(error, &self.state)
    }

    /// Create a chain for a goal and make it the active one.
    ///
    /// # Errors
    /// The goal is empty or too long, the methodology is not there, or the store failed.
    pub fn create(&self, goal: &str, methodology: Option<&str>) -> Result<ChainId, Failure> {
        let goal = crate::clean::clean(goal).trim().to_owned();
        if goal.is_empty() {
            return Err(
                Failure::usage("the goal is empty").hint("say what you want: certus flow \"Add JWT authentication\"")
            );
        }
        if goal.len() > MOST_GOAL {
            return Err(Failure::usage(format!("the goal is {} bytes; {MOST_GOAL} are allowed", goal.len()))
                .hint("put the details into a file of the project and name it in the goal"));
        }
        let started = self.started(goal, methodology)?;
        let bodies = law::begin(started);
        let created =
            self.store()?.create_blocking(self.now(), bodies, Vec::new()).map_err(|error| self.store_error(error))?;
        self.set_active(created.id)?;
        self.save_context(created.id, &created.chain);
        Ok(created.id)
    }

    fn started(&self, goal: String, methodology: Option<&str>) -> Result<Started, Failure> {
        let (controller, methodology) = self.methodology(methodology)?;
        Ok(Started {
            goal,
            methodology,
            controller,
            provider: self.config.provider.clone(),
            user: self.user(),
            git_head: self.project.git_head(),
            variant: self.config.variant.clone(),
            rules: self.rules.as_ref().map(Digest::of),
        })
    }

    fn methodology(&self, name: Option<&str>) -> Result<(PluginRef, Methodology), Failure> {
        let (plugin, methodology) = self.registry.controller(name.unwrap_or(DEFAULT_METHODOLOGY))?;
        let methodology = methodology.tightened(&self.config.gates).map_err(|error| {
            Failure::usage(format!("certus.toml: {error}"))
                .hint("a project may ask for more than the methodology, never for less")
        })?;
        Ok((plugin.reference.clone(), methodology))
    }

    /// Refuse a phase that the methodology does not have.
    ///
    /// # Errors
    /// It has no such phase.
    pub fn check_phase(&self, phase: &str, methodology: Option<&str>) -> Result<(), Failure> {
        let (_, methodology) = self.methodology(methodology)?;
        if methodology.phase(phase).is_some() {
            return Ok(());
        }
        let names: Vec<&str> = methodology.phases.iter().map(|phase| phase.name.as_str()).collect();
        Err(Failure::usage(format!("there is no phase `{}`", crate::clean::line(phase, 60)))
            .hint(format!("phases: {}", names.join(", "))))
    }

    /// The chain that a person names: `047`, `47`, or a part of its name or goal that only it has.
    ///
    /// # Errors
    /// None or several fit.
    pub fn find(&self, text: &str) -> Result<ChainId, Failure> {
        crate::state::find(self.existing()?, &self.state, text)
    }

    /// The chain that commands work on when none is named.
    ///
    /// # Errors
    /// The store failed.
    pub fn active(&self) -> Result<Option<ChainId>, Failure> {
        if !Store::exists(&self.state) {
            return Ok(None);
        }
        Ok(self.store()?.active())
    }

    /// Make a chain the active one.
    ///
    /// # Errors
    /// The store failed.
    pub fn set_active(&self, id: ChainId) -> Result<(), Failure> {
        self.store()?.set_active(id).map_err(|error| self.store_error(error))
    }

    /// A chain as its events make it.
    ///
    /// # Errors
    /// It is not there, or the store failed.
    pub fn chain(&self, id: ChainId) -> Result<Chain, Failure> {
        self.existing()?.chain(id).map_err(|error| self.store_error(error))
    }

    /// A chain's events.
    ///
    /// # Errors
    /// The store failed.
    pub fn events(&self, id: ChainId) -> Result<Vec<Event>, Failure> {
        self.existing()?.events(id).map_err(|error| self.store_error(error))
    }

    /// Questions of a chain that wait.
    ///
    /// # Errors
    /// It is not there, or the store failed.
    pub fn open_questions(&self, id: ChainId) -> Result<Vec<OpenQuestion>, Failure> {
        Ok(crate::report::open_questions(&self.chain(id)?))
    }

    /// The recorded exchanges of a chain, one JSON line each, as `--provider replay:FILE` reads them.
    ///
    /// # Errors
    /// The store failed.
    pub fn exchanges(&self, id: ChainId) -> Result<Vec<String>, Failure> {
        let chain = self.chain(id)?;
        let mut lines = Vec::new();
        for (_, effect) in chain.effects() {
            let (Request::Prompt { name, .. }, Some(certus_engine::Outcome::Replied { by, .. })) =
                (&effect.request, effect.outcome())
            else {
                continue;
            };
            let Some(text) = by.raw.map(|raw| self.blob(raw)).transpose()?.flatten() else { continue };
            let text = String::from_utf8_lossy(&text);
            let recorded = certus_providers::Recorded {
                prompt: name.clone(),
                digest: effect.digest,
                sample: 0,
                attempt: None,
                reply: text.into_owned(),
                model: by.model.clone(),
                usage: by.usage,
            };
            lines.push(serde_json::to_string(&recorded).unwrap_or_default());
        }
        Ok(lines)
    }

    pub(crate) fn hold(&self, id: ChainId) -> Result<Hold, Failure> {
        self.existing()?.hold(id, self.now()).map_err(|error| self.store_error(error))
    }

    pub(crate) fn blob(&self, digest: Digest) -> Result<Option<Vec<u8>>, Failure> {
        self.existing()?.blob(digest).map_err(|error| self.store_error(error))
    }

    pub(crate) async fn append(
        &self,
        id: ChainId,
        chain: &mut Chain,
        now: Millis,
        bodies: Vec<certus_engine::Body>,
        blobs: Vec<(Digest, Vec<u8>)>,
    ) -> Result<Vec<Event>, Failure> {
        let appended = self.store()?.append(id, chain, now, bodies, blobs).await;
        appended.map_err(|error| self.store_error(error))
    }

    /// Rewrite the context file. It is a projection: that it cannot be written loses nothing and stops nothing.
    pub(crate) fn save_context(&self, id: ChainId, chain: &Chain) {
        if let Ok(store) = self.store() {
            let _ = store.write_context(id, chain, crate::clock::when);
        }
    }
}

/// Prompts.
impl Session {
    pub(crate) fn render(
        &self,
        name: &str,
        view: &Arc<View>,
        arguments: &BTreeMap<String, String>,
    ) -> Result<Sending, Failure> {
        let prompt = self
            .library
            .get(name)
            .map_err(|error| Failure::usage(error.to_string()).hint("see all: certus prompt list"))?;
        let extra = Extra { idioms: view.project.idioms.clone(), prompts: self.prompt_lines.clone() };
        let rendered = certus_prompts::render(prompt, view, arguments, self.rules.as_deref(), &extra)
            .map_err(|error| Failure::usage(error.to_string()))?;
        Ok(Sending::new(&rendered.stable, &rendered.variable, tier(prompt.model), Arc::clone(view)))
    }

    pub(crate) fn tier(&self, name: &str) -> Tier {
        self.library.get(name).map_or(Tier::Default, |prompt| tier(prompt.model))
    }

    pub(crate) fn library(&self) -> Arc<Library> {
        Arc::clone(&self.library)
    }

    /// All prompts, or those that match some words.
    pub fn prompts(&self, words: &str) -> Vec<PromptSummary> {
        if words.trim().is_empty() {
            let sound = self.library.list().into_iter().filter_map(|listed| match listed {
                Listed::Sound(prompt) => {
                    Some(PromptSummary { name: prompt.full_name(), purpose: prompt.purpose.clone() })
                }
                Listed::Damaged(_) => None,
            });
            return sound.collect();
        }
        self.library
            .search(words)
            .into_iter()
            .map(|hit| PromptSummary { name: hit.name, purpose: hit.purpose })
            .collect()
    }

    /// Prompt files that cannot be used.
    pub fn prompt_problems(&self) -> Vec<String> {
        self.library.damaged().into_iter().map(ToString::to_string).collect()
    }

    /// A prompt as it is written.
    ///
    /// # Errors
    /// There is none of that name, or its file is damaged.
    pub fn prompt(&self, name: &str) -> Result<PromptText, Failure> {
        let prompt = self
            .library
            .get(name)
            .map_err(|error| Failure::usage(error.to_string()).hint("see all: certus prompt list"))?;
        Ok(PromptText {
            name: prompt.full_name(),
            purpose: prompt.purpose.clone(),
            version: prompt.version.clone(),
            path: prompt.path.clone(),
            text: crate::clean::clean(&prompt.body),
        })
    }

    /// The text that would be sent for a prompt in a chain; arguments as `name=value`.
    ///
    /// # Errors
    /// The prompt or the chain is not there, or an argument is wrong.
    pub fn rendered(&self, id: ChainId, name: &str, arguments: &[String]) -> Result<String, Failure> {
        let mut named = BTreeMap::new();
        for argument in arguments {
            let Some((key, value)) = argument.split_once('=') else {
                return Err(Failure::usage(format!("`{}` is not NAME=VALUE", crate::clean::line(argument, 60))));
            };
            named.insert(key.to_owned(), value.to_owned());
        }
        let view = Arc::new(self.chain(id)?.view(id));
        let sending = self.render(name, &view, &named)?;
        Ok(format!("{}\n\n{}", sending.stable, sending.variable))
    }
}

fn tier(model: Model) -> Tier {
    match model {
        Model::Fast => Tier::Fast,
        Model::Default => Tier::Default,
        Model::Smart => Tier::Smart,
    }
}

/// A prompt in brief.
#[derive(Debug, Clone, Serialize)]
pub struct PromptSummary {
    /// By which it is called.
    pub name: String,
    /// One sentence.
    pub purpose: String,
}

/// A prompt as it is written.
#[derive(Debug, Clone, Serialize)]
pub struct PromptText {
    /// By which it is called.
    pub name: String,
    /// One sentence.
    pub purpose: String,
    /// Of the prompt.
    pub version: String,
    /// Of its file.
    pub path: String,
    /// The body, a template.
    pub text: String,
}

/// Plugins.
impl Session {
    /// The runtime, started when a guest is first called.
    pub(crate) fn runtime(&self) -> Result<Arc<Runtime>, Failure> {
        if let Some(runtime) = self.runtime.get() {
            return Ok(Arc::clone(runtime));
        }
        let cache_dir = self.dirs.as_ref().map(|dirs| dirs.cache.join("compiled"));
        let runtime = Runtime::new(Options { cache_dir, ..Options::default() })
            .map_err(|error| Failure::failed(error.to_string()))?;
        Ok(Arc::clone(self.runtime.get_or_init(|| Arc::new(runtime))))
    }

    pub(crate) fn config_dir(&self) -> Option<&Path> {
        self.dirs.as_ref().map(|dirs| dirs.config.as_path())
    }

    pub(crate) async fn ask_controller(&self, chain: &Chain, view: &View) -> Result<Action, Failure> {
        let started = chain.started().ok_or_else(|| Failure::failed("the chain has no beginning"))?;
        let plugin = self.registry.pinned(&started.controller)?.load(&*self.runtime()?, self.config_dir())?;
        plugin.next(view).await.map_err(|error| {
            Failure::failed(format!("the controller `{}`: {error}", started.controller.name))
                .hint("the chain is kept as it is; see the plugin: certus plugin list")
        })
    }

    /// Every plugin.
    pub fn plugins(&self) -> Vec<PluginLine> {
        self.registry.all().iter().map(crate::plugins::Installed::line).collect()
    }

    /// One plugin.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn plugin(&self, name: &str) -> Result<PluginLine, Failure> {
        let found = self.registry.named(name).map(crate::plugins::Installed::line);
        found.ok_or_else(|| {
            Failure::usage(format!("there is no plugin `{}`", crate::clean::line(name, 60)))
                .hint("see all: certus plugin list")
        })
    }

    /// Every command there is.
    pub fn commands(&self) -> Vec<crate::Entry> {
        crate::table::table(&self.registry)
    }

    /// What a person is told whose command line names nothing.
    pub(crate) fn unknown_command(&self, line: &str) -> Failure {
        let name = crate::plugins::command_name(line).unwrap_or_default();
        if crate::table::is_built_in(name) {
            return Failure::usage(format!("`{name}` is no slash command"))
                .hint(format!("run it directly: certus {name} --help"));
        }
        let plugins = self.commands().into_iter().filter(|entry| entry.origin != crate::Origin::BuiltIn);
        let names: Vec<String> = plugins.map(|entry| format!("/{}", entry.name)).collect();
        Failure::usage(format!("no installed plugin has `{}`", crate::clean::line(line, 60)))
            .hint(format!("there is: {}", names.join(", ")))
    }

    /// Read the project through the interpreters, and the files that a goal names.
    ///
    /// # Errors
    /// A bundled interpreter cannot be loaded.
    pub async fn read_stack(&self, goal: Option<&str>) -> Result<Reading, Failure> {
        crate::stack::read(&self.project, &self.registry, goal, || self.runtime(), || self.summaries()).await
    }

    /// What interpreters said of files before; none where it cannot be kept, which costs only time.
    fn summaries(&self) -> Option<&SummaryCache> {
        let open = || SummaryCache::open(&self.dirs.as_ref()?.cache.join("index")).ok();
        self.summaries.get_or_init(open).as_ref()
    }

    pub(crate) async fn read_project(&self, goal: &str) -> Result<certus_engine::Discovered, Failure> {
        Ok(self.read_stack(Some(goal)).await?.discovered)
    }

    pub(crate) fn catalogue(&self) -> &dyn Catalogue {
        self
    }
}

impl Catalogue for Session {
    fn prompt(&self, name: &str) -> Option<PromptRef> {
        let prompt = self.library.get(name).ok()?;
        Some(PromptRef { name: prompt.full_name(), version: prompt.version.clone() })
    }

    fn command(&self, line: &str) -> Option<CommandRef> {
        self.registry.command(line)
    }
}

/// Providers.
impl Session {
    /// Who answers prompts in this run. `reply` is where a reply to a waiting prompt of `manual` comes from.
    ///
    /// # Errors
    /// Nobody of that name, or the recording cannot be read.
    pub fn provider(&self, name: &str, reply: Option<&Path>) -> Result<Arc<dyn Provider>, Failure> {
        crate::provide::provider(name, &self.state, reply)
    }

    /// Refuse an unknown provider before anything is created.
    ///
    /// # Errors
    /// Nobody of that name, or the recording cannot be read.
    pub fn check_provider(&self) -> Result<(), Failure> {
        self.provider(&self.config.provider, None).map(|_| ())
    }

    /// The provider for a chain: what a flag, the environment or the user's configuration says, else what the chain ran with.
    ///
    /// # Errors
    /// The chain is not there.
    pub fn provider_for(&self, id: ChainId) -> Result<String, Failure> {
        // A state directory may come with a cloned project: only providers that send nothing anywhere and read nothing that
        // it names are taken from there.
        let before = self.chain(id)?.provider().to_owned();
        let harmless = matches!(before.as_str(), "offline" | "manual");
        Ok(if self.config.provider_is_default && harmless { before } else { self.config.provider.clone() })
    }
}

/// Answers as a person typed them behind `certus answer`: `ID TEXT`, `TEXT` where one question is open, or `ID=TEXT` …
///
/// # Errors
/// A word fits no open question.
pub fn named_answers(words: &[String], open: &[OpenQuestion]) -> Result<BTreeMap<String, String>, Failure> {
    let is_open = |id: &str| open.iter().any(|question| question.id == id);
    let ids = || open.iter().map(|question| question.id.as_str()).collect::<Vec<_>>().join(", ");
    let told = |message: String| Failure::usage(message).hint(format!("open questions: {}", ids()));
    match words {
        [] => Ok(BTreeMap::new()),
        [id, text] if is_open(id) && !text.trim().is_empty() => Ok([(id.clone(), text.clone())].into()),
        [text] if open.len() == 1 && !text.split_once('=').is_some_and(|(id, _)| is_open(id)) => {
            Ok(open.iter().map(|question| (question.id.clone(), text.clone())).collect())
        }
        words => words
            .iter()
            .map(|word| match word.split_once('=') {
                Some((id, text)) if is_open(id) && !text.trim().is_empty() => Ok((id.to_owned(), text.to_owned())),
                Some((id, _)) if is_open(id) => Err(told(format!("the answer to `{id}` is empty"))),
                Some((id, _)) => Err(told(format!("no open question is called `{}`", crate::clean::line(id, 60)))),
                None => Err(told(format!(
                    "`{}` is neither ID=ANSWER nor the id of an open question",
                    crate::clean::line(word, 60)
                ))),
            })
            .collect(),
    }
}

impl Answers {
    /// Ids that no question of the chain bears.
    pub fn not_asked(&self, chain: &Chain) -> Vec<String> {
        let known = |id: &&String| !chain.questions().iter().any(|status| status.question.id == **id);
        self.answers.keys().filter(known).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(ids: &[&str]) -> Vec<OpenQuestion> {
        let question = |id: &&str| OpenQuestion {
            id: (*id).to_owned(),
            text: String::new(),
            why: String::new(),
            options: Vec::new(),
            recommended: None,
        };
        ids.iter().map(question).collect()
    }

    fn named(words: &[&str], ids: &[&str]) -> Result<Vec<(String, String)>, String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        named_answers(&words, &open(ids))
            .map(|answers| answers.into_iter().collect())
            .map_err(|failure| failure.message)
    }

    fn pairs(pairs: &[(&str, &str)]) -> Result<Vec<(String, String)>, String> {
        Ok(pairs.iter().map(|(id, text)| ((*id).to_owned(), (*text).to_owned())).collect())
    }

    #[test]
    fn answers_are_named_in_three_ways() {
        assert_eq!(named(&["a", "yes, both"], &["a", "b"]), pairs(&[("a", "yes, both")]));
        assert_eq!(named(&["yes"], &["a"]), pairs(&[("a", "yes")]));
        assert_eq!(named(&["x=1"], &["a"]), pairs(&[("a", "x=1")]));
        assert_eq!(named(&["a=1=2", "b=two words"], &["a", "b"]), pairs(&[("a", "1=2"), ("b", "two words")]));
        assert_eq!(named(&[], &["a"]), pairs(&[]));
    }

    #[test]
    fn what_fits_no_question_is_refused() {
        for (words, ids) in [
            (&["yes"][..], &["a", "b"][..]),
            (&["c", "yes"], &["a", "b"]),
            (&["a="], &["a", "b"]),
            (&["c=1"], &["a", "b"]),
            (&["a=1", "what"], &["a", "b"]),
        ] {
            assert!(named(words, ids).is_err(), "{words:?}");
        }
    }
}
