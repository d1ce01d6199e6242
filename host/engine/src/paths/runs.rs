//! What says what runs. Configuration is known by the places, endings and habits of its names first, and by names alone only
//! where nothing else tells it from code.

use super::{folders, name, stem};

/// Names that say what runs, in any folder.
const NAMES: &[&str] = &[
    "package.json",
    "package.yaml",
    "composer.json",
    "deno.json",
    "deno.jsonc",
    "dub.json",
    "dub.sdl",
    "elm.json",
    "turbo.json",
    "nx.json",
    "project.json",
    "lerna.json",
    "rush.json",
    "angular.json",
    "vcpkg.json",
    "cmakepresets.json",
    "cmakeuserpresets.json",
    "cmakelists.txt",
    "meson.build",
    "meson_options.txt",
    "meson.options",
    "pom.xml",
    "build.xml",
    "testng.xml",
    "phpunit.xml",
    "phpunit.xml.dist",
    "pnpm-workspace.yaml",
    "pubspec.yaml",
    "dart_test.yaml",
    "analysis_options.yaml",
    "stack.yaml",
    "shard.yml",
    "codeception.yml",
    "go.mod",
    "go.work",
    "project.clj",
    "deps.edn",
    "build.zig",
    "build.zig.zon",
    "build.rs",
    "build.sc",
    "build.mill",
    "package.swift",
    "conftest.py",
    "setup.py",
    "manage.py",
    "wscript",
    "sconstruct",
    "sconscript",
    "configure",
    "configure.ac",
    "configure.in",
    "cpanfile",
    "makefile.pl",
    "build.pl",
    "fpmake.pp",
    "dune",
    "dune-project",
    "dune-workspace",
    "mocha.opts",
    "spec_helper.rb",
    "rails_helper.rb",
    "test_helper.rb",
    "gradlew",
    "gradlew.bat",
    "mvnw",
    "mvnw.cmd",
];

/// Names up to their first full stop that say what runs, in any folder.
const STEMS: &[&str] = &[
    "makefile",
    "gnumakefile",
    "justfile",
    "rakefile",
    "gemfile",
    "pipfile",
    "dockerfile",
    "containerfile",
    "gulpfile",
    "gruntfile",
    "jakefile",
    "cakefile",
    "noxfile",
    "fabfile",
    "taskfile",
    "jenkinsfile",
    "procfile",
    "vagrantfile",
    "guardfile",
    "fastfile",
    "earthfile",
    "snakefile",
    "podfile",
    "conanfile",
    "docker-compose",
    "tsconfig",
    "jsconfig",
    "setuptests",
    "webpack",
    "karma",
    "vitest",
    "jest",
    "mocha",
    "babel",
];

/// Endings of configuration, in any folder.
const ENDINGS: &[&str] = &[
    ".toml",
    ".cfg",
    ".ini",
    ".config",
    ".neon",
    ".gradle",
    ".gradle.kts",
    ".sbt",
    ".cabal",
    ".csproj",
    ".fsproj",
    ".vbproj",
    ".vcxproj",
    ".dproj",
    ".lpi",
    ".pbxproj",
    ".xcconfig",
    ".xctestplan",
    ".xcscheme",
    ".sln",
    ".slnx",
    ".props",
    ".targets",
    ".ruleset",
    ".runsettings",
    ".rockspec",
    ".gemspec",
    ".podspec",
    ".nimble",
    ".opam",
    ".rake",
    ".exs",
    ".mk",
    ".mak",
    ".am",
    ".cmake",
    ".ninja",
    ".bzl",
    ".bazel",
    ".nix",
];

/// Parts of names that tell configuration from code, in any folder.
const PARTS: &[&str] = &[".config.", ".conf.", ".workspace.", ".setup.", ".runner.", "-config.", ".settings."];

/// Endings that are configuration, or a script, where they stand in the root, and data elsewhere.
const ROOT_ENDINGS: &[&str] = &[
    ".json",
    ".jsonc",
    ".json5",
    ".yml",
    ".yaml",
    ".xml",
    ".ini",
    ".conf",
    ".properties",
    ".edn",
    ".sh",
    ".bash",
    ".bat",
    ".cmd",
    ".ps1",
];

