//! Lowers expressions of the syntax tree to the small form of `ir`, to a bounded depth.

use std::collections::HashMap;

use oxc_ast::ast::{
    Argument, ArrayExpressionElement, AssignmentTarget, BinaryOperator, ChainElement, Expression, ObjectPropertyKind,
    PropertyKey, SimpleAssignmentTarget, TemplateLiteral, UnaryOperator,
};
use oxc_span::{GetSpan, Span};

use super::refusal;
use crate::ir::{Call, Class, Expr, Function, Module, Sym, Wires};
use crate::names;
use crate::text::{Lines, shorten};

/// Deeper expressions are kept as text only.
const DEPTH: u32 = 240;
/// A file with more nodes than this is kept up to here.
const NODES: u32 = 30_000;
/// The text of what is not followed, in bytes.
const TEXT: usize = 48;

/// Lowers one file.
pub(super) struct Lower<'s> {
    pub(super) source: &'s str,
    pub(super) lines: &'s Lines<'s>,
    pub(super) module: Module,
    pub(super) interned: HashMap<String, Sym>,
    pub(super) depth: u32,
    pub(super) nodes: u32,
    /// Inside a loop or the callback of a list method: branches are kept apart where they compare something.
    pub(super) listing: bool,
    /// A decided branch may leave what it stands in.
    pub(super) leaves: bool,
}

impl<'s> Lower<'s> {
    pub(super) fn new(source: &'s str, lines: &'s Lines<'s>) -> Self {
        Self {
            source,
            lines,
            module: Module::default(),
            interned: HashMap::new(),
            depth: 0,
            nodes: 0,
            listing: false,
            leaves: false,
        }
    }

    /// Whether the budget of nodes is spent.
    pub(super) fn full(&self) -> bool {
        self.nodes > NODES
    }

    pub(super) fn sym(&mut self, text: &str) -> Sym {
        if let Some(sym) = self.interned.get(text) {
            return *sym;
        }
        let sym = self.module.strings.len() as Sym;
        self.module.strings.push(text.into());
        self.interned.insert(text.to_owned(), sym);
        sym
    }

    pub(super) fn text(&mut self, span: Span) -> Expr {
        let (start, end) = (span.start as usize, span.end as usize);
        let text = shorten(self.source.get(start..end.min(start.saturating_add(4 * TEXT))).unwrap_or(""), TEXT);
        Expr::Text(self.sym(&text))
    }

    pub(super) fn expr(&mut self, expression: &Expression<'_>) -> Expr {
        self.nodes += 1;
        if self.depth > DEPTH || self.full() {
            return Expr::Text(self.sym("…"));
        }
        self.depth += 1;
        let lowered = self.lower(expression);
        self.depth -= 1;
        lowered
    }

