//! Replies by hand: a prompt becomes a file in `manual` of the state directory, and the reply comes from `--reply`, or from
//! a file beside the prompt's. Either may go over the person's clipboard.
//!
//! A prompt that holds what looks like a key is pointed out, and not put on the clipboard: from there it would be pasted unread.
//!
//! A cloned repository may bring its own state directory. So the folder is opened once for each prompt, as a capability, and
//! everything is read and made inside of what was opened: whatever is put in its place meanwhile leads nowhere, and no link
//! is followed.

use std::io::{self, ErrorKind, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use cap_fs_ext::{DirExt, FollowSymlinks, OpenOptionsFollowExt, OpenOptionsSyncExt};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use certus_engine::{Chain, Digest, EffectState};
use certus_providers::{ReplySource, Request, SourceError};
use serde::Serialize;

use crate::Failure;
use crate::provide::read;

/// A reply may take at most so many bytes.
const MOST_REPLY: u64 = 1 << 20;
/// The folder of prompts and replies, in the state directory.
const FOLDER: &str = "manual";

/// The person's clipboard.
pub trait Clipboard: Send + Sync {
    /// Put a text on it. Says where it is now: `the clipboard`, `the clipboard of your terminal`.
    ///
    /// # Errors
    /// There is no clipboard, or it does not take the text.
    fn copy(&self, text: &str) -> Result<String, Failure>;

    /// What is on it.
    ///
    /// # Errors
    /// There is no clipboard, or it holds no text.
    fn paste(&self) -> Result<String, Failure>;
}

/// How prompts and replies change hands with `manual`.
#[derive(Clone, Default)]
pub struct Handover {
    /// The reply to the prompt that waits: a file, or `-` for stdin.
    pub reply: Option<PathBuf>,
    /// That reply is on this clipboard.
    pub paste: Option<Arc<dyn Clipboard>>,
    /// The first prompt that waits goes on this clipboard.
    pub copy: Option<Arc<dyn Clipboard>>,
}

impl Handover {
    /// Whether a reply is handed in.
    pub fn brings_reply(&self) -> bool {
        self.reply.is_some() || self.paste.is_some()
    }
}

/// A reply that was handed in.
#[derive(Debug)]
pub(crate) enum Given {
    /// Read before anything ran.
    Text(Vec<u8>),
    /// Read when it is asked for.
    Stdin,
}

impl Given {
    /// The reply that was handed in, if one was.
    pub(crate) fn from(hand: &Handover) -> Result<Option<Self>, Failure> {
        match (&hand.paste, &hand.reply) {
            (Some(clipboard), _) => Self::pasted(&clipboard.paste()?).map(Some),
            (None, Some(path)) => Self::in_file(path).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// Whether it is the reply to the prompt is seen when it is asked for; that it can be one is seen at once.
    fn pasted(text: &str) -> Result<Self, Failure> {
        certus_providers::check_pasted("", text.as_bytes())
            .map_err(|error| Failure::usage(format!("the clipboard: {error}")).hint(error.hint()))?;
        Ok(Self::Text(text.as_bytes().to_vec()))
    }

    fn in_file(path: &Path) -> Result<Self, Failure> {
        if path.as_os_str() == "-" {
            return Ok(Self::Stdin);
        }
        let bytes = read(path, MOST_REPLY)
            .map_err(|failure| failure.hint("save the reply alone, as a text file, and name it: --reply FILE"))?;
        match std::str::from_utf8(&bytes) {
            Ok(_) => Ok(Self::Text(bytes)),
            Err(_) => {
                Err(Failure::usage(format!("{} is not UTF-8 text", path.display()))
                    .hint("save the reply as UTF-8 text"))
            }
        }
    }
}

/// Where prompts wait for a person.
pub(crate) struct ByHand {
    state: PathBuf,
    /// One reply answers one prompt: the first that asks.
    given: Mutex<Option<Given>>,
    /// One prompt fits on a clipboard: the first that waits.
    copy: tokio::sync::Mutex<Option<Arc<dyn Clipboard>>>,
    /// What a person should know of prompts before they leave. Of several that wait, only the last is told of by itself.
    notes: Mutex<Vec<String>>,
}

impl ByHand {
    pub(crate) fn new(state: &Path, given: Option<Given>, copy: Option<Arc<dyn Clipboard>>) -> Self {
        Self {
            state: state.to_owned(),
            given: Mutex::new(given),
            copy: tokio::sync::Mutex::new(copy),
            notes: Mutex::default(),
        }
    }

    /// Point out what looks like a key, and put the prompt on the clipboard where that was asked for and nothing does.
    async fn hand_out(&self, request: &Request, document: &str) {
        let keys = certus_workspace::secrets(document);
        // Held until it is copied, so that whoever waits last can tell of every prompt.
        let mut copy = self.copy.lock().await;
        let note = if let Some(first) = keys.first() {
            let more = if keys.len() > 1 { format!(" and {} more", keys.len() - 1) } else { String::new() };
            let copied = if copy.is_some() { ", so it was not copied" } else { "" };
            format!("holds what looks like {} (line {}{more}){copied}: look at it first", first.what, first.line)
        } else if let Some(clipboard) = copy.take() {
            let text = document.to_owned();
            // On a thread of its own: a clipboard may take its time.
            match tokio::task::spawn_blocking(move || clipboard.copy(&text)).await {
                Ok(Ok(place)) => format!("is on {place}"),
                Ok(Err(failure)) => format!("was not copied: {failure}"),
                Err(_) => "was not copied".to_owned(),
            }
        } else {
            return;
        };
        let note = format!("{} {note}", request.prompt);
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).push(note);
    }

    /// A path for people.
    fn shown(&self, name: &str) -> String {
        self.state.join(FOLDER).join(name).display().to_string()
    }

    /// The folder, made where it is missing. A link in its place could lead out of the project, so it is refused.
    fn open(&self) -> Result<Dir, SourceError> {
        let shown = self.state.join(FOLDER).display().to_string();
        let cannot =
            |error: io::Error| SourceError { message: format!("cannot use {shown}: {error}"), hint: String::new() };
        let state = state(&self.state).map_err(cannot)?;
        match state.create_dir(FOLDER) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(cannot(error)),
            _ => {}
        }
        state.open_dir_nofollow(FOLDER).map_err(|error| match state.symlink_metadata(FOLDER) {
            Ok(found) if !found.is_dir() => SourceError {
                message: format!("{shown} is not a real folder"),
                hint: format!("remove {shown}; Certus makes it again"),
            },
            _ => cannot(error),
        })
    }

    /// The reply that a person saved, if there is one.
    fn saved(&self, folder: &Dir, request: &Request) -> Result<Option<Vec<u8>>, SourceError> {
        let name = file(request, ".reply.md");
        let told = |message: String| SourceError {
            message,
            hint: "save the reply as a file of its own, or hand it in with --reply FILE".to_owned(),
        };
        let irregular = || told(format!("{} is not a regular file", self.shown(&name)));
        let cannot = |error: io::Error| told(format!("cannot read {}: {error}", self.shown(&name)));
        match folder.symlink_metadata(&name) {
            Ok(found) if found.is_file() => {}
            Ok(_) => return Err(irregular()),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(cannot(error)),
        }
        // What was looked at may be something else by now: what counts is what is opened.
        let mut options = OpenOptions::new();
        options.read(true).follow(FollowSymlinks::No).nonblock(true);
        let reply = folder.open_with(&name, &options).map_err(cannot)?;
        if !reply.metadata().map_err(cannot)?.is_file() {
            return Err(irregular());
        }
        let mut bytes = Vec::new();
        reply.take(MOST_REPLY + 1).read_to_end(&mut bytes).map_err(cannot)?;
        if bytes.len() as u64 > MOST_REPLY {
            return Err(told(format!("{} is larger than {MOST_REPLY} bytes", self.shown(&name))));
        }
        Ok(Some(bytes))
    }
}

/// The state directory, which is no link either; what lies above it is the person's own affair.
fn state(path: &Path) -> io::Result<Dir> {
    let above = path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match path.file_name() {
        Some(name) => Dir::open_ambient_dir(above, ambient_authority())?.open_dir_nofollow(name),
        None => Dir::open_ambient_dir(path, ambient_authority()),
    }
}

/// A prompt that waits for what a model answers to it, and the files by which it and the reply change hands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// The prompt's name.
    pub prompt: String,
    /// What to give to a model.
    pub file: String,
    /// Where to save what it answers.
    pub reply: String,
}

