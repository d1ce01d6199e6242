//! Bytes to lines, lines to events. One bounded splitter serves server-sent events, lines of JSON and the lines that a
//! program prints; see `docs/decisions/model-services-are-spoken-to-directly.md`.

/// A line that is longer is no line of any service.
pub(crate) const MOST_LINE: usize = 16 << 20;

/// A line is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LineTooLong;

/// Splits bytes into lines, wherever the pieces end. `\n`, `\r\n` and `\r` end a line.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    buffer: Vec<u8>,
    /// Bytes at the front of `buffer` that were handed out.
    taken: usize,
    /// Bytes behind `taken` that have no line end.
    searched: usize,
    /// The last line ended in `\r`: a `\n` that comes next belongs to it.
    after_return: bool,
}

impl Lines {
    /// More bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), LineTooLong> {
        self.buffer.drain(..self.taken);
        self.taken = 0;
        self.buffer.extend_from_slice(bytes);
        // A line may be longer than the limit by one piece at most before it is noticed here.
        if self.searched > MOST_LINE { Err(LineTooLong) } else { Ok(()) }
    }

    /// The next whole line.
    pub(crate) fn next_line(&mut self) -> Option<String> {
        if self.after_return && self.buffer.len() > self.taken {
            self.after_return = false;
            if self.buffer[self.taken] == b'\n' {
                self.taken += 1;
            }
        }
        let start = self.taken + self.searched;
        let found = self.buffer[start..].iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let Some(found) = found else {
            self.searched = self.buffer.len() - self.taken;
            return None;
        };
        let end = start + found;
        let line = String::from_utf8_lossy(&self.buffer[self.taken..end]).into_owned();
        self.after_return = self.buffer[end] == b'\r';
        self.taken = end + 1;
        self.searched = 0;
        Some(line)
    }

    /// What is left when no more bytes come: a last line without its end.
    pub(crate) fn rest(&mut self) -> Option<String> {
        let rest = String::from_utf8_lossy(&self.buffer[self.taken..]).into_owned();
        *self = Self::default();
        (!rest.is_empty()).then_some(rest)
    }
}

/// One event of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Event {
    /// Its `event:` field; empty where it has none.
    pub(crate) name: String,
    /// Its `data:` lines.
    pub(crate) data: String,
}

/// Server-sent events from lines. Identifiers, retry times and comments are of no use here and are skipped.
#[derive(Debug, Default)]
pub(crate) struct Sse {
    event: Event,
    has_data: bool,
    begun: bool,
}

impl Sse {
    /// One line; gives an event when the line ends one.
    pub(crate) fn line(&mut self, line: &str) -> Option<Event> {
        let line = if self.begun { line } else { line.trim_start_matches('\u{feff}') };
        self.begun = true;
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return std::mem::take(&mut self.has_data).then_some(event);
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event.name),
            "data" => {
                if self.has_data {
                    self.event.data.push('\n');
                }
                self.has_data = true;
                self.event.data.push_str(value);
            }
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<String> {
        let mut lines = Lines::default();
        let mut all = Vec::new();
        for piece in pieces {
            lines.push(piece).expect("short lines");
            while let Some(line) = lines.next_line() {
                all.push(line);
            }
        }
        all.extend(lines.rest());
        all
    }

    fn events(text: &str) -> Vec<(String, String)> {
        let mut sse = Sse::default();
        lines(&[text.as_bytes()])
            .iter()
            .filter_map(|line| sse.line(line))
            .map(|event| (event.name, event.data))
            .collect()
    }

    #[test]
    fn all_three_line_ends_end_a_line() {
        assert_eq!(lines(&[b"a\nb\r", b"\nc\r\rd"]), ["a", "b", "c", "", "d"]);
        assert_eq!(lines(&[b"a\r", b"b"]), ["a", "b"]);
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let mut lines = Lines::default();
        let piece = vec![b'x'; 1 << 20];
        let refused = (0..20).any(|_| {
            let pushed = lines.push(&piece);
            lines.next_line();
            pushed.is_err()
        });
        assert!(refused);
    }

    #[test]
    fn events_are_read_as_the_standard_says() {
        let text =
            "\u{feff}: hello\nevent: a\ndata: 1\ndata:2\nid: 3\n\nevent: no data\n\ndata:\n\nunknown: x\ndata: last";
        assert_eq!(events(text), [("a".into(), "1\n2".into()), (String::new(), String::new())]);
    }

    proptest! {
        #[test]
        fn where_the_pieces_end_does_not_matter(text in "[a-c\r\n]{0,40}", cuts in prop::collection::vec(0usize..40, 0..6)) {
            let whole = lines(&[text.as_bytes()]);
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut <= text.len()).collect();
            cuts.sort_unstable();
            let mut pieces = Vec::new();
            let mut start = 0;
            for cut in cuts.into_iter().chain([text.len()]) {
                pieces.push(&text.as_bytes()[start..cut]);
                start = cut;
            }
            prop_assert_eq!(lines(&pieces), whole);
        }
    }
}
