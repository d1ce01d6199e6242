use super::{Cost, FILE_LIMIT, Layer, Model, Prompt};

fn parse(text: impl AsRef<[u8]>) -> Result<Prompt, String> {
    Prompt::parse(Layer::Project, "prompts/custom/x.md", text.as_ref()).map_err(|error| error.to_string())
}

fn error(text: impl AsRef<[u8]>) -> String {
    parse(text).map_or_else(|error| error, |prompt| format!("accepted {}", prompt.name))
}

/// Front matter with one more line, as a file.
fn with(line: &str) -> String {
    format!("---\nname: x\npurpose: Do\ngood_for: [a]\ncost_estimate: low\n{line}\n---\nBody\n")
}

const SEED: &str = "---
name: trace_existing_flow
purpose: Understand how data flows through an existing system
good_for: 
  - Debugging issues
  - Planning modifications  
uncertainty_reduction:
  - Code flow paths
example_context_needs:
  - Specific flow to trace (optional)
cost_estimate: low  # <100 tokens typical
---

# Trace Existing Flow

[Prompt content here]
";

#[test]
fn a_prompt_of_the_first_format_loads() {
    let prompt = parse(SEED).unwrap();
    assert_eq!(prompt.name, "trace_existing_flow");
    assert_eq!(prompt.good_for, ["Debugging issues", "Planning modifications"]);
    assert_eq!((prompt.cost_estimate, prompt.model), (Cost::Low, Model::Default));
    assert_eq!(prompt.version, "0.1.0");
    assert_eq!(prompt.body, "\n# Trace Existing Flow\n\n[Prompt content here]\n");
    assert_eq!(prompt.body_line, 13);
}

#[test]
fn our_own_keys_are_read() {
    let prompt = parse(with(
        "version: 1.2.0\nphases: [a-b]\nmodel: smart\nvariant: B\narguments:\n  - focus\n  - {name: q, help: What, required: true}\n  - {name: d, default: x}",
    ))
    .unwrap();
    assert_eq!((prompt.version.as_str(), prompt.model, prompt.variant.as_deref()), ("1.2.0", Model::Smart, Some("B")));
    let arguments: Vec<_> =
        prompt.arguments.iter().map(|a| (a.name.as_str(), a.help.as_str(), a.required, a.default.as_deref())).collect();
    assert_eq!(arguments, [("focus", "", false, None), ("q", "What", true, None), ("d", "", false, Some("x"))]);
}

#[test]
fn marks_and_line_ends_of_other_systems_are_no_matter() {
    let windows = format!("\u{feff}{}", SEED.replace('\n', "\r\n"));
    let prompt = parse(windows).unwrap();
    assert_eq!(prompt.body, parse(SEED).unwrap().body);
    assert_ne!(prompt.digest, parse(SEED).unwrap().digest);
    assert_eq!(parse("---\nname: x\npurpose: p\ngood_for: [a]\ncost_estimate: low\n---").unwrap().body, "");
}

