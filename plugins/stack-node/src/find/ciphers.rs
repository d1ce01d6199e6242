//! Keys of ciphers: `scrypt` makes one from a secret as it makes a hash from a password. What comes of the call tells which:
//! a key goes to `createCipheriv` or `createDecipheriv`, straight or by a name.

use std::collections::HashSet;

use oxc_ast::ast::{
    AssignmentExpression, CallExpression, Expression, Function, IdentifierReference, Program, StaticMemberExpression,
    VariableDeclarator,
};
use oxc_ast_visit::{Visit, walk};
use oxc_span::{GetSpan, Span};
use oxc_syntax::scope::ScopeFlags;

use super::imports::DEPTH;

/// Names and calls looked at in one file.
const MOST: usize = 2_000;
/// From one name to the next: `const key = derive(secret)`, `function derive …`.
const STEPS: usize = 4;

/// What makes keys in one file.
#[derive(Default)]
pub(super) struct Ciphers {
    /// Expressions and functions whose value is a key.
    makers: Vec<Span>,
    /// Where a cipher is made.
    made: Vec<Span>,
}

impl Ciphers {
    pub(super) fn of(program: &Program<'_>, source: &str) -> Self {
        if !["createCipher", "createDecipher"].iter().any(|word| source.contains(word)) {
            return Self::default();
        }
        let mut reader = Reader::default();
        reader.visit_program(program);
        let Reader { mut keys, mut makers, made, bound, .. } = reader;
        for _ in 0..STEPS {
            for (_, span, names) in bound.iter().filter(|(name, ..)| keys.contains(name)).cloned().collect::<Vec<_>>() {
                makers.push(span);
                keys.extend(names);
            }
        }
        Self { makers, made }
    }

    /// Whether a call makes the key of a cipher: within what becomes one, or around the cipher itself, as a callback does.
    pub(super) fn keyed_by(&self, call: Span) -> bool {
        let holds = |outer: &Span, inner: &Span| outer.start <= inner.start && inner.end <= outer.end;
        self.makers.iter().any(|maker| holds(maker, &call)) || self.made.iter().any(|made| holds(&call, made))
    }
}

#[derive(Default)]
struct Reader {
    keys: HashSet<String>,
    makers: Vec<Span>,
    made: Vec<Span>,
    /// A name, what makes its value, and the names that are read there.
    bound: Vec<(String, Span, Vec<String>)>,
    depth: u32,
}

impl Reader {
    fn bind(&mut self, name: &str, value: &Expression<'_>) {
        if self.bound.len() < MOST {
            self.bound.push((name.to_owned(), value.span(), names(value)));
        }
    }
}

fn names(value: &Expression<'_>) -> Vec<String> {
    let mut names = Names::default();
    names.visit_expression(value);
    names.found
}

impl<'a> Visit<'a> for Reader {
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
        let name = match it.callee.get_inner_expression() {
            Expression::Identifier(name) => Some(name.name.as_str()),
            other => other.as_member_expression().and_then(|member| member.static_property_name()),
        };
        let makes = matches!(name, Some("createCipheriv" | "createDecipheriv" | "createCipher" | "createDecipher"));
        if makes
            && self.made.len() < MOST
            && let Some(key) = it.arguments.get(1).and_then(|argument| argument.as_expression())
        {
            self.made.push(it.span);
            self.makers.push(key.span());
            self.keys.extend(names(key));
        }
        walk::walk_call_expression(self, it);
    }

    fn visit_variable_declarator(&mut self, it: &VariableDeclarator<'a>) {
        if let Some(init) = &it.init {
            it.id.get_binding_identifiers().iter().for_each(|id| self.bind(&id.name, init));
        }
        walk::walk_variable_declarator(self, it);
    }

    fn visit_assignment_expression(&mut self, it: &AssignmentExpression<'a>) {
        let target = it.left.as_simple_assignment_target();
        let name = target.and_then(|target| match target {
            oxc_ast::ast::SimpleAssignmentTarget::AssignmentTargetIdentifier(it) => Some(it.name.to_string()),
            other => {
                other.as_member_expression().and_then(|member| member.static_property_name()).map(|it| it.to_string())
            }
        });
        if let Some(name) = name {
            self.bind(&name, &it.right);
        }
        walk::walk_assignment_expression(self, it);
    }

    fn visit_function(&mut self, it: &Function<'a>, flags: ScopeFlags) {
        if let (Some(id), true) = (&it.id, self.bound.len() < MOST) {
            self.bound.push((id.name.to_string(), it.span, Vec::new()));
        }
        walk::walk_function(self, it, flags);
    }
}

/// The names and properties that an expression reads.
#[derive(Default)]
struct Names {
    found: Vec<String>,
    depth: u32,
}

impl<'a> Visit<'a> for Names {
    fn visit_expression(&mut self, it: &Expression<'a>) {
        // What a function does inside is no part of its value.
        let function = matches!(it, Expression::FunctionExpression(_) | Expression::ArrowFunctionExpression(_));
        if !function && self.depth < DEPTH && self.found.len() < 50 {
            self.depth += 1;
            walk::walk_expression(self, it);
            self.depth -= 1;
        }
    }

    fn visit_identifier_reference(&mut self, it: &IdentifierReference<'a>) {
        self.found.push(it.name.to_string());
    }

    fn visit_static_member_expression(&mut self, it: &StaticMemberExpression<'a>) {
        self.found.push(it.property.name.to_string());
        walk::walk_static_member_expression(self, it);
    }
}
