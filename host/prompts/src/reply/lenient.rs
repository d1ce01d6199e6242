//! JSON as models and chat windows write it.
//!
//! Strict JSON goes through `serde_json`. What fails there is read again by a reader that also takes comments, trailing and
//! missing commas, typographic and single quotes, bare keys, the words of Python, raw line ends in strings and a missing
//! end. Why not a library: those for JSON5 and JSONC take none of typographic quotes, missing commas and missing ends, which
//! are what pasted replies have.

use serde_json::{Map, Number, Value};

use super::DEPTH;

/// A value at the beginning of a text.
pub(super) struct Read {
    pub(super) value: Value,
    /// Bytes that it took.
    pub(super) end: usize,
    pub(super) repairs: Vec<String>,
    /// Where a string begins or ends, or what it holds, was guessed: good enough for people, not for the text of a file.
    pub(super) guessed: bool,
    /// It ends in the middle of something: what is missing may be anything.
    pub(super) broken: bool,
}

/// Read the object with which the text begins.
///
/// # Errors
/// It does not begin with one; how many bytes were read to see that.
pub(super) fn read(text: &str) -> Result<Read, usize> {
    if !text.starts_with('{') {
        return Err(0);
    }
    let mut strict = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    if let Some(Ok(value)) = strict.next()
        && depth(&value) <= DEPTH
    {
        return Ok(Read { value, end: strict.byte_offset(), repairs: Vec::new(), guessed: false, broken: false });
    }
    let mut reader = Reader { text, at: 0, depth: 0, repairs: Vec::new(), guessed: false, broken: false };
    let Some(value) = reader.object() else { return Err(reader.at) };
    let repairs = reader.repairs.into_iter().map(str::to_owned).collect();
    Ok(Read { value, end: reader.at, repairs, guessed: reader.guessed, broken: reader.broken })
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(entries) => 1 + entries.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    repairs: Vec<&'static str>,
    guessed: bool,
    broken: bool,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn repair(&mut self, what: &'static str) {
        if !self.repairs.contains(&what) {
            self.repairs.push(what);
        }
    }

    /// A repair after which a string may hold something else than was meant.
    fn guess(&mut self, what: &'static str) {
        self.guessed = true;
        self.repair(what);
    }

    /// The text ends before its object does. Where only the last bracket is missing, nothing else is.
    fn cut_off(&mut self) {
        self.guess(CUT);
        self.broken |= self.depth > 1;
    }

    /// Blanks (also those that chat windows insert) and comments.
    fn blanks(&mut self) {
        loop {
            let before = self.at;
            while self.peek().is_some_and(|c| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}')) {
                self.bump();
            }
            let rest = self.rest();
            if rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
                self.repair("comments were left out");
            } else if rest.starts_with("/*") {
                self.at += rest.find("*/").map_or(rest.len(), |end| end + 2);
                self.repair("comments were left out");
            }
            if self.at == before {
                return;
            }
        }
    }

    fn enter(&mut self) -> Option<()> {
        self.depth += 1;
        (self.depth <= DEPTH).then_some(())
    }

    fn object(&mut self) -> Option<Value> {
        self.enter()?;
        self.bump();
        let mut entries = Map::new();
        loop {
            self.blanks();
            match self.peek() {
                None => {
                    self.cut_off();
                    break;
                }
                Some('}') => {
                    self.bump();
                    break;
                }
                Some(',') => {
                    self.bump();
                    self.repair("commas too many were left out");
                    continue;
                }
                Some(_) => {}
            }
            let Some(key) = self.key() else {
                if self.rest().is_empty() {
                    self.cut_off();
                    self.broken = true;
                    break;
                }
                return None;
            };
            self.blanks();
            if !self.eat(':') {
                if self.rest().is_empty() {
                    self.cut_off();
                    self.broken = true;
                    break;
                }
                return None;
            }
            self.blanks();
            if self.rest().is_empty() {
                self.cut_off();
                self.broken = true;
                break;
            }
            let value = self.value()?;
            entries.insert(key, value);
            self.separator('}');
        }
        self.depth -= 1;
        Some(Value::Object(entries))
    }

    fn array(&mut self) -> Option<Value> {
        self.enter()?;
        self.bump();
        let mut items = Vec::new();
        loop {
            self.blanks();
            match self.peek() {
                None => {
                    self.cut_off();
                    break;
                }
                Some(']') => {
                    self.bump();
                    break;
                }
                Some(',') => {
                    self.bump();
                    self.repair("commas too many were left out");
                }
                Some(_) => {
                    items.push(self.value()?);
                    self.separator(']');
                }
            }
        }
        self.depth -= 1;
        Some(Value::Array(items))
    }

    /// Behind an entry: one comma, unless the end follows.
    fn separator(&mut self, end: char) {
        self.blanks();
        if self.eat(',') {
            self.blanks();
            if self.peek() == Some(end) {
                self.repair("trailing commas were left out");
            }
        } else if self.peek().is_some_and(|c| c != end) {
            self.guess("missing commas were put in");
        }
    }

    fn value(&mut self) -> Option<Value> {
        match self.peek()? {
            '{' => self.object(),
            '[' => self.array(),
            c if closing(c).is_some() => Some(Value::String(self.string())),
            c if c.is_ascii_digit() || matches!(c, '-' | '+' | '.') => self.number(),
            c if c.is_alphabetic() => self.literal(),
            _ => None,
        }
    }

    fn key(&mut self) -> Option<String> {
        let first = self.peek()?;
        if closing(first).is_some() {
            return Some(self.string());
        }
        let length = self.rest().find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-' || c == '.'));
        let length = length.unwrap_or(self.rest().len());
        if length == 0 || !(first.is_alphabetic() || first == '_') {
            return None;
        }
        self.repair("keys without quotes were accepted");
        let key = self.rest()[..length].to_owned();
        self.at += length;
        Some(key)
    }

    fn string(&mut self) -> String {
        let open = self.bump().unwrap_or('"');
        let close = closing(open).unwrap_or("\"");
        if open != '"' {
            self.guess(if open == '\'' { "single quotes were accepted" } else { "typographic quotes were accepted" });
        }
        let mut out = String::new();
        loop {
            let Some(c) = self.bump() else {
                self.cut_off();
                self.broken = true;
                return out;
            };
            if close.contains(c) {
                if self.ends_here() {
                    return out;
                }
                self.guessed = true;
            }
            match c {
                '\\' => self.escape(&mut out),
                // A window that wraps lines may have put one in.
                '\n' | '\r' => {
                    self.guess("line ends inside strings were accepted");
                    out.push(c);
                }
                '\t' => {
                    self.repair("tabs inside strings were accepted");
                    out.push(c);
                }
                c => out.push(c),
            }
        }
    }

    /// Whether what follows may follow a string: a quote inside one is no end.
    fn ends_here(&self) -> bool {
        let rest = self.rest().trim_start_matches([' ', '\t', '\u{a0}']);
        rest.chars().next().is_none_or(|c| matches!(c, ',' | ':' | '}' | ']' | '/' | '\n' | '\r'))
    }

    fn escape(&mut self, out: &mut String) {
        match self.bump() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('u') => {
                let first = self.hex();
                let code = match first {
                    Some(high @ 0xd800..=0xdbff) if self.rest().starts_with("\\u") => {
                        self.at += 2;
                        match self.hex() {
                            Some(low @ 0xdc00..=0xdfff) => Some(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00)),
                            _ => None,
                        }
                    }
                    other => other,
                };
                let c = code.and_then(char::from_u32);
                self.guessed |= c.is_none();
                out.push(c.unwrap_or('\u{fffd}'));
            }
            Some(c @ ('"' | '\\' | '/')) => out.push(c),
            // Not of JSON: the quote alone may be meant, or both signs, as in the text of a program.
            Some('\'') => {
                self.guessed = true;
                out.push('\'');
            }
            // `\d` of a pattern, `\_` of Markdown: both signs were meant.
            Some(c) => {
                self.guess("unknown escapes were kept");
                out.push('\\');
                out.push(c);
            }
            None => {}
        }
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.rest().get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        let code = u32::from_str_radix(digits, 16).ok()?;
        self.at += 4;
        Some(code)
    }

    fn number(&mut self) -> Option<Value> {
        let length = self.rest().find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.')));
        let length = length.unwrap_or(self.rest().len());
        let written = self.rest()[..length].to_owned();
        self.at += length;
        if self.eat('%') {
            self.repair("bare percentages were accepted");
            return Some(Value::String(format!("{written}%")));
        }
        let number = written.trim_start_matches('+').parse::<f64>().ok().filter(|number| number.is_finite())?;
        if number.fract() == 0.0 && number.abs() < 9e15 {
            return Some(Value::Number(Number::from(number as i64)));
        }
        Number::from_f64(number).map(Value::Number)
    }

    fn literal(&mut self) -> Option<Value> {
        let length = self.rest().find(|c: char| !c.is_alphanumeric()).unwrap_or(self.rest().len());
        let word = self.rest()[..length].to_owned();
        let value = match word.to_lowercase().as_str() {
            "true" | "yes" => Value::Bool(true),
            "false" | "no" => Value::Bool(false),
            "null" | "none" | "nan" | "undefined" => Value::Null,
            // Cut off inside a word.
            _ if length == self.rest().len() => Value::Null,
            _ => return None,
        };
        self.at += length;
        if !matches!(word.as_str(), "true" | "false" | "null") {
            self.repair("words other than true, false and null were accepted");
        }
        Some(value)
    }
}

const CUT: &str = "the reply ends too early: what came last may be incomplete";

/// The quotes that end a string which begins with this one.
fn closing(open: char) -> Option<&'static str> {
    match open {
        '"' => Some("\""),
        '\'' => Some("'"),
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{201f}' => Some("\u{201d}\u{201c}\u{201f}\""),
        '\u{2018}' | '\u{2019}' | '\u{201a}' => Some("\u{2019}\u{2018}"),
        '\u{ab}' => Some("\u{bb}"),
        _ => None,
    }
}
