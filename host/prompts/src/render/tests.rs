use std::collections::BTreeMap;

use certus_engine::{
    Decision, Fact, Lack, Phase, Place, ProjectSummary, PromptCall, Proposal, ProposalStatus, Question, QuestionState,
    QuestionStatus, StackSummary, Uncertainty, Verdict, View,
};
use proptest::prelude::*;

use super::{Extra, RenderError, Rendered, VARIABLE_LIMIT, render};
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
            may_follow: vec![],
            gate: certus_engine::Gate::default(),
        }],
        phase: "context-building".into(),
        visit: 2,
        why: "The solution was rejected".into(),
        lacks: vec![Lack::Confidence { area: "overall".into(), have: 0.5, need: 0.8 }],
        overall: 0.5,
        scores: BTreeMap::from([("overall".into(), 0.5), ("requirements".into(), 0.92)]),
        facts: vec![fact(1, "express-session"), fact(2, "passport")],
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
    }
}

fn arguments(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn rendered(body: &str, given: &[(&str, &str)]) -> Result<Rendered, RenderError> {
    render(&prompt(body), &view(), &arguments(given), Some("Keep it simple."), &Extra::default())
}

fn refused(body: &str) -> String {
    rendered(body, &[]).map_or_else(|error| error.to_string(), |rendered| rendered.variable)
}

/// The mark of one request is replaced, so that a snapshot shows the form and not a digest.
fn shown(rendered: &Rendered) -> String {
    let mark = rendered.variable.split('`').nth(1).unwrap();
    rendered.variable.replace(mark, "data-#")
}

#[test]
fn what_is_sent() {
    let body = "Look at {{ args.focus }} ({{ args.d }}), visit {{ visit }} of {{ phase }}.\n\
                {% for fact in facts if fact.cited %}\n- {{ fact.id }} {{ fact.key }}: {{ fact.value }}\n{% endfor %}\n\
                {% if rejections %}\nRejected {{ rejections|length }} time(s).\n{% endif %}\nFill `notes`.\n";
    let rendered = rendered(body, &[("focus", "logout"), ("other", "kept")]).unwrap();
    insta::assert_snapshot!(shown(&rendered), @r#"
        The data mark of this request is `data-#`.

        ## Task: x

        Look at <data-#>logout</data-#> (<data-#>deep</data-#>), visit 2 of context-building.
        - F1 auth.session: <data-#>express-session</data-#>
        Rejected 1 time(s).
        Fill `notes`.

        ## What is known

        <data-# part="goal">
        Add JWT login
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
        <data-# part="answers">
        [A1] What about storage? -> In Mongo
        </data-#>
        <data-# part="rejections">
        3e4f27d9c9bd "Tokens" was rejected: no Redis here
        </data-#>
        <data-# part="last-solution">
        (rejected) Tokens

        Use Redis [F1].
        </data-#>
        <data-# part="uncertainties">
        storage (0.30, blocking): Where tokens live is open -> open
        </data-#>
        <data-# part="decisions">
        kind: feature because the goal
        </data-#>
        <data-# part="open-questions">
        expiry (raised): What about expiry?
        </data-#>
        <data-# part="project">
        stack: node with express 4.19 (read by stack-node)
        30 files read, 15 routes, 2 models
        test: `npm test`
        </data-#>
        <data-# part="facts">
        [F1] auth.session: express-session -- src/app.js:12 `app.use(session({`
        [F2] auth.session: passport -- src/app.js:12 `app.use(session({` (quote not found there)
        </data-#>
        <data-# part="suggested-prompts">
        dependency_analyzer
        </data-#>
        <data-# part="ran-already">
        context-building 1: component_mapper
        </data-#>
        "#);
    assert!(rendered.stable.contains("Keep it simple."));
}

#[test]
fn the_stable_part_is_equal_for_every_prompt_and_the_digest_is_reproducible() {
    let library = Library::bundled();
    let extra = Extra { prompts: library.lines(), ..Extra::default() };
    let given = arguments(&[("specific_question", "Why?")]);
    let all = |library: &Library| -> Vec<Rendered> {
        library.sound().map(|prompt| render(prompt, &view(), &given, Some("Rules."), &extra).unwrap()).collect()
    };
    let rendered = all(&library);
    assert!(rendered.iter().all(|one| one.stable == rendered[0].stable));
    assert_eq!(rendered, all(&Library::bundled()));
    let mut digests: Vec<_> = rendered.iter().map(|one| one.digest).collect();
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), rendered.len());
}