    fn lower(&mut self, expression: &Expression<'_>) -> Expr {
        match expression.get_inner_expression() {
            Expression::StringLiteral(it) => Expr::Str(self.sym(&it.value)),
            Expression::NumericLiteral(it) => Expr::Str(self.sym(&it.value.to_string())),
            Expression::RegExpLiteral(it) => {
                let text = self.source.get(it.span.start as usize..it.span.end as usize).unwrap_or("/?/");
                Expr::Regex(self.sym(&shorten(text, 120)))
            }
            Expression::TemplateLiteral(it) => self.template(it),
            Expression::Identifier(it) => Expr::Name(self.sym(&it.name)),
            Expression::ThisExpression(_) => Expr::This,
            Expression::Super(_) => Expr::Super,
            Expression::ArrayExpression(it) => {
                let elements = it.elements.iter().filter_map(|element| match element {
                    ArrayExpressionElement::SpreadElement(spread) => {
                        Some(Expr::Spread(Box::new(self.expr(&spread.argument))))
                    }
                    other => other.as_expression().map(|expression| self.expr(expression)),
                });
                Expr::Array(elements.collect())
            }
            Expression::ObjectExpression(it) => {
                let properties = it.properties.iter().filter_map(|property| match property {
                    ObjectPropertyKind::SpreadProperty(spread) => Some((None, self.expr(&spread.argument))),
                    ObjectPropertyKind::ObjectProperty(property) => {
                        let key = self.key(&property.key)?;
                        Some((Some(key), self.expr(&property.value)))
                    }
                });
                Expr::Object(properties.collect())
            }
            Expression::ArrowFunctionExpression(it) => {
                let outer = std::mem::take(&mut self.leaves);
                let body = match it.get_expression() {
                    Some(expression) => vec![crate::ir::Stmt::Return(self.expr(expression))],
                    None => it.get_function_body().map(|body| self.body(&body.statements)).unwrap_or_default(),
                };
                self.leaves = outer;
                let refuses = match (it.get_expression(), it.get_function_body()) {
                    (Some(expression), _) => refusal::expression(expression),
                    (None, body) => body.is_some_and(|body| refusal::statements(&body.statements)),
                };
                let params = self.params(&it.params);
                self.function(Function { name: None, params, body, arrow: true, wires: Wires::No, refuses })
            }
            Expression::FunctionExpression(it) => Expr::Function(self.function_of(it)),
            Expression::ClassExpression(it) => Expr::Class(self.class(it)),
            Expression::AssignmentExpression(it) => match self.target(&it.left) {
                Some(target) => Expr::Assign(Box::new(target), Box::new(self.expr(&it.right))),
                None => self.expr(&it.right),
            },
            Expression::AwaitExpression(it) => self.expr(&it.argument),
            Expression::YieldExpression(it) => match &it.argument {
                Some(argument) => self.expr(argument),
                None => self.text(it.span),
            },
            Expression::BinaryExpression(it) if it.operator == BinaryOperator::Addition => self.sum(expression),
            Expression::LogicalExpression(it) => {
                let sides = vec![self.expr(&it.left), self.expr(&it.right)];
                if it.operator.is_and() { Expr::All(sides) } else { Expr::Any(sides) }
            }
            Expression::ConditionalExpression(it) if compares(&it.test, 0) => {
                let test = Box::new(self.expr(&it.test));
                Expr::Pick(test, Box::new(self.expr(&it.consequent)), Box::new(self.expr(&it.alternate)))
            }
            Expression::ConditionalExpression(it) => {
                Expr::Any(vec![self.expr(&it.consequent), self.expr(&it.alternate)])
            }
            Expression::BinaryExpression(it) if it.operator.is_equality() => {
                let same = Expr::Same(Box::new(self.expr(&it.left)), Box::new(self.expr(&it.right)));
                let equal = matches!(it.operator, BinaryOperator::Equality | BinaryOperator::StrictEquality);
                if equal { same } else { Expr::Not(Box::new(same)) }
            }
            Expression::UnaryExpression(it) if it.operator == UnaryOperator::LogicalNot => {
                Expr::Not(Box::new(self.expr(&it.argument)))
            }
            Expression::UnaryExpression(it)
                if it.operator == UnaryOperator::UnaryNegation
                    && matches!(it.argument.get_inner_expression(), Expression::NumericLiteral(_)) =>
            {
                let text = self.source.get(it.span.start as usize..it.span.end as usize).unwrap_or("");
                Expr::Str(self.sym(&shorten(text, TEXT)))
            }
            Expression::SequenceExpression(it) => {
                Expr::All(it.expressions.iter().map(|expression| self.expr(expression)).collect())
            }
            Expression::CallExpression(it) => self.call(it),
            Expression::NewExpression(it) => {
                let callee = self.expr(&it.callee);
                let args = self.args(&it.arguments);
                let (line, quote) = self.spot(it.span.start);
                Expr::New(Box::new(Call { callee, args, line, quote }))
            }
            Expression::ImportExpression(it) => match it.source.get_inner_expression() {
                Expression::StringLiteral(source) => Expr::Import(self.sym(&source.value)),
                other => Expr::ImportOf(Box::new(self.expr(other))),
            },
            Expression::ChainExpression(it) => match &it.expression {
                ChainElement::CallExpression(call) => self.call(call),
                ChainElement::TSNonNullExpression(inner) => self.expr(&inner.expression),
                other => match other.as_member_expression() {
                    Some(member) => self.member(member),
                    None => self.text(it.span),
                },
            },
            other => match other.as_member_expression() {
                Some(member) => self.member(member),
                None => self.text(other.span()),
            },
        }
    }

    fn template(&mut self, template: &TemplateLiteral<'_>) -> Expr {
        let mut parts = Vec::new();
        for (index, quasi) in template.quasis.iter().enumerate() {
            let text = quasi.value.cooked.as_ref().map_or(quasi.value.raw.as_str(), |cooked| cooked.as_str());
            if !text.is_empty() {
                parts.push(Expr::Str(self.sym(text)));
            }
            if let Some(expression) = template.expressions.get(index) {
                parts.push(self.expr(expression));
            }
        }
        match parts.len() {
            0 => Expr::Str(self.sym("")),
            1 if matches!(parts.first(), Some(Expr::Str(_))) => parts.remove(0),
            _ => Expr::Concat(parts),
        }
    }

    /// `a + b + c` leans to the left as deep as it is long, so it is taken apart in a loop.
    fn sum(&mut self, expression: &Expression<'_>) -> Expr {
        let mut parts = Vec::new();
        let mut rest = expression.get_inner_expression();
        while let Expression::BinaryExpression(it) = rest {
            if it.operator != BinaryOperator::Addition {
                break;
            }
            parts.push(self.expr(&it.right));
            rest = it.left.get_inner_expression();
        }
        parts.push(self.expr(rest));
        parts.reverse();
        Expr::Concat(parts)
    }

