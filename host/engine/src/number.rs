//! Numbers as they come back from JSON, which writes `null` for those that are none and text for those that are keys.
//!
//! A guest may name such a number. It is dropped when it is believed, but it is recorded as it came, and what was
//! recorded must always be readable.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de};

pub(crate) fn or_nan<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or(f64::NAN))
}

pub(crate) fn each_or_nan<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, f64>, D::Error> {
    let numbers = BTreeMap::<String, Option<f64>>::deserialize(from)?;
    Ok(numbers.into_iter().map(|(name, number)| (name, number.unwrap_or(f64::NAN))).collect())
}

/// A map whose keys are numbers: JSON has only text for keys, and inside of a tagged enum nobody turns it back.
pub(crate) fn by_id<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<BTreeMap<u32, T>, D::Error> {
    let named = BTreeMap::<String, T>::deserialize(from)?;
    named.into_iter().map(|(id, value)| Ok((id.parse().map_err(de::Error::custom)?, value))).collect()
}
