//! Keys that `certus login` stored: in the system's keyring where there is one, else in `keys.toml` of the user's
//! configuration directory, which only its owner can read. The file also says which keys the keyring holds, so that nobody
//! asks the keyring (and the keyring nobody for its password) for keys that were never stored.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{KeySource, system};
use crate::Failure;
use crate::config::user_file;

const NAME: &str = "keys.toml";
const HEAD: &str = "# Keys of model services, as `certus login` stored them. Nobody but you can read this file.\n\n";

/// Stored keys.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    directory: PathBuf,
    keyring: bool,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    keys: BTreeMap<String, Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Entry {
    Key(String),
    Elsewhere { kept: Elsewhere },
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Elsewhere {
    Keyring,
}

impl Kept {
    /// In the user's configuration directory, and the keyring of this system.
    pub(crate) fn in_directory(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), keyring: true }
    }

    /// As on a machine without a keyring.
    #[cfg(test)]
    pub(crate) fn without_keyring(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), keyring: false }
    }

    fn path(&self) -> PathBuf {
        self.directory.join(NAME)
    }

    fn read(&self) -> Result<File, Failure> {
        let path = self.path();
        let Some(text) = user_file(&path)? else { return Ok(File::default()) };
        private(&path)?;
        // Not as other files are parsed: an error of the parser may repeat a line, and lines are keys here.
        toml::from_str(&text).map_err(|_| {
            Failure::usage(format!("{} is not what `certus login` wrote", path.display()))
                .hint("remove it, then store your keys again: certus login PROVIDER")
        })
    }

    fn write(&self, file: &File) -> Result<(), Failure> {
        let path = self.path();
        let cannot = |error: std::io::Error| Failure::failed(format!("cannot write {}: {error}", path.display()));
        std::fs::create_dir_all(&self.directory).map_err(cannot)?;
        if file.keys.is_empty() {
            return match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(cannot(error)),
                _ => Ok(()),
            };
        }
        let text = toml::to_string(file).map_err(|_| Failure::failed("the keys cannot be written"))?;
        let fresh = self.directory.join(format!(".{NAME}.{}", std::process::id()));
        let _ = std::fs::remove_file(&fresh);
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let written = options
            .open(&fresh)
            .and_then(|mut to| to.write_all(HEAD.as_bytes()).and_then(|()| to.write_all(text.as_bytes())))
            .and_then(|()| std::fs::rename(&fresh, &path));
        if written.is_err() {
            let _ = std::fs::remove_file(&fresh);
        }
        written.map_err(cannot)
    }

    /// Where the key of that name is, if one was stored.
    ///
    /// # Errors
    /// The file cannot be used.
    pub(crate) fn place(&self, name: &str) -> Result<Option<KeySource>, Failure> {
        Ok(self.read()?.keys.get(name).map(|entry| match entry {
            Entry::Key(_) => KeySource::File(self.path()),
            Entry::Elsewhere { .. } => KeySource::Keyring,
        }))
    }

    /// The key of that name.
    ///
    /// # Errors
    /// The file cannot be used, or the keyring does not answer.
    pub(crate) fn get(&self, name: &str) -> Result<Option<String>, Failure> {
        match self.read()?.keys.remove(name) {
            None => Ok(None),
            Some(Entry::Key(key)) => Ok(Some(key)),
            Some(Entry::Elsewhere { kept: Elsewhere::Keyring }) => system::get(name).map_err(|why| {
                Failure::of(crate::Kind::Provider, format!("the keyring does not give the key of {name}: {why}"))
                    .hint(format!("unlock it and try again, or store the key again: certus login {name}"))
            }),
        }
    }

    /// Store a key in the place of what was there.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn put(&self, name: &str, key: &str) -> Result<KeySource, Failure> {
        let mut file = self.read()?;
        let (entry, source) = if self.keyring && system::put(name, key).is_ok() {
            (Entry::Elsewhere { kept: Elsewhere::Keyring }, KeySource::Keyring)
        } else {
            (Entry::Key(key.to_owned()), KeySource::File(self.path()))
        };
        file.keys.insert(name.to_owned(), entry);
        self.write(&file)?;
        Ok(source)
    }

    /// Forget a key; `None` when none was stored.
    ///
    /// # Errors
    /// It cannot be removed.
    pub(crate) fn remove(&self, name: &str) -> Result<Option<KeySource>, Failure> {
        let mut file = self.read()?;
        let source = match file.keys.remove(name) {
            None => return Ok(None),
            Some(Entry::Key(_)) => KeySource::File(self.path()),
            Some(Entry::Elsewhere { .. }) => {
                system::remove(name).map_err(|why| {
                    Failure::failed(format!("the keyring does not remove the key of {name}: {why}"))
                        .hint("unlock it and try again")
                })?;
                KeySource::Keyring
            }
        };
        self.write(&file)?;
        Ok(Some(source))
    }
}

/// Refuse a file that others can read.
#[cfg(unix)]
fn private(path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    let shown = path.display();
    let seen = std::fs::metadata(path).map_err(|error| Failure::failed(format!("cannot read {shown}: {error}")))?;
    if seen.permissions().mode() & 0o077 == 0 {
        return Ok(());
    }
    Err(Failure::failed(format!("others can read the keys in {shown}"))
        .hint(format!("make it yours alone: chmod 600 {}", crate::paths::quoted(&path.to_string_lossy()))))
}

#[cfg(not(unix))]
fn private(_: &Path) -> Result<(), Failure> {
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_kept_for_its_owner_alone_and_forgotten() {
        let home = tempfile::tempdir().expect("a folder");
        let directory = home.path().join("certus");
        let kept = Kept::without_keyring(&directory);
        assert_eq!(kept.remove("openai").expect("nothing is there"), None);
        let file = directory.join(NAME);
        assert_eq!(kept.put("openai", "k\"1").expect("stored"), KeySource::File(file.clone()));
        kept.put("openai", "k\"2").expect("stored over it");
        kept.put("gemini", "g").expect("stored beside it");
        assert_eq!(kept.get("openai").expect("read").as_deref(), Some("k\"2"));
        assert_eq!(std::fs::metadata(&file).expect("it is there").permissions().mode() & 0o777, 0o600);
        assert!(kept.remove("openai").expect("removed").is_some());
        assert_eq!(kept.place("openai").expect("read"), None);
        assert!(kept.remove("gemini").expect("removed").is_some());
        assert!(!file.exists(), "nothing is left");
    }

    #[test]
    fn a_file_that_others_can_read_or_that_is_damaged_is_refused_without_being_shown() {
        let home = tempfile::tempdir().expect("a folder");
        let kept = Kept::without_keyring(home.path());
        kept.put("openai", "sk-secret").expect("stored");
        let file = home.path().join(NAME);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).expect("changed");
        let failure = kept.get("openai").expect_err("others can read it");
        assert!(failure.hints[0].contains("chmod 600"), "{failure:?}");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("changed");
        std::fs::write(&file, "[keys]\nopenai = \"sk-secret\" \"\n").expect("damaged");
        let failure = kept.get("openai").expect_err("it is damaged");
        assert!(!format!("{failure:?}").contains("sk-secret"), "{failure:?}");
    }
}
