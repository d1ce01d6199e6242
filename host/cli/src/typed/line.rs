//! The answer that is being typed: what a terminal's own editing of lines does, without its limit of some four thousand bytes,
//! and with the marks by which a terminal says where a paste begins and ends.

use textwrap::core::display_width;

/// What keys come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// The answer is ended, unless more comes at once.
    Enter,
    /// Nothing was typed, and nothing will be.
    Closed,
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-\.
    Quit,
    /// Ctrl-Z.
    Stop,
}

/// Where in a sequence of bytes its reader is.
#[derive(Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// Behind an escape.
    Escape,
    /// In a sequence that a letter ends; its numbers so far.
    Sequence(Vec<u8>),
    /// The next byte names a key.
    Named,
}

/// An answer before it is ended.
#[derive(Debug, Default)]
pub(super) struct Line {
    text: String,
    /// Bytes of a character that is not there as a whole.
    partial: Vec<u8>,
    state: State,
    /// Between the marks of a paste.
    pasting: bool,
    /// Ends of lines at the end of a paste: they count once something follows but Enter, and the cursor stands before them.
    ends: usize,
    /// Something was left out, because an answer has a limit.
    pub(super) too_long: bool,
}

impl Line {
    /// Most bytes of one answer: 1 MiB.
    const MOST: usize = 1 << 20;
    /// Most bytes of a sequence of numbers.
    const NUMBERS: usize = 32;

    /// What was typed.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// Whether it ends where a person pressed Enter.
    pub(super) fn is_ended(&self) -> bool {
        !self.pasting && self.text.ends_with('\n')
    }

    /// Whether it ends within what a key sends that is no text, as far as that can be seen.
    pub(super) fn is_in_key(&self) -> bool {
        self.state != State::Text
    }

    /// No more of that comes.
    pub(super) fn end_key(&mut self) {
        self.state = State::Text;
    }

    /// Take what came; what the person is to see of it goes to `echo`. The first key that is more than text is returned, with how
    /// many bytes it took until then.
    pub(super) fn take(&mut self, bytes: &[u8], echo: &mut String) -> Option<(Key, usize)> {
        bytes.iter().enumerate().find_map(|(at, &byte)| self.byte(byte, echo).map(|key| (key, at + 1)))
    }

    fn byte(&mut self, byte: u8, echo: &mut String) -> Option<Key> {
        match (&mut self.state, byte) {
            // Whatever is under way, this ends it.
            (_, 0x03) => return Some(Key::Interrupt),
            (State::Escape, b'[') => self.state = State::Sequence(Vec::new()),
            (State::Escape, b'O') => self.state = State::Named,
            (State::Sequence(numbers), b' '..=b'?') if numbers.len() < Self::NUMBERS => numbers.push(byte),
            (State::Sequence(numbers), b'@'..=b'~') => {
                let mark = (std::mem::take(numbers), byte);
                self.state = State::Text;
                self.mark(&mark.0, mark.1);
            }
            (State::Escape | State::Named, b' '..=b'~') => self.state = State::Text,
            _ => {
                self.state = State::Text;
                return self.plain(byte, echo);
            }
        }
        None
    }

    /// A key that is no text: of these only the marks of a paste mean anything here.
    fn mark(&mut self, numbers: &[u8], letter: u8) {
        match (numbers, letter) {
            (b"200", b'~') => self.pasting = true,
            (b"201", b'~') => self.pasting = false,
            _ => {}
        }
    }

    fn plain(&mut self, byte: u8, echo: &mut String) -> Option<Key> {
        if byte < 0x80 && !std::mem::take(&mut self.partial).is_empty() {
            self.push(char::REPLACEMENT_CHARACTER, echo);
        }
        match byte {
            0x1b => self.state = State::Escape,
            b'\r' | b'\n' if self.pasting => self.ends += 1,
            b'\r' | b'\n' => {
                self.ends = 0;
                self.push('\n', echo);
                return Some(Key::Enter);
            }
            b'\t' | b' '..=b'~' => self.push(char::from(byte), echo),
            0x80.. => {
                self.partial.push(byte);
                match std::str::from_utf8(&self.partial) {
                    Ok(text) => {
                        let whole: Vec<char> = text.chars().filter(|c| !c.is_control()).collect();
                        self.partial.clear();
                        whole.into_iter().for_each(|c| self.push(c, echo));
                    }
                    // It may become one.
                    Err(error) if error.error_len().is_none() => {}
                    Err(_) => {
                        self.partial.clear();
                        self.push(char::REPLACEMENT_CHARACTER, echo);
                    }
                }
            }
            // In a paste no key was pressed.
            _ if self.pasting => {}
            0x04 if self.text.is_empty() => return Some(Key::Closed),
            0x08 | 0x7f => self.erase(1, echo),
            // Ctrl-U and Ctrl-W.
            0x15 => self.erase(usize::MAX, echo),
            0x17 => {
                let before = self.text.trim_end_matches([' ', '\t']);
                let word = before.len() - before.trim_end_matches(|c: char| !c.is_whitespace()).len();
                let kept = before.len() - word;
                self.erase(self.text.get(kept..).map_or(0, |gone| gone.chars().count()), echo);
            }
            0x1a => return Some(Key::Stop),
            0x1c => return Some(Key::Quit),
            _ => {}
        }
        None
    }

