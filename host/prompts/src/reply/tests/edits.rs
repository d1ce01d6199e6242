//! Edits in a reply: read in many shapes, or refused.

use super::*;

#[test]
fn edits_come_in_many_shapes() {
    let texts = [
        r#"{"artifacts": [{"kind": "change", "title": "t", "body": "", "edits": [{"path": "a.js", "base": "AB12", "content": null, "replace": [{"find": "x", "with": ""}], "delete": false}]}]}"#,
        r#"{"artifacts": {"kind": "tests", "edits": {"path": "new.js", "base": null, "content": "\u001b é\r\n"}}}"#,
        r#"{"artifacts": {"edits": [{"file": "a", "sha256": "sha256:cd34", "new_content": ""}]}}"#,
        r#"{"edits": [{"filename": "a", "search": "x", "replace": "y"}, {"file_path": "b", "old_string": "x", "new_string": "y"}]}"#,
        r#"{"artifacts": {"change": {"title": "t", "edits": {"a/b.js": {"base": "12", "delete": "yes"}, "c": {"action": "delete"}}}}}"#,
        r#"{"artifacts": [{"path": "a", "base": "12ab", "replacements": {"old": "x", "new": "y"}}]}"#,
        "{\"edits\": [{\"path\": \"a\", \"content\": \"one\\ntwo\tthree\",},], // done\n}",
        r#"{"artifacts": [{"kind": "file", "path": "a.js", "content": "no edit"}]}"#,
        r#"{"edits": [{"path": "both", "content": "x", "delete": true}, {"path": "none"}]}"#,
    ];
    insta::assert_snapshot!(texts.map(shown).join("\n"), @r#"
        {"artifacts":[{"kind":"change","title":"t","body":"","edits":[{"path":"a.js","base":"ab12","replace":[{"find":"x","with":""}]}]}]}
        {"artifacts":[{"kind":"tests","title":"","body":"","edits":[{"path":"new.js","content":"\u001b é\r\n"}]}]}
          artifacts was one thing instead of a list
          edits was one thing instead of a list
        {"artifacts":[{"kind":"change","title":"","body":"","edits":[{"path":"a","base":"cd34","content":""}]}]}
          artifacts was one thing instead of a list
          a document with edits said no kind; it was taken for `change`
        {"artifacts":[{"kind":"change","title":"","body":"","edits":[{"path":"a","replace":[{"find":"x","with":"y"}]},{"path":"b","replace":[{"find":"x","with":"y"}]}]}]}
          edits stood beside the artifacts and were taken for one
        {"artifacts":[{"kind":"change","title":"t","body":"","edits":[{"path":"a/b.js","base":"12","delete":true},{"path":"c","delete":true}]}]}
          artifacts was a map instead of a list
          edits was a map instead of a list
        {"artifacts":[{"kind":"change","title":"","body":"","edits":[{"path":"a","base":"12ab","replace":[{"find":"x","with":"y"}]}]}]}
          an edit stood in the place of a document
          a document with edits said no kind; it was taken for `change`
        {"artifacts":[{"kind":"change","title":"","body":"","edits":[{"path":"a","content":"one\ntwo\tthree"}]}]}
          tabs inside strings were accepted
          trailing commas were left out
          comments were left out
          edits stood beside the artifacts and were taken for one
        {"artifacts":[{"kind":"file","title":"a.js","body":"no edit"}]}
        {"artifacts":[{"kind":"change","title":"","body":"","edits":[{"path":"both","content":"x","delete":true},{"path":"none"}]}]}
          edits stood beside the artifacts and were taken for one
        "#);
}

#[test]
fn edits_that_are_not_exact_are_refused_with_everything() {
    let big = |bytes: usize| "x".repeat(bytes);
    let edit = |text: &str| format!(r#"{{"path": "a", "content": "{text}"}}"#);
    let artifacts =
        |edits: &str| format!(r#"{{"notes": "n", "artifacts": [{{"kind": "change", "edits": [{edits}]}}]}}"#);
    let texts = [
        artifacts(r#"{"content": "x"}"#),
        artifacts(r#"{"path": " ", "content": "x"}"#),
        artifacts(r#""a diff""#),
        artifacts(r#"{"path": "a", "content": {"json": true}}"#),
        artifacts(r#"{"path": "a", "content": ["one", "two"]}"#),
        artifacts(r#"{"path": "a", "base": 12, "content": "x"}"#),
        artifacts(r#"{"path": "a", "replace": [{"find": "x"}]}"#),
        artifacts(r#"{"path": "a", "replace": "x"}"#),
        artifacts(r#"{"path": "a\u202e", "content": "x"}"#),
        artifacts(&format!(r#"{{"path": "{}", "content": "x"}}"#, big(401))),
        artifacts(&vec![edit("x"); 65].join(",")),
        artifacts(&edit(&big(1024 * 1024 + 1))),
        artifacts(&vec![edit(&big(1024 * 1024)); 5].join(",")),
        format!(r#"{{"artifacts": [{}]}}"#, vec![r#"{"kind": "change", "edits": [{"path": "a", "content": "x"}]}"#; 17].join(",")),
        artifacts(&format!(r#"{{"path": "a", "replace": [{}]}}"#, vec![r#"{"find": "a", "with": "b"}"#; 257].join(","))),
        r#"{"edits": [{"path": "a", "content": "say "hello" loudly"}],}"#.to_owned(),
        "{\u{201c}edits\u{201d}: [{\u{201c}path\u{201d}: \u{201c}a\u{201d}, \u{201c}content\u{201d}: \u{201c}x\u{201d}}]}".to_owned(),
        r#"{"edits": [{"path": "a", "content": "\d+"}],}"#.to_owned(),
        r#"{"edits": [{"path": "a", "content": "it\'s"}]}"#.to_owned(),
        "{\"edits\": [{\"path\": \"a\", \"content\": \"wrapped\nhere\"}]}".to_owned(),
    ];
    let said = texts.map(|text| match parse_reply(&text) {
        Err(ReplyError::Edits { why }) => why,
        other => panic!("{text:.200}: {other:?}"),
    });
    insta::assert_snapshot!(said.join("\n"), @r#"
        edit 1 names no path
        edit 1 names no path
        edit 1 is no object
        the `content` of the edit of `a` is not one text
        the `content` of the edit of `a` is not one text
        the `base` of the edit of `a` is no digest
        a passage in `replace` of the edit of `a` has no text in `with`
        `replace` of the edit of `a` is no list of passages
        the path of edit 1 has control or invisible characters
        the path of edit 1 has 401 bytes, and 400 are allowed
        there are 65, and 64 are allowed
        a text of the edit of `a` has more than 1 MiB
        together they have more than 4 MiB
        they are spread over more than 16 documents
        `replace` of the edit of `a` has 257 passages, and 256 are allowed
        the JSON around them is damaged, so that their text may not be what was meant
        the JSON around them is damaged, so that their text may not be what was meant
        the JSON around them is damaged, so that their text may not be what was meant
        the JSON around them is damaged, so that their text may not be what was meant
        the JSON around them is damaged, so that their text may not be what was meant
        "#);
}

#[test]
fn edits_at_the_bounds_are_taken() {
    let edit = format!(r#"{{"path": "a", "content": "{}"}}"#, "x".repeat(1024 * 1024));
    let edits = [vec![edit; 4], vec![r#"{"path": "b", "delete": true}"#.to_owned(); 60]].concat().join(",");
    let Parsed { reply, .. } = parsed(&format!(r#"{{"artifacts": [{{"kind": "change", "edits": [{edits}]}}]}}"#));
    assert_eq!(reply.artifacts[0].edits.len(), 64);
    // Damage that no edit stands in hurts nothing.
    assert_eq!(parsed(r#"{"notes": "a "quoted" word", "artifacts": [],}"#).reply.notes, "a \"quoted\" word");
}
