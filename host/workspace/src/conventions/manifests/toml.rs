//! A tolerant scanner of TOML, and the manifests written in it.

use super::dependency;
use crate::conventions::source::{Note, lines, quoted};

/// `key = value` in a table; a value that is a list is one item an element.
struct Item<'a> {
    table: &'a str,
    key: &'a str,
    value: &'a str,
    at: usize,
    /// Of a list.
    element: bool,
}

impl Item<'_> {
    /// The string, or the `version` of an inline table.
    fn version(&self) -> &str {
        if self.value.starts_with('{') {
            self.value.split_once("version").and_then(|(_, rest)| quoted(rest)).unwrap_or_default()
        } else {
            self.text()
        }
    }

    fn text(&self) -> &str {
        quoted(self.value).unwrap_or(self.value)
    }
}

fn items(text: &str) -> Vec<Item<'_>> {
    let mut found = Vec::new();
    let mut table = "";
    let mut list: Option<&str> = None;
    for (at, line) in lines(text) {
        let trimmed = line.trim();
        let at = at + (line.len() - line.trim_start().len());
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        if let Some(key) = list {
            elements(trimmed, at, table, key, &mut found);
            if closes(trimmed) {
                list = None;
            }
            continue;
        }
        if trimmed.starts_with('[') {
            let name = trimmed.split('#').next().unwrap_or_default();
            table = name.trim().trim_matches(['[', ']']).trim();
            continue;
        }
        let Some((key, value)) = trimmed.split_once('=') else { continue };
        let (key, value) = (key.trim().trim_matches(['"', '\'']), value.trim());
        if let Some(inner) = value.strip_prefix('[') {
            elements(inner, at, table, key, &mut found);
            if !closes(inner) {
                list = Some(key);
            }
        } else {
            found.push(Item { table, key, value, at, element: false });
        }
    }
    found
}

/// Whether a list ends in this line: a bracket outside quotes, so that `"uvicorn[standard]"` does not end one.
fn closes(line: &str) -> bool {
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (None, ']') => return true,
            (None, '#') => return false,
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    false
}

fn elements<'a>(line: &'a str, at: usize, table: &'a str, key: &'a str, found: &mut Vec<Item<'a>>) {
    let mut rest = line;
    while let Some(start) = rest.find(['"', '\'']) {
        let Some(value) = quoted(&rest[start..]) else { break };
        found.push(Item { table, key, value, at, element: true });
        rest = &rest[start + value.len() + 2..];
    }
}

/// `Cargo.toml`.
pub(super) fn cargo(text: &str, _: &dyn Fn(&str) -> bool) -> Vec<Note> {
    let mut notes = Vec::new();
    for item in items(text) {
        match (item.table, item.key) {
            ("package", "name" | "version" | "description") if !item.value.starts_with('{') => {
                notes.push(Note::new(format!("project.{}", item.key), item.text(), item.at));
            }
            ("package" | "workspace.package", "rust-version") => {
                notes.push(Note::new("runtime.rust", format!("Rust {}", item.text()), item.at));
            }
            ("bin", "path") => notes.push(Note::new("entry-point", item.text(), item.at)),
            (table, name) if is_dependencies(table) && !item.element && !name.contains('.') => {
                notes.push(dependency(name, item.version(), item.at));
            }
            (table, key) if is_dependencies(table) && key.ends_with(".workspace") => {
                notes.push(dependency(key.trim_end_matches(".workspace"), "", item.at));
            }
            _ => {}
        }
    }
    let tables = ["[package]", "[workspace]"];
    let table = lines(text).find(|(_, line)| tables.iter().any(|table| line.trim().starts_with(table)));
    if let Some((at, _)) = table {
        notes.push(Note::new("command.test", "cargo test", at));
        notes.push(Note::new("command.lint", "cargo clippy", at));
        notes.push(Note::new("command.build", "cargo build", at));
    }
    notes
}

fn is_dependencies(table: &str) -> bool {
    table
        .split('.')
        .next_back()
        .is_some_and(|last| matches!(last, "dependencies" | "dev-dependencies" | "build-dependencies"))
}

