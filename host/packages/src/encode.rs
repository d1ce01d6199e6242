//! Make a package of a component, or of prompts alone.

use crate::error::PackageError;
use crate::manifest::Manifest;
use crate::metadata::append;
use crate::package::Package;
use crate::sections::{MANIFEST, PROMPT, Sections};

/// Append the manifest, the standard metadata and the prompts to a component. The same input gives the same bytes.
///
/// # Errors
/// The component or the manifest is invalid, or they do not agree: whatever [`Package::read`] would refuse.
pub fn encode(component: &[u8], manifest: &str, prompts: &[String]) -> Result<Vec<u8>, PackageError> {
    let sections = Sections::read(component)?;
    if sections.manifest.is_some() {
        return Err(PackageError::AlreadyPackaged);
    }
    let mut bytes = component.to_vec();
    sections.metadata.complete(&Manifest::parse(manifest)?, &mut bytes);
    append(MANIFEST, manifest.as_bytes(), &mut bytes);
    for prompt in prompts {
        append(PROMPT, prompt.as_bytes(), &mut bytes);
    }
    Package::read(&bytes)?;
    Ok(bytes)
}

/// Write a prompt pack: a component without code.
///
/// # Errors
/// As for [`encode`]; a manifest that names exports is refused, because there is no code.
pub fn encode_pack(manifest: &str, prompts: &[String]) -> Result<Vec<u8>, PackageError> {
    encode(&wasm_encoder::Component::new().finish(), manifest, prompts)
}
