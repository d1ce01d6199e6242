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
    FileText { path: path.into(), digest: "0123456789abcdef".repeat(4), text: text.into(), of_lines: None }
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

#[test]
fn of_what_a_check_printed_the_end_stays() {
    let mut view = view();
    let output: String = (0..20_000).map(|line| format!("line {line}\n")).collect();
    view.checks = vec![check("npm test", 1, &output)];
    for bytes in [20_000, 100_000] {
        let rendered = within(&view, &Extra::default(), bytes);
        assert!(rendered.user().contains("line 19999\n</") && !rendered.user().contains("line 1\n"));
        assert!(rendered.user().contains("(What came before is not shown.)"));
        assert!(rendered.left_out.iter().any(|left| left.part == "check-output"));
    }
}

#[test]
fn a_file_that_does_not_fit_is_listed_and_the_next_one_shown() {
    let extra = Extra { files: vec![file("big.js", &"x".repeat(400_000)), file("small.js", "y")], ..Extra::default() };
    let rendered = within(&view(), &extra, 100_000);
    assert!(rendered.user().contains("big.js (400000 bytes): not shown") && rendered.user().contains("path: small.js"));
    assert!(rendered.user().contains("left out or cut: file (1)."));
    let long = "b".repeat(60_000);
    let documents = vec![document("old", &long), document("plan", &long)];
    let left = within(&view(), &Extra { documents, ..Extra::default() }, 50_000);
    assert!(left.user().contains("(plan) plan"));
    assert_eq!(left.left_out[0], LeftOut { part: "document".into(), count: 2 });
    assert_eq!(rendered.left_out, [LeftOut { part: "file".into(), count: 1 }]);
}

#[test]
fn what_the_goal_speaks_of_is_kept_before_other_facts() {
    let mut view = view();
    view.facts = (1..=300).map(|number| fact(number, &"v".repeat(300))).collect();
    view.facts[250].key = "flow.jwt".into();
    view.facts[250].cited = false;
    let rendered = within(&view, &Extra::default(), 30_000);
    assert!(rendered.user().contains("[F251] flow.jwt") && !rendered.user().contains("[F250] "));
    let shown = rendered.user().matches("] auth.session: v").count() + 1;
    let left = rendered.left_out.iter().find(|left| left.part == "facts").unwrap();
    assert_eq!(shown + left.count, 300);
}

#[test]
fn what_is_added_later_leaves_the_pieces_before_it_as_they_are() {
    let mut view = view();
    view.facts = (1..=60).map(|number| fact(number, &"v".repeat(100))).collect();
    let extra = Extra { files: vec![file("b.js", "b"), file("a.js", "a")], ..Extra::default() };
    let before = within(&view, &extra, 100_000).steady;
    let pages = before.len() - 2;
    assert!(pages > 2 && before[pages].contains("path: a.js") && before[pages + 1].contains("kind: feature"));
    // A fact and a decision more: the files are still found behind the same pages.
    view.facts = (1..=61).map(|number| fact(number, &"v".repeat(100))).collect();
    view.decisions.push(Decision { key: "more".into(), value: "so".into(), because: String::new() });
    view.phase = "implementation".into();
    let after = within(&view, &extra, 100_000);
    assert_eq!(after.steady[..=pages], before[..=pages]);
    assert!(after.steady[pages + 1].contains("[F61] ") && after.steady[pages + 1].contains("more: so"));
    // Which file matters most is another question, and one that is worked on changes with every step.
    let turned = Extra { files: extra.files.iter().rev().cloned().collect(), ..Extra::default() };
    assert_eq!(within(&view, &turned, 100_000), after);
    let edit = certus_engine::Edit { path: "a.js".into(), base: None, content: None, replace: vec![], delete: true };
    view.drafts = vec![Draft { edits: vec![edit], ..draft(1, DraftState::New) }];
    let touched = within(&view, &extra, 100_000);
    assert!(touched.variable.contains("path: a.js") && touched.steady[pages].contains("path: b.js"));
    // Many more facts make more pages, behind those that were there.
    view.facts = (1..=200).map(|number| fact(number, &"v".repeat(100))).collect();
    let grown = within(&view, &extra, 400_000).steady;
    assert!(grown.len() > before.len());
    assert_eq!(grown[..pages], before[..pages]);
}

/// What a window of so many tokens has for a request, at three bytes each and with a quarter or 8,000 for the answer.
fn windowed(tokens: usize) -> usize {
    (tokens - (tokens / 4).min(8_000)) * 3
}

