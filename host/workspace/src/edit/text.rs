//! What a text becomes.

use crate::edit::{Change, EDIT_LIMIT, EditError, Replacement};

/// How the lines of a text end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endings {
    Lf,
    CrLf,
    /// Both kinds, or no line end at all: nothing to keep.
    Any,
}

impl Endings {
    pub(crate) fn of(text: &str) -> Endings {
        let all = text.matches('\n').count();
        match text.matches("\r\n").count() {
            _ if all == 0 => Endings::Any,
            0 => Endings::Lf,
            with if with == all => Endings::CrLf,
            _ => Endings::Any,
        }
    }

    fn given(self, text: &str) -> String {
        match self {
            Endings::Any => text.to_owned(),
            Endings::Lf => text.replace("\r\n", "\n"),
            Endings::CrLf => text.replace("\r\n", "\n").replace('\n', "\r\n"),
        }
    }
}

/// The text after `change`; absent when the file goes. `old` is absent where there is no file.
pub(crate) fn changed(path: &str, old: Option<&str>, change: &Change) -> Result<Option<String>, EditError> {
    let new = match change {
        Change::Delete => return Ok(None),
        Change::Whole(text) => old.map_or_else(|| text.clone(), |old| whole(old, text)),
        Change::Replace(list) => replaced(path, old.unwrap_or_default(), list)?,
    };
    if new.contains('\0') {
        return Err(EditError::Binary { path: path.to_owned() });
    }
    // Line endings may have made it longer than what was given.
    if new.len() as u64 > EDIT_LIMIT {
        return Err(EditError::TooLarge { path: path.to_owned(), size: new.len() as u64 });
    }
    Ok(Some(new))
}

/// Marks a text as UTF-8. It is no part of what anybody reads, so whoever gives the whole of a file leaves it out.
const MARK: char = '\u{feff}';

/// The whole of a file anew, with what nobody sees of it as it was: its mark, its line ends, and that its last line has no end.
/// More than one line end at the end is meant, and stays.
fn whole(old: &str, text: &str) -> String {
    let mut new = Endings::of(old).given(text);
    if !old.is_empty()
        && !old.ends_with('\n')
        && let Some(rest) = new.strip_suffix("\r\n").or_else(|| new.strip_suffix('\n'))
        && !rest.ends_with('\n')
    {
        new.truncate(rest.len());
    }
    if old.starts_with(MARK) && !new.starts_with(MARK) && !new.is_empty() {
        new.insert(0, MARK);
    }
    new
}

fn replaced(path: &str, old: &str, list: &[Replacement]) -> Result<String, EditError> {
    let endings = Endings::of(old);
    let mut places = Vec::with_capacity(list.len());
    for (number, replacement) in (1..).zip(list) {
        let find = endings.given(&replacement.find);
        let refused = |why| EditError::Find { path: path.to_owned(), number, why };
        let Some(first) = find.chars().next() else { return Err(refused("is empty")) };
        let Some(start) = old.find(&find) else {
            let made = is_made(old, &endings.given(&replacement.replace));
            return Err(refused(if made { MADE } else { "is not in the file" }));
        };
        // From the next character on, so that `aa` stands twice in `aaa`.
        if old[start + first.len_utf8()..].contains(&find) {
            return Err(refused("stands in the file more than once"));
        }
        places.push((start, start + find.len(), endings.given(&replacement.replace), number));
    }
    places.sort_by_key(|(start, ..)| *start);
    let mut new = String::with_capacity(old.len());
    let mut done = 0;
    for (start, end, replace, number) in places {
        if start < done {
            return Err(EditError::Find { path: path.to_owned(), number, why: "overlaps another" });
        }
        new.push_str(&old[done..start]);
        new.push_str(&replace);
        done = end;
    }
    new.push_str(&old[done..]);
    // Once more for the whole: a lone `\r` to find may have parted a line end.
    new = endings.given(&new);
    while !old.ends_with('\n')
        && let Some(rest) = new.strip_suffix("\r\n").or_else(|| new.strip_suffix('\n'))
    {
        new.truncate(rest.len());
    }
    Ok(new)
}

/// Why a text is not found that may have been replaced before. Whether it was is not seen from the file: the new text can stand
/// somewhere else.
const MADE: &str =
    "is not in the file, but what it is to be replaced by is: leave this replacement out if it was made already";

/// Bytes of a text that do not stand somewhere by chance.
const TELLING: usize = 16;

