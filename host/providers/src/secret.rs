//! Keys, and keeping them out of everything that is shown or stored.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::ProviderError;

/// A key or a token. It is never shown, and its memory is overwritten when it is dropped.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// White space around it, as files and terminals add it, is not part of it.
    ///
    /// # Errors
    /// It is empty, or has characters that cannot stand in a header.
    pub fn new(text: String) -> Result<Self, ProviderError> {
        // Owned by a secret from here on, so that it is overwritten on every way out.
        let whole = SecretString::from(text);
        let trimmed = whole.expose_secret().trim();
        let invalid = |message: &str| ProviderError::Invalid {
            message: message.to_owned(),
            hint: "store it again, as the provider shows it".to_owned(),
        };
        if trimmed.is_empty() {
            return Err(invalid("the key is empty"));
        }
        if !trimmed.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(invalid("the key has characters that no key has"));
        }
        Ok(Self(SecretString::from(trimmed)))
    }

    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// As a JSON string, with and without escaped slashes, and as a part of an address, where that is not the key itself.
    fn spellings(&self) -> Vec<Self> {
        let key = self.expose();
        let json = key.replace('\\', "\\\\").replace('"', "\\\"");
        let slashes = json.replace('/', "\\/");
        let address = |hex: fn(u8) -> String| -> String {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
            key.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { hex(byte) }).collect()
        };
        let (upper, lower) = (address(|byte| format!("%{byte:02X}")), address(|byte| format!("%{byte:02x}")));
        let mut other: Vec<String> = [json, slashes, upper, lower].into_iter().filter(|text| text != key).collect();
        other.sort();
        other.dedup();
        other.into_iter().map(|text| Self(SecretString::from(text))).collect()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Takes secrets out of texts that others wrote: services repeat keys in their messages, programs print their environment.
#[derive(Debug, Clone, Default)]
pub struct Redactor(Vec<Secret>);

/// Bytes of what a service said that an error keeps.
const MOST_SAID: usize = 400;

impl Redactor {
    /// Of these, also as JSON and an address spell them. What is shorter than four bytes is no secret: it stands in every text.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let mut secrets: Vec<Secret> = secrets.into_iter().filter(|secret| secret.expose().len() >= 4).collect();
        let spelt: Vec<Secret> = secrets.iter().flat_map(Secret::spellings).collect();
        secrets.extend(spelt);
        // Of two secrets one may be a part of the other: the longer one goes first.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.expose().len()));
        Self(secrets)
    }

    /// The text with `[key]` for every secret.
    pub fn redact(&self, text: String) -> String {
        self.0.iter().fold(text, |text, secret| {
            if text.contains(secret.expose()) { text.replace(secret.expose(), "[key]") } else { text }
        })
    }

    /// The text of a file with `[key]` for every secret; nothing where none is in it. A short one may be a word, such as
    /// `ollama` where a service asks for no key, and stays.
    pub fn hidden_in_file(&self, text: &str) -> Option<String> {
        let secrets = || self.0.iter().map(Secret::expose).filter(|secret| secret.len() >= SHORTEST);
        if !secrets().any(|secret| text.contains(secret)) {
            return None;
        }
        Some(secrets().fold(text.to_owned(), |text, secret| text.replace(secret, "[key]")))
    }

    /// Take over into `shown` what of a text that goes on can be shown already, with `[key]` for every secret. What may be
    /// the beginning of one is left, and is less than the longest secret.
    fn advance(&self, text: &mut String, shown: &mut String) {
        let mut at = 0;
        let begins = |rest: &[u8]| {
            rest.iter().position(|byte| self.0.iter().any(|secret| secret.expose().as_bytes().first() == Some(byte)))
        };
        while let Some(begin) = begins(&text.as_bytes()[at..]) {
            // A secret is ASCII: where one begins, a character does.
            shown.push_str(&text[at..at + begin]);
            at += begin;
            let rest = &text[at..];
            let secrets = || self.0.iter().map(Secret::expose);
            if secrets().any(|secret| secret.len() > rest.len() && secret.starts_with(rest)) {
                text.drain(..at);
                return;
            }
            let whole = secrets().find(|secret| rest.starts_with(secret));
            shown.push_str(whole.map_or(&rest[..1], |_| "[key]"));
            at += whole.map_or(1, str::len);
        }
        shown.push_str(&text[at..]);
        text.clear();
    }

    /// The text as an error may carry it: without secrets and control characters, on one line, bounded. A key that we were not
    /// given is known by its shape: a tool has a login of its own.
    pub(crate) fn said(&self, text: &str) -> String {
        let text = without_shapes(&self.redact(text.to_owned()));
        let words: Vec<&str> =
            text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
        let mut line = words.join(" ");
        if line.len() > MOST_SAID {
            line.truncate(line.floor_char_boundary(MOST_SAID));
            line.push('…');
        }
        line.trim_end_matches('.').to_owned()
    }
}

/// A text that is shown while it arrives, without secrets: a part that may be the beginning of one waits for what follows.
#[derive(Debug)]
pub(crate) struct Veil<'a> {
    redactor: &'a Redactor,
    held: String,
}

impl<'a> Veil<'a> {
    pub(crate) fn new(redactor: &'a Redactor) -> Self {
        Self { redactor, held: String::new() }
    }

