//! Routes that decorators state, as NestJS and routing-controllers write them.

use oxc_ast::ast::{Argument, Class, ClassElement, Decorator, Expression};

use super::spot;
use crate::facts::FixedRoute;
use crate::text::Lines;

/// Routes kept of one file.
const ROUTES: usize = 300;

/// The name and first string of a decorator: `@Get(':id')` is `Get` and `:id`.
fn read(decorator: &Decorator<'_>) -> Option<(String, Vec<String>)> {
    match decorator.expression.get_inner_expression() {
        Expression::Identifier(it) => Some((it.name.to_string(), Vec::new())),
        Expression::CallExpression(call) => {
            let Expression::Identifier(name) = call.callee.get_inner_expression() else { return None };
            Some((name.name.to_string(), call.arguments.first().map(paths).unwrap_or_default()))
        }
        _ => None,
    }
}

fn paths(argument: &Argument<'_>) -> Vec<String> {
    match argument.as_expression() {
        Some(Expression::StringLiteral(it)) => vec![it.value.to_string()],
        Some(Expression::ArrayExpression(it)) => it
            .elements
            .iter()
            .filter_map(|element| match element.as_expression() {
                Some(Expression::StringLiteral(it)) => Some(it.value.to_string()),
                _ => None,
            })
            .collect(),
        Some(Expression::ObjectExpression(it)) => it
            .properties
            .iter()
            .filter_map(|property| property.as_property())
            .filter(|property| property.key.is_specific_static_name("path"))
            .filter_map(|property| match &property.value {
                Expression::StringLiteral(it) => Some(it.value.to_string()),
                _ => None,
            })
            .collect(),
        Some(Expression::TemplateLiteral(_) | Expression::Identifier(_)) => vec!["{?}".to_owned()],
        _ => Vec::new(),
    }
}

fn method(name: &str) -> Option<&'static str> {
    Some(match name {
        "Get" => "GET",
        "Post" => "POST",
        "Put" => "PUT",
        "Patch" => "PATCH",
        "Delete" => "DELETE",
        "Head" => "HEAD",
        "Options" => "OPTIONS",
        "All" => "ALL",
        _ => return None,
    })
}

/// Adds the routes of a controller class.
pub(super) fn nest(class: &Class<'_>, lines: &Lines<'_>, out: &mut Vec<FixedRoute>) {
    let controller = class
        .decorators
        .iter()
        .filter_map(read)
        .find(|(name, _)| matches!(name.as_str(), "Controller" | "JsonController" | "RestController"));
    let Some((_, mut prefixes)) = controller else { return };
    if prefixes.is_empty() {
        prefixes.push(String::new());
    }
    let class_name = class.name().map(|name| name.to_string()).unwrap_or_default();
    for element in &class.body.body {
        let ClassElement::MethodDefinition(it) = element else { continue };
        for decorator in &it.decorators {
            let Some((name, mut own)) = read(decorator) else { continue };
            let Some(method) = method(&name) else { continue };
            if own.is_empty() {
                own.push(String::new());
            }
            let handler = format!("{class_name}.{}", it.key.static_name().unwrap_or_default());
            for prefix in &prefixes {
                for path in &own {
                    let parts = [prefix.trim_matches('/'), path.trim_matches('/')];
                    let path = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
                    if out.len() < ROUTES {
                        out.push(FixedRoute {
                            method: method.to_owned(),
                            path: format!("/{path}"),
                            handler: handler.clone(),
                            spot: spot(lines, decorator.span.start),
                        });
                    }
                }
            }
        }
    }
}
