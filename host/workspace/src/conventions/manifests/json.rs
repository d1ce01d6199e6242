//! A tolerant scanner of JSON: every scalar with the keys that lead to it and its offset. What is not JSON is skipped, and the
//! scan goes on.

/// Deepest nesting that is followed.
const DEEPEST: usize = 32;

/// A string, number or word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scalar {
    /// Keys from the outermost object on; an element of a list has the key of its list.
    pub(super) keys: Vec<String>,
    pub(super) value: String,
    /// Of the key, where there is one: the line a person would point at.
    pub(super) at: usize,
    /// Of a list.
    pub(super) element: bool,
}

impl Scalar {
    /// Whether exactly these keys lead here, and to no list; `*` is any key.
    pub(super) fn is_at(&self, keys: &[&str]) -> bool {
        !self.element && self.is_in(keys)
    }

    /// Whether exactly these keys lead here, or to the list that this is in; `*` is any key.
    pub(super) fn is_in(&self, keys: &[&str]) -> bool {
        self.keys.len() == keys.len() && self.keys.iter().zip(keys).all(|(own, key)| *key == "*" || own == key)
    }
}

enum Level {
    Object(Option<(String, usize)>),
    List,
}

/// The scalars of `text` in order.
pub(super) fn scalars(text: &str) -> Vec<Scalar> {
    let bytes = text.as_bytes();
    let mut levels: Vec<Level> = Vec::new();
    let mut found = Vec::new();
    let mut wants_key = false;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'{' | b'[' if levels.len() >= DEEPEST => break,
            b'{' => {
                levels.push(Level::Object(None));
                wants_key = true;
            }
            b'[' => {
                levels.push(Level::List);
                wants_key = false;
            }
            b'}' | b']' => {
                levels.pop();
                wants_key = false;
            }
            b',' => wants_key = matches!(levels.last(), Some(Level::Object(_))),
            b':' => wants_key = false,
            b'"' => {
                let (value, end) = string(text, at);
                match levels.last_mut() {
                    Some(Level::Object(key)) if wants_key => *key = Some((value, at)),
                    _ => found.push(scalar(&levels, value, at)),
                }
                at = end;
                continue;
            }
            byte if byte.is_ascii_alphanumeric() || byte == b'-' => {
                let end = bytes[at..].iter().position(|byte| !(byte.is_ascii_alphanumeric() || b"+-.".contains(byte)));
                let end = end.map_or(bytes.len(), |length| at + length);
                if !wants_key {
                    found.push(scalar(&levels, text[at..end].to_owned(), at));
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

fn scalar(levels: &[Level], value: String, at: usize) -> Scalar {
    let keys = levels.iter().filter_map(|level| match level {
        Level::Object(Some((key, _))) => Some(key.clone()),
        _ => None,
    });
    let at = match levels.last() {
        Some(Level::Object(Some((_, key_at)))) => *key_at,
        _ => at,
    };
    Scalar { keys: keys.collect(), value, at, element: matches!(levels.last(), Some(Level::List)) }
}

/// The string that starts at `at`, and where what follows it begins.
fn string(text: &str, at: usize) -> (String, usize) {
    let mut value = String::new();
    let mut characters = text[at + 1..].char_indices();
    while let Some((offset, c)) = characters.next() {
        match c {
            '"' => return (value, at + offset + 2),
            '\\' => match characters.next() {
                Some((_, 'n' | 'r' | 't' | 'b' | 'f')) => value.push(' '),
                Some((_, 'u')) => {
                    let digits: String = characters.by_ref().take(4).map(|(_, digit)| digit).collect();
                    let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                    value.push(code.filter(|c| !c.is_control()).unwrap_or('\u{fffd}'));
                }
                Some((_, escaped)) => value.push(escaped),
                None => break,
            },
            c => value.push(c),
        }
    }
    (value, text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn scalars_carry_their_keys_and_the_offset_of_the_key() {
        let text = r#"{"name": "sh\u00f6p", "scripts": {"test": "a \"b\""}, "files": ["x", 1], "private": true}"#;
        let found: Vec<_> = scalars(text).into_iter().map(|s| (s.keys.join("."), s.value, s.at)).collect();
        assert_eq!(
            found,
            [
                ("name".into(), "shöp".into(), 1),
                ("scripts.test".into(), "a \"b\"".into(), 34),
                ("files".into(), "x".into(), 64),
                ("files".into(), "1".into(), 69),
                ("private".into(), "true".into(), 73),
            ]
            .map(|(keys, value, at): (String, String, usize)| (keys, value, at))
        );
    }

    proptest! {
        #[test]
        fn any_text_is_scanned_to_its_end(text in "[\\PC\\n\"{}\\[\\]:,\\\\u0-9a-f]{0,200}") {
            for scalar in scalars(&text) {
                prop_assert!(text.is_char_boundary(scalar.at) && scalar.at < text.len());
            }
        }
    }
}
