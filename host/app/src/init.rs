//! Preparing a project: the committed files, each only where it is not there yet.

use std::io::{self, ErrorKind, Write};
use std::path::Path;

use cap_fs_ext::DirExt;
use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};

use crate::Failure;

const CERTUS_TOML: &str = "\
# Certus in this project. Only what tightens the defaults may stand here; who answers prompts, keys and addresses belong
# into your user configuration, and what plugins may do is trust that each person gives.

# [gates.uncertainty-analysis]
# overall = 0.85                 # the default asks for 0.80; less than that is refused

# [limits]
# max-output-tokens = 4000       # a prompt's answer may take at most this

# [budget]                       # the lower of this and of each person's own; also call, phase, plugin
# chain = { usd = 2.00 }
# day = { usd = 10.00, tokens = 5000000 }
";

const PROJECT_RULES: &str = "\
# Project rules

These go to the model with every prompt.

## Always
- Start with the simplest solution that works
- Write tests first
- Break work into pieces of two or three minutes

## Never
- Create abstractions before they are needed
- Skip tests to save time
";

const PLUGINS_TOML: &str = "\
# The plugins that this project uses besides the bundled ones.
# [plugins.my-stack]
# path = \"plugins/my-stack.wasm\"
";

const FILES: [(&str, &str); 4] = [
    ("certus.toml", CERTUS_TOML),
    ("project_rules.md", PROJECT_RULES),
    ("plugins.toml", PLUGINS_TOML),
    ("prompts/custom/.gitkeep", ""),
];

/// What was made and what was there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prepared {
    /// Made now.
    pub made: Vec<&'static str>,
    /// There before, left alone.
    pub kept: Vec<&'static str>,
}

/// Make what is missing. A project may come from anybody, so nothing is written through a link; and each file appears as a
/// whole or not at all.
///
/// # Errors
/// A folder of ours is a link, or the project cannot be written; what was made so far stays.
pub fn init(root: &Path) -> Result<Prepared, Failure> {
    let root = Dir::open_ambient_dir(root, ambient_authority()).map_err(|error| cannot("the project", &error))?;
    // Before anything is made: what is refused leaves nothing behind.
    for folder in FILES.iter().flat_map(|(name, _)| folders(name)) {
        if root.symlink_metadata(folder).is_ok_and(|found| !found.is_dir()) {
            return Err(Failure::failed(format!("{folder} is a link or a file, and Certus writes through no link"))
                .hint(format!("put a folder in its place: mv {folder} {folder}.old")));
        }
    }
    let mut prepared = Prepared::default();
    for (name, text) in FILES {
        // Whatever is there already stays, a dangling link included.
        let made = enter(&root, name).and_then(|(folder, file)| match folder.symlink_metadata(file) {
            Ok(_) => Ok(false),
            Err(error) if error.kind() == ErrorKind::NotFound => place(&folder, file, text).map(|()| true),
            Err(error) => Err(error),
        });
        match made.map_err(|error| cannot(name, &error))? {
            true => prepared.made.push(name),
            false => prepared.kept.push(name),
        }
    }
    Ok(prepared)
}

/// The folders above a file, the outermost first: `a/b/c` has `a` and `a/b`.
fn folders(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('/').map(|(end, _)| &name[..end])
}

/// The folder of a file, made where it is missing, and the file's name in it. Each folder is opened as one, so that a link that
/// is put in its place meanwhile leads nowhere.
fn enter<'a>(root: &Dir, name: &'a str) -> io::Result<(Dir, &'a str)> {
    let mut folder = root.try_clone()?;
    let (above, file) = name.rsplit_once('/').unwrap_or(("", name));
    for part in above.split('/').filter(|part| !part.is_empty()) {
        match folder.create_dir(part) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => folder = folder.open_dir_nofollow(part)?,
        }
    }
    Ok((folder, file))
}

/// Write a new file under a name of its own and put it where it belongs once it is whole.
fn place(folder: &Dir, file: &str, text: &str) -> io::Result<()> {
    let fresh = format!(".{file}.{}.tmp", std::process::id());
    let written = folder.open_with(&fresh, OpenOptions::new().write(true).create_new(true)).and_then(|mut new| {
        new.write_all(text.as_bytes())?;
        new.sync_all()?;
        folder.rename(&fresh, folder, file)
    });
    if written.is_err() {
        // That it cannot be removed either changes nothing in what is reported.
        let _ = folder.remove_file(&fresh);
    }
    written
}

fn cannot(name: &str, error: &io::Error) -> Failure {
    let failure = Failure::failed(format!("cannot write {name}: {error}"));
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            failure.hint("free some space on the disk, then run the same again: certus init")
        }
        _ => failure.hint("a project that cannot be written works too: keep its chains elsewhere with --state DIR"),
    }
}