#[test]
fn damage_is_named_with_its_line() {
    let cases = [
        error(""),
        error("# Just Markdown\n"),
        error("---\nname: x\n"),
        error("---\n---\n"),
        error("---\nname: x\n---\n"),
        error("---\nname: x\npurpose: p\ngood_for: [a]\n---\n"),
        error(with("purpsoe: typo")),
        error(with("arguments:\n  - {name: a, requred: true}")),
        error(with("arguments:\n  - {help: a}")),
        error(with("arguments: [a, a]")),
        error(with("arguments:\n  - {name: a, required: true, default: b}")),
        error(with("phases: all")),
        error(with("phases: [[a]]")),
        error(with("model: huge")),
        error(with("version: [1]")),
        error(with("version: a b")),
        error(with("name: y")),
        error(with("variant: \"a/b\"")),
        error(with("phases: [*a]")),
        error(with("phases: &a [b]")),
        error(with("<<: {model: fast}")),
        error(with("phases: [\"unclosed]")),
        error(with("phases: [[[[[[[[[[[[a]]]]]]]]]]]]")),
        error("---\nname: Not Snake\npurpose: p\ngood_for: [a]\ncost_estimate: low\n---\n"),
        error("---\nname: x\npurpose: p\ngood_for: [\"\"]\ncost_estimate: low\n---\n"),
        error("---\nname: x\npurpose: \ngood_for: [a]\ncost_estimate: low\n---\n"),
        error([b"---\nname: ".as_slice(), b"\xff\n---\n"].concat()),
        error(vec![b'x'; FILE_LIMIT + 1]),
        error(with("").replace("Body", "one\n{{ a ~ b }}")),
    ];
    insta::assert_snapshot!(cases.join("\n"), @r#"
        prompts/custom/x.md:1: the file does not begin with front matter between two lines of `---`
        prompts/custom/x.md:1: the file does not begin with front matter between two lines of `---`
        prompts/custom/x.md:1: the front matter has no closing line of `---`
        prompts/custom/x.md:1: `name` is missing
        prompts/custom/x.md:1: `purpose` is missing
        prompts/custom/x.md:1: `cost_estimate` is missing
        prompts/custom/x.md:6: unknown key `purpsoe`; did you mean `purpose`?
        prompts/custom/x.md:7: unknown key `requred`; did you mean `required`?
        prompts/custom/x.md:7: `name` is missing
        prompts/custom/x.md:6: `arguments`: `a` is named twice
        prompts/custom/x.md:6: `arguments`: `a` is required and has a default
        prompts/custom/x.md:6: the front matter cannot be read: a list is expected here
        prompts/custom/x.md:6: the front matter cannot be read: a text is expected here
        prompts/custom/x.md:6: the front matter cannot be read: unknown variant `huge`, expected one of fast, default, smart
        prompts/custom/x.md:6: the front matter cannot be read: a text is expected here
        prompts/custom/x.md:6: `version`: "a b" is not a version
        prompts/custom/x.md:6: the front matter cannot be read: `name` is given twice
        prompts/custom/x.md:6: `variant`: "a/b" is not letters, digits, `-` and `_`
        prompts/custom/x.md:6: the front matter cannot be read: reference to unknown value
        prompts/custom/x.md:6: the front matter cannot be read: too deep, too long, or with anchors and aliases
        prompts/custom/x.md:6: the front matter cannot be read: merge key not allowed here
        prompts/custom/x.md:6: the front matter cannot be read: unclosed quote
        prompts/custom/x.md:6: the front matter cannot be read: recursion limit exceeded
        prompts/custom/x.md:2: `name`: "Not Snake" is not snake_case of at most 64 characters
        prompts/custom/x.md:4: `good_for`: "" is empty or has more than 300 characters
        prompts/custom/x.md:3: the front matter cannot be read: a value is missing
        prompts/custom/x.md:2: the file is not UTF-8
        prompts/custom/x.md:1: the file has 1048577 bytes, more than 1 MiB
        prompts/custom/x.md:9: `~` is not part of the language here
        "#);
}

#[test]
fn long_front_matter_is_refused() {
    assert!(error(with(&format!("phases: [{}]", "a,".repeat(30_000)))).contains("cannot be read"));
    assert!(error(with(&format!("phases: [{}]", "a,".repeat(65)))).contains("more than 64 entries"));
    assert!(error(with(&format!("# {}", "x".repeat(70_000)))).contains("more than 64 KiB"));
}

proptest::proptest! {
    #[test]
    fn no_file_makes_it_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        let _ = parse(&bytes);
        let _ = parse([b"---\n".as_slice(), &bytes, b"\n---\nx"].concat());
    }

    #[test]
    fn no_front_matter_makes_it_panic(text in "(name|purpose|good_for|arguments|[-:\\[\\]{}&*!|>'\"#, \n]|[a-z]{1,3}){0,60}") {
        let _ = parse(format!("---\n{text}\n---\n{text}"));
    }
}
