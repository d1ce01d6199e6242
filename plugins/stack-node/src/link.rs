//! Joins what the files say into one report about the project, within a budget of bytes.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::bindings::{Commands, Finding, Framework, Model, Place, Report, Route, Stack};
use crate::eval::{self, Source};
use crate::facts::{FileFacts, Spot};
use crate::frameworks;
use crate::names::InFront;
use crate::package::{Lock, Package};
use crate::resolve::Files;
use crate::text::{QUOTE_LIMIT, cut};

/// Bytes of each part of a report; together they stay below what one call may carry.
const ROUTE_BYTES: usize = 450_000;
const MODEL_BYTES: usize = 120_000;
const FINDING_BYTES: usize = 300_000;

/// Findings of one family (the key up to its first dot).
fn family_limit(family: &str) -> usize {
    match family {
        "dependency" => 150,
        "script" | "config" | "test" => 60,
        "auth" | "session" => 80,
        _ => 40,
    }
}

/// Order of families: what decides about a change comes first.
const FAMILIES: &[&str] = &[
    "truncated",
    "unresolved",
    "entry-point",
    "auth",
    "session",
    "cookie",
    "database",
    "cache",
    "middleware",
    "validation",
    "error-handler",
    "logging",
    "config",
    "test",
    "pagination",
    "upload",
    "mail",
    "payment",
    "queue",
    "relation",
    "model-enum",
    "websocket",
    "storage",
    "docs",
    "template-engine",
    "view",
    "node",
    "language",
    "graphql",
    "i18n",
    "script",
    "dependency",
];

/// Builds the report from what every file says, in order of paths.
pub fn report(mut files: Vec<(String, FileFacts)>) -> Report {
    files.sort_by(|left, right| left.0.cmp(&right.0));
    files.dedup_by(|left, right| left.0 == right.0);
    let paths = Files::new(files.iter().map(|(path, _)| path.as_str()));
    let mut sources = Vec::new();
    for (path, facts) in &mut files {
        if let Some(module) = facts.module.take() {
            sources.push(Source { path: path.clone(), module, test: facts.test });
        }
    }
    let mut packages: Vec<(&str, &Package)> = files
        .iter()
        .filter_map(|(path, facts)| facts.package.as_ref().map(|package| (directory(path), package)))
        .collect();
    packages.sort_by_key(|(root, _)| *root);
    let starts = entries(&packages, &paths);
    let wiring = eval::wire(sources, &paths, &starts);
    let starts = starts.iter().chain(wiring.listeners.iter().map(|listener| &listener.file));
    let mut findings = Findings { reached: reached(starts, &files, &paths), ..Findings::default() };
    for (path, facts) in &files {
        for found in &facts.findings {
            findings.add(&found.key, &found.value, path, &found.spot);
        }
    }
    for listener in &wiring.listeners {
        let spot = Spot { line: listener.line, quote: listener.quote.clone() };
        findings.add("entry-point", &format!("{} listens", listener.file), &listener.file, &spot);
    }
    in_front(&wiring.guards, &files, &mut findings);
    for (path, facts) in files.iter().filter(|(_, facts)| !facts.test) {
        for model in &facts.models {
            for it in &model.refers {
                let value = format!("{} refers to {} by its field {}", model.name, it.model, it.field);
                findings.add("relation", &value, path, &it.spot);
            }
            for it in &model.limited {
                let value = format!("{}.{} is one of {}", model.name, it.field, it.values);
                findings.add("model-enum", &value, path, &it.spot);
            }
        }
    }
    for (root, package) in &packages {
        of_package(root, package, &paths, &mut findings);
    }
    let stacks = stacks(&packages, &files);
    for route in &wiring.unresolved {
        let spot = Spot { line: route.line, quote: route.quote.clone() };
        let value = format!("the path of {} → {} is not known", route.method, route.handler);
        findings.add("unresolved.route", &value, &route.file, &spot);
    }
    let (routes, models) = (routes(wiring.routes, &files), models(&files));
    let unread = files.iter().filter(|(_, facts)| facts.unread).count();
    let all = Unlisted { routes: routes.1 + wiring.left_out, models: models.1, unread, exhausted: wiring.exhausted };
    all.tell(routes.0.first().map(|route| &route.place), &mut findings);
    let (routes, models) = (routes.0, models.0);
    Report { routes, models, findings: findings.finish(), commands: commands(&packages, &stacks), stacks }
}

