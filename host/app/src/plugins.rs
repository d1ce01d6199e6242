//! The plugins that are there: the bundled ones, which the binary carries, and those that the project names and this user
//! trusts by digest.
//!
//! Listing, help and completion read manifests and run no guest. A guest is compiled when it is first called.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use certus_engine::{CommandRef, Methodology, PluginRef};
use certus_packages::{Export, Manifest, Package, Plugins as ProjectPlugins, Rights, Trust};
use certus_runtime::{Plugin, Runtime};
use certus_workspace::Project;
use serde::Serialize;

use crate::config::project_file;
use crate::{Failure, Kind};

/// Built by `cargo xtask plugins`; trusted because they are part of the binary.
const BUNDLED: [&[u8]; 3] = [
    include_bytes!("../../../plugins/dist/certainty.wasm"),
    include_bytes!("../../../plugins/dist/core-commands.wasm"),
    include_bytes!("../../../plugins/dist/stack-node.wasm"),
];

/// The source of a plugin that is part of the binary.
pub(crate) const BUNDLED_SOURCE: &str = "bundled";

/// Larger trust files are refused.
const TRUST_BYTES: u64 = 4 << 20;

/// One plugin.
pub struct Installed {
    /// What it says of itself.
    pub manifest: Manifest,
    /// The bytes that run.
    pub reference: PluginRef,
    /// `bundled`, or its path in the project.
    pub source: String,
    /// What it may do; absent while the user has not trusted it.
    pub rights: Option<Rights>,
    bytes: Cow<'static, [u8]>,
    loaded: OnceLock<Arc<Plugin>>,
}

/// All plugins of a project.
pub struct Registry {
    installed: Vec<Installed>,
    /// What could not be used, each with why.
    pub problems: Vec<String>,
}

/// A plugin for people and machines.
#[derive(Debug, Clone, Serialize)]
pub struct PluginLine {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// One line.
    pub description: String,
    /// `bundled`, a path, or a path with `(not trusted)`.
    pub source: String,
    /// Of the whole file.
    pub digest: String,
    /// Interfaces.
    pub exports: Vec<&'static str>,
    /// What it asks for.
    pub rights: Vec<String>,
    /// Whether it may run.
    pub trusted: bool,
    /// Its commands.
    pub commands: Vec<CommandLine>,
    /// The phases of its methodology.
    pub phases: Vec<String>,
    /// The settings of its methodology, as the plugin has them.
    pub settings: BTreeMap<String, f64>,
}

/// A slash command for people and machines.
#[derive(Debug, Clone, Serialize)]
pub struct CommandLine {
    /// Without the slash.
    pub name: String,
    /// One line.
    pub help: String,
    /// Another command may name it as the next.
    pub chainable: bool,
    /// Empty for any.
    pub phases: Vec<String>,
}

impl Registry {
    /// The bundled plugins, and the project's.
    ///
    /// # Errors
    /// A bundled plugin or one of the two files is damaged. A project's plugin that cannot be used is a problem, not an
    /// error: nothing else stops working.
    pub fn read(project: &Project, config: Option<&Path>) -> Result<Self, Failure> {
        let mut registry = Self { installed: Vec::new(), problems: Vec::new() };
        for bytes in BUNDLED {
            let package = Package::read(bytes).map_err(|error| {
                Failure::failed(format!("a bundled plugin is damaged: {error}")).hint("install Certus again")
            })?;
            let rights = package.manifest.rights;
            registry.add(package, Cow::Borrowed(bytes), BUNDLED_SOURCE.to_owned(), Some(rights));
        }
        registry.add_project(project, config)?;
        Ok(registry)
    }

    fn add(&mut self, package: Package, bytes: Cow<'static, [u8]>, source: String, rights: Option<Rights>) {
        let digest = certus_engine::Digest::of(&bytes);
        self.installed.push(Installed {
            reference: PluginRef { name: package.manifest.name.clone(), digest },
            manifest: package.manifest,
            source,
            rights,
            bytes,
            loaded: OnceLock::new(),
        });
    }

