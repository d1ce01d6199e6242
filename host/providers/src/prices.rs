//! What calls cost: dated, tiered prices, in integers, rounded up; and how much a model takes in one request.
//!
//! A model without a price has no cost, which is not the same as costing nothing. A name fits a row exactly, or with a date
//! behind it; never as a mere beginning, because a newer model's name begins like an older one's. The short names that the `claude` tool
//! has for families mean the newest of them.

use certus_engine::{Millis, Usage};
use serde::Deserialize;

use crate::ProviderError;

/// The prices that Certus comes with.
const BUNDLED: &str = include_str!("prices/prices.toml");

/// Millionths of a dollar for a million tokens.
type Rate = u64;

/// Prices of models.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prices {
    /// Those that are looked at first come first.
    tables: Vec<Vec<Price>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Price {
    model: String,
    /// Fits every name that begins with `model`.
    open: bool,
    from: Millis,
    window: Option<u64>,
    rates: Rates,
    above: Option<(u64, Rates)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rates {
    input: Rate,
    output: Rate,
    cache_read: Rate,
    cache_write_5m: Rate,
    cache_write_1h: Rate,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    price: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    model: String,
    window: Option<u64>,
    from: Option<String>,
    input: f64,
    output: f64,
    cache_read: Option<f64>,
    cache_write_5m: Option<f64>,
    cache_write_1h: Option<f64>,
    above: Option<Above>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Above {
    tokens: u64,
    input: f64,
    output: f64,
    cache_read: Option<f64>,
    cache_write_5m: Option<f64>,
    cache_write_1h: Option<f64>,
}

impl Prices {
    /// The prices that Certus comes with. They are tested to be readable.
    pub fn bundled() -> Self {
        Self::parse("the bundled prices", BUNDLED).unwrap_or_default()
    }

    /// Prices from a file's text, which has the form of the bundled one. `file` is its name for errors.
    ///
    /// # Errors
    /// What cannot be read as prices, and where.
    pub fn parse(file: &str, text: &str) -> Result<Self, ProviderError> {
        let invalid = |message: String| ProviderError::Invalid {
            message: format!("{file}: {message}"),
            hint: "write [[price]] with model, input and output, in US dollars for a million tokens".to_owned(),
        };
        let parsed: File = toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            let line = line.map(|line| format!("line {line}: ")).unwrap_or_default();
            invalid(format!("{line}{}", error.message()))
        })?;
        let rows = parsed.price.into_iter().map(|row| {
            let model = row.model.clone();
            row.price().map_err(|message| invalid(format!("the price of `{model}` {message}")))
        });
        let mut rows: Vec<Price> = rows.collect::<Result<_, _>>()?;
        // The price of today comes first, and a longer beginning before a shorter one.
        rows.sort_by(|a, b| (a.open, b.model.len(), b.from).cmp(&(b.open, a.model.len(), a.from)));
        let same = rows
            .windows(2)
            .find(|two| (&two[0].model, two[0].open, two[0].from) == (&two[1].model, two[1].open, two[1].from));
        match same {
            Some(two) => Err(invalid(format!("there are two prices of `{}` from the same day", two[0].model))),
            None => Ok(Self { tables: vec![rows] }),
        }
    }

    /// These prices, with `first` looked at before them.
    #[must_use]
    pub fn extended(mut self, first: Self) -> Self {
        self.tables.splice(0..0, first.tables);
        self
    }

    /// What a call cost, in millionths of a dollar, rounded up. `None` when the model's price at that time is not known.
    pub fn cost(&self, model: &str, usage: &Usage, at: Millis) -> Option<u64> {
        let price = self.price(model, at)?;
        Some(price.rates(usage.input_tokens).cost(usage))
    }

    /// What a call costs at most, whatever is read from a cache or written to one. `None` when the model's price at that time
    /// is not known.
    pub fn upper_bound(&self, model: &str, input_tokens: u64, max_output: u64, at: Millis) -> Option<u64> {
        let price = self.price(model, at)?;
        let most = |rates: Rates| {
            let input = rates.input.max(rates.cache_read).max(rates.cache_write_5m).max(rates.cache_write_1h);
            dollars(&[(input_tokens, input), (max_output, rates.output)])
        };
        // A call may turn out shorter than it was counted and stay below the border.
        Some(most(price.rates).max(most(price.rates(input_tokens))))
    }

    /// The tokens that a model takes in one request, its answer included. `None` when nobody knows: a table that has a price of
    /// the model and no window says nothing of it, and the next one is asked.
    pub fn window(&self, model: &str, at: Millis) -> Option<u64> {
        let rows = self.tables.iter().flatten();
        rows.filter(|price| price.from <= at && price.fits(model)).find_map(|price| price.window)
    }

    fn price(&self, model: &str, at: Millis) -> Option<&Price> {
        let fitting = |rows: &'_ [Price]| rows.iter().position(|price| price.from <= at && price.fits(model));
        let found = self.tables.iter().find_map(|rows| fitting(rows).and_then(|index| rows.get(index)));
        found.or_else(|| self.newest(model, at))
    }

    /// The price of a family's newest model, where that is what a name means.
    fn newest(&self, family: &str, at: Millis) -> Option<&Price> {
        if !FAMILIES.contains(&family) {
            return None;
        }
        let rows = self.tables.iter().flatten().filter(|price| price.from <= at && !price.open);
        let versions = rows.filter_map(|price| Some((version(&price.model, family)?, price)));
        // Of equal ones the first: rows of earlier tables and later days come first.
        versions.reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|(_, price)| price)
    }
}

