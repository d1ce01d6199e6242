//! A case is a folder with a `case.toml`: steps, each a command line with what it must end with, show and say. A folder
//! `files` beside it is laid over the project.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::support::{Ran, World, copy, repository};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// A sample project; an empty folder when absent.
    project: Option<String>,
    step: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    run: Vec<String>,
    #[serde(default)]
    exit: i32,
    /// Parts of stdout.
    #[serde(default)]
    shows: Vec<String>,
    /// Parts of stderr.
    #[serde(default)]
    says: Vec<String>,
    /// Parts of neither.
    #[serde(default)]
    never: Vec<String>,
    /// JSON pointer → value in the object on stdout.
    #[serde(default)]
    json: BTreeMap<String, toml::Value>,
    #[serde(default)]
    env: BTreeMap<String, String>,
}

#[test]
fn every_case() {
    let folder = repository().join("tests/cases");
    let mut names: Vec<_> = std::fs::read_dir(&folder)
        .expect("there are cases")
        .map(|entry| entry.expect("the folder can be read").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert!(!names.is_empty());
    for name in names {
        let text = std::fs::read_to_string(folder.join(&name).join("case.toml")).expect("a case has a case.toml");
        let case: Case = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let world = case.project.as_deref().map_or_else(World::empty, World::with);
        let files = folder.join(&name).join("files");
        if files.is_dir() {
            copy(&files, &world.project);
        }
        for (number, step) in case.step.iter().enumerate() {
            take(&world, step, &format!("{name}, step {}", number + 1));
        }
    }
}

fn take(world: &World, step: &Step, place: &str) {
    let arguments: Vec<&str> = step.run.iter().map(String::as_str).collect();
    let ran = Ran::of(world.command(&arguments).envs(&step.env).output().expect("the binary runs"));
    let both = format!("stdout:\n{}\nstderr:\n{}", ran.stdout, ran.stderr);
    assert_eq!(ran.status, Some(step.exit), "{place}: status\n{both}");
    for text in &step.shows {
        assert!(ran.stdout.contains(text), "{place}: stdout lacks {text:?}\n{both}");
    }
    for text in &step.says {
        assert!(ran.stderr.contains(text), "{place}: stderr lacks {text:?}\n{both}");
    }
    for text in &step.never {
        assert!(!ran.stdout.contains(text) && !ran.stderr.contains(text), "{place}: {text:?} is there\n{both}");
    }
    if !step.json.is_empty() {
        let object: Value =
            serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{place}: {error}\n{both}"));
        for (pointer, want) in &step.json {
            let want = serde_json::to_value(want).expect("TOML is JSON");
            assert_eq!(object.pointer(pointer), Some(&want), "{place}: {pointer}\n{both}");
        }
    }
}