    fn add_project(&mut self, project: &Project, config: Option<&Path>) -> Result<(), Failure> {
        let Some(bytes) = project_file(project, "plugins.toml")? else { return Ok(()) };
        let text = String::from_utf8(bytes).map_err(|_| Failure::usage("plugins.toml is not UTF-8 text"))?;
        let named = ProjectPlugins::parse(&text).map_err(|error| {
            Failure::usage(format!("plugins.toml: {error}")).hint("mend plugins.toml, or remove it")
        })?;
        if named.plugins.is_empty() {
            return Ok(());
        }
        let trust = match config {
            Some(config) => read_trust(&config.join("trust.toml"))?,
            None => Trust::default(),
        };
        for (name, source) in named.plugins {
            let shown = source.path.display().to_string();
            let bytes = match project.read_bytes(&shown, certus_packages::MAX_BYTES as u64) {
                Ok(bytes) => bytes,
                Err(error) => {
                    self.problems.push(format!("plugin `{name}`: {error}"));
                    continue;
                }
            };
            let package = match Package::read(&bytes) {
                Ok(package) if package.manifest.name == name => package,
                Ok(package) => {
                    self.problems.push(format!("plugin `{name}`: {shown} is the package `{}`", package.manifest.name));
                    continue;
                }
                Err(error) => {
                    self.problems.push(format!("plugin `{name}`: {shown}: {error}"));
                    continue;
                }
            };
            if self.installed.iter().any(|other| other.manifest.name == name) {
                self.problems.push(format!("plugin `{name}`: a bundled plugin has that name"));
                continue;
            }
            let asked = package.manifest.rights.narrowed(&source.rights);
            let rights = trust.allows(&package.digest, &asked).then_some(asked);
            self.add(package, Cow::Owned(bytes), shown, rights);
        }
        Ok(())
    }

    /// Every plugin, bundled ones first.
    pub fn all(&self) -> &[Installed] {
        &self.installed
    }

    /// The plugin of that name.
    pub fn named(&self, name: &str) -> Option<&Installed> {
        self.installed.iter().find(|plugin| plugin.manifest.name == name)
    }

    /// The plugin of that name, whichever version is installed: what it may do, the host decides, and who let it run, let run
    /// this version.
    ///
    /// # Errors
    /// It is not there any more.
    pub fn installed(&self, name: &str) -> Result<&Installed, Failure> {
        self.named(name).ok_or_else(|| {
            Failure::failed(format!("the plugin `{}` is not installed any more", crate::clean::line(name, 60)))
                .hint("name it in plugins.toml again; what is installed: certus plugin list")
        })
    }

    /// The controller of a methodology, with the methodology as the engine takes it.
    ///
    /// # Errors
    /// None has it, or its data make no sense.
    pub fn controller(&self, methodology: &str) -> Result<(&Installed, Methodology), Failure> {
        let has = |plugin: &&Installed| {
            let name = plugin.manifest.methodology.as_ref().and_then(|table| table.get("name")?.as_str());
            name == Some(methodology)
        };
        let Some(plugin) = self.installed.iter().find(has) else {
            let names: Vec<&str> = self.methodologies().collect();
            return Err(Failure::usage(format!(
                "no installed plugin has the methodology `{}`",
                crate::clean::line(methodology, 60)
            ))
            .hint(format!("there is: {}", names.join(", "))));
        };
        let table = plugin.manifest.methodology.clone().unwrap_or_default();
        let wrong = |error: String| Failure::failed(format!("the methodology of `{}`: {error}", plugin.manifest.name));
        let methodology: Methodology =
            toml::Value::Table(table).try_into().map_err(|error: toml::de::Error| wrong(error.message().to_owned()))?;
        methodology.check().map_err(|error| wrong(error.to_string()))?;
        Ok((plugin, methodology))
    }

    fn methodologies(&self) -> impl Iterator<Item = &str> {
        self.installed.iter().filter_map(|plugin| plugin.manifest.methodology.as_ref()?.get("name")?.as_str())
    }

    /// The command that a line names, and who has it. Bundled commands cannot be replaced.
    pub fn command(&self, line: &str) -> Option<CommandRef> {
        let name = command_name(line)?;
        // A plugin's command never stands in for one of Certus's own.
        if crate::table::is_built_in(name) {
            return None;
        }
        self.installed.iter().find_map(|plugin| {
            let command = plugin.manifest.commands.iter().find(|command| command.name == name)?;
            Some(CommandRef {
                name: command.name.clone(),
                plugin: plugin.reference.clone(),
                chainable: command.chainable,
                phases: command.phases.clone(),
            })
        })
    }

