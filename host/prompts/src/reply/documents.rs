//! Documents of a reply, and the edits in them.
//!
//! Everything else in a reply may be read loosely, because a person sees it before it counts. An edit becomes a file. So its
//! text is taken as it stands, not cleaned and never cut, and if any edit cannot be read exactly the whole reply is refused:
//! half of a change, or none where one was meant, would look like the work.

use certus_engine::{Document, Edit, Replacement};
use serde_json::Value;

use super::Repairs;
use super::convert::{Entry, Object, bounded, entries, field};
use super::values::{get, said, text};
use crate::clean::{clean, line};

/// Documents of one reply.
const DOCUMENTS: usize = 16;
/// Edits in one reply.
const EDITS: usize = 64;
/// Passages of one edit.
const PASSAGES: usize = 256;
/// Bytes of one text of an edit.
const TEXT_LIMIT: usize = 1024 * 1024;
/// Bytes of all texts of all edits in one reply.
const TOTAL_LIMIT: usize = 4 * 1024 * 1024;
/// Bytes of a path.
const PATH_LIMIT: usize = 400;
/// Bytes of a base: sha-256 in hex, and room for a word before it.
const BASE_LIMIT: usize = 80;
/// The kind of a document that has edits and does not say what it is.
const UNNAMED: &str = "change";

pub(super) const CHANGED: &[&str] = &["edits", "file_edits"];

const PATH: &[&str] = &["path", "file", "filename", "file_path", "filepath", "file_name"];
const BASE: &[&str] = &["base", "sha256", "digest", "base_sha256", "base_digest"];
const CONTENT: &[&str] = &["content", "new_content", "contents", "file_text", "text"];
const REPLACE: &[&str] = &["replace", "replacements", "replaces"];
const DELETE: &[&str] = &["delete", "deleted", "remove"];
const ACTION: &[&str] = &["action", "operation", "op"];
const FIND: &[&str] = &["find", "search", "old_string", "old_str", "old_text", "old"];
const WITH: &[&str] = &["with", "replace", "new_string", "new_str", "new_text", "replacement", "new"];

/// Why edits cannot be used.
type Refused<T> = Result<T, String>;

/// All documents of a reply; `loose` are edits that stood beside the documents.
pub(super) fn documents(documents: Option<&Value>, loose: Option<&Value>, repairs: &mut Repairs) -> Vec<Document> {
    let mut found = documents.map(|value| listed(value, repairs)).unwrap_or_default();
    if let Some(value) = loose {
        repairs.note("edits stood beside the artifacts and were taken for one".to_owned());
        found.push(Document { kind: UNNAMED.to_owned(), edits: edits(value, repairs), ..Document::default() });
    }
    found.retain(|document| !document.kind.is_empty());
    found.retain(|document| !document.title.is_empty() || !document.body.is_empty() || !document.edits.is_empty());
    if let Err(why) = within_bounds(&found) {
        repairs.refuse(why);
    }
    bounded(found, DOCUMENTS, "artifacts", repairs)
}

fn listed(value: &Value, repairs: &mut Repairs) -> Vec<Document> {
    let what = "artifacts";
    let single = [&["body", "kind", "type"], CHANGED].concat();
    let entries = entries(value, &single, what, repairs);
    let documents = entries.into_iter().map(|entry| match entry {
        Entry::Item(Value::Object(object)) => document(None, object, repairs),
        Entry::Pair(kind, Value::Object(object)) => document(Some(text(kind, what, repairs)), object, repairs),
        Entry::Item(value) => {
            Document { kind: "document".to_owned(), body: said(value, what, repairs), ..Document::default() }
        }
        Entry::Pair(kind, value) => {
            Document { kind: text(kind, what, repairs), body: said(value, what, repairs), ..Document::default() }
        }
    });
    documents.collect()
}

fn document(kind: Option<String>, object: &Object, repairs: &mut Repairs) -> Document {
    let what = "artifacts";
    let own = |keys: &[&str]| get(object, keys).is_some();
    let edits = match get(object, CHANGED) {
        Some(value) => edits(value, repairs),
        // One edit in the place of a document. `path` and `content` alone are a document that is a file.
        None if own(PATH) && [BASE, REPLACE, DELETE, FIND].into_iter().any(own) => {
            repairs.note("an edit stood in the place of a document".to_owned());
            let edits = vec![edit(None, object, 0, repairs)];
            return Document { kind: named(kind, object, &edits, repairs), edits, ..Document::default() };
        }
        None => Vec::new(),
    };
    Document {
        kind: named(kind, object, &edits, repairs),
        title: field(object, &["title", "name", "path"], what, repairs),
        body: field(object, &["body", "content", "text"], what, repairs),
        edits,
    }
}

fn named(kind: Option<String>, object: &Object, edits: &[Edit], repairs: &mut Repairs) -> String {
    let kind = kind.unwrap_or_else(|| field(object, &["kind", "type"], "artifacts", repairs));
    if kind.is_empty() && !edits.is_empty() {
        repairs.note(format!("a document with edits said no kind; it was taken for `{UNNAMED}`"));
        return UNNAMED.to_owned();
    }
    kind
}