#[test]
fn a_small_window_leaves_out_more_and_nothing_that_was_decided() {
    let mut view = view();
    view.facts = (1..=200).map(|number| fact(number, &"v".repeat(100))).collect();
    view.decisions = (0..20)
        .map(|n| Decision { key: format!("decision-{n}"), value: "so".into(), because: "of that".into() })
        .collect();
    view.questions = (0..20).map(|n| question(&format!("q{n}"), Some(&format!("answer-{n}.")))).collect();
    let files = (0..10).map(|n| file(&format!("f{n}.js"), &"x();\n".repeat(2_000))).collect();
    let extra = Extra { files, notes: vec![Note { prompt: "p".into(), text: "A note.".into() }], ..Extra::default() };
    let [small, large] = [8_192, 200_000].map(|tokens| (windowed(tokens), within(&view, &extra, windowed(tokens))));
    for (bytes, rendered) in [&small, &large] {
        assert!(rendered.stable.len() + rendered.user().len() <= *bytes && rendered.fill <= 1.0, "{}", rendered.fill);
        for n in 0..20 {
            assert!(rendered.user().contains(&format!("decision-{n}: so because of that")), "{n}");
            assert!(rendered.user().contains(&format!("-> answer-{n}.")), "{n}");
        }
        assert!(rendered.user().contains("Where tokens live is open -> open"));
    }
    assert_eq!(large.1.left_out, []);
    let parts: Vec<&str> = small.1.left_out.iter().map(|left| left.part.as_str()).collect();
    assert_eq!(parts, ["facts", "file"]);
    assert!(small.1.user().contains("] auth.session: v"), "some facts have room");
    assert!(small.1.user().contains(&format!("left out or cut: facts ({}), file (10)", small.1.left_out[0].count)));
}

#[test]
fn a_narrow_room_tells_of_edits_only_where_there_are_any() {
    let stable = |body: &str, bytes: usize| {
        let budget = Budget { bytes };
        render(&prompt(body), &view(), &BTreeMap::new(), Some(&"r".repeat(100_000)), &Extra::default(), budget)
            .unwrap()
            .stable
    };
    assert!(stable("Fill `notes`.", 100_000).contains("## Edits"));
    let narrow = stable("Fill `notes`.", 9_000);
    assert!(!narrow.contains("## Edits") && narrow.contains("## Your reply"));
    assert!(narrow.len() < 6_500 && narrow.contains("The rules were longer and are cut here."), "{}", narrow.len());
    assert!(stable("Write `edits`.", 9_000).contains("## Edits"));
}

