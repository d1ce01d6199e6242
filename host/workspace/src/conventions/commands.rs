//! The commands that people would type in the root.
//!
//! Manifests and configuration files each may offer some. The offer whose language has most of the project's bytes is taken;
//! within a language a script of the project comes before a configured tool, and that before what the language usually does.
//! A Makefile has no language and is asked last.

use super::manifests::Manifest;
use super::source::Note;
use super::{Commands, Files, Finding, Language, layout, manifests};
use crate::path::split;

/// An offer: rank of its language, rank within the language, and what it is.
type Offer = (usize, u8, Finding);

/// The commands, and the findings that cite them.
pub(super) fn choose(files: &mut Files<'_>, languages: &[Language], read: &[Manifest]) -> (Commands, Vec<Finding>) {
    let rank = |names: &[&str]| {
        let best = languages.iter().position(|language| names.contains(&language.name));
        best.unwrap_or(if names.is_empty() { usize::MAX } else { languages.len() })
    };
    let mut commands = Commands::default();
    let mut facts = Vec::new();
    let slots = [
        ("command.test", &mut commands.test),
        ("command.lint", &mut commands.lint),
        ("command.build", &mut commands.build),
    ];
    for (key, slot) in slots {
        let mut offers: Vec<Offer> = Vec::new();
        for manifest in read.iter().filter(|manifest| manifest.directory.is_empty()) {
            let wanted = |note: &&Note| note.key == key;
            for note in manifest.notes.iter().filter(wanted).take(1) {
                let within = if is_usual(&note.value) { 2 } else { 0 };
                let found = manifest.source.finding(key, &note.value, note.at);
                offers.extend(found.map(|found| (rank(manifest.languages), within, found)));
            }
        }
        for (_, path, language, command) in BY_FILE.iter().filter(|(for_key, ..)| *for_key == key) {
            offers.extend(quoting(files, path, key, command).map(|found| (rank(&[language]), 1, found)));
        }
        if key == "command.test" {
            offers.extend(python_tests(files).map(|found| (rank(&["Python"]), 3, found)));
        }
        if let Some((.., found)) = offers.into_iter().min_by_key(|(language, within, _)| (*language, *within)) {
            *slot = Some(found.value.clone());
            facts.push(found);
        }
    }
    (commands, facts)
}

/// Said by a language's convention rather than by this project.
fn is_usual(command: &str) -> bool {
    matches!(command, "go vet ./..." | "cargo clippy")
}

/// What the presence of a file in the root says: which command, the file, its language, the command line.
const BY_FILE: &[(&str, &str, &str, &str)] = &[
    ("command.test", "pytest.ini", "Python", "pytest"),
    ("command.test", "conftest.py", "Python", "pytest"),
    ("command.test", "tests/conftest.py", "Python", "pytest"),
    ("command.test", "manage.py", "Python", "python manage.py test"),
    ("command.test", "phpunit.xml", "PHP", "vendor/bin/phpunit"),
    ("command.test", "phpunit.xml.dist", "PHP", "vendor/bin/phpunit"),
    ("command.test", ".rspec", "Ruby", "bundle exec rspec"),
    ("command.test", "spec/spec_helper.rb", "Ruby", "bundle exec rspec"),
    ("command.test", "dune-project", "OCaml", "dune test"),
    ("command.build", "dune-project", "OCaml", "dune build"),
    ("command.test", "stack.yaml", "Haskell", "stack test"),
    ("command.build", "stack.yaml", "Haskell", "stack build"),
    ("command.test", "Package.swift", "Swift", "swift test"),
    ("command.build", "Package.swift", "Swift", "swift build"),
    ("command.test", "build.sbt", "Scala", "sbt test"),
    ("command.build", "build.sbt", "Scala", "sbt compile"),
    ("command.test", "rebar.config", "Erlang", "rebar3 eunit"),
    ("command.build", "rebar.config", "Erlang", "rebar3 compile"),
    ("command.test", "gleam.toml", "Gleam", "gleam test"),
    ("command.build", "gleam.toml", "Gleam", "gleam build"),
    ("command.test", "project.clj", "Clojure", "lein test"),
    ("command.test", "build.zig", "Zig", "zig build test"),
    ("command.build", "build.zig", "Zig", "zig build"),
    ("command.test", "shard.yml", "Crystal", "crystal spec"),
    ("command.build", "shard.yml", "Crystal", "shards build"),
    ("command.test", "dub.json", "D", "dub test"),
    ("command.build", "dub.json", "D", "dub build"),
    ("command.test", "dub.sdl", "D", "dub test"),
    ("command.build", "dub.sdl", "D", "dub build"),
    ("command.build", "alire.toml", "Ada", "alr build"),
    ("command.test", "fpm.toml", "Fortran", "fpm test"),
    ("command.build", "fpm.toml", "Fortran", "fpm build"),
    ("command.test", "cpanfile", "Perl", "prove -l"),
    ("command.lint", ".golangci.yml", "Go", "golangci-lint run"),
    ("command.lint", ".golangci.yaml", "Go", "golangci-lint run"),
    ("command.lint", "ruff.toml", "Python", "ruff check ."),
    ("command.lint", ".flake8", "Python", "flake8"),
    ("command.lint", ".rubocop.yml", "Ruby", "bundle exec rubocop"),
];

/// Files of the root that a command may be told from. Tests that are told by their names are none: they say that there are
/// some, and nothing of the command.
pub(super) fn sources() -> impl Iterator<Item = String> {
    manifests::names().chain(BY_FILE.iter().map(|(_, path, ..)| (*path).to_owned()))
}

fn quoting(files: &mut Files<'_>, path: &str, key: &str, command: &str) -> Option<Finding> {
    let source = files.source(path)?;
    let at = layout::telling_line(&source)?;
    source.finding(key, command, at)
}

/// Python tests need no configuration: their names are enough.
fn python_tests(files: &mut Files<'_>) -> Option<Finding> {
    let is_test = |path: &&&str| {
        let name = split(path).1;
        name.ends_with(".py") && (name.starts_with("test_") || name.ends_with("_test.py"))
    };
    let path = (*files.sizes.keys().find(is_test)?).to_owned();
    let uses_unittest = files.source(&path)?.text.contains("unittest");
    quoting(files, &path, "command.test", if uses_unittest { "python -m unittest" } else { "pytest" })
}
