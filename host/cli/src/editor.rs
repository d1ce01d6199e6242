//! The person's own editor, for edits that are almost right.

use std::collections::BTreeMap;
use std::process::Command;

use certus_app::Failure;
use certus_app::person::ShownEdits;

/// Let the person change what is to be written. `VISUAL` or `EDITOR` says with what; it gets copies, never the files
/// themselves.
///
/// # Errors
/// No editor is named, it failed, or what it left is no text.
pub(crate) fn amend(edits: &ShownEdits) -> Result<BTreeMap<String, String>, Failure> {
    let named = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let editor = named("VISUAL").or_else(|| named("EDITOR")).unwrap_or_else(|| "vi".to_owned());
    let folder = tempfile::Builder::new()
        .prefix("certus-edit-")
        .tempdir()
        .map_err(|error| Failure::failed(format!("cannot make a folder for the editor: {error}")))?;
    let mut copies = BTreeMap::new();
    for (number, file) in edits.files.iter().enumerate() {
        let Some(after) = &file.after else { continue };
        // The name tells the editor what kind of file it is, and nothing else about where it lies.
        let name = file.path.rsplit('/').next().unwrap_or("file");
        let copy = folder.path().join(format!("{}-{name}", number + 1));
        std::fs::write(&copy, after).map_err(|error| Failure::failed(format!("cannot write a copy: {error}")))?;
        copies.insert(file.path.clone(), copy);
    }
    // As git and others do it: the value is a command line, the files are its last arguments.
    let status = Command::new("/bin/sh")
        .args(["-c", &format!("{editor} \"$@\""), "editor"])
        .args(copies.values())
        .status()
        .map_err(|error| Failure::failed(format!("cannot start {editor}: {error}")))?;
    if !status.success() {
        return Err(Failure::failed(format!("{editor} ended with {status}; nothing was changed")));
    }
    let read = |path: &std::path::PathBuf| {
        std::fs::read_to_string(path)
            .map_err(|error| Failure::failed(format!("cannot read what the editor left: {error}")))
    };
    copies.iter().map(|(path, copy)| Ok((path.clone(), read(copy)?))).collect()
}
