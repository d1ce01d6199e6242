//! What a command writes: kept within a bound, cleaned, and handed on line by line.

use std::collections::VecDeque;

use anstream::adapter::strip_str;

use crate::path::is_invisible;

/// Longest piece of a line that is handed on, in bytes.
const LONGEST_PIECE: usize = 4096;

/// The start and the end of an output.
pub(crate) struct Kept {
    first: Vec<u8>,
    last: VecDeque<u8>,
    most_first: usize,
    most_last: usize,
    left_out: u64,
}

impl Kept {
    pub(crate) fn new(most: usize) -> Kept {
        let most_first = most / 4;
        Kept { first: Vec::new(), last: VecDeque::new(), most_first, most_last: most - most_first, left_out: 0 }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let (first, rest) = bytes.split_at(bytes.len().min(self.most_first - self.first.len()));
        self.first.extend_from_slice(first);
        let skipped = rest.len().saturating_sub(self.most_last);
        let rest = &rest[skipped..];
        let over = (self.last.len() + rest.len()).saturating_sub(self.most_last);
        self.last.drain(..over);
        self.last.extend(rest);
        self.left_out += (skipped + over) as u64;
    }

    pub(crate) fn truncated(&self) -> bool {
        self.left_out > 0
    }

    /// As text for people and models.
    pub(crate) fn text(self) -> String {
        let (mut bytes, last) = (self.first, Vec::from(self.last));
        if self.left_out == 0 {
            bytes.extend(last);
            return cleaned(&bytes);
        }
        let mut text = cleaned(&bytes);
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(&format!("… {} bytes left out …\n", self.left_out));
        // Not the end of a character, or of a line that began before.
        let begin = last.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        text.push_str(&cleaned(if begin < last.len() { &last[begin..] } else { &last }));
        text
    }
}

/// Cuts an output into lines.
pub(crate) struct Lines {
    begun: Vec<u8>,
    on_output: Box<dyn FnMut(&str) + Send>,
}

impl Lines {
    pub(crate) fn new(on_output: Box<dyn FnMut(&str) + Send>) -> Lines {
        Lines { begun: Vec::new(), on_output }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (line, ended) = piece.strip_suffix(b"\n").map_or((piece, false), |line| (line, true));
            self.begun.extend_from_slice(line);
            while self.begun.len() > LONGEST_PIECE {
                let rest = self.begun.split_off(boundary(&self.begun, LONGEST_PIECE));
                self.give();
                self.begun = rest;
            }
            if ended {
                self.give();
            }
        }
    }

    /// The last line may have no end.
    pub(crate) fn finish(&mut self) {
        if !self.begun.is_empty() {
            self.give();
        }
    }

    fn give(&mut self) {
        let text = cleaned(&self.begun);
        self.begun.clear();
        // A progress bar paints one line again and again; what it painted last is what stands there.
        let text = text.trim_end_matches('\n');
        (self.on_output)(text.rsplit('\n').next().unwrap_or(text));
    }
}

/// The last place at or before `most` that does not part a character.
fn boundary(bytes: &[u8], most: usize) -> usize {
    let part = |at: &usize| bytes.get(*at).is_some_and(|byte| byte & 0b1100_0000 == 0b1000_0000);
    (most.saturating_sub(3)..=most).rev().find(|at| !part(at)).unwrap_or(most)
}

/// Without control sequences and control characters; a carriage return alone is a line break.
fn cleaned(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n").replace('\r', "\n").replace('\u{9b}', "\u{1b}[");
    let keep = |c: &char| matches!(c, '\n' | '\t') || !(c.is_control() || is_invisible(*c));
    strip_str(&text).to_string().chars().filter(keep).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_drives_a_terminal_is_gone() {
        for (written, shown) in [
            ("\u{1b}[31mred\u{1b}[0m plain\r\n", "red plain\n"),
            ("a\u{1b}]0;title\u{7}b\u{1b}]8;;http://x\u{1b}\\c", "abc"),
            ("50%\r100%\r\n", "50%\n100%\n"),
            ("a\u{8}b\0c\u{7f}d\te", "abcd\te"),
            ("\u{9b}2Jx\u{202e}y", "xy"),
            ("é日本\u{1b}[2K\n", "é日本\n"),
        ] {
            assert_eq!(cleaned(written.as_bytes()), shown, "{written:?}");
        }
        assert_eq!(cleaned(b"caf\xe9 \xff"), "caf\u{fffd} \u{fffd}");
    }

    #[test]
    fn of_a_long_output_start_and_end_are_kept() {
        let mut kept = Kept::new(400);
        for number in 0..1000 {
            kept.push(format!("line {number}\n").as_bytes());
        }
        assert!(kept.truncated());
        let text = kept.text();
        assert!(text.starts_with("line 0\nline 1\n") && text.ends_with("line 998\nline 999\n"), "{text}");
        assert!(text.contains("\n… 8490 bytes left out …\nline "), "{text}");
    }

    fn lines_of(pieces: &[&[u8]]) -> Vec<String> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let given = Arc::clone(&lines);
        let mut cutter = Lines::new(Box::new(move |line| given.lock().expect("whole").push(line.to_owned())));
        pieces.iter().for_each(|piece| cutter.push(piece));
        cutter.finish();
        let lines = lines.lock().expect("whole");
        lines.clone()
    }

    #[test]
    fn lines_are_given_whole_clean_and_bounded() {
        assert_eq!(lines_of(&[b"a", b"b\nc\r\n", b"\n\xc3", b"\xa9"]), ["ab", "c", "", "é"]);
        assert_eq!(lines_of(&[b"1%\r2%\r\x1b[32m3%\x1b[0m\n"]), ["3%"]);
        let long = "é".repeat(5_000);
        let lines = lines_of(&[format!("x{long}\n").as_bytes()]);
        assert!(lines.iter().all(|line| line.len() <= LONGEST_PIECE) && lines.concat() == format!("x{long}"));
    }

    proptest! {
        #[test]
        fn what_is_kept_is_a_start_and_an_end(pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..12), most in 0_usize..200) {
            let mut kept = Kept::new(most);
            pieces.iter().for_each(|piece| kept.push(piece));
            let all = pieces.concat();
            prop_assert_eq!(kept.truncated(), all.len() > most);
            prop_assert!(all.starts_with(&kept.first));
            prop_assert!(all.ends_with(&Vec::from(kept.last.clone())));
            prop_assert_eq!(kept.first.len() + kept.last.len() + usize::try_from(kept.left_out).expect("fits"), all.len());
        }
    }
}
