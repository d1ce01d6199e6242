//! What is left out where not everything fits, and what stays as it was.

use super::super::{NARROW, PromptLine};
use super::*;

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
    assert!(narrow.len() < 6_600 && narrow.contains("The rules were longer and are cut here."), "{}", narrow.len());
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
        let narrow = if bytes < NARROW { 0 } else { NARROW };
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
        let file = FileText { path: text.clone(), digest: text.clone(), text: text.clone(), of_lines: None, marks: Vec::new() };
        let note = Note { prompt: text.clone(), text: text.clone() };
        let extra = Extra {
            idioms: BTreeMap::from([(text.clone(), text.clone())]),
            prompts: vec![PromptLine { name: "n".into(), purpose: text.clone() }],
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

#[test]
fn what_is_being_changed_is_shown_before_other_files_and_facts() {
    let long = |path: &str| file(path, &(1..=900).map(|line| format!("line {line} of {path}\n")).collect::<String>());
    let mut view = view();
    view.facts = (1..=400).map(|number| fact(number, &"x".repeat(60))).collect::<Vec<_>>().into();
    let change =
        FileChange { path: "b.js".into(), old: None, new: None, added: 1, removed: 1, cut: false, tests: false };
    let plan = Plan { digest: Digest::of("p"), stored: Digest::of("d"), files: vec![change], unchanged: Vec::new() };
    view.drafts = vec![draft(1, DraftState::Planned(plan))];
    let changed = FileText { marks: vec![850], ..long("b.js") };
    let extra = Extra { files: vec![long("a.js"), changed.clone()], ..Extra::default() };
    let whole = shown(&within(&view, &extra, 60_000));
    assert!(whole.contains("line 1 of b.js") && whole.contains("line 900 of b.js"), "{whole}");
    let narrow = shown(&within(&view, &extra, 22_000));
    assert!(narrow.contains("line 850 of b.js") && !narrow.contains("line 1 of b.js\n"), "{narrow}");
    assert!(narrow.contains("to 900; the rest is not shown"), "{narrow}");
    assert!(!narrow.contains("line 1 of a.js") && narrow.contains("a.js (") && narrow.contains("): not shown"));
    // Without a line that matters more than others, what it begins with.
    let extra = Extra { files: vec![FileText { marks: Vec::new(), ..changed }], ..Extra::default() };
    assert!(shown(&within(&view, &extra, 22_000)).contains("line 1 of b.js"));
}
