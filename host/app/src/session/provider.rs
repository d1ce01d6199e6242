//! Who answers a chain's prompts.

use std::path::Path;
use std::sync::Arc;

use certus_engine::ChainId;
use certus_providers::Provider;

use super::Session;
use crate::Failure;

impl Session {
    /// Who answers prompts in this run. `reply` is where a reply to a waiting prompt of `manual` comes from.
    ///
    /// # Errors
    /// Nobody of that name, or the recording cannot be read.
    pub fn provider(&self, name: &str, reply: Option<&Path>) -> Result<Arc<dyn Provider>, Failure> {
        crate::provide::provider(name, &self.state, reply)
    }

    /// Refuse an unknown provider before anything is created.
    ///
    /// # Errors
    /// Nobody of that name, or the recording cannot be read.
    pub fn check_provider(&self) -> Result<(), Failure> {
        self.provider(&self.config.provider, None).map(|_| ())
    }

    /// The provider for a chain: what a flag, the environment or the user's configuration says, else what the chain ran with.
    ///
    /// # Errors
    /// The chain is not there.
    pub fn provider_for(&self, id: ChainId) -> Result<String, Failure> {
        // A state directory may come with a cloned project: only providers that send nothing anywhere and read nothing that
        // it names are taken from there.
        let before = self.chain(id)?.provider().to_owned();
        let harmless = matches!(before.as_str(), "offline" | "manual");
        Ok(if self.config.provider_is_default && harmless { before } else { self.config.provider.clone() })
    }
}
