//! Small configuration files: bounded, UTF-8, and a fault is told with its line.

use std::path::Path;

use certus_workspace::{Project, ReadError};
use serde::de::DeserializeOwned;

use crate::Failure;

/// Larger configuration files are refused.
const MOST_BYTES: u64 = 64 * 1024;

/// The text of a file of the user's; absent when it is not there.
///
/// # Errors
/// It is there and cannot be read as text.
pub(crate) fn user_file(path: &Path) -> Result<Option<String>, Failure> {
    let shown = path.display();
    let cannot = |error: std::io::Error| Failure::failed(format!("cannot read {shown}: {error}"));
    let bytes = match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot(error)),
        Ok(seen) if !seen.is_file() => return Err(Failure::usage(format!("{shown} is not a regular file"))),
        Ok(seen) if seen.len() > MOST_BYTES => {
            return Err(Failure::usage(format!("{shown} is larger than {MOST_BYTES} bytes")));
        }
        Ok(_) => std::fs::read(path).map_err(cannot)?,
    };
    String::from_utf8(bytes).map(Some).map_err(|_| Failure::usage(format!("{shown} is not UTF-8 text")))
}

/// The bytes of a small configuration file of the project; absent when it is not there.
///
/// # Errors
/// It is there and cannot be read as text.
pub(crate) fn project_file(project: &Project, name: &str) -> Result<Option<Vec<u8>>, Failure> {
    match project.read_limited(name, MOST_BYTES) {
        Ok(text) => Ok(Some(text.text.into_bytes())),
        Err(ReadError::Missing { .. }) => Ok(None),
        Err(error) => Err(Failure::usage(format!("cannot use {name}: {error}"))
            .hint(format!("{name} must be a regular UTF-8 file of at most {MOST_BYTES} bytes inside the project"))),
    }
}

/// The text of a file that the project may have for its own purposes: what cannot be read as a small text is not for us.
pub(crate) fn foreign_file(project: &Project, name: &str) -> Option<String> {
    project.read_limited(name, MOST_BYTES).ok().map(|text| text.text)
}

/// A configuration file as what it says. `shown` is its name for people.
///
/// # Errors
/// What is wrong, and in which line.
pub(crate) fn parse<T: DeserializeOwned>(text: &str, shown: &str) -> Result<T, Failure> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| text[..span.start.min(text.len())].lines().count().max(1));
        let place = line.map(|line| format!(":{line}")).unwrap_or_default();
        Failure::usage(format!("{shown}{place}: {}", crate::clean::line(error.message(), 200)))
            .hint(format!("mend {shown}, or see what may stand there: certus init --help"))
    })
}
