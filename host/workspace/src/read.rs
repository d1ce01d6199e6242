//! Reading one file: a bounded text, or a digest of any length.

use std::collections::HashMap;
use std::io::Read;
use std::rc::Rc;

use cap_std::fs::{File, Metadata};
use sha2::{Digest, Sha256};

use crate::error::ReadError;
use crate::open;
use crate::path::{is_inside, join, split};
use crate::project::{Place, Project};

/// What [`Project::read`] reads at most, in bytes: 1 MiB.
pub const READ_LIMIT: u64 = 1024 * 1024;

/// A text file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Text {
    /// Relative to the root, with `/`.
    pub path: String,
    /// The whole content.
    pub text: String,
}

impl Text {
    /// sha-256 of the content, in hex: what [`Project::digest`] says of the same bytes, unless something in them is hidden.
    #[must_use]
    pub fn digest(&self) -> String {
        hex::encode(Sha256::digest(self.text.as_bytes()))
    }
}

impl Project {
    /// The whole of a UTF-8 file of at most [`READ_LIMIT`] bytes.
    ///
    /// # Errors
    /// See [`ReadError`]. What a path names is asked of the same gate as for listing.
    pub fn read(&self, path: &str) -> Result<Text, ReadError> {
        self.read_limited(path, READ_LIMIT)
    }

    /// The whole of a UTF-8 file of at most `limit` bytes.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn read_limited(&self, path: &str, limit: u64) -> Result<Text, ReadError> {
        let (file, seen) = self.open_file(path)?;
        let text = self.shown_text(path, file, &seen, limit)?;
        Ok(Text { path: path.to_owned(), text })
    }

    /// The bytes of a file of at most `limit` bytes, whatever they are: a package, an image.
    ///
    /// # Errors
    /// See [`ReadError`]; encoding does not matter here.
    pub fn read_bytes(&self, path: &str, limit: u64) -> Result<Vec<u8>, ReadError> {
        let (file, seen) = self.open_file(path)?;
        bytes_of(path, file, &seen, limit)
    }

    /// sha-256 of a file's bytes, in hex. Streamed: a file of any length costs 64 KiB.
    ///
    /// # Errors
    /// See [`ReadError`]; size and encoding do not matter here.
    pub fn digest(&self, path: &str) -> Result<String, ReadError> {
        let (file, _) = self.open_file(path)?;
        let digest = digest_of(file).map_err(|source| ReadError::Io { path: path.to_owned(), source })?;
        Ok(hex::encode(digest.0))
    }

    /// What reads several files of one moment.
    #[must_use]
    pub fn reader(&self) -> Reader<'_> {
        Reader { project: self, places: HashMap::new() }
    }

    /// The content of an open file, as far as it may be read.
    pub(crate) fn shown_text(&self, path: &str, file: File, seen: &Metadata, limit: u64) -> Result<String, ReadError> {
        let text = text_of(path, file, seen, limit)?;
        Ok(self.veiled(&text).unwrap_or(text))
    }

    pub(crate) fn open_file(&self, path: &str) -> Result<(File, Metadata), ReadError> {
        let (place, name) = self.locate(path)?;
        open::file(&place.directory, &name).map_err(|refused| self.read_error(path, &join(&place.path, &name), refused))
    }
}

/// Reads several files of one moment: a directory on the way to many of them is looked at once, and what says what may be seen in
/// it.
pub struct Reader<'a> {
    project: &'a Project,
    places: HashMap<String, Rc<Place>>,
}

impl Reader<'_> {
    /// What [`Project::read`] reads.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn read(&mut self, path: &str) -> Result<Text, ReadError> {
        if !is_inside(path) {
            return Err(ReadError::Outside { path: path.to_owned() });
        }
        let (directory, name) = split(path);
        let place = self.place(directory, path)?;
        self.project.admit(&place, name, path)?;
        let (file, seen) = open::file(&place.directory, name)
            .map_err(|refused| self.project.read_error(path, &join(&place.path, name), refused))?;
        let text = self.project.shown_text(path, file, &seen, READ_LIMIT)?;
        Ok(Text { path: path.to_owned(), text })
    }

    fn place(&mut self, directory: &str, asked: &str) -> Result<Rc<Place>, ReadError> {
        if let Some(known) = self.places.get(directory) {
            return Ok(Rc::clone(known));
        }
        let place = if directory.is_empty() {
            self.project.place("", asked)?
        } else {
            let (parent, name) = split(directory);
            let parent = self.place(parent, asked)?;
            self.project.step(&parent, name, asked)?
        };
        let place = Rc::new(place);
        self.places.insert(directory.to_owned(), Rc::clone(&place));
        Ok(place)
    }
}

/// The content of an open file. The file may be longer than it said, so the limit counts what is read.
pub(crate) fn text_of(path: &str, file: File, seen: &Metadata, limit: u64) -> Result<String, ReadError> {
    String::from_utf8(bytes_of(path, file, seen, limit)?).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let breaks = before.iter().filter(|byte| **byte == b'\n').count();
        ReadError::NotUtf8 { path: path.to_owned(), line: u32::try_from(breaks + 1).unwrap_or(u32::MAX) }
    })
}

fn bytes_of(path: &str, file: File, seen: &Metadata, limit: u64) -> Result<Vec<u8>, ReadError> {
    let too_large = |size| ReadError::TooLarge { path: path.to_owned(), size, limit };
    if seen.len() > limit {
        return Err(too_large(seen.len()));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(seen.len()).unwrap_or(0) + 1);
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|source| ReadError::Io { path: path.to_owned(), source })?;
    if bytes.len() as u64 > limit {
        return Err(too_large(bytes.len() as u64));
    }
    Ok(bytes)
}

/// The digest and how many bytes it is over.
pub(crate) fn digest_of(mut file: File) -> std::io::Result<([u8; 32], u64)> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut bytes = 0;
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok((hasher.finalize().into(), bytes)),
            Ok(read) => {
                hasher.update(&buffer[..read]);
                bytes += read as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
