//! Finds the file that a specifier names: relative to the file that asks, with the usual extensions and index files, and by
//! the usual aliases of a source folder. Packages are not followed.

use std::collections::{BTreeMap, BTreeSet};

use crate::names;

const EXTENSIONS: &[&str] = &["", ".js", ".ts", ".mjs", ".cjs", ".tsx", ".jsx", ".mts", ".cts", ".json"];
const INDEX: &[&str] =
    &["/index.js", "/index.ts", "/index.mjs", "/index.cjs", "/index.tsx", "/index.jsx", "/index.mts"];

/// The files of a project by path.
#[derive(Default)]
pub struct Files {
    paths: BTreeSet<String>,
    /// Names in each directory.
    directories: BTreeMap<String, BTreeSet<String>>,
}

impl Files {
    /// From all paths, relative to the project.
    pub fn new<'p>(paths: impl IntoIterator<Item = &'p str>) -> Self {
        let mut files = Self::default();
        for path in paths {
            files.paths.insert(path.to_owned());
            let mut child = path;
            while let Some((directory, name)) = child.rsplit_once('/') {
                if !files.directories.entry(directory.to_owned()).or_default().insert(name.to_owned()) {
                    break;
                }
                child = directory;
            }
            if !child.contains('/') {
                files.directories.entry(String::new()).or_default().insert(child.to_owned());
            }
        }
        files
    }

    /// Names in a directory, sorted.
    pub fn list(&self, directory: &str) -> Vec<&str> {
        self.directories.get(directory).map(|names| names.iter().map(String::as_str).collect()).unwrap_or_default()
    }

    /// A file by a path without its extension, or a directory with an index.
    pub fn file(&self, path: &str) -> Option<String> {
        let path = normal(path)?;
        let with = |ends: &[&str]| ends.iter().map(|end| format!("{path}{end}")).find(|path| self.paths.contains(path));
        if let Some(found) = with(EXTENSIONS) {
            return Some(found);
        }
        // TypeScript names the file that will be built: `./a.js` is `a.ts` here.
        if let Some((stem, "js" | "mjs" | "cjs" | "jsx")) = path.rsplit_once('.') {
            let built = [".ts", ".tsx", ".mts", ".cts"].iter().map(|end| format!("{stem}{end}"));
            if let Some(found) = built.into_iter().find(|path| self.paths.contains(path)) {
                return Some(found);
            }
        }
        if path.is_empty() {
            return INDEX
                .iter()
                .filter_map(|end| end.strip_prefix('/'))
                .find(|path| self.paths.contains(*path))
                .map(String::from);
        }
        with(INDEX)
    }

    /// The file that `specifier` names when `from` asks.
    pub fn resolve(&self, from: &str, specifier: &str) -> Option<String> {
        let directory = from.rsplit_once('/').map_or("", |(directory, _)| directory);
        if specifier.starts_with('.') {
            return self.file(&format!("{directory}/{specifier}"));
        }
        if specifier.starts_with('/') {
            return None;
        }
        // An alias stands for a source folder of the package, which is one of the folders above the file.
        let bare = specifier.trim_start_matches(['@', '~', '#']).trim_start_matches('/');
        let alias = names::is_alias(specifier);
        let mut above = directory;
        loop {
            for folder in ["", "src", "app", "server", "lib"] {
                if !alias && (folder.is_empty() || !specifier.contains('/')) {
                    continue;
                }
                let path =
                    [above, folder, bare].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("/");
                if let Some(found) = self.file(&path) {
                    return Some(found);
                }
            }
            above = match above.rsplit_once('/') {
                Some((parent, _)) => parent,
                None if above.is_empty() => return None,
                None => "",
            };
        }
    }
}

/// A path without `.` and `..`; `None` when it leaves the project.
fn normal(path: &str) -> Option<String> {
    let mut names = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                names.pop()?;
            }
            name => names.push(name),
        }
    }
    Some(names.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specifiers_resolve_as_node_and_bundlers_do() {
        let files = Files::new([
            "app.js",
            "src/routes/index.js",
            "src/routes/user.ts",
            "src/config.json",
            "index.js",
            "src/lib/a.ts",
        ]);
        let cases = [
            ("app.js", "./src/routes", Some("src/routes/index.js")),
            ("src/routes/index.js", "./user", Some("src/routes/user.ts")),
            ("src/routes/index.js", "./user.js", Some("src/routes/user.ts")),
            ("src/routes/index.js", "..", None),
            ("src/routes/index.js", "../..", Some("index.js")),
            ("src/routes/index.js", "../config", Some("src/config.json")),
            ("src/routes/index.js", "@/lib/a", Some("src/lib/a.ts")),
            ("app.js", "../outside", None),
            ("app.js", "express", None),
        ];
        for (from, specifier, expected) in cases {
            assert_eq!(files.resolve(from, specifier).as_deref(), expected, "{from} {specifier}");
        }
        assert_eq!(files.list("src/routes"), ["index.js", "user.ts"]);
        assert_eq!(files.list(""), ["app.js", "index.js", "src"]);
    }
}
