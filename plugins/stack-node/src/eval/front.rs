//! What stands in front of routes, followed through the names that it goes by.
//!
//! `const connect = passport.authorize('github')` guards nothing, whatever it is called, and a list under one name is what its
//! parts are. A name that is bound more than once in a file is taken as it is written.

use std::collections::HashMap;
use std::rc::Rc;

use super::Machine;
use super::render::render;
use super::value::Value;
use crate::ir::{Call, Expr, Module, Pattern, Stmt, Sym};
use crate::names::{self, InFront};

/// A middleware in front of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Front {
    /// As it is written there, without the arguments by which calls of one guard differ.
    pub(super) text: String,
    pub(super) kind: InFront,
    /// The name of the function that it is, which may be another one; empty for a function of a package.
    pub(super) name: String,
    /// The list through which it stands there.
    pub(super) list: Option<String>,
}

/// Where a name of a file gets its value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bound {
    /// The function whose body binds it; none for the file itself.
    function: Option<usize>,
    statement: usize,
    /// Which property of an object it is.
    property: Option<Sym>,
}

/// What a name stands for.
enum Meant {
    List(Vec<Expr>),
    Text(String),
}

impl Machine<'_> {
    /// What each of some arguments puts in front of a route; lists that are written out count part by part.
    pub(super) fn fronts(&mut self, at: usize, exprs: &[Expr], values: &[Value]) -> Vec<Vec<Front>> {
        let module = self.module(at);
        // With a spread argument the values no longer stand in the places of their expressions.
        let values = if exprs.len() == values.len() { values } else { &[] };
        let mut out = Vec::new();
        for (index, expr) in exprs.iter().enumerate() {
            self.front(&module, at, expr, values.get(index), &mut out);
        }
        out
    }

    fn front(&mut self, module: &Module, at: usize, expr: &Expr, value: Option<&Value>, out: &mut Vec<Vec<Front>>) {
        if let Expr::Array(parts) = expr {
            for (index, part) in parts.iter().enumerate() {
                self.front(module, at, part, element(value, parts.len(), index).as_ref(), out);
            }
            return;
        }
        let text = render(module, expr);
        let meant = match expr {
            Expr::Name(name) => self.meant(module, at, *name),
            _ => None,
        };
        if let Some(Meant::List(parts)) = &meant {
            let each = parts.iter().enumerate().filter_map(|(index, part)| {
                let mut front = of(module, part, element(value, parts.len(), index).as_ref(), None)?;
                front.list = Some(text.clone());
                Some(front)
            });
            return out.push(each.collect());
        }
        let meant = match meant {
            Some(Meant::Text(meant)) => Some(meant),
            _ => None,
        };
        out.push(of(module, expr, value, meant).into_iter().collect());
    }

    fn meant(&mut self, module: &Module, at: usize, name: Sym) -> Option<Meant> {
        let bindings = self.bindings.entry(at).or_insert_with(|| Rc::new(bindings(module))).clone();
        let bound = (*bindings.get(&name)?)?;
        let body = match bound.function {
            Some(function) => &module.functions.get(function)?.body,
            None => &module.body,
        };
        let Stmt::Bind(_, value) = body.get(bound.statement)? else { return None };
        if let Some(property) = bound.property {
            return Some(Meant::Text(module.text(property).to_owned()));
        }
        match value {
            Expr::Array(parts) => Some(Meant::List(parts.clone())),
            // A file is no function, whatever it is called.
            Expr::Member(_, name) if module.text(*name) == "default" => None,
            Expr::Call(call) if matches!(root(call), Expr::Import(_) | Expr::ImportOf(_)) => None,
            Expr::Member(..) | Expr::Name(_) | Expr::Call(_) => Some(Meant::Text(render(module, value))),
            _ => None,
        }
    }
}

/// The part of a list, where the list is known whole.
fn element(value: Option<&Value>, count: usize, index: usize) -> Option<Value> {
    match value {
        Some(Value::Array(values)) if values.borrow().len() == count => values.borrow().get(index).cloned(),
        _ => None,
    }
}

/// What the calls of a chain begin with.
fn root(call: &Call) -> &Expr {
    match &call.callee {
        Expr::Call(inner) => root(inner),
        other => other,
    }
}

fn of(module: &Module, expr: &Expr, value: Option<&Value>, meant: Option<String>) -> Option<Front> {
    let text = render(module, expr);
    let kind = match value {
        Some(Value::Strategy(call)) => {
            let kind = names::in_front(call)?;
            return Some(Front { text: guard_name(&text), kind, name: String::new(), list: None });
        }
        _ if lets_strangers_in(module, expr) => InFront::Loader,
        _ => meant.as_deref().and_then(names::in_front).or_else(|| names::in_front(&text))?,
    };
    let name = meant.unwrap_or_else(|| text.clone());
    Some(Front { text: guard_name(&text), kind, name, list: None })
}

/// `jwt({ credentialsRequired: false })` reads a token where there is one.
fn lets_strangers_in(module: &Module, expr: &Expr) -> bool {
    let Expr::Call(call) = expr else { return false };
    let open = |(key, value): &(Option<Sym>, Expr)| {
        key.is_some_and(|key| module.text(key) == "credentialsRequired")
            && matches!(value, Expr::Text(text) if module.text(*text) == "false")
    };
    call.args.iter().any(|arg| matches!(arg, Expr::Object(properties) if properties.iter().any(open)))
}

/// Calls of one guard with different arguments are one guard, except for strategies of passport.
fn guard_name(text: &str) -> String {
    match text.split_once('(') {
        Some((name, _)) if !name.is_empty() && !text.contains("passport") => name.to_owned(),
        _ => text.to_owned(),
    }
}

/// Names and where they are bound; nothing for one that is bound twice.
fn bindings(module: &Module) -> HashMap<Sym, Option<Bound>> {
    let mut found: HashMap<Sym, Option<Bound>> = HashMap::new();
    let mut add = |name: Sym, bound: Bound| {
        found.entry(name).and_modify(|known| *known = None).or_insert(Some(bound));
    };
    let bodies = module.functions.iter().enumerate().map(|(index, function)| (Some(index), &function.body));
    for (function, body) in bodies.chain([(None, &module.body)]) {
        for (statement, it) in body.iter().enumerate() {
            let Stmt::Bind(pattern, _) = it else { continue };
            match pattern {
                Pattern::Name(name) => add(*name, Bound { function, statement, property: None }),
                Pattern::Object(properties) => {
                    for (key, inner) in properties {
                        if let Pattern::Name(name) = inner {
                            add(*name, Bound { function, statement, property: Some(*key) });
                        }
                    }
                }
                _ => {}
            }
        }
    }
    found
}
