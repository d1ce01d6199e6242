//! Options and places that answer what people ask: what a token says and how long it lives, where it is read from, how
//! much a limit lets through, how lists are read in pages.

use oxc_ast::ast::{Argument, CallExpression, Expression, ObjectExpression};
use oxc_span::GetSpan;

use super::Finder;

impl Finder<'_> {
    /// `, payload { id }, expiresIn 86400` (or `exp …`, where the payload has it) of the call that signs a token.
    pub(super) fn signed(&self, arguments: &[Argument<'_>]) -> String {
        let object = |index: usize| match arguments.get(index).and_then(|it| it.as_expression()) {
            Some(Expression::ObjectExpression(it)) => Some(it),
            _ => None,
        };
        let mut told = String::new();
        if let Some(payload) = object(0).filter(|payload| !names(payload).is_empty()) {
            told.push_str(&format!(", payload {{ {} }}", names(payload).join(", ")));
        }
        // An option, or a part of the payload: each by its own name.
        for (index, key) in [(2, "expiresIn"), (0, "exp")] {
            let said = object(index).and_then(|it| self.option(it, &[key]));
            told.push_str(&said.map(|said| format!(", {key} {said}")).unwrap_or_default());
        }
        told
    }

    /// `, window 60000, at most 20` of the call that makes a limit.
    pub(super) fn limited(&self, arguments: &[Argument<'_>]) -> String {
        let Some(Expression::ObjectExpression(options)) = arguments.first().and_then(|it| it.as_expression()) else {
            return String::new();
        };
        let mut told = String::new();
        for (words, keys) in
            [("window", &["windowMs", "duration"][..]), ("at most", &["max", "limit", "points"]), ("store", &["store"])]
        {
            told.push_str(&self.option(options, keys).map(|text| format!(", {words} {text}")).unwrap_or_default());
        }
        told
    }

    fn option(&self, object: &ObjectExpression<'_>, keys: &[&str]) -> Option<String> {
        let properties = object.properties.iter().filter_map(|property| property.as_property());
        let mut properties =
            properties.filter(|it| it.key.static_name().is_some_and(|name| keys.contains(&name.as_ref())));
        properties.next().map(|it| self.text(it.value.span(), 60))
    }

    /// Where a token is read from: `req.headers.authorization`, `req.session.token`.
    pub(super) fn token_source(&mut self, of: &str, name: &str, offset: u32) {
        let lower = name.to_ascii_lowercase();
        let token = ["token", "jwt", "authorization", "bearer"].iter().any(|word| lower.contains(word))
            && !["csrf", "xsrf", "reset"].iter().any(|word| lower.contains(word));
        if !self.test && token && matches!(of, "headers" | "cookies" | "signedCookies" | "session") {
            self.add("auth.token-source", &format!("req.{of}.{name}"), offset);
        }
    }

    /// A call that reads a header (`req.get('authorization')`), and what passport brings for it.
    pub(super) fn token_call(&mut self, it: &CallExpression<'_>) {
        let Some(member) = it.callee.get_inner_expression().as_member_expression() else { return };
        let Some(name) = member.static_property_name() else { return };
        match name {
            "get" | "header" if super::is_request(member.object()) => {
                if let Some(Argument::StringLiteral(header)) = it.arguments.first() {
                    let header = header.value.to_string();
                    self.token_source("headers", &header, it.span.start);
                }
            }
            name if !self.test && name.starts_with("from") && self.of_package(member.object(), "passport-jwt") => {
                let value = format!("ExtractJwt.{name}");
                self.add("auth.token-source", &value, it.span.start);
            }
            _ => {}
        }
    }

    fn of_package(&self, expression: &Expression<'_>, package: &str) -> bool {
        self.imports.of(expression).is_some_and(|(known, _)| known == package)
    }

    /// `{ skip, take }`: a part of a list is read.
    pub(super) fn paged_object(&mut self, it: &ObjectExpression<'_>) {
        const SIZES: &[&str] = &["limit", "take", "perPage", "per_page", "pageSize"];
        const STARTS: &[&str] = &["skip", "offset", "page", "cursor"];
        if self.test {
            return;
        }
        let known = names(it);
        let find = |keys: &[&'static str]| keys.iter().copied().find(|key| known.iter().any(|name| name == key));
        let (Some(start), Some(size)) = (find(STARTS), find(SIZES)) else { return };
        let part = |key: &'static str| {
            let text = self.option(it, &[key]).unwrap_or_default();
            if text == key { key.to_owned() } else { format!("{key} {text}") }
        };
        let value = format!("{}, {}", part(start), part(size));
        let offset = it
            .properties
            .iter()
            .filter_map(|property| property.as_property())
            .find(|property| property.key.static_name().is_some_and(|name| name == start));
        self.add("pagination", &value, offset.map_or(it.span.start, |property| property.span.start));
    }

    /// `.skip(n).limit(m)` of a query, in either order.
    pub(super) fn paged_call(&mut self, it: &CallExpression<'_>) {
        if self.test {
            return;
        }
        let Some((name, argument)) = step(it) else { return };
        let other = match name {
            "skip" => "limit",
            "limit" => "skip",
            _ => return,
        };
        let mut at = it.callee.get_inner_expression();
        for _ in 0..20 {
            at = match at {
                Expression::CallExpression(call) => {
                    if let Some((known, with)) = step(call)
                        && known == other
                    {
                        let told = |argument: &Argument<'_>| self.text(argument.span(), 60);
                        let (start, size) = if name == "skip" { (argument, with) } else { (with, argument) };
                        let value = format!("skip {}, limit {}", told(start), told(size));
                        let offset = match it.callee.get_inner_expression() {
                            Expression::StaticMemberExpression(member) => member.property.span.start,
                            other => other.span().start,
                        };
                        self.add("pagination", &value, offset);
                        return;
                    }
                    call.callee.get_inner_expression()
                }
                other => match other.as_member_expression() {
                    Some(member) => member.object().get_inner_expression(),
                    None => return,
                },
            };
        }
    }
}

/// The method and the only argument of a call.
fn step<'e, 'a>(call: &'e CallExpression<'a>) -> Option<(&'e str, &'e Argument<'a>)> {
    let [argument] = call.arguments.as_slice() else { return None };
    match call.callee.get_inner_expression() {
        Expression::StaticMemberExpression(member) => Some((member.property.name.as_str(), argument)),
        _ => None,
    }
}

/// Names of the properties of an object.
fn names(object: &ObjectExpression<'_>) -> Vec<String> {
    let properties = object.properties.iter().filter_map(|property| property.as_property());
    properties.filter_map(|property| property.key.static_name()).map(|name| name.into_owned()).take(12).collect()
}
