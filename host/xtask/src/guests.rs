//! Which guests there are, and what goes into each.
//!
//! A guest is a folder with a `certus.toml` under `plugins/` or `tests/guests/`. The folder, the cargo package and the
//! plugin have one name.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use certus_packages::{Digest, Manifest};

/// Folders of guests, and where their components go.
const HOMES: [(&str, &str); 2] = [("plugins", "plugins/dist"), ("tests/guests", "tests/guests/dist")];

/// What every guest is made of besides its own folder.
const SHARED: [&str; 4] = ["plugins/Cargo.toml", "plugins/Cargo.lock", "sdk/rust", "wit"];

/// A plugin's source.
pub(crate) struct Guest {
    /// Of the folder, the cargo package and the plugin.
    pub(crate) name: String,
    /// Relative to the root.
    pub(crate) folder: String,
    /// The component, relative to the root.
    pub(crate) component: String,
}

impl Guest {
    /// All guests, by folder.
    pub(crate) fn all(root: &Path) -> Result<Vec<Self>> {
        let mut guests = Vec::new();
        for (home, dist) in HOMES {
            let entries = fs::read_dir(root.join(home)).with_context(|| format!("cannot list {home}"))?;
            for entry in entries {
                let entry = entry?;
                if entry.path().join("certus.toml").is_file() {
                    let name = entry.file_name().to_string_lossy().into_owned();
                    let (folder, component) = (format!("{home}/{name}"), format!("{dist}/{name}.wasm"));
                    guests.push(Self { name, folder, component });
                }
            }
        }
        ensure!(!guests.is_empty(), "there is no guest to build");
        guests.sort_by(|a, b| a.folder.cmp(&b.folder));
        Ok(guests)
    }

    /// The manifest's text.
    pub(crate) fn manifest(&self, root: &Path) -> Result<String> {
        let path = root.join(&self.folder).join("certus.toml");
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let manifest = Manifest::parse(&text).with_context(|| format!("{}/certus.toml", self.folder))?;
        ensure!(manifest.name == self.name, "{}/certus.toml names the plugin `{}`", self.folder, manifest.name);
        Ok(text)
    }

    /// The prompts that the package carries: `prompts/*.md`, by name.
    pub(crate) fn prompts(&self, root: &Path) -> Result<Vec<String>> {
        let mut files = BTreeMap::new();
        let folder = root.join(&self.folder).join("prompts");
        if folder.is_dir() {
            collect(root, &folder, &mut files)?;
        }
        let texts = files.into_values().map(String::from_utf8);
        texts.collect::<Result<_, _>>().with_context(|| format!("{}/prompts", self.folder))
    }

    /// The core module that cargo writes, relative to a target directory.
    pub(crate) fn module(&self) -> PathBuf {
        Path::new("wasm32-unknown-unknown/release").join(format!("{}.wasm", self.name.replace('-', "_")))
    }

    /// sha-256 over the names and contents of everything that goes into the component.
    pub(crate) fn sources(&self, root: &Path) -> Result<Digest> {
        let mut files = BTreeMap::new();
        for path in SHARED.iter().copied().chain([self.folder.as_str()]) {
            collect(root, &root.join(path), &mut files)?;
        }
        let mut all = Vec::new();
        for (name, content) in files {
            all.extend(format!("{name}\0{}\0", content.len()).bytes());
            all.extend(content);
        }
        Ok(Digest::of(&all))
    }
}

/// Files below a path, by their name relative to the root. Frozen contracts and build output go into nothing.
fn collect(root: &Path, path: &Path, files: &mut BTreeMap<String, Vec<u8>>) -> Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path).with_context(|| format!("cannot list {}", path.display()))? {
            let entry = entry?;
            let name = entry.file_name();
            if !["target", "released", "tests"].iter().any(|skipped| name == *skipped) {
                collect(root, &entry.path(), files)?;
            }
        }
        return Ok(());
    }
    let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
    let content = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    files.insert(name, content);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_change_with_content_and_name_only() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, text).expect("a file");
        };
        for shared in ["plugins/Cargo.toml", "plugins/Cargo.lock", "sdk/rust/src/lib.rs", "wit/types.wit"] {
            write(shared, "x");
        }
        write("plugins/hello/certus.toml", "");
        write("plugins/hello/src/lib.rs", "fn hello() {}");
        fs::create_dir_all(root.path().join("tests/guests")).expect("a folder");

        let guests = Guest::all(root.path()).expect("one guest");
        let [hello] = guests.as_slice() else { panic!("exactly one guest") };
        assert_eq!(hello.component, "plugins/dist/hello.wasm");
        let sources = || hello.sources(root.path()).expect("a digest");
        let before = sources();
        write("plugins/hello/target/junk", "built");
        write("wit/released/0.1.0/types.wit", "frozen");
        write("plugins/other/src/lib.rs", "");
        assert_eq!(sources(), before);
        write("plugins/hello/src/lib.rs", "fn hello() { }");
        assert_ne!(sources(), before);
    }
}
