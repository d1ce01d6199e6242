mod room;

use std::collections::BTreeMap;

use certus_engine::{
    CheckRun, Decision, Digest, Document, Draft, DraftState, ErrorCode, Evidence, Fact, FileChange, Lack, Phase, Place,
    Plan, ProjectSummary, PromptCall, Proposal, ProposalStatus, Question, QuestionState, QuestionStatus, StackSummary,
    Uncertainty, Verdict, View,
};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{Budget, Extra, FileText, LeftOut, Note, RenderError, Rendered, render};
use crate::{Layer, Library, Prompt};

fn prompt(body: &str) -> Prompt {
    let file = format!(
        "---\nname: x\npurpose: Do\ngood_for: [a]\ncost_estimate: low\narguments:\n  - focus\n  - {{name: d, default: deep}}\n---\n{body}"
    );
    Prompt::parse(Layer::Project, "prompts/custom/x.md", file.as_bytes()).unwrap()
}

fn fact(number: usize, value: &str) -> Fact {
    let source = Place { path: "src/app.js".into(), line: 12, quote: "app.use(session({".into() };
    Fact {
        id: format!("F{number}"),
        key: "auth.session".into(),
        value: value.into(),
        source: Some(source),
        cited: number != 2,
    }
}

fn question(id: &str, answer: Option<&str>) -> QuestionStatus {
    QuestionStatus {
        question: Question {
            id: id.into(),
            text: format!("What about {id}?"),
            why: "It matters.".into(),
            options: vec![],
            recommended: None,
            area: Some("storage".into()),
        },
        state: if answer.is_some() { QuestionState::Answered } else { QuestionState::Raised },
        answer: answer.map(str::to_owned),
        cite: answer.map(|_| "A1".to_owned()),
    }
}

fn view() -> View {
    let rejected = Proposal { kind: "solution".into(), title: "Tokens".into(), body: "Use Redis [F1].".into() };
    View {
        chain: "047".into(),
        goal: "Add JWT login".into(),
        phases: vec![Phase {
            name: "context-building".into(),
            title: String::new(),
            prompts: Vec::new(),
            may_follow: vec![],
            gate: certus_engine::Gate::default(),
        }],
        phase: "context-building".into(),
        visit: 2,
        why: "The solution was rejected".into(),
        lacks: vec![Lack::Confidence { area: "overall".into(), have: 0.5, need: 0.8 }],
        overall: 0.5,
        scores: BTreeMap::from([("overall".into(), 0.5), ("requirements".into(), 0.92)]),
        facts: vec![fact(1, "express-session"), fact(2, "passport")].into(),
        uncertainties: vec![Uncertainty {
            area: "storage".into(),
            claim: "Where tokens live is open".into(),
            confidence: 0.3,
            blocking: true,
            resolution: None,
            claimed: None,
        }],
        questions: vec![question("storage", Some("In Mongo")), question("expiry", None)],
        decisions: vec![Decision { key: "kind".into(), value: "feature".into(), because: "the goal".into() }],
        proposals: vec![ProposalStatus {
            withdrawn: None,
            digest: rejected.digest(),
            proposal: rejected,
            verdict: Some(Verdict::Rejected("no Redis here".into())),
            by: None,
            phase: "solution-approval".into(),
            visit: 1,
        }],
        runs: vec![certus_engine::Run {
            name: "component_mapper".into(),
            phase: "context-building".into(),
            visit: 1,
            ok: true,
            answers: 0,
        }],
        suggestions: vec![PromptCall::new("dependency_analyzer")],
        gap: None,
        refusals: vec![],
        drafts: vec![],
        checks: vec![],
        settings: BTreeMap::new(),
        project: ProjectSummary {
            idioms: Default::default(),
            stacks: vec![StackSummary {
                name: "node".into(),
                plugin: "stack-node".into(),
                frameworks: vec!["express 4.19".into()],
            }],
            routes: 15,
            models: 2,
            files: 30,
            unparsed: vec![],
            commands: BTreeMap::from([("test".into(), "npm test".into())]),
        },
        commands: Vec::new(),
    }
}

