//! Small projects of several stacks, read by convention: what is found, and that every finding can be cited.

mod support;

use certus_workspace::conventions::{Survey, survey};
use certus_workspace::{Citation, Entry};
use proptest::prelude::*;
use support::Scene;

/// The survey of a project of these files, as text. Every finding must be cited at its own line.
fn read(files: &[(&str, &str)]) -> String {
    let project = Scene::with(files);
    let project = project.open();
    let survey = survey(&project.files().entries, &mut |path| project.read(path).ok().map(|text| text.text));
    for fact in &survey.facts {
        let cited = project.cite(&fact.path, fact.line, &fact.quote);
        assert_eq!(cited, Citation::Found { line: fact.line }, "{fact:?}");
    }
    render(&survey)
}

fn render(survey: &Survey) -> String {
    let mut lines = Vec::new();
    for language in &survey.languages {
        lines.push(format!("{} {} files {} lines {} %", language.name, language.files, language.lines, language.share));
    }
    for fact in &survey.facts {
        lines.push(format!("{} = {} [{}:{}] {}", fact.key, fact.value, fact.path, fact.line, fact.quote));
    }
    let commands = &survey.commands;
    lines.push(format!("test {:?}, lint {:?}, build {:?}", commands.test, commands.lint, commands.build));
    lines.join("\n")
}

