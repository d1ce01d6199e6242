//! The values that a field of a model may take: what its `enum` lists, or the name of what does.

use oxc_ast::ast::Expression;
use oxc_span::{GetSpan, Span};

use crate::text::shorten;

/// Values named of one field, and bytes of each.
const VALUES: usize = 20;
const VALUE: usize = 60;
/// Lists in lists.
const DEPTH: u32 = 4;

/// The values that a field may take.
#[derive(Clone)]
pub(crate) enum Limit {
    /// As people read them.
    Values(String),
    /// Those of what goes by a name.
    Of(String),
}

/// The values that a list, or an object of named values, holds; the name where it stands elsewhere. `literal` takes what is
/// written out only.
pub(crate) fn limit(source: &str, value: &Expression<'_>, literal: bool) -> Option<Limit> {
    let text = |span: Span| shorten(source.get(span.start as usize..span.end as usize).unwrap_or(""), VALUE);
    let one = |value: &Expression<'_>| match value.get_inner_expression() {
        Expression::StringLiteral(it) => Some(shorten(&it.value, VALUE)),
        Expression::NumericLiteral(it) => Some(it.value.to_string()),
        other => (!literal).then(|| text(other.span())),
    };
    let all = |values: Option<Vec<String>>| {
        let values = values.filter(|values| !values.is_empty())?;
        let more = if values.len() > VALUES { ", …" } else { "" };
        let first: Vec<String> = values.into_iter().take(VALUES).collect();
        Some(Limit::Values(format!("{}{more}", first.join(", "))))
    };
    match value.get_inner_expression() {
        Expression::ArrayExpression(it) => all(it.elements.iter().map(|it| one(it.as_expression()?)).collect()),
        Expression::ObjectExpression(it) if literal => {
            all(it.properties.iter().map(|property| one(&property.as_property()?.value)).collect())
        }
        // `{ values: ['open'], message: '…' }`.
        Expression::ObjectExpression(it) => {
            let mut properties = it.properties.iter().filter_map(|property| property.as_property());
            let values = properties.find(|property| property.key.is_specific_static_name("values"))?;
            limit(source, &values.value, true).or_else(|| named(&values.value, &text))
        }
        // `Object.freeze([…])`, `Object.values(STATUS)`.
        Expression::CallExpression(call) => {
            let inner = call.arguments.first()?.as_expression()?;
            let member = call.callee.get_inner_expression().as_member_expression()?.static_property_name()?;
            match (member, literal) {
                ("freeze", true) => limit(source, inner, true),
                ("values", false) => named(inner, &text),
                _ => None,
            }
        }
        other if !literal => named(other, &text),
        _ => None,
    }
}

fn named(value: &Expression<'_>, text: &impl Fn(Span) -> String) -> Option<Limit> {
    match value.get_inner_expression() {
        Expression::Identifier(it) => Some(Limit::Of(it.name.to_string())),
        Expression::StaticMemberExpression(it) => Some(Limit::Of(text(it.span))),
        _ => None,
    }
}

/// What the `enum` of a field lists, in a list or not. A document may have a field of that name; beside a type it has none.
pub(crate) fn limited(source: &str, value: &Expression<'_>, depth: u32) -> Option<(Limit, u32)> {
    match value.get_inner_expression() {
        Expression::ArrayExpression(it) if depth < DEPTH => {
            limited(source, it.elements.first().and_then(|it| it.as_expression())?, depth + 1)
        }
        Expression::ObjectExpression(it) if depth < DEPTH => {
            let property = |key: &str| {
                let mut properties = it.properties.iter().filter_map(|property| property.as_property());
                properties.find(|property| property.key.is_specific_static_name(key))
            };
            let kind = property("type")?;
            match property("enum") {
                Some(listed) => Some((limit(source, &listed.value, false)?, listed.span.start)),
                None if matches!(kind.value.get_inner_expression(), Expression::ArrayExpression(_)) => {
                    limited(source, &kind.value, depth + 1)
                }
                None => None,
            }
        }
        _ => None,
    }
}
