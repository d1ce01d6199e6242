//! Who answers prompts: the provider that a name means.
//!
//! `offline`, `manual` and `replay:FILE` need nothing. Every other name is a service, built-in or of the user's
//! configuration; `NAME:MODEL` takes one model of it for every prompt.

mod services;

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use certus_providers::{Manual, Offline, Provider, ProviderError, Replay};

pub(crate) use self::services::{Maker, needs_key};
use crate::by_hand::{ByHand, Given, Handover};
use crate::{Failure, Kind};

/// A recording may take at most so many bytes.
const MOST_RECORDING: u64 = 256 << 20;

/// The provider of that name.
///
/// # Errors
/// Nobody has that name, it has no key, or what it reads cannot be read.
pub(crate) fn provider(
    name: &str,
    state: &Path,
    hand: &Handover,
    maker: &Maker<'_>,
) -> Result<Arc<dyn Provider>, Failure> {
    if (hand.brings_reply() || hand.copy.is_some()) && name != "manual" {
        return Err(Failure::usage("prompts and replies by hand belong to the provider `manual`")
            .hint("add: --provider manual"));
    }
    match name.split_once(':') {
        None if name == "offline" => Ok(Arc::new(Offline)),
        None if name == "manual" => {
            let by_hand = ByHand::new(state, Given::from(hand)?, hand.copy.clone());
            Ok(Arc::new(Manual::new(Arc::new(by_hand))))
        }
        Some(("replay", file)) if !file.is_empty() => {
            let recorded = |failure: Failure| failure.hint("make a recording: certus show --exchanges > FILE");
            let bytes = read(Path::new(file), MOST_RECORDING).map_err(recorded)?;
            let replay = Replay::parse(file, &bytes).map_err(|error| recorded(Failure::usage(error.to_string())))?;
            Ok(Arc::new(replay))
        }
        Some((service, model)) => maker.service(service, Some(model)).ok_or_else(|| unknown(name, maker))?,
        None => maker.service(name, None).ok_or_else(|| unknown(name, maker))?,
    }
}

fn unknown(name: &str, maker: &Maker<'_>) -> Failure {
    let services: Vec<&str> = maker.config.services().map(|service| service.name.as_str()).collect();
    Failure::usage(format!("there is no provider `{}`", crate::clean::line(name, 60)))
        .hint(format!(
            "providers: offline, manual, replay:FILE, {}; or one model of them: NAME:MODEL",
            services.join(", ")
        ))
        .hint("describe another service in your configuration: [providers.NAME]; see the README")
}

/// What a provider that cannot even be made says.
fn failure(name: &str, error: ProviderError) -> Failure {
    let (kind, message, hint) = match error {
        ProviderError::Invalid { message, hint } => (Kind::Usage, message, hint),
        ProviderError::Unavailable { message, hint } => (Kind::Provider, message, hint),
        other => (Kind::Provider, other.to_string(), String::new()),
    };
    let failure = Failure::of(kind, format!("{name}: {}", crate::clean::line(&message, 300)));
    if hint.is_empty() { failure } else { failure.hint(hint) }
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
mod tests;
