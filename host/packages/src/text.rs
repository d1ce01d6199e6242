//! What names and sentences in a package may look like. They are shown in lists and before a person consents, so nothing
//! in them may move a cursor, reorder text or hide.

use crate::ManifestError;

/// kebab-case: 1 to 64 of a–z, 0–9 and `-`, starting with a letter.
pub(crate) fn is_name(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

pub(crate) fn name(field: &str, text: &str) -> Result<(), ManifestError> {
    if is_name(text) { Ok(()) } else { Err(ManifestError::Name { field: field.to_owned() }) }
}

pub(crate) fn plain(field: &str, text: &str, limit: usize) -> Result<(), ManifestError> {
    let fits = !text.trim().is_empty() && text.len() <= limit && !text.chars().any(is_hidden);
    if fits { Ok(()) } else { Err(ManifestError::Text { field: field.to_owned(), limit }) }
}

/// Control characters, and those that are invisible or change the order of others.
pub(crate) fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["a", "stack-node", "php8"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "Stack", "8php", "-a", "a_b", "a/b", "a b", "ä", &"a".repeat(65)] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn hidden_text_is_refused() {
        assert_eq!(plain("help", "Größe prüfen → weiter", 200), Ok(()));
        for bad in ["", "  ", "\u{1b}[2J", "a\nb", "a\u{202e}b", "a\u{200b}b", "a\u{e0041}b", "a\u{9b}b"] {
            assert!(plain("help", bad, 200).is_err(), "{bad:?}");
        }
        assert!(plain("help", "abc", 2).is_err());
    }
}
