//! Calls: of functions, classes, packages and unknown things; and what is run although nothing calls it.

use std::rc::Rc;

use super::value::{ClassRef, Closure, HOLE, Object, Scope, Value};
use super::{CALLS, DEPTH, MAYBE_CALLS, MAYBE_DEPTH, Machine};
use crate::ir::{Call, Expr, Pattern, Wires};
use crate::names::{self, FACTORIES, Makes};

/// Passes over functions that nothing called.
const PASSES: usize = 4;

impl Machine<'_> {
    pub(super) fn args(&mut self, at: usize, scope: &Rc<Scope>, args: &[Expr]) -> Vec<Value> {
        let mut values = Vec::with_capacity(args.len());
        for arg in args {
            match arg {
                Expr::Spread(inner) => match self.eval(at, scope, inner) {
                    Value::Array(inner) => values.extend(inner.borrow().iter().cloned()),
                    other => values.push(other),
                },
                other => values.push(self.eval(at, scope, other)),
            }
        }
        values
    }

    pub(super) fn call_expr(&mut self, at: usize, scope: &Rc<Scope>, call: &Call) -> Value {
        let (receiver, name) = match &call.callee {
            Expr::Super => return self.super_call(at, scope, call),
            Expr::Member(object, name) => {
                let name = self.text(at, *name);
                if matches!(object.as_ref(), Expr::Super) {
                    let args = self.args(at, scope, &call.args);
                    let parent = scope.class().and_then(|class| class.parent.clone());
                    let this = scope.this().unwrap_or(Value::Unknown);
                    let method = parent.and_then(|parent| self.method(&this, &parent, &name));
                    return method.map_or(Value::Unknown, |method| self.call(&method, args, this));
                }
                (Some(self.eval(at, scope, object)), name)
            }
            Expr::Index(object, index) => {
                let receiver = self.eval(at, scope, object);
                match self.eval(at, scope, index) {
                    Value::Str(name) => (Some(receiver), name),
                    _ => (Some(receiver), Rc::from("")),
                }
            }
            _ => (None, Rc::from("")),
        };
        let Some(receiver) = receiver else {
            let callee = self.eval(at, scope, &call.callee);
            let args = self.args(at, scope, &call.args);
            return self.call_from(at, call, &callee, args, Value::Unknown);
        };
        let receiver = self.loose(at, call, receiver, &name);
        let args = self.args(at, scope, &call.args);
        if let Some(value) = self.router_method(at, call, &receiver, &name, &args) {
            return value;
        }
        let method = self.property(&receiver, &name);
        if let Value::Function(_) | Value::Class(_) = method {
            return self.call_from(at, call, &method, args, receiver);
        }
        if let Value::Package(..) = method {
            return self.call(&method, args, receiver);
        }
        self.builtin(&receiver, &name, args)
    }

    /// `app.get('/x', handler)` on a value that could not be followed still states a route.
    fn loose(&mut self, at: usize, call: &Call, receiver: Value, name: &str) -> Value {
        if receiver.is_known() || call.args.len() < 2 || !names::is_verb(name) {
            return receiver;
        }
        let Expr::Member(object, _) = &call.callee else { return receiver };
        let root = match object.as_ref() {
            Expr::Name(root) | Expr::Member(_, root) => self.text(at, *root),
            _ => return receiver,
        };
        let slash = match call.args.first() {
            Some(Expr::Str(path)) => self.text(at, *path).starts_with('/'),
            _ => false,
        };
        let handler = !matches!(call.args.last(), Some(Expr::Object(_) | Expr::Str(_) | Expr::Array(_)));
        if slash && handler { self.stand_in(at, &root).unwrap_or(receiver) } else { receiver }
    }

    /// A router for a name that goes by one, where the value is not known.
    fn stand_in(&mut self, _at: usize, name: &str) -> Option<Value> {
        if names::is_app_word(name) {
            let app = match self.loose_app {
                Some(app) => app,
                None => self.new_router(Makes::App),
            };
            self.loose_app = Some(app);
            return Some(Value::Router(app));
        }
        names::is_router_word(name).then(|| Value::Router(self.new_router(Makes::Router)))
    }

    /// A call written out: what it registers with paths that it was given stands here.
    fn call_from(&mut self, at: usize, call: &Call, callee: &Value, args: Vec<Value>, this: Value) -> Value {
        let Value::Function(closure) = callee else { return self.call(callee, args, this) };
        let module = self.module(closure.module);
        let sure = module.functions.get(closure.function as usize).is_some_and(|it| it.wires == Wires::Surely);
        if !sure {
            return self.call(callee, args, this);
        }
        let caller = self.caller(at, call);
        self.callers.push(caller);
        let value = self.call(callee, args, this);
        self.callers.pop();
        value
    }

    pub(super) fn call(&mut self, callee: &Value, args: Vec<Value>, this: Value) -> Value {
        match callee {
            Value::Function(closure) => self.call_closure(closure, &args, this),
            Value::Package(package, member) => self.call_package(&package.clone(), &member.clone(), args),
            Value::Object(object) => {
                // A namespace called as a function: the default export is meant.
                let default = object.fields.borrow().get("default").cloned();
                match default {
                    Some(default @ (Value::Function(_) | Value::Package(..))) => self.call(&default, args, this),
                    _ => self.call_unknown(&args),
                }
            }
            _ => self.call_unknown(&args),
        }
    }

    /// What an unknown function does with functions that it is given: it runs them.
    pub(super) fn call_unknown(&mut self, args: &[Value]) -> Value {
        for arg in args {
            self.run_callback(arg, &[]);
        }
        Value::Unknown
    }

    pub(super) fn run_callback(&mut self, callback: &Value, args: &[Value]) -> Value {
        match callback {
            Value::Function(closure) => self.call_closure(&closure.clone(), args, Value::Unknown),
            _ => Value::Unknown,
        }
    }

    pub(super) fn call_closure(&mut self, closure: &Rc<Closure>, args: &[Value], this: Value) -> Value {
        let module = self.module(closure.module);
        let Some(function) = module.functions.get(closure.function as usize) else { return Value::Unknown };
        if function.body.is_empty() || self.depth + 4 > DEPTH {
            return Value::Unknown;
        }
        let count = self.calls.entry((closure.module, closure.function)).or_insert(0);
        *count += 1;
        // What only calls others is followed a few steps from where files begin, and not again and again.
        let sure = function.wires == Wires::Surely;
        let pure = function.wires == Wires::No;
        if *count > if sure || pure { CALLS } else { MAYBE_CALLS } || (!sure && self.maybe >= MAYBE_DEPTH) {
            return Value::Unknown;
        }
        let outer = self.maybe;
        self.maybe = if sure { 0 } else { outer + 1 };
        let this = if function.arrow { None } else { Some(this) };
        let own = this.clone();
        let scope = Scope::new(Some(closure.scope.clone()), this, None);
        self.depth += 3;
        for (index, param) in function.params.iter().enumerate() {
            let value = if param.rest {
                self.array(args.get(index..).unwrap_or_default().to_vec())
            } else {
                args.get(index).cloned().unwrap_or(Value::Unknown)
            };
            if param.field
                && let (Some(own), Pattern::Name(name)) = (&own, bare(&param.pattern))
            {
                let name = self.text(closure.module, *name);
                self.set(own, name, value.clone());
            }
            self.bind(closure.module, &scope, &param.pattern, value);
        }
        let mut result = None;
        self.exec(closure.module, &scope, &function.body, &mut result);
        self.depth -= 3;
        self.maybe = outer;
        result.unwrap_or(Value::Unknown)
    }

    fn call_package(&mut self, package: &str, member: &str, args: Vec<Value>) -> Value {
        if let (Some(bound), 0..=1) = (member.strip_suffix(".bind"), args.len()) {
            return Value::Package(Rc::from(package), Rc::from(bound));
        }
        if let Some((.., makes)) = FACTORIES.iter().find(|(name, at, _)| *name == package && *at == member) {
            let router = self.new_router(*makes);
            if let Some(options) = args.first()
                && let Value::Str(prefix) = self.property(options, "prefix")
                && let Some(router) = self.routers.get_mut(router)
            {
                router.prefix = prefix;
            }
            return Value::Router(router);
        }
        let first_router = args.iter().find_map(|arg| match arg {
            Value::Router(router) => Some(*router),
            _ => None,
        });
        match (package, member, first_router) {
            ("http" | "https" | "http2" | "spdy" | "http-shutdown", _, Some(_)) => Value::Server,
            ("@awaitjs/express" | "express-async-handler" | "express-oas-generator", _, Some(router)) => {
                Value::Router(router)
            }
            ("express-ws", "", Some(router)) => {
                let object = Value::object();
                self.set(&object, Rc::from("app"), Value::Router(router));
                object
            }
            ("path" | "fs" | "fs/promises" | "global", ..) => self.platform(package, member, args),
            ("passport" | "koa-passport", "authenticate" | "authorize", _) => {
                let made = strategy(member, &args);
                self.call_unknown(&args);
                made
            }
            _ => self.call_unknown(&args),
        }
    }

    pub(super) fn new_expr(&mut self, at: usize, scope: &Rc<Scope>, call: &Call) -> Value {
        let callee = self.eval(at, scope, &call.callee);
        let args = self.args(at, scope, &call.args);
        match self.undefault(&callee) {
            Value::Class(class) => self.instance(&class, &args),
            Value::Package(package, member) => self.call_package(&package, &member, args),
            Value::Function(closure) => {
                let this = Value::object();
                let made = self.call_closure(&closure, &args, this.clone());
                if made.is_known() { made } else { this }
            }
            _ => self.call_unknown(&args),
        }
    }

    /// The default export of a namespace, any other value as it is.
    pub(super) fn undefault(&mut self, value: &Value) -> Value {
        match value {
            Value::Object(object) if object.class.is_none() => {
                object.fields.borrow().get("default").cloned().unwrap_or_else(|| value.clone())
            }
            other => other.clone(),
        }
    }

    pub(super) fn instance(&mut self, class: &Rc<ClassRef>, args: &[Value]) -> Value {
        let this = Value::Object(Rc::new(Object { fields: Default::default(), class: Some(class.clone()) }));
        self.seen_classes.insert((class.module, class.class), true);
        self.construct(class, args, &this, 0);
        this
    }

    fn construct(&mut self, class: &Rc<ClassRef>, args: &[Value], this: &Value, height: u32) {
        let module = self.module(class.module);
        let Some(lowered) = module.classes.get(class.class as usize) else { return };
        if height > 8 || self.depth + 4 > DEPTH {
            return;
        }
        self.seen_classes.insert((class.module, class.class), true);
        if lowered.constructor.is_none()
            && let Some(parent) = &class.parent
        {
            self.construct(parent, args, this, height + 1);
        }
        let scope = Scope::new(Some(class.scope.clone()), Some(this.clone()), Some(class.clone()));
        for (name, value, _) in lowered.fields.iter().filter(|(.., fixed)| !*fixed) {
            let value = self.eval(class.module, &scope, value);
            let name = self.text(class.module, *name);
            self.set(this, name, value);
        }
        if let Some(constructor) = lowered.constructor {
            let closure =
                Rc::new(Closure { module: class.module, function: constructor, scope, fields: Default::default() });
            self.call_closure(&closure, args, this.clone());
        }
    }

    fn super_call(&mut self, at: usize, scope: &Rc<Scope>, call: &Call) -> Value {
        let args = self.args(at, scope, &call.args);
        if let (Some(class), Some(this)) = (scope.class(), scope.this())
            && let Some(parent) = class.parent.clone()
        {
            self.construct(&parent, &args, &this, 1);
        }
        Value::Unknown
    }

    /// A method or getter of a class or of what it extends.
    pub(super) fn method(&mut self, this: &Value, class: &Rc<ClassRef>, name: &str) -> Option<Value> {
        let mut class = Some(class.clone());
        for _ in 0..8 {
            let current = class?;
            let module = self.module(current.module);
            let lowered = module.classes.get(current.class as usize)?;
            for method in lowered.methods.iter().filter(|method| !method.fixed) {
                if self.text(current.module, method.name).as_ref() != name {
                    continue;
                }
                let scope = Scope::new(Some(current.scope.clone()), Some(this.clone()), Some(current.clone()));
                let value = self.closure(current.module, &scope, method.function);
                if !method.getter {
                    return Some(value);
                }
                return Some(self.call(&value, Vec::new(), this.clone()));
            }
            class = current.parent.clone();
        }
        None
    }

    /// Runs what wires but was never called: exported functions that take an application, classes that nothing makes.
    pub(super) fn run_uncalled(&mut self) {
        for _ in 0..PASSES {
            let closures: Vec<_> = self.closures.clone();
            let mut ran = false;
            for closure in closures {
                if self.calls.get(&(closure.module, closure.function)).is_some_and(|count| *count > 0) {
                    continue;
                }
                ran = true;
                let module = self.module(closure.module);
                let Some(function) = module.functions.get(closure.function as usize) else { continue };
                let patterns: Vec<_> = function.params.iter().map(|param| param.pattern.clone()).collect();
                let args: Vec<_> = patterns.iter().map(|pattern| self.stand_in_for(closure.module, pattern)).collect();
                let this = closure.scope.this().unwrap_or(Value::Unknown);
                self.call_closure(&closure, &args, this);
            }
            for class in self.classes.clone() {
                if self.seen_classes.get(&(class.module, class.class)).copied().unwrap_or(true)
                    || self.is_test(class.module)
                {
                    continue;
                }
                ran = true;
                self.run_class(&class);
            }
            if !ran || self.fuel == 0 {
                return;
            }
        }
    }

    pub(super) fn is_test(&self, at: usize) -> bool {
        self.modules.get(at).is_some_and(|loaded| loaded.test)
    }

    fn run_class(&mut self, class: &Rc<ClassRef>) {
        let module = self.module(class.module);
        let Some(lowered) = module.classes.get(class.class as usize) else { return };
        let patterns: Vec<_> = lowered
            .constructor
            .and_then(|index| module.functions.get(index as usize))
            .map(|function| function.params.iter().map(|param| param.pattern.clone()).collect())
            .unwrap_or_default();
        let args: Vec<_> = patterns.iter().map(|pattern| self.stand_in_for(class.module, pattern)).collect();
        let this = self.instance(class, &args);
        for method in lowered.methods.iter().filter(|method| !method.fixed && !method.getter) {
            let wires =
                module.functions.get(method.function as usize).is_some_and(|function| function.wires == Wires::Surely);
            if wires && self.calls.get(&(class.module, method.function)).is_none_or(|count| *count == 0) {
                let name = self.text(class.module, method.name);
                // The closure is remembered and run in the next pass, with stand-ins for its parameters.
                self.method(&this, class, &name);
            }
        }
    }

    fn stand_in_for(&mut self, at: usize, pattern: &Pattern) -> Value {
        match pattern {
            Pattern::Name(name) => {
                let name = self.text(at, *name);
                if name.as_ref() == "express" {
                    return Value::Package(Rc::from("express"), Rc::from(""));
                }
                self.stand_in(at, &name).unwrap_or(Value::Unknown)
            }
            Pattern::Object(properties) => {
                let object = Value::object();
                for (key, inner) in properties {
                    let value = self.stand_in_for(at, inner);
                    if value.is_known() {
                        let key = self.text(at, *key);
                        self.set(&object, key, value);
                    }
                }
                object
            }
            Pattern::Default(inner, _) => self.stand_in_for(at, inner),
            _ => Value::Unknown,
        }
    }
}

/// What passport is asked to do; unknown where the strategy is.
fn strategy(member: &str, args: &[Value]) -> Value {
    let named = |value: &Value| match value {
        Value::Str(name) if !name.contains(HOLE) => Some(format!("'{name}'")),
        _ => None,
    };
    let text = match args.first() {
        Some(Value::Array(names)) => {
            let names: Option<Vec<String>> = names.borrow().iter().take(8).map(named).collect();
            names.map(|names| format!("[{}]", names.join(", ")))
        }
        Some(name) => named(name),
        None => None,
    };
    text.map_or(Value::Unknown, |text| Value::Strategy(Rc::from(format!("passport.{member}({text})"))))
}

fn bare(pattern: &Pattern) -> &Pattern {
    match pattern {
        Pattern::Default(inner, _) => bare(inner),
        other => other,
    }
}
