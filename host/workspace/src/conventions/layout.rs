//! What lies where: README, tests, entry points.

use std::collections::{BTreeMap, BTreeSet};

use super::manifests::Manifest;
use super::source::{Source, lines};
use super::{Files, Finding, languages};
use crate::path::{join, split};

/// Most test directories named.
const MOST_TEST_DIRECTORIES: usize = 8;
/// Most entry points named.
const MOST_ENTRY_POINTS: usize = 16;

/// Most files that are looked into for where a program begins.
const MOST_LOOKED_INTO: usize = 200;

const TEST_DIRECTORIES: &[&str] = &["test", "tests", "spec", "specs", "__tests__", "e2e", "cypress", "testing"];

/// The title of the README in the root.
pub(super) fn readme(files: &mut Files<'_>) -> Option<Finding> {
    let is_readme = |path: &&&str| {
        let name = path.to_ascii_lowercase();
        !path.contains('/')
            && matches!(
                name.as_str(),
                "readme" | "readme.md" | "readme.markdown" | "readme.rst" | "readme.txt" | "readme.adoc" | "readme.org"
            )
    };
    let path = (*files.sizes.keys().find(is_readme)?).to_owned();
    let source = files.source(&path)?;
    let (at, title) = title(&source.text)?;
    source.finding("readme.title", &title, at)
}

/// The first heading, or else the first line of prose.
fn title(text: &str) -> Option<(usize, String)> {
    let clean = |line: &str| line.trim().trim_matches(['#', '=', ' ']).trim().to_owned();
    let is_title = |line: &str| line.chars().any(char::is_alphanumeric);
    let mut fenced = false;
    let mut prose = None;
    for (at, line) in lines(text).take(200) {
        let trimmed = line.trim();
        if trimmed.starts_with("```") {
            fenced = !fenced;
        }
        if fenced || !is_title(trimmed) {
            continue;
        }
        if trimmed.starts_with("# ") || trimmed.starts_with("= ") {
            return Some((at, clean(trimmed)));
        }
        let is_markup = trimmed.starts_with(['<', '!', '[', '`', '.', ':']);
        if prose.is_none() && !is_markup {
            prose = Some((at, clean(trimmed)));
        }
    }
    prose
}

/// Directories that hold tests, and how many test files there are.
pub(super) fn tests(files: &mut Files<'_>) -> Vec<Finding> {
    let mut directories: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut all = Vec::new();
    for path in files.sizes.keys().filter(|path| is_test(path)) {
        all.push((*path).to_owned());
        if let Some(directory) = test_directory(path) {
            directories.entry(directory.to_owned()).or_default().push((*path).to_owned());
        }
    }
    let mut facts = Vec::new();
    if let Some((source, at)) = first_quotable(files, &all) {
        let plural = if all.len() == 1 { "file" } else { "files" };
        facts.extend(source.finding("test.files", &format!("{} test {plural}", all.len()), at));
    }
    for (directory, paths) in directories.into_iter().take(MOST_TEST_DIRECTORIES) {
        if let Some((source, at)) = first_quotable(files, &paths) {
            facts.extend(source.finding("test.directory", &directory, at));
        }
    }
    facts
}

fn first_quotable(files: &mut Files<'_>, paths: &[String]) -> Option<(Source, usize)> {
    paths.iter().take(10).find_map(|path| {
        let source = files.source(path)?;
        let at = source.line_where(|_| true)?;
        Some((source, at))
    })
}

/// The outermost test directory on the way to a file.
fn test_directory(path: &str) -> Option<&str> {
    let (directory, _) = split(path);
    // Only in the root: deeper, a folder of this name may hold anything, such as translations.
    if directory.split('/').next() == Some("t") {
        return Some("t");
    }
    let mut end = 0;
    for part in directory.split('/') {
        end += part.len();
        if TEST_DIRECTORIES.contains(&part.to_ascii_lowercase().as_str()) {
            return Some(&path[..end]);
        }
        end += 1;
    }
    None
}

/// A source file that tests, by its name or by where it lies.
pub(super) fn is_test(path: &str) -> bool {
    let Some(language) = languages::of(path) else { return false };
    if matches!(language, "HTML" | "CSS" | "SQL") {
        return false;
    }
    let name = split(path).1;
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let lower = stem.to_ascii_lowercase();
    [".test", ".spec", "_test", "_spec", "-test", "-spec"].iter().any(|end| lower.ends_with(end))
        || lower.starts_with("test_")
        || (language == "Python" && lower == "tests")
        || (matches!(language, "Java" | "Kotlin" | "C#" | "PHP" | "Scala" | "Swift" | "Groovy" | "Haskell")
            && ["Test", "Tests", "Spec", "IT"].iter().any(|end| stem.ends_with(end) && stem.len() > end.len()))
        || test_directory(path).is_some()
}

