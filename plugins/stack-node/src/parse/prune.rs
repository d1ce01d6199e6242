//! Drops what cannot wire routers together. A summary is read again at every link, so what is dropped here is saved there;
//! what is kept needlessly costs a few bytes, what is dropped wrongly costs a route: in doubt it stays.

use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;

use super::walk::{self, Visitor};
use crate::ir::{Call, Class, Expr, Function, Module, Pattern, Stmt, Sym, Wires};
use crate::names;

/// A function without wiring is kept when it is as small as this: it may compute a prefix.
const SMALL: usize = 40;
/// A function that only calls others is kept when it is as small as this.
const CALLER: usize = 160;

/// Prunes a module in place.
pub(super) fn prune(module: &mut Module) {
    let known = wired_names(module);
    // Inner functions come before the functions that hold them.
    for index in 0..module.functions.len() {
        let Some(mut function) = module.functions.get_mut(index).map(std::mem::take) else { continue };
        if is_handler(module, &function) {
            function.body.clear();
        }
        let mut body = std::mem::take(&mut function.body);
        let wires = filter(module, &known, &mut body);
        function.wires = wires;
        let most = match wires {
            Wires::No => SMALL,
            Wires::Maybe => CALLER,
            Wires::Surely => usize::MAX,
        };
        if size(&mut body) <= most {
            function.body = body;
        } else {
            function.wires = Wires::No;
        }
        if let Some(slot) = module.functions.get_mut(index) {
            *slot = function;
        }
    }
    spread(module);
    let mut body = std::mem::take(&mut module.body);
    let top = filter(module, &known, &mut body);
    module.wires = top == Wires::Surely || module.functions.iter().any(|it| it.wires == Wires::Surely);
    drop_empty_functions(module, &mut body);
    module.body = body;
    for _ in 0..4 {
        if !drop_unread(module, &known) {
            break;
        }
    }
    compact(module);
}

/// Names that stand for functions, classes or other modules: calling one may wire.
fn wired_names(module: &Module) -> HashSet<Sym> {
    fn of_pattern(pattern: &Pattern, out: &mut HashSet<Sym>) {
        match pattern {
            Pattern::Name(name) => {
                out.insert(*name);
            }
            Pattern::Object(properties) => properties.iter().for_each(|(_, inner)| of_pattern(inner, out)),
            Pattern::Array(elements) => elements.iter().for_each(|inner| of_pattern(inner, out)),
            Pattern::Default(inner, _) => of_pattern(inner, out),
            Pattern::Ignore => {}
        }
    }
    fn imports(module: &Module, value: &Expr) -> bool {
        match value {
            Expr::Import(source) => {
                let source = module.text(*source);
                !names::is_package(source) || names::makes_routers(source)
            }
            Expr::ImportOf(_) => true,
            Expr::Member(object, _) => imports(module, object),
            Expr::Call(call) => imports(module, &call.callee),
            Expr::Function(_) | Expr::Class(_) => true,
            _ => false,
        }
    }
    let mut known = HashSet::new();
    let bodies = module.functions.iter().map(|function| &function.body).chain([&module.body]);
    for body in bodies {
        walk::each(body, &mut |statement| {
            if let Stmt::Bind(pattern, value) = statement
                && imports(module, value)
            {
                of_pattern(pattern, &mut known);
            }
        });
    }
    known
}

/// `(req, res) => …` and its kin handle requests; they do not wire.
fn is_handler(module: &Module, function: &Function) -> bool {
    let name = |index: usize| match function.params.get(index).map(|param| &param.pattern) {
        Some(Pattern::Name(name)) => module.text(*name).trim_start_matches('_'),
        _ => "",
    };
    let request = |text: &str| matches!(text, "req" | "request" | "ctx" | "context");
    let response = |text: &str| matches!(text, "res" | "response" | "resp" | "reply" | "next" | "h");
    (request(name(0)) && (function.params.len() == 1 || response(name(1))))
        || (response(name(1)) && name(0).is_empty())
        || (request(name(1)) && response(name(2)))
}

struct Count(usize);

impl Visitor for Count {
    fn expr(&mut self, _: &Expr) {
        self.0 += 1;
    }
    fn function(&mut self, _: &mut u32) {
        self.0 += SMALL;
    }
}

fn size(body: &mut [Stmt]) -> usize {
    let mut count = Count(0);
    walk::stmts(body, &mut count);
    count.0
}

