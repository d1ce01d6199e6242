//! Manifests and lock files of npm, yarn and pnpm.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::facts::Spot;
use crate::parse::json::{self, Json, Member};
use crate::text::{Lines, shorten};

/// Entries read of one section.
const ENTRIES: usize = 400;

/// A `package.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// The package's name, if it has one.
    pub name: Option<Entry>,
    /// What it needs, direct only.
    pub dependencies: Vec<Dependency>,
    /// Scripts in order.
    pub scripts: Vec<Entry>,
    /// `main` and `bin`.
    pub entries: Vec<Entry>,
    /// `engines.node`.
    pub node: Option<Entry>,
}

/// A named text and its place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Its text.
    pub value: String,
    /// Where.
    pub spot: Spot,
}

/// A direct dependency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// The package.
    pub name: String,
    /// As declared.
    pub range: String,
    /// Needed for development only.
    pub dev: bool,
    /// Where.
    pub spot: Spot,
}

/// What a lock file pins: versions by package.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// Versions by name, or by `folder > name` for a package of a workspace with its own copy.
    pub versions: BTreeMap<String, String>,
}

/// Reads a `package.json`. The error is a sentence.
pub(crate) fn manifest(text: &str) -> Result<Package, String> {
    let json = json::parse(text)?;
    if !matches!(json, Json::Object(_)) {
        return Err("not a JSON object".to_owned());
    }
    let lines = Lines::new(text);
    let spot = |member: &Member| {
        let line = lines.line(member.offset);
        Spot { line, quote: lines.quote(line).to_owned() }
    };
    let entry = |member: &Member, name: &str| {
        let value = member.value.text().filter(|value| !value.trim().is_empty())?;
        Some(Entry { name: name.to_owned(), value: value.to_owned(), spot: spot(member) })
    };
    let section = |key: &str| json.get(key).map(|member| member.value.members()).unwrap_or_default();
    let mut package = Package { name: json.get("name").and_then(|it| entry(it, "name")), ..Package::default() };
    for (key, dev) in [
        ("dependencies", false),
        ("peerDependencies", false),
        ("optionalDependencies", false),
        ("devDependencies", true),
    ] {
        for member in section(key).iter().take(ENTRIES) {
            if let Some(range) = member.value.text()
                && !package.dependencies.iter().any(|known| known.name == member.key)
            {
                let name = member.key.clone();
                package.dependencies.push(Dependency { name, range: range.to_owned(), dev, spot: spot(member) });
            }
        }
    }
    package.scripts = section("scripts").iter().take(ENTRIES).filter_map(|it| entry(it, &it.key)).collect();
    package.entries.extend(json.get("main").and_then(|it| entry(it, "main")));
    if let Some(bin) = json.get("bin") {
        package.entries.extend(entry(bin, "bin"));
        package.entries.extend(bin.value.members().iter().take(20).filter_map(|it| entry(it, "bin")));
    }
    package.node = json.get("engines").and_then(|it| it.value.get("node")).and_then(|it| entry(it, "node"));
    Ok(package)
}

impl Package {
    /// A script that does something: the placeholder that `npm init` writes does nothing.
    pub fn script(&self, name: &str) -> Option<&Entry> {
        self.scripts.iter().find(|script| script.name == name && !is_placeholder(&script.value))
    }
}

/// `echo "Error: no test specified" && exit 1`.
fn is_placeholder(command: &str) -> bool {
    command.contains("no test specified")
}

/// Reads a `package-lock.json` of any version.
pub(crate) fn npm_lock(text: &str) -> Result<Lock, String> {
    let json = json::parse(text)?;
    let mut lock = Lock::default();
    let version = |member: &Member| member.value.get("version").and_then(|it| it.value.text()).map(str::to_owned);
    let packages = json.get("packages").map(|it| it.value.members()).unwrap_or_default();
    // Only what a package of the project needs itself is kept.
    let mut wanted = BTreeSet::new();
    for package in packages.iter().filter(|it| !it.key.contains("node_modules/")) {
        for section in ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"] {
            wanted.extend(package.value.get(section).iter().flat_map(|it| it.value.members()).map(|it| it.key.clone()));
        }
    }
    for package in packages {
        let (folder, name) = match package.key.rsplit_once("node_modules/") {
            Some((folder, name)) => (folder.trim_end_matches('/'), name),
            None => continue,
        };
        if !wanted.contains(name) || folder.contains("node_modules/") || lock.versions.len() >= 2 * ENTRIES {
            continue;
        }
        if let Some(version) = version(package) {
            let key = if folder.is_empty() { name.to_owned() } else { format!("{folder} > {name}") };
            lock.versions.insert(key, version);
        }
    }
    if packages.is_empty() {
        for package in json.get("dependencies").map(|it| it.value.members()).unwrap_or_default() {
            let framework = crate::frameworks::name_of(&package.key).is_some();
            if let Some(version) = version(package)
                && (framework || lock.versions.len() < ENTRIES)
            {
                lock.versions.insert(package.key.clone(), version);
            }
        }
    }
    Ok(lock)
}