#[test]
fn requests_of_one_chain_begin_alike() {
    let (before, mut after) = (view(), view());
    after.checks = vec![check("npm test", 0, "")];
    after.phase = "implementation".into();
    let [before, after] = [before, after].map(|view| within(&view, &Extra::default(), 100_000).user());
    let common = before.bytes().zip(after.bytes()).take_while(|(a, b)| a == b).count();
    assert!(common >= before.find("part=\"state\"").unwrap().min(after.find("part=\"checks\"").unwrap()), "{common}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn nothing_decided_answered_or_blocking_is_ever_lost(
        words in vec("[a-z]{3,9}( [a-z]{3,9}){0,40}", 6..40),
        facts in 0..60_usize,
        files in vec(0..6_000_usize, 0..6),
        notes in vec("[a-z]{4,200}", 0..6),
        bytes in prop_oneof![Just(0), 0..30_000_usize, Just(1_000_000)],
    ) {
        let mut view = view();
        view.goal = words[0].clone();
        view.questions = vec![question("asked", None), question("q", Some(&words[1]))];
        view.proposals[0].verdict = Some(Verdict::Rejected(words[2].clone()));
        let solution = Proposal { kind: "solution".into(), title: "t".into(), body: words[3].clone() };
        view.proposals.push(ProposalStatus { digest: solution.digest(), proposal: solution, verdict: Some(Verdict::Approved), ..view.proposals[0].clone() });
        let blocker = |claim: &String| Uncertainty { claim: claim.clone(), ..view.uncertainties[0].clone() };
        view.uncertainties = words[4..].iter().step_by(2).map(blocker).collect();
        view.decisions = words[4..].iter().skip(1).step_by(2)
            .map(|value| Decision { key: "k".into(), value: value.clone(), because: value.clone() }).collect();
        view.facts = (0..facts).map(|number| fact(number, "v")).collect();
        view.checks = vec![check("npm test", 1, &"out\n".repeat(facts))];
        let extra = Extra {
            files: files.iter().enumerate().map(|(n, bytes)| file(&format!("f{n}.js"), &"<x\n".repeat(bytes / 3))).collect(),
            notes: notes.iter().map(|text| Note { prompt: "p".into(), text: text.clone() }).collect(),
            ..Extra::default()
        };
        let rendered = within(&view, &extra, bytes);
        for kept in words.iter().map(String::as_str).chain(["What about asked?"]) {
            prop_assert!(rendered.user().contains(kept), "{kept} is lost in {}", rendered.user());
        }
        // What is left out is named, nothing is left out silently, and only what must be whole goes over the budget.
        let text = rendered.user();
        let last = text.rsplit_once("are left out or cut: ").map_or("", |(_, named)| named);
        for left in &rendered.left_out {
            prop_assert!(last.contains(&format!("{} ({})", left.part, left.count)), "{left:?}: {last}");
        }
        let count = |part: &str| rendered.left_out.iter().find(|left| left.part == part).map_or(0, |left| left.count);
        prop_assert_eq!(rendered.user().matches("] auth.session: v").count() + count("facts"), facts);
        prop_assert_eq!(rendered.user().matches("\npath: f").count() + count("file"), files.len());
        for (part, from, to) in [("older-notes", 0, notes.len().saturating_sub(1)), ("newest-note", notes.len().saturating_sub(1), notes.len())] {
            let missing = notes[from..to].iter().filter(|text| !rendered.user().contains(text.trim())).count();
            prop_assert!(missing == 0 || count(part) > 0, "{part}");
        }
        let size = |rendered: &Rendered| rendered.stable.len() + rendered.user().len();
        let narrow = if bytes < super::NARROW { 0 } else { super::NARROW };
        prop_assert!(size(&rendered) <= bytes.max(size(&within(&view, &extra, narrow))), "{}", size(&rendered));
        prop_assert_eq!(rendered.fill > 1.0, size(&rendered) > bytes.max(1));
        if bytes == 1_000_000 {
            prop_assert_eq!(rendered.left_out, vec![]);
        }
    }

}

proptest! {
    #[test]
    fn data_stays_data(
        text in "(</?data-[0-9a-f]{0,8}>?|</?DATA-|part=\"facts\">|[<>/`\"\n\u{200b}\u{1b}\\]]|data-|\\{\\{ goal \\}\\}|.){0,40}",
        body in prop::sample::select(vec![
            "{{ goal }}{{ args.focus }} `notes`",
            "{% for f in facts %}{{ f.value }}{{ f.source }}{{ f.key }}{% endfor %}",
            "{{ goal|upper }}{{ args.focus|lower }}{{ goal[:7] }}{{ facts|first|default(goal)|length }}",
            "{{ prompts }}{{ project.stacks[0].name }}{{ phase }}{% for a, s in scores %}{{ a }}{% endfor %}",
        ]),
    ) {
        let mut view = view();
        view.goal = text.clone();
        view.phase = text.clone();
        view.facts[0].value = text.clone();
        view.facts[0].key = text.clone();
        view.facts[1].source = Some(Place { path: text.clone(), line: 1, quote: text.clone() });
        view.questions[0].answer = Some(text.clone());
        view.proposals[0].verdict = Some(Verdict::Rejected(text.clone()));
        view.proposals[0].proposal.body = text.clone();
        view.scores.insert(text.clone(), 0.5);
        view.project.stacks[0].name = text.clone();
        view.drafts = vec![draft(1, DraftState::Refused(text.clone()))];
        view.drafts[0].title = text.clone();
        view.checks = vec![check(&text, 1, &text)];
        let file = FileText { path: text.clone(), digest: text.clone(), text: text.clone(), of_lines: None };
        let note = Note { prompt: text.clone(), text: text.clone() };
        let extra = Extra {
            idioms: BTreeMap::from([(text.clone(), text.clone())]),
            prompts: vec![super::PromptLine { name: "n".into(), purpose: text.clone() }],
            files: vec![file],
            documents: vec![document(&text, &text)],
            notes: vec![note.clone(), note],
        };
        let given = arguments(&[("focus", &text), (&text, &text)]);
        let rendered = render(&prompt(body), &view, &given, Some(&text), &extra, Budget::default()).unwrap();
        prop_assert_eq!(rendered.steady.iter().any(String::is_empty), false);
        prop_assert!(fenced(&rendered), "{}", rendered.user());
        prop_assert!(rendered.user().chars().all(|c| c == '\n' || c == '\t' || !c.is_control()));
    }
}