/// Keeps what may matter; answers how much it wires.
fn filter(module: &Module, known: &HashSet<Sym>, body: &mut Vec<Stmt>) -> Wires {
    let mut wires = Wires::No;
    body.retain_mut(|statement| {
        let (seed, keep) = match statement {
            Stmt::Expr(value) => {
                let seed = seeds(module, known, value);
                (seed, seed > Wires::No || matches!(value, Expr::Assign(..)))
            }
            Stmt::Bind(_, value) | Stmt::Return(value) | Stmt::Export(_, value) => (seeds(module, known, value), true),
            Stmt::Each(_, over, inner) | Stmt::Keys(_, over, inner) => {
                let inner = filter(module, known, inner);
                let seed = seeds(module, known, over).max(inner);
                (seed, seed > Wires::No)
            }
            Stmt::If(test, then, otherwise) => {
                let inner = filter(module, known, then).max(filter(module, known, otherwise));
                (seeds(module, known, test).max(inner), !(then.is_empty() && otherwise.is_empty()))
            }
            Stmt::ExportAll(_) | Stmt::Leave => (Wires::No, true),
        };
        wires = wires.max(seed);
        keep
    });
    wires
}

/// How much evaluating an expression may do with routers.
fn seeds(module: &Module, known: &HashSet<Sym>, value: &Expr) -> Wires {
    let any = |parts: &[Expr]| parts.iter().map(|part| seeds(module, known, part)).max().unwrap_or_default();
    match value {
        Expr::Call(call) | Expr::New(call) => {
            call_seeds(module, known, call).max(seeds(module, known, &call.callee)).max(any(&call.args))
        }
        Expr::Function(index) => wires_of(module, *index),
        Expr::Class(index) => {
            module.classes.get(*index as usize).map_or(Wires::No, |class| class_wires(module, known, class))
        }
        Expr::Concat(parts) | Expr::Array(parts) | Expr::Any(parts) | Expr::All(parts) => any(parts),
        Expr::Object(properties) => {
            properties.iter().map(|(_, value)| seeds(module, known, value)).max().unwrap_or_default()
        }
        Expr::Spread(inner) => seeds(module, known, inner),
        // What is compared decides, and wires nothing.
        Expr::Same(..) | Expr::Not(_) => Wires::No,
        Expr::Pick(test, then, otherwise) => {
            [test, then, otherwise].into_iter().map(|part| seeds(module, known, part)).max().unwrap_or_default()
        }
        Expr::Member(object, _) => seeds(module, known, object),
        Expr::Index(object, index) => seeds(module, known, object).max(seeds(module, known, index)),
        Expr::Assign(target, value) => seeds(module, known, target).max(seeds(module, known, value)),
        Expr::Text(_) | Expr::Str(_) | Expr::Regex(_) | Expr::Name(_) | Expr::This | Expr::Super => Wires::No,
        Expr::Import(source) if names::is_package(module.text(*source)) => Wires::No,
        Expr::Import(_) | Expr::ImportOf(_) => Wires::Maybe,
    }
}

fn wires_of(module: &Module, function: u32) -> Wires {
    module.functions.get(function as usize).map_or(Wires::No, |function| function.wires)
}

fn class_wires(module: &Module, known: &HashSet<Sym>, class: &Class) -> Wires {
    let methods = class.methods.iter().map(|method| method.function).chain(class.constructor);
    let fields = class.fields.iter().map(|(_, value, _)| seeds(module, known, value));
    methods.map(|function| wires_of(module, function)).chain(fields).max().unwrap_or_default()
}

fn call_seeds(module: &Module, known: &HashSet<Sym>, call: &Call) -> Wires {
    if call.args.iter().any(|arg| hands_on(module, arg)) {
        return Wires::Surely;
    }
    let maybe = |condition: bool| if condition { Wires::Maybe } else { Wires::No };
    match &call.callee {
        Expr::Name(name) => match known.contains(name) {
            true if names::makes_word(module.text(*name)) => Wires::Surely,
            known => maybe(known || names::is_wiring_word(module.text(*name))),
        },
        Expr::Import(source) if names::makes_routers(module.text(*source)) => Wires::Surely,
        Expr::Import(_) | Expr::ImportOf(_) | Expr::Super | Expr::Function(_) => Wires::Maybe,
        Expr::Index(object, _) => {
            let wiring = root(object).is_some_and(|root| names::is_wiring_word(module.text(root)));
            if wiring && call.args.len() > 1 { Wires::Surely } else { Wires::Maybe }
        }
        Expr::Member(object, name) => {
            let method = module.text(*name);
            let wiring = || match object.as_ref() {
                Expr::Name(name) | Expr::Member(_, name) => names::is_wiring_word(module.text(*name)),
                _ => false,
            };
            if names::is_mounting(method) || method == "Router" || (names::is_passing(method) && wiring()) {
                return Wires::Surely;
            }
            if names::is_usual_verb(method) && registers(module, call) {
                return Wires::Surely;
            }
            maybe(
                names::is_passing(method)
                    || (names::is_verb(method) && (call.args.len() > 1 || wiring()))
                    || matches!(object.as_ref(), Expr::This | Expr::Super)
                    || root(object).is_some_and(|root| known.contains(&root)),
            )
        }
        _ => Wires::No,
    }
}