    pub(super) fn key(&mut self, key: &PropertyKey<'_>) -> Option<Sym> {
        match key {
            PropertyKey::PrivateIdentifier(it) => Some(self.sym(&format!("#{}", it.name))),
            other => other.static_name().map(|name| self.sym(&name)),
        }
    }

    fn member(&mut self, member: &oxc_ast::ast::MemberExpression<'_>) -> Expr {
        use oxc_ast::ast::MemberExpression as M;
        match member {
            M::StaticMemberExpression(it) => Expr::Member(Box::new(self.expr(&it.object)), self.sym(&it.property.name)),
            M::PrivateFieldExpression(it) => {
                let name = format!("#{}", it.field.name);
                Expr::Member(Box::new(self.expr(&it.object)), self.sym(&name))
            }
            M::ComputedMemberExpression(it) => {
                let object = self.expr(&it.object);
                match it.expression.get_inner_expression() {
                    Expression::StringLiteral(name) => Expr::Member(Box::new(object), self.sym(&name.value)),
                    other => Expr::Index(Box::new(object), Box::new(self.expr(other))),
                }
            }
        }
    }

    fn args(&mut self, arguments: &[Argument<'_>]) -> Vec<Expr> {
        let lowered = arguments.iter().filter_map(|argument| match argument {
            Argument::SpreadElement(spread) => Some(Expr::Spread(Box::new(self.expr(&spread.argument)))),
            other => other.as_expression().map(|expression| self.expr(expression)),
        });
        lowered.collect()
    }

    fn call(&mut self, call: &oxc_ast::ast::CallExpression<'_>) -> Expr {
        let callee = call.callee.get_inner_expression();
        if callee.is_specific_id("require")
            && let Some(argument) = call.arguments.first().and_then(|argument| argument.as_expression())
        {
            return match argument.get_inner_expression() {
                Expression::StringLiteral(specifier) => Expr::Import(self.sym(&specifier.value)),
                other => match self.expr(other) {
                    Expr::Str(specifier) => Expr::Import(specifier),
                    computed => Expr::ImportOf(Box::new(computed)),
                },
            };
        }
        // A chained call begins lines above; the name of the method is where a reader looks.
        let start = match callee.as_member_expression() {
            Some(oxc_ast::ast::MemberExpression::StaticMemberExpression(member)) => member.property.span.start,
            _ => call.span.start,
        };
        let lists = callee
            .as_member_expression()
            .and_then(|member| member.static_property_name())
            .is_some_and(names::runs_for_each);
        let callee = self.expr(callee);
        let outer = self.listing;
        self.listing |= lists;
        let args = self.args(&call.arguments);
        self.listing = outer;
        let (line, quote) = self.spot(start);
        Expr::Call(Box::new(Call { callee, args, line, quote }))
    }

    fn spot(&mut self, offset: u32) -> (u32, Sym) {
        let line = self.lines.line(offset);
        let quote = self.lines.quote(line);
        (line, self.sym(quote))
    }

    fn target(&mut self, target: &AssignmentTarget<'_>) -> Option<Expr> {
        match target.as_simple_assignment_target()? {
            SimpleAssignmentTarget::AssignmentTargetIdentifier(it) => Some(Expr::Name(self.sym(&it.name))),
            other => other.as_member_expression().map(|member| self.member(member)),
        }
    }

    pub(super) fn function(&mut self, function: Function) -> Expr {
        self.module.functions.push(function);
        Expr::Function(self.module.functions.len() as u32 - 1)
    }

    pub(super) fn push_class(&mut self, class: Class) -> u32 {
        self.module.classes.push(class);
        self.module.classes.len() as u32 - 1
    }
}

/// Whether a condition may be decided where the values are known: it compares something, or asks for a part of a text.
pub(super) fn compares(test: &Expression<'_>, depth: u32) -> bool {
    depth < 20
        && match test.get_inner_expression() {
            Expression::BinaryExpression(it) => it.operator.is_equality(),
            Expression::LogicalExpression(it) => compares(&it.left, depth + 1) || compares(&it.right, depth + 1),
            Expression::UnaryExpression(it) => {
                it.operator == UnaryOperator::LogicalNot && compares(&it.argument, depth + 1)
            }
            Expression::CallExpression(it) => it
                .callee
                .as_member_expression()
                .and_then(|member| member.static_property_name())
                .is_some_and(|name| matches!(name, "startsWith" | "endsWith" | "includes")),
            _ => false,
        }
}
