//! The standard metadata of a component, which any component tool reads.

use std::borrow::Cow;

use wasm_encoder::{ComponentNameSection, ComponentSection, CustomSection};

use crate::manifest::Manifest;

/// What the standard custom sections say. For people: nothing is decided by it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// From the `component-name` section.
    pub name: Option<String>,
    /// Of the package.
    pub version: Option<String>,
    /// One line.
    pub description: Option<String>,
    /// Who wrote it.
    pub authors: Option<String>,
    /// An SPDX expression.
    pub licenses: Option<String>,
    /// Where its source is.
    pub source: Option<String>,
}

/// The name section's name.
pub(crate) const NAME: &str = "component-name";

impl Metadata {
    /// The place for what a standard section says; none for other sections.
    pub(crate) fn slot(&mut self, section: &str) -> Option<&mut Option<String>> {
        match section {
            "version" => Some(&mut self.version),
            "description" => Some(&mut self.description),
            "authors" => Some(&mut self.authors),
            "licenses" => Some(&mut self.licenses),
            "source" => Some(&mut self.source),
            _ => None,
        }
    }

    /// Append what the manifest says and the component does not yet.
    pub(crate) fn complete(&self, manifest: &Manifest, bytes: &mut Vec<u8>) {
        if self.name.is_none() {
            let mut names = ComponentNameSection::new();
            names.component(&manifest.name);
            names.append_to_component(bytes);
        }
        let version = manifest.version.to_string();
        let sections = [
            ("version", &self.version, Some(version.as_str())),
            ("description", &self.description, Some(manifest.description.as_str())),
            ("authors", &self.authors, manifest.authors.as_deref()),
            ("licenses", &self.licenses, Some(manifest.license.as_str())),
            ("source", &self.source, manifest.source.as_deref()),
        ];
        for (name, present, value) in sections {
            if let (None, Some(value)) = (present, value) {
                append(name, value.as_bytes(), bytes);
            }
        }
    }
}

/// Append a custom section to a component.
pub(crate) fn append(name: &str, data: &[u8], bytes: &mut Vec<u8>) {
    CustomSection { name: Cow::Borrowed(name), data: Cow::Borrowed(data) }.append_to_component(bytes);
}
