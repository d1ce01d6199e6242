//! The language of a prompt's body: a small part of Jinja.
//!
//! Text, comments, `{{ value }}`, `if`, `for`, comparisons and four filters. What makes values grow (`~`, `+`, `*`, list
//! literals, `set`, captures) is not part of it, so that fuel and the output limit bound memory too: a prompt may come from
//! a repository that somebody cloned. [`check`] reads a body the way the engine's own lexer does and refuses the rest; a
//! second, looser reading of the same syntax would be a hole, so strings, comments and brackets are read exactly alike.
//! Includes, macros and the built-in filters are not compiled in.

mod expression;
mod render;

pub(crate) use render::{Rendering, UNDEFINED, render, uses};

/// Lines that a body may have.
const LINES: usize = 20_000;
/// `for` and `if` inside one another.
const NESTING: usize = 16;

/// What is wrong with a body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub(crate) struct TemplateError {
    /// 1-based, of the body.
    pub(crate) line: usize,
    pub(crate) what: String,
}

/// Whether the body keeps to the language.
pub(crate) fn check(body: &str) -> Result<(), TemplateError> {
    let mut scan = Scan { body, at: 0, open: Vec::new() };
    if body.lines().nth(LINES).is_some() {
        return Err(TemplateError { line: LINES + 1, what: format!("the body has more than {LINES} lines") });
    }
    while let Some(start) = scan.next_tag() {
        match start {
            Start::Comment => scan.comment()?,
            Start::Value => {
                let begin = scan.at;
                let inside = expression::read(body, &mut scan.at, expression::Tag::Value);
                inside.map_err(|(at, what)| scan.error(at, what))?;
                if scan.at == begin {
                    return Err(scan.error(begin, "`{{ }}` is empty".to_owned()));
                }
            }
            Start::Statement => scan.statement()?,
        }
    }
    match scan.open.last() {
        Some(&(keyword, at)) => Err(scan.error(at, format!("`{keyword}` has no `end{keyword}`"))),
        None => Ok(()),
    }
}

enum Start {
    Comment,
    Value,
    Statement,
}

struct Scan<'a> {
    body: &'a str,
    at: usize,
    open: Vec<(&'static str, usize)>,
}

impl Scan<'_> {
    fn error(&self, at: usize, what: String) -> TemplateError {
        let before = &self.body.as_bytes()[..at.min(self.body.len())];
        TemplateError { line: 1 + before.iter().filter(|&&byte| byte == b'\n').count(), what }
    }

    /// Step behind the next opening mark, and an optional `-` or `+` after it.
    fn next_tag(&mut self) -> Option<Start> {
        let bytes = self.body.as_bytes();
        while let Some(found) = self.body[self.at..].find('{') {
            let mark = self.at + found;
            let start = match bytes.get(mark + 1) {
                Some(b'#') => Start::Comment,
                Some(b'{') => Start::Value,
                Some(b'%') => Start::Statement,
                _ => {
                    self.at = mark + 1;
                    continue;
                }
            };
            self.at = mark + 2;
            if matches!(bytes.get(self.at), Some(b'-' | b'+')) {
                self.at += 1;
            }
            return Some(start);
        }
        None
    }

    fn comment(&mut self) -> Result<(), TemplateError> {
        let begin = self.at;
        match self.body[begin..].find("#}") {
            Some(end) => {
                self.at = begin + end + 2;
                Ok(())
            }
            None => Err(self.error(begin, "`{#` has no `#}`".to_owned())),
        }
    }

    fn statement(&mut self) -> Result<(), TemplateError> {
        let begin = self.at;
        let rest = self.body[begin..].trim_start_matches(|c: char| c.is_ascii_whitespace());
        let keyword: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        self.at = self.body.len() - rest.len() + keyword.len();
        let tag = match keyword.as_str() {
            "if" => self.push("if", begin)?,
            "for" => self.push("for", begin)?,
            "elif" | "else" if self.open.is_empty() => {
                return Err(self.error(begin, format!("`{keyword}` outside `if` and `for`")));
            }
            "elif" => expression::Tag::If,
            "else" => expression::Tag::Bare,
            "endif" => self.pop("if", begin)?,
            "endfor" => self.pop("for", begin)?,
            other => {
                let what =
                    format!("`{{% {other} %}}` is not part of the language: only `if`, `elif`, `else` and `for`");
                return Err(self.error(begin, what));
            }
        };
        let mut at = self.at;
        let inside = expression::read(self.body, &mut at, tag);
        self.at = at;
        inside.map_err(|(at, what)| self.error(at, what))
    }

    fn push(&mut self, keyword: &'static str, at: usize) -> Result<expression::Tag, TemplateError> {
        if self.open.len() == NESTING {
            return Err(self.error(at, format!("more than {NESTING} `if` and `for` inside one another")));
        }
        self.open.push((keyword, at));
        Ok(if keyword == "for" { expression::Tag::For } else { expression::Tag::If })
    }

    fn pop(&mut self, keyword: &'static str, at: usize) -> Result<expression::Tag, TemplateError> {
        match self.open.pop() {
            Some((open, _)) if open == keyword => Ok(expression::Tag::Bare),
            _ => Err(self.error(at, format!("`end{keyword}` without `{keyword}`"))),
        }
    }
}

#[cfg(test)]
mod tests;
