//! `[budget]`: what may be spent, as people write it.
//!
//! ```toml
//! [budget]
//! call = { usd = 0.50, tokens = 200000 }
//! chain = { usd = 5 }
//! ```

use certus_engine::{Cap, Caps};
use serde::Deserialize;

use crate::Failure;

/// More dollars than this are a mistake.
const MOST_USD: f64 = 1_000_000.0;

/// `[budget]` of a file.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(super) struct Budget {
    call: Limit,
    phase: Limit,
    chain: Limit,
    day: Limit,
    plugin: Limit,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
struct Limit {
    usd: Option<f64>,
    tokens: Option<u64>,
}

impl Budget {
    /// As caps. `shown` is the file for people.
    ///
    /// # Errors
    /// An amount of dollars that is none.
    pub(super) fn caps(&self, shown: &str) -> Result<Caps, Failure> {
        let cap = |name: &str, limit: &Limit| {
            let usd_micros = limit.usd.map(usd_micros).transpose().map_err(|why| {
                Failure::usage(format!("{shown}: [budget] {name}: {why}"))
                    .hint(format!("write dollars as a number: {name} = {{ usd = 0.50 }}"))
            })?;
            Ok::<_, Failure>(Cap { tokens: limit.tokens, usd_micros })
        };
        Ok(Caps {
            call: cap("call", &self.call)?,
            phase: cap("phase", &self.phase)?,
            chain: cap("chain", &self.chain)?,
            day: cap("day", &self.day)?,
            plugin: cap("plugin", &self.plugin)?,
            warn_percent: None,
        })
    }
}

/// Dollars as millionths, rounded down: a cap is never more than what was written.
///
/// # Errors
/// It is negative, no number, or more than anybody means.
pub fn usd_micros(usd: f64) -> Result<u64, String> {
    if !(0.0..=MOST_USD).contains(&usd) {
        return Err(format!("{usd} dollars are outside of 0..={MOST_USD}"));
    }
    let micros = usd * 1e6;
    // 0.29 has no exact binary form: what is this close to an integer is that integer.
    let near = micros.round();
    let exact = if (micros - near).abs() < 1e-3 { near } else { micros.floor() };
    // In range by the check above.
    Ok(exact as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_become_millionths_and_never_more() {
        assert_eq!(usd_micros(0.29), Ok(290_000));
        assert_eq!(usd_micros(0.0), Ok(0));
        assert_eq!(usd_micros(1.000_000_9), Ok(1_000_000));
        for wrong in [-0.01, f64::NAN, f64::INFINITY, 2e6] {
            assert!(usd_micros(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_wrong_amount_is_named_by_its_place() {
        let budget: Budget = toml::from_str("day = { usd = -1 }\nchain = { tokens = 5 }").expect("the form is right");
        let failure = budget.caps("certus.toml").expect_err("the amount is wrong");
        assert!(failure.message.starts_with("certus.toml: [budget] day: "), "{failure}");
        assert!(toml::from_str::<Budget>("chain = { euros = 1 }").is_err());
    }
}