/// Where a program starts, by the name of the file and what its manifest says.
pub(super) fn entry_points(files: &mut Files<'_>, manifests: &[Manifest]) -> Vec<Finding> {
    let mut facts = Vec::new();
    let mut named = BTreeSet::new();
    for manifest in manifests {
        for note in manifest.notes.iter().filter(|note| note.key == "entry-point") {
            let path = join(&manifest.directory, note.value.trim_start_matches("./"));
            if named.insert(path.clone()) {
                facts.extend(manifest.source.finding("entry-point", &path, note.at));
            }
        }
    }
    let roots: BTreeSet<&str> = manifests.iter().map(|manifest| manifest.directory.as_str()).chain([""]).collect();
    let mut paths: Vec<String> = files
        .sizes
        .keys()
        .filter(|path| !is_test(path) && roots.iter().any(|root| starts(path, root)))
        .map(|path| (*path).to_owned())
        .collect();
    paths.sort_by_key(|path| (path.matches('/').count(), path.clone()));
    for path in paths {
        if facts.len() >= MOST_ENTRY_POINTS {
            break;
        }
        if named.contains(&path) {
            continue;
        }
        let Some(source) = files.source(&path) else { continue };
        let Some(at) = telling_line(&source) else { continue };
        facts.extend(source.finding("entry-point", &path, at));
    }
    if facts.is_empty() {
        facts.extend(by_content(files));
    }
    facts
}

/// Where no name says it: files near the root of which a line begins a program.
fn by_content(files: &mut Files<'_>) -> Vec<Finding> {
    let near = |path: &&&str| {
        let directory = split(path).0;
        matches!(directory, "" | "src" | "source" | "app" | "lib") && languages::of(path).is_some() && !is_test(path)
    };
    let paths: Vec<String> = files.sizes.keys().filter(near).take(MOST_LOOKED_INTO).map(|&path| path.into()).collect();
    let found = paths.iter().filter_map(|path| {
        let source = files.source(path)?;
        let language = languages::of(path)?;
        let at = source.line_where(|line| begins_a_program(language, line))?;
        source.finding("entry-point", path, at)
    });
    found.take(MOST_ENTRY_POINTS).collect()
}

/// Whether a program of this language begins at a line like this one.
fn begins_a_program(language: &str, line: &str) -> bool {
    let starts = |beginnings: &[&str]| beginnings.iter().any(|beginning| line.starts_with(beginning));
    match language {
        "C" | "C++" | "CUDA" | "Objective-C" => {
            starts(&["int main(", "int main (", "void main(", "main(", "auto main("])
        }
        "D" => starts(&["int main(", "void main("]),
        "Pascal" | "Fortran" => line.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case("program")),
        "Haskell" | "PureScript" => starts(&["main ::", "main ="]),
        "Elm" => starts(&["main :", "main ="]),
        "OCaml" => starts(&["let () ", "let ()=", "let _ = main"]),
        "Rust" | "Zig" | "V" => line.trim_start_matches("pub ").starts_with("fn main("),
        "Go" => starts(&["func main("]),
        "Java" | "C#" => line.contains("static void main(") || line.contains("static void Main("),
        "Kotlin" => starts(&["fun main("]),
        "Scala" => starts(&["@main ", "def main("]) || (line.starts_with("object ") && line.contains("extends App")),
        "Python" => starts(&["if __name__ =="]),
        "Nim" => starts(&["when isMainModule"]),
        "Dart" => starts(&["void main(", "main("]),
        "Ruby" => starts(&["if __FILE__ == $0", "if $0 == __FILE__", "if $PROGRAM_NAME == __FILE__"]),
        "Shell" | "Perl" | "Tcl" | "Lua" | "Raku" => starts(&["#!/"]),
        _ => false,
    }
}

/// The line that shows best what a file is for.
pub(super) fn telling_line(source: &Source) -> Option<usize> {
    let is_marked = |line: &str| MARKS.iter().any(|mark| line.contains(mark));
    let is_opening = |line: &str| line.starts_with("#!") || line.trim() == "<?php";
    let marked = source.line_where(is_marked);
    marked.or_else(|| source.line_where(|line| !is_opening(line)))
}

/// Lines that show best that a file is where things start.
const MARKS: &[&str] = &[
    "fn main(",
    "func main(",
    "if __name__ ==",
    "static void main",
    "int main(",
    "fun main(",
    ".listen(",
    "createServer(",
    "execute_from_command_line(",
    "FastAPI(",
    "Flask(__name__",
    "runApp(",
    "WebApplication.CreateBuilder",
    "SpringApplication.run",
];

