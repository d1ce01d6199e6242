//! Statements and expressions.

use std::rc::Rc;

use super::value::{ClassRef, Closure, Fields, HOLE, Scope, Value};
use super::{DEPTH, ELEMENTS, LOAD_DEPTH, Machine, PROJECT};
use crate::ir::{Expr, Module, Pattern, Stmt, Sym, Wires};
use crate::names;

/// The longest string that is built.
const STRING: usize = 2_000;

impl Machine<'_> {
    /// Runs a file once and answers its exports; a file that is running answers what it has exported so far.
    pub(super) fn load(&mut self, index: usize) -> Value {
        let late = self.depth > LOAD_DEPTH;
        let Some(loaded) = self.modules.get_mut(index) else { return Value::Unknown };
        if !loaded.started && !late {
            loaded.started = true;
            let scope = Scope::new(None, Some(loaded.exports.clone()), None);
            loaded.scope = Some(scope.clone());
            let module = loaded.module.clone();
            let outer = std::mem::take(&mut self.picking);
            self.exec(index, &scope, &module.body, &mut None);
            self.picking = outer;
        }
        self.modules.get(index).map_or(Value::Unknown, |loaded| loaded.exports.clone())
    }

    /// Files in an order in which what a file needs comes before it, as far as there is one. Found in a loop, because
    /// chains of files can be longer than any stack.
    pub(super) fn order(&self) -> Vec<usize> {
        let needs = |index: usize| -> Vec<usize> {
            let Some(loaded) = self.modules.get(index) else { return Vec::new() };
            let resolve = |source: &Rc<str>| self.files.resolve(&loaded.path, source);
            let found = |path: String| self.by_path.get(path.as_str()).copied();
            // Any text may be a specifier; most are dismissed at their first letter.
            loaded
                .module
                .strings
                .iter()
                .filter(|text| !names::is_package(text))
                .filter_map(resolve)
                .filter_map(found)
                .collect()
        };
        let mut order = Vec::new();
        let mut seen = vec![false; self.modules.len()];
        for root in 0..self.modules.len() {
            let mut stack = vec![(root, None::<std::vec::IntoIter<usize>>)];
            while let Some((index, rest)) = stack.last_mut() {
                let rest = match rest {
                    Some(rest) => rest,
                    None => {
                        let test = self.modules.get(*index).is_none_or(|loaded| loaded.test);
                        if test || seen.get(*index).copied().unwrap_or(true) {
                            stack.pop();
                            continue;
                        }
                        if let Some(seen) = seen.get_mut(*index) {
                            *seen = true;
                        }
                        rest.insert(needs(*index).into_iter())
                    }
                };
                match rest.next() {
                    Some(next) => stack.push((next, None)),
                    None => {
                        order.push(*index);
                        stack.pop();
                    }
                }
            }
        }
        order
    }

    /// An array, as long as there is room for it.
    pub(super) fn array(&mut self, values: Vec<Value>) -> Value {
        self.fuel = self.fuel.saturating_sub(values.len() as u64 / 4);
        self.cells = self.cells.saturating_sub(1 + values.len());
        if self.cells == 0 { Value::Unknown } else { Value::array(values) }
    }

    fn spend(&mut self) -> bool {
        self.fuel = self.fuel.saturating_sub(1);
        self.fuel > 0
    }

    pub(super) fn text(&self, at: usize, sym: Sym) -> Rc<str> {
        self.modules
            .get(at)
            .and_then(|loaded| loaded.module.strings.get(sym as usize).cloned())
            .unwrap_or_else(|| Rc::from(""))
    }

    pub(super) fn module(&self, at: usize) -> Rc<Module> {
        self.modules.get(at).map(|loaded| loaded.module.clone()).unwrap_or_default()
    }

    /// Answers whether a decided branch left what it stands in.
    pub(super) fn exec(&mut self, at: usize, scope: &Rc<Scope>, body: &[Stmt], result: &mut Option<Value>) -> bool {
        for statement in body {
            if !self.spend() || self.depth > DEPTH {
                return false;
            }
            self.depth += 1;
            let left = self.statement(at, scope, statement, result);
            self.depth -= 1;
            if left {
                return true;
            }
        }
        false
    }

    fn statement(&mut self, at: usize, scope: &Rc<Scope>, statement: &Stmt, result: &mut Option<Value>) -> bool {
        match statement {
            Stmt::Bind(pattern, value) => {
                let value = self.eval(at, scope, value);
                self.bind(at, scope, pattern, value);
            }
            Stmt::Expr(value) => {
                self.eval(at, scope, value);
            }
            Stmt::Return(value) => {
                let value = self.eval(at, scope, value);
                *result = Some(match (result.take(), value) {
                    // Of several answers to a question none is the answer.
                    (Some(Value::Unknown | Value::Bool(_)), Value::Bool(_)) => Value::Unknown,
                    (None | Some(Value::Unknown | Value::Bool(_)), value) => value,
                    (Some(first), _) => first,
                });
            }
            Stmt::Each(pattern, over, inner) => {
                let over = self.eval(at, scope, over);
                let outer = std::mem::replace(&mut self.picking, over.is_known());
                for value in self.elements(&over) {
                    self.bind(at, scope, pattern, value);
                    self.exec(at, scope, inner, result);
                    if self.fuel == 0 {
                        break;
                    }
                }
                self.picking = outer;
            }
            Stmt::Keys(pattern, over, inner) => {
                let over = self.eval(at, scope, over);
                let outer = std::mem::replace(&mut self.picking, over.is_known());
                for key in self.keys(&over) {
                    self.bind(at, scope, pattern, Value::Str(key));
                    self.exec(at, scope, inner, result);
                    if self.fuel == 0 {
                        break;
                    }
                }
                self.picking = outer;
            }
            Stmt::Export(name, value) => {
                let value = self.eval(at, scope, value);
                let name = self.text(at, *name);
                if let Some(Value::Object(exports)) = self.modules.get(at).map(|loaded| loaded.exports.clone()) {
                    exports.fields.borrow_mut().set(name, value);
                }
            }
            Stmt::ExportAll(source) => {
                let source = self.text(at, *source);
                let from = self.import(at, &source);
                if let (Value::Object(from), Some(Value::Object(exports))) =
                    (from, self.modules.get(at).map(|loaded| loaded.exports.clone()))
                {
                    let pairs = from.fields.borrow().pairs();
                    for (key, value) in pairs.into_iter().filter(|(key, _)| key.as_ref() != "default") {
                        exports.fields.borrow_mut().set(key, value);
                    }
                }
            }
            Stmt::If(test, then, otherwise) => return self.branch(at, scope, test, [then, otherwise], result),
            Stmt::Leave => return true,
        }
        false
    }

    /// Values that a loop runs over; one unknown where the list is not known, so that its body is seen.
    pub(super) fn elements(&self, over: &Value) -> Vec<Value> {
        match over {
            Value::Array(values) => values.borrow().clone(),
            Value::Object(object) => {
                let pairs = object.fields.borrow().pairs();
                pairs.into_iter().map(|(_, value)| value).collect()
            }
            _ => vec![Value::Unknown],
        }
    }

    fn keys(&self, over: &Value) -> Vec<Rc<str>> {
        match over {
            Value::Array(values) => (0..values.borrow().len()).map(|index| Rc::from(index.to_string())).collect(),
            Value::Object(object) => object.fields.borrow().keys().to_vec(),
            _ => vec![Rc::from(HOLE)],
        }
    }

    pub(super) fn bind(&mut self, at: usize, scope: &Rc<Scope>, pattern: &Pattern, value: Value) {
        match pattern {
            Pattern::Ignore => {}
            Pattern::Name(name) => scope.bind(*name, value),
            Pattern::Object(properties) => {
                for (key, inner) in properties {
                    let key = self.text(at, *key);
                    let value = self.property(&value, &key);
                    self.bind(at, scope, inner, value);
                }
            }
            Pattern::Array(elements) => {
                for (index, inner) in elements.iter().enumerate() {
                    let value = self.property(&value, &index.to_string());
                    self.bind(at, scope, inner, value);
                }
            }
            Pattern::Default(inner, default) => {
                let value = if value.is_known() { value } else { self.eval(at, scope, default) };
                self.bind(at, scope, inner, value);
            }
        }
    }

    pub(super) fn eval(&mut self, at: usize, scope: &Rc<Scope>, expr: &Expr) -> Value {
        if self.depth > DEPTH || !self.spend() {
            return Value::Unknown;
        }
        self.depth += 1;
        let value = self.eval_inner(at, scope, expr);
        self.depth -= 1;
        value
    }

    fn eval_inner(&mut self, at: usize, scope: &Rc<Scope>, expr: &Expr) -> Value {
        match expr {
            Expr::Text(text) if self.picking => match self.text(at, *text).as_ref() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                _ => Value::Unknown,
            },
            Expr::Text(_) | Expr::Super => Value::Unknown,
            Expr::Str(text) => Value::Str(self.text(at, *text)),
            Expr::Regex(text) => Value::Regex(self.text(at, *text)),
            Expr::Concat(parts) => {
                let mut text = String::new();
                for part in parts {
                    let value = self.eval(at, scope, part);
                    if text.len() < STRING {
                        text.push_str(&value.as_text());
                    }
                }
                self.cells = self.cells.saturating_sub(text.len() / 16);
                if self.cells == 0 { Value::Unknown } else { Value::str(&text) }
            }
            Expr::Array(elements) => {
                let mut values = Vec::new();
                for element in elements {
                    match element {
                        Expr::Spread(inner) => match self.eval(at, scope, inner) {
                            Value::Array(inner) => values.extend(inner.borrow().iter().take(ELEMENTS).cloned()),
                            other => values.push(other),
                        },
                        other => values.push(self.eval(at, scope, other)),
                    }
                    if values.len() > ELEMENTS {
                        break;
                    }
                }
                self.array(values)
            }
            Expr::Spread(inner) => self.eval(at, scope, inner),
            Expr::Object(properties) => {
                let object = super::value::Object::default();
                for (key, value) in properties {
                    let value = self.eval(at, scope, value);
                    self.cells = self.cells.saturating_sub(4);
                    if self.cells == 0 {
                        return Value::Unknown;
                    }
                    match key {
                        Some(key) => object.fields.borrow_mut().set(self.text(at, *key), value),
                        None => {
                            if let Value::Object(from) = value {
                                let pairs = from.fields.borrow().pairs();
                                self.cells = self.cells.saturating_sub(4 * pairs.len());
                                let mut fields = object.fields.borrow_mut();
                                pairs.into_iter().for_each(|(key, value)| fields.set(key, value));
                            }
                        }
                    }
                }
                Value::Object(Rc::new(object))
            }
            Expr::Name(name) => self.name(at, scope, *name),
            Expr::This => scope.this().unwrap_or(Value::Unknown),
            Expr::Member(object, name) => {
                let name = self.text(at, *name);
                if self.is_module_exports(at, scope, object, &name) {
                    return self.modules.get(at).map_or(Value::Unknown, |loaded| loaded.exports.clone());
                }
                let value = self.eval(at, scope, object);
                self.property(&value, &name)
            }
            Expr::Index(object, index) => {
                let value = self.eval(at, scope, object);
                match self.eval(at, scope, index) {
                    Value::Str(name) => self.property(&value, &name),
                    _ => Value::Unknown,
                }
            }
            Expr::Call(call) => self.call_expr(at, scope, call),
            Expr::New(call) => self.new_expr(at, scope, call),
            Expr::Import(source) => {
                let source = self.text(at, *source);
                self.import(at, &source)
            }
            Expr::ImportOf(source) => match self.eval(at, scope, source) {
                Value::Str(source) => self.import(at, &source),
                _ => Value::Unknown,
            },
            Expr::Function(index) => self.closure(at, scope, *index),
            Expr::Class(index) => self.class(at, scope, *index),
            Expr::Any(_) | Expr::All(_) | Expr::Same(..) | Expr::Not(_) | Expr::Pick(..) => {
                self.decide(at, scope, expr)
            }
            Expr::Assign(target, value) => {
                let value = self.eval(at, scope, value);
                self.assign(at, scope, target, value.clone());
                value
            }
        }
    }

    fn name(&mut self, at: usize, scope: &Rc<Scope>, name: Sym) -> Value {
        if let Some(value) = scope.get(name) {
            return value;
        }
        let text = self.text(at, name);
        let Some(loaded) = self.modules.get(at) else { return Value::Unknown };
        match text.as_ref() {
            "exports" => loaded.exports.clone(),
            "__dirname" => {
                let parent = loaded.path.rsplit_once('/').map_or("", |(parent, _)| parent);
                Value::str(&format!("{PROJECT}{parent}"))
            }
            "__filename" => Value::str(&format!("{PROJECT}{}", loaded.path)),
            "Object" | "Promise" | "process" | "Array" | "Reflect" | "Map" | "Set" => {
                Value::Package(Rc::from("global"), text)
            }
            _ => Value::Unknown,
        }
    }

    fn is_module_exports(&self, at: usize, scope: &Rc<Scope>, object: &Expr, name: &str) -> bool {
        name == "exports"
            && matches!(object, Expr::Name(sym) if self.text(at, *sym).as_ref() == "module" && scope.get(*sym).is_none())
    }

    fn assign(&mut self, at: usize, scope: &Rc<Scope>, target: &Expr, value: Value) {
        match target {
            Expr::Name(name) => scope.assign(*name, value),
            Expr::Member(object, name) => {
                let name = self.text(at, *name);
                if self.is_module_exports(at, scope, object, &name) {
                    if let Some(loaded) = self.modules.get_mut(at) {
                        loaded.exports = value;
                    }
                    return;
                }
                let object = self.eval(at, scope, object);
                self.set(&object, name, value);
            }
            Expr::Index(object, index) => {
                let object = self.eval(at, scope, object);
                if let Value::Str(name) = self.eval(at, scope, index) {
                    self.set(&object, name, value);
                }
            }
            _ => {}
        }
    }

    pub(super) fn set(&mut self, object: &Value, name: Rc<str>, value: Value) {
        match object {
            Value::Object(object) => object.fields.borrow_mut().set(name, value),
            Value::Function(closure) => closure.fields.borrow_mut().set(name, value),
            Value::Class(class) => class.fields.borrow_mut().set(name, value),
            Value::Router(router) => {
                if let Some(router) = self.routers.get_mut(*router) {
                    router.fields.set(name, value);
                }
            }
            Value::Array(values) => {
                if let Ok(index) = name.parse::<usize>()
                    && let Some(slot) = values.borrow_mut().get_mut(index)
                {
                    *slot = value;
                }
            }
            _ => {}
        }
    }

    /// Reads a property.
    pub(super) fn property(&mut self, value: &Value, name: &str) -> Value {
        let found = match value {
            Value::Object(object) => {
                let field = object.fields.borrow().get(name).cloned();
                match (field, &object.class) {
                    (Some(field), _) => Some(field),
                    (None, Some(class)) => self.method(value, &class.clone(), name),
                    (None, None) => None,
                }
            }
            Value::Array(values) => match name.parse::<usize>() {
                Ok(index) => values.borrow().get(index).cloned(),
                Err(_) => None,
            },
            Value::Function(closure) => closure.fields.borrow().get(name).cloned(),
            Value::Class(class) => class.fields.borrow().get(name).cloned(),
            Value::Router(router) => self.routers.get(*router).and_then(|router| router.fields.get(name).cloned()),
            Value::Package(package, member) => Some(match (name, member.as_ref()) {
                ("default", _) => value.clone(),
                // What the environment says is not known here.
                ("env" | "argv" | "platform", "process") if package.as_ref() == "global" => Value::Unknown,
                (_, "") => Value::Package(package.clone(), Rc::from(name)),
                (_, member) if member.len() < 200 => {
                    Value::Package(package.clone(), Rc::from(format!("{member}.{name}")))
                }
                _ => Value::Unknown,
            }),
            _ => None,
        };
        match found {
            Some(found) => found,
            // A file that exports one value is its own default.
            None if name == "default" => value.clone(),
            None => Value::Unknown,
        }
    }

    fn import(&mut self, at: usize, source: &str) -> Value {
        let from = self.modules.get(at).map(|loaded| loaded.path.clone()).unwrap_or_else(|| Rc::from(""));
        let resolved = match source.strip_prefix(PROJECT) {
            Some(path) => self.files.file(path),
            None => self.files.resolve(&from, source),
        };
        if let Some(path) = resolved {
            return match self.by_path.get(path.as_str()).copied() {
                Some(index) => self.load(index),
                None => Value::Unknown,
            };
        }
        if names::is_package(source) && !source.starts_with(PROJECT) {
            let name = source.strip_prefix("node:").unwrap_or(source);
            return Value::Package(Rc::from(name), Rc::from(""));
        }
        Value::Unknown
    }

    pub(super) fn closure(&mut self, at: usize, scope: &Rc<Scope>, index: u32) -> Value {
        let closure =
            Rc::new(Closure { module: at, function: index, scope: scope.clone(), fields: Default::default() });
        let module = self.module(at);
        if module.functions.get(index as usize).is_some_and(|function| function.wires == Wires::Surely)
            && self.closures.len() < ELEMENTS
            && !self.calls.contains_key(&(at, index))
        {
            self.calls.insert((at, index), 0);
            self.closures.push(closure.clone());
        }
        Value::Function(closure)
    }

    pub(super) fn class(&mut self, at: usize, scope: &Rc<Scope>, index: u32) -> Value {
        let module = self.module(at);
        let Some(lowered) = module.classes.get(index as usize) else { return Value::Unknown };
        let parent = match &lowered.parent {
            Some(parent) => match self.eval(at, scope, parent) {
                Value::Class(parent) => Some(parent),
                _ => None,
            },
            None => None,
        };
        let class = Rc::new(ClassRef {
            module: at,
            class: index,
            scope: scope.clone(),
            parent,
            fields: std::cell::RefCell::new(Fields::default()),
        });
        let inner = Scope::new(Some(scope.clone()), Some(Value::Class(class.clone())), Some(class.clone()));
        for (name, value, _) in lowered.fields.iter().filter(|(.., fixed)| *fixed) {
            let value = self.eval(at, &inner, value);
            class.fields.borrow_mut().set(self.text(at, *name), value);
        }
        for method in lowered.methods.iter().filter(|method| method.fixed) {
            let value = self.closure(at, &inner, method.function);
            class.fields.borrow_mut().set(self.text(at, method.name), value);
        }
        if self.classes.len() < ELEMENTS && !self.seen_classes.contains_key(&(at, index)) {
            self.seen_classes.insert((at, index), false);
            self.classes.push(class.clone());
        }
        Value::Class(class)
    }
}