fn directory(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

fn join(root: &str, name: &str) -> String {
    let name = name.trim_start_matches("./");
    if root.is_empty() { name.to_owned() } else { format!("{root}/{name}") }
}

fn place(path: &str, spot: &Spot) -> Place {
    Place { path: path.to_owned(), line: spot.line, quote: cut(&spot.quote, QUOTE_LIMIT).to_owned() }
}

#[derive(Default)]
struct Findings {
    rows: Vec<(usize, bool, Finding)>,
    seen: HashSet<(String, String, String)>,
    env: HashSet<String>,
    /// Files that belong to what programs start with.
    reached: HashSet<String>,
}

impl Findings {
    fn add(&mut self, key: &str, value: &str, path: &str, spot: &Spot) {
        let new = match key {
            // One place for a variable or a framework is enough.
            "config.env" | "test.framework" => self.env.insert(format!("{key} {value}")),
            _ => self.seen.insert((key.to_owned(), value.to_owned(), path.to_owned())),
        };
        if !new || self.rows.len() > 50_000 {
            return;
        }
        let family = family(key);
        let rank = FAMILIES.iter().position(|known| *known == family).unwrap_or(FAMILIES.len());
        // A script that fills a database opens one too; the program's own connection comes before it. Nothing asks for a schema.
        let script = || !self.reached.contains(path) && !path.ends_with(".prisma");
        let aside = is_aside(path) || (family == "database" && script());
        let finding = Finding { key: key.to_owned(), value: value.to_owned(), place: place(path, spot) };
        self.rows.push((rank, aside, finding));
    }

    fn finish(mut self) -> Vec<Finding> {
        self.rows.sort_by_key(|left| (left.0, left.1));
        let mut counts: HashMap<String, usize> = HashMap::new();
        let mut bytes = 0;
        let mut kept = Vec::new();
        let mut left: BTreeMap<String, (usize, Place)> = BTreeMap::new();
        for (.., finding) in self.rows {
            let family = family(&finding.key);
            let count = counts.entry(family.to_owned()).or_default();
            *count += 1;
            bytes += finding.key.len() + finding.value.len() + size(&finding.place);
            if *count <= family_limit(family) && bytes <= FINDING_BYTES {
                kept.push(finding);
            } else {
                left.entry(family.to_owned()).or_insert_with(|| (0, finding.place.clone())).0 += 1;
            }
        }
        for (family, (count, place)) in left.into_iter().take(20) {
            let value = format!("{count} more of `{family}` were found than are listed");
            kept.push(Finding { key: "truncated".to_owned(), value, place });
        }
        kept
    }
}

/// Examples and scripts tell less about the project than its own code.
fn is_aside(path: &str) -> bool {
    path.split('/').any(|part| {
        matches!(
            part,
            "examples" | "example" | "scripts" | "docs" | "migrations" | "seeders" | "fixtures" | "public" | "tools"
        )
    })
}

fn family(key: &str) -> &str {
    key.split('.').next().unwrap_or(key)
}

fn size(place: &Place) -> usize {
    place.path.len() + place.quote.len() + 40
}

fn of_package(root: &str, package: &Package, paths: &Files, findings: &mut Findings) {
    let manifest = join(root, "package.json");
    for entry in &package.entries {
        // `npm init` writes a `main` whether there is such a file or not.
        if let Some(file) = paths.file(&join(root, &entry.value)) {
            findings.add("entry-point", &format!("{file} ({})", entry.name), &manifest, &entry.spot);
        }
    }
    if let Some(start) = package.script("start") {
        let file = started(&start.value).and_then(|file| paths.file(&join(root, file)));
        let value = file.unwrap_or_else(|| start.value.clone());
        findings.add("entry-point", &format!("{value} (start)"), &manifest, &start.spot);
    }
    if let Some(node) = &package.node {
        findings.add("node.version", &node.value, &manifest, &node.spot);
    }
    for script in &package.scripts {
        findings.add(&format!("script.{}", script.name), &script.value, &manifest, &script.spot);
    }
    for dependency in &package.dependencies {
        let value = if dependency.dev { format!("{} (dev)", dependency.range) } else { dependency.range.clone() };
        findings.add(&format!("dependency.{}", dependency.name), &value, &manifest, &dependency.spot);
        let known = frameworks::name_of(&dependency.name);
        if known.is_some_and(frameworks::tests) {
            findings.add(
                "test.framework",
                &format!("{} {}", dependency.name, dependency.range),
                &manifest,
                &dependency.spot,
            );
        }
        if dependency.name == "typescript" {
            findings.add(
                "language.typescript",
                &format!("typescript {}", dependency.range),
                &manifest,
                &dependency.spot,
            );
        }
    }
    if let Some(test) = package.script("test")
        && test.value.contains("node")
        && test.value.contains("--test")
    {
        findings.add("test.framework", "node:test", &manifest, &test.spot);
    }
}

/// Files that programs start with: what `start`, `main` and `bin` name, then what usually is one.
fn entries(packages: &[(&str, &Package)], paths: &Files) -> Vec<String> {
    let mut entries = Vec::new();
    for (root, package) in packages {
        let scripts = ["start", "dev", "start:dev", "serve"].into_iter().filter_map(|name| package.script(name));
        let named = scripts
            .filter_map(|script| started(&script.value))
            .chain(package.entries.iter().map(|entry| entry.value.as_str()));
        let usual = ["index", "server", "app", "main", "src", "src/server", "src/app", "src/main", "bin/www"];
        entries.extend(named.chain(usual).filter_map(|file| paths.file(&join(root, file))));
    }
    entries
}

/// Files that are asked for, by way of others, by those that programs start with.
fn reached<'s>(
    starts: impl Iterator<Item = &'s String>,
    files: &[(String, FileFacts)],
    paths: &Files,
) -> HashSet<String> {
    let asks: HashMap<&str, &[String]> =
        files.iter().map(|(path, facts)| (path.as_str(), facts.asks.as_slice())).collect();
    let mut waiting: Vec<String> = starts.cloned().collect();
    let mut reached = HashSet::new();
    while let Some(path) = waiting.pop() {
        let asked = asks.get(path.as_str()).copied().unwrap_or_default();
        if reached.insert(path.clone()) {
            waiting.extend(asked.iter().filter_map(|specifier| paths.resolve(&path, specifier)));
        }
    }
    reached
}

