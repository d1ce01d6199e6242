//! A project being worked on: its files, chains, prompts and plugins, each opened when it is first needed.
//!
//! The rooms below know nothing of one another; here they are wired. A command that reads one row pays for one row.

mod chains;
pub(crate) mod edits;
mod ledger;
mod login;
mod named;
mod owner;
mod plugins;
mod prompts;
mod provider;

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

use certus_engine::{Cap, Fact, Millis, Shared};
use certus_prompts::Library;
use certus_providers::{Prices, Redactor};
use certus_runtime::Runtime;
use certus_store::{Store, StoreError, SummaryCache};
use certus_workspace::Project;

pub(crate) use self::ledger::Day;
pub use self::login::Stored;
pub use self::named::named_answers;
pub(crate) use self::owner::{is_own, taken_over};
pub use self::prompts::{PromptSummary, PromptText};
use crate::Failure;
use crate::clock::{Clock, FixedClock, SystemClock};
use crate::config::{Config, Environment, Flags, PRICES_FILE, ServiceConfig, UserDirs, project_file};
use crate::keys::{Kept, Keys};
use crate::paths::{project_root, state_dir};
use crate::plugins::Registry;

/// The methodology of a chain that names none.
pub const DEFAULT_METHODOLOGY: &str = "certainty";

/// What a session is opened with.
#[derive(Debug, Clone, Default)]
pub struct SessionOptions {
    /// The project; found from this folder when absent.
    pub project: Option<PathBuf>,
    /// Where its state lies; `.certus` in it when absent.
    pub state: Option<PathBuf>,
    /// Who answers prompts, as a flag said.
    pub provider: Option<String>,
    /// What a chain may spend, as flags said.
    pub budget: Cap,
    /// Nobody is asked and nothing is spent: the user's own files that cannot be used are passed over, with a warning.
    pub spends_nothing: bool,
}

/// A project being worked on.
pub struct Session {
    project: Arc<Project>,
    state: PathBuf,
    config: Config,
    environment: Environment,
    dirs: Option<UserDirs>,
    /// The user's own, looked at before the bundled ones.
    own_prices: Option<Prices>,
    prices: OnceLock<Prices>,
    redactor: Arc<LazyRedactor>,
    /// What is wrong with the user's own files, where that stops nothing.
    passed_over: Vec<Failure>,
    rules: Option<String>,
    clock: Box<dyn Clock>,
    fixed_clock: bool,
    registry: Registry,
    library: Arc<Library>,
    prompt_lines: Vec<certus_prompts::PromptLine>,
    store: OnceLock<Store>,
    /// What the user spends in a day, over all projects.
    day: OnceLock<Day>,
    /// Why the store was opened for reading only, if it was.
    unwritable: OnceLock<StoreError>,
    context_fault: OnceLock<String>,
    runtime: OnceLock<Arc<Runtime>>,
    summaries: OnceLock<Option<SummaryCache>>,
    stable: Mutex<Arc<str>>,
    /// What was found in the project last; see [`certus_engine::Chain::share_facts`].
    pub(crate) facts: Mutex<Shared<Fact>>,
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
        let environment = Environment::read(&project, dirs.as_ref().map(|dirs| dirs.config.as_path()))?;
        let flags = Flags { provider: options.provider, chain: options.budget };
        let mut passed_over = Vec::new();
        let config = match Config::read(&project, dirs.as_ref(), &environment, &flags) {
            Err(failure) if options.spends_nothing => {
                // Where it is the project's own file that is wrong, it is so without the user's too.
                let config = Config::read(&project, None, &environment, &flags)?;
                passed_over.push(failure);
                config
            }
            config => config?,
        };
        let own_prices = dirs.as_ref().map(|dirs| crate::config::prices(&dirs.config.join(PRICES_FILE))).transpose();
        let own_prices = match own_prices {
            Err(failure) if options.spends_nothing => {
                passed_over.push(failure);
                None
            }
            prices => prices?.flatten(),
        };
        let registry = Registry::read(&project, dirs.as_ref().map(|dirs| dirs.config.as_path()))?;
        let library = Arc::new(read_library(&project, &config.prompts));
        let prompt_lines = library.lines();
        let rules = read_rules(&project)?;
        let fixed = std::env::var("CERTUS_NOW").ok().and_then(|text| text.parse().ok());
        let clock: Box<dyn Clock> = match fixed {
            Some(now) => Box::new(FixedClock(now)),
            None => Box::new(SystemClock),
        };
        let redactor = redactor(&config, &environment, dirs.as_ref());
        let keys = Arc::clone(&redactor);
        // Who reads no text of the project asks for no key.
        project.hide(Box::new(move |text| keys.hidden_in_file(text)));
        Ok(Self {
            project,
            state,
            config,
            environment,
            dirs,
            own_prices,
            rules,
            clock,
            fixed_clock: fixed.is_some(),
            registry,
            library,
            prompt_lines,
            store: OnceLock::new(),
            day: OnceLock::new(),
            unwritable: OnceLock::new(),
            context_fault: OnceLock::new(),
            runtime: OnceLock::new(),
            summaries: OnceLock::new(),
            stable: Mutex::new(Arc::default()),
            facts: Mutex::default(),
            prices: OnceLock::new(),
            redactor,
            passed_over,
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

    /// What calls cost: the user's own prices, then those of models on this machine, then those that Certus comes with.
    pub fn prices(&self) -> &Prices {
        // The bundled table is not read by commands that never ask.
        self.prices.get_or_init(|| {
            let tables = [self.prices_of_this_machine(), self.own_prices.clone()];
            tables.into_iter().flatten().fold(Prices::bundled(), Prices::extended)
        })
    }

    /// The directory of the project's state.
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// The plugins that are there.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The user's own files that cannot be used, and why; see [`SessionOptions::spends_nothing`].
    pub fn passed_over(&self) -> impl Iterator<Item = String> {
        self.passed_over.iter().map(|failure| format!("{}; it is passed over", failure.message))
    }

    /// What does not stop anything and should be known. Prompt files that cannot be used are told of once it is known whether
    /// one of them stopped something.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = self.registry.problems.clone();
        warnings.extend(self.service_notes());
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

/// Takes the keys that this process may come across out of texts; it looks for them when it is first used.
type LazyRedactor = LazyLock<Redactor, Box<dyn FnOnce() -> Redactor + Send>>;

fn redactor(config: &Config, environment: &Environment, dirs: Option<&UserDirs>) -> Arc<LazyRedactor> {
    let in_use = config.provider.split(':').next().unwrap_or_default().to_owned();
    let services: Vec<ServiceConfig> = config.services().cloned().collect();
    let kept = dirs.map(|dirs| Kept::in_directory(&dirs.config));
    let environment = environment.clone();
    Arc::new(LazyLock::new(Box::new(move || {
        Keys { environment: &environment, kept }.redactor(services.iter(), &in_use)
    })))
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

fn read_library(project: &Project, folder: &str) -> Library {
    let Ok(matches) = project.glob(&format!("{folder}/**/*.md")) else { return Library::bundled() };
    let files = matches.entries.into_iter().map(|entry| {
        // What cannot be read becomes a prompt that says so when it is listed or used.
        let bytes = project.read_bytes(&entry.path, certus_prompts::FILE_LIMIT as u64).unwrap_or_else(|_| vec![0xff]);
        (entry.path, bytes)
    });
    Library::with_project(files)
}
