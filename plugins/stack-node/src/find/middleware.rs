//! What a middleware does to a request, by its body: it turns some away, or it only puts something on the request.
//!
//! A name such as `currentUser` says that it has to do with people, not that anybody is stopped: a function that answers, or
//! hands on an error of its own, stops; one that sets something and always calls `next()` does not.

use oxc_ast::ast::{
    Argument, AssignmentExpression, AssignmentTarget, CallExpression, Expression, FormalParameters, ThrowStatement,
};
use oxc_ast_visit::{Visit, walk};

use super::imports::DEPTH;

/// Calls of a response that end a request.
const ANSWERS: &[&str] = &["status", "sendStatus", "redirect", "send", "json", "render", "end", "writeHead", "throw"];

/// What the body of a middleware tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Body {
    /// Whether it stops somebody; nothing where that is not told.
    pub(crate) stops: Option<bool>,
    /// It lets somebody through: it calls `next()`, or hands `next` on. What never does answers the request itself.
    pub(crate) goes_on: bool,
    /// It only hands on what it was given, as another error perhaps, and answers nothing.
    pub(crate) only_forwards: bool,
}

/// What a function with three parameters does, or one with an error before them. `read` visits the body.
pub(crate) fn body(params: &FormalParameters<'_>, read: impl FnOnce(&mut Reader<'_>)) -> Option<Body> {
    let names: Vec<String> = params
        .items
        .iter()
        .map(|item| item.pattern.get_identifier_name().map(|name| name.to_string()).unwrap_or_default())
        .collect();
    let ([request, response, next] | [_, request, response, next]) = names.as_slice() else { return None };
    let mut reader = Reader {
        request,
        response,
        next,
        depth: 0,
        answers: false,
        passes: false,
        hands_on: false,
        sets: false,
        calls_next: false,
        has_response: false,
    };
    read(&mut reader);
    let stops = match (reader.answers, reader.passes && reader.sets) {
        (true, _) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
    };
    let only_forwards = reader.calls_next && !reader.has_response;
    Some(Body { stops, goes_on: reader.passes || reader.hands_on, only_forwards })
}

/// Goes through a body.
pub(crate) struct Reader<'n> {
    request: &'n str,
    response: &'n str,
    next: &'n str,
    depth: u32,
    answers: bool,
    passes: bool,
    hands_on: bool,
    sets: bool,
    calls_next: bool,
    /// The response is put to some use, whatever that is.
    has_response: bool,
}

impl Reader<'_> {
    /// The name at the bottom of `res.status(401).json`.
    fn root<'e>(expression: &'e Expression<'_>) -> &'e str {
        let mut at = expression.get_inner_expression();
        for _ in 0..DEPTH {
            at = match at {
                Expression::Identifier(it) => return it.name.as_str(),
                Expression::CallExpression(it) => it.callee.get_inner_expression(),
                other => match other.as_member_expression() {
                    Some(member) => member.object().get_inner_expression(),
                    None => return "",
                },
            };
        }
        ""
    }
}

impl<'a> Visit<'a> for Reader<'_> {
    fn visit_expression(&mut self, it: &Expression<'a>) {
        if self.depth < DEPTH {
            self.depth += 1;
            walk::walk_expression(self, it);
            self.depth -= 1;
        }
    }

    fn visit_statement(&mut self, it: &oxc_ast::ast::Statement<'a>) {
        if self.depth < DEPTH {
            self.depth += 1;
            walk::walk_statement(self, it);
            self.depth -= 1;
        }
    }

    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
        let callee = it.callee.get_inner_expression();
        if let Expression::Identifier(name) = callee
            && name.name == self.next
        {
            self.calls_next = true;
            match it.arguments.first() {
                None => self.passes = true,
                // An error of somebody else is handed on by everybody.
                Some(Argument::Identifier(_)) => {}
                Some(_) => self.answers = true,
            }
        }
        // `promise.catch(next)` hands on an error only.
        let fails = callee.as_member_expression().and_then(|member| member.static_property_name()) == Some("catch");
        self.hands_on |= !fails
            && it
                .arguments
                .iter()
                .any(|argument| matches!(argument, Argument::Identifier(name) if name.name == self.next));
        if let Some(member) = callee.as_member_expression()
            && member.static_property_name().is_some_and(|name| ANSWERS.contains(&name))
            && Self::root(member.object()) == self.response
        {
            self.answers = true;
        }
        walk::walk_call_expression(self, it);
    }

    fn visit_assignment_expression(&mut self, it: &AssignmentExpression<'a>) {
        let object = match &it.left {
            AssignmentTarget::StaticMemberExpression(member) => Some(&member.object),
            AssignmentTarget::ComputedMemberExpression(member) => Some(&member.object),
            _ => None,
        };
        if let Some(object) = object {
            let root = Self::root(object);
            self.sets |= root == self.request || root == self.response;
        }
        walk::walk_assignment_expression(self, it);
    }

    fn visit_identifier_reference(&mut self, it: &oxc_ast::ast::IdentifierReference<'a>) {
        self.has_response |= it.name == self.response;
    }

    fn visit_throw_statement(&mut self, it: &ThrowStatement<'a>) {
        self.answers = true;
        walk::walk_throw_statement(self, it);
    }
}
