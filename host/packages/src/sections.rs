//! Take a component apart into its outer sections. Nested modules and components are skipped by their length: nothing
//! in them can say what the package is.

use wasmparser::{
    BinaryReaderError, Chunk, ComponentExternalKind, ComponentName, ComponentNameSectionReader, Encoding, KnownCustom,
    Parser, Payload,
};

use crate::error::PackageError;
use crate::metadata::{self, Metadata};

/// The section that makes a component a package.
pub(crate) const MANIFEST: &str = "certus:manifest";
/// One for each prompt.
pub(crate) const PROMPT: &str = "certus:prompt";

const MANIFEST_BYTES: usize = 256 * 1024;
const PROMPT_BYTES: usize = 256 * 1024;
const METADATA_BYTES: usize = 4 * 1024;
const PROMPTS: usize = 1024;
const NAMES: usize = 1024;

/// What stands in the outer sections.
#[derive(Debug, Default)]
pub(crate) struct Sections {
    pub(crate) manifest: Option<String>,
    pub(crate) prompts: Vec<String>,
    pub(crate) metadata: Metadata,
    pub(crate) imports: Vec<String>,
    pub(crate) exports: Vec<String>,
}

impl Sections {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, PackageError> {
        if !bytes.starts_with(b"\0asm") {
            return Err(PackageError::NotWasm);
        }
        let mut sections = Self::default();
        let mut parser = Parser::new(0);
        let mut rest = bytes;
        loop {
            let (consumed, payload) = match parser.parse(rest, true).map_err(damaged)? {
                Chunk::Parsed { consumed, payload } => (consumed, payload),
                Chunk::NeedMoreData(_) => return Err(cut(bytes)),
            };
            let nested = match &payload {
                Payload::ModuleSection { unchecked_range, .. } | Payload::ComponentSection { unchecked_range, .. } => {
                    unchecked_range.len()
                }
                _ => 0,
            };
            let next = consumed.checked_add(nested).and_then(|length| rest.get(length..)).ok_or_else(|| cut(bytes))?;
            if matches!(payload, Payload::End(_)) {
                return Ok(sections);
            }
            sections.take(payload)?;
            rest = next;
        }
    }

    fn take(&mut self, payload: Payload<'_>) -> Result<(), PackageError> {
        match payload {
            Payload::Version { encoding: Encoding::Module, .. } => return Err(PackageError::NotAComponent),
            Payload::CustomSection(section) => match section.as_known() {
                KnownCustom::ComponentName(names) => self.take_name(names)?,
                _ => self.take_custom(section.name(), section.data())?,
            },
            Payload::ComponentImportSection(imports) => {
                for import in imports {
                    self.imports.push(import.map_err(damaged)?.name.name.to_owned());
                }
                bounded("imports", self.imports.len(), NAMES)?;
            }
            Payload::ComponentExportSection(exports) => {
                for export in exports {
                    let export = export.map_err(damaged)?;
                    if export.kind == ComponentExternalKind::Instance {
                        self.exports.push(export.name.name.to_owned());
                    }
                }
                bounded("exports", self.exports.len(), NAMES)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn take_name(&mut self, names: ComponentNameSectionReader<'_>) -> Result<(), PackageError> {
        for name in names {
            // A damaged name section harms nobody, and other tools write subsections that we do not know.
            let Ok(ComponentName::Component { name, .. }) = name else { continue };
            if self.metadata.name.is_some() {
                return Err(PackageError::DuplicateSection(metadata::NAME.to_owned()));
            }
            bounded(metadata::NAME, name.len(), METADATA_BYTES)?;
            self.metadata.name = Some(name.to_owned());
        }
        Ok(())
    }

    fn take_custom(&mut self, name: &str, data: &[u8]) -> Result<(), PackageError> {
        if name == PROMPT {
            if self.prompts.len() == PROMPTS {
                return Err(PackageError::TooManyPrompts { limit: PROMPTS });
            }
            self.prompts.push(read_text(name, data, PROMPT_BYTES)?);
            return Ok(());
        }
        let (slot, limit) = if name == MANIFEST {
            (&mut self.manifest, MANIFEST_BYTES)
        } else {
            match self.metadata.slot(name) {
                Some(slot) => (slot, METADATA_BYTES),
                // `producers` and whatever else tools write.
                None => return Ok(()),
            }
        };
        if slot.is_some() {
            return Err(PackageError::DuplicateSection(name.to_owned()));
        }
        *slot = Some(read_text(name, data, limit)?);
        Ok(())
    }
}

fn read_text(name: &str, data: &[u8], limit: usize) -> Result<String, PackageError> {
    bounded(name, data.len(), limit)?;
    std::str::from_utf8(data).map(str::to_owned).map_err(|_| PackageError::NotText(name.to_owned()))
}

fn bounded(name: &str, length: usize, limit: usize) -> Result<(), PackageError> {
    if length <= limit { Ok(()) } else { Err(PackageError::OversizedSection { name: name.to_owned(), limit }) }
}

fn damaged(error: BinaryReaderError) -> PackageError {
    PackageError::Damaged { offset: error.offset(), message: error.message().to_owned() }
}

fn cut(bytes: &[u8]) -> PackageError {
    PackageError::Damaged { offset: bytes.len(), message: "the file ends within a section".to_owned() }
}
