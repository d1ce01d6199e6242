//! Manifests that say one thing a line.

use super::dependency;
use super::toml::requirement;
use crate::conventions::source::{Note, lines, quoted};

/// `go.mod`.
pub(super) fn go_mod(text: &str, _: &dyn Fn(&str) -> bool) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut requiring = false;
    for (at, line) in lines(text) {
        let indirect = line.contains("// indirect");
        let line = line.split("//").next().unwrap_or_default().trim();
        if let Some(module) = line.strip_prefix("module ") {
            notes.push(Note::new("project.name", module, at));
            notes.push(Note::new("command.test", "go test ./...", at));
            notes.push(Note::new("command.lint", "go vet ./...", at));
            notes.push(Note::new("command.build", "go build ./...", at));
        } else if let Some(version) = line.strip_prefix("go ") {
            notes.push(Note::new("runtime.go", format!("Go {version}"), at));
        } else if line.starts_with("require") && line.ends_with('(') {
            requiring = true;
        } else if line == ")" {
            requiring = false;
        } else {
            let one = line.strip_prefix("require ").or(requiring.then_some(line));
            if let Some((name, version)) = one.and_then(|one| one.split_once(' '))
                && !indirect
            {
                notes.push(dependency(name, version, at));
            }
        }
    }
    notes
}

/// `requirements.txt`.
pub(super) fn requirements(text: &str, _: &dyn Fn(&str) -> bool) -> Vec<Note> {
    let mut notes: Vec<Note> = lines(text).filter_map(|(at, line)| requirement(line, at)).collect();
    let pytest = notes.iter().find(|note| note.key == "dependency.pytest").map(|note| note.at);
    notes.extend(pytest.map(|at| Note::new("command.test", "pytest", at)));
    notes
}

/// `setup.py` and `setup.cfg`: `name = "x"`, `name='x',`.
pub(super) fn setup(text: &str, _: &dyn Fn(&str) -> bool) -> Vec<Note> {
    let mut notes: Vec<Note> = Vec::new();
    for (at, line) in lines(text) {
        let Some((key, value)) = line.split_once('=') else { continue };
        let key = key.trim().rsplit(['(', ' ']).next().unwrap_or_default();
        if !matches!(key, "name" | "version" | "description") || value.starts_with('=') {
            continue;
        }
        let value = quoted(value).unwrap_or(value).trim().trim_end_matches(',');
        let key = format!("project.{key}");
        let is_expression = value.contains(['(', '[', '{']);
        if !is_expression && !notes.iter().any(|note| note.key == key) {
            notes.push(Note::new(key, value, at));
        }
    }
    let pytest = lines(text).find(|(_, line)| line.trim().starts_with("[tool:pytest]"));
    notes.extend(pytest.map(|(at, _)| Note::new("command.test", "pytest", at)));
    notes
}

/// `pubspec.yaml`: only what stands at the margin, and what it depends on.
pub(super) fn pubspec(text: &str, _: &dyn Fn(&str) -> bool) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut section = "";
    for (at, line) in lines(text) {
        let Some((key, value)) = line.split_once(':') else { continue };
        let value = value.split(" #").next().unwrap_or_default().trim().trim_matches(['"', '\'']);
        let indent = key.len() - key.trim_start().len();
        match (indent, key.trim()) {
            (0, "name") => {
                notes.push(Note::new("project.name", value, at));
                let test = if text.contains("sdk: flutter") { "flutter test" } else { "dart test" };
                notes.push(Note::new("command.test", test, at));
                notes.push(Note::new("command.lint", "dart analyze", at));
            }
            (0, "version") => notes.push(Note::new("project.version", value, at)),
            (0, key) => section = key,
            (2, name) if matches!(section, "dependencies" | "dev_dependencies") => {
                notes.push(dependency(name, value, at))
            }
            _ => {}
        }
    }
    notes
}

/// `*.cabal`: `name:    shop`.
pub(super) fn cabal(text: &str, _: &dyn Fn(&str) -> bool) -> Vec<Note> {
    let mut notes = Vec::new();
    for (at, line) in lines(text) {
        let Some((key, value)) = line.split_once(':') else { continue };
        match key.to_ascii_lowercase().as_str() {
            "name" => {
                notes.push(Note::new("project.name", value.trim(), at));
                notes.push(Note::new("command.build", "cabal build", at));
                notes.push(Note::new("command.test", "cabal test", at));
            }
            "version" => notes.push(Note::new("project.version", value.trim(), at)),
            _ => {}
        }
    }
    notes
}

