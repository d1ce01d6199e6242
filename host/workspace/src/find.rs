//! Finding files by place or glob, and lines by regular expression.
//!
//! Both kinds of pattern come from plugins and models. They are compiled with small size limits into automata that run in
//! linear time; what remains is bounded by bytes, matches and the caller's own patience.

use globset::{GlobBuilder, GlobMatcher};
use regex::{Regex, RegexBuilder};

use crate::error::{FindError, ReadError};
use crate::path::{has_drive, split};
use crate::project::Project;
use crate::read::READ_LIMIT;
use crate::walk::{Entry, Reach};

/// Most entries that [`Project::list`] and [`Project::glob`] answer with.
pub const MOST_MATCHES: usize = 10_000;
/// Most hits that [`Project::search`] answers with.
pub const MOST_HITS: usize = 1_000;
/// Longest pattern of either kind, in bytes.
const LONGEST_PATTERN: usize = 1024;
/// Largest compiled regular expression, in bytes.
const COMPILED_LIMIT: usize = 1024 * 1024;
/// Most bytes that one search reads.
const SEARCH_LIMIT: u64 = 256 * 1024 * 1024;
/// Bytes of one line that are searched: what is longer was not written by a person.
const LINE_SEARCHED: usize = 16 * 1024;
/// Bytes that are searched between two questions whether to go on.
const PATIENCE: usize = 64 * 1024;
/// Longest line that is shown, in bytes.
const LINE_SHOWN: usize = 400;

/// Files that were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matches {
    /// Sorted by path; at most [`MOST_MATCHES`].
    pub entries: Vec<Entry>,
    /// There may be more.
    pub truncated: bool,
}

/// A line that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Relative to the root, with `/`.
    pub path: String,
    /// 1-based.
    pub line: u32,
    /// The line without surrounding blanks, shortened to 400 bytes.
    pub text: String,
}

impl Project {
    /// The files in one directory (`""` is the root), not those below it.
    ///
    /// # Errors
    /// The directory is not there, excluded or not inside.
    pub fn list(&self, directory: &str) -> Result<Matches, FindError> {
        let place = self.place(directory, directory)?;
        let listing = self.walk(place, Reach::Here);
        Ok(cut(listing.entries, listing.truncated))
    }

    /// The files that match a glob: `*` and `?` stay within a component, `**` does not, `{a,b}` is either. A pattern without
    /// `**` matches whole paths: `*.js` is only at the root.
    ///
    /// # Errors
    /// The pattern cannot be compiled, or its fixed beginning leads outside.
    pub fn glob(&self, pattern: &str) -> Result<Matches, FindError> {
        let (entries, truncated) = self.matching(pattern)?;
        Ok(cut(entries, truncated))
    }

    /// Lines that match a regular expression in files that match a glob, by path and line: at most `most` and [`MOST_HITS`].
    /// Files over 1 MiB or not UTF-8 are passed over.
    ///
    /// # Errors
    /// One of the patterns cannot be compiled, or the glob's fixed beginning leads outside.
    pub fn search(&self, regex: &str, glob: &str, most: u32) -> Result<Vec<Hit>, FindError> {
        self.search_while(regex, glob, most, &|| true)
    }