/// Code in the root that tools run by its name, or take for their own.
const ROOT_NAMES: &[&str] = &[
    "tasks.py",
    "dodo.py",
    "runtests.py",
    "run_tests.py",
    "unittest.py",
    "pytest.py",
    "sitecustomize.py",
    "usercustomize.py",
];

/// Files without an ending that say nothing to a tool.
const DOCUMENTS: &[&str] = &[
    "license",
    "licence",
    "copying",
    "copyright",
    "notice",
    "readme",
    "changelog",
    "changes",
    "history",
    "news",
    "authors",
    "contributors",
    "contributing",
    "maintainers",
    "thanks",
    "todo",
    "version",
    "install",
];

/// Hidden files and folders that say nothing of what runs: what tools leave behind, what editors keep, what git goes by.
const SILENT: &[&str] = &[
    ".coverage",
    ".nyc_output",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".hypothesis",
    ".eslintcache",
    ".stylelintcache",
    ".phpunit.cache",
    ".phpunit.result.cache",
    ".rspec_status",
    ".ds_store",
    ".keep",
    ".vscode",
    ".idea",
    ".fleet",
    ".vs",
    ".gitignore",
    ".gitattributes",
    ".gitmodules",
    ".gitkeep",
];

/// Whether a file says what the project's own commands do: manifests, configurations of tools, and what services run. Such a
/// change is seen by a person each time, and takes back what they let run before.
///
/// What a command writes itself, such as a lock file or a report of what tests covered, is none.
pub fn says_what_runs(path: &str) -> bool {
    let path = path.to_lowercase();
    let name = name(&path);
    if is_locked(name) || name.ends_with("_test.exs") {
        return false;
    }
    NAMES.contains(&name)
        || STEMS.contains(&stem(name))
        || ENDINGS.iter().any(|ending| name.ends_with(ending))
        || PARTS.iter().any(|part| name.contains(part))
        || (name.contains("requirements") || name.contains("constraints")) && name.ends_with(".txt")
        || name.starts_with("compose.") && (name.ends_with(".yml") || name.ends_with(".yaml"))
        || is_hidden_configuration(&path)
        || is_of_a_build(&path)
        || (!path.contains('/') && says_so_in_the_root(name))
}

/// A file in the root of a project, as its lower-case name has it.
fn says_so_in_the_root(name: &str) -> bool {
    (!name.contains('.') && !DOCUMENTS.contains(&name))
        || ROOT_ENDINGS.iter().any(|ending| name.ends_with(ending))
        || ROOT_NAMES.contains(&name)
        || stem(name).ends_with("file")
}

/// Hidden files, and everything in hidden folders: `.cargo/config.toml`, `.github/workflows/ci.yml`, `.rspec`, `.pnp.cjs`.
fn is_hidden_configuration(path: &str) -> bool {
    let mut parts = path.split('/').filter(|part| part.starts_with('.')).peekable();
    let kept = path.starts_with(".yarn/cache/") || path.starts_with(".yarn/unplugged/");
    let silent = |part: &str| SILENT.contains(&part) || part.starts_with(".coverage.") || part.ends_with("ignore");
    parts.peek().is_some() && !kept && !parts.any(silent)
}

/// Code that builds rather than is built, by the folders where tools look for it.
fn is_of_a_build(path: &str) -> bool {
    let in_folder = |name: &str| folders(path).any(|folder| folder == name);
    let begins = |folder: &str| path.starts_with(folder);
    in_folder("buildsrc")
        || path.contains("gradle/wrapper/")
        || begins("unittest/")
        || begins("pytest/")
        || (begins("project/") && (path.ends_with(".scala") || path.ends_with(".properties")))
        // `bin/rails`, `bin/rspec`.
        || (begins("bin/") && !name(path).contains('.'))
}

