//! Manifests: which files are one, and what each says.

mod blocks;
mod json;
mod lines;
mod npm;
mod toml;
mod xml;

use super::source::{Note, Source, key_part};
use super::{Files, Finding};
use crate::path::split;

/// Largest manifest that is read, in bytes.
const LARGEST: u64 = 256 * 1024;
/// Most dependencies of one manifest.
const MOST_DEPENDENCIES: usize = 64;

/// A manifest that was read.
pub(super) struct Manifest {
    /// Its directory; empty for the root.
    pub(super) directory: String,
    /// What it is: `npm package`.
    pub(super) kind: &'static str,
    /// The languages whose projects have such a manifest; empty for any.
    pub(super) languages: &'static [&'static str],
    pub(super) source: Source,
    /// What it says, by the keys of findings.
    pub(super) notes: Vec<Note>,
}

/// Reads a manifest's text; the function tells which files lie beside it.
type Reader = fn(&str, &dyn Fn(&str) -> bool) -> Vec<Note>;

struct Form {
    kind: &'static str,
    languages: &'static [&'static str],
    read: Reader,
}

const WEB: &[&str] = &["JavaScript", "TypeScript", "Vue", "Svelte"];
const JVM: &[&str] = &["Java", "Kotlin", "Scala", "Groovy"];

