//! Values of the abstract machine. Cheap to copy: everything large is shared.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::ir::Sym;

/// Where an unknown part of a path stands.
pub(super) const HOLE: &str = "{?}";

/// A value.
#[derive(Clone)]
pub(super) enum Value {
    /// Anything.
    Unknown,
    /// What a comparison came to.
    Bool(bool),
    /// A string, maybe with [`HOLE`]s.
    Str(Rc<str>),
    /// A regular expression with its slashes.
    Regex(Rc<str>),
    /// An array.
    Array(Rc<RefCell<Vec<Value>>>),
    /// An object, an instance, a module's exports.
    Object(Rc<Object>),
    /// A function.
    Function(Rc<Closure>),
    /// A class.
    Class(Rc<ClassRef>),
    /// An application or router.
    Router(usize),
    /// `router.route(paths)`.
    Chain(usize, Rc<[Rc<str>]>),
    /// A package, or a member of one: package, dotted member.
    Package(Rc<str>, Rc<str>),
    /// An HTTP server around an application.
    Server,
    /// What passport makes of a strategy, as the call reads: `passport.authorize('github')`.
    Strategy(Rc<str>),
}

/// An object with its properties in order.
#[derive(Default)]
pub(super) struct Object {
    pub(super) fields: RefCell<Fields>,
    pub(super) class: Option<Rc<ClassRef>>,
}

/// Properties in order of first setting.
#[derive(Default)]
pub(super) struct Fields {
    order: Vec<Rc<str>>,
    values: HashMap<Rc<str>, Value>,
}

impl Fields {
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    pub(super) fn set(&mut self, name: Rc<str>, value: Value) {
        if self.order.len() >= super::ELEMENTS {
            return;
        }
        if self.values.insert(name.clone(), value).is_none() {
            self.order.push(name);
        }
    }

    pub(super) fn keys(&self) -> &[Rc<str>] {
        &self.order
    }

    pub(super) fn pairs(&self) -> Vec<(Rc<str>, Value)> {
        let pair = |key: &Rc<str>| self.values.get(key).map(|value| (key.clone(), value.clone()));
        self.order.iter().filter_map(pair).collect()
    }
}

/// A function and where it was made.
pub(super) struct Closure {
    pub(super) module: usize,
    pub(super) function: u32,
    pub(super) scope: Rc<Scope>,
    /// Properties set on the function itself, such as `exports`.
    pub(super) fields: RefCell<Fields>,
}

/// A class and where it was made.
pub(super) struct ClassRef {
    pub(super) module: usize,
    pub(super) class: u32,
    pub(super) scope: Rc<Scope>,
    pub(super) parent: Option<Rc<ClassRef>>,
    pub(super) fields: RefCell<Fields>,
}

/// Names bound in a function or file.
pub(super) struct Scope {
    pub(super) names: RefCell<HashMap<Sym, Value>>,
    pub(super) parent: Option<Rc<Scope>>,
    pub(super) this: Option<Value>,
    /// The class whose method runs, for `super`.
    pub(super) class: Option<Rc<ClassRef>>,
}

impl Scope {
    pub(super) fn new(parent: Option<Rc<Scope>>, this: Option<Value>, class: Option<Rc<ClassRef>>) -> Rc<Self> {
        Rc::new(Self { names: RefCell::default(), parent, this, class })
    }

    pub(super) fn get(&self, name: Sym) -> Option<Value> {
        let mut scope = Some(self);
        while let Some(it) = scope {
            if let Some(value) = it.names.borrow().get(&name) {
                return Some(value.clone());
            }
            scope = it.parent.as_deref();
        }
        None
    }

    pub(super) fn bind(&self, name: Sym, value: Value) {
        self.names.borrow_mut().insert(name, value);
    }

    /// Sets a name where it is bound, or here.
    pub(super) fn assign(&self, name: Sym, value: Value) {
        let mut scope = Some(self);
        while let Some(it) = scope {
            if let Some(slot) = it.names.borrow_mut().get_mut(&name) {
                // `let router;` set on one branch and cleared on another stays known.
                if !matches!(value, Value::Unknown) {
                    *slot = value;
                }
                return;
            }
            scope = it.parent.as_deref();
        }
        self.bind(name, value);
    }

    pub(super) fn this(&self) -> Option<Value> {
        let mut scope = Some(self);
        while let Some(it) = scope {
            if let Some(this) = &it.this {
                return Some(this.clone());
            }
            scope = it.parent.as_deref();
        }
        None
    }

    pub(super) fn class(&self) -> Option<Rc<ClassRef>> {
        let mut scope = Some(self);
        while let Some(it) = scope {
            if let Some(class) = &it.class {
                return Some(class.clone());
            }
            scope = it.parent.as_deref();
        }
        None
    }
}

impl Value {
    pub(super) fn object() -> Self {
        Value::Object(Rc::new(Object::default()))
    }

    pub(super) fn str(text: &str) -> Self {
        Value::Str(Rc::from(text))
    }

    pub(super) fn array(values: Vec<Value>) -> Self {
        Value::Array(Rc::new(RefCell::new(values)))
    }

    pub(super) fn is_known(&self) -> bool {
        !matches!(self, Value::Unknown)
    }

    /// Whether a condition holds, where that is known.
    pub(super) fn holds(&self) -> Option<bool> {
        match self {
            Value::Bool(holds) => Some(*holds),
            Value::Str(text) if text.is_empty() => Some(false),
            _ => None,
        }
    }

    /// As part of a string.
    pub(super) fn as_text(&self) -> Rc<str> {
        match self {
            Value::Str(text) | Value::Regex(text) => text.clone(),
            _ => Rc::from(HOLE),
        }
    }
}