    fn push(&mut self, c: char, echo: &mut String) {
        for _ in 0..std::mem::take(&mut self.ends) {
            self.push('\n', echo);
        }
        if self.text.len() + c.len_utf8() > Self::MOST {
            self.too_long = true;
            // What ends it is always taken.
            if c != '\n' {
                return;
            }
            self.text.pop();
        }
        self.text.push(c);
        echo.push(if c == '\t' { ' ' } else { c });
    }

    /// Take back the last so many characters of the last line.
    fn erase(&mut self, most: usize, echo: &mut String) {
        self.ends = 0;
        for _ in 0..most {
            let Some(last) = self.text.pop() else { break };
            if last == '\n' {
                self.text.push(last);
                break;
            }
            let width = if last == '\t' { 1 } else { display_width(last.encode_utf8(&mut [0; 4])) };
            for _ in 0..width {
                echo.push_str("\u{8} \u{8}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was typed until the first key that is more than text, that key, and what was seen.
    fn typed(bytes: &[u8]) -> (String, Option<Key>, String) {
        let (mut line, mut echo) = (Line::default(), String::new());
        // One byte at a time: nothing depends on where a read ends.
        let key = bytes.iter().find_map(|byte| line.take(&[*byte], &mut echo)).map(|(key, _)| key);
        (line.into_text(), key, echo)
    }

    #[test]
    fn a_line_is_edited_as_terminals_do_it() {
        let edited = |text: &str| {
            let (text, key, _) = typed(format!("{text}\r").as_bytes());
            assert_eq!(key, Some(Key::Enter), "{text}");
            text
        };
        assert_eq!(edited("yes"), "yes\n");
        assert_eq!(edited("yet\u{7f}s"), "yes\n");
        assert_eq!(edited("größe\u{8}\u{8}\u{8}ün"), "grün\n");
        assert_eq!(edited("one two \u{17}three"), "one three\n");
        assert_eq!(edited("all of it\u{15}none"), "none\n");
        assert_eq!(edited("\u{7f}\u{17}\u{15}a\tb"), "a\tb\n");
        // Keys that mean nothing here leave nothing behind.
        assert_eq!(edited("a\u{1b}[A\u{1b}[1;5C\u{1b}OHb\u{1b}x\u{0}\u{9b}31mc"), "ab31mc\n");
    }

    #[test]
    fn keys_that_are_no_text_are_told() {
        assert_eq!(typed(b"half\x03").1, Some(Key::Interrupt));
        assert_eq!(typed(b"half\x1a").1, Some(Key::Stop));
        assert_eq!(typed(b"half\x1c").1, Some(Key::Quit));
        assert_eq!(typed(b"\x04").1, Some(Key::Closed));
        assert_eq!(typed(b"half\x04").1, None, "what was typed is not thrown away");
        assert_eq!(typed(b"\x1b[200~never ended\x03").1, Some(Key::Interrupt));
    }

    #[test]
    fn a_paste_is_text_until_its_end() {
        let (text, key, seen) = typed(b"see: \x1b[200~one\ny\x04\x15two\n\n\x1b[201~");
        assert_eq!((text.as_str(), key), ("see: one\nytwo", None), "Enter is pressed by a person");
        assert_eq!(seen, text, "and the cursor stands where it goes on");
        let (text, key, _) = typed(b"\x1b[200~one\n\x1b[201~\x1b[200~two\n\x1b[201~, three\n");
        assert_eq!((text.as_str(), key), ("one\ntwo\n, three\n", Some(Key::Enter)));
        assert_eq!(typed(b"\x1b[200~one\n\x1b[201~\n").0, "one\n");
    }

    #[test]
    fn what_is_taken_back_is_gone_from_the_screen() {
        assert_eq!(typed("a世\u{7f}".as_bytes()).2, "a世\u{8} \u{8}\u{8} \u{8}");
        // Not beyond what was typed: the question stands before it.
        assert_eq!(typed(b"a\x7f\x7f\x7f").2, "a\u{8} \u{8}");
    }

    #[test]
    fn nothing_is_cut_without_a_word() {
        let (mut line, mut echo) = (Line::default(), String::new());
        let _ = line.take(&vec![b'x'; 100_000], &mut echo);
        assert_eq!(line.take(b"\n", &mut echo), Some((Key::Enter, 1)));
        assert!(!line.too_long && line.is_ended() && line.into_text().len() == 100_001);
        let mut line = Line::default();
        let _ = line.take(&vec![b'x'; Line::MOST + 1], &mut echo);
        assert_eq!(line.take(b"\n", &mut echo), Some((Key::Enter, 1)));
        assert!(line.too_long && line.is_ended());
    }
}