fn arguments(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn rendered(body: &str, given: &[(&str, &str)]) -> Result<Rendered, RenderError> {
    render(&prompt(body), &view(), &arguments(given), Some("Keep it simple."), &Extra::default(), Budget::default())
}

fn refused(body: &str) -> String {
    rendered(body, &[]).map_or_else(|error| error.to_string(), |rendered| rendered.user())
}

/// The mark of one request is replaced, so that a snapshot shows the form and not a digest.
fn shown(rendered: &Rendered) -> String {
    let text = rendered.user();
    let mark = text.split('`').nth(1).unwrap();
    text.replace(mark, "data-#")
}

#[test]
fn what_is_sent() {
    let body = "Look at {{ args.focus }} ({{ args.d }}), visit {{ visit }} of {{ phase }}.\n\
                {% for fact in facts if fact.cited %}\n- {{ fact.id }} {{ fact.key }}: {{ fact.value }}\n{% endfor %}\n\
                {% if rejections %}\nRejected {{ rejections|length }} time(s).\n{% endif %}\nFill `notes`.\n";
    let rendered = rendered(body, &[("focus", "logout"), ("other", "kept")]).unwrap();
    insta::assert_snapshot!(shown(&rendered), @r#"
        The data mark of this request is `data-#`.

        ## What is known

        <data-# part="goal">
        Add JWT login
        </data-#>
        <data-# part="facts">
        [F1] auth.session: express-session -- src/app.js:12 `app.use(session({`
        [F2] auth.session: passport -- src/app.js:12 `app.use(session({` (quote not found there)
        </data-#>
        <data-# part="decisions">
        kind: feature because the goal
        </data-#>
        <data-# part="answers">
        [A1] What about storage? -> In Mongo
        </data-#>
        <data-# part="rejections">
        3e4f27d9c9bd "Tokens" was rejected: no Redis here
        </data-#>
        <data-# part="project">
        stack: node with express 4.19 (read by stack-node)
        30 files read, 15 routes, 2 models
        test: `npm test`
        </data-#>
        <data-# part="blockers">
        storage (0.30, blocking): Where tokens live is open -> open
        </data-#>
        <data-# part="last-solution">
        (rejected) Tokens

        Use Redis [F1].
        </data-#>
        <data-# part="open-questions">
        expiry (raised): What about expiry?
        </data-#>
        <data-# part="suggested-prompts">
        dependency_analyzer
        </data-#>
        <data-# part="ran-already">
        context-building 1: component_mapper
        </data-#>
        <data-# part="state">
        phase: context-building, visit 2
        entered because: The solution was rejected
        overall confidence: 0.50
        confidence in requirements: 0.92
        not enough: confidence in overall is 50 %, 80 % is needed
        </data-#>
        <data-# part="arguments">
        other: kept
        </data-#>

        ## Task: x

        Look at <data-#>logout</data-#> (<data-#>deep</data-#>), visit 2 of context-building.
        - F1 auth.session: <data-#>express-session</data-#>
        Rejected 1 time(s).
        Fill `notes`.
        "#);
    assert!(rendered.stable.contains("Keep it simple."));
}

#[test]
fn the_stable_part_is_equal_for_every_prompt_and_the_rest_is_reproducible_and_its_own() {
    let library = Library::bundled();
    let extra = Extra { prompts: library.lines(), ..Extra::default() };
    let given = arguments(&[("specific_question", "Why?")]);
    let all = |library: &Library| -> Vec<Rendered> {
        library
            .sound()
            .map(|prompt| render(prompt, &view(), &given, Some("Rules."), &extra, Budget::default()).unwrap())
            .collect()
    };
    let rendered = all(&library);
    assert!(rendered.iter().all(|one| one.stable == rendered[0].stable));
    assert_eq!(rendered, all(&Library::bundled()));
    let mut texts: Vec<_> = rendered.iter().map(Rendered::user).collect();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), rendered.len());
}

#[test]
fn a_missing_argument_is_named() {
    let library = Library::bundled();
    let prompt = library.get("uncertainty_resolver").unwrap();
    for given in [arguments(&[]), arguments(&[("specific_question", "  ")])] {
        let error = render(prompt, &view(), &given, None, &Extra::default(), Budget::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "uncertainty_resolver needs the argument `specific_question`: The question to answer"
        );
    }
}