/// Whether a file holds the exact versions of what a project depends on. Commands write them by themselves.
pub(super) fn is_locked(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "package-lock.json",
        "npm-shrinkwrap.json",
        "packages.lock.json",
        "pnpm-lock.yaml",
        "stack.yaml.lock",
        "package.resolved",
        "go.sum",
        "go.work.sum",
    ];
    NAMES.contains(&name) || [".lock", ".lockb", ".lockfile"].iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::super::decides;
    use super::*;

    #[test]
    fn configuration_says_what_runs_wherever_its_tool_looks_for_it() {
        for path in [
            ".cargo/config.toml",
            "crates/a/.cargo/config",
            "rust-toolchain",
            "rust-toolchain.toml",
            "build.sbt",
            "project/plugins.sbt",
            "project/Build.scala",
            "build.zig",
            "rebar.config",
            "Package.swift",
            "stack.yaml",
            ".rspec",
            "mix.exs",
            "config/test.exs",
            "karma.conf.js",
            "bunfig.toml",
            "gradlew",
            "settings.gradle",
            "gradle/wrapper/gradle-wrapper.properties",
            "buildSrc/src/main/kotlin/Rules.kt",
            ".mvn/jvm.config",
            "go.work",
            ".pnp.cjs",
            ".yarn/releases/yarn-4.cjs",
            "gulpfile.js",
            "Gruntfile.js",
            "turbo.json",
            "Directory.Build.props",
            "build/targets/x.targets",
            "Src/App/App.csproj",
            "tests.runsettings",
            "tests/xunit.runner.json",
            "global.json",
            "Makefile",
            "mk/rules.mk",
            "cmake/Tests.cmake",
            "src/CMakeLists.txt",
            "GNUmakefile",
            "tox.ini",
            "noxfile.py",
            "pkg/conftest.py",
            "setup.cfg",
            "pytest.ini",
            "unittest.py",
            "pytest/__init__.py",
            "requirements-dev.txt",
            "dev-requirements.txt",
            "phpunit.xml.dist",
            "phpstan.neon",
            "app.gemspec",
            "lib/tasks/test.rake",
            "bin/rails",
            "spec/spec_helper.rb",
            ".mocharc.yml",
            ".nycrc",
            ".eslintrc.json",
            "packages/a/.babelrc",
            "jest.setup.ts",
            "src/setupTests.js",
            "vitest.workspace.ts",
            "webpack.prod.js",
            "packages/a/tsconfig.build.json",
            ".npmrc",
            ".yarnrc.yml",
            ".pnpmfile.cjs",
            "lerna.json",
            "deno.jsonc",
            "dune",
            "lib/dune",
            "x.cabal",
            "Justfile",
            "Taskfile.yml",
            "Earthfile",
            ".github/workflows/ci.yml",
            ".gitlab-ci.yml",
            ".husky/pre-commit",
            ".circleci/config.yml",
            ".pre-commit-config.yaml",
            "docker-compose.test.yml",
            "compose.override.yaml",
            "flake.nix",
            "WORKSPACE",
            "pkg/BUILD.bazel",
            "run.sh",
        ] {
            assert!(says_what_runs(path), "{path}");
        }
    }

    #[test]
    fn code_data_and_what_commands_write_say_nothing_of_it() {
        for path in [
            "src/app.js",
            "lib/profile.js",
            "src/locales/en.json",
            "tests/fixtures/page.yml",
            "app/tasks.py",
            "src/main.rs",
            "test/price.test.js",
            "test/price_test.exs",
            "README.md",
            "LICENSE",
            "docs/config.md",
            "package-lock.json",
            "Cargo.lock",
            "go.sum",
            "yarn.lock",
            ".coverage",
            ".nyc_output/x.json",
            ".pytest_cache/v/lastfailed",
            ".vscode/settings.json",
            ".gitignore",
            ".yarn/cache/a.zip",
            "bin/app.js",
            "src/compose.ts",
        ] {
            assert!(!says_what_runs(path), "{path}");
        }
        // Of these, some are seen each time all the same.
        for path in
            ["package-lock.json", "yarn.lock", ".vscode/tasks.json", ".gitignore", ".dockerignore", "config.json"]
        {
            assert!(decides(path), "{path}");
        }
    }
}