/// Whether the text that a replacement brings stands in the file already.
fn is_made(old: &str, replace: &str) -> bool {
    replace.trim().len() >= TELLING && old.contains(replace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn replace(old: &str, list: &[(&str, &str)]) -> Result<String, EditError> {
        let list: Vec<_> = list
            .iter()
            .map(|(find, replace)| Replacement { find: (*find).to_owned(), replace: (*replace).to_owned() })
            .collect();
        changed("f", Some(old), &Change::Replace(list)).map(Option::unwrap_or_default)
    }

    #[test]
    fn replacements_are_made_at_once_and_only_where_they_are_meant() {
        assert_eq!(replace("a b c\n", &[("c", "a"), ("a", "x")]).expect("replaced"), "x b a\n");
        for (old, find, expected) in [
            ("abc", "", "is empty"),
            ("abc", "d", "is not in the file"),
            ("abab", "ab", "stands in the file more than once"),
            ("aaa", "aa", "stands in the file more than once"),
            ("ééé", "éé", "stands in the file more than once"),
        ] {
            let refused = replace(old, &[(find, "x")]);
            assert!(matches!(refused, Err(EditError::Find { number: 1, why, .. }) if why == expected), "{old} {find}");
        }
        // What was made already is said to whoever repeats it, and decides nothing: it may stand somewhere else.
        let made = "const total = sum(cart);\n";
        for (replace_by, expected) in [(made, MADE), ("total", "is not in the file")] {
            let refused = replace(made, &[("const total = 0;", replace_by)]);
            assert!(matches!(refused, Err(EditError::Find { number: 1, why, .. }) if why == expected), "{replace_by}");
        }
        let overlap = replace("abcd", &[("abc", "x"), ("cd", "y")]);
        assert!(matches!(overlap, Err(EditError::Find { number: 2, why: "overlaps another", .. })));
    }

    #[test]
    fn a_file_keeps_its_line_endings_and_a_missing_last_one() {
        assert_eq!(replace("a\r\nb\r\nc\r\n", &[("a\nb", "x\ny\nz")]).expect("replaced"), "x\r\ny\r\nz\r\nc\r\n");
        assert_eq!(replace("a\r\nb", &[("a\r", "x")]).expect("replaced"), "x\r\nb");
        assert_eq!(replace("a\nb\n", &[("a\r\nb", "x\r\ny")]).expect("replaced"), "x\ny\n");
        assert_eq!(replace("a\nb", &[("b", "c\n")]).expect("replaced"), "a\nc");
        assert_eq!(replace("a\r\nb", &[("b", "c\n\n")]).expect("replaced"), "a\r\nc");
        assert_eq!(replace("a\nb\n", &[("b\n", "b")]).expect("replaced"), "a\nb");
        let whole =
            |old, text: &str| changed("f", old, &Change::Whole(text.to_owned())).expect("changed").expect("text");
        assert_eq!(whole(Some("a\r\n"), "x\ny"), "x\r\ny");
        assert_eq!(whole(Some("a\r\nb\n"), "x\ny\r\n"), "x\ny\r\n");
        assert_eq!(whole(Some("a"), "x\n"), "x");
        assert_eq!(whole(Some("a"), "x\n\n"), "x\n\n");
        assert_eq!(whole(Some(""), "x\n"), "x\n");
        assert_eq!(whole(Some("a\n"), "x"), "x", "an end that is left out is left out");
        assert_eq!(whole(Some("a\r\nb"), "x\ny\n"), "x\r\ny");
        assert_eq!(whole(Some("\u{feff}a\r\nb"), "x\ny\n"), "\u{feff}x\r\ny");
        assert_eq!(whole(Some("\u{feff}a\n"), "\u{feff}x\n"), "\u{feff}x\n");
        assert_eq!(whole(Some("a\n"), "\u{feff}x\n"), "\u{feff}x\n");
        assert_eq!(whole(None, "x\r\ny\n"), "x\r\ny\n");
    }

    #[test]
    fn a_text_that_becomes_too_long_or_binary_is_refused() {
        let lines = "\n".repeat(usize::try_from(EDIT_LIMIT).expect("fits") - 2);
        assert!(matches!(
            changed("f", Some("a\r\n"), &Change::Whole(lines)),
            Err(EditError::TooLarge { size, .. }) if size > EDIT_LIMIT
        ));
        assert!(matches!(changed("f", None, &Change::Whole("a\0".to_owned())), Err(EditError::Binary { .. })));
    }

    proptest! {
        #[test]
        fn a_kind_of_line_ending_stays(lines in proptest::collection::vec("[a-c]{0,3}\\r?", 2..8), last in any::<bool>(), find in "[a-c\\r\\n]{1,3}", new in "[a-c\\r\\n]{0,6}", crlf in any::<bool>()) {
            let ending = if crlf { "\r\n" } else { "\n" };
            let lines: Vec<_> = lines.iter().map(|line| line.trim_end_matches('\r')).collect();
            let old = lines.join(ending) + if last { ending } else { "" };
            // A lone carriage return before a line break is one kind of ending more, and is what was asked for.
            prop_assume!(!new.replace("\r\n", "").contains('\r') && !find.contains('\r'));
            if let Ok(text) = replace(&old, &[(&find, &new)]) {
                prop_assert!(matches!(Endings::of(&text), Endings::Any) && !text.contains('\n') || Endings::of(&text) == Endings::of(&old));
                prop_assert!(old.ends_with('\n') || !text.ends_with('\n'));
            }
        }
    }
}