/// The file that `node app.js` or `nodemon --inspect src/app` starts.
fn started(command: &str) -> Option<&str> {
    let mut words = command.split_whitespace();
    words.find(|word| {
        ["node", "nodemon", "ts-node", "tsx", "ts-node-dev", "babel-node", "pm2", "bun"]
            .contains(&word.rsplit('/').next().unwrap_or(word))
    })?;
    words.find(|word| !word.starts_with('-') && !matches!(*word, "start" | "run" | "watch"))
}

fn version(name: &str, range: &str, root: &str, locks: &BTreeMap<&str, &Lock>) -> String {
    let own = locks.get(root).and_then(|lock| lock.versions.get(name));
    // The lock file of a workspace stands at its root.
    let shared = || {
        locks
            .get("")
            .and_then(|lock| lock.versions.get(&format!("{root} > {name}")).or_else(|| lock.versions.get(name)))
    };
    own.or_else(shared).cloned().unwrap_or_else(|| range.to_owned())
}

fn stacks(packages: &[(&str, &Package)], files: &[(String, FileFacts)]) -> Vec<Stack> {
    let locks: BTreeMap<&str, &Lock> =
        files.iter().filter_map(|(path, facts)| facts.lock.as_ref().map(|lock| (directory(path), lock))).collect();
    let has_script = |root: &str| {
        files
            .iter()
            .any(|(path, _)| path.ends_with("js") || path.ends_with("ts") || path.ends_with("x"))
            .then_some(root)
            .is_some()
            && files.iter().any(|(path, facts)| {
                facts.package.is_none()
                    && (root.is_empty() || path.strip_prefix(root).is_some_and(|rest| rest.starts_with('/')))
            })
    };
    let mut stacks = Vec::new();
    for (root, package) in packages.iter().take(200) {
        let mut known: Vec<Framework> = Vec::new();
        let mut dependencies: Vec<_> = package.dependencies.iter().collect();
        dependencies.sort_by_key(|dependency| dependency.dev);
        for dependency in dependencies {
            let Some(name) = frameworks::name_of(&dependency.name) else { continue };
            if !known.iter().any(|framework| framework.name == name) {
                let version = version(&dependency.name, &dependency.range, root, &locks);
                known.push(Framework { name: name.to_owned(), version: Some(version) });
            }
        }
        // What serves requests is named first.
        known.sort_by_key(|framework| !frameworks::serves(&framework.name));
        let confidence = match (known.is_empty(), has_script(root)) {
            (false, true) => 0.99,
            (false, false) | (true, true) => 0.9,
            (true, false) => 0.6,
        };
        stacks.push(Stack { name: "node".to_owned(), root: (*root).to_owned(), confidence, frameworks: known });
    }
    stacks
}

