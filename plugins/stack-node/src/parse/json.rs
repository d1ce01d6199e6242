//! JSON with places. JSON is a subset of JavaScript expressions, so the same parser reads it; comments and trailing commas,
//! which people write into `package.json` and `tsconfig.json`, come for free.

use oxc_ast::ast::{Expression, ObjectPropertyKind, Statement};
use oxc_span::{GetSpan, SourceType};

/// Deeper values are dropped.
const DEPTH: u32 = 64;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    /// A string, or a number as it is written.
    Text(String),
    /// An array.
    Array(Vec<Json>),
    /// An object in its order.
    Object(Vec<Member>),
    /// Anything else.
    Other,
}

/// A member of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: Json,
    /// Byte offset of the name.
    pub offset: u32,
}

impl Json {
    /// A member of an object, the last of its name.
    pub fn get(&self, key: &str) -> Option<&Member> {
        self.members().iter().rev().find(|member| member.key == key)
    }

    /// The members of an object; none for another value.
    pub fn members(&self) -> &[Member] {
        match self {
            Json::Object(members) => members,
            _ => &[],
        }
    }

    /// A string.
    pub fn text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Parses a text. The error is a sentence.
pub fn parse(text: &str) -> Result<Json, String> {
    let wrapped = format!("({text}\n)");
    let (json, problem) = super::parsed(&wrapped, SourceType::cjs(), |program| match program.body.first() {
        Some(Statement::ExpressionStatement(it)) if program.body.len() == 1 => Some(value(&it.expression, 0)),
        _ => None,
    });
    match (json.flatten(), problem) {
        (Some(json), None) => Ok(json),
        (_, Some(problem)) => Err(format!("not JSON: {problem}")),
        (None, None) => Err("not JSON".to_owned()),
    }
}

fn value(expression: &Expression<'_>, depth: u32) -> Json {
    if depth > DEPTH {
        return Json::Other;
    }
    match expression {
        Expression::StringLiteral(it) => Json::Text(it.value.to_string()),
        Expression::NumericLiteral(it) => Json::Text(it.value.to_string()),
        Expression::ArrayExpression(it) => Json::Array(
            it.elements
                .iter()
                .filter_map(|element| element.as_expression())
                .map(|element| value(element, depth + 1))
                .collect(),
        ),
        Expression::ObjectExpression(it) => Json::Object(
            it.properties
                .iter()
                .filter_map(|property| match property {
                    ObjectPropertyKind::ObjectProperty(property) => Some(Member {
                        key: property.key.static_name()?.into_owned(),
                        value: value(&property.value, depth + 1),
                        // One byte stands before the text.
                        offset: property.key.span().start.saturating_sub(1),
                    }),
                    ObjectPropertyKind::SpreadProperty(_) => None,
                })
                .collect(),
        ),
        _ => Json::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_trailing_commas_are_read() {
        let json = parse("{ // name\n \"a\": [1, \"x\",], \"b\": {\"c\": true}, }").expect("JSON");
        assert_eq!(json.get("a").map(|member| member.offset), Some(11));
        assert_eq!(
            json.get("a").map(|member| member.value.clone()),
            Some(Json::Array(vec![Json::Text("1".into()), Json::Text("x".into())]))
        );
        assert_eq!(
            json.get("b").and_then(|member| member.value.get("c")).map(|member| &member.value),
            Some(&Json::Other)
        );
        assert!(parse("{ \"a\": ").is_err() && parse("").is_err() && parse("{} {}").is_err());
    }
}
