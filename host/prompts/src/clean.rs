//! Text from outside is data. What could steer a terminal, deceive the eye or hide an instruction from a reader is taken
//! out: control characters, escape sequences with their payloads, bidirectional overrides, invisible characters.

use std::borrow::Cow;

/// The text without what steers or hides. Newlines and tabs stay; `\r\n` and `\r` become `\n`.
pub fn clean(text: &str) -> Cow<'_, str> {
    if is_plain(text) || !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t' || is_invisible(c)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' | '\t' => out.push(c),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' => out.push('\n'),
            '\u{1b}' => skip_escape(&mut chars),
            '\u{9b}' => skip_csi(&mut chars),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => skip_string(&mut chars),
            // Within a word of Persian or an Indian script, or a joined emoji, they are how it is written.
            '\u{200c}' | '\u{200d}'
                if out.chars().next_back().is_some_and(joins) && chars.peek().copied().is_some_and(joins) =>
            {
                out.push(c);
            }
            c if c.is_control() || is_invisible(c) => {}
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Whether there is nothing but printable ASCII and what breaks lines. Nearly all texts are plain, and most of the time of a
/// request would be spent on looking: so it is looked at in pieces, which needs no decision for each byte.
fn is_plain(text: &str) -> bool {
    let plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n' | b'\t');
    text.as_bytes().chunks(64).all(|piece| piece.iter().fold(true, |all, byte| all & plain(byte)))
}

/// Whether words are apart by one blank each, and nothing else is around them. Of plain text; without a decision for each
/// byte, too.
fn is_spaced(text: &[u8]) -> bool {
    let blank = |byte: &u8| byte.is_ascii_whitespace();
    let ends = [text.first(), text.last()].into_iter().flatten().any(blank);
    let breaks = text.iter().fold(false, |any, byte| any | (*byte < b' '));
    !ends && !breaks && !text.windows(2).fold(false, |any, two| any | (two == b"  "))
}

/// The same in one line, with at most `most` characters.
pub fn line(text: &str, most: usize) -> String {
    in_one_line(text, most).into_owned()
}

/// [`line`], of which most are short and plain already and stay as they are.
pub(crate) fn in_one_line(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most && is_plain(text) && is_spaced(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    // Cleaning a bounded piece keeps this cheap for long texts.
    let piece: String = text.chars().take(most.saturating_mul(4).saturating_add(64)).collect();
    let longer = piece.len() < text.len();
    for word in clean(&piece).split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    if longer || out.chars().count() > most {
        out = out.chars().take(most.saturating_sub(1)).collect();
        out.push('…');
    }
    Cow::Owned(out)
}

/// The longest beginning of at most `bytes` bytes that ends between characters.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// Whether a joiner beside it can mean anything.
fn joins(c: char) -> bool {
    !c.is_ascii() && !c.is_whitespace() && !c.is_control() && !is_invisible(c)
}

/// Shows nothing, or changes the direction or the meaning of what surrounds it.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn skip_escape(chars: &mut Chars<'_>) {
    match chars.peek() {
        Some('[') => {
            chars.next();
            skip_csi(chars);
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            chars.next();
            skip_string(chars);
        }
        Some(c) if ('\u{20}'..='\u{2f}').contains(c) => {
            while chars.next_if(|c| ('\u{20}'..='\u{2f}').contains(c)).is_some() {}
            chars.next_if(|c| ('\u{30}'..='\u{7e}').contains(c));
        }
        Some(c) if ('\u{30}'..='\u{7e}').contains(c) => {
            chars.next();
        }
        _ => {}
    }
}

fn skip_csi(chars: &mut Chars<'_>) {
    while chars.next_if(|c| ('\u{20}'..='\u{3f}').contains(c)).is_some() {}
    chars.next_if(|c| ('\u{40}'..='\u{7e}').contains(c));
}

/// Up to BEL, ST or the end of the line: an unterminated one must not swallow the rest of a document.
fn skip_string(chars: &mut Chars<'_>) {
    while let Some(&c) = chars.peek() {
        match c {
            '\n' => return,
            '\u{7}' | '\u{9c}' => {
                chars.next();
                return;
            }
            '\u{1b}' => {
                chars.next();
                chars.next_if_eq(&'\\');
                return;
            }
            _ => {
                chars.next();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{clean, cut, line};

    #[test]
    fn plain_text_stays() {
        for text in ["", "plain", "two\nlines\t.", "Grüße, 世界 👍", "a < b && c > d"] {
            assert_eq!(clean(text), text);
        }
    }

    #[test]
    fn what_steers_or_hides_goes() {
        for (text, want) in [
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}]8;;http://evil\u{1b}\\link\u{1b}]8;;\u{7}", "link"),
            ("safe\rrm -rf", "safe\nrm -rf"),
            ("a\r\nb", "a\nb"),
            ("\u{9b}2Jx", "x"),
            ("abc\u{202e}txt.exe", "abctxt.exe"),
            ("tag\u{e0041}\u{e0042}\u{e0101}", "tag"),
            ("zero\u{200b}width\u{feff}\u{ad}", "zerowidth"),
            ("no\u{200d}thing\u{200c} here", "nothing here"),
            ("می\u{200c}خواهم 👩\u{200d}👧", "می\u{200c}خواهم 👩\u{200d}👧"),
            ("می\u{200c}\u{200d}\u{200c}خواهم\u{200d}", "می\u{200c}خواهم"),
            ("\u{1b}]never ended\nnext", "\nnext"),
            ("\u{8}\u{7f}\u{0}", ""),
        ] {
            assert_eq!(clean(text), want, "{text:?}");
        }
    }

    #[test]
    fn a_line_is_one_bounded_line() {
        assert_eq!(line(" a\n b\t c ", 10), "a b c");
        assert_eq!(line("abcdef", 4), "abc…");
        assert_eq!(line(&"x ".repeat(100_000), 4), "x x…");
        assert_eq!(cut("aé", 2), "a");
    }

    #[test]
    fn what_needs_nothing_done_is_seen_as_what_needs_something() {
        for (text, want) in [
            (" a", "a"),
            ("a ", "a"),
            ("a  b", "a b"),
            ("a\tb", "a b"),
            ("a\nb", "a b"),
            ("", ""),
            (" ", ""),
            ("a\u{7}b", "ab"),
            ("a b c", "a b c"),
            ("ab\u{e9}", "ab\u{e9}"),
        ] {
            assert_eq!(line(text, 5), want, "{text:?}");
        }
        // Behind the first piece that is looked at, too.
        let long = "x".repeat(70);
        assert_eq!(clean(&format!("{long}\u{7}")), long);
        assert_eq!(line(&format!("{long}\u{7}"), 100), long);
    }
}