#[test]
fn a_missing_argument_is_named() {
    let library = Library::bundled();
    let prompt = library.get("uncertainty_resolver").unwrap();
    for given in [arguments(&[]), arguments(&[("specific_question", "  ")])] {
        let error = render(prompt, &view(), &given, None, &Extra::default()).unwrap_err();
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
    let run = |body: &str| render(&prompt(body), &view, &BTreeMap::new(), None, &Extra::default()).unwrap_err();
    let nested = "{% for a in facts %}{% for b in facts %}{% for c in facts %}{% endfor %}{% endfor %}{% endfor %}";
    assert_eq!(run(nested).to_string(), "prompts/custom/x.md:10: rendering takes too many steps");
    let long = format!("{{% for a in facts %}}{}{{% endfor %}}", "y".repeat(1000));
    assert_eq!(run(&long).to_string(), "prompts/custom/x.md:10: the text would be longer than 192 KiB");
}

#[test]
fn what_a_prompt_hides_is_not_sent() {
    let rendered = rendered("Fill\u{e0041} `notes`\u{202e}.\u{1b}[8m", &[]).unwrap();
    assert!(rendered.variable.contains("Fill `notes`.\n"));
}

#[test]
fn a_huge_context_is_cut_and_says_so() {
    let mut view = view();
    view.goal = "g".repeat(1_000_000);
    view.facts = (1..=400).map(|number| fact(number, &"v".repeat(5_000))).collect();
    view.questions = (0..500).map(|_| question("q", Some(&"a".repeat(9_000)))).collect();
    view.proposals[0].proposal.body = "b".repeat(1_000_000);
    let rendered =
        render(&prompt("Fill `notes`."), &view, &BTreeMap::new(), Some(&"r".repeat(1_000_000)), &Extra::default())
            .unwrap();
    assert!(rendered.variable.len() <= VARIABLE_LIMIT && rendered.stable.len() < 80 * 1024);
    assert!(rendered.variable.contains("more are not shown.)"), "facts and answers");
    assert!(rendered.stable.ends_with("The rules were longer and are cut here.\n"));
    assert!(rendered.variable.contains("part=\"facts\"") && rendered.variable.contains("[F1] "));
}

/// Every mark in the text is the request's own, and they open and close in turn.
fn fenced(rendered: &Rendered) -> bool {
    let mark = rendered.variable.split('`').nth(1).unwrap_or_default();
    let (open, close) = (format!("<{mark}"), format!("</{mark}>"));
    let lower = rendered.variable.to_lowercase();
    let opened = rendered.variable.matches(&open).count();
    let closed = rendered.variable.matches(&close).count();
    let mut inside = false;
    let mut rest = rendered.variable.as_str();
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
        let extra = Extra {
            idioms: BTreeMap::from([(text.clone(), text.clone())]),
            prompts: vec![super::PromptLine { name: "n".into(), purpose: text.clone() }],
        };
        let given = arguments(&[("focus", &text), (&text, &text)]);
        let rendered = render(&prompt(body), &view, &given, Some(&text), &extra).unwrap();
        prop_assert!(fenced(&rendered), "{}", rendered.variable);
        prop_assert!(rendered.variable.chars().all(|c| c == '\n' || c == '\t' || !c.is_control()));
    }
}