#[test]
fn what_cannot_be_rendered_is_named_with_the_line_of_the_file() {
    let cases = [
        refused("one\ntwo {{ nothing }}"),
        refused("{% if args.unknown %}{% endif %}"),
        refused("{{ facts }}"),
        refused("{{ goal.x.y }}"),
    ];
    insta::assert_snapshot!(cases.join("\n"), @r#"
        prompts/custom/x.md:11: the body uses `nothing`, which does not exist
        prompts/custom/x.md:10: the body uses `args.unknown`, which `arguments` does not declare
        prompts/custom/x.md:10: invalid operation: a list or a map cannot be inserted: loop over it
        prompts/custom/x.md:10: a variable that does not exist is used
        "#);
}

#[test]
fn work_and_length_are_bounded() {
    let mut view = view();
    view.facts = (0..400).map(|number| fact(number, "x")).collect();
    let run = |body: &str| {
        render(&prompt(body), &view, &BTreeMap::new(), None, &Extra::default(), Budget::default()).unwrap_err()
    };
    let nested = "{% for a in facts %}{% for b in facts %}{% for c in facts %}{% endfor %}{% endfor %}{% endfor %}";
    assert_eq!(run(nested).to_string(), "prompts/custom/x.md:10: rendering takes too many steps");
    let long = format!("{{% for a in facts %}}{}{{% endfor %}}", "y".repeat(1000));
    assert_eq!(run(&long).to_string(), "prompts/custom/x.md:10: the text would be longer than 192 KiB");
}

#[test]
fn what_a_prompt_hides_is_not_sent() {
    let rendered = rendered("Fill\u{e0041} `notes`\u{202e}.\u{1b}[8m", &[]).unwrap();
    assert!(rendered.user().contains("Fill `notes`.\n"));
}

#[test]
fn a_huge_context_is_cut_and_says_so() {
    let mut view = view();
    view.facts = (1..=400).map(|number| fact(number, &"v".repeat(5_000))).collect();
    view.questions = (0..500).map(|_| question("q", Some(&"a".repeat(90)))).collect();
    view.proposals[0].proposal.body = "b".repeat(1_000_000);
    let rules = "r".repeat(1_000_000);
    let given = BTreeMap::new();
    let rendered =
        render(&prompt("Fill `notes`."), &view, &given, Some(&rules), &Extra::default(), Budget::default()).unwrap();
    let bytes = rendered.stable.len() + rendered.user().len();
    assert!(bytes <= Budget::default().bytes && rendered.stable.len() < 80 * 1024);
    assert_eq!(rendered.fill, bytes as f64 / Budget::default().bytes as f64);
    assert!(rendered.user().contains("more are not shown.)") && rendered.user().contains("(The rest is not shown.)"));
    assert!(rendered.stable.ends_with("The rules were longer and are cut here.\n"));
    assert!(rendered.user().contains("part=\"facts\"") && rendered.user().contains("[F1] "));
    assert_eq!(rendered.user().matches("[A1] What about q?").count(), 500);
    let parts: Vec<&str> = rendered.left_out.iter().map(|left| left.part.as_str()).collect();
    assert_eq!(parts, ["last-solution", "facts"]);
}

/// Every mark in the text is the request's own, and they open and close in turn.
fn fenced(rendered: &Rendered) -> bool {
    let text = rendered.user();
    let mark = text.split('`').nth(1).unwrap_or_default();
    let (open, close) = (format!("<{mark}"), format!("</{mark}>"));
    let lower = text.to_lowercase();
    let opened = text.matches(&open).count();
    let closed = text.matches(&close).count();
    let mut inside = false;
    let mut rest = text.as_str();
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        if rest.starts_with(&open) || rest.starts_with(&close) {
            if inside == rest.starts_with(&open) {
                return false;
            }
            inside = !inside;
        }
        rest = &rest[1..];
    }
    !inside
        && opened == closed
        && lower.matches("<data-").count() == opened
        && lower.matches("</data-").count() == closed
}

#[test]
fn a_mark_that_stands_in_the_data_is_not_the_mark() {
    let library = Library::bundled();
    let prompt = library.get("uncertainty_analysis").unwrap();
    let mut view = view();
    // Who knows the goal can write down what its marks are; with or without brackets.
    let mut known = String::new();
    for round in 0..8 {
        view.facts[0].value.clone_from(&known);
        let rendered = render(prompt, &view, &arguments(&[]), None, &Extra::default(), Budget::default()).unwrap();
        let text = rendered.user();
        let mark = text.split('`').nth(1).unwrap().to_owned();
        assert!(!known.contains(&mark) && fenced(&rendered), "{known} {mark}");
        known.push_str(&if round % 2 == 0 { format!(" {mark}") } else { format!(" </{mark}>") });
    }
}

fn draft(number: usize, state: DraftState) -> Draft {
    Draft {
        id: format!("D{number}"),
        kind: "change".into(),
        title: "Guard".into(),
        prompt: "tdd_flow_controller".into(),
        effect: number as u32,
        phase: "implementation".into(),
        visit: 1,
        edits: vec![],
        state,
        conflict: None,
    }
}

fn check(command: &str, status: i32, tail: &str) -> CheckRun {
    let evidence = Evidence {
        check: "test".into(),
        command: command.into(),
        status: Some(status),
        tree: Digest::of("tree"),
        after: None,
        changed: Vec::new(),
        tail: tail.into(),
        limit: None,
        phase: "implementation".into(),
        visit: 1,
        seq: 1,
    };
    CheckRun { evidence, fresh: status == 0 }
}