/// Whether a file of this name starts a program whose manifest lies in `root`.
fn starts(path: &str, root: &str) -> bool {
    let Some(rest) =
        (if root.is_empty() { Some(path) } else { path.strip_prefix(root).and_then(|rest| rest.strip_prefix('/')) })
    else {
        return false;
    };
    let (directory, name) = split(rest);
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let first = directory.split('/').next().unwrap_or_default();
    let shallow = !directory.contains('/');
    match extension {
        "js" | "mjs" | "cjs" | "ts" | "mts" => {
            matches!(stem, "app" | "index" | "main" | "server")
                && matches!(directory, "" | "src" | "app" | "server" | "bin")
        }
        "jsx" | "tsx" => matches!(stem, "index" | "main") && matches!(directory, "" | "src"),
        "py" => {
            matches!(stem, "main" | "app" | "manage" | "wsgi" | "asgi" | "__main__")
                && (shallow || directory == format!("src/{}", split(directory).1))
        }
        "go" => stem == "main" && (directory.is_empty() || (first == "cmd" && directory.matches('/').count() <= 1)),
        "rs" => (stem == "main" && matches!(directory, "src" | "")) || directory == "src/bin",
        "php" => matches!((directory, stem), ("" | "public" | "web", "index") | ("", "app" | "main")),
        "rb" => directory == "bin" || (matches!(stem, "app" | "main" | "server") && matches!(directory, "" | "lib")),
        "ru" => name == "config.ru" && directory.is_empty(),
        "java" | "kt" | "scala" => stem == "Main" || stem.ends_with("Application"),
        "cs" => stem == "Program" && shallow,
        "c" | "cc" | "cpp" | "cxx" | "zig" | "swift" => stem == "main" && matches!(directory, "" | "src" | "app"),
        "dart" => stem == "main" && matches!(directory, "lib" | "bin"),
        "html" => rest == "index.html",
        "" => rest == "artisan" || directory == "bin",
        "css" | "scss" | "less" | "sql" | "vue" | "svelte" | "h" | "hpp" | "hh" | "mli" => false,
        _ => {
            let usual = matches!(stem.to_ascii_lowercase().as_str(), "main" | "app" | "index" | "server" | "program");
            let near = matches!(directory, "" | "src" | "source" | "app" | "lib/bin");
            languages::of(path).is_some() && (directory == "bin" || (usual && near))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_known_by_name_or_place() {
        for path in [
            "a.test.js",
            "src/b.spec.ts",
            "pkg/x_test.go",
            "test_a.py",
            "a_test.py",
            "spec/models/user_spec.rb",
            "tests/it.rs",
            "src/test/java/com/x/UserTest.java",
            "UserTests.cs",
            "web/__tests__/x.jsx",
            "t/a.c",
            "t/basic.t",
            "app/UserSpec.hs",
        ] {
            assert!(is_test(path), "{path}");
        }
        for path in [
            "latest.js",
            "src/contest.py",
            "tests/data.json",
            "Test.java",
            "src/testimony.go",
            "attest/x.rs",
            "src/t/de.js",
        ] {
            assert!(!is_test(path), "{path}");
        }
    }

    #[test]
    fn a_title_is_the_first_heading_else_the_first_prose() {
        for (text, expected) in [
            ("[![ci](x)](y)\n\n# Shop *API*\ntext", "Shop *API*"),
            ("```\n# not this\n```\nShop\n====\n", "Shop"),
            ("<h1>x</h1>\nplain words\n", "plain words"),
        ] {
            assert_eq!(title(text).map(|(_, title)| title).as_deref(), Some(expected), "{text:?}");
        }
        assert_eq!(title("\n---\n!!!\n"), None);
    }

    #[test]
    fn entry_points_are_known_by_name() {
        for (path, root) in [
            ("app.js", ""),
            ("src/index.ts", ""),
            ("api/src/main.rs", "api"),
            ("cmd/shop/main.go", ""),
            ("manage.py", ""),
            ("shop/__main__.py", ""),
            ("public/index.php", ""),
            ("src/main/java/x/ShopApplication.java", ""),
            ("bin/www", ""),
            ("main.pas", ""),
            ("bin/main.ml", ""),
            ("app/Main.hs", ""),
            ("bin/convert.rb", ""),
            ("src/main.cr", ""),
        ] {
            assert!(starts(path, root), "{path}");
        }
        for (path, root) in [
            ("src/users/index.js", ""),
            ("lib/main.js", ""),
            ("a/b/c/app.py", ""),
            ("apix/src/main.rs", "api"),
            ("main.mli", ""),
            ("app.css", ""),
            ("main.txt", ""),
        ] {
            assert!(!starts(path, root), "{path}");
        }
    }
}
