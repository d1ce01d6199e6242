//! Texts that look like keys: what should not leave the machine inside a prompt by mistake.
//!
//! Only shapes that issuers gave their keys on purpose, so that they can be told from other text. A password looks like
//! anything, and is not found.

use std::sync::LazyLock;

use regex::Regex;

/// So many are told of, at most.
const MOST: usize = 20;

/// What keys look like, and whose they are.
const SHAPES: [(&str, &str); 14] = [
    ("an Anthropic key", r"\bsk-ant-[A-Za-z0-9_-]{20,}"),
    ("an OpenAI key", r"\bsk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{32,}"),
    ("an AWS access key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})"),
    ("a GitLab token", r"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("a Slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    ("a Google key", r"\bAIza[0-9A-Za-z_-]{35}"),
    ("a Stripe key", r"\b[rs]k_live_[0-9A-Za-z]{16,}"),
    ("a Groq key", r"\bgsk_[A-Za-z0-9]{40,}"),
    ("a Hugging Face token", r"\bhf_[A-Za-z0-9]{30,}"),
    ("an npm token", r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("a SendGrid key", r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    ("a private key", r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"),
    ("a signed token", r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
];

static PATTERNS: LazyLock<Vec<(&str, Regex)>> =
    LazyLock::new(|| SHAPES.iter().filter_map(|(what, shape)| Some((*what, Regex::new(shape).ok()?))).collect());

/// Something that looks like a key. Its text is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LooksSecret {
    /// `an OpenAI key` …
    pub what: &'static str,
    /// 1-based.
    pub line: usize,
}

/// What looks like a key in a text, in the order of its lines; at most 20, and one of each kind in a line.
#[must_use]
pub fn secrets(text: &str) -> Vec<LooksSecret> {
    let lines = text.lines().enumerate();
    let found = lines.flat_map(|(index, line)| {
        let mut hits: Vec<(usize, LooksSecret)> = Vec::new();
        for (what, pattern) in PATTERNS.iter() {
            // Of two kinds that fit the same text, the first is the more exact one.
            if let Some(hit) = pattern.find(line)
                && hits.iter().all(|(start, _)| *start != hit.start())
            {
                hits.push((hit.start(), LooksSecret { what, line: index + 1 }));
            }
        }
        hits.into_iter().map(|(_, hit)| hit)
    });
    found.take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Put together here, so that no file of ours looks as if a key were in it.
    fn key(start: &str, length: usize) -> String {
        start.to_owned() + &"A1b2C3d4".repeat(length.div_ceil(8))[..length]
    }

    #[test]
    fn every_shape_is_known_and_told_with_its_line() {
        assert_eq!(PATTERNS.len(), SHAPES.len());
        let samples = [
            ("an Anthropic key", key("sk-ant-api03-", 80)),
            ("an OpenAI key", key("sk-proj-", 48)),
            ("an AWS access key", format!("AKIA{}", "ABCD1234".repeat(2))),
            ("a GitHub token", key("ghp_", 36)),
            ("a GitHub token", key("github_pat_", 82)),
            ("a GitLab token", key("glpat-", 20)),
            ("a Slack token", key("xoxb-", 24)),
            ("a Google key", key("AIza", 35)),
            ("a Stripe key", key("sk_live_", 24)),
            ("a Groq key", key("gsk_", 52)),
            ("a Hugging Face token", key("hf_", 34)),
            ("an npm token", key("npm_", 36)),
            ("a SendGrid key", format!("{}.{}", key("SG.", 22), key("", 43))),
            ("a private key", format!("-----BEGIN RSA {} KEY-----", "PRIVATE")),
            ("a signed token", format!("{}.{}.{}", key("eyJ", 20), key("eyJ", 40), key("", 43))),
        ];
        for (what, sample) in samples {
            let text = format!("first\nconst key = '{sample}';\n");
            assert_eq!(secrets(&text), [LooksSecret { what, line: 2 }], "{sample}");
        }
    }

    #[test]
    fn what_is_no_key_is_none_and_the_rest_is_bounded() {
        for text in [
            "",
            "sk-short",
            "process.env.OPENAI_API_KEY",
            "AKIA and so on",
            "sk-ant-…",
            "ghp_example",
            "task-list-of-many",
        ] {
            assert_eq!(secrets(text), [], "{text}");
        }
        assert_eq!(secrets(&format!("{}\n", key("hf_", 34)).repeat(100)).len(), MOST);
    }
}