/// Which names a kind of manifest has, what it is called, the languages whose projects have one, and what it says.
type Row = (&'static [&'static str], &'static str, &'static [&'static str], Reader);

/// Manifests that are known by their whole name.
const NAMED: &[Row] = &[
    (&["package.json"], "npm package", WEB, npm::package),
    (&["deno.json", "deno.jsonc"], "Deno project", WEB, nothing),
    (&["composer.json"], "Composer package", &["PHP"], npm::composer),
    (&["pyproject.toml"], "Python project", &["Python"], toml::pyproject),
    (&["Pipfile"], "Pipenv project", &["Python"], toml::pipfile),
    (&["setup.py", "setup.cfg"], "Python package", &["Python"], lines::setup),
    (
        &["requirements.txt", "requirements-dev.txt", "dev-requirements.txt", "requirements_dev.txt"],
        "Python requirements",
        &["Python"],
        lines::requirements,
    ),
    (&["Cargo.toml"], "Cargo manifest", &["Rust"], toml::cargo),
    (&["go.mod"], "Go module", &["Go"], lines::go_mod),
    (&["pom.xml"], "Maven project", JVM, xml::pom),
    (&["build.gradle", "build.gradle.kts"], "Gradle build", JVM, blocks::gradle),
    (&["settings.gradle", "settings.gradle.kts"], "Gradle settings", JVM, blocks::gradle_settings),
    (&["build.sbt"], "sbt build", &["Scala"], nothing),
    (&["Gemfile"], "Bundler project", &["Ruby"], blocks::gemfile),
    (&["Rakefile"], "Rake tasks", &["Ruby"], blocks::rakefile),
    (&["mix.exs"], "Mix project", &["Elixir"], blocks::mix),
    (&["pubspec.yaml"], "Dart package", &["Dart"], lines::pubspec),
    (&["Package.swift"], "Swift package", &["Swift"], nothing),
    (&["CMakeLists.txt"], "CMake project", &["C", "C++"], nothing),
    (&["meson.build"], "Meson project", &["C", "C++"], nothing),
    (&["configure.ac"], "Autoconf project", &["C", "C++"], nothing),
    (&["BUILD.bazel", "MODULE.bazel"], "Bazel project", &[], nothing),
    (&["dune-project"], "Dune project", &["OCaml", "Reason"], nothing),
    (&["stack.yaml"], "Stack project", &["Haskell"], nothing),
    (&["package.yaml"], "hpack package", &["Haskell"], nothing),
    (&["elm.json"], "Elm project", &["Elm"], nothing),
    (&["rebar.config"], "Rebar project", &["Erlang"], nothing),
    (&["gleam.toml"], "Gleam project", &["Gleam"], nothing),
    (&["project.clj"], "Leiningen project", &["Clojure"], nothing),
    (&["deps.edn"], "Clojure project", &["Clojure"], nothing),
    (&["build.zig"], "Zig build", &["Zig"], nothing),
    (&["shard.yml"], "Crystal shard", &["Crystal"], nothing),
    (&["dub.json", "dub.sdl"], "Dub package", &["D"], nothing),
    (&["alire.toml"], "Alire crate", &["Ada"], nothing),
    (&["fpm.toml"], "Fortran package", &["Fortran"], nothing),
    (&["Project.toml"], "Julia project", &["Julia"], nothing),
    (&["DESCRIPTION"], "R package", &["R"], nothing),
    (&["cpanfile", "Makefile.PL", "Build.PL", "dist.ini"], "Perl distribution", &["Perl"], nothing),
    (&["fpmake.pp"], "Free Pascal package", &["Pascal"], nothing),
    (&["Makefile", "GNUmakefile", "makefile"], "Makefile", &[], lines::makefile),
    (&["justfile", "Justfile"], "just recipes", &[], lines::justfile),
    (&["Dockerfile", "Containerfile"], "container image", &[], lines::dockerfile),
    (&["docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml"], "Compose services", &[], nothing),
];

/// Manifests that are known by the ending of their name.
const ENDING: &[Row] = &[
    (&[".csproj", ".fsproj"], ".NET project", &["C#", "F#"], xml::csproj),
    (&[".sln"], ".NET solution", &["C#", "F#"], lines::solution),
    (&[".cabal"], "Cabal package", &["Haskell"], lines::cabal),
    (&[".opam"], "opam package", &["OCaml", "Reason"], nothing),
    (&[".lpi", ".dproj"], "Pascal project", &["Pascal"], nothing),
    (&[".nimble"], "Nimble package", &["Nim"], nothing),
    (&[".rockspec"], "LuaRocks package", &["Lua"], nothing),
    (&[".gemspec"], "Ruby gem", &["Ruby"], nothing),
];

/// The form of a file of this name, if it is a manifest.
fn form(name: &str) -> Option<Form> {
    let named = NAMED.iter().find(|(names, ..)| names.contains(&name));
    let found =
        named.or_else(|| ENDING.iter().find(|(endings, ..)| endings.iter().any(|ending| name.ends_with(ending))));
    found.map(|&(_, kind, languages, read)| Form { kind, languages, read })
}

/// A name of each kind of manifest.
pub(super) fn names() -> impl Iterator<Item = String> {
    let ending = ENDING.iter().flat_map(|(endings, ..)| endings.iter().map(|ending| format!("a{ending}")));
    NAMED.iter().flat_map(|(names, ..)| names.iter().map(|name| (*name).to_owned())).chain(ending)
}

/// A manifest that is only named.
fn nothing(_: &str, _: &dyn Fn(&str) -> bool) -> Vec<Note> {
    Vec::new()
}

/// Read at most `most` manifests, the shallowest first, and tell whether there are more.
pub(super) fn read(files: &mut Files<'_>, most: usize) -> (Vec<Manifest>, bool) {
    let mut paths: Vec<(usize, String, Form)> = Vec::new();
    let mut more = false;
    for (path, size) in &files.sizes {
        let Some(form) = form(split(path).1) else { continue };
        if *size > LARGEST {
            more = true;
            continue;
        }
        paths.push((path.matches('/').count(), (*path).to_owned(), form));
    }
    // Those of a language first: they say most.
    paths.sort_by(|(depth, path, form), (other_depth, other_path, other)| {
        let key = depth.cmp(other_depth).then(form.languages.is_empty().cmp(&other.languages.is_empty()));
        key.then_with(|| path.cmp(other_path))
    });
    more |= paths.len() > most;
    let mut manifests = Vec::new();
    for (_, path, form) in paths.into_iter().take(most) {
        let Some(source) = files.source(&path) else { continue };
        let directory = split(&path).0.to_owned();
        let beside = |name: &str| files.has(&crate::path::join(&directory, name));
        let mut notes = (form.read)(&source.text, &beside);
        let mut dependencies = 0;
        notes.retain(|note| {
            dependencies += usize::from(note.key.starts_with("dependency."));
            !note.key.starts_with("dependency.") || dependencies <= MOST_DEPENDENCIES
        });
        manifests.push(Manifest { directory, kind: form.kind, languages: form.languages, source, notes });
    }
    (manifests, more)
}

/// Name and version of the project, from the first manifest of the root that says them; and every manifest.
pub(super) fn identity(manifests: &[Manifest]) -> Vec<Finding> {
    let mut facts = Vec::new();
    for key in ["project.name", "project.version", "project.description"] {
        let mut said = manifests.iter().filter(|manifest| manifest.directory.is_empty());
        facts.extend(said.find_map(|manifest| {
            let note = manifest.notes.iter().find(|note| note.key == key)?;
            manifest.source.finding(key, &note.value, note.at)
        }));
    }
    for manifest in manifests {
        let own = |key: &str| manifest.notes.iter().find(|note| note.key == key);
        let (name, version) = (own("project.name"), own("project.version"));
        let mut value = format!("{} ({})", manifest.source.path, manifest.kind);
        for part in [name, version].into_iter().flatten() {
            value = format!("{value} {}", part.value);
        }
        let at = name.or(version).map(|note| note.at).or_else(|| manifest.source.line_where(|_| true));
        facts.extend(at.and_then(|at| manifest.source.finding("manifest", &value, at)));
    }
    facts
}

/// Everything else: runtimes, dependencies, containers.
pub(super) fn details(manifests: &[Manifest]) -> Vec<Finding> {
    let elsewhere = |key: &str| key.starts_with("project.") || key.starts_with("command.") || key == "entry-point";
    let notes = manifests.iter().flat_map(|manifest| manifest.notes.iter().map(move |note| (manifest, note)));
    notes
        .filter(|(_, note)| !elsewhere(&note.key))
        .filter_map(|(manifest, note)| manifest.source.finding(&note.key, &note.value, note.at))
        .collect()
}

/// A dependency, with what is said of its version.
fn dependency(name: &str, version: &str, at: usize) -> Note {
    Note::new(format!("dependency.{}", key_part(name)), format!("{name} {version}").trim(), at)
}