/// What one report has no room for, by number.
struct Unlisted {
    routes: usize,
    models: usize,
    unread: usize,
    exhausted: bool,
}

impl Unlisted {
    /// Names it, at the first route: it is about no place of its own.
    fn tell(&self, first: Option<&Place>, findings: &mut Findings) {
        let Some(place) = first else { return };
        let spot = Spot { line: place.line, quote: place.quote.clone() };
        let mut add = |value: String| findings.add("truncated", &value, &place.path, &spot);
        for (count, what) in [(self.routes, "routes"), (self.models, "models")] {
            if count > 0 {
                add(format!("{count} more {what} were found than are listed: there is no room for them in one report"));
            }
        }
        if self.unread > 0 {
            add(format!("the wiring of {} files was not followed: there is too much of it", self.unread));
        }
        if self.exhausted {
            add("there may be more routes: the wiring was followed in its first part".to_owned());
        }
    }
}

/// What stands in front of routes: by what its body does where that is known, else by its name.
fn in_front(all: &BTreeMap<String, eval::InFrontOf>, files: &[(String, FileFacts)], findings: &mut Findings) {
    let plain =
        |name: &str| -> String { name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase() };
    let mut stops: HashMap<String, bool> = HashMap::new();
    for (path, facts) in files.iter().filter(|(_, facts)| !facts.test) {
        let stem = path.rsplit('/').next().unwrap_or_default().split('.').next().unwrap_or_default();
        for (name, stopping) in &facts.middleware {
            let name = if name == "exports" { stem } else { name };
            // Of two with one name, one that stops somebody is the safer guess.
            *stops.entry(plain(name)).or_default() |= stopping;
        }
    }
    for (text, seen) in all {
        let last =
            |text: &str| plain(text.split('(').next().unwrap_or_default().rsplit('.').next().unwrap_or_default());
        let known = |text: &str| stops.get(&last(text)).filter(|_| !seen.name.is_empty());
        let stops = known(&seen.name).or_else(|| known(text));
        let key = match (seen.kind, stops) {
            (InFront::Csrf, _) => "middleware.csrf",
            (InFront::Limit, _) => "middleware.rate-limit",
            (InFront::Guard, Some(true) | None) | (InFront::Loader, Some(true)) => "auth.middleware",
            (InFront::Guard, Some(false)) | (InFront::Loader, _) => "auth.user-loader",
        };
        let noun = if seen.count == 1 { "route" } else { "routes" };
        let below = seen.below.as_ref().map(|path| format!(" below {path}")).unwrap_or_default();
        let spot = Spot { line: seen.line, quote: seen.quote.clone() };
        let list = seen.list.as_ref().map(|list| format!(" (in {list})")).unwrap_or_default();
        findings.add(key, &format!("{text}{list} on {} {noun}{below}", seen.count), &seen.file, &spot);
    }
}

