//! `.env` files: `NAME=value`, one a line.
//!
//! A line may begin with `export`, a value may stand in single or double quotes, `#` begins a comment. Nothing is ever put in
//! for `$NAME`: the libraries for these files do that, and then a stranger's file could have our environment copied into
//! what it names.

use std::collections::BTreeMap;
use std::fmt;

/// What such a file says. Its values are never shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Pairs(BTreeMap<String, String>);

impl fmt::Debug for Pairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pairs({})", self.0.len())
    }
}

impl Pairs {
    /// The last value of a name; an empty one is none.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    #[cfg(test)]
    pub(crate) fn of(pairs: &[(&str, &str)]) -> Self {
        Self(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }
}

/// What a file says, and the numbers of the lines (from 1) that say nothing we understand.
pub(crate) fn parse(text: &str) -> (Pairs, Vec<usize>) {
    let mut pairs = BTreeMap::new();
    let mut faults = Vec::new();
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match pair(line) {
            Some((name, value)) => {
                pairs.insert(name.to_owned(), value);
            }
            None => faults.push(index + 1),
        }
    }
    (Pairs(pairs), faults)
}

fn pair(line: &str) -> Option<(&str, String)> {
    let line = line.strip_prefix("export ").map_or(line, str::trim_start);
    let (name, value) = line.split_once('=')?;
    let name = name.trim_end();
    let first = name.bytes().next()?;
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') && !first.is_ascii_digit();
    if !is_name {
        return None;
    }
    let value = value.trim();
    Some((
        name,
        match value.chars().next() {
            Some('\'') => closed(&value[1..], '\'')?,
            Some('"') => closed(&value[1..], '"')?,
            _ if value.starts_with('#') => String::new(),
            _ => value.split_once(" #").map_or(value, |(value, _)| value).trim_end().to_owned(),
        },
    ))
}

/// Up to the closing quote, behind which only a comment may stand.
fn closed(text: &str, quote: char) -> Option<String> {
    let mut value = String::new();
    let mut rest = text.chars();
    loop {
        match rest.next()? {
            c if c == quote => break,
            '\\' if quote == '"' => value.push(match rest.next()? {
                'n' => '\n',
                't' => '\t',
                other => other,
            }),
            c => value.push(c),
        }
    }
    let rest = rest.as_str().trim();
    (rest.is_empty() || rest.starts_with('#')).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_they_are_written() {
        let text = "\u{feff}# keys\n\nA=1\n export B = two words # a comment\nC='it # is'\nD=\"a\\\"b\\n\" # end\nE=\nF=#x\n\
                    G=$HOME\nH=a#b\nA=2\n";
        let (pairs, faults) = parse(text);
        assert_eq!(faults, Vec::<usize>::new());
        for (name, value) in [
            ("A", Some("2")),
            ("B", Some("two words")),
            ("C", Some("it # is")),
            ("D", Some("a\"b\n")),
            ("E", None),
            ("F", None),
            ("G", Some("$HOME")),
            ("H", Some("a#b")),
            ("Z", None),
        ] {
            assert_eq!(pairs.get(name), value, "{name}");
        }
    }

    #[test]
    fn what_is_no_pair_is_named_by_its_line() {
        let (pairs, faults) = parse("A=1\nnothing\n1A=x\nB='open\nC=\"x\" y\n=\nD-E=1\n");
        assert_eq!(faults, [2, 3, 4, 5, 6, 7]);
        assert_eq!(pairs.names().collect::<Vec<_>>(), ["A"]);
    }

    #[test]
    fn values_are_not_shown() {
        let (pairs, _) = parse("OPENAI_API_KEY=sk-secret\n");
        assert!(!format!("{pairs:?}").contains("secret"));
    }
}