    /// More of the text: what can be shown now.
    pub(crate) fn more(&mut self, delta: &str) -> String {
        self.held.push_str(delta);
        let mut shown = String::with_capacity(self.held.len());
        self.redactor.advance(&mut self.held, &mut shown);
        shown
    }

    /// The text is at its end: what had to wait.
    pub(crate) fn rest(&mut self) -> String {
        self.redactor.redact(std::mem::take(&mut self.held))
    }
}

/// Characters of a key after its beginning, at least.
const SHORTEST: usize = 16;

/// Whether a word begins as keys of services do, and goes on for as long as they do.
fn is_key(word: &str) -> bool {
    const BEGINNINGS: [&str; 3] = ["sk-", "AIza", "eyJ"];
    BEGINNINGS.iter().any(|begins| word.strip_prefix(begins).is_some_and(|rest| rest.len() >= SHORTEST))
}

/// The text with `[key]` for every word that looks like a key.
fn without_shapes(text: &str) -> String {
    let in_key = |c: char| c.is_ascii_alphanumeric() || "-_.~+".contains(c);
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = rest.find(in_key) {
        let (before, after) = rest.split_at(begin);
        let (word, after) = after.split_at(after.find(|c| !in_key(c)).unwrap_or(after.len()));
        shown.push_str(before);
        shown.push_str(if is_key(word) { "[key]" } else { word });
        rest = after;
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned()).expect("a key")
    }

    #[test]
    fn a_secret_is_never_shown() {
        let secret = secret("  sk-ant-123\n");
        assert_eq!(secret.expose(), "sk-ant-123");
        assert!(!format!("{secret:?} {:?}", Redactor::new([secret.clone()])).contains("123"));
        for wrong in ["", " \n", "sk-a\r\nhost: x", "sk-é"] {
            let error = Secret::new(wrong.to_owned()).expect_err(wrong);
            assert!(!format!("{error} {error:?}").contains("sk-"), "{error}");
        }
    }

    #[test]
    fn a_secret_is_found_as_others_spell_it() {
        let key = "sk-ab\"cd\\ef/gh+ij=klmnop";
        let redactor = Redactor::new([secret(key)]);
        let json = serde_json::to_string(key).expect("JSON");
        for text in
            [key, json.trim_matches('"'), "sk-ab\\\"cd\\\\ef\\/gh+ij=klmnop", "sk-ab%22cd%5Cef%2Fgh%2Bij%3Dklmnop"]
        {
            assert_eq!(redactor.redact(format!("a {text} b")), "a [key] b", "{text}");
            assert_eq!(redactor.said(&format!("a {text} b")), "a [key] b", "{text}");
            assert_eq!(redactor.hidden_in_file(text).as_deref(), Some("[key]"));
            for cut in 0..text.len() {
                let mut veil = Veil::new(&redactor);
                let shown = [veil.more(&text[..cut]), veil.more(&text[cut..]), veil.rest()].concat();
                assert_eq!(shown, "[key]", "{text} {cut}");
            }
        }
        assert_eq!(Redactor::new([secret("sk-plain-0123456789")]).0.len(), 1);
    }

    #[test]
    fn a_text_that_arrives_in_pieces_is_shown_without_secrets() {
        let redactor = Redactor::new([secret("sk-12"), secret("sk-12345"), secret("abab")]);
        let all = |pieces: &[&str]| {
            let mut veil = Veil::new(&redactor);
            let mut shown: Vec<String> = pieces.iter().map(|piece| veil.more(piece)).collect();
            shown.push(veil.rest());
            shown
        };
        assert_eq!(all(&["né sk-12345 ", "x"]), ["né [key] ", "x", ""]);
        assert_eq!(all(&["a s", "k-1", "2345", "sk-123", "x"]), ["a ", "", "[key]", "", "[key]3x", ""]);
        // What only began like one is shown as soon as that is known, or at the end.
        assert_eq!(all(&["ask", " s"]), ["a", "sk ", "s"]);
        assert_eq!(all(&["sk-12"]), ["", "[key]"]);
        let text = "ababab sk-1sk-12345é sk-12345sk-12";
        for cut in (0..text.len()).filter(|at| text.is_char_boundary(*at)) {
            assert_eq!(all(&[&text[..cut], &text[cut..]]).concat(), "[key]ab sk-1[key]é [key][key]", "{cut}");
        }
        let whole = "no key é".to_owned();
        assert_eq!(Veil::new(&Redactor::default()).more(&whole), whole);
    }

    #[test]
    fn what_a_service_says_is_one_bounded_line_without_keys() {
        let redactor = Redactor::new([secret("sk-1"), secret("sk-123")]);
        assert_eq!(redactor.said("wrong\nkey\u{1b}[31m sk-123, sk-1."), "wrong key [31m [key], [key]");
        let own = "token=sk-ant-oat01-AbCdEfGhIjKlMnOp0, see sk-learn and https://x.y/eyJ";
        assert_eq!(redactor.said(own), "token=[key], see sk-learn and https://x.y/eyJ");
        let long = redactor.said(&"é".repeat(1000));
        assert!(long.len() <= MOST_SAID + '…'.len_utf8() && long.ends_with('…'));
    }
}
