//! Functions that answer every request with 404: what is asked for is not there. They end a list of routes and are none.

use oxc_ast::ast::{Expression, IdentifierReference, NumericLiteral, Statement, StaticMemberExpression};
use oxc_ast_visit::{Visit, walk};

/// Statements looked at: a longer function does something else.
const MOST: usize = 12;
/// Deeper expressions are not looked at.
const DEPTH: u32 = 40;

/// Whether a body says 404 before anything in it depends on anything.
pub(super) fn statements(body: &[Statement<'_>]) -> bool {
    for statement in body.iter().take(MOST) {
        let mut missing = Missing::default();
        match statement {
            Statement::ExpressionStatement(it) => missing.visit_expression(&it.expression),
            Statement::ReturnStatement(it) => {
                it.argument.iter().for_each(|argument| missing.visit_expression(argument));
                return missing.said;
            }
            Statement::ThrowStatement(it) => {
                missing.visit_expression(&it.argument);
                return missing.said;
            }
            Statement::VariableDeclaration(it) => {
                it.declarations.iter().filter_map(|it| it.init.as_ref()).for_each(|it| missing.visit_expression(it));
            }
            _ => return false,
        }
        if missing.said {
            return true;
        }
    }
    false
}

/// The same of an arrow function without a block.
pub(super) fn expression(value: &Expression<'_>) -> bool {
    let mut missing = Missing::default();
    missing.visit_expression(value);
    missing.said
}

/// Looks for the status of what is not there, by its number or its name.
#[derive(Default)]
struct Missing {
    said: bool,
    depth: u32,
}

impl Missing {
    fn name(&mut self, name: &str) {
        let plain: String = name.chars().filter(char::is_ascii_alphabetic).collect();
        self.said |= plain.to_ascii_lowercase().starts_with("notfound");
    }
}

impl<'a> Visit<'a> for Missing {
    fn visit_expression(&mut self, it: &Expression<'a>) {
        // What a condition or another function decides is not said of every request.
        let depends = matches!(
            it,
            Expression::ConditionalExpression(_)
                | Expression::LogicalExpression(_)
                | Expression::FunctionExpression(_)
                | Expression::ArrowFunctionExpression(_)
                | Expression::AwaitExpression(_)
        );
        if !depends && self.depth < DEPTH {
            self.depth += 1;
            walk::walk_expression(self, it);
            self.depth -= 1;
        }
    }

    fn visit_numeric_literal(&mut self, it: &NumericLiteral<'a>) {
        self.said |= it.value == 404.0;
    }

    fn visit_identifier_reference(&mut self, it: &IdentifierReference<'a>) {
        self.name(&it.name);
    }

    fn visit_static_member_expression(&mut self, it: &StaticMemberExpression<'a>) {
        self.name(&it.property.name);
        walk::walk_static_member_expression(self, it);
    }
}
