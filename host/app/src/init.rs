//! Preparing a project: the committed files, each only where it is not there yet.

use std::path::{Path, PathBuf};

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

/// Make what is missing.
///
/// # Errors
/// The project cannot be written; what was made so far stays.
pub fn init(root: &Path) -> Result<Prepared, Failure> {
    let mut prepared = Prepared::default();
    for (name, text) in FILES {
        let path: PathBuf = root.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|error| cannot(name, &error))?;
        }
        // `create_new` refuses whatever is there already, a dangling symlink included.
        match std::fs::OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => {
                use std::io::Write;
                file.write_all(text.as_bytes()).map_err(|error| cannot(name, &error))?;
                prepared.made.push(name);
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => prepared.kept.push(name),
            Err(error) => return Err(cannot(name, &error)),
        }
    }
    Ok(prepared)
}

fn cannot(name: &str, error: &std::io::Error) -> Failure {
    Failure::failed(format!("cannot write {name}: {error}"))
        .hint("a project that cannot be written works too: keep its chains elsewhere with --state DIR")
}
