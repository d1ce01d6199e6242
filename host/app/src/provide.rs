//! Who answers prompts: the provider that a name means.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use certus_providers::{Manual, Offline, Provider, Replay};

use crate::Failure;
use crate::by_hand::{ByHand, Given};

/// A recording may take at most so many bytes.
const MOST_RECORDING: u64 = 256 << 20;

/// The provider of that name: `offline`, `manual` or `replay:FILE`.
pub(crate) fn provider(name: &str, state: &Path, reply: Option<&Path>) -> Result<Arc<dyn Provider>, Failure> {
    if reply.is_some() && name != "manual" {
        return Err(Failure::usage("a reply by hand belongs to the provider `manual`").hint("add: --provider manual"));
    }
    match name.split_once(':') {
        None if name == "offline" => Ok(Arc::new(Offline)),
        None if name == "manual" => {
            let given = reply.map(Given::from).transpose()?;
            Ok(Arc::new(Manual::new(Arc::new(ByHand::new(state, given)))))
        }
        None if name == "openai" => {
            let service = certus_providers::Service {
                name: "openai".into(),
                base_url: std::env::var("OPENAI_BASE_URL").unwrap_or_default(),
                credential: certus_providers::Credential::Key(
                    certus_providers::Secret::new(std::env::var("OPENAI_API_KEY").unwrap_or_default())
                        .map_err(|e| Failure::usage(e.to_string()))?,
                ),
                models: certus_providers::Models::one("gpt-5.1"),
                timeouts: Default::default(),
                proxy: Default::default(),
                limits: Default::default(),
                structured: Default::default(),
            };
            Ok(Arc::new(
                certus_providers::OpenAi::new(service, certus_providers::OutputLimit::default())
                    .map_err(|e| Failure::usage(e.to_string()))?,
            ))
        }
        Some(("replay", file)) if !file.is_empty() => {
            let recorded = |failure: Failure| failure.hint("make a recording: certus show --exchanges > FILE");
            let bytes = read(Path::new(file), MOST_RECORDING).map_err(recorded)?;
            let replay = Replay::parse(file, &bytes).map_err(|error| recorded(Failure::usage(error.to_string())))?;
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

#[cfg(test)]
#[cfg(unix)]
mod tests {
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
}