/// What waits for replies by hand in a chain whose state lies in `state`.
pub(crate) fn waiting(chain: &Chain, state: &Path) -> Vec<Waiting> {
    if chain.provider() != "manual" {
        return Vec::new();
    }
    let shown = |name: String| state.join(FOLDER).join(name).display().to_string();
    let deferred = chain.open_effects().filter(|(_, effect)| effect.state == EffectState::Deferred);
    deferred
        .filter_map(|(_, effect)| match &effect.request {
            certus_engine::Request::Prompt { name, .. } => Some(Waiting {
                prompt: name.clone(),
                file: shown(file_of(name, effect.digest, ".md")),
                reply: shown(file_of(name, effect.digest, ".reply.md")),
            }),
            _ => None,
        })
        .collect()
}

fn file(request: &Request, ending: &str) -> String {
    file_of(&request.prompt, request.digest, ending)
}

fn file_of(prompt: &str, digest: Digest, ending: &str) -> String {
    format!("{}-{}{ending}", prompt.replace('/', "-"), digest.short())
}

/// Write a new file and put it in the place of `target`: what stood there, were it a link, is not followed.
fn replace(folder: &Dir, target: &str, text: &str) -> io::Result<()> {
    let fresh = format!("{target}.{}.tmp", std::process::id());
    let _ = folder.remove_file(&fresh);
    let written = folder
        .open_with(&fresh, OpenOptions::new().write(true).create_new(true))
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| folder.rename(&fresh, folder, target));
    if written.is_err() {
        let _ = folder.remove_file(&fresh);
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
            // On a thread of its own: whoever is told to end must not wait for stdin.
            Some(Given::Stdin) => {
                let ended = || Failure::failed("reading the reply from stdin was ended");
                let read = tokio::task::spawn_blocking(read_stdin).await.unwrap_or_else(|_| Err(ended()));
                return read.map(Some).map_err(source_error);
            }
            None => {}
        }
        let folder = self.open()?;
        if let Some(bytes) = self.saved(&folder, request)? {
            return Ok(Some(bytes));
        }
        let name = file(request, ".md");
        replace(&folder, &name, document).map_err(|error| SourceError {
            message: format!("cannot write {}: {error}", self.shown(&name)),
            hint: String::new(),
        })?;
        self.hand_out(request, document).await;
        Ok(None)
    }

    fn how(&self, request: &Request) -> String {
        let notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let how = format!(
            "give {} to a model and save what it answers as {}, or hand it in with --reply FILE (- for stdin) or --paste",
            self.shown(&file(request, ".md")),
            self.shown(&file(request, ".reply.md"))
        );
        [&[how][..], &notes[..]].concat().join("; ")
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
mod tests;
