//! Tests that stand among the code: in Rust, Zig and D a file of code has tests of its own.
//!
//! Nothing is parsed. A test is the text from the line that marks one to the line that ends its block, as formatters lay it out;
//! where none does, to the end of the file. What is compared is that text: an edit that leaves it as it was changes no test.

/// Whether an edit of a file changes, or takes away, tests that stand among its code. New tests beside them change none; what
/// stands at the head of a file for all of it (`#![…]`) and what is put before a test count as part of it.
pub fn changes_tests_within(path: &str, before: &str, after: &str) -> bool {
    let Some(marks) = marks(path) else { return false };
    let (was, is) = (tests(before, marks), tests(after, marks));
    if was.is_empty() {
        return false;
    }
    let mut left = is.iter();
    // Each that was there is there still, in the same order.
    !was.iter().all(|test| left.any(|other| other == test)) || head(before) != head(after)
}

/// Whether tests stand among the code of such files.
pub(super) fn may_hold_tests(path: &str) -> bool {
    marks(path).is_some()
}

type Marks = fn(&str) -> bool;

/// What a line says, without its indentation, that begins a test.
fn marks(path: &str) -> Option<Marks> {
    let (_, ending) = path.rsplit_once('.')?;
    match ending {
        "rs" => Some(|line| {
            let word = |part: &str| part == "test" || part == "rstest" || part == "test_case" || part == "quickcheck";
            let attribute = line.starts_with("#[") && !line.starts_with("#[cfg_attr") && !line.contains("not(test");
            (attribute && line.split(|letter: char| !letter.is_alphanumeric() && letter != '_').any(word))
                || line.starts_with("proptest!")
        }),
        "zig" => Some(|line| line.starts_with("test \"") || line.starts_with("test {")),
        "d" => Some(|line| line == "unittest" || line.starts_with("unittest ") || line.starts_with("unittest{")),
        _ => None,
    }
}

/// The tests in a text, each with what stands right before it for it.
fn tests(text: &str, marks: Marks) -> Vec<Vec<&str>> {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let mut tests = Vec::new();
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| marks(line.trim_start())) {
        let begins = lines[..at].iter().rposition(|line| !belongs(line)).map_or(0, |code| code + 1);
        let end = end(&lines, at, indent(line));
        let told = lines[begins..end].iter().filter(|line| !line.is_empty());
        tests.push(told.copied().collect());
    }
    tests
}

/// Attributes and what may stand between them: a line that is for what follows it.
fn belongs(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with("#[") || line.starts_with("//")
}

/// After the last line of the item that is marked.
fn end(lines: &[&str], mark: usize, indented: usize) -> usize {
    let ends = |(at, line): &(usize, &&str)| {
        let own = line.trim_start();
        // `mod tests;`, and a block in one line.
        let whole = own.ends_with(';') || (own.contains('{') && own.ends_with('}'));
        let code = *at == mark || !belongs(line);
        code && indent(line) <= indented && (own.starts_with('}') || whole)
    };
    lines.iter().enumerate().skip(mark).find(ends).map_or(lines.len(), |(at, _)| at + 1)
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// What is said for the whole file, and where it is commented out.
fn head(text: &str) -> Vec<&str> {
    let tells = |line: &&str| line.starts_with("#![") || line.contains("/*") || line.contains("*/");
    text.lines().map(str::trim).filter(tells).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "\
pub fn net(cents: u32) -> u32 {
    cents
}

#[cfg(test)]
mod checks {
    use super::*;

    #[test]
    fn kept() {
        assert_eq!(net(1), 1);
    }
}

pub fn gross(cents: u32) -> u32 {
    cents
}
";

    fn changes(edit: impl Fn(&str) -> String) -> bool {
        let after = edit(CODE);
        assert_ne!(after, CODE);
        changes_tests_within("src/lib.rs", CODE, &after)
    }

    #[test]
    fn tests_among_code_are_changed_by_what_changes_their_lines() {
        for (find, with) in [
            ("assert_eq!(net(1), 1);", ""),
            ("net(1), 1", "net(1), 3"),
            ("    #[test]\n", "    #[test]\n    #[ignore]\n"),
            ("    #[test]\n", "    #[ignore]\n\n    #[test]\n"),
            ("    #[test]\n", ""),
            ("#[cfg(test)]\n", "#[cfg(any())]\n\n#[cfg(test)]\n"),
            ("#[cfg(test)]\n", "/*\n#[cfg(test)]\n"),
            ("    use super::*;", "    use super::*;\n    fn net(_: u32) -> u32 { 1 }"),
            ("pub fn net", "#![cfg(not(test))]\npub fn net"),
        ] {
            assert!(changes(|code| code.replacen(find, with, 1)), "{find} {with}");
        }
        assert!(changes(|code| code.split("#[cfg").next().unwrap_or_default().to_owned()));
        let inline = "fn net() {}\n#[cfg(test)]\nmod checks { #[test] fn kept() { assert!(true); } }\n";
        assert!(changes_tests_within("a.rs", inline, &inline.replace("assert!(true);", "")));
        let zig = "fn net() void {}\ntest \"kept\" {\n    try expect(true);\n}\n";
        assert!(changes_tests_within("a.zig", zig, &zig.replace("    try expect(true);\n", "")));
    }

    #[test]
    fn code_beside_tests_and_new_tests_change_none() {
        for (find, with) in [
            ("    cents\n}\n\n#[cfg", "    cents + 1\n}\n\n#[cfg"),
            ("pub fn gross", "pub fn more() {}\n\npub fn gross"),
            ("pub fn gross", "#[test]\nfn new() {\n    gross(1);\n}\n\npub fn gross"),
        ] {
            assert!(!changes(|code| code.replacen(find, with, 1)), "{find} {with}");
        }
        let named = "#[cfg(test)]\nmod tests;\n\n#[cfg_attr(test, derive(Debug))]\npub struct A;\n\n#[cfg(not(test))]\nfn real() {}\n";
        assert!(!changes_tests_within("a.rs", named, &named.replace("fn real() {}", "fn real() { go() }")));
        assert!(changes_tests_within("a.rs", named, &named.replace("mod tests;\n", "")));
        assert!(!changes_tests_within("a.js", CODE, ""), "no such language");
        assert!(!changes_tests_within("a.rs", "fn a() {}\n", "fn b() {}\n"), "no tests were there");
    }
}
