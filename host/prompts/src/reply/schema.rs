//! The envelope as a JSON schema, for providers that hold a model to one.
//!
//! Kept to what all of them take: no free maps (so areas and arguments are lists of pairs), no numeric bounds, no lengths,
//! every object closed, every property required except a handful that may be null.

use std::sync::{Arc, LazyLock};

use serde_json::{Value, json};

/// A JSON schema for a reply. The bounds that it cannot express are enforced by [`parse_reply`](super::parse_reply).
pub fn envelope_schema() -> Arc<Value> {
    static SCHEMA: LazyLock<Arc<Value>> = LazyLock::new(|| Arc::new(envelope()));
    Arc::clone(&SCHEMA)
}

fn envelope() -> Value {
    let text = || json!({"type": "string"});
    let number = || json!({"type": "number"});
    let or_null = |schema: Value| json!({"anyOf": [schema, {"type": "null"}]});
    let list = |items: Value| json!({"type": "array", "items": items});
    let evidence = object([("path", text()), ("line", json!({"type": "integer"})), ("quote", text())]);
    let discovery = object([("key", text()), ("value", text()), ("evidence", or_null(evidence))]);
    let uncertainty = object([
        ("area", text()),
        ("claim", text()),
        ("confidence", number()),
        ("blocking", json!({"type": "boolean"})),
        ("resolution", or_null(text())),
    ]);
    let question = object([
        ("id", text()),
        ("text", text()),
        ("why", text()),
        ("options", list(text())),
        ("recommended", or_null(text())),
        ("area", or_null(text())),
    ]);
    let call = object([
        ("prompt", text()),
        ("arguments", list(object([("name", text()), ("value", text())]))),
        ("why", text()),
    ]);
    let passage = object([("find", text()), ("with", text())]);
    let edit = object([
        ("path", text()),
        ("base", or_null(text())),
        ("content", or_null(text())),
        ("replace", list(passage)),
        ("delete", json!({"type": "boolean"})),
    ]);
    let document = object([("kind", text()), ("title", text()), ("body", text()), ("edits", list(edit))]);
    object([
        ("notes", text()),
        ("discovered", list(discovery)),
        ("uncertainties", list(uncertainty)),
        ("confidence", list(object([("area", text()), ("confidence", number())]))),
        ("questions", list(question)),
        ("decisions", list(object([("key", text()), ("value", text()), ("because", text())]))),
        ("gap", or_null(object([("description", text()), ("confidence", number())]))),
        ("next", list(call)),
        ("artifacts", list(document)),
    ])
}

/// A closed object all of whose properties are required.
fn object<const N: usize>(properties: [(&str, Value); N]) -> Value {
    let required: Vec<&str> = properties.iter().map(|(name, _)| *name).collect();
    let properties: serde_json::Map<String, Value> =
        properties.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}
