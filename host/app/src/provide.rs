//! Who answers prompts: the provider that a name means.

use std::fs::OpenOptions;
use std::io::{ErrorKind, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use certus_providers::{Manual, Offline, Provider, Replay, ReplySource, Request, SourceError};

use crate::Failure;

/// Whether a call that was cut off may still be billed by somebody.
pub(crate) fn bills(provider: &dyn Provider) -> bool {
    !matches!(provider.name().split(':').next(), Some("offline" | "replay"))
}

/// A recording may take at most so many bytes.
const MOST_RECORDING: u64 = 256 << 20;
/// A reply may take at most so many bytes.
const MOST_REPLY: u64 = 1 << 20;

/// The provider of that name: `offline`, `manual` or `replay:FILE`.
pub(crate) fn provider(name: &str, state: &Path, reply: Option<&Path>) -> Result<Arc<dyn Provider>, Failure> {
    if reply.is_some() && name != "manual" {
        return Err(Failure::usage("a reply by hand belongs to the provider `manual`").hint("add: --provider manual"));
    }
    match name.split_once(':') {
        None if name == "offline" => Ok(Arc::new(Offline)),
        None if name == "manual" => {
            let given = reply.map(Given::from).transpose()?;
            let source = ByHand { folder: state.join("manual"), given: Mutex::new(given) };
            Ok(Arc::new(Manual::new(Arc::new(source))))
        }
        Some(("replay", file)) if !file.is_empty() => {
            let bytes = read(Path::new(file), MOST_RECORDING)?;
            let replay = Replay::parse(file, &bytes).map_err(|error| Failure::usage(error.to_string()))?;
            Ok(Arc::new(replay))
        }
        _ => Err(Failure::usage(format!("there is no provider `{}`", crate::clean::line(name, 60)))
            .hint("providers: offline, manual, replay:FILE")),
    }
}

/// The bytes of a regular file: a pipe or a device could keep us waiting for ever.
pub(crate) fn read(path: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    let shown = path.display();
    let cannot = |error: std::io::Error| Failure::usage(format!("cannot read {shown}: {error}"));
    if !std::fs::metadata(path).map_err(cannot)?.is_file() {
        return Err(Failure::usage(format!("{shown} is not a regular file")));
    }
    let file = std::fs::File::open(path).map_err(cannot)?;
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > most {
        return Err(Failure::usage(format!("{shown} is larger than {most} bytes")));
    }
    Ok(bytes)
}

/// A reply that was named with `--reply`.
#[derive(Debug)]
enum Given {
    /// Read before anything ran.
    Text(Vec<u8>),
    /// Read when it is asked for.
    Stdin,
}

impl Given {
    fn from(path: &Path) -> Result<Self, Failure> {
        if path.as_os_str() == "-" {
            return Ok(Self::Stdin);
        }
        let bytes = read(path, MOST_REPLY)?;
        match std::str::from_utf8(&bytes) {
            Ok(_) => Ok(Self::Text(bytes)),
            Err(_) => {
                Err(Failure::usage(format!("{} is not UTF-8 text", path.display()))
                    .hint("save the reply as UTF-8 text"))
            }
        }
    }
}

/// The prompt goes into a file; the reply comes from `--reply`, or from a file beside the prompt's.
struct ByHand {
    folder: PathBuf,
    /// One reply answers one prompt: the first that asks.
    given: Mutex<Option<Given>>,
}

impl ByHand {
    fn file(&self, request: &Request, ending: &str) -> PathBuf {
        self.folder.join(format!("{}-{}{ending}", request.prompt.replace('/', "-"), request.digest.short()))
    }
}

impl ByHand {
    /// The folder, made where it is missing. A link in its place could lead out of the project, so it is refused.
    fn prepared(&self) -> Result<(), SourceError> {
        let shown = self.folder.display();
        let cannot = |error| SourceError { message: format!("cannot use {shown}: {error}"), hint: String::new() };
        match std::fs::symlink_metadata(&self.folder) {
            Ok(found) if found.is_dir() => Ok(()),
            Ok(_) => Err(SourceError {
                message: format!("{shown} is not a real folder"),
                hint: format!("remove {shown}; Certus makes it again"),
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => std::fs::create_dir_all(&self.folder).map_err(cannot),
            Err(error) => Err(cannot(error)),
        }
    }

    /// The reply that a person saved, if there is one.
    fn saved(&self, request: &Request) -> Result<Option<Vec<u8>>, SourceError> {
        let path = self.file(request, ".reply.md");
        match std::fs::symlink_metadata(&path) {
            Ok(found) if found.is_file() => read(&path, MOST_REPLY).map(Some).map_err(source_error),
            Ok(_) => Err(SourceError {
                message: format!("{} is not a regular file", path.display()),
                hint: "save the reply as a file of its own, or hand it in with --reply FILE".to_owned(),
            }),
            Err(_) => Ok(None),
        }
    }
}

/// Write a new file and put it in the place of `target`: what stood there, were it a link, is not followed.
fn replace(target: &Path, text: &str) -> std::io::Result<()> {
    let fresh = target.with_extension(format!("{}.tmp", std::process::id()));
    let _ = std::fs::remove_file(&fresh);
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&fresh)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| std::fs::rename(&fresh, target));
    if written.is_err() {
        let _ = std::fs::remove_file(&fresh);
    }
    written
}

fn source_error(failure: Failure) -> SourceError {
    SourceError { message: failure.message, hint: failure.hints.into_iter().next().unwrap_or_default() }
}

#[async_trait]
impl ReplySource for ByHand {
    async fn reply(&self, request: &Request, document: &str) -> Result<Option<Vec<u8>>, SourceError> {
        let given = self.given.lock().ok().and_then(|mut given| given.take());
        match given {
            Some(Given::Text(bytes)) => return Ok(Some(bytes)),
            Some(Given::Stdin) => return read_stdin().map(Some).map_err(source_error),
            None => {}
        }
        self.prepared()?;
        if let Some(bytes) = self.saved(request)? {
            return Ok(Some(bytes));
        }
        let file = self.file(request, ".md");
        replace(&file, document).map_err(|error| SourceError {
            message: format!("cannot write {}: {error}", file.display()),
            hint: String::new(),
        })?;
        Ok(None)
    }

    fn how(&self, request: &Request) -> String {
        let (prompt, reply) = (self.file(request, ".md"), self.file(request, ".reply.md"));
        format!(
            "give {} to a model and save what it answers as {}, or hand it in with --reply FILE (- for stdin)",
            prompt.display(),
            reply.display()
        )
    }
}

fn read_stdin() -> Result<Vec<u8>, Failure> {
    if std::io::stdin().is_terminal() {
        return Err(Failure::usage("nothing is piped in").hint("pipe the reply: … --reply - < reply.txt"));
    }
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(MOST_REPLY + 1).read_to_end(&mut bytes);
    read.map_err(|error| Failure::failed(format!("cannot read the reply from stdin: {error}")))?;
    Ok(bytes)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_regular_files_are_read() {
        for path in ["/dev/null", "/", "/nowhere"] {
            assert!(read(Path::new(path), 10).is_err(), "{path}");
            assert!(provider("manual", Path::new("/s"), Some(Path::new(path))).is_err(), "{path}");
            assert!(provider(&format!("replay:{path}"), Path::new("/s"), None).is_err(), "{path}");
        }
    }

    #[test]
    fn a_reply_that_is_no_text_is_refused_before_it_is_needed() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("reply");
        let refused = |bytes: &[u8]| {
            std::fs::write(&file, bytes).expect("a file");
            provider("manual", folder.path(), Some(&file)).err().map(|failure| failure.kind)
        };
        assert_eq!(refused(b"{}"), None);
        assert_eq!(refused(b"\xff\xfe{"), Some(crate::Kind::Usage));
        assert_eq!(refused(&vec![b'x'; 1 + (1 << 20)]), Some(crate::Kind::Usage));
    }

    #[test]
    fn a_link_in_the_place_of_the_folder_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let (state, outside) = (folder.path().join("state"), folder.path().join("outside"));
        std::fs::create_dir_all(&state).expect("a folder");
        std::fs::create_dir_all(&outside).expect("a folder");
        symlink(&outside, state.join("manual")).expect("a link");
        let error = by_hand_in(&state.join("manual")).prepared().expect_err("it is a link");
        assert!(error.message.contains("not a real folder"), "{error}");
        assert!(by_hand_in(&state.join("new")).prepared().is_ok());
    }

    fn by_hand_in(folder: &Path) -> ByHand {
        ByHand { folder: folder.to_owned(), given: Mutex::new(None) }
    }

    #[test]
    fn a_link_in_the_place_of_a_prompt_is_replaced_and_not_written_through() {
        let folder = tempfile::tempdir().expect("a folder");
        let (target, outside) = (folder.path().join("p.md"), folder.path().join("outside"));
        std::fs::write(&outside, "mine").expect("a file");
        symlink(&outside, &target).expect("a link");
        replace(&target, "the prompt").expect("it can be replaced");
        assert_eq!(std::fs::read_to_string(&outside).expect("it is there"), "mine");
        assert_eq!(std::fs::read_to_string(&target).expect("it is there"), "the prompt");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 2);
    }
}
