//! A project's plugins: started when a guest is first called, asked, and named to a person.

use std::path::Path;
use std::sync::Arc;

use certus_engine::{Action, Catalogue, Chain, CommandRef, PromptRef, View};
use certus_runtime::{Options, Runtime};
use certus_store::SummaryCache;

use super::Session;
use crate::Failure;
use crate::plugins::PluginLine;
use crate::stack::Reading;

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
        let plugin = self.registry.installed(&started.controller.name)?.load(&*self.runtime()?, self.config_dir())?;
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
        crate::stack::read(&self.project(), &self.registry, goal, || self.runtime(), || self.summaries()).await
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