/// Routes that fit, and how many do not.
fn routes(rows: Vec<eval::RouteRow>, files: &[(String, FileFacts)]) -> (Vec<Route>, usize) {
    let mut routes = Vec::new();
    let (mut bytes, mut left) = (0, 0);
    let mut push = |route: Route| {
        bytes += route.path.len() + route.handler.len() + size(&route.place);
        if bytes <= ROUTE_BYTES {
            routes.push(route);
        } else {
            left += 1;
        }
    };
    for row in rows {
        let spot = Spot { line: row.line, quote: row.quote };
        push(Route { method: row.method, path: row.path, handler: row.handler, place: place(&row.file, &spot) });
    }
    for (path, facts) in files {
        for route in &facts.routes {
            push(Route {
                method: route.method.clone(),
                path: route.path.clone(),
                handler: route.handler.clone(),
                place: place(path, &route.spot),
            });
        }
    }
    (routes, left)
}

/// Models that fit, and how many do not.
fn models(files: &[(String, FileFacts)]) -> (Vec<Model>, usize) {
    let (mut bytes, mut left) = (0, 0);
    let mut models = Vec::new();
    for (path, facts) in files {
        if facts.test {
            continue;
        }
        for model in &facts.models {
            bytes += model.fields.iter().map(|field| field.len() + 8).sum::<usize>() + size(&place(path, &model.spot));
            if bytes <= MODEL_BYTES {
                models.push(Model {
                    name: model.name.clone(),
                    fields: model.fields.clone(),
                    place: place(path, &model.spot),
                });
            } else {
                left += 1;
            }
        }
    }
    (models, left)
}

/// Command lines from scripts: those of the package at the root, or of the first package that has one.
fn commands(packages: &[(&str, &Package)], stacks: &[Stack]) -> Commands {
    let mut order: Vec<_> = packages.to_vec();
    let serves = |root: &str| {
        stacks.iter().any(|stack| {
            stack.root == root && stack.frameworks.iter().any(|framework| frameworks::serves(&framework.name))
        })
    };
    order.sort_by_key(|(root, _)| (!root.is_empty(), !serves(root), root.matches('/').count(), root.len()));
    let find = |names: &[&str]| {
        order.iter().find_map(|(root, package)| {
            let script = names.iter().find_map(|name| package.script(name))?;
            Some(command(root, &script.name))
        })
    };
    Commands {
        test: find(&["test", "tests", "test:unit", "test:ci", "test:all", "unit"]),
        lint: find(&["lint", "lint:check", "eslint", "lint:js", "standard", "check"]),
        build: find(&["build", "build:prod", "compile", "tsc", "build:ts"]),
    }
}

fn command(root: &str, script: &str) -> String {
    let run = if script == "test" { "test".to_owned() } else { format!("run {script}") };
    if root.is_empty() {
        return format!("npm {run}");
    }
    let plain = |letter: char| letter.is_alphanumeric() || "/-_.@".contains(letter);
    if root.chars().all(plain) {
        format!("npm --prefix {root} {run}")
    } else {
        format!("npm --prefix '{}' {run}", root.replace('\'', "'\\''"))
    }
}
