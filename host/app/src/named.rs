//! Files that a goal names without naming them: "refactor the user controller" means `controllers/user.js`.
//!
//! Words of the goal are compared with the words that paths are made of. The first line that says something is quoted, so
//! that the file can be cited before anybody reads it.

use std::collections::BTreeSet;

use certus_engine::{Discovery, Place};
use certus_workspace::{Entry, Project};

/// Files that are named at most.
const MOST: usize = 12;
/// Words of a goal that are compared.
const MOST_WORDS: usize = 64;
/// Paths that are compared.
const MOST_PATHS: usize = 20_000;
/// A longer quote is not needed to find a line again.
const MOST_QUOTE: usize = 400;

/// A path that is written out counts more than any number of words.
const WRITTEN: usize = 1_000;

/// Words of goals that say nothing about which file is meant.
const COMMON: [&str; 34] = [
    "add", "all", "and", "any", "app", "are", "bug", "can", "code", "file", "fix", "for", "from", "have", "index",
    "into", "large", "make", "must", "new", "not", "our", "project", "refactor", "should", "that", "the", "their",
    "this", "too", "use", "when", "with", "without",
];

/// Source files whose path has at least one telling word of the goal, best first.
pub(crate) fn files(project: &Project, goal: &str, entries: &[Entry]) -> Vec<Discovery> {
    let mut wanted: BTreeSet<String> =
        words(goal).filter(|word| !COMMON.contains(&word.as_str())).take(MOST_WORDS).collect();
    let paths: Vec<(BTreeSet<String>, &Entry)> =
        entries.iter().take(MOST_PATHS).map(|entry| (words(&entry.path).collect(), entry)).collect();
    // What every path has in common, such as the project's own name, tells no file from another.
    wanted.retain(|word| paths.iter().filter(|(words, _)| words.contains(word)).count() * 4 <= paths.len().max(16));
    let sources = paths.iter().filter(|(_, entry)| is_source(&entry.path));
    let mut scored: Vec<(usize, usize, &Entry)> = sources
        .filter_map(|(words, entry)| {
            let written = if is_written(&entry.path, goal) { WRITTEN } else { 0 };
            let hits = words.intersection(&wanted).count() + written;
            (hits > 0).then_some((hits, entry.path.len(), *entry))
        })
        .collect();
    let best = scored.iter().map(|(hits, ..)| *hits).max().unwrap_or(0);
    // Where a file has two of the words, files with one are noise.
    scored.retain(|(hits, ..)| *hits == best);
    scored.sort_by_key(|(_, length, entry)| (*length, &entry.path));
    scored.into_iter().take(MOST).filter_map(|(_, _, entry)| discovery(project, &entry.path)).collect()
}

/// The goal writes the path out, or the end of it: `routes/admin.js`.
fn is_written(path: &str, goal: &str) -> bool {
    let edge = |c: char| !c.is_alphanumeric();
    goal.split_whitespace()
        .map(|word| word.trim_matches(edge))
        .filter(|word| word.contains('.'))
        .any(|word| path.strip_suffix(word).is_some_and(|before| before.is_empty() || before.ends_with('/')))
}

fn discovery(project: &Project, path: &str) -> Option<Discovery> {
    let text = project.read(path).ok()?.text;
    let (number, line) =
        text.lines().enumerate().find(|(_, line)| line.chars().filter(|c| c.is_alphanumeric()).count() >= 3)?;
    let quote = &line.trim()[..line.trim().floor_char_boundary(MOST_QUOTE)];
    let place = Place { path: path.to_owned(), line: u32::try_from(number + 1).ok()?, quote: quote.to_owned() };
    let value = format!("{path} ({} lines)", text.lines().count());
    Some(Discovery { key: "file".to_owned(), value, evidence: Some(place), cited: false })
}

fn is_source(path: &str) -> bool {
    const ENDINGS: [&str; 26] = [
        "js", "mjs", "cjs", "jsx", "ts", "tsx", "vue", "svelte", "py", "php", "rb", "go", "rs", "java", "kt", "cs",
        "c", "h", "cpp", "swift", "scala", "ex", "sql", "prisma", "graphql", "html",
    ];
    path.rsplit_once('.').is_some_and(|(_, ending)| ENDINGS.contains(&ending))
}

/// Lower-case words of at least three letters, `camelCase` taken apart, a plural `s` taken off.
fn words(text: &str) -> impl Iterator<Item = String> {
    let mut words = Vec::new();
    let mut current = String::new();
    let mut before_lower = false;
    for c in text.chars() {
        let starts = c.is_uppercase() && before_lower;
        if (!c.is_alphanumeric() || starts) && !current.is_empty() {
            words.push(std::mem::take(&mut current));
        }
        if c.is_alphanumeric() {
            current.extend(c.to_lowercase());
        }
        before_lower = c.is_lowercase();
    }
    words.push(current);
    words.into_iter().filter(|word| word.chars().count() >= 3).map(|word| match word.strip_suffix('s') {
        Some(singular) if singular.len() >= 3 && !singular.ends_with('s') => singular.to_owned(),
        _ => word,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(goal: &str, paths: &[&str]) -> Vec<String> {
        let folder = tempfile::tempdir().expect("a folder");
        for path in paths {
            let file = folder.path().join(path);
            std::fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
            std::fs::write(file, "// the first line\n").expect("a file");
        }
        let project = Project::open(folder.path()).expect("a project");
        files(&project, goal, &project.files().entries)
            .into_iter()
            .filter_map(|found| Some(found.evidence?.path))
            .collect()
    }

    #[test]
    fn the_controller_is_found_by_its_words() {
        let paths = ["app.js", "controllers/user.js", "controllers/home.js", "models/User.js", "README.md"];
        assert_eq!(found("Refactor the user controller, it is too large", &paths), ["controllers/user.js"]);
        assert_eq!(found("Users are not saved", &paths), ["models/User.js", "controllers/user.js"]);
        assert_eq!(found("Make it faster", &paths), [""; 0]);
        assert_eq!(found("Make the user controllers in app.js faster", &paths), ["app.js"]);
    }

    #[test]
    fn a_word_that_most_paths_have_tells_nothing() {
        let paths: Vec<String> = (0..40).map(|number| format!("shop/file{number}.js")).collect();
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        assert_eq!(found("Add search to the shop", &paths), [""; 0]);
    }

    #[test]
    fn words_are_taken_apart() {
        let all: Vec<String> = words("src/userController.test.ts addresses HTMLParser").collect();
        assert_eq!(all, ["src", "user", "controller", "test", "addresse", "htmlparser"]);
    }
}
