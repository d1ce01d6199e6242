//! What may stand inside a tag: names, literals, comparisons, `and`, `or`, `not`, `in`, `is`, and known filters.

/// Filters of the language.
pub(super) const FILTERS: [&str; 6] = ["length", "first", "last", "default", "upper", "lower"];
/// Tests of the language.
pub(super) const TESTS: [&str; 2] = ["defined", "none"];
/// Tokens in one tag.
const TOKENS: usize = 200;
/// Brackets inside one another.
const DEPTH: usize = 8;

/// Which tag is read, hence how it ends and whether it takes an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    /// `{{ … }}`.
    Value,
    /// `{% if … %}`.
    If,
    /// `{% for … %}`.
    For,
    /// Nothing more than its keyword.
    Bare,
}

type Refused = (usize, String);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    /// An operand may follow.
    Operator,
    /// An operator may follow.
    Operand,
    /// A filter's name, which `(` may follow.
    Filter,
    /// `|`: a filter's name must follow.
    Pipe,
    /// `is` or `is not`: a test's name must follow.
    Is,
    /// `.`: a name must follow.
    Dot,
}

/// Read up to the end of the tag and step behind it.
pub(super) fn read(body: &str, at: &mut usize, tag: Tag) -> Result<(), Refused> {
    let bytes = body.as_bytes();
    let mut reader = Reader { last: Last::Operator, brackets: Vec::new(), awaits_in: tag == Tag::For };
    let mut tokens = 0;
    loop {
        let Some(&byte) = bytes.get(*at) else { return Err((*at, "a tag is not closed".to_owned())) };
        if byte.is_ascii_whitespace() {
            *at += 1;
            continue;
        }
        if reader.brackets.is_empty()
            && let Some(length) = end(&bytes[*at..], tag)
        {
            *at += length;
            if tag == Tag::Value && tokens == 0 {
                return Err((*at, "`{{ }}` is empty".to_owned()));
            }
            return Ok(());
        }
        tokens += 1;
        if tokens > TOKENS {
            return Err((*at, format!("more than {TOKENS} words and signs in one tag")));
        }
        if tag == Tag::Bare {
            return Err((*at, "this tag takes nothing more".to_owned()));
        }
        *at += reader.token(body, *at).map_err(|what| (*at, what))?;
    }
}

fn end(rest: &[u8], tag: Tag) -> Option<usize> {
    let mark: &[u8] = if tag == Tag::Value { b"}}" } else { b"%}" };
    if rest.starts_with(mark) {
        return Some(2);
    }
    (matches!(rest.first(), Some(b'-' | b'+')) && rest[1..].starts_with(mark)).then_some(3)
}

struct Reader {
    last: Last,
    /// `(` of a filter, `(` that groups, or `[` of a subscript.
    brackets: Vec<char>,
    /// Before the `in` of a `for`: only names and commas.
    awaits_in: bool,
}

impl Reader {
    /// Check one token; its length in bytes.
    fn token(&mut self, body: &str, at: usize) -> Result<usize, String> {
        let bytes = &body.as_bytes()[at..];
        if let Some(b"==" | b"!=" | b">=" | b"<=") = bytes.get(..2) {
            self.last = Last::Operator;
            return Ok(2);
        }
        match bytes[0] {
            quote @ (b'"' | b'\'') => {
                self.last = Last::Operand;
                string_length(bytes, quote)
            }
            b'0'..=b'9' => {
                self.last = Last::Operand;
                Ok(bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count())
            }
            b'<' | b'>' | b'-' => {
                self.last = Last::Operator;
                Ok(1)
            }
            b'.' if self.last == Last::Operand => {
                self.last = Last::Dot;
                Ok(1)
            }
            b'|' => {
                self.last = Last::Pipe;
                Ok(1)
            }
            b',' if self.awaits_in || self.brackets.last() == Some(&'f') => {
                self.last = Last::Operator;
                Ok(1)
            }
            b':' if self.brackets.last() == Some(&'[') => {
                self.last = Last::Operator;
                Ok(1)
            }
            b'(' => {
                let kind = match self.last {
                    Last::Filter => 'f',
                    Last::Operator => 'g',
                    _ => return Err("functions cannot be called".to_owned()),
                };
                self.open(kind)
            }
            b'[' if self.last == Last::Operand => self.open('['),
            b')' if matches!(self.brackets.last(), Some('f' | 'g')) => self.close(),
            b']' if self.brackets.last() == Some(&'[') => self.close(),
            byte if byte.is_ascii_alphabetic() || byte == b'_' => {
                let length = bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
                self.word(&body[at..at + length])?;
                Ok(length)
            }
            _ => {
                let sign = body[at..].chars().next().unwrap_or_default();
                Err(format!("`{sign}` is not part of the language here"))
            }
        }
    }

    fn open(&mut self, kind: char) -> Result<usize, String> {
        if self.brackets.len() == DEPTH {
            return Err(format!("more than {DEPTH} brackets inside one another"));
        }
        self.brackets.push(kind);
        self.last = Last::Operator;
        Ok(1)
    }

    fn close(&mut self) -> Result<usize, String> {
        self.brackets.pop();
        self.last = Last::Operand;
        Ok(1)
    }

    fn word(&mut self, word: &str) -> Result<(), String> {
        match (self.last, word) {
            (Last::Dot, _) => self.last = Last::Operand,
            (Last::Pipe, filter) => {
                if !FILTERS.contains(&filter) {
                    return Err(format!("there is no filter `{filter}`; there are {}", FILTERS.join(", ")));
                }
                self.last = Last::Filter;
            }
            (Last::Is, "not") => {}
            (Last::Is, test) => {
                if !TESTS.contains(&test) {
                    return Err(format!("there is no test `{test}`; there are {}", TESTS.join(", ")));
                }
                self.last = Last::Operand;
            }
            (_, "is") => self.last = Last::Is,
            (_, "in") => {
                self.awaits_in = false;
                self.last = Last::Operator;
            }
            (_, "and" | "or" | "not" | "if" | "else") => self.last = Last::Operator,
            (_, "recursive") => return Err("`recursive` is not part of the language".to_owned()),
            _ => self.last = Last::Operand,
        }
        Ok(())
    }
}

/// With both quotes. Any byte after `\` belongs to the string.
fn string_length(bytes: &[u8], quote: u8) -> Result<usize, String> {
    let mut at = 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            _ if byte == quote => return Ok(at + 1),
            _ => at += 1,
        }
    }
    Err("a string is not closed".to_owned())
}