    /// As [`Project::search`], asking `go_on` before each file and after every 64 KiB: a pattern can be linear
    /// and slow.
    ///
    /// # Errors
    /// As [`Project::search`]; [`FindError::Stopped`] when `go_on` said no.
    pub fn search_while(
        &self,
        regex: &str,
        glob: &str,
        most: u32,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Vec<Hit>, FindError> {
        let regex = compile(regex)?;
        let most = (most as usize).min(MOST_HITS);
        let mut hits = Vec::new();
        let mut searched = 0;
        let (entries, _) = self.matching(glob)?;
        for entry in entries {
            if hits.len() >= most || searched >= SEARCH_LIMIT {
                break;
            }
            if !go_on() {
                return Err(FindError::Stopped);
            }
            if entry.size > READ_LIMIT {
                continue;
            }
            let Ok(file) = self.read(&entry.path) else { continue };
            searched += file.text.len() as u64;
            let mut since = 0;
            for (line, text) in (1..).zip(file.text.lines()) {
                since += text.len().min(LINE_SEARCHED) + 1;
                if since > PATIENCE {
                    since = 0;
                    if !go_on() {
                        return Err(FindError::Stopped);
                    }
                }
                if regex.is_match(shortened(text, LINE_SEARCHED)) {
                    hits.push(Hit {
                        path: entry.path.clone(),
                        line,
                        text: shortened(text.trim(), LINE_SHOWN).to_owned(),
                    });
                    if hits.len() >= most {
                        break;
                    }
                }
            }
        }
        Ok(hits)
    }

    fn matching(&self, pattern: &str) -> Result<(Vec<Entry>, bool), FindError> {
        let matcher = matcher(pattern)?;
        let start = fixed_beginning(pattern);
        let place = match self.place(start, pattern) {
            Ok(place) => place,
            Err(error @ (ReadError::Outside { .. } | ReadError::Io { .. })) => return Err(error.into()),
            // No file can match there: for a glob, that is an answer.
            Err(_) => return Ok((Vec::new(), false)),
        };
        let reach = if split(pattern).0 == start { reach_of(pattern) } else { Reach::Below };
        let listing = self.walk(place, reach);
        let entries = listing.entries.into_iter().filter(|entry| matcher.is_match(&entry.path)).collect();
        Ok((entries, listing.truncated))
    }
}

/// A last component without `**` and braces around slashes stays in its directory.
fn reach_of(pattern: &str) -> Reach {
    let last = split(pattern).1;
    if last.contains("**") || pattern.contains(['{', '[']) { Reach::Below } else { Reach::Here }
}

/// The directories at the start of a pattern that have nothing special in them: where a walk can begin.
fn fixed_beginning(pattern: &str) -> &str {
    let special = pattern.find(['*', '?', '[', ']', '{', '}', '\\', '!']).unwrap_or(pattern.len());
    pattern[..special].rfind('/').map_or("", |slash| &pattern[..slash])
}

fn matcher(pattern: &str) -> Result<GlobMatcher, FindError> {
    let refused = |why: String| FindError::Pattern { pattern: shortened(pattern, LINE_SHOWN).to_owned(), why };
    if pattern.is_empty() || pattern.len() > LONGEST_PATTERN {
        return Err(refused(format!("it must have 1 to {LONGEST_PATTERN} bytes")));
    }
    let climbs = pattern.split(['/', ',', '{', '}']).any(|part| part == "..");
    if pattern.starts_with('/') || has_drive(pattern) || climbs {
        return Err(ReadError::Outside { path: pattern.to_owned() }.into());
    }
    let glob = GlobBuilder::new(pattern).literal_separator(true).backslash_escape(true).build();
    Ok(glob.map_err(|error| refused(error.kind().to_string()))?.compile_matcher())
}

fn compile(pattern: &str) -> Result<Regex, FindError> {
    let refused = |why: String| FindError::Pattern { pattern: shortened(pattern, LINE_SHOWN).to_owned(), why };
    if pattern.len() > LONGEST_PATTERN {
        return Err(refused(format!("it has more than {LONGEST_PATTERN} bytes")));
    }
    RegexBuilder::new(pattern)
        .size_limit(COMPILED_LIMIT)
        .dfa_size_limit(4 * COMPILED_LIMIT)
        .nest_limit(64)
        .build()
        .map_err(|error| refused(last_line(&error.to_string())))
}

/// The regex crate draws the pattern and a marker over several lines; the last one says what is wrong.
fn last_line(message: &str) -> String {
    message.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

fn cut(mut entries: Vec<Entry>, truncated: bool) -> Matches {
    let truncated = truncated || entries.len() > MOST_MATCHES;
    entries.truncate(MOST_MATCHES);
    Matches { entries, truncated }
}

/// At most `most` bytes of `text`, cut between characters.
pub(crate) fn shortened(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_walk_begins_where_the_pattern_is_fixed() {
        for (pattern, start) in [
            ("src/**/*.js", "src"),
            ("src/a/b.js", "src/a"),
            ("*.js", ""),
            ("**/x", ""),
            ("a/b*/c", "a"),
            ("{a,b}/c", ""),
            ("x", ""),
            ("a/[b]/c", "a"),
        ] {
            assert_eq!(fixed_beginning(pattern), start, "{pattern}");
        }
    }

    #[test]
    fn patterns_that_are_too_large_or_wrong_are_refused() {
        for pattern in ["(", "a{1000}{1000}", "(?:(?:(?:a{50}){50}){50}){50}", "(?=a)", &"a".repeat(5000)] {
            assert!(matches!(compile(pattern), Err(FindError::Pattern { .. })), "{pattern}");
        }
        for pattern in ["", "[", "{a", &"*".repeat(5000)] {
            assert!(matches!(matcher(pattern), Err(FindError::Pattern { .. })), "{pattern}");
        }
        for pattern in ["/etc/*", "../*", "a/../*", "C:/*", "{..,a}/*", "a/{../..,b}"] {
            assert!(matches!(matcher(pattern), Err(FindError::Directory(ReadError::Outside { .. }))), "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn shortening_keeps_whole_characters(text in "\\PC{0,80}", most in 0_usize..100) {
            let short = shortened(&text, most);
            prop_assert!(short.len() <= most && text.starts_with(short));
            prop_assert!(text.len() <= most || most - short.len() < 4);
        }
    }
}
