//! Where this user's own files lie.

use std::path::{Path, PathBuf};

/// Directories of this user. Each is made when first written to.
#[derive(Debug, Clone)]
pub(crate) struct UserDirs {
    /// Configuration, trust and keys.
    pub(crate) config: PathBuf,
    /// What can be made again.
    pub(crate) cache: PathBuf,
    /// What Certus keeps of this user's own.
    pub(crate) data: PathBuf,
}

impl UserDirs {
    /// As the platform has them; `None` when there is no home directory.
    pub(crate) fn of_platform() -> Option<Self> {
        use etcetera::BaseStrategy;
        let strategy = etcetera::choose_base_strategy().ok()?;
        Self::within(&strategy.config_dir(), &strategy.cache_dir(), &strategy.data_dir())
    }

    /// A relative `HOME` would mean another folder wherever somebody stands, the project's own among them.
    fn within(config: &Path, cache: &Path, data: &Path) -> Option<Self> {
        let absolute = [config, cache, data].iter().all(|path| path.is_absolute());
        let own = |path: &Path| path.join("certus");
        absolute.then(|| Self { config: own(config), cache: own(cache), data: own(data) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_home_is_no_home() {
        let within = |config: &str, cache: &str| {
            UserDirs::within(Path::new(config), Path::new(cache), Path::new("/data")).is_some()
        };
        assert!(within("/home/u/.config", "/home/u/.cache"));
        assert!(!within("u/.config", "u/.cache") && !within("/home/u/.config", "cache") && !within("", "/c"));
    }
}
