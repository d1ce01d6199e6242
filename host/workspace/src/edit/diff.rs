//! A unified diff for people: bounded, and without a character that could mislead them.

use std::fmt::Write as _;

use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

use crate::edit::text::Endings;
use crate::path::{is_invisible, shown};

/// Lines of context around a change.
const CONTEXT: usize = 3;
/// Longest diff of one file, in bytes, but for its last line.
const LONGEST: usize = 256 * 1024;
/// Longest line shown, in characters.
const LONGEST_LINE: usize = 2_000;
/// Most lines, old and new, between what begins and ends alike, for which the shortest diff is looked for. Beyond it, all of them
/// go and come: the search takes the square of their number, and a limit of time would make two diffs of one change.
const MOST_SEARCHED: usize = 10_000;

/// What differs between two texts.
pub(crate) struct Diff {
    pub(crate) text: String,
    /// There is more to it than `text` shows.
    pub(crate) cut: bool,
    pub(crate) added: u64,
    pub(crate) removed: u64,
}

/// How much of a diff is shown.
#[derive(Clone, Copy)]
struct Bounds {
    bytes: usize,
    line: usize,
}

/// The diff of `path`; an absent text is a file that is not there.
pub(crate) fn unified(path: &str, old: Option<&str>, new: Option<&str>) -> Diff {
    bounded(path, old, new, Bounds { bytes: LONGEST, line: LONGEST_LINE })
}

/// All of it, however long.
pub(crate) fn whole(path: &str, old: Option<&str>, new: Option<&str>) -> String {
    bounded(path, old, new, Bounds { bytes: usize::MAX, line: usize::MAX }).text
}

fn bounded(path: &str, old: Option<&str>, new: Option<&str>, bounds: Bounds) -> Diff {
    let lines = |text: Option<&'_ str>| -> Vec<String> {
        text.unwrap_or_default().split_inclusive('\n').map(str::to_owned).collect()
    };
    let (old_lines, new_lines) = (lines(old), lines(new));
    let ops = operations(&old_lines, &new_lines);
    let mut diff = Diff { text: String::new(), cut: false, added: 0, removed: 0 };
    for op in ops.iter().filter(|op| !matches!(op, DiffOp::Equal { .. })) {
        diff.removed += op.old_range().len() as u64;
        diff.added += op.new_range().len() as u64;
    }
    // A file of one kind of line ending throughout keeps it; showing it on every line would hide the change.
    let crlf = |text: Option<&str>| text.is_none_or(|text| Endings::of(text) == Endings::CrLf);
    let plain_ends = crlf(old) && crlf(new);
    let name = |side: &str, text: Option<&str>| {
        text.map_or_else(|| "/dev/null".to_owned(), |_| format!("{side}/{}", shown(path)))
    };
    let _ = writeln!(diff.text, "--- {}\n+++ {}", name("a", old), name("b", new));
    'hunks: for hunk in group_diff_ops(ops, CONTEXT) {
        let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else { continue };
        let range = |start: usize, end: usize| match end - start {
            0 => format!("{start},0"),
            1 => format!("{}", start + 1),
            length => format!("{},{length}", start + 1),
        };
        let _ = writeln!(
            diff.text,
            "@@ -{} +{} @@",
            range(first.old_range().start, last.old_range().end),
            range(first.new_range().start, last.new_range().end)
        );
        for op in &hunk {
            let (equal, from, to) = (matches!(op, DiffOp::Equal { .. }), op.old_range(), op.new_range());
            let removed = old_lines[from].iter().map(|line| (if equal { ' ' } else { '-' }, line));
            let added = if equal { &[][..] } else { &new_lines[to] };
            for (sign, line) in removed.chain(added.iter().map(|line| ('+', line))) {
                if diff.text.len() >= bounds.bytes {
                    diff.cut = true;
                    break 'hunks;
                }
                diff.cut |= push_line(&mut diff.text, sign, line, (plain_ends, bounds.line));
            }
        }
    }
    if diff.cut {
        let _ = writeln!(diff.text, "… not all of it is shown: {} lines come, {} lines go", diff.added, diff.removed);
    }
    diff
}