/// Names of Anthropic's families, by which the `claude` tool calls the newest model of each.
const FAMILIES: [&str; 4] = ["haiku", "sonnet", "opus", "fable"];

/// Whether two names are of one model: one has a date behind it that the other has not, or is the name of its family.
pub fn is_same_model(one: &str, other: &str) -> bool {
    let dated = |long: &str, short: &str| long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || is_date(rest));
    let family = |name: &str, family: &str| FAMILIES.contains(&family) && version(name, family).is_some();
    !one.is_empty()
        && !other.is_empty()
        && (dated(one, other) || dated(other, one) || family(one, other) || family(other, one))
}

/// The version in the name of a family's model: `claude-opus-5-5` is 5.5.
fn version(model: &str, family: &str) -> Option<(u32, u32)> {
    let mut parts = model.strip_prefix("claude-")?.strip_prefix(family)?.strip_prefix('-')?.split('-').map(str::parse);
    let version = (parts.next()?.ok()?, parts.next().unwrap_or(Ok(0)).ok()?);
    parts.next().is_none().then_some(version)
}

impl Price {
    fn fits(&self, model: &str) -> bool {
        let Some(rest) = model.strip_prefix(self.model.as_str()) else { return false };
        self.open || rest.is_empty() || is_date(rest)
    }

    fn rates(&self, input_tokens: u64) -> Rates {
        match self.above {
            Some((tokens, rates)) if input_tokens > tokens => rates,
            _ => self.rates,
        }
    }
}

/// `-20260416`, `-2026-04-16`, `@20260416` or `-latest`.
fn is_date(rest: &str) -> bool {
    let Some(date) = rest.strip_prefix(['-', '@']) else { return false };
    let digits = date.bytes().filter(u8::is_ascii_digit).count();
    date == "latest" || (digits == 8 && date.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'))
}

impl Rates {
    fn cost(&self, usage: &Usage) -> u64 {
        let written = usage.cache_write_tokens.saturating_add(usage.cache_write_1h_tokens);
        let plain = usage.input_tokens.saturating_sub(usage.cached_tokens).saturating_sub(written);
        dollars(&[
            (plain, self.input),
            (usage.cached_tokens, self.cache_read),
            (usage.cache_write_tokens, self.cache_write_5m),
            (usage.cache_write_1h_tokens, self.cache_write_1h),
            (usage.output_tokens, self.output),
        ])
    }
}

/// The sum in millionths of a dollar, rounded up once.
fn dollars(parts: &[(u64, Rate)]) -> u64 {
    let product = |(tokens, rate): &(u64, Rate)| u128::from(*tokens) * u128::from(*rate);
    let sum: u128 = parts.iter().map(product).fold(0, u128::saturating_add);
    u64::try_from(sum.div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

impl Row {
    fn price(self) -> Result<Price, String> {
        let open = self.model.ends_with('*');
        let model = self.model.trim_end_matches('*').to_owned();
        if model.is_empty() {
            return Err("names no model".to_owned());
        }
        let from = match &self.from {
            Some(day) => {
                first_moment(day).ok_or_else(|| format!("is from `{day}`, which is no day like 2026-10-07"))?
            }
            None => Millis::MIN,
        };
        if self.window == Some(0) {
            return Err("has a window of 0 tokens".to_owned());
        }
        let caches = [self.cache_read, self.cache_write_5m, self.cache_write_1h];
        let rates = rates(self.input, self.output, caches)?;
        let above = match self.above {
            Some(above) => {
                let caches = [above.cache_read, above.cache_write_5m, above.cache_write_1h];
                Some((above.tokens, self::rates(above.input, above.output, caches)?))
            }
            None => None,
        };
        Ok(Price { model, open, from, window: self.window, rates, above })
    }
}

fn first_moment(day: &str) -> Option<Millis> {
    let date: jiff::civil::Date = day.parse().ok()?;
    Some(date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

fn rates(input: f64, output: f64, [read, short, hour]: [Option<f64>; 3]) -> Result<Rates, String> {
    Ok(Rates {
        input: rate(input)?,
        output: rate(output)?,
        cache_read: rate(read.unwrap_or(input))?,
        cache_write_5m: rate(short.unwrap_or(input))?,
        cache_write_1h: rate(hour.unwrap_or(input))?,
    })
}

/// Dollars as they are written, to six digits behind the point; what is finer is rounded up.
fn rate(dollars: f64) -> Result<Rate, String> {
    if !(0.0..=1_000_000.0).contains(&dollars) {
        return Err(format!("is {dollars} dollars; it must lie in 0..1000000"));
    }
    let millionths = dollars * 1_000_000.0;
    // 0.1 has no exact binary form: what is this close to an integer is that integer.
    let near = millionths.round();
    let exact = if (millionths - near).abs() < 1e-3 { near } else { millionths.ceil() };
    // In range by the check above.
    Ok(exact as Rate)
}

#[cfg(test)]
mod tests;
