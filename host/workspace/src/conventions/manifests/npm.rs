//! `package.json` and `composer.json`.

use super::dependency;
use super::json::{Scalar, scalars};
use crate::conventions::source::Note;

/// `package.json`.
pub(super) fn package(text: &str, beside: &dyn Fn(&str) -> bool) -> Vec<Note> {
    let found = scalars(text);
    let runner = if beside("pnpm-lock.yaml") {
        "pnpm"
    } else if beside("yarn.lock") {
        "yarn"
    } else if beside("bun.lockb") || beside("bun.lock") {
        "bun"
    } else {
        "npm"
    };
    let mut notes = identity(&found);
    for scalar in &found {
        if scalar.is_at(&["main"]) || scalar.is_at(&["bin"]) || scalar.is_at(&["bin", "*"]) {
            notes.push(Note::new("entry-point", &*scalar.value, scalar.at));
        } else if scalar.is_at(&["engines", "node"]) {
            notes.push(Note::new("runtime.node", format!("Node.js {}", scalar.value), scalar.at));
        } else if scalar.is_at(&["dependencies", "*"]) || scalar.is_at(&["devDependencies", "*"]) {
            notes.extend(scalar.keys.last().map(|name| dependency(name, &scalar.value, scalar.at)));
        } else if scalar.is_at(&["scripts", "*"]) {
            // What `npm init` writes is no test.
            let placeholder = scalar.value.contains("no test specified");
            match scalar.keys[1].as_str() {
                "test" if !placeholder => notes.push(Note::new("command.test", test(runner), scalar.at)),
                "lint" => notes.push(Note::new("command.lint", format!("{runner} run lint"), scalar.at)),
                "build" => notes.push(Note::new("command.build", format!("{runner} run build"), scalar.at)),
                "start" => notes.push(Note::new("script.start", &*scalar.value, scalar.at)),
                _ => {}
            }
        }
    }
    notes
}

fn test(runner: &str) -> String {
    // `bun test` is bun's own runner, not the script.
    if runner == "bun" { "bun run test".to_owned() } else { format!("{runner} test") }
}

/// `composer.json`.
pub(super) fn composer(text: &str, _: &dyn Fn(&str) -> bool) -> Vec<Note> {
    let found = scalars(text);
    let mut notes = identity(&found);
    for scalar in &found {
        if scalar.is_at(&["require", "php"]) {
            notes.push(Note::new("runtime.php", format!("PHP {}", scalar.value), scalar.at));
        } else if scalar.is_at(&["require", "*"]) || scalar.is_at(&["require-dev", "*"]) {
            let name = scalar.keys.last().filter(|name| !name.starts_with("ext-"));
            notes.extend(name.map(|name| dependency(name, &scalar.value, scalar.at)));
        } else if scalar.is_in(&["scripts", "*"]) {
            let script = scalar.keys[1].as_str();
            let key = format!("command.{script}");
            if matches!(script, "test" | "lint" | "build") && !notes.iter().any(|note| note.key == key) {
                notes.push(Note::new(key, format!("composer {script}"), scalar.at));
            }
        }
    }
    notes
}

fn identity(found: &[Scalar]) -> Vec<Note> {
    let said = ["name", "version", "description"].into_iter().filter_map(|key| {
        let scalar = found.iter().find(|scalar| scalar.is_at(&[key]))?;
        Some(Note::new(format!("project.{key}"), &*scalar.value, scalar.at))
    });
    said.collect()
}
