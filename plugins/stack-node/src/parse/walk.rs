//! One walk over the small form, for everything that counts, collects or renumbers.

use crate::ir::{Call, Expr, Pattern, Stmt, Sym};

/// What a walk meets. Every method may change what it is given.
pub(super) trait Visitor {
    /// A text.
    fn sym(&mut self, _sym: &mut Sym) {}
    /// A name that is read.
    fn name(&mut self, sym: &mut Sym) {
        self.sym(sym);
    }
    /// The index of a function.
    fn function(&mut self, _index: &mut u32) {}
    /// The index of a class.
    fn class(&mut self, _index: &mut u32) {}
    /// Any expression, before its parts.
    fn expr(&mut self, _expr: &Expr) {}
}

pub(super) fn stmts(body: &mut [Stmt], visitor: &mut impl Visitor) {
    for statement in body {
        match statement {
            Stmt::Bind(bound, value) => {
                pattern(bound, visitor);
                expr(value, visitor);
            }
            Stmt::Expr(value) | Stmt::Return(value) => expr(value, visitor),
            Stmt::Each(bound, over, inner) | Stmt::Keys(bound, over, inner) => {
                pattern(bound, visitor);
                expr(over, visitor);
                stmts(inner, visitor);
            }
            Stmt::Export(name, value) => {
                visitor.sym(name);
                expr(value, visitor);
            }
            Stmt::ExportAll(source) => visitor.sym(source),
            Stmt::If(test, then, otherwise) => {
                expr(test, visitor);
                stmts(then, visitor);
                stmts(otherwise, visitor);
            }
            Stmt::Leave => {}
        }
    }
}

/// Every statement of a body and of the loops and branches in it.
pub(super) fn each<'b>(body: &'b [Stmt], visit: &mut impl FnMut(&'b Stmt)) {
    for statement in body {
        visit(statement);
        match statement {
            Stmt::Each(.., inner) | Stmt::Keys(.., inner) => each(inner, visit),
            Stmt::If(_, then, otherwise) => {
                each(then, visit);
                each(otherwise, visit);
            }
            _ => {}
        }
    }
}

pub(super) fn pattern(bound: &mut Pattern, visitor: &mut impl Visitor) {
    match bound {
        Pattern::Ignore => {}
        Pattern::Name(name) => visitor.sym(name),
        Pattern::Object(properties) => {
            for (key, inner) in properties {
                visitor.sym(key);
                pattern(inner, visitor);
            }
        }
        Pattern::Array(elements) => elements.iter_mut().for_each(|inner| pattern(inner, visitor)),
        Pattern::Default(inner, value) => {
            pattern(inner, visitor);
            expr(value, visitor);
        }
    }
}

fn call(it: &mut Call, visitor: &mut impl Visitor) {
    visitor.sym(&mut it.quote);
    expr(&mut it.callee, visitor);
    it.args.iter_mut().for_each(|arg| expr(arg, visitor));
}

pub(super) fn expr(it: &mut Expr, visitor: &mut impl Visitor) {
    visitor.expr(it);
    match it {
        Expr::Text(sym) | Expr::Str(sym) | Expr::Regex(sym) | Expr::Import(sym) => visitor.sym(sym),
        Expr::Name(sym) => visitor.name(sym),
        Expr::This | Expr::Super => {}
        Expr::Concat(parts) | Expr::Array(parts) | Expr::Any(parts) | Expr::All(parts) => {
            parts.iter_mut().for_each(|part| expr(part, visitor));
        }
        Expr::Object(properties) => {
            for (key, value) in properties {
                if let Some(key) = key {
                    visitor.sym(key);
                }
                expr(value, visitor);
            }
        }
        Expr::Spread(inner) | Expr::ImportOf(inner) | Expr::Not(inner) => expr(inner, visitor),
        Expr::Same(left, right) => {
            expr(left, visitor);
            expr(right, visitor);
        }
        Expr::Pick(test, then, otherwise) => [test, then, otherwise].into_iter().for_each(|part| expr(part, visitor)),
        Expr::Member(object, name) => {
            visitor.sym(name);
            expr(object, visitor);
        }
        Expr::Index(object, index) => {
            expr(object, visitor);
            expr(index, visitor);
        }
        Expr::Call(it) | Expr::New(it) => call(it, visitor),
        Expr::Function(index) => visitor.function(index),
        Expr::Class(index) => visitor.class(index),
        Expr::Assign(target, value) => {
            // A plain assignment does not read its target.
            match target.as_mut() {
                Expr::Name(sym) => visitor.sym(sym),
                other => expr(other, visitor),
            }
            expr(value, visitor);
        }
    }
}