/// Reads a `yarn.lock`, classic or modern: `name@range:` and an indented `version`.
pub(crate) fn yarn_lock(text: &str) -> Lock {
    let mut lock = Lock::default();
    let mut name = None;
    for line in text.lines() {
        if !line.starts_with([' ', '#']) && line.ends_with(':') {
            let first = line.trim_end_matches(':').split(',').next().unwrap_or("").trim().trim_matches('"');
            name = first
                .get(1..)
                .and_then(|rest| rest.find('@'))
                .and_then(|at| first.get(..at + 1))
                .filter(|name| crate::frameworks::name_of(name).is_some())
                .map(str::to_owned);
        } else if let Some(rest) = line.strip_prefix("  version")
            && let Some(name) = name.take()
        {
            let version = rest.trim_start_matches(':').trim().trim_matches('"');
            lock.versions.entry(name).or_insert_with(|| shorten(version, 40));
        }
    }
    lock
}

/// Reads the importers of a `pnpm-lock.yaml`: a name, and under it `version: 1.2.3(peer@…)`, by indentation.
pub(crate) fn pnpm_lock(text: &str) -> Lock {
    let mut lock = Lock::default();
    let mut name: Option<String> = None;
    for line in text.lines() {
        let trimmed = line.trim();
        // Importers stand before the packages; nothing after them is needed.
        if line.starts_with("packages:") || line.starts_with("snapshots:") {
            break;
        }
        if let Some(version) = trimmed.strip_prefix("version:") {
            if let Some(name) = name.take() {
                let version = version.trim().trim_matches('\'').split('(').next().unwrap_or_default();
                lock.versions.entry(name).or_insert_with(|| shorten(version, 40));
            }
        } else if let Some(key) = trimmed.strip_suffix(':') {
            name = Some(key.trim_matches(['\'', '"']).to_owned()).filter(|_| lock.versions.len() < ENTRIES);
        } else if let Some((key, version)) = trimmed.split_once(": ")
            && line.starts_with("  ")
            && crate::frameworks::name_of(key.trim_matches(['\'', '"'])).is_some()
        {
            let version = version.trim_matches('\'').split(['(', '_']).next().unwrap_or_default();
            lock.versions.entry(key.trim_matches(['\'', '"']).to_owned()).or_insert_with(|| shorten(version, 40));
        }
    }
    lock
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_read_with_its_lines() {
        let text = "\u{feff}{\r\n  \"name\": \"shop\", // ours\r\n  \"main\": \"app.js\",\r\n  \"scripts\": {\r\n    \"test\": \"echo \\\"Error: no test specified\\\" && exit 1\",\r\n    \"start\": \"node app\"\r\n  },\r\n  \"dependencies\": { \"express\": \"^4.18.2\" }\r\n}";
        let package = manifest(text.trim_start_matches('\u{feff}')).expect("a manifest");
        assert_eq!(
            package.dependencies.first().map(|it| (it.name.as_str(), it.range.as_str(), it.spot.line)),
            Some(("express", "^4.18.2", 8))
        );
        assert_eq!(package.script("test"), None);
        assert_eq!(
            package.script("start").map(|it| (it.spot.line, it.spot.quote.as_str())),
            Some((6, "\"start\": \"node app\""))
        );
    }

    #[test]
    fn lock_files_pin_versions() {
        let npm = npm_lock(r#"{"lockfileVersion": 3, "packages": {"": {"dependencies": {"express": "^4"}}, "node_modules/express": {"version": "4.18.2"}, "node_modules/qs": {"version": "6.0.0"}, "api": {"dependencies": {"koa": "2"}}, "api/node_modules/koa": {"version": "2.1.0"}}}"#).expect("a lock");
        assert_eq!(
            npm.versions.iter().map(|(name, version)| format!("{name} {version}")).collect::<Vec<_>>(),
            ["api > koa 2.1.0", "express 4.18.2"]
        );
        let old = npm_lock(r#"{"dependencies": {"express": {"version": "4.16.0"}}}"#).expect("a lock");
        assert_eq!(old.versions.get("express").map(String::as_str), Some("4.16.0"));
        let yarn = yarn_lock(
            "# yarn\n\nexpress@^4.17.1, express@^4.17.0:\n  version \"4.17.3\"\n\n\"@nestjs/core@npm:^9\":\n  version: 9.0.1\nqs@1:\n  version \"1\"\n",
        );
        assert_eq!(yarn.versions.len(), 2);
        assert_eq!(yarn.versions.get("@nestjs/core").map(String::as_str), Some("9.0.1"));
        let pnpm = pnpm_lock(
            "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      express:\n        specifier: ^4\n        version: 4.19.2(supports-color@8)\npackages:\n  koa@1: {}\n",
        );
        assert_eq!(pnpm.versions.get("express").map(String::as_str), Some("4.19.2"));
    }
}
