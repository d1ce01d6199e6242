//! The cases of the bundled prompts: what a prompt must say in a situation, and what a good reply to it is.
//!
//! A prompt `x.md` has its cases beside it in `x.cases/*.toml`; one without a case is refused. `prompts/README.md` tells the format.

mod cases {
    pub(crate) mod case;
    pub(crate) mod situation;
}

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cases::case::Case;
use certus_prompts::{Budget, Extra, Library, Listed, Prompt, parse_reply, render};

/// The areas that may be scored: those of the work, and those of one quality each.
const AREAS: [&str; 9] = [
    "requirements",
    "technical_approach",
    "existing_code",
    "implementation_details",
    "code_review",
    "security",
    "simplicity",
    "deployment",
    "context_health",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn bundled(library: &Library) -> Vec<&Prompt> {
    let sound = library.list().into_iter().filter_map(|row| match row {
        Listed::Sound(prompt) => Some(prompt),
        Listed::Damaged(_) => None,
    });
    sound.collect()
}

/// The prompt's cases: name and content.
fn cases_of(prompt: &Prompt) -> Vec<(String, String)> {
    let folder = root().join(prompt.path.replace(".md", ".cases"));
    let mut cases: Vec<(String, String)> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let text = std::fs::read_to_string(&path).ok()?;
            Some((format!("{}: {}", prompt.name, path.file_stem()?.to_string_lossy()), text))
        })
        .collect();
    cases.sort();
    cases
}

#[test]
fn every_prompt_has_a_case_and_every_case_a_prompt() {
    let library = Library::bundled();
    let prompts = bundled(&library);
    for prompt in &prompts {
        assert!(!cases_of(prompt).is_empty(), "{} has no case", prompt.path);
    }
    let known: BTreeSet<PathBuf> =
        prompts.iter().map(|prompt| root().join(prompt.path.replace(".md", ".cases"))).collect();
    for category in
        std::fs::read_dir(root().join("prompts")).unwrap().filter_map(Result::ok).filter(|entry| entry.path().is_dir())
    {
        for entry in std::fs::read_dir(category.path()).unwrap().filter_map(Result::ok) {
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == "cases") {
                assert!(known.contains(&path), "{} belongs to no prompt", path.display());
            }
        }
    }
}

#[test]
fn every_prompt_says_what_its_cases_ask() {
    let library = Library::bundled();
    let mut failures = Vec::new();
    for prompt in bundled(&library) {
        for (name, text) in cases_of(prompt) {
            let case = Case::read(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            let extra = Extra {
                prompts: library.lines(),
                idioms: case.idioms.clone(),
                files: case.shown_files(),
                documents: case.documents.clone(),
                notes: case.earlier_notes(),
            };
            let rules = case.rules.as_deref();
            let rendered = render(prompt, &case.view(), &case.arguments, rules, &extra, Budget::default())
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(rendered.left_out, [], "{name}");
            // The fence marks are a digest of the situation; a case speaks of the text.
            let text = rendered.user();
            let mark = text.split('`').nth(1).unwrap_or_default();
            let said = text
                .replace(&format!("<{mark}>"), "")
                .replace(&format!("</{mark}>"), "")
                .replace(&format!("<{mark} "), "<");
            assert!(!case.says.is_empty(), "{name} asks nothing of the text");
            failures.extend(
                case.says.iter().filter(|text| !said.contains(*text)).map(|text| format!("{name} lacks: {text}")),
            );
            failures.extend(
                case.never.iter().filter(|text| said.contains(*text)).map(|text| format!("{name} says: {text}")),
            );
            for hole in ["{{", "{%", "[user input]", "TODO"] {
                assert!(!said.contains(hole), "{name} says {hole}");
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_sample_replies_are_what_they_should_be() {
    let library = Library::bundled();
    for prompt in bundled(&library) {
        for (name, text) in cases_of(prompt) {
            let case = Case::read(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            let parsed = parse_reply(&case.sample()).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(parsed.repaired, Vec::<String>::new(), "{name}");
            let wrong = case.expect.differs(&parsed.reply);
            assert!(wrong.is_empty(), "{name}: {}", wrong.join("; "));
            assert!(
                parsed.reply.confidence.keys().all(|area| AREAS.contains(&area.as_str())),
                "{name} scores an unknown area"
            );
            let edits = parsed.reply.artifacts.iter().flat_map(|document| &document.edits);
            let hindered: Vec<String> = edits.filter_map(|edit| case.hinders(edit)).collect();
            assert_eq!(hindered, Vec::<String>::new(), "{name}");
            for call in &parsed.reply.next {
                let called = library.get(&call.name).unwrap_or_else(|error| panic!("{name}: {error}"));
                for argument in call.arguments.keys() {
                    assert!(
                        called.arguments.iter().any(|known| known.name == *argument),
                        "{name}: {} takes no {argument}",
                        call.name
                    );
                }
            }
            let view = case.view();
            let known: BTreeSet<&str> = view
                .facts
                .iter()
                .map(|fact| fact.id.as_str())
                .chain(view.questions.iter().filter_map(|status| status.cite.as_deref()))
                .collect();
            for id in cited(&case.reply) {
                assert!(known.contains(id.as_str()), "{name} cites {id}, which is not known");
            }
            for document in parsed.reply.artifacts.iter().filter(|document| document.kind == "solution") {
                let bare = document
                    .body
                    .lines()
                    .find(|line| !line.trim().is_empty() && !line.starts_with('#') && !line.contains(['[']));
                assert_eq!(bare, None, "{name}: a line of the solution cites nothing");
            }
        }
    }
}

/// Ids such as `F3` in square brackets.
fn cited(text: &str) -> Vec<String> {
    let inside = text.split('[').skip(1).filter_map(|rest| rest.split(']').next());
    let is_id = |id: &&str| {
        id.strip_prefix(['F', 'A'])
            .is_some_and(|number| !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()))
    };
    inside.filter(is_id).map(str::to_owned).collect()
}
