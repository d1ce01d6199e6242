//! Places in a source text: line numbers from byte offsets, and the quote that the host looks up again.

/// The longest quote, in bytes.
pub(crate) const QUOTE_LIMIT: usize = 400;

/// A text with the offsets at which its lines begin.
pub(crate) struct Lines<'a> {
    text: &'a str,
    starts: Vec<u32>,
}

impl<'a> Lines<'a> {
    /// Lines end at `\n`; a `\r` before it belongs to the line and is trimmed from quotes.
    pub(crate) fn new(text: &'a str) -> Self {
        let mut starts = vec![0];
        starts.extend(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at as u32 + 1));
        Self { text, starts }
    }

    /// The 1-based line that holds a byte offset.
    pub(crate) fn line(&self, offset: u32) -> u32 {
        self.starts.partition_point(|start| *start <= offset) as u32
    }

    /// The trimmed text of a 1-based line, cut to [`QUOTE_LIMIT`]; empty for a line that is not there.
    pub(crate) fn quote(&self, line: u32) -> &'a str {
        let Some(index) = (line as usize).checked_sub(1) else { return "" };
        let Some(start) = self.starts.get(index) else { return "" };
        let end = self.starts.get(index + 1).map_or(self.text.len(), |next| *next as usize);
        cut(self.text[*start as usize..end].trim_start_matches('\u{feff}').trim(), QUOTE_LIMIT)
    }
}

/// The longest prefix of at most `limit` bytes that ends between characters.
pub(crate) fn cut(text: &str, limit: usize) -> &str {
    if text.len() <= limit {
        return text;
    }
    let mut end = limit;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].trim_end()
}

/// One line of at most `limit` bytes and an ellipsis: white space squeezed.
pub(crate) fn shorten(text: &str, limit: usize) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > limit {
            return format!("{}…", cut(&line, limit));
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_from_one_and_quotes_are_trimmed() {
        let lines = Lines::new("\u{feff}first\r\n  second\r\nthird");
        assert_eq!((lines.line(0), lines.line(11), lines.quote(1)), (1, 2, "first"));
        assert_eq!((lines.quote(2), lines.quote(3), lines.quote(4), lines.quote(0)), ("second", "third", "", ""));
    }

    #[test]
    fn cutting_never_splits_a_character() {
        assert_eq!(cut("ääää", 3), "ä");
        assert_eq!(shorten("a\n  b   c", 80), "a b c");
        assert_eq!(shorten("abcdef ghi", 4), "abcd…");
    }
}
