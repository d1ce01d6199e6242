//! Compare the crate map in ARCHITECTURE.md with `cargo metadata`, because crate lists in architecture pages drift.
//!
//! The map is the first table whose header begins with `Crate`. Its columns are the crate, its folder, its idea in a
//! sentence, and its arrows: the crates of this workspace that it uses, separated by commas, or `–` for none. Backticks
//! are allowed everywhere.
//!
//! ```markdown
//! | Crate | Folder | Idea | Arrows |
//! |---|---|---|---|
//! | `certus-engine` | `host/engine` | The law of a chain | – |
//! | `certus-store` | `host/store` | The event log | `certus-engine` |
//! ```
//!
//! Dependencies for tests are no arrows.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

/// Crate → its folder and arrows.
type Map = BTreeMap<String, Room>;

#[derive(Debug, PartialEq, Eq)]
struct Room {
    folder: String,
    arrows: BTreeSet<String>,
}

/// Print the map of the workspace, to write it down.
pub(crate) fn print(root: &Path) -> Result<()> {
    println!("| Crate | Folder | Idea | Arrows |\n|---|---|---|---|");
    for (name, room) in metadata(root)? {
        println!("| `{name}` | `{}` | … | {} |", room.folder, show(&room.arrows));
    }
    Ok(())
}

/// Compare the page with the workspace.
pub(crate) fn check(root: &Path) -> Result<()> {
    let page = fs::read_to_string(root.join("ARCHITECTURE.md")).context("cannot read ARCHITECTURE.md")?;
    let faults = differences(&read_map(&page)?, &metadata(root)?);
    if faults.is_empty() {
        println!("the crate map in ARCHITECTURE.md is right");
        return Ok(());
    }
    bail!("ARCHITECTURE.md is not what `cargo metadata` says\n  {}", faults.join("\n  "))
}

fn read_map(page: &str) -> Result<Map> {
    let cells = |line: &str| -> Vec<String> {
        let inner = line.trim().trim_start_matches('|').trim_end_matches('|');
        inner.split('|').map(|cell| cell.replace('`', "").trim().to_owned()).collect()
    };
    let mut lines = page.lines().skip_while(|line| {
        !(line.trim_start().starts_with('|') && cells(line).first().is_some_and(|cell| cell == "Crate"))
    });
    ensure!(lines.next().is_some(), "ARCHITECTURE.md has no table whose header begins with `Crate`");
    let mut map = Map::new();
    for line in lines.skip(1).take_while(|line| line.trim_start().starts_with('|')) {
        let row = cells(line);
        let [name, folder, _idea, arrows] = row.as_slice() else { bail!("a row without four columns: {line}") };
        let arrows =
            arrows.split(',').map(str::trim).filter(|arrow| !["", "–", "-"].contains(arrow)).map(str::to_owned);
        let room = Room { folder: folder.clone(), arrows: arrows.collect() };
        ensure!(map.insert(name.clone(), room).is_none(), "ARCHITECTURE.md names {name} twice");
    }
    Ok(map)
}

fn differences(page: &Map, workspace: &Map) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, room) in workspace {
        match page.get(name) {
            None => faults.push(format!("{name} ({}) is not in the table", room.folder)),
            Some(written) => {
                if written.folder != room.folder {
                    faults.push(format!("{name} lies in {}, not in {}", room.folder, written.folder));
                }
                if written.arrows != room.arrows {
                    faults.push(format!("{name} uses {}, not {}", show(&room.arrows), show(&written.arrows)));
                }
            }
        }
    }
    let gone = page.keys().filter(|name| !workspace.contains_key(*name));
    faults.extend(gone.map(|name| format!("{name} does not exist")));
    faults
}

fn show(arrows: &BTreeSet<String>) -> String {
    let quoted: Vec<String> = arrows.iter().map(|arrow| format!("`{arrow}`")).collect();
    if quoted.is_empty() { "–".to_owned() } else { quoted.join(", ") }
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<CargoPackage>,
}

#[derive(Deserialize)]
struct CargoPackage {
    name: String,
    manifest_path: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
    path: Option<String>,
}

fn metadata(root: &Path) -> Result<Map> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root).args(["metadata", "--no-deps", "--format-version", "1", "--locked"]);
    let output = command.output().context("cannot run `cargo metadata`")?;
    ensure!(output.status.success(), "`cargo metadata` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    let metadata: Metadata = serde_json::from_slice(&output.stdout).context("`cargo metadata` is not readable")?;
    let rooms = metadata.packages.into_iter().map(|package| {
        let folder = Path::new(&package.manifest_path).parent().unwrap_or(root);
        let folder = folder.strip_prefix(root).unwrap_or(folder).to_string_lossy().replace('\\', "/");
        let ours =
            package.dependencies.into_iter().filter(|used| used.path.is_some() && used.kind.as_deref() != Some("dev"));
        (package.name, Room { folder, arrows: ours.map(|used| used.name).collect() })
    });
    Ok(rooms.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "
# Rooms

| Word | Meaning |
|---|---|
| chain | work |

| Crate | Folder | Idea | Arrows |
|---|---|---|---|
| `certus-engine` | `host/engine` | The law | – |
| certus-store | host/store | The log | `certus-engine`, `certus-ghost` |
| certus-ghost | host/ghost | Gone | - |

More.
";

    fn room(folder: &str, arrows: &[&str]) -> Room {
        Room { folder: folder.into(), arrows: arrows.iter().map(|arrow| (*arrow).into()).collect() }
    }

    #[test]
    fn the_map_is_the_table_of_crates() {
        let map = read_map(PAGE).expect("a map");
        assert_eq!(map.len(), 3);
        assert_eq!(map["certus-store"], room("host/store", &["certus-engine", "certus-ghost"]));
        assert!(read_map("# Nothing").is_err());
    }

    #[test]
    fn every_difference_is_named() {
        let workspace = Map::from([
            ("certus-engine".into(), room("host/law", &[])),
            ("certus-store".into(), room("host/store", &["certus-engine"])),
            ("certus-app".into(), room("host/app", &["certus-store"])),
        ]);
        assert_eq!(
            differences(&read_map(PAGE).expect("a map"), &workspace),
            [
                "certus-app (host/app) is not in the table",
                "certus-engine lies in host/law, not in host/engine",
                "certus-store uses `certus-engine`, not `certus-engine`, `certus-ghost`",
                "certus-ghost does not exist",
            ]
        );
        assert!(differences(&workspace, &workspace).is_empty());
    }
}
