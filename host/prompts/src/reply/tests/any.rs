//! Any reply, and that it is read as it was written.

use super::*;

fn text() -> impl Strategy<Value = String> {
    // What cleaning leaves alone: everything else would not come back as it was.
    "[a-zA-Z0-9 äß世{}\\[\\]:,\"'`\\\\/<>.%\n-]{1,12}"
}

fn place() -> impl Strategy<Value = Place> {
    (text(), 1..9999_u32, "[a-z \"{]{0,8}").prop_map(|(path, line, quote)| Place { path, line, quote })
}

/// Any text at all: what goes into a file must come back as it was, even what cleaning would take out.
fn edit() -> impl Strategy<Value = Edit> {
    let any_text = || "(?s)(.|\"|\\\\|\r\n|\u{1b}|\u{200b}|```|\\{|\\}){0,12}";
    let passage = (any_text(), any_text()).prop_map(|(find, with)| Replacement { find, with });
    (
        "[a-z]{1,8}(/[a-zé .-]{1,8})?",
        option::of("[0-9a-f]{4,64}"),
        option::of(any_text()),
        vec(passage, 0..3),
        any::<bool>(),
    )
        .prop_map(|(path, base, content, replace, delete)| Edit { path, base, content, replace, delete })
}

fn reply() -> impl Strategy<Value = Reply> {
    let discovery = (text(), text(), option::of(place())).prop_map(|(key, value, evidence)| Discovery {
        key,
        value,
        evidence,
        cited: false,
    });
    let uncertainty = (text(), text(), 0.0..=1.0, any::<bool>(), option::of(text())).prop_map(
        |(area, claim, confidence, blocking, resolution)| RepliedUncertainty {
            area,
            claim,
            confidence,
            blocking,
            resolution,
        },
    );
    let question =
        ("[a-z-]{0,8}", "[A-Z][a-z ]{0,9}[?]", text(), vec("[a-z]{1,5}", 0..4), option::of(text()), option::of(text()))
            .prop_map(|(id, text, why, options, recommended, area)| RaisedQuestion {
                id,
                text,
                why,
                options,
                recommended,
                area,
            });
    let decision = (text(), text(), text()).prop_map(|(key, value, because)| Decision { key, value, because });
    let gap =
        ("[A-Z][a-z]{5,9} is missing", 0.0..=1.0).prop_map(|(description, confidence)| Gap { description, confidence });
    let call = (text(), btree_map(text(), text(), 0..3), text()).prop_map(|(name, arguments, why)| PromptCall {
        name,
        arguments,
        why,
    });
    let document = (text(), text(), text(), vec(edit(), 0..3)).prop_map(|(kind, title, body, edits)| Document {
        kind,
        title,
        body,
        edits,
    });
    (
        option::of(text()),
        vec(discovery, 0..4),
        vec(uncertainty, 0..4),
        btree_map(text(), 0.0..=1.0, 0..4),
        vec(question, 0..4),
        vec(decision, 0..4),
        option::of(gap),
        vec(call, 0..4),
        vec(document, 0..3),
    )
        .prop_map(|(notes, discovered, uncertainties, confidence, questions, decisions, gap, next, artifacts)| {
            Reply {
                notes: notes.unwrap_or_default(),
                discovered,
                uncertainties,
                confidence,
                questions,
                decisions,
                gap,
                next,
                artifacts,
            }
        })
}

proptest! {
    #[test]
    fn what_is_serialised_comes_back(reply in reply()) {
        let json = serde_json::to_string(&reply).unwrap();
        let back = parse_reply(&json).unwrap();
        prop_assert_eq!(&back.reply, &reply);
        prop_assert_eq!(back.repaired, Vec::<String>::new());
        let fenced = parse_reply(&format!("```json\n{json}\n```")).map(|parsed| parsed.reply);
        // Alone in a fence, an empty envelope cannot be told from any other empty object.
        if reply != Reply::default() {
            prop_assert_eq!(fenced.unwrap(), reply);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "(?s).{0,200}") {
        let _ = parse_reply(&text);
    }

    #[test]
    fn no_near_json_makes_it_panic(
        text in "(\\{|\\}|\\[|\\]|:|,|\"|'|\u{201c}|\u{201d}|\\\\|\\\\u[0-9a-d]{0,4}|//|/\\*|```|notes|confidence|questions|next|-?[0-9.]{1,4}%?|null|é|\n| ){0,80}"
    ) {
        let _ = parse_reply(&text);
    }

    #[test]
    fn no_cut_makes_it_panic_or_lose_everything(reply in reply(), at in 0.0..1.0_f64) {
        let json = serde_json::to_string(&reply).unwrap();
        let cut = json.floor_char_boundary((json.len() as f64 * at) as usize);
        let _ = parse_reply(&json[..cut]);
    }

    #[test]
    fn a_damaged_reply_never_gives_edits_that_nobody_wrote(
        reply in reply(),
        at in 0.0..1.0_f64,
        harm in prop::sample::select(vec!["", "\"", "\\", ",", "}", "'", "\n", "\u{201c}"]),
        cut in any::<bool>(),
    ) {
        let json = serde_json::to_string(&reply).unwrap();
        let at = json.floor_char_boundary((json.len() as f64 * at) as usize);
        let rest = if cut { "" } else { &json[at..] };
        let damaged = format!("{}{harm}{rest}", &json[..at]);
        // What still is JSON says what it says; only a guess could bring what was not written.
        if serde_json::from_str::<serde_json::Value>(&damaged).is_err()
            && let Ok(parsed) = parse_reply(&damaged)
        {
            let wrote: Vec<&Edit> = reply.artifacts.iter().flat_map(|document| &document.edits).collect();
            for edit in parsed.reply.artifacts.iter().flat_map(|document| &document.edits) {
                prop_assert!(wrote.contains(&edit), "{edit:?} out of {damaged}");
            }
        }
    }
}