    /// Plugins that interpret a stack and may run.
    pub fn interpreters(&self) -> impl Iterator<Item = &Installed> {
        self.installed
            .iter()
            .filter(|plugin| plugin.rights.is_some() && plugin.manifest.exports(Export::StackInterpreter))
    }
}

/// The name in a command line, without its slash.
pub(crate) fn command_name(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix('/')?.split_whitespace().next()
}

fn read_trust(path: &Path) -> Result<Trust, Failure> {
    let shown = path.display();
    let told = |what: String| Failure::usage(what).hint("a trust file with an error grants nothing; mend or remove it");
    let size = match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Trust::default()),
        Err(error) => return Err(told(format!("cannot read {shown}: {error}"))),
        Ok(metadata) => metadata.len(),
    };
    if size > TRUST_BYTES {
        return Err(told(format!("{shown} is larger than {TRUST_BYTES} bytes")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| told(format!("cannot read {shown}: {error}")))?;
    Trust::parse(&text).map_err(|error| told(format!("{shown}: {error}")))
}

impl Installed {
    /// The plugin, compiled; refused while the user has not trusted its digest.
    ///
    /// # Errors
    /// It is not trusted, or does not load.
    pub fn load(&self, runtime: &Runtime, config: Option<&Path>) -> Result<Arc<Plugin>, Failure> {
        if self.rights.is_none() {
            return Err(self.untrusted(config));
        }
        if let Some(plugin) = self.loaded.get() {
            return Ok(Arc::clone(plugin));
        }
        let plugin = runtime.load(&self.bytes).map_err(|error| {
            Failure::failed(format!("the plugin `{}` cannot be loaded: {error}", self.manifest.name))
        })?;
        Ok(Arc::clone(self.loaded.get_or_init(|| Arc::new(plugin))))
    }

    /// A denial names the lines that would allow it.
    fn untrusted(&self, config: Option<&Path>) -> Failure {
        let rights: Vec<String> = self.manifest.rights.beyond(&Rights::default());
        let file = config.map_or_else(
            || "trust.toml in your configuration".to_owned(),
            |dir| dir.join("trust.toml").display().to_string(),
        );
        Failure::of(Kind::Failed, format!("the plugin `{}` ({}) is not trusted", self.manifest.name, self.source)).hint(format!(
            "if you trust exactly these bytes, add to {file}:\n  [trusted.{}]\n  name = \"{}\"\n  rights = {{ {} }}",
            self.reference.digest,
            self.manifest.name,
            rights.join(", ")
        ))
    }

    fn settings(&self) -> BTreeMap<String, f64> {
        let table = self.manifest.methodology.as_ref().and_then(|table| table.get("settings")?.as_table());
        let number = |value: &toml::Value| value.as_float().or_else(|| Some(value.as_integer()? as f64));
        let pairs = table.into_iter().flatten();
        let named = pairs.filter_map(|(name, value)| Some((crate::clean::line(name, 60), number(value)?)));
        // Every methodology has it, whether it says so or not.
        let of_every = self.manifest.methodology.iter().map(|_| (certus_engine::SAMPLES.to_owned(), 0.0));
        of_every.chain(named).collect()
    }

    /// For people and machines.
    pub fn line(&self) -> PluginLine {
        let commands = self.manifest.commands.iter().map(|command| CommandLine {
            name: command.name.clone(),
            help: command.help.clone(),
            chainable: command.chainable,
            phases: command.phases.clone(),
        });
        let phases =
            self.manifest.methodology.as_ref().and_then(|table| table.get("phases")?.as_array()).map(|phases| {
                phases.iter().filter_map(|phase| Some(phase.get("name")?.as_str()?.to_owned())).collect()
            });
        PluginLine {
            name: self.manifest.name.clone(),
            version: self.manifest.version.to_string(),
            description: self.manifest.description.clone(),
            source: if self.rights.is_some() { self.source.clone() } else { format!("{} (not trusted)", self.source) },
            digest: self.reference.digest.to_string(),
            exports: self.manifest.exports.iter().map(|export| export.name()).collect(),
            rights: self.manifest.rights.beyond(&Rights::default()),
            trusted: self.rights.is_some(),
            commands: commands.collect(),
            settings: self.settings(),
            phases: phases.unwrap_or_default(),
        }
    }
}