/// `pyproject.toml`.
pub(super) fn pyproject(text: &str, _: &dyn Fn(&str) -> bool) -> Vec<Note> {
    let mut notes: Vec<Note> = Vec::new();
    for item in items(text) {
        match (item.table, item.key) {
            ("project" | "tool.poetry", "name" | "version" | "description") => {
                notes.push(Note::new(format!("project.{}", item.key), item.text(), item.at));
            }
            ("project", "requires-python") | ("tool.poetry.dependencies", "python") => {
                notes.push(Note::new("runtime.python", format!("Python {}", item.text()), item.at));
            }
            ("project", "dependencies") | ("project.optional-dependencies" | "dependency-groups", _)
                if item.element =>
            {
                notes.extend(requirement(item.value, item.at));
            }
            ("project.scripts" | "tool.poetry.scripts", name) => {
                notes.push(Note::new("script", format!("{name} = {}", item.text()), item.at));
            }
            (table, name) if is_dependencies(table) => notes.push(dependency(name, item.version(), item.at)),
            _ => {}
        }
    }
    let table = |name: &str| lines(text).find(|(_, line)| line.trim().starts_with(name)).map(|(at, _)| at);
    let pytest =
        table("[tool.pytest").or_else(|| notes.iter().find(|note| note.key == "dependency.pytest").map(|note| note.at));
    notes.extend(pytest.map(|at| Note::new("command.test", "pytest", at)));
    notes.extend(table("[tool.ruff").map(|at| Note::new("command.lint", "ruff check .", at)));
    notes
}

/// `Pipfile`.
pub(super) fn pipfile(text: &str, _: &dyn Fn(&str) -> bool) -> Vec<Note> {
    let is_packages = |item: &Item<'_>| matches!(item.table, "packages" | "dev-packages") && !item.element;
    items(text)
        .iter()
        .filter(|item| is_packages(item))
        .map(|item| dependency(item.key, item.version(), item.at))
        .collect()
}

/// One requirement as Python writes it: `name[extra]>=1; marker`.
pub(super) fn requirement(text: &str, at: usize) -> Option<Note> {
    let text = text.split([';', '#']).next().unwrap_or_default().trim();
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let version = match rest.split_once(']') {
        Some((_, version)) if rest.starts_with('[') => version,
        _ => rest,
    };
    let is_name = !name.is_empty() && !name.starts_with(['-', '.']) && !rest.starts_with(['+', ':', '/']);
    is_name.then(|| dependency(name, version.trim(), at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(notes: &[Note]) -> Vec<(&str, &str)> {
        notes.iter().map(|note| (note.key.as_str(), note.value.as_str())).collect()
    }

    #[test]
    fn a_cargo_manifest_says_name_version_and_dependencies() {
        let text = "[package]\nname = \"shop\" # x\nversion.workspace = true\n[dependencies]\nserde = { version = \"1\", features = [\"derive\"] }\nregex.workspace = true\ntoml = \"0.9\"\n";
        assert_eq!(
            said(&cargo(text, &|_| false)),
            [
                ("project.name", "shop"),
                ("dependency.serde", "serde 1"),
                ("dependency.regex", "regex"),
                ("dependency.toml", "toml 0.9"),
                ("command.test", "cargo test"),
                ("command.lint", "cargo clippy"),
                ("command.build", "cargo build"),
            ]
        );
    }

    #[test]
    fn lists_over_several_lines_end_at_their_own_bracket() {
        let text = "[project]\nname = 'shop'\ndependencies = [\n  \"uvicorn[standard]>=0.30; python_version > '3'\",\n  # no\n  \"Flask~=3.0\", 'redis']\nversion = \"2\"\n[tool.pytest.ini_options]\n";
        assert_eq!(
            said(&pyproject(text, &|_| false)),
            [
                ("project.name", "shop"),
                ("dependency.uvicorn", "uvicorn >=0.30"),
                ("dependency.flask", "Flask ~=3.0"),
                ("dependency.redis", "redis"),
                ("project.version", "2"),
                ("command.test", "pytest"),
            ]
        );
    }

    proptest! {
        #[test]
        fn any_text_is_scanned_to_its_end(text in "[\\PC\\n\"'\\[\\]=#{},.]{0,200}") {
            for note in cargo(&text, &|_| false).into_iter().chain(pyproject(&text, &|_| false)).chain(pipfile(&text, &|_| false)) {
                prop_assert!(text.is_char_boundary(note.at) && note.at < text.len());
            }
        }
    }
}