fn operations(old: &[String], new: &[String]) -> Vec<DiffOp> {
    let alike = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let alike_at_end =
        old[alike..].iter().rev().zip(new[alike..].iter().rev()).take_while(|(old, new)| old == new).count();
    let (old_len, new_len) = (old.len() - alike - alike_at_end, new.len() - alike - alike_at_end);
    if old_len + new_len <= MOST_SEARCHED {
        return capture_diff_slices(Algorithm::Myers, old, new);
    }
    let end = (alike + old_len, alike + new_len);
    let mut ops = vec![
        DiffOp::Equal { old_index: 0, new_index: 0, len: alike },
        DiffOp::Replace { old_index: alike, old_len, new_index: alike, new_len },
        DiffOp::Equal { old_index: end.0, new_index: end.1, len: alike_at_end },
    ];
    ops.retain(|op| !op.old_range().is_empty() || !op.new_range().is_empty());
    ops
}

/// Whether something of the line is not shown.
fn push_line(text: &mut String, sign: char, line: &str, (plain_ends, most): (bool, usize)) -> bool {
    let (line, ended) = line.strip_suffix('\n').map_or((line, false), |line| (line, true));
    let line = if plain_ends && ended { line.strip_suffix('\r').unwrap_or(line) } else { line };
    text.push(sign);
    let mut left = line.chars();
    for c in left.by_ref().take(most) {
        if c != '\t' && (c.is_control() || is_invisible(c)) {
            text.extend(c.escape_default());
        } else {
            text.push(c);
        }
    }
    let more = left.count();
    if more > 0 {
        let _ = write!(text, "… {more} more characters");
    }
    text.push('\n');
    if !ended {
        text.push_str("\\ No newline at end of file\n");
    }
    more > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_shown_with_its_surroundings() {
        let old: String = (1..=12).map(|n| format!("line {n}\n")).collect();
        let new = old.replace("line 6\n", "line six\nand a half\n").replace("line 12\n", "line 12");
        let diff = unified("a.txt", Some(&old), Some(&new));
        assert_eq!((diff.added, diff.removed, diff.cut), (3, 2, false));
        insta::assert_snapshot!(diff.text, @r"
        --- a/a.txt
        +++ b/a.txt
        @@ -3,10 +3,11 @@
         line 3
         line 4
         line 5
        -line 6
        +line six
        +and a half
         line 7
         line 8
         line 9
         line 10
         line 11
        -line 12
        +line 12
        \ No newline at end of file
        ");
        insta::assert_snapshot!(unified("a.txt", None, Some("a\r\nb\r\n")).text, @r"
        --- /dev/null
        +++ b/a.txt
        @@ -0,0 +1,2 @@
        +a
        +b
        ");
        insta::assert_snapshot!(unified("a.txt", Some("a\n"), None).text, @r"
        --- a/a.txt
        +++ /dev/null
        @@ -1 +0,0 @@
        -a
        ");
    }

    #[test]
    fn what_could_mislead_is_escaped() {
        let diff = unified("a\u{202e}b", Some("x\r\ny\n"), Some("x\n\u{1b}[2Jy\t\u{202e}z\n"));
        insta::assert_snapshot!(diff.text, @r"
        --- a/a\u{202e}b
        +++ b/a\u{202e}b
        @@ -1,2 +1,2 @@
        -x\r
        -y
        +x
        +\u{1b}[2Jy	\u{202e}z
        ");
    }

    #[test]
    fn a_long_diff_is_cut_and_says_so() {
        let many: String = (0..40_000).map(|n| format!("line number {n}\n")).collect();
        let other: String = (0..40_000).map(|n| format!("Line number {n}\n")).collect();
        let diff = unified("a", Some(&many), Some(&other));
        assert!(diff.cut && diff.text.len() < LONGEST + 200);
        assert_eq!((diff.added, diff.removed), (40_000, 40_000));
        assert!(diff.text.ends_with("… not all of it is shown: 40000 lines come, 40000 lines go\n"));
        let long = unified("a", None, Some(&"x".repeat(3_000)));
        assert!(long.cut && long.text.contains("x… 1000 more characters\n"));
        assert!(whole("a", None, Some(&"x".repeat(3_000))).contains(&"x".repeat(3_000)));
        let all = whole("a", Some(&many), Some(&other));
        assert!(all.contains("+Line number 39999\n") && all.len() > LONGEST + 200);
    }
}
