//! What a command may read: the project's files and the prompt library, as far as its rights go.
//!
//! Reads are made again when a command is run again; nothing here is recorded.

use std::sync::{Arc, Mutex};

use certus_engine::ErrorCode;
use certus_packages::{ChainRight, PromptRight, Rights, UserRight, WorkspaceRight};
use certus_prompts::Library;
use certus_runtime::{Content, Entry, HostError, LineHit, PromptHit};
use certus_workspace::{FindError, Project};

/// What one command may read.
pub(crate) struct Reads {
    pub(crate) project: Arc<Project>,
    pub(crate) library: Arc<Library>,
    pub(crate) rights: Rights,
    pub(crate) denials: Denials,
}

/// What was denied, for the person: the guest is only told that it was.
pub(crate) type Denials = Arc<Mutex<Vec<String>>>;

impl Reads {
    fn deny(&self, right: &str) -> HostError {
        if let Ok(mut denials) = self.denials.lock()
            && !denials.iter().any(|denied| denied == right)
        {
            denials.push(right.to_owned());
        }
        HostError::new(ErrorCode::Denied, "the plugin has no right to this")
    }

    pub(crate) fn chain(&self, needed: ChainRight) -> Result<(), HostError> {
        if self.rights.chain >= needed { Ok(()) } else { Err(self.deny(&format!("chain = \"{}\"", needed.name()))) }
    }

    pub(crate) fn prompt(&self, needed: PromptRight) -> Result<(), HostError> {
        if self.rights.prompt >= needed { Ok(()) } else { Err(self.deny(&format!("prompt = \"{}\"", needed.name()))) }
    }

    pub(crate) fn user(&self, needed: UserRight) -> Result<(), HostError> {
        if self.rights.user >= needed { Ok(()) } else { Err(self.deny(&format!("user = \"{}\"", needed.name()))) }
    }

    fn workspace(&self) -> Result<Arc<Project>, HostError> {
        if self.rights.workspace >= WorkspaceRight::Read {
            Ok(Arc::clone(&self.project))
        } else {
            Err(self.deny("workspace = \"read\""))
        }
    }

    pub(crate) fn search_prompts(&self, words: &str) -> Result<Vec<PromptHit>, HostError> {
        self.prompt(PromptRight::Search)?;
        Ok(self
            .library
            .search(words)
            .into_iter()
            .take(20)
            .map(|hit| PromptHit { name: hit.name, purpose: hit.purpose })
            .collect())
    }

    pub(crate) async fn list(&self, directory: String) -> Result<Vec<Entry>, HostError> {
        let project = self.workspace()?;
        blocking(move || project.list(&directory)).await?.map(|matches| entries(matches.entries)).map_err(refused)
    }

    pub(crate) async fn glob(&self, pattern: String) -> Result<Vec<Entry>, HostError> {
        let project = self.workspace()?;
        blocking(move || project.glob(&pattern)).await?.map(|matches| entries(matches.entries)).map_err(refused)
    }

    pub(crate) async fn read(&self, paths: Vec<String>) -> Result<Vec<Content>, HostError> {
        let project = self.workspace()?;
        let read = move |path: String| {
            let text = project.read(&path).ok().map(|text| text.text);
            Content { path, text }
        };
        blocking(move || paths.into_iter().map(read).collect()).await
    }

    pub(crate) async fn search(&self, regex: String, glob: String, most: u32) -> Result<Vec<LineHit>, HostError> {
        let project = self.workspace()?;
        let hits = blocking(move || project.search(&regex, &glob, most)).await?.map_err(refused)?;
        Ok(hits.into_iter().map(|hit| LineHit { path: hit.path, line: hit.line, text: hit.text }).collect())
    }
}

fn entries(found: Vec<certus_workspace::Entry>) -> Vec<Entry> {
    found.into_iter().map(|entry| Entry { path: entry.path, size: entry.size }).collect()
}

fn refused(error: FindError) -> HostError {
    let code = match error {
        FindError::Stopped => ErrorCode::Limit,
        _ => ErrorCode::Invalid,
    };
    HostError::new(code, crate::clean::line(&error.to_string(), 300))
}

/// Reading a disk must not hold up the driver.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, HostError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| HostError::new(ErrorCode::Cancelled, "the read was ended"))
}
