//! A file's text, and findings in it by offset.

use super::Finding;
use crate::find::shortened;

/// Longest value of a finding, in bytes.
const LONGEST_VALUE: usize = 200;
/// Longest quote, in bytes.
const LONGEST_QUOTE: usize = 400;
/// Fewest characters other than blanks in a quote: less could not be cited.
const SHORTEST_QUOTE: usize = 3;

/// A file that was read.
pub(super) struct Source {
    pub(super) path: String,
    pub(super) text: String,
}

/// A key and value at a byte offset of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) key: String,
    pub(super) value: String,
    pub(super) at: usize,
}

impl Note {
    pub(super) fn new(key: impl Into<String>, value: impl Into<String>, at: usize) -> Note {
        Note { key: key.into(), value: value.into(), at }
    }
}

impl Source {
    /// The finding at an offset; absent when its line has too little to quote.
    pub(super) fn finding(&self, key: &str, value: &str, at: usize) -> Option<Finding> {
        let before = self.text.get(..at)?;
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = self.text[start..].lines().next()?;
        let within = &line[line.floor_char_boundary(at - start)..];
        let quote = if line.trim().len() > LONGEST_QUOTE { within.trim() } else { line.trim() };
        let quote = shortened(quote, LONGEST_QUOTE).trim_end();
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        if value.is_empty() || quote.chars().filter(|c| !c.is_whitespace()).count() < SHORTEST_QUOTE {
            return None;
        }
        let breaks = before.bytes().filter(|byte| *byte == b'\n').count();
        Some(Finding {
            key: key.to_owned(),
            value: shortened(&value, LONGEST_VALUE).to_owned(),
            path: self.path.clone(),
            line: u32::try_from(breaks + 1).unwrap_or(u32::MAX),
            quote: quote.to_owned(),
        })
    }

    /// Where the first line begins that has enough to quote, and satisfies `wanted`.
    pub(super) fn line_where(&self, wanted: impl Fn(&str) -> bool) -> Option<usize> {
        lines(&self.text)
            .find(|(_, line)| line.chars().filter(|c| !c.is_whitespace()).count() >= SHORTEST_QUOTE && wanted(line))
            .map(|(at, _)| at)
    }
}

/// The lines of a text without their ends, each with its offset.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_inclusive('\n').scan(0, |next, line| {
        let at = *next;
        *next += line.len();
        Some((at, line.trim_end_matches(['\n', '\r'])))
    })
}

/// What may stand in a key: lower case letters, digits, `-` and `_`; anything else becomes `-`.
pub(super) fn key_part(name: &str) -> String {
    let part: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c.to_ascii_lowercase() } else { '-' })
        .collect();
    shortened(part.trim_matches('-'), 80).to_owned()
}

/// The text between the first pair of quotes of either kind.
pub(super) fn quoted(text: &str) -> Option<&str> {
    let start = text.find(['"', '\''])?;
    let quote = text[start..].chars().next()?;
    let inner = &text[start + 1..];
    inner.find(quote).map(|end| &inner[..end])
}
