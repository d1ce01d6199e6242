use super::{Library, Listed, UseError};
use crate::format::Layer;

fn file(name: &str, purpose: &str) -> String {
    format!("---\nname: {name}\npurpose: {purpose}\ngood_for: [a]\ncost_estimate: low\n---\nFill `notes`.\n")
}

fn error(library: &Library, name: &str) -> String {
    library.get(name).map_or_else(|error| error.to_string(), |prompt| format!("found {}", prompt.path))
}

#[test]
fn every_bundled_prompt_is_sound_and_named_like_its_file() {
    let library = Library::bundled();
    assert_eq!(library.damaged(), Vec::<&crate::PromptError>::new());
    let prompts: Vec<_> = library.sound().collect();
    assert!(prompts.len() >= 34, "{}", prompts.len());
    for prompt in prompts {
        assert!(prompt.path.ends_with(&format!("/{}.md", prompt.name)), "{}", prompt.path);
        assert_eq!(crate::lint(prompt), [], "{}", prompt.path);
    }
}

#[test]
fn the_projects_own_prompt_comes_first() {
    let library = Library::with_project([
        ("prompts/custom/new_case.md", file("new_case", "Ours")),
        ("prompts/custom/deep/mine.md", file("mine", "Mine")),
    ]);
    assert_eq!(library.get("new_case").unwrap().purpose, "Ours");
    assert_eq!(library.get("mine").unwrap().layer, Layer::Project);
    assert_eq!(library.get("chain_planner").unwrap().layer, Layer::Bundled);
    let listed = library.list().into_iter().filter(|row| matches!(row, Listed::Sound(p) if p.name == "new_case"));
    assert_eq!(listed.count(), 1);
}

#[test]
fn names_match_exactly() {
    let library = Library::bundled();
    insta::assert_snapshot!(
        ["trace", "trace_existing", "Trace_existing_flow", "trace_existing_flow ", "trace_exsiting_flow", "pack/x", "", "zzz\u{1b}[31m"]
            .map(|name| error(&library, name))
            .join("\n"),
        @r#"
        there is no prompt `trace`; did you mean `triage` or `trace_existing_flow`?
        there is no prompt `trace_existing`; did you mean `trace_existing_flow`?
        there is no prompt `Trace_existing_flow`; did you mean `trace_existing_flow`?
        there is no prompt `trace_existing_flow`; did you mean `trace_existing_flow`?
        there is no prompt `trace_exsiting_flow`; did you mean `trace_existing_flow`?
        there is no prompt `pack/x`
        there is no prompt ``
        there is no prompt `zzz`
        "#
    );
}

#[test]
fn a_damaged_file_is_told_and_hides_nothing() {
    let library = Library::with_project([
        ("prompts/custom/new_case.md", "---\nname: new_case\n---\n".to_owned()),
        ("prompts/custom/broken.md", "nothing".to_owned()),
        ("prompts/custom/mine.md", file("mine", "Mine")),
        ("prompts/custom/old/mine.md", "nothing".to_owned()),
    ]);
    insta::assert_snapshot!(["new_case", "broken", "mine", "chain_planner"].map(|name| error(&library, name)).join("\n"), @r#"
        prompts/custom/new_case.md:1: `purpose` is missing
        prompts/custom/broken.md:1: the file does not begin with front matter between two lines of `---`
        found prompts/custom/mine.md
        found prompts/meta/chain_planner.md
        "#);
    assert_eq!(library.damaged().len(), 3);
    let sound = library.list().iter().filter(|row| matches!(row, Listed::Sound(_))).count();
    assert_eq!(sound + 3, library.list().len());
    assert!(library.search("case").iter().all(|hit| hit.name != "new_case"));
}

#[test]
fn two_files_of_one_name_are_an_error_whatever_their_order() {
    for order in [["a", "b", "c"], ["c", "b", "a"]] {
        let library = Library::with_project(order.map(|folder| (format!("{folder}/mine.md"), file("mine", folder))));
        assert!(matches!(library.get("mine"), Err(UseError::Damaged(_))));
        assert!(error(&library, "mine").contains("`mine` is already the name of"), "{}", error(&library, "mine"));
    }
}

#[test]
fn a_packs_prompts_are_named_after_it() {
    let mut library = Library::bundled();
    library.add_pack("auth", [("a.md", file("mapper", "Map"))]);
    assert_eq!(library.get("auth/mapper").unwrap().full_name(), "auth/mapper");
    assert_eq!(
        error(&library, "mapper"),
        "there is no prompt `mapper`; did you mean `auth/mapper` or `component_mapper` or `constraint_mapper`?"
    );
    assert!(library.lines().iter().any(|line| line.name == "auth/mapper"));
}