/// Whether an argument is, or holds, what goes by the name of an application or router.
fn hands_on(module: &Module, arg: &Expr) -> bool {
    match arg {
        Expr::Name(name) | Expr::Member(_, name) => names::is_wiring_word(module.text(*name)),
        Expr::Object(properties) => properties.iter().take(20).any(|(_, value)| match value {
            Expr::Name(name) => names::is_wiring_word(module.text(*name)),
            _ => false,
        }),
        _ => false,
    }
}

/// A path and a handler.
fn registers(module: &Module, call: &Call) -> bool {
    let (Some(path), Some(handler), true) = (call.args.first(), call.args.last(), call.args.len() > 1) else {
        return false;
    };
    let path = match path {
        Expr::Str(path) => module.text(*path).starts_with(['/', '*', '(']) || module.text(*path).is_empty(),
        Expr::Object(_) | Expr::Function(_) | Expr::This => false,
        _ => true,
    };
    path && !matches!(handler, Expr::Object(_) | Expr::Str(_) | Expr::Text(_) | Expr::Concat(_))
}

/// What calls a function that surely wires does so too, and so do the methods of a class that has one.
fn spread(module: &mut Module) {
    for _ in 0..3 {
        let mut sure = HashSet::new();
        for statement in module.functions.iter().flat_map(|function| &function.body).chain(&module.body) {
            let Stmt::Bind(Pattern::Name(name), value) = statement else { continue };
            let wires = match value {
                Expr::Function(index) => wires_of(module, *index),
                Expr::Class(index) => module
                    .classes
                    .get(*index as usize)
                    .map_or(Wires::No, |class| class_wires(module, &HashSet::new(), class)),
                _ => Wires::No,
            };
            if wires == Wires::Surely {
                sure.insert(*name);
            }
        }
        let mut calls = Calls { sure: &sure, found: false };
        let mut changed = false;
        for function in module.functions.iter_mut().filter(|function| function.wires == Wires::Maybe) {
            calls.found = false;
            walk::stmts(&mut function.body, &mut calls);
            if calls.found {
                function.wires = Wires::Surely;
                changed = true;
            }
        }
        let mut raise = Vec::new();
        for class in &module.classes {
            if class_wires(module, &HashSet::new(), class) == Wires::Surely {
                raise.extend(class.methods.iter().map(|method| method.function).chain(class.constructor));
            }
        }
        for index in raise {
            if let Some(function) = module.functions.get_mut(index as usize)
                && function.wires == Wires::Maybe
            {
                function.wires = Wires::Surely;
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}

struct Calls<'n> {
    sure: &'n HashSet<Sym>,
    found: bool,
}

impl Visitor for Calls<'_> {
    fn expr(&mut self, expr: &Expr) {
        if let Expr::Call(call) | Expr::New(call) = expr
            && let Expr::Name(name) = &call.callee
        {
            self.found |= self.sure.contains(name);
        }
    }
}

fn root(value: &Expr) -> Option<Sym> {
    match value {
        Expr::Name(name) => Some(*name),
        Expr::Member(object, _) | Expr::Index(object, _) => root(object),
        Expr::Call(call) | Expr::New(call) => root(&call.callee),
        _ => None,
    }
}

/// Handlers, which are most of what a file exports, are dropped with their exports.
fn drop_empty_functions(module: &Module, body: &mut Vec<Stmt>) {
    let empty = |value: &Expr| match value {
        Expr::Function(index) => module.functions.get(*index as usize).is_none_or(|function| function.body.is_empty()),
        Expr::Text(_) => true,
        _ => false,
    };
    let mut live: HashMap<Sym, bool> = HashMap::new();
    for statement in body.iter() {
        if let Stmt::Bind(Pattern::Name(name), value) = statement {
            let entry = live.entry(*name).or_default();
            *entry |= !empty(value);
        }
    }
    let dead = |value: &Expr| empty(value) || matches!(value, Expr::Name(name) if live.get(name) == Some(&false));
    body.retain(|statement| match statement {
        Stmt::Bind(Pattern::Name(_), value) | Stmt::Export(_, value) => !dead(value),
        Stmt::Expr(Expr::Assign(target, value)) => !dead(value) || matches!(target.as_ref(), Expr::Name(_)),
        _ => true,
    });
}

struct Reads(HashSet<Sym>);

impl Visitor for Reads {
    fn name(&mut self, sym: &mut Sym) {
        self.0.insert(*sym);
    }
}

/// Drops bindings that nothing reads; answers whether there were any.
fn drop_unread(module: &mut Module, known: &HashSet<Sym>) -> bool {
    let mut reads = Reads(HashSet::new());
    each_body(module, &mut |body| walk::stmts(body, &mut reads));
    for class in &mut module.classes {
        class.parent.iter_mut().for_each(|parent| walk::expr(parent, &mut reads));
        class.fields.iter_mut().for_each(|(_, value, _)| walk::expr(value, &mut reads));
    }
    for param in module.functions.iter_mut().flat_map(|function| &mut function.params) {
        walk::pattern(&mut param.pattern, &mut reads);
    }
    fn read(pattern: &Pattern, reads: &HashSet<Sym>) -> bool {
        match pattern {
            Pattern::Ignore => false,
            Pattern::Name(name) => reads.contains(name),
            Pattern::Object(properties) => properties.iter().any(|(_, inner)| read(inner, reads)),
            Pattern::Array(elements) => elements.iter().any(|inner| read(inner, reads)),
            Pattern::Default(inner, _) => read(inner, reads),
        }
    }
    let mut dropped = false;
    let functions = module.functions.len();
    for index in 0..=functions {
        let mut body = match module.functions.get_mut(index) {
            Some(function) => std::mem::take(&mut function.body),
            None => std::mem::take(&mut module.body),
        };
        body.retain_mut(|statement| {
            let Stmt::Bind(pattern, value) = statement else { return true };
            if read(pattern, &reads.0) {
                return true;
            }
            dropped = true;
            if seeds(module, known, value) > Wires::No && !matches!(value, Expr::Function(_) | Expr::Class(_)) {
                *statement = Stmt::Expr(std::mem::replace(value, Expr::This));
                return true;
            }
            // An uncalled function that wires is run by the linker, so it stays.
            matches!(value, Expr::Function(_) | Expr::Class(_)) && seeds(module, known, value) > Wires::No
        });
        match module.functions.get_mut(index) {
            Some(function) => function.body = body,
            None => module.body = body,
        }
    }
    dropped
}

fn each_body(module: &mut Module, visit: &mut impl FnMut(&mut Vec<Stmt>)) {
    module.functions.iter_mut().for_each(|function| visit(&mut function.body));
    visit(&mut module.body);
}

/// Renumbers what is still reachable.
struct Compact {
    old: Vec<Rc<str>>,
    strings: Vec<Rc<str>>,
    syms: HashMap<Sym, Sym>,
    functions: HashMap<u32, u32>,
    classes: HashMap<u32, u32>,
    queue: VecDeque<(bool, u32)>,
}

impl Visitor for Compact {
    fn sym(&mut self, sym: &mut Sym) {
        let next = self.strings.len() as Sym;
        let new = *self.syms.entry(*sym).or_insert(next);
        if new == next {
            self.strings.push(self.old.get(*sym as usize).cloned().unwrap_or_default());
        }
        *sym = new;
    }
    fn function(&mut self, index: &mut u32) {
        let next = self.functions.len() as u32;
        let new = *self.functions.entry(*index).or_insert(next);
        if new == next {
            self.queue.push_back((true, *index));
        }
        *index = new;
    }
    fn class(&mut self, index: &mut u32) {
        let next = self.classes.len() as u32;
        let new = *self.classes.entry(*index).or_insert(next);
        if new == next {
            self.queue.push_back((false, *index));
        }
        *index = new;
    }
}

fn compact(module: &mut Module) {
    let mut compact = Compact {
        old: std::mem::take(&mut module.strings),
        strings: Vec::new(),
        syms: HashMap::new(),
        functions: HashMap::new(),
        classes: HashMap::new(),
        queue: VecDeque::new(),
    };
    let mut functions = Vec::new();
    let mut classes = Vec::new();
    walk::stmts(&mut module.body, &mut compact);
    while let Some((is_function, index)) = compact.queue.pop_front() {
        if is_function {
            let mut function = module.functions.get_mut(index as usize).map(std::mem::take).unwrap_or_default();
            function.name.iter_mut().for_each(|name| compact.sym(name));
            function.params.iter_mut().for_each(|param| walk::pattern(&mut param.pattern, &mut compact));
            walk::stmts(&mut function.body, &mut compact);
            functions.push(function);
        } else {
            let mut class = module.classes.get_mut(index as usize).map(std::mem::take).unwrap_or_default();
            class.name.iter_mut().for_each(|name| compact.sym(name));
            class.parent.iter_mut().for_each(|parent| walk::expr(parent, &mut compact));
            class.constructor.iter_mut().for_each(|index| compact.function(index));
            for method in &mut class.methods {
                compact.sym(&mut method.name);
                compact.function(&mut method.function);
            }
            for (name, value, _) in &mut class.fields {
                compact.sym(name);
                walk::expr(value, &mut compact);
            }
            classes.push(class);
        }
    }
    module.functions = functions;
    module.classes = classes;
    module.strings = compact.strings;
}
