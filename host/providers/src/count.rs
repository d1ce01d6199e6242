//! Counts of tokens as services write them. An answer stands in the same event, and is not lost because a number beside it
//! is none: what is negative counts as nothing, what is too large as the largest there is, anything else as not said.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A count, where one is said.
pub(crate) fn some<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let value = Value::deserialize(from)?;
    // The cast saturates.
    Ok(value.as_u64().or_else(|| value.as_f64().map(|number| number as u64)))
}

/// A count; nothing where none is said.
pub(crate) fn or_nothing<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    some(from).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn whatever_stands_there_is_a_count_or_none() {
        for (value, count) in [
            (json!(7), Some(7)),
            (json!(7.9), Some(7)),
            (json!(-1), Some(0)),
            (json!(1e30), Some(u64::MAX)),
            (json!(null), None),
            (json!("7"), None),
            (json!([7]), None),
        ] {
            assert_eq!(some(&value).expect("it never fails"), count, "{value}");
        }
        assert_eq!(or_nothing(&json!({})).expect("it never fails"), 0);
    }
}
