//! What services demand of a JSON schema.

use serde_json::Value;

use super::invalid;
use crate::script::Fault;

/// Every object is closed; `all_required` when every property must be required as well.
pub(crate) fn check(schema: &Value, forbidden: &[&str], all_required: bool) -> Result<(), Fault> {
    match schema {
        Value::Object(fields) => {
            if let Some(name) = fields.keys().find(|name| forbidden.contains(&name.as_str())) {
                return Err(invalid(format!("schema: '{name}' is not supported")));
            }
            if fields.get("type").and_then(Value::as_str) == Some("object") {
                if fields.get("additionalProperties") != Some(&Value::Bool(false)) {
                    return Err(invalid(
                        "schema: for 'object' type, 'additionalProperties' must be explicitly set to false",
                    ));
                }
                let properties = fields.get("properties").and_then(Value::as_object);
                let required = fields.get("required").and_then(Value::as_array);
                let missing = properties.into_iter().flatten().find(|(name, _)| {
                    !required.is_some_and(|required| required.iter().any(|other| other == name.as_str()))
                });
                if let Some((name, _)) = missing.filter(|_| all_required) {
                    return Err(invalid(format!("schema: 'required' has to include '{name}'")));
                }
            }
            // Names of properties are no keywords.
            fields.iter().try_for_each(|(name, value)| match (name.as_str(), value) {
                ("properties", Value::Object(properties)) => {
                    properties.values().try_for_each(|value| check(value, forbidden, all_required))
                }
                ("enum" | "const", _) => Ok(()),
                _ => check(value, forbidden, all_required),
            })
        }
        Value::Array(items) => items.iter().try_for_each(|item| check(item, forbidden, all_required)),
        _ => Ok(()),
    }
}