#[test]
fn an_express_application() {
    insta::assert_snapshot!(read(&[
        ("README.md", "[![ci](b)](c)\n\n# Shop API\n\nSells.\n"),
        (
            "package.json",
            "{\n  \"name\": \"shop\",\n  \"version\": \"1.2.0\",\n  \"main\": \"server.js\",\n  \"engines\": { \"node\": \">=18\" },\n  \"scripts\": {\n    \"start\": \"node server.js\",\n    \"test\": \"mocha\",\n    \"lint\": \"eslint .\"\n  },\n  \"dependencies\": {\n    \"express\": \"^4.18.2\",\n    \"@scope/kit\": \"1\"\n  }\n}\n"
        ),
        ("server.js", "#!/usr/bin/env node\nconst app = require('./app');\napp.listen(3000);\n"),
        ("app.js", "module.exports = require('express')();\n"),
        ("test/app.test.js", "describe('app', () => {});\n"),
        ("yarn.lock", ""),
        ("Makefile", "test:\n\tnpx mocha\nbuild:\n\ttrue\n"),
    ]), @r###"
    JavaScript 3 files 5 lines 100 %
    readme.title = Shop API [README.md:3] # Shop API
    project.name = shop [package.json:2] "name": "shop",
    project.version = 1.2.0 [package.json:3] "version": "1.2.0",
    manifest = package.json (npm package) shop 1.2.0 [package.json:2] "name": "shop",
    manifest = Makefile (Makefile) [Makefile:1] test:
    entry-point = server.js [package.json:4] "main": "server.js",
    entry-point = app.js [app.js:1] module.exports = require('express')();
    command.test = yarn test [package.json:8] "test": "mocha",
    command.lint = yarn run lint [package.json:9] "lint": "eslint ."
    command.build = make build [Makefile:3] build:
    test.files = 1 test file [test/app.test.js:1] describe('app', () => {});
    test.directory = test [test/app.test.js:1] describe('app', () => {});
    runtime.node = Node.js >=18 [package.json:5] "engines": { "node": ">=18" },
    script.start = node server.js [package.json:7] "start": "node server.js",
    dependency.express = express ^4.18.2 [package.json:12] "express": "^4.18.2",
    dependency.scope-kit = @scope/kit 1 [package.json:13] "@scope/kit": "1"
    test Some("yarn test"), lint Some("yarn run lint"), build Some("make build")
    "###);
}

#[test]
fn a_go_service_with_a_web_front() {
    insta::assert_snapshot!(read(&[
        ("go.mod", "module example.org/shop\n\ngo 1.22\n\nrequire github.com/gin-gonic/gin v1.9.1\n"),
        ("cmd/shop/main.go", "package main\n\nfunc main() {\n\tprintln(1)\n}\n// long enough to outweigh the front, long enough to outweigh the front\n"),
        ("internal/x_test.go", "package internal\n"),
        ("web/package.json", "{\"name\": \"front\", \"scripts\": {\"test\": \"vitest\"}}"),
        ("web/src/index.ts", "export {};\n"),
        (".golangci.yml", "linters: {}\n"),
        ("Dockerfile", "FROM golang:1.22 AS build\nEXPOSE 8080\nCMD [\"/shop\"]\n"),
    ]), @r###"
    Go 2 files 7 lines 92 %
    TypeScript 1 files 1 lines 7 %
    project.name = example.org/shop [go.mod:1] module example.org/shop
    manifest = go.mod (Go module) example.org/shop [go.mod:1] module example.org/shop
    manifest = Dockerfile (container image) [Dockerfile:1] FROM golang:1.22 AS build
    manifest = web/package.json (npm package) front [web/package.json:1] {"name": "front", "scripts": {"test": "vitest"}}
    entry-point = cmd/shop/main.go [cmd/shop/main.go:3] func main() {
    entry-point = web/src/index.ts [web/src/index.ts:1] export {};
    command.test = go test ./... [go.mod:1] module example.org/shop
    command.lint = golangci-lint run [.golangci.yml:1] linters: {}
    command.build = go build ./... [go.mod:1] module example.org/shop
    test.files = 1 test file [internal/x_test.go:1] package internal
    runtime.go = Go 1.22 [go.mod:3] go 1.22
    dependency.github-com-gin-gonic-gin = github.com/gin-gonic/gin v1.9.1 [go.mod:5] require github.com/gin-gonic/gin v1.9.1
    container.image = golang:1.22 AS build [Dockerfile:1] FROM golang:1.22 AS build
    container.port = 8080 [Dockerfile:2] EXPOSE 8080
    container.command = ["/shop"] [Dockerfile:3] CMD ["/shop"]
    test Some("go test ./..."), lint Some("golangci-lint run"), build Some("go build ./...")
    "###);
}

/// Of stacks that have no reader of their own, names and places tell what a person would see at once.
#[test]
fn any_other_stack() {
    let said = |files: &[(&str, &str)], wanted: &[&str]| {
        let said = read(files);
        for wanted in wanted {
            assert!(said.contains(wanted), "{wanted} is not in\n{said}");
        }
    };
    said(
        &[
            ("main.pas", "program Shop;\nbegin\n  WriteLn('hello');\nend.\n"),
            ("Makefile", "all: shop\n\ntest:\n\t./tests/test_a\n"),
            ("tests/test_a.pas", "program TestA;\nbegin end.\n"),
        ],
        &[
            "Pascal 2 files",
            "manifest = Makefile",
            "entry-point = main.pas [main.pas:1] program Shop;",
            "test.files = 1 test file [tests/test_a.pas:1]",
            "test Some(\"make test\"), lint None, build Some(\"make all\")",
        ],
    );
    said(
        &[
            ("dune-project", "(lang dune 3.0)\n"),
            ("bin/main.ml", "let () = print_endline \"x\"\n"),
            ("main.mli", "val x : int\n"),
        ],
        &[
            "OCaml 2 files",
            "manifest = dune-project (Dune project)",
            "entry-point = bin/main.ml",
            "test Some(\"dune test\")",
        ],
    );
    said(
        &[
            ("a.c", "#include <stdio.h>\n\nint main(void)\n{\n}\n"),
            ("b.c", "int main_loop;\n"),
            ("t/a.c", "int main(void) {}\n"),
        ],
        &["C 3 files", "entry-point = a.c [a.c:3] int main(void)", "test.directory = t [t/a.c:1]"],
    );
    said(
        &[
            ("shop.cabal", "cabal-version: 2.4\nname:    shop\nversion: 0.1\n"),
            ("app/Main.hs", "main :: IO ()\nmain = pure ()\n"),
        ],
        &[
            "Haskell 1 files",
            "project.name = shop [shop.cabal:2]",
            "entry-point = app/Main.hs",
            "test Some(\"cabal test\")",
        ],
    );
    said(
        &[("Cargo.toml", "[package]\nname = \"x\"\n"), ("src/main.rs", "fn main() {}\n")],
        &["entry-point = src/main.rs"],
    );
    said(
        &[
            ("Gemfile", "source 'https://rubygems.org'\n"),
            ("bin/shop", "#!/usr/bin/env ruby\nputs 1\n"),
            ("lib/a.rb", "class A; end\n"),
        ],
        &["Ruby 1 files", "entry-point = bin/shop"],
    );
    said(
        &[
            ("pom.xml", "<project><artifactId>x</artifactId></project>"),
            ("src/main/java/x/Main.java", "class Main {}\n"),
        ],
        &["Java 1 files", "entry-point = src/main/java/x/Main.java"],
    );
}

#[test]
fn python_projects() {
    insta::assert_snapshot!(read(&[
        ("manage.py", "#!/usr/bin/env python\nimport sys\nif __name__ == '__main__':\n    execute_from_command_line(sys.argv)\n"),
        ("requirements.txt", "Django==4.2\n"),
        ("shop/tests.py", "from django.test import TestCase\n"),
    ]), @r###"
    Python 2 files 5 lines 100 %
    manifest = requirements.txt (Python requirements) [requirements.txt:1] Django==4.2
    entry-point = manage.py [manage.py:3] if __name__ == '__main__':
    command.test = python manage.py test [manage.py:3] if __name__ == '__main__':
    test.files = 1 test file [shop/tests.py:1] from django.test import TestCase
    dependency.django = Django ==4.2 [requirements.txt:1] Django==4.2
    test Some("python manage.py test"), lint None, build None
    "###);
    insta::assert_snapshot!(read(&[
        ("pyproject.toml", "[project]\nname = \"shop\"\nrequires-python = \">=3.11\"\ndependencies = [\"fastapi[all]>=0.110\"]\n\n[tool.pytest.ini_options]\n[tool.ruff]\n"),
        ("shop/main.py", "from fastapi import FastAPI\napp = FastAPI()\n"),
        ("tests/test_shop.py", "def test_shop(): pass\n"),
    ]), @r###"
    Python 2 files 3 lines 100 %
    project.name = shop [pyproject.toml:2] name = "shop"
    manifest = pyproject.toml (Python project) shop [pyproject.toml:2] name = "shop"
    entry-point = shop/main.py [shop/main.py:2] app = FastAPI()
    command.test = pytest [pyproject.toml:6] [tool.pytest.ini_options]
    command.lint = ruff check . [pyproject.toml:7] [tool.ruff]
    test.files = 1 test file [tests/test_shop.py:1] def test_shop(): pass
    test.directory = tests [tests/test_shop.py:1] def test_shop(): pass
    runtime.python = Python >=3.11 [pyproject.toml:3] requires-python = ">=3.11"
    dependency.fastapi = fastapi >=0.110 [pyproject.toml:4] dependencies = ["fastapi[all]>=0.110"]
    test Some("pytest"), lint Some("ruff check ."), build None
    "###);
}

#[test]
fn other_stacks() {
    insta::assert_snapshot!(read(&[
        ("Cargo.toml", "[package]\nname = \"shop\"\nversion = \"0.1.0\"\n\n[dependencies]\naxum = \"0.8\"\n"),
        ("src/main.rs", "//! Shop.\n\nfn main() {}\n"),
        ("tests/it.rs", "#[test]\nfn it() {}\n"),
    ]), @r###"
    Rust 2 files 5 lines 100 %
    project.name = shop [Cargo.toml:2] name = "shop"
    project.version = 0.1.0 [Cargo.toml:3] version = "0.1.0"
    manifest = Cargo.toml (Cargo manifest) shop 0.1.0 [Cargo.toml:2] name = "shop"
    entry-point = src/main.rs [src/main.rs:3] fn main() {}
    command.test = cargo test [Cargo.toml:1] [package]
    command.lint = cargo clippy [Cargo.toml:1] [package]
    command.build = cargo build [Cargo.toml:1] [package]
    test.files = 1 test file [tests/it.rs:1] #[test]
    test.directory = tests [tests/it.rs:1] #[test]
    dependency.axum = axum 0.8 [Cargo.toml:6] axum = "0.8"
    test Some("cargo test"), lint Some("cargo clippy"), build Some("cargo build")
    "###);
    insta::assert_snapshot!(read(&[
        ("composer.json", "{\"name\": \"acme/shop\", \"require\": {\"php\": \"^8.2\", \"ext-json\": \"*\", \"slim/slim\": \"4\"}, \"scripts\": {\"test\": [\"phpunit\", \"x\"]}}"),
        ("public/index.php", "<?php\nrequire 'x';\n"),
        ("phpunit.xml", "<phpunit/>\n"),
    ]), @r###"
    PHP 1 files 2 lines 100 %
    project.name = acme/shop [composer.json:1] {"name": "acme/shop", "require": {"php": "^8.2", "ext-json": "*", "slim/slim": "4"}, "scripts": {"test": ["phpunit", "x"]}}
    manifest = composer.json (Composer package) acme/shop [composer.json:1] {"name": "acme/shop", "require": {"php": "^8.2", "ext-json": "*", "slim/slim": "4"}, "scripts": {"test": ["phpunit", "x"]}}
    entry-point = public/index.php [public/index.php:2] require 'x';
    command.test = composer test [composer.json:1] {"name": "acme/shop", "require": {"php": "^8.2", "ext-json": "*", "slim/slim": "4"}, "scripts": {"test": ["phpunit", "x"]}}
    runtime.php = PHP ^8.2 [composer.json:1] {"name": "acme/shop", "require": {"php": "^8.2", "ext-json": "*", "slim/slim": "4"}, "scripts": {"test": ["phpunit", "x"]}}
    dependency.slim-slim = slim/slim 4 [composer.json:1] {"name": "acme/shop", "require": {"php": "^8.2", "ext-json": "*", "slim/slim": "4"}, "scripts": {"test": ["phpunit", "x"]}}
    test Some("composer test"), lint None, build None
    "###);
    insta::assert_snapshot!(read(&[
        ("pom.xml", "<project>\n  <artifactId>shop</artifactId>\n  <version>1</version>\n</project>\n"),
        ("src/main/java/acme/ShopApplication.java", "package acme;\nclass ShopApplication {\n  public static void main(String[] a) {}\n}\n"),
        ("src/test/java/acme/ShopTest.java", "package acme;\n"),
        ("src/Shop.csproj", "<Project Sdk=\"x\">\n<PropertyGroup><TargetFramework>net8.0</TargetFramework></PropertyGroup>\n</Project>\n"),
    ]), @r###"
    Java 2 files 5 lines 100 %
    project.name = shop [pom.xml:2] <artifactId>shop</artifactId>
    project.version = 1 [pom.xml:3] <version>1</version>
    manifest = pom.xml (Maven project) shop 1 [pom.xml:2] <artifactId>shop</artifactId>
    manifest = src/Shop.csproj (.NET project) [src/Shop.csproj:1] <Project Sdk="x">
    entry-point = src/main/java/acme/ShopApplication.java [src/main/java/acme/ShopApplication.java:3] public static void main(String[] a) {}
    command.test = mvn test [pom.xml:1] <project>
    command.build = mvn package [pom.xml:1] <project>
    test.files = 1 test file [src/test/java/acme/ShopTest.java:1] package acme;
    test.directory = src/test [src/test/java/acme/ShopTest.java:1] package acme;
    runtime.dotnet = net8.0 [src/Shop.csproj:2] <PropertyGroup><TargetFramework>net8.0</TargetFramework></PropertyGroup>
    test Some("mvn test"), lint None, build Some("mvn package")
    "###);
    insta::assert_snapshot!(read(&[
        ("Gemfile", "ruby '3.2'\ngem 'rails', '~> 7'\n"),
        ("Rakefile", "task :test\n"),
        ("config.ru", "run Rails.application\n"),
        ("test/a_test.rb", "require 'x'\n"),
    ]), @r###"
    Ruby 1 files 1 lines 100 %
    manifest = Gemfile (Bundler project) [Gemfile:1] ruby '3.2'
    manifest = Rakefile (Rake tasks) [Rakefile:1] task :test
    entry-point = config.ru [config.ru:1] run Rails.application
    command.test = bundle exec rake test [Rakefile:1] task :test
    test.files = 1 test file [test/a_test.rb:1] require 'x'
    test.directory = test [test/a_test.rb:1] require 'x'
    runtime.ruby = Ruby 3.2 [Gemfile:1] ruby '3.2'
    dependency.rails = rails ~> 7 [Gemfile:2] gem 'rails', '~> 7'
    test Some("bundle exec rake test"), lint None, build None
    "###);
    insta::assert_snapshot!(read(&[("Makefile", "check: x\n\ttrue\n"), ("a.c", "int main(void) { return 0; }\n"), ("main.c", "int main(void) { return 0; }\n")]), @r###"
    C 2 files 2 lines 100 %
    manifest = Makefile (Makefile) [Makefile:1] check: x
    entry-point = main.c [main.c:1] int main(void) { return 0; }
    command.test = make check [Makefile:1] check: x
    test Some("make check"), lint None, build None
    "###);
}

#[test]
fn projects_with_nothing_to_say_say_nothing() {
    insta::assert_snapshot!(read(&[]), @r###"
    test None, lint None, build None
    "###);
    insta::assert_snapshot!(read(&[("package.json", "{}"), ("README.md", "\n"), ("notes.txt", "x")]), @r###"
    test None, lint None, build None
    "###);
    insta::assert_snapshot!(read(&[("package.json", "{\"name\": [1, {\"x\""), ("Cargo.toml", "]]]\n=\n"), ("go.mod", "\u{0}"), ("pom.xml", "<<>></"), ("main.py", "")]), @r###"
    Python 1 files 0 lines 0 %
    manifest = Cargo.toml (Cargo manifest) [Cargo.toml:1] ]]]
    manifest = package.json (npm package) [package.json:1] {"name": [1, {"x"
    manifest = pom.xml (Maven project) [pom.xml:1] <<>></
    test None, lint None, build None
    "###);
}

#[test]
fn a_manifest_in_one_long_line_is_quoted_where_it_speaks() {
    let filler = "\"x\": 1, ".repeat(100);
    let text = format!("{{{filler}\"name\": \"shop\"}}");
    let shown = read(&[("package.json", &text)]);
    assert!(shown.contains("project.name = shop [package.json:1] \"name\": \"shop\"}"), "{shown}");
}

proptest! {
    #[test]
    fn any_manifest_is_survived_and_every_quote_stands_at_its_line(text in "[\\PC\\n\t\"'{}\\[\\]<>/:=,.#()]{0,200}", name in proptest::sample::select(vec![
        "package.json", "composer.json", "pyproject.toml", "Pipfile", "setup.py", "requirements.txt", "Cargo.toml", "go.mod", "pom.xml",
        "build.gradle", "settings.gradle", "Gemfile", "Rakefile", "mix.exs", "pubspec.yaml", "Makefile", "justfile", "Dockerfile", "x.csproj", "x.sln",
        "README.md", "main.py", "test_a.py",
    ])) {
        let entries = [Entry { path: name.to_owned(), size: text.len() as u64 }];
        let survey = survey(&entries, &mut |_| Some(text.clone()));
        for fact in survey.facts {
            let line = text.split('\n').nth(fact.line as usize - 1).unwrap_or_default();
            prop_assert!(line.contains(&fact.quote), "{fact:?}");
        }
    }
}