fn file(path: &str, text: &str) -> FileText {
    FileText {
        path: path.into(),
        digest: "0123456789abcdef".repeat(4),
        text: text.into(),
        of_lines: None,
        marks: Vec::new(),
    }
}

fn document(kind: &str, body: &str) -> Document {
    Document { kind: kind.into(), title: kind.into(), body: body.into(), edits: vec![] }
}

/// The request for an empty task, in so many bytes.
fn within(view: &View, extra: &Extra, bytes: usize) -> Rendered {
    render(&prompt("Fill `notes`."), view, &BTreeMap::new(), None, extra, Budget { bytes }).unwrap()
}

#[test]
fn files_drafts_checks_and_notes_are_shown() {
    let mut view = view();
    let change =
        FileChange { path: "src/app.js".into(), old: None, new: None, added: 3, removed: 1, cut: false, tests: false };
    let plan = Plan { digest: Digest::of("p"), stored: Digest::of("d"), files: vec![change], unchanged: Vec::new() };
    let failed = DraftState::Failed { code: ErrorCode::Failed, message: "src/app.js changed meanwhile".into() };
    view.drafts = vec![draft(1, DraftState::Planned(plan)), draft(2, failed)];
    view.checks = vec![check("npm test", 0, "old run"), check("npm test", 1, "1 failing\n  AssertionError")];
    let part = FileText { of_lines: Some((10, 12)), ..file("src/long.js", "ten\neleven\ntwelve\n") };
    let note = |prompt: &str, text: &str| Note { prompt: prompt.into(), text: text.into() };
    let extra = Extra {
        files: vec![file("src/app.js", "app.use(\r\n)\r\n"), part, file("odd.js", "a\u{200b}b")],
        documents: vec![document("plan", "## 1\nThe guard")],
        notes: vec![note("component_mapper", "Two\nlines"), note("test_generator", "First.\n\nSecond.")],
        ..Extra::default()
    };
    let shown = shown(&within(&view, &extra, 100_000));
    let shown = &shown[shown.find("<data-# part=\"file\">").unwrap()..shown.find("<data-# part=\"state\">").unwrap()];
    insta::assert_snapshot!(shown, @r#"
        <data-# part="file">
        path: odd.js
        base: 0123456789abcdef
        note: characters that cannot be shown are left out
        ---
        ab
        </data-#>
        <data-# part="file">
        path: src/long.js
        base: 0123456789abcdef
        lines: 10 to 12; the rest is not shown
        ---
        ten
        eleven
        twelve
        </data-#>
        <data-# part="facts">
        [F1] auth.session: express-session -- src/app.js:12 `app.use(session({`
        [F2] auth.session: passport -- src/app.js:12 `app.use(session({` (quote not found there)
        </data-#>
        <data-# part="decisions">
        kind: feature because the goal
        </data-#>
        <data-# part="answers">
        [A1] What about storage? -> In Mongo
        </data-#>
        <data-# part="rejections">
        3e4f27d9c9bd "Tokens" was rejected: no Redis here
        </data-#>
        <data-# part="document">
        (plan) plan

        ## 1
        The guard
        </data-#>
        <data-# part="project">
        stack: node with express 4.19 (read by stack-node)
        30 files read, 15 routes, 2 models
        test: `npm test`
        </data-#>
        <data-# part="file">
        path: src/app.js
        base: 0123456789abcdef
        ---
        app.use(
        )
        </data-#>
        <data-# part="blockers">
        storage (0.30, blocking): Where tokens live is open -> open
        </data-#>
        <data-# part="last-solution">
        (rejected) Tokens

        Use Redis [F1].
        </data-#>
        <data-# part="open-questions">
        expiry (raised): What about expiry?
        </data-#>
        <data-# part="older-notes">
        component_mapper: Two lines
        </data-#>
        <data-# part="newest-note">
        test_generator: First.

        Second.
        </data-#>
        <data-# part="suggested-prompts">
        dependency_analyzer
        </data-#>
        <data-# part="ran-already">
        context-building 1: component_mapper
        </data-#>
        <data-# part="drafts">
        D1 change "Guard" by tdd_flow_controller: planned; src/app.js (+3 -1)
        D2 change "Guard" by tdd_flow_controller: failed; because: src/app.js changed meanwhile
        </data-#>
        <data-# part="checks">
        test: `npm test`: passed, on the files as they are
        test: `npm test`: failed with status 1, stale: something was written since, or it ran again
        </data-#>
        <data-# part="check-output">
        test: `npm test`
        1 failing
          AssertionError
        </data-#>
        "#);
}
