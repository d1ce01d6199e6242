//! Citations: is the quoted text where it is said to be?
//!
//! Text and quote are compared as words with one blank between them, so that a quote may span lines and indentation does not
//! matter. A citation shows that the quote exists; never that what is claimed follows from it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::open::Stamp;
use crate::project::Project;
use crate::read::READ_LIMIT;

/// Fewest characters other than blanks in a quote: less than that is found everywhere.
const SHORTEST_QUOTE: usize = 3;
/// Longest quote, in bytes.
const LONGEST_QUOTE: usize = 4096;
/// How far a named line may be off.
const NEAR: u32 = 3;
/// Bytes of text that are kept between citations.
const MOST_KEPT: usize = 64 * 1024 * 1024;

/// What became of a quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Citation {
    /// At the named line, or within three lines of it.
    Found {
        /// 1-based: where the quote begins.
        line: u32,
    },
    /// Not there, but at exactly one other place in the file.
    Moved {
        /// 1-based: where the quote begins.
        line: u32,
    },
    /// Not in the file, in several places none of which is near, too short to tell, or the file cannot be read.
    Missing,
}

/// The words of a file, and where its lines begin among them.
struct Words {
    text: String,
    /// Offset in `text` and 1-based line of every line that has a word, ascending.
    lines: Vec<(usize, u32)>,
}

/// Texts that citations asked for, while their files are unchanged.
#[derive(Default)]
pub(crate) struct TextCache(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    texts: HashMap<String, (Stamp, Arc<Words>)>,
    bytes: usize,
}

impl Project {
    /// Look `quote` up in the file at `path`, at the 1-based `line` or near it, else in the whole file. A leading `./` of the path
    /// is passed over. The text is kept and used again while the file is unchanged.
    #[must_use]
    pub fn cite(&self, path: &str, line: u32, quote: &str) -> Citation {
        if quote.len() > LONGEST_QUOTE || quote.chars().filter(|c| !c.is_whitespace()).count() < SHORTEST_QUOTE {
            return Citation::Missing;
        }
        let path = path.strip_prefix("./").unwrap_or(path);
        self.words(path).map_or(Citation::Missing, |words| words.cite(line, quote))
    }

    fn words(&self, path: &str) -> Option<Arc<Words>> {
        let (file, seen) = self.open_file(path).ok()?;
        let stamp = Stamp::of(&seen);
        {
            let kept = self.texts.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((then, words)) = kept.texts.get(path)
                && *then == stamp
            {
                return Some(Arc::clone(words));
            }
        }
        let words = Arc::new(Words::of(&self.shown_text(path, file, &seen, READ_LIMIT).ok()?));
        let mut kept = self.texts.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.bytes + words.size() > MOST_KEPT {
            *kept = Kept::default();
        }
        kept.bytes += words.size();
        if let Some((_, old)) = kept.texts.insert(path.to_owned(), (stamp, Arc::clone(&words))) {
            kept.bytes -= old.size().min(kept.bytes);
        }
        Some(words)
    }
}

impl Words {
    fn of(content: &str) -> Words {
        let mut words = Words { text: String::with_capacity(content.len()), lines: Vec::new() };
        for (line, content) in (1..).zip(content.lines()) {
            let mut first = true;
            for word in content.split_whitespace() {
                if !words.text.is_empty() {
                    words.text.push(' ');
                }
                if std::mem::take(&mut first) {
                    words.lines.push((words.text.len(), line));
                }
                words.text.push_str(word);
            }
        }
        words
    }

    fn size(&self) -> usize {
        self.text.len() + self.lines.len() * size_of::<(usize, u32)>()
    }

    fn cite(&self, line: u32, quote: &str) -> Citation {
        let quote = quote.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut nearest: Option<(u32, u32)> = None;
        let mut starts = Vec::new();
        for (offset, found) in self.text.match_indices(&quote) {
            let (start, end) = (self.line_at(offset), self.line_at(offset + found.len() - 1));
            let off = if line < start { start - line } else { line.saturating_sub(end) };
            if nearest.is_none_or(|(least, _)| off < least) {
                nearest = Some((off, start));
            }
            if starts.len() < 2 {
                starts.push(start);
            }
        }
        match (nearest, starts.as_slice()) {
            (Some((off, start)), _) if line > 0 && off <= NEAR => Citation::Found { line: start },
            (_, [only]) => Citation::Moved { line: *only },
            _ => Citation::Missing,
        }
    }

    fn line_at(&self, offset: usize) -> u32 {
        let after = self.lines.partition_point(|(start, _)| *start <= offset);
        after.checked_sub(1).map_or(1, |at| self.lines[at].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SOURCE: &str =
        "const a = 1;\n\n\tapp.use(session({\r\n    secret: 'x'\n  }));\n\n\n\n\n\nconst b = 2;\nconst a = 1;\n";

    #[test]
    fn a_quote_is_found_near_its_line_and_elsewhere_only_when_it_is_alone() {
        let words = Words::of(SOURCE);
        for (line, quote, expected) in [
            (1, "const a = 1;", Citation::Found { line: 1 }),
            (12, "const  a\t= 1;", Citation::Found { line: 12 }),
            (3, "app.use(session({ secret: 'x'", Citation::Found { line: 3 }),
            (5, "app.use(session({\n  secret: 'x'\n}));", Citation::Found { line: 3 }),
            (6, "app.use", Citation::Found { line: 3 }),
            (7, "app.use", Citation::Moved { line: 3 }),
            (0, "app.use", Citation::Moved { line: 3 }),
            (u32::MAX, "secret", Citation::Moved { line: 4 }),
            (7, "const a = 1;", Citation::Missing),
            (1, "constant", Citation::Missing),
        ] {
            assert_eq!(words.cite(line, quote), expected, "{line} {quote:?}");
        }
    }

    proptest! {
        #[test]
        fn every_line_of_a_text_is_found_where_it_stands(lines in proptest::collection::vec("[ \\t]{0,3}\\PC{0,20}", 1..30), extra in "[\\r]?") {
            let text = lines.join(&format!("{extra}\n"));
            let words = Words::of(&text);
            for (number, line) in (1..).zip(text.lines()) {
                if line.chars().filter(|c| !c.is_whitespace()).count() >= SHORTEST_QUOTE {
                    let found = words.cite(number, line);
                    prop_assert!(matches!(found, Citation::Found { line } if line.abs_diff(number) <= NEAR), "{found:?}");
                }
            }
        }

        #[test]
        fn a_quote_that_is_not_there_is_never_found(text in "[a-m \\n]{0,200}", quote in "[n-z]{3,8}", line in 0_u32..20) {
            prop_assert_eq!(Words::of(&text).cite(line, &quote), Citation::Missing);
        }
    }
}