/// A list, one edit alone, or a map from paths to edits.
fn edits(value: &Value, repairs: &mut Repairs) -> Vec<Edit> {
    let entries = entries(value, PATH, "edits", repairs);
    let edits = entries.into_iter().enumerate().map(|(index, entry)| match entry {
        Entry::Item(Value::Object(object)) => edit(None, object, index, repairs),
        Entry::Pair(path, Value::Object(object)) => edit(Some(path), object, index, repairs),
        Entry::Item(_) | Entry::Pair(..) => {
            repairs.refuse(format!("edit {} is no object", index + 1));
            Edit::default()
        }
    });
    edits.collect()
}

/// One edit. Whether its parts agree is for planning to see; here it is only read.
fn edit(path: Option<&str>, object: &Object, index: usize, repairs: &mut Repairs) -> Edit {
    exact(path, object, index).unwrap_or_else(|why| {
        repairs.refuse(why);
        Edit::default()
    })
}

fn exact(path: Option<&str>, object: &Object, index: usize) -> Refused<Edit> {
    let number = index + 1;
    let own = get(object, PATH).and_then(Value::as_str);
    let path = own.or(path).filter(|path| !path.trim().is_empty());
    let path = path.ok_or_else(|| format!("edit {number} names no path"))?;
    if path.len() > PATH_LIMIT {
        return Err(format!("the path of edit {number} has {} bytes, and {PATH_LIMIT} are allowed", path.len()));
    }
    if clean(path) != path || path.contains(['\n', '\t']) {
        return Err(format!("the path of edit {number} has control or invisible characters"));
    }
    let of = |what: &str| format!("{what} of the edit of `{}`", line(path, 120));
    let base = match get(object, BASE) {
        None => None,
        Some(Value::String(base)) if base.len() <= BASE_LIMIT => digest(base),
        Some(_) => return Err(format!("{} is no digest", of("the `base`"))),
    };
    let content = match get(object, CONTENT) {
        None => None,
        Some(Value::String(content)) => Some(content.clone()),
        Some(_) => return Err(format!("{} is not one text", of("the `content`"))),
    };
    Ok(Edit { base, content, replace: passages(object, &of)?, delete: deletes(object), path: path.to_owned() })
}

/// As other tools write it, `sha256:…`, and in capitals too. Nothing for an empty one.
fn digest(written: &str) -> Option<String> {
    let written = written.trim();
    let hex = written.strip_prefix("sha256:").or_else(|| written.strip_prefix("sha256-")).unwrap_or(written);
    (!hex.is_empty()).then(|| hex.to_ascii_lowercase())
}

fn passages(object: &Object, of: &dyn Fn(&str) -> String) -> Refused<Vec<Replacement>> {
    // One passage may stand in the edit itself, and then `replace` is its new text.
    if get(object, FIND).is_some() {
        return Ok(vec![passage(object, of)?]);
    }
    match get(object, REPLACE) {
        None => Ok(Vec::new()),
        Some(Value::Array(items)) if items.len() > PASSAGES => {
            Err(format!("{} has {} passages, and {PASSAGES} are allowed", of("`replace`"), items.len()))
        }
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| {
                let object =
                    item.as_object().ok_or_else(|| format!("a passage in {} is no object", of("`replace`")))?;
                passage(object, of)
            })
            .collect(),
        Some(Value::Object(one)) => Ok(vec![passage(one, of)?]),
        Some(_) => Err(format!("{} is no list of passages", of("`replace`"))),
    }
}

fn passage(object: &Object, of: &dyn Fn(&str) -> String) -> Refused<Replacement> {
    let part = |keys: &[&str], name: &str| {
        let value = get(object, keys).and_then(Value::as_str).map(str::to_owned);
        value.ok_or_else(|| format!("a passage in {} has no text in `{name}`", of("`replace`")))
    };
    Ok(Replacement { find: part(FIND, "find")?, with: part(WITH, "with")? })
}

fn deletes(object: &Object) -> bool {
    let says = |value: &Value, words: &[&str]| {
        value.as_str().is_some_and(|said| words.contains(&said.trim().to_ascii_lowercase().as_str()))
    };
    let flag = get(object, DELETE).is_some_and(|value| *value == Value::Bool(true) || says(value, &["true", "yes"]));
    flag || get(object, ACTION).is_some_and(|value| says(value, &["delete", "remove"]))
}

fn within_bounds(documents: &[Document]) -> Refused<()> {
    if documents.iter().skip(DOCUMENTS).any(|document| !document.edits.is_empty()) {
        return Err(format!("they are spread over more than {DOCUMENTS} documents"));
    }
    let edits: Vec<&Edit> = documents.iter().flat_map(|document| &document.edits).collect();
    if edits.len() > EDITS {
        return Err(format!("there are {}, and {EDITS} are allowed", edits.len()));
    }
    let texts = |edit: &Edit| -> Vec<usize> {
        let passages = edit.replace.iter().flat_map(|passage| [passage.find.len(), passage.with.len()]);
        edit.content.iter().map(String::len).chain(passages).collect()
    };
    if let Some(edit) = edits.iter().find(|edit| texts(edit).into_iter().any(|bytes| bytes > TEXT_LIMIT)) {
        return Err(format!("a text of the edit of `{}` has more than 1 MiB", line(&edit.path, 120)));
    }
    let total: usize = edits.iter().flat_map(|edit| texts(edit)).sum();
    if total > TOTAL_LIMIT {
        return Err("together they have more than 4 MiB".to_owned());
    }
    Ok(())
}