/// `*.sln`.
pub(super) fn solution(text: &str, _: &dyn Fn(&str) -> bool) -> Vec<Note> {
    let first = lines(text).find(|(_, line)| line.contains("Visual Studio Solution"));
    let commands = |at| [Note::new("command.test", "dotnet test", at), Note::new("command.build", "dotnet build", at)];
    first.map(|(at, _)| commands(at)).into_iter().flatten().collect()
}

/// `Makefile`: the targets that have the names of our commands.
pub(super) fn makefile(text: &str, _: &dyn Fn(&str) -> bool) -> Vec<Note> {
    let targets = lines(text).filter_map(|(at, line)| {
        let (names, rest) = line.split_once(':')?;
        (!line.starts_with(char::is_whitespace) && !names.contains(['=', '#']) && !rest.starts_with('='))
            .then_some((at, names))
    });
    let mut notes = Vec::new();
    for (at, names) in targets {
        for name in names.split_whitespace() {
            match name {
                "test" | "lint" | "build" => {
                    notes.push(Note::new(format!("command.{name}"), format!("make {name}"), at))
                }
                "check" => notes.push(Note::new("command.test", "make check", at)),
                "all" => notes.push(Note::new("command.build", "make all", at)),
                _ => {}
            }
        }
    }
    // `check` and `all` only where there is no `test` and no `build`.
    notes.sort_by_key(|note| matches!(note.value.as_str(), "make check" | "make all"));
    notes
}

/// `justfile`.
pub(super) fn justfile(text: &str, beside: &dyn Fn(&str) -> bool) -> Vec<Note> {
    let notes = makefile(text, beside).into_iter();
    notes.map(|note| Note { value: note.value.replacen("make", "just", 1), ..note }).collect()
}

/// `Dockerfile`.
pub(super) fn dockerfile(text: &str, _: &dyn Fn(&str) -> bool) -> Vec<Note> {
    let mut notes = Vec::new();
    for (at, line) in lines(text) {
        let Some((instruction, value)) = line.trim().split_once(char::is_whitespace) else { continue };
        let key = match instruction.to_ascii_uppercase().as_str() {
            "FROM" => "container.image",
            "EXPOSE" => "container.port",
            "CMD" | "ENTRYPOINT" => "container.command",
            _ => continue,
        };
        notes.push(Note::new(key, value.trim(), at));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(notes: Vec<Note>) -> Vec<String> {
        notes.into_iter().map(|note| format!("{} {}", note.key, note.value)).collect()
    }

    #[test]
    fn go_modules_name_what_they_require_themselves() {
        let text = "module example.org/shop // x\n\ngo 1.22\nrequire (\n\tgithub.com/gin-gonic/gin v1.9.1\n\tx/y v1 // indirect\n)\nrequire a/b v2\nreplace (\n\ta/b => ../b\n)\n";
        assert_eq!(
            said(go_mod(text, &|_| false)),
            [
                "project.name example.org/shop",
                "command.test go test ./...",
                "command.lint go vet ./...",
                "command.build go build ./...",
                "runtime.go Go 1.22",
                "dependency.github-com-gin-gonic-gin github.com/gin-gonic/gin v1.9.1",
                "dependency.a-b a/b v2",
            ]
        );
    }

    #[test]
    fn a_makefile_offers_its_targets_and_not_its_variables() {
        let text = "test := no\nX ?= a:b\ncheck:\n\t./check\n.PHONY: test\nbuild test: x\n\tmake lint: y\n";
        assert_eq!(
            said(makefile(text, &|_| false)),
            ["command.build make build", "command.test make test", "command.test make check"]
        );
    }

    #[test]
    fn requirements_are_read_without_options_and_markers() {
        let text = "# pinned\n-r base.txt\nDjango==4.2 ; python_version > '3'\ngit+https://x\n./local\npytest\n";
        assert_eq!(
            said(requirements(text, &|_| false)),
            ["dependency.django Django ==4.2", "dependency.pytest pytest", "command.test pytest"]
        );
    }

    #[test]
    fn setup_scripts_say_their_name() {
        let text = "setup(\n    name='shop',\n    version=get_version(),\n    version_info = 3\n)\n";
        assert_eq!(said(setup(text, &|_| false)), ["project.name shop"]);
    }
}
